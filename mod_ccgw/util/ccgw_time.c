/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_time.c: the deadline clock and the spellings of a time. */
#include "util/ccgw_time.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static apr_time_t clock_offset; /* atomic; 0: not taken yet */

static apr_time_t read_monotonic(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return apr_time_from_sec(ts.tv_sec) + ts.tv_nsec / 1000;
}

apr_time_t ccgw_time_offset(void)
{
    apr_time_t offset = __atomic_load_n(&clock_offset, __ATOMIC_ACQUIRE);
    apr_time_t fresh;

    if (offset)
        return offset;
    fresh = apr_time_now() - read_monotonic();
    /* Of two threads that come first at once, one gives the value and the other takes it. */
    if (__atomic_compare_exchange_n(&clock_offset, &offset, fresh, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return fresh;
    return offset;
}

void ccgw_time_set_offset(apr_time_t offset)
{
    __atomic_store_n(&clock_offset, offset, __ATOMIC_RELEASE);
}

apr_time_t ccgw_time_now(void)
{
    return read_monotonic() + ccgw_time_offset();
}

void ccgw_time_zoned(char *buf, apr_time_t t)
{
    apr_time_exp_t x;
    int zone;

    apr_time_exp_lt(&x, t);
    zone = abs(x.tm_gmtoff) / 60;
    apr_snprintf(buf, 32, "%04d-%02d-%02d %02d:%02d:%02d.%03d%c%02d%02d", x.tm_year + 1900, x.tm_mon + 1, x.tm_mday,
                 x.tm_hour, x.tm_min, x.tm_sec, x.tm_usec / 1000, x.tm_gmtoff < 0 ? '-' : '+', zone / 60, zone % 60);
}

void ccgw_time_iso(char *buf, apr_time_t t)
{
    apr_time_exp_t x;

    apr_time_exp_gmt(&x, t);
    apr_snprintf(buf, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%06d0Z", x.tm_year + 1900, x.tm_mon + 1, x.tm_mday, x.tm_hour,
                 x.tm_min, x.tm_sec, x.tm_usec);
}
