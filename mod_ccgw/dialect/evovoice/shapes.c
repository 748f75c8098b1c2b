/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* shapes.c: the types of the documentation over the core's structs, members in the documented order. What this gateway
 * has no notion of (customers' records, carriers' ids of legs) is there without a value. */
#include "dialect.h"

#include "core/ccgw_floor.h"

#include <apr_strings.h>
#include <ctype.h>

#define CONTRACT "http://schemas.datacontract.org/2004/07/"
#define TYPES    "http://schemas.servicestack.net/types"

_Static_assert(offsetof(ccgw_session_result_t, session) == 0, "SessionInfo is over the session itself");

/* ---- small things ---- */

const char *evovoice_hex(ccgw_id_t id, const ccgw_view_t *view)
{
    char *hex = apr_palloc(view->pool, 17);

    apr_snprintf(hex, 17, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)id);
    return hex;
}

const char *evovoice_agent_name(const ccgw_agent_def_t *agent, apr_pool_t *pool)
{
    const char *first = ccgw_str_or_empty(agent->first_name), *last = ccgw_str_or_empty(agent->last_name);

    if (!*first && !*last)
        return ccgw_str_given(agent->nickname) ? agent->nickname : agent->login;
    return apr_pstrcat(pool, first, *first && *last ? " " : "", last, NULL);
}

const char *evovoice_agent_identity(const ccgw_agent_def_t *agent)
{
    return ccgw_str_given(agent->email) ? agent->email : agent->login;
}

static const char *given(const char *text)
{
    return ccgw_str_given(text) ? text : NULL;
}

static const ccgw_agent_def_t *find_agent(const char *id, const ccgw_view_t *view)
{
    return id ? ccgw_floor_agent(view->call->core->floor, view->call->tenant, id) : NULL;
}

static const char *nothing(const void *object, const ccgw_view_t *view)
{
    return NULL;
}

static ccgw_pairs_t no_pairs(const void *object, const ccgw_view_t *view)
{
    return (ccgw_pairs_t){ NULL, 0 };
}

static ccgw_strs_t no_strs(const void *object, const ccgw_view_t *view)
{
    return (ccgw_strs_t){ NULL, 0 };
}

static const void *no_items(int *n, const void *object, const ccgw_view_t *view)
{
    *n = 0;
    return NULL;
}

static apr_int64_t never(const void *object, const ccgw_view_t *view)
{
    return 0;
}

static const char *account_id(const void *object, const ccgw_view_t *view)
{
    return view->call->tenant->contact_center;
}

static const char *account_name(const void *object, const ccgw_view_t *view)
{
    return view->call->tenant->name;
}

/* clang-format off */
const ccgw_value_t evovoice_channels[] = {
    { "Voice", CCGW_MEDIA_VOICE },
    { "Chat",  CCGW_MEDIA_CHAT },
    { "Chat",  CCGW_MEDIA_SMS },
    { NULL, 0 }
};

static const ccgw_value_t dial_states[] = {
    { "Active", CCGW_SESSION_QUEUED },
    { "Active", CCGW_SESSION_ACTIVE },
    { "Active", CCGW_SESSION_LEFT },
    { "Active", CCGW_SESSION_PARKED },
    { "None",   CCGW_SESSION_ENDED },
    { NULL, 0 }
};

/* LEFT: the customer has been let go, the agent still writes his notes. */
static const ccgw_value_t call_states[] = {
    { "Ringing",      CCGW_SESSION_QUEUED },
    { "Connected",    CCGW_SESSION_ACTIVE },
    { "Passive",      CCGW_SESSION_LEFT },
    { "Hold",         CCGW_SESSION_PARKED },
    { "Disconnected", CCGW_SESSION_ENDED },
    { NULL, 0 }
};

#define ABSENT(name_) { name_, CCGW_KIND_TEXT, .fn = nothing }
/* clang-format on */

/* ---- members of a session ---- */

typedef struct member_t {
    const ccgw_participant_t *part;
    const ccgw_session_t *session;
} member_t;

static int is_customer(const void *object)
{
    return ((const member_t *)object)->part->party == CCGW_PARTY_CUSTOMER;
}

static const char *identity(const void *object, const ccgw_view_t *view)
{
    const member_t *member = object;
    const ccgw_agent_def_t *agent = find_agent(member->part->agent, view);

    if (agent)
        return evovoice_agent_identity(agent);
    return given(member->part->address ? member->part->address : member->session->customer);
}

static const char *member_display(const void *object, const ccgw_view_t *view)
{
    const member_t *member = object;
    const ccgw_agent_def_t *agent = find_agent(member->part->agent, view);

    if (agent)
        return evovoice_agent_name(agent, view->pool);
    return ccgw_str_given(member->part->nickname) ? member->part->nickname : identity(object, view);
}

/* There from the beginning are the customer who began it and the agents its queue brought; a conference's chair. */
static int is_original(const member_t *member)
{
    const ccgw_participant_t *part = member->part;

    if (is_customer(member))
        return !part->address;
    return part->agent && (part->offer == CCGW_OFFER_ROUTED || part->offer == CCGW_OFFER_UNSET);
}

static apr_int64_t original(const void *object, const ccgw_view_t *view)
{
    return is_original(object);
}

static const char *member_call_state(const void *object, const ccgw_view_t *view)
{
    const member_t *member = object;

    switch (member->part->leg) {
    case CCGW_LEG_OFFERED: return "Ringing";
    case CCGW_LEG_JOINED: return member->session->state == CCGW_SESSION_ENDED ? "None" : "Connected";
    default: return "None";
    }
}

static const char *role(const void *object, const ccgw_view_t *view)
{
    if (!is_original(object))
        return "Transfer";
    return is_customer(object) ? "Caller" : "Agent";
}

/* Who left to write his notes is no member any more, nor is a leg that waits in its queue for an agent. */
static int is_member(const ccgw_participant_t *part)
{
    if (part->leg == CCGW_LEG_LEFT)
        return 0;
    return part->party != CCGW_PARTY_AGENT || part->agent;
}

static const void *members(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_session_t *session = object;
    member_t *list = apr_palloc(view->pool, sizeof *list * (apr_size_t)(session->nparticipants + 1));
    int i;

    for (i = *n = 0; i < session->nparticipants; i++) {
        if (is_member(&session->participants[i]))
            list[(*n)++] = (member_t){ &session->participants[i], session };
    }
    return list;
}

/* clang-format off */
static const ccgw_member_t member_members[] = {
    { "identity", CCGW_KIND_TEXT, .fn = identity },
    ABSENT("endpointId"),
    { "displayName", CCGW_KIND_TEXT, .fn = member_display },
    { "isOriginalMember", CCGW_KIND_BOOL, .numfn = original },
    ABSENT("avatarUrl"),
    { "applicationData", CCGW_KIND_PAIRS, .fn_pairs = no_pairs },
    { "callState", CCGW_KIND_TEXT, .fn = member_call_state },
    { "role", CCGW_KIND_TEXT, .fn = role },
    ABSENT("callSid"),
    { "muted", CCGW_KIND_BOOL, .numfn = never },
    { NULL }
};
static const ccgw_shape_t member_shape = { "SessionMemberInfo", member_members, sizeof(member_t),
                                           CONTRACT "Voice.Api.Sessions" };

/* Nothing of these is kept; a list says of what it would be. */
static const ccgw_member_t breadcrumb_members[] = {
    ABSENT("id"),
    ABSENT("name"),
    { NULL }
};
static const ccgw_shape_t breadcrumb = { "CustomerBreadcrumb", breadcrumb_members, 1, .xmlns = CONTRACT "Voice.Api.Customers" };

static const ccgw_member_t log_members[] = {
    ABSENT("date"),
    ABSENT("message"),
    { NULL }
};
static const ccgw_shape_t log_shape = { "SessionLogInfo", log_members, 1, .xmlns = CONTRACT "Voice.Api.Sessions" };
/* clang-format on */

/* ---- sessions ---- */

static int has_offer(const ccgw_session_t *session)
{
    int i;

    for (i = 0; i < session->nparticipants; i++) {
        if (session->participants[i].leg == CCGW_LEG_OFFERED && session->participants[i].agent)
            return 1;
    }
    return 0;
}

static const char *queue_state(const void *object, const ccgw_view_t *view)
{
    const ccgw_session_t *session = object;

    if (!ccgw_str_given(session->queue))
        return "None";
    switch (session->state) {
    case CCGW_SESSION_QUEUED: return has_offer(session) ? "Ringing" : "Queued";
    case CCGW_SESSION_ACTIVE: return "Connected";
    case CCGW_SESSION_PARKED: return "Hold";
    default: return "Disconnected";
    }
}

static const char *number_text(const void *object, const ccgw_view_t *view)
{
    return given(((const ccgw_session_t *)object)->number);
}

static const char *customer_text(const void *object, const ccgw_view_t *view)
{
    return given(((const ccgw_session_t *)object)->customer);
}

static const char *customer_name(const void *object, const ccgw_view_t *view)
{
    const ccgw_session_t *session = object;
    const ccgw_participant_t *customer = ccgw_session_customer(session);

    return customer && ccgw_str_given(customer->nickname) ? customer->nickname : given(session->customer);
}

static const char *session_name(const void *object, const ccgw_view_t *view)
{
    const ccgw_session_t *session = object;

    return ccgw_str_given(session->subject) ? session->subject : customer_name(object, view);
}

static const char *sms_number(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_session_t *)object)->media == CCGW_MEDIA_SMS ? customer_text(object, view) : NULL;
}

static const char *owner_name(const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_def_t *owner = find_agent(((const ccgw_session_t *)object)->owner, view);

    return owner ? evovoice_agent_name(owner, view->pool) : NULL;
}

static const char *owner_id(const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_def_t *owner = find_agent(((const ccgw_session_t *)object)->owner, view);

    return owner ? evovoice_agent_identity(owner) : NULL;
}

static const char *outcome(const void *object, const ccgw_view_t *view)
{
    return given(((const ccgw_session_t *)object)->disposition);
}

static apr_int64_t has_ended(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_session_t *)object)->state == CCGW_SESSION_ENDED;
}

static const char *session_id(const void *object, const ccgw_view_t *view)
{
    return evovoice_hex(((const ccgw_session_t *)object)->id, view);
}

/* clang-format off */
static const ccgw_member_t entity_members[] = {
    { "id", CCGW_KIND_TEXT, .fn = session_id },
    { "dateCreated", CCGW_KIND_TIME, offsetof(ccgw_session_t, created), .time = CCGW_TIME_ISO, .optional = 1 },
    ABSENT("dateLastModified"),
    ABSENT("createdBy"),
    ABSENT("lastModifiedBy"),
    { NULL }
};
static const ccgw_shape_t entity = { "EntityInfo", entity_members, sizeof(ccgw_session_t), CONTRACT "Voice.Api" };

static const ccgw_member_t session_members[] = {
    { "dialState", CCGW_KIND_ENUM, offsetof(ccgw_session_t, state), .values = dial_states },
    { "callState", CCGW_KIND_ENUM, offsetof(ccgw_session_t, state), .values = call_states },
    { "queueState", CCGW_KIND_TEXT, .fn = queue_state },
    { "accountId", CCGW_KIND_TEXT, .fn = account_id },
    { "accountName", CCGW_KIND_TEXT, .fn = account_name },
    ABSENT("customerId"),
    { "customerBreadcrumb", CCGW_KIND_LIST, .items = no_items, .of = &breadcrumb },
    ABSENT("customerName"),
    { "endpointId", CCGW_KIND_TEXT, .fn = number_text },
    { "endpointName", CCGW_KIND_TEXT, .fn = number_text },
    { "dateCompleted", CCGW_KIND_TIME, offsetof(ccgw_session_t, ended), .time = CCGW_TIME_ISO, .optional = 1 },
    ABSENT("destination"),
    { "toAddress", CCGW_KIND_TEXT, .fn = number_text },
    { "fromAddress", CCGW_KIND_TEXT, .fn = customer_text },
    { "fromName", CCGW_KIND_TEXT, .fn = customer_name },
    { "answeredByName", CCGW_KIND_TEXT, .fn = owner_name },
    ABSENT("queueMemberId"),
    { "channel", CCGW_KIND_ENUM, offsetof(ccgw_session_t, media), .values = evovoice_channels },
    { "ended", CCGW_KIND_BOOL, .numfn = has_ended },
    { "outcome", CCGW_KIND_TEXT, .fn = outcome },
    ABSENT("callSid"),
    ABSENT("consoleData"),
    ABSENT("holdQueueName"),
    ABSENT("heldByUserId"),
    { "holdReason", CCGW_KIND_CONST, .text = "None" },
    ABSENT("conferenceSid"),
    { "displayName", CCGW_KIND_TEXT, .fn = session_name },
    { "log", CCGW_KIND_LIST, .items = no_items, .of = &log_shape },
    { "members", CCGW_KIND_LIST, .items = members, .of = &member_shape },
    ABSENT("callbackNumber"),
    { "answeredById", CCGW_KIND_TEXT, .fn = owner_id },
    { "direction", CCGW_KIND_CONST, .text = "Incoming" },
    { "fromPhoneNumber", CCGW_KIND_TEXT, .fn = sms_number },
    ABSENT("mostRecentParticipantCallSid"),
    { "wasMissed", CCGW_KIND_BOOL, .numfn = never },
    ABSENT("ringQueueId"),
    { NULL, CCGW_KIND_MEMBERS, .of = &entity },
    { NULL }
};
const ccgw_shape_t evovoice_shape_session = { "SessionInfo", session_members, sizeof(ccgw_session_t),
                                              CONTRACT "Voice.Api.Sessions" };

static const ccgw_member_t mine_members[] = {
    { "sessions", CCGW_KIND_LIST, offsetof(ccgw_sessions_result_t, sessions),
      offsetof(ccgw_sessions_result_t, nsessions), .of = &evovoice_shape_session },
    { NULL }
};
const ccgw_shape_t evovoice_shape_my_sessions = { "GetMySessionsResponse", mine_members,
                                                  sizeof(ccgw_sessions_result_t), CONTRACT "Voice.Api.Sessions" };
const ccgw_shape_t evovoice_shape_active = { "GetActiveSessionsResponse", mine_members,
                                             sizeof(ccgw_sessions_result_t), CONTRACT "Voice.Api.Sessions" };

/* The framework adds a hash to the name of a generic type in XML, which no page shows: ours has none. */
static const ccgw_member_t page_members[] = {
    { "items", CCGW_KIND_LIST, offsetof(ccgw_search_result_t, sessions), offsetof(ccgw_search_result_t, nsessions),
      .of = &evovoice_shape_session },
    { "totalCount", CCGW_KIND_INT, offsetof(ccgw_search_result_t, total) },
    { "totalPages", CCGW_KIND_INT, offsetof(ccgw_search_result_t, pages) },
    { "hasMorePages", CCGW_KIND_BOOL, offsetof(ccgw_search_result_t, more) },
    { NULL }
};
const ccgw_shape_t evovoice_shape_session_page = { "ListResponseOfSessionInfo", page_members,
                                                   sizeof(ccgw_search_result_t), CONTRACT "Voice.Api" };
/* clang-format on */

/* ---- messages ---- */

static const char *message_id(const void *object, const ccgw_view_t *view)
{
    const evovoice_message_result_t *sent = object;

    return apr_psprintf(view->pool, "%s-%d", evovoice_hex(sent->session.id, view), sent->message.index);
}

static const char *message_endpoint(const void *object, const ccgw_view_t *view)
{
    return given(((const evovoice_message_result_t *)object)->session.number);
}

static const char *message_other(const void *object, const ccgw_view_t *view)
{
    return given(((const evovoice_message_result_t *)object)->session.customer);
}

static const char *author(const ccgw_message_t *message, const ccgw_session_t *session, const ccgw_view_t *view)
{
    const ccgw_agent_def_t *agent = find_agent(message->from_agent, view);

    if (agent)
        return evovoice_agent_identity(agent);
    return ccgw_str_given(message->nickname) ? message->nickname : given(session->customer);
}

static const char *message_sender(const void *object, const ccgw_view_t *view)
{
    const evovoice_message_result_t *sent = object;

    return author(&sent->message, &sent->session, view);
}

static const char *message_text(const void *object, const ccgw_view_t *view)
{
    return ((const evovoice_message_result_t *)object)->message.text;
}

/* One line of a transcript. */
typedef struct line_t {
    const ccgw_message_t *message;
    const ccgw_session_t *session;
    apr_int64_t at;
} line_t;

static const void *lines(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_messages_result_t *log = object;
    line_t *list = apr_palloc(view->pool, sizeof *list * (apr_size_t)(log->nmessages + 1));
    int i;

    for (i = *n = 0; i < log->nmessages; i++) {
        const ccgw_message_t *message = &log->messages[i];

        if (message->type == CCGW_MESSAGE_TEXT || message->type == CCGW_MESSAGE_URL)
            list[(*n)++] = (line_t){ message, &log->session, message->at };
    }
    return list;
}

static const char *line_from(const void *object, const ccgw_view_t *view)
{
    return author(((const line_t *)object)->message, ((const line_t *)object)->session, view);
}

static const char *line_body(const void *object, const ccgw_view_t *view)
{
    return ccgw_str_or_empty(((const line_t *)object)->message->text);
}

/* clang-format off */
static const ccgw_member_t message_members[] = {
    { "id", CCGW_KIND_TEXT, .fn = message_id },
    { "accountId", CCGW_KIND_TEXT, .fn = account_id },
    ABSENT("customerId"),
    { "endpointId", CCGW_KIND_TEXT, .fn = message_endpoint },
    { "endpointDisplayName", CCGW_KIND_TEXT, .fn = message_endpoint },
    { "date", CCGW_KIND_TIME, offsetof(evovoice_message_result_t, message.at), .time = CCGW_TIME_ISO },
    { "direction", CCGW_KIND_CONST, .text = "Outgoing" },
    { "otherAddress", CCGW_KIND_TEXT, .fn = message_other },
    { "sender", CCGW_KIND_TEXT, .fn = message_sender },
    { "text", CCGW_KIND_TEXT, .fn = message_text },
    { "isUnread", CCGW_KIND_BOOL, .numfn = never },
    { NULL }
};
const ccgw_shape_t evovoice_shape_message = { "MessageInfo", message_members, sizeof(evovoice_message_result_t),
                                              CONTRACT "Voice.Api.Messaging" };

static const ccgw_member_t line_members[] = {
    { "date", CCGW_KIND_TIME, offsetof(line_t, at), .time = CCGW_TIME_ISO },
    { "from", CCGW_KIND_TEXT, .fn = line_from },
    { "body", CCGW_KIND_TEXT, .fn = line_body },
    ABSENT("mediaUri"),
    ABSENT("mediaContentType"),
    { NULL }
};
static const ccgw_shape_t line = { "ChatTranscriptMessage", line_members, sizeof(line_t),
                                   CONTRACT "Voice.Api.Sessions" };

static const ccgw_member_t transcript_members[] = {
    { "messages", CCGW_KIND_LIST, .items = lines, .of = &line },
    { NULL }
};
const ccgw_shape_t evovoice_shape_transcript = { "GetChatTranscriptResponse", transcript_members,
                                                 sizeof(ccgw_messages_result_t), CONTRACT "Voice.Api.Sessions" };
/* clang-format on */

/* ---- who is signed in ---- */

static const ccgw_agent_def_t *agent_of(const void *object)
{
    return ((const evovoice_auth_result_t *)object)->agent;
}

static const char *agent_id(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) ? agent_of(object)->id : NULL;
}

static const char *agent_login(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) ? agent_of(object)->login : NULL;
}

static const char *agent_display(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) ? evovoice_agent_name(agent_of(object), view->pool) : NULL;
}

static const char *agent_first(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) ? given(agent_of(object)->first_name) : NULL;
}

static const char *agent_last(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) ? given(agent_of(object)->last_name) : NULL;
}

static const char *agent_email(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) ? given(agent_of(object)->email) : NULL;
}

static apr_int64_t is_signed_in(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) != NULL;
}

/* Every higher role holds the lower ones. */
static ccgw_strs_t roles(const void *object, const ccgw_view_t *view)
{
    static const char *names[] = { "User", "Manager", "SystemAdministrator" };
    const ccgw_agent_def_t *agent = agent_of(object);

    return (ccgw_strs_t){ names, agent ? (int)agent->role - (int)CCGW_ROLE_AGENT + 1 : 0 };
}

static ccgw_strs_t one_text(const char *text, const ccgw_view_t *view)
{
    const char **list = apr_palloc(view->pool, sizeof *list);

    *list = text;
    return (ccgw_strs_t){ list, 1 };
}

static ccgw_strs_t account_ids(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) ? one_text(agent_of(object)->tenant->contact_center, view) : no_strs(object, view);
}

static ccgw_strs_t account_names(const void *object, const ccgw_view_t *view)
{
    return agent_of(object) ? one_text(agent_of(object)->tenant->name, view) : no_strs(object, view);
}

/* clang-format off */
static const ccgw_member_t authenticated_members[] = {
    { "userId", CCGW_KIND_TEXT, .fn = agent_id },
    { "sessionId", CCGW_KIND_STR, offsetof(evovoice_auth_result_t, session), .optional = 1 },
    { "userName", CCGW_KIND_TEXT, .fn = agent_login },
    { "displayName", CCGW_KIND_TEXT, .fn = agent_display },
    ABSENT("referrerUrl"),
    ABSENT("bearerToken"),
    ABSENT("refreshToken"),
    ABSENT("profileUrl"),
    { "roles", CCGW_KIND_TEXTS, .fn_list = roles, .optional = 1 },
    { "permissions", CCGW_KIND_TEXTS, .fn_list = no_strs, .optional = 1 },
    ABSENT("responseStatus"),
    { "meta", CCGW_KIND_PAIRS, .fn_pairs = no_pairs, .optional = 1 },
    { NULL }
};
const ccgw_shape_t evovoice_shape_authenticated = { "AuthenticateResponse", authenticated_members,
                                                    sizeof(evovoice_auth_result_t), TYPES, .ordered = 1 };

static const ccgw_member_t user_members[] = {
    { "id", CCGW_KIND_TEXT, .fn = agent_id },
    { "isAuthenticated", CCGW_KIND_BOOL, .numfn = is_signed_in },
    { "firstName", CCGW_KIND_TEXT, .fn = agent_first },
    { "lastName", CCGW_KIND_TEXT, .fn = agent_last },
    { "name", CCGW_KIND_TEXT, .fn = agent_display },
    ABSENT("avatarUrl"),
    { "emailAddress", CCGW_KIND_TEXT, .fn = agent_email },
    { "roles", CCGW_KIND_TEXTS, .fn_list = roles },
    { "accountIds", CCGW_KIND_TEXTS, .fn_list = account_ids },
    { "accountNames", CCGW_KIND_TEXTS, .fn_list = account_names },
    ABSENT("managerAccess"),
    { "dashboardPermissions", CCGW_KIND_TEXTS, .fn_list = no_strs },
    { NULL }
};
const ccgw_shape_t evovoice_shape_user = { "UserInfo", user_members, sizeof(evovoice_auth_result_t),
                                           CONTRACT "Voice.Api.Authentication" };

static const ccgw_member_t done_members[] = { { NULL } };
const ccgw_shape_t evovoice_shape_done = { "EmptyResponse", done_members };
/* clang-format on */
