/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_directory.h: who and what can be reached on the floor: users, queues, groups, skills, and all of them as
 * contacts. Read only; nothing here touches the store. */
#ifndef CCGW_DIRECTORY_H
#define CCGW_DIRECTORY_H

#include "core/ccgw_floor.h"

typedef enum ccgw_directory_kind_t {
    CCGW_DIRECTORY_UNSET,
    CCGW_DIRECTORY_USERS,
    CCGW_DIRECTORY_QUEUES,
    CCGW_DIRECTORY_GROUPS,
    CCGW_DIRECTORY_SKILLS,
    CCGW_DIRECTORY_CONTACTS /**< users and queues */
} ccgw_directory_kind_t;

typedef struct ccgw_directory_args_t {
    int kind;          /**< ccgw_directory_kind_t */
    const char *id;    /**< get */
    const char *match; /**< name or number with '*', any case; NULL all */
    const char *name;  /**< exact name, any case; NULL all */
    apr_int64_t limit; /**< 0: all */
    apr_int64_t offset;
    const char *fields;
    const char *subresources;
} ccgw_directory_args_t;

typedef struct ccgw_directory_entry_t {
    int kind; /**< USERS, QUEUES, GROUPS or SKILLS */
    const char *id;
    const char *name;
    const char *phone;             /**< "" none */
    const ccgw_agent_def_t *agent; /**< users */
    const ccgw_queue_def_t *queue; /**< queues */
    const char *subresources;      /**< as the client asked; NULL not asked */
} ccgw_directory_entry_t;

typedef struct ccgw_directory_result_t {
    int kind;
    ccgw_directory_entry_t *entries;
    int nentries;
    const char *fields;
    const char *subresources;
} ccgw_directory_result_t;

apr_status_t ccgw_directory_list(ccgw_call_t *call, const ccgw_directory_args_t *args, ccgw_directory_result_t *result);
/** CCGW_ENOTFOUND when there is none. */
apr_status_t ccgw_directory_get(ccgw_call_t *call, const ccgw_directory_args_t *args, ccgw_directory_result_t *result);

#endif
