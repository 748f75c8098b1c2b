/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local.c: the provider "local": shared memory and a journal. Opening, housekeeping,
 * counters. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"

#include <apr_file_io.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define MB         ((apr_uint64_t)1024 * 1024)
#define MEMORY_MIN (8 * MB)
#define RING_MIN   (4 * MB)
#define RING_MAX   (32 * MB)
#define PAGE       ((apr_uint64_t)64 * 1024)
#define PAGE_LINKS ((apr_uint64_t)1024 * sizeof(apr_uint32_t))
/* Files are filled this far ahead of use. */
#define AHEAD (4 * MB)

/* ---- opening ---- */

static apr_uint64_t align_up(apr_uint64_t n)
{
    return (n + 4095) & ~(apr_uint64_t)4095;
}

/* Cut SIZE bytes into the parts that LAYOUT draws; the heap takes what is left. */
static void divide(ccgw_local_segment_t *seg, apr_uint64_t size)
{
    apr_uint64_t at = align_up(CCGW_LOCAL_SEGMENT_HEAD);

    seg->ring = at;
    seg->ring_size = size / 8 < RING_MIN ? RING_MIN : size / 8 > RING_MAX ? RING_MAX : align_up(size / 8);
    at += seg->ring_size;
    seg->slots = at;
    seg->nslots = size / 32 / sizeof(ccgw_local_slot_t);
    at = align_up(at + seg->nslots * sizeof(ccgw_local_slot_t));
    /* Each page costs itself, a link per granule and a byte for its class; 2 pages are for
     * rounding. */
    seg->npages = (size - at - 2 * PAGE) / (PAGE + PAGE_LINKS + 1);
    seg->links = at;
    at += seg->npages * PAGE_LINKS;
    seg->classes = at;
    seg->heap = align_up(at + seg->npages);
    seg->size = size;
}

static apr_status_t make_segment(const char **why, ccgw_store_t *store, apr_size_t size, apr_pool_t *process)
{
    apr_status_t rv;

    if (size < MEMORY_MIN) {
        *why = apr_psprintf(process, "%lu bytes of shared memory are too few; at least %lu are needed",
                            (unsigned long)size, (unsigned long)MEMORY_MIN);
        return CCGW_ENOSPACE;
    }
    rv = apr_shm_create(&store->shm, size, NULL, process);
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(process, "cannot get %lu bytes of shared memory", (unsigned long)size);
        return rv;
    }
    store->seg = apr_shm_baseaddr_get(store->shm);
    memset(store->seg, 0, CCGW_LOCAL_SEGMENT_HEAD);
    divide(store->seg, apr_shm_size_get(store->shm));
    ccgw_local_mutex_init(&store->seg->commit_lock);
    ccgw_local_mutex_init(&store->seg->flush_lock);
    ccgw_local_heap_init(store->seg);
    ccgw_local_index_init(store->seg);
    store->seg->layout = CCGW_LOCAL_LAYOUT;
    store->seg->magic = CCGW_LOCAL_MAGIC;
    return APR_SUCCESS;
}

/* A failed start leaves the directory to the next one, though PROCESS lives on. */
static void give_back(ccgw_store_t *store)
{
    if (store->lock)
        apr_file_close(store->lock);
    if (store->shm)
        apr_shm_destroy(store->shm);
}

/* Nothing of ours is registered with PROCESS: at a graceful restart our code may go while the
 * pool stays. */
static apr_status_t open_parent(ccgw_store_t **store, const char **why, const ccgw_store_config_t *config,
                                apr_pool_t *process)
{
    ccgw_store_t *made = apr_pcalloc(process, sizeof *made);
    apr_status_t rv;

    *why = "";
    *store = NULL;
    made->magic = CCGW_LOCAL_MAGIC;
    made->dir = apr_pstrdup(process, config->dir);
    made->uid = config->uid;
    made->gid = config->gid;
    made->durability = config->durability == CCGW_DURABLE_UNSET ? CCGW_DURABLE_DISK : config->durability;
    made->mailbox_events = config->mailbox_events > 0 ? config->mailbox_events : 1024;
    made->mailbox_bytes = config->mailbox_bytes ? config->mailbox_bytes : 256 * 1024;
    made->fd = -1;
    if (made->durability > CCGW_DURABLE_DISK) {
        *why = "the store \"local\" has one machine only and cannot offer durability \"replica\"";
        return CCGW_EDISABLED;
    }
    rv = make_segment(why, made, config->memory, process);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_dir_open(why, made, process);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_recover(why, made, config, process);
    ccgw_local_file_close(made);
    if (rv == APR_SUCCESS)
        *store = made;
    else
        give_back(made);
    return rv;
}

static apr_status_t close_child(void *store)
{
    ccgw_local_file_close(store);
    return APR_SUCCESS;
}

static apr_status_t open_child(ccgw_store_t *store, ccgw_store_wake_t *wake, void *baton, apr_pool_t *child)
{
    if (store->magic != CCGW_LOCAL_MAGIC || store->seg->magic != CCGW_LOCAL_MAGIC ||
        store->seg->layout != CCGW_LOCAL_LAYOUT)
        return CCGW_EFORMAT;
    ccgw_local_file_close(store); /* our copy of a descriptor that the parent had open */
    store->wake = wake;
    store->wake_baton = baton;
    apr_pool_cleanup_register(child, store, close_child, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

/* ---- running ---- */

static apr_status_t housekeep(ccgw_store_t *store, int last)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_status_t rv = ccgw_local_words_save(store, last);

    if (rv == APR_SUCCESS)
        rv = ccgw_local_flush_lazily(store);
    if (rv == APR_SUCCESS && ccgw_local_read(seg->prepared) < ccgw_local_read(seg->head) + AHEAD)
        rv = ccgw_local_prepare_files(store, ccgw_local_read(seg->head) + AHEAD);
    if (ccgw_local_read(seg->closed_boxes)) {
        ccgw_local_lock(store);
        ccgw_local_box_purge(store);
        ccgw_local_unlock(store);
    }
    return rv;
}

static void stats(ccgw_store_t *store, void (*emit)(void *baton, const char *name, apr_int64_t value), void *baton)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t head = ccgw_local_read(seg->head);

    emit(baton, "commits", (apr_int64_t)seg->commits);
    emit(baton, "conflicts", (apr_int64_t)seg->conflicts);
    emit(baton, "flushes", (apr_int64_t)seg->flushes);
    emit(baton, "repairs", (apr_int64_t)seg->repairs);
    emit(baton, "records", (apr_int64_t)seg->records);
    emit(baton, "mailboxes", (apr_int64_t)seg->boxes);
    emit(baton, "blocks", (apr_int64_t)seg->blocks);
    emit(baton, "heap_bytes", (apr_int64_t)(seg->npages * PAGE));
    emit(baton, "heap_bytes_used", (apr_int64_t)(ccgw_local_read(seg->page_next) * PAGE));
    emit(baton, "journal_bytes", (apr_int64_t)head);
    emit(baton, "journal_bytes_unsynced", (apr_int64_t)(head - ccgw_local_read(seg->flushed)));
    emit(baton, "epoch", (apr_int64_t)seg->epoch);
    emit(baton, "incarnation", (apr_int64_t)seg->incarnation);
    emit(baton, "broken", (apr_int64_t)ccgw_local_read(seg->broken));
}

const ccgw_store_provider_t ccgw_store_local = {
    .name = "local",
    .open_parent = open_parent,
    .open_child = open_child,
    .housekeep = housekeep,
    .begin = ccgw_local_begin,
    .get = ccgw_local_get,
    .range = ccgw_local_range,
    .peek = ccgw_local_peek,
    .scan = ccgw_local_scan,
    .put = ccgw_local_put,
    .del = ccgw_local_del,
    .open_box = ccgw_local_open_box,
    .close_box = ccgw_local_close_box,
    .append = ccgw_local_append,
    .commit = ccgw_local_commit,
    .events = ccgw_local_events,
    .last = ccgw_local_last,
    .due = ccgw_local_due,
    .word = ccgw_local_word,
    .forget = ccgw_local_forget,
    .stats = stats,
};
