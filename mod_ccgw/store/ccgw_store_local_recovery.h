/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_recovery.h: what the two halves of a start share: reading the files, and beginning anew. */
#ifndef CCGW_STORE_LOCAL_RECOVERY_H
#define CCGW_STORE_LOCAL_RECOVERY_H

#include "store/ccgw_store_local.h"

typedef struct ccgw_local_recovery_t {
    ccgw_store_t *store;
    apr_pool_t *pool;
    apr_pool_t *scratch; /* of one record */
    const char **why;
    const ccgw_store_config_t *config;
    ccgw_local_dir_t dir;
    char *map;                   /* the present file; only read */
    ccgw_local_record_t *record; /* the one in hand, ours */
    apr_uint64_t size;
    apr_uint64_t position; /* next record */
    apr_uint64_t synced;   /* what is before was on the disk when the last record was made; 0: there is none */
    apr_uint64_t seen;     /* the snapshot's */
    apr_uint64_t commits;
    int weakest;         /* level that the last start promised, or less */
    apr_uint32_t boot;   /* of the last start */
    int copied;          /* a file is not the one that was written: the directory was restored */
    int lost;            /* the administrator accepted a loss */
    int broken_snapshot; /* of which only a part could be read */
    int cut;             /* in the journal, at POSITION */
    int torn;            /* records that nobody had been promised lie behind the end */
    int sized;           /* a journal file has told the size of all */
} ccgw_local_recovery_t;

/** Tell the administrator, when he listens. */
void ccgw_local_recovery_say(const ccgw_local_recovery_t *r, int level, const char *text);
/** A new start: what was handed out in memory and lost is skipped over. */
void ccgw_local_recovery_start(ccgw_local_recovery_t *r, const ccgw_local_record_t *record);
/** START's word: the level in its lower half, the boot in its upper. */
void ccgw_local_recovery_promise(ccgw_local_recovery_t *r, apr_uint64_t start);
/** The journal from R->POSITION on becomes part of the state; R->POSITION is then its end.
 *  @return CCGW_EDAMAGED and R->why, unless the loss is accepted */
apr_status_t ccgw_local_replay(ccgw_local_recovery_t *r);

#endif
