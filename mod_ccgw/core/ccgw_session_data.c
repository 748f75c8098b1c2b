/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session_data.c: what agents attach to a session: data, disposition, comment. */
#include <string.h>

#include "core/ccgw_session_store.h"

/** A session carries at most this many entries of attached data. */
#define DATA_MAX 256

typedef apr_status_t change_t(ccgw_work_t *work, ccgw_session_t *session, const ccgw_session_args_t *args);

typedef struct verb_t {
    const ccgw_session_args_t *args;
    ccgw_action_t action;
    change_t *change;
} verb_t;

static apr_status_t do_change(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_PROPERTIES, .reference = ccgw_call_reference(work->call) };
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_enter(&session, work, verb->args, verb->action);

    if (rv == APR_SUCCESS)
        rv = verb->change(work, &session, verb->args);
    event.session = &session;
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell_session(work, &event, &session, 0);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

static apr_status_t run(ccgw_call_t *call, ccgw_action_t action, change_t *change, const ccgw_session_args_t *args,
                        ccgw_done_t *done)
{
    verb_t verb = { args, action, change };
    apr_status_t rv = ccgw_run(call, do_change, &verb, CCGW_DURABLE_UNSET);

    if (rv == APR_SUCCESS)
        done->reference = ccgw_call_reference(call);
    return rv;
}

static int find(const ccgw_session_t *session, const char *key)
{
    int i;

    for (i = 0; i < session->ndata && strcmp(session->data[i].key, key); i++)
        ;
    return i;
}

/** Room for MORE entries. */
static apr_status_t grow(ccgw_work_t *work, ccgw_session_t *session, int more)
{
    ccgw_pair_t *grown;

    if (session->ndata + more > DATA_MAX)
        return ccgw_problem(work->call, CCGW_ERANGE, "userData", "a session carries at most %d entries", DATA_MAX);
    grown = apr_pcalloc(work->pool, sizeof *grown * (session->ndata + more + 1));
    if (session->ndata)
        memcpy(grown, session->data, sizeof *grown * session->ndata);
    session->data = grown;
    return APR_SUCCESS;
}

static apr_status_t merge(ccgw_work_t *work, ccgw_session_t *session, const ccgw_session_args_t *args)
{
    apr_status_t rv = grow(work, session, args->data.n);
    int i, at;

    for (i = 0; i < args->data.n && rv == APR_SUCCESS; i++) {
        at = find(session, args->data.v[i].key);
        session->data[at] = args->data.v[i];
        session->ndata += at == session->ndata;
    }
    return rv;
}

static apr_status_t take(ccgw_work_t *work, ccgw_session_t *session, const ccgw_session_args_t *args)
{
    int i, at;

    for (i = 0; i < args->keys.n; i++) {
        at = find(session, args->keys.v[i]);
        if (at == session->ndata)
            continue;
        session->ndata--;
        memmove(&session->data[at], &session->data[at + 1], sizeof *session->data * (session->ndata - at));
    }
    return APR_SUCCESS;
}

static apr_status_t set_disposition(ccgw_work_t *work, ccgw_session_t *session, const ccgw_session_args_t *args)
{
    ccgw_pair_t pair = { .key = ccgw_str_given(args->key) ? args->key : "DispositionCode",
                         .text = args->text,
                         .kind = CCGW_PAIR_TEXT };
    ccgw_session_args_t data = { .data = { &pair, 1 } };

    session->disposition = args->text;
    return merge(work, session, &data);
}

static apr_status_t set_comment(ccgw_work_t *work, ccgw_session_t *session, const ccgw_session_args_t *args)
{
    session->comment = args->text;
    return APR_SUCCESS;
}

apr_status_t ccgw_session_attach(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, CCGW_ACTION_ATTACH, merge, args, done);
}

apr_status_t ccgw_session_detach(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, CCGW_ACTION_DETACH, take, args, done);
}

apr_status_t ccgw_session_dispose(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, CCGW_ACTION_DISPOSE, set_disposition, args, done);
}

apr_status_t ccgw_session_comment(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, CCGW_ACTION_COMMENT, set_comment, args, done);
}

static apr_status_t do_focus(ccgw_work_t *work, void *baton)
{
    ccgw_session_t session;

    return ccgw_session_enter(&session, work, baton, CCGW_ACTION_FOCUS);
}

apr_status_t ccgw_session_focus(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    apr_status_t rv = ccgw_run(call, do_focus, (void *)args, CCGW_DURABLE_UNSET);

    if (rv == APR_SUCCESS)
        done->reference = ccgw_call_reference(call);
    return rv;
}
