/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_log.c: how code below the glue says something to the administrator. */
#include "util/ccgw_log.h"

#include <stdarg.h>
#include <stdio.h>

static ccgw_log_sink_t *installed_sink;
static void *installed_baton;

void ccgw_log_install(ccgw_log_sink_t *sink, void *baton)
{
    installed_sink = sink;
    installed_baton = baton;
}

void ccgw_log(ccgw_log_level_t level, apr_status_t status, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (!installed_sink)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    installed_sink(installed_baton, level, status, text);
}
