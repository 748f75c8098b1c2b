/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_poll.c: the polling framing and the Huawei dialect on a whole floor, against a host made of plain variables.
 *
 * A desktop is a Guid and a connection; what it asks goes through the rows, the way the server does it. The host's wait
 * runs a step of the test ("meanwhile ...") or lets the clock go on. */
#include "tap.h"
#include "house.h"

#include "api/ccgw_reply.h"
#include "api/ccgw_route.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_stream_record.h"
#include "dialect/huawei/dialect.h"
#include "stream/ccgw_stream.h"
#include "util/ccgw_json.h"

#include <apr_strings.h>
#include <stdlib.h>

#define EMPTY    "{\"message\":\"\",\"retcode\":\"0\"}"
#define DONE     "{\"result\":{},\"message\":\"success\",\"retcode\":\"0\"}"
#define PASSWORD "{\"password\":\"secret\",\"phonenum\":\"70101\"}"

typedef struct desk_t {
    int number;
    const char *guid;
    apr_uint64_t carrier;
} desk_t;

typedef struct fake_t {
    ccgw_stream_host_t host;
    int nkeys;
} fake_t;

static house_t *house;
static ccgw_router_t *router;
static apr_pool_t *pool;
static desk_t anna = { 101, NULL, 1 }, bert = { 102, NULL, 2 }, cleo = { 103, NULL, 3 };
static const char *asking; /* the Guid of the request in progress */
static void (*meanwhile)(void);
static apr_uint64_t sound; /* the one connection that took everything */
static int wakes, silent;  /* waits without a key */
static ccgw_reply_t reply;

/* ---- the host ---- */

static apr_status_t fake_wait(ccgw_stream_host_t *host, apr_time_t until)
{
    void (*step)(void) = meanwhile;

    silent += ((fake_t *)host)->nkeys < 2;
    meanwhile = NULL;
    if (step) {
        step();
        return APR_SUCCESS;
    }
    house->now = until;
    return APR_TIMEUP;
}

static apr_status_t fake_listen(ccgw_stream_host_t *host, const ccgw_buf_t *keys, int n)
{
    ((fake_t *)host)->nkeys = n;
    return APR_SUCCESS;
}

static void fake_wake(ccgw_stream_host_t *host, ccgw_buf_t key)
{
    wakes++;
}

static int fake_sound(ccgw_stream_host_t *host, apr_uint64_t carrier)
{
    return carrier == sound;
}

static void fake_carries(ccgw_stream_host_t *host, ccgw_buf_t key)
{
}

/* ---- requests ---- */

static const char *read_header(void *baton, const char *name)
{
    return strcasecmp(name, "Guid") ? NULL : asking;
}

static apr_status_t check_password(void *baton, ccgw_call_t *call, const char *user, const char *password)
{
    const ccgw_agent_def_t *def =
        *user == '#' ? ccgw_floor_agent_by_work_no(house->core.floor, house->demo, atoi(user + 1)) : NULL;

    if (!def || strcmp(password, "secret"))
        return CCGW_EPASSWORD;
    call->tenant = def->tenant;
    call->agent = def;
    call->role = def->role;
    return APR_SUCCESS;
}

static ccgw_method_t method_of(const char *name)
{
    return !strcmp(name, "GET")    ? CCGW_GET
           : !strcmp(name, "PUT")  ? CCGW_PUT
           : !strcmp(name, "POST") ? CCGW_POST
                                   : CCGW_DELETE;
}

/* As the server does it: whose Guid, which row, may he. */
static void run_request(ccgw_request_t *request, apr_uint64_t carrier)
{
    const char *token = ccgw_dialect_huawei.token(request);
    const ccgw_agent_def_t *agent = NULL;
    ccgw_login_t login = { .id = NULL };
    fake_t fake = { { .wait = fake_wait,
                      .listen = fake_listen,
                      .wake = fake_wake,
                      .carrier = carrier,
                      .carrier_sound = fake_sound,
                      .carries = fake_carries } };
    ccgw_problem_t problem = { 0 };
    ccgw_call_t call;
    ccgw_view_t view = { .check_password = check_password,
                         .call = &call,
                         .base = "http://here",
                         .root = "/agentgateway/resource",
                         .pool = pool };
    apr_status_t rv = ccgw_route(request, &problem, router);

    if (rv != APR_SUCCESS) {
        ccgw_call_init(&call, &house->core, NULL, NULL, NULL, pool);
        problem.code = rv;
        ccgw_reply_error(&reply, &ccgw_dialect_huawei, &problem, &view, pool);
        return;
    }
    if (token)
        ccgw_login_find(&login, &agent, &house->core, token, pool);
    ccgw_call_init(&call, &house->core, agent ? agent->tenant : NULL, agent, agent ? login.id : NULL, pool);
    if (!request->op->stream) {
        ccgw_reply_run(&reply, &ccgw_dialect_huawei, request, &view, &call);
        return;
    }
    rv = ccgw_reply_admit(&problem, &ccgw_dialect_huawei, request, &call);
    if (rv == APR_SUCCESS) {
        ccgw_reply_t answer;

        request->op->stream->serve(&answer, &fake.host, &ccgw_dialect_huawei, request, &view, &call);
        reply = answer;
        return;
    }
    ccgw_reply_error(&reply, &ccgw_dialect_huawei, &problem, &view, pool);
}

/* TARGET may hold one %d: the desk's number. The reply's body. */
static const char *ask(const desk_t *desk, const char *method, const char *target, const char *body)
{
    const char *full = strstr(target, "%d") ? apr_psprintf(pool, target, desk->number) : target;
    const char *query = strchr(full, '?');
    ccgw_request_t request = { .method = method_of(method),
                               .path = query ? apr_pstrmemdup(pool, full, (apr_size_t)(query - full)) : full,
                               .query = query ? query + 1 : NULL,
                               .content_type = body ? "application/json; charset=UTF-8" : NULL,
                               .body = ccgw_buf_str(body ? body : ""),
                               .header = read_header,
                               .pool = pool };

    asking = desk->guid;
    house->now += 1000; /* no two commits at one time */
    run_request(&request, desk->carrier);
    return reply.body.p;
}

static const char *code_of(const char *text)
{
    const char *at = strstr(text, "\"retcode\":\"");

    return at ? apr_pstrmemdup(pool, at + 11, strcspn(at + 11, "\"")) : "no retcode";
}

static void takes_guid(desk_t *desk)
{
    int i;

    desk->guid = NULL;
    for (i = 0; i < reply.headers.n; i++) {
        if (!strcmp(reply.headers.v[i].key, "Set-GUID"))
            desk->guid = reply.headers.v[i].text + strlen("JSESSIONID=");
    }
}

static const char *sign_in(desk_t *desk)
{
    const char *body = ask(desk, "PUT", "/onlineagent/%d/forcelogin", PASSWORD);

    takes_guid(desk);
    return body;
}

static const char *poll(const desk_t *desk)
{
    return ask(desk, "GET", "/agentevent/%d", NULL);
}

static const char *type_in(const char *text)
{
    const char *at = strstr(text, "\"eventType\":\"");

    return at ? apr_pstrmemdup(pool, at + 13, strcspn(at + 13, "\"")) : strcmp(text, EMPTY) ? text : "";
}

/* The types of all events waiting for DESK, with blanks between. */
static const char *all_events(const desk_t *desk)
{
    const char *types = "", *type;
    int i;

    for (i = 0; i < 40 && *(type = type_in(poll(desk))); i++)
        types = apr_pstrcat(pool, types, *types ? " " : "", type, NULL);
    return types;
}

static void hears(const desk_t *desk, const char *want, const char *what)
{
    const char *types = all_events(desk);

    is_str(types, want, "%s", what);
}

static void answers(const desk_t *desk, const char *method, const char *target, const char *body, const char *want)
{
    const char *code = code_of(ask(desk, method, target, body));

    is_str(code, want, "%s %s %s: %s", method, target, body ? body : "", want);
    ok(reply.http == 200, "with HTTP status 200");
}

static void sign_out(desk_t *desk)
{
    ask(desk, "DELETE", "/onlineagent/%d/forcelogout", NULL);
    desk->guid = NULL;
}

/* ---- signing in and out ---- */

static void check_sign_in(void)
{
    const char *body, *old;
    desk_t other = { 101, NULL, 9 };

    body = ask(&anna, "PUT", "/onlineagent/%d", PASSWORD);
    takes_guid(&anna);
    ok(strstr(body, "\"workno\":\"101\",\"mediatype\":\"TTF\",\"loginTime\":\"15000000") != NULL, "sign-in tells: %s",
       body);
    ok(anna.guid && strlen(anna.guid) == 36 + 13 + 8 && !strncmp(anna.guid + 36, ".AgentGateway", 13),
       "and hands out a Guid: %s", anna.guid ? anna.guid : "none");
    body = poll(&anna);
    is_str(body,
           "{\"message\":\"\",\"retcode\":\"0\",\"event\":{\"eventType\":\"AgentOther_InService\",\"workNo\":\"101\","
           "\"content\":null}}",
           "one event per poll, in its envelope");
    hears(&anna, "AgentState_Ready", "then the agent is ready");
    answers(&other, "PUT", "/onlineagent/%d", PASSWORD, "100-002");
    answers(&anna, "GET", "/onlineagent/%d/agentstatus", NULL, "0");
    is_str(ask(&anna, "GET", "/onlineagent/%d/agentstatus", NULL),
           "{\"result\":{\"agentState\":4,\"isWorking\":false},\"message\":\"success\",\"retcode\":\"0\"}",
           "the first desktop goes on");
    old = anna.guid;
    other.guid = apr_psprintf(pool, "JSESSIONID%s", old);
    answers(&other, "GET", "/onlineagent/%d/agentstatus", NULL, "0");
    sign_in(&anna);
    other.guid = old;
    answers(&other, "GET", "/onlineagent/%d/agentstatus", NULL, "100-006");
    hears(&anna, "AgentOther_InService AgentState_Ready", "a forced sign-in ends the older one");
    answers(&anna, "DELETE", "/onlineagent/%d/logout", NULL, "0");
    answers(&anna, "GET", "/agentevent/%d", NULL, "100-006");
    ask(&anna, "PUT", "/onlineagent/%d",
        "{\"password\":\"secret\",\"phonenum\":\"1\",\"status\":\"3\",\"checkInWebm\":\"false\"}");
    takes_guid(&anna);
    ok(strstr(reply.body.p, "\"mediatype\":\"TFF\"") != NULL, "without the web server there is only the telephone");
    hears(&anna, "AgentOther_InService AgentState_Ready AgentState_SetNotReady_Success", "status 3: busy");
    sign_out(&anna);
    ask(&anna, "PUT", "/onlineagent/%d/loginex", "{\"password\":\"secret\",\"status\":5}");
    takes_guid(&anna);
    hears(&anna, "AgentOther_InService AgentState_Ready AgentState_Work", "status 5: wrap-up");
    sign_out(&anna);
    ok(!house_fault(house), "and all records agree");
}

/* Two desktops come together: whoever commits first is signed in, at whichever commit of the other one that is. */
static int commits_left;
static desk_t rival = { 101, NULL, 30 };

static apr_status_t commit_after_rival(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    if (!commits_left--) {
        ccgw_reply_t mine = reply;
        const char *guid = asking;

        ask(&rival, "PUT", "/onlineagent/%d", PASSWORD);
        takes_guid(&rival);
        reply = mine;
        asking = guid;
    }
    return house->real->commit(at, txn, durability);
}

static int is_in(const desk_t *desk)
{
    return desk->guid && !strcmp(code_of(ask(desk, "GET", "/onlineagent/%d/agentstatus", NULL)), "0");
}

static void check_race(void)
{
    int i;

    for (i = 0; i < 6; i++) {
        int both;

        rival.guid = NULL;
        commits_left = i;
        house->provider.commit = commit_after_rival;
        ask(&anna, "PUT", "/onlineagent/%d", PASSWORD);
        house->provider.commit = house->real->commit;
        takes_guid(&anna);
        both = is_in(&anna) + is_in(&rival);
        is_int(both, 1, "of two sign-ins at once one stays (commit %d)", i);
        sign_out(is_in(&anna) ? &anna : &rival);
    }
}

static void check_states(void)
{
    sign_in(&anna);
    all_events(&anna);
    answers(&anna, "POST", "/onlineagent/%d/cancelbusy", NULL, "100-009");
    answers(&anna, "POST", "/onlineagent/%d/cancelwork", NULL, "100-009");
    answers(&anna, "POST", "/onlineagent/%d/saybusy?reason=251", NULL, "000-002");
    hears(&anna, "", "what was refused is not told");
    answers(&anna, "POST", "/onlineagent/%d/saybusy?reason=205", NULL, "0");
    is_str(poll(&anna),
           "{\"message\":\"\",\"retcode\":\"0\",\"event\":{\"eventType\":\"AgentState_SetNotReady_Success\","
           "\"workNo\":\"101\",\"content\":{\"reason\":\"205\"}}}",
           "busy comes with its reason");
    answers(&anna, "POST", "/onlineagent/%d/saybusy?reason=206", NULL, "100-009");
    answers(&anna, "POST", "/onlineagent/%d/saybusy?prolong=true", NULL, "000-002");
    answers(&anna, "POST", "/onlineagent/%d/saybusy?reason=206&prolong=true", NULL, "0");
    answers(&anna, "POST", "/onlineagent/%d/cancelbusy", NULL, "0");
    answers(&anna, "POST", "/onlineagent/%d/work", NULL, "0");
    ok(strstr(ask(&anna, "GET", "/onlineagent/%d/agentstatus", NULL), "\"agentState\":5") != NULL,
       "wrap-up is state 5");
    answers(&anna, "POST", "/onlineagent/%d/cancelwork", NULL, "0");
    answers(&anna, "POST", "/onlineagent/%d/sayfree", NULL, "0");
    answers(&anna, "POST", "/onlineagent/%d/resetskill/true", NULL, "0");
    hears(&anna,
          "AgentState_SetNotReady_Success AgentState_CancelNotReady_Success AgentState_SetWork_Success AgentState_Work "
          "AgentState_CancelWork_Success AgentState_Ready",
          "each change is told by its own event");
    sign_out(&anna);
}

/* ---- the framing ---- */

static void anna_is_busy(void)
{
    ask(&anna, "POST", "/onlineagent/%d/saybusy", NULL);
}

static const char *stolen;

static void anna_polls_elsewhere(void)
{
    meanwhile = anna_is_busy;
    stolen = poll(&anna);
}

static void anna_leaves(void)
{
    ask(&anna, "DELETE", "/onlineagent/%d/forcelogout", NULL);
}

static void check_hold(void)
{
    apr_time_t begin;

    sign_in(&anna);
    all_events(&anna);
    begin = house->now;
    is_str(poll(&anna), EMPTY, "a poll without events is answered with exactly these bytes");
    is_int(apr_time_sec(house->now - begin), 10, "after ten seconds");
    meanwhile = anna_is_busy;
    begin = house->now;
    is_str(type_in(poll(&anna)), "AgentState_SetNotReady_Success", "an event ends the wait");
    ok(house->now - begin < apr_time_from_sec(1), "at once");
    ask(&anna, "POST", "/onlineagent/%d/sayfree", NULL);
    all_events(&anna);
    wakes = 0;
    meanwhile = anna_polls_elsewhere;
    is_str(poll(&anna), EMPTY, "a newer poll takes over: the older one is told nothing");
    is_str(type_in(stolen), "AgentState_SetNotReady_Success", "the newer one has the event");
    ok(wakes > 0, "the older one was woken");
    meanwhile = anna_leaves;
    begin = house->now;
    is_str(code_of(poll(&anna)), "100-006", "signing out ends a held poll");
    ok(house->now - begin < apr_time_from_sec(1), "at once");
    is_int(silent, 0, "no wait but for the login's own keys");
}

/* What was sent on a connection that broke comes again, byte for byte, and what follows keeps its order. */
static void check_receipt(void)
{
    const char *first, *again, *second;

    sign_in(&anna);
    first = poll(&anna);
    anna.carrier = 11;
    again = poll(&anna);
    is_str(again, first, "on another connection the event is sent again");
    again = poll(&anna);
    is_str(type_in(again), "AgentState_Ready", "on the same connection the next one follows");
    anna.carrier = 12;
    second = poll(&anna);
    is_str(second, again, "in the middle of a commit as well");
    anna.carrier = 13;
    sound = 12;
    is_str(poll(&anna), EMPTY, "not when the other connection took all of it");
    sound = 0;
    anna.carrier = 1;
    sign_out(&anna);
}

static void forget_words(void)
{
    ccgw_login_t login;
    const ccgw_agent_def_t *agent;

    if (ccgw_login_find(&login, &agent, &house->core, huawei_token(anna.guid, pool), pool) == APR_SUCCESS)
        house->real->forget(house->core.store, ccgw_stream_key(house->demo, login.id, pool));
}

static void check_silence(void)
{
    int i;

    sign_in(&anna);
    all_events(&anna);
    for (i = 0; i < 4; i++) {
        house_pass(house, apr_time_from_sec(60));
        poll(&anna);
    }
    is_str(code_of(poll(&anna)), "0", "who polls stays");
    forget_words();
    is_str(poll(&anna), EMPTY, "and when a power cut takes its words, it goes on where the last deadline found it");
    for (i = 0; i < 3; i++) {
        house_pass(house, apr_time_from_sec(60));
        ask(&anna, "GET", "/onlineagent/%d/agentstatus", NULL);
    }
    is_str(code_of(poll(&anna)), "100-006", "two minutes without a poll sign the agent out, whatever else he asks");
    is_int(house_agent(house, "anna").open, 0, "and he is not there any more");
}

/* ---- conferences ---- */

static void check_conference(void)
{
    const char *body;

    sign_in(&anna);
    sign_in(&bert);
    sign_in(&cleo);
    all_events(&anna), all_events(&bert), all_events(&cleo);
    answers(&bert, "POST", "/agentconf/%d/rejectagentconf", NULL, "101-001");
    answers(&anna, "POST", "/agentconf/%d/requestagentconf", "{\"memberNum\":\"4\",\"beepTone\":\"false\"}", "0");
    hears(&anna,
          "AgentState_Busy AgentOther_PhoneAlerting AgentOther_PhoneOffhook AgentConf_SelfJoinResult "
          "AgentConf_RequestSuccess",
          "applying for a conference");
    answers(&anna, "POST", "/agentconf/%d/requestagentconf", "{\"memberNum\":4}", "101-003");
    answers(&anna, "POST", "/agentconf/%d/batchaddparticipant",
            "{\"addresses\":[{\"addressType\":\"9\",\"address\":\"102\"},{\"addressType\":9,\"address\":\"103\"}]}",
            "0");
    ok(strstr(ask(&anna, "GET", "/onlineagent/%d/agentstatus", NULL), "\"agentState\":7,\"isWorking\":true") != NULL,
       "who is in a conference is working");
    body = poll(&bert);
    ok(strstr(body, "\"eventType\":\"AgentConf_Ringing\",\"workNo\":\"102\",\"content\":{\"confId\":") != NULL,
       "the one asked hears it ring: %s", body);
    body = ask(&bert, "POST", "/agentconf/%d/rejectagentconf", NULL);
    is_str(body, DONE, "refusing is answered as the page prints it");
    hears(&bert, "AgentOther_PhoneRelease AgentState_Ready", "he is idle again");
    body = poll(&anna);
    ok(strstr(body, "\"content\":{\"result\":1,\"changeType\":0,\"changeReason\":255,\"confId\":") != NULL &&
           strstr(body, "\"participant\":\"102\",\"participantType\":9,\"deviceCallType\":0,\"deviceType\":0}") != NULL,
       "the chair hears who does not come: %s", body);
    answers(&bert, "POST", "/agentconf/%d/rejectagentconf", NULL, "101-001");
    answers(&cleo, "PUT", "/agentconf/%d/answeragentconf", NULL, "0");
    hears(&cleo, "AgentConf_Ringing AgentOther_PhoneAlerting AgentOther_PhoneOffhook AgentConf_SelfJoinResult",
          "another answers");
    hears(&anna, "AgentConf_ParticipantChanged", "and the chair is told");
    answers(&cleo, "POST", "/agentconf/%d/batchaddparticipant",
            "{\"addresses\":[{\"addressType\":\"6\",\"address\":\"1\"}]}", "101-002");
    answers(&cleo, "POST", "/agentconf/%d/releaseagentconf", NULL, "101-002");
    answers(&anna, "POST", "/agentconf/%d/requestleaveagentconf", NULL, "101-007");
    answers(&cleo, "POST", "/agentconf/%d/requestleaveagentconf", NULL, "0");
    hears(&cleo, "AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult", "leaving");
    body = poll(&anna);
    ok(strstr(body, "\"result\":0,\"changeType\":1,\"changeReason\":0,") != NULL, "the chair hears who left: %s", body);
    answers(&anna, "POST", "/agentconf/%d/batchaddparticipant",
            "{\"addresses\":[{\"addressType\":\"9\",\"address\":\"103\"}]}", "0");
    ask(&cleo, "POST", "/agentconf/%d/answeragentconf", NULL);
    all_events(&anna), all_events(&cleo);
    answers(&anna, "DELETE", "/agentconf/%d/requestleaveagentconf", NULL, "0");
    hears(&anna, "AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult AgentState_Ready",
          "the chair's leaving ends it");
    hears(
        &cleo,
        "AgentConf_ParticipantChanged AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult "
        "AgentState_Ready",
        "for everybody");
    ok(!house_fault(house), "and all records agree");
    sign_out(&anna), sign_out(&bert), sign_out(&cleo);
}

/* The reminder, and a chair who goes without a word. */
static void check_endings(void)
{
    sign_in(&anna);
    sign_in(&bert);
    all_events(&anna), all_events(&bert);
    ask(&anna, "POST", "/agentconf/%d/requestagentconf", "{\"memberNum\":4,\"time\":4,\"promptTime\":3}");
    ask(&anna, "POST", "/agentconf/%d/batchaddparticipant",
        "{\"addresses\":[{\"addressType\":\"9\",\"address\":\"102\"}]}");
    ask(&bert, "POST", "/agentconf/%d/answeragentconf", NULL);
    all_events(&anna), all_events(&bert);
    house_pass(house, apr_time_from_sec(70));
    hears(&anna, "AgentConf_Timeout", "the chair is reminded of the end");
    answers(&anna, "DELETE", "/onlineagent/%d/logout", NULL, "100-010");
    sign_out(&anna);
    house_pass(house, apr_time_from_sec(1));
    hears(&bert, "AgentConf_ParticipantChanged AgentConf_PresidentChanged", "the chair signs out: the next one has it");
    sign_out(&bert);
    ok(!house_fault(house), "and all records agree");
}

/* ---- text sessions ---- */

static apr_status_t take(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *scratch)
{
    return baton ? CCGW_EREFUSED : APR_SUCCESS;
}

static void send_out(int refuse)
{
    house_send(NULL, house, take, refuse ? house : NULL);
}

/* The carrier reports of the last text in session ID. */
static void report_last(ccgw_id_t id, ccgw_fate_t fate)
{
    ccgw_report_t report = { .media = CCGW_MEDIA_SMS, .fate = fate };
    ccgw_call_t carrier;

    report.key =
        apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT ".%d", (apr_uint64_t)id, house_session(house, id).messages);
    ccgw_call_init(&carrier, &house->core, house->demo, NULL, NULL, pool);
    ok(ccgw_outbox_report(&carrier, &report) == APR_SUCCESS, "the carrier reports of text %s", report.key);
}

/* Anna is told what became of her text number INDEX. */
static void hears_fate(const char *type, const char *call, int index, const char *rest, const char *what)
{
    const char *body = poll(&anna);

    is_str(body,
           apr_psprintf(pool,
                        "{\"message\":\"\",\"retcode\":\"0\",\"event\":{\"eventType\":\"%s\",\"workNo\":\"101\","
                        "\"content\":{\"callId\":\"%s\",\"chatId\":\"%d\"%s}}}",
                        type, call, index, rest),
           "%s", what);
}

static void check_delivery(void)
{
    const char *call, *text;
    ccgw_id_t id;

    sign_in(&anna);
    id = house_text(house, "+15557009", "good morning");
    call = apr_psprintf(pool, "%u-%u", (unsigned)(id >> 32), (unsigned)id);
    answers(&anna, "PUT", "/voicecall/%d/answer", NULL, "0");
    all_events(&anna);
    text = apr_psprintf(pool, "{\"callid\":\"%s\",\"data\":\"hello\"}", call);
    answers(&anna, "POST", "/mediacall/%d/sendmessage", text, "0");
    send_out(0);
    hears(&anna, "", "that the carrier took a text is not told");
    report_last(id, CCGW_FATE_FAILED);
    hears_fate("AgentChat_PostDataFail", call, 3, "", "that it will not arrive is");
    report_last(id, CCGW_FATE_DELIVERED);
    hears_fate("AgentChat_PostDataSucc", call, 3, ",\"result\":\"0\",\"confirmer\":\"+15557009\"",
               "and that it did after all");
    report_last(id, CCGW_FATE_DELIVERED);
    hears(&anna, "", "once");
    answers(&anna, "POST", "/mediacall/%d/sendmessage", text, "0");
    send_out(1);
    hears_fate("AgentChat_PostDataFail", call, 4, "", "a text the carrier refuses will not arrive either");
    answers(&anna, "POST", apr_psprintf(pool, "/voicecall/101/dropcall/%s", call), NULL, "0");
    sign_out(&anna);
    ok(!house_fault(house), "and all records agree");
}

static void check_messages(void)
{
    const char *call, *body, *answer;
    ccgw_id_t id;

    sign_in(&anna);
    all_events(&anna);
    id = house_text(house, "+15557001", "good morning");
    call = apr_psprintf(pool, "%u-%u", (unsigned)(id >> 32), (unsigned)id);
    body = poll(&anna);
    is_str(body,
           apr_psprintf(
               pool,
               "{\"message\":\"\",\"retcode\":\"0\",\"event\":{\"eventType\":\"AgentEvent_Ringing\",\"workNo\":\"101\","
               "\"content\":{\"caller\":\"+15557001\",\"called\":\"+15550000\",\"callid\":\"%s\",\"transfer\":\"no\","
               "\"transfrom\":\"\",\"type\":\"main\",\"mediaAbility\":\"5\",\"feature\":\"0\",\"mediaType\":\"52\"}}}",
               call),
           "a text rings as a call");
    answers(&anna, "POST", apr_psprintf(pool, "/voicecall/101/dropcall/%s", call), NULL, "200-025");
    answers(&anna, "PUT", "/voicecall/%d/answer?callid=7-7", NULL, "200-002");
    answers(&anna, "PUT", "/voicecall/%d/answer", NULL, "0");
    answers(&anna, "PUT", "/voicecall/%d/answer", NULL, "200-002");
    body = poll(&anna);
    is_str(type_in(body), "AgentEvent_Talking", "answered without its id, as the only one");
    body = poll(&anna);
    ok(strstr(body, "\"message\":\"good morning\",\"mediaAbility\":\"5\"}") != NULL, "what was said before follows: %s",
       body);
    answer = apr_psprintf(pool, "{\"callid\":\"%s\",\"data\":\"hello\"}", call);
    answers(&anna, "POST", "/mediacall/%d/sendmessage", answer, "0");
    house_text(house, "+15557001", "thanks");
    body = poll(&anna);
    ok(strstr(body, "\"message\":\"thanks\"") != NULL, "one's own words do not come back, the customer's do");
    is_int(house_session(house, id).messages, 4, "the log has all of it");
    answers(&anna, "POST", "/mediacall/%d/sendmessage", apr_psprintf(pool, "{\"callid\":\"%s\",\"data\":\"\"}", call),
            "106-002");
    answers(&anna, "POST", apr_psprintf(pool, "/voicecall/101/dropcall/%s", call), NULL, "0");
    body = poll(&anna);
    is_str(body,
           apr_psprintf(pool,
                        "{\"message\":\"\",\"retcode\":\"0\",\"event\":{\"eventType\":\"AgentEvent_Call_Release\","
                        "\"workNo\":\"101\",\"content\":\"%s\"}}",
                        call),
           "dropped, it is released");
    answers(&anna, "POST", apr_psprintf(pool, "/voicecall/101/dropcall/%s", call), NULL, "200-026");
    is_int(house_session(house, id).state, CCGW_SESSION_ENDED, "and over");
    sign_out(&anna);
}

static void check_refusals(void)
{
    ccgw_id_t id;

    sign_in(&anna);
    all_events(&anna);
    house_text(house, "+15557002", "anybody?");
    answers(&anna, "POST", "/voicecall/%d/reject", "{\"mode\":3}", "000-002");
    answers(&anna, "POST", "/voicecall/%d/reject", "{\"mode\":1}", "0");
    hears(&anna, "AgentEvent_Ringing AgentEvent_No_Answer AgentState_SetNotReady_Success", "refused, mode 1: busy");
    answers(&anna, "POST", "/voicecall/%d/reject", "{\"mode\":1}", "200-002");
    sign_in(&bert);
    hears(&bert, "AgentOther_InService AgentState_Ready AgentEvent_Ringing", "the next agent is asked");
    house_pass(house, apr_time_from_sec(31));
    hears(&bert, "AgentState_SetNotReady_Success AgentEvent_No_Answer", "he does not answer in time");
    sign_out(&bert);
    house_pass(house, apr_time_from_sec(60));
    ask(&anna, "POST", "/onlineagent/%d/cancelbusy", NULL);
    all_events(&anna);
    id = house_text(house, "+15557003", "second");
    house_text(house, "+15557004", "third");
    answers(&anna, "PUT", "/voicecall/%d/answer", NULL, "200-002");
    answers(&anna, "POST", "/voicecall/%d/reject",
            apr_psprintf(pool, "{\"mode\":2,\"callid\":\"%u-%u\"}", (unsigned)(id >> 32), (unsigned)id), "0");
    sign_out(&anna);
    ok(!house_fault(house), "and all records agree");
}

/* ---- bad input ---- */

static const struct {
    const char *method, *target, *body, *code;
} bad[] = {
    { "PUT", "/onlineagent/101", "{\"password\":\"wrong\",\"phonenum\":\"1\"}", "100-004" },
    { "PUT", "/onlineagent/999", PASSWORD, "100-004" },
    { "PUT", "/onlineagent/anna", PASSWORD, "000-002" },
    { "PUT", "/onlineagent/101", "{\"phonenum\":\"1\"}", "000-002" },
    { "PUT", "/onlineagent/101", "{\"password\":\"secret\"}", "000-002" },
    { "PUT", "/onlineagent/101", "{\"password\":\"secret\",\"phonenum\":\"1\",\"status\":6}", "000-002" },
    { "PUT", "/onlineagent/101", "{\"password\":", "000-002" },
    { "PUT", "/onlineagent/101", NULL, "000-002" },
    { "PUT", "/onlineagent/101/forcelogin", "{\"password\":\"\",\"phonenum\":\"1\"}", "100-004" },
    { "PUT", "/onlineagent/101/loginex", "{\"password\":{}}", "000-002" },
    { "PUT", "/onlineagent/101/forceloginex", "{\"password\":\"wrong\"}", "100-004" },
    { "POST", "/onlineagent/101/saybusy?reason=x", NULL, "000-002" },
    { "POST", "/onlineagent/101/saybusy?prolong=perhaps", NULL, "000-002" },
    { "POST", "/onlineagent/101/resetskill/false?phonelinkage=2", NULL, "000-002" },
    { "POST", "/agentconf/101/requestagentconf", NULL, "000-002" },
    { "POST", "/agentconf/101/requestagentconf", "{\"memberNum\":121}", "000-002" },
    { "POST", "/agentconf/101/requestagentconf", "{\"memberNum\":4,\"time\":3}", "000-002" },
    { "POST", "/agentconf/101/requestagentconf", "{\"memberNum\":4,\"beepTone\":true}", "000-002" },
    { "POST", "/agentconf/101/requestagentconf", "{\"memberNum\":4,\"confCallerNo\":\"1234567890123456789012345\"}",
      "000-002" },
    { "POST", "/agentconf/101/batchaddparticipant", "{\"addresses\":[]}", "000-002" },
    { "POST", "/agentconf/101/batchaddparticipant", "{\"addresses\":{}}", "000-002" },
    { "POST", "/agentconf/101/batchaddparticipant", "{\"addresses\":[{\"addressType\":\"7\",\"address\":\"1\"}]}",
      "000-002" },
    { "POST", "/agentconf/101/batchaddparticipant", "{\"addresses\":[{\"addressType\":\"6\"}]}", "000-002" },
    { "POST", "/agentconf/101/batchaddparticipant", "{\"addresses\":[{\"addressType\":\"6\",\"address\":\"x\"}]}",
      "000-002" },
    { "POST", "/agentconf/101/batchaddparticipant", "{\"addresses\":[{\"addressType\":\"9\",\"address\":\"999\"}]}",
      "000-002" },
    { "POST", "/agentconf/101/batchaddparticipant", "{\"addresses\":[{\"addressType\":\"9\",\"address\":\"102#\"}]}",
      "000-002" },
    { "POST", "/agentconf/101/batchaddparticipant", "{\"addresses\":[{\"addressType\":\"9\",\"address\":\"102\"}]}",
      "101-001" },
    { "POST", "/agentconf/101/answeragentconf", NULL, "101-001" },
    { "POST", "/agentconf/101/rejectagentconf", NULL, "101-001" },
    { "POST", "/agentconf/101/requestleaveagentconf", NULL, "101-001" },
    { "DELETE", "/agentconf/101/requestleaveagentconf", NULL, "101-001" },
    { "POST", "/agentconf/101/releaseagentconf", NULL, "101-001" },
    { "POST", "/agentconf/102/rejectagentconf", NULL, "100-006" },
    { "GET", "/agentevent/102", NULL, "100-006" },
    { "DELETE", "/onlineagent/102/logout", NULL, "100-006" },
    { "PUT", "/voicecall/101/answer", NULL, "200-002" },
    { "PUT", "/voicecall/101/answer?callid=nonsense", NULL, "200-002" },
    { "POST", "/voicecall/101/reject", NULL, "000-002" },
    { "POST", "/voicecall/101/dropcall/nonsense", NULL, "200-026" },
    { "POST", "/mediacall/101/sendmessage", "{\"data\":\"x\"}", "000-002" },
    { "POST", "/mediacall/101/sendmessage", "{\"callid\":\"1-1\"}", "000-002" },
    { "POST", "/mediacall/101/sendmessage", "{\"callid\":\"1-1\",\"data\":\"x\"}", "200-026" },
    { "GET", "/agentconf/101/rejectagentconf", NULL, "000-002" },
    { "POST", "/no/such/path", NULL, "000-002" },
};

/* Every row for signed-in agents, without a Guid and with one that never was. */
static void check_strangers(void)
{
    desk_t nobody = { 101, NULL, 20 };
    const ccgw_op_t *op;

    for (op = ccgw_dialect_huawei.ops; op->id; op++) {
        static const char *const names[] = { "-", "GET", "POST", "PUT", "DELETE" };
        const char *path = op->paths[0], *brace = strstr(path, "{agentid}"), *rest;

        if (op->need == CCGW_ROLE_NOBODY)
            continue;
        if (brace) {
            rest = brace + strlen("{agentid}");
            path = apr_psprintf(pool, "%.*s101%s", (int)(brace - path), path, rest);
        }
        nobody.guid = NULL;
        answers(&nobody, names[op->method], path, NULL, "100-006");
        nobody.guid = "00000000-0000-0000-0000-000000000000.AgentGateway00000000";
        answers(&nobody, names[op->method], path, NULL, "100-006");
    }
}

static void check_bad_input(void)
{
    ccgw_cursor_t before;
    apr_size_t i;

    sign_in(&anna);
    all_events(&anna);
    before = house->real->last(house->core.store, ccgw_buf_str("demo"));
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        answers(&anna, bad[i].method, bad[i].target, bad[i].body, bad[i].code);
    check_strangers();
    ok(house->real->last(house->core.store, ccgw_buf_str("demo")) == before, "nothing of it changed anything");
    hears(&anna, "", "nor told anybody anything");
    sign_out(&anna);
}

int main(void)
{
    const char *why;

    house = house_open();
    ccgw_json_start();
    pool = house->pool;
    if (ccgw_router_make(&router, &why, &ccgw_dialect_huawei, pool) != APR_SUCCESS) {
        printf("Bail out! %s\n", why);
        return 1;
    }
    check_sign_in();
    check_race();
    check_states();
    check_hold();
    check_receipt();
    check_silence();
    check_conference();
    check_endings();
    check_messages();
    check_delivery();
    check_refusals();
    check_bad_input();
    house_close(house);
    return done_testing();
}
