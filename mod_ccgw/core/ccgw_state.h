/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_state.h: one table says what an agent may do with a session now, and what his desktop is told he may do. */
#ifndef CCGW_STATE_H
#define CCGW_STATE_H

#include "core/ccgw_session.h"

/** What one agent sees of a session: a function of the session and his part in it. */
typedef enum ccgw_view_state_t {
    CCGW_VIEW_NONE, /**< no part in it */
    CCGW_VIEW_OFFERED,
    CCGW_VIEW_ALONE,    /**< joined, the only agent */
    CCGW_VIEW_TOGETHER, /**< joined, with other agents */
    CCGW_VIEW_LEFT,     /**< left, still the owner */
    CCGW_VIEW_PARKED,
    CCGW_VIEW_COMPLETED,
    CCGW_VIEW_REVOKED, /**< only said in an event: the offer was withdrawn */
    CCGW_VIEW_COUNT
} ccgw_view_state_t;

typedef enum ccgw_action_t {
    CCGW_ACTION_ACCEPT,
    CCGW_ACTION_REJECT,
    CCGW_ACTION_TRANSFER,
    CCGW_ACTION_LEAVE,
    CCGW_ACTION_INVITE,
    CCGW_ACTION_CANCEL_INVITE,
    CCGW_ACTION_CONSULT,
    CCGW_ACTION_CANCEL_CONSULT,
    CCGW_ACTION_REMOVE,
    CCGW_ACTION_FOCUS,
    CCGW_ACTION_DISPOSE,
    CCGW_ACTION_ATTACH,
    CCGW_ACTION_DETACH,
    CCGW_ACTION_UPDATE,
    CCGW_ACTION_COMMENT,
    CCGW_ACTION_SEND,
    CCGW_ACTION_SEND_TO_AGENTS,
    CCGW_ACTION_TYPE, /**< typing notices to all */
    CCGW_ACTION_TYPE_TO_AGENTS,
    CCGW_ACTION_NOTICE, /**< URLs, custom notices */
    CCGW_ACTION_COMPLETE,
    CCGW_ACTION_PARK, /**< put into a workbin */
    CCGW_ACTION_COUNT
} ccgw_action_t;

ccgw_view_state_t ccgw_state_view(const ccgw_session_t *session, const char *agent);
/** May AGENT do ACTION now? */
int ccgw_state_allows(const ccgw_session_t *session, const char *agent, ccgw_action_t action);
/** Bit 1 << action for each action a desktop in VIEW is told of. */
apr_uint32_t ccgw_state_advertised(ccgw_view_state_t view);

#endif
