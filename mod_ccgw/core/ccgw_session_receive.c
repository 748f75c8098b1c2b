/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_session_receive.c: what a customer sends: joins his open session, or begins one and queues it; STOP and START. */
#include <string.h>

#include "ccgw_channel.h"
#include "core/ccgw_due.h"
#include "core/ccgw_optout.h"
#include "core/ccgw_rate.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"
#include "util/ccgw_log.h"

/** Carrier ids are remembered this long, to drop repeats. */
#define RECEIPT_KEPT apr_time_from_sec(24 * 3600)

typedef struct verb_t {
    const ccgw_inbound_t *text;
    const ccgw_number_def_t *number;
    ccgw_id_t *session;
    ccgw_wish_t wish; /* what the text as a whole asks for ... */
    const char *word; /* ... and by which word */
    int changed;      /* it was not so already */
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

/** Was this carrier id taken before? Then *session is where it went; 0 also when it went to none. */
static apr_status_t repeated(int *known, ccgw_id_t *session, ccgw_work_t *work, const ccgw_inbound_t *text)
{
    ccgw_pointer_t receipt;
    apr_uint64_t version;
    apr_status_t rv;

    *known = 0;
    *session = 0;
    if (!ccgw_str_given(text->carrier_id))
        return APR_SUCCESS;
    rv = ccgw_work_get(&receipt, &version, work, CCGW_TABLE_RECEIPT, receipt_key(work, text), &ccgw_pointer_record);
    *known = rv == APR_SUCCESS && version;
    *session = receipt.session;
    return rv;
}

static apr_status_t note_receipt(ccgw_work_t *work, const ccgw_inbound_t *text, ccgw_id_t session)
{
    ccgw_pointer_t receipt = { .session = session };

    if (!ccgw_str_given(text->carrier_id))
        return APR_SUCCESS;
    return ccgw_work_put(work, CCGW_TABLE_RECEIPT, receipt_key(work, text), &ccgw_pointer_record, &receipt,
                         CCGW_DUE_TIDY + work->call->now + RECEIPT_KEPT);
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

/** The customer's open session; its id is 0 when he has none. A session takes the pointer with it when it ends, in the
 *  same transaction. Should damage have left one behind, it must not swallow his texts. */
static apr_status_t find_session(ccgw_session_t *session, ccgw_work_t *work, ccgw_buf_t contact)
{
    ccgw_pointer_t open;
    apr_uint64_t version;
    apr_status_t rv = ccgw_work_get(&open, &version, work, CCGW_TABLE_CONTACT, contact, &ccgw_pointer_record);

    session->id = 0;
    if (rv != APR_SUCCESS || !version)
        return rv;
    rv = ccgw_session_load(session, work, open.session);
    if (rv == CCGW_ENOTFOUND || (rv == APR_SUCCESS && session->state == CCGW_SESSION_ENDED)) {
        session->id = 0;
        return APR_SUCCESS;
    }
    return rv;
}

/** Write MESSAGE into the log and tell whoever is in SESSION. */
static apr_status_t add_entry(ccgw_work_t *work, ccgw_session_t *session, ccgw_message_t *message)
{
    ccgw_event_t event = {
        .type = CCGW_EVENT_SESSION_MESSAGES, .session = session, .messages = message, .nmessages = 1
    };
    apr_status_t rv = ccgw_session_log(message, work, session);

    if (rv == APR_SUCCESS && message->type == CCGW_MESSAGE_TEXT)
        rv = ccgw_session_send_out(work, session, message);
    return rv == APR_SUCCESS ? ccgw_event_tell_session(work, &event, session, 0) : rv;
}

static apr_status_t add_notice(ccgw_work_t *work, ccgw_session_t *session, const verb_t *verb)
{
    ccgw_message_t notice = { .type = CCGW_MESSAGE_CUSTOM_NOTICE,
                              .visibility = CCGW_VISIBLE_AGENTS,
                              .nickname = "System",
                              .text = verb->wish == CCGW_WISH_STOP ? "The customer wants no more texts."
                                                                   : "The customer wants texts again." };

    return add_entry(work, session, &notice);
}

/** The text itself is an entry like any other, also when it is a STOP word. */
static apr_status_t add_text(ccgw_work_t *work, ccgw_session_t *session, const verb_t *verb)
{
    ccgw_message_t message = ccgw_session_message(ccgw_session_writer(session, verb->text->from), CCGW_MESSAGE_TEXT,
                                                  CCGW_VISIBLE_ALL, verb->text->text);
    apr_status_t rv = add_entry(work, session, &message);

    if (rv == APR_SUCCESS && verb->changed)
        rv = add_notice(work, session, verb);
    return rv == APR_SUCCESS ? ccgw_session_save(work, session) : rv;
}

/** A STOP never begins a session, a START only when there is nothing to take back: then it is a text like any other. */
static int needs_session(const verb_t *verb)
{
    return verb->wish == CCGW_WISH_NONE || (verb->wish == CCGW_WISH_START && !verb->changed);
}

static apr_status_t do_receive(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    const ccgw_inbound_t *text = verb->text;
    ccgw_buf_t contact = ccgw_contact_key(work->call->tenant, text->media, text->to, text->from, work->pool);
    ccgw_session_t session;
    int known;
    apr_status_t rv = repeated(&known, verb->session, work, text);

    verb->changed = 0;
    session.id = 0;
    if (rv != APR_SUCCESS || known)
        return rv;
    if (verb->wish == CCGW_WISH_NONE)
        rv = ccgw_rate_customer(work, text->media, text->to, text->from);
    if (rv == APR_SUCCESS)
        rv = find_session(&session, work, contact);
    if (rv == APR_SUCCESS && verb->wish != CCGW_WISH_NONE)
        rv = ccgw_optout_set(&verb->changed, work, text->media, text->to, text->from,
                             verb->wish == CCGW_WISH_STOP ? verb->word : NULL, session.id);
    if (rv == APR_SUCCESS && !session.id && needs_session(verb))
        rv = begin_session(&session, work, verb, contact);
    if (rv == APR_SUCCESS)
        rv = note_receipt(work, text, session.id);
    *verb->session = session.id;
    return rv == APR_SUCCESS && session.id ? add_text(work, &session, verb) : rv;
}

/** The end of the customer's number must do: logs are read by many. */
static void log_wish(const ccgw_call_t *call, const verb_t *verb)
{
    const char *from = verb->text->from;
    apr_size_t n = strlen(from);
    char id[17];

    ccgw_id_hex(id, *verb->session);
    ccgw_log(CCGW_LOG_INFO, APR_SUCCESS, "CCGW0320: tenant \"%s\": the customer ...%s wants %s from %s: %s, %s%s",
             call->tenant->name, from + (n > 4 ? n - 4 : 0),
             verb->wish == CCGW_WISH_STOP ? "no more texts" : "texts again", verb->text->to, verb->word,
             *verb->session ? "session " : "in no session", *verb->session ? id : "");
}

apr_status_t ccgw_session_receive(ccgw_call_t *call, const ccgw_inbound_t *text, ccgw_id_t *session)
{
    verb_t verb = { text, ccgw_floor_number(call->core->floor, text->media, text->to), session };
    apr_status_t rv;

    if (!verb.number || verb.number->tenant != call->tenant)
        return ccgw_problem(call, CCGW_ENOTFOUND, "to", "nobody has the number '%s'", text->to);
    if (!ccgw_str_given(text->from) || !text->text)
        return ccgw_problem(call, CCGW_EMISSING, "from", "a text needs a sender and a body");
    /* No limit keeps a wish from being heard, and none is used up by it. */
    verb.wish = ccgw_optout_wish(&verb.word, call->core, text->media, text->text, call->pool);
    rv = verb.wish == CCGW_WISH_NONE ? ccgw_rate_number(call, text->media, text->to) : APR_SUCCESS;
    if (rv != APR_SUCCESS)
        return rv;
    rv = ccgw_run(call, do_receive, &verb, CCGW_DURABLE_UNSET);
    if (rv == CCGW_ERATE)
        ccgw_rate_number_back(call, text->media, text->to);
    if (rv == APR_SUCCESS && verb.changed)
        log_wish(call, &verb);
    return rv;
}
