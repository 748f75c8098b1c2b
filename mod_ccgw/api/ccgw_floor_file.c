/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_file.c: the members of the floor file, and what stands for those that are left out. */
#include "api/ccgw_floor_file.h"

#include <stddef.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "api/ccgw_floor_check.h"
#include "api/ccgw_floor_read.h"
#include "util/ccgw_id.h"

/* ---- forms of text ---- */

static int is_plain(const char *text)
{
    for (; *text; text++) {
        if (apr_iscntrl(*text))
            return 0;
    }
    return 1;
}

static int is_tenant_name(const char *text)
{
    return !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")];
}

/* A colon ends the name in Basic credentials, a slash in a path, an at sign begins the domain. */
static int is_login(const char *text)
{
    return is_plain(text) && !strpbrk(text, " :/@?#%");
}

static int is_domain(const char *text)
{
    return !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-")];
}

static int is_hash(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

static int is_uuid(const char *text)
{
    int i;

    for (i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !apr_isxdigit(text[i]))
            return 0;
    }
    return !text[36];
}

static int is_email(const char *text)
{
    const char *at = strchr(text, '@');

    return is_plain(text) && at && at > text && at[1] && !strchr(at + 1, '@') && !strchr(text, ' ');
}

static int is_number(const char *text)
{
    return !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+._@-")];
}

static int is_role(const char *text)
{
    return !strcmp(text, "agent") || !strcmp(text, "supervisor") || !strcmp(text, "admin");
}

/* clang-format off */
static const ccgw_text_form_t plain       = {is_plain,       "holds a control character"};
static const ccgw_text_form_t tenant_name = {is_tenant_name, "is not made of letters, digits, _ and - alone"};
static const ccgw_text_form_t login_name  = {is_login,       "holds a space, a control character or one of : / @ ? # %"};
static const ccgw_text_form_t domain_name = {is_domain,      "is not a domain name"};
static const ccgw_text_form_t hash        = {is_hash,        "is not 32 hexadecimal digits in lower case"};
static const ccgw_text_form_t uuid        = {is_uuid,        "is not a UUID"};
static const ccgw_text_form_t email       = {is_email,       "is not an e-mail address"};
static const ccgw_text_form_t number_text = {is_number,      "is not made of letters, digits, + . _ @ and - alone"};
static const ccgw_text_form_t role        = {is_role,        "is none of agent, supervisor, admin"};

/* ---- members, one table per object ---- */

/* The places of the words are the numbers of ccgw_media_t and ccgw_owner_kind_t. */
static const char *const media_words[] = {"", "voice", "chat", "sms", NULL};
static const char *const type_words[] = {"", "agent", "agentGroup", "", "placeGroup", NULL};

#define TEXT(name, member, needed, most, looks) \
    {name, CCGW_MEMBER_TEXT, offsetof(S, member), .required = needed, .max = most, .form = looks}
#define TEXTS(name, member, most, looks) \
    {name, CCGW_MEMBER_TEXTS, offsetof(S, member), .max = most, .form = looks}
#define OBJECTS(name, member, counter, needed, most, object) \
    {name, CCGW_MEMBER_OBJECTS, offsetof(S, member), .required = needed, .max = most, .of = object, \
     .count = offsetof(S, counter)}

#define S ccgw_agent_def_t
static const ccgw_member_t capacity_members[] = {
    {"voice", CCGW_MEMBER_SMALL, offsetof(S, capacity_voice), .max = 1000, .fallback = 1},
    {"chat",  CCGW_MEMBER_SMALL, offsetof(S, capacity_chat),  .max = 1000, .fallback = 3},
    {"sms",   CCGW_MEMBER_SMALL, offsetof(S, capacity_sms),   .max = 1000, .fallback = 5},
    {NULL}
};
static const ccgw_object_t capacity_object = {0, capacity_members};

static const ccgw_member_t agent_members[] = {
    TEXT("login",     login,      1,  64, &login_name),
    {"workNo", CCGW_MEMBER_NUMBER, offsetof(S, work_no), .required = 1, .min = 101, .max = 59999},
    TEXT("id",        id,         0,  32, &hash),
    TEXT("firstName", first_name, 0, 128, &plain),
    TEXT("lastName",  last_name,  0, 128, &plain),
    TEXT("nickname",  nickname,   0, 128, &plain),
    TEXT("email",     email,      0, 254, &email),
    TEXTS("roles",    roles,      3, &role),
    TEXTS("skills",   skills,  1000, &plain),
    TEXTS("groups",   groups,  1000, &plain),
    TEXT("place",     place,      0, 128, &plain),
    {"capacity", CCGW_MEMBER_OBJECT, 0, .of = &capacity_object},
    {NULL}
};
static const ccgw_object_t agent_object = {sizeof(S), agent_members};
#undef S

#define S ccgw_place_group_t
static const ccgw_member_t place_group_members[] = {
    TEXT("name",    name,   1, 128, &plain),
    TEXTS("places", places, 10000, &plain),
    {NULL}
};
static const ccgw_object_t place_group_object = {sizeof(S), place_group_members};
#undef S

#define S ccgw_queue_def_t
static const ccgw_member_t queue_members[] = {
    TEXT("name",    name, 1, 128, &plain),
    TEXT("id",      id,   0,  32, &hash),
    TEXTS("skills", skills, 100, &plain),
    {NULL}
};
static const ccgw_object_t queue_object = {sizeof(S), queue_members};
#undef S

#define S ccgw_number_def_t
static const ccgw_member_t number_members[] = {
    TEXT("number", number, 1,  64, &number_text),
    {"media", CCGW_MEMBER_WORD, offsetof(S, media), .required = 1, .words = media_words},
    TEXT("queue",  queue,  1, 128, &plain),
    {NULL}
};
static const ccgw_object_t number_object = {sizeof(S), number_members};
#undef S

#define S ccgw_workbin_def_t
static const ccgw_member_t workbin_members[] = {
    TEXT("id",          id,           0,  36, &uuid),
    TEXT("name",        name,         1, 128, &plain),
    TEXT("displayName", display_name, 0, 128, &plain),
    {"type", CCGW_MEMBER_WORD, offsetof(S, kind), .required = 1, .words = type_words},
    TEXT("group",       group,        0, 128, &plain),
    {NULL}
};
static const ccgw_object_t workbin_object = {sizeof(S), workbin_members};
#undef S

#define S struct ccgw_floor_file_tenant_t
static const ccgw_member_t tenant_members[] = {
    TEXT("name",            tenant.name,           1,  64, &tenant_name),
    TEXT("contactCenterId", tenant.contact_center, 0,  36, &uuid),
    TEXT("domain",          tenant.domain,         0, 253, &domain_name),
    TEXTS("skills",         tenant.skills, 10000, &plain),
    TEXTS("groups",         tenant.groups, 10000, &plain),
    OBJECTS("placeGroups",  tenant.place_groups, tenant.nplace_groups, 0, 1000, &place_group_object),
    OBJECTS("agents",       agents,   nagents,   0, 100000, &agent_object),
    OBJECTS("queues",       queues,   nqueues,   0, 10000,  &queue_object),
    OBJECTS("numbers",      numbers,  nnumbers,  0, 100000, &number_object),
    OBJECTS("workbins",     workbins, nworkbins, 0, 1000,   &workbin_object),
    {NULL}
};
static const ccgw_object_t tenant_object = {sizeof(S), tenant_members};
#undef S

#define S ccgw_floor_file_t
static const ccgw_member_t file_members[] = {
    OBJECTS("tenants", tenants, ntenants, 1, 1000, &tenant_object),
    {NULL}
};
static const ccgw_object_t file_object = {sizeof(S), file_members};
#undef S
/* clang-format on */

/* ---- what is left out ---- */

static const char *derive_hash(const char *tenant, const char *kind, const char *name, apr_pool_t *pool)
{
    return ccgw_id_hash(apr_pstrcat(pool, tenant, "\n", kind, "\n", name, NULL), pool);
}

static const char *derive_uuid(const char *tenant, const char *kind, const char *name, apr_pool_t *pool)
{
    const char *h = derive_hash(tenant, kind, name, pool);

    return apr_psprintf(pool, "%.8s-%.4s-%.4s-%.4s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
}

static void complete_agent(ccgw_agent_def_t *agent, const ccgw_tenant_t *tenant, apr_pool_t *pool)
{
    static const char *everybody[] = { "agent" };

    if (!*agent->id)
        agent->id = derive_hash(tenant->name, "agent", agent->login, pool);
    if (!*agent->nickname)
        agent->nickname = *agent->first_name ? agent->first_name : agent->login;
    if (!agent->roles.n) {
        agent->roles.v = everybody;
        agent->roles.n = 1;
    }
}

static void complete_tenant(struct ccgw_floor_file_tenant_t *file, apr_pool_t *pool)
{
    ccgw_tenant_t *tenant = &file->tenant;
    int i;

    tenant->tag = apr_pstrmemdup(pool, ccgw_id_hash(tenant->name, pool), 8);
    if (!*tenant->contact_center)
        tenant->contact_center = derive_uuid(tenant->name, "contactCenter", "", pool);
    for (i = 0; i < file->nagents; i++)
        complete_agent(&file->agents[i], tenant, pool);
    for (i = 0; i < file->nqueues; i++) {
        if (!*file->queues[i].id)
            file->queues[i].id = derive_hash(tenant->name, "queue", file->queues[i].name, pool);
    }
    for (i = 0; i < file->nworkbins; i++) {
        ccgw_workbin_def_t *bin = &file->workbins[i];

        if (!*bin->id)
            bin->id = derive_uuid(tenant->name, "workbin", bin->name, pool);
        if (!*bin->display_name)
            bin->display_name = bin->name;
    }
}

/* The hash is of bytes without a zero: the parser let none through. */
static const char *hash_file(const char *text, apr_size_t n, apr_pool_t *pool)
{
    return ccgw_id_hash(apr_pstrmemdup(pool, text, n), pool);
}

apr_status_t ccgw_floor_parse(ccgw_floor_file_t **file, const char **fault, const char *text, apr_size_t n,
                              apr_pool_t *pool)
{
    ccgw_floor_file_t *read = apr_pcalloc(pool, sizeof *read);
    const ccgw_json_t *json;
    ccgw_faults_t faults;
    apr_status_t rv;
    int i;

    rv = ccgw_json_parse(&json, fault, text, n, pool);
    if (rv != APR_SUCCESS)
        return rv;
    ccgw_faults_init(&faults, pool);
    ccgw_object_read(&faults, read, &file_object, json, "");
    for (i = 0; !faults.n && i < read->ntenants; i++)
        complete_tenant(&read->tenants[i], pool);
    if (!faults.n)
        ccgw_floor_check(&faults, read);
    if (faults.n > CCGW_FAULTS_MAX)
        ccgw_out_printf(&faults.out, "\n(and %d more)", faults.n - CCGW_FAULTS_MAX);
    if (faults.n) {
        *fault = faults.out.p;
        return CCGW_EINVAL;
    }
    read->hash = hash_file(text, n, pool);
    *file = read;
    return APR_SUCCESS;
}
