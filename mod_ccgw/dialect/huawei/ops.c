/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ops.c: the operations of the agent interface, one row each, and the dialect itself. */
#include "dialect.h"

#include "api/ccgw_request.h"
#include "stream/ccgw_stream.h"

/* A row of a signed-in agent; paths are below his number. */
#define ROW(id_, page_, method_, path_, params_, verb_)                                                      \
    {                                                                                                        \
        .id = id_, .doc = page_, .method = method_, .paths = { path_ }, .params = params_, .verb = &(verb_), \
        .need = CCGW_ROLE_AGENT                                                                              \
    }
#define SIGN_IN(id_, page_, path_, params_)                                                   \
    {                                                                                         \
        .id = id_, .doc = page_, .method = CCGW_PUT, .paths = { path_ }, .params = params_,   \
        .verb = &huawei_verb_login, .reply = &huawei_shape_login, .sign_in = &huawei_sign_in, \
        .headers = huawei_headers_login                                                       \
    }
#define CONF "/agentconf/{agentid}/"
#define SELF "/onlineagent/{agentid}"

/* clang-format off */
const ccgw_op_t huawei_ops[] = {
    SIGN_IN("agent.login", "cec_07_1202 login", SELF, huawei_params_login),
    SIGN_IN("agent.force-login", "cec_07_1203 forceLogin", SELF "/forcelogin", huawei_params_force_login),
    SIGN_IN("agent.login-ex", "cec_07_1224 loginEx", SELF "/loginex", huawei_params_login_ex),
    SIGN_IN("agent.force-login-ex", "forceLoginEx", SELF "/forceloginex", huawei_params_force_login_ex),
    ROW("agent.logout", "cec_07_1219 logout", CCGW_DELETE, SELF "/logout", huawei_params_logout, huawei_verb_logout),
    ROW("agent.force-logout", "forceLogout", CCGW_DELETE, SELF "/forcelogout", huawei_params_force_logout,
        huawei_verb_logout),
    ROW("agent.busy", "cec_07_1211 sayBusy", CCGW_POST, SELF "/saybusy", huawei_params_busy, huawei_verb_state),
    ROW("agent.cancel-busy", "cec_07_1212 cancelBusy", CCGW_POST, SELF "/cancelbusy", huawei_params_cancel_busy,
        huawei_verb_state),
    ROW("agent.free", "cec_07_1210 sayFree", CCGW_POST, SELF "/sayfree", huawei_params_free, huawei_verb_state),
    ROW("agent.work", "cec_07_1215 sayWork", CCGW_POST, SELF "/work", huawei_params_work, huawei_verb_state),
    ROW("agent.cancel-work", "cec_07_1216 cancelWork", CCGW_POST, SELF "/cancelwork", huawei_params_cancel_work,
        huawei_verb_state),
    ROW("agent.skills", "cec_07_1209 resetSkill", CCGW_POST, SELF "/resetskill/{autoflag}", huawei_params_skills,
        huawei_verb_skills),
    { .id = "agent.status", .doc = "cec_07_1222 getAgentStatus", .method = CCGW_GET,
      .paths = { SELF "/agentstatus" }, .params = huawei_params_none, .verb = &huawei_verb_status,
      .reply = &huawei_shape_status, .need = CCGW_ROLE_AGENT },

    { .id = "event.poll", .doc = "cec_07_1274 getAgentEvent", .method = CCGW_GET,
      .paths = { "/agentevent/{agentid}" }, .stream = &ccgw_stream_poll, .need = CCGW_ROLE_AGENT },
    /* only clients know it, as the events of a whole node: whoever asks is told his own */
    { .id = "event.poll-all", .doc = "getAllAgentEvent", .method = CCGW_GET,
      .paths = { "/agentevent/allagentevent" }, .stream = &ccgw_stream_poll, .need = CCGW_ROLE_AGENT },

    ROW("conference.request", "cec_07_1283 requestAgentConf", CCGW_POST, CONF "requestagentconf",
        huawei_params_request, huawei_verb_request),
    ROW("conference.add", "cec_07_1292 batchAddParticipant", CCGW_POST, CONF "batchaddparticipant",
        huawei_params_add, huawei_verb_add),
    ROW("conference.answer", "cec_07_1284 answerAgentConf", CCGW_POST, CONF "answeragentconf", huawei_params_none,
        huawei_verb_answer_conference),
    ROW("conference.reject", "cec_07_1285 rejectAgentConf", CCGW_POST, CONF "rejectagentconf", huawei_params_none,
        huawei_verb_reject_conference),
    ROW("conference.leave", "cec_07_1286 requestLeaveAgentConf", CCGW_POST, CONF "requestleaveagentconf",
        huawei_params_none, huawei_verb_leave),
    ROW("conference.release", "cec_07_1287 releaseAgentConf", CCGW_POST, CONF "releaseagentconf",
        huawei_params_none, huawei_verb_release),
    /* one desktop was made for an earlier form: other methods, and one request for leaving and for ending */
    ROW("conference.answer", "answerAgentConf", CCGW_PUT, CONF "answeragentconf", huawei_params_none,
        huawei_verb_answer_conference),
    ROW("conference.reject", "rejectAgentConf", CCGW_DELETE, CONF "rejectagentconf", huawei_params_none,
        huawei_verb_reject_conference),
    ROW("conference.leave-or-release", "requestLeaveAgentConf", CCGW_DELETE, CONF "requestleaveagentconf",
        huawei_params_none, huawei_verb_leave_or_release),

    ROW("call.answer", "cec_07_1234 answer", CCGW_PUT, "/voicecall/{agentid}/answer", huawei_params_answer,
        huawei_verb_answer),
    ROW("call.reject", "cec_07_1253 reject", CCGW_POST, "/voicecall/{agentid}/reject", huawei_params_reject,
        huawei_verb_reject),
    ROW("call.drop", "dropCall", CCGW_POST, "/voicecall/{agentid}/dropcall/{callid}", huawei_params_drop,
        huawei_verb_drop),
    ROW("call.message", "cec_07_1277 sendMessage", CCGW_POST, "/mediacall/{agentid}/sendmessage",
        huawei_params_message, huawei_verb_message),
    { NULL }
};
/* clang-format on */

/* Cookies serve load balancers only, and some clients send them back broken: the header alone counts. */
static const char *read_token(const ccgw_request_t *request)
{
    const char *guid = request->header ? request->header(request->header_baton, "Guid") : NULL;

    return guid ? huawei_token(guid, request->pool) : NULL;
}

const ccgw_dialect_t ccgw_dialect_huawei = {
    .name = "huawei",
    .root = "/agentgateway/resource",
    .ops = huawei_ops,
    .errors = huawei_errors,
    .error = &huawei_shape_error,
    .done = &huawei_shape_done,
    .events = huawei_events,
    .content_type = "application/json;charset=UTF-8",
    .token = read_token,
    .identity = "agentid",
    .stranger = huawei_stranger,
    .silent_challenge = 1,
};
