/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_route.c: which row a request finds, and which tables are refused. */
#include <apr_general.h>
#include <apr_strings.h>

#include "api/ccgw_catalog.h"
#include "api/ccgw_route.h"

#include "tap.h"
#include "tiny.h"

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

typedef struct route_case_t {
    const char *name;
    ccgw_method_t method;
    const char *path, *query, *type, *body;
    apr_status_t want;
    const char *op;    /* the row found, or the field of the problem */
    const char *value; /* of the path's first variable */
} route_case_t;

/* clang-format off */
static const route_case_t cases[] = {
    { "a literal path", CCGW_GET, "/things", .op = "thing.list" },
    { "a slash at the end is accepted", CCGW_GET, "/things/", .op = "thing.list" },
    { "two slashes at the end are not", CCGW_GET, "/things//", .want = CCGW_ENOROUTE },
    { "an empty segment is none", CCGW_GET, "//things", .want = CCGW_ENOROUTE },
    { "the root", CCGW_GET, "/", .op = "root.get" },
    { "the root without its slash", CCGW_GET, "", .op = "root.get" },
    { "a path without a slash in front", CCGW_GET, "things", .want = CCGW_ENOROUTE },
    { "a literal beats a variable", CCGW_GET, "/things/my", .op = "thing.mine" },
    { "a variable takes the rest", CCGW_GET, "/things/mine", .op = "thing.get", .value = "mine" },
    { "a method that only the variable's row has", CCGW_DELETE, "/things/my", .op = "thing.drop", .value = "my" },
    { "a dead end on a literal falls back", CCGW_GET, "/things/my/parts", .op = "thing.parts", .value = "my" },
    { "a path too long", CCGW_GET, "/things/a/parts/b/c/d", .want = CCGW_ENOROUTE },
    { "a path too short", CCGW_GET, "/thing", .want = CCGW_ENOROUTE },
    { "a path whose end no row has", CCGW_GET, "/things/a/party", .want = CCGW_ENOROUTE },
    { "case matters", CCGW_GET, "/Things", .want = CCGW_ENOROUTE },
    { "a method no row has", CCGW_PUT, "/things/a", .want = CCGW_EMETHOD },
    { "a method nobody knows", CCGW_METHOD_UNSET, "/things", .want = CCGW_EMETHOD },
    { "segments are decoded", CCGW_GET, "/things/a%20b%C3%A9", .op = "thing.get", .value = "a b\xc3\xa9" },
    { "an encoded slash stays in its segment", CCGW_GET, "/things/a%2Fb", .op = "thing.get", .value = "a/b" },
    { "a plus in a path is a plus", CCGW_GET, "/things/a+b", .op = "thing.get", .value = "a+b" },
    { "literals may be encoded", CCGW_GET, "/%74hings/%6dy", .op = "thing.mine" },
    { "decoding happens once", CCGW_GET, "/things/%2541", .op = "thing.get", .value = "%41" },
    { "a bad escape", CCGW_GET, "/things/a%2x", .want = CCGW_ENOROUTE },
    { "an escape cut short", CCGW_GET, "/things/a%2", .want = CCGW_ENOROUTE },
    { "a lone percent", CCGW_GET, "/things/%", .want = CCGW_ENOROUTE },
    { "an encoded zero", CCGW_GET, "/things/a%00b", .want = CCGW_ENOROUTE },
    { "an overlong slash", CCGW_GET, "/things/%c0%af", .want = CCGW_ENOROUTE },
    { "a surrogate", CCGW_GET, "/things/%ed%a0%80", .want = CCGW_ENOROUTE },
    { "raw bytes that are not UTF-8", CCGW_GET, "/things/\xff", .want = CCGW_ENOROUTE },
    { "a query parameter picks its row", CCGW_GET, "/things/a", "parts=*", .op = "thing.detail", .value = "a" },
    { "also when it is empty", CCGW_GET, "/things/a", "x=1&parts", .op = "thing.detail", .value = "a" },
    { "another one does not", CCGW_GET, "/things/a", "partsy=1", .op = "thing.get", .value = "a" },
    { "a GET's body is not looked at", CCGW_GET, "/things", NULL, JSON, "{", .op = "thing.list" },
    { "not even where parameters may stand in either place", CCGW_GET, "/poke", "text=x", JSON, "{",
      .op = "thing.peek" },
    { "a selector", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"Say\"}", .op = "thing.say", .value = "7" },
    { "its second spelling", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"Colour\"}", .op = "thing.paint",
      .value = "7" },
    { "parameters of the media type", CCGW_POST, "/things/7", NULL, "Application/JSON ; charset=utf-8",
      "{\"do\":\"Say\"}", .op = "thing.say", .value = "7" },
    { "text/json", CCGW_POST, "/things/7", NULL, "text/json", "{\"do\":\"Say\"}", .op = "thing.say", .value = "7" },
    { "no media type", CCGW_POST, "/things/7", NULL, NULL, "{\"do\":\"Say\"}", .op = "thing.say", .value = "7" },
    { "a form", CCGW_POST, "/things/7", NULL, FORM, "a=b&do=Say", .op = "thing.say", .value = "7" },
    { "a type that only begins like JSON", CCGW_POST, "/things/7", NULL, JSON "x", "{\"do\":\"Say\"}",
      .want = CCGW_ESYNTAX },
    { "a type we do not read", CCGW_POST, "/things/7", NULL, "text/xml", "{\"do\":\"Say\"}", .want = CCGW_ESYNTAX },
    { "a selector without spellings in full", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"Paint|Colour\"}",
      .want = CCGW_EOPERATION, .op = "do" },
    { "half a selector", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"Sa\"}", .want = CCGW_EOPERATION,
      .op = "do" },
    { "an empty selector", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"\"}", .want = CCGW_EOPERATION,
      .op = "do" },
    { "a number as selector", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":1}", .want = CCGW_EOPERATION,
      .op = "do" },
    { "an object as selector", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":{}}", .want = CCGW_EOPERATION,
      .op = "do" },
    { "no selector", CCGW_POST, "/things/7", NULL, JSON, "{}", .want = CCGW_EMISSING, .op = "do" },
    { "null as selector", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":null}", .want = CCGW_EMISSING, .op = "do" },
    { "no body", CCGW_POST, "/things/7", NULL, JSON, NULL, .want = CCGW_EMISSING, .op = "do" },
    { "a body that is an array", CCGW_POST, "/things/7", NULL, JSON, "[{\"do\":\"Say\"}]", .want = CCGW_ESYNTAX },
    { "a body that is a number", CCGW_POST, "/things/7", NULL, JSON, "7", .want = CCGW_ESYNTAX },
    { "a body that is not JSON", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"Say\"", .want = CCGW_ESYNTAX },
    { "a body with two selectors", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"Say\",\"do\":\"Paint\"}",
      .want = CCGW_ESYNTAX },
    { "a body with an escaped zero", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"Say\\u0000\"}",
      .want = CCGW_ESYNTAX },
    { "a body that is not UTF-8", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"\xff\"}", .want = CCGW_ESYNTAX },
    { "a number too big for anything", CCGW_POST, "/things/7", NULL, JSON, "{\"do\":\"Say\",\"n\":1e999}",
      .want = CCGW_ESYNTAX },
    { "a literal's reason counts more than the variable's", CCGW_PUT, "/things/my", NULL, JSON, "{}",
      .want = CCGW_EMISSING, .op = "do" },
    { "a row with a selector before one without", CCGW_POST, "/mix", NULL, JSON, "{\"do\":\"One\"}",
      .op = "mix.one" },
    { "any other selector", CCGW_POST, "/mix", NULL, JSON, "{\"do\":\"Two\"}", .op = "mix.rest" },
    { "none at all", CCGW_POST, "/mix", .op = "mix.rest" },
    { "a row that takes no body passes a broken one over", CCGW_POST, "/touch", NULL, JSON, "{{",
      .op = "thing.touch" },
    { "a row that takes one does not", CCGW_POST, "/things", NULL, JSON, "{{", .want = CCGW_ESYNTAX },
    { "parameters in the query go with any media type", CCGW_POST, "/poke", NULL, "text/plain", "x",
      .op = "thing.poke" },
    { "a stream's framing gets what it must read itself", CCGW_POST, "/events", NULL, JSON, "[{", .op = "events" },
    { "a stream's second path", CCGW_POST, "/events/connect", NULL, JSON, "[{}]", .op = "events" },
};

typedef struct table_case_t {
    const char *name, *want;  /* a part of the refusal; NULL: accepted */
    ccgw_op_t ops[3];
} table_case_t;

static const ccgw_verb_t no_args = { "thing.none", tiny_run, 0, sizeof(tiny_result_t) };
static const ccgw_param_t outside[] = { { "x", CCGW_IN_QUERY, CCGW_KIND_STR, sizeof(tiny_args_t) - 4 }, { NULL } };
static const ccgw_param_t nowhere[] = { { "x", CCGW_IN_UNSET, CCGW_KIND_STR, 0 }, { NULL } };
static const ccgw_param_t no_parse[] = { { "x", CCGW_IN_QUERY, CCGW_KIND_PARSED, 0 }, { NULL } };

static const ccgw_member_t inner_members[] = { { "name", CCGW_KIND_INT, 0 }, { NULL } };
static const ccgw_shape_t inner = { "inner", inner_members, 8 };
static const ccgw_member_t twice_members[] = {
    { "name", CCGW_KIND_INT, 0 }, { NULL, CCGW_KIND_MEMBERS, 0, .of = &inner }, { NULL } };
static const ccgw_shape_t twice = { "twice", twice_members, 16 };
static const ccgw_member_t beyond_members[] = { { "name", CCGW_KIND_INT, 12 }, { NULL } };
static const ccgw_shape_t beyond = { "beyond", beyond_members, 16 };
static const ccgw_shape_t big = { "big", inner_members, sizeof(tiny_result_t) + 1 };
static const ccgw_shape_t sizeless = { "sizeless", inner_members, 0 };
static const ccgw_shape_t cycle;
static const ccgw_member_t cycle_members[] = { { NULL, CCGW_KIND_MEMBERS, .of = &cycle }, { NULL } };
static const ccgw_shape_t cycle = { "cycle", cycle_members, 0 };

static const table_case_t tables[] = {
    { "one row alone", NULL, { TINY_ROW("a", CCGW_GET, "/a/{x}", NULL) } },
    { "the same path twice", "a (/a/{x}) and b (/a/{y})",
      { TINY_ROW("a", CCGW_GET, "/a/{x}", NULL), TINY_ROW("b", CCGW_GET, "/a/{y}", NULL) } },
    { "a slash at the end makes no other path", "rows a",
      { TINY_ROW("a", CCGW_GET, "/a", NULL), TINY_ROW("b", CCGW_GET, "/a/", NULL) } },
    { "another method", NULL, { TINY_ROW("a", CCGW_GET, "/a", NULL), TINY_ROW("b", CCGW_PUT, "/a", NULL) } },
    { "selectors that share a word", "rows a",
      { TINY_ROW("a", CCGW_POST, "/a", NULL, .select = "A|B"), TINY_ROW("b", CCGW_POST, "/a", NULL,
      .select = "C|B") } },
    { "selectors that share none", NULL,
      { TINY_ROW("a", CCGW_POST, "/a", NULL, .select = "A|B"), TINY_ROW("b", CCGW_POST, "/a", NULL,
      .select = "C|AB") } },
    { "the same query", "rows a",
      { TINY_ROW("a", CCGW_GET, "/a", NULL, .query = "q"), TINY_ROW("b", CCGW_GET, "/a", NULL, .query = "q") } },
    { "another query", NULL,
      { TINY_ROW("a", CCGW_GET, "/a", NULL, .query = "q"), TINY_ROW("b", CCGW_GET, "/a", NULL) } },
    { "a path without a slash", "begin with a slash", { TINY_ROW("a", CCGW_GET, "a", NULL) } },
    { "an empty segment", "malformed segment", { TINY_ROW("a", CCGW_GET, "/a//b", NULL) } },
    { "half a variable", "malformed segment", { TINY_ROW("a", CCGW_GET, "/a/{b", NULL) } },
    { "a variable twice", "names {b} twice", { TINY_ROW("a", CCGW_GET, "/{b}/{b}", NULL) } },
    { "a required parameter the path lacks", "has no {id}", { TINY_ROW("a", CCGW_GET, "/a/{b}",
      tiny_path_params) } },
    { "a verb without arguments", "without an argument struct",
      { { .id = "a", .method = CCGW_GET, .paths = { "/a" }, .verb = &no_args } } },
    { "no verb", "has no verb", { { .id = "a", .method = CCGW_GET, .paths = { "/a" } } } },
    { "no method", "has no method", { TINY_ROW("a", CCGW_METHOD_UNSET, "/a", NULL) } },
    { "no path", "has no path", { { .id = "a", .method = CCGW_GET, .verb = &tiny_verb } } },
    { "a parameter outside its struct", "'x' lies outside", { TINY_ROW("a", CCGW_GET, "/a", outside) } },
    { "a parameter from nowhere", "'x' stands nowhere", { TINY_ROW("a", CCGW_GET, "/a", nowhere) } },
    { "a parser that is none", "no function that parses", { TINY_ROW("a", CCGW_GET, "/a", no_parse) } },
    { "a name twice in a shape, once from a nested one", "'name' twice",
      { TINY_ROW("a", CCGW_GET, "/a", NULL, .reply = &twice) } },
    { "a member outside its struct", "'name' of shape 'beyond' lies outside",
      { TINY_ROW("a", CCGW_GET, "/a", NULL, .reply = &beyond) } },
    { "a member of a struct without size", "lies outside", { TINY_ROW("a", CCGW_GET, "/a", NULL,
      .reply = &sizeless) } },
    { "a shape larger than the result", "describes more", { TINY_ROW("a", CCGW_GET, "/a", NULL, .reply = &big) } },
    { "a shape made of itself", "part of itself", { TINY_ROW("a", CCGW_GET, "/a", NULL, .reply = &cycle) } },
};
/* clang-format on */

static const char *first_value(const ccgw_request_t *request)
{
    return request->path_values.n ? request->path_values.v[0].text : NULL;
}

static void check_case(const route_case_t *c, const ccgw_router_t *router, apr_pool_t *pool)
{
    ccgw_request_t request = { .method = c->method, .path = c->path, .query = c->query, .content_type = c->type };
    ccgw_problem_t problem = { 0 };
    apr_status_t rv;

    request.pool = pool;
    if (c->body)
        request.body = ccgw_buf_str(c->body);
    rv = ccgw_route(&request, &problem, router);
    is_int(rv ? rv - CCGW_ERROR_BASE : 0, c->want ? c->want - CCGW_ERROR_BASE : 0, "%s: status", c->name);
    if (rv == APR_SUCCESS) {
        is_str(request.op->id, c->op, "%s: row", c->name);
        is_str(first_value(&request), c->value, "%s: variable", c->name);
    }
    else {
        is_int(problem.code, rv, "%s: the problem has the code", c->name);
        is_str(problem.field, c->op, "%s: field", c->name);
    }
}

static void check_table(const table_case_t *c, apr_pool_t *pool)
{
    ccgw_dialect_t dialect = tiny_dialect;
    ccgw_router_t *router;
    const char *why = NULL;
    apr_status_t rv;

    dialect.ops = c->ops;
    rv = ccgw_router_make(&router, &why, &dialect, pool);
    if (c->want)
        ok(rv == CCGW_EINVAL && why && strstr(why, c->want), "refused at start: %s (%s)", c->name, why ? why : "-");
    else
        ok(rv == APR_SUCCESS && !why, "accepted at start: %s (%s)", c->name, why ? why : "-");
}

/* Hostile sizes: many parameters, a deep body, a long path. */
static void check_bounds(const ccgw_router_t *router, apr_pool_t *pool)
{
    ccgw_request_t request = { .method = CCGW_GET, .path = "/things", .pool = pool };
    ccgw_problem_t problem;
    char *text = apr_palloc(pool, 200001);
    int i;

    memset(text, '&', 2000);
    text[2000] = '\0';
    request.query = text;
    is_int(ccgw_route(&request, &problem, router), CCGW_ETOOLARGE, "2000 query parameters are too many");
    request.path = "/nothing";
    is_int(ccgw_route(&request, &problem, router), CCGW_ENOROUTE, "but a path we do not have is not ours to refuse");
    request.path = "/things";
    request.query = NULL;
    request.method = CCGW_POST;
    memset(text, '[', 200000);
    text[200000] = '\0';
    request.body = ccgw_buf_str(text);
    is_int(ccgw_route(&request, &problem, router), CCGW_ESYNTAX, "200000 open brackets are no JSON");
    memset(text, '&', 200000);
    request.content_type = FORM;
    is_int(ccgw_route(&request, &problem, router), CCGW_ETOOLARGE, "200000 form fields are too many");
    memset(text, '/', 200000);
    request.path = text;
    is_int(ccgw_route(&request, &problem, router), CCGW_ENOROUTE, "200000 slashes are no path");
    for (i = 1; i < 200000; i += 2)
        text[i] = 'a';
    is_int(ccgw_route(&request, &problem, router), CCGW_ENOROUTE, "nor are 100000 segments");
}

/* What the client wrote where his JSON breaks off may be a password, or bytes that no log can show. */
static void check_sentence(const ccgw_router_t *router, apr_pool_t *pool)
{
    ccgw_request_t request = { .method = CCGW_POST, .path = "/things", .pool = pool };
    ccgw_problem_t problem = { 0 };

    request.body = ccgw_buf_str("{\"text\": \"secret\\\xff");
    is_int(ccgw_route(&request, &problem, router), CCGW_ESYNTAX, "a body that breaks off is refused");
    ok(strstr(problem.text, "line 1, column") != NULL, "with the place: %s", problem.text);
    ok(!strstr(problem.text, "secret"), "but without what stands there");
    ok(ccgw_utf8_valid(problem.text, strlen(problem.text)), "in UTF-8");
}

static void check_values(const ccgw_router_t *router, apr_pool_t *pool)
{
    ccgw_request_t request = { .method = CCGW_GET, .path = "/things", .pool = pool };
    ccgw_problem_t problem;

    request.query = "a=1+2%203&a=second&=none&b&&bad=%zz&%00=x";
    is_int(ccgw_route(&request, &problem, router), APR_SUCCESS, "a query with every oddity is read");
    is_str(ccgw_pairs_find(&request.query_values, "a")->text, "1 2 3", "plus and escapes are spaces, the first counts");
    is_str(ccgw_pairs_find(&request.query_values, "b")->text, "", "a name without a value is empty");
    is_int(ccgw_pairs_find(&request.query_values, "bad")->kind, CCGW_PAIR_NULL, "a bad escape is marked");
    is_int(request.query_values.n, 5, "a name that cannot be read is dropped");
    request.method = CCGW_POST;
    request.path = "/events";
    request.body = ccgw_buf_str("[{}]");
    is_int(ccgw_route(&request, &problem, router), APR_SUCCESS, "an array for a stream is routed");
    is_int(ccgw_json_kind(request.json), CCGW_JSON_ARRAY, "and handed over as it is");
    is_int(request.query_values.n, 5, "with its query");
}

static void check_catalog(apr_pool_t *pool)
{
    static const char want[] = "thing.detail\ttiny\tGET\t/tiny/things/{id}?parts\t-\tnobody\t1\n"
                               "thing.paint\ttiny\tPOST\t/tiny/things/{id}\tPaint|Colour\tnobody\t1\n";
    static const char streams[] = "events\ttiny\tPOST\t/tiny/events\t-\tnobody\t-\n"
                                  "events\ttiny\tPOST\t/tiny/events/connect\t-\tnobody\t-\n";
    ccgw_out_t out;

    ccgw_out_init(&out, 64, pool);
    ccgw_catalog_print(&out, &tiny_dialect);
    ok(strstr(out.p, want) != NULL, "the catalogue has one line for each row");
    ok(strstr(out.p, streams) != NULL, "and one for each path");
    ok(strstr(out.p, "thing.drop\ttiny\tDELETE\t/tiny/things/{id}\t-\tsupervisor\t1\n") != NULL, "and the role");
}

int main(void)
{
    ccgw_router_t *router;
    apr_pool_t *pool, *turn;
    const char *why = NULL;
    apr_size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&turn, pool);
    if (!ok(ccgw_router_make(&router, &why, &tiny_dialect, pool) == APR_SUCCESS, "the rows compile"))
        return printf("# %s\n", why), 1;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        apr_pool_clear(turn);
        check_case(&cases[i], router, turn);
    }
    for (i = 0; i < sizeof tables / sizeof *tables; i++) {
        apr_pool_clear(turn);
        check_table(&tables[i], turn);
    }
    check_bounds(router, turn);
    check_sentence(router, turn);
    check_values(router, turn);
    check_catalog(turn);
    ok(ccgw_route_knows(router, "/things/x/parts/"), "a known path is known for any method");
    ok(!ccgw_route_knows(router, "/things/x/pants"), "an unknown one is not");
    ok(!ccgw_route_knows(router, "/things/%zz"), "nor one that cannot be decoded");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
