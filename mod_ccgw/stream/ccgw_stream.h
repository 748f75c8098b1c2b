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
    /**
     * Send a piece of a reply that goes on: the first call sends status, HEADERS of REPLY and its content type, then P is
     * passed on at once. Afterwards serve() returns with reply->http 0: nothing more is sent, the connection ends.
     * @return APR_SUCCESS; APR_EOF the client is gone or does not read
     */
    apr_status_t (*write)(struct ccgw_stream_host_t *host, ccgw_reply_t *reply, const char *p, apr_size_t n);
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
    apr_interval_time_t hold;         /**< a poll without events is answered after this */
    apr_interval_time_t max_interval; /**< told to clients; limits.stream_idle in the core enforces it */
    apr_interval_time_t poll_hold;    /**< the same as HOLD for ccgw_stream_poll; 0: 10 s, as its clients expect */
} ccgw_stream_limits_t;

/** Configuration time. */
void ccgw_stream_configure(const ccgw_stream_limits_t *limits);

extern const ccgw_stream_framing_t ccgw_stream_bayeux;
/* Server-sent events, and the requests about a subscription. */
extern const ccgw_stream_framing_t ccgw_stream_sse;
extern const ccgw_stream_framing_t ccgw_stream_sse_beat;
extern const ccgw_stream_framing_t ccgw_stream_sse_leave;
extern const ccgw_stream_framing_t ccgw_stream_sse_change;
extern const ccgw_stream_framing_t ccgw_stream_sse_list;
/** One event per poll, for clients without a cursor of their own; the login's own stream, which keeps it alive. */
extern const ccgw_stream_framing_t ccgw_stream_poll;

#endif
