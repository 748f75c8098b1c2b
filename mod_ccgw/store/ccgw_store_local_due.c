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
static int count_due(apr_time_t *next, ccgw_local_segment_t *seg, ccgw_off_t node, apr_time_t until, int max)
{
    int count = 0;

    *next = 0;
    for (; node; node = ccgw_local_index_next(seg, node), count++) {
        apr_time_t due = time_of(ccgw_local_node_key(seg, node).p);

        if (due > until || count >= max) {
            *next = due;
            break;
        }
    }
    return count;
}

apr_status_t ccgw_local_due(ccgw_record_t **records, ccgw_table_t **tables, int *n, apr_time_t *next,
                            ccgw_store_t *store, apr_time_t until, int max, apr_pool_t *pool)
{
    static const ccgw_buf_t start = { "", 0 };
    ccgw_local_segment_t *seg = store->seg;
    apr_status_t rv = APR_SUCCESS;
    ccgw_off_t node;
    int count;

    *n = 0;
    ccgw_local_lock(store);
    node = ccgw_local_index_seek(seg, CCGW_LOCAL_DUE, start);
    count = count_due(next, seg, node, until, max);
    *records = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof **records);
    *tables = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof **tables);
    for (; count && rv == APR_SUCCESS; count--, node = ccgw_local_index_next(seg, node)) {
        ccgw_buf_t key = ccgw_local_node_key(seg, node);
        const unsigned char *bytes = key.p;
        ccgw_buf_t of = { bytes + 9, key.n - 9 };
        ccgw_off_t record = ccgw_local_index_find(NULL, seg, bytes[8], of);

        if (!record)
            continue;
        rv = ccgw_local_record_copy(&(*records)[*n], seg, record, pool);
        (*tables)[(*n)++] = (ccgw_table_t)bytes[8];
    }
    ccgw_local_unlock(store);
    return rv;
}
