/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_box.c: mailboxes: lists of entries that share the events' bodies.
 *
 * A mailbox that is closed stays as a name with the number of the closing commit, so that a
 * reader who comes back after it was opened again is told to start over; housekeeping forgets
 * the surplus. */
#include "store/ccgw_store_local.h"

#include <string.h>

/* Passing events: enough for a burst of typing, too few and too short-lived to be a replay. */
#define PASSING_MAX 32
#define CLOSED_MAX  4096

static ccgw_local_entry_t *entry_at(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    return ccgw_local_at(seg, off);
}

ccgw_off_t ccgw_local_box_find(const ccgw_local_look_t *look, ccgw_buf_t name)
{
    ccgw_off_t node = ccgw_local_look_find(look, CCGW_LOCAL_BOX, name);

    return node ? ccgw_local_value_of(look, node) : 0;
}

static ccgw_local_box_t *find_box(ccgw_local_segment_t *seg, ccgw_buf_t name)
{
    ccgw_local_look_t own = ccgw_local_owner(seg);
    ccgw_off_t off = ccgw_local_box_find(&own, name);

    return off ? ccgw_local_at(seg, off) : NULL;
}

/* Take the oldest entry off LIST. It is unlinked before its body is let go: a kill in between
 * keeps the body for ever, the other order would free it twice. */
static void drop_oldest(ccgw_local_segment_t *seg, ccgw_local_list_t *list)
{
    ccgw_off_t off = list->oldest;
    ccgw_local_entry_t *entry = entry_at(seg, off);
    ccgw_local_blob_t *body = ccgw_local_at(seg, entry->body);

    if (off == list->newest) {
        ccgw_local_set(list->newest, 0);
    }
    else {
        ccgw_local_set(entry_at(seg, entry->newer)->older, 0);
        ccgw_local_set(list->oldest, entry->newer);
    }
    if (!--body->refs)
        ccgw_local_blob_free(seg, entry->body);
    ccgw_local_heap_free(seg, off);
}

void ccgw_local_box_open(ccgw_store_t *store, ccgw_local_op_t *op, const ccgw_local_plan_t *plan)
{
    ccgw_local_box_t *box = find_box(store->seg, ccgw_local_op_key(op));

    if (!box && plan->node) {
        ccgw_local_index_link(store->seg, plan->node);
        store->seg->boxes++;
    }
    else if (box && !box->open) {
        ccgw_local_set(box->open, 1);
        store->seg->closed_boxes -= store->seg->closed_boxes > 0; /* a kill may have kept one from being counted */
    }
}

void ccgw_local_box_close(ccgw_store_t *store, ccgw_local_op_t *op, apr_uint64_t number)
{
    ccgw_local_box_t *box = find_box(store->seg, ccgw_local_op_key(op));
    int kept;

    if (!box)
        return;
    if (box->open) {
        ccgw_local_set(box->dropped_upto, number);
        ccgw_local_set(box->open, 0);
        store->seg->closed_boxes++;
    }
    for (kept = 0; kept < CCGW_LOCAL_LISTS; kept++) {
        while (box->lists[kept].newest)
            drop_oldest(store->seg, &box->lists[kept]);
    }
}

/* Is LIST beyond its bounds? The newest entry always stays. */
static int is_overfull(ccgw_store_t *store, const ccgw_local_list_t *list, ccgw_local_kept_t kept)
{
    const ccgw_local_entry_t *oldest = entry_at(store->seg, list->oldest);
    const ccgw_local_entry_t *newest = entry_at(store->seg, list->newest);
    apr_uint64_t events = newest->total_events - oldest->total_events + 1;

    if (oldest == newest)
        return 0;
    if (kept == CCGW_LOCAL_PASSING)
        return events > PASSING_MAX;
    /* The bytes without the oldest: what is kept after dropping it must not fall below the
     * promise. */
    return events > (apr_uint64_t)store->mailbox_events ||
           newest->total_bytes - oldest->total_bytes >= store->mailbox_bytes;
}

static void link_entry(ccgw_local_segment_t *seg, ccgw_local_list_t *list, ccgw_off_t off)
{
    ccgw_local_entry_t *entry = entry_at(seg, off);
    ccgw_local_entry_t *newest = list->newest ? entry_at(seg, list->newest) : NULL;
    apr_uint32_t bytes = ((ccgw_local_blob_t *)ccgw_local_at(seg, entry->body))->len;

    entry->older = list->newest;
    entry->newer = 0;
    entry->total_events = (newest ? newest->total_events : 0) + 1;
    entry->total_bytes = (newest ? newest->total_bytes : 0) + bytes;
    if (newest)
        ccgw_local_set(newest->newer, off);
    else
        ccgw_local_set(list->oldest, off);
    ccgw_local_set(list->newest, off);
}

static int is_linked(ccgw_local_segment_t *seg, const ccgw_local_list_t *list, const ccgw_local_entry_t *entry)
{
    const ccgw_local_entry_t *newest = list->newest ? entry_at(seg, list->newest) : NULL;

    return newest && newest->number == entry->number && newest->event >= entry->event;
}

void ccgw_local_box_append(ccgw_store_t *store, ccgw_local_op_t *op, const ccgw_local_plan_t *plan,
                           ccgw_local_kept_t kept)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_size_t at = 0;
    int i;

    for (i = 0; i < op->nboxes; i++) {
        ccgw_local_target_t *target = ccgw_local_op_target(&at, op);
        ccgw_buf_t name = { target + 1, target->name_len };
        ccgw_local_list_t *list;
        ccgw_local_box_t *box;

        if (!plan->entries[i])
            continue;
        box = find_box(seg, name);
        if (!box)
            continue;
        list = &box->lists[kept];
        if (!is_linked(seg, list, entry_at(seg, plan->entries[i])))
            link_entry(seg, list, plan->entries[i]);
        while (is_overfull(store, list, kept)) {
            if (kept == CCGW_LOCAL_LASTING)
                ccgw_local_set(box->dropped_upto, entry_at(seg, list->oldest)->number);
            drop_oldest(seg, list);
        }
    }
}

void ccgw_local_box_restore(ccgw_local_segment_t *seg, ccgw_local_box_t *box, ccgw_off_t entry)
{
    link_entry(seg, &box->lists[CCGW_LOCAL_LASTING], entry);
}

/* Forget one closed mailbox; whoever opens this name again is told of the bound instead. */
static void forget_box(ccgw_local_segment_t *seg, ccgw_buf_t name, ccgw_off_t value)
{
    const ccgw_local_box_t *box = ccgw_local_at(seg, value);
    ccgw_buf_t tenant_name = { name.p, strnlen(name.p, name.n) };
    ccgw_local_look_t own = ccgw_local_owner(seg);
    ccgw_off_t tenant = ccgw_local_tenant_find(&own, tenant_name);
    ccgw_local_tenant_t *owner = tenant ? ccgw_local_at(seg, tenant) : NULL;

    if (owner && owner->forgotten_upto < box->dropped_upto)
        ccgw_local_set(owner->forgotten_upto, box->dropped_upto);
    ccgw_local_index_unlink(seg, CCGW_LOCAL_BOX, name);
    ccgw_local_heap_free(seg, value);
    seg->boxes--;
    seg->closed_boxes--;
}

void ccgw_local_box_purge(ccgw_store_t *store)
{
    static const ccgw_buf_t start = { "", 0 };
    ccgw_local_segment_t *seg = store->seg;
    ccgw_off_t node, next;

    if (seg->closed_boxes <= CLOSED_MAX)
        return;
    ccgw_local_change_begin(seg);
    for (node = ccgw_local_index_seek(seg, CCGW_LOCAL_BOX, start); node && seg->closed_boxes > CLOSED_MAX / 2;
         node = next) {
        ccgw_off_t value = ((ccgw_local_node_t *)ccgw_local_at(seg, node))->value;

        next = ccgw_local_index_next(seg, node);
        if (!((ccgw_local_box_t *)ccgw_local_at(seg, value))->open)
            forget_box(seg, ccgw_local_node_key(seg, node), value);
    }
    ccgw_local_change_end(seg);
}
