/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_outbox.c: sends texts to customers: queued -> claimed -> accepted, refused or unknown.
 *
 * A claim is on disk before the carrier hears of the text. So whoever finds a claim whose lease ran out knows that the
 * text may have gone out, and one that was never claimed surely did not. */
#include "core/ccgw_outbox_store.h"

#include <stdlib.h>

#include <apr_tables.h>

#include "core/ccgw_optout.h"
#include "util/ccgw_id.h"
#include "util/ccgw_log.h"
#include "util/ccgw_step.h"

/* A claim outlives the longest time-out a channel may have. */
#define LEASE        apr_time_from_sec(60)
#define BACK_OFF_MIN apr_time_from_sec(1)
#define BACK_OFF_MAX apr_time_from_sec(30)
/* So seldom a text in doubt is sent again in the end, unless its first wait is longer. */
#define DOUBT_MAX apr_time_from_sec(3600)

_Static_assert(LEASE >= apr_time_from_sec(2 * CCGW_CHANNEL_TIMEOUT_MAX),
               "a claim must not end while its text is still on its way");

/* Of this many ready entries the oldest are sent first. */
#define WINDOW 4096

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

/* Its time has come, or its claim is over: also one whose owner died with the server before this one. */
static int is_ready(const ccgw_outbox_t *entry, const ccgw_core_t *core, apr_time_t now)
{
    return entry->lease <= now || (entry->state == CCGW_OUTBOX_CLAIMED && entry->lease - LEASE < core->started);
}

/* Note the entry of RECORD when it is the first of its session, which *SEEN is not, and its time has come. */
static void note_ready(apr_array_header_t *ready, ccgw_id_t *seen, const ccgw_record_t *record, const ccgw_core_t *core,
                       const ccgw_tenant_t *tenant, apr_time_t now, apr_pool_t *turn)
{
    ccgw_outbox_t entry;
    apr_status_t rv = ccgw_record_decode(&entry, &ccgw_outbox_record, record->value, turn);

    if (rv != APR_SUCCESS) {
        ccgw_log(CCGW_LOG_ERROR, rv, "CCGW0307: tenant \"%s\": an outgoing text cannot be read and stays unsent",
                 tenant->name);
        return;
    }
    if (entry.session != *seen && is_ready(&entry, core, now)) {
        head_t head = { tenant, entry.session, entry.index, entry.copy, entry.media, entry.at };

        APR_ARRAY_PUSH(ready, head_t) = head;
    }
    *seen = entry.session;
}

/* Look at one page of TENANT's waiting entries; *from moves behind what was seen, *n is 0 at the end. */
static apr_status_t scan_page(apr_array_header_t *ready, int *n, ccgw_buf_t *from, ccgw_core_t *core,
                              const ccgw_tenant_t *tenant, apr_time_t now, apr_pool_t *keep, apr_pool_t *turn)
{
    ccgw_buf_t prefix = ccgw_outbox_part(tenant, "wait", turn), to = ccgw_key_after(prefix, turn), last;
    ccgw_record_t *records;
    ccgw_id_t seen = 0;
    ccgw_txn_t *txn;
    apr_status_t rv;
    int i;

    rv = core->provider->begin(&txn, core->store, ccgw_buf_str(tenant->name), turn);
    /* Unchecked: this only finds entries; a claim reads its entry again. */
    if (rv == APR_SUCCESS)
        rv = core->provider->scan(&records, n, txn, CCGW_TABLE_OUTBOX, *from, to, CCGW_OUTBOX_PAGE);
    for (i = 0; rv == APR_SUCCESS && i < *n; i++)
        note_ready(ready, &seen, &records[i], core, tenant, now, turn);
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
        ccgw_buf_t from = ccgw_outbox_part(tenant, "wait", scratch);

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
        ccgw_buf_t from = ccgw_outbox_part(tenant, "wait", scratch);
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
    int unwanted;        /* the customer said STOP meanwhile: it is not sent */
    int reported;        /* a report came before it and counts instead */
    ccgw_outbox_t entry; /* strings live in the last work's pool until they are copied */
    apr_status_t outcome;
} attempt_t;

/* Each time it may arrive once more, so with each doubt it waits twice as long. */
static apr_interval_time_t wait_in_doubt(const ccgw_core_t *core, int doubts)
{
    apr_interval_time_t pause = core->limits.outbox_unknown, max = pause > DOUBT_MAX ? pause : DOUBT_MAX;

    while (doubts-- > 0 && pause < max)
        pause *= 2;
    return pause < max ? pause : max;
}

static apr_status_t save_unknown(ccgw_work_t *work, ccgw_outbox_t *entry)
{
    entry->state = CCGW_OUTBOX_UNKNOWN;
    entry->lease = work->call->now + wait_in_doubt(work->core, entry->doubts);
    entry->doubts++;
    return ccgw_outbox_save_waiting(work, entry);
}

/* The first entry of its session again, checked: nobody can claim a later one meanwhile. */
static apr_status_t read_head(ccgw_outbox_t *entry, int *found, ccgw_work_t *work, const head_t *head)
{
    ccgw_buf_t prefix = ccgw_outbox_of_session(head->tenant, head->session, work->pool);
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

    attempt->claimed = attempt->again = attempt->expired = attempt->unwanted = 0;
    rv = read_head(entry, &found, work, attempt->head);
    if (rv != APR_SUCCESS || !found || !is_ready(entry, work->core, work->call->now))
        return rv;
    if (entry->state == CCGW_OUTBOX_CLAIMED) {
        attempt->expired = 1;
        return save_unknown(work, entry);
    }
    rv = ccgw_optout_get(&attempt->unwanted, work, (ccgw_media_t)entry->media, entry->from, entry->to);
    if (rv != APR_SUCCESS)
        return rv;
    if (attempt->unwanted) {
        /* One that may have left before is no refused one: a report may still come. */
        entry->state = entry->doubts ? CCGW_OUTBOX_FAILED : CCGW_OUTBOX_REFUSED;
        return ccgw_outbox_settle(work, entry);
    }
    attempt->claimed = 1;
    attempt->again = entry->state == CCGW_OUTBOX_UNKNOWN;
    entry->state = CCGW_OUTBOX_CLAIMED;
    entry->lease = work->call->now + LEASE;
    entry->tries++;
    return ccgw_outbox_put_waiting(work, entry);
}

static apr_interval_time_t back_off(int tries)
{
    apr_interval_time_t pause = BACK_OFF_MIN;

    while (--tries > 0 && pause < BACK_OFF_MAX)
        pause *= 2;
    return pause < BACK_OFF_MAX ? pause : BACK_OFF_MAX;
}

/* Our entry waits no more: was that a report? Another process would have claimed it anew. */
static apr_status_t look_for_report(attempt_t *attempt, ccgw_work_t *work)
{
    ccgw_outbox_t done;
    int found;
    apr_status_t rv = ccgw_outbox_get_settled(&done, &found, work, &attempt->entry);

    attempt->reported = rv == APR_SUCCESS && found && done.tries == attempt->entry.tries;
    return rv;
}

/* Another process may have found our claim expired; what we learnt still holds unless it has claimed anew. What a
 * report said meanwhile holds in any case. */
static apr_status_t settle(ccgw_work_t *work, void *baton)
{
    attempt_t *attempt = baton;
    ccgw_outbox_t entry;
    apr_status_t rv;
    int found;

    attempt->settled = attempt->reported = 0;
    rv = read_head(&entry, &found, work, attempt->head);
    if (rv == APR_SUCCESS && !found)
        return look_for_report(attempt, work);
    if (rv != APR_SUCCESS || entry.tries != attempt->entry.tries)
        return rv;
    attempt->settled = 1;
    switch (attempt->outcome) {
    case APR_SUCCESS: entry.state = CCGW_OUTBOX_ACCEPTED; return ccgw_outbox_settle(work, &entry);
    case CCGW_EREFUSED: entry.state = CCGW_OUTBOX_REFUSED; return ccgw_outbox_settle(work, &entry);
    case CCGW_EBUSY:
        entry.state = CCGW_OUTBOX_QUEUED;
        entry.lease = work->call->now + back_off(entry.tries);
        return ccgw_outbox_save_waiting(work, &entry);
    default: return entry.state == CCGW_OUTBOX_UNKNOWN ? APR_SUCCESS : save_unknown(work, &entry);
    }
}

static void log_outcome(const attempt_t *attempt, const char *why)
{
    const ccgw_outbox_t *entry = &attempt->entry;
    char id[17];

    ccgw_id_hex(id, entry->session);
    why = ccgw_str_given(why) ? why : "no reason given";
    if (attempt->reported)
        return;
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
    else if (attempt->unwanted)
        ccgw_log(CCGW_LOG_INFO, APR_SUCCESS,
                 "CCGW0308: session %s, message %d: the text is not sent%s: the customer wants no more", id,
                 entry->index, entry->doubts ? " again" : "");
    else if (attempt->again)
        ccgw_log(CCGW_LOG_WARNING, APR_SUCCESS,
                 "CCGW0302: session %s, message %d: no report came, the text is sent "
                 "again, try %d",
                 id, entry->index, entry->tries);
}

/* Does what was tried wait no more? */
static int has_left(const attempt_t *attempt)
{
    return attempt->unwanted || attempt->reported ||
           (attempt->settled && (attempt->outcome == APR_SUCCESS || attempt->outcome == CCGW_EREFUSED));
}

/* *gone: its session's next text may follow. The claim's strings are views into an attempt's pool that lives as long as
 * the call's. */
static apr_status_t send_one(apr_status_t *outcome, int *gone, ccgw_core_t *core, const head_t *head,
                             const ccgw_outbox_sender_t *sender, apr_pool_t *pool)
{
    attempt_t attempt = { .head = head };
    const char *why = NULL;
    ccgw_call_t call;
    apr_status_t rv;

    *outcome = APR_SUCCESS;
    *gone = 0;
    ccgw_call_init(&call, core, head->tenant, NULL, NULL, pool);
    rv = ccgw_run(&call, claim, &attempt, CCGW_DURABLE_DISK);
    if (rv != APR_SUCCESS)
        return rv;
    log_doubt(&attempt);
    *gone = has_left(&attempt);
    if (!attempt.claimed)
        return APR_SUCCESS;
    ccgw_step(OUTBOX_CLAIMED);
    attempt.outcome = sender->send(sender->baton, &why, &attempt.entry, pool);
    if (attempt.outcome == APR_SUCCESS)
        ccgw_step(OUTBOX_ANSWERED);
    *outcome = attempt.outcome;
    ccgw_call_init(&call, core, head->tenant, NULL, NULL, pool);
    rv = ccgw_run(&call, settle, &attempt, CCGW_DURABLE_UNSET);
    if (rv != APR_SUCCESS)
        return rv;
    *gone = has_left(&attempt);
    ccgw_step(OUTBOX_SETTLED);
    log_outcome(&attempt, why);
    return APR_SUCCESS;
}

/* Each text may take a whole time-out, and who ends a child waits for this thread. */
static int is_ending(const ccgw_outbox_sender_t *sender)
{
    return sender->ending && __atomic_load_n(sender->ending, __ATOMIC_RELAXED);
}

/* How long the carrier of HEAD's media is left alone. */
static apr_time_t *quiet_until(ccgw_outbox_sender_t *sender, const head_t *head)
{
    return &sender->quiet_until[head->media > 0 && head->media < CCGW_MEDIA_COUNT ? head->media : CCGW_MEDIA_UNSET];
}

static apr_status_t send_all(int *gone, ccgw_core_t *core, ccgw_outbox_sender_t *sender,
                             const apr_array_header_t *ready, apr_pool_t *scratch)
{
    int i, tried = 0, settled;
    apr_pool_t *turn;
    apr_status_t rv = APR_SUCCESS;

    apr_pool_create(&turn, scratch);
    for (i = 0; rv == APR_SUCCESS && i < ready->nelts && tried < sender->max && !is_ending(sender); i++) {
        const head_t *head = &APR_ARRAY_IDX(ready, i, head_t);
        apr_time_t *quiet = quiet_until(sender, head);
        apr_status_t outcome;

        /* A carrier that is down is asked once in a while; the other texts stay as they are. */
        if (*quiet > core->now(core->clock_baton))
            continue;
        apr_pool_clear(turn);
        rv = send_one(&outcome, &settled, core, head, sender, turn);
        if (outcome == CCGW_EBUSY)
            *quiet = core->now(core->clock_baton) + CCGW_OUTBOX_PAUSE;
        *gone += settled;
        tried++;
    }
    apr_pool_destroy(turn);
    return rv;
}

apr_status_t ccgw_outbox_run(ccgw_outbox_left_t *left, ccgw_core_t *core, ccgw_outbox_sender_t *sender,
                             apr_pool_t *scratch)
{
    apr_array_header_t *ready = apr_array_make(scratch, 64, sizeof(head_t));
    int gone = 0, any = 0;
    apr_status_t rv;

    rv = find_ready(ready, core, scratch);
    if (rv == APR_SUCCESS)
        rv = send_all(&gone, core, sender, ready, scratch);
    if (rv == APR_SUCCESS)
        rv = anything_waits(&any, core, scratch);
    *left = !any ? CCGW_OUTBOX_EMPTY : gone ? CCGW_OUTBOX_NOW : CCGW_OUTBOX_LATER;
    return rv;
}
