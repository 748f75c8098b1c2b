/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor.c: the index over the floor: made once per child, then only read. */
#include "core/ccgw_floor.h"

#include "core/ccgw_floor_record.h"
#include "util/ccgw_id.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Longest name a look-up folds to lower case; the parser lets no longer ones in. */
#define FOLD_MAX 320

typedef struct shop_t {
    ccgw_tenant_t *tenant;
    void *objects[CCGW_FLOOR_KINDS]; /* arrays of the kind's struct, in the file's order */
    int counts[CCGW_FLOOR_KINDS];
    apr_hash_t *agents;   /* by id; those who are gone too */
    apr_hash_t *work_nos; /* by apr_int64_t */
    apr_hash_t *emails;   /* lower case */
    apr_hash_t *queues;   /* by name and by id */
    apr_hash_t *workbins; /* by id */
} shop_t;

/* Every key has its own table, so that no crafted name is taken for another kind's. Tables of this type are read by
 * several threads at once: apr_hash_get() writes nothing. */
struct ccgw_floor_t {
    apr_array_header_t *shops; /* of shop_t */
    apr_hash_t *tenants;       /* shop_t by name */
    apr_hash_t *tags;
    apr_hash_t *centers;
    apr_hash_t *logins;      /* agent by bare login; &ambiguous when two tenants have it */
    apr_hash_t *full_logins; /* agent by login@domain, the domain in lower case */
    apr_hash_t *numbers[CCGW_MEDIA_COUNT];
};

static const ccgw_agent_def_t ambiguous;

/* ---- names ---- */

/* NAME from its offset FROM on in lower case; NULL: too long to be anybody's. */
static const char *fold(char buf[FOLD_MAX], const char *name, apr_size_t from)
{
    apr_size_t n = strlen(name), i;

    if (n >= FOLD_MAX)
        return NULL;
    for (i = 0; i <= n; i++)
        buf[i] = i < from ? name[i] : (char)apr_tolower(name[i]);
    return buf;
}

static void enter(apr_hash_t *table, const char *name, const void *value)
{
    if (ccgw_str_given(name) && !apr_hash_get(table, name, APR_HASH_KEY_STRING))
        apr_hash_set(table, name, APR_HASH_KEY_STRING, value);
}

static const void *look_up(apr_hash_t *table, const char *name)
{
    return ccgw_str_given(name) ? apr_hash_get(table, name, APR_HASH_KEY_STRING) : NULL;
}

/* ---- the file's order ---- */

typedef struct place_t {
    int rank;  /* in the file; behind all of them for what only the store has */
    int index; /* in the store */
} place_t;

static int by_rank(const void *a, const void *b)
{
    const place_t *x = a, *y = b;

    return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : x->index - y->index;
}

/* The file's array of KIND in TENANT. */
static const char *declared(int *n, const struct ccgw_floor_file_tenant_t *tenant, ccgw_floor_kind_t kind)
{
    *n = 0;
    if (!tenant)
        return NULL;
    switch (kind) {
    case CCGW_FLOOR_AGENT: *n = tenant->nagents; return (const char *)tenant->agents;
    case CCGW_FLOOR_QUEUE: *n = tenant->nqueues; return (const char *)tenant->queues;
    case CCGW_FLOOR_NUMBER: *n = tenant->nnumbers; return (const char *)tenant->numbers;
    case CCGW_FLOOR_WORKBIN: *n = tenant->nworkbins; return (const char *)tenant->workbins;
    default: return NULL;
    }
}

static void *sort_as_declared(const char *stored, int n, const struct ccgw_floor_file_tenant_t *file,
                              ccgw_floor_kind_t kind, apr_pool_t *pool)
{
    apr_size_t size = ccgw_floor_kinds[kind].record.size;
    apr_hash_t *ranks = apr_hash_make(pool);
    place_t *places = apr_palloc(pool, (apr_size_t)(n + 1) * sizeof *places);
    char *sorted = apr_palloc(pool, (apr_size_t)(n + 1) * size);
    const char *first;
    int i, count;

    first = declared(&count, file, kind);
    for (i = 0; i < count; i++) {
        const void *object = first + (apr_size_t)i * size;

        apr_hash_set(ranks, ccgw_floor_object_id(kind, object, pool), APR_HASH_KEY_STRING, object);
    }
    for (i = 0; i < n; i++) {
        const void *object = stored + (apr_size_t)i * size;
        const char *same = apr_hash_get(ranks, ccgw_floor_object_id(kind, object, pool), APR_HASH_KEY_STRING);

        places[i].rank = same ? (int)((apr_size_t)(same - first) / size) : INT_MAX;
        places[i].index = i;
    }
    qsort(places, (size_t)n, sizeof *places, by_rank);
    for (i = 0; i < n; i++)
        memcpy(sorted + (apr_size_t)i * size, stored + (apr_size_t)places[i].index * size, size);
    return sorted;
}

/* ---- loading ---- */

static ccgw_role_t highest_role(const ccgw_agent_def_t *agent)
{
    if (ccgw_strs_have(&agent->roles, "admin"))
        return CCGW_ROLE_ADMIN;
    if (ccgw_strs_have(&agent->roles, "supervisor"))
        return CCGW_ROLE_SUPERVISOR;
    return ccgw_strs_have(&agent->roles, "agent") ? CCGW_ROLE_AGENT : CCGW_ROLE_NOBODY;
}

static void enter_agent(ccgw_floor_t *floor, shop_t *shop, ccgw_agent_def_t *agent, apr_pool_t *pool)
{
    const char *domain = ccgw_str_or_empty(shop->tenant->domain);
    char folded[FOLD_MAX];

    agent->tenant = shop->tenant;
    agent->role = highest_role(agent);
    enter(shop->agents, agent->id, agent);
    apr_hash_set(shop->work_nos, &agent->work_no, sizeof agent->work_no, agent);
    if (ccgw_str_given(agent->email) && fold(folded, agent->email, 0))
        enter(shop->emails, apr_pstrdup(pool, folded), agent);
    if (look_up(floor->logins, agent->login))
        apr_hash_set(floor->logins, agent->login, APR_HASH_KEY_STRING, &ambiguous);
    else
        enter(floor->logins, agent->login, agent);
    if (*domain && fold(folded, domain, 0))
        enter(floor->full_logins, apr_pstrcat(pool, agent->login, "@", folded, NULL), agent);
}

/* Who is gone keeps his name for the contacts that mention him, and can do nothing any more. */
static void enter_gone(shop_t *shop, ccgw_agent_def_t *agent)
{
    agent->tenant = shop->tenant;
    agent->role = CCGW_ROLE_NOBODY;
    agent->roles.n = agent->skills.n = agent->groups.n = 0;
    agent->capacity_voice = agent->capacity_chat = agent->capacity_sms = 0;
    enter(shop->agents, agent->id, agent);
}

static void enter_objects(ccgw_floor_t *floor, shop_t *shop, apr_pool_t *pool)
{
    ccgw_agent_def_t *agents = shop->objects[CCGW_FLOOR_AGENT];
    ccgw_agent_def_t *gone = shop->objects[CCGW_FLOOR_GONE];
    ccgw_queue_def_t *queues = shop->objects[CCGW_FLOOR_QUEUE];
    ccgw_number_def_t *numbers = shop->objects[CCGW_FLOOR_NUMBER];
    ccgw_workbin_def_t *workbins = shop->objects[CCGW_FLOOR_WORKBIN];
    int i;

    for (i = 0; i < shop->counts[CCGW_FLOOR_AGENT]; i++)
        enter_agent(floor, shop, &agents[i], pool);
    for (i = 0; i < shop->counts[CCGW_FLOOR_GONE]; i++)
        enter_gone(shop, &gone[i]);
    for (i = 0; i < shop->counts[CCGW_FLOOR_QUEUE]; i++)
        enter(shop->queues, queues[i].name, &queues[i]);
    for (i = 0; i < shop->counts[CCGW_FLOOR_QUEUE]; i++)
        enter(shop->queues, queues[i].id, &queues[i]);
    for (i = 0; i < shop->counts[CCGW_FLOOR_WORKBIN]; i++)
        enter(shop->workbins, workbins[i].id, &workbins[i]);
    for (i = 0; i < shop->counts[CCGW_FLOOR_NUMBER]; i++) {
        numbers[i].tenant = shop->tenant;
        if (numbers[i].media > CCGW_MEDIA_UNSET && numbers[i].media < CCGW_MEDIA_COUNT)
            enter(floor->numbers[numbers[i].media], numbers[i].number, &numbers[i]);
    }
}

static void enter_tenant(ccgw_floor_t *floor, shop_t *shop, apr_pool_t *pool)
{
    ccgw_tenant_t *tenant = shop->tenant;

    tenant->tag = apr_pstrmemdup(pool, ccgw_id_hash(tenant->name, pool), 8);
    enter(floor->tenants, tenant->name, shop);
    enter(floor->tags, tenant->tag, shop);
    enter(floor->centers, tenant->contact_center, shop);
    shop->agents = apr_hash_make(pool);
    shop->work_nos = apr_hash_make(pool);
    shop->emails = apr_hash_make(pool);
    shop->queues = apr_hash_make(pool);
    shop->workbins = apr_hash_make(pool);
}

static apr_status_t load_tenant(ccgw_floor_t *floor, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                                const char *name, const struct ccgw_floor_file_tenant_t *file, apr_pool_t *pool)
{
    const ccgw_tenant_t sought = { .name = name };
    shop_t *shop = apr_array_push(floor->shops);
    ccgw_txn_t *txn;
    apr_status_t rv;
    int kind;

    memset(shop, 0, sizeof *shop);
    rv = provider->begin(&txn, store, ccgw_buf_str(name), pool);
    for (kind = 0; rv == APR_SUCCESS && kind < CCGW_FLOOR_KINDS; kind++) {
        void *stored;
        int n;

        rv = ccgw_floor_objects(&stored, &n, provider, txn, &sought, kind, pool);
        if (rv != APR_SUCCESS)
            return rv;
        shop->objects[kind] = sort_as_declared(stored, n, file, kind, pool);
        shop->counts[kind] = n;
    }
    if (rv != APR_SUCCESS)
        return rv;
    if (!shop->counts[CCGW_FLOOR_TENANT]) {
        apr_array_pop(floor->shops);
        return APR_SUCCESS;
    }
    shop->tenant = shop->objects[CCGW_FLOOR_TENANT];
    enter_tenant(floor, shop, pool);
    enter_objects(floor, shop, pool);
    return APR_SUCCESS;
}

static ccgw_floor_t *make_floor(int ntenants, apr_pool_t *pool)
{
    ccgw_floor_t *floor = apr_pcalloc(pool, sizeof *floor);
    int i;

    /* Look-ups keep addresses of its elements: it has its full size at once and is never moved. */
    floor->shops = apr_array_make(pool, ntenants + 1, sizeof(shop_t));
    floor->tenants = apr_hash_make(pool);
    floor->tags = apr_hash_make(pool);
    floor->centers = apr_hash_make(pool);
    floor->logins = apr_hash_make(pool);
    floor->full_logins = apr_hash_make(pool);
    for (i = 0; i < CCGW_MEDIA_COUNT; i++)
        floor->numbers[i] = apr_hash_make(pool);
    return floor;
}

/* Tenants that left the file but still hold work stand only in the head; they are loaded too, so that their deadlines
 * are met. */
apr_status_t ccgw_floor_load(const ccgw_floor_t **result, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                             const ccgw_floor_file_t *file, apr_pool_t *pool)
{
    ccgw_floor_head_t head;
    ccgw_floor_t *floor;
    ccgw_txn_t *txn;
    apr_status_t rv;
    int i;

    rv = provider->begin(&txn, store, ccgw_buf_str(CCGW_FLOOR_HEAD_TENANT), pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_floor_head_get(&head, provider, txn, pool);
    if (rv != APR_SUCCESS)
        return rv;
    floor = make_floor(file->ntenants + head.tenants.n, pool);
    for (i = 0; rv == APR_SUCCESS && i < file->ntenants; i++)
        rv = load_tenant(floor, provider, store, file->tenants[i].tenant.name, &file->tenants[i], pool);
    for (i = 0; rv == APR_SUCCESS && i < head.tenants.n; i++) {
        if (!look_up(floor->tenants, head.tenants.v[i]))
            rv = load_tenant(floor, provider, store, head.tenants.v[i], NULL, pool);
    }
    if (rv == APR_SUCCESS)
        *result = floor;
    return rv;
}

/* ---- look-ups ---- */

static const ccgw_tenant_t *tenant_of(const void *shop)
{
    return shop ? ((const shop_t *)shop)->tenant : NULL;
}

static const shop_t *shop_of(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant)
{
    return tenant ? look_up(floor->tenants, tenant->name) : NULL;
}

const ccgw_tenant_t *ccgw_floor_tenant(const ccgw_floor_t *floor, const char *name)
{
    return tenant_of(look_up(floor->tenants, name));
}

const ccgw_tenant_t *ccgw_floor_tenant_by_tag(const ccgw_floor_t *floor, const char *tag)
{
    return tenant_of(look_up(floor->tags, tag));
}

const ccgw_tenant_t *ccgw_floor_tenant_by_center(const ccgw_floor_t *floor, const char *contact_center)
{
    return tenant_of(look_up(floor->centers, contact_center));
}

const ccgw_agent_def_t *ccgw_floor_agent_by_login(const ccgw_floor_t *floor, const char *name)
{
    const char *at = name ? strrchr(name, '@') : NULL;
    const ccgw_agent_def_t *agent = NULL;
    char folded[FOLD_MAX];

    if (at && fold(folded, name, (apr_size_t)(at - name)))
        agent = look_up(floor->full_logins, folded);
    if (!agent)
        agent = look_up(floor->logins, name);
    return agent == &ambiguous ? NULL : agent;
}

const ccgw_agent_def_t *ccgw_floor_agent(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, const char *id)
{
    const shop_t *shop = shop_of(floor, tenant);

    return shop ? look_up(shop->agents, id) : NULL;
}

const ccgw_agent_def_t *ccgw_floor_agent_by_work_no(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant,
                                                    apr_int64_t work_no)
{
    const shop_t *shop = shop_of(floor, tenant);

    return shop ? apr_hash_get(shop->work_nos, &work_no, sizeof work_no) : NULL;
}

const ccgw_agent_def_t *ccgw_floor_agent_by_email(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant,
                                                  const char *email)
{
    const shop_t *shop = shop_of(floor, tenant);
    char folded[FOLD_MAX];

    return shop && email ? look_up(shop->emails, fold(folded, email, 0)) : NULL;
}

const ccgw_agent_def_t *ccgw_floor_find_agent(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, const char *name)
{
    const ccgw_agent_def_t *agent = ccgw_floor_agent(floor, tenant, name);

    if (!agent)
        agent = ccgw_floor_agent_by_email(floor, tenant, name);
    if (!agent)
        agent = ccgw_floor_agent_by_login(floor, name);
    return agent && agent->tenant == tenant ? agent : NULL;
}

const ccgw_queue_def_t *ccgw_floor_queue(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, const char *name)
{
    const shop_t *shop = shop_of(floor, tenant);

    return shop ? look_up(shop->queues, name) : NULL;
}

const ccgw_number_def_t *ccgw_floor_number(const ccgw_floor_t *floor, ccgw_media_t media, const char *number)
{
    if (media <= CCGW_MEDIA_UNSET || media >= CCGW_MEDIA_COUNT)
        return NULL;
    return look_up(floor->numbers[media], number);
}

const ccgw_workbin_def_t *ccgw_floor_workbin(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, const char *id)
{
    const shop_t *shop = shop_of(floor, tenant);

    return shop ? look_up(shop->workbins, id) : NULL;
}

/* ---- lists ---- */

static const void *object_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, ccgw_floor_kind_t kind, int i)
{
    const shop_t *shop = shop_of(floor, tenant);

    if (!shop || i < 0 || i >= shop->counts[kind])
        return NULL;
    return (const char *)shop->objects[kind] + (apr_size_t)i * ccgw_floor_kinds[kind].record.size;
}

const ccgw_tenant_t *ccgw_floor_tenant_at(const ccgw_floor_t *floor, int i)
{
    return i >= 0 && i < floor->shops->nelts ? APR_ARRAY_IDX(floor->shops, i, shop_t).tenant : NULL;
}

const ccgw_agent_def_t *ccgw_floor_agent_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, int i)
{
    return object_at(floor, tenant, CCGW_FLOOR_AGENT, i);
}

const ccgw_queue_def_t *ccgw_floor_queue_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, int i)
{
    return object_at(floor, tenant, CCGW_FLOOR_QUEUE, i);
}

const ccgw_workbin_def_t *ccgw_floor_workbin_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, int i)
{
    return object_at(floor, tenant, CCGW_FLOOR_WORKBIN, i);
}

const ccgw_number_def_t *ccgw_floor_number_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, int i)
{
    return object_at(floor, tenant, CCGW_FLOOR_NUMBER, i);
}

/* ---- questions ---- */

int ccgw_floor_serves(const ccgw_agent_def_t *agent, const ccgw_queue_def_t *queue)
{
    int i;

    for (i = 0; i < queue->skills.n; i++) {
        if (!ccgw_strs_have(&agent->skills, queue->skills.v[i]))
            return 0;
    }
    return agent->role != CCGW_ROLE_NOBODY;
}

int ccgw_floor_capacity(const ccgw_agent_def_t *agent, ccgw_media_t media)
{
    switch (media) {
    case CCGW_MEDIA_VOICE: return agent->capacity_voice;
    case CCGW_MEDIA_CHAT: return agent->capacity_chat;
    case CCGW_MEDIA_SMS: return agent->capacity_sms;
    default: return 0;
    }
}

int ccgw_floor_place_in(const ccgw_tenant_t *tenant, const char *place, const char *name)
{
    int i;

    for (i = 0; place && name && i < tenant->nplace_groups; i++) {
        if (!strcmp(tenant->place_groups[i].name, name))
            return ccgw_strs_have(&tenant->place_groups[i].places, place);
    }
    return 0;
}
