/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_time.h: the deadline clock and the spellings of a time. */
#ifndef CCGW_TIME_H
#define CCGW_TIME_H

#include "ccgw_types.h"

/** Micro-seconds of the deadline clock: CLOCK_MONOTONIC plus an offset taken once, so that a step of the wall clock
 *  moves no deadline while values stay comparable over a restart. Any thread. */
apr_time_t ccgw_time_now(void);

/** The offset in force; taken at the first call of either function. The glue carries it over a graceful restart. */
apr_time_t ccgw_time_offset(void);
void ccgw_time_set_offset(apr_time_t offset);

/** "2014-01-06 12:14:06.007-0800" in the server's zone; BUF holds at least 32 bytes. */
void ccgw_time_zoned(char *buf, apr_time_t t);

/** "2014-01-06T20:14:06.0070000Z"; BUF holds at least 32 bytes. */
void ccgw_time_iso(char *buf, apr_time_t t);

#endif
