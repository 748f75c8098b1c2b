/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* events_call.c: text sessions as calls, and what was written in them. */
#include "events.h"

#include <apr_strings.h>

#include "core/ccgw_outbox.h"
#include "util/ccgw_id.h"

static const char *call_id(const void *object, const ccgw_view_t *view)
{
    char *text = apr_palloc(view->pool, 24);

    ccgw_id_dashed(text, ((const ccgw_event_t *)object)->session->id);
    return text;
}

static const char *caller(const void *object, const ccgw_view_t *view)
{
    return ccgw_str_or_empty(((const ccgw_event_t *)object)->session->customer);
}

static const char *called(const void *object, const ccgw_view_t *view)
{
    return ccgw_str_or_empty(((const ccgw_event_t *)object)->session->number);
}

static const ccgw_participant_t *my_part(const void *object, const ccgw_view_t *view)
{
    return ccgw_session_part(((const ccgw_event_t *)object)->session, huawei_me(view));
}

static const char *transfer(const void *object, const ccgw_view_t *view)
{
    const ccgw_participant_t *part = my_part(object, view);

    return part && part->offer == CCGW_OFFER_TRANSFER ? "yes" : "no";
}

static const char *transfer_from(const void *object, const ccgw_view_t *view)
{
    const ccgw_participant_t *part = my_part(object, view);

    if (!part || part->offer != CCGW_OFFER_TRANSFER || !part->by_agent)
        return "";
    return ccgw_str_or_empty(huawei_work_no_of(part->by_agent, view));
}

/* Who was only asked for advice is the assistant. */
static const char *call_type(const void *object, const ccgw_view_t *view)
{
    const ccgw_participant_t *part = my_part(object, view);

    return part && part->offer == CCGW_OFFER_CONSULT ? "assistant" : "main";
}

static const char *media_type(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->session->media == CCGW_MEDIA_SMS ? "52" : "51";
}

static int is_text_session(const ccgw_event_t *event)
{
    return event->session && (event->session->media == CCGW_MEDIA_SMS || event->session->media == CCGW_MEDIA_CHAT);
}

int huawei_is_call_offer(const void *object, const ccgw_view_t *view)
{
    return is_text_session(object) && huawei_is_offer(object, view);
}

int huawei_is_call_entry(const void *object, const ccgw_view_t *view)
{
    return is_text_session(object) && ((const ccgw_event_t *)object)->change == CCGW_CHANGE_JOINED;
}

int huawei_is_call_missed(const void *object, const ccgw_view_t *view)
{
    return is_text_session(object) && huawei_is_missed(object, view);
}

int huawei_is_call_end(const void *object, const ccgw_view_t *view)
{
    return is_text_session(object) && ((const ccgw_event_t *)object)->view == CCGW_VIEW_COMPLETED &&
           !huawei_is_missed(object, view);
}

/* What others said; the framing shows one message at a time. */
int huawei_is_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;
    const ccgw_message_t *message = event->messages;

    if (!is_text_session(event) || event->nmessages != 1 ||
        (message->type != CCGW_MESSAGE_TEXT && message->type != CCGW_MESSAGE_URL))
        return 0;
    return !message->from_agent || strcmp(message->from_agent, huawei_me(view)) != 0;
}

/* A letter in front marks a colleague. */
static const char *sender(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;
    const char *number = event->messages->from_agent ? huawei_work_no_of(event->messages->from_agent, view) : NULL;

    return number ? apr_pstrcat(view->pool, "a", number, NULL) : caller(object, view);
}

static const char *message_text(const void *object, const ccgw_view_t *view)
{
    return ccgw_str_or_empty(((const ccgw_event_t *)object)->messages->text);
}

/* What the server itself notes for agents: a note, as from a colleague without a number. */
int huawei_is_note(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return is_text_session(event) && event->nmessages == 1 && ccgw_message_is_notice(event->messages);
}

static const char *told_at(const void *object, const ccgw_view_t *view)
{
    return apr_psprintf(view->pool, "%" APR_INT64_T_FMT, ((const ccgw_event_t *)object)->at / 1000);
}

/* What became of a text: only the agent who wrote it is told. */
static int is_own_text(const ccgw_event_t *event, const ccgw_view_t *view)
{
    const ccgw_message_t *message = event->messages;

    return is_text_session(event) && event->nmessages == 1 && message->from_agent &&
           !strcmp(message->from_agent, huawei_me(view));
}

int huawei_is_arrived(const void *object, const ccgw_view_t *view)
{
    return is_own_text(object, view) && ((const ccgw_event_t *)object)->messages->delivery == CCGW_OUTBOX_DELIVERED;
}

int huawei_is_lost(const void *object, const ccgw_view_t *view)
{
    int delivery = is_own_text(object, view) ? ((const ccgw_event_t *)object)->messages->delivery : 0;

    return delivery == CCGW_OUTBOX_FAILED || delivery == CCGW_OUTBOX_REFUSED;
}

static const char *message_index(const void *object, const ccgw_view_t *view)
{
    return apr_itoa(view->pool, ((const ccgw_event_t *)object)->messages->index);
}

static const char *receiver(const void *object, const ccgw_view_t *view)
{
    return ccgw_str_or_empty(((const ccgw_event_t *)object)->text);
}

/* clang-format off */
static const ccgw_member_t ringing_members[] = {
    { "caller", CCGW_KIND_TEXT, .fn = caller },
    { "called", CCGW_KIND_TEXT, .fn = called },
    { "callid", CCGW_KIND_TEXT, .fn = call_id },
    { "transfer", CCGW_KIND_TEXT, .fn = transfer },
    { "transfrom", CCGW_KIND_TEXT, .fn = transfer_from },
    { "type", CCGW_KIND_TEXT, .fn = call_type },
    { "mediaAbility", CCGW_KIND_CONST, .text = "5" },
    { "feature", CCGW_KIND_CONST, .text = "0" },
    { "mediaType", CCGW_KIND_TEXT, .fn = media_type },
    { NULL }
};
static const ccgw_shape_t ringing = { "ringing call", ringing_members, sizeof(ccgw_event_t) };

static const ccgw_member_t talking_members[] = {
    { "caller", CCGW_KIND_TEXT, .fn = caller },
    { "called", CCGW_KIND_TEXT, .fn = called },
    { "callid", CCGW_KIND_TEXT, .fn = call_id },
    { "feature", CCGW_KIND_CONST, .text = "0" },
    { "type", CCGW_KIND_TEXT, .fn = call_type },
    { "mediaAbility", CCGW_KIND_CONST, .text = "5" },
    { NULL }
};
static const ccgw_shape_t talking = { "call", talking_members, sizeof(ccgw_event_t) };

static const ccgw_member_t data_members[] = {
    { "callid", CCGW_KIND_TEXT, .fn = call_id },
    { "caller", CCGW_KIND_TEXT, .fn = sender },
    { "called", CCGW_KIND_TEXT, .fn = called },
    { "feature", CCGW_KIND_CONST, .number = 0 },
    { "type", CCGW_KIND_TEXT, .fn = call_type },
    { "message", CCGW_KIND_TEXT, .fn = message_text },
    { "mediaAbility", CCGW_KIND_CONST, .text = "5" },
    { NULL }
};
static const ccgw_shape_t data = { "message", data_members, sizeof(ccgw_event_t) };

/* Notes belong to no call: the customer's number says which is meant. */
static const ccgw_member_t note_members[] = {
    { "sender", CCGW_KIND_CONST, .text = "" },
    { "sendername", CCGW_KIND_TEXT, .fn = caller },
    { "receivetime", CCGW_KIND_TEXT, .fn = told_at },
    { "timestring", CCGW_KIND_TIME, offsetof(ccgw_event_t, at), .time = CCGW_TIME_ISO },
    { "context", CCGW_KIND_TEXT, .fn = message_text },
    { NULL }
};
static const ccgw_shape_t note = { "note", note_members, sizeof(ccgw_event_t) };

/* Known from a client's classes only. Sending gives no id for a text, so its place in the session's log is one. */
static const ccgw_member_t arrived_members[] = {
    { "callId", CCGW_KIND_TEXT, .fn = call_id },
    { "chatId", CCGW_KIND_TEXT, .fn = message_index },
    { "result", CCGW_KIND_CONST, .text = "0" },
    { "confirmer", CCGW_KIND_TEXT, .fn = receiver },
    { NULL }
};
static const ccgw_shape_t arrived = { "receipt", arrived_members, sizeof(ccgw_event_t) };

static const ccgw_member_t lost_members[] = {
    { "callId", CCGW_KIND_TEXT, .fn = call_id },
    { "chatId", CCGW_KIND_TEXT, .fn = message_index },
    { NULL }
};
static const ccgw_shape_t lost = { "failure", lost_members, sizeof(ccgw_event_t) };

OBJECT(SHARED, huawei_call_ringing, "AgentEvent_Ringing", ringing);
OBJECT(SHARED, huawei_call_talking, "AgentEvent_Talking", talking);
OBJECT(SHARED, huawei_call_message, "AgentEvent_MessageData", data);
OBJECT(SHARED, huawei_call_note, "AgentOther_Note", note);
OBJECT(SHARED, huawei_chat_arrived, "AgentChat_PostDataSucc", arrived);
OBJECT(SHARED, huawei_chat_lost, "AgentChat_PostDataFail", lost);
STRING(SHARED, huawei_call_unanswered, "AgentEvent_No_Answer", call_id);
STRING(SHARED, huawei_call_released, "AgentEvent_Call_Release", call_id);
/* clang-format on */
