/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_catalog.c: prints a dialect's rows, and checks in its tables what a compiler cannot. */
#include "api/ccgw_catalog.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#define PATHS_MAX  ((int)(sizeof(((ccgw_op_t *)0)->paths) / sizeof(((ccgw_op_t *)0)->paths[0])))
#define NESTED_MAX 16

/* ---- print ---- */

static const char *const method_names[] = {
    [CCGW_METHOD_UNSET] = "-", [CCGW_GET] = "GET",     [CCGW_POST] = "POST",      [CCGW_PUT] = "PUT",
    [CCGW_DELETE] = "DELETE",  [CCGW_PATCH] = "PATCH", [CCGW_ANY_METHOD] = "ANY",
};

static const char *const role_names[] = {
    [CCGW_ROLE_NOBODY] = "nobody",
    [CCGW_ROLE_AGENT] = "agent",
    [CCGW_ROLE_SUPERVISOR] = "supervisor",
    [CCGW_ROLE_ADMIN] = "admin",
};

void ccgw_catalog_print(ccgw_out_t *out, const ccgw_dialect_t *dialect)
{
    const char *root = strcmp(dialect->root, "/") ? dialect->root : "";
    const ccgw_op_t *op;
    int i;

    for (op = dialect->ops; op->id; op++) {
        for (i = 0; i < PATHS_MAX && op->paths[i]; i++)
            ccgw_out_printf(out, "%s\t%s\t%s\t%s%s%s%s\t%s\t%s\t%s\n", op->id, dialect->name, method_names[op->method],
                            root, op->paths[i], op->query ? "?" : "", ccgw_str_or_empty(op->query),
                            op->select ? op->select : "-", role_names[op->need], op->doc ? op->doc : "-");
    }
}

/* ---- check ---- */

typedef struct check_t {
    const char *row;            /* what a sentence begins with */
    apr_array_header_t *shapes; /* const ccgw_shape_t *: looked at already */
    apr_pool_t *pool;
} check_t;

typedef struct wire_name_t {
    const char *name;
    int conditional;
} wire_name_t;

static const char *check_shape(check_t *check, const ccgw_shape_t *shape, apr_size_t room);

/* Bytes that a value of KIND takes in its struct; 0: it reads none, or how many depends. */
static apr_size_t kind_size(ccgw_kind_t kind)
{
    switch (kind) {
    case CCGW_KIND_STR: return sizeof(const char *);
    case CCGW_KIND_INT:
    case CCGW_KIND_TIME: return sizeof(apr_int64_t);
    case CCGW_KIND_ENUM:
    case CCGW_KIND_BOOL: return sizeof(int);
    case CCGW_KIND_ID: return sizeof(ccgw_id_t);
    case CCGW_KIND_STRS: return sizeof(ccgw_strs_t);
    case CCGW_KIND_PAIRS: return sizeof(ccgw_pairs_t);
    case CCGW_KIND_PARSED: return 1;
    case CCGW_KIND_ITEMS: return sizeof(void *);
    default: return 0;
    }
}

static int fits_in(apr_size_t room, apr_size_t offset, apr_size_t size)
{
    return offset <= room && size <= room - offset;
}

/* What a parameter needs beside its place. */
static const char *check_kind(const ccgw_param_t *param, apr_size_t room, int inside)
{
    if (!kind_size(param->kind) || param->kind == CCGW_KIND_TIME)
        return "has a kind that cannot be read";
    if (!fits_in(room, param->offset, kind_size(param->kind)))
        return inside ? "lies outside its item" : "lies outside its verb's arguments";
    if (param->kind == CCGW_KIND_PARSED && !param->parse)
        return "has no function that parses it";
    if ((param->kind == CCGW_KIND_PAIRS || param->kind == CCGW_KIND_ITEMS) && param->where != CCGW_IN_BODY &&
        param->where != CCGW_IN_ANY)
        return "is an object outside of a body";
    if (param->kind == CCGW_KIND_ITEMS && (!param->item || !param->size || !fits_in(room, param->count, sizeof(int))))
        return "is a list of items that are not described";
    return NULL;
}

/* PARAMS over a struct of ROOM bytes; INSIDE: of an item. */
static const char *check_params(check_t *check, const ccgw_param_t *params, apr_size_t room, int inside)
{
    const ccgw_param_t *param;
    const char *fault = NULL;

    for (param = params; param && param->name; param++) {
        if (!*param->name)
            fault = "has no name";
        else if (param->where <= CCGW_IN_UNSET || param->where > CCGW_IN_ROW)
            fault = "stands nowhere in the request";
        else if (inside && param->where != CCGW_IN_BODY && param->where != CCGW_IN_ROW)
            fault = "stands outside of its item";
        else
            fault = check_kind(param, room, inside);
        if (fault)
            return apr_psprintf(check->pool, "%s: parameter '%s' %s", check->row, param->name, fault);
        if (param->kind == CCGW_KIND_ITEMS)
            fault = inside < NESTED_MAX ? check_params(check, param->item, param->size, inside + 1) : "too deep";
        if (fault)
            return fault;
    }
    return NULL;
}

/* ---- shapes ---- */

static int fits(const ccgw_shape_t *shape, apr_size_t offset, apr_size_t size)
{
    return offset <= shape->size && size <= shape->size - offset;
}

static const char *check_array(const ccgw_shape_t *shape, const ccgw_member_t *member)
{
    if (member->kind != CCGW_KIND_PAIRS) {
        if (!member->of || !member->of->size)
            return "is a list of items without a size";
        if (member->kind == CCGW_KIND_URIS && !member->fn)
            return "has no function";
    }
    if (member->items || member->fn_pairs)
        return NULL;
    if (member->kind == CCGW_KIND_PAIRS && !member->count)
        return fits(shape, member->offset, sizeof(ccgw_pairs_t)) ? NULL : "lies outside its struct";
    if (!member->count)
        return "does not say where its count stands";
    return fits(shape, member->offset, sizeof(void *)) && fits(shape, member->count, sizeof(int))
               ? NULL
               : "lies outside its struct";
}

static const char *check_nested(const ccgw_shape_t *shape, const ccgw_member_t *member)
{
    if (!member->of)
        return "has no shape";
    return fits(shape, member->offset, member->pointer ? sizeof(void *) : member->of->size) ? NULL
                                                                                            : "lies outside its struct";
}

static const char *check_member(const ccgw_shape_t *shape, const ccgw_member_t *member)
{
    if (!member->name && member->kind != CCGW_KIND_MEMBERS && !shape->bare)
        return "has no name";
    switch (member->kind) {
    case CCGW_KIND_LIST:
    case CCGW_KIND_URIS:
    case CCGW_KIND_PAIRS: return check_array(shape, member);
    case CCGW_KIND_OBJECT:
    case CCGW_KIND_MEMBERS: return check_nested(shape, member);
    case CCGW_KIND_TEXT: return member->fn ? NULL : "has no function";
    case CCGW_KIND_NUMBER: return member->numfn ? NULL : "has no function";
    case CCGW_KIND_TEXTS: return member->fn_list ? NULL : "has no function";
    case CCGW_KIND_CONST:
    case CCGW_KIND_TRUE: return NULL;
    case CCGW_KIND_TIME:
        if (member->time < CCGW_TIME_ZONED || member->time > CCGW_TIME_ISO)
            return "has no form of time";
        break;
    case CCGW_KIND_PARSED: return "has a kind that cannot be written";
    default: break;
    }
    return fits(shape, member->offset, kind_size(member->kind)) ? NULL : "lies outside its struct";
}

/* All names that end up in one object. Members that stand under a condition may share one. 0: too deep. */
static int collect_names(apr_array_header_t *names, const ccgw_shape_t *shape, int conditional, int depth)
{
    const ccgw_member_t *member;

    if (depth > NESTED_MAX)
        return 0;
    for (member = shape->members; member->kind != CCGW_KIND_UNSET; member++) {
        int when = conditional || member->when != NULL;

        if (member->kind == CCGW_KIND_MEMBERS) {
            if (member->of && !collect_names(names, member->of, when, depth + 1))
                return 0;
        }
        else if (member->name) {
            wire_name_t *name = apr_array_push(names);

            name->name = member->name;
            name->conditional = when;
        }
    }
    return 1;
}

static const char *check_names(check_t *check, const ccgw_shape_t *shape)
{
    apr_array_header_t *names = apr_array_make(check->pool, 16, sizeof(wire_name_t));
    int i, j;

    if (!collect_names(names, shape, 0, 0))
        return apr_psprintf(check->pool, "%s: shape '%s' is part of itself", check->row, shape->name);
    if (names->nelts > CCGW_SHAPE_MEMBERS)
        return apr_psprintf(check->pool, "%s: shape '%s' has more than %d members", check->row, shape->name,
                            CCGW_SHAPE_MEMBERS);
    if (shape->bare && (names->nelts || !shape->members->kind || shape->members[1].kind))
        return apr_psprintf(check->pool, "%s: shape '%s' is bare, but not of one member without a name", check->row,
                            shape->name);
    for (i = 0; i < names->nelts; i++) {
        const wire_name_t *a = &APR_ARRAY_IDX(names, i, wire_name_t);

        for (j = 0; j < i; j++) {
            const wire_name_t *b = &APR_ARRAY_IDX(names, j, wire_name_t);

            if (!strcmp(a->name, b->name) && !(a->conditional && b->conditional))
                return apr_psprintf(check->pool, "%s: shape '%s' has the name '%s' twice", check->row, shape->name,
                                    a->name);
        }
    }
    return NULL;
}

static int seen_shape(check_t *check, const ccgw_shape_t *shape)
{
    int i;

    for (i = 0; i < check->shapes->nelts; i++) {
        if (APR_ARRAY_IDX(check->shapes, i, const ccgw_shape_t *) == shape)
            return 1;
    }
    APR_ARRAY_PUSH(check->shapes, const ccgw_shape_t *) = shape;
    return 0;
}

static const char *check_members(check_t *check, const ccgw_shape_t *shape)
{
    const ccgw_member_t *member;
    const char *why;

    for (member = shape->members; member->kind != CCGW_KIND_UNSET; member++) {
        why = check_member(shape, member);
        if (why)
            return apr_psprintf(check->pool, "%s: member '%s' of shape '%s' %s", check->row,
                                ccgw_str_or_empty(member->name), shape->name, why);
        why = member->of ? check_shape(check, member->of, member->of->size) : NULL;
        if (why)
            return why;
    }
    return NULL;
}

/* SHAPE over a struct of ROOM bytes. */
static const char *check_shape(check_t *check, const ccgw_shape_t *shape, apr_size_t room)
{
    const char *why;

    if (!shape || !shape->name || !shape->members)
        return apr_psprintf(check->pool, "%s: a shape without name or members", check->row);
    if (shape->size > room)
        return apr_psprintf(check->pool, "%s: shape '%s' describes more than there is", check->row, shape->name);
    if (seen_shape(check, shape))
        return NULL;
    why = check_names(check, shape);
    return why ? why : check_members(check, shape);
}

/* ---- rows ---- */

static const char *check_verb(const ccgw_op_t *op)
{
    if (op->stream)
        return op->verb ? "has a verb and a stream" : op->params ? "is a stream with parameters" : NULL;
    if (!op->verb)
        return "has no verb";
    if (!op->verb->name || !op->verb->run)
        return "has a verb without a name or a function";
    if (!op->verb->args_size)
        return "has a verb without an argument struct";
    return op->reply && !op->verb->result_size ? "has a shape over a verb without a result" : NULL;
}

/* Rows that sign in, and headers of replies. */
static const char *check_extras(const ccgw_op_t *op)
{
    const ccgw_header_t *header;
    apr_size_t room = op->verb ? op->verb->args_size : 0;

    if (op->sign_in && op->need != CCGW_ROLE_NOBODY)
        return "signs in and needs somebody signed in";
    if (op->sign_in &&
        (!fits_in(room, op->sign_in->user, sizeof(char *)) || !fits_in(room, op->sign_in->password, sizeof(char *))))
        return "signs in by what lies outside its verb's arguments";
    for (header = op->headers; header && header->name; header++) {
        if (!header->fn)
            return "has a header without a function";
    }
    return op->headers && op->stream ? "is a stream with headers" : NULL;
}

static const char *check_row(check_t *check, const ccgw_dialect_t *dialect, const ccgw_op_t *op)
{
    const char *fault = check_verb(op), *why;

    check->row = apr_psprintf(check->pool, "row %s", op->id);
    if (op->method <= CCGW_METHOD_UNSET || op->method > CCGW_ANY_METHOD)
        fault = "has no method";
    else if (!op->paths[0])
        fault = "has no path";
    else if (op->select && !dialect->selector)
        fault = "has a selector in a dialect without";
    else if (op->need < CCGW_ROLE_NOBODY || op->need > CCGW_ROLE_ADMIN)
        fault = "needs an unknown role";
    if (!fault)
        fault = check_extras(op);
    if (fault)
        return apr_psprintf(check->pool, "%s %s", check->row, fault);
    why = op->params ? check_params(check, op->params, op->verb->args_size, 0) : NULL;
    if (!why && op->reply)
        why = check_shape(check, op->reply, op->verb ? op->verb->result_size : 0);
    return why;
}

static const char *check_events(check_t *check, const ccgw_event_row_t *row)
{
    const char *why = NULL;

    check->row = "events";
    for (; !why && row && row->type; row++) {
        if (!row->topic)
            return apr_psprintf(check->pool, "events: row of type %d has no topic", row->type);
        why = check_shape(check, row->shape, sizeof(ccgw_event_t));
    }
    return why;
}

static const char *check_errors(const ccgw_dialect_t *dialect)
{
    const ccgw_error_row_t *row;

    for (row = dialect->errors; row->code; row++) {
        if (row->http < 100 || row->http > 599)
            return "has an error row without an HTTP status";
    }
    return row->http < 100 || row->http > 599 ? "has no error row for everything else" : NULL;
}

const char *ccgw_catalog_check(const ccgw_dialect_t *dialect, apr_pool_t *pool)
{
    check_t check = { .pool = pool, .row = "errors" };
    const char *why = NULL;
    const ccgw_op_t *op;

    if (!dialect->name || !dialect->root || *dialect->root != '/' || !dialect->ops || !dialect->errors ||
        !dialect->content_type)
        return "a dialect without name, root, rows, errors or content type";
    why = check_errors(dialect);
    if (why)
        return apr_psprintf(pool, "dialect %s %s", dialect->name, why);
    check.shapes = apr_array_make(pool, 32, sizeof(const ccgw_shape_t *));
    why = check_shape(&check, dialect->error, sizeof(ccgw_error_reply_t));
    if (!why) {
        check.row = "done";
        why = check_shape(&check, dialect->done, 0);
    }
    if (!why)
        why = check_events(&check, dialect->events);
    for (op = dialect->ops; !why && op->id; op++)
        why = check_row(&check, dialect, op);
    return why;
}
