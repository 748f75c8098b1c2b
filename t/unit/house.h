/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* house.h: a whole floor in one process, for tests of the core: store, demo floor, a clock that only the test moves, and
 * a check that all records agree with each other. */
#ifndef HOUSE_H
#define HOUSE_H

#include "ccgw_channel.h"
#include "core/ccgw_core.h"
#include "core/ccgw_event.h"
#include "core/ccgw_outbox.h"
#include "core/ccgw_session.h"
#include "core/ccgw_workbin.h"

typedef struct house_t {
    apr_pool_t *pool;
    char dir[64];
    ccgw_core_t core;
    ccgw_store_provider_t provider; /* the core's: a test may put its own functions in */
    const ccgw_store_provider_t *real;
    apr_time_t now;
    const ccgw_tenant_t *demo;
} house_t;

/** Open a house in a directory of its own; ends the program when that fails. */
house_t *house_open(void);
void house_close(house_t *house);

/** A call of LOGIN_NAME's desktop; signs him in at first use. Lives in the house's pool. */
ccgw_call_t *house_call(house_t *house, const char *login_name);
/** A new desktop of his. */
ccgw_call_t *house_desktop(house_t *house, const char *login_name);
/** Contact centre session open, all channels ready. */
void house_ready(house_t *house, const char *login_name);
/** A text from FROM to the demo number: the session it is in. */
ccgw_id_t house_text(house_t *house, const char *from, const char *text);
/** What is ready in the outbox goes to SEND, once, as from a sender that never sent before. LEFT may be NULL. */
apr_status_t house_send(ccgw_outbox_left_t *left, house_t *house, ccgw_outbox_send_t *send, void *baton);
/** Time passes and deadlines are kept. */
void house_pass(house_t *house, apr_interval_time_t time);
/** Everything LOGIN_NAME's agent was told since this was last asked, oldest first. */
int house_heard(house_t *house, const char *login_name, ccgw_read_event_t **events);
/** The session as stored. */
ccgw_session_t house_session(house_t *house, ccgw_id_t id);
ccgw_agent_t house_agent(house_t *house, const char *login_name);
const char *house_id(house_t *house, const char *login_name);
/** NULL when agents' tasks, sessions' legs, queue entries and the index of available agents all agree; else what not. */
const char *house_fault(house_t *house);

#endif
