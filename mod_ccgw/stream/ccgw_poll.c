/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_poll.c: polling for one event at a time. A client has no cursor: its place is kept for it.
 *
 * One commit may be many events of the dialect, so a place is the commit's cursor and the number of its events that
 * were handed out: cursor << 11 | number, all ones when none is left. Of several polls of one login only the newest is
 * served, as ccgw_bayeux_connect.c does it. */
#include "stream/ccgw_stream_common.h"

#include <string.h>

#include "api/ccgw_shape.h"

#define HOLD_DEFAULT apr_time_from_sec(10)
#define NUMBER_BITS  11
#define ALL          ((1u << NUMBER_BITS) - 1)

/* Clients compare these bytes. */
#define NOTHING "{\"message\":\"\",\"retcode\":\"0\"}"
#define BEGIN   "{\"message\":\"\",\"retcode\":\"0\",\"event\":"
#define END     "}"

typedef struct polling_t {
    ccgw_reply_t *reply;
    ccgw_stream_host_t *host;
    const ccgw_dialect_t *dialect;
    const ccgw_view_t *view;
    ccgw_call_t *call;
    ccgw_stream_t stream;
    apr_uint64_t turn;
    apr_time_t until;   /* hold no longer */
    apr_uint64_t place; /* all up to here was looked at */
    int found;          /* the reply holds an event; PLACE is behind it */
} polling_t;

static apr_uint64_t place_after(ccgw_cursor_t cursor)
{
    return cursor << NUMBER_BITS | ALL;
}

/* Where to read on: a commit that is not told completely is read again. */
static ccgw_cursor_t cursor_of(apr_uint64_t place)
{
    ccgw_cursor_t cursor = place >> NUMBER_BITS;

    return (place & ALL) == ALL ? cursor : cursor - 1;
}

/* How many events of the commit AT were handed out already. */
static unsigned told_of(apr_uint64_t place, ccgw_cursor_t at)
{
    return place >> NUMBER_BITS == at ? (unsigned)(place & ALL) : 0;
}

/* --- the next event --------------------------------------------------------------------------- */

static int row_fits(const ccgw_event_row_t *row, const ccgw_event_t *event, const ccgw_view_t *view)
{
    if (row->type != event->type)
        return 0;
    if (row->media && (!event->session || event->session->media != row->media))
        return 0;
    return !row->when || row->when(event, view);
}

/* What is counted over all events of one commit. */
typedef struct count_t {
    polling_t *poll;
    unsigned skip; /* handed out before */
    unsigned n;    /* events of the commit so far */
    const ccgw_view_t *view;
} count_t;

static void count_event(count_t *count, const ccgw_event_t *event)
{
    const ccgw_event_row_t *row;
    polling_t *poll = count->poll;

    for (row = poll->dialect->events; row && row->type; row++) {
        if (!row_fits(row, event, count->view))
            continue;
        if (count->n++ != count->skip)
            continue;
        poll->found = 1;
        ccgw_out_puts(&poll->reply->body, BEGIN);
        ccgw_shape_json(&poll->reply->body, row->shape, event, count->view);
        ccgw_out_puts(&poll->reply->body, END);
    }
}

/* An event with several messages is shown one message at a time. */
static void count_parts(count_t *count, const ccgw_event_t *event)
{
    ccgw_event_t one = *event;
    int i;

    if (event->nmessages < 2) {
        count_event(count, event);
        return;
    }
    one.nmessages = 1;
    for (i = 0; i < event->nmessages; i++) {
        one.messages = &event->messages[i];
        count_event(count, &one);
    }
}

/* Write the first event behind the place, if any. One reader's part of a commit stays far below ALL events: the
 * longest, the history one is told on joining a session, has 500 entries. */
static void write_next(polling_t *poll, const ccgw_read_event_t *events, int n, ccgw_cursor_t upto, apr_pool_t *pool)
{
    ccgw_view_t view = *poll->view;
    int i = 0;

    view.pool = pool;
    while (i < n) {
        ccgw_cursor_t at = events[i].at;
        count_t count = { poll, told_of(poll->place, at), 0, &view };

        for (; i < n && events[i].at == at; i++)
            count_parts(&count, &events[i].event);
        if (!poll->found)
            continue;
        poll->place =
            count.n > count.skip + 1 && count.skip + 1 < ALL ? at << NUMBER_BITS | (count.skip + 1) : place_after(at);
        return;
    }
    poll->place = place_after(upto);
}

/* One look. @return as ccgw_stream_look; CCGW_EINUSE when a newer poll has taken over */
static apr_status_t look(int *n, polling_t *poll, ccgw_stream_ear_t *ear, apr_pool_t *pool)
{
    ccgw_read_event_t *events;
    ccgw_cursor_t upto;
    apr_status_t rv = ccgw_stream_look(&events, n, &upto, ear, cursor_of(poll->place), pool);

    if (rv != APR_SUCCESS)
        return rv;
    ccgw_stream_seen(poll->call, poll->stream.id);
    if (ccgw_stream_word(poll->call, poll->stream.id, CCGW_WORD_TURN, CCGW_WORD_LOAD, 0) != poll->turn)
        return CCGW_EINUSE;
    write_next(poll, events, *n, upto, pool);
    return APR_SUCCESS;
}

static apr_time_t time_now(const ccgw_call_t *call)
{
    return call->core->now(call->core->clock_baton);
}

/* A held poll is a sign of life too, and must give it in time. */
static apr_time_t next_sign(const polling_t *poll, apr_time_t now)
{
    apr_interval_time_t idle = poll->call->core->limits.stream_idle;

    return idle > 0 && poll->until - now > idle / 2 ? now + idle / 2 : poll->until;
}

static apr_status_t hold(polling_t *poll, ccgw_stream_ear_t *ear, apr_pool_t *round)
{
    apr_status_t rv;
    apr_time_t now;
    int n;

    for (;;) {
        apr_pool_clear(round);
        rv = look(&n, poll, ear, round);
        if (rv != APR_SUCCESS || poll->found)
            return rv;
        if (n)
            continue;
        now = time_now(poll->call);
        if (now >= poll->until)
            return APR_SUCCESS;
        rv = poll->host->wait(poll->host, next_sign(poll, now));
        if (rv == APR_EOF)
            poll->until = now;
        else if (rv != APR_SUCCESS && !APR_STATUS_IS_TIMEUP(rv))
            return rv;
    }
}

/* --- the reply -------------------------------------------------------------------------------- */

static void refuse(polling_t *poll, apr_status_t rv)
{
    ccgw_problem_t problem = { rv, NULL, NULL };

    /* there is no word for "begin anew" but to sign in again */
    if (rv == CCGW_ERESYNC)
        ccgw_login_close(poll->call);
    ccgw_reply_error(poll->reply, poll->dialect, &problem, poll->view, poll->call->pool);
}

static void answer(polling_t *poll, apr_status_t rv)
{
    if (rv != APR_SUCCESS && rv != CCGW_EINUSE) {
        refuse(poll, rv);
        return;
    }
    if (rv == APR_SUCCESS && poll->found) {
        ccgw_stream_hand_over(poll->call, poll->host, &poll->stream, poll->place);
        return;
    }
    /* whoever was superseded is told that there is nothing: the newer poll has it */
    if (rv == APR_SUCCESS)
        ccgw_stream_pass_over(poll->call, &poll->stream, poll->place);
    ccgw_out_puts(&poll->reply->body, NOTHING);
}

/* The place in the form of this framing; what was not polled yet begins behind the stream's start. */
static void find_place(polling_t *poll)
{
    ccgw_stream_t placed = poll->stream;

    placed.start = (apr_int64_t)place_after((ccgw_cursor_t)poll->stream.start);
    poll->place = ccgw_stream_resume(poll->call, poll->host, &placed);
}

static void begin(polling_t *poll)
{
    apr_interval_time_t longest = ccgw_stream_limits()->poll_hold;
    ccgw_call_t *call = poll->call;

    ccgw_stream_seen(call, poll->stream.id);
    poll->turn = ccgw_stream_word(call, poll->stream.id, CCGW_WORD_TURN, CCGW_WORD_ADD, 1);
    if (poll->turn > 1)
        poll->host->wake(poll->host, ccgw_stream_key(call->tenant, poll->stream.id, call->pool));
    poll->until = time_now(call) + (longest > 0 ? longest : HOLD_DEFAULT);
    find_place(poll);
}

static void serve(ccgw_reply_t *reply, ccgw_stream_host_t *host, const ccgw_dialect_t *dialect,
                  const ccgw_request_t *request, ccgw_view_t *view, ccgw_call_t *call)
{
    polling_t poll = { .reply = reply, .host = host, .dialect = dialect, .view = view, .call = call };
    ccgw_stream_ear_t ear = { .host = host, .call = call };
    apr_pool_t *round;
    apr_status_t rv;

    memset(reply, 0, sizeof *reply);
    reply->http = 200;
    reply->content_type = dialect->content_type;
    ccgw_out_init(&reply->body, 512, call->pool);
    rv = ccgw_stream_keeping_login(&poll.stream, call, ccgw_stream_poll.name);
    if (rv != APR_SUCCESS) {
        refuse(&poll, rv);
        return;
    }
    begin(&poll);
    ear.stream = poll.stream.id;
    ear.login = call->login;
    apr_pool_create(&round, call->pool);
    rv = hold(&poll, &ear, round);
    answer(&poll, rv);
    apr_pool_destroy(round);
}

const ccgw_stream_framing_t ccgw_stream_poll = { "poll", serve };
