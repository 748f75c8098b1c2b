/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_event.c: telling agents what happened, and reading it back for one login. */
#include "core/ccgw_event.h"

#include <string.h>

#include "core/ccgw_floor.h"
#include "core/ccgw_session_store.h"

ccgw_buf_t ccgw_event_agent_box(const ccgw_tenant_t *tenant, const char *agent, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, "a");
    ccgw_key_text(&key, agent);
    return ccgw_key_buf(&key);
}

ccgw_buf_t ccgw_event_workbin_box(const ccgw_tenant_t *tenant, const char *workbin, const char *owner, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, tenant, pool);
    ccgw_key_text(&key, "w");
    ccgw_key_text(&key, workbin);
    ccgw_key_text(&key, owner);
    return ccgw_key_buf(&key);
}

static apr_status_t append(ccgw_work_t *work, const ccgw_event_t *event, const ccgw_buf_t *boxes, int n)
{
    ccgw_event_t filled = *event;
    ccgw_buf_t body;
    apr_status_t rv;

    if (!n)
        return APR_SUCCESS;
    filled.at = work->call->wall;
    if (!filled.login)
        filled.login = work->call->login;
    rv = ccgw_record_encode(&body, &ccgw_event_record, &filled, work->pool);
    if (rv != APR_SUCCESS)
        return rv;
    return work->core->provider->append(work->txn, boxes, n, body);
}

apr_status_t ccgw_event_tell(ccgw_work_t *work, const ccgw_event_t *event, const char *const *agents, int n)
{
    ccgw_buf_t *boxes = apr_palloc(work->pool, sizeof *boxes * (n + 1));
    int i;

    for (i = 0; i < n; i++)
        boxes[i] = ccgw_event_agent_box(work->call->tenant, agents[i], work->pool);
    return append(work, event, boxes, n);
}

apr_status_t ccgw_event_tell_session(ccgw_work_t *work, const ccgw_event_t *event, const ccgw_session_t *session,
                                     int offered)
{
    const char **agents = apr_palloc(work->pool, sizeof *agents * (session->nparticipants + 1));
    int i, n = 0;

    for (i = 0; i < session->nparticipants; i++) {
        const ccgw_participant_t *p = &session->participants[i];

        if (p->agent && (offered || p->leg != CCGW_LEG_OFFERED))
            agents[n++] = p->agent;
    }
    return ccgw_event_tell(work, event, agents, n);
}

apr_status_t ccgw_event_tell_workbin(ccgw_work_t *work, const ccgw_event_t *event)
{
    ccgw_buf_t box = ccgw_event_workbin_box(work->call->tenant, event->workbin, event->owner, work->pool);

    return append(work, event, &box, 1);
}

void ccgw_event_boxes(ccgw_buf_t **boxes, int *n, const ccgw_tenant_t *tenant, const ccgw_login_t *login,
                      apr_pool_t *pool)
{
    int i;

    *n = login->nwatches + 1;
    *boxes = apr_palloc(pool, sizeof **boxes * *n);
    (*boxes)[0] = ccgw_event_agent_box(tenant, login->agent, pool);
    for (i = 0; i < login->nwatches; i++)
        (*boxes)[i + 1] = ccgw_event_workbin_box(tenant, login->watches[i].workbin, login->watches[i].owner, pool);
}

/** Is EVENT for this login? A watch hears of its workbin from the time it began. */
static int meant_for(const ccgw_event_t *event, ccgw_cursor_t at, const ccgw_login_t *login)
{
    int i;

    if (event->only_login && (!event->login || strcmp(event->login, login->id)))
        return 0;
    if (event->type != CCGW_EVENT_WORKBIN_ADDED && event->type != CCGW_EVENT_WORKBIN_REMOVED)
        return 1;
    for (i = 0; i < login->nwatches; i++) {
        const ccgw_watch_t *watch = &login->watches[i];

        if (!strcmp(watch->workbin, event->workbin) && !strcmp(watch->owner, event->owner))
            return at > (ccgw_cursor_t)watch->since;
    }
    return 0;
}

apr_status_t ccgw_event_read(ccgw_read_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_core_t *core,
                             const ccgw_tenant_t *tenant, const ccgw_login_t *login, ccgw_cursor_t after, int max,
                             apr_pool_t *pool)
{
    ccgw_stored_event_t *stored;
    ccgw_buf_t *boxes;
    apr_status_t rv;
    int i, count, nboxes;

    *n = 0;
    ccgw_event_boxes(&boxes, &nboxes, tenant, login, pool);
    rv = core->provider->events(&stored, &count, upto, core->store, ccgw_buf_str(tenant->name), boxes, nboxes, after,
                                max, pool);
    if (rv != APR_SUCCESS)
        return rv;
    *events = apr_palloc(pool, sizeof **events * (count + 1));
    for (i = 0; i < count; i++) {
        ccgw_read_event_t *event = &(*events)[*n];

        rv = ccgw_record_decode(&event->event, &ccgw_event_record, stored[i].body, pool);
        if (rv != APR_SUCCESS)
            return rv;
        event->at = stored[i].at;
        *n += meant_for(&event->event, event->at, login);
    }
    return APR_SUCCESS;
}
