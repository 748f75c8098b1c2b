/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ops.c: the operations of Genesys Web Services v2, one row each, and the dialect itself. */
#include "dialect.h"

#include "stream/ccgw_stream.h"

/* Pages spell the SMS resource with one s and with two, with and without /me. POST /chats/{id} is the
 * customer's side of a chat, so the agent's needs its /me. */
#define SMS_ALL                                                            \
    {                                                                      \
        "/me/smssessions", "/smssessions", "/me/smsessions", "/smsessions" \
    }
#define SMS_ONE                                                                                \
    {                                                                                          \
        "/me/smssessions/{id}", "/smssessions/{id}", "/me/smsessions/{id}", "/smsessions/{id}" \
    }
#define SMS_LOG                                                                                        \
    {                                                                                                  \
        "/me/smssessions/{id}/messages", "/smssessions/{id}/messages", "/me/smsessions/{id}/messages", \
            "/smsessions/{id}/messages"                                                                \
    }
#define CHAT_ALL    \
    {               \
        "/me/chats" \
    }
#define CHAT_ONE         \
    {                    \
        "/me/chats/{id}" \
    }
#define CHAT_LOG                  \
    {                             \
        "/me/chats/{id}/messages" \
    }

#define BIN_ALL                                                 \
    {                                                           \
        "/me/workbins", "/workbins", "/users/{userId}/workbins" \
    }
#define BIN_ONE                                                                                     \
    {                                                                                               \
        "/me/workbins/{workbinId}", "/workbins/{workbinId}", "/users/{userId}/workbins/{workbinId}" \
    }
#define STATE_PATHS                     \
    {                                   \
        "/me", "/me/channels/{channel}" \
    }
#define NOTIFY_PATHS                                                                                        \
    {                                                                                                       \
        "/notifications", "/notifications/handshake", "/notifications/connect", "/notifications/disconnect" \
    }

#define OTHER_ADDS  "AddEmail|AddWorkitem|AddTweet|AddFacebook|AddFacebooksession|AddOpenmedia"
#define OTHER_PULLS "PullEmail|PullWorkitem|PullTweet|PullFacebook|PullFacebooksession|PullOpenmedia"

/* A row of an operation on one session of media NOUN; its paths, which hold commas, come last. */
#define ON_ONE(noun_, page_, name_, select_, params_, verb_, ...)                                                    \
    {                                                                                                                \
        .id = noun_ name_, .doc = page_ " - " select_, .method = CCGW_POST, .paths = __VA_ARGS__, .select = select_, \
        .params = params_, .verb = &ccgw_verb_session_##verb_, .need = CCGW_ROLE_AGENT                               \
    }
/* The same, answered with a number that its notifications repeat. */
#define NUMBERED(noun_, page_, name_, select_, params_, verb_, ...)                                                  \
    {                                                                                                                \
        .id = noun_ name_, .doc = page_ " - " select_, .method = CCGW_POST, .paths = __VA_ARGS__, .select = select_, \
        .params = params_, .verb = &ccgw_verb_session_##verb_, .reply = &genesys_shape_reference,                    \
        .need = CCGW_ROLE_AGENT                                                                                      \
    }

/* N noun, P pages, ALL and O paths of all and of one, LOG of its messages, G parameters, LIST the reply that lists. */
/* clang-format off */
#define SESSION_OPS(N, P, ALL, O, LOG, G, LIST)                                                                       \
    ON_ONE(N, P, ".accept", "Accept", G.accept, accept, O),                                                           \
    ON_ONE(N, P, ".reject", "Reject", G.plain, reject, O),                                                            \
    ON_ONE(N, P, ".message", "SendMessage", G.message, send, O),                                                      \
    ON_ONE(N, P, ".url", "SendUrl", G.url, send, O),                                                                  \
    ON_ONE(N, P, ".typing", "SendStartTypingNotification", G.typing, send, O),                                        \
    ON_ONE(N, P, ".typing-off", "SendStopTypingNotification", G.typing_off, send, O),                                 \
    ON_ONE(N, P, ".typing-agents", "SendStartTypingToAgentsNotification", G.typing_agents, send, O),                  \
    ON_ONE(N, P, ".typing-agents-off", "SendStopTypingToAgentsNotification", G.typing_agents_off, send, O),           \
    ON_ONE(N, P, ".message-agents", "SendToAgents", G.to_agents, send, O),                                            \
    ON_ONE(N, P, ".notice", "SendCustomNotice", G.notice, send, O),                                                   \
    ON_ONE(N, P, ".notice-agents", "SendCustomNoticeToAgents", G.notice_agents, send, O),                             \
    NUMBERED(N, P, ".invite", "Invite", G.invite, invite, O),                                                         \
    NUMBERED(N, P, ".cancel-invite", "CancelInvite", G.invited, cancel_invite, O),                                    \
    NUMBERED(N, P, ".consult", "Consult", G.consult, invite, O),                                                      \
    NUMBERED(N, P, ".cancel-consult", "CancelConsult", G.consulted, cancel_invite, O),                                \
    ON_ONE(N, P, ".transfer", "Transfer", G.transfer, transfer, O),                                                   \
    ON_ONE(N, P, ".remove", "RemoveParticipantFromConference", G.remove, remove, O),                                  \
    ON_ONE(N, P, ".leave", "Leave", G.plain, leave, O),                                                               \
    ON_ONE(N, P, ".leave-complete", "LeaveAndComplete", G.plain, complete, O),                                        \
    ON_ONE(N, P, ".complete", "Complete", G.complete, complete, O),                                                   \
    ON_ONE(N, P, ".disposition", "SetDisposition", G.disposition, dispose, O),                                        \
    ON_ONE(N, P, ".focus", "SetInFocus|InFocus", G.plain, focus, O),                                                  \
    ON_ONE(N, P, ".attach", "AttachUserData", G.data, attach, O),                                                     \
    ON_ONE(N, P, ".update", "UpdateUserData", G.data, attach, O),                                                     \
    ON_ONE(N, P, ".detach", "DeleteUserData", G.keys, detach, O),                                                     \
    ON_ONE(N, P, ".comment", "AddComment", G.comment, comment, O),                                                    \
    { .id = N ".list", .doc = P " - Resource", .method = CCGW_GET, .paths = ALL, .params = G.list,                    \
      .verb = &ccgw_verb_session_list, .reply = &LIST, .need = CCGW_ROLE_AGENT },                                     \
    { .id = N ".get", .doc = P " - Resource", .method = CCGW_GET, .paths = O, .params = G.get,                        \
      .verb = &ccgw_verb_session_get, .reply = &genesys_shape_session_one, .need = CCGW_ROLE_AGENT },                 \
    { .id = N ".messages", .doc = P " - Resource", .method = CCGW_GET, .paths = LOG, .params = G.messages,            \
      .verb = &ccgw_verb_session_messages, .reply = &genesys_shape_messages, .need = CCGW_ROLE_AGENT }

#define DIRECTORY_OPS(noun_, page_, all_, one_, all_params_, one_params_, list_, item_)                               \
    { .id = noun_ ".list", .doc = page_, .method = CCGW_GET, .paths = { all_ }, .params = all_params_,                \
      .verb = &ccgw_verb_directory_list, .reply = &list_, .need = CCGW_ROLE_AGENT },                                  \
    { .id = noun_ ".get", .doc = page_, .method = CCGW_GET, .paths = { one_ }, .params = one_params_,                 \
      .verb = &ccgw_verb_directory_get, .reply = &item_, .need = CCGW_ROLE_AGENT }

const ccgw_op_t genesys_ops[] = {
    SESSION_OPS("smssession", "SMS Session API", SMS_ALL, SMS_ONE, SMS_LOG, genesys_params_sms, genesys_shape_sms_list),
    SESSION_OPS("chat", "Chat API", CHAT_ALL, CHAT_ONE, CHAT_LOG, genesys_params_chat, genesys_shape_chat_list),

    { .id = "workbin.list", .doc = "Workbins API - GetWorkbins", .method = CCGW_GET,
      .paths = { "/workbins", "/users/{userId}/workbins" }, .params = genesys_params_workbins,
      .verb = &ccgw_verb_workbin_list, .reply = &genesys_shape_workbins, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.list-mine", .doc = "Workbins API - GetWorkbins", .method = CCGW_GET,
      .paths = { "/me/workbins" }, .params = genesys_params_workbins,
      .verb = &ccgw_verb_workbin_list, .reply = &genesys_shape_my_workbins, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.list-named", .doc = "Workbins API - GetGroupWorkbinContent", .method = CCGW_GET,
      .paths = BIN_ALL, .query = "workbinIds", .params = genesys_params_workbins,
      .verb = &ccgw_verb_workbin_list, .reply = &genesys_shape_workbins_full, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.content", .doc = "Workbins API - GetWorkbinContent", .method = CCGW_GET,
      .paths = BIN_ONE, .params = genesys_params_workbin,
      .verb = &ccgw_verb_workbin_content, .reply = &genesys_shape_workbin_content, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.media", .doc = "Workbins API - GetWorkbinContent", .method = CCGW_GET,
      .paths = { "/workbins/{workbinId}/{mediaType}" }, .params = genesys_params_workbin_media,
      .verb = &ccgw_verb_workbin_content, .reply = &genesys_shape_workbin_media, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.content-media", .doc = "Workbins API - GetWorkbinSubresources by User", .method = CCGW_GET,
      .paths = { "/me/workbins/{workbinId}/{mediaType}", "/users/{userId}/workbins/{workbinId}/{mediaType}",
                 "/{userId}/workbins/{workbinId}/{mediaType}" },
      .params = genesys_params_workbin_media,
      .verb = &ccgw_verb_workbin_content, .reply = &genesys_shape_workbin_content, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.add", .doc = "Workbins API - AddInteraction", .method = CCGW_POST, .paths = BIN_ONE,
      .select = "AddInteraction|AddChat", .params = genesys_params_add,
      .verb = &ccgw_verb_workbin_add, .reply = &genesys_shape_workbin_done, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.add-other", .doc = "Workbins API - AddInteraction", .method = CCGW_POST, .paths = BIN_ONE,
      .select = OTHER_ADDS, .params = genesys_params_add_other,
      .verb = &ccgw_verb_workbin_add, .reply = &genesys_shape_workbin_done, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.pull", .doc = "Workbins API - PullInteraction", .method = CCGW_POST, .paths = BIN_ONE,
      .select = "PullInteraction", .params = genesys_params_pull,
      .verb = &ccgw_verb_workbin_pull, .reply = &genesys_shape_workbin_done, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.pull-chat", .doc = "Workbins API - PullInteraction", .method = CCGW_POST, .paths = BIN_ONE,
      .select = "PullChat", .params = genesys_params_pull_chat,
      .verb = &ccgw_verb_workbin_pull, .reply = &genesys_shape_workbin_done, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.pull-other", .doc = "Workbins API - PullInteraction", .method = CCGW_POST, .paths = BIN_ONE,
      .select = OTHER_PULLS, .params = genesys_params_pull_other,
      .verb = &ccgw_verb_workbin_pull, .reply = &genesys_shape_workbin_done, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.subscribe", .doc = "Workbins API - Subscribe To Workbin Notifications", .method = CCGW_POST,
      .paths = BIN_ONE, .select = "Subscribe", .params = genesys_params_workbin,
      .verb = &ccgw_verb_workbin_watch, .reply = &genesys_shape_workbin_done, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.subscribe-several", .doc = "Workbins API - Subscribe To Workbin Notifications",
      .method = CCGW_POST, .paths = BIN_ALL, .select = "Subscribe", .params = genesys_params_workbin_ids,
      .verb = &ccgw_verb_workbin_watch, .reply = &genesys_shape_workbins_done, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.unsubscribe", .doc = "Workbins API - Unsubscribe From Workbin Notifications",
      .method = CCGW_POST, .paths = BIN_ONE, .select = "Unsubscribe|Unubscribe", .params = genesys_params_workbin,
      .verb = &ccgw_verb_workbin_unwatch, .reply = &genesys_shape_workbin_done, .need = CCGW_ROLE_AGENT },
    { .id = "workbin.unsubscribe-several", .doc = "Workbins API - Unsubscribe From Workbin Notifications",
      .method = CCGW_POST, .paths = BIN_ALL, .select = "Unsubscribe|Unubscribe", .params = genesys_params_workbin_ids,
      .verb = &ccgw_verb_workbin_unwatch, .reply = &genesys_shape_workbins_done, .need = CCGW_ROLE_AGENT },

    { .id = "me.get", .doc = "Subresources", .method = CCGW_GET, .paths = { "/me" }, .params = genesys_params_me,
      .verb = &ccgw_verb_agent_get, .reply = &genesys_shape_me, .need = CCGW_ROLE_AGENT },
    { .id = "me.start", .doc = "Voice API - StartContactCenterSession", .method = CCGW_POST, .paths = { "/me" },
      .select = "StartContactCenterSession", .params = genesys_params_open,
      .verb = &genesys_verb_open, .reply = &genesys_shape_opened, .need = CCGW_ROLE_AGENT },
    { .id = "me.end", .doc = "Voice API - EndContactCenterSession", .method = CCGW_POST, .paths = { "/me" },
      .select = "EndContactCenterSession", .params = genesys_params_close, .verb = &ccgw_verb_agent_close,
      .need = CCGW_ROLE_AGENT },
    { .id = "me.ready", .doc = "Voice API - Ready", .method = CCGW_POST, .paths = STATE_PATHS, .select = "Ready",
      .params = genesys_params_ready, .verb = &ccgw_verb_agent_set_state, .need = CCGW_ROLE_AGENT },
    { .id = "me.not-ready", .doc = "Voice API - NotReady", .method = CCGW_POST, .paths = STATE_PATHS,
      .select = "NotReady", .params = genesys_params_not_ready, .verb = &ccgw_verb_agent_set_state,
      .need = CCGW_ROLE_AGENT },
    { .id = "me.after-call-work", .doc = "Voice API - AfterCallWork", .method = CCGW_POST, .paths = STATE_PATHS,
      .select = "AfterCallWork", .params = genesys_params_wrap_up, .verb = &ccgw_verb_agent_set_state,
      .need = CCGW_ROLE_AGENT },
    { .id = "me.channels", .doc = "Query Agent State", .method = CCGW_GET, .paths = { "/me/channels" },
      .params = genesys_params_me, .verb = &ccgw_verb_agent_get, .reply = &genesys_shape_channels,
      .need = CCGW_ROLE_AGENT },
    { .id = "me.devices", .doc = "Recovering Existing State", .method = CCGW_GET, .paths = { "/me/devices" },
      .params = genesys_params_me, .verb = &ccgw_verb_agent_get, .reply = &genesys_shape_devices,
      .need = CCGW_ROLE_AGENT },
    { .id = "settings.agent-states", .doc = "System settings", .method = CCGW_GET,
      .paths = { "/settings/agent-states" }, .params = genesys_params_none, .verb = &genesys_verb_tell,
      .reply = &genesys_shape_agent_states, .need = CCGW_ROLE_AGENT },

    DIRECTORY_OPS("contact", "Contacts API - Get contacts", "/contacts", "/contacts/{id}", genesys_params_contacts,
                  genesys_params_contact, genesys_shape_contacts, genesys_shape_contact_one),
    DIRECTORY_OPS("user", "FilteringAndSorting", "/users", "/users/{id}", genesys_params_users,
                  genesys_params_user, genesys_shape_users, genesys_shape_user_one),
    DIRECTORY_OPS("queue", "OpenMedia API - Create", "/queues", "/queues/{id}", genesys_params_queues,
                  genesys_params_queue, genesys_shape_queues, genesys_shape_queue_one),
    DIRECTORY_OPS("group", "Subresources", "/groups", "/groups/{id}", genesys_params_groups,
                  genesys_params_group, genesys_shape_groups, genesys_shape_group_one),
    DIRECTORY_OPS("skill", "Return Values", "/skills", "/skills/{id}", genesys_params_skills,
                  genesys_params_skill, genesys_shape_skills, genesys_shape_skill_one),
    { .id = "feature.list", .doc = "Subresources", .method = CCGW_GET, .paths = { "/features" },
      .params = genesys_params_features, .verb = &genesys_verb_features, .reply = &genesys_shape_features,
      .need = CCGW_ROLE_AGENT },
    { .id = "feature.get", .doc = "Subresources", .method = CCGW_GET, .paths = { "/features/{id}" },
      .params = genesys_params_feature, .verb = &genesys_verb_features, .reply = &genesys_shape_feature_one,
      .need = CCGW_ROLE_AGENT },
    { .id = "diagnostics.version", .doc = "Diagnostics", .method = CCGW_GET, .paths = { "/diagnostics/version" },
      .params = genesys_params_none, .verb = &genesys_verb_tell, .reply = &genesys_shape_version,
      .need = CCGW_ROLE_AGENT },

    { .id = "notification.exchange", .doc = "CometD", .method = CCGW_POST, .paths = NOTIFY_PATHS,
      .stream = &ccgw_stream_bayeux, .need = CCGW_ROLE_AGENT },
    { .id = "notification.callback", .doc = "CometD", .method = CCGW_GET, .paths = NOTIFY_PATHS,
      .stream = &ccgw_stream_bayeux, .need = CCGW_ROLE_AGENT },
    { NULL }
};

const ccgw_dialect_t ccgw_dialect_genesys = {
    .name = "genesys",
    .root = "/api/v2",
    .selector = "operationName",
    .ops = genesys_ops,
    .errors = genesys_errors,
    .error = &genesys_shape_error,
    .done = &genesys_shape_done,
    .events = genesys_events,
    .content_type = "application/json",
    .cookie = "JSESSIONID",
    .csrf_header = "X-CSRF-TOKEN",
    .csrf_name_header = "X-CSRF-HEADER",
    .csrf_fault = "Missing or invalid Csrf token"
};
/* clang-format on */
