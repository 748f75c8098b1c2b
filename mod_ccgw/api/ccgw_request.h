/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_request.h: a request as plain values, so that routing and binding run without a server. */
#ifndef CCGW_REQUEST_H
#define CCGW_REQUEST_H

#include "api/ccgw_op.h"
#include "util/ccgw_json.h"

typedef struct ccgw_request_t {
    const ccgw_format_t *format; /**< of the reply; set by the dialect's format(), NULL: JSON */
    ccgw_method_t method;
    const char *path;         /**< below the root, still percent-encoded per segment as it came, "/me/workbins/x" */
    const char *query;        /**< raw; NULL none */
    const char *content_type; /**< of the body; NULL none */
    ccgw_buf_t body;          /**< raw bytes */
    const char *(*header)(void *baton, const char *name); /**< NULL when absent; may be NULL itself */
    void *header_baton;
    apr_pool_t *pool;
    /* filled by ccgw_route() */
    const ccgw_json_t *json; /**< parsed body when it is JSON and the row takes one, else NULL; an object, but for rows
                                   of a stream, which also come with a body that could not be read */
    const ccgw_op_t *op;
    int loose;                 /**< the dialect's */
    ccgw_pairs_t path_values;  /**< name -> decoded text */
    ccgw_pairs_t query_values; /**< kind CCGW_PAIR_TEXT; CCGW_PAIR_NULL: what could not be decoded, as it came */
    ccgw_pairs_t form_values;
} ccgw_request_t;

#endif
