/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_status.c: what an administrator looks at: lines of the server-status page, and the list of operations. */
#include "mod_ccgw_glue.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <mod_status.h>

#include "api/ccgw_catalog.h"
#include "mod_ccgw.h"

typedef struct lines_t {
    request_rec *r;
    int plain;
} lines_t;

static void emit(void *baton, const char *name, apr_int64_t value)
{
    lines_t *lines = baton;

    ap_rprintf(lines->r, lines->plain ? "Ccgw_%s: %" APR_INT64_T_FMT "\n" : "<dt>%s: %" APR_INT64_T_FMT "</dt>\n", name,
               value);
}

static int show_status(request_rec *r, int flags)
{
    lines_t lines = { r, flags & AP_STATUS_SHORT };
    const ccgw_core_t *core = &ccgw_child.core;

    if (!ccgw_child.conf || !ccgw_child.conf->on)
        return DECLINED;
    if (!lines.plain)
        ap_rputs("<hr />\n<h2>Contact centre gateway (mod_ccgw " CCGW_VERSION ")</h2>\n<dl>\n", r);
    emit(&lines, "usable", ccgw_child.usable);
    if (ccgw_child.usable) {
        emit(&lines, "waiting_in_this_child", ccgw_wait_count(ccgw_child.wait));
        if (core->provider->stats)
            core->provider->stats(core->store, emit, &lines);
    }
    if (!lines.plain)
        ap_rputs("</dl>\n", r);
    return OK;
}

void ccgw_status_register(apr_pool_t *pconf)
{
    APR_OPTIONAL_HOOK(ap, status_hook, show_status, NULL, NULL, APR_HOOK_MIDDLE);
}

int ccgw_status_catalog(request_rec *r)
{
    ccgw_reply_t reply = { .http = HTTP_OK, .content_type = "text/plain; charset=utf-8" };
    int i;

    if (r->method_number != M_GET) {
        apr_table_setn(r->headers_out, "Allow", "GET, HEAD");
        return HTTP_METHOD_NOT_ALLOWED;
    }
    ccgw_out_init(&reply.body, 16384, r->pool);
    for (i = 0; ccgw_dialects[i]; i++)
        ccgw_catalog_print(&reply.body, ccgw_dialects[i]);
    return ccgw_handler_send(r, &reply);
}
