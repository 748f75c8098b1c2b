/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_reply.h: one request from row to reply: role, bind, verb, shape; and errors in the dialect's own form. */
#ifndef CCGW_REPLY_H
#define CCGW_REPLY_H

#include "api/ccgw_bind.h"
#include "api/ccgw_route.h"
#include "api/ccgw_shape.h"

typedef struct ccgw_reply_t {
    int http;
    const char *content_type;
    ccgw_out_t body;
    int retry_after;   /**< seconds; 0: no such header */
    apr_status_t code; /**< APR_SUCCESS, or what the log shall say */
    const char *text;  /**< with it */
} ccgw_reply_t;

/** Run the routed REQUEST (not a stream) for VIEW->call. Always gives a complete reply. */
void ccgw_reply_run(ccgw_reply_t *reply, const ccgw_dialect_t *dialect,
                    const ccgw_request_t *request, const ccgw_view_t *view, ccgw_call_t *call);

/** The dialect's answer to PROBLEM. */
void ccgw_reply_error(ccgw_reply_t *reply, const ccgw_dialect_t *dialect,
                      const ccgw_problem_t *problem, const ccgw_view_t *view, apr_pool_t *pool);

#endif
