/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* story.h: a workload for a store, from whose end alone an outsider can tell whether any of it was lost.
 *
 * There are some sessions, each with a version. One transaction raises one session's version by one, and everything
 * else it writes follows from (session, version) alone:
 *
 *     session      SESSION, "s"      : value and due time follow from the version
 *     parts 0..3   MESSAGE, "s/i"    : there when bit i of the version is set, and written when it was set; else deleted
 *     bulk         FLOOR, "s"        : written at versions 3 (modulo 8); large, so that files fill
 *     places       QUEUE, "s/version": one is made, the one of three versions before is deleted
 *     events       1 to 3, each for one public mailbox; the first also for the session's own mailbox
 *     own mailbox  opened at versions 1, closed at versions 5 (modulo 8)
 *
 * Every value and body is filled with bytes that follow from what it is, so that a byte of something else shows.
 * Before a commit the version is noted as tried, afterwards as acknowledged, in memory that outlives the process. */
#ifndef STORY_H
#define STORY_H

#include "ccgw_store.h"

#include <apr_pools.h>

#define STORY_SESSIONS 48
#define STORY_BOXES    12
#define STORY_PARTS    4
/** A mailbox keeps so many events: few, so that all the time some are dropped. */
#define STORY_KEPT 64
/** Faults that are printed. */
#define STORY_TOLD_MAX 20

typedef enum story_fault_t {
    STORY_LOST,    /**< acknowledged or shown, or part of something that is there; and not there */
    STORY_TORN,    /**< bytes or records of different versions together */
    STORY_DOUBLE,  /**< an event twice, or before an earlier one */
    STORY_ORPHAN,  /**< there, though no version accounts for it */
    STORY_REFUSED, /**< the store did not take or not give what it should */
    STORY_FAULTS
} story_fault_t;

/** In shared memory or a mapped file, zeros at first. All are raised with atomics. */
typedef struct story_notes_t {
    apr_uint64_t tried[STORY_SESSIONS];
    apr_uint64_t acked[STORY_SESSIONS];    /**< with level DISK */
    apr_uint64_t acked_os[STORY_SESSIONS]; /**< with level OS */
    apr_uint64_t tried_os[STORY_SESSIONS]; /**< since the last power cut */
    apr_uint64_t seen[STORY_SESSIONS];     /**< newest version of which an event was shown to a reader */
    apr_uint64_t raised[STORY_SESSIONS];   /**< what the session's word READ was raised to */
    apr_uint64_t commits;                  /**< acknowledged, in all */
    apr_uint64_t events;                   /**< shown to readers, in all */
    apr_uint64_t faults[STORY_FAULTS];
    apr_uint64_t told; /**< faults that were printed */
} story_notes_t;

/** Writers who do what a store must not do, so that a test can see that it would be found. */
typedef enum story_sin_t {
    STORY_SINLESS,
    STORY_HASTY, /**< a commit is acknowledged before it is made */
    STORY_HALVED /**< records and events are committed one after the other */
} story_sin_t;

typedef struct story_t {
    const ccgw_store_provider_t *provider;
    ccgw_store_t *store;
    story_notes_t *notes;
    int weak; /**< commits of so many of four sessions reach OS only */
    story_sin_t sin;
} story_t;

/** What open_parent() is given; the caller adds dir and memory. */
void story_config(ccgw_store_config_t *config);

/** One transaction of the session that *SEED leads to; a conflict with another writer is no fault. The pool may be
 *  cleared afterwards. @return what the store said last, APR_SUCCESS or CCGW_ECONFLICT when all is well */
apr_status_t story_go_on(story_t *story, apr_uint64_t *seed, apr_pool_t *pool);

/** A reader who follows a public mailbox. Zeros at first; but for the box. */
typedef struct story_reader_t {
    int box;
    ccgw_cursor_t at;
    apr_uint64_t looks;
    apr_uint64_t version[STORY_SESSIONS]; /**< last event of each session; 0: none seen yet */
    int event[STORY_SESSIONS];
} story_reader_t;

/** Read on, and look at all of one session. */
void story_read_on(story_t *story, story_reader_t *reader, apr_pool_t *pool);

/** What happened before a check. */
typedef enum story_past_t {
    STORY_RAN,    /**< the store has been open all the time */
    STORY_OPENED, /**< it was opened anew: words may be a second old */
    STORY_CUT     /**< likewise, and what reached OS only may be gone */
} story_past_t;

/** Compare all that is there with what must be. Nobody writes meanwhile.
 *  @return how many faults this call found; each kind is counted in the notes, the first ones are printed */
int story_check(story_t *story, story_past_t past, apr_pool_t *pool);

/** A number that follows from these; for choices that a seed decides. */
apr_uint64_t story_mix(apr_uint64_t a, apr_uint64_t b);
/** The next number of a row; *SEED moves on. */
apr_uint64_t story_draw(apr_uint64_t *seed);

/** Zeroed memory shared with children; FILE: kept in a file of that name, NULL: anonymous. */
void *story_shared(const char *file, apr_size_t n);
/** "lost 0 torn 0 double 0 ..." */
const char *story_faults(const story_notes_t *notes, apr_pool_t *pool);
/** All faults of one kind or, with STORY_FAULTS, of all. */
apr_uint64_t story_count(const story_notes_t *notes, story_fault_t fault);

#endif
