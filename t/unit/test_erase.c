/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_erase.c: one customer is erased: all of his, nothing of others, and agents hear of what ends for it. */
#include <apr_strings.h>

#include "core/ccgw_conference.h"
#include "core/ccgw_erase.h"
#include "core/ccgw_member.h"
#include "core/ccgw_optout.h"
#include "core/ccgw_outbox.h"

#include "house.h"
#include "stored.h"
#include "tap.h"

#define HIM    "+4915712345"
#define HER    "+4915712346"
#define NUMBER "+15550000"

static house_t *house;

static void begin(void)
{
    house = house_open();
    house_ready(house, "anna");
}

static void end(void)
{
    const char *fault = house_fault(house);

    ok(!fault, "... and all records agree: %s", fault ? fault : "yes");
    house_close(house);
}

static ccgw_call_t *nobody(void)
{
    ccgw_call_t *call = apr_palloc(house->pool, sizeof *call);

    ccgw_call_init(call, &house->core, house->demo, NULL, NULL, house->pool);
    return call;
}

/** A text that its carrier gave an id. */
static ccgw_id_t text_with_id(const char *from, const char *text, const char *id)
{
    ccgw_inbound_t in = { .media = CCGW_MEDIA_SMS, .from = from, .to = NUMBER, .text = text, .carrier_id = id };
    ccgw_id_t session = 0;

    ok(!ccgw_session_receive(nobody(), &in, &session), "a text comes in: %s", text);
    return session;
}

static void accept_it(ccgw_id_t session)
{
    ccgw_session_args_t args = { .session = session };
    ccgw_done_t done;

    ok(!ccgw_session_accept(house_call(house, "anna"), &args, &done), "she accepts");
}

static void say(ccgw_id_t session, const char *text)
{
    ccgw_session_args_t args = { .session = session, .type = CCGW_MESSAGE_TEXT, .text = text };
    ccgw_done_t done;

    ok(!ccgw_session_send(house_call(house, "anna"), &args, &done), "she writes: %s", text);
}

static void complete(ccgw_id_t session)
{
    ccgw_session_args_t args = { .session = session };
    ccgw_done_t done;

    ok(!ccgw_session_complete(house_call(house, "anna"), &args, &done), "she completes it");
}

static apr_status_t carry(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    return APR_SUCCESS;
}

static void send_all(void)
{
    house_send(NULL, house, carry, NULL);
}

static apr_status_t erase(ccgw_erased_t *erased, ccgw_erase_found_t *found, ccgw_erase_args_t args)
{
    apr_status_t rv;

    memset(erased, 0, sizeof *erased);
    if (!args.customer)
        args.customer = HIM;
    if (!args.media)
        args.media = CCGW_MEDIA_SMS;
    rv = ccgw_erase_find(found, nobody(), &args);
    return rv == APR_SUCCESS ? ccgw_erase_run(erased, nobody(), &args, found) : rv;
}

static apr_status_t note_stop(ccgw_work_t *work, void *baton)
{
    int changed;

    return ccgw_optout_set(&changed, work, CCGW_MEDIA_SMS, NUMBER, baton, "STOP", 0);
}

/* ---- all of his ---- */

static void all_of_him_goes(void)
{
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_id_t his, hers;

    begin();
    his = text_with_id(HIM, "his words", "carrier-1");
    accept_it(his);
    say(his, "sent to him");
    send_all();
    say(his, "waits for him");
    complete(his);
    hers = text_with_id(HER, "her words", "carrier-2");
    accept_it(hers);
    say(hers, "sent to her");
    complete(hers);
    ok(stored_holding(house, HIM) > 3, "he stands in many records");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ 0 }), APR_SUCCESS, "he is erased");
    is_int(stored_holding(house, HIM), 0, "no record holds his address");
    is_int(stored_holding(house, "his words"), 0, "... or what he wrote");
    is_int(stored_holding(house, "him"), 0, "... or what was written to him");
    is_int(erased.sessions, 1, "one session is counted");
    is_int(erased.messages, 4, "... its messages");
    is_int(erased.texts, 2, "... two texts to him");
    is_int(erased.receipts, 1, "... the carrier's id");
    is_int(erased.ended, 0, "... none that had to be ended");
    is_int(house_session(house, hers).id == hers, 1, "another customer's session stays");
    is_int(stored_messages(house, hers), 3, "... with its messages");
    is_int(stored_count(house, CCGW_TABLE_RECEIPT), 1, "... and its receipt");
    is_int(stored_count(house, CCGW_TABLE_OUTBOX), 1, "... and its text");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ 0 }), APR_SUCCESS, "he can be erased again");
    is_int(erased.sessions + erased.messages + erased.texts + erased.receipts + erased.mailboxes, 0,
           "... and there is nothing left to do");
    end();
}

static void only_that_media(void)
{
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_id_t his;

    begin();
    his = house_text(house, HIM, "his words");
    accept_it(his);
    complete(his);
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ .media = CCGW_MEDIA_CHAT }), APR_SUCCESS,
           "his chats are erased");
    is_int(erased.sessions, 0, "... of which there are none");
    is_int(stored_messages(house, his), 3 - 1, "what came by another media stays");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ .customer = "+491571234" }), APR_SUCCESS,
           "an address that his begins with is erased");
    is_int(erased.sessions, 0, "... it is not his");
    end();
}

static void long_sessions_go_too(void)
{
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_id_t his = 0;
    int i, k;

    begin();
    for (k = 0; k < 3; k++) {
        for (i = 0; i < 700; i++)
            his = house_text(house, HIM, "his words");
        accept_it(his);
        complete(his);
    }
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ 0 }), APR_SUCCESS, "he is erased");
    is_int(erased.sessions, 3, "all his sessions go");
    is_int(erased.messages, 3 * 701, "... with all messages");
    is_int(stored_count(house, CCGW_TABLE_MESSAGE), 0, "... of which none is left");
    end();
}

static void he_is_found_among_many(void)
{
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    int i;

    begin();
    for (i = 0; i < 300; i++)
        house_text(house, apr_psprintf(house->pool, "+4930%03d", i), "her words");
    house_text(house, HIM, "his words");
    for (i = 300; i < 600; i++)
        house_text(house, apr_psprintf(house->pool, "+4930%03d", i), "her words");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ .end_open = 1 }), APR_SUCCESS, "one of many is erased");
    is_int(stored_holding(house, HIM), 0, "no record holds his address");
    is_int(stored_count(house, CCGW_TABLE_SESSION), 600, "... the others are all there");
    end();
}

static void where_he_was_only_for_a_while(void)
{
    ccgw_session_args_t args = { .target = { CCGW_TARGET_MEMBER, HIM } };
    ccgw_session_result_t result;
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_id_t hers;

    begin();
    hers = house_text(house, HER, "her words");
    accept_it(hers);
    args.session = hers;
    ok(!ccgw_member_invite(house_call(house, "anna"), &args, &result), "he comes into her session");
    is_int(house_text(house, HIM, "his words") == hers, 1, "... says something");
    ok(!ccgw_member_remove(house_call(house, "anna"), &args, &result), "... and is taken out of it");
    complete(hers);
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ 0 }), APR_SUCCESS, "he is erased");
    is_int(erased.sessions, 1, "the session he had a part in goes");
    is_int(stored_holding(house, HIM), 0, "no record holds his address");
    end();
}

/* ---- what goes on ---- */

/** Did WHO hear that SESSION is completed for him? */
static int heard_end(const char *who, ccgw_id_t session)
{
    ccgw_read_event_t *events;
    int i, heard = 0, n = house_heard(house, who, &events);

    for (i = 0; i < n; i++)
        heard += events[i].event.session && events[i].event.session->id == session &&
                 events[i].event.view == CCGW_VIEW_COMPLETED;
    return heard;
}

/* The mailbox begins anew behind it: whether the event was told is looked at before that. */
static int told;
static ccgw_id_t watched;
static apr_status_t listen_at_close(ccgw_txn_t *txn, ccgw_buf_t mailbox)
{
    if (!told)
        told = heard_end("anna", watched);
    return house->real->close_box(txn, mailbox);
}

static void an_open_session_is_refused(void)
{
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_id_t ended, open;

    begin();
    ended = house_text(house, HIM, "his words");
    accept_it(ended);
    complete(ended);
    open = house_text(house, HIM, "his new words");
    accept_it(open);
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ 0 }), CCGW_ESTATE, "a session that goes on is in the way");
    is_int(found.nopen, 1, "... it is named");
    ok(found.open[0] == open, "... by its id");
    is_int(stored_messages(house, ended), 2, "... and nothing is erased");
    watched = open;
    told = 0;
    house->provider.close_box = listen_at_close;
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ .end_open = 1 }), APR_SUCCESS,
           "it is ended when that is asked for");
    is_int(erased.ended, 1, "... which is counted");
    is_int(erased.sessions, 2, "... and goes with the other one");
    is_int(told, 1, "its agent hears that it is completed");
    is_int(house_agent(house, "anna").ntasks, 0, "... and is free");
    is_int(stored_count(house, CCGW_TABLE_CONTACT), 0, "his next text will begin a new one");
    is_int(stored_holding(house, HIM), 0, "no record holds his address");
    end();
}

static void waiting_and_parked_ones_end_too(void)
{
    const ccgw_workbin_def_t *bin;
    ccgw_workbin_args_t args = { 0 };
    ccgw_workbin_result_t result = { 0 };
    ccgw_agent_args_t not_ready = { .state = "not-ready" };
    ccgw_agent_result_t agent = { 0 };
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_id_t parked;
    int i;

    begin();
    for (i = 0; (bin = ccgw_floor_workbin_at(house->core.floor, house->demo, i)) && bin->kind != CCGW_OWNER_AGENT; i++)
        ;
    parked = house_text(house, HIM, "parked words");
    accept_it(parked);
    args.session = parked;
    args.workbin = bin->id;
    ok(!ccgw_workbin_add(house_call(house, "anna"), &args, &result), "a session of his is parked");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ 0 }), CCGW_ESTATE, "it is in the way");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ .end_open = 1 }), APR_SUCCESS, "it is ended");
    is_int(stored_count(house, CCGW_TABLE_WORKBIN), 0, "... and out of its workbin");
    ok(!ccgw_agent_set_state(house_call(house, "anna"), &not_ready, &agent), "nobody is ready");
    house_text(house, HIM, "waiting words");
    is_int(stored_count(house, CCGW_TABLE_QUEUE), 1, "a session of his waits in a queue");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ .end_open = 1 }), APR_SUCCESS, "it is ended");
    is_int(stored_count(house, CCGW_TABLE_QUEUE), 0, "... and out of its queue");
    is_int(stored_holding(house, HIM), 0, "no record holds his address");
    end();
}

static void conferences_end_too(void)
{
    const char *voice = "voice";
    ccgw_agent_args_t open = { .channels = { &voice, 1 } };
    ccgw_agent_result_t agent = { 0 };
    ccgw_address_t phone = { .kind = CCGW_ADDRESS_PHONE, .address = HIM };
    ccgw_conference_args_t args = { .limit = 5, .addresses = &phone, .naddresses = 1 };
    ccgw_erase_args_t of_him = { .media = CCGW_MEDIA_VOICE, .end_open = 1 };
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_done_t done;

    begin();
    ok(!ccgw_agent_open(house_call(house, "anna"), &open, &agent), "she has a telephone");
    ok(!ccgw_conference_request(house_call(house, "anna"), &args, &done), "she begins a conference");
    ok(!ccgw_conference_invite(house_call(house, "anna"), &args, &done), "... and rings him");
    is_int(erase(&erased, &found, of_him), APR_SUCCESS, "he is erased");
    is_int(erased.ended, 1, "the conference has ended");
    is_int(stored_holding(house, HIM), 0, "no record holds his address");
    is_int(stored_count(house, CCGW_TABLE_SESSION), 0, "... and the conference is gone");
    end();
}

/* ---- wishes, events ---- */

static void stop_goes_on_holding(void)
{
    ccgw_erase_found_t found;
    ccgw_erased_t erased;

    begin();
    ok(!ccgw_run(nobody(), note_stop, (void *)HIM, CCGW_DURABLE_UNSET), "he wants no texts");
    ok(!ccgw_run(nobody(), note_stop, (void *)HER, CCGW_DURABLE_UNSET), "she does not either");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ 0 }), APR_SUCCESS, "he is erased");
    is_int(stored_count(house, CCGW_TABLE_OPTOUT), 2, "that he wants no texts goes on holding");
    is_int(erased.optouts_kept, 1, "... which is said");
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ .optout = 1 }), APR_SUCCESS,
           "that too is erased when asked for");
    is_int(erased.optouts, 1, "... which is counted");
    is_int(stored_holding(house, HIM), 0, "... no record holds his address");
    is_int(stored_holding(house, HER), 1, "... her wish stays");
    end();
}

static void events_go_with_him(void)
{
    ccgw_cursor_t start, place;
    ccgw_erase_found_t found;
    ccgw_read_event_t *events;
    ccgw_erased_t erased;
    ccgw_login_t login;
    ccgw_call_t *call;
    int n;

    begin();
    call = house_call(house, "anna");
    ccgw_login_get(&login, call, call->login);
    start = house->real->last(house->core.store, ccgw_buf_str("demo"));
    accept_it(house_text(house, HIM, "his words"));
    is_int(ccgw_event_read(&events, &n, &place, &house->core, house->demo, &login, start, 99, house->pool), APR_SUCCESS,
           "an agent's mailbox holds his words");
    ok(n > 0, "... in %d events", n);
    is_int(erase(&erased, &found, (ccgw_erase_args_t){ .end_open = 1 }), APR_SUCCESS, "he is erased");
    ok(erased.mailboxes > 0, "%d mailboxes begin anew", erased.mailboxes);
    is_int(ccgw_event_read(&events, &n, &place, &house->core, house->demo, &login, start, 99, house->pool),
           CCGW_ERESYNC, "whoever reads is told to start over");
    accept_it(house_text(house, HER, "her words"));
    is_int(ccgw_event_read(&events, &n, &place, &house->core, house->demo, &login, place, 99, house->pool), APR_SUCCESS,
           "... and from there on hears");
    ok(n > 0, "... what comes after it: %d events", n);
    end();
}

static void who_begins_anew_stays(void)
{
    ccgw_erase_args_t args = { .media = CCGW_MEDIA_SMS, .customer = HIM };
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_id_t his = 0;
    int i;

    begin();
    for (i = 0; i < 500; i++)
        his = house_text(house, HIM, "his words");
    accept_it(his);
    complete(his);
    ok(!ccgw_erase_find(&found, nobody(), &args), "he is found");
    for (i = 0; i < 3; i++)
        house_text(house, HIM, "he begins anew");
    is_int(ccgw_erase_run(memset(&erased, 0, sizeof erased), nobody(), &args, &found), APR_SUCCESS,
           "what was found is erased");
    is_int(erased.sessions, 1, "... and no more than that");
    is_int(stored_count(house, CCGW_TABLE_CONTACT), 1, "who began anew meanwhile is in his new session");
    is_int(stored_count(house, CCGW_TABLE_MESSAGE), 3, "... with what he wrote there");
    end();
}

static int commits_left;

static apr_status_t commit_some(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    return commits_left-- > 0 ? house->real->commit(at, txn, durability) : CCGW_ESTORE;
}

static void one_that_was_cut_short_goes_on(void)
{
    ccgw_erase_found_t found;
    ccgw_erased_t erased;
    ccgw_id_t his = 0;
    int i, lost = 0, cuts = 0;
    apr_status_t rv;

    begin();
    for (i = 0; i < 500; i++)
        his = house_text(house, HIM, "his words");
    accept_it(his);
    complete(his);
    his = text_with_id(HIM, "his last words", "carrier-1");
    accept_it(his);
    say(his, "waits for him");
    house->provider.commit = commit_some;
    do {
        commits_left = cuts;
        rv = erase(&erased, &found, (ccgw_erase_args_t){ .end_open = 1 });
        lost += rv != APR_SUCCESS && stored_holding(house, HIM) && !found.nsessions;
    } while (rv != APR_SUCCESS && cuts++ < 1000);
    is_int(rv, APR_SUCCESS, "it can be cut short %d times and goes on", cuts);
    ok(cuts > 2, "... which did happen");
    is_int(lost, 0, "... what is left can be found each time");
    is_int(stored_holding(house, HIM), 0, "in the end no record holds his address");
    end();
}

int main(void)
{
    all_of_him_goes();
    only_that_media();
    long_sessions_go_too();
    he_is_found_among_many();
    where_he_was_only_for_a_while();
    an_open_session_is_refused();
    waiting_and_parked_ones_end_too();
    conferences_end_too();
    stop_goes_on_holding();
    events_go_with_him();
    who_begins_anew_stays();
    one_that_was_cut_short_goes_on();
    return done_testing();
}
