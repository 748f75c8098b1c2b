/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_kill.c: processes killed at random, one by one and all at once. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

#include <apr_general.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITERS 4
#define KILLS   30

/* What the writers were told is stored; outlives them. */
typedef struct acks_t {
    apr_uint64_t version[WRITERS];
} acks_t;

/* Writer WHO for ever: raises its record by one and says so in its mailbox, moves its due time,
 * and makes or deletes a second record; all in one commit. */
static void write_for_ever(fixture_t *f, acks_t *acks, int who, ccgw_durability_t level)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    provider->open_child(f->store, NULL, NULL, pool);
    for (;; apr_pool_clear(pool)) {
        ccgw_buf_t mine = keyf("w%d", who), twin = keyf("twin%d", who), box = keyf("box%d", who);
        ccgw_record_t record, other;
        apr_uint64_t version;
        ccgw_txn_t *txn;
        char value[400];

        provider->begin(&txn, f->store, TENANT, pool);
        provider->get(&record, txn, CCGW_TABLE_SESSION, mine);
        provider->get(&other, txn, CCGW_TABLE_AGENT, twin);
        version = strtoull(record.value.p, NULL, 10) + 1;
        memset(value, 'a' + (int)(version % 26), sizeof value);
        snprintf(value, sizeof value, "%llu", (unsigned long long)version);
        value[strlen(value)] = ' ';
        value[30 + version % 300] = '\0';
        provider->put(txn, CCGW_TABLE_SESSION, mine, text(value), (apr_time_t)(1000 + version % 50));
        if (version % 2)
            provider->put(txn, CCGW_TABLE_AGENT, twin, text("odd"), 0);
        else
            provider->del(txn, CCGW_TABLE_AGENT, twin);
        provider->append(txn, &box, 1, bytes(value, strlen(value)));
        if (provider->commit(NULL, txn, level) == APR_SUCCESS)
            __atomic_store_n(&acks->version[who], version, __ATOMIC_SEQ_CST);
    }
}

static pid_t start_writer(fixture_t *f, acks_t *acks, int who)
{
    pid_t pid = fork();

    if (!pid)
        write_for_ever(f, acks, who, who % 2 ? CCGW_DURABLE_OS : CCGW_DURABLE_DISK);
    return pid;
}

/* Sum of acknowledgements goes on rising within 2 s? */
static int wait_for_progress(const acks_t *acks, const apr_uint64_t *than)
{
    apr_time_t until = apr_time_now() + apr_time_from_sec(5);
    int i;

    while (apr_time_now() < until) {
        for (i = 0; i < WRITERS && __atomic_load_n(&acks->version[i], __ATOMIC_SEQ_CST) > than[i]; i++)
            continue;
        if (i == WRITERS)
            return 1;
        usleep(500);
    }
    return 0;
}

static int is_stored_whole(fixture_t *f, const acks_t *acks, int who, ccgw_cursor_t from)
{
    ccgw_buf_t box = keyf("box%d", who);
    apr_uint64_t version, seen = 0;
    ccgw_stored_event_t *events;
    ccgw_record_t record, twin;
    int n, i;

    provider->peek(&record, begin(f), CCGW_TABLE_SESSION, keyf("w%d", who));
    provider->peek(&twin, begin(f), CCGW_TABLE_AGENT, keyf("twin%d", who));
    version = strtoull(record.value.p, NULL, 10);
    if (version < acks->version[who] || record.due != (apr_time_t)(1000 + version % 50) ||
        record.value.n != 30 + version % 300 || (twin.version != 0) != (version % 2)) {
        printf("# writer %d: version %llu, acknowledged %llu, due %lld, %lu bytes, twin %d\n", who,
               (unsigned long long)version, (unsigned long long)acks->version[who], (long long)record.due,
               (unsigned long)record.value.n, twin.version != 0);
        return 0;
    }
    if (provider->events(&events, &n, &from, f->store, TENANT, &box, 1, from, 1000000, f->pool) != APR_SUCCESS)
        return 0;
    for (i = 0; i < n; i++) {
        apr_uint64_t said = strtoull(events[i].body.p, NULL, 10);

        if (said != ++seen || events[i].body.n != 30 + said % 300) {
            printf("# writer %d: event %llu where %llu belongs\n", who, (unsigned long long)said,
                   (unsigned long long)seen);
            return 0;
        }
    }
    if (seen != version)
        printf("# writer %d: %llu events, version %llu\n", who, (unsigned long long)seen, (unsigned long long)version);
    return seen == version;
}

static int is_all_whole(fixture_t *f, const acks_t *acks, ccgw_cursor_t from)
{
    apr_time_t next;
    ccgw_record_t *records;
    ccgw_table_t *tables;
    int who, n, good = 0;

    for (who = 0; who < WRITERS; who++)
        good += is_stored_whole(f, acks, who, from);
    provider->due(&records, &tables, &n, &next, f->store, 0, 5000, 100, f->pool);
    if (n != WRITERS)
        printf("# %d records are due instead of %d\n", n, WRITERS);
    return good == WRITERS && n == WRITERS;
}

static ccgw_cursor_t open_for_writers(fixture_t *f)
{
    int who;

    f->config.memory = 128 * 1024 * 1024;
    f->config.mailbox_events = 1000000;
    f->config.mailbox_bytes = 1000000000;
    if (open_store(f) != APR_SUCCESS)
        printf("# %s\n", f->why);
    for (who = 0; who < WRITERS; who++)
        box_op(f, apr_psprintf(root, "box%d", who), 1);
    return provider->last(f->store, TENANT);
}

static void test_killed_writers(void)
{
    fixture_t f = fresh("kills");
    acks_t *acks = open_memory(sizeof *acks);
    apr_uint64_t none[WRITERS] = { 0 }, before[WRITERS];
    pid_t pids[WRITERS];
    ccgw_cursor_t from = open_for_writers(&f);
    int i, who, moving = 1;

    srand(4711);
    for (who = 0; who < WRITERS; who++)
        pids[who] = start_writer(&f, acks, who);
    ok(wait_for_progress(acks, none), "all writers make progress");
    for (i = 0; i < KILLS && moving; i++) {
        who = rand() % WRITERS;
        usleep(1000 + (unsigned)rand() % 20000);
        kill(pids[who], SIGKILL);
        waitpid(pids[who], NULL, 0);
        memcpy(before, acks->version, sizeof before);
        pids[who] = start_writer(&f, acks, who);
        moving = wait_for_progress(acks, before);
    }
    ok(moving, "nobody hangs after any of %d kills", KILLS);
    for (who = 0; who < WRITERS; who++) {
        kill(pids[who], SIGKILL);
        waitpid(pids[who], NULL, 0);
    }
    provider->housekeep(f.store, 0);
    printf("# %lld commits, %lld repairs\n", (long long)stat_of(&f, "commits"), (long long)stat_of(&f, "repairs"));
    ok(is_all_whole(&f, acks, from), "in memory nothing acknowledged is lost, nothing is torn");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "the journal of killed writers is read");
    ok(is_all_whole(&f, acks, from), "and holds the same");
    close_store(&f);
}

static void test_killed_server(void)
{
    fixture_t f = fresh("server");
    acks_t *acks = open_memory(sizeof *acks);
    apr_uint64_t before[WRITERS];
    ccgw_cursor_t from = open_for_writers(&f);
    int i, good = 1;

    close_store(&f);
    for (i = 0; i < 5 && good; i++) {
        pid_t pid;
        int who;

        memcpy(before, acks->version, sizeof before);
        pid = fork();
        if (!pid) {
            setpgid(0, 0);
            open_store(&f);
            for (who = 0; who < WRITERS; who++)
                start_writer(&f, acks, who);
            pause();
        }
        setpgid(pid, pid);
        good = ok(wait_for_progress(acks, before), "start %d: all writers make progress", i + 1);
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
        /* The grandchildren die a moment later; the lock says when the last one is gone. */
        while (open_store(&f) == CCGW_EINUSE)
            close_store(&f);
        good &= ok(f.store && is_all_whole(&f, acks, from), "after the death of all nothing acknowledged is lost");
        close_store(&f);
    }
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_killed_writers();
    test_killed_server();
    suite_end();
    return done_testing();
}
