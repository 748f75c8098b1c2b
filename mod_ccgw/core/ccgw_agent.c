/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_agent.c: what an agent says of himself: begins and ends his contact centre session, ready, not ready. */
#include "core/ccgw_agent.h"

#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_session_store.h"

static const char *const media_names[CCGW_MEDIA_COUNT] = { "", "voice", "chat", "sms" };

const char *ccgw_media_name(ccgw_media_t media)
{
    return media > 0 && media < CCGW_MEDIA_COUNT ? media_names[media] : "";
}

ccgw_media_t ccgw_media_parse(const char *name)
{
    int i;

    for (i = 1; name && i < CCGW_MEDIA_COUNT; i++) {
        if (!strcmp(media_names[i], name))
            return i;
    }
    return CCGW_MEDIA_UNSET;
}

typedef struct verb_t {
    const ccgw_agent_args_t *args;
    ccgw_agent_result_t *result;
} verb_t;

/** The result outlives the attempt: copied by packing and unpacking. */
static apr_status_t keep(ccgw_work_t *work, const ccgw_agent_t *agent, ccgw_agent_result_t *result)
{
    ccgw_buf_t packed;
    apr_status_t rv = ccgw_record_encode(&packed, &ccgw_agent_record, agent, work->call->pool);

    if (rv != APR_SUCCESS)
        return rv;
    result->def = work->call->agent;
    return ccgw_record_decode(&result->agent, &ccgw_agent_record, packed, work->call->pool);
}

/** Add a channel that is not open yet, not ready. */
static void open_channel(ccgw_agent_t *agent, int media, apr_time_t now, apr_pool_t *pool)
{
    ccgw_presence_state_t *grown;

    if (ccgw_agent_channel(agent, media))
        return;
    grown = apr_pcalloc(pool, sizeof *grown * (agent->nchannels + 1));
    if (agent->nchannels)
        memcpy(grown, agent->channels, sizeof *grown * agent->nchannels);
    grown[agent->nchannels] =
        (ccgw_presence_state_t){ .media = media, .state = CCGW_PRESENCE_NOT_READY, .reason = "", .idle_since = now };
    agent->channels = grown;
    agent->nchannels++;
}

static int place_exists(const ccgw_tenant_t *tenant, const char *place)
{
    int i;

    for (i = 0; i < tenant->nplace_groups; i++) {
        if (ccgw_strs_have(&tenant->place_groups[i].places, place))
            return 1;
    }
    return 0;
}

static apr_status_t check_open(ccgw_call_t *call, const ccgw_agent_args_t *args)
{
    int i;

    if (!args->channels.n)
        return ccgw_problem(call, CCGW_EMISSING, "channels", "channels: name at least one");
    for (i = 0; i < args->channels.n; i++) {
        if (!ccgw_media_parse(args->channels.v[i]))
            return ccgw_problem(call, CCGW_EINVAL, "channels", "channels: '%s' is not served here",
                                args->channels.v[i]);
    }
    if (ccgw_str_given(args->place) && !place_exists(call->tenant, args->place))
        return ccgw_problem(call, CCGW_ENOTFOUND, "place", "place: there is no '%s'", args->place);
    return APR_SUCCESS;
}

static apr_status_t do_open(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_call_t *call = work->call;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, call->agent->id);
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    if (!call->login || !ccgw_strs_have(&agent.logins, call->login))
        return ccgw_problem(call, CCGW_ESIGNIN, NULL, "the login has ended");
    if (ccgw_str_given(verb->args->place) || !agent.open)
        agent.place = ccgw_str_given(verb->args->place) ? verb->args->place : ccgw_str_or_empty(call->agent->place);
    agent.open = 1;
    agent.gone_at = 0;
    agent.openers = ccgw_strs_with(&agent.openers, call->login, work->pool);
    if (verb->args->joins)
        agent.joiners = ccgw_strs_with(&agent.joiners, call->login, work->pool);
    for (i = 0; i < verb->args->channels.n; i++)
        open_channel(&agent, ccgw_media_parse(verb->args->channels.v[i]), call->now, work->pool);
    rv = ccgw_agent_save(work, &agent);
    if (rv == APR_SUCCESS)
        rv = ccgw_agent_tell(work, &agent, verb->args->cause, ccgw_call_reference(call));
    return rv == APR_SUCCESS ? keep(work, &agent, verb->result) : rv;
}

apr_status_t ccgw_agent_open(ccgw_call_t *call, const ccgw_agent_args_t *args, ccgw_agent_result_t *result)
{
    verb_t verb = { args, result };
    apr_status_t rv = check_open(call, args);

    return rv == APR_SUCCESS ? ccgw_run(call, do_open, &verb, CCGW_DURABLE_UNSET) : rv;
}

apr_status_t ccgw_agent_shut(ccgw_work_t *work, ccgw_agent_t *agent, int go)
{
    int i;
    apr_status_t rv;

    agent->open = 0;
    agent->openers.n = 0;
    for (i = 0; i < agent->nchannels; i++) {
        agent->channels[i].state = CCGW_PRESENCE_NOT_READY;
        agent->channels[i].reason = "";
    }
    rv = ccgw_agent_release(work, agent, go);
    if (rv != APR_SUCCESS)
        return rv;
    agent->nchannels = 0;
    return ccgw_agent_save(work, agent);
}

static apr_status_t do_close(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_call_t *call = work->call;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, call->agent->id);

    if (rv != APR_SUCCESS)
        return rv;
    if (!agent.open) /* then only the login ends */
        return verb->args->end_login ? keep(work, &agent, verb->result) : ccgw_problem(call, CCGW_ENOTOPEN, NULL, NULL);
    agent.openers = ccgw_strs_without(&agent.openers, call->login, work->pool);
    /* another desktop of the same agent goes on */
    rv = agent.openers.n ? ccgw_agent_save(work, &agent) : ccgw_agent_shut(work, &agent, 1);
    if (rv == APR_SUCCESS)
        rv = ccgw_agent_tell(work, &agent, verb->args->cause, ccgw_call_reference(call));
    return rv == APR_SUCCESS ? keep(work, &agent, verb->result) : rv;
}

apr_status_t ccgw_agent_close(ccgw_call_t *call, const ccgw_agent_args_t *args, ccgw_agent_result_t *result)
{
    verb_t verb = { args, result };
    apr_status_t rv = ccgw_run(call, do_close, &verb, CCGW_DURABLE_UNSET);

    return rv == APR_SUCCESS && args->end_login ? ccgw_login_close(call) : rv;
}

static ccgw_presence_t presence_parse(const char *name)
{
    static const char *const names[] = { "", "ready", "not-ready", "wrap-up" };
    int i;

    for (i = CCGW_PRESENCE_READY; name && i <= CCGW_PRESENCE_WRAP_UP; i++) {
        if (!strcmp(names[i], name))
            return i;
    }
    return CCGW_PRESENCE_UNSET;
}

static void set_channel(ccgw_presence_state_t *channel, ccgw_presence_t state, const char *reason, apr_time_t now)
{
    if (state == CCGW_PRESENCE_READY && channel->state != CCGW_PRESENCE_READY)
        channel->idle_since = now;
    channel->state = state;
    channel->reason = reason;
}

static apr_status_t do_set_state(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_call_t *call = work->call;
    ccgw_presence_t state = presence_parse(verb->args->state);
    const char *reason = ccgw_str_or_empty(verb->args->reason);
    ccgw_presence_state_t *one = NULL;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, call->agent->id);
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    if (!agent.open)
        return ccgw_problem(call, CCGW_ENOTOPEN, NULL, NULL);
    if (verb->args->channel) {
        one = ccgw_agent_channel(&agent, ccgw_media_parse(verb->args->channel));
        if (!one)
            return ccgw_problem(call, CCGW_ENOTFOUND, "channel", "channel '%s' is not open", verb->args->channel);
    }
    for (i = 0; i < agent.nchannels; i++) {
        if (!one || one == &agent.channels[i])
            set_channel(&agent.channels[i], state, reason, call->now);
    }
    rv = ccgw_agent_save(work, &agent);
    if (rv == APR_SUCCESS)
        rv = ccgw_agent_tell(work, &agent, verb->args->cause, ccgw_call_reference(call));
    return rv == APR_SUCCESS ? keep(work, &agent, verb->result) : rv;
}

apr_status_t ccgw_agent_set_state(ccgw_call_t *call, const ccgw_agent_args_t *args, ccgw_agent_result_t *result)
{
    verb_t verb = { args, result };

    if (!presence_parse(args->state))
        return ccgw_problem(call, CCGW_EINVAL, "state", "there is no state '%s'", ccgw_str_or_empty(args->state));
    return ccgw_run(call, do_set_state, &verb, CCGW_DURABLE_UNSET);
}

static apr_status_t do_get(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_agent_t agent;
    apr_status_t rv = ccgw_agent_load(&agent, work, work->call->agent->id);

    return rv == APR_SUCCESS ? keep(work, &agent, verb->result) : rv;
}

apr_status_t ccgw_agent_get(ccgw_call_t *call, const ccgw_agent_args_t *args, ccgw_agent_result_t *result)
{
    verb_t verb = { args, result };
    ccgw_sessions_result_t mine = { 0 };
    ccgw_session_args_t all = { 0 };
    apr_status_t rv = ccgw_run(call, do_get, &verb, CCGW_DURABLE_UNSET);

    if (rv != APR_SUCCESS)
        return rv;
    result->fields = args->fields;
    result->subresources = args->subresources;
    if (!args->subresources)
        return APR_SUCCESS;
    rv = ccgw_session_list(call, &all, &mine);
    result->sessions = mine.sessions;
    result->nsessions = mine.nsessions;
    return rv;
}
