/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* record.c: any bytes as a packed record of any type that the store holds. Beyond not crashing: what is refused is
 * refused with the contract's codes; what is taken comes out of encode and decode unchanged, and its dump is JSON.
 *
 * Input: one byte for the type, then the record. */
#include <apr_general.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccgw_error.h"
#include "core/ccgw_agent.h"
#include "core/ccgw_event.h"
#include "core/ccgw_floor_record.h"
#include "core/ccgw_optout.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_session.h"
#include "core/ccgw_session_store.h"
#include "core/ccgw_stream_record.h"
#include "util/ccgw_json.h"
#include "util/ccgw_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In the order of their first bytes in the seeds: add at the end. */
static const ccgw_record_type_t *const types[] = {
    &ccgw_session_record, &ccgw_participant_record, &ccgw_message_record, &ccgw_pair_record,
    &ccgw_pointer_record, &ccgw_agent_record,       &ccgw_login_record,   &ccgw_stream_record,
    &ccgw_event_record,   &ccgw_outbox_record,      &ccgw_optout_record,  &ccgw_floor_head_record,
};
#define TYPES (sizeof types / sizeof *types)

static void demand(int cond, const char *what)
{
    if (!cond) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void check_dump(const ccgw_record_type_t *type, const void *rec, apr_pool_t *pool)
{
    const ccgw_json_t *parsed;
    const char *json, *why;

    demand(ccgw_record_dump(&json, type, rec, CCGW_FIELD_SECRET | CCGW_FIELD_TEXT, pool) == APR_SUCCESS,
           "what was decoded can be dumped");
    demand(ccgw_json_parse(&parsed, &why, json, strlen(json), pool) == APR_SUCCESS, "a dump is JSON");
}

static void check_stable(const ccgw_record_type_t *type, const void *rec, apr_pool_t *pool)
{
    void *again = apr_palloc(pool, type->size);
    ccgw_buf_t first, second;

    demand(ccgw_record_encode(&first, type, rec, pool) == APR_SUCCESS, "what was decoded can be encoded");
    demand(ccgw_record_decode(again, type, first, pool) == APR_SUCCESS, "and decoded again");
    demand(ccgw_record_encode(&second, type, again, pool) == APR_SUCCESS, "and encoded again");
    demand(first.n == second.n && !memcmp(first.p, second.p, first.n), "to the same bytes");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int started;
    const ccgw_record_type_t *type;
    apr_pool_t *pool;
    apr_status_t rv;
    ccgw_buf_t in;
    void *rec;

    if (!started) {
        apr_initialize();
        atexit(apr_terminate);
        started = 1;
    }
    if (!size)
        return 0;
    type = types[data[0] % TYPES];
    in.p = data + 1;
    in.n = size - 1;
    apr_pool_create(&pool, NULL);
    rec = apr_palloc(pool, type->size);
    rv = ccgw_record_decode(rec, type, in, pool);
    demand(rv == APR_SUCCESS || rv == CCGW_EFORMAT || rv == CCGW_EDAMAGED, "codes of decode");
    if (rv == APR_SUCCESS) {
        check_dump(type, rec, pool);
        check_stable(type, rec, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
