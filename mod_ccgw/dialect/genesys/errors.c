/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* errors.c: our codes as statusCode. The HTTP status stays 200 whatever the statusCode says, because clients read only
 * the latter; the exceptions are those a proxy, a browser or a CometD library must understand without reading JSON. */
#include "dialect.h"

/* clang-format off */
const ccgw_error_row_t genesys_errors[] = {
    /* "resource not found" */
    { CCGW_ENOTFOUND,     200,  6, NULL },
    /* "exists already" */
    { CCGW_EEXISTS,       200, 18, NULL },
    /* "not valid in this state": the operation is no capability of the resource now */
    { CCGW_ESTATE,        200,  2, NULL },
    /* "a required parameter is absent", operationName included */
    { CCGW_EMISSING,      200,  1, NULL },
    /* "value out of range": the nearest of the documented codes to a value that has the wrong form */
    { CCGW_EINVAL,        200, 10, NULL },
    { CCGW_ERANGE,        200, 10, NULL },
    /* "not authenticated", the one statusCode with an HTTP status: without it no client sends its password */
    { CCGW_ESIGNIN,       401, 20, NULL },
    /* "no permission": the role lacks it */
    { CCGW_EROLE,         200,  5, NULL },
    /* "forbidden": nobody may */
    { CCGW_EFORBIDDEN,    200,  3, NULL },
    /* plain text, see csrf_fault; the code serves the log only */
    { CCGW_ECSRF,         403,  3, NULL },
    /* "cannot update": somebody else was faster, asking again may help */
    { CCGW_ECONFLICT,     200, 15, NULL },
    /* overload and no room: 503 with Retry-After, "internal error" for those who read only the body */
    { CCGW_EBUSY,         503,  4, NULL },
    { CCGW_ELIMIT,        503,  4, NULL },
    { CCGW_ERATE,         503,  4, NULL },
    { CCGW_ENOSPACE,      503,  4, NULL },
    { CCGW_ESTORE,        503,  4, NULL },
    /* what a client can do nothing about and need not know */
    { CCGW_EDAMAGED,      200,  4, "internal error" },
    { CCGW_EFORMAT,       200,  4, "internal error" },
    { CCGW_EINTERNAL,     200,  4, "internal error" },
    /* Bayeux readers are told in Bayeux words; this row is for anybody else */
    { CCGW_ERESYNC,       200,  4, NULL },
    /* mostly told later by an Error notification; synchronous when it is known at once */
    { CCGW_EUNREACHABLE,  200,  2, NULL },
    /* "in use already" */
    { CCGW_EINUSE,        200, 19, NULL },
    /* a path outside every resource is any web server's 404; a missing resource (above) is not */
    { CCGW_ENOROUTE,      404,  6, NULL },
    /* likewise */
    { CCGW_EMETHOD,       405,  3, NULL },
    /* a body we cannot read has a wrong value in the widest sense */
    { CCGW_EMEDIATYPE,    200, 10, NULL },
    { CCGW_ESYNTAX,       200, 10, NULL },
    { CCGW_ETOOLARGE,     413, 10, NULL },
    /* operationName is there, its value is none of those the resource knows */
    { CCGW_EOPERATION,    200, 10, NULL },
    /* a server behind us: "internal error, also of a server behind" */
    { CCGW_EREFUSED,      200,  4, NULL },
    { CCGW_EUNKNOWN,      200,  4, NULL },
    /* StartContactCenterSession comes first: a matter of state */
    { CCGW_ENOTOPEN,      200,  2, NULL },
    /* the customer said STOP: a matter of state as well */
    { CCGW_EOPTOUT,       200,  2, NULL },
    /* switched off by the administrator: nobody may */
    { CCGW_EDISABLED,     200,  3, NULL },
    /* "property is read-only" */
    { CCGW_EREADONLY,     200, 11, NULL },
    /* telephone conferences are no resource here: should one of these come through, it is a matter of state */
    { CCGW_ENOCONFERENCE, 200,  2, NULL },
    { CCGW_EINCONFERENCE, 200,  2, NULL },
    { CCGW_ENOTCHAIR,     200,  2, NULL },
    { CCGW_ECHAIR,        200,  2, NULL },
    /* "exists already" */
    { CCGW_ESIGNEDIN,     200, 18, NULL },
    /* a wrong password is no sign-in at all */
    { CCGW_EPASSWORD,     401, 20, NULL },
    { CCGW_ETOKEN,        401, 20, NULL },
    /* "forbidden": another agent's path */
    { CCGW_EIDENTITY,     200,  3, NULL },
    { 0,                  200,  4, "internal error" }
};
/* clang-format on */
