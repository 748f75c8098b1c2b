/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_wait.h: wake-ups over all children, and the readers that wait for them.
 *
 * A key (a mailbox, a stream) falls into one of 4,096 buckets. In shared memory each bucket has a mask of the children
 * that listen to it, and each child has a slot: its process id, a bit per bucket that was woken, and a word it sleeps on.
 * A reader sets its child's bit BEFORE it looks at the mailbox; a writer reads the mask AFTER its commit. So one of the
 * two always sees the other, nothing can overflow, and a wake-up is only ever a hint to look again.
 *
 *     header | slot[children] | mask[4096][words] | carrier states[16384]
 *
 * The sleeping word is a futex, so a child needs no descriptor per neighbour. The segment outlives the children and a
 * graceful restart; it holds no pointers. */
#ifndef MOD_CCGW_WAIT_H
#define MOD_CCGW_WAIT_H

#include "ccgw_types.h"

typedef struct ccgw_wait_shared_t ccgw_wait_shared_t; /**< the segment */
typedef struct ccgw_wait_t ccgw_wait_t;               /**< a child's end of it */
typedef struct ccgw_waiter_t ccgw_waiter_t;           /**< one request that may wait */

/* ---- parent ---- */

/** Changes with every change of the layout: a segment with another number is not touched. */
#define CCGW_WAIT_LAYOUT 1

/** Slots for CHILDREN processes at once, two generations of them. */
apr_size_t ccgw_wait_size(int children);
/** Make a segment of zeroed memory. */
apr_status_t ccgw_wait_format(ccgw_wait_shared_t *shared, int children);
/** The child PID has ended: its slot is free. */
void ccgw_wait_child_gone(ccgw_wait_shared_t *shared, pid_t pid);

/* ---- child ---- */

/** Claim a slot and start the dispatcher thread. Both end with ccgw_wait_end().
 *  @param max_waiters how many readers may wait at once
 *  @param tick called by the dispatcher about each 100 ms; must not block */
apr_status_t ccgw_wait_begin(ccgw_wait_t **wait, ccgw_wait_shared_t *shared, int max_waiters, void (*tick)(void *baton),
                             void *baton, apr_pool_t *child);
/** Every waiter is told APR_EOF soon, now and from now on. Safe in a signal handler. */
void ccgw_wait_stopping(ccgw_wait_t *wait);
/** Is the child on its way out? */
int ccgw_wait_is_stopping(const ccgw_wait_t *wait);
/** Stop and join the dispatcher, give the slot back. */
void ccgw_wait_end(ccgw_wait_t *wait);

/** Something concerning KEY has changed: wake its readers in all children. Any thread, takes one lock of its own. */
void ccgw_wait_wake(ccgw_wait_t *wait, ccgw_buf_t key);

/** How many readers wait here now. */
int ccgw_wait_count(ccgw_wait_t *wait);

/** Try to be the one child that keeps house; who has it keeps it while the calling thread lives. Always the same
 *  thread of a child. */
int ccgw_wait_keeper(ccgw_wait_t *wait);
/** Let it go, by the same thread. */
void ccgw_wait_keeper_end(ccgw_wait_t *wait);

/* ---- waiters ---- */

/** A waiter that listens to nothing yet; gone with POOL. */
ccgw_waiter_t *ccgw_waiter_make(ccgw_wait_t *wait, apr_pool_t *pool);
/** Hear of KEYS, and of nothing else. Call before looking for what they stand for. */
void ccgw_waiter_listen(ccgw_waiter_t *waiter, const ccgw_buf_t *keys, int n);
/** Wait for news of a key or UNTIL (deadline clock). GONE is asked about each second and says 1 when nobody is there
 *  any more to take the answer.
 *  @return APR_SUCCESS look again; APR_TIMEUP; APR_EOF; CCGW_EBUSY: too many wait in this child */
apr_status_t ccgw_waiter_wait(ccgw_waiter_t *waiter, apr_time_t until, int (*gone)(void *baton), void *baton);

/* ---- carriers: connections that events went out on (see mod_ccgw_carrier.c) ---- */

/** A number for a connection of this child: not 0, never used again while the segment lives. */
apr_uint64_t ccgw_wait_carrier_new(ccgw_wait_t *wait);
/** What its child says of a carrier. */
typedef enum ccgw_carrier_state_t {
    CCGW_CARRIER_BUSY,    /**< or nothing is known */
    CCGW_CARRIER_DRAINED, /**< open, and the peer has everything */
    CCGW_CARRIER_GONE
} ccgw_carrier_state_t;

void ccgw_wait_carrier_publish(ccgw_wait_t *wait, apr_uint64_t carrier, ccgw_carrier_state_t state);
/** What its child said last; GONE also when that child is gone. Any child. */
ccgw_carrier_state_t ccgw_wait_carrier_state(ccgw_wait_t *wait, apr_uint64_t carrier);

#endif
