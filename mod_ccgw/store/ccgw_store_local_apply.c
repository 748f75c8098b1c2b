/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_apply.c: what a journal record does to the segment.
 *
 * Prepare takes and fills all blocks before the commit point; apply only links them. seg->done
 * counts the operations that are finished, so after a kill only the one in progress is done
 * again, and each is written to bear that: it asks what is linked already instead of remembering
 * how far it came. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"

#include <stdlib.h>
#include <string.h>

/* ---- walking a record ---- */

apr_size_t ccgw_local_op_first(const ccgw_local_record_t *record)
{
    return sizeof *record + CCGW_LOCAL_ALIGN(record->tenant_len);
}

ccgw_buf_t ccgw_local_op_key(ccgw_local_op_t *op)
{
    ccgw_buf_t key = { op + 1, op->key_len };

    return key;
}

ccgw_buf_t ccgw_local_op_value(ccgw_local_op_t *op)
{
    ccgw_buf_t value = { (char *)(op + 1) + CCGW_LOCAL_ALIGN(op->key_len), op->value_len };

    return value;
}

ccgw_local_target_t *ccgw_local_op_target(apr_size_t *at, ccgw_local_op_t *op)
{
    ccgw_local_target_t *target;

    if (!*at)
        *at = sizeof *op + CCGW_LOCAL_ALIGN(op->key_len) + CCGW_LOCAL_ALIGN(op->value_len);
    target = (ccgw_local_target_t *)((char *)op + *at);
    *at += sizeof *target + CCGW_LOCAL_ALIGN(target->name_len);
    return target;
}

static ccgw_buf_t target_name(ccgw_local_target_t *target)
{
    ccgw_buf_t name = { target + 1, target->name_len };

    return name;
}

/* The CRC says that the bytes are what somebody wrote; this says that they can be walked. */
static int is_whole(ccgw_local_op_t *op, apr_size_t left)
{
    apr_size_t at;
    int i;

    if (left < sizeof *op || op->len > left || op->len % 8)
        return 0;
    at = sizeof *op + CCGW_LOCAL_ALIGN(op->key_len) + CCGW_LOCAL_ALIGN(op->value_len);
    for (i = 0; i < op->nboxes && at + sizeof(ccgw_local_target_t) <= op->len; i++)
        ccgw_local_op_target(&at, op);
    return i == op->nboxes && at == op->len && op->key_len <= CCGW_KEY_MAX;
}

ccgw_local_op_t *ccgw_local_op_next(apr_size_t *at, ccgw_local_record_t *record)
{
    ccgw_local_op_t *op = (ccgw_local_op_t *)((char *)record + *at);

    if (*at >= record->len || !is_whole(op, record->len - *at))
        return NULL;
    *at += op->len;
    return op;
}

/* ---- before the commit point ---- */

static apr_status_t prepare_put(ccgw_local_segment_t *seg, ccgw_local_op_t *op, apr_uint64_t version)
{
    ccgw_buf_t key = ccgw_local_op_key(op), value = ccgw_local_op_value(op);
    ccgw_off_t node = ccgw_local_index_find(NULL, seg, op->table, key);
    unsigned char bytes[CCGW_LOCAL_DUE_KEY_MAX];
    apr_time_t old_due = 0;

    if (node) {
        const ccgw_local_node_t *old = ccgw_local_at(seg, node);

        old_due = ((const ccgw_local_blob_t *)ccgw_local_at(seg, old->value))->due;
    }
    op->block = ccgw_local_blob_make(seg, value.p, op->value_len, version, op->due);
    if (!op->block)
        return CCGW_ENOSPACE;
    if (!node) {
        op->node = ccgw_local_node_make(seg, op->table, key, op->block, ccgw_local_heap_take);
        if (!op->node)
            return CCGW_ENOSPACE;
    }
    if (op->due && op->due != old_due) {
        op->due_node = ccgw_local_node_make(seg, CCGW_LOCAL_DUE, ccgw_local_due_key(bytes, op->due, op->table, key), 0,
                                            ccgw_local_heap_take);
        if (!op->due_node)
            return CCGW_ENOSPACE;
    }
    return APR_SUCCESS;
}

static apr_status_t prepare_open(ccgw_local_segment_t *seg, ccgw_local_op_t *op, const ccgw_local_tenant_t *tenant)
{
    ccgw_buf_t name = ccgw_local_op_key(op);
    ccgw_local_box_t *box;

    if (!(op->flags & CCGW_LOCAL_OP_FIRST) || ccgw_local_index_find(NULL, seg, CCGW_LOCAL_BOX, name))
        return APR_SUCCESS;
    op->block = ccgw_local_heap_take(seg, sizeof *box);
    if (!op->block)
        return CCGW_ENOSPACE;
    box = ccgw_local_at(seg, op->block);
    box->open = 1;
    box->dropped_upto = tenant->forgotten_upto;
    op->node = ccgw_local_node_make(seg, CCGW_LOCAL_BOX, name, op->block, ccgw_local_heap_take);
    return op->node ? APR_SUCCESS : CCGW_ENOSPACE;
}

static int is_open(ccgw_local_segment_t *seg, ccgw_buf_t name)
{
    ccgw_off_t node = ccgw_local_index_find(NULL, seg, CCGW_LOCAL_BOX, name);
    const ccgw_local_node_t *found = node ? ccgw_local_at(seg, node) : NULL;

    return found && ((const ccgw_local_box_t *)ccgw_local_at(seg, found->value))->open;
}

static apr_status_t prepare_event(ccgw_local_segment_t *seg, ccgw_local_op_t *op, apr_uint64_t number,
                                  apr_uint32_t event)
{
    ccgw_local_blob_t *body = NULL;
    apr_size_t at = 0;
    int i;

    for (i = 0; i < op->nboxes; i++) {
        ccgw_local_target_t *target = ccgw_local_op_target(&at, op);
        ccgw_local_entry_t *entry;

        if (!(target->flags & CCGW_LOCAL_OP_FIRST) && !is_open(seg, target_name(target)))
            continue;
        if (!body) {
            op->block = ccgw_local_blob_make(seg, ccgw_local_op_value(op).p, op->value_len, number, 0);
            if (!op->block)
                return CCGW_ENOSPACE;
            body = ccgw_local_at(seg, op->block);
        }
        target->entry = ccgw_local_heap_take(seg, sizeof *entry);
        if (!target->entry)
            return CCGW_ENOSPACE;
        entry = ccgw_local_at(seg, target->entry);
        entry->number = number;
        entry->event = event;
        entry->body = op->block;
        entry->born = apr_time_now();
        body->refs++;
    }
    return APR_SUCCESS;
}

/* Offsets of another life of the store may stand in a record that comes from a file. */
static void forget_offsets(ccgw_local_op_t *op)
{
    apr_size_t at = 0;
    int i;

    op->node = op->block = op->due_node = 0;
    for (i = 0; i < op->nboxes; i++)
        ccgw_local_op_target(&at, op)->entry = 0;
}

apr_status_t ccgw_local_prepare(ccgw_store_t *store, ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_size_t at = ccgw_local_op_first(record);
    apr_status_t rv = APR_SUCCESS;
    apr_uint32_t i, events = 0;

    for (i = 0; i < record->nops && rv == APR_SUCCESS; i++) {
        ccgw_local_op_t *op = ccgw_local_op_next(&at, record);

        if (!op) {
            rv = CCGW_EDAMAGED;
            break;
        }
        forget_offsets(op);
        if (op->kind == CCGW_LOCAL_PUT)
            rv = prepare_put(seg, op, record->position);
        else if (op->kind == CCGW_LOCAL_OPEN)
            rv = prepare_open(seg, op, ccgw_local_at(seg, record->tenant));
        else if (op->kind == CCGW_LOCAL_EVENT && !(seg->recovering && record->level == CCGW_DURABLE_MEMORY))
            rv = prepare_event(seg, op, record->number, events++);
    }
    if (rv != APR_SUCCESS)
        ccgw_local_heap_rollback(seg);
    return rv;
}

/* ---- behind the commit point ---- */

static void remove_due(ccgw_local_segment_t *seg, apr_time_t due, ccgw_local_op_t *op)
{
    unsigned char bytes[CCGW_LOCAL_DUE_KEY_MAX];

    ccgw_local_index_unlink(seg, CCGW_LOCAL_DUE, ccgw_local_due_key(bytes, due, op->table, ccgw_local_op_key(op)));
}

static void apply_put(ccgw_local_segment_t *seg, ccgw_local_op_t *op)
{
    ccgw_off_t off = ccgw_local_index_find(NULL, seg, op->table, ccgw_local_op_key(op));
    ccgw_local_node_t *node = off ? ccgw_local_at(seg, off) : NULL;
    ccgw_off_t old = node ? node->value : 0;
    apr_time_t old_due = old ? ((ccgw_local_blob_t *)ccgw_local_at(seg, old))->due : 0;

    if (old == op->block)
        return;
    /* The due table first: once the value is swapped, nothing knows the old due time any more. */
    if (old_due && old_due != op->due)
        remove_due(seg, old_due, op);
    if (op->due_node)
        ccgw_local_index_link(seg, op->due_node);
    if (!node) {
        ccgw_local_index_link(seg, op->node);
        seg->records++;
        return;
    }
    ccgw_local_set(node->value, op->block);
    ccgw_local_blob_free(seg, old);
}

static void apply_del(ccgw_local_segment_t *seg, ccgw_local_op_t *op)
{
    ccgw_off_t off = ccgw_local_index_find(NULL, seg, op->table, ccgw_local_op_key(op));
    ccgw_off_t value;
    apr_time_t due;

    if (!off)
        return;
    value = ((ccgw_local_node_t *)ccgw_local_at(seg, off))->value;
    due = ((ccgw_local_blob_t *)ccgw_local_at(seg, value))->due;
    if (due)
        remove_due(seg, due, op);
    ccgw_local_index_unlink(seg, op->table, ccgw_local_op_key(op));
    ccgw_local_blob_free(seg, value);
    seg->records--;
}

static void apply_op(ccgw_store_t *store, ccgw_local_record_t *record, ccgw_local_op_t *op)
{
    switch (op->kind) {
    case CCGW_LOCAL_PUT: apply_put(store->seg, op); break;
    case CCGW_LOCAL_DEL: apply_del(store->seg, op); break;
    case CCGW_LOCAL_OPEN: ccgw_local_box_open(store, op); break;
    case CCGW_LOCAL_CLOSE: ccgw_local_box_close(store, op, record->number); break;
    case CCGW_LOCAL_EVENT:
        ccgw_local_box_append(store, op,
                              record->level == CCGW_DURABLE_MEMORY ? CCGW_LOCAL_PASSING : CCGW_LOCAL_LASTING);
        break;
    }
}

void ccgw_local_apply(ccgw_store_t *store, ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_size_t at = ccgw_local_op_first(record);
    apr_uint32_t i;

    if (record->type != CCGW_LOCAL_COMMIT)
        return;
    for (i = 0; i < record->nops; i++) {
        ccgw_local_op_t *op = ccgw_local_op_next(&at, record);

        if (i < seg->done)
            continue;
        apply_op(store, record, op);
        ccgw_local_set(seg->done, i + 1);
    }
    ccgw_local_set(((ccgw_local_tenant_t *)ccgw_local_at(seg, record->tenant))->last, record->number);
}
