/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_write_csv.c: CSV: a row of names, then one row per object; what is nested stands in its cell as JSV. */
#include "api/ccgw_format.h"

#include <apr_strings.h>
#include <string.h>

typedef struct column_t {
    const char *name;
    const char *cell; /* of the present row; NULL empty */
} column_t;

typedef struct csv_t {
    ccgw_out_t *out;
    column_t columns[CCGW_SHAPE_MEMBERS];
    int ncolumns;
    int headed;   /* the names are out */
    int row;      /* inside an object that is a row */
    int next;     /* where the next member is looked for first */
    column_t *at; /* whose value comes */
    int depth;    /* inside of a nested value */
    ccgw_out_t nested;
    ccgw_jsv_t jsv; /* writes it */
} csv_t;

/* ---- rows ---- */

static void put_cell(ccgw_out_t *out, const char *text)
{
    const char *clean = ccgw_format_clean(text, out->pool);

    if (*clean != '[' && *clean != '{' && !strpbrk(clean, "\",\r\n")) {
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

static void put_header(csv_t *csv)
{
    int i;

    for (i = 0; i < csv->ncolumns && !csv->headed; i++) {
        ccgw_out_t name;

        ccgw_out_init(&name, 32, csv->out->pool);
        ccgw_format_pascal(&name, csv->columns[i].name);
        if (i)
            ccgw_out_putc(csv->out, ',');
        put_cell(csv->out, name.p);
    }
    if (!csv->headed && csv->ncolumns)
        ccgw_out_puts(csv->out, "\r\n");
    csv->headed = 1;
}

static void put_row(csv_t *csv)
{
    int i;

    put_header(csv);
    for (i = 0; i < csv->ncolumns; i++) {
        if (i)
            ccgw_out_putc(csv->out, ',');
        if (csv->columns[i].cell)
            put_cell(csv->out, csv->columns[i].cell);
        csv->columns[i].cell = NULL;
    }
    if (csv->ncolumns)
        ccgw_out_puts(csv->out, "\r\n");
}

/* The column NAME; a new one when there is none yet and the names are not out. NULL: no room. */
static column_t *find_column(csv_t *csv, const char *name)
{
    int i;

    for (i = 0; i < csv->ncolumns; i++) {
        column_t *column = &csv->columns[(csv->next + i) % csv->ncolumns];

        if (!strcmp(column->name, name)) {
            csv->next = (int)(column - csv->columns) + 1;
            return column;
        }
    }
    if (csv->headed || csv->ncolumns == CCGW_SHAPE_MEMBERS)
        return NULL;
    csv->columns[csv->ncolumns].name = name;
    csv->columns[csv->ncolumns].cell = NULL;
    csv->next = csv->ncolumns + 1;
    return &csv->columns[csv->ncolumns++];
}

/* All names objects of SHAPE may have, in their order: rows need not have all of them. */
static void add_columns(csv_t *csv, const ccgw_shape_t *shape)
{
    const ccgw_member_t *named;

    for (named = shape->members; named->kind != CCGW_KIND_UNSET; named++) {
        if (named->kind == CCGW_KIND_MEMBERS)
            add_columns(csv, named->of);
        else if (named->name)
            find_column(csv, named->name);
    }
}

static void set_cell(csv_t *csv, const char *text)
{
    if (csv->row) {
        if (csv->at)
            csv->at->cell = text;
        return;
    }
    /* An item of a list of texts: a row of its own. */
    put_cell(csv->out, text);
    ccgw_out_puts(csv->out, "\r\n");
}

/* ---- calls ---- */

static void begin_nested(csv_t *csv)
{
    if (csv->depth++)
        return;
    ccgw_out_init(&csv->nested, 64, csv->out->pool);
    csv->jsv = (ccgw_jsv_t){ .out = &csv->nested };
}

static void end_nested(csv_t *csv)
{
    if (!--csv->depth)
        set_cell(csv, csv->nested.p);
}

static void begin_object(void *baton, const ccgw_shape_t *shape)
{
    csv_t *csv = baton;

    if (csv->row) {
        begin_nested(csv);
        ccgw_jsv_calls.begin_object(&csv->jsv, shape);
        return;
    }
    if (shape && !csv->headed)
        add_columns(csv, shape);
    csv->row = 1;
    csv->next = 0;
}

static void end_object(void *baton)
{
    csv_t *csv = baton;

    if (csv->depth) {
        ccgw_jsv_calls.end_object(&csv->jsv);
        end_nested(csv);
        return;
    }
    put_row(csv);
    csv->row = 0;
}

static void begin_list(void *baton, const ccgw_shape_t *of)
{
    csv_t *csv = baton;

    if (csv->row) {
        begin_nested(csv);
        ccgw_jsv_calls.begin_list(&csv->jsv, of);
    }
    else if (of) {
        add_columns(csv, of);
        put_header(csv);
    }
}

static void end_list(void *baton)
{
    csv_t *csv = baton;

    if (csv->depth) {
        ccgw_jsv_calls.end_list(&csv->jsv);
        end_nested(csv);
    }
}

static void member(void *baton, const char *name)
{
    csv_t *csv = baton;

    if (csv->depth)
        ccgw_jsv_calls.member(&csv->jsv, name);
    else
        csv->at = find_column(csv, name);
}

static void string(void *baton, const char *value)
{
    csv_t *csv = baton;

    if (csv->depth)
        ccgw_jsv_calls.string(&csv->jsv, value);
    else
        set_cell(csv, apr_pstrdup(csv->out->pool, value));
}

static void number(void *baton, apr_int64_t value)
{
    csv_t *csv = baton;

    if (csv->depth)
        ccgw_jsv_calls.number(&csv->jsv, value);
    else
        set_cell(csv, apr_psprintf(csv->out->pool, "%" APR_INT64_T_FMT, value));
}

static void boolean(void *baton, int value)
{
    csv_t *csv = baton;

    if (csv->depth)
        ccgw_jsv_calls.boolean(&csv->jsv, value);
    else
        set_cell(csv, value ? "True" : "False");
}

static void null(void *baton)
{
    csv_t *csv = baton;

    if (csv->depth)
        ccgw_jsv_calls.null(&csv->jsv);
}

static const ccgw_writer_t calls = {
    .name = "csv",
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

static void write_csv(ccgw_out_t *out, const ccgw_shape_t *shape, const void *object, const ccgw_view_t *view)
{
    csv_t csv = { .out = out };

    ccgw_shape_walk(&calls, &csv, shape, object, view);
}

const ccgw_format_t ccgw_format_csv = {
    .name = "csv",
    .content_type = "text/csv",
    .write = write_csv,
    .disposition = "attachment;filename=\"%s.csv\"",
};
