/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_member.c: members of a session as one list of people: who comes, who goes, and when it is over. */
#include "core/ccgw_member.h"

#include <string.h>

#include "core/ccgw_conference.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

/** Customers of one session: each text leaves once for each of them. */
#define CUSTOMERS_MAX 16

typedef struct verb_t {
    const ccgw_session_args_t *args;
    ccgw_session_result_t *result;
} verb_t;

static apr_status_t run(ccgw_call_t *call, ccgw_work_fn_t *fn, const ccgw_session_args_t *args,
                        ccgw_session_result_t *result)
{
    verb_t verb = { args, result };

    return ccgw_run(call, fn, &verb, CCGW_DURABLE_UNSET);
}

/** The session, if the caller has a part in it or supervises, and it goes on. */
static apr_status_t enter(ccgw_session_t *session, ccgw_work_t *work, const ccgw_session_args_t *args)
{
    ccgw_call_t *call = work->call;
    apr_status_t rv = ccgw_session_load(session, work, args->session);

    if (rv != APR_SUCCESS && rv != CCGW_ENOTFOUND)
        return rv;
    if (rv == CCGW_ENOTFOUND || (!ccgw_session_part(session, call->agent->id) && call->role < CCGW_ROLE_SUPERVISOR))
        return ccgw_problem(call, CCGW_ENOTFOUND, "sessionId", "no such session");
    if (session->state == CCGW_SESSION_ENDED)
        return ccgw_problem(call, CCGW_ESTATE, NULL, "the session has ended");
    return APR_SUCCESS;
}

static apr_status_t leave(ccgw_work_t *work, const ccgw_session_t *session, verb_t *verb)
{
    apr_status_t rv = ccgw_session_save(work, session);

    return rv == APR_SUCCESS ? ccgw_session_keep(&verb->result->session, session, work->call->pool) : rv;
}

/* ---- who is meant ---- */

static const ccgw_agent_def_t *find_agent(const ccgw_call_t *call, const char *name)
{
    return name ? ccgw_floor_find_agent(call->core->floor, call->tenant, name) : NULL;
}

static int is_number(const char *text)
{
    return text && *text && strlen(text) <= 24 && strspn(text + (*text == '+'), "0123456789") > 2 &&
           !text[(*text == '+') + strspn(text + (*text == '+'), "0123456789")];
}

/** The customer at NUMBER, or NULL. */
static ccgw_participant_t *find_customer(const ccgw_session_t *session, const char *number)
{
    int i;

    for (i = 0; number && i < session->nparticipants; i++) {
        ccgw_participant_t *p = &session->participants[i];

        if (p->party == CCGW_PARTY_CUSTOMER && !strcmp(p->address ? p->address : session->customer, number))
            return p;
    }
    return NULL;
}

/* ---- coming ---- */

static apr_status_t tell_change(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *who, int change,
                                ccgw_message_t *entry)
{
    ccgw_event_t event = {
        .type = CCGW_EVENT_SESSION_PARTICIPANTS, .session = session, .who = who, .change = change, .why = CCGW_WHY_OWN
    };
    apr_status_t rv = ccgw_session_log(entry, work, session);

    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell_session(work, &event, session, 0);
    event.type = CCGW_EVENT_SESSION_MESSAGES;
    event.messages = entry;
    event.nmessages = 1;
    return rv == APR_SUCCESS ? ccgw_event_tell_session(work, &event, session, 0) : rv;
}

static apr_status_t add_customer(ccgw_work_t *work, ccgw_session_t *session, const char *number)
{
    ccgw_call_t *call = work->call;
    ccgw_buf_t key = ccgw_contact_key(call->tenant, session->media, session->number, number, work->pool);
    ccgw_pointer_t open;
    ccgw_participant_t customer = { .id = ccgw_id_new(call->wall),
                                    .party = CCGW_PARTY_CUSTOMER,
                                    .leg = CCGW_LEG_JOINED,
                                    .visibility = CCGW_VISIBLE_ALL,
                                    .address = number,
                                    .nickname = number },
                       *added;
    ccgw_message_t entry;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&open, &version, work, CCGW_TABLE_CONTACT, key, &ccgw_pointer_record);

    if (rv != APR_SUCCESS)
        return rv;
    if (version)
        return ccgw_problem(call, CCGW_EINUSE, "memberToAdd", "%s is in another session", number);
    if (session->nparticipants >= CUSTOMERS_MAX * 2)
        return ccgw_problem(call, CCGW_ERANGE, "memberToAdd", "the session has too many members");
    open = (ccgw_pointer_t){ .session = session->id };
    rv = ccgw_work_put(work, CCGW_TABLE_CONTACT, key, &ccgw_pointer_record, &open, 0);
    if (rv != APR_SUCCESS)
        return rv;
    ccgw_session_join(&added, session, &customer, work->pool);
    entry = ccgw_session_message(added, CCGW_MESSAGE_JOINED, CCGW_VISIBLE_ALL, NULL);
    return tell_change(work, session, added, CCGW_CHANGE_JOINED, &entry);
}

static apr_status_t do_invite(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_call_t *call = work->call;
    const char *name = verb->args->target.id;
    const ccgw_agent_def_t *agent = find_agent(call, name);
    ccgw_session_t session;
    apr_status_t rv = enter(&session, work, verb->args);

    if (rv != APR_SUCCESS)
        return rv;
    if (!agent && !is_number(name))
        return ccgw_problem(call, CCGW_EINVAL, "memberToAdd", "'%s' is neither a user nor a phone number",
                            ccgw_str_or_empty(name));
    if (session.media == CCGW_MEDIA_VOICE || session.state != CCGW_SESSION_ACTIVE)
        return ccgw_problem(call, CCGW_ESTATE, NULL, "nobody can be invited into this session now");
    if (agent ? ccgw_session_part(&session, agent->id) != NULL : find_customer(&session, name) != NULL)
        return leave(work, &session, verb);
    rv = agent ? ccgw_session_ask(work, &session, CCGW_OFFER_INVITE, agent, NULL) : add_customer(work, &session, name);
    return rv == APR_SUCCESS ? leave(work, &session, verb) : rv;
}

apr_status_t ccgw_member_invite(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_session_result_t *result)
{
    return run(call, do_invite, args, result);
}

/* ---- going ---- */

static apr_status_t drop_customer(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *part)
{
    ccgw_participant_t gone = *part;
    const char *number = gone.address ? gone.address : session->customer;
    ccgw_message_t entry = ccgw_session_message(&gone, CCGW_MESSAGE_LEFT, CCGW_VISIBLE_ALL, NULL);
    apr_status_t rv = ccgw_session_forget_contact(work, session, number);
    int i, left = 0;

    ccgw_session_drop(session, (int)(part - session->participants));
    for (i = 0; i < session->nparticipants; i++)
        left += session->participants[i].party == CCGW_PARTY_CUSTOMER;
    if (!left)
        return ccgw_problem(work->call, CCGW_ESTATE, NULL, "the only customer cannot be removed: end the session");
    if (!gone.address) {
        /* whoever is first now stands for the session */
        ccgw_participant_t *next = ccgw_session_customer(session);

        session->customer = next->address;
        next->address = NULL;
    }
    return rv == APR_SUCCESS ? tell_change(work, session, &gone, CCGW_CHANGE_LEFT, &entry) : rv;
}

static apr_status_t drop_agent(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *part)
{
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE, .view = CCGW_VIEW_COMPLETED, .bare = 1 };
    const char *who = part->agent;
    int own = !strcmp(who, work->call->agent->id);
    ccgw_message_t left;
    apr_status_t rv;

    if (session->media == CCGW_MEDIA_VOICE)
        return ccgw_conference_drop(work, session, who, own ? CCGW_WHY_OWN : CCGW_WHY_REMOVED);
    if (part->leg == CCGW_LEG_OFFERED)
        return ccgw_leg_withdraw(work, session, (int)(part - session->participants), CCGW_VIEW_REVOKED, 1, 0);
    if (ccgw_session_joined(session) == 1 && part->leg == CCGW_LEG_JOINED)
        return ccgw_session_leave_alone(work, session, part);
    rv = ccgw_leg_leave(&left, work, session, who);
    event.session = session;
    event.why = own ? CCGW_WHY_OWN : CCGW_WHY_REMOVED;
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell(work, &event, &who, 1);
    return rv == APR_SUCCESS ? ccgw_session_tell_left(work, session, &left) : rv;
}

static apr_status_t do_remove(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    const char *name = verb->args->target.id;
    const ccgw_agent_def_t *agent = find_agent(work->call, name);
    ccgw_participant_t *part;
    ccgw_session_t session;
    apr_status_t rv = enter(&session, work, verb->args);

    if (rv != APR_SUCCESS)
        return rv;
    part = agent ? ccgw_session_part(&session, agent->id) : find_customer(&session, name);
    if (!part)
        return ccgw_problem(work->call, CCGW_ENOTFOUND, "memberToRemove", "there is no such member in the session");
    rv = agent ? drop_agent(work, &session, part) : drop_customer(work, &session, part);
    return rv == APR_SUCCESS ? leave(work, &session, verb) : rv;
}

apr_status_t ccgw_member_remove(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_session_result_t *result)
{
    return run(call, do_remove, args, result);
}

static apr_status_t do_end(ccgw_work_t *work, void *baton)
{
    ccgw_session_t session;
    apr_status_t rv = enter(&session, work, baton);

    if (rv == APR_SUCCESS && session.state == CCGW_SESSION_PARKED)
        return ccgw_problem(work->call, CCGW_ESTATE, NULL, "the session lies in a workbin");
    if (rv == APR_SUCCESS)
        rv = session.media == CCGW_MEDIA_VOICE ? ccgw_conference_end(work, &session, CCGW_WHY_OVER)
                                               : ccgw_session_finish(work, &session, ccgw_call_reference(work->call));
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_end(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done)
{
    apr_status_t rv = ccgw_run(call, do_end, (void *)args, CCGW_DURABLE_UNSET);

    if (rv == APR_SUCCESS)
        done->reference = ccgw_call_reference(call);
    return rv;
}
