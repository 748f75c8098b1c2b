/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_record.c: packed records: there and back, foreign fields, damaged input. */
#include "ccgw_error.h"
#include "tap.h"
#include "util/ccgw_record.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stddef.h>
#include <stdlib.h>

static apr_pool_t *pool;

typedef struct part_t {
    ccgw_buf_t unknown;
    const char *name;
    int state;
} part_t;

typedef struct sample_t {
    ccgw_buf_t unknown;
    const char *title;
    const char *empty;
    apr_int64_t number;
    int state;
    ccgw_strs_t words;
    part_t *one;
    part_t *parts;
    int nparts;
    const char *secret;
    const char *text;
} sample_t;

static const ccgw_field_t part_fields[] = {
    { 1, CCGW_FIELD_STR, "name", offsetof(part_t, name) },
    { 2, CCGW_FIELD_ENUM, "state", offsetof(part_t, state) },
    { 0 },
};
static const ccgw_record_type_t part_type = { "part", 1, sizeof(part_t), part_fields };

/* clang-format off */
static const ccgw_field_t sample_fields[] = {
    {1,  CCGW_FIELD_STR,    "title",  offsetof(sample_t, title)},
    {2,  CCGW_FIELD_STR,    "empty",  offsetof(sample_t, empty)},
    {3,  CCGW_FIELD_INT,    "number", offsetof(sample_t, number)},
    {5,  CCGW_FIELD_ENUM,   "state",  offsetof(sample_t, state)},
    {6,  CCGW_FIELD_STRS,   "words",  offsetof(sample_t, words)},
    {7,  CCGW_FIELD_NESTED, "one",    offsetof(sample_t, one), .of = &part_type},
    {8,  CCGW_FIELD_LIST,   "parts",  offsetof(sample_t, parts), offsetof(sample_t, nparts), &part_type},
    {9,  CCGW_FIELD_STR,    "secret", offsetof(sample_t, secret), .flags = CCGW_FIELD_SECRET},
    {10, CCGW_FIELD_STR,    "text",   offsetof(sample_t, text), .flags = CCGW_FIELD_TEXT},
    {0},
};
/* The same record as an older program knows it. */
static const ccgw_field_t older_fields[] = {
    {2,  CCGW_FIELD_STR,    "empty",  offsetof(sample_t, empty)},
    {5,  CCGW_FIELD_ENUM,   "state",  offsetof(sample_t, state)},
    {0},
};
/* clang-format on */
static const ccgw_record_type_t sample_type = { "sample", 3, sizeof(sample_t), sample_fields };
static const ccgw_record_type_t older_type = { "sample", 3, sizeof(sample_t), older_fields };
static const ccgw_record_type_t oldest_type = { "sample", 2, sizeof(sample_t), older_fields };

static const char *const words[] = { "one", "", "three" };
static part_t parts[] = { { .name = "p0", .state = 1 }, { .name = NULL }, { .name = "p2", .state = -2 } };

static ccgw_buf_t encode_sample(void)
{
    sample_t sample = { { 0 } };
    ccgw_buf_t out;

    sample.title = "a title";
    sample.empty = "";
    sample.number = -5;
    sample.state = 3;
    sample.words.v = (const char **)words;
    sample.words.n = 3;
    sample.one = &parts[0];
    sample.parts = parts;
    sample.nparts = 3;
    sample.secret = "pssst";
    sample.text = "hello \"you\"";
    is_int(ccgw_record_encode(&out, &sample_type, &sample, pool), APR_SUCCESS, "a record is encoded");
    return out;
}

static void test_round_trip(ccgw_buf_t in)
{
    const char *json;
    sample_t got;

    is_int(ccgw_record_decode(&got, &sample_type, in, pool), APR_SUCCESS, "and decoded");
    is_str(got.title, "a title", "with its string");
    is_str(got.empty, "", "an empty string stays one");
    ok(got.number == -5 && got.state == 3, "with its numbers");
    ok(got.words.n == 3 && !strcmp(got.words.v[1], "") && !strcmp(got.words.v[2], "three"), "with its list of strings");
    is_str(got.one->name, "p0", "with a record inside");
    ok(got.nparts == 3 && !got.parts[1].name && got.parts[2].state == -2, "with a list of records");
    ok(got.title > (const char *)in.p && got.title < (const char *)in.p + in.n, "strings are views into the input");
    is_int(got.unknown.n, 0, "nothing in it is foreign");
    ccgw_record_dump(&json, &sample_type, &got, 0, pool);
    is_str(json,
           "{\"title\":\"a "
           "title\",\"empty\":\"\",\"number\":-5,\"state\":3,\"words\":[\"one\",\"\",\"three\"],"
           "\"one\":{\"name\":\"p0\",\"state\":1},\"parts\":[{\"name\":\"p0\",\"state\":1},{},{"
           "\"name\":\"p2\","
           "\"state\":-2}],\"secret\":\"***\",\"text\":\"***\"}",
           "a dump hides secrets and words");
    ccgw_record_dump(&json, &sample_type, &got, CCGW_FIELD_TEXT, pool);
    ok(strstr(json, "\"secret\":\"***\",\"text\":\"hello \\\"you\\\"\"") != NULL, "and shows what is asked for");
}

static void test_empty(void)
{
    sample_t sample = { { 0 } };
    ccgw_buf_t out;

    ccgw_record_encode(&out, &sample_type, &sample, pool);
    is_int(out.n, 2, "fields of zero value are left out");
    memset(&sample, 0xff, sizeof sample);
    is_int(ccgw_record_decode(&sample, &sample_type, out, pool), APR_SUCCESS, "an empty record is one");
    ok(!sample.title && !sample.number && !sample.words.n && !sample.nparts, "and clears what was there");
}

static void test_unknown(ccgw_buf_t in)
{
    ccgw_buf_t out;
    sample_t got;

    is_int(ccgw_record_decode(&got, &older_type, in, pool), APR_SUCCESS, "an older program reads a newer record");
    ok(got.unknown.n > 0 && got.state == 3, "with what it knows");
    ccgw_record_encode(&out, &older_type, &got, pool);
    ok(out.n == in.n && !memcmp(out.p, in.p, in.n), "what it writes back is the same, byte for byte");
    got.state = 4;
    got.empty = NULL;
    ccgw_record_encode(&out, &older_type, &got, pool);
    is_int(ccgw_record_decode(&got, &sample_type, out, pool), APR_SUCCESS, "its change reads");
    ok(got.state == 4 && !got.empty && got.number == -5 && got.nparts == 3, "with all that it did not know");
    is_int(ccgw_record_decode(&got, &oldest_type, in, pool), CCGW_EFORMAT, "a newer format is refused");
}

/* Decode a copy that ends exactly at the end of its block, so that a sanitizer sees any step
 * beyond. */
static int decodes_safely(const char *p, apr_size_t n)
{
    apr_pool_t *scratch;
    char *copy = malloc(n ? n : 1);
    ccgw_buf_t in = { copy, n };
    const char *json;
    apr_status_t rv;
    sample_t got;

    memcpy(copy, p, n);
    apr_pool_create(&scratch, pool);
    rv = ccgw_record_decode(&got, &sample_type, in, scratch);
    if (rv == APR_SUCCESS)
        ccgw_record_dump(&json, &sample_type, &got, CCGW_FIELD_SECRET | CCGW_FIELD_TEXT, scratch);
    apr_pool_destroy(scratch);
    free(copy);
    return rv == APR_SUCCESS ? 1 : rv == CCGW_EDAMAGED || rv == CCGW_EFORMAT ? 0 : -1;
}

static void test_damage(ccgw_buf_t in)
{
    char *copy = apr_pmemdup(pool, in.p, in.n);
    apr_size_t i, bit, odd = 0, refused = 0, whole = 0;

    /* Behind a complete field a shorter record is as good as any other. */
    for (i = 0; i < in.n; i++)
        whole += (apr_size_t)decodes_safely(in.p, i);
    is_int(whole, 9, "a truncated record is refused unless it ends behind a field");
    for (i = 0; i < in.n; i++) {
        for (bit = 0; bit < 8; bit++) {
            int result;

            copy[i] ^= (char)(1 << bit);
            result = decodes_safely(copy, in.n);
            copy[i] ^= (char)(1 << bit);
            odd += result < 0;
            refused += result == 0;
        }
    }
    is_int(odd, 0, "a flipped bit is refused as damage or decodes");
    ok(refused > in.n * 2, "flipped lengths, tags and ends are refused (%lu of %lu)", (unsigned long)refused,
       (unsigned long)in.n * 8);
}

static void test_forged(void)
{
    static const struct {
        const char *says, *p;
        apr_size_t n;
    } cases[] = {
        { "nothing at all", "", 0 },
        { "format 0", "\0\0", 2 },
        { "a repeated tag", "\3\0\5\0\4\0\0\0\1\0\0\0\5\0\4\0\0\0\1\0\0\0", 22 },
        { "falling tags", "\3\0\5\0\4\0\0\0\1\0\0\0\1\0\2\0\0\0a\0", 20 },
        { "a string without its end", "\3\0\1\0\1\0\0\0a", 9 },
        { "a string of no bytes", "\3\0\1\0\0\0\0\0", 8 },
        { "a zero byte inside a string", "\3\0\1\0\3\0\0\0\0a\0", 11 },
        { "a number of three bytes", "\3\0\3\0\3\0\0\0\1\2\3", 11 },
        { "a length beyond everything",
          "\3\0\1\0\xff\xff\xff\xff"
          "a\0",
          10 },
        { "an item beyond its list", "\3\0\6\0\6\0\0\0\3\0\0\0a\0", 14 },
    };
    unsigned i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(decodes_safely(cases[i].p, cases[i].n), 0, "%s is refused", cases[i].says);
}

int main(void)
{
    ccgw_buf_t in;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    in = encode_sample();
    test_round_trip(in);
    test_empty();
    test_unknown(in);
    test_damage(in);
    test_forged();
    apr_pool_destroy(pool);
    return done_testing();
}
