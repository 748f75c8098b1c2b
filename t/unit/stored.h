/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* stored.h: for tests of what goes: how much of something the house's store holds. */
#ifndef STORED_H
#define STORED_H

#include <string.h>

#include "core/ccgw_session_store.h"
#include "house.h"

/** All records of TABLE that the demo tenant has, in the house's pool. */
static inline int stored_all(ccgw_record_t **records, house_t *house, ccgw_table_t table)
{
    ccgw_key_t prefix;
    ccgw_txn_t *txn;
    int n = 0;

    ccgw_key_begin(&prefix, house->demo, house->pool);
    house->real->begin(&txn, house->core.store, ccgw_buf_str(house->demo->name), house->pool);
    house->real->scan(records, &n, txn, table, ccgw_key_buf(&prefix),
                      ccgw_key_after(ccgw_key_buf(&prefix), house->pool), 100000);
    return n;
}

static inline int stored_count(house_t *house, ccgw_table_t table)
{
    ccgw_record_t *records;

    return stored_all(&records, house, table);
}

static inline int stored_has(ccgw_buf_t bytes, const char *text)
{
    return memmem(bytes.p, bytes.n, text, strlen(text)) != NULL;
}

/** In how many records TEXT stands, in the key or the value. */
static inline int stored_holding(house_t *house, const char *text)
{
    ccgw_record_t *records;
    int table, i, n, found = 0;

    for (table = CCGW_TABLE_UNSET + 1; table < CCGW_TABLE_COUNT; table++) {
        n = stored_all(&records, house, table);
        for (i = 0; i < n; i++)
            found += stored_has(records[i].key, text) || stored_has(records[i].value, text);
    }
    return found;
}

/** Messages of session ID. */
static inline int stored_messages(house_t *house, ccgw_id_t id)
{
    ccgw_buf_t key = ccgw_session_key(house->demo, id, house->pool);
    ccgw_record_t *records;
    int i, n = stored_all(&records, house, CCGW_TABLE_MESSAGE), found = 0;

    for (i = 0; i < n; i++)
        found += records[i].key.n > key.n && !memcmp(records[i].key.p, key.p, key.n);
    return found;
}

#endif
