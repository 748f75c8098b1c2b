/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_step.h: what a merge of the floor file is made of; for ccgw_floor_merge.c and ccgw_floor_step.c.
 *
 * Each step reads what it is about, checked, and writes only what is not as it should be: it may run twice. */
#ifndef CCGW_FLOOR_STEP_H
#define CCGW_FLOOR_STEP_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "core/ccgw_floor_record.h"

typedef struct ccgw_floor_merge_t ccgw_floor_merge_t;
typedef struct ccgw_floor_step_t ccgw_floor_step_t;

typedef apr_status_t ccgw_floor_step_fn_t(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step);

struct ccgw_floor_step_t {
    ccgw_floor_step_fn_t *run;
    ccgw_floor_kind_t kind;
    const char *id;
    const void *rec;      /* the object, as declared or as stored */
    ccgw_buf_t box;       /* mailbox, or a login's key */
    const char *why_kept; /* set by run() when the object had to stay */
};

struct ccgw_floor_merge_t {
    const ccgw_store_provider_t *provider;
    ccgw_store_t *store;
    const ccgw_tenant_t *tenant;
    const struct ccgw_floor_file_tenant_t *file; /* an empty one for a tenant that left the file */
    void *stored[CCGW_FLOOR_KINDS];
    int nstored[CCGW_FLOOR_KINDS];
    apr_hash_t *declared[CCGW_FLOOR_KINDS]; /* by id */
    apr_hash_t *queue_names;                /* of the file */
    apr_array_header_t *steps;              /* of ccgw_floor_step_t */
    int kept;                               /* objects that had to stay */
    apr_pool_t *pool;                       /* of the tenant's merge */
    ccgw_txn_t *txn;                        /* of the attempt under way, */
    apr_pool_t *turn;                       /* with its pool ... */
    apr_size_t bytes;                       /* ... and what it wrote */
};

/** Is there any record of TABLE below PREFIX? Checked. */
apr_status_t ccgw_floor_holds(int *any, ccgw_floor_merge_t *merge, ccgw_table_t table, ccgw_buf_t prefix);

/* All: step->rec is the object, step->id its id, step->box the mailbox, or a login's key. What had to stay says so in
 * step->why_kept. */
ccgw_floor_step_fn_t ccgw_floor_step_declare;
ccgw_floor_step_fn_t ccgw_floor_step_declare_agent;
ccgw_floor_step_fn_t ccgw_floor_step_declare_workbin;
ccgw_floor_step_fn_t ccgw_floor_step_open_box;
ccgw_floor_step_fn_t ccgw_floor_step_close_box;
ccgw_floor_step_fn_t ccgw_floor_step_close_box_of_dropped;
ccgw_floor_step_fn_t ccgw_floor_step_end_login;
ccgw_floor_step_fn_t ccgw_floor_step_end_agent;
ccgw_floor_step_fn_t ccgw_floor_step_forget_agent;
ccgw_floor_step_fn_t ccgw_floor_step_drop;
ccgw_floor_step_fn_t ccgw_floor_step_drop_queue;
ccgw_floor_step_fn_t ccgw_floor_step_drop_workbin;

#endif
