/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* store_bench.h: what the files of the store's measurement share.
 *
 * A job is one kind of work. A team of processes, each with threads, does it for some seconds; what was finished while
 * the clock ran is counted. Whatever goes wrong ends the program with a sentence: there is no figure of half a run. */
#ifndef STORE_BENCH_H
#define STORE_BENCH_H

#include "ccgw_store.h"

#include <stdio.h>
#include <sys/types.h>

#define BENCH_EVENTS      3   /**< a transaction appends 1 to this many, 2 on average */
#define BENCH_EVENT_BYTES 400 /**< of one event's body */
#define BENCH_BOX_EVENTS  32  /**< a mailbox keeps at least this many, on either side */
#define BENCH_PRELOADED   16  /**< events each mailbox begins with */
#define BENCH_RING        16  /**< newest acknowledged events of a mailbox that are remembered */
#define BENCH_VALUE_MAX   8192

typedef struct bench_job_t bench_job_t;

/** One thread of a team. */
typedef struct bench_thread_t {
    const bench_job_t *job;
    apr_uint64_t seed;      /**< of bench_random(); fixed by the thread's place */
    apr_pool_t *pool;       /**< the step's, to clear as it likes */
    void *own;              /**< whatever open_thread() put here */
    apr_uint64_t conflicts; /**< tries that the step had to repeat */
    apr_uint64_t returned;  /**< what reads brought back */
    char value[BENCH_VALUE_MAX];
} bench_thread_t;

struct bench_job_t {
    const char *name;
    void *target;                                            /**< what the functions work on */
    void (*open_process)(const bench_job_t *, apr_pool_t *); /**< in each process, before its threads; may be NULL */
    void (*open_thread)(bench_thread_t *);                   /**< may be NULL */
    int (*step)(bench_thread_t *);                           /**< work once or a few times; returns how often */
};

typedef struct bench_team_t {
    int processes, threads; /**< threads of each process */
    double seconds;         /**< that are measured; a short warm-up precedes them */
} bench_team_t;

typedef struct bench_result_t {
    double rate;            /**< a second */
    double p50, p99;        /**< of one piece of work, microseconds */
    double typical;         /**< mean of the fastest nine in ten, microseconds */
    apr_uint64_t done;      /**< with the warm-up and what ended after the clock */
    apr_uint64_t conflicts; /**< likewise */
    apr_uint64_t returned;  /**< likewise */
    double written;         /**< bytes the team had the system write, likewise */
} bench_result_t;

/** The store under test, with what is acknowledged noted beside it. */
typedef struct bench_store_t {
    const ccgw_store_provider_t *provider;
    ccgw_store_config_t config;
    ccgw_durability_t durability; /**< of the transactions */
    int sessions, boxes;
    int value; /**< bytes of a session */
    apr_pool_t *pool;
    ccgw_store_t *store;
    struct bench_notes_t *notes; /**< shared by all processes */
    pid_t keeper;
} bench_store_t;

/** Counters of a store; -1: it does not tell. */
typedef struct bench_counters_t {
    apr_int64_t commits, conflicts, flushes, journal, snapshots, recycled, made, heap;
    double kept_written; /**< bytes the keeper had the system write */
} bench_counters_t;

typedef struct bench_redis_t {
    const char *socket;
    int sessions, boxes, value;
    apr_uint64_t *changes; /**< acknowledged, shared by all processes */
} bench_redis_t;

typedef struct bench_disk_t {
    const char *path;
} bench_disk_t;

/* ---- store_team.c ---- */

/** Say it on stderr and end this process. */
void bench_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/** Zeroed memory that forked processes share. */
void *bench_share(apr_size_t n);
apr_uint64_t bench_now(void); /**< nanoseconds */
apr_uint64_t bench_random(apr_uint64_t *seed);
/** Work done in a process of its own, so that all it opened is closed. */
void bench_apart(void (*work)(void *), void *baton);
/** As the process that forks it sees it: dies with its parent. 0 in the new process. */
pid_t bench_fork(void);
/** Bytes this process had the system write so far. */
double bench_written(void);
void bench_run(bench_result_t *result, const bench_job_t *job, const bench_team_t *team);

/* ---- store_figures.c ---- */

#define BENCH_SERIES_MAX 24

/** The rounds of one measurement. */
typedef struct bench_series_t {
    bench_result_t rounds[BENCH_SERIES_MAX];
    int n;
} bench_series_t;

void bench_series_run(bench_series_t *series, const bench_job_t *job, const bench_team_t *team);
/** Sorts VALUES. */
double bench_median(double *values, int n);
/** Medians of the rounds. */
double bench_rate(const bench_series_t *series);
double bench_p50(const bench_series_t *series);
double bench_p99(const bench_series_t *series);
double bench_typical(const bench_series_t *series);
/** Sum of the rounds. */
apr_uint64_t bench_done(const bench_series_t *series);
/** One line. */
void bench_series_print(FILE *to, const char *name, const bench_series_t *series);
/** One line: what the commits of N series needed of journal and disk. */
void bench_counters_print(FILE *to, const bench_counters_t *from, const bench_counters_t *till,
                          const bench_series_t *const *series, int n);
/** Every transaction that was counted is one the store counts, and none more; else the end. */
void bench_check_commits(const bench_counters_t *from, const bench_counters_t *till, apr_uint64_t done);
/** Speed without what must happen now and then is no speed: 1, and said on stderr, when snapshots or new journal files
 *  were not made. */
int bench_check_upkeep(const bench_counters_t *from, const bench_counters_t *till);

/* ---- store_local.c: the provider, as children of httpd use it ---- */

/** Make DIR, fill it as STORE says, and start the keeper, who calls housekeep() every 100 ms. The opener is alone. */
void bench_store_open(bench_store_t *store, const char *dir);
/** The keeper ends, then the store. What is noted stays. */
void bench_store_close(bench_store_t *store);
void bench_store_count(bench_counters_t *counters, const bench_store_t *store);
/** Open what is in the directory again: all sessions and events that were acknowledged must be there, no others. */
void bench_store_verify(bench_store_t *store);
/** The keys of session and mailbox I, in BYTES. */
ccgw_buf_t bench_session_key(char *bytes, int i);
ccgw_buf_t bench_box_key(char *bytes, int i);

/* ---- store_steps.c: what is measured on it ---- */

/** KIND: txn, get, peek, events. */
bench_job_t bench_store_job(bench_store_t *store, const char *kind);
/** Of one session that was changed N times. */
void bench_session_fill(char *value, int size, int session, apr_uint64_t n);
void bench_event_fill(char *body, int session, int box, apr_uint64_t n);
/** Is this what bench_session_fill() made? *N: the changes. */
int bench_session_holds(ccgw_buf_t value, int session, apr_uint64_t *n);
int bench_event_holds(ccgw_buf_t body, int box, int *session, apr_uint64_t *n);

/** What was acknowledged; any process may read and add. */
typedef struct bench_ring_t {
    apr_uint32_t next;
    ccgw_cursor_t at[BENCH_RING];
} bench_ring_t;
typedef struct bench_notes_t {
    apr_uint32_t *changes; /**< of each session */
    bench_ring_t *rings;   /**< of each mailbox */
    int stop;              /**< for the keeper */
    double kept_written;
    bench_counters_t counters;
} bench_notes_t;
void bench_ring_add(bench_ring_t *ring, ccgw_cursor_t at);

/* ---- store_redis.c ---- */

void bench_redis_fill(bench_redis_t *redis);
/** KIND: txn, get. */
bench_job_t bench_redis_job(bench_redis_t *redis, const char *kind);
/** The changes its sessions say they had are those that were acknowledged. */
void bench_redis_verify(const bench_redis_t *redis);

/* ---- store_disk.c ---- */

/** "ext4 on /dev/vda"; a file system in memory fails. POOL holds it. */
const char *bench_disk_name(const char *dir, apr_pool_t *pool);
/** A prewritten file at PATH, overwritten 4 KB at a time, one fdatasync() each. */
void bench_disk_fill(const bench_disk_t *disk);
bench_job_t bench_disk_job(bench_disk_t *disk);
/** Read all files of DIR once. @return seconds; *BYTES read */
double bench_disk_read(double *bytes, const char *dir);
/** None of the files of DIR is in the system's memory any more. */
void bench_disk_forget(const char *dir);
/** Remove DIR and the files in it. */
void bench_disk_remove(const char *dir);

#endif
