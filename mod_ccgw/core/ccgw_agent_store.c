/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_agent_store.c: presence as a record, the tasks in it, and the index of who can take work. */
#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_conference.h"
#include "core/ccgw_renew.h"
#include "core/ccgw_session_store.h"

apr_status_t ccgw_agent_load(ccgw_agent_t *agent, ccgw_work_t *work, const char *id)
{
    apr_uint64_t version;
    apr_status_t rv;

    rv = ccgw_work_get(agent, &version, work, CCGW_TABLE_AGENT, ccgw_agent_key(work->call->tenant, id, work->pool),
                       &ccgw_agent_record);
    if (rv == APR_SUCCESS && !version)
        agent->id = apr_pstrdup(work->pool, id);
    return rv;
}

ccgw_strs_t ccgw_strs_with(const ccgw_strs_t *strs, const char *s, apr_pool_t *pool)
{
    ccgw_strs_t out = ccgw_strs_without(strs, s, pool);

    out.v[out.n++] = s;
    return out;
}

ccgw_strs_t ccgw_strs_without(const ccgw_strs_t *strs, const char *s, apr_pool_t *pool)
{
    ccgw_strs_t out = { apr_palloc(pool, sizeof *out.v * (strs->n + 1)), 0 };
    int i;

    for (i = 0; i < strs->n; i++) {
        if (strcmp(strs->v[i], s))
            out.v[out.n++] = strs->v[i];
    }
    return out;
}

ccgw_presence_state_t *ccgw_agent_channel(const ccgw_agent_t *agent, int media)
{
    int i;

    for (i = 0; i < agent->nchannels; i++) {
        if (agent->channels[i].media == media)
            return &agent->channels[i];
    }
    return NULL;
}

int ccgw_agent_load_of(const ccgw_agent_t *agent, int media)
{
    int i, n = 0;

    for (i = 0; i < agent->ntasks; i++)
        n += agent->tasks[i].media == media;
    return n;
}

void ccgw_agent_task(ccgw_agent_t *agent, ccgw_id_t session, int media, int leg, apr_pool_t *pool)
{
    ccgw_task_t *grown;
    int i;

    for (i = 0; i < agent->ntasks; i++) {
        if (agent->tasks[i].session == session) {
            agent->tasks[i].leg = leg;
            return;
        }
    }
    grown = apr_pcalloc(pool, sizeof *grown * (agent->ntasks + 1));
    if (agent->ntasks)
        memcpy(grown, agent->tasks, sizeof *grown * agent->ntasks);
    grown[agent->ntasks] = (ccgw_task_t){ .session = session, .media = media, .leg = leg };
    agent->tasks = grown;
    agent->ntasks++;
}

void ccgw_agent_untask(ccgw_agent_t *agent, ccgw_id_t session, apr_time_t now)
{
    ccgw_presence_state_t *channel;
    int i;

    for (i = 0; i < agent->ntasks && agent->tasks[i].session != session; i++)
        ;
    if (i == agent->ntasks)
        return;
    channel = ccgw_agent_channel(agent, agent->tasks[i].media);
    if (channel)
        channel->idle_since = now;
    agent->ntasks--;
    memmove(&agent->tasks[i], &agent->tasks[i + 1], sizeof *agent->tasks * (agent->ntasks - i));
}

int ccgw_agent_reachable(const ccgw_agent_t *agent, const ccgw_agent_def_t *def, int media)
{
    return agent->open && agent->logins.n && ccgw_agent_channel(agent, media) &&
           ccgw_agent_load_of(agent, media) < ccgw_floor_capacity(def, media);
}

/** Under which time he stands in AVAILABLE for this channel; 0: he must not stand there. */
static apr_int64_t wanted(const ccgw_agent_t *agent, const ccgw_agent_def_t *def, const ccgw_presence_state_t *channel)
{
    if (!def || channel->state != CCGW_PRESENCE_READY || !ccgw_agent_reachable(agent, def, channel->media))
        return 0;
    return channel->idle_since;
}

static ccgw_buf_t available_key(const ccgw_work_t *work, int media, apr_int64_t since, const char *agent)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, work->call->tenant, work->pool);
    ccgw_key_number(&key, (apr_uint64_t)media);
    ccgw_key_number(&key, (apr_uint64_t)since);
    ccgw_key_text(&key, agent);
    return ccgw_key_buf(&key);
}

static apr_status_t move_available(ccgw_work_t *work, const ccgw_agent_t *agent, ccgw_presence_state_t *channel,
                                   apr_int64_t since)
{
    ccgw_pointer_t entry;
    apr_uint64_t version;
    apr_status_t rv = APR_SUCCESS;
    ccgw_buf_t key;

    if (channel->available) {
        key = available_key(work, channel->media, channel->available, agent->id);
        rv = ccgw_work_get(&entry, &version, work, CCGW_TABLE_AVAILABLE, key, &ccgw_pointer_record);
        if (rv == APR_SUCCESS && version)
            rv = work->core->provider->del(work->txn, CCGW_TABLE_AVAILABLE, key);
    }
    channel->available = since;
    if (rv != APR_SUCCESS || !since)
        return rv;
    key = available_key(work, channel->media, since, agent->id);
    rv = ccgw_work_get(&entry, &version, work, CCGW_TABLE_AVAILABLE, key, &ccgw_pointer_record);
    if (rv != APR_SUCCESS)
        return rv;
    entry = (ccgw_pointer_t){ .agent = agent->id };
    return ccgw_work_put(work, CCGW_TABLE_AVAILABLE, key, &ccgw_pointer_record, &entry, 0);
}

/** When his sessions go back, or his mailbox has to begin anew; 0 neither. */
static apr_time_t next_due(const ccgw_work_t *work, const ccgw_agent_t *agent)
{
    apr_time_t renew = ccgw_renew_time(work->core, agent);

    return !renew || (agent->gone_at && agent->gone_at < renew) ? agent->gone_at : renew;
}

apr_status_t ccgw_agent_save(ccgw_work_t *work, ccgw_agent_t *agent)
{
    const ccgw_agent_def_t *def = ccgw_floor_agent(work->core->floor, work->call->tenant, agent->id);
    apr_int64_t since;
    apr_status_t rv;
    int i, freed = 0;

    for (i = 0; i < agent->nchannels; i++) {
        since = wanted(agent, def, &agent->channels[i]);
        if (since == agent->channels[i].available)
            continue;
        freed |= since != 0;
        rv = move_available(work, agent, &agent->channels[i], since);
        if (rv != APR_SUCCESS)
            return rv;
    }
    if (freed)
        ccgw_work_freed(work, def);
    if (!agent->logins.n)
        agent->boxed = 0;
    else if (!agent->boxed)
        agent->boxed = work->call->now;
    return ccgw_work_put(work, CCGW_TABLE_AGENT, ccgw_agent_key(work->call->tenant, agent->id, work->pool),
                         &ccgw_agent_record, agent, next_due(work, agent));
}

apr_status_t ccgw_agent_tell(ccgw_work_t *work, const ccgw_agent_t *agent, const char *cause, apr_int64_t reference)
{
    ccgw_event_t event = { .type = CCGW_EVENT_AGENT_STATE, .text = cause, .reference = reference };
    ccgw_agent_t snapshot = *agent;

    event.agent = &snapshot;
    return ccgw_event_tell(work, &event, &agent->id, 1);
}

/** What becomes of one task of an agent who goes. */
static apr_status_t release_task(ccgw_work_t *work, const ccgw_task_t *task, const char *agent, int go)
{
    ccgw_session_t session;
    ccgw_participant_t *part;
    ccgw_message_t left;
    apr_status_t rv = ccgw_session_load(&session, work, task->session);

    if (rv != APR_SUCCESS)
        return rv == CCGW_ENOTFOUND ? APR_SUCCESS : rv;
    part = ccgw_session_part(&session, agent);
    if (!part || (part->leg != CCGW_LEG_OFFERED && !go))
        return APR_SUCCESS;
    if (part->leg == CCGW_LEG_OFFERED)
        rv = ccgw_leg_withdraw(work, &session, (int)(part - session.participants), CCGW_VIEW_REVOKED, 0,
                               CCGW_EUNREACHABLE);
    else if (session.media == CCGW_MEDIA_VOICE)
        rv = ccgw_conference_drop(work, &session, agent, CCGW_WHY_SIGNED_OUT);
    else if (part->leg == CCGW_LEG_LEFT)
        rv = ccgw_session_finish(work, &session, 0);
    else {
        rv = ccgw_leg_leave(&left, work, &session, agent);
        if (rv == APR_SUCCESS)
            rv = ccgw_session_joined(&session) ? ccgw_session_tell_left(work, &session, &left)
                                               : ccgw_session_requeue_alone(work, &session);
    }
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_agent_release(ccgw_work_t *work, ccgw_agent_t *agent, int go)
{
    ccgw_task_t *tasks = apr_pmemdup(work->pool, agent->tasks, sizeof *tasks * (agent->ntasks ? agent->ntasks : 1));
    int i, n = agent->ntasks;
    apr_status_t rv = ccgw_agent_save(work, agent);

    for (i = 0; i < n && rv == APR_SUCCESS; i++)
        rv = release_task(work, &tasks[i], agent->id, go);
    return rv == APR_SUCCESS ? ccgw_agent_load(agent, work, agent->id) : rv;
}
