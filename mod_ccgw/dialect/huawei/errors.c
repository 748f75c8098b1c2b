/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* errors.c: our codes as retcode: 100006 is written "100-006". Clients take every HTTP status but 200 for a broken
 * line, so refusals come with 200; the exceptions are overload and a body that nobody will read. */
#include "dialect.h"

/* clang-format off */
const ccgw_error_row_t huawei_errors[] = {
    /* only this dialect's verbs say these */
    { HUAWEI_ENOTSET,          200, 100009, "the agent state cannot be set now" },
    { HUAWEI_EOCCUPIED,        200, 100010, "signing out is not possible during a call" },
    { HUAWEI_ENOTHING_RINGS,   200, 200002, "there is no call to answer" },
    { HUAWEI_ENOTHING_TO_DROP, 200, 200025, "there is no call to drop" },
    { HUAWEI_ENOCALL,          200, 200026, "the call does not exist" },
    { HUAWEI_EEMPTY,           200, 106002, "the message is empty" },

    /* "address, path, query or body value is wrong" */
    { CCGW_EMISSING,      200,   2, NULL },
    { CCGW_EINVAL,        200,   2, NULL },
    { CCGW_ERANGE,        200,   2, NULL },
    { CCGW_ESYNTAX,       200,   2, NULL },
    { CCGW_EMEDIATYPE,    200,   2, NULL },
    { CCGW_EOPERATION,    200,   2, NULL },
    { CCGW_EREADONLY,     200,   2, NULL },
    { CCGW_ENOROUTE,      200,   2, NULL },
    { CCGW_EMETHOD,       200,   2, NULL },
    { CCGW_ETOOLARGE,     413,   2, NULL },
    /* "not allowed to call" */
    { CCGW_ECSRF,         200,   3, NULL },
    { CCGW_EROLE,         200,   3, NULL },
    { CCGW_EFORBIDDEN,    200,   3, NULL },
    /* "the agent is not signed in" */
    { CCGW_ESIGNIN,       200, 100006, NULL },
    { CCGW_EIDENTITY,     200, 100006, NULL },
    /* "not allowed to call": he is, but this is not his key */
    { CCGW_ETOKEN,        200,      3, NULL },
    /* a reader whose place is lost: signing in again is the only way to begin anew */
    { CCGW_ERESYNC,       200, 100006, NULL },
    { CCGW_ESIGNEDIN,     200, 100002, NULL },
    { CCGW_EPASSWORD,     200, 100004, NULL },
    /* telephone conferences */
    { CCGW_ENOCONFERENCE, 200, 101001, NULL },
    { CCGW_ENOTCHAIR,     200, 101002, NULL },
    { CCGW_EINCONFERENCE, 200, 101003, NULL },
    { CCGW_ECHAIR,        200, 101007, NULL },
    /* "sending the message failed" */
    { CCGW_EOPTOUT,       200, 700003, NULL },
    /* "failed inside the platform" */
    { CCGW_ENOTFOUND,     200, 100007, NULL },
    { CCGW_EEXISTS,       200, 100007, NULL },
    { CCGW_ESTATE,        200, 100007, NULL },
    { CCGW_ECONFLICT,     200, 100007, NULL },
    { CCGW_EUNREACHABLE,  200, 100007, NULL },
    { CCGW_EINUSE,        200, 100007, NULL },
    { CCGW_EREFUSED,      200, 100007, NULL },
    { CCGW_EUNKNOWN,      200, 100007, NULL },
    { CCGW_ENOTOPEN,      200, 100007, NULL },
    { CCGW_EDISABLED,     200, 100007, NULL },
    { CCGW_EINTERNAL,     200, 100007, "internal error" },
    { CCGW_EDAMAGED,      200, 100007, "internal error" },
    { CCGW_EFORMAT,       200, 100007, "internal error" },
    /* overload and no room */
    { CCGW_EBUSY,         503, 100007, NULL },
    { CCGW_ELIMIT,        503, 100007, NULL },
    { CCGW_ERATE,         503, 100007, NULL },
    { CCGW_ENOSPACE,      503, 100007, NULL },
    { CCGW_ESTORE,        503, 100007, NULL },
    { 0,                  200, 100007, "internal error" }
};
/* clang-format on */
