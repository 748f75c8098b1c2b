/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_shape.c: the walk over a shape, and the JSON writer. */
#include "api/ccgw_shape.h"

#include "util/ccgw_id.h"
#include "util/ccgw_json.h"
#include "util/ccgw_time.h"

#include <apr_lib.h>
#include <string.h>

typedef struct walk_t {
    const ccgw_writer_t *writer;
    void *baton;
    const ccgw_view_t *view;
} walk_t;

static void write_member(const walk_t *walk, const ccgw_member_t *member, const char *object);
static void walk_members(const walk_t *walk, const ccgw_shape_t *shape, const void *object);
static void walk_sorted(const walk_t *walk, const ccgw_shape_t *shape, const void *object);

/* ---- values ---- */

static void write_name(const walk_t *walk, const ccgw_member_t *member)
{
    if (member->name)
        walk->writer->member(walk->baton, member->name);
}

static void leave_out(const walk_t *walk, const ccgw_member_t *member)
{
    if (walk->writer->absent)
        walk->writer->absent(walk->baton, member);
}

static void write_object(const walk_t *walk, const ccgw_shape_t *shape, const void *object)
{
    if (shape->bare) {
        write_member(walk, shape->members, object);
        return;
    }
    walk->writer->begin_object(walk->baton, shape);
    if (walk->writer->sorted)
        walk_sorted(walk, shape, object);
    else
        walk_members(walk, shape, object);
    walk->writer->end_object(walk->baton);
}

static void write_str(const walk_t *walk, const ccgw_member_t *member, const char *text)
{
    if (member->optional && !ccgw_str_given(text)) {
        leave_out(walk, member);
        return;
    }
    write_name(walk, member);
    if (text)
        walk->writer->string(walk->baton, text);
    else
        walk->writer->null(walk->baton);
}

static void write_number(const walk_t *walk, const ccgw_member_t *member, apr_int64_t number)
{
    if (member->optional && !number) {
        leave_out(walk, member);
        return;
    }
    write_name(walk, member);
    walk->writer->number(walk->baton, number);
}

static void write_enum(const walk_t *walk, const ccgw_member_t *member, int number)
{
    const ccgw_value_t *value = member->values;

    if (!value) {
        write_number(walk, member, number);
        return;
    }
    while (value->name && value->number != number)
        value++;
    write_str(walk, member, !member->optional || number ? value->name : NULL);
}

static void write_id(const walk_t *walk, const ccgw_member_t *member, ccgw_id_t id)
{
    char hex[17];

    ccgw_id_hex(hex, id);
    write_str(walk, member, id || !member->optional ? hex : NULL);
}

static void write_time(const walk_t *walk, const ccgw_member_t *member, apr_int64_t t)
{
    char text[32];

    if (member->optional && !t) {
        leave_out(walk, member);
        return;
    }
    if (member->time == CCGW_TIME_MILLIS) {
        write_number(walk, member, t / 1000);
        return;
    }
    if (member->time == CCGW_TIME_ISO)
        ccgw_time_iso(text, t);
    else
        ccgw_time_zoned(text, t);
    write_str(walk, member, text);
}

static void write_strs(const walk_t *walk, const ccgw_member_t *member, ccgw_strs_t strs)
{
    int i;

    if (member->optional && !strs.n) {
        leave_out(walk, member);
        return;
    }
    write_name(walk, member);
    walk->writer->begin_list(walk->baton, NULL);
    for (i = 0; i < strs.n; i++)
        walk->writer->string(walk->baton, ccgw_str_or_empty(strs.v[i]));
    walk->writer->end_list(walk->baton);
}

static void write_pairs(const walk_t *walk, const ccgw_member_t *member, ccgw_pairs_t pairs)
{
    int i;

    if (member->optional && !pairs.n) {
        leave_out(walk, member);
        return;
    }
    write_name(walk, member);
    walk->writer->begin_object(walk->baton, NULL);
    for (i = 0; i < pairs.n; i++) {
        walk->writer->member(walk->baton, pairs.v[i].key);
        if (pairs.v[i].kind == CCGW_PAIR_TEXT && pairs.v[i].text)
            walk->writer->string(walk->baton, pairs.v[i].text);
        else if (pairs.v[i].kind == CCGW_PAIR_NUMBER)
            walk->writer->number(walk->baton, pairs.v[i].number);
        else
            walk->writer->null(walk->baton);
    }
    walk->writer->end_object(walk->baton);
}

/* The pairs of PAIRS: given by a function, an array beside its count, or a ccgw_pairs_t. */
static ccgw_pairs_t find_pairs(const walk_t *walk, const ccgw_member_t *member, const char *object)
{
    ccgw_pairs_t pairs;

    if (member->fn_pairs)
        return member->fn_pairs(object, walk->view);
    if (!member->count)
        return *(const ccgw_pairs_t *)(object + member->offset);
    pairs.v = *(ccgw_pair_t *const *)(object + member->offset);
    pairs.n = *(const int *)(object + member->count);
    return pairs;
}

static const char *find_items(int *n, const walk_t *walk, const ccgw_member_t *member, const char *object)
{
    const char *items;

    *n = 0;
    if (member->items) {
        items = member->items(n, object, walk->view);
    }
    else {
        items = *(const char *const *)(object + member->offset);
        *n = *(const int *)(object + member->count);
    }
    if (!items)
        *n = 0;
    return items;
}

static void write_list(const walk_t *walk, const ccgw_member_t *member, const char *object)
{
    int i, n;
    const char *items = find_items(&n, walk, member, object);

    if (member->optional && n < 1) {
        leave_out(walk, member);
        return;
    }
    write_name(walk, member);
    walk->writer->begin_list(walk->baton, member->kind == CCGW_KIND_LIST ? member->of : NULL);
    for (i = 0; i < n; i++) {
        const char *item = items + (apr_size_t)i * member->of->size;

        if (member->kind == CCGW_KIND_LIST)
            write_object(walk, member->of, item);
        else
            walk->writer->string(walk->baton, ccgw_str_or_empty(member->fn(item, walk->view)));
    }
    walk->writer->end_list(walk->baton);
}

/* The struct a nested shape describes; NULL: none, or over nothing. */
static const char *find_nested(const ccgw_member_t *member, const char *object)
{
    const char *nested = object ? object + member->offset : NULL;

    return member->pointer ? *(const char *const *)nested : nested;
}

static void write_nested(const walk_t *walk, const ccgw_member_t *member, const char *object)
{
    const char *nested = find_nested(member, object);

    if (member->pointer && !nested) {
        if (member->kind == CCGW_KIND_OBJECT)
            leave_out(walk, member);
        return;
    }
    if (member->kind == CCGW_KIND_MEMBERS) {
        walk_members(walk, member->of, nested);
        return;
    }
    write_name(walk, member);
    write_object(walk, member->of, nested);
}

static void write_const(const walk_t *walk, const ccgw_member_t *member)
{
    write_name(walk, member);
    if (member->text)
        walk->writer->string(walk->baton, member->text);
    else
        walk->writer->number(walk->baton, member->number);
}

static void write_bool(const walk_t *walk, const ccgw_member_t *member, int value)
{
    if (member->optional && !value) {
        leave_out(walk, member);
        return;
    }
    write_name(walk, member);
    walk->writer->boolean(walk->baton, value != 0);
}

/* A text that a function makes is left out when there is none: nobody could say null on purpose. */
static void write_text(const walk_t *walk, const ccgw_member_t *member, const void *object)
{
    const char *text = member->fn(object, walk->view);

    if (text)
        write_str(walk, member, text);
    else
        leave_out(walk, member);
}

/* ---- walk ---- */

/* What is made by functions or stands in the table. */
static void write_made(const walk_t *walk, const ccgw_member_t *member, const char *object)
{
    switch (member->kind) {
    case CCGW_KIND_CONST: write_const(walk, member); break;
    case CCGW_KIND_TRUE: write_bool(walk, member, 1); break;
    case CCGW_KIND_TEXT: write_text(walk, member, object); break;
    case CCGW_KIND_NUMBER: write_number(walk, member, member->numfn(object, walk->view)); break;
    case CCGW_KIND_TEXTS: write_strs(walk, member, member->fn_list(object, walk->view)); break;
    case CCGW_KIND_PAIRS: write_pairs(walk, member, find_pairs(walk, member, object)); break;
    case CCGW_KIND_LIST:
    case CCGW_KIND_URIS: write_list(walk, member, object); break;
    case CCGW_KIND_OBJECT:
    case CCGW_KIND_MEMBERS: write_nested(walk, member, object); break;
    default: break;
    }
}

static void write_member(const walk_t *walk, const ccgw_member_t *member, const char *object)
{
    const char *field = object ? object + member->offset : NULL;

    switch (member->kind) {
    case CCGW_KIND_STR: write_str(walk, member, *(const char *const *)field); break;
    case CCGW_KIND_INT: write_number(walk, member, *(const apr_int64_t *)field); break;
    case CCGW_KIND_ENUM: write_enum(walk, member, *(const int *)field); break;
    case CCGW_KIND_BOOL:
        write_bool(walk, member, member->numfn ? member->numfn(object, walk->view) != 0 : *(const int *)field);
        break;
    case CCGW_KIND_ID: write_id(walk, member, *(const ccgw_id_t *)field); break;
    case CCGW_KIND_STRS: write_strs(walk, member, *(const ccgw_strs_t *)field); break;
    case CCGW_KIND_TIME: write_time(walk, member, *(const apr_int64_t *)field); break;
    default: write_made(walk, member, object); break;
    }
}

static void walk_members(const walk_t *walk, const ccgw_shape_t *shape, const void *object)
{
    const ccgw_member_t *member;

    for (member = shape->members; member->kind != CCGW_KIND_UNSET; member++) {
        if (!member->when || member->when(object, walk->view) == 1)
            write_member(walk, member, object);
    }
}

/* ---- sorted walk ---- */

typedef struct place_t {
    const ccgw_member_t *member;
    const char *object;
    const char *xmlns;
    int level; /* of inheritance: the highest comes first */
    int ordered;
} place_t;

typedef struct places_t {
    const walk_t *walk;
    int n;
    place_t v[CCGW_SHAPE_MEMBERS];
} places_t;

static int compare_names(const char *a, const char *b)
{
    int first = apr_toupper(*a) - apr_toupper(*b);

    return first || !*a ? first : strcmp(a + 1, b + 1);
}

static int comes_before(const place_t *a, const place_t *b)
{
    if (a->level != b->level)
        return a->level > b->level;
    return !a->ordered && compare_names(a->member->name, b->member->name) < 0;
}

static void add_place(places_t *places, const place_t *place)
{
    int at = places->n;

    if (places->n == CCGW_SHAPE_MEMBERS)
        return;
    for (; at > 0 && comes_before(place, &places->v[at - 1]); at--)
        places->v[at] = places->v[at - 1];
    places->v[at] = *place;
    places->n++;
}

static void collect(places_t *places, const ccgw_shape_t *shape, const char *object, const char *xmlns, int level)
{
    const walk_t *walk = places->walk;
    const ccgw_member_t *member;

    for (member = shape->members; member->kind != CCGW_KIND_UNSET; member++) {
        place_t place = { member, object, xmlns, level, shape->ordered };
        const char *nested;

        if (member->when && member->when(object, walk->view) != 1)
            continue;
        if (member->kind != CCGW_KIND_MEMBERS) {
            add_place(places, &place);
            continue;
        }
        nested = find_nested(member, object);
        if (nested || !member->pointer)
            collect(places, member->of, nested, member->of->xmlns ? member->of->xmlns : xmlns,
                    level + (member->of->xmlns != NULL));
    }
}

static void walk_sorted(const walk_t *walk, const ccgw_shape_t *shape, const void *object)
{
    places_t places;
    int i;

    places.walk = walk;
    places.n = 0;
    collect(&places, shape, object, shape->xmlns, 0);
    for (i = 0; i < places.n; i++) {
        if (walk->writer->space && (!i || places.v[i].level != places.v[i - 1].level))
            walk->writer->space(walk->baton, places.v[i].xmlns);
        write_member(walk, places.v[i].member, places.v[i].object);
    }
}

void ccgw_shape_walk(const ccgw_writer_t *writer, void *baton, const ccgw_shape_t *shape, const void *object,
                     const ccgw_view_t *view)
{
    walk_t walk = { writer, baton, view };

    write_object(&walk, shape, object);
}

/* ---- JSON ---- */

typedef struct json_writer_t {
    ccgw_out_t *out;
    int comma; /* something stands before the next name or item */
} json_writer_t;

static void begin_value(json_writer_t *json)
{
    if (json->comma)
        ccgw_out_putc(json->out, ',');
    json->comma = 1;
}

static void json_begin_object(void *baton, const ccgw_shape_t *shape)
{
    json_writer_t *json = baton;

    begin_value(json);
    ccgw_out_putc(json->out, '{');
    json->comma = 0;
}

static void json_end_object(void *baton)
{
    json_writer_t *json = baton;

    ccgw_out_putc(json->out, '}');
    json->comma = 1;
}

static void json_begin_list(void *baton, const ccgw_shape_t *of)
{
    json_writer_t *json = baton;

    begin_value(json);
    ccgw_out_putc(json->out, '[');
    json->comma = 0;
}

static void json_end_list(void *baton)
{
    json_writer_t *json = baton;

    ccgw_out_putc(json->out, ']');
    json->comma = 1;
}

/* Most texts need no escape at all and are copied in one piece. */
static void put_quoted(ccgw_out_t *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\')
        at++;
    if (*at) {
        ccgw_json_quote(out, text);
        return;
    }
    ccgw_out_putc(out, '"');
    ccgw_out_put(out, text, (apr_size_t)(at - (const unsigned char *)text));
    ccgw_out_putc(out, '"');
}

static void json_member(void *baton, const char *name)
{
    json_writer_t *json = baton;

    begin_value(json);
    put_quoted(json->out, name);
    ccgw_out_putc(json->out, ':');
    json->comma = 0;
}

static void json_string(void *baton, const char *value)
{
    json_writer_t *json = baton;

    begin_value(json);
    put_quoted(json->out, value);
}

static void json_number(void *baton, apr_int64_t value)
{
    json_writer_t *json = baton;

    begin_value(json);
    ccgw_out_int(json->out, value);
}

static void json_boolean(void *baton, int value)
{
    json_writer_t *json = baton;

    begin_value(json);
    ccgw_out_puts(json->out, value ? "true" : "false");
}

static void json_null(void *baton)
{
    json_writer_t *json = baton;

    begin_value(json);
    ccgw_out_puts(json->out, "null");
}

static const ccgw_writer_t json_calls = {
    .name = "json",
    .begin_object = json_begin_object,
    .end_object = json_end_object,
    .begin_list = json_begin_list,
    .end_list = json_end_list,
    .member = json_member,
    .string = json_string,
    .number = json_number,
    .boolean = json_boolean,
    .null = json_null,
};

void ccgw_shape_json(ccgw_out_t *out, const ccgw_shape_t *shape, const void *object, const ccgw_view_t *view)
{
    json_writer_t json = { out, 0 };

    ccgw_shape_walk(&json_calls, &json, shape, object, view);
}
