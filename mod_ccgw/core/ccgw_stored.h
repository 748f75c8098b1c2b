/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_stored.h: what lies in which table of the store: its name, the type of its records, the parts of its keys. The
 * one place that knows all tables, for programs that look at a state from outside. */
#ifndef CCGW_STORED_H
#define CCGW_STORED_H

#include "ccgw_store.h"
#include "util/ccgw_record.h"

/** Letters of ccgw_stored_t.parts, one for each part of a key behind the tenant. */
#define CCGW_PART_TEXT     't'
#define CCGW_PART_NUMBER   'n'
#define CCGW_PART_ID       'i' /**< a session, as people see it: 16 hex digits */
#define CCGW_PART_CUSTOMER 'c' /**< a text that is shown with the texts only */

typedef struct ccgw_stored_t {
    ccgw_table_t table;
    const char *name;  /**< of the table, for people */
    const char *parts; /**< NULL: they differ by what the first one says; it is a text */
    const ccgw_record_type_t *type;
} ccgw_stored_t;

/** Row I of the list of tables, or NULL behind the last one. PARTS and TYPE are NULL where they differ. */
const ccgw_stored_t *ccgw_stored_table(int i);

/** What the record KEY of TABLE is. In static storage; NULL: nothing that this program knows. */
const ccgw_stored_t *ccgw_stored_find(ccgw_table_t table, ccgw_buf_t key);

/** What an event's body is, under the name "event"; PARTS are those of the mailbox called KEY. NULL: unknown. */
const ccgw_stored_t *ccgw_stored_box(ccgw_buf_t key);

/**
 * KEY as a JSON array of its parts behind the tenant; *tenant gets that one. SHOW as for ccgw_record_dump(). What does
 * not fit PARTS is shown as one part in hex digits. Both in POOL.
 */
void ccgw_stored_key(const char **tenant, const char **json, ccgw_buf_t key, const char *parts, int show,
                     apr_pool_t *pool);

#endif
