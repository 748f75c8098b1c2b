/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_format.c: JSON as a format of replies, and what the other writers share. */
#include "api/ccgw_format.h"

#include <apr_lib.h>
#include <string.h>

const ccgw_format_t ccgw_format_json = {
    .name = "json",
    .content_type = "application/json; charset=utf-8",
    .write = ccgw_shape_json,
};

const char *ccgw_format_clean(const char *text, apr_pool_t *pool)
{
    apr_size_t n = strlen(text);

    return ccgw_utf8_valid(text, n) ? text : ccgw_utf8_mend(text, n, pool);
}

void ccgw_format_pascal(ccgw_out_t *out, const char *name)
{
    if (!*name)
        return;
    ccgw_out_putc(out, (char)apr_toupper(*name));
    ccgw_out_puts(out, name + 1);
}
