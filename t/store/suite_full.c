/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_full.c: no room: in memory, on the disk; and a disk that fails. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1024 * 1024)

static void test_full_memory(void)
{
    fixture_t f = fresh("full");
    char *big = apr_pcalloc(root, 100 * 1024 + 1);
    apr_status_t rv = APR_SUCCESS;
    int i, stored;

    f.config.memory = 16 * 1024 * 1024;
    open_store(&f);
    memset(big, 'x', 100 * 1024);
    for (i = 0; i < 1000 && rv == APR_SUCCESS; i++)
        rv = write_as(&f, CCGW_TABLE_SESSION, keyf("k%04d", i), big, 0);
    is_int(rv, CCGW_ENOSPACE, "a full memory refuses a commit");
    stored = i - 1;
    ok(stored > 20 && read_one(&f, apr_psprintf(root, "k%04d", stored)) == NULL, "and nothing of it happened");
    for (i = 0; i < 20; i++)
        write_as(&f, CCGW_TABLE_SESSION, keyf("k%04d", stored), big, 0);
    /* no session: those leave a part of the memory to what finishes others */
    is_int(write_as(&f, CCGW_TABLE_MESSAGE, keyf("part%d", 0), big + 86 * 1024, 0), APR_SUCCESS,
           "what refused commits had taken is given back");
    is_int(write_one(&f, "k0003", NULL), APR_SUCCESS, "a delete needs no memory");
    write_one(&f, "k0004", NULL);
    is_int(write_as(&f, CCGW_TABLE_SESSION, keyf("k%04d", stored), big, 0), APR_SUCCESS,
           "what was freed can be used again");
    for (i = 0, rv = APR_SUCCESS; i < 300 && rv == APR_SUCCESS; i++)
        rv = write_one(&f, "k0005", i % 2 ? big : "small");
    is_int(rv, APR_SUCCESS, "writing over and over loses no memory");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "a full store starts again in the same memory");
    close_store(&f);
}

/* A disk that was full is not asked again at once. */
static apr_status_t write_soon(fixture_t *f, const char *name, const char *value)
{
    apr_time_t until = apr_time_now() + apr_time_from_sec(5);
    apr_status_t rv;

    do
        rv = write_one(f, name, value);
    while (rv == CCGW_ESTORE && apr_time_now() < until);
    return rv;
}

/* A limit on the size of files stands for a full disk: the journal cannot grow beyond its first
 * zeros. */
static void test_full_disk(void)
{
    fixture_t f = fresh("disk");
    struct rlimit limit, small;
    char *big = apr_pcalloc(root, 300 * 1024 + 1);
    apr_status_t rv = APR_SUCCESS;
    int i;

    open_store(&f);
    memset(big, 'd', 300 * 1024);
    getrlimit(RLIMIT_FSIZE, &limit);
    small = limit;
    small.rlim_cur = 4 * 1024 * 1024;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    for (i = 0; i < 30 && rv == APR_SUCCESS; i++)
        rv = write_as(&f, CCGW_TABLE_SESSION, keyf("k%d", i), big, 0);
    is_int(rv, CCGW_ESTORE, "a full disk refuses a commit");
    is_str(read_one(&f, apr_psprintf(root, "k%d", i - 1)), NULL, "and nothing of it happened");
    ok(read_one(&f, "k0") != NULL, "what is stored can still be read");
    setrlimit(RLIMIT_FSIZE, &limit);
    is_int(write_soon(&f, "later", "l"), APR_SUCCESS, "when there is room again, commits go on");
    close_store(&f);
    open_store(&f);
    is_str(read_one(&f, "later"), "l", "and are kept");
    close_store(&f);
}

static apr_status_t set_file_limit(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    return setrlimit(RLIMIT_FSIZE, &limit) ? APR_EGENERAL : APR_SUCCESS;
}

/* What is left over from a refused commit, what the log says, and words whose saving failed. */
static void test_full_disk_again(void)
{
    fixture_t f = fresh_small("again");
    char *big = apr_pcalloc(root, 300 * 1024 + 1);
    apr_status_t rv = APR_SUCCESS;
    int i;

    f.config.file_bytes = 8 * 1024 * 1024;
    f.config.snapshot_bytes = (apr_uint64_t)1 << 40;
    open_store(&f);
    memset(big, 'd', 300 * 1024);
    set_file_limit(4 * 1024 * 1024);
    for (i = 0; i < 60 && rv == APR_SUCCESS; i++)
        rv = write_as(&f, CCGW_TABLE_SESSION, key("k"), big, 0);
    is_int(rv, CCGW_ESTORE, "a full disk refuses a commit");
    for (i = 0; i < 20; i++)
        write_as(&f, CCGW_TABLE_SESSION, key("k"), big, 0);
    is_int(count_said("CCGW0110"), 1, "the log says so once, not for each: %s", logged);
    is_int(stat_of(&f, "broken"), 0, "nothing is broken by it");
    while (write_as(&f, CCGW_TABLE_SESSION, key("small"), "s", 0) == APR_SUCCESS)
        continue;
    for (i = 0; i < 5; i++)
        word(&f, apr_psprintf(f.pool, "desk%d", i), CCGW_WORD_SEEN, CCGW_WORD_STORE, 5);
    ok(provider->housekeep(f.store, 1) != APR_SUCCESS, "nor are words saved");
    set_file_limit(RLIM_INFINITY);
    is_int(write_soon(&f, "later", "l"), APR_SUCCESS, "when there is room again, commits go on without a restart");
    provider->housekeep(f.store, 1);
    close_store(&f);
    open_store(&f);
    is_str(read_one(&f, "later"), "l", "and are kept");
    is_int(word(&f, "desk3", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 5, "so are words that could not be saved meanwhile");
    close_store(&f);
}

/* The state is larger than files may be, the journal's files are not. */
static void test_no_room_for_snapshot(void)
{
    fixture_t f = fresh_small("noshot");
    int i;

    f.config.memory = 64 * 1024 * 1024;
    open_store(&f);
    fill_state(&f, 300);
    set_file_limit(5 * 1024 * 1024);
    provider->scrub(f.store);
    for (i = 0; i < 50; i++)
        provider->housekeep(f.store, 0);
    is_int(count_said("CCGW0121"), 1, "a snapshot that cannot be written is said once: %s", logged);
    is_int(stat_of(&f, "snapshots"), 0, "there is none");
    is_int(count_files(&f, "snapshot"), 0, "nor half of one that fills the disk");
    is_int(write_one(&f, "later", "l"), APR_SUCCESS, "commits go on");
    set_file_limit(RLIM_INFINITY);
    close_store(&f);
    open_store(&f);
    is_str(read_one(&f, "later"), "l", "and are kept");
    ok(keep_until(&f, "snapshots", 1), "with room, a snapshot is made");
    close_store(&f);
}

/* Below what was filled with zeros already, so that writing a record fails. */
static void test_failing_write(void)
{
    fixture_t f = fresh_small("failing");
    ccgw_cursor_t from, at;
    apr_status_t rv = APR_SUCCESS;
    const char *last = NULL;
    int i;

    open_store(&f);
    from = box_op(&f, "m", 1);
    send_event(&f, "m", NULL, "before", 0);
    fill_journal(&f, 100 * 1024);
    set_file_limit(256 * 1024);
    for (i = 0; i < 10000 && rv == APR_SUCCESS; i++) {
        const char *value = apr_psprintf(f.pool, "%0200d", i);

        rv = write_one(&f, "n", value);
        if (rv == APR_SUCCESS)
            last = apr_pstrdup(root, value);
    }
    is_int(rv, CCGW_ESTORE, "a write that fails refuses the commit");
    ok(last != NULL, "(after some that did not)");
    set_file_limit(RLIM_INFINITY);
    is_int(write_one(&f, "m", "x"), CCGW_ESTORE, "and all commits after it, though the disk may write again");
    is_int(send_event(&f, "m", NULL, "never", 0), 0, "none of their events is stored");
    at = from;
    is_str(read_box(&f, "m", NULL, &at, 10), "before", "or shown");
    ok(read_one(&f, "n") != NULL, "reads go on");
    is_int(count_said("CCGW0111"), 1, "the log says so once");
    ok(stat_of(&f, "broken") != 0, "and the status page too");
    for (i = 0; i < 5; i++)
        provider->housekeep(f.store, 0);
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "a restart takes what the files hold");
    ok(read_one(&f, "n") && strcmp(read_one(&f, "n"), last) >= 0, "with all that was acknowledged");
    is_str(read_one(&f, "m"), NULL, "and nothing that was refused before it was tried");
    is_str(read_box(&f, "m", NULL, &from, 10), "before", "readers go on");
    is_int(write_one(&f, "n", "after"), APR_SUCCESS, "and commits are taken again");
    close_store(&f);
}

/* A process that cannot open the journal's next file, though it is there. */
static void test_no_descriptors(void)
{
    fixture_t f = fresh_small("descriptors");
    int status, i;
    pid_t pid;

    open_store(&f);
    fill_journal(&f, 3 * MB);
    for (i = 0; i < 5; i++)
        provider->housekeep(f.store, 0);
    pid = fork();
    if (!pid) {
        provider->open_child(f.store, NULL, NULL, f.pool);
        while (open("/dev/null", O_RDONLY) >= 0)
            continue;
        _exit(fill_journal(&f, 2 * MB) == APR_SUCCESS);
    }
    while (waitpid(pid, &status, WNOHANG) == 0)
        provider->housekeep(f.store, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "who has no descriptor left waits until another one writes");
    is_int(stat_of(&f, "broken"), 0, "nothing is broken by it");
    is_int(write_one(&f, "x", "y"), APR_SUCCESS, "the others go on");
    is_int(count_said("CCGW0111"), 0, "and no end is announced");
    close_store(&f);
}

/* A directory stands for a file whose blocks have gone bad. */
static void test_unusable_spare(void)
{
    fixture_t f = fresh_small("unusable");

    f.config.snapshot_bytes = (apr_uint64_t)1 << 40;
    open_store(&f);
    mkdir(apr_pstrcat(f.pool, f.dir, "/spare-0000000000000000", NULL), 0700);
    is_int(fill_journal(&f, 10 * MB), APR_SUCCESS, "a spare that cannot be used is passed over: %s", logged);
    is_int(stat_of(&f, "journal_stuck"), 0, "nothing is stuck by it");
    rmdir(apr_pstrcat(f.pool, f.dir, "/spare-0000000000000000", NULL));
    close_store(&f);
}

/* Smaller and smaller records until none fits; then one goes, and one of its size fits again. */
static void test_all_memory(void)
{
    fixture_t f = fresh("all");
    char *big = apr_pcalloc(root, 200 * 1024 + 1);
    ccgw_cursor_t from, at;
    apr_size_t size;
    int i = 0, refused = 0;

    f.config.memory = 10 * 1024 * 1024;
    memset(big, 'm', 200 * 1024);
    open_store(&f);
    from = box_op(&f, "m", 1);
    write_as(&f, CCGW_TABLE_MESSAGE, key("first"), apr_pstrmemdup(root, big, 1000), 0);
    for (size = 200 * 1024; size >= 1; size /= 2) {
        while (write_buf(&f, CCGW_TABLE_MESSAGE, keyf("k%05d", i), bytes(big, size), CCGW_DURABLE_OS) == APR_SUCCESS)
            i++;
    }
    /* How much an index entry takes is drawn by lot. */
    for (; refused < 20; i++, refused++) {
        if (write_buf(&f, CCGW_TABLE_MESSAGE, keyf("k%05d", i), bytes(big, 0), CCGW_DURABLE_OS) == APR_SUCCESS)
            refused = 0;
    }
    is_int(write_one(&f, "one-more", ""), CCGW_ENOSPACE, "memory is full to the last block (%d records)", i);
    is_int(write_as(&f, CCGW_TABLE_MESSAGE, key("first"), apr_pstrmemdup(root, big, 900), 0), CCGW_ENOSPACE,
           "not even a change fits");
    is_int(send_event(&f, "m", NULL, "e", 0), 0, "nor an event");
    at = from;
    is_str(read_box(&f, "m", NULL, &at, 5), "", "of which nothing happened");
    ok(word(&f, "desk", CCGW_WORD_SEEN, CCGW_WORD_STORE, 1) == 0, "words go on");
    is_int(write_as(&f, CCGW_TABLE_MESSAGE, key("first"), NULL, 0), APR_SUCCESS, "deleting goes on");
    is_int(write_as(&f, CCGW_TABLE_MESSAGE, key("second"), apr_pstrmemdup(root, big, 1000), 0), APR_SUCCESS,
           "and makes room for as much");
    close_store(&f);
    is_int(open_store(&f), APR_SUCCESS, "a memory that was full to the last block is filled again");
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_full_memory();
    test_all_memory();
    test_full_disk();
    test_full_disk_again();
    test_no_room_for_snapshot();
    test_failing_write();
    test_no_descriptors();
    test_unusable_spare();
    suite_end();
    return done_testing();
}
