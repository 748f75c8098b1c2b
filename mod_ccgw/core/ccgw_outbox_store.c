/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_outbox_store.c: texts to customers as records, where they lie, and who learns that one moved on. */
#include "core/ccgw_outbox_store.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "core/ccgw_session_store.h"

/* Settled entries are shown, and repeats and reports recognised, for this long. */
#define KEEP apr_time_from_sec(24 * 60 * 60)

/* clang-format off */
static const ccgw_field_t outbox_fields[] = {
    { 1, CCGW_FIELD_INT,  "session", offsetof(ccgw_outbox_t, session), 0, NULL, CCGW_FIELD_ID},
    { 2, CCGW_FIELD_ENUM, "index",   offsetof(ccgw_outbox_t, index)},
    { 3, CCGW_FIELD_ENUM, "state",   offsetof(ccgw_outbox_t, state)},
    { 4, CCGW_FIELD_ENUM, "media",   offsetof(ccgw_outbox_t, media)},
    { 5, CCGW_FIELD_STR,  "from",    offsetof(ccgw_outbox_t, from)},
    { 6, CCGW_FIELD_STR,  "to",      offsetof(ccgw_outbox_t, to),   0, NULL, CCGW_FIELD_TEXT},
    { 7, CCGW_FIELD_STR,  "text",    offsetof(ccgw_outbox_t, text), 0, NULL, CCGW_FIELD_TEXT},
    { 8, CCGW_FIELD_STR,  "key",     offsetof(ccgw_outbox_t, key)},
    { 9, CCGW_FIELD_ENUM, "tries",   offsetof(ccgw_outbox_t, tries)},
    {10, CCGW_FIELD_INT,  "lease",   offsetof(ccgw_outbox_t, lease)},
    {11, CCGW_FIELD_INT,  "at",      offsetof(ccgw_outbox_t, at)},
    {12, CCGW_FIELD_ENUM, "doubts",  offsetof(ccgw_outbox_t, doubts)},
    {13, CCGW_FIELD_ENUM, "copy",    offsetof(ccgw_outbox_t, copy)},
    {0}
};
/* clang-format on */

const ccgw_record_type_t ccgw_outbox_record = { "outbox", 1, sizeof(ccgw_outbox_t), outbox_fields };

/* ---- keys ---- */

ccgw_buf_t ccgw_outbox_part(const ccgw_tenant_t *tenant, const char *part, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, part);
    return ccgw_key_buf(&key);
}

ccgw_buf_t ccgw_outbox_of_session(const ccgw_tenant_t *tenant, ccgw_id_t session, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, "wait");
    ccgw_key_number(&key, session);
    return ccgw_key_buf(&key);
}

/** Messages of a session in their order, a message's copies one behind the other. */
static apr_uint64_t place_of(const ccgw_outbox_t *entry)
{
    return (apr_uint64_t)entry->index << 8 | (unsigned)entry->copy;
}

static ccgw_buf_t waiting_key(const ccgw_tenant_t *tenant, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, "wait");
    ccgw_key_number(&key, entry->session);
    ccgw_key_number(&key, place_of(entry));
    return ccgw_key_buf(&key);
}

static ccgw_buf_t done_key(const ccgw_tenant_t *tenant, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, "done");
    ccgw_key_number(&key, (apr_uint64_t)entry->at);
    ccgw_key_number(&key, entry->session);
    ccgw_key_number(&key, place_of(entry));
    return ccgw_key_buf(&key);
}

/* ---- queueing ---- */

apr_status_t ccgw_outbox_put(ccgw_work_t *work, const ccgw_outbox_t *entry)
{
    const ccgw_tenant_t *tenant = work->call->tenant;
    ccgw_buf_t key = waiting_key(tenant, entry, work->pool);
    ccgw_outbox_t there, queued = *entry;
    apr_uint64_t version;
    apr_status_t rv;

    rv = ccgw_work_get(&there, &version, work, CCGW_TABLE_OUTBOX, key, &ccgw_outbox_record);
    if (rv != APR_SUCCESS)
        return rv;
    if (version)
        return CCGW_EEXISTS;
    queued.state = CCGW_OUTBOX_QUEUED;
    queued.tries = queued.doubts = 0;
    queued.lease = 0;
    if (!ccgw_str_given(queued.key))
        queued.key = apr_psprintf(work->pool, "%08x%08x.%d", (unsigned)(entry->session >> 32),
                                  (unsigned)(entry->session & 0xffffffff), entry->index);
    if (entry->copy)
        queued.key = apr_psprintf(work->pool, "%s.%d", queued.key, entry->copy);
    work->outbox = 1;
    return ccgw_work_put(work, CCGW_TABLE_OUTBOX, key, &ccgw_outbox_record, &queued, 0);
}

/* ---- reading ---- */

static apr_status_t get(ccgw_outbox_t *entry, int *found, ccgw_work_t *work, ccgw_buf_t key)
{
    apr_uint64_t version = 0;
    apr_status_t rv = ccgw_work_get(entry, &version, work, CCGW_TABLE_OUTBOX, key, &ccgw_outbox_record);

    *found = version != 0;
    return rv;
}

apr_status_t ccgw_outbox_get_waiting(ccgw_outbox_t *entry, int *found, ccgw_work_t *work, const ccgw_outbox_t *place)
{
    return get(entry, found, work, waiting_key(work->call->tenant, place, work->pool));
}

apr_status_t ccgw_outbox_get_settled(ccgw_outbox_t *entry, int *found, ccgw_work_t *work, const ccgw_outbox_t *place)
{
    return get(entry, found, work, done_key(work->call->tenant, place, work->pool));
}

/* ---- who learns of it ---- */

/* A session that is gone or over has nobody to tell. */
static apr_status_t tell_agents(ccgw_work_t *work, const ccgw_outbox_t *entry, ccgw_message_t *message)
{
    ccgw_event_t event = {
        .type = CCGW_EVENT_SESSION_DELIVERY, .messages = message, .nmessages = 1, .text = entry->to
    };
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_load(&session, work, entry->session);

    if (rv != APR_SUCCESS)
        return rv == CCGW_ENOTFOUND ? APR_SUCCESS : rv;
    event.session = &session;
    return ccgw_event_tell_session(work, &event, &session, 0);
}

/* The message shows how far its text came, of several copies the first. Its own deadline stays. */
static apr_status_t show(ccgw_message_t *message, int *found, ccgw_work_t *work, const ccgw_outbox_t *entry)
{
    ccgw_buf_t key = ccgw_message_key(work->call->tenant, entry->session, entry->index, work->pool);
    ccgw_record_t record;
    apr_status_t rv;
    int before;

    rv = work->core->provider->get(&record, work->txn, CCGW_TABLE_MESSAGE, key);
    *found = rv == APR_SUCCESS && record.version;
    if (!*found)
        return rv;
    rv = ccgw_record_decode(message, &ccgw_message_record, record.value, work->pool);
    if (rv != APR_SUCCESS)
        return rv;
    before = message->delivery;
    message->delivery = entry->state;
    if (entry->copy || before == entry->state)
        return APR_SUCCESS;
    return ccgw_work_put(work, CCGW_TABLE_MESSAGE, key, &ccgw_message_record, message, record.due);
}

static int is_told(int state)
{
    return state == CCGW_OUTBOX_DELIVERED || state == CCGW_OUTBOX_FAILED || state == CCGW_OUTBOX_REFUSED;
}

/* ---- writing ---- */

apr_status_t ccgw_outbox_put_waiting(ccgw_work_t *work, const ccgw_outbox_t *entry)
{
    return ccgw_work_put(work, CCGW_TABLE_OUTBOX, waiting_key(work->call->tenant, entry, work->pool),
                         &ccgw_outbox_record, entry, 0);
}

apr_status_t ccgw_outbox_save_waiting(ccgw_work_t *work, const ccgw_outbox_t *entry)
{
    apr_status_t rv = ccgw_outbox_put_waiting(work, entry);
    ccgw_message_t message;
    int found;

    return rv == APR_SUCCESS ? show(&message, &found, work, entry) : rv;
}

apr_status_t ccgw_outbox_save_settled(ccgw_work_t *work, ccgw_outbox_t *entry)
{
    ccgw_message_t message;
    apr_status_t rv;
    int found;

    entry->lease = 0;
    rv = ccgw_work_put(work, CCGW_TABLE_OUTBOX, done_key(work->call->tenant, entry, work->pool), &ccgw_outbox_record,
                       entry, work->call->now + KEEP);
    if (rv == APR_SUCCESS)
        rv = show(&message, &found, work, entry);
    return rv == APR_SUCCESS && found && is_told(entry->state) ? tell_agents(work, entry, &message) : rv;
}

apr_status_t ccgw_outbox_settle(ccgw_work_t *work, ccgw_outbox_t *entry)
{
    ccgw_buf_t key = waiting_key(work->call->tenant, entry, work->pool);
    apr_status_t rv = work->core->provider->del(work->txn, CCGW_TABLE_OUTBOX, key);
    ccgw_outbox_t there;
    int found;

    /* The store wants to have read what is put. */
    if (rv == APR_SUCCESS)
        rv = ccgw_outbox_get_settled(&there, &found, work, entry);
    return rv == APR_SUCCESS ? ccgw_outbox_save_settled(work, entry) : rv;
}

/* ---- what is done ---- */

static apr_status_t drop_done(ccgw_work_t *work, void *baton)
{
    const ccgw_buf_t *key = baton;
    ccgw_record_t record;
    apr_status_t rv;

    rv = work->core->provider->get(&record, work->txn, CCGW_TABLE_OUTBOX, *key);
    if (rv != APR_SUCCESS || !record.version || !record.due || record.due > work->call->now)
        return rv;
    return work->core->provider->del(work->txn, CCGW_TABLE_OUTBOX, *key);
}

apr_status_t ccgw_outbox_due(ccgw_core_t *core, const ccgw_tenant_t *tenant, ccgw_buf_t key, apr_pool_t *scratch)
{
    ccgw_call_t call;

    ccgw_call_init(&call, core, tenant, NULL, NULL, scratch);
    return ccgw_run(&call, drop_done, &key, CCGW_DURABLE_UNSET);
}

static int was_taken(const ccgw_outbox_t *entry)
{
    return entry->state == CCGW_OUTBOX_ACCEPTED || entry->state == CCGW_OUTBOX_DELIVERED;
}

static void list_page(apr_array_header_t *found, const ccgw_record_t *records, int n, const char *to, apr_pool_t *turn,
                      apr_pool_t *pool)
{
    int i;

    for (i = 0; i < n; i++) {
        ccgw_outbox_t entry;

        if (ccgw_record_decode(&entry, &ccgw_outbox_record, records[i].value, turn) != APR_SUCCESS ||
            !was_taken(&entry) || (to && strcmp(to, ccgw_str_or_empty(entry.to))))
            continue;
        entry.unknown.n = 0;
        entry.from = apr_pstrdup(pool, entry.from);
        entry.to = apr_pstrdup(pool, entry.to);
        entry.text = apr_pstrdup(pool, entry.text);
        entry.key = apr_pstrdup(pool, entry.key);
        APR_ARRAY_PUSH(found, ccgw_outbox_t) = entry;
    }
}

apr_status_t ccgw_outbox_list(ccgw_outbox_t **entries, int *n, ccgw_call_t *call, const char *to)
{
    apr_array_header_t *found = apr_array_make(call->pool, 16, sizeof(ccgw_outbox_t));
    ccgw_buf_t from = ccgw_outbox_part(call->tenant, "done", call->pool);
    ccgw_buf_t end = ccgw_key_after(from, call->pool);
    const ccgw_core_t *core = call->core;
    apr_pool_t *turn;
    apr_status_t rv;
    int page = 0;

    apr_pool_create(&turn, call->pool);
    do {
        ccgw_record_t *records;
        ccgw_txn_t *txn;

        apr_pool_clear(turn);
        rv = core->provider->begin(&txn, core->store, ccgw_buf_str(call->tenant->name), turn);
        /* Unchecked: nothing is written. */
        if (rv == APR_SUCCESS)
            rv = core->provider->scan(&records, &page, txn, CCGW_TABLE_OUTBOX, from, end, CCGW_OUTBOX_PAGE);
        if (rv != APR_SUCCESS)
            break;
        list_page(found, records, page, to, turn, call->pool);
        if (page) {
            from = ccgw_buf_copy(records[page - 1].key, call->pool);
            from.n++; /* the copy's own zero byte: nothing lies between */
        }
    } while (page == CCGW_OUTBOX_PAGE);
    apr_pool_destroy(turn);
    *entries = (ccgw_outbox_t *)found->elts;
    *n = found->nelts;
    return rv;
}
