/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_bayeux_message.c: reads the messages of a Bayeux request and says what is wrong with them.
 *
 * Error texts have the form "number:arguments:text". 402 is kept for an unknown session alone,
 * because some clients shake hands again whenever they see it. */
#include "stream/ccgw_bayeux.h"

#include "api/ccgw_form.h"

#include <apr_strings.h>
#include <string.h>

#define MESSAGES_MAX 256
#define CURSOR_END   ((apr_int64_t)1 << 53)

/* --- from bytes to JSON ----------------------------------------------------------------------- */

static int is_media_type(const char *type, const char *want)
{
    apr_size_t n = strlen(want);

    return !strncasecmp(type, want, n) && (type[n] == '\0' || strchr("; \t", type[n]));
}

/* The text of the messages: the body, or the form field "message" in it. There is no GET: the
 * script replies that go with it could be read by any web page a signed-in agent visits. */
static apr_status_t find_text(ccgw_buf_t *text, const char **why, const ccgw_request_t *request)
{
    const char *type = ccgw_str_or_empty(request->content_type);
    const ccgw_pair_t *field;
    ccgw_pairs_t form;
    apr_status_t rv;

    *text = request->body;
    *why = "only POST is served";
    if (request->method != CCGW_POST)
        return CCGW_ESYNTAX;
    if (!*type || is_media_type(type, "application/json") || is_media_type(type, "text/json"))
        return APR_SUCCESS;
    *why = "the Content-Type is neither JSON nor a form";
    if (!is_media_type(type, "application/x-www-form-urlencoded"))
        return CCGW_ESYNTAX;
    *why = "the form has no field \"message\", or too many fields";
    rv = ccgw_form_parse(&form, request->body.p, request->body.n, request->pool);
    field = rv == APR_SUCCESS ? ccgw_pairs_find(&form, "message") : NULL;
    if (!field)
        return CCGW_ESYNTAX;
    *text = ccgw_buf_str(ccgw_str_or_empty(field->text));
    return APR_SUCCESS;
}

static apr_status_t read_json(const ccgw_json_t **json, const char **why, const ccgw_request_t *request)
{
    ccgw_buf_t text;
    apr_status_t rv;

    rv = find_text(&text, why, request);
    if (rv != APR_SUCCESS)
        return rv;
    return ccgw_json_parse(json, why, text.n ? text.p : "", text.n, request->pool);
}

/* --- members ---------------------------------------------------------------------------------- */

static const char *error_of(const char *number, const char *argument, const char *text, apr_pool_t *pool)
{
    return apr_pstrcat(pool, number, ":", argument, ":", text, NULL);
}

static const char *invalid_channel(const char *name, apr_pool_t *pool)
{
    return error_of("405", name, "Invalid channel", pool);
}

static const char *forbidden_channel(const char *name, apr_pool_t *pool)
{
    return error_of("403", name, "Forbidden channel", pool);
}

static const char *id_of(const ccgw_json_t *json, apr_pool_t *pool)
{
    const ccgw_json_t *id = ccgw_json_member(json, "id");

    switch (ccgw_json_kind(id)) {
    case CCGW_JSON_STRING:
    case CCGW_JSON_INT:
    case CCGW_JSON_REAL: return ccgw_json_write(id, pool);
    default: return NULL;
    }
}

/* The number in member NAME, or FALLBACK. Booleans are no numbers here: "ack":true stands in
 * handshakes. */
static apr_int64_t number_of(const ccgw_json_t *json, const char *name, apr_int64_t fallback)
{
    const ccgw_json_t *member = ccgw_json_member(json, name);
    ccgw_json_kind_t kind = ccgw_json_kind(member);

    return kind == CCGW_JSON_INT || kind == CCGW_JSON_REAL ? ccgw_json_int(member, fallback) : fallback;
}

/* Does the array LIST hold TEXT? No array: the client leaves the choice to us. */
static int list_has(const ccgw_json_t *list, const char *text)
{
    const char *item;
    int i;

    if (ccgw_json_kind(list) != CCGW_JSON_ARRAY)
        return 1;
    for (i = 0; i < ccgw_json_size(list); i++) {
        item = ccgw_json_text(ccgw_json_item(list, i));
        if (item && !strcmp(item, text))
            return 1;
    }
    return 0;
}

/* --- one reader per kind ---------------------------------------------------------------------- */

static void read_handshake(ccgw_bayeux_message_t *message, const ccgw_json_t *json, apr_pool_t *pool)
{
    const ccgw_json_t *ack = ccgw_json_member(ccgw_json_member(json, "ext"), "ack");
    const char *minimum = ccgw_json_text(ccgw_json_member(json, "minimumVersion"));

    if (ccgw_json_kind(ack) == CCGW_JSON_BOOL && ccgw_json_int(ack, 0))
        message->ack = CCGW_BAYEUX_ACK_TRUE;
    if (ccgw_json_int(ccgw_json_member(ack, "enabled"), 0) == 1)
        message->ack = CCGW_BAYEUX_ACK_OBJECT;
    if (minimum && apr_strtoi64(minimum, NULL, 10) > 1)
        message->fault = error_of("400", minimum, "Version not supported", pool);
    if (!list_has(ccgw_json_member(json, "supportedConnectionTypes"), "long-polling"))
        message->fault = "301:long-polling:Connection types not supported";
}

static void read_connect(ccgw_bayeux_message_t *message, const ccgw_json_t *json, apr_pool_t *pool)
{
    const char *type = ccgw_json_text(ccgw_json_member(json, "connectionType"));
    apr_int64_t ack = number_of(ccgw_json_member(json, "ext"), "ack", 0);
    apr_int64_t hold = number_of(ccgw_json_member(json, "advice"), "timeout", -1);

    /* A number no cursor can have is ahead of every event: the reader will be told to start
     * over. */
    message->received = ack > 0 ? (ccgw_cursor_t)(ack < CURSOR_END ? ack : CURSOR_END) : 0;
    message->hold = hold >= 0 && hold < APR_INT32_MAX ? hold * 1000 : -1;
    if (type && strcmp(type, "long-polling") != 0)
        message->fault = error_of("301", type, "Connection types not supported", pool);
}

static const char *check_topic(const char *name, apr_pool_t *pool)
{
    if (!name || !ccgw_bayeux_pattern_valid(name))
        return invalid_channel(ccgw_str_or_empty(name), pool);
    return ccgw_bayeux_channel_below(name, "/meta") ? forbidden_channel(name, pool) : NULL;
}

static void read_subscription(ccgw_bayeux_message_t *message, const ccgw_json_t *json, apr_pool_t *pool)
{
    const ccgw_json_t *names = ccgw_json_member(json, "subscription");
    int list = ccgw_json_kind(names) == CCGW_JSON_ARRAY;
    int i, n = list ? ccgw_json_size(names) : ccgw_json_kind(names) == CCGW_JSON_STRING;

    message->subscription = names ? ccgw_json_write(names, pool) : NULL;
    message->topics.v = apr_palloc(pool, ((apr_size_t)n + 1) * sizeof(char *));
    for (i = 0; i < n && !message->fault; i++) {
        const char *name = ccgw_json_text(list ? ccgw_json_item(names, i) : names);

        message->fault = check_topic(name, pool);
        /* What is sent to a service comes back to its sender; subscribing to one changes
         * nothing. */
        if (!message->fault && !ccgw_bayeux_channel_below(name, "/service") && !ccgw_strs_have(&message->topics, name))
            message->topics.v[message->topics.n++] = name;
    }
    if (!n)
        message->fault = "403::subscription_missing";
}

/* The topics are the server's own: what clients publish there is refused, what they send to a
 * service is taken and has no effect. */
static void read_publish(ccgw_bayeux_message_t *message, const ccgw_json_t *json, apr_pool_t *pool)
{
    if (!ccgw_bayeux_channel_valid(message->channel))
        message->fault = invalid_channel(message->channel, pool);
    else if (ccgw_bayeux_channel_below(message->channel, "/meta"))
        message->fault = forbidden_channel(message->channel, pool);
    else if (!ccgw_json_member(json, "data"))
        message->fault = "403:data:Missing required parameter";
    else if (!ccgw_bayeux_channel_below(message->channel, "/service"))
        message->fault = error_of("403", message->channel, "Publishing is not permitted", pool);
}

/* clang-format off */
static const struct {
    const char *channel;
    ccgw_bayeux_kind_t kind;
    void (*read)(ccgw_bayeux_message_t *message, const ccgw_json_t *json, apr_pool_t *pool);
} kinds[] = {
    {"/meta/handshake",   CCGW_BAYEUX_HANDSHAKE,   read_handshake},
    {"/meta/connect",     CCGW_BAYEUX_CONNECT,     read_connect},
    {"/meta/disconnect",  CCGW_BAYEUX_DISCONNECT,  NULL},
    {"/meta/subscribe",   CCGW_BAYEUX_SUBSCRIBE,   read_subscription},
    {"/meta/unsubscribe", CCGW_BAYEUX_UNSUBSCRIBE, read_subscription},
    {NULL,                CCGW_BAYEUX_PUBLISH,     read_publish},
};
/* clang-format on */

static apr_status_t read_message(ccgw_bayeux_message_t *message, const char **why, const ccgw_json_t *json,
                                 apr_pool_t *pool)
{
    int i = 0;

    memset(message, 0, sizeof *message);
    message->channel = ccgw_json_text(ccgw_json_member(json, "channel"));
    *why = "a message is no object, or has no channel";
    if (!message->channel)
        return CCGW_ESYNTAX;
    message->id = id_of(json, pool);
    message->client = ccgw_json_text(ccgw_json_member(json, "clientId"));
    while (kinds[i].channel && strcmp(kinds[i].channel, message->channel) != 0)
        i++;
    message->kind = kinds[i].kind;
    if (kinds[i].read)
        kinds[i].read(message, json, pool);
    return APR_SUCCESS;
}

apr_status_t ccgw_bayeux_parse(ccgw_bayeux_message_t **messages, int *n, const char **why,
                               const ccgw_request_t *request)
{
    const ccgw_json_t *json;
    apr_status_t rv;
    int i, list;

    rv = read_json(&json, why, request);
    if (rv != APR_SUCCESS)
        return rv;
    list = ccgw_json_kind(json) == CCGW_JSON_ARRAY;
    *n = list ? ccgw_json_size(json) : 1;
    *why = "too many messages";
    if (*n > MESSAGES_MAX)
        return CCGW_ESYNTAX;
    *messages = apr_palloc(request->pool, ((apr_size_t)*n + 1) * sizeof **messages);
    for (i = 0; i < *n && rv == APR_SUCCESS; i++)
        rv = read_message(&(*messages)[i], why, list ? ccgw_json_item(json, i) : json, request->pool);
    return rv;
}
