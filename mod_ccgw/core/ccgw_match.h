/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_match.h: brings waiting interactions and ready agents together. */
#ifndef CCGW_MATCH_H
#define CCGW_MATCH_H

#include "core/ccgw_floor.h"

/** Offer what waits in QUEUE to the longest-idle ready agents with the skill and a free place, until one of the two
 *  runs out. Never inside the transaction that caused it. Any thread; overlap is harmless. */
apr_status_t ccgw_match_queue(ccgw_core_t *core, const ccgw_tenant_t *tenant, const char *queue, apr_pool_t *scratch);

#endif
