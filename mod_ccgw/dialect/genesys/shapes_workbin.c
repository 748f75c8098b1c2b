/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* shapes_workbin.c: workbins, what is parked in them, the answers to operations on them. Parked SMS
 * sessions stand among the chats, as in notifications: the pages know no other place for them. */
#include "dialect.h"

#include "core/ccgw_floor.h"

#include <apr_strings.h>

/* clang-format off */
static const ccgw_value_t owner_kinds[] = {
    { "Agent",      CCGW_OWNER_AGENT },
    { "AgentGroup", CCGW_OWNER_AGENT_GROUP },
    { "Place",      CCGW_OWNER_PLACE },
    { "PlaceGroup", CCGW_OWNER_PLACE_GROUP },
    { NULL, 0 }
};
/* clang-format on */

/* --- items -------------------------------------------------------------------------------------- */

static const char *item_id(const void *object, const ccgw_view_t *view)
{
    return genesys_hex(((const ccgw_session_t *)object)->id, view);
}

static const char *item_uri(const void *object, const ccgw_view_t *view)
{
    return genesys_session_uri(object, view);
}

static const char *item_path(const void *object, const ccgw_view_t *view)
{
    return genesys_session_path(object, view);
}

/* clang-format off */
/* Nobody is in a parked session and nothing can be done with it but pulling it out, so two lists are empty always. */
static const ccgw_member_t item_members[] = {
    { "capabilities", CCGW_KIND_TEXTS, .fn_list = genesys_nothing },
    { "chatType", CCGW_KIND_CONST, .text = "Inbound" },
    { "id", CCGW_KIND_TEXT, .fn = item_id },
    { "participants", CCGW_KIND_TEXTS, .fn_list = genesys_nothing },
    { "receivedDate", CCGW_KIND_TIME, offsetof(ccgw_session_t, created), .time = CCGW_TIME_ZONED },
    { "userData", CCGW_KIND_PAIRS, offsetof(ccgw_session_t, data), offsetof(ccgw_session_t, ndata) },
    { NULL }
};
const ccgw_shape_t genesys_shape_workbin_item = { "item", item_members, sizeof(ccgw_session_t) };

static const ccgw_member_t resource_members[] = {
    { NULL, CCGW_KIND_MEMBERS, .of = &genesys_shape_workbin_item },
    { "state", CCGW_KIND_CONST, .text = "InWorkbin" },
    { "uri", CCGW_KIND_TEXT, .fn = item_uri },
    { "path", CCGW_KIND_TEXT, .fn = item_path },
    { "subject", CCGW_KIND_STR, offsetof(ccgw_session_t, subject), .optional = 1 },
    { "comment", CCGW_KIND_STR, offsetof(ccgw_session_t, comment), .optional = 1 },
    { NULL }
};
static const ccgw_shape_t resource = { "chat", resource_members, sizeof(ccgw_session_t) };
/* clang-format on */

/* --- workbins ----------------------------------------------------------------------------------- */

static const char *bin_uri(const void *object, const ccgw_view_t *view)
{
    return genesys_uri(view, "workbins", ((const ccgw_workbin_t *)object)->def->id);
}

static const char *bin_path(const void *object, const ccgw_view_t *view)
{
    return genesys_path(view, "workbins", ((const ccgw_workbin_t *)object)->def->id);
}

#define ITEMS offsetof(ccgw_workbin_t, items), offsetof(ccgw_workbin_t, nitems)

/* clang-format off */
static const ccgw_member_t def_members[] = {
    { "id", CCGW_KIND_STR, offsetof(ccgw_workbin_def_t, id) },
    { "workbinName", CCGW_KIND_STR, offsetof(ccgw_workbin_def_t, name) },
    { "displayName", CCGW_KIND_STR, offsetof(ccgw_workbin_def_t, display_name) },
    { "type", CCGW_KIND_ENUM, offsetof(ccgw_workbin_def_t, kind), .values = owner_kinds },
    { NULL }
};
static const ccgw_shape_t def = { "workbin", def_members, sizeof(ccgw_workbin_def_t) };

static const ccgw_member_t bin_members[] = {
    { NULL, CCGW_KIND_MEMBERS, offsetof(ccgw_workbin_t, def), .pointer = 1, .of = &def },
    { "uri", CCGW_KIND_TEXT, .fn = bin_uri },
    { "path", CCGW_KIND_TEXT, .fn = bin_path },
    { NULL }
};
static const ccgw_shape_t bin = { "workbin", bin_members, sizeof(ccgw_workbin_t) };

static const ccgw_member_t full_members[] = {
    { NULL, CCGW_KIND_MEMBERS, .of = &bin },
    { "chats", CCGW_KIND_LIST, ITEMS, .of = &resource },
    { NULL }
};
static const ccgw_shape_t full = { "workbin", full_members, sizeof(ccgw_workbin_t) };
/* clang-format on */

/* --- one, with its content ---------------------------------------------------------------------- */

static int wants_chats(const void *object, const ccgw_view_t *view)
{
    const char *list = ((const ccgw_workbin_result_t *)object)->subresources;

    return genesys_wants(list, "chats") || genesys_wants(list, "smssessions");
}

static int wants_emails(const void *object, const ccgw_view_t *view)
{
    return genesys_wants(((const ccgw_workbin_result_t *)object)->subresources, "emails");
}

static int wants_workitems(const void *object, const ccgw_view_t *view)
{
    return genesys_wants(((const ccgw_workbin_result_t *)object)->subresources, "workitems");
}

static const void *first_items(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_workbin_result_t *result = object;

    if (!result->nworkbins)
        return NULL;
    *n = result->workbins[0].nitems;
    return result->workbins[0].items;
}

/* clang-format off */
/* Desktops read these three without asking whether they are there; of two of them this gateway has no items. */
static const ccgw_member_t media_members[] = {
    { "chats", CCGW_KIND_LIST, .items = first_items, .of = &resource, .when = wants_chats },
    { "emails", CCGW_KIND_TEXTS, .fn_list = genesys_nothing, .when = wants_emails },
    { "workitems", CCGW_KIND_TEXTS, .fn_list = genesys_nothing, .when = wants_workitems },
    { NULL }
};
static const ccgw_shape_t media = { "media", media_members, sizeof(ccgw_workbin_result_t) };

static const ccgw_member_t opened_members[] = {
    { NULL, CCGW_KIND_MEMBERS, offsetof(ccgw_workbin_result_t, workbins), .pointer = 1, .of = &bin },
    { NULL, CCGW_KIND_MEMBERS, .of = &media },
    { NULL }
};
static const ccgw_shape_t opened = { "workbin", opened_members, sizeof(ccgw_workbin_result_t) };

static const ccgw_member_t content_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "workbin", CCGW_KIND_OBJECT, .of = &opened },
    { NULL }
};
const ccgw_shape_t genesys_shape_workbin_content = { "workbin reply", content_members, sizeof(ccgw_workbin_result_t) };
/* clang-format on */

/* --- one media of one, at top level ------------------------------------------------------------- */

static int wants_uris(const void *object, const ccgw_view_t *view)
{
    return !((const ccgw_workbin_result_t *)object)->fields;
}

static int wants_fields(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_workbin_result_t *)object)->fields != NULL;
}

static const void *media_items(int *n, const void *object, const ccgw_view_t *view)
{
    return wants_chats(object, view) ? first_items(n, object, view) : NULL;
}

/* clang-format off */
static const ccgw_member_t media_reply_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "uris", CCGW_KIND_URIS, .items = media_items, .of = &resource, .fn = item_uri, .when = wants_uris },
    { NULL, CCGW_KIND_MEMBERS, .of = &media, .when = wants_fields },
    { NULL }
};
const ccgw_shape_t genesys_shape_workbin_media = { "workbin media", media_reply_members,
                                                   sizeof(ccgw_workbin_result_t) };
/* clang-format on */

/* --- several ------------------------------------------------------------------------------------ */

/* Under /me only the bins that belong to one agent or one place; a group's are told apart by the group's name. */
static const void *personal(int *n, const void *object, const ccgw_view_t *view)
{
    const ccgw_workbin_result_t *result = object;
    ccgw_workbin_t *mine = apr_palloc(view->pool, (apr_size_t)(result->nworkbins + 1) * sizeof(*mine));
    int i, kind;

    for (*n = i = 0; i < result->nworkbins; i++) {
        kind = result->workbins[i].def->kind;
        if (kind == CCGW_OWNER_AGENT || kind == CCGW_OWNER_PLACE)
            mine[(*n)++] = result->workbins[i];
    }
    return mine;
}

static int wants_content(const void *object, const ccgw_view_t *view)
{
    return wants_chats(object, view);
}

static int wants_no_content(const void *object, const ccgw_view_t *view)
{
    return !wants_chats(object, view);
}

#define BINS offsetof(ccgw_workbin_result_t, workbins), offsetof(ccgw_workbin_result_t, nworkbins)

/* clang-format off */
static const ccgw_member_t bins_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "uris", CCGW_KIND_URIS, BINS, .of = &bin, .fn = bin_uri, .when = wants_uris },
    { "workbins", CCGW_KIND_LIST, BINS, .of = &bin, .when = wants_fields },
    { NULL }
};
const ccgw_shape_t genesys_shape_workbins = { "workbins", bins_members, sizeof(ccgw_workbin_result_t) };

static const ccgw_member_t my_bins_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "uris", CCGW_KIND_URIS, .items = personal, .of = &bin, .fn = bin_uri, .when = wants_uris },
    { "workbins", CCGW_KIND_LIST, .items = personal, .of = &bin, .when = wants_fields },
    { NULL }
};
const ccgw_shape_t genesys_shape_my_workbins = { "workbins", my_bins_members, sizeof(ccgw_workbin_result_t) };

static const ccgw_member_t full_bins_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "workbins", CCGW_KIND_LIST, BINS, .of = &full, .when = wants_content },
    { "workbins", CCGW_KIND_LIST, BINS, .of = &bin, .when = wants_no_content },
    { NULL }
};
const ccgw_shape_t genesys_shape_workbins_full = { "workbins", full_bins_members, sizeof(ccgw_workbin_result_t) };
/* clang-format on */

/* --- answers ------------------------------------------------------------------------------------ */

static ccgw_pairs_t references(const void *object, const ccgw_view_t *view)
{
    const ccgw_workbin_result_t *result = object;
    ccgw_pairs_t pairs = { apr_pcalloc(view->pool, (apr_size_t)(result->nworkbins + 1) * sizeof(ccgw_pair_t)), 0 };

    for (; pairs.n < result->nworkbins; pairs.n++) {
        pairs.v[pairs.n].key = result->workbins[pairs.n].def->id;
        pairs.v[pairs.n].kind = CCGW_PAIR_NUMBER;
        pairs.v[pairs.n].number = result->references ? result->references[pairs.n] : result->reference;
    }
    return pairs;
}

/* clang-format off */
static const ccgw_member_t bin_done_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "referenceId", CCGW_KIND_INT, offsetof(ccgw_workbin_result_t, reference), .optional = 1 },
    { NULL }
};
const ccgw_shape_t genesys_shape_workbin_done = { "reference", bin_done_members, sizeof(ccgw_workbin_result_t) };

static const ccgw_member_t bins_done_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "referenceIds", CCGW_KIND_PAIRS, .fn_pairs = references },
    { NULL }
};
const ccgw_shape_t genesys_shape_workbins_done = { "references", bins_done_members, sizeof(ccgw_workbin_result_t) };
/* clang-format on */
