/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_names.h: what a transaction has to say of the names it uses. */
#ifndef CCGW_STORE_LOCAL_NAMES_H
#define CCGW_STORE_LOCAL_NAMES_H

#include "ccgw_store.h"

#include <apr_hash.h>

typedef struct ccgw_local_name_t {
    ccgw_table_t table; /**< UNSET: of a mailbox */
    ccgw_buf_t key;
    void *what;
} ccgw_local_name_t;

/** Begins as all zero. Most transactions use a few names, which a walk finds sooner than a hash table is made. */
typedef struct ccgw_local_names_t {
    ccgw_local_name_t **v; /**< in the order of first mention */
    int n, size;
    apr_hash_t *hash; /**< NULL: few */
} ccgw_local_names_t;

/** What was said of this name last, or NULL. */
void *ccgw_local_name_find(const ccgw_local_names_t *names, ccgw_table_t table, ccgw_buf_t key, apr_pool_t *pool);
/** KEY lives as long as POOL, WHAT is not NULL. */
void ccgw_local_name_set(ccgw_local_names_t *names, ccgw_table_t table, ccgw_buf_t key, void *what, apr_pool_t *pool);

#endif
