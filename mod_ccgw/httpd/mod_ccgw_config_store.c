/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_config_store.c: the directives of the store, and whether its directory can be this server's. */
#include "mod_ccgw_glue.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <pwd.h>
#include <unixd.h>

#include "store/ccgw_store_front.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

APLOG_USE_MODULE(ccgw);

/* A directive's word and what it stands for. */
typedef struct word_t {
    const char *name;
    int value;
} word_t;

/* ---- setters ---- */

/* The engine to set, or NULL with *fault when the directive stands in a section. */
static ccgw_engine_conf_t *find_engine(const char **fault, cmd_parms *cmd)
{
    *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    return *fault ? NULL : &ccgw_server_conf(cmd->server)->engine;
}

/* Set *VALUE to what WORD stands for; the words end with a NULL. Returns a fault. */
static const char *choose(int *value, const word_t *words, cmd_parms *cmd, const char *word)
{
    const char *names = "";
    int i;

    for (i = 0; words[i].name; i++) {
        if (!strcasecmp(word, words[i].name)) {
            *value = words[i].value;
            return NULL;
        }
        names = apr_pstrcat(cmd->pool, names, i ? ", " : "", words[i].name, NULL);
    }
    return apr_psprintf(cmd->pool, "%s: '%s' is none of %s", cmd->cmd->name, word, names);
}

const char *ccgw_config_store(cmd_parms *cmd, void *dir, const char *name)
{
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    if (!engine)
        return fault;
    if (!ccgw_store_find(name)) {
        const char *names = "";
        int i;

        for (i = 0; ccgw_store_providers[i]; i++)
            names = apr_pstrcat(cmd->pool, names, *names ? ", " : "", ccgw_store_providers[i]->name, NULL);
        return apr_psprintf(cmd->pool, "CcgwStore: there is no store '%s'; this program has: %s", name, names);
    }
    engine->store = name;
    return NULL;
}

const char *ccgw_config_state_dir(cmd_parms *cmd, void *dir, const char *path)
{
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    if (!engine)
        return fault;
    engine->state_dir = ap_server_root_relative(cmd->pool, path);
    return engine->state_dir ? NULL : apr_psprintf(cmd->pool, "CcgwStateDir: '%s' is not a directory's path", path);
}

const char *ccgw_config_durability(cmd_parms *cmd, void *dir, const char *word)
{
    static const word_t levels[] = {
        { "memory", CCGW_DURABLE_MEMORY },
        { "os", CCGW_DURABLE_OS },
        { "disk", CCGW_DURABLE_DISK },
        { "replica", CCGW_DURABLE_REPLICA },
        { NULL, 0 },
    };
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    return engine ? choose(&engine->durability, levels, cmd, word) : fault;
}

const char *ccgw_config_recovery(cmd_parms *cmd, void *dir, const char *word)
{
    static const word_t ways[] = { { "refuse", 0 }, { "accept-loss", 1 }, { NULL, 0 } };
    const char *fault;
    ccgw_engine_conf_t *engine = find_engine(&fault, cmd);

    return engine ? choose(&engine->accept_loss, ways, cmd, word) : fault;
}

void ccgw_config_store_defaults(ccgw_engine_conf_t *engine)
{
    if (engine->durability == CCGW_DURABLE_UNSET)
        engine->durability = CCGW_DURABLE_DISK;
    if (engine->accept_loss < 0)
        engine->accept_loss = 0;
    if (!engine->store)
        engine->store = "local";
}

/* ---- the directory ---- */

static const char *user_name(apr_uid_t uid, apr_pool_t *pool)
{
    struct passwd *entry = getpwuid(uid);

    return entry ? apr_psprintf(pool, "user %s", entry->pw_name) : apr_psprintf(pool, "uid %ld", (long)uid);
}

/* Of what an empty file system brings along nobody is robbed. */
static int is_empty(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *dir;
    int empty = 1;

    if (apr_dir_open(&dir, path, pool) != APR_SUCCESS)
        return 0;
    while (empty && apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS)
        empty = !strcmp(info.name, ".") || !strcmp(info.name, "..") || !strcmp(info.name, "lost+found");
    apr_dir_close(dir);
    return empty;
}

/* Why a directory that is to be made cannot be, or NULL. */
static const char *fault_above(const char *path, apr_pool_t *pool)
{
    const char *above = ap_make_dirstr_parent(pool, path);
    struct stat info;

    if (stat(above, &info))
        return apr_psprintf(pool, "it is to be made, and the directory above it cannot be used: %s", strerror(errno));
    return S_ISDIR(info.st_mode) ? NULL : "it is to be made, and what is above it is not a directory";
}

/* It becomes the server's alone, so it must not be somebody else's: root could take any. Returns a fault or NULL. */
static const char *fault_of_owner(const char *path, const struct stat *info, apr_pool_t *pool)
{
    apr_uid_t server = geteuid() ? geteuid() : ap_unixd_config.user_id;

    if (access(path, W_OK | X_OK) && errno == EROFS)
        return "it is on a read-only file system";
    if (info->st_uid == server || (!geteuid() && !info->st_uid && is_empty(path, pool)))
        return NULL;
    return apr_psprintf(pool,
                        "it belongs to %s and the server runs as %s: give it to the server (chown -R), or name "
                        "another one",
                        user_name(info->st_uid, pool), user_name(server, pool));
}

/* Why the directory cannot be this server's, or NULL. */
static const char *fault_of_dir(const char *path, apr_pool_t *pool)
{
    struct stat info;

    if (stat(path, &info)) {
        return errno == ENOENT ? fault_above(path, pool) : apr_psprintf(pool, "it cannot be used: %s", strerror(errno));
    }
    if (!S_ISDIR(info.st_mode))
        return "it is not a directory";
    /* Anybody may check a configuration or have it shown (-t, -S, -M); only who starts the server needs to own things. */
    if (ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL && geteuid())
        return NULL;
    return fault_of_owner(path, &info, pool);
}

int ccgw_config_store_check(const ccgw_engine_conf_t *engine, apr_pool_t *ptemp, server_rec *main_server)
{
    const char *fault = NULL;
    int result = OK;

    if (!engine->state_dir) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server,
                     "CCGW0404: CcgwEngine On needs CcgwStateDir: a directory for this server's journal");
        result = HTTP_INTERNAL_SERVER_ERROR;
    }
    else if (!ccgw_process_runs()) {
        fault = fault_of_dir(engine->state_dir, ptemp);
    }
    if (fault) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server, "CCGW0403: CcgwStateDir %s: %s", engine->state_dir,
                     fault);
        result = HTTP_INTERNAL_SERVER_ERROR;
    }
    if (engine->durability == CCGW_DURABLE_REPLICA && !strcmp(engine->store, "local")) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, main_server,
                     "CCGW0405: CcgwDurability replica: the store 'local' keeps one copy only; say disk");
        result = HTTP_INTERNAL_SERVER_ERROR;
    }
    return result;
}
