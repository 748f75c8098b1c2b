/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_id.h: ids, random tokens, hashes. */
#ifndef CCGW_ID_H
#define CCGW_ID_H

#include "ccgw_types.h"

/** A new id: seconds of NOW << 32 | a counter that starts at random in each process. The caller checks that no record
 *  has it. Any thread. */
ccgw_id_t ccgw_id_new(apr_time_t now);

/** 16 hex digits, upper case; BUF holds 17 bytes. */
void ccgw_id_hex(char *buf, ccgw_id_t id);

/** "seconds-counter"; BUF holds 24 bytes. */
void ccgw_id_dashed(char *buf, ccgw_id_t id);

/** Either spelling, hex in any case. 0: not an id. */
ccgw_id_t ccgw_id_parse(const char *text);

/** BYTES random bytes from the system as lower-case hex, in POOL. */
const char *ccgw_id_random_hex(apr_size_t bytes, apr_pool_t *pool);

/** Random text in the form of a UUID. */
const char *ccgw_id_uuid(apr_pool_t *pool);

/** The first 32 hex digits of the SHA-256 of TEXT: under this a secret is stored. */
const char *ccgw_id_hash(const char *text, apr_pool_t *pool);

#endif
