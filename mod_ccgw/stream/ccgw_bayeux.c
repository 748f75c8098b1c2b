/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_bayeux.c: the Bayeux framing (CometD long polling): serves one request, which is an array of
 * messages.
 *
 * Events travel with the answer to /meta/connect alone. Where two servers in the field answer bad
 * input differently, ours is the answer that satisfies the clients of both; t/unit/test_bayeux.c
 * holds the table. */
#include "stream/ccgw_bayeux.h"

#include <apr_strings.h>
#include <string.h>

/* --- answers ---------------------------------------------------------------------------------- */

/* Acknowledgement in the form the client asked for: the newer one tells the first number as
 * well. */
static void write_ack(ccgw_out_t *out, const ccgw_bayeux_message_t *message, const ccgw_stream_t *stream)
{
    if (message->ack == CCGW_BAYEUX_ACK_TRUE)
        ccgw_bayeux_json(out, "ext", "{\"ack\":true}");
    if (message->ack == CCGW_BAYEUX_ACK_OBJECT)
        ccgw_out_printf(out, ",\"ext\":{\"ack\":{\"enabled\":true,\"batch\":%" APR_INT64_T_FMT "}}", stream->start);
}

static void refuse_handshake(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message)
{
    ccgw_out_t *out = &serving->reply->body;

    ccgw_bayeux_begin(out, message, 0);
    ccgw_bayeux_text(out, "version", "1.0");
    ccgw_bayeux_json(out, "supportedConnectionTypes", "[\"long-polling\"]");
    ccgw_bayeux_text(out, "error", message->fault);
    ccgw_bayeux_advice(out, "none", 0, 0, 0);
    ccgw_bayeux_end(out);
}

static void shake_hands(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message)
{
    const ccgw_stream_limits_t *limits = ccgw_stream_limits();
    ccgw_out_t *out = &serving->reply->body;
    ccgw_stream_t stream;
    const char *secret;
    apr_status_t rv;

    if (message->fault) {
        refuse_handshake(serving, message);
        return;
    }
    rv = ccgw_stream_open(&stream, &secret, serving->call, ccgw_stream_bayeux.name,
                          message->ack != CCGW_BAYEUX_ACK_NONE);
    if (rv == CCGW_ESIGNIN)
        serving->reply->http = 401;
    if (rv != APR_SUCCESS) {
        ccgw_bayeux_fail(serving, message, rv);
        return;
    }
    ccgw_stream_seen(serving->call, stream.id);
    ccgw_bayeux_begin(out, message, 1);
    ccgw_bayeux_text(out, "version", "1.0");
    ccgw_bayeux_text(out, "minimumVersion", "1.0");
    ccgw_bayeux_json(out, "supportedConnectionTypes", "[\"long-polling\"]");
    ccgw_bayeux_text(out, "clientId", secret);
    ccgw_bayeux_advice(out, "retry", 0, limits->hold, limits->max_interval);
    write_ack(out, message, &stream);
    ccgw_bayeux_end(out);
}

/* Topics of WANTED that STREAM has (HAVE 1) or lacks (HAVE 0): what is so already needs no
 * commit. */
static ccgw_strs_t pick_topics(const ccgw_strs_t *wanted, const ccgw_stream_t *stream, int have, apr_pool_t *pool)
{
    ccgw_strs_t picked = { apr_palloc(pool, ((apr_size_t)wanted->n + 1) * sizeof(char *)), 0 };
    int i;

    for (i = 0; i < wanted->n; i++) {
        if (ccgw_strs_have(&stream->topics, wanted->v[i]) == have)
            picked.v[picked.n++] = wanted->v[i];
    }
    return picked;
}

static apr_status_t change_topics(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message)
{
    static const ccgw_strs_t none = { NULL, 0 };
    int take = message->kind == CCGW_BAYEUX_UNSUBSCRIBE;
    ccgw_stream_t stream;
    ccgw_strs_t topics;
    apr_status_t rv;

    rv = ccgw_bayeux_find(&stream, serving, message->client);
    if (rv != APR_SUCCESS)
        return rv;
    topics = pick_topics(&message->topics, &stream, take, serving->call->pool);
    if (!topics.n)
        return APR_SUCCESS;
    return ccgw_stream_subscribe(&stream, serving->call, take ? &none : &topics, take ? &topics : &none);
}

static apr_status_t disconnect(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message)
{
    ccgw_call_t *call = serving->call;
    ccgw_stream_t stream;
    apr_status_t rv;

    rv = ccgw_bayeux_find(&stream, serving, message->client);
    if (rv != APR_SUCCESS)
        return rv;
    rv = ccgw_stream_close(call, stream.id);
    if (rv != APR_SUCCESS)
        return rv;
    serving->host->wake(serving->host, ccgw_stream_key(call->tenant, stream.id, call->pool));
    return APR_SUCCESS;
}

static apr_status_t check_client(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message)
{
    ccgw_stream_t stream;

    return ccgw_bayeux_find(&stream, serving, message->client);
}

static apr_status_t carry_out(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message)
{
    switch (message->kind) {
    case CCGW_BAYEUX_SUBSCRIBE:
    case CCGW_BAYEUX_UNSUBSCRIBE: return change_topics(serving, message);
    case CCGW_BAYEUX_DISCONNECT: return disconnect(serving, message);
    default: return check_client(serving, message);
    }
}

static void answer_message(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message)
{
    ccgw_out_t *out = &serving->reply->body;
    apr_status_t rv;

    if (message->fault) {
        ccgw_bayeux_refuse(out, message, message->fault);
        return;
    }
    rv = carry_out(serving, message);
    if (rv != APR_SUCCESS) {
        ccgw_bayeux_fail(serving, message, rv);
        return;
    }
    ccgw_bayeux_begin(out, message, 1);
    ccgw_bayeux_text(out, "clientId", message->client);
    if (message->subscription)
        ccgw_bayeux_json(out, "subscription", message->subscription);
    ccgw_bayeux_end(out);
}

/* --- the request ------------------------------------------------------------------------------ */

static const ccgw_bayeux_message_t *find_kind(const ccgw_bayeux_message_t *messages, int n, ccgw_bayeux_kind_t kind)
{
    while (n-- > 0) {
        if (messages[n].kind == kind && !messages[n].fault)
            return &messages[n];
    }
    return NULL;
}

/* A connect is answered last, so that what came with it holds for it. Of several the last one gets
 * the events. */
static void serve_messages(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *messages, int n)
{
    const ccgw_bayeux_message_t *connect = find_kind(messages, n, CCGW_BAYEUX_CONNECT);
    int i;

    for (i = 0; i < n; i++) {
        if (messages[i].kind == CCGW_BAYEUX_HANDSHAKE) {
            shake_hands(serving, &messages[i]);
            return;
        }
    }
    for (i = 0; i < n; i++) {
        if (&messages[i] != connect)
            answer_message(serving, &messages[i]);
    }
    if (connect)
        ccgw_bayeux_connect(serving, connect);
}

static void refuse_request(ccgw_reply_t *reply, apr_status_t rv, const char *why)
{
    reply->http = 400;
    reply->content_type = "text/plain";
    reply->code = rv;
    reply->text = why;
}

static void serve(ccgw_reply_t *reply, ccgw_stream_host_t *host, const ccgw_dialect_t *dialect,
                  const ccgw_request_t *request, ccgw_view_t *view, ccgw_call_t *call)
{
    ccgw_bayeux_serving_t serving = { reply, host, dialect, view, call, 0 };
    ccgw_bayeux_message_t *messages;
    const char *why;
    apr_status_t rv;
    int n;

    memset(reply, 0, sizeof *reply);
    ccgw_out_init(&reply->body, 512, request->pool);
    reply->http = 200;
    reply->content_type = "application/json";
    rv = ccgw_bayeux_parse(&messages, &n, &why, request);
    if (rv != APR_SUCCESS) {
        refuse_request(reply, rv, why);
        return;
    }
    serving.alone = n == 1;
    ccgw_out_putc(&reply->body, '[');
    serve_messages(&serving, messages, n);
    if (reply->body.n)
        ccgw_out_putc(&reply->body, ']');
}

const ccgw_stream_framing_t ccgw_stream_bayeux = {
    .name = "bayeux",
    .serve = serve,
};
