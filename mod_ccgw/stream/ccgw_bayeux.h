/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_bayeux.h: the parts of the Bayeux framing. For the files of this folder only. */
#ifndef CCGW_BAYEUX_H
#define CCGW_BAYEUX_H

#include "stream/ccgw_stream_common.h"

/** What a client is told when its session is not known (any more); on a connect with the advice to
 *  shake hands again. */
#define CCGW_BAYEUX_UNKNOWN "402::session_unknown"

/* --- ccgw_bayeux_topic.c --- */

/** May NAME be a channel: "/" and segments, none of them empty or with a star? */
int ccgw_bayeux_channel_valid(const char *name);
/** May NAME be subscribed to: a channel, or one that ends in the segment "*" or "**"? */
int ccgw_bayeux_pattern_valid(const char *name);
/** Is NAME PART itself or below it ("/meta")? */
int ccgw_bayeux_channel_below(const char *name, const char *part);
/** Does PATTERN name or cover the channel TOPIC? */
int ccgw_bayeux_pattern_covers(const char *pattern, const char *topic);

/* --- ccgw_bayeux_message.c --- */

typedef enum ccgw_bayeux_kind_t {
    CCGW_BAYEUX_HANDSHAKE,
    CCGW_BAYEUX_CONNECT,
    CCGW_BAYEUX_DISCONNECT,
    CCGW_BAYEUX_SUBSCRIBE,
    CCGW_BAYEUX_UNSUBSCRIBE,
    CCGW_BAYEUX_PUBLISH
} ccgw_bayeux_kind_t;

typedef enum ccgw_bayeux_ack_t {
    CCGW_BAYEUX_ACK_NONE,
    CCGW_BAYEUX_ACK_TRUE,  /**< "ack":true */
    CCGW_BAYEUX_ACK_OBJECT /**< "ack":{"enabled":true} */
} ccgw_bayeux_ack_t;

/** One message of a request. */
typedef struct ccgw_bayeux_message_t {
    ccgw_bayeux_kind_t kind;
    const char *channel;
    const char *id;           /**< as JSON; NULL none */
    const char *client;       /**< NULL none */
    const char *fault;        /**< the error to answer with; NULL: the message is in order */
    ccgw_bayeux_ack_t ack;    /**< of a handshake */
    ccgw_cursor_t received;   /**< of a connect: everything up to here has arrived; 0 not said */
    apr_interval_time_t hold; /**< of a connect: wanted holding time; negative: not said */
    ccgw_strs_t topics;       /**< of (un)subscribe */
    const char *subscription; /**< the same as JSON, as the client wrote it */
} ccgw_bayeux_message_t;

/**
 * Read the messages of REQUEST: an array or a single object; as JSON, or in the form field
 * "message".
 * @return CCGW_ESYNTAX no Bayeux at all, with a sentence in *why: nothing in the request is to be
 *          carried out
 */
apr_status_t ccgw_bayeux_parse(ccgw_bayeux_message_t **messages, int *n, const char **why,
                               const ccgw_request_t *request);

/* --- ccgw_bayeux_reply.c: an array is "[", answers and events in any number, "]" --- */

/** Begin the answer to MESSAGE. */
void ccgw_bayeux_begin(ccgw_out_t *out, const ccgw_bayeux_message_t *message, int successful);
/** Add a member. */
void ccgw_bayeux_text(ccgw_out_t *out, const char *name, const char *value);
void ccgw_bayeux_json(ccgw_out_t *out, const char *name, const char *json);
/** Add the advice: HOLD and MAX_INTERVAL are left out when 0. */
void ccgw_bayeux_advice(ccgw_out_t *out, const char *reconnect, apr_interval_time_t interval, apr_interval_time_t hold,
                        apr_interval_time_t max_interval);
void ccgw_bayeux_end(ccgw_out_t *out);
/** A whole answer that refuses. */
void ccgw_bayeux_refuse(ccgw_out_t *out, const ccgw_bayeux_message_t *message, const char *error);
/** EVENT as messages, one for each row of DIALECT that fits and that one of TOPICS covers. @return
 *  how many */
int ccgw_bayeux_event(ccgw_out_t *out, const ccgw_dialect_t *dialect, const ccgw_event_t *event,
                      const ccgw_strs_t *topics, const ccgw_view_t *view);

/* --- ccgw_bayeux_connect.c --- */

/** One request being served. */
typedef struct ccgw_bayeux_serving_t {
    ccgw_reply_t *reply;
    ccgw_stream_host_t *host;
    const ccgw_dialect_t *dialect;
    ccgw_view_t *view;
    ccgw_call_t *call;
    int alone; /**< the request is one single message */
} ccgw_bayeux_serving_t;

/** The client's session; raises its sign of life. CCGW_ENOTFOUND. */
apr_status_t ccgw_bayeux_find(ccgw_stream_t *stream, ccgw_bayeux_serving_t *serving, const char *client);
/** Answer a connect, which may take the holding time. */
void ccgw_bayeux_connect(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message);
/** Refuse MESSAGE for what RV says; overload and faults of our own also set the reply's HTTP
 *  status. */
void ccgw_bayeux_fail(ccgw_bayeux_serving_t *serving, const ccgw_bayeux_message_t *message, apr_status_t rv);

#endif
