/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_op.h: one row per documented operation, and the tables a row points to. A dialect is made of these. */
#ifndef CCGW_OP_H
#define CCGW_OP_H

#include "core/ccgw_core.h"
#include "core/ccgw_event.h"

/* ---- methods ---- */

typedef enum ccgw_method_t {
    CCGW_METHOD_UNSET,
    CCGW_GET,
    CCGW_POST,
    CCGW_PUT,
    CCGW_DELETE,
    CCGW_PATCH,
    CCGW_ANY_METHOD /**< rows only: whatever method no row of the same path names */
} ccgw_method_t;

/* ---- verbs ---- */

/** A core action in the form rows call it: ARGS points to args_size bytes filled by the binder, RESULT to result_size
 *  zeroed bytes that the reply's shape reads. Results live in call->pool. */
typedef apr_status_t ccgw_verb_fn_t(ccgw_call_t *call, const void *args, void *result);

typedef struct ccgw_verb_t {
    const char *name; /**< the operation id's base, "session.accept" */
    ccgw_verb_fn_t *run;
    apr_size_t args_size;
    apr_size_t result_size;
} ccgw_verb_t;

/* ---- parameters: wire -> argument struct ---- */

typedef enum ccgw_where_t {
    CCGW_IN_UNSET,
    CCGW_IN_PATH,
    CCGW_IN_QUERY,
    CCGW_IN_BODY, /**< a member of the JSON object, or a form field */
    CCGW_IN_ANY,  /**< body, else query */
    CCGW_IN_HEADER,
    CCGW_IN_ROW /**< a constant of the row: NUMBER or TEXT, not from the client */
} ccgw_where_t;

typedef enum ccgw_kind_t {
    CCGW_KIND_UNSET,
    CCGW_KIND_STR,    /**< const char *; on the wire a string (numbers and booleans are taken as written) */
    CCGW_KIND_INT,    /**< apr_int64_t; number, or a string of digits */
    CCGW_KIND_ENUM,   /**< int; names by VALUES; without VALUES a plain number */
    CCGW_KIND_BOOL,   /**< int; true/false, also as a string. In shapes: what NUMFN gives, if there is one */
    CCGW_KIND_ID,     /**< ccgw_id_t in any of its spellings; what is none binds as 0 (not found, no fault) */
    CCGW_KIND_STRS,   /**< ccgw_strs_t; JSON array of strings, or comma list in a query */
    CCGW_KIND_PAIRS,  /**< ccgw_pairs_t; flat JSON object of strings, integers, nulls (booleans become text).
                             In shapes: as LIST (pointer at OFFSET, int at COUNT; a ccgw_pairs_t at OFFSET when COUNT
                             is 0), or what FN_PAIRS gives */
    CCGW_KIND_PARSED, /**< by PARSE, from a string */
    CCGW_KIND_ITEMS, /**< parameters only: JSON array of objects, each bound by ITEM into SIZE bytes; pointer at OFFSET,
                             int at COUNT. MIN, MAX: number of items (MAX 0: 1024). ITEM's parameters are members of
                             the object, or constants. A fault names the item: "addresses[2].address" */
    /* shapes only */
    CCGW_KIND_TIME,   /**< apr_int64_t micro-seconds, written by the shape's TIME format */
    CCGW_KIND_CONST,  /**< TEXT, written as a string; NUMBER when TEXT is NULL */
    CCGW_KIND_TRUE,   /**< literal true */
    CCGW_KIND_OBJECT, /**< nested struct (in place, or behind a pointer when POINTER) written by OF */
    CCGW_KIND_LIST,   /**< array of structs: offset of the first's pointer, COUNT of the int, or what ITEMS gives;
                             each by OF, which knows their size */
    CCGW_KIND_URIS,   /**< the same array, each item written as the string FN gives; OF for the size */
    CCGW_KIND_TEXT,   /**< the string FN gives; NULL: left out */
    CCGW_KIND_NUMBER, /**< the integer NUMFN gives */
    CCGW_KIND_TEXTS,  /**< array of strings FN_LIST gives */
    CCGW_KIND_MEMBERS /**< the members of OF, written into the present object; OFFSET and POINTER as for OBJECT */
} ccgw_kind_t;

/** A value of an enumeration on the wire. Ends with NULL. Several names for one number: the first is written. */
typedef struct ccgw_value_t {
    const char *name;
    int number;
} ccgw_value_t;

/** Parse TEXT into FIELD. NULL, or a sentence why not (CCGW_EINVAL). */
typedef const char *ccgw_parse_fn_t(void *field, const char *text, apr_pool_t *pool);

typedef struct ccgw_param_t {
    const char *name; /**< wire name; "a|b": either spelling */
    ccgw_where_t where;
    ccgw_kind_t kind;
    apr_size_t offset;
    int required;
    int group;            /**< of the parameters with this number (> 0) at least one must be given */
    apr_int64_t min, max; /**< INT: bounds when max > min. STR: length in bytes when max > 0;
                                 texts without are at most 64 KiB */
    const ccgw_value_t *values;
    ccgw_parse_fn_t *parse;
    apr_int64_t number;              /**< CCGW_IN_ROW */
    const char *text;                /**< CCGW_IN_ROW */
    const struct ccgw_param_t *item; /**< ITEMS */
    apr_size_t size;
    apr_size_t count;
} ccgw_param_t; /* ends with name NULL */

/* ---- shapes: struct -> wire ---- */

/** For whom something is written. */
typedef struct ccgw_view_t {
    /** Rows that sign in by themselves: is PASSWORD that of the agent USER names (login, e-mail, or "#" and a work
     *  number)? Fills the call's tenant, agent and role, or returns CCGW_EPASSWORD (or a failure of the back end). */
    apr_status_t (*check_password)(void *baton, struct ccgw_call_t *call, const char *user, const char *password);
    void *password_baton;
    const struct ccgw_format_t *format; /**< of the reply; NULL: JSON */
    const ccgw_call_t *call;            /**< core, floor, tenant, agent, login of the reader */
    const char *base;                   /**< scheme://host[:port] for absolute URIs, no slash at the end */
    const char *root;                   /**< the dialect's root, "/api/v2" */
    apr_pool_t *pool;
} ccgw_view_t;

typedef struct ccgw_shape_t ccgw_shape_t;

typedef struct ccgw_member_t {
    const char *name; /**< wire name; NULL with MEMBERS */
    ccgw_kind_t kind;
    apr_size_t offset;
    apr_size_t count;
    int pointer;  /**< OBJECT, MEMBERS: a pointer stands at OFFSET; NULL is left out */
    int optional; /**< 1: left out when NULL, 0 or empty; formats that leave nothing out write their null */
    const ccgw_shape_t *of;
    const ccgw_value_t *values;
    const char *text;
    apr_int64_t number;
    int time; /**< TIME: ccgw_time_form_t */
    /** Left out unless this says 1. OBJECT is the described struct (URIS' fn: the item). A name may stand twice in a
     *  shape only when both have a WHEN. */
    int (*when)(const void *object, const ccgw_view_t *view);
    const char *(*fn)(const void *object, const ccgw_view_t *view);
    apr_int64_t (*numfn)(const void *object, const ccgw_view_t *view);
    ccgw_strs_t (*fn_list)(const void *object, const ccgw_view_t *view);
    /** LIST, URIS whose items do not simply stand in the struct (some of them, or fixed ones): the first of *N. */
    const void *(*items)(int *n, const void *object, const ccgw_view_t *view);
    ccgw_pairs_t (*fn_pairs)(const void *object, const ccgw_view_t *view);
} ccgw_member_t; /* ends with kind UNSET */

typedef enum ccgw_time_form_t {
    CCGW_TIME_UNSET,
    CCGW_TIME_ZONED,  /**< "2014-01-06 12:14:06.007-0800" */
    CCGW_TIME_MILLIS, /**< a number */
    CCGW_TIME_ISO
} ccgw_time_form_t;

/** Members of one object, those of MEMBERS counted in. */
#define CCGW_SHAPE_MEMBERS 128

struct ccgw_shape_t {
    const char *name;
    const ccgw_member_t *members;
    apr_size_t size; /**< of the described struct: the stride of lists; 0: over nothing */
    /** XML namespace of the type; NULL: that of whatever it stands in. The members of a MEMBERS whose OF has one are
     *  inherited: in XML they come first, in that namespace. */
    const char *xmlns;
    int ordered; /**< 1: in XML the members keep the table's order; else they are sorted by name */
    int bare;    /**< 1: there is one member, without a name, whose value stands alone: a list or a map at the top */
};

/* ---- errors and events of a dialect ---- */

typedef struct ccgw_error_row_t {
    apr_status_t code;
    int http;
    int wire;
    const char *text; /**< NULL: the problem's own sentence */
} ccgw_error_row_t;   /* the last row has code 0: everything else */

/** What an error shape reads. */
typedef struct ccgw_error_reply_t {
    int wire;
    const char *text;
    const ccgw_problem_t *problem;
} ccgw_error_reply_t;

/** A neutral event in the dialect: every row that fits is written, in the table's order. */
typedef struct ccgw_event_row_t {
    int type;                  /**< ccgw_event_type_t */
    int media;                 /**< only sessions of this media; 0 any */
    const char *topic;         /**< where the dialect's readers hear it ("/v2/me/smssessions") */
    const ccgw_shape_t *shape; /**< over ccgw_event_t */
    int (*when)(const void *event, const ccgw_view_t *view);
} ccgw_event_row_t; /* ends with type 0 */

/* ---- rows ---- */

struct ccgw_stream_framing_t;
struct ccgw_request_t;

/** A reply header of a row; left out when FN gives NULL. RESULT is the verb's; a name may stand several times. Ends with
 *  name NULL. */
typedef struct ccgw_header_t {
    const char *name;
    const char *(*fn)(const void *result, const ccgw_view_t *view);
} ccgw_header_t;

/** A row that signs in: where its argument struct holds name and password (const char *). */
typedef struct ccgw_sign_in_t {
    apr_size_t user;
    apr_size_t password;
    int optional; /**< 1: without a name or a password nobody is signed in, and the verb runs all the same */
} ccgw_sign_in_t;

/** One format of replies. */
typedef struct ccgw_format_t {
    const char *name; /**< "json" */
    const char *content_type;
    /** Append OBJECT by SHAPE. */
    void (*write)(ccgw_out_t *out, const ccgw_shape_t *shape, const void *object, const ccgw_view_t *view);
    const char *disposition; /**< Content-Disposition with %s for the row's id; NULL none */
} ccgw_format_t;

typedef struct ccgw_op_t {
    const char *id;  /**< <noun>.<verb>; rows of one dialect may share it when only the path differs */
    const char *doc; /**< the page that documents it */
    ccgw_method_t method;
    const char *paths[4]; /**< below the root: "/me/workbins/{id}"; a trailing slash is accepted */
    const char *select;   /**< value of the dialect's selector, "A|B": any of these; NULL: none, or no selector */
    const char *query;    /**< "name": only when this query parameter is given; NULL: always */
    const ccgw_param_t *params;
    const ccgw_verb_t *verb;
    const ccgw_shape_t *reply;                  /**< over the verb's result; NULL: the dialect's empty reply */
    int ok;                                     /**< HTTP status of success; 0: 200 */
    ccgw_role_t need;                           /**< NOBODY: without sign-in */
    const struct ccgw_stream_framing_t *stream; /**< instead of a verb: an event reader's endpoint */
    const ccgw_sign_in_t *sign_in;              /**< the caller is found by the arguments' password; NEED is NOBODY */
    const ccgw_header_t *headers;               /**< NULL none */
    ccgw_method_t means; /**< rows for any method: the one the operation has by the book; GET changes nothing */
} ccgw_op_t;             /* ends with id NULL */

typedef struct ccgw_dialect_t {
    const char *name;
    const char *root;     /**< default root */
    const char *selector; /**< body member that tells operations on one path apart; NULL none */
    const ccgw_op_t *ops;
    const ccgw_error_row_t *errors;
    const ccgw_shape_t *error; /**< over ccgw_error_reply_t */
    const ccgw_shape_t *done;  /**< reply of rows without a shape; over nothing */
    const ccgw_event_row_t *events;
    const char *content_type;
    const char *cookie;           /**< the cookie that carries the login's token */
    const char *csrf_header;      /**< request header that carries the CSRF token; NULL none */
    const char *csrf_name_header; /**< reply header that names it */
    const char *csrf_fault;       /**< plain text answered with 403 */
    /** The login's token (as ccgw_login_find() takes it) a request carries; NULL: none. Instead of COOKIE. The request is
     *  neither prepared nor routed: method, path, raw query and headers only. */
    const char *(*token)(const struct ccgw_request_t *request);
    const char *identity; /**< path variable that must be the caller's work number; NULL none */
    /** NULL: JSON only. After routing; also for requests that were refused before, whose op is NULL. May give NULL. */
    const ccgw_format_t *(*format)(const struct ccgw_request_t *request);
    /** What somebody is told who shows no token that counts; NULL: CCGW_ESIGNIN. CALL has core and pool only. */
    apr_status_t (*stranger)(const struct ccgw_request_t *request, ccgw_call_t *call);
    /** Before routing: may change method, path, query and body of the request (suffixes, overrides), and note its FORMAT
     *  for format(). Under a root that is the whole host it is also asked, without body, whether the path is ours. May be
     *  NULL. */
    void (*prepare)(struct ccgw_request_t *request);
    /** 1: literal segments, parameter names, words of enumerations match in any case, empty segments are dropped, lists
     *  may have brackets and quotes; a parameter may stand anywhere but in a header: form beats query beats path beats
     *  JSON body, and what is empty in the query is not there. */
    int loose;
    int silent_challenge; /**< 1: no WWW-Authenticate */
    const char *vary;     /**< Vary header of every reply; NULL none */
} ccgw_dialect_t;

#endif
