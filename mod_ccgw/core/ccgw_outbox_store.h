/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_outbox_store.h: for the outbox' own files only: entries as records, and what follows when one moves on.
 * What works inside an attempt of a verb returns what lives in work->pool. */
#ifndef CCGW_OUTBOX_STORE_H
#define CCGW_OUTBOX_STORE_H

#include "core/ccgw_outbox.h"

/** Records a scan reads at once. */
#define CCGW_OUTBOX_PAGE 256

/** Prefix of a tenant's entries of one part: "wait" or "done". */
ccgw_buf_t ccgw_outbox_part(const ccgw_tenant_t *tenant, const char *part, apr_pool_t *pool);
/** Prefix of a session's waiting entries. */
ccgw_buf_t ccgw_outbox_of_session(const ccgw_tenant_t *tenant, ccgw_id_t session, apr_pool_t *pool);

/** The entry PLACE names by session, index and copy, if it waits; if it is settled: by its time too. Checked reads;
 *  *found 0: there is none, ENTRY is zeroed. */
apr_status_t ccgw_outbox_get_waiting(ccgw_outbox_t *entry, int *found, ccgw_work_t *work, const ccgw_outbox_t *place);
apr_status_t ccgw_outbox_get_settled(ccgw_outbox_t *entry, int *found, ccgw_work_t *work, const ccgw_outbox_t *place);

/** Save a waiting entry that was read: PUT as it is, SAVE with the message following its state. */
apr_status_t ccgw_outbox_put_waiting(ccgw_work_t *work, const ccgw_outbox_t *entry);
apr_status_t ccgw_outbox_save_waiting(ccgw_work_t *work, const ccgw_outbox_t *entry);
/** A waiting entry that was read becomes a settled one, with its new state; then as save_settled. */
apr_status_t ccgw_outbox_settle(ccgw_work_t *work, ccgw_outbox_t *entry);
/** Save an entry whose settled state is new, for a day from now. The message follows; of what is final for the reader
 *  (delivered, failed, refused) the session's agents are told. */
apr_status_t ccgw_outbox_save_settled(ccgw_work_t *work, ccgw_outbox_t *entry);

#endif
