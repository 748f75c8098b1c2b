/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_word.c: small words outside transactions: a hash table of atomics.
 *
 * Finding and changing a word takes no lock; a new key takes commit_lock. A key lies within
 * WINDOW slots behind its hash or nowhere, so no deletion breaks a chain. Of keys, 128 bits of
 * hash are kept, not the bytes. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_hash.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW 64
/* A thread that found the slot before it was forgotten has finished with it by then. */
#define QUARANTINE apr_time_from_sec(10)
/* Above all that could be handed out between two savings. */
#define REFS_JUMP    1000
#define TURN_JUMP    ((apr_uint64_t)1 << 20)
#define SAVE_EVERY   apr_time_from_sec(1)
#define SAVE_AT_ONCE 1024

/* Two independent hashes. Keys are made by this server, so they need not withstand an opponent. */
static void hash_key(apr_uint64_t *hash, ccgw_buf_t key)
{
    hash[0] = ccgw_hash(0x9e3779b97f4a7c15ULL, key);
    hash[1] = ccgw_hash(0x2545f4914f6cdd1dULL, key);
}

static ccgw_local_slot_t *slot_at(ccgw_local_segment_t *seg, apr_uint64_t hash, int i)
{
    return (ccgw_local_slot_t *)ccgw_local_at(seg, seg->slots) + (hash + (apr_uint64_t)i) % seg->nslots;
}

static ccgw_local_slot_t *find_slot(ccgw_local_segment_t *seg, const apr_uint64_t *hash, ccgw_local_slot_state_t state)
{
    int i;

    for (i = 0; i < WINDOW; i++) {
        ccgw_local_slot_t *slot = slot_at(seg, hash[0], i);

        if (ccgw_local_read(slot->state) == state && slot->hash[0] == hash[0] && slot->hash[1] == hash[1])
            return slot;
    }
    return NULL;
}

static int is_reusable(const ccgw_local_slot_t *slot, apr_time_t now)
{
    if (slot->state == CCGW_LOCAL_SLOT_FREE)
        return 1;
    return slot->state == CCGW_LOCAL_SLOT_FORGOTTEN && !slot->dirty && now - slot->forgotten > QUARANTINE;
}

/* A key that comes back takes its forgotten slot: two slots of one key could be saved in the
 * wrong order. */
static ccgw_local_slot_t *revive_slot(ccgw_local_segment_t *seg, const apr_uint64_t *hash)
{
    ccgw_local_slot_t *slot = find_slot(seg, hash, CCGW_LOCAL_SLOT_FORGOTTEN);

    if (slot) {
        memset(slot->words, 0, sizeof slot->words);
        ccgw_local_set(slot->state, CCGW_LOCAL_SLOT_USED);
    }
    return slot;
}

/* commit_lock held. The state is stored last: a slot half made is free. */
static ccgw_local_slot_t *make_slot(ccgw_local_segment_t *seg, const apr_uint64_t *hash)
{
    ccgw_local_slot_t *slot = find_slot(seg, hash, CCGW_LOCAL_SLOT_USED);
    apr_time_t now = apr_time_now();
    int i;

    if (!slot)
        slot = revive_slot(seg, hash);
    for (i = 0; !slot && i < WINDOW; i++) {
        slot = slot_at(seg, hash[0], i);
        if (!is_reusable(slot, now)) {
            slot = NULL;
            continue;
        }
        memset(slot->words, 0, sizeof slot->words);
        slot->hash[0] = hash[0];
        slot->hash[1] = hash[1];
        ccgw_local_set(slot->dirty, 0);
        ccgw_local_set(slot->state, CCGW_LOCAL_SLOT_USED);
    }
    return slot;
}

/* Reference numbers of a key whose first ones were never saved: each start has its own range to
 * begin in. */
static apr_uint64_t add(ccgw_local_segment_t *seg, apr_uint64_t *place, ccgw_word_t word, apr_uint64_t value)
{
    apr_uint64_t none = 0;

    if (word == CCGW_WORD_REFS && seg->epoch > 1)
        __atomic_compare_exchange_n(place, &none, (seg->epoch - 1) * REFS_JUMP, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return __atomic_add_fetch(place, value, __ATOMIC_ACQ_REL);
}

static apr_uint64_t raise_to(apr_uint64_t *place, apr_uint64_t value)
{
    apr_uint64_t old = __atomic_load_n(place, __ATOMIC_ACQUIRE);

    while (old < value && !__atomic_compare_exchange_n(place, &old, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        continue;
    return old < value ? value : old;
}

static apr_uint64_t change(ccgw_local_segment_t *seg, ccgw_local_slot_t *slot, ccgw_word_t word, ccgw_word_op_t op,
                           apr_uint64_t value)
{
    apr_uint64_t *place = &slot->words[word];
    apr_uint64_t result;

    if (op == CCGW_WORD_LOAD)
        return __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (op == CCGW_WORD_STORE)
        result = __atomic_exchange_n(place, value, __ATOMIC_ACQ_REL);
    else if (op == CCGW_WORD_ADD)
        result = add(seg, place, word, value);
    else
        result = raise_to(place, value);
    /* Behind the change: saving clears the mark before it reads, so no change is missed. */
    __atomic_store_n(&slot->dirty, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&seg->words_dirty, 1, __ATOMIC_SEQ_CST);
    return result;
}

apr_status_t ccgw_local_word(apr_uint64_t *result, ccgw_store_t *store, ccgw_buf_t key, ccgw_word_t word,
                             ccgw_word_op_t op, apr_uint64_t value)
{
    ccgw_local_segment_t *seg = store->seg;
    ccgw_local_slot_t *slot;
    apr_uint64_t hash[2];

    *result = 0;
    if (key.n == 0 || key.n > CCGW_KEY_MAX || (unsigned)word >= CCGW_WORD_COUNT || (unsigned)op > CCGW_WORD_RAISE)
        return CCGW_EINVAL;
    hash_key(hash, key);
    slot = find_slot(seg, hash, CCGW_LOCAL_SLOT_USED);
    if (!slot && op == CCGW_WORD_LOAD)
        return APR_SUCCESS;
    if (!slot) {
        ccgw_local_lock(store);
        slot = make_slot(seg, hash);
        ccgw_local_unlock(store);
    }
    if (!slot)
        return CCGW_ENOSPACE;
    *result = change(seg, slot, word, op, value);
    return APR_SUCCESS;
}

void ccgw_local_forget(ccgw_store_t *store, ccgw_buf_t key)
{
    ccgw_local_slot_t *slot;
    apr_uint64_t hash[2];

    hash_key(hash, key);
    ccgw_local_lock(store);
    slot = find_slot(store->seg, hash, CCGW_LOCAL_SLOT_USED);
    if (slot) {
        slot->forgotten = apr_time_now();
        ccgw_local_set(slot->dirty, 1);
        ccgw_local_set(slot->state, CCGW_LOCAL_SLOT_FORGOTTEN);
        ccgw_local_set(store->seg->words_dirty, 1);
    }
    ccgw_local_unlock(store);
}

/* ---- journal ---- */

static void copy_slot(ccgw_local_saved_slot_t *saved, const ccgw_local_slot_t *slot)
{
    int i;

    memset(saved, 0, sizeof *saved);
    saved->hash[0] = slot->hash[0];
    saved->hash[1] = slot->hash[1];
    if (ccgw_local_read(slot->state) != CCGW_LOCAL_SLOT_USED)
        return;
    for (i = 0; i < CCGW_WORD_COUNT; i++)
        saved->words[i] = ccgw_local_read(slot->words[i]);
}

static void save_slot(ccgw_local_saved_slot_t *saved, ccgw_local_slot_t *slot)
{
    __atomic_store_n(&slot->dirty, 0, __ATOMIC_SEQ_CST);
    copy_slot(saved, slot);
}

apr_uint32_t ccgw_local_words_copy(ccgw_local_saved_slot_t *saved, apr_uint32_t max, apr_uint64_t *next,
                                   ccgw_store_t *store, apr_uint64_t from)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_uint32_t n = 0;

    for (; from < seg->nslots && n < max; from++) {
        const ccgw_local_slot_t *slot = slot_at(seg, from, 0);

        if (ccgw_local_read(slot->state) == CCGW_LOCAL_SLOT_USED)
            copy_slot(&saved[n++], slot);
    }
    *next = from;
    return n;
}

static apr_status_t submit_slots(ccgw_store_t *store, ccgw_local_record_t *record, apr_uint32_t n)
{
    apr_uint64_t end;

    record->type = CCGW_LOCAL_WORDS;
    record->level = CCGW_DURABLE_MEMORY;
    record->nops = n;
    record->len = (apr_uint32_t)(sizeof *record + n * sizeof(ccgw_local_saved_slot_t));
    return n ? ccgw_local_submit(&end, store, record, NULL, NULL) : APR_SUCCESS;
}

/* What could not be journalled is still to be saved. */
static void mark_all(ccgw_local_segment_t *seg)
{
    apr_uint64_t i;

    for (i = 0; i < seg->nslots; i++) {
        ccgw_local_slot_t *slot = slot_at(seg, i, 0);

        if (ccgw_local_read(slot->state) != CCGW_LOCAL_SLOT_FREE)
            __atomic_store_n(&slot->dirty, 1, __ATOMIC_SEQ_CST);
    }
    __atomic_store_n(&seg->words_dirty, 1, __ATOMIC_SEQ_CST);
}

apr_status_t ccgw_local_words_save(ccgw_store_t *store, int now_too)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_time_t now = apr_time_now();
    ccgw_local_record_t *record;
    ccgw_local_saved_slot_t *saved;
    apr_status_t rv = APR_SUCCESS;
    apr_uint32_t n = 0;
    apr_uint64_t i;

    if (!ccgw_local_read(seg->words_dirty) ||
        (!now_too && (apr_uint64_t)(now - ccgw_local_read(seg->words_saved)) < SAVE_EVERY))
        return APR_SUCCESS;
    ccgw_local_set(seg->words_saved, now);
    __atomic_store_n(&seg->words_dirty, 0, __ATOMIC_SEQ_CST);
    record = calloc(1, sizeof *record + SAVE_AT_ONCE * sizeof *saved);
    if (!record)
        return APR_ENOMEM;
    saved = (ccgw_local_saved_slot_t *)(record + 1);
    for (i = 0; i < seg->nslots && rv == APR_SUCCESS; i++) {
        ccgw_local_slot_t *slot = slot_at(seg, i, 0);

        if (ccgw_local_read(slot->dirty))
            save_slot(&saved[n++], slot);
        if (n == SAVE_AT_ONCE) {
            rv = submit_slots(store, record, n);
            n = 0;
        }
    }
    if (rv == APR_SUCCESS)
        rv = submit_slots(store, record, n);
    if (rv != APR_SUCCESS)
        mark_all(seg);
    free(record);
    return rv;
}

apr_status_t ccgw_local_words_load(ccgw_store_t *store, const ccgw_local_saved_slot_t *saved, apr_uint32_t n)
{
    static const apr_uint64_t none[CCGW_WORD_COUNT];
    apr_uint32_t i;

    for (i = 0; i < n; i++, saved++) {
        ccgw_local_slot_t *slot = find_slot(store->seg, saved->hash, CCGW_LOCAL_SLOT_USED);

        if (!memcmp(saved->words, none, sizeof none)) {
            if (slot)
                slot->state = CCGW_LOCAL_SLOT_FREE;
            continue;
        }
        slot = slot ? slot : make_slot(store->seg, saved->hash);
        if (!slot)
            return CCGW_ENOSPACE;
        memcpy(slot->words, saved->words, sizeof slot->words);
    }
    return APR_SUCCESS;
}

void ccgw_local_words_renew(ccgw_store_t *store)
{
    apr_uint64_t i;

    for (i = 0; i < store->seg->nslots; i++) {
        ccgw_local_slot_t *slot = slot_at(store->seg, i, 0);

        if (slot->state != CCGW_LOCAL_SLOT_USED)
            continue;
        slot->words[CCGW_WORD_CARRIER] = 0;
        slot->words[CCGW_WORD_TURN] += TURN_JUMP;
        if (slot->words[CCGW_WORD_REFS])
            slot->words[CCGW_WORD_REFS] += REFS_JUMP;
        slot->dirty = 1;
        store->seg->words_dirty = 1;
    }
}
