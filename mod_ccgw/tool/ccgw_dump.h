/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_dump.h: for ccgw_dump*.c: a state as lines of JSON on stdout. */
#ifndef CCGW_DUMP_H
#define CCGW_DUMP_H

#include "ccgw_store.h"

/** What --table names beside the tables. */
#define CCGW_DUMP_MAILBOX "mailbox"
#define CCGW_DUMP_EVENT   "event"

typedef struct ccgw_dump_t {
    const char *table;  /**< only this one; NULL all */
    const char *tenant; /**< likewise */
    int show;           /**< CCGW_FIELD_TEXT, CCGW_FIELD_SECRET */
    int unreadable;     /**< result: records that this program cannot read */
} ccgw_dump_t;

/** A line for each thing in STORE. Ends early when stdout takes no more; the caller looks at ferror(). */
apr_status_t ccgw_dump_all(ccgw_dump_t *dump, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                           apr_pool_t *pool);

/** A line for each table with something in it, then one for each of the store's counters. */
apr_status_t ccgw_dump_stats(ccgw_dump_t *dump, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                             apr_pool_t *pool);

#endif
