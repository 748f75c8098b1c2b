/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_wire_huawei.c: replays the samples of t/wire/huawei: requests are routed and bound, replies and events are
 * rendered from structs made by hand and compared byte by byte; rows demand what t/catalog says is required, and each
 * of our codes has its retcode. CCGW_T names the directory t. */
#include "tap.h"

#include "api/ccgw_bind.h"
#include "api/ccgw_reply.h"
#include "api/ccgw_route.h"
#include "api/ccgw_shape.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_outbox.h"
#include "dialect/huawei/dialect.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>

#define ME "429a55994ef64991a77acb77c1cf9041"
#define AT APR_INT64_C(1389039246007000)

static apr_pool_t *pool;
static const char *where;
static ccgw_router_t *router;
static const ccgw_agent_def_t me = { .id = ME, .login = "anna", .work_no = 49999, .role = CCGW_ROLE_AGENT };
static ccgw_call_t call = { .agent = &me, .login = "mine", .role = CCGW_ROLE_AGENT };
static ccgw_view_t view = { .call = &call, .base = "http://here", .root = "/agentgateway/resource" };

/* ---- files ---- */

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

/* One line of JSON. */
static char *read_sample(const char *name)
{
    char *text = read_file(apr_pstrcat(pool, "wire/huawei/", name, NULL));

    text[strcspn(text, "\n")] = '\0';
    return text;
}

static const char *render(const ccgw_shape_t *shape, const void *object)
{
    ccgw_out_t out;

    ccgw_out_init(&out, 1024, pool);
    ccgw_shape_json(&out, shape, object, &view);
    return out.p;
}

/* ---- requests ---- */

static ccgw_method_t method_of(const char *name)
{
    static const char *const names[] = { "-", "GET", "POST", "PUT", "DELETE" };
    int i;

    for (i = CCGW_GET; i <= CCGW_DELETE && strcmp(names[i], name); i++)
        ;
    return i;
}

static void replay_request(const char *id, const char *method, const char *target, const char *file)
{
    const char *query = strchr(target, '?'), *body = strcmp(file, "-") ? read_sample(file) : NULL;
    ccgw_request_t request = { .method = method_of(method),
                               .path = query ? apr_pstrmemdup(pool, target, (apr_size_t)(query - target)) : target,
                               .query = query ? query + 1 : NULL,
                               .content_type = "application/json; charset=UTF-8",
                               .body = ccgw_buf_str(body ? body : ""),
                               .pool = pool };
    ccgw_problem_t problem = { 0 };
    ccgw_faults_t faults;
    apr_status_t rv;
    void *args;

    if (ccgw_route(&request, &problem, router) != APR_SUCCESS) {
        ok(0, "%s %s is %s: %s", method, target, id, problem.text ? problem.text : "no row");
        return;
    }
    is_str(request.op->id, id, "%s %s is %s", method, target, id);
    if (request.op->stream)
        return;
    rv = ccgw_bind(&args, &faults, &request);
    ok(rv == APR_SUCCESS, "and binds%s%s", faults.n ? ": " : "", faults.n ? faults.v[0].text : "");
}

/* ---- replies ---- */

static void replay_reply(const char *id, const char *file)
{
    static const huawei_login_result_t login = {
        .vdn = 1, .work_no = "49999", .services = "TTF", .login_time = "1389039246007"
    };
    static const huawei_status_t status = { 4, 0 };
    const void *result = !strcmp(id, "agent.login") ? (const void *)&login : (const void *)&status;
    const ccgw_op_t *op;

    for (op = ccgw_dialect_huawei.ops; op->id && strcmp(op->id, id); op++)
        ;
    is_str(render(op->reply ? op->reply : ccgw_dialect_huawei.done, result), read_sample(file), "%s is answered as %s",
           id, file);
}

static void replay_error(const char *id, const char *file)
{
    ccgw_problem_t problem = { strcmp(id, "in-conference") ? CCGW_ESIGNIN : CCGW_EINCONFERENCE };
    ccgw_reply_t reply;

    ccgw_reply_error(&reply, &ccgw_dialect_huawei, &problem, &view, pool);
    is_str(reply.body.p, read_sample(file), "%s is refused as %s", id, file);
    is_int(reply.http, 200, "with HTTP status 200");
}

/* ---- events ---- */

static ccgw_participant_t mine = {
    .id = 1, .party = CCGW_PARTY_AGENT, .agent = ME, .leg = CCGW_LEG_JOINED, .nickname = "Anna"
};
static ccgw_participant_t phone = { .id = 2, .party = CCGW_PARTY_PHONE, .address = "70093", .leg = CCGW_LEG_JOINED };
static ccgw_session_t session = { .id = (ccgw_id_t)1456401416 << 32 | 3,
                                  .customer = "70093",
                                  .number = "28120000",
                                  .participants = &mine,
                                  .nparticipants = 1,
                                  .created = AT - 6000000 };
static ccgw_message_t message = {
    .index = 4, .type = CCGW_MESSAGE_TEXT, .text = "hello", .from_party = CCGW_PARTY_CUSTOMER
};
static ccgw_presence_state_t channel = { .media = CCGW_MEDIA_VOICE, .state = CCGW_PRESENCE_NOT_READY, .reason = "200" };
static ccgw_agent_t agent = { .id = ME, .open = 1, .channels = &channel, .nchannels = 1 };

/* clang-format off */
#define STATE   CCGW_EVENT_SESSION_STATE
#define MEMBER  CCGW_EVENT_SESSION_PARTICIPANTS
#define LOG     CCGW_EVENT_SESSION_MESSAGES
#define AGENT   CCGW_EVENT_AGENT_STATE
#define FATE    CCGW_EVENT_SESSION_DELIVERY
static const struct {
    const char *name;
    int type, media, view, change, why, offer;
    const char *cause;       /* of AGENT */
    ccgw_participant_t *who; /* of MEMBER */
    const char *from;        /* of LOG and FATE */
    int delivery;            /* of FATE */
} happened[] = {
    { "sign-in",      AGENT, .cause = HUAWEI_CAUSE_SIGN_IN },
    { "busy",         AGENT, .cause = HUAWEI_CAUSE_BUSY },
    { "cancel-busy",  AGENT, .cause = HUAWEI_CAUSE_CANCEL_BUSY },
    { "work",         AGENT, .cause = HUAWEI_CAUSE_WORK },
    { "cancel-work",  AGENT, .cause = HUAWEI_CAUSE_CANCEL_WORK },
    { "sign-out",     AGENT, .cause = HUAWEI_CAUSE_SIGN_OUT " 1389039246007" },
    { "request",      STATE, CCGW_MEDIA_VOICE, 0, CCGW_CHANGE_CHAIR, CCGW_WHY_OWN },
    { "asked",        STATE, CCGW_MEDIA_VOICE, CCGW_VIEW_OFFERED },
    { "entered",      STATE, CCGW_MEDIA_VOICE, 0, CCGW_CHANGE_JOINED, CCGW_WHY_OWN },
    { "refused",      STATE, CCGW_MEDIA_VOICE, CCGW_VIEW_COMPLETED, CCGW_CHANGE_NOT_COMING, CCGW_WHY_REFUSED },
    { "left",         STATE, CCGW_MEDIA_VOICE, CCGW_VIEW_COMPLETED, CCGW_CHANGE_LEFT, CCGW_WHY_OWN },
    { "over",         STATE, CCGW_MEDIA_VOICE, CCGW_VIEW_COMPLETED, CCGW_CHANGE_LEFT, CCGW_WHY_OVER },
    { "chair",        STATE, CCGW_MEDIA_VOICE, 0, CCGW_CHANGE_CHAIR, CCGW_WHY_SIGNED_OUT },
    { "ending",       CCGW_EVENT_CONFERENCE_ENDING, CCGW_MEDIA_VOICE },
    { "phone-joined", MEMBER, CCGW_MEDIA_VOICE, 0, CCGW_CHANGE_JOINED, CCGW_WHY_OWN, .who = &phone },
    { "member-over",  MEMBER, CCGW_MEDIA_VOICE, 0, CCGW_CHANGE_LEFT, CCGW_WHY_OVER, .who = &mine },
    { "ringing",      STATE, CCGW_MEDIA_SMS, CCGW_VIEW_OFFERED },
    { "transferred",  STATE, CCGW_MEDIA_CHAT, CCGW_VIEW_OFFERED, .offer = CCGW_OFFER_TRANSFER },
    { "talking",      STATE, CCGW_MEDIA_SMS, 0, CCGW_CHANGE_JOINED, .offer = CCGW_OFFER_CONSULT },
    { "message",      LOG, CCGW_MEDIA_SMS },
    { "own-message",  LOG, CCGW_MEDIA_SMS, .from = ME },
    { "delivered",    FATE, CCGW_MEDIA_SMS, .from = ME, .delivery = CCGW_OUTBOX_DELIVERED },
    { "failed",       FATE, CCGW_MEDIA_CHAT, .from = ME, .delivery = CCGW_OUTBOX_FAILED },
    { "carrier-refused", FATE, CCGW_MEDIA_SMS, .from = ME, .delivery = CCGW_OUTBOX_REFUSED },
    { "taken",        FATE, CCGW_MEDIA_SMS, .from = ME, .delivery = CCGW_OUTBOX_ACCEPTED },
    { "others-delivered", FATE, CCGW_MEDIA_SMS, .from = "another", .delivery = CCGW_OUTBOX_DELIVERED },
    { "others-failed", FATE, CCGW_MEDIA_SMS, .from = "another", .delivery = CCGW_OUTBOX_FAILED },
    { "relayed-delivered", FATE, CCGW_MEDIA_SMS, .delivery = CCGW_OUTBOX_DELIVERED },
    { "released",     STATE, CCGW_MEDIA_SMS, CCGW_VIEW_COMPLETED },
    { "unanswered",   STATE, CCGW_MEDIA_CHAT, CCGW_VIEW_REVOKED },
};
/* clang-format on */

static int fits(const ccgw_event_row_t *row, const ccgw_event_t *event)
{
    return row->type == event->type && (!row->media || (event->session && event->session->media == row->media)) &&
           (!row->when || row->when(event, &view));
}

static void make_event(ccgw_event_t *event, apr_size_t i)
{
    memset(event, 0, sizeof *event);
    event->type = happened[i].type;
    event->at = AT;
    event->view = happened[i].view;
    event->change = happened[i].change;
    event->why = happened[i].why;
    event->who = happened[i].who;
    event->text = event->type == FATE ? "70093" : happened[i].cause;
    event->login = "mine";
    mine.offer = happened[i].offer;
    mine.by_agent = ME;
    session.media = happened[i].media;
    event->session = happened[i].media ? &session : NULL;
    event->agent = happened[i].cause ? &agent : NULL;
    message.from_agent = happened[i].from;
    event->messages = &message;
    message.delivery = happened[i].delivery;
    event->nmessages = event->type == LOG || event->type == FATE;
}

static void replay_event(const char *name, int which, int count, const char *file)
{
    const ccgw_event_row_t *row;
    const char *text = NULL;
    ccgw_event_t event;
    apr_size_t i;
    int n = 0;

    for (i = 0; i < sizeof happened / sizeof happened[0] && strcmp(happened[i].name, name); i++)
        ;
    make_event(&event, i);
    for (row = ccgw_dialect_huawei.events; row->type; row++) {
        if (fits(row, &event) && ++n == which)
            text = render(row->shape, &event);
    }
    is_int(n, count, "%s is told by %d events", name, count);
    is_str(text, strcmp(file, "-") ? read_sample(file) : NULL, "number %d is %s", which, file);
}

static void replay_index(void)
{
    char *line, *last, *cell, *rest, *cells[5];
    int n;

    for (line = apr_strtok(read_file("wire/huawei/index.txt"), "\n", &last); line;
         line = apr_strtok(NULL, "\n", &last)) {
        for (n = 0, cell = apr_strtok(line, "\t", &rest); cell && n < 5; cell = apr_strtok(NULL, "\t", &rest))
            cells[n++] = cell;
        if (*line == '#')
            continue;
        if (n < 5)
            ok(0, "a line of the index has five cells: %s", line);
        else if (!strcmp(cells[0], "request"))
            replay_request(cells[1], cells[2], cells[3], cells[4]);
        else if (!strcmp(cells[0], "reply"))
            replay_reply(cells[1], cells[4]);
        else if (!strcmp(cells[0], "error"))
            replay_error(cells[1], cells[4]);
        else
            replay_event(cells[1], atoi(cells[2]), atoi(cells[3]), cells[4]);
    }
}

/* ---- another dialect's desktop of the same agent ---- */

static const char *told(const ccgw_event_t *event)
{
    const ccgw_event_row_t *row;
    const char *types = "";

    for (row = ccgw_dialect_huawei.events; row->type; row++) {
        if (fits(row, event))
            types = apr_pstrcat(pool, types, *types ? " " : "", row->shape->name, NULL);
    }
    return types;
}

static void check_foreign_states(void)
{
    static const struct {
        int state;
        const char *reason, *types, *number;
    } states[] = {
        { CCGW_PRESENCE_READY, "", "AgentState_Ready", NULL },
        { CCGW_PRESENCE_WRAP_UP, "", "AgentState_Work", NULL },
        { CCGW_PRESENCE_NOT_READY, "", "AgentState_SetNotReady_Success", "\"reason\":\"0\"" },
        { CCGW_PRESENCE_NOT_READY, "Lunch", "AgentState_SetNotReady_Success", "\"reason\":\"1\"" },
        { CCGW_PRESENCE_NOT_READY, "no-answer", "AgentState_SetNotReady_Success", "\"reason\":\"2\"" },
    };
    ccgw_event_t event = { .type = AGENT, .agent = &agent, .login = "another" };
    const ccgw_event_row_t *row;
    apr_size_t i;

    for (i = 0; i < sizeof states / sizeof states[0]; i++) {
        channel.state = states[i].state;
        channel.reason = states[i].reason;
        is_str(told(&event), states[i].types, "set elsewhere, %s is told", states[i].types);
        for (row = ccgw_dialect_huawei.events; row->type && !fits(row, &event); row++)
            ;
        if (states[i].number)
            ok(strstr(render(row->shape, &event), states[i].number) != NULL, "with %s", states[i].number);
    }
    event.text = HUAWEI_CAUSE_SIGN_IN;
    is_str(told(&event), "", "another desktop's sign-in is not told");
    event.text = HUAWEI_CAUSE_SIGN_OUT " 1";
    is_str(told(&event), "", "nor its sign-out");
    event.text = HUAWEI_CAUSE_OPEN;
    is_str(told(&event), "", "nor what comes before the state is set");
    agent.open = 0;
    event.text = NULL;
    is_str(told(&event), "", "nor the end of another dialect's session");
    agent.open = 1;
}

/* ---- codes ---- */

static void check_codes(void)
{
    static const struct {
        const char *name;
        int code;
    } codes[] = {
#define CODE(name_, number_, text_) { #name_, name_ },
        CCGW_ERRORS(CODE)
#undef CODE
    };
    const ccgw_error_row_t *row;
    apr_size_t i;

    for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        for (row = ccgw_dialect_huawei.errors; row->code && row->code != codes[i].code; row++)
            ;
        ok(row->code == codes[i].code, "%s has a retcode of its own", codes[i].name);
        ok(row->http == 200 || row->http == 503 || row->http == 413, "and no status that clients take for a fault");
    }
}

static void check_guid(void)
{
    static const char token[] = "0123456789abcdef0123456789abcdef1a2b3c4d";
    static const char *const forms[] = {
        "01234567-89ab-cdef-0123-456789abcdef.AgentGateway1a2b3c4d",
        "JSESSIONID=01234567-89ab-cdef-0123-456789abcdef.AgentGateway1a2b3c4d",
        "JSESSIONID01234567-89ab-cdef-0123-456789abcdef.AgentGateway1a2b3c4d",
        "01234567-89AB-CDEF-0123-456789ABCDEF.AgentGateway1A2B3C4D",
    };
    static const char *const others[] = {
        "",
        "JSESSIONID=",
        "01234567",
        "01234567-89ab-cdef-0123-456789abcdef.AgentGateway",
        "01234567-89ab-cdef-0123-456789abcdef.AgentGateway1a2b3c4d5",
        "01234567-89ab-cdef-0123-456789abcdef1a2b3c4d",
    };
    apr_size_t i;

    is_str(huawei_guid(token, pool), forms[0], "a token as a Guid");
    for (i = 0; i < sizeof forms / sizeof forms[0]; i++)
        is_str(huawei_token(forms[i], pool), token, "and back: %s", forms[i]);
    for (i = 0; i < sizeof others / sizeof others[0]; i++)
        is_str(huawei_token(others[i], pool), others[i], "no Guid: '%s'", others[i]);
}

/* ---- the catalogue ---- */

static int demands(const ccgw_op_t *op, const char *name)
{
    const ccgw_param_t *param;
    char *spelling, *last;

    for (param = op->params; param && param->name; param++) {
        for (spelling = apr_strtok(apr_pstrdup(pool, param->name), "|", &last); spelling;
             spelling = apr_strtok(NULL, "|", &last)) {
            if (!strcmp(spelling, name) && param->required)
                return 1;
        }
    }
    return 0;
}

static void check_required(void)
{
    char *line, *last, *cell, *rest, *cells[7], *name;
    const ccgw_op_t *op;
    int n, checked = 0;

    for (line = apr_strtok(read_file("catalog/huawei.txt"), "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        for (n = 0, cell = apr_strtok(line, "\t", &rest); cell && n < 7; cell = apr_strtok(NULL, "\t", &rest))
            cells[n++] = cell;
        if (n < 7 || strcmp(cells[0], "now"))
            continue;
        for (op = ccgw_dialect_huawei.ops; op->id && strcmp(op->id, cells[1]); op++)
            ;
        for (name = apr_strtok(cells[6], ",", &rest); name; name = apr_strtok(NULL, ",", &rest)) {
            if (strcmp(name, "-") && ++checked)
                ok(demands(op, name), "%s demands %s", cells[1], name);
        }
    }
    ok(checked >= 10, "the catalogue names required members: %d", checked);
}

int main(void)
{
    const char *why;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    ccgw_json_start();
    where = getenv("CCGW_T") ? getenv("CCGW_T") : "t";
    call.pool = view.pool = pool;
    if (ccgw_router_make(&router, &why, &ccgw_dialect_huawei, pool) != APR_SUCCESS) {
        printf("Bail out! %s\n", why);
        return 1;
    }
    replay_index();
    check_foreign_states();
    check_codes();
    check_guid();
    check_required();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
