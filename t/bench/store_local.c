/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* store_local.c: the store that is measured: filled, kept, counted, and read again after its end. */
#include "store_bench.h"

#include "ccgw_error.h"
#include "store/ccgw_store_front.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TENANT      "bench"
#define TENANT_SIZE (sizeof TENANT) /* with the zero byte, which all keys have behind it */
#define DIGITS      7
#define BATCH       1000         /* operations of a transaction that fills ... */
#define BATCH_BYTES (800 * 1000) /* ... and bytes */
#define KEEPING     (100 * 1000) /* microseconds between two calls of the keeper, as in the gateway */

static ccgw_buf_t make_key(char *bytes, char kind, int i)
{
    ccgw_buf_t key = { bytes, TENANT_SIZE + 1 + DIGITS };
    int at;

    memcpy(bytes, TENANT, TENANT_SIZE);
    bytes[TENANT_SIZE] = kind;
    for (at = DIGITS; at; at--, i /= 10)
        bytes[TENANT_SIZE + at] = (char)('0' + i % 10);
    return key;
}

ccgw_buf_t bench_session_key(char *bytes, int i)
{
    return make_key(bytes, 's', i);
}

ccgw_buf_t bench_box_key(char *bytes, int i)
{
    return make_key(bytes, 'b', i);
}

void bench_ring_add(bench_ring_t *ring, ccgw_cursor_t at)
{
    apr_uint32_t place = __atomic_fetch_add(&ring->next, 1, __ATOMIC_RELAXED) % BENCH_RING;

    __atomic_store_n(&ring->at[place], at, __ATOMIC_RELAXED);
}

/* ---- filling ---- */

static void expect(apr_status_t rv, const char *what)
{
    char text[120];

    if (rv != APR_SUCCESS)
        bench_fail("%s: %s (%d)", what, apr_strerror(rv, text, sizeof text), rv);
}

static ccgw_txn_t *begin(const bench_store_t *s, apr_pool_t *pool)
{
    ccgw_buf_t tenant = { TENANT, TENANT_SIZE - 1 };
    ccgw_txn_t *txn;

    apr_pool_clear(pool);
    expect(s->provider->begin(&txn, s->store, tenant, pool), "begin");
    return txn;
}

static void fill_sessions(const bench_store_t *s, apr_pool_t *pool)
{
    int batch = BATCH_BYTES / s->value < BATCH ? BATCH_BYTES / s->value : BATCH, i = 0;

    while (i < s->sessions) {
        ccgw_txn_t *txn = begin(s, pool);
        int until = i + batch < s->sessions ? i + batch : s->sessions;

        for (; i < until; i++) {
            char bytes[64], value[BENCH_VALUE_MAX];
            ccgw_buf_t key = bench_session_key(bytes, i), buf = { value, (apr_size_t)s->value };
            ccgw_record_t record;

            bench_session_fill(value, s->value, i, 0);
            expect(s->provider->get(&record, txn, CCGW_TABLE_SESSION, key), "get");
            expect(s->provider->put(txn, CCGW_TABLE_SESSION, key, buf, 0), "put");
        }
        expect(s->provider->commit(NULL, txn, CCGW_DURABLE_OS), "commit");
    }
}

/* One event for each mailbox from FROM on; the first time they are opened. */
static int fill_boxes(const bench_store_t *s, int from, int first, apr_pool_t *pool)
{
    ccgw_txn_t *txn = begin(s, pool);
    int until = from + BATCH / 2 < s->boxes ? from + BATCH / 2 : s->boxes, i;
    ccgw_cursor_t at;

    for (i = from; i < until; i++) {
        char bytes[64], body[BENCH_EVENT_BYTES];
        ccgw_buf_t key = bench_box_key(bytes, i), buf = { body, sizeof body };

        bench_event_fill(body, i % s->sessions, i, 0);
        if (first)
            expect(s->provider->open_box(txn, key), "open_box");
        expect(s->provider->append(txn, &key, 1, buf), "append");
    }
    expect(s->provider->commit(&at, txn, CCGW_DURABLE_DISK), "commit");
    for (i = from; i < until; i++)
        bench_ring_add(&s->notes->rings[i], at);
    return until;
}

static void fill(void *baton)
{
    const bench_store_t *s = baton;
    apr_pool_t *child, *pool;
    int i, n;

    apr_pool_create(&child, NULL);
    apr_pool_create(&pool, NULL);
    expect(s->provider->open_child(s->store, NULL, NULL, child), "open_child");
    fill_sessions(s, pool);
    for (n = 0; n < BENCH_PRELOADED; n++) {
        for (i = 0; i < s->boxes;)
            i = fill_boxes(s, i, n == 0, pool);
    }
    apr_pool_destroy(child);
}

/* ---- opening, keeping, closing ---- */

static void print_trouble(void *baton, int level, const char *text)
{
    if (level <= 4)
        fprintf(stderr, "  the store says: %s\n", text);
}

static void open_store(bench_store_t *s)
{
    const char *why;
    apr_status_t rv;

    apr_pool_create(&s->pool, NULL);
    rv = s->provider->open_parent(&s->store, &why, &s->config, s->pool);
    if (rv != APR_SUCCESS)
        bench_fail("%s does not open: %s (%d)", s->config.dir, why, rv);
}

static void keep(bench_store_t *s)
{
    apr_pool_t *child;

    apr_pool_create(&child, NULL);
    expect(s->provider->open_child(s->store, NULL, NULL, child), "open_child");
    while (!__atomic_load_n(&s->notes->stop, __ATOMIC_ACQUIRE)) {
        expect(s->provider->housekeep(s->store, 0), "housekeep");
        s->notes->kept_written = bench_written();
        usleep(KEEPING);
    }
    expect(s->provider->housekeep(s->store, 1), "housekeep");
    apr_pool_destroy(child);
    _exit(0);
}

void bench_store_open(bench_store_t *s, const char *dir)
{
    s->provider = ccgw_store_find("local");
    s->config.dir = dir;
    s->config.uid = getuid();
    s->config.gid = getgid();
    s->config.durability = CCGW_DURABLE_DISK;
    s->config.mailbox_events = BENCH_BOX_EVENTS;
    s->config.mailbox_bytes = BENCH_BOX_EVENTS * 1024;
    s->config.log = print_trouble;
    s->notes = bench_share(sizeof *s->notes);
    s->notes->changes = bench_share((apr_size_t)s->sessions * sizeof *s->notes->changes);
    s->notes->rings = bench_share((apr_size_t)s->boxes * sizeof *s->notes->rings);
    open_store(s);
    bench_apart(fill, s);
    s->keeper = bench_fork();
    if (!s->keeper)
        keep(s);
}

void bench_store_close(bench_store_t *s)
{
    int status;

    __atomic_store_n(&s->notes->stop, 1, __ATOMIC_RELEASE);
    if (waitpid(s->keeper, &status, 0) != s->keeper || status)
        bench_fail("the keeper failed: status %#x", status);
    apr_pool_destroy(s->pool);
}

/* ---- counters ---- */

static void take_counter(void *baton, const char *name, apr_int64_t value)
{
    bench_counters_t *c = baton;
    const struct {
        const char *name;
        apr_int64_t *to;
    } known[] = {
        { "commits", &c->commits },       { "conflicts", &c->conflicts },  { "flushes", &c->flushes },
        { "journal_bytes", &c->journal }, { "snapshots", &c->snapshots },  { "files_recycled", &c->recycled },
        { "files_made", &c->made },       { "heap_bytes_used", &c->heap },
    };
    unsigned i;

    for (i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!strcmp(name, known[i].name))
            *known[i].to = value;
    }
}

static void count_apart(void *baton)
{
    bench_store_t *s = baton;
    apr_pool_t *child;

    apr_pool_create(&child, NULL);
    expect(s->provider->open_child(s->store, NULL, NULL, child), "open_child");
    memset(&s->notes->counters, 0xff, sizeof s->notes->counters);
    s->provider->stats(s->store, take_counter, &s->notes->counters);
    apr_pool_destroy(child);
}

void bench_store_count(bench_counters_t *counters, const bench_store_t *s)
{
    bench_apart(count_apart, (void *)s);
    *counters = s->notes->counters;
    counters->kept_written = s->notes->kept_written;
}

/* ---- what is there afterwards ---- */

static void verify_session(const bench_store_t *s, int i, apr_pool_t *pool)
{
    apr_uint64_t n = 0;
    ccgw_record_t record;
    char bytes[64];

    expect(s->provider->peek(&record, begin(s, pool), CCGW_TABLE_SESSION, bench_session_key(bytes, i)), "peek");
    if (!bench_session_holds(record.value, i, &n) || record.value.n != (apr_size_t)s->value)
        bench_fail("session %d is not whole after the start", i);
    if (n != s->notes->changes[i])
        bench_fail("session %d was changed %u times, after the start %llu are known", i, s->notes->changes[i],
                   (unsigned long long)n);
}

static int compare_cursors(const void *a, const void *b)
{
    const ccgw_cursor_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static int is_among(ccgw_cursor_t at, const ccgw_stored_event_t *events, int n)
{
    while (n-- && events[n].at != at)
        continue;
    return n >= 0;
}

static void verify_box(const bench_store_t *s, int i, apr_pool_t *pool)
{
    ccgw_buf_t tenant = { TENANT, TENANT_SIZE - 1 }, key;
    ccgw_cursor_t *at = s->notes->rings[i].at, upto;
    ccgw_stored_event_t *events;
    apr_status_t rv;
    char bytes[64];
    int n, e;

    apr_pool_clear(pool);
    key = bench_box_key(bytes, i);
    qsort(at, BENCH_RING, sizeof *at, compare_cursors);
    rv = s->provider->events(&events, &n, &upto, s->store, tenant, &key, 1, at[0], 10000, pool);
    if (rv != APR_SUCCESS)
        bench_fail("mailbox %d does not hold its last %d events after the start: status %d", i, BENCH_RING, rv);
    for (e = 1; e < BENCH_RING; e++) {
        if (at[e] != at[0] && !is_among(at[e], events, n))
            bench_fail("an event of mailbox %d is missing after the start", i);
    }
    for (e = 0; e < n; e++) {
        apr_uint64_t change;
        int session;

        if (!bench_event_holds(events[e].body, i, &session, &change) || session >= s->sessions ||
            change > s->notes->changes[session])
            bench_fail("an event of mailbox %d is not what was appended", i);
    }
}

static void verify_apart(void *baton)
{
    bench_store_t *s = baton;
    apr_pool_t *child, *pool;
    int i;

    open_store(s);
    apr_pool_create(&child, NULL);
    apr_pool_create(&pool, NULL);
    expect(s->provider->open_child(s->store, NULL, NULL, child), "open_child");
    for (i = 0; i < s->sessions; i++)
        verify_session(s, i, pool);
    for (i = 0; i < s->boxes; i++)
        verify_box(s, i, pool);
    apr_pool_destroy(child);
}

void bench_store_verify(bench_store_t *s)
{
    bench_apart(verify_apart, s);
}
