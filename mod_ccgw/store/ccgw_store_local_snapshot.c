/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_snapshot.c: snapshots: the state in one file, so that the journal before it can go.
 *
 * A snapshot is written in parts while commits go on, so it is of no one moment: what a part holds may be newer than
 * the position that the snapshot was begun at. The journal from there on is replayed over it, and ends in the same
 * state whatever the parts held, because everything in it is absolute. For that the journal must be on disk up to where
 * it ended when the last part was taken; only then the file gets its name. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"
#include "util/ccgw_log.h"
#include "util/ccgw_step.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE CCGW_LOCAL_PATH_SIZE
/* What is copied under the lock at once, */
#define BATCH_ITEMS 64
#define BATCH_BYTES (128 * 1024)
/* and what one call does. */
#define STEP_TIME (APR_USEC_PER_SEC / 25)
#define SLOTS     512
/* One that could not be written is not written in vain ten times a second. */
#define AGAIN_AFTER APR_USEC_PER_SEC
/* Whoever writes a snapshot comes back to it sooner than this, unless he was killed. */
#define ROOM_TIME (2 * APR_USEC_PER_SEC)
/* One record of nothing. */
#define FILL_BYTES (1024 * 1024)
/* Memory that the state takes, per page of the heap. */
#define PAGE ((apr_uint64_t)64 * 1024)

typedef struct ccgw_local_shot_t {
    int fd;
    ccgw_local_snapshot_head_t head;
    apr_uint64_t scrub;  /* what was asked for when it began */
    apr_uint32_t number; /* as blobs note it */
    apr_uint64_t at;     /* bytes in the file */
    apr_uint64_t pushed; /* of them went to the disk */
    apr_uint64_t items;
    int table; /* the one in hand; 0: all are done */
    unsigned char key[CCGW_KEY_MAX];
    apr_size_t key_len; /* where to go on in it */
    apr_uint64_t slot;
    char *buf;
    apr_size_t len, size;
    apr_time_t began;
} ccgw_local_shot_t;

/* ---- items ---- */

apr_uint32_t ccgw_local_item_crc(const ccgw_local_item_t *item, apr_uint64_t place)
{
    ccgw_local_item_t head = *item;
    apr_uint32_t crc;

    head.crc = 0;
    crc = ccgw_crc32c(0, &place, sizeof place);
    crc = ccgw_crc32c(crc, &head, sizeof head);
    return ccgw_crc32c(crc, item + 1, item->len - sizeof *item);
}

/* Room for an item behind what the buffer holds. */
static ccgw_local_item_t *add_item(ccgw_local_shot_t *shot, int kind, ccgw_buf_t key, apr_uint32_t value_len)
{
    apr_size_t len = sizeof(ccgw_local_item_t) + CCGW_LOCAL_ALIGN(key.n) + CCGW_LOCAL_ALIGN(value_len);
    ccgw_local_item_t *item;

    if (shot->size - shot->len < len) {
        apr_size_t size = (shot->len + len) * 2;
        char *grown = realloc(shot->buf, size);

        if (!grown)
            return NULL;
        shot->buf = grown;
        shot->size = size;
    }
    item = (ccgw_local_item_t *)(shot->buf + shot->len);
    memset(item, 0, sizeof *item);
    item->len = (apr_uint32_t)len;
    item->kind = (unsigned char)kind;
    item->key_len = (apr_uint16_t)key.n;
    item->value_len = value_len;
    if (len > sizeof *item)
        memset((char *)item + len - 8, 0, 8);
    if (key.n) {
        memset((char *)(item + 1) + CCGW_LOCAL_ALIGN(key.n) - 8, 0, 8);
        memcpy(item + 1, key.p, key.n);
    }
    shot->len += len;
    shot->items++;
    return item;
}

static char *value_of(ccgw_local_item_t *item)
{
    return (char *)(item + 1) + CCGW_LOCAL_ALIGN(item->key_len);
}

static apr_status_t add_record(ccgw_local_shot_t *shot, ccgw_local_segment_t *seg, ccgw_off_t off)
{
    const ccgw_local_node_t *node = ccgw_local_at(seg, off);
    const ccgw_local_blob_t *blob = ccgw_local_at(seg, node->value);
    ccgw_local_item_t *item = add_item(shot, CCGW_LOCAL_ITEM_RECORD, ccgw_local_node_key(seg, off), blob->len);

    if (!item)
        return APR_ENOMEM;
    item->table = node->table;
    item->a = blob->version;
    item->b = (apr_uint64_t)blob->due;
    item->d = blob->crc;
    ccgw_local_blob_put(value_of(item), seg, node->value);
    return APR_SUCCESS;
}

/* The first of its readers' mailboxes has the body, the others name it. */
static apr_status_t add_event(ccgw_local_shot_t *shot, ccgw_local_segment_t *seg, const ccgw_local_entry_t *entry)
{
    static const ccgw_buf_t none = { "", 0 };
    ccgw_local_blob_t *body = ccgw_local_at(seg, entry->body);
    int known = body->shot == shot->number;
    ccgw_local_item_t *item = add_item(shot, CCGW_LOCAL_ITEM_EVENT, none, known ? 0 : body->len);

    if (!item)
        return APR_ENOMEM;
    item->table = known ? 0 : 1;
    item->a = entry->number;
    item->b = (apr_uint64_t)entry->born;
    item->c = entry->event;
    item->d = body->crc;
    if (!known)
        ccgw_local_blob_put(value_of(item), seg, entry->body);
    body->shot = shot->number;
    return APR_SUCCESS;
}

static apr_status_t add_box(ccgw_local_shot_t *shot, ccgw_local_segment_t *seg, ccgw_off_t off)
{
    const ccgw_local_node_t *node = ccgw_local_at(seg, off);
    const ccgw_local_box_t *box = ccgw_local_at(seg, node->value);
    const ccgw_local_list_t *list = &box->lists[CCGW_LOCAL_LASTING];
    ccgw_local_item_t *item = add_item(shot, CCGW_LOCAL_ITEM_BOX, ccgw_local_node_key(seg, off), 0);
    apr_status_t rv = item ? APR_SUCCESS : APR_ENOMEM;
    ccgw_off_t at = list->newest ? list->oldest : 0;

    if (item) {
        item->a = box->dropped_upto;
        item->b = box->open;
    }
    while (at && rv == APR_SUCCESS) {
        const ccgw_local_entry_t *entry = ccgw_local_at(seg, at);

        rv = add_event(shot, seg, entry);
        at = at == list->newest ? 0 : entry->newer;
    }
    return rv;
}

static apr_status_t add_tenant(ccgw_local_shot_t *shot, ccgw_local_segment_t *seg, ccgw_off_t off)
{
    const ccgw_local_node_t *node = ccgw_local_at(seg, off);
    const ccgw_local_tenant_t *tenant = ccgw_local_at(seg, node->value);
    ccgw_local_item_t *item = add_item(shot, CCGW_LOCAL_ITEM_TENANT, ccgw_local_node_key(seg, off), 0);

    if (!item)
        return APR_ENOMEM;
    item->a = tenant->last;
    item->b = tenant->forgotten_upto;
    return APR_SUCCESS;
}

static apr_status_t add_node(ccgw_local_shot_t *shot, ccgw_local_segment_t *seg, ccgw_off_t off)
{
    switch (shot->table) {
    case CCGW_LOCAL_BOX: return add_box(shot, seg, off);
    case CCGW_LOCAL_TENANT: return add_tenant(shot, seg, off);
    default: return add_record(shot, seg, off);
    }
}

/* ---- parts ---- */

/* The due table comes from the records. */
static int next_table(int table)
{
    if (table < CCGW_TABLE_COUNT - 1)
        return table + 1;
    return table < CCGW_LOCAL_BOX ? CCGW_LOCAL_BOX : table < CCGW_LOCAL_TENANT ? CCGW_LOCAL_TENANT : 0;
}

/* Some nodes of the table in hand; where to go on is noted. */
static apr_status_t copy_nodes(ccgw_local_shot_t *shot, ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    ccgw_buf_t from = { shot->key, shot->key_len };
    apr_status_t rv = APR_SUCCESS;
    ccgw_off_t node;
    int n;

    ccgw_local_lock(store);
    node = ccgw_local_index_seek(seg, shot->table, from);
    for (n = 0; node && n < BATCH_ITEMS && shot->len < BATCH_BYTES && rv == APR_SUCCESS; n++) {
        rv = add_node(shot, seg, node);
        node = ccgw_local_index_next(seg, node);
    }
    if (node) {
        ccgw_buf_t key = ccgw_local_node_key(seg, node);

        memcpy(shot->key, key.p, key.n);
        shot->key_len = key.n;
    }
    ccgw_local_unlock(store);
    if (!node) {
        shot->table = next_table(shot->table);
        shot->key_len = 0;
    }
    return rv;
}

static apr_status_t copy_slots(ccgw_local_shot_t *shot, ccgw_store_t *store)
{
    static const ccgw_buf_t none = { "", 0 };
    ccgw_local_saved_slot_t saved[SLOTS];
    ccgw_local_item_t *item;
    apr_uint32_t n = ccgw_local_words_copy(saved, SLOTS, &shot->slot, store, shot->slot);

    if (!n)
        return APR_SUCCESS;
    item = add_item(shot, CCGW_LOCAL_ITEM_SLOTS, none, (apr_uint32_t)(n * sizeof *saved));
    if (!item)
        return APR_ENOMEM;
    item->a = n;
    memcpy(value_of(item), saved, n * sizeof *saved);
    return APR_SUCCESS;
}

static apr_status_t write_items(ccgw_local_shot_t *shot)
{
    apr_size_t at = 0;
    apr_status_t rv;

    while (at < shot->len) {
        ccgw_local_item_t *item = (ccgw_local_item_t *)(shot->buf + at);

        item->crc = ccgw_local_item_crc(item, shot->at + at);
        at += item->len;
    }
    rv = ccgw_local_write_all(shot->fd, shot->buf, shot->len, shot->at);
    shot->at += shot->len;
    shot->len = 0;
    return rv == APR_SUCCESS ? ccgw_local_file_push(shot->fd, &shot->pushed, shot->at) : rv;
}

/* ---- begin and end ---- */

static const char *new_path(const ccgw_store_t *store, char *buf)
{
    apr_snprintf(buf, PATH_SIZE, "%s/snapshot.new", store->dir);
    return buf;
}

static void end_shot(ccgw_store_t *store)
{
    ccgw_local_shot_t *shot = store->shot;

    store->shot = NULL;
    close(shot->fd);
    free(shot->buf);
    free(shot);
}

void ccgw_local_snapshot_drop(ccgw_store_t *store)
{
    char path[PATH_SIZE];

    if (!store->shot)
        return;
    unlink(new_path(store, path));
    end_shot(store);
}

/* The file that is to become a snapshot, ours alone; -1 and APR_SUCCESS: somebody else is writing one. */
static apr_status_t take_file(int *fd, ccgw_store_t *store)
{
    char path[PATH_SIZE];
    struct stat ours, there;

    apr_status_t rv = APR_SUCCESS;

    *fd = open(new_path(store, path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return errno;
    /* Whoever had it may have given it its name since we opened it. */
    if (!flock(*fd, LOCK_EX | LOCK_NB) && !fstat(*fd, &ours) && !stat(path, &there) && ours.st_ino == there.st_ino) {
        if (!ftruncate(*fd, 0) && !ccgw_local_give_away(store, *fd))
            return APR_SUCCESS;
        rv = errno;
    }
    close(*fd);
    *fd = -1;
    return rv;
}

static apr_status_t begin_shot(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    ccgw_local_shot_t *shot;
    apr_status_t rv;
    int fd;

    rv = take_file(&fd, store);
    if (rv != APR_SUCCESS || fd < 0)
        return rv;
    shot = calloc(1, sizeof *shot);
    if (!shot) {
        close(fd);
        return APR_ENOMEM;
    }
    shot->fd = fd;
    shot->began = apr_time_now();
    shot->at = sizeof shot->head;
    shot->table = 1;
    ccgw_local_lock(store);
    shot->number = ++seg->shots;
    shot->scrub = seg->scrub;
    shot->head.position = seg->head;
    shot->head.epoch = seg->epoch;
    shot->head.incarnation = seg->incarnation;
    shot->head.start = seg->start;
    shot->head.weakest = seg->weakest;
    ccgw_local_unlock(store);
    shot->head.magic = CCGW_LOCAL_SNAPSHOT_MAGIC;
    shot->head.format = CCGW_LOCAL_SNAPSHOT_FORMAT;
    shot->head.file_size = seg->file_size;
    store->shot = shot;
    ccgw_step(SNAPSHOT_BEGUN);
    return APR_SUCCESS;
}

static apr_status_t seal_file(ccgw_local_shot_t *shot)
{
    static const ccgw_buf_t none = { "", 0 };
    apr_uint64_t items = shot->items;
    ccgw_local_item_t *item = add_item(shot, CCGW_LOCAL_ITEM_END, none, 0);
    apr_status_t rv;

    if (!item)
        return APR_ENOMEM;
    item->a = items;
    shot->head.crc = ccgw_crc32c(0, &shot->head, sizeof shot->head);
    rv = write_items(shot);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_write_all(shot->fd, &shot->head, sizeof shot->head, 0);
    if (rv == APR_SUCCESS && fsync(shot->fd))
        rv = errno;
    return rv;
}

/* From here on it is the snapshot that a start reads. */
static apr_status_t put_in_place(ccgw_store_t *store)
{
    ccgw_local_shot_t *shot = store->shot;
    char from[PATH_SIZE], to[PATH_SIZE];
    apr_status_t rv;

    /* What the parts may have seen, the journal must hold. */
    shot->head.seen = ccgw_local_read(store->seg->head);
    rv = seal_file(shot);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_flush_all(store);
    ccgw_step(SNAPSHOT_WRITTEN);
    if (rv == APR_SUCCESS &&
        rename(new_path(store, from), ccgw_local_snapshot_path(store, shot->head.position, to, sizeof to)))
        rv = errno;
    if (rv == APR_SUCCESS)
        rv = ccgw_local_dir_sync(store);
    ccgw_step(SNAPSHOT_RENAMED);
    return rv;
}

/* Another child, at it since this one's file got its name, may have been faster, and have a newer one. */
static void raise_snapshot(ccgw_local_segment_t *seg, apr_uint64_t position)
{
    apr_uint64_t old = ccgw_local_read(seg->snapshot);

    while (old < position &&
           !__atomic_compare_exchange_n(&seg->snapshot, &old, position, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        continue;
}

static apr_status_t finish_shot(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    ccgw_local_shot_t *shot = store->shot;
    apr_uint64_t position = shot->head.position;
    int forget = shot->scrub > seg->snapshot;
    apr_status_t rv = put_in_place(store);

    if (rv != APR_SUCCESS)
        return rv;
    rv = ccgw_local_space_recycle(store, position, forget);
    if (rv == APR_SUCCESS && forget)
        rv = ccgw_local_dir_sync(store);
    if (rv != APR_SUCCESS && forget)
        return rv;
    /* Last: what a scrub is to take away is gone when nothing is pending any more. */
    raise_snapshot(seg, position);
    seg->snapshots++;
    ccgw_local_set(seg->shot_failed, 0);
    if (forget)
        ccgw_local_space_tell_damaged(store);
    ccgw_step(SNAPSHOT_DONE);
    ccgw_log(CCGW_LOG_INFO, rv, "CCGW0120: snapshot of %s: %lu items, %lu bytes, %ld ms", store->dir,
             (unsigned long)shot->items, (unsigned long)shot->at, (long)apr_time_as_msec(apr_time_now() - shot->began));
    end_shot(store);
    return rv;
}

/* ---- now and then ---- */

static int is_due(const ccgw_store_t *store)
{
    const ccgw_local_segment_t *seg = store->seg;
    apr_uint64_t state = ccgw_local_read(seg->page_next) * PAGE;
    apr_uint64_t from = seg->snapshot ? seg->snapshot : seg->base;
    apr_uint64_t bytes = ccgw_local_read(seg->head) - from;

    if (ccgw_local_read(seg->broken))
        return 0;
    if ((apr_uint64_t)(apr_time_now() - ccgw_local_read(seg->shot_failed)) < AGAIN_AFTER)
        return 0;
    /* The disk is full: what lies in files before the present one can make room. */
    if (ccgw_local_read(seg->stuck) && from / seg->file_size < ccgw_local_read(seg->head) / seg->file_size)
        return 1;
    return seg->scrub > seg->snapshot || bytes > (state > store->snapshot_bytes ? state : store->snapshot_bytes);
}

static apr_status_t go_on(ccgw_store_t *store)
{
    ccgw_local_shot_t *shot = store->shot;
    apr_time_t until = apr_time_now() + STEP_TIME;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && apr_time_now() < until) {
        if (shot->table)
            rv = copy_nodes(shot, store);
        else if (shot->slot < store->seg->nslots)
            rv = copy_slots(shot, store);
        else
            return finish_shot(store);
        if (rv == APR_SUCCESS)
            rv = write_items(shot);
        ccgw_step(SNAPSHOT_PART);
    }
    return rv;
}

/* Once, until one succeeds: nothing is lost by it, only the journal grows on. */
static void report_failure(ccgw_store_t *store, apr_status_t rv)
{
    if (!__atomic_exchange_n(&store->seg->shot_failed, apr_time_now(), __ATOMIC_ACQ_REL) &&
        !ccgw_local_read(store->seg->broken))
        ccgw_log(CCGW_LOG_ERROR, rv, "CCGW0121: no snapshot of %s can be written; its journal grows until one can",
                 store->dir);
}

apr_status_t ccgw_local_snapshot_step(ccgw_store_t *store)
{
    apr_status_t rv = APR_SUCCESS;

    if (__atomic_exchange_n(&store->shot_busy, 1, __ATOMIC_ACQUIRE))
        return APR_SUCCESS;
    if (!store->shot && is_due(store))
        rv = begin_shot(store);
    if (rv == APR_SUCCESS && store->shot) {
        ccgw_local_set(store->seg->room_by, apr_time_now() + ROOM_TIME);
        rv = go_on(store);
    }
    if (!store->shot || rv != APR_SUCCESS)
        ccgw_local_set(store->seg->room_by, 0);
    if (rv != APR_SUCCESS) {
        ccgw_local_snapshot_drop(store);
        report_failure(store, rv);
    }
    __atomic_store_n(&store->shot_busy, 0, __ATOMIC_RELEASE);
    return rv;
}

/* ---- scrub ---- */

/* Old bytes lie in the files there are, also in those made ahead, which may have been used before. So the journal is
 * filled with nothing until it goes on in a file that was made after the request: a snapshot from there on needs none
 * of the others. */
apr_status_t ccgw_local_scrub(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    ccgw_local_record_t *record = calloc(1, FILL_BYTES);
    apr_uint64_t until, recycled, position, end = 0;
    apr_status_t rv = record ? APR_SUCCESS : APR_ENOMEM;

    do {
        until = ccgw_local_space_freeze(store, &recycled);
        if (until < ccgw_local_next_file(seg, ccgw_local_read(seg->head)))
            until = ccgw_local_next_file(seg, ccgw_local_read(seg->head));
        for (position = 0; rv == APR_SUCCESS && position < until; position = end - FILL_BYTES) {
            *record = (ccgw_local_record_t){ .len = FILL_BYTES, .type = CCGW_LOCAL_SCRUB, .level = CCGW_DURABLE_DISK };
            rv = ccgw_local_submit(&end, store, record, NULL, NULL);
        }
    } while (rv == APR_SUCCESS && !ccgw_local_space_vow(store, position, recycled));
    free(record);
    return rv == APR_SUCCESS ? ccgw_local_wait(store, end) : rv;
}
