/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_config_texts.c: the directives about customers' texts: stop and start words, and how many are taken. */
#include "mod_ccgw_config.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_log.h>
#include <util_time.h>

#include "core/ccgw_optout.h"

APLOG_USE_MODULE(ccgw);

#define COUNT_MAX  1000000
#define PERIOD_MAX apr_time_from_sec(86400)

/* The rules of the media that a directive names, or NULL with *fault. */
static ccgw_text_rules_t *find_rules(const char **fault, cmd_parms *cmd, int argc, char *const argv[],
                                     const char *example)
{
    const char *name = cmd->cmd->name;
    ccgw_media_t media;

    *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    if (*fault)
        return NULL;
    if (argc < 2) {
        *fault = apr_psprintf(cmd->pool, "%s: needs a media and more, as in: %s %s", name, name, example);
        return NULL;
    }
    media = ccgw_media_parse(argv[0]);
    if (media != CCGW_MEDIA_SMS && media != CCGW_MEDIA_CHAT) {
        *fault = apr_psprintf(cmd->pool, "%s: '%s' is no media with texts; there are sms and chat", name, argv[0]);
        return NULL;
    }
    return &ccgw_server_conf(cmd->server)->engine.texts[media];
}

/* ---- words ---- */

static const char *check_word(cmd_parms *cmd, const char *word)
{
    const char *name = cmd->cmd->name;

    if (strlen(word) > CCGW_OPTOUT_WORD_MAX)
        return apr_psprintf(cmd->pool, "%s: '%s' is longer than %d bytes", name, word, CCGW_OPTOUT_WORD_MAX);
    if (!ccgw_utf8_valid(word, strlen(word)))
        return apr_psprintf(cmd->pool, "%s: '%s' is not UTF-8", name, word);
    if (!*ccgw_optout_plain(word, cmd->temp_pool))
        return apr_psprintf(cmd->pool, "%s: '%s' is empty: blanks and full stops do not count", name, word);
    return NULL;
}

static const char *set_words(ccgw_strs_t *words, cmd_parms *cmd, int argc, char *const argv[])
{
    int i, off = argc == 2 && !strcasecmp(argv[1], "none");

    if (words->v)
        return apr_psprintf(cmd->pool, "%s: '%s' has its words already", cmd->cmd->name, argv[0]);
    words->n = off ? 0 : argc - 1;
    words->v = apr_pcalloc(cmd->pool, (apr_size_t)argc * sizeof *words->v);
    for (i = 0; i < words->n; i++) {
        const char *fault = check_word(cmd, argv[i + 1]);

        if (fault)
            return fault;
        words->v[i] = argv[i + 1];
    }
    return NULL;
}

const char *ccgw_config_stop_words(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const char *fault;
    ccgw_text_rules_t *rules = find_rules(&fault, cmd, argc, argv, "sms STOP");

    return rules ? set_words(&rules->stop_words, cmd, argc, argv) : fault;
}

const char *ccgw_config_start_words(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const char *fault;
    ccgw_text_rules_t *rules = find_rules(&fault, cmd, argc, argv, "sms START");

    return rules ? set_words(&rules->start_words, cmd, argc, argv) : fault;
}

/* ---- limits ---- */

/* "20/60s" */
static const char *parse_rate(ccgw_rate_t *rate, cmd_parms *cmd, const char *word)
{
    const char *slash = strchr(word, '/');
    apr_int64_t count = 0;
    char *end = NULL;

    if (rate->count)
        return "is there twice";
    if (apr_isdigit(*word))
        count = apr_strtoi64(word, &end, 10);
    if (!slash || end != slash || count < 1 || count > COUNT_MAX)
        return apr_psprintf(cmd->pool, "is not a number of texts (1 to %d), a slash and a time, as in 20/60s",
                            COUNT_MAX);
    if (!apr_isdigit(slash[1]) || ap_timeout_parameter_parse(slash + 1, &rate->period, "s") != APR_SUCCESS)
        return "has no time such as 60s or 1h behind the slash";
    if (rate->period < APR_USEC_PER_SEC || rate->period > PERIOD_MAX)
        return "has a time that is not between 1s and 86400s";
    rate->count = (int)count;
    return NULL;
}

const char *ccgw_config_rate_limit(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const char *fault;
    ccgw_text_rules_t *rules = find_rules(&fault, cmd, argc, argv, "sms customer=20/60s");
    int i;

    for (i = 1; rules && i < argc; i++) {
        const char *word = argv[i];

        if (!strncasecmp(word, "customer=", 9))
            fault = parse_rate(&rules->customer, cmd, word + 9);
        else if (!strncasecmp(word, "number=", 7))
            fault = parse_rate(&rules->number, cmd, word + 7);
        else
            fault = "is neither customer= nor number=";
        if (fault)
            return apr_psprintf(cmd->pool, "CcgwRateLimit: '%s' %s", word, fault);
    }
    return fault;
}

/* ---- the whole ---- */

void ccgw_config_texts_defaults(ccgw_engine_conf_t *engine)
{
    static const char *stop[] = { "STOP", "STOPALL", "UNSUBSCRIBE" };
    static const char *start[] = { "START", "UNSTOP" };
    ccgw_text_rules_t *sms = &engine->texts[CCGW_MEDIA_SMS];

    if (!sms->stop_words.v)
        sms->stop_words = (ccgw_strs_t){ stop, sizeof stop / sizeof *stop };
    if (!sms->start_words.v)
        sms->start_words = (ccgw_strs_t){ start, sizeof start / sizeof *start };
}

/* The stop word that PLAIN is, or NULL. */
static const char *find_stop(const ccgw_text_rules_t *rules, const char *plain, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < rules->stop_words.n; i++) {
        if (!strcmp(plain, ccgw_optout_plain(rules->stop_words.v[i], pool)))
            return rules->stop_words.v[i];
    }
    return NULL;
}

int ccgw_config_texts_check(const ccgw_engine_conf_t *engine, apr_pool_t *ptemp, server_rec *main_server)
{
    int result = OK, i, k;

    for (i = 0; i < CCGW_MEDIA_COUNT; i++) {
        const ccgw_text_rules_t *rules = &engine->texts[i];

        for (k = 0; k < rules->start_words.n; k++) {
            const char *start = rules->start_words.v[k];
            const char *stop = find_stop(rules, ccgw_optout_plain(start, ptemp), ptemp);

            if (!stop)
                continue;
            ap_log_error(
                APLOG_MARK, APLOG_EMERG, 0, main_server,
                "CCGW0408: CcgwStartWords %s: '%s' is '%s' of CcgwStopWords as well: nobody could tell what it "
                "asks for",
                ccgw_media_name((ccgw_media_t)i), start, stop);
            result = HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return result;
}
