/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_form.h: percent-encoded text: path segments, query strings, form bodies. */
#ifndef CCGW_FORM_H
#define CCGW_FORM_H

#include "util/ccgw_str.h"

/** More fields than this are refused. */
#define CCGW_FORM_FIELDS 1024

/** Undo the percent encoding of N bytes, with PLUS also '+' for a space. *VALUE in POOL.
 *  @return CCGW_EINVAL for a bad escape, a zero byte, or what is not UTF-8 */
apr_status_t ccgw_form_decode(const char **value, const char *text, apr_size_t n, int plus, apr_pool_t *pool);

/** The same whatever comes of it: there may be zero bytes in the result, and it may be no UTF-8. A '%' that begins no
 *  escape becomes the byte FF, which is in no UTF-8. In POOL, with a zero byte behind it that is not counted. */
ccgw_buf_t ccgw_form_bytes(const char *text, apr_size_t n, int plus, apr_pool_t *pool);

/** Split "a=b&c=d" of N bytes. A name that cannot be decoded is dropped; a value that cannot be keeps its raw text and
 *  has kind CCGW_PAIR_NULL, all others CCGW_PAIR_TEXT. Of equal names all are kept, in order.
 *  @return CCGW_ETOOLARGE for more than CCGW_FORM_FIELDS */
apr_status_t ccgw_form_parse(ccgw_pairs_t *pairs, const char *text, apr_size_t n, apr_pool_t *pool);

/** The first MAX characters of TEXT without control characters; what is not UTF-8 becomes U+FFFD. For sentences. */
const char *ccgw_form_printable(const char *text, int max, apr_pool_t *pool);

#endif
