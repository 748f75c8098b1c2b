/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_scrub.c: what was deleted leaves the files too. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1024 * 1024)

static const char *const secrets[] = { "secret-deleted-text", "secret-replaced-text", "secret-event-text" };

static void write_secrets(fixture_t *f)
{
    box_op(f, "secret", 1);
    write_one(f, "deleted", secrets[0]);
    write_one(f, "replaced", secrets[1]);
    send_event(f, "secret", NULL, secrets[2], 0);
}

static void delete_secrets(fixture_t *f)
{
    write_one(f, "deleted", NULL);
    write_one(f, "replaced", "harmless-text");
    box_op(f, "secret", 0);
}

static int count_secrets(fixture_t *f)
{
    return count_holding(f, secrets[0]) + count_holding(f, secrets[1]) + count_holding(f, secrets[2]);
}

static void check_gone(fixture_t *f, const char *when)
{
    ok(keep_until(f, "scrubs_pending", -1), "%s: housekeeping alone sees to it", when);
    is_int(count_secrets(f), 0, "%s: no file holds what was deleted or replaced", when);
    ok(count_holding(f, "harmless-text") > 0, "%s: what was not deleted is there", when);
}

static void test_scrub(void)
{
    fixture_t f = fresh_small("scrub");

    open_store(&f);
    is_int(stat_of(&f, "scrubs_pending"), 0, "nothing is pending at first");
    write_secrets(&f);
    delete_secrets(&f);
    is_int(count_secrets(&f), 3, "what was deleted is still in the files");
    is_int(provider->scrub(f.store), APR_SUCCESS, "a scrub is asked for");
    is_int(stat_of(&f, "scrubs_pending"), 1, "it is pending");
    check_gone(&f, "scrubbed");
    is_str(read_one(&f, "replaced"), "harmless-text", "the state is as it was");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "and starts again");
    is_str(read_one(&f, "replaced"), "harmless-text", "with all that is left");
    is_int(stat_of(&f, "scrubs_pending"), 0, "nothing is pending any more");
    close_store(&f);
}

/* Secrets in the journal, in a snapshot, and in files that were used again since, also in the one in hand. */
static void test_recycled(void)
{
    fixture_t f = fresh_small("recycled");
    int i, j;

    open_store(&f);
    for (i = 0; i < 10; i++) {
        write_secrets(&f);
        fill_journal(&f, 3 * MB);
        if (i % 2)
            delete_secrets(&f);
        for (j = 0; j < 10; j++)
            provider->housekeep(f.store, 0);
    }
    ok(stat_of(&f, "files_recycled") > 0, "files were used again");
    ok(count_secrets(&f) > 3, "the secret lies in %d files", count_secrets(&f));
    delete_secrets(&f);
    is_int(provider->scrub(f.store), APR_SUCCESS, "a scrub is asked for");
    check_gone(&f, "used again");
    fill_journal(&f, 20 * MB);
    is_int(count_secrets(&f), 0, "and none comes back with a file that is used again later");
    close_store(&f);
}

/* A snapshot that began before the request knows nothing of it. */
static void test_during_snapshot(void)
{
    fixture_t f = fresh_small("during");

    f.config.memory = 256 * MB;
    open_store(&f);
    fill_state(&f, 2500);
    fill_journal(&f, 10 * MB);
    write_secrets(&f);
    provider->housekeep(f.store, 0);
    is_int(count_files(&f, "snapshot.new"), 1, "a snapshot is being written");
    delete_secrets(&f);
    is_int(provider->scrub(f.store), APR_SUCCESS, "a scrub is asked for meanwhile");
    check_gone(&f, "during a snapshot");
    close_store(&f);
}

typedef struct keeper_t {
    fixture_t *f;
    int over;
} keeper_t;

static void *keep_house(void *baton)
{
    keeper_t *keeper = baton;

    while (!__atomic_load_n(&keeper->over, __ATOMIC_ACQUIRE))
        provider->housekeep(keeper->f->store, 0);
    return NULL;
}

/* Requests while another thread begins and ends snapshots all the time, and files are used again. */
static void test_beside_housekeeping(void)
{
    fixture_t f = fresh_small("beside");
    keeper_t keeper = { &f, 0 };
    pthread_t thread;
    int i, clean = 1;

    open_store(&f);
    pthread_create(&thread, NULL, keep_house, &keeper);
    for (i = 0; i < 25 && clean; i++) {
        write_secrets(&f);
        fill_journal(&f, 5 * MB + i * 100000);
        delete_secrets(&f);
        fill_journal(&f, 1 * MB);
        clean = provider->scrub(f.store) == APR_SUCCESS && keep_until(&f, "scrubs_pending", -1);
        clean = clean && !count_secrets(&f);
    }
    ok(clean, "25 times, whatever housekeeping is at, no file holds what was deleted (%d)", i);
    __atomic_store_n(&keeper.over, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    close_store(&f);
}

/* Whoever accepted the loss may still want to look at it. */
static void test_set_aside(void)
{
    fixture_t f = fresh_small("aside");
    const char *aside = apr_pstrcat(root, f.dir, "/journal-0000000000c00000.damaged", NULL);

    open_store(&f);
    close(creat(aside, 0600));
    poke(aside, 0, secrets[0], strlen(secrets[0]));
    provider->scrub(f.store);
    suite_hush();
    ok(keep_until(&f, "scrubs_pending", -1), "a scrub ends beside a file that was set aside");
    is_int(count_said("journal-0000000000c00000.damaged"), 1, "which the log names: %s", logged);
    is_int(count_holding(&f, secrets[0]), 1, "it is kept");
    close_store(&f);
}

static void test_killed(void)
{
    fixture_t f = fresh_small("killed");
    int status;
    pid_t pid = fork();

    if (!pid) {
        open_store(&f);
        write_secrets(&f);
        delete_secrets(&f);
        if (provider->scrub(f.store) == APR_SUCCESS)
            raise(SIGKILL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the server is killed after it was asked to scrub");
    is_int(open_store(&f), APR_SUCCESS, "the next one starts");
    is_int(stat_of(&f, "scrubs_pending"), 1, "and knows that it is still to be done");
    check_gone(&f, "after a kill");
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_scrub();
    test_recycled();
    test_during_snapshot();
    test_beside_housekeeping();
    test_set_aside();
    test_killed();
    suite_end();
    return done_testing();
}
