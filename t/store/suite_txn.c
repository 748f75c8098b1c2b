/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_txn.c: transactions: what is checked at commit, what they may hold, threads that compete. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

#include <pthread.h>
#include <stdlib.h>

static void test_reads_are_checked(void)
{
    fixture_t f = fresh("checks");
    ccgw_record_t record, *records;
    ccgw_txn_t *txn;
    int n;

    is_int(open_store(&f), APR_SUCCESS, "an empty directory opens");
    write_one(&f, "a", "1");

    txn = begin(&f);
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("a"));
    provider->put(txn, CCGW_TABLE_SESSION, key("a"), text("mine"), 0);
    write_one(&f, "a", "2");
    is_int(provider->commit(NULL, txn, 0), CCGW_ECONFLICT, "a record that changed since it was read is a conflict");
    is_str(read_one(&f, "a"), "2", "and nothing of the loser is stored");

    txn = begin(&f);
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("b"));
    is_int(record.version, 0, "what is not there has version 0");
    write_one(&f, "b", "1");
    provider->put(txn, CCGW_TABLE_SESSION, key("b"), text("mine"), 0);
    is_int(provider->commit(NULL, txn, 0), CCGW_ECONFLICT, "a record that appeared since it was missed is a conflict");

    txn = begin(&f);
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("a"));
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("c"));
    provider->put(txn, CCGW_TABLE_SESSION, key("c"), text("mine"), 0);
    write_one(&f, "a", NULL);
    is_int(provider->commit(NULL, txn, 0), CCGW_ECONFLICT, "a record that was deleted since it was read is a conflict");

    txn = begin(&f);
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("b"));
    write_one(&f, "b", NULL);
    write_one(&f, "b", "1");
    is_int(provider->commit(NULL, txn, 0), CCGW_ECONFLICT, "deleted and made again is not the same record");

    txn = begin(&f);
    provider->peek(&record, txn, CCGW_TABLE_SESSION, key("b"));
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("d"));
    provider->put(txn, CCGW_TABLE_SESSION, key("d"), text("mine"), 0);
    write_one(&f, "b", "2");
    is_int(provider->commit(NULL, txn, 0), APR_SUCCESS, "a record that was only peeked at may change");

    txn = begin(&f);
    provider->scan(&records, &n, txn, CCGW_TABLE_SESSION, FIRST, BEHIND, 10);
    is_int(n, 2, "a scan sees all records of the table");
    write_one(&f, "e", "1");
    is_int(provider->commit(NULL, txn, 0), APR_SUCCESS, "and is not checked");
    close_store(&f);
}

static void test_phantoms(void)
{
    static const struct {
        const char *says;
        int max;
        const char *name, *value;
        int want;
    } cases[] = {
        { "a record that appears inside a range", 10, "k15", "new", CCGW_ECONFLICT },
        { "a record that changes inside a range", 10, "k20", "new", CCGW_ECONFLICT },
        { "a record that goes from a range", 10, "k20", NULL, CCGW_ECONFLICT },
        { "a record that appears behind the last of a range read to its end", 10, "k40", "new", CCGW_ECONFLICT },
        { "a record that appears before the range", 10, "k05", "new", APR_SUCCESS },
        { "a record that appears behind the part that was read", 2, "k25", "new", APR_SUCCESS },
        { "a change behind the part that was read", 2, "k30", "new", APR_SUCCESS },
        { "a change of the last record of the part that was read", 2, "k20", "new", CCGW_ECONFLICT },
    };
    ccgw_record_t *records;
    ccgw_txn_t *txn;
    unsigned i;
    int n, j;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_t f = fresh(apr_psprintf(root, "phantom%u", i));

        open_store(&f);
        for (j = 10; j <= 30; j += 10)
            write_as(&f, CCGW_TABLE_SESSION, keyf("k%02d", j), "old", 0);
        txn = begin(&f);
        provider->range(&records, &n, txn, CCGW_TABLE_SESSION, key("k10"), key("k99"), cases[i].max);
        is_int(n, cases[i].max < 3 ? cases[i].max : 3, "the range is read in order up to its bound");
        provider->put(txn, CCGW_TABLE_SESSION, key("k10"), text("mine"), 0);
        write_one(&f, cases[i].name, cases[i].value);
        is_int(provider->commit(NULL, txn, 0), cases[i].want, "%s %s", cases[i].says,
               cases[i].want ? "is a conflict" : "is none");
        close_store(&f);
    }
}

static void test_own_writes(void)
{
    fixture_t f = fresh("own");
    ccgw_record_t record, *records;
    ccgw_txn_t *txn;
    int n;

    open_store(&f);
    txn = begin(&f);
    is_int(provider->put(txn, CCGW_TABLE_SESSION, key("a"), text("x"), 0), CCGW_EINVAL,
           "a put of a key that was not read is refused");
    is_int(provider->del(txn, CCGW_TABLE_SESSION, key("a")), CCGW_EINVAL, "so is a delete");
    provider->peek(&record, txn, CCGW_TABLE_SESSION, key("a"));
    is_int(provider->put(txn, CCGW_TABLE_SESSION, key("a"), text("x"), 0), CCGW_EINVAL, "a peek is no read");
    provider->range(&records, &n, txn, CCGW_TABLE_SESSION, key("a"), key("c"), 5);
    is_int(provider->put(txn, CCGW_TABLE_SESSION, key("b"), text("x"), 7), APR_SUCCESS,
           "a key inside a range that was read may be put");
    is_int(provider->put(txn, CCGW_TABLE_SESSION, key("c"), text("x"), 0), CCGW_EINVAL, "one at its end may not");
    is_int(provider->put(txn, CCGW_TABLE_AGENT, key("b"), text("x"), 0), CCGW_EINVAL, "nor one of another table");

    provider->get(&record, txn, CCGW_TABLE_SESSION, key("b"));
    is_str(record.value.p, "x", "get sees the transaction's own put");
    ok(record.version != 0 && record.due == 7, "with a version and its due time");
    provider->put(txn, CCGW_TABLE_SESSION, key("b"), text("y"), 0);
    provider->range(&records, &n, txn, CCGW_TABLE_SESSION, key("a"), key("c"), 5);
    is_int(n, 0, "range does not see it");
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("z"));
    provider->del(txn, CCGW_TABLE_SESSION, key("z"));
    is_int(provider->commit(NULL, txn, 0), APR_SUCCESS, "deleting what is not there is no fault");
    is_str(read_one(&f, "b"), "y", "the last put of a key counts");

    txn = begin(&f);
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("b"));
    provider->del(txn, CCGW_TABLE_SESSION, key("b"));
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("b"));
    is_int(record.version, 0, "get sees the transaction's own delete");
    provider->commit(NULL, txn, 0);
    is_str(read_one(&f, "b"), NULL, "and it is gone after the commit");
    close_store(&f);
}

static void test_tenants_and_limits(void)
{
    fixture_t f = fresh("limits");
    char *big = apr_pcalloc(root, CCGW_TXN_MAX_BYTES + 1);
    char *long_key = apr_pcalloc(root, CCGW_KEY_MAX + 1);
    ccgw_record_t record, *records;
    ccgw_txn_t *txn;
    apr_status_t rv = APR_SUCCESS;
    int i, n;

    open_store(&f);
    txn = begin(&f);
    is_int(provider->get(&record, txn, CCGW_TABLE_SESSION, bytes("other\0k", 7)), CCGW_EINVAL,
           "another tenant's key is refused");
    is_int(provider->get(&record, txn, CCGW_TABLE_SESSION, bytes("acmek", 5)), CCGW_EINVAL,
           "the tenant's name must end in a zero byte");
    is_int(provider->open_box(txn, bytes("other\0k", 7)), CCGW_EINVAL, "another tenant's mailbox is refused");
    memcpy(long_key, "acme", 5);
    is_int(provider->get(&record, txn, CCGW_TABLE_SESSION, bytes(long_key, CCGW_KEY_MAX + 1)), CCGW_EINVAL,
           "a key may not be too long");
    is_int(provider->get(&record, txn, CCGW_TABLE_SESSION, bytes(long_key, CCGW_KEY_MAX)), APR_SUCCESS,
           "the longest one may be read");

    provider->get(&record, txn, CCGW_TABLE_SESSION, key("big"));
    is_int(provider->put(txn, CCGW_TABLE_SESSION, key("big"), bytes(big, CCGW_TXN_MAX_BYTES + 1), 0), CCGW_ELIMIT,
           "a transaction has a bound in bytes");
    for (i = 0; i < CCGW_TXN_MAX_BYTES / 2; i++)
        big[i] = (char)('a' + i % 23);
    is_int(provider->put(txn, CCGW_TABLE_SESSION, key("big"), bytes(big, CCGW_TXN_MAX_BYTES / 2), 0), APR_SUCCESS,
           "half of it may be one record");
    is_int(provider->commit(NULL, txn, 0), APR_SUCCESS, "and is stored");
    provider->peek(&record, begin(&f), CCGW_TABLE_SESSION, key("big"));
    ok(record.value.n == CCGW_TXN_MAX_BYTES / 2 && !memcmp(record.value.p, big, record.value.n),
       "a record of half a megabyte comes back whole");

    txn = begin(&f);
    provider->range(&records, &n, txn, CCGW_TABLE_AGENT, FIRST, BEHIND, 10);
    for (i = 0; i < CCGW_TXN_MAX_OPS && rv == APR_SUCCESS; i++)
        rv = provider->put(txn, CCGW_TABLE_AGENT, keyf("agent%05d", i), text("v"), 0);
    is_int(rv, APR_SUCCESS, "a transaction may hold %d operations", CCGW_TXN_MAX_OPS);
    is_int(provider->put(txn, CCGW_TABLE_AGENT, key("agentx"), text("v"), 0), CCGW_ELIMIT, "one more is refused");
    is_int(provider->commit(NULL, txn, 0), APR_SUCCESS, "they are committed at once");
    provider->scan(&records, &n, begin(&f), CCGW_TABLE_AGENT, FIRST, BEHIND, 10000);
    is_int(n, CCGW_TXN_MAX_OPS, "and all are there");
    for (i = 1; i < n && memcmp(records[i - 1].key.p, records[i].key.p, records[i].key.n) < 0; i++)
        continue;
    is_int(i, n, "in the order of their keys");
    close_store(&f);
}
/* ---- many threads ---- */

/* A value of N bytes that no other N and no other place of it has. */
static ccgw_buf_t make_value(unsigned n, apr_pool_t *pool)
{
    char *p = apr_palloc(pool, n + 1);
    unsigned i;

    for (i = 0; i < n; i++)
        p[i] = (char)(i * 131 + i / 251 + n);
    return bytes(p, n);
}

static int is_value(fixture_t *f, ccgw_buf_t k, unsigned n)
{
    ccgw_buf_t want = make_value(n, f->pool);
    ccgw_record_t record;

    return provider->peek(&record, begin(f), CCGW_TABLE_MESSAGE, k) == APR_SUCCESS && record.version &&
           record.value.n == n && !memcmp(record.value.p, want.p, n) && record.key.n == k.n &&
           !memcmp(record.key.p, k.p, k.n);
}

/* Around each multiple of 64 bytes up to the largest block, and around what fits one, two and three blocks. */
static void test_sizes(void)
{
    fixture_t f = fresh("sizes");
    char *long_key = apr_pcalloc(root, CCGW_KEY_MAX);
    unsigned sizes[2000], n, count = 0, i, good = 0;

    for (n = 0; n <= 256 && count + 3 <= 2000; n += n < 32 ? 1 : 8) {
        sizes[count++] = n * 64;
        sizes[count++] = n * 64 + 16;
        if (n)
            sizes[count++] = n * 64 - 1;
    }
    for (n = 16384 - 80; n < 16384 + 80; n += 4)
        sizes[count++] = n;
    for (n = 1; n < 4; n++) {
        for (i = 0; i < 160; i += 4)
            sizes[count++] = n * 16384 - 128 + i;
    }
    open_store(&f);
    for (i = 0; i < count; i++)
        write_buf(&f, CCGW_TABLE_MESSAGE, key("v"), make_value(sizes[i], f.pool), CCGW_DURABLE_OS);
    for (i = 0; i < count; i++) {
        write_buf(&f, CCGW_TABLE_MESSAGE, keyf("v%d", (int)(i % 50)), make_value(sizes[i], f.pool), CCGW_DURABLE_OS);
        good += (unsigned)is_value(&f, keyf("v%d", (int)(i % 50)), sizes[i]);
    }
    is_int(good, count, "values of %u sizes around the limits of blocks come back whole", count);
    memset(long_key, 'k', CCGW_KEY_MAX);
    memcpy(long_key, "acme", 5);
    for (n = 6; n <= CCGW_KEY_MAX; n++)
        write_buf(&f, CCGW_TABLE_MESSAGE, bytes(long_key, n), make_value(n, f.pool), CCGW_DURABLE_OS);
    for (n = 6, good = 0; n <= CCGW_KEY_MAX; n++)
        good += (unsigned)is_value(&f, bytes(long_key, n), n);
    is_int(good, CCGW_KEY_MAX - 5, "keys of every length, each the beginning of the next, are told apart");
    close_store(&f);
    open_store(&f);
    for (n = 6, good = 0; n <= CCGW_KEY_MAX; n++)
        good += (unsigned)is_value(&f, bytes(long_key, n), n);
    is_int(good, CCGW_KEY_MAX - 5, "after a restart too");
    close_store(&f);
}

/* 4096 operations and 1 MiB at once, in records and in one event for as many mailboxes as fit. */
static void test_largest(void)
{
    fixture_t f = fresh("largest");
    ccgw_buf_t *boxes = apr_palloc(root, CCGW_TXN_MAX_OPS * sizeof *boxes);
    char *body = apr_pcalloc(root, CCGW_TXN_MAX_BYTES);
    ccgw_stored_event_t *events;
    ccgw_record_t *records;
    apr_status_t rv = APR_SUCCESS;
    ccgw_cursor_t at;
    ccgw_txn_t *txn;
    apr_size_t left = CCGW_TXN_MAX_BYTES;
    int i, n;

    memset(body, 'x', CCGW_TXN_MAX_BYTES);
    open_store(&f);
    txn = begin(&f);
    provider->range(&records, &n, txn, CCGW_TABLE_SESSION, FIRST, BEHIND, 10);
    for (i = 0; i < CCGW_TXN_MAX_OPS && rv == APR_SUCCESS; i++) {
        ccgw_buf_t k = keyf("k%04d", i);
        apr_size_t value = i < CCGW_TXN_MAX_OPS - 1 ? 240 : left - k.n;

        rv = provider->put(txn, CCGW_TABLE_SESSION, k, bytes(body, value), 0);
        left -= k.n + value;
    }
    is_int(rv, APR_SUCCESS, "4096 operations of 1 MiB together are taken");
    is_int(left, 0, "to the last byte");
    is_int(provider->commit(NULL, txn, 0), APR_SUCCESS, "and committed");
    for (i = 0; i < CCGW_TXN_MAX_OPS; i++)
        boxes[i] = text(apr_psprintf(root, "acme#%04d", i));
    for (i = 0, left = CCGW_TXN_MAX_BYTES; i < CCGW_TXN_MAX_OPS; i++) {
        ((char *)(size_t)boxes[i].p)[4] = '\0';
        left -= boxes[i].n;
    }
    txn = begin(&f);
    for (i = 0; i < CCGW_TXN_MAX_OPS; i++)
        provider->open_box(txn, boxes[i]);
    is_int(provider->commit(&at, txn, 0), APR_SUCCESS, "4096 mailboxes are opened at once");
    txn = begin(&f);
    is_int(provider->append(txn, boxes, CCGW_TXN_MAX_OPS, bytes(body, left)), APR_SUCCESS,
           "one event for 4096 mailboxes fills a transaction");
    is_int(provider->append(txn, boxes, 1, bytes("", 0)), CCGW_ELIMIT, "no more fits");
    is_int(provider->commit(NULL, txn, 0), APR_SUCCESS, "it is committed");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "all of it is read again");
    provider->scan(&records, &n, begin(&f), CCGW_TABLE_SESSION, FIRST, BEHIND, 10000);
    is_int(n, CCGW_TXN_MAX_OPS, "with all records");
    rv = provider->events(&events, &n, &at, f.store, TENANT, boxes, CCGW_TXN_MAX_OPS, at, 10, f.pool);
    ok(rv == APR_SUCCESS && n == 1 && events[0].body.n == left, "and the event, once, in all mailboxes together");
    close_store(&f);
}

typedef struct adder_t {
    fixture_t *f;
    int done;
} adder_t;

static void *add_up(void *baton)
{
    adder_t *adder = baton;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    while (adder->done < 200) {
        ccgw_record_t record;
        ccgw_txn_t *txn;
        char value[32];

        apr_pool_clear(pool);
        provider->begin(&txn, adder->f->store, TENANT, pool);
        provider->get(&record, txn, CCGW_TABLE_SESSION, key("sum"));
        snprintf(value, sizeof value, "%d", atoi(record.value.p) + 1);
        provider->put(txn, CCGW_TABLE_SESSION, key("sum"), text(value), 0);
        adder->done += provider->commit(NULL, txn, CCGW_DURABLE_OS) == APR_SUCCESS;
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void test_threads(void)
{
    fixture_t f = fresh("threads");
    adder_t adders[4];
    pthread_t threads[4];
    int i;

    open_store(&f);
    for (i = 0; i < 4; i++) {
        adders[i].f = &f;
        adders[i].done = 0;
        pthread_create(&threads[i], NULL, add_up, &adders[i]);
    }
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    is_str(read_one(&f, "sum"), "800", "threads that add to one record lose no addition");
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_reads_are_checked();
    test_phantoms();
    test_own_writes();
    test_tenants_and_limits();
    test_sizes();
    test_largest();
    test_threads();
    suite_end();
    return done_testing();
}
