/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_optout.c: STOP and START, whom no text goes out to, and how many texts are taken; with a clock of our own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "core/ccgw_member.h"
#include "core/ccgw_optout.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_session_store.h"
#include "house.h"
#include "tap.h"
#include "util/ccgw_fold.h"

#define OUR   "+15550000"
#define SALES "+15550001"
#define THEIR "+15559999"

static const char floor_text[] =
    "{\"tenants\":[{\"name\":\"demo\",\"domain\":\"demo.example\",\"skills\":[\"s\"],"
    "\"agents\":[{\"login\":\"anna\",\"workNo\":101,\"skills\":[\"s\"]},{\"login\":\"bert\",\"workNo\":102}],"
    "\"queues\":[{\"name\":\"q\",\"skills\":[\"s\"]}],"
    "\"numbers\":[{\"number\":\"" OUR "\",\"media\":\"sms\",\"queue\":\"q\"},"
    "{\"number\":\"" SALES "\",\"media\":\"sms\",\"queue\":\"q\"}]},"
    "{\"name\":\"other\",\"domain\":\"other.example\",\"agents\":[{\"login\":\"eve\",\"workNo\":101}],"
    "\"queues\":[{\"name\":\"q\"}],\"numbers\":[{\"number\":\"" THEIR "\",\"media\":\"sms\",\"queue\":\"q\"}]}]}";

static const char *stop_words[] = { "STOP", "Stop all", "\xd0\xa1\xd0\xa2\xd0\x9e\xd0\x9f", "arr\xc3\xaat" };
static const char *start_words[] = { "START" };
static house_t *house;

static void open_house(void)
{
    house = house_open();
    house->core.limits.texts[CCGW_MEDIA_SMS].stop_words = (ccgw_strs_t){ stop_words, 4 };
    house->core.limits.texts[CCGW_MEDIA_SMS].start_words = (ccgw_strs_t){ start_words, 1 };
    house_ready(house, "anna");
}

/* ---- what customers and agents do ---- */

static apr_interval_time_t retry;

/* A text from FROM to NUMBER; ID may be NULL. *session: where it went. */
static apr_status_t text_to(const char *number, const char *from, const char *text, const char *id, ccgw_id_t *session)
{
    ccgw_inbound_t in = { .media = CCGW_MEDIA_SMS, .from = from, .to = number, .text = text, .carrier_id = id };
    const char *tenant = !strcmp(number, THEIR) ? "other" : "demo";
    ccgw_id_t none;
    ccgw_call_t call;
    apr_status_t rv;

    ccgw_call_init(&call, &house->core, ccgw_floor_tenant(house->core.floor, tenant), NULL, NULL, house->pool);
    rv = ccgw_session_receive(&call, &in, session ? session : &none);
    retry = call.retry;
    return rv;
}

static apr_status_t text(const char *from, const char *words)
{
    return text_to(OUR, from, words, NULL, NULL);
}

/* A session of Anna's with FROM, and nothing unheard. */
static ccgw_id_t talk(const char *from)
{
    ccgw_session_args_t args = { .media = CCGW_MEDIA_SMS };
    ccgw_read_event_t *events;
    ccgw_done_t done;

    args.session = house_text(house, from, "hello");
    if (ccgw_session_accept(house_call(house, "anna"), &args, &done) != APR_SUCCESS) {
        printf("Bail out! nobody can accept\n");
        exit(1);
    }
    house_heard(house, "anna", &events);
    return args.session;
}

static apr_status_t say(ccgw_id_t session, const char *words, int visibility)
{
    ccgw_session_args_t args = {
        .session = session, .text = words, .type = CCGW_MESSAGE_TEXT, .visibility = visibility
    };
    ccgw_done_t done;

    return ccgw_session_send(house_call(house, "anna"), &args, &done);
}

static apr_status_t complete(ccgw_id_t session)
{
    ccgw_session_args_t args = { .session = session };
    ccgw_done_t done;

    return ccgw_session_complete(house_call(house, "anna"), &args, &done);
}

static apr_status_t ask_in(ccgw_id_t session, const char *number)
{
    ccgw_session_args_t args = { .session = session, .target = { CCGW_TARGET_MEMBER, number } };
    ccgw_session_result_t result;

    return ccgw_member_invite(house_call(house, "anna"), &args, &result);
}

/* ---- what is seen of it ---- */

/* The entries that AGENT was told of since the last question: their texts, each with a bar behind it. */
static const char *told(const char *agent)
{
    ccgw_read_event_t *events;
    const char *all = "";
    int i, k, n = house_heard(house, agent, &events);

    for (i = 0; i < n; i++) {
        for (k = 0; k < events[i].event.nmessages; k++)
            all = apr_pstrcat(house->pool, all, ccgw_str_or_empty(events[i].event.messages[k].text), "|", NULL);
    }
    return all;
}

static ccgw_record_t stored(const char *tenant, ccgw_table_t table, const char *number, const char *customer)
{
    const ccgw_tenant_t *owner = ccgw_floor_tenant(house->core.floor, tenant);
    ccgw_record_t record = { .version = 0 };
    ccgw_txn_t *txn;

    house->real->begin(&txn, house->core.store, ccgw_buf_str(tenant), house->pool);
    house->real->get(&record, txn, table, ccgw_contact_key(owner, CCGW_MEDIA_SMS, number, customer, house->pool));
    return record;
}

static int is_out(const char *tenant, const char *number, const char *customer)
{
    return stored(tenant, CCGW_TABLE_OPTOUT, number, customer).version != 0;
}

/* The numbers and texts that a carrier would have sent, each with a blank behind it. */
static apr_status_t take(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    const char **sent = baton;

    *sent = apr_pstrcat(house->pool, *sent, entry->to, ":", entry->text, " ", NULL);
    return APR_SUCCESS;
}

static const char *sent(void)
{
    const char *all = "";
    int rounds;

    for (rounds = 0; rounds < 10; rounds++)
        house_send(NULL, house, take, &all);
    return all;
}

static int delivery(ccgw_id_t session, int index)
{
    ccgw_message_t message = { .delivery = -1 };
    ccgw_record_t record;
    ccgw_txn_t *txn;

    house->real->begin(&txn, house->core.store, ccgw_buf_str("demo"), house->pool);
    house->real->get(&record, txn, CCGW_TABLE_MESSAGE, ccgw_message_key(house->demo, session, index, house->pool));
    if (record.version)
        ccgw_record_decode(&message, &ccgw_message_record, record.value, house->pool);
    return message.delivery;
}

static void sound(const char *when)
{
    const char *fault = house_fault(house);

    ok(!fault, "%s: all records agree%s%s", when, fault ? ", but: " : "", fault ? fault : "");
}

/* ---- words ---- */

static void test_words(void)
{
    static const struct {
        const char *text;
        const char *word; /* NULL: none */
        ccgw_wish_t wish;
    } cases[] = {
        { "STOP", "STOP", CCGW_WISH_STOP },
        { "stop", "STOP", CCGW_WISH_STOP },
        { " \tStop.\r\n", "STOP", CCGW_WISH_STOP },
        { "\xc2\xa0sToP!!!\xc2\xa0", "STOP", CCGW_WISH_STOP },
        { ".stop .", "STOP", CCGW_WISH_STOP },
        { "STOP ALL!", "Stop all", CCGW_WISH_STOP },
        { "\xd1\x81\xd1\x82\xd0\xbe\xd0\xbf", "\xd0\xa1\xd0\xa2\xd0\x9e\xd0\x9f", CCGW_WISH_STOP },
        { "ARR\xc3\x8aT", "arr\xc3\xaat", CCGW_WISH_STOP },
        { "start", "START", CCGW_WISH_START },
        { "STOPP", NULL, CCGW_WISH_NONE },
        { "please stop", NULL, CCGW_WISH_NONE },
        { "stop it", NULL, CCGW_WISH_NONE },
        { "stop?", NULL, CCGW_WISH_NONE },
        { "arret", NULL, CCGW_WISH_NONE },
        { "", NULL, CCGW_WISH_NONE },
        { " .! ", NULL, CCGW_WISH_NONE },
        { "\xc2", NULL, CCGW_WISH_NONE },
        { "\xff\xfestop", NULL, CCGW_WISH_NONE },
    };
    const char *word, *long_text = apr_psprintf(house->pool, "%-200s.", "stop");
    ccgw_wish_t wish;
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        wish = ccgw_optout_wish(&word, &house->core, CCGW_MEDIA_SMS, cases[i].text, house->pool);
        is_int(wish, cases[i].wish, "text %d asks for what it should", (int)i);
        ok(cases[i].word ? word && !strcmp(word, cases[i].word) : !word, "... by the word as configured");
    }
    is_int(ccgw_optout_wish(&word, &house->core, CCGW_MEDIA_SMS, long_text, house->pool), CCGW_WISH_STOP,
           "any number of blanks may stand around it");
    is_int(ccgw_optout_wish(&word, &house->core, CCGW_MEDIA_CHAT, "STOP", house->pool), CCGW_WISH_NONE,
           "another media has its own words");
}

static void test_fold(void)
{
    static const char *const pairs[][2] = {
        { "AZaz09@[`{", "azaz09@[`{" },
        { "\xc3\x80\xc3\x96\xc3\x97\xc3\x98\xc3\x9e\xc3\x9f", "\xc3\xa0\xc3\xb6\xc3\x97\xc3\xb8\xc3\xbe\xc3\x9f" },
        { "\xc4\x80\xc4\xb0\xc4\xb9\xc5\xbd\xc5\xb8", "\xc4\x81\xc4\xb0\xc4\xba\xc5\xbe\xc3\xbf" },
        { "\xce\x91\xce\xa3\xcf\x82\xce\x8f", "\xce\xb1\xcf\x83\xcf\x83\xcf\x8e" },
        { "\xd0\x81\xd0\x90\xd0\xaf\xd2\x90", "\xd1\x91\xd0\xb0\xd1\x8f\xd2\x91" },
        { "\xd4\xb1\xd5\x96", "\xd5\xa1\xd6\x86" },
        { "D\xe1\xbb\xaaNG\xc6\xaf", "d\xe1\xbb\xabng\xc6\xb0" },
        { "\xe4\xb8\xad\xf0\x9f\x98\x80\xff\xc3", "\xe4\xb8\xad\xf0\x9f\x98\x80\xff\xc3" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
        is_str(ccgw_fold(pairs[i][0], strlen(pairs[i][0]), house->pool), pairs[i][1], "'%s' is '%s' in small letters",
               pairs[i][0], pairs[i][1]);
    is_str(ccgw_fold("ABC", 2, house->pool), "ab", "no byte behind the end is looked at");
}

/* ---- STOP and START ---- */

static void test_stop_in_session(void)
{
    ccgw_id_t id = talk("+17770001"), where = 0;
    ccgw_session_t before;
    ccgw_optout_t optout;
    ccgw_record_t record;

    is_int(text_to(OUR, "+17770001", "Stop!", NULL, &where), APR_SUCCESS, "a STOP is taken");
    ok(where == id, "it goes into the open session");
    is_str(told("anna"), "Stop!|The customer wants no more texts.|", "the agent is told the text, then what it means");
    record = stored("demo", CCGW_TABLE_OPTOUT, OUR, "+17770001");
    ok(record.version && record.due == 0, "it is recorded for good");
    ccgw_record_decode(&optout, &ccgw_optout_record, record.value, house->pool);
    ok(optout.session == id && optout.at == house->now, "with session and time");
    is_str(optout.word, "STOP", "and the word as configured");
    before = house_session(house, id);
    is_int(say(id, "but wait", CCGW_VISIBLE_ALL), CCGW_EOPTOUT, "what she writes to him is refused");
    is_int(house_session(house, id).messages, before.messages, "and leaves nothing in the log");
    is_str(told("anna"), "", "nor an event");
    is_int(say(id, "a pity", CCGW_VISIBLE_AGENTS), CCGW_ESTATE, "what is not for him is refused by the state only");
    is_str(sent(), "", "nothing goes out");
    is_int(text("+17770001", "STOP"), APR_SUCCESS, "a second STOP is taken");
    is_str(told("anna"), "STOP|", "as a text; she knows already what it means");
    text("+17770001", "why?");
    is_str(told("anna"), "why?|", "his other texts come in as ever");
    text("+17770001", "START");
    is_str(told("anna"), "START|The customer wants texts again.|", "START takes it back");
    ok(!is_out("demo", OUR, "+17770001"), "the record is gone");
    is_int(say(id, "welcome", CCGW_VISIBLE_ALL), APR_SUCCESS, "she may write again");
    is_str(sent(), "+17770001:welcome ", "and it goes out");
    told("anna");
    text("+17770001", "start");
    is_str(told("anna"), "start|", "a START without a STOP before is a text like any other");
    is_int(complete(id), APR_SUCCESS, "she completes the session");
    sound("after STOP and START");
}

static void test_aside(void)
{
    ccgw_id_t id = talk("+17770002");
    ccgw_session_args_t args = { .session = id, .offer = CCGW_OFFER_INVITE };
    ccgw_done_t done;

    args.target = (ccgw_target_t){ CCGW_TARGET_AGENT, house_id(house, "bert") };
    house_ready(house, "bert");
    ccgw_session_invite(house_call(house, "anna"), &args, &done);
    ccgw_session_accept(house_call(house, "bert"), &args, &done);
    told("anna");
    told("bert");
    text("+17770002", "stop");
    is_str(told("bert"), "stop|The customer wants no more texts.|", "every agent in the session is told");
    is_int(say(id, "a pity", CCGW_VISIBLE_AGENTS), APR_SUCCESS, "agents may write to each other");
    is_str(told("bert"), "a pity|", "and are heard");
    complete(id);
    args.session = id;
    ccgw_session_complete(house_call(house, "bert"), &args, &done);
}

static void test_stop_without_session(void)
{
    ccgw_id_t where = 1, id;

    told("anna");
    is_int(text_to(OUR, "+17770003", "stop", NULL, &where), APR_SUCCESS, "a STOP out of the blue is taken");
    ok(where == 0, "it is in no session");
    ok(is_out("demo", OUR, "+17770003"), "it is recorded");
    is_int(stored("demo", CCGW_TABLE_CONTACT, OUR, "+17770003").version, 0, "and begins no session");
    is_str(told("anna"), "", "no agent hears of it");
    text_to(OUR, "+17770003", "stop", NULL, &where);
    ok(where == 0, "nor does a second one begin a session");
    id = talk("+17770003");
    is_int(say(id, "hello", CCGW_VISIBLE_ALL), CCGW_EOPTOUT, "in the session he begins later he still wants no texts");
    complete(id);
    text_to(OUR, "+17770003", "start", NULL, &where);
    ok(where == 0 && !is_out("demo", OUR, "+17770003"), "START takes it back without a session");
    text_to(OUR, "+17770003", "start", NULL, &where);
    ok(where != 0, "one more START begins a session, as any text does");
    sound("after texts without a session");
}

static void test_repeats(void)
{
    ccgw_id_t where = 1;

    text_to(OUR, "+17770004", "stop", "id-1", NULL);
    text_to(OUR, "+17770004", "start", "id-2", NULL);
    is_int(text_to(OUR, "+17770004", "stop", "id-1", &where), APR_SUCCESS, "a STOP that the carrier repeats is taken");
    ok(where == 0, "answered as before");
    ok(!is_out("demo", OUR, "+17770004"), "and changes nothing");
    text_to(OUR, "+17770004", "stop", "id-3", NULL);
    text_to(OUR, "+17770004", "start", "id-2", NULL);
    ok(is_out("demo", OUR, "+17770004"), "nor does a repeated START");
}

static void test_receipts(void)
{
    ccgw_id_t first = 0, where = 0;
    int messages;

    text_to(OUR, "+17770014", "one", "id-14", &first);
    messages = house_session(house, first).messages;
    house_pass(house, apr_time_from_sec(24 * 3600 - 60));
    is_int(text_to(OUR, "+17770014", "one", "id-14", &where), APR_SUCCESS, "a minute before a day is over");
    ok(where == first, "what the carrier repeats is known");
    is_int(house_session(house, first).messages, messages, "and dropped");
    is_int(text_to(SALES, "+17770014", "one", "id-14", &where), APR_SUCCESS, "the same id, to another number of ours");
    ok(where && where != first, "is another text");
    house_pass(house, apr_time_from_sec(61));
    text_to(OUR, "+17770014", "one", "id-14", &where);
    is_int(house_session(house, where).messages, messages + (where == first), "after a day it is a new one");
    sound("after repeats");
}

static void test_apart(void)
{
    text("+17770005", "stop");
    ok(!is_out("demo", SALES, "+17770005"), "who stops one number may hear from another");
    text_to(THEIR, "+17770006", "stop", NULL, NULL);
    ok(is_out("other", THEIR, "+17770006"), "another tenant has its own");
    ok(!is_out("demo", THEIR, "+17770006") && !is_out("demo", OUR, "+17770006"), "which nobody else sees");
}

static void test_queued(void)
{
    ccgw_id_t id = talk("+17770007");
    int first;

    say(id, "one", CCGW_VISIBLE_ALL);
    first = house_session(house, id).messages;
    say(id, "two", CCGW_VISIBLE_ALL);
    text("+17770007", "stop");
    is_str(sent(), "", "texts that wait when he says STOP are not sent");
    is_int(delivery(id, first), CCGW_OUTBOX_REFUSED, "the log shows the first as refused");
    is_int(delivery(id, first + 1), CCGW_OUTBOX_REFUSED, "and the second");
    text("+17770007", "start");
    is_str(sent(), "", "START does not bring them back");
    complete(id);
}

static apr_status_t lose(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    return CCGW_EUNKNOWN;
}

static void test_doubtful(void)
{
    ccgw_id_t id = talk("+17770013");
    ccgw_read_event_t *events;
    int n, index;

    say(id, "one", CCGW_VISIBLE_ALL);
    index = house_session(house, id).messages;
    house_send(NULL, house, lose, NULL);
    is_int(delivery(id, index), CCGW_OUTBOX_UNKNOWN, "a text may or may not have left");
    text("+17770013", "stop");
    house_heard(house, "anna", &events);
    is_str(sent(), "", "after a STOP it waits on for a report");
    is_int(delivery(id, index), CCGW_OUTBOX_UNKNOWN, "as unknown as before");
    house->now += house->core.limits.outbox_unknown;
    is_str(sent(), "", "when none came it is not sent again");
    is_int(delivery(id, index), CCGW_OUTBOX_FAILED, "but given up");
    n = house_heard(house, "anna", &events);
    ok(n == 1 && events[0].event.type == CCGW_EVENT_SESSION_DELIVERY, "and the agent is told");
    complete(id);
}

static void test_several(void)
{
    ccgw_id_t id = talk("+17770008");

    is_int(ask_in(id, "+17770009"), APR_SUCCESS, "a second customer is in the session");
    text("+17770008", "stop");
    sent();
    is_int(say(id, "hi", CCGW_VISIBLE_ALL), APR_SUCCESS, "one of two wants no texts: it is still written");
    is_str(sent(), "+17770009:hi ", "and goes to the other");
    is_int(delivery(id, house_session(house, id).messages), CCGW_OUTBOX_ACCEPTED, "the log shows that it went out");
    told("anna");
    text("+17770009", "me");
    is_str(sent(), "", "what the other writes does not go to him either");
    is_str(told("anna"), "me|", "and nothing failed");
    text("+17770009", "stop");
    is_int(say(id, "hi", CCGW_VISIBLE_ALL), CCGW_EOPTOUT, "when none wants it, it is refused");
    complete(id);
    sound("after several customers");
}

/* The customer says STOP between an agent's reading and her commit. */
static const char *interrupts;

static apr_status_t commit_late(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    const char *from = interrupts;

    interrupts = NULL;
    if (from)
        text(from, "stop");
    return house->real->commit(at, txn, durability);
}

static void test_race(void)
{
    ccgw_id_t id = talk("+17770010");

    ask_in(id, "+17770011");
    told("anna");
    house->provider.commit = commit_late;
    interrupts = "+17770012"; /* has nothing to do with her session */
    is_int(say(id, "one", CCGW_VISIBLE_ALL), APR_SUCCESS, "a STOP of somebody else meanwhile does not matter");
    text("+17770010", "stop");
    interrupts = "+17770011";
    is_int(say(id, "two", CCGW_VISIBLE_ALL), CCGW_EOPTOUT, "one of the last customer meanwhile does");
    house->provider.commit = house->real->commit;
    complete(id);
}

/* ---- how many ---- */

static ccgw_text_rules_t *rules(void)
{
    return &house->core.limits.texts[CCGW_MEDIA_SMS];
}

static int taken(const char *number, const char *from, int tries)
{
    int n = 0;

    while (tries--)
        n += text_to(number, from, "x", NULL, NULL) == APR_SUCCESS;
    return n;
}

static void test_customer_rate(void)
{
    ccgw_session_t before;
    ccgw_id_t id, where;

    rules()->customer = (ccgw_rate_t){ 3, apr_time_from_sec(60) };
    text_to(OUR, "+17770020", "a", "id-20", &id);
    house->now += apr_time_from_sec(20);
    is_int(taken(OUR, "+17770020", 2), 2, "as many texts as may come are taken");
    before = house_session(house, id);
    is_int(text("+17770020", "x"), CCGW_ERATE, "one more is refused");
    is_int(apr_time_sec(retry), 40, "until a minute after his first");
    is_int(house_session(house, id).messages, before.messages, "and stands nowhere");
    is_int(text_to(OUR, "+17770020", "a", "id-20", &where), APR_SUCCESS, "what the carrier repeats is taken");
    ok(where == id, "as what it is");
    is_int(taken(OUR, "+17770021", 3), 3, "another customer has his own count");
    is_int(taken(SALES, "+17770020", 3), 3, "and each number");
    is_int(text("+17770020", "Stop!"), APR_SUCCESS, "a STOP is taken however many came before");
    ok(is_out("demo", OUR, "+17770020"), "and recorded");
    is_int(text("+17770020", "start"), APR_SUCCESS, "so is a START");
    ok(!is_out("demo", OUR, "+17770020"), "which takes it back");
    is_int(text("+17770020", "x"), CCGW_ERATE, "any other text still waits");
    is_int(text("+17770022", "stop") + text("+17770022", "start"), APR_SUCCESS, "wishes do not count");
    is_int(taken(OUR, "+17770022", 4), 3, "as texts of his");
    house_pass(house, apr_time_from_sec(39));
    is_int(text("+17770020", "x"), CCGW_ERATE, "a second before the end he still waits");
    house_pass(house, apr_time_from_sec(1));
    is_int(stored("demo", CCGW_TABLE_RATE, OUR, "+17770020").version, 0, "with the window its count is gone");
    ok(stored("demo", CCGW_TABLE_RATE, OUR, "+17770021").version != 0, "that of another window is not");
    is_int(taken(OUR, "+17770020", 4), 3, "then as many are taken again");
    house->now += apr_time_from_sec(60);
    is_int(taken(OUR, "+17770020", 4), 3, "also when nobody has swept");
    rules()->customer.count = 0;
    is_int(taken(OUR, "+17770020", 10), 10, "without a limit all are taken");
}

static void test_number_rate(void)
{
    rules()->number = (ccgw_rate_t){ 5, apr_time_from_sec(10) };
    house->now = apr_time_from_sec(1600000000);
    is_int(taken(OUR, "+17770030", 3) + taken(OUR, "+17770031", 3), 5, "all customers share a number's count");
    is_int(apr_time_sec(retry), 10, "whoever is refused is told when it begins anew");
    is_int(text("+17770035", "stop"), APR_SUCCESS, "a STOP is taken though the number has its fill");
    ok(is_out("demo", OUR, "+17770035"), "and recorded");
    is_int(text("+17770035", "start"), APR_SUCCESS, "so is a START");
    is_int(taken(SALES, "+17770030", 5), 5, "another number has its own");
    is_int(taken(THEIR, "+17770030", 5), 5, "and another tenant");
    house->now += apr_time_from_sec(9);
    is_int(text("+17770030", "x"), CCGW_ERATE, "until the end of the window nothing is taken");
    is_int(apr_time_sec(retry), 1, "a second is left");
    house->now += apr_time_from_sec(1);
    is_int(taken(OUR, "+17770030", 7), 5, "then as many again");
    house->now += apr_time_from_sec(3600);
    is_int(taken(OUR, "+17770030", 7), 5, "and an hour later");
    house->now -= apr_time_from_sec(7200);
    is_int(taken(OUR, "+17770030", 7), 5, "a clock that was set back does not stop it");
    house->now += apr_time_from_sec(10);
    rules()->customer = (ccgw_rate_t){ 2, apr_time_from_sec(600) };
    is_int(taken(OUR, "+17770032", 50), 2, "a customer who floods is refused");
    is_int(taken(OUR, "+17770033", 2) + taken(OUR, "+17770034", 2), 3, "and leaves the others what is for all");
    rules()->customer.count = 0;
    rules()->number = (ccgw_rate_t){ 5, apr_time_from_sec(3600) };
    is_int(taken(OUR, "+17770030", 7), 5, "nor does a longer window");
    rules()->number.count = 0;
}

int main(void)
{
    char path[] = "/tmp/ccgw-floor-XXXXXX";
    int file = mkstemp(path);

    if (file < 0 || write(file, floor_text, sizeof floor_text - 1) != (ssize_t)sizeof floor_text - 1) {
        printf("Bail out! no floor file\n");
        return 1;
    }
    close(file);
    setenv("CCGW_FLOOR", path, 1);
    open_house();
    test_words();
    test_fold();
    test_stop_in_session();
    test_aside();
    test_stop_without_session();
    house_close(house);
    open_house();
    test_repeats();
    test_apart();
    test_queued();
    test_doubtful();
    test_several();
    test_race();
    house_close(house);
    open_house();
    test_receipts();
    house_close(house);
    open_house();
    test_customer_rate();
    house_close(house);
    open_house();
    test_number_rate();
    house_close(house);
    unlink(path);
    return done_testing();
}
