/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* house.c: see house.h. */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "api/ccgw_floor_file.h"
#include "core/ccgw_due.h"
#include "core/ccgw_session_store.h"
#include "store/ccgw_store_front.h"

typedef struct desk_t {
    ccgw_login_t login;
    ccgw_call_t call;
    ccgw_cursor_t heard;
} desk_t;

static apr_hash_t *desks;

static void die(const char *what, apr_status_t rv)
{
    char buf[128];

    printf("Bail out! %s: %s\n", what, ccgw_error_text(rv, buf, sizeof buf));
    exit(1);
}

static apr_time_t house_now(void *baton)
{
    return ((house_t *)baton)->now;
}

static void log_store(void *baton, int level, const char *text)
{
    if (level <= 4)
        printf("# store: %s\n", text);
}

static void read_floor(ccgw_floor_file_t **file, apr_pool_t *pool)
{
    const char *path = getenv("CCGW_FLOOR") ? getenv("CCGW_FLOOR") : "conf/demo/floor.json", *fault = "";
    char *text = apr_palloc(pool, 1 << 20);
    apr_size_t n = 1 << 20;
    apr_file_t *in;
    apr_status_t rv = apr_file_open(&in, path, APR_READ, 0, pool);

    if (rv == APR_SUCCESS)
        rv = apr_file_read_full(in, text, 1 << 20, &n);
    if (rv != APR_SUCCESS && rv != APR_EOF)
        die(path, rv);
    rv = ccgw_floor_parse(file, &fault, text, n, pool);
    if (rv != APR_SUCCESS)
        die(fault, rv);
}

house_t *house_open(void)
{
    static int started;
    const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", *why = "";
    ccgw_store_config_t config = { .memory = 64 << 20,
                                   .durability = CCGW_DURABLE_OS,
                                   .uid = getuid(),
                                   .gid = getgid(),
                                   .mailbox_events = 1024,
                                   .mailbox_bytes = 256 << 10,
                                   .log = log_store };
    ccgw_floor_file_t *file;
    apr_pool_t *pool;
    house_t *house;
    apr_status_t rv;

    if (!started++)
        apr_initialize();
    apr_pool_create(&pool, NULL);
    house = apr_pcalloc(pool, sizeof *house);
    house->pool = pool;
    desks = apr_hash_make(pool);
    apr_snprintf(house->dir, sizeof house->dir, "%s/ccgw-house-XXXXXX", tmp);
    if (!mkdtemp(house->dir))
        die(house->dir, errno);
    config.dir = house->dir;
    house->now = apr_time_from_sec(1500000000);
    house->real = ccgw_store_find("local");
    house->provider = *house->real;
    rv = house->real->open_parent(&house->core.store, &why, &config, pool);
    if (rv != APR_SUCCESS)
        die(why, rv);
    read_floor(&file, pool);
    rv = ccgw_floor_merge(house->real, house->core.store, file, pool);
    if (rv == APR_SUCCESS)
        rv = house->real->open_child(house->core.store, NULL, NULL, pool);
    if (rv == APR_SUCCESS)
        rv = ccgw_floor_load(&house->core.floor, house->real, house->core.store, file, pool);
    if (rv != APR_SUCCESS)
        die("floor", rv);
    house->core.provider = &house->provider;
    house->core.now = house->core.wall = house_now;
    house->core.clock_baton = house;
    house->core.limits = (ccgw_limits_t){ .no_answer = apr_time_from_sec(30),
                                          .gone = apr_time_from_sec(120),
                                          .login_idle = apr_time_from_sec(1800),
                                          .stream_idle = apr_time_from_sec(120),
                                          .outbox_unknown = apr_time_from_sec(300),
                                          .keep_sessions = apr_time_from_sec(30 * 86400) };
    house->demo = ccgw_floor_tenant(house->core.floor, "demo");
    return house;
}

void house_close(house_t *house)
{
    char command[128];

    apr_snprintf(command, sizeof command, "rm -rf '%s'", house->dir);
    apr_pool_destroy(house->pool);
    if (system(command))
        printf("# could not clean up\n");
}

static const ccgw_agent_def_t *definition(house_t *house, const char *name)
{
    const ccgw_agent_def_t *def = ccgw_floor_agent_by_login(house->core.floor, name);

    if (!def)
        die(name, CCGW_ENOTFOUND);
    return def;
}

const char *house_id(house_t *house, const char *login_name)
{
    return definition(house, login_name)->id;
}

static desk_t *make_desk(house_t *house, const char *name)
{
    const ccgw_agent_def_t *def = definition(house, name);
    desk_t *desk = apr_pcalloc(house->pool, sizeof *desk);
    const char *token;
    apr_status_t rv;

    ccgw_call_init(&desk->call, &house->core, def->tenant, def, NULL, house->pool);
    rv = ccgw_login_open(&desk->login, &token, &desk->call, "test");
    if (rv != APR_SUCCESS)
        die("sign-in", rv);
    desk->heard = house->real->last(house->core.store, ccgw_buf_str(def->tenant->name));
    return desk;
}

static desk_t *desk_of(house_t *house, const char *name)
{
    desk_t *desk = apr_hash_get(desks, name, APR_HASH_KEY_STRING);

    if (!desk) {
        desk = make_desk(house, name);
        apr_hash_set(desks, name, APR_HASH_KEY_STRING, desk);
    }
    return desk;
}

ccgw_call_t *house_call(house_t *house, const char *login_name)
{
    desk_t *desk = desk_of(house, login_name);
    ccgw_call_t *call = apr_palloc(house->pool, sizeof *call);

    ccgw_call_init(call, &house->core, desk->call.tenant, desk->call.agent, desk->login.id, house->pool);
    return call;
}

ccgw_call_t *house_desktop(house_t *house, const char *login_name)
{
    desk_t *desk = make_desk(house, login_name);

    desk->call.login = desk->login.id;
    return &desk->call;
}

void house_ready(house_t *house, const char *login_name)
{
    const char *channels[] = { "sms", "chat" };
    ccgw_agent_args_t args = { .channels = { channels, 2 }, .state = "ready" };
    ccgw_agent_result_t result = { 0 };
    apr_status_t rv = ccgw_agent_open(house_call(house, login_name), &args, &result);

    if (rv == APR_SUCCESS)
        rv = ccgw_agent_set_state(house_call(house, login_name), &args, &result);
    if (rv != APR_SUCCESS)
        die("ready", rv);
    house->now += 1000; /* so that the order of idling is plain */
}

ccgw_id_t house_text(house_t *house, const char *from, const char *text)
{
    ccgw_inbound_t in = { .media = CCGW_MEDIA_SMS, .from = from, .to = "+15550000", .text = text, .carrier_id = "" };
    ccgw_call_t call;
    ccgw_id_t session = 0;
    apr_status_t rv;

    ccgw_call_init(&call, &house->core, house->demo, NULL, NULL, house->pool);
    rv = ccgw_session_receive(&call, &in, &session);
    if (rv != APR_SUCCESS)
        die("text", rv);
    return session;
}

apr_status_t house_send(ccgw_outbox_left_t *left, house_t *house, ccgw_outbox_send_t *send, void *baton)
{
    ccgw_outbox_sender_t sender = { send, baton, 100 };
    ccgw_outbox_left_t ignored;
    apr_pool_t *scratch;
    apr_status_t rv;

    apr_pool_create(&scratch, house->pool);
    rv = ccgw_outbox_run(left ? left : &ignored, &house->core, &sender, scratch);
    apr_pool_destroy(scratch);
    return rv;
}

void house_pass(house_t *house, apr_interval_time_t time)
{
    apr_pool_t *scratch;

    house->now += time;
    apr_pool_create(&scratch, house->pool);
    ccgw_due_sweep(&house->core, 0, 256, scratch);
    ccgw_due_match_all(&house->core, scratch);
    apr_pool_destroy(scratch);
}

int house_heard(house_t *house, const char *login_name, ccgw_read_event_t **events)
{
    desk_t *desk = desk_of(house, login_name);
    apr_status_t rv;
    int n;

    /* watches may have changed */
    ccgw_login_get(&desk->login, house_call(house, login_name), desk->login.id);
    rv = ccgw_event_read(events, &n, &desk->heard, &house->core, desk->call.tenant, &desk->login, desk->heard, 1000,
                         house->pool);
    if (rv != APR_SUCCESS)
        die("events", rv);
    return n;
}

/* ---- what is stored ---- */

static void begin(ccgw_work_t *work, house_t *house)
{
    static ccgw_call_t call;

    ccgw_call_init(&call, &house->core, house->demo, NULL, NULL, house->pool);
    memset(work, 0, sizeof *work);
    work->call = &call;
    work->core = &house->core;
    work->pool = house->pool;
    house->real->begin(&work->txn, house->core.store, ccgw_buf_str("demo"), house->pool);
}

ccgw_session_t house_session(house_t *house, ccgw_id_t id)
{
    ccgw_session_t session = { 0 };
    ccgw_work_t work;

    begin(&work, house);
    ccgw_session_load(&session, &work, id);
    return session;
}

ccgw_agent_t house_agent(house_t *house, const char *login_name)
{
    ccgw_agent_t agent;
    ccgw_work_t work;

    begin(&work, house);
    ccgw_agent_load(&agent, &work, house_id(house, login_name));
    return agent;
}

static int all(ccgw_record_t **records, ccgw_work_t *work, ccgw_table_t table)
{
    ccgw_key_t prefix;
    int n = 0;

    ccgw_key_begin(&prefix, work->call->tenant, work->pool);
    work->core->provider->scan(records, &n, work->txn, table, ccgw_key_buf(&prefix),
                               ccgw_key_after(ccgw_key_buf(&prefix), work->pool), 10000);
    return n;
}

/** Queue entries, and the legs that should have one. */
static int waiting(house_t *house, ccgw_work_t *work)
{
    ccgw_record_t *records;
    ccgw_session_t session;
    int i, k, legs = 0, n = all(&records, work, CCGW_TABLE_SESSION);

    for (i = 0; i < n; i++) {
        ccgw_record_decode(&session, &ccgw_session_record, records[i].value, house->pool);
        for (k = 0; k < session.nparticipants; k++)
            legs += session.participants[k].leg == CCGW_LEG_OFFERED && !session.participants[k].agent;
    }
    return legs - all(&records, work, CCGW_TABLE_QUEUE);
}

static const char *session_fault(house_t *house, ccgw_work_t *work, const ccgw_session_t *session, int *legs)
{
    int i, k, offered = 0;

    for (i = 0; i < session->nparticipants; i++) {
        const ccgw_participant_t *p = &session->participants[i];
        ccgw_agent_t agent;

        offered += p->leg == CCGW_LEG_OFFERED;
        if (!p->agent)
            continue;
        (*legs)++;
        if (p->leg == CCGW_LEG_OFFERED && !p->until)
            return "an offer without an end";
        ccgw_agent_load(&agent, work, p->agent);
        for (k = 0; k < agent.ntasks && agent.tasks[k].session != session->id; k++)
            ;
        if (k == agent.ntasks || agent.tasks[k].leg != p->leg)
            return "a leg without the agent's task";
    }
    if (session->state == CCGW_SESSION_QUEUED && offered != 1)
        return "a queued session that nobody will be asked into";
    if (session->state == CCGW_SESSION_ACTIVE && !ccgw_session_joined(session))
        return "an active session without an agent";
    if (session->state == CCGW_SESSION_ENDED && (offered || ccgw_session_joined(session)))
        return "an ended session with agents in it";
    if (session->state == CCGW_SESSION_PARKED && !session->workbin)
        return "a parked session in no workbin";
    return NULL;
}

static int tasks_of_all(house_t *house, ccgw_work_t *work, int *available)
{
    ccgw_record_t *records;
    ccgw_agent_t agent;
    int i, k, tasks = 0, n = all(&records, work, CCGW_TABLE_AGENT);

    *available = 0;
    for (i = 0; i < n; i++) {
        ccgw_record_decode(&agent, &ccgw_agent_record, records[i].value, house->pool);
        tasks += agent.ntasks;
        for (k = 0; k < agent.nchannels; k++)
            *available += agent.channels[k].available != 0;
    }
    return tasks;
}

/* A customer's text goes where his pointer says: never to a session that nobody is in any more. */
static int pointers_to_nowhere(house_t *house, ccgw_work_t *work)
{
    ccgw_record_t *records;
    int i, n = all(&records, work, CCGW_TABLE_CONTACT), found = 0;

    for (i = 0; i < n; i++) {
        ccgw_pointer_t open;
        ccgw_session_t session;

        ccgw_record_decode(&open, &ccgw_pointer_record, records[i].value, house->pool);
        found += ccgw_session_load(&session, work, open.session) != APR_SUCCESS || session.state == CCGW_SESSION_ENDED;
    }
    return found;
}

const char *house_fault(house_t *house)
{
    ccgw_record_t *records;
    ccgw_session_t session;
    const char *fault;
    ccgw_work_t work;
    int i, n, parked = 0, legs = 0, available;

    begin(&work, house);
    n = all(&records, &work, CCGW_TABLE_SESSION);
    for (i = 0; i < n; i++) {
        ccgw_record_decode(&session, &ccgw_session_record, records[i].value, house->pool);
        fault = session_fault(house, &work, &session, &legs);
        if (fault)
            return fault;
        parked += session.state == CCGW_SESSION_PARKED;
    }
    if (tasks_of_all(house, &work, &available) != legs)
        return "a task without a leg in its session";
    if (all(&records, &work, CCGW_TABLE_AVAILABLE) != available)
        return "the index of available agents and their records differ";
    if (pointers_to_nowhere(house, &work))
        return "a customer whose open session is over";
    if (waiting(house, &work))
        return "queue entries and waiting legs differ";
    if (all(&records, &work, CCGW_TABLE_WORKBIN) != parked)
        return "workbin items and parked sessions differ";
    return NULL;
}
