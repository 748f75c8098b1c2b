/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_interleave.c: two actions at once, the second one let in at every read and at the commit of the first: whichever
 * wins, exactly one of them does where only one can, all records agree, and nobody is stuck. */
#include <apr_strings.h>

#include "core/ccgw_session_store.h"
#include "house.h"
#include "tap.h"

#define GROUP_BIN "6c715fa9-de16-4d23-b07c-cbcb1caf3e07"

static house_t *house;

/* ---- letting the second action in ---- */

static int countdown = -1; /* boundaries of the first action still to pass; -1: nobody is let in */
static int boundaries;     /* passed so far */
static void (*intruder)(void);

static void boundary(void)
{
    boundaries++;
    if (countdown < 0 || countdown-- > 0)
        return;
    intruder();
}

static apr_status_t get(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key)
{
    boundary();
    return house->real->get(record, txn, table, key);
}

static apr_status_t range(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                          ccgw_buf_t to, int max)
{
    boundary();
    return house->real->range(records, n, txn, table, from, to, max);
}

static apr_status_t scan(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                         ccgw_buf_t to, int max)
{
    boundary();
    return house->real->scan(records, n, txn, table, from, to, max);
}

static apr_status_t commit(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    boundary();
    return house->real->commit(at, txn, durability);
}

/* ---- actions: they note how they ended ---- */

static ccgw_id_t session, other;
static ccgw_call_t *second_desk;
static apr_status_t first_rv, second_rv;

static ccgw_session_args_t on(ccgw_id_t id)
{
    return (ccgw_session_args_t){ .session = id, .media = CCGW_MEDIA_SMS };
}

static apr_status_t accept_with(ccgw_call_t *call, ccgw_id_t id)
{
    ccgw_session_args_t args = on(id);
    ccgw_done_t done;

    return ccgw_session_accept(call, &args, &done);
}

static void accept_first(void)
{
    first_rv = accept_with(house_call(house, "anna"), session);
}

static void accept_second(void)
{
    second_rv = accept_with(second_desk, session);
}

static void reject_second(void)
{
    ccgw_session_args_t args = on(session);
    ccgw_done_t done;

    second_rv = ccgw_session_reject(second_desk, &args, &done);
}

static void too_late(void)
{
    second_rv = APR_SUCCESS;
    house_pass(house, apr_time_from_sec(31));
}

static apr_status_t pull_by(const char *who)
{
    ccgw_workbin_args_t args = { .workbin = GROUP_BIN, .session = session };
    ccgw_workbin_result_t result;

    return ccgw_workbin_pull(house_call(house, who), &args, &result);
}

static void pull_first(void)
{
    first_rv = pull_by("anna");
}

static void pull_second(void)
{
    second_rv = pull_by("bert");
}

static apr_status_t ask(const char *who, const char *whom)
{
    ccgw_session_args_t args = on(session);
    ccgw_done_t done;

    args.offer = CCGW_OFFER_INVITE;
    args.target = (ccgw_target_t){ CCGW_TARGET_AGENT, house_id(house, whom) };
    return ccgw_session_invite(house_call(house, who), &args, &done);
}

static void invite_first(void)
{
    first_rv = ask("anna", "bert");
}

static void leave_second(void)
{
    ccgw_session_args_t args = on(session);
    ccgw_done_t done;

    second_rv = ccgw_session_leave(house_call(house, "anna"), &args, &done);
}

static void sign_out_second(void)
{
    ccgw_login_close(second_desk);
    second_rv = ccgw_login_close(house_call(house, "anna"));
}

static void text_first(void)
{
    first_rv = APR_SUCCESS;
    other = house_text(house, "+17779999", "hello");
}

static void text_second(void)
{
    second_rv = APR_SUCCESS;
    other = house_text(house, "+17779999", "hello");
}

static void ready_second(void)
{
    second_rv = APR_SUCCESS;
    house_ready(house, "dora");
}

static void ready_first(void)
{
    first_rv = APR_SUCCESS;
    house_ready(house, "dora");
}

static void send_first(void)
{
    ccgw_session_args_t args = on(session);
    ccgw_done_t done;

    args.text = "hello";
    args.type = CCGW_MESSAGE_TEXT;
    first_rv = ccgw_session_send(house_call(house, "anna"), &args, &done);
}

static void complete_second(void)
{
    ccgw_session_args_t args = on(session);
    ccgw_done_t done;

    second_rv = ccgw_session_complete(house_call(house, "anna"), &args, &done);
}

/* ---- where each pair begins ---- */

static void offered(void)
{
    house_ready(house, "anna");
    second_desk = house_desktop(house, "anna");
    session = house_text(house, "+17770001", "hello");
}

static void offered_and_another(void)
{
    offered();
    house_ready(house, "bert");
}

static void active(void)
{
    offered_and_another();
    accept_first();
}

static void parked(void)
{
    ccgw_workbin_args_t args = { .workbin = GROUP_BIN };
    ccgw_workbin_result_t result;

    active();
    args.session = session;
    ccgw_workbin_add(house_call(house, "anna"), &args, &result);
}

static void empty(void)
{
    house_call(house, "dora");
}

/* ---- what must hold afterwards ---- */

static int one_of_two(void)
{
    return (first_rv == APR_SUCCESS) + (second_rv == APR_SUCCESS) == 1;
}

static int is_active(void)
{
    return one_of_two() && house_session(house, session).state == CCGW_SESSION_ACTIVE;
}

static int accepted_or_moved_on(void)
{
    ccgw_session_t now = house_session(house, session);

    return first_rv == APR_SUCCESS ? now.state == CCGW_SESSION_ACTIVE
                                   : ccgw_session_part(&now, house_id(house, "bert")) != NULL;
}

static int no_orphan_invitation(void)
{
    ccgw_session_t now = house_session(house, session);

    return now.state != CCGW_SESSION_LEFT || !ccgw_session_part(&now, house_id(house, "bert"));
}

static int somebody_is_asked(void)
{
    ccgw_session_t now = house_session(house, other);
    const ccgw_participant_t *part = ccgw_session_part(&now, house_id(house, "dora"));

    return part && part->leg == CCGW_LEG_OFFERED;
}

static int not_asked_the_gone(void)
{
    ccgw_session_t now = house_session(house, other);

    return !ccgw_session_part(&now, house_id(house, "anna")) && second_rv == APR_SUCCESS;
}

static int log_is_whole(void)
{
    ccgw_session_t now = house_session(house, session);

    return second_rv == APR_SUCCESS && now.state == CCGW_SESSION_ENDED && now.messages == 2 + (first_rv == APR_SUCCESS);
}

static const struct {
    const char *name;
    void (*begin)(void);
    void (*first)(void);
    void (*second)(void);
    int (*holds)(void);
} pairs[] = {
    { "two desktops of one agent accept", offered, accept_first, accept_second, is_active },
    { "accept, while the other desktop rejects", offered_and_another, accept_first, reject_second,
      accepted_or_moved_on },
    { "accept, while the offer runs out", offered_and_another, accept_first, too_late, accepted_or_moved_on },
    { "two agents pull one item", parked, pull_first, pull_second, is_active },
    { "invite, while the inviter leaves", active, invite_first, leave_second, no_orphan_invitation },
    { "a text comes, while the only agent signs out", offered, text_first, sign_out_second, not_asked_the_gone },
    { "a text comes, while an agent gets ready", empty, text_first, ready_second, somebody_is_asked },
    { "an agent gets ready, while a text comes", empty, ready_first, text_second, somebody_is_asked },
    { "a text is sent, while the session is completed", active, send_first, complete_second, log_is_whole },
};

/** One pair with the second let in at boundary K; 0 when there are fewer. */
static int once(int i, int k)
{
    const char *fault;
    int held;

    house = house_open();
    pairs[i].begin();
    house->provider.get = get;
    house->provider.range = range;
    house->provider.scan = scan;
    house->provider.commit = commit;
    intruder = pairs[i].second;
    countdown = k;
    boundaries = 0;
    pairs[i].first();
    if (countdown >= 0) {
        countdown = -1;
        house_close(house);
        return 0;
    }
    house->provider = *house->real;
    fault = house_fault(house);
    held = pairs[i].holds();
    if (fault || !held)
        printf("# %s, let in at boundary %d: %s (%d, %d)\n", pairs[i].name, k, fault ? fault : "wrong outcome",
               first_rv, second_rv);
    house_close(house);
    return fault || !held ? -1 : 1;
}

int main(void)
{
    unsigned i;

    for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int k, rv = 1, bad = 0;

        for (k = 0; (rv = once((int)i, k)); k++)
            bad += rv < 0;
        ok(k > 2 && !bad, "%s: right at each of %d boundaries", pairs[i].name, k);
    }
    return done_testing();
}
