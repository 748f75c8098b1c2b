/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_conference.c: telephone conferences. */
#include "core/ccgw_conference.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

#define MINUTES_DEFAULT 60
#define LIMIT_MAX       120

typedef struct verb_t {
    const ccgw_conference_args_t *args;
} verb_t;

static apr_status_t run(ccgw_call_t *call, ccgw_work_fn_t *fn, const ccgw_conference_args_t *args, ccgw_done_t *done)
{
    verb_t verb = { args };
    apr_status_t rv = ccgw_run(call, fn, &verb, CCGW_DURABLE_UNSET);

    if (rv == APR_SUCCESS)
        done->reference = ccgw_call_reference(call);
    return rv;
}

/* ---- telling ---- */

/** What the agent himself hears of his part in it. WHO is the change's participant. */
static apr_status_t tell_one(ccgw_work_t *work, ccgw_session_t *session, const char *agent, int view, int change,
                             int why)
{
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE,
                           .view = view,
                           .change = change,
                           .why = why,
                           .session = session,
                           .reference = ccgw_call_reference(work->call) };

    return ccgw_event_tell(work, &event, &agent, 1);
}

/** What the others who are in it hear of WHO. */
static apr_status_t tell_others(ccgw_work_t *work, ccgw_session_t *session, const ccgw_participant_t *who, int change,
                                int why)
{
    ccgw_participant_t copy = *who;
    ccgw_event_t event = {
        .type = CCGW_EVENT_SESSION_PARTICIPANTS, .who = &copy, .change = change, .why = why, .session = session
    };
    const char **agents = apr_palloc(work->pool, sizeof *agents * (session->nparticipants + 1));
    int i, n = 0;

    for (i = 0; i < session->nparticipants; i++) {
        const ccgw_participant_t *p = &session->participants[i];

        if (p->agent && p->leg == CCGW_LEG_JOINED && p->id != who->id)
            agents[n++] = p->agent;
    }
    return ccgw_event_tell(work, &event, agents, n);
}

/* ---- finding ---- */

/** The conference the caller is in with leg LEG; 0 none. */
static ccgw_id_t conference_of(const ccgw_agent_t *agent, int leg)
{
    int i;

    for (i = 0; i < agent->ntasks; i++) {
        if (agent->tasks[i].media == CCGW_MEDIA_VOICE && agent->tasks[i].leg == leg)
            return agent->tasks[i].session;
    }
    return 0;
}

/** The caller's conference and his part in it. */
static apr_status_t enter(ccgw_session_t *session, ccgw_participant_t **part, ccgw_work_t *work, int leg)
{
    ccgw_call_t *call = work->call;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, call->agent->id);
    ccgw_id_t id;

    if (rv != APR_SUCCESS)
        return rv;
    id = conference_of(&agent, leg);
    if (!id)
        return ccgw_problem(call, CCGW_ENOCONFERENCE, NULL, NULL);
    rv = ccgw_session_load(session, work, id);
    if (rv != APR_SUCCESS)
        return rv;
    *part = ccgw_session_part(session, call->agent->id);
    return *part ? APR_SUCCESS : ccgw_problem(call, CCGW_ENOCONFERENCE, NULL, NULL);
}

static int is_chair(const ccgw_session_t *session, const char *agent)
{
    return session->owner && !strcmp(session->owner, agent);
}

static apr_status_t enter_as_chair(ccgw_session_t *session, ccgw_participant_t **part, ccgw_work_t *work)
{
    apr_status_t rv = enter(session, part, work, CCGW_LEG_JOINED);

    if (rv == APR_SUCCESS && !is_chair(session, work->call->agent->id))
        return ccgw_problem(work->call, CCGW_ENOTCHAIR, NULL, NULL);
    return rv;
}

/* ---- beginning ---- */

static apr_status_t do_request(ccgw_work_t *work, void *baton)
{
    const ccgw_conference_args_t *args = ((verb_t *)baton)->args;
    ccgw_call_t *call = work->call;
    apr_int64_t minutes = args->minutes ? args->minutes : MINUTES_DEFAULT;
    ccgw_participant_t me = { .party = CCGW_PARTY_AGENT,
                              .agent = call->agent->id,
                              .leg = CCGW_LEG_JOINED,
                              .nickname = call->agent->nickname,
                              .visibility = CCGW_VISIBLE_ALL },
                       *added;
    ccgw_session_t session = {
        .media = CCGW_MEDIA_VOICE, .state = CCGW_SESSION_ACTIVE, .owner = call->agent->id, .created = call->wall
    };
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, call->agent->id);

    if (rv == APR_SUCCESS && (!agent.open || !ccgw_agent_channel(&agent, CCGW_MEDIA_VOICE)))
        return ccgw_problem(call, CCGW_ENOTOPEN, NULL, NULL);
    if (rv == APR_SUCCESS && ccgw_agent_load_of(&agent, CCGW_MEDIA_VOICE))
        return ccgw_problem(call, CCGW_EINCONFERENCE, NULL, NULL);
    if (rv == APR_SUCCESS)
        rv = ccgw_session_fresh_id(&session.id, work);
    if (rv != APR_SUCCESS)
        return rv;
    me.id = ccgw_id_new(call->wall);
    session.limit = (int)args->limit;
    session.ends = call->now + minutes * apr_time_from_sec(60);
    session.remind = args->remind && args->remind < minutes ? session.ends - args->remind * apr_time_from_sec(60) : 0;
    ccgw_session_join(&added, &session, &me, work->pool);
    ccgw_agent_task(&agent, session.id, CCGW_MEDIA_VOICE, CCGW_LEG_JOINED, work->pool);
    rv = ccgw_agent_save(work, &agent);
    if (rv == APR_SUCCESS)
        rv = tell_one(work, &session, call->agent->id, 0, CCGW_CHANGE_CHAIR, CCGW_WHY_OWN);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_conference_request(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done)
{
    if (args->limit < 1 || args->limit > LIMIT_MAX)
        return ccgw_problem(call, CCGW_ERANGE, "memberNum", "a conference has 1 to %d members", LIMIT_MAX);
    return run(call, do_request, args, done);
}

/* ---- asking in ---- */

static const ccgw_agent_def_t *agent_at(const ccgw_call_t *call, const char *work_no)
{
    return ccgw_floor_agent_by_work_no(call->core->floor, call->tenant, atoll(work_no));
}

static ccgw_participant_t new_leg(const ccgw_work_t *work, const ccgw_address_t *address)
{
    ccgw_call_t *call = work->call;

    return (ccgw_participant_t){ .id = ccgw_id_new(call->wall),
                                 .leg = CCGW_LEG_OFFERED,
                                 .party = address->kind == CCGW_ADDRESS_PHONE ? CCGW_PARTY_PHONE : CCGW_PARTY_AGENT,
                                 .address = address->address,
                                 .nickname = address->address,
                                 .visibility = CCGW_VISIBLE_ALL,
                                 .offer = CCGW_OFFER_INVITE,
                                 .by_agent = call->agent->id,
                                 .by_login = call->login,
                                 .by_reference = ccgw_call_reference(call) };
}

/** A phone rings; when and how that ends is known at once. */
static apr_status_t ring(ccgw_work_t *work, ccgw_session_t *session, const ccgw_address_t *address)
{
    ccgw_participant_t leg = new_leg(work, address), *added;
    apr_interval_time_t after = work->core->limits.no_answer;

    leg.answer = CCGW_RING_SILENT;
    if (work->core->ring)
        leg.answer = work->core->ring(work->core->ring_baton, address->address, &after);
    leg.until = work->call->now + after;
    ccgw_session_join(&added, session, &leg, work->pool);
    return APR_SUCCESS;
}

static apr_status_t ask_agent(ccgw_work_t *work, ccgw_session_t *session, const ccgw_address_t *address)
{
    const ccgw_agent_def_t *def = agent_at(work->call, address->address);
    ccgw_participant_t leg = new_leg(work, address), *added;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, def->id);

    if (rv != APR_SUCCESS)
        return rv;
    if (ccgw_session_part(session, def->id))
        return APR_SUCCESS;
    if (!ccgw_agent_reachable(&agent, def, CCGW_MEDIA_VOICE)) {
        leg.agent = def->id;
        return tell_others(work, session, &leg, CCGW_CHANGE_NOT_COMING, CCGW_WHY_SIGNED_OUT);
    }
    ccgw_session_join(&added, session, &leg, work->pool);
    return ccgw_leg_offer(work, session, session->nparticipants - 1, def, &agent);
}

static apr_status_t do_invite(ccgw_work_t *work, void *baton)
{
    const ccgw_conference_args_t *args = ((verb_t *)baton)->args;
    ccgw_participant_t *part;
    ccgw_session_t session;
    apr_status_t rv = enter_as_chair(&session, &part, work);
    int i;

    if (rv == APR_SUCCESS && session.nparticipants + args->naddresses > session.limit)
        return ccgw_problem(work->call, CCGW_ELIMIT, "addresses", "the conference has room for %d members",
                            session.limit);
    for (i = 0; i < args->naddresses && rv == APR_SUCCESS; i++)
        rv = args->addresses[i].kind == CCGW_ADDRESS_PHONE ? ring(work, &session, &args->addresses[i])
                                                           : ask_agent(work, &session, &args->addresses[i]);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_conference_invite(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done)
{
    int i;

    if (!args->naddresses)
        return ccgw_problem(call, CCGW_EMISSING, "addresses", "addresses: name at least one");
    for (i = 0; i < args->naddresses; i++) {
        if (args->addresses[i].kind == CCGW_ADDRESS_AGENT && !agent_at(call, args->addresses[i].address))
            return ccgw_problem(call, CCGW_EINVAL, "addresses", "there is no agent %s", args->addresses[i].address);
    }
    return run(call, do_invite, args, done);
}

/* ---- coming ---- */

static apr_status_t do_answer(ccgw_work_t *work, void *baton)
{
    ccgw_participant_t *part;
    ccgw_session_t session;
    ccgw_agent_t agent;
    apr_status_t rv = enter(&session, &part, work, CCGW_LEG_OFFERED);

    if (rv == APR_SUCCESS)
        rv = ccgw_agent_load(&agent, work, part->agent);
    if (rv != APR_SUCCESS)
        return rv;
    part->leg = CCGW_LEG_JOINED;
    part->until = 0;
    ccgw_agent_task(&agent, session.id, CCGW_MEDIA_VOICE, CCGW_LEG_JOINED, work->pool);
    rv = ccgw_agent_save(work, &agent);
    if (rv == APR_SUCCESS)
        rv = tell_one(work, &session, part->agent, 0, CCGW_CHANGE_JOINED, CCGW_WHY_OWN);
    if (rv == APR_SUCCESS)
        rv = tell_others(work, &session, part, CCGW_CHANGE_JOINED, CCGW_WHY_OWN);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_conference_answer(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done)
{
    return run(call, do_answer, args, done);
}

/** Whoever was asked and does not come: his task, his word, the others'. */
static apr_status_t not_coming(ccgw_work_t *work, ccgw_session_t *session, int i, int view, int why)
{
    ccgw_participant_t leg = session->participants[i];
    apr_status_t rv;

    if (leg.agent) {
        rv = ccgw_leg_withdraw(work, session, i, 0, 1, 0);
        if (rv == APR_SUCCESS)
            rv = tell_one(work, session, leg.agent, view, CCGW_CHANGE_NOT_COMING, why);
        if (rv != APR_SUCCESS)
            return rv;
    }
    else
        ccgw_session_drop(session, i);
    return tell_others(work, session, &leg, CCGW_CHANGE_NOT_COMING, why);
}

static apr_status_t do_reject(ccgw_work_t *work, void *baton)
{
    ccgw_participant_t *part;
    ccgw_session_t session;
    apr_status_t rv = enter(&session, &part, work, CCGW_LEG_OFFERED);

    if (rv == APR_SUCCESS)
        rv = not_coming(work, &session, (int)(part - session.participants), CCGW_VIEW_COMPLETED, CCGW_WHY_REFUSED);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_conference_reject(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done)
{
    return run(call, do_reject, args, done);
}

apr_status_t ccgw_conference_leg_due(ccgw_work_t *work, ccgw_session_t *session, int i)
{
    ccgw_participant_t *leg = &session->participants[i];

    if (leg->party != CCGW_PARTY_PHONE || leg->answer != CCGW_RING_ANSWER)
        return not_coming(work, session, i, CCGW_VIEW_REVOKED,
                          leg->answer == CCGW_RING_REFUSE ? CCGW_WHY_REFUSED : CCGW_WHY_UNANSWERED);
    leg->leg = CCGW_LEG_JOINED;
    leg->until = 0;
    return tell_others(work, session, leg, CCGW_CHANGE_JOINED, CCGW_WHY_OWN);
}

/* ---- going ---- */

apr_status_t ccgw_conference_end(ccgw_work_t *work, ccgw_session_t *session, int why)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = session->nparticipants - 1; i >= 0 && rv == APR_SUCCESS; i--) {
        ccgw_participant_t leg = session->participants[i];

        if (!leg.agent)
            continue;
        ccgw_session_drop(session, i);
        rv = ccgw_leg_free(work, session, leg.agent);
        if (rv == APR_SUCCESS)
            rv = tell_one(work, session, leg.agent,
                          leg.leg == CCGW_LEG_OFFERED ? CCGW_VIEW_REVOKED : CCGW_VIEW_COMPLETED, CCGW_CHANGE_LEFT, why);
    }
    session->nparticipants = 0;
    session->state = CCGW_SESSION_ENDED;
    session->ended = work->call->wall;
    session->owner = NULL;
    session->ends = session->remind = 0;
    return rv;
}

apr_status_t ccgw_conference_drop(ccgw_work_t *work, ccgw_session_t *session, const char *agent, int why)
{
    ccgw_participant_t *part = ccgw_session_part(session, agent), gone = *part;
    int chair = is_chair(session, agent), i;
    apr_status_t rv;

    if (ccgw_session_joined(session) == 1)
        return ccgw_conference_end(work, session, why);
    ccgw_session_drop(session, (int)(part - session->participants));
    rv = ccgw_leg_free(work, session, gone.agent);
    if (rv == APR_SUCCESS)
        rv = tell_one(work, session, gone.agent, CCGW_VIEW_COMPLETED, CCGW_CHANGE_LEFT, why);
    if (rv == APR_SUCCESS)
        rv = tell_others(work, session, &gone, CCGW_CHANGE_LEFT, why);
    for (i = 0; i < session->nparticipants && chair && rv == APR_SUCCESS; i++) {
        ccgw_participant_t *next = &session->participants[i];

        if (!next->agent || next->leg != CCGW_LEG_JOINED)
            continue;
        session->owner = next->agent;
        chair = 0;
        rv = tell_one(work, session, next->agent, 0, CCGW_CHANGE_CHAIR, why);
        if (rv == APR_SUCCESS)
            rv = tell_others(work, session, next, CCGW_CHANGE_CHAIR, why);
    }
    return rv;
}

static apr_status_t do_leave(ccgw_work_t *work, void *baton)
{
    ccgw_participant_t *part;
    ccgw_session_t session;
    apr_status_t rv = enter(&session, &part, work, CCGW_LEG_JOINED);

    if (rv == APR_SUCCESS && is_chair(&session, part->agent))
        return ccgw_problem(work->call, CCGW_ECHAIR, NULL, NULL);
    if (rv == APR_SUCCESS)
        rv = ccgw_conference_drop(work, &session, part->agent, CCGW_WHY_OWN);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_conference_leave(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done)
{
    return run(call, do_leave, args, done);
}

static apr_status_t do_release(ccgw_work_t *work, void *baton)
{
    ccgw_participant_t *part;
    ccgw_session_t session;
    apr_status_t rv = enter_as_chair(&session, &part, work);

    if (rv == APR_SUCCESS)
        rv = tell_others(work, &session, part, CCGW_CHANGE_LEFT, CCGW_WHY_OVER);
    if (rv == APR_SUCCESS)
        rv = ccgw_conference_end(work, &session, CCGW_WHY_OVER);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_conference_release(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done)
{
    return run(call, do_release, args, done);
}

apr_status_t ccgw_conference_due(ccgw_work_t *work, ccgw_session_t *session)
{
    ccgw_event_t event = { .type = CCGW_EVENT_CONFERENCE_ENDING, .session = session };

    if (session->ends && session->ends <= work->call->now)
        return ccgw_conference_end(work, session, CCGW_WHY_OVER);
    if (!session->remind || session->remind > work->call->now)
        return APR_SUCCESS;
    session->remind = 0;
    return ccgw_event_tell(work, &event, &session->owner, 1);
}
