/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_fold.c: capital letters as small ones. By a table of our own: what the C library knows depends on the locale, and
 * httpd runs in none. */
#include "util/ccgw_fold.h"

#include <apr_strings.h>

#include "util/ccgw_str.h"

/* Capitals from FIRST to LAST, each STEPth; the small letter lies BY further. Both have equally many bytes. */
static const struct {
    unsigned first;
    unsigned last;
    unsigned step;
    int by;
} capitals[] = {
    /* clang-format off */
    { 0x41, 0x5a, 1, 32 },
    { 0xc0, 0xd6, 1, 32 },     { 0xd8, 0xde, 1, 32 },
    { 0x100, 0x12e, 2, 1 },    { 0x132, 0x136, 2, 1 },   { 0x139, 0x147, 2, 1 }, { 0x14a, 0x176, 2, 1 },
    { 0x178, 0x178, 1, -121 }, { 0x179, 0x17d, 2, 1 },   { 0x1a0, 0x1a4, 2, 1 }, { 0x1af, 0x1af, 1, 1 },
    { 0x218, 0x21e, 2, 1 },
    { 0x386, 0x386, 1, 38 },   { 0x388, 0x38a, 1, 37 },  { 0x38c, 0x38c, 1, 64 }, { 0x38e, 0x38f, 1, 63 },
    { 0x391, 0x3a1, 1, 32 },   { 0x3a3, 0x3ab, 1, 32 },
    { 0x3c2, 0x3c2, 1, 1 }, /* the sigma at a word's end is the other one's twin */
    { 0x400, 0x40f, 1, 80 },   { 0x410, 0x42f, 1, 32 },  { 0x460, 0x480, 2, 1 }, { 0x48a, 0x4be, 2, 1 },
    { 0x4c1, 0x4cd, 2, 1 },    { 0x4d0, 0x52e, 2, 1 },
    { 0x531, 0x556, 1, 48 },
    { 0x1e00, 0x1e94, 2, 1 },  { 0x1ea0, 0x1efe, 2, 1 },
    /* clang-format on */
};

static unsigned small_letter(unsigned c)
{
    apr_size_t i;

    for (i = 0; i < sizeof capitals / sizeof *capitals && c >= capitals[i].first; i++) {
        if (c <= capitals[i].last && (c - capitals[i].first) % capitals[i].step == 0)
            return (unsigned)((int)c + capitals[i].by);
    }
    return c;
}

/* One character of 1 to 3 bytes in its place. */
static void fold_one(char *at, apr_size_t length)
{
    unsigned char *b = (unsigned char *)at;
    unsigned c;

    if (length == 1)
        *b = (unsigned char)small_letter(*b);
    if (length == 2) {
        c = small_letter((unsigned)(b[0] & 0x1f) << 6 | (b[1] & 0x3f));
        b[0] = (unsigned char)(0xc0 | c >> 6);
        b[1] = (unsigned char)(0x80 | (c & 0x3f));
    }
    if (length == 3) {
        c = small_letter((unsigned)(b[0] & 0x0f) << 12 | (unsigned)(b[1] & 0x3f) << 6 | (b[2] & 0x3f));
        b[0] = (unsigned char)(0xe0 | c >> 12);
        b[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
        b[2] = (unsigned char)(0x80 | (c & 0x3f));
    }
}

char *ccgw_fold(const char *text, apr_size_t n, apr_pool_t *pool)
{
    char *out = apr_pstrmemdup(pool, text, n);
    apr_size_t i, length;

    for (i = 0; i < n; i += length) {
        length = ccgw_utf8_length(out + i, n - i);
        if (length)
            fold_one(out + i, length);
        else
            length = 1;
    }
    return out;
}
