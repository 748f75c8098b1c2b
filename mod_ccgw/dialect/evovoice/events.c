/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* events.c: neutral events as the service's push notifications.
 *
 * A topic is "CHANNEL SELECTOR": the event reader fills {session} and {user}, and knows who hears the channel. Several
 * notifications of one event mean different things to a client (a session changed; he is asked into it), so each has a
 * row. */
#include "dialect.h"

#include "core/ccgw_event.h"

#include <apr_strings.h>

#define SESSION_CHANNEL "session:{session}"
#define USER_CHANNEL    "user:{user}"

static int view_of(const ccgw_event_t *event, const ccgw_view_t *view)
{
    if (event->view)
        return event->view;
    return view->call->agent ? ccgw_state_view(event->session, view->call->agent->id) : CCGW_VIEW_NONE;
}

/* ---- which of them ---- */

static int is_invitation(const void *object, const ccgw_view_t *view)
{
    return view_of(object, view) == CCGW_VIEW_OFFERED;
}

static int is_answered(const void *object, const ccgw_view_t *view)
{
    int state = view_of(object, view);

    return state == CCGW_VIEW_ALONE || state == CCGW_VIEW_TOGETHER;
}

static int is_over(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return view_of(event, view) == CCGW_VIEW_COMPLETED && event->session->state == CCGW_SESSION_ENDED;
}

/* It goes on without this agent. */
static int is_inactive(const void *object, const ccgw_view_t *view)
{
    int state = view_of(object, view);

    return (state == CCGW_VIEW_COMPLETED && !is_over(object, view)) || state == CCGW_VIEW_REVOKED ||
           state == CCGW_VIEW_LEFT || state == CCGW_VIEW_PARKED;
}

static const ccgw_message_t *last_text(const ccgw_event_t *event)
{
    int i;

    for (i = event->nmessages - 1; i >= 0; i--) {
        if (event->messages[i].type == CCGW_MESSAGE_TEXT || event->messages[i].type == CCGW_MESSAGE_URL)
            return &event->messages[i];
    }
    return NULL;
}

static int has_text(const void *object, const ccgw_view_t *view)
{
    return last_text(object) != NULL;
}

/* What the server itself notes for agents. */
static int is_notice(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->nmessages == 1 && ccgw_message_is_notice(event->messages);
}

/* ---- members ---- */

static const char *session_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->session ? evovoice_hex(event->session->id, view) : NULL;
}

static const char *channel_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    if (!event->session)
        return NULL;
    return event->session->media == CCGW_MEDIA_VOICE ? "Voice" : "Chat";
}

static const char *endpoint_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->session && ccgw_str_given(event->session->number) ? event->session->number : NULL;
}

static const char *sender_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;
    const ccgw_message_t *message = last_text(event);
    const ccgw_agent_def_t *agent = NULL;

    if (!message)
        return NULL;
    if (message->from_agent)
        agent = ccgw_floor_agent(view->call->core->floor, view->call->tenant, message->from_agent);
    if (agent)
        return evovoice_agent_identity(agent);
    return ccgw_str_given(message->nickname) ? message->nickname : event->session->customer;
}

static const char *body_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;
    const ccgw_message_t *message = last_text(event);

    if (event->type == CCGW_EVENT_CONFERENCE_ENDING)
        return "The conference will end soon";
    if (event->type == CCGW_EVENT_SESSION_ERROR)
        return ccgw_str_given(event->text) ? event->text : "The operation failed";
    if (!message && is_notice(event, view))
        message = event->messages;
    return message ? message->text : NULL;
}

/* Ready if he is on any channel. */
static const char *agent_state(const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_t *agent = ((const ccgw_event_t *)object)->agent;
    int i, wrap_up = 0;

    if (!agent)
        return NULL;
    if (!agent->open)
        return "LoggedOut";
    for (i = 0; i < agent->nchannels; i++) {
        if (agent->channels[i].state == CCGW_PRESENCE_READY)
            return "Ready";
        wrap_up |= agent->channels[i].state == CCGW_PRESENCE_WRAP_UP;
    }
    return wrap_up ? "WrapUp" : "NotReady";
}

static const char *agent_reason(const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_t *agent = ((const ccgw_event_t *)object)->agent;
    int i;

    for (i = 0; agent && i < agent->nchannels; i++) {
        if (agent->channels[i].reason && !strcmp(agent->channels[i].reason, "no-answer"))
            return "MissedCall";
    }
    return agent ? "SetByUser" : NULL;
}

/* clang-format off */
#define MEMBERS(type_)                                                       \
    {                                                                        \
        { "type", CCGW_KIND_CONST, .text = type_ },                          \
        { "channel", CCGW_KIND_TEXT, .fn = channel_text },                   \
        { "endpointId", CCGW_KIND_TEXT, .fn = endpoint_text },               \
        { "sessionId", CCGW_KIND_TEXT, .fn = session_text },                 \
        { "sender", CCGW_KIND_TEXT, .fn = sender_text },                     \
        { "body", CCGW_KIND_TEXT, .fn = body_text },                         \
        { "agentState", CCGW_KIND_TEXT, .fn = agent_state },                 \
        { "agentStateReason", CCGW_KIND_TEXT, .fn = agent_reason },          \
        { NULL }                                                             \
    }
#define NOTIFICATION(name_, type_)                                           \
    static const ccgw_member_t name_##_members[] = MEMBERS(type_);           \
    static const ccgw_shape_t name_ = { "PushNotification", name_##_members, sizeof(ccgw_event_t) }

NOTIFICATION(info_changed, "SessionInfoChanged");
NOTIFICATION(invite, "SessionInvite");
NOTIFICATION(answered, "SessionAnswered");
NOTIFICATION(disconnected, "SessionDisconnected");
NOTIFICATION(inactivated, "SessionInactivated");
NOTIFICATION(chat_message, "ChatMessage");
NOTIFICATION(toast, "Toast");
NOTIFICATION(state_changed, "AgentStateChanged");

#define ON_SESSION(name_) SESSION_CHANNEL " cmd." name_
#define ON_USER(name_)    USER_CHANNEL " cmd." name_

const ccgw_event_row_t evovoice_events[] = {
    { CCGW_EVENT_SESSION_STATE, 0, ON_SESSION("SessionInvite"), &invite, is_invitation },
    { CCGW_EVENT_SESSION_STATE, 0, ON_SESSION("SessionAnswered"), &answered, is_answered },
    { CCGW_EVENT_SESSION_STATE, 0, ON_SESSION("SessionDisconnected"), &disconnected, is_over },
    { CCGW_EVENT_SESSION_STATE, 0, ON_SESSION("SessionInactivated"), &inactivated, is_inactive },
    { CCGW_EVENT_SESSION_STATE, 0, ON_SESSION("SessionInfoChanged"), &info_changed },
    { CCGW_EVENT_SESSION_PARTICIPANTS, 0, ON_SESSION("SessionInfoChanged"), &info_changed },
    { CCGW_EVENT_SESSION_PROPERTIES, 0, ON_SESSION("SessionInfoChanged"), &info_changed },
    { CCGW_EVENT_SESSION_MESSAGES, 0, ON_SESSION("ChatMessage"), &chat_message, has_text },
    { CCGW_EVENT_SESSION_MESSAGES, 0, ON_SESSION("Toast"), &toast, is_notice },
    { CCGW_EVENT_SESSION_ERROR, 0, ON_SESSION("Toast"), &toast },
    { CCGW_EVENT_CONFERENCE_ENDING, 0, ON_SESSION("Toast"), &toast },
    { CCGW_EVENT_AGENT_STATE, 0, ON_USER("AgentStateChanged"), &state_changed },
    { 0 }
};
/* clang-format on */
