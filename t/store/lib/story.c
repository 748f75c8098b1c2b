/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* story.c: the story's transactions. */
#include "story.h"

#include "ccgw_error.h"
#include "story_part.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- numbers ---- */

apr_uint64_t story_mix(apr_uint64_t a, apr_uint64_t b)
{
    apr_uint64_t x = a * 0x9e3779b97f4a7c15ULL + b + 0x632be59bd9b4e019ULL;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

apr_uint64_t story_draw(apr_uint64_t *seed)
{
    *seed = story_mix(*seed, 1);
    return *seed;
}

/* ---- notes ---- */

static const char *const names[STORY_FAULTS] = { "lost", "torn", "double", "orphan", "refused" };

void *story_shared(const char *file, apr_size_t n)
{
    int fd = file ? open(file, O_RDWR | O_CREAT, 0600) : -1;
    void *at = MAP_FAILED;

    if (!file || (fd >= 0 && ftruncate(fd, (off_t)n) == 0))
        at = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | (file ? 0 : MAP_ANONYMOUS), fd, 0);
    if (fd >= 0)
        close(fd);
    return at == MAP_FAILED ? NULL : at;
}

const char *story_faults(const story_notes_t *notes, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; i < STORY_FAULTS; i++)
        text = apr_psprintf(pool, "%s%s%s %" APR_UINT64_T_FMT, text, i ? " " : "", names[i], notes->faults[i]);
    return text;
}

apr_uint64_t story_count(const story_notes_t *notes, story_fault_t fault)
{
    apr_uint64_t n = 0;
    int i;

    for (i = 0; i < STORY_FAULTS; i++) {
        if (fault == STORY_FAULTS || fault == (story_fault_t)i)
            n += notes->faults[i];
    }
    return n;
}

void story_fault(story_t *story, story_fault_t fault, const char *format, ...)
{
    char text[256];
    va_list args;

    __atomic_fetch_add(&story->notes->faults[fault], 1, __ATOMIC_RELAXED);
    if (__atomic_fetch_add(&story->notes->told, 1, __ATOMIC_RELAXED) >= STORY_TOLD_MAX)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("# %s: %s\n", names[fault], text);
    fflush(stdout);
}

void story_raise(apr_uint64_t *place, apr_uint64_t value)
{
    apr_uint64_t old = __atomic_load_n(place, __ATOMIC_ACQUIRE);

    while (old < value && !__atomic_compare_exchange_n(place, &old, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    }
}

apr_uint64_t story_acked(const story_notes_t *notes, int session)
{
    apr_uint64_t disk = __atomic_load_n(&notes->acked[session], __ATOMIC_ACQUIRE);
    apr_uint64_t os = __atomic_load_n(&notes->acked_os[session], __ATOMIC_ACQUIRE);

    return disk > os ? disk : os;
}

/* ---- what follows from (session, version) ---- */

ccgw_buf_t story_key(apr_pool_t *pool, const char *format, ...)
{
    ccgw_buf_t key;
    va_list args;
    char *name;

    va_start(args, format);
    name = apr_pvsprintf(pool, format, args);
    va_end(args);
    key.n = sizeof STORY_TENANT + strlen(name);
    key.p = apr_psprintf(pool, STORY_TENANT "%c%s", 0, name);
    return key;
}

static apr_uint32_t length_of(const story_stamp_t *stamp)
{
    apr_uint64_t h = story_mix(stamp->version * 64 + stamp->session, stamp->kind * 8 + stamp->part);

    if (stamp->kind == STORY_BULK)
        return 50000 + (apr_uint32_t)(h % 50000);
    if (stamp->kind == STORY_SESSION && stamp->version % 64 == 9)
        return 20000; /* more than one block of any size holds */
    if (stamp->version % 16 == 5)
        return 3000;
    return 40 + (apr_uint32_t)(h % 500);
}

ccgw_buf_t story_value(apr_pool_t *pool, story_kind_t kind, int session, int part, apr_uint64_t version)
{
    story_stamp_t stamp = { STORY_MAGIC, kind, (apr_uint32_t)session, (apr_uint32_t)part, version };
    apr_uint32_t n = length_of(&stamp), at;
    apr_uint64_t h = story_mix(version, kind * 1000u + (apr_uint32_t)session * 8u + (apr_uint32_t)part);
    char *bytes = apr_palloc(pool, n);
    ccgw_buf_t value = { bytes, n };

    memcpy(bytes, &stamp, sizeof stamp);
    for (at = sizeof stamp; at < n; at++) {
        if (at % 8 == 0)
            h = story_mix(h, at);
        bytes[at] = (char)(h >> at % 8 * 8);
    }
    return value;
}

int story_read_value(story_stamp_t *stamp, ccgw_buf_t value, story_kind_t kind, apr_pool_t *pool)
{
    ccgw_buf_t whole;

    if (value.n < sizeof *stamp)
        return 0;
    memcpy(stamp, value.p, sizeof *stamp);
    if (stamp->magic != STORY_MAGIC || stamp->kind != kind || stamp->session >= STORY_SESSIONS || stamp->part > 7)
        return 0;
    whole = story_value(pool, kind, (int)stamp->session, (int)stamp->part, stamp->version);
    return whole.n == value.n && !memcmp(whole.p, value.p, whole.n);
}

int story_events(int session, apr_uint64_t version)
{
    return 1 + (int)(story_mix(version, (apr_uint64_t)session) % STORY_EVENTS);
}

int story_box(int session, apr_uint64_t version, int event)
{
    return (int)(story_mix(version, 4096 + (apr_uint64_t)session * 4 + (apr_uint64_t)event) % STORY_BOXES);
}

apr_time_t story_due(int session, apr_uint64_t version)
{
    return version % 3 ? 1000000 + (apr_time_t)(story_mix(version, (apr_uint64_t)session) % 1000) : 0;
}

apr_uint64_t story_part_version(int part, apr_uint64_t version)
{
    apr_uint64_t bit = (apr_uint64_t)1 << part;

    return version & bit ? version & ~(bit - 1) : 0;
}

apr_uint64_t story_bulk_version(apr_uint64_t version)
{
    return version < 3 ? 0 : version - (version - 3) % 8;
}

/* ---- one transaction ---- */

/* What was read of a session and its parts, and the version that follows. */
typedef struct turn_t {
    story_t *story;
    ccgw_txn_t *txn;
    apr_pool_t *pool;
    int session;
    apr_uint64_t version; /* to be written */
    int fits;             /* session and parts were of one version: certain only when the commit succeeds */
} turn_t;

static apr_status_t read_session(turn_t *t)
{
    ccgw_record_t record;
    story_stamp_t stamp = { 0 };
    apr_status_t rv = t->story->provider->get(&record, t->txn, CCGW_TABLE_SESSION, STORY_SESSION_KEY(t));

    if (rv == APR_SUCCESS && record.version &&
        (!story_read_value(&stamp, record.value, STORY_SESSION, t->pool) || (int)stamp.session != t->session))
        t->fits = 0;
    t->version = stamp.version + 1;
    return rv;
}

/* Read part I, and write or delete it when this version does so. */
static apr_status_t turn_part(turn_t *t, int part)
{
    const ccgw_store_provider_t *p = t->story->provider;
    ccgw_buf_t key = story_key(t->pool, "%03d/%d", t->session, part);
    apr_uint64_t was = story_part_version(part, t->version - 1), is = story_part_version(part, t->version);
    ccgw_record_t record;
    story_stamp_t stamp = { 0 };
    apr_status_t rv = p->get(&record, t->txn, CCGW_TABLE_MESSAGE, key);

    if (rv != APR_SUCCESS)
        return rv;
    if (record.version && !story_read_value(&stamp, record.value, STORY_PART, t->pool))
        t->fits = 0;
    if ((record.version != 0) != (was != 0) || stamp.version != was)
        t->fits = 0;
    if (is == was)
        return APR_SUCCESS;
    return is ? p->put(t->txn, CCGW_TABLE_MESSAGE, key, story_value(t->pool, STORY_PART, t->session, part, is), 0)
              : p->del(t->txn, CCGW_TABLE_MESSAGE, key);
}

static apr_status_t turn_bulk(turn_t *t)
{
    const ccgw_store_provider_t *p = t->story->provider;
    ccgw_record_t record;
    apr_status_t rv;

    if (story_bulk_version(t->version) != t->version)
        return APR_SUCCESS;
    rv = p->get(&record, t->txn, CCGW_TABLE_FLOOR, STORY_SESSION_KEY(t));
    if (rv != APR_SUCCESS)
        return rv;
    return p->put(t->txn, CCGW_TABLE_FLOOR, STORY_SESSION_KEY(t),
                  story_value(t->pool, STORY_BULK, t->session, 0, t->version), 0);
}

static apr_status_t turn_places(turn_t *t)
{
    const ccgw_store_provider_t *p = t->story->provider;
    ccgw_buf_t key = story_key(t->pool, "%03d/%010" APR_UINT64_T_FMT, t->session, t->version);
    ccgw_record_t record;
    apr_status_t rv = p->get(&record, t->txn, CCGW_TABLE_QUEUE, key);

    if (rv == APR_SUCCESS)
        rv = p->put(t->txn, CCGW_TABLE_QUEUE, key, story_value(t->pool, STORY_PLACE, t->session, 0, t->version), 0);
    if (rv != APR_SUCCESS || t->version <= STORY_PLACES)
        return rv;
    key = story_key(t->pool, "%03d/%010" APR_UINT64_T_FMT, t->session, t->version - STORY_PLACES);
    rv = p->get(&record, t->txn, CCGW_TABLE_QUEUE, key);
    return rv == APR_SUCCESS ? p->del(t->txn, CCGW_TABLE_QUEUE, key) : rv;
}

static apr_status_t turn_events(turn_t *t)
{
    const ccgw_store_provider_t *p = t->story->provider;
    apr_status_t rv = APR_SUCCESS;
    ccgw_buf_t boxes[2];
    int e;

    boxes[1] = story_key(t->pool, STORY_OWN_BOX, t->session);
    if (t->version % 8 == STORY_BOX_OPENED)
        rv = p->open_box(t->txn, boxes[1]);
    for (e = 0; rv == APR_SUCCESS && e < story_events(t->session, t->version); e++) {
        boxes[0] = story_key(t->pool, STORY_PUBLIC_BOX, story_box(t->session, t->version, e));
        rv = p->open_box(t->txn, boxes[0]);
        if (rv == APR_SUCCESS)
            rv = p->append(t->txn, boxes, e ? 1 : 2, story_value(t->pool, STORY_EVENT, t->session, e, t->version));
    }
    if (rv == APR_SUCCESS && t->version % 8 == STORY_BOX_CLOSED)
        rv = p->close_box(t->txn, boxes[1]);
    return rv;
}

static apr_status_t build(turn_t *t)
{
    const ccgw_store_provider_t *p = t->story->provider;
    apr_status_t rv = p->begin(&t->txn, t->story->store, (ccgw_buf_t)STORY_TENANT_BUF, t->pool);
    int i;

    if (rv == APR_SUCCESS)
        rv = read_session(t);
    for (i = 0; rv == APR_SUCCESS && i < STORY_PARTS; i++)
        rv = turn_part(t, i);
    if (rv == APR_SUCCESS)
        rv = p->put(t->txn, CCGW_TABLE_SESSION, STORY_SESSION_KEY(t),
                    story_value(t->pool, STORY_SESSION, t->session, 0, t->version), story_due(t->session, t->version));
    if (rv == APR_SUCCESS)
        rv = turn_bulk(t);
    if (rv == APR_SUCCESS)
        rv = turn_places(t);
    if (rv == APR_SUCCESS && t->story->sin == STORY_HALVED) {
        rv = p->commit(NULL, t->txn, CCGW_DURABLE_DISK);
        if (rv == APR_SUCCESS)
            rv = p->begin(&t->txn, t->story->store, (ccgw_buf_t)STORY_TENANT_BUF, t->pool);
    }
    return rv == APR_SUCCESS ? turn_events(t) : rv;
}

static void raise_word(turn_t *t)
{
    apr_uint64_t result;

    if (t->story->provider->word(&result, t->story->store, STORY_SESSION_KEY(t), CCGW_WORD_READ, CCGW_WORD_RAISE,
                                 t->version) == APR_SUCCESS)
        story_raise(&t->story->notes->raised[t->session], t->version);
}

ccgw_durability_t story_level(const story_t *story, int session)
{
    return session % 4 < story->weak ? CCGW_DURABLE_OS : CCGW_DURABLE_DISK;
}

static void acknowledge(story_t *story, int session, apr_uint64_t version)
{
    int os = story_level(story, session) < CCGW_DURABLE_DISK;

    story_raise(os ? &story->notes->acked_os[session] : &story->notes->acked[session], version);
}

static apr_status_t commit_noted(turn_t *t)
{
    story_t *story = t->story;
    ccgw_durability_t level = story_level(story, t->session);
    apr_status_t rv;

    story_raise(&story->notes->tried[t->session], t->version);
    if (level < CCGW_DURABLE_DISK)
        story_raise(&story->notes->tried_os[t->session], t->version);
    if (story->sin == STORY_HASTY)
        acknowledge(story, t->session, t->version);
    rv = story->provider->commit(NULL, t->txn, level);
    if (rv == APR_SUCCESS)
        acknowledge(story, t->session, t->version);
    return rv;
}

apr_status_t story_go_on(story_t *story, apr_uint64_t *seed, apr_pool_t *pool)
{
    turn_t t = { story, NULL, pool, (int)(story_draw(seed) % STORY_SESSIONS), 0, 1 };
    apr_status_t rv = build(&t);

    if (rv == APR_SUCCESS)
        rv = commit_noted(&t);
    if (rv == APR_SUCCESS) {
        __atomic_fetch_add(&story->notes->commits, 1, __ATOMIC_RELAXED);
        if (!t.fits)
            story_fault(story, STORY_TORN,
                        "session %d was read in parts of different versions before %" APR_UINT64_T_FMT, t.session,
                        t.version);
        if (t.version % 8 == 0)
            raise_word(&t);
    }
    else if (rv != CCGW_ECONFLICT) {
        story_fault(story, STORY_REFUSED, "session %d version %" APR_UINT64_T_FMT ": status %d", t.session, t.version,
                    rv);
    }
    return rv;
}

void story_config(ccgw_store_config_t *config)
{
    config->durability = CCGW_DURABLE_DISK;
    config->uid = getuid();
    config->gid = getgid();
    config->mailbox_events = STORY_KEPT;
    config->mailbox_bytes = 16 * 1024 * 1024;
    config->snapshot_bytes = 1024 * 1024;
    config->file_bytes = 1024 * 1024;
}
