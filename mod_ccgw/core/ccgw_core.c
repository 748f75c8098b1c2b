/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_core.c: a call, its problems, and how a verb becomes one transaction. */
#include "core/ccgw_core.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_floor.h"
#include "core/ccgw_match.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"
#include "util/ccgw_log.h"
#include "util/ccgw_time.h"

/** Conflicts are retried for this long, and in any case so often: an attempt may stand still for longer than that, on a
 *  disk or a machine that has too much to do, and the next one would be done at once. */
#define RETRY_FOR   apr_time_from_sec(2)
#define RETRY_LEAST 8
/** The longest pause between two attempts. */
#define RETRY_PAUSE_MAX apr_time_from_msec(20)

void ccgw_call_init(ccgw_call_t *call, ccgw_core_t *core, const ccgw_tenant_t *tenant, const ccgw_agent_def_t *agent,
                    const char *login, apr_pool_t *pool)
{
    memset(call, 0, sizeof *call);
    call->core = core;
    call->pool = pool;
    call->tenant = tenant;
    call->agent = agent;
    call->login = login;
    call->role = agent ? agent->role : CCGW_ROLE_NOBODY;
    call->now = core->now(core->clock_baton);
    call->wall = core->wall(core->clock_baton);
}

apr_int64_t ccgw_call_reference(ccgw_call_t *call)
{
    apr_uint64_t n = 0;

    if (call->reference || !call->login)
        return call->reference;
    if (call->core->provider->word(&n, call->core->store, ccgw_login_key(call->tenant, call->login, call->pool),
                                   CCGW_WORD_REFS, CCGW_WORD_ADD, 1) == APR_SUCCESS)
        call->reference = (apr_int64_t)n;
    return call->reference;
}

apr_status_t ccgw_problem(ccgw_call_t *call, apr_status_t code, const char *field, const char *format, ...)
{
    va_list args;

    call->problem.code = code;
    call->problem.field = field;
    call->problem.text = NULL;
    if (format) {
        va_start(args, format);
        call->problem.text = apr_pvsprintf(call->pool, format, args);
        va_end(args);
    }
    return code;
}

const char *ccgw_error_text(apr_status_t code, char *buf, apr_size_t size)
{
    switch (code) {
#define CASE(name, number, text) \
    case name: return text;
        CCGW_ERRORS(CASE)
#undef CASE
    }
    return apr_strerror(code, buf, size);
}

int ccgw_error_told(apr_status_t code)
{
    return code == CCGW_ESTORE || code == CCGW_ENOSPACE;
}

void ccgw_work_match(ccgw_work_t *work, const char *queue)
{
    int i;

    for (i = 0; i < work->nqueues; i++) {
        if (!strcmp(work->queues[i], queue))
            return;
    }
    if (work->nqueues < CCGW_WORK_MATCHES)
        work->queues[work->nqueues++] = queue;
}

void ccgw_work_freed(ccgw_work_t *work, const ccgw_agent_def_t *agent)
{
    if (work->nfreed < CCGW_WORK_MATCHES)
        work->freed[work->nfreed++] = agent;
}

/** Never inside the transaction that made the work or the availability: an enqueue and a going ready that do not see
 *  each other would both commit and wait for each other. */
static void match_after(ccgw_work_t *work)
{
    const ccgw_call_t *call = work->call;
    const ccgw_queue_def_t *queue;
    apr_pool_t *scratch;
    int i, k;

    if (!work->nqueues && !work->nfreed)
        return;
    apr_pool_create(&scratch, call->pool);
    for (i = 0; i < work->nqueues; i++)
        ccgw_match_queue(call->core, call->tenant, work->queues[i], scratch);
    for (k = 0; (queue = ccgw_floor_queue_at(call->core->floor, call->tenant, k)); k++) {
        for (i = 0; i < work->nfreed && !ccgw_floor_serves(work->freed[i], queue); i++)
            ;
        if (i < work->nfreed)
            ccgw_match_queue(call->core, call->tenant, queue->name, scratch);
    }
    apr_pool_destroy(scratch);
}

static apr_status_t attempt(ccgw_work_t *work, ccgw_work_fn_t *fn, void *baton, ccgw_durability_t durability)
{
    ccgw_core_t *core = work->core;
    apr_status_t rv;

    work->nqueues = work->nfreed = work->outbox = 0;
    rv = core->provider->begin(&work->txn, core->store, ccgw_buf_str(work->call->tenant->name), work->pool);
    if (rv != APR_SUCCESS)
        return rv;
    rv = fn(work, baton);
    if (rv != APR_SUCCESS)
        return rv;
    return core->provider->commit(&work->at, work->txn, durability);
}

apr_status_t ccgw_run(ccgw_call_t *call, ccgw_work_fn_t *fn, void *baton, ccgw_durability_t durability)
{
    ccgw_work_t work = { .call = call, .core = call->core };
    apr_time_t pause = apr_time_from_msec(1) / 4, stop = ccgw_time_now() + RETRY_FOR;
    apr_status_t rv;
    int n;

    apr_pool_create(&work.pool, call->pool);
    for (n = 1;; n++) {
        rv = attempt(&work, fn, baton, durability);
        if (rv != CCGW_ECONFLICT || (n >= RETRY_LEAST && ccgw_time_now() > stop))
            break;
        /* jitter: the counter of new ids is as good as random here */
        apr_sleep(pause / 2 + (apr_interval_time_t)(ccgw_id_new(0) % (apr_uint64_t)pause));
        pause = pause * 2 > RETRY_PAUSE_MAX ? RETRY_PAUSE_MAX : pause * 2;
        apr_pool_clear(work.pool);
    }
    if (rv == CCGW_ECONFLICT)
        return ccgw_problem(call, CCGW_EBUSY, NULL, NULL);
    if (rv != APR_SUCCESS)
        return call->problem.code == rv ? rv : ccgw_problem(call, rv, NULL, NULL);
    if (work.outbox && call->core->outbox_ready)
        call->core->outbox_ready(call->core->outbox_baton);
    match_after(&work);
    return APR_SUCCESS;
}

/* ---- keys ---- */

void ccgw_key_begin(ccgw_key_t *key, const ccgw_tenant_t *tenant, apr_pool_t *pool)
{
    ccgw_out_init(&key->out, 96, pool);
    ccgw_key_text(key, tenant->name);
}

void ccgw_key_text(ccgw_key_t *key, const char *part)
{
    ccgw_out_put(&key->out, part, strlen(part) + 1);
}

void ccgw_key_number(ccgw_key_t *key, apr_uint64_t part)
{
    unsigned char b[8];
    int i;

    for (i = 7; i >= 0; i--, part >>= 8)
        b[i] = (unsigned char)part;
    ccgw_out_put(&key->out, b, sizeof b);
}

ccgw_buf_t ccgw_key_buf(const ccgw_key_t *key)
{
    return (ccgw_buf_t){ key->out.p, key->out.n };
}

apr_uint64_t ccgw_key_last_number(ccgw_buf_t key)
{
    apr_uint64_t number = 0;
    apr_size_t i;

    for (i = key.n < 8 ? key.n : key.n - 8; i < key.n; i++)
        number = number << 8 | ((const unsigned char *)key.p)[i];
    return number;
}

ccgw_buf_t ccgw_key_after(ccgw_buf_t prefix, apr_pool_t *pool)
{
    unsigned char *p = apr_pmemdup(pool, prefix.p, prefix.n);
    apr_size_t n = prefix.n;

    while (n && p[n - 1] == 0xff)
        n--;
    if (n)
        p[n - 1]++;
    return (ccgw_buf_t){ p, n };
}

/* ---- records ---- */

apr_status_t ccgw_work_get(void *rec, apr_uint64_t *version, ccgw_work_t *work, ccgw_table_t table, ccgw_buf_t key,
                           const ccgw_record_type_t *type)
{
    ccgw_record_t stored;
    apr_status_t rv = work->core->provider->get(&stored, work->txn, table, key);

    if (rv != APR_SUCCESS)
        return rv;
    if (version)
        *version = stored.version;
    if (!stored.version) {
        memset(rec, 0, type->size);
        return version ? APR_SUCCESS : CCGW_ENOTFOUND;
    }
    return ccgw_record_decode(rec, type, stored.value, work->pool);
}

apr_status_t ccgw_work_put(ccgw_work_t *work, ccgw_table_t table, ccgw_buf_t key, const ccgw_record_type_t *type,
                           const void *rec, apr_time_t due)
{
    ccgw_buf_t value;
    apr_status_t rv = ccgw_record_encode(&value, type, rec, work->pool);

    if (rv != APR_SUCCESS)
        return rv;
    return work->core->provider->put(work->txn, table, key, value, due);
}
