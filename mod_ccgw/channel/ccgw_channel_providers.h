/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel_providers.h: for the files of channel/ only: the built-in providers, and checks they share. */
#ifndef CCGW_CHANNEL_PROVIDERS_H
#define CCGW_CHANNEL_PROVIDERS_H

#include "ccgw_channel.h"

/* ccgw_channel_kannel.c */
extern const ccgw_channel_provider_t ccgw_channel_kannel;

/* ccgw_channel_loop.c */
extern const ccgw_channel_provider_t ccgw_channel_loop;

/* ccgw_channel_front.c */

/** The field NAME, whole and in UTF-8. CCGW_EMISSING when REQUIRED and not there, CCGW_EINVAL when it is longer than MAX
 *  bytes or no UTF-8; *fault is NAME then. *value is "" when it is not there. */
apr_status_t ccgw_channel_field(const char **value, const char **fault, ccgw_field_reader_t *field, void *baton,
                                const char *name, int required, apr_size_t max);

/** A telephone number as the floor writes it, in POOL: spaces around it go; digits of an international number get the
 *  '+' that transports lose ("15550000", " 15550000", "0015550000" are all "+15550000"). Up to six digits are a short
 *  code and stay as they are, and so does a national number ("0170123456"). NULL when it is empty or holds control characters. */
const char *ccgw_channel_number(const char *number, apr_pool_t *pool);

/** The field "key" of a report: ccgw_outbound_t.key. CCGW_EMISSING, or CCGW_EINVAL for what no key looks like. */
apr_status_t ccgw_channel_key(const char **key, const char **fault, ccgw_field_reader_t *field, void *baton);

/** What a carrier said, for the log: at most MAX bytes of TEXT (NULL: none) as one line of printable ASCII, in POOL. */
const char *ccgw_channel_words(const char *text, apr_size_t max, apr_pool_t *pool);

#endif
