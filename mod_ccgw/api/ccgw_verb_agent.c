/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_verb_agent.c: the verbs of an agent on himself as rows name them. */
#include "api/ccgw_verb.h"

#include "core/ccgw_agent.h"

static apr_status_t run_open(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_agent_open(call, args, result);
}

static apr_status_t run_close(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_agent_close(call, args, result);
}

static apr_status_t run_set_state(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_agent_set_state(call, args, result);
}

static apr_status_t run_get(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_agent_get(call, args, result);
}

#define VERB(verb, result_t)                                                    \
    {                                                                           \
        "agent." #verb, run_##verb, sizeof(ccgw_agent_args_t), sizeof(result_t) \
    }

const ccgw_verb_t ccgw_verb_agent_open = VERB(open, ccgw_agent_result_t);
const ccgw_verb_t ccgw_verb_agent_close = VERB(close, ccgw_agent_result_t);
const ccgw_verb_t ccgw_verb_agent_set_state = VERB(set_state, ccgw_agent_result_t);
const ccgw_verb_t ccgw_verb_agent_get = VERB(get, ccgw_agent_result_t);
