/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_due.h: deadlines: offers, logins, streams, agents who went, texts of unknown fate, what was kept long enough. */
#ifndef CCGW_DUE_H
#define CCGW_DUE_H

#include "core/ccgw_core.h"

/** What is only to be tidied up has its time this much later than all deadlines, in a range that is swept apart: however
 *  much of it there is, no offer ends later for that. */
#define CCGW_DUE_TIDY ((apr_time_t)1 << 61)

/** Do what is due, at most about MAX deadlines and as much to tidy up; each in a transaction of its own. Overlap between children is harmless.
 *  STARTED: deadline clock when the server came up; silence counts only from then. Logs, never fails the caller. */
void ccgw_due_sweep(ccgw_core_t *core, apr_time_t started, int max, apr_pool_t *scratch);

/** Match every queue of every tenant once (about each second, beside the matching after commits). */
void ccgw_due_match_all(ccgw_core_t *core, apr_pool_t *scratch);

#endif
