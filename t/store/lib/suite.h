/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite.h: what the programs suite_*.c share: the provider under test, stores in fresh directories, short ways to
 * write and read them, and hands on their files.
 *
 * Each program runs the contracts of include/ccgw_store.h on one subject against the provider that its first argument
 * names ("local" when none does). Every test opens a store of its own; "closing" is the end of the pool that holds it,
 * as if all processes were gone. */
#ifndef SUITE_H
#define SUITE_H

#include "ccgw_store.h"

#include <apr_strings.h>
#include <string.h>

extern const ccgw_store_provider_t *provider;
extern apr_pool_t *root;
/** The last line that the store said, by its configuration or by ccgw_log(). */
extern char logged[1024];

/** Find the provider, make the directory for all stores. 0: there is no such provider. */
int suite_begin(int argc, const char *const *argv);
/** Remove that directory. */
void suite_end(void);

/* ---- a store ---- */

typedef struct fixture_t {
    const char *dir;
    apr_pool_t *pool;
    ccgw_store_t *store;
    const char *why; /* of the last open that failed */
    ccgw_store_config_t config;
} fixture_t;

/** Not opened yet: the test may change the configuration. */
fixture_t fresh(const char *name);
/** Likewise, with journal files of 4 MB and a snapshot due after 1 MB. */
fixture_t fresh_small(const char *name);
apr_status_t open_store(fixture_t *f);
/** Of what the directory holds, without taking it. */
apr_status_t open_copy(fixture_t *f);
void close_store(fixture_t *f);
/** Open, and close again when it opened. */
apr_status_t try_store(fixture_t *f);
/** Memory that children share. */
void *open_memory(apr_size_t n);

/* ---- keys; all of the tenant "acme" ---- */

#define TENANT bytes("acme", 4)
#define FIRST  bytes("acme\0", 5)
#define BEHIND bytes("acme\1", 5)

static inline ccgw_buf_t bytes(const char *p, apr_size_t n)
{
    ccgw_buf_t buf = { p, n };

    return buf;
}

static inline ccgw_buf_t text(const char *s)
{
    return bytes(s, strlen(s));
}

/** The tenant's key called NAME; good for the next 64 calls in this thread. */
ccgw_buf_t key(const char *name);
ccgw_buf_t keyf(const char *format, int i);

/* ---- transactions of one step ---- */

ccgw_txn_t *begin(fixture_t *f);
/** VALUE NULL: delete. */
apr_status_t write_as(fixture_t *f, ccgw_table_t table, ccgw_buf_t k, const char *value, apr_time_t due);
apr_status_t write_buf(fixture_t *f, ccgw_table_t table, ccgw_buf_t k, ccgw_buf_t value, ccgw_durability_t level);
/** Of the session table. */
apr_status_t write_one(fixture_t *f, const char *name, const char *value);
/** Likewise; the value, or NULL. */
const char *read_one(fixture_t *f, const char *name);
/** Open or close a mailbox; the commit's cursor. */
ccgw_cursor_t box_op(fixture_t *f, const char *box, int open);
/** To one mailbox or two; the commit's cursor, 0: refused. */
ccgw_cursor_t send_event(fixture_t *f, const char *a, const char *b, const char *body, ccgw_durability_t level);
/** Bodies of the events behind *AFTER, joined by spaces; *AFTER moves. NULL: CCGW_ERESYNC, and *AFTER is the end. */
const char *read_box(fixture_t *f, const char *a, const char *b, ccgw_cursor_t *after, int max);
/** 99999: refused. */
apr_uint64_t word(fixture_t *f, const char *name, ccgw_word_t which, ccgw_word_op_t op, apr_uint64_t value);
/** "table:name ..." of what is due. */
const char *read_due(fixture_t *f, apr_time_t from, apr_time_t until, int max, apr_time_t *next);

/** A counter of stats(); -1: there is none. */
apr_int64_t stat_of(fixture_t *f, const char *name);
/** Everything that walk() shows, and all due times, as text. */
const char *describe(fixture_t *f);
/** Do both describe the same? The first difference is printed. */
int is_same(const char *got, const char *want);
/** Housekeeping until the counter NAME is at least (at most, when negative) BOUND. @return did it get there? */
int keep_until(fixture_t *f, const char *name, apr_int64_t bound);
/** Write and delete under names of their own until BYTES more lie in the journal. */
apr_status_t fill_journal(fixture_t *f, apr_int64_t bytes);

/** N records of 30,000 bytes, "m0000" and so on. */
void fill_state(fixture_t *f, int n);

/* ---- files ---- */

/** The Nth file, in the order of names, that begins with PREFIX; NULL: there are fewer. Negative: from the last. */
const char *file_of(fixture_t *f, const char *prefix, int nth);
int count_files(fixture_t *f, const char *prefix);
/** How many files of the directory hold these bytes? */
int count_holding(fixture_t *f, const char *what);
/** Change one byte of PATH at the first place where WHAT stands; 0: nowhere. */
int garble(const char *path, const char *what);
/** Change the byte AT, or that many from the end when negative. */
int flip(const char *path, long long at);
/** Put N bytes at AT. */
int poke(const char *path, long long at, const void *bytes, apr_size_t n);
/** A directory with the same files, which does not exist yet. */
int copy_dir(const char *from, const char *to);
/** How many lines with this in them the store has said since the last suite_hush(). */
int count_said(const char *what);
void suite_hush(void);

#endif
