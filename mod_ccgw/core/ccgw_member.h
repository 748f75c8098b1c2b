/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_member.h: a session's members seen as one list of people, agents and customers alike, and sessions searched. */
#ifndef CCGW_MEMBER_H
#define CCGW_MEMBER_H

#include "core/ccgw_session.h"

/* All: CCGW_ENOTFOUND for a session the caller has no part in (a supervisor reaches every session of his tenant);
 * CCGW_ESTATE once it has ended. Events as for the verbs of ccgw_session.h. The result is the whole session. */

/** target (kind MEMBER): an agent is invited (who cannot join is told of by an event, as ccgw_session_invite); a phone
 *  number joins a messaging session as a further customer at once. Who is a member already stays one.
 *  CCGW_EINVAL: neither an agent nor a number; CCGW_EINUSE: that customer is in another session. */
apr_status_t ccgw_member_invite(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_session_result_t *result);
/** target (kind MEMBER): that member goes, or is no longer asked; the caller himself: leaves. CCGW_ENOTFOUND: no such
 *  member; CCGW_ESTATE: the only customer. */
apr_status_t ccgw_member_remove(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_session_result_t *result);
/** Over for everybody. */
apr_status_t ccgw_session_end(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);

typedef struct ccgw_search_args_t {
    apr_int64_t page;     /**< from 0 */
    apr_int64_t per_page; /**< 0: 25 */
    int all;              /**< 1: one page with everything */
    int descending;       /**< newest first */
    ccgw_strs_t ids;      /**< only these; none: all */
    const char *customer; /**< only with this customer's number; NULL any */
    const char *number;   /**< only on this number of ours; NULL any */
    apr_int64_t since;    /**< created at or after (wall clock); 0 any */
    apr_int64_t until;    /**< created before; 0 any */
} ccgw_search_args_t;

typedef struct ccgw_search_result_t {
    ccgw_session_t *sessions;
    int nsessions;
    apr_int64_t total; /**< of all pages */
    apr_int64_t pages;
    int more; /**< pages follow */
} ccgw_search_result_t;

/** Sessions the caller may see: those he has a part in; a supervisor: all of his tenant, also ended ones. */
apr_status_t ccgw_session_search(ccgw_call_t *call, const ccgw_search_args_t *args, ccgw_search_result_t *result);

#endif
