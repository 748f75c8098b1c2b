/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_id.c: ids, random tokens, hashes. */
#include "util/ccgw_id.h"

#include "util/ccgw_str.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static void fill_random(void *p, apr_size_t n)
{
    unsigned char *at = p;

    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        /* A token that can be guessed would be worse than no service. */
        if (got <= 0)
            abort();
        at += got;
        n -= (apr_size_t)got;
    }
}

/* The process id stands above the counter in one atomic word, so a forked child sees at its
 * first id that the counter is its parent's, and draws one of its own without a lock. */
ccgw_id_t ccgw_id_new(apr_time_t now)
{
    static apr_uint64_t counter;
    apr_uint64_t self = (apr_uint64_t)(apr_uint32_t)getpid() << 32;
    apr_uint64_t old = __atomic_load_n(&counter, __ATOMIC_RELAXED);
    apr_uint64_t next;

    do {
        apr_uint32_t low = (apr_uint32_t)old + 1;

        if ((old ^ self) >> 32)
            fill_random(&low, sizeof low);
        next = self | low;
    } while (!__atomic_compare_exchange_n(&counter, &old, next, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return (ccgw_id_t)apr_time_sec(now) << 32 | (apr_uint32_t)next;
}

void ccgw_id_hex(char *buf, ccgw_id_t id)
{
    static const char digits[] = "0123456789ABCDEF";
    int i;

    for (i = 15; i >= 0; i--, id >>= 4)
        buf[i] = digits[id & 15];
    buf[16] = '\0';
}

void ccgw_id_dashed(char *buf, ccgw_id_t id)
{
    apr_snprintf(buf, 24, "%u-%u", (unsigned)(id >> 32), (unsigned)(id & 0xffffffff));
}

/* A decimal number below 2^32 at *TEXT, which is moved behind it. */
static int read_half(apr_uint32_t *half, const char **text)
{
    apr_uint64_t value = 0;
    const char *at = *text;

    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (apr_uint64_t)(*at - '0');
        if (value > 0xffffffff)
            return 0;
    }
    if (at == *text)
        return 0;
    *half = (apr_uint32_t)value;
    *text = at;
    return 1;
}

static ccgw_id_t parse_hex(const char *text)
{
    ccgw_id_t id = 0;
    int i;

    for (i = 0; i < 16; i++) {
        if (!apr_isxdigit(text[i]))
            return 0;
        id = id << 4 | (ccgw_id_t)(apr_isdigit(text[i]) ? text[i] - '0' : (text[i] | 0x20) - 'a' + 10);
    }
    return text[16] ? 0 : id;
}

ccgw_id_t ccgw_id_parse(const char *text)
{
    apr_uint32_t seconds, count;

    if (!text)
        return 0;
    if (!strchr(text, '-'))
        return parse_hex(text);
    if (!read_half(&seconds, &text) || *text++ != '-' || !read_half(&count, &text) || *text)
        return 0;
    return (ccgw_id_t)seconds << 32 | count;
}

const char *ccgw_id_random_hex(apr_size_t bytes, apr_pool_t *pool)
{
    unsigned char *random = apr_palloc(pool, bytes + 1);

    fill_random(random, bytes);
    return ccgw_hex(random, bytes, pool);
}

const char *ccgw_id_uuid(apr_pool_t *pool)
{
    unsigned char r[16];
    const char *hex;

    fill_random(r, sizeof r);
    r[6] = (r[6] & 0x0f) | 0x40; /* version 4: random */
    r[8] = (r[8] & 0x3f) | 0x80;
    hex = ccgw_hex(r, sizeof r, pool);
    return apr_psprintf(pool, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

const char *ccgw_id_hash(const char *text, apr_pool_t *pool)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;

    /* Fails only where the library has no SHA-256 at all; a constant in its place would let
     * everybody in. */
    if (!EVP_Digest(text, strlen(text), digest, &n, EVP_sha256(), NULL) || n < 16)
        abort();
    return ccgw_hex(digest, 16, pool);
}
