/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_stream.h: framings of events: how a dialect's readers poll, acknowledge and subscribe. A framing knows frames and
 * cursors, no content: the dialect's event map renders, the host (the glue, or a test) sends and waits. */
#ifndef CCGW_STREAM_H
#define CCGW_STREAM_H

#include "api/ccgw_request.h"
#include "api/ccgw_reply.h"

/** What a framing needs from whoever runs it. */
typedef struct ccgw_stream_host_t {
    /**
     * Wait until news for one of KEYS (mailboxes, or a stream's key) may have come, or UNTIL (deadline clock). News that
     * comes after ccgw_stream_listen() and before this call ends it at once.
     * @return APR_SUCCESS look again; APR_TIMEUP; APR_EOF the server is stopping or the client went: answer now;
     *         CCGW_EBUSY too many readers wait in this child
     */
    apr_status_t (*wait)(struct ccgw_stream_host_t *host, apr_time_t until);
    /** Begin to hear of KEYS; again with other keys: replaces them. Call before looking for events. */
    apr_status_t (*listen)(struct ccgw_stream_host_t *host, const ccgw_buf_t *keys, int n);
    /** Tell every child that something concerning KEY (a stream's key) changed. */
    void (*wake)(struct ccgw_stream_host_t *host, ccgw_buf_t key);
    /** Id of the connection this request came on: never 0, never reused. */
    apr_uint64_t carrier;
    /** 1: connection CARRIER is still open and the peer's system has everything we sent, the reply announced by carries()
     *  included; 0: it is gone, broken, or did not take it all within a short while. Any child. */
    int (*carrier_sound)(struct ccgw_stream_host_t *host, apr_uint64_t carrier);
    /** The reply to this request is the only proof of delivery for the stream KEY. When the connection goes before its
     *  next request, its CARRIER word must be set to 0; if the peer had taken the whole reply and the connection then
     *  ended in order (a proxy that closes after each reply), its READ word must first be raised to SENT, or such a
     *  reader would get the same events for ever. */
    void (*carries)(struct ccgw_stream_host_t *host, ccgw_buf_t key);
} ccgw_stream_host_t;

/** Serve one request of an event endpoint; gives a complete reply. */
typedef struct ccgw_stream_framing_t {
    const char *name;
    void (*serve)(ccgw_reply_t *reply, ccgw_stream_host_t *host, const ccgw_dialect_t *dialect,
                  const ccgw_request_t *request, ccgw_view_t *view, ccgw_call_t *call);
} ccgw_stream_framing_t;

/** Timing of the framings, from the directives. */
typedef struct ccgw_stream_limits_t {
    apr_interval_time_t hold; /**< a poll without events is answered after this */
    apr_interval_time_t
        max_interval; /**< told to clients; limits.stream_idle in the core enforces it */
} ccgw_stream_limits_t;

/** Configuration time. */
void ccgw_stream_configure(const ccgw_stream_limits_t *limits);

extern const ccgw_stream_framing_t ccgw_stream_bayeux;

#endif
