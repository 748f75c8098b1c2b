/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_format.h: the formats a reply can have, and what their writers share. */
#ifndef CCGW_FORMAT_H
#define CCGW_FORMAT_H

#include "api/ccgw_shape.h"

/* What a member without a value (NULL, or optional and empty) becomes: nothing in JSON and JSV, i:nil in XML, an empty
 * cell in CSV. */
extern const ccgw_format_t ccgw_format_json;
extern const ccgw_format_t ccgw_format_jsv; /* ccgw_write_jsv.c */
extern const ccgw_format_t ccgw_format_xml; /* ccgw_write_xml.c: data contracts; types by ccgw_shape_t.xmlns */
extern const ccgw_format_t ccgw_format_csv; /* ccgw_write_csv.c */

/* ---- for the writers ---- */

/** TEXT with U+FFFD for what is not UTF-8; TEXT itself when there is nothing to mend. */
const char *ccgw_format_clean(const char *text, apr_pool_t *pool);
/** NAME with its first letter in upper case. */
void ccgw_format_pascal(ccgw_out_t *out, const char *name);

/** The state of ccgw_jsv_calls: OUT, the rest zero. */
typedef struct ccgw_jsv_t {
    ccgw_out_t *out;
    const char *name; /* of the next value; NULL in lists */
    int comma;        /* something stands before the next name or item */
} ccgw_jsv_t;

extern const ccgw_writer_t ccgw_jsv_calls;

#endif
