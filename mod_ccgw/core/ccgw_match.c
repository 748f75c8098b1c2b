/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_match.c: the longest-waiting leg of a queue meets the longest-idle agent who can take it. */
#include "core/ccgw_match.h"

#include "core/ccgw_session_store.h"
#include "util/ccgw_log.h"

/** Waiting legs looked at in one transaction: those in front may all have been refused by the agents at hand. */
#define LEGS_AT_ONCE 16
/** Available agents looked at for one leg, in steps. */
#define AGENTS_AT_ONCE 64

typedef struct match_t {
    const ccgw_queue_def_t *queue;
    int offered;
} match_t;

static int asked_already(const ccgw_work_t *work, const ccgw_session_t *session, const char *agent)
{
    if (ccgw_session_part(session, agent))
        return 1;
    return session->refused_until > work->call->now && ccgw_strs_have(&session->refused, agent);
}

/** Read this agent again, checked, and say whether the leg can go to him. */
static int takes(ccgw_agent_t *agent, apr_status_t *rv, ccgw_work_t *work, const ccgw_session_t *session,
                 const ccgw_agent_def_t *def)
{
    const ccgw_presence_state_t *channel;

    *rv = ccgw_agent_load(agent, work, def->id);
    if (*rv != APR_SUCCESS)
        return 0;
    channel = ccgw_agent_channel(agent, session->media);
    return channel && channel->available != 0;
}

/** The longest-idle agent for SESSION out of the index; *def NULL when there is none. */
static apr_status_t find_agent(const ccgw_agent_def_t **def, ccgw_agent_t *agent, ccgw_work_t *work,
                               const ccgw_session_t *session, const ccgw_queue_def_t *queue)
{
    const ccgw_tenant_t *tenant = work->call->tenant;
    ccgw_buf_t from = ccgw_available_prefix(tenant, session->media, work->pool);
    ccgw_buf_t end = ccgw_key_after(from, work->pool);
    ccgw_record_t *records;
    ccgw_pointer_t entry;
    apr_status_t rv;
    int i, n;

    for (;;) {
        /* unchecked: the index only proposes; the agent's own record is read checked before he is asked */
        rv = work->core->provider->scan(&records, &n, work->txn, CCGW_TABLE_AVAILABLE, from, end, AGENTS_AT_ONCE);
        for (i = 0; i < n && rv == APR_SUCCESS; i++) {
            rv = ccgw_record_decode(&entry, &ccgw_pointer_record, records[i].value, work->pool);
            *def = rv == APR_SUCCESS ? ccgw_floor_agent(work->core->floor, tenant, entry.agent) : NULL;
            if (*def && ccgw_floor_serves(*def, queue) && !asked_already(work, session, entry.agent) &&
                takes(agent, &rv, work, session, *def))
                return rv;
        }
        *def = NULL;
        if (rv != APR_SUCCESS || n < AGENTS_AT_ONCE)
            return rv;
        from = ccgw_buf_copy(records[n - 1].key, work->pool);
        from.n++; /* the zero byte behind the copy: the next key after this one */
    }
}

static int waiting_leg(const ccgw_session_t *session, ccgw_id_t participant)
{
    int i;

    for (i = 0; i < session->nparticipants; i++) {
        if (session->participants[i].id == participant)
            return session->participants[i].leg == CCGW_LEG_OFFERED && !session->participants[i].agent ? i : -1;
    }
    return -1;
}

/** Try to place one waiting leg. */
static apr_status_t place(int *placed, ccgw_work_t *work, const ccgw_record_t *record, const ccgw_queue_def_t *queue)
{
    const ccgw_agent_def_t *def;
    ccgw_pointer_t entry;
    ccgw_session_t session;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_record_decode(&entry, &ccgw_pointer_record, record->value, work->pool);
    int leg;

    if (rv == APR_SUCCESS)
        rv = ccgw_session_load(&session, work, entry.session);
    if (rv != APR_SUCCESS)
        return rv == CCGW_ENOTFOUND ? APR_SUCCESS : rv;
    leg = waiting_leg(&session, entry.participant);
    if (leg < 0)
        return APR_SUCCESS;
    rv = find_agent(&def, &agent, work, &session, queue);
    if (rv != APR_SUCCESS || !def)
        return rv;
    rv = ccgw_leg_unqueue(work, &session, leg);
    if (rv == APR_SUCCESS)
        rv = ccgw_leg_offer(work, &session, leg, def, &agent);
    *placed = 1;
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

static apr_status_t do_match(ccgw_work_t *work, void *baton)
{
    match_t *match = baton;
    ccgw_buf_t from = ccgw_queue_prefix(work->call->tenant, match->queue->name, work->pool);
    ccgw_record_t *records;
    apr_status_t rv;
    int i, n;

    match->offered = 0;
    /* unchecked: each entry's session is read checked; an entry that comes meanwhile causes a matching of its own */
    rv = work->core->provider->scan(&records, &n, work->txn, CCGW_TABLE_QUEUE, from, ccgw_key_after(from, work->pool),
                                    LEGS_AT_ONCE);
    for (i = 0; i < n && rv == APR_SUCCESS && !match->offered; i++)
        rv = place(&match->offered, work, &records[i], match->queue);
    return rv;
}

apr_status_t ccgw_match_queue(ccgw_core_t *core, const ccgw_tenant_t *tenant, const char *queue, apr_pool_t *scratch)
{
    match_t match = { ccgw_floor_queue(core->floor, tenant, queue), 0 };
    apr_status_t rv = APR_SUCCESS;
    ccgw_call_t call;
    apr_pool_t *pool;

    if (!match.queue)
        return APR_SUCCESS;
    apr_pool_create(&pool, scratch);
    do {
        apr_pool_clear(pool);
        ccgw_call_init(&call, core, tenant, NULL, NULL, pool);
        rv = ccgw_run(&call, do_match, &match, CCGW_DURABLE_UNSET);
    } while (rv == APR_SUCCESS && match.offered);
    if (rv != APR_SUCCESS && !ccgw_error_told(rv))
        ccgw_log(CCGW_LOG_WARNING, rv, "CCGW0201: queue %s of %s: matching failed, tried again within a second", queue,
                 tenant->name);
    apr_pool_destroy(pool);
    return rv;
}
