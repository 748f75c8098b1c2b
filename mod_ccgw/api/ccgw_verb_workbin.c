/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_verb_workbin.c: the verbs on workbins as rows name them. */
#include "api/ccgw_verb.h"

#include "core/ccgw_workbin.h"

static apr_status_t run_add(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_workbin_add(call, args, result);
}

static apr_status_t run_pull(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_workbin_pull(call, args, result);
}

static apr_status_t run_watch(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_workbin_watch(call, args, result);
}

static apr_status_t run_unwatch(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_workbin_unwatch(call, args, result);
}

static apr_status_t run_content(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_workbin_content(call, args, result);
}

static apr_status_t run_list(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_workbin_list(call, args, result);
}

#define VERB(verb, result_t)                                                        \
    {                                                                               \
        "workbin." #verb, run_##verb, sizeof(ccgw_workbin_args_t), sizeof(result_t) \
    }

const ccgw_verb_t ccgw_verb_workbin_add = VERB(add, ccgw_workbin_result_t);
const ccgw_verb_t ccgw_verb_workbin_pull = VERB(pull, ccgw_workbin_result_t);
const ccgw_verb_t ccgw_verb_workbin_watch = VERB(watch, ccgw_workbin_result_t);
const ccgw_verb_t ccgw_verb_workbin_unwatch = VERB(unwatch, ccgw_workbin_result_t);
const ccgw_verb_t ccgw_verb_workbin_content = VERB(content, ccgw_workbin_result_t);
const ccgw_verb_t ccgw_verb_workbin_list = VERB(list, ccgw_workbin_result_t);
