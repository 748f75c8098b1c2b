/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_loss.c: files that are damaged or missing: refused with file, offset and advice, and given up on demand. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

#include <sys/stat.h>
#include <unistd.h>

#define MB (1024 * 1024)

/* A directory with a snapshot and some journal behind it; "old" is in the snapshot, "new" in the journal. The mailbox m
 * was opened at *AT and has an event in each. */
static fixture_t make_dir(const char *name, ccgw_cursor_t *at)
{
    fixture_t f = fresh_small(name);

    open_store(&f);
    write_one(&f, "old", "1");
    *at = box_op(&f, "m", 1);
    send_event(&f, "m", NULL, "e1", 0);
    fill_journal(&f, 2 * MB);
    keep_until(&f, "snapshots", 1);
    write_one(&f, "new", "1");
    send_event(&f, "m", NULL, "e2", 0);
    close_store(&f);
    return f;
}

static void check_refused(fixture_t *f, const char *says, apr_status_t want, const char *file, const char *words)
{
    suite_hush();
    is_int(try_store(f), want, "%s is refused", says);
    ok(file && strstr(f->why, file) && strstr(f->why, words), "naming file, place and what to do: %s", f->why);
    is_int(try_store(f), want, "and nothing was changed by the attempt");
}

/* From now on, what was stored is there, and was never lost again. */
static void check_clean(fixture_t *f, ccgw_cursor_t at)
{
    ccgw_cursor_t now = at;

    ok(!read_box(f, "m", NULL, &now, 5), "readers of before are told to start over");
    is_int(write_one(f, "later", "1"), APR_SUCCESS, "commits are taken");
    box_op(f, "m", 1);
    send_event(f, "m", NULL, "e3", 0);
    is_str(read_box(f, "m", NULL, &now, 5), "e3", "and events reach who started over");
    fill_journal(f, 9 * MB);
    close_store(f);
    f->config.accept_loss = 0;
    if (!ok(open_store(f) == APR_SUCCESS, "the next start needs no such word")) {
        printf("# %s\n", f->why);
        close_store(f);
        return;
    }
    is_str(read_one(f, "later"), "1", "and finds what was stored since");
    is_str(read_box(f, "m", NULL, &now, 5), "", "cursors given out since the loss are good");
    close_store(f);
}

static void accept_loss(fixture_t *f)
{
    suite_hush();
    f->config.accept_loss = 1;
    is_int(open_store(f), APR_SUCCESS, "when the loss is accepted it opens");
    is_int(count_said("accept-loss"), 1, "and says what is lost: %s", logged);
}

/* A snapshot is of no one moment: without the journal that its last part saw it is none. */
static void test_journal_short_of_snapshot(void)
{
    static const char zeros[64 * 1024];
    ccgw_cursor_t at;
    fixture_t f = fresh_small("short");
    apr_uint64_t from;
    int i;

    f.config.memory = 256 * MB;
    open_store(&f);
    write_one(&f, "old", "1");
    at = box_op(&f, "m", 1);
    fill_state(&f, 2500);
    fill_journal(&f, 10 * MB);
    for (i = 0; i < 100 && !count_files(&f, "snapshot.new"); i++)
        provider->housekeep(f.store, 0);
    ok(write_one(&f, "meanwhile", "1") == APR_SUCCESS && count_files(&f, "snapshot.new"), "(a commit in a snapshot)");
    keep_until(&f, "snapshots", 1);
    from = (apr_uint64_t)stat_of(&f, "snapshot_position");
    close_store(&f);
    ok(poke(apr_psprintf(root, "%s/journal-%016" APR_UINT64_T_HEX_FMT, f.dir, from / (4 * MB) * (4 * MB)),
            (long long)(from % (4 * MB)), zeros, sizeof zeros),
       "(the journal's end is wiped out)");
    check_refused(&f, "a journal that ends before what the snapshot saw", CCGW_EDAMAGED, f.dir, "accept-loss");
    accept_loss(&f);
    check_clean(&f, at);
}

/* ---- the snapshot ---- */

static void test_snapshot_missing(void)
{
    ccgw_cursor_t at;
    fixture_t f = make_dir("missing", &at);

    unlink(file_of(&f, "snapshot-", 0));
    if (count_files(&f, "journal-0000000000000000"))
        unlink(file_of(&f, "journal-", 0));
    check_refused(&f, "a journal without the snapshot before it", CCGW_EDAMAGED, f.dir, "backup");
}

/* Offsets in the file from its end when negative. */
static void test_snapshot_damaged(void)
{
    static const struct {
        const char *says;
        long long at;
    } cases[] = {
        { "damage in the snapshot's head", 16 },
        { "damage in its first item", 64 + 8 },
        { "damage in a length", 64 },
        { "damage in its middle", -200 },
        { "damage in its last byte but some", -20 },
    };
    struct stat info;
    unsigned i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        ccgw_cursor_t at;
        fixture_t f = make_dir(apr_psprintf(root, "snapshot%u", i), &at);
        const char *path = file_of(&f, "snapshot-", 0);

        flip(path, cases[i].at);
        check_refused(&f, cases[i].says, CCGW_EDAMAGED, path, "offset ");
        ok(strstr(f.why, "backup") != NULL, "with advice");
        /* Without its head nothing is known of the journal that belongs to it. */
        if (cases[i].at == 16) {
            ok(!strstr(f.why, "accept-loss"), "a loss of all is not offered");
            continue;
        }
        ok(strstr(f.why, "accept-loss") != NULL, "and a way out");
        accept_loss(&f);
        ok(!stat(apr_pstrcat(root, path, ".damaged", NULL), &info) && info.st_size > 100,
           "it is kept for whoever wants to look");
        is_str(read_one(&f, "new"), "1", "the journal behind it is sound");
        check_clean(&f, at);
    }
}

static void test_snapshot_cut(void)
{
    ccgw_cursor_t at;
    fixture_t f = make_dir("cut", &at);
    const char *path = file_of(&f, "snapshot-", 0);
    struct stat info;

    stat(path, &info);
    is_int(truncate(path, info.st_size - 40), 0, "the snapshot lacks its end");
    check_refused(&f, "a snapshot cut short", CCGW_EDAMAGED, path, "offset ");
    accept_loss(&f);
    is_str(read_one(&f, "old"), "1", "what is before the end is there");
    check_clean(&f, at);
}

static void test_snapshot_newer(void)
{
    ccgw_cursor_t at;
    fixture_t f = make_dir("newer", &at);
    apr_uint32_t format = 99;

    poke(file_of(&f, "snapshot-", 0), 4, &format, sizeof format);
    check_refused(&f, "a snapshot of a newer format", CCGW_EFORMAT, file_of(&f, "snapshot-", 0), "newer server");
    f.config.accept_loss = 1;
    is_int(try_store(&f), CCGW_EFORMAT, "that is no damage, so nothing is given up");
}

/* ---- the journal ---- */

/* "first" to "third" lie in the first, second and third file; each was written in a start of its own. */
static fixture_t make_files(const char *name, ccgw_cursor_t *at)
{
    static const char *const names[] = { "first", "second", "third", "fourth" };
    fixture_t f = fresh_small(name);
    int i;

    f.config.snapshot_bytes = (apr_uint64_t)1 << 40;
    for (i = 0; i < 4; i++) {
        open_store(&f);
        if (!i)
            *at = box_op(&f, "m", 1);
        send_event(&f, "m", NULL, "e", 0);
        write_one(&f, names[i], apr_pstrcat(root, "value-", names[i], NULL));
        if (i < 3)
            fill_journal(&f, 4 * MB);
        close_store(&f);
    }
    return f;
}

static void test_head_damaged(void)
{
    ccgw_cursor_t at;
    fixture_t f = make_files("head", &at);
    const char *path = file_of(&f, "journal-", 1);

    flip(path, 20);
    check_refused(&f, "a journal file with a damaged head", CCGW_EDAMAGED, path, "offset 0");
    accept_loss(&f);
    is_str(read_one(&f, "first"), "value-first", "what is before it is there");
    is_str(read_one(&f, "second"), NULL, "what is in it is not");
    is_str(read_one(&f, "third"), NULL, "nor what is behind, for it may build on what is lost");
    ok(count_files(&f, apr_pstrcat(root, strrchr(path, '/') + 1, ".damaged", NULL)) == 1,
       "the file is kept under another name");
    check_clean(&f, at);
}

static void test_first_head_damaged(void)
{
    ccgw_cursor_t at;
    fixture_t f = make_files("first", &at);
    const char *path = file_of(&f, "journal-", 0);

    flip(path, 20);
    check_refused(&f, "a first file with a damaged head", CCGW_EDAMAGED, path, "offset 0");
    accept_loss(&f);
    is_str(read_one(&f, "first"), NULL, "nothing is left");
    check_clean(&f, at);
}

static void test_file_missing(void)
{
    ccgw_cursor_t at;
    fixture_t f = make_files("middle", &at);
    const char *path = file_of(&f, "journal-", 1);

    unlink(path);
    unlink(file_of(&f, "journal-", 1));
    check_refused(&f, "a journal with files missing in the middle", CCGW_EDAMAGED, path, "missing");
    ok(strstr(f.why, "accept-loss") != NULL, "with a way out");
    accept_loss(&f);
    is_str(read_one(&f, "first"), "value-first", "what is before the gap is there");
    is_str(read_one(&f, "fourth"), NULL, "what is behind is not");
    check_clean(&f, at);
}

static void test_all_files_missing(void)
{
    ccgw_cursor_t at;
    fixture_t f = make_dir("bare", &at);
    const char *path = file_of(&f, "journal-", 0);

    while (count_files(&f, "journal-"))
        unlink(file_of(&f, "journal-", 0));
    f.config.file_bytes = 8 * MB;
    check_refused(&f, "a snapshot whose journal is missing", CCGW_EDAMAGED, path, "missing");
    accept_loss(&f);
    is_str(read_one(&f, "old"), "1", "what the snapshot has is there");
    is_str(read_one(&f, "new"), NULL, "what the journal had is not");
    check_clean(&f, at);
}

/* The lost part begins in the first start's records, and those of three later starts lie behind it. */
static void test_middle_damaged(void)
{
    fixture_t f = fresh_small("starts");
    ccgw_cursor_t at = 0;
    int i;

    for (i = 0; i < 4; i++) {
        open_store(&f);
        if (!i)
            at = box_op(&f, "m", 1);
        write_one(&f, "some", apr_psprintf(root, "harm-%d-once", i));
        write_one(&f, "some", apr_psprintf(root, "harm-%d-twice", i));
        close_store(&f);
    }
    ok(garble(file_of(&f, "journal-", 0), "harm-0-twice"), "a record of the first start is garbled");
    check_refused(&f, "damage before good records", CCGW_EDAMAGED, file_of(&f, "journal-", 0), "offset ");
    accept_loss(&f);
    is_str(read_one(&f, "some"), "harm-0-once", "what is before the damage is there");
    close_store(&f);
    f.config.accept_loss = 0;
    for (i = 0; i < 10; i++) {
        apr_status_t rv = open_store(&f);

        if (rv != APR_SUCCESS || strcmp(read_one(&f, "some"), i ? "later" : "harm-0-once"))
            break;
        write_one(&f, "some", "later");
        close_store(&f);
    }
    is_int(i, 10, "what was given up never comes back, at whatever place the new journal ends");
    if (i == 10)
        open_store(&f);
    ok(!read_box(&f, "m", NULL, &at, 5), "and readers of before stay told to start over");
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_snapshot_missing();
    test_snapshot_damaged();
    test_snapshot_cut();
    test_snapshot_newer();
    test_journal_short_of_snapshot();
    test_head_damaged();
    test_first_head_damaged();
    test_file_missing();
    test_all_files_missing();
    test_middle_damaged();
    suite_end();
    return done_testing();
}
