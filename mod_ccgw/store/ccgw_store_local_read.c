/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_read.c: what readers see: one record, the merged events of some mailboxes,
 * the last cursor. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_str.h"

#include <apr_strings.h>
#include <string.h>

#define NUMBER_BITS 40
#define NUMBER_MASK (((apr_uint64_t)1 << NUMBER_BITS) - 1)

/* A passing event is for those who wait for it now. */
#define PASSING_LIFE apr_time_from_sec(5)

ccgw_cursor_t ccgw_local_cursor(const ccgw_local_segment_t *seg, apr_uint64_t number)
{
    return seg->incarnation << NUMBER_BITS | (number & NUMBER_MASK);
}

apr_status_t ccgw_local_record_copy(ccgw_record_t *record, ccgw_local_segment_t *seg, ccgw_off_t node, apr_pool_t *pool)
{
    ccgw_off_t value = ((const ccgw_local_node_t *)ccgw_local_at(seg, node))->value;
    const ccgw_local_blob_t *blob = ccgw_local_at(seg, value);

    record->key = ccgw_buf_copy(ccgw_local_node_key(seg, node), pool);
    record->version = blob->version;
    record->due = blob->due;
    return ccgw_local_blob_copy(&record->value, seg, value, pool);
}

/* What a tenant of whom nothing is stored looks like. */
static ccgw_local_tenant_t read_tenant(ccgw_local_segment_t *seg, ccgw_buf_t name)
{
    ccgw_off_t off = ccgw_local_tenant_find(seg, name, 0);
    ccgw_local_tenant_t none = { 0 };

    none.last = none.visible = seg->epoch * CCGW_LOCAL_NUMBER_JUMP;
    return off ? *(const ccgw_local_tenant_t *)ccgw_local_at(seg, off) : none;
}

ccgw_cursor_t ccgw_local_last(ccgw_store_t *store, ccgw_buf_t tenant)
{
    ccgw_cursor_t last;

    ccgw_local_lock(store);
    last = ccgw_local_cursor(store->seg, read_tenant(store->seg, tenant).visible);
    ccgw_local_unlock(store);
    return last;
}

/* One list to merge: the next entry of it. */
typedef struct ccgw_local_source_t {
    ccgw_off_t at; /* 0: at its end */
} ccgw_local_source_t;

/* The first entry behind AFTER. From the newest back: a reader is mostly close to the end. */
static ccgw_off_t find_first(ccgw_local_segment_t *seg, const ccgw_local_list_t *list, apr_uint64_t after,
                             apr_time_t born)
{
    ccgw_off_t found = 0, off;

    for (off = list->newest; off;) {
        const ccgw_local_entry_t *entry = ccgw_local_at(seg, off);

        if (entry->number <= after || entry->born < born)
            break;
        found = off;
        off = off == list->oldest ? 0 : entry->older;
    }
    return found;
}

static const ccgw_local_entry_t *peek_source(ccgw_local_segment_t *seg, const ccgw_local_source_t *source)
{
    return source->at ? ccgw_local_at(seg, source->at) : NULL;
}

static int is_earlier(const ccgw_local_entry_t *a, const ccgw_local_entry_t *b)
{
    return a->number != b->number ? a->number < b->number : a->event < b->event;
}

/* Take the earliest entry off all sources; an event that lies in several mailboxes comes once.
 * 0: all are empty. */
static ccgw_off_t take_earliest(ccgw_local_segment_t *seg, ccgw_local_source_t *sources, int n)
{
    const ccgw_local_entry_t *best = NULL;
    ccgw_off_t off = 0;
    int i;

    for (i = 0; i < n; i++) {
        const ccgw_local_entry_t *entry = peek_source(seg, &sources[i]);

        if (entry && (!best || is_earlier(entry, best))) {
            best = entry;
            off = sources[i].at;
        }
    }
    for (i = 0; best && i < n; i++) {
        const ccgw_local_entry_t *entry = peek_source(seg, &sources[i]);

        if (entry && entry->number == best->number && entry->event == best->event)
            sources[i].at = entry->newer;
    }
    return off;
}

/* One list after the other of BOXES; the answer tells whether all of them still hold what is
 * behind AFTER. */
static int collect_sources(ccgw_local_source_t *sources, ccgw_local_segment_t *seg, const ccgw_buf_t *boxes, int nboxes,
                           apr_uint64_t after)
{
    apr_time_t born = apr_time_now() - PASSING_LIFE;
    int i;

    for (i = 0; i < nboxes; i++) {
        ccgw_off_t node = ccgw_local_index_find(NULL, seg, CCGW_LOCAL_BOX, boxes[i]);
        const ccgw_local_box_t *box;

        if (!node)
            continue;
        box = ccgw_local_at(seg, ((const ccgw_local_node_t *)ccgw_local_at(seg, node))->value);
        if (after < box->dropped_upto)
            return 0;
        sources[2 * i].at = find_first(seg, &box->lists[CCGW_LOCAL_LASTING], after, 0);
        sources[2 * i + 1].at = find_first(seg, &box->lists[CCGW_LOCAL_PASSING], after, born);
    }
    return 1;
}

typedef struct ccgw_local_found_t {
    ccgw_stored_event_t *v;
    int n, size;
} ccgw_local_found_t;

static apr_status_t add_found(ccgw_local_found_t *found, ccgw_local_segment_t *seg, const ccgw_local_entry_t *entry,
                              apr_pool_t *pool)
{
    if (found->n == found->size) {
        ccgw_stored_event_t *grown;

        found->size = found->size ? found->size * 2 : 16;
        grown = apr_palloc(pool, (apr_size_t)found->size * sizeof *grown);
        if (found->n)
            memcpy(grown, found->v, (apr_size_t)found->n * sizeof *grown);
        found->v = grown;
    }
    found->v[found->n].at = ccgw_local_cursor(seg, entry->number);
    return ccgw_local_blob_copy(&found->v[found->n++].body, seg, entry->body, pool);
}

/* Merge until MAX is reached at the end of a commit, or until what readers may not see yet. */
static apr_status_t merge(ccgw_local_found_t *found, apr_uint64_t *upto, ccgw_local_segment_t *seg,
                          ccgw_local_source_t *sources, int n, int max, apr_pool_t *pool)
{
    apr_uint64_t visible = *upto, newest = 0;
    apr_status_t rv = APR_SUCCESS;
    ccgw_off_t off;

    while (rv == APR_SUCCESS && (off = take_earliest(seg, sources, n)) != 0) {
        const ccgw_local_entry_t *entry = ccgw_local_at(seg, off);

        if (entry->number > visible)
            break;
        if (found->n >= max && entry->number != newest) {
            *upto = newest;
            break;
        }
        newest = entry->number;
        rv = add_found(found, seg, entry, pool);
    }
    return rv;
}

static apr_status_t read_events(ccgw_local_found_t *found, apr_uint64_t *upto, ccgw_local_segment_t *seg,
                                ccgw_local_source_t *sources, const ccgw_buf_t *boxes, int nboxes, ccgw_cursor_t after,
                                apr_uint64_t last, int max, apr_pool_t *pool)
{
    apr_uint64_t number = after & NUMBER_MASK;

    if (after >> NUMBER_BITS != seg->incarnation || number > last ||
        !collect_sources(sources, seg, boxes, nboxes, number))
        return CCGW_ERESYNC;
    /* A commit weaker than the one before it may have returned its number before readers may see
     * it. */
    if (number >= *upto) {
        *upto = number;
        return APR_SUCCESS;
    }
    return merge(found, upto, seg, sources, 2 * nboxes, max > 0 ? max : 1, pool);
}

apr_status_t ccgw_local_events(ccgw_stored_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_store_t *store,
                               ccgw_buf_t tenant, const ccgw_buf_t *boxes, int nboxes, ccgw_cursor_t after, int max,
                               apr_pool_t *pool)
{
    ccgw_local_source_t *sources = apr_pcalloc(pool, (2 * (apr_size_t)nboxes + 1) * sizeof *sources);
    ccgw_local_found_t found = { 0 };
    ccgw_local_tenant_t state;
    apr_uint64_t number;
    apr_status_t rv;
    int i;

    *n = 0;
    *events = NULL;
    for (i = 0; i < nboxes; i++) {
        if (!ccgw_local_key_belongs(boxes[i], tenant))
            return CCGW_EINVAL;
    }
    ccgw_local_lock(store);
    state = read_tenant(store->seg, tenant);
    number = state.visible;
    rv = read_events(&found, &number, store->seg, sources, boxes, nboxes, after, state.last, max, pool);
    *upto = ccgw_local_cursor(store->seg, number);
    ccgw_local_unlock(store);
    if (rv == APR_SUCCESS) {
        *events = found.v;
        *n = found.n;
    }
    return rv;
}
