/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_optout.h: customers who said STOP: recorded, and no text goes out to them until they say START. */
#ifndef CCGW_OPTOUT_H
#define CCGW_OPTOUT_H

#include "core/ccgw_core.h"

/** Longest stop or start word, in bytes. */
#define CCGW_OPTOUT_WORD_MAX 64

typedef struct ccgw_optout_t {
    ccgw_buf_t unknown;
    apr_int64_t at;    /**< wall clock */
    const char *word;  /**< what he wrote, as configured */
    ccgw_id_t session; /**< 0: he had none open */
} ccgw_optout_t;

extern const ccgw_record_type_t ccgw_optout_record;

typedef enum ccgw_wish_t { CCGW_WISH_NONE, CCGW_WISH_STOP, CCGW_WISH_START } ccgw_wish_t;

/** TEXT as words are compared: in small letters, without blanks, full stops and exclamation marks around it; "" when
 *  nothing is left, or more than a word can be. */
const char *ccgw_optout_plain(const char *text, apr_pool_t *pool);

/** What TEXT as a whole asks for by the words of core->limits: case, blanks and a full stop or exclamation mark around
 *  it do not matter. *word: as configured. */
ccgw_wish_t ccgw_optout_wish(const char **word, const ccgw_core_t *core, ccgw_media_t media, const char *text,
                             apr_pool_t *pool);

/** Inside a transaction, checked: does CUSTOMER want no texts from NUMBER? */
apr_status_t ccgw_optout_get(int *out, ccgw_work_t *work, ccgw_media_t media, const char *number, const char *customer);

/** Inside a transaction: record it, or take it back (WORD NULL). *changed: it was not so already. */
apr_status_t ccgw_optout_set(int *changed, ccgw_work_t *work, ccgw_media_t media, const char *number,
                             const char *customer, const char *word, ccgw_id_t session);

#endif
