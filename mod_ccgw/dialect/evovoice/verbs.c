/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* verbs.c: what the operations are beyond one call of the core: a password sent with each request opens the agent's work
 * like a sign-in does, messages are answered whole, lists are filtered by what the core does not know.
 *
 * These clients have no operation to answer an invitation or to say that somebody is ready: who signs in here can be
 * invited at once, and then is in the session; queues offer him nothing. */
#include "dialect.h"

#include "util/ccgw_id.h"

#include <apr_strings.h>
#include <strings.h>

#define HALF_A_YEAR (APR_INT64_C(183) * 24 * 3600 * APR_USEC_PER_SEC)
/* Log entries read to find the one just written. */
#define LAST_ENTRIES 64

/* ---- at work ---- */

static apr_status_t open_work(ccgw_call_t *call)
{
    static const char *media[] = { "voice", "chat", "sms" };
    ccgw_agent_args_t open = { .channels = { media, 3 }, .joins = 1 };
    ccgw_agent_result_t opened = { 0 };

    return ccgw_verb_agent_open.run(call, &open, &opened);
}

/* The login works from its first request on: one that came with a password alone has had no sign-in of its own. */
static apr_status_t arrive(ccgw_call_t *call)
{
    ccgw_agent_args_t ask = { 0 };
    ccgw_agent_result_t me = { 0 };
    apr_status_t rv = ccgw_verb_agent_get.run(call, &ask, &me);

    if (rv == APR_SUCCESS && (!me.agent.open || !ccgw_strs_have(&me.agent.openers, call->login)))
        rv = open_work(call);
    return rv;
}

/* ---- sessions ---- */

static apr_status_t get_session(ccgw_call_t *call, const void *args, void *result)
{
    apr_status_t rv = arrive(call);

    return rv == APR_SUCCESS ? ccgw_verb_session_get.run(call, args, result) : rv;
}

static apr_status_t list_sessions(ccgw_call_t *call, const void *args, void *result)
{
    ccgw_session_args_t ask = { 0 };
    apr_status_t rv = arrive(call);

    return rv == APR_SUCCESS ? ccgw_verb_session_list.run(call, &ask, result) : rv;
}

static apr_status_t invite_member(ccgw_call_t *call, const void *args, void *result)
{
    apr_status_t rv = arrive(call);

    return rv == APR_SUCCESS ? ccgw_verb_member_invite.run(call, args, result) : rv;
}

static apr_status_t remove_member(ccgw_call_t *call, const void *args, void *result)
{
    apr_status_t rv = arrive(call);

    return rv == APR_SUCCESS ? ccgw_verb_member_remove.run(call, args, result) : rv;
}

/* Legs have no ids of a carrier here, so none of them can be the one that is meant. */
static apr_status_t end_session(ccgw_call_t *call, const void *args, void *result)
{
    const evovoice_end_args_t *end = args;
    apr_status_t rv = arrive(call);

    if (rv == APR_SUCCESS && ccgw_str_given(end->call_sid))
        return ccgw_problem(call, CCGW_ENOTFOUND, "callSid", "the session has no leg with this id");
    return rv == APR_SUCCESS ? ccgw_verb_session_end.run(call, &end->session, result) : rv;
}

#define SESSION_VERB(name_, run_, result_)                                   \
    {                                                                        \
        "session." name_, run_, sizeof(ccgw_session_args_t), sizeof(result_) \
    }

const ccgw_verb_t evovoice_verb_get = SESSION_VERB("get", get_session, ccgw_session_result_t);
const ccgw_verb_t evovoice_verb_list = SESSION_VERB("list", list_sessions, ccgw_sessions_result_t);
const ccgw_verb_t evovoice_verb_invite = SESSION_VERB("member-invite", invite_member, ccgw_session_result_t);
const ccgw_verb_t evovoice_verb_remove = SESSION_VERB("member-remove", remove_member, ccgw_session_result_t);
const ccgw_verb_t evovoice_verb_end = { "session.end", end_session, sizeof(evovoice_end_args_t), sizeof(ccgw_done_t) };

/* ---- searching ---- */

/* The core knows one customer and one number of ours; *none: nothing can fit. */
static apr_status_t narrow(const char **value, int *none, ccgw_call_t *call, const char *field, const ccgw_strs_t *list,
                           const char *text)
{
    if (list->n > 1)
        return ccgw_problem(call, CCGW_ERANGE, field, "%s: one at a time", field);
    *value = list->n ? list->v[0] : ccgw_str_given(text) ? text : NULL;
    *none |= list->n && ccgw_str_given(text) && strcmp(list->v[0], text);
    return APR_SUCCESS;
}

static apr_status_t search_sessions(ccgw_call_t *call, const void *args, void *result)
{
    const evovoice_search_args_t *ask = args;
    ccgw_search_args_t search = ask->search;
    apr_status_t rv = arrive(call);
    /* Sessions here have no parents, and lists no lines of a log to look into. */
    int none = ccgw_str_given(ask->parent) || ccgw_str_given(ask->log);

    if (rv == APR_SUCCESS)
        rv = narrow(&search.customer, &none, call, "customerIds", &ask->customers, ask->from);
    if (rv == APR_SUCCESS)
        rv = narrow(&search.number, &none, call, "endpointIds", &ask->endpoints, ask->to);
    if (rv != APR_SUCCESS)
        return rv;
    if (ccgw_str_given(ask->sort_field) && strcasecmp(ask->sort_field, "dateCreated") &&
        strcasecmp(ask->sort_field, "id"))
        return ccgw_problem(call, CCGW_EINVAL, "sortField", "sortField: sessions are sorted by dateCreated only");
    none |= ask->accounts.n && !ccgw_strs_have(&ask->accounts, call->tenant->contact_center);
    return none ? APR_SUCCESS : ccgw_verb_session_search.run(call, &search, result);
}

const ccgw_verb_t evovoice_verb_search = { "session.search", search_sessions, sizeof(evovoice_search_args_t),
                                           sizeof(ccgw_search_result_t) };

/* ---- messages ---- */

/* The caller's session with the customer TO over our number FROM. */
static apr_status_t find_session(ccgw_id_t *id, ccgw_call_t *call, const char *from, const char *to)
{
    ccgw_session_args_t ask = { 0 };
    ccgw_sessions_result_t mine = { 0 };
    apr_status_t rv;
    int i;

    if (!ccgw_str_given(to))
        return ccgw_problem(call, CCGW_EMISSING, "toAddress", "toAddress is missing");
    rv = ccgw_verb_session_list.run(call, &ask, &mine);
    if (rv != APR_SUCCESS)
        return rv;
    for (i = 0; i < mine.nsessions; i++) {
        const ccgw_session_t *session = &mine.sessions[i];

        if (!session->customer || strcmp(session->customer, to) ||
            (ccgw_str_given(from) && (!session->number || strcmp(session->number, from))))
            continue;
        *id = session->id;
        return APR_SUCCESS;
    }
    return ccgw_problem(call, CCGW_ENOTFOUND, "toAddress", "you are in no session with this address");
}

/* What was just written is the newest entry of the log with this agent's text. */
static apr_status_t find_sent(evovoice_message_result_t *sent, ccgw_call_t *call, const ccgw_session_args_t *said)
{
    ccgw_session_args_t ask = { .session = said->session };
    ccgw_session_result_t session = { 0 };
    ccgw_messages_result_t log = { 0 };
    apr_status_t rv = ccgw_verb_session_get.run(call, &ask, &session);
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    ask.start = session.session.messages - LAST_ENTRIES + 1;
    rv = ccgw_verb_session_messages.run(call, &ask, &log);
    if (rv != APR_SUCCESS)
        return rv;
    sent->session = log.session;
    for (i = log.nmessages - 1; i >= 0; i--) {
        sent->message = log.messages[i];
        if (sent->message.text && sent->message.from_agent && !strcmp(sent->message.from_agent, call->agent->id) &&
            !strcmp(sent->message.text, said->text))
            return APR_SUCCESS;
    }
    return ccgw_problem(call, CCGW_EINTERNAL, NULL, "a message that was sent is not in the log");
}

static apr_status_t send_message(ccgw_call_t *call, const void *args, void *result)
{
    const evovoice_message_args_t *ask = args;
    ccgw_session_args_t said = ask->session;
    ccgw_done_t done;
    apr_status_t rv = arrive(call);

    said.session = said.key ? ccgw_id_parse(said.key) : 0;
    if (rv == APR_SUCCESS && !ccgw_str_given(said.key))
        rv = find_session(&said.session, call, ask->endpoint, ask->to);
    said.key = NULL;
    if (rv == APR_SUCCESS)
        rv = ccgw_verb_session_send.run(call, &said, &done);
    return rv == APR_SUCCESS ? find_sent(result, call, &said) : rv;
}

const ccgw_verb_t evovoice_verb_send = { "session.send", send_message, sizeof(evovoice_message_args_t),
                                         sizeof(evovoice_message_result_t) };

/* LOG with what BEFORE holds in front; the log's session stays. */
static void put_before(ccgw_messages_result_t *log, const ccgw_messages_result_t *before, apr_int64_t since,
                       apr_pool_t *pool)
{
    ccgw_message_t *all = apr_palloc(pool, sizeof *all * (apr_size_t)(log->nmessages + before->nmessages + 1));
    int i, n = 0;

    for (i = 0; i < before->nmessages; i++) {
        if (before->messages[i].at >= since)
            all[n++] = before->messages[i];
    }
    memcpy(all + n, log->messages, sizeof *all * (apr_size_t)log->nmessages);
    log->messages = all;
    log->nmessages += n;
}

/* Earlier sessions with the same customer, as far as the caller may see them. */
static apr_status_t add_history(ccgw_messages_result_t *log, ccgw_call_t *call, apr_int64_t since)
{
    ccgw_search_args_t search = { .all = 1, .descending = 1, .customer = log->session.customer };
    ccgw_search_result_t found = { 0 };
    apr_int64_t earliest = call->wall - HALF_A_YEAR;
    apr_status_t rv;
    int i;

    if (!search.customer)
        return APR_SUCCESS;
    rv = ccgw_verb_session_search.run(call, &search, &found);
    for (i = 0; i < found.nsessions && rv == APR_SUCCESS; i++) {
        ccgw_session_args_t ask = { .session = found.sessions[i].id };
        ccgw_messages_result_t before = { 0 };

        if (found.sessions[i].created >= log->session.created)
            continue;
        rv = ccgw_verb_session_messages.run(call, &ask, &before);
        if (rv == APR_SUCCESS)
            put_before(log, &before, since > earliest ? since : earliest, call->pool);
        /* a session the caller had no part in is left out */
        rv = rv == CCGW_ENOTFOUND ? APR_SUCCESS : rv;
    }
    return rv;
}

static apr_status_t read_transcript(ccgw_call_t *call, const void *args, void *result)
{
    const evovoice_transcript_args_t *ask = args;
    apr_status_t rv = arrive(call);

    if (rv == APR_SUCCESS)
        rv = ccgw_verb_session_messages.run(call, &ask->session, result);
    return rv == APR_SUCCESS && ask->historical ? add_history(result, call, ask->since) : rv;
}

const ccgw_verb_t evovoice_verb_transcript = { "session.transcript", read_transcript,
                                               sizeof(evovoice_transcript_args_t), sizeof(ccgw_messages_result_t) };

/* ---- signing in and out ---- */

static apr_status_t refuse_provider(ccgw_call_t *call, const char *provider)
{
    if (!strcasecmp(provider, "credentials") || !strcasecmp(provider, "basic"))
        return ccgw_problem(call, CCGW_EDISABLED, NULL, "POST is needed to sign in with a name and a password");
    return ccgw_problem(call, CCGW_ENOTFOUND, "provider", "there is no such way to sign in");
}

static apr_status_t tell_who(ccgw_call_t *call, evovoice_auth_result_t *auth)
{
    auth->agent = call->agent;
    auth->remember = -1;
    return call->agent ? APR_SUCCESS : ccgw_problem(call, CCGW_ESIGNIN, NULL, NULL);
}

/* GET: who am I; with a provider only "logout" makes sense. */
static apr_status_t authenticated(ccgw_call_t *call, const void *args, void *result)
{
    const evovoice_auth_args_t *ask = args;

    if (ccgw_str_given(ask->provider) && strcasecmp(ask->provider, "logout"))
        return refuse_provider(call, ask->provider);
    if (ccgw_str_given(ask->provider))
        return evovoice_verb_logout.run(call, args, result);
    return tell_who(call, result);
}

/* -1 not said, -2 no truth value. */
static int read_truth(const char *text)
{
    static const char *const words[] = { "false", "f", "no", "n", "off", "0", "true", "t", "yes", "y", "on", "1" };
    int i;

    if (!ccgw_str_given(text))
        return -1;
    for (i = 0; i < 12; i++) {
        if (!strcasecmp(text, words[i]))
            return i >= 6;
    }
    return -2;
}

/* Whoever the session's id that came with the request stands for becomes the caller; nobody: he stays who he is. */
static void recognise(ccgw_call_t *call, const evovoice_auth_args_t *ask)
{
    const char *token = evovoice_pick_token(ask->cookie, ask->ss_id, ask->ss_pid, ask->ss_opt, call->pool);
    const ccgw_agent_def_t *agent;
    ccgw_login_t login;

    if (call->agent || !token || ccgw_login_find(&login, &agent, call->core, token, call->pool) != APR_SUCCESS ||
        strcmp(login.dialect, ccgw_dialect_evovoice.name))
        return;
    ccgw_call_init(call, call->core, agent->tenant, agent, apr_pstrdup(call->pool, login.id), call->pool);
}

/* A sign-in gives a new id, whatever the client had; the login it had ends once the new one works. */
static apr_status_t sign_in(ccgw_call_t *call, const evovoice_auth_args_t *ask, evovoice_auth_result_t *auth)
{
    ccgw_call_t before = *call;
    ccgw_login_t login;
    apr_status_t rv;

    auth->remember = read_truth(ask->remember);
    if (auth->remember == -2)
        return ccgw_problem(call, CCGW_EINVAL, "rememberMe", "rememberMe: '%s' is neither true nor false",
                            ask->remember);
    before.agent = NULL;
    before.login = NULL;
    recognise(&before, ask);
    rv = ccgw_login_open(&login, &auth->session, call, ccgw_dialect_evovoice.name);
    if (rv != APR_SUCCESS)
        return rv;
    rv = open_work(call);
    if (rv != APR_SUCCESS) {
        ccgw_login_close(call);
        return rv;
    }
    auth->agent = call->agent;
    auth->other = ccgw_id_random_hex(16, call->pool);
    if (before.login)
        ccgw_login_close(&before);
    return APR_SUCCESS;
}

static apr_status_t authenticate(ccgw_call_t *call, const void *args, void *result)
{
    const evovoice_auth_args_t *ask = args;
    const char *provider = ccgw_str_or_empty(ask->provider);
    int by_name = !*provider || !strcasecmp(provider, "credentials") || !strcasecmp(provider, "basic");

    if (!by_name && strcasecmp(provider, "logout"))
        return ccgw_problem(call, CCGW_ENOTFOUND, "provider", "there is no such way to sign in");
    if (!by_name) {
        recognise(call, ask);
        return evovoice_verb_logout.run(call, args, result);
    }
    if (ccgw_str_given(ask->user) && ccgw_str_given(ask->password))
        return sign_in(call, ask, result);
    if (*provider || ask->user || ask->password)
        return ccgw_problem(call, CCGW_EMISSING, ccgw_str_given(ask->user) ? "password" : "userName", NULL);
    recognise(call, ask);
    return tell_who(call, result);
}

static apr_status_t tell_status(ccgw_call_t *call, const void *args, void *result)
{
    ((evovoice_auth_result_t *)result)->agent = call->agent;
    return APR_SUCCESS;
}

/* The answer says nobody is signed in any more. */
static apr_status_t sign_out(ccgw_call_t *call, const void *args, void *result)
{
    return call->agent ? ccgw_login_close(call) : APR_SUCCESS;
}

#define AUTH_VERB(name_, run_)                                                            \
    {                                                                                     \
        "auth." name_, run_, sizeof(evovoice_auth_args_t), sizeof(evovoice_auth_result_t) \
    }

const ccgw_verb_t evovoice_verb_authenticate = AUTH_VERB("sign-in", authenticate);
const ccgw_verb_t evovoice_verb_authenticated = AUTH_VERB("who", authenticated);
const ccgw_verb_t evovoice_verb_status = AUTH_VERB("status", tell_status);
const ccgw_verb_t evovoice_verb_logout = AUTH_VERB("sign-out", sign_out);
