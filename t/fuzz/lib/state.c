/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* state.c: bytes become a state directory, which is opened and used. */
#include "state.h"

#include "ccgw_error.h"
#include "ccgw_store.h"
#include "store/ccgw_store_front.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TENANT     "acme"
#define KEY        "acme\0fuzz"
#define MB         (1024 * 1024)
#define ITEMS_MOST 200000

static char dir[64];
static const ccgw_store_provider_t *provider;

void state_demand(int cond, const char *what)
{
    if (!cond) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

/* ---- the directory ---- */

static void empty_dir(void)
{
    DIR *open_dir = opendir(dir);
    struct dirent *entry;
    char path[400];

    while (open_dir && (entry = readdir(open_dir)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (open_dir)
        closedir(open_dir);
}

static void remove_dir(void)
{
    empty_dir();
    rmdir(dir);
}

const char *state_dir(void)
{
    if (!provider) {
        struct stat info;

        apr_initialize();
        atexit(apr_terminate);
        provider = ccgw_store_find("local");
        /* In memory, where there is such a place: each input is a start with its syncs. */
        strcpy(dir, !stat("/dev/shm", &info) && !access("/dev/shm", W_OK) ? "/dev/shm/ccgw-fuzz-XXXXXX"
                                                                          : "/tmp/ccgw-fuzz-XXXXXX");
        state_demand(provider && mkdtemp(dir), "a directory");
        atexit(remove_dir);
    }
    empty_dir();
    return dir;
}

void state_write(const char *name, const void *bytes, size_t n)
{
    char path[400];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    out = fopen(path, "wb");
    state_demand(out && (!n || fwrite(bytes, 1, n, out) == n) && !fclose(out), "a file");
}

/* ---- using it ---- */

typedef struct walked_t {
    ccgw_store_t *store;
    apr_pool_t *pool;
    long items;
    int last_table;
} walked_t;

static apr_status_t see(void *baton, const ccgw_store_item_t *item, apr_pool_t *scratch)
{
    walked_t *walked = baton;
    ccgw_stored_event_t *events;
    ccgw_cursor_t at = item->at;
    ccgw_buf_t tenant = item->record.key;
    int n;

    state_demand(++walked->items < ITEMS_MOST, "a walk ends");
    state_demand(item->record.key.n > 0 && item->record.key.n <= CCGW_KEY_MAX, "keys have their bounds");
    state_demand(item->table < CCGW_TABLE_COUNT, "tables are ours");
    tenant.n = strnlen(tenant.p, tenant.n);
    if (item->table == CCGW_TABLE_UNSET && !item->is_event && tenant.n && tenant.n < item->record.key.n)
        provider->events(&events, &n, &at, walked->store, tenant, &item->record.key, 1, at, 10, scratch);
    return APR_SUCCESS;
}

static void ignore(void *baton, const char *name, apr_int64_t value)
{
}

/* Values whose checksum was forged are refused; that is no fault of the state. */
static void use(ccgw_store_t *store, apr_pool_t *pool)
{
    walked_t walked = { store, pool, 0, 0 };
    ccgw_record_t *records;
    ccgw_table_t *tables;
    apr_time_t next;
    apr_status_t rv;
    int n;

    rv = provider->walk(store, see, &walked, pool);
    state_demand(rv == APR_SUCCESS || rv == CCGW_EDAMAGED, "codes of walk");
    provider->due(&records, &tables, &n, &next, store, 0, APR_INT64_MAX, 1000, pool);
    provider->stats(store, ignore, NULL);
}

static apr_status_t put_one(ccgw_store_t *store, apr_pool_t *pool)
{
    ccgw_buf_t tenant = { TENANT, 4 }, key = { KEY, sizeof KEY - 1 }, value = { "v", 1 };
    ccgw_record_t record;
    ccgw_txn_t *txn;
    apr_status_t rv = provider->begin(&txn, store, tenant, pool);

    if (rv == APR_SUCCESS)
        rv = provider->get(&record, txn, CCGW_TABLE_FLOOR, key);
    /* What is there under this name may have a forged checksum. */
    if (rv != APR_SUCCESS)
        return CCGW_ENOSPACE;
    rv = provider->put(txn, CCGW_TABLE_FLOOR, key, value, 5);
    if (rv == APR_SUCCESS)
        rv = provider->append(txn, &key, 1, value);
    return rv == APR_SUCCESS ? provider->commit(NULL, txn, 0) : rv;
}

static void check_one(ccgw_store_t *store, apr_pool_t *pool)
{
    ccgw_buf_t tenant = { TENANT, 4 }, key = { KEY, sizeof KEY - 1 };
    ccgw_record_t record;
    ccgw_txn_t *txn;

    provider->begin(&txn, store, tenant, pool);
    state_demand(provider->peek(&record, txn, CCGW_TABLE_FLOOR, key) == APR_SUCCESS && record.value.n == 1,
                 "what was committed is there after a restart");
}

static void fill_config(ccgw_store_config_t *config, int mode)
{
    memset(config, 0, sizeof *config);
    config->dir = dir;
    config->memory = 16 * MB;
    config->durability = CCGW_DURABLE_OS;
    config->uid = getuid();
    config->gid = getgid();
    config->file_bytes = 4 * MB;
    config->snapshot_bytes = 1 * MB;
    config->accept_loss = (mode & STATE_LOSSY) != 0;
}

static void check_code(apr_status_t rv, const char *why)
{
    state_demand(rv == APR_SUCCESS || rv == CCGW_EDAMAGED || rv == CCGW_EFORMAT || rv == CCGW_ENOSPACE,
                 "codes of open");
    state_demand(rv == APR_SUCCESS || (why && *why), "a refusal has its reason");
}

/* A server commits, takes a snapshot and ends; the next one finds its commit. */
static void try_start(int mode, apr_pool_t *pool)
{
    ccgw_store_config_t config;
    ccgw_store_t *store;
    apr_pool_t *process;
    apr_status_t rv;
    const char *why;
    int stored = 0, i;

    fill_config(&config, mode);
    for (i = 0; i < 2; i++) {
        apr_pool_create(&process, pool);
        rv = provider->open_parent(&store, &why, &config, process);
        check_code(rv, why);
        if (rv == APR_SUCCESS) {
            provider->open_child(store, NULL, NULL, process);
            use(store, process);
            if (stored)
                check_one(store, process);
            else if (put_one(store, process) == APR_SUCCESS)
                stored = provider->scrub(store) == APR_SUCCESS;
            provider->housekeep(store, 1);
            provider->housekeep(store, 1);
        }
        else {
            if (stored)
                fprintf(stderr, "%s\n", why);
            state_demand(!stored, "what was started once starts again");
        }
        apr_pool_destroy(process);
        config.accept_loss = 0;
    }
}

void state_try(int mode)
{
    ccgw_store_config_t config;
    ccgw_store_t *store;
    apr_pool_t *pool;
    apr_status_t rv;
    const char *why;

    apr_pool_create(&pool, NULL);
    fill_config(&config, mode);
    if (mode & STATE_START) {
        try_start(mode, pool);
    }
    else {
        rv = provider->open_copy(&store, &why, &config, pool);
        check_code(rv, why);
        if (rv == APR_SUCCESS)
            use(store, pool);
    }
    apr_pool_destroy(pool);
}
