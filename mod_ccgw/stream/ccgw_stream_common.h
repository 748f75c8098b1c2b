/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_stream_common.h: what the framings share: timing, the place where a reader goes on, its next
 * events. For the files of this folder only. */
#ifndef CCGW_STREAM_COMMON_H
#define CCGW_STREAM_COMMON_H

#include "core/ccgw_event.h"
#include "core/ccgw_stream_record.h"
#include "stream/ccgw_stream.h"

/** Events read at once, and bytes after which an answer takes no further commit's events. */
#define CCGW_STREAM_EVENTS 100
#define CCGW_STREAM_BYTES  (64 * 1024)

const ccgw_stream_limits_t *ccgw_stream_limits(void);

/** The reader gives a sign of life. */
void ccgw_stream_seen(ccgw_call_t *call, const char *id);

/* For readers that carry no cursor the server keeps their place in three words: READ (receipt is
 * proven up to here), SENT (handed to a connection up to here) and CARRIER (which connection). */

/** Where STREAM goes on reading. What was sent counts as received when the present request came on
 *  the connection that carried it, or that connection still stands and its peer took everything;
 *  else it is read again. */
ccgw_cursor_t ccgw_stream_resume(ccgw_call_t *call, ccgw_stream_host_t *host, const ccgw_stream_t *stream);
/** This request's reply carries events up to UPTO. */
void ccgw_stream_hand_over(ccgw_call_t *call, ccgw_stream_host_t *host, const ccgw_stream_t *stream,
                           ccgw_cursor_t upto);
/** Up to UPTO there was nothing for this reader. */
void ccgw_stream_pass_over(ccgw_call_t *call, const ccgw_stream_t *stream, ccgw_cursor_t upto);

/** What a reader's look for events remembers from one look to the next. */
typedef struct ccgw_stream_ear_t {
    ccgw_stream_host_t *host;
    ccgw_call_t *call;  /**< the request's */
    const char *stream; /**< id */
    const char *login;  /**< id */
    ccgw_buf_t *keys;   /**< listened to: the stream's key, then the login's mailboxes */
    int nkeys;
} ccgw_stream_ear_t;

/**
 * Listen, then read the events after AFTER, with the mailboxes the login hears at the place reading
 * ends: a watch that begins meanwhile misses nothing. Events live in POOL.
 * @return CCGW_ESIGNIN the login has ended; CCGW_ERESYNC; the host's or the store's status
 */
apr_status_t ccgw_stream_look(ccgw_read_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_stream_ear_t *ear,
                              ccgw_cursor_t after, apr_pool_t *pool);

#endif
