/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_wire_genesys.c: replays the samples of t/wire/genesys: requests are routed and bound, replies
 * and notifications are rendered from structs made by hand and compared byte by byte, white space
 * apart; and rows demand what t/catalog says is required. CCGW_T names the directory t. */
#include "tap.h"

#include "api/ccgw_bind.h"
#include "api/ccgw_reply.h"
#include "api/ccgw_route.h"
#include "api/ccgw_shape.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_outbox.h"
#include "dialect/genesys/dialect.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#define ANNA      "429a55994ef64991a77acb77c1cf9041"
#define GROUP_BIN "6c715fa9-de16-4d23-b07c-cbcb1caf3e07"
#define PLACE_BIN "5d487e69-a393-4228-a06f-6a4015ab1b54"
#define OWN_BIN   "11111111-de16-4d23-b07c-cbcb1caf3e07"

/* 2014-01-06 12:14:06.007 eight hours west of Greenwich */
#define AT APR_INT64_C(1389039246007000)

static apr_pool_t *pool;
static const char *where;
static ccgw_router_t *router;
static const char *roles[] = { "agent" };
static const ccgw_agent_def_t anna = { .id = ANNA,
                                       .login = "anna",
                                       .first_name = "Anna",
                                       .last_name = "Arendt",
                                       .email = "anna@demo.example",
                                       .roles = { roles, 1 },
                                       .role = CCGW_ROLE_AGENT };
static ccgw_call_t call = { .agent = &anna, .login = "login-of-anna", .role = CCGW_ROLE_AGENT };
static ccgw_view_t view = { .call = &call, .base = "http://localhost:8080", .root = "/api/v2" };

/* ---- files and texts ---- */

static char *read_file(const char *name)
{
    const char *path = apr_pstrcat(pool, where, "/", name, NULL);
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t n;
    char *text;

    if (apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, pool) != APR_SUCCESS ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        printf("Bail out! cannot read %s (CCGW_T names the directory t)\n", path);
        exit(1);
    }
    n = (apr_size_t)info.size;
    text = apr_pcalloc(pool, n + 1);
    apr_file_read_full(file, text, n, NULL);
    apr_file_close(file);
    return text;
}

static char *read_sample(const char *name)
{
    return read_file(apr_pstrcat(pool, "wire/genesys/", name, NULL));
}

/* The ids that pages print are not all hexadecimal; ours are. */
static const char *const page_ids[][2] = {
    { "0000Na9B26EF006E", "00000A9B26EF006E" },
    { "0000Na9B26EF006M", "00000A9B26EF006F" },
    { "0001BaBFVPR20035", "0001BABF0A020035" },
    { "0001BaBFVPR20039", "0001BABF0A020039" },
};

/* Pages break lines and words at random ("http: //", "Operationfailed"), so white space does not count. */
static const char *squeeze(const char *text)
{
    char *out = apr_palloc(pool, strlen(text) + 1), *to = out, *at;
    apr_size_t i;

    for (; *text; text++) {
        if (!isspace((unsigned char)*text))
            *to++ = *text;
    }
    *to = '\0';
    for (i = 0; i < sizeof(page_ids) / sizeof(page_ids[0]); i++) {
        while ((at = strstr(out, page_ids[i][0])) != NULL)
            memcpy(at, page_ids[i][1], strlen(page_ids[i][1]));
    }
    return out;
}

/* Older pages lack the path beside the uri; it is cut out where the sample has none. */
static const char *without_path(const char *text)
{
    static const char *const names[] = { ",\"smssessionPath\":\"", ",\"chatPath\":\"" };
    char *copy = apr_pstrdup(pool, text), *at, *end;
    int i;

    for (i = 0; i < 2; i++) {
        at = strstr(copy, names[i]);
        end = at ? strchr(at + strlen(names[i]), '"') : NULL;
        if (end)
            memmove(at, end + 1, strlen(end + 1) + 1);
    }
    return copy;
}

static const char *render(const ccgw_shape_t *shape, const void *object)
{
    ccgw_out_t out;

    ccgw_out_init(&out, 1024, pool);
    ccgw_shape_json(&out, shape, object, &view);
    return out.p;
}

static void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

/* ---- requests ---- */

static apr_status_t route(ccgw_request_t *request, ccgw_problem_t *problem, const char *method, const char *target,
                          const char *body)
{
    const char *query = strchr(target, '?');

    memset(request, 0, sizeof(*request));
    request->method = strcmp(method, "GET") ? CCGW_POST : CCGW_GET;
    request->path = query ? apr_pstrmemdup(pool, target, (apr_size_t)(query - target)) : target;
    request->query = query ? query + 1 : NULL;
    request->content_type = body ? "application/json" : NULL;
    request->body = ccgw_buf_str(body ? body : "");
    request->pool = pool;
    return ccgw_route(request, problem, router);
}

static void replay_request(const char *op, const char *method, const char *target, const char *file)
{
    const char *body = strcmp(file, "-") ? read_sample(file) : NULL;
    ccgw_problem_t problem = { 0 };
    ccgw_request_t request;
    ccgw_faults_t faults;
    apr_status_t rv;
    void *args;

    if (route(&request, &problem, method, target, body) != APR_SUCCESS) {
        ok(0, "%s %s with %s is %s: %s", method, target, file, op, problem.text ? problem.text : "no row");
        return;
    }
    is_str(request.op->id, op, "%s %s with %s is %s", method, target, file, op);
    if (request.op->stream)
        return;
    rv = ccgw_bind(&args, &faults, &request);
    ok(rv == APR_SUCCESS, "and binds%s%s", faults.n ? ": " : "", faults.n ? faults.v[0].text : "");
}

/* ---- sessions made by hand ---- */

static const char pages_id_e[] = "00000A9B26EF006E";

static ccgw_participant_t part(const char *nickname, int party, const char *agent, const char *id)
{
    ccgw_participant_t made = { .id = ccgw_id_parse(id),
                                .party = party,
                                .agent = agent,
                                .nickname = nickname,
                                .leg = CCGW_LEG_JOINED,
                                .visibility = CCGW_VISIBLE_ALL };

    return made;
}

static ccgw_session_t *make_session(int media, const char *id, int nparts)
{
    ccgw_session_t *session = apr_pcalloc(pool, sizeof(*session));

    session->id = ccgw_id_parse(id);
    session->media = media;
    session->state = CCGW_SESSION_ACTIVE;
    session->owner = ANNA;
    session->created = AT;
    session->participants = apr_pcalloc(pool, (apr_size_t)(nparts + 1) * sizeof(ccgw_participant_t));
    session->nparticipants = nparts;
    return session;
}

/* Anna and a customer; somebody who was asked and has not answered yet shows nowhere. */
static ccgw_session_t *make_pair(const char *id)
{
    ccgw_session_t *session = make_session(CCGW_MEDIA_SMS, id, 3);

    session->participants[0] = part("TestName", CCGW_PARTY_AGENT, ANNA, "009052CB110900F5");
    session->participants[1] = part("Asked", CCGW_PARTY_AGENT, "bert", "009052CB110900F6");
    session->participants[1].leg = CCGW_LEG_OFFERED;
    session->participants[2] = part("FirstL", CCGW_PARTY_CUSTOMER, NULL, "009052CB10CC00F0");
    return session;
}

static void add_pair(ccgw_session_t *session, const char *key, int kind, const char *text, apr_int64_t number)
{
    ccgw_pair_t pair = { .key = key, .kind = kind, .text = text, .number = number };

    if (!session->data)
        session->data = apr_pcalloc(pool, 64 * sizeof(ccgw_pair_t));
    session->data[session->ndata++] = pair;
}

static void add_message(ccgw_event_t *event, int type, int visibility, const char *text, int index)
{
    ccgw_message_t message = { .index = index,
                               .type = type,
                               .visibility = visibility,
                               .text = text,
                               .at = AT,
                               .from = ccgw_id_parse("009052CB05CA00EB"),
                               .from_party = CCGW_PARTY_AGENT,
                               .from_agent = "bert",
                               .nickname = "BFriend" };

    if (!event->messages)
        event->messages = apr_pcalloc(pool, 16 * sizeof(ccgw_message_t));
    event->messages[event->nmessages++] = message;
}

/* ---- notifications ---- */

static void invite_participants(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_PARTICIPANTS;
    event->session = make_session(CCGW_MEDIA_SMS, pages_id_e, 4);
    event->session->participants[0] = part("TestName", CCGW_PARTY_AGENT, ANNA, "009052CB05C900EA");
    event->session->participants[1] = part("BFriend", CCGW_PARTY_AGENT, "bert", "009052CB05CA00EB");
    event->session->participants[2] = part("FirstL", CCGW_PARTY_CUSTOMER, NULL, "009052CB056C00E5");
    event->session->participants[3] = part("TestName", CCGW_PARTY_AGENT, ANNA, "009052CB057100E7");
}

static void invite_messages(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_MESSAGES;
    event->session = make_pair(pages_id_e);
    add_message(event, CCGW_MESSAGE_JOINED, CCGW_VISIBLE_ALL, NULL, 3);
}

static void invite_error(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_ERROR;
    event->session = make_pair("00000A9B26EF006F");
    event->login = call.login;
    event->reference = 36;
}

static void accept_status(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_STATE;
    event->session = make_pair(pages_id_e);
    event->bare = 1;
    event->login = call.login;
    event->reference = 34;
}

/* Another desktop made the request: its number stays there. */
static void reject_status(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_STATE;
    event->session = make_pair(pages_id_e);
    event->view = CCGW_VIEW_COMPLETED;
    event->login = "another-login";
    event->reference = 34;
}

static void leave_status(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_STATE;
    event->session = make_pair(pages_id_e);
    event->session->participants[0].leg = CCGW_LEG_LEFT;
    event->bare = 1;
}

static void attach_properties(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_PROPERTIES;
    event->session = make_pair(pages_id_e);
    event->session->comment = "called back";
    event->login = call.login;
    event->reference = 34;
    add_pair(event->session, "customer", CCGW_PAIR_TEXT, "1234", 0);
    add_pair(event->session, "visits", CCGW_PAIR_NUMBER, NULL, 3);
    add_pair(event->session, "note", CCGW_PAIR_NULL, NULL, 0);
}

static void detach_properties(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_PROPERTIES;
    event->session = make_pair(pages_id_e);
}

static void log_messages(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_MESSAGES;
    event->session = make_pair(pages_id_e);
    add_message(event, CCGW_MESSAGE_TEXT, CCGW_VISIBLE_ALL, "Good morning", 1);
    add_message(event, CCGW_MESSAGE_URL, CCGW_VISIBLE_ALL, "http://www.example.com/", 2);
    add_message(event, CCGW_MESSAGE_TYPING_STARTED, CCGW_VISIBLE_ALL, NULL, 3);
    add_message(event, CCGW_MESSAGE_TYPING_STOPPED, CCGW_VISIBLE_AGENTS, NULL, 4);
    add_message(event, CCGW_MESSAGE_CUSTOM_NOTICE, CCGW_VISIBLE_AGENTS, "my notice", 5);
    add_message(event, CCGW_MESSAGE_NOTICE, CCGW_VISIBLE_AGENTS, ANNA, 6);
    add_message(event, CCGW_MESSAGE_LEFT, CCGW_VISIBLE_ALL, NULL, 7);
}

static void chat_offer(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_SESSION_STATE;
    event->session = make_pair("0001BABF0A020035");
    event->session->media = CCGW_MEDIA_CHAT;
    event->session->participants[0].leg = CCGW_LEG_OFFERED;
}

/* The data of the pages' chat, which knows empty strings, numbers and null. */
static void add_page_data(ccgw_session_t *session, const char *answered, const char *occurred)
{
    static const char *const before[][2] = { { "CBR-IT-path_DBIDs", "" },
                                             { "CBR-Interaction_cost", "" },
                                             { "CBR-actual_volume", "" },
                                             { "CBR-contract_DBIDs", "" },
                                             { "ChatAnsweredByAgentAt", NULL },
                                             { "ChatServerAppName", "esv_chat_srv" },
                                             { "ChatServerDBID", "147" },
                                             { "ChatServerHost", "dev-ip9-152.gws.genesys.com" },
                                             { "ChatServerPort", "7160" },
                                             { "CustomerSegment", "default" },
                                             { "OccuredAt", NULL } };
    static const char *const after[][2] = { { "RStrategyDBID", "472" },
                                            { "RStrategyName", "CloudPoDSimpleChatInStrategy" },
                                            { "RTargetAgentGroup", "?:2>1" },
                                            { "RTargetAgentSelected", "a1" },
                                            { "RTargetObjSelDBID", "" },
                                            { "RTargetObjectSelected", "?:2>1" },
                                            { "RTargetPlaceSelected", "a1" },
                                            { "RTargetRequested", "?:2>1" },
                                            { "RTargetRuleSelected", "" },
                                            { "RTargetTypeSelected", "2" },
                                            { "RTenant", "Environment" },
                                            { "RVQDBID", "" },
                                            { "RVQID", "" } };
    apr_size_t i;

    for (i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        add_pair(session, before[i][0], CCGW_PAIR_TEXT, before[i][1] ? before[i][1] : i == 4 ? answered : occurred, 0);
    add_pair(session, "PegAG?:2>1", CCGW_PAIR_NUMBER, NULL, 1);
    add_pair(session, "RRequestedSkillCombination", CCGW_PAIR_TEXT, "", 0);
    add_pair(session, "RRequestedSkills", CCGW_PAIR_NULL, NULL, 0);
    for (i = 0; i < sizeof(after) / sizeof(after[0]); i++)
        add_pair(session, after[i][0], CCGW_PAIR_TEXT, after[i][1], 0);
    add_pair(session, "ServiceObjective", CCGW_PAIR_NUMBER, NULL, 0);
    add_pair(session, "ServiceType", CCGW_PAIR_TEXT, "default", 0);
    add_pair(session, "Subject", CCGW_PAIR_TEXT, "TestChatCustomer", 0);
}

static void removed_agent_group(ccgw_event_t *event)
{
    set_zone("EEST-3");
    event->type = CCGW_EVENT_WORKBIN_REMOVED;
    event->session = make_session(CCGW_MEDIA_CHAT, "0001BABF0A020035", 0);
    event->session->created = APR_INT64_C(1460117157000000);
    add_page_data(event->session, "2016-04-08T12:06:05Z", "2016-04-08T12:06:01Z");
    event->workbin = GROUP_BIN;
    event->owner_kind = CCGW_OWNER_AGENT_GROUP;
    event->owner = "MyAgentGroup";
    event->login = call.login;
    event->reference = 77;
}

static void removed_place_group(ccgw_event_t *event)
{
    set_zone("EEST-3");
    event->type = CCGW_EVENT_WORKBIN_REMOVED;
    event->session = make_session(CCGW_MEDIA_SMS, "0001BABF0A020039", 0);
    event->session->created = APR_INT64_C(1460118690000000);
    add_page_data(event->session, "2016-04-08T12:31:37Z", "2016-04-08T12:31:33Z");
    event->workbin = PLACE_BIN;
    event->owner_kind = CCGW_OWNER_PLACE_GROUP;
    event->owner = "MyPlaceGroup";
}

static void subscribed(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_WORKBIN_WATCHED;
    event->workbin = GROUP_BIN;
    event->owner_kind = CCGW_OWNER_AGENT_GROUP;
    event->owner = "MyAgentGroup";
    event->login = call.login;
    event->reference = 34;
}

static void unsubscribed(ccgw_event_t *event)
{
    event->type = CCGW_EVENT_WORKBIN_UNWATCHED;
    event->workbin = PLACE_BIN;
    event->owner_kind = CCGW_OWNER_PLACE_GROUP;
    event->owner = "MyPlaceGroup";
}

static void channels_changed(ccgw_event_t *event)
{
    static ccgw_presence_state_t channels[] = {
        { .media = CCGW_MEDIA_CHAT, .state = CCGW_PRESENCE_READY, .reason = "" },
        { .media = CCGW_MEDIA_SMS, .state = CCGW_PRESENCE_WRAP_UP, .reason = "" }
    };
    static ccgw_agent_t agent = { .id = ANNA, .open = 1, .channels = channels, .nchannels = 2 };

    event->type = CCGW_EVENT_AGENT_STATE;
    event->agent = &agent;
}

/* clang-format off */
static const struct {
    const char *file;
    const char *topic;
    void (*make)(ccgw_event_t *event);
} notifications[] = {
    { "smssession.invite.participants.json", "/v2/me/smssessions", invite_participants },
    { "smssession.invite.messages.json", "/v2/me/smssessions", invite_messages },
    { "smssession.invite.error.json", "/v2/me/smssessions", invite_error },
    { "smssession.accept.status.json", "/v2/me/smssessions", accept_status },
    { "smssession.reject.status.json", "/v2/me/smssessions", reject_status },
    { "smssession.leave.status.json", "/v2/me/smssessions", leave_status },
    { "smssession.attach.properties.json", "/v2/me/smssessions", attach_properties },
    { "smssession.detach.properties.json", "/v2/me/smssessions", detach_properties },
    { "smssession.log.messages.json", "/v2/me/smssessions", log_messages },
    { "chat.offer.status.json", "/v2/me/chats", chat_offer },
    { "workbin.pull.removed-agent-group.json", "/v2/me/workbins", removed_agent_group },
    { "workbin.pull.removed-place-group.json", "/v2/me/workbins", removed_place_group },
    { "workbin.subscribe.subscribed.json", "/v2/me/workbins", subscribed },
    { "workbin.unsubscribe.unsubscribed.json", "/v2/me/workbins", unsubscribed },
    { "me.channels.event.json", "/v2/me/channels", channels_changed },
};
/* clang-format on */

#define NNOTIFICATIONS (sizeof(notifications) / sizeof(notifications[0]))

/* Every row of the event table that fits, as a stream writes them. */
static int render_event(const char **text, const char **topic, const ccgw_event_t *event)
{
    const ccgw_event_row_t *row;
    int n = 0;

    for (row = ccgw_dialect_genesys.events; row->type; row++) {
        if (row->type != event->type || (row->media && (!event->session || row->media != event->session->media)) ||
            (row->when && !row->when(event, &view)))
            continue;
        *text = render(row->shape, event);
        *topic = row->topic;
        n++;
    }
    return n;
}

static void replay_notification(const char *file)
{
    const char *text = NULL, *topic = NULL;
    ccgw_event_t event = { .at = AT };
    apr_size_t i;

    for (i = 0; i < NNOTIFICATIONS && strcmp(notifications[i].file, file); i++)
        ;
    if (!ok(i < NNOTIFICATIONS, "there is an event for %s", file))
        return;
    set_zone("PST8");
    notifications[i].make(&event);
    is_int(render_event(&text, &topic, &event), 1, "one row fits the event of %s", file);
    is_str(topic, notifications[i].topic, "%s comes on %s", file, notifications[i].topic);
    is_str(text ? without_path(squeeze(text)) : NULL, squeeze(read_sample(file)), "%s is written as the page prints it",
           file);
}

/* ---- replies ---- */

static const ccgw_workbin_def_t group_bin = { .id = GROUP_BIN,
                                              .name = "group-bin",
                                              .display_name = "Group bin",
                                              .kind = CCGW_OWNER_AGENT_GROUP,
                                              .group = "MyAgentGroup" };
static const ccgw_workbin_def_t place_bin = { .id = PLACE_BIN,
                                              .name = "place-bin",
                                              .display_name = "Place bin",
                                              .kind = CCGW_OWNER_PLACE_GROUP,
                                              .group = "MyPlaceGroup" };
static const ccgw_workbin_def_t own_bin = {
    .id = OWN_BIN, .name = "drafts", .display_name = "Drafts", .kind = CCGW_OWNER_AGENT, .group = ""
};

static const void *done_reply(void)
{
    static ccgw_done_t done = { 0 };

    return &done;
}

static const void *invite_reply(void)
{
    static ccgw_done_t done = { 35 };

    return &done;
}

static const void *pull_reply(void)
{
    static ccgw_workbin_result_t result = { .reference = 77 };

    return &result;
}

static const void *pull_chat_reply(void)
{
    static ccgw_workbin_result_t result = { .reference = 18 };

    return &result;
}

static const void *several_reply(void)
{
    static ccgw_workbin_t bins[] = { { .def = &group_bin }, { .def = &place_bin } };
    static apr_int64_t references[] = { 12, 13 };
    static ccgw_workbin_result_t result = {
        .workbins = bins, .nworkbins = 2, .reference = 12, .references = references
    };

    return &result;
}

static const void *opened_reply(void)
{
    static const char *refused[] = { "email" };
    static genesys_open_result_t result = { .refused = refused, .nrefused = 1 };

    return &result;
}

static const void *states_reply(void)
{
    static genesys_feature_result_t result;

    return &result;
}

static const void *me_reply(void)
{
    static ccgw_presence_state_t channel = { .media = CCGW_MEDIA_SMS,
                                             .state = CCGW_PRESENCE_NOT_READY,
                                             .reason = "no-answer" };
    static ccgw_agent_result_t result = { .def = &anna,
                                          .agent = { .channels = &channel, .nchannels = 1 },
                                          .subresources = "channels" };

    return &result;
}

static const void *uris_reply(void)
{
    ccgw_sessions_result_t *result = apr_pcalloc(pool, sizeof(*result));

    result->sessions = make_pair(pages_id_e);
    result->nsessions = 1;
    return result;
}

static const void *messages_reply(void)
{
    ccgw_messages_result_t *result = apr_pcalloc(pool, sizeof(*result));
    ccgw_event_t event = { 0 };

    add_message(&event, CCGW_MESSAGE_TEXT, CCGW_VISIBLE_ALL, "Good morning", 1);
    result->messages = event.messages;
    result->nmessages = 1;
    return result;
}

static const void *bins_reply(void)
{
    static ccgw_workbin_t bins[] = { { .def = &group_bin }, { .def = &own_bin } };
    static ccgw_workbin_result_t result = { .workbins = bins, .nworkbins = 2, .fields = "*" };

    return &result;
}

static const void *my_bins_reply(void)
{
    static ccgw_workbin_t bins[] = { { .def = &group_bin }, { .def = &own_bin } };
    static ccgw_workbin_result_t result = { .workbins = bins, .nworkbins = 2 };

    return &result;
}

static const void *features_reply(void)
{
    static genesys_feature_result_t result;

    result.features = genesys_features;
    result.nfeatures = genesys_nfeatures;
    return &result;
}

/* clang-format off */
static const struct {
    const char *file;
    const void *(*make)(void);
} replies[] = {
    { "smssession.accept.reply.json", done_reply },
    { "smssession.invite.reply.json", invite_reply },
    { "smssession.list-uris.reply.json", uris_reply },
    { "smssession.messages.reply.json", messages_reply },
    { "workbin.pull.reply.json", pull_reply },
    { "workbin.pull-chat.reply.json", pull_chat_reply },
    { "workbin.subscribe-several.reply.json", several_reply },
    { "workbin.list.reply.json", bins_reply },
    { "workbin.list-mine.reply.json", my_bins_reply },
    { "me.start-partly.reply.json", opened_reply },
    { "me.get.reply.json", me_reply },
    { "settings.agent-states.reply.json", states_reply },
    { "feature.list-uris.reply.json", features_reply },
};
/* clang-format on */

#define NREPLIES (sizeof(replies) / sizeof(replies[0]))

static void replay_reply(const char *id, const char *file)
{
    const ccgw_op_t *op;
    apr_size_t i;

    for (op = ccgw_dialect_genesys.ops; op->id && strcmp(op->id, id); op++)
        ;
    for (i = 0; i < NREPLIES && strcmp(replies[i].file, file); i++)
        ;
    if (!ok(op->id && i < NREPLIES, "there is a row and a result for %s", file))
        return;
    set_zone("PST8");
    is_str(squeeze(render(op->reply ? op->reply : ccgw_dialect_genesys.done, replies[i].make())),
           squeeze(read_sample(file)), "%s is written as the page prints it", file);
}

/* ---- the index ---- */

static void replay_index(void)
{
    char *line, *last, *column, *rest, *cells[5];
    apr_size_t made = 0, events = 0;
    int n;

    for (line = apr_strtok(read_sample("index.txt"), "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        if (*line == '#')
            continue;
        n = 0;
        for (column = apr_strtok(line, "\t", &rest); column && n < 5; column = apr_strtok(NULL, "\t", &rest))
            cells[n++] = column;
        if (n != 5) {
            ok(0, "a line of the index has five columns: %s", line);
            continue;
        }
        if (!strcmp(cells[0], "request"))
            replay_request(cells[1], cells[2], cells[3], cells[4]);
        else if (!strcmp(cells[0], "reply") && ++made)
            replay_reply(cells[1], cells[4]);
        else if (!strcmp(cells[0], "notification") && ++events)
            replay_notification(cells[4]);
        else
            ok(0, "the index has no kind '%s'", cells[0]);
    }
    is_int(made, NREPLIES, "every reply made here has its sample");
    is_int(events, NNOTIFICATIONS, "every event made here has its sample");
}

/* ---- what samples do not show ---- */

static const void *bind_one(const char *target, const char *body)
{
    ccgw_problem_t problem = { 0 };
    ccgw_request_t request;
    ccgw_faults_t faults;
    void *args = NULL;

    if (route(&request, &problem, "POST", target, body) != APR_SUCCESS)
        return NULL;
    return ccgw_bind(&args, &faults, &request) == APR_SUCCESS ? args : NULL;
}

static void check_targets(void)
{
    static const struct {
        const char *member;
        const char *text;
        int kind;
        const char *id;
    } cases[] = {
        { "targetUri", "http://localhost:8080/api/v2/users/" ANNA, CCGW_TARGET_AGENT, ANNA },
        { "targetUri", "http://localhost:8080/api/v2/contacts/" ANNA, CCGW_TARGET_CONTACT, ANNA },
        { "targetPath", "/queues/My%20Queue", CCGW_TARGET_QUEUE, "My Queue" },
        { "userUri", "/users/" ANNA "/", CCGW_TARGET_AGENT, ANNA },
        { "targetPath", "users/" ANNA "?fields=*", CCGW_TARGET_AGENT, ANNA },
        { "targetUri", "http://localhost:8080/api/v2/devices/" ANNA, 0, NULL },
        { "targetPath", ANNA, 0, NULL },
        { "targetPath", "/users/", 0, NULL },
        { "targetPath", "/users/a%00b", 0, NULL },
        { "targetPath", "/users/a%zz", 0, NULL },
        { "uri", "/users/" ANNA, 0, NULL },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const ccgw_session_args_t *args =
            bind_one("/me/smssessions/1", apr_psprintf(pool, "{\"operationName\":\"Invite\",\"%s\":\"%s\"}",
                                                       cases[i].member, cases[i].text));
        if (!cases[i].id) {
            ok(!args, "%s %s names nobody to invite", cases[i].member, cases[i].text);
            continue;
        }
        if (!ok(args != NULL, "%s %s names a target", cases[i].member, cases[i].text))
            continue;
        is_int(args->target.kind, cases[i].kind, "of the right kind");
        is_str(args->target.id, cases[i].id, "with its id");
        is_int(args->offer, CCGW_OFFER_INVITE, "and is an invitation");
        is_int(args->media, CCGW_MEDIA_SMS, "into an SMS session");
    }
}

static void check_items(void)
{
    static const struct {
        const char *body;
        const char *id;
        int media;
        int chat;
    } cases[] = {
        { "{\"operationName\":\"AddInteraction\",\"uri\":\"http://h/api/v2/me/chats/"
          "0001BABF0A020035\"}",
          "0001BABF0A020035", 0, 0 },
        { "{\"operationName\":\"AddChat\",\"id\":\"0001BABF0A020035\"}", "0001BABF0A020035", 0, 0 },
        { "{\"operationName\":\"PullChat\",\"id\":\"0001BABF0A020035\"}", "0001BABF0A020035", 0, 1 },
        { "{\"operationName\":\"PullEmail\",\"id\":\"0001BABF0A020035\"}", "0001BABF0A020035", CCGW_MEDIA_COUNT, 0 },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const ccgw_workbin_args_t *args = bind_one("/me/workbins/" GROUP_BIN "?agentGroup=MyAgentGroup", cases[i].body);

        if (!ok(args != NULL, "%s binds", cases[i].body))
            continue;
        ok(args->session == ccgw_id_parse(cases[i].id), "the item is found by its id");
        is_int(args->media, cases[i].media, "of the media that the name says");
        is_int(args->chat, cases[i].chat, "and only PullChat is the chat form");
        is_str(args->agent_group, "MyAgentGroup", "in the group's bin");
    }
}

/* Each fault as the client sees it. */
static void check_faults(void)
{
    static const struct {
        const char *method, *target, *body;
        int http, wire;
    } cases[] = {
        { "POST", "/me/smssessions/1", "{}", 200, 1 },
        { "POST", "/me/smssessions/1", "{\"operationName\":\"Dance\"}", 200, 10 },
        { "POST", "/me/smssessions/1", "{\"operationName\":", 200, 10 },
        { "POST", "/me/smssessions/1/dance", "{}", 404, 6 },
        { "GET", "/nowhere", NULL, 404, 6 },
        { "POST", "/me/channels", "{\"operationName\":\"Ready\"}", 405, 3 },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ccgw_problem_t problem = { 0 };
        ccgw_request_t request;
        ccgw_reply_t reply;
        const char *head;

        if (!ok(route(&request, &problem, cases[i].method, cases[i].target, cases[i].body) != APR_SUCCESS,
                "%s %s %s is refused", cases[i].method, cases[i].target, cases[i].body ? cases[i].body : ""))
            continue;
        ccgw_reply_error(&reply, &ccgw_dialect_genesys, &problem, &view, pool);
        is_int(reply.http, cases[i].http, "with HTTP %d", cases[i].http);
        head = apr_psprintf(pool, "{\"statusCode\":%d,\"statusMessage\":\"", cases[i].wire);
        ok(!strncmp(reply.body.p, head, strlen(head)), "and statusCode %d: %s", cases[i].wire, reply.body.p);
        is_str(reply.content_type, "application/json", "as JSON");
    }
}

/* The HTTP status is part of the answer only for codes that others than the desktop must understand. */
static void check_codes(void)
{
    static const int codes[] = {
#define CODE(name, number, text) name,
        CCGW_ERRORS(CODE)
#undef CODE
    };
    const ccgw_error_row_t *row;
    apr_size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        for (row = ccgw_dialect_genesys.errors; row->code && row->code != codes[i]; row++)
            ;
        ok(row->code == codes[i], "our code %d has its statusCode", codes[i] - CCGW_ERROR_BASE);
        ok(row->wire > 0 && row->wire <= 20, "which the pages list: %d", row->wire);
    }
}

/* Does row OP ask for NAME: as a parameter that must be given, alone or as one of several, or to be chosen at all? */
static int demands(const ccgw_op_t *op, const char *name)
{
    const ccgw_param_t *param;
    char *spelling, *last;

    if (op->query && !strcmp(op->query, name))
        return 1;
    for (param = op->params; param && param->name; param++) {
        for (spelling = apr_strtok(apr_pstrdup(pool, param->name), "|", &last); spelling;
             spelling = apr_strtok(NULL, "|", &last)) {
            if (!strcmp(spelling, name) && (param->required || param->group))
                return 1;
        }
    }
    return 0;
}

/* Whose workbin and how much of it: the same rows serve those who do not say. */
static int is_choice(const char *name)
{
    return !strcmp(name, "agentGroup") || !strcmp(name, "placeGroup") || !strcmp(name, "subresources");
}

/* One line of the catalogue: state, ids, api, operation, method, path, required members. */
static int check_line(char **cells)
{
    char *id, *name, *last, *rest;
    const ccgw_op_t *op;
    int checked = 0;

    for (id = apr_strtok(apr_pstrdup(pool, cells[1]), ",", &last); id; id = apr_strtok(NULL, ",", &last)) {
        for (op = ccgw_dialect_genesys.ops; op->id && strcmp(op->id, id); op++)
            ;
        for (name = apr_strtok(apr_pstrdup(pool, cells[6]), ",", &rest); op->id && !op->stream && name;
             name = apr_strtok(NULL, ",", &rest)) {
            if (strcmp(name, "-") && !is_choice(name) && ++checked)
                ok(demands(op, name), "%s demands %s", id, name);
        }
    }
    return checked;
}

static void check_required(void)
{
    char *line, *last, *cell, *rest, *cells[7];
    int n, checked = 0;

    for (line = apr_strtok(read_file("catalog/genesys.txt"), "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        for (n = 0, cell = apr_strtok(line, "\t", &rest); cell && n < 7; cell = apr_strtok(NULL, "\t", &rest))
            cells[n++] = cell;
        if (n == 7 && !strcmp(cells[0], "now"))
            checked += check_line(cells);
    }
    ok(checked > 30, "the catalogue names required members: %d", checked);
    ok(!bind_one("/me/chats/1", "{\"operationName\":\"SendMessage\",\"else\":1}"),
       "and without one a request does not bind");
}

/* A GET may ask for more than the notifications tell. */
static void check_rich(void)
{
    ccgw_session_result_t result = { 0 };
    const char *text;

    result.session = *make_pair(pages_id_e);
    text = render(&genesys_shape_session_one, &result);
    ok(!strstr(text, "\"visibility\""), "a session tells its participants' names");
    ok(!strstr(text, "Asked"), "but not who has not answered yet");
    result.subresources = "*";
    text = render(&genesys_shape_session_one, &result);
    ok(strstr(text, "\"uri\":\"http://localhost:8080/api/v2/users/" ANNA "\"") != NULL,
       "and who they are when subresources are asked for");
    ok(strstr(text, "\"smssession\":{") != NULL && !strstr(text, "\"chat\":{"), "under the name of its media");
}

/* Of receipts the pages say that they are not told here. */
static void check_delivery(void)
{
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_DELIVERY, .at = AT, .text = "+15550100" };
    const char *text = NULL, *topic = NULL;
    int state;

    event.session = make_pair(pages_id_e);
    add_message(&event, CCGW_MESSAGE_TEXT, CCGW_VISIBLE_ALL, "Good morning", 1);
    for (state = CCGW_OUTBOX_QUEUED; state <= CCGW_OUTBOX_FAILED; state++) {
        event.messages->delivery = state;
        is_int(render_event(&text, &topic, &event), 0, "what became of a text is no notification: %d", state);
    }
}

int main(void)
{
    const char *why;
    apr_status_t rv;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    ccgw_json_start();
    where = getenv("CCGW_T") ? getenv("CCGW_T") : "t";
    view.pool = call.pool = pool;
    rv = ccgw_router_make(&router, &why, &ccgw_dialect_genesys, pool);
    if (!ok(rv == APR_SUCCESS, "the rows compile%s%s", why ? ": " : "", why ? why : ""))
        return done_testing();
    replay_index();
    check_targets();
    check_items();
    check_required();
    check_faults();
    check_codes();
    check_rich();
    check_delivery();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
