/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* errors.c: our codes as HTTP status and errorCode, in the envelope every client of the framework reads. */
#include "dialect.h"

#include <apr_strings.h>
#include <ctype.h>

/* Names of failures: of the framework's exceptions where it has one, else of the HTTP status. */
typedef enum name_t {
    NAME_UNSET,
    NAME_ARGUMENT,
    NAME_NOT_EMPTY,
    NAME_BETWEEN,
    NAME_SERIALIZATION,
    NAME_UNAUTHORIZED,
    NAME_FORBIDDEN,
    NAME_NOT_FOUND,
    NAME_NOT_IMPLEMENTED,
    NAME_NOT_SUPPORTED,
    NAME_CONFLICT,
    NAME_TOO_LARGE,
    NAME_TOO_MANY,
    NAME_UNAVAILABLE,
    NAME_GATEWAY,
    NAME_EXCEPTION
} name_t;

/* clang-format off */
static const char *const names[] = {
    [NAME_ARGUMENT]        = "ArgumentException",
    [NAME_NOT_EMPTY]       = "NotEmpty",
    [NAME_BETWEEN]         = "InclusiveBetween",
    [NAME_SERIALIZATION]   = "SerializationException",
    [NAME_UNAUTHORIZED]    = "Unauthorized",
    [NAME_FORBIDDEN]       = "Forbidden",
    [NAME_NOT_FOUND]       = "NotFound",
    [NAME_NOT_IMPLEMENTED] = "NotImplementedException",
    [NAME_NOT_SUPPORTED]   = "NotSupportedException",
    [NAME_CONFLICT]        = "Conflict",
    [NAME_TOO_LARGE]       = "RequestEntityTooLarge",
    [NAME_TOO_MANY]        = "TooManyRequests",
    [NAME_UNAVAILABLE]     = "ServiceUnavailable",
    [NAME_GATEWAY]         = "BadGateway",
    [NAME_EXCEPTION]       = "Exception"
};

const ccgw_error_row_t evovoice_errors[] = {
    { CCGW_ENOTFOUND,     404, NAME_NOT_FOUND,       NULL },
    { CCGW_EEXISTS,       409, NAME_CONFLICT,        NULL },
    /* an ended session refuses with 400: to a client the session was the wrong argument */
    { CCGW_ESTATE,        400, NAME_ARGUMENT,        NULL },
    { CCGW_EMISSING,      400, NAME_NOT_EMPTY,       NULL },
    /* what cannot be bound to the member's type; errors of verbs are told apart by wire_name() */
    { CCGW_EINVAL,        400, NAME_SERIALIZATION,   NULL },
    { CCGW_ERANGE,        400, NAME_BETWEEN,         NULL },
    { CCGW_ESIGNIN,       401, NAME_UNAUTHORIZED,    "Not Authenticated" },
    { CCGW_EROLE,         403, NAME_FORBIDDEN,       "Invalid Role" },
    { CCGW_EFORBIDDEN,    403, NAME_FORBIDDEN,       NULL },
    { CCGW_ECSRF,         403, NAME_FORBIDDEN,       NULL },
    { CCGW_ECONFLICT,     409, NAME_CONFLICT,        NULL },
    /* clients try again after 429 and 5xx */
    { CCGW_EBUSY,         503, NAME_UNAVAILABLE,     NULL },
    { CCGW_ELIMIT,        429, NAME_TOO_MANY,        NULL },
    { CCGW_ERATE,         429, NAME_TOO_MANY,        NULL },
    { CCGW_ENOSPACE,      503, NAME_UNAVAILABLE,     NULL },
    { CCGW_ESTORE,        503, NAME_UNAVAILABLE,     NULL },
    /* what a client can do nothing about and need not know */
    { CCGW_EDAMAGED,      500, NAME_EXCEPTION,       "internal error" },
    { CCGW_EFORMAT,       500, NAME_EXCEPTION,       "internal error" },
    { CCGW_EINTERNAL,     500, NAME_EXCEPTION,       "internal error" },
    /* event readers are told by an event; this row is for anybody else */
    { CCGW_ERESYNC,       409, NAME_CONFLICT,        NULL },
    { CCGW_EUNREACHABLE,  400, NAME_ARGUMENT,        NULL },
    { CCGW_EINUSE,        409, NAME_CONFLICT,        NULL },
    { CCGW_ENOROUTE,      404, NAME_NOT_FOUND,       NULL },
    { CCGW_EMETHOD,       405, NAME_NOT_IMPLEMENTED, NULL },
    { CCGW_EMEDIATYPE,    400, NAME_SERIALIZATION,   NULL },
    { CCGW_ETOOLARGE,     413, NAME_TOO_LARGE,       NULL },
    { CCGW_ESYNTAX,       400, NAME_SERIALIZATION,   NULL },
    { CCGW_EOPERATION,    404, NAME_NOT_FOUND,       NULL },
    { CCGW_EREFUSED,      502, NAME_GATEWAY,         NULL },
    { CCGW_EUNKNOWN,      502, NAME_GATEWAY,         NULL },
    /* a matter of state */
    { CCGW_ENOTOPEN,      400, NAME_ARGUMENT,        NULL },
    { CCGW_EOPTOUT,       400, NAME_ARGUMENT,        NULL },
    { CCGW_EDISABLED,     405, NAME_NOT_SUPPORTED,   NULL },
    { CCGW_EREADONLY,     400, NAME_ARGUMENT,        NULL },
    { CCGW_ENOCONFERENCE, 400, NAME_ARGUMENT,        NULL },
    { CCGW_EINCONFERENCE, 400, NAME_ARGUMENT,        NULL },
    { CCGW_ENOTCHAIR,     403, NAME_FORBIDDEN,       NULL },
    { CCGW_ECHAIR,        400, NAME_ARGUMENT,        NULL },
    { CCGW_ESIGNEDIN,     409, NAME_CONFLICT,        NULL },
    { CCGW_EPASSWORD,     401, NAME_UNAUTHORIZED,    "Invalid Username or Password" },
    { CCGW_EIDENTITY,     403, NAME_FORBIDDEN,       NULL },
    { CCGW_ETOKEN,        401, NAME_UNAUTHORIZED,    "Not Authenticated" },
    { 0,                  500, NAME_EXCEPTION,       "internal error" }
};
/* clang-format on */

/* ---- the member at fault ---- */

/* "memberToAdd" is the member MemberToAdd; of several spellings the first is the member's name. */
static const char *member_name(const ccgw_problem_t *problem, apr_pool_t *pool)
{
    char *name = apr_pstrmemdup(pool, problem->field, strcspn(problem->field, "|"));

    *name = (char)toupper((unsigned char)*name);
    return name;
}

/* "UserName" is read out as User Name. */
static const char *spoken_name(const char *name, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(name) + 1), *to = out;
    const char *from;

    for (from = name; *from; from++) {
        if (from != name && isupper((unsigned char)*from) && islower((unsigned char)from[-1]))
            *to++ = ' ';
        *to++ = *from;
    }
    *to = '\0';
    return out;
}

static const char *problem_text(const ccgw_problem_t *problem, const char *text, const ccgw_view_t *view)
{
    if (problem->code != CCGW_EMISSING || !problem->field)
        return text;
    return apr_psprintf(view->pool, "'%s' must not be empty.",
                        spoken_name(member_name(problem, view->pool), view->pool));
}

static int is_sign_in(const ccgw_problem_t *problem)
{
    return problem->field && (!strncasecmp(problem->field, "userName", 8) || !strcasecmp(problem->field, "password"));
}

/* The sign-in has a validator, whose rules' names are told; the operations on sessions throw. What a verb says of a
 * member's value is an argument's fault, unlike what could not be bound. */
static const char *wire_name(const void *object, const ccgw_view_t *view)
{
    const ccgw_error_reply_t *error = object;
    const ccgw_problem_t *problem = error->problem;

    if (problem->code == CCGW_EMISSING && !is_sign_in(problem))
        return names[NAME_ARGUMENT];
    if (problem->code == CCGW_EINVAL && problem->field && !strncmp(problem->field, "member", 6))
        return names[NAME_ARGUMENT];
    return names[error->wire];
}

static const char *wire_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_error_reply_t *error = object;

    return problem_text(error->problem, error->text, view);
}

static const void *faults(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_error_reply_t *error = object;
    apr_status_t code = error->problem->code;

    *n = error->problem->field && (code == CCGW_EMISSING || code == CCGW_EINVAL || code == CCGW_ERANGE);
    return error;
}

static const char *fault_name(const void *object, const ccgw_view_t *view)
{
    const ccgw_error_reply_t *error = object;

    return names[error->wire];
}

static const char *fault_field(const void *object, const ccgw_view_t *view)
{
    return member_name(((const ccgw_error_reply_t *)object)->problem, view->pool);
}

static const char *nothing(const void *object, const ccgw_view_t *view)
{
    return NULL;
}

static ccgw_pairs_t no_pairs(const void *object, const ccgw_view_t *view)
{
    return (ccgw_pairs_t){ NULL, 0 };
}

/* clang-format off */
static const ccgw_member_t fault_members[] = {
    { "errorCode", CCGW_KIND_TEXT, .fn = fault_name },
    { "fieldName", CCGW_KIND_TEXT, .fn = fault_field },
    { "message", CCGW_KIND_TEXT, .fn = wire_text },
    { "meta", CCGW_KIND_PAIRS, .fn_pairs = no_pairs, .optional = 1 },
    { NULL }
};
#define TYPES "http://schemas.servicestack.net/types"

static const ccgw_shape_t fault = { "ResponseError", fault_members, sizeof(ccgw_error_reply_t), TYPES, .ordered = 1 };

static const ccgw_member_t status_members[] = {
    { "errorCode", CCGW_KIND_TEXT, .fn = wire_name },
    { "message", CCGW_KIND_TEXT, .fn = wire_text },
    { "stackTrace", CCGW_KIND_TEXT, .fn = nothing },
    { "errors", CCGW_KIND_LIST, .items = faults, .of = &fault },
    { "meta", CCGW_KIND_PAIRS, .fn_pairs = no_pairs, .optional = 1 },
    { NULL }
};
static const ccgw_shape_t status = { "ResponseStatus", status_members, sizeof(ccgw_error_reply_t), TYPES, .ordered = 1 };

static const ccgw_member_t error_members[] = {
    { "responseStatus", CCGW_KIND_OBJECT, .of = &status },
    { NULL }
};
const ccgw_shape_t evovoice_shape_error = { "ErrorResponse", error_members, sizeof(ccgw_error_reply_t), TYPES,
                                            .ordered = 1 };
/* clang-format on */
