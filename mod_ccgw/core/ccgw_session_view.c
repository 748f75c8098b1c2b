/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session_view.c: reading sessions and their log for one agent. */
#include <string.h>

#include "core/ccgw_session_store.h"

/** Longest answer to a question for log entries. */
#define MESSAGES_MAX 2000

apr_status_t ccgw_session_keep(ccgw_session_t *kept, const ccgw_session_t *session, apr_pool_t *pool)
{
    ccgw_buf_t packed;
    apr_status_t rv = ccgw_record_encode(&packed, &ccgw_session_record, session, pool);

    return rv == APR_SUCCESS ? ccgw_record_decode(kept, &ccgw_session_record, packed, pool) : rv;
}

/** A session this agent has a part in, of the media asked for. */
static apr_status_t load_mine(ccgw_session_t *session, ccgw_work_t *work, const ccgw_session_args_t *args)
{
    apr_status_t rv = ccgw_session_load(session, work, args->session);

    if (rv != APR_SUCCESS && rv != CCGW_ENOTFOUND)
        return rv;
    if (rv == CCGW_ENOTFOUND || (args->media && args->media != session->media) ||
        !ccgw_session_part(session, work->call->agent->id))
        return ccgw_problem(work->call, CCGW_ENOTFOUND, "id", "no such session");
    return APR_SUCCESS;
}

typedef struct get_t {
    const ccgw_session_args_t *args;
    ccgw_session_result_t *result;
} get_t;

static apr_status_t do_get(ccgw_work_t *work, void *baton)
{
    get_t *get = baton;
    ccgw_session_t session;
    apr_status_t rv = load_mine(&session, work, get->args);

    return rv == APR_SUCCESS ? ccgw_session_keep(&get->result->session, &session, work->call->pool) : rv;
}

apr_status_t ccgw_session_get(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_session_result_t *result)
{
    get_t get = { args, result };

    result->fields = args->fields;
    result->subresources = args->subresources;
    return ccgw_run(call, do_get, &get, CCGW_DURABLE_UNSET);
}

typedef struct list_t {
    const ccgw_session_args_t *args;
    ccgw_sessions_result_t *result;
} list_t;

static apr_status_t do_list(ccgw_work_t *work, void *baton)
{
    list_t *list = baton;
    ccgw_sessions_result_t *result = list->result;
    ccgw_session_t session;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, work->call->agent->id);
    int i;

    result->nsessions = 0;
    result->sessions = apr_pcalloc(work->call->pool, sizeof *result->sessions * (agent.ntasks + 1));
    for (i = 0; i < agent.ntasks && rv == APR_SUCCESS; i++) {
        if (list->args->media && agent.tasks[i].media != list->args->media)
            continue;
        rv = ccgw_session_load(&session, work, agent.tasks[i].session);
        if (rv == APR_SUCCESS)
            rv = ccgw_session_keep(&result->sessions[result->nsessions++], &session, work->call->pool);
    }
    return rv;
}

apr_status_t ccgw_session_list(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_sessions_result_t *result)
{
    list_t list = { args, result };

    result->fields = args->fields;
    result->subresources = args->subresources;
    return ccgw_run(call, do_list, &list, CCGW_DURABLE_UNSET);
}

typedef struct messages_t {
    const ccgw_session_args_t *args;
    ccgw_messages_result_t *result;
} messages_t;

static apr_status_t keep_messages(ccgw_messages_result_t *result, const ccgw_message_t *log, int n, apr_pool_t *pool)
{
    ccgw_buf_t packed;
    apr_status_t rv = APR_SUCCESS;
    int i;

    result->messages = apr_pcalloc(pool, sizeof *result->messages * (n + 1));
    result->nmessages = n;
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        rv = ccgw_record_encode(&packed, &ccgw_message_record, &log[i], pool);
        if (rv == APR_SUCCESS)
            rv = ccgw_record_decode(&result->messages[i], &ccgw_message_record, packed, pool);
    }
    return rv;
}

static apr_status_t do_messages(ccgw_work_t *work, void *baton)
{
    messages_t *ask = baton;
    apr_int64_t first = ask->args->start > 1 ? ask->args->start : 1;
    apr_int64_t max = ask->args->count > 0 && ask->args->count < MESSAGES_MAX ? ask->args->count : MESSAGES_MAX;
    ccgw_session_t session;
    ccgw_message_t *log;
    int n = 0;
    apr_status_t rv = load_mine(&session, work, ask->args);

    if (rv != APR_SUCCESS)
        return rv;
    if (first <= session.messages)
        rv = ccgw_session_read_log(&log, &n, work, session.id, (int)first, (int)max);
    if (rv == APR_SUCCESS)
        rv = keep_messages(ask->result, log, n, work->call->pool);
    return rv == APR_SUCCESS ? ccgw_session_keep(&ask->result->session, &session, work->call->pool) : rv;
}

apr_status_t ccgw_session_messages(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_messages_result_t *result)
{
    messages_t ask = { args, result };

    return ccgw_run(call, do_messages, &ask, CCGW_DURABLE_UNSET);
}
