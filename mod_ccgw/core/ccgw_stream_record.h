/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_stream_record.h: one event reader as a record: it outlives the connection, the child and the server. */
#ifndef CCGW_STREAM_RECORD_H
#define CCGW_STREAM_RECORD_H

#include "core/ccgw_agent.h"

typedef struct ccgw_stream_t {
    ccgw_buf_t unknown;
    const char *id; /**< hash of the client's secret id */
    const char *login;
    const char *agent;
    const char *framing; /**< who made it ("bayeux"); opaque here */
    int acknowledged;    /**< the client carries its own cursor */
    ccgw_strs_t topics;  /**< subscribed topics, as the client wrote them */
    apr_int64_t start;   /**< cursor at its making */
    apr_int64_t read;    /**< its word READ when the deadline was last moved: what a power cut leaves of it */
    int keeps_login;     /**< its polls are the login's only sign of life: idle, it takes the login along */
} ccgw_stream_t;

extern const ccgw_record_type_t ccgw_stream_record;

/* The id handed to the client is SECRET; records and words are kept under its hash. A stream ends with its login, when
 * it is not polled for limits.stream_idle, or by close. */

apr_status_t ccgw_stream_open(ccgw_stream_t *stream, const char **secret, ccgw_call_t *call, const char *framing,
                              int acknowledged);
/** Unchecked read. CCGW_ENOTFOUND also when it is another login's agent's. */
apr_status_t ccgw_stream_find(ccgw_stream_t *stream, ccgw_call_t *call, const char *secret);
/** Likewise, whoever asks: for requests that prove themselves by the secret alone. */
apr_status_t ccgw_stream_of_secret(ccgw_stream_t *stream, ccgw_call_t *call, const char *secret);
/** The stream of call->login for framings whose clients do not make one: made at first use, its id is the login's. */
apr_status_t ccgw_stream_of_login(ccgw_stream_t *stream, ccgw_call_t *call, const char *framing);
/** The same, for framings whose polls keep the login alive (keeps_login). */
apr_status_t ccgw_stream_keeping_login(ccgw_stream_t *stream, ccgw_call_t *call, const char *framing);
/** The tenant's streams of FRAMING, in call->pool. Unchecked read. */
apr_status_t ccgw_stream_list(ccgw_stream_t **streams, int *n, ccgw_call_t *call, const char *framing);
/** Add or take topics; what is there or not there already is no fault. At most 256 topics: CCGW_ELIMIT. */
apr_status_t ccgw_stream_subscribe(ccgw_stream_t *stream, ccgw_call_t *call, const ccgw_strs_t *add,
                                   const ccgw_strs_t *take);
apr_status_t ccgw_stream_close(ccgw_call_t *call, const char *id);
/** A word of the stream. */
apr_uint64_t ccgw_stream_word(ccgw_call_t *call, const char *id, ccgw_word_t word, ccgw_word_op_t op,
                              apr_uint64_t value);
/** Key under which its words, and wake-ups for it, are kept. In POOL. */
ccgw_buf_t ccgw_stream_key(const ccgw_tenant_t *tenant, const char *id, apr_pool_t *pool);

#endif
