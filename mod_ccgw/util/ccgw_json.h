/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_json.h: the only door to the JSON library: parsing of what comes in. Replies are written by api/ccgw_shape.
 *
 * Trees belong to one thread and go with their pool. Depth of input is bounded. */
#ifndef CCGW_JSON_H
#define CCGW_JSON_H

#include "ccgw_str.h"

typedef struct ccgw_json_t ccgw_json_t; /**< one value of a parsed tree */

typedef enum ccgw_json_kind_t {
    CCGW_JSON_NONE, /**< kind of a NULL pointer */
    CCGW_JSON_NULL,
    CCGW_JSON_BOOL,
    CCGW_JSON_INT,
    CCGW_JSON_REAL,
    CCGW_JSON_STRING,
    CCGW_JSON_ARRAY,
    CCGW_JSON_OBJECT
} ccgw_json_kind_t;

/** Once per process before threads exist: seeds the library's hashing. */
void ccgw_json_start(void);

/** Parse N bytes of UTF-8. *why: a sentence with line and column, in POOL. CCGW_ESYNTAX when it is not JSON, holds a
 *  zero character or a repeated name, or is nested deeper than 32. */
apr_status_t ccgw_json_parse(const ccgw_json_t **json, const char **why, const char *text, apr_size_t n,
                             apr_pool_t *pool);

ccgw_json_kind_t ccgw_json_kind(const ccgw_json_t *json);
/** Member NAME of an object, or NULL (also when JSON is no object). */
const ccgw_json_t *ccgw_json_member(const ccgw_json_t *json, const char *name);
/** Number of array items or object members; 0 for the rest. */
int ccgw_json_size(const ccgw_json_t *json);
/** Item I of an array, or NULL. */
const ccgw_json_t *ccgw_json_item(const ccgw_json_t *json, int i);
/** Walk an object in its written order: *name and *value of member I. 0 when there is none. */
int ccgw_json_entry(const char **name, const ccgw_json_t **value, const ccgw_json_t *object, int i, apr_pool_t *pool);
/** The text of a string; NULL for the rest. Lives as long as the tree. */
const char *ccgw_json_text(const ccgw_json_t *json);
/** INT, REAL without fraction, or BOOL as 0/1; FALLBACK for the rest. */
apr_int64_t ccgw_json_int(const ccgw_json_t *json, apr_int64_t fallback);
/** The value as compact JSON text, in POOL. */
const char *ccgw_json_write(const ccgw_json_t *json, apr_pool_t *pool);

/** TEXT as a JSON string with its quotes; what is not UTF-8 becomes U+FFFD. */
void ccgw_json_quote(ccgw_out_t *out, const char *text);

#endif
