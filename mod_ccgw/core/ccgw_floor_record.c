/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_record.c: how the objects of the floor are stored, and where. */
#include "core/ccgw_floor_record.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const ccgw_field_t place_group_fields[] = {
    {1, CCGW_FIELD_STR,  "name",   offsetof(ccgw_place_group_t, name)},
    {2, CCGW_FIELD_STRS, "places", offsetof(ccgw_place_group_t, places)},
    {0}
};

static const ccgw_record_type_t place_group_record = {
    "place group", 1, sizeof(ccgw_place_group_t), place_group_fields
};

static const ccgw_field_t tenant_fields[] = {
    {1, CCGW_FIELD_STR,  "name",          offsetof(ccgw_tenant_t, name)},
    {2, CCGW_FIELD_STR,  "contactCenter", offsetof(ccgw_tenant_t, contact_center)},
    {3, CCGW_FIELD_STR,  "domain",        offsetof(ccgw_tenant_t, domain)},
    {4, CCGW_FIELD_STRS, "skills",        offsetof(ccgw_tenant_t, skills)},
    {5, CCGW_FIELD_STRS, "groups",        offsetof(ccgw_tenant_t, groups)},
    {6, CCGW_FIELD_LIST, "placeGroups",   offsetof(ccgw_tenant_t, place_groups), offsetof(ccgw_tenant_t, nplace_groups),
        &place_group_record},
    {0}
};

static const ccgw_field_t agent_fields[] = {
    { 1, CCGW_FIELD_STR,  "id",            offsetof(ccgw_agent_def_t, id)},
    { 2, CCGW_FIELD_STR,  "login",         offsetof(ccgw_agent_def_t, login)},
    { 3, CCGW_FIELD_INT,  "workNo",        offsetof(ccgw_agent_def_t, work_no)},
    { 4, CCGW_FIELD_STR,  "firstName",     offsetof(ccgw_agent_def_t, first_name)},
    { 5, CCGW_FIELD_STR,  "lastName",      offsetof(ccgw_agent_def_t, last_name)},
    { 6, CCGW_FIELD_STR,  "nickname",      offsetof(ccgw_agent_def_t, nickname)},
    { 7, CCGW_FIELD_STR,  "email",         offsetof(ccgw_agent_def_t, email)},
    { 8, CCGW_FIELD_STRS, "roles",         offsetof(ccgw_agent_def_t, roles)},
    { 9, CCGW_FIELD_STRS, "skills",        offsetof(ccgw_agent_def_t, skills)},
    {10, CCGW_FIELD_STRS, "groups",        offsetof(ccgw_agent_def_t, groups)},
    {11, CCGW_FIELD_STR,  "place",         offsetof(ccgw_agent_def_t, place)},
    {12, CCGW_FIELD_ENUM, "capacityVoice", offsetof(ccgw_agent_def_t, capacity_voice)},
    {13, CCGW_FIELD_ENUM, "capacityChat",  offsetof(ccgw_agent_def_t, capacity_chat)},
    {14, CCGW_FIELD_ENUM, "capacitySms",   offsetof(ccgw_agent_def_t, capacity_sms)},
    {0}
};

static const ccgw_field_t queue_fields[] = {
    {1, CCGW_FIELD_STR,  "id",     offsetof(ccgw_queue_def_t, id)},
    {2, CCGW_FIELD_STR,  "name",   offsetof(ccgw_queue_def_t, name)},
    {3, CCGW_FIELD_STRS, "skills", offsetof(ccgw_queue_def_t, skills)},
    {0}
};

static const ccgw_field_t number_fields[] = {
    {1, CCGW_FIELD_STR,  "number", offsetof(ccgw_number_def_t, number)},
    {2, CCGW_FIELD_ENUM, "media",  offsetof(ccgw_number_def_t, media)},
    {3, CCGW_FIELD_STR,  "queue",  offsetof(ccgw_number_def_t, queue)},
    {0}
};

static const ccgw_field_t workbin_fields[] = {
    {1, CCGW_FIELD_STR,  "id",          offsetof(ccgw_workbin_def_t, id)},
    {2, CCGW_FIELD_STR,  "name",        offsetof(ccgw_workbin_def_t, name)},
    {3, CCGW_FIELD_STR,  "displayName", offsetof(ccgw_workbin_def_t, display_name)},
    {4, CCGW_FIELD_ENUM, "kind",        offsetof(ccgw_workbin_def_t, kind)},
    {5, CCGW_FIELD_STR,  "group",       offsetof(ccgw_workbin_def_t, group)},
    {0}
};

static const ccgw_field_t head_fields[] = {
    {1, CCGW_FIELD_STR,  "hash",    offsetof(ccgw_floor_head_t, hash)},
    {2, CCGW_FIELD_STRS, "tenants", offsetof(ccgw_floor_head_t, tenants)},
    {0}
};

const ccgw_record_type_t ccgw_floor_head_record = {"floor", 1, sizeof(ccgw_floor_head_t), head_fields};

const ccgw_floor_kind_info_t ccgw_floor_kinds[CCGW_FLOOR_KINDS] = {
    [CCGW_FLOOR_TENANT]  = {"tenant",  {"tenant",  1, sizeof(ccgw_tenant_t),      tenant_fields}},
    [CCGW_FLOOR_AGENT]   = {"agent",   {"agent",   1, sizeof(ccgw_agent_def_t),   agent_fields}},
    [CCGW_FLOOR_GONE]    = {"gone",    {"agent",   1, sizeof(ccgw_agent_def_t),   agent_fields}},
    [CCGW_FLOOR_NUMBER]  = {"number",  {"number",  1, sizeof(ccgw_number_def_t),  number_fields}},
    [CCGW_FLOOR_QUEUE]   = {"queue",   {"queue",   1, sizeof(ccgw_queue_def_t),   queue_fields}},
    [CCGW_FLOOR_WORKBIN] = {"workbin", {"workbin", 1, sizeof(ccgw_workbin_def_t), workbin_fields}},
};
/* clang-format on */

const char *ccgw_floor_object_id(ccgw_floor_kind_t kind, const void *rec, apr_pool_t *pool)
{
    ccgw_out_t out;

    switch (kind) {
    case CCGW_FLOOR_AGENT:
    case CCGW_FLOOR_GONE: return ((const ccgw_agent_def_t *)rec)->id;
    case CCGW_FLOOR_QUEUE: return ((const ccgw_queue_def_t *)rec)->id;
    case CCGW_FLOOR_WORKBIN: return ((const ccgw_workbin_def_t *)rec)->id;
    case CCGW_FLOOR_NUMBER:
        ccgw_out_init(&out, 64, pool);
        ccgw_out_printf(&out, "%d %s", ((const ccgw_number_def_t *)rec)->media,
                        ((const ccgw_number_def_t *)rec)->number);
        return out.p;
    default: return "";
    }
}

ccgw_buf_t ccgw_floor_object_key(const ccgw_tenant_t *tenant, ccgw_floor_kind_t kind, const char *id, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, ccgw_floor_kinds[kind].name);
    if (id)
        ccgw_key_text(&key, id);
    return ccgw_key_buf(&key);
}

apr_status_t ccgw_floor_objects(void **objects, int *n, const ccgw_store_provider_t *provider, ccgw_txn_t *txn,
                                const ccgw_tenant_t *tenant, ccgw_floor_kind_t kind, apr_pool_t *pool)
{
    const ccgw_record_type_t *type = &ccgw_floor_kinds[kind].record;
    ccgw_buf_t from = ccgw_floor_object_key(tenant, kind, NULL, pool);
    ccgw_buf_t to = ccgw_key_after(from, pool);
    apr_size_t room = 0;
    char *items = NULL;
    apr_status_t rv = APR_SUCCESS;
    int page, i;

    *n = 0;
    do {
        ccgw_record_t *records;

        /* Unchecked: one parent writes the floor, and each object that is then changed is read again, checked. */
        rv = provider->scan(&records, &page, txn, CCGW_TABLE_FLOOR, from, to, CCGW_FLOOR_PAGE);
        for (i = 0; rv == APR_SUCCESS && i < page; i++) {
            if ((apr_size_t)*n == room) {
                char *more = apr_palloc(pool, (room = room ? 2 * room : 64) * type->size);

                if (*n)
                    memcpy(more, items, (apr_size_t)*n * type->size);
                items = more;
            }
            rv = ccgw_record_decode(items + (apr_size_t)(*n)++ * type->size, type, records[i].value, pool);
        }
        if (page > 0)
            from = ccgw_floor_next_key(records[page - 1].key, pool);
    } while (rv == APR_SUCCESS && page == CCGW_FLOOR_PAGE);
    *objects = items;
    return rv;
}

ccgw_buf_t ccgw_floor_next_key(ccgw_buf_t key, apr_pool_t *pool)
{
    ccgw_buf_t next = ccgw_buf_copy(key, pool);

    next.n++; /* the copy's own zero byte: nothing lies between a key and the key with a zero byte behind it */
    return next;
}

ccgw_buf_t ccgw_floor_head_key(apr_pool_t *pool)
{
    static const ccgw_tenant_t house = { .name = CCGW_FLOOR_HEAD_TENANT };
    ccgw_key_t key;

    ccgw_key_begin(&key, &house, pool);
    ccgw_key_text(&key, "head");
    return ccgw_key_buf(&key);
}

apr_status_t ccgw_floor_head_get(ccgw_floor_head_t *head, const ccgw_store_provider_t *provider, ccgw_txn_t *txn,
                                 apr_pool_t *pool)
{
    ccgw_record_t record;
    apr_status_t rv;

    memset(head, 0, sizeof *head);
    rv = provider->get(&record, txn, CCGW_TABLE_FLOOR, ccgw_floor_head_key(pool));
    if (rv != APR_SUCCESS || !record.version)
        return rv;
    return ccgw_record_decode(head, &ccgw_floor_head_record, record.value, pool);
}
