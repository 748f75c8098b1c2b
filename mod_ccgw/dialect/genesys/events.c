/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* events.c: neutral events as notifications: topic, message type, members in the order the pages print them. */
#include "dialect.h"

#include "core/ccgw_floor.h"

#include <apr_strings.h>

/* --- sessions ----------------------------------------------------------------------------------- */

static int is_chat(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->session->media == CCGW_MEDIA_CHAT;
}

static int is_sms(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->session->media == CCGW_MEDIA_SMS;
}

static int is_error(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->type == CCGW_EVENT_SESSION_ERROR;
}

/* The number ties a notification to the request of one desktop; other desktops made no such request. */
static int is_answer(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->reference > 0 && event->login && view->call->login && !strcmp(event->login, view->call->login);
}

static int view_of(const ccgw_event_t *event, const ccgw_view_t *view)
{
    if (event->view)
        return event->view;
    if (!view->call->agent)
        return CCGW_VIEW_NONE;
    return ccgw_state_view(event->session, view->call->agent->id);
}

/* Who is in a session is no longer the business of somebody for whom it is over. */
static int is_bare(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;
    int state = view_of(event, view);

    return event->bare || state == CCGW_VIEW_COMPLETED || state == CCGW_VIEW_REVOKED;
}

static int is_full(const void *object, const ccgw_view_t *view)
{
    return !is_bare(object, view);
}

/* Data is left out when there is none, but for the notification that says so: the last entry may just have gone. */
static int has_data(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->session->ndata > 0 || event->type == CCGW_EVENT_SESSION_PROPERTIES;
}

static const char *message_type(const void *object, const ccgw_view_t *view)
{
    return is_chat(object, view) ? "ChatStateChangeMessage" : "SMSsessionStateChangeMessage";
}

/* One page prints "Operationfailed": the blank was lost in print, other pages have it. */
static const char *error_text(const void *object, const ccgw_view_t *view)
{
    const char *text = ((const ccgw_event_t *)object)->text;

    return text && *text ? text : "Operation failed";
}

static const char *state_text(const void *object, const ccgw_view_t *view)
{
    return genesys_session_state(view_of(object, view));
}

static ccgw_strs_t capability_list(const void *object, const ccgw_view_t *view)
{
    return genesys_session_capabilities(view_of(object, view), view);
}

static const void *present(int *n, const void *object, const ccgw_view_t *view)
{
    return genesys_session_present(n, ((const ccgw_event_t *)object)->session, view);
}

static const char *id_text(const void *object, const ccgw_view_t *view)
{
    return genesys_hex(((const ccgw_event_t *)object)->session->id, view);
}

static const char *uri_text(const void *object, const ccgw_view_t *view)
{
    return genesys_session_uri(((const ccgw_event_t *)object)->session, view);
}

static const char *path_text(const void *object, const ccgw_view_t *view)
{
    return genesys_session_path(((const ccgw_event_t *)object)->session, view);
}

/* clang-format off */
static const ccgw_value_t notifications[] = {
    { "StatusChange",        CCGW_EVENT_SESSION_STATE },
    { "ParticipantsUpdated", CCGW_EVENT_SESSION_PARTICIPANTS },
    { "PropertiesUpdated",   CCGW_EVENT_SESSION_PROPERTIES },
    { "Error",               CCGW_EVENT_SESSION_ERROR },
    { NULL, 0 }
};

static const ccgw_member_t property_members[] = {
    { "userData", CCGW_KIND_PAIRS, offsetof(ccgw_session_t, data), offsetof(ccgw_session_t, ndata) },
    { NULL }
};
static const ccgw_shape_t properties = { "session", property_members, sizeof(ccgw_session_t) };

static const ccgw_member_t comment_members[] = {
    { "comment", CCGW_KIND_STR, offsetof(ccgw_session_t, comment), .optional = 1 },
    { NULL }
};
static const ccgw_shape_t comment = { "session", comment_members, sizeof(ccgw_session_t) };

static const ccgw_member_t session_members[] = {
    { "participants", CCGW_KIND_LIST, .items = present, .of = &genesys_shape_participant, .when = is_full },
    { "participants", CCGW_KIND_TEXTS, .fn_list = genesys_nothing, .when = is_bare },
    { "state", CCGW_KIND_TEXT, .fn = state_text },
    { "id", CCGW_KIND_TEXT, .fn = id_text },
    { "capabilities", CCGW_KIND_TEXTS, .fn_list = capability_list },
    { "uri", CCGW_KIND_TEXT, .fn = uri_text },
    { NULL, CCGW_KIND_MEMBERS, offsetof(ccgw_event_t, session), .pointer = 1, .of = &properties, .when = has_data },
    { NULL, CCGW_KIND_MEMBERS, offsetof(ccgw_event_t, session), .pointer = 1, .of = &comment },
    { NULL }
};
static const ccgw_shape_t session = { "session", session_members, sizeof(ccgw_event_t) };

static const ccgw_member_t session_event_members[] = {
    { "notificationType", CCGW_KIND_ENUM, offsetof(ccgw_event_t, type), .values = notifications },
    { "messageType", CCGW_KIND_TEXT, .fn = message_type },
    { "errorMessage", CCGW_KIND_TEXT, .fn = error_text, .when = is_error },
    { "referenceId", CCGW_KIND_INT, offsetof(ccgw_event_t, reference), .when = is_answer },
    { "smssession", CCGW_KIND_OBJECT, .of = &session, .when = is_sms },
    { "chat", CCGW_KIND_OBJECT, .of = &session, .when = is_chat },
    { NULL }
};
static const ccgw_shape_t session_event = { "session event", session_event_members, sizeof(ccgw_event_t) };

/* Clients find the session by the path or by the last segment of the uri, so both are there. */
static const ccgw_member_t log_event_members[] = {
    { "messages", CCGW_KIND_LIST, offsetof(ccgw_event_t, messages), offsetof(ccgw_event_t, nmessages),
      .of = &genesys_shape_message },
    { "notificationType", CCGW_KIND_CONST, .text = "NewMessages" },
    { "messageType", CCGW_KIND_CONST, .text = "MessageLogUpdated" },
    { "smssessionUri", CCGW_KIND_TEXT, .fn = uri_text, .when = is_sms },
    { "smssessionPath", CCGW_KIND_TEXT, .fn = path_text, .when = is_sms },
    { "chatUri", CCGW_KIND_TEXT, .fn = uri_text, .when = is_chat },
    { "chatPath", CCGW_KIND_TEXT, .fn = path_text, .when = is_chat },
    { NULL }
};
static const ccgw_shape_t log_event = { "log event", log_event_members, sizeof(ccgw_event_t) };
/* clang-format on */

/* --- workbins ----------------------------------------------------------------------------------- */

static int has_agent_group(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->owner_kind == CCGW_OWNER_AGENT_GROUP;
}

static int has_place_group(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_event_t *)object)->owner_kind == CCGW_OWNER_PLACE_GROUP;
}

static int has_other_owner(const void *object, const ccgw_view_t *view)
{
    const ccgw_event_t *event = object;

    return event->owner_kind == CCGW_OWNER_AGENT && event->owner && view->call->agent &&
           strcmp(event->owner, view->call->agent->id) != 0;
}

/* clang-format off */
static const ccgw_value_t item_actions[] = {
    { "ItemAdded",   CCGW_EVENT_WORKBIN_ADDED },
    { "ItemRemoved", CCGW_EVENT_WORKBIN_REMOVED },
    { NULL, 0 }
};

static const ccgw_value_t watch_states[] = {
    { "Subscribed",   CCGW_EVENT_WORKBIN_WATCHED },
    { "Unsubscribed", CCGW_EVENT_WORKBIN_UNWATCHED },
    { NULL, 0 }
};

/* The pages show the item of a chat only. An SMS session comes in the same member: under which name it
 * would come else is an open question of the pages, and desktops that know chats can show it so. */
static const ccgw_member_t item_event_members[] = {
    { "action", CCGW_KIND_ENUM, offsetof(ccgw_event_t, type), .values = item_actions },
    { "agentGroup", CCGW_KIND_STR, offsetof(ccgw_event_t, owner), .when = has_agent_group },
    { "chatStateResourceV2", CCGW_KIND_OBJECT, offsetof(ccgw_event_t, session), .pointer = 1,
      .of = &genesys_shape_workbin_item },
    { "id", CCGW_KIND_STR, offsetof(ccgw_event_t, workbin) },
    { "messageType", CCGW_KIND_CONST, .text = "WorkbinStateChangeMessage" },
    { "placeGroup", CCGW_KIND_STR, offsetof(ccgw_event_t, owner), .when = has_place_group },
    { NULL }
};
static const ccgw_shape_t item_event = { "workbin event", item_event_members, sizeof(ccgw_event_t) };

static const ccgw_member_t watch_event_members[] = {
    { "agentGroup", CCGW_KIND_STR, offsetof(ccgw_event_t, owner), .when = has_agent_group },
    { "id", CCGW_KIND_STR, offsetof(ccgw_event_t, workbin) },
    { "messageType", CCGW_KIND_CONST, .text = "WorkbinSubscriptionStateChangeMessage" },
    { "placeGroup", CCGW_KIND_STR, offsetof(ccgw_event_t, owner), .when = has_place_group },
    { "referenceId", CCGW_KIND_INT, offsetof(ccgw_event_t, reference), .when = is_answer },
    { "stateResource", CCGW_KIND_ENUM, offsetof(ccgw_event_t, type), .values = watch_states },
    { "workbinUserId", CCGW_KIND_STR, offsetof(ccgw_event_t, owner), .when = has_other_owner },
    { NULL }
};
static const ccgw_shape_t watch_event = { "subscription event", watch_event_members, sizeof(ccgw_event_t) };
/* clang-format on */

/* --- presence ----------------------------------------------------------------------------------- */

/* clang-format off */
static const ccgw_member_t presence_members[] = {
    { "channels", CCGW_KIND_LIST, offsetof(ccgw_agent_t, channels), offsetof(ccgw_agent_t, nchannels),
      .of = &genesys_shape_channel },
    { NULL }
};
static const ccgw_shape_t presence = { "channels", presence_members, sizeof(ccgw_agent_t) };

static const ccgw_member_t presence_event_members[] = {
    { "messageType", CCGW_KIND_CONST, .text = "ChannelStateChangeMessageV2" },
    { NULL, CCGW_KIND_MEMBERS, offsetof(ccgw_event_t, agent), .pointer = 1, .of = &presence },
    { NULL }
};
static const ccgw_shape_t presence_event = { "channel event", presence_event_members, sizeof(ccgw_event_t) };

#define SMS  CCGW_MEDIA_SMS,  "/v2/me/smssessions"
#define CHAT CCGW_MEDIA_CHAT, "/v2/me/chats"

const ccgw_event_row_t genesys_events[] = {
    { CCGW_EVENT_SESSION_STATE,        SMS,  &session_event },
    { CCGW_EVENT_SESSION_PARTICIPANTS, SMS,  &session_event },
    { CCGW_EVENT_SESSION_PROPERTIES,   SMS,  &session_event },
    { CCGW_EVENT_SESSION_ERROR,        SMS,  &session_event },
    { CCGW_EVENT_SESSION_MESSAGES,     SMS,  &log_event },
    { CCGW_EVENT_SESSION_STATE,        CHAT, &session_event },
    { CCGW_EVENT_SESSION_PARTICIPANTS, CHAT, &session_event },
    { CCGW_EVENT_SESSION_PROPERTIES,   CHAT, &session_event },
    { CCGW_EVENT_SESSION_ERROR,        CHAT, &session_event },
    { CCGW_EVENT_SESSION_MESSAGES,     CHAT, &log_event },
    { CCGW_EVENT_WORKBIN_ADDED,        0, "/v2/me/workbins", &item_event },
    { CCGW_EVENT_WORKBIN_REMOVED,      0, "/v2/me/workbins", &item_event },
    { CCGW_EVENT_WORKBIN_WATCHED,      0, "/v2/me/workbins", &watch_event },
    { CCGW_EVENT_WORKBIN_UNWATCHED,    0, "/v2/me/workbins", &watch_event },
    { CCGW_EVENT_AGENT_STATE,          0, "/v2/me/channels", &presence_event },
    { 0 }
};
/* clang-format on */
