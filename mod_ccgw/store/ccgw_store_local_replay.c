/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_replay.c: from the journal's files to the segment.
 *
 * Every record says up to where the journal was synced when it was made. So where reading stops,
 * a whole record behind that spot tells two cases apart: one that was made when the spot was
 * synced already proves damage, and we refuse to start; one that was not is of the same torn
 * batch, which nobody was promised, and is cut off. */
#include "store/ccgw_store_local_names.h"
#include "store/ccgw_store_local_recovery.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_of(ccgw_local_recovery_t *r, apr_uint64_t file)
{
    return ccgw_local_file_path(r->store, file, apr_palloc(r->pool, CCGW_LOCAL_PATH_SIZE), CCGW_LOCAL_PATH_SIZE);
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
    apr_uint64_t at;
    apr_status_t rv;
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
    rv = ccgw_local_read_file(&r->map, &at, fd, (apr_uint64_t)info.st_size, copy);
    r->size = r->map ? (apr_uint64_t)info.st_size : 0;
    close(fd);
    if (rv != APR_SUCCESS) {
        *r->why =
            apr_psprintf(r->pool,
                         "%s cannot be read at offset %" APR_UINT64_T_FMT ": %s; nothing was changed: restore the "
                         "directory from a backup, or give up what it held by CcgwRecovery accept-loss",
                         path_of(r, file), at, strerror(rv));
        return CCGW_EDAMAGED;
    }
    rv = copy ? check_same(r, file, info.st_ino) : APR_SUCCESS;
    return rv == APR_SUCCESS ? check_head(r, file, info.st_ino) : rv;
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
void ccgw_local_recovery_promise(ccgw_local_recovery_t *r, apr_uint64_t start)
{
    r->weakest = start & 0xffffffff ? (int)(start & 0xffffffff) : CCGW_DURABLE_DISK;
    r->boot = (apr_uint32_t)(start >> 32);
}

/* A new start: what was handed out in memory and lost is skipped over. */
void ccgw_local_recovery_start(ccgw_local_recovery_t *r, const ccgw_local_record_t *record)
{
    ccgw_local_segment_t *seg = r->store->seg;
    static const ccgw_buf_t first = { "", 0 };
    ccgw_off_t node = ccgw_local_index_seek(seg, CCGW_LOCAL_TENANT, first);

    seg->epoch = record->epoch;
    seg->incarnation = record->number;
    ccgw_local_recovery_promise(r, record->tenant);
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

    r->synced = record->synced;
    if (record->type == CCGW_LOCAL_START)
        ccgw_local_recovery_start(r, record);
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
        r->torn |= record != NULL;
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
    ccgw_local_recovery_say(
        r, 4,
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
    r->torn |= r->map && head_at(r, file, at);
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
        /* A copy: what is noted in it would cost a page of the map each time. */
        memcpy(r->record, record, record->len);
        rv = take_record(r, file, r->record);
        if (rv != APR_SUCCESS)
            return rv;
        at += record->len;
    }
    if (rv == APR_SUCCESS)
        r->position = (file + 1) * size;
    return rv;
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

/* What the snapshot saw was in the journal, and synced, before it got its name. */
static apr_status_t check_reach(const ccgw_local_recovery_t *r)
{
    if (r->position >= r->seen)
        return APR_SUCCESS;
    *r->why =
        apr_psprintf(r->pool,
                     "the journal in %s ends at position %" APR_UINT64_T_FMT ", and the snapshot knows that it went "
                     "on to %" APR_UINT64_T_FMT "; nothing was changed: restore the directory from a backup, or give "
                     "up what is missing by CcgwRecovery accept-loss",
                     r->store->dir, r->position, r->seen);
    return CCGW_EDAMAGED;
}

apr_status_t ccgw_local_replay(ccgw_local_recovery_t *r)
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
    if (rv == APR_SUCCESS)
        rv = check_reach(r);
    rv = accept_loss(r, rv);
    return rv == APR_SUCCESS && r->cut ? set_aside(r) : rv;
}
