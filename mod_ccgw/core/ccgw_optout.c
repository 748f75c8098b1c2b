/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_optout.c: the words STOP and START, and the record of who said them. */
#include "core/ccgw_optout.h"

#include <stddef.h>
#include <string.h>

#include "core/ccgw_session_store.h"
#include "util/ccgw_fold.h"

/* clang-format off */
static const ccgw_field_t optout_fields[] = {
    { 1, CCGW_FIELD_INT, "at",      offsetof(ccgw_optout_t, at) },
    { 2, CCGW_FIELD_STR, "word",    offsetof(ccgw_optout_t, word) },
    { 3, CCGW_FIELD_INT, "session", offsetof(ccgw_optout_t, session), 0, NULL, CCGW_FIELD_ID },
    { 0 }
};
/* clang-format on */

const ccgw_record_type_t ccgw_optout_record = { "optout", 1, sizeof(ccgw_optout_t), optout_fields };

/* ---- words ---- */

/* Telephones write a blank that does not break lines, too. */
#define HARD_BLANK "\xc2\xa0"

static int is_edge(char c)
{
    return c && strchr(" \t\r\n.!", c) != NULL;
}

const char *ccgw_optout_plain(const char *text, apr_pool_t *pool)
{
    apr_size_t n = strlen(text), skip;

    while ((skip = is_edge(*text) ? 1 : strncmp(text, HARD_BLANK, 2) ? 0 : 2)) {
        text += skip;
        n -= skip;
    }
    while (n && (skip = is_edge(text[n - 1]) ? 1 : n < 2 || strncmp(text + n - 2, HARD_BLANK, 2) ? 0 : 2))
        n -= skip;
    return n <= CCGW_OPTOUT_WORD_MAX ? ccgw_fold(text, n, pool) : "";
}

/* The word of WORDS that PLAIN is, or NULL. */
static const char *find_word(const ccgw_strs_t *words, const char *plain, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < words->n; i++) {
        if (!strcmp(ccgw_optout_plain(words->v[i], pool), plain))
            return words->v[i];
    }
    return NULL;
}

ccgw_wish_t ccgw_optout_wish(const char **word, const ccgw_core_t *core, ccgw_media_t media, const char *text,
                             apr_pool_t *pool)
{
    const ccgw_text_rules_t *rules = &core->limits.texts[media];
    const char *plain;

    *word = NULL;
    if (!rules->stop_words.n && !rules->start_words.n)
        return CCGW_WISH_NONE;
    plain = ccgw_optout_plain(text, pool);
    if (!*plain)
        return CCGW_WISH_NONE;
    if ((*word = find_word(&rules->stop_words, plain, pool)))
        return CCGW_WISH_STOP;
    return (*word = find_word(&rules->start_words, plain, pool)) ? CCGW_WISH_START : CCGW_WISH_NONE;
}

/* ---- the record ---- */

apr_status_t ccgw_optout_get(int *out, ccgw_work_t *work, ccgw_media_t media, const char *number, const char *customer)
{
    ccgw_record_t record;
    apr_status_t rv =
        work->core->provider->get(&record, work->txn, CCGW_TABLE_OPTOUT,
                                  ccgw_contact_key(work->call->tenant, media, number, customer, work->pool));

    *out = rv == APR_SUCCESS && record.version;
    return rv;
}

apr_status_t ccgw_optout_set(int *changed, ccgw_work_t *work, ccgw_media_t media, const char *number,
                             const char *customer, const char *word, ccgw_id_t session)
{
    ccgw_optout_t optout = { .at = work->call->wall, .word = word, .session = session };
    ccgw_buf_t key = ccgw_contact_key(work->call->tenant, media, number, customer, work->pool);
    int out;
    apr_status_t rv = ccgw_optout_get(&out, work, media, number, customer);

    *changed = rv == APR_SUCCESS && out != (word != NULL);
    if (!*changed)
        return rv;
    if (!word)
        return work->core->provider->del(work->txn, CCGW_TABLE_OPTOUT, key);
    return ccgw_work_put(work, CCGW_TABLE_OPTOUT, key, &ccgw_optout_record, &optout, 0);
}
