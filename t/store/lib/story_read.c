/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* story_read.c: readers of the story while it goes on: what each of them sees must be true at that moment. */
#include "ccgw_error.h"
#include "story_part.h"

#include <string.h>

/* ---- events ---- */

/* The event of SESSION in this box that follows (*VERSION, *EVENT). */
static void find_next(int box, int session, apr_uint64_t *version, int *event)
{
    do {
        if (++*event >= story_events(session, *version)) {
            *event = 0;
            ++*version;
        }
    } while (story_box(session, *version, *event) != box);
}

static void take_event(story_t *story, story_reader_t *reader, const ccgw_stored_event_t *event, apr_pool_t *pool)
{
    story_stamp_t stamp;
    apr_uint64_t version;
    int session, part;

    if (!story_read_value(&stamp, event->body, STORY_EVENT, pool)) {
        story_fault(story, STORY_TORN, "an event of %d bytes in box %d is of no version", (int)event->body.n,
                    reader->box);
        return;
    }
    session = (int)stamp.session;
    version = reader->version[session];
    part = reader->event[session];
    if (version) {
        find_next(reader->box, session, &version, &part);
        if (version != stamp.version || part != (int)stamp.part)
            story_fault(story, stamp.version < version ? STORY_DOUBLE : STORY_LOST,
                        "a reader of box %d gets event %d of session %d version %" APR_UINT64_T_FMT
                        " instead of %d of %" APR_UINT64_T_FMT,
                        reader->box, (int)stamp.part, session, stamp.version, part, version);
    }
    reader->version[session] = stamp.version;
    reader->event[session] = (int)stamp.part;
    story_raise(&story->notes->seen[session], stamp.version);
    __atomic_fetch_add(&story->notes->events, 1, __ATOMIC_RELAXED);
}

/* ---- one session, as it is at one moment ---- */

typedef struct look_t {
    story_t *story;
    ccgw_txn_t *txn;
    apr_pool_t *pool;
    int session;
    apr_uint64_t version;
    int fits; /* what was read is of one version: certain only when the commit says that nothing changed meanwhile */
} look_t;

static void look_at_session(look_t *look, const ccgw_record_t *record)
{
    story_stamp_t stamp = { 0 };

    if (record->version &&
        (!story_read_value(&stamp, record->value, STORY_SESSION, look->pool) || (int)stamp.session != look->session ||
         record->due != story_due(look->session, stamp.version)))
        story_fault(look->story, STORY_TORN, "session %d as read by its key", look->session);
    look->version = stamp.version;
}

/* The records of one kind in order: each must be sound at any time, and all of them those of the version. */
static void look_at_records(look_t *look, story_kind_t kind, const ccgw_record_t *records, int n)
{
    apr_uint64_t from = look->version > STORY_PLACES ? look->version - STORY_PLACES : 0, want;
    int i, next = 0;

    for (i = 0; i < n; i++) {
        story_stamp_t stamp;

        if (!story_read_value(&stamp, records[i].value, kind, look->pool) || (int)stamp.session != look->session) {
            story_fault(look->story, STORY_TORN, "a record of session %d as read in a row", look->session);
            return;
        }
        if (kind == STORY_PLACE) {
            want = from + (apr_uint64_t)i + 1;
        }
        else {
            while (next < STORY_PARTS && !story_part_version(next, look->version))
                next++;
            want = next < STORY_PARTS ? story_part_version(next++, look->version) : 0;
        }
        look->fits = look->fits && stamp.version == want;
    }
    if (kind == STORY_PLACE)
        look->fits = look->fits && (apr_uint64_t)n == look->version - from;
    for (; kind == STORY_PART && next < STORY_PARTS; next++)
        look->fits = look->fits && !story_part_version(next, look->version);
}

static apr_status_t look_in_row(look_t *look, ccgw_table_t table, story_kind_t kind)
{
    ccgw_record_t *records;
    int n;
    apr_status_t rv =
        look->story->provider->range(&records, &n, look->txn, table, story_key(look->pool, "%03d/", look->session),
                                     story_key(look->pool, "%03d0", look->session), 100);

    if (rv == APR_SUCCESS)
        look_at_records(look, kind, records, n);
    return rv;
}

/* Without writing; the commit only says whether all of it was true at one moment. */
static void look(story_t *story, int session, apr_pool_t *pool)
{
    apr_uint64_t acked = story_acked(story->notes, session);
    look_t l = { story, NULL, pool, session, 0, 1 };
    ccgw_record_t record;
    apr_status_t rv = story->provider->begin(&l.txn, story->store, (ccgw_buf_t)STORY_TENANT_BUF, pool);

    if (rv == APR_SUCCESS)
        rv = story->provider->get(&record, l.txn, CCGW_TABLE_SESSION, story_key(pool, "%03d", session));
    if (rv == APR_SUCCESS) {
        look_at_session(&l, &record);
        if (l.version < acked && story->sin != STORY_HASTY)
            story_fault(story, STORY_LOST, "session %d is read older than %" APR_UINT64_T_FMT, session, acked);
        rv = look_in_row(&l, CCGW_TABLE_MESSAGE, STORY_PART);
    }
    if (rv == APR_SUCCESS)
        rv = look_in_row(&l, CCGW_TABLE_QUEUE, STORY_PLACE);
    if (rv == APR_SUCCESS)
        rv = story->provider->commit(NULL, l.txn, CCGW_DURABLE_UNSET);
    if (rv == APR_SUCCESS && !l.fits)
        story_fault(story, STORY_TORN, "session %d was read in parts of different versions at %" APR_UINT64_T_FMT,
                    session, l.version);
    else if (rv != APR_SUCCESS && rv != CCGW_ECONFLICT)
        story_fault(story, STORY_REFUSED, "reading session %d: status %d", session, rv);
}

/* ---- both ---- */

void story_read_on(story_t *story, story_reader_t *reader, apr_pool_t *pool)
{
    ccgw_buf_t box = story_key(pool, STORY_PUBLIC_BOX, reader->box);
    ccgw_stored_event_t *events;
    apr_status_t rv;
    int n, i;

    if (!reader->at)
        reader->at = story->provider->last(story->store, (ccgw_buf_t)STORY_TENANT_BUF);
    rv = story->provider->events(&events, &n, &reader->at, story->store, (ccgw_buf_t)STORY_TENANT_BUF, &box, 1,
                                 reader->at, 32, pool);
    if (rv == CCGW_ERESYNC)
        memset(reader->version, 0, sizeof reader->version); /* it was too slow for the mailbox */
    else if (rv != APR_SUCCESS)
        story_fault(story, STORY_REFUSED, "events of box %d: status %d", reader->box, rv);
    for (i = 0; rv == APR_SUCCESS && i < n; i++)
        take_event(story, reader, &events[i], pool);
    look(story, (int)(story_mix(++reader->looks, (apr_uint64_t)reader->box) % STORY_SESSIONS), pool);
}
