/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_mask.c: a carrier's secret stands in the query of its requests; neither the status page nor a log shows it. */
#include "mod_ccgw_glue.h"

#include <apr_strings.h>

#define SECRET "secret="

/* LINE, the whole or a part of a request's first line, with *** for the value of each secret= in its query. */
static char *mask(char *line, apr_pool_t *pool)
{
    ccgw_out_t out;
    char *at = line, *found;

    if (!line || !strstr(line, SECRET))
        return line;
    ccgw_out_init(&out, strlen(line) + 8, pool);
    while ((found = strstr(at, SECRET))) {
        char *value = found + sizeof SECRET - 1;

        ccgw_out_put(&out, at, value - at);
        at = value;
        /* otherwise a part of another field's name or value */
        if (found == line || found[-1] == '?' || found[-1] == '&') {
            ccgw_out_puts(&out, "***");
            at += strcspn(value, "& #");
        }
    }
    ccgw_out_puts(&out, at);
    return out.p;
}

/* Below /ccgw/, however that is written: nobody has decoded the path yet. */
static int is_carriers(const request_rec *r)
{
    char *path;

    if (!ccgw_child.conf || !ccgw_child.conf->on || !r->the_request || !strstr(r->the_request, SECRET))
        return 0;
    if (!r->uri)
        return 1; /* the line was too long, or none */
    path = apr_pstrdup(r->pool, r->uri);
    ap_normalize_path(path, AP_NORMALIZE_DECODE_UNRESERVED | AP_NORMALIZE_MERGE_SLASHES);
    return !strncmp(path, "/ccgw/", 6);
}

int ccgw_mask_request(request_rec *r)
{
    if (is_carriers(r))
        r->the_request = mask(r->the_request, r->pool);
    return DECLINED;
}

void ccgw_mask_error(request_rec *r)
{
    ccgw_mask_request(r);
}

int ccgw_mask_log(request_rec *r)
{
    for (; r; r = r->next) {
        if (!is_carriers(r))
            continue;
        r->the_request = mask(r->the_request, r->pool);
        r->unparsed_uri = mask(r->unparsed_uri, r->pool);
        r->args = mask(r->args, r->pool);
    }
    return DECLINED;
}
