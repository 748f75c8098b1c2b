/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* floor_store.h: a store in a directory of its own, floors as text, and what was logged; for tests beside the floor. */
#ifndef FLOOR_STORE_H
#define FLOOR_STORE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "api/ccgw_floor_file.h"
#include "ccgw_error.h"
#include "core/ccgw_session_store.h"
#include "store/ccgw_store_front.h"
#include "tap.h"
#include "util/ccgw_json.h"
#include "util/ccgw_log.h"

static const ccgw_store_provider_t *provider; /* the real one */
static ccgw_store_t *store;
static apr_pool_t *pool;
static char said[64 * 1024];
static char directory[64];

static void hear(void *baton, ccgw_log_level_t level, apr_status_t status, const char *text)
{
    if (strlen(said) + strlen(text) + 2 < sizeof said)
        strcat(strcat(said, text), "\n");
}

__attribute__((unused)) static int was_said(const char *text)
{
    int found = strstr(said, text) != NULL;

    if (!found)
        printf("# said: %s\n", said);
    return found;
}

static void open_store(const char *dir)
{
    ccgw_store_config_t config = { .dir = dir,
                                   .memory = 64 << 20,
                                   .durability = CCGW_DURABLE_OS,
                                   .uid = getuid(),
                                   .gid = getgid(),
                                   .mailbox_events = 1000,
                                   .mailbox_bytes = 64 << 10 };
    const char *why = "";
    apr_status_t rv;

    provider = ccgw_store_find("local");
    rv = provider->open_parent(&store, &why, &config, pool);
    if (rv != APR_SUCCESS) {
        printf("Bail out! the store: %s (%d)\n", why, rv);
        exit(1);
    }
}

static void close_all(void)
{
    const char *remove = apr_psprintf(pool, "rm -rf '%s'", directory);
    char command[128];

    apr_cpystrn(command, remove, sizeof command);
    apr_pool_destroy(pool);
    if (system(command))
        printf("# %s failed\n", command);
    apr_terminate();
}

static void open_all(void)
{
    const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";

    apr_initialize();
    apr_pool_create(&pool, NULL);
    ccgw_json_start();
    ccgw_log_install(hear, NULL);
    apr_snprintf(directory, sizeof directory, "%s/ccgw-floor-XXXXXX", tmp);
    if (!mkdtemp(directory)) {
        printf("Bail out! %s\n", directory);
        exit(1);
    }
    open_store(directory);
}

/* TEXT with single quotes for double ones. */
static ccgw_floor_file_t *read_floor(const char *text)
{
    char *copy = apr_pstrdup(pool, text), *at;
    ccgw_floor_file_t *file = NULL;
    const char *fault = "";

    for (at = copy; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    if (ccgw_floor_parse(&file, &fault, copy, strlen(copy), pool) != APR_SUCCESS) {
        printf("Bail out! the test's floor: %s\n", fault);
        exit(1);
    }
    return file;
}

static const ccgw_floor_t *load_floor(const ccgw_floor_file_t *file)
{
    const ccgw_floor_t *floor = NULL;

    if (ccgw_floor_load(&floor, provider, store, file, pool) != APR_SUCCESS) {
        printf("Bail out! the floor cannot be loaded\n");
        exit(1);
    }
    return floor;
}

/* Write one record, or with TYPE NULL delete it, in a transaction of its own. */
__attribute__((unused)) static void write_record(const char *tenant, ccgw_table_t table, ccgw_buf_t key,
                                                 const ccgw_record_type_t *type, const void *rec)
{
    ccgw_record_t old;
    ccgw_buf_t value;
    ccgw_txn_t *txn;
    apr_status_t rv = provider->begin(&txn, store, ccgw_buf_str(tenant), pool);

    if (rv == APR_SUCCESS)
        rv = provider->get(&old, txn, table, key);
    if (rv == APR_SUCCESS && type)
        rv = ccgw_record_encode(&value, type, rec, pool);
    if (rv == APR_SUCCESS)
        rv = type ? provider->put(txn, table, key, value, 0) : provider->del(txn, table, key);
    if (rv == APR_SUCCESS)
        rv = provider->commit(NULL, txn, CCGW_DURABLE_UNSET);
    if (rv != APR_SUCCESS) {
        printf("Bail out! a record cannot be written: %d\n", rv);
        exit(1);
    }
}

/* The record as stored; version 0 when there is none. */
__attribute__((unused)) static ccgw_record_t read_record(const char *tenant, ccgw_table_t table, ccgw_buf_t key)
{
    ccgw_record_t record = { .version = 0 };
    ccgw_txn_t *txn;

    if (provider->begin(&txn, store, ccgw_buf_str(tenant), pool) == APR_SUCCESS)
        provider->get(&record, txn, table, key);
    return record;
}

#endif
