/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_str.c: byte strings, growing output, small text helpers. */
#include "util/ccgw_str.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

ccgw_buf_t ccgw_buf_str(const char *s)
{
    ccgw_buf_t buf = { s, strlen(s) };

    return buf;
}

int ccgw_buf_compare(ccgw_buf_t a, ccgw_buf_t b)
{
    apr_size_t n = a.n < b.n ? a.n : b.n;
    int diff = n ? memcmp(a.p, b.p, n) : 0;

    if (diff)
        return diff;
    return (a.n > b.n) - (a.n < b.n);
}

ccgw_buf_t ccgw_buf_copy(ccgw_buf_t b, apr_pool_t *pool)
{
    char *p = apr_palloc(pool, b.n + 1);
    ccgw_buf_t copy = { p, b.n };

    if (b.n)
        memcpy(p, b.p, b.n);
    p[b.n] = '\0';
    return copy;
}

/* Room for N more bytes and the zero byte. Doubling keeps the bytes a pool loses below the size
 * of the result. */
static void reserve(ccgw_out_t *out, apr_size_t n)
{
    apr_size_t size = out->size ? out->size : 64;
    char *p;

    if (out->n + n + 1 <= out->size)
        return;
    while (size < out->n + n + 1)
        size *= 2;
    p = apr_palloc(out->pool, size);
    if (out->n)
        memcpy(p, out->p, out->n);
    p[out->n] = '\0';
    out->p = p;
    out->size = size;
}

void ccgw_out_init(ccgw_out_t *out, apr_size_t expect, apr_pool_t *pool)
{
    memset(out, 0, sizeof *out);
    out->pool = pool;
    reserve(out, expect);
}

void ccgw_out_put(ccgw_out_t *out, const void *p, apr_size_t n)
{
    reserve(out, n);
    if (n)
        memcpy(out->p + out->n, p, n);
    out->n += n;
    out->p[out->n] = '\0';
}

void ccgw_out_puts(ccgw_out_t *out, const char *s)
{
    ccgw_out_put(out, s, strlen(s));
}

void ccgw_out_putc(ccgw_out_t *out, char c)
{
    ccgw_out_put(out, &c, 1);
}

void ccgw_out_printf(ccgw_out_t *out, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return;
    reserve(out, (apr_size_t)n);
    va_start(args, format);
    vsnprintf(out->p + out->n, (apr_size_t)n + 1, format, args);
    va_end(args);
    out->n += (apr_size_t)n;
}

void ccgw_out_int(ccgw_out_t *out, apr_int64_t value)
{
    char digits[24];
    char *at = digits + sizeof digits;
    /* The magnitude is taken unsigned, since the most negative number has no positive partner. */
    apr_uint64_t rest = value < 0 ? 0 - (apr_uint64_t)value : (apr_uint64_t)value;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        *--at = '-';
    ccgw_out_put(out, at, (apr_size_t)(digits + sizeof digits - at));
}

const char *ccgw_hex(const void *p, apr_size_t n, apr_pool_t *pool)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = p;
    char *hex = apr_palloc(pool, 2 * n + 1);
    apr_size_t i;

    for (i = 0; i < n; i++) {
        hex[2 * i] = digits[from[i] >> 4];
        hex[2 * i + 1] = digits[from[i] & 15];
    }
    hex[2 * n] = '\0';
    return hex;
}

int ccgw_utf8_valid(const char *s, apr_size_t n)
{
    apr_size_t i = 0;

    while (i < n) {
        apr_size_t len = ccgw_utf8_length(s + i, n - i);

        if (!len || !s[i])
            return 0;
        i += len;
    }
    return 1;
}

apr_size_t ccgw_utf8_length(const char *s, apr_size_t n)
{
    /* Least code point of each length: what is below it is an overlong form. */
    static const apr_uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *u = (const unsigned char *)s;
    apr_uint32_t code;
    apr_size_t len, i;

    if (!n)
        return 0;
    if (u[0] < 0x80)
        return 1;
    if (u[0] < 0xc2 || u[0] > 0xf4)
        return 0;
    len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    if (len > n)
        return 0;
    code = u[0] & (0xffu >> (len + 1));
    for (i = 1; i < len; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (u[i] & 0x3f);
    }
    if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return len;
}

#define REPLACEMENT "\xef\xbf\xbd"

const char *ccgw_utf8_mend(const char *s, apr_size_t n, apr_pool_t *pool)
{
    ccgw_out_t out;
    apr_size_t len;

    ccgw_out_init(&out, n + 16, pool);
    for (; n; s += len, n -= len) {
        len = *s ? ccgw_utf8_length(s, n) : 0;
        if (len)
            ccgw_out_put(&out, s, len);
        else
            ccgw_out_puts(&out, REPLACEMENT);
        len = len ? len : 1;
    }
    return out.p;
}

static void put_character(ccgw_out_t *out, apr_uint32_t code)
{
    if (code >= 0x10000) {
        ccgw_out_putc(out, (char)(0xf0 | code >> 18));
        ccgw_out_putc(out, (char)(0x80 | (code >> 12 & 0x3f)));
    }
    else if (code >= 0x800) {
        ccgw_out_putc(out, (char)(0xe0 | code >> 12));
    }
    if (code >= 0x800)
        ccgw_out_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
    else if (code >= 0x80)
        ccgw_out_putc(out, (char)(0xc0 | code >> 6));
    ccgw_out_putc(out, (char)(code >= 0x80 ? 0x80 | (code & 0x3f) : code));
}

static int is_half(apr_uint32_t unit, apr_uint32_t first)
{
    return unit >= first && unit < first + 0x400;
}

const char *ccgw_utf8_from_utf16(const char *s, apr_size_t n, apr_pool_t *pool)
{
    const unsigned char *u = (const unsigned char *)s;
    ccgw_out_t out;
    apr_size_t i;

    ccgw_out_init(&out, n * 2, pool);
    for (i = 0; i + 1 < n; i += 2) {
        apr_uint32_t unit = (apr_uint32_t)u[i] << 8 | u[i + 1];
        apr_uint32_t next = i + 3 < n ? (apr_uint32_t)u[i + 2] << 8 | u[i + 3] : 0;

        if (is_half(unit, 0xd800) && is_half(next, 0xdc00)) {
            put_character(&out, 0x10000 + ((unit - 0xd800) << 10 | (next - 0xdc00)));
            i += 2;
        }
        else {
            put_character(&out, !unit || (unit >= 0xd800 && unit < 0xe000) ? 0xfffd : unit);
        }
    }
    if (i < n)
        ccgw_out_puts(&out, REPLACEMENT);
    return out.p;
}

const char *ccgw_str_or_empty(const char *s)
{
    return s ? s : "";
}

int ccgw_str_given(const char *s)
{
    return s && *s;
}

int ccgw_str_equal_secret(const char *a, const char *b)
{
    apr_size_t na = strlen(a), nb = strlen(b), i;
    /* volatile: no compiler may find that the loop could stop at the first difference */
    volatile unsigned char diff = na != nb;

    for (i = 0; i < na; i++)
        diff |= (unsigned char)a[i] ^ (unsigned char)b[nb ? i % nb : 0];
    return !diff;
}

const ccgw_pair_t *ccgw_pairs_find(const ccgw_pairs_t *pairs, const char *key)
{
    int i;

    for (i = 0; i < pairs->n; i++) {
        if (!strcmp(pairs->v[i].key, key))
            return &pairs->v[i];
    }
    return NULL;
}

int ccgw_strs_have(const ccgw_strs_t *strs, const char *s)
{
    int i;

    for (i = 0; i < strs->n; i++) {
        if (!strcmp(strs->v[i], s))
            return 1;
    }
    return 0;
}
