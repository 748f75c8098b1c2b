/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite.c: what the programs suite_*.c share: opening stores, short ways to write and read them. */
#include "suite.h"

#include "../dir.h"
#include "ccgw_error.h"
#include "store/ccgw_store_front.h"
#include "util/ccgw_log.h"

#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const ccgw_store_provider_t *provider;
apr_pool_t *root;
char logged[1024];

static const char *base;
static char all_logged[64 * 1024];

/* ---- begin, end, log ---- */

static void take_log(void *baton, int level, const char *said)
{
    apr_size_t n = strlen(all_logged);

    snprintf(logged, sizeof logged, "%s", said);
    snprintf(all_logged + n, sizeof all_logged - n, "%s\n", said);
}

static void take_late_log(void *baton, ccgw_log_level_t level, apr_status_t status, const char *said)
{
    take_log(baton, (int)level, said);
}

void suite_hush(void)
{
    logged[0] = all_logged[0] = '\0';
}

int count_said(const char *what)
{
    const char *at = all_logged;
    int n = 0;

    for (; (at = strstr(at, what)) != NULL; at += strcspn(at, "\n"))
        n++;
    return n;
}

int suite_begin(int argc, const char *const *argv)
{
    const char *tmp = getenv("TMPDIR");
    char *made;

    apr_app_initialize(&argc, &argv, NULL);
    apr_pool_create(&root, NULL);
    provider = ccgw_store_find(argc > 1 ? argv[1] : "local");
    if (!provider)
        return 0;
    made = mkdtemp(apr_psprintf(root, "%s/ccgw-suite-XXXXXX", tmp ? tmp : "/tmp"));
    base = made;
    ccgw_log_install(take_late_log, NULL);
    return made != NULL;
}

void suite_end(void)
{
    remove_all(base, root);
}

void *open_memory(apr_size_t n)
{
    return mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* ---- stores ---- */

fixture_t fresh(const char *name)
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
    suite_hush();
    return f;
}

fixture_t fresh_small(const char *name)
{
    fixture_t f = fresh(name);

    f.config.file_bytes = 4 * 1024 * 1024;
    f.config.snapshot_bytes = 1024 * 1024;
    return f;
}

apr_status_t open_store(fixture_t *f)
{
    apr_status_t rv;

    apr_pool_create(&f->pool, root);
    rv = provider->open_parent(&f->store, &f->why, &f->config, f->pool);
    f->why = apr_pstrdup(root, f->why);
    return rv == APR_SUCCESS ? provider->open_child(f->store, NULL, NULL, f->pool) : rv;
}

apr_status_t open_copy(fixture_t *f)
{
    apr_status_t rv;

    apr_pool_create(&f->pool, root);
    rv = provider->open_copy(&f->store, &f->why, &f->config, f->pool);
    f->why = apr_pstrdup(root, f->why);
    return rv;
}

void close_store(fixture_t *f)
{
    apr_pool_destroy(f->pool);
    f->store = NULL;
}

apr_status_t try_store(fixture_t *f)
{
    apr_status_t rv = open_store(f);

    close_store(f);
    return rv;
}

/* ---- keys ---- */

ccgw_buf_t key(const char *name)
{
    static __thread char ring[64][80];
    static __thread int next;
    char *at = ring[next++ % 64];
    int n = snprintf(at + 5, 70, "%s", name);

    memcpy(at, "acme", 5);
    return bytes(at, 5 + (apr_size_t)n);
}

ccgw_buf_t keyf(const char *format, int i)
{
    char name[64];

    snprintf(name, sizeof name, format, i);
    return key(name);
}

/* ---- transactions ---- */

ccgw_txn_t *begin(fixture_t *f)
{
    ccgw_txn_t *txn;

    return provider->begin(&txn, f->store, TENANT, f->pool) == APR_SUCCESS ? txn : NULL;
}

/* A pool of its own: many of these may follow each other. */
static apr_status_t write_due(fixture_t *f, ccgw_table_t table, ccgw_buf_t k, const ccgw_buf_t *value, apr_time_t due,
                              ccgw_durability_t level)
{
    ccgw_record_t record;
    apr_pool_t *pool;
    ccgw_txn_t *txn;
    apr_status_t rv;

    apr_pool_create(&pool, f->pool);
    rv = provider->begin(&txn, f->store, TENANT, pool);
    if (rv == APR_SUCCESS)
        rv = provider->get(&record, txn, table, k);
    if (rv == APR_SUCCESS)
        rv = value ? provider->put(txn, table, k, *value, due) : provider->del(txn, table, k);
    if (rv == APR_SUCCESS)
        rv = provider->commit(NULL, txn, level);
    apr_pool_destroy(pool);
    return rv;
}

apr_status_t write_as(fixture_t *f, ccgw_table_t table, ccgw_buf_t k, const char *value, apr_time_t due)
{
    ccgw_buf_t buf = text(value ? value : "");

    return write_due(f, table, k, value ? &buf : NULL, due, CCGW_DURABLE_UNSET);
}

apr_status_t write_buf(fixture_t *f, ccgw_table_t table, ccgw_buf_t k, ccgw_buf_t value, ccgw_durability_t level)
{
    return write_due(f, table, k, &value, 0, level);
}

apr_status_t write_one(fixture_t *f, const char *name, const char *value)
{
    return write_as(f, CCGW_TABLE_SESSION, key(name), value, 0);
}

const char *read_one(fixture_t *f, const char *name)
{
    ccgw_record_t record;

    if (provider->peek(&record, begin(f), CCGW_TABLE_SESSION, key(name)) != APR_SUCCESS || !record.version)
        return NULL;
    return record.value.p;
}

ccgw_cursor_t box_op(fixture_t *f, const char *box, int open)
{
    ccgw_txn_t *txn = begin(f);
    ccgw_cursor_t at = 0;

    if (open)
        provider->open_box(txn, key(box));
    else
        provider->close_box(txn, key(box));
    return provider->commit(&at, txn, CCGW_DURABLE_UNSET) == APR_SUCCESS ? at : 0;
}

ccgw_cursor_t send_event(fixture_t *f, const char *a, const char *b, const char *body, ccgw_durability_t level)
{
    ccgw_txn_t *txn = begin(f);
    ccgw_buf_t boxes[2] = { key(a), key(b ? b : a) };
    ccgw_cursor_t at = 0;

    provider->append(txn, boxes, b ? 2 : 1, text(body));
    return provider->commit(&at, txn, level) == APR_SUCCESS ? at : 0;
}

const char *read_box(fixture_t *f, const char *a, const char *b, ccgw_cursor_t *after, int max)
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

const char *read_due(fixture_t *f, apr_time_t from, apr_time_t until, int max, apr_time_t *next)
{
    const char *joined = "";
    ccgw_record_t *records;
    ccgw_table_t *tables;
    int n, i;

    provider->due(&records, &tables, &n, next, f->store, from, until, max, f->pool);
    for (i = 0; i < n; i++)
        joined = apr_psprintf(f->pool, "%s%s%d:%s", joined, i ? " " : "", (int)tables[i],
                              (const char *)records[i].key.p + 5);
    return joined;
}

apr_uint64_t word(fixture_t *f, const char *name, ccgw_word_t which, ccgw_word_op_t op, apr_uint64_t value)
{
    apr_uint64_t result = 77777;

    if (provider->word(&result, f->store, key(name), which, op, value) != APR_SUCCESS)
        return 99999;
    return result;
}
