/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_recover.c: from the journal's files to the segment, at the start of the
 * server.
 *
 * Every record says up to where the journal was synced when it was made. So where reading stops,
 * a whole record behind that spot tells two cases apart: one that was made when the spot was
 * synced already proves damage, and we refuse to start; one that was not is of the same torn
 * batch, which nobody was promised, and is cut off. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE       1024
#define INCARNATION_MAX 8191

typedef struct ccgw_local_recovery_t {
    ccgw_store_t *store;
    apr_pool_t *pool;
    const char **why;
    apr_uint64_t files; /* how many there are */
    char *map;          /* the present one, private */
    apr_uint64_t size;
    apr_uint64_t position; /* next record */
    apr_uint64_t commits;
    int weakest;       /* level that the last start promised, or less */
    apr_uint32_t boot; /* of the last start */
} ccgw_local_recovery_t;

static const char *path_of(ccgw_local_recovery_t *r, apr_uint64_t file)
{
    return ccgw_local_file_path(r->store, file, apr_palloc(r->pool, PATH_SIZE), PATH_SIZE);
}

/* ---- files ---- */

static apr_status_t count_files(ccgw_local_recovery_t *r)
{
    apr_finfo_t info;
    apr_dir_t *dir;
    apr_status_t rv = apr_dir_open(&dir, r->store->dir, r->pool);
    apr_uint64_t found = 0;

    while (rv == APR_SUCCESS && apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        unsigned long long first;
        int end = 0;

        if (sscanf(info.name, "journal-%16llx%n", &first, &end) != 1 || info.name[end])
            continue;
        found++;
        if (first / CCGW_LOCAL_FILE_SIZE >= r->files)
            r->files = first / CCGW_LOCAL_FILE_SIZE + 1;
    }
    if (rv == APR_SUCCESS)
        apr_dir_close(dir);
    return rv;
}

static void unmap_file(ccgw_local_recovery_t *r)
{
    if (r->map)
        munmap(r->map, r->size);
    r->map = NULL;
}

static apr_status_t check_head(ccgw_local_recovery_t *r, apr_uint64_t file)
{
    ccgw_local_file_head_t head = { 0 };

    if (r->size >= sizeof head)
        memcpy(&head, r->map, sizeof head);
    if (head.magic == CCGW_LOCAL_FILE_MAGIC && head.format > CCGW_LOCAL_FILE_FORMAT) {
        *r->why = apr_psprintf(r->pool, "%s has format %u, this server reads %d; start the newer server again",
                               path_of(r, file), head.format, CCGW_LOCAL_FILE_FORMAT);
        return CCGW_EFORMAT;
    }
    if (head.magic == CCGW_LOCAL_FILE_MAGIC && head.crc == ccgw_local_file_head_crc(head) &&
        head.position == file * CCGW_LOCAL_FILE_SIZE)
        return APR_SUCCESS;
    *r->why = apr_psprintf(r->pool, "%s is damaged at offset 0: no journal begins there; restore it from a backup",
                           path_of(r, file));
    return CCGW_EDAMAGED;
}

static apr_status_t map_file(ccgw_local_recovery_t *r, apr_uint64_t file)
{
    struct stat info;
    void *map;
    int fd;

    unmap_file(r);
    fd = open(path_of(r, file), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *r->why = apr_psprintf(r->pool, "%s is missing between other files of the journal; restore it from a backup",
                               path_of(r, file));
        return CCGW_EDAMAGED;
    }
    if (fd < 0 || fstat(fd, &info)) {
        *r->why = apr_psprintf(r->pool, "cannot read %s: %s", path_of(r, file), strerror(errno));
        return errno;
    }
    r->size = (apr_uint64_t)info.st_size;
    map = r->size ? mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    r->map = map == MAP_FAILED ? NULL : map;
    if (!r->map)
        r->size = 0;
    return check_head(r, file);
}

/* ---- records ---- */

/* The whole record at AT of the mapped FILE, or NULL. */
static ccgw_local_record_t *record_at(ccgw_local_recovery_t *r, apr_uint64_t file, apr_uint64_t at)
{
    ccgw_local_record_t *record = (ccgw_local_record_t *)(r->map + at);
    apr_size_t len;

    if (at + sizeof *record > r->size || record->magic != CCGW_LOCAL_RECORD_MAGIC)
        return NULL;
    len = record->type == CCGW_LOCAL_PAD ? sizeof *record : record->len;
    if (record->position != file * CCGW_LOCAL_FILE_SIZE + at || record->epoch < r->store->seg->epoch)
        return NULL;
    if (len < sizeof *record || len % 8 || len > r->size - at || len > CCGW_LOCAL_RECORD_MAX)
        return NULL;
    return ccgw_local_record_crc(record) == record->crc ? record : NULL;
}

/* A new start: what was handed out in memory and lost is skipped over. */
static void take_start(ccgw_local_recovery_t *r, const ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = r->store->seg;
    static const ccgw_buf_t first = { "", 0 };
    ccgw_off_t node = ccgw_local_index_seek(seg, CCGW_LOCAL_TENANT, first);

    seg->epoch = record->epoch;
    seg->incarnation = record->number;
    r->weakest = record->tenant ? (int)record->tenant : CCGW_DURABLE_DISK;
    r->boot = record->boot;
    for (; node; node = ccgw_local_index_next(seg, node)) {
        ccgw_local_tenant_t *tenant = ccgw_local_at(seg, ((ccgw_local_node_t *)ccgw_local_at(seg, node))->value);

        tenant->last += CCGW_LOCAL_NUMBER_JUMP;
        tenant->visible = tenant->last;
    }
}

static apr_status_t take_commit(ccgw_local_recovery_t *r, ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = r->store->seg;
    ccgw_buf_t name = { record + 1, record->tenant_len };
    apr_status_t rv;

    if (ccgw_local_op_first(record) > record->len)
        return CCGW_EDAMAGED;
    seg->head = seg->applied = record->position;
    ccgw_local_heap_begin(seg);
    record->tenant = ccgw_local_tenant_find(seg, name, 1);
    if (!record->tenant)
        return CCGW_ENOSPACE;
    rv = ccgw_local_prepare(r->store, record);
    if (rv != APR_SUCCESS)
        return rv;
    seg->done = 0;
    ccgw_local_apply(r->store, record);
    ((ccgw_local_tenant_t *)ccgw_local_at(seg, record->tenant))->visible = record->number;
    if (record->level == CCGW_DURABLE_OS && r->weakest > CCGW_DURABLE_OS)
        r->weakest = CCGW_DURABLE_OS;
    r->commits++;
    return APR_SUCCESS;
}

static apr_status_t take_record(ccgw_local_recovery_t *r, apr_uint64_t file, ccgw_local_record_t *record)
{
    unsigned long long at = record->position % CCGW_LOCAL_FILE_SIZE;
    apr_status_t rv = APR_SUCCESS;

    if (record->type == CCGW_LOCAL_START)
        take_start(r, record);
    else if (record->type == CCGW_LOCAL_WORDS)
        rv = ccgw_local_words_load(r->store, record);
    else if (record->type == CCGW_LOCAL_COMMIT)
        rv = take_commit(r, record);
    else
        rv = CCGW_EFORMAT;
    if (rv == CCGW_ENOSPACE)
        *r->why =
            apr_psprintf(r->pool, "the state in %s does not fit into the configured memory; raise it", r->store->dir);
    else if (rv == CCGW_EFORMAT)
        *r->why = apr_psprintf(r->pool, "%s holds a record of unknown type %d at offset %llu", path_of(r, file),
                               record->type, at);
    else if (rv != APR_SUCCESS)
        *r->why = apr_psprintf(r->pool, "%s is damaged at offset %llu: the record there is not well formed",
                               path_of(r, file), at);
    return rv;
}

/* ---- the end ---- */

/* Does the mapped FILE hold, from AT on, a record made when the spot where reading stopped was
 * synced already? */
static int proves_damage(ccgw_local_recovery_t *r, apr_uint64_t file, apr_uint64_t at)
{
    for (; at + sizeof(ccgw_local_record_t) <= r->size; at += 8) {
        const ccgw_local_record_t *record = record_at(r, file, at);

        if (record && record->synced > r->position)
            return 1;
    }
    return 0;
}

static apr_status_t check_end(ccgw_local_recovery_t *r)
{
    apr_uint64_t file = r->position / CCGW_LOCAL_FILE_SIZE, at = r->position % CCGW_LOCAL_FILE_SIZE;
    apr_uint64_t stopped = file, size = r->size;
    apr_status_t rv = APR_SUCCESS;
    int damaged = proves_damage(r, file, at);

    while (!damaged && rv == APR_SUCCESS && ++file < r->files) {
        rv = map_file(r, file);
        if (rv == APR_SUCCESS)
            damaged = proves_damage(r, file, CCGW_LOCAL_FILE_HEAD);
    }
    r->size = size;
    if (!damaged)
        return rv;
    *r->why = apr_psprintf(r->pool,
                           "%s is damaged at offset %llu, and there are good records behind; nothing was "
                           "changed: restore the directory from a backup, or cut the file off there to give up what "
                           "follows",
                           path_of(r, stopped), (unsigned long long)at);
    return CCGW_EDAMAGED;
}

/* Records of one file. *ended: the journal ends in it. */
static apr_status_t replay_file(ccgw_local_recovery_t *r, apr_uint64_t file, int *ended)
{
    apr_uint64_t at = CCGW_LOCAL_FILE_HEAD;
    apr_status_t rv = map_file(r, file);

    *ended = 0;
    while (rv == APR_SUCCESS && at + sizeof(ccgw_local_record_t) <= CCGW_LOCAL_FILE_SIZE) {
        ccgw_local_record_t *record;

        r->position = file * CCGW_LOCAL_FILE_SIZE + at;
        record = record_at(r, file, at);
        if (!record) {
            *ended = 1;
            return APR_SUCCESS;
        }
        if (record->type == CCGW_LOCAL_PAD)
            break;
        rv = take_record(r, file, record);
        at += record->len;
    }
    r->position = (file + 1) * CCGW_LOCAL_FILE_SIZE;
    return rv;
}

/* How far the files hold bytes of ours behind the last record. A file cut short is filled up
 * from its end. */
static apr_uint64_t find_prepared(const ccgw_local_recovery_t *r)
{
    apr_uint64_t file = r->position / CCGW_LOCAL_FILE_SIZE;
    apr_uint64_t size = r->size < CCGW_LOCAL_FILE_SIZE ? r->size : CCGW_LOCAL_FILE_SIZE;

    return file < r->files ? file * CCGW_LOCAL_FILE_SIZE + size : file * CCGW_LOCAL_FILE_SIZE;
}

static apr_status_t replay(ccgw_local_recovery_t *r)
{
    apr_status_t rv = count_files(r);
    apr_uint64_t file;
    int ended = 0;

    for (file = 0; rv == APR_SUCCESS && !ended && file < r->files; file++)
        rv = replay_file(r, file, &ended);
    if (rv == APR_SUCCESS && ended)
        rv = check_end(r);
    unmap_file(r);
    return rv;
}

/* ---- the new start ---- */

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

/* Below DISK, readers may have seen what is gone now: their cursors must not be taken for places
 * in this life. */
static apr_uint64_t choose_incarnation(const ccgw_local_recovery_t *r, apr_uint32_t boot)
{
    apr_uint64_t last = r->store->seg->incarnation;
    int lost = r->weakest < CCGW_DURABLE_OS || (r->weakest < CCGW_DURABLE_DISK && (!boot || boot != r->boot));

    if (!last)
        return 1;
    return !lost ? last : last < INCARNATION_MAX ? last + 1 : 1;
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
    record.boot = boot;
    record.tenant = r->store->durability; /* a START has no tenant; see LAYOUT */
    take_start(r, &record);
    seg->head = seg->applied = seg->written = seg->flushed = seg->published = r->position;
    seg->sync_wanted = 0;
    seg->prepared = find_prepared(r);
    seg->recovering = 0;
    rv = ccgw_local_submit(&end, r->store, &record, NULL, NULL);
    return rv == APR_SUCCESS ? ccgw_local_wait(r->store, end) : rv;
}

apr_status_t ccgw_local_recover(const char **why, ccgw_store_t *store, const ccgw_store_config_t *config,
                                apr_pool_t *pool)
{
    ccgw_local_recovery_t r = { 0 };
    apr_time_t began = apr_time_now();
    apr_status_t rv;

    r.store = store;
    r.pool = pool;
    r.why = why;
    r.weakest = CCGW_DURABLE_DISK;
    store->seg->recovering = 1;
    rv = replay(&r);
    if (rv != APR_SUCCESS)
        return rv;
    ccgw_local_words_renew(store);
    rv = begin_epoch(&r);
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(pool, "cannot write the journal in %s; is its disk full?", store->dir);
        return rv;
    }
    if (config->log)
        config->log(config->log_baton, 5,
                    apr_psprintf(pool, "CCGW0101: recovered %lu transactions from %lu files in %ld ms",
                                 (unsigned long)r.commits, (unsigned long)r.files,
                                 (long)apr_time_as_msec(apr_time_now() - began)));
    return APR_SUCCESS;
}
