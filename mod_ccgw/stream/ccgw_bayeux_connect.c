/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_bayeux_connect.c: /meta/connect: from which place events go on, how long the answer is held,
 * who gets it.
 *
 * Of several connects of one session only the newest is served: each takes the next number of the
 * word TURN and wakes the others, who find that the number is no longer theirs. */
#include "stream/ccgw_bayeux.h"

#include <string.h>

#define RETRY_SECONDS 2

typedef enum outcome_t {
    OUTCOME_ANSWER,     /* with the events there are, or none */
    OUTCOME_SUPERSEDED, /* a newer connect has taken over */
    OUTCOME_GONE,       /* a disconnect came meanwhile, or the session was idle too long */
    OUTCOME_START_OVER, /* the client must shake hands again */
    OUTCOME_FAILED      /* overload, or a fault of ours */
} outcome_t;

typedef struct connecting_t {
    ccgw_bayeux_serving_t *serving;
    const ccgw_bayeux_message_t *message;
    ccgw_stream_t stream;
    apr_uint64_t turn;
    apr_time_t until;    /* hold no longer */
    ccgw_cursor_t after; /* everything up to here is looked at */
    int nevents;         /* written to the reply */
    apr_status_t rv;     /* why it failed */
} connecting_t;

static apr_time_t time_now(const ccgw_call_t *call)
{
    return call->core->now(call->core->clock_baton);
}

/* --- what there is to tell -------------------------------------------------------------------- */

/* Write events until the answer is large enough; what one commit caused stays together. */
static void write_events(connecting_t *c, const ccgw_stream_t *stream, const ccgw_read_event_t *events, int n,
                         ccgw_cursor_t upto, apr_pool_t *pool)
{
    ccgw_bayeux_serving_t *serving = c->serving;
    ccgw_out_t *out = &serving->reply->body;
    apr_size_t begin = out->n;
    ccgw_view_t view = *serving->view;
    int i;

    view.pool = pool;
    for (i = 0; i < n; i++) {
        int next_commit = i && events[i].at != events[i - 1].at;

        if (next_commit && (c->nevents >= CCGW_STREAM_EVENTS || out->n - begin >= CCGW_STREAM_BYTES)) {
            upto = events[i - 1].at;
            break;
        }
        c->nevents += ccgw_bayeux_event(out, serving->dialect, &events[i].event, &stream->topics, &view);
    }
    c->after = upto;
}

/* One look: *found tells whether there was anything, for this reader or not. */
static outcome_t look(int *found, connecting_t *c, ccgw_stream_ear_t *ear, apr_pool_t *pool)
{
    ccgw_call_t call = *c->serving->call;
    ccgw_read_event_t *events;
    ccgw_cursor_t upto;
    ccgw_stream_t stream;

    *found = 0;
    c->rv = ccgw_stream_look(&events, found, &upto, ear, c->after, pool);
    if (c->rv == CCGW_ERESYNC || c->rv == CCGW_ESIGNIN)
        return OUTCOME_START_OVER;
    if (c->rv != APR_SUCCESS)
        return OUTCOME_FAILED;
    /* The topics are read after the events: a subscription that was answered before an event came
     * holds for it. */
    call.pool = pool;
    c->rv = ccgw_stream_find(&stream, &call, c->message->client);
    if (c->rv == CCGW_ENOTFOUND)
        return OUTCOME_GONE;
    if (c->rv != APR_SUCCESS)
        return OUTCOME_FAILED;
    /* Not before: words of a session that has been closed meanwhile would stay for ever. */
    ccgw_stream_seen(&call, stream.id);
    if (ccgw_stream_word(&call, stream.id, CCGW_WORD_TURN, CCGW_WORD_LOAD, 0) != c->turn)
        return OUTCOME_SUPERSEDED;
    write_events(c, &stream, events, *found, upto, pool);
    return OUTCOME_ANSWER;
}

/* Until when to wait for news: a held connect is a sign of life too, and must give it in time. */
static apr_time_t next_sign(const connecting_t *c, apr_time_t now)
{
    apr_interval_time_t idle = c->serving->call->core->limits.stream_idle;

    return idle > 0 && c->until - now > idle / 2 ? now + idle / 2 : c->until;
}

static outcome_t hold(connecting_t *c, ccgw_stream_ear_t *ear, apr_pool_t *round)
{
    ccgw_stream_host_t *host = c->serving->host;
    outcome_t outcome;
    apr_time_t now;
    int found;

    for (;;) {
        apr_pool_clear(round);
        outcome = look(&found, c, ear, round);
        if (outcome != OUTCOME_ANSWER || c->nevents)
            return outcome;
        if (found)
            continue;
        now = time_now(c->serving->call);
        if (now >= c->until)
            return OUTCOME_ANSWER;
        c->rv = host->wait(host, next_sign(c, now));
        if (c->rv == APR_EOF)
            c->until = now;
        else if (c->rv != APR_SUCCESS && !APR_STATUS_IS_TIMEUP(c->rv))
            return OUTCOME_FAILED;
    }
}

/* --- how it is answered ----------------------------------------------------------------------- */

static void answer(connecting_t *c)
{
    const ccgw_stream_limits_t *limits = ccgw_stream_limits();
    ccgw_bayeux_serving_t *serving = c->serving;
    ccgw_out_t *out = &serving->reply->body;

    ccgw_bayeux_begin(out, c->message, 1);
    ccgw_bayeux_text(out, "clientId", c->message->client);
    if (c->turn == 1)
        ccgw_bayeux_advice(out, "retry", 0, limits->hold, limits->max_interval);
    if (c->stream.acknowledged)
        ccgw_out_printf(out, ",\"ext\":{\"ack\":%" APR_UINT64_T_FMT "}", c->after);
    else if (c->nevents)
        ccgw_stream_hand_over(serving->call, serving->host, &c->stream, c->after);
    else
        ccgw_stream_pass_over(serving->call, &c->stream, c->after);
    ccgw_bayeux_end(out);
}

/* The session has just been ended by its client: it is not to come back. */
static void release(connecting_t *c)
{
    ccgw_out_t *out = &c->serving->reply->body;

    ccgw_bayeux_begin(out, c->message, 1);
    ccgw_bayeux_text(out, "clientId", c->message->client);
    ccgw_bayeux_advice(out, "none", 0, 0, 0);
    ccgw_bayeux_end(out);
}

static void start_over(connecting_t *c)
{
    ccgw_reply_t *reply = c->serving->reply;

    reply->code = c->rv;
    reply->text = c->rv == CCGW_ERESYNC ? "an event reader starts over: its place is no longer held"
                                        : "an event reader ends with its login";
    /* Should closing fail, the reader ends when it was idle for long enough: nobody polls it any
     * more. */
    ccgw_stream_close(c->serving->call, c->stream.id);
    ccgw_bayeux_fail(c->serving, c->message, CCGW_ENOTFOUND);
}

/* Nobody reads this answer; the status is the one the reference server gives. */
static void step_back(connecting_t *c)
{
    ccgw_reply_t *reply = c->serving->reply;

    reply->http = 500;
    reply->content_type = "text/plain";
    reply->body.n = 0;
}

static void give(connecting_t *c, outcome_t outcome)
{
    switch (outcome) {
    case OUTCOME_ANSWER: answer(c); break;
    case OUTCOME_SUPERSEDED: step_back(c); break;
    case OUTCOME_GONE: release(c); break;
    case OUTCOME_START_OVER: start_over(c); break;
    case OUTCOME_FAILED: ccgw_bayeux_fail(c->serving, c->message, c->rv); break;
    }
}

/* --- the connect ------------------------------------------------------------------------------ */

/* The first connect after a handshake is answered at once, as clients wait for it before they go
 * on; so is one that comes with other messages, whose answers must not be held back. */
static apr_interval_time_t holding_time(const connecting_t *c)
{
    apr_interval_time_t longest = ccgw_stream_limits()->hold;

    if (c->turn == 1 || !c->serving->alone)
        return 0;
    return c->message->hold >= 0 && c->message->hold < longest ? c->message->hold : longest;
}

/* A client that acknowledges says itself what arrived; the word READ keeps it for one that stops
 * saying it. */
static ccgw_cursor_t find_place(const connecting_t *c)
{
    ccgw_call_t *call = c->serving->call;
    ccgw_cursor_t start = (ccgw_cursor_t)c->stream.start, received = c->message->received;

    if (!c->stream.acknowledged)
        return ccgw_stream_resume(call, c->serving->host, &c->stream);
    if (!received)
        return ccgw_stream_word(call, c->stream.id, CCGW_WORD_READ, CCGW_WORD_RAISE, start);
    return received > start ? received : start;
}

static void note_received(const connecting_t *c, outcome_t outcome)
{
    if (c->stream.acknowledged && c->message->received && outcome == OUTCOME_ANSWER)
        ccgw_stream_word(c->serving->call, c->stream.id, CCGW_WORD_READ, CCGW_WORD_RAISE, c->message->received);
}

void ccgw_bayeux_connect(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message)
{
    ccgw_call_t *call = serving->call;
    connecting_t c = { .serving = serving, .message = message };
    ccgw_stream_ear_t ear = { .host = serving->host, .call = call };
    apr_pool_t *round;
    outcome_t outcome;

    c.rv = ccgw_bayeux_find(&c.stream, serving, message->client);
    if (c.rv != APR_SUCCESS) {
        ccgw_bayeux_fail(serving, message, c.rv);
        return;
    }
    c.turn = ccgw_stream_word(call, c.stream.id, CCGW_WORD_TURN, CCGW_WORD_ADD, 1);
    if (c.turn > 1)
        serving->host->wake(serving->host, ccgw_stream_key(call->tenant, c.stream.id, call->pool));
    c.until = time_now(call) + holding_time(&c);
    c.after = find_place(&c);
    ear.stream = c.stream.id;
    ear.login = c.stream.login;
    apr_pool_create(&round, call->pool);
    outcome = hold(&c, &ear, round);
    note_received(&c, outcome);
    give(&c, outcome);
    apr_pool_destroy(round);
}

apr_status_t ccgw_bayeux_find(ccgw_stream_t *stream, ccgw_bayeux_serving_t *serving, const char *client)
{
    apr_status_t rv;

    if (!ccgw_str_given(client))
        return CCGW_ENOTFOUND;
    rv = ccgw_stream_find(stream, serving->call, client);
    if (rv == APR_SUCCESS)
        ccgw_stream_seen(serving->call, stream->id);
    return rv;
}

/* --- refusals --------------------------------------------------------------------------------- */

static int is_unknown(apr_status_t rv)
{
    return rv == CCGW_ENOTFOUND || rv == CCGW_ESIGNIN;
}

/* A busy server asks to come back; the client's HTTP layer reads the header, its Bayeux layer the
 * advice. */
static void note_failure(ccgw_reply_t *reply, apr_status_t rv)
{
    reply->http = 503;
    reply->retry_after = RETRY_SECONDS;
    reply->code = rv;
    reply->text = "an event reader could not be served";
}

void ccgw_bayeux_fail(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message, apr_status_t rv)
{
    ccgw_out_t *out = &serving->reply->body;

    if (!is_unknown(rv) && rv != CCGW_ELIMIT)
        note_failure(serving->reply, rv);
    ccgw_bayeux_begin(out, message, 0);
    if (message->subscription)
        ccgw_bayeux_json(out, "subscription", message->subscription);
    ccgw_bayeux_text(out, "error",
                     is_unknown(rv)      ? CCGW_BAYEUX_UNKNOWN
                     : rv == CCGW_ELIMIT ? "403::too many"
                                         : "503::overloaded");
    if (message->kind == CCGW_BAYEUX_CONNECT && is_unknown(rv))
        ccgw_bayeux_advice(out, "handshake", 0, 0, 0);
    else if (serving->reply->http == 503)
        ccgw_bayeux_advice(out, message->kind == CCGW_BAYEUX_HANDSHAKE ? "handshake" : "retry",
                           apr_time_from_sec(RETRY_SECONDS), 0, 0);
    ccgw_bayeux_end(out);
}
