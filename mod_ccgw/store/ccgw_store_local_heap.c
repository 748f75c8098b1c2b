/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_heap.c: blocks in the segment.
 *
 * Pages of 64 KB are cut into blocks of one size class each. Free blocks are chained through an
 * array beside the heap (one link per granule of 64 bytes), never through themselves: a reader
 * that comes late sees old bytes, not links. A kill between two stores loses the block in hand
 * and nothing else. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"

#include <apr_strings.h>
#include <string.h>

#define PAGE_GRANULES 1024
/* One page in so many is kept for the next start, which cuts pages in another order and must not find the state too
 * large for the memory that it has filled. */
#define KEPT 32
/* This part of the heap is kept for finishing what has been begun. */
#define RESERVE 16

/* Granules per block of each class; about a quarter apart. */
static const apr_uint32_t granules[CCGW_LOCAL_CLASSES] = { 1,  2,  3,  4,  5,  6,  7,  8,  10,  12,  14,  16,  20, 24,
                                                           28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 256 };
#define BLOCK_MAX (256 * CCGW_LOCAL_GRANULE)

static apr_uint32_t *link_of(ccgw_local_segment_t *seg, apr_uint32_t block)
{
    return (apr_uint32_t *)ccgw_local_at(seg, seg->links) + block;
}

static unsigned char *class_of(ccgw_local_segment_t *seg, apr_uint64_t page)
{
    return (unsigned char *)ccgw_local_at(seg, seg->classes) + page;
}

/* Single stores push and pop: the block in hand belongs to no list in between. */
static void push(ccgw_local_segment_t *seg, apr_uint32_t *list, apr_uint32_t block)
{
    ccgw_local_set(*link_of(seg, block), *list);
    ccgw_local_set(*list, block);
}

static apr_uint32_t pop(ccgw_local_segment_t *seg, apr_uint32_t *list)
{
    apr_uint32_t block = *list;

    if (block)
        ccgw_local_set(*list, *link_of(seg, block));
    return block;
}

static void push_free(ccgw_local_segment_t *seg, apr_uint32_t block)
{
    int c = *class_of(seg, block / PAGE_GRANULES);

    push(seg, &seg->free[c], block);
    seg->blocks--;
    seg->granules -= granules[c];
}

void ccgw_local_heap_init(ccgw_local_segment_t *seg)
{
    seg->page_next = 1; /* block 0 means none */
}

void ccgw_local_heap_begin(ccgw_local_segment_t *seg)
{
    apr_uint32_t block;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    while ((block = pop(seg, &seg->pending)) != 0)
        push_free(seg, block);
    ccgw_local_set(seg->inflight, 0);
    ccgw_local_set(seg->inflight_for, seg->head);
}

/* The next block of the page that class C cuts up at present. */
static apr_uint32_t carve(ccgw_local_segment_t *seg, int c)
{
    apr_uint64_t at = seg->carve[c];
    apr_uint64_t page = at >> 32;
    apr_uint32_t i = (apr_uint32_t)at;

    if (!page || (i + 1) * granules[c] > PAGE_GRANULES) {
        if (seg->page_next + seg->reserve >= seg->npages - (seg->recovering ? 0 : seg->npages / KEPT))
            return 0;
        page = seg->page_next;
        i = 0;
        ccgw_local_set(*class_of(seg, page), (unsigned char)c);
        ccgw_local_set(seg->carve[c], page << 32);
        /* Last: a kill before it leaves a page cut by C that counts as untouched; repair sees
         * that. */
        ccgw_local_set(seg->page_next, page + 1);
    }
    ccgw_local_set(seg->carve[c], page << 32 | (i + 1));
    return (apr_uint32_t)(page * PAGE_GRANULES + (apr_uint64_t)i * granules[c]);
}

static apr_uint32_t take(ccgw_local_segment_t *seg, apr_size_t size)
{
    apr_uint32_t block;
    int c = 0, larger;

    while (c < CCGW_LOCAL_CLASSES && granules[c] * CCGW_LOCAL_GRANULE < size)
        c++;
    if (c == CCGW_LOCAL_CLASSES)
        return 0;
    block = pop(seg, &seg->free[c]);
    if (!block)
        block = carve(seg, c);
    for (larger = c + 1; !block && larger < CCGW_LOCAL_CLASSES; larger++)
        block = pop(seg, &seg->free[larger]);
    if (block) {
        seg->blocks++;
        seg->granules += granules[*class_of(seg, block / PAGE_GRANULES)];
    }
    return block;
}

static ccgw_off_t clear_block(ccgw_local_segment_t *seg, ccgw_off_t block, apr_size_t size)
{
    if (block)
        memset(ccgw_local_at(seg, block), 0, size);
    return block;
}

/* As it was left; the commit in hand owns it. */
static ccgw_off_t take_raw(ccgw_local_segment_t *seg, apr_size_t size)
{
    apr_uint32_t block = take(seg, size);

    if (!block)
        return 0;
    push(seg, &seg->inflight, block);
    return ccgw_local_block_at(seg, block);
}

ccgw_off_t ccgw_local_heap_take(ccgw_local_segment_t *seg, apr_size_t size)
{
    return clear_block(seg, take_raw(seg, size), size);
}

ccgw_off_t ccgw_local_heap_keep(ccgw_local_segment_t *seg, apr_size_t size)
{
    apr_uint32_t block = take(seg, size);

    return clear_block(seg, ccgw_local_block_at(seg, block), size);
}

void ccgw_local_heap_rollback(ccgw_local_segment_t *seg)
{
    apr_uint32_t block;

    while ((block = pop(seg, &seg->inflight)) != 0)
        push_free(seg, block);
}

void ccgw_local_heap_free(ccgw_local_segment_t *seg, ccgw_off_t block)
{
    push(seg, &seg->pending, ccgw_local_block_of(seg, block));
}

void ccgw_local_heap_repair(ccgw_local_segment_t *seg)
{
    int c;

    for (c = 0; c < CCGW_LOCAL_CLASSES; c++) {
        if (seg->carve[c] >> 32 >= seg->page_next)
            ccgw_local_set(seg->page_next, (seg->carve[c] >> 32) + 1);
    }
    /* The dead owner's commit never came to be: what he had taken for it is free again. Behind
     * the commit point head has moved on, and the blocks belong to the record that redo links. */
    if (seg->inflight_for == seg->head)
        ccgw_local_heap_rollback(seg);
}

void ccgw_local_heap_reserve(ccgw_local_segment_t *seg, int on)
{
    seg->reserve = on ? seg->npages / RESERVE : 0;
}

int ccgw_local_heap_has_room(const ccgw_local_segment_t *seg, int parts)
{
    apr_uint64_t all = seg->npages * PAGE_GRANULES;

    return all - ccgw_local_read(seg->granules) >= all / RESERVE * (apr_uint64_t)parts;
}

/* ---- blobs ---- */

/* Bytes that fit into a block whose head takes HEAD. */
static apr_uint32_t fitting(apr_uint32_t n, apr_size_t head)
{
    return n + head <= BLOCK_MAX ? n : (apr_uint32_t)(BLOCK_MAX - head);
}

ccgw_off_t ccgw_local_blob_make(ccgw_local_segment_t *seg, const void *bytes, apr_uint32_t n, apr_uint32_t crc,
                                apr_uint64_t version, apr_time_t due)
{
    apr_uint32_t part = fitting(n, sizeof(ccgw_local_blob_t));
    ccgw_off_t off = take_raw(seg, sizeof(ccgw_local_blob_t) + part);
    const char *rest = bytes;
    ccgw_local_blob_t *blob;
    ccgw_off_t *behind;

    if (!off)
        return 0;
    blob = ccgw_local_at(seg, off);
    *blob = (ccgw_local_blob_t){ .version = version, .due = due, .len = n, .crc = crc };
    if (part)
        memcpy(blob->bytes, rest, part);
    for (behind = &blob->more; n > part;) {
        ccgw_local_more_t *more;

        n -= part;
        rest += part;
        part = fitting(n, sizeof *more);
        *behind = take_raw(seg, sizeof *more + part);
        if (!*behind)
            return 0;
        more = ccgw_local_at(seg, *behind);
        more->more = 0;
        memcpy(more->bytes, rest, part);
        behind = &more->more;
    }
    return off;
}

void ccgw_local_blob_free(ccgw_local_segment_t *seg, ccgw_off_t blob)
{
    ccgw_off_t more = ((ccgw_local_blob_t *)ccgw_local_at(seg, blob))->more;

    ccgw_local_heap_free(seg, blob);
    while (more) {
        ccgw_off_t next = ((ccgw_local_more_t *)ccgw_local_at(seg, more))->more;

        ccgw_local_heap_free(seg, more);
        more = next;
    }
}

void ccgw_local_blob_put(char *to, ccgw_local_segment_t *seg, ccgw_off_t off)
{
    const ccgw_local_blob_t *blob = ccgw_local_at(seg, off);
    apr_uint32_t left = blob->len, part = fitting(left, sizeof *blob);
    ccgw_off_t more = blob->more;

    memcpy(to, blob->bytes, part);
    for (left -= part, to += part; left && more; left -= part, to += part) {
        const ccgw_local_more_t *block = ccgw_local_at(seg, more);

        part = fitting(left, sizeof *block);
        memcpy(to, block->bytes, part);
        more = block->more;
    }
}

apr_status_t ccgw_local_blob_copy(ccgw_buf_t *copy, const ccgw_local_look_t *look, ccgw_off_t off, apr_pool_t *pool)
{
    const ccgw_local_blob_t *blob = ccgw_local_at(look->seg, off);
    apr_uint32_t left = blob->len, crc = blob->crc;
    apr_uint32_t part = fitting(left, sizeof *blob);
    ccgw_off_t more = blob->more;
    char *to;

    *copy = (ccgw_buf_t){ "", 0 };
    /* Only now is the length what somebody wrote there. */
    if (!ccgw_local_holds(look))
        return APR_SUCCESS;
    to = apr_palloc(pool, (apr_size_t)left + 1);
    copy->p = to;
    copy->n = left;
    memcpy(to, blob->bytes, part);
    for (left -= part, to += part; left && more && ccgw_local_holds(look); left -= part, to += part) {
        const ccgw_local_more_t *block = ccgw_local_at(look->seg, more);

        part = fitting(left, sizeof *block);
        memcpy(to, block->bytes, part);
        more = block->more;
    }
    *to = '\0';
    if (!ccgw_local_holds(look))
        return APR_SUCCESS;
    return left || ccgw_crc32c(0, copy->p, copy->n) != crc ? CCGW_EDAMAGED : APR_SUCCESS;
}
