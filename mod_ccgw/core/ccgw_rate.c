/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_rate.c: texts counted in windows of time: of one customer by a record, of a number by a word. */
#include "core/ccgw_rate.h"

#include <stddef.h>

#include "core/ccgw_due.h"
#include "core/ccgw_session_store.h"

/* The word of a number: which window, and in its low bits how many texts. */
#define COUNT_BITS 24
#define COUNT_MASK (((apr_uint64_t)1 << COUNT_BITS) - 1)

typedef struct rate_t {
    ccgw_buf_t unknown;
    apr_int64_t since; /* deadline clock */
    int count;
} rate_t;

/* clang-format off */
static const ccgw_field_t rate_fields[] = {
    { 1, CCGW_FIELD_INT,  "since", offsetof(rate_t, since) },
    { 2, CCGW_FIELD_ENUM, "count", offsetof(rate_t, count) },
    { 0 }
};
/* clang-format on */

const ccgw_record_type_t ccgw_rate_record = { "rate", 1, sizeof(rate_t), rate_fields };

static apr_status_t refuse(ccgw_call_t *call, const char *field, apr_time_t end)
{
    call->retry = end - call->now;
    return ccgw_problem(call, CCGW_ERATE, field, NULL);
}

/* ---- all customers of a number ---- */

static ccgw_buf_t counter_key(const ccgw_call_t *call, ccgw_media_t media, const char *number)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, call->tenant, call->pool);
    ccgw_key_text(&key, "rate");
    ccgw_key_number(&key, (apr_uint64_t)media);
    ccgw_key_text(&key, number);
    return ccgw_key_buf(&key);
}

/* One more in WINDOW. The first of a window lifts the word to it, which takes the count of the one before away. READ is
 * free here: this key belongs to no reader. */
static apr_status_t count_one(apr_uint64_t *count, const ccgw_core_t *core, ccgw_buf_t key, apr_uint64_t window)
{
    apr_uint64_t word = 0;
    apr_status_t rv =
        core->provider->word(&word, core->store, key, CCGW_WORD_READ, CCGW_WORD_RAISE, window << COUNT_BITS);

    if (rv == APR_SUCCESS)
        rv = core->provider->word(&word, core->store, key, CCGW_WORD_READ, CCGW_WORD_ADD, 1);
    /* A neighbour may be a window ahead; more means that between two starts the clock was set back or the period made
     * longer. */
    if (rv == APR_SUCCESS && word >> COUNT_BITS > window + 1) {
        word = window << COUNT_BITS | 1;
        rv = core->provider->word(count, core->store, key, CCGW_WORD_READ, CCGW_WORD_STORE, word);
    }
    *count = word & COUNT_MASK;
    return rv;
}

apr_status_t ccgw_rate_number(ccgw_call_t *call, ccgw_media_t media, const char *number)
{
    const ccgw_rate_t *rate = &call->core->limits.texts[media].number;
    apr_uint64_t window, count;

    if (!rate->count)
        return APR_SUCCESS;
    window = (apr_uint64_t)(call->now / rate->period);
    if (count_one(&count, call->core, counter_key(call, media, number), window) != APR_SUCCESS ||
        count <= (apr_uint64_t)rate->count)
        return APR_SUCCESS;
    return refuse(call, "to", (apr_time_t)(window + 1) * rate->period);
}

/* Should the next window begin between the two steps, it begins one short, and is lifted again by its next text. */
void ccgw_rate_number_back(ccgw_call_t *call, ccgw_media_t media, const char *number)
{
    const ccgw_rate_t *rate = &call->core->limits.texts[media].number;
    const ccgw_core_t *core = call->core;
    apr_uint64_t word = 0;
    ccgw_buf_t key;

    if (!rate->count)
        return;
    key = counter_key(call, media, number);
    core->provider->word(&word, core->store, key, CCGW_WORD_READ, CCGW_WORD_LOAD, 0);
    if (word >> COUNT_BITS == (apr_uint64_t)(call->now / rate->period) && (word & COUNT_MASK))
        core->provider->word(&word, core->store, key, CCGW_WORD_READ, CCGW_WORD_ADD, ~(apr_uint64_t)0);
}

/* ---- one customer ---- */

apr_status_t ccgw_rate_customer(ccgw_work_t *work, ccgw_media_t media, const char *number, const char *customer)
{
    const ccgw_rate_t *rate = &work->core->limits.texts[media].customer;
    ccgw_call_t *call = work->call;
    ccgw_buf_t key;
    apr_uint64_t version;
    rate_t sent;
    apr_status_t rv;

    if (!rate->count)
        return APR_SUCCESS;
    key = ccgw_contact_key(call->tenant, media, number, customer, work->pool);
    rv = ccgw_work_get(&sent, &version, work, CCGW_TABLE_RATE, key, &ccgw_rate_record);
    if (rv != APR_SUCCESS)
        return rv;
    if (!version || sent.since > call->now || sent.since + rate->period <= call->now) {
        sent.since = call->now;
        sent.count = 0;
    }
    if (sent.count >= rate->count)
        return refuse(call, "from", sent.since + rate->period);
    sent.count++;
    return ccgw_work_put(work, CCGW_TABLE_RATE, key, &ccgw_rate_record, &sent,
                         CCGW_DUE_TIDY + sent.since + rate->period);
}
