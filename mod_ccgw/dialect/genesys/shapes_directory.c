/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* shapes_directory.c: users, queues, groups, skills, contacts and features, each as a list and alone. */
#include "dialect.h"

#include "core/ccgw_floor.h"

#include <apr_strings.h>

/* --- users -------------------------------------------------------------------------------------- */

static const char *user_uri(const void *object, const ccgw_view_t *view)
{
    return genesys_uri(view, "users", ((const ccgw_agent_def_t *)object)->id);
}

static const char *user_path(const void *object, const ccgw_view_t *view)
{
    return genesys_path(view, "users", ((const ccgw_agent_def_t *)object)->id);
}

/* "agent" is "ROLE_AGENT" here. */
static ccgw_strs_t role_names(const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_def_t *def = object;
    ccgw_strs_t names = { apr_palloc(view->pool, (apr_size_t)(def->roles.n + 1) * sizeof(const char *)), 0 };
    char *name, *c;

    for (; names.n < def->roles.n; names.n++) {
        name = apr_pstrcat(view->pool, "ROLE_", def->roles.v[names.n], NULL);
        for (c = name; *c; c++) {
            if (*c >= 'a' && *c <= 'z')
                *c = (char)(*c - 'a' + 'A');
        }
        names.v[names.n] = name;
    }
    return names;
}

/* clang-format off */
static const ccgw_member_t user_members[] = {
    { "id", CCGW_KIND_STR, offsetof(ccgw_agent_def_t, id) },
    { "userName", CCGW_KIND_STR, offsetof(ccgw_agent_def_t, login) },
    { "firstName", CCGW_KIND_STR, offsetof(ccgw_agent_def_t, first_name) },
    { "lastName", CCGW_KIND_STR, offsetof(ccgw_agent_def_t, last_name) },
    { "emailAddress", CCGW_KIND_STR, offsetof(ccgw_agent_def_t, email) },
    { "roles", CCGW_KIND_TEXTS, .fn_list = role_names },
    { "enabled", CCGW_KIND_TRUE },
    { "uri", CCGW_KIND_TEXT, .fn = user_uri },
    { "path", CCGW_KIND_TEXT, .fn = user_path },
    { NULL }
};
const ccgw_shape_t genesys_shape_user = { "user", user_members, sizeof(ccgw_agent_def_t) };
/* clang-format on */

/* --- skills and groups of a user: only names ---------------------------------------------------- */

static const char *name_text(const void *object, const ccgw_view_t *view)
{
    return *(const char *const *)object;
}

static const char *skill_name_uri(const void *object, const ccgw_view_t *view)
{
    return genesys_uri(view, "skills", name_text(object, view));
}

static const char *skill_name_path(const void *object, const ccgw_view_t *view)
{
    return genesys_path(view, "skills", name_text(object, view));
}

static const char *group_name_uri(const void *object, const ccgw_view_t *view)
{
    return genesys_uri(view, "groups", name_text(object, view));
}

static const char *group_name_path(const void *object, const ccgw_view_t *view)
{
    return genesys_path(view, "groups", name_text(object, view));
}

/* clang-format off */
static const ccgw_member_t skill_named_members[] = {
    { "id", CCGW_KIND_TEXT, .fn = name_text },
    { "name", CCGW_KIND_TEXT, .fn = name_text },
    { "uri", CCGW_KIND_TEXT, .fn = skill_name_uri },
    { "path", CCGW_KIND_TEXT, .fn = skill_name_path },
    { NULL }
};
const ccgw_shape_t genesys_shape_skill_named = { "skill", skill_named_members, sizeof(const char *) };

static const ccgw_member_t group_named_members[] = {
    { "id", CCGW_KIND_TEXT, .fn = name_text },
    { "name", CCGW_KIND_TEXT, .fn = name_text },
    { "uri", CCGW_KIND_TEXT, .fn = group_name_uri },
    { "path", CCGW_KIND_TEXT, .fn = group_name_path },
    { NULL }
};
const ccgw_shape_t genesys_shape_group_named = { "group", group_named_members, sizeof(const char *) };
/* clang-format on */

/* --- entries ------------------------------------------------------------------------------------ */

static const char *collection_of(int kind)
{
    switch (kind) {
    case CCGW_DIRECTORY_USERS: return "users";
    case CCGW_DIRECTORY_QUEUES: return "queues";
    case CCGW_DIRECTORY_GROUPS: return "groups";
    default: return "skills";
    }
}

static const char *entry_uri(const void *object, const ccgw_view_t *view)
{
    const ccgw_directory_entry_t *entry = object;

    return genesys_uri(view, collection_of(entry->kind), entry->id);
}

static const char *entry_path(const void *object, const ccgw_view_t *view)
{
    const ccgw_directory_entry_t *entry = object;

    return genesys_path(view, collection_of(entry->kind), entry->id);
}

static const char *contact_uri(const void *object, const ccgw_view_t *view)
{
    return genesys_uri(view, "contacts", ((const ccgw_directory_entry_t *)object)->id);
}

static const char *contact_path(const void *object, const ccgw_view_t *view)
{
    return genesys_path(view, "contacts", ((const ccgw_directory_entry_t *)object)->id);
}

static const void *entry_skills(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_def_t *def = ((const ccgw_directory_entry_t *)object)->agent;

    *n = def ? def->skills.n : 0;
    return def ? def->skills.v : NULL;
}

static const void *entry_groups(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_def_t *def = ((const ccgw_directory_entry_t *)object)->agent;

    *n = def ? def->groups.n : 0;
    return def ? def->groups.v : NULL;
}

static int wants_skills(const void *object, const ccgw_view_t *view)
{
    return genesys_wants(((const ccgw_directory_entry_t *)object)->subresources, "skills");
}

static int wants_groups(const void *object, const ccgw_view_t *view)
{
    return genesys_wants(((const ccgw_directory_entry_t *)object)->subresources, "groups");
}

/* clang-format off */
static const ccgw_member_t user_entry_members[] = {
    { NULL, CCGW_KIND_MEMBERS, offsetof(ccgw_directory_entry_t, agent), .pointer = 1, .of = &genesys_shape_user },
    { "skills", CCGW_KIND_LIST, .items = entry_skills, .of = &genesys_shape_skill_named, .when = wants_skills },
    { "groups", CCGW_KIND_LIST, .items = entry_groups, .of = &genesys_shape_group_named, .when = wants_groups },
    { NULL }
};
static const ccgw_shape_t user_entry = { "user", user_entry_members, sizeof(ccgw_directory_entry_t) };

static const ccgw_member_t entry_members[] = {
    { "id", CCGW_KIND_STR, offsetof(ccgw_directory_entry_t, id) },
    { "name", CCGW_KIND_STR, offsetof(ccgw_directory_entry_t, name) },
    { "phoneNumber", CCGW_KIND_STR, offsetof(ccgw_directory_entry_t, phone), .optional = 1 },
    { "uri", CCGW_KIND_TEXT, .fn = entry_uri },
    { "path", CCGW_KIND_TEXT, .fn = entry_path },
    { NULL }
};
static const ccgw_shape_t entry_shape = { "entry", entry_members, sizeof(ccgw_directory_entry_t) };

static const ccgw_value_t contact_types[] = {
    { "User",  CCGW_DIRECTORY_USERS },
    { "Queue", CCGW_DIRECTORY_QUEUES },
    { NULL, 0 }
};

static const ccgw_member_t contact_members[] = {
    { "id", CCGW_KIND_STR, offsetof(ccgw_directory_entry_t, id) },
    { "name", CCGW_KIND_STR, offsetof(ccgw_directory_entry_t, name) },
    { "phoneNumber", CCGW_KIND_STR, offsetof(ccgw_directory_entry_t, phone), .optional = 1 },
    { "type", CCGW_KIND_ENUM, offsetof(ccgw_directory_entry_t, kind), .values = contact_types },
    { "uri", CCGW_KIND_TEXT, .fn = contact_uri },
    { "path", CCGW_KIND_TEXT, .fn = contact_path },
    { NULL }
};
static const ccgw_shape_t contact = { "contact", contact_members, sizeof(ccgw_directory_entry_t) };
/* clang-format on */

/* --- replies ------------------------------------------------------------------------------------ */

static int by_uri(const void *object, const ccgw_view_t *view)
{
    return !((const ccgw_directory_result_t *)object)->fields;
}

static int in_full(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_directory_result_t *)object)->fields != NULL;
}

#define ENTRIES offsetof(ccgw_directory_result_t, entries), offsetof(ccgw_directory_result_t, nentries)
#define FIRST   offsetof(ccgw_directory_result_t, entries), .pointer = 1

/* clang-format off */
#define LIST_REPLY(name_, of_, fn_)                                                           \
    { "statusCode", CCGW_KIND_CONST, .number = 0 },                                           \
    { "uris", CCGW_KIND_URIS, ENTRIES, .of = &of_, .fn = fn_, .when = by_uri },               \
    { name_, CCGW_KIND_LIST, ENTRIES, .of = &of_, .when = in_full },                          \
    { NULL }

#define ONE_REPLY(name_, of_)                                                                 \
    { "statusCode", CCGW_KIND_CONST, .number = 0 },                                           \
    { name_, CCGW_KIND_OBJECT, FIRST, .of = &of_ },                                           \
    { NULL }

#define SIZE sizeof(ccgw_directory_result_t)

static const ccgw_member_t users_reply[] = { LIST_REPLY("users", user_entry, entry_uri) };
const ccgw_shape_t genesys_shape_users = { "users reply", users_reply, SIZE };
static const ccgw_member_t user_reply[] = { ONE_REPLY("user", user_entry) };
const ccgw_shape_t genesys_shape_user_one = { "user reply", user_reply, SIZE };

static const ccgw_member_t queues_reply[] = { LIST_REPLY("queues", entry_shape, entry_uri) };
const ccgw_shape_t genesys_shape_queues = { "queues reply", queues_reply, SIZE };
static const ccgw_member_t queue_reply[] = { ONE_REPLY("queue", entry_shape) };
const ccgw_shape_t genesys_shape_queue_one = { "queue reply", queue_reply, SIZE };

static const ccgw_member_t groups_reply[] = { LIST_REPLY("groups", entry_shape, entry_uri) };
const ccgw_shape_t genesys_shape_groups = { "groups reply", groups_reply, SIZE };
static const ccgw_member_t group_reply[] = { ONE_REPLY("group", entry_shape) };
const ccgw_shape_t genesys_shape_group_one = { "group reply", group_reply, SIZE };

static const ccgw_member_t skills_reply[] = { LIST_REPLY("skills", entry_shape, entry_uri) };
const ccgw_shape_t genesys_shape_skills = { "skills reply", skills_reply, SIZE };
static const ccgw_member_t skill_reply[] = { ONE_REPLY("skill", entry_shape) };
const ccgw_shape_t genesys_shape_skill_one = { "skill reply", skill_reply, SIZE };

static const ccgw_member_t contacts_reply[] = { LIST_REPLY("contacts", contact, contact_uri) };
const ccgw_shape_t genesys_shape_contacts = { "contacts reply", contacts_reply, SIZE };
static const ccgw_member_t contact_reply[] = { ONE_REPLY("contact", contact) };
const ccgw_shape_t genesys_shape_contact_one = { "contact reply", contact_reply, SIZE };
/* clang-format on */

/* --- features ----------------------------------------------------------------------------------- */

static const char *feature_uri(const void *object, const ccgw_view_t *view)
{
    return genesys_uri(view, "features", ((const genesys_feature_t *)object)->id);
}

static const char *feature_path(const void *object, const ccgw_view_t *view)
{
    return genesys_path(view, "features", ((const genesys_feature_t *)object)->id);
}

static int features_by_uri(const void *object, const ccgw_view_t *view)
{
    return !((const genesys_feature_result_t *)object)->fields;
}

static int features_in_full(const void *object, const ccgw_view_t *view)
{
    return ((const genesys_feature_result_t *)object)->fields != NULL;
}

#define FEATURES offsetof(genesys_feature_result_t, features), offsetof(genesys_feature_result_t, nfeatures)

/* clang-format off */
static const ccgw_member_t feature_members[] = {
    { "id", CCGW_KIND_STR, offsetof(genesys_feature_t, id) },
    { "displayName", CCGW_KIND_STR, offsetof(genesys_feature_t, name) },
    { "description", CCGW_KIND_STR, offsetof(genesys_feature_t, description) },
    { "uri", CCGW_KIND_TEXT, .fn = feature_uri },
    { "path", CCGW_KIND_TEXT, .fn = feature_path },
    { NULL }
};
const ccgw_shape_t genesys_shape_feature = { "feature", feature_members, sizeof(genesys_feature_t) };

static const ccgw_member_t features_reply[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "uris", CCGW_KIND_URIS, FEATURES, .of = &genesys_shape_feature, .fn = feature_uri, .when = features_by_uri },
    { "features", CCGW_KIND_LIST, FEATURES, .of = &genesys_shape_feature, .when = features_in_full },
    { NULL }
};
const ccgw_shape_t genesys_shape_features = { "features reply", features_reply, sizeof(genesys_feature_result_t) };

static const ccgw_member_t feature_reply[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "feature", CCGW_KIND_OBJECT, offsetof(genesys_feature_result_t, features), .pointer = 1,
      .of = &genesys_shape_feature },
    { NULL }
};
const ccgw_shape_t genesys_shape_feature_one = { "feature reply", feature_reply, sizeof(genesys_feature_result_t) };
/* clang-format on */
