/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_conference.h: telephone conferences: a session of voice without a customer, led by a chair (its owner). Agents are
 * asked in, phones are rung by the voice channel. An agent is in one conference at most. */
#ifndef CCGW_CONFERENCE_H
#define CCGW_CONFERENCE_H

#include "core/ccgw_session.h"

/** What a rung phone will do. */
typedef enum ccgw_ring_t { CCGW_RING_UNSET, CCGW_RING_ANSWER, CCGW_RING_REFUSE, CCGW_RING_SILENT } ccgw_ring_t;

typedef enum ccgw_address_kind_t {
    CCGW_ADDRESS_UNSET,
    CCGW_ADDRESS_PHONE,
    CCGW_ADDRESS_AGENT /**< a work number */
} ccgw_address_kind_t;

typedef struct ccgw_address_t {
    int kind; /**< ccgw_address_kind_t */
    const char *address;
} ccgw_address_t;

typedef struct ccgw_conference_args_t {
    apr_int64_t limit;   /**< most participants, the chair counts */
    apr_int64_t minutes; /**< how long; 0: 60 */
    apr_int64_t remind;  /**< minutes before the end when the chair is reminded; 0 never */
    ccgw_address_t *addresses;
    int naddresses;
} ccgw_conference_args_t;

/* Verbs of the caller. CCGW_ENOTOPEN without voice; CCGW_ENOCONFERENCE when he is in none (or is not asked into one),
 * CCGW_ENOTCHAIR when only the chair may. */

/** Begin one; the caller is its chair. CCGW_EINCONFERENCE. */
apr_status_t ccgw_conference_request(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done);
/** Ask addresses in. CCGW_EINVAL: a work number that does not exist; CCGW_ELIMIT: more than the limit. An agent who
 *  cannot come is told of by an event. */
apr_status_t ccgw_conference_invite(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done);
apr_status_t ccgw_conference_answer(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done);
apr_status_t ccgw_conference_reject(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done);
/** CCGW_ECHAIR for the chair. */
apr_status_t ccgw_conference_leave(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done);
/** End it for everybody; the chair only. */
apr_status_t ccgw_conference_release(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done);

/* For the files of the core. */

/** The leg at index I has come to its time: a phone does what it does, an agent has not answered. */
apr_status_t ccgw_conference_leg_due(ccgw_work_t *work, ccgw_session_t *session, int i);
/** Over for everybody who is in it or asked. */
apr_status_t ccgw_conference_end(ccgw_work_t *work, ccgw_session_t *session, int why);
/** The conference's own times: reminder, end. */
apr_status_t ccgw_conference_due(ccgw_work_t *work, ccgw_session_t *session);
/** AGENT goes (WHY); the chair passes on, the last agent ends it. */
apr_status_t ccgw_conference_drop(ccgw_work_t *work, ccgw_session_t *session, const char *agent, int why);

#endif
