/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* shapes_session.c: SMS sessions and chats: resource, participants, message log, states, capabilities.
 * The two differ in a few names only, so one set of shapes serves both. */
#include "dialect.h"

#include <apr_strings.h>

/* clang-format off */
static const ccgw_value_t states[] = {
    { "Invited",   CCGW_VIEW_OFFERED },
    { "Chatting",  CCGW_VIEW_ALONE },
    { "Chatting",  CCGW_VIEW_TOGETHER },
    { "LeftChat",  CCGW_VIEW_LEFT },
    { "InWorkbin", CCGW_VIEW_PARKED },
    { "Completed", CCGW_VIEW_COMPLETED },
    { "Revoked",   CCGW_VIEW_REVOKED },
    { NULL, 0 }
};

static const ccgw_value_t parties[] = {
    { "Customer", CCGW_PARTY_CUSTOMER },
    { "Agent",    CCGW_PARTY_AGENT },
    { NULL, 0 }
};

static const ccgw_value_t visibilities[] = {
    { "All",    CCGW_VISIBLE_ALL },
    { "Agents", CCGW_VISIBLE_AGENTS },
    { NULL, 0 }
};

static const ccgw_value_t message_types[] = {
    { "Text",              CCGW_MESSAGE_TEXT },
    { "PushUrl",           CCGW_MESSAGE_URL },
    { "ParticipantJoined", CCGW_MESSAGE_JOINED },
    { "ParticipantLeft",   CCGW_MESSAGE_LEFT },
    { "TypingStarted",     CCGW_MESSAGE_TYPING_STARTED },
    { "TypingStopped",     CCGW_MESSAGE_TYPING_STOPPED },
    { "Notice",            CCGW_MESSAGE_NOTICE },
    { "CustomNotice",      CCGW_MESSAGE_CUSTOM_NOTICE },
    { NULL, 0 }
};

/* What clients are told they may do, in the order the pages print it. One action of the core may have two names. */
static const ccgw_value_t capabilities[] = {
    { "Accept",                              CCGW_ACTION_ACCEPT },
    { "Reject",                              CCGW_ACTION_REJECT },
    { "Transfer",                            CCGW_ACTION_TRANSFER },
    { "Leave",                               CCGW_ACTION_LEAVE },
    { "Invite",                              CCGW_ACTION_INVITE },
    { "Consult",                             CCGW_ACTION_CONSULT },
    { "SetInFocus",                          CCGW_ACTION_FOCUS },
    { "SetDisposition",                      CCGW_ACTION_DISPOSE },
    { "AttachUserData",                      CCGW_ACTION_ATTACH },
    { "DeleteUserData",                      CCGW_ACTION_DETACH },
    { "UpdateUserData",                      CCGW_ACTION_UPDATE },
    { "SendToAgents",                        CCGW_ACTION_SEND_TO_AGENTS },
    { "SendStartTypingToAgentsNotification", CCGW_ACTION_TYPE_TO_AGENTS },
    { "SendStopTypingToAgentsNotification",  CCGW_ACTION_TYPE_TO_AGENTS },
    { "Complete",                            CCGW_ACTION_COMPLETE },
    { "SendMessage",                         CCGW_ACTION_SEND },
    { "SendStartTypingNotification",         CCGW_ACTION_TYPE },
    { "SendStopTypingNotification",          CCGW_ACTION_TYPE },
    { NULL, 0 }
};
/* clang-format on */

#define NCAPABILITIES (sizeof(capabilities) / sizeof(capabilities[0]) - 1)

const char *genesys_session_state(int view_state)
{
    return genesys_name(states, view_state);
}

ccgw_strs_t genesys_session_capabilities(int view_state, const ccgw_view_t *view)
{
    apr_uint32_t told = ccgw_state_advertised((ccgw_view_state_t)view_state);
    ccgw_strs_t names = { apr_palloc(view->pool, NCAPABILITIES * sizeof(const char *)), 0 };
    const ccgw_value_t *value;

    for (value = capabilities; value->name; value++) {
        if (told & ((apr_uint32_t)1 << value->number))
            names.v[names.n++] = value->name;
    }
    return names;
}

/* --- addresses ---------------------------------------------------------------------------------- */

static const char *collection_of(const ccgw_session_t *session)
{
    return session->media == CCGW_MEDIA_CHAT ? "chats" : "smssessions";
}

const char *genesys_session_uri(const ccgw_session_t *session, const ccgw_view_t *view)
{
    return genesys_uri(view, collection_of(session), genesys_hex(session->id, view));
}

const char *genesys_session_path(const ccgw_session_t *session, const ccgw_view_t *view)
{
    return genesys_path(view, collection_of(session), genesys_hex(session->id, view));
}

static const char *id_text(const void *object, const ccgw_view_t *view)
{
    return genesys_hex(((const ccgw_session_t *)object)->id, view);
}

static const char *uri_text(const void *object, const ccgw_view_t *view)
{
    return genesys_session_uri(object, view);
}

static const char *path_text(const void *object, const ccgw_view_t *view)
{
    return genesys_session_path(object, view);
}

/* --- participants ------------------------------------------------------------------------------- */

static int is_present(const ccgw_participant_t *part)
{
    if (part->party == CCGW_PARTY_CUSTOMER)
        return part->leg != CCGW_LEG_LEFT;
    return part->leg == CCGW_LEG_JOINED;
}

const void *genesys_session_present(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_session_t *session = object;
    ccgw_participant_t *present;
    int i;

    for (i = 0; i < session->nparticipants && is_present(&session->participants[i]); i++)
        ;
    *n = i;
    if (i == session->nparticipants)
        return session->participants;
    present = apr_palloc(view->pool, (apr_size_t)session->nparticipants * sizeof(*present));
    for (*n = i = 0; i < session->nparticipants; i++) {
        if (is_present(&session->participants[i]))
            present[(*n)++] = session->participants[i];
    }
    return present;
}

static const char *participant_id(const void *object, const ccgw_view_t *view)
{
    return genesys_hex(((const ccgw_participant_t *)object)->id, view);
}

static const char *participant_uri(const void *object, const ccgw_view_t *view)
{
    const ccgw_participant_t *part = object;

    return part->agent ? genesys_uri(view, "users", part->agent) : NULL;
}

static const char *participant_path(const void *object, const ccgw_view_t *view)
{
    const ccgw_participant_t *part = object;

    return part->agent ? genesys_path(view, "users", part->agent) : NULL;
}

/* clang-format off */
static const ccgw_member_t participant_members[] = {
    { "nickname", CCGW_KIND_STR, offsetof(ccgw_participant_t, nickname) },
    { "type", CCGW_KIND_ENUM, offsetof(ccgw_participant_t, party), .values = parties },
    { "participantId", CCGW_KIND_TEXT, .fn = participant_id },
    { NULL }
};
const ccgw_shape_t genesys_shape_participant = { "participant", participant_members, sizeof(ccgw_participant_t) };

static const ccgw_member_t participant_rich_members[] = {
    { NULL, CCGW_KIND_MEMBERS, .of = &genesys_shape_participant },
    { "id", CCGW_KIND_TEXT, .fn = participant_id },
    { "uri", CCGW_KIND_TEXT, .fn = participant_uri },
    { "path", CCGW_KIND_TEXT, .fn = participant_path },
    { "visibility", CCGW_KIND_ENUM, offsetof(ccgw_participant_t, visibility), .values = visibilities, .optional = 1 },
    { NULL }
};
static const ccgw_shape_t participant_rich = { "participant", participant_rich_members, sizeof(ccgw_participant_t) };
/* clang-format on */

/* --- the message log ---------------------------------------------------------------------------- */

static apr_int64_t message_index(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_message_t *)object)->index;
}

static const char *author_id(const void *object, const ccgw_view_t *view)
{
    return genesys_hex(((const ccgw_message_t *)object)->from, view);
}

static int has_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_message_t *message = object;

    /* a typing notice carries text only when the client sends a preview */
    return message->text &&
           (message->type == CCGW_MESSAGE_TEXT || (message->type == CCGW_MESSAGE_TYPING_STARTED && *message->text));
}

/* The one notice there is: an agent was taken out; the core names him, the wire says what with him. */
static const char *removal_text(const void *object, const ccgw_view_t *view)
{
    const ccgw_message_t *message = object;

    return apr_pstrcat(view->pool, "REMOVE_PARTICIPANT_FROM_CONFERENCE", ccgw_str_or_empty(message->text), NULL);
}

static int is_removal(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_message_t *)object)->type == CCGW_MESSAGE_NOTICE;
}

static int has_url(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_message_t *)object)->type == CCGW_MESSAGE_URL;
}

static int has_notice(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_message_t *)object)->type == CCGW_MESSAGE_CUSTOM_NOTICE;
}

/* clang-format off */
static const ccgw_member_t author_members[] = {
    { "nickname", CCGW_KIND_STR, offsetof(ccgw_message_t, nickname) },
    { "type", CCGW_KIND_ENUM, offsetof(ccgw_message_t, from_party), .values = parties },
    { "participantId", CCGW_KIND_TEXT, .fn = author_id },
    { NULL }
};
static const ccgw_shape_t author = { "participant", author_members, sizeof(ccgw_message_t) };

/* "timestampSeconds" is in milliseconds, whatever its name says. */
static const ccgw_member_t message_members[] = {
    { "index", CCGW_KIND_NUMBER, .numfn = message_index },
    { "from", CCGW_KIND_OBJECT, .of = &author },
    { "timestamp", CCGW_KIND_TIME, offsetof(ccgw_message_t, at), .time = CCGW_TIME_ZONED },
    { "visibility", CCGW_KIND_ENUM, offsetof(ccgw_message_t, visibility), .values = visibilities },
    { "type", CCGW_KIND_ENUM, offsetof(ccgw_message_t, type), .values = message_types },
    { "timestampSeconds", CCGW_KIND_TIME, offsetof(ccgw_message_t, at), .time = CCGW_TIME_MILLIS },
    { "text", CCGW_KIND_STR, offsetof(ccgw_message_t, text), .when = has_text },
    { "text", CCGW_KIND_TEXT, .fn = removal_text, .when = is_removal },
    { "url", CCGW_KIND_STR, offsetof(ccgw_message_t, text), .when = has_url },
    { "noticeText", CCGW_KIND_STR, offsetof(ccgw_message_t, text), .when = has_notice },
    { NULL }
};
const ccgw_shape_t genesys_shape_message = { "message", message_members, sizeof(ccgw_message_t) };

static const ccgw_member_t messages_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "messages", CCGW_KIND_LIST, offsetof(ccgw_messages_result_t, messages),
      offsetof(ccgw_messages_result_t, nmessages), .of = &genesys_shape_message },
    { NULL }
};
const ccgw_shape_t genesys_shape_messages = { "messages", messages_members, sizeof(ccgw_messages_result_t) };
/* clang-format on */

/* --- the resource ------------------------------------------------------------------------------- */

static int view_of(const ccgw_session_t *session, const ccgw_view_t *view)
{
    if (!view->call->agent)
        return CCGW_VIEW_NONE;
    return ccgw_state_view(session, view->call->agent->id);
}

static const char *state_text(const void *object, const ccgw_view_t *view)
{
    return genesys_session_state(view_of(object, view));
}

static ccgw_strs_t capability_list(const void *object, const ccgw_view_t *view)
{
    return genesys_session_capabilities(view_of(object, view), view);
}

/* clang-format off */
static const ccgw_member_t head_members[] = {
    { "id", CCGW_KIND_TEXT, .fn = id_text },
    { "uri", CCGW_KIND_TEXT, .fn = uri_text },
    { "path", CCGW_KIND_TEXT, .fn = path_text },
    { "state", CCGW_KIND_TEXT, .fn = state_text },
    { "capabilities", CCGW_KIND_TEXTS, .fn_list = capability_list },
    { NULL }
};
static const ccgw_shape_t head = { "session", head_members, sizeof(ccgw_session_t) };

static const ccgw_member_t tail_members[] = {
    { "userData", CCGW_KIND_PAIRS, offsetof(ccgw_session_t, data), offsetof(ccgw_session_t, ndata) },
    { "chatType", CCGW_KIND_CONST, .text = "Inbound" },
    { "receivedDate", CCGW_KIND_TIME, offsetof(ccgw_session_t, created), .time = CCGW_TIME_ZONED },
    { "subject", CCGW_KIND_STR, offsetof(ccgw_session_t, subject), .optional = 1 },
    { "comment", CCGW_KIND_STR, offsetof(ccgw_session_t, comment), .optional = 1 },
    { NULL }
};
static const ccgw_shape_t tail = { "session", tail_members, sizeof(ccgw_session_t) };

static const ccgw_member_t session_members[] = {
    { NULL, CCGW_KIND_MEMBERS, .of = &head },
    { "participants", CCGW_KIND_LIST, .items = genesys_session_present, .of = &genesys_shape_participant },
    { NULL, CCGW_KIND_MEMBERS, .of = &tail },
    { NULL }
};
const ccgw_shape_t genesys_shape_session = { "session", session_members, sizeof(ccgw_session_t) };

static const ccgw_member_t rich_members[] = {
    { NULL, CCGW_KIND_MEMBERS, .of = &head },
    { "participants", CCGW_KIND_LIST, .items = genesys_session_present, .of = &participant_rich },
    { NULL, CCGW_KIND_MEMBERS, .of = &tail },
    { NULL }
};
static const ccgw_shape_t rich = { "session", rich_members, sizeof(ccgw_session_t) };
/* clang-format on */

/* --- one ---------------------------------------------------------------------------------------- */

static int one_is_sms(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_session_result_t *)object)->session.media == CCGW_MEDIA_SMS;
}

static int one_is_chat(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_session_result_t *)object)->session.media == CCGW_MEDIA_CHAT;
}

static int one_is_rich(const void *object, const ccgw_view_t *view)
{
    return genesys_wants(((const ccgw_session_result_t *)object)->subresources, "participants");
}

static int one_is_plain(const void *object, const ccgw_view_t *view)
{
    return !one_is_rich(object, view);
}

#define ONE offsetof(ccgw_session_result_t, session)

/* clang-format off */
static const ccgw_member_t one_plain_members[] = {
    { "smssession", CCGW_KIND_OBJECT, ONE, .of = &genesys_shape_session, .when = one_is_sms },
    { "chat", CCGW_KIND_OBJECT, ONE, .of = &genesys_shape_session, .when = one_is_chat },
    { NULL }
};
static const ccgw_shape_t one_plain = { "session", one_plain_members, sizeof(ccgw_session_result_t) };

static const ccgw_member_t one_rich_members[] = {
    { "smssession", CCGW_KIND_OBJECT, ONE, .of = &rich, .when = one_is_sms },
    { "chat", CCGW_KIND_OBJECT, ONE, .of = &rich, .when = one_is_chat },
    { NULL }
};
static const ccgw_shape_t one_rich = { "session", one_rich_members, sizeof(ccgw_session_result_t) };

static const ccgw_member_t one_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { NULL, CCGW_KIND_MEMBERS, .of = &one_plain, .when = one_is_plain },
    { NULL, CCGW_KIND_MEMBERS, .of = &one_rich, .when = one_is_rich },
    { NULL }
};
const ccgw_shape_t genesys_shape_session_one = { "session reply", one_members, sizeof(ccgw_session_result_t) };
/* clang-format on */

/* --- lists -------------------------------------------------------------------------------------- */

static int list_of_uris(const void *object, const ccgw_view_t *view)
{
    return !((const ccgw_sessions_result_t *)object)->fields;
}

static int list_is_plain(const void *object, const ccgw_view_t *view)
{
    const ccgw_sessions_result_t *result = object;

    return result->fields && !genesys_wants(result->subresources, "participants");
}

static int list_is_rich(const void *object, const ccgw_view_t *view)
{
    const ccgw_sessions_result_t *result = object;

    return result->fields && genesys_wants(result->subresources, "participants");
}

#define SESSIONS offsetof(ccgw_sessions_result_t, sessions), offsetof(ccgw_sessions_result_t, nsessions)

/* clang-format off */
static const ccgw_member_t sms_list_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "uris", CCGW_KIND_URIS, SESSIONS, .of = &genesys_shape_session, .fn = uri_text, .when = list_of_uris },
    { "smssessions", CCGW_KIND_LIST, SESSIONS, .of = &genesys_shape_session, .when = list_is_plain },
    { "smssessions", CCGW_KIND_LIST, SESSIONS, .of = &rich, .when = list_is_rich },
    { NULL }
};
const ccgw_shape_t genesys_shape_sms_list = { "smssessions reply", sms_list_members, sizeof(ccgw_sessions_result_t) };

static const ccgw_member_t chat_list_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "uris", CCGW_KIND_URIS, SESSIONS, .of = &genesys_shape_session, .fn = uri_text, .when = list_of_uris },
    { "chats", CCGW_KIND_LIST, SESSIONS, .of = &genesys_shape_session, .when = list_is_plain },
    { "chats", CCGW_KIND_LIST, SESSIONS, .of = &rich, .when = list_is_rich },
    { NULL }
};
const ccgw_shape_t genesys_shape_chat_list = { "chats reply", chat_list_members, sizeof(ccgw_sessions_result_t) };
/* clang-format on */
