/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_index.c: the ordered index: one skip list over (table, key).
 *
 * The links of level 0 are the truth. Higher levels are short cuts: a node that a kill left
 * without some of its upper links is found and removed all the same. A node is linked from the
 * bottom up and unlinked from the top down, so no short cut ever leads to a node that is not in
 * level 0. */
#include "store/ccgw_store_local.h"

#include "util/ccgw_crc.h"
#include "util/ccgw_str.h"

#include <stddef.h>
#include <string.h>

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

/* Fill PATH; the answer is the first node that is not before the key, of any table, or 0. */
static ccgw_off_t descend(ccgw_local_path_t *path, ccgw_local_segment_t *seg, int table, ccgw_buf_t key)
{
    ccgw_off_t at = offsetof(ccgw_local_segment_t, top);
    ccgw_off_t next = 0;
    int level;

    for (level = CCGW_LOCAL_HEIGHT - 1; level >= 0; level--) {
        ccgw_off_t known = next;

        /* What stopped us one level higher stops us here too; no need to compare again. */
        while ((next = *next_of(seg, at, level)) != 0 && next != known && is_before(seg, next, table, key))
            at = next;
        path->before[level] = at;
    }
    return next;
}

ccgw_off_t ccgw_local_index_find(ccgw_local_path_t *path, ccgw_local_segment_t *seg, int table, ccgw_buf_t key)
{
    ccgw_local_path_t own;
    ccgw_off_t node = descend(path ? path : &own, seg, table, key);

    if (!node || node_at(seg, node)->table != table || ccgw_buf_compare(ccgw_local_node_key(seg, node), key))
        return 0;
    return node;
}

ccgw_off_t ccgw_local_index_seek(ccgw_local_segment_t *seg, int table, ccgw_buf_t key)
{
    ccgw_local_path_t path;
    ccgw_off_t node = descend(&path, seg, table, key);

    return node && node_at(seg, node)->table == table ? node : 0;
}

ccgw_off_t ccgw_local_index_next(ccgw_local_segment_t *seg, ccgw_off_t node)
{
    ccgw_off_t next = *next_of(seg, node, 0);

    return next && node_at(seg, next)->table == node_at(seg, node)->table ? next : 0;
}

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
    node->height = (unsigned char)height;
    memcpy(next_of(seg, off, height), key.p, key.n);
    return off;
}

void ccgw_local_index_link(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    ccgw_local_node_t *node = node_at(seg, off);
    ccgw_local_path_t path;
    int level;

    if (ccgw_local_index_find(&path, seg, node->table, ccgw_local_node_key(seg, off)))
        return;
    for (level = 0; level < node->height; level++) {
        ccgw_off_t *before = next_of(seg, path.before[level], level);

        ccgw_local_set(*next_of(seg, off, level), *before);
        ccgw_local_set(*before, off);
    }
}

void ccgw_local_index_unlink(ccgw_local_segment_t *seg, int table, ccgw_buf_t key)
{
    ccgw_local_path_t path;
    ccgw_off_t off = ccgw_local_index_find(&path, seg, table, key);
    int level;

    if (!off)
        return;
    for (level = node_at(seg, off)->height - 1; level >= 0; level--) {
        ccgw_off_t *before = next_of(seg, path.before[level], level);

        if (*before == off)
            ccgw_local_set(*before, *next_of(seg, off, level));
    }
    ccgw_local_heap_free(seg, off);
}

ccgw_off_t ccgw_local_tenant_find(ccgw_local_segment_t *seg, ccgw_buf_t name, int make)
{
    ccgw_off_t node = ccgw_local_index_find(NULL, seg, CCGW_LOCAL_TENANT, name);
    ccgw_local_tenant_t *tenant;
    ccgw_off_t off;

    if (node || !make)
        return node ? node_at(seg, node)->value : 0;
    /* An empty tenant is harmless, so it need not go when the commit does. */
    off = ccgw_local_heap_keep(seg, sizeof *tenant);
    node = off ? ccgw_local_node_make(seg, CCGW_LOCAL_TENANT, name, off, ccgw_local_heap_keep) : 0;
    if (!node)
        return 0;
    tenant = ccgw_local_at(seg, off);
    /* Above every number that an earlier start may have handed out and lost. */
    tenant->last = tenant->visible = seg->epoch * CCGW_LOCAL_NUMBER_JUMP;
    ccgw_local_index_link(seg, node);
    return off;
}
