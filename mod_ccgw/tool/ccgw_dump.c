/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_dump.c: the program ccgw-dump: shows or copies a state directory, beside a running server or without one. */
#include "tool/ccgw_dump.h"

#include "ccgw_error.h"
#include "core/ccgw_core.h"
#include "core/ccgw_stored.h"
#include "store/ccgw_store_front.h"
#include "util/ccgw_record.h"

#include <apr_general.h>
#include <apr_getopt.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE   "local"
#define TROUBLE 1
#define USAGE   2

static const char help[] =
    "usage: ccgw-dump [options] DIR\n"
    "Show what DIR, the directory that CcgwStateDir names, holds: a JSON object on each line. The server may be "
    "running;\n"
    "DIR is only read. Run it as the owner of DIR.\n"
    "\n"
    "  --table NAME     only this table, or mailbox, or event\n"
    "  --tenant NAME    only this tenant\n"
    "  --show-texts     what customers and agents wrote, and who the customers are; else \"***\"\n"
    "  --show-secrets   likewise\n"
    "  --stats          how much there is, and the store's counters, in place of the things themselves\n"
    "  --accept-loss    where DIR is damaged, show what is sound\n"
    "  --backup TO      copy DIR into TO, which is empty or not there yet; shows nothing\n"
    "  --help           this text\n"
    "\n"
    "Exit status: 0; 1 when something failed, with a message; 2 when it was called wrongly.\n";

typedef enum option_t {
    OPTION_TABLE = 256,
    OPTION_TENANT,
    OPTION_TEXTS,
    OPTION_SECRETS,
    OPTION_STATS,
    OPTION_LOSS,
    OPTION_BACKUP,
    OPTION_HELP
} option_t;

static const apr_getopt_option_t known[] = {
    { "table", OPTION_TABLE, 1, NULL },
    { "tenant", OPTION_TENANT, 1, NULL },
    { "show-texts", OPTION_TEXTS, 0, NULL },
    { "show-secrets", OPTION_SECRETS, 0, NULL },
    { "stats", OPTION_STATS, 0, NULL },
    { "accept-loss", OPTION_LOSS, 0, NULL },
    { "backup", OPTION_BACKUP, 1, NULL },
    { "help", OPTION_HELP, 0, NULL },
    { NULL, 0, 0, NULL },
};

typedef struct options_t {
    const char *dir;
    const char *backup;
    int stats, help;
    int accept_loss;
    ccgw_dump_t dump;
} options_t;

/* ---- the command line ---- */

static int misused(const char *what, const char *name)
{
    fprintf(stderr, "ccgw-dump: %s%s; ccgw-dump --help tells how\n", what, name);
    return USAGE;
}

static int is_table(const char *name)
{
    const ccgw_stored_t *row;
    int i;

    for (i = 0; (row = ccgw_stored_table(i)) != NULL; i++) {
        if (!strcmp(row->name, name))
            return 1;
    }
    return !strcmp(name, CCGW_DUMP_MAILBOX) || !strcmp(name, CCGW_DUMP_EVENT);
}

static int bad_table(const char *name)
{
    const ccgw_stored_t *row;
    int i;

    fprintf(stderr, "ccgw-dump: there is no table %s; there are", name);
    for (i = 0; (row = ccgw_stored_table(i)) != NULL; i++)
        fprintf(stderr, " %s", row->name);
    fprintf(stderr, " %s %s\n", CCGW_DUMP_MAILBOX, CCGW_DUMP_EVENT);
    return USAGE;
}

static void take_option(options_t *options, int option, const char *value)
{
    switch (option) {
    case OPTION_TABLE: options->dump.table = value; break;
    case OPTION_TENANT: options->dump.tenant = value; break;
    case OPTION_TEXTS: options->dump.show |= CCGW_FIELD_TEXT; break;
    case OPTION_SECRETS: options->dump.show |= CCGW_FIELD_SECRET; break;
    case OPTION_STATS: options->stats = 1; break;
    case OPTION_LOSS: options->accept_loss = 1; break;
    case OPTION_BACKUP: options->backup = value; break;
    default: options->help = 1;
    }
}

/* 0, or the exit status. */
static int read_options(options_t *options, int argc, const char *const *argv, apr_pool_t *pool)
{
    apr_getopt_t *words;
    const char *value;
    apr_status_t rv;
    int option;

    apr_getopt_init(&words, pool, argc, argv);
    words->interleave = 1;
    while ((rv = apr_getopt_long(words, known, &option, &value)) == APR_SUCCESS)
        take_option(options, option, value);
    if (rv != APR_EOF)
        return USAGE; /* said by APR */
    if (options->help)
        return 0;
    /* options may stand behind it, too: APR puts them in front, in a copy */
    if (words->ind == argc)
        return misused("which directory?", "");
    if (words->ind < argc - 1)
        return misused("one directory at a time, not also ", words->argv[words->ind + 1]);
    options->dir = words->argv[words->ind];
    if (!*options->dir)
        return misused("which directory?", "");
    if (options->dump.table && !is_table(options->dump.table))
        return bad_table(options->dump.table);
    if (options->backup &&
        (options->stats || options->accept_loss || options->dump.table || options->dump.tenant || options->dump.show))
        return misused("--backup copies everything, as it is, and shows nothing", "");
    return 0;
}

/* ---- the work ---- */

static int fail(const char *dir, const char *why, apr_status_t rv, const char *advice)
{
    char text[120];

    fflush(stdout);
    if (why && *why)
        fprintf(stderr, "ccgw-dump: %s%s\n", why, advice);
    else
        fprintf(stderr, "ccgw-dump: %s: %s%s\n", dir, ccgw_error_text(rv, text, sizeof text), advice);
    return TROUBLE;
}

static void warn(void *baton, int level, const char *text)
{
    if (level <= 4)
        fprintf(stderr, "ccgw-dump: %s\n", text);
}

static int back_up(const options_t *options, const ccgw_store_provider_t *provider, apr_pool_t *pool)
{
    const char *why = NULL;
    apr_status_t rv = provider->backup(&why, options->dir, options->backup, pool);

    return rv == APR_SUCCESS ? 0 : fail(options->dir, why, rv, "");
}

static int show(options_t *options, const ccgw_store_provider_t *provider, apr_pool_t *pool)
{
    ccgw_store_config_t config = { .dir = options->dir, .accept_loss = options->accept_loss, .log = warn };
    const char *why = NULL;
    ccgw_store_t *store;
    apr_status_t rv = provider->open_copy(&store, &why, &config, pool);

    if (rv != APR_SUCCESS)
        return fail(options->dir, why, rv,
                    rv == CCGW_EDAMAGED && !options->accept_loss
                        ? "\nccgw-dump: nothing is shown; with --accept-loss, what is sound"
                        : "");
    rv = options->stats ? ccgw_dump_stats(&options->dump, provider, store, pool)
                        : ccgw_dump_all(&options->dump, provider, store, pool);
    if (rv != APR_SUCCESS)
        return fail(options->dir, NULL, rv, "");
    if (fflush(stdout) || ferror(stdout)) {
        perror("ccgw-dump: cannot write all of it");
        return TROUBLE;
    }
    if (!options->dump.unreadable)
        return 0;
    fprintf(stderr,
            "ccgw-dump: %d records could not be read (\"record\":null); were they written by a newer version? Use its "
            "ccgw-dump\n",
            options->dump.unreadable);
    return TROUBLE;
}

int main(int argc, const char *const *argv)
{
    const ccgw_store_provider_t *provider = ccgw_store_find(STORE);
    options_t options = { 0 };
    apr_pool_t *pool;
    int status;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        fputs("ccgw-dump: no memory\n", stderr);
        return TROUBLE;
    }
    atexit(apr_terminate);
    status = read_options(&options, argc, argv, pool);
    if (status)
        return status;
    if (options.help)
        return fputs(help, stdout) < 0 || fflush(stdout) ? TROUBLE : 0;
    return options.backup ? back_up(&options, provider, pool) : show(&options, provider, pool);
}
