/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_step.c: the single steps of a merge: an object comes, changes, goes, or has to stay. */
#include "core/ccgw_floor_step.h"

#include <string.h>

#include <apr_strings.h>

#include "core/ccgw_session_store.h"

/* ---- what steps are made of ---- */

static apr_status_t put_bytes(ccgw_floor_merge_t *merge, ccgw_table_t table, ccgw_buf_t key, ccgw_buf_t value,
                              apr_time_t due)
{
    merge->bytes += key.n + value.n;
    return merge->provider->put(merge->txn, table, key, value, due);
}

static apr_status_t put_object(ccgw_floor_merge_t *merge, ccgw_floor_kind_t kind, const char *id, const void *rec)
{
    ccgw_buf_t key = ccgw_floor_object_key(merge->tenant, kind, id, merge->turn);
    ccgw_record_t record;
    ccgw_buf_t value;
    apr_status_t rv;

    rv = ccgw_record_encode(&value, &ccgw_floor_kinds[kind].record, rec, merge->turn);
    if (rv == APR_SUCCESS)
        rv = merge->provider->get(&record, merge->txn, CCGW_TABLE_FLOOR, key);
    if (rv != APR_SUCCESS || (record.version && !ccgw_buf_compare(record.value, value)))
        return rv;
    return put_bytes(merge, CCGW_TABLE_FLOOR, key, value, 0);
}

static apr_status_t del_object(ccgw_floor_merge_t *merge, ccgw_floor_kind_t kind, const char *id)
{
    ccgw_buf_t key = ccgw_floor_object_key(merge->tenant, kind, id, merge->turn);
    ccgw_record_t record;
    apr_status_t rv;

    rv = merge->provider->get(&record, merge->txn, CCGW_TABLE_FLOOR, key);
    if (rv != APR_SUCCESS || !record.version)
        return rv;
    return merge->provider->del(merge->txn, CCGW_TABLE_FLOOR, key);
}

apr_status_t ccgw_floor_holds(int *any, ccgw_floor_merge_t *merge, ccgw_table_t table, ccgw_buf_t prefix)
{
    ccgw_record_t *records;

    return merge->provider->range(&records, any, merge->txn, table, prefix, ccgw_key_after(prefix, merge->turn), 1);
}

static apr_status_t bin_holds(int *any, ccgw_floor_merge_t *merge, const char *workbin, const char *owner)
{
    return ccgw_floor_holds(any, merge, CCGW_TABLE_WORKBIN,
                            ccgw_workbin_prefix(merge->tenant, workbin, owner, merge->turn));
}

/* ---- steps ---- */

apr_status_t ccgw_floor_step_declare(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    return put_object(merge, step->kind, step->id, step->rec);
}

/* Who comes back is no longer gone. */
apr_status_t ccgw_floor_step_declare_agent(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    apr_status_t rv = put_object(merge, CCGW_FLOOR_AGENT, step->id, step->rec);

    return rv == APR_SUCCESS ? del_object(merge, CCGW_FLOOR_GONE, step->id) : rv;
}

/* Items lie under their owner's name: a workbin cannot change hands while it holds some. */
apr_status_t ccgw_floor_step_declare_workbin(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    const ccgw_workbin_def_t *def = step->rec;
    ccgw_buf_t key = ccgw_floor_object_key(merge->tenant, CCGW_FLOOR_WORKBIN, step->id, merge->turn);
    ccgw_workbin_def_t old;
    ccgw_record_t record;
    apr_status_t rv;
    int any = 0;

    rv = merge->provider->get(&record, merge->txn, CCGW_TABLE_FLOOR, key);
    if (rv == APR_SUCCESS && record.version) {
        rv = ccgw_record_decode(&old, &ccgw_floor_kinds[CCGW_FLOOR_WORKBIN].record, record.value, merge->turn);
        if (rv == APR_SUCCESS && (old.kind != def->kind || strcmp(old.group, def->group)))
            rv = bin_holds(&any, merge, step->id, NULL);
    }
    if (rv != APR_SUCCESS)
        return rv;
    if (any) {
        step->why_kept = apr_psprintf(merge->pool, "workbin \"%s\" holds items: it keeps its old owner", def->name);
        return APR_SUCCESS;
    }
    return put_object(merge, CCGW_FLOOR_WORKBIN, step->id, def);
}

apr_status_t ccgw_floor_step_open_box(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    merge->bytes += step->box.n;
    return merge->provider->open_box(merge->txn, step->box);
}

apr_status_t ccgw_floor_step_close_box(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    return merge->provider->close_box(merge->txn, step->box);
}

/* The step that would drop the workbin ran before and may have kept it. */
apr_status_t ccgw_floor_step_close_box_of_dropped(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    ccgw_record_t record;
    apr_status_t rv;

    rv = merge->provider->get(&record, merge->txn, CCGW_TABLE_FLOOR,
                              ccgw_floor_object_key(merge->tenant, CCGW_FLOOR_WORKBIN, step->id, merge->turn));
    if (rv != APR_SUCCESS || record.version)
        return rv;
    return merge->provider->close_box(merge->txn, step->box);
}

apr_status_t ccgw_floor_step_end_login(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    ccgw_record_t record;
    apr_status_t rv;

    rv = merge->provider->get(&record, merge->txn, CCGW_TABLE_LOGIN, step->box);
    if (rv != APR_SUCCESS || !record.version)
        return rv;
    return merge->provider->del(merge->txn, CCGW_TABLE_LOGIN, step->box);
}

/* Has agent ID items in his own workbins? */
static apr_status_t has_items(int *any, ccgw_floor_merge_t *merge, const char *id)
{
    const ccgw_workbin_def_t *bins = merge->stored[CCGW_FLOOR_WORKBIN];
    apr_status_t rv = APR_SUCCESS;
    int i;

    *any = 0;
    for (i = 0; rv == APR_SUCCESS && !*any && i < merge->nstored[CCGW_FLOOR_WORKBIN]; i++) {
        if (bins[i].kind == CCGW_OWNER_AGENT)
            rv = bin_holds(any, merge, bins[i].id, id);
    }
    return rv;
}

/* The presence of agent ID, zeroed when there is none, and why his definition cannot go yet; NULL: it can. */
static apr_status_t read_presence(ccgw_agent_t *presence, const char **why, ccgw_floor_merge_t *merge,
                                  const ccgw_agent_def_t *def)
{
    ccgw_record_t record;
    apr_status_t rv;
    int items = 0;

    *why = NULL;
    memset(presence, 0, sizeof *presence);
    rv = merge->provider->get(&record, merge->txn, CCGW_TABLE_AGENT,
                              ccgw_agent_key(merge->tenant, def->id, merge->turn));
    if (rv == APR_SUCCESS && record.version)
        rv = ccgw_record_decode(presence, &ccgw_agent_record, record.value, merge->turn);
    if (rv == APR_SUCCESS)
        rv = has_items(&items, merge, def->id);
    if (rv != APR_SUCCESS)
        return rv;
    if (presence->ntasks || items)
        *why = apr_psprintf(merge->pool,
                            "agent \"%s\" cannot sign in any more; his definition stays only because "
                            "contacts still refer to it",
                            def->login);
    else if (presence->open || presence->nchannels)
        *why = apr_psprintf(merge->pool,
                            "agent \"%s\" cannot sign in any more; his definition stays until his "
                            "presence is cleared away",
                            def->login);
    return APR_SUCCESS;
}

static apr_status_t del_presence(ccgw_floor_merge_t *merge, const char *id)
{
    return merge->provider->del(merge->txn, CCGW_TABLE_AGENT, ccgw_agent_key(merge->tenant, id, merge->turn));
}

/* His contacts go on to others by the deadline sweep, at once: it knows how, and runs in the children. */
static apr_status_t leave_to_sweep(ccgw_floor_merge_t *merge, ccgw_agent_t *presence)
{
    ccgw_buf_t value;
    apr_status_t rv;

    presence->logins.n = 0;
    presence->gone_at = 1;
    rv = ccgw_record_encode(&value, &ccgw_agent_record, presence, merge->turn);
    if (rv != APR_SUCCESS)
        return rv;
    return put_bytes(merge, CCGW_TABLE_AGENT, ccgw_agent_key(merge->tenant, presence->id, merge->turn), value, 1);
}

apr_status_t ccgw_floor_step_end_agent(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    ccgw_agent_t presence;
    apr_status_t rv;

    rv = read_presence(&presence, &step->why_kept, merge, step->rec);
    if (rv == APR_SUCCESS && step->why_kept && presence.id)
        rv = leave_to_sweep(merge, &presence);
    else if (rv == APR_SUCCESS && presence.id)
        rv = del_presence(merge, step->id);
    if (rv == APR_SUCCESS && step->why_kept)
        rv = put_object(merge, CCGW_FLOOR_GONE, step->id, step->rec);
    if (rv == APR_SUCCESS)
        rv = del_object(merge, CCGW_FLOOR_AGENT, step->id);
    if (rv == APR_SUCCESS)
        rv = merge->provider->close_box(merge->txn, ccgw_event_agent_box(merge->tenant, step->id, merge->turn));
    return rv;
}

apr_status_t ccgw_floor_step_forget_agent(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    ccgw_agent_t presence;
    apr_status_t rv;

    rv = read_presence(&presence, &step->why_kept, merge, step->rec);
    if (rv != APR_SUCCESS || step->why_kept)
        return rv;
    rv = presence.id ? del_presence(merge, step->id) : APR_SUCCESS;
    return rv == APR_SUCCESS ? del_object(merge, CCGW_FLOOR_GONE, step->id) : rv;
}

apr_status_t ccgw_floor_step_drop(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    return del_object(merge, step->kind, step->id);
}

/* Contacts wait under the queue's name, so one that only got another id can go. */
apr_status_t ccgw_floor_step_drop_queue(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    const ccgw_queue_def_t *def = step->rec;
    apr_status_t rv = APR_SUCCESS;
    int any = 0;

    if (!apr_hash_get(merge->queue_names, def->name, APR_HASH_KEY_STRING))
        rv = ccgw_floor_holds(&any, merge, CCGW_TABLE_QUEUE, ccgw_queue_prefix(merge->tenant, def->name, merge->turn));
    if (rv != APR_SUCCESS)
        return rv;
    if (any) {
        step->why_kept = apr_psprintf(merge->pool,
                                      "queue \"%s\" is no longer in the floor file, but contacts wait "
                                      "in it: it stays",
                                      def->name);
        return APR_SUCCESS;
    }
    return del_object(merge, CCGW_FLOOR_QUEUE, step->id);
}

apr_status_t ccgw_floor_step_drop_workbin(ccgw_floor_merge_t *merge, ccgw_floor_step_t *step)
{
    const ccgw_workbin_def_t *def = step->rec;
    apr_status_t rv;
    int any;

    rv = bin_holds(&any, merge, step->id, NULL);
    if (rv != APR_SUCCESS)
        return rv;
    if (any) {
        step->why_kept = apr_psprintf(merge->pool,
                                      "workbin \"%s\" is no longer in the floor file, but it holds "
                                      "items: it stays",
                                      def->name);
        return APR_SUCCESS;
    }
    if (ccgw_str_given(def->group)) {
        rv = merge->provider->close_box(merge->txn,
                                        ccgw_event_workbin_box(merge->tenant, step->id, def->group, merge->turn));
        if (rv != APR_SUCCESS)
            return rv;
    }
    return del_object(merge, CCGW_FLOOR_WORKBIN, step->id);
}
