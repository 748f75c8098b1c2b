/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* sins.c: what a store must not forget, forgotten. The program "kill" is linked once more for each of these, with calls
 * of one function of the engine led here (ld's --wrap), and must then find faults. */
#include "store/ccgw_store_local.h"

apr_status_t __wrap_ccgw_local_wait(ccgw_store_t *store, apr_uint64_t end);
void __wrap_ccgw_local_redo(ccgw_store_t *store);
void __wrap_ccgw_local_change_begin(ccgw_local_segment_t *seg);

/* The caller is told that his commit is on disk; it is in memory. */
apr_status_t __wrap_ccgw_local_wait(ccgw_store_t *store, apr_uint64_t end)
{
    return APR_SUCCESS;
}

/* What a dead process left half applied stays so. */
void __wrap_ccgw_local_redo(ccgw_store_t *store)
{
}

/* Readers do not notice that blocks are changed and used again under their eyes. */
void __wrap_ccgw_local_change_begin(ccgw_local_segment_t *seg)
{
}
