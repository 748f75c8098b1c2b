/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_renew.c: mailboxes that begin anew: an agent's, a workbin's, a whole tenant's. */
#include "core/ccgw_renew.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include "core/ccgw_event.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_log.h"

/* Mailboxes of one transaction. */
#define BOXES 1000
/* Agents read at once. */
#define PAGE 256

/* ---- agents ---- */

apr_time_t ccgw_renew_time(const ccgw_core_t *core, const ccgw_agent_t *agent)
{
    return agent->boxed && core->limits.keep_sessions ? agent->boxed + core->limits.keep_sessions : 0;
}

static apr_status_t renew(ccgw_work_t *work, ccgw_buf_t box)
{
    apr_status_t rv = work->core->provider->close_box(work->txn, box);

    return rv == APR_SUCCESS ? work->core->provider->open_box(work->txn, box) : rv;
}

apr_status_t ccgw_renew_agent(ccgw_work_t *work, ccgw_agent_t *agent)
{
    /* nobody hears who is not signed in */
    if (!agent->logins.n)
        return APR_SUCCESS;
    agent->boxed = work->call->now;
    return renew(work, ccgw_event_agent_box(work->call->tenant, agent->id, work->pool));
}

typedef struct one_t {
    const char *id;
    int renewed;
} one_t;

static apr_status_t do_agent(ccgw_work_t *work, void *baton)
{
    one_t *one = baton;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, one->id);

    one->renewed = agent.logins.n > 0;
    if (rv == APR_SUCCESS && one->renewed)
        rv = ccgw_renew_agent(work, &agent);
    return rv == APR_SUCCESS && one->renewed ? ccgw_agent_save(work, &agent) : rv;
}

/** His record gets the deadline that he has by the present rule. */
static apr_status_t do_save(ccgw_work_t *work, void *baton)
{
    one_t *one = baton;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, one->id);

    return rv == APR_SUCCESS ? ccgw_agent_save(work, &agent) : rv;
}

/** Does the rule want his mailbox to begin anew before his record is due? */
static int is_late(const ccgw_core_t *core, const ccgw_agent_t *agent, apr_time_t due)
{
    apr_time_t at = ccgw_renew_time(core, agent);

    return at && (!due || due > at);
}

/** One page of the tenant's agents: FN of those who are signed in, or (late) of those who are late. *from moves behind it,
 *  *n is 0 at the end. */
static apr_status_t renew_some(int *renewed, int *n, ccgw_buf_t *from, ccgw_buf_t end, ccgw_call_t *call,
                               ccgw_work_fn_t *fn, int late)
{
    const ccgw_store_provider_t *provider = call->core->provider;
    ccgw_record_t *records;
    ccgw_agent_t agent;
    ccgw_txn_t *txn;
    int i;
    apr_status_t rv = provider->begin(&txn, call->core->store, ccgw_buf_str(call->tenant->name), call->pool);

    *n = 0;
    /* unchecked: each agent is read again */
    if (rv == APR_SUCCESS)
        rv = provider->scan(&records, n, txn, CCGW_TABLE_AGENT, *from, end, PAGE);
    for (i = 0; i < *n && rv == APR_SUCCESS; i++) {
        one_t one = { NULL, 0 };

        rv = ccgw_record_decode(&agent, &ccgw_agent_record, records[i].value, call->pool);
        one.id = agent.id;
        if (rv == APR_SUCCESS && (late ? is_late(call->core, &agent, records[i].due) : agent.logins.n > 0))
            rv = ccgw_run(call, fn, &one, CCGW_DURABLE_MEMORY);
        *renewed += one.renewed;
    }
    if (rv == APR_SUCCESS && *n) {
        *from = ccgw_buf_copy(records[*n - 1].key, call->pool);
        from->n++; /* the zero byte behind the copy: the next key after this one */
    }
    return rv;
}

static apr_status_t renew_agents(int *renewed, ccgw_call_t *call, ccgw_work_fn_t *fn, int late)
{
    ccgw_key_t prefix;
    ccgw_buf_t from, end;
    apr_status_t rv;
    int n;

    ccgw_key_begin(&prefix, call->tenant, call->pool);
    from = ccgw_key_buf(&prefix);
    end = ccgw_key_after(from, call->pool);
    do
        rv = renew_some(renewed, &n, &from, end, call, fn, late);
    while (rv == APR_SUCCESS && n == PAGE);
    return rv;
}

/* ---- workbins ---- */

typedef struct boxes_t {
    const apr_array_header_t *boxes; /* ccgw_buf_t */
    int first;
} boxes_t;

static apr_status_t do_boxes(ccgw_work_t *work, void *baton)
{
    const boxes_t *part = baton;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = part->first; i < part->boxes->nelts && i < part->first + BOXES && rv == APR_SUCCESS; i++)
        rv = renew(work, APR_ARRAY_IDX(part->boxes, i, ccgw_buf_t));
    return rv;
}

/** The mailboxes of the tenant's workbins; a personal one has one for each agent. */
static apr_array_header_t *list_boxes(const ccgw_call_t *call)
{
    apr_array_header_t *boxes = apr_array_make(call->pool, 64, sizeof(ccgw_buf_t));
    const ccgw_floor_t *floor = call->core->floor;
    const ccgw_workbin_def_t *bin;
    const ccgw_agent_def_t *agent;
    int i, k;

    for (i = 0; (bin = ccgw_floor_workbin_at(floor, call->tenant, i)); i++) {
        if (bin->kind != CCGW_OWNER_AGENT)
            APR_ARRAY_PUSH(boxes, ccgw_buf_t) = ccgw_event_workbin_box(call->tenant, bin->id, bin->group, call->pool);
        for (k = 0; bin->kind == CCGW_OWNER_AGENT && (agent = ccgw_floor_agent_at(floor, call->tenant, k)); k++)
            APR_ARRAY_PUSH(boxes, ccgw_buf_t) = ccgw_event_workbin_box(call->tenant, bin->id, agent->id, call->pool);
    }
    return boxes;
}

/** Since when the workbins' mailboxes of a tenant take events is a word of the tenant's. */
static apr_time_t use_since(ccgw_call_t *call, ccgw_word_op_t op, apr_time_t value)
{
    ccgw_key_t key;
    apr_uint64_t since = 0;

    ccgw_key_begin(&key, call->tenant, call->pool);
    ccgw_key_text(&key, "w");
    call->core->provider->word(&since, call->core->store, ccgw_key_buf(&key), CCGW_WORD_SEEN, op, (apr_uint64_t)value);
    return (apr_time_t)since;
}

static apr_status_t renew_workbins(int *renewed, ccgw_call_t *call, ccgw_durability_t durability)
{
    boxes_t part = { list_boxes(call), 0 };
    apr_status_t rv = APR_SUCCESS;

    for (; part.first < part.boxes->nelts && rv == APR_SUCCESS; part.first += BOXES)
        rv = ccgw_run(call, do_boxes, &part, durability);
    if (rv != APR_SUCCESS)
        return rv;
    *renewed += part.boxes->nelts;
    use_since(call, CCGW_WORD_STORE, call->now);
    return rv;
}

/* ---- all of them ---- */

apr_status_t ccgw_renew_tenant(int *n, ccgw_call_t *call)
{
    apr_status_t rv;

    *n = 0;
    rv = renew_workbins(n, call, CCGW_DURABLE_MEMORY);
    return rv == APR_SUCCESS ? renew_agents(n, call, do_agent, 0) : rv;
}

apr_status_t ccgw_renew_check(ccgw_call_t *call)
{
    int none = 0;

    return call->core->limits.keep_sessions ? renew_agents(&none, call, do_save, 1) : APR_SUCCESS;
}

void ccgw_renew_round(ccgw_core_t *core, apr_pool_t *scratch)
{
    const ccgw_tenant_t *tenant;
    apr_status_t rv;
    int i, n;

    for (i = 0; core->limits.keep_sessions && (tenant = ccgw_floor_tenant_at(core->floor, i)); i++) {
        ccgw_call_t call;
        apr_time_t since;

        ccgw_call_init(&call, core, tenant, NULL, NULL, scratch);
        since = use_since(&call, CCGW_WORD_LOAD, 0);
        if (!since || since > call.now)
            use_since(&call, CCGW_WORD_STORE, call.now);
        else if (since + core->limits.keep_sessions <= call.now) {
            rv = renew_workbins(&n, &call, CCGW_DURABLE_MEMORY);
            if (rv != APR_SUCCESS && !ccgw_error_told(rv))
                ccgw_log(CCGW_LOG_WARNING, rv, "CCGW0212: tenant %s: old events of its workbins stay for now",
                         tenant->name);
        }
    }
}
