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
    case CCGW_ERATE:
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

/* OBJECT by SHAPE in the format the reader asked for. */
static void write_body(ccgw_reply_t *reply, const ccgw_dialect_t *dialect, const ccgw_shape_t *shape,
                       const void *object, const ccgw_view_t *view)
{
    const ccgw_format_t *format = view->format;

    reply->content_type = format ? format->content_type : dialect->content_type;
    if (format)
        format->write(&reply->body, shape, object, view);
    else
        ccgw_shape_json(&reply->body, shape, object, view);
}

void ccgw_reply_error(ccgw_reply_t *reply, const ccgw_dialect_t *dialect, const ccgw_problem_t *problem,
                      const ccgw_view_t *view, apr_pool_t *pool)
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
    write_body(reply, dialect, dialect->error, &error, view);
}

static apr_status_t check_role(ccgw_problem_t *problem, const ccgw_op_t *op, const ccgw_call_t *call)
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

/* A path that names an agent must name the one who asks. */
static apr_status_t check_identity(ccgw_problem_t *problem, const ccgw_dialect_t *dialect,
                                   const ccgw_request_t *request, const ccgw_call_t *call)
{
    const ccgw_pair_t *named = dialect->identity && request->op->need > CCGW_ROLE_NOBODY
                                   ? ccgw_pairs_find(&request->path_values, dialect->identity)
                                   : NULL;
    char number[24];

    if (!named)
        return APR_SUCCESS;
    apr_snprintf(number, sizeof number, "%" APR_INT64_T_FMT, call->agent->work_no);
    if (!strcmp(named->text, number))
        return APR_SUCCESS;
    problem->field = dialect->identity;
    return problem->code = CCGW_EIDENTITY;
}

/* The row signs in by itself: whose password do its arguments carry? */
static apr_status_t sign_in(ccgw_problem_t *problem, const ccgw_op_t *op, const void *args, const ccgw_view_t *view,
                            ccgw_call_t *call)
{
    const char *user = *(const char *const *)((const char *)args + op->sign_in->user);
    const char *password = *(const char *const *)((const char *)args + op->sign_in->password);
    apr_status_t rv = CCGW_EPASSWORD;

    if (op->sign_in->optional && (!ccgw_str_given(user) || !ccgw_str_given(password)))
        return APR_SUCCESS;
    if (ccgw_str_given(user) && ccgw_str_given(password) && view->check_password)
        rv = view->check_password(view->password_baton, call, user, password);
    problem->code = rv;
    return rv == APR_SUCCESS ? check_role(problem, op, call) : rv;
}

static apr_status_t run_verb(ccgw_problem_t *problem, void **result, const ccgw_request_t *request,
                             const ccgw_view_t *view, ccgw_call_t *call)
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
    if (request->op->sign_in) {
        rv = sign_in(problem, request->op, args, view, call);
        if (rv != APR_SUCCESS)
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

static void add_header(ccgw_reply_t *reply, const char *name, const char *text)
{
    ccgw_pair_t *pair = &reply->headers.v[reply->headers.n++];

    pair->key = name;
    pair->kind = CCGW_PAIR_TEXT;
    pair->text = text;
}

static void add_headers(ccgw_reply_t *reply, const ccgw_op_t *op, const void *result, const ccgw_view_t *view,
                        apr_pool_t *pool)
{
    const ccgw_header_t *header;
    int n = 1;

    for (header = op->headers; header && header->name; header++)
        n++;
    reply->headers.v = apr_pcalloc(pool, (apr_size_t)n * sizeof *reply->headers.v);
    for (header = op->headers; header && header->name; header++) {
        const char *text = header->fn(result, view);

        if (text)
            add_header(reply, header->name, text);
    }
    if (view->format && view->format->disposition && reply->body.n)
        add_header(reply, "Content-Disposition", apr_psprintf(pool, view->format->disposition, op->id));
}

apr_status_t ccgw_reply_admit(ccgw_problem_t *problem, const ccgw_dialect_t *dialect, const ccgw_request_t *request,
                              const ccgw_call_t *call)
{
    apr_status_t rv = check_role(problem, request->op, call);

    return rv == APR_SUCCESS ? check_identity(problem, dialect, request, call) : rv;
}

void ccgw_reply_run(ccgw_reply_t *reply, const ccgw_dialect_t *dialect, const ccgw_request_t *request,
                    const ccgw_view_t *view, ccgw_call_t *call)
{
    const ccgw_op_t *op = request->op;
    ccgw_view_t seen = *view;
    ccgw_problem_t problem;
    void *result = NULL;

    seen.format = request->format;
    if (ccgw_reply_admit(&problem, dialect, request, call) != APR_SUCCESS ||
        run_verb(&problem, &result, request, &seen, call) != APR_SUCCESS) {
        ccgw_reply_error(reply, dialect, &problem, &seen, request->pool);
        return;
    }
    memset(reply, 0, sizeof *reply);
    reply->http = op->ok ? op->ok : 200;
    ccgw_out_init(&reply->body, 512, request->pool);
    if (reply->http != 204)
        write_body(reply, dialect, op->reply ? op->reply : dialect->done, op->reply ? result : NULL, &seen);
    add_headers(reply, op, result, &seen, request->pool);
}
