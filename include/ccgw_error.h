/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_error.h: every status code of our own, once, with its default text.
 *
 * All functions that can fail return apr_status_t: APR's codes, or one of these. A dialect's error map turns them
 * into wire codes; nothing below the dialects knows an HTTP number. */
#ifndef CCGW_ERROR_H
#define CCGW_ERROR_H

#include <apr_errno.h>

#define CCGW_ERROR_BASE (APR_OS_START_USERERR + 7000)

/* clang-format off */
#define CCGW_ERRORS(X)                                                                                      \
    X(CCGW_ENOTFOUND,     1, "there is no such object")                                                     \
    X(CCGW_EEXISTS,       2, "it exists already")                                                           \
    X(CCGW_ESTATE,        3, "not possible in this state")                                                  \
    X(CCGW_EMISSING,      4, "a required parameter is missing")                                             \
    X(CCGW_EINVAL,        5, "a parameter has an invalid value")                                            \
    X(CCGW_ERANGE,        6, "a parameter is out of range")                                                 \
    X(CCGW_ESIGNIN,       7, "not signed in")                                                               \
    X(CCGW_EROLE,         8, "the role does not permit this")                                               \
    X(CCGW_EFORBIDDEN,    9, "forbidden")                                                                   \
    X(CCGW_ECSRF,        10, "missing or invalid CSRF token")                                               \
    X(CCGW_ECONFLICT,    11, "changed by somebody else meanwhile")                                          \
    X(CCGW_EBUSY,        12, "overloaded, try again later")                                                 \
    X(CCGW_ELIMIT,       13, "a limit has been reached, try again later")                                   \
    X(CCGW_ENOSPACE,     14, "the store's memory is full")                                                  \
    X(CCGW_ESTORE,       15, "the store cannot write")                                                      \
    X(CCGW_EDAMAGED,     16, "stored data is damaged")                                                      \
    X(CCGW_EFORMAT,      17, "stored data has an unknown format")                                           \
    X(CCGW_ERESYNC,      18, "the reader's cursor is no longer covered, start over")                        \
    X(CCGW_EUNREACHABLE, 19, "the target cannot join")                                                      \
    X(CCGW_EINUSE,       20, "in use")                                                                      \
    X(CCGW_ENOROUTE,     21, "no operation has this method and path")                                       \
    X(CCGW_EMETHOD,      22, "the path exists, the method does not")                                        \
    X(CCGW_EMEDIATYPE,   23, "unsupported media type")                                                      \
    X(CCGW_ETOOLARGE,    24, "the request is too large")                                                    \
    X(CCGW_ESYNTAX,      25, "the request body cannot be parsed")                                           \
    X(CCGW_EOPERATION,   26, "unknown operation name")                                                      \
    X(CCGW_EREFUSED,     27, "the other side refused")                                                      \
    X(CCGW_EUNKNOWN,     28, "the outcome is unknown")                                                      \
    X(CCGW_ENOTOPEN,     29, "no contact centre session is open")                                           \
    X(CCGW_EDISABLED,    30, "not enabled on this server")                                                  \
    X(CCGW_EREADONLY,    31, "the property is read-only")                                                   \
    X(CCGW_EINTERNAL,    32, "internal error")                                                              \
    X(CCGW_ENOCONFERENCE, 33, "in no conference")                                                           \
    X(CCGW_EINCONFERENCE, 34, "in a conference already")                                                    \
    X(CCGW_ENOTCHAIR,    35, "not the chair of the conference")                                             \
    X(CCGW_ECHAIR,       36, "the chair cannot leave: release the conference or hand it over")              \
    X(CCGW_ESIGNEDIN,    37, "signed in already")                                                           \
    X(CCGW_EPASSWORD,    38, "wrong name or password")                                                      \
    X(CCGW_EIDENTITY,    39, "the request names another agent than the one signed in")                      \
    X(CCGW_ETOKEN,       40, "the session key is missing, stale or not this agent's")                       \
    X(CCGW_EOPTOUT,      41, "the customer wants no more texts from this number")                           \
    X(CCGW_ERATE,        42, "too many texts, try again later")
/* clang-format on */

enum {
#define CCGW_ERROR_ENUM(name, number, text) name = CCGW_ERROR_BASE + (number),
    CCGW_ERRORS(CCGW_ERROR_ENUM)
#undef CCGW_ERROR_ENUM
};

#endif
