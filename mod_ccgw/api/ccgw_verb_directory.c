/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_verb_directory.c: the look-ups in the directory as rows name them. */
#include "api/ccgw_verb.h"

#include "core/ccgw_directory.h"

static apr_status_t run_list(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_directory_list(call, args, result);
}

static apr_status_t run_get(ccgw_call_t *call, const void *args, void *result)
{
    return ccgw_directory_get(call, args, result);
}

#define VERB(verb, result_t)                                                            \
    {                                                                                   \
        "directory." #verb, run_##verb, sizeof(ccgw_directory_args_t), sizeof(result_t) \
    }

const ccgw_verb_t ccgw_verb_directory_list = VERB(list, ccgw_directory_result_t);
const ccgw_verb_t ccgw_verb_directory_get = VERB(get, ccgw_directory_result_t);
