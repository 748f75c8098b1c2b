/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_readers.c: readers beside writers: no value is torn, no commit is seen by half, no event is lost or split. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

#include <pthread.h>
#include <stdlib.h>

#define WRITERS 2
#define READERS 3
#define KEYS    8
#define EVENTS  3
#define LIFE    apr_time_from_msec(1500)

typedef struct thread_t {
    fixture_t *f;
    pthread_t thread;
    int who;
    int *over;
    ccgw_cursor_t from; /* before the first commit of a writer */
    long rounds;
    const char *fault; /* what a reader saw that must not be */
} thread_t;

static int is_over(const thread_t *t)
{
    return __atomic_load_n(t->over, __ATOMIC_ACQUIRE) || t->fault;
}

/* All keys of a writer hold the same number, in values of other lengths each time, filled with one letter. */
static ccgw_buf_t make_value(unsigned i, int k, apr_pool_t *pool)
{
    apr_size_t n = 16 + (i * 2654435761u >> 8) % (k ? 2000 : 40000);
    char *p = apr_palloc(pool, n + 1);

    memset(p, 'a' + (int)(i % 26), n);
    snprintf(p, 16, "%014u", i);
    p[14] = ' ';
    p[15] = 'a' + (char)(i % 26);
    return bytes(p, n);
}

static int is_whole(ccgw_buf_t value, unsigned *number)
{
    const char *p = value.p;
    apr_size_t i;

    *number = (unsigned)strtoul(p, NULL, 10);
    for (i = 15; i < value.n; i++) {
        if (p[i] != 'a' + (char)(*number % 26))
            return 0;
    }
    return value.n >= 16;
}

/* One commit: all keys, a key that comes and goes, and a few events in two mailboxes. */
static void write_round(thread_t *t, unsigned i, apr_pool_t *pool)
{
    ccgw_buf_t boxes[2] = { keyf("box%d", t->who), key("topic") }, fleeting = keyf("w%d-x", t->who);
    ccgw_record_t *records;
    ccgw_txn_t *txn;
    int k, n;

    provider->begin(&txn, t->f->store, TENANT, pool);
    provider->range(&records, &n, txn, CCGW_TABLE_SESSION, keyf("w%d-", t->who), keyf("w%d.", t->who), 100);
    for (k = 0; k < KEYS; k++)
        provider->put(txn, CCGW_TABLE_SESSION, key(apr_psprintf(pool, "w%d-%d", t->who, k)), make_value(i, k, pool), 0);
    if (i % 2)
        provider->put(txn, CCGW_TABLE_SESSION, fleeting, make_value(i, 1, pool), 0);
    else
        provider->del(txn, CCGW_TABLE_SESSION, fleeting);
    for (k = 0; k < EVENTS; k++)
        provider->append(txn, boxes, 2, text(apr_psprintf(pool, "%d %u %d", t->who, i, k)));
    provider->commit(NULL, txn, CCGW_DURABLE_OS);
}

static void *write_on(void *baton)
{
    thread_t *t = baton;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    while (!is_over(t)) {
        apr_pool_clear(pool);
        write_round(t, (unsigned)++t->rounds, pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* A range of one writer is the work of one commit. */
static void check_range(thread_t *t, int who, apr_pool_t *pool)
{
    ccgw_record_t *records;
    unsigned first = 0, number;
    ccgw_txn_t *txn;
    int n, i;

    provider->begin(&txn, t->f->store, TENANT, pool);
    if (provider->scan(&records, &n, txn, CCGW_TABLE_SESSION, keyf("w%d-", who), keyf("w%d.", who), 100))
        t->fault = "a scan failed";
    for (i = 0; i < n; i++) {
        if (!is_whole(records[i].value, &number))
            t->fault = "a value is torn";
        if (i && number != first)
            t->fault = "a range shows half a commit";
        first = i ? first : number;
    }
    if (n && n != KEYS + (int)(first % 2))
        t->fault = "a range lacks a record, or has one too many";
}

/* Each reader follows one writer's mailbox, or all writers' topic, from the start on. */
static void check_events(thread_t *t, ccgw_cursor_t *at, unsigned *seen, apr_pool_t *pool)
{
    ccgw_buf_t box = t->who < WRITERS ? keyf("box%d", t->who) : key("topic");
    ccgw_stored_event_t *events;
    apr_status_t rv;
    int n, i;

    rv = provider->events(&events, &n, at, t->f->store, TENANT, &box, 1, *at, 4, pool);
    if (rv != APR_SUCCESS || n % EVENTS)
        t->fault = rv ? "events were refused" : "a commit's events are split";
    for (i = 0; i < n; i++) {
        unsigned who = 0, number = 0, which = 0;

        if (sscanf(events[i].body.p, "%u %u %u", &who, &number, &which) != 3 || who >= WRITERS)
            t->fault = "an event is torn";
        else if (which != (unsigned)(i % EVENTS) || number != seen[who] + 1)
            t->fault = "an event is lost, doubled or out of order";
        else if (which == EVENTS - 1)
            seen[who] = number;
    }
}

static void *read_on(void *baton)
{
    thread_t *t = baton;
    ccgw_cursor_t at = t->from;
    unsigned seen[WRITERS] = { 0 };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    while (!is_over(t)) {
        apr_pool_clear(pool);
        check_range(t, (int)(t->rounds++ % WRITERS), pool);
        check_events(t, &at, seen, pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void test_readers(void)
{
    fixture_t f = fresh_small("readers");
    thread_t threads[WRITERS + READERS];
    apr_time_t until = apr_time_now() + LIFE;
    long commits = 0, reads = 0;
    ccgw_cursor_t from;
    int over = 0, i;

    f.config.memory = 64 * 1024 * 1024;
    f.config.mailbox_events = 1000000;
    f.config.mailbox_bytes = 1000000000;
    open_store(&f);
    box_op(&f, "box0", 1);
    box_op(&f, "box1", 1);
    from = box_op(&f, "topic", 1);
    for (i = WRITERS + READERS - 1; i >= 0; i--) {
        threads[i] = (thread_t){ .f = &f, .who = i < WRITERS ? i : i - WRITERS, .over = &over, .from = from };
        pthread_create(&threads[i].thread, NULL, i < WRITERS ? write_on : read_on, &threads[i]);
    }
    while (apr_time_now() < until)
        provider->housekeep(f.store, 0);
    __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
    for (i = 0; i < WRITERS + READERS; i++) {
        pthread_join(threads[i].thread, NULL);
        *(i < WRITERS ? &commits : &reads) += threads[i].rounds;
    }
    for (i = WRITERS; i < WRITERS + READERS; i++)
        is_str(threads[i].fault, NULL, "reader %d of %s sees whole values, whole commits, all events in order",
               i - WRITERS, i - WRITERS < WRITERS ? "one writer" : "a topic");
    ok(commits > 50 && reads > 50, "while %ld commits and %ld looks were made", commits, reads);
    ok(stat_of(&f, "locked_reads") < reads, "most looks needed no lock (%lld did)",
       (long long)stat_of(&f, "locked_reads"));
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_readers();
    suite_end();
    return done_testing();
}
