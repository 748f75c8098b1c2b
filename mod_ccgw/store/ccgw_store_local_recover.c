/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_recover.c: from the journal's files to the segment, at the start of the
 * server.
 *
 * Every record says up to where the journal was synced when it was made. So where reading stops,
 * a whole record behind that spot tells two cases apart: one that was made when the spot was
 * synced already proves damage, and we refuse to start; one that was not is of the same torn
 * batch, which nobody was promised, and is cut off. */
#include "store/ccgw_store_local.h"
#include "store/ccgw_store_local_names.h"

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

#define PATH_SIZE       CCGW_LOCAL_PATH_SIZE
#define INCARNATION_MAX 8191
#define FILE_SIZE_MAX   ((apr_uint64_t)1 << 40)

typedef struct ccgw_local_recovery_t {
    ccgw_store_t *store;
    apr_pool_t *pool;
    apr_pool_t *scratch; /* of one record */
    const char **why;
    const ccgw_store_config_t *config;
    ccgw_local_dir_t dir;
    char *map; /* the present file, private */
    apr_uint64_t size;
    apr_uint64_t position; /* next record */
    apr_uint64_t commits;
    int weakest;         /* level that the last start promised, or less */
    apr_uint32_t boot;   /* of the last start */
    int copied;          /* a file is not the one that was written: the directory was restored */
    int lost;            /* the administrator accepted a loss */
    int broken_snapshot; /* of which only a part could be read */
    int cut;             /* in the journal, at POSITION */
    int sized;           /* a journal file has told the size of all */
} ccgw_local_recovery_t;

static const char *path_of(ccgw_local_recovery_t *r, apr_uint64_t file)
{
    return ccgw_local_file_path(r->store, file, apr_palloc(r->pool, PATH_SIZE), PATH_SIZE);
}

static void say(const ccgw_local_recovery_t *r, int level, const char *text)
{
    if (r->config->log)
        r->config->log(r->config->log_baton, level, text);
}

/* ---- files ---- */

static void unmap_file(ccgw_local_recovery_t *r)
{
    if (r->map)
        munmap(r->map, r->size);
    r->map = NULL;
}

static apr_status_t check_head(ccgw_local_recovery_t *r, apr_uint64_t file, apr_uint64_t inode)
{
    ccgw_local_file_head_t head = { 0 };

    if (r->size >= sizeof head)
        memcpy(&head, r->map, sizeof head);
    if (head.magic == CCGW_LOCAL_FILE_MAGIC && head.format != CCGW_LOCAL_FILE_FORMAT) {
        *r->why =
            apr_psprintf(r->pool, "%s has format %u, this server reads %d; start the %s server again", path_of(r, file),
                         head.format, CCGW_LOCAL_FILE_FORMAT, head.format > CCGW_LOCAL_FILE_FORMAT ? "newer" : "older");
        return CCGW_EFORMAT;
    }
    if (head.magic == CCGW_LOCAL_FILE_MAGIC && head.crc == ccgw_local_file_head_crc(head) &&
        head.position == file * r->store->seg->file_size && head.size == r->store->seg->file_size) {
        r->copied |= head.inode != inode;
        return APR_SUCCESS;
    }
    *r->why = apr_psprintf(r->pool,
                           "%s is damaged at offset 0: no journal begins there; nothing was changed: restore the "
                           "directory from a backup, or give up what it held by CcgwRecovery accept-loss",
                           path_of(r, file));
    return CCGW_EDAMAGED;
}

/* Whose file it is may write to it, or use it again for another part of the journal, while we follow what is in it: so
 * its bytes as they are now, in memory of our own. */
static void *read_bytes(int fd, apr_uint64_t n)
{
    char *bytes = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    apr_uint64_t at = 0;
    ssize_t got = 1;

    while (bytes != MAP_FAILED && at < n && got > 0) {
        got = pread(fd, bytes + at, n - at, (off_t)at);
        at += got > 0 ? (apr_uint64_t)got : 0;
    }
    return bytes;
}

/* Is the file of this name still the one that was read? */
static apr_status_t check_same(ccgw_local_recovery_t *r, apr_uint64_t file, apr_uint64_t inode)
{
    struct stat now;

    if (!stat(path_of(r, file), &now) && now.st_ino == inode)
        return APR_SUCCESS;
    *r->why = apr_psprintf(r->pool, "%s went away while it was read", path_of(r, file));
    return CCGW_EDAMAGED;
}

static apr_status_t map_file(ccgw_local_recovery_t *r, apr_uint64_t file)
{
    int copy = r->store->copy;
    struct stat info;
    apr_status_t rv;
    void *map;
    int fd;

    unmap_file(r);
    fd = open(path_of(r, file), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *r->why = apr_psprintf(r->pool,
                               "%s is missing between other files of the journal; restore the directory from a "
                               "backup, or give up what it held by CcgwRecovery accept-loss",
                               path_of(r, file));
        return CCGW_EDAMAGED;
    }
    if (fd < 0 || fstat(fd, &info)) {
        rv = errno;
        *r->why = apr_psprintf(r->pool, "cannot read %s: %s", path_of(r, file), strerror(rv));
        if (fd >= 0)
            close(fd);
        return rv;
    }
    r->size = (apr_uint64_t)info.st_size;
    map = !r->size ? MAP_FAILED
          : copy   ? read_bytes(fd, r->size)
                   : mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
    r->map = map == MAP_FAILED ? NULL : map;
    if (!r->map)
        r->size = 0;
    else
        madvise(r->map, r->size, MADV_SEQUENTIAL | MADV_WILLNEED);
    rv = copy ? check_same(r, file, info.st_ino) : APR_SUCCESS;
    return rv == APR_SUCCESS ? check_head(r, file, info.st_ino) : rv;
}

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

/* ---- records ---- */

/* The record at AT of the mapped FILE of which at least the head is whole, or NULL. */
static ccgw_local_record_t *head_at(ccgw_local_recovery_t *r, apr_uint64_t file, apr_uint64_t at)
{
    ccgw_local_record_t *record = (ccgw_local_record_t *)(r->map + at);

    if (at + sizeof *record > r->size || record->magic != CCGW_LOCAL_RECORD_MAGIC)
        return NULL;
    if (record->position != file * r->store->seg->file_size + at || record->epoch < r->store->seg->epoch)
        return NULL;
    return ccgw_local_record_crc(record) == record->crc ? record : NULL;
}

/* The whole record there, or NULL. */
static ccgw_local_record_t *record_at(ccgw_local_recovery_t *r, apr_uint64_t file, apr_uint64_t at)
{
    ccgw_local_record_t *record = head_at(r, file, at);

    if (!record || record->type == CCGW_LOCAL_PAD)
        return record;
    if (record->len < sizeof *record || record->len % 8 || record->len > r->size - at ||
        record->len > CCGW_LOCAL_RECORD_MAX)
        return NULL;
    return ccgw_crc32c(0, record + 1, record->len - sizeof *record) == record->body_crc ? record : NULL;
}

/* START's word: the level in its lower half, the boot in its upper. */
static void take_promise(ccgw_local_recovery_t *r, apr_uint64_t start)
{
    r->weakest = start & 0xffffffff ? (int)(start & 0xffffffff) : CCGW_DURABLE_DISK;
    r->boot = (apr_uint32_t)(start >> 32);
}

/* A new start: what was handed out in memory and lost is skipped over. */
static void take_start(ccgw_local_recovery_t *r, const ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = r->store->seg;
    static const ccgw_buf_t first = { "", 0 };
    ccgw_off_t node = ccgw_local_index_seek(seg, CCGW_LOCAL_TENANT, first);

    seg->epoch = record->epoch;
    seg->incarnation = record->number;
    take_promise(r, record->tenant);
    for (; node; node = ccgw_local_index_next(seg, node)) {
        ccgw_local_tenant_t *tenant = ccgw_local_at(seg, ((ccgw_local_node_t *)ccgw_local_at(seg, node))->value);

        tenant->last += CCGW_LOCAL_NUMBER_JUMP;
        tenant->visible = tenant->last;
    }
}

/* A key stands in a commit once; were it not so, what was made for the first place would be taken apart by the second. */
static int names_twice(ccgw_local_recovery_t *r, ccgw_local_record_t *record)
{
    apr_size_t at = ccgw_local_op_first(record);
    ccgw_local_names_t seen = { 0 };
    ccgw_local_op_t *op;
    int twice = 0;

    if (record->nops < 2)
        return 0;
    apr_pool_clear(r->scratch);
    while (!twice && (op = ccgw_local_op_next(&at, record)) != NULL) {
        ccgw_table_t table = (ccgw_table_t)op->table;
        ccgw_buf_t key = ccgw_local_op_key(op);

        if (op->kind != CCGW_LOCAL_PUT && op->kind != CCGW_LOCAL_DEL)
            continue;
        twice = ccgw_local_name_find(&seen, table, key, r->scratch) != NULL;
        ccgw_local_name_set(&seen, table, key, op, r->scratch);
    }
    return twice;
}

static apr_status_t take_commit(ccgw_local_recovery_t *r, ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = r->store->seg;
    ccgw_buf_t name = { record + 1, record->tenant_len };
    apr_status_t rv;

    if (!name.n || name.n >= CCGW_KEY_MAX || ccgw_local_op_first(record) > record->len || names_twice(r, record))
        return CCGW_EDAMAGED;
    seg->head = seg->applied = record->position;
    ccgw_local_heap_begin(seg);
    record->tenant = ccgw_local_tenant_make(seg, name);
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

static apr_status_t take_words(ccgw_local_recovery_t *r, const ccgw_local_record_t *record)
{
    if (record->len != sizeof *record + (apr_size_t)record->nops * sizeof(ccgw_local_saved_slot_t))
        return CCGW_EDAMAGED;
    return ccgw_local_words_load(r->store, (const ccgw_local_saved_slot_t *)(record + 1), record->nops);
}

static apr_status_t take_record(ccgw_local_recovery_t *r, apr_uint64_t file, ccgw_local_record_t *record)
{
    apr_uint64_t at = record->position % r->store->seg->file_size;
    apr_status_t rv = APR_SUCCESS;

    if (record->type == CCGW_LOCAL_START)
        take_start(r, record);
    else if (record->type == CCGW_LOCAL_WORDS)
        rv = take_words(r, record);
    else if (record->type == CCGW_LOCAL_SCRUB)
        r->store->seg->scrub = record->position;
    else if (record->type == CCGW_LOCAL_COMMIT)
        rv = take_commit(r, record);
    else
        rv = CCGW_EFORMAT;
    if (rv == CCGW_ENOSPACE)
        *r->why =
            apr_psprintf(r->pool, "the state in %s does not fit into the configured memory; raise it", r->store->dir);
    else if (rv == CCGW_EFORMAT)
        *r->why = apr_psprintf(r->pool, "%s holds a record of unknown type %d at offset %" APR_UINT64_T_FMT,
                               path_of(r, file), record->type, at);
    else if (rv != APR_SUCCESS)
        *r->why =
            apr_psprintf(r->pool, "%s is damaged at offset %" APR_UINT64_T_FMT ": the record there is not well formed",
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

/* Starts that are given up were starts nevertheless: what they stamped must not be taken for ours, nor ours for theirs.
 * Heads are enough to know them by. */
static void look_at_lost(ccgw_local_recovery_t *r)
{
    ccgw_local_segment_t *seg = r->store->seg;
    apr_uint64_t file = r->position / seg->file_size, at = r->position % seg->file_size;

    for (; r->dir.nfiles && file <= r->dir.last; file++, at = 0) {
        const char *unsaid = *r->why;

        map_file(r, file);
        *r->why = unsaid;
        for (at = (at + 7) & ~(apr_uint64_t)7; r->map && at + sizeof(ccgw_local_record_t) <= r->size; at += 8) {
            const ccgw_local_record_t *record = head_at(r, file, at);

            if (record && record->epoch > seg->epoch)
                seg->epoch = record->epoch;
            if (record && record->type == CCGW_LOCAL_START && record->number > seg->incarnation)
                seg->incarnation = record->number;
        }
    }
    unmap_file(r);
}

/* What follows R->POSITION is not what was written there. */
static apr_status_t accept_loss(ccgw_local_recovery_t *r, apr_status_t rv)
{
    if (rv != CCGW_EDAMAGED || !r->config->accept_loss)
        return rv;
    r->lost = r->cut = 1;
    look_at_lost(r);
    say(r, 4,
        apr_psprintf(r->pool,
                     "CCGW0102: CcgwRecovery accept-loss: the journal is cut off at position %" APR_UINT64_T_FMT ": %s",
                     r->position, *r->why));
    return APR_SUCCESS;
}

/* *resumed: a server that is running wrote on meanwhile. */
static apr_status_t check_end(ccgw_local_recovery_t *r, int *resumed)
{
    apr_uint64_t size = r->store->seg->file_size, file = r->position / size, stopped = file, at = r->position % size;
    apr_status_t rv = APR_SUCCESS;
    int damaged = proves_damage(r, file, at);

    *resumed = 0;
    while (!damaged && rv == APR_SUCCESS && ++file <= r->dir.last) {
        rv = map_file(r, file);
        if (rv == APR_SUCCESS)
            damaged = proves_damage(r, file, CCGW_LOCAL_FILE_HEAD);
    }
    if (damaged && r->store->copy) {
        rv = map_file(r, stopped);
        *resumed = rv == APR_SUCCESS && record_at(r, stopped, at);
        damaged = !*resumed;
    }
    if (!damaged)
        return rv;
    *r->why =
        apr_psprintf(r->pool,
                     "%s is damaged at offset %" APR_UINT64_T_FMT ", and there are good records behind; nothing was "
                     "changed: restore the directory from a backup, or give up what follows there by "
                     "CcgwRecovery accept-loss",
                     path_of(r, stopped), at);
    return CCGW_EDAMAGED;
}

/* Records of one file from R->POSITION on. *ended: the journal ends in it. */
static apr_status_t replay_file(ccgw_local_recovery_t *r, apr_uint64_t file, int *ended)
{
    apr_uint64_t size = r->store->seg->file_size, at = r->position % size;
    apr_status_t rv;

    r->position = file * size;
    rv = map_file(r, file);
    if (at < CCGW_LOCAL_FILE_HEAD)
        at = CCGW_LOCAL_FILE_HEAD;
    *ended = 0;
    while (rv == APR_SUCCESS && at + sizeof(ccgw_local_record_t) <= size) {
        ccgw_local_record_t *record;

        r->position = file * size + at;
        record = record_at(r, file, at);
        if (!record) {
            *ended = 1;
            return APR_SUCCESS;
        }
        if (record->type == CCGW_LOCAL_PAD)
            break;
        rv = take_record(r, file, record);
        if (rv != APR_SUCCESS)
            return rv;
        at += record->len;
    }
    if (rv == APR_SUCCESS)
        r->position = (file + 1) * size;
    return rv;
}

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

/* A file without a sound head cannot be written to, and those behind would be missed or found damaged again. */
static apr_status_t set_aside(ccgw_local_recovery_t *r)
{
    apr_uint64_t size = r->store->seg->file_size;

    if (r->store->copy)
        return APR_SUCCESS;
    return ccgw_local_space_set_aside(r->store, (r->position + size - 1) / size * size, r->pool);
}

/* The journal that a snapshot belongs to begins inside a file. */
static apr_status_t check_first(ccgw_local_recovery_t *r)
{
    apr_uint64_t size = r->store->seg->file_size, file = r->position / size;

    if (!r->dir.snapshot || !(r->position % size) || (r->dir.nfiles && file <= r->dir.last))
        return APR_SUCCESS;
    *r->why = apr_psprintf(r->pool,
                           "%s is missing behind the snapshot; restore the directory from a backup, or give up what it "
                           "held by CcgwRecovery accept-loss",
                           path_of(r, file));
    return CCGW_EDAMAGED;
}

static apr_status_t replay(ccgw_local_recovery_t *r)
{
    apr_uint64_t size = r->store->seg->file_size;
    apr_status_t rv = check_first(r);
    int ended = !r->dir.nfiles, resumed = 1;

    while (resumed && rv == APR_SUCCESS) {
        while (rv == APR_SUCCESS && !ended && r->position / size <= r->dir.last)
            rv = replay_file(r, r->position / size, &ended);
        resumed = 0;
        if (rv == APR_SUCCESS && ended && r->dir.nfiles)
            rv = check_end(r, &resumed);
        ended = 0;
    }
    unmap_file(r);
    rv = accept_loss(r, rv);
    return rv == APR_SUCCESS && r->cut ? set_aside(r) : rv;
}

/* ---- the snapshot ---- */

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
        say(r, 4, apr_psprintf(r->pool, "CCGW0103: CcgwRecovery accept-loss: %s", said));
    }
    /* No journal file has told it. */
    if (!r->sized && can_be_size(head.file_size)) {
        r->store->seg->file_size = head.file_size;
        rv = ccgw_local_dir_list(&r->dir, r->store, head.file_size, r->pool);
    }
    take_promise(r, head.start);
    if ((int)head.weakest < r->weakest)
        r->weakest = (int)head.weakest;
    r->position = r->store->seg->snapshot = head.position;
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
    take_start(r, &record);
    seg->start = record.tenant;
    seg->weakest = (apr_uint32_t)r->store->durability;
    seg->head = seg->applied = seg->written = seg->flushed = seg->published = r->position;
    seg->sync_wanted = 0;
    seg->base = r->dir.nfiles ? r->dir.first * seg->file_size : 0;
    seg->prepared = find_prepared(r);
    seg->recovering = 0;
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

    if (rv == APR_SUCCESS && r->dir.snapshot)
        rv = ccgw_local_space_recycle(r->store, r->dir.snapshot, 0);
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
    return rv == APR_SUCCESS ? replay(r) : rv;
}

static void report(const ccgw_local_recovery_t *r, apr_time_t began)
{
    say(r, 5,
        apr_psprintf(r->pool, "CCGW0101: recovered %lu transactions from %d files%s in %ld ms",
                     (unsigned long)r->commits, r->dir.nfiles, r->dir.snapshot ? " and a snapshot" : "",
                     (long)apr_time_as_msec(apr_time_now() - began)));
    if (r->copied)
        say(r, 5,
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
    rv = read_all(&r);
    apr_pool_destroy(r.scratch);
    if (rv != APR_SUCCESS || store->copy) {
        store->seg->head = store->seg->applied = store->seg->written = store->seg->flushed = r.position;
        return rv;
    }
    ccgw_local_words_renew(store);
    rv = begin_epoch(&r);
    if (rv == APR_SUCCESS)
        rv = adopt_files(&r);
    if (rv == APR_SUCCESS)
        rv = tidy(&r);
    if (rv == APR_SUCCESS && r.broken_snapshot)
        rv = replace_snapshot(&r);
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(pool, "cannot write the journal in %s; is its disk full?", store->dir);
        return rv;
    }
    report(&r, began);
    return APR_SUCCESS;
}
