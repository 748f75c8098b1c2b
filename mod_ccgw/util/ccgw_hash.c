/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_hash.c: a hash of bytes for tables in memory: eight bytes a step, one multiplication each. */
#include "util/ccgw_hash.h"

#include <string.h>

static apr_uint64_t mix(apr_uint64_t x)
{
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
    return x ^ x >> 33;
}

apr_uint64_t ccgw_hash(apr_uint64_t seed, ccgw_buf_t bytes)
{
    apr_uint64_t hash = seed + bytes.n * 0x9e3779b97f4a7c15ULL;
    const char *p = bytes.p;
    apr_size_t left = bytes.n;

    while (left) {
        apr_size_t part = left < 8 ? left : 8;
        apr_uint64_t word = 0;

        memcpy(&word, p, part);
        hash = (hash ^ word) * 0xd1b54a32d192ed03ULL;
        hash ^= hash >> 29;
        p += part;
        left -= part;
    }
    return mix(hash);
}
