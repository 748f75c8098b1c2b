/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session_invite.c: asking others in: invite, consult, transfer; taking the question back; taking somebody out. */
#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

typedef struct verb_t {
    const ccgw_session_args_t *args;
    int offer; /* ccgw_offer_t */
} verb_t;

/** Whom a target means: an agent, or a queue. */
typedef struct resolved_t {
    const ccgw_agent_def_t *agent;
    const ccgw_queue_def_t *queue;
} resolved_t;

static apr_status_t resolve(resolved_t *found, ccgw_call_t *call, const ccgw_target_t *target)
{
    found->agent = NULL;
    found->queue = NULL;
    if (target->id && target->kind != CCGW_TARGET_QUEUE)
        found->agent = ccgw_floor_find_agent(call->core->floor, call->tenant, target->id);
    if (target->id && !found->agent && target->kind != CCGW_TARGET_AGENT)
        found->queue = ccgw_floor_queue(call->core->floor, call->tenant, target->id);
    if (found->agent || found->queue)
        return APR_SUCCESS;
    return ccgw_problem(call, CCGW_ENOTFOUND, "target", "there is no such user, contact or queue");
}

static ccgw_participant_t new_leg(const ccgw_work_t *work, int offer, const ccgw_queue_def_t *queue,
                                  apr_int64_t reference)
{
    ccgw_call_t *call = work->call;

    return (ccgw_participant_t){
        .id = ccgw_id_new(call->now),
        .party = CCGW_PARTY_AGENT,
        .leg = CCGW_LEG_OFFERED,
        .offer = offer,
        .visibility = offer == CCGW_OFFER_CONSULT ? CCGW_VISIBLE_AGENTS : CCGW_VISIBLE_ALL,
        .queue = queue ? queue->name : NULL,
        .until = call->now + work->core->limits.no_answer,
        .by_agent = call->agent->id,
        .by_login = call->login,
        .by_reference = reference,
    };
}

/** He cannot join: the request was fine, so the asking desktop hears of it by an event. */
static apr_status_t tell_unreachable(ccgw_work_t *work, ccgw_session_t *session, apr_int64_t reference)
{
    const char *me = work->call->agent->id;
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_ERROR,
                           .session = session,
                           .only_login = 1,
                           .reference = reference,
                           .code = CCGW_EUNREACHABLE - CCGW_ERROR_BASE };

    return ccgw_event_tell(work, &event, &me, 1);
}

apr_status_t ccgw_session_ask(ccgw_work_t *work, ccgw_session_t *session, int offer, const ccgw_agent_def_t *def,
                              const ccgw_queue_def_t *queue)
{
    apr_int64_t reference = ccgw_call_reference(work->call);
    ccgw_participant_t leg = new_leg(work, offer, queue, reference), *added;
    ccgw_agent_t agent;
    apr_status_t rv;

    if (queue) {
        ccgw_session_join(&added, session, &leg, work->pool);
        return ccgw_leg_queue(work, session, session->nparticipants - 1);
    }
    rv = ccgw_agent_load(&agent, work, def->id);
    if (rv != APR_SUCCESS)
        return rv;
    if (ccgw_session_part(session, def->id) || !ccgw_agent_reachable(&agent, def, session->media))
        return tell_unreachable(work, session, reference);
    ccgw_session_join(&added, session, &leg, work->pool);
    return ccgw_leg_offer(work, session, session->nparticipants - 1, def, &agent);
}

static apr_status_t do_ask(ccgw_work_t *work, void *baton)
{
    static const ccgw_action_t needs[] = { [CCGW_OFFER_INVITE] = CCGW_ACTION_INVITE,
                                           [CCGW_OFFER_CONSULT] = CCGW_ACTION_CONSULT,
                                           [CCGW_OFFER_TRANSFER] = CCGW_ACTION_TRANSFER };
    verb_t *verb = baton;
    ccgw_session_t session;
    resolved_t found;
    apr_status_t rv = ccgw_session_enter(&session, work, verb->args, needs[verb->offer]);

    if (rv == APR_SUCCESS)
        rv = resolve(&found, work->call, &verb->args->target);
    if (rv == APR_SUCCESS)
        rv = ccgw_session_ask(work, &session, verb->offer, found.agent, found.queue);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

static apr_status_t run(ccgw_call_t *call, ccgw_work_fn_t *fn, verb_t *verb, ccgw_done_t *done)
{
    apr_status_t rv = ccgw_run(call, fn, verb, CCGW_DURABLE_UNSET);

    if (rv == APR_SUCCESS)
        done->reference = ccgw_call_reference(call);
    return rv;
}

apr_status_t ccgw_session_invite(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    verb_t verb = { args, args->offer == CCGW_OFFER_CONSULT ? CCGW_OFFER_CONSULT : CCGW_OFFER_INVITE };

    return run(call, do_ask, &verb, done);
}

/* ---- transfer ---- */

/** A session given to a queue leaves the giver at once: he need not wait for somebody there. */
static apr_status_t give_to_queue(ccgw_work_t *work, ccgw_session_t *session, const ccgw_queue_def_t *queue)
{
    const char *me = work->call->agent->id;
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE,
                           .view = CCGW_VIEW_COMPLETED,
                           .bare = 1,
                           .reference = ccgw_call_reference(work->call),
                           .session = session };
    ccgw_message_t left;
    apr_status_t rv = ccgw_leg_leave(&left, work, session, me);

    if (rv == APR_SUCCESS && !ccgw_session_joined(session))
        rv = ccgw_leg_withdraw_all(work, session);
    if (rv == APR_SUCCESS)
        rv = ccgw_session_joined(session) ? ccgw_session_add_queued(work, session, queue->name)
                                          : ccgw_session_requeue(work, session, queue->name);
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell(work, &event, &me, 1);
    return rv == APR_SUCCESS ? ccgw_session_tell_left(work, session, &left) : rv;
}

static apr_status_t do_transfer(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_target_t target = verb->args->target;
    ccgw_session_t session;
    resolved_t found;
    apr_status_t rv = ccgw_session_enter(&session, work, verb->args, CCGW_ACTION_TRANSFER);

    if (rv != APR_SUCCESS)
        return rv;
    if (!target.id && ccgw_str_given(verb->args->queue))
        target = (ccgw_target_t){ CCGW_TARGET_QUEUE, verb->args->queue };
    if (!target.id)
        return ccgw_problem(work->call, CCGW_EMISSING, "targetUri", "name a target or a queue");
    rv = resolve(&found, work->call, &target);
    if (rv != APR_SUCCESS)
        return rv;
    if (session.state == CCGW_SESSION_LEFT && found.agent)
        return ccgw_problem(work->call, CCGW_ESTATE, NULL, "the customer has left: only a queue can take it");
    if (ccgw_str_given(verb->args->text) && session.state == CCGW_SESSION_ACTIVE)
        rv = ccgw_session_say(work, &session, CCGW_MESSAGE_TEXT, CCGW_VISIBLE_ALL, verb->args->text);
    if (rv != APR_SUCCESS)
        return rv;
    rv = found.queue ? give_to_queue(work, &session, found.queue)
                     : ccgw_session_ask(work, &session, verb->offer, found.agent, NULL);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_transfer(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    verb_t verb = { args, CCGW_OFFER_TRANSFER };

    return run(call, do_transfer, &verb, done);
}

/* ---- taking back, taking out ---- */

static apr_status_t do_cancel(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    const char *me = work->call->agent->id;
    ccgw_session_t session;
    int i, n = 0;
    apr_status_t rv =
        ccgw_session_enter(&session, work, verb->args,
                           verb->offer == CCGW_OFFER_CONSULT ? CCGW_ACTION_CANCEL_CONSULT : CCGW_ACTION_CANCEL_INVITE);

    for (i = rv == APR_SUCCESS ? session.nparticipants - 1 : -1; i >= 0 && rv == APR_SUCCESS; i--) {
        const ccgw_participant_t *p = &session.participants[i];

        if (p->leg != CCGW_LEG_OFFERED || p->offer != verb->offer || !p->by_agent || strcmp(p->by_agent, me))
            continue;
        rv = ccgw_leg_withdraw(work, &session, i, CCGW_VIEW_REVOKED, 1, 0);
        n++;
    }
    if (rv != APR_SUCCESS)
        return rv;
    return n ? ccgw_session_save(work, &session) : tell_unreachable(work, &session, ccgw_call_reference(work->call));
}

apr_status_t ccgw_session_cancel_invite(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    verb_t verb = { args, args->offer == CCGW_OFFER_CONSULT ? CCGW_OFFER_CONSULT : CCGW_OFFER_INVITE };

    return run(call, do_cancel, &verb, done);
}

/** The removal as the log and the other desktops know it. */
static apr_status_t take_out(ccgw_work_t *work, ccgw_session_t *session, const ccgw_agent_def_t *whom)
{
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_MESSAGES, .session = session };
    ccgw_participant_t *me = ccgw_session_part(session, work->call->agent->id);
    ccgw_message_t notice = ccgw_session_message(me, CCGW_MESSAGE_NOTICE, CCGW_VISIBLE_AGENTS, whom->id), left;
    apr_status_t rv = ccgw_session_log(&notice, work, session);

    event.messages = &notice;
    event.nmessages = 1;
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell_session(work, &event, session, 0);
    if (rv == APR_SUCCESS)
        rv = ccgw_leg_leave(&left, work, session, whom->id);
    event =
        (ccgw_event_t){ .type = CCGW_EVENT_SESSION_STATE, .view = CCGW_VIEW_COMPLETED, .bare = 1, .session = session };
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell(work, &event, &whom->id, 1);
    return rv == APR_SUCCESS ? ccgw_session_tell_left(work, session, &left) : rv;
}

static apr_status_t do_remove(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_call_t *call = work->call;
    ccgw_participant_t *part;
    ccgw_session_t session;
    resolved_t found;
    apr_status_t rv = ccgw_session_enter(&session, work, verb->args, CCGW_ACTION_REMOVE);

    if (rv == APR_SUCCESS)
        rv = resolve(&found, call, &verb->args->target);
    if (rv != APR_SUCCESS)
        return rv;
    part = found.agent ? ccgw_session_part(&session, found.agent->id) : NULL;
    if (!part || part->leg != CCGW_LEG_JOINED || found.agent == call->agent)
        return ccgw_problem(call, CCGW_ENOTFOUND, "targetUri", "that user is not in the session");
    if (ccgw_session_part(&session, call->agent->id)->visibility != CCGW_VISIBLE_ALL)
        return ccgw_problem(call, CCGW_ESTATE, NULL, "only a participant visible to all may remove others");
    rv = take_out(work, &session, found.agent);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_remove(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    verb_t verb = { args, CCGW_OFFER_UNSET };

    return run(call, do_remove, &verb, done);
}
