/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_recover.c: the start: which files there are, the snapshot, the journal, and the record that begins a
 * new epoch. */
#include "store/ccgw_store_local_recovery.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE       CCGW_LOCAL_PATH_SIZE
#define INCARNATION_MAX 8191
#define FILE_SIZE_MAX   ((apr_uint64_t)1 << 40)

static const char *path_of(ccgw_local_recovery_t *r, apr_uint64_t file)
{
    return ccgw_local_file_path(r->store, file, apr_palloc(r->pool, PATH_SIZE), PATH_SIZE);
}

void ccgw_local_recovery_say(const ccgw_local_recovery_t *r, int level, const char *text)
{
    if (r->config->log)
        r->config->log(r->config->log_baton, level, text);
}

/* ---- files ---- */

typedef struct first_head_t {
    ccgw_local_recovery_t *r;
    apr_uint64_t size;
} first_head_t;

static int can_be_size(apr_uint64_t size)
{
    return size >= CCGW_LOCAL_FILE_MIN && !(size % 4096) && size <= FILE_SIZE_MAX;
}

/* A directory keeps the file size that it was begun with. */
static int note_size(void *baton, const char *name, apr_uint64_t position)
{
    first_head_t *first = baton;
    ccgw_local_file_head_t head;
    const char *path = apr_pstrcat(first->r->pool, first->r->store->dir, "/", name, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && pread(fd, &head, sizeof head, 0) == (ssize_t)sizeof head && head.magic == CCGW_LOCAL_FILE_MAGIC &&
        head.format == CCGW_LOCAL_FILE_FORMAT && head.crc == ccgw_local_file_head_crc(head) && can_be_size(head.size))
        first->size = head.size;
    if (fd >= 0)
        close(fd);
    return !first->size;
}

static apr_status_t list_files(ccgw_local_recovery_t *r)
{
    first_head_t first = { r, 0 };
    apr_uint64_t wanted = r->config->file_bytes ? r->config->file_bytes : CCGW_LOCAL_FILE_SIZE;
    apr_status_t rv = ccgw_local_dir_each(r->store, "journal-", note_size, &first, r->pool);

    if (wanted < CCGW_LOCAL_FILE_MIN)
        wanted = CCGW_LOCAL_FILE_MIN;
    r->sized = first.size != 0;
    r->store->seg->file_size = first.size ? first.size : wanted & ~(apr_uint64_t)4095;
    if (rv == APR_SUCCESS)
        rv = ccgw_local_dir_list(&r->dir, r->store, r->store->seg->file_size, r->pool);
    if (rv != APR_SUCCESS) {
        *r->why = apr_psprintf(r->pool, "cannot read the directory %s: %s", r->store->dir, strerror(rv));
        return rv;
    }
    if (!r->store->copy || r->dir.nfiles || r->dir.snapshot)
        return APR_SUCCESS;
    *r->why = apr_psprintf(r->pool, "%s holds no journal; is it the directory that CcgwStateDir names?", r->store->dir);
    return CCGW_ENOTFOUND;
}

/* ---- the snapshot ---- */

/* The state takes about what its snapshot takes: asked for at once, memory comes in a fraction of the time that it takes
 * page by page. What is refused comes later. */
static void populate(const ccgw_local_recovery_t *r)
{
#ifdef MADV_POPULATE_WRITE
    ccgw_local_segment_t *seg = r->store->seg;
    char path[PATH_SIZE];
    struct stat info;

    if (stat(ccgw_local_snapshot_path(r->store, r->dir.snapshot, path, sizeof path), &info))
        return;
    if ((apr_uint64_t)info.st_size < seg->size - seg->heap)
        madvise(ccgw_local_at(seg, seg->heap), (size_t)info.st_size, MADV_POPULATE_WRITE);
#endif
}

static apr_status_t load(ccgw_local_recovery_t *r)
{
    ccgw_local_snapshot_head_t head;
    const char *said = "";
    apr_status_t rv;

    if (!r->dir.snapshot && r->dir.nfiles && r->dir.first) {
        *r->why = apr_psprintf(r->pool,
                               "%s: the journal begins with %s, and the snapshot before it is missing; restore the "
                               "directory from a backup",
                               r->store->dir, path_of(r, r->dir.first));
        return CCGW_EDAMAGED;
    }
    if (!r->dir.snapshot)
        return APR_SUCCESS;
    populate(r);
    rv = ccgw_local_snapshot_load(&head, &said, r->store, r->dir.snapshot, r->config->accept_loss, r->pool);
    if (rv != APR_SUCCESS) {
        *r->why = rv == CCGW_ENOSPACE ? apr_psprintf(r->pool,
                                                     "the state in %s does not fit into the configured memory; raise "
                                                     "CcgwMemory",
                                                     r->store->dir)
                                      : said;
        return rv;
    }
    if (*said) {
        r->lost = r->broken_snapshot = 1;
        ccgw_local_recovery_say(r, 4, apr_psprintf(r->pool, "CCGW0103: CcgwRecovery accept-loss: %s", said));
    }
    /* No journal file has told it. */
    if (!r->sized && can_be_size(head.file_size)) {
        r->store->seg->file_size = head.file_size;
        rv = ccgw_local_dir_list(&r->dir, r->store, head.file_size, r->pool);
    }
    ccgw_local_recovery_promise(r, head.start);
    if ((int)head.weakest < r->weakest)
        r->weakest = (int)head.weakest;
    r->position = r->store->seg->snapshot = head.position;
    r->seen = head.seen;
    return rv;
}

/* ---- the new start ---- */

/* How far the files hold bytes of ours behind the last record. A file cut short is filled up
 * from its end. */
static apr_uint64_t find_prepared(const ccgw_local_recovery_t *r)
{
    apr_uint64_t size = r->store->seg->file_size, file = r->position / size;
    struct stat info;
    char path[PATH_SIZE];

    if (stat(ccgw_local_file_path(r->store, file, path, sizeof path), &info))
        return file * size;
    return file * size + ((apr_uint64_t)info.st_size < size ? (apr_uint64_t)info.st_size : size);
}

/* One boot of the machine from another: what the system was given survives the one, not the
 * other. */
static apr_uint32_t read_boot(void)
{
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);

    if (fd >= 0)
        close(fd);
    return n > 0 ? ccgw_crc32c(0, text, (apr_size_t)n) : 0;
}

/* Below DISK, in a restored directory, and behind an accepted loss, readers may have seen what is gone now: their
 * cursors must not be taken for places in this life. */
static apr_uint64_t choose_incarnation(const ccgw_local_recovery_t *r, apr_uint32_t boot)
{
    apr_uint64_t last = r->store->seg->incarnation;
    int lost = r->weakest < CCGW_DURABLE_OS || (r->weakest < CCGW_DURABLE_DISK && (!boot || boot != r->boot));

    /* When not even the last one is known, it should at least be another. */
    if (!last)
        return r->lost ? 2 + r->store->seg->hash_seed % (INCARNATION_MAX - 1) : 1;
    return !lost && !r->copied && !r->lost ? last : last < INCARNATION_MAX ? last + 1 : 1;
}

static apr_status_t begin_epoch(ccgw_local_recovery_t *r)
{
    ccgw_local_segment_t *seg = r->store->seg;
    apr_uint32_t boot = read_boot();
    ccgw_local_record_t record;
    apr_uint64_t end;
    apr_status_t rv;

    memset(&record, 0, sizeof record);
    record.len = sizeof record;
    record.type = CCGW_LOCAL_START;
    record.level = CCGW_DURABLE_DISK;
    record.number = choose_incarnation(r, boot);
    record.epoch = seg->epoch + 1;
    record.tenant = (apr_uint64_t)boot << 32 | (apr_uint64_t)r->store->durability;
    ccgw_local_recovery_start(r, &record);
    seg->start = record.tenant;
    seg->weakest = (apr_uint32_t)r->store->durability;
    seg->head = seg->applied = seg->written = seg->flushed = seg->published = r->position;
    seg->sync_wanted = 0;
    seg->base = r->dir.nfiles ? r->dir.first * seg->file_size : 0;
    seg->prepared = find_prepared(r);
    seg->recovering = 0;
    rv = ccgw_local_ring_load(r->store, r->position);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_submit(&end, r->store, &record, NULL, NULL);
    return rv == APR_SUCCESS ? ccgw_local_wait(r->store, end) : rv;
}

/* The files of a restored directory are ours from now on. */
static apr_status_t adopt_files(ccgw_local_recovery_t *r)
{
    apr_uint64_t file;
    apr_status_t rv = APR_SUCCESS;

    for (file = r->dir.first; r->copied && r->dir.nfiles && file <= r->dir.last && rv == APR_SUCCESS; file++)
        rv = ccgw_local_file_adopt(r->store, file);
    return rv;
}

/* What a killed owner had half made, or made and not taken away. */
static apr_status_t tidy(ccgw_local_recovery_t *r)
{
    apr_status_t rv = ccgw_local_space_tidy(r->store, r->pool);
    apr_uint64_t needed = r->dir.snapshot / r->store->seg->file_size;
    /* Who died while he took old files away may have died in a scrub. And spares beside a copy hold who knows what. */
    int forget = r->copied || (r->dir.nfiles && r->dir.first < needed);

    if (rv == APR_SUCCESS && r->dir.snapshot)
        rv = ccgw_local_space_recycle(r->store, r->dir.snapshot, forget);
    return rv;
}

/* The damaged snapshot is replaced before anybody commits, lest the next start find it again; it is kept under another
 * name. */
static apr_status_t replace_snapshot(ccgw_local_recovery_t *r)
{
    ccgw_local_segment_t *seg = r->store->seg;
    char path[PATH_SIZE];
    apr_status_t rv = APR_SUCCESS;

    ccgw_local_snapshot_path(r->store, r->dir.snapshot, path, sizeof path);
    if (link(path, apr_pstrcat(r->pool, path, ".damaged", NULL)) && errno != EEXIST)
        return errno;
    if (seg->scrub <= seg->snapshot)
        seg->scrub = seg->snapshot + 1;
    while (rv == APR_SUCCESS && seg->snapshot == r->dir.snapshot)
        rv = ccgw_local_snapshot_step(r->store);
    return rv;
}

static apr_status_t read_all(ccgw_local_recovery_t *r)
{
    apr_status_t rv;

    r->weakest = CCGW_DURABLE_DISK;
    r->store->seg->recovering = 1;
    rv = list_files(r);
    if (rv == APR_SUCCESS)
        rv = load(r);
    return rv == APR_SUCCESS ? ccgw_local_replay(r) : rv;
}

static void report(const ccgw_local_recovery_t *r, apr_time_t began)
{
    ccgw_local_recovery_say(r, 5,
                            apr_psprintf(r->pool, "CCGW0101: recovered %lu transactions from %d files%s in %ld ms",
                                         (unsigned long)r->commits, r->dir.nfiles,
                                         r->dir.snapshot ? " and a snapshot" : "",
                                         (long)apr_time_as_msec(apr_time_now() - began)));
    if (r->torn)
        ccgw_local_recovery_say(
            r, 5,
            apr_psprintf(r->pool,
                         "CCGW0105: %s: the journal ended in a torn record at position %" APR_UINT64_T_FMT
                         "; what begins there was promised to nobody and is cut off",
                         r->store->dir, r->position));
    if (r->copied)
        ccgw_local_recovery_say(
            r, 5,
            apr_psprintf(r->pool, "CCGW0104: %s is a restored copy: all readers of events are told to start over",
                         r->store->dir));
}

apr_status_t ccgw_local_recover(const char **why, ccgw_store_t *store, const ccgw_store_config_t *config,
                                apr_pool_t *pool)
{
    ccgw_local_recovery_t r = { .store = store, .pool = pool, .why = why, .config = config };
    apr_time_t began = apr_time_now();
    apr_status_t rv;

    apr_pool_create(&r.scratch, pool);
    r.record = malloc(CCGW_LOCAL_RECORD_MAX);
    rv = r.record ? read_all(&r) : APR_ENOMEM;
    free(r.record);
    apr_pool_destroy(r.scratch);
    if (rv != APR_SUCCESS || store->copy) {
        store->seg->head = store->seg->applied = store->seg->written = store->seg->flushed = r.position;
        return rv;
    }
    ccgw_local_words_renew(store);
    /* Whoever died may not have synced what we go on from. */
    rv = r.synced ? ccgw_local_file_settle(store, r.synced, r.position) : APR_SUCCESS;
    if (rv == APR_SUCCESS)
        rv = begin_epoch(&r);
    if (rv == APR_SUCCESS)
        rv = adopt_files(&r);
    if (rv == APR_SUCCESS)
        rv = tidy(&r);
    if (rv == APR_SUCCESS && r.broken_snapshot)
        rv = replace_snapshot(&r);
    if (rv != APR_SUCCESS) {
        apr_status_t reason = rv == CCGW_ESTORE ? (apr_status_t)(store->seg->broken | store->seg->hindrance) : rv;
        char text[120];

        *why = apr_psprintf(pool, "cannot write the journal in %s: %s", store->dir,
                            reason ? apr_strerror(reason, text, sizeof text) : "is its disk full?");
        return rv;
    }
    report(&r, began);
    return APR_SUCCESS;
}
