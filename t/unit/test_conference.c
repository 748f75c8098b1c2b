/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_conference.c: telephone conferences: who is asked, rung, in, out, and who hears what. */
#include <string.h>

#include "core/ccgw_conference.h"
#include "house.h"
#include "tap.h"

static house_t *house;

/** Phones of the test: 1 answers, 2 refuses, others stay silent. */
static int ring(void *baton, const char *number, apr_interval_time_t *after)
{
    char last = number[strlen(number) - 1];

    *after = apr_time_from_sec(last == '1' || last == '2' ? 1 : 30);
    return last == '1' ? CCGW_RING_ANSWER : last == '2' ? CCGW_RING_REFUSE : CCGW_RING_SILENT;
}

static void on_the_phone(const char *who)
{
    const char *channels[] = { "voice" };
    ccgw_agent_args_t args = { .channels = { channels, 1 } };
    ccgw_agent_result_t result;

    is_int(ccgw_agent_open(house_call(house, who), &args, &result), APR_SUCCESS, "%s signs in with a phone", who);
}

typedef apr_status_t verb_t(ccgw_call_t *call, const ccgw_conference_args_t *args, ccgw_done_t *done);

static apr_status_t does(const char *who, verb_t *verb)
{
    ccgw_conference_args_t args = { .limit = 5, .minutes = 15, .remind = 7 };
    ccgw_done_t done;

    return verb(house_call(house, who), &args, &done);
}

static apr_status_t asks(const char *who, int kind, const char *address)
{
    ccgw_address_t one = { kind, address };
    ccgw_conference_args_t args = { .addresses = &one, .naddresses = 1 };
    ccgw_done_t done;

    return ccgw_conference_invite(house_call(house, who), &args, &done);
}

/** What WHO heard since last asked: one letter a change, in order. s: of himself, o: of others, E ending. */
static const char *heard(const char *who)
{
    static const char changes[] = ".jlcn";
    static char out[4][64];
    static int turn;
    ccgw_read_event_t *events;
    int i, at = 0, n = house_heard(house, who, &events);
    char *line = out[turn++ % 4];

    for (i = 0; i < n && at < 60; i++) {
        const ccgw_event_t *event = &events[i].event;

        if (event->type == CCGW_EVENT_AGENT_STATE)
            continue;
        line[at++] = event->type == CCGW_EVENT_SESSION_STATE          ? 's'
                     : event->type == CCGW_EVENT_SESSION_PARTICIPANTS ? 'o'
                                                                      : 'E';
        line[at++] = event->view == CCGW_VIEW_OFFERED ? '?' : changes[event->change];
    }
    line[at] = 0;
    return line;
}

static const char *fault(void)
{
    const char *text = house_fault(house);

    return text ? text : "none";
}

static void coming_and_going(void)
{
    is_int(does("anna", ccgw_conference_leave), CCGW_ENOCONFERENCE, "who is in none cannot leave it");
    is_int(does("anna", ccgw_conference_request), APR_SUCCESS, "anna begins a conference");
    is_str(heard("anna"), "sc", "and is told she is its chair");
    is_int(does("anna", ccgw_conference_request), CCGW_EINCONFERENCE, "only one at a time");
    is_int(asks("anna", CCGW_ADDRESS_AGENT, "102"), APR_SUCCESS, "she asks bert in");
    is_str(heard("bert"), "s?", "his phone rings");
    is_int(asks("bert", CCGW_ADDRESS_AGENT, "103"), CCGW_ENOCONFERENCE, "he cannot ask others before he is in");
    is_int(does("bert", ccgw_conference_answer), APR_SUCCESS, "he answers");
    is_str(heard("bert"), "sj", "and is in");
    is_str(heard("anna"), "oj", "anna hears so");
    is_int(asks("bert", CCGW_ADDRESS_AGENT, "103"), CCGW_ENOTCHAIR, "only the chair asks others");
    asks("anna", CCGW_ADDRESS_AGENT, "103");
    is_int(does("cleo", ccgw_conference_reject), APR_SUCCESS, "cleo refuses");
    is_str(heard("cleo"), "s?sn", "she is asked, and out of it");
    is_str(heard("bert"), "on", "bert hears that she does not come");
    is_int(does("cleo", ccgw_conference_reject), CCGW_ENOCONFERENCE, "a second refusal is too late");
    is_int(asks("anna", CCGW_ADDRESS_AGENT, "201"), CCGW_EINVAL, "another tenant's agent does not exist");
    heard("anna");
    is_int(asks("anna", CCGW_ADDRESS_AGENT, "104"), APR_SUCCESS, "an agent who is not there may be asked");
    is_str(heard("anna"), "on", "but does not come");
    is_str(fault(), "none", "records agree in the middle");
    is_int(does("anna", ccgw_conference_leave), CCGW_ECHAIR, "the chair cannot leave");
    is_int(does("bert", ccgw_conference_leave), APR_SUCCESS, "bert can");
    is_str(heard("bert"), "onsl", "he is out");
    is_str(heard("anna"), "ol", "anna hears so");
    is_int(does("anna", ccgw_conference_release), APR_SUCCESS, "she ends it");
    is_str(heard("anna"), "sl", "and is out as well");
    is_str(fault(), "none", "records agree at the end");
}

static void phones(void)
{
    does("anna", ccgw_conference_request);
    heard("anna");
    is_int(asks("anna", CCGW_ADDRESS_PHONE, "+15550101"), APR_SUCCESS, "a phone is rung");
    asks("anna", CCGW_ADDRESS_PHONE, "+15550102");
    asks("anna", CCGW_ADDRESS_PHONE, "+15550103");
    is_str(heard("anna"), "", "which takes a while");
    house_pass(house, apr_time_from_sec(2));
    is_str(heard("anna"), "onoj", "one refuses, one answers");
    house_pass(house, apr_time_from_sec(30));
    is_str(heard("anna"), "on", "one never did");
    asks("anna", CCGW_ADDRESS_AGENT, "102");
    house_pass(house, apr_time_from_sec(31));
    is_str(heard("anna"), "on", "nor does an agent who lets it ring");
    is_str(heard("bert"), "s?sn", "and he is told that it stopped");
    is_int(asks("anna", CCGW_ADDRESS_PHONE, "+15550101"), APR_SUCCESS, "more may come");
    asks("anna", CCGW_ADDRESS_PHONE, "+15550101");
    is_int(asks("anna", CCGW_ADDRESS_PHONE, "+15550101"), APR_SUCCESS, "up to the limit");
    is_int(asks("anna", CCGW_ADDRESS_PHONE, "+15550101"), CCGW_ELIMIT, "not beyond");
    does("anna", ccgw_conference_release);
    heard("anna");
    is_str(fault(), "none", "records agree afterwards");
}

static void time_and_absence(void)
{
    does("anna", ccgw_conference_request);
    asks("anna", CCGW_ADDRESS_AGENT, "102");
    does("bert", ccgw_conference_answer);
    heard("anna");
    heard("bert");
    house_pass(house, apr_time_from_sec(8 * 60 + 1));
    is_str(heard("anna"), "E.", "the chair is reminded of the end");
    is_int(ccgw_login_close(house_call(house, "anna")), APR_SUCCESS, "the chair signs out");
    house_pass(house, apr_time_from_sec(121));
    is_str(heard("bert"), "olsc", "somebody else is the chair then");
    is_int(does("bert", ccgw_conference_request), CCGW_EINCONFERENCE, "he is still in it");
    house_pass(house, apr_time_from_sec(300));
    is_str(heard("bert"), "sl", "when its time is up it ends");
    is_str(fault(), "none", "records agree after the end");
}

int main(void)
{
    house = house_open();
    house->core.ring = ring;
    on_the_phone("anna");
    on_the_phone("bert");
    on_the_phone("cleo");
    coming_and_going();
    phones();
    time_and_absence();
    house_close(house);
    return done_testing();
}
