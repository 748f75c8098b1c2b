/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_sse.c: server-sent events: one reply that goes on as long as its reader gives signs of life.
 *
 * The id of a frame says: everything up to this cursor has been received. So of the frames one commit causes only the
 * last has the commit's own number; the others repeat the one before. A reader that comes back with Last-Event-ID goes
 * on there. One that comes back without goes on where the same login's subscriptions to the same channels are proven to
 * have read to: nothing is lost, and only what was in flight comes twice. */
#include "stream/ccgw_sse.h"

#include "api/ccgw_shape.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

typedef struct reading_t {
    ccgw_reply_t *reply;
    ccgw_stream_host_t *host;
    const ccgw_dialect_t *dialect;
    ccgw_view_t *view;
    ccgw_call_t *call;
    ccgw_stream_t stream; /* topics as last seen */
    const char *secret;
    const char *topics;  /* the same joined, in the request's pool */
    ccgw_cursor_t after; /* everything up to here is written */
    apr_time_t seen;     /* the last sign of life that was answered */
    ccgw_out_t out;      /* frames of this round */
} reading_t;

static apr_time_t time_now(const ccgw_call_t *call)
{
    return call->core->now(call->core->clock_baton);
}

static apr_uint64_t use_word(reading_t *r, ccgw_word_t word, ccgw_word_op_t op, apr_uint64_t value)
{
    return ccgw_stream_word(r->call, r->stream.id, word, op, value);
}

/* --- frames --------------------------------------------------------------------------------------- */

static void begin_frame(reading_t *r, ccgw_cursor_t id, const char *channel, const char *selector)
{
    ccgw_out_printf(&r->out, "id: %" APR_UINT64_T_FMT "\ndata: ", id);
    if (channel) {
        ccgw_out_puts(&r->out, channel);
        ccgw_out_putc(&r->out, '@');
    }
    ccgw_out_puts(&r->out, selector);
    ccgw_out_putc(&r->out, ' ');
}

static void end_frame(reading_t *r)
{
    ccgw_out_puts(&r->out, "\n\n");
}

/* What concerns the subscription itself: its member map. */
static void write_member(reading_t *r, const char *channel, const char *selector)
{
    begin_frame(r, r->after, channel, selector);
    ccgw_out_putc(&r->out, '{');
    ccgw_sse_member(&r->out, r->call, &r->stream);
    ccgw_out_putc(&r->out, '}');
    end_frame(r);
}

static void write_url(reading_t *r, const char *name, const char *path)
{
    ccgw_out_printf(&r->out, ",\"%s\":", name);
    ccgw_json_quote(&r->out, apr_pstrcat(r->call->pool, r->view->base, r->view->root, path, r->secret, NULL));
}

static void write_connect(reading_t *r)
{
    int i;

    begin_frame(r, r->after, NULL, "cmd.onConnect");
    ccgw_out_putc(&r->out, '{');
    ccgw_sse_member(&r->out, r->call, &r->stream);
    ccgw_out_puts(&r->out, ",\"id\":");
    ccgw_json_quote(&r->out, r->secret);
    write_url(r, "unRegisterUrl", "/event-unregister?id=");
    write_url(r, "heartbeatUrl", "/event-heartbeat?id=");
    write_url(r, "updateSubscriberUrl", "/event-subscribers/");
    ccgw_out_printf(&r->out, ",\"heartbeatIntervalMs\":\"%d\",\"idleTimeoutMs\":\"%d\"}",
                    (int)apr_time_as_msec(CCGW_SSE_BEAT), (int)apr_time_as_msec(CCGW_SSE_IDLE));
    end_frame(r);
    for (i = 0; i < r->stream.topics.n; i++)
        write_member(r, r->stream.topics.v[i], "cmd.onJoin");
}

/* What was missed is not known: the client has to look at everything anew. */
static void write_reset(reading_t *r)
{
    begin_frame(r, r->after, NULL, "cmd.onReset");
    ccgw_out_puts(&r->out, "{\"reason\":\"events were lost\"}");
    end_frame(r);
}

/* --- events ----------------------------------------------------------------------------------------- */

static int row_fits(const ccgw_event_row_t *row, const ccgw_event_t *event, const ccgw_view_t *view)
{
    if (row->type != event->type || (row->media && (!event->session || event->session->media != row->media)))
        return 0;
    return !row->when || row->when(event, view);
}

/* The channel at the beginning of TOPIC, its {names} filled in; *SELECTOR: what follows. */
static const char *fill_channel(const char **selector, const char *topic, const ccgw_event_t *event,
                                const ccgw_call_t *call, apr_pool_t *pool)
{
    ccgw_out_t out;

    ccgw_out_init(&out, 64, pool);
    for (; *topic && *topic != ' '; topic++) {
        if (!strncmp(topic, "{session}", 9) && event->session) {
            ccgw_out_printf(&out, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)event->session->id);
            topic += 8;
        }
        else if (!strncmp(topic, "{user}", 6)) {
            ccgw_out_puts(&out, ccgw_sse_user(call));
            topic += 5;
        }
        else {
            ccgw_out_putc(&out, *topic);
        }
    }
    *selector = topic + (*topic == ' ');
    return out.p;
}

/* Under which channel the reader hears what belongs to CHANNEL and came to him; NULL: he does not. */
static const char *heard_as(const reading_t *r, const char *channel, apr_pool_t *pool)
{
    const char *own = apr_pstrcat(pool, "user:", ccgw_sse_user(r->call), NULL);

    if (ccgw_strs_have(&r->stream.topics, channel))
        return channel;
    if (ccgw_strs_have(&r->stream.topics, own))
        return own;
    return ccgw_strs_have(&r->stream.topics, "*") ? channel : NULL;
}

/* The last frame of a commit is written when the next commit's first one is known, or there is none. */
typedef struct pending_t {
    const char *channel, *selector;
    const ccgw_event_row_t *row;
    const ccgw_read_event_t *event;
} pending_t;

static void write_event(reading_t *r, const pending_t *frame, ccgw_cursor_t id, ccgw_view_t *view)
{
    begin_frame(r, id, frame->channel, frame->selector);
    ccgw_shape_json(&r->out, frame->row->shape, &frame->event->event, view);
    end_frame(r);
}

static void write_events(reading_t *r, const ccgw_read_event_t *events, int n, apr_pool_t *pool)
{
    ccgw_view_t view = *r->view;
    ccgw_cursor_t before = r->after;
    pending_t last = { NULL }, next = { NULL };
    const ccgw_event_row_t *row;
    int i;

    view.pool = pool;
    for (i = 0; i < n; i++) {
        for (row = r->dialect->events; row && row->type; row++) {
            if (!row_fits(row, &events[i].event, &view))
                continue;
            next.channel = fill_channel(&next.selector, row->topic, &events[i].event, r->call, pool);
            next.channel = heard_as(r, next.channel, pool);
            if (!next.channel)
                continue;
            next.row = row;
            next.event = &events[i];
            if (last.row && last.event->at != events[i].at)
                before = last.event->at;
            if (last.row)
                write_event(r, &last, before, &view);
            last = next;
        }
    }
    if (last.row)
        write_event(r, &last, last.event->at, &view);
}

/* --- where to begin ------------------------------------------------------------------------------- */

static int same_channels(const ccgw_strs_t *a, const ccgw_strs_t *b)
{
    int i;

    for (i = 0; i < a->n; i++) {
        if (!ccgw_strs_have(b, a->v[i]))
            return 0;
    }
    return a->n == b->n;
}

/* Up to where OTHER's client has surely read; *open: its connection stands. */
static ccgw_cursor_t place_of(int *open, const reading_t *r, const ccgw_stream_t *other)
{
    apr_uint64_t carrier = ccgw_stream_word(r->call, other->id, CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0);
    ccgw_cursor_t sent = ccgw_stream_word(r->call, other->id, CCGW_WORD_SENT, CCGW_WORD_LOAD, 0), read;

    *open = carrier && r->host->carrier_sound(r->host, carrier);
    read = ccgw_stream_word(r->call, other->id, CCGW_WORD_READ, CCGW_WORD_LOAD, 0);
    if (!read)
        read = (ccgw_cursor_t)other->start;
    return *open && sent > read ? sent : read;
}

/* Take over from what the login had before; subscriptions nobody reads are ended. */
static apr_status_t find_place(reading_t *r)
{
    ccgw_stream_t *streams;
    int i, n, open;
    apr_status_t rv = ccgw_stream_list(&streams, &n, r->call, ccgw_stream_sse.name);

    for (i = 0; rv == APR_SUCCESS && i < n; i++) {
        ccgw_cursor_t place;

        if (!strcmp(streams[i].id, r->stream.id) || strcmp(streams[i].login, r->stream.login) ||
            !same_channels(&streams[i].topics, &r->stream.topics))
            continue;
        place = place_of(&open, r, &streams[i]);
        if (place < r->after)
            r->after = place;
        if (!open)
            rv = ccgw_stream_close(r->call, streams[i].id);
    }
    return rv;
}

/* A number the client got from us; 0 none. */
static ccgw_cursor_t last_event(const ccgw_request_t *request)
{
    const char *text = request->header ? request->header(request->header_baton, "Last-Event-ID") : NULL;
    const char *at = text;

    while (at && apr_isdigit(*at))
        at++;
    if (!ccgw_str_given(text) || *at || at - text > 16)
        return 0;
    return (ccgw_cursor_t)apr_strtoi64(text, NULL, 10);
}

static apr_status_t subscribe(reading_t *r, const ccgw_strs_t *channels)
{
    static const ccgw_strs_t none = { NULL, 0 };
    apr_status_t rv = ccgw_stream_open(&r->stream, &r->secret, r->call, ccgw_stream_sse.name, 0);

    if (rv != APR_SUCCESS)
        return rv;
    rv = ccgw_stream_subscribe(&r->stream, r->call, channels, &none);
    if (rv != APR_SUCCESS)
        ccgw_stream_close(r->call, r->stream.id);
    return rv;
}

/* --- the reply ------------------------------------------------------------------------------------- */

/* Pass on what this round wrote. READ follows once the peer's system has it. */
static apr_status_t pass_on(reading_t *r)
{
    apr_status_t rv = APR_SUCCESS;

    if (r->out.n) {
        ccgw_stream_hand_over(r->call, r->host, &r->stream, r->after);
        rv = r->host->write(r->host, r->reply, r->out.p, r->out.n);
    }
    else
        use_word(r, CCGW_WORD_SENT, CCGW_WORD_RAISE, r->after);
    return rv;
}

/* 1: everything sent is known to have arrived. */
static int prove(reading_t *r)
{
    if (use_word(r, CCGW_WORD_READ, CCGW_WORD_LOAD, 0) >= r->after)
        return 1;
    if (!r->host->carrier_sound(r->host, r->host->carrier))
        return 0;
    use_word(r, CCGW_WORD_READ, CCGW_WORD_STORE, r->after);
    return 1;
}

/* Other channels were asked for, or a sign of life came. */
static void look_at_subscription(reading_t *r, const ccgw_stream_t *now)
{
    const char *topics = ccgw_sse_join(&now->topics, r->out.pool);
    apr_time_t seen = (apr_time_t)use_word(r, CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0);
    ccgw_strs_t copy = { NULL, now->topics.n };
    int i;

    if (strcmp(topics, r->topics)) {
        r->topics = apr_pstrdup(r->call->pool, topics);
        copy.v = apr_palloc(r->call->pool, (apr_size_t)(copy.n + 1) * sizeof(char *));
        for (i = 0; i < copy.n; i++)
            copy.v[i] = apr_pstrdup(r->call->pool, now->topics.v[i]);
        r->stream.topics = copy;
        if (!copy.n)
            write_member(r, NULL, "cmd.onUpdate");
        for (i = 0; i < copy.n; i++)
            write_member(r, copy.v[i], "cmd.onUpdate");
    }
    if (seen > r->seen) {
        r->seen = seen;
        write_member(r, NULL, "cmd.onHeartbeat");
    }
}

/* One look at everything. APR_SUCCESS: go on; else the reply ends. */
static apr_status_t look(reading_t *r, ccgw_stream_ear_t *ear, apr_pool_t *round)
{
    ccgw_call_t call = *r->call;
    ccgw_read_event_t *events;
    ccgw_cursor_t upto;
    ccgw_stream_t now;
    int n = 0;
    apr_status_t rv;

    apr_pool_clear(round);
    ccgw_out_init(&r->out, 1024, round);
    rv = ccgw_stream_look(&events, &n, &upto, ear, r->after, round);
    if (rv != APR_SUCCESS && rv != CCGW_ERESYNC)
        return rv;
    call.pool = round;
    if (ccgw_stream_find(&now, &call, r->secret) != APR_SUCCESS)
        return CCGW_ENOTFOUND;
    look_at_subscription(r, &now);
    if (rv == APR_SUCCESS)
        write_events(r, events, n, round);
    r->after = upto;
    if (rv == CCGW_ERESYNC)
        write_reset(r);
    return pass_on(r);
}

static void read_on(reading_t *r)
{
    ccgw_stream_ear_t ear = { .host = r->host, .call = r->call, .stream = r->stream.id, .login = r->stream.login };
    apr_time_t until;
    apr_pool_t *round;
    apr_status_t rv;

    apr_pool_create(&round, r->call->pool);
    for (;;) {
        apr_time_t now;

        rv = look(r, &ear, round);
        now = time_now(r->call);
        until = r->seen + CCGW_SSE_IDLE;
        if (rv != APR_SUCCESS || now >= until)
            break;
        if (!prove(r) && now + apr_time_from_sec(1) < until)
            until = now + apr_time_from_sec(1);
        rv = r->host->wait(r->host, until);
        if (rv != APR_SUCCESS && !APR_STATUS_IS_TIMEUP(rv))
            break;
    }
    apr_pool_destroy(round);
    if (rv == CCGW_ESIGNIN)
        ccgw_stream_close(r->call, r->stream.id);
    if (rv == CCGW_ESIGNIN || rv == CCGW_ENOTFOUND)
        return;
    /* Its client may come back: it goes on from here. */
    if (rv != APR_EOF)
        prove(r);
    if (use_word(r, CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0) == r->host->carrier)
        use_word(r, CCGW_WORD_CARRIER, CCGW_WORD_STORE, 0);
}

static void begin_reply(ccgw_reply_t *reply, apr_pool_t *pool)
{
    static const char *const headers[][2] = { { "Cache-Control", "no-cache" }, { "X-Accel-Buffering", "no" } };
    int i;

    memset(reply, 0, sizeof *reply);
    reply->http = 200;
    reply->content_type = "text/event-stream";
    reply->headers.v = apr_pcalloc(pool, 2 * sizeof *reply->headers.v);
    reply->headers.n = 2;
    for (i = 0; i < 2; i++)
        reply->headers.v[i] = (ccgw_pair_t){ .key = headers[i][0], .text = headers[i][1], .kind = CCGW_PAIR_TEXT };
}

static ccgw_strs_t asked_channels(const ccgw_request_t *request)
{
    static const char *all[] = { "*" };
    ccgw_strs_t channels = ccgw_sse_strs(request, "channels");

    if (!channels.n)
        channels = ccgw_sse_strs(request, "channel");
    return channels.n ? channels : (ccgw_strs_t){ all, 1 };
}

static void serve(ccgw_reply_t *reply, ccgw_stream_host_t *host, const ccgw_dialect_t *dialect,
                  const ccgw_request_t *request, ccgw_view_t *view, ccgw_call_t *call)
{
    reading_t r = { .reply = reply, .host = host, .dialect = dialect, .view = view, .call = call };
    ccgw_strs_t channels = asked_channels(request);
    ccgw_cursor_t last = last_event(request);
    apr_status_t rv;

    if (ccgw_sse_bad_channel(&channels)) {
        ccgw_sse_fail(reply, dialect, view, CCGW_EINVAL, "channels", "a channel has no blanks and no @");
        return;
    }
    rv = subscribe(&r, &channels);
    r.after = (ccgw_cursor_t)r.stream.start;
    if (rv == APR_SUCCESS)
        rv = find_place(&r);
    if (rv != APR_SUCCESS) {
        ccgw_sse_fail(reply, dialect, view, rv, NULL, NULL);
        return;
    }
    if (last)
        r.after = last;
    r.seen = (apr_time_t)use_word(&r, CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0);
    r.topics = ccgw_sse_join(&r.stream.topics, call->pool);
    use_word(&r, CCGW_WORD_TURN, CCGW_WORD_STORE, (apr_uint64_t)apr_time_as_msec(call->wall));
    use_word(&r, CCGW_WORD_READ, CCGW_WORD_STORE, r.after);
    begin_reply(reply, call->pool);
    ccgw_out_init(&r.out, 1024, call->pool);
    write_connect(&r);
    if (pass_on(&r) == APR_SUCCESS)
        read_on(&r);
    reply->http = 0;
}

const ccgw_stream_framing_t ccgw_stream_sse = {
    .name = "sse",
    .serve = serve,
};
