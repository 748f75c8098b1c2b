/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_wait.c: wake-ups over all children, and the readers that wait for them. */
#include "mod_ccgw_wait.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ccgw_error.h"
#include "mod_ccgw_thread.h"
#include "util/ccgw_log.h"
#include "util/ccgw_time.h"

#define BUCKETS     4096
#define DIRTY_WORDS (BUCKETS / 64)
#define CARRIERS    16384
#define MAX_SLOTS   8192
#define TICK        (APR_USEC_PER_SEC / 10)
#define LOOK_ROUND  APR_USEC_PER_SEC

/* Above the slot's number the carrier's; 48 bits of numbers are enough for 8 million connections a second and a year. */
#define CARRIER_BITS 48

typedef struct slot_t {
    apr_int32_t pid;       /* atomic; 0 free */
    apr_uint32_t pending;  /* futex: 1 when a dirty bit was set since the owner looked */
    apr_uint64_t carriers; /* last number given to a connection; only grows */
    apr_uint64_t first;    /* what that was when the present owner came */
    apr_uint64_t dirty[DIRTY_WORDS];
} slot_t;

struct ccgw_wait_shared_t {
    int slots;
    int words;              /* of each mask */
    pthread_mutex_t claims; /* robust; guards the choice of a free slot */
    pthread_mutex_t keeper; /* robust; held for as long as somebody keeps house */
    apr_uint64_t slotless;  /* carrier numbers of children that found no slot */
};

/* One key a waiter listens to, in the ring of its bucket. */
typedef struct link_t {
    struct link_t *next, *prev;
    ccgw_waiter_t *waiter;
    int bucket;
} link_t;

struct ccgw_wait_t {
    ccgw_wait_shared_t *shared;
    slot_t *slots;
    apr_uint64_t *masks;
    apr_uint64_t *states;
    int slot; /* -1: none was free; then every tick rouses everybody */
    int max_waiters;
    void (*tick)(void *baton);
    void *tick_baton;
    pthread_t dispatcher;
    int running;
    int stopping;         /* atomic */
    int quit;             /* atomic: the dispatcher shall end */
    int keeping;          /* of the keeper's thread only */
    pthread_mutex_t lock; /* guards the rings, the waiters' marks, own bits in the masks, and WAITING */
    int waiting;
    link_t buckets[BUCKETS]; /* heads of rings */
};

struct ccgw_waiter_t {
    ccgw_wait_t *wait;
    apr_pool_t *pool;
    pthread_cond_t news_or_end;
    int news;
    link_t *links;
    int nlinks;
    int size;
};

/* ---- the segment ---- */

static int slots_for(int children)
{
    int slots = (2 * (children > 0 ? children : 1) + 63) / 64 * 64;

    return slots > MAX_SLOTS ? MAX_SLOTS : slots;
}

static slot_t *find_slots(ccgw_wait_shared_t *shared)
{
    return (slot_t *)((char *)shared + APR_ALIGN(sizeof *shared, 64));
}

apr_size_t ccgw_wait_size(int children)
{
    apr_size_t slots = slots_for(children);

    return APR_ALIGN(sizeof(ccgw_wait_shared_t), 64) + slots * sizeof(slot_t) +
           (slots / 64 * BUCKETS + CARRIERS) * sizeof(apr_uint64_t);
}

static apr_status_t make_robust(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;
    int rv;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    rv = pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return rv;
}

apr_status_t ccgw_wait_format(ccgw_wait_shared_t *shared, int children)
{
    apr_status_t rv;

    shared->slots = slots_for(children);
    shared->words = shared->slots / 64;
    rv = make_robust(&shared->claims);
    return rv != APR_SUCCESS ? rv : make_robust(&shared->keeper);
}

/* Nothing guarded by a robust lock here can be left half-made: each change is one store. */
static int lock_robust(int rv, pthread_mutex_t *mutex)
{
    if (rv == EOWNERDEAD) {
        pthread_mutex_consistent(mutex);
        rv = 0;
    }
    return rv == 0;
}

void ccgw_wait_child_gone(ccgw_wait_shared_t *shared, pid_t pid)
{
    slot_t *slots = find_slots(shared);
    int i;

    for (i = 0; i < shared->slots; i++) {
        apr_int32_t owner = pid;

        if (__atomic_compare_exchange_n(&slots[i].pid, &owner, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return;
    }
}

static int slot_free(const slot_t *slot)
{
    apr_int32_t pid = __atomic_load_n(&slot->pid, __ATOMIC_SEQ_CST);

    return pid == 0 || (kill(pid, 0) != 0 && errno == ESRCH);
}

static int claim_slot(ccgw_wait_t *wait)
{
    ccgw_wait_shared_t *shared = wait->shared;
    int i, found = -1;

    if (!lock_robust(pthread_mutex_lock(&shared->claims), &shared->claims))
        return -1;
    for (i = 0; i < shared->slots && found < 0; i++) {
        slot_t *slot = &wait->slots[i];

        if (slot_free(slot)) {
            found = i;
            slot->first = __atomic_load_n(&slot->carriers, __ATOMIC_SEQ_CST);
            __atomic_store_n(&slot->pid, getpid(), __ATOMIC_SEQ_CST);
        }
    }
    pthread_mutex_unlock(&shared->claims);
    return found;
}

/* ---- waking ---- */

static int bucket_of(ccgw_buf_t key)
{
    const unsigned char *p = key.p;
    apr_uint64_t hash = APR_UINT64_C(14695981039346656037);
    apr_size_t i;

    for (i = 0; i < key.n; i++)
        hash = (hash ^ p[i]) * APR_UINT64_C(1099511628211);
    return (int)((hash ^ (hash >> 32)) % BUCKETS);
}

static long futex(apr_uint32_t *word, int operation, apr_uint32_t value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static void knock(slot_t *slot)
{
    if (!__atomic_exchange_n(&slot->pending, 1, __ATOMIC_SEQ_CST))
        futex(&slot->pending, FUTEX_WAKE, 1, NULL);
}

static void rouse(ccgw_waiter_t *waiter)
{
    waiter->news = 1;
    pthread_cond_signal(&waiter->news_or_end);
}

/* Returns 0 when nobody listens to the bucket here. */
static int rouse_bucket_locked(ccgw_wait_t *wait, int bucket)
{
    link_t *head = &wait->buckets[bucket];
    link_t *link;

    for (link = head->next; link != head; link = link->next)
        rouse(link->waiter);
    return head->next != head;
}

static apr_uint64_t *own_mask(ccgw_wait_t *wait, int bucket)
{
    return &wait->masks[bucket * wait->shared->words + wait->slot / 64];
}

static apr_uint64_t own_bit(const ccgw_wait_t *wait)
{
    return APR_UINT64_C(1) << (wait->slot % 64);
}

/* A bucket somebody woke. Bits are cleared only here, so a reader that polls again and again sets none. */
static void take_bucket(ccgw_wait_t *wait, int bucket)
{
    pthread_mutex_lock(&wait->lock);
    if (!rouse_bucket_locked(wait, bucket) && wait->slot >= 0)
        __atomic_fetch_and(own_mask(wait, bucket), ~own_bit(wait), __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&wait->lock);
}

void ccgw_wait_wake(ccgw_wait_t *wait, ccgw_buf_t key)
{
    int bucket = bucket_of(key);
    int word;

    /* The commit before, the look at the mask behind: see the top of the header. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (word = 0; word < wait->shared->words; word++) {
        apr_uint64_t bits = __atomic_load_n(&wait->masks[bucket * wait->shared->words + word], __ATOMIC_SEQ_CST);

        while (bits) {
            int i = word * 64 + __builtin_ctzll(bits);

            bits &= bits - 1;
            if (i == wait->slot) {
                take_bucket(wait, bucket);
                continue;
            }
            __atomic_fetch_or(&wait->slots[i].dirty[bucket / 64], APR_UINT64_C(1) << (bucket % 64), __ATOMIC_SEQ_CST);
            knock(&wait->slots[i]);
        }
    }
}

/* ---- the dispatcher ---- */

static void collect(ccgw_wait_t *wait)
{
    slot_t *slot = &wait->slots[wait->slot];
    int word;

    for (word = 0; word < DIRTY_WORDS; word++) {
        apr_uint64_t bits;

        if (!__atomic_load_n(&slot->dirty[word], __ATOMIC_SEQ_CST))
            continue;
        bits = __atomic_exchange_n(&slot->dirty[word], 0, __ATOMIC_SEQ_CST);
        while (bits) {
            take_bucket(wait, word * 64 + __builtin_ctzll(bits));
            bits &= bits - 1;
        }
    }
}

static void rouse_all(ccgw_wait_t *wait)
{
    int i;

    pthread_mutex_lock(&wait->lock);
    for (i = 0; i < BUCKETS; i++)
        rouse_bucket_locked(wait, i);
    pthread_mutex_unlock(&wait->lock);
}

static void sleep_until_knock(apr_uint32_t *pending, apr_interval_time_t time)
{
    struct timespec timeout;

    timeout.tv_sec = 0;
    timeout.tv_nsec = (time > 0 ? time : 0) * 1000;
    if (!__atomic_load_n(pending, __ATOMIC_SEQ_CST))
        futex(pending, FUTEX_WAIT, 0, &timeout);
    __atomic_store_n(pending, 0, __ATOMIC_SEQ_CST);
}

static void *dispatch(void *baton)
{
    ccgw_wait_t *wait = baton;
    apr_uint32_t nobody_knocks = 0;
    apr_uint32_t *pending = wait->slot >= 0 ? &wait->slots[wait->slot].pending : &nobody_knocks;
    apr_time_t next = ccgw_time_now() + TICK;
    int ended = 0;

    while (!__atomic_load_n(&wait->quit, __ATOMIC_SEQ_CST)) {
        sleep_until_knock(pending, next - ccgw_time_now());
        if (wait->slot >= 0)
            collect(wait);
        if (ccgw_wait_is_stopping(wait) && !ended) {
            rouse_all(wait);
            ended = 1;
        }
        if (ccgw_time_now() < next)
            continue;
        next = ccgw_time_now() + TICK;
        if (wait->slot < 0)
            rouse_all(wait);
        wait->tick(wait->tick_baton);
    }
    rouse_all(wait);
    return NULL;
}

apr_status_t ccgw_wait_begin(ccgw_wait_t **result, ccgw_wait_shared_t *shared, int max_waiters,
                             void (*tick)(void *baton), void *baton, apr_pool_t *child)
{
    ccgw_wait_t *wait = apr_pcalloc(child, sizeof *wait);
    apr_status_t rv;
    int i;

    wait->shared = shared;
    wait->slots = find_slots(shared);
    wait->masks = (apr_uint64_t *)(wait->slots + shared->slots);
    wait->states = wait->masks + (apr_size_t)shared->words * BUCKETS;
    wait->max_waiters = max_waiters;
    wait->tick = tick;
    wait->tick_baton = baton;
    pthread_mutex_init(&wait->lock, NULL);
    for (i = 0; i < BUCKETS; i++)
        wait->buckets[i].next = wait->buckets[i].prev = &wait->buckets[i];
    wait->slot = claim_slot(wait);
    if (wait->slot < 0)
        ccgw_log(CCGW_LOG_WARNING, 0, "CCGW0420: no slot is free for child %d: its readers look each 100 ms", getpid());
    rv = ccgw_thread_start(&wait->dispatcher, dispatch, wait);
    if (rv != APR_SUCCESS)
        return rv;
    wait->running = 1;
    *result = wait;
    return APR_SUCCESS;
}

void ccgw_wait_stopping(ccgw_wait_t *wait)
{
    __atomic_store_n(&wait->stopping, 1, __ATOMIC_SEQ_CST);
    if (wait->slot >= 0)
        knock(&wait->slots[wait->slot]);
}

int ccgw_wait_is_stopping(const ccgw_wait_t *wait)
{
    return __atomic_load_n(&wait->stopping, __ATOMIC_SEQ_CST);
}

void ccgw_wait_end(ccgw_wait_t *wait)
{
    if (!wait->running)
        return;
    wait->running = 0;
    __atomic_store_n(&wait->quit, 1, __ATOMIC_SEQ_CST);
    ccgw_wait_stopping(wait);
    ccgw_thread_join(wait->dispatcher);
    if (wait->slot >= 0)
        ccgw_wait_child_gone(wait->shared, getpid());
}

int ccgw_wait_count(ccgw_wait_t *wait)
{
    int n;

    pthread_mutex_lock(&wait->lock);
    n = wait->waiting;
    pthread_mutex_unlock(&wait->lock);
    return n;
}

int ccgw_wait_keeper(ccgw_wait_t *wait)
{
    if (!wait->keeping)
        wait->keeping = lock_robust(pthread_mutex_trylock(&wait->shared->keeper), &wait->shared->keeper);
    return wait->keeping;
}

void ccgw_wait_keeper_end(ccgw_wait_t *wait)
{
    if (wait->keeping)
        pthread_mutex_unlock(&wait->shared->keeper);
    wait->keeping = 0;
}

/* ---- waiters ---- */

static void unlink_locked(ccgw_waiter_t *waiter)
{
    int i;

    for (i = 0; i < waiter->nlinks; i++) {
        waiter->links[i].next->prev = waiter->links[i].prev;
        waiter->links[i].prev->next = waiter->links[i].next;
    }
    waiter->nlinks = 0;
}

static apr_status_t drop_waiter(void *baton)
{
    ccgw_waiter_t *waiter = baton;

    /* Prefork ends a child inside of a signal handler, and what it interrupted may be this waiter's own sleep. By then
     * no other thread is left, and the memory goes with the process. */
    if (!waiter->wait->running)
        return APR_SUCCESS;
    pthread_mutex_lock(&waiter->wait->lock);
    unlink_locked(waiter);
    pthread_mutex_unlock(&waiter->wait->lock);
    pthread_cond_destroy(&waiter->news_or_end);
    return APR_SUCCESS;
}

ccgw_waiter_t *ccgw_waiter_make(ccgw_wait_t *wait, apr_pool_t *pool)
{
    ccgw_waiter_t *waiter = apr_pcalloc(pool, sizeof *waiter);
    pthread_condattr_t attr;

    waiter->wait = wait;
    waiter->pool = pool;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter->news_or_end, &attr);
    pthread_condattr_destroy(&attr);
    apr_pool_cleanup_register(pool, waiter, drop_waiter, apr_pool_cleanup_null);
    return waiter;
}

static void link_locked(ccgw_waiter_t *waiter, int bucket)
{
    ccgw_wait_t *wait = waiter->wait;
    link_t *head = &wait->buckets[bucket];
    link_t *link = &waiter->links[waiter->nlinks++];

    link->waiter = waiter;
    link->bucket = bucket;
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
    if (wait->slot >= 0 && !(__atomic_load_n(own_mask(wait, bucket), __ATOMIC_SEQ_CST) & own_bit(wait)))
        __atomic_fetch_or(own_mask(wait, bucket), own_bit(wait), __ATOMIC_SEQ_CST);
}

static int linked_locked(const ccgw_waiter_t *waiter, int bucket)
{
    int i;

    for (i = 0; i < waiter->nlinks; i++) {
        if (waiter->links[i].bucket == bucket)
            return 1;
    }
    return 0;
}

void ccgw_waiter_listen(ccgw_waiter_t *waiter, const ccgw_buf_t *keys, int n)
{
    link_t *links = waiter->links;
    int size = waiter->size;
    int i;

    /* The lock is held over no allocation; links already in the rings must not move either. */
    if (n > size) {
        size = n * 2;
        links = apr_palloc(waiter->pool, sizeof *links * size);
    }
    pthread_mutex_lock(&waiter->wait->lock);
    unlink_locked(waiter);
    waiter->links = links;
    waiter->size = size;
    waiter->news = 0;
    for (i = 0; i < n; i++) {
        int bucket = bucket_of(keys[i]);

        if (!linked_locked(waiter, bucket))
            link_locked(waiter, bucket);
    }
    pthread_mutex_unlock(&waiter->wait->lock);
    /* The bits are set before the caller looks. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void sleep_locked(ccgw_waiter_t *waiter, apr_time_t until)
{
    apr_time_t at = until - ccgw_time_offset();
    struct timespec time;

    time.tv_sec = apr_time_sec(at);
    time.tv_nsec = apr_time_usec(at) * 1000;
    pthread_cond_timedwait(&waiter->news_or_end, &waiter->wait->lock, &time);
}

/* APR_EINPROGRESS: none of the reasons to end the wait has come yet. */
static apr_status_t reason_locked(ccgw_waiter_t *waiter, apr_time_t until)
{
    if (ccgw_wait_is_stopping(waiter->wait))
        return APR_EOF;
    if (waiter->news) {
        waiter->news = 0;
        return APR_SUCCESS;
    }
    return ccgw_time_now() >= until ? APR_TIMEUP : APR_EINPROGRESS;
}

apr_status_t ccgw_waiter_wait(ccgw_waiter_t *waiter, apr_time_t until, int (*gone)(void *baton), void *baton)
{
    ccgw_wait_t *wait = waiter->wait;
    apr_status_t rv;

    pthread_mutex_lock(&wait->lock);
    rv = reason_locked(waiter, until);
    if (rv == APR_EINPROGRESS && wait->waiting >= wait->max_waiters)
        rv = CCGW_EBUSY;
    wait->waiting++;
    while (rv == APR_EINPROGRESS) {
        apr_time_t look = ccgw_time_now() + LOOK_ROUND;

        sleep_locked(waiter, look < until ? look : until);
        rv = reason_locked(waiter, until);
        if (rv == APR_EINPROGRESS && ccgw_time_now() >= look) {
            pthread_mutex_unlock(&wait->lock);
            if (gone(baton))
                rv = APR_EOF;
            pthread_mutex_lock(&wait->lock);
        }
    }
    wait->waiting--;
    pthread_mutex_unlock(&wait->lock);
    return rv;
}

/* ---- carriers ---- */

apr_uint64_t ccgw_wait_carrier_new(ccgw_wait_t *wait)
{
    int slot = wait->slot >= 0 ? wait->slot : wait->shared->slots;
    apr_uint64_t *last = wait->slot >= 0 ? &wait->slots[slot].carriers : &wait->shared->slotless;

    return ((apr_uint64_t)(slot + 1) << CARRIER_BITS) | __atomic_add_fetch(last, 1, __ATOMIC_SEQ_CST);
}

static apr_uint64_t *state_word(ccgw_wait_t *wait, apr_uint64_t carrier)
{
    return &wait->states[(carrier ^ ((carrier >> CARRIER_BITS) * 1021)) % CARRIERS];
}

/* The word holds the number of a drained carrier, the complement of one that is gone. Two carriers may share a word:
 * the later one overwrites, and the first is said again at the next tick. */
void ccgw_wait_carrier_publish(ccgw_wait_t *wait, apr_uint64_t carrier, ccgw_carrier_state_t state)
{
    apr_uint64_t *word = state_word(wait, carrier);
    apr_uint64_t expected = carrier;

    if (state == CCGW_CARRIER_BUSY)
        __atomic_compare_exchange_n(word, &expected, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    else
        __atomic_store_n(word, state == CCGW_CARRIER_GONE ? ~carrier : carrier, __ATOMIC_SEQ_CST);
}

static int maker_lives(ccgw_wait_t *wait, apr_uint64_t carrier)
{
    int i = (int)(carrier >> CARRIER_BITS) - 1;
    apr_uint64_t number = carrier & ((APR_UINT64_C(1) << CARRIER_BITS) - 1);

    return i >= 0 && i < wait->shared->slots && !slot_free(&wait->slots[i]) &&
           number > __atomic_load_n(&wait->slots[i].first, __ATOMIC_SEQ_CST);
}

ccgw_carrier_state_t ccgw_wait_carrier_state(ccgw_wait_t *wait, apr_uint64_t carrier)
{
    apr_uint64_t word = __atomic_load_n(state_word(wait, carrier), __ATOMIC_SEQ_CST);

    if (word == ~carrier || !maker_lives(wait, carrier))
        return CCGW_CARRIER_GONE;
    return word == carrier ? CCGW_CARRIER_DRAINED : CCGW_CARRIER_BUSY;
}
