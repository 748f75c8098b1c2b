/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_route.c: compiles a dialect's path templates into a tree and finds a request's row in it. */
#include "api/ccgw_route.h"

#include "api/ccgw_catalog.h"
#include "api/ccgw_form.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* A row at the end of one of its paths. */
typedef struct target_t {
    const ccgw_op_t *op;
    const char *path;
    const char **names; /* of the variables, in the path's order */
    int nnames;
    struct target_t *next;
} target_t;

typedef struct node_t {
    const char *segment; /* decoded literal; NULL: a variable */
    struct node_t *next;
    struct node_t *literals;
    struct node_t *variable;
    target_t *targets;
} node_t;

struct ccgw_router_t {
    const ccgw_dialect_t *dialect;
    node_t *root;
    int depth; /* segments of the longest path */
};

/* ---- words: "A|B" ---- */

/* The next word of *LIST, its length in *N; NULL at the end. */
static const char *next_word(const char **list, apr_size_t *n)
{
    const char *word = *list;

    if (!word)
        return NULL;
    *n = strcspn(word, "|");
    *list = word[*n] ? word + *n + 1 : NULL;
    return word;
}

static int has_word(const char *list, const char *value, apr_size_t len)
{
    const char *word;
    apr_size_t n;

    while ((word = next_word(&list, &n)) != NULL) {
        if (n == len && !memcmp(word, value, n))
            return 1;
    }
    return 0;
}

static int words_overlap(const char *a, const char *b)
{
    const char *word;
    apr_size_t n;

    if (!a || !b)
        return a == b;
    while ((word = next_word(&a, &n)) != NULL) {
        if (has_word(b, word, n))
            return 1;
    }
    return 0;
}

/* ---- compile ---- */

static int same_segment(const char *a, const char *b, int loose)
{
    return loose ? !strcasecmp(a, b) : !strcmp(a, b);
}

static node_t *add_child(node_t *node, const char *segment, int loose, apr_pool_t *pool)
{
    node_t **at = segment ? &node->literals : &node->variable;

    while (*at && segment && !same_segment((*at)->segment, segment, loose))
        at = &(*at)->next;
    if (!*at) {
        *at = apr_pcalloc(pool, sizeof **at);
        (*at)->segment = segment;
    }
    return *at;
}

/* Two rows of equal rank: the same method, the same query, selectors that share a word. */
static const char *add_target(node_t *node, target_t *target, apr_pool_t *pool)
{
    target_t **at;

    for (at = &node->targets; *at; at = &(*at)->next) {
        const ccgw_op_t *a = (*at)->op, *b = target->op;

        if (a->method == b->method && words_overlap(a->select, b->select) && !a->query == !b->query &&
            (!a->query || !strcmp(a->query, b->query)))
            return apr_psprintf(pool, "rows %s (%s) and %s (%s) could match the same request", a->id, (*at)->path,
                                b->id, target->path);
    }
    *at = target;
    return NULL;
}

/* Walk PATH into the tree, naming its variables in TARGET; *NODE: where it ends. */
static const char *add_path(node_t **node, int *depth, target_t *target, const char *path, int loose, apr_pool_t *pool)
{
    const char *at = path;
    int i;

    if (*path != '/')
        return apr_psprintf(pool, "row %s: path %s does not begin with a slash", target->op->id, path);
    while (*at == '/' && at[1]) {
        apr_size_t n = strcspn(at + 1, "/");
        char *segment = apr_pstrmemdup(pool, at + 1, n);
        int variable = n > 2 && segment[0] == '{' && segment[n - 1] == '}';

        if (!n || (!variable && strpbrk(segment, "{}%")))
            return apr_psprintf(pool, "row %s: path %s has a malformed segment '%s'", target->op->id, path, segment);
        if (variable) {
            segment[n - 1] = '\0';
            for (i = 0; i < target->nnames; i++) {
                if (!strcmp(target->names[i], segment + 1))
                    return apr_psprintf(pool, "row %s: path %s names {%s} twice", target->op->id, path, segment + 1);
            }
            target->names[target->nnames++] = segment + 1;
        }
        *node = add_child(*node, variable ? NULL : segment, loose, pool);
        at += n + 1;
        ++*depth;
    }
    return NULL;
}

/* A required path parameter that a path of its row does not carry would be missing in every request. */
static const char *check_path_params(const target_t *target, apr_pool_t *pool)
{
    const ccgw_param_t *param;
    int i, found;

    for (param = target->op->params; param && param->name; param++) {
        if (param->where != CCGW_IN_PATH || !param->required)
            continue;
        for (i = 0, found = 0; i < target->nnames; i++)
            found |= has_word(param->name, target->names[i], strlen(target->names[i]));
        if (!found)
            return apr_psprintf(pool, "row %s: path %s has no {%s}", target->op->id, target->path, param->name);
    }
    return NULL;
}

static const char *compile_row(ccgw_router_t *router, const ccgw_op_t *op, apr_pool_t *pool)
{
    const char *why = NULL;
    int i;

    for (i = 0; !why && i < (int)(sizeof op->paths / sizeof *op->paths) && op->paths[i]; i++) {
        target_t *target = apr_pcalloc(pool, sizeof *target);
        node_t *node = router->root;
        int depth = 0;

        target->op = op;
        target->path = op->paths[i];
        target->names = apr_palloc(pool, (strlen(target->path) + 1) * sizeof *target->names);
        why = add_path(&node, &depth, target, target->path, router->dialect->loose, pool);
        if (!why && !router->dialect->loose)
            why = check_path_params(target, pool);
        if (!why)
            why = add_target(node, target, pool);
        if (depth > router->depth)
            router->depth = depth;
    }
    return why;
}

apr_status_t ccgw_router_make(ccgw_router_t **router, const char **why, const ccgw_dialect_t *dialect, apr_pool_t *pool)
{
    const ccgw_op_t *op;

    *router = NULL;
    *why = ccgw_catalog_check(dialect, pool);
    if (*why)
        return CCGW_EINVAL;
    *router = apr_pcalloc(pool, sizeof **router);
    (*router)->dialect = dialect;
    (*router)->root = apr_pcalloc(pool, sizeof *(*router)->root);
    for (op = dialect->ops; !*why && op->id; op++)
        *why = compile_row(*router, op, pool);
    return *why ? CCGW_EINVAL : APR_SUCCESS;
}

/* ---- split a path ---- */

/* Decoded segments of PATH into SEGMENTS (room for router->depth), a slash at the end passed over.
 * -1: no row can have this path. */
static int split_path(const char **segments, const ccgw_router_t *router, const char *path, apr_pool_t *pool)
{
    const char *at = path;
    int n = 0;

    while (*at == '/' && at[1]) {
        apr_size_t len = strcspn(at + 1, "/");

        if (!len && router->dialect->loose) {
            at++;
            continue;
        }
        if (!len || n == router->depth || ccgw_form_decode(&segments[n++], at + 1, len, 0, pool) != APR_SUCCESS)
            return -1;
        at += len + 1;
    }
    return *at && *at != '/' ? -1 : n;
}

/* ---- find ---- */

typedef enum body_state_t {
    BODY_UNREAD,
    BODY_NONE,
    BODY_JSON,
    BODY_FORM,
    BODY_OTHER, /* a media type we do not read */
    BODY_BROKEN,
    BODY_LARGE
} body_state_t;

typedef struct search_t {
    const ccgw_router_t *router;
    ccgw_request_t *request;
    const char **segments;
    const char **values; /* of the variables passed so far */
    int nsegments;
    body_state_t body;
    const char *body_why;
    ccgw_problem_t problem; /* the most telling reason so far */
    const target_t *target;
} search_t;

/* A path that fits better than another says more about what went wrong. */
static int rank_code(apr_status_t code)
{
    return code == CCGW_ENOROUTE ? 0 : code == CCGW_EMETHOD ? 1 : 2;
}

static int note_problem(search_t *search, apr_status_t code, const char *field, const char *text)
{
    if (rank_code(code) > rank_code(search->problem.code)) {
        search->problem.code = code;
        search->problem.field = field;
        search->problem.text = text;
    }
    return 0;
}

static int is_media_type(const char *content_type, const char *name)
{
    apr_size_t n = strlen(name);

    return !strncasecmp(content_type, name, n) && strchr("; \t", content_type[n]);
}

static body_state_t read_body(search_t *search)
{
    ccgw_request_t *request = search->request;
    const char *type = request->content_type;

    if (search->body != BODY_UNREAD)
        return search->body;
    if (!request->body.n || request->method == CCGW_GET)
        return search->body = BODY_NONE;
    if (!ccgw_str_given(type) || is_media_type(type, "application/json") || is_media_type(type, "text/json"))
        search->body = ccgw_json_parse(&request->json, &search->body_why, request->body.p, request->body.n,
                                       request->pool) == APR_SUCCESS
                           ? BODY_JSON
                           : BODY_BROKEN;
    else if (is_media_type(type, "application/x-www-form-urlencoded"))
        search->body =
            ccgw_form_parse(&request->form_values, request->body.p, request->body.n, request->pool) == APR_SUCCESS
                ? BODY_FORM
                : BODY_LARGE;
    else
        search->body = BODY_OTHER;
    return search->body;
}

/* The parser quotes the place of its error. That part stays out: it may be a password, or no text. */
static const char *tell_syntax(const search_t *search)
{
    const char *quote = strstr(search->body_why, " near '");
    apr_size_t n = quote ? (apr_size_t)(quote - search->body_why) : strlen(search->body_why);

    return apr_pstrcat(search->request->pool,
                       "the body is not JSON: ", apr_pstrmemdup(search->request->pool, search->body_why, n), NULL);
}

/* Can members or fields be read from the body? 0 with the problem noted. An absent body has none,
 * which is no problem here. */
static int check_body(search_t *search)
{
    switch (read_body(search)) {
    case BODY_BROKEN: return note_problem(search, CCGW_ESYNTAX, NULL, tell_syntax(search));
    case BODY_LARGE: return note_problem(search, CCGW_ETOOLARGE, NULL, "the form has too many fields");
    case BODY_OTHER:
        return note_problem(search, CCGW_ESYNTAX, NULL, "the body is not JSON: its Content-Type says otherwise");
    case BODY_JSON:
        if (ccgw_json_kind(search->request->json) != CCGW_JSON_OBJECT)
            return note_problem(search, CCGW_ESYNTAX, NULL, "the body is not a JSON object");
        return 1;
    default: return 1;
    }
}

/* The selector as text; NULL: not given. */
static const char *read_selector(search_t *search)
{
    const ccgw_request_t *request = search->request;
    const char *name = search->router->dialect->selector;
    const ccgw_pair_t *pair;

    if (request->json) {
        const ccgw_json_t *value = ccgw_json_member(request->json, name);

        if (ccgw_json_kind(value) == CCGW_JSON_STRING)
            return ccgw_json_text(value);
        return ccgw_json_kind(value) <= CCGW_JSON_NULL ? NULL : ccgw_json_write(value, request->pool);
    }
    pair = ccgw_pairs_find(&request->form_values, name);
    return pair ? pair->text : NULL;
}

static int has_query(const search_t *search, const char *name)
{
    const ccgw_pairs_t *query = &search->request->query_values;
    int i;

    for (i = 0; i < query->n; i++) {
        if (same_segment(query->v[i].key, name, search->router->dialect->loose))
            return 1;
    }
    return 0;
}

/* The first row of METHOD that fits, one with the request's selector before one without any. WITH_QUERY: only rows that
 * ask for a query parameter that is there; else only rows that ask for none. */
static const target_t *pick_target(const search_t *search, const node_t *node, ccgw_method_t method, int with_query,
                                   const char *selector)
{
    const target_t *target, *plain = NULL;

    for (target = node->targets; target; target = target->next) {
        const ccgw_op_t *op = target->op;

        if (op->method != method || (op->query != NULL) != with_query || (with_query && !has_query(search, op->query)))
            continue;
        if (!op->select)
            plain = plain ? plain : target;
        else if (selector && has_word(op->select, selector, strlen(selector)))
            return target;
    }
    return plain;
}

static int note_no_row(search_t *search, const char *selector)
{
    const char *name = search->router->dialect->selector;

    if (!selector)
        return note_problem(search, CCGW_EMISSING, name, apr_psprintf(search->request->pool, "%s is missing", name));
    return note_problem(search, CCGW_EOPERATION, name,
                        apr_psprintf(search->request->pool, "there is no operation '%s' here",
                                     ccgw_form_printable(selector, 60, search->request->pool)));
}

/* How much of a row hangs on the body: 0 nothing, 1 parameters that may as well stand elsewhere, 2 more. */
static int weigh_body(const ccgw_op_t *op, int loose)
{
    const ccgw_param_t *param;
    int weight = op->select ? 2 : 0;

    for (param = op->params; param && param->name; param++) {
        if (param->where == CCGW_IN_BODY)
            weight = 2;
        else if (!weight && (param->where == CCGW_IN_ANY ||
                             (loose && param->where != CCGW_IN_HEADER && param->where != CCGW_IN_ROW)))
            weight = 1;
    }
    return weight;
}

/* A stream's framing reads the body itself, and says what it cannot read. */
static int accept_target(search_t *search, const target_t *target)
{
    int weight = weigh_body(target->op, search->router->dialect->loose);

    if (target->op->stream)
        read_body(search);
    else if ((weight == 2 || (weight == 1 && read_body(search) != BODY_OTHER)) && !check_body(search))
        return 0;
    search->target = target;
    return 1;
}

/* The method whose rows count at NODE: the request's, else any. */
static ccgw_method_t find_method(int *selects, const search_t *search, const node_t *node)
{
    ccgw_method_t asked = search->request->method, method = CCGW_METHOD_UNSET;
    const target_t *target;

    *selects = 0;
    for (target = node->targets; asked && target; target = target->next) {
        if (target->op->method == asked || (target->op->method == CCGW_ANY_METHOD && !method))
            method = target->op->method;
    }
    for (target = node->targets; method && target; target = target->next)
        *selects |= target->op->method == method && target->op->select;
    return method;
}

static int choose_row(search_t *search, const node_t *node)
{
    const target_t *target;
    const char *selector = NULL;
    int selects;
    ccgw_method_t method = find_method(&selects, search, node);

    if (!method)
        return note_problem(search, node->targets ? CCGW_EMETHOD : CCGW_ENOROUTE, NULL, NULL);
    if (selects && (read_body(search) == BODY_JSON || search->body == BODY_FORM))
        selector = read_selector(search);
    target = pick_target(search, node, method, 1, selector);
    if (!target)
        target = pick_target(search, node, method, 0, selector);
    if (target)
        return accept_target(search, target);
    if (!selects)
        return note_problem(search, CCGW_ENOROUTE, NULL, NULL);
    return check_body(search) ? note_no_row(search, selector) : 0;
}

/* Literals first; a dead end on a literal falls back to the variable beside it. The tree bounds the
 * effort: no node is looked at twice. */
static int find_row(search_t *search, const node_t *node, int at, int nvalues)
{
    const node_t *child;

    if (at == search->nsegments)
        return choose_row(search, node);
    for (child = node->literals; child; child = child->next) {
        if (same_segment(child->segment, search->segments[at], search->router->dialect->loose) &&
            find_row(search, child, at + 1, nvalues))
            return 1;
    }
    if (!node->variable)
        return 0;
    search->values[nvalues] = search->segments[at];
    return find_row(search, node->variable, at + 1, nvalues + 1);
}

static int has_rows(const node_t *node, const char **segments, int n, int loose)
{
    const node_t *child;

    if (!n)
        return node->targets != NULL;
    for (child = node->literals; child; child = child->next) {
        if (same_segment(child->segment, *segments, loose) && has_rows(child, segments + 1, n - 1, loose))
            return 1;
    }
    return node->variable && has_rows(node->variable, segments + 1, n - 1, loose);
}

static void fill_path_values(ccgw_request_t *request, const search_t *search)
{
    const target_t *target = search->target;
    int i;

    request->path_values.n = target->nnames;
    request->path_values.v = apr_pcalloc(request->pool, (apr_size_t)(target->nnames + 1) * sizeof(ccgw_pair_t));
    for (i = 0; i < target->nnames; i++) {
        request->path_values.v[i].key = target->names[i];
        request->path_values.v[i].text = search->values[i];
        request->path_values.v[i].kind = CCGW_PAIR_TEXT;
    }
}

static void reset_request(ccgw_request_t *request)
{
    static const ccgw_pairs_t none;

    request->json = NULL;
    request->op = NULL;
    request->path_values = request->query_values = request->form_values = none;
}

static int read_query(search_t *search)
{
    ccgw_request_t *request = search->request;
    const char *query = ccgw_str_or_empty(request->query);

    if (ccgw_form_parse(&request->query_values, query, strlen(query), request->pool) == APR_SUCCESS)
        return 1;
    return note_problem(search, CCGW_ETOOLARGE, NULL, "the query has too many parameters");
}

apr_status_t ccgw_route(ccgw_request_t *request, ccgw_problem_t *problem, const ccgw_router_t *router)
{
    search_t search = { .router = router, .request = request, .problem = { .code = CCGW_ENOROUTE } };
    apr_size_t room = (apr_size_t)(router->depth + 1) * sizeof(char *);

    reset_request(request);
    search.segments = apr_palloc(request->pool, room);
    search.values = apr_palloc(request->pool, room);
    search.nsegments = split_path(search.segments, router, request->path, request->pool);
    request->loose = router->dialect->loose;
    if (search.nsegments >= 0 && has_rows(router->root, search.segments, search.nsegments, request->loose) &&
        read_query(&search) && find_row(&search, router->root, 0, 0)) {
        fill_path_values(request, &search);
        request->op = search.target->op;
        return APR_SUCCESS;
    }
    *problem = search.problem;
    return problem->code;
}

/* ---- known paths ---- */

int ccgw_route_knows(const ccgw_router_t *router, const char *path)
{
    const char **segments;
    apr_pool_t *scratch;
    int n, known;

    /* No parent: the router is shared by all threads, and so would be its pool. */
    if (apr_pool_create(&scratch, NULL) != APR_SUCCESS)
        return 0;
    segments = apr_palloc(scratch, (apr_size_t)(router->depth + 1) * sizeof *segments);
    n = split_path(segments, router, path, scratch);
    known = n >= 0 && has_rows(router->root, segments, n, router->dialect->loose);
    apr_pool_destroy(scratch);
    return known;
}
