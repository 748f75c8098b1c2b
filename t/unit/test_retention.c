/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_retention.c: what leaves by rule: ended sessions with all that hangs on them, and events that have grown old. */
#include <apr_strings.h>

#include "core/ccgw_due.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_retention.h"

#include "house.h"
#include "stored.h"
#include "tap.h"

#define DAY     apr_time_from_sec(86400)
#define MISSING 0 /* the id of a session that is not there */

static house_t *house;

static void begin(void)
{
    house = house_open();
    house->core.limits.login_idle = 400 * DAY;
    house_ready(house, "anna");
}

static void end(void)
{
    const char *fault = house_fault(house);

    ok(!fault, "... and all records agree: %s", fault ? fault : "yes");
    house_close(house);
}

static ccgw_id_t take(const char *from, const char *text)
{
    ccgw_session_args_t args = { .session = house_text(house, from, text) };
    ccgw_done_t done;

    ccgw_session_accept(house_call(house, "anna"), &args, &done);
    return args.session;
}

static void say(ccgw_id_t session, const char *text)
{
    ccgw_session_args_t args = { .session = session, .type = CCGW_MESSAGE_TEXT, .text = text };
    ccgw_done_t done;

    ok(!ccgw_session_send(house_call(house, "anna"), &args, &done), "she writes %s", text);
}

static void complete(ccgw_id_t session)
{
    ccgw_session_args_t args = { .session = session };
    ccgw_done_t done;

    ok(!ccgw_session_complete(house_call(house, "anna"), &args, &done), "she completes it");
}

static int is_there(ccgw_id_t session)
{
    return house_session(house, session).id != MISSING;
}

static apr_status_t carry(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    return *(apr_status_t *)baton;
}

/** The outbox hands everything to a carrier that answers RV. */
static void send_all(apr_status_t rv)
{
    house_send(NULL, house, carry, &rv);
}

/** All sessions are looked at once more, a few at a time. */
static int survey(int max)
{
    ccgw_survey_t survey = { 0 };
    int rounds = 0;

    for (; !survey.done && rounds < 1000; rounds++)
        ccgw_retention_survey(&survey, &house->core, max, house->pool);
    return rounds;
}

/** What LOGIN would be told from AFTER on. */
static apr_status_t read_from(ccgw_call_t *call, ccgw_cursor_t *after, int *n)
{
    ccgw_read_event_t *events;
    ccgw_login_t login;

    ccgw_login_get(&login, call, call->login);
    return ccgw_event_read(&events, n, after, &house->core, house->demo, &login, *after, 1000, house->pool);
}

/* ---- the time ---- */

static void an_ended_session_goes(void)
{
    ccgw_id_t ended, open;

    begin();
    ended = take("+491000001", "old words");
    open = take("+491000002", "other words");
    complete(ended);
    house_pass(house, 30 * DAY - apr_time_from_sec(1));
    ok(is_there(ended), "an ended session is there until its time is over");
    is_int(stored_messages(house, ended), 2, "... with its messages");
    house_pass(house, apr_time_from_sec(2));
    ok(!is_there(ended), "then it goes");
    is_int(stored_messages(house, ended), 0, "... with its messages");
    is_int(stored_holding(house, "old words"), 0, "... and no record holds his words");
    is_int(stored_holding(house, "+491000001"), 0, "... or his address");
    ok(is_there(open), "a session that goes on stays");
    is_int(stored_messages(house, open), 2, "... with its messages");
    end();
}

static void a_parked_session_stays(void)
{
    const ccgw_workbin_def_t *bin;
    ccgw_workbin_args_t args = { 0 };
    ccgw_workbin_result_t result = { 0 };
    ccgw_id_t id;
    int i;

    begin();
    for (i = 0; (bin = ccgw_floor_workbin_at(house->core.floor, house->demo, i)) && bin->kind != CCGW_OWNER_AGENT; i++)
        ;
    id = take("+491000003", "parked words");
    args.session = id;
    args.workbin = bin->id;
    ok(!ccgw_workbin_add(house_call(house, "anna"), &args, &result), "a session is parked");
    house_pass(house, 100 * DAY);
    ok(is_there(id), "what lies in a workbin stays");
    is_int(stored_messages(house, id), 3, "... with its messages");
    end();
}

static void a_longer_rule_counts_for_old_sessions(void)
{
    ccgw_id_t id;

    begin();
    id = take("+491000004", "x");
    complete(id);
    house->core.limits.keep_sessions = 60 * DAY;
    house_pass(house, 31 * DAY);
    ok(is_there(id), "when the rule grows longer, an old session's deadline moves");
    house_pass(house, 28 * DAY);
    ok(is_there(id), "... to the new time");
    house_pass(house, 2 * DAY);
    ok(!is_there(id), "... and no further");
    end();
}

static void a_shorter_rule_counts_for_old_sessions(void)
{
    ccgw_id_t ids[7], open;
    int i, left = 0;

    begin();
    for (i = 0; i < 7; i++) {
        ids[i] = take(apr_psprintf(house->pool, "+49200000%d", i), "x");
        complete(ids[i]);
    }
    open = take("+492000009", "x");
    house->core.limits.keep_sessions = DAY;
    house_pass(house, 2 * DAY);
    ok(is_there(ids[0]), "a deadline of the old rule is still far");
    ok(survey(3) > 2, "a survey goes through all sessions, a few at a time");
    house_pass(house, 0);
    for (i = 0; i < 7; i++)
        left += is_there(ids[i]);
    is_int(left, 0, "... and those whose time is over by the new rule go");
    ok(is_there(open), "... but none that goes on");
    end();
}

static void sessions_of_before_the_rule_go(void)
{
    ccgw_id_t id;

    begin();
    house->core.limits.keep_sessions = 0;
    id = take("+491000005", "x");
    complete(id);
    house_pass(house, 99 * DAY);
    ok(is_there(id), "without a rule a session stays");
    house->core.limits.keep_sessions = 30 * DAY;
    house_pass(house, DAY);
    survey(100);
    house_pass(house, 0);
    ok(!is_there(id), "one that ended without a deadline is found by the survey");
    end();
}

static int is_offered(ccgw_id_t id)
{
    ccgw_session_t session = house_session(house, id);
    int i, offered = 0;

    for (i = 0; i < session.nparticipants; i++)
        offered += session.participants[i].leg == CCGW_LEG_OFFERED && session.participants[i].agent != NULL;
    return offered;
}

/** Write the session's record again, as if another version had, or with another due time. */
static void rewrite(ccgw_id_t id, int format, apr_time_t due)
{
    ccgw_record_t record;
    ccgw_txn_t *txn;
    char *value;

    house->real->begin(&txn, house->core.store, ccgw_buf_str("demo"), house->pool);
    house->real->get(&record, txn, CCGW_TABLE_SESSION, ccgw_session_key(house->demo, id, house->pool));
    value = apr_pmemdup(house->pool, record.value.p, record.value.n);
    if (format)
        value[0] = (char)format;
    house->real->put(txn, CCGW_TABLE_SESSION, record.key, (ccgw_buf_t){ value, record.value.n }, due);
    ok(!house->real->commit(NULL, txn, CCGW_DURABLE_OS), "(its record is written anew)");
}

static void one_that_cannot_be_read_stops_nobody(void)
{
    ccgw_id_t ids[5];
    int i, left = 0;

    begin();
    for (i = 0; i < 5; i++) {
        ids[i] = take(apr_psprintf(house->pool, "+49400000%d", i), "x");
        complete(ids[i]);
    }
    rewrite(ids[1], 99, 100 * DAY);
    house->core.limits.keep_sessions = DAY;
    house_pass(house, 2 * DAY);
    survey(2);
    house_pass(house, 0);
    for (i = 0; i < 5; i++)
        left += i != 1 && is_there(ids[i]);
    is_int(left, 0, "a session that cannot be read does not keep the others from going");
    house_close(house);
}

static void a_deadline_that_fails_waits_behind_others(void)
{
    ccgw_id_t bad, good;
    ccgw_record_t *records;
    ccgw_table_t *tables;
    apr_time_t next;
    int n;

    begin();
    good = house_text(house, "+494000010", "x");
    ok(is_offered(good), "a text is offered");
    house->now += apr_time_from_sec(31);
    bad = house_text(house, "+494000011", "y");
    rewrite(bad, 99, 1);
    ccgw_due_sweep(&house->core, 0, 1, house->pool);
    house->real->due(&records, &tables, &n, &next, house->core.store, 0, house->now, 10, house->pool);
    ok(n > 0 && records[0].due > 1, "what cannot be done is due again later");
    ccgw_due_sweep(&house->core, 0, 1, house->pool);
    ok(!is_offered(good), "... and the next deadline is kept, though one at a time is");
    house_close(house);
}

static void nobodys_deadline_waits_behind_others(void)
{
    ccgw_buf_t key = { "gone\0k", 6 };
    ccgw_record_t record;
    ccgw_txn_t *txn;
    ccgw_id_t good;

    begin();
    good = house_text(house, "+494000012", "x");
    house->real->begin(&txn, house->core.store, ccgw_buf_str("gone"), house->pool);
    house->real->get(&record, txn, CCGW_TABLE_LOGIN, key);
    house->real->put(txn, CCGW_TABLE_LOGIN, key, ccgw_buf_str("v"), 1);
    ok(!house->real->commit(NULL, txn, CCGW_DURABLE_OS), "a record of a tenant that nobody knows is due");
    house->now += apr_time_from_sec(31);
    ccgw_due_sweep(&house->core, 0, 1, house->pool);
    ccgw_due_sweep(&house->core, 0, 1, house->pool);
    ok(!is_offered(good), "the deadlines of others are kept, though one at a time is");
    end();
}

static void a_shorter_rule_counts_for_mailboxes(void)
{
    ccgw_cursor_t place, start;
    ccgw_call_t *call;
    int n;

    begin();
    call = house_call(house, "anna");
    start = place = house->real->last(house->core.store, ccgw_buf_str("demo"));
    complete(take("+494000020", "his words"));
    house->core.limits.keep_sessions = DAY;
    house_pass(house, 2 * DAY);
    is_int(read_from(call, &place, &n), APR_SUCCESS, "an idle desktop's mailbox keeps to the old rule");
    survey(100);
    house_pass(house, 0);
    is_int(read_from(call, &start, &n), CCGW_ERESYNC, "the survey makes it begin anew by the present one");
    end();
}

/* ---- much of it ---- */

#define MANY    5000
#define BACKLOG 700

/** However many sessions have to go. */
static void offers_end_in_time(void)
{
    ccgw_id_t id;
    int i;

    begin();
    for (i = 0; i < BACKLOG; i++)
        complete(take(apr_psprintf(house->pool, "+4911%06d", i), "x"));
    house->now += 31 * DAY;
    id = house_text(house, "+4922", "offer me");
    ok(is_offered(id), "a text is offered while %d sessions wait to go", BACKLOG);
    house_pass(house, apr_time_from_sec(31));
    ok(!is_offered(id), "and the offer ends in the first round");
    for (i = 0; i < 10; i++)
        house_pass(house, 0);
    is_int(stored_count(house, CCGW_TABLE_SESSION), 1, "the sessions go meanwhile");
    end();
}

static void a_long_session_goes_in_parts(void)
{
    int i, left, before, most = 0, orphans = 0, rounds = 0;
    ccgw_id_t id;

    begin();
    id = take("+491000006", "x");
    for (i = 0; i < MANY; i++)
        house_text(house, "+491000006", "more");
    complete(id);
    house->now += 31 * DAY;
    for (before = left = stored_messages(house, id); left && rounds < 1000; rounds++) {
        house_pass(house, 0);
        left = stored_messages(house, id);
        most = before - left > most ? before - left : most;
        orphans += left && !is_there(id);
        before = left;
    }
    ok(!is_there(id), "a session of %d messages goes", MANY);
    is_int(stored_messages(house, id), 0, "... with all of them");
    ok(most <= 1000 && rounds > 4, "... in parts: %d rounds, at most %d messages in one", rounds, most);
    is_int(orphans, 0, "... and whatever is left of it can be found at any time");
    end();
}

static void one_round_does_not_do_everything(void)
{
    int i, before, gone;

    begin();
    for (i = 0; i < 30; i++) {
        const char *from = apr_psprintf(house->pool, "+4930000%02d", i);
        ccgw_id_t id = take(from, "x");
        int k;

        for (k = 0; k < 200; k++)
            house_text(house, from, "more");
        complete(id);
    }
    house->now += 31 * DAY;
    before = stored_count(house, CCGW_TABLE_MESSAGE);
    house_pass(house, 0);
    gone = before - stored_count(house, CCGW_TABLE_MESSAGE);
    ok(gone > 0, "many sessions that are due at once begin to go");
    ok(gone < 4500, "... but one round takes only so much: %d of %d messages", gone, before);
    for (i = 0; i < 20; i++)
        house_pass(house, 0);
    is_int(stored_count(house, CCGW_TABLE_MESSAGE), 0, "... in some rounds all of them go");
    is_int(stored_count(house, CCGW_TABLE_SESSION), 0, "... as their sessions do");
    end();
}

/* ---- the outbox ---- */

static void texts_go_with_their_session(void)
{
    ccgw_id_t id, other;

    begin();
    house->core.limits.keep_sessions = apr_time_from_sec(3600);
    id = take("+491000007", "x");
    other = take("+491000008", "x");
    say(id, "taken text");
    send_all(APR_SUCCESS);
    say(id, "waiting text");
    say(other, "other text");
    complete(id);
    is_int(stored_count(house, CCGW_TABLE_OUTBOX), 3, "three texts: one was taken, two wait");
    house_pass(house, apr_time_from_sec(3601));
    ok(!is_there(id), "a session goes earlier than its settled texts would");
    is_int(stored_holding(house, "taken text"), 0, "... and takes them along");
    is_int(stored_holding(house, "waiting text"), 0, "... and those that nobody took");
    is_int(stored_count(house, CCGW_TABLE_OUTBOX), 1, "a text of another session still waits");
    end();
}

/* ---- events ---- */

static void events_grow_no_older(void)
{
    ccgw_cursor_t place, start;
    ccgw_call_t *call;
    int n;

    begin();
    call = house_call(house, "anna");
    start = place = house->real->last(house->core.store, ccgw_buf_str("demo"));
    take("+491000009", "kept words");
    is_int(read_from(call, &place, &n), APR_SUCCESS, "a mailbox holds what was told");
    ok(n > 0, "... %d events", n);
    house_pass(house, 29 * DAY);
    place = start;
    is_int(read_from(call, &place, &n), APR_SUCCESS, "after 29 days it still does");
    house_pass(house, 2 * DAY);
    place = start;
    is_int(read_from(call, &place, &n), CCGW_ERESYNC,
           "a login that lasts for ever does not keep events longer than sessions");
    take("+491000010", "new words");
    is_int(read_from(call, &place, &n), APR_SUCCESS, "... its reader goes on from where he is told to");
    ok(n > 0, "... and hears what is new: %d events", n);
    house_pass(house, 28 * DAY);
    place = start;
    is_int(read_from(call, &place, &n), CCGW_ERESYNC, "what was dropped stays dropped");
    end();
}

static void a_workbins_events_grow_no_older(void)
{
    const ccgw_workbin_def_t *bin;
    ccgw_buf_t box;
    ccgw_workbin_args_t args = { 0 };
    ccgw_workbin_result_t result = { 0 };
    ccgw_stored_event_t *events;
    ccgw_cursor_t start, upto;
    int i, n;

    begin();
    house_pass(house, 0);
    for (i = 0; (bin = ccgw_floor_workbin_at(house->core.floor, house->demo, i)) && bin->kind != CCGW_OWNER_AGENT; i++)
        ;
    box = ccgw_event_workbin_box(house->demo, bin->id, house_id(house, "anna"), house->pool);
    start = house->real->last(house->core.store, ccgw_buf_str("demo"));
    args.session = take("+491000011", "x");
    args.workbin = bin->id;
    ok(!ccgw_workbin_add(house_call(house, "anna"), &args, &result), "a session is parked");
    house_pass(house, 29 * DAY);
    is_int(house->real->events(&events, &n, &upto, house->core.store, ccgw_buf_str("demo"), &box, 1, start, 99,
                               house->pool),
           APR_SUCCESS, "a workbin without readers keeps what was told");
    is_int(n, 1, "... one event");
    house_pass(house, 2 * DAY);
    is_int(house->real->events(&events, &n, &upto, house->core.store, ccgw_buf_str("demo"), &box, 1, start, 99,
                               house->pool),
           CCGW_ERESYNC, "... but not for ever");
    ok(!ccgw_workbin_pull(house_call(house, "anna"), &args, &result), "the session is pulled");
    is_int(house->real->events(&events, &n, &upto, house->core.store, ccgw_buf_str("demo"), &box, 1, upto, 99,
                               house->pool),
           APR_SUCCESS, "the mailbox is open again");
    is_int(n, 1, "... and takes what is new");
    end();
}

static void who_is_away_gets_no_mailbox(void)
{
    ccgw_buf_t box;
    ccgw_stored_event_t *events;
    ccgw_cursor_t upto;
    ccgw_call_t *call;
    int n;

    begin();
    call = house_call(house, "anna");
    box = ccgw_event_agent_box(house->demo, house_id(house, "anna"), house->pool);
    is_int(house_agent(house, "anna").boxed != 0, 1, "the first login opens the mailbox");
    ok(!ccgw_login_close(call), "the only login ends");
    is_int(house_agent(house, "anna").boxed, 0, "... and the mailbox with it");
    house_pass(house, 31 * DAY);
    upto = house->real->last(house->core.store, ccgw_buf_str("demo"));
    house_ready(house, "bert");
    house_text(house, "+491000012", "x");
    is_int(house->real->events(&events, &n, &upto, house->core.store, ccgw_buf_str("demo"), &box, 1, upto, 99,
                               house->pool),
           APR_SUCCESS, "time does not open it");
    is_int(n, 0, "... it takes nothing");
    end();
}

int main(void)
{
    an_ended_session_goes();
    a_parked_session_stays();
    a_longer_rule_counts_for_old_sessions();
    a_shorter_rule_counts_for_old_sessions();
    sessions_of_before_the_rule_go();
    one_that_cannot_be_read_stops_nobody();
    a_deadline_that_fails_waits_behind_others();
    nobodys_deadline_waits_behind_others();
    a_shorter_rule_counts_for_mailboxes();
    offers_end_in_time();
    a_long_session_goes_in_parts();
    one_round_does_not_do_everything();
    texts_go_with_their_session();
    events_grow_no_older();
    a_workbins_events_grow_no_older();
    who_is_away_gets_no_mailbox();
    return done_testing();
}
