/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* events.c: neutral events as the gateway's: one of ours often is several of theirs, in the order the pages print. */
#include "events.h"

#include <apr_strings.h>

#include "core/ccgw_floor.h"

#define READERS "agentevent"

const char *huawei_me(const ccgw_view_t *view)
{
    return view->call->agent ? view->call->agent->id : "";
}

const char *huawei_work_no(const void *object, const ccgw_view_t *view)
{
    return apr_psprintf(view->pool, "%" APR_INT64_T_FMT, view->call->agent ? view->call->agent->work_no : 0);
}

const char *huawei_work_no_of(const char *id, const ccgw_view_t *view)
{
    const ccgw_call_t *call = view->call;
    const ccgw_agent_def_t *def = call->agent && !strcmp(call->agent->id, id) ? call->agent : NULL;

    if (!def && call->core && call->core->floor)
        def = ccgw_floor_agent(call->core->floor, call->tenant, id);
    return def ? apr_psprintf(view->pool, "%" APR_INT64_T_FMT, def->work_no) : NULL;
}

/* no name for any number: null */
const ccgw_value_t huawei_unnamed[] = { { NULL, 0 } };

/* --- telephone conferences ---------------------------------------------------------------------- */

/* Clients keep it in a double: 32 bits of the time and 20 of the counter stay exact. */
static apr_int64_t conf_id(const void *object, const ccgw_view_t *view)
{
    ccgw_id_t id = ((const ccgw_event_t *)object)->session->id;

    return (apr_int64_t)((id >> 32) << 20 | (id & 0xfffff));
}

static int is_request(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->change == CCGW_CHANGE_CHAIR && event->why == CCGW_WHY_OWN;
}

static int is_succession(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->change == CCGW_CHANGE_CHAIR && event->why != CCGW_WHY_OWN;
}

int huawei_is_offer(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->view == CCGW_VIEW_OFFERED;
}

static int is_entry(const void *object, const ccgw_view_t *view)
{
    return is_request(object, view) || ((const ccgw_event_t *)object)->change == CCGW_CHANGE_JOINED;
}

/* Asked, and it came to nothing. */
int huawei_is_missed(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->view == CCGW_VIEW_REVOKED || event->change == CCGW_CHANGE_NOT_COMING;
}

static int is_exit(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->change == CCGW_CHANGE_LEFT && !huawei_is_missed(object, view);
}

static int is_release(const void *object, const ccgw_view_t *view)
{
    return is_exit(object, view) || huawei_is_missed(object, view);
}

/* Pages name no idle state after leaving by one's own wish. */
static int is_idle_again(const void *object, const ccgw_view_t *view)
{
    return huawei_is_missed(object, view) ||
           (is_exit(object, view) && ((const ccgw_event_t *)object)->why != CCGW_WHY_OWN);
}

static apr_int64_t change_result(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->change == CCGW_CHANGE_NOT_COMING;
}

static apr_int64_t change_type(const void *object, const ccgw_view_t *view)
{
    switch (((const ccgw_event_t *)object)->change) {
    case CCGW_CHANGE_LEFT: return 1;
    case CCGW_CHANGE_CHAIR: return 2;
    default: return 0;
    }
}

static apr_int64_t change_reason(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    if (event->change != CCGW_CHANGE_LEFT)
        return 255;
    switch (event->why) {
    case CCGW_WHY_OWN: return 0;
    case CCGW_WHY_REMOVED: return 1;
    case CCGW_WHY_HUNG_UP: return 2;
    case CCGW_WHY_OVER: return 3;
    case CCGW_WHY_SIGNED_OUT: return 4;
    default: return 6;
    }
}

static int is_member_change(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    if (!event->who || event->change == CCGW_CHANGE_UNSET)
        return 0;
    /* in a conference the core tells the others only */
    if (event->session->media == CCGW_MEDIA_VOICE || !event->who->agent || !view->call->agent)
        return 1;
    return strcmp(event->who->agent, view->call->agent->id) != 0;
}

static const char *member_address(const void *object, const ccgw_view_t *view)
{
    const ccgw_participant_t *who = ((const ccgw_event_t *)object)->who;
    const char *number = who->agent ? huawei_work_no_of(who->agent, view) : NULL;

    return number ? number : ccgw_str_or_empty(who->address ? who->address : who->nickname);
}

static apr_int64_t member_kind(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->who->party == CCGW_PARTY_PHONE ? 6 : 9;
}

static apr_int64_t created_at(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->session->created / 1000;
}

/* clang-format off */
static const ccgw_member_t conf_members[] = {
    { "confId", CCGW_KIND_NUMBER, .numfn = conf_id },
    { NULL }
};
static const ccgw_shape_t conf = { "conference", conf_members, sizeof(ccgw_event_t) };

static const ccgw_member_t change_members[] = {
    { "result", CCGW_KIND_NUMBER, .numfn = change_result },
    { "changeType", CCGW_KIND_NUMBER, .numfn = change_type },
    { "changeReason", CCGW_KIND_NUMBER, .numfn = change_reason },
    { "confId", CCGW_KIND_NUMBER, .numfn = conf_id },
    { "participant", CCGW_KIND_TEXT, .fn = member_address },
    { "participantType", CCGW_KIND_NUMBER, .numfn = member_kind },
    { "deviceCallType", CCGW_KIND_CONST, .number = 0 },
    { "deviceType", CCGW_KIND_CONST, .number = 0 },
    { NULL }
};
static const ccgw_shape_t change = { "change", change_members, sizeof(ccgw_event_t) };

/* Desktops wait for the end of the recording before they call the agent free; there was none, so it has no task. */
static const ccgw_member_t record_members[] = {
    { "beginTime", CCGW_KIND_NUMBER, .numfn = created_at },
    { "endTime", CCGW_KIND_TIME, offsetof(ccgw_event_t, at), .time = CCGW_TIME_MILLIS },
    { "taskId", CCGW_KIND_CONST, .number = 0 },
    { "fileMediaType", CCGW_KIND_CONST, .text = "1" },
    { "recordFormat", CCGW_KIND_CONST, .text = "0" },
    { NULL }
};
static const ccgw_shape_t record = { "recording", record_members, sizeof(ccgw_event_t) };

PLAIN(static, state_busy, "AgentState_Busy");
PLAIN(static, state_ready, "AgentState_Ready");
PLAIN(static, phone_alerting, "AgentOther_PhoneAlerting");
PLAIN(static, phone_offhook, "AgentOther_PhoneOffhook");
PLAIN(static, phone_release, "AgentOther_PhoneRelease");
OBJECT(static, conf_ringing, "AgentConf_Ringing", conf);
OBJECT(static, conf_joined, "AgentConf_SelfJoinResult", conf);
OBJECT(static, conf_success, "AgentConf_RequestSuccess", conf);
OBJECT(static, conf_left, "AgentConf_SelfLeaveResult", conf);
OBJECT(static, conf_president, "AgentConf_PresidentChanged", conf);
OBJECT(static, conf_timeout, "AgentConf_Timeout", conf);
OBJECT(static, conf_changed, "AgentConf_ParticipantChanged", change);
OBJECT(static, record_done, "AgentMediaEvent_StopRecordDone", record);
/* clang-format on */

/* --- the agent's state -------------------------------------------------------------------------- */

static int caused_by(const ccgw_event_t *event, const char *cause)
{
    return event->text && !strcmp(event->text, cause);
}

/* What this very desktop asked for. */
static int is_mine(const ccgw_event_t *event, const ccgw_view_t *view)
{
    return event->login && view->call->login && !strcmp(event->login, view->call->login);
}

static int is_sign_in(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return is_mine(event, view) &&
           (caused_by(event, HUAWEI_CAUSE_SIGN_IN) || caused_by(event, HUAWEI_CAUSE_SIGN_IN_BUSY) ||
            caused_by(event, HUAWEI_CAUSE_SIGN_IN_WORK));
}

static int is_sign_out(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return is_mine(event, view) && event->text &&
           !strncmp(event->text, HUAWEI_CAUSE_SIGN_OUT " ", sizeof HUAWEI_CAUSE_SIGN_OUT);
}

/* Set by somebody else: another dialect's desktop, or the server. What counts then is how it is now. */
static int is_foreign(const ccgw_event_t *event)
{
    return (!event->text || strncmp(event->text, "huawei ", 7) != 0) && event->agent && event->agent->open;
}

static int is_foreign_state(const ccgw_event_t *event, int state)
{
    return is_foreign(event) && huawei_presence(event->agent) == state;
}

static int is_ready(const void *object, const ccgw_view_t *view)
{
    return is_sign_in(object, view) || caused_by(object, HUAWEI_CAUSE_FREE) || is_foreign_state(object, 4);
}

static int is_busy(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return caused_by(event, HUAWEI_CAUSE_BUSY) ||
           (caused_by(event, HUAWEI_CAUSE_SIGN_IN_BUSY) && is_mine(event, view)) || is_foreign_state(event, 3);
}

static int is_busy_over(const void *object, const ccgw_view_t *view)
{
    return caused_by(object, HUAWEI_CAUSE_CANCEL_BUSY);
}

static int is_work_asked(const void *object, const ccgw_view_t *view)
{
    return caused_by(object, HUAWEI_CAUSE_WORK);
}

static int is_work(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return is_work_asked(event, view) || (caused_by(event, HUAWEI_CAUSE_SIGN_IN_WORK) && is_mine(event, view)) ||
           is_foreign_state(event, 5);
}

static int is_work_over(const void *object, const ccgw_view_t *view)
{
    return caused_by(object, HUAWEI_CAUSE_CANCEL_WORK);
}

/* 0 none, 1 his own wish, 2 did not answer in time; a number is one of the pages' already. */
static const char *reason(const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_t *agent = ((const ccgw_event_t *)object)->agent;
    const char *text = "";
    int i;

    for (i = 0; agent && i < agent->nchannels && !*text; i++) {
        if (agent->channels[i].state == CCGW_PRESENCE_NOT_READY)
            text = ccgw_str_or_empty(agent->channels[i].reason);
    }
    if (!*text)
        return "0";
    if (!strcmp(text, "no-answer"))
        return "2";
    return strspn(text, "0123456789") == strlen(text) ? text : "1";
}

static const char *login_time(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->text + sizeof HUAWEI_CAUSE_SIGN_OUT;
}

/* clang-format off */
static const ccgw_member_t reason_members[] = {
    { "reason", CCGW_KIND_TEXT, .fn = reason },
    { NULL }
};
static const ccgw_shape_t why = { "reason", reason_members, sizeof(ccgw_event_t) };

static const ccgw_member_t farewell_members[] = {
    { "loginTime", CCGW_KIND_TEXT, .fn = login_time },
    { NULL }
};
static const ccgw_shape_t farewell = { "farewell", farewell_members, sizeof(ccgw_event_t) };

PLAIN(static, in_service, "AgentOther_InService");
OBJECT(static, out_of_service, "AgentOther_ShutdownService", farewell);
OBJECT(static, set_busy, "AgentState_SetNotReady_Success", why);
PLAIN(static, cancel_busy, "AgentState_CancelNotReady_Success");
PLAIN(static, set_work, "AgentState_SetWork_Success");
PLAIN(static, state_work, "AgentState_Work");
PLAIN(static, cancel_work, "AgentState_CancelWork_Success");

#define CONF   CCGW_EVENT_SESSION_STATE, CCGW_MEDIA_VOICE, READERS
#define CALL   CCGW_EVENT_SESSION_STATE, 0, READERS
#define AGENT  CCGW_EVENT_AGENT_STATE, 0, READERS

const ccgw_event_row_t huawei_events[] = {
    { CONF, &state_busy,     is_request },
    { CONF, &conf_ringing,   huawei_is_offer },
    { CONF, &phone_alerting, is_entry },
    { CONF, &phone_offhook,  is_entry },
    { CONF, &conf_joined,    is_entry },
    { CONF, &conf_success,   is_request },
    { CONF, &record_done,    is_exit },
    { CONF, &phone_release,  is_release },
    { CONF, &conf_left,      is_exit },
    { CONF, &state_ready,    is_idle_again },
    { CONF, &conf_president, is_succession },
    /* Of a messaging session with several agents the pages say nothing; this is their word for members. */
    { CCGW_EVENT_SESSION_PARTICIPANTS, 0, READERS, &conf_changed, is_member_change },
    { CCGW_EVENT_CONFERENCE_ENDING,    CCGW_MEDIA_VOICE, READERS, &conf_timeout, NULL },

    { CALL, &huawei_call_ringing,    huawei_is_call_offer },
    { CALL, &huawei_call_talking,    huawei_is_call_entry },
    { CALL, &huawei_call_unanswered, huawei_is_call_missed },
    { CALL, &huawei_call_released,   huawei_is_call_end },
    { CCGW_EVENT_SESSION_MESSAGES, 0, READERS, &huawei_call_message, huawei_is_text },
    { CCGW_EVENT_SESSION_MESSAGES, 0, READERS, &huawei_call_note, huawei_is_note },
    { CCGW_EVENT_SESSION_DELIVERY, 0, READERS, &huawei_chat_arrived, huawei_is_arrived },
    { CCGW_EVENT_SESSION_DELIVERY, 0, READERS, &huawei_chat_lost,    huawei_is_lost },

    { AGENT, &in_service,  is_sign_in },
    { AGENT, &state_ready, is_ready },
    { AGENT, &set_busy,    is_busy },
    { AGENT, &cancel_busy, is_busy_over },
    { AGENT, &set_work,    is_work_asked },
    { AGENT, &state_work,  is_work },
    { AGENT, &cancel_work, is_work_over },
    { AGENT, &out_of_service,    is_sign_out },
    { 0 }
};
/* clang-format on */
