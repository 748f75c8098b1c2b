/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_thread.c: the module's own threads in a child. */
#include "mod_ccgw_thread.h"

#include <apr_allocator.h>
#include <signal.h>
#include <time.h>

#define JOIN_SECONDS 5

apr_status_t ccgw_thread_start(pthread_t *thread, void *(*run)(void *baton), void *baton)
{
    sigset_t all, before;
    int rv;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = pthread_create(thread, NULL, run, baton);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

void ccgw_thread_join(pthread_t thread)
{
    struct timespec until;

    /* Prefork destroys the child's pool inside of a signal handler. Should that have interrupted a request that holds
     * a lock, the thread cannot end; the exit that follows ends it. */
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += JOIN_SECONDS;
    pthread_timedjoin_np(thread, NULL, &until);
}

apr_pool_t *ccgw_thread_pool(void)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS)
        return NULL;
    if (apr_pool_create_ex(&pool, NULL, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    return pool;
}
