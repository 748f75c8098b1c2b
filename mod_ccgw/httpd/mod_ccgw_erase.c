/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_erase.c: an administrator has one customer erased: SetHandler ccgw-erase.
 *
 *   POST  media=sms&customer=%2B4915712345      also as JSON; further fields: tenant, open=end, optout=erase
 *
 * It serves only where a Require asks for somebody, and it writes down who that was. Whoever is an agent of the floor has
 * power over his own tenant alone. */
#include "mod_ccgw_glue.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>

#include "core/ccgw_erase.h"
#include "mod_ccgw_fields.h"
#include "util/ccgw_id.h"

APLOG_USE_MODULE(ccgw);

#define OP "customer.erase"
/* Seconds after which the store's files hold nothing of him any more, in normal running. */
#define FILES_CLEAN_WITHIN 60
/* Digits of an address that the log shows. */
#define SHOWN 3

typedef struct order_t {
    ccgw_erase_args_t args;
    const ccgw_tenant_t *tenant; /* NULL: all */
    ccgw_erase_found_t *found;   /* one for each tenant of the floor */
    ccgw_erased_t erased;
} order_t;

/* ---- answers ---- */

static int http_of(apr_status_t code)
{
    switch (code) {
    case CCGW_EMISSING:
    case CCGW_EINVAL:
    case CCGW_ESYNTAX: return HTTP_BAD_REQUEST;
    case CCGW_ESIGNIN:
    case CCGW_ECSRF:
    case CCGW_EFORBIDDEN: return HTTP_FORBIDDEN;
    case CCGW_ENOTFOUND: return HTTP_NOT_FOUND;
    case CCGW_EMETHOD: return HTTP_METHOD_NOT_ALLOWED;
    case CCGW_ESTATE: return HTTP_CONFLICT;
    case CCGW_ETOOLARGE: return HTTP_REQUEST_ENTITY_TOO_LARGE;
    default: return HTTP_SERVICE_UNAVAILABLE;
    }
}

static void write_ids(ccgw_out_t *out, const order_t *order)
{
    int i, k, n = 0;

    ccgw_out_puts(out, ",\"sessions\":[");
    for (i = 0; ccgw_floor_tenant_at(ccgw_child.core.floor, i); i++) {
        for (k = 0; k < order->found[i].nopen; k++) {
            char hex[17];

            ccgw_id_hex(hex, order->found[i].open[k]);
            ccgw_out_printf(out, "%s\"%s\"", n++ ? "," : "", hex);
        }
    }
    ccgw_out_puts(out, "]");
}

/* ORDER: names the sessions that are in the way; NULL: none are. */
static int answer_fault(request_rec *r, apr_status_t code, const char *why, const order_t *order)
{
    ccgw_reply_t reply = { .http = http_of(code), .code = code, .content_type = "application/json" };
    char text[160];

    reply.text = ccgw_error_text(code, text, sizeof text);
    if (why)
        reply.text = apr_psprintf(r->pool, "%s: %s", why, reply.text);
    ccgw_out_init(&reply.body, 128, r->pool);
    ccgw_out_puts(&reply.body, "{\"error\":");
    ccgw_json_quote(&reply.body, reply.text);
    if (order)
        write_ids(&reply.body, order);
    ccgw_out_puts(&reply.body, "}");
    ccgw_handler_log(r, OP, &reply);
    return ccgw_handler_send(r, &reply);
}

static int answer_erased(request_rec *r, const ccgw_erased_t *erased, int clean)
{
    ccgw_reply_t reply = { .http = HTTP_OK, .content_type = "application/json" };

    ccgw_out_init(&reply.body, 256, r->pool);
    ccgw_out_printf(&reply.body,
                    "{\"sessions\":%d,\"ended\":%d,\"messages\":%d,\"texts\":%d,\"receipts\":%d,\"contacts\":%d,"
                    "\"rates\":%d,\"optouts\":%d,\"optoutsKept\":%d,\"mailboxes\":%d,\"filesCleanWithin\":",
                    erased->sessions, erased->ended, erased->messages, erased->texts, erased->receipts,
                    erased->contacts, erased->rates, erased->optouts, erased->optouts_kept, erased->mailboxes);
    if (clean)
        ccgw_out_printf(&reply.body, "%d}", FILES_CLEAN_WITHIN);
    else
        ccgw_out_puts(&reply.body, "null}");
    return ccgw_handler_send(r, &reply);
}

/* ---- who may ---- */

/* A page of another site makes its visitor's browser send his password along; it cannot hide where it comes from. */
static int is_foreign_page(request_rec *r)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *host = apr_table_get(r->headers_in, "Host");
    const char *from = origin ? strstr(origin, "://") : NULL;

    return origin && (!from || !host || strcasecmp(from + 3, host));
}

/* Is there a Require that nobody without a name would satisfy? */
static int asks_who(request_rec *r)
{
    char *user = r->user;
    int asks;

    r->user = NULL;
    asks = ap_some_authn_required(r);
    r->user = user;
    return user && asks;
}

static apr_status_t admit(const ccgw_agent_def_t **agent, const char **why, request_rec *r)
{
    const ccgw_found_t *found = ccgw_found(r);

    if (!asks_who(r)) {
        *why = "it needs a Require that asks who it is, such as Require user or Require ccgw-role";
        return CCGW_EFORBIDDEN;
    }
    if (is_foreign_page(r)) {
        *why = "the request comes from a page of another site";
        return CCGW_ECSRF;
    }
    *agent = found && found->signin ? found->signin->agent : NULL;
    if (!*agent)
        *agent = ccgw_floor_agent_by_login(ccgw_child.core.floor, r->user);
    return APR_SUCCESS;
}

/* ---- what is asked ---- */

/* A field that is left out, or WORD. */
static apr_status_t read_word(int *given, const char **why, ccgw_fields_t *fields, const char *name, const char *word)
{
    const char *text = ccgw_fields_read(NULL, fields, name);

    *given = ccgw_str_given(text);
    if (!*given || !strcmp(text, word))
        return APR_SUCCESS;
    *why = apr_psprintf(fields->pool, "%s can only be %s", name, word);
    return CCGW_EINVAL;
}

static apr_status_t read_tenant(order_t *order, const char **why, ccgw_fields_t *fields, const ccgw_agent_def_t *agent)
{
    const char *name = ccgw_fields_read(NULL, fields, "tenant");

    if (ccgw_str_given(name))
        order->tenant = ccgw_floor_tenant(ccgw_child.core.floor, name);
    else if (agent)
        order->tenant = agent->tenant;
    if ((ccgw_str_given(name) && !order->tenant) || (agent && order->tenant != agent->tenant)) {
        *why = "tenant";
        return CCGW_ENOTFOUND;
    }
    return APR_SUCCESS;
}

static apr_status_t read_order(order_t *order, const char **why, ccgw_fields_t *fields, const ccgw_agent_def_t *agent)
{
    const char *media = ccgw_fields_read(NULL, fields, "media");
    const char *customer = ccgw_fields_read(NULL, fields, "customer");
    apr_status_t rv;

    /* A name that was meant to be another one. */
    *why = ccgw_fields_odd(fields);
    if (*why)
        return CCGW_EINVAL;
    *why = !ccgw_str_given(media) ? "media" : "customer";
    if (!ccgw_str_given(media) || !ccgw_str_given(customer))
        return CCGW_EMISSING;
    order->args.media = ccgw_media_parse(media);
    order->args.customer = customer;
    if (!order->args.media) {
        *why = "media is none of voice, chat, sms";
        return CCGW_EINVAL;
    }
    if (*customer == ' ') {
        *why = "customer begins with a blank; in a form + is written %2B";
        return CCGW_EINVAL;
    }
    rv = read_tenant(order, why, fields, agent);
    if (rv == APR_SUCCESS)
        rv = read_word(&order->args.end_open, why, fields, "open", "end");
    return rv == APR_SUCCESS ? read_word(&order->args.optout, why, fields, "optout", "erase") : rv;
}

/* ---- doing it ---- */

static apr_status_t find_all(order_t *order, apr_pool_t *pool)
{
    const ccgw_tenant_t *tenant;
    apr_status_t rv = APR_SUCCESS;
    ccgw_call_t call;
    int i, n = 0, open = 0;

    while (ccgw_floor_tenant_at(ccgw_child.core.floor, n))
        n++;
    order->found = apr_pcalloc(pool, sizeof *order->found * (apr_size_t)(n + 1));
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        tenant = ccgw_floor_tenant_at(ccgw_child.core.floor, i);
        if (order->tenant && order->tenant != tenant)
            continue;
        ccgw_call_init(&call, &ccgw_child.core, tenant, NULL, NULL, pool);
        rv = ccgw_erase_find(&order->found[i], &call, &order->args);
        open += order->found[i].nopen;
    }
    return rv == APR_SUCCESS && open && !order->args.end_open ? CCGW_ESTATE : rv;
}

static apr_status_t erase_all(order_t *order, apr_pool_t *pool)
{
    const ccgw_tenant_t *tenant;
    apr_status_t rv = APR_SUCCESS;
    ccgw_call_t call;
    int i;

    for (i = 0; rv == APR_SUCCESS && (tenant = ccgw_floor_tenant_at(ccgw_child.core.floor, i)); i++) {
        if (order->tenant && order->tenant != tenant)
            continue;
        ccgw_call_init(&call, &ccgw_child.core, tenant, NULL, NULL, pool);
        rv = ccgw_erase_run(&order->erased, &call, &order->args, &order->found[i]);
    }
    return rv;
}

/* ADDRESS with all but its last characters masked. */
static const char *mask(const char *address, apr_pool_t *pool)
{
    char *masked = apr_pstrdup(pool, address);
    apr_size_t i, n = strlen(masked);

    for (i = 0; i < n && (n - i > SHOWN || n <= SHOWN); i++)
        masked[i] = '*';
    return masked;
}

static void write_down(request_rec *r, const order_t *order, apr_status_t rv)
{
    const ccgw_erased_t *erased = &order->erased;
    char text[160];

    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                  "CCGW0460: %s erased %s customer %s of %s: %d sessions (%d of them ended for it), %d messages, %d "
                  "texts, %d receipts, %d wishes to be left alone%s%s",
                  r->user, ccgw_media_name(order->args.media), mask(order->args.customer, r->pool),
                  order->tenant ? order->tenant->name : "all tenants", erased->sessions, erased->ended,
                  erased->messages, erased->texts, erased->receipts, erased->optouts,
                  rv == APR_SUCCESS ? "" : "; it is not complete: ",
                  rv == APR_SUCCESS ? "" : ccgw_error_text(rv, text, sizeof text));
}

static int run(request_rec *r, ccgw_fields_t *fields, const ccgw_agent_def_t *agent)
{
    const ccgw_core_t *core = &ccgw_child.core;
    const char *why = NULL;
    order_t order = { { CCGW_MEDIA_UNSET } };
    apr_status_t rv = read_order(&order, &why, fields, agent);

    if (rv != APR_SUCCESS)
        return answer_fault(r, rv, why, NULL);
    rv = find_all(&order, r->pool);
    if (rv != APR_SUCCESS)
        return answer_fault(r, rv, rv == CCGW_ESTATE ? "sessions go on; open=end would end them" : NULL, &order);
    rv = erase_all(&order, r->pool);
    write_down(r, &order, rv);
    if (rv == APR_SUCCESS && core->provider->scrub)
        rv = core->provider->scrub(core->store);
    if (rv != APR_SUCCESS)
        return answer_fault(r, rv, "not everything is erased, ask again", NULL);
    return answer_erased(r, &order.erased, core->provider->scrub != NULL);
}

int ccgw_erase_handle(request_rec *r)
{
    const ccgw_agent_def_t *agent = NULL;
    const char *why = NULL;
    ccgw_fields_t fields;
    ccgw_buf_t body;
    apr_status_t rv;
    int http = 0;

    apr_table_setn(r->notes, "ccgw-op", OP);
    if (!ccgw_child.usable)
        return answer_fault(r, CCGW_EBUSY, "the store is not open", NULL);
    rv = admit(&agent, &why, r);
    if (rv == APR_SUCCESS && r->method_number != M_POST) {
        apr_table_setn(r->headers_out, "Allow", "POST");
        rv = CCGW_EMETHOD;
    }
    if (rv == APR_SUCCESS)
        rv = ccgw_body_read(&body, &http, r);
    if (http)
        return http;
    if (rv == APR_SUCCESS)
        rv = ccgw_fields_parse(&fields, &why, r, body);
    return rv == APR_SUCCESS ? run(r, &fields, agent) : answer_fault(r, rv, why, NULL);
}
