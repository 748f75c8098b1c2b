/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel_front.c: registry of the channel providers, defaults for what one leaves out. */
#include "channel/ccgw_channel_front.h"

#include "ccgw_error.h"
#include "channel/ccgw_channel_providers.h"
#include "util/ccgw_str.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <string.h>

/* Longest short code; what has more digits is a whole number. */
#define SHORT_CODE_MAX 6

/* Longest key of a text. */
#define KEY_MAX 64

/* ccgw_channel_provider_t.ring: nobody takes the call. */
#define SILENT 3

const ccgw_channel_provider_t *const ccgw_channel_providers[] = { &ccgw_channel_kannel, &ccgw_channel_loop, NULL };

const ccgw_channel_provider_t *ccgw_channel_find(const char *name)
{
    int i;

    for (i = 0; ccgw_channel_providers[i]; i++) {
        if (!strcmp(ccgw_channel_providers[i]->name, name))
            return ccgw_channel_providers[i];
    }
    return NULL;
}

const char *ccgw_channel_names(apr_pool_t *pool)
{
    ccgw_out_t out;
    int i;

    ccgw_out_init(&out, 64, pool);
    for (i = 0; ccgw_channel_providers[i]; i++) {
        if (i)
            ccgw_out_puts(&out, ", ");
        ccgw_out_puts(&out, ccgw_channel_providers[i]->name);
    }
    return out.p;
}

apr_status_t ccgw_channel_start(void)
{
    return curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK ? APR_SUCCESS : CCGW_EINTERNAL;
}

const char *ccgw_channel_configure(ccgw_channel_front_t **front, const ccgw_channel_provider_t *provider,
                                   ccgw_media_t media, const ccgw_strs_t *words, apr_pool_t *conf)
{
    ccgw_channel_front_t *made = apr_pcalloc(conf, sizeof *made);
    const char *fault;

    made->provider = provider;
    made->media = media;
    fault = provider->configure(&made->channel, media, words, conf);
    if (!fault)
        *front = made;
    return fault;
}

const char *ccgw_channel_caution(const ccgw_channel_front_t *front)
{
    return front->provider->caution ? front->provider->caution(front->channel) : NULL;
}

apr_status_t ccgw_channel_admit(const ccgw_channel_front_t *front, ccgw_field_reader_t *field, void *baton)
{
    return front->provider->admit ? front->provider->admit(front->channel, field, baton) : APR_SUCCESS;
}

apr_status_t ccgw_channel_receive(ccgw_inbound_t *text, const char **fault, const ccgw_channel_front_t *front,
                                  ccgw_field_reader_t *field, void *baton, apr_pool_t *pool)
{
    *fault = NULL;
    memset(text, 0, sizeof *text);
    if (!front->provider->receive)
        return CCGW_EDISABLED;
    return front->provider->receive(text, fault, front->channel, field, baton, pool);
}

apr_status_t ccgw_channel_report(ccgw_report_t *report, const char **fault, const ccgw_channel_front_t *front,
                                 ccgw_field_reader_t *field, void *baton, apr_pool_t *pool)
{
    *fault = NULL;
    memset(report, 0, sizeof *report);
    report->why = "";
    if (!front->provider->report)
        return CCGW_EDISABLED;
    return front->provider->report(report, fault, front->channel, field, baton, pool);
}

apr_status_t ccgw_channel_send(const char **why, const ccgw_channel_front_t *front, const ccgw_outbound_t *text,
                               apr_pool_t *pool)
{
    *why = NULL;
    if (!front->provider->send) {
        *why = apr_psprintf(pool, "the channel provider \"%s\" sends nothing", front->provider->name);
        return CCGW_EREFUSED;
    }
    return front->provider->send(why, front->channel, text, pool);
}

int ccgw_channel_ring(const ccgw_channel_front_t *front, const char *number, apr_interval_time_t *after)
{
    return front->provider->ring ? front->provider->ring(front->channel, number, after) : SILENT;
}

/* ---- shared by the providers ---- */

apr_status_t ccgw_channel_field(const char **value, const char **fault, ccgw_field_reader_t *field, void *baton,
                                const char *name, int required, apr_size_t max)
{
    apr_size_t n = 0;
    const char *read = field(&n, baton, name);

    *value = ccgw_str_or_empty(read);
    if ((read || !required) && n <= max && ccgw_utf8_valid(*value, n))
        return APR_SUCCESS;
    *fault = name;
    return read ? CCGW_EINVAL : CCGW_EMISSING;
}

const char *ccgw_channel_number(const char *number, apr_pool_t *pool)
{
    const char *at, *prefix = "";
    apr_size_t n;

    while (*number == ' ')
        number++;
    n = strlen(number);
    while (n && number[n - 1] == ' ')
        n--;
    for (at = number; at < number + n; at++) {
        if (apr_iscntrl(*at))
            return NULL;
    }
    /* One zero begins a national number: of which nation, nobody here knows. */
    if (n > SHORT_CODE_MAX && strspn(number, "0123456789") >= n && strspn(number, "0") != 1) {
        prefix = "+";
        if (*number == '0') {
            number += 2;
            n -= 2;
        }
    }
    return n ? apr_psprintf(pool, "%s%.*s", prefix, (int)n, number) : NULL;
}

apr_status_t ccgw_channel_key(const char **key, const char **fault, ccgw_field_reader_t *field, void *baton)
{
    apr_status_t rv = ccgw_channel_field(key, fault, field, baton, "key", 1, KEY_MAX);

    if (rv == APR_SUCCESS && (!**key || (*key)[strspn(*key, "0123456789abcdefghijklmnopqrstuvwxyz.-")])) {
        *fault = "key";
        rv = CCGW_EINVAL;
    }
    return rv;
}

const char *ccgw_channel_words(const char *text, apr_size_t max, apr_pool_t *pool)
{
    char *words = apr_pstrndup(pool, ccgw_str_or_empty(text), max), *at;

    for (at = words; *at; at++) {
        if (!apr_isprint(*at))
            *at = ' ';
    }
    return words;
}
