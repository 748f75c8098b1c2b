/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_bind.c: what a request's parameters become in a verb's struct, and every way in which they can be wrong. */
#include <apr_general.h>
#include <apr_strings.h>

#include "api/ccgw_bind.h"
#include "api/ccgw_route.h"

#include "tap.h"
#include "tiny.h"

#define FORM  "application/x-www-form-urlencoded"
#define PAINT "\"do\":\"Paint\",\"text\":\"hello\""

typedef struct bind_case_t {
    const char *name;
    ccgw_method_t method;
    const char *path, *query, *type, *body;
    apr_status_t want;
    const char *told; /* the struct as text; or "field: a part of the sentence" of the first fault */
} bind_case_t;

/* clang-format off */
static const bind_case_t cases[] = {
    { "all kinds at once", CCGW_POST, "/things/a%20b", NULL, NULL,
      "{" PAINT ",\"more\":\"x\",\"number\":-5,\"color\":\"verde\",\"plain\":7,\"flag\":true,"
      "\"session\":\"00000001000000FF\","
      "\"words\":[\"p\",\"q,r\"],\"data\":{\"s\":\"t\",\"n\":-9,\"z\":null,\"b\":true,\"e\":\"\",\"r\":1.5},"
      "\"even\":\"1234\"}",
      0, "id=a b text=hello more=x number=-5 color=2 plain=7 flag=1 fixed=42 session=4294967551 words=[p][q,r] "
      "data=[s:t][n:#-9][z:null][b:true][e:][r:1.5] even=4" },
    { "only what is required", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT "}",
      0, "id=1 text=hello fixed=42" },
    { "null is as good as left out", CCGW_POST, "/things/1", NULL, NULL,
      "{" PAINT ",\"number\":null,\"data\":null,\"words\":null}",
      0, "id=1 text=hello fixed=42" },
    { "the second spelling", CCGW_POST, "/things/1", NULL, NULL, "{\"do\":\"Paint\",\"message\":\"hello\"}",
      0, "id=1 text=hello fixed=42" },
    { "a constant of the row is not the client's", CCGW_POST, "/things/1", "fixed=3", NULL,
      "{" PAINT ",\"fixed\":5}",
      0, "id=1 text=hello fixed=42" },
    { "either place: the body", CCGW_POST, "/things/1", "more=query", NULL, "{" PAINT ",\"more\":\"body\"}",
      0, "id=1 text=hello more=body fixed=42" },
    { "either place: the query", CCGW_POST, "/things/1", "more=query", NULL, "{" PAINT "}",
      0, "id=1 text=hello more=query fixed=42" },
    { "a body's parameter does not stand in the query", CCGW_POST, "/things/1", "number=3", NULL, "{" PAINT "}",
      0, "id=1 text=hello fixed=42" },
    { "strings from numbers and booleans", CCGW_POST, "/things/1", NULL, NULL,
      "{\"do\":\"Paint\",\"text\":1234,\"more\":false}",
      0, "id=1 text=1234 more=false fixed=42" },
    { "numbers from strings", CCGW_POST, "/things/1", NULL, NULL,
      "{" PAINT ",\"number\":\"-3\",\"flag\":\"TRUE\",\"plain\":\"8\"}",
      0, "id=1 text=hello number=-3 plain=8 flag=1 fixed=42" },
    { "a whole number with a point", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"number\":2.0,\"flag\":1}",
      0, "id=1 text=hello number=2 flag=1 fixed=42" },
    { "a word is a list of one", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"words\":\"p,q\"}",
      0, "id=1 text=hello fixed=42 words=[p,q]" },
    { "numbers in a list of words", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"words\":[1,\"\"]}",
      0, "id=1 text=hello fixed=42 words=[1][]" },
    { "the dashed spelling of an id", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"session\":\"1-255\"}",
      0, "id=1 text=hello fixed=42 session=4294967551" },
    { "what is no id is no fault", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"session\":[\"x\"]}",
      0, "id=1 text=hello fixed=42" },
    { "a form", CCGW_POST, "/things/1", NULL, FORM, "do=Paint&text=a+b%21&number=4&flag=false&words=p,,q&color=red",
      0, "id=1 text=a b! number=4 color=1 fixed=42 words=[p][q]" },
    { "a query", CCGW_GET, "/things", "limit=100&color=green&words=a,b%2Cc&text=", NULL, NULL,
      0, "text= more=%head number=100 color=2 words=[a][b][c]" },
    { "one of a group", CCGW_POST, "/things", NULL, NULL, "{\"extra\":\"x\"}", 0, "more=x" },
    { "non-ASCII text", CCGW_POST, "/things/1", NULL, NULL,
      "{\"do\":\"Paint\",\"text\":\"\\ud83d\\ude00\xc3\xa9\"}",
      0, "id=1 text=\xf0\x9f\x98\x80\xc3\xa9 fixed=42" },

    { "nothing of a group", CCGW_POST, "/things", NULL, NULL, "{\"number\":1}", CCGW_EMISSING,
      "text: one of text, more is missing" },
    { "only null of a group", CCGW_POST, "/things", NULL, NULL, "{\"text\":null}", CCGW_EMISSING,
      "text: one of text, more" },
    { "no body at all", CCGW_POST, "/things", NULL, NULL, NULL, CCGW_EMISSING, "text: one of text, more" },
    { "required and missing", CCGW_POST, "/things/1", NULL, NULL, "{\"do\":\"Paint\"}", CCGW_EMISSING,
      "text: text is missing" },
    { "required and null", CCGW_POST, "/things/1", NULL, NULL, "{\"do\":\"Paint\",\"text\":null}",
      CCGW_EMISSING, "text: text is missing" },
    { "the field as it was spelt", CCGW_POST, "/things/1", NULL, NULL, "{\"do\":\"Paint\",\"message\":\"x\"}",
      CCGW_ERANGE, "message: message: 'x' is shorter than 2" },
    { "too long", CCGW_POST, "/things/1", NULL, NULL, "{\"do\":\"Paint\",\"text\":\"12345678901\"}",
      CCGW_ERANGE, "text: text: '12345678901' is longer than 10 bytes" },
    { "bytes count, not characters", CCGW_POST, "/things/1", NULL, NULL,
      "{\"do\":\"Paint\",\"text\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}",
      CCGW_ERANGE, "text: text: '\xc3\xa9\xc3\xa9" },
    { "an object as text", CCGW_POST, "/things/1", NULL, NULL, "{\"do\":\"Paint\",\"text\":{\"a\":1}}",
      CCGW_EINVAL, "text: text: '{\"a\":1}' is not a string" },
    { "an array as text", CCGW_POST, "/things/1", NULL, NULL, "{\"do\":\"Paint\",\"text\":[]}", CCGW_EINVAL,
      "text: text: '[]' is not" },
    { "a number below", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"number\":-6}", CCGW_ERANGE,
      "number: number: '-6' is not between -5 and 5" },
    { "a number above", CCGW_GET, "/things", "limit=101", NULL, NULL, CCGW_ERANGE,
      "limit: limit: '101' is not between 1 and 100" },
    { "a fraction", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"number\":1.5}", CCGW_EINVAL,
      "number: number: '1.5' is not a whole" },
    { "a huge real", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"number\":1e300}", CCGW_EINVAL, "number: " },
    { "a boolean as number", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"number\":true}", CCGW_EINVAL,
      "number: number: 'true' is not a whole" },
    { "digits beyond 64 bits", CCGW_GET, "/things", "limit=99999999999999999999", NULL, NULL, CCGW_ERANGE,
      "limit: limit: '99999999999999999999' is out" },
    { "digits and more", CCGW_GET, "/things", "limit=5x", NULL, NULL, CCGW_EINVAL,
      "limit: limit: '5x' is not a whole" },
    { "a blank before", CCGW_GET, "/things", "limit=+5", NULL, NULL, CCGW_EINVAL,
      "limit: limit: ' 5' is not a whole" },
    { "a lone minus", CCGW_GET, "/things", "limit=-", NULL, NULL, CCGW_EINVAL, "limit: limit: '-' is not a whole" },
    { "hex digits", CCGW_GET, "/things", "limit=0x5", NULL, NULL, CCGW_EINVAL,
      "limit: limit: '0x5' is not a whole" },
    { "an empty number", CCGW_GET, "/things", "limit=", NULL, NULL, CCGW_EINVAL,
      "limit: limit: '' is not a whole" },
    { "no value of the enumeration", CCGW_GET, "/things", "color=blue", NULL, NULL, CCGW_EINVAL,
      "color: color: 'blue' is none of red, green, verde" },
    { "case of a value matters", CCGW_GET, "/things", "color=Red", NULL, NULL, CCGW_EINVAL,
      "color: color: 'Red' is none" },
    { "an object as enumeration", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"color\":{}}", CCGW_EINVAL,
      "color: color: '{}' is none" },
    { "a plain number beyond an int", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"plain\":4294967296}",
      CCGW_ERANGE, "plain: " },
    { "neither true nor false", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"flag\":\"yes\"}", CCGW_EINVAL,
      "flag: flag: 'yes' is neither" },
    { "an object as list", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"words\":{\"a\":1}}", CCGW_EINVAL,
      "words: " },
    { "null in a list", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"words\":[\"a\",null]}", CCGW_EINVAL,
      "words: " },
    { "a list in a list", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"words\":[[\"a\"]]}", CCGW_EINVAL,
      "words: " },
    { "a nested object in data", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"data\":{\"k\":{}}}",
      CCGW_EINVAL, "data: data: '{\"k\":{}}' has a member 'k' that is neither" },
    { "a list as data", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"data\":[1]}", CCGW_EINVAL,
      "data: data: '[1]' is not an object" },
    { "data in a form", CCGW_POST, "/things/1", NULL, FORM, "do=Paint&text=abc&data=x", CCGW_EINVAL,
      "data: data: 'x' is not an object" },
    { "a parser's own reason", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"even\":\"abc\"}", CCGW_EINVAL,
      "even: even: 'abc' has an odd" },
    { "a parser is given texts only", CCGW_POST, "/things/1", NULL, NULL, "{" PAINT ",\"even\":[]}",
      CCGW_EINVAL, "even: even: '[]' is not a string" },
    { "a bad escape in a query", CCGW_GET, "/things", "text=a%2", NULL, NULL, CCGW_EINVAL,
      "text: text: 'a%2' is not properly encoded" },
    { "a zero in a query", CCGW_GET, "/things", "text=a%00b", NULL, NULL, CCGW_EINVAL,
      "text: text: 'a%00b' is not properly encoded" },
    { "a query that is not UTF-8", CCGW_GET, "/things", "text=%ff", NULL, NULL, CCGW_EINVAL,
      "text: text: '%ff' is not properly encoded" },
    { "raw bytes in a query", CCGW_GET, "/things", "text=\xff" "a", NULL, NULL, CCGW_EINVAL,
      "text: text: '\xef\xbf\xbd" "a' is not properly" },
    { "a form that is not UTF-8", CCGW_POST, "/things/1", NULL, FORM, "do=Paint&text=%c3%28", CCGW_EINVAL,
      "text: text: '%c3%28' is" },
    { "control characters are not repeated", CCGW_GET, "/things", "limit=a%0d%0aX%7f%c2%85b", NULL, NULL,
      CCGW_EINVAL, "limit: limit: 'aXb' is not" },
    { "nor is more than 60 characters", CCGW_GET, "/things",
      "limit=1234567890123456789012345678901234567890123456789012345678901", NULL, NULL, CCGW_ERANGE,
      "limit: limit: '123456789012345678901234567890123456789012345678901234567890...' is out" },
};
/* clang-format on */

static const char *give_header(void *baton, const char *name)
{
    return strcmp(name, "X-More") ? NULL : baton;
}

static void tell_pairs(ccgw_out_t *out, const ccgw_pairs_t *pairs)
{
    int i;

    ccgw_out_puts(out, " data=");
    for (i = 0; i < pairs->n; i++) {
        const ccgw_pair_t *pair = &pairs->v[i];

        if (pair->kind == CCGW_PAIR_NUMBER)
            ccgw_out_printf(out, "[%s:#%" APR_INT64_T_FMT "]", pair->key, pair->number);
        else
            ccgw_out_printf(out, "[%s:%s]", pair->key, pair->kind == CCGW_PAIR_TEXT ? pair->text : "null");
    }
}

/* The struct as text, unset members left out. */
static const char *tell(const tiny_args_t *args, apr_pool_t *pool)
{
    ccgw_out_t out;
    int i;

    ccgw_out_init(&out, 256, pool);
    if (args->id)
        ccgw_out_printf(&out, " id=%s", args->id);
    if (args->text)
        ccgw_out_printf(&out, " text=%s", args->text);
    if (args->more)
        ccgw_out_printf(&out, " more=%s", args->more);
    if (args->number)
        ccgw_out_printf(&out, " number=%" APR_INT64_T_FMT, args->number);
    if (args->color)
        ccgw_out_printf(&out, " color=%d", args->color);
    if (args->plain)
        ccgw_out_printf(&out, " plain=%d", args->plain);
    if (args->flag)
        ccgw_out_printf(&out, " flag=%d", args->flag);
    if (args->fixed)
        ccgw_out_printf(&out, " fixed=%d", args->fixed);
    if (args->session)
        ccgw_out_printf(&out, " session=%" APR_UINT64_T_FMT, args->session);
    for (i = 0; i < args->words.n; i++)
        ccgw_out_printf(&out, "%s[%s]", i ? "" : " words=", args->words.v[i]);
    if (args->data.n)
        tell_pairs(&out, &args->data);
    if (args->even)
        ccgw_out_printf(&out, " even=%" APR_INT64_T_FMT, args->even);
    return out.n ? out.p + 1 : "";
}

static int route_case(ccgw_request_t *request, const bind_case_t *c, const ccgw_router_t *router, apr_pool_t *pool)
{
    ccgw_problem_t problem;

    memset(request, 0, sizeof *request);
    request->method = c->method;
    request->path = c->path;
    request->query = c->query;
    request->content_type = c->type;
    request->body = ccgw_buf_str(ccgw_str_or_empty(c->body));
    request->header = give_header;
    request->header_baton = (void *)"%head";
    request->pool = pool;
    return ok(ccgw_route(request, &problem, router) == APR_SUCCESS, "%s: has a row", c->name);
}

static void check_case(const bind_case_t *c, const ccgw_router_t *router, apr_pool_t *pool)
{
    ccgw_request_t request;
    ccgw_faults_t faults;
    const char *told;
    apr_status_t rv;
    void *args;

    if (!route_case(&request, c, router, pool))
        return;
    rv = ccgw_bind(&args, &faults, &request);
    is_int(rv ? rv - CCGW_ERROR_BASE : 0, c->want ? c->want - CCGW_ERROR_BASE : 0, "%s: status", c->name);
    if (rv == APR_SUCCESS) {
        is_str(tell(args, pool), c->told, "%s: struct", c->name);
        return;
    }
    told = apr_pstrcat(pool, faults.v[0].field, ": ", faults.v[0].text, NULL);
    ok(!strncmp(told, c->told, strlen(c->told)), "%s: fault (%s)", c->name, told);
    is_int(faults.v[0].code, rv, "%s: the status is the first fault's", c->name);
}

static void check_all_faults(const ccgw_router_t *router, apr_pool_t *pool)
{
    static const bind_case_t several = { "several faults",
                                         CCGW_POST,
                                         "/things/1",
                                         NULL,
                                         NULL,
                                         "{\"do\":\"Paint\",\"number\":9,\"color\":\"blue\",\"flag\":\"x\"}" };
    static const bind_case_t many = { "many faults",
                                      CCGW_POST,
                                      "/things/1",
                                      NULL,
                                      NULL,
                                      "{\"do\":\"Paint\",\"more\":[],\"number\":9,\"color\":"
                                      "\"blue\",\"plain\":[],\"flag\":\"x\",\"words\":{},"
                                      "\"data\":[],\"even\":\"abc\"}" };
    ccgw_request_t request;
    ccgw_faults_t faults;
    void *args;

    route_case(&request, &several, router, pool);
    is_int(ccgw_bind(&args, &faults, &request), CCGW_EMISSING, "several faults: the first decides");
    is_int(faults.n, 4, "several faults: all are collected");
    is_str(faults.v[3].field, "flag", "several faults: in the row's order");
    route_case(&request, &many, router, pool);
    ccgw_bind(&args, &faults, &request);
    is_int(faults.n, CCGW_BIND_FAULTS, "nine faults: as many as there is room for");
}

/* Where nothing else is said a text ends at 64 KiB. */
static void check_lengths(const ccgw_router_t *router, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 65538);
    bind_case_t c = { "a long text", CCGW_POST, "/poke", NULL, NULL, NULL };
    ccgw_request_t request;
    ccgw_faults_t faults;
    void *args;

    memset(text, 'x', 65537);
    text[65537] = '\0';
    c.body = apr_psprintf(pool, "{\"text\":\"%s\"}", text);
    route_case(&request, &c, router, pool);
    is_int(ccgw_bind(&args, &faults, &request), CCGW_ERANGE, "65537 bytes are too long");
    ok(strlen(faults.v[0].text) < 200, "and are not repeated");
    text[65536] = '\0';
    c.body = apr_psprintf(pool, "{\"text\":\"%s\"}", text);
    route_case(&request, &c, router, pool);
    is_int(ccgw_bind(&args, &faults, &request), APR_SUCCESS, "65536 bytes are not");
}

int main(void)
{
    ccgw_router_t *router;
    apr_pool_t *pool, *turn;
    const char *why;
    apr_size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&turn, pool);
    if (!ok(ccgw_router_make(&router, &why, &tiny_dialect, pool) == APR_SUCCESS, "the rows compile"))
        return 1;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        apr_pool_clear(turn);
        check_case(&cases[i], router, turn);
    }
    check_all_faults(router, turn);
    check_lengths(router, turn);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
