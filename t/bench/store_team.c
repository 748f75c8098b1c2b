/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* store_team.c: processes and threads that do one job for some seconds, and what they needed. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "store_bench.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES_MAX 64
#define THREADS_MAX   256
/* A new process meets every page of shared memory for the first time, which long-lived children do not. */
#define WARM_UP 0.5
/* Nobody needs that long to begin or to end; the store under test hangs. */
#define PATIENCE 60.0

/* The slowest tenth met a sync, a full ring, or another process. */
#define TYPICAL 0.9

/* Times are sorted into 32 steps per power of two, so a percentile is right within 3 %. */
#define STEPS   32
#define BUCKETS (40 * STEPS)

enum { WAITING, WARMING, MEASURING, ENDED };

typedef struct account_t {
    int phase;
    int ready;
    apr_uint64_t done, counted, conflicts, returned, written;
    apr_uint64_t buckets[BUCKETS];
} account_t;

typedef struct member_t {
    pthread_t id;
    account_t *account;
    bench_thread_t thread;
    apr_uint64_t done, counted;
    apr_uint64_t buckets[BUCKETS];
} member_t;

void bench_fail(const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "store: %s\n", text);
    fflush(NULL);
    _exit(1);
}

void *bench_share(apr_size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        bench_fail("%lu bytes of memory: %s", (unsigned long)n, strerror(errno));
    return p;
}

apr_uint64_t bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (apr_uint64_t)now.tv_sec * 1000000000 + (apr_uint64_t)now.tv_nsec;
}

apr_uint64_t bench_random(apr_uint64_t *seed)
{
    apr_uint64_t x = *seed;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *seed = x;
    return (x * APR_UINT64_C(2685821657736338717)) >> 16;
}

double bench_written(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return 512.0 * (double)usage.ru_oublock;
}

pid_t bench_fork(void)
{
    pid_t parent = getpid(), pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        bench_fail("fork: %s", strerror(errno));
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
    }
    return pid;
}

static void expect_success(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            bench_fail("waitpid: %s", strerror(errno));
    }
    if (WIFSIGNALED(status))
        bench_fail("process %d died of signal %d", (int)pid, WTERMSIG(status));
    if (WEXITSTATUS(status))
        bench_fail("process %d failed", (int)pid);
}

void bench_apart(void (*work)(void *), void *baton)
{
    pid_t pid = bench_fork();

    if (!pid) {
        work(baton);
        fflush(NULL);
        _exit(0);
    }
    expect_success(pid);
}

/* ---- in a process of the team ---- */

static int bucket_of(apr_uint64_t ns)
{
    int power, bucket;

    if (ns < STEPS)
        return (int)ns;
    power = 63 - __builtin_clzll(ns);
    bucket = (power - 4) * STEPS + (int)((ns >> (power - 5)) & (STEPS - 1));
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The middle of a bucket. */
static double time_of(int bucket)
{
    int power = bucket / STEPS + 4;

    if (bucket < STEPS)
        return bucket;
    return (double)((apr_uint64_t)(STEPS + bucket % STEPS) << (power - 5)) +
           (double)(APR_UINT64_C(1) << (power - 5)) / 2;
}

static int phase_of(const account_t *account)
{
    return __atomic_load_n(&account->phase, __ATOMIC_ACQUIRE);
}

static void work_until_the_end(member_t *m)
{
    bench_thread_t *t = &m->thread;
    apr_uint64_t from = bench_now(), to;
    int n, phase;

    for (phase = phase_of(m->account); phase != ENDED;) {
        int before = phase;

        n = t->job->step(t);
        to = bench_now();
        phase = phase_of(m->account);
        m->done += (apr_uint64_t)n;
        if (phase == MEASURING)
            m->counted += (apr_uint64_t)n;
        if (phase == MEASURING && before == MEASURING)
            m->buckets[bucket_of((to - from) / (apr_uint64_t)n)] += (apr_uint64_t)n;
        from = to;
    }
}

static void add(apr_uint64_t *sum, apr_uint64_t n)
{
    __atomic_fetch_add(sum, n, __ATOMIC_RELAXED);
}

static void *serve(void *baton)
{
    member_t *m = baton;
    bench_thread_t *t = &m->thread;
    apr_allocator_t *allocator;
    int i;

    /* As a worker of httpd has it: an allocator that no other thread uses. */
    if (apr_allocator_create(&allocator) != APR_SUCCESS ||
        apr_pool_create_ex(&t->pool, NULL, NULL, allocator) != APR_SUCCESS)
        bench_fail("no pool");
    apr_allocator_owner_set(allocator, t->pool);
    if (t->job->open_thread)
        t->job->open_thread(t);
    __atomic_fetch_add(&m->account->ready, 1, __ATOMIC_RELEASE);
    while (phase_of(m->account) == WAITING)
        usleep(500);
    work_until_the_end(m);
    add(&m->account->done, m->done);
    add(&m->account->counted, m->counted);
    add(&m->account->conflicts, t->conflicts);
    add(&m->account->returned, t->returned);
    for (i = 0; i < BUCKETS; i++) {
        if (m->buckets[i])
            add(&m->account->buckets[i], m->buckets[i]);
    }
    return NULL;
}

static void be_process(account_t *account, const bench_job_t *job, int place, int threads)
{
    member_t *members = calloc((size_t)threads, sizeof *members);
    double before = bench_written();
    apr_pool_t *pool;
    int i;

    if (!members)
        bench_fail("no memory");
    apr_pool_create(&pool, NULL);
    if (job->open_process)
        job->open_process(job, pool);
    for (i = 0; i < threads; i++) {
        members[i].account = account;
        members[i].thread.job = job;
        members[i].thread.seed = APR_UINT64_C(88172645463325252) * (apr_uint64_t)(2 * (place * THREADS_MAX + i) + 1);
        if (pthread_create(&members[i].id, NULL, serve, &members[i]))
            bench_fail("no thread");
    }
    for (i = 0; i < threads; i++)
        pthread_join(members[i].id, NULL);
    add(&account->written, (apr_uint64_t)(bench_written() - before));
    apr_pool_destroy(pool);
    _exit(0);
}

/* ---- whoever starts the team ---- */

static void sleep_for(double seconds)
{
    struct timespec rest = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

    while (nanosleep(&rest, &rest) && errno == EINTR)
        continue;
}

/* All threads at their start; a process that died before is told of. */
static void wait_for_all(const account_t *account, int n, const char *name)
{
    double waited = 0;

    while (__atomic_load_n(&account->ready, __ATOMIC_ACQUIRE) < n) {
        siginfo_t info = { 0 };

        if (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid)
            bench_fail("%s: process %d ended before the start", name, (int)info.si_pid);
        if (waited > PATIENCE)
            bench_fail("%s: the threads do not begin", name);
        sleep_for(0.001);
        waited += 0.001;
    }
}

/* How long the slowest of the PART fastest took, and the mean of all of these; nanoseconds. */
static double percentile(double *mean, const account_t *account, double part)
{
    double all = 0, seen = 0, sum = 0;
    int i;

    for (i = 0; i < BUCKETS; i++)
        all += (double)account->buckets[i];
    for (i = 0; i < BUCKETS; i++) {
        seen += (double)account->buckets[i];
        sum += (double)account->buckets[i] * time_of(i);
        if (seen > 0 && seen >= part * all)
            break;
    }
    *mean = seen > 0 ? sum / seen : 0;
    return i < BUCKETS ? time_of(i) : 0;
}

static void fill_result(bench_result_t *result, const account_t *account, double seconds)
{
    double mean;

    result->rate = (double)account->counted / seconds;
    result->p50 = percentile(&mean, account, 0.5) / 1000;
    result->p99 = percentile(&mean, account, 0.99) / 1000;
    percentile(&mean, account, TYPICAL);
    result->typical = mean / 1000;
    result->done = account->done;
    result->conflicts = account->conflicts;
    result->returned = account->returned;
    result->written = (double)account->written;
}

void bench_run(bench_result_t *result, const bench_job_t *job, const bench_team_t *team)
{
    account_t *account = bench_share(sizeof *account);
    pid_t pids[PROCESSES_MAX];
    apr_uint64_t from;
    double seconds;
    int i;

    if (team->processes < 1 || team->processes > PROCESSES_MAX || team->threads < 1 || team->threads > THREADS_MAX)
        bench_fail("%d processes of %d threads are out of bounds", team->processes, team->threads);
    for (i = 0; i < team->processes; i++) {
        pids[i] = bench_fork();
        if (!pids[i])
            be_process(account, job, i, team->threads);
    }
    wait_for_all(account, team->processes * team->threads, job->name);
    __atomic_store_n(&account->phase, WARMING, __ATOMIC_RELEASE);
    sleep_for(team->seconds < WARM_UP ? team->seconds : WARM_UP);
    from = bench_now();
    __atomic_store_n(&account->phase, MEASURING, __ATOMIC_RELEASE);
    sleep_for(team->seconds);
    __atomic_store_n(&account->phase, ENDED, __ATOMIC_RELEASE);
    seconds = (double)(bench_now() - from) / 1e9;
    alarm((unsigned)PATIENCE); /* ends us, and with us the team */
    for (i = 0; i < team->processes; i++)
        expect_success(pids[i]);
    alarm(0);
    fill_result(result, account, seconds);
    munmap(account, sizeof *account);
    if (!(result->rate > 0))
        bench_fail("%s: nothing was done in %.1f s", job->name, seconds);
}
