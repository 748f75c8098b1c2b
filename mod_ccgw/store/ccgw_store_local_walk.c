/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_walk.c: everything the store holds, one thing after the other, for dumps. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_str.h"

#include <apr_tables.h>
#include <string.h>

typedef struct walk_t {
    ccgw_store_t *store;
    ccgw_store_visit_t *visit;
    void *baton;
    unsigned char key[CCGW_KEY_MAX + 1];
    apr_size_t key_len; /* where the next thing is looked for */
} walk_t;

/* The least key behind KEY. */
static void go_behind(walk_t *walk, ccgw_buf_t key)
{
    memcpy(walk->key, key.p, key.n);
    walk->key[key.n] = '\0';
    walk->key_len = key.n + 1;
}

static apr_status_t next_record(ccgw_store_item_t *item, int *found, const walk_t *walk, ccgw_table_t table,
                                apr_pool_t *pool)
{
    ccgw_buf_t from = { walk->key, walk->key_len };
    ccgw_local_look_t look = { 0 };
    apr_status_t rv;
    ccgw_off_t node;

    do {
        memset(item, 0, sizeof *item);
        ccgw_local_look_begin(&look, walk->store);
        node = ccgw_local_look_seek(&look, table, from);
        *found = node != 0;
        rv = node ? ccgw_local_record_copy(&item->record, &look, node, pool) : APR_SUCCESS;
        item->table = table;
    } while (!ccgw_local_look_end(&look));
    return rv;
}

static apr_status_t walk_table(walk_t *walk, ccgw_table_t table, apr_pool_t *scratch)
{
    apr_status_t rv = APR_SUCCESS;
    int found = 1;

    walk->key_len = 0;
    while (rv == APR_SUCCESS && found) {
        ccgw_store_item_t item;

        apr_pool_clear(scratch);
        rv = next_record(&item, &found, walk, table, scratch);
        if (rv != APR_SUCCESS || !found)
            break;
        go_behind(walk, item.record.key);
        rv = walk->visit(walk->baton, &item, scratch);
    }
    return rv;
}

static apr_status_t copy_box(apr_array_header_t *items, const ccgw_local_look_t *look, ccgw_off_t node,
                             apr_pool_t *pool)
{
    ccgw_buf_t name = ccgw_buf_copy(ccgw_local_node_key(look->seg, node), pool);
    ccgw_off_t off = ccgw_local_value_of(look, node), at;
    ccgw_store_item_t *item = apr_array_push(items);
    apr_status_t rv = APR_SUCCESS;
    ccgw_local_box_t box;

    if (!off)
        return APR_SUCCESS;
    box = *(const ccgw_local_box_t *)ccgw_local_at(look->seg, off);
    *item = (ccgw_store_item_t){ .open = (int)box.open, .at = ccgw_local_cursor(look->seg, box.dropped_upto) };
    item->record.key = name;
    at = box.lists[CCGW_LOCAL_LASTING].newest ? box.lists[CCGW_LOCAL_LASTING].oldest : 0;
    while (at && rv == APR_SUCCESS && ccgw_local_holds(look)) {
        const ccgw_local_entry_t *entry = ccgw_local_at(look->seg, at);

        item = apr_array_push(items);
        *item = (ccgw_store_item_t){ .is_event = 1, .at = ccgw_local_cursor(look->seg, entry->number) };
        item->record.key = name;
        at = at == box.lists[CCGW_LOCAL_LASTING].newest ? 0 : entry->newer;
        rv = ccgw_local_holds(look) ? ccgw_local_blob_copy(&item->record.value, look, entry->body, pool) : APR_SUCCESS;
    }
    return rv;
}

/* The next mailbox with all its events as they are at one moment. */
static apr_status_t next_box(apr_array_header_t *items, const walk_t *walk, apr_pool_t *pool)
{
    ccgw_buf_t from = { walk->key, walk->key_len };
    ccgw_local_look_t look = { 0 };
    apr_status_t rv;
    ccgw_off_t node;

    do {
        apr_array_clear(items);
        ccgw_local_look_begin(&look, walk->store);
        node = ccgw_local_look_seek(&look, CCGW_LOCAL_BOX, from);
        rv = node ? copy_box(items, &look, node, pool) : APR_SUCCESS;
    } while (!ccgw_local_look_end(&look));
    return rv;
}

static apr_status_t walk_boxes(walk_t *walk, apr_pool_t *scratch)
{
    apr_status_t rv = APR_SUCCESS;
    int i, n = 1;

    walk->key_len = 0;
    while (rv == APR_SUCCESS && n) {
        apr_array_header_t *items;

        apr_pool_clear(scratch);
        items = apr_array_make(scratch, 16, sizeof(ccgw_store_item_t));
        rv = next_box(items, walk, scratch);
        n = items->nelts;
        if (rv == APR_SUCCESS && n)
            go_behind(walk, APR_ARRAY_IDX(items, 0, ccgw_store_item_t).record.key);
        for (i = 0; i < n && rv == APR_SUCCESS; i++)
            rv = walk->visit(walk->baton, &APR_ARRAY_IDX(items, i, ccgw_store_item_t), scratch);
    }
    return rv;
}

apr_status_t ccgw_local_walk(ccgw_store_t *store, ccgw_store_visit_t *visit, void *baton, apr_pool_t *pool)
{
    walk_t walk = { .store = store, .visit = visit, .baton = baton };
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *scratch;
    int table;

    apr_pool_create(&scratch, pool);
    for (table = CCGW_TABLE_UNSET + 1; table < CCGW_TABLE_COUNT && rv == APR_SUCCESS; table++)
        rv = walk_table(&walk, (ccgw_table_t)table, scratch);
    if (rv == APR_SUCCESS)
        rv = walk_boxes(&walk, scratch);
    apr_pool_destroy(scratch);
    return rv;
}
