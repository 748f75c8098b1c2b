/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session.c: an agent in a session: accepts, declines, writes, leaves, completes. */
#include "core/ccgw_session.h"

#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_optout.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_session_store.h"

/** The history told to an agent who joins: the newest entries that fit. The rest can be asked for. */
#define HISTORY_ENTRIES 500
#define HISTORY_BYTES   (96 * 1024)

typedef struct verb_t {
    const ccgw_session_args_t *args;
    ccgw_done_t *done;
} verb_t;

static apr_status_t run(ccgw_call_t *call, ccgw_work_fn_t *fn, const ccgw_session_args_t *args, ccgw_done_t *done,
                        ccgw_durability_t durability)
{
    verb_t verb = { args, done };
    apr_status_t rv = ccgw_run(call, fn, &verb, durability);

    if (rv == APR_SUCCESS)
        done->reference = ccgw_call_reference(call);
    return rv;
}

static apr_status_t tell_messages(ccgw_work_t *work, ccgw_session_t *session, ccgw_message_t *messages, int n,
                                  const char *const *agents, int nagents)
{
    ccgw_event_t event = {
        .type = CCGW_EVENT_SESSION_MESSAGES, .session = session, .messages = messages, .nmessages = n
    };

    return agents ? ccgw_event_tell(work, &event, agents, nagents) : ccgw_event_tell_session(work, &event, session, 0);
}

/* ---- accept ---- */

/** The agents inside except ME. */
static int others(const char **agents, const ccgw_session_t *session, const char *me)
{
    int i, n = 0;

    for (i = 0; i < session->nparticipants; i++) {
        const ccgw_participant_t *p = &session->participants[i];

        if (p->agent && p->leg == CCGW_LEG_JOINED && strcmp(p->agent, me))
            agents[n++] = p->agent;
    }
    return n;
}

/** The log up to and with JOINED, as much of its end as fits. */
static apr_status_t history(ccgw_message_t **messages, int *n, ccgw_work_t *work, const ccgw_session_t *session,
                            const ccgw_message_t *joined)
{
    int first = session->messages > HISTORY_ENTRIES ? session->messages - HISTORY_ENTRIES : 1;
    apr_size_t bytes = 0;
    apr_status_t rv = ccgw_session_read_log(messages, n, work, session->id, first, HISTORY_ENTRIES);
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    (*messages)[(*n)++] = *joined; /* written by this very transaction: the read does not see it */
    for (i = *n - 1; i >= 0 && bytes < HISTORY_BYTES; i--)
        bytes += 128 + strlen(ccgw_str_or_empty((*messages)[i].text));
    *messages += i + 1;
    *n -= i + 1;
    return APR_SUCCESS;
}

static apr_status_t tell_joined(ccgw_work_t *work, ccgw_session_t *session, const char *who, ccgw_message_t *joined)
{
    const char **rest = apr_palloc(work->pool, sizeof *rest * (session->nparticipants + 1));
    const ccgw_call_t *call = work->call;
    int own = call->agent && !strcmp(call->agent->id, who);
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE,
                           .session = session,
                           .bare = 1,
                           .change = CCGW_CHANGE_JOINED,
                           .reference = own ? ccgw_call_reference(work->call) : 0 };
    ccgw_message_t *log;
    int n, nrest = others(rest, session, who);
    apr_status_t rv = ccgw_event_tell(work, &event, &who, 1);

    if (rv != APR_SUCCESS)
        return rv;
    event.type = CCGW_EVENT_SESSION_PARTICIPANTS;
    event.who = ccgw_session_part(session, who);
    event.bare = 0;
    event.reference = 0;
    rv = ccgw_event_tell_session(work, &event, session, 0);
    if (rv == APR_SUCCESS)
        rv = history(&log, &n, work, session, joined);
    if (rv == APR_SUCCESS)
        rv = tell_messages(work, session, log, n, &who, 1);
    return rv == APR_SUCCESS ? tell_messages(work, session, joined, 1, rest, nrest) : rv;
}

/** A transfer is done: whoever gave the session away goes. */
static apr_status_t hand_over(ccgw_work_t *work, ccgw_session_t *session, const char *giver)
{
    ccgw_event_t event = {
        .type = CCGW_EVENT_SESSION_STATE, .view = CCGW_VIEW_COMPLETED, .bare = 1, .session = session
    };
    ccgw_message_t left;
    apr_status_t rv;

    if (!giver || !ccgw_session_part(session, giver))
        return APR_SUCCESS;
    rv = ccgw_leg_leave(&left, work, session, giver);
    return rv == APR_SUCCESS ? ccgw_event_tell(work, &event, &giver, 1) : rv;
}

apr_status_t ccgw_session_enter_leg(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *part,
                                    const char *nickname, ccgw_message_t *joined)
{
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, part->agent);

    if (rv != APR_SUCCESS)
        return rv;
    part->leg = CCGW_LEG_JOINED;
    part->until = 0;
    if (ccgw_str_given(nickname))
        part->nickname = nickname;
    ccgw_agent_task(&agent, session->id, session->media, CCGW_LEG_JOINED, work->pool);
    rv = ccgw_agent_save(work, &agent);
    if (rv != APR_SUCCESS)
        return rv;
    session->state = CCGW_SESSION_ACTIVE;
    session->refused.n = 0;
    session->refused_until = 0;
    *joined = ccgw_session_message(part, CCGW_MESSAGE_JOINED, part->visibility, NULL);
    return ccgw_session_log(joined, work, session);
}

apr_status_t ccgw_session_admit(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *part,
                                const char *nickname)
{
    const char *who = part->agent, *giver = part->offer == CCGW_OFFER_TRANSFER ? part->by_agent : NULL;
    ccgw_message_t joined;
    apr_status_t rv;

    if (part->offer == CCGW_OFFER_ROUTED || giver)
        session->owner = who;
    rv = ccgw_session_enter_leg(work, session, part, nickname, &joined);
    if (rv == APR_SUCCESS)
        rv = hand_over(work, session, giver);
    return rv == APR_SUCCESS ? tell_joined(work, session, who, &joined) : rv;
}

static apr_status_t do_accept(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_enter(&session, work, verb->args, CCGW_ACTION_ACCEPT);

    if (rv == APR_SUCCESS)
        rv = ccgw_session_admit(work, &session, ccgw_session_part(&session, work->call->agent->id),
                                verb->args->nickname);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_accept(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, do_accept, args, done, CCGW_DURABLE_UNSET);
}

/* ---- reject ---- */

void ccgw_session_refuse(ccgw_work_t *work, ccgw_session_t *session, const char *agent)
{
    const char **grown = apr_palloc(work->pool, sizeof *grown * (session->refused.n + 1));

    if (session->refused_until < work->call->now)
        session->refused.n = 0;
    if (session->refused.n)
        memcpy(grown, session->refused.v, sizeof *grown * session->refused.n);
    grown[session->refused.n] = agent;
    session->refused.v = grown;
    session->refused.n++;
    session->refused_until = work->call->now + work->core->limits.no_answer;
}

static apr_status_t do_reject(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    const char *me = work->call->agent->id;
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE,
                           .view = CCGW_VIEW_COMPLETED,
                           .bare = 1,
                           .change = CCGW_CHANGE_NOT_COMING,
                           .why = CCGW_WHY_REFUSED,
                           .reference = ccgw_call_reference(work->call) };
    ccgw_participant_t *part;
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_enter(&session, work, verb->args, CCGW_ACTION_REJECT);

    if (rv != APR_SUCCESS)
        return rv;
    part = ccgw_session_part(&session, me);
    ccgw_session_refuse(work, &session, me);
    rv = ccgw_leg_withdraw(work, &session, (int)(part - session.participants), 0, 0, CCGW_EREFUSED);
    event.session = &session;
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell(work, &event, &me, 1);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_reject(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, do_reject, args, done, CCGW_DURABLE_UNSET);
}

/* ---- send ---- */

static int is_typing(int type)
{
    return type == CCGW_MESSAGE_TYPING_STARTED || type == CCGW_MESSAGE_TYPING_STOPPED;
}

static ccgw_action_t send_action(const ccgw_session_args_t *args)
{
    int aside = args->visibility == CCGW_VISIBLE_AGENTS;

    if (is_typing(args->type))
        return aside ? CCGW_ACTION_TYPE_TO_AGENTS : CCGW_ACTION_TYPE;
    if (aside)
        return CCGW_ACTION_SEND_TO_AGENTS;
    return args->type == CCGW_MESSAGE_TEXT ? CCGW_ACTION_SEND : CCGW_ACTION_NOTICE;
}

static int is_for(const ccgw_participant_t *p, const ccgw_message_t *message)
{
    return p->party == CCGW_PARTY_CUSTOMER && p->id != message->from;
}

/** Has the customer P said that he wants no texts? *to: his number. */
static apr_status_t is_unwanted(int *out, const char **to, ccgw_work_t *work, const ccgw_session_t *session,
                                const ccgw_participant_t *p)
{
    *to = p->address ? p->address : session->customer;
    return ccgw_optout_get(out, work, (ccgw_media_t)session->media, session->number, *to);
}

apr_status_t ccgw_session_send_out(ccgw_work_t *work, const ccgw_session_t *session, const ccgw_message_t *message)
{
    ccgw_outbox_t entry = { .session = session->id,
                            .index = message->index,
                            .media = session->media,
                            .from = session->number,
                            .text = message->text,
                            .at = message->at };
    apr_status_t rv = APR_SUCCESS;
    int i, out;

    for (i = 0; i < session->nparticipants && rv == APR_SUCCESS; i++) {
        if (!is_for(&session->participants[i], message))
            continue;
        rv = is_unwanted(&out, &entry.to, work, session, &session->participants[i]);
        if (rv != APR_SUCCESS || out)
            continue;
        rv = ccgw_outbox_put(work, &entry);
        entry.copy++;
    }
    return rv;
}

/** CCGW_EOPTOUT when MESSAGE is for customers and none of them wants it. */
static apr_status_t check_wanted(ccgw_work_t *work, const ccgw_session_t *session, const ccgw_message_t *message)
{
    apr_status_t rv = APR_SUCCESS;
    int i, out, refused = 0;
    const char *to;

    for (i = 0; i < session->nparticipants && rv == APR_SUCCESS; i++) {
        if (!is_for(&session->participants[i], message))
            continue;
        rv = is_unwanted(&out, &to, work, session, &session->participants[i]);
        if (!out)
            return rv;
        refused++;
    }
    return rv == APR_SUCCESS && refused ? ccgw_problem(work->call, CCGW_EOPTOUT, NULL, NULL) : rv;
}

static int goes_out(const ccgw_message_t *message)
{
    return message->visibility == CCGW_VISIBLE_ALL &&
           (message->type == CCGW_MESSAGE_TEXT || message->type == CCGW_MESSAGE_URL);
}

apr_status_t ccgw_session_say(ccgw_work_t *work, ccgw_session_t *session, int type, int visibility, const char *text)
{
    ccgw_message_t message =
        ccgw_session_message(ccgw_session_part(session, work->call->agent->id), type, visibility, text);
    apr_status_t rv = APR_SUCCESS;

    if (is_typing(type)) {
        message.index = ++session->messages;
        message.at = work->call->wall;
    }
    else {
        message.delivery = goes_out(&message) ? CCGW_OUTBOX_QUEUED : 0;
        rv = goes_out(&message) ? check_wanted(work, session, &message) : APR_SUCCESS;
        if (rv == APR_SUCCESS)
            rv = ccgw_session_log(&message, work, session);
        if (rv == APR_SUCCESS && goes_out(&message))
            rv = ccgw_session_send_out(work, session, &message);
    }
    return rv == APR_SUCCESS ? tell_messages(work, session, &message, 1, NULL, 0) : rv;
}

static apr_status_t do_send(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    const ccgw_session_args_t *args = verb->args;
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_enter(&session, work, args, send_action(args));

    if (rv == APR_SUCCESS)
        rv = ccgw_session_say(work, &session, args->type, args->visibility ? args->visibility : CCGW_VISIBLE_ALL,
                              args->text);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_send(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, do_send, args, done, is_typing(args->type) ? CCGW_DURABLE_MEMORY : CCGW_DURABLE_UNSET);
}

/* ---- leave, complete ---- */

/** Out of a conference: the others go on. */
static apr_status_t leave_others(ccgw_work_t *work, ccgw_session_t *session)
{
    const char *me = work->call->agent->id;
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE,
                           .view = CCGW_VIEW_COMPLETED,
                           .bare = 1,
                           .reference = ccgw_call_reference(work->call) };
    ccgw_message_t left;
    apr_status_t rv = ccgw_leg_leave(&left, work, session, me);

    event.session = session;
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell(work, &event, &me, 1);
    return rv == APR_SUCCESS ? ccgw_session_tell_left(work, session, &left) : rv;
}

apr_status_t ccgw_session_leave_alone(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *part)
{
    const char *who = part->agent;
    int own = !strcmp(who, work->call->agent->id);
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE, .reference = own ? ccgw_call_reference(work->call) : 0 };
    ccgw_agent_t agent;
    apr_status_t rv;

    part->leg = CCGW_LEG_LEFT;
    rv = ccgw_leg_withdraw_all(work, session);
    if (rv == APR_SUCCESS)
        rv = ccgw_session_release_customer(work, session);
    if (rv == APR_SUCCESS)
        rv = ccgw_agent_load(&agent, work, who);
    if (rv != APR_SUCCESS)
        return rv;
    session->state = CCGW_SESSION_LEFT;
    ccgw_agent_task(&agent, session->id, session->media, CCGW_LEG_LEFT, work->pool);
    rv = ccgw_agent_save(work, &agent);
    event.session = session;
    return rv == APR_SUCCESS ? ccgw_event_tell(work, &event, &who, 1) : rv;
}

static apr_status_t do_leave(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_participant_t *part;
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_enter(&session, work, verb->args, CCGW_ACTION_LEAVE);

    if (rv != APR_SUCCESS)
        return rv;
    part = ccgw_session_part(&session, work->call->agent->id);
    if (part->leg == CCGW_LEG_LEFT)
        rv = ccgw_session_finish(work, &session, ccgw_call_reference(work->call));
    else if (ccgw_session_joined(&session) > 1)
        rv = leave_others(work, &session);
    else
        rv = ccgw_session_leave_alone(work, &session, part);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_leave(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, do_leave, args, done, CCGW_DURABLE_UNSET);
}

/** Back to a queue, the customer stays: to the caller the session is completed. */
static apr_status_t complete_to_queue(ccgw_work_t *work, ccgw_session_t *session, const char *name)
{
    const ccgw_queue_def_t *queue = ccgw_floor_queue(work->core->floor, work->call->tenant, name);
    const char *me = work->call->agent->id;
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE,
                           .view = CCGW_VIEW_COMPLETED,
                           .bare = 1,
                           .reference = ccgw_call_reference(work->call),
                           .session = session };
    ccgw_message_t left;
    apr_status_t rv;

    if (!queue)
        return ccgw_problem(work->call, CCGW_ENOTFOUND, "queueName", "there is no queue '%s'", name);
    rv = ccgw_leg_withdraw_all(work, session);
    if (rv == APR_SUCCESS)
        rv = ccgw_leg_leave(&left, work, session, me);
    if (rv == APR_SUCCESS)
        rv = ccgw_session_requeue(work, session, queue->name);
    return rv == APR_SUCCESS ? ccgw_event_tell(work, &event, &me, 1) : rv;
}

static apr_status_t do_complete(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_enter(&session, work, verb->args, CCGW_ACTION_COMPLETE);

    if (rv != APR_SUCCESS)
        return rv;
    if (ccgw_session_joined(&session) > 1)
        rv = leave_others(work, &session);
    else if (ccgw_str_given(verb->args->queue))
        rv = complete_to_queue(work, &session, verb->args->queue);
    else
        rv = ccgw_session_finish(work, &session, ccgw_call_reference(work->call));
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_complete(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    return run(call, do_complete, args, done, CCGW_DURABLE_UNSET);
}
