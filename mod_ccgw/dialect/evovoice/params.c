/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* params.c: the members of the request types and where they go in the verbs' arguments. A member may stand anywhere in the
 * request (see .loose): body, path, query and form are one to these clients. */
#include "dialect.h"

#include <apr_lib.h>
#include <stdio.h>

#define DAY (24 * 3600 * APR_USEC_PER_SEC)

/* ---- dates ---- */

static int read_digits(int *number, const char **at, int n)
{
    for (*number = 0; n > 0; n--, (*at)++) {
        if (!apr_isdigit(**at))
            return 0;
        *number = *number * 10 + **at - '0';
    }
    return 1;
}

static int read_day(apr_time_exp_t *day, const char **at)
{
    static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year, month;

    if (!read_digits(&year, at, 4) || *(*at)++ != '-' || !read_digits(&month, at, 2) || *(*at)++ != '-' ||
        !read_digits(&day->tm_mday, at, 2))
        return 0;
    day->tm_year = year - 1900;
    day->tm_mon = month - 1;
    return year >= 1970 && month >= 1 && month <= 12 && day->tm_mday >= 1 && day->tm_mday <= lengths[month - 1];
}

/* "T09:15:00", a fraction, "Z" or "+01:00". */
static int read_time(apr_time_exp_t *day, const char **at)
{
    int hours, minutes;

    if (**at != 'T' && **at != ' ')
        return 0;
    (*at)++;
    if (!read_digits(&day->tm_hour, at, 2) || *(*at)++ != ':' || !read_digits(&day->tm_min, at, 2))
        return 0;
    if (**at == ':' && ((*at)++, !read_digits(&day->tm_sec, at, 2)))
        return 0;
    if (**at == '.') {
        do
            (*at)++;
        while (apr_isdigit(**at));
    }
    if (**at == 'Z')
        (*at)++;
    else if (**at == '+' || **at == '-') {
        int sign = *(*at)++ == '-' ? -1 : 1;

        if (!read_digits(&hours, at, 2) || *(*at)++ != ':' || !read_digits(&minutes, at, 2))
            return 0;
        day->tm_gmtoff = sign * (hours * 3600 + minutes * 60);
    }
    return day->tm_hour < 24 && day->tm_min < 60 && day->tm_sec < 61;
}

/* A day, or a moment; WHOLE: what a day stands for beyond its beginning. */
static const char *parse_moment(apr_int64_t *moment, const char *text, apr_time_t whole)
{
    apr_time_exp_t day = { 0 };
    apr_time_t at;

    if (!read_day(&day, &text) || (*text && (whole = 0, !read_time(&day, &text))) || *text ||
        apr_time_exp_gmt_get(&at, &day) != APR_SUCCESS)
        return "is neither a day (YYYY-MM-DD) nor a time in ISO 8601";
    *moment = at + whole;
    return NULL;
}

static const char *parse_begin(void *field, const char *text, apr_pool_t *pool)
{
    return parse_moment(field, text, 0);
}

/* The last day counts as a whole. */
static const char *parse_end(void *field, const char *text, apr_pool_t *pool)
{
    return parse_moment(field, text, DAY);
}

/* ---- tables ---- */

#define SESSION(member_) offsetof(ccgw_session_args_t, member_)
#define SEARCH(member_)  offsetof(evovoice_search_args_t, member_)
#define AUTH(member_)    offsetof(evovoice_auth_args_t, member_)

/* clang-format off */
#define SESSION_ID { "sessionId", CCGW_IN_ANY, CCGW_KIND_ID, SESSION(session), .required = 1 }

static const ccgw_value_t sort_orders[] = {
    { "Ascend",  0 },
    { "Descend", 1 },
    { NULL, 0 }
};

const ccgw_param_t evovoice_params_none[] = { { NULL } };

const ccgw_param_t evovoice_params_session[] = {
    SESSION_ID,
    { NULL }
};

/* callerId would choose the number an outgoing call comes from; a text always comes from the session's number. */
const ccgw_param_t evovoice_params_invite[] = {
    SESSION_ID,
    { "memberToAdd", CCGW_IN_ANY, CCGW_KIND_STR, SESSION(target.id), .required = 1, .min = 1, .max = 256 },
    { "target", CCGW_IN_ROW, CCGW_KIND_ENUM, SESSION(target.kind), .number = CCGW_TARGET_MEMBER },
    { NULL }
};

/* The path's variable and the type's member differ in the documentation; the member wins wherever it stands. */
const ccgw_param_t evovoice_params_remove[] = {
    SESSION_ID,
    { "memberToRemove|memberId", CCGW_IN_ANY, CCGW_KIND_STR, SESSION(target.id), .required = 1, .min = 1, .max = 256 },
    { "target", CCGW_IN_ROW, CCGW_KIND_ENUM, SESSION(target.kind), .number = CCGW_TARGET_MEMBER },
    { NULL }
};

const ccgw_param_t evovoice_params_end[] = {
    SESSION_ID,
    { "callSid", CCGW_IN_ANY, CCGW_KIND_STR, offsetof(evovoice_end_args_t, call_sid) },
    { NULL }
};

const ccgw_param_t evovoice_params_transcript[] = {
    SESSION_ID,
    { "includeHistorical", CCGW_IN_ANY, CCGW_KIND_BOOL, offsetof(evovoice_transcript_args_t, historical) },
    { "historicalCutOffDate", CCGW_IN_ANY, CCGW_KIND_PARSED, offsetof(evovoice_transcript_args_t, since),
      .parse = parse_begin },
    { NULL }
};

const ccgw_param_t evovoice_params_message[] = {
    { "sessionId", CCGW_IN_ANY, CCGW_KIND_STR, SESSION(key) },
    { "endpointId", CCGW_IN_ANY, CCGW_KIND_STR, offsetof(evovoice_message_args_t, endpoint) },
    { "toAddress", CCGW_IN_ANY, CCGW_KIND_STR, offsetof(evovoice_message_args_t, to) },
    { "body", CCGW_IN_ANY, CCGW_KIND_STR, SESSION(text), .required = 1, .min = 1, .max = 4096 },
    { "type", CCGW_IN_ROW, CCGW_KIND_ENUM, SESSION(type), .number = CCGW_MESSAGE_TEXT },
    { "visibility", CCGW_IN_ROW, CCGW_KIND_ENUM, SESSION(visibility), .number = CCGW_VISIBLE_ALL },
    { NULL }
};

const ccgw_param_t evovoice_params_search[] = {
    { "accountIds", CCGW_IN_ANY, CCGW_KIND_STRS, SEARCH(accounts) },
    { "searchArchive", CCGW_IN_ANY, CCGW_KIND_BOOL, SEARCH(archive) },
    { "startDate", CCGW_IN_ANY, CCGW_KIND_PARSED, SEARCH(search.since), .parse = parse_begin },
    { "endDate", CCGW_IN_ANY, CCGW_KIND_PARSED, SEARCH(search.until), .parse = parse_end },
    { "customerIds", CCGW_IN_ANY, CCGW_KIND_STRS, SEARCH(customers) },
    { "endpointIds", CCGW_IN_ANY, CCGW_KIND_STRS, SEARCH(endpoints) },
    { "from", CCGW_IN_ANY, CCGW_KIND_STR, SEARCH(from) },
    { "to", CCGW_IN_ANY, CCGW_KIND_STR, SEARCH(to) },
    { "log", CCGW_IN_ANY, CCGW_KIND_STR, SEARCH(log) },
    { "parentSessionId", CCGW_IN_ANY, CCGW_KIND_STR, SEARCH(parent) },
    { "page", CCGW_IN_ANY, CCGW_KIND_INT, SEARCH(search.page), .min = 0, .max = APR_INT32_MAX },
    { "all", CCGW_IN_ANY, CCGW_KIND_BOOL, SEARCH(search.all) },
    { "countPerPage", CCGW_IN_ANY, CCGW_KIND_INT, SEARCH(search.per_page), .min = 1, .max = 1000 },
    { "specificIds", CCGW_IN_ANY, CCGW_KIND_STRS, SEARCH(search.ids) },
    { "sortField", CCGW_IN_ANY, CCGW_KIND_STR, SEARCH(sort_field) },
    { "sortOrder", CCGW_IN_ANY, CCGW_KIND_ENUM, SEARCH(search.descending), .values = sort_orders },
    { "simplifiedPaging", CCGW_IN_ANY, CCGW_KIND_BOOL, SEARCH(simple) },
    { NULL }
};

const ccgw_param_t evovoice_params_auth[] = {
    { "provider", CCGW_IN_ANY, CCGW_KIND_STR, AUTH(provider) },
    { "userName", CCGW_IN_ANY, CCGW_KIND_STR, AUTH(user) },
    { "password", CCGW_IN_ANY, CCGW_KIND_STR, AUTH(password) },
    { "rememberMe", CCGW_IN_ANY, CCGW_KIND_STR, AUTH(remember) },
    { "Cookie", CCGW_IN_HEADER, CCGW_KIND_STR, AUTH(cookie) },
    { "X-ss-id", CCGW_IN_HEADER, CCGW_KIND_STR, AUTH(ss_id) },
    { "X-ss-pid", CCGW_IN_HEADER, CCGW_KIND_STR, AUTH(ss_pid) },
    { "X-ss-opt", CCGW_IN_HEADER, CCGW_KIND_STR, AUTH(ss_opt) },
    { NULL }
};
/* clang-format on */
