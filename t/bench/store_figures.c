/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* store_figures.c: medians of several rounds, their lines, and whether the work was really done. */
#include "store_bench.h"

#include <stdlib.h>
#include <string.h>

#define MB 1048576.0

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

double bench_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

#define MEDIAN_OF(name, member)                   \
    double name(const bench_series_t *series)     \
    {                                             \
        double values[BENCH_SERIES_MAX];          \
        int i;                                    \
                                                  \
        for (i = 0; i < series->n; i++)           \
            values[i] = series->rounds[i].member; \
        return bench_median(values, series->n);   \
    }
MEDIAN_OF(bench_rate, rate)
MEDIAN_OF(bench_p50, p50)
MEDIAN_OF(bench_p99, p99)
MEDIAN_OF(bench_typical, typical)

void bench_series_run(bench_series_t *series, const bench_job_t *job, const bench_team_t *team)
{
    if (series->n == BENCH_SERIES_MAX)
        bench_fail("%s: more than %d rounds", job->name, BENCH_SERIES_MAX);
    bench_run(&series->rounds[series->n++], job, team);
}

apr_uint64_t bench_done(const bench_series_t *series)
{
    apr_uint64_t sum = 0;
    int i;

    for (i = 0; i < series->n; i++)
        sum += series->rounds[i].done;
    return sum;
}

void bench_series_print(FILE *to, const char *name, const bench_series_t *series)
{
    double low = series->rounds[0].rate, high = low, conflicts = 0, done = (double)bench_done(series);
    double returned = 0;
    int i;

    for (i = 0; i < series->n; i++) {
        low = series->rounds[i].rate < low ? series->rounds[i].rate : low;
        high = series->rounds[i].rate > high ? series->rounds[i].rate : high;
        conflicts += (double)series->rounds[i].conflicts;
        returned += (double)series->rounds[i].returned;
    }
    fprintf(to, "%s: %.0f/s (%.0f to %.0f), p50 %.1f us, p99 %.1f us", name, bench_rate(series), low, high,
            bench_p50(series), bench_p99(series));
    if (conflicts > 0)
        fprintf(to, ", %.3f %% tried again", 100 * conflicts / done);
    if (strstr(name, "events"))
        fprintf(to, ", %.1f events each", returned / done);
    fputc('\n', to);
}

void bench_counters_print(FILE *to, const bench_counters_t *from, const bench_counters_t *till,
                          const bench_series_t *const *series, int n)
{
    double done = 0, written = till->kept_written - from->kept_written;
    int i, k;

    for (k = 0; k < n; k++) {
        done += (double)bench_done(series[k]);
        for (i = 0; i < series[k]->n; i++)
            written += series[k]->rounds[i].written;
    }
    fprintf(to, "per transaction: %.2f KB of journal, %.2f KB written to disk; %.1f commits a flush",
            (double)(till->journal - from->journal) / 1024 / done, written / 1024 / done,
            done / (double)(till->flushes > from->flushes ? till->flushes - from->flushes : 1));
    if (till->snapshots >= 0)
        fprintf(to, "; %lld snapshots", (long long)(till->snapshots - from->snapshots));
    if (till->made >= 0 && till->recycled >= 0)
        fprintf(to, ", files: %lld made, %lld recycled", (long long)(till->made - from->made),
                (long long)(till->recycled - from->recycled));
    fprintf(to, "; heap %.0f MB\n", (double)till->heap / MB);
}

/* Every transaction that was counted is one the store counts, and none more. */
void bench_check_commits(const bench_counters_t *from, const bench_counters_t *till, apr_uint64_t done)
{
    if (till->commits - from->commits != (apr_int64_t)done)
        bench_fail("%llu transactions were counted, the store counts %lld", (unsigned long long)done,
                   (long long)(till->commits - from->commits));
}

/* Speed without what must happen now and then is no speed. */
int bench_check_upkeep(const bench_counters_t *from, const bench_counters_t *till)
{
    int fault = 0;

    if (till->snapshots < 0 || till->snapshots <= from->snapshots) {
        fprintf(stderr, "store: no snapshot was made during the run%s\n",
                till->snapshots < 0 ? "; the store does not count them" : "");
        fault = 1;
    }
    if (till->made < 0 || till->recycled < 0 || till->made + till->recycled <= from->made + from->recycled) {
        fprintf(stderr, "store: no journal file was made or recycled during the run%s\n",
                till->made < 0 ? "; the store does not count them" : "");
        fault = 1;
    }
    return fault;
}
