/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* store_steps.c: the pieces of work that are measured on the store, and what sessions and events look like. */
#include "store_bench.h"

#include "ccgw_error.h"

#include <string.h>

/* Reads are so short that the clock is asked once for many. */
#define READS    32
#define EXPECTED 8 /* events behind the cursor that is asked for */

static const ccgw_buf_t tenant = { "bench", 5 };

/* ---- sessions and events ---- */

/* The number stands at both ends: half of one version and half of another are found out. */
void bench_session_fill(char *value, int size, int session, apr_uint64_t n)
{
    apr_uint64_t who = (apr_uint64_t)session;

    memset(value, 'a' + session % 26, (size_t)size);
    memcpy(value, &n, sizeof n);
    memcpy(value + sizeof n, &who, sizeof who);
    memcpy(value + size - sizeof n, &n, sizeof n);
}

int bench_session_holds(ccgw_buf_t value, int session, apr_uint64_t *n)
{
    apr_uint64_t who, last;
    const char *p = value.p;

    if (value.n < 32)
        return 0;
    memcpy(n, p, sizeof *n);
    memcpy(&who, p + sizeof *n, sizeof who);
    memcpy(&last, p + value.n - sizeof last, sizeof last);
    return who == (apr_uint64_t)session && last == *n && p[value.n / 2] == 'a' + session % 26;
}

typedef struct event_t {
    apr_uint64_t n;
    int session, box;
} event_t;

void bench_event_fill(char *body, int session, int box, apr_uint64_t n)
{
    event_t event = { n, session, box };

    memset(body, 'e', BENCH_EVENT_BYTES);
    memcpy(body, &event, sizeof event);
}

int bench_event_holds(ccgw_buf_t body, int box, int *session, apr_uint64_t *n)
{
    event_t event;

    if (body.n != BENCH_EVENT_BYTES)
        return 0;
    memcpy(&event, body.p, sizeof event);
    *session = event.session;
    *n = event.n;
    return event.box == box && ((const char *)body.p)[BENCH_EVENT_BYTES - 1] == 'e';
}

/* ---- steps ---- */

static bench_store_t *store_of(const bench_thread_t *t)
{
    return t->job->target;
}

static int pick(bench_thread_t *t, int n)
{
    return (int)(bench_random(&t->seed) % (apr_uint64_t)n);
}

static void open_process(const bench_job_t *job, apr_pool_t *pool)
{
    bench_store_t *s = job->target;

    if (s->provider->open_child(s->store, NULL, NULL, pool) != APR_SUCCESS)
        bench_fail("open_child failed");
}

static ccgw_txn_t *begin(const bench_thread_t *t)
{
    ccgw_txn_t *txn;

    apr_pool_clear(t->pool);
    if (store_of(t)->provider->begin(&txn, store_of(t)->store, tenant, t->pool) != APR_SUCCESS)
        bench_fail("begin failed");
    return txn;
}

/* Read, decide, write whole, tell. */
static apr_status_t try_txn(ccgw_cursor_t *at, bench_thread_t *t, int session, const int *boxes, int nboxes)
{
    bench_store_t *s = store_of(t);
    char name[64], box[64], body[BENCH_EVENT_BYTES];
    ccgw_buf_t key = bench_session_key(name, session), value = { t->value, (apr_size_t)s->value };
    ccgw_buf_t event = { body, sizeof body };
    ccgw_txn_t *txn = begin(t);
    ccgw_record_t record;
    apr_uint64_t n;
    int i;

    if (s->provider->get(&record, txn, CCGW_TABLE_SESSION, key) != APR_SUCCESS || record.value.n != value.n ||
        !bench_session_holds(record.value, session, &n))
        bench_fail("session %d reads as something else", session);
    n++;
    memcpy(t->value, record.value.p, record.value.n);
    memcpy(t->value, &n, sizeof n);
    memcpy(t->value + value.n - sizeof n, &n, sizeof n);
    if (s->provider->put(txn, CCGW_TABLE_SESSION, key, value, 0) != APR_SUCCESS)
        bench_fail("put failed");
    for (i = 0; i < nboxes; i++) {
        ccgw_buf_t to = bench_box_key(box, boxes[i]);

        bench_event_fill(body, session, boxes[i], n);
        if (s->provider->append(txn, &to, 1, event) != APR_SUCCESS)
            bench_fail("append failed");
    }
    return s->provider->commit(at, txn, s->durability);
}

static int step_txn(bench_thread_t *t)
{
    bench_store_t *s = store_of(t);
    int boxes[BENCH_EVENTS], session = pick(t, s->sessions), n = 1 + pick(t, BENCH_EVENTS), i;
    ccgw_cursor_t at = 0;
    apr_status_t rv;

    for (i = 0; i < n; i++)
        boxes[i] = pick(t, s->boxes);
    while ((rv = try_txn(&at, t, session, boxes, n)) == CCGW_ECONFLICT)
        t->conflicts++;
    if (rv != APR_SUCCESS)
        bench_fail("commit: status %d", rv);
    __atomic_fetch_add(&s->notes->changes[session], 1, __ATOMIC_RELAXED);
    for (i = 0; i < n; i++)
        bench_ring_add(&s->notes->rings[boxes[i]], at);
    return 1;
}

typedef apr_status_t read_one_t(ccgw_record_t *, ccgw_txn_t *, ccgw_table_t, ccgw_buf_t);

static int read_some(bench_thread_t *t, read_one_t *read_one)
{
    bench_store_t *s = store_of(t);
    int i;

    for (i = 0; i < READS; i++) {
        int session = pick(t, s->sessions);
        ccgw_txn_t *txn = begin(t);
        ccgw_record_t record;
        apr_uint64_t n;
        char name[64];

        if (read_one(&record, txn, CCGW_TABLE_SESSION, bench_session_key(name, session)) != APR_SUCCESS ||
            record.value.n != (apr_size_t)s->value || !bench_session_holds(record.value, session, &n))
            bench_fail("session %d reads as something else", session);
    }
    t->returned += READS;
    return READS;
}

static int step_get(bench_thread_t *t)
{
    return read_some(t, store_of(t)->provider->get);
}

static int step_peek(bench_thread_t *t)
{
    return read_some(t, store_of(t)->provider->peek);
}

static int step_events(bench_thread_t *t)
{
    bench_store_t *s = store_of(t);
    int i;

    for (i = 0; i < READS; i++) {
        int box = pick(t, s->boxes), n;
        const bench_ring_t *ring = &s->notes->rings[box];
        ccgw_cursor_t after = ring->at[(ring->next - EXPECTED - 1) % BENCH_RING], upto;
        ccgw_stored_event_t *events;
        char name[64];
        ccgw_buf_t key = bench_box_key(name, box);
        apr_status_t rv;

        apr_pool_clear(t->pool);
        rv = s->provider->events(&events, &n, &upto, s->store, tenant, &key, 1, after, EXPECTED, t->pool);
        if (rv != APR_SUCCESS || !n)
            bench_fail("mailbox %d: status %d, %d events where about %d are", box, rv, n, EXPECTED);
        t->returned += (apr_uint64_t)n;
    }
    return READS;
}

bench_job_t bench_store_job(bench_store_t *store, const char *kind)
{
    const bench_job_t jobs[] = {
        { "txn", store, open_process, NULL, step_txn },
        { "get", store, open_process, NULL, step_get },
        { "peek", store, open_process, NULL, step_peek },
        { "events", store, open_process, NULL, step_events },
    };
    unsigned i;

    for (i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        if (!strcmp(jobs[i].name, kind))
            return jobs[i];
    }
    bench_fail("there is no job '%s'", kind);
}
