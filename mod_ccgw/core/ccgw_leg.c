/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_leg.c: one agent's way into a session and out of it: waiting in a queue, offered, withdrawn, left. */
#include <string.h>

#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

static ccgw_buf_t entry_key(const ccgw_work_t *work, const ccgw_session_t *session, const ccgw_participant_t *leg)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, work->call->tenant, work->pool);
    ccgw_key_text(&key, leg->queue);
    ccgw_key_number(&key, (apr_uint64_t)leg->queued);
    ccgw_key_number(&key, session->id);
    ccgw_key_number(&key, leg->id);
    return ccgw_key_buf(&key);
}

apr_status_t ccgw_leg_queue(ccgw_work_t *work, ccgw_session_t *session, int i)
{
    ccgw_participant_t *leg = &session->participants[i];
    ccgw_pointer_t entry = { .session = session->id, .participant = leg->id }, none;
    apr_uint64_t version;
    apr_status_t rv;
    ccgw_buf_t key;

    if (!leg->queued)
        leg->queued = work->call->now;
    key = entry_key(work, session, leg);
    rv = ccgw_work_get(&none, &version, work, CCGW_TABLE_QUEUE, key, &ccgw_pointer_record);
    if (rv != APR_SUCCESS)
        return rv;
    ccgw_work_match(work, leg->queue);
    return ccgw_work_put(work, CCGW_TABLE_QUEUE, key, &ccgw_pointer_record, &entry, 0);
}

apr_status_t ccgw_leg_unqueue(ccgw_work_t *work, const ccgw_session_t *session, int i)
{
    ccgw_buf_t key = entry_key(work, session, &session->participants[i]);
    ccgw_pointer_t entry;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&entry, &version, work, CCGW_TABLE_QUEUE, key, &ccgw_pointer_record);

    if (rv != APR_SUCCESS || !version)
        return rv;
    return work->core->provider->del(work->txn, CCGW_TABLE_QUEUE, key);
}

apr_status_t ccgw_leg_offer(ccgw_work_t *work, ccgw_session_t *session, int i, const ccgw_agent_def_t *def,
                            ccgw_agent_t *agent)
{
    ccgw_participant_t *leg = &session->participants[i];
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE, .view = CCGW_VIEW_OFFERED, .session = session };
    apr_status_t rv;

    leg->agent = def->id;
    leg->nickname = def->nickname;
    leg->until = work->call->now + work->core->limits.no_answer;
    ccgw_agent_task(agent, session->id, session->media, CCGW_LEG_OFFERED, work->pool);
    rv = ccgw_agent_save(work, agent);
    if (rv != APR_SUCCESS)
        return rv;
    /* a desktop that cannot answer would wait for ever */
    if (agent->joiners.n && session->media != CCGW_MEDIA_VOICE)
        return ccgw_session_admit(work, session, leg, NULL);
    return ccgw_event_tell(work, &event, &def->id, 1);
}

/** Tell the desktop that asked for this leg that nothing came of it. */
static apr_status_t tell_failure(ccgw_work_t *work, ccgw_session_t *session, const ccgw_participant_t *leg,
                                 apr_status_t code)
{
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_ERROR,
                           .session = session,
                           .login = leg->by_login,
                           .only_login = leg->by_login != NULL,
                           .reference = leg->by_reference,
                           .code = code - CCGW_ERROR_BASE };

    if (!leg->by_agent)
        return APR_SUCCESS;
    return ccgw_event_tell(work, &event, &leg->by_agent, 1);
}

apr_status_t ccgw_leg_free(ccgw_work_t *work, const ccgw_session_t *session, const char *id)
{
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, id);

    if (rv != APR_SUCCESS)
        return rv;
    ccgw_agent_untask(&agent, session->id, work->call->now);
    return ccgw_agent_save(work, &agent);
}

apr_status_t ccgw_leg_withdraw(ccgw_work_t *work, ccgw_session_t *session, int i, int view, int give_up,
                               apr_status_t code)
{
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE, .view = view, .bare = 1 };
    ccgw_participant_t *leg = &session->participants[i], gone = *leg;
    apr_status_t rv;

    if (leg->agent) {
        rv = ccgw_leg_free(work, session, leg->agent);
        event.session = session;
        if (rv == APR_SUCCESS && view)
            rv = ccgw_event_tell(work, &event, &gone.agent, 1);
        if (rv != APR_SUCCESS)
            return rv;
        leg->agent = NULL;
        if (leg->queue && !give_up) {
            leg->until = leg->offer == CCGW_OFFER_ROUTED ? 0 : work->call->now + work->core->limits.no_answer;
            return ccgw_leg_queue(work, session, i);
        }
    }
    else if (leg->queue) {
        rv = ccgw_leg_unqueue(work, session, i);
        if (rv != APR_SUCCESS)
            return rv;
    }
    ccgw_session_drop(session, i);
    return code ? tell_failure(work, session, &gone, code) : APR_SUCCESS;
}

apr_status_t ccgw_leg_withdraw_all(ccgw_work_t *work, ccgw_session_t *session)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = session->nparticipants - 1; i >= 0 && rv == APR_SUCCESS; i--) {
        if (session->participants[i].leg == CCGW_LEG_OFFERED)
            rv = ccgw_leg_withdraw(work, session, i, CCGW_VIEW_REVOKED, 1, 0);
    }
    return rv;
}

/** The longest present agent takes over what AGENT owned. */
static void pass_on(ccgw_session_t *session, const char *agent)
{
    int i;

    if (!session->owner || strcmp(session->owner, agent))
        return;
    session->owner = NULL;
    for (i = 0; i < session->nparticipants && !session->owner; i++) {
        if (session->participants[i].party == CCGW_PARTY_AGENT && session->participants[i].leg == CCGW_LEG_JOINED)
            session->owner = session->participants[i].agent;
    }
}

apr_status_t ccgw_leg_leave(ccgw_message_t *left, ccgw_work_t *work, ccgw_session_t *session, const char *agent)
{
    ccgw_participant_t *part = ccgw_session_part(session, agent), gone = *part;
    apr_status_t rv;

    ccgw_session_drop(session, (int)(part - session->participants));
    pass_on(session, gone.agent);
    rv = ccgw_leg_free(work, session, gone.agent);
    if (rv != APR_SUCCESS)
        return rv;
    *left = ccgw_session_message(&gone, CCGW_MESSAGE_LEFT, gone.visibility, NULL);
    return ccgw_session_log(left, work, session);
}

apr_status_t ccgw_session_add_queued(ccgw_work_t *work, ccgw_session_t *session, const char *queue)
{
    ccgw_participant_t leg = { .id = ccgw_id_new(work->call->now),
                               .party = CCGW_PARTY_AGENT,
                               .leg = CCGW_LEG_OFFERED,
                               .visibility = CCGW_VISIBLE_ALL,
                               .offer = CCGW_OFFER_ROUTED,
                               .queue = queue };
    ccgw_participant_t *added;

    ccgw_session_join(&added, session, &leg, work->pool);
    return ccgw_leg_queue(work, session, session->nparticipants - 1);
}

apr_status_t ccgw_session_requeue(ccgw_work_t *work, ccgw_session_t *session, const char *queue)
{
    session->state = CCGW_SESSION_QUEUED;
    session->owner = NULL;
    session->workbin = session->bin_owner = NULL;
    return ccgw_session_add_queued(work, session, queue ? queue : session->queue);
}

apr_status_t ccgw_session_requeue_alone(ccgw_work_t *work, ccgw_session_t *session)
{
    apr_status_t rv = ccgw_leg_withdraw_all(work, session);

    return rv == APR_SUCCESS ? ccgw_session_requeue(work, session, NULL) : rv;
}

apr_status_t ccgw_session_tell_left(ccgw_work_t *work, ccgw_session_t *session, ccgw_message_t *left)
{
    const ccgw_call_t *call = work->call;
    int own = call->agent && left->from_agent && !strcmp(call->agent->id, left->from_agent);
    ccgw_participant_t who = {
        .id = left->from, .party = left->from_party, .agent = left->from_agent, .nickname = left->nickname
    };
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_PARTICIPANTS,
                           .session = session,
                           .who = &who,
                           .change = CCGW_CHANGE_LEFT,
                           .why = own           ? CCGW_WHY_OWN
                                  : call->agent ? CCGW_WHY_REMOVED
                                                : CCGW_WHY_SIGNED_OUT };
    apr_status_t rv = ccgw_event_tell_session(work, &event, session, 0);

    if (rv != APR_SUCCESS)
        return rv;
    event = (ccgw_event_t){ .type = CCGW_EVENT_SESSION_MESSAGES, .session = session, .messages = left, .nmessages = 1 };
    return ccgw_event_tell_session(work, &event, session, 0);
}

apr_status_t ccgw_session_forget_contact(ccgw_work_t *work, const ccgw_session_t *session, const char *customer)
{
    ccgw_pointer_t open;
    apr_uint64_t version;
    ccgw_buf_t key = ccgw_contact_key(work->call->tenant, session->media, session->number, customer, work->pool);
    apr_status_t rv = ccgw_work_get(&open, &version, work, CCGW_TABLE_CONTACT, key, &ccgw_pointer_record);

    if (rv != APR_SUCCESS || open.session != session->id)
        return rv;
    return work->core->provider->del(work->txn, CCGW_TABLE_CONTACT, key);
}

apr_status_t ccgw_session_release_customer(ccgw_work_t *work, ccgw_session_t *session)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < session->nparticipants && rv == APR_SUCCESS; i++) {
        const ccgw_participant_t *p = &session->participants[i];

        if (p->party == CCGW_PARTY_CUSTOMER)
            rv = ccgw_session_forget_contact(work, session, p->address ? p->address : session->customer);
    }
    return rv;
}

apr_status_t ccgw_session_finish(ccgw_work_t *work, ccgw_session_t *session, apr_int64_t reference)
{
    ccgw_event_t event = {
        .type = CCGW_EVENT_SESSION_STATE, .view = CCGW_VIEW_COMPLETED, .bare = 1, .reference = reference
    };
    const char *told;
    apr_status_t rv;
    int i;

    rv = ccgw_leg_withdraw_all(work, session);
    if (rv == APR_SUCCESS)
        rv = ccgw_session_release_customer(work, session);
    session->state = CCGW_SESSION_ENDED;
    session->ended = work->call->wall;
    session->owner = NULL;
    for (i = session->nparticipants - 1; i >= 0 && rv == APR_SUCCESS; i--) {
        told = session->participants[i].agent;
        if (!told)
            continue;
        ccgw_session_drop(session, i);
        event.session = session;
        rv = ccgw_leg_free(work, session, told);
        if (rv == APR_SUCCESS)
            rv = ccgw_event_tell(work, &event, &told, 1);
    }
    return rv;
}
