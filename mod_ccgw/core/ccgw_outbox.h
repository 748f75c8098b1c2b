/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_outbox.h: texts to customers: written by the transaction that caused them, sent by a thread of its own. */
#ifndef CCGW_OUTBOX_H
#define CCGW_OUTBOX_H

#include "ccgw_channel.h"
#include "core/ccgw_core.h"
#include "core/ccgw_floor.h"

typedef enum ccgw_outbox_state_t {
    CCGW_OUTBOX_UNSET,
    CCGW_OUTBOX_QUEUED,
    CCGW_OUTBOX_CLAIMED, /**< a request may be under way until the lease ends */
    CCGW_OUTBOX_ACCEPTED,
    CCGW_OUTBOX_REFUSED,
    CCGW_OUTBOX_UNKNOWN,   /**< it may have arrived; waits for a report, then is sent again */
    CCGW_OUTBOX_DELIVERED, /**< accepted, and the customer's device has it */
    CCGW_OUTBOX_FAILED     /**< accepted, and it will never arrive */
} ccgw_outbox_state_t;

typedef struct ccgw_outbox_t {
    ccgw_buf_t unknown;
    ccgw_id_t session;
    int index; /**< of the message: entries of a session leave in this order */
    int state;
    int media;
    const char *from; /**< our number */
    const char *to;
    const char *text;
    const char *key;   /**< stable over repeats */
    int tries;         /**< how often it was claimed; tells one claim from the next */
    apr_int64_t lease; /**< deadline clock. Queued: not before; claimed: the claim ends; unknown: sent again */
    apr_int64_t at;    /**< wall clock of the message */
    int doubts;        /**< how many tries may have arrived */
    int copy;          /**< of several customers the same message is for, which: 0 the first */
} ccgw_outbox_t;

extern const ccgw_record_type_t ccgw_outbox_record;

/** What sends: a channel provider's send() behind a neutral front. Results as ccgw_channel.h says. */
typedef apr_status_t ccgw_outbox_send_t(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *pool);

/* Table OUTBOX has two parts per tenant. (wait, session, index): what is not settled yet. (done, wall clock, session,
 * index): what the carrier took or refused, for a day. So the first waiting entry of a session is found in one step,
 * and the sender's scan never meets what is done. */

/** Write an entry inside the transaction of its message: session, index, media, from, to, text, at; KEY is made when
 *  there is none, the rest is set here. */
apr_status_t ccgw_outbox_put(ccgw_work_t *work, const ccgw_outbox_t *entry);

/** Who sends. One thread of a child; lives as long as it, zeroed but for the first four. */
typedef struct ccgw_outbox_sender_t {
    ccgw_outbox_send_t *send;
    void *baton;
    int max;                                  /**< entries of one run */
    const int *ending;                        /**< set by another thread: no further text is begun. NULL: never */
    apr_time_t quiet_until[CCGW_MEDIA_COUNT]; /**< a carrier that was down is not asked before this (deadline clock) */
} ccgw_outbox_sender_t;

/** What a run leaves behind. */
typedef enum ccgw_outbox_left_t {
    CCGW_OUTBOX_EMPTY, /**< nothing */
    CCGW_OUTBOX_LATER, /**< what must wait: for its time, a carrier that is down, somebody else who sends it */
    CCGW_OUTBOX_NOW    /**< something left, and what stood behind it may leave now: run again at once */
} ccgw_outbox_left_t;

/** How long a carrier that is down is left alone; the rest between two runs when there is CCGW_OUTBOX_LATER. */
#define CCGW_OUTBOX_PAUSE (APR_USEC_PER_SEC / 5)

/** Claim, send and settle what is ready, one entry per session, oldest first, at most SENDER->max. Claims are durable
 *  before send() is called; one made before core->started has nobody any more who sends it, and counts as expired. The
 *  outbox thread of any child; overlap is harmless. */
apr_status_t ccgw_outbox_run(ccgw_outbox_left_t *left, ccgw_core_t *core, ccgw_outbox_sender_t *sender,
                             apr_pool_t *scratch);

/** What a carrier reports (ccgw_channel.h) of the text REPORT->key. Settles an entry whose outcome is claimed or
 *  unknown, or that was put back because the carrier seemed not to take it; a settled one moves on to delivered or
 *  failed, a failed one to delivered. A report that comes again, late or out of order changes nothing; delivered and
 *  refused are final. A failure is logged when it becomes known.
 *
 *  The message's delivery follows its entry, of several copies the first. When an entry becomes delivered, failed or
 *  refused, here or by the sender, the session's agents are told (CCGW_EVENT_SESSION_DELIVERY), of every copy.
 *  @return APR_SUCCESS; CCGW_ENOTFOUND nobody remembers such a text (a day is over): nothing to repeat either */
apr_status_t ccgw_outbox_report(ccgw_call_t *call, const ccgw_report_t *report);

/** The accepted and delivered entries to TO (NULL: to anybody) of a tenant, oldest first; for the loop channel's
 *  reader. */
apr_status_t ccgw_outbox_list(ccgw_outbox_t **entries, int *n, ccgw_call_t *call, const char *to);

/** Deadline of the OUTBOX record KEY: what was settled a day ago goes. Any thread; overlap is harmless. */
apr_status_t ccgw_outbox_due(ccgw_core_t *core, const ccgw_tenant_t *tenant, ccgw_buf_t key, apr_pool_t *scratch);

#endif
