/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel_kannel_send.c: a text to a customer is one request to smsbox's sendsms page, and its answer judged. */
#include "channel/ccgw_channel_kannel.h"

#include "ccgw_error.h"
#include "channel/ccgw_channel_providers.h"
#include "util/ccgw_log.h"
#include "util/ccgw_step.h"
#include "util/ccgw_str.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <string.h>

/* Of an answer only this much is looked at. */
#define ANSWER_MAX 160

/* Which reports are asked for: delivered to the phone 1, not delivered 2, waiting at the SMS centre 4, taken by it 8, not
 * taken 16. */
#define REPORTS_ALL "31"

/* Every character a handset knows without Unicode: GSM 03.38, and its extension table, whose characters count twice. */
static const char gsm_alphabet[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ "
                                   "!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
                                   "abcdefghijklmnopqrstuvwxyzäöñüà";
static const char gsm_extension[] = "\f^{}\\[~]|€";

/* What fits a text sent as one, and a part of one that is not; a receiver counts parts in eight bits. */
#define GSM_ALONE   160
#define GSM_PART    153
#define UNITS_ALONE 70
#define UNITS_PART  67
#define PARTS_MAX   255

typedef struct form_t {
    int unicode; /* it needs UCS-2 */
    int parts;
} form_t;

/* How many places the character ONE takes in GSM 03.38; 0: it has none there. */
static int gsm_places(const char *one)
{
    if (strstr(gsm_alphabet, one))
        return 1;
    return strstr(gsm_extension, one) ? 2 : 0;
}

/* In how many parts TEXT leaves. A character of two places is never cut, a part goes without its last one for it. */
static form_t measure(const char *text)
{
    apr_size_t left = strlen(text), n, units = 0, gsm = 0, part = 0, parts = 1;
    form_t form = { 0 };

    for (; left; text += n, left -= n) {
        char one[5] = "";
        int places;

        n = ccgw_utf8_length(text, left);
        n = n ? n : 1;
        memcpy(one, text, n);
        places = gsm_places(one);
        form.unicode |= !places;
        units += n == 4 ? 2 : 1;
        gsm += places;
        if (part + places > GSM_PART) {
            parts++;
            part = 0;
        }
        part += places;
    }
    if (form.unicode)
        form.parts = units <= UNITS_ALONE ? 1 : (int)((units + UNITS_PART - 1) / UNITS_PART);
    else
        form.parts = gsm <= GSM_ALONE ? 1 : (int)parts;
    return form;
}

static void add_argument(ccgw_out_t *url, CURL *curl, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(curl, value, 0);

    ccgw_out_printf(url, "%s%s=%s", strchr(url->p, '?') ? "&" : "?", name, ccgw_str_or_empty(escaped));
    curl_free(escaped);
}

/* VALUE for the query of a URL that Kannel fills in first: there a % begins one of Kannel's own escapes, and %% is one %.
 * So what must be escaped is written %%2B. */
static void add_inner(ccgw_out_t *url, const char *value)
{
    for (; *value; value++) {
        if (apr_isalnum(*value) || strchr("._~-", *value))
            ccgw_out_put(url, value, 1);
        else
            ccgw_out_printf(url, "%%%%%02X", (unsigned char)*value);
    }
}

/* Where smsbox reports what became of TEXT. A number goes without its + when it comes back with it. */
static const char *report_url(const ccgw_channel_t *channel, const ccgw_outbound_t *text, apr_pool_t *pool)
{
    const char *digits = *text->from == '+' ? ccgw_channel_number(text->from + 1, pool) : NULL;
    ccgw_out_t url;

    ccgw_out_init(&url, 256, pool);
    ccgw_out_printf(&url, "%s?", channel->reports);
    if (channel->inbound_secret) {
        ccgw_out_puts(&url, "secret=");
        add_inner(&url, channel->inbound_secret);
        ccgw_out_puts(&url, "&");
    }
    ccgw_out_puts(&url, "from=");
    add_inner(&url, digits && !strcmp(digits, text->from) ? text->from + 1 : text->from);
    ccgw_out_puts(&url, "&key=");
    add_inner(&url, text->key);
    ccgw_out_puts(&url, "&type=%d&why=%A");
    return url.p;
}

static const char *request_url(CURL *curl, const ccgw_channel_t *channel, const ccgw_outbound_t *text, int unicode,
                               apr_pool_t *pool)
{
    ccgw_out_t url;

    ccgw_out_init(&url, 512, pool);
    ccgw_out_puts(&url, channel->url);
    add_argument(&url, curl, "username", channel->user);
    add_argument(&url, curl, "password", channel->secret);
    add_argument(&url, curl, "from", text->from);
    add_argument(&url, curl, "to", text->to);
    add_argument(&url, curl, "charset", "UTF-8");
    if (unicode)
        add_argument(&url, curl, "coding", "2");
    add_argument(&url, curl, "text", text->text);
    if (channel->reports) {
        add_argument(&url, curl, "dlr-mask", REPORTS_ALL);
        add_argument(&url, curl, "dlr-url", report_url(channel, text, pool));
    }
    return url.p;
}

typedef struct answer_t {
    char text[ANSWER_MAX + 1];
    apr_size_t n;
    int begun;
} answer_t;

/* The carrier has answered, and nobody knows yet what. */
static size_t take_header(char *data, size_t size, size_t count, void *baton)
{
    answer_t *answer = baton;

    if (!answer->begun++)
        ccgw_step(OUTBOX_SENT);
    return size * count;
}

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
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
}

/* The gateway's own words for the log, and never with what we sent, should it repeat its query. */
static const char *quote_answer(const answer_t *answer, const ccgw_channel_t *channel, apr_pool_t *pool)
{
    if (strstr(answer->text, channel->secret) || strstr(answer->text, "password") || strstr(answer->text, "text=") ||
        strstr(answer->text, "dlr-url") || (channel->inbound_secret && strstr(answer->text, channel->inbound_secret)))
        return "(not shown)";
    return ccgw_channel_words(answer->text, ANSWER_MAX, pool);
}

/* smsbox took the text: for bearerbox, for later, or without waiting for either (immediate-sendsms-reply). */
static int is_taken(long status, const answer_t *answer)
{
    return status == 202 &&
           (!strncmp(answer->text, "0:", 2) || !strncmp(answer->text, "3:", 2) || !strncmp(answer->text, "Sent", 4));
}

/* These are about the account or the address, or come from somebody who is no smsbox: whatever text was asked for, the
 * answer would be the same. But 403 is also what Kannel answers when no carrier of its takes the receiver's number. */
static int is_misconfigured(long status, const answer_t *answer)
{
    return (status >= 200 && status < 400 && status != 202) || status == 401 || status == 404 || status == 405 ||
           (status == 403 && strncmp(answer->text, "Not routable", 12) != 0);
}

/* Not now: by smsbox, or by a proxy before it has passed the request on. */
static int is_busy(long status)
{
    return status == 408 || status == 429 || status == 503;
}

static apr_status_t judge_answer(const char **why, long status, const answer_t *answer, const ccgw_channel_t *channel,
                                 apr_pool_t *pool)
{
    if (is_taken(status, answer))
        return APR_SUCCESS;
    *why = apr_psprintf(pool, "HTTP %ld, %s", status, quote_answer(answer, channel, pool));
    if (is_misconfigured(status, answer)) {
        ccgw_log(CCGW_LOG_ERROR, APR_SUCCESS,
                 "CCGW0310: %s answers %s: until url=, user= and secret-file= of CcgwChannel and "
                 "Kannel's sendsms-user agree, texts to customers are held",
                 channel->url, *why);
        return CCGW_EBUSY;
    }
    if (is_busy(status))
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

apr_status_t ccgw_channel_kannel_send(const char **why, ccgw_channel_t *channel, const ccgw_outbound_t *text,
                                      apr_pool_t *pool)
{
    answer_t answer = { .n = 0 };
    form_t form = measure(text->text);
    long status = 0;
    apr_status_t rv;
    CURLcode code;
    CURL *curl;

    /* Kannel would cut the rest off and say nothing. */
    if (form.parts > PARTS_MAX) {
        *why = apr_psprintf(pool, "the text needs %d parts, a customer is sent at most %d", form.parts, PARTS_MAX);
        return CCGW_EREFUSED;
    }
    curl = curl_easy_init();
    if (!curl) {
        *why = "no memory for a request";
        return CCGW_EBUSY;
    }
    set_options(curl, channel, request_url(curl, channel, text, form.unicode, pool), &answer);
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
