/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_retention.h: what leaves by rule: sessions that ended long ago, with their messages and what points to them. */
#ifndef CCGW_RETENTION_H
#define CCGW_RETENTION_H

#include "core/ccgw_core.h"
#include "core/ccgw_session.h"

/** Its record's due time: when the ended SESSION has to go, by the deadline clock, in the range of CCGW_DUE_TIDY; 0 never
 *  (limits.keep_sessions is 0). */
apr_time_t ccgw_retention_time(const ccgw_call_t *call, const ccgw_session_t *session);

/** What one attempt took away. */
typedef struct ccgw_removed_t {
    int sessions; /**< 1: the session itself, so nothing of it is left; 0: the next transaction goes on */
    int messages;
    int texts;  /**< entries of the outbox, ... */
    int unsent; /**< ... of them those that had not been settled */
} ccgw_removed_t;

/** Inside a transaction that has read the ended SESSION: take away its first messages, as many as one transaction
 *  bears, with what the outbox holds of them. The session's record goes with the last of them, so that a session of
 *  which something is left can always be found. */
apr_status_t ccgw_retention_remove(ccgw_removed_t *removed, ccgw_work_t *work, const ccgw_session_t *session);

/** Deadline of the ended session KEY: if its time has come, one transaction of its removal, else its deadline moves.
 *  *budget: records that may still be removed in this round; at or below 0 nothing is done. Overlap is harmless. */
apr_status_t ccgw_retention_due(ccgw_call_t *call, ccgw_buf_t key, int *budget);

/** How far a look at all agents and sessions has come; zeroed to begin. */
typedef struct ccgw_survey_t {
    int tenant;     /**< number of the tenant */
    ccgw_id_t next; /**< the first session not yet seen */
    int agents;     /**< of this tenant were seen */
    int unreadable; /**< sessions of this tenant */
    int done;
} ccgw_survey_t;

/** Look at up to MAX more sessions of all there are: ended ones whose deadline is not what the present rule says (it
 *  was changed, or they ended under a version without one) get it; so do agents whose mailboxes begin anew by it. What
 *  cannot be read is passed over. Logs, never fails the caller. */
void ccgw_retention_survey(ccgw_survey_t *survey, ccgw_core_t *core, int max, apr_pool_t *scratch);

#endif
