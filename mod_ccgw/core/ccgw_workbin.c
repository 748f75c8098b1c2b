/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_workbin.c: parked work: put in, pulled out, listed, watched. */
#include "core/ccgw_workbin.h"

#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

/** Items shown of one workbin. */
#define ITEMS_MAX 1000
/** Workbins one login watches. */
#define WATCHES_MAX 64

/* ---- whose, and who may ---- */

/** The owner of a personal workbin: the caller, or for a supervisor the agent he names. */
static apr_status_t personal_owner(const char **owner, ccgw_call_t *call, const char *user)
{
    const ccgw_agent_def_t *agent;

    *owner = call->agent->id;
    if (!ccgw_str_given(user) || !strcmp(user, call->agent->id))
        return APR_SUCCESS;
    if (call->role < CCGW_ROLE_SUPERVISOR)
        return ccgw_problem(call, CCGW_EROLE, "userId", "only a supervisor may use another user's workbin");
    agent = ccgw_floor_agent(call->core->floor, call->tenant, user);
    if (!agent)
        return ccgw_problem(call, CCGW_ENOTFOUND, "userId", "there is no such user");
    *owner = agent->id;
    return APR_SUCCESS;
}

/** Where the agent sits now: a place group's workbin follows the place. */
static apr_status_t present_place(const char **place, ccgw_work_t *work)
{
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, work->call->agent->id);

    *place = agent.open ? agent.place : ccgw_str_or_empty(work->call->agent->place);
    return rv;
}

static apr_status_t group_owner(const char **owner, ccgw_work_t *work, const ccgw_workbin_def_t *def,
                                const ccgw_workbin_args_t *args)
{
    ccgw_call_t *call = work->call;
    int by_agents = def->kind == CCGW_OWNER_AGENT_GROUP;
    const char *named = by_agents ? args->agent_group : args->place_group;
    const char *other = by_agents ? args->place_group : args->agent_group;
    const char *place;
    apr_status_t rv = APR_SUCCESS;
    int member;

    *owner = def->group;
    if (ccgw_str_given(other) || (ccgw_str_given(named) && strcmp(named, def->group)))
        return ccgw_problem(call, CCGW_ENOTFOUND, by_agents ? "agentGroup" : "placeGroup",
                            "the workbin does not belong to that group");
    if (call->role >= CCGW_ROLE_SUPERVISOR)
        return APR_SUCCESS;
    if (by_agents)
        member = ccgw_strs_have(&call->agent->groups, def->group);
    else {
        rv = present_place(&place, work);
        member = rv == APR_SUCCESS && ccgw_floor_place_in(call->tenant, place, def->group);
    }
    if (rv == APR_SUCCESS && !member)
        return ccgw_problem(call, CCGW_EROLE, NULL, "the workbin belongs to a group you are not in");
    return rv;
}

/** The workbin instance ARGS mean, if the caller may use it. */
static apr_status_t find_bin(ccgw_workbin_t *bin, ccgw_work_t *work, const ccgw_workbin_args_t *args, const char *id)
{
    ccgw_call_t *call = work->call;

    memset(bin, 0, sizeof *bin);
    bin->def = id ? ccgw_floor_workbin(call->core->floor, call->tenant, id) : NULL;
    if (!bin->def)
        return ccgw_problem(call, CCGW_ENOTFOUND, "workbinId", "there is no such workbin");
    if (bin->def->kind != CCGW_OWNER_AGENT)
        return group_owner(&bin->owner, work, bin->def, args);
    if (ccgw_str_given(args->agent_group) || ccgw_str_given(args->place_group))
        return ccgw_problem(call, CCGW_ENOTFOUND, "agentGroup", "the workbin does not belong to a group");
    return personal_owner(&bin->owner, call, args->user);
}

/* ---- verbs ---- */

typedef struct verb_t {
    const ccgw_workbin_args_t *args;
    ccgw_workbin_result_t *result;
} verb_t;

static apr_status_t run(ccgw_call_t *call, ccgw_work_fn_t *fn, const ccgw_workbin_args_t *args,
                        ccgw_workbin_result_t *result)
{
    verb_t verb = { args, result };
    apr_status_t rv = ccgw_run(call, fn, &verb, CCGW_DURABLE_UNSET);

    result->fields = args->fields;
    result->subresources = args->subresources;
    if (rv == APR_SUCCESS)
        result->reference = ccgw_call_reference(call);
    return rv;
}

static apr_status_t tell_item(ccgw_work_t *work, int type, const ccgw_workbin_t *bin, ccgw_session_t *session)
{
    ccgw_event_t event = {
        .type = type, .session = session, .workbin = bin->def->id, .owner_kind = bin->def->kind, .owner = bin->owner
    };

    return ccgw_event_tell_workbin(work, &event);
}

/** Everybody goes out of a session that is parked; the agent who parks it is told so. */
static apr_status_t clear_out(ccgw_work_t *work, ccgw_session_t *session)
{
    const char *me = work->call->agent->id;
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_STATE, .bare = 1, .session = session };
    ccgw_message_t left;
    apr_status_t rv = ccgw_leg_withdraw_all(work, session);
    int i;

    for (i = session->nparticipants - 1; i >= 0 && rv == APR_SUCCESS; i--) {
        const char *agent = session->participants[i].agent;

        if (!agent)
            continue;
        rv = ccgw_leg_leave(&left, work, session, agent);
        event.view = strcmp(agent, me) ? CCGW_VIEW_COMPLETED : CCGW_VIEW_PARKED;
        event.reference = strcmp(agent, me) ? 0 : ccgw_call_reference(work->call);
        if (rv == APR_SUCCESS)
            rv = ccgw_event_tell(work, &event, &agent, 1);
    }
    return rv;
}

static apr_status_t put_item(ccgw_work_t *work, const ccgw_workbin_t *bin, ccgw_session_t *session)
{
    ccgw_buf_t key = ccgw_workbin_key(work->call->tenant, bin->def->id, bin->owner, session->id, work->pool);
    ccgw_pointer_t item;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&item, &version, work, CCGW_TABLE_WORKBIN, key, &ccgw_pointer_record);

    if (rv != APR_SUCCESS)
        return rv;
    item = (ccgw_pointer_t){ .session = session->id };
    return ccgw_work_put(work, CCGW_TABLE_WORKBIN, key, &ccgw_pointer_record, &item, 0);
}

static apr_status_t do_add(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_session_args_t which = { .session = verb->args->session, .media = verb->args->media };
    ccgw_session_t session;
    ccgw_workbin_t bin;
    apr_status_t rv = find_bin(&bin, work, verb->args, verb->args->workbin);

    if (rv == APR_SUCCESS)
        rv = ccgw_session_enter(&session, work, &which, CCGW_ACTION_PARK);
    if (rv == APR_SUCCESS)
        rv = clear_out(work, &session);
    if (rv != APR_SUCCESS)
        return rv;
    session.state = CCGW_SESSION_PARKED;
    session.owner = NULL;
    session.workbin = bin.def->id;
    session.bin_owner = bin.owner;
    rv = put_item(work, &bin, &session);
    if (rv == APR_SUCCESS)
        rv = tell_item(work, CCGW_EVENT_WORKBIN_ADDED, &bin, &session);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_workbin_add(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result)
{
    return run(call, do_add, args, result);
}

/** Take the item's record away; CCGW_ENOTFOUND when it is not there (any more). */
static apr_status_t take_item(ccgw_session_t *session, ccgw_work_t *work, const ccgw_workbin_t *bin,
                              const ccgw_workbin_args_t *args)
{
    ccgw_buf_t key = ccgw_workbin_key(work->call->tenant, bin->def->id, bin->owner, args->session, work->pool);
    ccgw_pointer_t item;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&item, &version, work, CCGW_TABLE_WORKBIN, key, &ccgw_pointer_record);

    if (rv == APR_SUCCESS && version)
        rv = ccgw_session_load(session, work, args->session);
    if (rv != APR_SUCCESS && rv != CCGW_ENOTFOUND)
        return rv;
    if (rv == CCGW_ENOTFOUND || !version || (args->media && args->media != session->media))
        return ccgw_problem(work->call, CCGW_ENOTFOUND, "id", "no such interaction in the workbin");
    return work->core->provider->del(work->txn, CCGW_TABLE_WORKBIN, key);
}

static apr_status_t tell_pulled(ccgw_work_t *work, ccgw_session_t *session, ccgw_message_t *joined)
{
    const char *me = work->call->agent->id;
    ccgw_event_t event = {
        .type = CCGW_EVENT_SESSION_STATE, .bare = 1, .session = session, .reference = ccgw_call_reference(work->call)
    };
    apr_status_t rv = ccgw_event_tell(work, &event, &me, 1);

    event = (ccgw_event_t){ .type = CCGW_EVENT_SESSION_PARTICIPANTS, .session = session };
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell(work, &event, &me, 1);
    event.type = CCGW_EVENT_SESSION_MESSAGES;
    event.messages = joined;
    event.nmessages = 1;
    return rv == APR_SUCCESS ? ccgw_event_tell(work, &event, &me, 1) : rv;
}

static apr_status_t do_pull(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    const ccgw_agent_def_t *me = work->call->agent;
    ccgw_participant_t leg = { .id = ccgw_id_new(work->call->now),
                               .party = CCGW_PARTY_AGENT,
                               .agent = me->id,
                               .nickname = me->nickname,
                               .visibility = CCGW_VISIBLE_ALL },
                       *part;
    ccgw_session_t session;
    ccgw_message_t joined;
    ccgw_workbin_t bin;
    ccgw_agent_t agent;
    apr_status_t rv = find_bin(&bin, work, verb->args, verb->args->workbin);

    if (rv == APR_SUCCESS)
        rv = ccgw_agent_load(&agent, work, me->id);
    if (rv == APR_SUCCESS && (!agent.open || !agent.logins.n))
        return ccgw_problem(work->call, CCGW_ENOTOPEN, NULL, NULL);
    if (rv == APR_SUCCESS)
        rv = take_item(&session, work, &bin, verb->args);
    if (rv == APR_SUCCESS)
        rv = tell_item(work, CCGW_EVENT_WORKBIN_REMOVED, &bin, &session);
    if (rv != APR_SUCCESS)
        return rv;
    session.workbin = session.bin_owner = NULL;
    session.owner = me->id;
    ccgw_session_join(&part, &session, &leg, work->pool);
    rv = ccgw_session_enter_leg(work, &session, part, verb->args->nickname, &joined);
    if (rv == APR_SUCCESS)
        rv = tell_pulled(work, &session, &joined);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_workbin_pull(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result)
{
    const ccgw_limits_t *limits = &call->core->limits;

    if (args->chat && !(limits->pull_notify && limits->pull_join))
        return ccgw_problem(call, CCGW_EDISABLED, "operationName",
                            "enableNotificationOnPullChat and enableJoinOnPullChat are off");
    return run(call, do_pull, args, result);
}

/* ---- watching ---- */

static int find_watch(const ccgw_login_t *login, const ccgw_workbin_t *bin)
{
    int i;

    for (i = 0; i < login->nwatches; i++) {
        if (!strcmp(login->watches[i].workbin, bin->def->id) && !strcmp(login->watches[i].owner, bin->owner))
            return i;
    }
    return -1;
}

static apr_status_t add_watch(ccgw_work_t *work, ccgw_login_t *login, const ccgw_workbin_t *bin)
{
    ccgw_watch_t *grown;

    if (find_watch(login, bin) >= 0)
        return APR_SUCCESS;
    if (login->nwatches == WATCHES_MAX)
        return ccgw_problem(work->call, CCGW_ELIMIT, NULL, "at most %d subscribed workbins", WATCHES_MAX);
    grown = apr_pcalloc(work->pool, sizeof *grown * (login->nwatches + 1));
    if (login->nwatches)
        memcpy(grown, login->watches, sizeof *grown * login->nwatches);
    grown[login->nwatches] = (ccgw_watch_t){ .workbin = bin->def->id, .owner = bin->owner };
    grown[login->nwatches++].since =
        (apr_int64_t)work->core->provider->last(work->core->store, ccgw_buf_str(work->call->tenant->name));
    login->watches = grown;
    return APR_SUCCESS;
}

static void take_watch(ccgw_login_t *login, const ccgw_workbin_t *bin)
{
    int i = find_watch(login, bin);

    if (i >= 0)
        login->watches[i] = login->watches[--login->nwatches];
}

/** Change the watch of one workbin and tell this login. */
static apr_status_t watch_one(ccgw_work_t *work, ccgw_login_t *login, const ccgw_workbin_t *bin, int on,
                              apr_int64_t reference)
{
    const char *me = work->call->agent->id;
    ccgw_event_t event = { .type = on ? CCGW_EVENT_WORKBIN_WATCHED : CCGW_EVENT_WORKBIN_UNWATCHED,
                           .only_login = 1,
                           .reference = reference,
                           .workbin = bin->def->id,
                           .owner_kind = bin->def->kind,
                           .owner = bin->owner };
    apr_status_t rv = APR_SUCCESS;

    if (on)
        rv = add_watch(work, login, bin);
    else
        take_watch(login, bin);
    return rv == APR_SUCCESS ? ccgw_event_tell(work, &event, &me, 1) : rv;
}

static apr_status_t change_watches(ccgw_work_t *work, verb_t *verb, int on)
{
    const ccgw_workbin_args_t *args = verb->args;
    ccgw_call_t *call = work->call;
    ccgw_workbin_result_t *result = verb->result;
    ccgw_strs_t ids = args->workbins.n ? args->workbins : (ccgw_strs_t){ (const char **)&args->workbin, 1 };
    ccgw_buf_t key = ccgw_login_key(call->tenant, call->login, work->pool);
    ccgw_record_t record;
    ccgw_login_t login;
    apr_status_t rv = work->core->provider->get(&record, work->txn, CCGW_TABLE_LOGIN, key);
    int i;

    if (rv == APR_SUCCESS && !record.version)
        return ccgw_problem(call, CCGW_ESIGNIN, NULL, NULL);
    if (rv == APR_SUCCESS)
        rv = ccgw_record_decode(&login, &ccgw_login_record, record.value, work->pool);
    result->workbins = apr_pcalloc(call->pool, sizeof *result->workbins * ids.n);
    result->references = apr_pcalloc(call->pool, sizeof *result->references * ids.n);
    result->nworkbins = ids.n;
    for (i = 0; i < ids.n && rv == APR_SUCCESS; i++) {
        call->reference = 0; /* one number per workbin */
        result->references[i] = ccgw_call_reference(call);
        rv = find_bin(&result->workbins[i], work, args, ids.v[i]);
        if (rv == APR_SUCCESS)
            rv = watch_one(work, &login, &result->workbins[i], on, result->references[i]);
    }
    if (rv != APR_SUCCESS)
        return rv;
    call->reference = result->references[0];
    return ccgw_work_put(work, CCGW_TABLE_LOGIN, key, &ccgw_login_record, &login, record.due);
}

static apr_status_t do_watch(ccgw_work_t *work, void *baton)
{
    return change_watches(work, baton, 1);
}

static apr_status_t do_unwatch(ccgw_work_t *work, void *baton)
{
    return change_watches(work, baton, 0);
}

apr_status_t ccgw_workbin_watch(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result)
{
    return run(call, do_watch, args, result);
}

apr_status_t ccgw_workbin_unwatch(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result)
{
    return run(call, do_unwatch, args, result);
}

/* ---- reading ---- */

/** The parked sessions of BIN, copied into the call's pool. */
static apr_status_t read_items(ccgw_workbin_t *bin, ccgw_work_t *work, int media)
{
    ccgw_call_t *call = work->call;
    ccgw_buf_t from = ccgw_workbin_prefix(call->tenant, bin->def->id, bin->owner, work->pool), packed;
    ccgw_record_t *records;
    ccgw_pointer_t item;
    ccgw_session_t session;
    apr_status_t rv;
    int i, n;

    rv = work->core->provider->range(&records, &n, work->txn, CCGW_TABLE_WORKBIN, from,
                                     ccgw_key_after(from, work->pool), ITEMS_MAX);
    bin->items = apr_pcalloc(call->pool, sizeof *bin->items * (n + 1));
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        rv = ccgw_record_decode(&item, &ccgw_pointer_record, records[i].value, work->pool);
        if (rv == APR_SUCCESS)
            rv = ccgw_session_load(&session, work, item.session);
        if (rv != APR_SUCCESS || (media && session.media != media))
            continue;
        rv = ccgw_record_encode(&packed, &ccgw_session_record, &session, call->pool);
        if (rv == APR_SUCCESS)
            rv = ccgw_record_decode(&bin->items[bin->nitems++], &ccgw_session_record, packed, call->pool);
    }
    return rv;
}

static apr_status_t add_result(ccgw_work_t *work, verb_t *verb, const char *id, int content)
{
    ccgw_workbin_t *bin = &verb->result->workbins[verb->result->nworkbins];
    apr_status_t rv = find_bin(bin, work, verb->args, id);

    if (rv == APR_SUCCESS && content)
        rv = read_items(bin, work, verb->args->media);
    verb->result->nworkbins += rv == APR_SUCCESS;
    return rv;
}

static apr_status_t do_content(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;

    verb->result->workbins = apr_pcalloc(work->call->pool, sizeof *verb->result->workbins);
    verb->result->nworkbins = 0;
    return add_result(work, verb, verb->args->workbin, 1);
}

apr_status_t ccgw_workbin_content(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result)
{
    return run(call, do_content, args, result);
}

static apr_status_t do_list(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_call_t *call = work->call;
    const ccgw_strs_t *ids = &verb->args->workbins;
    const ccgw_workbin_def_t *def;
    const char *owner;
    apr_status_t rv;
    int i, n;

    for (n = 0; ccgw_floor_workbin_at(call->core->floor, call->tenant, n); n++)
        ;
    verb->result->workbins = apr_pcalloc(call->pool, sizeof *verb->result->workbins * ((n > ids->n ? n : ids->n) + 1));
    verb->result->nworkbins = 0;
    rv = personal_owner(&owner, call, verb->args->user);
    for (i = 0; i < ids->n && rv == APR_SUCCESS; i++)
        rv = add_result(work, verb, ids->v[i], 1);
    for (i = 0; rv == APR_SUCCESS && !ids->n && (def = ccgw_floor_workbin_at(call->core->floor, call->tenant, i));
         i++) {
        rv = add_result(work, verb, def->id, 0);
        if (rv != APR_SUCCESS && rv != CCGW_EROLE && rv != CCGW_ENOTFOUND)
            return rv;
        rv = APR_SUCCESS; /* one that is not his is left out */
    }
    return rv;
}

apr_status_t ccgw_workbin_list(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result)
{
    return run(call, do_list, args, result);
}
