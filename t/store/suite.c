/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite.c: the contracts of include/ccgw_store.h, run against a provider. Usage: suite
 * [provider]
 *
 * Every test opens a store of its own in a fresh directory. "Closing" is the end of the pool
 * that holds it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "ccgw_store.h"
#include "dir.h"
#include "store/ccgw_store_front.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const ccgw_store_provider_t *provider;
static apr_pool_t *root;
static const char *base;
static char logged[1024];

typedef struct fixture_t {
    const char *dir;
    apr_pool_t *pool;
    ccgw_store_t *store;
    const char *why;
    ccgw_store_config_t config;
} fixture_t;

/* ---- helpers ---- */

static ccgw_buf_t bytes(const char *p, apr_size_t n)
{
    ccgw_buf_t buf = { p, n };

    return buf;
}

/* "acme" and NAME with the zero byte between. */
static ccgw_buf_t key(const char *name)
{
    static __thread char ring[64][80];
    static __thread int next;
    char *at = ring[next++ % 64];
    int n = snprintf(at + 5, 70, "%s", name);

    memcpy(at, "acme", 5);
    return bytes(at, 5 + (apr_size_t)n);
}

static ccgw_buf_t keyf(const char *format, int i)
{
    char name[64];

    snprintf(name, sizeof name, format, i);
    return key(name);
}

static ccgw_buf_t text(const char *s)
{
    return bytes(s, strlen(s));
}

#define TENANT bytes("acme", 4)
#define FIRST  bytes("acme\0", 5)
#define BEHIND bytes("acme\1", 5)

static void take_log(void *baton, int level, const char *said)
{
    snprintf(logged, sizeof logged, "%s", said);
}

static void *open_memory(apr_size_t n)
{
    return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static fixture_t fresh(const char *name)
{
    fixture_t f = { 0 };

    f.dir = apr_psprintf(root, "%s/%s", base, name);
    f.config.dir = f.dir;
    f.config.memory = 32 * 1024 * 1024;
    f.config.durability = CCGW_DURABLE_DISK;
    f.config.uid = getuid();
    f.config.gid = getgid();
    f.config.mailbox_events = 16;
    f.config.mailbox_bytes = 64 * 1024;
    f.config.log = take_log;
    return f;
}

static apr_status_t open_store(fixture_t *f)
{
    apr_status_t rv;

    apr_pool_create(&f->pool, root);
    rv = provider->open_parent(&f->store, &f->why, &f->config, f->pool);
    if (rv == APR_SUCCESS)
        rv = provider->open_child(f->store, NULL, NULL, f->pool);
    else
        f->why = apr_pstrdup(root, f->why);
    return rv;
}

static void close_store(fixture_t *f)
{
    apr_pool_destroy(f->pool);
}

static ccgw_txn_t *begin(fixture_t *f)
{
    ccgw_txn_t *txn;

    return provider->begin(&txn, f->store, TENANT, f->pool) == APR_SUCCESS ? txn : NULL;
}

static apr_status_t write_as(fixture_t *f, ccgw_table_t table, ccgw_buf_t k, const char *value, apr_time_t due)
{
    ccgw_txn_t *txn = begin(f);
    ccgw_record_t record;
    apr_status_t rv = provider->get(&record, txn, table, k);

    if (rv == APR_SUCCESS)
        rv = value ? provider->put(txn, table, k, text(value), due) : provider->del(txn, table, k);
    return rv == APR_SUCCESS ? provider->commit(NULL, txn, CCGW_DURABLE_UNSET) : rv;
}

static apr_status_t write_one(fixture_t *f, const char *name, const char *value)
{
    return write_as(f, CCGW_TABLE_SESSION, key(name), value, 0);
}

/* The value of NAME, or NULL. */
static const char *read_one(fixture_t *f, const char *name)
{
    ccgw_record_t record;

    if (provider->peek(&record, begin(f), CCGW_TABLE_SESSION, key(name)) != APR_SUCCESS || !record.version)
        return NULL;
    return record.value.p;
}

static ccgw_cursor_t box_op(fixture_t *f, const char *box, int open)
{
    ccgw_txn_t *txn = begin(f);
    ccgw_cursor_t at = 0;

    if (open)
        provider->open_box(txn, key(box));
    else
        provider->close_box(txn, key(box));
    return provider->commit(&at, txn, CCGW_DURABLE_UNSET) == APR_SUCCESS ? at : 0;
}

static ccgw_cursor_t send_event(fixture_t *f, const char *a, const char *b, const char *body, ccgw_durability_t level)
{
    ccgw_txn_t *txn = begin(f);
    ccgw_buf_t boxes[2] = { key(a), key(b ? b : a) };
    ccgw_cursor_t at = 0;

    provider->append(txn, boxes, b ? 2 : 1, text(body));
    return provider->commit(&at, txn, level) == APR_SUCCESS ? at : 0;
}

/* Bodies of the events behind *AFTER, joined by spaces; *AFTER moves. NULL: CCGW_ERESYNC, and
 * *AFTER is the end. */
static const char *read_box(fixture_t *f, const char *a, const char *b, ccgw_cursor_t *after, int max)
{
    ccgw_buf_t boxes[2] = { key(a), key(b ? b : a) };
    ccgw_stored_event_t *events;
    const char *joined = "";
    apr_status_t rv;
    int n, i;

    rv = provider->events(&events, &n, after, f->store, TENANT, boxes, b ? 2 : 1, *after, max, f->pool);
    if (rv == CCGW_ERESYNC)
        return NULL;
    if (rv != APR_SUCCESS)
        return "(failed)";
    for (i = 0; i < n; i++)
        joined = apr_pstrcat(f->pool, joined, i ? " " : "", (const char *)events[i].body.p, NULL);
    return joined;
}

/* ---- transactions ---- */

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

static void test_full_memory(void)
{
    fixture_t f = fresh("full");
    char *big = apr_pcalloc(root, 100 * 1024 + 1);
    apr_status_t rv = APR_SUCCESS;
    int i, stored;

    f.config.memory = 16 * 1024 * 1024;
    open_store(&f);
    memset(big, 'x', 100 * 1024);
    for (i = 0; i < 1000 && rv == APR_SUCCESS; i++)
        rv = write_as(&f, CCGW_TABLE_SESSION, keyf("k%04d", i), big, 0);
    is_int(rv, CCGW_ENOSPACE, "a full memory refuses a commit");
    stored = i - 1;
    ok(stored > 20 && read_one(&f, apr_psprintf(root, "k%04d", stored)) == NULL, "and nothing of it happened");
    for (i = 0; i < 20; i++)
        write_as(&f, CCGW_TABLE_SESSION, keyf("k%04d", stored), big, 0);
    is_int(write_one(&f, "part", big + 86 * 1024), APR_SUCCESS, "what refused commits had taken is given back");
    is_int(write_one(&f, "k0003", NULL), APR_SUCCESS, "a delete needs no memory");
    write_one(&f, "k0004", NULL);
    is_int(write_as(&f, CCGW_TABLE_SESSION, keyf("k%04d", stored), big, 0), APR_SUCCESS,
           "what was freed can be used again");
    for (i = 0, rv = APR_SUCCESS; i < 300 && rv == APR_SUCCESS; i++)
        rv = write_one(&f, "k0005", i % 2 ? big : "small");
    is_int(rv, APR_SUCCESS, "writing over and over loses no memory");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "a full store starts again in the same memory");
    close_store(&f);
}

/* ---- events ---- */

static void test_events(void)
{
    fixture_t f = fresh("events");
    ccgw_cursor_t at, sent, start;
    ccgw_buf_t box = key("m");
    ccgw_txn_t *txn;

    open_store(&f);
    start = provider->last(f.store, TENANT);
    send_event(&f, "m", NULL, "lost", 0);
    box_op(&f, "m", 1);
    box_op(&f, "topic", 1);
    at = start;
    is_str(read_box(&f, "m", NULL, &at, 10), "",
           "a mailbox takes nothing before it is opened; a reader from before "
           "its opening is welcome");
    sent = send_event(&f, "m", NULL, "e1", 0);
    ok(sent == provider->last(f.store, TENANT), "commit tells the cursor that last() shows");
    send_event(&f, "topic", NULL, "t1", 0);
    send_event(&f, "m", "topic", "both", 0);
    send_event(&f, "m", NULL, "e2", 0);
    start = at;
    is_str(read_box(&f, "m", "topic", &at, 10), "e1 t1 both e2",
           "mailboxes are merged in the order of commits, a "
           "shared event comes once");
    is_str(read_box(&f, "m", "topic", &at, 10), "", "and not again");
    at = start;
    is_str(read_box(&f, "m", "topic", &at, 2), "e1 t1", "at most MAX come");
    is_str(read_box(&f, "m", "topic", &at, 2), "both e2", "and the rest goes on from there");
    box_op(&f, "m", 1);
    at = start;
    is_str(read_box(&f, "m", NULL, &at, 10), "e1 both e2", "opening an open mailbox keeps its events");

    start = at;
    txn = begin(&f);
    provider->append(txn, &box, 1, text("p1"));
    provider->append(txn, &box, 1, text("p2"));
    provider->append(txn, &box, 1, text("p3"));
    provider->commit(NULL, txn, 0);
    send_event(&f, "m", NULL, "q", 0);
    is_str(read_box(&f, "m", NULL, &at, 2), "p1 p2 p3", "a commit's events are never split");
    is_str(read_box(&f, "m", NULL, &at, 2), "q", "the next commit follows");

    sent = send_event(&f, "m", NULL, "typing", CCGW_DURABLE_MEMORY);
    ok(sent > at, "a passing event moves the cursor");
    is_str(read_box(&f, "m", NULL, &at, 10), "typing", "a passing event reaches who is there");
    is_str(read_box(&f, "m", NULL, &at, 10), "", "once");
    close_store(&f);
}

static void test_resync(void)
{
    fixture_t f = fresh("resync");
    ccgw_cursor_t at, first, last;
    char body[16];
    int i;

    open_store(&f);
    first = box_op(&f, "m", 1);
    for (i = 0; i < 20; i++) {
        snprintf(body, sizeof body, "e%d", i);
        last = send_event(&f, "m", NULL, body, 0);
    }
    at = first;
    ok(!read_box(&f, "m", NULL, &at, 100), "a reader below what the mailbox holds is told to start over");
    ok(at == last, "and is given the present end");
    at = first + 4;
    is_str(read_box(&f, "m", NULL, &at, 3), "e4 e5 e6", "exactly the promised number is kept");
    at = first + 3;
    ok(!read_box(&f, "m", NULL, &at, 3), "one less is a hole");
    at = last + 1;
    ok(!read_box(&f, "m", NULL, &at, 3), "a cursor ahead of the last commit is refused");
    at = last ^ (apr_uint64_t)1 << 41;
    ok(!read_box(&f, "m", NULL, &at, 3), "one of another incarnation too");

    at = last;
    last = box_op(&f, "m", 0);
    send_event(&f, "m", NULL, "nobody", 0);
    box_op(&f, "m", 1);
    send_event(&f, "m", NULL, "new", 0);
    first = at;
    ok(!read_box(&f, "m", NULL, &at, 3), "a reader from before the closing is told to start over");
    at = last;
    is_str(read_box(&f, "m", NULL, &at, 3), "new", "one from after it gets what came after the new opening");
    ok(first < last, "(the closing is a commit of its own)");
    close_store(&f);
}

static void note_wake(void *baton, ccgw_buf_t mailbox, ccgw_cursor_t last)
{
    fixture_t *f = baton;

    snprintf(logged, sizeof logged, "%s %s", (const char *)mailbox.p + 5,
             provider->last(f->store, TENANT) >= last ? "visible" : "hidden");
}

static void test_wake(void)
{
    fixture_t f = fresh("wake");

    open_store(&f);
    box_op(&f, "m", 1);
    provider->open_child(f.store, note_wake, &f, f.pool);
    send_event(&f, "m", NULL, "e", 0);
    is_str(logged, "m visible", "a commit wakes the mailbox when its event may be seen");
    logged[0] = '\0';
    send_event(&f, "closed", NULL, "e", 0);
    is_str(logged, "", "a mailbox that is not open is not woken");
    close_store(&f);
}

/* Open or close 2000 mailboxes in one commit. */
static apr_status_t many_boxes(fixture_t *f, int first, int open)
{
    ccgw_txn_t *txn = begin(f);
    int i;

    for (i = first; i < first + 2000; i++) {
        if (open)
            provider->open_box(txn, keyf("many%d", i));
        else
            provider->close_box(txn, keyf("many%d", i));
    }
    return provider->commit(NULL, txn, CCGW_DURABLE_OS);
}

static apr_int64_t mailboxes;

static void take_mailboxes(void *baton, const char *name, apr_int64_t value)
{
    if (!strcmp(name, "mailboxes"))
        mailboxes = value;
}

static void test_forgotten_boxes(void)
{
    fixture_t f = fresh("forgotten");
    ccgw_cursor_t old, now;
    apr_status_t rv = APR_SUCCESS;
    int i;

    open_store(&f);
    many_boxes(&f, 0, 1);
    old = send_event(&f, "many0", NULL, "e", 0);
    for (i = 0; i < 4 && rv == APR_SUCCESS; i++) {
        many_boxes(&f, i * 2000, 1);
        rv = many_boxes(&f, i * 2000, 0);
    }
    is_int(rv, APR_SUCCESS, "8000 mailboxes are opened and closed");
    provider->housekeep(f.store, 0);
    provider->stats(f.store, take_mailboxes, NULL);
    ok(mailboxes < 4096, "housekeeping forgets most of them (%d are left)", (int)mailboxes);
    for (i = 0; i < 8000; i += 2000)
        many_boxes(&f, i, 1);
    now = send_event(&f, "many0", NULL, "new", 0) - 1;
    for (i = 0; i < 8000; i++) {
        ccgw_cursor_t at = old;

        if (read_box(&f, apr_psprintf(f.pool, "many%d", i), NULL, &at, 5))
            break;
    }
    is_int(i, 8000, "a reader from before is told to start over by each of them");
    is_str(read_box(&f, "many0", NULL, &now, 5), "new", "one from after goes on");
    close_store(&f);
}

/* ---- due times and words ---- */

static const char *read_due(fixture_t *f, apr_time_t until, int max, apr_time_t *next)
{
    const char *joined = "";
    ccgw_record_t *records;
    ccgw_table_t *tables;
    int n, i;

    provider->due(&records, &tables, &n, next, f->store, until, max, f->pool);
    for (i = 0; i < n; i++)
        joined = apr_psprintf(f->pool, "%s%s%d:%s", joined, i ? " " : "", (int)tables[i],
                              (const char *)records[i].key.p + 5);
    return joined;
}

static void test_due(void)
{
    fixture_t f = fresh("due");
    apr_time_t next;

    open_store(&f);
    is_str(read_due(&f, 1000, 10, &next), "", "nothing is due in an empty store");
    is_int(next, 0, "and nothing is next");
    write_as(&f, CCGW_TABLE_SESSION, key("c"), "v", 300);
    write_as(&f, CCGW_TABLE_SESSION, key("a"), "v", 100000);
    write_as(&f, CCGW_TABLE_LOGIN, key("b"), "v", 200);
    write_as(&f, CCGW_TABLE_LOGIN, key("never"), "v", 0);
    is_str(read_due(&f, 300, 10, &next), "2:b 4:c", "records come in the order of their due times");
    is_int(next, 100000, "with the time of the first of the others");
    is_str(read_due(&f, 300, 1, &next), "2:b", "at most MAX come");
    is_int(next, 300, "and the next may be due already");
    write_as(&f, CCGW_TABLE_LOGIN, key("b"), "w", 400);
    is_str(read_due(&f, 500, 10, &next), "4:c 2:b", "a moved due time counts once, where it is now");
    write_as(&f, CCGW_TABLE_LOGIN, key("b"), "x", 400);
    write_as(&f, CCGW_TABLE_SESSION, key("c"), "v", 0);
    write_as(&f, CCGW_TABLE_SESSION, key("a"), NULL, 0);
    is_str(read_due(&f, 1000000, 10, &next), "2:b", "without a due time, or deleted, a record is due no more");
    close_store(&f);
    open_store(&f);
    is_str(read_due(&f, 1000000, 10, &next), "2:b", "due times survive a restart");
    close_store(&f);
}

static apr_uint64_t word(fixture_t *f, const char *name, ccgw_word_t which, ccgw_word_op_t op, apr_uint64_t value)
{
    apr_uint64_t result = 77777;

    if (provider->word(&result, f->store, key(name), which, op, value) != APR_SUCCESS)
        return 99999;
    return result;
}

static void test_words(void)
{
    fixture_t f = fresh("words");
    apr_time_t until = apr_time_now() + apr_time_from_sec(5);
    apr_uint64_t refs;

    open_store(&f);
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 0, "a word never used is 0");
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_STORE, 5), 0, "store gives the old value");
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_RAISE, 3), 5, "raise does not lower");
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_RAISE, 9), 9, "raise raises");
    is_int(word(&f, "a", CCGW_WORD_REFS, CCGW_WORD_ADD, 1), 1, "the first reference number is 1");
    refs = word(&f, "a", CCGW_WORD_REFS, CCGW_WORD_ADD, 1);
    is_int(refs, 2, "the second is 2");
    word(&f, "a", CCGW_WORD_CARRIER, CCGW_WORD_STORE, 42);
    word(&f, "a", CCGW_WORD_TURN, CCGW_WORD_STORE, 8);
    word(&f, "b", CCGW_WORD_SEEN, CCGW_WORD_STORE, 1);
    is_int(word(&f, "b", CCGW_WORD_REFS, CCGW_WORD_LOAD, 0), 0, "keys do not share words");
    provider->forget(f.store, key("b"));
    is_int(word(&f, "b", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 0, "forgotten words are 0");
    provider->housekeep(f.store, 0);
    word(&f, "young", CCGW_WORD_REFS, CCGW_WORD_ADD, 1);
    close_store(&f);

    open_store(&f);
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 9, "words come back after a restart");
    is_int(word(&f, "b", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 0, "forgotten ones do not");
    is_int(word(&f, "a", CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0), 0, "no connection of before carries anything");
    ok(word(&f, "a", CCGW_WORD_TURN, CCGW_WORD_LOAD, 0) > 8, "no poll held before is the newest");
    ok(word(&f, "a", CCGW_WORD_REFS, CCGW_WORD_ADD, 1) > refs, "no reference number is given twice");
    ok(word(&f, "young", CCGW_WORD_REFS, CCGW_WORD_ADD, 1) > 1, "not even one that was never saved");
    ok(apr_time_now() < until, "and nothing of it waited");
    close_store(&f);
}

/* ---- restart ---- */

static void test_restart(void)
{
    fixture_t f = fresh("restart"), second;
    ccgw_cursor_t at, before, passing;
    struct stat info;
    apr_time_t began = apr_time_now();

    is_int(open_store(&f), APR_SUCCESS, "a new store opens");
    ok(apr_time_now() - began < apr_time_from_msec(500), "quickly");
    is_int(stat(f.dir, &info) ? -1 : (int)(info.st_mode & 0777), 0700, "its directory is closed to others");
    is_int(stat(apr_pstrcat(root, f.dir, "/journal-0000000000000000", NULL), &info) ? -1 : (int)(info.st_mode & 0777),
           0600, "its journal too");
    second = f;
    is_int(open_store(&second), CCGW_EINUSE, "a second server is refused the directory");
    ok(strstr(second.why, f.dir) && strstr(second.why, apr_itoa(root, getpid())), "and told where and by whom");
    apr_pool_destroy(second.pool);

    write_one(&f, "a", "1");
    write_one(&f, "b", "1");
    write_one(&f, "a", "2");
    write_one(&f, "b", NULL);
    before = box_op(&f, "m", 1);
    send_event(&f, "m", NULL, "e1", 0);
    at = send_event(&f, "m", NULL, "e2", 0);
    passing = send_event(&f, "m", NULL, "typing", CCGW_DURABLE_MEMORY);
    close_store(&f);

    is_int(open_store(&f), APR_SUCCESS, "it opens again");
    ok(strstr(logged, "recovered 7 transactions from 1 files") != NULL, "and says what it found: %s", logged);
    is_str(read_one(&f, "a"), "2", "records are as they were left");
    is_str(read_one(&f, "b"), NULL, "deleted ones stay deleted");
    ok(provider->last(f.store, TENANT) >= passing, "the order of commits goes on");
    is_str(read_box(&f, "m", NULL, &before, 10), "e1 e2", "events are kept, passing ones are not");
    is_str(read_box(&f, "m", NULL, &at, 10), "", "a cursor of before is good");
    is_str(read_box(&f, "m", NULL, &passing, 10), "", "even that of a commit that was lost");
    send_event(&f, "m", NULL, "e3", 0);
    is_str(read_box(&f, "m", NULL, &passing, 10), "e3", "and hides nothing that comes after");
    close_store(&f);

    f.config.durability = CCGW_DURABLE_MEMORY;
    open_store(&f);
    ok(read_box(&f, "m", NULL, &at, 10) != NULL, "after a start that promised the disk, cursors are good");
    close_store(&f);
    open_store(&f);
    ok(!read_box(&f, "m", NULL, &at, 10), "after one that did not, readers start over");
    close_store(&f);
}

static const char *journal(fixture_t *f)
{
    return apr_pstrcat(root, f->dir, "/journal-0000000000000000", NULL);
}

/* Change one byte of the first place where WHAT stands in the journal. */
static int garble(fixture_t *f, const char *what)
{
    int fd = open(journal(f), O_RDWR);
    struct stat info;
    char *map, *found;

    if (fd < 0 || fstat(fd, &info))
        return 0;
    map = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    found = memmem(map, (size_t)info.st_size, what, strlen(what));
    if (found)
        *found ^= 1;
    munmap(map, (size_t)info.st_size);
    close(fd);
    return found != NULL;
}

static void test_torn_end(void)
{
    fixture_t f = fresh("torn");
    char name[24];
    int i;

    open_store(&f);
    for (i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "torn-%d", i);
        write_one(&f, name, name);
    }
    close_store(&f);
    ok(garble(&f, "torn-4"), "the last record is garbled");
    is_int(open_store(&f), APR_SUCCESS, "a torn end is cut off");
    is_str(read_one(&f, "torn-3"), "torn-3", "what is before it stays");
    is_str(read_one(&f, "torn-4"), NULL, "the torn record is not there");
    write_one(&f, "next", "n");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "the new end is good");
    is_str(read_one(&f, "next"), "n", "and holds what came after");
    is_str(read_one(&f, "torn-4"), NULL, "and nothing stale comes to life");
    close_store(&f);
    is_int(truncate(journal(&f), 64 + 64 + 8), 0, "the file is cut inside a record");
    is_int(open_store(&f), APR_SUCCESS, "a cut file opens");
    is_str(read_one(&f, "torn-0"), NULL, "without what was cut off");
    is_int(write_one(&f, "again", "a"), APR_SUCCESS, "and takes new records");
    close_store(&f);
    open_store(&f);
    is_str(read_one(&f, "again"), "a", "which survive");
    close_store(&f);
}

static void write_lazily(fixture_t *f, const char *name, const char *value)
{
    ccgw_txn_t *txn = begin(f);
    ccgw_record_t record;

    provider->get(&record, txn, CCGW_TABLE_SESSION, key(name));
    provider->put(txn, CCGW_TABLE_SESSION, key(name), text(value), 0);
    provider->commit(NULL, txn, CCGW_DURABLE_MEMORY);
}

/* Two records of one batch, the first torn: both go. The start's own record takes 64 bytes, so a
 * new record that is 64 bytes shorter than the torn one ends exactly where the second old one
 * still stands, whole. */
static void test_stale_tail(void)
{
    fixture_t f = fresh("stale");
    char value[101];

    memset(value, 'z', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    memcpy(value, "stale", 5);
    open_store(&f);
    write_lazily(&f, "first", value);
    write_lazily(&f, "second", "old");
    provider->housekeep(f.store, 0);
    close_store(&f);
    ok(garble(&f, "stale"), "the first record of a batch is garbled");
    is_int(open_store(&f), APR_SUCCESS, "a batch that nobody was promised is cut off");
    is_str(read_one(&f, "second"), NULL, "with the whole record behind");
    value[sizeof value - 1 - 64] = '\0';
    write_one(&f, "first", value);
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "the new end touches the old record");
    is_str(read_one(&f, "first"), value, "the new one counts");
    is_str(read_one(&f, "second"), NULL, "the old one does not come to life");
    close_store(&f);
}

static void test_damage(void)
{
    fixture_t f = fresh("damage");
    char name[24];
    int i;

    open_store(&f);
    for (i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "harm-%d", i);
        write_one(&f, name, name);
    }
    close_store(&f);
    ok(garble(&f, "harm-2"), "a record in the middle is garbled");
    is_int(open_store(&f), CCGW_EDAMAGED, "damage before good records is refused");
    ok(strstr(f.why, journal(&f)) && strstr(f.why, "offset "), "naming file and offset: %s", f.why);
    apr_pool_destroy(f.pool);
    is_int(open_store(&f), CCGW_EDAMAGED, "and nothing was changed by the attempt");
    is_int(open_store(&f), CCGW_EDAMAGED, "nor is the directory kept by it");
    apr_pool_destroy(f.pool);
}

static void test_newer_format(void)
{
    fixture_t f = fresh("newer");
    apr_uint32_t format = 99;
    int fd;

    open_store(&f);
    close_store(&f);
    fd = open(journal(&f), O_RDWR);
    is_int(pwrite(fd, &format, sizeof format, 4), sizeof format, "the journal is of a newer format");
    close(fd);
    is_int(open_store(&f), CCGW_EFORMAT, "it is refused");
    apr_pool_destroy(f.pool);
}

static void test_many_files(void)
{
    fixture_t f = fresh("files");
    char *big = apr_pcalloc(root, 900 * 1024 + 1);
    apr_status_t rv = APR_SUCCESS;
    int i;

    open_store(&f);
    for (i = 0; i < 160 && rv == APR_SUCCESS; i++) {
        snprintf(big, 16, "%08d", i);
        memset(big + 8, 'a' + i % 26, 900 * 1024 - 8 - (size_t)(i * 1001));
        big[900 * 1024 - i * 1001] = '\0';
        rv = write_as(&f, CCGW_TABLE_SESSION, keyf("k%d", i % 8), big, 0);
    }
    is_int(rv, APR_SUCCESS, "a journal grows over several files");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "and is read over several files");
    is_str(read_one(&f, "k7"), big, "down to the last record");
    close_store(&f);
}

/* A limit on the size of files stands for a full disk: the journal cannot grow beyond its first
 * zeros. */
static void test_full_disk(void)
{
    fixture_t f = fresh("disk");
    struct rlimit limit, small;
    char *big = apr_pcalloc(root, 300 * 1024 + 1);
    apr_status_t rv = APR_SUCCESS;
    int i;

    open_store(&f);
    memset(big, 'd', 300 * 1024);
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 4 * 1024 * 1024;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    for (i = 0; i < 30 && rv == APR_SUCCESS; i++)
        rv = write_as(&f, CCGW_TABLE_SESSION, keyf("k%d", i), big, 0);
    is_int(rv, CCGW_ESTORE, "a full disk refuses a commit");
    is_str(read_one(&f, apr_psprintf(root, "k%d", i - 1)), NULL, "and nothing of it happened");
    ok(read_one(&f, "k0") != NULL, "what is stored can still be read");
    setrlimit(RLIMIT_FSIZE, &limit);
    is_int(write_one(&f, "later", "l"), APR_SUCCESS, "when there is room again, commits go on");
    close_store(&f);
    open_store(&f);
    is_str(read_one(&f, "later"), "l", "and are kept");
    close_store(&f);
}

/* ---- killing ---- */

#define WRITERS 4
#define KILLS   30

/* What the writers were told is stored; outlives them. */
typedef struct acks_t {
    apr_uint64_t version[WRITERS];
} acks_t;

/* Writer WHO for ever: raises its record by one and says so in its mailbox, moves its due time,
 * and makes or deletes a second record; all in one commit. */
static void write_for_ever(fixture_t *f, acks_t *acks, int who, ccgw_durability_t level)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    provider->open_child(f->store, NULL, NULL, pool);
    for (;; apr_pool_clear(pool)) {
        ccgw_buf_t mine = keyf("w%d", who), twin = keyf("twin%d", who), box = keyf("box%d", who);
        ccgw_record_t record, other;
        apr_uint64_t version;
        ccgw_txn_t *txn;
        char value[400];

        provider->begin(&txn, f->store, TENANT, pool);
        provider->get(&record, txn, CCGW_TABLE_SESSION, mine);
        provider->get(&other, txn, CCGW_TABLE_AGENT, twin);
        version = strtoull(record.value.p, NULL, 10) + 1;
        memset(value, 'a' + (int)(version % 26), sizeof value);
        snprintf(value, sizeof value, "%llu", (unsigned long long)version);
        value[strlen(value)] = ' ';
        value[30 + version % 300] = '\0';
        provider->put(txn, CCGW_TABLE_SESSION, mine, text(value), (apr_time_t)(1000 + version % 50));
        if (version % 2)
            provider->put(txn, CCGW_TABLE_AGENT, twin, text("odd"), 0);
        else
            provider->del(txn, CCGW_TABLE_AGENT, twin);
        provider->append(txn, &box, 1, bytes(value, strlen(value)));
        if (provider->commit(NULL, txn, level) == APR_SUCCESS)
            __atomic_store_n(&acks->version[who], version, __ATOMIC_SEQ_CST);
    }
}

static pid_t start_writer(fixture_t *f, acks_t *acks, int who)
{
    pid_t pid = fork();

    if (!pid)
        write_for_ever(f, acks, who, who % 2 ? CCGW_DURABLE_OS : CCGW_DURABLE_DISK);
    return pid;
}

/* Sum of acknowledgements goes on rising within 2 s? */
static int wait_for_progress(const acks_t *acks, const apr_uint64_t *than)
{
    apr_time_t until = apr_time_now() + apr_time_from_sec(5);
    int i;

    while (apr_time_now() < until) {
        for (i = 0; i < WRITERS && __atomic_load_n(&acks->version[i], __ATOMIC_SEQ_CST) > than[i]; i++)
            continue;
        if (i == WRITERS)
            return 1;
        usleep(500);
    }
    return 0;
}

static int is_stored_whole(fixture_t *f, const acks_t *acks, int who, ccgw_cursor_t from)
{
    ccgw_buf_t box = keyf("box%d", who);
    apr_uint64_t version, seen = 0;
    ccgw_stored_event_t *events;
    ccgw_record_t record, twin;
    int n, i;

    provider->peek(&record, begin(f), CCGW_TABLE_SESSION, keyf("w%d", who));
    provider->peek(&twin, begin(f), CCGW_TABLE_AGENT, keyf("twin%d", who));
    version = strtoull(record.value.p, NULL, 10);
    if (version < acks->version[who] || record.due != (apr_time_t)(1000 + version % 50) ||
        record.value.n != 30 + version % 300 || (twin.version != 0) != (version % 2)) {
        printf("# writer %d: version %llu, acknowledged %llu, due %lld, %lu bytes, twin %d\n", who,
               (unsigned long long)version, (unsigned long long)acks->version[who], (long long)record.due,
               (unsigned long)record.value.n, twin.version != 0);
        return 0;
    }
    if (provider->events(&events, &n, &from, f->store, TENANT, &box, 1, from, 1000000, f->pool) != APR_SUCCESS)
        return 0;
    for (i = 0; i < n; i++) {
        apr_uint64_t said = strtoull(events[i].body.p, NULL, 10);

        if (said != ++seen || events[i].body.n != 30 + said % 300) {
            printf("# writer %d: event %llu where %llu belongs\n", who, (unsigned long long)said,
                   (unsigned long long)seen);
            return 0;
        }
    }
    if (seen != version)
        printf("# writer %d: %llu events, version %llu\n", who, (unsigned long long)seen, (unsigned long long)version);
    return seen == version;
}

static int is_all_whole(fixture_t *f, const acks_t *acks, ccgw_cursor_t from)
{
    apr_time_t next;
    ccgw_record_t *records;
    ccgw_table_t *tables;
    int who, n, good = 0;

    for (who = 0; who < WRITERS; who++)
        good += is_stored_whole(f, acks, who, from);
    provider->due(&records, &tables, &n, &next, f->store, 5000, 100, f->pool);
    if (n != WRITERS)
        printf("# %d records are due instead of %d\n", n, WRITERS);
    return good == WRITERS && n == WRITERS;
}

static ccgw_cursor_t open_for_writers(fixture_t *f)
{
    int who;

    f->config.memory = 128 * 1024 * 1024;
    f->config.mailbox_events = 1000000;
    f->config.mailbox_bytes = 1000000000;
    if (open_store(f) != APR_SUCCESS)
        printf("# %s\n", f->why);
    for (who = 0; who < WRITERS; who++)
        box_op(f, apr_psprintf(root, "box%d", who), 1);
    return provider->last(f->store, TENANT);
}

static void print_repairs(void *baton, const char *name, apr_int64_t value)
{
    if (!strcmp(name, "repairs") || !strcmp(name, "commits"))
        printf("# %s: %lld\n", name, (long long)value);
}

static void test_killed_writers(void)
{
    fixture_t f = fresh("kills");
    acks_t *acks = open_memory(sizeof *acks);
    apr_uint64_t none[WRITERS] = { 0 }, before[WRITERS];
    pid_t pids[WRITERS];
    ccgw_cursor_t from = open_for_writers(&f);
    int i, who, moving = 1;

    srand(4711);
    for (who = 0; who < WRITERS; who++)
        pids[who] = start_writer(&f, acks, who);
    ok(wait_for_progress(acks, none), "all writers make progress");
    for (i = 0; i < KILLS && moving; i++) {
        who = rand() % WRITERS;
        usleep(1000 + (unsigned)rand() % 20000);
        kill(pids[who], SIGKILL);
        waitpid(pids[who], NULL, 0);
        memcpy(before, acks->version, sizeof before);
        pids[who] = start_writer(&f, acks, who);
        moving = wait_for_progress(acks, before);
    }
    ok(moving, "nobody hangs after any of %d kills", KILLS);
    for (who = 0; who < WRITERS; who++) {
        kill(pids[who], SIGKILL);
        waitpid(pids[who], NULL, 0);
    }
    provider->housekeep(f.store, 0);
    provider->stats(f.store, print_repairs, NULL);
    ok(is_all_whole(&f, acks, from), "in memory nothing acknowledged is lost, nothing is torn");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "the journal of killed writers is read");
    ok(is_all_whole(&f, acks, from), "and holds the same");
    close_store(&f);
}

static void test_killed_server(void)
{
    fixture_t f = fresh("server");
    acks_t *acks = open_memory(sizeof *acks);
    apr_uint64_t before[WRITERS];
    ccgw_cursor_t from = open_for_writers(&f);
    int i, good = 1;

    close_store(&f);
    for (i = 0; i < 5 && good; i++) {
        pid_t pid;
        int who;

        memcpy(before, acks->version, sizeof before);
        pid = fork();
        if (!pid) {
            setpgid(0, 0);
            open_store(&f);
            for (who = 0; who < WRITERS; who++)
                start_writer(&f, acks, who);
            pause();
        }
        setpgid(pid, pid);
        good = ok(wait_for_progress(acks, before), "start %d: all writers make progress", i + 1);
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
        /* The grandchildren die a moment later; the lock says when the last one is gone. */
        while (open_store(&f) == CCGW_EINUSE)
            apr_pool_destroy(f.pool);
        good &= ok(f.store && is_all_whole(&f, acks, from), "after the death of all nothing acknowledged is lost");
        close_store(&f);
    }
}

/* ---- many threads ---- */

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
    const char *tmp = getenv("TMPDIR");
    char *made;

    apr_app_initialize(&argc, &argv, NULL);
    apr_pool_create(&root, NULL);
    provider = ccgw_store_find(argc > 1 ? argv[1] : "local");
    if (!ok(provider != NULL, "the provider is built in"))
        return done_testing();
    made = mkdtemp(apr_psprintf(root, "%s/ccgw-suite-XXXXXX", tmp ? tmp : "/tmp"));
    base = made;
    test_reads_are_checked();
    test_phantoms();
    test_own_writes();
    test_tenants_and_limits();
    test_full_memory();
    test_events();
    test_resync();
    test_wake();
    test_forgotten_boxes();
    test_due();
    test_words();
    test_restart();
    test_torn_end();
    test_stale_tail();
    test_damage();
    test_newer_format();
    test_many_files();
    test_full_disk();
    test_threads();
    test_killed_writers();
    test_killed_server();
    remove_all(base, root);
    return done_testing();
}
