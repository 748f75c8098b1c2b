/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_wire_evovoice.c: replays the samples of t/wire/evovoice: requests are routed and bound, a session and errors are
 * written in every format and compared byte by byte; then the whole dialect is run over a floor in this process, from
 * request to reply. CCGW_T names the directory t. */
#include "house.h"
#include "tap.h"

#include "api/ccgw_bind.h"
#include "api/ccgw_reply.h"
#include "api/ccgw_route.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_member.h"
#include "dialect/evovoice/dialect.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdlib.h>

/* 2026-03-02 09:15:00 UTC */
#define AT (APR_INT64_C(1772442900) * APR_USEC_PER_SEC)

static house_t *house;
static apr_pool_t *pool;
static ccgw_router_t *router;
static ccgw_view_t view;
static const char *headers[8][2];

/* ---- files ---- */

static char *read_sample(const char *name)
{
    const char *path = apr_pstrcat(pool, getenv("CCGW_T") ? getenv("CCGW_T") : "t", "/wire/evovoice/", name, NULL);
    apr_file_t *file;
    apr_finfo_t info;
    char *text;

    if (apr_file_open(&file, path, APR_READ | APR_BINARY, APR_OS_DEFAULT, pool) != APR_SUCCESS ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        printf("Bail out! cannot read %s (CCGW_T names the directory t)\n", path);
        exit(1);
    }
    text = apr_pcalloc(pool, (apr_size_t)info.size + 1);
    apr_file_read_full(file, text, (apr_size_t)info.size, NULL);
    apr_file_close(file);
    return text;
}

/* ---- requests ---- */

static const char *read_header(void *baton, const char *name)
{
    int i;

    for (i = 0; i < 8 && headers[i][0]; i++) {
        if (!strcasecmp(headers[i][0], name))
            return headers[i][1];
    }
    return NULL;
}

static ccgw_method_t method_of(const char *name)
{
    static const char *const names[] = { "", "GET", "POST", "PUT", "DELETE", "PATCH" };
    int i;

    for (i = 1; i < 6 && strcmp(names[i], name); i++)
        ;
    return (ccgw_method_t)i;
}

static apr_status_t route(ccgw_request_t *request, ccgw_problem_t *problem, const char *method, const char *target,
                          const char *type, const char *body)
{
    const char *query = strchr(target, '?');
    apr_status_t rv;

    memset(request, 0, sizeof *request);
    request->method = method_of(method);
    request->path = query ? apr_pstrmemdup(pool, target, (apr_size_t)(query - target)) : target;
    request->query = query ? query + 1 : NULL;
    request->content_type = type;
    request->body = ccgw_buf_str(body ? body : "");
    request->header = read_header;
    request->pool = pool;
    ccgw_dialect_evovoice.prepare(request);
    rv = ccgw_route(request, problem, router);
    request->format = ccgw_dialect_evovoice.format(request);
    return rv;
}

static void replay_request(char **cell)
{
    const char *type = strcmp(cell[4], "-") ? cell[4] : NULL;
    const char *body = strcmp(cell[5], "-") ? read_sample(cell[5]) : NULL;
    ccgw_problem_t problem = { 0 };
    ccgw_request_t request;
    ccgw_faults_t faults;
    apr_status_t rv = route(&request, &problem, cell[2], cell[3], type, body);
    void *args;

    if (!ok(rv == APR_SUCCESS, "%s %s has a row", cell[2], cell[3]))
        return;
    is_str(request.op->id, cell[1], "%s %s is %s", cell[2], cell[3], cell[1]);
    if (request.op->stream)
        return;
    rv = ccgw_bind(&args, &faults, &request);
    ok(rv == APR_SUCCESS, "and binds%s%s", faults.n ? ": " : "", faults.n ? faults.v[0].text : "");
}

/* ---- replies ---- */

static const ccgw_format_t *format_named(const char *name)
{
    ccgw_request_t request = { .query = apr_pstrcat(pool, "format=", name, NULL), .path = "/", .pool = pool };

    return ccgw_dialect_evovoice.format(&request);
}

static const char *agent(const char *login)
{
    return ccgw_floor_agent_by_login(house->core.floor, login)->id;
}

/* Joe wrote, Anna took it, Bert is asked in. */
static ccgw_session_t *make_session(void)
{
    ccgw_session_t *session = apr_pcalloc(pool, sizeof *session);
    ccgw_participant_t *part = apr_pcalloc(pool, 4 * sizeof *part);

    session->id = ccgw_id_parse("5693A1B200000001");
    session->media = CCGW_MEDIA_SMS;
    session->state = CCGW_SESSION_ACTIVE;
    session->queue = "support";
    session->customer = "+15550100";
    session->number = "+15550000";
    session->owner = agent("anna");
    session->created = AT;
    session->participants = part;
    session->nparticipants = 3;
    part[0] = (ccgw_participant_t){ .party = CCGW_PARTY_CUSTOMER, .nickname = "Joe, \"JB\"", .leg = CCGW_LEG_JOINED };
    part[1] = (ccgw_participant_t){
        .party = CCGW_PARTY_AGENT, .agent = agent("anna"), .leg = CCGW_LEG_JOINED, .offer = CCGW_OFFER_ROUTED
    };
    part[2] = (ccgw_participant_t){
        .party = CCGW_PARTY_AGENT, .agent = agent("bert"), .leg = CCGW_LEG_OFFERED, .offer = CCGW_OFFER_INVITE
    };
    return session;
}

static void replay_reply(char **cell)
{
    const ccgw_format_t *format = format_named(cell[1]);
    ccgw_out_t out;

    is_str(format->name, cell[1], "there is a format %s", cell[1]);
    ccgw_out_init(&out, 1024, pool);
    format->write(&out, &evovoice_shape_session, make_session(), &view);
    is_str(out.p, read_sample(cell[2]), "a session as %s is %s", cell[1], cell[2]);
}

static void replay_error(char **cell)
{
    ccgw_problem_t problem = { CCGW_ERROR_BASE + atoi(cell[1]), strcmp(cell[2], "-") ? cell[2] : NULL,
                               strcmp(cell[3], "-") ? cell[3] : NULL };
    ccgw_view_t seen = view;
    ccgw_reply_t reply;

    seen.format = format_named(cell[5]);
    ccgw_reply_error(&reply, &ccgw_dialect_evovoice, &problem, &seen, pool);
    is_int(reply.http, atoi(cell[4]), "%s is HTTP %s", cell[6], cell[4]);
    is_str(reply.body.p, read_sample(cell[6]), "and its body is that of %s", cell[6]);
}

static void replay_index(void)
{
    char *line, *last, *cell[8], *rest;
    int n, requests = 0, others = 0;

    for (line = apr_strtok(read_sample("index.txt"), "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        if (*line == '#')
            continue;
        n = 0;
        for (cell[n] = apr_strtok(line, "\t", &rest); cell[n] && n < 7; cell[n] = apr_strtok(NULL, "\t", &rest))
            n++;
        if (!strcmp(cell[0], "request") && ++requests)
            replay_request(cell);
        else if (!strcmp(cell[0], "reply") && ++others)
            replay_reply(cell);
        else if (!strcmp(cell[0], "error") && ++others)
            replay_error(cell);
        else
            ok(0, "the index has no kind '%s'", cell[0]);
    }
    ok(requests > 20 && others > 8, "the index has samples: %d and %d", requests, others);
}

/* Every code has a name and a status a client can act on. */
static void check_codes(void)
{
    static const int codes[] = {
#define CODE(name, number, text) name,
        CCGW_ERRORS(CODE)
#undef CODE
    };
    const ccgw_error_row_t *row;
    apr_size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        for (row = evovoice_errors; row->code && row->code != codes[i]; row++)
            ;
        ok(row->code == codes[i] && row->http >= 400 && row->wire > 0, "our code %d has its errorCode",
           codes[i] - CCGW_ERROR_BASE);
    }
}

/* ---- formats ---- */

static void check_formats(void)
{
    static const struct {
        const char *target, *accept, *type, *content_type;
    } cases[] = {
        { "/sessions/my", NULL, NULL, "application/json; charset=utf-8" },
        { "/sessions/my", "*/*", NULL, "application/json; charset=utf-8" },
        { "/sessions/my", "*/*", "application/json", "application/json; charset=utf-8" },
        { "/sessions/my", "*/*", "application/xml", "application/xml" },
        { "/sessions/my", "text/jsv", NULL, "text/jsv" },
        { "/sessions/my", "application/jsv", NULL, "application/jsv" },
        { "/sessions/my", "text/xml", NULL, "application/xml" },
        { "/sessions/my", "application/xml,application/json", NULL, "application/json; charset=utf-8" },
        { "/sessions/my", "application/xml,application/json", "application/xml", "application/xml" },
        { "/sessions/my", "text/html,application/xml;q=0.9,*/*;q=0.8", NULL, "application/json; charset=utf-8" },
        { "/sessions/my", "text/csv", NULL, "text/csv" },
        { "/sessions/my", "text/csv, */*", "application/jsv", "application/jsv" },
        { "/sessions/my.xml", "application/json", NULL, "application/xml" },
        { "/sessions/my.JSV", NULL, NULL, "application/jsv" },
        { "/sessions/my.xml?format=csv", NULL, NULL, "text/csv" },
        { "/sessions/my?format=jsv.x", NULL, NULL, "application/jsv" },
        { "/sessions/my?format=pdf", NULL, NULL, "application/json; charset=utf-8" },
        { "/sessions/my?callback=f&format=xml", NULL, NULL, "application/json; charset=utf-8" },
        { "/xml/reply/GetMySessions", "application/json", NULL, "application/xml" },
        { "/csv/reply/GetMySessions.xml", NULL, NULL, "text/csv" },
        { "/api/GetMySessions", "application/xml", NULL, "application/json; charset=utf-8" },
        { "/api/GetMySessions.xml", NULL, NULL, "application/xml" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ccgw_problem_t problem = { 0 };
        ccgw_request_t request;

        headers[0][0] = cases[i].accept ? "Accept" : NULL;
        headers[0][1] = cases[i].accept;
        ok(route(&request, &problem, "GET", cases[i].target, cases[i].type, NULL) == APR_SUCCESS, "%s is known",
           cases[i].target);
        is_str(request.format->content_type, cases[i].content_type, "and with Accept %s is answered as %s",
               cases[i].accept ? cases[i].accept : "none", cases[i].content_type);
    }
    headers[0][0] = NULL;
}

/* ---- the session's id ---- */

static void check_tokens(void)
{
    static const struct {
        const char *cookie, *id, *pid, *opt, *want;
    } cases[] = {
        { NULL, NULL, NULL, NULL, NULL },
        { "ss-id=a; ss-pid=b", NULL, NULL, NULL, "a" },
        { "ss-pid=b; ss-id=a; ss-opt=temp", NULL, NULL, NULL, "a" },
        { "ss-pid=b;ss-id=a;ss-opt=perm", NULL, NULL, NULL, "b" },
        { "ss-id=a; ss-opt=perm", NULL, NULL, NULL, NULL },
        { "01 Jan 2046 00:00:00 GMT=null; ss-id=a", NULL, NULL, NULL, "a" },
        { "; ;=;ss-id; ss-id=a", NULL, NULL, NULL, "a" },
        { "xss-id=c; ss-id=a", NULL, NULL, NULL, "a" },
        { "ss-id=a", "h", NULL, NULL, "h" },
        { "ss-id=a; ss-pid=b; ss-opt=temp", NULL, "p", "perm", "p" },
        { "ss-id=a; ss-pid=b; ss-opt=perm", NULL, NULL, "temp", "a" },
        { "ss-id=", NULL, NULL, NULL, NULL },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        is_str(evovoice_pick_token(cases[i].cookie, cases[i].id, cases[i].pid, cases[i].opt, pool), cases[i].want,
               "of cookie '%s' and headers %s counts %s", cases[i].cookie ? cases[i].cookie : "",
               cases[i].id || cases[i].pid || cases[i].opt ? "that are there" : "that are not",
               cases[i].want ? cases[i].want : "nothing");
}

static void check_override(void)
{
    static const struct {
        const char *asked;
        ccgw_method_t method;
    } cases[] = { { "DELETE", CCGW_DELETE }, { "patch", CCGW_PATCH }, { "GET", CCGW_POST }, { "TRACE", CCGW_POST } };
    ccgw_request_t request;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        request = (ccgw_request_t){ .method = CCGW_POST, .path = "/sessions/1", .header = read_header, .pool = pool };
        headers[0][0] = "X-Http-Method-Override";
        headers[0][1] = cases[i].asked;
        evovoice_prepare(&request);
        is_int(request.method, cases[i].method, "a POST that says %s is taken for that, or not", cases[i].asked);
    }
    headers[0][0] = NULL;
    request = (ccgw_request_t){
        .method = CCGW_POST, .path = "/sessions/1", .query = "X-Http-Method-Override=DELETE", .pool = pool
    };
    evovoice_prepare(&request);
    is_int(request.method, CCGW_DELETE, "also in the query");
    request.method = CCGW_GET;
    evovoice_prepare(&request);
    is_int(request.method, CCGW_GET, "a GET stays one");
}

/* ---- from request to reply ---- */

static apr_status_t check_password(void *baton, ccgw_call_t *call, const char *user, const char *password)
{
    const ccgw_agent_def_t *def = ccgw_floor_agent_by_login(house->core.floor, user);

    if (!def || strcmp(password, "demo"))
        return CCGW_EPASSWORD;
    ccgw_call_init(call, &house->core, def->tenant, def, NULL, pool);
    return APR_SUCCESS;
}

static ccgw_reply_t reply;

static const char *header_said(const char *name, const char *begin)
{
    int i;

    for (i = 0; i < reply.headers.n; i++) {
        if (!strcmp(reply.headers.v[i].key, name) && !strncmp(reply.headers.v[i].text, begin, strlen(begin)))
            return reply.headers.v[i].text;
    }
    return NULL;
}

static const char *ask_as(ccgw_call_t *call, const char *method, const char *target, const char *body)
{
    ccgw_problem_t problem = { 0 };
    ccgw_view_t seen = view;
    ccgw_call_t nobody;
    ccgw_request_t request;

    ccgw_call_init(&nobody, &house->core, NULL, NULL, NULL, pool);
    seen.call = call ? call : &nobody;
    seen.check_password = check_password;
    if (route(&request, &problem, method, target, body ? "application/json" : NULL, body) == APR_SUCCESS) {
        ccgw_reply_run(&reply, &ccgw_dialect_evovoice, &request, &seen, call ? call : &nobody);
    }
    else {
        seen.format = request.format;
        ccgw_reply_error(&reply, &ccgw_dialect_evovoice, &problem, &seen, pool);
    }
    return reply.body.n ? reply.body.p : "";
}

static int says(const char *part)
{
    int found = reply.body.n && strstr(reply.body.p, part) != NULL;

    if (!found)
        printf("# HTTP %d: %s\n", reply.http, reply.body.n ? reply.body.p : "");
    return found;
}

static void check_sign_in(void)
{
    const char *text;

    text = ask_as(NULL, "POST", "/auth/credentials",
                  "{\"provider\":\"credentials\",\"userName\":\"dora\",\"password\":\"demo\",\"rememberMe\":true}");
    is_int(reply.http, 200, "a name and a password sign in: %s", text);
    ok(says("\"userName\":\"dora\"") && says("\"roles\":[\"User\"]"), "the answer says who");
    ok(header_said("Set-Cookie", "ss-opt=perm; ") != NULL, "rememberMe is kept in a cookie");
    ok(header_said("Set-Cookie", "ss-id=") != NULL, "there is a cookie for the browser's session");
    text = header_said("Set-Cookie", "ss-pid=");
    ok(text && strstr(text, "; Max-Age=630720000; Path=/; HttpOnly; SameSite=Lax") && !strstr(text, "Expires"),
       "and one for twenty years, without a date");
    ok(text && strstr(reply.body.p, apr_pstrndup(pool, text + 7, strcspn(text + 7, ";"))) != NULL,
       "which is the session's id");
    is_int(house_agent(house, "dora").open, 1, "she is at work");
    is_int(house_agent(house, "dora").nchannels, 3, "on three channels");
    is_int(house_agent(house, "dora").joiners.n, 1, "and joins what she is asked into");
    is_int(house_agent(house, "dora").channels[0].state, CCGW_PRESENCE_NOT_READY, "but is not ready for queues");
    headers[0][0] = "Cookie";
    headers[0][1] = apr_pstrcat(pool, "ss-opt=perm; ", apr_pstrndup(pool, text, strcspn(text, ";")), NULL);
    ask_as(NULL, "POST", "/api/Authenticate", "{\"provider\":\"logout\"}");
    is_int(reply.http, 200, "logout is a provider too");
    is_str(header_said("Set-Cookie", "ss-pid="), "ss-pid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
           "which takes the cookies back");
    is_int(house_agent(house, "dora").logins.n, 0, "and ends the login");
    headers[0][0] = NULL;
}

static void check_refused_sign_in(void)
{
    static const struct {
        const char *method, *target, *body;
        int http;
        const char *says;
    } cases[] = {
        { "POST", "/auth/credentials", "{\"userName\":\"dora\",\"password\":\"x\"}", 401,
          "Invalid Username or Password" },
        { "POST", "/auth", "{\"userName\":\"nobody\",\"password\":\"demo\"}", 401, "\"errorCode\":\"Unauthorized\"" },
        { "POST", "/auth/credentials", "{\"userName\":\"dora\"}", 400, "\"fieldName\":\"Password\"" },
        { "POST", "/auth/credentials", "{\"userName\":\"dora\",\"password\":\"\"}", 400,
          "'Password' must not be empty." },
        { "POST", "/auth/credentials", "{\"password\":\"demo\"}", 400, "\"fieldName\":\"UserName\"" },
        { "POST", "/auth/credentials", NULL, 400, "\"errorCode\":\"NotEmpty\"" },
        { "POST", "/auth/github", "{\"userName\":\"dora\",\"password\":\"demo\"}", 404, "\"errorCode\":\"NotFound\"" },
        { "GET", "/auth/credentials?userName=dora&password=demo", NULL, 405, "NotSupportedException" },
        { "GET", "/auth/github", NULL, 404, "NotFound" },
        { "GET", "/auth", NULL, 401, "Not Authenticated" },
        { "POST", "/auth", NULL, 401, "Not Authenticated" },
        { "POST", "/auth/credentials", "{\"userName\":", 400, "SerializationException" },
        { "POST", "/auth/credentials", "{\"userName\":\"dora\",\"password\":\"demo\",\"rememberMe\":\"perhaps\"}", 400,
          "RememberMe" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask_as(NULL, cases[i].method, cases[i].target, cases[i].body);
        is_int(reply.http, cases[i].http, "%s %s %s is refused", cases[i].method, cases[i].target,
               cases[i].body ? cases[i].body : "");
        ok(says(cases[i].says), "by saying %s", cases[i].says);
    }
    is_int(house_agent(house, "dora").logins.n, 0, "and nobody is signed in");
    ask_as(NULL, "GET", "/auth/status", NULL);
    is_int(reply.http, 200, "the status is no secret");
    ok(says("\"isAuthenticated\":false"), "and says that nobody is");
}

static void check_members(void)
{
    ccgw_call_t *anna = house_call(house, "anna"), *cleo;
    const char *id, *one, *text;

    house_ready(house, "anna");
    id = apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)house_text(house, "+15550100", "hello"));
    {
        ccgw_session_args_t take = { .session = ccgw_id_parse(id) };
        ccgw_done_t done;

        ok(ccgw_session_accept(anna, &take, &done) == APR_SUCCESS, "Anna has a session");
    }
    cleo = house_call(house, "cleo");
    ask_as(cleo, "GET", "/sessions/my", NULL);
    is_int(house_agent(house, "cleo").open, 1, "the first request of a login puts it to work");
    one = apr_pstrcat(pool, "/sessions/", id, NULL);
    ask_as(anna, "GET", one, NULL);
    ok(says(apr_pstrcat(pool, "\"id\":\"", id, "\"", NULL)), "the session is found by its id");
    ask_as(anna, "POST", apr_pstrcat(pool, one, "/members", NULL), "{\"memberToAdd\":\"+15550101\"}");
    is_int(reply.http, 200, "a number joins");
    ok(says("\"identity\":\"+15550101\",\"displayName\":\"+15550101\",\"isOriginalMember\":false"), "as a member");
    text = apr_pstrdup(
        pool, ask_as(anna, "POST", apr_pstrcat(pool, one, "/members", NULL), "{\"memberToAdd\":\"+15550101\"}"));
    is_int(strstr(strstr(text, "+15550101\",\"displayName") + 1, "+15550101\",\"displayName") == NULL, 1, "once");
    ask_as(anna, "POST", apr_pstrcat(pool, one, "/members", NULL), "{\"memberToAdd\":\"cleo@demo.example\"}");
    is_int(reply.http, 200, "a colleague is asked in");
    is_int(ccgw_session_part(&(ccgw_session_t){ 0 }, "x") == NULL, 1, "nobody is in no session");
    ask_as(anna, "POST", apr_pstrcat(pool, one, "/messages", NULL), "{\"body\":\"good morning\"}");
    is_int(reply.http, 200, "she says something");
    ok(says("\"text\":\"good morning\",\"isUnread\":false") && says("\"sender\":\"anna@demo.example\""),
       "and gets it back");
    ask_as(anna, "GET", apr_pstrcat(pool, one, "/transcript", NULL), NULL);
    ok(says("\"body\":\"hello\"") && says("\"body\":\"good morning\""), "the transcript has both sides");
    ask_as(anna, "DELETE", apr_pstrcat(pool, one, "/members/%2B15550101", NULL), NULL);
    is_int(reply.http, 200, "the number is removed by the path");
    ok(!strstr(reply.body.p, "+15550101"), "and the answer is the session without it");
    ask_as(anna, "DELETE", apr_pstrcat(pool, one, "/members/%2B15550101", NULL), NULL);
    is_int(reply.http, 404, "once removed it is not found");
    ask_as(anna, "DELETE", apr_pstrcat(pool, one, "/members/%2B15550100?memberToRemove=cleo%40demo.example", NULL),
           NULL);
    is_int(reply.http, 200, "the member in the query wins over the path");
    ok(says("+15550100") && !strstr(reply.body.p, "cleo@demo.example"), "so the customer stays and the colleague goes");
    ask_as(anna, "DELETE", apr_pstrcat(pool, one, "/members/%2B15550100", NULL), NULL);
    is_int(reply.http, 400, "the only customer cannot be removed");
    ask_as(anna, "DELETE", apr_pstrcat(pool, "/api/DeleteChatMember?sessionId=", id, NULL), NULL);
    is_int(reply.http, 400, "somebody has to be named");
    ok(says("\"errorCode\":\"ArgumentException\"") && says("\"fieldName\":\"MemberToRemove\""),
       "and the answer says so");
    ask_as(anna, "DELETE", apr_pstrcat(pool, one, "?callSid=CA1", NULL), NULL);
    is_int(reply.http, 404, "a leg of a call that does not exist is not ended");
    ask_as(anna, "DELETE", one, NULL);
    is_int(reply.http, 204, "the session is ended");
    is_int(reply.body.n, 0, "without a word");
    is_int(house_session(house, ccgw_id_parse(id)).state, CCGW_SESSION_ENDED, "for everybody");
    ask_as(cleo, "POST", apr_pstrcat(pool, one, "/members", NULL), "{\"memberToAdd\":\"+15550102\"}");
    is_int(reply.http, 400, "an ended session takes nobody in");
    ask_as(cleo, "GET", "/sessions?countPerPage=1&sortOrder=Descend", NULL);
    ok(says("\"items\":[{") && says("\"totalCount\":1,\"totalPages\":1,\"hasMorePages\":false"), "a list has pages");
    is_str(house_fault(house), NULL, "all records agree");
}

/* Nothing of this may do anything. */
static void check_bad_input(void)
{
    static const struct {
        const char *method, *target, *body;
        int http;
    } cases[] = {
        { "GET", "/sessions/zzz", NULL, 404 },
        { "GET", "/sessions/0000000000000001", NULL, 404 },
        { "GET", "/api/GetSession", NULL, 400 },
        { "GET", "/sessions?page=-1", NULL, 400 },
        { "GET", "/sessions?page=x", NULL, 400 },
        { "GET", "/sessions?countPerPage=0", NULL, 400 },
        { "GET", "/sessions?countPerPage=1001", NULL, 400 },
        { "GET", "/sessions?startDate=2026-02-30", NULL, 400 },
        { "GET", "/sessions?endDate=yesterday", NULL, 400 },
        { "GET", "/sessions?all=perhaps", NULL, 400 },
        { "GET", "/sessions?sortOrder=Sideways", NULL, 400 },
        { "GET", "/sessions?sortField=colour", NULL, 400 },
        { "GET", "/sessions?customerIds=a,b", NULL, 400 },
        { "POST", "/sessions/my", NULL, 405 },
        { "POST", "/sessions/1/members", NULL, 400 },
        { "POST", "/sessions/1/members", "{\"memberToAdd\":\"\"}", 400 },
        { "POST", "/sessions/1/members", "{\"memberToAdd\":\"+15550100\"}", 404 },
        { "POST", "/sessions/1/members", "[]", 400 },
        { "POST", "/sessions/1/members", "{\"memberToAdd\":", 400 },
        { "POST", "/sessions/1/messages", "{\"body\":\"\"}", 400 },
        { "POST", "/sessions/1/messages", "{\"body\":\"x\"}", 404 },
        { "POST", "/messages", "{\"body\":\"x\"}", 400 },
        { "POST", "/messages", "{\"body\":\"x\",\"toAddress\":\"+1999\"}", 404 },
        { "GET", "/sessions/1/transcript", NULL, 404 },
        { "GET", "/sessions/1/transcript?historicalCutOffDate=x", NULL, 400 },
        { "DELETE", "/sessions/1", NULL, 404 },
        { "DELETE", "/sessions/1/members/x", NULL, 404 },
        { "PUT", "/sessions/1/members/x", NULL, 405 },
        { "GET", "/nowhere", NULL, 404 },
        { "GET", "/api/Nothing", NULL, 404 },
    };
    ccgw_cursor_t before;
    apr_size_t i;

    ask_as(house_call(house, "anna"), "GET", "/sessions/my", NULL);
    before = house->real->last(house->core.store, ccgw_buf_str("demo"));
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask_as(house_call(house, "anna"), cases[i].method, cases[i].target, cases[i].body);
        is_int(reply.http, cases[i].http, "%s %s %s is refused with %d", cases[i].method, cases[i].target,
               cases[i].body ? cases[i].body : "", cases[i].http);
        ok(says("\"responseStatus\":{\"errorCode\":\""), "in the envelope");
    }
    ok(before == house->real->last(house->core.store, ccgw_buf_str("demo")), "and nothing was changed");
    ask_as(NULL, "GET", "/sessions/my", NULL);
    is_int(reply.http, 401, "who is not signed in sees nothing");
}

int main(void)
{
    const char *why = NULL;
    apr_status_t rv;

    house = house_open();
    pool = house->pool;
    view.pool = pool;
    view.base = "http://localhost:8080";
    view.root = "";
    view.call = house_call(house, "anna");
    rv = ccgw_router_make(&router, &why, &ccgw_dialect_evovoice, pool);
    if (!ok(rv == APR_SUCCESS, "the rows compile%s%s", why ? ": " : "", why ? why : ""))
        return done_testing();
    replay_index();
    check_codes();
    check_formats();
    check_tokens();
    check_override();
    check_sign_in();
    check_refused_sign_in();
    check_members();
    check_bad_input();
    house_close(house);
    return done_testing();
}
