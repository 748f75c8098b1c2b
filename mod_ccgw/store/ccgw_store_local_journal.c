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
#include "util/ccgw_step.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A follower looks again after this long, for its leader may have been killed. */
#define FOLLOW_NS 20000000
/* Rounds that a leader does for others while they wake up and commit again. */
#define ROUNDS 4
/* What may go well another time is tried for so long, this often. */
#define HINDERED_MAX apr_time_from_sec(10)
#define HINDERED_NS  20000000
/* Up to so much is copied before it is written; it must be more than a block. */
#define COPY_MAX (64 * 1024)

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

/* ---- rounds ----
 *
 * A flush is a round, and flush_turn counts them. Whoever waits knows which round has his commit, the present one or the
 * next, and is woken by that one only: half of all who wait at any time belong to the other. */

static apr_uint32_t bit_of(apr_uint32_t round)
{
    return 1U << (round & 31);
}

static void wake_round(ccgw_local_segment_t *seg, apr_uint32_t round, int most)
{
    syscall(SYS_futex, &seg->flush_turn, FUTEX_WAKE_BITSET, most, NULL, NULL, bit_of(round));
}

/* flush_lock held, flushed. */
static apr_uint32_t end_round(ccgw_local_segment_t *seg)
{
    apr_uint32_t round = __atomic_fetch_add(&seg->flush_turn, 1, __ATOMIC_ACQ_REL);

    wake_round(seg, round, 0x7fffffff);
    return round;
}

/* One of those whose commits are not flushed yet goes on. */
static void leave_flush_lock(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint32_t next = end_round(seg) + 1;

    pthread_mutex_unlock(&seg->flush_lock);
    wake_round(seg, next, 1);
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

/* Positions FROM to TO hold nothing. */
static void ring_zero(ccgw_local_segment_t *seg, apr_uint64_t from, apr_uint64_t to)
{
    char *ring = ccgw_local_at(seg, seg->ring);

    while (from < to) {
        apr_size_t at = from % seg->ring_size;
        apr_size_t n = seg->ring_size - at < to - from ? seg->ring_size - at : to - from;

        memset(ring + at, 0, n);
        from += n;
    }
}

static apr_uint64_t block_behind(apr_uint64_t position)
{
    return (position + CCGW_LOCAL_BLOCK - 1) / CCGW_LOCAL_BLOCK * CCGW_LOCAL_BLOCK;
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

apr_uint64_t ccgw_local_next_file(const ccgw_local_segment_t *seg, apr_uint64_t position)
{
    return (position / seg->file_size + 1) * seg->file_size + CCGW_LOCAL_FILE_HEAD;
}

/* Where a record of LEN bytes goes that comes behind POSITION. */
static apr_uint64_t place(const ccgw_local_segment_t *seg, apr_uint64_t position, apr_uint64_t len)
{
    apr_uint64_t at = position % seg->file_size;

    if (!at)
        return position + CCGW_LOCAL_FILE_HEAD;
    return at + len > seg->file_size ? ccgw_local_next_file(seg, position) : position;
}

/* The head and place of the first record at or behind POSITION that is not padding; there is one
 * in the ring. */
static apr_uint64_t find_record(ccgw_local_record_t *record, ccgw_local_segment_t *seg, apr_uint64_t position)
{
    position = place(seg, position, sizeof *record);
    ring_get(record, seg, position, sizeof *record);
    if (record->type == CCGW_LOCAL_PAD) {
        position = ccgw_local_next_file(seg, position);
        ring_get(record, seg, position, sizeof *record);
    }
    return position;
}

apr_uint32_t ccgw_local_record_crc(const ccgw_local_record_t *record)
{
    ccgw_local_record_t head = *record;

    head.crc = 0;
    return ccgw_crc32c(0, &head, sizeof head);
}

void ccgw_local_record_seal(ccgw_local_record_t *record)
{
    record->body_crc = ccgw_crc32c(0, record + 1, record->len - sizeof *record);
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
    apr_uint64_t rest = seg->file_size - seg->head % seg->file_size;
    ccgw_local_record_t pad;

    if (rest == seg->file_size || rest < sizeof pad)
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
    ring_zero(seg, seg->head + sizeof pad, seg->head + rest);
}

/* commit_lock held, room is there: from here to the store of head nothing has happened, behind
 * it everything has. */
static apr_status_t commit_at(ccgw_store_t *store, ccgw_local_record_t *record, apr_uint64_t position)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t end = position + record->len;
    ccgw_buf_t tenant = { record + 1, record->tenant_len };
    apr_status_t rv;

    ccgw_step(COMMIT_CHECKED);
    ccgw_local_heap_begin(seg);
    record->magic = CCGW_LOCAL_RECORD_MAGIC;
    record->position = position;
    record->epoch = seg->epoch;
    record->synced = seg->flushed;
    if (record->type == CCGW_LOCAL_COMMIT) {
        record->tenant = ccgw_local_tenant_make(seg, tenant);
        if (!record->tenant)
            return CCGW_ENOSPACE;
        record->number = ((ccgw_local_tenant_t *)ccgw_local_at(seg, record->tenant))->last + 1;
        rv = ccgw_local_prepare(store, record);
        if (rv != APR_SUCCESS)
            return rv;
    }
    ccgw_step(COMMIT_PREPARED);
    record->crc = ccgw_local_record_crc(record);
    ring_put(seg, position, record, record->len);
    ring_zero(seg, end, block_behind(end));
    if (position != seg->head)
        put_padding(seg);
    if (record->level == CCGW_DURABLE_DISK)
        ccgw_local_set(seg->sync_wanted, end);
    ccgw_local_set(seg->done, 0);
    ccgw_step(COMMIT_RECORDED);
    ccgw_local_set(seg->head, end);
    ccgw_step(COMMIT_DONE);
    ccgw_local_change_begin(seg);
    ccgw_local_apply(store, record);
    ccgw_local_set(seg->applied, end);
    ccgw_local_change_end(seg);
    ccgw_step(COMMIT_APPLIED);
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

/* A process without descriptors, a disk that needs room even for what is overwritten. */
static int is_passing(apr_status_t rv)
{
    return APR_STATUS_IS_ENOSPC(rv) || rv == EDQUOT || rv == EMFILE || rv == ENFILE || APR_STATUS_IS_ENOMEM(rv) ||
           APR_STATUS_IS_EAGAIN(rv);
}

/* flush_lock held: nothing was synced, and the ring has it all. APR_EAGAIN: this may go well another time, or in another
 * process. */
static apr_status_t be_hindered(ccgw_local_segment_t *seg, apr_status_t rv)
{
    apr_time_t now = apr_time_now(), since = ccgw_local_read(seg->hindered);

    if (!is_passing(rv))
        return give_up(seg, rv);
    ccgw_local_set(seg->hindrance, (apr_uint32_t)rv);
    if (!since)
        ccgw_local_set(seg->hindered, now);
    return since && (apr_uint64_t)(now - since) > HINDERED_MAX ? give_up(seg, rv) : APR_EAGAIN;
}

/* No lock held: trouble is told by the first to come by, when it begins and when it is over.
 * @return CCGW_ESTORE for a flush that did not go well */
static apr_status_t report(ccgw_store_t *store, apr_status_t rv)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint32_t hindered = ccgw_local_read(seg->hindered) != 0;

    if (ccgw_local_read(seg->hindered_said) != hindered &&
        __atomic_exchange_n(&seg->hindered_said, hindered, __ATOMIC_ACQ_REL) != hindered) {
        if (hindered)
            ccgw_log(CCGW_LOG_ERROR, (apr_status_t)ccgw_local_read(seg->hindrance),
                     "CCGW0115: CcgwStateDir %s: the journal cannot be written to at present; changes wait for it",
                     store->dir);
        else
            ccgw_log(CCGW_LOG_NOTICE, 0, "CCGW0116: CcgwStateDir %s: the journal is written to again", store->dir);
    }
    if (ccgw_local_read(seg->broken) && !__atomic_exchange_n(&seg->broken_said, 1, __ATOMIC_ACQ_REL))
        ccgw_log(CCGW_LOG_ERROR, (apr_status_t)ccgw_local_read(seg->broken),
                 "CCGW0111: CcgwStateDir %s: writing the journal failed; nothing is stored any more, and every request "
                 "that changes something is refused, until httpd has been stopped and started again",
                 store->dir);
    return rv == APR_SUCCESS ? APR_SUCCESS : CCGW_ESTORE;
}

static apr_status_t flush(ccgw_store_t *store, int sync_all);

apr_status_t ccgw_local_flush_all(ccgw_store_t *store)
{
    apr_status_t rv;

    take_flush_lock(store, 1);
    rv = flush(store, 1);
    leave_flush_lock(store);
    return report(store, rv);
}

apr_status_t ccgw_local_submit(apr_uint64_t *end, ccgw_store_t *store, ccgw_local_record_t *record,
                               ccgw_local_check_t *check, void *baton)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_status_t rv = APR_SUCCESS;

    if (record->len > CCGW_LOCAL_RECORD_MAX)
        return CCGW_ELIMIT;
    ccgw_local_record_seal(record);
    while (rv == APR_SUCCESS) {
        apr_uint64_t position, kept;

        ccgw_local_lock(store);
        position = place(seg, seg->head, record->len);
        *end = position + record->len;
        kept = ccgw_local_read(seg->flushed);
        if (kept > seg->published)
            kept = seg->published;
        kept -= kept % CCGW_LOCAL_BLOCK;
        if (seg->broken) {
            rv = CCGW_ESTORE;
        }
        else if (check && !check(baton)) {
            seg->conflicts++;
            rv = CCGW_ECONFLICT;
        }
        else if (*end <= ccgw_local_read(seg->prepared) && block_behind(*end) - kept <= seg->ring_size) {
            rv = commit_at(store, record, position);
            publish(seg);
            ccgw_local_unlock(store);
            return rv;
        }
        ccgw_local_unlock(store);
        if (rv == APR_SUCCESS)
            rv = *end > ccgw_local_read(seg->prepared) ? ccgw_local_space_make(store, *end)
                                                       : ccgw_local_flush_all(store);
    }
    return rv;
}

/* ---- group commit ---- */

/* N bytes of the ring that end behind TO. Behind TO the next commit may be writing, and a disk that checks what it was
 * given, or mirrors it, must not see it change under its hands: so the last block goes out from a copy, with nothing
 * behind TO, and with it what is not much. */
static apr_status_t write_tail(ccgw_store_t *store, apr_uint64_t from, apr_uint64_t n, apr_uint64_t to)
{
    static _Alignas(CCGW_LOCAL_BLOCK) char copy[COPY_MAX]; /* flush_lock is held, so one thread is here */
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t direct = n > sizeof copy ? n - CCGW_LOCAL_BLOCK : 0;
    apr_status_t rv = APR_SUCCESS;

    if (direct)
        rv = ccgw_local_file_write(store, from, (char *)ccgw_local_at(seg, seg->ring) + from % seg->ring_size, direct);
    if (rv != APR_SUCCESS)
        return rv;
    from += direct;
    n -= direct;
    ring_get(copy, seg, from, to - from);
    memset(copy + (to - from), 0, n - (to - from));
    return ccgw_local_file_write(store, from, copy, n);
}

/* Whole blocks: the first may be there in part already, the last will be written again. */
static apr_status_t write_ring(ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to)
{
    ccgw_local_segment_t *seg = store->seg;
    const char *ring = ccgw_local_at(seg, seg->ring);
    apr_uint64_t until = block_behind(to);
    apr_status_t rv = APR_SUCCESS;

    from -= from % CCGW_LOCAL_BLOCK;
    while (from < until && rv == APR_SUCCESS) {
        apr_uint64_t n = until - from, in_file, in_ring;

        /* The file's own head is none of the ring's business. */
        if (from % seg->file_size < CCGW_LOCAL_FILE_HEAD) {
            from += CCGW_LOCAL_FILE_HEAD - from % seg->file_size;
            continue;
        }
        in_file = seg->file_size - from % seg->file_size;
        in_ring = seg->ring_size - from % seg->ring_size;
        n = n < in_file ? n : in_file;
        n = n < in_ring ? n : in_ring;
        if (from + n > to)
            rv = write_tail(store, from, n, to);
        else
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
    int tried;

    ccgw_step(FLUSH_LOCKED);
    if (ccgw_local_read(seg->broken))
        return CCGW_ESTORE;
    ccgw_local_set(seg->flush_target, head);
    if (seg->written < head) {
        rv = write_ring(store, seg->written, head);
        if (rv != APR_SUCCESS)
            return be_hindered(seg, rv);
        ccgw_local_set(seg->written, head);
        ccgw_step(FLUSH_WRITTEN);
    }
    if (seg->flushed < head && (sync_all || ccgw_local_read(seg->sync_wanted) > seg->flushed)) {
        rv = ccgw_local_file_sync(&tried, store, seg->flushed, head);
        if (rv != APR_SUCCESS)
            return tried ? give_up(seg, rv) : be_hindered(seg, rv);
        ccgw_local_set(seg->flushed, head);
        seg->flushes++;
        ccgw_step(FLUSH_SYNCED);
    }
    ccgw_local_set(seg->hindered, 0);
    ccgw_local_lock(store);
    publish(seg);
    ccgw_local_unlock(store);
    ccgw_step(FLUSH_PUBLISHED);
    return APR_SUCCESS;
}

/* flush_lock held: flush, and go on for those who came meanwhile. */
static void lead(ccgw_store_t *store, apr_uint64_t end)
{
    ccgw_local_segment_t *seg = store->seg;
    struct timespec rest = { 0, HINDERED_NS };
    apr_status_t rv = APR_SUCCESS;
    int rounds = 0;

    while (ccgw_local_read(seg->published) < end || ccgw_local_read(seg->sync_wanted) > ccgw_local_read(seg->flushed)) {
        rv = flush(store, 0);
        if (rv != APR_SUCCESS || ++rounds == ROUNDS)
            break;
        end_round(seg);
    }
    leave_flush_lock(store);
    report(store, rv);
    if (rv == APR_EAGAIN)
        nanosleep(&rest, NULL);
}

/* TURN was read before it was seen that END is not published. */
static void follow(ccgw_local_segment_t *seg, apr_uint32_t turn, apr_uint64_t end)
{
    apr_uint32_t round = end <= ccgw_local_read(seg->flush_target) ? turn : turn + 1;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += FOLLOW_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    syscall(SYS_futex, &seg->flush_turn, FUTEX_WAIT_BITSET, turn, &until, NULL, bit_of(round));
}

apr_status_t ccgw_local_ring_load(ccgw_store_t *store, apr_uint64_t position)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t from = position - position % CCGW_LOCAL_BLOCK;
    char path[CCGW_LOCAL_PATH_SIZE], bytes[CCGW_LOCAL_BLOCK];
    apr_size_t n = position - from;
    apr_status_t rv = APR_SUCCESS;
    int fd;

    if (!n || from % seg->file_size < CCGW_LOCAL_FILE_HEAD)
        return APR_SUCCESS;
    fd = open(ccgw_local_file_path(store, from / seg->file_size, path, sizeof path), O_RDONLY | O_CLOEXEC);
    /* Behind an accepted loss the file may be missing or shorter. */
    if (fd < 0)
        return errno == ENOENT ? APR_SUCCESS : errno;
    memset(bytes, 0, sizeof bytes);
    if (pread(fd, bytes, n, (off_t)(from % seg->file_size)) < 0)
        rv = errno;
    close(fd);
    if (rv == APR_SUCCESS)
        ring_put(seg, from, bytes, n);
    return rv;
}

apr_status_t ccgw_local_wait(ccgw_store_t *store, apr_uint64_t end)
{
    ccgw_local_segment_t *seg = store->seg;

    while (ccgw_local_read(seg->published) < end) {
        apr_uint32_t turn = ccgw_local_read(seg->flush_turn);

        if (ccgw_local_read(seg->broken))
            return report(store, CCGW_ESTORE);
        if (take_flush_lock(store, 0))
            lead(store, end);
        else if (ccgw_local_read(seg->published) < end)
            follow(seg, turn, end);
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
    return report(store, rv);
}
