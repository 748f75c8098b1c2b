/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* verbs.c: the few actions that are not one call of the core: channels by other names, and what this gateway says of
 * itself. */
#include "dialect.h"

#include <apr_strings.h>

/* --- StartContactCenterSession ------------------------------------------------------------------ */

/* Sorts the names into what the core knows and what nobody here does (email, workitem): those get a code of their own,
 * because desktops ask for all the media they can show. */
static apr_status_t open_channels(ccgw_call_t *call, const void *args, void *result)
{
    ccgw_agent_args_t known = *(const ccgw_agent_args_t *)args;
    genesys_open_result_t *opened = result;
    const ccgw_strs_t *asked = &((const ccgw_agent_args_t *)args)->channels;
    const ccgw_value_t *value;
    int i;

    known.channels.v = apr_palloc(call->pool, (apr_size_t)(asked->n + 1) * sizeof(const char *));
    known.channels.n = 0;
    opened->refused = apr_palloc(call->pool, (apr_size_t)(asked->n + 1) * sizeof(const char *));
    for (i = 0; i < asked->n; i++) {
        for (value = genesys_channels; value->name && strcmp(value->name, asked->v[i]); value++)
            ;
        if (value->name)
            known.channels.v[known.channels.n++] = ccgw_media_name((ccgw_media_t)value->number);
        else
            opened->refused[opened->nrefused++] = asked->v[i];
    }
    if (asked->n == 0)
        return ccgw_problem(call, CCGW_EMISSING, "channels", "channels names no channel");
    if (known.channels.n == 0)
        return ccgw_problem(call, CCGW_EINVAL, "channels", "this server has none of the channels asked for");
    return ccgw_verb_agent_open.run(call, &known, &opened->agent);
}

const ccgw_verb_t genesys_verb_open = { "agent.open", open_channels, sizeof(ccgw_agent_args_t),
                                        sizeof(genesys_open_result_t) };

/* --- features ----------------------------------------------------------------------------------- */

/* clang-format off */
const genesys_feature_t genesys_features[] = {
    { "api-agent-control",    "Agent control", "Contact centre session and agent states" },
    { "api-multimedia",       "Multimedia",    "SMS sessions and workbins" },
    { "api-multimedia-chat",  "Chat",          "Chats" },
};
/* clang-format on */
const int genesys_nfeatures = sizeof(genesys_features) / sizeof(genesys_features[0]);

static apr_status_t find_features(ccgw_call_t *call, const void *args, void *result)
{
    const genesys_feature_args_t *asked = args;
    genesys_feature_result_t *found = result;
    int i;

    found->fields = asked->fields;
    found->features = genesys_features;
    found->nfeatures = genesys_nfeatures;
    if (!asked->id)
        return APR_SUCCESS;
    for (i = 0; i < genesys_nfeatures && strcmp(genesys_features[i].id, asked->id); i++)
        ;
    if (i == genesys_nfeatures)
        return ccgw_problem(call, CCGW_ENOTFOUND, "id", "there is no such feature");
    found->features = &genesys_features[i];
    found->nfeatures = 1;
    return APR_SUCCESS;
}

const ccgw_verb_t genesys_verb_features = { "feature.find", find_features, sizeof(genesys_feature_args_t),
                                            sizeof(genesys_feature_result_t) };

static apr_status_t tell(ccgw_call_t *call, const void *args, void *result)
{
    return APR_SUCCESS;
}

const ccgw_verb_t genesys_verb_tell = { "server.tell", tell, sizeof(genesys_feature_args_t),
                                        sizeof(genesys_feature_result_t) };
