/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_customer.c: the customers' end: requests below /ccgw/, and texts on their way out.
 *
 *   POST /ccgw/{channel}/messages     a customer's text, as JSON, form or query; also /ccgw/{channel}/{media}
 *   GET  /ccgw/loop/messages?to=      what customers were sent; with from= (our number) one tenant's only
 *   GET or POST /ccgw/kannel/mo       smsbox hands a text in
 *
 * Guarded by a <Location>'s Require, and by the channel's own secret where it has one. */
#include "mod_ccgw_glue.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "api/ccgw_form.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_session.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"

#define RETRY 5

/* The fields of a request, whatever form they came in. */
typedef struct fields_t {
    ccgw_pairs_t query;
    ccgw_pairs_t form;
    const ccgw_json_t *json;
    apr_pool_t *pool;
} fields_t;

static const char *read_field(void *baton, const char *name)
{
    const fields_t *fields = baton;
    const ccgw_json_t *value = ccgw_json_member(fields->json, name);
    const ccgw_pair_t *pair;

    if (value)
        return ccgw_json_text(value) ? ccgw_json_text(value) : ccgw_json_write(value, fields->pool);
    pair = ccgw_pairs_find(&fields->form, name);
    if (!pair)
        pair = ccgw_pairs_find(&fields->query, name);
    return pair ? pair->text : NULL;
}

static apr_status_t parse_fields(fields_t *fields, const char **fault, request_rec *r, ccgw_buf_t body)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    apr_status_t rv = APR_SUCCESS;

    memset(fields, 0, sizeof *fields);
    fields->pool = r->pool;
    if (r->args)
        rv = ccgw_form_parse(&fields->query, r->args, strlen(r->args), r->pool);
    if (rv != APR_SUCCESS || !body.n)
        return rv;
    if (type && !strncasecmp(type, "application/json", 16))
        return ccgw_json_parse(&fields->json, fault, body.p, body.n, r->pool);
    return ccgw_form_parse(&fields->form, body.p, body.n, r->pool);
}

/* ---- answers: not a dialect's, so plain HTTP ---- */

static int http_of(apr_status_t code)
{
    switch (code) {
    case APR_SUCCESS: return HTTP_OK;
    case CCGW_EMISSING:
    case CCGW_EINVAL:
    case CCGW_ERANGE:
    case CCGW_ESYNTAX: return HTTP_BAD_REQUEST;
    case CCGW_EFORBIDDEN: return HTTP_FORBIDDEN;
    case CCGW_ENOTFOUND:
    case CCGW_ENOROUTE:
    case CCGW_EDISABLED: return HTTP_NOT_FOUND;
    case CCGW_EMETHOD: return HTTP_METHOD_NOT_ALLOWED;
    case CCGW_ETOOLARGE: return HTTP_REQUEST_ENTITY_TOO_LARGE;
    default:
        /* What a later try may mend must not be lost by a carrier that takes another status for an answer. */
        return HTTP_SERVICE_UNAVAILABLE;
    }
}

static int answer_fault(request_rec *r, const char *op, apr_status_t code, const char *fault)
{
    ccgw_reply_t reply = { .http = http_of(code), .code = code };
    char text[160];

    reply.text = ccgw_error_text(code, text, sizeof text);
    if (fault)
        reply.text = apr_psprintf(r->pool, "%s: %s", fault, reply.text);
    reply.content_type = "application/json";
    reply.retry_after = reply.http == HTTP_SERVICE_UNAVAILABLE ? RETRY : 0;
    ccgw_out_init(&reply.body, 128, r->pool);
    ccgw_out_puts(&reply.body, "{\"error\":");
    ccgw_json_quote(&reply.body, reply.text);
    ccgw_out_puts(&reply.body, "}");
    ccgw_handler_log(r, op, &reply);
    return ccgw_handler_send(r, &reply);
}

/* ---- a customer's text ---- */

/* smsbox sends an answer's body on to the customer, so it gets an empty one. */
static int answer_taken(request_rec *r, ccgw_id_t session, int bare)
{
    ccgw_reply_t reply = { .http = HTTP_OK, .content_type = bare ? "text/plain" : "application/json" };
    char hex[17];

    ccgw_out_init(&reply.body, 64, r->pool);
    ccgw_id_hex(hex, session);
    if (!bare)
        ccgw_out_printf(&reply.body, "{\"session\":\"%s\"}", hex);
    return ccgw_handler_send(r, &reply);
}

static apr_status_t take_text(ccgw_id_t *session, const char **fault, const ccgw_channel_front_t *front,
                              fields_t *fields, apr_pool_t *pool)
{
    ccgw_inbound_t text = { CCGW_MEDIA_UNSET };
    const ccgw_number_def_t *number;
    ccgw_call_t call;
    apr_status_t rv;

    rv = ccgw_channel_admit(front, read_field, fields);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_receive(&text, fault, front, read_field, fields, pool);
    if (rv != APR_SUCCESS)
        return rv;
    number = ccgw_floor_number(ccgw_child.core.floor, text.media, text.to);
    if (!number) {
        *fault = "to";
        return CCGW_ENOTFOUND;
    }
    ccgw_call_init(&call, &ccgw_child.core, number->tenant, NULL, NULL, pool);
    rv = ccgw_session_receive(&call, &text, session);
    if (rv != APR_SUCCESS)
        *fault = call.problem.text ? call.problem.text : call.problem.field;
    return rv;
}

static int receive(request_rec *r, const ccgw_channel_front_t *front, int bare)
{
    ccgw_buf_t body;
    fields_t fields;
    const char *fault = NULL;
    ccgw_id_t session = 0;
    apr_status_t rv;
    int http = 0;

    apr_table_setn(r->notes, "ccgw-op", "customer.says");
    rv = ccgw_body_read(&body, &http, r);
    if (http)
        return http;
    if (rv == APR_SUCCESS)
        rv = parse_fields(&fields, &fault, r, body);
    if (rv == APR_SUCCESS)
        rv = take_text(&session, &fault, front, &fields, r->pool);
    if (rv != APR_SUCCESS)
        return answer_fault(r, "customer.says", rv, fault);
    return answer_taken(r, session, bare);
}

/* ---- what customers were sent ---- */

static apr_status_t write_texts(ccgw_out_t *out, int *written, const ccgw_tenant_t *tenant, ccgw_media_t media,
                                const char *to, apr_pool_t *pool)
{
    ccgw_outbox_t *entries;
    ccgw_call_t call;
    apr_status_t rv;
    int n, i;

    ccgw_call_init(&call, &ccgw_child.core, tenant, NULL, NULL, pool);
    rv = ccgw_outbox_list(&entries, &n, &call, to);
    for (i = 0; rv == APR_SUCCESS && i < n; i++) {
        char hex[17];

        if (entries[i].media != (int)media)
            continue;
        ccgw_id_hex(hex, entries[i].session);
        ccgw_out_puts(out, (*written)++ ? ",{\"from\":" : "{\"from\":");
        ccgw_json_quote(out, ccgw_str_or_empty(entries[i].from));
        ccgw_out_puts(out, ",\"to\":");
        ccgw_json_quote(out, ccgw_str_or_empty(entries[i].to));
        ccgw_out_puts(out, ",\"text\":");
        ccgw_json_quote(out, ccgw_str_or_empty(entries[i].text));
        ccgw_out_printf(out, ",\"session\":\"%s\",\"index\":%d}", hex, entries[i].index);
    }
    return rv;
}

static int list(request_rec *r, const ccgw_channel_front_t *front)
{
    ccgw_reply_t reply = { .http = HTTP_OK, .content_type = "application/json" };
    const ccgw_buf_t none = { "", 0 };
    const ccgw_number_def_t *number = NULL;
    const ccgw_tenant_t *tenant;
    const char *fault = NULL, *from, *to;
    fields_t fields;
    apr_status_t rv;
    int written = 0, i;

    apr_table_setn(r->notes, "ccgw-op", "customer.hears");
    rv = parse_fields(&fields, &fault, r, none);
    from = rv == APR_SUCCESS ? read_field(&fields, "from") : NULL;
    to = rv == APR_SUCCESS ? read_field(&fields, "to") : NULL;
    if (from) {
        number = ccgw_floor_number(ccgw_child.core.floor, front->media, from);
        if (!number)
            return answer_fault(r, "customer.hears", CCGW_ENOTFOUND, "from");
    }
    ccgw_out_init(&reply.body, 1024, r->pool);
    ccgw_out_puts(&reply.body, "{\"messages\":[");
    for (i = 0; rv == APR_SUCCESS && (tenant = ccgw_floor_tenant_at(ccgw_child.core.floor, i)); i++) {
        if (!number || number->tenant == tenant)
            rv = write_texts(&reply.body, &written, tenant, front->media, to, r->pool);
    }
    ccgw_out_puts(&reply.body, "]}");
    return rv == APR_SUCCESS ? ccgw_handler_send(r, &reply) : answer_fault(r, "customer.hears", rv, fault);
}

/* ---- below /ccgw/ ---- */

/* The channel of provider NAME; of several the one for MEDIA. Phones are rung, no text goes to or comes from them. */
static const ccgw_channel_front_t *find_front(const char *name, ccgw_media_t media)
{
    const ccgw_channel_front_t *first = NULL;
    int i;

    for (i = 0; i < CCGW_MEDIA_COUNT; i++) {
        const ccgw_channel_front_t *front = ccgw_child.conf->channels[i];

        if (!front || i == CCGW_MEDIA_VOICE || strcmp(front->provider->name, name))
            continue;
        if (front->media == media)
            return front;
        if (!first && media == CCGW_MEDIA_UNSET)
            first = front;
    }
    return first;
}

int ccgw_customer_handle(request_rec *r, const char *path)
{
    const ccgw_channel_front_t *front;
    ccgw_media_t media;
    const char *name, *what;
    int listable;

    if (!ccgw_child.usable)
        return answer_fault(r, NULL, CCGW_EBUSY, "the store is not open");
    path++;
    name = ap_getword(r->pool, &path, '/');
    what = path;
    media = ccgw_media_parse(what);
    front = find_front(name, media);
    if (!front || (media == CCGW_MEDIA_UNSET && strcmp(what, "messages") && strcmp(what, "mo")))
        return answer_fault(r, NULL, CCGW_ENOROUTE, NULL);
    /* Who may read what customers are sent is the loop's business: a carrier's account shall only hand texts in. */
    listable = !front->provider->admit;
    if (r->method_number == M_POST || (r->method_number == M_GET && !strcmp(what, "mo")))
        return receive(r, front, !strcmp(what, "mo"));
    if (r->method_number == M_GET && listable)
        return list(r, front);
    apr_table_setn(r->headers_out, "Allow", listable ? "GET, HEAD, POST" : "POST");
    return answer_fault(r, NULL, CCGW_EMETHOD, NULL);
}

/* ---- out ---- */

apr_status_t ccgw_customer_send(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    const ccgw_child_t *child = baton;
    const ccgw_channel_front_t *front = NULL;
    ccgw_outbound_t text = { .media = (ccgw_media_t)entry->media };

    if (entry->media > CCGW_MEDIA_UNSET && entry->media < CCGW_MEDIA_COUNT)
        front = child->conf->channels[entry->media];
    if (!front) {
        *why = apr_psprintf(pool, "no CcgwChannel carries %s", ccgw_media_name((ccgw_media_t)entry->media));
        return CCGW_EBUSY;
    }
    text.from = entry->from;
    text.to = entry->to;
    text.text = entry->text;
    text.key = entry->key;
    text.repeated = entry->tries > 1;
    return ccgw_channel_send(why, front, &text, pool);
}
