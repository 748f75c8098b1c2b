/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_dump_lines.c: what a store holds, as lines of JSON. */
#include "tool/ccgw_dump.h"

#include "core/ccgw_due.h"
#include "core/ccgw_stored.h"
#include "util/ccgw_json.h"
#include "util/ccgw_record.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

/* ---- which ---- */

static int is_tenant(const char *wanted, ccgw_buf_t key)
{
    apr_size_t n = wanted ? strlen(wanted) : 0;

    return !wanted || (key.n > n && !memcmp(key.p, wanted, n + 1));
}

static const char *name_of(const ccgw_store_item_t *item)
{
    const ccgw_stored_t *row;

    if (item->table == CCGW_TABLE_UNSET)
        return item->is_event ? CCGW_DUMP_EVENT : CCGW_DUMP_MAILBOX;
    row = ccgw_stored_table((int)item->table - 1);
    return row ? row->name : "unknown";
}

static int is_wanted(const ccgw_dump_t *dump, const ccgw_store_item_t *item)
{
    return is_tenant(dump->tenant, item->record.key) && (!dump->table || !strcmp(dump->table, name_of(item)));
}

/* ---- lines ---- */

static const ccgw_stored_t *row_of(const ccgw_store_item_t *item)
{
    return item->table == CCGW_TABLE_UNSET ? ccgw_stored_box(item->record.key)
                                           : ccgw_stored_find(item->table, item->record.key);
}

/* ,"record":{...}; null: not to be read. */
static void put_record(ccgw_out_t *line, ccgw_dump_t *dump, const ccgw_stored_t *row, ccgw_buf_t value,
                       apr_pool_t *pool)
{
    const char *json = NULL;
    apr_status_t rv = APR_EGENERAL;

    if (row) {
        void *record = apr_palloc(pool, row->type->size);

        rv = ccgw_record_decode(record, row->type, value, pool);
        if (rv == APR_SUCCESS)
            rv = ccgw_record_dump(&json, row->type, record, dump->show, pool);
    }
    if (rv == APR_SUCCESS) {
        ccgw_out_printf(line, ",\"record\":%s", json);
        return;
    }
    dump->unreadable++;
    ccgw_out_printf(line, ",\"record\":null,\"bytes\":%lu", (unsigned long)value.n);
}

static void put_line(ccgw_out_t *line, ccgw_dump_t *dump, const ccgw_store_item_t *item, apr_pool_t *pool)
{
    const ccgw_stored_t *row = row_of(item);
    const char *tenant, *key;

    ccgw_stored_key(&tenant, &key, item->record.key, row ? row->parts : NULL, dump->show, pool);
    if (item->table != CCGW_TABLE_UNSET)
        ccgw_out_printf(line, "{\"table\":\"%s\",\"tenant\":", name_of(item));
    else
        ccgw_out_printf(line, "{\"%s\":%s,\"tenant\":", name_of(item), key);
    ccgw_json_quote(line, tenant);
    if (item->table != CCGW_TABLE_UNSET)
        ccgw_out_printf(line, ",\"key\":%s,\"version\":%" APR_UINT64_T_FMT ",\"due\":%" APR_TIME_T_FMT, key,
                        item->record.version, item->record.due % CCGW_DUE_TIDY);
    else if (item->is_event)
        ccgw_out_printf(line, ",\"at\":%" APR_UINT64_T_FMT, item->at);
    else
        ccgw_out_printf(line, ",\"open\":%s,\"dropped\":%" APR_UINT64_T_FMT, item->open ? "true" : "false", item->at);
    if (item->table != CCGW_TABLE_UNSET || item->is_event)
        put_record(line, dump, row, item->record.value, pool);
    ccgw_out_puts(line, "}\n");
}

static apr_status_t print_item(void *baton, const ccgw_store_item_t *item, apr_pool_t *scratch)
{
    ccgw_dump_t *dump = baton;
    ccgw_out_t line;

    if (!is_wanted(dump, item))
        return APR_SUCCESS;
    ccgw_out_init(&line, 512, scratch);
    put_line(&line, dump, item, scratch);
    return fwrite(line.p, 1, line.n, stdout) == line.n ? APR_SUCCESS : APR_EOF;
}

apr_status_t ccgw_dump_all(ccgw_dump_t *dump, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                           apr_pool_t *pool)
{
    apr_status_t rv = provider->walk(store, print_item, dump, pool);

    return rv == APR_EOF ? APR_SUCCESS : rv; /* nobody takes it: ferror(stdout) tells why */
}

/* ---- counting ---- */

typedef struct count_t {
    const char *name;
    apr_uint64_t things, bytes;
} count_t;

typedef struct counting_t {
    const ccgw_dump_t *dump;
    count_t counts[CCGW_TABLE_COUNT + 3]; /* the tables, what is unknown, mailboxes, events */
} counting_t;

static apr_status_t count_item(void *baton, const ccgw_store_item_t *item, apr_pool_t *scratch)
{
    counting_t *counting = baton;
    const char *name = name_of(item);
    count_t *count = counting->counts;

    if (!is_wanted(counting->dump, item))
        return APR_SUCCESS;
    while (count->name && strcmp(count->name, name))
        count++;
    count->name = name;
    count->things++;
    count->bytes += item->record.key.n + item->record.value.n;
    return APR_SUCCESS;
}

static void print_counter(void *baton, const char *name, apr_int64_t value)
{
    printf("{\"counter\":\"%s\",\"value\":%" APR_INT64_T_FMT "}\n", name, value);
}

apr_status_t ccgw_dump_stats(ccgw_dump_t *dump, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                             apr_pool_t *pool)
{
    counting_t counting = { .dump = dump };
    const count_t *count = counting.counts;
    apr_status_t rv = provider->walk(store, count_item, &counting, pool);

    for (; rv == APR_SUCCESS && count->name; count++)
        printf("{\"table\":\"%s\",\"records\":%" APR_UINT64_T_FMT ",\"bytes\":%" APR_UINT64_T_FMT "}\n", count->name,
               count->things, count->bytes);
    if (rv == APR_SUCCESS)
        provider->stats(store, print_counter, NULL);
    return rv;
}
