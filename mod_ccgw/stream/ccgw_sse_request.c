/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_sse_request.c: the requests about a subscription to server-sent events: sign of life, leave, other channels, who
 * else is there. A subscription is found by the id its stream began with, by its own agent or by nobody in particular. */
#include "stream/ccgw_sse.h"

#include "core/ccgw_floor.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* --- what a request says ------------------------------------------------------------------------ */

static const char *find_pair(const ccgw_pairs_t *pairs, const char *name)
{
    int i;

    for (i = 0; i < pairs->n; i++) {
        if (!strcasecmp(pairs->v[i].key, name) && pairs->v[i].kind == CCGW_PAIR_TEXT && *pairs->v[i].text)
            return pairs->v[i].text;
    }
    return NULL;
}

static const ccgw_json_t *find_member(const ccgw_request_t *request, const char *name)
{
    const ccgw_json_t *value;
    const char *key;
    int i;

    if (ccgw_json_kind(request->json) != CCGW_JSON_OBJECT)
        return NULL;
    for (i = 0; ccgw_json_entry(&key, &value, request->json, i, request->pool); i++) {
        if (!strcasecmp(key, name))
            return value;
    }
    return NULL;
}

const char *ccgw_sse_text(const ccgw_request_t *request, const char *name)
{
    const char *text = find_pair(&request->query_values, name);

    if (!text)
        text = find_pair(&request->form_values, name);
    if (!text)
        text = find_pair(&request->path_values, name);
    return text ? text : ccgw_json_text(find_member(request, name));
}

static ccgw_strs_t split(const char *text, apr_pool_t *pool)
{
    ccgw_strs_t strs = { apr_palloc(pool, (strlen(text) / 2 + 1) * sizeof(char *)), 0 };
    char *last, *word = apr_strtok(apr_pstrdup(pool, text), ",", &last);

    for (; word; word = apr_strtok(NULL, ",", &last))
        strs.v[strs.n++] = word;
    return strs;
}

ccgw_strs_t ccgw_sse_strs(const ccgw_request_t *request, const char *name)
{
    const ccgw_json_t *json = find_member(request, name);
    const char *text = ccgw_sse_text(request, name);
    ccgw_strs_t strs = { NULL, 0 };
    int i;

    if (text)
        return split(text, request->pool);
    if (ccgw_json_kind(json) != CCGW_JSON_ARRAY)
        return strs;
    strs.v = apr_palloc(request->pool, (apr_size_t)(ccgw_json_size(json) + 1) * sizeof(char *));
    for (i = 0; i < ccgw_json_size(json); i++) {
        if (ccgw_str_given(ccgw_json_text(ccgw_json_item(json, i))))
            strs.v[strs.n++] = ccgw_json_text(ccgw_json_item(json, i));
    }
    return strs;
}

/* A channel stands in front of "@" in the first word of a frame. */
const char *ccgw_sse_bad_channel(const ccgw_strs_t *strs)
{
    const unsigned char *at;
    int i;

    for (i = 0; i < strs->n; i++) {
        for (at = (const unsigned char *)strs->v[i]; *at > ' ' && *at != '@' && *at != 0x7f; at++)
            ;
        if (*at || strlen(strs->v[i]) > 256)
            return strs->v[i];
    }
    return NULL;
}

/* --- what is answered --------------------------------------------------------------------------- */

/* Not the e-mail: its @ would end the channel's name. */
const char *ccgw_sse_user(const ccgw_call_t *call)
{
    return call->agent->id;
}

const char *ccgw_sse_join(const ccgw_strs_t *channels, apr_pool_t *pool)
{
    ccgw_out_t out;
    int i;

    ccgw_out_init(&out, 64, pool);
    ccgw_out_puts(&out, "");
    for (i = 0; i < channels->n; i++) {
        if (i)
            ccgw_out_putc(&out, ',');
        ccgw_out_puts(&out, channels->v[i]);
    }
    return out.p;
}

void ccgw_sse_member(ccgw_out_t *out, const ccgw_call_t *call, const ccgw_stream_t *stream)
{
    const ccgw_agent_def_t *agent = ccgw_floor_agent(call->core->floor, call->tenant, stream->agent);
    ccgw_call_t asking = *call;
    apr_uint64_t since = ccgw_stream_word(&asking, stream->id, CCGW_WORD_TURN, CCGW_WORD_LOAD, 0);
    const char *name = agent ? agent->nickname : NULL;

    if (agent && (ccgw_str_given(agent->first_name) || ccgw_str_given(agent->last_name)))
        name = apr_pstrcat(call->pool, ccgw_str_or_empty(agent->first_name),
                           ccgw_str_given(agent->first_name) && ccgw_str_given(agent->last_name) ? " " : "",
                           ccgw_str_or_empty(agent->last_name), NULL);
    ccgw_out_puts(out, "\"userId\":");
    ccgw_json_quote(out, stream->agent);
    ccgw_out_puts(out, ",\"isAuthenticated\":\"true\",\"displayName\":");
    ccgw_json_quote(out, ccgw_str_or_empty(name));
    ccgw_out_puts(out, ",\"channels\":");
    ccgw_json_quote(out, ccgw_sse_join(&stream->topics, call->pool));
    ccgw_out_printf(out, ",\"createdAt\":\"%" APR_UINT64_T_FMT "\",\"profileUrl\":\"\"", since);
}

void ccgw_sse_fail(ccgw_reply_t *reply, const ccgw_dialect_t *dialect, const ccgw_view_t *view, apr_status_t rv,
                   const char *field, const char *text)
{
    ccgw_problem_t problem = { rv, field, text };

    ccgw_reply_error(reply, dialect, &problem, view, view->pool);
}

static void begin(ccgw_reply_t *reply, const ccgw_request_t *request, const char *content_type)
{
    memset(reply, 0, sizeof *reply);
    ccgw_out_init(&reply->body, 256, request->pool);
    reply->http = 200;
    reply->content_type = content_type;
}

#define JSON "application/json; charset=utf-8"

/* --- the requests ------------------------------------------------------------------------------- */

/* Clients outside of browsers send no cookies here: then the subscription's id, which is a secret, has to do. It does not
 * tell its tenant; there are few. */
static apr_status_t find_by_secret(ccgw_stream_t *stream, ccgw_call_t *call, const char *id)
{
    apr_status_t rv = CCGW_ENOTFOUND;
    int i;

    for (i = 0; rv == CCGW_ENOTFOUND && (call->tenant = ccgw_floor_tenant_at(call->core->floor, i)) != NULL; i++)
        rv = ccgw_stream_of_secret(stream, call, id);
    return rv;
}

/* The subscription the request names; on failure the reply is complete. */
static apr_status_t find(ccgw_stream_t *stream, ccgw_reply_t *reply, const ccgw_dialect_t *dialect,
                         const ccgw_request_t *request, const ccgw_view_t *view, ccgw_call_t *call)
{
    const char *id = ccgw_sse_text(request, "id");
    apr_status_t rv = CCGW_ENOTFOUND;

    if (id)
        rv = call->agent ? ccgw_stream_find(stream, call, id) : find_by_secret(stream, call, id);
    if (rv == APR_SUCCESS && strcmp(stream->framing, ccgw_stream_sse.name))
        rv = CCGW_ENOTFOUND;
    if (rv != APR_SUCCESS)
        ccgw_sse_fail(reply, dialect, view, rv, NULL, rv == CCGW_ENOTFOUND ? "Subscription does not exist" : NULL);
    return rv;
}

static void tell_reader(ccgw_stream_host_t *host, ccgw_call_t *call, const ccgw_stream_t *stream)
{
    host->wake(host, ccgw_stream_key(call->tenant, stream->id, call->pool));
}

/* A subscription nobody reads any more is gone for its client, who begins another; its record stays for that one. */
static void serve_beat(ccgw_reply_t *reply, ccgw_stream_host_t *host, const ccgw_dialect_t *dialect,
                       const ccgw_request_t *request, ccgw_view_t *view, ccgw_call_t *call)
{
    ccgw_stream_t stream;

    if (find(&stream, reply, dialect, request, view, call) != APR_SUCCESS)
        return;
    if (!ccgw_stream_word(call, stream.id, CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0)) {
        ccgw_sse_fail(reply, dialect, view, CCGW_ENOTFOUND, NULL, "Subscription has no reader");
        return;
    }
    ccgw_stream_seen(call, stream.id);
    tell_reader(host, call, &stream);
    begin(reply, request, "text/plain");
}

static void serve_leave(ccgw_reply_t *reply, ccgw_stream_host_t *host, const ccgw_dialect_t *dialect,
                        const ccgw_request_t *request, ccgw_view_t *view, ccgw_call_t *call)
{
    ccgw_stream_t stream;
    apr_status_t rv;

    if (find(&stream, reply, dialect, request, view, call) != APR_SUCCESS)
        return;
    begin(reply, request, JSON);
    ccgw_out_putc(&reply->body, '{');
    ccgw_sse_member(&reply->body, call, &stream);
    ccgw_out_putc(&reply->body, '}');
    rv = ccgw_stream_close(call, stream.id);
    if (rv != APR_SUCCESS)
        ccgw_sse_fail(reply, dialect, view, rv, NULL, NULL);
    else
        tell_reader(host, call, &stream);
}

static void serve_change(ccgw_reply_t *reply, ccgw_stream_host_t *host, const ccgw_dialect_t *dialect,
                         const ccgw_request_t *request, ccgw_view_t *view, ccgw_call_t *call)
{
    ccgw_strs_t add = ccgw_sse_strs(request, "subscribeChannels"), take = ccgw_sse_strs(request, "unsubscribeChannels");
    ccgw_stream_t stream;
    apr_status_t rv;

    if (find(&stream, reply, dialect, request, view, call) != APR_SUCCESS)
        return;
    if (ccgw_sse_bad_channel(&add)) {
        ccgw_sse_fail(reply, dialect, view, CCGW_EINVAL, "subscribeChannels", "a channel has no blanks and no @");
        return;
    }
    rv = ccgw_stream_subscribe(&stream, call, &add, &take);
    if (rv != APR_SUCCESS) {
        ccgw_sse_fail(reply, dialect, view, rv, NULL, NULL);
        return;
    }
    tell_reader(host, call, &stream);
    begin(reply, request, JSON);
    ccgw_out_puts(&reply->body, "{}");
}

static int hears_any(const ccgw_stream_t *stream, const ccgw_strs_t *channels)
{
    int i;

    for (i = 0; i < channels->n; i++) {
        if (ccgw_strs_have(&stream->topics, channels->v[i]))
            return 1;
    }
    return !channels->n;
}

static void serve_list(ccgw_reply_t *reply, ccgw_stream_host_t *host, const ccgw_dialect_t *dialect,
                       const ccgw_request_t *request, ccgw_view_t *view, ccgw_call_t *call)
{
    ccgw_strs_t channels = ccgw_sse_strs(request, "channels");
    ccgw_stream_t *streams;
    int i, n, first = 1;
    apr_status_t rv = ccgw_stream_list(&streams, &n, call, ccgw_stream_sse.name);

    if (rv != APR_SUCCESS) {
        ccgw_sse_fail(reply, dialect, view, rv, NULL, NULL);
        return;
    }
    begin(reply, request, JSON);
    ccgw_out_putc(&reply->body, '[');
    for (i = 0; i < n; i++) {
        if (!hears_any(&streams[i], &channels) ||
            !ccgw_stream_word(call, streams[i].id, CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0))
            continue;
        ccgw_out_puts(&reply->body, first ? "{" : ",{");
        ccgw_sse_member(&reply->body, call, &streams[i]);
        ccgw_out_putc(&reply->body, '}');
        first = 0;
    }
    ccgw_out_putc(&reply->body, ']');
}

const ccgw_stream_framing_t ccgw_stream_sse_beat = { .name = "sse-heartbeat", .serve = serve_beat };
const ccgw_stream_framing_t ccgw_stream_sse_leave = { .name = "sse-leave", .serve = serve_leave };
const ccgw_stream_framing_t ccgw_stream_sse_change = { .name = "sse-change", .serve = serve_change };
const ccgw_stream_framing_t ccgw_stream_sse_list = { .name = "sse-list", .serve = serve_list };
