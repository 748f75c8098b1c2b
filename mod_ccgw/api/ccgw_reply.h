/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_reply.h: one request from row to reply: role, bind, verb, shape; and errors in the dialect's own form. */
#ifndef CCGW_REPLY_H
#define CCGW_REPLY_H

#include "api/ccgw_bind.h"
#include "api/ccgw_route.h"
#include "api/ccgw_shape.h"

typedef struct ccgw_reply_t {
    int http;
    const char *content_type; /**< NULL: there is no body */
    ccgw_out_t body;
    ccgw_pairs_t headers; /**< further reply headers, in order */
    int retry_after;      /**< seconds; 0: no such header */
    apr_status_t code;    /**< APR_SUCCESS, or what the log shall say */
    const char *text;     /**< with it */
} ccgw_reply_t;

/** Run the routed REQUEST (not a stream) for VIEW->call. Always gives a complete reply, in REQUEST->format.
 *  A row with a sign_in fills CALL. A row whose status is 204 has no body. */
void ccgw_reply_run(ccgw_reply_t *reply, const ccgw_dialect_t *dialect, const ccgw_request_t *request,
                    const ccgw_view_t *view, ccgw_call_t *call);

/** May CALL run the row of REQUEST: role, and the agent the path names? ccgw_reply_run() asks by itself; streams need it.
 *  @return CCGW_ESIGNIN, CCGW_EROLE, CCGW_EIDENTITY; also in PROBLEM */
apr_status_t ccgw_reply_admit(ccgw_problem_t *problem, const ccgw_dialect_t *dialect, const ccgw_request_t *request,
                              const ccgw_call_t *call);

/** The dialect's answer to PROBLEM, in VIEW->format. */
void ccgw_reply_error(ccgw_reply_t *reply, const ccgw_dialect_t *dialect, const ccgw_problem_t *problem,
                      const ccgw_view_t *view, apr_pool_t *pool);

#endif
