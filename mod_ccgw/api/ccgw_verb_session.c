/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_verb_session.c: the verbs on a session as rows name them. */
#include "api/ccgw_verb.h"

#include "core/ccgw_member.h"

static apr_status_t run_accept(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_accept(call, args, result);
}

static apr_status_t run_reject(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_reject(call, args, result);
}

static apr_status_t run_send(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_send(call, args, result);
}

static apr_status_t run_invite(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_invite(call, args, result);
}

static apr_status_t run_cancel_invite(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_cancel_invite(call, args, result);
}

static apr_status_t run_transfer(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_transfer(call, args, result);
}

static apr_status_t run_remove(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_remove(call, args, result);
}

static apr_status_t run_leave(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_leave(call, args, result);
}

static apr_status_t run_complete(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_complete(call, args, result);
}

static apr_status_t run_attach(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_attach(call, args, result);
}

static apr_status_t run_detach(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_detach(call, args, result);
}

static apr_status_t run_dispose(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_dispose(call, args, result);
}

static apr_status_t run_comment(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_comment(call, args, result);
}

static apr_status_t run_focus(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_focus(call, args, result);
}

static apr_status_t run_get(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_get(call, args, result);
}

static apr_status_t run_list(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_list(call, args, result);
}

static apr_status_t run_messages(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_messages(call, args, result);
}

static apr_status_t run_member_invite(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_member_invite(call, args, result);
}

static apr_status_t run_member_remove(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_member_remove(call, args, result);
}

static apr_status_t run_end(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_end(call, args, result);
}

static apr_status_t run_search(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_session_search(call, args, result);
}

#define VERB(verb, result_t)                                                        \
    {                                                                               \
        "session." #verb, run_##verb, sizeof(ccgw_session_args_t), sizeof(result_t) \
    }

const ccgw_verb_t ccgw_verb_session_accept = VERB(accept, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_reject = VERB(reject, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_send = VERB(send, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_invite = VERB(invite, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_cancel_invite = VERB(cancel_invite, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_transfer = VERB(transfer, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_remove = VERB(remove, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_leave = VERB(leave, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_complete = VERB(complete, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_attach = VERB(attach, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_detach = VERB(detach, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_dispose = VERB(dispose, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_comment = VERB(comment, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_focus = VERB(focus, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_get = VERB(get, ccgw_session_result_t);
const ccgw_verb_t ccgw_verb_session_list = VERB(list, ccgw_sessions_result_t);
const ccgw_verb_t ccgw_verb_session_messages = VERB(messages, ccgw_messages_result_t);
const ccgw_verb_t ccgw_verb_member_invite = VERB(member_invite, ccgw_session_result_t);
const ccgw_verb_t ccgw_verb_member_remove = VERB(member_remove, ccgw_session_result_t);
const ccgw_verb_t ccgw_verb_session_end = VERB(end, ccgw_done_t);
const ccgw_verb_t ccgw_verb_session_search = { "session.search", run_search, sizeof(ccgw_search_args_t),
                                               sizeof(ccgw_search_result_t) };
