/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_restart.c: what a start finds: all that was stored, torn ends, damage, other people's directories. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

#include <sys/stat.h>
#include <unistd.h>

static void test_restart(void)
{
    fixture_t f = fresh("restart"), second;
    ccgw_cursor_t at, before, passing;
    struct stat info;
    apr_time_t began = apr_time_now();

    is_int(open_store(&f), APR_SUCCESS, "a new store opens");
    ok(apr_time_now() - began < apr_time_from_msec(500), "quickly");
    is_int(stat(f.dir, &info) ? -1 : (int)(info.st_mode & 0777), 0700, "its directory is closed to others");
    is_int(stat(apr_pstrcat(root, f.dir, "/journal-0000000000000000", NULL), &info) ? -1 : (int)(info.st_mode & 0777),
           0600, "its journal too");
    second = f;
    is_int(open_store(&second), CCGW_EINUSE, "a second server is refused the directory");
    ok(strstr(second.why, f.dir) && strstr(second.why, apr_itoa(root, getpid())), "and told where and by whom");
    close_store(&second);

    write_one(&f, "a", "1");
    write_one(&f, "b", "1");
    write_one(&f, "a", "2");
    write_one(&f, "b", NULL);
    before = box_op(&f, "m", 1);
    send_event(&f, "m", NULL, "e1", 0);
    at = send_event(&f, "m", NULL, "e2", 0);
    passing = send_event(&f, "m", NULL, "typing", CCGW_DURABLE_MEMORY);
    close_store(&f);

    is_int(open_store(&f), APR_SUCCESS, "it opens again");
    ok(strstr(logged, "recovered 7 transactions from 1 files") != NULL, "and says what it found: %s", logged);
    is_str(read_one(&f, "a"), "2", "records are as they were left");
    is_str(read_one(&f, "b"), NULL, "deleted ones stay deleted");
    ok(provider->last(f.store, TENANT) >= passing, "the order of commits goes on");
    is_str(read_box(&f, "m", NULL, &before, 10), "e1 e2", "events are kept, passing ones are not");
    is_str(read_box(&f, "m", NULL, &at, 10), "", "a cursor of before is good");
    is_str(read_box(&f, "m", NULL, &passing, 10), "", "even that of a commit that was lost");
    send_event(&f, "m", NULL, "e3", 0);
    is_str(read_box(&f, "m", NULL, &passing, 10), "e3", "and hides nothing that comes after");
    close_store(&f);

    f.config.durability = CCGW_DURABLE_MEMORY;
    open_store(&f);
    ok(read_box(&f, "m", NULL, &at, 10) != NULL, "after a start that promised the disk, cursors are good");
    close_store(&f);
    open_store(&f);
    ok(!read_box(&f, "m", NULL, &at, 10), "after one that did not, readers start over");
    close_store(&f);
}

static const char *journal(fixture_t *f)
{
    return file_of(f, "journal-", 0);
}

static void test_torn_end(void)
{
    fixture_t f = fresh("torn");
    char name[24];
    int i;

    open_store(&f);
    for (i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "torn-%d", i);
        write_one(&f, name, name);
    }
    close_store(&f);
    ok(garble(journal(&f), "torn-4"), "the last record is garbled");
    suite_hush();
    is_int(open_store(&f), APR_SUCCESS, "a torn end is cut off");
    is_int(count_said("CCGW0105"), 1, "and told: %s", logged);
    is_str(read_one(&f, "torn-3"), "torn-3", "what is before it stays");
    is_str(read_one(&f, "torn-4"), NULL, "the torn record is not there");
    write_one(&f, "next", "n");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "the new end is good");
    is_str(read_one(&f, "next"), "n", "and holds what came after");
    is_str(read_one(&f, "torn-4"), NULL, "and nothing stale comes to life");
    close_store(&f);
    is_int(truncate(journal(&f), 4096 + 64 + 8), 0, "the file is cut inside a record");
    is_int(open_store(&f), APR_SUCCESS, "a cut file opens");
    is_str(read_one(&f, "torn-0"), NULL, "without what was cut off");
    is_int(write_one(&f, "again", "a"), APR_SUCCESS, "and takes new records");
    close_store(&f);
    open_store(&f);
    is_str(read_one(&f, "again"), "a", "which survive");
    close_store(&f);
}

static void write_lazily(fixture_t *f, const char *name, const char *value)
{
    ccgw_txn_t *txn = begin(f);
    ccgw_record_t record;

    provider->get(&record, txn, CCGW_TABLE_SESSION, key(name));
    provider->put(txn, CCGW_TABLE_SESSION, key(name), text(value), 0);
    provider->commit(NULL, txn, CCGW_DURABLE_MEMORY);
}

/* Two records of one batch, the first torn: both go. The start's own record takes 64 bytes, so a
 * new record that is 64 bytes shorter than the torn one ends exactly where the second old one
 * still stands, whole. */
static void test_stale_tail(void)
{
    fixture_t f = fresh("stale");
    char value[101];

    memset(value, 'z', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    memcpy(value, "stale", 5);
    open_store(&f);
    write_lazily(&f, "first", value);
    write_lazily(&f, "second", "old");
    provider->housekeep(f.store, 0);
    close_store(&f);
    ok(garble(journal(&f), "stale"), "the first record of a batch is garbled");
    is_int(open_store(&f), APR_SUCCESS, "a batch that nobody was promised is cut off");
    is_str(read_one(&f, "second"), NULL, "with the whole record behind");
    value[sizeof value - 1 - 64] = '\0';
    write_one(&f, "first", value);
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "the new end touches the old record");
    is_str(read_one(&f, "first"), value, "the new one counts");
    is_str(read_one(&f, "second"), NULL, "the old one does not come to life");
    close_store(&f);
}

static void test_damage(void)
{
    fixture_t f = fresh("damage");
    char name[24];
    int i;

    open_store(&f);
    for (i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "harm-%d", i);
        write_one(&f, name, name);
    }
    close_store(&f);
    ok(garble(journal(&f), "harm-2"), "a record in the middle is garbled");
    is_int(open_store(&f), CCGW_EDAMAGED, "damage before good records is refused");
    ok(strstr(f.why, journal(&f)) && strstr(f.why, "offset "), "naming file and offset: %s", f.why);
    close_store(&f);
    is_int(open_store(&f), CCGW_EDAMAGED, "and nothing was changed by the attempt");
    is_int(open_store(&f), CCGW_EDAMAGED, "nor is the directory kept by it");
    close_store(&f);
}

static void test_newer_format(void)
{
    fixture_t f = fresh("newer");
    apr_uint32_t format = 99;

    try_store(&f);
    ok(poke(journal(&f), 4, &format, sizeof format), "the journal is of a newer format");
    is_int(try_store(&f), CCGW_EFORMAT, "it is refused");
    ok(strstr(f.why, journal(&f)) && strstr(f.why, "newer"), "with a word on what to start: %s", f.why);
}

/* A directory that was copied may be older than what readers have seen. */
static void test_copied(void)
{
    fixture_t f = fresh("copied"), g;
    ccgw_cursor_t at, new;

    open_store(&f);
    at = box_op(&f, "m", 1);
    send_event(&f, "m", NULL, "e1", 0);
    write_one(&f, "a", "1");
    close_store(&f);
    g = fresh("copy");
    ok(copy_dir(f.dir, g.dir), "the directory of a stopped server is copied");
    is_int(open_store(&g), APR_SUCCESS, "a server starts from the copy");
    is_int(count_said("restored copy"), 1, "and says that it is one");
    is_str(read_one(&g, "a"), "1", "with what it held");
    new = at;
    ok(!read_box(&g, "m", NULL, &new, 5), "readers of before are told to start over");
    send_event(&g, "m", NULL, "e2", 0);
    is_str(read_box(&g, "m", NULL, &new, 5), "e2", "and go on from where they are told");
    close_store(&g);
    suite_hush();
    open_store(&g);
    is_int(count_said("restored copy"), 0, "from then on the directory is its own");
    is_str(read_box(&g, "m", NULL, &new, 5), "", "cursors given out there are good");
    close_store(&g);
    open_store(&f);
    is_str(read_box(&f, "m", NULL, &at, 5), "e1", "where it was copied from nothing has changed");
    close_store(&f);
}

static void test_many_files(void)
{
    fixture_t f = fresh("files");
    char *big = apr_pcalloc(root, 900 * 1024 + 1);
    apr_status_t rv = APR_SUCCESS;
    int i;

    open_store(&f);
    for (i = 0; i < 160 && rv == APR_SUCCESS; i++) {
        snprintf(big, 16, "%08d", i);
        memset(big + 8, 'a' + i % 26, 900 * 1024 - 8 - (size_t)(i * 1001));
        big[900 * 1024 - i * 1001] = '\0';
        rv = write_as(&f, CCGW_TABLE_SESSION, keyf("k%d", i % 8), big, 0);
    }
    is_int(rv, APR_SUCCESS, "a journal grows over several files");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "and is read over several files");
    is_str(read_one(&f, "k7"), big, "down to the last record");
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_restart();
    test_torn_end();
    test_stale_tail();
    test_damage();
    test_newer_format();
    test_copied();
    test_many_files();
    suite_end();
    return done_testing();
}
