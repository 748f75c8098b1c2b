/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_channel.c: the customer's end: what providers accept as configuration, make of a request, and ask a carrier. */
#include "tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "ccgw_error.h"
#include "channel/ccgw_channel_front.h"
#include "util/ccgw_json.h"
#include "util/ccgw_log.h"
#include "util/ccgw_str.h"

#define LOG_MAX 400

static apr_pool_t *pool;
static char directory[64];

/* ---- a carrier ---- */

typedef struct carrier_t {
    int listener;
    int port;
    /* NULL: hangs up once the request is there; "": says nothing until the other side goes, or PATIENCE is over */
    const char *answer;
    char request[8192];
    int requests;
    pthread_t thread;
} carrier_t;

#define PATIENCE 10 /* seconds */

static int read_request(carrier_t *carrier, int fd)
{
    size_t n = 0;
    ssize_t got;

    memset(carrier->request, 0, sizeof carrier->request);
    while (n < sizeof carrier->request - 1 && !strstr(carrier->request, "\r\n\r\n")) {
        got = read(fd, carrier->request + n, sizeof carrier->request - 1 - n);
        if (got <= 0)
            return 0;
        n += (size_t)got;
    }
    return 1;
}

static void *serve_one(void *baton)
{
    carrier_t *carrier = baton;
    int fd = accept(carrier->listener, NULL, NULL);
    struct timeval patience = { .tv_sec = PATIENCE };
    char byte;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd >= 0 && read_request(carrier, fd)) {
        carrier->requests++;
        if (carrier->answer && *carrier->answer && write(fd, carrier->answer, strlen(carrier->answer)) < 0)
            carrier->requests = -1;
        while (carrier->answer && !*carrier->answer && read(fd, &byte, 1) > 0)
            ;
    }
    close(fd);
    return NULL;
}

static void listen_as(carrier_t *carrier)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;

    memset(carrier, 0, sizeof *carrier);
    carrier->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(carrier->listener, (struct sockaddr *)&at, n) || listen(carrier->listener, 5) ||
        getsockname(carrier->listener, (struct sockaddr *)&at, &n)) {
        printf("Bail out! no port for the carrier\n");
        exit(1);
    }
    carrier->port = ntohs(at.sin_port);
}

/* ---- configuration ---- */

static const char *write_file(const char *name, const char *content, mode_t mode)
{
    const char *path = apr_psprintf(pool, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");

    fputs(content, file);
    fclose(file);
    chmod(path, mode);
    return path;
}

static const char *configure(ccgw_channel_front_t **front, const char *provider, ccgw_media_t media, const char *text)
{
    ccgw_strs_t words = { apr_pcalloc(pool, 20 * sizeof(char *)), 0 };
    char *state, *word, *copy = apr_pstrdup(pool, text);

    for (word = apr_strtok(copy, " ", &state); word; word = apr_strtok(NULL, " ", &state))
        words.v[words.n++] = word;
    return ccgw_channel_configure(front, ccgw_channel_find(provider), media, &words, pool);
}

static const char *kannel_words(int port, const char *more)
{
    return apr_psprintf(pool, "url=http://127.0.0.1:%d/cgi-bin/sendsms user=ccgw secret-file=%s/secret %s", port,
                        directory, more);
}

static void test_configuration(void)
{
    const char *good = kannel_words(1, "timeout=5s");
    ccgw_channel_front_t *front;
    static const struct {
        const char *words, *fault;
    } cases[] = {
        { "url=ftp://x/y", "\"url=ftp://x/y\": url is neither http:// nor https://" },
        { "url=http://u:p@h/y", "\"url=http://u:p@h/y\": url needs a host and a path, and nothing "
                                "else: no user, no query" },
        { "url=http://h", "\"url=http://h\": url needs a host and a path, and nothing else: no user, no query" },
        { "url=http:///y", "\"url=http:///y\": url needs a host and a path, and nothing else: no user, no query" },
        { "user=", "\"user=\": user is empty or too long" },
        { "timeout=31s", "\"timeout=31s\": timeout is not between 1s and 30s" },
        { "timeout=x", "\"timeout=x\": timeout is not between 1s and 30s" },
        { "color=red", "\"color\": the kannel channel has no such option; it takes url=, user=, secret-file=, "
                       "inbound-secret-file=, reports=, timeout=" },
        { "reports=ftp://x/y", "\"reports=ftp://x/y\": reports is neither http:// nor https://" },
        { "reports=http://h",
          "\"reports=http://h\": reports needs a host and a path, and nothing else: no user, no query" },
        { "reports=http://h/ccgw/kannel/mo", "\"reports=http://h/ccgw/kannel/mo\": reports does not end in "
                                             "/ccgw/kannel/report, where reports are taken" },
        { "reports=http://h/report", "\"reports=http://h/report\": reports does not end in /ccgw/kannel/report, where "
                                     "reports are taken" },
        { "reports=http://h/%64", "\"reports=http://h/%64\": reports needs a host and a path, without any %" },
        { "reports=http://h/r?x=1", "\"reports=http://h/r?x=1\": reports needs a host and a path, and nothing "
                                    "else: no user, no query" },
        { "user=a user=b", "\"user=b\": given twice" },
        { "url=http://127.0.0.1/x", "\"kannel\": user= is missing" },
    };
    const char *fault;
    apr_size_t i;

    ok(!ccgw_channel_find("pigeon"), "an unknown provider is not found");
    is_str(ccgw_channel_names(pool), "kannel, loop", "the known ones can be listed");
    ok(!configure(&front, "kannel", CCGW_MEDIA_SMS, good), "a whole configuration is taken");
    is_int(front->media, CCGW_MEDIA_SMS, "with its media");
    ok(ccgw_str_given(ccgw_channel_caution(front)), "and with a word on the secret it lacks");
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        is_str(configure(&front, "kannel", CCGW_MEDIA_SMS, cases[i].words), cases[i].fault, "%s is refused",
               cases[i].words);
    is_str(configure(&front, "kannel", CCGW_MEDIA_CHAT, good), "\"kannel\": carries sms only", "chats are refused");
    is_str(configure(&front, "loop", CCGW_MEDIA_SMS, "x=1"), "\"x=1\": the loop channel takes no options",
           "the loop takes no options");

    write_file("open", "hush", 0644);
    fault = configure(&front, "kannel", CCGW_MEDIA_SMS, apr_psprintf(pool, "secret-file=%s/open", directory));
    ok(fault && strstr(fault, "is open to everybody"), "a secret that everybody can read is refused");
    fault = configure(&front, "kannel", CCGW_MEDIA_SMS, apr_psprintf(pool, "secret-file=%s/none", directory));
    ok(fault && strstr(fault, "cannot be opened"), "one that is not there too");
    write_file("empty", "\nlate", 0600);
    fault = configure(&front, "kannel", CCGW_MEDIA_SMS, apr_psprintf(pool, "secret-file=%s/empty", directory));
    ok(fault && strstr(fault, "empty or too long first line"), "and an empty one");
}

/* ---- inbound ---- */

/* BATON: names and values in turn, ended by NULL. In a value \1 stands for a zero byte. */
static const char *field_of(apr_size_t *n, void *baton, const char *name)
{
    const char **fields = baton;
    char *value = NULL, *at;

    for (; *fields && !value; fields += 2) {
        if (!strcmp(*fields, name))
            value = apr_pstrdup(pool, fields[1]);
    }
    if (n)
        *n = value ? strlen(value) : 0;
    for (at = value; at && *at; at++)
        *at = *at == '\1' ? '\0' : *at;
    return value;
}

static void test_kannel_inbound(void)
{
    static const struct {
        const char *fields[12];
        apr_status_t status;
        const char *result, *what; /* result: the sender, or the field at fault */
    } cases[] = {
        { { "from", "+4917012345", "to", "+15550000", "text", "hi", "id", "x1" },
          APR_SUCCESS,
          "+4917012345",
          "a whole number stays" },
        { { "from", "4917012345", "to", "+15550000", "text", "hi" },
          APR_SUCCESS,
          "+4917012345",
          "a lost + is put back" },
        { { "from", " 4917012345", "to", "+15550000", "text", "hi" },
          APR_SUCCESS,
          "+4917012345",
          "a + that became a space is put back" },
        { { "from", "004917012345", "to", "+15550000", "text", "hi" }, APR_SUCCESS, "+4917012345", "00 is a +" },
        { { "from", "0170123456", "to", "+15550000", "text", "hi" },
          APR_SUCCESS,
          "0170123456",
          "a national number stays" },
        { { "from", "000170123456", "to", "+15550000", "text", "hi" },
          APR_SUCCESS,
          "+0170123456",
          "whatever is behind 00, it is a +" },
        { { "from", "012345", "to", "+15550000", "text", "hi" }, APR_SUCCESS, "012345", "a short national one, too" },
        { { "from", "12345", "to", "+15550000", "text", "hi" }, APR_SUCCESS, "12345", "a short code stays" },
        { { "from", "ACME Ltd", "to", "+15550000", "text", "hi" }, APR_SUCCESS, "ACME Ltd", "a name stays" },
        { { "from", "+4917012345", "to", "+15550000", "text", "hi", "charset", "UTF-8" },
          APR_SUCCESS,
          "+4917012345",
          "the right character set may be told" },
        { { "from", "+4917012345", "to", "+15550000", "text", "hi", "charset", "8-BIT" },
          CCGW_EINVAL,
          "charset",
          "another one is refused" },
        { { "to", "+15550000", "text", "hi" }, CCGW_EMISSING, "from", "without a sender it is refused" },
        { { "from", "+4917012345", "text", "hi" }, CCGW_EMISSING, "to", "without a receiver too" },
        { { "from", "+4917012345", "to", "+15550000" }, CCGW_EMISSING, "text", "and without a text" },
        { { "from", "  ", "to", "+15550000", "text", "hi" }, CCGW_EINVAL, "from", "a sender of spaces is none" },
        { { "from", "a\nb", "to", "+15550000", "text", "hi" }, CCGW_EINVAL, "from", "nor is one of two lines" },
        { { "from", "+4917012345\xff", "to", "+15550000", "text", "hi" },
          CCGW_EINVAL,
          "from",
          "nor one that is not UTF-8" },
        { { "from", "+4917012345\1\x36", "to", "+15550000", "text", "hi" },
          CCGW_EINVAL,
          "from",
          "nor one with a zero byte" },
    };
    ccgw_channel_front_t *front;
    ccgw_inbound_t text;
    const char *fault;
    apr_size_t i;

    if (configure(&front, "kannel", CCGW_MEDIA_SMS, kannel_words(1, "")))
        return;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *fields[13] = { 0 };
        apr_status_t rv;

        memcpy(fields, cases[i].fields, sizeof cases[i].fields);
        rv = ccgw_channel_receive(&text, &fault, front, field_of, fields, pool);
        is_int(rv, cases[i].status, "kannel: %s", cases[i].what);
        is_str(rv == APR_SUCCESS ? text.from : fault, cases[i].result, "kannel: %s (value)", cases[i].what);
        if (!i) {
            is_str(text.to, "+15550000", "our number is read");
            is_str(text.text, "hi", "the text is read");
            is_str(text.carrier_id, "x1", "the carrier's id is read");
            is_int(text.media, CCGW_MEDIA_SMS, "the media is the channel's");
        }
    }
}

static void test_spoilt(void)
{
    static const struct {
        const char *text, *charset, *want, *what;
    } cases[] = {
        { "Z\xfc\xdf!", "UTF-8", "Z\xef\xbf\xbd\xef\xbf\xbd!", "bytes of another character set" },
        { "a\1z", "UTF-8", "a\xef\xbf\xbdz", "a zero byte" },
        { "\xed\xa0\xbd!", "", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!", "a surrogate" },
        { "S\1T", "UTF-16BE", "\xe5\x8c\x80\xef\xbf\xbd", "half a unit at the end" },
        { "\1a\4\x16", "utf-16be", "a\xd0\x96", "UTF-16, in any spelling" },
        { "\xd8\x3d\xde\4\1!", "UTF-16BE", "\xf0\x9f\x98\x84!", "a pair of surrogates" },
        { "\xd8\x3d\1z", "UTF-16BE", "\xef\xbf\xbdz", "half a pair" },
        { "\xde\3\xd8\x3d", "UTF-16BE", "\xef\xbf\xbd\xef\xbf\xbd", "two halves in the wrong order" },
        { "", "UTF-16BE", "", "nothing at all" },
    };
    ccgw_channel_front_t *front;
    ccgw_inbound_t text;
    const char *fault;
    apr_size_t i;

    configure(&front, "kannel", CCGW_MEDIA_SMS, kannel_words(1, ""));
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *fields[] = { "from", "+1", "to", "+2", "text", cases[i].text, "charset", cases[i].charset, NULL };

        is_int(ccgw_channel_receive(&text, &fault, front, field_of, fields, pool), APR_SUCCESS, "kannel: %s comes in",
               cases[i].what);
        is_str(text.text, cases[i].want, "kannel: with U+FFFD for what is no character (%s)", cases[i].what);
    }
}

static void test_admission(void)
{
    const char *right[] = { "secret", "sesame", NULL }, *wrong[] = { "secret", "sesam", NULL }, *none[] = { NULL };
    const char *twice[] = { "secret", "sesamesesame", NULL };
    ccgw_channel_front_t *front;

    write_file("inbound", "sesame\n", 0600);
    if (configure(&front, "kannel", CCGW_MEDIA_SMS,
                  kannel_words(1, apr_psprintf(pool, "inbound-secret-file=%s/inbound", directory))))
        return;
    ok(!ccgw_channel_caution(front), "who has a secret needs no warning");
    is_int(ccgw_channel_admit(front, field_of, right), APR_SUCCESS, "the right secret opens");
    is_int(ccgw_channel_admit(front, field_of, wrong), CCGW_EFORBIDDEN, "a shorter one does not");
    is_int(ccgw_channel_admit(front, field_of, twice), CCGW_EFORBIDDEN, "nor does a longer one");
    is_int(ccgw_channel_admit(front, field_of, none), CCGW_EFORBIDDEN, "nor none");
    configure(&front, "loop", CCGW_MEDIA_SMS, "");
    is_int(ccgw_channel_admit(front, field_of, none), APR_SUCCESS, "the loop relies on Require");
    ok(!ccgw_channel_caution(front), "and everybody knows");
}

static void test_loop(void)
{
    const char *fields[] = { "channel",   "sms",       "from",     "+1",
                             "to",        "+15550000", "text",     "hello",
                             "carrierId", "c7",        "userData", "{\"Customer\":\"Ada\",\"Rank\":3,\"None\":null}",
                             NULL };
    const char *chat[] = { "channel", "chat", "from", "+1", "to", "+15550000", "text", "hello", NULL };
    const char *bad[] = { "from", "+1", "to", "+15550000", "text", "hello", "data", "{\"a\":[1]}", NULL };
    const ccgw_outbound_t out = { .media = CCGW_MEDIA_SMS, .from = "+15550000", .to = "+1", .text = "ok", .key = "k" };
    ccgw_channel_front_t *front;
    const char *fault = NULL;
    ccgw_inbound_t text;

    configure(&front, "loop", CCGW_MEDIA_SMS, "");
    is_int(ccgw_channel_receive(&text, &fault, front, field_of, fields, pool), APR_SUCCESS, "the loop takes a text");
    is_str(text.carrier_id, "c7", "with its id");
    is_int(text.data.n, 3, "and its attached data");
    if (text.data.n == 3) {
        is_str(text.data.v[0].text, "Ada", "of strings");
        is_int(text.data.v[1].number, 3, "numbers");
        is_int(text.data.v[2].kind, CCGW_PAIR_NULL, "and nulls");
    }
    is_int(ccgw_channel_receive(&text, &fault, front, field_of, chat, pool), CCGW_EINVAL, "of its own media only");
    is_str(fault, "channel", "which is named");
    is_int(ccgw_channel_receive(&text, &fault, front, field_of, bad, pool), CCGW_EINVAL, "and with flat data only");
    is_str(fault, "data", "which is named");
    is_int(ccgw_channel_send(&fault, front, &out, pool), APR_SUCCESS, "what the loop sends is taken at once");
}

/* ---- reports ---- */

typedef struct report_case_t {
    const char *fields[12];
    apr_status_t status;
    int fate;
    const char *fault, *what;
} report_case_t;

static void test_report_case(const ccgw_channel_front_t *front, const report_case_t *one)
{
    const char *fields[13] = { 0 }, *fault;
    const char *name = front->provider->name;
    ccgw_report_t report;
    apr_status_t rv;

    memcpy(fields, one->fields, sizeof one->fields);
    rv = ccgw_channel_report(&report, &fault, front, field_of, fields, pool);
    is_int(rv, one->status, "%s: %s", name, one->what);
    if (rv != APR_SUCCESS) {
        is_str(fault, one->fault, "%s: %s: the field is named", name, one->what);
        return;
    }
    is_int(report.fate, one->fate, "%s: %s: its fate", name, one->what);
    is_int(report.media, CCGW_MEDIA_SMS, "%s: %s: the media is the channel's", name, one->what);
    is_str(report.from, "+15550000", "%s: %s: our number", name, one->what);
    is_str(report.key, "00ab.1", "%s: %s: the text's key", name, one->what);
}

#define OF "from", "+15550000", "key", "00ab.1"

static void test_kannel_reports(void)
{
    static const report_case_t cases[] = {
        { { OF, "type", "1" }, APR_SUCCESS, CCGW_FATE_DELIVERED, NULL, "1 is delivered" },
        { { OF, "type", "2" }, APR_SUCCESS, CCGW_FATE_FAILED, NULL, "2 is failed" },
        { { OF, "type", "4" }, APR_SUCCESS, CCGW_FATE_TAKEN, NULL, "4 is on its way" },
        { { OF, "type", "8" }, APR_SUCCESS, CCGW_FATE_TAKEN, NULL, "8 is on its way" },
        { { OF, "type", "16" }, APR_SUCCESS, CCGW_FATE_FAILED, NULL, "16 is failed" },
        { { "from", "15550000", "key", "00ab.1", "type", "1" }, APR_SUCCESS, CCGW_FATE_DELIVERED, NULL, "no plus" },
        { { OF, "type", "32" }, CCGW_EINVAL, 0, "type", "a type that was not asked for" },
        { { OF, "type", "3" }, CCGW_EINVAL, 0, "type", "two types at once" },
        { { OF, "type", "" }, CCGW_EINVAL, 0, "type", "an empty type" },
        { { OF, "type", "1x" }, CCGW_EINVAL, 0, "type", "a type that is no number" },
        { { OF }, CCGW_EMISSING, 0, "type", "no type" },
        { { "key", "00ab.1", "type", "1" }, CCGW_EMISSING, 0, "from", "no number" },
        { { "from", " ", "key", "00ab.1", "type", "1" }, CCGW_EINVAL, 0, "from", "an empty number" },
        { { "from", "+15550000", "type", "1" }, CCGW_EMISSING, 0, "key", "no key" },
        { { "from", "+15550000", "key", "", "type", "1" }, CCGW_EINVAL, 0, "key", "an empty key" },
        { { "from", "+15550000", "key", "a b", "type", "1" }, CCGW_EINVAL, 0, "key", "what is no key" },
    };
    const char *odd[] = { OF, "type", "2", "why", NULL, NULL };
    ccgw_channel_front_t *front;
    ccgw_report_t report;
    const char *fault;
    apr_size_t i;

    if (configure(&front, "kannel", CCGW_MEDIA_SMS, kannel_words(1, "")))
        return;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        test_report_case(front, &cases[i]);
    odd[7] = "NACK/bad\nnumber \xff\x1b!";
    ccgw_channel_report(&report, &fault, front, field_of, odd, pool);
    is_str(report.why, "NACK/bad number   !", "the carrier's words are one line of printable characters");
    odd[7] = apr_psprintf(pool, "%0500d", 7);
    ccgw_channel_report(&report, &fault, front, field_of, odd, pool);
    is_int(strlen(report.why), 120, "and not too many");
    odd[6] = NULL;
    ccgw_channel_report(&report, &fault, front, field_of, odd, pool);
    is_str(report.why, "", "and none when there are none");
}

static void test_loop_reports(void)
{
    static const report_case_t cases[] = {
        { { OF, "fate", "delivered" }, APR_SUCCESS, CCGW_FATE_DELIVERED, NULL, "delivered" },
        { { OF, "fate", "failed" }, APR_SUCCESS, CCGW_FATE_FAILED, NULL, "failed" },
        { { OF, "fate", "taken" }, APR_SUCCESS, CCGW_FATE_TAKEN, NULL, "taken" },
        { { OF, "fate", "lost" }, CCGW_EINVAL, 0, "fate", "another fate" },
        { { OF }, CCGW_EMISSING, 0, "fate", "no fate" },
        { { "key", "00ab.1", "fate", "failed" }, CCGW_EMISSING, 0, "from", "no number" },
        { { "from", "+15550000", "fate", "failed" }, CCGW_EMISSING, 0, "key", "no key" },
    };
    const char *words[] = { OF, "fate", "failed", "why", "switched off", NULL };
    ccgw_channel_front_t *front;
    ccgw_report_t report;
    const char *fault;
    apr_size_t i;

    configure(&front, "loop", CCGW_MEDIA_SMS, "");
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        test_report_case(front, &cases[i]);
    ccgw_channel_report(&report, &fault, front, field_of, words, pool);
    is_str(report.why, "switched off", "the loop takes a reason");
}

/* ---- outbound ---- */

static apr_status_t send_with(carrier_t *carrier, const char **why, const char *answer, const char *more,
                              const ccgw_outbound_t *out)
{
    ccgw_channel_front_t *front;
    apr_status_t rv;

    listen_as(carrier);
    carrier->answer = answer;
    pthread_create(&carrier->thread, NULL, serve_one, carrier);
    *why = configure(&front, "kannel", CCGW_MEDIA_SMS,
                     kannel_words(carrier->port, apr_pstrcat(pool, "timeout=1s ", more, NULL)));
    if (*why)
        return APR_EGENERAL;
    rv = ccgw_channel_send(why, front, out, pool);
    pthread_join(carrier->thread, NULL);
    close(carrier->listener);
    return rv;
}

static apr_status_t send_to(carrier_t *carrier, const char **why, const char *answer, const char *text)
{
    const ccgw_outbound_t out = {
        .media = CCGW_MEDIA_SMS, .from = "+15550000", .to = "+4917012345", .text = text, .key = "k.1"
    };

    return send_with(carrier, why, answer, "", &out);
}

#define ANSWER(status, body) "HTTP/1.1 " status "\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" body

static void test_outcomes(void)
{
    static const struct {
        const char *answer;
        apr_status_t status;
        const char *what;
    } cases[] = {
        { ANSWER("202 Accepted", "0: Accepted for delivery"), APR_SUCCESS, "0: is taken" },
        { ANSWER("202 Accepted", "3: Queued for later delivery"), APR_SUCCESS, "3: is taken" },
        { ANSWER("202 Accepted", "Sent."), APR_SUCCESS, "Sent. is taken" },
        { ANSWER("202 Accepted", "4: odd"), CCGW_EREFUSED, "another number is refused" },
        { ANSWER("200 OK", "0: odd"), CCGW_EBUSY, "another success holds the text" },
        { ANSWER("204 No Content", ""), CCGW_EBUSY, "any other" },
        { ANSWER("400 Bad Request", "Empty receiver number not allowed, rejected"), CCGW_EREFUSED, "400 is refused" },
        { ANSWER("401 Unauthorized", ""), CCGW_EBUSY, "401 holds the text" },
        { ANSWER("403 Forbidden", "Authorization failed for sendsms"), CCGW_EBUSY, "403 holds the text" },
        { ANSWER("403 Forbidden", "Not routable. Do not try again."), CCGW_EREFUSED,
          "a number nobody serves is refused" },
        { ANSWER("404 Not Found", "Unknown request."), CCGW_EBUSY, "404 holds the text" },
        { ANSWER("405 Method Not Allowed", ""), CCGW_EBUSY, "405 holds the text" },
        { ANSWER("408 Request Timeout", ""), CCGW_EBUSY, "408 is busy" },
        { ANSWER("429 Too Many Requests", ""), CCGW_EBUSY, "429 is busy" },
        { ANSWER("302 Found\r\nLocation: http://127.0.0.1:1/", ""), CCGW_EBUSY,
          "a redirection is not followed and holds the text" },
        { ANSWER("503 Service Unavailable", "Temporal failure, try again later."), CCGW_EBUSY, "503 is busy" },
        { ANSWER("500 Oops", ""), CCGW_EUNKNOWN, "after 500 nobody knows" },
        { NULL, CCGW_EUNKNOWN, "after a hang-up nobody knows" },
        { "HTTP/1.1 202 Accep", CCGW_EUNKNOWN, "after half an answer nobody knows" },
        { "", CCGW_EUNKNOWN, "after a time-out nobody knows" },
    };
    carrier_t carrier;
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why;
        apr_time_t began = apr_time_now();
        apr_status_t rv = send_to(&carrier, &why, cases[i].answer, "hi");

        ok(apr_time_now() - began < apr_time_from_sec(PATIENCE - 2),
           "kannel: nobody waits longer than the time-out of 1 s");
        is_int(rv, cases[i].status, "kannel: %s", cases[i].what);
        is_int(carrier.requests, 1, "and was asked once");
        ok(!why || !strstr(why, "hush"), "and the reason (%s) holds no secret", why ? why : "none");
        ok(rv == APR_SUCCESS || ccgw_str_given(why), "and a failure has a reason");
    }
}

static void keep_log(void *baton, ccgw_log_level_t level, apr_status_t status, const char *text)
{
    apr_cpystrn(baton, level == CCGW_LOG_ERROR ? text : "", LOG_MAX);
}

static void test_misconfigured(void)
{
    static const char *const strangers[] = { ANSWER("200 OK", "<html>"), ANSWER("301 Moved", ""),
                                             ANSWER("405 No", "") };
    char said[LOG_MAX] = "";
    carrier_t carrier;
    const char *why;
    apr_size_t i;

    ccgw_log_install(keep_log, said);
    send_to(&carrier, &why, ANSWER("400 Bad Request", "Empty receiver number not allowed, rejected"), "hi");
    is_str(said, "", "a fault of the text is left to the outbox to log");
    send_to(&carrier, &why, ANSWER("403 Forbidden", "Authorization failed for hush"), "hi");
    ok(!strncmp(said, "CCGW0310: http://127.0.0.1:", 27) && strstr(said, "HTTP 403"),
       "a wrong account is an error of the configuration (%s)", said);
    ok(!strstr(said, "hush"), "and is logged without the secret");
    for (i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        *said = '\0';
        send_to(&carrier, &why, strangers[i], "hi");
        ok(!strncmp(said, "CCGW0310: ", 10), "as is one who is no smsbox (%.12s)", strangers[i]);
    }
    *said = '\0';
    send_to(&carrier, &why, ANSWER("429 Too Many Requests", ""), "hi");
    is_str(said, "", "one who has too much to do is none");
    ccgw_log_install(NULL, NULL);
}

/* What Kannel would cut is refused here; nobody listens, so what may leave is merely not taken. */
static void test_parts(void)
{
    static const struct {
        const char *unit; /* repeated COUNT times, then REST */
        int count;
        const char *rest;
        int parts; /* more than 255; 0: it may leave */
        const char *what;
    } cases[] = {
        { "x", 255 * 153, "", 0, "255 full parts of the GSM alphabet" },
        { "x", 255 * 153, "x", 256, "one character more" },
        { "\xe2\x82\xac", 255 * 76, "", 0, "255 parts of characters that count twice" },
        { "\xe2\x82\xac", 255 * 76, "\xe2\x82\xac", 256, "one of them more: none is cut in two" },
        { "x", 255 * 153 - 1, "{", 256, "one that counts twice where one place is left" },
        { "\xd0\xb6", 255 * 67, "", 0, "255 full parts of Unicode" },
        { "\xd0\xb6", 255 * 67, "x", 256, "one unit more, of whatever alphabet" },
        { "\xf0\x9f\x98\x80", 255 * 67 / 2, "x", 0, "255 parts of characters of two units" },
        { "\xf0\x9f\x98\x80", 255 * 67 / 2 + 1, "", 256, "one of them too many" },
        { "x", 300 * 153, "", 300, "far too much" },
    };
    ccgw_channel_front_t *front;
    carrier_t carrier;
    apr_size_t i;
    int k;

    listen_as(&carrier);
    close(carrier.listener);
    configure(&front, "kannel", CCGW_MEDIA_SMS, kannel_words(carrier.port, ""));
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        ccgw_outbound_t out = { .media = CCGW_MEDIA_SMS, .from = "+1", .to = "+2", .key = "k" };
        const char *why = NULL;
        ccgw_out_t text;
        apr_status_t rv;

        ccgw_out_init(&text, 1024, pool);
        for (k = 0; k < cases[i].count; k++)
            ccgw_out_puts(&text, cases[i].unit);
        ccgw_out_puts(&text, cases[i].rest);
        out.text = text.p;
        rv = ccgw_channel_send(&why, front, &out, pool);
        is_int(rv, cases[i].parts ? CCGW_EREFUSED : CCGW_EBUSY, "kannel: %s", cases[i].what);
        if (cases[i].parts)
            is_str(why, apr_psprintf(pool, "the text needs %d parts, a customer is sent at most 255", cases[i].parts),
                   "kannel: %s (why)", cases[i].what);
    }
}

static void test_longest_inbound(void)
{
    const char *fields[] = { "from", "+1", "to", "+15550000", "text", NULL, NULL };
    char *text = apr_palloc(pool, 65538);
    ccgw_channel_front_t *front;
    ccgw_inbound_t in;
    const char *fault;

    configure(&front, "kannel", CCGW_MEDIA_SMS, kannel_words(1, ""));
    memset(text, 'x', 65537);
    text[65536] = text[65537] = '\0';
    fields[5] = text;
    is_int(ccgw_channel_receive(&in, &fault, front, field_of, fields, pool), APR_SUCCESS,
           "kannel: whatever fits the longest request comes in");
    text[65536] = 'x';
    is_int(ccgw_channel_receive(&in, &fault, front, field_of, fields, pool), CCGW_EINVAL, "kannel: more does not");
}

static void test_nobody_there(void)
{
    const ccgw_outbound_t out = { .media = CCGW_MEDIA_SMS, .from = "+1", .to = "+2", .text = "x", .key = "k" };
    ccgw_channel_front_t *front;
    carrier_t carrier;
    const char *why;

    listen_as(&carrier);
    close(carrier.listener);
    configure(&front, "kannel", CCGW_MEDIA_SMS, kannel_words(carrier.port, ""));
    is_int(ccgw_channel_send(&why, front, &out, pool), CCGW_EBUSY, "a carrier that is down surely took nothing");
    ok(ccgw_str_given(why) && strstr(why, "nothing was sent"), "and the reason says so");
}

static void test_echo(void)
{
    carrier_t carrier;
    const char *why;

    send_to(&carrier, &why, ANSWER("400 Bad", "cannot parse /cgi-bin/sendsms?username=ccgw&password=hush&text=hi"),
            "hi");
    is_str(why, "HTTP 400, (not shown)", "an answer that repeats the request is not repeated");
    send_to(&carrier, &why, ANSWER("403 No", "who is hush?"), "hi");
    is_str(why, "HTTP 403, (not shown)", "nor is one that repeats the secret");
}

static void test_request(void)
{
    static const struct {
        const char *text, *want, *unwanted;
    } cases[] = {
        { "Grüße & 100% {€}", "&text=Gr%C3%BC%C3%9Fe%20%26%20100%25%20%7B%E2%82%AC%7D ", "coding=" },
        { "привет", "&coding=2&text=%D0%BF%D1%80", "coding=0" },
        { "\xf0\x9f\x98\x80", "&coding=2&text=%F0%9F%98%80", "coding=0" },
        { "plain",
          "GET "
          "/cgi-bin/"
          "sendsms?username=ccgw&password=hush&from=%2B15550000&to=%2B4917012345&charset=UTF-8&",
          "coding=" },
    };
    carrier_t carrier;
    apr_size_t i;

    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why;

        send_to(&carrier, &why, ANSWER("202 Accepted", "0: Accepted for delivery"), cases[i].text);
        if (!ok(strstr(carrier.request, cases[i].want) && !strstr(carrier.request, cases[i].unwanted),
                "\"%s\" is asked for as it must be", cases[i].text))
            printf("# request: %.300s\n", carrier.request);
    }
    unsetenv("http_proxy");
}

/* What smsbox must be asked for so that its report finds the text. Kannel turns %% into %, fills in %d and %A, and leaves
 * other letters and digits behind a % alone. */
static void test_report_url(void)
{
    static const struct {
        const char *from, *secret, *want, *what;
    } cases[] = {
        { "+15550000", NULL,
          "&dlr-mask=31&dlr-url=http%3A%2F%2F127.0.0.1%2Fr%2Fccgw%2Fkannel%2Freport%3Ffrom%3D15550000%26key%3D00ab.1%"
          "26type%3D%25d%26why%3D%"
          "25A ",
          "our number goes without its plus" },
        { "+15550", NULL, "%3Ffrom%3D%25%252B15550%26key", "unless it would come back without it" },
        { "0015550000", NULL, "%3Ffrom%3D0015550000%26key", "a number without a plus stays" },
        { "A&B", NULL, "%3Ffrom%3DA%25%2526B%26key", "a name is escaped for Kannel and for us" },
        { "+15550000", "s3-._~", "%3Fsecret%3Ds3-._~%26from%3D15550000", "the secret comes first" },
        { "+15550000", "a%d+\xc3\xbc", "%3Fsecret%3Da%25%2525d%25%252B%25%25C3%25%25BC%26from", "whatever is in it" },
    };
    ccgw_outbound_t out = { .media = CCGW_MEDIA_SMS, .to = "+4917012345", .text = "hi", .key = "00ab.1" };
    const char *more, *why;
    carrier_t carrier;
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        out.from = cases[i].from;
        more = "reports=http://127.0.0.1/r/ccgw/kannel/report";
        if (cases[i].secret)
            more = apr_psprintf(pool, "%s inbound-secret-file=%s", more, write_file("reported", cases[i].secret, 0600));
        send_with(&carrier, &why, ANSWER("202 Accepted", "0: Accepted for delivery"), more, &out);
        if (!ok(strstr(carrier.request, cases[i].want) != NULL, "reports: %s", cases[i].what))
            printf("# request: %.400s\n", carrier.request);
    }
    send_to(&carrier, &why, ANSWER("202 Accepted", "0: Accepted for delivery"), "hi");
    ok(!strstr(carrier.request, "dlr"), "without reports= none are asked for");
    send_with(&carrier, &why, ANSWER("400 Bad", "no such thing: dlr-mask=31&dlr-url=x"), more, &out);
    is_str(why, "HTTP 400, (not shown)", "an answer that repeats where to report is not repeated");
    write_file("reported", "zesame", 0600);
    send_with(&carrier, &why, ANSWER("400 Bad", "what is zesame?"), more, &out);
    is_str(why, "HTTP 400, (not shown)", "nor is the secret of reports");
}

static void test_ring(void)
{
    /* clang-format off */
    static const struct { const char *number; int does; } phones[] = {
        { "+49301001", 1 }, { "+49301049", 1 }, { "+49301050", 2 }, { "+49301074", 2 }, { "+49301075", 3 },
        { "+49301099", 3 }, { "+49301000", 3 }, { "7", 3 }, { "", 3 }, { "01x", 3 }, { "x1", 3 }, { "01", 1 },
    };
    /* clang-format on */
    ccgw_channel_front_t *front;
    apr_size_t i;

    configure(&front, "loop", CCGW_MEDIA_VOICE, "");
    for (i = 0; i < sizeof phones / sizeof *phones; i++) {
        apr_interval_time_t after = 7;

        is_int(ccgw_channel_ring(front, phones[i].number, &after), phones[i].does, "the phone '%s' does as it says",
               phones[i].number);
        is_int(after, phones[i].does == 3 ? 7 : APR_USEC_PER_SEC, "the phone '%s' takes its time", phones[i].number);
    }
    configure(&front, "kannel", CCGW_MEDIA_SMS, kannel_words(1, ""));
    is_int(ccgw_channel_ring(front, "01", NULL), 3, "a provider of texts rings no phones");
}

int main(void)
{
    const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char command[128];

    apr_initialize();
    apr_pool_create(&pool, NULL);
    ccgw_json_start();
    is_int(ccgw_channel_start(), APR_SUCCESS, "channels can be used");
    apr_snprintf(directory, sizeof directory, "%s/ccgw-channel-XXXXXX", tmp);
    if (!mkdtemp(directory))
        return 1;
    write_file("secret", "hush\n", 0600);
    test_configuration();
    test_kannel_inbound();
    test_spoilt();
    test_admission();
    test_loop();
    test_kannel_reports();
    test_loop_reports();
    test_ring();
    test_outcomes();
    test_misconfigured();
    test_nobody_there();
    test_parts();
    test_longest_inbound();
    test_echo();
    test_request();
    test_report_url();
    apr_snprintf(command, sizeof command, "rm -rf '%s'", directory);
    ok(!system(command), "the test leaves nothing behind");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
