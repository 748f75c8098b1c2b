/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_record.c: packed records: there and back, foreign fields, damaged input. */
#include "ccgw_error.h"
#include "core/ccgw_agent.h"
#include "core/ccgw_event.h"
#include "core/ccgw_floor_record.h"
#include "core/ccgw_optout.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_session.h"
#include "core/ccgw_session_store.h"
#include "core/ccgw_stream_record.h"
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

/* ---- all records that the store holds ---- */

static const ccgw_record_type_t *const stored[] = {
    &ccgw_session_record, &ccgw_participant_record, &ccgw_message_record, &ccgw_pair_record,
    &ccgw_pointer_record, &ccgw_agent_record,       &ccgw_login_record,   &ccgw_stream_record,
    &ccgw_event_record,   &ccgw_outbox_record,      &ccgw_optout_record,  &ccgw_floor_head_record,
};

static void *make_items(const ccgw_record_type_t *type, int n, int depth);

/* Something in every field. */
static void fill_field(char *rec, const ccgw_field_t *field, int depth)
{
    void *at = rec + field->offset;
    ccgw_strs_t *strs = at;

    switch (field->kind) {
    case CCGW_FIELD_STR: *(const char **)at = apr_psprintf(pool, "text %d", field->tag); break;
    case CCGW_FIELD_INT: *(apr_int64_t *)at = -field->tag; break;
    case CCGW_FIELD_ENUM: *(int *)at = field->tag; break;
    case CCGW_FIELD_STRS:
        strs->v = (const char **)words;
        strs->n = 3;
        break;
    case CCGW_FIELD_NESTED: *(void **)at = depth < 3 ? make_items(field->of, 1, depth + 1) : NULL; break;
    default:
        *(int *)(rec + field->count) = depth < 3 ? 2 : 0;
        *(void **)at = depth < 3 ? make_items(field->of, 2, depth + 1) : NULL;
        break;
    }
}

static void *make_items(const ccgw_record_type_t *type, int n, int depth)
{
    char *items = apr_pcalloc(pool, (apr_size_t)n * type->size);
    const ccgw_field_t *field;
    int i;

    for (i = 0; i < n; i++) {
        for (field = type->fields; field->tag; field++)
            fill_field(items + (apr_size_t)i * type->size, field, depth);
    }
    return items;
}

static apr_size_t length_of(const unsigned char *field)
{
    return 6 + (field[2] | (apr_size_t)field[3] << 8 | (apr_size_t)field[4] << 16 | (apr_size_t)field[5] << 24);
}

/* IN with fields of every tag up to 100 and of two high ones that it does not have. */
static ccgw_buf_t add_unknown(ccgw_buf_t in)
{
    char *out = apr_palloc(pool, in.n + 102 * 11);
    const unsigned char *at = (const unsigned char *)in.p + 2, *end = (const unsigned char *)in.p + in.n;
    ccgw_buf_t made = { out, 2 };
    unsigned tag;

    memcpy(out, in.p, 2);
    for (tag = 1; tag <= 0xffff; tag = tag < 100 ? tag + 1 : tag == 100 ? 40000 : tag == 40000 ? 0xffff : 0x10000) {
        apr_size_t n = at < end && (at[0] | (unsigned)at[1] << 8) == tag ? length_of(at) : 0;

        if (n) {
            memcpy(out + made.n, at, n);
            at += n;
        }
        else {
            n = 11;
            memcpy(out + made.n, "\0\0\5\0\0\0newer", n);
            out[made.n] = (char)tag;
            out[made.n + 1] = (char)(tag >> 8);
        }
        made.n += n;
    }
    return made;
}

/* Decode a copy that ends where its block does. 1: taken, and stable; 0: refused; -1: neither. */
static int comes_back(const ccgw_record_type_t *type, const char *p, apr_size_t n, const ccgw_buf_t *want)
{
    ccgw_buf_t in = { malloc(n ? n : 1), n }, first = { 0 }, second = { 0 };
    apr_pool_t *scratch;
    apr_status_t rv;
    const char *json;
    int result;
    void *rec;

    memcpy((char *)(size_t)in.p, p, n);
    apr_pool_create(&scratch, pool);
    rec = apr_palloc(scratch, type->size);
    rv = ccgw_record_decode(rec, type, in, scratch);
    result = rv == APR_SUCCESS ? 1 : rv == CCGW_EDAMAGED || rv == CCGW_EFORMAT ? 0 : -1;
    if (result == 1) {
        ccgw_record_encode(&first, type, rec, scratch);
        rv = ccgw_record_dump(&json, type, rec, CCGW_FIELD_SECRET | CCGW_FIELD_TEXT, scratch);
        if (rv != APR_SUCCESS || ccgw_record_decode(rec, type, first, scratch) != APR_SUCCESS)
            result = -1;
        ccgw_record_encode(&second, type, rec, scratch);
        if (first.n != second.n || memcmp(first.p, second.p, first.n))
            result = -1;
        if (want && (first.n != want->n || memcmp(first.p, want->p, want->n)))
            result = -1;
    }
    apr_pool_destroy(scratch);
    free((char *)(size_t)in.p);
    return result;
}

static void test_stored(const ccgw_record_type_t *type)
{
    void *rec = make_items(type, 1, 1);
    int odd = 0, taken = 0;
    apr_size_t i, bit;
    ccgw_buf_t in, more;
    char *copy;

    ccgw_record_encode(&in, type, rec, pool);
    is_int(comes_back(type, in.p, in.n, &in), 1, "%s: what is written is read, byte for byte (%lu)", type->name,
           (unsigned long)in.n);
    more = add_unknown(in);
    is_int(comes_back(type, more.p, more.n, &more), 1, "%s: fields of a newer program are carried along", type->name);
    for (i = 0; i < in.n; i++)
        odd += comes_back(type, in.p, i, NULL) < 0;
    is_int(odd, 0, "%s: cut anywhere it is refused, or read and stable", type->name);
    copy = apr_pmemdup(pool, in.p, in.n);
    for (i = 0, odd = 0; i < in.n; i++) {
        for (bit = 0; bit < 8; bit++) {
            int result;

            copy[i] ^= (char)(1 << bit);
            result = comes_back(type, copy, in.n, NULL);
            copy[i] ^= (char)(1 << bit);
            odd += result < 0;
            taken += result > 0;
        }
    }
    is_int(odd, 0, "%s: with any one bit flipped too", type->name);
    ok(taken < (int)in.n * 8, "%s: some of them are refused", type->name);
}

static void test_all_stored(void)
{
    unsigned i;

    for (i = 0; i < sizeof stored / sizeof *stored; i++)
        test_stored(stored[i]);
}

/* No request sets a subject yet, so no dump of a server's state can show that it is hidden. */
static void test_words_of_session(void)
{
    ccgw_pair_t pair = { .key = "k-rex", .text = "v-rex", .kind = CCGW_PAIR_TEXT };
    const ccgw_session_t session = {
        .customer = "c-rex", .subject = "s-rex", .comment = "n-rex", .disposition = "d-rex", .data = &pair, .ndata = 1
    };
    const char *json;

    ccgw_record_dump(&json, &ccgw_session_record, &session, CCGW_FIELD_SECRET, pool);
    ok(!strstr(json, "-rex"), "a dump hides what people wrote into a session: %s", json);
    ccgw_record_dump(&json, &ccgw_session_record, &session, CCGW_FIELD_TEXT, pool);
    ok(strstr(json, "\"subject\":\"s-rex\"") != NULL, "and shows it when asked for");
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
    test_all_stored();
    test_words_of_session();
    apr_pool_destroy(pool);
    return done_testing();
}
