/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local.c: the provider "local": shared memory and a journal. Opening, housekeeping,
 * counters. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_log.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define MB         ((apr_uint64_t)1024 * 1024)
#define MEMORY_MIN (8 * MB)
/* Blocks are numbered in 32 bits. */
#define MEMORY_MAX     (256 * 1024 * MB)
#define COPY_TRIES     100
#define COPY_GROWS     4
#define RING_MIN       (4 * MB)
#define SNAPSHOT_BYTES (512 * MB)
#define RING_MAX       (32 * MB)
#define PAGE           ((apr_uint64_t)64 * 1024)
#define PAGE_LINKS     ((apr_uint64_t)1024 * sizeof(apr_uint32_t))
/* Files are made this far ahead of use, and at most so much at once. */
#define AHEAD         (48 * MB)
#define AHEAD_AT_ONCE (8 * MB)
/* The memory counts as full for this long after the last commit that found no room. */
#define CALM apr_time_from_sec(3)
/* A record with its node takes about that much. More buckets would mostly be empty, and too many for the caches. */
#define BYTES_PER_BUCKET 512

/* ---- opening ---- */

/* The next place in the segment that begins a page of memory. What apr_shm_create() gives begins some bytes behind one,
 * and a node that lies across two lines of the cache costs two of them. */
static apr_uint64_t align_up(const ccgw_local_segment_t *seg, apr_uint64_t at)
{
    return at + (CCGW_LOCAL_BLOCK - ((apr_uintptr_t)seg + at) % CCGW_LOCAL_BLOCK) % CCGW_LOCAL_BLOCK;
}

/* Cut SIZE bytes into the parts that LAYOUT draws; the heap takes what is left. */
static void divide(ccgw_local_segment_t *seg, apr_uint64_t size)
{
    apr_uint64_t at = align_up(seg, CCGW_LOCAL_SEGMENT_HEAD);

    seg->ring = at;
    seg->ring_size = size / 8 < RING_MIN ? RING_MIN : size / 8 > RING_MAX ? RING_MAX : size / 8;
    seg->ring_size -= seg->ring_size % CCGW_LOCAL_BLOCK;
    at += seg->ring_size;
    seg->slots = at;
    seg->nslots = size / 32 / sizeof(ccgw_local_slot_t);
    at = align_up(seg, at + seg->nslots * sizeof(ccgw_local_slot_t));
    seg->plan = at;
    at = align_up(seg, at + CCGW_LOCAL_PLAN_WORDS * sizeof(ccgw_off_t));
    seg->buckets = at;
    for (seg->nbuckets = 1024; seg->nbuckets * BYTES_PER_BUCKET < size; seg->nbuckets *= 2)
        continue;
    at = align_up(seg, at + seg->nbuckets * sizeof(apr_uint32_t));
    /* Each page costs itself, a link per granule and a byte for its class; 2 pages are for
     * rounding. */
    seg->npages = (size - at - 2 * PAGE) / (PAGE + PAGE_LINKS + 1);
    seg->links = at;
    at += seg->npages * PAGE_LINKS;
    seg->classes = at;
    seg->heap = align_up(seg, at + seg->npages);
    seg->size = size;
}

static apr_status_t make_segment(const char **why, ccgw_store_t *store, apr_size_t size, apr_pool_t *process)
{
    apr_status_t rv;

    if (size < MEMORY_MIN || size > MEMORY_MAX) {
        *why = apr_psprintf(process, "%lu bytes of shared memory are not between %lu and %lu", (unsigned long)size,
                            (unsigned long)MEMORY_MIN, (unsigned long)MEMORY_MAX);
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
    ccgw_local_mutex_init(&store->seg->space_lock);
    rv = apr_generate_random_bytes((unsigned char *)&store->seg->hash_seed, sizeof store->seg->hash_seed);
    ccgw_local_heap_init(store->seg);
    ccgw_local_index_init(store->seg);
    store->seg->layout = CCGW_LOCAL_LAYOUT;
    store->seg->magic = CCGW_LOCAL_MAGIC;
    return rv;
}

/* A failed start leaves the directory to the next one, though PROCESS lives on. */
static void give_back(ccgw_store_t *store)
{
    if (store->lock)
        apr_file_close(store->lock);
    if (store->shm)
        apr_shm_destroy(store->shm);
}

static ccgw_store_t *describe(const ccgw_store_config_t *config, apr_pool_t *process)
{
    ccgw_store_t *made = apr_pcalloc(process, sizeof *made);

    made->magic = CCGW_LOCAL_MAGIC;
    made->dir = apr_pstrdup(process, config->dir);
    made->uid = config->uid;
    made->gid = config->gid;
    made->durability = config->durability == CCGW_DURABLE_UNSET ? CCGW_DURABLE_DISK : config->durability;
    made->mailbox_events = config->mailbox_events > 0 ? config->mailbox_events : 1024;
    made->mailbox_bytes = config->mailbox_bytes ? config->mailbox_bytes : 256 * 1024;
    made->snapshot_bytes = config->snapshot_bytes ? config->snapshot_bytes : SNAPSHOT_BYTES;
    made->direct = made->durability == CCGW_DURABLE_DISK;
    made->fd = -1;
    return made;
}

/* Nothing of ours is registered with PROCESS: at a graceful restart our code may go while the
 * pool stays. */
static apr_status_t open_parent(ccgw_store_t **store, const char **why, const ccgw_store_config_t *config,
                                apr_pool_t *process)
{
    ccgw_store_t *made = describe(config, process);
    apr_status_t rv;

    *why = "";
    *store = NULL;
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

/* Some more than the files, and what fits the configured memory in any case. */
static apr_size_t copy_size(const ccgw_store_config_t *config, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *dir;
    apr_uint64_t bytes = 64 * MB;

    if (apr_dir_open(&dir, config->dir, pool) != APR_SUCCESS)
        return (apr_size_t)bytes;
    while (apr_dir_read(&info, APR_FINFO_SIZE | APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (!strncmp(info.name, "snapshot-", 9) || !strncmp(info.name, "journal-", 8))
            bytes += 2 * (apr_uint64_t)info.size;
    }
    apr_dir_close(dir);
    return (apr_size_t)(bytes > config->memory ? bytes : config->memory);
}

static apr_status_t read_copy(ccgw_store_t **store, const char **why, const ccgw_store_config_t *config,
                              apr_size_t size, apr_pool_t *pool)
{
    ccgw_store_t *made = describe(config, pool);
    apr_status_t rv;

    *why = "";
    made->copy = 1;
    rv = make_segment(why, made, size, pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_recover(why, made, config, pool);
    if (rv == APR_SUCCESS)
        *store = made;
    else if (made->shm)
        apr_shm_destroy(made->shm);
    return rv;
}

/* Has the server that runs there made, used again or removed files since *LISTED? */
static int has_moved(ccgw_local_dir_t *listed, const ccgw_store_config_t *config, apr_pool_t *pool)
{
    ccgw_store_t store = { .dir = config->dir };
    ccgw_local_dir_t before = *listed;

    if (ccgw_local_dir_list(listed, &store, 1, pool) != APR_SUCCESS)
        return 0;
    return before.snapshot != listed->snapshot || before.first != listed->first || before.last != listed->last;
}

/* Files that go away while we read look like damage: only what is there when nothing moved is some, and may then be
 * accepted. Many small records take more memory than they take in the files. */
static apr_status_t open_copy(ccgw_store_t **store, const char **why, const ccgw_store_config_t *config,
                              apr_pool_t *pool)
{
    ccgw_store_config_t strict = *config;
    apr_size_t size = copy_size(config, pool);
    ccgw_local_dir_t listed = { 0 };
    int tries = 0, grown = 0, again = 1;
    apr_status_t rv = APR_SUCCESS;

    *store = NULL;
    strict.accept_loss = 0;
    has_moved(&listed, config, pool);
    while (again) {
        rv = read_copy(store, why, &strict, size, pool);
        if (rv == CCGW_ENOSPACE) {
            size *= 2;
            again = ++grown < COPY_GROWS;
        }
        else {
            again = (rv == CCGW_EDAMAGED || APR_STATUS_IS_ENOENT(rv)) && has_moved(&listed, config, pool) &&
                    ++tries < COPY_TRIES;
        }
    }
    return rv == CCGW_EDAMAGED && config->accept_loss ? read_copy(store, why, config, size, pool) : rv;
}

static apr_status_t close_child(void *store)
{
    ccgw_local_snapshot_drop(store);
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

/* Slowly while there is time: the disk has other work. Who commits faster makes room himself. */
static apr_status_t prepare_ahead(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t prepared = ccgw_local_read(seg->prepared), head = ccgw_local_read(seg->head);
    apr_uint64_t ahead = AHEAD < seg->file_size / 2 ? AHEAD : seg->file_size / 2;

    if (prepared >= head + ahead)
        return APR_SUCCESS;
    return ccgw_local_space_make(store, prepared + (ahead < AHEAD_AT_ONCE ? ahead : AHEAD_AT_ONCE));
}

/* So much, for so long, that the next commit does not bring the complaint back. */
static void look_for_room(ccgw_local_segment_t *seg)
{
    apr_time_t full = ccgw_local_read(seg->full);

    if (full && (apr_uint64_t)(apr_time_now() - full) > CALM && ccgw_local_heap_has_room(seg, 2)) {
        ccgw_local_set(seg->full, 0);
        ccgw_log(CCGW_LOG_NOTICE, 0, "CCGW0114: CcgwMemory: there is room in the shared memory again");
    }
}

/* One thing that fails is no reason to leave out the next: of a full disk a snapshot makes room. */
static apr_status_t housekeep(ccgw_store_t *store, int last)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_status_t saved = ccgw_local_words_save(store, last);
    /* Who ends waits for a flush under way: it may have begun before these words were saved. */
    apr_status_t flushed = last ? ccgw_local_flush_all(store) : ccgw_local_flush_lazily(store);
    apr_status_t prepared = prepare_ahead(store);
    apr_status_t rv = ccgw_local_snapshot_step(store);

    if (saved != APR_SUCCESS)
        rv = saved;
    else if (flushed != APR_SUCCESS)
        rv = flushed;
    else if (prepared != APR_SUCCESS)
        rv = prepared;
    look_for_room(seg);
    if (ccgw_local_read(seg->closed_boxes)) {
        ccgw_local_lock(store);
        ccgw_local_box_purge(store);
        ccgw_local_unlock(store);
    }
    return rv;
}

typedef void emit_t(void *baton, const char *name, apr_int64_t value);

/* What this server did since it began. */
static void stats_of_running(ccgw_local_segment_t *seg, emit_t *emit, void *baton)
{
    emit(baton, "commits", (apr_int64_t)seg->commits);
    emit(baton, "conflicts", (apr_int64_t)seg->conflicts);
    emit(baton, "flushes", (apr_int64_t)seg->flushes);
    emit(baton, "repairs", (apr_int64_t)seg->repairs);
    emit(baton, "files_made", (apr_int64_t)seg->files_made);
    emit(baton, "files_recycled", (apr_int64_t)seg->files_recycled);
    emit(baton, "files_spare", (apr_int64_t)seg->spares);
    emit(baton, "snapshots", (apr_int64_t)seg->snapshots);
    emit(baton, "locked_reads", (apr_int64_t)seg->locked_reads);
    emit(baton, "heap_full", ccgw_local_read(seg->full) != 0);
    emit(baton, "journal_stuck", ccgw_local_read(seg->stuck) != 0);
    emit(baton, "journal_hindered", ccgw_local_read(seg->hindered) != 0);
    emit(baton, "broken", (apr_int64_t)ccgw_local_read(seg->broken));
}

static void stats(ccgw_store_t *store, emit_t *emit, void *baton)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t head = ccgw_local_read(seg->head);

    if (!store->copy) {
        stats_of_running(seg, emit, baton);
        emit(baton, "durability", store->durability);
    }
    emit(baton, "records", (apr_int64_t)seg->records);
    emit(baton, "mailboxes", (apr_int64_t)seg->boxes);
    emit(baton, "blocks", (apr_int64_t)seg->blocks);
    emit(baton, "heap_bytes", (apr_int64_t)(seg->npages * PAGE));
    emit(baton, "heap_bytes_used", (apr_int64_t)(ccgw_local_read(seg->page_next) * PAGE));
    emit(baton, "journal_bytes", (apr_int64_t)head);
    emit(baton, "journal_bytes_unsynced", (apr_int64_t)(head - ccgw_local_read(seg->flushed)));
    emit(baton, "snapshot_position", (apr_int64_t)ccgw_local_read(seg->snapshot));
    emit(baton, "scrubs_pending", ccgw_local_read(seg->scrub) > ccgw_local_read(seg->snapshot));
    emit(baton, "epoch", (apr_int64_t)seg->epoch);
    emit(baton, "incarnation", (apr_int64_t)seg->incarnation);
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
    .scrub = ccgw_local_scrub,
    .open_copy = open_copy,
    .walk = ccgw_local_walk,
    .backup = ccgw_local_backup,
    .stats = stats,
};
