/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* shapes_me.c: the caller himself: his user with subresources, channels, devices, agent states, and the answer to
 * StartContactCenterSession. */
#include "dialect.h"

#include "core/ccgw_floor.h"

/* --- agent states and channels ------------------------------------------------------------------ */

#define ID_READY     "9430250E-0A1B-421F-B372-F29E69366DED"
#define ID_NOT_READY "900D55CC-2BB0-431F-8BF9-D3525B383BE6"
#define ID_WRAP_UP   "D3663509-3D82-4DD3-A82E-2EA8EFA02AEF"

typedef struct agent_state_t {
    const char *id;
    const char *operation;
    const char *state;
} agent_state_t;

/* clang-format off */
static const agent_state_t agent_states[] = {
    { ID_READY,     "Ready",         "Ready" },
    { ID_NOT_READY, "NotReady",      "NotReady" },
    { ID_WRAP_UP,   "AfterCallWork", "NotReady" }
};

static const ccgw_value_t state_ids[] = {
    { ID_READY,     CCGW_PRESENCE_READY },
    { ID_NOT_READY, CCGW_PRESENCE_NOT_READY },
    { ID_WRAP_UP,   CCGW_PRESENCE_WRAP_UP },
    { NULL, 0 }
};

/* After-call work is a work mode of being not ready. */
static const ccgw_value_t state_names[] = {
    { "Ready",    CCGW_PRESENCE_READY },
    { "NotReady", CCGW_PRESENCE_NOT_READY },
    { "NotReady", CCGW_PRESENCE_WRAP_UP },
    { NULL, 0 }
};

static const ccgw_value_t display_names[] = {
    { "Ready",         CCGW_PRESENCE_READY },
    { "NotReady",      CCGW_PRESENCE_NOT_READY },
    { "AfterCallWork", CCGW_PRESENCE_WRAP_UP },
    { NULL, 0 }
};
/* clang-format on */

static int is_wrap_up(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_presence_state_t *)object)->state == CCGW_PRESENCE_WRAP_UP;
}

static const void *all_states(int *n, const void *object, const ccgw_view_t *view)
{
    *n = sizeof(agent_states) / sizeof(agent_states[0]);
    return agent_states;
}

#define STATE    offsetof(ccgw_presence_state_t, state)
#define CHANNELS offsetof(ccgw_agent_result_t, agent.channels), offsetof(ccgw_agent_result_t, agent.nchannels)

/* clang-format off */
static const ccgw_member_t user_state_members[] = {
    { "id", CCGW_KIND_ENUM, STATE, .values = state_ids },
    { "state", CCGW_KIND_ENUM, STATE, .values = state_names },
    { "displayName", CCGW_KIND_ENUM, STATE, .values = display_names },
    { "workMode", CCGW_KIND_CONST, .text = "AfterCallWork", .when = is_wrap_up },
    { "reason", CCGW_KIND_STR, offsetof(ccgw_presence_state_t, reason), .optional = 1 },
    { NULL }
};
static const ccgw_shape_t user_state = { "userState", user_state_members, sizeof(ccgw_presence_state_t) };

static const ccgw_member_t channel_members[] = {
    { "channel", CCGW_KIND_ENUM, offsetof(ccgw_presence_state_t, media), .values = genesys_channels },
    { "userState", CCGW_KIND_OBJECT, .of = &user_state },
    { NULL }
};
const ccgw_shape_t genesys_shape_channel = { "channel", channel_members, sizeof(ccgw_presence_state_t) };

/* Channels have no uri of their own, so they are listed in full always. */
static const ccgw_member_t channels_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "channels", CCGW_KIND_LIST, CHANNELS, .of = &genesys_shape_channel },
    { NULL }
};
const ccgw_shape_t genesys_shape_channels = { "channels reply", channels_members, sizeof(ccgw_agent_result_t) };

static const ccgw_member_t agent_state_members[] = {
    { "id", CCGW_KIND_STR, offsetof(agent_state_t, id) },
    { "operationName", CCGW_KIND_STR, offsetof(agent_state_t, operation) },
    { "displayName", CCGW_KIND_STR, offsetof(agent_state_t, operation) },
    { "state", CCGW_KIND_STR, offsetof(agent_state_t, state) },
    { NULL }
};
static const ccgw_shape_t agent_state = { "agentState", agent_state_members, sizeof(agent_state_t) };

static const ccgw_member_t agent_states_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "settings", CCGW_KIND_LIST, .items = all_states, .of = &agent_state },
    { NULL }
};
const ccgw_shape_t genesys_shape_agent_states = { "agent states", agent_states_members };
/* clang-format on */

/* --- devices ------------------------------------------------------------------------------------ */

static int devices_by_uri(const void *object, const ccgw_view_t *view)
{
    return !((const ccgw_agent_result_t *)object)->fields;
}

static int devices_in_full(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_agent_result_t *)object)->fields != NULL;
}

/* clang-format off */
/* A device is an ACD position of a voice switch; agents of this gateway have none, and desktops ask all the same. */
static const ccgw_member_t devices_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "uris", CCGW_KIND_TEXTS, .fn_list = genesys_nothing, .when = devices_by_uri },
    { "devices", CCGW_KIND_TEXTS, .fn_list = genesys_nothing, .when = devices_in_full },
    { NULL }
};
const ccgw_shape_t genesys_shape_devices = { "devices reply", devices_members, sizeof(ccgw_agent_result_t) };
/* clang-format on */

/* --- GET /me ------------------------------------------------------------------------------------ */

static int wants(const void *object, const char *name)
{
    return genesys_wants(((const ccgw_agent_result_t *)object)->subresources, name);
}

static int wants_devices(const void *object, const ccgw_view_t *view)
{
    return wants(object, "devices");
}

static int wants_channels(const void *object, const ccgw_view_t *view)
{
    return wants(object, "channels");
}

static int wants_channel_states(const void *object, const ccgw_view_t *view)
{
    return wants(object, "channelStates");
}

static int wants_skills(const void *object, const ccgw_view_t *view)
{
    return wants(object, "skills");
}

static int wants_groups(const void *object, const ccgw_view_t *view)
{
    return wants(object, "groups");
}

static int wants_features(const void *object, const ccgw_view_t *view)
{
    return wants(object, "features");
}

static int wants_interactions(const void *object, const ccgw_view_t *view)
{
    return wants(object, "interactions");
}

static int wants_chats(const void *object, const ccgw_view_t *view)
{
    return wants(object, "chats");
}

static int wants_sms(const void *object, const ccgw_view_t *view)
{
    return wants(object, "smssessions");
}

static const void *skills_of(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_def_t *def = ((const ccgw_agent_result_t *)object)->def;

    *n = def->skills.n;
    return def->skills.v;
}

static const void *groups_of(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_agent_def_t *def = ((const ccgw_agent_result_t *)object)->def;

    *n = def->groups.n;
    return def->groups.v;
}

static const void *all_features(int *n, const void *object, const ccgw_view_t *view)
{
    *n = genesys_nfeatures;
    return genesys_features;
}

static const void *sessions_of(int *n, const void *object, int media, const ccgw_view_t *view)
{
    const ccgw_agent_result_t *result = object;
    ccgw_session_t *some = apr_palloc(view->pool, (apr_size_t)(result->nsessions + 1) * sizeof(*some));
    int i;

    for (*n = i = 0; i < result->nsessions; i++) {
        if (result->sessions[i].media == media)
            some[(*n)++] = result->sessions[i];
    }
    return some;
}

static const void *chats_of(int *n, const void *object, const ccgw_view_t *view)
{
    return sessions_of(n, object, CCGW_MEDIA_CHAT, view);
}

static const void *sms_of(int *n, const void *object, const ccgw_view_t *view)
{
    return sessions_of(n, object, CCGW_MEDIA_SMS, view);
}

#define SESSIONS offsetof(ccgw_agent_result_t, sessions), offsetof(ccgw_agent_result_t, nsessions)

/* clang-format off */
static const ccgw_member_t me_members[] = {
    { NULL, CCGW_KIND_MEMBERS, offsetof(ccgw_agent_result_t, def), .pointer = 1, .of = &genesys_shape_user },
    { "devices", CCGW_KIND_TEXTS, .fn_list = genesys_nothing, .when = wants_devices },
    { "channels", CCGW_KIND_LIST, CHANNELS, .of = &genesys_shape_channel, .when = wants_channels },
    { "channelStates", CCGW_KIND_LIST, CHANNELS, .of = &genesys_shape_channel, .when = wants_channel_states },
    { "skills", CCGW_KIND_LIST, .items = skills_of, .of = &genesys_shape_skill_named, .when = wants_skills },
    { "interactions", CCGW_KIND_LIST, SESSIONS, .of = &genesys_shape_session, .when = wants_interactions },
    { "chats", CCGW_KIND_LIST, .items = chats_of, .of = &genesys_shape_session, .when = wants_chats },
    { "smssessions", CCGW_KIND_LIST, .items = sms_of, .of = &genesys_shape_session, .when = wants_sms },
    { "groups", CCGW_KIND_LIST, .items = groups_of, .of = &genesys_shape_group_named, .when = wants_groups },
    { "features", CCGW_KIND_LIST, .items = all_features, .of = &genesys_shape_feature, .when = wants_features },
    { NULL }
};
static const ccgw_shape_t me = { "user", me_members, sizeof(ccgw_agent_result_t) };

static const ccgw_member_t me_reply_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "user", CCGW_KIND_OBJECT, .of = &me },
    { NULL }
};
const ccgw_shape_t genesys_shape_me = { "me reply", me_reply_members, sizeof(ccgw_agent_result_t) };
/* clang-format on */

/* --- StartContactCenterSession ------------------------------------------------------------------ */

static int is_partial(const void *object, const ccgw_view_t *view)
{
    return ((const genesys_open_result_t *)object)->nrefused > 0;
}

static apr_int64_t open_code(const void *object, const ccgw_view_t *view)
{
    return is_partial(object, view) ? 7 : 0;
}

static const char *refused_channel(const void *object, const ccgw_view_t *view)
{
    return *(const char *const *)object;
}

/* clang-format off */
static const ccgw_member_t refused_members[] = {
    { "channel", CCGW_KIND_TEXT, .fn = refused_channel },
    { "statusCode", CCGW_KIND_CONST, .number = 10 },
    { "statusMessage", CCGW_KIND_CONST, .text = "this server has no such channel" },
    { NULL }
};
static const ccgw_shape_t refused = { "operation", refused_members, sizeof(const char *) };

/* "Partly done" is 7, with a code for each channel; the pages do not name the member that carries these. */
static const ccgw_member_t opened_members[] = {
    { "statusCode", CCGW_KIND_NUMBER, .numfn = open_code },
    { "statusMessage", CCGW_KIND_CONST, .text = "some channels were not opened", .when = is_partial },
    { "operations", CCGW_KIND_LIST, offsetof(genesys_open_result_t, refused),
      offsetof(genesys_open_result_t, nrefused), .of = &refused, .when = is_partial },
    { NULL }
};
const ccgw_shape_t genesys_shape_opened = { "opened", opened_members, sizeof(genesys_open_result_t) };
/* clang-format on */
