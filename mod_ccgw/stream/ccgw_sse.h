/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_sse.h: the parts of the server-sent events framing. For the files of this folder only. */
#ifndef CCGW_SSE_H
#define CCGW_SSE_H

#include "stream/ccgw_stream_common.h"

/** Told to clients: how often they are to give a sign of life, and after which silence they are dropped. */
#define CCGW_SSE_BEAT apr_time_from_sec(10)
#define CCGW_SSE_IDLE apr_time_from_sec(30)

/* --- ccgw_sse_request.c --- */

/** The value of NAME in query, form, path or JSON body, in any case of its letters; NULL none. */
const char *ccgw_sse_text(const ccgw_request_t *request, const char *name);
/** Likewise a list: an array, or texts with commas. */
ccgw_strs_t ccgw_sse_strs(const ccgw_request_t *request, const char *name);
/** The first of STRS that cannot be a channel; NULL: all can. */
const char *ccgw_sse_bad_channel(const ccgw_strs_t *strs);
/** By what the caller is known in the channel "user:...". */
const char *ccgw_sse_user(const ccgw_call_t *call);
/** The subscription's member map, without its braces. */
void ccgw_sse_member(ccgw_out_t *out, const ccgw_call_t *call, const ccgw_stream_t *stream);
/** CHANNELS with commas between them. */
const char *ccgw_sse_join(const ccgw_strs_t *channels, apr_pool_t *pool);
/** Answer with the dialect's error for RV; FIELD, TEXT as in a problem. */
void ccgw_sse_fail(ccgw_reply_t *reply, const ccgw_dialect_t *dialect, const ccgw_view_t *view, apr_status_t rv,
                   const char *field, const char *text);

#endif
