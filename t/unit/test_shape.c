/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_shape.c: what structs become on the wire, kind by kind. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "api/ccgw_shape.h"
#include "util/ccgw_json.h"
#include "util/ccgw_time.h"

#include "tap.h"

typedef struct item_t {
    const char *name;
    apr_int64_t n;
} item_t;

typedef struct box_t {
    const char *text;
    apr_int64_t number;
    int color;
    int flag;
    ccgw_id_t id;
    ccgw_strs_t words;
    ccgw_pair_t *data;
    int ndata;
    ccgw_pairs_t pairs;
    apr_int64_t at;
    item_t inside;
    const item_t *behind;
    item_t *items;
    int nitems;
} box_t;

#define AT(member) offsetof(box_t, member)

static int has_number(const void *object, const ccgw_view_t *view)
{
    return ((const box_t *)object)->number != 0;
}

static int has_none(const void *object, const ccgw_view_t *view)
{
    return !has_number(object, view);
}

static const char *make_text(const void *object, const ccgw_view_t *view)
{
    const box_t *box = object;

    return box->text ? apr_pstrcat(view->pool, view->base, "/", box->text, NULL) : NULL;
}

static const char *make_uri(const void *object, const ccgw_view_t *view)
{
    return apr_pstrcat(view->pool, view->base, view->root, "/", ((const item_t *)object)->name, NULL);
}

static apr_int64_t double_number(const void *object, const ccgw_view_t *view)
{
    return 2 * ((const box_t *)object)->number;
}

static ccgw_strs_t twice(const void *object, const ccgw_view_t *view)
{
    static const char *texts[2];
    ccgw_strs_t strs = { texts, 2 };

    texts[0] = texts[1] = ((const box_t *)object)->text;
    return strs;
}

static const void *one_item(int *n, const void *object, const ccgw_view_t *view)
{
    *n = 1;
    return &((const box_t *)object)->inside;
}

static ccgw_pairs_t one_pair(const void *object, const ccgw_view_t *view)
{
    static ccgw_pair_t pair = { .key = "made", .text = "yes", .kind = CCGW_PAIR_TEXT };

    return (ccgw_pairs_t){ &pair, 1 };
}

/* clang-format off */
static const ccgw_value_t colors[] = { { "red", 1 }, { "green", 2 }, { "verde", 2 }, { NULL, 0 } };
static const ccgw_member_t item_members[] = {
    { "name", CCGW_KIND_STR, offsetof(item_t, name) },
    { "n", CCGW_KIND_INT, offsetof(item_t, n), .optional = 1 },
    { NULL }
};
static const ccgw_shape_t item_shape = { "item", item_members, sizeof(item_t) };

static item_t items[] = { { "one", 1 }, { "two", 0 } };
static const char *words[] = { "a", "b\"" };
static ccgw_pair_t pairs[] = {
    { .key = "s", .text = "t", .kind = CCGW_PAIR_TEXT },
    { .key = "n", .number = -4, .kind = CCGW_PAIR_NUMBER },
    { .key = "z", .kind = CCGW_PAIR_NULL },
};

#define NOTHING { .text = NULL }
typedef struct shape_case_t {
    const char *name;
    ccgw_member_t members[4];
    box_t box;
    const char *want;
} shape_case_t;

static const shape_case_t cases[] = {
    { "an empty shape", { { NULL } }, NOTHING, "{}" },
    { "a string", { { "a", CCGW_KIND_STR, AT(text) } }, { .text = "x" }, "{\"a\":\"x\"}" },
    { "no string", { { "a", CCGW_KIND_STR, AT(text) } }, NOTHING, "{\"a\":null}" },
    { "an optional string", { { "a", CCGW_KIND_STR, AT(text), .optional = 1 } }, NOTHING, "{}" },
    { "an optional empty string", { { "a", CCGW_KIND_STR, AT(text), .optional = 1 } }, { .text = "" }, "{}" },
    { "an empty string", { { "a", CCGW_KIND_STR, AT(text) } }, { .text = "" }, "{\"a\":\"\"}" },
    { "what must be escaped", { { "a", CCGW_KIND_STR, AT(text) } }, { .text = "\"\\/\b\f\n\r\t\x01\x1f\x7f" },
      "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"}" },
    { "what is not ASCII", { { "a", CCGW_KIND_STR, AT(text) } }, { .text = "\xc3\xa9\xf0\x9f\x98\x80" },
      "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\"}" },
    { "what is not UTF-8", { { "a", CCGW_KIND_STR, AT(text) } }, { .text = "a\xff" "b\xc3" },
      "{\"a\":\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"}" },
    { "numbers", { { "a", CCGW_KIND_INT, AT(number) }, { "b", CCGW_KIND_NUMBER, .numfn = double_number } },
      { .number = -7 }, "{\"a\":-7,\"b\":-14}" },
    { "the lowest number", { { "a", CCGW_KIND_INT, AT(number) } }, { .number = APR_INT64_MIN },
      "{\"a\":-9223372036854775808}" },
    { "zero", { { "a", CCGW_KIND_INT, AT(number) }, { "b", CCGW_KIND_INT, AT(number), .optional = 1 } },
      NOTHING, "{\"a\":0}" },
    { "an enumeration's first name", { { "a", CCGW_KIND_ENUM, AT(color), .values = colors } }, { .color = 2 },
      "{\"a\":\"green\"}" },
    { "a value without a name", { { "a", CCGW_KIND_ENUM, AT(color), .values = colors } }, { .color = 3 },
      "{\"a\":null}" },
    { "an unset enumeration", { { "a", CCGW_KIND_ENUM, AT(color), .values = colors, .optional = 1 } }, NOTHING,
      "{}" },
    { "an enumeration without names", { { "a", CCGW_KIND_ENUM, AT(color) } }, { .color = -3 }, "{\"a\":-3}" },
    { "booleans", { { "a", CCGW_KIND_BOOL, AT(flag) }, { "b", CCGW_KIND_BOOL, AT(color) }, { "c",
      CCGW_KIND_TRUE } },
      { .flag = 2 }, "{\"a\":true,\"b\":false,\"c\":true}" },
    { "an optional false", { { "a", CCGW_KIND_BOOL, AT(flag), .optional = 1 } }, NOTHING, "{}" },
    { "an id", { { "a", CCGW_KIND_ID, AT(id) } }, { .id = 0x1000000ffULL }, "{\"a\":\"00000001000000FF\"}" },
    { "an optional id", { { "a", CCGW_KIND_ID, AT(id), .optional = 1 } }, NOTHING, "{}" },
    { "constants", { { "a", CCGW_KIND_CONST, .text = "x" }, { "b", CCGW_KIND_CONST, .number = 5 } }, NOTHING,
      "{\"a\":\"x\",\"b\":5}" },
    { "strings", { { "a", CCGW_KIND_STRS, AT(words) } }, { .words = { words, 2 } }, "{\"a\":[\"a\",\"b\\\"\"]}" },
    { "no strings", { { "a", CCGW_KIND_STRS, AT(words) } }, NOTHING, "{\"a\":[]}" },
    { "optional strings", { { "a", CCGW_KIND_STRS, AT(words), .optional = 1 } }, NOTHING, "{}" },
    { "made strings", { { "a", CCGW_KIND_TEXTS, .fn_list = twice } }, { .text = "x" }, "{\"a\":[\"x\",\"x\"]}" },
    { "an array of pairs", { { "a", CCGW_KIND_PAIRS, AT(data), AT(ndata) } }, { .data = pairs, .ndata = 3 },
      "{\"a\":{\"s\":\"t\",\"n\":-4,\"z\":null}}" },
    { "pairs", { { "a", CCGW_KIND_PAIRS, AT(pairs) } }, { .pairs = { pairs, 1 } }, "{\"a\":{\"s\":\"t\"}}" },
    { "no pairs", { { "a", CCGW_KIND_PAIRS, AT(data), AT(ndata) },
      { "b", CCGW_KIND_PAIRS, AT(data), AT(ndata), .optional = 1 } }, NOTHING, "{\"a\":{}}" },
    { "made pairs", { { "a", CCGW_KIND_PAIRS, .fn_pairs = one_pair } }, NOTHING, "{\"a\":{\"made\":\"yes\"}}" },
    { "a time as a number", { { "a", CCGW_KIND_TIME, AT(at), .time = CCGW_TIME_MILLIS } },
      { .at = 1389039246007123LL },
      "{\"a\":1389039246007}" },
    { "a time in UTC", { { "a", CCGW_KIND_TIME, AT(at), .time = CCGW_TIME_ISO } }, { .at = 1389039246007000LL },
      "{\"a\":\"2014-01-06T20:14:06.0070000Z\"}" },
    { "a time with its zone", { { "a", CCGW_KIND_TIME, AT(at), .time = CCGW_TIME_ZONED } },
      { .at = 1389039246007000LL },
      "{\"a\":\"2014-01-06 12:14:06.007-0800\"}" },
    { "an optional time", { { "a", CCGW_KIND_TIME, AT(at), .time = CCGW_TIME_ISO, .optional = 1 } }, NOTHING,
      "{}" },
    { "a struct in place", { { "a", CCGW_KIND_OBJECT, AT(inside), .of = &item_shape }, { "b", CCGW_KIND_TRUE } },
      { .inside = { "x", 1 } }, "{\"a\":{\"name\":\"x\",\"n\":1},\"b\":true}" },
    { "a struct behind a pointer", { { "a", CCGW_KIND_OBJECT, AT(behind), .of = &item_shape, .pointer = 1 } },
      { .behind = &items[1] }, "{\"a\":{\"name\":\"two\"}}" },
    { "no struct behind it", { { "a", CCGW_KIND_OBJECT, AT(behind), .of = &item_shape, .pointer = 1 }, { "b",
      CCGW_KIND_TRUE } },
      NOTHING, "{\"b\":true}" },
    { "members of a struct in place", { { "a", CCGW_KIND_TRUE }, { NULL, CCGW_KIND_MEMBERS, AT(inside),
      .of = &item_shape },
      { "b", CCGW_KIND_TRUE } }, { .inside = { "x", 1 } }, "{\"a\":true,\"name\":\"x\",\"n\":1,\"b\":true}" },
    { "members behind a pointer", { { NULL, CCGW_KIND_MEMBERS, AT(behind), .of = &item_shape, .pointer = 1 } },
      { .behind = &items[1] }, "{\"name\":\"two\"}" },
    { "no members behind it", { { NULL, CCGW_KIND_MEMBERS, AT(behind), .of = &item_shape, .pointer = 1 } },
      NOTHING, "{}" },
    { "a list", { { "a", CCGW_KIND_LIST, AT(items), AT(nitems), .of = &item_shape }, { "b", CCGW_KIND_TRUE } },
      { .items = items, .nitems = 2 }, "{\"a\":[{\"name\":\"one\",\"n\":1},{\"name\":\"two\"}],\"b\":true}" },
    { "an empty list", { { "a", CCGW_KIND_LIST, AT(items), AT(nitems), .of = &item_shape },
      { "b", CCGW_KIND_LIST, AT(items), AT(nitems), .of = &item_shape, .optional = 1 } }, NOTHING, "{\"a\":[]}" },
    { "items a function finds", { { "a", CCGW_KIND_LIST, .of = &item_shape, .items = one_item } },
      { .inside = { "x", 0 } },
      "{\"a\":[{\"name\":\"x\"}]}" },
    { "addresses of a list", { { "a", CCGW_KIND_URIS, AT(items), AT(nitems), .of = &item_shape, .fn = make_uri } },
      { .items = items, .nitems = 2 }, "{\"a\":[\"http://h/r/one\",\"http://h/r/two\"]}" },
    { "a made text", { { "a", CCGW_KIND_TEXT, .fn = make_text } }, { .text = "x" }, "{\"a\":\"http://h/x\"}" },
    { "a made text that is none", { { "a", CCGW_KIND_TEXT, .fn = make_text } }, NOTHING, "{}" },
    { "one of two members of one name", { { "a", CCGW_KIND_CONST, .text = "some", .when = has_number },
      { "a", CCGW_KIND_CONST, .text = "none", .when = has_none } }, NOTHING, "{\"a\":\"none\"}" },
    { "the other", { { "a", CCGW_KIND_CONST, .text = "some", .when = has_number },
      { "a", CCGW_KIND_CONST, .text = "none", .when = has_none } }, { .number = 1 }, "{\"a\":\"some\"}" },
    { "a name that must be escaped", { { "a\"\n", CCGW_KIND_TRUE } }, NOTHING, "{\"a\\\"\\n\":true}" },
};
/* clang-format on */

static void check_case(const shape_case_t *c, const ccgw_view_t *view)
{
    ccgw_shape_t shape = { "box", c->members, sizeof(box_t) };
    const ccgw_json_t *json;
    const char *why;
    ccgw_out_t out;

    ccgw_out_init(&out, 16, view->pool);
    ccgw_out_puts(&out, "before");
    ccgw_shape_json(&out, &shape, &c->box, view);
    ok(!strncmp(out.p, "before", 6), "%s: is appended", c->name);
    is_str(out.p + 6, c->want, "%s", c->name);
    ok(ccgw_json_parse(&json, &why, out.p + 6, out.n - 6, view->pool) == APR_SUCCESS, "%s: is JSON", c->name);
}

/* Another format: names and values in document order, as letters. */
static void note_begin(void *out, const ccgw_shape_t *shape)
{
    ccgw_out_printf(out, "(%s ", shape ? shape->name : "map");
}

static void note_end(void *out)
{
    ccgw_out_puts(out, ") ");
}

static void note_list(void *out, const ccgw_shape_t *of)
{
    ccgw_out_puts(out, "[ ");
}

static void note_list_end(void *out)
{
    ccgw_out_puts(out, "] ");
}

static void note_text(void *out, const char *text)
{
    ccgw_out_printf(out, "%s ", text);
}

static void note_number(void *out, apr_int64_t number)
{
    ccgw_out_printf(out, "%" APR_INT64_T_FMT " ", number);
}

static void note_bool(void *out, int value)
{
    ccgw_out_puts(out, value ? "yes " : "no ");
}

static void note_null(void *out)
{
    ccgw_out_puts(out, "nil ");
}

static void check_other_writer(const ccgw_view_t *view)
{
    static const ccgw_writer_t notes = {
        .name = "notes",
        .begin_object = note_begin,
        .end_object = note_end,
        .begin_list = note_list,
        .end_list = note_list_end,
        .member = note_text,
        .string = note_text,
        .number = note_number,
        .boolean = note_bool,
        .null = note_null,
    };
    static const ccgw_member_t members[] = {
        { "list", CCGW_KIND_LIST, AT(items), AT(nitems), .of = &item_shape },
        { "flag", CCGW_KIND_BOOL, AT(flag) },
        { "data", CCGW_KIND_PAIRS, AT(data), AT(ndata) },
        { NULL },
    };
    static const ccgw_shape_t shape = { "box", members, sizeof(box_t) };
    box_t box = { .items = items, .nitems = 2, .data = pairs, .ndata = 3 };
    ccgw_out_t out;

    ccgw_out_init(&out, 16, view->pool);
    ccgw_shape_walk(&notes, &out, &shape, &box, view);
    is_str(out.p,
           "(box list [ (item name one n 1 ) (item name two ) ] flag no data (map s t n -4 z nil "
           ") ) ",
           "another writer is told the same in the same order");
}

int main(void)
{
    ccgw_view_t view = { .base = "http://h", .root = "/r" };
    apr_pool_t *pool;
    apr_size_t i;

    setenv("TZ", "America/Los_Angeles", 1);
    tzset();
    apr_initialize();
    apr_pool_create(&pool, NULL);
    view.pool = pool;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(&cases[i], &view);
    check_other_writer(&view);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
