/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel_front.h: the channel providers that are built in, and one configured channel. */
#ifndef CCGW_CHANNEL_FRONT_H
#define CCGW_CHANNEL_FRONT_H

#include "ccgw_channel.h"

/** What one `CcgwChannel media provider words...` made. Lives in the configuration's pool, read only afterwards. */
typedef struct ccgw_channel_front_t {
    const ccgw_channel_provider_t *provider;
    ccgw_channel_t *channel;
    ccgw_media_t media;
} ccgw_channel_front_t;

/** The registry, ended by NULL: directive check, error texts and the status page derive from it. */
extern const ccgw_channel_provider_t *const ccgw_channel_providers[];

/** The built-in provider called NAME, or NULL. */
const ccgw_channel_provider_t *ccgw_channel_find(const char *name);

/** Names of the built-in providers, "kannel, loop", in POOL; for a directive's refusal. */
const char *ccgw_channel_names(apr_pool_t *pool);

/** Once in the parent, before threads and children: makes the HTTP library ready. May come again. */
apr_status_t ccgw_channel_start(void);

/** Configure a channel of PROVIDER. Configuration time, parent.
 *  @return NULL, or a sentence naming the word at fault and why */
const char *ccgw_channel_configure(ccgw_channel_front_t **front, const ccgw_channel_provider_t *provider,
                                   ccgw_media_t media, const ccgw_strs_t *words, apr_pool_t *conf);

/* The provider's functions (see ccgw_channel.h), with defaults for what it leaves NULL. Any thread of a child; only
 * send() blocks. */

/** What an administrator should know of the channel, or NULL. */
const char *ccgw_channel_caution(const ccgw_channel_front_t *front);
/** A provider without a check of its own relies on Require. */
apr_status_t ccgw_channel_admit(const ccgw_channel_front_t *front, ccgw_field_reader_t *field, void *baton);
/** CCGW_EDISABLED when the provider takes nothing in. */
apr_status_t ccgw_channel_receive(ccgw_inbound_t *text, const char **fault, const ccgw_channel_front_t *front,
                                  ccgw_field_reader_t *field, void *baton, apr_pool_t *pool);
/** CCGW_EDISABLED when the provider takes no reports. */
apr_status_t ccgw_channel_report(ccgw_report_t *report, const char **fault, const ccgw_channel_front_t *front,
                                 ccgw_field_reader_t *field, void *baton, apr_pool_t *pool);
/** CCGW_EREFUSED when the provider sends nothing out. */
apr_status_t ccgw_channel_send(const char **why, const ccgw_channel_front_t *front, const ccgw_outbound_t *text,
                               apr_pool_t *pool);
/** 3 (silent) when the provider rings no phones. */
int ccgw_channel_ring(const ccgw_channel_front_t *front, const char *number, apr_interval_time_t *after);

#endif
