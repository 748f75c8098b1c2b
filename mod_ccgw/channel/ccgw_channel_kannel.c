/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel_kannel.c: SMS through a Kannel gateway: its options, and what smsbox calls us for: texts that come in,
 * and reports of what became of those that went out (ccgw_channel_kannel_send.c). */
#include "channel/ccgw_channel_kannel.h"

#include "ccgw_error.h"
#include "channel/ccgw_channel_providers.h"
#include "util/ccgw_str.h"

#include <apr_cstr.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

#define REPORT_PATH "/ccgw/kannel/report"

#define FIELD_MAX 64
#define ID_MAX    128
/* Holds 255 parts, unless most of their letters are accented ones. */
#define TEXT_MAX   65536
#define SECRET_MAX 256
/* Of the carrier's own words on a text's fate. */
#define WHY_MAX 120

/* ---- configuration ---- */

static const char *read_url(void *at, const char *value, apr_pool_t *pool)
{
    const char *host;

    if (!strncmp(value, "http://", 7))
        host = value + 7;
    else if (!strncmp(value, "https://", 8))
        host = value + 8;
    else
        return "is neither http:// nor https://";
    if (*host == '/' || !strchr(host, '/') || strpbrk(host, "@?# "))
        return "needs a host and a path, and nothing else: no user, no query";
    *(const char **)at = apr_pstrdup(pool, value);
    return NULL;
}

/* Kannel fills in escapes of its own when it asks for this URL, so there is none that it could take for one. A proxy in
 * between may have put something in front of the path. */
static const char *read_reports(void *at, const char *value, apr_pool_t *pool)
{
    const char *fault = read_url(at, value, pool);
    apr_size_t n = strlen(value), end = sizeof REPORT_PATH - 1;

    if (!fault && strchr(value, '%'))
        return "needs a host and a path, without any %";
    if (!fault && (n < end || strcmp(value + n - end, REPORT_PATH)))
        return "does not end in " REPORT_PATH ", where reports are taken";
    return fault;
}

static const char *read_text(void *at, const char *value, apr_pool_t *pool)
{
    if (!*value || strlen(value) > FIELD_MAX)
        return "is empty or too long";
    *(const char **)at = apr_pstrdup(pool, value);
    return NULL;
}

/* The first line of a file that others may not read. */
static const char *read_secret(void *at, const char *value, apr_pool_t *pool)
{
    char line[SECRET_MAX + 2];
    apr_status_t rv;
    apr_finfo_t info;
    apr_file_t *file;
    apr_size_t n;

    rv = apr_file_open(&file, value, APR_FOPEN_READ | APR_FOPEN_NOCLEANUP, APR_FPROT_OS_DEFAULT, pool);
    if (rv != APR_SUCCESS)
        return apr_psprintf(pool, "cannot be opened: %pm", &rv);
    rv = apr_file_info_get(&info, APR_FINFO_PROT, file);
    if (rv == APR_SUCCESS && !(info.protection & (APR_FPROT_WREAD | APR_FPROT_WWRITE))) {
        memset(line, 0, sizeof line);
        apr_file_read_full(file, line, sizeof line - 1, &n);
    }
    apr_file_close(file);
    if (rv != APR_SUCCESS)
        return apr_psprintf(pool, "cannot be examined: %pm", &rv);
    if (info.protection & (APR_FPROT_WREAD | APR_FPROT_WWRITE))
        return "is open to everybody: take that away (chmod o-rw)";
    line[strcspn(line, "\r\n")] = '\0';
    if (!*line || strlen(line) > SECRET_MAX)
        return "has an empty or too long first line";
    *(const char **)at = apr_pstrdup(pool, line);
    return NULL;
}

static const char *read_seconds(void *at, const char *value, apr_pool_t *pool)
{
    char *end;
    apr_int64_t seconds = apr_strtoi64(value, &end, 10);

    if (end == value || (*end && strcmp(end, "s")) || seconds < 1 || seconds > CCGW_CHANNEL_TIMEOUT_MAX)
        return apr_psprintf(pool, "is not between 1s and %ds", CCGW_CHANNEL_TIMEOUT_MAX);
    *(long *)at = (long)seconds;
    return NULL;
}

typedef struct option_t {
    const char *name;
    int required;
    const char *(*read)(void *at, const char *value, apr_pool_t *pool); /* NULL, or what is wrong with VALUE */
    apr_size_t offset;
} option_t;

/* clang-format off */
static const option_t options[] = {
    {"url",                 1, read_url,     offsetof(ccgw_channel_t, url)},
    {"user",                1, read_text,    offsetof(ccgw_channel_t, user)},
    {"secret-file",         1, read_secret,  offsetof(ccgw_channel_t, secret)},
    {"inbound-secret-file", 0, read_secret,  offsetof(ccgw_channel_t, inbound_secret)},
    {"reports",             0, read_reports, offsetof(ccgw_channel_t, reports)},
    {"timeout",             0, read_seconds, offsetof(ccgw_channel_t, timeout)},
};
/* clang-format on */
#define NOPTIONS ((int)(sizeof options / sizeof *options))

static const char *read_word(ccgw_channel_t *channel, int *given, const char *word, apr_pool_t *pool)
{
    const char *equals = strchr(word, '=');
    const char *fault;
    int i;

    for (i = 0; equals && i < NOPTIONS; i++) {
        if (strlen(options[i].name) != (apr_size_t)(equals - word) || strncmp(options[i].name, word, equals - word))
            continue;
        if (given[i]++)
            return apr_psprintf(pool, "\"%s\": given twice", word);
        fault = options[i].read((char *)channel + options[i].offset, equals + 1, pool);
        return fault ? apr_psprintf(pool, "\"%s\": %s %s", word, options[i].name, fault) : NULL;
    }
    return apr_psprintf(pool,
                        "\"%.*s\": the kannel channel has no such option; it takes url=, user=, secret-file=, "
                        "inbound-secret-file=, reports=, timeout=",
                        equals ? (int)(equals - word) : (int)strlen(word), word);
}

static const char *configure(ccgw_channel_t **result, ccgw_media_t media, const ccgw_strs_t *words, apr_pool_t *conf)
{
    ccgw_channel_t *channel = apr_pcalloc(conf, sizeof *channel);
    int given[NOPTIONS] = { 0 };
    const char *fault;
    int i;

    if (media != CCGW_MEDIA_SMS)
        return "\"kannel\": carries sms only";
    channel->media = media;
    channel->timeout = 10;
    for (i = 0; i < words->n; i++) {
        fault = read_word(channel, given, words->v[i], conf);
        if (fault)
            return fault;
    }
    for (i = 0; i < NOPTIONS; i++) {
        if (options[i].required && !given[i])
            return apr_psprintf(conf, "\"kannel\": %s= is missing", options[i].name);
    }
    *result = channel;
    return NULL;
}

static const char *caution(const ccgw_channel_t *channel)
{
    if (channel->inbound_secret)
        return NULL;
    return "without inbound-secret-file= whoever reaches /ccgw/kannel/ can write as any customer and say what became "
           "of texts, unless a Require there says who may; give it a secret, or both";
}

/* ---- inbound ---- */

static apr_status_t admit(const ccgw_channel_t *channel, ccgw_field_reader_t *field, void *baton)
{
    const char *given;

    if (!channel->inbound_secret)
        return APR_SUCCESS;
    given = field(NULL, baton, "secret");
    return given && ccgw_str_equal_secret(given, channel->inbound_secret) ? APR_SUCCESS : CCGW_EFORBIDDEN;
}

static apr_status_t take_number(const char **number, const char **fault, ccgw_field_reader_t *field, void *baton,
                                const char *name, apr_pool_t *pool)
{
    const char *value;
    apr_status_t rv = ccgw_channel_field(&value, fault, field, baton, name, 1, FIELD_MAX);

    if (rv != APR_SUCCESS)
        return rv;
    *number = ccgw_channel_number(value, pool);
    if (*number)
        return APR_SUCCESS;
    *fault = name;
    return CCGW_EINVAL;
}

/* The character sets that Kannel names: UTF-8, which is also meant when it names none, and UTF-16 when it could make no
 * UTF-8 of that. Everything else is no text (8-BIT). */
typedef const char *decode_t(const char *s, apr_size_t n, apr_pool_t *pool);

static const struct {
    const char *charset;
    decode_t *decode;
} charsets[] = {
    { "", ccgw_utf8_mend },
    { "UTF-8", ccgw_utf8_mend },
    { "UTF-16BE", ccgw_utf8_from_utf16 },
};

static apr_status_t take_charset(decode_t **decode, const char **fault, ccgw_field_reader_t *field, void *baton)
{
    const char *charset;
    apr_status_t rv = ccgw_channel_field(&charset, fault, field, baton, "charset", 0, FIELD_MAX);
    int i;

    *decode = NULL;
    for (i = 0; rv == APR_SUCCESS && i < (int)(sizeof charsets / sizeof *charsets); i++) {
        if (!apr_cstr_casecmp(charset, charsets[i].charset))
            *decode = charsets[i].decode;
    }
    if (*decode || rv != APR_SUCCESS)
        return rv;
    *fault = "charset";
    return CCGW_EINVAL;
}

/* What the customer wrote, also where a part of it is spoilt: he sends it once. */
static apr_status_t take_words(const char **words, const char **fault, ccgw_field_reader_t *field, void *baton,
                               apr_pool_t *pool)
{
    apr_size_t n;
    const char *given = field(&n, baton, "text");
    decode_t *decode;
    apr_status_t rv = take_charset(&decode, fault, field, baton);

    if (rv != APR_SUCCESS)
        return rv;
    *fault = "text";
    if (!given)
        return CCGW_EMISSING;
    *words = decode(given, n, pool);
    return strlen(*words) <= TEXT_MAX ? APR_SUCCESS : CCGW_EINVAL;
}

static apr_status_t receive(ccgw_inbound_t *text, const char **fault, const ccgw_channel_t *channel,
                            ccgw_field_reader_t *field, void *baton, apr_pool_t *pool)
{
    apr_status_t rv;

    text->media = channel->media;
    rv = take_number(&text->from, fault, field, baton, "from", pool);
    if (rv == APR_SUCCESS)
        rv = take_number(&text->to, fault, field, baton, "to", pool);
    if (rv == APR_SUCCESS)
        rv = take_words(&text->text, fault, field, baton, pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_field(&text->carrier_id, fault, field, baton, "id", 0, ID_MAX);
    return rv;
}

/* ---- reports ---- */

/* Kannel's numbers for what became of a text. */
static const struct {
    const char *type;
    ccgw_fate_t fate;
} fates[] = {
    { "1", CCGW_FATE_DELIVERED }, /* the phone has it */
    { "2", CCGW_FATE_FAILED },    /* the phone will not get it */
    { "4", CCGW_FATE_TAKEN },     /* waits at the SMS centre */
    { "8", CCGW_FATE_TAKEN },     /* the SMS centre took it */
    { "16", CCGW_FATE_FAILED },   /* the SMS centre did not */
};

static ccgw_fate_t parse_fate(const char *type)
{
    int i;

    for (i = 0; i < (int)(sizeof fates / sizeof *fates); i++) {
        if (!strcmp(fates[i].type, type))
            return fates[i].fate;
    }
    return CCGW_FATE_UNSET;
}

static apr_status_t report(ccgw_report_t *report, const char **fault, const ccgw_channel_t *channel,
                           ccgw_field_reader_t *field, void *baton, apr_pool_t *pool)
{
    const char *type;
    apr_status_t rv;

    report->media = channel->media;
    rv = take_number(&report->from, fault, field, baton, "from", pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_key(&report->key, fault, field, baton);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_field(&type, fault, field, baton, "type", 1, FIELD_MAX);
    if (rv != APR_SUCCESS)
        return rv;
    report->fate = parse_fate(type);
    report->why = ccgw_channel_words(field(NULL, baton, "why"), WHY_MAX, pool);
    if (report->fate)
        return APR_SUCCESS;
    *fault = "type";
    return CCGW_EINVAL;
}

const ccgw_channel_provider_t ccgw_channel_kannel = {
    .name = "kannel",
    .configure = configure,
    .caution = caution,
    .admit = admit,
    .receive = receive,
    .report = report,
    .send = ccgw_channel_kannel_send,
};
