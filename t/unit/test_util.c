/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_util.c: strings, times, ids, checksums, JSON, log. */
#include "ccgw_error.h"
#include "tap.h"
#include "util/ccgw_crc.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"
#include "util/ccgw_log.h"
#include "util/ccgw_str.h"
#include "util/ccgw_time.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static apr_pool_t *pool;

static void test_bytes(void)
{
    ccgw_buf_t ab = { "a\0b", 3 }, a = { "a", 1 }, none = { NULL, 0 };
    ccgw_out_t out;
    int i;

    ok(ccgw_buf_compare(a, ab) < 0 && ccgw_buf_compare(ab, a) > 0, "the shorter of equals comes first");
    ok(ccgw_buf_compare(ccgw_buf_str("\xff"), ccgw_buf_str("a")) > 0, "bytes compare unsigned");
    is_int(ccgw_buf_compare(none, none), 0, "nothing equals nothing");
    ok(!memcmp(ccgw_buf_copy(ab, pool).p, "a\0b", 4), "a copy has a zero byte behind it");
    ccgw_out_init(&out, 0, pool);
    is_str(out.p, "", "output begins as an empty string");
    for (i = 0; i < 1000; i++)
        ccgw_out_putc(&out, 'x');
    ccgw_out_printf(&out, "%s-%03d", "y", 7);
    is_int(out.n, 1005, "output grows");
    is_str(out.p + 999, "xy-007", "and formats");
    out.n = 0;
    ccgw_out_int(&out, APR_INT64_MIN);
    ccgw_out_putc(&out, ' ');
    ccgw_out_int(&out, 0);
    is_str(out.p, "-9223372036854775808 0", "the least number is written whole");
    is_str(ccgw_hex("\x00\xff\x1a", 3, pool), "00ff1a", "bytes become lower-case hex");
}

static void test_utf8(void)
{
    static const struct {
        const char *s;
        int want;
    } cases[] = {
        { "", 1 },
        { "abc", 1 },
        { "\xc3\xa4", 1 },
        { "\xe2\x82\xac", 1 },
        { "\xf0\x9f\x98\x80", 1 },
        { "\xf4\x8f\xbf\xbf", 1 },
        { "\xc0\x80", 0 },
        { "\xc1\xbf", 0 },
        { "\xe0\x80\x80", 0 },
        { "\xed\xa0\x80", 0 },
        { "\xf4\x90\x80\x80", 0 },
        { "\xf0\x80\x80\x80", 0 },
        { "\x80", 0 },
        { "\xc3", 0 },
        { "\xe2\x82", 0 },
        { "\xff", 0 },
        { "\xc3(", 0 },
    };
    unsigned i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(ccgw_utf8_valid(cases[i].s, strlen(cases[i].s)), cases[i].want, "UTF-8 case %u is judged rightly", i);
    is_int(ccgw_utf8_valid("a\0b", 3), 0, "a zero byte is no text");
}

static void test_small(void)
{
    const char *words[] = { "one", "two" };
    ccgw_strs_t strs = { words, 2 };
    ccgw_pair_t list[] = { { .key = "k", .text = "v" } };
    ccgw_pairs_t pairs = { list, 1 };

    ok(ccgw_str_equal_secret("secret", "secret"), "equal secrets are equal");
    ok(!ccgw_str_equal_secret("secret", "secreT") && !ccgw_str_equal_secret("secret", "secretsecret") &&
           !ccgw_str_equal_secret("", "x") && !ccgw_str_equal_secret("x", ""),
       "others are not");
    ok(ccgw_strs_have(&strs, "two") && !ccgw_strs_have(&strs, "tw"), "a list knows its strings");
    ok(ccgw_pairs_find(&pairs, "k") == list && !ccgw_pairs_find(&pairs, "x"), "pairs are found by key");
    ok(ccgw_str_given("x") && !ccgw_str_given("") && !ccgw_str_given(NULL), "given means not empty");
    is_str(ccgw_str_or_empty(NULL), "", "NULL becomes empty");
}

static void test_time(void)
{
    apr_time_t t = apr_time_from_sec(1389039246) + 7000, now;
    char buf[32];

    ccgw_time_iso(buf, t);
    is_str(buf, "2014-01-06T20:14:06.0070000Z", "a time is written in UTC with seven places");
    ccgw_time_zoned(buf, t);
    is_str(buf, "2014-01-06 12:14:06.007-0800", "and in the server's zone");
    setenv("TZ", "IST-5:30", 1);
    tzset();
    ccgw_time_zoned(buf, t);
    is_str(buf, "2014-01-07 01:44:06.007+0530", "also east of Greenwich, with half an hour");
    now = ccgw_time_now();
    ok(llabs(now - apr_time_now()) < apr_time_from_sec(5), "the deadline clock starts at the wall clock");
    ok(ccgw_time_now() >= now, "and does not go back");
    ccgw_time_set_offset(ccgw_time_offset() + apr_time_from_sec(3600));
    ok(ccgw_time_now() - now >= apr_time_from_sec(3600), "its offset can be carried over");
}

static void test_ids(void)
{
    ccgw_id_t id = (ccgw_id_t)1456401416 << 32 | 3, mine, theirs = 0;
    static const char *bad[] = { "",   "0056CEEC08000000030", "56CEEC080000000", "56CEEC080000000G", "1456401416-",
                                 "-3", "4294967296-3",        "1-4294967296",    "1456401416-3x",    " 1456401416-3",
                                 "0-0" };
    char buf[24];
    int pipe_ends[2], status;
    unsigned i;
    pid_t pid;

    ccgw_id_hex(buf, id);
    is_str(buf, "56CEEC0800000003", "an id in hex");
    ok(ccgw_id_parse(buf) == id && ccgw_id_parse("56ceec0800000003") == id, "is read in any case");
    ccgw_id_dashed(buf, id);
    is_str(buf, "1456401416-3", "an id in decimal");
    ok(ccgw_id_parse(buf) == id, "is read");
    ccgw_id_dashed(buf, ~(ccgw_id_t)0);
    ok(ccgw_id_parse(buf) == ~(ccgw_id_t)0, "also the longest");
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!ccgw_id_parse(bad[i]), "'%s' is no id", bad[i]);
    mine = ccgw_id_new(apr_time_from_sec(5));
    ok(mine >> 32 == 5 && ccgw_id_new(apr_time_from_sec(5)) != mine, "ids of one second differ");
    if (pipe(pipe_ends))
        return;
    pid = fork();
    if (!pid) {
        theirs = ccgw_id_new(apr_time_from_sec(5));
        _exit(write(pipe_ends[1], &theirs, sizeof theirs) != sizeof theirs);
    }
    ok(read(pipe_ends[0], &theirs, sizeof theirs) == sizeof theirs, "a child makes one");
    waitpid(pid, &status, 0);
    ok(theirs != ccgw_id_new(apr_time_from_sec(5)), "a child does not go on with its parent's counter");
    ok(strlen(ccgw_id_random_hex(16, pool)) == 32 && strcmp(ccgw_id_random_hex(16, pool), ccgw_id_random_hex(16, pool)),
       "random text differs");
    ok(strlen(ccgw_id_uuid(pool)) == 36 && ccgw_id_uuid(pool)[14] == '4', "a UUID has its form");
    is_str(ccgw_id_hash("abc", pool), "ba7816bf8f01cfea414140de5dae2223", "a hash is the known one");
}

static void test_crc(void)
{
    unsigned char data[2000];
    apr_size_t n, from;
    int same = 1;

    for (n = 0; n < sizeof data; n++)
        data[n] = (unsigned char)(n * n * 37 + 11);
    is_int(ccgw_crc32c(0, "123456789", 9), 0xe3069283, "the check value of CRC-32C");
    is_int(ccgw_crc32c_portable(0, "123456789", 9), 0xe3069283, "also without the machine's instruction");
    for (n = 0; n < sizeof data; n++) {
        for (from = 0; from < 9 && from <= n; from++)
            same &= ccgw_crc32c(7, data + from, n - from) == ccgw_crc32c_portable(7, data + from, n - from);
    }
    ok(same, "both agree at any length and alignment");
    is_int(ccgw_crc32c(ccgw_crc32c(0, data, 100), data + 100, 200), ccgw_crc32c(0, data, 300), "parts join");
}

static const ccgw_json_t *parse(const char *text)
{
    const ccgw_json_t *json;
    const char *why = NULL;

    if (ccgw_json_parse(&json, &why, text, strlen(text), pool) != APR_SUCCESS)
        return ok(why && strstr(why, "line "), "a fault is told with its place: %s", why) ? NULL : NULL;
    return json;
}

static void test_json(void)
{
    static const char *bad[] = {
        "", "{", "{\"a\":1,\"a\":2}", "\"a\\u0000b\"", "{\"a\":01}", "[1,]", "\"\xff\"", "1 2"
    };
    const ccgw_json_t *json = parse("{\"b\":[1,2.5,3.0,\"t\",true,null,{}],\"a\":{\"x\":\"\\u00e4\"},\"n\":-7}");
    const ccgw_json_t *list = ccgw_json_member(json, "b"), *value;
    char deep[80];
    const char *name;
    ccgw_out_t out;
    unsigned i;

    is_int(ccgw_json_kind(json), CCGW_JSON_OBJECT, "an object is one");
    is_int(ccgw_json_size(list), 7, "a list has its size");
    is_int(ccgw_json_int(ccgw_json_item(list, 0), -1), 1, "an integer is read");
    is_int(ccgw_json_int(ccgw_json_item(list, 1), -1), -1, "a fraction is no integer");
    is_int(ccgw_json_int(ccgw_json_item(list, 2), -1), 3, "a whole real is");
    is_int(ccgw_json_int(ccgw_json_item(list, 4), -1), 1, "true is 1");
    is_int(ccgw_json_int(parse("1e300"), -1), -1, "what is too large is none");
    is_str(ccgw_json_text(ccgw_json_item(list, 3)), "t", "text is read");
    ok(!ccgw_json_text(list) && !ccgw_json_item(list, 7) && !ccgw_json_member(list, "a") &&
           !ccgw_json_member(json, "z"),
       "what is not there is NULL");
    is_int(ccgw_json_kind(ccgw_json_member(json, "z")), CCGW_JSON_NONE, "and of no kind");
    ok(ccgw_json_entry(&name, &value, json, 1, pool), "members are walked");
    is_str(name, "a", "in the order they were written in");
    is_str(ccgw_json_text(ccgw_json_member(value, "x")), "\xc3\xa4", "escapes become UTF-8");
    ok(!ccgw_json_entry(&name, &value, json, 3, pool), "until there are no more");
    is_str(ccgw_json_write(json, pool), "{\"b\":[1,2.5,3.0,\"t\",true,null,{}],\"a\":{\"x\":\"\xc3\xa4\"},\"n\":-7}",
           "a tree is written compactly");
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!parse(bad[i]), "'%s' is refused", bad[i]);
    for (i = 31; i <= 33; i++) {
        memset(deep, '[', i);
        memset(deep + i, ']', i);
        deep[2 * i] = '\0';
        is_int(parse(deep) != NULL, i <= 32, "%u lists in each other are %s", i, i <= 32 ? "read" : "refused");
    }
    ccgw_out_init(&out, 8, pool);
    ccgw_json_quote(&out, "a\"\\\n\x01\xc3\xa4\xff\xe2\x82z/");
    is_str(out.p, "\"a\\\"\\\\\\n\\u0001\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz/\"",
           "a string is quoted, and what is no UTF-8 replaced");
}

static char said[2000];

static void take(void *baton, ccgw_log_level_t level, apr_status_t status, const char *line)
{
    snprintf(said, sizeof said, "%s %d %d %s", (const char *)baton, level, status, line);
}

static void test_log(void)
{
    static char baton[] = "glue";

    ccgw_log(CCGW_LOG_ERROR, 0, "CCGW0001: nobody hears %d", 1);
    is_str(said, "", "without a sink nothing is said");
    ccgw_log_install(take, baton);
    ccgw_log(CCGW_LOG_WARNING, 2, "CCGW0001: %s", "heard");
    is_str(said, "glue 4 2 CCGW0001: heard", "a sink gets level, status and text");
    ccgw_log_install(NULL, NULL);
}

int main(void)
{
    setenv("TZ", "PST8", 1);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    ccgw_json_start();
    test_bytes();
    test_utf8();
    test_small();
    test_time();
    test_ids();
    test_crc();
    test_json();
    test_log();
    apr_pool_destroy(pool);
    return done_testing();
}
