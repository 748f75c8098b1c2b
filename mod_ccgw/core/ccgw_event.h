/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_event.h: what happened, told once for every dialect: a type, a snapshot, the detail. */
#ifndef CCGW_EVENT_H
#define CCGW_EVENT_H

#include "core/ccgw_agent.h"
#include "core/ccgw_session.h"
#include "core/ccgw_state.h"

typedef enum ccgw_event_type_t {
    CCGW_EVENT_UNSET,
    CCGW_EVENT_SESSION_STATE,        /**< the viewer's state of a session changed */
    CCGW_EVENT_SESSION_PARTICIPANTS, /**< somebody joined or went */
    CCGW_EVENT_SESSION_PROPERTIES,   /**< data, comment, disposition */
    CCGW_EVENT_SESSION_MESSAGES,     /**< the log grew */
    CCGW_EVENT_SESSION_ERROR,        /**< what a request set going failed */
    CCGW_EVENT_WORKBIN_ADDED,
    CCGW_EVENT_WORKBIN_REMOVED,
    CCGW_EVENT_WORKBIN_WATCHED,
    CCGW_EVENT_WORKBIN_UNWATCHED,
    CCGW_EVENT_AGENT_STATE,       /**< presence changed */
    CCGW_EVENT_CONFERENCE_ENDING, /**< it will end soon */
    CCGW_EVENT_SESSION_DELIVERY   /**< MESSAGES[0] reached TEXT's device, or never will: its delivery says which */
} ccgw_event_type_t;

/** What SESSION_PARTICIPANTS is about. */
typedef enum ccgw_change_t {
    CCGW_CHANGE_UNSET,
    CCGW_CHANGE_JOINED,
    CCGW_CHANGE_LEFT,
    CCGW_CHANGE_CHAIR,     /**< WHO is responsible now */
    CCGW_CHANGE_NOT_COMING /**< was asked and will not join; WHY says why */
} ccgw_change_t;

typedef struct ccgw_event_t {
    ccgw_buf_t unknown;
    int type;                /**< ccgw_event_type_t */
    apr_int64_t at;          /**< wall clock */
    const char *login;       /**< the login whose request caused it; NULL none */
    apr_int64_t reference;   /**< of that request; shown to that login only */
    int only_login;          /**< 1: nobody but that login is told */
    int view;                /**< ccgw_view_state_t the viewer is told; 0: derived from the session */
    int bare;                /**< 1: the participants are left out (they follow in the next event) */
    ccgw_session_t *session; /**< snapshot; NULL none */
    ccgw_message_t *messages;
    int nmessages;
    ccgw_agent_t *agent; /**< snapshot for AGENT_STATE */
    const char *workbin; /**< id */
    int owner_kind;      /**< ccgw_owner_kind_t */
    const char *owner;
    int code;                /**< SESSION_ERROR: one of our codes minus CCGW_ERROR_BASE */
    const char *text;        /**< SESSION_ERROR: sentence; NULL the dialect's own. AGENT_STATE: the cause as asked.
                                SESSION_DELIVERY: the customer it is for */
    ccgw_participant_t *who; /**< SESSION_PARTICIPANTS, SESSION_STATE: whom the change is about; NULL not said */
    int change;              /**< ccgw_change_t */
    int why;                 /**< ccgw_why_t */
} ccgw_event_t;

extern const ccgw_record_type_t ccgw_event_record;

/** Mailbox of an agent; of a workbin instance. In POOL. */
ccgw_buf_t ccgw_event_agent_box(const ccgw_tenant_t *tenant, const char *agent, apr_pool_t *pool);
ccgw_buf_t ccgw_event_workbin_box(const ccgw_tenant_t *tenant, const char *workbin, const char *owner,
                                  apr_pool_t *pool);

/** Append EVENT (login, reference and time are filled from the call) to the mailboxes of AGENTS. */
apr_status_t ccgw_event_tell(ccgw_work_t *work, const ccgw_event_t *event, const char *const *agents, int n);
/** Append to every agent of SESSION with a leg (offered ones too when OFFERED). */
apr_status_t ccgw_event_tell_session(ccgw_work_t *work, const ccgw_event_t *event, const ccgw_session_t *session,
                                     int offered);

/** Append to the readers of the workbin instance EVENT names (workbin, owner). */
apr_status_t ccgw_event_tell_workbin(ccgw_work_t *work, const ccgw_event_t *event);

typedef struct ccgw_read_event_t {
    ccgw_cursor_t at;
    ccgw_event_t event;
} ccgw_read_event_t;

/** The mailboxes LOGIN hears: its agent's and its watches'. In POOL. */
void ccgw_event_boxes(ccgw_buf_t **boxes, int *n, const ccgw_tenant_t *tenant, const ccgw_login_t *login,
                      apr_pool_t *pool);

/** Events for LOGIN after AFTER, decoded, without those meant for other logins or older than a watch. *UPTO: ask with
 *  it next time. CCGW_ERESYNC: *upto is the present end. Everything in POOL. */
apr_status_t ccgw_event_read(ccgw_read_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_core_t *core,
                             const ccgw_tenant_t *tenant, const ccgw_login_t *login, ccgw_cursor_t after, int max,
                             apr_pool_t *pool);

#endif
