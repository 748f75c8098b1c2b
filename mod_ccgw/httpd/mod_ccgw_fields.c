/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_fields.c: the named fields of a request that is no dialect's: query, form or JSON. */
#include "mod_ccgw_fields.h"

#include "api/ccgw_form.h"

const char *ccgw_fields_read(void *baton, const char *name)
{
    const ccgw_fields_t *fields = baton;
    const ccgw_json_t *value = ccgw_json_member(fields->json, name);
    const ccgw_pair_t *pair;

    if (value)
        return ccgw_json_text(value) ? ccgw_json_text(value) : ccgw_json_write(value, fields->pool);
    pair = ccgw_pairs_find(&fields->form, name);
    if (!pair)
        pair = ccgw_pairs_find(&fields->query, name);
    return pair ? pair->text : NULL;
}

apr_status_t ccgw_fields_parse(ccgw_fields_t *fields, const char **why, request_rec *r, ccgw_buf_t body)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    apr_status_t rv = APR_SUCCESS;

    memset(fields, 0, sizeof *fields);
    fields->pool = r->pool;
    if (r->args)
        rv = ccgw_form_parse(&fields->query, r->args, strlen(r->args), r->pool);
    if (rv != APR_SUCCESS || !body.n)
        return rv;
    if (type && !strncasecmp(type, "application/json", 16))
        return ccgw_json_parse(&fields->json, why, body.p, body.n, r->pool);
    return ccgw_form_parse(&fields->form, body.p, body.n, r->pool);
}
