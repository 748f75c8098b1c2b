/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* verbs.c: where one request of this dialect is more than one verb of the core, or needs a code that depends on the
 * operation. */
#include "dialect.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>

#include "api/ccgw_request.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_stream_record.h"

/* --- the Guid ----------------------------------------------------------------------------------- */

#define RANDOM_DIGITS 32
#define NODE          ".AgentGateway"
#define TAG_DIGITS    8

const char *huawei_guid(const char *token, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%.8s-%.4s-%.4s-%.4s-%.12s" NODE "%s", token, token + 8, token + 12, token + 16,
                        token + 20, token + RANDOM_DIGITS);
}

/* Some clients send the name that stood before the Guid along, with or without its '='. */
static const char *skip_name(const char *guid)
{
    if (!strncmp(guid, "JSESSIONID", 10))
        guid += 10;
    return *guid == '=' ? guid + 1 : guid;
}

const char *huawei_token(const char *guid, apr_pool_t *pool)
{
    char token[RANDOM_DIGITS + TAG_DIGITS + 1];
    const char *at = skip_name(guid);
    int n = 0;

    for (; n < RANDOM_DIGITS && (apr_isxdigit(*at) || *at == '-'); at++) {
        if (*at != '-')
            token[n++] = (char)apr_tolower(*at);
    }
    if (n < RANDOM_DIGITS || strncmp(at, NODE, strlen(NODE)))
        return guid;
    at += strlen(NODE);
    if (strlen(at) != TAG_DIGITS)
        return guid;
    for (; *at; at++)
        token[n++] = (char)apr_tolower(*at);
    token[n] = '\0';
    return apr_pstrdup(pool, token);
}

/* Does anybody's desktop of this dialect have this work number? */
static int has_desktop(ccgw_call_t *call, apr_int64_t work_no)
{
    const ccgw_tenant_t *tenant;
    ccgw_login_t *logins;
    int i, k, n;

    for (i = 0; (tenant = ccgw_floor_tenant_at(call->core->floor, i)); i++) {
        const ccgw_agent_def_t *agent = ccgw_floor_agent_by_work_no(call->core->floor, tenant, work_no);
        ccgw_call_t as;

        if (!agent)
            continue;
        ccgw_call_init(&as, call->core, tenant, agent, NULL, call->pool);
        if (ccgw_login_list(&logins, &n, &as) != APR_SUCCESS)
            continue;
        for (k = 0; k < n && strcmp(logins[k].dialect, ccgw_dialect_huawei.name); k++)
            ;
        if (k < n)
            return 1;
    }
    return 0;
}

/* The agent of the path is signed in, and this is not his key; or he is not. Polls are always told the latter: one desktop
 * stops at that code only, and asks again without a pause at any other. */
apr_status_t huawei_stranger(const struct ccgw_request_t *request, ccgw_call_t *call)
{
    const ccgw_pair_t *agent = ccgw_pairs_find(&request->path_values, "agentid");

    return !request->op->stream && agent && agent->text && has_desktop(call, atoll(agent->text)) ? CCGW_ETOKEN
                                                                                                 : CCGW_ESIGNIN;
}

/* --- signing in and out ------------------------------------------------------------------------- */

static const char *millis(apr_int64_t t, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, t / 1000);
}

/* The desktop's farewell carries when it came, which only its login knows. */
static const char *farewell(const ccgw_login_t *login, apr_pool_t *pool)
{
    return apr_pstrcat(pool, HUAWEI_CAUSE_SIGN_OUT " ", millis(login->created, pool), NULL);
}

/* End LOGIN, another desktop's or one's own; its desktop hears of it, if it still polls. */
static apr_status_t end_login(ccgw_call_t *call, const ccgw_login_t *login)
{
    ccgw_agent_args_t args = { .end_login = 1, .cause = farewell(login, call->pool) };
    ccgw_agent_result_t result;
    ccgw_call_t as = *call;
    apr_status_t rv;

    as.login = login->id;
    rv = ccgw_agent_close(&as, &args, &result);
    return rv == CCGW_ENOTOPEN ? ccgw_login_close(&as) : rv;
}

/* An agent has one desktop of this dialect. It is looked for after one's own login has been made, among those that stood
 * there before it: logins are listed in the order of their commits, so of two that come together exactly one stays. */
static apr_status_t make_way(ccgw_call_t *call, const ccgw_login_t *mine, int forced)
{
    ccgw_login_t *logins;
    apr_status_t rv;
    int i, n;

    rv = ccgw_login_list(&logins, &n, call);
    for (i = 0; i < n && rv == APR_SUCCESS && strcmp(logins[i].id, mine->id); i++) {
        if (strcmp(logins[i].dialect, mine->dialect))
            continue;
        rv = forced ? end_login(call, &logins[i])
                    : ccgw_problem(call, CCGW_ESIGNEDIN, NULL, "agent %" APR_INT64_T_FMT " is signed in already",
                                   call->agent->work_no);
    }
    return rv;
}

/* Open what the desktop asks for. The reader comes first, so that it hears all that follows. */
static apr_status_t take_place(ccgw_call_t *call, const huawei_login_args_t *asked)
{
    static const char *channels[] = { "voice", "sms", "chat" };
    ccgw_agent_args_t open = { .channels = { channels, asked->messaging == HUAWEI_NO ? 1 : 3 },
                               .cause = HUAWEI_CAUSE_OPEN };
    ccgw_agent_result_t result;
    ccgw_stream_t stream;
    apr_status_t rv = ccgw_stream_keeping_login(&stream, call, "poll");

    return rv == APR_SUCCESS ? ccgw_agent_open(call, &open, &result) : rv;
}

static apr_status_t begin(ccgw_call_t *call, const huawei_login_args_t *asked)
{
    ccgw_agent_args_t state = { .state = "ready", .cause = HUAWEI_CAUSE_SIGN_IN };
    ccgw_agent_result_t result;

    if (asked->status == 3) {
        state.state = "not-ready";
        state.cause = HUAWEI_CAUSE_SIGN_IN_BUSY;
    }
    else if (asked->status == 5) {
        state.state = "wrap-up";
        state.cause = HUAWEI_CAUSE_SIGN_IN_WORK;
    }
    return ccgw_agent_set_state(call, &state, &result);
}

static apr_status_t run_login(ccgw_call_t *call, const void *args, void *result)
{
    const huawei_login_args_t *asked = args;
    huawei_login_result_t *desk = result;
    const char *token;
    ccgw_login_t login;
    apr_status_t rv = ccgw_login_open(&login, &token, call, ccgw_dialect_huawei.name);

    if (rv != APR_SUCCESS)
        return rv;
    rv = make_way(call, &login, 0);
    if (rv == CCGW_ESIGNEDIN && asked->forced)
        rv = APR_SUCCESS;
    if (rv == APR_SUCCESS)
        rv = take_place(call, asked);
    /* not before: what the old desktop held goes over to the new one instead of into the queue */
    if (rv == APR_SUCCESS && asked->forced)
        rv = make_way(call, &login, 1);
    if (rv == APR_SUCCESS)
        rv = begin(call, asked);
    if (rv != APR_SUCCESS) {
        ccgw_problem_t problem = call->problem;

        ccgw_login_close(call);
        call->problem = problem;
        return rv;
    }
    desk->guid = huawei_guid(token, call->pool);
    desk->vdn = (apr_int64_t)(strtoul(call->tenant->tag, NULL, 16) % 65535 + 1);
    desk->work_no = apr_psprintf(call->pool, "%" APR_INT64_T_FMT, call->agent->work_no);
    desk->services = asked->messaging == HUAWEI_NO ? "TFF" : "TTF";
    desk->login_time = millis(login.created, call->pool);
    return APR_SUCCESS;
}

const ccgw_verb_t huawei_verb_login = { "agent.login", run_login, sizeof(huawei_login_args_t),
                                        sizeof(huawei_login_result_t) };

static apr_status_t get_agent(ccgw_agent_t *agent, ccgw_call_t *call)
{
    ccgw_agent_args_t args = { 0 };
    ccgw_agent_result_t result = { 0 };
    apr_status_t rv = ccgw_agent_get(call, &args, &result);

    *agent = result.agent;
    return rv;
}

static apr_status_t run_logout(ccgw_call_t *call, const void *args, void *result)
{
    ccgw_login_t login;
    ccgw_agent_t agent;
    apr_status_t rv = get_agent(&agent, call);

    if (rv == APR_SUCCESS && agent.ntasks && !((const huawei_logout_args_t *)args)->forced)
        return HUAWEI_EOCCUPIED;
    if (rv == APR_SUCCESS)
        rv = ccgw_login_get(&login, call, call->login);
    return rv == APR_SUCCESS ? end_login(call, &login) : rv;
}

const ccgw_verb_t huawei_verb_logout = { "agent.logout", run_logout, sizeof(huawei_logout_args_t), 0 };

/* --- the agent's state -------------------------------------------------------------------------- */

int huawei_presence(const ccgw_agent_t *agent)
{
    int i, wrapping = 0;

    if (!agent->open)
        return 2;
    for (i = 0; i < agent->nchannels; i++) {
        if (agent->channels[i].state == CCGW_PRESENCE_NOT_READY)
            return 3;
        wrapping |= agent->channels[i].state == CCGW_PRESENCE_WRAP_UP;
    }
    return wrapping ? 5 : 4;
}

/* Who is busy says so again only to give another reason. */
static apr_status_t check_state(ccgw_call_t *call, const huawei_state_args_t *asked, int now)
{
    if (asked->from && now != asked->from)
        return HUAWEI_ENOTSET;
    if (strcmp(asked->cause, HUAWEI_CAUSE_BUSY) || now != 3)
        return APR_SUCCESS;
    if (!asked->prolong)
        return HUAWEI_ENOTSET;
    return asked->given ? APR_SUCCESS : ccgw_problem(call, CCGW_EMISSING, "reason", "reason is missing");
}

static apr_status_t run_state(ccgw_call_t *call, const void *args, void *result)
{
    const huawei_state_args_t *asked = args;
    ccgw_agent_args_t state = { .state = asked->state, .cause = asked->cause };
    ccgw_agent_result_t done;
    ccgw_agent_t agent;
    apr_status_t rv = get_agent(&agent, call);

    if (rv == APR_SUCCESS)
        rv = check_state(call, asked, huawei_presence(&agent));
    if (asked->reason)
        state.reason = apr_psprintf(call->pool, "%" APR_INT64_T_FMT, asked->reason);
    return rv == APR_SUCCESS ? ccgw_agent_set_state(call, &state, &done) : rv;
}

const ccgw_verb_t huawei_verb_state = { "agent.state", run_state, sizeof(huawei_state_args_t), 0 };

static apr_status_t run_skills(ccgw_call_t *call, const void *args, void *result)
{
    return APR_SUCCESS;
}

const ccgw_verb_t huawei_verb_skills = { "agent.skills", run_skills, sizeof(huawei_skills_args_t), 0 };

static apr_status_t run_status(ccgw_call_t *call, const void *args, void *result)
{
    huawei_status_t *status = result;
    ccgw_agent_t agent;
    apr_status_t rv = get_agent(&agent, call);
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    for (i = 0; i < agent.ntasks; i++)
        status->working |= agent.tasks[i].leg == CCGW_LEG_JOINED;
    status->state = status->working ? 7 : huawei_presence(&agent);
    return APR_SUCCESS;
}

const ccgw_verb_t huawei_verb_status = { "agent.status", run_status, sizeof(huawei_logout_args_t),
                                         sizeof(huawei_status_t) };

/* --- telephone conferences ---------------------------------------------------------------------- */

static apr_status_t check_welcome(ccgw_call_t *call, const huawei_welcome_t *welcome)
{
    if (welcome->beep && !ccgw_str_given(welcome->path))
        return ccgw_problem(call, CCGW_EMISSING, "voicePath", "voicePath is missing");
    return APR_SUCCESS;
}

static apr_status_t run_request(ccgw_call_t *call, const void *args, void *result)
{
    const huawei_request_args_t *asked = args;
    ccgw_done_t done;
    apr_status_t rv = check_welcome(call, &asked->welcome);

    return rv == APR_SUCCESS ? ccgw_conference_request(call, &asked->conference, &done) : rv;
}

const ccgw_verb_t huawei_verb_request = { "conference.request", run_request, sizeof(huawei_request_args_t), 0 };

static apr_status_t check_addresses(ccgw_call_t *call, const huawei_add_args_t *asked)
{
    int i;

    for (i = 0; i < asked->naddresses; i++) {
        const ccgw_address_t *address = &asked->addresses[i].address;

        if (address->kind == CCGW_ADDRESS_AGENT && strspn(address->address, "0123456789") != strlen(address->address))
            return ccgw_problem(call, CCGW_EINVAL, "addresses", "there is no agent %s", address->address);
    }
    return check_welcome(call, &asked->welcome);
}

static apr_status_t run_add(ccgw_call_t *call, const void *args, void *result)
{
    const huawei_add_args_t *asked = args;
    ccgw_conference_args_t core = { .naddresses = asked->naddresses };
    apr_status_t rv = check_addresses(call, asked);
    ccgw_done_t done;
    int i;

    core.addresses = apr_palloc(call->pool, sizeof *core.addresses * (apr_size_t)(asked->naddresses + 1));
    for (i = 0; i < asked->naddresses; i++)
        core.addresses[i] = asked->addresses[i].address;
    if (rv == APR_SUCCESS)
        rv = ccgw_conference_invite(call, &core, &done);
    /* a full conference is no overload of the server */
    return rv == CCGW_ELIMIT ? ccgw_problem(call, CCGW_EREFUSED, "addresses", "%s", call->problem.text) : rv;
}

const ccgw_verb_t huawei_verb_add = { "conference.add", run_add, sizeof(huawei_add_args_t), 0 };

static apr_status_t run_answer_conference(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_conference_answer(call, args, result);
}

static apr_status_t run_reject_conference(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_conference_reject(call, args, result);
}

static apr_status_t run_leave(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_conference_leave(call, args, result);
}

static apr_status_t run_release(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_conference_release(call, args, result);
}

/* One old desktop sends the same for both: the chair, who cannot leave, means the end. */
static apr_status_t run_leave_or_release(ccgw_call_t *call, const void *args, void *result)
{
    apr_status_t rv = ccgw_conference_leave(call, args, result);

    return rv == CCGW_ECHAIR ? ccgw_conference_release(call, args, result) : rv;
}

#define CONFERENCE(verb)                                                                     \
    {                                                                                        \
        "conference." #verb, run_##verb, sizeof(ccgw_conference_args_t), sizeof(ccgw_done_t) \
    }

const ccgw_verb_t huawei_verb_answer_conference = CONFERENCE(answer_conference);
const ccgw_verb_t huawei_verb_reject_conference = CONFERENCE(reject_conference);
const ccgw_verb_t huawei_verb_leave = CONFERENCE(leave);
const ccgw_verb_t huawei_verb_release = CONFERENCE(release);
const ccgw_verb_t huawei_verb_leave_or_release = CONFERENCE(leave_or_release);

/* --- text sessions as calls --------------------------------------------------------------------- */

/* The session meant: the one named, else the only one that rings. Telephone conferences have requests of their own. */
static apr_status_t find_ringing(ccgw_id_t *id, ccgw_call_t *call, const huawei_call_args_t *asked)
{
    ccgw_agent_t agent;
    apr_status_t rv;
    int i, n = 0;

    *id = asked->call;
    if (ccgw_str_given(asked->named))
        return APR_SUCCESS;
    rv = get_agent(&agent, call);
    for (i = 0; i < agent.ntasks && rv == APR_SUCCESS; i++) {
        if (agent.tasks[i].leg != CCGW_LEG_OFFERED || agent.tasks[i].media == CCGW_MEDIA_VOICE)
            continue;
        *id = agent.tasks[i].session;
        n++;
    }
    return rv == APR_SUCCESS && n != 1 ? HUAWEI_ENOTHING_RINGS : rv;
}

static int is_absent(apr_status_t rv)
{
    return rv == CCGW_ENOTFOUND || rv == CCGW_ESTATE;
}

/* A conference is no call of these requests, though it may be named. */
static apr_status_t check_text(ccgw_call_t *call, ccgw_id_t id)
{
    ccgw_session_args_t args = { .session = id };
    ccgw_session_result_t result = { 0 };
    apr_status_t rv = ccgw_session_get(call, &args, &result);

    return rv == APR_SUCCESS && result.session.media == CCGW_MEDIA_VOICE ? CCGW_ENOTFOUND : rv;
}

static apr_status_t find_offer(ccgw_session_args_t *args, ccgw_call_t *call, const huawei_call_args_t *asked)
{
    apr_status_t rv = find_ringing(&args->session, call, asked);

    return rv == APR_SUCCESS ? check_text(call, args->session) : rv;
}

static apr_status_t run_answer(ccgw_call_t *call, const void *args, void *result)
{
    ccgw_session_args_t session = { 0 };
    apr_status_t rv = find_offer(&session, call, args);

    if (rv == APR_SUCCESS)
        rv = ccgw_session_accept(call, &session, result);
    return is_absent(rv) ? HUAWEI_ENOTHING_RINGS : rv;
}

const ccgw_verb_t huawei_verb_answer = { "call.answer", run_answer, sizeof(huawei_call_args_t), sizeof(ccgw_done_t) };

/* The mode says how the agent goes on; the call goes on to the next agent either way. */
static apr_status_t run_reject(ccgw_call_t *call, const void *args, void *result)
{
    const huawei_call_args_t *asked = args;
    ccgw_agent_args_t busy = { .state = "not-ready", .reason = "7", .cause = HUAWEI_CAUSE_BUSY };
    ccgw_agent_args_t idle = { .state = "ready", .cause = HUAWEI_CAUSE_FREE };
    ccgw_session_args_t session = { 0 };
    ccgw_agent_result_t done;
    apr_status_t rv = find_offer(&session, call, asked);

    if (rv == APR_SUCCESS)
        rv = ccgw_session_reject(call, &session, result);
    if (rv == APR_SUCCESS)
        rv = ccgw_agent_set_state(call, asked->mode == 1 ? &busy : &idle, &done);
    return is_absent(rv) ? HUAWEI_ENOTHING_RINGS : rv;
}

const ccgw_verb_t huawei_verb_reject = { "call.reject", run_reject, sizeof(huawei_call_args_t), sizeof(ccgw_done_t) };

static apr_status_t run_drop(ccgw_call_t *call, const void *args, void *result)
{
    ccgw_session_args_t session = { .session = ((const huawei_call_args_t *)args)->call };
    apr_status_t rv = check_text(call, session.session);

    if (rv == APR_SUCCESS)
        rv = ccgw_session_complete(call, &session, result);
    if (rv == CCGW_ENOTFOUND)
        return HUAWEI_ENOCALL;
    return rv == CCGW_ESTATE ? HUAWEI_ENOTHING_TO_DROP : rv;
}

const ccgw_verb_t huawei_verb_drop = { "call.drop", run_drop, sizeof(huawei_call_args_t), sizeof(ccgw_done_t) };

static apr_status_t run_message(ccgw_call_t *call, const void *args, void *result)
{
    const huawei_call_args_t *asked = args;
    ccgw_session_args_t session = {
        .session = asked->call, .type = CCGW_MESSAGE_TEXT, .visibility = CCGW_VISIBLE_ALL, .text = asked->text
    };
    apr_status_t rv;

    if (!ccgw_str_given(asked->text))
        return HUAWEI_EEMPTY;
    rv = check_text(call, session.session);
    if (rv == APR_SUCCESS)
        rv = ccgw_session_send(call, &session, result);
    return rv == CCGW_ENOTFOUND ? HUAWEI_ENOCALL : rv;
}

const ccgw_verb_t huawei_verb_message = { "call.message", run_message, sizeof(huawei_call_args_t),
                                          sizeof(ccgw_done_t) };
