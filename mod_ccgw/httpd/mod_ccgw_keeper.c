/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_keeper.c: the threads that keep house and send texts.
 *
 * Neither is the dispatcher: a deadline writes to the disk and a carrier may take its time, and no reader shall hear of
 * his news later for that. Of all children one keeps house; when it is killed the next one tries within 100 ms. Texts
 * are sent by the child whose request wrote them, and by the one that keeps house whatever was left behind. */
#include "mod_ccgw_glue.h"

#include <time.h>

#include "core/ccgw_due.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_retention.h"
#include "mod_ccgw_thread.h"
#include "util/ccgw_log.h"
#include "util/ccgw_time.h"

#define ROUND         (APR_USEC_PER_SEC / 10)
#define MATCH_ROUND   APR_USEC_PER_SEC
#define DUE_AT_ONCE   256
#define SEEN_AT_ONCE  256
#define TEXTS_AT_ONCE 16

static struct {
    ccgw_child_t *child;
    pthread_mutex_t lock; /* guards POKED and ENDING */
    pthread_cond_t changed;
    int poked;
    int ending;  /* atomic, too: it is looked at between two texts */
    int keeping; /* atomic: this child keeps house */
    pthread_t house, outbox;
    apr_pool_t *house_pool, *outbox_pool;
    int house_runs, outbox_runs;
} keeper;

/* Sleep until TIME has gone by or the child ends; with POKED also until somebody pokes, and was it that? 0: the end. */
static int rest(apr_interval_time_t time, int *poked)
{
    apr_time_t at = ccgw_time_now() - ccgw_time_offset() + time;
    struct timespec until;
    int go_on, rv = 0;

    until.tv_sec = apr_time_sec(at);
    until.tv_nsec = apr_time_usec(at) * 1000;
    pthread_mutex_lock(&keeper.lock);
    while (!keeper.ending && !(poked && keeper.poked) && rv == 0)
        rv = pthread_cond_timedwait(&keeper.changed, &keeper.lock, &until);
    if (poked) {
        *poked = keeper.poked;
        keeper.poked = 0;
    }
    go_on = !keeper.ending;
    pthread_mutex_unlock(&keeper.lock);
    return go_on;
}

static void keep_store(const ccgw_core_t *core, apr_status_t *last)
{
    apr_status_t rv = core->provider->housekeep ? core->provider->housekeep(core->store, 0) : APR_SUCCESS;

    /* Trouble that lasts is said once, not ten times a second; of what stops all changes the store itself has spoken. */
    if (rv != APR_SUCCESS && rv != *last && rv != CCGW_ESTORE)
        ccgw_log(CCGW_LOG_ERROR, rv, "CCGW0430: the store's housekeeping failed; a snapshot may be missing");
    *last = rv;
}

static void *keep_house(void *baton)
{
    ccgw_child_t *child = baton;
    ccgw_core_t *core = &child->core;
    apr_time_t next_match = 0;
    ccgw_survey_t survey = { 0 };
    apr_status_t last = APR_SUCCESS;

    while (rest(ROUND, NULL)) {
        /* A child of the generation before may live on for a long answer: the times are the new one's to keep. */
        if (ccgw_wait_is_stopping(child->wait))
            break;
        if (!ccgw_wait_keeper(child->wait))
            continue;
        __atomic_store_n(&keeper.keeping, 1, __ATOMIC_RELAXED);
        apr_pool_clear(keeper.house_pool);
        keep_store(core, &last);
        ccgw_due_sweep(core, core->started, DUE_AT_ONCE, keeper.house_pool);
        /* once: what the configuration says has not changed since this child began */
        if (!survey.done)
            ccgw_retention_survey(&survey, core, SEEN_AT_ONCE, keeper.house_pool);
        if (ccgw_time_now() >= next_match) {
            next_match = ccgw_time_now() + MATCH_ROUND;
            ccgw_due_match_all(core, keeper.house_pool);
        }
    }
    __atomic_store_n(&keeper.keeping, 0, __ATOMIC_RELAXED);
    ccgw_wait_keeper_end(child->wait);
    return NULL;
}

static void *send_texts(void *baton)
{
    static const apr_interval_time_t pause[] = {
        [CCGW_OUTBOX_EMPTY] = MATCH_ROUND, [CCGW_OUTBOX_LATER] = CCGW_OUTBOX_PAUSE, [CCGW_OUTBOX_NOW] = 0
    };
    ccgw_child_t *child = baton;
    ccgw_outbox_sender_t sender = { ccgw_customer_send, child, TEXTS_AT_ONCE, &keeper.ending };
    ccgw_outbox_left_t left = CCGW_OUTBOX_EMPTY;
    int poked = 0;

    while (rest(pause[left], &poked)) {
        /* Nobody poked and nothing was left: a mere second's end concerns the one that keeps house. */
        if (!poked && !left && !__atomic_load_n(&keeper.keeping, __ATOMIC_RELAXED))
            continue;
        apr_pool_clear(keeper.outbox_pool);
        ccgw_outbox_run(&left, &child->core, &sender, keeper.outbox_pool);
    }
    return NULL;
}

apr_status_t ccgw_keeper_begin(ccgw_child_t *child, apr_pool_t *pchild)
{
    pthread_condattr_t attr;
    apr_status_t rv;

    keeper.child = child;
    pthread_mutex_init(&keeper.lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper.changed, &attr);
    pthread_condattr_destroy(&attr);
    keeper.house_pool = ccgw_thread_pool();
    keeper.outbox_pool = ccgw_thread_pool();
    if (!keeper.house_pool || !keeper.outbox_pool)
        return APR_ENOMEM;
    rv = ccgw_thread_start(&keeper.house, keep_house, child);
    if (rv != APR_SUCCESS)
        return rv;
    keeper.house_runs = 1;
    rv = ccgw_thread_start(&keeper.outbox, send_texts, child);
    keeper.outbox_runs = rv == APR_SUCCESS;
    return rv;
}

void ccgw_keeper_end(void)
{
    if (!keeper.child)
        return;
    pthread_mutex_lock(&keeper.lock);
    __atomic_store_n(&keeper.ending, 1, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&keeper.changed);
    pthread_mutex_unlock(&keeper.lock);
    if (keeper.house_runs)
        ccgw_thread_join(keeper.house);
    if (keeper.outbox_runs)
        ccgw_thread_join(keeper.outbox);
    /* whoever reads without a cursor of his own shall find his place after an orderly stop */
    if (keeper.child->core.provider->housekeep)
        keeper.child->core.provider->housekeep(keeper.child->core.store, 1);
    keeper.child = NULL;
}

void ccgw_keeper_poke(void)
{
    pthread_mutex_lock(&keeper.lock);
    keeper.poked = 1;
    pthread_cond_broadcast(&keeper.changed);
    pthread_mutex_unlock(&keeper.lock);
}
