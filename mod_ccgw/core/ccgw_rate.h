/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_rate.h: how many texts may come in within a time, by core->limits.texts. */
#ifndef CCGW_RATE_H
#define CCGW_RATE_H

#include "core/ccgw_core.h"

/** How many texts a customer sent of late. */
extern const ccgw_record_type_t ccgw_rate_record;

/* Not asked about stop and start words. A refusal is CCGW_ERATE; call->retry says when the window ends, the problem names "from" or "to". */

/** Outside of a transaction: one more text to NUMBER, from anybody. Windows are the same for all: multiples of the
 *  period. Counted in shared memory over all processes; when no counter can be had, the text passes. */
apr_status_t ccgw_rate_number(ccgw_call_t *call, ccgw_media_t media, const char *number);

/** Take it back: the text was refused for its customer's limit. One who floods does not use up what is for all. */
void ccgw_rate_number_back(ccgw_call_t *call, ccgw_media_t media, const char *number);

/** Inside a transaction: one more text from CUSTOMER to NUMBER. His window begins with his first text. A refused text
 *  does not count. */
apr_status_t ccgw_rate_customer(ccgw_work_t *work, ccgw_media_t media, const char *number, const char *customer);

#endif
