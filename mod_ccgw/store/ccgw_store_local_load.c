/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_load.c: a snapshot's file becomes the state again, at the start of the server. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"
#include "util/ccgw_hash.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names an event's body; bytes only, no gaps. */
typedef struct body_name_t {
    apr_uint64_t tenant; /* hash */
    apr_uint64_t number;
    apr_uint64_t event;
} body_name_t;

typedef struct loading_t {
    ccgw_store_t *store;
    apr_pool_t *pool;
    const char *path;
    char *map;
    apr_uint64_t size, at;
    apr_uint64_t items;
    int ended;
    ccgw_local_box_t *box; /* the events to come are its */
    apr_uint64_t tenant;   /* of it */
    apr_hash_t *bodies;    /* body_name_t -> ccgw_off_t * */
} loading_t;

static ccgw_buf_t key_of(const ccgw_local_item_t *item)
{
    ccgw_buf_t key = { item + 1, item->key_len };

    return key;
}

static const char *value_of(const ccgw_local_item_t *item)
{
    return (const char *)(item + 1) + CCGW_LOCAL_ALIGN(item->key_len);
}

/* ---- items ---- */

/* Once in its table, and in one that a snapshot may have. */
static int is_new(const loading_t *l, const ccgw_local_item_t *item, int table)
{
    return item->key_len && table > CCGW_TABLE_UNSET && !ccgw_local_index_find(l->store->seg, table, key_of(item));
}

static apr_status_t load_record(loading_t *l, const ccgw_local_item_t *item)
{
    ccgw_local_segment_t *seg = l->store->seg;
    unsigned char bytes[CCGW_LOCAL_DUE_KEY_MAX];
    ccgw_buf_t key = key_of(item);
    apr_time_t due = (apr_time_t)item->b;
    ccgw_off_t node, block, due_node = 0;

    if (item->table >= CCGW_TABLE_COUNT || due < 0 || !is_new(l, item, item->table))
        return CCGW_EDAMAGED;
    block = ccgw_local_blob_make(seg, value_of(item), item->value_len, item->d, item->a, due);
    node = block ? ccgw_local_node_make(seg, item->table, key, block, ccgw_local_heap_take) : 0;
    if (due)
        due_node = ccgw_local_node_make(seg, CCGW_LOCAL_DUE, ccgw_local_due_key(bytes, due, item->table, key), 0,
                                        ccgw_local_heap_take);
    if (!node || (due && !due_node))
        return CCGW_ENOSPACE;
    ccgw_local_index_link(seg, node);
    if (due_node)
        ccgw_local_index_link(seg, due_node);
    seg->records++;
    return APR_SUCCESS;
}

static apr_status_t load_box(loading_t *l, const ccgw_local_item_t *item)
{
    ccgw_local_segment_t *seg = l->store->seg;
    ccgw_buf_t name = key_of(item), tenant = { name.p, strnlen(name.p, name.n) };
    ccgw_off_t off, node;

    l->box = NULL;
    if (!is_new(l, item, CCGW_LOCAL_BOX))
        return CCGW_EDAMAGED;
    off = ccgw_local_heap_take(seg, sizeof *l->box);
    node = off ? ccgw_local_node_make(seg, CCGW_LOCAL_BOX, name, off, ccgw_local_heap_take) : 0;

    if (!node)
        return CCGW_ENOSPACE;
    l->box = ccgw_local_at(seg, off);
    l->box->dropped_upto = item->a;
    l->box->open = item->b;
    l->tenant = ccgw_hash(0, tenant);
    ccgw_local_index_link(seg, node);
    seg->boxes++;
    seg->closed_boxes += !item->b;
    return APR_SUCCESS;
}

/* The event's body: in the item, or in an earlier one. */
static apr_status_t find_body(ccgw_off_t *body, loading_t *l, const ccgw_local_item_t *item)
{
    body_name_t name = { l->tenant, item->a, item->c }, *kept;
    ccgw_off_t *known;

    if (!item->table) {
        known = apr_hash_get(l->bodies, &name, sizeof name);
        *body = known ? *known : 0;
        return known ? APR_SUCCESS : CCGW_EDAMAGED;
    }
    *body = ccgw_local_blob_make(l->store->seg, value_of(item), item->value_len, item->d, item->a, 0);
    kept = apr_pmemdup(l->pool, &name, sizeof name);
    known = apr_pmemdup(l->pool, body, sizeof *body);
    apr_hash_set(l->bodies, kept, sizeof *kept, known);
    return *body ? APR_SUCCESS : CCGW_ENOSPACE;
}

/* Events of a mailbox come in their order. */
static int is_later(const loading_t *l, const ccgw_local_item_t *item)
{
    ccgw_off_t newest = l->box->lists[CCGW_LOCAL_LASTING].newest;
    const ccgw_local_entry_t *before = newest ? ccgw_local_at(l->store->seg, newest) : NULL;

    return !before || before->number < item->a || (before->number == item->a && before->event < item->c);
}

static apr_status_t load_event(loading_t *l, const ccgw_local_item_t *item)
{
    ccgw_local_segment_t *seg = l->store->seg;
    ccgw_local_entry_t *entry;
    ccgw_off_t body, off;
    apr_status_t rv;

    if (!l->box || !is_later(l, item))
        return CCGW_EDAMAGED;
    rv = find_body(&body, l, item);
    if (rv != APR_SUCCESS)
        return rv;
    off = ccgw_local_heap_take(seg, sizeof *entry);
    if (!off)
        return CCGW_ENOSPACE;
    entry = ccgw_local_at(seg, off);
    entry->number = item->a;
    entry->event = item->c;
    entry->born = (apr_time_t)item->b;
    entry->body = body;
    ((ccgw_local_blob_t *)ccgw_local_at(seg, body))->refs++;
    ccgw_local_box_restore(seg, l->box, off);
    return APR_SUCCESS;
}

static apr_status_t load_tenant(loading_t *l, const ccgw_local_item_t *item)
{
    ccgw_local_tenant_t *tenant;
    ccgw_off_t off;

    if (item->key_len >= CCGW_KEY_MAX || !is_new(l, item, CCGW_LOCAL_TENANT))
        return CCGW_EDAMAGED;
    off = ccgw_local_tenant_make(l->store->seg, key_of(item));
    if (!off)
        return CCGW_ENOSPACE;
    tenant = ccgw_local_at(l->store->seg, off);
    tenant->last = tenant->visible = item->a;
    tenant->forgotten_upto = item->b;
    return APR_SUCCESS;
}

static apr_status_t load_slots(loading_t *l, const ccgw_local_item_t *item)
{
    if (item->value_len != item->a * sizeof(ccgw_local_saved_slot_t))
        return CCGW_EDAMAGED;
    return ccgw_local_words_load(l->store, (const ccgw_local_saved_slot_t *)value_of(item), (apr_uint32_t)item->a);
}

static apr_status_t load_item(loading_t *l, const ccgw_local_item_t *item)
{
    ccgw_local_heap_begin(l->store->seg);
    switch (item->kind) {
    case CCGW_LOCAL_ITEM_RECORD: return load_record(l, item);
    case CCGW_LOCAL_ITEM_BOX: return load_box(l, item);
    case CCGW_LOCAL_ITEM_EVENT: return load_event(l, item);
    case CCGW_LOCAL_ITEM_TENANT: return load_tenant(l, item);
    case CCGW_LOCAL_ITEM_SLOTS: return load_slots(l, item);
    case CCGW_LOCAL_ITEM_END: l->ended = 1; return item->a == l->items ? APR_SUCCESS : CCGW_EDAMAGED;
    default: return CCGW_EFORMAT;
    }
}

/* The whole item at the present place, or NULL. */
static const ccgw_local_item_t *item_at(const loading_t *l)
{
    const ccgw_local_item_t *item = (const ccgw_local_item_t *)(l->map + l->at);

    if (l->size - l->at < sizeof *item || item->len < sizeof *item || item->len > l->size - l->at || item->len % 8)
        return NULL;
    if (CCGW_LOCAL_ALIGN(item->key_len) + CCGW_LOCAL_ALIGN(item->value_len) != item->len - sizeof *item)
        return NULL;
    return item->key_len <= CCGW_KEY_MAX && item->crc == ccgw_local_item_crc(item, l->at) ? item : NULL;
}

static apr_status_t load_items(loading_t *l)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && !l->ended) {
        const ccgw_local_item_t *item = item_at(l);

        if (!item)
            return CCGW_EDAMAGED;
        rv = load_item(l, item);
        if (rv != APR_SUCCESS)
            break;
        l->items++;
        l->at += item->len;
    }
    return rv;
}

/* The tenants stand behind the mailboxes. Of one that is given up no event may have a higher number than the next
 * commit: readers would not get to see what comes. */
static apr_status_t raise_tenants(loading_t *l)
{
    static const ccgw_buf_t first = { "", 0 };
    ccgw_local_segment_t *seg = l->store->seg;
    ccgw_off_t node = ccgw_local_index_seek(seg, CCGW_LOCAL_BOX, first);

    for (; node; node = ccgw_local_index_next(seg, node)) {
        const ccgw_local_box_t *box = ccgw_local_at(seg, ((ccgw_local_node_t *)ccgw_local_at(seg, node))->value);
        ccgw_off_t newest = box->lists[CCGW_LOCAL_LASTING].newest, off;
        apr_uint64_t number = newest ? ((ccgw_local_entry_t *)ccgw_local_at(seg, newest))->number : box->dropped_upto;
        ccgw_buf_t name = ccgw_local_node_key(seg, node);
        ccgw_local_tenant_t *tenant;

        name.n = strnlen(name.p, name.n);
        off = name.n ? ccgw_local_tenant_make(seg, name) : 0;
        if (!off)
            return CCGW_ENOSPACE;
        tenant = ccgw_local_at(seg, off);
        if (tenant->last < number)
            tenant->last = tenant->visible = number;
    }
    return APR_SUCCESS;
}

/* ---- the file ---- */

static apr_status_t check_head(ccgw_local_snapshot_head_t *head, const char **why, const loading_t *l,
                               apr_uint64_t position)
{
    apr_uint32_t crc;

    memset(head, 0, sizeof *head);
    if (l->size >= sizeof *head)
        memcpy(head, l->map, sizeof *head);
    if (head->magic == CCGW_LOCAL_SNAPSHOT_MAGIC && head->format > CCGW_LOCAL_SNAPSHOT_FORMAT) {
        *why = apr_psprintf(l->pool, "%s has format %u, this server reads %d; start the newer server again", l->path,
                            head->format, CCGW_LOCAL_SNAPSHOT_FORMAT);
        return CCGW_EFORMAT;
    }
    crc = head->crc;
    head->crc = 0;
    return head->magic == CCGW_LOCAL_SNAPSHOT_MAGIC && crc == ccgw_crc32c(0, head, sizeof *head) &&
                   head->position == position
               ? APR_SUCCESS
               : CCGW_EDAMAGED;
}

static apr_status_t map_snapshot(loading_t *l, const char **why)
{
    struct stat info;
    int fd = open(l->path, O_RDONLY | O_CLOEXEC);
    apr_uint64_t at;

    if (fd < 0 || fstat(fd, &info)) {
        apr_status_t rv = errno;

        *why = apr_psprintf(l->pool, "cannot read %s: %s", l->path, strerror(rv));
        if (fd >= 0)
            close(fd);
        return rv;
    }
    /* From the first place that cannot be read on, it counts as cut off. */
    l->size = (apr_uint64_t)info.st_size;
    if (ccgw_local_read_file(&l->map, &at, fd, l->size, l->store->copy) != APR_SUCCESS) {
        l->size = at;
        if (ccgw_local_read_file(&l->map, &at, fd, l->size, l->store->copy) != APR_SUCCESS)
            l->size = 0;
    }
    close(fd);
    return APR_SUCCESS;
}

static apr_status_t say_damage(const char **why, const loading_t *l, int lossy)
{
    *why = lossy
               ? apr_psprintf(l->pool, "%s is damaged at offset %" APR_UINT64_T_FMT "; what follows there is given up",
                              l->path, l->at)
               : apr_psprintf(l->pool,
                              "%s is damaged at offset %" APR_UINT64_T_FMT
                              "; nothing was changed: restore the directory from a backup%s",
                              l->path, l->at,
                              /* Without its head nothing tells which journal belongs to it. */
                              l->at ? ", or give up what follows there by CcgwRecovery accept-loss" : "");
    return lossy ? APR_SUCCESS : CCGW_EDAMAGED;
}

apr_status_t ccgw_local_snapshot_load(ccgw_local_snapshot_head_t *head, const char **why, ccgw_store_t *store,
                                      apr_uint64_t position, int lossy, apr_pool_t *pool)
{
    char path[CCGW_LOCAL_PATH_SIZE];
    loading_t l = { .store = store };
    apr_status_t rv;

    apr_pool_create(&l.pool, pool);
    l.path = apr_pstrdup(pool, ccgw_local_snapshot_path(store, position, path, sizeof path));
    l.bodies = apr_hash_make(l.pool);
    rv = map_snapshot(&l, why);
    if (rv == APR_SUCCESS)
        rv = check_head(head, why, &l, position);
    if (rv == APR_SUCCESS) {
        store->seg->epoch = head->epoch;
        store->seg->incarnation = head->incarnation;
        l.at = sizeof *head;
        rv = load_items(&l);
    }
    if (rv == CCGW_EDAMAGED)
        rv = say_damage(why, &l, lossy && l.at);
    else if (rv == CCGW_EFORMAT && !**why)
        *why = apr_psprintf(
            l.pool, "%s holds an item of unknown kind at offset %" APR_UINT64_T_FMT "; start the newer server again",
            l.path, l.at);
    if (rv == APR_SUCCESS && !l.ended)
        rv = raise_tenants(&l);
    *why = apr_pstrdup(pool, *why);
    if (l.map)
        munmap(l.map, l.size);
    apr_pool_destroy(l.pool);
    return rv;
}
