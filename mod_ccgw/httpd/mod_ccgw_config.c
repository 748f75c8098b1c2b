/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_config.c: the directives: creators, mergers, setters, and what is checked when all of them are read. */
#include "mod_ccgw_config.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <ap_provider.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_auth.h>
#include <util_time.h>

#include "api/ccgw_floor_file.h"
#include "core/ccgw_agent.h"
#include "dialect/evovoice/dialect.h"
#include "dialect/genesys/dialect.h"
#include "dialect/huawei/dialect.h"

APLOG_USE_MODULE(ccgw);

#define UNSET     (-1)
#define MAX_FLOOR (256 * 1024 * 1024)

const ccgw_dialect_t *const ccgw_dialects[] = { &ccgw_dialect_genesys, &ccgw_dialect_huawei, &ccgw_dialect_evovoice,
                                                NULL };

/* ---- scopes ---- */

void *ccgw_server_conf_make(apr_pool_t *pool, server_rec *s)
{
    ccgw_server_conf_t *conf = apr_pcalloc(pool, sizeof *conf);
    ccgw_engine_conf_t *engine = &conf->engine;

    conf->roots = apr_array_make(pool, 2, sizeof(ccgw_root_t));
    engine->on = UNSET;
    engine->durability = CCGW_DURABLE_UNSET;
    engine->accept_loss = UNSET;
    engine->snapshot_bytes = UNSET;
    engine->pull_notify = UNSET;
    engine->pull_join = UNSET;
    engine->memory = UNSET;
    engine->mailbox_bytes = UNSET;
    engine->mailbox_events = UNSET;
    engine->max_waiters = UNSET;
    engine->no_answer = UNSET;
    engine->gone = UNSET;
    engine->login_idle = UNSET;
    engine->bayeux_hold = UNSET;
    engine->bayeux_max_interval = UNSET;
    engine->outbox_unknown = UNSET;
    engine->keep_sessions = UNSET;
    return conf;
}

/* The engine is not merged: its directives are refused inside of a virtual host. */
void *ccgw_server_conf_merge(apr_pool_t *pool, void *base_conf, void *add_conf)
{
    const ccgw_server_conf_t *base = base_conf;
    const ccgw_server_conf_t *add = add_conf;
    ccgw_server_conf_t *conf = apr_pmemdup(pool, add, sizeof *conf);

    conf->roots = apr_array_append(pool, add->roots, base->roots);
    conf->public_url = add->public_url ? add->public_url : base->public_url;
    return conf;
}

void *ccgw_dir_conf_make(apr_pool_t *pool, char *dir)
{
    ccgw_dir_conf_t *conf = apr_pcalloc(pool, sizeof *conf);

    conf->csrf = UNSET;
    conf->max_body = UNSET;
    return conf;
}

void *ccgw_dir_conf_merge(apr_pool_t *pool, void *base_conf, void *add_conf)
{
    const ccgw_dir_conf_t *base = base_conf;
    const ccgw_dir_conf_t *add = add_conf;
    ccgw_dir_conf_t *conf = apr_pcalloc(pool, sizeof *conf);

    conf->auth_providers = add->auth_providers ? add->auth_providers : base->auth_providers;
    conf->csrf = add->csrf != UNSET ? add->csrf : base->csrf;
    conf->max_body = add->max_body != UNSET ? add->max_body : base->max_body;
    return conf;
}

ccgw_server_conf_t *ccgw_server_conf(server_rec *s)
{
    return ap_get_module_config(s->module_config, &ccgw_module);
}

ccgw_dir_conf_t *ccgw_dir_conf(request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &ccgw_module);
}

ccgw_engine_conf_t *ccgw_engine_conf(server_rec *main_server)
{
    return &ccgw_server_conf(main_server)->engine;
}

int ccgw_dir_csrf(const ccgw_dir_conf_t *conf)
{
    return conf->csrf != 0;
}

apr_size_t ccgw_dir_max_body(const ccgw_dir_conf_t *conf)
{
    return conf->max_body == UNSET ? 1024 * 1024 : (apr_size_t)conf->max_body;
}

static void apply_defaults(ccgw_engine_conf_t *engine)
{
    static const struct {
        apr_size_t offset;
        apr_int64_t value;
    } numbers[] = {
        { offsetof(ccgw_engine_conf_t, memory), 64 * 1024 * 1024 },
        { offsetof(ccgw_engine_conf_t, snapshot_bytes), 512 * 1024 * 1024 },
        { offsetof(ccgw_engine_conf_t, mailbox_bytes), 256 * 1024 },
        { offsetof(ccgw_engine_conf_t, mailbox_events), 1024 },
        { offsetof(ccgw_engine_conf_t, max_waiters), 0 },
        { offsetof(ccgw_engine_conf_t, no_answer), APR_USEC_PER_SEC * 30 },
        { offsetof(ccgw_engine_conf_t, gone), APR_USEC_PER_SEC * 120 },
        { offsetof(ccgw_engine_conf_t, login_idle), APR_USEC_PER_SEC * 1800 },
        { offsetof(ccgw_engine_conf_t, bayeux_hold), APR_USEC_PER_SEC * 30 },
        { offsetof(ccgw_engine_conf_t, bayeux_max_interval), APR_USEC_PER_SEC * 120 },
        { offsetof(ccgw_engine_conf_t, outbox_unknown), APR_USEC_PER_SEC * 300 },
        { offsetof(ccgw_engine_conf_t, keep_sessions), APR_USEC_PER_SEC * 30 * 86400 },
    };
    apr_size_t i;

    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        apr_int64_t *number = (apr_int64_t *)((char *)engine + numbers[i].offset);

        if (*number == UNSET)
            *number = numbers[i].value;
    }
    if (engine->on == UNSET)
        engine->on = 0;
    if (engine->pull_notify == UNSET)
        engine->pull_notify = 0;
    if (engine->pull_join == UNSET)
        engine->pull_join = 0;
    ccgw_config_store_defaults(engine);
    ccgw_config_texts_defaults(engine);
}

/* ---- setters of the engine ---- */

/* The engine to set, or NULL with *fault when the directive stands in a section. */
static ccgw_engine_conf_t *find_engine(const char **fault, cmd_parms *cmd)
{
    *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    return *fault ? NULL : &ccgw_server_conf(cmd->server)->engine;
}

/* A member of the engine and its bounds; the row of each numeric directive points to one. */
typedef struct bound_t {
    apr_size_t offset;
    apr_int64_t min;
    apr_int64_t max;
} bound_t;

#define BOUND(name, member, least, most) \
    static const bound_t name = { offsetof(ccgw_engine_conf_t, member), least, most }

#define SECOND   APR_USEC_PER_SEC
#define MEBIBYTE (APR_INT64_C(1024) * 1024)

BOUND(bound_memory, memory, 8 * MEBIBYTE, APR_INT64_C(256) * 1024 * MEBIBYTE);
BOUND(bound_snapshot, snapshot_bytes, MEBIBYTE, APR_INT64_C(1024) * 1024 * MEBIBYTE);
BOUND(bound_mailbox_bytes, mailbox_bytes, 4096, 1024 * MEBIBYTE);
BOUND(bound_mailbox_events, mailbox_events, 16, 1048576);
BOUND(bound_max_waiters, max_waiters, 1, 1048576);
BOUND(bound_no_answer, no_answer, SECOND, 3600 * SECOND);
BOUND(bound_gone, gone, 0, 86400 * SECOND);
BOUND(bound_login_idle, login_idle, SECOND, 30 * 86400 * SECOND);
BOUND(bound_bayeux_hold, bayeux_hold, SECOND / 10, 3600 * SECOND);
BOUND(bound_bayeux_max_interval, bayeux_max_interval, SECOND, 86400 * SECOND);
BOUND(bound_outbox_unknown, outbox_unknown, SECOND, 7 * 86400 * SECOND);
BOUND(bound_keep_sessions, keep_sessions, SECOND, 3650 * 86400 * SECOND);

/* What a bound looks like in an administrator's own units. */
typedef const char *spell_t(apr_int64_t value, apr_pool_t *pool);

static const char *spell_number(apr_int64_t value, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, value);
}

static const char *spell_time(apr_int64_t value, apr_pool_t *pool)
{
    return value % SECOND ? apr_psprintf(pool, "%" APR_INT64_T_FMT "ms", value / 1000)
                          : apr_psprintf(pool, "%" APR_INT64_T_FMT "s", value / SECOND);
}

static const char *spell_size(apr_int64_t value, apr_pool_t *pool)
{
    return value % MEBIBYTE ? apr_psprintf(pool, "%" APR_INT64_T_FMT "K", value / 1024)
                            : apr_psprintf(pool, "%" APR_INT64_T_FMT "M", value / MEBIBYTE);
}

static const char *store_bounded(cmd_parms *cmd, const char *word, apr_int64_t value, spell_t *spell)
{
    const bound_t *bound = cmd->info;
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    if (!engine)
        return fault;
    if (value < bound->min || value > bound->max) {
        return apr_psprintf(cmd->pool, "%s: '%s' is not between %s and %s", cmd->cmd->name, word,
                            spell(bound->min, cmd->pool), spell(bound->max, cmd->pool));
    }
    *(apr_int64_t *)((char *)engine + bound->offset) = value;
    return NULL;
}

/* As httpd reads times, and days. */
static apr_status_t parse_time(apr_interval_time_t *value, const char *word)
{
    apr_size_t digits = strspn(word, "0123456789");

    if (!digits)
        return APR_EGENERAL;
    if (strcasecmp(word + digits, "d"))
        return ap_timeout_parameter_parse(word, value, "s");
    if (digits > 6)
        return APR_EGENERAL;
    *value = apr_atoi64(word) * 86400 * SECOND;
    return APR_SUCCESS;
}

static const char *set_time(cmd_parms *cmd, void *dir, const char *word)
{
    apr_interval_time_t value;

    if (parse_time(&value, word) != APR_SUCCESS)
        return apr_psprintf(cmd->pool, "%s: '%s' is not a time such as 30s, 500ms, 2mi, 1h or 30d", cmd->cmd->name,
                            word);
    return store_bounded(cmd, word, value, spell_time);
}

/* A number of bytes with K, M or G. -1: it is none. */
static apr_int64_t parse_size(const char *word)
{
    static const char units[] = "KMG";
    const char *unit;
    char *end;
    apr_int64_t value;
    int power;

    if (!apr_isdigit(*word))
        return -1;
    errno = 0;
    value = apr_strtoi64(word, &end, 10);
    if (errno)
        return -1;
    if (!*end)
        return value;
    unit = strchr(units, apr_toupper(*end));
    if (!unit || end[1])
        return -1;
    for (power = (int)(unit - units) + 1; power > 0; power--) {
        if (value > APR_INT64_MAX / 1024)
            return -1;
        value *= 1024;
    }
    return value;
}

static const char *set_size(cmd_parms *cmd, void *dir, const char *word)
{
    apr_int64_t value = parse_size(word);

    if (value < 0)
        return apr_psprintf(cmd->pool, "%s: '%s' is not a size such as 64M, 256K or 1G", cmd->cmd->name, word);
    return store_bounded(cmd, word, value, spell_size);
}

static const char *set_number(cmd_parms *cmd, void *dir, const char *word)
{
    char *end;
    apr_int64_t value = apr_strtoi64(word, &end, 10);

    if (!apr_isdigit(*word) || *end)
        return apr_psprintf(cmd->pool, "%s: '%s' is not a number", cmd->cmd->name, word);
    return store_bounded(cmd, word, value, spell_number);
}

static const char *set_engine(cmd_parms *cmd, void *dir, int on)
{
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    if (engine)
        engine->on = on;
    return fault;
}

static const char *set_pull_notify(cmd_parms *cmd, void *dir, int on)
{
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    if (engine)
        engine->pull_notify = on;
    return fault;
}

static const char *set_pull_join(cmd_parms *cmd, void *dir, int on)
{
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    if (engine)
        engine->pull_join = on;
    return fault;
}

static const char *set_floor(cmd_parms *cmd, void *dir, const char *path)
{
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    if (!engine)
        return fault;
    engine->floor_path = ap_server_root_relative(cmd->pool, path);
    return engine->floor_path ? NULL : apr_psprintf(cmd->pool, "CcgwFloor: '%s' is not a file's path", path);
}

/* A channel's words, with a whole path where one names a file: httpd reads its configuration again when it is in another
 * directory. */
static const char *read_words(ccgw_strs_t *words, int argc, char *const argv[], apr_pool_t *pool)
{
    int i;

    words->n = argc;
    words->v = apr_pcalloc(pool, sizeof *words->v * (argc + 1));
    for (i = 0; i < argc; i++) {
        const char *equals = strchr(argv[i], '='), *path;

        words->v[i] = argv[i];
        if (!equals || equals - argv[i] < 5 || strncmp(equals - 5, "-file", 5))
            continue;
        path = ap_server_root_relative(pool, equals + 1);
        if (!path)
            return apr_psprintf(pool, "\"%s\" is not a file's path", argv[i]);
        words->v[i] = apr_psprintf(pool, "%.*s%s", (int)(equals + 1 - argv[i]), argv[i], path);
    }
    return NULL;
}

static const char *set_channel(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);
    const ccgw_channel_provider_t *provider;
    ccgw_channel_front_t *front = NULL;
    ccgw_media_t media;
    ccgw_strs_t words;

    if (!engine)
        return fault;
    if (argc < 2)
        return "CcgwChannel: needs a media and a provider, as in: CcgwChannel sms loop";
    media = ccgw_media_parse(argv[0]);
    if (media == CCGW_MEDIA_UNSET)
        return apr_psprintf(cmd->pool, "CcgwChannel: '%s' is no media; there are voice, chat and sms", argv[0]);
    if (engine->channels[media])
        return apr_psprintf(cmd->pool, "CcgwChannel: '%s' has a channel already", argv[0]);
    provider = ccgw_channel_find(argv[1]);
    if (!provider)
        return apr_psprintf(cmd->pool, "CcgwChannel: there is no provider '%s'; there are %s", argv[1],
                            ccgw_channel_names(cmd->pool));
    fault = read_words(&words, argc - 2, argv + 2, cmd->pool);
    if (!fault)
        fault = ccgw_channel_configure(&front, provider, media, &words, cmd->pool);
    engine->channels[media] = front;
    return fault ? apr_psprintf(cmd->pool, "CcgwChannel %s %s: %s", argv[0], argv[1], fault) : NULL;
}

/* ---- setters of a virtual host ---- */

static const char *set_public_url(cmd_parms *cmd, void *dir, const char *url)
{
    ccgw_server_conf_t *conf = ccgw_server_conf(cmd->server);
    const char *fault = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    apr_uri_t parsed;
    apr_size_t n = strlen(url);

    if (fault)
        return fault;
    if (apr_uri_parse(cmd->temp_pool, url, &parsed) != APR_SUCCESS || !parsed.scheme || !parsed.hostname ||
        (strcmp(parsed.scheme, "http") && strcmp(parsed.scheme, "https"))) {
        return apr_psprintf(cmd->pool, "CcgwPublicUrl: '%s' is not a URL such as https://cc.example", url);
    }
    while (n > 0 && url[n - 1] == '/')
        n--;
    conf->public_url = apr_pstrmemdup(cmd->pool, url, n);
    return NULL;
}

/* The path of the enclosing <Location>, or NULL with *fault. */
static const char *find_location(const char **fault, cmd_parms *cmd)
{
    const ap_directive_t *parent = cmd->directive->parent;

    *fault = ap_check_cmd_context(cmd, NOT_IN_DIRECTORY | NOT_IN_FILES | NOT_IN_LIMIT | NOT_IN_PROXY | NOT_IN_HTACCESS);
    if (*fault)
        return NULL;
    while (parent && strncasecmp(parent->directive, "<Location", 9))
        parent = parent->parent;
    if (!parent || !strcasecmp(parent->directive, "<LocationMatch") || (parent->args && *parent->args == '~')) {
        *fault = "CcgwDialect: a pattern cannot be a root; use <Location /path> without ~";
        return NULL;
    }
    return cmd->path;
}

static const char *add_root(cmd_parms *cmd, const ccgw_dialect_t *dialect, const char *path)
{
    ccgw_server_conf_t *conf = ccgw_server_conf(cmd->server);
    ccgw_root_t *root;
    apr_size_t n = strlen(path);
    int i;

    if (*path != '/')
        return apr_psprintf(cmd->pool, "CcgwDialect: the root '%s' does not begin with /", path);
    while (n > 0 && path[n - 1] == '/')
        n--;
    if (n >= 5 && !strncmp(path, "/ccgw", 5) && (n == 5 || path[5] == '/'))
        return apr_psprintf(cmd->pool, "CcgwDialect: the root '%s' is taken: /ccgw/ belongs to the channels", path);
    for (i = 0; i < conf->roots->nelts; i++) {
        root = &APR_ARRAY_IDX(conf->roots, i, ccgw_root_t);
        if (root->length == n && !strncmp(root->path, path, n)) {
            return apr_psprintf(cmd->pool, "CcgwDialect: the root '%s' speaks %s already", path, root->dialect->name);
        }
    }
    root = apr_array_push(conf->roots);
    root->dialect = dialect;
    root->path = apr_pstrmemdup(cmd->pool, path, n);
    root->length = n;
    return NULL;
}

static const char *set_dialect(cmd_parms *cmd, void *dir, const char *name, const char *path)
{
    const ccgw_dialect_t *const *dialect = ccgw_dialects;
    const char *fault;

    while (*dialect && strcmp((*dialect)->name, name))
        dialect++;
    if (!*dialect) {
        const char *names = "";

        for (dialect = ccgw_dialects; *dialect; dialect++)
            names = apr_pstrcat(cmd->pool, names, *names ? ", " : "", (*dialect)->name, NULL);
        return apr_psprintf(cmd->pool, "CcgwDialect: there is no dialect '%s'; this program has: %s", name, names);
    }
    if (cmd->path) {
        if (path)
            return apr_psprintf(cmd->pool, "CcgwDialect: '%s': inside <Location> its path is the root", path);
        path = find_location(&fault, cmd);
        if (!path)
            return fault;
    }
    else if (!path) {
        path = (*dialect)->root;
    }
    return add_root(cmd, *dialect, path);
}

/* ---- setters of a <Location> ---- */

static const char *set_auth_provider(cmd_parms *cmd, void *dir, const char *name)
{
    ccgw_dir_conf_t *conf = dir;
    const authn_provider *provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, name, AUTHN_PROVIDER_VERSION);

    if (!provider)
        return apr_psprintf(cmd->pool, "CcgwAuthProvider: there is no provider '%s'; is its module loaded?", name);
    if (!provider->check_password)
        return apr_psprintf(cmd->pool, "CcgwAuthProvider: '%s' cannot check passwords", name);
    if (!conf->auth_providers)
        conf->auth_providers = apr_array_make(cmd->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(conf->auth_providers, const char *) = name;
    return NULL;
}

static const char *set_csrf(cmd_parms *cmd, void *dir, int on)
{
    ((ccgw_dir_conf_t *)dir)->csrf = on;
    return NULL;
}

static const char *set_max_body(cmd_parms *cmd, void *dir, const char *word)
{
    apr_int64_t value = parse_size(word);

    if (value < 1024 || value > 64 * MEBIBYTE)
        return apr_psprintf(cmd->pool, "CcgwMaxBody: '%s' is not a size between 1K and 64M", word);
    ((ccgw_dir_conf_t *)dir)->max_body = value;
    return NULL;
}

#define BOUNDED(name, setter, bound, help) AP_INIT_TAKE1(name, setter, (void *)&(bound), RSRC_CONF, help)

/* clang-format off */
const command_rec ccgw_commands[] = {
    AP_INIT_FLAG("CcgwEngine", set_engine, NULL, RSRC_CONF,
                 "On or Off (default): whether the module does anything"),
    AP_INIT_TAKE12("CcgwDialect", set_dialect, NULL, RSRC_CONF | ACCESS_CONF,
                   "a dialect (genesys); its root is the <Location>'s path, else the second word"),
    AP_INIT_TAKE1("CcgwFloor", set_floor, NULL, RSRC_CONF,
                  "the JSON file of tenants, agents, queues, numbers, workbins"),
    AP_INIT_TAKE1("CcgwStore", ccgw_config_store, NULL, RSRC_CONF,
                  "local (default)"),
    AP_INIT_TAKE1("CcgwStateDir", ccgw_config_state_dir, NULL, RSRC_CONF,
                  "directory of journal and snapshots, for this server alone"),
    BOUNDED("CcgwMemory", set_size, bound_memory,
            "shared memory for all state, default 64M"),
    AP_INIT_TAKE1("CcgwDurability", ccgw_config_durability, NULL, RSRC_CONF,
                  "memory, os, disk (default) or replica: when a change is answered"),
    BOUNDED("CcgwSnapshot", set_size, bound_snapshot,
            "journal after which a snapshot is taken, default 512M"),
    AP_INIT_TAKE1("CcgwRecovery", ccgw_config_recovery, NULL, RSRC_CONF,
                  "refuse (default) or accept-loss: what a start does about damaged stored data"),
    AP_INIT_ITERATE("CcgwAuthProvider", set_auth_provider, NULL, RSRC_CONF | ACCESS_CONF,
                    "who checks passwords: providers as for AuthBasicProvider, default file"),
    AP_INIT_TAKE_ARGV("CcgwChannel", set_channel, NULL, RSRC_CONF,
                      "a media and its provider: sms loop, or sms kannel and its words"),
    AP_INIT_TAKE1("CcgwPublicUrl", set_public_url, NULL, RSRC_CONF,
                  "scheme://host of absolute URLs in replies, default the request's own"),
    BOUNDED("CcgwNoAnswerTime", set_time, bound_no_answer,
            "an offer is withdrawn after this, default 30s"),
    BOUNDED("CcgwGoneTimeout", set_time, bound_gone,
            "sessions of an agent who went are requeued after this, default 120s"),
    BOUNDED("CcgwLoginIdle", set_time, bound_login_idle,
            "a login without a request ends after this, default 1800s"),
    BOUNDED("CcgwBayeuxTimeout", set_time, bound_bayeux_hold,
            "a poll without events is answered after this, default 30s"),
    BOUNDED("CcgwBayeuxMaxInterval", set_time, bound_bayeux_max_interval,
            "an event reader that does not poll ends after this, default 120s"),
    AP_INIT_FLAG("CcgwEnableNotificationOnPullChat", set_pull_notify, NULL, RSRC_CONF,
                 "On: the customer is told when his chat is pulled from a workbin"),
    AP_INIT_FLAG("CcgwEnableJoinOnPullChat", set_pull_join, NULL, RSRC_CONF,
                 "On: who pulls a chat from a workbin joins it at once"),
    BOUNDED("CcgwMailboxEvents", set_number, bound_mailbox_events,
            "events kept for each agent, at least 16, default 1024"),
    BOUNDED("CcgwMailboxBytes", set_size, bound_mailbox_bytes,
            "or their bytes, default 256K"),
    AP_INIT_TAKE1("CcgwMaxBody", set_max_body, NULL, RSRC_CONF | ACCESS_CONF,
                  "largest request body, default 1M"),
    AP_INIT_FLAG("CcgwCsrf", set_csrf, NULL, RSRC_CONF | ACCESS_CONF,
                 "Off: requests signed in by a cookie need no CSRF token"),
    BOUNDED("CcgwOutboxUnknown", set_time, bound_outbox_unknown,
            "a text of unknown fate is sent again after this, default 300s"),
    AP_INIT_TAKE_ARGV("CcgwStopWords", ccgw_config_stop_words, NULL, RSRC_CONF,
                      "a media and the words that end all texts to a customer, or none; default sms STOP STOPALL UNSUBSCRIBE"),
    AP_INIT_TAKE_ARGV("CcgwStartWords", ccgw_config_start_words, NULL, RSRC_CONF,
                      "a media and the words that take it back, or none; default sms START UNSTOP"),
    AP_INIT_TAKE_ARGV("CcgwRateLimit", ccgw_config_rate_limit, NULL, RSRC_CONF,
                      "a media, customer=count/time and number=count/time: how many texts are taken"),
    BOUNDED("CcgwKeepSessions", set_time, bound_keep_sessions,
            "an ended session is removed after this, default 30d"),
    BOUNDED("CcgwMaxWaiters", set_number, bound_max_waiters,
            "event readers that may wait in one child, default half of its threads"),
    { NULL }
};
/* clang-format on */

/* ---- the whole ---- */

static apr_status_t read_file(const char **text, apr_size_t *n, const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *bytes;
    apr_status_t rv;

    rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, pool);
    if (rv != APR_SUCCESS)
        return rv;
    rv = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file);
    if (rv == APR_SUCCESS && info.filetype != APR_REG)
        rv = APR_EINVAL;
    if (rv == APR_SUCCESS && info.size > MAX_FLOOR)
        rv = CCGW_ETOOLARGE;
    if (rv != APR_SUCCESS)
        return rv;
    bytes = apr_palloc(pool, (apr_size_t)info.size + 1);
    rv = apr_file_read_full(file, bytes, (apr_size_t)info.size, n);
    if (rv == APR_EOF)
        rv = APR_SUCCESS;
    apr_file_close(file);
    *text = bytes;
    return rv;
}

static int read_floor(ccgw_engine_conf_t *engine, apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s)
{
    ccgw_floor_file_t *file = NULL;
    const char *fault = NULL, *text = NULL;
    char *line, *rest, buf[160];
    apr_size_t n = 0;
    apr_status_t rv;

    rv = read_file(&text, &n, engine->floor_path, ptemp);
    if (rv == APR_SUCCESS)
        rv = ccgw_floor_parse(&file, &fault, text, n, pconf);
    if (rv == APR_SUCCESS) {
        engine->floor = file;
        return OK;
    }
    if (!fault)
        fault = apr_pstrcat(ptemp, "cannot be read: ", ccgw_error_text(rv, buf, sizeof buf), NULL);
    for (line = apr_strtok(apr_pstrdup(ptemp, fault), "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest))
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s, "CCGW0402: CcgwFloor %s: %s", engine->floor_path, line);
    return HTTP_INTERNAL_SERVER_ERROR;
}

int ccgw_config_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    ccgw_engine_conf_t *engine = ccgw_engine_conf(main_server);
    int result = OK;

    apply_defaults(engine);
    if (!engine->on)
        return OK;
    if (ccgw_config_store_check(engine, ptemp, main_server) != OK)
        result = HTTP_INTERNAL_SERVER_ERROR;
    if (engine->bayeux_max_interval < engine->bayeux_hold) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server,
                     "CCGW0406: CcgwBayeuxMaxInterval (%d s) is shorter than CcgwBayeuxTimeout (%d "
                     "s): every reader "
                     "would end while it waits",
                     (int)apr_time_sec(engine->bayeux_max_interval), (int)apr_time_sec(engine->bayeux_hold));
        result = HTTP_INTERNAL_SERVER_ERROR;
    }
    if (ccgw_config_texts_check(engine, ptemp, main_server) != OK)
        result = HTTP_INTERNAL_SERVER_ERROR;
    if (!engine->floor_path) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server,
                     "CCGW0407: CcgwEngine On needs CcgwFloor: the file that names tenants, agents "
                     "and queues");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return read_floor(engine, pconf, ptemp, main_server) == OK ? result : HTTP_INTERNAL_SERVER_ERROR;
}
