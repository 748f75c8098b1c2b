/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_outbox_report.c: what a carrier reports of a text it was given: late, twice, out of order, or before it has
 * answered the request that brought the text. */
#include <limits.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "core/ccgw_outbox_store.h"
#include "core/ccgw_session_store.h"
#include "util/ccgw_id.h"
#include "util/ccgw_log.h"

/* Bits of an entry's key that tell copies apart. */
#define COPY_MAX 255

/* How a text stands, and what the report makes of it; 0: nothing. A queued text was put back because the carrier did
 * not take it, so a failure is no news. */
static const int moves[][CCGW_FATE_FAILED + 1] = {
    [CCGW_OUTBOX_QUEUED] = { 0, CCGW_OUTBOX_ACCEPTED, CCGW_OUTBOX_DELIVERED, 0 },
    [CCGW_OUTBOX_CLAIMED] = { 0, CCGW_OUTBOX_ACCEPTED, CCGW_OUTBOX_DELIVERED, CCGW_OUTBOX_FAILED },
    [CCGW_OUTBOX_ACCEPTED] = { 0, 0, CCGW_OUTBOX_DELIVERED, CCGW_OUTBOX_FAILED },
    [CCGW_OUTBOX_REFUSED] = { 0, 0, 0, 0 },
    [CCGW_OUTBOX_UNKNOWN] = { 0, CCGW_OUTBOX_ACCEPTED, CCGW_OUTBOX_DELIVERED, CCGW_OUTBOX_FAILED },
    [CCGW_OUTBOX_DELIVERED] = { 0, 0, 0, 0 },
    [CCGW_OUTBOX_FAILED] = { 0, 0, CCGW_OUTBOX_DELIVERED, 0 },
};

static int next_state(int state, int fate)
{
    if (state < 0 || state > CCGW_OUTBOX_FAILED || fate < 0 || fate > CCGW_FATE_FAILED)
        return 0;
    return moves[state][fate];
}

/* A number from 0 to MAX and what is behind it. */
static int read_number(int *number, const char **text, int max)
{
    apr_int64_t value;
    char *end;

    if (!apr_isdigit(**text))
        return 0;
    value = apr_strtoi64(*text, &end, 10);
    *text = end;
    *number = (int)value;
    return value >= 0 && value <= max;
}

/* Which text is "session.index" or "session.index.copy"? */
static int read_key(ccgw_outbox_t *place, const char *key)
{
    char id[17];

    if (!key || strlen(key) < sizeof id || key[16] != '.')
        return 0;
    apr_cpystrn(id, key, sizeof id);
    place->session = ccgw_id_parse(id);
    key += sizeof id;
    if (!place->session || !read_number(&place->index, &key, INT_MAX))
        return 0;
    if (*key == '.') {
        key++;
        if (!read_number(&place->copy, &key, COPY_MAX))
            return 0;
    }
    return !*key;
}

typedef struct verb_t {
    const ccgw_report_t *report;
    ccgw_outbox_t place; /* session, index, copy; of what is settled its time too */
    int failed;          /* this report made it so */
} verb_t;

/* The time of a settled entry is its message's. */
static apr_status_t find_settled(ccgw_outbox_t *entry, int *found, ccgw_work_t *work, ccgw_outbox_t *place)
{
    ccgw_buf_t key = ccgw_message_key(work->call->tenant, place->session, place->index, work->pool);
    ccgw_message_t message;
    apr_status_t rv = ccgw_work_get(&message, NULL, work, CCGW_TABLE_MESSAGE, key, &ccgw_message_record);

    if (rv != APR_SUCCESS)
        return rv;
    place->at = message.at;
    return ccgw_outbox_get_settled(entry, found, work, place);
}

static apr_status_t do_report(ccgw_work_t *work, void *baton)
{
    verb_t *verb = baton;
    ccgw_outbox_t entry;
    apr_status_t rv;
    int waits, found, state;

    verb->failed = 0;
    rv = ccgw_outbox_get_waiting(&entry, &waits, work, &verb->place);
    found = waits;
    if (rv == APR_SUCCESS && !waits)
        rv = find_settled(&entry, &found, work, &verb->place);
    if (rv != APR_SUCCESS)
        return rv;
    if (!found || !entry.key || strcmp(entry.key, verb->report->key))
        return CCGW_ENOTFOUND;
    state = next_state(entry.state, verb->report->fate);
    if (!state)
        return APR_SUCCESS;
    entry.state = state;
    verb->failed = state == CCGW_OUTBOX_FAILED;
    if (!waits)
        return ccgw_outbox_save_settled(work, &entry);
    work->outbox = 1; /* the session's next text may leave */
    return ccgw_outbox_settle(work, &entry);
}

apr_status_t ccgw_outbox_report(ccgw_call_t *call, const ccgw_report_t *report)
{
    verb_t verb = { .report = report };
    apr_status_t rv;
    char id[17];

    if (!read_key(&verb.place, report->key))
        return ccgw_problem(call, CCGW_ENOTFOUND, NULL, "no such text");
    rv = ccgw_run(call, do_report, &verb, CCGW_DURABLE_UNSET);
    if (rv == APR_SUCCESS && verb.failed) {
        ccgw_id_hex(id, verb.place.session);
        ccgw_log(CCGW_LOG_WARNING, APR_SUCCESS,
                 "CCGW0311: session %s, message %d: the carrier reports that the text "
                 "will not arrive: %s",
                 id, verb.place.index, ccgw_str_given(report->why) ? report->why : "no reason given");
    }
    return rv;
}
