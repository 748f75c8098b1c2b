/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* tiny.h: a dialect of a few rows that uses every kind of parameter, for the tests and the fuzzing of layer api/. */
#ifndef TINY_H
#define TINY_H

#include <stddef.h>
#include <string.h>

#include "api/ccgw_reply.h"
#include "stream/ccgw_stream.h"

typedef struct tiny_args_t {
    const char *id;
    const char *text;
    const char *more;
    apr_int64_t number;
    int color;
    int plain;
    int flag;
    int fixed;
    ccgw_id_t session;
    ccgw_strs_t words;
    ccgw_pairs_t data;
    apr_int64_t even;
} tiny_args_t;

typedef struct tiny_result_t {
    tiny_args_t args;
    apr_int64_t runs;
} tiny_result_t;

static apr_int64_t tiny_runs;

/* Repeats its arguments; the text "fail:N" fails with the code of that number, "say:N" also notes a problem,
 * "mix:N" notes that problem and fails with another code. */
static apr_status_t tiny_run(ccgw_call_t *call, const void *args, void *result)
{
    const tiny_args_t *in = args;
    tiny_result_t *out = result;
    int code = 0, n = 0;

    tiny_runs++;
    out->args = *in;
    out->runs = tiny_runs;
    if (in->text && sscanf(in->text, "fail:%d%n", &code, &n) == 1 && n)
        return CCGW_ERROR_BASE + code;
    if (in->text && (sscanf(in->text, "say:%d%n", &code, &n) == 1 || sscanf(in->text, "mix:%d%n", &code, &n) == 1) &&
        n) {
        call->problem.code = CCGW_ERROR_BASE + code;
        call->problem.text = "the verb's own words";
        return *in->text == 's' ? call->problem.code : CCGW_ESTATE;
    }
    return APR_SUCCESS;
}

static const char *tiny_parse_even(void *field, const char *text, apr_pool_t *pool)
{
    apr_size_t n = strlen(text);

    if (n % 2)
        return "has an odd number of bytes";
    *(apr_int64_t *)field = (apr_int64_t)n;
    return NULL;
}

static const ccgw_verb_t tiny_verb = { "thing.run", tiny_run, sizeof(tiny_args_t), sizeof(tiny_result_t) };
static const ccgw_stream_framing_t tiny_framing = { "none", NULL };

/* clang-format off */
static const ccgw_value_t tiny_colors[] = { { "red", 1 }, { "green", 2 }, { "verde", 2 }, { NULL, 0 } };

#define TINY(member) offsetof(tiny_args_t, member)
static const ccgw_param_t tiny_query_params[] = {
    { "limit", CCGW_IN_QUERY, CCGW_KIND_INT, TINY(number), .min = 1, .max = 100 },
    { "color", CCGW_IN_QUERY, CCGW_KIND_ENUM, TINY(color), .values = tiny_colors },
    { "words", CCGW_IN_QUERY, CCGW_KIND_STRS, TINY(words) },
    { "text", CCGW_IN_QUERY, CCGW_KIND_STR, TINY(text) },
    { "X-More", CCGW_IN_HEADER, CCGW_KIND_STR, TINY(more) },
    { NULL }
};
static const ccgw_param_t tiny_path_params[] = {
    { "id", CCGW_IN_PATH, CCGW_KIND_STR, TINY(id), .required = 1 },
    { NULL }
};
static const ccgw_param_t tiny_all_params[] = {
    { "id", CCGW_IN_PATH, CCGW_KIND_STR, TINY(id), .required = 1 },
    { "text|message", CCGW_IN_BODY, CCGW_KIND_STR, TINY(text), .required = 1, .min = 2, .max = 10 },
    { "more", CCGW_IN_ANY, CCGW_KIND_STR, TINY(more) },
    { "number", CCGW_IN_BODY, CCGW_KIND_INT, TINY(number), .min = -5, .max = 5 },
    { "color", CCGW_IN_BODY, CCGW_KIND_ENUM, TINY(color), .values = tiny_colors },
    { "plain", CCGW_IN_BODY, CCGW_KIND_ENUM, TINY(plain) },
    { "flag", CCGW_IN_BODY, CCGW_KIND_BOOL, TINY(flag) },
    { "fixed", CCGW_IN_ROW, CCGW_KIND_ENUM, TINY(fixed), .number = 42 },
    { "session", CCGW_IN_BODY, CCGW_KIND_ID, TINY(session) },
    { "words", CCGW_IN_BODY, CCGW_KIND_STRS, TINY(words) },
    { "data", CCGW_IN_BODY, CCGW_KIND_PAIRS, TINY(data) },
    { "even", CCGW_IN_BODY, CCGW_KIND_PARSED, TINY(even), .parse = tiny_parse_even },
    { NULL }
};
static const ccgw_param_t tiny_group_params[] = {
    { "text", CCGW_IN_BODY, CCGW_KIND_STR, TINY(text), .group = 1 },
    { "more|extra", CCGW_IN_BODY, CCGW_KIND_STR, TINY(more), .group = 1 },
    { "number", CCGW_IN_BODY, CCGW_KIND_INT, TINY(number) },
    { NULL }
};
static const ccgw_param_t tiny_any_params[] = {
    { "text", CCGW_IN_ANY, CCGW_KIND_STR, TINY(text) },
    { NULL }
};

static const ccgw_member_t tiny_members[] = {
    { "code", CCGW_KIND_CONST, .number = 0 },
    { "id", CCGW_KIND_STR, offsetof(tiny_result_t, args.id), .optional = 1 },
    { "text", CCGW_KIND_STR, offsetof(tiny_result_t, args.text), .optional = 1 },
    { "more", CCGW_KIND_STR, offsetof(tiny_result_t, args.more), .optional = 1 },
    { "words", CCGW_KIND_STRS, offsetof(tiny_result_t, args.words), .optional = 1 },
    { "data", CCGW_KIND_PAIRS, offsetof(tiny_result_t, args.data), .optional = 1 },
    { NULL }
};
static const ccgw_shape_t tiny_shape = { "thing", tiny_members, sizeof(tiny_result_t) };

static const ccgw_member_t tiny_done_members[] = { { "code", CCGW_KIND_CONST, .number = 0 }, { NULL } };
static const ccgw_shape_t tiny_done = { "done", tiny_done_members };

static const ccgw_member_t tiny_error_members[] = {
    { "code", CCGW_KIND_ENUM, offsetof(ccgw_error_reply_t, wire) },
    { "text", CCGW_KIND_STR, offsetof(ccgw_error_reply_t, text) },
    { NULL }
};
static const ccgw_shape_t tiny_error = { "error", tiny_error_members, sizeof(ccgw_error_reply_t) };

static const ccgw_error_row_t tiny_errors[] = {
    { CCGW_EMISSING,   400, 1, NULL },
    { CCGW_EINVAL,     400, 2, NULL },
    { CCGW_ERANGE,     400, 3, NULL },
    { CCGW_ESIGNIN,    401, 4, "sign in first" },
    { CCGW_EROLE,      403, 5, NULL },
    { CCGW_EBUSY,      503, 6, NULL },
    { CCGW_ECSRF,      403, 7, NULL },
    { CCGW_EDAMAGED,   500, 8, "internal" },
    { 0,               500, 9, NULL }
};

#define TINY_ROW(id_, method_, path_, params_, ...) \
    { .id = id_, .doc = "1", .method = method_, .paths = { path_ }, .params = params_, .verb = &tiny_verb, __VA_ARGS__ }
static const ccgw_op_t tiny_ops[] = {
    TINY_ROW("thing.list",   CCGW_GET,    "/things",             tiny_query_params, .reply = &tiny_shape),
    TINY_ROW("thing.mine",   CCGW_GET,    "/things/my",          NULL,              .need = CCGW_ROLE_AGENT),
    TINY_ROW("thing.set",    CCGW_PUT,    "/things/my",          NULL,              .select = "Set"),
    TINY_ROW("thing.get",    CCGW_GET,    "/things/{id}",        tiny_path_params,  .reply = &tiny_shape),
    TINY_ROW("thing.detail", CCGW_GET,    "/things/{id}",        tiny_path_params,  .query = "parts"),
    TINY_ROW("thing.paint",  CCGW_POST,   "/things/{id}",        tiny_all_params,   .select = "Paint|Colour",
             .reply = &tiny_shape),
    TINY_ROW("thing.say",    CCGW_POST,   "/things/{id}",        tiny_path_params,  .select = "Say"),
    TINY_ROW("thing.drop",   CCGW_DELETE, "/things/{id}",        tiny_path_params,  .need = CCGW_ROLE_SUPERVISOR),
    TINY_ROW("thing.parts",  CCGW_GET,    "/things/{thing}/parts", NULL),
    TINY_ROW("thing.make",   CCGW_POST,   "/things",             tiny_group_params, .ok = 201),
    TINY_ROW("thing.poke",   CCGW_POST,   "/poke",               tiny_any_params,   .reply = &tiny_shape),
    TINY_ROW("thing.peek",   CCGW_GET,    "/poke",               tiny_any_params,   .reply = &tiny_shape),
    TINY_ROW("thing.touch",  CCGW_POST,   "/touch",              NULL),
    TINY_ROW("mix.one",      CCGW_POST,   "/mix",                NULL,              .select = "One"),
    TINY_ROW("mix.rest",     CCGW_POST,   "/mix",                NULL),
    TINY_ROW("root.get",     CCGW_GET,    "/",                   NULL),
    { .id = "events", .method = CCGW_POST, .paths = { "/events", "/events/connect" }, .stream = &tiny_framing },
    { NULL }
};
/* clang-format on */

static const ccgw_dialect_t tiny_dialect __attribute__((unused)) = {
    .name = "tiny",
    .root = "/tiny",
    .selector = "do",
    .ops = tiny_ops,
    .errors = tiny_errors,
    .error = &tiny_error,
    .done = &tiny_done,
    .content_type = "application/json",
    .csrf_fault = "wrong token",
};

#endif
