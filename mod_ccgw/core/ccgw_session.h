/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session.h: one interaction with a customer: its record, its participants, its log, and the verbs on it. */
#ifndef CCGW_SESSION_H
#define CCGW_SESSION_H

#include "core/ccgw_core.h"

/** Where the whole interaction stands. Numbers are stored. */
typedef enum ccgw_session_state_t {
    CCGW_SESSION_UNSET,
    CCGW_SESSION_QUEUED, /**< waits in a queue, maybe offered to an agent */
    CCGW_SESSION_ACTIVE, /**< at least one agent is in it */
    CCGW_SESSION_LEFT,   /**< the only agent left; he still owns it, the customer is out */
    CCGW_SESSION_PARKED, /**< in a workbin */
    CCGW_SESSION_ENDED
} ccgw_session_state_t;

typedef enum ccgw_party_t {
    CCGW_PARTY_UNSET,
    CCGW_PARTY_CUSTOMER,
    CCGW_PARTY_AGENT,
    CCGW_PARTY_PHONE /**< somebody outside, rung by a conference */
} ccgw_party_t;

/** Where one participant stands. */
typedef enum ccgw_leg_t {
    CCGW_LEG_UNSET,
    CCGW_LEG_OFFERED, /**< asked, has not answered */
    CCGW_LEG_JOINED,
    CCGW_LEG_LEFT /**< the owner who left alone */
} ccgw_leg_t;

/** Why a leg was offered. */
typedef enum ccgw_offer_t {
    CCGW_OFFER_UNSET,
    CCGW_OFFER_ROUTED, /**< by its queue */
    CCGW_OFFER_INVITE,
    CCGW_OFFER_CONSULT, /**< the customer does not see this agent */
    CCGW_OFFER_TRANSFER
} ccgw_offer_t;

/** Who sees a message or a participant. */
typedef enum ccgw_visibility_t { CCGW_VISIBLE_UNSET, CCGW_VISIBLE_ALL, CCGW_VISIBLE_AGENTS } ccgw_visibility_t;

/** Why somebody went, or did not come. */
typedef enum ccgw_why_t {
    CCGW_WHY_UNSET,
    CCGW_WHY_OWN,     /**< his own wish */
    CCGW_WHY_REMOVED, /**< somebody took him out */
    CCGW_WHY_HUNG_UP,
    CCGW_WHY_OVER, /**< it ended for everybody */
    CCGW_WHY_SIGNED_OUT,
    CCGW_WHY_REFUSED,
    CCGW_WHY_UNANSWERED
} ccgw_why_t;

typedef enum ccgw_message_type_t {
    CCGW_MESSAGE_UNSET,
    CCGW_MESSAGE_TEXT,
    CCGW_MESSAGE_URL,
    CCGW_MESSAGE_JOINED,
    CCGW_MESSAGE_LEFT,
    CCGW_MESSAGE_TYPING_STARTED,
    CCGW_MESSAGE_TYPING_STOPPED,
    CCGW_MESSAGE_NOTICE,
    CCGW_MESSAGE_CUSTOM_NOTICE
} ccgw_message_type_t;

typedef struct ccgw_participant_t {
    ccgw_buf_t unknown;
    ccgw_id_t id;
    int party;         /**< ccgw_party_t */
    const char *agent; /**< agent id; NULL for a customer, and while the leg waits in its queue */
    const char *nickname;
    int leg;            /**< ccgw_leg_t */
    int visibility;     /**< ccgw_visibility_t */
    int offer;          /**< ccgw_offer_t */
    const char *queue;  /**< the queue an offer comes through; NULL none */
    apr_int64_t queued; /**< deadline clock: since when the leg waits; key of its queue entry */
    apr_int64_t until;  /**< the offer (or, for invitations, the waiting) ends at this time (deadline clock); 0 never */
    const char *address;  /**< phones and customers: the number; NULL the session's customer */
    int answer;           /**< a ringing phone: what it will do at UNTIL (ccgw_ring_t) */
    const char *by_agent; /**< who invited, consulted or transferred */
    const char *by_login;
    apr_int64_t by_reference;
} ccgw_participant_t;

typedef struct ccgw_session_t {
    ccgw_buf_t unknown;
    ccgw_id_t id;
    int media;            /**< ccgw_media_t */
    int state;            /**< ccgw_session_state_t */
    const char *queue;    /**< where it came in */
    const char *customer; /**< the customer's address */
    const char *number;   /**< our number */
    const char *owner;    /**< agent id of who is responsible; NULL none */
    const char *subject;
    const char *comment;
    const char *disposition;
    const char *workbin;   /**< while parked: the workbin's id ... */
    const char *bin_owner; /**< ... and whose: agent id, group name */
    ccgw_participant_t *participants;
    int nparticipants;
    ccgw_pair_t *data;
    int ndata;
    ccgw_strs_t refused;       /**< agents who declined or let an offer pass ... */
    apr_int64_t refused_until; /**< ... are not asked again before this (deadline clock) */
    int messages;              /**< index of the last log entry */
    int limit;                 /**< conferences: most participants */
    apr_int64_t ends;          /**< conferences: deadline clock; 0 never */
    apr_int64_t remind;        /**< conferences: when the chair is reminded of the end; 0 never, or done */
    apr_int64_t created;       /**< wall clock */
    apr_int64_t ended;         /**< wall clock; 0 open */
} ccgw_session_t;

typedef struct ccgw_message_t {
    ccgw_buf_t unknown;
    int index;              /**< from 1; typing notices take one too but are not kept */
    int type;               /**< ccgw_message_type_t */
    int visibility;         /**< ccgw_visibility_t */
    ccgw_id_t from;         /**< participant id */
    int from_party;         /**< ccgw_party_t */
    const char *from_agent; /**< agent id; NULL for a customer */
    const char *nickname;
    const char *text; /**< text, URL or notice */
    apr_int64_t at;   /**< wall clock */
    int delivery;     /**< ccgw_outbox_state_t for texts to a customer, 0 for the rest */
} ccgw_message_t;

extern const ccgw_record_type_t ccgw_participant_record;
extern const ccgw_record_type_t ccgw_session_record;
extern const ccgw_record_type_t ccgw_message_record;
extern const ccgw_record_type_t ccgw_pair_record;

/** Whom an invitation, consultation or transfer is for. */
typedef struct ccgw_target_t {
    enum {
        CCGW_TARGET_UNSET,
        CCGW_TARGET_AGENT,   /**< id: agent id, login or e-mail */
        CCGW_TARGET_QUEUE,   /**< id: queue id or name */
        CCGW_TARGET_CONTACT, /**< id: entry of the directory: an agent or a queue */
        CCGW_TARGET_MEMBER   /**< id: an agent (id, login, e-mail), else a phone number */
    } kind;
    const char *id;
} ccgw_target_t;

/** Arguments of every verb on a session; each verb says which it reads. Text that is not given is NULL. */
typedef struct ccgw_session_args_t {
    ccgw_id_t session;
    int media; /**< the resource's media: a session of another one is not found; 0 any */
    const char *nickname;
    const char *text; /**< text, URL, notice, comment or disposition */
    int type;         /**< ccgw_message_type_t of send */
    int visibility;   /**< ccgw_visibility_t of send */
    int offer;        /**< ccgw_offer_t of invite */
    ccgw_target_t target;
    const char *queue; /**< complete, transfer: the queue that gets it */
    const char *key;   /**< disposition: the data key, NULL "DispositionCode" */
    ccgw_pairs_t data;
    ccgw_strs_t keys;
    apr_int64_t start;  /**< messages: first index, default 1 */
    apr_int64_t count;  /**< messages: at most; 0 all */
    const char *fields; /**< list, get: as the client asked; NULL not asked */
    const char *subresources;
} ccgw_session_args_t;

/** What most verbs answer. */
typedef struct ccgw_done_t {
    apr_int64_t reference;
} ccgw_done_t;

typedef struct ccgw_session_result_t {
    ccgw_session_t session;
    const char *fields;
    const char *subresources;
} ccgw_session_result_t;

typedef struct ccgw_sessions_result_t {
    ccgw_session_t *sessions;
    int nsessions;
    const char *fields;
    const char *subresources;
} ccgw_sessions_result_t;

typedef struct ccgw_messages_result_t {
    ccgw_message_t *messages;
    int nmessages;
    ccgw_session_t session;
} ccgw_messages_result_t;

/* Verbs. All: CCGW_ENOTFOUND when there is no such session for this agent (also for other tenants' and other agents'
 * sessions); CCGW_ESTATE when the state table does not allow it now. Events go to every agent in the session. */

/** An offered agent joins. Reads session, media, nickname. CCGW_ESTATE when the offer is gone. */
apr_status_t ccgw_session_accept(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** An offered agent declines: the next agent is asked. */
apr_status_t ccgw_session_reject(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** Add to the log: type, visibility, text. A text or URL visible to all goes to the customer through the outbox;
 *  CCGW_EOPTOUT when all who would get it have said STOP. */
apr_status_t ccgw_session_send(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** Ask somebody in: target, offer (INVITE, CONSULT). An agent who cannot join is told by an Error event to the asking
 *  login; the verb itself succeeds then. CCGW_ENOTFOUND also for an unknown target. */
apr_status_t ccgw_session_invite(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** Withdraw what the caller offered: offer says which kind. */
apr_status_t ccgw_session_cancel_invite(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** Give it to an agent or a queue (target, or queue), with a last text to all if given; the caller stays until an agent
 *  accepts. */
apr_status_t ccgw_session_transfer(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** Take another agent out: target. */
apr_status_t ccgw_session_remove(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** Go; alone, the caller keeps the session to finish his work on it. */
apr_status_t ccgw_session_leave(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** End it, or with queue: send it back there. In a conference the caller only leaves. */
apr_status_t ccgw_session_complete(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** Attached data: data merges. */
apr_status_t ccgw_session_attach(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** Attached data: keys go; unknown keys are passed over. */
apr_status_t ccgw_session_detach(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** text is the disposition, key its data key. */
apr_status_t ccgw_session_dispose(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** text is the comment. */
apr_status_t ccgw_session_comment(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);
/** The desktop shows it: only checks that it may. */
apr_status_t ccgw_session_focus(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_done_t *done);

apr_status_t ccgw_session_get(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_session_result_t *result);
/** The caller's sessions of a media. */
apr_status_t ccgw_session_list(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_sessions_result_t *result);
/** The log as the caller may see it: start, count. */
apr_status_t ccgw_session_messages(ccgw_call_t *call, const ccgw_session_args_t *args, ccgw_messages_result_t *result);

/* What the customer's end does; call->agent is NULL. */
struct ccgw_inbound_t;

/** A customer's text: joins the open session, or makes one and queues it. Repeats of a carrier id change nothing. A STOP
 *  word is recorded (ccgw_optout.h), told to the agents of the open session, and makes no session; likewise the START
 *  word that takes it back. *session: the one it is in; 0: in none.
 *  @return CCGW_ENOTFOUND nobody has the number; CCGW_ERATE too many came, see call->retry: nothing is changed */
apr_status_t ccgw_session_receive(ccgw_call_t *call, const struct ccgw_inbound_t *text, ccgw_id_t *session);

/* Helpers for the other files of the core and for shapes. */

/** The participant of AGENT, or NULL. */
ccgw_participant_t *ccgw_session_part(const ccgw_session_t *session, const char *agent);
/** The customer's participant, or NULL. */
ccgw_participant_t *ccgw_session_customer(const ccgw_session_t *session);
/** Is it a notice of the server's own, to agents? Agents' own notices have an author. */
int ccgw_message_is_notice(const ccgw_message_t *message);
/** How many agents have joined. */
int ccgw_session_joined(const ccgw_session_t *session);

#endif
