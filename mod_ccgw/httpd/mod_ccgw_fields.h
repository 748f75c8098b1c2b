/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_fields.h: the named fields of a request that is no dialect's: query, form or JSON. */
#ifndef MOD_CCGW_FIELDS_H
#define MOD_CCGW_FIELDS_H

#include "mod_ccgw_glue.h"

#include "util/ccgw_json.h"

typedef struct ccgw_fields_t {
    ccgw_pairs_t query;
    ccgw_pairs_t form;
    const ccgw_json_t *json;
    apr_pool_t *pool;
} ccgw_fields_t;

/** Parse R's query and BODY, by its type JSON or else a form. *why: a sentence, where the parser has one. In r->pool. */
apr_status_t ccgw_fields_parse(ccgw_fields_t *fields, const char **why, request_rec *r, ccgw_buf_t body);

/** ccgw_field_reader_t: the field NAME, of the body before the query's; JSON that is no string as it is written. BATON is
 *  the ccgw_fields_t. */
const char *ccgw_fields_read(apr_size_t *n, void *baton, const char *name);

/** The name of a field that is no UTF-8, or holds a zero byte; NULL: all are text. */
const char *ccgw_fields_odd(const ccgw_fields_t *fields);

#endif
