/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_bind.c: fills a verb's argument struct from a routed request by the row's parameters. */
#include "api/ccgw_bind.h"

#include "api/ccgw_form.h"
#include "util/ccgw_id.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX  65536
#define SHOWN_MAX 60
#define ITEMS_MAX 1024

/* What the request gives for one parameter: JSON, or text; neither: nothing. */
typedef struct raw_t {
    const char *name; /* as the client spelt it; the first spelling when nothing is given */
    const ccgw_json_t *json;
    const char *text;
    int broken; /* the text could not be decoded */
    int loose;  /* words of a dialect that takes them in any case */
} raw_t;

typedef struct bind_t {
    const ccgw_request_t *request;
    ccgw_faults_t *faults;
    const ccgw_json_t *item; /* of ITEMS: the object that is read instead of the request; else NULL */
    const char *prefix;      /* of the names in faults, "addresses[2]." */
    apr_pool_t *pool;
} bind_t;

/* Converts RAW into FIELD. NULL, or why not; *CODE is CCGW_EINVAL unless set. */
typedef const char *convert_fn_t(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                                 apr_pool_t *pool);

/* ---- faults ---- */

static void add_fault(bind_t *bind, apr_status_t code, const char *field, const char *text)
{
    if (bind->faults->n < CCGW_BIND_FAULTS) {
        ccgw_problem_t *fault = &bind->faults->v[bind->faults->n++];

        fault->code = code;
        fault->field = *bind->prefix ? apr_pstrcat(bind->pool, bind->prefix, field, NULL) : field;
        fault->text = text;
    }
}

static const char *show_value(const raw_t *raw, apr_pool_t *pool)
{
    const char *text = raw->text ? raw->text : ccgw_json_text(raw->json);

    return ccgw_form_printable(text ? text : ccgw_json_write(raw->json, pool), SHOWN_MAX, pool);
}

static void add_value_fault(bind_t *bind, apr_status_t code, const raw_t *raw, const char *reason)
{
    add_fault(bind, code, raw->name,
              apr_psprintf(bind->pool, "%s%s: '%s' %s", bind->prefix, raw->name, show_value(raw, bind->pool), reason));
}

/* ---- find ---- */

/* The pair NAME, from FROM on; *next: where to look for another of that name. */
static const ccgw_pair_t *find_pair(int *next, const ccgw_pairs_t *pairs, int from, const char *name, int loose)
{
    for (; from < pairs->n; from++) {
        const char *key = pairs->v[from].key;

        if (!strcmp(key, name) || (loose && !strcasecmp(key, name))) {
            *next = from + 1;
            return &pairs->v[from];
        }
    }
    return NULL;
}

/* What stands in several places of a query is one list. */
static void take_more(raw_t *raw, const ccgw_pairs_t *pairs, int from, apr_pool_t *pool)
{
    const ccgw_pair_t *pair;

    while ((pair = find_pair(&from, pairs, from, raw->name, 1)) != NULL) {
        if (!*pair->text)
            continue;
        raw->broken |= pair->kind != CCGW_PAIR_TEXT;
        raw->text = apr_pstrcat(pool, raw->text, ",", pair->text, NULL);
    }
}

static int take_pair(raw_t *raw, const ccgw_pairs_t *pairs)
{
    int next;
    const ccgw_pair_t *pair = find_pair(&next, pairs, 0, raw->name, raw->loose);

    if (!pair)
        return 0;
    raw->text = pair->text;
    raw->broken = pair->kind != CCGW_PAIR_TEXT || !ccgw_utf8_valid(pair->text, strlen(pair->text));
    return 1;
}

/* null in JSON says the same as leaving it out. */
static int take_member(raw_t *raw, const ccgw_json_t *object, apr_pool_t *pool)
{
    const ccgw_json_t *value = ccgw_json_member(object, raw->name);
    const char *name;
    int i, found = value != NULL;

    for (i = 0; !found && raw->loose && ccgw_json_entry(&name, &value, object, i, pool); i++)
        found = !strcasecmp(name, raw->name);
    if (!found || ccgw_json_kind(value) <= CCGW_JSON_NULL)
        return 0;
    raw->json = value;
    return 1;
}

static int take_body(raw_t *raw, const ccgw_request_t *request)
{
    return request->json ? take_member(raw, request->json, request->pool) : take_pair(raw, &request->form_values);
}

static int take_header(raw_t *raw, const ccgw_request_t *request)
{
    raw->text = request->header ? request->header(request->header_baton, raw->name) : NULL;
    raw->broken = raw->text && !ccgw_utf8_valid(raw->text, strlen(raw->text));
    return raw->text != NULL;
}

/* Without regard to where the parameter belongs: a form wins over the query, the query over the path, and all of them
 * over a JSON body. What is empty in a query says nothing. */
static int take_anywhere(raw_t *raw, const ccgw_param_t *param, const ccgw_request_t *request)
{
    const ccgw_pairs_t *query = &request->query_values;
    const ccgw_pair_t *pair;
    int next = 0;

    if (take_pair(raw, &request->form_values))
        return 1;
    while ((pair = find_pair(&next, query, next, raw->name, 1)) != NULL) {
        if (!*pair->text)
            continue;
        raw->text = pair->text;
        raw->broken = pair->kind != CCGW_PAIR_TEXT;
        if (param->kind == CCGW_KIND_STRS)
            take_more(raw, query, next, request->pool);
        return 1;
    }
    return take_pair(raw, &request->path_values) || take_member(raw, request->json, request->pool);
}

static int take_value(raw_t *raw, const ccgw_param_t *param, const bind_t *bind)
{
    const ccgw_request_t *request = bind->request;

    if (bind->item)
        return take_member(raw, bind->item, bind->pool);
    if (raw->loose && param->where != CCGW_IN_HEADER)
        return take_anywhere(raw, param, request);
    switch (param->where) {
    case CCGW_IN_PATH: return take_pair(raw, &request->path_values);
    case CCGW_IN_QUERY: return take_pair(raw, &request->query_values);
    case CCGW_IN_BODY: return take_body(raw, request);
    case CCGW_IN_ANY: return take_body(raw, request) || take_pair(raw, &request->query_values);
    case CCGW_IN_HEADER: return take_header(raw, request);
    default: return 0;
    }
}

/* 0: none of the spellings is given. */
static int find_value(raw_t *raw, const ccgw_param_t *param, bind_t *bind)
{
    const char *at = param->name, *first = NULL;

    memset(raw, 0, sizeof *raw);
    raw->loose = bind->request->loose;
    for (;;) {
        const char *bar = strchr(at, '|');

        raw->name = bar ? apr_pstrmemdup(bind->pool, at, (apr_size_t)(bar - at)) : at;
        first = first ? first : raw->name;
        if (take_value(raw, param, bind))
            return 1;
        if (!bar)
            break;
        at = bar + 1;
    }
    raw->name = first;
    return 0;
}

/* ---- convert ---- */

/* A scalar as text; NULL for arrays and objects. */
static const char *scalar_text(const raw_t *raw, apr_pool_t *pool)
{
    if (raw->text)
        return raw->text;
    switch (ccgw_json_kind(raw->json)) {
    case CCGW_JSON_STRING: return ccgw_json_text(raw->json);
    case CCGW_JSON_INT:
    case CCGW_JSON_REAL:
    case CCGW_JSON_BOOL: return ccgw_json_write(raw->json, pool);
    default: return NULL;
    }
}

static const char *check_length(apr_status_t *code, const ccgw_param_t *param, const char *text, apr_pool_t *pool)
{
    apr_size_t n = strlen(text);
    apr_int64_t most = param->max > 0 && param->kind == CCGW_KIND_STR ? param->max : TEXT_MAX;
    apr_int64_t least = param->max > 0 && param->kind == CCGW_KIND_STR ? param->min : 0;

    *code = CCGW_ERANGE;
    if ((apr_int64_t)n > most)
        return apr_psprintf(pool, "is longer than %" APR_INT64_T_FMT " bytes", most);
    if ((apr_int64_t)n < least)
        return apr_psprintf(pool, "is shorter than %" APR_INT64_T_FMT " bytes", least);
    *code = CCGW_EINVAL;
    return NULL;
}

static const char *convert_str(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                               apr_pool_t *pool)
{
    const char *text = scalar_text(raw, pool), *why;

    if (!text)
        return "is not a string";
    why = check_length(code, param, text, pool);
    if (!why)
        *(const char **)field = text;
    return why;
}

/* Digits with an optional minus, nothing else. */
static const char *parse_number(apr_int64_t *number, apr_status_t *code, const char *text)
{
    const char *digits = *text == '-' ? text + 1 : text;

    if (!*digits || digits[strspn(digits, "0123456789")])
        return "is not a whole number";
    errno = 0;
    *number = apr_strtoi64(text, NULL, 10);
    if (errno) {
        *code = CCGW_ERANGE;
        return "is out of range";
    }
    return NULL;
}

static const char *read_number(apr_int64_t *number, apr_status_t *code, const raw_t *raw)
{
    const char *text = raw->text ? raw->text : ccgw_json_text(raw->json);
    ccgw_json_kind_t kind = ccgw_json_kind(raw->json);

    if (text)
        return parse_number(number, code, text);
    *number = ccgw_json_int(raw->json, 0);
    /* a value without a whole number in it gives back whatever fallback it is given */
    if ((kind != CCGW_JSON_INT && kind != CCGW_JSON_REAL) || *number != ccgw_json_int(raw->json, 1))
        return "is not a whole number";
    return NULL;
}

static const char *convert_int(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                               apr_pool_t *pool)
{
    apr_int64_t number = 0;
    const char *why = read_number(&number, code, raw);

    if (why)
        return why;
    if (param->max > param->min && (number < param->min || number > param->max)) {
        *code = CCGW_ERANGE;
        return apr_psprintf(pool, "is not between %" APR_INT64_T_FMT " and %" APR_INT64_T_FMT, param->min, param->max);
    }
    *(apr_int64_t *)field = number;
    return NULL;
}

static const char *list_values(const ccgw_value_t *values, apr_pool_t *pool)
{
    const char *list = values->name;

    for (values++; list && values->name; values++)
        list = apr_pstrcat(pool, list, ", ", values->name, NULL);
    return list;
}

static int is_value(const ccgw_value_t *value, const char *text, int loose)
{
    char digits[24];

    if (!strcmp(value->name, text))
        return 1;
    if (!loose)
        return 0;
    apr_snprintf(digits, sizeof digits, "%d", value->number);
    return !strcasecmp(value->name, text) || !strcmp(digits, text);
}

static const char *convert_enum(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                                apr_pool_t *pool)
{
    const ccgw_value_t *value = param->values;
    const char *text = scalar_text(raw, pool), *why;
    apr_int64_t number = 0;

    for (; value && value->name; value++) {
        if (text && is_value(value, text, raw->loose)) {
            *(int *)field = value->number;
            return NULL;
        }
    }
    if (value)
        return apr_pstrcat(pool, "is none of ", list_values(param->values, pool), NULL);
    why = convert_int(&number, code, param, raw, pool);
    if (why)
        return why;
    if (number < INT_MIN || number > INT_MAX) {
        *code = CCGW_ERANGE;
        return "is out of range";
    }
    *(int *)field = (int)number;
    return NULL;
}

/* 1 true, 0 false, -1 neither. */
static int loose_truth(const char *text)
{
    static const char *const words[] = { "true", "t", "yes", "y", "on", "1", "false", "f", "no", "n", "off", "0" };
    apr_size_t n = strcspn(text, ",");
    int i;

    for (i = 0; i < (int)(sizeof words / sizeof *words); i++) {
        if (strlen(words[i]) == n && !strncasecmp(words[i], text, n))
            return i < 6;
    }
    return -1;
}

static const char *convert_bool(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                                apr_pool_t *pool)
{
    const char *text = scalar_text(raw, pool);

    if (text && raw->loose && loose_truth(text) >= 0)
        *(int *)field = loose_truth(text);
    else if (text && (!strcasecmp(text, "true") || !strcmp(text, "1")))
        *(int *)field = 1;
    else if (text && (!strcasecmp(text, "false") || !strcmp(text, "0")))
        *(int *)field = 0;
    else
        return "is neither true nor false";
    return NULL;
}

static const char *convert_id(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                              apr_pool_t *pool)
{
    const char *text = scalar_text(raw, pool);

    *(ccgw_id_t *)field = text ? ccgw_id_parse(text) : 0;
    return NULL;
}

static const char *split_list(ccgw_strs_t *strs, const char *text, apr_pool_t *pool)
{
    const char *at = text;
    int commas = 1;

    for (; *at; at++)
        commas += *at == ',';
    strs->v = apr_palloc(pool, (apr_size_t)commas * sizeof *strs->v);
    strs->n = 0;
    for (at = text; *at;) {
        apr_size_t n = strcspn(at, ",");

        if (n)
            strs->v[strs->n++] = apr_pstrmemdup(pool, at, n);
        at += n + (at[n] == ',');
    }
    return NULL;
}

/* One item of a list: up to the next comma; in quotes, which are doubled inside, up to the closing one. *AT: behind
 * it. */
static const char *split_item(const char **at, const char *end, apr_pool_t *pool)
{
    char *item = apr_palloc(pool, (apr_size_t)(end - *at) + 1), *to = item;
    const char *from = *at;
    int quoted = from < end && *from == '"';

    for (from += quoted; from < end && (quoted || *from != ','); from++) {
        if (quoted && *from == '"') {
            if (from + 1 >= end || from[1] != '"')
                break;
            from++;
        }
        *to++ = *from;
    }
    *to = '\0';
    *at = from + (quoted && from < end);
    return item;
}

/* "a,b", also in brackets. */
static const char *split_loose(ccgw_strs_t *strs, const char *text, apr_pool_t *pool)
{
    apr_size_t n = strlen(text);
    int brackets = n > 1 && *text == '[' && text[n - 1] == ']';
    const char *at = text + brackets, *end = text + n - brackets, *comma;
    int most = 1;

    for (comma = at; comma < end; comma++)
        most += *comma == ',';
    strs->v = apr_palloc(pool, (apr_size_t)most * sizeof *strs->v);
    strs->n = 0;
    while (at < end) {
        if (*at != ',')
            strs->v[strs->n++] = split_item(&at, end, pool);
        while (at < end && *at != ',')
            at++;
        at += at < end;
    }
    return NULL;
}

static const char *convert_strs(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                                apr_pool_t *pool)
{
    ccgw_strs_t strs = { NULL, 0 };
    int i, n = ccgw_json_size(raw->json);

    if (raw->text)
        return raw->loose ? split_loose(field, raw->text, pool) : split_list(field, raw->text, pool);
    if (ccgw_json_kind(raw->json) == CCGW_JSON_OBJECT)
        return "is not a list of strings";
    if (ccgw_json_kind(raw->json) != CCGW_JSON_ARRAY)
        n = 1;
    strs.v = apr_palloc(pool, (apr_size_t)(n ? n : 1) * sizeof *strs.v);
    for (i = 0; i < n; i++) {
        raw_t item = { .json =
                           ccgw_json_kind(raw->json) == CCGW_JSON_ARRAY ? ccgw_json_item(raw->json, i) : raw->json };
        const char *text = scalar_text(&item, pool), *why;

        if (!text)
            return "is not a list of strings";
        why = check_length(code, param, text, pool);
        if (why)
            return why;
        strs.v[strs.n++] = text;
    }
    *(ccgw_strs_t *)field = strs;
    return NULL;
}

static const char *convert_pair(ccgw_pair_t *pair, apr_status_t *code, const ccgw_param_t *param,
                                const ccgw_json_t *json, apr_pool_t *pool)
{
    raw_t value = { .json = json };

    switch (ccgw_json_kind(json)) {
    case CCGW_JSON_NULL: pair->kind = CCGW_PAIR_NULL; return NULL;
    case CCGW_JSON_INT:
        pair->kind = CCGW_PAIR_NUMBER;
        pair->number = ccgw_json_int(json, 0);
        return NULL;
    default:
        pair->kind = CCGW_PAIR_TEXT;
        pair->text = scalar_text(&value, pool);
        return pair->text ? check_length(code, param, pair->text, pool) : "is neither a string nor a number";
    }
}

static const char *convert_pairs(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                                 apr_pool_t *pool)
{
    ccgw_pairs_t pairs = { NULL, 0 };
    const ccgw_json_t *value;
    const char *name, *why;

    if (ccgw_json_kind(raw->json) != CCGW_JSON_OBJECT)
        return "is not an object";
    pairs.v = apr_pcalloc(pool, (apr_size_t)(ccgw_json_size(raw->json) + 1) * sizeof *pairs.v);
    while (ccgw_json_entry(&name, &value, raw->json, pairs.n, pool)) {
        pairs.v[pairs.n].key = name;
        why = convert_pair(&pairs.v[pairs.n++], code, param, value, pool);
        if (why)
            return apr_psprintf(pool, "has a member '%s' that %s", ccgw_form_printable(name, SHOWN_MAX, pool), why);
    }
    *(ccgw_pairs_t *)field = pairs;
    return NULL;
}

static const char *convert_parsed(void *field, apr_status_t *code, const ccgw_param_t *param, const raw_t *raw,
                                  apr_pool_t *pool)
{
    const char *text = scalar_text(raw, pool), *why;

    if (!text)
        return "is not a string";
    why = check_length(code, param, text, pool);
    return why ? why : param->parse(field, text, pool);
}

static convert_fn_t *const converters[] = {
    [CCGW_KIND_STR] = convert_str,     [CCGW_KIND_INT] = convert_int,       [CCGW_KIND_ENUM] = convert_enum,
    [CCGW_KIND_BOOL] = convert_bool,   [CCGW_KIND_ID] = convert_id,         [CCGW_KIND_STRS] = convert_strs,
    [CCGW_KIND_PAIRS] = convert_pairs, [CCGW_KIND_PARSED] = convert_parsed,
};

/* ---- bind ---- */

/* A constant of the row. It is the dialect's own, so nothing about it is doubted. */
static void set_constant(void *field, const ccgw_param_t *param, apr_pool_t *pool)
{
    switch (param->kind) {
    case CCGW_KIND_STR: *(const char **)field = param->text; break;
    case CCGW_KIND_INT: *(apr_int64_t *)field = param->number; break;
    case CCGW_KIND_ENUM:
    case CCGW_KIND_BOOL: *(int *)field = (int)param->number; break;
    case CCGW_KIND_ID: *(ccgw_id_t *)field = (ccgw_id_t)param->number; break;
    case CCGW_KIND_STRS: split_list(field, ccgw_str_or_empty(param->text), pool); break;
    case CCGW_KIND_PARSED: param->parse(field, ccgw_str_or_empty(param->text), pool); break;
    default: break;
    }
}

static void bind_params(bind_t *bind, char *base, const ccgw_param_t *params);

static const char *check_items(apr_status_t *code, const ccgw_param_t *param, int n, apr_pool_t *pool)
{
    apr_int64_t most = param->max > 0 ? param->max : ITEMS_MAX;

    *code = CCGW_ERANGE;
    if (n > most)
        return apr_psprintf(pool, "has more than %" APR_INT64_T_FMT " items", most);
    if (n < param->min)
        return apr_psprintf(pool, "has fewer than %" APR_INT64_T_FMT " items", param->min);
    *code = CCGW_EINVAL;
    return NULL;
}

/* Each item is a struct of its own, read from its object as the arguments are from the request. */
static void bind_items(bind_t *bind, char *base, const ccgw_param_t *param, const raw_t *raw)
{
    int i, n = ccgw_json_size(raw->json);
    apr_status_t code = CCGW_EINVAL;
    bind_t inner = *bind;
    const char *why;
    char *items;

    why = ccgw_json_kind(raw->json) == CCGW_JSON_ARRAY ? check_items(&code, param, n, bind->pool)
                                                       : "is not a list of objects";
    if (why) {
        add_value_fault(bind, code, raw, why);
        return;
    }
    items = apr_pcalloc(bind->pool, (apr_size_t)(n ? n : 1) * param->size);
    for (i = 0; i < n; i++) {
        inner.item = ccgw_json_item(raw->json, i);
        inner.prefix = apr_psprintf(bind->pool, "%s%s[%d].", bind->prefix, raw->name, i);
        if (ccgw_json_kind(inner.item) == CCGW_JSON_OBJECT)
            bind_params(&inner, items + (apr_size_t)i * param->size, param->item);
        else
            add_value_fault(bind, CCGW_EINVAL, raw,
                            apr_psprintf(bind->pool, "is not a list of objects: item %d is none", i));
    }
    *(void **)(base + param->offset) = items;
    *(int *)(base + param->count) = n;
}

static void bind_param(bind_t *bind, char *base, const ccgw_param_t *param)
{
    apr_status_t code = CCGW_EINVAL;
    const char *why;
    raw_t raw;

    if (!find_value(&raw, param, bind)) {
        if (param->required)
            add_fault(bind, CCGW_EMISSING, raw.name,
                      apr_psprintf(bind->pool, "%s%s is missing", bind->prefix, raw.name));
        return;
    }
    if (raw.broken) {
        add_value_fault(bind, CCGW_EINVAL, &raw, "is not properly encoded UTF-8");
        return;
    }
    if (param->kind == CCGW_KIND_ITEMS) {
        bind_items(bind, base, param, &raw);
        return;
    }
    why = converters[param->kind](base + param->offset, &code, param, &raw, bind->pool);
    if (why)
        add_value_fault(bind, code, &raw, why);
}

/* Once for each group, at its first parameter: is one of its parameters given? */
static void check_group(bind_t *bind, const ccgw_param_t *params, const ccgw_param_t *first)
{
    const ccgw_param_t *param;
    const char *names = NULL;
    raw_t raw;

    for (param = params; param != first; param++) {
        if (param->group == first->group)
            return;
    }
    for (param = first; param->name; param++) {
        if (param->group != first->group)
            continue;
        if (find_value(&raw, param, bind))
            return;
        names = names ? apr_pstrcat(bind->pool, names, ", ", raw.name, NULL) : raw.name;
    }
    find_value(&raw, first, bind);
    add_fault(bind, CCGW_EMISSING, raw.name, apr_psprintf(bind->pool, "%sone of %s is missing", bind->prefix, names));
}

static void bind_params(bind_t *bind, char *base, const ccgw_param_t *params)
{
    const ccgw_param_t *param;

    for (param = params; param && param->name; param++) {
        if (param->where == CCGW_IN_ROW)
            set_constant(base + param->offset, param, bind->pool);
        else
            bind_param(bind, base, param);
        if (param->group > 0)
            check_group(bind, params, param);
    }
}

apr_status_t ccgw_bind(void **args, ccgw_faults_t *faults, const ccgw_request_t *request)
{
    bind_t bind = { .request = request, .faults = faults, .prefix = "", .pool = request->pool };
    char *base = apr_pcalloc(request->pool, request->op->verb->args_size);

    faults->n = 0;
    *args = base;
    bind_params(&bind, base, request->op->params);
    return faults->n ? faults->v[0].code : APR_SUCCESS;
}
