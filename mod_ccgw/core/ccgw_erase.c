/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_erase.c: all that is stored of one customer: found, ended, taken away.
 *
 * In this order: open sessions end, mailboxes begin anew (their events hold his texts), what points to the sessions
 * goes, then the sessions, each with its record last. Whoever is cut short asks again and finds what is left. */
#include "core/ccgw_erase.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "core/ccgw_conference.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_renew.h"
#include "core/ccgw_retention.h"
#include "core/ccgw_session_store.h"

/* Records read at once; as many deletions fit one transaction. */
#define PAGE 256

/* ---- going through a table ---- */

typedef struct hunt_t hunt_t;

/** What to do with one record. */
typedef apr_status_t look_t(hunt_t *hunt, const ccgw_record_t *record, apr_pool_t *turn);

struct hunt_t {
    ccgw_call_t *call;
    const ccgw_erase_args_t *args;
    apr_hash_t *sessions;       /* of ccgw_id_t: his */
    apr_array_header_t *found;  /* of ccgw_id_t: the same, in order */
    apr_array_header_t *open;   /* of ccgw_id_t */
    apr_array_header_t *doomed; /* of ccgw_buf_t: keys of this page that shall go */
    ccgw_buf_t prefix;          /* tenant and media, as some keys begin */
    ccgw_table_t table;
    int count; /* of doomed ones */
};

static apr_status_t delete_doomed(ccgw_work_t *work, void *baton)
{
    const hunt_t *hunt = baton;
    ccgw_record_t record;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < hunt->doomed->nelts && rv == APR_SUCCESS; i++) {
        ccgw_buf_t key = APR_ARRAY_IDX(hunt->doomed, i, ccgw_buf_t);

        rv = work->core->provider->get(&record, work->txn, hunt->table, key);
        if (rv == APR_SUCCESS)
            rv = work->core->provider->del(work->txn, hunt->table, key);
    }
    return rv;
}

static void doom(hunt_t *hunt, const ccgw_record_t *record)
{
    APR_ARRAY_PUSH(hunt->doomed, ccgw_buf_t) = record->key;
    hunt->count++;
}

static apr_status_t hunt_page(hunt_t *hunt, int *n, ccgw_buf_t *from, ccgw_buf_t end, look_t *look, apr_pool_t *turn)
{
    const ccgw_core_t *core = hunt->call->core;
    ccgw_record_t *records;
    ccgw_txn_t *txn;
    int i;
    apr_status_t rv = core->provider->begin(&txn, core->store, ccgw_buf_str(hunt->call->tenant->name), turn);

    *n = 0;
    hunt->doomed = apr_array_make(turn, 16, sizeof(ccgw_buf_t));
    /* unchecked: these records are written once, and what is to go is read again */
    if (rv == APR_SUCCESS)
        rv = core->provider->scan(&records, n, txn, hunt->table, *from, end, PAGE);
    for (i = 0; i < *n && rv == APR_SUCCESS; i++)
        rv = look(hunt, &records[i], turn);
    if (rv == APR_SUCCESS && hunt->doomed->nelts)
        rv = ccgw_run(hunt->call, delete_doomed, hunt, CCGW_DURABLE_DISK);
    if (rv == APR_SUCCESS && *n) {
        *from = ccgw_buf_copy(records[*n - 1].key, hunt->call->pool);
        from->n++; /* the zero byte behind the copy: the next key after this one */
    }
    return rv;
}

/** LOOK at every record of TABLE that the tenant has; *count: how many of them were doomed, and are gone. */
static apr_status_t go_through(int *count, hunt_t *hunt, ccgw_table_t table, look_t *look)
{
    ccgw_key_t prefix;
    ccgw_buf_t from, end;
    apr_pool_t *turn;
    apr_status_t rv;
    int n;

    ccgw_key_begin(&prefix, hunt->call->tenant, hunt->call->pool);
    from = ccgw_key_buf(&prefix);
    end = ccgw_key_after(from, hunt->call->pool);
    hunt->table = table;
    hunt->count = 0;
    apr_pool_create(&turn, hunt->call->pool);
    do {
        apr_pool_clear(turn);
        rv = hunt_page(hunt, &n, &from, end, look, turn);
    } while (rv == APR_SUCCESS && n == PAGE);
    apr_pool_destroy(turn);
    *count += hunt->count;
    return rv;
}

/* ---- finding ---- */

static int equals(const char *a, const char *b)
{
    return a && !strcmp(a, b);
}

static int is_his(const ccgw_session_t *session, const ccgw_erase_args_t *args)
{
    int i;

    if (equals(session->customer, args->customer))
        return 1;
    for (i = 0; i < session->nparticipants; i++) {
        if (!session->participants[i].agent && equals(session->participants[i].address, args->customer))
            return 1;
    }
    return 0;
}

static void add_found(hunt_t *hunt, const ccgw_session_t *session)
{
    ccgw_id_t *id;

    if (apr_hash_get(hunt->sessions, &session->id, sizeof session->id))
        return;
    id = apr_pmemdup(hunt->call->pool, &session->id, sizeof session->id);
    apr_hash_set(hunt->sessions, id, sizeof *id, id);
    APR_ARRAY_PUSH(hunt->found, ccgw_id_t) = *id;
    if (session->state != CCGW_SESSION_ENDED)
        APR_ARRAY_PUSH(hunt->open, ccgw_id_t) = *id;
}

static apr_status_t look_at_session(hunt_t *hunt, const ccgw_record_t *record, apr_pool_t *turn)
{
    ccgw_session_t session;
    apr_status_t rv = ccgw_record_decode(&session, &ccgw_session_record, record->value, turn);

    if (rv == APR_SUCCESS && session.media == (int)hunt->args->media && is_his(&session, hunt->args))
        add_found(hunt, &session);
    return rv;
}

/** Whoever was taken out of a session is no longer in its record, but in its log. */
static apr_status_t look_at_message(hunt_t *hunt, const ccgw_record_t *record, apr_pool_t *turn)
{
    const ccgw_core_t *core = hunt->call->core;
    ccgw_buf_t key = { record->key.p, record->key.n - sizeof(apr_uint64_t) }; /* without the index: the session's */
    ccgw_record_t stored;
    ccgw_session_t session;
    ccgw_message_t message;
    ccgw_txn_t *txn;
    apr_status_t rv = ccgw_record_decode(&message, &ccgw_message_record, record->value, turn);

    if (rv != APR_SUCCESS || message.from_party == CCGW_PARTY_AGENT || !equals(message.nickname, hunt->args->customer))
        return rv;
    rv = core->provider->begin(&txn, core->store, ccgw_buf_str(hunt->call->tenant->name), turn);
    /* unchecked: it is read again before anything happens to it */
    if (rv == APR_SUCCESS)
        rv = core->provider->peek(&stored, txn, CCGW_TABLE_SESSION, key);
    if (rv == APR_SUCCESS && stored.version)
        rv = ccgw_record_decode(&session, &ccgw_session_record, stored.value, turn);
    if (rv == APR_SUCCESS && stored.version && session.media == (int)hunt->args->media)
        add_found(hunt, &session);
    return rv;
}

static void start_hunt(hunt_t *hunt, ccgw_call_t *call, const ccgw_erase_args_t *args)
{
    ccgw_key_t prefix;

    memset(hunt, 0, sizeof *hunt);
    ccgw_key_begin(&prefix, call->tenant, call->pool);
    ccgw_key_number(&prefix, (apr_uint64_t)args->media);
    hunt->prefix = ccgw_key_buf(&prefix);
    hunt->call = call;
    hunt->args = args;
    hunt->sessions = apr_hash_make(call->pool);
    hunt->found = apr_array_make(call->pool, 16, sizeof(ccgw_id_t));
    hunt->open = apr_array_make(call->pool, 4, sizeof(ccgw_id_t));
}

apr_status_t ccgw_erase_find(ccgw_erase_found_t *found, ccgw_call_t *call, const ccgw_erase_args_t *args)
{
    hunt_t hunt;
    int none = 0;
    apr_status_t rv;

    start_hunt(&hunt, call, args);
    rv = go_through(&none, &hunt, CCGW_TABLE_SESSION, look_at_session);
    if (rv == APR_SUCCESS)
        rv = go_through(&none, &hunt, CCGW_TABLE_MESSAGE, look_at_message);
    found->sessions = (ccgw_id_t *)hunt.found->elts;
    found->nsessions = hunt.found->nelts;
    found->open = (ccgw_id_t *)hunt.open->elts;
    found->nopen = hunt.open->nelts;
    return rv;
}

/* ---- ending ---- */

typedef struct one_t {
    ccgw_id_t id;
    const ccgw_erase_args_t *args;
    int done; /* it was ended by this; it is gone */
    ccgw_removed_t removed;
} one_t;

static apr_status_t take_out_of_workbin(ccgw_work_t *work, ccgw_session_t *session)
{
    const ccgw_tenant_t *tenant = work->call->tenant;
    const ccgw_workbin_def_t *def = ccgw_floor_workbin(work->core->floor, tenant, session->workbin);
    ccgw_event_t event = { .type = CCGW_EVENT_WORKBIN_REMOVED,
                           .session = session,
                           .workbin = session->workbin,
                           .owner_kind = def ? def->kind : CCGW_OWNER_UNSET,
                           .owner = session->bin_owner };
    ccgw_buf_t key = ccgw_workbin_key(tenant, session->workbin, session->bin_owner, session->id, work->pool);
    ccgw_pointer_t item;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&item, &version, work, CCGW_TABLE_WORKBIN, key, &ccgw_pointer_record);

    if (rv == APR_SUCCESS)
        rv = work->core->provider->del(work->txn, CCGW_TABLE_WORKBIN, key);
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell_workbin(work, &event);
    session->workbin = session->bin_owner = NULL;
    return rv;
}

static apr_status_t end_one(ccgw_work_t *work, void *baton)
{
    one_t *one = baton;
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_load(&session, work, one->id);

    one->done = 0;
    if (rv != APR_SUCCESS || session.state == CCGW_SESSION_ENDED)
        return rv == CCGW_ENOTFOUND ? APR_SUCCESS : rv;
    if (!one->args->end_open)
        return CCGW_ESTATE;
    one->done = 1;
    if (session.state == CCGW_SESSION_PARKED)
        rv = take_out_of_workbin(work, &session);
    if (rv == APR_SUCCESS)
        rv = session.media == CCGW_MEDIA_VOICE ? ccgw_conference_end(work, &session, CCGW_WHY_OVER)
                                               : ccgw_session_finish(work, &session, 0);
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

static apr_status_t end_all(ccgw_erased_t *erased, ccgw_call_t *call, const ccgw_erase_args_t *args,
                            const ccgw_erase_found_t *found)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < found->nsessions && rv == APR_SUCCESS; i++) {
        one_t one = { found->sessions[i], args, 0, { 0 } };

        rv = ccgw_run(call, end_one, &one, CCGW_DURABLE_UNSET);
        if (rv == APR_SUCCESS)
            erased->ended += one.done;
    }
    return rv;
}

/* ---- taking away ---- */

static apr_status_t look_at_text(hunt_t *hunt, const ccgw_record_t *record, apr_pool_t *turn)
{
    ccgw_outbox_t entry;
    apr_status_t rv = ccgw_record_decode(&entry, &ccgw_outbox_record, record->value, turn);

    if (rv == APR_SUCCESS && (apr_hash_get(hunt->sessions, &entry.session, sizeof entry.session) ||
                              (entry.media == (int)hunt->args->media && equals(entry.to, hunt->args->customer))))
        doom(hunt, record);
    return rv;
}

static apr_status_t look_at_receipt(hunt_t *hunt, const ccgw_record_t *record, apr_pool_t *turn)
{
    ccgw_pointer_t receipt;
    apr_status_t rv = ccgw_record_decode(&receipt, &ccgw_pointer_record, record->value, turn);

    if (rv == APR_SUCCESS && apr_hash_get(hunt->sessions, &receipt.session, sizeof receipt.session))
        doom(hunt, record);
    return rv;
}

/** Is it a key of media, our number, customer, and his? */
static int is_his_key(const hunt_t *hunt, ccgw_buf_t key)
{
    apr_size_t skip = hunt->prefix.n, n = strlen(hunt->args->customer) + 1;
    const char *number;

    if (key.n <= skip || memcmp(key.p, hunt->prefix.p, skip))
        return 0;
    number = (const char *)key.p + skip;
    skip += strnlen(number, key.n - skip) + 1;
    return skip < key.n && key.n - skip == n && !memcmp((const char *)key.p + skip, hunt->args->customer, n);
}

static apr_status_t look_at_key(hunt_t *hunt, const ccgw_record_t *record, apr_pool_t *turn)
{
    if (is_his_key(hunt, record->key))
        doom(hunt, record);
    return APR_SUCCESS;
}

/** He may have begun anew meanwhile; that session is not among those that go. */
static apr_status_t look_at_contact(hunt_t *hunt, const ccgw_record_t *record, apr_pool_t *turn)
{
    ccgw_pointer_t open;
    apr_status_t rv = ccgw_record_decode(&open, &ccgw_pointer_record, record->value, turn);

    if (rv == APR_SUCCESS && apr_hash_get(hunt->sessions, &open.session, sizeof open.session))
        doom(hunt, record);
    return rv;
}

static apr_status_t count_key(hunt_t *hunt, const ccgw_record_t *record, apr_pool_t *turn)
{
    hunt->count += is_his_key(hunt, record->key);
    return APR_SUCCESS;
}

static apr_status_t remove_some(ccgw_work_t *work, void *baton)
{
    one_t *one = baton;
    ccgw_session_t session;
    apr_status_t rv = ccgw_session_load(&session, work, one->id);

    memset(&one->removed, 0, sizeof one->removed);
    if (rv == CCGW_ENOTFOUND) {
        one->done = 1;
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS && session.state != CCGW_SESSION_ENDED)
        return CCGW_ESTATE;
    if (rv == APR_SUCCESS)
        rv = ccgw_retention_remove(&one->removed, work, &session);
    one->done = one->removed.sessions;
    return rv;
}

static apr_status_t remove_session(ccgw_erased_t *erased, ccgw_call_t *call, ccgw_id_t id)
{
    one_t one = { id, NULL, 0, { 0 } };
    apr_status_t rv;

    do {
        rv = ccgw_run(call, remove_some, &one, CCGW_DURABLE_DISK);
        if (rv != APR_SUCCESS)
            return rv;
        erased->sessions += one.removed.sessions;
        erased->messages += one.removed.messages;
        erased->texts += one.removed.texts;
    } while (!one.done);
    return rv;
}

/** Everything but the sessions themselves. */
static apr_status_t remove_pointers(ccgw_erased_t *erased, hunt_t *hunt)
{
    int optout = hunt->args->optout;
    apr_status_t rv = go_through(&erased->texts, hunt, CCGW_TABLE_OUTBOX, look_at_text);

    if (rv == APR_SUCCESS)
        rv = go_through(&erased->receipts, hunt, CCGW_TABLE_RECEIPT, look_at_receipt);
    if (rv == APR_SUCCESS)
        rv = go_through(&erased->contacts, hunt, CCGW_TABLE_CONTACT, look_at_contact);
    if (rv == APR_SUCCESS)
        rv = go_through(&erased->rates, hunt, CCGW_TABLE_RATE, look_at_key);
    if (rv == APR_SUCCESS)
        rv = go_through(optout ? &erased->optouts : &erased->optouts_kept, hunt, CCGW_TABLE_OPTOUT,
                        optout ? look_at_key : count_key);
    return rv;
}

apr_status_t ccgw_erase_run(ccgw_erased_t *erased, ccgw_call_t *call, const ccgw_erase_args_t *args,
                            const ccgw_erase_found_t *found)
{
    apr_status_t rv;
    hunt_t hunt;
    int i, boxes = 0;

    start_hunt(&hunt, call, args);
    for (i = 0; i < found->nsessions; i++)
        apr_hash_set(hunt.sessions, &found->sessions[i], sizeof *found->sessions, &found->sessions[i]);
    rv = end_all(erased, call, args, found);
    /* an event never outlives its session, so without one there is none of them */
    if (rv == APR_SUCCESS && found->nsessions)
        rv = ccgw_renew_tenant(&boxes, call);
    erased->mailboxes += boxes;
    if (rv == APR_SUCCESS)
        rv = remove_pointers(erased, &hunt);
    for (i = 0; i < found->nsessions && rv == APR_SUCCESS; i++)
        rv = remove_session(erased, call, found->sessions[i]);
    return rv;
}
