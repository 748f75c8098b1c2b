/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_stream_record.c: event readers as records: made, found, subscribed, ended. */
#include "core/ccgw_stream_record.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

#define TOPICS_MAX 256

ccgw_buf_t ccgw_stream_key(const ccgw_tenant_t *tenant, const char *id, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, "s"); /* words of logins and streams share a name space */
    ccgw_key_text(&key, id);
    return ccgw_key_buf(&key);
}

apr_uint64_t ccgw_stream_word(ccgw_call_t *call, const char *id, ccgw_word_t word, ccgw_word_op_t op,
                              apr_uint64_t value)
{
    apr_uint64_t result = 0;

    call->core->provider->word(&result, call->core->store, ccgw_stream_key(call->tenant, id, call->pool), word, op,
                               value);
    return result;
}

static apr_status_t do_open(ccgw_work_t *work, void *baton)
{
    ccgw_stream_t *stream = baton, there;
    ccgw_buf_t key = ccgw_stream_key(work->call->tenant, stream->id, work->pool);
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&there, &version, work, CCGW_TABLE_STREAM, key, &ccgw_stream_record);

    if (rv != APR_SUCCESS)
        return rv;
    return ccgw_work_put(work, CCGW_TABLE_STREAM, key, &ccgw_stream_record, stream,
                         work->call->now + work->core->limits.stream_idle);
}

static apr_status_t make_stream(ccgw_stream_t *stream, ccgw_call_t *call, const char *id, const char *framing,
                                int acknowledged, int keeps_login)
{
    *stream = (ccgw_stream_t){ .id = id,
                               .login = call->login,
                               .agent = call->agent->id,
                               .framing = framing,
                               .acknowledged = acknowledged,
                               .keeps_login = keeps_login };
    stream->start = (apr_int64_t)call->core->provider->last(call->core->store, ccgw_buf_str(call->tenant->name));
    ccgw_stream_word(call, stream->id, CCGW_WORD_SEEN, CCGW_WORD_RAISE, (apr_uint64_t)call->now);
    ccgw_stream_word(call, stream->id, CCGW_WORD_READ, CCGW_WORD_STORE, (apr_uint64_t)stream->start);
    return ccgw_run(call, do_open, stream, CCGW_DURABLE_UNSET);
}

apr_status_t ccgw_stream_open(ccgw_stream_t *stream, const char **secret, ccgw_call_t *call, const char *framing,
                              int acknowledged)
{
    *secret = ccgw_id_random_hex(20, call->pool);
    return make_stream(stream, call, ccgw_id_hash(*secret, call->pool), framing, acknowledged, 0);
}

static apr_status_t peek_stream(ccgw_stream_t *stream, ccgw_call_t *call, const char *id)
{
    ccgw_core_t *core = call->core;
    ccgw_record_t record;
    ccgw_txn_t *txn;
    apr_status_t rv = core->provider->begin(&txn, core->store, ccgw_buf_str(call->tenant->name), call->pool);

    /* unchecked: nothing is decided from it that a later transaction would have to check */
    if (rv == APR_SUCCESS)
        rv = core->provider->peek(&record, txn, CCGW_TABLE_STREAM, ccgw_stream_key(call->tenant, id, call->pool));
    if (rv != APR_SUCCESS)
        return rv;
    return record.version ? ccgw_record_decode(stream, &ccgw_stream_record, record.value, call->pool) : CCGW_ENOTFOUND;
}

apr_status_t ccgw_stream_of_login(ccgw_stream_t *stream, ccgw_call_t *call, const char *framing)
{
    apr_status_t rv = peek_stream(stream, call, call->login);

    return rv == CCGW_ENOTFOUND ? make_stream(stream, call, call->login, framing, 0, 0) : rv;
}

apr_status_t ccgw_stream_keeping_login(ccgw_stream_t *stream, ccgw_call_t *call, const char *framing)
{
    apr_status_t rv = peek_stream(stream, call, call->login);

    return rv == CCGW_ENOTFOUND ? make_stream(stream, call, call->login, framing, 0, 1) : rv;
}

apr_status_t ccgw_stream_of_secret(ccgw_stream_t *stream, ccgw_call_t *call, const char *secret)
{
    return peek_stream(stream, call, ccgw_id_hash(secret, call->pool));
}

apr_status_t ccgw_stream_find(ccgw_stream_t *stream, ccgw_call_t *call, const char *secret)
{
    apr_status_t rv = peek_stream(stream, call, ccgw_id_hash(secret, call->pool));

    if (rv != APR_SUCCESS)
        return rv;
    return call->agent && !strcmp(stream->agent, call->agent->id) ? APR_SUCCESS : CCGW_ENOTFOUND;
}

#define CHUNK 256

apr_status_t ccgw_stream_list(ccgw_stream_t **streams, int *n, ccgw_call_t *call, const char *framing)
{
    apr_array_header_t *list = apr_array_make(call->pool, 16, sizeof(ccgw_stream_t));
    ccgw_core_t *core = call->core;
    ccgw_record_t *records;
    ccgw_stream_t stream;
    ccgw_key_t prefix;
    ccgw_buf_t from, end;
    ccgw_txn_t *txn;
    apr_status_t rv = core->provider->begin(&txn, core->store, ccgw_buf_str(call->tenant->name), call->pool);
    int i, some = 0;

    ccgw_key_begin(&prefix, call->tenant, call->pool);
    ccgw_key_text(&prefix, "s");
    from = ccgw_key_buf(&prefix);
    end = ccgw_key_after(from, call->pool);
    do {
        /* unchecked: a list is out of date as soon as it is made */
        if (rv == APR_SUCCESS)
            rv = core->provider->scan(&records, &some, txn, CCGW_TABLE_STREAM, from, end, CHUNK);
        for (i = 0; rv == APR_SUCCESS && i < some; i++) {
            rv = ccgw_record_decode(&stream, &ccgw_stream_record, records[i].value, call->pool);
            if (rv == APR_SUCCESS && stream.framing && !strcmp(stream.framing, framing))
                APR_ARRAY_PUSH(list, ccgw_stream_t) = stream;
        }
        if (rv == APR_SUCCESS && some) {
            from = ccgw_buf_copy(records[some - 1].key, call->pool);
            from.n++; /* the zero byte behind the copy: the next key after this one */
        }
    } while (rv == APR_SUCCESS && some == CHUNK);
    *streams = (ccgw_stream_t *)list->elts;
    *n = list->nelts;
    return rv;
}

typedef struct subscribe_t {
    ccgw_stream_t *stream;
    const ccgw_strs_t *add;
    const ccgw_strs_t *take;
} subscribe_t;

/** The topics after the change, without repeats. */
static ccgw_strs_t changed(const ccgw_strs_t *topics, const subscribe_t *change, apr_pool_t *pool)
{
    int i, more = change->add ? change->add->n : 0;
    ccgw_strs_t out = { apr_palloc(pool, sizeof *out.v * (topics->n + more + 1)), 0 };

    for (i = 0; i < topics->n; i++) {
        if (!change->take || !ccgw_strs_have(change->take, topics->v[i]))
            out.v[out.n++] = topics->v[i];
    }
    for (i = 0; i < more; i++) {
        if (!ccgw_strs_have(&out, change->add->v[i]))
            out.v[out.n++] = change->add->v[i];
    }
    return out;
}

static apr_status_t do_subscribe(ccgw_work_t *work, void *baton)
{
    subscribe_t *change = baton;
    ccgw_buf_t key = ccgw_stream_key(work->call->tenant, change->stream->id, work->pool);
    ccgw_stream_t stream;
    apr_status_t rv = ccgw_work_get(&stream, NULL, work, CCGW_TABLE_STREAM, key, &ccgw_stream_record);

    if (rv != APR_SUCCESS)
        return rv;
    stream.topics = changed(&stream.topics, change, work->call->pool);
    if (stream.topics.n > TOPICS_MAX)
        return ccgw_problem(work->call, CCGW_ELIMIT, "subscription", "at most %d subscriptions", TOPICS_MAX);
    change->stream->topics = changed(&change->stream->topics, change, work->call->pool);
    return ccgw_work_put(work, CCGW_TABLE_STREAM, key, &ccgw_stream_record, &stream,
                         work->call->now + work->core->limits.stream_idle);
}

apr_status_t ccgw_stream_subscribe(ccgw_stream_t *stream, ccgw_call_t *call, const ccgw_strs_t *add,
                                   const ccgw_strs_t *take)
{
    subscribe_t change = { stream, add, take };

    return ccgw_run(call, do_subscribe, &change, CCGW_DURABLE_UNSET);
}

static apr_status_t do_close(ccgw_work_t *work, void *baton)
{
    ccgw_buf_t key = ccgw_stream_key(work->call->tenant, baton, work->pool);
    ccgw_record_t record;
    apr_status_t rv = work->core->provider->get(&record, work->txn, CCGW_TABLE_STREAM, key);

    if (rv != APR_SUCCESS || !record.version)
        return rv;
    return work->core->provider->del(work->txn, CCGW_TABLE_STREAM, key);
}

apr_status_t ccgw_stream_close(ccgw_call_t *call, const char *id)
{
    apr_status_t rv = ccgw_run(call, do_close, (void *)id, CCGW_DURABLE_UNSET);

    if (rv == APR_SUCCESS)
        call->core->provider->forget(call->core->store, ccgw_stream_key(call->tenant, id, call->pool));
    return rv;
}
