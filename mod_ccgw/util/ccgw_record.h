/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_record.h: packed tag-length-value records, driven by one table of fields per record type.
 *
 * One table serves encoder, decoder and the dump to JSON. Layout of a record: format number (2 bytes), then fields:
 * tag (2), length (4), value; all little endian. Fields that hold their zero value are left out. Tags this program
 * does not know are kept in the struct's UNKNOWN member and written back (rolling upgrades). Strings are stored with
 * their final zero byte, so a decoded string is a view into the input and a C string at once. */
#ifndef CCGW_RECORD_H
#define CCGW_RECORD_H

#include "ccgw_types.h"

typedef enum ccgw_field_kind_t {
    CCGW_FIELD_UNSET,
    CCGW_FIELD_STR,    /**< const char *; NULL is left out, "" is kept */
    CCGW_FIELD_INT,    /**< apr_int64_t or apr_uint64_t */
    CCGW_FIELD_ENUM,   /**< int */
    CCGW_FIELD_STRS,   /**< ccgw_strs_t */
    CCGW_FIELD_NESTED, /**< pointer to a struct described by OF; NULL is left out */
    CCGW_FIELD_LIST    /**< pointer to the first of an array of structs described by OF, then an int: the number */
} ccgw_field_kind_t;

/** May be shown by a dump only when asked for. */
#define CCGW_FIELD_SECRET 1
/** A customer's or agent's words: likewise. */
#define CCGW_FIELD_TEXT 2
/** INT: an id; a dump shows it as people see it elsewhere, in 16 hex digits. */
#define CCGW_FIELD_ID 4

typedef struct ccgw_record_type_t ccgw_record_type_t;

typedef struct ccgw_field_t {
    apr_uint16_t tag; /**< unique in its type, never reused, never 0 */
    ccgw_field_kind_t kind;
    const char *name;
    apr_size_t offset;
    apr_size_t count; /**< LIST: offset of the int */
    const ccgw_record_type_t *of;
    int flags;
} ccgw_field_t;

/** The described struct begins with a ccgw_buf_t that takes the unknown fields. */
struct ccgw_record_type_t {
    const char *name;
    apr_uint16_t format;
    apr_size_t size;
    const ccgw_field_t *fields; /**< in rising order of tags, ends with tag 0 */
};

/** Pack REC; *out lives in POOL. */
apr_status_t ccgw_record_encode(ccgw_buf_t *out, const ccgw_record_type_t *type, const void *rec, apr_pool_t *pool);

/**
 * Unpack IN into REC (TYPE->size bytes, overwritten whole). Strings and UNKNOWN are views into IN, which must live as
 * long; arrays and nested structs live in POOL.
 * @return CCGW_EFORMAT a newer format; CCGW_EDAMAGED lengths, terminators or tags that cannot be
 */
apr_status_t ccgw_record_decode(void *rec, const ccgw_record_type_t *type, ccgw_buf_t in, apr_pool_t *pool);

/** One line of JSON; secrets and texts are shown as "***" unless SHOW holds their flags. Lives in POOL. */
apr_status_t ccgw_record_dump(const char **json, const ccgw_record_type_t *type, const void *rec, int show,
                              apr_pool_t *pool);

#endif
