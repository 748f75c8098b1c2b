/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_fields.c: the named fields of a request that is no dialect's: query, form or JSON. */
#include "mod_ccgw_fields.h"

#include "api/ccgw_form.h"

static ccgw_buf_t find_bytes(const ccgw_fields_t *fields, const char *name)
{
    const ccgw_json_t *value = ccgw_json_member(fields->json, name);
    const ccgw_pair_t *pair;

    if (value)
        return ccgw_buf_str(ccgw_json_text(value) ? ccgw_json_text(value) : ccgw_json_write(value, fields->pool));
    pair = ccgw_pairs_find(&fields->form, name);
    if (!pair)
        pair = ccgw_pairs_find(&fields->query, name);
    if (!pair)
        return (ccgw_buf_t){ NULL, 0 };
    /* What could not be decoded is still as it came. */
    return pair->kind == CCGW_PAIR_TEXT ? ccgw_buf_str(pair->text)
                                        : ccgw_form_bytes(pair->text, strlen(pair->text), 1, fields->pool);
}

const char *ccgw_fields_read(apr_size_t *n, void *baton, const char *name)
{
    ccgw_buf_t bytes = find_bytes(baton, name);

    if (n)
        *n = bytes.n;
    return bytes.p;
}

const char *ccgw_fields_odd(const ccgw_fields_t *fields)
{
    const ccgw_pairs_t *all[] = { &fields->form, &fields->query };
    int k, i;

    for (k = 0; k < 2; k++) {
        for (i = 0; i < all[k]->n; i++) {
            if (all[k]->v[i].kind != CCGW_PAIR_TEXT)
                return all[k]->v[i].key;
        }
    }
    return NULL;
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
    if (memchr(body.p, '\0', body.n))
        return CCGW_ESYNTAX;
    return ccgw_form_parse(&fields->form, body.p, body.n, r->pool);
}
