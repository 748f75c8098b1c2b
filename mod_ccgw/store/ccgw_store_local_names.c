/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_names.c: what a transaction has to say of the names it uses. */
#include "store/ccgw_store_local_names.h"

#include <string.h>

#define WALK_MAX 16

/* Table and key as one key for a hash. */
static ccgw_buf_t join_key(ccgw_table_t table, ccgw_buf_t key, apr_pool_t *pool)
{
    char *p = apr_palloc(pool, key.n + 1);
    ccgw_buf_t joined = { p, key.n + 1 };

    p[0] = (char)table;
    memcpy(p + 1, key.p, key.n);
    return joined;
}

static ccgw_local_name_t *look_up(const ccgw_local_names_t *names, ccgw_table_t table, ccgw_buf_t key, apr_pool_t *pool)
{
    int i;

    if (names->hash) {
        ccgw_buf_t joined = join_key(table, key, pool);

        return apr_hash_get(names->hash, joined.p, (apr_ssize_t)joined.n);
    }
    for (i = 0; i < names->n; i++) {
        ccgw_local_name_t *name = names->v[i];

        if (name->table == table && name->key.n == key.n && !memcmp(name->key.p, key.p, key.n))
            return name;
    }
    return NULL;
}

static void put_in_hash(ccgw_local_names_t *names, ccgw_local_name_t *name, apr_pool_t *pool)
{
    ccgw_buf_t joined = join_key(name->table, name->key, pool);

    apr_hash_set(names->hash, joined.p, (apr_ssize_t)joined.n, name);
}

static void add(ccgw_local_names_t *names, ccgw_local_name_t *name, apr_pool_t *pool)
{
    ccgw_local_name_t **grown;
    int i;

    if (names->n == names->size) {
        names->size = names->size ? names->size * 2 : 4;
        grown = apr_palloc(pool, (apr_size_t)names->size * sizeof *grown);
        if (names->n)
            memcpy(grown, names->v, (apr_size_t)names->n * sizeof *grown);
        names->v = grown;
    }
    names->v[names->n++] = name;
    if (names->hash) {
        put_in_hash(names, name, pool);
    }
    else if (names->n > WALK_MAX) {
        names->hash = apr_hash_make(pool);
        for (i = 0; i < names->n; i++)
            put_in_hash(names, names->v[i], pool);
    }
}

void *ccgw_local_name_find(const ccgw_local_names_t *names, ccgw_table_t table, ccgw_buf_t key, apr_pool_t *pool)
{
    const ccgw_local_name_t *name = look_up(names, table, key, pool);

    return name ? name->what : NULL;
}

void ccgw_local_name_set(ccgw_local_names_t *names, ccgw_table_t table, ccgw_buf_t key, void *what, apr_pool_t *pool)
{
    ccgw_local_name_t *name = look_up(names, table, key, pool);

    if (!name) {
        name = apr_palloc(pool, sizeof *name);
        name->table = table;
        name->key = key;
        name->what = what;
        add(names, name, pool);
    }
    name->what = what;
}
