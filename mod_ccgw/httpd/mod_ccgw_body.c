/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_body.c: the one bounded reader of request bodies. */
#include "mod_ccgw_glue.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <util_filter.h>

#define PIECE 8192

/* Append the bytes of BRIGADE. *end: the last one has come. */
static apr_status_t take(ccgw_out_t *out, int *end, apr_bucket_brigade *brigade, apr_size_t max)
{
    apr_bucket *bucket;

    for (bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data;
        apr_size_t n;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(bucket)) {
            *end = 1;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(bucket))
            continue;
        rv = apr_bucket_read(bucket, &data, &n, APR_BLOCK_READ);
        if (rv != APR_SUCCESS)
            return rv;
        if (n > max - out->n)
            return CCGW_ETOOLARGE;
        ccgw_out_put(out, data, n);
    }
    return APR_SUCCESS;
}

/* Nothing more is read: the rest of the body must not be taken for a request. */
static apr_status_t refuse(request_rec *r)
{
    r->connection->keepalive = AP_CONN_CLOSE;
    return CCGW_ETOOLARGE;
}

apr_status_t ccgw_body_read(ccgw_buf_t *body, int *http, request_rec *r)
{
    apr_size_t max = ccgw_dir_max_body(ccgw_dir_conf(r));
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_bucket_brigade *brigade;
    apr_status_t rv = APR_SUCCESS;
    ccgw_out_t out;
    int end = 0;

    body->p = "";
    body->n = 0;
    if (!length && !apr_table_get(r->headers_in, "Transfer-Encoding"))
        return APR_SUCCESS;
    if (length && apr_atoi64(length) > (apr_int64_t)max)
        return refuse(r);
    ccgw_out_init(&out, 512, r->pool);
    brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (!end && rv == APR_SUCCESS) {
        rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, PIECE);
        if (rv == APR_SUCCESS)
            rv = take(&out, &end, brigade, max);
        apr_brigade_cleanup(brigade);
    }
    if (rv == CCGW_ETOOLARGE)
        return refuse(r);
    if (rv != APR_SUCCESS) {
        *http = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        return rv;
    }
    body->p = out.p;
    body->n = out.n;
    return APR_SUCCESS;
}
