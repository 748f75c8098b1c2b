/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* power.c: cuts the power at random moments and looks at what is left. Usage: power [cuts] [seed]
 *
 * Each run is a process of its own under the shim of lib/cut.c: it starts from the wreck that the last one left, checks
 * it against the story, and writes on with several threads, a housekeeper and a reader until the next cut, which may
 * come while it still starts. After some runs a new directory is begun. Then disks that lie are tried, and the same
 * checker must find them out: a test that cannot fail proves nothing. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_DEFAULT */
#endif
#include "../unit/tap.h"
#include "dir.h"
#include "lib/story.h"
#include "store/ccgw_store_front.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHAIN    25 /* runs in one directory */
#define WRITERS  6
#define LIFE_US  400000 /* of a run that no cut ends */
#define PATIENCE 60     /* seconds until a run counts as hung */

enum { ENDED_WELL, ENDED_FAULTY = 2, ENDED_REFUSED };

static apr_pool_t *root;

/* ---- one run ---- */

typedef struct thread_t {
    pthread_t thread;
    story_t *story;
    apr_uint64_t seed;
    int box;
} thread_t;

static int is_over;

static void *write_on(void *baton)
{
    thread_t *self = baton;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        apr_pool_clear(pool);
        story_go_on(self->story, &self->seed, pool);
    }
    return NULL;
}

static void *read_on(void *baton)
{
    thread_t *self = baton;
    story_reader_t reader = { .box = self->box };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        apr_pool_clear(pool);
        story_read_on(self->story, &reader, pool);
        usleep(100);
    }
    return NULL;
}

static void *keep_house(void *baton)
{
    thread_t *self = baton;

    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        self->story->provider->housekeep(self->story->store, 0);
        usleep(1000);
    }
    return NULL;
}

static void live(story_t *story, apr_uint64_t seed)
{
    thread_t threads[WRITERS + 2];
    int i;

    for (i = 0; i < WRITERS + 2; i++) {
        threads[i] = (thread_t){ .story = story, .seed = story_mix(seed, (apr_uint64_t)i) };
        threads[i].box = (int)(threads[i].seed % STORY_BOXES);
        pthread_create(&threads[i].thread, NULL,
                       i < WRITERS    ? write_on
                       : i == WRITERS ? read_on
                                      : keep_house,
                       &threads[i]);
    }
    usleep(LIFE_US);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    for (i = 0; i < WRITERS + 2; i++)
        pthread_join(threads[i].thread, NULL);
}

static void take_log(void *baton, int level, const char *text)
{
    if (level <= 4)
        printf("# %s\n", text);
}

static apr_status_t open_story(story_t *story, const char *dir, apr_pool_t *pool)
{
    ccgw_store_config_t config = { .dir = dir, .memory = 24 * 1024 * 1024, .log = take_log };
    const char *why;
    apr_status_t rv;

    story_config(&config);
    rv = story->provider->open_parent(&story->store, &why, &config, pool);
    if (rv == APR_SUCCESS)
        rv = story->provider->open_child(story->store, NULL, NULL, pool);
    if (rv != APR_SUCCESS)
        printf("# the store does not start (%d): %s\n", rv, why);
    return rv;
}

/* COMMITS of the level that WEAK makes, in a life of its own, and with UNTIL all that it takes until there is a file of that
 * name. At its end nothing is synced that was not. */
static apr_status_t live_once(story_t *story, const char *dir, apr_uint64_t seed, int weak, int commits,
                              const char *until)
{
    int before = story->weak, i = 0;
    apr_pool_t *life, *pool;
    apr_status_t rv;

    apr_pool_create(&life, root);
    apr_pool_create(&pool, life);
    rv = open_story(story, dir, life);
    story->weak = weak;
    while (rv == APR_SUCCESS && i < commits) {
        apr_pool_clear(pool);
        story_go_on(story, &seed, pool);
        i += !until || !access(until, F_OK);
    }
    story->weak = before;
    if (rv == APR_SUCCESS)
        apr_pool_destroy(life);
    return rv;
}

/* All processes die when two files of the journal have what no sync has covered: the system has it, the disk does not. The
 * next ones go on from that, what they write is synced, and then the power is cut. */
static int run_two_lives(const char *dir, const char *notes, apr_uint64_t seed)
{
    story_t story = { ccgw_store_find("local"), NULL, story_shared(notes, sizeof(story_notes_t)), 4, STORY_SINLESS };
    void (*cut)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "cut_asked");

    if (!cut || live_once(&story, dir, seed, 4, 50, apr_pstrcat(root, dir, "/journal-0000000000400000", NULL)) ||
        live_once(&story, dir, seed + 1, 0, 20, NULL))
        return ENDED_REFUSED;
    cut();
    return ENDED_FAULTY;
}

/* The process that is cut. What it finds it counts in the notes. */
static int run(const char *dir, const char *notes, apr_uint64_t seed)
{
    story_t story = { ccgw_store_find("local"), NULL, story_shared(notes, sizeof(story_notes_t)), seed % 4 ? 1 : 4,
                      STORY_SINLESS };

    alarm(PATIENCE);
    if (open_story(&story, dir, root) != APR_SUCCESS)
        return ENDED_REFUSED;
    if (story_check(&story, STORY_CUT, root))
        return ENDED_FAULTY;
    live(&story, seed);
    return story_check(&story, STORY_RAN, root) ? ENDED_FAULTY : ENDED_WELL;
}

/* ---- many runs ---- */

typedef struct series_t {
    const char *program, *shim, *base;
    const char *lies, *late; /* NULL: an honest disk */
    apr_uint64_t seed;
    int runs, cuts, hangs, crashes, refused;
    apr_uint64_t commits, events;
    apr_uint64_t faults[STORY_FAULTS];
} series_t;

static void set_or_clear(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static pid_t start_run(const series_t *series, const char *how, const char *dir, const char *notes, apr_uint64_t at,
                       apr_uint64_t seed)
{
    pid_t pid = fork();

    if (pid)
        return pid;
    set_or_clear("CUT_LIES", series->lies);
    set_or_clear("CUT_LATE", series->late);
    setenv("CUT_DIR", dir, 1);
    setenv("CUT_AT", apr_psprintf(root, "%" APR_UINT64_T_FMT, at), 1);
    setenv("CUT_SEED", apr_psprintf(root, "%" APR_UINT64_T_FMT, seed), 1);
    setenv("LD_PRELOAD", series->shim, 1);
    if ((series->lies || series->late) && !freopen("/dev/null", "w", stdout))
        _exit(99);
    execl(series->program, series->program, how, dir, notes, apr_psprintf(root, "%" APR_UINT64_T_FMT, seed), NULL);
    _exit(99);
}

/* One run, to its cut or its end. @return 0: something was found, and the directory is of no more use */
static int go_on(series_t *series, const char *dir, const char *notes, int last)
{
    apr_uint64_t seed = story_mix(series->seed, (apr_uint64_t)series->runs++);
    /* As often at moments 8 to 16 as at moments 1024 to 2048: the start has its dangers, too. */
    apr_uint64_t octave = story_mix(seed, 1) % 12, at = (1 << octave) + story_mix(seed, 2) % (1 << octave);
    pid_t pid = start_run(series, "--run", dir, notes, last ? 0 : at, seed);
    int status = 0;

    while (waitpid(pid, &status, 0) < 0) {
    }
    remove_all(apr_pstrcat(root, dir, ".inodes", NULL), root);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        series->cuts++;
        return 1;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == ENDED_WELL)
        return 1;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        series->hangs++;
    else if (WIFEXITED(status) && WEXITSTATUS(status) == ENDED_REFUSED)
        series->refused++;
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != ENDED_FAULTY)
        series->crashes++;
    if (!series->lies && !series->late)
        printf("# run %d of seed %" APR_UINT64_T_FMT " (cut at %" APR_UINT64_T_FMT "): status %x\n", series->runs - 1,
               series->seed, at, (unsigned)status);
    return 0;
}

static void add_up(series_t *series, const story_notes_t *notes)
{
    int i;

    series->commits += notes->commits;
    series->events += notes->events;
    for (i = 0; i < STORY_FAULTS; i++)
        series->faults[i] += notes->faults[i];
}

/* CUTS cuts; with UNTIL_FOUND only until something is wrong. @return how much was wrong */
static int cut_often(series_t *series, int cuts, int until_found)
{
    int good = 1, found = 0, i;

    while (series->cuts < cuts && !(found && until_found) && series->runs < 4 * cuts + 2 * CHAIN) {
        const char *dir = apr_psprintf(root, "%s/state", series->base);
        const char *notes = apr_psprintf(root, "%s/notes", series->base);
        story_notes_t *read;

        mkdir(dir, 0700);
        for (i = 0, good = 1; good && i < CHAIN && series->cuts < cuts; i++)
            good = go_on(series, dir, notes, 0);
        good = good && go_on(series, dir, notes, 1);
        found += !good;
        read = story_shared(notes, sizeof *read);
        add_up(series, read);
        unlink(notes);
        remove_all(dir, root);
    }
    return found;
}

static void sum_up(const series_t *series)
{
    printf("# cuts %d acked %" APR_UINT64_T_FMT " shown %" APR_UINT64_T_FMT " lost %" APR_UINT64_T_FMT
           " torn %" APR_UINT64_T_FMT " double %" APR_UINT64_T_FMT " orphan %" APR_UINT64_T_FMT
           " refused %" APR_UINT64_T_FMT " hangs %d (seed %" APR_UINT64_T_FMT ")\n",
           series->cuts, series->commits, series->events, series->faults[STORY_LOST], series->faults[STORY_TORN],
           series->faults[STORY_DOUBLE], series->faults[STORY_ORPHAN],
           series->faults[STORY_REFUSED] + (apr_uint64_t)series->refused, series->hangs, series->seed);
}

static void test_honest(series_t series, int cuts)
{
    int found = cut_often(&series, cuts, 0);

    sum_up(&series);
    ok(series.cuts >= cuts, "the power was cut %d times in %d runs", series.cuts, series.runs);
    ok(series.commits > (apr_uint64_t)cuts, "%" APR_UINT64_T_FMT " commits were acknowledged meanwhile",
       series.commits);
    is_int(found, 0, "after none of them was anything lost, torn, doubled or left over, and each start went well");
}

static void test_two_lives(series_t series)
{
    const char *dir = apr_psprintf(root, "%s/lives", series.base);
    const char *notes = apr_psprintf(root, "%s/notes", series.base);
    int status = 0, cut, good, i;

    for (i = 0, cut = good = 0; i < 5; i++) {
        mkdir(dir, 0700);
        waitpid(start_run(&series, "--lives", dir, notes, 0, (apr_uint64_t)i), &status, 0);
        cut += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        good += go_on(&series, dir, notes, 1);
        unlink(notes);
        remove_all(dir, root);
    }
    is_int(cut, 5, "processes die, others go on from what was not synced, and the power is cut");
    is_int(good, 5, "after none of these cuts was anything lost, and each start went well");
}

static void test_liar(series_t series, const char *name, int cuts)
{
    cut_often(&series, cuts, 1);
    ok(series.faults[STORY_LOST] + series.faults[STORY_TORN] + (apr_uint64_t)series.refused > 0,
       "%s: found out after %d cuts", name, series.cuts);
}

int main(int argc, const char *const *argv)
{
    const char *tmp = getenv("TMPDIR"), *slash;
    series_t series = { .seed = 1 };
    int cuts = argc > 1 ? atoi(argv[1]) : 25;

    apr_app_initialize(&argc, &argv, NULL);
    apr_pool_create(&root, NULL);
    if (argc == 5 && !strcmp(argv[1], "--lives"))
        return run_two_lives(argv[2], argv[3], strtoull(argv[4], NULL, 10));
    if (argc == 5 && !strcmp(argv[1], "--run"))
        return run(argv[2], argv[3], strtoull(argv[4], NULL, 10));
    slash = strrchr(argv[0], '/');
    series.program = argv[0];
    series.shim = apr_psprintf(root, "%.*slib/cut.so", slash ? (int)(slash - argv[0]) + 1 : 0, argv[0]);
    series.base = mkdtemp(apr_psprintf(root, "%s/ccgw-power-XXXXXX", tmp ? tmp : "/tmp"));
    if (argc > 2)
        series.seed = strtoull(argv[2], NULL, 10);
    if (ok(access(series.shim, R_OK) == 0 && series.base, "the shim is there")) {
        test_honest(series, cuts);
        test_two_lives(series);
        series.lies = "journal:2";
        test_liar(series, "a disk that skips each second sync of the journal", 200);
        series.lies = "/:1";
        test_liar(series, "a directory that is never synced", 200);
        series.lies = NULL;
        series.late = "journal";
        test_liar(series, "a reply before its record is in the file", 200);
    }
    remove_all(series.base, root);
    return done_testing();
}
