/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_file.h: the floor file: JSON to definitions, and everything that can be wrong with it. */
#ifndef CCGW_FLOOR_FILE_H
#define CCGW_FLOOR_FILE_H

#include "core/ccgw_floor.h"

/**
 * Read and check a floor file of N bytes. Configuration time; touches nothing but POOL, in which *file lives.
 * @param fault on failure up to 20 lines, each `path: value reason`, e.g.
 *        "tenants[0].agents[3].workNo: 99 is not between 101 and 59999"
 * @return APR_SUCCESS; CCGW_ESYNTAX it is no JSON; CCGW_EINVAL what it says cannot be
 */
apr_status_t ccgw_floor_parse(ccgw_floor_file_t **file, const char **fault, const char *text, apr_size_t n,
                              apr_pool_t *pool);

#endif
