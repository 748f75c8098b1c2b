/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_hash.h: a hash of bytes for tables in memory. */
#ifndef CCGW_HASH_H
#define CCGW_HASH_H

#include "ccgw_types.h"

/** 64 well mixed bits. Two different seeds give independent hashes. It is fast, not a secret: keys that strangers
 *  choose need a seed that they cannot know. The same on every machine of one byte order. */
apr_uint64_t ccgw_hash(apr_uint64_t seed, ccgw_buf_t bytes);

#endif
