/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_merge.c: brings the floor file into the store.
 *
 * The difference between file and store becomes a list of steps per tenant. Steps may run twice: a batch
 * of them that conflicts runs again, and a merge that was killed is begun from the front. The head says
 * for which file that was finished. */
#include "core/ccgw_floor.h"

#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_floor_step.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_log.h"

/* A batch ends at either; far below a transaction's limits, since one step may read and write several records. */
#define BATCH_STEPS 512
#define BATCH_BYTES (256 * 1024)
/* Children of before a graceful restart may write meanwhile; a batch that loses this often is not going to win. */
#define BATCH_TRIES 200

/* ---- the list of steps ---- */

static ccgw_floor_step_t *add_step(ccgw_floor_merge_t *merge, ccgw_floor_step_fn_t *run, ccgw_floor_kind_t kind,
                                   const void *rec)
{
    ccgw_floor_step_t *step = apr_array_push(merge->steps);

    memset(step, 0, sizeof *step);
    step->run = run;
    step->kind = kind;
    step->rec = rec;
    step->id = kind == CCGW_FLOOR_TENANT ? NULL : ccgw_floor_object_id(kind, rec, merge->pool);
    return step;
}

static void declare_all(ccgw_floor_merge_t *merge, ccgw_floor_step_fn_t *run, ccgw_floor_kind_t kind,
                        const void *objects, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        const void *rec = (const char *)objects + (apr_size_t)i * ccgw_floor_kinds[kind].record.size;
        const ccgw_floor_step_t *step = add_step(merge, run, kind, rec);

        apr_hash_set(merge->declared[kind], step->id, APR_HASH_KEY_STRING, rec);
    }
}

/* Opening a box that is open keeps its events, so all are opened, whoever is new. */
static void open_boxes(ccgw_floor_merge_t *merge)
{
    const struct ccgw_floor_file_tenant_t *file = merge->file;
    int i, k;

    for (i = 0; i < file->nworkbins; i++) {
        const ccgw_workbin_def_t *bin = &file->workbins[i];

        if (bin->kind != CCGW_OWNER_AGENT) {
            add_step(merge, ccgw_floor_step_open_box, CCGW_FLOOR_WORKBIN, bin)->box =
                ccgw_event_workbin_box(merge->tenant, bin->id, bin->group, merge->pool);
            continue;
        }
        for (k = 0; k < file->nagents; k++)
            add_step(merge, ccgw_floor_step_open_box, CCGW_FLOOR_WORKBIN, bin)->box =
                ccgw_event_workbin_box(merge->tenant, bin->id, file->agents[k].id, merge->pool);
    }
}

/* Boxes of personal workbins of which either the agent or the workbin is dropped. */
static void close_boxes(ccgw_floor_merge_t *merge)
{
    const ccgw_workbin_def_t *bins = merge->stored[CCGW_FLOOR_WORKBIN];
    const ccgw_agent_def_t *agents = merge->stored[CCGW_FLOOR_AGENT];
    int i, k;

    for (i = 0; i < merge->nstored[CCGW_FLOOR_WORKBIN]; i++) {
        int stays = !!apr_hash_get(merge->declared[CCGW_FLOOR_WORKBIN], bins[i].id, APR_HASH_KEY_STRING);

        for (k = 0; bins[i].kind == CCGW_OWNER_AGENT && k < merge->nstored[CCGW_FLOOR_AGENT]; k++) {
            int here = !!apr_hash_get(merge->declared[CCGW_FLOOR_AGENT], agents[k].id, APR_HASH_KEY_STRING);

            if (stays && here)
                continue;
            add_step(merge, here ? ccgw_floor_step_close_box_of_dropped : ccgw_floor_step_close_box, CCGW_FLOOR_WORKBIN,
                     &bins[i])
                ->box = ccgw_event_workbin_box(merge->tenant, bins[i].id, agents[k].id, merge->pool);
        }
    }
}

/* RUN for each stored object of KIND that is not in the file. */
static void drop_all(ccgw_floor_merge_t *merge, ccgw_floor_step_fn_t *run, ccgw_floor_kind_t kind)
{
    int i;

    for (i = 0; i < merge->nstored[kind]; i++) {
        const void *rec = (const char *)merge->stored[kind] + (apr_size_t)i * ccgw_floor_kinds[kind].record.size;
        const char *id = ccgw_floor_object_id(kind, rec, merge->pool);

        if (!apr_hash_get(merge->declared[kind], id, APR_HASH_KEY_STRING))
            add_step(merge, run, kind, rec);
    }
}

static int is_dropped_agent(const ccgw_floor_merge_t *merge, const char *id)
{
    const ccgw_agent_def_t *agents = merge->stored[CCGW_FLOOR_AGENT];
    int i;

    if (!id || apr_hash_get(merge->declared[CCGW_FLOOR_AGENT], id, APR_HASH_KEY_STRING))
        return 0;
    for (i = 0; i < merge->nstored[CCGW_FLOOR_AGENT]; i++) {
        if (!strcmp(agents[i].id, id))
            return 1;
    }
    return 0;
}

/* A step for each login of an agent who goes; all logins of the tenant are looked at, once. */
static apr_status_t end_logins(ccgw_floor_merge_t *merge)
{
    ccgw_key_t prefix;
    ccgw_buf_t from, to;
    ccgw_txn_t *txn;
    apr_status_t rv;
    int n = 0, i;

    ccgw_key_begin(&prefix, merge->tenant, merge->pool);
    from = ccgw_key_buf(&prefix);
    to = ccgw_key_after(from, merge->pool);
    rv = merge->provider->begin(&txn, merge->store, ccgw_buf_str(merge->tenant->name), merge->pool);
    if (rv != APR_SUCCESS)
        return rv;
    do {
        ccgw_record_t *records;

        /* Unchecked: this only finds them; end_login() reads each again. */
        rv = merge->provider->scan(&records, &n, txn, CCGW_TABLE_LOGIN, from, to, CCGW_FLOOR_PAGE);
        for (i = 0; rv == APR_SUCCESS && i < n; i++) {
            ccgw_login_t login;

            rv = ccgw_record_decode(&login, &ccgw_login_record, records[i].value, merge->pool);
            if (rv == APR_SUCCESS && is_dropped_agent(merge, login.agent))
                add_step(merge, ccgw_floor_step_end_login, CCGW_FLOOR_TENANT, NULL)->box = records[i].key;
        }
        if (rv == APR_SUCCESS && n)
            from = ccgw_floor_next_key(records[n - 1].key, merge->pool);
    } while (rv == APR_SUCCESS && n == CCGW_FLOOR_PAGE);
    return rv;
}

static apr_status_t list_steps(ccgw_floor_merge_t *merge)
{
    const struct ccgw_floor_file_tenant_t *file = merge->file;
    apr_status_t rv;
    int i;

    for (i = 0; i < file->nqueues; i++)
        apr_hash_set(merge->queue_names, file->queues[i].name, APR_HASH_KEY_STRING, &file->queues[i]);
    add_step(merge, ccgw_floor_step_declare, CCGW_FLOOR_TENANT, merge->tenant);
    declare_all(merge, ccgw_floor_step_declare_agent, CCGW_FLOOR_AGENT, file->agents, file->nagents);
    declare_all(merge, ccgw_floor_step_declare, CCGW_FLOOR_QUEUE, file->queues, file->nqueues);
    declare_all(merge, ccgw_floor_step_declare, CCGW_FLOOR_NUMBER, file->numbers, file->nnumbers);
    declare_all(merge, ccgw_floor_step_declare_workbin, CCGW_FLOOR_WORKBIN, file->workbins, file->nworkbins);
    merge->declared[CCGW_FLOOR_GONE] = merge->declared[CCGW_FLOOR_AGENT];
    open_boxes(merge);
    rv = end_logins(merge);
    if (rv != APR_SUCCESS)
        return rv;
    drop_all(merge, ccgw_floor_step_end_agent, CCGW_FLOOR_AGENT);
    drop_all(merge, ccgw_floor_step_forget_agent, CCGW_FLOOR_GONE);
    drop_all(merge, ccgw_floor_step_drop, CCGW_FLOOR_NUMBER);
    drop_all(merge, ccgw_floor_step_drop_queue, CCGW_FLOOR_QUEUE);
    drop_all(merge, ccgw_floor_step_drop_workbin, CCGW_FLOOR_WORKBIN);
    close_boxes(merge);
    return APR_SUCCESS;
}

/* ---- running them ---- */

/* One attempt at the steps from FIRST on; *end: behind the last one of the batch. */
static apr_status_t try_batch(int *end, ccgw_floor_merge_t *merge, int first)
{
    apr_status_t rv;
    int i;

    merge->bytes = 0;
    rv = merge->provider->begin(&merge->txn, merge->store, ccgw_buf_str(merge->tenant->name), merge->turn);
    for (i = first; rv == APR_SUCCESS && i < merge->steps->nelts; i++) {
        ccgw_floor_step_t *step = &APR_ARRAY_IDX(merge->steps, i, ccgw_floor_step_t);

        if (i - first >= BATCH_STEPS || merge->bytes >= BATCH_BYTES)
            break;
        step->why_kept = NULL;
        rv = step->run(merge, step);
    }
    *end = i;
    return rv == APR_SUCCESS ? merge->provider->commit(NULL, merge->txn, CCGW_DURABLE_UNSET) : rv;
}

/* What a batch leaves to do once it is committed: words without their login, and what the administrator must know. */
static void conclude_batch(ccgw_floor_merge_t *merge, int first, int end)
{
    int i;

    for (i = first; i < end; i++) {
        const ccgw_floor_step_t *step = &APR_ARRAY_IDX(merge->steps, i, ccgw_floor_step_t);

        if (step->run == ccgw_floor_step_end_login)
            merge->provider->forget(merge->store, step->box);
        if (!step->why_kept)
            continue;
        merge->kept++;
        ccgw_log(CCGW_LOG_WARNING, APR_SUCCESS, "CCGW0350: tenant \"%s\": %s", merge->tenant->name, step->why_kept);
    }
}

static apr_status_t run_steps(ccgw_floor_merge_t *merge)
{
    apr_status_t rv = APR_SUCCESS;
    int first, end, tries;

    for (first = 0; first < merge->steps->nelts; first = end) {
        for (tries = 0; tries < BATCH_TRIES; tries++) {
            if (tries)
                apr_sleep(apr_time_from_msec(5));
            apr_pool_clear(merge->turn);
            rv = try_batch(&end, merge, first);
            if (rv != CCGW_ECONFLICT)
                break;
        }
        if (rv != APR_SUCCESS)
            return rv;
        conclude_batch(merge, first, end);
    }
    return APR_SUCCESS;
}

static apr_status_t read_stored(ccgw_floor_merge_t *merge)
{
    ccgw_txn_t *txn;
    apr_status_t rv;
    int kind;

    rv = merge->provider->begin(&txn, merge->store, ccgw_buf_str(merge->tenant->name), merge->pool);
    for (kind = 0; rv == APR_SUCCESS && kind < CCGW_FLOOR_KINDS; kind++)
        rv = ccgw_floor_objects(&merge->stored[kind], &merge->nstored[kind], merge->provider, txn, merge->tenant, kind,
                                merge->pool);
    return rv;
}

/* Has the tenant anything left that has a deadline, waits, or may have to be erased? Whatever has needs the tenant in the
 * index. */
static apr_status_t is_busy(int *busy, ccgw_floor_merge_t *merge)
{
    static const ccgw_table_t tables[] = { CCGW_TABLE_LOGIN,   CCGW_TABLE_SESSION,   CCGW_TABLE_MESSAGE,
                                           CCGW_TABLE_QUEUE,   CCGW_TABLE_AVAILABLE, CCGW_TABLE_WORKBIN,
                                           CCGW_TABLE_STREAM,  CCGW_TABLE_OUTBOX,    CCGW_TABLE_CONTACT,
                                           CCGW_TABLE_RECEIPT, CCGW_TABLE_RATE };
    ccgw_key_t prefix;
    apr_status_t rv;
    apr_size_t i;

    *busy = 0;
    ccgw_key_begin(&prefix, merge->tenant, merge->pool);
    rv = merge->provider->begin(&merge->txn, merge->store, ccgw_buf_str(merge->tenant->name), merge->turn);
    for (i = 0; rv == APR_SUCCESS && !*busy && i < sizeof tables / sizeof *tables; i++)
        rv = ccgw_floor_holds(busy, merge, tables[i], ccgw_key_buf(&prefix));
    return rv;
}

/* Who wanted no texts of a tenant that is no more. */
static apr_status_t forget_optouts(ccgw_floor_merge_t *merge)
{
    ccgw_record_t *records;
    ccgw_key_t prefix;
    apr_status_t rv;
    int i, n = 0;

    do {
        apr_pool_clear(merge->turn);
        ccgw_key_begin(&prefix, merge->tenant, merge->turn);
        rv = merge->provider->begin(&merge->txn, merge->store, ccgw_buf_str(merge->tenant->name), merge->turn);
        if (rv == APR_SUCCESS)
            rv = merge->provider->range(&records, &n, merge->txn, CCGW_TABLE_OPTOUT, ccgw_key_buf(&prefix),
                                        ccgw_key_after(ccgw_key_buf(&prefix), merge->turn), BATCH_STEPS);
        for (i = 0; rv == APR_SUCCESS && i < n; i++)
            rv = merge->provider->del(merge->txn, CCGW_TABLE_OPTOUT, records[i].key);
        if (rv == APR_SUCCESS)
            rv = merge->provider->commit(NULL, merge->txn, CCGW_DURABLE_UNSET);
    } while (rv == CCGW_ECONFLICT || (rv == APR_SUCCESS && n == BATCH_STEPS));
    return rv;
}

/* A tenant that left the file goes when nothing of it is under way any more. */
static apr_status_t drop_tenant(ccgw_floor_merge_t *merge)
{
    apr_status_t rv;
    int busy;

    rv = is_busy(&busy, merge);
    if (rv != APR_SUCCESS)
        return rv;
    if (busy || merge->kept) {
        merge->kept += busy;
        ccgw_log(CCGW_LOG_WARNING, APR_SUCCESS,
                 "CCGW0351: tenant \"%s\" is no longer in the floor file; it stays "
                 "until what is under way there has come to its end",
                 merge->tenant->name);
        return APR_SUCCESS;
    }
    rv = forget_optouts(merge);
    if (rv != APR_SUCCESS)
        return rv;
    apr_array_clear(merge->steps);
    add_step(merge, ccgw_floor_step_drop, CCGW_FLOOR_TENANT, merge->tenant);
    return run_steps(merge);
}

/* Bring one tenant in; FILE without objects for one that left. *KEPT: objects that had to stay. */
static apr_status_t merge_tenant(int *kept, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                                 const struct ccgw_floor_file_tenant_t *file, int left, apr_pool_t *pool)
{
    ccgw_floor_merge_t merge = {
        .provider = provider, .store = store, .tenant = &file->tenant, .file = file, .pool = pool
    };
    apr_status_t rv;
    int kind;

    for (kind = 0; kind < CCGW_FLOOR_KINDS; kind++)
        merge.declared[kind] = apr_hash_make(pool);
    merge.queue_names = apr_hash_make(pool);
    merge.steps = apr_array_make(pool, 256, sizeof(ccgw_floor_step_t));
    apr_pool_create(&merge.turn, pool);
    rv = read_stored(&merge);
    if (rv != APR_SUCCESS || (left && !merge.nstored[CCGW_FLOOR_TENANT]))
        return rv;
    if (left)
        merge.tenant = merge.stored[CCGW_FLOOR_TENANT];
    rv = list_steps(&merge);
    if (rv == APR_SUCCESS)
        rv = run_steps(&merge);
    if (rv == APR_SUCCESS && left)
        rv = drop_tenant(&merge);
    *kept = merge.kept;
    return rv;
}

/* ---- the head ---- */

static apr_status_t read_head(ccgw_floor_head_t *head, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                              apr_pool_t *pool)
{
    ccgw_txn_t *txn;
    apr_status_t rv;

    rv = provider->begin(&txn, store, ccgw_buf_str(CCGW_FLOOR_HEAD_TENANT), pool);
    return rv == APR_SUCCESS ? ccgw_floor_head_get(head, provider, txn, pool) : rv;
}

static apr_status_t write_head(const ccgw_store_provider_t *provider, ccgw_store_t *store, const char *hash,
                               const apr_array_header_t *tenants, apr_pool_t *pool)
{
    ccgw_floor_head_t head;
    ccgw_txn_t *txn;
    ccgw_buf_t value;
    apr_status_t rv;

    rv = provider->begin(&txn, store, ccgw_buf_str(CCGW_FLOOR_HEAD_TENANT), pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_floor_head_get(&head, provider, txn, pool);
    if (rv != APR_SUCCESS)
        return rv;
    head.hash = hash;
    head.tenants.v = (const char **)tenants->elts;
    head.tenants.n = tenants->nelts;
    rv = ccgw_record_encode(&value, &ccgw_floor_head_record, &head, pool);
    if (rv == APR_SUCCESS)
        rv = provider->put(txn, CCGW_TABLE_FLOOR, ccgw_floor_head_key(pool), value, 0);
    return rv == APR_SUCCESS ? provider->commit(NULL, txn, CCGW_DURABLE_UNSET) : rv;
}

static int is_declared(const ccgw_floor_file_t *file, const char *tenant)
{
    int i;

    for (i = 0; i < file->ntenants; i++) {
        if (!strcmp(file->tenants[i].tenant.name, tenant))
            return 1;
    }
    return 0;
}

/* The file's tenants in NAMES; with OLD's others behind them. */
static apr_array_header_t *list_tenants(const ccgw_floor_file_t *file, const ccgw_strs_t *old, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, file->ntenants + old->n + 1, sizeof(const char *));
    int i;

    for (i = 0; i < file->ntenants; i++)
        APR_ARRAY_PUSH(names, const char *) = file->tenants[i].tenant.name;
    for (i = 0; i < old->n; i++) {
        if (!is_declared(file, old->v[i]))
            APR_ARRAY_PUSH(names, const char *) = old->v[i];
    }
    return names;
}

apr_status_t ccgw_floor_merge(const ccgw_store_provider_t *provider, ccgw_store_t *store, const ccgw_floor_file_t *file,
                              apr_pool_t *scratch)
{
    static const ccgw_strs_t nobody;
    apr_array_header_t *names, *after;
    ccgw_floor_head_t head;
    apr_pool_t *turn;
    apr_status_t rv;
    int i, kept, kept_in_all = 0;

    rv = read_head(&head, provider, store, scratch);
    if (rv != APR_SUCCESS || (head.hash && !strcmp(head.hash, file->hash)))
        return rv;
    /* From here until the end the head belongs to no file: whichever one is there after a kill is merged whole. */
    names = list_tenants(file, &head.tenants, scratch);
    rv = write_head(provider, store, NULL, names, scratch);
    after = list_tenants(file, &nobody, scratch);
    apr_pool_create(&turn, scratch);
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; i++) {
        struct ccgw_floor_file_tenant_t left = { .tenant = { .name = APR_ARRAY_IDX(names, i, const char *) } };
        int has_left = i >= file->ntenants;

        apr_pool_clear(turn);
        kept = 0;
        rv = merge_tenant(&kept, provider, store, has_left ? &left : &file->tenants[i], has_left, turn);
        if (has_left && kept)
            APR_ARRAY_PUSH(after, const char *) = left.tenant.name;
        kept_in_all += kept;
    }
    if (rv != APR_SUCCESS)
        return rv;
    /* What stayed is looked at again by the next start, although the file is the same then. */
    return write_head(provider, store, kept_in_all ? NULL : file->hash, after, scratch);
}
