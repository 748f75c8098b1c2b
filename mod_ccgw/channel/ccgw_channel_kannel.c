/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel_kannel.c: SMS through a Kannel gateway: its smsbox calls us for what comes in and is called by us for
 * what goes out. */
#include "ccgw_error.h"
#include "channel/ccgw_channel_providers.h"
#include "util/ccgw_log.h"
#include "util/ccgw_str.h"

#include <apr_cstr.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <stddef.h>
#include <string.h>

#define FIELD_MAX  64
#define ID_MAX     128
#define TEXT_MAX   4096
#define SECRET_MAX 256
/* Of an answer only this much is looked at. */
#define ANSWER_MAX 160
/* Longest time-out: the outbox's claims must outlive it. */
#define TIMEOUT_MAX 30

struct ccgw_channel_t {
    ccgw_media_t media;
    const char *url;
    const char *user;
    const char *secret;
    const char *inbound_secret; /* NULL: none */
    long timeout;               /* seconds */
};

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
    if (!*host || strpbrk(host, "@?# "))
        return "needs a host and a path, and nothing else: no user, no query";
    *(const char **)at = apr_pstrdup(pool, value);
    return NULL;
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

    if (end == value || (*end && strcmp(end, "s")) || seconds < 1 || seconds > TIMEOUT_MAX)
        return apr_psprintf(pool, "is not between 1s and %ds", TIMEOUT_MAX);
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
                        "inbound-secret-file=, timeout=",
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

/* ---- inbound ---- */

static apr_status_t admit(const ccgw_channel_t *channel, ccgw_field_reader_t *field, void *baton)
{
    const char *given;

    if (!channel->inbound_secret)
        return APR_SUCCESS;
    given = field(baton, "secret");
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

static apr_status_t receive(ccgw_inbound_t *text, const char **fault, const ccgw_channel_t *channel,
                            ccgw_field_reader_t *field, void *baton, apr_pool_t *pool)
{
    const char *charset;
    apr_status_t rv;

    text->media = channel->media;
    rv = ccgw_channel_field(&charset, fault, field, baton, "charset", 0, FIELD_MAX);
    if (rv == APR_SUCCESS && *charset && apr_cstr_casecmp(charset, "utf-8")) {
        *fault = "charset";
        return CCGW_EINVAL;
    }
    if (rv == APR_SUCCESS)
        rv = take_number(&text->from, fault, field, baton, "from", pool);
    if (rv == APR_SUCCESS)
        rv = take_number(&text->to, fault, field, baton, "to", pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_field(&text->text, fault, field, baton, "text", 1, TEXT_MAX);
    if (rv == APR_SUCCESS)
        rv = ccgw_channel_field(&text->carrier_id, fault, field, baton, "id", 0, ID_MAX);
    return rv;
}

/* ---- outbound ---- */

/* Every character a handset knows without Unicode: GSM 03.38, then its extension table. */
static const char gsm_alphabet[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ "
                                   "!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
                                   "abcdefghijklmnopqrstuvwxyzäöñüà"
                                   "\f^{}\\[~]|€";

static int is_gsm(const char *text)
{
    apr_size_t left = strlen(text), n;

    for (; left; text += n, left -= n) {
        char one[5] = "";

        n = ccgw_utf8_length(text, left);
        if (!n)
            return 0;
        memcpy(one, text, n);
        if (!strstr(gsm_alphabet, one))
            return 0;
    }
    return 1;
}

static void add_argument(ccgw_out_t *url, CURL *curl, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(curl, value, 0);

    ccgw_out_printf(url, "%s%s=%s", strchr(url->p, '?') ? "&" : "?", name, ccgw_str_or_empty(escaped));
    curl_free(escaped);
}

static const char *request_url(CURL *curl, const ccgw_channel_t *channel, const ccgw_outbound_t *text, apr_pool_t *pool)
{
    ccgw_out_t url;

    ccgw_out_init(&url, 512, pool);
    ccgw_out_puts(&url, channel->url);
    add_argument(&url, curl, "username", channel->user);
    add_argument(&url, curl, "password", channel->secret);
    add_argument(&url, curl, "from", text->from);
    add_argument(&url, curl, "to", text->to);
    add_argument(&url, curl, "charset", "UTF-8");
    if (!is_gsm(text->text))
        add_argument(&url, curl, "coding", "2");
    add_argument(&url, curl, "text", text->text);
    return url.p;
}

typedef struct answer_t {
    char text[ANSWER_MAX + 1];
    apr_size_t n;
} answer_t;

static size_t take_answer(char *data, size_t size, size_t count, void *baton)
{
    answer_t *answer = baton;
    apr_size_t n = size * count, room = ANSWER_MAX - answer->n;

    memcpy(answer->text + answer->n, data, n < room ? n : room);
    answer->n += n < room ? n : room;
    return n;
}

static void set_options(CURL *curl, const ccgw_channel_t *channel, const char *url, answer_t *answer)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, channel->timeout);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, channel->timeout);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
}

/* The gateway's own words for the log: printable, one line, and never with what we sent, should it repeat its query. */
static const char *quote_answer(const answer_t *answer, const ccgw_channel_t *channel, apr_pool_t *pool)
{
    char *words = apr_pstrmemdup(pool, answer->text, answer->n), *at;

    if (strstr(words, channel->secret) || strstr(words, "password") || strstr(words, "text="))
        return "(not shown)";
    for (at = words; *at; at++) {
        if (!apr_isprint(*at))
            *at = ' ';
    }
    return words;
}

/* These are about the account or the address: whatever text was asked for, the answer would be the same. */
static int is_misconfigured(long status)
{
    return status == 401 || status == 403 || status == 404;
}

static apr_status_t judge_answer(const char **why, long status, const answer_t *answer, const ccgw_channel_t *channel,
                                 apr_pool_t *pool)
{
    if (status == 202 && (!strncmp(answer->text, "0:", 2) || !strncmp(answer->text, "3:", 2)))
        return APR_SUCCESS;
    *why = apr_psprintf(pool, "HTTP %ld, %s", status, quote_answer(answer, channel, pool));
    if (is_misconfigured(status)) {
        ccgw_log(CCGW_LOG_ERROR, APR_SUCCESS,
                 "CCGW0310: %s answers %s: until url=, user= and secret-file= of CcgwChannel and "
                 "Kannel's sendsms-user agree, texts to customers are held",
                 channel->url, *why);
        return CCGW_EBUSY;
    }
    if (status == 503)
        return CCGW_EBUSY;
    /* Another fault of the server, or of one between, may have come after the text was taken. */
    return status >= 500 ? CCGW_EUNKNOWN : CCGW_EREFUSED;
}

/* Not a byte of the request went out: nobody can have taken the text. */
static apr_status_t judge_failure(const char **why, CURL *curl, CURLcode code, apr_pool_t *pool)
{
    long sent = 0;

    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
    *why = apr_psprintf(pool, "%s %s", curl_easy_strerror(code), sent ? "(after sending)" : "(nothing was sent)");
    return sent ? CCGW_EUNKNOWN : CCGW_EBUSY;
}

static apr_status_t send_text(const char **why, ccgw_channel_t *channel, const ccgw_outbound_t *text, apr_pool_t *pool)
{
    answer_t answer = { .n = 0 };
    CURL *curl = curl_easy_init();
    long status = 0;
    apr_status_t rv;
    CURLcode code;

    if (!curl) {
        *why = "no memory for a request";
        return CCGW_EBUSY;
    }
    set_options(curl, channel, request_url(curl, channel, text, pool), &answer);
    code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        rv = judge_answer(why, status, &answer, channel, pool);
    }
    else {
        rv = judge_failure(why, curl, code, pool);
    }
    curl_easy_cleanup(curl);
    return rv;
}

const ccgw_channel_provider_t ccgw_channel_kannel = {
    .name = "kannel",
    .configure = configure,
    .admit = admit,
    .receive = receive,
    .send = send_text,
};
