/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* store.c: the store's speed, beside the bare disk and beside Redis in the same minutes. `make bench BENCH=store` runs
 * all of it (store.pl starts the Redis server); for tuning, one part alone prints one line:
 *
 *   build/t/bench/store txn --processes 2 --threads 8 --seconds 3      a read, a put, 1 to 3 events, commit
 *   build/t/bench/store get | peek | events                            one session; 8 events after a cursor
 *   build/t/bench/store redis-txn | redis-get --redis SOCKET           the same work on a Redis server
 *   build/t/bench/store raw --processes 1 --threads 1                  4 KB overwritten and synced
 *   build/t/bench/store growth | start | all --redis SOCKET
 *
 * Other options, with what they are otherwise: --sessions 100000 --boxes 10000 --value 2000 (bytes of a session)
 * --memory 1024 (MB) --durability disk|os|memory --snapshot-bytes 0 (as the store has it) --rounds 5 --seconds 2.5
 * --many 1000000 --few 10000 (sessions of `growth`) --dir . (on the disk to be measured; what is made in it is
 * removed again, after a failure it stays to be looked at).
 *
 * `all` prints NAME RATIO on stdout and figures on stderr. It fails when the work was not really done: the store's own
 * count of commits must be ours, snapshots and new journal files must have been made meanwhile, and the directory left
 * behind must hold exactly what was acknowledged. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syncfs */
#endif
#include "store_bench.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MB           ((apr_size_t)1024 * 1024)
#define GROWTH_VALUE 200
#define OPENINGS     5
/* Of the rate its median sync would give: with less, stalls made up much of the time. */
#define STALLED 0.7

typedef struct options_t {
    bench_team_t team;
    bench_store_t store; /**< its sizes and config */
    const char *dir, *redis;
    int rounds, many, few;
} options_t;

static apr_pool_t *root;

/* ---- the store in a directory of its own ---- */

static bench_store_t open_store(const options_t *o, const char *name)
{
    bench_store_t store = o->store;

    bench_store_open(&store, apr_pstrcat(root, o->dir, "/", name, NULL));
    return store;
}

/* ---- start ---- */

typedef struct opening_t {
    bench_store_t *store;
    int warm;
    double *read, *open, *bytes; /* shared */
} opening_t;

/* Bring the files to where a start finds them: a machine that comes up has none of them in memory. */
static void lay_out(const opening_t *o)
{
    if (o->warm)
        bench_disk_read(o->bytes, o->store->config.dir);
    else
        bench_disk_forget(o->store->config.dir);
}

/* In a process of its own, so that the next one finds the directory free. */
static void open_once(void *baton)
{
    opening_t *o = baton;
    const char *why;
    apr_uint64_t from;

    lay_out(o);
    *o->read = bench_disk_read(o->bytes, o->store->config.dir);
    lay_out(o);
    from = bench_now();
    if (o->store->provider->open_parent(&o->store->store, &why, &o->store->config, root) != APR_SUCCESS)
        bench_fail("%s does not open: %s", o->store->config.dir, why);
    *o->open = (double)(bench_now() - from) / 1e9;
}

/* Time of an opening by the time of reading all files once: from the disk, or from memory. */
static double open_and_read(FILE *to, bench_store_t *store, int warm)
{
    double *shared = bench_share(3 * OPENINGS * sizeof *shared), read, opened;
    int i;

    for (i = 0; i < OPENINGS; i++) {
        opening_t o = { store, warm, shared + i, shared + OPENINGS + i, shared + 2 * OPENINGS };

        bench_apart(open_once, &o);
    }
    read = bench_median(shared, OPENINGS);
    opened = bench_median(shared + OPENINGS, OPENINGS);
    fprintf(to, "start, files %s: %.0f ms for %.0f MB, which are read in %.0f ms\n",
            warm ? "in the system's memory" : "on the disk", 1000 * opened, shared[2 * OPENINGS] / (double)MB,
            1000 * read);
    return opened / read;
}

/* The ratio is that of a machine that comes up; the other one is told. */
static double measure_start(FILE *to, bench_store_t *store)
{
    double cold = open_and_read(to, store, 0), warm = open_and_read(to, store, 1);

    fprintf(to, "  start by reading: %.1f on the disk, %.1f in memory\n", cold, warm);
    return cold;
}

/* ---- growth ---- */

/* What one measurement left to be written is not the next one's burden. */
static void settle(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || syncfs(fd))
        bench_fail("%s: %s", dir, strerror(errno));
    close(fd);
}

/* Time of a transaction among MANY sessions by that among FEW; memory only, so that no disk hides it. */
static double measure_growth(FILE *to, const options_t *o)
{
    options_t sized = *o;
    bench_team_t team = { 1, 1, o->team.seconds };
    bench_store_t stores[2];
    bench_job_t jobs[2];
    bench_series_t *series = calloc(2, sizeof *series);
    bench_counters_t from[2], till;
    double ratio;
    int i, round;

    sized.store.value = GROWTH_VALUE;
    sized.store.durability = CCGW_DURABLE_MEMORY;
    for (i = 0; i < 2; i++) {
        sized.store.sessions = i ? o->many : o->few;
        sized.store.config.memory = i ? 2 * o->store.config.memory : o->store.config.memory;
        stores[i] = open_store(&sized, i ? "many" : "few");
        jobs[i] = bench_store_job(&stores[i], "txn");
        bench_store_count(&from[i], &stores[i]);
    }
    for (round = 0; round < 2 * o->rounds; round++) {
        int which = (round + 1) / 2 % 2; /* few many many few few ... */

        settle(o->dir);
        bench_series_run(&series[which], &jobs[which], &team);
    }
    for (i = 0; i < 2; i++) {
        bench_store_count(&till, &stores[i]);
        bench_check_commits(&from[i], &till, bench_done(&series[i]));
        fprintf(to, "  growth: %d sessions: %.2f us a transaction (p50 %.2f), heap %.0f MB\n", stores[i].sessions,
                bench_typical(&series[i]), bench_p50(&series[i]), (double)till.heap / (double)MB);
        bench_store_close(&stores[i]);
        bench_disk_remove(stores[i].config.dir);
    }
    ratio = bench_typical(&series[1]) / bench_typical(&series[0]);
    free(series);
    return ratio;
}

/* ---- everything ---- */

enum { RAW, TXN_2X8, TXN_4X16, GET, PEEK, EVENTS, REDIS_2X8, REDIS_4X16, REDIS_GET, MEASURES };

static const struct {
    const char *name, *kind;
    int processes, threads;
} measures[MEASURES] = {
    [RAW] = { "one sync a write", "raw", 1, 1 },
    [TXN_2X8] = { "store, transactions 2x8", "txn", 2, 8 },
    [TXN_4X16] = { "store, transactions 4x16", "txn", 4, 16 },
    [GET] = { "store, begin and get 2x8", "get", 2, 8 },
    [PEEK] = { "store, begin and peek 2x8", "peek", 2, 8 },
    [EVENTS] = { "store, events after a cursor 2x8", "events", 2, 8 },
    [REDIS_2X8] = { "redis, transactions 2x8", "redis-txn", 2, 8 },
    [REDIS_4X16] = { "redis, transactions 4x16", "redis-txn", 4, 16 },
    [REDIS_GET] = { "redis, GET 2x8", "redis-get", 2, 8 },
};

/* A round. The disk's own speed wanders most, so it is asked on both sides of the transactions. */
static const int sequence[] = { RAW, TXN_2X8, RAW, TXN_4X16, GET, PEEK, EVENTS, REDIS_2X8, REDIS_4X16, REDIS_GET };

typedef struct places_t {
    bench_store_t *store;
    bench_redis_t *redis;
    bench_disk_t *disk;
} places_t;

static bench_job_t find_job(const places_t *p, const char *kind)
{
    if (!strcmp(kind, "raw"))
        return bench_disk_job(p->disk);
    if (!strncmp(kind, "redis-", 6))
        return bench_redis_job(p->redis, kind + 6);
    return bench_store_job(p->store, kind);
}

static void print_ratio(const char *name, double ratio)
{
    printf("%s %.4f\n", name, ratio);
    fflush(stdout);
}

/* Stalls, whatever caused them, make the disk look slow and the store fast beside it: readers shall know. */
static void print_stalls(const bench_series_t *all)
{
    double alone = 1e6 / bench_p50(&all[RAW]);

    if (bench_rate(&all[RAW]) < STALLED * alone)
        fprintf(stderr,
                "  note: the disk stalled at times. By its median sync it would do %.0f/s; the store did %.1f (2x8) "
                "and %.1f "
                "(4x16) times that\n",
                alone, bench_rate(&all[TXN_2X8]) / alone, bench_rate(&all[TXN_4X16]) / alone);
}

static void print_ratios(const bench_series_t *all)
{
    print_ratio("store-txn-2x8", bench_rate(&all[TXN_2X8]) / bench_rate(&all[RAW]));
    print_ratio("store-txn-4x16", bench_rate(&all[TXN_4X16]) / bench_rate(&all[RAW]));
    print_ratio("store-vs-redis-2x8", bench_rate(&all[TXN_2X8]) / bench_rate(&all[REDIS_2X8]));
    print_ratio("store-read-vs-redis", bench_rate(&all[GET]) / bench_rate(&all[REDIS_GET]));
    print_ratio("store-p99-2x8", bench_p99(&all[TXN_2X8]) / bench_p50(&all[RAW]));
}

/* All rounds, each of them everything once: a busy neighbour disturbs all. Returns whether the upkeep was missing. */
static int measure_rounds(bench_series_t *all, const options_t *o, const places_t *p)
{
    const bench_series_t *commits[] = { &all[TXN_2X8], &all[TXN_4X16] };
    bench_counters_t from, till;
    int i, round;

    bench_store_count(&from, p->store);
    for (round = 0; round < o->rounds; round++) {
        for (i = 0; i < (int)(sizeof sequence / sizeof sequence[0]); i++) {
            int which = sequence[i];
            bench_team_t team = { measures[which].processes, measures[which].threads, o->team.seconds };
            bench_job_t job = find_job(p, measures[which].kind);

            settle(o->dir);
            bench_series_run(&all[which], &job, &team);
        }
    }
    bench_store_count(&till, p->store);
    for (i = 0; i < MEASURES; i++) {
        fprintf(stderr, "  ");
        bench_series_print(stderr, measures[i].name, &all[i]);
    }
    fprintf(stderr, "  ");
    bench_counters_print(stderr, &from, &till, commits, 2);
    print_stalls(all);
    print_ratios(all);
    bench_check_commits(&from, &till, bench_done(commits[0]) + bench_done(commits[1]));
    return bench_check_upkeep(&from, &till);
}

static int measure_all(const options_t *o)
{
    bench_disk_t disk = { apr_pstrcat(root, o->dir, "/raw", NULL) };
    bench_redis_t redis = { o->redis, o->store.sessions, o->store.boxes, o->store.value, NULL };
    bench_series_t *all = calloc(MEASURES, sizeof *all);
    bench_store_t store;
    places_t places = { &store, &redis, &disk };
    int fault;

    if (!o->redis)
        bench_fail("`all` needs --redis SOCKET");
    fprintf(stderr, "  %s: %s\n", o->dir, bench_disk_name(o->dir, root));
    bench_disk_fill(&disk);
    bench_redis_fill(&redis);
    store = open_store(o, "store");
    fault = measure_rounds(all, o, &places);
    bench_redis_verify(&redis);
    bench_store_close(&store);
    fprintf(stderr, "  ");
    print_ratio("store-start", measure_start(stderr, &store));
    bench_store_verify(&store);
    fprintf(stderr, "  after the start: all that was acknowledged, in %d sessions and %d mailboxes\n", store.sessions,
            store.boxes);
    bench_disk_remove(store.config.dir);
    unlink(disk.path);
    print_ratio("store-growth", measure_growth(stderr, o));
    free(all);
    return fault;
}

/* ---- one part ---- */

static void print_part(const options_t *o, const char *kind, const bench_series_t *series)
{
    char name[80];

    snprintf(name, sizeof name, "%s %dx%d", kind, o->team.processes, o->team.threads);
    bench_series_print(stdout, name, series);
}

/* For `start` transactions are done, so that there is something to read. */
static void measure_on_store(const options_t *o, const char *kind)
{
    int is_start = !strcmp(kind, "start"), is_txn = is_start || !strcmp(kind, "txn");
    bench_series_t *series = calloc(1, sizeof *series);
    const bench_series_t *one = series;
    bench_store_t store;
    bench_job_t job = bench_store_job(&store, is_start ? "txn" : kind);
    bench_counters_t from, till;

    store = open_store(o, "store");
    bench_store_count(&from, &store);
    bench_series_run(series, &job, &o->team);
    bench_store_count(&till, &store);
    bench_check_commits(&from, &till, is_txn ? bench_done(series) : 0);
    if (!is_start)
        print_part(o, kind, series);
    if (is_txn && !is_start)
        bench_counters_print(stderr, &from, &till, &one, 1);
    bench_store_close(&store);
    if (is_start)
        measure_start(stdout, &store);
    if (o->store.durability == CCGW_DURABLE_DISK)
        bench_store_verify(&store);
    bench_disk_remove(store.config.dir);
    free(series);
}

static void measure_peer(const options_t *o, const char *kind)
{
    bench_disk_t disk = { apr_pstrcat(root, o->dir, "/raw", NULL) };
    bench_redis_t redis = { o->redis, o->store.sessions, o->store.boxes, o->store.value, NULL };
    int is_raw = !strcmp(kind, "raw");
    bench_job_t job = is_raw ? bench_disk_job(&disk) : bench_redis_job(&redis, kind + strlen("redis-"));
    bench_series_t *series = calloc(1, sizeof *series);

    if (is_raw)
        bench_disk_fill(&disk);
    else if (!o->redis)
        bench_fail("%s needs --redis SOCKET", kind);
    else
        bench_redis_fill(&redis);
    bench_series_run(series, &job, &o->team);
    print_part(o, kind, series);
    if (is_raw)
        unlink(disk.path);
    else
        bench_redis_verify(&redis);
    free(series);
}

/* ---- the command line ---- */

enum {
    PROCESSES = 1,
    THREADS,
    TIME,
    ROUNDS,
    SESSIONS,
    BOXES,
    VALUE,
    MEMORY,
    DURABILITY,
    SNAPSHOT,
    DIRECTORY,
    REDIS,
    MANY,
    FEW
};

static const struct option known[] = {
    { "processes", 1, NULL, PROCESSES },
    { "threads", 1, NULL, THREADS },
    { "seconds", 1, NULL, TIME },
    { "rounds", 1, NULL, ROUNDS },
    { "sessions", 1, NULL, SESSIONS },
    { "boxes", 1, NULL, BOXES },
    { "value", 1, NULL, VALUE },
    { "memory", 1, NULL, MEMORY },
    { "durability", 1, NULL, DURABILITY },
    { "snapshot-bytes", 1, NULL, SNAPSHOT },
    { "dir", 1, NULL, DIRECTORY },
    { "redis", 1, NULL, REDIS },
    { "many", 1, NULL, MANY },
    { "few", 1, NULL, FEW },
    { 0 },
};

static int number(const char *text, int least, int most)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (*end || n < least || n > most)
        bench_fail("'%s' is not a number from %d to %d", text, least, most);
    return (int)n;
}

static ccgw_durability_t durability(const char *text)
{
    if (!strcmp(text, "memory"))
        return CCGW_DURABLE_MEMORY;
    if (!strcmp(text, "os"))
        return CCGW_DURABLE_OS;
    if (strcmp(text, "disk"))
        bench_fail("'%s' is not disk, os or memory", text);
    return CCGW_DURABLE_DISK;
}

static void take_option(options_t *o, int which, const char *text)
{
    switch (which) {
    case PROCESSES: o->team.processes = number(text, 1, 64); break;
    case THREADS: o->team.threads = number(text, 1, 256); break;
    case TIME: o->team.seconds = atof(text); break;
    case ROUNDS: o->rounds = number(text, 1, BENCH_SERIES_MAX / 2); break;
    case SESSIONS: o->store.sessions = number(text, 1, 9999999); break;
    case BOXES: o->store.boxes = number(text, 1, 9999999); break;
    case VALUE: o->store.value = number(text, 32, BENCH_VALUE_MAX); break;
    case MEMORY: o->store.config.memory = (apr_size_t)number(text, 8, 1024 * 1024) * MB; break;
    case DURABILITY: o->store.durability = durability(text); break;
    case SNAPSHOT: o->store.config.snapshot_bytes = strtoull(text, NULL, 10); break;
    case DIRECTORY: o->dir = text; break;
    case REDIS: o->redis = text; break;
    case MANY: o->many = number(text, 1, 9999999); break;
    case FEW: o->few = number(text, 1, 9999999); break;
    default: bench_fail("the options stand at the head of t/bench/store.c");
    }
    if (!(o->team.seconds > 0))
        bench_fail("--seconds %s", text);
}

/* A directory of our own below --dir, absolute as the store wants it. */
static const char *make_dir(const char *below)
{
    char *real = realpath(below, NULL), *made;

    bench_disk_name(below, root);
    made = apr_psprintf(root, "%s/store-bench-XXXXXX", real ? real : below);
    if (!real || !mkdtemp(made))
        bench_fail("%s: %s", below, strerror(errno));
    free(real);
    return made;
}

int main(int argc, char **argv)
{
    options_t o = { .team = { 2, 8, 2.5 },
                    .store = { .sessions = 100000, .boxes = 10000, .value = 2000, .durability = CCGW_DURABLE_DISK },
                    .dir = ".",
                    .rounds = 5,
                    .many = 1000000,
                    .few = 10000 };
    const char *kind = argc > 1 ? argv[1] : "all";
    int which, fault = 0;

    apr_initialize();
    apr_pool_create(&root, NULL);
    o.store.config.memory = 1024 * MB;
    for (optind = 2; (which = getopt_long(argc, argv, "", known, NULL)) != -1;)
        take_option(&o, which, optarg ? optarg : "");
    if (optind < argc)
        bench_fail("'%s' is no option", argv[optind]);
    o.dir = make_dir(o.dir);
    if (!strcmp(kind, "all"))
        fault = measure_all(&o);
    else if (!strcmp(kind, "growth"))
        measure_growth(stdout, &o);
    else if (!strcmp(kind, "raw") || !strcmp(kind, "redis-txn") || !strcmp(kind, "redis-get"))
        measure_peer(&o, kind);
    else
        measure_on_store(&o, kind);
    rmdir(o.dir);
    apr_pool_destroy(root);
    return fault;
}
