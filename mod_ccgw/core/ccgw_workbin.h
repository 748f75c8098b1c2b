/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_workbin.h: parked work: who may see it, put it in, pull it out. */
#ifndef CCGW_WORKBIN_H
#define CCGW_WORKBIN_H

#include "core/ccgw_agent.h"
#include "core/ccgw_floor.h"

typedef struct ccgw_workbin_args_t {
    const char *workbin;     /**< id */
    ccgw_strs_t workbins;    /**< several ids: subscribe, unsubscribe, content */
    const char *agent_group; /**< as the client named it; NULL not */
    const char *place_group;
    const char *user; /**< another agent's id: supervisors only */
    ccgw_id_t session;
    int media; /**< only items of this media; 0 any */
    int chat;  /**< the chat form of pull: behind limits.pull_notify and pull_join */
    const char *nickname;
    const char *fields;
    const char *subresources;
} ccgw_workbin_args_t;

typedef struct ccgw_workbin_t {
    const ccgw_workbin_def_t *def;
    const char *owner;     /**< agent id, group name */
    ccgw_session_t *items; /**< when content was asked for */
    int nitems;
} ccgw_workbin_t;

typedef struct ccgw_workbin_result_t {
    ccgw_workbin_t *workbins;
    int nworkbins;
    apr_int64_t reference;   /**< of the (first) operation */
    apr_int64_t *references; /**< one per workbin, where several were named */
    const char *fields;
    const char *subresources;
} ccgw_workbin_result_t;

/* All: CCGW_ENOTFOUND for an unknown workbin, or a group that is not the workbin's; CCGW_EROLE when the caller is in
 * neither the group nor at a place of the place group, or names another user without being a supervisor. */

/** Put one's session in: the caller and other agents leave it, its state is PARKED. */
apr_status_t ccgw_workbin_add(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result);
/** Take an item out: the caller owns and has joined it. CCGW_ENOTFOUND when it is not (or no longer) there;
 *  CCGW_EDISABLED for the chat form when the options are off. */
apr_status_t ccgw_workbin_pull(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result);
/** Hear of items put in and taken out; for this login. */
apr_status_t ccgw_workbin_watch(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result);
apr_status_t ccgw_workbin_unwatch(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result);
/** One workbin with its items. */
apr_status_t ccgw_workbin_content(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result);
/** All the caller may use; with workbins: these, with their items. */
apr_status_t ccgw_workbin_list(ccgw_call_t *call, const ccgw_workbin_args_t *args, ccgw_workbin_result_t *result);

#endif
