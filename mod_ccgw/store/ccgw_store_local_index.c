/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_index.c: the index: one skip list over (table, key) for order, and a hash
 * table beside it for the way to one key, which costs the same however many there are.
 *
 * The links of level 0 are the truth. Higher levels are short cuts: a node that a kill left
 * without some of its upper links is found and removed all the same. A node is linked from the
 * bottom up, its bucket last, and unlinked from the top down, its bucket last: so whoever does
 * the change again after a kill finds the node as long as anything leads to it. The due table is
 * only read in order and has no buckets. */
#include "store/ccgw_store_local.h"

#include "util/ccgw_crc.h"
#include "util/ccgw_hash.h"
#include "util/ccgw_str.h"

#include <stddef.h>
#include <string.h>

/* Offsets of the last nodes before a key on each level. */
typedef struct ccgw_local_path_t {
    ccgw_off_t before[CCGW_LOCAL_HEIGHT];
} ccgw_local_path_t;

static ccgw_local_node_t *node_at(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    return ccgw_local_at(seg, off);
}

/* The list's first links stand behind the node "top" in the segment's head. */
static ccgw_off_t *next_of(ccgw_local_segment_t *seg, ccgw_off_t node, int level)
{
    return (ccgw_off_t *)ccgw_local_at(seg, node + offsetof(ccgw_local_node_t, next)) + level;
}

void ccgw_local_index_init(ccgw_local_segment_t *seg)
{
    seg->top.height = CCGW_LOCAL_HEIGHT;
}

ccgw_buf_t ccgw_local_node_key(ccgw_local_segment_t *seg, ccgw_off_t node)
{
    ccgw_buf_t key = { next_of(seg, node, node_at(seg, node)->height), node_at(seg, node)->key_len };

    return key;
}

static int is_before(ccgw_local_segment_t *seg, ccgw_off_t node, int table, ccgw_buf_t key)
{
    int other = node_at(seg, node)->table;

    if (other != table)
        return other < table;
    return ccgw_buf_compare(ccgw_local_node_key(seg, node), key) < 0;
}

/* ---- in order ---- */

/* Fill PATH; the answer is the first node that is not before the key, of any table, or 0. */
static ccgw_off_t descend(ccgw_local_path_t *path, const ccgw_local_look_t *look, int table, ccgw_buf_t key)
{
    ccgw_local_segment_t *seg = look->seg;
    ccgw_off_t at = offsetof(ccgw_local_segment_t, top);
    ccgw_off_t next = 0;
    int level;

    for (level = CCGW_LOCAL_HEIGHT - 1; level >= 0; level--) {
        ccgw_off_t known = next;

        /* What stopped us one level higher stops us here too; no need to compare again. */
        while ((next = ccgw_local_read(*next_of(seg, at, level))) != 0 && next != known) {
            if (!ccgw_local_holds(look))
                return 0;
            if (!is_before(seg, next, table, key))
                break;
            at = next;
        }
        path->before[level] = at;
    }
    return ccgw_local_holds(look) ? next : 0;
}

ccgw_off_t ccgw_local_look_seek(const ccgw_local_look_t *look, int table, ccgw_buf_t key)
{
    ccgw_local_path_t path;
    ccgw_off_t node = descend(&path, look, table, key);

    return node && node_at(look->seg, node)->table == table ? node : 0;
}

ccgw_off_t ccgw_local_look_next(const ccgw_local_look_t *look, ccgw_off_t node)
{
    ccgw_off_t next = ccgw_local_read(*next_of(look->seg, node, 0));
    int table = node_at(look->seg, node)->table;

    return next && ccgw_local_holds(look) && node_at(look->seg, next)->table == table ? next : 0;
}

ccgw_off_t ccgw_local_index_seek(ccgw_local_segment_t *seg, int table, ccgw_buf_t key)
{
    ccgw_local_look_t own = ccgw_local_owner(seg);

    return ccgw_local_look_seek(&own, table, key);
}

ccgw_off_t ccgw_local_index_next(ccgw_local_segment_t *seg, ccgw_off_t node)
{
    ccgw_local_look_t own = ccgw_local_owner(seg);

    return ccgw_local_look_next(&own, node);
}

/* ---- by key ---- */

static apr_uint64_t hash_of(const ccgw_local_segment_t *seg, int table, ccgw_buf_t key)
{
    return ccgw_hash(seg->hash_seed + (apr_uint64_t)table, key);
}

/* Buckets and chains name nodes by their granules, in half the bytes. */
static apr_uint32_t *bucket_of(ccgw_local_segment_t *seg, apr_uint64_t hash)
{
    return (apr_uint32_t *)ccgw_local_at(seg, seg->buckets) + (hash >> 32 & (seg->nbuckets - 1));
}

ccgw_off_t ccgw_local_look_find(const ccgw_local_look_t *look, int table, ccgw_buf_t key)
{
    ccgw_local_segment_t *seg = look->seg;
    apr_uint64_t hash = hash_of(seg, table, key);
    apr_uint32_t granule = ccgw_local_read(*bucket_of(seg, hash));

    while (granule && ccgw_local_holds(look)) {
        ccgw_off_t off = ccgw_local_block_at(seg, granule);
        const ccgw_local_node_t *node = node_at(seg, off);

        if (node->hash == (apr_uint32_t)hash && node->table == table && node->key_len == key.n &&
            !memcmp(node->next + node->height, key.p, key.n))
            return off;
        granule = ccgw_local_read(node->chain);
    }
    return 0;
}

ccgw_off_t ccgw_local_index_find(ccgw_local_segment_t *seg, int table, ccgw_buf_t key)
{
    ccgw_local_look_t own = ccgw_local_owner(seg);

    return ccgw_local_look_find(&own, table, key);
}

/* The link that leads to NODE, or the last one of its bucket. */
static apr_uint32_t *chain_to(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    const ccgw_local_node_t *node = node_at(seg, off);
    apr_uint32_t *link = bucket_of(seg, hash_of(seg, node->table, ccgw_local_node_key(seg, off)));

    while (*link && *link != ccgw_local_block_of(seg, off))
        link = &node_at(seg, ccgw_local_block_at(seg, *link))->chain;
    return link;
}

static void put_in_bucket(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    apr_uint32_t *link = chain_to(seg, off), *first;

    if (*link)
        return;
    first = bucket_of(seg, hash_of(seg, node_at(seg, off)->table, ccgw_local_node_key(seg, off)));
    ccgw_local_set(node_at(seg, off)->chain, *first);
    ccgw_local_set(*first, ccgw_local_block_of(seg, off));
}

static void take_from_bucket(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    apr_uint32_t *link = chain_to(seg, off);

    if (*link)
        ccgw_local_set(*link, node_at(seg, off)->chain);
}

/* ---- changes ---- */

/* A quarter of the nodes reaches each next level. The journal's position is mixed in, so that
 * nobody can choose keys that all stay low. */
static int draw_height(ccgw_local_segment_t *seg, ccgw_buf_t key)
{
    apr_uint32_t bits = ccgw_crc32c((apr_uint32_t)(seg->head * 0x9e3779b97f4a7c15ULL >> 32), key.p, key.n);
    int height = 1;

    for (; height < CCGW_LOCAL_HEIGHT && !(bits & 3); bits >>= 2)
        height++;
    return height;
}

ccgw_off_t ccgw_local_node_make(ccgw_local_segment_t *seg, int table, ccgw_buf_t key, ccgw_off_t value,
                                ccgw_off_t (*take)(ccgw_local_segment_t *seg, apr_size_t size))
{
    int height = draw_height(seg, key);
    ccgw_off_t off = take(seg, sizeof(ccgw_local_node_t) + (apr_size_t)height * sizeof(ccgw_off_t) + key.n);
    ccgw_local_node_t *node;

    if (!off)
        return 0;
    node = node_at(seg, off);
    node->value = value;
    node->key_len = (apr_uint16_t)key.n;
    node->table = (unsigned char)table;
    node->hash = (apr_uint32_t)hash_of(seg, table, key);
    node->height = (unsigned char)height;
    memcpy(next_of(seg, off, height), key.p, key.n);
    return off;
}

void ccgw_local_index_link(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    ccgw_local_look_t own = ccgw_local_owner(seg);
    ccgw_local_node_t *node = node_at(seg, off);
    ccgw_local_path_t path;
    int level;

    ccgw_local_set(seg->linking, off);
    descend(&path, &own, node->table, ccgw_local_node_key(seg, off));
    for (level = 0; level < node->height; level++) {
        ccgw_off_t *before = next_of(seg, path.before[level], level);

        if (*before == off)
            continue;
        ccgw_local_set(*next_of(seg, off, level), *before);
        ccgw_local_set(*before, off);
    }
    if (node->table != CCGW_LOCAL_DUE)
        put_in_bucket(seg, off);
    ccgw_local_set(seg->linking, 0);
}

/* Found by its bucket, since a kill may have taken it out of level 0 already. */
static ccgw_off_t find_linked(ccgw_local_segment_t *seg, int table, ccgw_buf_t key, ccgw_off_t next)
{
    if (table != CCGW_LOCAL_DUE)
        return ccgw_local_index_find(seg, table, key);
    return next && node_at(seg, next)->table == table && !ccgw_buf_compare(ccgw_local_node_key(seg, next), key) ? next
                                                                                                                : 0;
}

void ccgw_local_index_unlink(ccgw_local_segment_t *seg, int table, ccgw_buf_t key)
{
    ccgw_local_look_t own = ccgw_local_owner(seg);
    ccgw_local_path_t path;
    ccgw_off_t next = descend(&path, &own, table, key);
    ccgw_off_t off = find_linked(seg, table, key, next);
    int level;

    if (!off)
        return;
    ccgw_local_set(seg->unlinking, off);
    for (level = node_at(seg, off)->height - 1; level >= 0; level--) {
        ccgw_off_t *before = next_of(seg, path.before[level], level);

        if (*before == off)
            ccgw_local_set(*before, *next_of(seg, off, level));
    }
    if (table != CCGW_LOCAL_DUE)
        take_from_bucket(seg, off);
    ccgw_local_set(seg->unlinking, 0);
    ccgw_local_heap_free(seg, off);
}

void ccgw_local_index_repair(ccgw_local_segment_t *seg)
{
    ccgw_off_t node = seg->unlinking;

    if (seg->linking)
        ccgw_local_index_link(seg, seg->linking);
    if (!node)
        return;
    ccgw_local_index_unlink(seg, node_at(seg, node)->table, ccgw_local_node_key(seg, node));
    ccgw_local_set(seg->unlinking, 0);
}

/* ---- tenants ---- */

ccgw_off_t ccgw_local_tenant_find(const ccgw_local_look_t *look, ccgw_buf_t name)
{
    ccgw_off_t node = ccgw_local_look_find(look, CCGW_LOCAL_TENANT, name);

    return node ? ccgw_local_value_of(look, node) : 0;
}

ccgw_off_t ccgw_local_tenant_make(ccgw_local_segment_t *seg, ccgw_buf_t name)
{
    ccgw_local_look_t own = ccgw_local_owner(seg);
    ccgw_off_t off = ccgw_local_tenant_find(&own, name), node;
    ccgw_local_tenant_t *tenant;

    if (off)
        return off;
    /* An empty tenant is harmless, so it need not go when the commit does. */
    off = ccgw_local_heap_keep(seg, sizeof *tenant);
    node = off ? ccgw_local_node_make(seg, CCGW_LOCAL_TENANT, name, off, ccgw_local_heap_keep) : 0;
    if (!node) {
        if (off)
            ccgw_local_heap_free(seg, off);
        return 0;
    }
    tenant = ccgw_local_at(seg, off);
    /* Above every number that an earlier start may have handed out and lost. */
    tenant->last = tenant->visible = seg->epoch * CCGW_LOCAL_NUMBER_JUMP;
    ccgw_local_change_begin(seg);
    ccgw_local_index_link(seg, node);
    ccgw_local_change_end(seg);
    return off;
}
