/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_look.c: a reader whose look does not hold, because somebody else commits meanwhile, gets the record as it was or
 * nothing, and never a mixture. */
#include <pthread.h>
#include <string.h>

#include "house.h"
#include "tap.h"
#include "util/ccgw_str.h"

#define LONGEST apr_time_from_sec(2)

static house_t *house;
static ccgw_buf_t key, value;
static int ended; /* atomic */

static apr_status_t change(int there)
{
    apr_pool_t *turn;
    ccgw_cursor_t at;
    ccgw_record_t record;
    ccgw_txn_t *txn;
    apr_status_t rv;

    apr_pool_create(&turn, NULL);
    rv = house->real->begin(&txn, house->core.store, ccgw_buf_str("demo"), turn);
    if (rv == APR_SUCCESS)
        rv = house->real->get(&record, txn, CCGW_TABLE_WORKBIN, key);
    if (rv == APR_SUCCESS)
        rv = there ? house->real->put(txn, CCGW_TABLE_WORKBIN, key, value, 0)
                   : house->real->del(txn, CCGW_TABLE_WORKBIN, key);
    if (rv == APR_SUCCESS)
        rv = house->real->commit(&at, txn, CCGW_DURABLE_MEMORY);
    apr_pool_destroy(turn);
    return rv;
}

static void *put_and_delete(void *baton)
{
    apr_status_t *rv = baton;
    int there = 0;

    while (*rv == APR_SUCCESS && !__atomic_load_n(&ended, __ATOMIC_ACQUIRE))
        *rv = change(there = !there);
    return NULL;
}

typedef struct seen_t {
    int there, gone, mixed;
} seen_t;

static void read_once(seen_t *seen, apr_pool_t *turn)
{
    ccgw_record_t record;
    ccgw_txn_t *txn;

    apr_pool_clear(turn);
    if (house->real->begin(&txn, house->core.store, ccgw_buf_str("demo"), turn) != APR_SUCCESS ||
        house->real->get(&record, txn, CCGW_TABLE_WORKBIN, key) != APR_SUCCESS)
        seen->mixed++;
    else if (record.version && record.value.n == value.n && !memcmp(record.value.p, value.p, value.n))
        seen->there++;
    else if (!record.version && !record.value.n && !record.due)
        seen->gone++;
    else
        seen->mixed++;
}

int main(void)
{
    apr_status_t rv = APR_SUCCESS;
    seen_t seen = { 0 };
    pthread_t writer;
    apr_pool_t *turn;
    apr_time_t stop;

    house = house_open();
    key = (ccgw_buf_t){ "demo\0item", 10 };
    value = ccgw_buf_str("a session that somebody parked");
    apr_pool_create(&turn, NULL);
    pthread_create(&writer, NULL, put_and_delete, &rv);
    for (stop = apr_time_now() + LONGEST; !seen.mixed && apr_time_now() < stop;)
        read_once(&seen, turn);
    __atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
    pthread_join(writer, NULL);
    is_int(rv, APR_SUCCESS, "a record is put and deleted all the time");
    ok(seen.there && seen.gone, "a reader sees it there (%d times) and gone (%d times)", seen.there, seen.gone);
    is_int(seen.mixed, 0, "and nothing in between");
    apr_pool_destroy(turn);
    house_close(house);
    return done_testing();
}
