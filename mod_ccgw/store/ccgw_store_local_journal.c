/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_journal.c: the ring in the segment, the commit point, and the group commit.
 *
 * A commit is copied into the ring and then takes place by one store: head. Whoever waits for
 * the disk and gets the flush lock writes and syncs for all; the others sleep on a futex and are
 * woken all at once. Readers see a commit when it is published: in order, each when it and all
 * before it have reached the level they were made for. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"
#include "util/ccgw_log.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A follower looks again after this long, for its leader may have been killed. */
#define FOLLOW_NS      20000000
#define COMPLAIN_EVERY apr_time_from_sec(10)

/* ---- locks ---- */

void ccgw_local_mutex_init(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
}

void ccgw_local_lock(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    int rv = pthread_mutex_lock(&seg->commit_lock);

    if (rv && rv != EOWNERDEAD)
        abort();
    if (rv == EOWNERDEAD || seg->applied != seg->head) {
        ccgw_local_heap_repair(seg);
        ccgw_local_redo(store);
        seg->repairs++;
    }
    /* Only now: killed in the repair, we leave it to the next owner. */
    if (rv == EOWNERDEAD)
        pthread_mutex_consistent(&seg->commit_lock);
}

void ccgw_local_unlock(ccgw_store_t *store)
{
    pthread_mutex_unlock(&store->seg->commit_lock);
}

/* A flush that was cut short is simply done again: WRITTEN and FLUSHED moved only when their
 * step was done. */
static int take_flush_lock(ccgw_store_t *store, int wait)
{
    pthread_mutex_t *lock = &store->seg->flush_lock;
    int rv = wait ? pthread_mutex_lock(lock) : pthread_mutex_trylock(lock);

    if (rv == EOWNERDEAD)
        rv = pthread_mutex_consistent(lock);
    if (rv && rv != EBUSY)
        abort();
    return !rv;
}

static void leave_flush_lock(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;

    pthread_mutex_unlock(&seg->flush_lock);
    __atomic_fetch_add(&seg->flush_turn, 1, __ATOMIC_ACQ_REL);
    syscall(SYS_futex, &seg->flush_turn, FUTEX_WAKE, 0x7fffffff, NULL, NULL, 0);
}

/* ---- the ring ---- */

static void ring_put(ccgw_local_segment_t *seg, apr_uint64_t position, const void *bytes, apr_size_t n)
{
    char *ring = ccgw_local_at(seg, seg->ring);
    apr_size_t at = position % seg->ring_size;
    apr_size_t first = seg->ring_size - at < n ? seg->ring_size - at : n;

    memcpy(ring + at, bytes, first);
    memcpy(ring, (const char *)bytes + first, n - first);
}

static void ring_get(void *bytes, ccgw_local_segment_t *seg, apr_uint64_t position, apr_size_t n)
{
    const char *ring = ccgw_local_at(seg, seg->ring);
    apr_size_t at = position % seg->ring_size;
    apr_size_t first = seg->ring_size - at < n ? seg->ring_size - at : n;

    memcpy(bytes, ring + at, first);
    memcpy((char *)bytes + first, ring, n - first);
}

/* ---- positions ---- */

static apr_uint64_t next_file(apr_uint64_t position)
{
    return (position / CCGW_LOCAL_FILE_SIZE + 1) * CCGW_LOCAL_FILE_SIZE + CCGW_LOCAL_FILE_HEAD;
}

apr_uint64_t ccgw_local_place(apr_uint64_t head, apr_uint64_t len)
{
    apr_uint64_t at = head % CCGW_LOCAL_FILE_SIZE;

    if (!at)
        return head + CCGW_LOCAL_FILE_HEAD;
    return at + len > CCGW_LOCAL_FILE_SIZE ? next_file(head) : head;
}

/* The head and place of the first record at or behind POSITION that is not padding; there is one
 * in the ring. */
static apr_uint64_t find_record(ccgw_local_record_t *record, ccgw_local_segment_t *seg, apr_uint64_t position)
{
    position = ccgw_local_place(position, sizeof *record);
    ring_get(record, seg, position, sizeof *record);
    if (record->type == CCGW_LOCAL_PAD) {
        position = next_file(position);
        ring_get(record, seg, position, sizeof *record);
    }
    return position;
}

apr_uint32_t ccgw_local_record_crc(ccgw_local_record_t *record)
{
    apr_size_t len = record->type == CCGW_LOCAL_PAD ? sizeof *record : record->len;
    apr_size_t behind = offsetof(ccgw_local_record_t, crc) + sizeof record->crc;
    static const apr_uint32_t zero;
    apr_uint32_t crc = ccgw_crc32c(0, record, offsetof(ccgw_local_record_t, crc));

    crc = ccgw_crc32c(crc, &zero, sizeof zero);
    return ccgw_crc32c(crc, (const char *)record + behind, len - behind);
}

/* ---- commit ---- */

void ccgw_local_redo(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    ccgw_local_record_t head, *record;
    apr_uint64_t position;

    if (seg->applied == seg->head)
        return;
    position = find_record(&head, seg, seg->applied);
    record = malloc(head.len);
    if (!record)
        abort(); /* the next owner tries again */
    ring_get(record, seg, position, head.len);
    ccgw_local_apply(store, record);
    ccgw_local_set(seg->applied, seg->head);
    free(record);
}

static int has_reached(const ccgw_local_segment_t *seg, const ccgw_local_record_t *record, apr_uint64_t end)
{
    switch (record->level) {
    case CCGW_DURABLE_MEMORY: return 1;
    case CCGW_DURABLE_OS: return ccgw_local_read(seg->written) >= end;
    default: return ccgw_local_read(seg->flushed) >= end;
    }
}

/* commit_lock held: show readers what has become sure. */
static void publish(ccgw_local_segment_t *seg)
{
    while (seg->published < seg->applied) {
        ccgw_local_record_t record;
        apr_uint64_t end = find_record(&record, seg, seg->published) + record.len;

        if (!has_reached(seg, &record, end))
            return;
        if (record.type == CCGW_LOCAL_COMMIT) {
            ccgw_local_tenant_t *tenant = ccgw_local_at(seg, record.tenant);

            ccgw_local_set(tenant->visible, record.number);
        }
        ccgw_local_set(seg->published, end);
    }
}

/* Mark the rest of the file as empty when the next record goes into a new one. */
static void put_padding(ccgw_local_segment_t *seg)
{
    apr_uint64_t rest = CCGW_LOCAL_FILE_SIZE - seg->head % CCGW_LOCAL_FILE_SIZE;
    ccgw_local_record_t pad;

    if (rest == CCGW_LOCAL_FILE_SIZE || rest < sizeof pad)
        return;
    memset(&pad, 0, sizeof pad);
    pad.magic = CCGW_LOCAL_RECORD_MAGIC;
    pad.len = (apr_uint32_t)rest;
    pad.type = CCGW_LOCAL_PAD;
    pad.position = seg->head;
    pad.epoch = seg->epoch;
    pad.synced = seg->flushed;
    pad.crc = ccgw_local_record_crc(&pad);
    ring_put(seg, seg->head, &pad, sizeof pad);
}

/* commit_lock held, room is there: from here to the store of head nothing has happened, behind
 * it everything has. */
static apr_status_t commit_at(ccgw_store_t *store, ccgw_local_record_t *record, apr_uint64_t position)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t end = position + record->len;
    ccgw_buf_t tenant = { record + 1, record->tenant_len };
    apr_status_t rv;

    ccgw_local_heap_begin(seg);
    record->magic = CCGW_LOCAL_RECORD_MAGIC;
    record->position = position;
    record->epoch = seg->epoch;
    record->synced = seg->flushed;
    if (record->type == CCGW_LOCAL_COMMIT) {
        record->tenant = ccgw_local_tenant_find(seg, tenant, 1);
        if (!record->tenant)
            return CCGW_ENOSPACE;
        record->number = ((ccgw_local_tenant_t *)ccgw_local_at(seg, record->tenant))->last + 1;
        rv = ccgw_local_prepare(store, record);
        if (rv != APR_SUCCESS)
            return rv;
    }
    record->crc = ccgw_local_record_crc(record);
    ring_put(seg, position, record, record->len);
    if (position != seg->head)
        put_padding(seg);
    if (record->level == CCGW_DURABLE_DISK)
        ccgw_local_set(seg->sync_wanted, end);
    ccgw_local_set(seg->done, 0);
    ccgw_local_set(seg->head, end);
    ccgw_local_apply(store, record);
    ccgw_local_set(seg->applied, end);
    seg->commits++;
    return APR_SUCCESS;
}

/* A failed sync is not tried again: the system may have dropped the pages and would then report
 * success. */
static apr_status_t give_up(ccgw_local_segment_t *seg, apr_status_t rv)
{
    ccgw_local_set(seg->broken, (apr_uint32_t)rv);
    return CCGW_ESTORE;
}

/* No lock held: the first to come by tells the administrator. */
static apr_status_t report_broken(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;

    if (!__atomic_exchange_n(&seg->broken_said, 1, __ATOMIC_ACQ_REL))
        ccgw_log(CCGW_LOG_ERROR, (apr_status_t)ccgw_local_read(seg->broken),
                 "CCGW0111: writing the journal in %s failed; nothing is stored any more until a "
                 "restart",
                 store->dir);
    return CCGW_ESTORE;
}

static apr_status_t flush(ccgw_store_t *store, int sync_all);

apr_status_t ccgw_local_prepare_files(ccgw_store_t *store, apr_uint64_t end)
{
    apr_status_t rv;

    take_flush_lock(store, 1);
    rv = ccgw_local_file_extend(store, end);
    leave_flush_lock(store);
    if (rv == APR_SUCCESS)
        return APR_SUCCESS;
    if (apr_time_now() - ccgw_local_read(store->seg->complained) > COMPLAIN_EVERY) {
        ccgw_local_set(store->seg->complained, apr_time_now());
        ccgw_log(CCGW_LOG_ERROR, rv, "CCGW0110: the journal in %s cannot grow; commits are refused", store->dir);
    }
    return CCGW_ESTORE;
}

static apr_status_t make_room(ccgw_store_t *store)
{
    apr_status_t rv;

    take_flush_lock(store, 1);
    rv = flush(store, 1);
    leave_flush_lock(store);
    return rv == CCGW_ESTORE ? report_broken(store) : rv;
}

apr_status_t ccgw_local_submit(apr_uint64_t *end, ccgw_store_t *store, ccgw_local_record_t *record,
                               ccgw_local_check_t *check, void *baton)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_status_t rv = APR_SUCCESS;

    if (record->len > CCGW_LOCAL_RECORD_MAX)
        return CCGW_ELIMIT;
    while (rv == APR_SUCCESS) {
        apr_uint64_t position, kept;

        ccgw_local_lock(store);
        position = ccgw_local_place(seg->head, record->len);
        *end = position + record->len;
        kept = ccgw_local_read(seg->flushed);
        if (kept > seg->published)
            kept = seg->published;
        if (seg->broken) {
            rv = CCGW_ESTORE;
        }
        else if (check && !check(baton)) {
            seg->conflicts++;
            rv = CCGW_ECONFLICT;
        }
        else if (*end <= ccgw_local_read(seg->prepared) && *end - kept <= seg->ring_size) {
            rv = commit_at(store, record, position);
            publish(seg);
            ccgw_local_unlock(store);
            return rv;
        }
        ccgw_local_unlock(store);
        if (rv == APR_SUCCESS)
            rv = *end > ccgw_local_read(seg->prepared) ? ccgw_local_prepare_files(store, *end) : make_room(store);
    }
    return rv;
}

/* ---- group commit ---- */

static apr_status_t write_ring(ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to)
{
    ccgw_local_segment_t *seg = store->seg;
    const char *ring = ccgw_local_at(seg, seg->ring);
    apr_status_t rv = APR_SUCCESS;

    while (from < to && rv == APR_SUCCESS) {
        apr_uint64_t n = to - from, in_file, in_ring;

        /* The file's own head is none of the ring's business. */
        if (from % CCGW_LOCAL_FILE_SIZE < CCGW_LOCAL_FILE_HEAD) {
            from += CCGW_LOCAL_FILE_HEAD - from % CCGW_LOCAL_FILE_SIZE;
            continue;
        }
        in_file = CCGW_LOCAL_FILE_SIZE - from % CCGW_LOCAL_FILE_SIZE;
        in_ring = seg->ring_size - from % seg->ring_size;
        n = n < in_file ? n : in_file;
        n = n < in_ring ? n : in_ring;
        rv = ccgw_local_file_write(store, from, ring + from % seg->ring_size, n);
        from += n;
    }
    return rv;
}

/* flush_lock held. */
static apr_status_t flush(ccgw_store_t *store, int sync_all)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t head = ccgw_local_read(seg->head);
    apr_status_t rv;

    if (ccgw_local_read(seg->broken))
        return CCGW_ESTORE;
    if (seg->written < head) {
        rv = write_ring(store, seg->written, head);
        if (rv != APR_SUCCESS)
            return give_up(seg, rv);
        ccgw_local_set(seg->written, head);
    }
    if (seg->flushed < head && (sync_all || ccgw_local_read(seg->sync_wanted) > seg->flushed)) {
        rv = ccgw_local_file_sync(store, seg->flushed, head);
        if (rv != APR_SUCCESS)
            return give_up(seg, rv);
        ccgw_local_set(seg->flushed, head);
        seg->flushes++;
    }
    ccgw_local_lock(store);
    publish(seg);
    ccgw_local_unlock(store);
    return APR_SUCCESS;
}

apr_status_t ccgw_local_wait(ccgw_store_t *store, apr_uint64_t end)
{
    static const struct timespec patience = { 0, FOLLOW_NS };
    ccgw_local_segment_t *seg = store->seg;

    while (ccgw_local_read(seg->published) < end) {
        apr_uint32_t turn = ccgw_local_read(seg->flush_turn);

        if (ccgw_local_read(seg->broken))
            return report_broken(store);
        if (take_flush_lock(store, 0)) {
            if (ccgw_local_read(seg->published) < end)
                flush(store, 0);
            leave_flush_lock(store);
        }
        else if (ccgw_local_read(seg->published) < end) {
            syscall(SYS_futex, &seg->flush_turn, FUTEX_WAIT, turn, &patience, NULL, 0);
        }
    }
    return APR_SUCCESS;
}

apr_status_t ccgw_local_flush_lazily(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_status_t rv = APR_SUCCESS;

    apr_uint64_t head = ccgw_local_read(seg->head);

    /* A leader killed behind his sync leaves all flushed and not yet published: that is work
     * too. */
    if ((ccgw_local_read(seg->flushed) == head && ccgw_local_read(seg->published) == head) ||
        !take_flush_lock(store, 0))
        return APR_SUCCESS;
    rv = flush(store, 1);
    leave_flush_lock(store);
    return rv == CCGW_ESTORE ? report_broken(store) : rv;
}
