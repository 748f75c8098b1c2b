/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* steps.c: kills a process in the middle of a commit, instruction by instruction, and looks at
 * what is left.
 *
 * A child builds a transaction that holds every kind of operation and stops before commit(). It
 * is then stepped through by ptrace and killed after N instructions, with N growing. Whoever
 * comes next must find the whole of it or nothing, and must be able to go on. Usage: steps
 * [stride] */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "ccgw_store.h"
#include "dir.h"
#include "store/ccgw_store_front.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define TENANT_LEN 5
#define KEY(name)  ((ccgw_buf_t){ "acme\0" name, TENANT_LEN + sizeof(name) - 1 })

static const ccgw_store_provider_t *provider;
static ccgw_store_t *store;
static apr_pool_t *root;
static const char *base;
static const ccgw_buf_t tenant = { "acme", 4 };
static ccgw_store_config_t config;

static const char *number(apr_pool_t *pool, int i)
{
    return apr_psprintf(pool, "%d", i);
}

/* Step I of the story: "v" becomes I and moves its due time, "odd" and the mailbox "flip" are
 * there when I is odd, all mailboxes hear of I; "ring" is always full, so that each event drops
 * one. */
static ccgw_txn_t *build(int i, apr_pool_t *pool)
{
    ccgw_buf_t boxes[2] = { KEY("ring"), KEY("flip") };
    ccgw_buf_t value = { number(pool, i), strlen(number(pool, i)) };
    ccgw_record_t record;
    ccgw_txn_t *txn;

    provider->begin(&txn, store, tenant, pool);
    provider->get(&record, txn, CCGW_TABLE_SESSION, KEY("v"));
    provider->get(&record, txn, CCGW_TABLE_SESSION, KEY("odd"));
    provider->put(txn, CCGW_TABLE_SESSION, KEY("v"), value, 1000 + i % 3);
    if (i % 2) {
        provider->put(txn, CCGW_TABLE_SESSION, KEY("odd"), value, 500 + i);
        provider->open_box(txn, KEY("flip"));
    }
    provider->append(txn, boxes, 2, value);
    provider->append(txn, boxes, 1, value);
    if (i % 2 == 0) {
        provider->del(txn, CCGW_TABLE_SESSION, KEY("odd"));
        provider->close_box(txn, KEY("flip"));
    }
    return txn;
}

/* How often VALUE comes in BOX behind AFTER; -1: start over; -2: something else comes. */
static int count_events(ccgw_buf_t box, ccgw_cursor_t after, const char *value, apr_pool_t *pool)
{
    ccgw_stored_event_t *events;
    ccgw_cursor_t upto;
    int n, i;

    if (provider->events(&events, &n, &upto, store, tenant, &box, 1, after, 100, pool) != APR_SUCCESS)
        return -1;
    for (i = 0; i < n; i++) {
        if (strcmp(events[i].body.p, value))
            return -2;
    }
    return n;
}

/* Is the state that of step I, whole? BEFORE: the cursor before step I. */
static int is_state(int i, ccgw_cursor_t before, apr_pool_t *pool)
{
    const char *value = number(pool, i);
    ccgw_record_t v, odd, *due;
    ccgw_table_t *tables;
    ccgw_txn_t *txn;
    apr_time_t next;
    int ndue, ring, flip;

    provider->begin(&txn, store, tenant, pool);
    provider->peek(&v, txn, CCGW_TABLE_SESSION, KEY("v"));
    provider->peek(&odd, txn, CCGW_TABLE_SESSION, KEY("odd"));
    provider->due(&due, &tables, &ndue, &next, store, 0, 10000000, 10, pool);
    ring = count_events(KEY("ring"), before, value, pool);
    flip = count_events(KEY("flip"), before, value, pool);
    if (!strcmp(v.value.p, value) && v.due == 1000 + i % 3 && (odd.version != 0) == i % 2 && ndue == 1 + i % 2 &&
        ring == 2 && flip == (i % 2 ? 1 : -1))
        return 1;
    printf("# step %d: v is '%s', odd %s, %d due, %d in ring, %d in flip\n", i, (const char *)v.value.p,
           odd.version ? "there" : "gone", ndue, ring, flip);
    return 0;
}

/* The number that "v" holds. */
static int read_v(apr_pool_t *pool)
{
    ccgw_record_t v;
    ccgw_txn_t *txn;

    provider->begin(&txn, store, tenant, pool);
    provider->peek(&v, txn, CCGW_TABLE_SESSION, KEY("v"));
    return atoi(v.value.p);
}

static pid_t start_child(int i, ccgw_durability_t level)
{
    pid_t pid = fork();

    if (!pid) {
        apr_pool_t *pool;
        ccgw_txn_t *txn;

        apr_pool_create(&pool, root);
        provider->open_child(store, NULL, NULL, pool);
        txn = build(i, pool);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
            _exit(3);
        raise(SIGSTOP);
        _exit(provider->commit(NULL, txn, level) != APR_SUCCESS);
    }
    return pid;
}

/* Let the child of step I run for STEPS instructions. @return 1: it was killed; 0: it had
 * finished; -1: no tracing */
static int run_and_kill(int i, long steps, ccgw_durability_t level)
{
    pid_t pid = start_child(i, level);
    int status;

    waitpid(pid, &status, 0);
    if (!WIFSTOPPED(status))
        return -1;
    while (steps-- > 0) {
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
            break;
        waitpid(pid, &status, 0);
        if (!WIFSTOPPED(status))
            return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return 1;
}

static apr_int64_t unsynced, blocks;

static void take_stats(void *baton, const char *name, apr_int64_t value)
{
    if (!strcmp(name, "blocks"))
        blocks = value;
    if (!strcmp(name, "journal_bytes_unsynced"))
        unsynced = value;
}

/* Commit I is done and may still be lost: does anybody see it? */
static int is_hidden(int i, ccgw_cursor_t before, apr_pool_t *pool)
{
    return provider->last(store, tenant) == before && count_events(KEY("ring"), before, number(pool, i), pool) == 0;
}

static int open_store(apr_pool_t *pool)
{
    const char *why;

    if (provider->open_parent(&store, &why, &config, pool) == APR_SUCCESS)
        return provider->open_child(store, NULL, NULL, pool) == APR_SUCCESS;
    printf("# %s\n", why);
    return 0;
}

/* Finish step I normally, as the process does that comes after the dead one. */
static int do_step(int i, apr_pool_t *pool)
{
    return provider->commit(NULL, build(i, pool), CCGW_DURABLE_DISK) == APR_SUCCESS;
}

static void test_level(const char *name, ccgw_durability_t level, long stride)
{
    apr_pool_t *life, *pool;
    ccgw_cursor_t before = 0;
    ccgw_txn_t *txn;
    int i = 1, good = 1, killed = 1, halves[2] = { 0, 0 }, hidden = 0, shown = 0;
    apr_int64_t blocks_before;
    long steps = 0;

    apr_pool_create(&life, root);
    apr_pool_create(&pool, root);
    config.dir = apr_psprintf(root, "%s/%s", base, name);
    good = open_store(life);
    if (!ok(good, "a store opens for commits that reach %s", name))
        return;
    provider->begin(&txn, store, tenant, pool);
    provider->open_box(txn, KEY("ring"));
    provider->commit(NULL, txn, CCGW_DURABLE_DISK);
    good = do_step(i, pool) && do_step(++i, pool);
    provider->stats(store, take_stats, NULL);
    blocks_before = blocks;
    for (; good && killed == 1; steps += stride) {
        apr_pool_clear(pool);
        before = provider->last(store, tenant);
        killed = run_and_kill(i + 1, steps, level);
        if (killed < 0)
            break;
        provider->stats(store, take_stats, NULL);
        if (level == CCGW_DURABLE_DISK && unsynced && read_v(pool) == i + 1)
            is_hidden(i + 1, before, pool) ? hidden++ : shown++;
        provider->housekeep(store, 0);
        halves[read_v(pool) == i + 1]++;
        /* What the dead one did not do is done by the next: the story goes on either way. */
        if (read_v(pool) == i)
            good = do_step(i + 1, pool);
        good = good && is_state(++i, before, pool);
    }
    if (killed < 0) {
        ok(1, "skipped: this machine lets nobody be traced # SKIP");
        return;
    }
    ok(good,
       "%d kills, one each %ld of %ld instructions of a commit that reaches %s, leave all or "
       "nothing",
       halves[0] + halves[1], stride, steps, name);
    ok(halves[0] > 1 && halves[1] > 1, "both happened: nothing %d times, all %d times", halves[0], halves[1]);
    provider->stats(store, take_stats, NULL);
    /* Only a kill between two lists loses its block; the rest is what a step of the other parity
     * holds more. */
    ok(blocks - blocks_before <= 8 + (halves[0] + halves[1]) / 8, "kills lose hardly a block (%d in all)",
       (int)(blocks - blocks_before));
    if (level == CCGW_DURABLE_DISK)
        ok(hidden > 0 && !shown, "what was not synced yet is shown to nobody (%d times, %d seen)", hidden, shown);
    apr_pool_destroy(life);
    apr_pool_create(&life, root);
    ok(open_store(life), "the journal of the dead is read");
    is_int(read_v(pool), i, "to the last commit");
    before = provider->last(store, tenant);
    ok(do_step(i + 1, pool) && is_state(i + 1, before, pool), "and the story goes on");
    apr_pool_destroy(life);
}

int main(int argc, const char *const *argv)
{
    const char *tmp = getenv("TMPDIR");
    long stride;

    apr_app_initialize(&argc, &argv, NULL);
    apr_pool_create(&root, NULL);
    provider = ccgw_store_find("local");
    stride = argc > 1 ? atol(argv[1]) : 701;
    base = mkdtemp(apr_psprintf(root, "%s/ccgw-steps-XXXXXX", tmp ? tmp : "/tmp"));
    config.memory = 16 * 1024 * 1024;
    config.uid = getuid();
    config.gid = getgid();
    config.mailbox_events = 4;
    test_level("disk", CCGW_DURABLE_DISK, stride);
    test_level("system", CCGW_DURABLE_OS, stride);
    remove_all(base, root);
    return done_testing();
}
