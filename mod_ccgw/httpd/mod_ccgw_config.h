/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_config.h: what the directives say, in the three scopes they have.
 *
 * The engine (store, floor, channels, times) is one per httpd: its directives stand outside of every section. Roots and
 * the public URL belong to a virtual host, which adds its own to the main server's. Sign-in and body limits belong to
 * a <Location>. All of it lives in the configuration pool and never changes while requests run. */
#ifndef MOD_CCGW_CONFIG_H
#define MOD_CCGW_CONFIG_H

#include <apr_tables.h>
#include <httpd.h>
#include <http_config.h>

#include "api/ccgw_op.h"
#include "channel/ccgw_channel_front.h"
#include "core/ccgw_core.h"
#include "core/ccgw_floor.h"

/** One per httpd. Numbers below 0, and NULL, are "unset" until ccgw_config_check() has put the defaults in. */
typedef struct ccgw_engine_conf_t {
    int on;
    const char *floor_path;
    const char *store;
    const char *state_dir;
    int durability;
    int accept_loss; /**< 1: a start goes on without what is damaged */
    int pull_notify;
    int pull_join;
    apr_int64_t memory;
    apr_int64_t snapshot_bytes;
    apr_int64_t mailbox_bytes;
    apr_int64_t mailbox_events;
    apr_int64_t max_waiters; /**< 0: half of the threads */
    apr_interval_time_t no_answer;
    apr_interval_time_t gone;
    apr_interval_time_t login_idle;
    apr_interval_time_t bayeux_hold;
    apr_interval_time_t bayeux_max_interval;
    apr_interval_time_t outbox_unknown;
    apr_interval_time_t keep_sessions;
    const ccgw_channel_front_t *channels[CCGW_MEDIA_COUNT]; /**< who stands behind a media's customers */
    ccgw_text_rules_t texts[CCGW_MEDIA_COUNT];              /**< words: v NULL is "unset" */
    const ccgw_floor_file_t *floor;                         /**< set by ccgw_config_check() */
} ccgw_engine_conf_t;

/** Where a dialect is spoken. */
typedef struct ccgw_root_t {
    const ccgw_dialect_t *dialect;
    const char *path; /**< "/api/v2"; "" for the whole host */
    apr_size_t length;
} ccgw_root_t;

/** One per server or virtual host. */
typedef struct ccgw_server_conf_t {
    ccgw_engine_conf_t engine; /**< of use in the main server only */
    apr_array_header_t *roots; /**< ccgw_root_t */
    const char *public_url;
} ccgw_server_conf_t;

/** One per <Location>. */
typedef struct ccgw_dir_conf_t {
    apr_array_header_t *auth_providers; /**< const char *; NULL: "file" */
    int csrf;
    apr_int64_t max_body;
} ccgw_dir_conf_t;

extern module AP_MODULE_DECLARE_DATA ccgw_module;
extern const command_rec ccgw_commands[];

/** The dialects of this program; ends with NULL. */
extern const ccgw_dialect_t *const ccgw_dialects[];

void *ccgw_server_conf_make(apr_pool_t *pool, server_rec *s);
void *ccgw_server_conf_merge(apr_pool_t *pool, void *base, void *add);
void *ccgw_dir_conf_make(apr_pool_t *pool, char *dir);
void *ccgw_dir_conf_merge(apr_pool_t *pool, void *base, void *add);

ccgw_server_conf_t *ccgw_server_conf(server_rec *s);
ccgw_dir_conf_t *ccgw_dir_conf(request_rec *r);

/** Of the main server. */
ccgw_engine_conf_t *ccgw_engine_conf(server_rec *main_server);

/* The directives of the store, in mod_ccgw_config_store.c; those with bounds alone are rows of the table. */
const char *ccgw_config_store(cmd_parms *cmd, void *dir, const char *name);
const char *ccgw_config_state_dir(cmd_parms *cmd, void *dir, const char *path);
const char *ccgw_config_durability(cmd_parms *cmd, void *dir, const char *word);
const char *ccgw_config_recovery(cmd_parms *cmd, void *dir, const char *word);
void ccgw_config_store_defaults(ccgw_engine_conf_t *engine);
/** What no single one of them can find, and whether the directory can be this server's; nothing is touched. A server
 *  that runs has its directory and is not asked again. Says every fault in the log. OK or an HTTP error. */
int ccgw_config_store_check(const ccgw_engine_conf_t *engine, apr_pool_t *ptemp, server_rec *main_server);

/* The directives about customers' texts, in mod_ccgw_config_texts.c. */
const char *ccgw_config_stop_words(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *ccgw_config_start_words(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *ccgw_config_rate_limit(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
/** Defaults of ENGINE->texts. */
void ccgw_config_texts_defaults(ccgw_engine_conf_t *engine);
/** What no single one of them can find; says it in the log. OK or an HTTP error. */
int ccgw_config_texts_check(const ccgw_engine_conf_t *engine, apr_pool_t *ptemp, server_rec *main_server);

/** Is the sign-in with a cookie protected against foreign pages here? */
int ccgw_dir_csrf(const ccgw_dir_conf_t *conf);
apr_size_t ccgw_dir_max_body(const ccgw_dir_conf_t *conf);

/** Hook check_config, also in `configtest`: defaults, what needs more than one directive, and the floor file. Says
 *  every fault in the log. OK or an HTTP error. */
int ccgw_config_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

#endif
