/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_bayeux.c: the Bayeux framing against a host and a core made of plain arrays.
 *
 * The host's wait runs a step of the test ("meanwhile ...") and wakes the reader only when
 * something it listens to was rung, so a framing that listens too late or to the wrong thing sleeps
 * through its time and fails. The core is faked under its own names: this program must see every
 * word and commit. */
#include "stream/ccgw_bayeux.h"

#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stddef.h>
#include <stdlib.h>

#define HOLD apr_time_from_sec(30)
#define IDLE apr_time_from_sec(120)

/* --- the fake core ---------------------------------------------------------------------------- */

typedef struct reader_t {
    ccgw_stream_t stream;
    char secret[40];
    int open;
    apr_uint64_t words[CCGW_WORD_COUNT];
} reader_t;

typedef struct told_t {
    ccgw_cursor_t at;
    const char *box;
    ccgw_event_t event;
} told_t;

typedef void step_t(void);

static apr_pool_t *pool;
static reader_t readers[64];
static told_t told[512];
static int nreaders, ntold, commits, login_ended, page_size;
static apr_status_t open_fails, subscribe_fails;
static ccgw_cursor_t last_cursor, dropped_upto;
static apr_time_t clock_now;
static ccgw_watch_t watches[4];
static int nwatches, late_words;
static step_t *before_read;

static ccgw_tenant_t tenant = { .name = "demo" };

static apr_time_t fake_clock(void *baton)
{
    return clock_now;
}

static ccgw_cursor_t fake_last(ccgw_store_t *store, ccgw_buf_t name)
{
    return last_cursor;
}

static ccgw_store_provider_t provider = { .name = "fake", .last = fake_last };
static ccgw_core_t core = {
    .provider = &provider, .limits = { .stream_idle = IDLE }, .now = fake_clock, .wall = fake_clock
};

static reader_t *reader_of(const char *id)
{
    int i;

    for (i = 0; i < nreaders; i++) {
        if (!strcmp(readers[i].stream.id, id))
            return &readers[i];
    }
    return NULL;
}

apr_status_t ccgw_stream_open(ccgw_stream_t *stream, const char **secret, ccgw_call_t *call, const char *framing,
                              int acknowledged)
{
    reader_t *reader = &readers[nreaders];

    if (open_fails)
        return open_fails;
    memset(reader, 0, sizeof *reader);
    reader->stream.id = apr_psprintf(pool, "id%d", nreaders);
    reader->stream.login = "login1";
    reader->stream.agent = "anna";
    reader->stream.framing = framing;
    reader->stream.acknowledged = acknowledged;
    reader->stream.topics.v = apr_pcalloc(pool, 300 * sizeof(char *));
    reader->stream.start = (apr_int64_t)last_cursor;
    apr_snprintf(reader->secret, sizeof reader->secret, "secret%032d", nreaders++);
    reader->open = 1;
    commits++;
    *stream = reader->stream;
    *secret = reader->secret;
    return APR_SUCCESS;
}

apr_status_t ccgw_stream_find(ccgw_stream_t *stream, ccgw_call_t *call, const char *secret)
{
    int i;

    for (i = 0; i < nreaders; i++) {
        if (readers[i].open && !strcmp(readers[i].secret, secret)) {
            *stream = readers[i].stream;
            return APR_SUCCESS;
        }
    }
    return CCGW_ENOTFOUND;
}

apr_status_t ccgw_stream_subscribe(ccgw_stream_t *stream, ccgw_call_t *call, const ccgw_strs_t *add,
                                   const ccgw_strs_t *take)
{
    ccgw_strs_t *topics = &reader_of(stream->id)->stream.topics;
    int i, j, n = 0;

    if (subscribe_fails)
        return subscribe_fails;
    commits++;
    for (i = 0; i < add->n; i++)
        topics->v[topics->n++] = apr_pstrdup(pool, add->v[i]);
    for (i = 0; i < topics->n; i++) {
        for (j = 0; j < take->n && strcmp(take->v[j], topics->v[i]); j++)
            ;
        if (j == take->n)
            topics->v[n++] = topics->v[i];
    }
    topics->n = n;
    return APR_SUCCESS;
}

apr_status_t ccgw_stream_close(ccgw_call_t *call, const char *id)
{
    reader_of(id)->open = 0;
    commits++;
    return APR_SUCCESS;
}

apr_uint64_t ccgw_stream_word(ccgw_call_t *call, const char *id, ccgw_word_t word, ccgw_word_op_t op,
                              apr_uint64_t value)
{
    apr_uint64_t *w = &reader_of(id)->words[word], old = *w;

    late_words += !reader_of(id)->open && op != CCGW_WORD_LOAD;
    switch (op) {
    case CCGW_WORD_LOAD: return old;
    case CCGW_WORD_STORE: *w = value; return old;
    case CCGW_WORD_ADD: return *w += value;
    case CCGW_WORD_RAISE: return *w = value > old ? value : old;
    }
    return 0;
}

ccgw_buf_t ccgw_stream_key(const ccgw_tenant_t *of, const char *id, apr_pool_t *result)
{
    return ccgw_buf_str(apr_pstrcat(result, "stream:", id, NULL));
}

apr_status_t ccgw_login_get(ccgw_login_t *login, ccgw_call_t *call, const char *id)
{
    memset(login, 0, sizeof *login);
    if (login_ended)
        return CCGW_ESIGNIN;
    login->id = id;
    login->agent = "anna";
    login->watches = apr_pmemdup(call->pool, watches, sizeof watches);
    login->nwatches = nwatches;
    return APR_SUCCESS;
}

void ccgw_event_boxes(ccgw_buf_t **boxes, int *n, const ccgw_tenant_t *of, const ccgw_login_t *login,
                      apr_pool_t *result)
{
    int i;

    *n = login->nwatches + 1;
    *boxes = apr_palloc(result, sizeof **boxes * (apr_size_t)*n);
    (*boxes)[0] = ccgw_buf_str("agent:anna");
    for (i = 0; i < login->nwatches; i++)
        (*boxes)[i + 1] = ccgw_buf_str(login->watches[i].workbin);
}

static int hears(const ccgw_login_t *login, const char *box)
{
    int i;

    for (i = 0; i < login->nwatches; i++) {
        if (!strcmp(login->watches[i].workbin, box))
            return 1;
    }
    return !strcmp(box, "agent:anna");
}

apr_status_t ccgw_event_read(ccgw_read_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_core_t *of,
                             const ccgw_tenant_t *in, const ccgw_login_t *login, ccgw_cursor_t after, int max,
                             apr_pool_t *result)
{
    step_t *step = before_read;
    int i, seen = 0;

    before_read = NULL;
    if (step)
        step();
    *n = 0;
    *upto = last_cursor;
    if (after < dropped_upto || after > last_cursor)
        return CCGW_ERESYNC;
    *events = apr_pcalloc(result, sizeof **events * (apr_size_t)(ntold + 1));
    for (i = 0; i < ntold; i++) {
        if (told[i].at <= after || !hears(login, told[i].box))
            continue;
        if (seen >= (page_size ? page_size : max) && told[i].at != *upto)
            return APR_SUCCESS;
        seen++;
        *upto = told[i].at;
        (*events)[*n].at = told[i].at;
        (*events)[*n].event = told[i].event;
        *n += !told[i].event.only_login;
    }
    *upto = last_cursor;
    return APR_SUCCESS;
}

/* --- the fake host ---------------------------------------------------------------------------- */

typedef struct fake_t {
    ccgw_stream_host_t host;
    const char *keys[8];
    int nkeys;
    int rung;
    struct fake_t *outer;
} fake_t;

static fake_t *hosts;     /* those of requests in progress */
static step_t *meanwhile; /* what happens during the next wait */
static apr_status_t wait_answers;
static apr_uint64_t carrier = 7;
static apr_uint64_t sound; /* the one connection that is sound */
static const char *carried;
static int waits, wakes;
static step_t *while_asked; /* what happens while the host looks at a connection */

static void ring(const char *key)
{
    fake_t *fake;
    int i;

    for (fake = hosts; fake; fake = fake->outer) {
        for (i = 0; i < fake->nkeys; i++)
            fake->rung |= !strcmp(fake->keys[i], key);
    }
}

static apr_status_t fake_wait(ccgw_stream_host_t *host, apr_time_t until)
{
    fake_t *fake = (fake_t *)host;
    step_t *step = meanwhile;

    waits++;
    meanwhile = NULL;
    if (!fake->rung && step)
        step();
    if (wait_answers)
        return wait_answers;
    if (fake->rung) {
        fake->rung = 0;
        clock_now += 1000;
        return APR_SUCCESS;
    }
    clock_now = until;
    return APR_TIMEUP;
}

static apr_status_t fake_listen(ccgw_stream_host_t *host, const ccgw_buf_t *keys, int n)
{
    fake_t *fake = (fake_t *)host;

    for (fake->nkeys = 0; fake->nkeys < n; fake->nkeys++)
        fake->keys[fake->nkeys] = apr_pstrmemdup(pool, keys[fake->nkeys].p, keys[fake->nkeys].n);
    return APR_SUCCESS;
}

static void fake_wake(ccgw_stream_host_t *host, ccgw_buf_t key)
{
    wakes++;
    ring(apr_pstrmemdup(pool, key.p, key.n));
}

static int fake_sound(ccgw_stream_host_t *host, apr_uint64_t of)
{
    step_t *step = while_asked;

    while_asked = NULL;
    if (step)
        step();
    return of == sound;
}

static void fake_carries(ccgw_stream_host_t *host, ccgw_buf_t key)
{
    carried = apr_pstrmemdup(pool, key.p, key.n);
}

/* --- a dialect of four rows ------------------------------------------------------------------- */

static const ccgw_member_t number_members[] = {
    { .name = "n", .kind = CCGW_KIND_INT, .offset = offsetof(ccgw_event_t, reference) },
    { .name = "text", .kind = CCGW_KIND_STR, .offset = offsetof(ccgw_event_t, text), .optional = 1 },
    { 0 },
};
static const ccgw_shape_t number_shape = { "number", number_members };

static int is_even(const void *event, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)event)->reference % 2 == 0;
}

/* clang-format off */
static const ccgw_event_row_t rows[] = {
    {.type = CCGW_EVENT_SESSION_STATE, .media = CCGW_MEDIA_SMS, .topic = "/v2/me/smssessions", .shape = &number_shape},
    {.type = CCGW_EVENT_AGENT_STATE, .topic = "/v2/me/channels", .shape = &number_shape},
    {.type = CCGW_EVENT_AGENT_STATE, .topic = "/v2/me/even", .shape = &number_shape, .when = is_even},
    {.type = CCGW_EVENT_WORKBIN_ADDED, .topic = "/v2/me/workbins", .shape = &number_shape},
    {0},
};
/* clang-format on */
static const ccgw_dialect_t dialect = { .name = "test", .events = rows };

/* --- requests --------------------------------------------------------------------------------- */

static ccgw_reply_t reply;

/* Every "$n" in TEXT becomes the secret of reader n. */
static const char *fill_in(const char *text)
{
    ccgw_out_t out;

    ccgw_out_init(&out, 256, pool);
    for (; *text; text++) {
        if (*text == '$') {
            char *end;
            long n = strtol(text + 1, &end, 10);

            ccgw_out_puts(&out, readers[n].secret);
            text = end - 1;
        }
        else {
            ccgw_out_putc(&out, *text);
        }
    }
    return out.p;
}

static const char *send_as(ccgw_method_t method, const char *type, const char *text)
{
    fake_t fake = {
        .host = {
            .wait = fake_wait,
            .listen = fake_listen,
            .wake = fake_wake,
            .carrier = carrier,
            .carrier_sound = fake_sound,
            .carries = fake_carries,
        },
        .outer = hosts,
    };
    ccgw_request_t request = {
        .method = method, .content_type = type, .body = ccgw_buf_str(fill_in(text)), .pool = pool
    };
    ccgw_call_t call = { .core = &core, .pool = pool, .tenant = &tenant, .login = "login1", .now = clock_now };
    ccgw_view_t view = { .call = &call, .base = "http://here", .root = "/api/v2", .pool = pool };
    ccgw_reply_t answer;

    hosts = &fake;
    ccgw_stream_bayeux.serve(&answer, &fake.host, &dialect, &request, &view, &call);
    hosts = fake.outer;
    reply = answer;
    return answer.body.p;
}

static const char *post(const char *text)
{
    return send_as(CCGW_POST, "application/json;charset=UTF-8", text);
}

/* A new session; its number. */
static int shake(int ack)
{
    post(ack ? "[{\"channel\":\"/meta/handshake\",\"version\":\"1.0\",\"ext\":{\"ack\":true}}]"
             : "[{\"channel\":\"/meta/handshake\",\"version\":\"1.0\"}]");
    return nreaders - 1;
}

static const char *connect_with(int reader, const char *more)
{
    return post(apr_psprintf(pool,
                             "[{\"channel\":\"/meta/connect\",\"clientId\":\"$%d\","
                             "\"connectionType\":\"long-polling\"%s}]",
                             reader, more));
}

static const char *subscribe(int reader, const char *topic)
{
    return post(apr_psprintf(pool, "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$%d\",\"subscription\":\"%s\"}]",
                             reader, topic));
}

/* A session with its first connect behind it, that hears TOPIC. */
static int listener(int ack, const char *topic)
{
    int reader = shake(ack);

    connect_with(reader, "");
    subscribe(reader, topic);
    return reader;
}

static void tell(const char *box, int type, int media, int n, const char *text)
{
    static ccgw_session_t session[CCGW_MEDIA_COUNT];
    told_t *one = &told[ntold++];

    memset(one, 0, sizeof *one);
    one->at = last_cursor;
    one->box = box;
    one->event.type = type;
    one->event.reference = n;
    one->event.text = text;
    if (media) {
        session[media].media = media;
        one->event.session = &session[media];
    }
    ring(box);
}

/* One commit that changes the agent's state: N is its number. */
static void tell_state(int n)
{
    last_cursor += 3;
    tell("agent:anna", CCGW_EVENT_AGENT_STATE, 0, n, NULL);
}

static void reset(void)
{
    nreaders = ntold = commits = login_ended = page_size = nwatches = late_words = waits = wakes = 0;
    open_fails = subscribe_fails = wait_answers = 0;
    last_cursor = 1000;
    dropped_upto = 0;
    clock_now = apr_time_from_sec(1000000);
    before_read = meanwhile = while_asked = NULL;
    carrier = 7;
    sound = 0;
    carried = NULL;
    hosts = NULL;
}

static int count(const char *text, const char *part)
{
    int n = 0;

    while ((text = strstr(text, part)) != NULL) {
        n++;
        text++;
    }
    return n;
}

#define HAS(part) (strstr(reply.body.p, fill_in(part)) != NULL)

static void has(const char *part, const char *name)
{
    if (!ok(HAS(part), "%s", name))
        printf("# in '%s'\n# want '%s'\n", reply.body.p, fill_in(part));
}

static void lacks(const char *part, const char *name)
{
    if (!ok(!HAS(part), "%s", name))
        printf("# in '%s'\n# unwanted '%s'\n", reply.body.p, fill_in(part));
}

/* --- names ------------------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    const char *name;
    int channel, pattern;
} names[] = {
    {"/v2/me/calls", 1, 1},   {"/foo", 1, 1},       {"/a-b_c!~()$@.%20", 1, 1}, {"/**", 0, 1},   {"/*", 0, 1},
    {"/x/*", 0, 1},           {"/x/**", 0, 1},      {"foo", 0, 0},              {"", 0, 0},      {"/", 0, 0},
    {"/x/", 0, 0},            {"//x", 0, 0},        {"/x//y", 0, 0},            {"/*/x", 0, 0},  {"/**/x", 0, 0},
    {"/x*", 0, 0},            {"/x/***", 0, 0},     {"/x y", 0, 0},             {"/x\ny", 0, 0}, {"/\xc3\xa4", 1, 1},
};
/* clang-format on */

/* clang-format off */
static const struct {
    const char *pattern, *topic;
    int covers;
} covered[] = {
    {"/v2/me/calls", "/v2/me/calls", 1}, {"/v2/me/calls", "/v2/me/call", 0}, {"/v2/me/call", "/v2/me/calls", 0},
    {"/v2/me/*", "/v2/me/calls", 1},     {"/v2/me/*", "/v2/me", 0},          {"/v2/me/*", "/v2/me/", 0},
    {"/v2/me/*", "/v2/me/a/b", 0},       {"/v2/*", "/v2/me/calls", 0},       {"/v2/m*", "/v2/me", 0},
    {"/v2/me/**", "/v2/me/calls", 1},    {"/v2/me/**", "/v2/me/a/b", 1},     {"/v2/me/**", "/v2/me", 0},
    {"/v2/**", "/v2/me/calls", 1},       {"/**", "/v2/me/calls", 1},         {"/*", "/v2", 1},
    {"/*", "/v2/me", 0},                 {"/v3/**", "/v2/me/calls", 0},      {"/**", "/x", 1},
};
/* clang-format on */

static void test_names(void)
{
    char *longest = apr_palloc(pool, 300);
    apr_size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        is_int(ccgw_bayeux_channel_valid(names[i].name), names[i].channel, "'%s' %s a channel", names[i].name,
               names[i].channel ? "is" : "is not");
        is_int(ccgw_bayeux_pattern_valid(names[i].name), names[i].pattern, "'%s' %s be subscribed to", names[i].name,
               names[i].pattern ? "can" : "cannot");
    }
    for (i = 0; i < sizeof covered / sizeof *covered; i++)
        is_int(ccgw_bayeux_pattern_covers(covered[i].pattern, covered[i].topic), covered[i].covers, "%s %s %s",
               covered[i].pattern, covered[i].covers ? "covers" : "does not cover", covered[i].topic);
    memset(longest, 'x', 299);
    longest[0] = '/';
    longest[255] = '\0';
    ok(ccgw_bayeux_channel_valid(longest), "a name of 255 bytes is a channel");
    longest[255] = 'x';
    longest[256] = '\0';
    ok(!ccgw_bayeux_channel_valid(longest), "a name of 256 bytes is none");
    ok(ccgw_bayeux_channel_below("/meta", "/meta") && ccgw_bayeux_channel_below("/meta/x", "/meta") &&
           !ccgw_bayeux_channel_below("/metal/x", "/meta"),
       "/metal is not below /meta");
}

/* --- single requests -------------------------------------------------------------------------- */

#define JSON       "application/json"
#define CONNECT_OK "{\"channel\":\"/meta/connect\",\"successful\":true,\"clientId\":\"$0\"}"

/* Reader 0 has its first connect behind it; 402 always means the same. */
/* clang-format off */
static const struct {
    const char *name, *type, *body;
    int http;
    const char *answer;
} inputs[] = {
    {"an array of messages is served", JSON,
     "[{\"id\":\"1\",\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":\"/a\"}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":true,\"id\":\"1\","
     "\"clientId\":\"$0\",\"subscription\":\"/a\"}]"},
    {"a single object is served", JSON,
     "{\"channel\":\"/meta/connect\",\"clientId\":\"$0\"}", 200, "[" CONNECT_OK "]"},
    {"parameters of the media type do not matter", "Application/JSON ; charset=utf-8",
     "[{\"channel\":\"/meta/connect\",\"clientId\":\"$0\"}]", 200, "[" CONNECT_OK "]"},
    {"text/json is served", "text/json;charset=UTF-8", "[{\"channel\":\"/meta/connect\",\"clientId\":\"$0\"}]", 200,
     "[" CONNECT_OK "]"},
    {"no media type counts as JSON", NULL, "[{\"channel\":\"/meta/connect\",\"clientId\":\"$0\"}]", 200,
     "[" CONNECT_OK "]"},
    {"the form field message is served", "application/x-www-form-urlencoded",
     "x=1&message=%5B%7B%22channel%22%3A%22%2Fmeta%2Fconnect%22%2C%22clientId%22:%22$0%22%7D%5D", 200,
     "[" CONNECT_OK "]"},
    {"a form without message is refused", "application/x-www-form-urlencoded", "x=1", 400, ""},
    {"another media type is refused", "text/plain", "[]", 400, ""},
    {"application/jsonx is another media type", "application/jsonx", "[]", 400, ""},
    {"broken JSON is refused", JSON, "[{\"channel\":", 400, ""},
    {"an empty body is refused", JSON, "", 400, ""},
    {"an empty array is answered with one", JSON, "[]", 200, "[]"},
    {"a message that is no object is refused", JSON, "[\"/meta/connect\"]", 400, ""},
    {"a bare string is refused", JSON, "\"/meta/connect\"", 400, ""},
    {"a message without channel is refused", JSON, "[{\"clientId\":\"$0\"}]", 400, ""},
    {"a channel that is no text is refused", JSON, "[{\"channel\":7,\"clientId\":\"$0\"}]", 400, ""},
    {"one bad message refuses those before it", JSON,
     "[{\"channel\":\"/meta/disconnect\",\"clientId\":\"$0\"},{\"clientId\":\"$0\"}]", 400, ""},
    {"and those behind it", JSON, "[{\"clientId\":\"$0\"},{\"channel\":\"/service/a\",\"data\":1}]", 400, ""},

    {"a connect of an unknown session is told to shake hands", JSON,
     "[{\"id\":\"9\",\"channel\":\"/meta/connect\",\"clientId\":\"nope\",\"connectionType\":\"long-polling\"}]", 200,
     "[{\"channel\":\"/meta/connect\",\"successful\":false,\"id\":\"9\",\"error\":\"402::session_unknown\","
     "\"advice\":{\"reconnect\":\"handshake\",\"interval\":0}}]"},
    {"so is a connect without clientId", JSON, "[{\"channel\":\"/meta/connect\"}]", 200,
     "[{\"channel\":\"/meta/connect\",\"successful\":false,\"error\":\"402::session_unknown\","
     "\"advice\":{\"reconnect\":\"handshake\",\"interval\":0}}]"},
    {"and one with a number for a clientId", JSON, "[{\"channel\":\"/meta/connect\",\"clientId\":5}]", 200,
     "[{\"channel\":\"/meta/connect\",\"successful\":false,\"error\":\"402::session_unknown\","
     "\"advice\":{\"reconnect\":\"handshake\",\"interval\":0}}]"},
    {"a subscribe of an unknown session gets no advice", JSON,
     "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"nope\",\"subscription\":\"/a\"}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":false,\"subscription\":\"/a\","
     "\"error\":\"402::session_unknown\"}]"},
    {"a publish of an unknown session is refused", JSON,
     "[{\"channel\":\"/service/a\",\"clientId\":\"nope\",\"data\":1}]",
     200, "[{\"channel\":\"/service/a\",\"successful\":false,\"error\":\"402::session_unknown\"}]"},
    {"a disconnect of an unknown session is refused", JSON,
     "[{\"channel\":\"/meta/disconnect\",\"clientId\":\"nope\"}]",
     200, "[{\"channel\":\"/meta/disconnect\",\"successful\":false,\"error\":\"402::session_unknown\"}]"},
    {"another connection type is refused", JSON,
     "[{\"channel\":\"/meta/connect\",\"clientId\":\"$0\",\"connectionType\":\"websocket\"}]", 200,
     "[{\"channel\":\"/meta/connect\",\"successful\":false,"
     "\"error\":\"301:websocket:Connection types not supported\"}]"},

    {"an array of subscriptions is echoed as one", JSON,
     "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":[\"/a/*\",\"/**\"]}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":true,\"clientId\":\"$0\",\"subscription\":[\"/a/*\",\"/**\"]}]"},
    {"meta channels cannot be subscribed to", JSON,
     "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":\"/meta/x\"}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":false,\"subscription\":\"/meta/x\","
     "\"error\":\"403:/meta/x:Forbidden channel\"}]"},
    {"nor by a pattern", JSON,
     "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":\"/meta/**\"}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":false,\"subscription\":\"/meta/**\","
     "\"error\":\"403:/meta/**:Forbidden channel\"}]"},
    {"service channels can, without effect", JSON,
     "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":\"/service/x\"}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":true,\"clientId\":\"$0\",\"subscription\":\"/service/x\"}]"},
    {"a subscribe without name is refused", JSON, "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\"}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":false,\"error\":\"403::subscription_missing\"}]"},
    {"so is one with an empty array", JSON,
     "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":[]}]",
     200, "[{\"channel\":\"/meta/subscribe\",\"successful\":false,\"subscription\":[],"
          "\"error\":\"403::subscription_missing\"}]"},
    {"a subscription with a bad name is refused", JSON,
     "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":[\"/a\",\"b\"]}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":false,\"subscription\":[\"/a\",\"b\"],"
     "\"error\":\"405:b:Invalid channel\"}]"},
    {"a subscription that is no text is refused", JSON,
     "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":[1]}]", 200,
     "[{\"channel\":\"/meta/subscribe\",\"successful\":false,\"subscription\":[1],"
     "\"error\":\"405::Invalid channel\"}]"},
    {"unsubscribing what was not subscribed succeeds", JSON,
     "[{\"channel\":\"/meta/unsubscribe\",\"clientId\":\"$0\",\"subscription\":\"/never\"}]", 200,
     "[{\"channel\":\"/meta/unsubscribe\",\"successful\":true,\"clientId\":\"$0\",\"subscription\":\"/never\"}]"},

    {"a bad channel name is refused in its answer", JSON,
     "[{\"channel\":\"foo\",\"clientId\":\"$0\",\"data\":{}}]", 200,
     "[{\"channel\":\"foo\",\"successful\":false,\"error\":\"405:foo:Invalid channel\"}]"},
    {"nobody publishes to a pattern", JSON, "[{\"channel\":\"/a/*\",\"clientId\":\"$0\",\"data\":{}}]", 200,
     "[{\"channel\":\"/a/*\",\"successful\":false,\"error\":\"405:/a/*:Invalid channel\"}]"},
    {"nor without data", JSON, "[{\"channel\":\"/a\",\"clientId\":\"$0\"}]", 200,
     "[{\"channel\":\"/a\",\"successful\":false,\"error\":\"403:data:Missing required parameter\"}]"},
    {"nor to the server's topics", JSON,
     "[{\"id\":3,\"channel\":\"/v2/me/calls\",\"clientId\":\"$0\",\"data\":{\"x\":1}}]",
     200, "[{\"channel\":\"/v2/me/calls\",\"successful\":false,\"id\":3,"
          "\"error\":\"403:/v2/me/calls:Publishing is not permitted\"}]"},
    {"nor to unknown meta channels", JSON, "[{\"channel\":\"/meta/foo\",\"clientId\":\"$0\",\"data\":{}}]", 200,
     "[{\"channel\":\"/meta/foo\",\"successful\":false,\"error\":\"403:/meta/foo:Forbidden channel\"}]"},
    {"a message to a service is taken", JSON,
     "[{\"id\":\"7\",\"channel\":\"/service/a\",\"clientId\":\"$0\",\"data\":{}}]",
     200, "[{\"channel\":\"/service/a\",\"successful\":true,\"id\":\"7\",\"clientId\":\"$0\"}]"},
    {"answers come in the order of the messages", JSON,
     "[{\"id\":\"1\",\"channel\":\"/service/a\",\"clientId\":\"$0\",\"data\":{}},"
     "{\"id\":\"2\",\"channel\":\"/service/b\",\"clientId\":\"$0\",\"data\":{}}]", 200,
     "[{\"channel\":\"/service/a\",\"successful\":true,\"id\":\"1\",\"clientId\":\"$0\"},"
     "{\"channel\":\"/service/b\",\"successful\":true,\"id\":\"2\",\"clientId\":\"$0\"}]"},
    {"a disconnect is answered", JSON, "[{\"id\":\"11\",\"channel\":\"/meta/disconnect\",\"clientId\":\"$0\"}]", 200,
     "[{\"channel\":\"/meta/disconnect\",\"successful\":true,\"id\":\"11\",\"clientId\":\"$0\"}]"},
    {"quotes in what is echoed are escaped", JSON,
     "[{\"id\":\"\\\"\",\"channel\":\"a\\\"b\",\"clientId\":\"$0\"}]", 200,
     "[{\"channel\":\"a\\\"b\",\"successful\":false,\"id\":\"\\\"\",\"error\":\"405:a\\\"b:Invalid channel\"}]"},
};
/* clang-format on */

static void test_inputs(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        reset();
        shake(0);
        connect_with(0, "");
        send_as(CCGW_POST, inputs[i].type, inputs[i].body);
        if (reply.http != inputs[i].http)
            is_int(reply.http, inputs[i].http, "%s: HTTP", inputs[i].name);
        is_str(reply.body.p, fill_in(inputs[i].answer), "%s", inputs[i].name);
    }
    reset();
    shake(0);
    send_as(CCGW_POST, JSON, "[{\"channel\":\"/meta/disconnect\",\"clientId\":\"$0\"},{\"clientId\":\"$0\"}]");
    ok(readers[0].open, "a request that is refused is not carried out in part");
    is_str(reply.content_type, "text/plain", "a refused request says it is not JSON");
    ok(reply.code == CCGW_ESYNTAX && reply.text, "and the log is told why");
    send_as(CCGW_GET, NULL, "");
    is_int(reply.http, 400, "a GET is refused");
    post("[{\"channel\":\"/meta/connect\",\"clientId\":\"nope\"}]");
    is_str(reply.content_type, "application/json", "answers are application/json and nothing more");
}

/* --- handshake -------------------------------------------------------------------------------- */

static void test_handshake(void)
{
    reset();
    ccgw_stream_configure(&(ccgw_stream_limits_t){ HOLD, IDLE });
    post("[{\"id\":\"1\",\"version\":\"1.0\",\"minimumVersion\":\"1.0\",\"channel\":\"/meta/"
         "handshake\","
         "\"supportedConnectionTypes\":[\"websocket\",\"long-polling\",\"callback-polling\"],"
         "\"advice\":{\"timeout\":60000,\"interval\":0},\"ext\":{\"ack\":true}}]");
    is_str(reply.body.p,
           fill_in("[{\"channel\":\"/meta/"
                   "handshake\",\"successful\":true,\"id\":\"1\",\"version\":\"1.0\","
                   "\"minimumVersion\":\"1.0\",\"supportedConnectionTypes\":[\"long-polling\"],"
                   "\"clientId\":\"$0\","
                   "\"advice\":{\"reconnect\":\"retry\",\"interval\":0,\"timeout\":30000,"
                   "\"maxInterval\":120000},"
                   "\"ext\":{\"ack\":true}}]"),
           "the handshake of the reference client is answered in full");
    is_int(readers[0].stream.acknowledged, 1, "a session of a client that acknowledges is kept as one");
    is_str(readers[0].stream.framing, "bayeux", "a session names its framing");
    post("[{\"channel\":\"/meta/handshake\",\"ext\":{\"ack\":{\"enabled\":true,\"batch\":3}}}]");
    has("\"ext\":{\"ack\":{\"enabled\":true,\"batch\":1000}}",
        "acknowledgement asked for in the newer form is answered so");
    is_int(readers[1].stream.acknowledged, 1, "and is on");
    post("[{\"channel\":\"/meta/handshake\",\"ext\":{\"ack\":{\"enabled\":false}}}]");
    lacks("\"ext\"", "acknowledgement that is not wanted is not answered");
    is_int(readers[2].stream.acknowledged, 0, "and is off");
    post("[{\"channel\":\"/meta/handshake\",\"ext\":{\"ack\":false}}]");
    is_int(readers[3].stream.acknowledged, 0, "ack false is off too");
    post("[{\"channel\":\"/meta/handshake\"},{\"channel\":\"/service/"
         "a\",\"data\":1,\"clientId\":\"$0\"}]");
    is_int(count(reply.body.p, "\"channel\""), 1, "other messages beside a handshake are ignored");
    post("[{\"channel\":\"/meta/handshake\",\"supportedConnectionTypes\":[\"iframe\"]}]");
    is_str(reply.body.p,
           "[{\"channel\":\"/meta/handshake\",\"successful\":false,\"version\":\"1.0\","
           "\"supportedConnectionTypes\":[\"long-polling\"],"
           "\"error\":\"301:long-polling:Connection types not supported\","
           "\"advice\":{\"reconnect\":\"none\",\"interval\":0}}]",
           "a handshake without a common connection type is refused for good");
    is_int(nreaders, 5, "and opens no session");
    post("[{\"channel\":\"/meta/handshake\",\"minimumVersion\":\"2.0\"}]");
    has("\"error\":\"400:2.0:Version not supported\"", "so is one that wants a newer protocol");
    open_fails = CCGW_EBUSY;
    post("[{\"channel\":\"/meta/handshake\"}]");
    ok(reply.http == 503 && reply.retry_after > 0, "under overload a handshake is put off");
    has("\"successful\":false,\"error\":\"503::overloaded\",\"advice\":{\"reconnect\":"
        "\"handshake\"",
        "and to be tried again");
    open_fails = CCGW_ESIGNIN;
    post("[{\"channel\":\"/meta/handshake\"}]");
    is_int(reply.http, 401, "a handshake of nobody is 401");
    open_fails = CCGW_ELIMIT;
    post("[{\"channel\":\"/meta/handshake\"}]");
    is_str(reply.body.p, "[{\"channel\":\"/meta/handshake\",\"successful\":false,\"error\":\"403::too many\"}]",
           "too many sessions are refused");
}

/* --- how long a connect is held --------------------------------------------------------------- */

static void test_holding(void)
{
    apr_time_t begin;

    reset();
    shake(0);
    begin = clock_now;
    connect_with(0, ",\"id\":\"4\"");
    ok(clock_now == begin && !waits, "the first connect is answered at once, unasked");
    is_str(reply.body.p,
           fill_in("[{\"channel\":\"/meta/connect\",\"successful\":true,\"id\":\"4\",\"clientId\":\"$0\","
                   "\"advice\":{\"reconnect\":\"retry\",\"interval\":0,\"timeout\":30000,\"maxInterval\":"
                   "120000}}]"),
           "and carries the advice");
    connect_with(0, "");
    is_int(clock_now - begin, HOLD, "the next one is held for the holding time");
    is_str(reply.body.p, fill_in("[" CONNECT_OK "]"), "and then answered alone");
    begin = clock_now;
    connect_with(0, ",\"advice\":{\"timeout\":0}");
    is_int(clock_now - begin, 0, "a connect that wants no holding is answered at once");
    connect_with(0, ",\"advice\":{\"timeout\":2000}");
    is_int(clock_now - begin, apr_time_from_sec(2), "a shorter holding time is granted");
    begin = clock_now;
    connect_with(0, ",\"advice\":{\"timeout\":90000}");
    is_int(clock_now - begin, HOLD, "a longer one is not");
    begin = clock_now;
    post("[{\"channel\":\"/meta/connect\",\"clientId\":\"$0\",\"id\":\"c\"},"
         "{\"channel\":\"/meta/subscribe\",\"clientId\":\"$0\",\"subscription\":\"/"
         "a\",\"id\":\"s\"}]");
    is_int(clock_now - begin, 0, "a connect beside other messages does not hold them back");
    ok(count(reply.body.p, "\"successful\":true") == 2 &&
           strstr(reply.body.p, "\"id\":\"s\"") < strstr(reply.body.p, "\"id\":\"c\""),
       "and is answered after them");
    commits = 0;
    connect_with(0, "");
    connect_with(0, "");
    is_int(commits, 0, "idle polls commit nothing");
}

static void seen_at_the_end(void)
{
    clock_now += 5000;
    ring("stream:id0");
}

static void test_signs_of_life(void)
{
    reset();
    shake(0);
    is_int(readers[0].words[CCGW_WORD_SEEN], clock_now, "a handshake is a sign of life");
    clock_now += 1000;
    connect_with(0, "");
    is_int(readers[0].words[CCGW_WORD_SEEN], clock_now, "a connect is one");
    clock_now += 1000;
    subscribe(0, "/a");
    is_int(readers[0].words[CCGW_WORD_SEEN], clock_now, "every message is one");
    meanwhile = seen_at_the_end;
    connect_with(0, "");
    is_int(readers[0].words[CCGW_WORD_SEEN], clock_now, "the end of a held connect is one");
    core.limits.stream_idle = apr_time_from_sec(10);
    waits = 0;
    connect_with(0, "");
    is_int(waits, 6, "a connect held for longer than a reader may be idle gives signs meanwhile");
    core.limits.stream_idle = IDLE;
}

/* --- events ----------------------------------------------------------------------------------- */

static void sms_event(void)
{
    last_cursor++;
    tell("agent:anna", CCGW_EVENT_SESSION_STATE, CCGW_MEDIA_SMS, 1, NULL);
}

static void one_state(void)
{
    tell_state(11);
}

static void deaf_then_heard(void)
{
    tell_state(1);
    meanwhile = sms_event;
}

static void test_events(void)
{
    reset();
    listener(0, "/v2/me/*");
    meanwhile = sms_event;
    connect_with(0, ",\"id\":\"5\"");
    is_str(reply.body.p,
           fill_in("[{\"channel\":\"/v2/me/smssessions\",\"data\":{\"n\":1}},"
                   "{\"channel\":\"/meta/"
                   "connect\",\"successful\":true,\"id\":\"5\",\"clientId\":\"$0\"}]"),
           "an event ends the holding and comes before the answer");
    is_int(count(reply.body.p, readers[0].secret), 1, "the clientId stands in the answer only, not in the event");
    subscribe(0, "/v2/me/channels");
    subscribe(0, "/**");
    tell_state(3);
    connect_with(0, "");
    is_int(count(reply.body.p, "\"data\""), 1, "what three subscriptions cover comes once");
    tell_state(4);
    connect_with(0, "");
    is_int(count(reply.body.p, "\"data\""), 2, "every row that fits is written");
    has("{\"channel\":\"/v2/me/channels\",\"data\":{\"n\":4}},{\"channel\":\"/v2/me/"
        "even\",\"data\":{\"n\":4}}",
        "in the order of the table");
    last_cursor++;
    tell("agent:anna", CCGW_EVENT_SESSION_STATE, CCGW_MEDIA_CHAT, 9, NULL);
    last_cursor++;
    tell("agent:anna", CCGW_EVENT_SESSION_STATE, 0, 9, NULL);
    connect_with(0, "");
    lacks("\"data\"", "a row of one medium passes over the others, and over none");

    reset();
    listener(0, "/v2/me/smssessions");
    meanwhile = deaf_then_heard;
    connect_with(0, "");
    is_int(count(reply.body.p, "\"data\""), 1, "what was not subscribed does not end the holding");
    has("smssessions", "what was subscribed does");
    post("[{\"channel\":\"/meta/unsubscribe\",\"clientId\":\"$0\",\"subscription\":\"/v2/me/"
         "smssessions\"}]");
    meanwhile = sms_event;
    connect_with(0, "");
    lacks("\"data\"", "after unsubscribing nothing more comes");
    commits = 0;
    subscribe(0, "/a");
    subscribe(0, "/a");
    is_int(commits, 1, "subscribing twice commits once");
    commits = 0;
    subscribe(0, "/service/x");
    is_int(commits, 0, "subscribing to a service commits nothing");
    subscribe_fails = CCGW_ELIMIT;
    subscribe(0, "/b");
    is_str(reply.body.p,
           "[{\"channel\":\"/meta/subscribe\",\"successful\":false,\"subscription\":\"/b\","
           "\"error\":\"403::too many\"}]",
           "too many subscriptions are refused");
    subscribe_fails = CCGW_ENOSPACE;
    subscribe(0, "/b");
    ok(reply.http == 503 && reply.code == CCGW_ENOSPACE, "what the store cannot take is 503, and logged");
}

static void subscribe_and_tell(void)
{
    subscribe(0, "/v2/me/channels");
    tell_state(21);
}

static void watch_and_tell(void)
{
    watches[nwatches++].workbin = "bin:1";
    last_cursor++;
    tell("bin:1", CCGW_EVENT_WORKBIN_ADDED, 0, 31, NULL);
    ring("agent:anna");
}

static void tell_bin(void)
{
    last_cursor++;
    tell("bin:1", CCGW_EVENT_WORKBIN_ADDED, 0, 32, NULL);
}

static void test_changes_while_held(void)
{
    reset();
    listener(0, "/v2/me/x");
    meanwhile = subscribe_and_tell;
    connect_with(0, "");
    has("{\"n\":21}", "a subscription made while a connect is held holds for it");
    listener(0, "/v2/me/x");
    before_read = subscribe_and_tell;
    connect_with(0, "");
    has("{\"n\":21}", "even when it and the event come between two reads");

    reset();
    listener(0, "/**");
    meanwhile = watch_and_tell;
    connect_with(0, "");
    has("{\"n\":31}", "a workbin watched while a connect is held is heard");
    meanwhile = tell_bin;
    connect_with(0, "");
    has("{\"n\":32}", "and its news end the holding");
    reset();
    listener(0, "/**");
    before_read = watch_and_tell;
    connect_with(0, "");
    has("{\"n\":31}", "even when watch and item come between two reads");
}

/* --- bounds of an answer ---------------------------------------------------------------------- */

static void test_many_events(void)
{
    char *text = apr_palloc(pool, 10001);
    int i;

    reset();
    listener(1, "/v2/me/channels");
    for (i = 0; i < 260; i++)
        tell_state(i);
    connect_with(0, ",\"ext\":{\"ack\":1000}");
    is_int(count(reply.body.p, "\"data\""), 100, "an answer takes a hundred events");
    has("\"ext\":{\"ack\":1300}", "and acknowledges as far as it goes");
    waits = 0;
    connect_with(0, ",\"ext\":{\"ack\":1300}");
    ok(count(reply.body.p, "\"data\"") == 100 && !waits, "the rest follows at once");
    connect_with(0, ",\"ext\":{\"ack\":1600}");
    is_int(count(reply.body.p, "\"data\""), 60, "until all are told");

    reset();
    listener(1, "/v2/me/channels");
    memset(text, 'x', 10000);
    text[10000] = '\0';
    for (i = 0; i < 20; i++) {
        last_cursor += i % 2;
        tell("agent:anna", CCGW_EVENT_AGENT_STATE, 0, 1, text);
    }
    connect_with(0, "");
    is_int(count(reply.body.p, "\"data\""), 8, "an answer ends with the commit that fills 64 KiB");
    has("\"ext\":{\"ack\":1004}", "and its number says so");
    connect_with(0, ",\"ext\":{\"ack\":1004}");
    is_int(count(reply.body.p, "\"data\""), 8, "and a commit is never split");

    reset();
    listener(0, "/v2/me/channels");
    page_size = 5;
    for (i = 0; i < 23; i++) {
        tell_state(i);
        told[ntold - 1].event.only_login = 1;
    }
    tell_state(99);
    waits = 0;
    connect_with(0, "");
    has("{\"n\":99}", "events behind pages full of others' are found");
    is_int(waits, 0, "without waiting");

    reset();
    listener(0, "/v2/me/smssessions");
    for (i = 0; i < 150; i++)
        tell_state(i);
    sms_event();
    waits = 0;
    connect_with(0, "");
    ok(HAS("smssessions") && !waits, "so are events behind many that were not subscribed");

    reset();
    listener(0, "/**");
    for (i = 0; i < 100; i++)
        tell_state(2 * i);
    connect_with(0, "");
    is_int(count(reply.body.p, "\"data\""), 100, "events that are written twice count twice");
}

/* --- readers that acknowledge ----------------------------------------------------------------- */

static void test_acknowledged(void)
{
    const char *first;

    reset();
    shake(1);
    connect_with(0, ",\"advice\":{\"timeout\":0},\"ext\":{\"ack\":0}");
    has("\"ext\":{\"ack\":1000}", "the first answer tells where the session starts");
    subscribe(0, "/v2/me/channels");
    lacks("\"ext\"", "other answers acknowledge nothing");
    meanwhile = one_state;
    connect_with(0, ",\"ext\":{\"ack\":1000}");
    first = reply.body.p;
    has("{\"n\":11}", "an event comes");
    has("\"ext\":{\"ack\":1003}", "with the number that acknowledges it");
    carrier = 8;
    connect_with(0, ",\"ext\":{\"ack\":1000}");
    is_str(reply.body.p, first, "unacknowledged, it is sent again, byte for byte");
    tell_state(13);
    connect_with(0, ",\"ext\":{\"ack\":1000}");
    ok(strstr(reply.body.p, "{\"n\":11}") && strstr(reply.body.p, "{\"n\":11}") < strstr(reply.body.p, "{\"n\":13}"),
       "before newer ones");
    connect_with(0, ",\"ext\":{\"ack\":1003}");
    lacks("{\"n\":11}", "acknowledged, it is not");
    has("{\"n\":13}", "the newer one still is");
    connect_with(0, "");
    lacks("{\"n\":11}", "a connect that says nothing goes on where the last one was");
    has("{\"n\":13}", "and loses nothing");
    connect_with(0, ",\"ext\":{\"ack\":5}");
    has("{\"n\":11}", "a number before the session's start means its start");
    is_int(readers[0].words[CCGW_WORD_CARRIER], 0, "such a reader's connections prove nothing");
    tell("agent:other", CCGW_EVENT_AGENT_STATE, 0, 1, NULL);
    last_cursor = 2000;
    connect_with(0, ",\"ext\":{\"ack\":1006}");
    has("\"ext\":{\"ack\":2000}", "an idle answer moves the number past what is not for the reader");
    connect_with(0, ",\"ext\":{\"ack\":1e3}");
    has("{\"n\":11}", "a number may be written in any way");
    connect_with(0, ",\"ext\":{\"ack\":5000}");
    has("402::session_unknown", "a number from the future starts over");
    ok(!readers[0].open, "with a new session");
    tell_state(99);
    listener(1, "/**");
    connect_with(1, ",\"ext\":{\"ack\":5}");
    lacks("{\"n\":99}", "nothing from before a session is ever told");
    connect_with(1, ",\"ext\":{\"ack\":9007199254740993}");
    has("402::session_unknown", "so does one no cursor can have");
}

/* --- readers whose place the server keeps ----------------------------------------------------- */

static void connection_ends_whole(void)
{
    readers[0].words[CCGW_WORD_READ] = readers[0].words[CCGW_WORD_SENT];
    readers[0].words[CCGW_WORD_CARRIER] = 0;
}

static void test_kept_place(void)
{
    const char *first;

    reset();
    listener(0, "/v2/me/channels");
    meanwhile = one_state;
    connect_with(0, "");
    first = reply.body.p;
    has("{\"n\":11}", "an event comes");
    ok(readers[0].words[CCGW_WORD_SENT] == 1003 && readers[0].words[CCGW_WORD_READ] == 1000 &&
           readers[0].words[CCGW_WORD_CARRIER] == 7,
       "it is noted as sent on this connection, not as received");
    is_str(carried, "stream:id0", "and the host watches the connection");
    carrier = 8;
    connect_with(0, "");
    is_str(reply.body.p, first, "a connect from elsewhere gets it again, byte for byte");
    is_int(readers[0].words[CCGW_WORD_CARRIER], 8, "and that connection carries it now");
    carried = NULL;
    connect_with(0, "");
    lacks("{\"n\":11}", "the next connect on the same connection proves receipt");
    is_int(readers[0].words[CCGW_WORD_READ], 1003, "and that is noted");
    ok(!carried, "an answer without events proves nothing");
    tell_state(13);
    connect_with(0, "");
    carrier = 9;
    sound = 8;
    connect_with(0, "");
    lacks("{\"n\":13}", "so does a connect from elsewhere while the first connection stands");
    tell_state(15);
    connect_with(0, "");
    readers[0].words[CCGW_WORD_CARRIER] = sound = 0;
    connect_with(0, "");
    has("{\"n\":15}", "when the host saw the connection go, it is sent again");
    sound = carrier = 10;
    tell_state(17);
    connect_with(0, "");
    ok(HAS("{\"n\":15}") && HAS("{\"n\":17}"), "with what came meanwhile, in order");
    tell_state(19);
    connect_with(0, "");
    sound = 0;
    carrier = 11;
    while_asked = connection_ends_whole;
    connect_with(0, "");
    lacks("{\"n\":19}", "a connection that ends in order while it is looked at proves receipt");
    last_cursor += 50;
    connect_with(0, "");
    is_int(readers[0].words[CCGW_WORD_READ], last_cursor,
           "an idle poll moves the place past what is not for the reader");
}

/* --- several connects, and ends --------------------------------------------------------------- */

static ccgw_reply_t inner;

static void newer_connect(void)
{
    carrier = 8;
    meanwhile = one_state;
    connect_with(0, ",\"id\":\"new\"");
    inner = reply;
}

static void disconnect_it(void)
{
    post("[{\"channel\":\"/meta/disconnect\",\"clientId\":\"$0\"}]");
    inner = reply;
}

static void end_login(void)
{
    login_ended = 1;
    ring("stream:id0");
}

static void test_one_at_a_time(void)
{
    reset();
    listener(0, "/v2/me/channels");
    carrier = 7;
    meanwhile = newer_connect;
    connect_with(0, ",\"id\":\"old\"");
    is_int(reply.http, 500, "a connect that was overtaken ends with HTTP 500");
    is_str(reply.body.p ? apr_pstrmemdup(pool, reply.body.p, reply.body.n) : "", "", "and an empty body");
    ok(inner.http == 200 && strstr(inner.body.p, "{\"n\":11}"), "the newer one gets the events");
    is_int(readers[0].words[CCGW_WORD_CARRIER], 8, "and its connection carries them");
    ok(wakes > 0, "the older one was woken for it");
    carrier = 8;
    connect_with(0, "");
    lacks("{\"n\":11}", "nothing is told twice");
    post("[{\"id\":\"1\",\"channel\":\"/meta/connect\",\"clientId\":\"$0\"},"
         "{\"id\":\"2\",\"channel\":\"/meta/connect\",\"clientId\":\"$0\"}]");
    is_int(count(reply.body.p, "\"successful\":true"), 2, "two connects in one request are both answered");

    reset();
    listener(0, "/**");
    meanwhile = disconnect_it;
    connect_with(0, ",\"id\":\"old\"");
    is_str(reply.body.p,
           fill_in("[{\"channel\":\"/meta/"
                   "connect\",\"successful\":true,\"id\":\"old\",\"clientId\":\"$0\","
                   "\"advice\":{\"reconnect\":\"none\",\"interval\":0}}]"),
           "a disconnect releases the held connect, which is not to come back");
    ok(strstr(inner.body.p, "\"successful\":true") != NULL, "and succeeds");
    ok(!readers[0].open, "the session is over");
    is_int(late_words, 0, "and none of its words is touched by the connect that was held");
    ok(clock_now < apr_time_from_sec(1000000) + HOLD, "the held connect did not sit its time out");
}

static void test_ends(void)
{
    reset();
    listener(0, "/**");
    meanwhile = end_login;
    connect_with(0, "");
    has("\"successful\":false,\"error\":\"402::session_unknown\",\"advice\":{\"reconnect\":"
        "\"handshake\",\"interval\":0}",
        "when the login ends, the held connect says to shake hands");
    ok(!readers[0].open && reply.code == CCGW_ESIGNIN, "the session ends with it");

    reset();
    listener(0, "/**");
    dropped_upto = 1500;
    last_cursor = 2000;
    connect_with(0, "");
    has("\"error\":\"402::session_unknown\",\"advice\":{\"reconnect\":\"handshake\"",
        "a reader whose events are no longer held starts over");
    ok(reply.http == 200 && reply.code == CCGW_ERESYNC && reply.text, "and the log hears of it");
    ok(!readers[0].open, "the session is closed");
    connect_with(0, "");
    has("402::session_unknown", "and unknown from then on");
    is_int(late_words, 0, "no word of it is touched any more");

    reset();
    listener(0, "/**");
    wait_answers = APR_EOF;
    connect_with(0, "");
    ok(reply.http == 200 && strcmp(reply.body.p, fill_in("[" CONNECT_OK "]")) == 0,
       "when the server stops, a held connect is answered as usual");
    meanwhile = sms_event;
    connect_with(0, "");
    has("smssessions", "with what came until then");
    wait_answers = CCGW_EBUSY;
    connect_with(0, ",\"id\":\"5\"");
    ok(reply.http == 503 && reply.retry_after > 0, "when too many wait, a connect is put off");
    is_str(reply.body.p,
           "[{\"channel\":\"/meta/"
           "connect\",\"successful\":false,\"id\":\"5\",\"error\":\"503::overloaded\","
           "\"advice\":{\"reconnect\":\"retry\",\"interval\":2000}}]",
           "and to be tried again after a while");
    ok(readers[0].open, "its session stays");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_names();
    test_handshake();
    test_inputs();
    test_holding();
    test_signs_of_life();
    test_events();
    test_changes_while_held();
    test_many_events();
    test_acknowledged();
    test_kept_place();
    test_one_at_a_time();
    test_ends();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
