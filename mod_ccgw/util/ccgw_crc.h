/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_crc.h: the checksum of stored bytes. */
#ifndef CCGW_CRC_H
#define CCGW_CRC_H

#include <apr.h>

/** CRC-32C (Castagnoli), portable, with SSE4.2 where the machine has it. CRC: 0, or the result so far. */
apr_uint32_t ccgw_crc32c(apr_uint32_t crc, const void *p, apr_size_t n);

/** The same without the machine's instruction: what a processor without it runs. */
apr_uint32_t ccgw_crc32c_portable(apr_uint32_t crc, const void *p, apr_size_t n);

#endif
