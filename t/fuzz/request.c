/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* request.c: any request through route, bind and reply. Beyond not crashing: what is refused has a code that the
 * contract names, what is bound is UTF-8, and every reply is what its media type says.
 *
 * Input: one letter for the method, one for the media type, then path and query, each ended by a line feed, then the
 * body. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/ccgw_reply.h"
#include "util/ccgw_json.h"

#include "tiny.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ccgw_method_t methods[] = { CCGW_GET, CCGW_POST, CCGW_PUT, CCGW_DELETE, CCGW_PATCH };
static const char *const types[] = { NULL, "application/json", "application/x-www-form-urlencoded", "text/plain" };

static const ccgw_router_t *router;

static void demand(int cond, const char *what)
{
    if (!cond) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void demand_text(const char *text)
{
    demand(!text || ccgw_utf8_valid(text, strlen(text)), "bound text is UTF-8");
    demand(!text || strlen(text) <= 65536, "bound text is bounded");
}

/* The next line as a string; a zero byte ends it, as it would end a header line. */
static const char *take_line(const uint8_t **at, size_t *left, apr_pool_t *pool)
{
    const uint8_t *stop = memchr(*at, '\n', *left);
    size_t n = stop ? (size_t)(stop - *at) : *left;
    const char *line = apr_pstrmemdup(pool, (const char *)*at, n);

    *at += n + (stop != NULL);
    *left -= n + (stop != NULL);
    return line;
}

static void check_args(const tiny_args_t *args)
{
    int i;

    demand_text(args->id);
    demand_text(args->text);
    demand_text(args->more);
    for (i = 0; i < args->words.n; i++)
        demand_text(args->words.v[i]);
    for (i = 0; i < args->data.n; i++)
        demand_text(args->data.v[i].kind == CCGW_PAIR_TEXT ? args->data.v[i].text : NULL);
    demand(args->number >= -5 && args->number <= 100, "numbers keep their bounds");
    demand(args->color >= 0 && args->color <= 2, "enumerations keep their values");
}

static void run_request(ccgw_request_t *request)
{
    ccgw_call_t call = { .pool = request->pool };
    ccgw_view_t view = { .call = &call, .base = "http://h", .root = "/tiny", .pool = request->pool };
    const ccgw_json_t *json;
    ccgw_faults_t faults;
    ccgw_reply_t reply;
    const char *why;
    apr_status_t rv;
    void *args;

    if (request->op->stream)
        return;
    rv = ccgw_bind(&args, &faults, request);
    demand(rv == APR_SUCCESS || rv == CCGW_EMISSING || rv == CCGW_EINVAL || rv == CCGW_ERANGE, "codes of bind");
    demand((rv == APR_SUCCESS) == !faults.n && faults.n <= CCGW_BIND_FAULTS, "number of faults");
    if (rv == APR_SUCCESS && request->op->params != tiny_group_params)
        check_args(args);
    ccgw_reply_run(&reply, &tiny_dialect, request, &view, &call);
    demand(reply.http >= 200 && reply.http < 600, "a status");
    demand(!strcmp(reply.content_type, "text/plain") ||
               ccgw_json_parse(&json, &why, reply.body.p, reply.body.n, request->pool) == APR_SUCCESS,
           "a reply in JSON, or in plain text");
}

static void check_refusal(apr_status_t rv, const ccgw_problem_t *problem)
{
    demand(rv == CCGW_ENOROUTE || rv == CCGW_EMETHOD || rv == CCGW_ESYNTAX || rv == CCGW_EMISSING ||
               rv == CCGW_EOPERATION || rv == CCGW_ETOOLARGE,
           "codes of route");
    demand(problem->code == rv, "the problem has the code");
    demand(!problem->text || ccgw_utf8_valid(problem->text, strlen(problem->text)), "sentences are UTF-8");
}

static void start(void)
{
    ccgw_router_t *made;
    apr_pool_t *pool;
    const char *why;

    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    demand(ccgw_router_make(&made, &why, &tiny_dialect, pool) == APR_SUCCESS, "the rows compile");
    router = made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ccgw_request_t request = { 0 };
    ccgw_problem_t problem = { 0 };
    apr_pool_t *pool;
    apr_status_t rv;

    if (!router)
        start();
    if (size < 2)
        return 0;
    apr_pool_create(&pool, NULL);
    request.pool = pool;
    request.method = methods[data[0] % 5];
    request.content_type = types[data[1] % 4];
    data += 2;
    size -= 2;
    request.path = take_line(&data, &size, pool);
    request.query = take_line(&data, &size, pool);
    request.body.p = data;
    request.body.n = size;
    rv = ccgw_route(&request, &problem, router);
    if (rv == APR_SUCCESS)
        run_request(&request);
    else
        check_refusal(rv, &problem);
    demand(rv == CCGW_ENOROUTE || ccgw_route_knows(router, request.path), "what has a row is known");
    apr_pool_destroy(pool);
    return 0;
}
