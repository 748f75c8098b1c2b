/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session_receive.c: what a customer sends: joins his open session, or begins one and queues it. */
#include <string.h>

#include "ccgw_channel.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"

/** Carrier ids are remembered this long, to drop repeats. */
#define RECEIPT_KEPT apr_time_from_sec(24 * 3600)

typedef struct verb_t {
    const ccgw_inbound_t *text;
    const ccgw_number_def_t *number;
    ccgw_id_t *session;
} verb_t;

static ccgw_buf_t receipt_key(const ccgw_work_t *work, const ccgw_inbound_t *text)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, work->call->tenant, work->pool);
    ccgw_key_number(&key, (apr_uint64_t)text->media);
    ccgw_key_text(&key, text->to);
    ccgw_key_text(&key, text->carrier_id);
    return ccgw_key_buf(&key);
}

/** Was this carrier id taken before? Then *session is where. */
static apr_status_t repeated(ccgw_id_t *session, ccgw_work_t *work, const ccgw_inbound_t *text)
{
    ccgw_pointer_t receipt;
    apr_uint64_t version;
    apr_status_t rv;

    *session = 0;
    if (!ccgw_str_given(text->carrier_id))
        return APR_SUCCESS;
    rv = ccgw_work_get(&receipt, &version, work, CCGW_TABLE_RECEIPT, receipt_key(work, text), &ccgw_pointer_record);
    *session = receipt.session;
    return rv;
}

static apr_status_t note_receipt(ccgw_work_t *work, const ccgw_inbound_t *text, ccgw_id_t session)
{
    ccgw_pointer_t receipt = { .session = session };

    if (!ccgw_str_given(text->carrier_id))
        return APR_SUCCESS;
    return ccgw_work_put(work, CCGW_TABLE_RECEIPT, receipt_key(work, text), &ccgw_pointer_record, &receipt,
                         work->call->now + RECEIPT_KEPT);
}

static apr_status_t begin_session(ccgw_session_t *session, ccgw_work_t *work, const verb_t *verb, ccgw_buf_t contact)
{
    ccgw_participant_t customer = { .id = ccgw_id_new(work->call->wall),
                                    .party = CCGW_PARTY_CUSTOMER,
                                    .leg = CCGW_LEG_JOINED,
                                    .visibility = CCGW_VISIBLE_ALL,
                                    .nickname = verb->text->from },
                       *added;
    ccgw_pointer_t open = { 0 };
    apr_status_t rv = ccgw_session_fresh_id(&open.session, work);

    if (rv != APR_SUCCESS)
        return rv;
    *session = (ccgw_session_t){ .id = open.session,
                                 .media = verb->text->media,
                                 .queue = verb->number->queue,
                                 .customer = verb->text->from,
                                 .number = verb->text->to,
                                 .data = verb->text->data.v,
                                 .ndata = verb->text->data.n,
                                 .created = work->call->wall };
    ccgw_session_join(&added, session, &customer, work->pool);
    rv = ccgw_session_requeue(work, session, NULL);
    return rv == APR_SUCCESS ? ccgw_work_put(work, CCGW_TABLE_CONTACT, contact, &ccgw_pointer_record, &open, 0) : rv;
}

/** The customer's open session, or a new one. */
static apr_status_t find_session(ccgw_session_t *session, ccgw_work_t *work, const verb_t *verb)
{
    const ccgw_inbound_t *text = verb->text;
    ccgw_buf_t contact = ccgw_contact_key(work->call->tenant, text->media, text->to, text->from, work->pool);
    ccgw_pointer_t open;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&open, &version, work, CCGW_TABLE_CONTACT, contact, &ccgw_pointer_record);

    if (rv != APR_SUCCESS)
        return rv;
    if (version) {
        rv = ccgw_session_load(session, work, open.session);
        if (rv != CCGW_ENOTFOUND && (rv != APR_SUCCESS || session->state != CCGW_SESSION_ENDED))
            return rv;
    }
    return begin_session(session, work, verb, contact);
}

static apr_status_t do_receive(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_event_t event = { .type = CCGW_EVENT_SESSION_MESSAGES };
    ccgw_session_t session;
    ccgw_message_t message;
    apr_status_t rv = repeated(verb->session, work, verb->text);

    if (rv != APR_SUCCESS || *verb->session)
        return rv;
    rv = find_session(&session, work, verb);
    if (rv != APR_SUCCESS)
        return rv;
    message = ccgw_session_message(ccgw_session_writer(&session, verb->text->from), CCGW_MESSAGE_TEXT, CCGW_VISIBLE_ALL,
                                   verb->text->text);
    rv = ccgw_session_log(&message, work, &session);
    if (rv == APR_SUCCESS)
        rv = ccgw_session_send_out(work, &session, &message);
    event.session = &session;
    event.messages = &message;
    event.nmessages = 1;
    if (rv == APR_SUCCESS)
        rv = ccgw_event_tell_session(work, &event, &session, 0);
    if (rv == APR_SUCCESS)
        rv = note_receipt(work, verb->text, session.id);
    *verb->session = session.id;
    return rv == APR_SUCCESS ? ccgw_session_save(work, &session) : rv;
}

apr_status_t ccgw_session_receive(ccgw_call_t *call, const ccgw_inbound_t *text, ccgw_id_t *session)
{
    verb_t verb = { text, ccgw_floor_number(call->core->floor, text->media, text->to), session };

    if (!verb.number || verb.number->tenant != call->tenant)
        return ccgw_problem(call, CCGW_ENOTFOUND, "to", "nobody has the number '%s'", text->to);
    if (!ccgw_str_given(text->from) || !text->text)
        return ccgw_problem(call, CCGW_EMISSING, "from", "a text needs a sender and a body");
    return ccgw_run(call, do_receive, &verb, CCGW_DURABLE_UNSET);
}
