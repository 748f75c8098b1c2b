/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel_loop.c: a customer's end that is driven over HTTP: nothing else has to be installed.
 *
 * What comes in is taken from the request as it stands. What goes out counts as taken at once; the outbox keeps it, and
 * whoever plays the customer reads it there and may report what became of it. */
#include "ccgw_error.h"
#include "channel/ccgw_channel_providers.h"
#include "util/ccgw_json.h"
#include "util/ccgw_str.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define FIELD_MAX 128
#define TEXT_MAX  (64 * 1024)
#define DATA_MAX  (64 * 1024)
#define PAIRS_MAX 200

struct ccgw_channel_t {
    ccgw_media_t media;
};

/* As the floor file spells them. */
static const char *const media_names[CCGW_MEDIA_COUNT] = {
    [CCGW_MEDIA_VOICE] = "voice",
    [CCGW_MEDIA_CHAT] = "chat",
    [CCGW_MEDIA_SMS] = "sms",
};

static const char *configure(ccgw_channel_t **channel, ccgw_media_t media, const ccgw_strs_t *words, apr_pool_t *conf)
{
    if (words->n)
        return apr_psprintf(conf, "\"%s\": the loop channel takes no options", words->v[0]);
    *channel = apr_pcalloc(conf, sizeof **channel);
    (*channel)->media = media;
    return NULL;
}

static int take_pair(ccgw_pair_t *pair, const char *name, const ccgw_json_t *value)
{
    memset(pair, 0, sizeof *pair);
    pair->key = name;
    switch (ccgw_json_kind(value)) {
    case CCGW_JSON_NULL: pair->kind = CCGW_PAIR_NULL; return 1;
    case CCGW_JSON_STRING:
        pair->kind = CCGW_PAIR_TEXT;
        pair->text = ccgw_json_text(value);
        return 1;
    case CCGW_JSON_INT:
        pair->kind = CCGW_PAIR_NUMBER;
        pair->number = ccgw_json_int(value, 0);
        return 1;
    default: return 0;
    }
}

/* Attached data is one JSON object of strings, whole numbers and nulls. */
static apr_status_t take_data(ccgw_pairs_t *data, const char *text, apr_pool_t *pool)
{
    const ccgw_json_t *json, *value;
    const char *why, *name;
    int i;

    if (!*text)
        return APR_SUCCESS;
    if (ccgw_json_parse(&json, &why, text, strlen(text), pool) != APR_SUCCESS ||
        ccgw_json_kind(json) != CCGW_JSON_OBJECT || ccgw_json_size(json) > PAIRS_MAX)
        return CCGW_EINVAL;
    data->n = ccgw_json_size(json);
    data->v = apr_pcalloc(pool, ((apr_size_t)data->n + 1) * sizeof *data->v);
    for (i = 0; ccgw_json_entry(&name, &value, json, i, pool); i++) {
        if (!take_pair(&data->v[i], name, value))
            return CCGW_EINVAL;
    }
    return APR_SUCCESS;
}

/* The first of two spellings that is given; "" none. */
static apr_status_t take_either(const char **value, const char **fault, ccgw_field_reader_t *field, void *baton,
                                const char *name, const char *other, apr_size_t max)
{
    apr_status_t rv = ccgw_channel_field(value, fault, field, baton, name, 0, max);

    if (rv == APR_SUCCESS && !**value)
        rv = ccgw_channel_field(value, fault, field, baton, other, 0, max);
    return rv;
}

static apr_status_t receive(ccgw_inbound_t *text, const char **fault, const ccgw_channel_t *channel,
                            ccgw_field_reader_t *field, void *baton, apr_pool_t *pool)
{
    const char *media, *data;
    apr_status_t rv;

    text->media = channel->media;
    rv = ccgw_channel_field(&media, fault, field, baton, "channel", 0, FIELD_MAX);
    if (rv == APR_SUCCESS && *media && strcmp(media, media_names[channel->media])) {
        *fault = "channel";
        return CCGW_EINVAL;
    }
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_field(&text->from, fault, field, baton, "from", 1, FIELD_MAX);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_field(&text->to, fault, field, baton, "to", 1, FIELD_MAX);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_field(&text->text, fault, field, baton, "text", 1, TEXT_MAX);
    if (rv == APR_SUCCESS)
        rv = take_either(&text->carrier_id, fault, field, baton, "carrierId", "id", FIELD_MAX);
    if (rv == APR_SUCCESS)
        rv = take_either(&data, fault, field, baton, "userData", "data", DATA_MAX);
    if (rv != APR_SUCCESS)
        return rv;
    if (!*text->from || !*text->to) {
        *fault = *text->from ? "to" : "from";
        return CCGW_EINVAL;
    }
    rv = take_data(&text->data, data, pool);
    if (rv != APR_SUCCESS)
        *fault = ccgw_str_given(field(NULL, baton, "userData")) ? "userData" : "data";
    return rv;
}

/* Whoever plays the customers plays their carrier too. */
static const struct {
    const char *name;
    ccgw_fate_t fate;
} fates[] = {
    { "taken", CCGW_FATE_TAKEN },
    { "delivered", CCGW_FATE_DELIVERED },
    { "failed", CCGW_FATE_FAILED },
};

static apr_status_t report(ccgw_report_t *report, const char **fault, const ccgw_channel_t *channel,
                           ccgw_field_reader_t *field, void *baton, apr_pool_t *pool)
{
    const char *fate;
    apr_status_t rv;
    int i;

    report->media = channel->media;
    rv = ccgw_channel_field(&report->from, fault, field, baton, "from", 1, FIELD_MAX);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_key(&report->key, fault, field, baton);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_field(&fate, fault, field, baton, "fate", 1, FIELD_MAX);
    if (rv != APR_SUCCESS)
        return rv;
    for (i = 0; i < (int)(sizeof fates / sizeof *fates); i++) {
        if (!strcmp(fates[i].name, fate))
            report->fate = fates[i].fate;
    }
    report->why = ccgw_channel_words(field(NULL, baton, "why"), FIELD_MAX, pool);
    if (report->fate)
        return APR_SUCCESS;
    *fault = "fate";
    return CCGW_EINVAL;
}

static apr_status_t send_text(const char **why, ccgw_channel_t *channel, const ccgw_outbound_t *text, apr_pool_t *pool)
{
    return APR_SUCCESS;
}

/* What a phone does is told by the last two digits of its number, so that whoever dials decides. */
static const struct {
    int from, to;
    int does; /* as ccgw_channel_provider_t.ring returns it */
} phones[] = { { 1, 49, 1 }, { 50, 74, 2 } };

#define SILENT    3
#define RINGS_FOR apr_time_from_sec(1)

static int ring_phone(const ccgw_channel_t *channel, const char *number, apr_interval_time_t *after)
{
    apr_size_t n = strlen(number);
    int i, last;

    if (n < 2 || !apr_isdigit(number[n - 2]) || !apr_isdigit(number[n - 1]))
        return SILENT;
    last = (number[n - 2] - '0') * 10 + number[n - 1] - '0';
    for (i = 0; i < (int)(sizeof phones / sizeof *phones); i++) {
        if (last >= phones[i].from && last <= phones[i].to) {
            *after = RINGS_FOR;
            return phones[i].does;
        }
    }
    return SILENT;
}

const ccgw_channel_provider_t ccgw_channel_loop = {
    .name = "loop",
    .configure = configure,
    .receive = receive,
    .report = report,
    .send = send_text,
    .ring = ring_phone,
};
