/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_due.c: records by their due time: a table of keys (due, table, key) in the
 * same index. */
#include "store/ccgw_store_local.h"

#include <apr_strings.h>
#include <string.h>

ccgw_buf_t ccgw_local_due_key(unsigned char *buf, apr_time_t due, int table, ccgw_buf_t key)
{
    ccgw_buf_t made = { buf, 9 + key.n };
    int i;

    /* Big endian, so that the order of bytes is the order of times. */
    for (i = 0; i < 8; i++)
        buf[i] = (unsigned char)((apr_uint64_t)due >> (56 - 8 * i));
    buf[8] = (unsigned char)table;
    memcpy(buf + 9, key.p, key.n);
    return made;
}

static apr_time_t time_of(const unsigned char *key)
{
    apr_uint64_t due = 0;
    int i;

    for (i = 0; i < 8; i++)
        due = due << 8 | key[i];
    return (apr_time_t)due;
}

/* How many to return: at most MAX of those due until UNTIL. *next: when the first of the others
 * is due. */
static int count_due(apr_time_t *next, const ccgw_local_look_t *look, ccgw_off_t node, apr_time_t until, int max)
{
    int count = 0;

    *next = 0;
    for (; node && ccgw_local_holds(look); node = ccgw_local_look_next(look, node), count++) {
        apr_time_t due = time_of(ccgw_local_node_key(look->seg, node).p);

        if (due > until || count >= max) {
            *next = due;
            break;
        }
    }
    return count;
}

/* The record that the due table's NODE names. */
static apr_status_t take_due(ccgw_record_t *record, ccgw_table_t *table, int *found, const ccgw_local_look_t *look,
                             ccgw_off_t node, apr_pool_t *pool)
{
    ccgw_buf_t key = ccgw_local_node_key(look->seg, node);
    unsigned char bytes[CCGW_LOCAL_DUE_KEY_MAX];
    ccgw_buf_t of = { bytes + 9, 0 };
    ccgw_off_t there;

    *found = 0;
    if (key.n < 9 || key.n > sizeof bytes)
        return APR_SUCCESS;
    memcpy(bytes, key.p, key.n);
    of.n = key.n - 9;
    there = ccgw_local_holds(look) ? ccgw_local_look_find(look, bytes[8], of) : 0;
    if (!there)
        return APR_SUCCESS;
    *found = 1;
    *table = (ccgw_table_t)bytes[8];
    return ccgw_local_record_copy(record, look, there, pool);
}

apr_status_t ccgw_local_due(ccgw_record_t **records, ccgw_table_t **tables, int *n, apr_time_t *next,
                            ccgw_store_t *store, apr_time_t from, apr_time_t until, int max, apr_pool_t *pool)
{
    static const ccgw_buf_t none = { "", 0 };
    unsigned char bytes[CCGW_LOCAL_DUE_KEY_MAX];
    ccgw_buf_t start = ccgw_local_due_key(bytes, from, CCGW_TABLE_UNSET, none);
    ccgw_local_look_t look = { 0 };
    apr_status_t rv;
    ccgw_off_t node;
    int count, found;

    do {
        rv = APR_SUCCESS;
        *n = 0;
        ccgw_local_look_begin(&look, store);
        node = ccgw_local_look_seek(&look, CCGW_LOCAL_DUE, start);
        count = count_due(next, &look, node, until, max);
        *records = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof **records);
        *tables = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof **tables);
        for (; count && node && rv == APR_SUCCESS; count--, node = ccgw_local_look_next(&look, node)) {
            rv = take_due(&(*records)[*n], &(*tables)[*n], &found, &look, node, pool);
            *n += found;
        }
    } while (!ccgw_local_look_end(&look));
    return rv;
}
