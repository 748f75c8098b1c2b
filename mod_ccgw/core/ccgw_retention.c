/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_retention.c: ended sessions go when their time is over: messages first, the session's record last. */
#include "core/ccgw_retention.h"

#include <string.h>

#include "core/ccgw_due.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_renew.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"
#include "util/ccgw_log.h"

/* Messages of one transaction: each may have a settled text for each of sixteen customers. */
#define PAGE 200
/* Waiting texts of one transaction. */
#define TEXTS 400
/* Deadlines this close to the rule's are left alone: the two clocks are not the same one. */
#define NEAR_ENOUGH apr_time_from_sec(60)

apr_time_t ccgw_retention_time(const ccgw_call_t *call, const ccgw_session_t *session)
{
    apr_interval_time_t keep = call->core->limits.keep_sessions;
    apr_time_t due;

    if (!keep)
        return 0;
    /* the end is written down by the wall clock */
    due = call->now + (session->ended + keep - call->wall);
    return CCGW_DUE_TIDY + (due > 0 ? due : 1);
}

/* ---- what the outbox holds of it ---- */

/** Take away what lies below PREFIX, at most MAX entries; *n: how many that were. */
static apr_status_t take_texts(int *n, ccgw_work_t *work, ccgw_buf_t prefix, int max)
{
    ccgw_record_t *records;
    apr_status_t rv = work->core->provider->range(&records, n, work->txn, CCGW_TABLE_OUTBOX, prefix,
                                                  ccgw_key_after(prefix, work->pool), max);
    int i;

    for (i = 0; i < *n && rv == APR_SUCCESS; i++)
        rv = work->core->provider->del(work->txn, CCGW_TABLE_OUTBOX, records[i].key);
    return rv;
}

static apr_status_t take_waiting(int *n, ccgw_work_t *work, ccgw_id_t session)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, work->call->tenant, work->pool);
    ccgw_key_text(&key, "wait");
    ccgw_key_number(&key, session);
    return take_texts(n, work, ccgw_key_buf(&key), TEXTS);
}

/** Settled texts go by themselves after a day; a session may have to go earlier. Every settled text marked its
 *  message. */
static apr_status_t take_settled(int *n, ccgw_work_t *work, ccgw_id_t session, const ccgw_message_t *message)
{
    ccgw_key_t key;

    *n = 0;
    if (!message->delivery)
        return APR_SUCCESS;
    ccgw_key_begin(&key, work->call->tenant, work->pool);
    ccgw_key_text(&key, "done");
    ccgw_key_number(&key, (apr_uint64_t)message->at);
    ccgw_key_number(&key, session);
    return take_texts(n, work, ccgw_key_buf(&key), 16);
}

/* ---- removal ---- */

static apr_status_t take_message(ccgw_removed_t *removed, ccgw_work_t *work, ccgw_id_t session,
                                 const ccgw_record_t *record)
{
    ccgw_message_t message;
    int texts;
    apr_status_t rv = ccgw_record_decode(&message, &ccgw_message_record, record->value, work->pool);

    if (rv == APR_SUCCESS)
        rv = take_settled(&texts, work, session, &message);
    if (rv != APR_SUCCESS)
        return rv;
    removed->texts += texts;
    removed->messages++;
    return work->core->provider->del(work->txn, CCGW_TABLE_MESSAGE, record->key);
}

apr_status_t ccgw_retention_remove(ccgw_removed_t *removed, ccgw_work_t *work, const ccgw_session_t *session)
{
    const ccgw_store_provider_t *provider = work->core->provider;
    ccgw_buf_t key = ccgw_session_key(work->call->tenant, session->id, work->pool);
    ccgw_session_t copy = *session;
    ccgw_record_t *records;
    apr_status_t rv;
    int i, n;

    memset(removed, 0, sizeof *removed);
    rv = take_waiting(&removed->unsent, work, session->id);
    removed->texts = removed->unsent;
    if (rv != APR_SUCCESS || removed->unsent == TEXTS)
        return rv;
    rv = provider->range(&records, &n, work->txn, CCGW_TABLE_MESSAGE, key, ccgw_key_after(key, work->pool), PAGE);
    for (i = 0; i < n && rv == APR_SUCCESS; i++)
        rv = take_message(removed, work, session->id, &records[i]);
    if (rv != APR_SUCCESS || n == PAGE)
        return rv;
    removed->sessions = 1;
    rv = ccgw_session_release_customer(work, &copy);
    return rv == APR_SUCCESS ? provider->del(work->txn, CCGW_TABLE_SESSION, key) : rv;
}

/* ---- by rule ---- */

typedef struct due_t {
    ccgw_buf_t key;
    ccgw_id_t session;
    ccgw_removed_t removed;
} due_t;

/** The ended session at DUE's key as it is now; *found 0: there is none, or it goes on. */
static apr_status_t read_ended(ccgw_session_t *session, ccgw_record_t *record, int *found, ccgw_work_t *work,
                               const due_t *due)
{
    apr_status_t rv = work->core->provider->get(record, work->txn, CCGW_TABLE_SESSION, due->key);

    *found = 0;
    if (rv == APR_SUCCESS && record->version) {
        rv = ccgw_record_decode(session, &ccgw_session_record, record->value, work->pool);
        *found = rv == APR_SUCCESS && session->state == CCGW_SESSION_ENDED;
    }
    return rv;
}

static apr_status_t do_due(ccgw_work_t *work, void *baton)
{
    due_t *due = baton;
    ccgw_session_t session;
    ccgw_record_t record;
    apr_time_t at;
    int found;
    apr_status_t rv = read_ended(&session, &record, &found, work, due);

    memset(&due->removed, 0, sizeof due->removed);
    if (rv != APR_SUCCESS || !found)
        return rv;
    due->session = session.id;
    at = ccgw_retention_time(work->call, &session);
    if (at && at <= CCGW_DUE_TIDY + work->call->now)
        return ccgw_retention_remove(&due->removed, work, &session);
    return work->core->provider->put(work->txn, CCGW_TABLE_SESSION, due->key, record.value, at);
}

apr_status_t ccgw_retention_due(ccgw_call_t *call, ccgw_buf_t key, int *budget)
{
    due_t due = { .key = key };
    apr_status_t rv;
    char id[17];

    if (*budget <= 0)
        return APR_SUCCESS;
    /* whatever a crash takes back is due again */
    rv = ccgw_run(call, do_due, &due, CCGW_DURABLE_MEMORY);
    if (rv != APR_SUCCESS)
        return rv;
    *budget -= due.removed.messages + due.removed.texts + 1;
    if (!due.removed.unsent)
        return rv;
    ccgw_id_hex(id, due.session);
    ccgw_log(CCGW_LOG_WARNING, 0, "CCGW0210: session %s was removed by CcgwKeepSessions with %d texts no carrier took",
             id, due.removed.unsent);
    return rv;
}

/* ---- the rule has changed ---- */

static apr_status_t do_move(ccgw_work_t *work, void *baton)
{
    due_t *due = baton;
    ccgw_session_t session;
    ccgw_record_t record;
    int found;
    apr_status_t rv = read_ended(&session, &record, &found, work, due);

    if (rv != APR_SUCCESS || !found)
        return rv;
    return work->core->provider->put(work->txn, CCGW_TABLE_SESSION, due->key, record.value,
                                     ccgw_retention_time(work->call, &session));
}

/** One session as the survey saw it. */
static apr_status_t look_at(ccgw_survey_t *survey, ccgw_call_t *call, const ccgw_record_t *record)
{
    due_t due = { .key = record->key };
    ccgw_session_t session;
    apr_time_t at;
    apr_status_t rv = ccgw_record_decode(&session, &ccgw_session_record, record->value, call->pool);

    survey->next = ccgw_key_last_number(record->key) + 1;
    if (rv != APR_SUCCESS) {
        survey->unreadable++;
        return APR_SUCCESS;
    }
    if (session.state != CCGW_SESSION_ENDED)
        return APR_SUCCESS;
    at = ccgw_retention_time(call, &session);
    if (at == record->due || (at && record->due && at < record->due + NEAR_ENOUGH && record->due < at + NEAR_ENOUGH))
        return APR_SUCCESS;
    return ccgw_run(call, do_move, &due, CCGW_DURABLE_MEMORY);
}

static apr_status_t look_at_some(ccgw_survey_t *survey, int *n, ccgw_call_t *call, int max)
{
    const ccgw_store_provider_t *provider = call->core->provider;
    ccgw_key_t all;
    ccgw_record_t *records;
    ccgw_txn_t *txn;
    int i;
    apr_status_t rv = provider->begin(&txn, call->core->store, ccgw_buf_str(call->tenant->name), call->pool);

    *n = 0;
    ccgw_key_begin(&all, call->tenant, call->pool);
    /* unchecked: what is to be changed is read again */
    if (rv == APR_SUCCESS)
        rv = provider->scan(&records, n, txn, CCGW_TABLE_SESSION,
                            ccgw_session_key(call->tenant, survey->next, call->pool),
                            ccgw_key_after(ccgw_key_buf(&all), call->pool), max);
    for (i = 0; i < *n && rv == APR_SUCCESS; i++)
        rv = look_at(survey, call, &records[i]);
    return rv;
}

void ccgw_retention_survey(ccgw_survey_t *survey, ccgw_core_t *core, int max, apr_pool_t *scratch)
{
    const ccgw_tenant_t *tenant = survey->done ? NULL : ccgw_floor_tenant_at(core->floor, survey->tenant);
    ccgw_call_t call;
    apr_status_t rv;
    int n = 0;

    if (!tenant) {
        survey->done = 1;
        return;
    }
    ccgw_call_init(&call, core, tenant, NULL, NULL, scratch);
    rv = survey->agents ? APR_SUCCESS : ccgw_renew_check(&call);
    survey->agents |= rv == APR_SUCCESS;
    if (rv == APR_SUCCESS)
        rv = look_at_some(survey, &n, &call, max);
    /* A disk that is full, or much going on: the next round goes on from here. */
    if (rv != APR_SUCCESS || n == max)
        return;
    if (survey->unreadable)
        ccgw_log(CCGW_LOG_WARNING, CCGW_EDAMAGED,
                 "CCGW0211: tenant %s: %d sessions could not be read; CcgwKeepSessions does not reach them",
                 tenant->name, survey->unreadable);
    *survey = (ccgw_survey_t){ .tenant = survey->tenant + 1 };
}
