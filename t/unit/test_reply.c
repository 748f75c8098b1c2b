/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_reply.c: one request from row to reply, and every way in which it is refused. */
#include <apr_general.h>
#include <apr_strings.h>

#include "api/ccgw_reply.h"

#include "tap.h"
#include "tiny.h"

typedef struct reply_case_t {
    const char *name;
    ccgw_method_t method;
    const char *path, *body;
    ccgw_role_t role; /* NOBODY: nobody is signed in */
    int http, retry;
    const char *want; /* the reply's body */
    apr_status_t code;
    const char *log; /* a part of what is logged; NULL nothing */
    int runs;        /* does the verb run? */
} reply_case_t;

/* clang-format off */
#define PAINT(text) "{\"do\":\"Paint\",\"text\":\"" text "\"}"
static const reply_case_t cases[] = {
    { "a result in its shape", CCGW_POST, "/things/7", PAINT("hello"), 0, 200, 0,
      "{\"code\":0,\"id\":\"7\",\"text\":\"hello\"}", 0, NULL, 1 },
    { "a row without a shape", CCGW_POST, "/things/7", "{\"do\":\"Say\"}", 0, 200, 0, "{\"code\":0}", 0, NULL, 1 },
    { "a row with a status of its own", CCGW_POST, "/things", "{\"text\":\"x\"}", 0, 201, 0, "{\"code\":0}", 0,
      NULL, 1 },
    { "nobody, where an agent is needed", CCGW_GET, "/things/my", NULL, 0, 401, 0,
      "{\"code\":4,\"text\":\"sign in first\"}", CCGW_ESIGNIN, "not signed in", 0 },
    { "an agent there", CCGW_GET, "/things/my", NULL, CCGW_ROLE_AGENT, 200, 0, "{\"code\":0}", 0, NULL, 1 },
    { "an agent where a supervisor is needed", CCGW_DELETE, "/things/7", NULL, CCGW_ROLE_AGENT, 403, 0,
      "{\"code\":5,\"text\":\"the role does not permit this\"}", CCGW_EROLE, "role", 0 },
    { "nobody where a supervisor is needed", CCGW_DELETE, "/things/7", NULL, 0, 401, 0,
      "{\"code\":4,\"text\":\"sign in first\"}", CCGW_ESIGNIN, "not signed in", 0 },
    { "a supervisor there", CCGW_DELETE, "/things/7", NULL, CCGW_ROLE_SUPERVISOR, 200, 0, "{\"code\":0}", 0,
      NULL, 1 },
    { "more than needed", CCGW_DELETE, "/things/7", NULL, CCGW_ROLE_ADMIN, 200, 0, "{\"code\":0}", 0, NULL, 1 },
    { "a parameter is missing", CCGW_POST, "/things", "{}", 0, 400, 0,
      "{\"code\":1,\"text\":\"one of text, more is missing\"}", CCGW_EMISSING, "one of text", 0 },
    { "two faults in one sentence", CCGW_POST, "/things/7",
      "{\"do\":\"Paint\",\"text\":\"x\",\"color\":\"\\\"\"}", 0, 400, 0,
      "{\"code\":3,\"text\":\"text: 'x' is shorter than 2 bytes; color: '\\\"' is none of red, green, verde\"}",
      CCGW_ERANGE, "; color", 0 },
    { "a verb that fails in its own words", CCGW_POST, "/things/7", PAINT("say:12"), 0, 503, 1,
      "{\"code\":6,\"text\":\"the verb's own words\"}", CCGW_EBUSY, "own words", 1 },
    { "a verb that fails without a word", CCGW_POST, "/things/7", PAINT("fail:12"), 0, 503, 1,
      "{\"code\":6,\"text\":\"overloaded, try again later\"}", CCGW_EBUSY, "overloaded", 1 },
    { "a limit", CCGW_POST, "/things/7", PAINT("fail:13"), 0, 500, 1,
      "{\"code\":9,\"text\":\"a limit has been reached, try again later\"}", CCGW_ELIMIT, "limit", 1 },
    { "no memory", CCGW_POST, "/things/7", PAINT("fail:14"), 0, 500, 1,
      "{\"code\":9,\"text\":\"the store's memory is full\"}", CCGW_ENOSPACE, "full", 1 },
    { "no disk", CCGW_POST, "/things/7", PAINT("fail:15"), 0, 500, 1,
      "{\"code\":9,\"text\":\"the store cannot write\"}", CCGW_ESTORE, "write", 1 },
    { "words for the log that clients do not see", CCGW_POST, "/things/7", PAINT("say:16"), 0, 500, 0,
      "{\"code\":8,\"text\":\"internal\"}", CCGW_EDAMAGED, "own words", 1 },
    { "words about another code than the verb's", CCGW_POST, "/things/7", PAINT("mix:12"), 0, 500, 0,
      "{\"code\":9,\"text\":\"not possible in this state\"}", CCGW_ESTATE, "state", 1 },
    { "a code without a row of its own", CCGW_POST, "/things/7", PAINT("fail:3"), 0, 500, 0,
      "{\"code\":9,\"text\":\"not possible in this state\"}", CCGW_ESTATE, "state", 1 },
};
/* clang-format on */

static ccgw_agent_def_t agent = { .id = "a", .login = "anna" };

static void check_case(const reply_case_t *c, const ccgw_router_t *router, apr_pool_t *pool)
{
    ccgw_call_t call = { .pool = pool, .role = c->role, .agent = c->role ? &agent : NULL };
    ccgw_view_t view = { .call = &call, .base = "http://h", .root = "/tiny", .pool = pool };
    ccgw_request_t request = { .method = c->method, .path = c->path, .pool = pool };
    ccgw_problem_t problem;
    ccgw_reply_t reply;
    apr_int64_t before = tiny_runs;

    request.body = ccgw_buf_str(ccgw_str_or_empty(c->body));
    /* noted by an earlier step of the same request: nothing of it may show */
    call.problem = (ccgw_problem_t){ CCGW_EBUSY, "stale", "stale" };
    if (!ok(ccgw_route(&request, &problem, router) == APR_SUCCESS, "%s: has a row", c->name))
        return;
    memset(&reply, 0xff, sizeof reply);
    ccgw_reply_run(&reply, &tiny_dialect, &request, &view, &call);
    is_int(reply.http, c->http, "%s: HTTP status", c->name);
    is_str(reply.body.p, c->want, "%s: body", c->name);
    is_str(reply.content_type, "application/json", "%s: media type", c->name);
    is_int(reply.retry_after, c->retry, "%s: Retry-After", c->name);
    is_int(reply.code, c->code, "%s: code for the log", c->name);
    ok(c->log ? reply.text && strstr(reply.text, c->log) : !reply.text, "%s: text for the log (%s)", c->name,
       ccgw_str_or_empty(reply.text));
    is_int(tiny_runs - before, c->runs, "%s: runs of the verb", c->name);
}

static void check_errors(apr_pool_t *pool)
{
    ccgw_call_t call = { .pool = pool };
    ccgw_view_t view = { .call = &call, .pool = pool };
    ccgw_problem_t problem = { .code = CCGW_ECSRF };
    ccgw_dialect_t plain = tiny_dialect;
    ccgw_reply_t reply;

    ccgw_reply_error(&reply, &tiny_dialect, &problem, &view, pool);
    is_int(reply.http, 403, "a wrong CSRF token is forbidden");
    is_str(reply.content_type, "text/plain", "and told in plain text");
    is_str(reply.body.p, "wrong token", "in the dialect's words");
    is_int(reply.code, CCGW_ECSRF, "and logged");

    plain.csrf_fault = NULL;
    ccgw_reply_error(&reply, &plain, &problem, &view, pool);
    is_str(reply.body.p, "{\"code\":7,\"text\":\"missing or invalid CSRF token\"}",
           "a dialect without such words tells it as any other error");

    problem = (ccgw_problem_t){ .code = APR_ENOENT };
    ccgw_reply_error(&reply, &tiny_dialect, &problem, &view, pool);
    is_int(reply.http, 500, "the system's own code falls to the last row");
    ok(ccgw_str_given(reply.text), "and has words for the log (%s)", reply.text);

    problem = (ccgw_problem_t){ .code = CCGW_EINVAL, .text = "\xff\x01\"quoted\"" };
    ccgw_reply_error(&reply, &tiny_dialect, &problem, &view, pool);
    is_str(reply.body.p, "{\"code\":2,\"text\":\"\xef\xbf\xbd\\u0001\\\"quoted\\\"\"}",
           "a hostile sentence stays a string");
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
    check_errors(turn);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
