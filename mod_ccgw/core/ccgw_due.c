/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_due.c: what happens when a record's time has come. One handler per table; each runs in a transaction that reads
 * the record again, so that two sweeps at once do no harm. */
#include "core/ccgw_due.h"

#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_conference.h"
#include "core/ccgw_match.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_renew.h"
#include "core/ccgw_retention.h"
#include "core/ccgw_session_store.h"
#include "core/ccgw_stream_record.h"
#include "util/ccgw_log.h"

/* Records of ended sessions that one sweep removes: nobody who waits for an offer's end shall notice. */
#define REMOVED_AT_ONCE 4000
/* What cannot be done for a reason of its own is tried again after this, and does not stand before all others. */
#define POSTPONED apr_time_from_sec(60)

/** The record a handler works on. */
typedef struct due_t {
    ccgw_buf_t key;
    ccgw_buf_t value; /* as the sweep saw it: only to find out whose it is */
    apr_time_t started;
    int *budget; /* what is left of REMOVED_AT_ONCE */
} due_t;

/** The deadline, whichever range it lies in. */
static apr_time_t time_of(apr_time_t due)
{
    return due >= CCGW_DUE_TIDY ? due - CCGW_DUE_TIDY : due;
}

/* ---- offers ---- */

/** An agent who lets a routed offer pass is taken out of the order until he says he is back. */
static apr_status_t set_absent(ccgw_work_t *work, const char *id, int media)
{
    ccgw_presence_state_t *channel;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, id);

    if (rv != APR_SUCCESS)
        return rv;
    channel = ccgw_agent_channel(&agent, media);
    if (!channel)
        return APR_SUCCESS;
    channel->state = CCGW_PRESENCE_NOT_READY;
    channel->reason = "no-answer";
    rv = ccgw_agent_save(work, &agent);
    return rv == APR_SUCCESS ? ccgw_agent_tell(work, &agent, "no-answer", 0) : rv;
}

static apr_status_t no_answer(ccgw_work_t *work, ccgw_session_t *session, int i)
{
    ccgw_participant_t leg = session->participants[i];
    int routed = leg.offer == CCGW_OFFER_ROUTED;
    apr_status_t rv = APR_SUCCESS;

    if (leg.agent)
        ccgw_session_refuse(work, session, leg.agent);
    if (routed && leg.agent)
        rv = set_absent(work, leg.agent, session->media);
    /* a routed leg waits on; an invitation that nobody took in time is over */
    return rv == APR_SUCCESS ? ccgw_leg_withdraw(work, session, i, CCGW_VIEW_REVOKED, !routed, CCGW_EUNREACHABLE) : rv;
}

static apr_status_t open_session_due(ccgw_work_t *work, void *baton)
{
    due_t *due = baton;
    ccgw_session_t session;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&session, &version, work, CCGW_TABLE_SESSION, due->key, &ccgw_session_record);
    int i;

    if (rv != APR_SUCCESS || !version)
        return rv;
    for (i = session.nparticipants - 1; i >= 0 && rv == APR_SUCCESS; i--) {
        const ccgw_participant_t *p = &session.participants[i];

        if (p->leg == CCGW_LEG_OFFERED && p->until && p->until <= work->call->now)
            rv = session.media == CCGW_MEDIA_VOICE ? ccgw_conference_leg_due(work, &session, i)
                                                   : no_answer(work, &session, i);
    }
    if (rv == APR_SUCCESS && session.media == CCGW_MEDIA_VOICE)
        rv = ccgw_conference_due(work, &session);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

static apr_status_t session_due(ccgw_call_t *call, due_t *due)
{
    ccgw_session_t session;
    apr_status_t rv = ccgw_record_decode(&session, &ccgw_session_record, due->value, call->pool);

    if (rv != APR_SUCCESS)
        return rv;
    /* it cannot be opened again */
    return session.state == CCGW_SESSION_ENDED ? ccgw_retention_due(call, due->key, due->budget)
                                               : ccgw_run(call, open_session_due, due, CCGW_DURABLE_UNSET);
}

/* ---- agents: they went, or their mailbox is old ---- */

static apr_status_t agent_due(ccgw_work_t *work, void *baton)
{
    due_t *due = baton;
    ccgw_agent_t agent;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&agent, &version, work, CCGW_TABLE_AGENT, due->key, &ccgw_agent_record);

    if (rv != APR_SUCCESS || !version)
        return rv;
    if (ccgw_renew_time(work->core, &agent) && ccgw_renew_time(work->core, &agent) <= work->call->now)
        rv = ccgw_renew_agent(work, &agent);
    if (rv != APR_SUCCESS || !agent.gone_at || agent.gone_at > work->call->now)
        return rv == APR_SUCCESS ? ccgw_agent_save(work, &agent) : rv;
    agent.gone_at = 0;
    return ccgw_agent_shut(work, &agent, 1);
}

/* ---- logins and streams: silence ---- */

/** When the silence of what KEY's words count will have lasted IDLE. Silence counts only while the server was up. */
static apr_time_t silent_at(const ccgw_call_t *call, ccgw_buf_t key, const due_t *due, apr_interval_time_t idle)
{
    apr_uint64_t seen = 0;

    call->core->provider->word(&seen, call->core->store, key, CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0);
    return ((apr_time_t)seen > due->started ? (apr_time_t)seen : due->started) + idle;
}

static apr_status_t move_due(ccgw_work_t *work, ccgw_table_t table, ccgw_buf_t key, apr_time_t to)
{
    ccgw_record_t record;
    apr_status_t rv = work->core->provider->get(&record, work->txn, table, key);

    if (rv != APR_SUCCESS || !record.version)
        return rv;
    return work->core->provider->put(work->txn, table, key, record.value, to);
}

typedef struct move_t {
    ccgw_table_t table;
    ccgw_buf_t key;
    apr_time_t to;
} move_t;

static apr_status_t do_move(ccgw_work_t *work, void *baton)
{
    move_t *move = baton;

    return move_due(work, move->table, move->key, move->to);
}

/** As do_move, and the place is written down with it: words outlive all processes, but no power cut. */
static apr_status_t do_move_stream(ccgw_work_t *work, void *baton)
{
    move_t *move = baton;
    ccgw_stream_t stream;
    apr_uint64_t version, place = 0;
    apr_status_t rv = ccgw_work_get(&stream, &version, work, move->table, move->key, &ccgw_stream_record);

    if (rv != APR_SUCCESS || !version)
        return rv;
    work->core->provider->word(&place, work->core->store, move->key, CCGW_WORD_READ, CCGW_WORD_LOAD, 0);
    stream.read = (apr_int64_t)place;
    return ccgw_work_put(work, move->table, move->key, &ccgw_stream_record, &stream, move->to);
}

static apr_status_t login_due(ccgw_call_t *call, due_t *due)
{
    apr_time_t end = silent_at(call, due->key, due, call->core->limits.login_idle);
    move_t move = { CCGW_TABLE_LOGIN, due->key, end };
    ccgw_login_t login;
    apr_status_t rv;

    if (end > call->now)
        return ccgw_run(call, do_move, &move, CCGW_DURABLE_MEMORY);
    rv = ccgw_record_decode(&login, &ccgw_login_record, due->value, call->pool);
    return rv == APR_SUCCESS ? ccgw_login_end(call, login.id) : rv;
}

static apr_status_t stream_due(ccgw_call_t *call, due_t *due)
{
    apr_time_t end = silent_at(call, due->key, due, call->core->limits.stream_idle);
    move_t move = { CCGW_TABLE_STREAM, due->key, end };
    ccgw_stream_t stream;
    apr_status_t rv;

    if (end > call->now)
        return ccgw_run(call, do_move_stream, &move, CCGW_DURABLE_MEMORY);
    rv = ccgw_record_decode(&stream, &ccgw_stream_record, due->value, call->pool);
    if (rv == APR_SUCCESS && stream.keeps_login)
        rv = ccgw_login_end(call, stream.login);
    return rv == APR_SUCCESS ? ccgw_stream_close(call, stream.id) : rv;
}

/* ---- what only has to go ---- */

static apr_status_t drop(ccgw_work_t *work, void *baton)
{
    move_t *what = baton;
    ccgw_record_t record;
    apr_status_t rv = work->core->provider->get(&record, work->txn, what->table, what->key);

    if (rv != APR_SUCCESS || !record.version || time_of(record.due) > work->call->now)
        return rv;
    return work->core->provider->del(work->txn, what->table, what->key);
}

/* ---- the sweep ---- */

static apr_status_t handle(ccgw_call_t *call, ccgw_table_t table, due_t *due)
{
    move_t gone = { table, due->key, 0 };

    switch (table) {
    case CCGW_TABLE_SESSION: return session_due(call, due);
    case CCGW_TABLE_AGENT: return ccgw_run(call, agent_due, due, CCGW_DURABLE_UNSET);
    case CCGW_TABLE_LOGIN: return login_due(call, due);
    case CCGW_TABLE_STREAM: return stream_due(call, due);
    case CCGW_TABLE_RECEIPT:
    case CCGW_TABLE_RATE: return ccgw_run(call, drop, &gone, CCGW_DURABLE_MEMORY);
    case CCGW_TABLE_OUTBOX: return ccgw_outbox_due(call->core, call->tenant, due->key, call->pool);
    default: return APR_SUCCESS;
    }
}

/** The record as it is, if it is still due; not by ccgw_run(), since there may be no tenant to call for. */
static apr_status_t postpone(ccgw_core_t *core, ccgw_table_t table, const ccgw_record_t *seen, apr_pool_t *pool)
{
    const ccgw_store_provider_t *provider = core->provider;
    apr_time_t to = seen->due - time_of(seen->due) + core->now(core->clock_baton) + POSTPONED;
    ccgw_record_t record;
    ccgw_txn_t *txn;
    apr_status_t rv = provider->begin(&txn, core->store, ccgw_buf_str(seen->key.p), pool);

    if (rv == APR_SUCCESS)
        rv = provider->get(&record, txn, table, seen->key);
    if (rv != APR_SUCCESS || record.version != seen->version)
        return rv;
    rv = provider->put(txn, table, seen->key, record.value, to);
    return rv == APR_SUCCESS ? provider->commit(NULL, txn, CCGW_DURABLE_MEMORY) : rv;
}

static apr_status_t sweep_one(ccgw_core_t *core, ccgw_table_t table, const ccgw_record_t *record, apr_time_t started,
                              int *budget, apr_pool_t *pool)
{
    due_t due = { record->key, record->value, started, budget };
    const char *name = record->key.p; /* a key begins with its tenant's name and a zero */
    const ccgw_tenant_t *tenant = ccgw_floor_tenant(core->floor, name);
    ccgw_call_t call;
    apr_status_t rv = CCGW_ENOTFOUND;

    if (tenant) {
        ccgw_call_init(&call, core, tenant, NULL, NULL, pool);
        rv = handle(&call, table, &due);
    }
    if (rv == APR_SUCCESS || rv == CCGW_EBUSY || ccgw_error_told(rv))
        return rv;
    ccgw_log(CCGW_LOG_WARNING, rv, "CCGW0202: a deadline of %s (table %d) failed, tried again in a minute", name,
             (int)table);
    return postpone(core, table, record, pool);
}

/** What is due between the two times. @return why the sweep is of no use at present */
static apr_status_t sweep(ccgw_core_t *core, apr_time_t started, apr_time_t from, apr_time_t until, int max,
                          apr_pool_t *scratch)
{
    ccgw_record_t *records;
    ccgw_table_t *tables;
    apr_time_t next;
    apr_pool_t *pool;
    int i, n, budget = REMOVED_AT_ONCE;
    apr_status_t rv = core->provider->due(&records, &tables, &n, &next, core->store, from, until, max, scratch);

    apr_pool_create(&pool, scratch);
    for (i = 0; i < n && !ccgw_error_told(rv); i++) {
        apr_pool_clear(pool);
        rv = sweep_one(core, tables[i], &records[i], started, &budget, pool);
    }
    apr_pool_destroy(pool);
    return ccgw_error_told(rv) ? rv : APR_SUCCESS;
}

void ccgw_due_sweep(ccgw_core_t *core, apr_time_t started, int max, apr_pool_t *scratch)
{
    apr_time_t now = core->now(core->clock_baton);
    apr_pool_t *pool;

    apr_pool_create(&pool, scratch);
    if (sweep(core, started, 0, now, max, pool) == APR_SUCCESS &&
        sweep(core, started, CCGW_DUE_TIDY, CCGW_DUE_TIDY + now, max, pool) == APR_SUCCESS)
        ccgw_renew_round(core, pool);
    apr_pool_destroy(pool);
}

void ccgw_due_match_all(ccgw_core_t *core, apr_pool_t *scratch)
{
    const ccgw_tenant_t *tenant;
    const ccgw_queue_def_t *queue;
    int i, k;

    for (i = 0; (tenant = ccgw_floor_tenant_at(core->floor, i)); i++) {
        for (k = 0; (queue = ccgw_floor_queue_at(core->floor, tenant, k)); k++)
            ccgw_match_queue(core, tenant, queue->name, scratch);
    }
}
