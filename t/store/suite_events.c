/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_events.c: mailboxes and their events: order, cursors, wakes, starting over. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

static void test_events(void)
{
    fixture_t f = fresh("events");
    ccgw_cursor_t at, sent, start;
    ccgw_buf_t box = key("m");
    ccgw_txn_t *txn;

    open_store(&f);
    start = provider->last(f.store, TENANT);
    send_event(&f, "m", NULL, "lost", 0);
    box_op(&f, "m", 1);
    box_op(&f, "topic", 1);
    at = start;
    is_str(read_box(&f, "m", NULL, &at, 10), "",
           "a mailbox takes nothing before it is opened; a reader from before "
           "its opening is welcome");
    sent = send_event(&f, "m", NULL, "e1", 0);
    ok(sent == provider->last(f.store, TENANT), "commit tells the cursor that last() shows");
    send_event(&f, "topic", NULL, "t1", 0);
    send_event(&f, "m", "topic", "both", 0);
    send_event(&f, "m", NULL, "e2", 0);
    start = at;
    is_str(read_box(&f, "m", "topic", &at, 10), "e1 t1 both e2",
           "mailboxes are merged in the order of commits, a "
           "shared event comes once");
    is_str(read_box(&f, "m", "topic", &at, 10), "", "and not again");
    at = start;
    is_str(read_box(&f, "m", "topic", &at, 2), "e1 t1", "at most MAX come");
    is_str(read_box(&f, "m", "topic", &at, 2), "both e2", "and the rest goes on from there");
    box_op(&f, "m", 1);
    at = start;
    is_str(read_box(&f, "m", NULL, &at, 10), "e1 both e2", "opening an open mailbox keeps its events");

    start = at;
    txn = begin(&f);
    provider->append(txn, &box, 1, text("p1"));
    provider->append(txn, &box, 1, text("p2"));
    provider->append(txn, &box, 1, text("p3"));
    provider->commit(NULL, txn, 0);
    send_event(&f, "m", NULL, "q", 0);
    is_str(read_box(&f, "m", NULL, &at, 2), "p1 p2 p3", "a commit's events are never split");
    is_str(read_box(&f, "m", NULL, &at, 2), "q", "the next commit follows");

    sent = send_event(&f, "m", NULL, "typing", CCGW_DURABLE_MEMORY);
    ok(sent > at, "a passing event moves the cursor");
    is_str(read_box(&f, "m", NULL, &at, 10), "typing", "a passing event reaches who is there");
    is_str(read_box(&f, "m", NULL, &at, 10), "", "once");
    close_store(&f);
}

static void test_resync(void)
{
    fixture_t f = fresh("resync");
    ccgw_cursor_t at, first, last;
    char body[16];
    int i;

    open_store(&f);
    first = box_op(&f, "m", 1);
    for (i = 0; i < 20; i++) {
        snprintf(body, sizeof body, "e%d", i);
        last = send_event(&f, "m", NULL, body, 0);
    }
    at = first;
    ok(!read_box(&f, "m", NULL, &at, 100), "a reader below what the mailbox holds is told to start over");
    ok(at == last, "and is given the present end");
    at = first + 4;
    is_str(read_box(&f, "m", NULL, &at, 3), "e4 e5 e6", "exactly the promised number is kept");
    at = first + 3;
    ok(!read_box(&f, "m", NULL, &at, 3), "one less is a hole");
    at = last + 1;
    ok(!read_box(&f, "m", NULL, &at, 3), "a cursor ahead of the last commit is refused");
    at = last ^ (apr_uint64_t)1 << 41;
    ok(!read_box(&f, "m", NULL, &at, 3), "one of another incarnation too");

    at = last;
    last = box_op(&f, "m", 0);
    send_event(&f, "m", NULL, "nobody", 0);
    box_op(&f, "m", 1);
    send_event(&f, "m", NULL, "new", 0);
    first = at;
    ok(!read_box(&f, "m", NULL, &at, 3), "a reader from before the closing is told to start over");
    at = last;
    is_str(read_box(&f, "m", NULL, &at, 3), "new", "one from after it gets what came after the new opening");
    ok(first < last, "(the closing is a commit of its own)");
    close_store(&f);
}

static void note_wake(void *baton, ccgw_buf_t mailbox, ccgw_cursor_t last)
{
    fixture_t *f = baton;

    snprintf(logged, sizeof logged, "%s %s", (const char *)mailbox.p + 5,
             provider->last(f->store, TENANT) >= last ? "visible" : "hidden");
}

static void test_wake(void)
{
    fixture_t f = fresh("wake");

    open_store(&f);
    box_op(&f, "m", 1);
    provider->open_child(f.store, note_wake, &f, f.pool);
    send_event(&f, "m", NULL, "e", 0);
    is_str(logged, "m visible", "a commit wakes the mailbox when its event may be seen");
    logged[0] = '\0';
    send_event(&f, "closed", NULL, "e", 0);
    is_str(logged, "", "a mailbox that is not open is not woken");
    close_store(&f);
}

/* Open or close 2000 mailboxes in one commit. */
static apr_status_t many_boxes(fixture_t *f, int first, int open)
{
    ccgw_txn_t *txn = begin(f);
    int i;

    for (i = first; i < first + 2000; i++) {
        if (open)
            provider->open_box(txn, keyf("many%d", i));
        else
            provider->close_box(txn, keyf("many%d", i));
    }
    return provider->commit(NULL, txn, CCGW_DURABLE_OS);
}

static void test_forgotten_boxes(void)
{
    fixture_t f = fresh("forgotten");
    ccgw_cursor_t old, now;
    apr_status_t rv = APR_SUCCESS;
    int i, left;

    open_store(&f);
    many_boxes(&f, 0, 1);
    old = send_event(&f, "many0", NULL, "e", 0);
    for (i = 0; i < 4 && rv == APR_SUCCESS; i++) {
        many_boxes(&f, i * 2000, 1);
        rv = many_boxes(&f, i * 2000, 0);
    }
    is_int(rv, APR_SUCCESS, "8000 mailboxes are opened and closed");
    provider->housekeep(f.store, 0);
    left = (int)stat_of(&f, "mailboxes");
    ok(left < 4096, "housekeeping forgets most of them (%d are left)", left);
    for (i = 0; i < 8000; i += 2000)
        many_boxes(&f, i, 1);
    now = send_event(&f, "many0", NULL, "new", 0) - 1;
    for (i = 0; i < 8000; i++) {
        ccgw_cursor_t at = old;

        if (read_box(&f, apr_psprintf(f.pool, "many%d", i), NULL, &at, 5))
            break;
    }
    is_int(i, 8000, "a reader from before is told to start over by each of them");
    is_str(read_box(&f, "many0", NULL, &now, 5), "new", "one from after goes on");
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_events();
    test_resync();
    test_wake();
    test_forgotten_boxes();
    suite_end();
    return done_testing();
}
