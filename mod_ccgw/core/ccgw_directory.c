/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_directory.c: looks up users, queues, groups and skills of the caller's floor. */
#include "core/ccgw_directory.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

typedef struct listing_t {
    const ccgw_call_t *call;
    const ccgw_directory_args_t *args;
    ccgw_directory_result_t *result;
    apr_int64_t passed; /* entries that fit so far, those before the offset included */
    int room;
} listing_t;

/* ---- entries ---- */

static const char *full_name(const ccgw_agent_def_t *agent, apr_pool_t *pool)
{
    if (ccgw_str_given(agent->first_name) && ccgw_str_given(agent->last_name))
        return apr_pstrcat(pool, agent->first_name, " ", agent->last_name, NULL);
    if (ccgw_str_given(agent->first_name))
        return agent->first_name;
    return ccgw_str_given(agent->last_name) ? agent->last_name : agent->login;
}

static ccgw_directory_entry_t describe_user(const ccgw_call_t *call, const ccgw_agent_def_t *agent)
{
    ccgw_directory_entry_t entry = {
        .kind = CCGW_DIRECTORY_USERS,
        .id = agent->id,
        .name = full_name(agent, call->pool),
        .phone = "",
        .agent = agent,
    };

    return entry;
}

/* A queue is reached under the first number that leads to it. */
static ccgw_directory_entry_t describe_queue(const ccgw_call_t *call, const ccgw_queue_def_t *queue)
{
    ccgw_directory_entry_t entry = {
        .kind = CCGW_DIRECTORY_QUEUES,
        .id = queue->id,
        .name = queue->name,
        .phone = "",
        .queue = queue,
    };
    const struct ccgw_floor_t *floor = call->core->floor;
    const ccgw_number_def_t *number;
    int i;

    for (i = 0; (number = ccgw_floor_number_at(floor, call->tenant, i)) != NULL; i++) {
        if (ccgw_floor_queue(floor, call->tenant, number->queue) == queue) {
            entry.phone = number->number;
            break;
        }
    }
    return entry;
}

/* Groups and skills have no id but their name. */
static ccgw_directory_entry_t describe_word(int kind, const char *name)
{
    ccgw_directory_entry_t entry = { .kind = kind, .id = name, .name = name, .phone = "" };

    return entry;
}

/* ---- filters ---- */

/* Does TEXT fit PATTERN, in which '*' stands for anything? ASCII letters of any case are equal. Going
 * back to the last star only keeps the effort at the product of both lengths. */
static int fits_pattern(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = text;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        }
        else if (*pattern && apr_tolower(*pattern) == apr_tolower(*text)) {
            pattern++;
            text++;
        }
        else if (star) {
            pattern = star;
            text = ++resume;
        }
        else {
            return 0;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static int fits_any(const char *pattern, const ccgw_directory_entry_t *entry)
{
    const ccgw_agent_def_t *agent = entry->agent;

    if (fits_pattern(pattern, entry->name) || (*entry->phone && fits_pattern(pattern, entry->phone)))
        return 1;
    return agent &&
           (fits_pattern(pattern, agent->login) || fits_pattern(pattern, ccgw_str_or_empty(agent->first_name)) ||
            fits_pattern(pattern, ccgw_str_or_empty(agent->last_name)));
}

static int is_named(const char *name, const ccgw_directory_entry_t *entry)
{
    return !strcasecmp(name, entry->name) || (entry->agent && !strcasecmp(name, entry->agent->login));
}

static void add_entry(listing_t *listing, const ccgw_directory_entry_t *entry)
{
    const ccgw_directory_args_t *args = listing->args;
    ccgw_directory_result_t *result = listing->result;

    if ((args->match && !fits_any(args->match, entry)) || (args->name && !is_named(args->name, entry)))
        return;
    if (listing->passed++ < args->offset || (args->limit > 0 && result->nentries >= args->limit))
        return;
    if (result->nentries == listing->room) {
        ccgw_directory_entry_t *bigger;

        listing->room = listing->room ? 2 * listing->room : 16;
        bigger = apr_palloc(listing->call->pool, (apr_size_t)listing->room * sizeof *bigger);
        if (result->nentries)
            memcpy(bigger, result->entries, (apr_size_t)result->nentries * sizeof *bigger);
        result->entries = bigger;
    }
    result->entries[result->nentries] = *entry;
    result->entries[result->nentries++].subresources = result->subresources;
}

/* ---- verbs ---- */

static void list_users(listing_t *listing)
{
    const ccgw_call_t *call = listing->call;
    const ccgw_agent_def_t *agent;
    int i;

    for (i = 0; (agent = ccgw_floor_agent_at(call->core->floor, call->tenant, i)) != NULL; i++) {
        ccgw_directory_entry_t entry = describe_user(call, agent);

        add_entry(listing, &entry);
    }
}

static void list_queues(listing_t *listing)
{
    const ccgw_call_t *call = listing->call;
    const ccgw_queue_def_t *queue;
    int i;

    for (i = 0; (queue = ccgw_floor_queue_at(call->core->floor, call->tenant, i)) != NULL; i++) {
        ccgw_directory_entry_t entry = describe_queue(call, queue);

        add_entry(listing, &entry);
    }
}

static void list_words(listing_t *listing, int kind, const ccgw_strs_t *words)
{
    int i;

    for (i = 0; i < words->n; i++) {
        ccgw_directory_entry_t entry = describe_word(kind, words->v[i]);

        add_entry(listing, &entry);
    }
}

static void begin_result(ccgw_directory_result_t *result, const ccgw_directory_args_t *args)
{
    memset(result, 0, sizeof *result);
    result->kind = args->kind;
    result->fields = args->fields;
    result->subresources = args->subresources;
}

apr_status_t ccgw_directory_list(ccgw_call_t *call, const ccgw_directory_args_t *args, ccgw_directory_result_t *result)
{
    listing_t listing = { .call = call, .args = args, .result = result };

    begin_result(result, args);
    switch (args->kind) {
    case CCGW_DIRECTORY_USERS: list_users(&listing); break;
    case CCGW_DIRECTORY_QUEUES: list_queues(&listing); break;
    case CCGW_DIRECTORY_GROUPS: list_words(&listing, args->kind, &call->tenant->groups); break;
    case CCGW_DIRECTORY_SKILLS: list_words(&listing, args->kind, &call->tenant->skills); break;
    case CCGW_DIRECTORY_CONTACTS:
        list_users(&listing);
        list_queues(&listing);
        break;
    default: return ccgw_problem(call, CCGW_EINVAL, NULL, NULL);
    }
    return APR_SUCCESS;
}

/* The entry with args->id among the kind asked for; 0: there is none. */
static int find_entry(ccgw_directory_entry_t *entry, ccgw_call_t *call, const ccgw_directory_args_t *args)
{
    const struct ccgw_floor_t *floor = call->core->floor;
    int contact = args->kind == CCGW_DIRECTORY_CONTACTS;
    const ccgw_agent_def_t *agent = NULL;
    const ccgw_queue_def_t *queue = NULL;
    const ccgw_strs_t *words = args->kind == CCGW_DIRECTORY_GROUPS   ? &call->tenant->groups
                               : args->kind == CCGW_DIRECTORY_SKILLS ? &call->tenant->skills
                                                                     : NULL;

    if (contact || args->kind == CCGW_DIRECTORY_USERS)
        agent = ccgw_floor_agent(floor, call->tenant, args->id);
    if (!agent && (contact || args->kind == CCGW_DIRECTORY_QUEUES))
        queue = ccgw_floor_queue(floor, call->tenant, args->id);
    if (agent)
        *entry = describe_user(call, agent);
    else if (queue)
        *entry = describe_queue(call, queue);
    else if (words && ccgw_strs_have(words, args->id))
        *entry = describe_word(args->kind, args->id);
    else
        return 0;
    return 1;
}

apr_status_t ccgw_directory_get(ccgw_call_t *call, const ccgw_directory_args_t *args, ccgw_directory_result_t *result)
{
    begin_result(result, args);
    result->entries = apr_palloc(call->pool, sizeof *result->entries);
    if (!ccgw_str_given(args->id) || !find_entry(result->entries, call, args))
        return ccgw_problem(call, CCGW_ENOTFOUND, NULL, NULL);
    result->entries->subresources = args->subresources;
    result->nentries = 1;
    return APR_SUCCESS;
}
