/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_thread.h: the module's own threads in a child: they take no signals and are joined before the child ends. */
#ifndef MOD_CCGW_THREAD_H
#define MOD_CCGW_THREAD_H

#include <apr_pools.h>
#include <pthread.h>

/** Start RUN with all signals blocked: they are httpd's. */
apr_status_t ccgw_thread_start(pthread_t *thread, void *(*run)(void *baton), void *baton);

/** Join; gives up after 5 s, in which case the process is about to end and the thread with it. */
void ccgw_thread_join(pthread_t thread);

/** A pool of a thread's own: no other thread may use it. Destroyed by its owner. NULL: no memory. */
apr_pool_t *ccgw_thread_pool(void);

#endif
