/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* params.c: what requests carry, by name and place, for the rows of ops.c. */
#include "dialect.h"

#include <apr_escape.h>
#include <apr_strings.h>

#include "util/ccgw_id.h"

/* --- spellings ---------------------------------------------------------------------------------- */

/* clang-format off */
static const ccgw_value_t target_kinds[] = {
    { "users",    CCGW_TARGET_AGENT },
    { "queues",   CCGW_TARGET_QUEUE },
    { "contacts", CCGW_TARGET_CONTACT },
    { NULL, 0 }
};
/* clang-format on */

/* The last two segments of an uri or path, decoded, without query and slash at the end. 0: it has no two. */
static int split_uri(char **collection, char **id, const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, text, strcspn(text, "?#"));
    apr_size_t n = strlen(copy);
    apr_status_t rv;
    char *slash;

    while (n > 0 && copy[n - 1] == '/')
        copy[--n] = '\0';
    slash = strrchr(copy, '/');
    if (!slash)
        return 0;
    *slash = '\0';
    *id = slash + 1;
    slash = strrchr(copy, '/');
    *collection = slash ? slash + 1 : copy;
    rv = apr_unescape_url(*id, *id, APR_ESCAPE_STRING, NULL, NULL, 0, NULL);
    return rv == APR_SUCCESS || rv == APR_NOTFOUND; /* the latter: nothing was escaped */
}

static const char *parse_target(void *field, const char *text, apr_pool_t *pool)
{
    ccgw_target_t *target = field;
    const ccgw_value_t *value;
    char *collection, *id;

    if (!split_uri(&collection, &id, text, pool) || !*id)
        return "is no uri of a user, queue or contact";
    for (value = target_kinds; value->name && strcmp(value->name, collection); value++)
        ;
    if (!value->name)
        return "is no uri of a user, queue or contact";
    target->kind = value->number;
    target->id = id;
    return NULL;
}

/* Workbin pages name the item by its uri where others use its id. */
static const char *parse_item(void *field, const char *text, apr_pool_t *pool)
{
    char *collection, *id;

    if (!split_uri(&collection, &id, text, pool))
        return "is no uri";
    *(ccgw_id_t *)field = ccgw_id_parse(id);
    return NULL;
}

/* A channel the dialect has no name for is left as it is: the core finds none of that name. */
static const char *parse_channel(void *field, const char *text, apr_pool_t *pool)
{
    const ccgw_value_t *value;

    for (value = genesys_channels; value->name && strcmp(value->name, text); value++)
        ;
    *(const char **)field = value->name ? ccgw_media_name((ccgw_media_t)value->number) : text;
    return NULL;
}

/* clang-format off */
static const ccgw_value_t item_media[] = {
    { "chats", 1 },     { "chat", 1 },     { "smssessions", 1 },     { "smssession", 1 },
    { "emails", 1 },    { "email", 1 },    { "workitems", 1 },       { "workitem", 1 },
    { "facebooks", 1 }, { "facebook", 1 }, { "facebooksessions", 1 }, { "facebooksession", 1 },
    { "tweets", 1 },    { "tweet", 1 },    { "openmedia", 1 },
    { NULL, 0 }
};
/* clang-format on */

/* The media of a content path asks for what subresources would. */
static const char *parse_media(void *field, const char *text, apr_pool_t *pool)
{
    const ccgw_value_t *value;

    for (value = item_media; value->name && strcmp(value->name, text); value++)
        ;
    if (!value->name)
        return "is no media of workbin items";
    *(const char **)field = value->name;
    return NULL;
}

/* --- sessions ----------------------------------------------------------------------------------- */

#define S(member_) offsetof(ccgw_session_args_t, member_)

/* clang-format off */
#define OF(media_)                                                                              \
    { "id", CCGW_IN_PATH, CCGW_KIND_ID, S(session), .required = 1 },                            \
    { "media", CCGW_IN_ROW, CCGW_KIND_ENUM, S(media), .number = media_ }

#define LOGGED(media_, type_, visibility_)                                                      \
    OF(media_),                                                                                 \
    { "type", CCGW_IN_ROW, CCGW_KIND_ENUM, S(type), .number = type_ },                          \
    { "visibility", CCGW_IN_ROW, CCGW_KIND_ENUM, S(visibility), .number = visibility_ }

#define TEXT_OF(name_, required_)                                                               \
    { name_, CCGW_IN_BODY, CCGW_KIND_STR, S(text), .required = required_ }

#define OFFER(offer_)                                                                           \
    { "offer", CCGW_IN_ROW, CCGW_KIND_ENUM, S(offer), .number = offer_ }

/* A sample sends userUri where the table says targetUri. */
#define TARGET(required_, group_)                                                               \
    { "targetUri|targetPath|userUri|userPath", CCGW_IN_BODY, CCGW_KIND_PARSED, S(target),       \
      .parse = parse_target, .required = required_, .group = group_ }

#define ASKED                                                                                   \
    { "fields", CCGW_IN_QUERY, CCGW_KIND_STR, S(fields) },                                      \
    { "subresources", CCGW_IN_QUERY, CCGW_KIND_STR, S(subresources) }

#define SESSION_PARAMS(media_) {                                                                \
    .plain = { OF(media_) },                                                                    \
    .accept = { OF(media_), { "nickname", CCGW_IN_BODY, CCGW_KIND_STR, S(nickname) } },         \
    .message = { LOGGED(media_, CCGW_MESSAGE_TEXT, CCGW_VISIBLE_ALL), TEXT_OF("text", 1) },     \
    .to_agents = { LOGGED(media_, CCGW_MESSAGE_TEXT, CCGW_VISIBLE_AGENTS), TEXT_OF("text", 1) }, \
    .url = { LOGGED(media_, CCGW_MESSAGE_URL, CCGW_VISIBLE_ALL), TEXT_OF("url", 1) },           \
    .typing = { LOGGED(media_, CCGW_MESSAGE_TYPING_STARTED, CCGW_VISIBLE_ALL), TEXT_OF("text", 0) }, \
    .typing_off = { LOGGED(media_, CCGW_MESSAGE_TYPING_STOPPED, CCGW_VISIBLE_ALL) },            \
    .typing_agents = { LOGGED(media_, CCGW_MESSAGE_TYPING_STARTED, CCGW_VISIBLE_AGENTS), TEXT_OF("text", 0) }, \
    .typing_agents_off = { LOGGED(media_, CCGW_MESSAGE_TYPING_STOPPED, CCGW_VISIBLE_AGENTS) },  \
    .notice = { LOGGED(media_, CCGW_MESSAGE_CUSTOM_NOTICE, CCGW_VISIBLE_ALL), TEXT_OF("noticeText", 1) }, \
    .notice_agents = { LOGGED(media_, CCGW_MESSAGE_CUSTOM_NOTICE, CCGW_VISIBLE_AGENTS), TEXT_OF("noticeText", 1) }, \
    .invite = { OF(media_), OFFER(CCGW_OFFER_INVITE), TARGET(1, 0) },                           \
    .invited = { OF(media_), OFFER(CCGW_OFFER_INVITE) },                                        \
    .consult = { OF(media_), OFFER(CCGW_OFFER_CONSULT), TARGET(1, 0) },                         \
    .consulted = { OF(media_), OFFER(CCGW_OFFER_CONSULT) },                                     \
    .transfer = { OF(media_), TARGET(0, 1),                                                     \
                  { "queueName", CCGW_IN_BODY, CCGW_KIND_STR, S(queue), .group = 1 },           \
                  TEXT_OF("text", 0) },                                                         \
    .remove = { OF(media_), TARGET(1, 0) },                                                     \
    .complete = { OF(media_), { "queueName", CCGW_IN_BODY, CCGW_KIND_STR, S(queue) } },         \
    .disposition = { OF(media_), TEXT_OF("disposition", 1),                                     \
                     { "dispositionKey", CCGW_IN_BODY, CCGW_KIND_STR, S(key) } },               \
    .data = { OF(media_), { "userData", CCGW_IN_BODY, CCGW_KIND_PAIRS, S(data), .required = 1 } }, \
    .keys = { OF(media_), { "keys", CCGW_IN_BODY, CCGW_KIND_STRS, S(keys), .required = 1 } },   \
    .comment = { OF(media_), TEXT_OF("comment", 1) },                                           \
    .list = { { "media", CCGW_IN_ROW, CCGW_KIND_ENUM, S(media), .number = media_ }, ASKED },    \
    .get = { OF(media_), ASKED },                                                               \
    .messages = { OF(media_),                                                                   \
                  { "startIndex", CCGW_IN_QUERY, CCGW_KIND_INT, S(start), .min = 0, .max = 0x7fffffff },  \
                  { "count", CCGW_IN_QUERY, CCGW_KIND_INT, S(count), .min = 0, .max = 0x7fffffff } },     \
}

const genesys_session_params_t genesys_params_sms = SESSION_PARAMS(CCGW_MEDIA_SMS);
const genesys_session_params_t genesys_params_chat = SESSION_PARAMS(CCGW_MEDIA_CHAT);
/* clang-format on */

/* --- workbins ----------------------------------------------------------------------------------- */

#define W(member_) offsetof(ccgw_workbin_args_t, member_)

/* clang-format off */
#define BIN                                                                                     \
    { "workbinId", CCGW_IN_PATH, CCGW_KIND_STR, W(workbin), .required = 1 }

#define WHOSE                                                                                   \
    { "agentGroup", CCGW_IN_QUERY, CCGW_KIND_STR, W(agent_group) },                             \
    { "placeGroup", CCGW_IN_QUERY, CCGW_KIND_STR, W(place_group) },                             \
    { "userId", CCGW_IN_PATH, CCGW_KIND_STR, W(user) }

#define SHOWN                                                                                   \
    { "fields", CCGW_IN_QUERY, CCGW_KIND_STR, W(fields) },                                      \
    { "subresources", CCGW_IN_QUERY, CCGW_KIND_STR, W(subresources) }

#define ITEM                                                                                    \
    { "id", CCGW_IN_BODY, CCGW_KIND_ID, W(session), .group = 1 },                               \
    { "uri", CCGW_IN_BODY, CCGW_KIND_PARSED, W(session), .group = 1, .parse = parse_item }

/* No item here is an e-mail, a tweet and so on, so what those names ask for is not there. */
#define OTHER_MEDIA                                                                             \
    { "media", CCGW_IN_ROW, CCGW_KIND_ENUM, W(media), .number = CCGW_MEDIA_COUNT }

const ccgw_param_t genesys_params_workbins[] = {
    WHOSE, SHOWN,
    { "workbinIds", CCGW_IN_QUERY, CCGW_KIND_STRS, W(workbins) },
    { NULL }
};
const ccgw_param_t genesys_params_workbin[] = { BIN, WHOSE, SHOWN, { NULL } };
const ccgw_param_t genesys_params_workbin_media[] = {
    BIN, WHOSE,
    { "fields", CCGW_IN_QUERY, CCGW_KIND_STR, W(fields) },
    { "mediaType", CCGW_IN_PATH, CCGW_KIND_PARSED, W(subresources), .parse = parse_media, .required = 1 },
    { NULL }
};
const ccgw_param_t genesys_params_workbin_ids[] = {
    { "workbinIds", CCGW_IN_QUERY, CCGW_KIND_STRS, W(workbins), .required = 1 },
    WHOSE,
    { NULL }
};
const ccgw_param_t genesys_params_add[] = { BIN, WHOSE, ITEM, { NULL } };
const ccgw_param_t genesys_params_add_other[] = { BIN, WHOSE, ITEM, OTHER_MEDIA, { NULL } };
const ccgw_param_t genesys_params_pull[] = { BIN, WHOSE, ITEM, { NULL } };
const ccgw_param_t genesys_params_pull_chat[] = {
    BIN, WHOSE, ITEM,
    { "chat", CCGW_IN_ROW, CCGW_KIND_BOOL, W(chat), .number = 1 },
    { "nickname", CCGW_IN_BODY, CCGW_KIND_STR, W(nickname) },
    { NULL }
};
const ccgw_param_t genesys_params_pull_other[] = { BIN, WHOSE, ITEM, OTHER_MEDIA, { NULL } };
/* clang-format on */

/* --- the caller --------------------------------------------------------------------------------- */

#define A(member_) offsetof(ccgw_agent_args_t, member_)

/* clang-format off */
#define STATE_PARAMS(state_)                                                                    \
    { "channel", CCGW_IN_PATH, CCGW_KIND_PARSED, A(channel), .parse = parse_channel },          \
    { "state", CCGW_IN_ROW, CCGW_KIND_STR, A(state), .text = state_ },                          \
    { "reason", CCGW_IN_BODY, CCGW_KIND_STR, A(reason) },                                       \
    { NULL }

const ccgw_param_t genesys_params_me[] = {
    { "fields", CCGW_IN_QUERY, CCGW_KIND_STR, A(fields) },
    { "subresources", CCGW_IN_QUERY, CCGW_KIND_STR, A(subresources) },
    { NULL }
};
const ccgw_param_t genesys_params_open[] = {
    { "channels", CCGW_IN_BODY, CCGW_KIND_STRS, A(channels), .required = 1 },
    { "place", CCGW_IN_BODY, CCGW_KIND_STR, A(place) },
    { "nickname", CCGW_IN_BODY, CCGW_KIND_STR, A(nickname) },
    { NULL }
};
/* The documented last call of a desktop: the HTTP session ends with the contact centre session. */
const ccgw_param_t genesys_params_close[] = {
    { "end", CCGW_IN_ROW, CCGW_KIND_BOOL, A(end_login), .number = 1 },
    { NULL }
};
const ccgw_param_t genesys_params_ready[] = { STATE_PARAMS("ready") };
const ccgw_param_t genesys_params_not_ready[] = { STATE_PARAMS("not-ready") };
const ccgw_param_t genesys_params_wrap_up[] = { STATE_PARAMS("wrap-up") };
/* clang-format on */

/* --- directory ---------------------------------------------------------------------------------- */

#define D(member_) offsetof(ccgw_directory_args_t, member_)

/* clang-format off */
#define KIND(kind_)                                                                             \
    { "kind", CCGW_IN_ROW, CCGW_KIND_ENUM, D(kind), .number = kind_ }

#define LISTED                                                                                  \
    { "limit", CCGW_IN_QUERY, CCGW_KIND_INT, D(limit), .min = 0, .max = 0x7fffffff },           \
    { "offset", CCGW_IN_QUERY, CCGW_KIND_INT, D(offset), .min = 0, .max = 0x7fffffff },         \
    { "fields", CCGW_IN_QUERY, CCGW_KIND_STR, D(fields) },                                      \
    { "subresources", CCGW_IN_QUERY, CCGW_KIND_STR, D(subresources) }

#define ONE                                                                                     \
    { "id", CCGW_IN_PATH, CCGW_KIND_STR, D(id), .required = 1 },                                \
    { "subresources", CCGW_IN_QUERY, CCGW_KIND_STR, D(subresources) }

#define BY_NAME { "name", CCGW_IN_QUERY, CCGW_KIND_STR, D(name) }

static const ccgw_value_t contact_kinds[] = {
    { "User",  CCGW_DIRECTORY_USERS },
    { "Queue", CCGW_DIRECTORY_QUEUES },
    { NULL, 0 }
};

const ccgw_param_t genesys_params_users[] = { KIND(CCGW_DIRECTORY_USERS), BY_NAME, LISTED, { NULL } };
const ccgw_param_t genesys_params_user[] = { KIND(CCGW_DIRECTORY_USERS), ONE, { NULL } };
const ccgw_param_t genesys_params_queues[] = { KIND(CCGW_DIRECTORY_QUEUES), BY_NAME, LISTED, { NULL } };
const ccgw_param_t genesys_params_queue[] = { KIND(CCGW_DIRECTORY_QUEUES), ONE, { NULL } };
const ccgw_param_t genesys_params_groups[] = { KIND(CCGW_DIRECTORY_GROUPS), BY_NAME, LISTED, { NULL } };
const ccgw_param_t genesys_params_group[] = { KIND(CCGW_DIRECTORY_GROUPS), ONE, { NULL } };
const ccgw_param_t genesys_params_skills[] = { KIND(CCGW_DIRECTORY_SKILLS), BY_NAME, LISTED, { NULL } };
const ccgw_param_t genesys_params_skill[] = { KIND(CCGW_DIRECTORY_SKILLS), ONE, { NULL } };

/* "type" narrows what the row says. The one documented filter matches names and numbers. */
const ccgw_param_t genesys_params_contacts[] = {
    KIND(CCGW_DIRECTORY_CONTACTS), BY_NAME, LISTED,
    { "type", CCGW_IN_QUERY, CCGW_KIND_ENUM, D(kind), .values = contact_kinds },
    { "filterParameters|phoneNumber", CCGW_IN_QUERY, CCGW_KIND_STR, D(match) },
    { NULL }
};
const ccgw_param_t genesys_params_contact[] = { KIND(CCGW_DIRECTORY_CONTACTS), ONE, { NULL } };

const ccgw_param_t genesys_params_features[] = {
    { "fields", CCGW_IN_QUERY, CCGW_KIND_STR, offsetof(genesys_feature_args_t, fields) },
    { NULL }
};
const ccgw_param_t genesys_params_feature[] = {
    { "id", CCGW_IN_PATH, CCGW_KIND_STR, offsetof(genesys_feature_args_t, id), .required = 1 },
    { NULL }
};
const ccgw_param_t genesys_params_none[] = { { NULL } };
/* clang-format on */
