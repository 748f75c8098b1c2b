/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* shapes.c: replies that carry a statusCode and little else, and what the shapes of all resources share. */
#include "dialect.h"

#include <apr_escape.h>
#include <apr_strings.h>

#include "ccgw_version.h"
#include "util/ccgw_id.h"

/* The SMS channel is called "smssession" in the pages; "sms" is what people try first. */
const ccgw_value_t genesys_channels[] = { { "voice", CCGW_MEDIA_VOICE },
                                          { "chat", CCGW_MEDIA_CHAT },
                                          { "smssession", CCGW_MEDIA_SMS },
                                          { "sms", CCGW_MEDIA_SMS },
                                          { NULL, 0 } };

const char *genesys_path(const ccgw_view_t *view, const char *collection, const char *id)
{
    return apr_pstrcat(view->pool, "/", collection, "/", apr_pescape_path_segment(view->pool, id), NULL);
}

const char *genesys_uri(const ccgw_view_t *view, const char *collection, const char *id)
{
    return apr_pstrcat(view->pool, view->base, view->root, genesys_path(view, collection, id), NULL);
}

int genesys_wants(const char *list, const char *name)
{
    apr_size_t length = strlen(name), n;

    for (; list && *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        if (n == 1 && *list == '*')
            return 1;
        if ((n == length || n == length - 1) && !strncmp(list, name, n))
            return 1;
    }
    return 0;
}

const char *genesys_name(const ccgw_value_t *values, int number)
{
    for (; values->name; values++) {
        if (values->number == number)
            return values->name;
    }
    return NULL;
}

ccgw_strs_t genesys_nothing(const void *object, const ccgw_view_t *view)
{
    return (ccgw_strs_t){ NULL, 0 };
}

const char *genesys_hex(ccgw_id_t id, const ccgw_view_t *view)
{
    char *hex = apr_palloc(view->pool, 17);

    ccgw_id_hex(hex, id);
    return hex;
}

static apr_int64_t wire_code(const void *object, const ccgw_view_t *view)
{
    return ((const ccgw_error_reply_t *)object)->wire;
}

/* clang-format off */
static const ccgw_member_t done_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { NULL }
};
const ccgw_shape_t genesys_shape_done = { "done", done_members };

static const ccgw_member_t error_members[] = {
    { "statusCode", CCGW_KIND_NUMBER, .numfn = wire_code },
    { "statusMessage", CCGW_KIND_STR, offsetof(ccgw_error_reply_t, text) },
    { NULL }
};
const ccgw_shape_t genesys_shape_error = { "error", error_members, sizeof(ccgw_error_reply_t) };

static const ccgw_member_t reference_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "referenceId", CCGW_KIND_INT, offsetof(ccgw_done_t, reference), .optional = 1 },
    { NULL }
};
const ccgw_shape_t genesys_shape_reference = { "reference", reference_members, sizeof(ccgw_done_t) };

static const ccgw_member_t version_members[] = {
    { "statusCode", CCGW_KIND_CONST, .number = 0 },
    { "version", CCGW_KIND_CONST, .text = CCGW_VERSION },
    { NULL }
};
const ccgw_shape_t genesys_shape_version = { "version", version_members };
/* clang-format on */
