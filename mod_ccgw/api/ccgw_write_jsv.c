/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_write_jsv.c: JSV: like JSON without most of its quotes. */
#include "api/ccgw_format.h"

#include <string.h>

/* A text that holds one of these would be read as something else. */
#define SPECIAL "\":,{}[]\r\n"

static void put_text(ccgw_out_t *out, const char *text)
{
    const char *clean = ccgw_format_clean(text, out->pool);

    if (*clean && !strpbrk(clean, SPECIAL)) {
        ccgw_out_puts(out, clean);
        return;
    }
    ccgw_out_putc(out, '"');
    for (; *clean; clean++) {
        if (*clean == '"')
            ccgw_out_putc(out, '"');
        ccgw_out_putc(out, *clean);
    }
    ccgw_out_putc(out, '"');
}

static void begin_value(ccgw_jsv_t *jsv)
{
    if (jsv->comma)
        ccgw_out_putc(jsv->out, ',');
    if (jsv->name) {
        put_text(jsv->out, jsv->name);
        ccgw_out_putc(jsv->out, ':');
    }
    jsv->name = NULL;
    jsv->comma = 1;
}

static void begin(ccgw_jsv_t *jsv, char bracket)
{
    begin_value(jsv);
    ccgw_out_putc(jsv->out, bracket);
    jsv->comma = 0;
}

static void end(ccgw_jsv_t *jsv, char bracket)
{
    ccgw_out_putc(jsv->out, bracket);
    jsv->comma = 1;
}

static void begin_object(void *baton, const ccgw_shape_t *shape)
{
    begin(baton, '{');
}

static void end_object(void *baton)
{
    end(baton, '}');
}

static void begin_list(void *baton, const ccgw_shape_t *of)
{
    begin(baton, '[');
}

static void end_list(void *baton)
{
    end(baton, ']');
}

static void member(void *baton, const char *name)
{
    ((ccgw_jsv_t *)baton)->name = name;
}

static void string(void *baton, const char *value)
{
    begin_value(baton);
    put_text(((ccgw_jsv_t *)baton)->out, value);
}

static void number(void *baton, apr_int64_t value)
{
    begin_value(baton);
    ccgw_out_int(((ccgw_jsv_t *)baton)->out, value);
}

static void boolean(void *baton, int value)
{
    begin_value(baton);
    ccgw_out_puts(((ccgw_jsv_t *)baton)->out, value ? "True" : "False");
}

/* A member without a value is left out with its name. */
static void null(void *baton)
{
    ((ccgw_jsv_t *)baton)->name = NULL;
}

const ccgw_writer_t ccgw_jsv_calls = {
    .name = "jsv",
    .begin_object = begin_object,
    .end_object = end_object,
    .begin_list = begin_list,
    .end_list = end_list,
    .member = member,
    .string = string,
    .number = number,
    .boolean = boolean,
    .null = null,
};

static void write_jsv(ccgw_out_t *out, const ccgw_shape_t *shape, const void *object, const ccgw_view_t *view)
{
    ccgw_jsv_t jsv = { .out = out };

    ccgw_shape_walk(&ccgw_jsv_calls, &jsv, shape, object, view);
}

const ccgw_format_t ccgw_format_jsv = { .name = "jsv", .content_type = "application/jsv", .write = write_jsv };
