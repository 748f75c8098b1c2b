/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_bind.h: fills a verb's argument struct from a routed request by the row's parameters. */
#ifndef CCGW_BIND_H
#define CCGW_BIND_H

#include "api/ccgw_request.h"

#define CCGW_BIND_FAULTS 8

typedef struct ccgw_faults_t {
    ccgw_problem_t v[CCGW_BIND_FAULTS];
    int n;
} ccgw_faults_t;

/** *ARGS: op->verb->args_size bytes in request->pool. All faults are collected (up to CCGW_BIND_FAULTS); the result is
 *  the first one's code: CCGW_EMISSING, CCGW_EINVAL, CCGW_ERANGE. A verb never sees raw input. */
apr_status_t ccgw_bind(void **args, ccgw_faults_t *faults, const ccgw_request_t *request);

#endif
