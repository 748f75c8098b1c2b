/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_check.c: what no single member of the floor file can show: names that stand twice, or for nothing. */
#include "api/ccgw_floor_check.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

typedef struct check_t {
    ccgw_faults_t *faults;
    apr_pool_t *pool;
    const struct ccgw_floor_file_tenant_t *tenant;
    const char *path; /* of the tenant */
    /* Over all tenants, each from the value to the path of its first owner. */
    apr_hash_t *tenants;
    apr_hash_t *centers;
    apr_hash_t *tags; /* to the tenant's name */
    apr_hash_t *full_logins;
    apr_hash_t *bare_logins; /* of tenants without a domain */
    apr_hash_t *any_logins;
    apr_hash_t *numbers;
} check_t;

static const char *place_of(const check_t *check, const char *list, int i)
{
    return apr_psprintf(check->pool, "%s.%s[%d]", check->path, list, i);
}

static const char *member_of(const check_t *check, const char *path, const char *member)
{
    return apr_pstrcat(check->pool, path, ".", member, NULL);
}

/* Names and addresses that differ in case only are one to their readers. */
static const char *fold(const check_t *check, const char *text)
{
    char *folded = apr_pstrdup(check->pool, text), *at;

    for (at = folded; *at; at++)
        *at = (char)apr_tolower(*at);
    return folded;
}

/* KEY, shown as VALUE, must be new in SEEN; PATH is the object, MEMBER the member at fault. 0: it is not. */
static int be_first(check_t *check, apr_hash_t *seen, const char *key, const char *value, const char *path,
                    const char *member)
{
    const char *first = apr_hash_get(seen, key, APR_HASH_KEY_STRING);

    if (first)
        ccgw_fault(check->faults, member_of(check, path, member), "%s is already that of %s", value, first);
    else
        apr_hash_set(seen, key, APR_HASH_KEY_STRING, path);
    return !first;
}

static const char *quote(const check_t *check, const char *text)
{
    ccgw_out_t out;

    ccgw_out_init(&out, strlen(text) + 8, check->pool);
    ccgw_json_quote(&out, text);
    return out.p;
}

static int be_first_text(check_t *check, apr_hash_t *seen, const char *text, const char *path, const char *member)
{
    return be_first(check, seen, text, quote(check, text), path, member);
}

static apr_hash_t *set_of(const check_t *check, const ccgw_strs_t *strs)
{
    apr_hash_t *set = apr_hash_make(check->pool);
    int i;

    for (i = 0; i < strs->n; i++)
        apr_hash_set(set, strs->v[i], APR_HASH_KEY_STRING, strs->v[i]);
    return set;
}

/* Every element of STRS must be in SET. */
static void all_known(check_t *check, apr_hash_t *set, const ccgw_strs_t *strs, const char *path, const char *member,
                      const char *list)
{
    int i;

    for (i = 0; i < strs->n; i++) {
        if (!apr_hash_get(set, strs->v[i], APR_HASH_KEY_STRING))
            ccgw_fault(check->faults, apr_psprintf(check->pool, "%s.%s[%d]", path, member, i), "%s is not in %s.%s",
                       quote(check, strs->v[i]), check->path, list);
    }
}

static void be_known(check_t *check, apr_hash_t *set, const char *name, const char *path, const char *member,
                     const char *list)
{
    if (!apr_hash_get(set, name, APR_HASH_KEY_STRING))
        ccgw_fault(check->faults, member_of(check, path, member), "%s is not in %s.%s", quote(check, name), check->path,
                   list);
}

/* Who types a login without its domain is found when no other tenant has that login; where a tenant has no domain
 * there is nothing else to type. */
static int check_login(check_t *check, const ccgw_agent_def_t *agent, const char *path)
{
    const char *domain = check->tenant->tenant.domain;
    const char *full = apr_pstrcat(check->pool, agent->login, "@", fold(check, domain), NULL);
    const char *other = apr_hash_get(check->bare_logins, agent->login, APR_HASH_KEY_STRING);
    const char *elsewhere = apr_hash_get(check->any_logins, agent->login, APR_HASH_KEY_STRING);

    if (!be_first(check, check->full_logins, full, quote(check, agent->login), path, "login"))
        return 0;
    if (*domain && other)
        ccgw_fault(check->faults, member_of(check, path, "login"), "%s is also that of %s, whose tenant has no domain",
                   quote(check, agent->login), other);
    else if (!*domain && !other && elsewhere)
        ccgw_fault(check->faults, member_of(check, path, "login"),
                   "%s is also that of %s, and this tenant has no "
                   "domain",
                   quote(check, agent->login), elsewhere);
    if (!*domain && !other)
        apr_hash_set(check->bare_logins, agent->login, APR_HASH_KEY_STRING, path);
    if (!elsewhere)
        apr_hash_set(check->any_logins, agent->login, APR_HASH_KEY_STRING, path);
    return 1;
}

static apr_hash_t *set_of_places(const check_t *check)
{
    const ccgw_tenant_t *tenant = &check->tenant->tenant;
    apr_hash_t *places = apr_hash_make(check->pool);
    int i, k;

    for (i = 0; i < tenant->nplace_groups; i++)
        for (k = 0; k < tenant->place_groups[i].places.n; k++)
            apr_hash_set(places, tenant->place_groups[i].places.v[k], APR_HASH_KEY_STRING, tenant);
    return places;
}

static void check_agents(check_t *check)
{
    apr_hash_t *ids = apr_hash_make(check->pool), *work_nos = apr_hash_make(check->pool);
    apr_hash_t *emails = apr_hash_make(check->pool), *places = set_of_places(check);
    apr_hash_t *skills = set_of(check, &check->tenant->tenant.skills);
    apr_hash_t *groups = set_of(check, &check->tenant->tenant.groups);
    int i;

    for (i = 0; i < check->tenant->nagents; i++) {
        const ccgw_agent_def_t *agent = &check->tenant->agents[i];
        const char *path = place_of(check, "agents", i);
        const char *work_no = apr_psprintf(check->pool, "%" APR_INT64_T_FMT, agent->work_no);

        /* An id may be derived from the login, whose fault is then told already. */
        if (check_login(check, agent, path))
            be_first_text(check, ids, agent->id, path, "id");
        be_first(check, work_nos, work_no, work_no, path, "workNo");
        if (*agent->email)
            be_first(check, emails, fold(check, agent->email), quote(check, agent->email), path, "email");
        all_known(check, skills, &agent->skills, path, "skills", "skills");
        all_known(check, groups, &agent->groups, path, "groups", "groups");
        if (*agent->place)
            be_known(check, places, agent->place, path, "place", "placeGroups");
    }
}

/* A queue is asked for by its name or its id, so no queue's id may be another one's name. */
static apr_hash_t *check_queues(check_t *check)
{
    apr_hash_t *names = apr_hash_make(check->pool), *ids = apr_hash_make(check->pool);
    apr_hash_t *skills = set_of(check, &check->tenant->tenant.skills);
    int i;

    for (i = 0; i < check->tenant->nqueues; i++) {
        const char *path = place_of(check, "queues", i);

        if (be_first_text(check, names, check->tenant->queues[i].name, path, "name"))
            be_first_text(check, ids, check->tenant->queues[i].id, path, "id");
    }
    for (i = 0; i < check->tenant->nqueues; i++) {
        const ccgw_queue_def_t *queue = &check->tenant->queues[i];
        const char *path = place_of(check, "queues", i);
        const char *other = apr_hash_get(names, queue->id, APR_HASH_KEY_STRING);

        if (other && strcmp(other, path))
            ccgw_fault(check->faults, member_of(check, path, "id"), "%s is the name of %s", quote(check, queue->id),
                       other);
        all_known(check, skills, &queue->skills, path, "skills", "skills");
    }
    return names;
}

/* Carriers may lose the sign of an international number on its way in; it is put back there, so it stands here. A
 * national one, with a single zero in front, has none. */
static int lacks_sign(const ccgw_number_def_t *number)
{
    const char *digits = number->number;

    return number->media == CCGW_MEDIA_SMS && strlen(digits) > 6 && !digits[strspn(digits, "0123456789")] &&
           strspn(digits, "0") != 1;
}

static void check_numbers(check_t *check, apr_hash_t *queues)
{
    int i;

    for (i = 0; i < check->tenant->nnumbers; i++) {
        const ccgw_number_def_t *number = &check->tenant->numbers[i];
        const char *path = place_of(check, "numbers", i);
        const char *key = apr_psprintf(check->pool, "%d %s", number->media, number->number);

        be_first(check, check->numbers, key, quote(check, number->number), path, "number");
        be_known(check, queues, number->queue, path, "queue", "queues");
        if (lacks_sign(number))
            ccgw_fault(check->faults, member_of(check, path, "number"), "%s begins with no +",
                       quote(check, number->number));
    }
}

static void check_workbins(check_t *check, apr_hash_t *place_groups)
{
    apr_hash_t *names = apr_hash_make(check->pool), *ids = apr_hash_make(check->pool);
    apr_hash_t *groups = set_of(check, &check->tenant->tenant.groups);
    int i;

    for (i = 0; i < check->tenant->nworkbins; i++) {
        const ccgw_workbin_def_t *bin = &check->tenant->workbins[i];
        const char *path = place_of(check, "workbins", i);

        if (be_first_text(check, names, bin->name, path, "name"))
            be_first(check, ids, fold(check, bin->id), quote(check, bin->id), path, "id");
        if (bin->kind == CCGW_OWNER_AGENT && *bin->group)
            ccgw_fault(check->faults, member_of(check, path, "group"), "%s: a workbin of type agent has none",
                       quote(check, bin->group));
        else if (bin->kind != CCGW_OWNER_AGENT && !*bin->group)
            ccgw_fault(check->faults, member_of(check, path, "group"), "is missing");
        else if (bin->kind == CCGW_OWNER_AGENT_GROUP)
            be_known(check, groups, bin->group, path, "group", "groups");
        else if (bin->kind == CCGW_OWNER_PLACE_GROUP)
            be_known(check, place_groups, bin->group, path, "group", "placeGroups");
    }
}

/* Tokens end in the tag and are taken to the tenant by it. */
static void check_tag(check_t *check)
{
    const ccgw_tenant_t *tenant = &check->tenant->tenant;
    const char *other = apr_hash_get(check->tags, tenant->tag, APR_HASH_KEY_STRING);

    if (other && strcmp(other, tenant->name))
        ccgw_fault(check->faults, member_of(check, check->path, "name"),
                   "%s has the same hash as %s: choose another "
                   "name",
                   quote(check, tenant->name), quote(check, other));
    apr_hash_set(check->tags, tenant->tag, APR_HASH_KEY_STRING, tenant->name);
}

static void check_tenant(check_t *check)
{
    const ccgw_tenant_t *tenant = &check->tenant->tenant;
    apr_hash_t *place_groups = apr_hash_make(check->pool);
    int i;

    if (be_first_text(check, check->tenants, tenant->name, check->path, "name"))
        be_first(check, check->centers, fold(check, tenant->contact_center), quote(check, tenant->contact_center),
                 check->path, "contactCenterId");
    check_tag(check);
    for (i = 0; i < tenant->nplace_groups; i++)
        be_first_text(check, place_groups, tenant->place_groups[i].name, place_of(check, "placeGroups", i), "name");
    check_agents(check);
    check_numbers(check, check_queues(check));
    check_workbins(check, place_groups);
}

void ccgw_floor_check(ccgw_faults_t *faults, const ccgw_floor_file_t *file)
{
    apr_pool_t *pool = faults->pool;
    check_t check = { .faults = faults, .pool = pool };
    int i;

    check.tenants = apr_hash_make(pool);
    check.centers = apr_hash_make(pool);
    check.tags = apr_hash_make(pool);
    check.full_logins = apr_hash_make(pool);
    check.bare_logins = apr_hash_make(pool);
    check.any_logins = apr_hash_make(pool);
    check.numbers = apr_hash_make(pool);
    for (i = 0; i < file->ntenants; i++) {
        check.tenant = &file->tenants[i];
        check.path = apr_psprintf(pool, "tenants[%d]", i);
        check_tenant(&check);
    }
}
