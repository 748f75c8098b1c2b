/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_features.c: what only some dialects ask of routing, binding and replies: any method, loose names, lists of
 * objects, rows that sign in, paths that name the caller, headers, formats. */
#include <apr_general.h>
#include <apr_strings.h>

#include "api/ccgw_catalog.h"
#include "api/ccgw_format.h"
#include "core/ccgw_floor.h"

#include "tap.h"
#include "tiny.h"

typedef struct address_t {
    const char *address;
    apr_int64_t ring;
    int kind, fixed;
    struct address_t *more;
    int nmore;
} address_t;

typedef struct args_t {
    const char *user, *password, *text, *none;
    address_t *addresses;
    int naddresses;
    ccgw_strs_t words;
    int flag, color;
} args_t;

typedef struct result_t {
    const char *user, *text, *guid;
} result_t;

static int runs;
static args_t seen;

static apr_status_t run(ccgw_call_t *call, const void *args, void *result)
{
    result_t *out = result;

    runs++;
    seen = *(const args_t *)args;
    out->text = seen.text;
    out->user = call->agent ? call->agent->login : NULL;
    return APR_SUCCESS;
}

static const char *tell_user(const void *result, const ccgw_view_t *view)
{
    const result_t *in = result;

    return apr_pstrcat(view->pool, "guid=", ccgw_str_or_empty(in->user), NULL);
}

static const char *tell_text(const void *result, const ccgw_view_t *view)
{
    return ((const result_t *)result)->text;
}

static ccgw_agent_def_t anna = { .id = "a", .login = "anna", .work_no = 101 };

static apr_status_t check_password(void *baton, ccgw_call_t *call, const char *user, const char *password)
{
    *(int *)baton += 1;
    if (strcmp(user, "anna") || strcmp(password, "right"))
        return strcmp(user, "broken") ? CCGW_EPASSWORD : CCGW_EINTERNAL;
    call->agent = &anna;
    call->role = CCGW_ROLE_AGENT;
    return APR_SUCCESS;
}

static const ccgw_verb_t verb = { "thing.run", run, sizeof(args_t), sizeof(result_t) };

/* clang-format off */
#define ADDRESS(member) offsetof(address_t, member)
#define ARGS(member) offsetof(args_t, member)
static const ccgw_param_t more_params[] = {
    { "address", CCGW_IN_BODY, CCGW_KIND_STR, ADDRESS(address), .required = 1 },
    { NULL }
};
static const ccgw_param_t address_params[] = {
    { "address", CCGW_IN_BODY, CCGW_KIND_STR, ADDRESS(address), .required = 1 },
    { "type|kind", CCGW_IN_BODY, CCGW_KIND_ENUM, ADDRESS(kind), .values = tiny_colors },
    { "ring", CCGW_IN_BODY, CCGW_KIND_INT, ADDRESS(ring), .min = 1, .max = 9 },
    { "fixed", CCGW_IN_ROW, CCGW_KIND_BOOL, ADDRESS(fixed), .number = 1 },
    { "more", CCGW_IN_BODY, CCGW_KIND_ITEMS, ADDRESS(more), .item = more_params, .size = sizeof(address_t),
      .count = ADDRESS(nmore) },
    { NULL }
};
static const ccgw_param_t items_params[] = {
    { "addresses", CCGW_IN_BODY, CCGW_KIND_ITEMS, ARGS(addresses), .item = address_params,
      .size = sizeof(address_t), .count = ARGS(naddresses), .min = 1, .max = 3, .required = 1 },
    { NULL }
};
static const ccgw_param_t sign_in_params[] = {
    { "agent", CCGW_IN_PATH, CCGW_KIND_STR, ARGS(user), .required = 1 },
    { "password", CCGW_IN_BODY, CCGW_KIND_STR, ARGS(password), .required = 1 },
    { "text", CCGW_IN_BODY, CCGW_KIND_STR, ARGS(text) },
    { NULL }
};
static const ccgw_param_t loose_params[] = {
    { "id", CCGW_IN_PATH, CCGW_KIND_STR, ARGS(user) },
    { "Text", CCGW_IN_ANY, CCGW_KIND_STR, ARGS(text) },
    { "words", CCGW_IN_QUERY, CCGW_KIND_STRS, ARGS(words) },
    { "flag", CCGW_IN_QUERY, CCGW_KIND_BOOL, ARGS(flag) },
    { "color", CCGW_IN_QUERY, CCGW_KIND_ENUM, ARGS(color), .values = tiny_colors },
    { NULL }
};
static const ccgw_sign_in_t sign_in = { ARGS(user), ARGS(password) };
static const ccgw_header_t headers[] = {
    { "Set-GUID", tell_user }, { "Set-GUID", tell_text }, { "X-Text", tell_text }, { NULL }
};
static const ccgw_member_t members[] = {
    { "user", CCGW_KIND_STR, offsetof(result_t, user), .optional = 1 },
    { "text", CCGW_KIND_STR, offsetof(result_t, text), .optional = 1 },
    { NULL }
};
static const ccgw_shape_t shape = { "Reply", members, sizeof(result_t), "urn:x" };
#define ROW(id_, method_, path_, params_, ...) \
    { .id = id_, .doc = "1", .method = method_, .paths = { path_ }, .params = params_, .verb = &verb, __VA_ARGS__ }
static const ccgw_op_t strict_ops[] = {
    ROW("any",     CCGW_ANY_METHOD, "/any",                NULL),
    ROW("any.put", CCGW_PUT,        "/any",                NULL),
    ROW("any.sub", CCGW_GET,        "/any/{agent}",        NULL),
    ROW("pick",    CCGW_ANY_METHOD, "/any/my",             NULL),
    ROW("ask",     CCGW_POST,       "/ask",                items_params),
    ROW("login",   CCGW_PUT,        "/login/{agent}",      sign_in_params, .sign_in = &sign_in, .reply = &shape,
        .headers = headers),
    ROW("state",   CCGW_GET,        "/state/{agent}",      NULL, .need = CCGW_ROLE_AGENT, .headers = headers),
    ROW("other",   CCGW_GET,        "/other/{who}",        NULL, .need = CCGW_ROLE_AGENT),
    ROW("public",  CCGW_GET,        "/public/{agent}",     NULL),
    ROW("quiet",   CCGW_POST,       "/quiet",              NULL, .ok = 204, .headers = headers),
    { NULL }
};
static const ccgw_op_t loose_ops[] = {
    ROW("list",    CCGW_GET,        "/Sessions",           loose_params, .reply = &shape),
    ROW("my",      CCGW_GET,        "/sessions/my",        loose_params),
    ROW("get",     CCGW_GET,        "/sessions/{id}",      loose_params),
    ROW("put",     CCGW_PUT,        "/sessions/{id}",      loose_params),
    { NULL }
};
static const ccgw_error_row_t errors[] = {
    { CCGW_EPASSWORD, 401, 10, NULL }, { CCGW_EIDENTITY, 403, 11, NULL }, { CCGW_EINVAL, 400, 2, NULL },
    { CCGW_ESIGNIN, 401, 4, NULL },    { 0, 500, 9, NULL }
};
static const ccgw_dialect_t strict = {
    .name = "strict", .root = "/s", .ops = strict_ops, .errors = errors, .error = &tiny_error, .done = &tiny_done,
    .content_type = "application/json", .identity = "agent"
};
static const ccgw_dialect_t loose = {
    .name = "loose", .root = "/", .ops = loose_ops, .errors = errors, .error = &tiny_error, .done = &tiny_done,
    .content_type = "application/json", .loose = 1
};
/* clang-format on */

static ccgw_router_t *strict_router, *loose_router;
static apr_pool_t *pool;
static ccgw_request_t request;
static ccgw_reply_t reply;
static int asked;

static apr_status_t route(const ccgw_router_t *router, ccgw_method_t method, const char *path, const char *query,
                          const char *body)
{
    ccgw_problem_t problem;

    request = (ccgw_request_t){ .method = method, .path = path, .query = query, .pool = pool };
    request.body = ccgw_buf_str(ccgw_str_or_empty(body));
    if (body && *body != '{')
        request.content_type = "application/x-www-form-urlencoded";
    return ccgw_route(&request, &problem, router);
}

static const char *row_of(const ccgw_router_t *router, ccgw_method_t method, const char *path)
{
    return route(router, method, path, NULL, NULL) == APR_SUCCESS ? request.op->id : "none";
}

/* Run what was routed for AGENT; the reply's body. */
static const char *answer(const ccgw_dialect_t *dialect, const ccgw_agent_def_t *agent)
{
    static ccgw_call_t call;
    ccgw_view_t view = { .check_password = check_password, .password_baton = &asked, .call = &call, .pool = pool };

    call = (ccgw_call_t){ .pool = pool, .agent = agent, .role = agent ? CCGW_ROLE_AGENT : 0 };
    runs = asked = 0;
    memset(&seen, 0, sizeof seen);
    ccgw_reply_run(&reply, dialect, &request, &view, &call);
    return reply.body.p;
}

static const char *show_headers(void)
{
    const char *list = "";
    int i;

    for (i = 0; i < reply.headers.n; i++)
        list = apr_pstrcat(pool, list, reply.headers.v[i].key, ": ", reply.headers.v[i].text, "\n", NULL);
    return list;
}

/* ---- any method ---- */

static void check_any(void)
{
    static const ccgw_op_t twice[] = { ROW("a", CCGW_ANY_METHOD, "/x/{a}", NULL),
                                       ROW("b", CCGW_ANY_METHOD, "/x/{b}", NULL),
                                       { NULL } };
    ccgw_dialect_t wrong = strict;
    ccgw_router_t *router;
    const char *why;
    ccgw_out_t out;

    is_str(row_of(strict_router, CCGW_GET, "/any"), "any", "any method reaches a row for any");
    is_str(row_of(strict_router, CCGW_DELETE, "/any"), "any", "whichever it is");
    is_str(row_of(strict_router, CCGW_PUT, "/any"), "any.put", "but a row of that very method beats it");
    is_str(row_of(strict_router, CCGW_GET, "/any/my"), "pick", "a literal still beats a variable");
    is_int(route(strict_router, CCGW_METHOD_UNSET, "/any", NULL, NULL), CCGW_EMETHOD, "what is no method is none");
    wrong.ops = twice;
    is_int(ccgw_router_make(&router, &why, &wrong, pool), CCGW_EINVAL, "two rows for any method contradict each other");
    is_str(why, "rows a (/x/{a}) and b (/x/{b}) could match the same request", "and are named");
    ccgw_out_init(&out, 64, pool);
    ccgw_catalog_print(&out, &strict);
    ok(!strncmp(out.p, "any\tstrict\tANY\t/s/any\t", 22), "the catalogue calls it ANY");
}

/* ---- lists of objects ---- */

typedef struct items_case_t {
    const char *name, *body;
    apr_status_t want;
    const char *field, *text; /* of the first fault */
} items_case_t;

/* clang-format off */
static const items_case_t items[] = {
    { "one", "{\"addresses\":[{\"address\":\"5\"}]}" },
    { "none given", "{}", CCGW_EMISSING, "addresses", "addresses is missing" },
    { "null", "{\"addresses\":null}", CCGW_EMISSING, "addresses", "addresses is missing" },
    { "too few", "{\"addresses\":[]}", CCGW_ERANGE, "addresses", "addresses: '[]' has fewer than 1 items" },
    { "too many", "{\"addresses\":[{},{},{},{}]}", CCGW_ERANGE, "addresses",
      "addresses: '[{},{},{},{}]' has more than 3 items" },
    { "a fault in an item", "{\"addresses\":[{\"address\":\"5\"},{\"address\":\"6\"},{\"ring\":\"1\"}]}",
      CCGW_EMISSING, "addresses[2].address", "addresses[2].address is missing" },
    { "a number out of bounds", "{\"addresses\":[{\"address\":\"5\",\"ring\":10}]}", CCGW_ERANGE,
      "addresses[0].ring", "addresses[0].ring: '10' is not between 1 and 9" },
    { "a wrong word, second spelling", "{\"addresses\":[{\"address\":\"5\",\"kind\":\"blue\"}]}", CCGW_EINVAL,
      "addresses[0].kind", "addresses[0].kind: 'blue' is none of red, green, verde" },
    { "an item that is no object", "{\"addresses\":[{\"address\":\"5\"},7]}", CCGW_EINVAL, "addresses",
      "addresses: '[{\"address\":\"5\"},7]' is not a list of objects: item 1 is none" },
    { "an object", "{\"addresses\":{\"address\":\"5\"}}", CCGW_EINVAL, "addresses",
      "addresses: '{\"address\":\"5\"}' is not a list of objects" },
    { "a text", "{\"addresses\":\"5\"}", CCGW_EINVAL, "addresses", "addresses: '5' is not a list of objects" },
    { "a form field", "addresses=5", CCGW_EINVAL, "addresses", "addresses: '5' is not a list of objects" },
    { "a fault in an item's item", "{\"addresses\":[{\"address\":\"5\",\"more\":[{\"address\":\"6\"},{}]}]}",
      CCGW_EMISSING, "addresses[0].more[1].address", "addresses[0].more[1].address is missing" },
};
/* clang-format on */

static void check_items(void)
{
    ccgw_faults_t faults;
    const args_t *args;
    apr_size_t i;
    void *bound;

    for (i = 0; i < sizeof items / sizeof *items; i++) {
        route(strict_router, CCGW_POST, "/ask", NULL, items[i].body);
        is_int(ccgw_bind(&bound, &faults, &request), items[i].want, "items, %s", items[i].name);
        is_str(faults.n ? faults.v[0].field : NULL, items[i].field, "items, %s: the field", items[i].name);
        is_str(faults.n ? faults.v[0].text : NULL, items[i].text, "items, %s: the sentence", items[i].name);
    }
    route(strict_router, CCGW_POST, "/ask", NULL,
          "{\"addresses\":[{\"address\":\"5\",\"kind\":\"green\",\"more\":[{\"address\":\"x\"}]},"
          "{\"address\":\"6\",\"ring\":3}]}");
    ccgw_bind(&bound, &faults, &request);
    args = bound;
    is_int(args->naddresses, 2, "all items are bound");
    is_str(args->addresses[1].address, "6", "each into its own struct");
    is_int(args->addresses[0].kind * 10 + args->addresses[1].ring, 23, "with its own values");
    is_int(args->addresses[1].fixed, 1, "and the constants of the row");
    is_str(args->addresses[0].more[0].address, "x", "also lists inside");
    is_int(args->addresses[1].nmore, 0, "where there are some");
}

/* ---- loose names ---- */

static void check_loose_route(void)
{
    static const ccgw_op_t twice[] = { ROW("a", CCGW_GET, "/Xy", NULL), ROW("b", CCGW_GET, "/xY", NULL), { NULL } };
    ccgw_dialect_t wrong = loose;
    ccgw_router_t *router;
    const char *why;

    is_str(row_of(loose_router, CCGW_GET, "/sESSIONS"), "list", "literal segments match in any case");
    is_str(row_of(loose_router, CCGW_GET, "/sessions/MY"), "my", "and beat a variable in any case");
    is_str(row_of(loose_router, CCGW_GET, "//sessions///x//"), "get", "empty segments are dropped");
    is_str(request.path_values.v[0].text, "x", "and do not become values");
    is_str(row_of(loose_router, CCGW_GET, "/sessions/X"), "get", "a variable");
    is_str(request.path_values.v[0].text, "X", "keeps its case");
    ok(ccgw_route_knows(loose_router, "/SESSIONS//My"), "such a path is known");
    ok(!ccgw_route_knows(loose_router, "//"), "slashes alone are the root, which has no row here");
    wrong.ops = twice;
    is_int(ccgw_router_make(&router, &why, &wrong, pool), CCGW_EINVAL, "paths that differ in case only are the same");
}

typedef struct loose_case_t {
    const char *name, *query, *body;
    const char *want; /* id, text, words, flag, color */
} loose_case_t;

/* clang-format off */
static const loose_case_t looses[] = {
    { "names in any case", "TEXT=q&FLAG=1&cOLOR=RED", NULL, "p q [] 1 1" },
    { "the path", NULL, NULL, "p - [] 0 0" },
    { "the query beats the path", "ID=q", NULL, "q - [] 0 0" },
    { "what is empty in the query does not", "id=&text=", NULL, "p - [] 0 0" },
    { "an empty one before a full one", "id=&id=q", NULL, "q - [] 0 0" },
    { "the body's members in any case", NULL, "{\"TEXT\":\"b\",\"Flag\":true}", "p b [] 1 0" },
    { "the path beats the body", NULL, "{\"id\":\"b\"}", "p - [] 0 0" },
    { "the query beats the body", "text=q", "{\"text\":\"b\"}", "p q [] 0 0" },
    { "a form beats all", "id=q&text=q", "id=f&Text=f", "f f [] 0 0" },
    { "a list", "words=a,b", NULL, "p - [a|b] 0 0" },
    { "an encoded comma", "words=a%2Cb", NULL, "p - [a|b] 0 0" },
    { "brackets", "words=[a,b]", NULL, "p - [a|b] 0 0" },
    { "quotes", "words=%22a,b%22,%22c%22%22d%22", NULL, "p - [a,b|c\"d] 0 0" },
    { "an unclosed quote", "words=%22a,b", NULL, "p - [a,b] 0 0" },
    { "a repeated name", "words=a&Words=&x=1&WORDS=b,c", NULL, "p - [a|b|c] 0 0" },
    { "empty items", "words=,a,,b,", NULL, "p - [a|b] 0 0" },
    { "an empty list", "words=[]", NULL, "p - [] 0 0" },
    { "yes", "flag=Y", NULL, "p - [] 1 0" },
    { "on, and what is cut", "flag=ON,off", NULL, "p - [] 1 0" },
    { "false", "flag=F", NULL, "p - [] 0 0" },
    { "an enumeration by number", "color=2", NULL, "p - [] 0 2" },
    { "no boolean", "flag=maybe", NULL, "flag: 'maybe' is neither true nor false" },
    { "no word", "color=blue", NULL, "color: 'blue' is none of red, green, verde" },
};
/* clang-format on */

static void check_loose_bind(void)
{
    ccgw_faults_t faults;
    apr_size_t i;
    void *bound;

    for (i = 0; i < sizeof looses / sizeof *looses; i++) {
        const args_t *args;
        const char *words = "";
        int n;

        route(loose_router, CCGW_PUT, "/sessions/p", looses[i].query, looses[i].body);
        ccgw_bind(&bound, &faults, &request);
        args = bound;
        for (n = 0; n < args->words.n; n++)
            words = apr_pstrcat(pool, words, n ? "|" : "", args->words.v[n], NULL);
        is_str(faults.n ? faults.v[0].text
                        : apr_psprintf(pool, "%s %s [%s] %d %d", args->user, args->text ? args->text : "-", words,
                                       args->flag, args->color),
               looses[i].want, "loose: %s", looses[i].name);
    }
}

/* ---- rows that sign in, and rows of somebody ---- */

static void check_sign_in(void)
{
    static const ccgw_op_t twice[] = {
        ROW("login", CCGW_PUT, "/login/{agent}", sign_in_params, .sign_in = &sign_in, .need = CCGW_ROLE_AGENT), { NULL }
    };
    ccgw_dialect_t wrong = strict;

    route(strict_router, CCGW_PUT, "/login/anna", NULL, "{\"password\":\"right\",\"text\":\"hi\"}");
    is_str(answer(&strict, NULL), "{\"user\":\"anna\",\"text\":\"hi\"}",
           "the verb of a row that signs in has a caller");
    is_str(show_headers(), "Set-GUID: guid=anna\nSet-GUID: hi\nX-Text: hi\n",
           "its headers stand in the reply, in order");
    route(strict_router, CCGW_PUT, "/login/anna", NULL, "{\"password\":\"right\"}");
    answer(&strict, NULL);
    is_str(show_headers(), "Set-GUID: guid=anna\n", "a header without a value is left out");
    route(strict_router, CCGW_PUT, "/login/anna", NULL, "{\"password\":\"wrong\"}");
    is_str(answer(&strict, NULL), "{\"code\":10,\"text\":\"wrong name or password\"}", "a wrong password");
    is_int(runs, 0, "keeps the verb from running");
    is_int(reply.headers.n, 0, "and sends none of its headers");
    route(strict_router, CCGW_PUT, "/login/anna", NULL, "{\"password\":\"\"}");
    answer(&strict, NULL);
    is_int(reply.code * 10 + asked, CCGW_EPASSWORD * 10, "an empty password is wrong without being asked about");
    route(strict_router, CCGW_PUT, "/login/broken", NULL, "{\"password\":\"x\"}");
    answer(&strict, NULL);
    is_int(reply.code, CCGW_EINTERNAL, "a back end that fails is not a wrong password");
    route(strict_router, CCGW_PUT, "/login/anna", NULL, "{}");
    answer(&strict, NULL);
    is_int(reply.code, CCGW_EMISSING, "arguments come before the password");
    wrong.ops = twice;
    is_str(ccgw_catalog_check(&wrong, pool), "row login signs in and needs somebody signed in",
           "such a row cannot need a caller as well");
}

typedef struct identity_case_t {
    const char *name, *path;
    const ccgw_agent_def_t *agent;
    apr_status_t want;
} identity_case_t;

static const identity_case_t identities[] = {
    { "one's own number", "/state/101", &anna, APR_SUCCESS },
    { "another's", "/state/102", &anna, CCGW_EIDENTITY },
    { "a longer one", "/state/1011", &anna, CCGW_EIDENTITY },
    { "another spelling", "/state/0101", &anna, CCGW_EIDENTITY },
    { "a name", "/state/anna", &anna, CCGW_EIDENTITY },
    { "nobody", "/state/101", NULL, CCGW_ESIGNIN },
    { "a row without that variable", "/other/102", &anna, APR_SUCCESS },
    { "a row for everybody", "/public/102", NULL, APR_SUCCESS },
};

static void check_identity(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof identities / sizeof *identities; i++) {
        route(strict_router, CCGW_GET, identities[i].path, NULL, NULL);
        answer(&strict, identities[i].agent);
        is_int(reply.code, identities[i].want, "identity: %s", identities[i].name);
        is_int(runs, identities[i].want == APR_SUCCESS, "identity: %s: runs of the verb", identities[i].name);
    }
}

/* ---- formats ---- */

static void check_formats(void)
{
    route(strict_router, CCGW_POST, "/quiet", NULL, NULL);
    is_str(answer(&strict, NULL), "", "204 has no body");
    is_str(reply.content_type, NULL, "nor a media type");
    is_int(reply.http * 10 + runs, 2041, "but its verb has run");
    is_str(show_headers(), "Set-GUID: guid=\n", "and its headers are sent");

    route(loose_router, CCGW_GET, "/sessions", "text=a%2Cb", NULL);
    request.format = &ccgw_format_csv;
    is_str(answer(&loose, &anna), "User,Text\r\nanna,\"a,b\"\r\n", "a reply in the format asked for");
    is_str(reply.content_type, "text/csv", "with its media type");
    is_str(show_headers(), "Content-Disposition: attachment;filename=\"list.csv\"\n", "as a file of its own name");
    request.format = &ccgw_format_xml;
    answer(&loose, &anna);
    is_str(reply.body.p,
           "<Reply xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns=\"urn:x\">"
           "<Text>a,b</Text><User>anna</User></Reply>",
           "another format");
    is_int(reply.headers.n, 0, "which is no file");
    route(loose_router, CCGW_GET, "/sessions", "flag=maybe", NULL);
    request.format = &ccgw_format_jsv;
    is_str(answer(&loose, &anna), "{code:2,text:\"flag: 'maybe' is neither true nor false\"}", "a failure, likewise");
    is_str(reply.content_type, "application/jsv", "with its media type");
    route(loose_router, CCGW_PUT, "/sessions/1", NULL, NULL);
    request.format = &ccgw_format_jsv;
    is_str(answer(&loose, &anna), "{code:0}", "and what has no shape");
}

int main(void)
{
    const char *why = NULL;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    ok(ccgw_router_make(&strict_router, &why, &strict, pool) == APR_SUCCESS, "the rows compile");
    is_str(why, NULL, "without a word");
    ok(ccgw_router_make(&loose_router, &why, &loose, pool) == APR_SUCCESS, "so do the loose ones");
    is_str(why, NULL, "likewise");
    if (!strict_router || !loose_router)
        return 1;
    check_any();
    check_items();
    check_loose_route();
    check_loose_bind();
    check_sign_in();
    check_identity();
    check_formats();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
