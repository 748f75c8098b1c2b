/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_apply.c: what a journal record does to the segment.
 *
 * Prepare takes and fills all blocks before the commit point; apply only links them. seg->done
 * counts the operations that are finished, so after a kill only the one in progress is done
 * again, and each is written to bear that: it asks what is linked already instead of remembering
 * how far it came. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_step.h"
#include "util/ccgw_str.h"

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

/* Tables of our own and names of no length would be taken for something else. */
static int is_sane(const ccgw_local_op_t *op)
{
    if (op->key_len > CCGW_KEY_MAX)
        return 0;
    switch (op->kind) {
    case CCGW_LOCAL_PUT:
    case CCGW_LOCAL_DEL:
        return op->key_len && op->due >= 0 && op->table > CCGW_TABLE_UNSET && op->table < CCGW_TABLE_COUNT;
    case CCGW_LOCAL_OPEN:
    case CCGW_LOCAL_CLOSE: return op->key_len != 0;
    default: return op->kind == CCGW_LOCAL_EVENT;
    }
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
    return i == op->nboxes && at == op->len && is_sane(op);
}

ccgw_local_op_t *ccgw_local_op_next(apr_size_t *at, ccgw_local_record_t *record)
{
    ccgw_local_op_t *op = (ccgw_local_op_t *)((char *)record + *at);

    if (*at >= record->len || !is_whole(op, record->len - *at))
        return NULL;
    *at += op->len;
    return op;
}

/* ---- the plan ---- */

ccgw_local_plan_t *ccgw_local_plan_first(ccgw_local_segment_t *seg)
{
    return ccgw_local_at(seg, seg->plan);
}

ccgw_local_plan_t *ccgw_local_plan_next(ccgw_local_plan_t *plan, const ccgw_local_op_t *op)
{
    return (ccgw_local_plan_t *)(plan->entries + op->nboxes);
}

static int has_room(ccgw_local_segment_t *seg, const ccgw_local_plan_t *plan, const ccgw_local_op_t *op)
{
    const ccgw_off_t *end = (const ccgw_off_t *)ccgw_local_plan_first(seg) + CCGW_LOCAL_PLAN_WORDS;

    return plan->entries + op->nboxes <= end;
}

/* ---- before the commit point ---- */

/* Does the commit begin something that others will have to finish? */
static int is_beginning(ccgw_local_segment_t *seg, ccgw_local_record_t *record)
{
    apr_size_t at = ccgw_local_op_first(record);
    ccgw_local_op_t *op;

    while ((op = ccgw_local_op_next(&at, record)) != NULL) {
        int begins = op->table == CCGW_TABLE_SESSION || op->table == CCGW_TABLE_LOGIN ||
                     op->table == CCGW_TABLE_STREAM || op->table == CCGW_TABLE_OUTBOX;

        if (op->kind == CCGW_LOCAL_PUT && begins && !ccgw_local_index_find(seg, op->table, ccgw_local_op_key(op)))
            return 1;
    }
    return 0;
}

static apr_status_t plan_put(ccgw_local_plan_t *plan, ccgw_local_segment_t *seg, ccgw_local_op_t *op,
                             apr_uint64_t version)
{
    ccgw_buf_t key = ccgw_local_op_key(op), value = ccgw_local_op_value(op);
    unsigned char bytes[CCGW_LOCAL_DUE_KEY_MAX];
    apr_time_t old_due = 0;

    plan->node = ccgw_local_index_find(seg, op->table, key);
    if (plan->node) {
        const ccgw_local_node_t *old = ccgw_local_at(seg, plan->node);

        old_due = ((const ccgw_local_blob_t *)ccgw_local_at(seg, old->value))->due;
    }
    plan->block = ccgw_local_blob_make(seg, value.p, op->value_len, op->value_crc, version, op->due);
    if (!plan->block)
        return CCGW_ENOSPACE;
    if (!plan->node)
        plan->node = ccgw_local_node_make(seg, op->table, key, plan->block, ccgw_local_heap_take);
    if (op->due && op->due != old_due)
        plan->due_node = ccgw_local_node_make(seg, CCGW_LOCAL_DUE, ccgw_local_due_key(bytes, op->due, op->table, key),
                                              0, ccgw_local_heap_take);
    return plan->node && (plan->due_node || !op->due || op->due == old_due) ? APR_SUCCESS : CCGW_ENOSPACE;
}

static apr_status_t plan_open(ccgw_local_plan_t *plan, ccgw_local_segment_t *seg, ccgw_local_op_t *op,
                              const ccgw_local_record_t *record)
{
    const ccgw_local_tenant_t *tenant = ccgw_local_at(seg, record->tenant);
    ccgw_local_look_t own = ccgw_local_owner(seg);
    ccgw_buf_t name = ccgw_local_op_key(op);
    ccgw_local_box_t *box;

    if (!(op->flags & CCGW_LOCAL_OP_FIRST) || ccgw_local_box_find(&own, name))
        return APR_SUCCESS;
    plan->block = ccgw_local_heap_take(seg, sizeof *box);
    if (!plan->block)
        return CCGW_ENOSPACE;
    box = ccgw_local_at(seg, plan->block);
    box->open = 1;
    /* In a replay over a snapshot the tenant may know more than he did then. */
    box->dropped_upto = tenant->forgotten_upto < record->number ? tenant->forgotten_upto : record->number;
    plan->node = ccgw_local_node_make(seg, CCGW_LOCAL_BOX, name, plan->block, ccgw_local_heap_take);
    return plan->node ? APR_SUCCESS : CCGW_ENOSPACE;
}

/* Does RECORD close this mailbox before it comes to UNTIL? */
static int closes_before(ccgw_local_record_t *record, const ccgw_local_op_t *until, ccgw_buf_t name)
{
    apr_size_t at = ccgw_local_op_first(record);
    ccgw_local_op_t *op;

    while ((op = ccgw_local_op_next(&at, record)) != NULL && op != until) {
        if (op->kind == CCGW_LOCAL_CLOSE && !ccgw_buf_compare(ccgw_local_op_key(op), name))
            return 1;
    }
    return 0;
}

/* Will the mailbox take the event EVENT of RECORD's commit, which is OP? In a replay over a snapshot it may have it,
 * unless the same commit empties it first. */
static int will_take(ccgw_local_segment_t *seg, ccgw_local_record_t *record, const ccgw_local_op_t *op,
                     const ccgw_local_target_t *target, ccgw_buf_t name, apr_uint32_t event)
{
    ccgw_local_look_t own = ccgw_local_owner(seg);
    ccgw_off_t off = ccgw_local_box_find(&own, name);
    const ccgw_local_box_t *box = off ? ccgw_local_at(seg, off) : NULL;
    const ccgw_local_entry_t *newest;

    if (box && seg->recovering && box->lists[CCGW_LOCAL_LASTING].newest) {
        newest = ccgw_local_at(seg, box->lists[CCGW_LOCAL_LASTING].newest);
        if ((newest->number > record->number || (newest->number == record->number && newest->event >= event)) &&
            !closes_before(record, op, name))
            return 0;
    }
    return target->flags & CCGW_LOCAL_OP_FIRST || (box && box->open);
}

static apr_status_t plan_event(ccgw_local_plan_t *plan, ccgw_local_segment_t *seg, ccgw_local_op_t *op,
                               ccgw_local_record_t *record, apr_uint32_t event)
{
    apr_uint64_t number = record->number;
    apr_time_t now = apr_time_now();
    ccgw_local_blob_t *body = NULL;
    apr_size_t at = 0;
    int i;

    for (i = 0; i < op->nboxes; i++) {
        ccgw_local_target_t *target = ccgw_local_op_target(&at, op);
        ccgw_local_entry_t *entry;

        if (!will_take(seg, record, op, target, target_name(target), event))
            continue;
        if (!body) {
            plan->block = ccgw_local_blob_make(seg, ccgw_local_op_value(op).p, op->value_len, op->value_crc, number, 0);
            if (!plan->block)
                return CCGW_ENOSPACE;
            body = ccgw_local_at(seg, plan->block);
        }
        plan->entries[i] = ccgw_local_heap_take(seg, sizeof *entry);
        if (!plan->entries[i])
            return CCGW_ENOSPACE;
        entry = ccgw_local_at(seg, plan->entries[i]);
        entry->number = number;
        entry->event = event;
        entry->body = plan->block;
        entry->born = now;
        body->refs++;
    }
    return APR_SUCCESS;
}

apr_status_t ccgw_local_prepare(ccgw_store_t *store, ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_size_t at = ccgw_local_op_first(record);
    ccgw_local_plan_t *plan = ccgw_local_plan_first(seg);
    apr_status_t rv = APR_SUCCESS;
    apr_uint32_t i, events = 0;
    int begins = !seg->recovering && is_beginning(seg, record);

    ccgw_local_heap_reserve(seg, begins);
    for (i = 0; i < record->nops && rv == APR_SUCCESS; i++) {
        ccgw_local_op_t *op = ccgw_local_op_next(&at, record);

        if (!op || !has_room(seg, plan, op)) {
            rv = CCGW_EDAMAGED;
            break;
        }
        memset(plan, 0, sizeof *plan + op->nboxes * sizeof plan->entries[0]);
        if (op->kind == CCGW_LOCAL_PUT)
            rv = plan_put(plan, seg, op, record->position);
        else if (op->kind == CCGW_LOCAL_OPEN)
            rv = plan_open(plan, seg, op, record);
        else if (op->kind == CCGW_LOCAL_EVENT && !(seg->recovering && record->level == CCGW_DURABLE_MEMORY))
            rv = plan_event(plan, seg, op, record, events++);
        plan = ccgw_local_plan_next(plan, op);
    }
    if (rv == APR_SUCCESS && begins && !ccgw_local_heap_has_room(seg, 1))
        rv = CCGW_ENOSPACE;
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

static void apply_put(ccgw_local_segment_t *seg, ccgw_local_op_t *op, const ccgw_local_plan_t *plan)
{
    ccgw_local_node_t *node = ccgw_local_at(seg, plan->node);
    ccgw_off_t old = node->value;
    apr_time_t old_due;

    /* A new node was made with its value. */
    if (old == plan->block) {
        if (plan->due_node)
            ccgw_local_index_link(seg, plan->due_node);
        if (!ccgw_local_index_find(seg, op->table, ccgw_local_op_key(op)))
            seg->records++;
        ccgw_local_index_link(seg, plan->node);
        return;
    }
    /* The due table first: once the value is swapped, nothing knows the old due time any more. */
    old_due = ((ccgw_local_blob_t *)ccgw_local_at(seg, old))->due;
    if (old_due && old_due != op->due)
        remove_due(seg, old_due, op);
    if (plan->due_node)
        ccgw_local_index_link(seg, plan->due_node);
    ccgw_local_set(node->value, plan->block);
    ccgw_local_blob_free(seg, old);
}

static void apply_del(ccgw_local_segment_t *seg, ccgw_local_op_t *op)
{
    ccgw_off_t off = ccgw_local_index_find(seg, op->table, ccgw_local_op_key(op));
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

static void apply_op(ccgw_store_t *store, ccgw_local_record_t *record, ccgw_local_op_t *op, ccgw_local_plan_t *plan)
{
    switch (op->kind) {
    case CCGW_LOCAL_PUT: apply_put(store->seg, op, plan); break;
    case CCGW_LOCAL_DEL: apply_del(store->seg, op); break;
    case CCGW_LOCAL_OPEN: ccgw_local_box_open(store, op, plan); break;
    case CCGW_LOCAL_CLOSE: ccgw_local_box_close(store, op, record->number); break;
    case CCGW_LOCAL_EVENT:
        ccgw_local_box_append(store, op, plan,
                              record->level == CCGW_DURABLE_MEMORY ? CCGW_LOCAL_PASSING : CCGW_LOCAL_LASTING);
        break;
    }
}

void ccgw_local_apply(ccgw_store_t *store, ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_size_t at = ccgw_local_op_first(record);
    ccgw_local_plan_t *plan = ccgw_local_plan_first(seg);
    apr_uint32_t i;

    if (record->type != CCGW_LOCAL_COMMIT)
        return;
    for (i = 0; i < record->nops; i++) {
        ccgw_local_op_t *op = ccgw_local_op_next(&at, record);

        if (i >= seg->done) {
            apply_op(store, record, op, plan);
            ccgw_local_set(seg->done, i + 1);
            ccgw_step(COMMIT_APPLYING);
        }
        plan = ccgw_local_plan_next(plan, op);
    }
    ccgw_local_set(((ccgw_local_tenant_t *)ccgw_local_at(seg, record->tenant))->last, record->number);
}
