/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_record.c: packed tag-length-value records, driven by one table of fields per record type. */
#include "util/ccgw_record.h"

#include "ccgw_error.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"
#include "util/ccgw_str.h"

#include <string.h>

#define HEAD       2  /* bytes of the format number */
#define FIELD_HEAD 6  /* bytes of tag and length */
#define DEPTH_MAX  16 /* records inside records; damaged input must not eat the stack */

/* ---- little endian numbers, at any address ---- */

static apr_uint64_t read_le(const unsigned char *p, int n)
{
    apr_uint64_t value = 0;

    while (n--)
        value = value << 8 | p[n];
    return value;
}

static void put_le(ccgw_out_t *out, apr_uint64_t value, int n)
{
    unsigned char bytes[8];
    int i;

    for (i = 0; i < n; i++, value >>= 8)
        bytes[i] = (unsigned char)value;
    ccgw_out_put(out, bytes, (apr_size_t)n);
}

static void patch_le(ccgw_out_t *out, apr_size_t at, apr_uint64_t value, int n)
{
    for (; n--; at++, value >>= 8)
        out->p[at] = (char)value;
}

static const void *member(const void *rec, apr_size_t offset)
{
    return (const char *)rec + offset;
}

/* ---- encoding ---- */

static apr_status_t encode_into(ccgw_out_t *out, const ccgw_record_type_t *type, const void *rec, int depth);

static int is_left_out(const ccgw_field_t *field, const void *rec)
{
    const void *at = member(rec, field->offset);

    switch (field->kind) {
    case CCGW_FIELD_STR:
    case CCGW_FIELD_NESTED: return !*(const void *const *)at;
    case CCGW_FIELD_INT: return !*(const apr_int64_t *)at;
    case CCGW_FIELD_ENUM: return !*(const int *)at;
    case CCGW_FIELD_STRS: return ((const ccgw_strs_t *)at)->n <= 0;
    case CCGW_FIELD_LIST: return *(const int *)member(rec, field->count) <= 0;
    default: return 1;
    }
}

static void put_string(ccgw_out_t *out, const char *s)
{
    ccgw_out_put(out, s, strlen(s) + 1);
}

/* Items of a STRS or LIST: each has its length in 4 bytes before it. */
static apr_status_t put_items(ccgw_out_t *out, const ccgw_field_t *field, const void *rec, int depth)
{
    const void *at = member(rec, field->offset);
    const ccgw_strs_t *strs = at;
    int n = field->kind == CCGW_FIELD_STRS ? strs->n : *(const int *)member(rec, field->count);
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        apr_size_t head = out->n;

        put_le(out, 0, 4);
        if (field->kind == CCGW_FIELD_STRS)
            put_string(out, ccgw_str_or_empty(strs->v[i]));
        else
            rv = encode_into(out, field->of, *(const char *const *)at + (apr_size_t)i * field->of->size, depth + 1);
        patch_le(out, head, out->n - head - 4, 4);
    }
    return rv;
}

static apr_status_t put_field(ccgw_out_t *out, const ccgw_field_t *field, const void *rec, int depth)
{
    const void *at = member(rec, field->offset);
    apr_size_t head = out->n;
    apr_status_t rv = APR_SUCCESS;

    put_le(out, field->tag, 2);
    put_le(out, 0, 4);
    switch (field->kind) {
    case CCGW_FIELD_STR: put_string(out, *(const char *const *)at); break;
    case CCGW_FIELD_INT: put_le(out, *(const apr_uint64_t *)at, 8); break;
    case CCGW_FIELD_ENUM: put_le(out, (apr_uint32_t) * (const int *)at, 4); break;
    case CCGW_FIELD_NESTED: rv = encode_into(out, field->of, *(const void *const *)at, depth + 1); break;
    default: rv = put_items(out, field, rec, depth); break;
    }
    if (out->n - head > 0xffffffff)
        return CCGW_ELIMIT;
    patch_le(out, head + 2, out->n - head - FIELD_HEAD, 4);
    return rv;
}

/* Carry the unknown fields below tag LIMIT over, in their place in the order of tags. */
static void put_unknown(ccgw_out_t *out, ccgw_buf_t *unknown, apr_uint32_t limit)
{
    while (unknown->n >= FIELD_HEAD && read_le(unknown->p, 2) < limit) {
        apr_size_t n = FIELD_HEAD + read_le((const unsigned char *)unknown->p + 2, 4);

        if (n > unknown->n)
            return;
        ccgw_out_put(out, unknown->p, n);
        unknown->p = (const char *)unknown->p + n;
        unknown->n -= n;
    }
}

static apr_status_t encode_into(ccgw_out_t *out, const ccgw_record_type_t *type, const void *rec, int depth)
{
    ccgw_buf_t unknown = *(const ccgw_buf_t *)rec;
    const ccgw_field_t *field;
    apr_status_t rv;

    if (depth > DEPTH_MAX)
        return CCGW_ELIMIT;
    put_le(out, type->format, 2);
    for (field = type->fields; field->tag; field++) {
        put_unknown(out, &unknown, field->tag);
        if (is_left_out(field, rec))
            continue;
        rv = put_field(out, field, rec, depth);
        if (rv != APR_SUCCESS)
            return rv;
    }
    put_unknown(out, &unknown, 0x10000);
    return APR_SUCCESS;
}

apr_status_t ccgw_record_encode(ccgw_buf_t *out, const ccgw_record_type_t *type, const void *rec, apr_pool_t *pool)
{
    ccgw_out_t bytes;
    apr_status_t rv;

    ccgw_out_init(&bytes, 256, pool);
    rv = encode_into(&bytes, type, rec, 1);
    out->p = bytes.p;
    out->n = rv == APR_SUCCESS ? bytes.n : 0;
    return rv;
}

/* ---- decoding ---- */

static apr_status_t decode_from(void *rec, const ccgw_record_type_t *type, const unsigned char *p, apr_size_t n,
                                int depth, apr_pool_t *pool);

/* A string must end in its only zero byte. */
static int is_string(const unsigned char *p, apr_size_t n)
{
    return n && memchr(p, '\0', n) == p + n - 1;
}

/* The length of the item at P, or -1 when it does not fit into N bytes. */
static apr_int64_t item_length(const unsigned char *p, apr_size_t n)
{
    apr_uint64_t length;

    if (n < 4)
        return -1;
    length = read_le(p, 4);
    return length > n - 4 ? -1 : (apr_int64_t)length;
}

/* How many items there are; -1: they do not fill N bytes exactly. */
static int count_items(const unsigned char *p, apr_size_t n)
{
    int count = 0;

    for (; n; count++) {
        apr_int64_t length = item_length(p, n);

        if (length < 0)
            return -1;
        p += 4 + length;
        n -= 4 + (apr_size_t)length;
    }
    return count;
}

static apr_status_t take_strs(ccgw_strs_t *strs, const unsigned char *p, apr_size_t n, apr_pool_t *pool)
{
    int count = count_items(p, n), i;

    if (count < 0)
        return CCGW_EDAMAGED;
    strs->v = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof *strs->v);
    strs->n = count;
    for (i = 0; i < count; i++) {
        apr_size_t length = read_le(p, 4);

        if (!is_string(p + 4, length))
            return CCGW_EDAMAGED;
        strs->v[i] = (const char *)p + 4;
        p += 4 + length;
    }
    return APR_SUCCESS;
}

static apr_status_t take_list(void *rec, const ccgw_field_t *field, const unsigned char *p, apr_size_t n, int depth,
                              apr_pool_t *pool)
{
    int count = count_items(p, n), i;
    apr_status_t rv;
    char *items;

    if (count < 0)
        return CCGW_EDAMAGED;
    items = apr_palloc(pool, (apr_size_t)count * field->of->size + 1);
    for (i = 0; i < count; i++) {
        apr_size_t length = read_le(p, 4);

        rv = decode_from(items + (apr_size_t)i * field->of->size, field->of, p + 4, length, depth + 1, pool);
        if (rv != APR_SUCCESS)
            return rv;
        p += 4 + length;
    }
    memcpy((char *)rec + field->offset, &items, sizeof items);
    memcpy((char *)rec + field->count, &count, sizeof count);
    return APR_SUCCESS;
}

static apr_status_t take_field(void *rec, const ccgw_field_t *field, const unsigned char *p, apr_size_t n, int depth,
                               apr_pool_t *pool)
{
    void *at = (char *)rec + field->offset;
    void *nested;
    apr_status_t rv;

    switch (field->kind) {
    case CCGW_FIELD_STR:
        if (!is_string(p, n))
            return CCGW_EDAMAGED;
        *(const char **)at = (const char *)p;
        return APR_SUCCESS;
    case CCGW_FIELD_INT:
        if (n != 8)
            return CCGW_EDAMAGED;
        *(apr_uint64_t *)at = read_le(p, 8);
        return APR_SUCCESS;
    case CCGW_FIELD_ENUM:
        if (n != 4)
            return CCGW_EDAMAGED;
        *(int *)at = (int)(apr_uint32_t)read_le(p, 4);
        return APR_SUCCESS;
    case CCGW_FIELD_STRS: return take_strs(at, p, n, pool);
    case CCGW_FIELD_NESTED:
        nested = apr_palloc(pool, field->of->size);
        rv = decode_from(nested, field->of, p, n, depth + 1, pool);
        if (rv == APR_SUCCESS)
            *(void **)at = nested;
        return rv;
    default: return take_list(rec, field, p, n, depth, pool);
    }
}

/* Unknown fields usually stand together behind the known ones and stay a view; only scattered
 * ones are copied. */
static void take_unknown(ccgw_buf_t *unknown, const unsigned char *p, apr_size_t n, apr_pool_t *pool)
{
    char *joined;

    if (!unknown->n) {
        unknown->p = p;
    }
    else if ((const unsigned char *)unknown->p + unknown->n != p) {
        joined = apr_palloc(pool, unknown->n + n);
        memcpy(joined, unknown->p, unknown->n);
        memcpy(joined + unknown->n, p, n);
        unknown->p = joined;
    }
    unknown->n += n;
}

static apr_status_t decode_from(void *rec, const ccgw_record_type_t *type, const unsigned char *p, apr_size_t n,
                                int depth, apr_pool_t *pool)
{
    const ccgw_field_t *field = type->fields;
    apr_uint32_t last = 0;
    apr_status_t rv = APR_SUCCESS;

    memset(rec, 0, type->size);
    if (n < HEAD || depth > DEPTH_MAX || !read_le(p, 2))
        return CCGW_EDAMAGED;
    if (read_le(p, 2) > type->format)
        return CCGW_EFORMAT;
    for (p += HEAD, n -= HEAD; n && rv == APR_SUCCESS;) {
        apr_uint32_t tag;
        apr_size_t length;

        if (n < FIELD_HEAD)
            return CCGW_EDAMAGED;
        tag = (apr_uint32_t)read_le(p, 2);
        length = read_le(p + 2, 4);
        /* Tags only rise: a repeated or misplaced one is damage, and both lists can be walked
         * side by side. */
        if (tag <= last || length > n - FIELD_HEAD)
            return CCGW_EDAMAGED;
        last = tag;
        while (field->tag && field->tag < tag)
            field++;
        if (field->tag == tag)
            rv = take_field(rec, field, p + FIELD_HEAD, length, depth, pool);
        else
            take_unknown(rec, p, FIELD_HEAD + length, pool);
        p += FIELD_HEAD + length;
        n -= FIELD_HEAD + length;
    }
    return rv;
}

apr_status_t ccgw_record_decode(void *rec, const ccgw_record_type_t *type, ccgw_buf_t in, apr_pool_t *pool)
{
    return decode_from(rec, type, in.p, in.n, 1, pool);
}

/* ---- dump ---- */

static apr_status_t dump_into(ccgw_out_t *out, const ccgw_record_type_t *type, const void *rec, int show, int depth);

static void dump_strs(ccgw_out_t *out, const ccgw_strs_t *strs)
{
    int i;

    ccgw_out_putc(out, '[');
    for (i = 0; i < strs->n; i++) {
        if (i)
            ccgw_out_putc(out, ',');
        ccgw_json_quote(out, ccgw_str_or_empty(strs->v[i]));
    }
    ccgw_out_putc(out, ']');
}

static apr_status_t dump_list(ccgw_out_t *out, const ccgw_field_t *field, const void *rec, int show, int depth)
{
    const char *items = *(const char *const *)member(rec, field->offset);
    int n = *(const int *)member(rec, field->count), i;
    apr_status_t rv = APR_SUCCESS;

    ccgw_out_putc(out, '[');
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        if (i)
            ccgw_out_putc(out, ',');
        rv = dump_into(out, field->of, items + (apr_size_t)i * field->of->size, show, depth + 1);
    }
    ccgw_out_putc(out, ']');
    return rv;
}

/* Not every reader of JSON keeps a number of 64 bits exact. */
static void dump_int(ccgw_out_t *out, const ccgw_field_t *field, apr_int64_t number)
{
    char hex[17];

    if (!(field->flags & CCGW_FIELD_ID)) {
        ccgw_out_int(out, number);
        return;
    }
    ccgw_id_hex(hex, (ccgw_id_t)number);
    ccgw_json_quote(out, hex);
}

static apr_status_t dump_field(ccgw_out_t *out, const ccgw_field_t *field, const void *rec, int show, int depth)
{
    const void *at = member(rec, field->offset);

    if (field->flags & (CCGW_FIELD_SECRET | CCGW_FIELD_TEXT) & ~show) {
        ccgw_out_puts(out, "\"***\"");
        return APR_SUCCESS;
    }
    switch (field->kind) {
    case CCGW_FIELD_STR: ccgw_json_quote(out, *(const char *const *)at); return APR_SUCCESS;
    case CCGW_FIELD_INT: dump_int(out, field, *(const apr_int64_t *)at); return APR_SUCCESS;
    case CCGW_FIELD_ENUM: ccgw_out_int(out, *(const int *)at); return APR_SUCCESS;
    case CCGW_FIELD_STRS: dump_strs(out, at); return APR_SUCCESS;
    case CCGW_FIELD_NESTED: return dump_into(out, field->of, *(const void *const *)at, show, depth + 1);
    default: return dump_list(out, field, rec, show, depth);
    }
}

static apr_status_t dump_into(ccgw_out_t *out, const ccgw_record_type_t *type, const void *rec, int show, int depth)
{
    const ccgw_buf_t *unknown = rec;
    const ccgw_field_t *field;
    const char *comma = "";
    apr_status_t rv;

    if (depth > DEPTH_MAX)
        return CCGW_ELIMIT;
    ccgw_out_putc(out, '{');
    for (field = type->fields; field->tag; field++) {
        if (is_left_out(field, rec))
            continue;
        ccgw_out_puts(out, comma);
        ccgw_json_quote(out, field->name);
        ccgw_out_putc(out, ':');
        rv = dump_field(out, field, rec, show, depth);
        if (rv != APR_SUCCESS)
            return rv;
        comma = ",";
    }
    if (unknown->n)
        ccgw_out_printf(out, "%s\"(unknown bytes)\":%lu", comma, (unsigned long)unknown->n);
    ccgw_out_putc(out, '}');
    return APR_SUCCESS;
}

apr_status_t ccgw_record_dump(const char **json, const ccgw_record_type_t *type, const void *rec, int show,
                              apr_pool_t *pool)
{
    ccgw_out_t out;
    apr_status_t rv;

    ccgw_out_init(&out, 256, pool);
    rv = dump_into(&out, type, rec, show, 1);
    *json = out.p;
    return rv;
}
