/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_catalog.c: every dialect's tables are sound. "test_catalog NAME" prints its rows for t/catalog. */
#include "tap.h"

#include "api/ccgw_catalog.h"
#include "api/ccgw_route.h"
#include "dialect/evovoice/dialect.h"
#include "dialect/genesys/dialect.h"
#include "dialect/huawei/dialect.h"

#include <apr_general.h>

static const ccgw_dialect_t *const dialects[] = { &ccgw_dialect_genesys, &ccgw_dialect_huawei, &ccgw_dialect_evovoice };

#define NDIALECTS ((int)(sizeof(dialects) / sizeof(dialects[0])))

static int print(const char *name, apr_pool_t *pool)
{
    ccgw_out_t out;
    int i;

    for (i = 0; i < NDIALECTS; i++) {
        if (strcmp(dialects[i]->name, name))
            continue;
        ccgw_out_init(&out, 65536, pool);
        ccgw_catalog_print(&out, dialects[i]);
        return fwrite(out.p, 1, out.n, stdout) == out.n ? 0 : 1;
    }
    fprintf(stderr, "there is no dialect '%s'\n", name);
    return 2;
}

static void check(const ccgw_dialect_t *dialect, apr_pool_t *pool)
{
    const char *why = ccgw_catalog_check(dialect, pool);
    ccgw_router_t *router;
    apr_status_t rv;

    is_str(why, NULL, "the tables of %s are sound", dialect->name);
    rv = ccgw_router_make(&router, &why, dialect, pool);
    ok(rv == APR_SUCCESS, "no two rows of %s could match one request%s%s", dialect->name, why ? ": " : "",
       why ? why : "");
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    int i, rv = 0;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (argc > 1)
        rv = print(argv[1], pool);
    for (i = 0; argc <= 1 && i < NDIALECTS; i++)
        check(dialects[i], pool);
    if (argc <= 1)
        rv = done_testing();
    apr_pool_destroy(pool);
    apr_terminate();
    return rv;
}
