/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session_store.h: for the files of the core only: keys of records, loading and saving with what hangs on them.
 * Every function works inside one attempt of a verb; what it returns lives in work->pool. */
#ifndef CCGW_SESSION_STORE_H
#define CCGW_SESSION_STORE_H

#include "core/ccgw_agent.h"
#include "core/ccgw_event.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_session.h"
#include "core/ccgw_state.h"

/* ---- keys ---- */

ccgw_buf_t ccgw_login_key(const ccgw_tenant_t *tenant, const char *login, apr_pool_t *pool);
ccgw_buf_t ccgw_agent_key(const ccgw_tenant_t *tenant, const char *agent, apr_pool_t *pool);
ccgw_buf_t ccgw_session_key(const ccgw_tenant_t *tenant, ccgw_id_t session, apr_pool_t *pool);
ccgw_buf_t ccgw_message_key(const ccgw_tenant_t *tenant, ccgw_id_t session, int index, apr_pool_t *pool);
/** Prefix of all entries of QUEUE. */
ccgw_buf_t ccgw_queue_prefix(const ccgw_tenant_t *tenant, const char *queue, apr_pool_t *pool);
/** Prefix of all items of a workbin's owner; of the whole workbin when OWNER is NULL. */
ccgw_buf_t ccgw_workbin_prefix(const ccgw_tenant_t *tenant, const char *workbin, const char *owner, apr_pool_t *pool);
ccgw_buf_t ccgw_workbin_key(const ccgw_tenant_t *tenant, const char *workbin, const char *owner, ccgw_id_t session,
                            apr_pool_t *pool);
/** Prefix of the agents available for MEDIA, longest idle first. */
ccgw_buf_t ccgw_available_prefix(const ccgw_tenant_t *tenant, int media, apr_pool_t *pool);

/** Where a customer's open session is noted. */
ccgw_buf_t ccgw_contact_key(const ccgw_tenant_t *tenant, int media, const char *number, const char *customer,
                            apr_pool_t *pool);

/** A record that only points at a session: queue entries, workbin items, contacts, receipts. */
typedef struct ccgw_pointer_t {
    ccgw_buf_t unknown;
    ccgw_id_t session;
    ccgw_id_t participant; /**< queue entries: the leg that waits */
    const char *agent;     /**< available agents: who */
} ccgw_pointer_t;

extern const ccgw_record_type_t ccgw_pointer_record;

/* ---- sessions ---- */

/** Load a session; CCGW_ENOTFOUND without a problem's text. */
apr_status_t ccgw_session_load(ccgw_session_t *session, ccgw_work_t *work, ccgw_id_t id);
/** Load for a verb of call->agent: CCGW_ENOTFOUND unless he has a part in it and MEDIA fits, CCGW_ESTATE unless ACTION
 *  is allowed; problems are noted. */
apr_status_t ccgw_session_enter(ccgw_session_t *session, ccgw_work_t *work, const ccgw_session_args_t *args,
                                ccgw_action_t action);
/** An id no session has. */
apr_status_t ccgw_session_fresh_id(ccgw_id_t *id, ccgw_work_t *work);
/** Save; its due time is the earliest end of an offer, or its own; an ended one's is when it has to go. */
apr_status_t ccgw_session_save(ccgw_work_t *work, const ccgw_session_t *session);
/** A copy of SESSION that lives in POOL: results outlive the attempt. */
apr_status_t ccgw_session_keep(ccgw_session_t *kept, const ccgw_session_t *session, apr_pool_t *pool);
/** Add a participant (copied); *added points into the session's new array. */
void ccgw_session_join(ccgw_participant_t **added, ccgw_session_t *session, const ccgw_participant_t *participant,
                       apr_pool_t *pool);
/** Take the participant at index I out. */
void ccgw_session_drop(ccgw_session_t *session, int i);

/** Write MESSAGE as the log's next entry (index and time are set) and count it in SESSION, which the caller saves. */
apr_status_t ccgw_session_log(ccgw_message_t *message, ccgw_work_t *work, ccgw_session_t *session);
/** An entry about participant P. */
ccgw_message_t ccgw_session_message(const ccgw_participant_t *p, int type, int visibility, const char *text);
/** The log from FIRST on, at most MAX entries. */
apr_status_t ccgw_session_read_log(ccgw_message_t **messages, int *n, ccgw_work_t *work, ccgw_id_t session, int first,
                                   int max);

/** The customer with NUMBER; the session's own when none has it. */
ccgw_participant_t *ccgw_session_writer(const ccgw_session_t *session, const char *number);

/* ---- legs ---- */

/** Put the leg at index I (agent NULL, queue set) into its queue and ask for matching. */
apr_status_t ccgw_leg_queue(ccgw_work_t *work, ccgw_session_t *session, int i);
/** Take its queue entry away. */
apr_status_t ccgw_leg_unqueue(ccgw_work_t *work, const ccgw_session_t *session, int i);
/** Offer the leg at index I to AGENT: he gets a task and the event; one whose desktop cannot answer joins at once. */
apr_status_t ccgw_leg_offer(ccgw_work_t *work, ccgw_session_t *session, int i, const ccgw_agent_def_t *def,
                            ccgw_agent_t *agent);
/**
 * End the offer of the leg at index I: the agent's task goes, he is told VIEW (0: he is told nothing). A leg that came
 * through a queue goes back there unless GIVE_UP; else it is dropped and whoever invited is told CODE, a status code
 * (0: nothing). The caller saves the session.
 */
apr_status_t ccgw_leg_withdraw(ccgw_work_t *work, ccgw_session_t *session, int i, int view, int give_up,
                               apr_status_t code);
/** The task of AGENT in SESSION goes. */
apr_status_t ccgw_leg_free(ccgw_work_t *work, const ccgw_session_t *session, const char *agent);
/** Withdraw every open offer of SESSION (invitations, consultations, transfers, routing). */
apr_status_t ccgw_leg_withdraw_all(ccgw_work_t *work, ccgw_session_t *session);
/** The joined leg of AGENT goes: his task, the log entry, the owner's succession. No event. *left: the log entry. */
apr_status_t ccgw_leg_leave(ccgw_message_t *left, ccgw_work_t *work, ccgw_session_t *session, const char *agent);
/** Ask QUEUE for one more agent. */
apr_status_t ccgw_session_add_queued(ccgw_work_t *work, ccgw_session_t *session, const char *queue);
/** Back to QUEUE (NULL: where it came in) with a new routed leg. */
apr_status_t ccgw_session_requeue(ccgw_work_t *work, ccgw_session_t *session, const char *queue);
/** The last agent went: what he had offered is withdrawn and the session waits in its queue again. */
apr_status_t ccgw_session_requeue_alone(ccgw_work_t *work, ccgw_session_t *session);
/** Tell those who are still in SESSION that somebody went; LEFT: his log entry. */
apr_status_t ccgw_session_tell_left(ccgw_work_t *work, ccgw_session_t *session, ccgw_message_t *left);
/** Over for everybody: offers withdrawn, agents' tasks gone, the customer free for a new session. Each agent who had
 *  joined is told Completed; REFERENCE goes along. */
apr_status_t ccgw_session_finish(ccgw_work_t *work, ccgw_session_t *session, apr_int64_t reference);
/** The next message of CUSTOMER begins a new session; likewise that of every customer in it. */
apr_status_t ccgw_session_forget_contact(ccgw_work_t *work, const ccgw_session_t *session, const char *customer);
apr_status_t ccgw_session_release_customer(ccgw_work_t *work, ccgw_session_t *session);

/** The offered leg PART joins: his task, the log entry JOINED. NICKNAME may be NULL. No event. */
apr_status_t ccgw_session_enter_leg(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *part,
                                    const char *nickname, ccgw_message_t *joined);
/** The offered agent PART joins: owner, transfer, log, events to him and the others. NICKNAME may be NULL. */
apr_status_t ccgw_session_admit(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *part,
                                const char *nickname);
/** MESSAGE leaves for every customer but the one who wrote it and those who want no texts. */
apr_status_t ccgw_session_send_out(ccgw_work_t *work, const ccgw_session_t *session, const ccgw_message_t *message);
/** The caller says something: log (typing notices only count there), outbox, events. CCGW_EOPTOUT, and nothing is
 *  changed, when no customer wants it. */
apr_status_t ccgw_session_say(ccgw_work_t *work, ccgw_session_t *session, int type, int visibility, const char *text);
/** The only agent PART goes: the customer's side is over, the agent keeps the session to finish his notes. */
apr_status_t ccgw_session_leave_alone(ccgw_work_t *work, ccgw_session_t *session, ccgw_participant_t *part);
/** Ask AGENT or else QUEUE in, for OFFER; an agent who cannot come is told of by an event to the caller. */
apr_status_t ccgw_session_ask(ccgw_work_t *work, ccgw_session_t *session, int offer, const ccgw_agent_def_t *agent,
                              const ccgw_queue_def_t *queue);
/** AGENT is not asked again for a while. */
void ccgw_session_refuse(ccgw_work_t *work, ccgw_session_t *session, const char *agent);

/* ---- agents ---- */

/** Load presence; a record that is not there yet is made empty. */
apr_status_t ccgw_agent_load(ccgw_agent_t *agent, ccgw_work_t *work, const char *id);
/** Save, and keep table AVAILABLE in step. */
apr_status_t ccgw_agent_save(ccgw_work_t *work, ccgw_agent_t *agent);
ccgw_presence_state_t *ccgw_agent_channel(const ccgw_agent_t *agent, int media);
/** Give him a task, or change its leg. */
void ccgw_agent_task(ccgw_agent_t *agent, ccgw_id_t session, int media, int leg, apr_pool_t *pool);
/** Take a task away; he is idle from NOW on for its media. */
void ccgw_agent_untask(ccgw_agent_t *agent, ccgw_id_t session, apr_time_t now);
/** Tasks of a media. */
int ccgw_agent_load_of(const ccgw_agent_t *agent, int media);
/** May he be asked into a session of MEDIA (signed in, channel open, a place free)? */
int ccgw_agent_reachable(const ccgw_agent_t *agent, const ccgw_agent_def_t *def, int media);
/** STRS with S, once; without S. The array is new. */
ccgw_strs_t ccgw_strs_with(const ccgw_strs_t *strs, const char *s, apr_pool_t *pool);
ccgw_strs_t ccgw_strs_without(const ccgw_strs_t *strs, const char *s, apr_pool_t *pool);
/** Tell his desktops of his presence; CAUSE as the row said it, NULL none. */
apr_status_t ccgw_agent_tell(ccgw_work_t *work, const ccgw_agent_t *agent, const char *cause, apr_int64_t reference);
/** Save AGENT (who is no longer reachable), move offers to him on, with GO also leave his sessions, requeueing those
 *  nobody else is in; AGENT is loaded again afterwards. */
apr_status_t ccgw_agent_release(ccgw_work_t *work, ccgw_agent_t *agent, int go);
/** Close his contact centre session: nothing is offered to him, his channels end; GO as above. AGENT is saved. */
apr_status_t ccgw_agent_shut(ccgw_work_t *work, ccgw_agent_t *agent, int go);

#endif
