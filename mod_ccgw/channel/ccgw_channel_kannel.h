/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel_kannel.h: for ccgw_channel_kannel*.c only: what is configured, and the half that asks smsbox. */
#ifndef CCGW_CHANNEL_KANNEL_H
#define CCGW_CHANNEL_KANNEL_H

#include "ccgw_channel.h"

struct ccgw_channel_t {
    ccgw_media_t media;
    const char *url;
    const char *user;
    const char *secret;
    const char *inbound_secret; /* NULL: none */
    const char *reports;        /* where smsbox shall report to; NULL: no reports are asked for */
    long timeout;               /* seconds */
};

/** ccgw_channel_provider_t.send */
apr_status_t ccgw_channel_kannel_send(const char **why, ccgw_channel_t *channel, const ccgw_outbound_t *text,
                                      apr_pool_t *pool);

#endif
