/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_outbox_report.c: what a carrier reports of a text settles it, shows in its message and is told to the agents,
 * once, however late, often or early the report comes. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_member.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_session_store.h"
#include "house.h"
#include "tap.h"
#include "util/ccgw_log.h"

#define SECOND      apr_time_from_sec(1)
#define UNKNOWN_FOR apr_time_from_sec(300)
#define A_DAY       apr_time_from_sec(24 * 60 * 60)

static house_t *house;
static char said[4096];

static void hear(void *baton, ccgw_log_level_t level, apr_status_t status, const char *text)
{
    if (strlen(said) + strlen(text) + 2 < sizeof said)
        strcat(strcat(said, text), "\n");
}

static int times_said(const char *text)
{
    const char *at = said;
    int n = 0;

    while ((at = strstr(at, text))) {
        at++;
        n++;
    }
    return n;
}

/* ---- a session, and the text anna writes into it ---- */

static int customers;

typedef struct talk_t {
    const char *customer;
    ccgw_id_t session;
    int index; /* of her text */
    const char *key;
} talk_t;

static void say(talk_t *talk)
{
    ccgw_session_args_t args = {
        .session = talk->session, .type = CCGW_MESSAGE_TEXT, .visibility = CCGW_VISIBLE_ALL, .text = "top secret"
    };
    ccgw_done_t done;

    if (ccgw_session_send(house_call(house, "anna"), &args, &done) != APR_SUCCESS) {
        printf("Bail out! anna cannot write\n");
        exit(1);
    }
    talk->index = house_session(house, talk->session).messages;
    talk->key = apr_psprintf(house->pool, "%016" APR_UINT64_T_HEX_FMT ".%d", talk->session, talk->index);
    said[0] = '\0';
}

static talk_t begin(void)
{
    talk_t talk = { .customer = apr_psprintf(house->pool, "+1777%04d", ++customers) };
    ccgw_session_args_t args = { .session = house_text(house, talk.customer, "hello") };
    ccgw_read_event_t *events;
    ccgw_done_t done;

    talk.session = args.session;
    if (ccgw_session_accept(house_call(house, "anna"), &args, &done) != APR_SUCCESS) {
        printf("Bail out! anna has no session\n");
        exit(1);
    }
    say(&talk);
    house_heard(house, "anna", &events);
    return talk;
}

static void end(const talk_t *talk)
{
    ccgw_session_args_t args = { .session = talk->session };
    ccgw_done_t done;

    ccgw_session_complete(house_call(house, "anna"), &args, &done);
}

/* ---- what is seen ---- */

static const char *name_of(int state)
{
    static const char *const names[] = { "unset",   "queued",  "claimed",   "accepted",
                                         "refused", "unknown", "delivered", "failed" };

    return state >= 0 && state <= CCGW_OUTBOX_FAILED ? names[state] : "?";
}

static const char *shown(const talk_t *talk)
{
    ccgw_message_t message = { .delivery = -1 };
    ccgw_record_t record;
    ccgw_txn_t *txn;

    house->real->begin(&txn, house->core.store, ccgw_buf_str("demo"), house->pool);
    house->real->get(&record, txn, CCGW_TABLE_MESSAGE,
                     ccgw_message_key(house->demo, talk->session, talk->index, house->pool));
    if (record.version)
        ccgw_record_decode(&message, &ccgw_message_record, record.value, house->pool);
    return name_of(message.delivery);
}

/* The deliveries WHO's desktops were told of, "delivered +1777" each. */
static const char *heard(const char *who, const talk_t *talk)
{
    ccgw_read_event_t *events;
    int i, n = house_heard(house, who, &events);
    const char *text = "";

    for (i = 0; i < n; i++) {
        const ccgw_event_t *event = &events[i].event;

        if (event->type != CCGW_EVENT_SESSION_DELIVERY)
            continue;
        text = apr_pstrcat(house->pool, text, *text ? ", " : "", name_of(event->messages[0].delivery), NULL);
        if (event->nmessages != 1 || event->messages[0].index != talk->index || !event->session ||
            event->session->id != talk->session || strcmp(event->messages[0].text, "top secret"))
            text = apr_pstrcat(house->pool, text, " of something else", NULL);
        if (strcmp(ccgw_str_or_empty(event->text), talk->customer))
            text = apr_pstrcat(house->pool, text, " for ", ccgw_str_or_empty(event->text), NULL);
    }
    return text;
}

/* ---- a carrier ---- */

static struct {
    apr_status_t answer;
    int count;
    const char *keys;     /* of what it got */
    const talk_t *report; /* it reports of this before it answers, */
    ccgw_fate_t fate;     /* so */
    apr_status_t reported;
} carrier;

static apr_status_t report_to(const char *tenant, const char *key, ccgw_fate_t fate)
{
    ccgw_report_t report = {
        .media = CCGW_MEDIA_SMS, .from = "+15550000", .key = key, .fate = fate, .why = "stat:UNDELIV"
    };
    ccgw_call_t call;

    ccgw_call_init(&call, &house->core, ccgw_floor_tenant(house->core.floor, tenant), NULL, NULL, house->pool);
    return ccgw_outbox_report(&call, &report);
}

static apr_status_t report(const talk_t *talk, ccgw_fate_t fate)
{
    return report_to("demo", talk->key, fate);
}

static apr_status_t carry(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    carrier.count++;
    carrier.keys = apr_pstrcat(house->pool, ccgw_str_or_empty(carrier.keys), carrier.keys ? " " : "", entry->key, NULL);
    if (carrier.report)
        carrier.reported = report(carrier.report, carrier.fate);
    carrier.report = NULL;
    *why = "a reason";
    return carrier.answer;
}

static apr_status_t round_of(apr_status_t answer)
{
    carrier.answer = answer;
    return house_send(NULL, house, carry, NULL);
}

static void forget_carrier(void)
{
    memset(&carrier, 0, sizeof carrier);
}

/* ---- every state, every report ---- */

/* Until the text's entry is in STATE; of a claimed one the report comes while it is sent. */
static void bring(const talk_t *talk, int state, ccgw_fate_t fate)
{
    switch (state) {
    case CCGW_OUTBOX_QUEUED: round_of(CCGW_EBUSY); break;
    case CCGW_OUTBOX_CLAIMED:
        carrier.report = talk;
        carrier.fate = fate;
        round_of(APR_SUCCESS);
        break;
    case CCGW_OUTBOX_REFUSED: round_of(CCGW_EREFUSED); break;
    case CCGW_OUTBOX_UNKNOWN: round_of(CCGW_EUNKNOWN); break;
    default: round_of(APR_SUCCESS);
    }
    if (state == CCGW_OUTBOX_DELIVERED)
        report(talk, CCGW_FATE_DELIVERED);
    if (state == CCGW_OUTBOX_FAILED)
        report(talk, CCGW_FATE_FAILED);
}

/* clang-format off */
#define TAKEN     CCGW_FATE_TAKEN
#define DELIVERED CCGW_FATE_DELIVERED
#define FAILED    CCGW_FATE_FAILED
static const struct {
    int state;
    ccgw_fate_t fate;
    const char *shown, *heard;
    int sent; /* in all, when every time-out is over */
} cases[] = {
    { CCGW_OUTBOX_QUEUED,    TAKEN,     "accepted",  "",                  1 },
    { CCGW_OUTBOX_QUEUED,    DELIVERED, "delivered", "delivered",         1 },
    { CCGW_OUTBOX_QUEUED,    FAILED,    "queued",    "",                  2 },
    { CCGW_OUTBOX_CLAIMED,   TAKEN,     "accepted",  "",                  1 },
    { CCGW_OUTBOX_CLAIMED,   DELIVERED, "delivered", "delivered",         1 },
    { CCGW_OUTBOX_CLAIMED,   FAILED,    "failed",    "failed",            1 },
    { CCGW_OUTBOX_ACCEPTED,  TAKEN,     "accepted",  "",                  1 },
    { CCGW_OUTBOX_ACCEPTED,  DELIVERED, "delivered", "delivered",         1 },
    { CCGW_OUTBOX_ACCEPTED,  FAILED,    "failed",    "failed",            1 },
    { CCGW_OUTBOX_REFUSED,   TAKEN,     "refused",   "refused",           1 },
    { CCGW_OUTBOX_REFUSED,   DELIVERED, "refused",   "refused",           1 },
    { CCGW_OUTBOX_REFUSED,   FAILED,    "refused",   "refused",           1 },
    { CCGW_OUTBOX_UNKNOWN,   TAKEN,     "accepted",  "",                  1 },
    { CCGW_OUTBOX_UNKNOWN,   DELIVERED, "delivered", "delivered",         1 },
    { CCGW_OUTBOX_UNKNOWN,   FAILED,    "failed",    "failed",            1 },
    { CCGW_OUTBOX_DELIVERED, TAKEN,     "delivered", "delivered",         1 },
    { CCGW_OUTBOX_DELIVERED, DELIVERED, "delivered", "delivered",         1 },
    { CCGW_OUTBOX_DELIVERED, FAILED,    "delivered", "delivered",         1 },
    { CCGW_OUTBOX_FAILED,    TAKEN,     "failed",    "failed",            1 },
    { CCGW_OUTBOX_FAILED,    DELIVERED, "delivered", "failed, delivered", 1 },
    { CCGW_OUTBOX_FAILED,    FAILED,    "failed",    "failed",            1 },
    { CCGW_OUTBOX_UNKNOWN,   CCGW_FATE_UNSET, "unknown", "",              2 },
};
/* clang-format on */

static const char *fate_name(ccgw_fate_t fate)
{
    static const char *const names[] = { "nothing", "taken", "delivered", "failed" };

    return names[fate];
}

static void check_case(apr_size_t i)
{
    talk_t talk = begin();
    const char *state = name_of(cases[i].state), *fate = fate_name(cases[i].fate);
    int failures;

    forget_carrier();
    bring(&talk, cases[i].state, cases[i].fate);
    is_int(report(&talk, cases[i].fate), APR_SUCCESS, "a text that is %s is reported %s", state, fate);
    is_str(shown(&talk), cases[i].shown, "and is shown as %s", cases[i].shown);
    report(&talk, cases[i].fate);
    report(&talk, cases[i].fate);
    is_str(heard("anna", &talk), cases[i].heard, "whoever wrote it hears once: %s", cases[i].heard);
    failures = strstr(cases[i].heard, "failed") != NULL;
    is_int(times_said("CCGW0311"), failures, "the log tells %s", failures ? "of a failure, once" : "of no failure");
    is_int(times_said("CCGW0305"), 0, "and nobody took it over");
    house->now += UNKNOWN_FOR + 61 * SECOND;
    round_of(APR_SUCCESS);
    round_of(APR_SUCCESS);
    is_int(carrier.count, cases[i].sent, "in the end it was sent %d times", cases[i].sent);
    is_int(times_said("top secret"), 0, "and what it says is not in the log");
    end(&talk);
}

/* ---- before the carrier answers ---- */

static void before_the_answer(apr_status_t answer, ccgw_fate_t fate, const char *want)
{
    talk_t talk = begin(), next = talk;

    forget_carrier();
    say(&next);
    carrier.report = &talk;
    carrier.fate = fate;
    is_int(round_of(answer), APR_SUCCESS, "a report (%s) comes before the answer (%d)", fate_name(fate),
           answer ? answer - CCGW_ERROR_BASE : 0);
    is_int(carrier.reported, APR_SUCCESS, "and is taken");
    is_str(shown(&talk), want, "the answer does not take it back");
    is_int(times_said("CCGW030"), 0, "nor is anything else logged");
    house->now += 31 * SECOND;
    round_of(APR_SUCCESS);
    is_str(carrier.keys, apr_psprintf(house->pool, "%s %s", talk.key, next.key), "the next text follows");
    end(&talk);
}

static void check_before_the_answer(void)
{
    static const apr_status_t answers[] = { APR_SUCCESS, CCGW_EREFUSED, CCGW_EBUSY, CCGW_EUNKNOWN };
    apr_size_t i;

    for (i = 0; i < sizeof answers / sizeof *answers; i++) {
        before_the_answer(answers[i], TAKEN, "accepted");
        before_the_answer(answers[i], DELIVERED, "delivered");
        before_the_answer(answers[i], FAILED, "failed");
    }
}

/* ---- at the same moment ---- */

static int commits_before;
static talk_t racing;
static ccgw_fate_t racing_fate; /* UNSET: the sender settles, else this is reported */

static apr_status_t commit_second(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    if (commits_before-- == 0) {
        if (racing_fate)
            report(&racing, racing_fate);
        else
            round_of(CCGW_EUNKNOWN);
    }
    return house->real->commit(at, txn, durability);
}

/* Sender and report have read the same; one commits first, the other sees that and begins again. */
static void check_race(void)
{
    racing = begin();
    forget_carrier();
    house->provider.commit = commit_second;
    commits_before = 1;
    racing_fate = DELIVERED;
    is_int(round_of(CCGW_EUNKNOWN), APR_SUCCESS, "a report comes while the outcome is written");
    is_str(shown(&racing), "delivered", "and counts");
    is_int(times_said("CCGW030"), 0, "and no doubt is logged");
    end(&racing);

    racing = begin();
    commits_before = 0;
    racing_fate = CCGW_FATE_UNSET;
    is_int(report(&racing, DELIVERED), APR_SUCCESS, "the sender comes while a report is written");
    house->provider.commit = house->real->commit;
    is_str(shown(&racing), "delivered", "and that counts too");
    house->now += UNKNOWN_FOR + 61 * SECOND;
    round_of(APR_SUCCESS);
    is_int(carrier.count, 2, "each was sent once");
    is_str(heard("anna", &racing), "delivered", "and told once");
    end(&racing);
}

/* ---- when the sender died ---- */

static int commits_left;

static apr_status_t fail_commit(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    return commits_left-- > 0 ? house->real->commit(at, txn, durability) : CCGW_ESTORE;
}

static int calls_for_sender;

static void note_ready(void *baton)
{
    calls_for_sender++;
}

static void check_dead_sender(void)
{
    talk_t talk = begin(), next = talk;

    forget_carrier();
    say(&next);
    house->provider.commit = fail_commit;
    commits_left = 1;
    round_of(APR_SUCCESS);
    house->provider.commit = house->real->commit;
    is_int(carrier.count, 1, "a text is out, and nobody wrote the answer down");
    house->core.outbox_ready = note_ready;
    calls_for_sender = 0;
    is_int(report(&talk, DELIVERED), APR_SUCCESS, "a report comes");
    house->core.outbox_ready = NULL;
    is_int(calls_for_sender, 1, "which calls for the sender: the next text may leave");
    house->now += UNKNOWN_FOR + 61 * SECOND;
    round_of(APR_SUCCESS);
    is_str(carrier.keys, apr_psprintf(house->pool, "%s %s", talk.key, next.key), "and it was sent once");
    is_str(shown(&talk), "delivered", "and is shown as delivered");
    end(&talk);
}

/* ---- keys ---- */

static void check_keys(void)
{
    talk_t talk = begin();
    const char *id = apr_pstrmemdup(house->pool, talk.key, 16);
    const char *keys[] = {
        NULL,
        "",
        "nonsense",
        "0000000000000000.1",
        "00000000000000zz.1",
        "0123456789abcdef.1",
        id,
        apr_pstrcat(house->pool, id, ".", NULL),
        apr_pstrcat(house->pool, id, ".x", NULL),
        apr_pstrcat(house->pool, id, ".-1", NULL),
        apr_pstrcat(house->pool, id, ".999", NULL),
        apr_pstrcat(house->pool, id, ".4294967298", NULL),
        apr_pstrcat(house->pool, id, ".99999999999999999999999", NULL),
        apr_pstrcat(house->pool, talk.key, ".", NULL),
        apr_pstrcat(house->pool, talk.key, ".0", NULL),
        apr_pstrcat(house->pool, talk.key, ".1", NULL),
        apr_pstrcat(house->pool, talk.key, ".256", NULL),
        apr_pstrcat(house->pool, talk.key, ".1.1", NULL),
        apr_pstrcat(house->pool, talk.key, " ", NULL),
        apr_pstrcat(house->pool, "0", talk.key, NULL),
        apr_psprintf(house->pool, "%s.0%d", id, talk.index),
    };
    ccgw_cursor_t before;
    apr_size_t i;

    forget_carrier();
    round_of(CCGW_EUNKNOWN);
    before = house->real->last(house->core.store, ccgw_buf_str("demo"));
    for (i = 0; i < sizeof keys / sizeof *keys; i++)
        is_int(report_to("demo", keys[i], DELIVERED), CCGW_ENOTFOUND, "there is no text '%s'",
               keys[i] ? keys[i] : "(null)");
    is_int(report_to("other", talk.key, DELIVERED), CCGW_ENOTFOUND, "another tenant has no text '%s'", talk.key);
    ok(before == house->real->last(house->core.store, ccgw_buf_str("demo")), "and nothing was changed");
    is_str(shown(&talk), "unknown", "the text is where it was");
    is_int(report(&talk, (ccgw_fate_t)77), APR_SUCCESS, "a report without a meaning");
    is_str(shown(&talk), "unknown", "changes nothing");
    is_int(report(&talk, DELIVERED), APR_SUCCESS, "its own tenant and key are known");
    is_int(report_to("other", talk.key, FAILED), CCGW_ENOTFOUND, "another tenant has no settled text either");
    is_str(shown(&talk), "delivered", "and takes nothing back");
    end(&talk);
}

/* ---- who is told ---- */

static void check_agents(void)
{
    const char *const all[] = { "anna", "bert", "cleo", "eve" };
    ccgw_read_event_t *events;
    ccgw_session_args_t args;
    talk_t talk = begin();
    ccgw_done_t done;
    int i;

    args = (ccgw_session_args_t){ .session = talk.session,
                                  .offer = CCGW_OFFER_INVITE,
                                  .target = { CCGW_TARGET_AGENT, house_id(house, "bert") } };
    house_ready(house, "bert");
    is_int(ccgw_session_invite(house_call(house, "anna"), &args, &done), APR_SUCCESS, "bert is asked in");
    is_int(ccgw_session_accept(house_call(house, "bert"), &args, &done), APR_SUCCESS, "and comes");
    house_ready(house, "cleo");
    args.target.id = house_id(house, "cleo");
    is_int(ccgw_session_invite(house_call(house, "anna"), &args, &done), APR_SUCCESS, "cleo is asked in");
    for (i = 0; i < 4; i++)
        house_heard(house, all[i], &events);
    forget_carrier();
    round_of(APR_SUCCESS);
    report(&talk, DELIVERED);
    is_str(heard("anna", &talk), "delivered", "who wrote it is told that it was delivered");
    is_str(heard("bert", &talk), "delivered", "and so is who is in the session too");
    is_str(heard("cleo", &talk), "", "not who has not come yet");
    is_str(heard("eve", &talk), "", "nor another tenant");
    is_str(house_fault(house), NULL, "and all records agree");
    end(&talk);
    ccgw_session_complete(house_call(house, "bert"), &args, &done);
}

static void check_copies(void)
{
    talk_t talk = begin(), other = talk;
    ccgw_session_args_t args = { .session = talk.session, .target = { CCGW_TARGET_MEMBER, "+17778888" } };
    ccgw_session_result_t result = { { { NULL, 0 } } };

    forget_carrier();
    round_of(APR_SUCCESS);
    is_int(ccgw_member_invite(house_call(house, "anna"), &args, &result), APR_SUCCESS, "a second customer comes in");
    say(&talk);
    other = talk;
    other.customer = "+17778888";
    other.key = apr_pstrcat(house->pool, talk.key, ".1", NULL);
    heard("anna", &talk);
    forget_carrier();
    round_of(APR_SUCCESS);
    round_of(APR_SUCCESS);
    is_str(carrier.keys, apr_psprintf(house->pool, "%s %s", talk.key, other.key), "one text leaves for each");
    is_int(report(&talk, DELIVERED), APR_SUCCESS, "the first has it");
    is_str(heard("anna", &talk), "delivered", "of which the agent is told");
    is_int(report(&other, FAILED), APR_SUCCESS, "the second will not get it");
    is_str(heard("anna", &other), "failed", "of which the agent is told, with his number");
    is_str(shown(&talk), "delivered", "the message shows how the first one's stands");
    end(&talk);
}

/* ---- late ---- */

static void delete_session(const talk_t *talk)
{
    ccgw_buf_t key = ccgw_session_key(house->demo, talk->session, house->pool);
    ccgw_record_t record;
    ccgw_txn_t *txn;

    house->real->begin(&txn, house->core.store, ccgw_buf_str("demo"), house->pool);
    house->real->get(&record, txn, CCGW_TABLE_SESSION, key);
    house->real->del(txn, CCGW_TABLE_SESSION, key);
    is_int(house->real->commit(NULL, txn, CCGW_DURABLE_UNSET), APR_SUCCESS, "the session is forgotten");
}

static void check_late(void)
{
    talk_t talk = begin();
    ccgw_outbox_t *list;
    int n, before;

    forget_carrier();
    round_of(APR_SUCCESS);
    end(&talk);
    is_int(report(&talk, FAILED), APR_SUCCESS, "a report comes when the session is over");
    is_str(shown(&talk), "failed", "the message shows it");
    is_str(heard("anna", &talk), "", "and nobody is told");
    delete_session(&talk);
    is_int(report(&talk, DELIVERED), APR_SUCCESS, "another comes when nobody knows the session");
    is_str(shown(&talk), "delivered", "the message shows that too");

    ccgw_outbox_list(&list, &before, house_call(house, "anna"), talk.customer);
    is_int(before, 1, "a delivered text is listed with the accepted ones");
    house_pass(house, A_DAY + SECOND);
    ccgw_outbox_list(&list, &n, house_call(house, "anna"), NULL);
    is_int(n, 0, "after a day nobody remembers it");
    is_int(report(&talk, FAILED), CCGW_ENOTFOUND, "and what comes then is about no known text");
    is_str(shown(&talk), "delivered", "and changes nothing");
}

int main(void)
{
    apr_size_t i;

    house = house_open();
    ccgw_log_install(hear, NULL);
    house_ready(house, "anna");
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(i);
    check_before_the_answer();
    check_race();
    check_dead_sender();
    check_keys();
    check_agents();
    check_copies();
    check_late();
    house_close(house);
    return done_testing();
}
