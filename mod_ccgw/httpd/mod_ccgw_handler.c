/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_handler.c: from request to reply: recognise the root, read, route, sign in, run, send. */
#include "mod_ccgw_glue.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

APLOG_USE_MODULE(ccgw);

/* Below this nobody's root may be: the customers' end. */
#define RESERVED       "/ccgw/"
#define UNUSABLE_RETRY 5

static const struct {
    ccgw_method_t method;
    int number;        /* httpd's */
    const char *names; /* for Allow */
} methods[] = {
    { CCGW_GET, M_GET, "GET, HEAD" },    { CCGW_POST, M_POST, "POST" },    { CCGW_PUT, M_PUT, "PUT" },
    { CCGW_DELETE, M_DELETE, "DELETE" }, { CCGW_PATCH, M_PATCH, "PATCH" },
};

#define NMETHODS (sizeof methods / sizeof *methods)

/* ---- recognise ---- */

ccgw_found_t *ccgw_found(request_rec *r)
{
    return ap_get_module_config(r->request_config, &ccgw_module);
}

static const ccgw_root_t *find_root(server_rec *s, const char *uri)
{
    const apr_array_header_t *roots = ccgw_server_conf(s)->roots;
    const ccgw_root_t *best = NULL;
    int i;

    for (i = 0; i < roots->nelts; i++) {
        const ccgw_root_t *root = &APR_ARRAY_IDX(roots, i, ccgw_root_t);

        if (!strncmp(uri, root->path, root->length) && (uri[root->length] == '/' || uri[root->length] == '\0') &&
            (!best || root->length > best->length))
            best = root;
    }
    return best;
}

/* The path as it came, still encoded. <Location> and Require were asked about r->uri, so where the two differ in more
 * than encoding (dots, double slashes, an encoded root) what counts is r->uri, encoded again. */
static const char *raw_rest(request_rec *r, apr_size_t skip)
{
    const char *raw = r->unparsed_uri;
    const char *end = raw ? raw + strcspn(raw, "?#") : NULL;
    char *path, *decoded;

    if (raw && *raw == '/' && (apr_size_t)(end - raw) >= skip && !strncmp(raw, r->uri, skip)) {
        path = apr_pstrmemdup(r->pool, raw, end - raw);
        decoded = apr_pstrdup(r->pool, path);
        if (ap_unescape_url_keep2f(decoded, 0) == OK && !strcmp(decoded, r->uri))
            return path + skip;
    }
    return ap_escape_uri(r->pool, r->uri + skip);
}

static int take_request(request_rec *r, const ccgw_root_t *root, const char *path)
{
    ccgw_found_t *found = apr_pcalloc(r->pool, sizeof *found);

    found->root = root;
    found->path = *path ? path : "/";
    ap_set_module_config(r->request_config, &ccgw_module, found);
    /* Not a path: nothing looks for a file or an .htaccess on its way. */
    r->filename = apr_pstrcat(r->pool, "ccgw:", r->uri, NULL);
    return OK;
}

static const char *read_header(void *baton, const char *name)
{
    return apr_table_get(((request_rec *)baton)->headers_in, name);
}

void ccgw_handler_request(ccgw_request_t *request, request_rec *r, const char *path)
{
    apr_size_t i;

    memset(request, 0, sizeof *request);
    for (i = 0; i < NMETHODS; i++) {
        if (methods[i].number == r->method_number)
            request->method = methods[i].method;
    }
    request->path = path;
    request->query = r->args;
    request->content_type = apr_table_get(r->headers_in, "Content-Type");
    request->body.p = "";
    request->header = read_header;
    request->header_baton = r;
    request->pool = r->pool;
}

/* Has DIALECT, which has the whole host, a row for this path? */
static int is_known(request_rec *r, const ccgw_dialect_t *dialect)
{
    const ccgw_router_t *router = ccgw_process_router(dialect);
    ccgw_request_t request;

    ccgw_handler_request(&request, r, raw_rest(r, 0));
    if (dialect->prepare)
        dialect->prepare(&request);
    return !router || ccgw_route_knows(router, request.path);
}

int ccgw_handler_translate(request_rec *r)
{
    const ccgw_root_t *root;

    if (!ccgw_child.conf || !ccgw_child.conf->on || r->proxyreq || !r->uri || *r->uri != '/')
        return DECLINED;
    if (!strncmp(r->uri, RESERVED, sizeof RESERVED - 1))
        return take_request(r, NULL, raw_rest(r, sizeof RESERVED - 2));
    root = find_root(r->server, r->uri);
    if (!root)
        return DECLINED;
    /* A dialect that has the whole host leaves it the files, also while the store is not open. */
    if (!root->length && !is_known(r, root->dialect))
        return DECLINED;
    return take_request(r, root, raw_rest(r, root->length));
}

int ccgw_handler_map(request_rec *r)
{
    return ccgw_found(r) ? OK : DECLINED;
}

/* An id that ends in .html has no media type. */
int ccgw_handler_type(request_rec *r)
{
    if (!ccgw_found(r))
        return DECLINED;
    r->handler = "ccgw";
    return OK;
}

/* ---- answer ---- */

void ccgw_handler_view(ccgw_view_t *view, ccgw_call_t *call, request_rec *r, const ccgw_root_t *root)
{
    const ccgw_server_conf_t *conf = ccgw_server_conf(r->server);

    memset(call, 0, sizeof *call);
    memset(view, 0, sizeof *view);
    call->core = &ccgw_child.core;
    call->pool = r->pool;
    view->check_password = ccgw_auth_password;
    view->password_baton = r;
    view->call = call;
    view->base = conf->public_url ? conf->public_url : ap_construct_url(r->pool, "", r);
    view->root = root->path;
    view->pool = r->pool;
}

/* A back end in trouble is an error, but ten thousand clients that try again need not say so each: one a second is
 * enough, the rest is kept for those who look closer. */
static int log_level(const ccgw_reply_t *reply)
{
    static apr_time_t last; /* second of the last one; atomic */
    apr_time_t now = apr_time_sec(apr_time_now());

    if (reply->http < 500)
        return APLOG_INFO;
    if (reply->http == HTTP_SERVICE_UNAVAILABLE && __atomic_exchange_n(&last, now, __ATOMIC_RELAXED) == now)
        return APLOG_INFO;
    return APLOG_ERR;
}

void ccgw_handler_log(request_rec *r, const char *op, const ccgw_reply_t *reply)
{
    int level;

    if (reply->code == APR_SUCCESS)
        return;
    level = log_level(reply); /* asked once: the macro below looks at its argument twice */
    ap_log_rerror(APLOG_MARK, level, 0, r, "CCGW0401: %s %s: %s (%s, agent %s)", r->method, r->uri,
                  reply->text ? reply->text : "no reason given", op ? op : "-",
                  ccgw_str_given(r->user) ? r->user : "-");
}

void ccgw_handler_headers(request_rec *r, const ccgw_reply_t *reply)
{
    const ccgw_found_t *found = ccgw_found(r);
    int i;

    r->status = reply->http;
    r->status_line = NULL;
    if (reply->content_type)
        ap_set_content_type(r, reply->content_type);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (ccgw_pairs_find(&reply->headers, "Cache-Control"))
        apr_table_unset(r->headers_out, "Cache-Control");
    for (i = 0; i < reply->headers.n; i++)
        apr_table_addn(r->headers_out, reply->headers.v[i].key, reply->headers.v[i].text);
    if (found && found->root && found->root->dialect->vary)
        apr_table_mergen(r->headers_out, "Vary", found->root->dialect->vary);
}

int ccgw_handler_send(request_rec *r, const ccgw_reply_t *reply)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, alloc);

    ccgw_handler_headers(r, reply);
    if (reply->http == HTTP_SERVICE_UNAVAILABLE || reply->retry_after) {
        apr_table_setn(r->headers_out, "Retry-After",
                       apr_itoa(r->pool, reply->retry_after ? reply->retry_after : UNUSABLE_RETRY));
    }
    ap_set_content_length(r, reply->body.n);
    if (reply->body.n)
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_pool_create(reply->body.p, reply->body.n, r->pool, alloc));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
    if (ap_pass_brigade(r->output_filters, brigade) != APR_SUCCESS && !r->connection->aborted)
        return HTTP_INTERNAL_SERVER_ERROR;
    return OK;
}

/* ---- route ---- */

void ccgw_handler_format(ccgw_request_t *request, ccgw_view_t *view, const ccgw_dialect_t *dialect)
{
    request->format = dialect->format ? dialect->format(request) : NULL;
    view->format = request->format;
}

/* Which methods the path has, "" when there is no such path. A body is not needed to find that out: any other answer
 * than "not this method" means there is a row. */
static const char *list_methods(const ccgw_request_t *request, const ccgw_router_t *router)
{
    const char *list = "";
    apr_size_t i;

    for (i = 0; i < NMETHODS; i++) {
        ccgw_request_t probe = *request;
        ccgw_problem_t problem = { APR_SUCCESS };
        apr_status_t rv;

        probe.method = methods[i].method;
        probe.body.n = 0;
        rv = ccgw_route(&probe, &problem, router);
        if (rv != CCGW_ENOROUTE && rv != CCGW_EMETHOD)
            list = apr_pstrcat(request->pool, list, *list ? ", " : "", methods[i].names, NULL);
    }
    return *list ? apr_pstrcat(request->pool, list, ", OPTIONS", NULL) : list;
}

static void answer_options(ccgw_reply_t *reply, request_rec *r, const ccgw_request_t *request,
                           const ccgw_router_t *router)
{
    memset(reply, 0, sizeof *reply);
    reply->http = HTTP_OK;
    apr_table_setn(r->headers_out, "Allow", list_methods(request, router));
}

/* ---- run ---- */

static void answer_problem(ccgw_reply_t *reply, request_rec *r, const ccgw_root_t *root, const ccgw_view_t *view,
                           apr_status_t code, const char *text)
{
    /* Whether the name or the password was wrong is for the log only. */
    int secret = code == CCGW_ESIGNIN || code == CCGW_ETOKEN;
    ccgw_problem_t problem = { code, NULL, secret ? NULL : text };

    ccgw_reply_error(reply, root->dialect, &problem, view, r->pool);
    if (secret && text)
        reply->text = text;
    if (code == CCGW_ESIGNIN)
        ccgw_auth_challenge(r);
}

static void run_row(ccgw_reply_t *reply, request_rec *r, const ccgw_root_t *root, ccgw_request_t *request,
                    ccgw_view_t *view, ccgw_call_t *call)
{
    const ccgw_op_t *op = request->op;
    /* A row that signs in by itself needs nobody, and must not leave behind a login of whoever else is named. */
    static const ccgw_signin_t nobody = { CCGW_ESIGNIN };
    const ccgw_signin_t *signin = op->sign_in ? &nobody : ccgw_auth_signin(r);
    ccgw_problem_t problem;

    if (signin->status != APR_SUCCESS && (op->need > CCGW_ROLE_NOBODY || signin->status != CCGW_ESIGNIN)) {
        apr_status_t code = signin->status;

        if (code == CCGW_ESIGNIN && root->dialect->stranger)
            code = root->dialect->stranger(request, call);
        answer_problem(reply, r, root, view, code, signin->why);
        return;
    }
    ccgw_call_init(call, &ccgw_child.core, signin->agent ? signin->agent->tenant : NULL, signin->agent,
                   signin->agent ? signin->login.id : NULL, r->pool);
    if (signin->agent) {
        ccgw_auth_headers(r, signin);
        if (!op->stream && ccgw_auth_csrf(r, signin, op) != APR_SUCCESS) {
            answer_problem(reply, r, root, view, CCGW_ECSRF, NULL);
            return;
        }
    }
    if (op->stream && ccgw_reply_admit(&problem, root->dialect, request, call) != APR_SUCCESS)
        ccgw_reply_error(reply, root->dialect, &problem, view, r->pool);
    else if (op->stream)
        ccgw_stream_serve(reply, r, request, view, call);
    else
        ccgw_reply_run(reply, root->dialect, request, view, call);
    if (request->method == CCGW_GET || op->stream || reply->code != APR_SUCCESS)
        return;
    ccgw_keeper_poke();
    ccgw_auth_after(r, signin, call);
}

static void prepare(ccgw_request_t *request, const ccgw_dialect_t *dialect)
{
    if (dialect->prepare)
        dialect->prepare(request);
}

/* Returns 0 when the reply is complete, else an HTTP status: the connection or the client's framing is at fault. */
static int answer(ccgw_reply_t *reply, request_rec *r, const ccgw_root_t *root, ccgw_request_t *request,
                  ccgw_view_t *view, ccgw_call_t *call)
{
    const ccgw_router_t *router = ccgw_process_router(root->dialect);
    ccgw_problem_t problem = { APR_SUCCESS };
    apr_status_t rv;
    int http = 0;

    if (!ccgw_child.usable || !router) {
        ccgw_handler_format(request, view, root->dialect);
        answer_problem(reply, r, root, view, CCGW_EBUSY, "the store is not open; see the error log");
        reply->retry_after = UNUSABLE_RETRY;
        return 0;
    }
    if (r->method_number == M_OPTIONS) {
        prepare(request, root->dialect);
        answer_options(reply, r, request, router);
        return 0;
    }
    rv = ccgw_body_read(&request->body, &http, r);
    if (http)
        return http;
    prepare(request, root->dialect);
    if (rv == APR_SUCCESS && !request->method)
        rv = CCGW_EMETHOD;
    if (rv == APR_SUCCESS)
        rv = ccgw_route(request, &problem, router);
    ccgw_handler_format(request, view, root->dialect);
    if (rv == APR_SUCCESS) {
        apr_table_setn(r->notes, "ccgw-op", request->op->id);
        run_row(reply, r, root, request, view, call);
        return 0;
    }
    problem.code = rv;
    ccgw_reply_error(reply, root->dialect, &problem, view, r->pool);
    if (rv == CCGW_EMETHOD)
        apr_table_setn(r->headers_out, "Allow", list_methods(request, router));
    return 0;
}

int ccgw_handler_run(request_rec *r)
{
    const ccgw_found_t *found = ccgw_found(r);
    ccgw_reply_t reply = { 0 };
    ccgw_request_t request;
    ccgw_view_t view;
    ccgw_call_t call;
    int http;

    if (r->handler && !strcmp(r->handler, "ccgw-catalog"))
        return ccgw_status_catalog(r);
    if (r->handler && !strcmp(r->handler, "ccgw-erase"))
        return ccgw_erase_handle(r);
    if (!found)
        return DECLINED;
    if (!found->root)
        return ccgw_customer_handle(r, found->path);
    ccgw_handler_view(&view, &call, r, found->root);
    ccgw_handler_request(&request, r, found->path);
    http = answer(&reply, r, found->root, &request, &view, &call);
    if (http)
        return http;
    ccgw_handler_log(r, request.op ? request.op->id : NULL, &reply);
    /* A stream has sent its reply, and ends with its connection. */
    if (!reply.http)
        return OK;
    return ccgw_handler_send(r, &reply);
}
