/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_stored.c: what lies in which table of the store, and keys for people to read. */
#include "core/ccgw_stored.h"

#include <string.h>

#include "core/ccgw_floor_record.h"
#include "core/ccgw_optout.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_rate.h"
#include "core/ccgw_session_store.h"
#include "core/ccgw_stream_record.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"

/* clang-format off */
static const ccgw_stored_t tables[] = {
    { CCGW_TABLE_FLOOR,     "floor",     NULL,   NULL },
    { CCGW_TABLE_LOGIN,     "login",     "t",    &ccgw_login_record },
    { CCGW_TABLE_AGENT,     "agent",     "t",    &ccgw_agent_record },
    { CCGW_TABLE_SESSION,   "session",   "i",    &ccgw_session_record },
    { CCGW_TABLE_MESSAGE,   "message",   "in",   &ccgw_message_record },
    { CCGW_TABLE_QUEUE,     "queue",     "tnin", &ccgw_pointer_record },
    { CCGW_TABLE_AVAILABLE, "available", "nnt",  &ccgw_pointer_record },
    { CCGW_TABLE_WORKBIN,   "workbin",   "tti",  &ccgw_pointer_record },
    { CCGW_TABLE_STREAM,    "stream",    "tt",   &ccgw_stream_record },
    { CCGW_TABLE_OUTBOX,    "outbox",    NULL,   NULL },
    { CCGW_TABLE_CONTACT,   "contact",   "ntc",  &ccgw_pointer_record },
    { CCGW_TABLE_RECEIPT,   "receipt",   "ntt",  &ccgw_pointer_record },
    { CCGW_TABLE_OPTOUT,    "optout",    "ntc",  &ccgw_optout_record },
    { CCGW_TABLE_RATE,      "rate",      "ntc",  &ccgw_rate_record },
};

/* Told apart by the first part of the key. */
static const struct { const char *first; ccgw_stored_t row; } kinds[] = {
    { "wait",    { CCGW_TABLE_OUTBOX, "outbox", "tin",  &ccgw_outbox_record } },
    { "done",    { CCGW_TABLE_OUTBOX, "outbox", "tnin", &ccgw_outbox_record } },
    { "head",    { CCGW_TABLE_FLOOR,  "floor",  "t",    &ccgw_floor_head_record } },
    { "tenant",  { CCGW_TABLE_FLOOR,  "floor",  "t",    &ccgw_floor_kinds[CCGW_FLOOR_TENANT].record } },
    { "agent",   { CCGW_TABLE_FLOOR,  "floor",  "tt",   &ccgw_floor_kinds[CCGW_FLOOR_AGENT].record } },
    { "gone",    { CCGW_TABLE_FLOOR,  "floor",  "tt",   &ccgw_floor_kinds[CCGW_FLOOR_GONE].record } },
    { "number",  { CCGW_TABLE_FLOOR,  "floor",  "tt",   &ccgw_floor_kinds[CCGW_FLOOR_NUMBER].record } },
    { "queue",   { CCGW_TABLE_FLOOR,  "floor",  "tt",   &ccgw_floor_kinds[CCGW_FLOOR_QUEUE].record } },
    { "workbin", { CCGW_TABLE_FLOOR,  "floor",  "tt",   &ccgw_floor_kinds[CCGW_FLOOR_WORKBIN].record } },
    { "a",       { CCGW_TABLE_UNSET,  "event",  "tt",   &ccgw_event_record } },
    { "w",       { CCGW_TABLE_UNSET,  "event",  "ttt",  &ccgw_event_record } },
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof *(array))

_Static_assert(COUNT(tables) == CCGW_TABLE_COUNT - 1, "a table is missing");

const ccgw_stored_t *ccgw_stored_table(int i)
{
    return i >= 0 && (apr_size_t)i < COUNT(tables) ? &tables[i] : NULL;
}

/* The text that is part I of KEY, the tenant being part 0; NULL: there is none. */
static const char *text_part(ccgw_buf_t key, int i)
{
    const char *p = key.p, *end = p + key.n, *zero;

    for (; (zero = memchr(p, '\0', (apr_size_t)(end - p))) != NULL; p = zero + 1) {
        if (!i--)
            return p;
    }
    return NULL;
}

static const ccgw_stored_t *find_kind(ccgw_table_t table, ccgw_buf_t key)
{
    const char *first = text_part(key, 1);
    apr_size_t i;

    for (i = 0; first && i < COUNT(kinds); i++) {
        if (kinds[i].row.table == table && !strcmp(kinds[i].first, first))
            return &kinds[i].row;
    }
    return NULL;
}

const ccgw_stored_t *ccgw_stored_find(ccgw_table_t table, ccgw_buf_t key)
{
    apr_size_t i;

    for (i = 0; i < COUNT(tables); i++) {
        if (tables[i].table == table)
            return tables[i].type ? &tables[i] : find_kind(table, key);
    }
    return NULL;
}

const ccgw_stored_t *ccgw_stored_box(ccgw_buf_t key)
{
    return find_kind(CCGW_TABLE_UNSET, key);
}

/* ---- keys ---- */

static apr_uint64_t read_number(const unsigned char *p)
{
    apr_uint64_t number = 0;
    int i;

    for (i = 0; i < 8; i++)
        number = number << 8 | p[i];
    return number;
}

/* Length of the part of kind PART at P with its zero byte; 0: there is no such part. */
static apr_size_t part_length(const char *p, apr_size_t n, char part)
{
    const char *zero;

    if (part == CCGW_PART_NUMBER || part == CCGW_PART_ID)
        return n < 8 ? 0 : 8;
    zero = memchr(p, '\0', n);
    return zero ? (apr_size_t)(zero - p) + 1 : 0;
}

static void put_part(ccgw_out_t *out, const char *p, char part, int show)
{
    char hex[17];

    if (part == CCGW_PART_NUMBER) {
        ccgw_out_int(out, (apr_int64_t)read_number((const unsigned char *)p));
    }
    else if (part == CCGW_PART_ID) {
        ccgw_id_hex(hex, read_number((const unsigned char *)p));
        ccgw_json_quote(out, hex);
    }
    else {
        ccgw_json_quote(out, part == CCGW_PART_CUSTOMER && !(show & CCGW_FIELD_TEXT) ? "***" : p);
    }
}

/* 0: KEY does not consist of PARTS. */
static int put_parts(ccgw_out_t *out, const char *p, apr_size_t n, const char *parts, int show)
{
    apr_size_t begin = out->n;

    for (; *parts; parts++) {
        apr_size_t length = part_length(p, n, *parts);

        if (!length)
            break;
        if (out->n > begin)
            ccgw_out_putc(out, ',');
        put_part(out, p, *parts, show);
        p += length;
        n -= length;
    }
    if (!*parts && !n)
        return 1;
    out->n = begin;
    return 0;
}

void ccgw_stored_key(const char **tenant, const char **json, ccgw_buf_t key, const char *parts, int show,
                     apr_pool_t *pool)
{
    apr_size_t n = strnlen(key.p, key.n), rest = n < key.n ? key.n - n - 1 : 0;
    const char *behind = (const char *)key.p + (key.n - rest);
    ccgw_buf_t name = { key.p, n };
    ccgw_out_t out;

    *tenant = ccgw_buf_copy(name, pool).p;
    ccgw_out_init(&out, 96, pool);
    ccgw_out_putc(&out, '[');
    if (!parts || !put_parts(&out, behind, rest, parts, show)) {
        /* a customer may be among it */
        ccgw_json_quote(&out, show & CCGW_FIELD_TEXT ? ccgw_hex(behind, rest, pool) : "***");
    }
    ccgw_out_putc(&out, ']');
    *json = out.p;
}
