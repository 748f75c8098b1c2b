/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* store_redis.c: the same work on a Redis server, a connection for each thread.
 *
 * A transaction is what it must be there: GET of the session, for who changes it must have read it; then one script,
 * which does nothing when the session was changed meanwhile. MAXLEN ~ is the cheaper form, so the lists are longer. */
#include "store_bench.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 24
#define PIPELINED      500

static const char script[] = "if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end\n"
                             "redis.call('SET', KEYS[1], ARGV[2])\n"
                             "for i = 2, #KEYS do\n"
                             "  redis.call('XADD', KEYS[i], 'MAXLEN', '~', ARGV[3], '*', 'e', ARGV[2 + i])\n"
                             "end\n"
                             "return 1\n";

typedef struct client_t {
    redisContext *redis;
    char sha[41];
} client_t;

static redisContext *connect_to(const bench_redis_t *r)
{
    redisContext *redis = redisConnectUnix(r->socket);

    if (!redis || redis->err)
        bench_fail("%s: %s", r->socket, redis ? redis->errstr : "no memory");
    return redis;
}

/* What came back is no error; the caller frees it. */
static redisReply *check(redisContext *redis, void *reply)
{
    redisReply *r = reply;

    if (!r)
        bench_fail("redis: %s", redis->errstr);
    if (r->type == REDIS_REPLY_ERROR)
        bench_fail("redis: %s", r->str);
    return r;
}

static void name_of(char *name, char kind, int i)
{
    snprintf(name, NAME_MAX_BYTES, "%c%07d", kind, i);
}

static void load_script(client_t *c)
{
    redisReply *reply = check(c->redis, redisCommand(c->redis, "SCRIPT LOAD %s", script));

    if (reply->type != REDIS_REPLY_STRING || reply->len != 40)
        bench_fail("redis: SCRIPT LOAD answered something else");
    memcpy(c->sha, reply->str, 41);
    freeReplyObject(reply);
}

/* ---- filling and checking ---- */

static void take_replies(redisContext *redis, int n)
{
    while (n--) {
        void *reply = NULL;

        redisGetReply(redis, &reply);
        freeReplyObject(check(redis, reply));
    }
}

static void append_session(redisContext *redis, const bench_redis_t *r, int i)
{
    char name[NAME_MAX_BYTES], value[BENCH_VALUE_MAX];

    name_of(name, 's', i);
    bench_session_fill(value, r->value, i, 0);
    redisAppendCommand(redis, "SET %s %b", name, value, (size_t)r->value);
}

static void append_event(redisContext *redis, int i)
{
    char name[NAME_MAX_BYTES], body[BENCH_EVENT_BYTES];

    name_of(name, 'b', i);
    bench_event_fill(body, 0, i, 0);
    redisAppendCommand(redis, "XADD %s MAXLEN ~ %d * e %b", name, BENCH_BOX_EVENTS, body, sizeof body);
}

void bench_redis_fill(bench_redis_t *r)
{
    redisContext *redis = connect_to(r);
    int i, events = r->boxes * BENCH_PRELOADED;

    r->changes = bench_share(sizeof *r->changes);
    for (i = 0; i < r->sessions; i++) {
        append_session(redis, r, i);
        if (i % PIPELINED == PIPELINED - 1)
            take_replies(redis, PIPELINED);
    }
    take_replies(redis, i % PIPELINED);
    for (i = 0; i < events; i++) {
        append_event(redis, i % r->boxes);
        if (i % PIPELINED == PIPELINED - 1)
            take_replies(redis, PIPELINED);
    }
    take_replies(redis, i % PIPELINED);
    redisFree(redis);
}

void bench_redis_verify(const bench_redis_t *r)
{
    redisContext *redis = connect_to(r);
    apr_uint64_t sum = 0, n;
    char name[NAME_MAX_BYTES];
    int i;

    for (i = 0; i < r->sessions; i++) {
        redisReply *reply;
        ccgw_buf_t value;

        name_of(name, 's', i);
        reply = check(redis, redisCommand(redis, "GET %s", name));
        value.p = reply->str;
        value.n = (apr_size_t)reply->len;
        if (!bench_session_holds(value, i, &n))
            bench_fail("redis: session %d is not whole", i);
        sum += n;
        freeReplyObject(reply);
    }
    if (sum != *r->changes)
        bench_fail("redis: %llu changes were acknowledged, %llu are there", (unsigned long long)*r->changes,
                   (unsigned long long)sum);
    redisFree(redis);
}

/* ---- steps ---- */

static void open_thread(bench_thread_t *t)
{
    client_t *c = apr_pcalloc(t->pool, sizeof *c);

    c->redis = connect_to(t->job->target);
    load_script(c);
    t->own = c;
}

static int pick(bench_thread_t *t, int n)
{
    return (int)(bench_random(&t->seed) % (apr_uint64_t)n);
}

/* The session into t->value; how often it was changed. */
static apr_uint64_t get(bench_thread_t *t, const char *name, int session)
{
    const bench_redis_t *r = t->job->target;
    client_t *c = t->own;
    redisReply *reply = check(c->redis, redisCommand(c->redis, "GET %s", name));
    ccgw_buf_t value = { reply->str, (apr_size_t)reply->len };
    apr_uint64_t n;

    if (reply->type != REDIS_REPLY_STRING || value.n != (apr_size_t)r->value ||
        !bench_session_holds(value, session, &n))
        bench_fail("redis: session %d reads as something else", session);
    memcpy(t->value, value.p, value.n);
    freeReplyObject(reply);
    return n;
}

/* EVALSHA sha keys key... version value maxlen event...; 1: done, 0: changed meanwhile. */
static int run_script(bench_thread_t *t, const char *name, int session, apr_uint64_t old, int nboxes, const int *boxes)
{
    const bench_redis_t *r = t->job->target;
    client_t *c = t->own;
    char events[BENCH_EVENTS][BENCH_EVENT_BYTES], names[BENCH_EVENTS][NAME_MAX_BYTES], keys[8], most[8];
    const char *args[7 + 2 * BENCH_EVENTS] = { "EVALSHA", c->sha, keys, name };
    size_t sizes[7 + 2 * BENCH_EVENTS];
    int n = 4, i, done;
    redisReply *reply;

    for (i = 0; i < nboxes; i++) {
        name_of(names[i], 'b', boxes[i]);
        bench_event_fill(events[i], session, boxes[i], old + 1);
        args[n++] = names[i];
    }
    snprintf(keys, sizeof keys, "%d", 1 + nboxes);
    snprintf(most, sizeof most, "%d", BENCH_BOX_EVENTS);
    for (i = 0; i < n; i++)
        sizes[i] = strlen(args[i]);
    args[n] = (const char *)&old, sizes[n++] = sizeof old;
    args[n] = t->value, sizes[n++] = (size_t)r->value;
    args[n] = most, sizes[n++] = strlen(most);
    for (i = 0; i < nboxes; i++)
        args[n] = events[i], sizes[n++] = BENCH_EVENT_BYTES;
    reply = check(c->redis, redisCommandArgv(c->redis, n, args, sizes));
    done = reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
    freeReplyObject(reply);
    return done;
}

static int step_txn(bench_thread_t *t)
{
    const bench_redis_t *r = t->job->target;
    int boxes[BENCH_EVENTS], session = pick(t, r->sessions), nboxes = 1 + pick(t, BENCH_EVENTS), i, done;
    char name[NAME_MAX_BYTES];

    name_of(name, 's', session);
    for (i = 0; i < nboxes; i++)
        boxes[i] = pick(t, r->boxes);
    do {
        apr_uint64_t old = get(t, name, session), n = old + 1;

        memcpy(t->value, &n, sizeof n);
        memcpy(t->value + r->value - sizeof n, &n, sizeof n);
        done = run_script(t, name, session, old, nboxes, boxes);
        t->conflicts += !done;
    } while (!done);
    __atomic_fetch_add(r->changes, 1, __ATOMIC_RELAXED);
    return 1;
}

static int step_get(bench_thread_t *t)
{
    const bench_redis_t *r = t->job->target;
    int session = pick(t, r->sessions);
    char name[NAME_MAX_BYTES];

    name_of(name, 's', session);
    get(t, name, session);
    t->returned++;
    return 1;
}

bench_job_t bench_redis_job(bench_redis_t *redis, const char *kind)
{
    const bench_job_t txn = { "redis-txn", redis, NULL, open_thread, step_txn };
    const bench_job_t read = { "redis-get", redis, NULL, open_thread, step_get };

    return strcmp(kind, "txn") ? read : txn;
}
