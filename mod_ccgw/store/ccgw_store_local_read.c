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

ccgw_off_t ccgw_local_value_of(const ccgw_local_look_t *look, ccgw_off_t node)
{
    ccgw_off_t value = ccgw_local_read(((ccgw_local_node_t *)ccgw_local_at(look->seg, node))->value);

    return ccgw_local_holds(look) ? value : 0;
}

apr_status_t ccgw_local_record_copy(ccgw_record_t *record, const ccgw_local_look_t *look, ccgw_off_t node,
                                    apr_pool_t *pool)
{
    ccgw_buf_t key = ccgw_local_node_key(look->seg, node);
    ccgw_off_t value = ccgw_local_value_of(look, node);
    const ccgw_local_blob_t *blob = ccgw_local_at(look->seg, value);

    memset(record, 0, sizeof *record);
    if (!value)
        return APR_SUCCESS;
    /* On its way while the key is copied. */
    __builtin_prefetch(blob);
    __builtin_prefetch(blob->bytes + CCGW_LOCAL_GRANULE);
    record->key = ccgw_buf_copy(key, pool);
    record->version = blob->version;
    record->due = blob->due;
    return ccgw_local_blob_copy(&record->value, look, value, pool);
}

/* What a tenant of whom nothing is stored looks like. */
static ccgw_local_tenant_t read_tenant(const ccgw_local_look_t *look, ccgw_buf_t name)
{
    ccgw_off_t off = ccgw_local_tenant_find(look, name);
    ccgw_local_tenant_t none = { 0 };

    none.last = none.visible = look->seg->epoch * CCGW_LOCAL_NUMBER_JUMP;
    return off ? *(const ccgw_local_tenant_t *)ccgw_local_at(look->seg, off) : none;
}

ccgw_cursor_t ccgw_local_last(ccgw_store_t *store, ccgw_buf_t tenant)
{
    ccgw_local_look_t look = { 0 };
    ccgw_cursor_t last;

    do {
        ccgw_local_look_begin(&look, store);
        last = ccgw_local_cursor(store->seg, read_tenant(&look, tenant).visible);
    } while (!ccgw_local_look_end(&look));
    return last;
}

/* One list to merge: the next entry of it. */
typedef struct ccgw_local_source_t {
    ccgw_off_t at; /* 0: at its end */
} ccgw_local_source_t;

/* The first entry behind AFTER. From the newest back: a reader is mostly close to the end. */
static ccgw_off_t find_first(const ccgw_local_look_t *look, const ccgw_local_list_t *list, apr_uint64_t after,
                             apr_time_t born)
{
    ccgw_off_t found = 0, off;

    for (off = list->newest; off && ccgw_local_holds(look);) {
        const ccgw_local_entry_t *entry = ccgw_local_at(look->seg, off);

        if (entry->number <= after || entry->born < born)
            break;
        found = off;
        off = off == list->oldest ? 0 : entry->older;
    }
    return found;
}

static const ccgw_local_entry_t *peek_source(const ccgw_local_look_t *look, const ccgw_local_source_t *source)
{
    return source->at && ccgw_local_holds(look) ? ccgw_local_at(look->seg, source->at) : NULL;
}

static int is_earlier(const ccgw_local_entry_t *a, const ccgw_local_entry_t *b)
{
    return a->number != b->number ? a->number < b->number : a->event < b->event;
}

/* Take the earliest entry off all sources; an event that lies in several mailboxes comes once.
 * 0: all are empty. */
static ccgw_off_t take_earliest(const ccgw_local_look_t *look, ccgw_local_source_t *sources, int n)
{
    const ccgw_local_entry_t *best = NULL;
    ccgw_off_t off = 0;
    int i;

    for (i = 0; i < n; i++) {
        const ccgw_local_entry_t *entry = peek_source(look, &sources[i]);

        if (entry && (!best || is_earlier(entry, best))) {
            best = entry;
            off = sources[i].at;
        }
    }
    for (i = 0; best && i < n; i++) {
        const ccgw_local_entry_t *entry = peek_source(look, &sources[i]);

        if (entry && entry->number == best->number && entry->event == best->event)
            sources[i].at = entry->newer;
    }
    return off;
}

/* One list after the other of BOXES; the answer tells whether all of them still hold what is
 * behind AFTER. */
static int collect_sources(ccgw_local_source_t *sources, const ccgw_local_look_t *look, const ccgw_buf_t *boxes,
                           int nboxes, apr_uint64_t after)
{
    apr_time_t born = apr_time_now() - PASSING_LIFE;
    int i;

    for (i = 0; i < nboxes; i++) {
        ccgw_off_t off = ccgw_local_box_find(look, boxes[i]);
        ccgw_local_box_t box;

        sources[2 * i].at = sources[2 * i + 1].at = 0;
        if (!off)
            continue;
        box = *(const ccgw_local_box_t *)ccgw_local_at(look->seg, off);
        if (after < box.dropped_upto)
            return 0;
        sources[2 * i].at = find_first(look, &box.lists[CCGW_LOCAL_LASTING], after, 0);
        sources[2 * i + 1].at = find_first(look, &box.lists[CCGW_LOCAL_PASSING], after, born);
    }
    return 1;
}

typedef struct ccgw_local_found_t {
    ccgw_stored_event_t *v;
    int n, size;
} ccgw_local_found_t;

static apr_status_t add_found(ccgw_local_found_t *found, const ccgw_local_look_t *look, apr_uint64_t number,
                              ccgw_off_t body, apr_pool_t *pool)
{
    if (!ccgw_local_holds(look))
        return APR_SUCCESS;
    if (found->n == found->size) {
        ccgw_stored_event_t *grown;

        found->size = found->size ? found->size * 2 : 16;
        grown = apr_palloc(pool, (apr_size_t)found->size * sizeof *grown);
        if (found->n)
            memcpy(grown, found->v, (apr_size_t)found->n * sizeof *grown);
        found->v = grown;
    }
    found->v[found->n].at = ccgw_local_cursor(look->seg, number);
    return ccgw_local_blob_copy(&found->v[found->n++].body, look, body, pool);
}

/* Merge until MAX is reached at the end of a commit, or until what readers may not see yet. */
static apr_status_t merge(ccgw_local_found_t *found, apr_uint64_t *upto, const ccgw_local_look_t *look,
                          ccgw_local_source_t *sources, int n, int max, apr_pool_t *pool)
{
    apr_uint64_t visible = *upto, newest = 0;
    apr_status_t rv = APR_SUCCESS;
    ccgw_off_t off;

    while (rv == APR_SUCCESS && (off = take_earliest(look, sources, n)) != 0) {
        const ccgw_local_entry_t *entry = ccgw_local_at(look->seg, off);
        apr_uint64_t number = entry->number;

        if (number > visible)
            break;
        if (found->n >= max && number != newest) {
            *upto = newest;
            break;
        }
        newest = number;
        rv = add_found(found, look, number, entry->body, pool);
    }
    return rv;
}

typedef struct ccgw_local_asked_t {
    ccgw_buf_t tenant;
    const ccgw_buf_t *boxes;
    int nboxes;
    ccgw_cursor_t after;
    int max;
    ccgw_local_source_t *sources; /* two for each of the boxes */
} ccgw_local_asked_t;

static apr_status_t read_events(ccgw_local_found_t *found, ccgw_cursor_t *upto, const ccgw_local_look_t *look,
                                const ccgw_local_asked_t *asked, apr_pool_t *pool)
{
    ccgw_local_tenant_t state = read_tenant(look, asked->tenant);
    apr_uint64_t number = asked->after & NUMBER_MASK, end = state.visible;
    apr_status_t rv = APR_SUCCESS;

    found->n = 0;
    if (asked->after >> NUMBER_BITS != look->seg->incarnation || number > state.last ||
        !collect_sources(asked->sources, look, asked->boxes, asked->nboxes, number))
        rv = CCGW_ERESYNC;
    /* A commit weaker than the one before it may have returned its number before readers may see
     * it. */
    else if (number >= end)
        end = number;
    else
        rv = merge(found, &end, look, asked->sources, 2 * asked->nboxes, asked->max > 0 ? asked->max : 1, pool);
    *upto = ccgw_local_cursor(look->seg, end);
    return rv;
}

apr_status_t ccgw_local_events(ccgw_stored_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_store_t *store,
                               ccgw_buf_t tenant, const ccgw_buf_t *boxes, int nboxes, ccgw_cursor_t after, int max,
                               apr_pool_t *pool)
{
    ccgw_local_asked_t asked = { tenant, boxes, nboxes, after, max, NULL };
    ccgw_local_found_t found = { 0 };
    ccgw_local_look_t look = { 0 };
    apr_status_t rv;
    int i;

    *n = 0;
    *events = NULL;
    for (i = 0; i < nboxes; i++) {
        if (!ccgw_local_key_belongs(boxes[i], tenant))
            return CCGW_EINVAL;
    }
    asked.sources = apr_palloc(pool, (2 * (apr_size_t)nboxes + 1) * sizeof *asked.sources);
    do {
        ccgw_local_look_begin(&look, store);
        rv = read_events(&found, upto, &look, &asked, pool);
    } while (!ccgw_local_look_end(&look));
    if (rv == APR_SUCCESS) {
        *events = found.v;
        *n = found.n;
    }
    return rv;
}
