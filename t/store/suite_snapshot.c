/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_snapshot.c: snapshots: taken while transactions go on, the same state from them and the journal behind, files
 * used again, what a start tidies up. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define MB (1024 * 1024)

/* ---- one of everything ---- */

static void two_of_one_commit(fixture_t *f)
{
    ccgw_buf_t boxes[2] = { key("shared1"), key("shared2") };
    ccgw_txn_t *txn = begin(f);

    provider->append(txn, boxes, 2, text("first-of-two"));
    provider->append(txn, boxes + 1, 1, text("second-of-two"));
    provider->commit(NULL, txn, 0);
}

static apr_status_t write_for(fixture_t *f, const char *tenant, const char *name)
{
    ccgw_buf_t k = bytes(apr_pstrcat(f->pool, tenant, "#", name, NULL), strlen(tenant) + 1 + strlen(name));
    ccgw_record_t record;
    ccgw_txn_t *txn;

    ((char *)(size_t)k.p)[strlen(tenant)] = '\0';
    provider->begin(&txn, f->store, text(tenant), f->pool);
    provider->get(&record, txn, CCGW_TABLE_SESSION, k);
    provider->put(txn, CCGW_TABLE_SESSION, k, text(name), 0);
    return provider->commit(NULL, txn, 0);
}

/* Records of all tables with and without due times, long and empty ones; mailboxes open, closed, overfull, sharing. */
static void put_everything(fixture_t *f)
{
    char *big = apr_pcalloc(f->pool, 70001);
    int i;

    memset(big, 'b', 70000);
    for (i = 1; i < CCGW_TABLE_COUNT; i++) {
        write_as(f, (ccgw_table_t)i, keyf("plain%d", i), "value", 0);
        write_as(f, (ccgw_table_t)i, keyf("due%d", i), "", 1000 + i % 3);
    }
    write_one(f, "big", big);
    write_one(f, "gone", "x");
    write_one(f, "gone", NULL);
    box_op(f, "shared1", 1);
    box_op(f, "shared2", 1);
    box_op(f, "closed", 1);
    box_op(f, "full", 1);
    send_event(f, "closed", NULL, "nobody", 0);
    box_op(f, "closed", 0);
    for (i = 0; i < 30; i++)
        send_event(f, "full", NULL, apr_psprintf(f->pool, "f%d", i), 0);
    send_event(f, "shared1", "shared2", "both", 0);
    send_event(f, "shared1", "full", big, 0);
    two_of_one_commit(f);
    write_for(f, "other", "k");
}

/* Changes everything in some way. */
static void change_everything(fixture_t *f)
{
    int i;

    for (i = 1; i < CCGW_TABLE_COUNT; i++) {
        write_as(f, (ccgw_table_t)i, keyf("plain%d", i), i % 2 ? "changed" : NULL, i % 3 ? 0 : 2000);
        write_as(f, (ccgw_table_t)i, keyf("due%d", i), i % 4 ? "moved" : NULL, 3000 + i);
        write_as(f, (ccgw_table_t)i, keyf("new%d", i), "n", 0);
    }
    write_one(f, "gone", "back");
    box_op(f, "closed", 1);
    send_event(f, "closed", "shared2", "again", 0);
    box_op(f, "shared1", 0);
    box_op(f, "shared1", 1);
    send_event(f, "shared1", "full", "after", 0);
    write_for(f, "third", "k");
}

static void set_words(fixture_t *f)
{
    word(f, "desk", CCGW_WORD_SEEN, CCGW_WORD_STORE, 123456);
    word(f, "desk", CCGW_WORD_READ, CCGW_WORD_STORE, 77);
    word(f, "gone", CCGW_WORD_READ, CCGW_WORD_STORE, 77);
    provider->forget(f->store, key("gone"));
}

static void check_same(fixture_t *f, const char *want, ccgw_cursor_t last, const char *when)
{
    ccgw_cursor_t old = last;

    is_int(open_store(f), APR_SUCCESS, "%s: it opens", when);
    ok(is_same(describe(f), want), "%s: records, versions, due times, mailboxes and events are the same", when);
    ok(provider->last(f->store, TENANT) >= last, "%s: the order of commits goes on", when);
    ok(read_box(f, "full", NULL, &old, 10) != NULL, "%s: cursors are good", when);
    ok(word(f, "desk", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0) == 123456 &&
           word(f, "desk", CCGW_WORD_READ, CCGW_WORD_LOAD, 0) == 77,
       "%s: words too", when);
    is_int(word(f, "gone", CCGW_WORD_READ, CCGW_WORD_LOAD, 0), 0, "%s: forgotten ones stay forgotten", when);
}

static void test_same_state(void)
{
    fixture_t f = fresh_small("same"), copy;
    ccgw_cursor_t last;
    const char *want;

    open_store(&f);
    put_everything(&f);
    set_words(&f);
    provider->housekeep(f.store, 1);
    fill_journal(&f, 2 * MB);
    ok(keep_until(&f, "snapshots", 1), "a snapshot is made when the journal is long enough");
    want = describe(&f);
    last = provider->last(f.store, TENANT);
    close_store(&f);
    is_int(count_files(&f, "snapshot-"), 1, "there is one file of it");
    check_same(&f, want, last, "from a snapshot");
    ok(strstr(logged, "a snapshot") != NULL, "it says so: %s", logged);

    change_everything(&f);
    want = describe(&f);
    last = provider->last(f.store, TENANT);
    close_store(&f);
    check_same(&f, want, last, "from a snapshot and the journal behind");
    copy = f;
    is_int(open_copy(&copy), APR_SUCCESS, "beside it, a copy is read");
    ok(is_same(describe(&copy), want), "and holds the same");
    close_store(&copy);

    fill_journal(&f, 2 * MB);
    ok(keep_until(&f, "snapshots", 1), "a second snapshot is made");
    is_int(count_files(&f, "snapshot-"), 1, "and the first one goes");
    want = describe(&f);
    close_store(&f);
    check_same(&f, want, last, "from the second");
    close_store(&f);
}

/* ---- while it is written ---- */

typedef struct writer_t {
    fixture_t *f;
    pthread_t thread;
    int who, stop;
    long commits;
} writer_t;

/* Makes, changes and deletes records on both sides of where the snapshot is, opens and closes mailboxes, and sends. */
static void write_round(fixture_t *f, int who, unsigned i, apr_pool_t *pool)
{
    ccgw_buf_t name = keyf("r%03d", (int)(i * 7919 % 400)), box = keyf("box%d", (int)(i % 13));
    ccgw_buf_t boxes[2] = { box, keyf("box%d", (int)((i + 5) % 13)) };
    ccgw_table_t table = (ccgw_table_t)(1 + (i + (unsigned)who) % (CCGW_TABLE_COUNT - 1));
    ccgw_record_t record;
    ccgw_txn_t *txn;
    char value[3000];

    memset(value, 'a' + (int)(i % 26), sizeof value);
    provider->begin(&txn, f->store, TENANT, pool);
    provider->get(&record, txn, table, name);
    if (record.version && i % 3 == 0)
        provider->del(txn, table, name);
    else
        provider->put(txn, table, name, bytes(value, i * 31 % sizeof value), i % 2 ? 0 : 1000 + i % 100);
    if (i % 11 == 0)
        provider->close_box(txn, box);
    if (i % 11 == 0 || i % 5 == 0)
        provider->open_box(txn, box);
    provider->append(txn, boxes, 2, bytes(value, 20 + i % 50));
    provider->commit(NULL, txn, CCGW_DURABLE_OS);
}

static void *write_on(void *baton)
{
    writer_t *w = baton;
    apr_pool_t *pool;
    unsigned i;

    apr_pool_create(&pool, NULL);
    for (i = 0; !__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE); i++) {
        apr_pool_clear(pool);
        write_round(w->f, w->who, i, pool);
        w->commits++;
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void test_while_writing(void)
{
    fixture_t f = fresh_small("writing");
    writer_t writers[2] = { { &f, 0, 0, 0, 0 }, { &f, 0, 1, 0, 0 } };
    const char *want;
    int i, j, made, files = 0, spares = 0;

    open_store(&f);
    for (i = 0; i < 2; i++)
        pthread_create(&writers[i].thread, NULL, write_on, &writers[i]);
    made = keep_until(&f, "snapshots", 4);
    for (i = 0; i < 2; i++)
        __atomic_store_n(&writers[i].stop, 1, __ATOMIC_RELEASE);
    for (i = 0; i < 2; i++)
        pthread_join(writers[i].thread, NULL);
    ok(made, "snapshots are made while %ld transactions go on", writers[0].commits + writers[1].commits);
    want = describe(&f);
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "what they wrote is read");
    ok(is_same(describe(&f), want), "and is the same to the last byte");

    for (i = 0; i < 12; i++) {
        fill_journal(&f, 6 * MB);
        for (j = 0; j < 20; j++)
            provider->housekeep(f.store, 0);
        files = files > count_files(&f, "journal-") ? files : count_files(&f, "journal-");
        spares = spares > (int)stat_of(&f, "files_spare") ? spares : (int)stat_of(&f, "files_spare");
        if ((int)stat_of(&f, "files_spare") != count_files(&f, "spare-"))
            break;
    }
    is_int(i, 12, "the spares are counted as they are");
    ok(stat_of(&f, "files_recycled") > 3, "old files are used again (%d times)", (int)stat_of(&f, "files_recycled"));
    ok(files + spares < 12, "72 MB of journal need no more than %d files of 4 MB and %d spares", files, spares);
    want = describe(&f);
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "files with older records behind the end are read");
    ok(is_same(describe(&f), want), "up to the end and no further");
    close_store(&f);
}

/* Every key between two steps of a snapshot: made, deleted, made again, moved, emptied. The state is large enough for
 * several steps, and what was copied already and what is still to come both change. */
static void test_between_steps(void)
{
    fixture_t f = fresh_small("steps");
    const char *want;
    int i, steps = 0;

    f.config.memory = 256 * MB;
    open_store(&f);
    fill_state(&f, 3500);
    for (i = 0; i < 10; i++)
        box_op(&f, apr_psprintf(root, "box%d", i), 1);
    provider->scrub(f.store);
    while (!stat_of(&f, "snapshots") && steps < 2000) {
        provider->housekeep(f.store, 0);
        for (i = steps * 50; i < (steps + 1) * 50; i++) {
            write_as(&f, CCGW_TABLE_MESSAGE, keyf("m%04d", i * 37 % 3500), NULL, 0);
            write_as(&f, CCGW_TABLE_MESSAGE, keyf("m%04d", i * 53 % 3500), "small", 9000 + i);
            write_as(&f, CCGW_TABLE_MESSAGE, keyf("m%04d", i * 37 % 3500), "again", 0);
        }
        send_event(&f, apr_psprintf(root, "box%d", steps % 10), "box9", "e", 0);
        box_op(&f, apr_psprintf(root, "box%d", (steps + 3) % 10), steps % 2);
        steps++;
    }
    ok(steps > 1 && stat_of(&f, "snapshots") == 1, "a snapshot is made in %d steps, with changes between all of them",
       steps);
    want = describe(&f);
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "it is read");
    ok(is_same(describe(&f), want), "what was deleted, made again and moved meanwhile is as it was left");
    close_store(&f);
}

/* ---- leftovers ---- */

static void touch(fixture_t *f, const char *name)
{
    FILE *made = fopen(apr_pstrcat(root, f->dir, "/", name, NULL), "w");

    if (made) {
        fputs("half made", made);
        fclose(made);
    }
}

static void test_leftovers(void)
{
    fixture_t f = fresh_small("leftovers"), old;
    const char *want;

    open_store(&f);
    write_one(&f, "a", "1");
    fill_journal(&f, 5 * MB);
    ok(keep_until(&f, "snapshots", 1), "a snapshot is made");
    want = file_of(&f, "snapshot-", 0);
    close_store(&f);
    old = fresh("before");
    copy_dir(f.dir, old.dir);
    open_store(&f);
    write_one(&f, "a", "2");
    fill_journal(&f, 9 * MB);
    keep_until(&f, "snapshots", 1);
    close_store(&f);
    /* As if a kill had come between the second snapshot's name and the going of what it replaces. */
    rename(file_of(&old, "snapshot-", 0), want);
    want = file_of(&old, "journal-", 0);
    rename(want, apr_pstrcat(root, f.dir, strrchr(want, '/'), NULL));
    touch(&f, "snapshot.new");
    touch(&f, "journal-00000000ffc00000.new");
    is_int(count_files(&f, "snapshot-"), 2, "two snapshots lie there, and an old journal file");
    is_int(open_store(&f), APR_SUCCESS, "a start takes the newer one");
    is_str(read_one(&f, "a"), "2", "with what it holds");
    is_int(count_files(&f, "snapshot-"), 1, "the older one goes");
    is_int(count_files(&f, "snapshot.new") + count_files(&f, "journal-00000000ffc00000.new"), 0,
           "so does what was half made");
    ok(count_files(&f, "journal-") <= 3, "and what lies before the snapshot (%d journal files are left)",
       count_files(&f, "journal-"));
    close_store(&f);
    is_int(try_store(&f), APR_SUCCESS, "the next start finds it in order");
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_same_state();
    test_while_writing();
    test_between_steps();
    test_leftovers();
    suite_end();
    return done_testing();
}
