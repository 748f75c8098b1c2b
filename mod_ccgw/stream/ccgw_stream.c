/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_stream.c: what the framings share: timing, the place where a reader goes on, its next
 * events. */
#include "stream/ccgw_stream_common.h"

#include <string.h>

/* Written at configuration time, in one thread; read only afterwards. */
static ccgw_stream_limits_t timing = {
    .hold = apr_time_from_sec(30),
    .max_interval = apr_time_from_sec(120),
};

void ccgw_stream_configure(const ccgw_stream_limits_t *limits)
{
    timing = *limits;
}

const ccgw_stream_limits_t *ccgw_stream_limits(void)
{
    return &timing;
}

void ccgw_stream_seen(ccgw_call_t *call, const char *id)
{
    ccgw_core_t *core = call->core;

    ccgw_stream_word(call, id, CCGW_WORD_SEEN, CCGW_WORD_RAISE, (apr_uint64_t)core->now(core->clock_baton));
}

/* --- the place of a reader without a cursor of its own ---------------------------------------- */

static int receipt_proven(ccgw_stream_host_t *host, apr_uint64_t carrier)
{
    if (!carrier)
        return 0;
    return carrier == host->carrier || host->carrier_sound(host, carrier);
}

ccgw_cursor_t ccgw_stream_resume(ccgw_call_t *call, ccgw_stream_host_t *host, const ccgw_stream_t *stream)
{
    ccgw_cursor_t start = (ccgw_cursor_t)stream->start, kept = (ccgw_cursor_t)stream->read;
    ccgw_cursor_t sent = ccgw_stream_word(call, stream->id, CCGW_WORD_SENT, CCGW_WORD_LOAD, 0);
    ccgw_cursor_t read =
        ccgw_stream_word(call, stream->id, CCGW_WORD_READ, CCGW_WORD_RAISE, start > kept ? start : kept);
    apr_uint64_t carrier;

    if (sent <= read)
        return read;
    carrier = ccgw_stream_word(call, stream->id, CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0);
    /* READ again: a connection that ends with everything taken raises it before it lets go. */
    if (!receipt_proven(host, carrier))
        return ccgw_stream_word(call, stream->id, CCGW_WORD_READ, CCGW_WORD_LOAD, 0);
    return ccgw_stream_word(call, stream->id, CCGW_WORD_READ, CCGW_WORD_RAISE, sent);
}

void ccgw_stream_hand_over(ccgw_call_t *call, ccgw_stream_host_t *host, const ccgw_stream_t *stream, ccgw_cursor_t upto)
{
    /* In this order: nobody may find the new SENT beside a connection that did not carry it. */
    host->carries(host, ccgw_stream_key(call->tenant, stream->id, call->pool));
    ccgw_stream_word(call, stream->id, CCGW_WORD_CARRIER, CCGW_WORD_STORE, host->carrier);
    ccgw_stream_word(call, stream->id, CCGW_WORD_SENT, CCGW_WORD_STORE, upto);
}

void ccgw_stream_pass_over(ccgw_call_t *call, const ccgw_stream_t *stream, ccgw_cursor_t upto)
{
    ccgw_stream_word(call, stream->id, CCGW_WORD_READ, CCGW_WORD_RAISE, upto);
}

/* --- its next events -------------------------------------------------------------------------- */

static int same_keys(const ccgw_stream_ear_t *ear, const ccgw_buf_t *boxes, int n)
{
    int i;

    if (!ear->keys || ear->nkeys != n + 1)
        return 0;
    for (i = 0; i < n; i++) {
        if (ccgw_buf_compare(ear->keys[i + 1], boxes[i]))
            return 0;
    }
    return 1;
}

/* Kept in the request's pool, which grows only when the login's watches change. */
static apr_status_t listen_to(ccgw_stream_ear_t *ear, const ccgw_buf_t *boxes, int n)
{
    apr_pool_t *pool = ear->call->pool;
    int i;

    ear->keys = apr_palloc(pool, ((apr_size_t)n + 1) * sizeof *ear->keys);
    ear->nkeys = n + 1;
    ear->keys[0] = ccgw_stream_key(ear->call->tenant, ear->stream, pool);
    for (i = 0; i < n; i++)
        ear->keys[i + 1] = ccgw_buf_copy(boxes[i], pool);
    return ear->host->listen(ear->host, ear->keys, ear->nkeys);
}

/* Begin to hear what LOGIN hears; *changed: it was something else before. */
static apr_status_t tune(ccgw_login_t *login, int *changed, ccgw_stream_ear_t *ear, apr_pool_t *pool)
{
    ccgw_call_t call = *ear->call;
    ccgw_buf_t *boxes;
    apr_status_t rv;
    int n;

    call.pool = pool;
    rv = ccgw_login_get(login, &call, ear->login);
    if (rv != APR_SUCCESS)
        return rv;
    ccgw_event_boxes(&boxes, &n, call.tenant, login, pool);
    *changed = !same_keys(ear, boxes, n);
    return *changed ? listen_to(ear, boxes, n) : APR_SUCCESS;
}

/* A page may hold nothing for this login while more follows. The end is taken once: others' commits
 * do not keep us. */
static apr_status_t read_page(ccgw_read_event_t **events, int *n, ccgw_cursor_t *upto, const ccgw_stream_ear_t *ear,
                              const ccgw_login_t *login, ccgw_cursor_t after, apr_pool_t *pool)
{
    ccgw_core_t *core = ear->call->core;
    const ccgw_tenant_t *tenant = ear->call->tenant;
    ccgw_cursor_t end = core->provider->last(core->store, ccgw_buf_str(tenant->name));
    apr_status_t rv;

    for (;;) {
        rv = ccgw_event_read(events, n, upto, core, tenant, login, after, CCGW_STREAM_EVENTS, pool);
        if (rv != APR_SUCCESS || *n || *upto <= after || *upto >= end)
            return rv;
        after = *upto;
    }
}

apr_status_t ccgw_stream_look(ccgw_read_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_stream_ear_t *ear,
                              ccgw_cursor_t after, apr_pool_t *pool)
{
    ccgw_login_t login;
    apr_status_t rv;
    int changed;

    rv = tune(&login, &changed, ear, pool);
    while (rv == APR_SUCCESS) {
        rv = read_page(events, n, upto, ear, &login, after, pool);
        if (rv != APR_SUCCESS)
            return rv;
        rv = tune(&login, &changed, ear, pool);
        if (rv != APR_SUCCESS || !changed)
            return rv;
    }
    return rv;
}
