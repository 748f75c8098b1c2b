/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_lock.c: the commit lock, which a killed owner leaves to the next, and looks, which need none. */
#include "store/ccgw_store_local.h"

#include <errno.h>
#include <stdlib.h>

/* ---- the turn ---- */

void ccgw_local_change_begin(ccgw_local_segment_t *seg)
{
    __atomic_store_n(&seg->turn, seg->turn | 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

void ccgw_local_change_end(ccgw_local_segment_t *seg)
{
    ccgw_local_set(seg->turn, (seg->turn | 1) + 1);
}

/* ---- locks ---- */

void ccgw_local_mutex_init(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
}

void ccgw_local_lock(ccgw_store_t *store)
{
    ccgw_local_segment_t *seg = store->seg;
    int rv = pthread_mutex_lock(&seg->commit_lock);

    if (rv && rv != EOWNERDEAD)
        abort();
    if (rv == EOWNERDEAD || seg->applied != seg->head) {
        ccgw_local_heap_repair(seg);
        ccgw_local_change_begin(seg);
        ccgw_local_redo(store);
        ccgw_local_index_repair(seg);
        ccgw_local_change_end(seg);
        seg->repairs++;
    }
    /* Only now: killed in the repair, we leave it to the next owner. */
    if (rv == EOWNERDEAD)
        pthread_mutex_consistent(&seg->commit_lock);
}

void ccgw_local_unlock(ccgw_store_t *store)
{
    pthread_mutex_unlock(&store->seg->commit_lock);
}

/* ---- looks ---- */

/* A change takes a micro-second or so, unless its owner was put to sleep or killed. */
#define SPINS   2000
#define RETRIES 4

static int is_quiet(ccgw_local_look_t *look)
{
    int i;

    for (i = 0; i < SPINS; i++) {
        look->turn = ccgw_local_read(look->seg->turn);
        if (!(look->turn & 1))
            return 1;
    }
    return 0;
}

void ccgw_local_look_begin(ccgw_local_look_t *look, ccgw_store_t *store)
{
    look->store = store;
    look->seg = store->seg;
    if (look->tries++ < RETRIES && is_quiet(look))
        return;
    ccgw_local_lock(store);
    look->locked = 1;
    look->seg->locked_reads++;
}

int ccgw_local_look_end(ccgw_local_look_t *look)
{
    int holds = ccgw_local_holds(look);

    if (look->locked)
        ccgw_local_unlock(look->store);
    look->locked = 0;
    return holds;
}
