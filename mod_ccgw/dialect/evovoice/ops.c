/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ops.c: the operations of Evo Voice, one row per route, and the dialect itself.
 *
 * Every operation can be had at its own route and, with any method, at /api/{Type} and /json/reply/{Type}. Its id is the
 * name of its request type, which clients see in file names of CSV answers. */
#include "dialect.h"

#include "stream/ccgw_stream.h"

#define AT_REST(id_, doc_, method_, params_, verb_, reply_, ...)                                            \
    {                                                                                                       \
        .id = id_, .doc = doc_, .method = method_, .paths = __VA_ARGS__, .params = params_, .verb = &verb_, \
        .reply = &reply_, .need = CCGW_ROLE_AGENT                                                           \
    }
#define BY_NAME(id_, doc_, method_, params_, verb_, reply_)                                              \
    {                                                                                                    \
        .id = id_, .doc = doc_, .method = CCGW_ANY_METHOD, .paths = { "/api/" id_, "/json/reply/" id_ }, \
        .params = params_, .verb = &verb_, .reply = &reply_, .need = CCGW_ROLE_AGENT, .means = method_   \
    }
#define OPERATION(id_, doc_, method_, path_, params_, verb_, reply_) \
    AT_REST(id_, doc_, method_, params_, verb_, reply_, { path_ }), BY_NAME(id_, doc_, method_, params_, verb_, reply_)
#define LISTENER(id_, method_, need_, framing_, ...)                                                                   \
    {                                                                                                                  \
        .id = id_, .doc = "Server events", .method = method_, .paths = __VA_ARGS__, .stream = &framing_, .need = need_ \
    }

#define AUTH_PATHS                                                                   \
    {                                                                                \
        "/auth", "/auth/{provider}", "/api/Authenticate", "/json/reply/Authenticate" \
    }

static const ccgw_sign_in_t by_password = { offsetof(evovoice_auth_args_t, user),
                                            offsetof(evovoice_auth_args_t, password), .optional = 1 };

/* clang-format off */
const ccgw_op_t evovoice_ops[] = {
    OPERATION("ListSessions", "ListSessions", CCGW_GET, "/sessions", evovoice_params_search, evovoice_verb_search,
              evovoice_shape_session_page),
    OPERATION("GetSession", "GetSession", CCGW_GET, "/sessions/{sessionId}", evovoice_params_session,
              evovoice_verb_get, evovoice_shape_session),
    OPERATION("GetMySessions", "GetMySessions", CCGW_GET, "/sessions/my", evovoice_params_none, evovoice_verb_list,
              evovoice_shape_my_sessions),
    OPERATION("GetActiveSessions", "GetActiveSessions", CCGW_GET, "/sessions/active", evovoice_params_none,
              evovoice_verb_list, evovoice_shape_active),
    { .id = "EndSession", .doc = "EndSession", .method = CCGW_DELETE, .paths = { "/sessions/{sessionId}" },
      .params = evovoice_params_end, .verb = &evovoice_verb_end, .ok = 204, .need = CCGW_ROLE_AGENT },
    { .id = "EndSession", .doc = "EndSession", .method = CCGW_ANY_METHOD,
      .paths = { "/api/EndSession", "/json/reply/EndSession" }, .params = evovoice_params_end,
      .verb = &evovoice_verb_end, .ok = 204, .need = CCGW_ROLE_AGENT, .means = CCGW_DELETE },
    OPERATION("GetChatTranscript", "GetChatTranscript", CCGW_GET, "/sessions/{sessionId}/transcript",
              evovoice_params_transcript, evovoice_verb_transcript, evovoice_shape_transcript),
    OPERATION("SendMessage", "SendMessage", CCGW_POST, "/sessions/{sessionId}/messages", evovoice_params_message,
              evovoice_verb_send, evovoice_shape_message),
    /* GET there is another operation's, which has no row yet */
    AT_REST("SendMessage", "SendMessage", CCGW_POST, evovoice_params_message, evovoice_verb_send,
            evovoice_shape_message, { "/messages" }),
    AT_REST("SendMessage", "SendMessage", CCGW_PUT, evovoice_params_message, evovoice_verb_send,
            evovoice_shape_message, { "/messages" }),
    OPERATION("InviteChatMember", "InviteChatMember", CCGW_POST, "/sessions/{sessionId}/members",
              evovoice_params_invite, evovoice_verb_invite, evovoice_shape_session),
    OPERATION("DeleteChatMember", "DeleteChatMember", CCGW_DELETE, "/sessions/{sessionId}/members/{memberId}",
              evovoice_params_remove, evovoice_verb_remove, evovoice_shape_session),

    { .id = "Authenticate", .doc = "Authenticate", .method = CCGW_ANY_METHOD, .paths = AUTH_PATHS,
      .params = evovoice_params_auth, .verb = &evovoice_verb_authenticate, .reply = &evovoice_shape_authenticated,
      .sign_in = &by_password, .headers = evovoice_headers_auth },
    { .id = "Authenticate", .doc = "Authenticate", .method = CCGW_GET, .paths = AUTH_PATHS,
      .params = evovoice_params_auth, .verb = &evovoice_verb_authenticated, .reply = &evovoice_shape_authenticated,
      .headers = evovoice_headers_auth },
    { .id = "Authenticate", .doc = "Authenticate, logout", .method = CCGW_ANY_METHOD, .paths = { "/auth/logout" },
      .params = evovoice_params_auth, .verb = &evovoice_verb_logout, .reply = &evovoice_shape_authenticated,
      .headers = evovoice_headers_auth },
    { .id = "GetAuthStatus", .doc = "GetAuthStatus", .method = CCGW_GET, .paths = { "/auth/status" },
      .params = evovoice_params_none, .verb = &evovoice_verb_status, .reply = &evovoice_shape_user },
    { .id = "GetAuthStatus", .doc = "GetAuthStatus", .method = CCGW_ANY_METHOD,
      .paths = { "/api/GetAuthStatus", "/json/reply/GetAuthStatus" }, .params = evovoice_params_none,
      .verb = &evovoice_verb_status, .reply = &evovoice_shape_user },

    /* about a subscription its id, which only its client knows, is proof enough */
    LISTENER("ServerEvents", CCGW_GET, CCGW_ROLE_AGENT, ccgw_stream_sse, { "/event-stream" }),
    LISTENER("EventHeartbeat", CCGW_ANY_METHOD, CCGW_ROLE_NOBODY, ccgw_stream_sse_beat, { "/event-heartbeat" }),
    LISTENER("UnRegisterEventSubscriber", CCGW_ANY_METHOD, CCGW_ROLE_NOBODY, ccgw_stream_sse_leave,
             { "/event-unregister", "/api/UnRegisterEventSubscriber", "/json/reply/UnRegisterEventSubscriber" }),
    LISTENER("UpdateEventSubscriber", CCGW_ANY_METHOD, CCGW_ROLE_NOBODY, ccgw_stream_sse_change,
             { "/event-subscribers/{id}", "/api/UpdateEventSubscriber", "/json/reply/UpdateEventSubscriber" }),
    LISTENER("GetEventSubscribers", CCGW_ANY_METHOD, CCGW_ROLE_AGENT, ccgw_stream_sse_list,
             { "/event-subscribers", "/api/GetEventSubscribers", "/json/reply/GetEventSubscribers" }),
    { NULL }
};

const ccgw_dialect_t ccgw_dialect_evovoice = {
    .name = "evovoice",
    .root = "/",
    .ops = evovoice_ops,
    .errors = evovoice_errors,
    .error = &evovoice_shape_error,
    .done = &evovoice_shape_done,
    .events = evovoice_events,
    .content_type = "application/json; charset=utf-8",
    .token = evovoice_token,
    .format = evovoice_format,
    .prepare = evovoice_prepare,
    .loose = 1,
    .vary = "Accept"
};
/* clang-format on */
