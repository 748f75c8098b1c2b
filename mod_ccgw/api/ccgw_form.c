/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_form.c: percent-encoded text: path segments, query strings, form bodies. */
#include "api/ccgw_form.h"

#include "ccgw_error.h"

#include <apr_strings.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

ccgw_buf_t ccgw_form_bytes(const char *text, apr_size_t n, int plus, apr_pool_t *pool)
{
    char *to = apr_palloc(pool, n + 1);
    ccgw_buf_t bytes = { to, 0 };
    apr_size_t i;

    for (i = 0; i < n; i++) {
        char c = plus && text[i] == '+' ? ' ' : text[i];

        if (c == '%') {
            int high = n - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

            c = (char)(low < 0 ? 0xff : high << 4 | low);
            i += low < 0 ? 0 : 2;
        }
        to[bytes.n++] = c;
    }
    to[bytes.n] = '\0';
    return bytes;
}

apr_status_t ccgw_form_decode(const char **value, const char *text, apr_size_t n, int plus, apr_pool_t *pool)
{
    ccgw_buf_t bytes = ccgw_form_bytes(text, n, plus, pool);

    if (!ccgw_utf8_valid(bytes.p, bytes.n))
        return CCGW_EINVAL;
    *value = bytes.p;
    return APR_SUCCESS;
}

/* One "name=value"; 0: it is to be dropped. */
static int read_field(ccgw_pair_t *pair, const char *text, apr_size_t n, apr_pool_t *pool)
{
    const char *equals = memchr(text, '=', n);
    apr_size_t name_len = equals ? (apr_size_t)(equals - text) : n;
    const char *value = equals ? equals + 1 : text + n;
    apr_size_t value_len = (apr_size_t)(text + n - value);

    memset(pair, 0, sizeof *pair);
    if (!n || ccgw_form_decode(&pair->key, text, name_len, 1, pool) != APR_SUCCESS)
        return 0;
    pair->kind = CCGW_PAIR_TEXT;
    if (ccgw_form_decode(&pair->text, value, value_len, 1, pool) != APR_SUCCESS) {
        pair->kind = CCGW_PAIR_NULL;
        pair->text = apr_pstrmemdup(pool, value, value_len);
    }
    return 1;
}

apr_status_t ccgw_form_parse(ccgw_pairs_t *pairs, const char *text, apr_size_t n, apr_pool_t *pool)
{
    const char *end = text + n, *at, *stop;
    apr_size_t fields = 1;

    pairs->v = NULL;
    pairs->n = 0;
    if (!n)
        return APR_SUCCESS;
    for (at = text; (at = memchr(at, '&', (apr_size_t)(end - at))) != NULL; at++)
        fields++;
    if (fields > CCGW_FORM_FIELDS)
        return CCGW_ETOOLARGE;
    pairs->v = apr_palloc(pool, fields * sizeof *pairs->v);
    for (at = text; at <= end; at = stop + 1) {
        stop = memchr(at, '&', (apr_size_t)(end - at));
        if (!stop)
            stop = end;
        pairs->n += read_field(&pairs->v[pairs->n], at, (apr_size_t)(stop - at), pool);
    }
    return APR_SUCCESS;
}

const char *ccgw_form_printable(const char *text, int max, apr_pool_t *pool)
{
    apr_size_t left = strlen(text), len;
    ccgw_out_t out;

    ccgw_out_init(&out, 80, pool);
    for (; left && max; text += len, left -= len) {
        const unsigned char *u = (const unsigned char *)text;

        len = ccgw_utf8_length(text, left);
        /* C0, DEL, and C1, whose two bytes begin with C2 */
        if ((len == 1 && (*u < 0x20 || *u == 0x7f)) || (len == 2 && u[0] == 0xc2 && u[1] < 0xa0))
            continue;
        ccgw_out_put(&out, len ? text : "\xef\xbf\xbd", len ? len : 3);
        len = len ? len : 1;
        max--;
    }
    if (left)
        ccgw_out_puts(&out, "...");
    return out.p;
}
