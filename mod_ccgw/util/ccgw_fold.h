/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_fold.h: capital letters as small ones, to compare words whatever their case. */
#ifndef CCGW_FOLD_H
#define CCGW_FOLD_H

#include "ccgw_types.h"

/** N bytes of UTF-8 with the capitals of Latin, Greek, Cyrillic and Armenian made small; zero-terminated, in POOL, N bytes
 *  long. Other characters, and what is no UTF-8, stay as they are. Of no language in particular: a Turkish dotless i is
 *  a letter of its own. */
char *ccgw_fold(const char *text, apr_size_t n, apr_pool_t *pool);

#endif
