/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* shapes.c: replies: result, message, retcode, in the order the pages print; and what the sign-in says in headers. */
#include "dialect.h"

#include <apr_strings.h>

/* Three digits, a hyphen, three digits. */
static const char *return_code(const void *object, const ccgw_view_t *view)
{
    int wire = ((const ccgw_error_reply_t *)object)->wire;

    return apr_psprintf(view->pool, "%03d-%03d", wire / 1000, wire % 1000);
}

static const char *guid_header(const void *result, const ccgw_view_t *view)
{
    return apr_pstrcat(view->pool, "JSESSIONID=", ((const huawei_login_result_t *)result)->guid, NULL);
}

static const char *cookie_header(const void *result, const ccgw_view_t *view)
{
    return apr_pstrcat(view->pool, guid_header(result, view), "; Path=", view->root, "; HttpOnly", NULL);
}

/* Java clients look for these names letter by letter. */
const ccgw_header_t huawei_headers_login[] = { { "Set-GUID", guid_header }, { "Set-Cookie", cookie_header }, { NULL } };

/* clang-format off */
#define DONE                                                       \
    { "message", CCGW_KIND_CONST, .text = "success" },             \
    { "retcode", CCGW_KIND_CONST, .text = "0" },                   \
    { NULL }

static const ccgw_member_t nothing_members[] = { { NULL } };
static const ccgw_shape_t nothing = { "nothing", nothing_members };

static const ccgw_member_t done_members[] = {
    { "result", CCGW_KIND_OBJECT, .of = &nothing },
    DONE
};
const ccgw_shape_t huawei_shape_done = { "done", done_members };

static const ccgw_member_t error_members[] = {
    { "message", CCGW_KIND_STR, offsetof(ccgw_error_reply_t, text) },
    { "retcode", CCGW_KIND_TEXT, .fn = return_code },
    { NULL }
};
const ccgw_shape_t huawei_shape_error = { "error", error_members, sizeof(ccgw_error_reply_t) };

/* Passwords are the server's business: they neither have to be changed nor expire here. */
static const ccgw_member_t desk_members[] = {
    { "vdnid", CCGW_KIND_INT, offsetof(huawei_login_result_t, vdn) },
    { "workno", CCGW_KIND_STR, offsetof(huawei_login_result_t, work_no) },
    { "mediatype", CCGW_KIND_STR, offsetof(huawei_login_result_t, services) },
    { "loginTime", CCGW_KIND_STR, offsetof(huawei_login_result_t, login_time) },
    { "isForceChange", CCGW_KIND_CONST, .text = "false" },
    { "timeRemaining", CCGW_KIND_CONST, .text = "" },
    { NULL }
};
static const ccgw_shape_t desk = { "sign-in", desk_members, sizeof(huawei_login_result_t) };

static const ccgw_member_t login_members[] = {
    { "result", CCGW_KIND_OBJECT, .of = &desk },
    DONE
};
const ccgw_shape_t huawei_shape_login = { "signed in", login_members, sizeof(huawei_login_result_t) };

static const ccgw_member_t state_members[] = {
    { "agentState", CCGW_KIND_INT, offsetof(huawei_status_t, state) },
    { "isWorking", CCGW_KIND_BOOL, offsetof(huawei_status_t, working) },
    { NULL }
};
static const ccgw_shape_t state = { "agent status", state_members, sizeof(huawei_status_t) };

static const ccgw_member_t status_members[] = {
    { "result", CCGW_KIND_OBJECT, .of = &state },
    DONE
};
const ccgw_shape_t huawei_shape_status = { "status", status_members, sizeof(huawei_status_t) };
/* clang-format on */
