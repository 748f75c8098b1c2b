/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_record.h: how the objects of the floor are stored; for ccgw_floor*.c.
 *
 * Table FLOOR holds, per tenant: (tenant), (agent, id), (gone, id), (number, media and number), (queue, id),
 * (workbin, id). "gone" is the definition of an agent who is no longer in the file while contacts still name him: he
 * is found by id, and by nothing else. Beside the tenants, under a name no tenant can have, lies the head. */
#ifndef CCGW_FLOOR_RECORD_H
#define CCGW_FLOOR_RECORD_H

#include "core/ccgw_floor.h"

typedef enum ccgw_floor_kind_t {
    CCGW_FLOOR_TENANT,
    CCGW_FLOOR_AGENT,
    CCGW_FLOOR_GONE,
    CCGW_FLOOR_NUMBER,
    CCGW_FLOOR_QUEUE,
    CCGW_FLOOR_WORKBIN,
    CCGW_FLOOR_KINDS
} ccgw_floor_kind_t;

typedef struct ccgw_floor_kind_info_t {
    const char *name; /**< in keys; none begins another */
    ccgw_record_type_t record;
} ccgw_floor_kind_info_t;

extern const ccgw_floor_kind_info_t ccgw_floor_kinds[CCGW_FLOOR_KINDS];

/** What was merged last. */
typedef struct ccgw_floor_head_t {
    ccgw_buf_t unknown;
    const char *hash;    /**< of the file; NULL while a merge is not finished, or left something for the next start */
    ccgw_strs_t tenants; /**< names of all tenants that may have records */
} ccgw_floor_head_t;

extern const ccgw_record_type_t ccgw_floor_head_record;

/** The head's place: a tenant's name has no dot. */
#define CCGW_FLOOR_HEAD_TENANT "."

/** Records read at once. */
#define CCGW_FLOOR_PAGE 256

/** What tells an object from the others of its kind. In POOL, or the record's own. */
const char *ccgw_floor_object_id(ccgw_floor_kind_t kind, const void *rec, apr_pool_t *pool);

/** ID NULL: what all keys of the kind begin with. */
ccgw_buf_t ccgw_floor_object_key(const ccgw_tenant_t *tenant, ccgw_floor_kind_t kind, const char *id, apr_pool_t *pool);

/** All stored objects of a kind, unchecked, as an array of the kind's struct in POOL; strings live in the
 *  transaction's pool. */
apr_status_t ccgw_floor_objects(void **objects, int *n, const ccgw_store_provider_t *provider, ccgw_txn_t *txn,
                                const ccgw_tenant_t *tenant, ccgw_floor_kind_t kind, apr_pool_t *pool);

/** The least key above KEY, to go on behind a page. */
ccgw_buf_t ccgw_floor_next_key(ccgw_buf_t key, apr_pool_t *pool);

/** The head as stored, zeroed when there is none; checked. */
apr_status_t ccgw_floor_head_get(ccgw_floor_head_t *head, const ccgw_store_provider_t *provider, ccgw_txn_t *txn,
                                 apr_pool_t *pool);
/** The key of the head. */
ccgw_buf_t ccgw_floor_head_key(apr_pool_t *pool);

#endif
