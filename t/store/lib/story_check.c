/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* story_check.c: compares all that a store holds with what the story's versions say must be there. */
#include "ccgw_error.h"
#include "story_part.h"

#include <stdio.h>
#include <string.h>

#define MANY    1000000
#define AT_LAST ((apr_time_t)1 << 60)

typedef struct check_t {
    story_t *story;
    apr_pool_t *pool;
    ccgw_txn_t *txn;
    apr_uint64_t version[STORY_SESSIONS];
} check_t;

/* ---- records ---- */

/* Of what only the system had, a power cut may take the end. */
static void forgive(story_notes_t *notes, int session, apr_uint64_t version)
{
    if (notes->acked_os[session] > version)
        notes->acked_os[session] = version;
    if (notes->seen[session] > version && notes->tried_os[session] > version)
        notes->seen[session] = version;
    notes->tried_os[session] = 0;
}

static void check_version(check_t *c, int session, apr_uint64_t version, story_past_t past)
{
    story_notes_t *notes = c->story->notes;

    if (past == STORY_CUT)
        forgive(notes, session, version);
    if (version < story_acked(notes, session) || version < notes->seen[session])
        story_fault(c->story, STORY_LOST,
                    "session %d is at %" APR_UINT64_T_FMT ", but %" APR_UINT64_T_FMT
                    " was acknowledged and %" APR_UINT64_T_FMT " shown",
                    session, version, story_acked(notes, session), notes->seen[session]);
    if (version > notes->tried[session])
        story_fault(c->story, STORY_ORPHAN, "session %d is at %" APR_UINT64_T_FMT ", which nobody wrote", session,
                    version);
}

static void read_versions(check_t *c, story_past_t past)
{
    int s;

    for (s = 0; s < STORY_SESSIONS; s++) {
        ccgw_record_t record;
        story_stamp_t stamp = { 0 };
        apr_status_t rv = c->story->provider->peek(&record, c->txn, CCGW_TABLE_SESSION, story_key(c->pool, "%03d", s));

        if (rv != APR_SUCCESS)
            story_fault(c->story, STORY_REFUSED, "session %d: status %d", s, rv);
        else if (record.version && (!story_read_value(&stamp, record.value, STORY_SESSION, c->pool) ||
                                    (int)stamp.session != s || record.due != story_due(s, stamp.version)))
            story_fault(c->story, STORY_TORN, "session %d is of no version", s);
        c->version[s] = stamp.version;
        check_version(c, s, stamp.version, past);
    }
}

/* What must stand under KEY of TABLE: *VERSION 0: nothing. @return 0: the story knows no such key */
static int expect(const check_t *c, ccgw_table_t table, ccgw_buf_t key, story_kind_t *kind, apr_uint64_t *version)
{
    const char *name = (const char *)key.p + sizeof STORY_TENANT;
    unsigned long long number = 0;
    unsigned session;
    int fields = sscanf(name, "%3u/%llu", &session, &number);

    if (fields < 1 || session >= STORY_SESSIONS)
        return 0;
    *version = c->version[session];
    switch (table) {
    case CCGW_TABLE_SESSION: *kind = STORY_SESSION; return fields == 1;
    case CCGW_TABLE_FLOOR:
        *kind = STORY_BULK;
        *version = story_bulk_version(*version);
        return fields == 1;
    case CCGW_TABLE_MESSAGE:
        *kind = STORY_PART;
        *version = number < STORY_PARTS ? story_part_version((int)number, *version) : 0;
        return fields == 2;
    default:
        *kind = STORY_PLACE;
        *version = number && number <= *version && number + STORY_PLACES > *version ? number : 0;
        return fields == 2;
    }
}

/* How many records TABLE must hold. */
static int count_expected(const check_t *c, ccgw_table_t table)
{
    int n = 0, s, i;

    for (s = 0; s < STORY_SESSIONS; s++) {
        apr_uint64_t version = c->version[s];

        if (table == CCGW_TABLE_SESSION)
            n += version > 0;
        else if (table == CCGW_TABLE_FLOOR)
            n += story_bulk_version(version) > 0;
        else if (table == CCGW_TABLE_QUEUE)
            n += version < STORY_PLACES ? (int)version : STORY_PLACES;
        for (i = 0; table == CCGW_TABLE_MESSAGE && i < STORY_PARTS; i++)
            n += story_part_version(i, version) > 0;
    }
    return n;
}

/* Each record that is there must be as expected; then their number says whether one is missing. */
static void check_table(check_t *c, ccgw_table_t table)
{
    ccgw_buf_t from = { STORY_TENANT "\0", sizeof STORY_TENANT }, to = { STORY_TENANT "\1", sizeof STORY_TENANT };
    ccgw_record_t *records = NULL;
    int n = 0, good = 0, i;
    apr_status_t rv = c->story->provider->scan(&records, &n, c->txn, table, from, to, MANY);

    if (rv != APR_SUCCESS) {
        story_fault(c->story, STORY_REFUSED, "table %d cannot be read: status %d", (int)table, rv);
        return;
    }
    for (i = 0; i < n; i++) {
        const char *name = (const char *)records[i].key.p + sizeof STORY_TENANT;
        story_kind_t kind = STORY_SESSION;
        apr_uint64_t version = 0;
        story_stamp_t stamp = { 0 };

        if (!expect(c, table, records[i].key, &kind, &version) || !version)
            story_fault(c->story, STORY_ORPHAN, "table %d holds %s, which was deleted or never made", (int)table, name);
        else if (!story_read_value(&stamp, records[i].value, kind, c->pool) || stamp.version != version)
            story_fault(c->story, STORY_TORN,
                        "%s of table %d is of version %" APR_UINT64_T_FMT " instead of %" APR_UINT64_T_FMT, name,
                        (int)table, stamp.version, version);
        else
            good++;
    }
    if (good < count_expected(c, table))
        story_fault(c->story, STORY_LOST, "table %d holds %d sound records instead of %d", (int)table, good,
                    count_expected(c, table));
}

static void check_due(check_t *c)
{
    ccgw_record_t *records;
    ccgw_table_t *tables;
    apr_time_t next, before = 0;
    int n = 0, want = 0, i;
    apr_status_t rv = c->story->provider->due(&records, &tables, &n, &next, c->story->store, 0, AT_LAST, MANY, c->pool);

    for (i = 0; i < STORY_SESSIONS; i++)
        want += c->version[i] && story_due(i, c->version[i]);
    if (rv != APR_SUCCESS)
        story_fault(c->story, STORY_REFUSED, "what is due cannot be read: status %d", rv);
    else if (n != want)
        story_fault(c->story, n < want ? STORY_LOST : STORY_ORPHAN, "%d records are due instead of %d", n, want);
    for (i = 0; rv == APR_SUCCESS && i < n; i++) {
        unsigned session = STORY_SESSIONS;

        if (tables[i] != CCGW_TABLE_SESSION ||
            sscanf((const char *)records[i].key.p + sizeof STORY_TENANT, "%3u", &session) != 1 ||
            session >= STORY_SESSIONS || records[i].due != story_due((int)session, c->version[session]) ||
            records[i].due < before)
            story_fault(c->story, STORY_TORN, "the due time of session %u is not its own", session);
        before = records[i].due;
    }
}

static void check_words(check_t *c, story_past_t past)
{
    int s;

    for (s = 0; s < STORY_SESSIONS; s++) {
        apr_uint64_t word = 0;
        apr_status_t rv = c->story->provider->word(&word, c->story->store, story_key(c->pool, "%03d", s),
                                                   CCGW_WORD_READ, CCGW_WORD_LOAD, 0);

        if (rv != APR_SUCCESS)
            story_fault(c->story, STORY_REFUSED, "the word of session %d: status %d", s, rv);
        else if (past == STORY_RAN && word < c->story->notes->raised[s])
            story_fault(c->story, STORY_LOST, "the word of session %d is %" APR_UINT64_T_FMT, s, word);
        else if (word > c->story->notes->tried[s])
            story_fault(c->story, STORY_ORPHAN, "the word of session %d is %" APR_UINT64_T_FMT, s, word);
        if (word < c->story->notes->raised[s])
            c->story->notes->raised[s] = word;
    }
}

/* ---- mailboxes ---- */

/* All that BOX holds. Where it begins is found by trying: from too far back it says "start over". */
static int read_box(ccgw_stored_event_t **events, check_t *c, ccgw_buf_t box)
{
    const ccgw_store_provider_t *p = c->story->provider;
    ccgw_buf_t tenant = STORY_TENANT_BUF;
    ccgw_cursor_t last = p->last(c->story->store, tenant), upto;
    apr_uint64_t low = (apr_uint64_t)last >> 40 << 40, high = (apr_uint64_t)last;
    apr_pool_t *pool;
    apr_status_t rv;
    int n;

    apr_pool_create(&pool, c->pool);
    while (low < high) {
        apr_uint64_t middle = low + (high - low) / 2;

        apr_pool_clear(pool);
        rv = p->events(events, &n, &upto, c->story->store, tenant, &box, 1, (ccgw_cursor_t)middle, 1, pool);
        if (rv == CCGW_ERESYNC)
            low = middle + 1;
        else
            high = middle;
    }
    apr_pool_destroy(pool);
    rv = p->events(events, &n, &upto, c->story->store, tenant, &box, 1, (ccgw_cursor_t)low, MANY, c->pool);
    if (rv == APR_SUCCESS)
        return n;
    story_fault(c->story, STORY_REFUSED, "mailbox %s: status %d", (const char *)box.p + sizeof STORY_TENANT, rv);
    return 0;
}

/* The event of SESSION in BOX before (*VERSION, *EVENT); version 0: there is none. */
static void find_before(int box, int session, apr_uint64_t *version, int *event)
{
    do {
        if (--*event < 0) {
            if (!--*version)
                return;
            *event = story_events(session, *version) - 1;
        }
    } while (story_box(session, *version, *event) != box);
}

/* How many events BOX was ever given; beyond what it keeps it does not matter. */
static apr_uint64_t count_appended(const check_t *c, int box)
{
    apr_uint64_t n = 0, version;
    int s, e;

    for (s = 0; s < STORY_SESSIONS; s++) {
        for (version = 1; version <= c->version[s] && n <= STORY_KEPT; version++) {
            for (e = 0; e < story_events(s, version); e++)
                n += story_box(s, version, e) == box;
        }
    }
    return n;
}

static void misplaced(check_t *c, int box, const story_stamp_t *stamp, apr_uint64_t version, int event)
{
    int later = stamp->version > version || (stamp->version == version && (int)stamp->part > event);
    story_fault_t fault = stamp->version > c->version[stamp->session] ? STORY_ORPHAN
                          : later                                     ? STORY_DOUBLE
                                                                      : STORY_LOST;

    story_fault(c->story, fault,
                "mailbox %d holds event %d of session %d version %" APR_UINT64_T_FMT " where %d of %" APR_UINT64_T_FMT
                " belongs",
                box, (int)stamp->part, (int)stamp->session, stamp->version, event, version);
}

/* Backwards from the newest: each session's events must be the last ones of its versions, without a gap. */
static void check_public_box(check_t *c, int box)
{
    apr_uint64_t version[STORY_SESSIONS], total = count_appended(c, box);
    ccgw_stored_event_t *events;
    int event[STORY_SESSIONS], n = read_box(&events, c, story_key(c->pool, STORY_PUBLIC_BOX, box)), i;

    for (i = 0; i < STORY_SESSIONS; i++) {
        version[i] = c->version[i] + 1;
        event[i] = 0;
        find_before(box, i, &version[i], &event[i]);
    }
    for (i = n - 1; i >= 0; i--) {
        story_stamp_t stamp;
        apr_uint64_t *v;
        int *e;

        if (!story_read_value(&stamp, events[i].body, STORY_EVENT, c->pool)) {
            story_fault(c->story, STORY_TORN, "event %d of mailbox %d is of no version", i, box);
            continue;
        }
        v = &version[stamp.session];
        e = &event[stamp.session];
        if (*v != stamp.version || *e != (int)stamp.part)
            misplaced(c, box, &stamp, *v, *e);
        if (i && events[i - 1].at > events[i].at)
            story_fault(c->story, STORY_DOUBLE, "mailbox %d is not in order at its event %d", box, i);
        *v = stamp.version;
        *e = (int)stamp.part;
        if (*v)
            find_before(box, (int)stamp.session, v, e);
    }
    /* The commit whose first event was dropped is not shown at all: a commit's events are never split. */
    if ((apr_uint64_t)n < (total <= STORY_KEPT ? total : STORY_KEPT - STORY_EVENTS + 1))
        story_fault(c->story, STORY_LOST, "mailbox %d holds %d events of %" APR_UINT64_T_FMT, box, n, total);
}

static void check_own_box(check_t *c, int session)
{
    apr_uint64_t version = c->version[session], since = version % 8;
    int want = since >= STORY_BOX_OPENED && since < STORY_BOX_CLOSED ? (int)since : 0;
    ccgw_stored_event_t *events;
    int n = read_box(&events, c, story_key(c->pool, STORY_OWN_BOX, session)), i;

    if (n != want)
        story_fault(c->story, n < want ? STORY_LOST : STORY_ORPHAN,
                    "the own mailbox of session %d at %" APR_UINT64_T_FMT " holds %d events instead of %d", session,
                    version, n, want);
    for (i = 0; i < n && n == want; i++) {
        story_stamp_t stamp;

        if (!story_read_value(&stamp, events[i].body, STORY_EVENT, c->pool) || (int)stamp.session != session ||
            stamp.part || stamp.version != version - since + (apr_uint64_t)i + 1)
            story_fault(c->story, STORY_TORN, "event %d of the own mailbox of session %d", i, session);
    }
}

int story_check(story_t *story, story_past_t past, apr_pool_t *pool)
{
    apr_uint64_t before = story_count(story->notes, STORY_FAULTS);
    check_t c = { story, NULL, NULL, { 0 } };
    apr_status_t rv;
    int i;

    apr_pool_create(&c.pool, pool);
    rv = story->provider->begin(&c.txn, story->store, (ccgw_buf_t)STORY_TENANT_BUF, c.pool);
    if (rv != APR_SUCCESS) {
        story_fault(story, STORY_REFUSED, "begin: status %d", rv);
    }
    else {
        read_versions(&c, past);
        check_table(&c, CCGW_TABLE_SESSION);
        check_table(&c, CCGW_TABLE_FLOOR);
        check_table(&c, CCGW_TABLE_MESSAGE);
        check_table(&c, CCGW_TABLE_QUEUE);
        check_due(&c);
        check_words(&c, past);
        for (i = 0; i < STORY_BOXES; i++)
            check_public_box(&c, i);
        for (i = 0; i < STORY_SESSIONS; i++)
            check_own_box(&c, i);
    }
    apr_pool_destroy(c.pool);
    return (int)(story_count(story->notes, STORY_FAULTS) - before);
}
