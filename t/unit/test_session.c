/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_session.c: the main job in the core: texts, offers, invitations, conferences, ends; with a clock of our own. */
#include <apr_strings.h>

#include "core/ccgw_outbox.h"
#include "core/ccgw_session_store.h"
#include "house.h"
#include "tap.h"

static house_t *house;

static ccgw_session_args_t on(ccgw_id_t session)
{
    return (ccgw_session_args_t){ .session = session, .media = CCGW_MEDIA_SMS };
}

static apr_status_t accept_by(const char *who, ccgw_id_t session)
{
    ccgw_session_args_t args = on(session);
    ccgw_done_t done;

    return ccgw_session_accept(house_call(house, who), &args, &done);
}

static apr_status_t invite_by(const char *who, ccgw_id_t session, const char *whom, int offer, apr_int64_t *reference)
{
    ccgw_session_args_t args = on(session);
    ccgw_done_t done = { 0 };
    apr_status_t rv;

    args.target = (ccgw_target_t){ CCGW_TARGET_AGENT, house_id(house, whom) };
    args.offer = offer;
    rv = ccgw_session_invite(house_call(house, who), &args, &done);
    if (reference)
        *reference = done.reference;
    return rv;
}

static apr_status_t say(const char *who, ccgw_id_t session, const char *text, int visibility)
{
    ccgw_session_args_t args = on(session);
    ccgw_done_t done;

    args.text = text;
    args.type = CCGW_MESSAGE_TEXT;
    args.visibility = visibility;
    return ccgw_session_send(house_call(house, who), &args, &done);
}

/** Types of the events WHO heard, as letters: S state, P participants, M messages, D data, E error, A agent. */
static const char *heard(const char *who)
{
    static const char letters[] = ".SPDME++++A";
    static char out[8][64];
    static int turn;
    ccgw_read_event_t *events;
    int i, n = house_heard(house, who, &events);
    char *line = out[turn++ % 8];

    for (i = 0; i < n && i < 63; i++)
        line[i] = letters[events[i].event.type];
    line[i] = 0;
    return line;
}

static void sound(const char *when)
{
    const char *fault = house_fault(house);

    ok(!fault, "%s: all records agree%s%s", when, fault ? ", but: " : "", fault ? fault : "");
}

static const char *customer(void)
{
    static char numbers[100][16];
    static int n;

    apr_snprintf(numbers[n % 100], sizeof numbers[0], "+1777%07d", n);
    return numbers[n++ % 100];
}

/** Nobody but those named is ready; everybody's tasks are gone. */
static void fresh(const char *const *ready)
{
    house = house_open();
    for (; *ready; ready++)
        house_ready(house, *ready);
}

#define READY(...) fresh((const char *const[]){ __VA_ARGS__, NULL })

static void a_text_becomes_a_session(void)
{
    ccgw_read_event_t *events;
    ccgw_session_t session;
    ccgw_id_t id;
    int n;

    READY("anna", "bert");
    house_heard(house, "anna", &events);
    id = house_text(house, "+17770001", "hello");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_QUEUED, "a text becomes a queued session");
    n = house_heard(house, "anna", &events);
    is_int(n, 1, "the longest idle agent hears of it");
    ok(n && events[0].event.type == CCGW_EVENT_SESSION_STATE && events[0].event.view == CCGW_VIEW_OFFERED,
       "as an offer");
    is_str(heard("bert"), "AA", "nobody else does");
    is_int(house_text(house, "+17770001", "more"), id, "the next text joins the session");
    is_int(accept_by("bert", id), CCGW_ENOTFOUND, "whoever was not asked finds no session");
    is_int(accept_by("anna", id), APR_SUCCESS, "the asked one accepts");
    is_str(heard("anna"), "SPM", "and hears state, participants, history in this order");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_ACTIVE, "the session is active");
    is_str(session.owner, house_id(house, "anna"), "and hers");
    is_int(session.messages, 3, "two texts and the joining are in the log");
    is_int(accept_by("anna", id), CCGW_ESTATE, "a second accept is refused");
    sound("after accept");
    house_close(house);
}

static void offers_move_on(void)
{
    ccgw_agent_t agent;
    ccgw_id_t id;

    READY("anna", "bert");
    id = house_text(house, customer(), "hello");
    heard("anna");
    heard("bert");
    house_pass(house, apr_time_from_sec(29));
    is_str(heard("bert"), "", "before its time an offer stays");
    house_pass(house, apr_time_from_sec(2));
    is_str(heard("anna"), "AS", "after the no-answer time it is withdrawn");
    agent = house_agent(house, "anna");
    is_int(agent.channels[0].state, CCGW_PRESENCE_NOT_READY, "she is not ready now");
    is_str(agent.channels[0].reason, "no-answer", "for that reason");
    is_str(heard("bert"), "S", "the next agent is asked");
    is_int(accept_by("anna", id), CCGW_ENOTFOUND, "too late for her");
    is_int(accept_by("bert", id), APR_SUCCESS, "he takes it");
    sound("after no answer");
    house_close(house);
}

static void a_rejected_offer_moves_on(void)
{
    ccgw_session_args_t args;
    ccgw_done_t done;
    ccgw_id_t id;

    READY("anna", "bert");
    id = house_text(house, customer(), "hello");
    heard("anna");
    args = on(id);
    is_int(ccgw_session_reject(house_call(house, "anna"), &args, &done), APR_SUCCESS, "anna rejects");
    is_str(heard("anna"), "S", "and is told it is over for her");
    is_int(ccgw_session_reject(house_call(house, "bert"), &args, &done), APR_SUCCESS, "bert rejects too");
    is_str(heard("anna"), "", "anna is not asked again at once");
    house_pass(house, apr_time_from_sec(31));
    house_pass(house, 1);
    ok(heard("anna")[0] == 'S', "but after a while");
    sound("after rejections");
    house_close(house);
}

static void invitations(void)
{
    apr_int64_t reference = 0;
    ccgw_read_event_t *events;
    ccgw_session_t session;
    ccgw_id_t id;
    int n;

    READY("anna", "bert");
    id = house_text(house, customer(), "hello");
    accept_by("anna", id);
    heard("anna");
    heard("bert");
    is_int(invite_by("anna", id, "bert", CCGW_OFFER_INVITE, &reference), APR_SUCCESS, "anna invites bert");
    ok(reference > 0, "the request has a number");
    is_str(heard("bert"), "S", "bert is asked");
    is_str(heard("anna"), "", "anna hears nothing yet");
    is_int(accept_by("bert", id), APR_SUCCESS, "bert accepts");
    is_str(heard("bert"), "SPM", "bert hears state, participants, history");
    n = house_heard(house, "anna", &events);
    is_int(n, 2, "anna hears two things");
    ok(n == 2 && events[0].event.type == CCGW_EVENT_SESSION_PARTICIPANTS && events[0].event.reference == 0,
       "first the participants, without a number");
    ok(n == 2 && events[1].event.nmessages == 1 && events[1].event.messages[0].type == CCGW_MESSAGE_JOINED &&
           events[1].event.messages[0].index == 3,
       "then the third entry of the log, the joining");
    session = house_session(house, id);
    is_int(ccgw_session_joined(&session), 2, "two agents are in it");
    is_str(session.owner, house_id(house, "anna"), "it is still anna's");
    sound("after an invitation");
    house_close(house);
}

static void who_cannot_join(void)
{
    apr_int64_t reference = 0;
    ccgw_read_event_t *events;
    ccgw_id_t id;
    int n;

    READY("anna");
    id = house_text(house, customer(), "hello");
    accept_by("anna", id);
    heard("anna");
    is_int(invite_by("anna", id, "dora", CCGW_OFFER_INVITE, &reference), APR_SUCCESS,
           "inviting somebody who is not there is accepted");
    n = house_heard(house, "anna", &events);
    ok(n == 1 && events[0].event.type == CCGW_EVENT_SESSION_ERROR, "and answered by an error event");
    ok(n == 1 && events[0].event.reference == reference && events[0].event.only_login,
       "with the request's number, to the asking desktop");
    ccgw_session_args_t args = on(id);
    ccgw_done_t done;
    args.target = (ccgw_target_t){ CCGW_TARGET_AGENT, "nobody" };
    args.offer = CCGW_OFFER_INVITE;
    is_int(ccgw_session_invite(house_call(house, "anna"), &args, &done), CCGW_ENOTFOUND,
           "an unknown target is a fault");
    args.target = (ccgw_target_t){ CCGW_TARGET_AGENT, house_id(house, "eve") };
    is_int(ccgw_session_invite(house_call(house, "anna"), &args, &done), CCGW_ENOTFOUND,
           "another tenant's agent does not exist");
    house_ready(house, "dora");
    heard("anna");
    invite_by("anna", id, "dora", CCGW_OFFER_INVITE, &reference);
    house_pass(house, apr_time_from_sec(31));
    n = house_heard(house, "anna", &events);
    ok(n == 1 && events[0].event.type == CCGW_EVENT_SESSION_ERROR && events[0].event.reference == reference,
       "an invitation nobody answers ends in the same error");
    sound("after failed invitations");
    house_close(house);
}

static void through_a_queue(void)
{
    ccgw_session_args_t args;
    ccgw_done_t done;
    ccgw_id_t id;

    READY("anna", "bert");
    id = house_text(house, customer(), "hello");
    accept_by("anna", id);
    heard("bert");
    args = on(id);
    args.offer = CCGW_OFFER_INVITE;
    args.target = (ccgw_target_t){ CCGW_TARGET_QUEUE, "support" };
    is_int(ccgw_session_invite(house_call(house, "anna"), &args, &done), APR_SUCCESS, "anna invites through a queue");
    is_str(heard("bert"), "S", "the next ready agent of the queue is asked");
    is_int(accept_by("bert", id), APR_SUCCESS, "and joins");
    ccgw_session_t session = house_session(house, id);
    is_int(ccgw_session_joined(&session), 2, "two agents are in it");
    sound("after an invitation through a queue");
    house_close(house);
}

static void conference_and_ends(void)
{
    ccgw_session_args_t args;
    ccgw_session_t session;
    ccgw_done_t done;
    const char *who = customer();
    ccgw_id_t id;

    READY("anna", "bert");
    id = house_text(house, who, "hello");
    accept_by("anna", id);
    is_int(say("anna", id, "only us", CCGW_VISIBLE_AGENTS), CCGW_ESTATE, "alone there is nobody to write to aside");
    invite_by("anna", id, "bert", CCGW_OFFER_INVITE, NULL);
    accept_by("bert", id);
    heard("anna");
    heard("bert");
    is_int(say("anna", id, "to all", CCGW_VISIBLE_ALL), APR_SUCCESS, "anna writes");
    is_str(heard("bert"), "M", "bert reads it");
    is_str(heard("anna"), "M", "and so does anna");
    is_int(say("bert", id, "aside", CCGW_VISIBLE_AGENTS), APR_SUCCESS, "bert writes to agents only");
    args = on(id);
    heard("anna");
    heard("bert");
    is_int(ccgw_session_leave(house_call(house, "anna"), &args, &done), APR_SUCCESS, "anna leaves");
    is_str(heard("anna"), "S", "it is completed for her");
    is_str(heard("bert"), "PM", "bert hears who is left, and that she went");
    session = house_session(house, id);
    is_str(session.owner, house_id(house, "bert"), "bert owns it now");
    is_int(ccgw_session_leave(house_call(house, "bert"), &args, &done), APR_SUCCESS, "bert leaves alone");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_LEFT, "and keeps it for his notes");
    is_int(say("bert", id, "late", CCGW_VISIBLE_ALL), CCGW_ESTATE, "no more texts");
    ok(house_text(house, who, "again") != id, "the customer's next text begins a new session");
    is_int(ccgw_session_complete(house_call(house, "bert"), &args, &done), APR_SUCCESS, "bert completes");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_ENDED, "it is over");
    sound("after the end");
    house_close(house);
}

static void transfers(void)
{
    ccgw_session_args_t args;
    ccgw_session_t session;
    ccgw_done_t done;
    ccgw_id_t id;

    READY("anna", "bert");
    id = house_text(house, customer(), "hello");
    accept_by("anna", id);
    heard("anna");
    args = on(id);
    args.target = (ccgw_target_t){ CCGW_TARGET_CONTACT, "bert@demo.example" };
    args.text = "bert will go on";
    is_int(ccgw_session_transfer(house_call(house, "anna"), &args, &done), APR_SUCCESS, "anna gives it to bert");
    session = house_session(house, id);
    is_int(session.messages, 3, "her last words are in the log");
    is_int(ccgw_session_joined(&session), 1, "she stays until he answers");
    is_int(accept_by("bert", id), APR_SUCCESS, "he accepts");
    session = house_session(house, id);
    is_str(session.owner, house_id(house, "bert"), "it is his");
    is_int(ccgw_session_joined(&session), 1, "she is out");
    is_str(heard("anna"), "MS", "and told so");
    args = on(id);
    args.queue = "support";
    is_int(ccgw_session_transfer(house_call(house, "bert"), &args, &done), APR_SUCCESS, "bert gives it to the queue");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_QUEUED, "where it waits, offered to the next");
    sound("after transfers");
    house_close(house);
}

static void going_away(void)
{
    ccgw_session_t session;
    ccgw_call_t *desk;
    ccgw_id_t id, second;

    READY("anna", "bert");
    id = house_text(house, customer(), "hello");
    accept_by("anna", id);
    house_text(house, customer(), "for bert");
    second = house_text(house, customer(), "for anna");
    session = house_session(house, second);
    ok(ccgw_session_part(&session, house_id(house, "anna")) != NULL, "anna is asked for the third");
    desk = house_call(house, "anna");
    is_int(ccgw_login_close(desk), APR_SUCCESS, "anna's last desktop goes");
    session = house_session(house, second);
    ok(!ccgw_session_part(&session, house_id(house, "anna")), "the offer moves on at once");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_ACTIVE, "what she owns waits for her");
    sound("after sign-out");
    house_pass(house, apr_time_from_sec(121));
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_QUEUED, "and is queued again when she does not come back");
    sound("after she stayed away");
    house_close(house);
}

static void desktops(void)
{
    ccgw_agent_args_t args = { .end_login = 1 };
    ccgw_agent_result_t result;
    ccgw_call_t *second;
    ccgw_session_t session;
    ccgw_id_t id;

    READY("anna", "bert");
    second = house_desktop(house, "anna");
    id = house_text(house, customer(), "hello");
    is_int(ccgw_login_close(second), APR_SUCCESS, "a desktop that only looked on goes");
    is_int(house_agent(house, "anna").open, 1, "she goes on working at the other");
    second = house_desktop(house, "anna");
    is_int(ccgw_agent_close(house_call(house, "anna"), &args, &result), APR_SUCCESS,
           "the desktop at which she works ends its session");
    is_int(house_agent(house, "anna").open, 0, "then she does not work, whatever else is signed in");
    session = house_session(house, id);
    ok(ccgw_session_part(&session, house_id(house, "bert")) != NULL, "the offer moves on at once");
    is_int(ccgw_login_close(second), APR_SUCCESS, "the onlooker goes too");
    sound("after both went");
    house_close(house);
}

static void capacity(void)
{
    ccgw_session_args_t args;
    ccgw_done_t done;
    ccgw_agent_t agent;
    ccgw_id_t id = 0;
    int i;

    READY("anna");
    for (i = 0; i < 7; i++) {
        ccgw_id_t made = house_text(house, customer(), "hello");

        id = id ? id : made;
    }
    agent = house_agent(house, "anna");
    is_int(agent.ntasks, 5, "an agent is given no more than his capacity");
    is_int(agent.channels[0].available, 0, "and is not in the index meanwhile");
    accept_by("anna", id);
    args = on(id);
    is_int(ccgw_session_complete(house_call(house, "anna"), &args, &done), APR_SUCCESS, "one is completed");
    agent = house_agent(house, "anna");
    is_int(agent.ntasks, 5, "the next one comes at once");
    sound("at capacity");
    house_close(house);
}

static void tenants(void)
{
    ccgw_session_args_t args;
    ccgw_session_result_t result;
    ccgw_done_t done;
    ccgw_id_t id;

    READY("anna", "eve");
    id = house_text(house, customer(), "hello");
    accept_by("anna", id);
    args = on(id);
    is_str(heard("eve"), "AA", "another tenant hears nothing");
    is_int(ccgw_session_get(house_call(house, "eve"), &args, &result), CCGW_ENOTFOUND, "and finds nothing");
    is_int(ccgw_session_complete(house_call(house, "eve"), &args, &done), CCGW_ENOTFOUND, "and ends nothing");
    house_close(house);
}

static void reading(void)
{
    ccgw_session_args_t args;
    ccgw_messages_result_t log;
    ccgw_sessions_result_t list;
    ccgw_outbox_t *entries;
    ccgw_id_t id;
    int n;

    READY("anna");
    id = house_text(house, customer(), "hello");
    accept_by("anna", id);
    say("anna", id, "good day", CCGW_VISIBLE_ALL);
    args = on(id);
    args.start = 2;
    is_int(ccgw_session_messages(house_call(house, "anna"), &args, &log), APR_SUCCESS, "the log is read");
    is_int(log.nmessages, 2, "from the second entry on");
    is_str(log.messages[1].text, "good day", "to the last");
    is_int(ccgw_session_list(house_call(house, "anna"), &args, &list), APR_SUCCESS, "her sessions are listed");
    is_int(list.nsessions, 1, "one");
    is_int(ccgw_outbox_list(&entries, &n, house_call(house, "anna"), NULL), APR_SUCCESS, "the outbox is read");
    is_int(n, 0, "nothing is sent before somebody sends it");
    house_close(house);
}

/* ---- what is left behind, and what takes long ---- */

typedef struct pointing_t {
    const char *from;
    ccgw_id_t session;
} pointing_t;

static apr_status_t point(ccgw_work_t *work, void *baton)
{
    const pointing_t *to = baton;
    ccgw_pointer_t there, open = { .session = to->session };
    apr_uint64_t version;
    ccgw_buf_t key = ccgw_contact_key(house->demo, CCGW_MEDIA_SMS, "+15550000", to->from, work->pool);
    apr_status_t rv = ccgw_work_get(&there, &version, work, CCGW_TABLE_CONTACT, key, &ccgw_pointer_record);

    return rv == APR_SUCCESS ? ccgw_work_put(work, CCGW_TABLE_CONTACT, key, &ccgw_pointer_record, &open, 0) : rv;
}

static void stale_pointers(void)
{
    const char *from = customer();
    ccgw_session_args_t args;
    pointing_t to = { from, 0 };
    ccgw_done_t done;
    ccgw_id_t id, next;

    READY("anna");
    to.session = id = house_text(house, from, "hello");
    accept_by("anna", id);
    args = on(id);
    is_int(ccgw_session_complete(house_call(house, "anna"), &args, &done), APR_SUCCESS, "a session is over");
    is_str(house_fault(house), NULL, "and the customer has none");
    is_int(ccgw_run(house_call(house, "anna"), point, &to, CCGW_DURABLE_UNSET), APR_SUCCESS, "damage says he has it");
    is_str(house_fault(house), "a customer whose open session is over", "which the house notices");
    next = house_text(house, from, "hello?");
    ok(next != id && house_session(house, next).messages, "his text begins a new one");
    is_int(house_session(house, id).state, CCGW_SESSION_ENDED, "the old one stays over");
    is_str(house_fault(house), NULL, "and the pointer is right again");

    to.from = customer();
    to.session = 4711;
    ccgw_run(house_call(house, "anna"), point, &to, CCGW_DURABLE_UNSET);
    next = house_text(house, to.from, "hello");
    ok(next && next != to.session, "so it does when damage says he has one that is nowhere");
    is_str(house_fault(house), NULL, "and that pointer is right too");
    house_close(house);
}

static int conflicts, attempts;
static apr_interval_time_t stands_still;

/* Whoever commits was stopped for a while, and somebody else was faster. */
static apr_status_t commit_late(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    attempts++;
    apr_sleep(stands_still);
    stands_still = 0;
    return conflicts-- > 0 ? CCGW_ECONFLICT : house->real->commit(at, txn, durability);
}

static void conflicts_after_a_standstill(void)
{
    ccgw_id_t id;

    READY("anna");
    id = house_text(house, customer(), "hello");
    accept_by("anna", id);
    house->provider.commit = commit_late;
    attempts = 0;
    conflicts = 3;
    stands_still = apr_time_from_msec(2100);
    is_int(say("anna", id, "one", CCGW_VISIBLE_ALL), APR_SUCCESS, "an attempt that stood still for long is repeated");
    is_int(attempts, 4, "until it succeeds");
    attempts = 0;
    conflicts = 1000000;
    is_int(say("anna", id, "two", CCGW_VISIBLE_ALL), CCGW_EBUSY, "conflicts without an end are too many");
    ok(attempts >= 8, "after many attempts (%d)", attempts);
    house->provider.commit = house->real->commit;
    house_close(house);
}

int main(void)
{
    a_text_becomes_a_session();
    offers_move_on();
    a_rejected_offer_moves_on();
    invitations();
    who_cannot_join();
    through_a_queue();
    conference_and_ends();
    transfers();
    going_away();
    desktops();
    capacity();
    tenants();
    reading();
    stale_pointers();
    conflicts_after_a_standstill();
    return done_testing();
}
