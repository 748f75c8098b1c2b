/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_sse.c: server-sent events over a floor in this process, with a host made of plain variables.
 *
 * While the stream waits the host runs the next step of the test, then lets the stream look; when there is no step left,
 * the client is gone. */
#include "house.h"
#include "tap.h"

#include "api/ccgw_route.h"
#include "core/ccgw_agent.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_outbox.h"
#include "dialect/evovoice/dialect.h"
#include "stream/ccgw_stream.h"
#include "util/ccgw_id.h"

#include <apr_strings.h>
#include <stdlib.h>

typedef void step_t(void);

static house_t *house;
static apr_pool_t *pool;
static ccgw_router_t *router;
static ccgw_call_t *anna;
static ccgw_id_t session;
static ccgw_reply_t reply;  /* of the last short request */
static const char *last_id; /* Last-Event-ID of the next stream */

/* ---- the host ---- */

typedef struct fake_t {
    ccgw_stream_host_t host;
    ccgw_out_t out; /* what the client got */
    const ccgw_reply_t *reply;
    int writes, breaks_at; /* the write with this number fails; 0 none */
    step_t *const *steps;
    const char *keys[8];
    int nkeys, rung;
} fake_t;

static fake_t *reader; /* the stream in progress */
static apr_uint64_t carrier = 100;
static apr_uint64_t sound; /* the connection whose peer has everything; 0 none */

static apr_status_t fake_listen(ccgw_stream_host_t *host, const ccgw_buf_t *keys, int n)
{
    fake_t *fake = (fake_t *)host;

    for (fake->nkeys = 0; fake->nkeys < n && fake->nkeys < 8; fake->nkeys++)
        fake->keys[fake->nkeys] = apr_pstrmemdup(pool, keys[fake->nkeys].p, keys[fake->nkeys].n);
    return APR_SUCCESS;
}

static apr_status_t fake_wait(ccgw_stream_host_t *host, apr_time_t until)
{
    fake_t *fake = (fake_t *)host;

    if (!*fake->steps)
        return APR_EOF;
    (*fake->steps++)();
    return APR_SUCCESS;
}

static apr_status_t fake_write(ccgw_stream_host_t *host, ccgw_reply_t *of, const char *p, apr_size_t n)
{
    fake_t *fake = (fake_t *)host;

    fake->reply = of;
    if (++fake->writes == fake->breaks_at)
        return APR_EOF;
    ccgw_out_put(&fake->out, p, n);
    return APR_SUCCESS;
}

static void fake_wake(ccgw_stream_host_t *host, ccgw_buf_t key)
{
    int i;

    for (i = 0; reader && i < reader->nkeys; i++)
        reader->rung += strlen(reader->keys[i]) <= key.n && !memcmp(reader->keys[i], key.p, strlen(reader->keys[i]));
}

static int fake_sound(ccgw_stream_host_t *host, apr_uint64_t of)
{
    return of == sound;
}

static void fake_carries(ccgw_stream_host_t *host, ccgw_buf_t key)
{
}

static fake_t fake_host(void)
{
    fake_t fake = { .host = { .wait = fake_wait,
                              .listen = fake_listen,
                              .write = fake_write,
                              .wake = fake_wake,
                              .carrier = ++carrier,
                              .carrier_sound = fake_sound,
                              .carries = fake_carries } };

    ccgw_out_init(&fake.out, 4096, pool);
    ccgw_out_puts(&fake.out, "");
    return fake;
}

/* ---- requests ---- */

static const char *read_header(void *baton, const char *name)
{
    return strcasecmp(name, "Last-Event-ID") ? NULL : last_id;
}

static void serve(fake_t *fake, ccgw_call_t *call, const char *method, const char *target, const char *body)
{
    const char *query = strchr(target, '?');
    ccgw_request_t request = { .method = strcmp(method, "GET") ? CCGW_POST : CCGW_GET,
                               .path = query ? apr_pstrmemdup(pool, target, (apr_size_t)(query - target)) : target,
                               .query = query ? query + 1 : NULL,
                               .content_type = body ? "application/json" : NULL,
                               .body = ccgw_buf_str(body ? body : ""),
                               .header = read_header,
                               .pool = pool };
    ccgw_view_t view = { .call = call, .base = "http://here", .root = "", .pool = pool };
    ccgw_problem_t problem = { 0 };

    call->now = house->now;
    if (ccgw_route(&request, &problem, router) != APR_SUCCESS) {
        printf("Bail out! %s has no row\n", target);
        exit(1);
    }
    memset(&reply, 0, sizeof reply);
    request.op->stream->serve(&reply, &fake->host, &ccgw_dialect_evovoice, &request, &view, call);
}

/* A short request of Anna's; its answer. */
static const char *ask(const char *method, const char *target, const char *body)
{
    fake_t fake = fake_host();

    serve(&fake, anna, method, target, body);
    return reply.body.n ? reply.body.p : "";
}

/* A stream on which STEPS happen; what the client got. */
static const char *listen_to(const char *target, step_t *const *steps, int breaks_at)
{
    static fake_t fake;

    fake = fake_host();
    fake.steps = steps;
    fake.breaks_at = breaks_at;
    reader = &fake;
    serve(&fake, anna, "GET", target, NULL);
    reader = NULL;
    return fake.out.p;
}

/* ---- steps ---- */

static void say(const char *text)
{
    ccgw_session_args_t said = {
        .session = session, .text = text, .type = CCGW_MESSAGE_TEXT, .visibility = CCGW_VISIBLE_ALL
    };
    ccgw_done_t done;

    if (ccgw_session_send(anna, &said, &done) != APR_SUCCESS)
        printf("# nothing was said: %s\n", anna->problem.text ? anna->problem.text : "");
}

static void say_one(void)
{
    say("one");
}

static void say_two(void)
{
    say("two");
}

static void say_three(void)
{
    say("three");
}

static apr_status_t take(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *scratch)
{
    return APR_SUCCESS;
}

/* What was said last reaches the customer's phone, as his carrier reports. */
static void deliver_last(void)
{
    ccgw_report_t report = { .media = CCGW_MEDIA_SMS, .fate = CCGW_FATE_DELIVERED };
    ccgw_read_event_t *events;
    ccgw_call_t call;
    ccgw_outbox_left_t left;
    int n;

    do
        house_send(&left, house, take, NULL);
    while (left);
    house_heard(house, "anna", &events);
    report.key = apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT ".%d", (apr_uint64_t)session,
                              house_session(house, session).messages);
    ccgw_call_init(&call, &house->core, house->demo, NULL, NULL, pool);
    if (!ok(ccgw_outbox_report(&call, &report) == APR_SUCCESS, "a text is delivered"))
        return;
    n = house_heard(house, "anna", &events);
    ok(n == 1 && events[0].event.type == CCGW_EVENT_SESSION_DELIVERY, "which is an event for the agent");
}

static void rest(void)
{
}

static void everything_arrived(void)
{
    sound = reader->host.carrier;
}

/* The id the first frame tells. */
static const char *subscription(void)
{
    const char *at = strstr(reader->out.p, ",\"id\":\"");

    return at ? apr_pstrndup(pool, at + 7, strcspn(at + 7, "\"")) : "";
}

static void beat(void)
{
    house->now += apr_time_from_sec(10);
    ask("POST", apr_pstrcat(pool, "/event-heartbeat?id=", subscription(), NULL), NULL);
    ok(reply.http == 200 && !reply.body.n, "a sign of life is taken");
    is_str(reply.content_type, "text/plain", "and answered with nothing");
    ok(reader->rung > 0, "and wakes the stream");
}

/* As clients do that keep no cookies for this. */
static void beat_unknown(void)
{
    fake_t fake = fake_host();
    ccgw_call_t nobody;

    ccgw_call_init(&nobody, &house->core, NULL, NULL, NULL, pool);
    house->now += apr_time_from_sec(10);
    serve(&fake, &nobody, "POST", apr_pstrcat(pool, "/event-heartbeat?id=", subscription(), NULL), NULL);
    is_int(reply.http, 200, "a sign of life needs no sign-in: its id is a secret");
}

static void change(void)
{
    const char *text = ask("POST", "/api/UpdateEventSubscriber",
                           apr_pstrcat(pool, "{\"id\":\"", subscription(),
                                       "\",\"subscribeChannels\":[\"b\"],\"unsubscribeChannels\":[\"a\"]}", NULL));

    is_str(text, "{}", "other channels are asked for");
}

static void list(void)
{
    const char *text = ask("GET", "/event-subscribers?channels=b", NULL);

    ok(strstr(text, "[{\"userId\":\"") == text && strstr(text, "\"channels\":\"b\""), "and she is listed there: %s",
       text);
    ok(!strstr(text, subscription()), "without her subscription's id");
    is_str(ask("GET", "/event-subscribers?channels=a", NULL), "[]", "and no longer in the other");
}

static void leave(void)
{
    const char *id = subscription(), *text = ask("POST", apr_pstrcat(pool, "/event-unregister?id=", id, NULL), NULL);

    ok(reply.http == 200 && strstr(text, "{\"userId\":\""), "she leaves");
    ask("POST", apr_pstrcat(pool, "/event-heartbeat?id=", id, NULL), NULL);
    is_int(reply.http, 404, "then her subscription is not known");
}

static void sign_out(void)
{
    ccgw_call_t call = *anna;

    ccgw_login_close(&call);
}

/* ---- what came ---- */

static int count(const char *text, const char *part)
{
    int n = 0;

    for (text = strstr(text, part); text; text = strstr(text + 1, part))
        n++;
    return n;
}

/* The number of the frame that holds PART; "" none. */
static const char *id_of(const char *text, const char *part)
{
    const char *at = strstr(text, part), *id = NULL, *look;

    for (look = text; at && (look = strstr(look, "id: ")) != NULL && look < at; look++)
        id = look + 4;
    return id ? apr_pstrndup(pool, id, strcspn(id, "\n")) : "";
}

/* Every frame is one "id:" line, one "data:" line, an empty one. */
static int well_formed(const char *text)
{
    while (*text) {
        apr_size_t digits;

        if (strncmp(text, "id: ", 4))
            return 0;
        digits = strspn(text + 4, "0123456789");
        text += 4 + digits;
        if (!digits || strncmp(text, "\ndata: ", 7))
            return 0;
        text = strchr(text + 7, '\n');
        if (!text || text[1] != '\n')
            return 0;
        text += 2;
    }
    return 1;
}

/* ---- tests ---- */

static step_t *const nothing[] = { NULL };

static void test_connect(void)
{
    const char *text = listen_to("/event-stream?channels=a,session:x&t=1", nothing, 0);

    ok(well_formed(text), "frames have the form of frames: %s", text);
    ok(strstr(text, "\ndata: cmd.onConnect {\"userId\":\"") != NULL, "the first says who is connected");
    ok(strstr(text, "\"heartbeatUrl\":\"http://here/event-heartbeat?id=") &&
           strstr(text, "\"unRegisterUrl\":\"http://here/event-unregister?id=") &&
           strstr(text, "\"updateSubscriberUrl\":\"http://here/event-subscribers/"),
       "with absolute addresses");
    ok(strstr(text, "\"heartbeatIntervalMs\":\"10000\",\"idleTimeoutMs\":\"30000\"}") != NULL, "and times as texts");
    ok(strstr(text, "data: a@cmd.onJoin {") && strstr(text, "data: session:x@cmd.onJoin {"),
       "then she has joined each channel");
    is_int(reply.http, 0, "nothing more is to be sent");
    listen_to("/event-stream?channels=a%20b", nothing, 0);
    is_int(reply.http, 400, "a channel with a blank is refused");
    listen_to("/event-stream?channels=a%40b", nothing, 0);
    is_int(reply.http, 400, "and one with an @");
}

static void test_events(void)
{
    static step_t *const steps[] = { say_one, say_two, NULL };
    static step_t *const delivered[] = { say_one, deliver_last, say_two, NULL };
    const char *hex = apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)session), *text, *one;

    text = listen_to("/event-stream", steps, 0);
    ok(well_formed(text), "frames have the form of frames");
    ok(strstr(text,
              apr_psprintf(pool, "data: session:%s@cmd.ChatMessage {\"type\":\"ChatMessage\",\"channel\":\"Chat\"",
                           hex)) != NULL,
       "what is said in a session comes in its channel: %s", text);
    one = id_of(text, "\"body\":\"one\"");
    ok(apr_strtoi64(one, NULL, 10) > 0 && apr_strtoi64(one, NULL, 10) < (APR_INT64_C(1) << 53),
       "numbers fit into a double: %s", one);
    ok(apr_strtoi64(one, NULL, 10) < apr_strtoi64(id_of(text, "\"body\":\"two\""), NULL, 10), "and rise");
    text = listen_to("/event-stream?channels=home", steps, 0);
    ok(!strstr(text, "ChatMessage"), "who listens elsewhere hears nothing of it");
    text = listen_to(apr_pstrcat(pool, "/event-stream?channels=user:", house_id(house, "anna"), NULL), steps, 0);
    ok(strstr(text, apr_psprintf(pool, "data: user:%s@cmd.ChatMessage {", house_id(house, "anna"))) != NULL,
       "who listens to herself hears everything that concerns her");
    text = listen_to("/event-stream", delivered, 0);
    ok(strstr(text, "\"body\":\"two\"") != NULL, "a stream goes on behind what became of a text");
    is_int(count(text, "data: session:"), count(text, "@cmd.ChatMessage {"), "of which it has no word to say");
}

static void test_beats(void)
{
    static step_t *const steps[] = { beat, rest, beat_unknown, NULL };
    static step_t *const sleeping[] = { beat, rest, NULL };
    const char *text = listen_to("/event-stream?channels=a", steps, 0);
    apr_time_t start;

    is_int(count(text, "data: cmd.onHeartbeat {"), 2, "each sign of life is answered by a frame");
    start = house->now;
    listen_to("/event-stream?channels=a", sleeping, 0);
    ok(house->now - start == apr_time_from_sec(10), "a stream with signs of life goes on");
    ask("POST", "/event-heartbeat?id=nobody", NULL);
    is_int(reply.http, 404, "a sign of life of nobody is refused");
    ask("POST", "/event-heartbeat?id=nobody", NULL);
    {
        fake_t fake = fake_host();
        ccgw_call_t nobody;

        ccgw_call_init(&nobody, &house->core, NULL, NULL, NULL, pool);
        serve(&fake, &nobody, "POST", "/event-heartbeat?id=nobody", NULL);
        is_int(reply.http, 404, "also without a sign-in");
    }
    ask("POST", "/event-heartbeat", NULL);
    is_int(reply.http, 404, "as is one without a name");
}

static void pass_time(void)
{
    house->now += apr_time_from_sec(31);
}

static void test_silence(void)
{
    static step_t *const steps[] = { pass_time, say_one, NULL };
    const char *text = listen_to("/event-stream?channels=*,s", steps, 0);

    ok(!strstr(text, "\"body\":\"one\""), "a reader without a sign of life is dropped");
    is_int(reader == NULL, 1, "and its request is over");
}

static void test_changes(void)
{
    static step_t *const steps[] = { change, list, leave, say_one, NULL };
    const char *text = listen_to("/event-stream?channels=a", steps, 0);

    ok(strstr(text, "data: b@cmd.onUpdate {") != NULL, "the change is told");
    ok(!strstr(text, "\"body\":\"one\""), "after leaving nothing comes");
}

static void test_last_event_id(void)
{
    static step_t *const first[] = { say_one, say_two, NULL };
    const char *text = listen_to("/event-stream?channels=*,l", first, 0);

    last_id = id_of(text, "\"body\":\"one\"");
    text = listen_to("/event-stream?channels=*,l", (step_t *const[]){ say_three, NULL }, 0);
    is_int(count(text, "\"body\":\"one\""), 0, "what was received does not come again");
    is_int(count(text, "\"body\":\"two\""), 1, "what was missed comes once");
    is_int(count(text, "\"body\":\"three\""), 1, "and what is new");
    last_id = "9007199254740990";
    text = listen_to("/event-stream?channels=*,l", nothing, 0);
    ok(strstr(text, "data: cmd.onReset {") != NULL, "a place that is not known is answered with a reset");
    last_id = "1";
    text = listen_to("/event-stream?channels=*,l", nothing, 0);
    ok(strstr(text, "data: cmd.onReset {") != NULL, "as is one that is no longer covered");
    last_id = "nonsense";
    text = listen_to("/event-stream?channels=*,n", nothing, 0);
    ok(!strstr(text, "onReset"), "what is no number is passed over");
    last_id = NULL;
}

/* The frames of one commit carry the number before, but for the last: whoever got some of them gets all again. */
static void test_whole_commits(void)
{
    const char *text, *from, *invite, *info, *chat;

    text = listen_to("/event-stream?channels=*,w", nothing, 0);
    from = last_id = id_of(text, "cmd.onConnect");
    house_text(house, "+15550188", "an offer is told by two frames");
    say("last");
    text = listen_to("/event-stream?channels=*,w", nothing, 0);
    invite = id_of(text, "cmd.SessionInvite");
    info = id_of(text, "cmd.SessionInfoChanged");
    chat = id_of(text, "\"body\":\"last\"");
    is_str(invite, from, "the first frame of a commit repeats the number before");
    ok(apr_strtoi64(info, NULL, 10) > apr_strtoi64(from, NULL, 10), "the last one has the commit's");
    ok(apr_strtoi64(chat, NULL, 10) > apr_strtoi64(info, NULL, 10), "and the next commit its own");
    last_id = invite;
    text = listen_to("/event-stream?channels=*,w", nothing, 0);
    is_int(count(text, "cmd.SessionInvite"), 1, "who got the first frame only gets the commit again");
    last_id = info;
    text = listen_to("/event-stream?channels=*,w", nothing, 0);
    is_int(count(text, "cmd.SessionInvite"), 0, "who got the last one does not");
    is_int(count(text, "\"body\":\"last\""), 1, "but what follows");
    last_id = NULL;
}

static void test_resume(void)
{
    static step_t *const heard[] = { say_one, everything_arrived, rest, NULL };
    static step_t *const cut[] = { say_two, say_three, NULL };
    const char *text;

    text = listen_to("/event-stream?channels=*,r", heard, 0);
    is_int(count(text, "\"body\":\"one\""), 1, "a client without a number of its own hears of one");
    sound = 0;
    /* the third write breaks: the first frames, "two", then "three" */
    text = listen_to("/event-stream?channels=*,r", cut, 3);
    is_int(count(text, "\"body\":\"one\""), 0, "which does not come again on its next stream");
    is_int(count(text, "\"body\":\"two\""), 1, "two is sent, three is cut off");
    text = listen_to("/event-stream?channels=*,r", nothing, 0);
    is_int(count(text, "\"body\":\"two\""), 1, "what was in flight comes again");
    is_int(count(text, "\"body\":\"three\""), 1, "what was cut off comes");
    say("four");
    text = listen_to("/event-stream?channels=*,r", nothing, 0);
    is_int(count(text, "\"body\":\"four\""), 1, "what was said while nobody listened comes");
}

static void test_sign_out(void)
{
    static step_t *const steps[] = { sign_out, say_one, NULL };
    const char *text = listen_to("/event-stream?channels=*,o", steps, 0);

    ok(well_formed(text) && !strstr(text, "\"body\":\"one\""), "the stream ends with its login");
}

int main(void)
{
    ccgw_session_args_t take = { 0 };
    const char *why;
    ccgw_done_t done;

    house = house_open();
    pool = house->pool;
    if (!ok(ccgw_router_make(&router, &why, &ccgw_dialect_evovoice, pool) == APR_SUCCESS, "the rows compile"))
        return done_testing();
    anna = house_call(house, "anna");
    house_ready(house, "anna");
    session = take.session = house_text(house, "+15550100", "hello");
    ok(ccgw_session_accept(anna, &take, &done) == APR_SUCCESS, "Anna is in a session");
    test_connect();
    test_events();
    test_beats();
    test_silence();
    test_changes();
    test_last_event_id();
    test_whole_commits();
    test_resume();
    test_sign_out();
    house_close(house);
    return done_testing();
}
