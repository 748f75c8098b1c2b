/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_search.c: sessions of one caller, or of a supervisor's tenant, page by page. */
#include <string.h>

#include "core/ccgw_member.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

#define PER_PAGE_DEFAULT 25
#define PER_PAGE_MAX     1000
#define CHUNK            256

typedef struct verb_t {
    const ccgw_search_args_t *args;
    ccgw_search_result_t *result;
    apr_int64_t first, last; /* of what fits: the part that is asked for; last is not in it */
} verb_t;

static int wanted(const ccgw_search_args_t *args, const ccgw_session_t *session)
{
    int i;

    if (args->customer && (!session->customer || strcmp(args->customer, session->customer)))
        return 0;
    if (args->number && (!session->number || strcmp(args->number, session->number)))
        return 0;
    if ((args->since && session->created < args->since) || (args->until && session->created >= args->until))
        return 0;
    for (i = 0; i < args->ids.n && ccgw_id_parse(args->ids.v[i]) != session->id; i++)
        ;
    return !args->ids.n || i < args->ids.n;
}

static apr_status_t take(verb_t *verb, const ccgw_session_t *session, apr_pool_t *pool)
{
    ccgw_search_result_t *result = verb->result;
    apr_int64_t at = result->total;

    if (!wanted(verb->args, session))
        return APR_SUCCESS;
    result->total++;
    if (at < verb->first || at >= verb->last)
        return APR_SUCCESS;
    return ccgw_session_keep(&result->sessions[result->nsessions++], session, pool);
}

/** All sessions of the tenant, oldest first: keys begin with the time. */
static apr_status_t take_all(ccgw_work_t *work, verb_t *verb)
{
    ccgw_call_t *call = work->call;
    ccgw_key_t prefix;
    ccgw_buf_t from, end;
    ccgw_record_t *records;
    ccgw_session_t session;
    apr_status_t rv;
    int i, n;

    ccgw_key_begin(&prefix, call->tenant, work->pool);
    from = ccgw_key_buf(&prefix);
    end = ccgw_key_after(from, work->pool);
    do {
        /* unchecked: a list is out of date as soon as it is made */
        rv = work->core->provider->scan(&records, &n, work->txn, CCGW_TABLE_SESSION, from, end, CHUNK);
        for (i = 0; i < n && rv == APR_SUCCESS; i++) {
            rv = ccgw_record_decode(&session, &ccgw_session_record, records[i].value, work->pool);
            if (rv == APR_SUCCESS)
                rv = take(verb, &session, call->pool);
        }
        if (n) {
            from = ccgw_buf_copy(records[n - 1].key, work->pool);
            from.n++; /* the zero byte behind the copy: the next key after this one */
        }
    } while (rv == APR_SUCCESS && n == CHUNK);
    return rv;
}

static apr_status_t take_mine(ccgw_work_t *work, verb_t *verb)
{
    ccgw_session_t session;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, work->call->agent->id);
    int i;

    for (i = 0; i < agent.ntasks && rv == APR_SUCCESS; i++) {
        rv = ccgw_session_load(&session, work, agent.tasks[i].session);
        if (rv == APR_SUCCESS)
            rv = take(verb, &session, work->call->pool);
    }
    return rv;
}

static apr_status_t do_search(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;

    verb->result->total = 0;
    verb->result->nsessions = 0;
    return work->call->role >= CCGW_ROLE_SUPERVISOR ? take_all(work, verb) : take_mine(work, verb);
}

static void turn_round(ccgw_search_result_t *result)
{
    ccgw_session_t swapped;
    int i, k;

    for (i = 0, k = result->nsessions - 1; i < k; i++, k--) {
        swapped = result->sessions[i];
        result->sessions[i] = result->sessions[k];
        result->sessions[k] = swapped;
    }
}

apr_status_t ccgw_session_search(ccgw_call_t *call, const ccgw_search_args_t *args, ccgw_search_result_t *result)
{
    apr_int64_t per = args->all ? PER_PAGE_MAX : args->per_page > 0 ? args->per_page : PER_PAGE_DEFAULT;
    apr_int64_t page = args->all ? 0 : args->page;
    verb_t verb = { args, result, 0, 0 };
    apr_status_t rv;

    if (per > PER_PAGE_MAX || page < 0 || page > APR_INT32_MAX)
        return ccgw_problem(call, CCGW_ERANGE, "countPerPage", "at most %d sessions a page", PER_PAGE_MAX);
    result->sessions = apr_pcalloc(call->pool, sizeof *result->sessions * per);
    if (args->descending) {
        /* counted first: the newest page is the end of the list */
        rv = ccgw_run(call, do_search, &verb, CCGW_DURABLE_UNSET);
        if (rv != APR_SUCCESS)
            return rv;
        verb.last = result->total - page * per;
        verb.first = verb.last > per ? verb.last - per : 0;
    }
    else {
        verb.first = page * per;
        verb.last = verb.first + per;
    }
    rv = ccgw_run(call, do_search, &verb, CCGW_DURABLE_UNSET);
    if (args->descending)
        turn_round(result);
    result->pages = args->all ? result->total > 0 : (result->total + per - 1) / per;
    result->more = page + 1 < result->pages;
    return rv;
}
