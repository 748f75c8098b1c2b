/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_steps.c: two processes at one store, of which one is stopped or killed at a step (util/ccgw_step.h). */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"
#include "util/ccgw_step.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB     (1024 * 1024)
#define SECRET "secret-deleted-text"

static ccgw_step_t place;
static int number; /* of the signal; 0: nothing happens any more */

static void take_signal(ccgw_step_t step)
{
    int due = number;

    if (step != place || !due)
        return;
    number = 0;
    raise(due);
}

static void arm(ccgw_step_t step, int signal_number)
{
    place = step;
    number = signal_number;
}

/* A child of the store that does WORK; it has met its step when this returns. */
static pid_t begin_child(fixture_t *f, void (*work)(fixture_t *f), ccgw_step_t step, int signal_number)
{
    int status = 0;
    pid_t pid = fork();

    if (!pid) {
        arm(step, signal_number);
        work(f);
        _exit(0);
    }
    waitpid(pid, &status, WUNTRACED);
    ok(signal_number == SIGSTOP ? WIFSTOPPED(status) : WIFSIGNALED(status), "(a child comes to %s)",
       ccgw_step_name(step));
    return pid;
}

static void end_child(pid_t pid)
{
    int status;

    kill(pid, SIGCONT);
    waitpid(pid, &status, 0);
    ok(WIFEXITED(status) && !WEXITSTATUS(status), "(it went on and ended)");
}

static void keep_house(fixture_t *f)
{
    int i;

    for (i = 0; i < 100 && number; i++)
        provider->housekeep(f->store, 0);
}

/* One is put to sleep when its snapshot has its name, another makes the next one meanwhile. */
static void test_two_snapshots(void)
{
    fixture_t f = fresh_small("two");
    pid_t pid;

    open_store(&f);
    write_one(&f, "precious", "gold");
    fill_journal(&f, 5 * MB);
    pid = begin_child(&f, keep_house, CCGW_STEP_SNAPSHOT_RENAMED, SIGSTOP);
    fill_journal(&f, 5 * MB);
    ok(keep_until(&f, "snapshots", 1), "another process makes a snapshot meanwhile");
    end_child(pid);
    is_int(count_files(&f, "snapshot-"), 1, "the newer one stays");
    write_one(&f, "later", "silver");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "the store starts again: %s", f.why);
    is_str(read_one(&f, "precious"), "gold", "with what was there before both");
    is_str(read_one(&f, "later"), "silver", "and behind them");
    close_store(&f);
}

static void scrub_and_keep(fixture_t *f)
{
    int signal_number = number;

    number = 0;
    open_store(f);
    write_one(f, "deleted", SECRET);
    fill_journal(f, 2 * MB);
    keep_until(f, "snapshots", 1);
    write_one(f, "deleted", NULL);
    if (provider->scrub(f->store) != APR_SUCCESS)
        return;
    number = signal_number;
    keep_house(f);
}

static void test_killed_scrub(ccgw_step_t step)
{
    fixture_t f = fresh_small(ccgw_step_name(step));

    apr_pool_create(&f.pool, root);
    begin_child(&f, scrub_and_keep, step, SIGKILL);
    ok(count_holding(&f, SECRET) > 0, "a server dies in a scrub at %s", ccgw_step_name(step));
    is_int(open_store(&f), APR_SUCCESS, "the next one starts");
    ok(keep_until(&f, "scrubs_pending", -1), "and nothing is pending after a while");
    is_int(count_holding(&f, SECRET), 0, "no file holds what was deleted");
    close_store(&f);
}

static void write_news(fixture_t *f)
{
    write_one(f, "news", "new");
}

/* A reader beside a writer who is stopped before his change is on the disk. */
static void test_unsure_read(void)
{
    fixture_t f = fresh("unsure");
    ccgw_record_t record;
    ccgw_txn_t *txn;
    int status;
    pid_t writer, reader;

    open_store(&f);
    write_one(&f, "news", "old");
    writer = begin_child(&f, write_news, CCGW_STEP_FLUSH_WRITTEN, SIGSTOP);
    is_str(read_one(&f, "news"), "new", "an unchecked read sees what is in memory");
    reader = fork();
    if (!reader) {
        txn = begin(&f);
        provider->get(&record, txn, CCGW_TABLE_SESSION, key("news"));
        alarm(1); /* it waits for ever, as the writer sleeps for ever */
        _exit(provider->commit(NULL, txn, CCGW_DURABLE_UNSET) == APR_SUCCESS);
    }
    waitpid(reader, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM, "a checked one is not told as long as it may still be lost");
    end_child(writer);
    txn = begin(&f);
    provider->get(&record, txn, CCGW_TABLE_SESSION, key("news"));
    is_int(provider->commit(NULL, txn, CCGW_DURABLE_UNSET), APR_SUCCESS, "and is told when it is sure");
    is_str(record.value.p, "new", "what is there");
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    ccgw_step_take = take_signal;
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_two_snapshots();
    test_killed_scrub(CCGW_STEP_SNAPSHOT_WRITTEN);
    test_killed_scrub(CCGW_STEP_SNAPSHOT_RENAMED);
    test_unsure_read();
    suite_end();
    return done_testing();
}
