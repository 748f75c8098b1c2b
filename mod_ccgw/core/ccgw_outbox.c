/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_outbox.c: texts to customers: queued -> claimed -> accepted, refused or unknown.
 *
 * A claim is on disk before the carrier hears of the text. So whoever finds a claim whose lease ran out knows that the
 * text may have gone out, and one that was never claimed surely did not. */
#include "core/ccgw_outbox.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"
#include "util/ccgw_log.h"

/* A claim outlives the longest time-out a channel may have. */
#define LEASE apr_time_from_sec(60)
/* Settled entries are shown, and repeats recognised, for this long. */
#define KEEP         apr_time_from_sec(24 * 60 * 60)
#define BACK_OFF_MIN apr_time_from_sec(1)
#define BACK_OFF_MAX apr_time_from_sec(30)
/* Records read at once. */
#define PAGE 256
/* Of this many ready entries the oldest are sent first. */
#define WINDOW 4096

/* clang-format off */
static const ccgw_field_t outbox_fields[] = {
    { 1, CCGW_FIELD_INT,  "session", offsetof(ccgw_outbox_t, session)},
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

static ccgw_buf_t part_prefix(const ccgw_tenant_t *tenant, const char *part, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, part);
    return ccgw_key_buf(&key);
}

static ccgw_buf_t session_prefix(const ccgw_tenant_t *tenant, ccgw_id_t session, apr_pool_t *pool)
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

/* ---- what is ready ---- */

/* The first waiting entry of a session, as the scan saw it. */
typedef struct head_t {
    const ccgw_tenant_t *tenant;
    ccgw_id_t session;
    int index;
    int copy;
    int media;
    apr_int64_t at;
} head_t;

static int by_age(const void *a, const void *b)
{
    const head_t *x = a, *y = b;

    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->session > y->session) - (x->session < y->session);
}

/* Note the entry of RECORD when it is the first of its session, which *SEEN is not, and its time has come. */
static void note_ready(apr_array_header_t *ready, ccgw_id_t *seen, const ccgw_record_t *record,
                       const ccgw_tenant_t *tenant, apr_time_t now, apr_pool_t *turn)
{
    ccgw_outbox_t entry;
    apr_status_t rv = ccgw_record_decode(&entry, &ccgw_outbox_record, record->value, turn);

    if (rv != APR_SUCCESS) {
        ccgw_log(CCGW_LOG_ERROR, rv, "CCGW0307: tenant \"%s\": an outgoing text cannot be read and stays unsent",
                 tenant->name);
        return;
    }
    if (entry.session != *seen && entry.lease <= now) {
        head_t head = { tenant, entry.session, entry.index, entry.copy, entry.media, entry.at };

        APR_ARRAY_PUSH(ready, head_t) = head;
    }
    *seen = entry.session;
}

/* Look at one page of TENANT's waiting entries; *from moves behind what was seen, *n is 0 at the end. */
static apr_status_t scan_page(apr_array_header_t *ready, int *n, ccgw_buf_t *from, ccgw_core_t *core,
                              const ccgw_tenant_t *tenant, apr_time_t now, apr_pool_t *keep, apr_pool_t *turn)
{
    ccgw_buf_t prefix = part_prefix(tenant, "wait", turn), to = ccgw_key_after(prefix, turn), last;
    ccgw_record_t *records;
    ccgw_id_t seen = 0;
    ccgw_txn_t *txn;
    apr_status_t rv;
    int i;

    rv = core->provider->begin(&txn, core->store, ccgw_buf_str(tenant->name), turn);
    /* Unchecked: this only finds entries; a claim reads its entry again. */
    if (rv == APR_SUCCESS)
        rv = core->provider->scan(&records, n, txn, CCGW_TABLE_OUTBOX, *from, to, PAGE);
    for (i = 0; rv == APR_SUCCESS && i < *n; i++)
        note_ready(ready, &seen, &records[i], tenant, now, turn);
    /* Go on behind the whole session of the last record: only its first entry counts. */
    if (rv == APR_SUCCESS && *n) {
        last = records[*n - 1].key;
        last.n = prefix.n + sizeof(ccgw_id_t);
        *from = ccgw_buf_copy(ccgw_key_after(last, turn), keep);
    }
    return rv;
}

static apr_status_t find_ready(apr_array_header_t *ready, ccgw_core_t *core, apr_pool_t *scratch)
{
    apr_time_t now = core->now(core->clock_baton);
    const ccgw_tenant_t *tenant;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *turn;
    int i, n;

    apr_pool_create(&turn, scratch);
    for (i = 0; rv == APR_SUCCESS && (tenant = ccgw_floor_tenant_at(core->floor, i)); i++) {
        ccgw_buf_t from = part_prefix(tenant, "wait", scratch);

        do {
            apr_pool_clear(turn);
            rv = scan_page(ready, &n, &from, core, tenant, now, scratch, turn);
        } while (rv == APR_SUCCESS && n && ready->nelts < WINDOW);
    }
    apr_pool_destroy(turn);
    qsort(ready->elts, (size_t)ready->nelts, sizeof(head_t), by_age);
    return rv;
}

static apr_status_t anything_waits(int *any, ccgw_core_t *core, apr_pool_t *scratch)
{
    const ccgw_tenant_t *tenant;
    apr_status_t rv = APR_SUCCESS;
    int i;

    *any = 0;
    for (i = 0; rv == APR_SUCCESS && !*any && (tenant = ccgw_floor_tenant_at(core->floor, i)); i++) {
        ccgw_buf_t from = part_prefix(tenant, "wait", scratch);
        ccgw_record_t *records;
        ccgw_txn_t *txn;

        rv = core->provider->begin(&txn, core->store, ccgw_buf_str(tenant->name), scratch);
        /* Unchecked: nothing is written. */
        if (rv == APR_SUCCESS)
            rv = core->provider->scan(&records, any, txn, CCGW_TABLE_OUTBOX, from, ccgw_key_after(from, scratch), 1);
    }
    return rv;
}

/* ---- one entry ---- */

typedef struct attempt_t {
    const head_t *head;
    int claimed;         /* the entry is ours to send, */
    int again;           /* after an earlier try of unknown fate */
    int expired;         /* a claim of somebody else ran out: it waits for a report now */
    int settled;         /* the outcome was written */
    ccgw_outbox_t entry; /* strings live in the last work's pool until they are copied */
    apr_status_t outcome;
} attempt_t;

/* The message shows how far its text came. Its own deadline stays. */
static apr_status_t mark_message(ccgw_work_t *work, const ccgw_outbox_t *entry)
{
    ccgw_buf_t key = ccgw_message_key(work->call->tenant, entry->session, entry->index, work->pool);
    ccgw_record_t record;
    ccgw_message_t message;
    apr_status_t rv;

    rv = work->core->provider->get(&record, work->txn, CCGW_TABLE_MESSAGE, key);
    if (rv != APR_SUCCESS || !record.version)
        return rv;
    rv = ccgw_record_decode(&message, &ccgw_message_record, record.value, work->pool);
    if (rv != APR_SUCCESS || message.delivery == entry->state)
        return rv;
    message.delivery = entry->state;
    return ccgw_work_put(work, CCGW_TABLE_MESSAGE, key, &ccgw_message_record, &message, record.due);
}

static apr_status_t put_waiting(ccgw_work_t *work, const ccgw_outbox_t *entry)
{
    return ccgw_work_put(work, CCGW_TABLE_OUTBOX, waiting_key(work->call->tenant, entry, work->pool),
                         &ccgw_outbox_record, entry, 0);
}

static apr_status_t save_waiting(ccgw_work_t *work, const ccgw_outbox_t *entry)
{
    apr_status_t rv = put_waiting(work, entry);

    return rv == APR_SUCCESS ? mark_message(work, entry) : rv;
}

static apr_status_t save_unknown(ccgw_work_t *work, ccgw_outbox_t *entry)
{
    entry->state = CCGW_OUTBOX_UNKNOWN;
    entry->lease = work->call->now + work->core->limits.outbox_unknown;
    entry->doubts++;
    return save_waiting(work, entry);
}

/* The first entry of its session again, checked: nobody can claim a later one meanwhile. */
static apr_status_t read_head(ccgw_outbox_t *entry, int *found, ccgw_work_t *work, const head_t *head)
{
    ccgw_buf_t prefix = session_prefix(head->tenant, head->session, work->pool);
    ccgw_record_t *records;
    apr_status_t rv;
    int n;

    *found = 0;
    rv = work->core->provider->range(&records, &n, work->txn, CCGW_TABLE_OUTBOX, prefix,
                                     ccgw_key_after(prefix, work->pool), 1);
    if (rv != APR_SUCCESS || !n)
        return rv;
    rv = ccgw_record_decode(entry, &ccgw_outbox_record, records[0].value, work->pool);
    *found = entry->index == head->index && entry->copy == head->copy;
    return rv;
}

static apr_status_t claim(ccgw_work_t *work, void *baton)
{
    attempt_t *attempt = baton;
    ccgw_outbox_t *entry = &attempt->entry;
    apr_status_t rv;
    int found;

    attempt->claimed = attempt->again = attempt->expired = 0;
    rv = read_head(entry, &found, work, attempt->head);
    if (rv != APR_SUCCESS || !found || entry->lease > work->call->now)
        return rv;
    if (entry->state == CCGW_OUTBOX_CLAIMED) {
        attempt->expired = 1;
        return save_unknown(work, entry);
    }
    attempt->claimed = 1;
    attempt->again = entry->state == CCGW_OUTBOX_UNKNOWN;
    entry->state = CCGW_OUTBOX_CLAIMED;
    entry->lease = work->call->now + LEASE;
    entry->tries++;
    return put_waiting(work, entry);
}

static apr_status_t save_done(ccgw_work_t *work, ccgw_outbox_t *entry)
{
    ccgw_buf_t key = done_key(work->call->tenant, entry, work->pool);
    apr_uint64_t version;
    ccgw_outbox_t there;
    apr_status_t rv;

    entry->lease = 0;
    rv = work->core->provider->del(work->txn, CCGW_TABLE_OUTBOX, waiting_key(work->call->tenant, entry, work->pool));
    if (rv == APR_SUCCESS)
        rv = ccgw_work_get(&there, &version, work, CCGW_TABLE_OUTBOX, key, &ccgw_outbox_record);
    if (rv == APR_SUCCESS)
        rv = ccgw_work_put(work, CCGW_TABLE_OUTBOX, key, &ccgw_outbox_record, entry, work->call->now + KEEP);
    return rv == APR_SUCCESS ? mark_message(work, entry) : rv;
}

static apr_interval_time_t back_off(int tries)
{
    apr_interval_time_t pause = BACK_OFF_MIN;

    while (--tries > 0 && pause < BACK_OFF_MAX)
        pause *= 2;
    return pause < BACK_OFF_MAX ? pause : BACK_OFF_MAX;
}

/* Another process may have found our claim expired; what we learnt still holds unless it has claimed anew. */
static apr_status_t settle(ccgw_work_t *work, void *baton)
{
    attempt_t *attempt = baton;
    ccgw_outbox_t entry;
    apr_status_t rv;
    int found;

    attempt->settled = 0;
    rv = read_head(&entry, &found, work, attempt->head);
    if (rv != APR_SUCCESS || !found || entry.tries != attempt->entry.tries)
        return rv;
    attempt->settled = 1;
    switch (attempt->outcome) {
    case APR_SUCCESS: entry.state = CCGW_OUTBOX_ACCEPTED; return save_done(work, &entry);
    case CCGW_EREFUSED: entry.state = CCGW_OUTBOX_REFUSED; return save_done(work, &entry);
    case CCGW_EBUSY:
        entry.state = CCGW_OUTBOX_QUEUED;
        entry.lease = work->call->now + back_off(entry.tries);
        return save_waiting(work, &entry);
    default: return entry.state == CCGW_OUTBOX_UNKNOWN ? APR_SUCCESS : save_unknown(work, &entry);
    }
}

static void log_outcome(const attempt_t *attempt, const char *why)
{
    const ccgw_outbox_t *entry = &attempt->entry;
    char id[17];

    ccgw_id_hex(id, entry->session);
    why = ccgw_str_given(why) ? why : "no reason given";
    if (!attempt->settled)
        ccgw_log(CCGW_LOG_WARNING, attempt->outcome,
                 "CCGW0305: session %s, message %d: somebody else took the text "
                 "over before its outcome was known here",
                 id, entry->index);
    else if (attempt->outcome == CCGW_EREFUSED)
        ccgw_log(CCGW_LOG_WARNING, attempt->outcome,
                 "CCGW0301: session %s, message %d: the carrier refused the text: "
                 "%s",
                 id, entry->index, why);
    else if (attempt->outcome == CCGW_EBUSY)
        ccgw_log(entry->tries == 1 ? CCGW_LOG_WARNING : CCGW_LOG_INFO, attempt->outcome,
                 "CCGW0303: session %s, "
                 "message %d: the carrier did not take the text, try %d: %s",
                 id, entry->index, entry->tries, why);
    else if (attempt->outcome != APR_SUCCESS)
        ccgw_log(CCGW_LOG_WARNING, attempt->outcome,
                 "CCGW0304: session %s, message %d: the text may or may not have "
                 "arrived: %s",
                 id, entry->index, why);
}

static void log_doubt(const attempt_t *attempt)
{
    const ccgw_outbox_t *entry = &attempt->entry;
    char id[17];

    ccgw_id_hex(id, entry->session);
    if (attempt->expired)
        ccgw_log(CCGW_LOG_WARNING, APR_SUCCESS,
                 "CCGW0306: session %s, message %d: whoever sent the text did not come "
                 "back; it may or may not have arrived",
                 id, entry->index);
    else if (attempt->again)
        ccgw_log(CCGW_LOG_WARNING, APR_SUCCESS,
                 "CCGW0302: session %s, message %d: no report came, the text is sent "
                 "again, try %d",
                 id, entry->index, entry->tries);
}

/* The claim's strings are views into an attempt's pool that lives as long as the call's. */
static apr_status_t send_one(apr_status_t *outcome, ccgw_core_t *core, const head_t *head, ccgw_outbox_send_t *send,
                             void *baton, apr_pool_t *pool)
{
    attempt_t attempt = { .head = head };
    const char *why = NULL;
    ccgw_call_t call;
    apr_status_t rv;

    *outcome = APR_SUCCESS;
    ccgw_call_init(&call, core, head->tenant, NULL, NULL, pool);
    rv = ccgw_run(&call, claim, &attempt, CCGW_DURABLE_DISK);
    if (rv != APR_SUCCESS)
        return rv;
    log_doubt(&attempt);
    if (!attempt.claimed)
        return APR_SUCCESS;
    attempt.outcome = send(baton, &why, &attempt.entry, pool);
    *outcome = attempt.outcome;
    ccgw_call_init(&call, core, head->tenant, NULL, NULL, pool);
    rv = ccgw_run(&call, settle, &attempt, CCGW_DURABLE_UNSET);
    if (rv == APR_SUCCESS)
        log_outcome(&attempt, why);
    return rv;
}

apr_status_t ccgw_outbox_run(int *more, ccgw_core_t *core, ccgw_outbox_send_t *send, void *baton, int max,
                             apr_pool_t *scratch)
{
    apr_array_header_t *ready = apr_array_make(scratch, 64, sizeof(head_t));
    int busy[CCGW_MEDIA_COUNT] = { 0 };
    int i, tried = 0;
    apr_pool_t *turn;
    apr_status_t rv;

    *more = 0;
    rv = find_ready(ready, core, scratch);
    if (rv != APR_SUCCESS)
        return rv;
    apr_pool_create(&turn, scratch);
    for (i = 0; rv == APR_SUCCESS && i < ready->nelts && tried < max; i++) {
        const head_t *head = &APR_ARRAY_IDX(ready, i, head_t);
        int media = head->media > 0 && head->media < CCGW_MEDIA_COUNT ? head->media : CCGW_MEDIA_UNSET;
        apr_status_t outcome;

        /* A carrier that is down is asked once per round; the other texts stay as they are. */
        if (busy[media])
            continue;
        apr_pool_clear(turn);
        rv = send_one(&outcome, core, head, send, baton, turn);
        busy[media] = outcome == CCGW_EBUSY;
        tried++;
    }
    apr_pool_destroy(turn);
    return rv == APR_SUCCESS ? anything_waits(more, core, scratch) : rv;
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

static void list_page(apr_array_header_t *found, const ccgw_record_t *records, int n, const char *to, apr_pool_t *turn,
                      apr_pool_t *pool)
{
    int i;

    for (i = 0; i < n; i++) {
        ccgw_outbox_t entry;

        if (ccgw_record_decode(&entry, &ccgw_outbox_record, records[i].value, turn) != APR_SUCCESS ||
            entry.state != CCGW_OUTBOX_ACCEPTED || (to && strcmp(to, ccgw_str_or_empty(entry.to))))
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
    ccgw_buf_t from = part_prefix(call->tenant, "done", call->pool);
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
            rv = core->provider->scan(&records, &page, txn, CCGW_TABLE_OUTBOX, from, end, PAGE);
        if (rv != APR_SUCCESS)
            break;
        list_page(found, records, page, to, turn, call->pool);
        if (page) {
            from = ccgw_buf_copy(records[page - 1].key, call->pool);
            from.n++; /* the copy's own zero byte: nothing lies between */
        }
    } while (page == PAGE);
    apr_pool_destroy(turn);
    *entries = (ccgw_outbox_t *)found->elts;
    *n = found->nelts;
    return rv;
}
