/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_erase.h: all that is stored of one customer goes, because somebody asked for it. */
#ifndef CCGW_ERASE_H
#define CCGW_ERASE_H

#include "core/ccgw_core.h"

typedef struct ccgw_erase_args_t {
    ccgw_media_t media;
    const char *customer; /**< his address, as it came in */
    int end_open;         /**< sessions that go on are ended first; else they are a reason to refuse */
    int optout;           /**< that he wants no texts is forgotten too */
} ccgw_erase_args_t;

/** His sessions in one tenant, oldest first: those he is in, and those in whose log he stands. In the call's pool. */
typedef struct ccgw_erase_found_t {
    ccgw_id_t *sessions;
    int nsessions;
    ccgw_id_t *open; /**< those of them that have not ended */
    int nopen;
} ccgw_erase_found_t;

/** How many records went. */
typedef struct ccgw_erased_t {
    int sessions;
    int ended; /**< those of the sessions that went on until now */
    int messages;
    int texts; /**< entries of the outbox */
    int receipts;
    int contacts;
    int rates;
    int optouts;
    int optouts_kept; /**< those that are still there */
    int mailboxes;    /**< not gone, but begun anew: their readers are told to start over */
} ccgw_erased_t;

/** Find what there is of him in the call's tenant. Unchecked: what goes is read again. */
apr_status_t ccgw_erase_find(ccgw_erase_found_t *found, ccgw_call_t *call, const ccgw_erase_args_t *args);

/** Erase it, in several transactions, and add to *erased what went; what this returns after is on disk. A session goes
 *  as a whole, whoever else is in it. Its record goes last, so that the same call goes on where one was cut short.
 *  @return CCGW_ESTATE one of the sessions goes on and args->end_open does not allow to end it */
apr_status_t ccgw_erase_run(ccgw_erased_t *erased, ccgw_call_t *call, const ccgw_erase_args_t *args,
                            const ccgw_erase_found_t *found);

#endif
