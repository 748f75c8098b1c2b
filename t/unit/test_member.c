/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_member.c: members of a session come and go, whoever they are; desktops that cannot answer; sessions searched. */
#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_member.h"
#include "core/ccgw_outbox.h"
#include "house.h"
#include "tap.h"

static house_t *house;

static ccgw_session_args_t on(ccgw_id_t session, const char *member)
{
    return (ccgw_session_args_t){ .session = session, .target = { CCGW_TARGET_MEMBER, member } };
}

static ccgw_id_t accepted(const char *who, const char *from)
{
    ccgw_session_args_t args = { .session = house_text(house, from, "hello") };
    ccgw_done_t done;

    is_int(ccgw_session_accept(house_call(house, who), &args, &done), APR_SUCCESS, "%s has a session", who);
    return args.session;
}

static apr_status_t invite(const char *who, ccgw_id_t session, const char *member, int *members)
{
    ccgw_session_args_t args = on(session, member);
    ccgw_session_result_t result = { { { NULL, 0 } } };
    apr_status_t rv = ccgw_member_invite(house_call(house, who), &args, &result);

    if (members)
        *members = result.session.nparticipants;
    return rv;
}

static apr_status_t take_out(const char *who, ccgw_id_t session, const char *member)
{
    ccgw_session_args_t args = on(session, member);
    ccgw_session_result_t result;

    return ccgw_member_remove(house_call(house, who), &args, &result);
}

/** His desktop cannot answer. */
static void signs_in_to_join(const char *who)
{
    const char *channels[] = { "sms", "chat" };
    ccgw_agent_args_t args = { .channels = { channels, 2 }, .joins = 1 };
    ccgw_agent_result_t result;

    is_int(ccgw_agent_open(house_call(house, who), &args, &result), APR_SUCCESS, "%s signs in where nobody answers",
           who);
}

/** How many texts wait in the outbox for TO; the outbox is emptied as far as asked. */
static const char *looked_for;
static int sent_to;

static apr_status_t count(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *pool)
{
    sent_to += !strcmp(entry->to, looked_for);
    return APR_SUCCESS;
}

static int sent(const char *to)
{
    ccgw_outbox_left_t left = CCGW_OUTBOX_NOW;
    int rounds;

    looked_for = to;
    sent_to = 0;
    for (rounds = 0; left && rounds < 20; rounds++)
        house_send(&left, house, count, NULL);
    return sent_to;
}

static const char *fault(void)
{
    const char *text = house_fault(house);

    return text ? text : "none";
}

static void joining_at_once(void)
{
    ccgw_session_t session;
    ccgw_id_t id = accepted("anna", "+17770001");
    int members;

    signs_in_to_join("dora");
    is_int(invite("anna", id, "dora@demo.example", &members), APR_SUCCESS, "anna invites dora");
    is_int(members, 3, "the answer is the session as it is now");
    session = house_session(house, id);
    is_int(ccgw_session_part(&session, house_id(house, "dora"))->leg, CCGW_LEG_JOINED, "dora is in it at once");
    is_int(invite("anna", id, "dora", &members), APR_SUCCESS, "inviting her again is no fault");
    is_int(members, 3, "and she stays one member");
    is_int(invite("anna", id, "nobody", NULL), CCGW_EINVAL, "who is neither user nor number cannot be invited");
    is_int(invite("eve", id, "anna", NULL), CCGW_ENOTFOUND, "another tenant finds no session");
    is_str(fault(), "none", "records agree");
    is_int(take_out("dora", id, "anna"), APR_SUCCESS, "dora takes anna out");
    session = house_session(house, id);
    ok(!ccgw_session_part(&session, house_id(house, "anna")), "anna is out");
    is_str(session.owner, house_id(house, "dora"), "the session is dora's");
    is_int(take_out("dora", id, "anna"), CCGW_ENOTFOUND, "who is not in it cannot be taken out");
    is_int(take_out("anna", id, "dora"), CCGW_ENOTFOUND, "who is out takes nobody out");
    is_int(take_out("dora", id, "dora"), APR_SUCCESS, "dora takes herself out");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_LEFT, "the last one leaves as always");
    is_str(fault(), "none", "records agree");
}

static void more_customers(void)
{
    ccgw_session_args_t say = { .text = "to all", .type = CCGW_MESSAGE_TEXT, .visibility = CCGW_VISIBLE_ALL };
    ccgw_done_t done;
    ccgw_session_t session;
    ccgw_id_t id = accepted("anna", "+17770002"), busy = house_text(house, "+17770005", "mine");

    is_int(invite("anna", id, "+17770003", NULL), APR_SUCCESS, "a second number joins");
    is_int(invite("anna", id, "+17770003", NULL), APR_SUCCESS, "twice is once");
    is_int(invite("anna", id, "+17770005", NULL), CCGW_EINUSE, "whoever is in another session cannot");
    say.session = id;
    sent("");
    is_int(ccgw_session_send(house_call(house, "anna"), &say, &done), APR_SUCCESS, "anna writes");
    is_int(sent("+17770003"), 1, "the second number gets it");
    is_int(ccgw_session_send(house_call(house, "anna"), &say, &done), APR_SUCCESS, "she writes again");
    is_int(sent("+17770002"), 1, "and so does the first");
    is_int(house_text(house, "+17770003", "from the second"), id, "its texts come into the session");
    is_int(sent("+17770002"), 1, "and reach the first");
    is_int(take_out("anna", id, "+17770002"), APR_SUCCESS, "the first is taken out");
    session = house_session(house, id);
    is_str(session.customer, "+17770003", "the second stands for the session now");
    is_int(take_out("anna", id, "+17770003"), CCGW_ESTATE, "the only customer stays");
    ok(house_text(house, "+17770002", "again") != id, "the first begins anew");
    is_str(fault(), "none", "records agree");
    say.session = id;
    is_int(ccgw_session_end(house_call(house, "anna"), &say, &done), APR_SUCCESS, "anna ends it");
    ok(house_text(house, "+17770003", "again") != id, "the second begins anew, too");
    is_int(invite("anna", id, "+17770009", NULL), CCGW_ENOTFOUND, "nobody is invited into what is over for anna");
    ok(busy != id, "the other session is another");
    is_str(fault(), "none", "records agree");
}

static void searching(void)
{
    ccgw_search_args_t args = { .per_page = 2 };
    ccgw_search_result_t result;
    ccgw_id_t first, second;

    is_int(ccgw_session_search(house_call(house, "cleo"), &args, &result), APR_SUCCESS, "a supervisor searches");
    ok(result.total > 4 && result.pages == (result.total + 1) / 2 && result.more, "pages are counted");
    is_int(result.nsessions, 2, "a page holds what it may");
    first = result.sessions[1].id;
    args.page = 1;
    ccgw_session_search(house_call(house, "cleo"), &args, &result);
    second = result.sessions[0].id;
    ok(second > first, "the next page goes on");
    args = (ccgw_search_args_t){ .all = 1, .customer = "+17770005" };
    ccgw_session_search(house_call(house, "cleo"), &args, &result);
    is_int(result.total, 1, "by customer");
    args = (ccgw_search_args_t){ .descending = 1, .per_page = 1 };
    ccgw_session_search(house_call(house, "cleo"), &args, &result);
    ok(result.nsessions == 1 && result.sessions[0].id > second, "newest first");
    args = (ccgw_search_args_t){ .all = 1 };
    ccgw_session_search(house_call(house, "bert"), &args, &result);
    is_int(result.total, 0, "who is no supervisor sees his own: none");
    ccgw_session_search(house_call(house, "eve"), &args, &result);
    is_int(result.total, 0, "and another tenant nothing");
    args.page = -1;
    args.all = 0;
    is_int(ccgw_session_search(house_call(house, "cleo"), &args, &result), CCGW_ERANGE, "a page before the first");
}

int main(void)
{
    house = house_open();
    house_ready(house, "anna");
    joining_at_once();
    more_customers();
    searching();
    house_close(house);
    return done_testing();
}
