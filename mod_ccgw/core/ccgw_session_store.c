/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session_store.c: keys of the core's records; sessions and their log as records. */
#include "core/ccgw_session_store.h"

#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_retention.h"
#include "util/ccgw_id.h"

static ccgw_buf_t key_of(const ccgw_tenant_t *tenant, const char *text, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, text);
    return ccgw_key_buf(&key);
}

ccgw_buf_t ccgw_login_key(const ccgw_tenant_t *tenant, const char *login, apr_pool_t *pool)
{
    return key_of(tenant, login, pool);
}

ccgw_buf_t ccgw_agent_key(const ccgw_tenant_t *tenant, const char *agent, apr_pool_t *pool)
{
    return key_of(tenant, agent, pool);
}

ccgw_buf_t ccgw_queue_prefix(const ccgw_tenant_t *tenant, const char *queue, apr_pool_t *pool)
{
    return key_of(tenant, queue, pool);
}

ccgw_buf_t ccgw_session_key(const ccgw_tenant_t *tenant, ccgw_id_t session, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_number(&key, session);
    return ccgw_key_buf(&key);
}

ccgw_buf_t ccgw_message_key(const ccgw_tenant_t *tenant, ccgw_id_t session, int index, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_number(&key, session);
    ccgw_key_number(&key, (apr_uint64_t)index);
    return ccgw_key_buf(&key);
}

ccgw_buf_t ccgw_workbin_prefix(const ccgw_tenant_t *tenant, const char *workbin, const char *owner, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, workbin);
    if (owner)
        ccgw_key_text(&key, owner);
    return ccgw_key_buf(&key);
}

ccgw_buf_t ccgw_workbin_key(const ccgw_tenant_t *tenant, const char *workbin, const char *owner, ccgw_id_t session,
                            apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, workbin);
    ccgw_key_text(&key, owner);
    ccgw_key_number(&key, session);
    return ccgw_key_buf(&key);
}

ccgw_buf_t ccgw_available_prefix(const ccgw_tenant_t *tenant, int media, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_number(&key, (apr_uint64_t)media);
    return ccgw_key_buf(&key);
}

ccgw_buf_t ccgw_contact_key(const ccgw_tenant_t *tenant, int media, const char *number, const char *customer,
                            apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_number(&key, (apr_uint64_t)media);
    ccgw_key_text(&key, number);
    ccgw_key_text(&key, customer);
    return ccgw_key_buf(&key);
}

/* ---- plain questions ---- */

ccgw_participant_t *ccgw_session_part(const ccgw_session_t *session, const char *agent)
{
    int i;

    for (i = 0; agent && i < session->nparticipants; i++) {
        if (session->participants[i].agent && !strcmp(session->participants[i].agent, agent))
            return &session->participants[i];
    }
    return NULL;
}

ccgw_participant_t *ccgw_session_customer(const ccgw_session_t *session)
{
    int i;

    for (i = 0; i < session->nparticipants; i++) {
        if (session->participants[i].party == CCGW_PARTY_CUSTOMER)
            return &session->participants[i];
    }
    return NULL;
}

ccgw_participant_t *ccgw_session_writer(const ccgw_session_t *session, const char *number)
{
    int i;

    for (i = 0; i < session->nparticipants; i++) {
        ccgw_participant_t *p = &session->participants[i];

        if (p->party == CCGW_PARTY_CUSTOMER && p->address && !strcmp(p->address, number))
            return p;
    }
    return ccgw_session_customer(session);
}

int ccgw_message_is_notice(const ccgw_message_t *message)
{
    return message->type == CCGW_MESSAGE_CUSTOM_NOTICE && message->from_party == CCGW_PARTY_UNSET;
}

int ccgw_session_joined(const ccgw_session_t *session)
{
    int i, n = 0;

    for (i = 0; i < session->nparticipants; i++) {
        n += session->participants[i].party == CCGW_PARTY_AGENT && session->participants[i].leg == CCGW_LEG_JOINED;
    }
    return n;
}

/* ---- records ---- */

apr_status_t ccgw_session_load(ccgw_session_t *session, ccgw_work_t *work, ccgw_id_t id)
{
    if (!id)
        return CCGW_ENOTFOUND;
    return ccgw_work_get(session, NULL, work, CCGW_TABLE_SESSION, ccgw_session_key(work->call->tenant, id, work->pool),
                         &ccgw_session_record);
}

apr_status_t ccgw_session_enter(ccgw_session_t *session, ccgw_work_t *work, const ccgw_session_args_t *args,
                                ccgw_action_t action)
{
    ccgw_call_t *call = work->call;
    apr_status_t rv = ccgw_session_load(session, work, args->session);

    if (rv != APR_SUCCESS && rv != CCGW_ENOTFOUND)
        return rv;
    /* a session of others answers like one that does not exist */
    if (rv == CCGW_ENOTFOUND || (args->media && args->media != session->media) ||
        !ccgw_session_part(session, call->agent->id))
        return ccgw_problem(call, CCGW_ENOTFOUND, "id", "no such session");
    if (!ccgw_state_allows(session, call->agent->id, action))
        return ccgw_problem(call, CCGW_ESTATE, NULL, "not possible in the session's present state");
    return APR_SUCCESS;
}

apr_status_t ccgw_session_fresh_id(ccgw_id_t *id, ccgw_work_t *work)
{
    ccgw_session_t there;
    apr_uint64_t version;
    apr_status_t rv;

    do {
        *id = ccgw_id_new(work->call->wall);
        rv = ccgw_work_get(&there, &version, work, CCGW_TABLE_SESSION,
                           ccgw_session_key(work->call->tenant, *id, work->pool), &ccgw_session_record);
    } while (rv == APR_SUCCESS && version);
    return rv;
}

/** The earlier of two times, of which 0 is none. */
static apr_time_t earlier(apr_time_t a, apr_time_t b)
{
    return !a || (b && b < a) ? b : a;
}

apr_status_t ccgw_session_save(ccgw_work_t *work, const ccgw_session_t *session)
{
    apr_time_t due = earlier(session->ends, session->remind);
    int i;

    if (session->state == CCGW_SESSION_ENDED)
        return ccgw_work_put(work, CCGW_TABLE_SESSION, ccgw_session_key(work->call->tenant, session->id, work->pool),
                             &ccgw_session_record, session, ccgw_retention_time(work->call, session));
    for (i = 0; i < session->nparticipants; i++) {
        const ccgw_participant_t *p = &session->participants[i];

        if (p->leg == CCGW_LEG_OFFERED)
            due = earlier(due, p->until);
    }
    return ccgw_work_put(work, CCGW_TABLE_SESSION, ccgw_session_key(work->call->tenant, session->id, work->pool),
                         &ccgw_session_record, session, due);
}

void ccgw_session_join(ccgw_participant_t **added, ccgw_session_t *session, const ccgw_participant_t *participant,
                       apr_pool_t *pool)
{
    ccgw_participant_t *grown = apr_palloc(pool, sizeof *grown * (session->nparticipants + 1));

    if (session->nparticipants)
        memcpy(grown, session->participants, sizeof *grown * session->nparticipants);
    grown[session->nparticipants] = *participant;
    session->participants = grown;
    *added = &grown[session->nparticipants++];
}

void ccgw_session_drop(ccgw_session_t *session, int i)
{
    session->nparticipants--;
    memmove(&session->participants[i], &session->participants[i + 1],
            sizeof *session->participants * (session->nparticipants - i));
}

/* ---- the log ---- */

apr_status_t ccgw_session_log(ccgw_message_t *message, ccgw_work_t *work, ccgw_session_t *session)
{
    ccgw_message_t none;
    apr_uint64_t version;
    ccgw_buf_t key;
    apr_status_t rv;

    message->index = ++session->messages;
    message->at = work->call->wall;
    key = ccgw_message_key(work->call->tenant, session->id, message->index, work->pool);
    rv = ccgw_work_get(&none, &version, work, CCGW_TABLE_MESSAGE, key, &ccgw_message_record);
    if (rv != APR_SUCCESS)
        return rv;
    return ccgw_work_put(work, CCGW_TABLE_MESSAGE, key, &ccgw_message_record, message, 0);
}

ccgw_message_t ccgw_session_message(const ccgw_participant_t *p, int type, int visibility, const char *text)
{
    return (ccgw_message_t){ .type = type,
                             .visibility = visibility,
                             .from = p->id,
                             .from_party = p->party,
                             .from_agent = p->agent,
                             .nickname = p->nickname,
                             .text = text };
}

apr_status_t ccgw_session_read_log(ccgw_message_t **messages, int *n, ccgw_work_t *work, ccgw_id_t session, int first,
                                   int max)
{
    const ccgw_tenant_t *tenant = work->call->tenant;
    ccgw_record_t *records;
    apr_status_t rv;
    int i;

    /* unchecked: entries are written once; a new one also changes the session record, which the caller has read */
    rv = work->core->provider->scan(&records, n, work->txn, CCGW_TABLE_MESSAGE,
                                    ccgw_message_key(tenant, session, first, work->pool),
                                    ccgw_key_after(ccgw_session_key(tenant, session, work->pool), work->pool), max);
    if (rv != APR_SUCCESS)
        return rv;
    *messages = apr_palloc(work->pool, sizeof **messages * (*n + 1));
    for (i = 0; i < *n && rv == APR_SUCCESS; i++)
        rv = ccgw_record_decode(&(*messages)[i], &ccgw_message_record, records[i].value, work->pool);
    return rv;
}
