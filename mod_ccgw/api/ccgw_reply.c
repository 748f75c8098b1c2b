/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_reply.c: one request from row to reply; errors in the dialect's own form. */
#include "api/ccgw_reply.h"

#include <apr_strings.h>
#include <string.h>

/* Whoever meets one of these may try again soon. */
static int retry_seconds(apr_status_t code)
{
    switch (code) {
    case CCGW_EBUSY:
    case CCGW_ELIMIT:
    case CCGW_ENOSPACE:
    case CCGW_ESTORE: return 1;
    default: return 0;
    }
}

static const ccgw_error_row_t *find_error(const ccgw_dialect_t *dialect, apr_status_t code)
{
    const ccgw_error_row_t *row = dialect->errors;

    while (row->code && row->code != code)
        row++;
    return row;
}

void ccgw_reply_error(ccgw_reply_t *reply, const ccgw_dialect_t *dialect,
                      const ccgw_problem_t *problem, const ccgw_view_t *view, apr_pool_t *pool)
{
    const ccgw_error_row_t *row = find_error(dialect, problem->code);
    ccgw_error_reply_t error = { .wire = row->wire, .problem = problem };
    char text[160];

    memset(reply, 0, sizeof *reply);
    reply->code = problem->code;
    reply->text = problem->text;
    if (!reply->text)
        reply->text = apr_pstrdup(pool, ccgw_error_text(problem->code, text, sizeof text));
    reply->retry_after = retry_seconds(problem->code);
    ccgw_out_init(&reply->body, 128, pool);
    if (problem->code == CCGW_ECSRF && dialect->csrf_fault) {
        reply->http = 403;
        reply->content_type = "text/plain";
        ccgw_out_puts(&reply->body, dialect->csrf_fault);
        return;
    }
    error.text = row->text ? row->text : reply->text;
    reply->http = row->http;
    reply->content_type = dialect->content_type;
    ccgw_shape_json(&reply->body, dialect->error, &error, view);
}

static apr_status_t check_role(ccgw_problem_t *problem, const ccgw_op_t *op,
                               const ccgw_call_t *call)
{
    problem->field = problem->text = NULL;
    problem->code = APR_SUCCESS;
    if (op->need > CCGW_ROLE_NOBODY && !call->agent)
        problem->code = CCGW_ESIGNIN;
    else if (op->need > call->role)
        problem->code = CCGW_EROLE;
    return problem->code;
}

/* The client sees every fault in one sentence. */
static void join_faults(ccgw_problem_t *problem, const ccgw_faults_t *faults, apr_pool_t *pool)
{
    int i;

    *problem = faults->v[0];
    for (i = 1; i < faults->n; i++)
        problem->text = apr_pstrcat(pool, problem->text, "; ", faults->v[i].text, NULL);
}

static apr_status_t run_verb(ccgw_problem_t *problem, void **result, const ccgw_request_t *request,
                             ccgw_call_t *call)
{
    const ccgw_verb_t *verb = request->op->verb;
    ccgw_faults_t faults;
    apr_status_t rv;
    void *args;

    rv = ccgw_bind(&args, &faults, request);
    if (rv != APR_SUCCESS) {
        join_faults(problem, &faults, request->pool);
        return rv;
    }
    *result = apr_pcalloc(call->pool, verb->result_size ? verb->result_size : 1);
    memset(&call->problem, 0, sizeof call->problem);
    rv = verb->run(call, args, *result);
    if (rv == APR_SUCCESS)
        return rv;
    /* A verb may fail without a word, or pass on a code other than the one it noted. */
    if (call->problem.code == rv)
        *problem = call->problem;
    problem->code = rv;
    return rv;
}

void ccgw_reply_run(ccgw_reply_t *reply, const ccgw_dialect_t *dialect,
                    const ccgw_request_t *request, const ccgw_view_t *view, ccgw_call_t *call)
{
    const ccgw_op_t *op = request->op;
    ccgw_problem_t problem;
    void *result = NULL;

    if (check_role(&problem, op, call) != APR_SUCCESS ||
        run_verb(&problem, &result, request, call) != APR_SUCCESS) {
        ccgw_reply_error(reply, dialect, &problem, view, request->pool);
        return;
    }
    memset(reply, 0, sizeof *reply);
    reply->http = op->ok ? op->ok : 200;
    reply->content_type = dialect->content_type;
    ccgw_out_init(&reply->body, 512, request->pool);
    if (op->reply)
        ccgw_shape_json(&reply->body, op->reply, result, view);
    else
        ccgw_shape_json(&reply->body, dialect->done, NULL, view);
}
