/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_catalog.h: all rows of the dialects in use, printed for people, README and tests. */
#ifndef CCGW_CATALOG_H
#define CCGW_CATALOG_H

#include "api/ccgw_op.h"

/** One line per row and path: id, dialect, method, root + path, selector or "-", role, page; tab separated. */
void ccgw_catalog_print(ccgw_out_t *out, const ccgw_dialect_t *dialect);

/** Check what a compiler cannot: offsets inside their structs, repeated names in a shape, verbs without a struct.
 *  NULL, or a sentence naming the row. */
const char *ccgw_catalog_check(const ccgw_dialect_t *dialect, apr_pool_t *pool);

#endif
