/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_login.c: one desktop signed in: its token, its record, what begins and ends with it. */
#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

/** Hex digits of the tenant's tag at the end of a token. */
#define TAG_DIGITS 8

static apr_status_t add_login(ccgw_work_t *work, const char *id)
{
    const char *agent_id = work->call->agent->id;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, agent_id);

    if (rv != APR_SUCCESS || ccgw_strs_have(&agent.logins, id))
        return rv;
    agent.logins = ccgw_strs_with(&agent.logins, id, work->pool);
    rv = ccgw_agent_save(work, &agent);
    if (rv != APR_SUCCESS)
        return rv;
    return work->core->provider->open_box(work->txn, ccgw_event_agent_box(work->call->tenant, agent_id, work->pool));
}

static apr_status_t do_open(ccgw_work_t *work, void *baton)
{
    ccgw_login_t *made = baton;
    ccgw_call_t *call = work->call;
    ccgw_buf_t key = ccgw_login_key(call->tenant, made->id, work->pool);
    ccgw_login_t there;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&there, &version, work, CCGW_TABLE_LOGIN, key, &ccgw_login_record);

    if (rv != APR_SUCCESS)
        return rv;
    if (version) {
        ccgw_buf_t packed;

        rv = ccgw_record_encode(&packed, &ccgw_login_record, &there, call->pool);
        return rv == APR_SUCCESS ? ccgw_record_decode(made, &ccgw_login_record, packed, call->pool) : rv;
    }
    rv =
        ccgw_work_put(work, CCGW_TABLE_LOGIN, key, &ccgw_login_record, made, call->now + work->core->limits.login_idle);
    return rv == APR_SUCCESS ? add_login(work, made->id) : rv;
}

apr_status_t ccgw_login_join(ccgw_login_t *login, const char **token, ccgw_call_t *call, const char *dialect,
                             const char *secret)
{
    ccgw_login_t made = { 0 };
    apr_status_t rv;

    *token = apr_pstrcat(call->pool, secret, call->tenant->tag, NULL);
    made.id = ccgw_id_hash(*token, call->pool);
    made.agent = call->agent->id;
    made.dialect = dialect;
    made.csrf = ccgw_id_uuid(call->pool);
    made.created = call->wall;
    rv = ccgw_run(call, do_open, &made, CCGW_DURABLE_UNSET);
    if (rv != APR_SUCCESS)
        return rv;
    *login = made;
    call->login = login->id;
    call->core->provider->word(&(apr_uint64_t){ 0 }, call->core->store,
                               ccgw_login_key(call->tenant, login->id, call->pool), CCGW_WORD_SEEN, CCGW_WORD_RAISE,
                               (apr_uint64_t)call->now);
    return APR_SUCCESS;
}

apr_status_t ccgw_login_open(ccgw_login_t *login, const char **token, ccgw_call_t *call, const char *dialect)
{
    return ccgw_login_join(login, token, call, dialect, ccgw_id_random_hex(16, call->pool));
}

/** A read outside every verb: nothing is decided from it that a later transaction would have to check. */
static apr_status_t peek_login(ccgw_login_t *login, ccgw_core_t *core, const ccgw_tenant_t *tenant, const char *id,
                               apr_pool_t *pool)
{
    ccgw_record_t record;
    ccgw_txn_t *txn;
    apr_status_t rv = core->provider->begin(&txn, core->store, ccgw_buf_str(tenant->name), pool);

    if (rv == APR_SUCCESS)
        rv = core->provider->peek(&record, txn, CCGW_TABLE_LOGIN, ccgw_login_key(tenant, id, pool));
    if (rv != APR_SUCCESS)
        return rv;
    if (!record.version)
        return CCGW_ESIGNIN;
    return ccgw_record_decode(login, &ccgw_login_record, record.value, pool);
}

apr_status_t ccgw_login_get(ccgw_login_t *login, ccgw_call_t *call, const char *id)
{
    return peek_login(login, call->core, call->tenant, id, call->pool);
}

apr_status_t ccgw_login_find(ccgw_login_t *login, const ccgw_agent_def_t **agent, ccgw_core_t *core, const char *token,
                             apr_pool_t *pool)
{
    apr_size_t n = token ? strlen(token) : 0;
    const ccgw_tenant_t *tenant;
    apr_uint64_t seen;
    apr_status_t rv;

    if (n <= TAG_DIGITS || n > 256)
        return CCGW_ESIGNIN;
    tenant = ccgw_floor_tenant_by_tag(core->floor, token + n - TAG_DIGITS);
    if (!tenant)
        return CCGW_ESIGNIN;
    rv = peek_login(login, core, tenant, ccgw_id_hash(token, pool), pool);
    if (rv != APR_SUCCESS)
        return rv;
    *agent = ccgw_floor_agent(core->floor, tenant, login->agent);
    if (!*agent)
        return CCGW_ESIGNIN;
    core->provider->word(&seen, core->store, ccgw_login_key(tenant, login->id, pool), CCGW_WORD_SEEN, CCGW_WORD_RAISE,
                         (apr_uint64_t)core->now(core->clock_baton));
    return APR_SUCCESS;
}

/** Without the last desktop at which he works an agent is not there: no offers; what he owns waits a while for him.
 *  Without any login nobody hears him either. */
static apr_status_t desk_gone(ccgw_work_t *work, ccgw_agent_t *agent)
{
    apr_status_t rv = APR_SUCCESS;

    if (agent->open && !agent->openers.n) {
        rv = ccgw_agent_shut(work, agent, 0);
        agent->gone_at = agent->ntasks ? work->call->now + work->core->limits.gone : 0;
    }
    if (rv == APR_SUCCESS)
        rv = ccgw_agent_save(work, agent);
    if (rv != APR_SUCCESS || agent->logins.n)
        return rv;
    return work->core->provider->close_box(work->txn, ccgw_event_agent_box(work->call->tenant, agent->id, work->pool));
}

static apr_status_t do_close(ccgw_work_t *work, void *baton)
{
    ccgw_call_t *call = work->call;
    const char *id = baton;
    ccgw_buf_t key = ccgw_login_key(call->tenant, id, work->pool);
    ccgw_login_t login;
    ccgw_agent_t agent;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&login, &version, work, CCGW_TABLE_LOGIN, key, &ccgw_login_record);

    if (rv != APR_SUCCESS || !version)
        return rv;
    rv = work->core->provider->del(work->txn, CCGW_TABLE_LOGIN, key);
    if (rv == APR_SUCCESS)
        rv = ccgw_agent_load(&agent, work, login.agent);
    if (rv != APR_SUCCESS)
        return rv;
    agent.logins = ccgw_strs_without(&agent.logins, id, work->pool);
    agent.openers = ccgw_strs_without(&agent.openers, id, work->pool);
    agent.joiners = ccgw_strs_without(&agent.joiners, id, work->pool);
    return desk_gone(work, &agent);
}

apr_status_t ccgw_login_end(ccgw_call_t *call, const char *id)
{
    apr_status_t rv = ccgw_run(call, do_close, (void *)id, CCGW_DURABLE_UNSET);

    if (rv == APR_SUCCESS)
        call->core->provider->forget(call->core->store, ccgw_login_key(call->tenant, id, call->pool));
    return rv;
}

typedef struct list_t {
    ccgw_login_t *logins;
    int n;
} list_t;

static apr_status_t do_list(ccgw_work_t *work, void *baton)
{
    list_t *list = baton;
    ccgw_call_t *call = work->call;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, call->agent->id);
    int i;

    list->n = 0;
    list->logins = apr_palloc(call->pool, sizeof *list->logins * (agent.logins.n + 1));
    for (i = 0; i < agent.logins.n && rv == APR_SUCCESS; i++) {
        const char *id = apr_pstrdup(call->pool, agent.logins.v[i]);

        rv = ccgw_login_get(&list->logins[list->n], call, id);
        list->n += rv == APR_SUCCESS;
        rv = rv == CCGW_ESIGNIN ? APR_SUCCESS : rv;
    }
    return rv;
}

apr_status_t ccgw_login_list(ccgw_login_t **logins, int *n, ccgw_call_t *call)
{
    list_t list = { NULL, 0 };
    apr_status_t rv = ccgw_run(call, do_list, &list, CCGW_DURABLE_UNSET);

    *logins = list.logins;
    *n = list.n;
    return rv;
}

apr_status_t ccgw_login_close(ccgw_call_t *call)
{
    return call->login ? ccgw_login_end(call, call->login) : APR_SUCCESS;
}
