/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_customer.c: the customers' end: requests below /ccgw/, and texts on their way out.
 *
 *   POST /ccgw/{channel}/messages     a customer's text, as JSON, form or query
 *   GET  /ccgw/loop/messages?to=      what customers were sent; with from= (our number) one tenant's only
 *   POST /ccgw/loop/report            what became of a text of that list
 *   GET or POST /ccgw/kannel/mo       smsbox hands a text in
 *   GET or POST /ccgw/kannel/report   smsbox tells what became of a text
 *
 * Of several channels of one provider the field channel= (a media) says which.
 *
 * Guarded by a <Location>'s Require, and by the channel's own secret where it has one. */
#include "mod_ccgw_glue.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "core/ccgw_outbox.h"
#include "core/ccgw_session.h"
#include "mod_ccgw_fields.h"
#include "util/ccgw_hash.h"
#include "util/ccgw_id.h"
#include "util/ccgw_time.h"

APLOG_USE_MODULE(ccgw);

#define RETRY 5

/* The log warns of one reason once in this time; of so many reasons it is remembered when. */
#define QUIET   apr_time_from_sec(60)
#define REASONS 32

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
    case CCGW_ERATE: return HTTP_TOO_MANY_REQUESTS;
    default:
        /* What a later try may mend must not be lost by a carrier that takes another status for an answer. */
        return HTTP_SERVICE_UNAVAILABLE;
    }
}

/* What is wrong with a request. */
typedef struct fault_t {
    const char *field;  /* or a sentence; NULL: the code says it all */
    const char *number; /* a number of ours that nobody has */
    int after;          /* seconds until a repeat makes sense; 0: the usual */
    int admitted;       /* whoever sent it may */
    int final;          /* no repeat could mend it, whatever the code */
} fault_t;

static const char *spell(apr_status_t code, const fault_t *fault, apr_pool_t *pool)
{
    char room[160];
    const char *text = ccgw_error_text(code, room, sizeof room);

    if (fault->number)
        return apr_psprintf(pool, "%s: nobody on the floor has the number %s", fault->field, fault->number);
    return fault->field ? apr_psprintf(pool, "%s: %s", fault->field, text) : apr_pstrdup(pool, text);
}

static ccgw_reply_t make_refusal(request_rec *r, apr_status_t code, const fault_t *fault)
{
    ccgw_reply_t reply = { .http = http_of(code), .code = code };

    reply.text = spell(code, fault, r->pool);
    reply.content_type = "application/json";
    reply.retry_after = reply.http == HTTP_SERVICE_UNAVAILABLE && !fault->after ? RETRY : fault->after;
    ccgw_out_init(&reply.body, 128, r->pool);
    ccgw_out_puts(&reply.body, "{\"error\":");
    ccgw_json_quote(&reply.body, reply.text);
    ccgw_out_puts(&reply.body, "}");
    return reply;
}

static int answer_refused(request_rec *r, const char *op, apr_status_t code, const fault_t *fault)
{
    ccgw_reply_t reply = make_refusal(r, code, fault);

    ccgw_handler_log(r, op, &reply);
    return ccgw_handler_send(r, &reply);
}

static int answer_fault(request_rec *r, const char *op, apr_status_t code, const char *field)
{
    const fault_t fault = { .field = field };

    return answer_refused(r, op, code, &fault);
}

/* smsbox would send a body on to the customer. */
static int answer_empty(request_rec *r)
{
    ccgw_reply_t reply = { .http = HTTP_OK, .content_type = "text/plain" };

    ccgw_out_init(&reply.body, 1, r->pool);
    return ccgw_handler_send(r, &reply);
}

/* No repeat could mend it. */
static int is_hopeless(apr_status_t code)
{
    return code == CCGW_EMISSING || code == CCGW_EINVAL || code == CCGW_ERANGE || code == CCGW_ESYNTAX ||
           code == CCGW_ETOOLARGE;
}

/* Has the log said nothing of this reason for a while? A carrier repeats itself. */
static int is_news(const char *op, apr_status_t code, const fault_t *fault, apr_pool_t *pool)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct {
        apr_uint64_t reason;
        apr_time_t until;
    } said[REASONS];
    /* A parser's sentence depends on what it read. */
    const char *text =
        apr_psprintf(pool, "%s %d %s", op, code, code == CCGW_ESYNTAX ? "" : ccgw_str_or_empty(fault->field));
    apr_uint64_t reason = ccgw_hash(0, ccgw_buf_str(text));
    apr_time_t now = ccgw_time_now();
    int i, at = 0, news;

    pthread_mutex_lock(&lock);
    for (i = 1; i < REASONS && said[at].reason != reason; i++) {
        if (said[i].reason == reason || said[i].until < said[at].until)
            at = i;
    }
    news = said[at].reason != reason || said[at].until <= now;
    if (news) {
        said[at].reason = reason;
        said[at].until = now + QUIET;
    }
    pthread_mutex_unlock(&lock);
    return news;
}

/* What a carrier handed in to a page of its own was not taken. smsbox hands in again whatever is answered otherwise than
 * 200, for hours, and keeps no order among all texts from then on. So it gets rid of what is hopeless. */
static int answer_carrier(request_rec *r, const char *op, apr_status_t code, const fault_t *fault)
{
    ccgw_reply_t reply = make_refusal(r, code, fault);
    int drop = fault->admitted && (fault->final || is_hopeless(code)), level;

    /* Limits and a store in trouble have their own words. */
    if (reply.http == HTTP_TOO_MANY_REQUESTS || reply.http == HTTP_SERVICE_UNAVAILABLE)
        return answer_refused(r, op, code, fault);
    level = is_news(op, code, fault, r->pool) ? APLOG_WARNING : APLOG_INFO;
    ap_log_rerror(APLOG_MARK, level, 0, r, "CCGW0451: %s: what the carrier handed in is %s: %s", op,
                  drop ? "dropped" : "refused", reply.text);
    return drop ? answer_empty(r) : ccgw_handler_send(r, &reply);
}

/* ---- which channel ---- */

/* The channel of provider NAME; of several the one for MEDIA. Phones are rung, no text goes to or comes from them. */
static const ccgw_channel_front_t *find_front(const char *name, ccgw_media_t media)
{
    int i;

    for (i = 0; i < CCGW_MEDIA_COUNT; i++) {
        const ccgw_channel_front_t *front = ccgw_child.conf->channels[i];

        if (front && i != CCGW_MEDIA_VOICE && (!media || front->media == media) && !strcmp(front->provider->name, name))
            return front;
    }
    return NULL;
}

/* NAME has one. Whether it is the one that channel= means is for the provider to say. */
static const ccgw_channel_front_t *choose_front(const char *name, ccgw_fields_t *fields)
{
    const ccgw_channel_front_t *front = find_front(name, ccgw_media_parse(ccgw_fields_read(NULL, fields, "channel")));

    return front ? front : find_front(name, CCGW_MEDIA_UNSET);
}

/* ---- a customer's text ---- */

static int answer_taken(request_rec *r, ccgw_id_t session)
{
    ccgw_reply_t reply = { .http = HTTP_OK, .content_type = "application/json" };
    char hex[17];

    ccgw_out_init(&reply.body, 64, r->pool);
    ccgw_id_hex(hex, session);
    if (!session)
        ccgw_out_puts(&reply.body, "{\"session\":null}");
    else
        ccgw_out_printf(&reply.body, "{\"session\":\"%s\"}", hex);
    return ccgw_handler_send(r, &reply);
}

static apr_status_t take_text(ccgw_id_t *session, fault_t *fault, const ccgw_channel_front_t *front,
                              ccgw_fields_t *fields, apr_pool_t *pool)
{
    ccgw_inbound_t text = { CCGW_MEDIA_UNSET };
    const ccgw_number_def_t *number;
    ccgw_call_t call;
    apr_status_t rv;

    rv = ccgw_channel_admit(front, ccgw_fields_read, fields);
    fault->admitted = rv == APR_SUCCESS;
    if (rv == CCGW_EFORBIDDEN)
        fault->field = "secret";
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_receive(&text, &fault->field, front, ccgw_fields_read, fields, pool);
    if (rv != APR_SUCCESS)
        return rv;
    number = ccgw_floor_number(ccgw_child.core.floor, text.media, text.to);
    if (!number) {
        fault->field = "to";
        fault->number = text.to;
        return CCGW_ENOTFOUND;
    }
    ccgw_call_init(&call, &ccgw_child.core, number->tenant, NULL, NULL, pool);
    rv = ccgw_session_receive(&call, &text, session);
    if (rv != APR_SUCCESS)
        fault->field = call.problem.text ? call.problem.text : call.problem.field;
    fault->after = (int)apr_time_sec(call.retry + APR_USEC_PER_SEC - 1);
    return rv;
}

/* Query and body. *http: what to return at once, else 0. */
static apr_status_t read_fields(ccgw_fields_t *fields, fault_t *fault, int *http, request_rec *r)
{
    ccgw_buf_t body;
    apr_status_t rv = ccgw_body_read(&body, http, r);

    return *http || rv != APR_SUCCESS ? rv : ccgw_fields_parse(fields, &fault->field, r, body);
}

/* answer_refused or answer_carrier */
typedef int refuse_t(request_rec *r, const char *op, apr_status_t code, const fault_t *fault);

static int receive(request_rec *r, const char *name, int bare, refuse_t *refuse)
{
    fault_t fault = { NULL };
    ccgw_fields_t fields;
    ccgw_id_t session = 0;
    apr_status_t rv;
    int http = 0;

    apr_table_setn(r->notes, "ccgw-op", "customer.says");
    rv = read_fields(&fields, &fault, &http, r);
    if (http)
        return http;
    if (rv == APR_SUCCESS)
        rv = take_text(&session, &fault, choose_front(name, &fields), &fields, r->pool);
    if (rv != APR_SUCCESS)
        return refuse(r, "customer.says", rv, &fault);
    return bare ? answer_empty(r) : answer_taken(r, session);
}

/* ---- what became of a text to a customer ---- */

static apr_status_t take_report(fault_t *fault, const ccgw_channel_front_t *front, ccgw_fields_t *fields,
                                request_rec *r)
{
    const ccgw_number_def_t *number;
    ccgw_report_t report;
    ccgw_call_t call;
    apr_status_t rv;

    rv = ccgw_channel_admit(front, ccgw_fields_read, fields);
    fault->admitted = rv == APR_SUCCESS;
    if (rv == CCGW_EFORBIDDEN)
        fault->field = "secret";
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_report(&report, &fault->field, front, ccgw_fields_read, fields, r->pool);
    if (rv != APR_SUCCESS)
        return rv;
    number = ccgw_floor_number(ccgw_child.core.floor, report.media, report.from);
    if (!number) {
        /* A number that was taken from the floor; its texts went with it, or will. */
        fault->field = "from";
        fault->number = report.from;
        fault->final = 1;
        return CCGW_ENOTFOUND;
    }
    ccgw_call_init(&call, &ccgw_child.core, number->tenant, NULL, NULL, r->pool);
    rv = ccgw_outbox_report(&call, &report);
    if (rv != CCGW_ENOTFOUND)
        return rv;
    /* The carrier would only say the same again. */
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "CCGW0450: a report of the text %s from %s, which nobody remembers%s%s",
                  report.key, report.from, *report.why ? ": " : "", report.why);
    return APR_SUCCESS;
}

static int report(request_rec *r, const char *name, refuse_t *refuse)
{
    fault_t fault = { NULL };
    ccgw_fields_t fields;
    apr_status_t rv;
    int http = 0;

    apr_table_setn(r->notes, "ccgw-op", "customer.report");
    rv = read_fields(&fields, &fault, &http, r);
    if (http)
        return http;
    if (rv == APR_SUCCESS)
        rv = take_report(&fault, choose_front(name, &fields), &fields, r);
    if (rv != APR_SUCCESS)
        return refuse(r, "customer.report", rv, &fault);
    return answer_empty(r);
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
        ccgw_out_puts(out, ",\"key\":");
        ccgw_json_quote(out, ccgw_str_or_empty(entries[i].key));
        ccgw_out_printf(out, ",\"session\":\"%s\",\"index\":%d}", hex, entries[i].index);
    }
    return rv;
}

static int list(request_rec *r, const char *name)
{
    ccgw_reply_t reply = { .http = HTTP_OK, .content_type = "application/json" };
    const ccgw_buf_t none = { "", 0 };
    const ccgw_channel_front_t *front;
    const ccgw_number_def_t *number = NULL;
    const ccgw_tenant_t *tenant;
    const char *fault = NULL, *from, *to;
    ccgw_fields_t fields;
    apr_status_t rv;
    int written = 0, i;

    apr_table_setn(r->notes, "ccgw-op", "customer.hears");
    rv = ccgw_fields_parse(&fields, &fault, r, none);
    if (rv == APR_SUCCESS && (fault = ccgw_fields_odd(&fields)))
        rv = CCGW_EINVAL;
    front = choose_front(name, &fields);
    from = rv == APR_SUCCESS ? ccgw_fields_read(NULL, &fields, "from") : NULL;
    to = rv == APR_SUCCESS ? ccgw_fields_read(NULL, &fields, "to") : NULL;
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

int ccgw_customer_handle(request_rec *r, const char *path)
{
    const ccgw_channel_front_t *front;
    refuse_t *refuse = answer_refused;
    const char *name;
    int listable, askable;

    if (!ccgw_child.usable)
        return answer_fault(r, NULL, CCGW_EBUSY, "the store is not open");
    path++;
    name = ap_getword(r->pool, &path, '/');
    front = find_front(name, CCGW_MEDIA_UNSET);
    if (!front || (strcmp(path, "messages") && strcmp(path, "mo") && strcmp(path, "report")))
        return answer_fault(r, NULL, CCGW_ENOROUTE, NULL);
    /* Who may read what customers are sent is the loop's business: a carrier's account shall only hand texts in. */
    listable = !front->provider->admit && !strcmp(path, "messages");
    /* A carrier that knows nothing but GET. */
    askable = !strcmp(path, "mo") || (front->provider->admit && !strcmp(path, "report"));
    if (front->provider->admit && askable)
        refuse = answer_carrier;
    if (r->method_number == M_GET && listable)
        return list(r, name);
    if (r->method_number == M_POST || (r->method_number == M_GET && askable))
        return strcmp(path, "report") ? receive(r, name, !strcmp(path, "mo"), refuse) : report(r, name, refuse);
    apr_table_setn(r->headers_out, "Allow", listable || askable ? "GET, HEAD, POST" : "POST");
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
    text.repeated = entry->doubts > 0;
    return ccgw_channel_send(why, front, &text, pool);
}
