/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_str.h: byte strings, growing output, small text helpers. */
#ifndef CCGW_STR_H
#define CCGW_STR_H

#include "ccgw_types.h"

/** A C string as bytes, without its zero byte. */
ccgw_buf_t ccgw_buf_str(const char *s);

/** memcmp() order, shorter first among equals. */
int ccgw_buf_compare(ccgw_buf_t a, ccgw_buf_t b);

/** A copy in POOL, with a zero byte behind it that is not counted. */
ccgw_buf_t ccgw_buf_copy(ccgw_buf_t b, apr_pool_t *pool);

/** Output that grows in a pool. Clear it by setting n to 0. p is always zero-terminated once made. */
typedef struct ccgw_out_t {
    char *p;
    apr_size_t n;
    apr_size_t size;
    apr_pool_t *pool;
} ccgw_out_t;

void ccgw_out_init(ccgw_out_t *out, apr_size_t expect, apr_pool_t *pool);
void ccgw_out_put(ccgw_out_t *out, const void *p, apr_size_t n);
void ccgw_out_puts(ccgw_out_t *out, const char *s);
void ccgw_out_putc(ccgw_out_t *out, char c);
void ccgw_out_printf(ccgw_out_t *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ccgw_out_int(ccgw_out_t *out, apr_int64_t value);

/** Lower-case hex digits of N bytes, zero-terminated, in POOL. */
const char *ccgw_hex(const void *p, apr_size_t n, apr_pool_t *pool);

/** Are these N bytes UTF-8 (no surrogates, no overlong forms, no zero byte)? */
int ccgw_utf8_valid(const char *s, apr_size_t n);

/** Bytes of the UTF-8 character that S begins with, 1 to 4; 0: it begins with none. N: bytes there are. */
apr_size_t ccgw_utf8_length(const char *s, apr_size_t n);

/** N bytes as UTF-8: what is none, and a zero byte, becomes U+FFFD. In POOL. */
const char *ccgw_utf8_mend(const char *s, apr_size_t n, apr_pool_t *pool);

/** The same of N bytes of UTF-16, big end first: half a surrogate, half a unit and zero become U+FFFD. */
const char *ccgw_utf8_from_utf16(const char *s, apr_size_t n, apr_pool_t *pool);

/** "" for NULL. */
const char *ccgw_str_or_empty(const char *s);

/** Not NULL and not empty. */
int ccgw_str_given(const char *s);

/** Equal? For secrets: the time taken depends on the length of A only. */
int ccgw_str_equal_secret(const char *a, const char *b);

/** The value of NAME in PAIRS, or NULL. */
const ccgw_pair_t *ccgw_pairs_find(const ccgw_pairs_t *pairs, const char *key);

/** Is S among STRS? */
int ccgw_strs_have(const ccgw_strs_t *strs, const char *s);

#endif
