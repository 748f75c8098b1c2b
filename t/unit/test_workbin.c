/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_workbin.c: parking work, pulling it out, watching, and who may. */
#include "house.h"
#include "tap.h"

#define GROUP_BIN "6c715fa9-de16-4d23-b07c-cbcb1caf3e07"
#define PLACE_BIN "5d487e69-a393-4228-a06f-6a4015ab1b54"

static house_t *house;

static ccgw_id_t accepted_by(const char *who, const char *from)
{
    ccgw_session_args_t args = { .session = house_text(house, from, "hello"), .media = CCGW_MEDIA_SMS };
    ccgw_done_t done;

    is_int(ccgw_session_accept(house_call(house, who), &args, &done), APR_SUCCESS, "%s has a session", who);
    return args.session;
}

static ccgw_workbin_args_t bin(const char *id, ccgw_id_t session)
{
    return (ccgw_workbin_args_t){ .workbin = id, .session = session };
}

static apr_status_t add(const char *who, ccgw_workbin_args_t args)
{
    ccgw_workbin_result_t result;

    return ccgw_workbin_add(house_call(house, who), &args, &result);
}

static apr_status_t pull(const char *who, ccgw_workbin_args_t args)
{
    ccgw_workbin_result_t result;

    return ccgw_workbin_pull(house_call(house, who), &args, &result);
}

static apr_status_t watch(const char *who, const char *id, int on)
{
    ccgw_workbin_args_t args = bin(id, 0);
    ccgw_workbin_result_t result;

    return on ? ccgw_workbin_watch(house_call(house, who), &args, &result)
              : ccgw_workbin_unwatch(house_call(house, who), &args, &result);
}

/** How many events of TYPE WHO heard since last asked; *last the newest of them. */
static int heard(const char *who, int type, ccgw_event_t *last)
{
    ccgw_read_event_t *events;
    int i, count = 0, n = house_heard(house, who, &events);

    for (i = 0; i < n; i++) {
        if (events[i].event.type != type)
            continue;
        *last = events[i].event;
        count++;
    }
    return count;
}

static const char *fault(void)
{
    const char *text = house_fault(house);

    return text ? text : "none";
}

static void parking(void)
{
    ccgw_event_t event;
    ccgw_session_t session;
    ccgw_workbin_args_t args;
    ccgw_workbin_result_t result;
    ccgw_id_t id = accepted_by("anna", "+17770001");

    is_int(watch("dora", GROUP_BIN, 1), APR_SUCCESS, "dora watches the group's workbin");
    is_int(heard("dora", CCGW_EVENT_WORKBIN_WATCHED, &event), 1, "and is told so");
    is_int(add("bert", bin(GROUP_BIN, id)), CCGW_ENOTFOUND, "only who is in a session can park it");
    is_int(add("anna", bin("00000000-0000-0000-0000-000000000000", id)), CCGW_ENOTFOUND,
           "not into what does not exist");
    heard("anna", 0, &event);
    is_int(add("anna", bin(GROUP_BIN, id)), APR_SUCCESS, "anna parks hers");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_PARKED, "it is parked");
    is_int(ccgw_session_joined(&session), 0, "nobody is in it");
    is_int(heard("dora", CCGW_EVENT_WORKBIN_ADDED, &event), 1, "dora hears of the item");
    ok(event.session && event.session->id == id, "which item it is");
    is_int(heard("anna", CCGW_EVENT_SESSION_STATE, &event), 1, "anna hears of her session");
    is_int(event.view, CCGW_VIEW_PARKED, "that it is in a workbin");
    is_int(heard("bert", CCGW_EVENT_WORKBIN_ADDED, &event), 0, "who does not watch hears nothing");
    args = bin(GROUP_BIN, 0);
    is_int(ccgw_workbin_content(house_call(house, "bert"), &args, &result), APR_SUCCESS, "bert looks into it");
    is_int(result.workbins[0].nitems, 1, "and sees the item");
    is_str(fault(), "none", "records agree while parked");

    is_int(pull("bert", bin(PLACE_BIN, id)), CCGW_ENOTFOUND, "it is not in another workbin");
    is_int(pull("bert", bin(GROUP_BIN, id)), APR_SUCCESS, "bert pulls it");
    is_int(pull("anna", bin(GROUP_BIN, id)), CCGW_ENOTFOUND, "then it is not there for anna");
    session = house_session(house, id);
    is_int(session.state, CCGW_SESSION_ACTIVE, "it goes on");
    is_str(session.owner, house_id(house, "bert"), "with bert");
    is_int(heard("dora", CCGW_EVENT_WORKBIN_REMOVED, &event), 1, "dora hears that it went");
    is_str(fault(), "none", "records agree after the pull");

    is_int(watch("dora", GROUP_BIN, 0), APR_SUCCESS, "dora watches no longer");
    add("bert", bin(GROUP_BIN, id));
    is_int(heard("dora", CCGW_EVENT_WORKBIN_ADDED, &event), 0, "and hears no more");
    is_int(pull("bert", bin(GROUP_BIN, id)), APR_SUCCESS, "bert takes it back");
    house_text(house, "+17770001", "still there?");
    session = house_session(house, id);
    ok(session.messages > 3, "the customer's session is the same all the time");
}

static void who_may(void)
{
    ccgw_id_t id = accepted_by("anna", "+17770002");
    ccgw_workbin_args_t args = bin(GROUP_BIN, id);
    ccgw_workbin_result_t result;

    args.agent_group = "MyAgentGroup";
    is_int(add("anna", args), APR_SUCCESS, "the group may be named");
    args.agent_group = "OtherGroup";
    is_int(pull("bert", args), CCGW_ENOTFOUND, "another group's name finds nothing");
    args.agent_group = NULL;
    args.place_group = "MyPlaceGroup";
    is_int(pull("bert", args), CCGW_ENOTFOUND, "nor a place group for a group of agents");
    is_int(pull("eve", bin(GROUP_BIN, id)), CCGW_ENOTFOUND, "another tenant finds nothing");
    args = bin(GROUP_BIN, id);
    args.chat = 1;
    is_int(pull("bert", args), CCGW_EDISABLED, "the chat form waits for its options");
    house->core.limits.pull_notify = house->core.limits.pull_join = 1;
    args.nickname = "Robert";
    is_int(pull("bert", args), APR_SUCCESS, "and works with them");
    ccgw_session_t session = house_session(house, id);
    is_str(ccgw_session_part(&session, house_id(house, "bert"))->nickname, "Robert", "under the nickname given");

    args = bin(PLACE_BIN, id);
    is_int(add("bert", args), APR_SUCCESS, "a place group's workbin takes it too");
    is_int(pull("anna", args), APR_SUCCESS, "for whoever sits at one of its places");

    args = (ccgw_workbin_args_t){ 0 };
    is_int(ccgw_workbin_list(house_call(house, "anna"), &args, &result), APR_SUCCESS, "workbins are listed");
    is_int(result.nworkbins, 3, "group, place group and her own");
    const char *drafts = NULL;
    for (int i = 0; i < result.nworkbins; i++) {
        if (result.workbins[i].def->kind == CCGW_OWNER_AGENT)
            drafts = result.workbins[i].def->id;
    }
    is_int(add("anna", bin(drafts, id)), APR_SUCCESS, "her own drafts take it");
    is_int(pull("bert", bin(drafts, id)), CCGW_ENOTFOUND, "bert's drafts are others");
    args = bin(drafts, id);
    args.user = house_id(house, "anna");
    is_int(pull("bert", args), CCGW_EROLE, "he may not reach into hers");
    is_int(pull("cleo", args), APR_SUCCESS, "a supervisor may");
    is_str(fault(), "none", "records agree at the end");
}

/** In a house of its own, where anna has been idle longest. */
static void at_work(void (*test)(void))
{
    house = house_open();
    house_ready(house, "anna");
    house_ready(house, "bert");
    house_ready(house, "cleo");
    house_ready(house, "dora");
    test();
    house_close(house);
}

int main(void)
{
    at_work(parking);
    at_work(who_may);
    return done_testing();
}
