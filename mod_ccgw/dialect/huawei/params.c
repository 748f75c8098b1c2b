/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* params.c: what requests carry, by name and place, for the rows of ops.c. */
#include "dialect.h"

#include <apr_strings.h>

/* --- spellings ---------------------------------------------------------------------------------- */

static const char *parse_work_no(void *field, const char *text, apr_pool_t *pool)
{
    if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 6)
        return "is no agent id";
    *(const char **)field = apr_pstrcat(pool, "#", text, NULL);
    return NULL;
}

/* An address is dialled as it stands, or found as a work number: nothing may be left over. */
static const char *parse_address(void *field, const char *text, apr_pool_t *pool)
{
    const char *digits = *text == '+' ? text + 1 : text;

    if (!*digits || strspn(digits, "0123456789*#") != strlen(digits))
        return "is no number";
    if (strlen(text) > 24)
        return "is longer than 24 digits";
    *(const char **)field = text;
    return NULL;
}

/* That a reason was given, whatever its value: binding says the rest about it. */
static const char *parse_given(void *field, const char *text, apr_pool_t *pool)
{
    *(int *)field = *text != '\0';
    return NULL;
}

static const char *parse_reason(void *field, const char *text, apr_pool_t *pool)
{
    apr_int64_t reason;

    if (!*text)
        return NULL;
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 3)
        return "is no reason";
    reason = apr_atoi64(text);
    if (reason && (reason < 200 || reason > 250))
        return "is neither 0 nor between 200 and 250";
    *(apr_int64_t *)field = reason;
    return NULL;
}

/* clang-format off */
static const ccgw_value_t switches[] = {
    { "true",  HUAWEI_YES }, { "True",  HUAWEI_YES }, { "1", HUAWEI_YES },
    { "false", HUAWEI_NO },  { "False", HUAWEI_NO },  { "0", HUAWEI_NO },
    { NULL, 0 }
};
static const ccgw_value_t address_kinds[] = {
    { "6", CCGW_ADDRESS_PHONE },
    { "9", CCGW_ADDRESS_AGENT },
    { NULL, 0 }
};

const ccgw_param_t huawei_params_none[] = { { NULL } };

/* --- onlineagent -------------------------------------------------------------------------------- */

#define L(member) offsetof(huawei_login_args_t, member)
#define LOGIN(phone_required_, messaging_, forced_)                                                                   \
    { "agentid", CCGW_IN_PATH, CCGW_KIND_PARSED, L(user), .required = 1, .parse = parse_work_no },                    \
    { "password", CCGW_IN_BODY, CCGW_KIND_STR, L(password), .required = 1, .max = 32 },                               \
    { "phonenum", CCGW_IN_BODY, CCGW_KIND_STR, L(phone), .required = phone_required_, .max = 24 },                    \
    { "status", CCGW_IN_BODY, CCGW_KIND_INT, L(status), .min = 3, .max = 5 },                                         \
    messaging_,                                                                                                       \
    { "autoanswer", CCGW_IN_BODY, CCGW_KIND_ENUM, L(automatic), .values = switches },                                 \
    { "autoenteridle", CCGW_IN_BODY, CCGW_KIND_ENUM, L(idle), .values = switches },                                   \
    { "releasephone", CCGW_IN_BODY, CCGW_KIND_ENUM, L(release_phone), .values = switches },                           \
    { "phonelinkage", CCGW_IN_BODY, CCGW_KIND_ENUM, L(linkage), .values = switches },                                 \
    { "checkInMailm", CCGW_IN_BODY, CCGW_KIND_ENUM, L(mail), .values = switches },                                    \
    { "listenStatus", CCGW_IN_BODY, CCGW_KIND_ENUM, L(listens), .values = switches },                                 \
    { "agenttype", CCGW_IN_BODY, CCGW_KIND_INT, L(type), .min = 0, .max = 255 },                                      \
    { "ip", CCGW_IN_BODY, CCGW_KIND_STR, L(ip), .max = 15 },                                                          \
    { "callBackUri", CCGW_IN_BODY, CCGW_KIND_STR, L(callback), .max = 200 },                                          \
    { "serviceToken", CCGW_IN_BODY, CCGW_KIND_STR, L(service_token), .max = 50 },                                     \
    { "vcPhoneNumber", CCGW_IN_BODY, CCGW_KIND_STR, L(video_phone), .max = 24 },                                      \
    { "forced", CCGW_IN_ROW, CCGW_KIND_BOOL, L(forced), .number = forced_ },                                          \
    { NULL }
#define CHECKED { "checkInWebm", CCGW_IN_BODY, CCGW_KIND_ENUM, L(messaging), .values = switches }
/* the "ex" forms sign in to the telephone only; their old editions did not ask for its number */
#define TELEPHONE { "checkInWebm", CCGW_IN_ROW, CCGW_KIND_ENUM, L(messaging), .number = HUAWEI_NO }

const ccgw_param_t huawei_params_login[] = { LOGIN(1, CHECKED, 0) };
const ccgw_param_t huawei_params_force_login[] = { LOGIN(1, CHECKED, 1) };
const ccgw_param_t huawei_params_login_ex[] = { LOGIN(0, TELEPHONE, 0) };
const ccgw_param_t huawei_params_force_login_ex[] = { LOGIN(0, TELEPHONE, 1) };

const ccgw_sign_in_t huawei_sign_in = { L(user), L(password) };

#define O(member) offsetof(huawei_logout_args_t, member)
const ccgw_param_t huawei_params_logout[] = { { NULL } };
const ccgw_param_t huawei_params_force_logout[] = {
    { "forced", CCGW_IN_ROW, CCGW_KIND_BOOL, O(forced), .number = 1 },
    { NULL }
};

#define A(member) offsetof(huawei_state_args_t, member)
#define STATE(from_, state_, cause_)                                                                                  \
    { "from", CCGW_IN_ROW, CCGW_KIND_ENUM, A(from), .number = from_ },                                                \
    { "state", CCGW_IN_ROW, CCGW_KIND_STR, A(state), .text = state_ },                                                \
    { "cause", CCGW_IN_ROW, CCGW_KIND_STR, A(cause), .text = cause_ }

const ccgw_param_t huawei_params_busy[] = {
    STATE(0, "not-ready", HUAWEI_CAUSE_BUSY),
    { "reason", CCGW_IN_ANY, CCGW_KIND_PARSED, A(reason), .parse = parse_reason },
    { "reason", CCGW_IN_ANY, CCGW_KIND_PARSED, A(given), .parse = parse_given },
    { "prolong", CCGW_IN_ANY, CCGW_KIND_BOOL, A(prolong) },
    { NULL }
};
const ccgw_param_t huawei_params_cancel_busy[] = { STATE(3, "ready", HUAWEI_CAUSE_CANCEL_BUSY), { NULL } };
const ccgw_param_t huawei_params_free[] = { STATE(0, "ready", HUAWEI_CAUSE_FREE), { NULL } };
const ccgw_param_t huawei_params_work[] = { STATE(0, "wrap-up", HUAWEI_CAUSE_WORK), { NULL } };
const ccgw_param_t huawei_params_cancel_work[] = { STATE(5, "ready", HUAWEI_CAUSE_CANCEL_WORK), { NULL } };

const ccgw_param_t huawei_params_skills[] = {
    { "autoflag", CCGW_IN_PATH, CCGW_KIND_STR, offsetof(huawei_skills_args_t, all), .required = 1 },
    { "skillid", CCGW_IN_ANY, CCGW_KIND_STR, offsetof(huawei_skills_args_t, skills), .max = 4000 },
    { "phonelinkage", CCGW_IN_ANY, CCGW_KIND_INT, offsetof(huawei_skills_args_t, linkage), .min = 0, .max = 1 },
    { NULL }
};

/* --- agentconf ---------------------------------------------------------------------------------- */

#define WELCOME(type)                                                                                                 \
    { "beepTone", CCGW_IN_BODY, CCGW_KIND_BOOL, offsetof(type, welcome.beep) },                                       \
    { "playMode", CCGW_IN_BODY, CCGW_KIND_INT, offsetof(type, welcome.mode), .min = 0, .max = 255 },                  \
    { "voicePath", CCGW_IN_BODY, CCGW_KIND_STR, offsetof(type, welcome.path), .max = 127 }

#define R(member) offsetof(huawei_request_args_t, member)
const ccgw_param_t huawei_params_request[] = {
    { "memberNum", CCGW_IN_BODY, CCGW_KIND_INT, R(conference.limit), .required = 1, .min = 1, .max = 120 },
    { "time", CCGW_IN_BODY, CCGW_KIND_INT, R(conference.minutes), .min = 4, .max = 1440 },
    { "promptTime", CCGW_IN_BODY, CCGW_KIND_INT, R(conference.remind), .min = 0, .max = 1440 },
    { "confCallerNo", CCGW_IN_BODY, CCGW_KIND_STR, R(caller), .max = 24 },
    WELCOME(huawei_request_args_t),
    { NULL }
};

#define I(member) offsetof(huawei_address_t, member)
static const ccgw_param_t address[] = {
    { "addressType", CCGW_IN_BODY, CCGW_KIND_ENUM, I(address.kind), .required = 1, .values = address_kinds },
    { "address", CCGW_IN_BODY, CCGW_KIND_PARSED, I(address.address), .required = 1, .parse = parse_address },
    { "deviceCallType", CCGW_IN_BODY, CCGW_KIND_INT, I(call_type), .min = 0, .max = 255 },
    { "deviceType", CCGW_IN_BODY, CCGW_KIND_INT, I(device), .min = 0, .max = 255 },
    { NULL }
};
#define D(member) offsetof(huawei_add_args_t, member)
const ccgw_param_t huawei_params_add[] = {
    { "addresses", CCGW_IN_BODY, CCGW_KIND_ITEMS, D(addresses), .required = 1, .min = 1, .max = 120,
      .item = address, .size = sizeof(huawei_address_t), .count = D(naddresses) },
    { "caller", CCGW_IN_BODY, CCGW_KIND_STR, D(caller), .max = 24 },
    WELCOME(huawei_add_args_t),
    { NULL }
};

/* --- voicecall, mediacall ----------------------------------------------------------------------- */

#define C(member) offsetof(huawei_call_args_t, member)
#define CALL(where_, required_)                                                                                       \
    { "callid|callId", where_, CCGW_KIND_ID, C(call) },                                                               \
    { "callid|callId", where_, CCGW_KIND_STR, C(named), .required = required_, .max = 64 }

const ccgw_param_t huawei_params_answer[] = { CALL(CCGW_IN_ANY, 0), { NULL } };
const ccgw_param_t huawei_params_reject[] = {
    CALL(CCGW_IN_ANY, 0),
    { "mode", CCGW_IN_ANY, CCGW_KIND_INT, C(mode), .required = 1, .min = 1, .max = 2 },
    { NULL }
};
const ccgw_param_t huawei_params_drop[] = { CALL(CCGW_IN_PATH, 1), { NULL } };
/* the length is what the pages leave room for when the service encrypts, 3.8 KB */
const ccgw_param_t huawei_params_message[] = {
    CALL(CCGW_IN_BODY, 1),
    { "userid", CCGW_IN_BODY, CCGW_KIND_STR, C(user) },
    { "data", CCGW_IN_BODY, CCGW_KIND_STR, C(text), .required = 1, .max = 3891 },
    { NULL }
};
/* clang-format on */
