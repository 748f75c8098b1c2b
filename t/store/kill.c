/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* kill.c: kills writers and housekeepers of a store at any time, and all of them at once, and looks at what is left.
 * Usage: kill [kills] [seed]
 *
 *     this process      counts; outlives everything
 *       a life          opens the store from its files, as httpd's parent does, starts and kills the others
 *         writers       some processes of several threads, with a reader in each
 *         housekeeper   saves words, makes snapshots
 *         checker       now and then, when the writers have stopped
 *
 * In each life some processes die at a random moment and one dies at each chosen step of ccgw_step.h; the others must
 * go on. Then all is compared in memory. The life ends with the death of all at once, most often exactly at a step,
 * and the next one begins with the files alone. Every step of the store must have been reached. */
#include "../unit/tap.h"
#include "dir.h"
#include "lib/story.h"
#include "store/ccgw_store_front.h"
#include "util/ccgw_step.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITERS   3
#define PROCESSES (WRITERS + 1) /* the last one keeps house */
#define THREADS   6             /* of a writer */
#define READERS   1             /* of them */
#define PATIENCE  2000          /* ms until a process that makes no progress counts as hung */
#define STEP_WAIT 16000         /* ms until a step counts as not reached */
#define LAST_STEP CCGW_STEP_SNAPSHOT_DONE

typedef struct control_t {
    story_notes_t notes;
    apr_uint64_t progress[PROCESSES];
    apr_uint64_t visits[CCGW_STEP_COUNT];
    apr_uint64_t killed_at[CCGW_STEP_COUNT]; /* one process */
    apr_uint64_t ended_at[CCGW_STEP_COUNT];  /* all */
    int wanted;                              /* step at which somebody shall die */
    int all;                                 /* ... with all others */
    int stop;                                /* the writers shall end */
    int begun;                               /* this life's store is open */
    int kills, hangs, checks, refused, crashes;
} control_t;

/* What a run with a broken engine ends with when its faults were seen. */
enum { FOUND = 7 };

static control_t *control;
static const char *beside; /* "" or the directory of this program with a slash */
static apr_pool_t *root;
static story_t story;
static ccgw_store_config_t config;
static pid_t life;
static pid_t processes[PROCESSES];

/* ---- steps ---- */

static void take_step(ccgw_step_t step)
{
    int wanted = (int)step;

    __atomic_fetch_add(&control->visits[step], 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(&control->wanted, __ATOMIC_ACQUIRE) != wanted || (getpid() == life && !control->all))
        return;
    if (!__atomic_compare_exchange_n(&control->wanted, &wanted, 0, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return;
    if (control->all) {
        control->ended_at[step]++;
        kill(0, SIGKILL);
    }
    control->killed_at[step]++;
    kill(getpid(), SIGKILL);
}

static void want(ccgw_step_t step, int all)
{
    control->all = all;
    __atomic_store_n(&control->wanted, (int)step, __ATOMIC_RELEASE);
}

/* ---- the processes of a life ---- */

typedef struct thread_t {
    pthread_t thread;
    int process;
    apr_uint64_t seed;
} thread_t;

static int is_over(void)
{
    return __atomic_load_n(&control->stop, __ATOMIC_ACQUIRE);
}

static void *write_on(void *baton)
{
    thread_t *self = baton;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    while (!is_over()) {
        apr_pool_clear(pool);
        if (story_go_on(&story, &self->seed, pool) == APR_SUCCESS)
            __atomic_fetch_add(&control->progress[self->process], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void *read_on(void *baton)
{
    thread_t *self = baton;
    story_reader_t reader = { .box = (int)(self->seed % STORY_BOXES) };
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    while (!is_over()) {
        apr_pool_clear(pool);
        story_read_on(&story, &reader, pool);
    }
    return NULL;
}

static void keep_house(int process)
{
    while (!is_over()) {
        story.provider->housekeep(story.store, 0);
        control->progress[process]++;
        usleep(1000);
    }
    story.provider->housekeep(story.store, 1);
}

static void wake(void *baton, ccgw_buf_t mailbox, ccgw_cursor_t last)
{
}

static void live(int process, apr_uint64_t seed)
{
    thread_t threads[THREADS];
    int i;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (story.provider->open_child(story.store, wake, NULL, root) != APR_SUCCESS)
        _exit(1);
    if (process == WRITERS) {
        keep_house(process);
        _exit(0);
    }
    for (i = 0; i < THREADS; i++) {
        threads[i].process = process;
        threads[i].seed = story_mix(seed, (apr_uint64_t)i);
        pthread_create(&threads[i].thread, NULL, i < READERS ? read_on : write_on, &threads[i]);
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i].thread, NULL);
    _exit(0);
}

static void start(int process, apr_uint64_t *seed)
{
    apr_uint64_t own = story_draw(seed);

    processes[process] = fork();
    if (!processes[process])
        live(process, own);
}

/* Wait until CONDITION, or for MS milliseconds. */
#define WAIT_FOR(condition, ms, waited)                         \
    for (waited = 0; !(condition) && waited < (ms)*5; waited++) \
    usleep(200)

/* Everybody must go on, the new one as well. Who does not is killed and started again. */
static void expect_progress(apr_uint64_t *seed)
{
    apr_uint64_t before[PROCESSES];
    int i, waited, others = 0;

    memcpy(before, control->progress, sizeof before);
    for (i = 0; i < PROCESSES; i++) {
        if (!processes[i])
            continue;
        WAIT_FOR(__atomic_load_n(&control->progress[i], __ATOMIC_ACQUIRE) != before[i], PATIENCE - others / 5, waited);
        others += waited;
        if (__atomic_load_n(&control->progress[i], __ATOMIC_ACQUIRE) != before[i])
            continue;
        printf("# process %d made no progress within %d ms\n", i, PATIENCE);
        control->hangs++;
        kill(processes[i], SIGKILL);
        waitpid(processes[i], NULL, 0);
        start(i, seed);
    }
}

/* The process that was killed; -1: none yet. One that ended otherwise is a crash. */
static int find_dead(void)
{
    int status, i;
    pid_t pid = waitpid(-1, &status, WNOHANG);

    for (i = 0; i < PROCESSES; i++) {
        if (pid > 0 && pid == processes[i]) {
            if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
                printf("# process %d ended by itself: status %x\n", i, (unsigned)status);
                control->crashes++;
            }
            return i;
        }
    }
    return -1;
}

static void kill_one(apr_uint64_t *seed)
{
    int victim;

    usleep(1000 + (unsigned)(story_draw(seed) % 15000));
    victim = (int)(story_draw(seed) % PROCESSES);
    kill(processes[victim], SIGKILL);
    waitpid(processes[victim], NULL, 0);
    control->kills++;
    start(victim, seed);
    expect_progress(seed);
}

/* Without a housekeeper nothing is recycled, so that new files must be made. */
static int wait_for_step(apr_uint64_t *seed)
{
    int dead, waited, away = -1;

    WAIT_FOR((dead = find_dead()) >= 0, STEP_WAIT / 2, waited);
    if (dead < 0) {
        away = WRITERS;
        kill(processes[away], SIGKILL);
        waitpid(processes[away], NULL, 0);
        processes[away] = 0;
        WAIT_FOR((dead = find_dead()) >= 0, STEP_WAIT / 2, waited);
        start(away, seed);
    }
    return dead;
}

static void kill_at(ccgw_step_t step, apr_uint64_t *seed)
{
    int dead;

    want(step, 0);
    dead = wait_for_step(seed);
    want(CCGW_STEP_UNSET, 0);
    if (dead < 0)
        return;
    control->kills++;
    start(dead, seed);
    expect_progress(seed);
}

/* ---- a life ---- */

static void check(story_past_t past)
{
    pid_t pid = fork();
    int status = 0;

    if (!pid) {
        alarm(60);
        if (story.provider->open_child(story.store, NULL, NULL, root) != APR_SUCCESS)
            _exit(2);
        story_check(&story, past, root);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    control->checks++;
    if (status) {
        printf("# the checker ended with status %x\n", (unsigned)status);
        WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? control->hangs++ : control->crashes++;
    }
}

static void start_all(apr_uint64_t *seed)
{
    int i;

    control->stop = 0;
    for (i = 0; i < PROCESSES; i++)
        start(i, seed);
}

static void stop_all(void)
{
    int i, waited;

    __atomic_store_n(&control->stop, 1, __ATOMIC_RELEASE);
    for (i = 0; i < PROCESSES; i++) {
        WAIT_FOR(waitpid(processes[i], NULL, WNOHANG), PATIENCE, waited);
        if (waited < PATIENCE * 5)
            continue;
        printf("# process %d did not stop within %d ms\n", i, PATIENCE);
        control->hangs++;
        kill(processes[i], SIGKILL);
        waitpid(processes[i], NULL, 0);
    }
}

static void open_store(void)
{
    const char *why;
    apr_status_t rv;

    alarm(60);
    rv = story.provider->open_parent(&story.store, &why, &config, root);
    alarm(0);
    if (rv == APR_SUCCESS)
        return;
    printf("# the store does not start (%d): %s\n", rv, why);
    control->refused++;
    _exit(1);
}

/* KILLS random ones, one at STEP; then all at END, or at any time when END is reached by nobody or UNSET. LAST: only
 * the check. */
static void live_once(int kills, ccgw_step_t step, ccgw_step_t end, int last, apr_uint64_t seed)
{
    int waited, i;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    life = getpid();
    want(seed % 2 && !last ? end : CCGW_STEP_UNSET, 1); /* perhaps it comes while the store starts */
    open_store();
    want(CCGW_STEP_UNSET, 0);
    control->begun = 1;
    check(STORY_OPENED);
    if (last)
        _exit(0);
    start_all(&seed);
    for (i = 0; i < kills; i++)
        kill_one(&seed);
    if (step)
        kill_at(step, &seed);
    stop_all();
    check(STORY_RAN);
    start_all(&seed);
    want(end, 1);
    usleep(1000 + (unsigned)(story_draw(&seed) % 30000));
    WAIT_FOR(!end, STEP_WAIT / 2, waited);
    kill(processes[WRITERS], SIGKILL);
    WAIT_FOR(!end, STEP_WAIT / 2, waited);
    kill(0, SIGKILL);
}

/* A life as a process. @return 1: it began and ended as it should */
static int begin_life(int kills, ccgw_step_t step, ccgw_step_t end, int last, apr_uint64_t seed)
{
    int status;
    pid_t pid;

    fflush(stdout);
    control->begun = 0;
    pid = fork();
    if (!pid)
        live_once(kills, step, end, last, seed);
    waitpid(pid, &status, 0);
    want(CCGW_STEP_UNSET, 0);
    kill(-pid, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0) { /* its children have become ours; the directory is free when they are gone */
    }
    if (last ? WIFEXITED(status) && !WEXITSTATUS(status) : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return 1;
    printf("# a life ended with status %x\n", (unsigned)status);
    control->crashes++;
    return 0;
}

/* Each life visits one step, and ends at another. */
static void live_often(int kills, apr_uint64_t seed)
{
    int step, good = 1;

    for (step = 1; good && (step <= (int)LAST_STEP || control->kills < kills); step++) {
        int left = kills - control->kills, lives = (int)LAST_STEP - step + 1;
        int now = lives > 1 ? left / lives : left > 20 ? 20 : left;
        ccgw_step_t at = (ccgw_step_t)((step - 1) % (int)LAST_STEP + 1);
        ccgw_step_t end = (ccgw_step_t)((step + 6) % (int)LAST_STEP + 1);

        good = begin_life(now > 0 ? now : 0, at, end, 0, story_mix(seed, (apr_uint64_t)step) | 1);
        if (good && !control->begun) /* it died in its start: once more, to be alive this time */
            good = begin_life(now > 0 ? now : 0, at, end, 0, story_mix(seed, (apr_uint64_t)step) & ~(apr_uint64_t)1);
        good = good && story_count(&control->notes, STORY_FAULTS) == 0;
    }
    if (good)
        begin_life(0, CCGW_STEP_UNSET, CCGW_STEP_UNSET, 1, seed);
}

/* A test that cannot fail proves nothing: what a store must not do is done to it, and has to be found. */
static void test_sinners(const char *name, story_sin_t sin, apr_uint64_t seed)
{
    memset(control, 0, sizeof *control);
    control->notes.told = STORY_TOLD_MAX; /* nobody need hear of it */
    remove_all(config.dir, root);
    story.sin = sin;
    live_often(0, seed);
    story.sin = STORY_SINLESS;
    ok(story_count(&control->notes, STORY_FAULTS) > 0, "%s: found out after %d checks", name, control->checks);
}

#define TRIES 8

/* The same with an engine that was linked with a sin of lib/sins.c. */
static void test_broken(const char *program, const char *what, apr_uint64_t seed)
{
    const char *path = apr_pstrcat(root, beside, "lib/", program, NULL);
    int status = 0, found = 0, tries;

    /* How threads interleave is nobody's choice: what is not seen in one run is in the next. */
    for (tries = 0; tries < TRIES && !found; tries++) {
        pid_t pid = fork();

        if (!pid) {
            execl(path, path, "--broken", "60", apr_psprintf(root, "%" APR_UINT64_T_FMT, seed + (apr_uint64_t)tries),
                  NULL);
            _exit(99);
        }
        waitpid(pid, &status, 0);
        found = WIFEXITED(status) && WEXITSTATUS(status) == FOUND;
    }
    ok(found, "%s: found out", what);
}

static void test_steps(void)
{
    int step;

    for (step = 1; step <= (int)LAST_STEP; step++)
        ok(control->killed_at[step] > 0 && control->ended_at[step] > 0,
           "somebody died at %s (%d times alone, %d times with all others; %lu visits)",
           ccgw_step_name((ccgw_step_t)step), (int)control->killed_at[step], (int)control->ended_at[step],
           (unsigned long)control->visits[step]);
}

static void set_up(const char *base)
{
    control = story_shared(NULL, sizeof *control);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    ccgw_step_take = take_step;
    story = (story_t){ ccgw_store_find("local"), NULL, &control->notes, 3, STORY_SINLESS };
    story_config(&config);
    config.dir = apr_psprintf(root, "%s/state", base);
    config.memory = 48 * 1024 * 1024;
}

static void test_all(int kills, apr_uint64_t seed)
{
    live_often(kills, seed);
    printf("# kills %d acked %" APR_UINT64_T_FMT " shown %" APR_UINT64_T_FMT " %s hangs %d (seed %" APR_UINT64_T_FMT
           ")\n",
           control->kills, control->notes.commits, control->notes.events, story_faults(&control->notes, root),
           control->hangs, seed);
    ok(control->kills >= kills, "%d processes were killed, %d checks made", control->kills, control->checks);
    ok(control->notes.commits > (apr_uint64_t)kills, "%lu commits were acknowledged meanwhile",
       (unsigned long)control->notes.commits);
    is_int(story_count(&control->notes, STORY_FAULTS), 0, "nothing was lost, torn, doubled or left over");
    is_int(control->hangs, 0, "the others always went on");
    is_int(control->crashes + control->refused, 0, "nobody died of himself, and the files always made a store");
    test_steps();
    test_sinners("acknowledged before it is committed", STORY_HASTY, seed);
    test_sinners("half of it committed first", STORY_HALVED, seed);
    test_broken("kill-wait", "a reply before the record is in the file", seed);
    test_broken("kill-redo", "a commit that a dead process left half applied", seed);
    test_broken("kill-change_begin", "readers who do not notice changes", seed);
}

int main(int argc, const char *const *argv)
{
    const char *tmp = getenv("TMPDIR"), *base, *slash;
    int broken = argc > 1 && !strcmp(argv[1], "--broken");
    int kills = argc > 1 + broken ? atoi(argv[1 + broken]) : 60;
    apr_uint64_t seed = argc > 2 + broken ? strtoull(argv[2 + broken], NULL, 10) : 1;
    int found = 0;

    apr_app_initialize(&argc, &argv, NULL);
    apr_pool_create(&root, NULL);
    slash = strrchr(argv[0], '/');
    beside = apr_pstrndup(root, argv[0], slash ? (apr_size_t)(slash - argv[0]) + 1 : 0);
    base = mkdtemp(apr_psprintf(root, "%s/ccgw-kill-XXXXXX", tmp ? tmp : "/tmp"));
    set_up(base);
    if (broken) {
        control->notes.told = STORY_TOLD_MAX;
        live_often(kills, seed);
        found = story_count(&control->notes, STORY_FAULTS) > 0 ? FOUND : 1;
    }
    else {
        test_all(kills, seed);
    }
    remove_all(base, root);
    return broken ? found : done_testing();
}
