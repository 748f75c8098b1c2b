/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_renew.h: mailboxes that begin anew: an event shall not outlive the session it tells of.
 *
 * Events hold snapshots of sessions and texts. An agent's mailbox is closed with his last login, but a login may last for
 * ever; a workbin's is open for as long as there is the workbin. Both are closed and opened again when they have been open
 * for limits.keep_sessions. Whoever reads there is told to start over. */
#ifndef CCGW_RENEW_H
#define CCGW_RENEW_H

#include "core/ccgw_agent.h"
#include "core/ccgw_core.h"

/** When the mailbox of AGENT has to begin anew, by the deadline clock; 0 never. */
apr_time_t ccgw_renew_time(const ccgw_core_t *core, const ccgw_agent_t *agent);

/** Inside a transaction that has read AGENT: his mailbox begins anew. The caller saves him. */
apr_status_t ccgw_renew_agent(ccgw_work_t *work, ccgw_agent_t *agent);

/** Every mailbox of the call's tenant begins anew, in several transactions, none of which waits for the disk.
 *  *n: how many there were. */
apr_status_t ccgw_renew_tenant(int *n, ccgw_call_t *call);

/** Agents of the call's tenant whose deadline is later than the present rule says get it. */
apr_status_t ccgw_renew_check(ccgw_call_t *call);

/** The workbins' mailboxes of each tenant whose time has come. Any child; overlap is harmless. Logs, never fails the
 *  caller. */
void ccgw_renew_round(ccgw_core_t *core, apr_pool_t *scratch);

#endif
