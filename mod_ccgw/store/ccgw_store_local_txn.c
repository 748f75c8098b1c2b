/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_txn.c: transactions: what was read, what shall be written, and the commit.
 *
 * A transaction is private memory until commit. What was read is checked then: of a single read
 * the version (0 when there was nothing), of a range the versions of all records in the part
 * that was read. A version is the journal position of the commit that wrote it, so none ever
 * comes twice. */
#include "store/ccgw_store_local.h"
#include "store/ccgw_store_local_names.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"
#include "util/ccgw_log.h"
#include "util/ccgw_step.h"
#include "util/ccgw_str.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

/* What get() reports of a record that this transaction has put itself. */
#define VERSION_OWN (~(apr_uint64_t)0)

typedef struct ccgw_local_seen_t {
    apr_uint64_t version;
} ccgw_local_seen_t;

typedef struct ccgw_local_span_t {
    ccgw_table_t table;
    ccgw_buf_t from, to; /* the part that was read: to is behind its last key when MAX ended it */
    apr_uint64_t *versions;
    int n;
} ccgw_local_span_t;

typedef struct ccgw_local_write_t {
    ccgw_local_kind_t kind;
    ccgw_table_t table;
    int flags;
    int opened;     /* OPEN and CLOSE: this or an earlier one of the mailbox opened it */
    ccgw_buf_t key; /* of PUT and DEL, the mailbox of OPEN and CLOSE */
    ccgw_buf_t value;
    apr_uint32_t value_crc;
    apr_time_t due;
    ccgw_buf_t *boxes; /* of EVENT */
    int *box_flags;
    int nboxes;
} ccgw_local_write_t;

struct ccgw_txn_t {
    ccgw_store_t *store;
    apr_pool_t *pool;
    ccgw_buf_t tenant;
    ccgw_local_names_t seen;    /* ccgw_local_seen_t */
    ccgw_local_names_t wrote;   /* ccgw_local_write_t of a record */
    ccgw_local_names_t boxes;   /* the last OPEN or CLOSE of a mailbox */
    apr_array_header_t *spans;  /* ccgw_local_span_t; NULL: none yet */
    apr_array_header_t *writes; /* ccgw_local_write_t *, in the order of calls; NULL: none yet */
    int ops;
    apr_size_t bytes;
};

int ccgw_local_key_belongs(ccgw_buf_t key, ccgw_buf_t tenant)
{
    return key.n > tenant.n && key.n <= CCGW_KEY_MAX && !memcmp(key.p, tenant.p, tenant.n) &&
           !((const char *)key.p)[tenant.n];
}

static int is_valid(const ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key)
{
    return table > CCGW_TABLE_UNSET && table < CCGW_TABLE_COUNT && ccgw_local_key_belongs(key, txn->tenant);
}

apr_status_t ccgw_local_begin(ccgw_txn_t **txn, ccgw_store_t *store, ccgw_buf_t tenant, apr_pool_t *pool)
{
    ccgw_txn_t *made = apr_pcalloc(pool, sizeof *made);

    if (!tenant.n || tenant.n >= CCGW_KEY_MAX || memchr(tenant.p, '\0', tenant.n))
        return CCGW_EINVAL;
    made->store = store;
    made->pool = pool;
    made->tenant = ccgw_buf_copy(tenant, pool);
    *txn = made;
    return APR_SUCCESS;
}

/* ---- reading ---- */

static apr_status_t read_one(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key)
{
    ccgw_local_look_t look = { 0 };
    apr_status_t rv;
    ccgw_off_t node;

    do {
        /* a look that did not hold may have left a version of what is gone by now */
        memset(record, 0, sizeof *record);
        ccgw_local_look_begin(&look, txn->store);
        node = ccgw_local_look_find(&look, table, key);
        rv = node ? ccgw_local_record_copy(record, &look, node, txn->pool) : APR_SUCCESS;
    } while (!ccgw_local_look_end(&look));
    if (!node) {
        record->key = ccgw_buf_copy(key, txn->pool);
        record->value = ccgw_buf_copy(ccgw_buf_str(""), txn->pool);
    }
    return rv;
}

/* Fill RECORD from the transaction's own put or delete of it. */
static int read_own(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key)
{
    const ccgw_local_write_t *own = ccgw_local_name_find(&txn->wrote, table, key, txn->pool);

    if (!own)
        return 0;
    record->key = own->key;
    record->value = own->value;
    record->due = own->due;
    record->version = own->kind == CCGW_LOCAL_PUT ? VERSION_OWN : 0;
    return 1;
}

apr_status_t ccgw_local_peek(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key)
{
    if (!is_valid(txn, table, key))
        return CCGW_EINVAL;
    if (read_own(record, txn, table, key))
        return APR_SUCCESS;
    return read_one(record, txn, table, key);
}

apr_status_t ccgw_local_get(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key)
{
    ccgw_local_seen_t *seen;
    apr_status_t rv;

    if (!is_valid(txn, table, key))
        return CCGW_EINVAL;
    if (read_own(record, txn, table, key))
        return APR_SUCCESS;
    rv = read_one(record, txn, table, key);
    /* The first version counts: if a second read differs, the commit must fail. */
    if (rv == APR_SUCCESS && !ccgw_local_name_find(&txn->seen, table, key, txn->pool)) {
        seen = apr_palloc(txn->pool, sizeof *seen);
        seen->version = record->version;
        ccgw_local_name_set(&txn->seen, table, record->key, seen, txn->pool);
    }
    return rv;
}

/* The first node of a range, or the one behind NODE in it; 0 at its end. */
static ccgw_off_t step_range(const ccgw_local_look_t *look, ccgw_off_t node, ccgw_table_t table, ccgw_buf_t from,
                             ccgw_buf_t to, ccgw_buf_t tenant)
{
    ccgw_buf_t key;

    node = node ? ccgw_local_look_next(look, node) : ccgw_local_look_seek(look, table, from);
    if (!node)
        return 0;
    key = ccgw_local_node_key(look->seg, node);
    return ccgw_buf_compare(key, to) < 0 && ccgw_local_key_belongs(key, tenant) ? node : 0;
}

apr_status_t ccgw_local_scan(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                             ccgw_buf_t to, int max)
{
    ccgw_local_look_t look = { 0 };
    apr_status_t rv;
    ccgw_off_t node, first;
    int count;

    *n = 0;
    *records = NULL;
    if (!is_valid(txn, table, from))
        return CCGW_EINVAL;
    do {
        ccgw_local_look_begin(&look, txn->store);
        rv = APR_SUCCESS;
        *n = count = 0;
        first = step_range(&look, 0, table, from, to, txn->tenant);
        for (node = first; node && count < max; node = step_range(&look, node, table, from, to, txn->tenant))
            count++;
        *records = apr_pcalloc(txn->pool, ((apr_size_t)count + 1) * sizeof **records);
        for (node = first; node && *n < count && rv == APR_SUCCESS; node = ccgw_local_look_next(&look, node))
            rv = ccgw_local_record_copy(&(*records)[(*n)++], &look, node, txn->pool);
    } while (!ccgw_local_look_end(&look));
    return rv;
}

/* The least key behind KEY. */
static ccgw_buf_t successor(ccgw_buf_t key, apr_pool_t *pool)
{
    ccgw_buf_t next = ccgw_buf_copy(key, pool);

    next.n++;
    return next;
}

apr_status_t ccgw_local_range(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                              ccgw_buf_t to, int max)
{
    apr_status_t rv = ccgw_local_scan(records, n, txn, table, from, to, max);
    ccgw_local_span_t *span;
    int i;

    if (rv != APR_SUCCESS || max <= 0)
        return rv;
    if (!txn->spans)
        txn->spans = apr_array_make(txn->pool, 4, sizeof(ccgw_local_span_t));
    span = apr_array_push(txn->spans);
    span->table = table;
    span->from = ccgw_buf_copy(from, txn->pool);
    span->to = *n == max ? successor((*records)[*n - 1].key, txn->pool) : ccgw_buf_copy(to, txn->pool);
    span->n = *n;
    span->versions = apr_palloc(txn->pool, ((apr_size_t)*n + 1) * sizeof *span->versions);
    for (i = 0; i < *n; i++)
        span->versions[i] = (*records)[i].version;
    return APR_SUCCESS;
}

static int was_read(const ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key)
{
    int i;

    if (ccgw_local_name_find(&txn->seen, table, key, txn->pool))
        return 1;
    for (i = 0; txn->spans && i < txn->spans->nelts; i++) {
        const ccgw_local_span_t *span = &APR_ARRAY_IDX(txn->spans, i, ccgw_local_span_t);

        if (span->table == table && ccgw_buf_compare(span->from, key) <= 0 && ccgw_buf_compare(key, span->to) < 0)
            return 1;
    }
    return 0;
}

/* ---- writing ---- */

static apr_status_t charge(ccgw_txn_t *txn, int ops, apr_size_t bytes)
{
    if (ops > CCGW_TXN_MAX_OPS - txn->ops || bytes > CCGW_TXN_MAX_BYTES - txn->bytes)
        return CCGW_ELIMIT;
    txn->ops += ops;
    txn->bytes += bytes;
    return APR_SUCCESS;
}

static ccgw_local_write_t *add_write(ccgw_txn_t *txn, ccgw_local_kind_t kind)
{
    ccgw_local_write_t *write = apr_pcalloc(txn->pool, sizeof *write);

    write->kind = kind;
    if (!txn->writes)
        txn->writes = apr_array_make(txn->pool, 8, sizeof(ccgw_local_write_t *));
    APR_ARRAY_PUSH(txn->writes, ccgw_local_write_t *) = write;
    return write;
}

static apr_status_t write_record(ccgw_txn_t *txn, ccgw_local_kind_t kind, ccgw_table_t table, ccgw_buf_t key,
                                 ccgw_buf_t value, apr_time_t due)
{
    ccgw_local_write_t *write;
    apr_status_t rv;

    if (!is_valid(txn, table, key) || due < 0)
        return CCGW_EINVAL;
    if (!was_read(txn, table, key))
        return CCGW_EINVAL;
    rv = charge(txn, 1, key.n + value.n);
    if (rv != APR_SUCCESS)
        return rv;
    write = ccgw_local_name_find(&txn->wrote, table, key, txn->pool);
    /* A key stands in a commit once, with what was said of it last. */
    if (!write) {
        write = add_write(txn, kind);
        write->table = table;
        write->key = ccgw_buf_copy(key, txn->pool);
        ccgw_local_name_set(&txn->wrote, table, write->key, write, txn->pool);
    }
    write->kind = kind;
    write->value = ccgw_buf_copy(value, txn->pool);
    write->value_crc = ccgw_crc32c(0, value.p, value.n);
    write->due = due;
    return APR_SUCCESS;
}

apr_status_t ccgw_local_put(ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key, ccgw_buf_t value, apr_time_t due)
{
    return write_record(txn, CCGW_LOCAL_PUT, table, key, value, due);
}

apr_status_t ccgw_local_del(ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key)
{
    return write_record(txn, CCGW_LOCAL_DEL, table, key, ccgw_buf_str(""), 0);
}

static apr_status_t write_box(ccgw_txn_t *txn, ccgw_local_kind_t kind, ccgw_buf_t mailbox)
{
    const ccgw_local_write_t *before;
    ccgw_local_write_t *write;
    apr_status_t rv;

    if (!ccgw_local_key_belongs(mailbox, txn->tenant))
        return CCGW_EINVAL;
    before = ccgw_local_name_find(&txn->boxes, CCGW_TABLE_UNSET, mailbox, txn->pool);
    if (before && before->kind == kind)
        return APR_SUCCESS;
    rv = charge(txn, 1, mailbox.n);
    if (rv != APR_SUCCESS)
        return rv;
    write = add_write(txn, kind);
    write->key = ccgw_buf_copy(mailbox, txn->pool);
    /* Only the first OPEN may find no such mailbox and need a block for it. */
    write->flags = kind == CCGW_LOCAL_OPEN && !(before && before->opened) ? CCGW_LOCAL_OP_FIRST : 0;
    write->opened = kind == CCGW_LOCAL_OPEN || (before && before->opened);
    ccgw_local_name_set(&txn->boxes, CCGW_TABLE_UNSET, write->key, write, txn->pool);
    return APR_SUCCESS;
}

apr_status_t ccgw_local_open_box(ccgw_txn_t *txn, ccgw_buf_t mailbox)
{
    return write_box(txn, CCGW_LOCAL_OPEN, mailbox);
}

apr_status_t ccgw_local_close_box(ccgw_txn_t *txn, ccgw_buf_t mailbox)
{
    return write_box(txn, CCGW_LOCAL_CLOSE, mailbox);
}

apr_status_t ccgw_local_append(ccgw_txn_t *txn, const ccgw_buf_t *mailboxes, int n, ccgw_buf_t body)
{
    ccgw_local_names_t named = { 0 };
    ccgw_local_write_t *write;
    apr_size_t bytes = body.n;
    apr_status_t rv;
    int i;

    if (n < 0)
        return CCGW_EINVAL;
    for (i = 0; i < n; i++) {
        if (!ccgw_local_key_belongs(mailboxes[i], txn->tenant))
            return CCGW_EINVAL;
        bytes += mailboxes[i].n;
    }
    rv = charge(txn, n, bytes);
    if (rv != APR_SUCCESS || !n)
        return rv;
    write = add_write(txn, CCGW_LOCAL_EVENT);
    write->value = ccgw_buf_copy(body, txn->pool);
    write->value_crc = ccgw_crc32c(0, body.p, body.n);
    write->boxes = apr_palloc(txn->pool, (apr_size_t)n * sizeof *write->boxes);
    write->box_flags = apr_pcalloc(txn->pool, (apr_size_t)n * sizeof *write->box_flags);
    for (i = 0; i < n; i++) {
        const ccgw_local_write_t *box = ccgw_local_name_find(&txn->boxes, CCGW_TABLE_UNSET, mailboxes[i], txn->pool);
        ccgw_buf_t name;

        /* An audience put together from several lists may name somebody twice; he gets the event
         * once. */
        if (ccgw_local_name_find(&named, CCGW_TABLE_UNSET, mailboxes[i], txn->pool) ||
            (box && box->kind == CCGW_LOCAL_CLOSE))
            continue;
        name = ccgw_buf_copy(mailboxes[i], txn->pool);
        ccgw_local_name_set(&named, CCGW_TABLE_UNSET, name, write, txn->pool);
        write->box_flags[write->nboxes] = box ? CCGW_LOCAL_OP_FIRST : 0;
        write->boxes[write->nboxes++] = name;
    }
    return APR_SUCCESS;
}

/* ---- commit ---- */

static apr_uint64_t version_at(const ccgw_local_look_t *look, ccgw_off_t node)
{
    ccgw_off_t value = node ? ccgw_local_value_of(look, node) : 0;

    return value ? ((const ccgw_local_blob_t *)ccgw_local_at(look->seg, value))->version : 0;
}

static int is_span_unchanged(const ccgw_txn_t *txn, const ccgw_local_look_t *look, const ccgw_local_span_t *span)
{
    ccgw_off_t node = 0;
    int i;

    for (i = 0;; i++) {
        node = step_range(look, node, span->table, span->from, span->to, txn->tenant);
        if (!node || i == span->n)
            break;
        if (version_at(look, node) != span->versions[i])
            return 0;
    }
    return !node && i == span->n;
}

static int is_unchanged(const ccgw_txn_t *txn, const ccgw_local_look_t *look)
{
    int i;

    for (i = 0; i < txn->seen.n; i++) {
        const ccgw_local_name_t *name = txn->seen.v[i];
        const ccgw_local_seen_t *seen = name->what;

        if (version_at(look, ccgw_local_look_find(look, name->table, name->key)) != seen->version)
            return 0;
    }
    for (i = 0; txn->spans && i < txn->spans->nelts; i++) {
        if (!is_span_unchanged(txn, look, &APR_ARRAY_IDX(txn->spans, i, ccgw_local_span_t)))
            return 0;
    }
    return 1;
}

/* commit_lock held. */
static int still_holds(void *baton)
{
    const ccgw_txn_t *txn = baton;
    ccgw_local_look_t own = ccgw_local_owner(txn->store->seg);

    return is_unchanged(txn, &own);
}

static apr_size_t op_length(const ccgw_local_write_t *write)
{
    apr_size_t len = sizeof(ccgw_local_op_t) + CCGW_LOCAL_ALIGN(write->key.n) + CCGW_LOCAL_ALIGN(write->value.n);
    int i;

    for (i = 0; i < write->nboxes; i++)
        len += sizeof(ccgw_local_target_t) + CCGW_LOCAL_ALIGN(write->boxes[i].n);
    return len;
}

static char *put_filled(char *to, ccgw_buf_t bytes)
{
    if (bytes.n)
        memcpy(to, bytes.p, bytes.n);
    return to + CCGW_LOCAL_ALIGN(bytes.n);
}

static char *put_op(char *to, const ccgw_local_write_t *write)
{
    ccgw_local_op_t *op = (ccgw_local_op_t *)to;
    int i;

    op->len = (apr_uint32_t)op_length(write);
    op->kind = (unsigned char)write->kind;
    op->table = (unsigned char)write->table;
    op->flags = (apr_uint16_t)write->flags;
    op->key_len = (apr_uint16_t)write->key.n;
    op->nboxes = (apr_uint16_t)write->nboxes;
    op->value_len = (apr_uint32_t)write->value.n;
    op->due = write->due;
    op->value_crc = write->value_crc;
    to = put_filled(put_filled((char *)(op + 1), write->key), write->value);
    for (i = 0; i < write->nboxes; i++) {
        ccgw_local_target_t *target = (ccgw_local_target_t *)to;

        target->flags = (apr_uint32_t)write->box_flags[i];
        target->name_len = (apr_uint32_t)write->boxes[i].n;
        to = put_filled((char *)(target + 1), write->boxes[i]);
    }
    return to;
}

static ccgw_local_record_t *build_record(const ccgw_txn_t *txn, ccgw_durability_t level)
{
    apr_size_t len = sizeof(ccgw_local_record_t) + CCGW_LOCAL_ALIGN(txn->tenant.n);
    ccgw_local_record_t *record;
    char *to;
    int i;

    for (i = 0; i < txn->writes->nelts; i++)
        len += op_length(APR_ARRAY_IDX(txn->writes, i, ccgw_local_write_t *));
    record = apr_pcalloc(txn->pool, len);
    record->len = (apr_uint32_t)len;
    record->type = CCGW_LOCAL_COMMIT;
    record->level = (unsigned char)level;
    record->tenant_len = (apr_uint16_t)txn->tenant.n;
    record->nops = (apr_uint32_t)txn->writes->nelts;
    to = put_filled((char *)(record + 1), txn->tenant);
    for (i = 0; i < txn->writes->nelts; i++)
        to = put_op(to, APR_ARRAY_IDX(txn->writes, i, ccgw_local_write_t *));
    return record;
}

static int is_open(ccgw_store_t *store, ccgw_buf_t mailbox)
{
    ccgw_local_look_t look = { 0 };
    ccgw_off_t box;
    int open;

    do {
        ccgw_local_look_begin(&look, store);
        box = ccgw_local_box_find(&look, mailbox);
        open = box && ((const ccgw_local_box_t *)ccgw_local_at(look.seg, box))->open;
    } while (!ccgw_local_look_end(&look));
    return open;
}

/* Call WAKE once for each mailbox that got something. */
static void wake_readers(const ccgw_txn_t *txn, ccgw_local_record_t *record)
{
    ccgw_cursor_t at = ccgw_local_cursor(txn->store->seg, record->number);
    ccgw_local_names_t woken = { 0 };
    apr_size_t op_at = ccgw_local_op_first(record);
    ccgw_local_op_t *op;

    if (!txn->store->wake)
        return;
    while ((op = ccgw_local_op_next(&op_at, record)) != NULL) {
        apr_size_t target_at = 0;
        int i;

        for (i = 0; i < op->nboxes; i++) {
            ccgw_local_target_t *target = ccgw_local_op_target(&target_at, op);
            ccgw_buf_t name = { target + 1, target->name_len };

            if (ccgw_local_name_find(&woken, CCGW_TABLE_UNSET, name, txn->pool) || !is_open(txn->store, name))
                continue;
            ccgw_local_name_set(&woken, CCGW_TABLE_UNSET, name, target, txn->pool);
            txn->store->wake(txn->store->wake_baton, name, at);
        }
    }
}

static int has_events(const ccgw_txn_t *txn)
{
    int i;

    for (i = 0; i < txn->writes->nelts; i++) {
        if (APR_ARRAY_IDX(txn->writes, i, ccgw_local_write_t *)->nboxes)
            return 1;
    }
    return 0;
}

/* Versions are places in the journal. */
static apr_uint64_t newest_read(const ccgw_txn_t *txn)
{
    apr_uint64_t newest = 0;
    int i, k;

    for (i = 0; i < txn->seen.n; i++) {
        const ccgw_local_seen_t *seen = txn->seen.v[i]->what;

        newest = seen->version > newest ? seen->version : newest;
    }
    for (i = 0; txn->spans && i < txn->spans->nelts; i++) {
        const ccgw_local_span_t *span = &APR_ARRAY_IDX(txn->spans, i, ccgw_local_span_t);

        for (k = 0; k < span->n; k++)
            newest = span->versions[k] > newest ? span->versions[k] : newest;
    }
    return newest;
}

/* Nobody is told what may still be lost. On a disk that fails, reads go on all the same. */
static void wait_for_read(const ccgw_txn_t *txn)
{
    const ccgw_local_segment_t *seg = txn->store->seg;
    apr_uint64_t newest = newest_read(txn);

    /* Behind an accepted loss there may be versions that were further on. */
    if (newest >= ccgw_local_read(seg->published) && newest < ccgw_local_read(seg->head) &&
        !ccgw_local_read(seg->broken))
        ccgw_local_wait(txn->store, newest + 1);
}

/* Nothing to write: what was read must still have been true at one moment, or the caller decided
 * on a mixture. */
static apr_status_t commit_nothing(ccgw_cursor_t *at, ccgw_txn_t *txn)
{
    ccgw_local_look_t look = { 0 };
    int unchanged;

    do {
        ccgw_local_look_begin(&look, txn->store);
        unchanged = is_unchanged(txn, &look);
    } while (!ccgw_local_look_end(&look));
    if (!unchanged)
        return CCGW_ECONFLICT;
    wait_for_read(txn);
    if (at)
        *at = ccgw_local_last(txn->store, txn->tenant);
    return APR_SUCCESS;
}

/* Said once, until there is room again (housekeep()). */
static apr_status_t report_full(ccgw_store_t *store)
{
    if (!__atomic_exchange_n(&store->seg->full, apr_time_now(), __ATOMIC_ACQ_REL))
        ccgw_log(
            CCGW_LOG_ERROR, 0,
            "CCGW0113: CcgwMemory: the %lu MB of shared memory are full; new sessions, logins and texts are refused "
            "until others have gone: raise it, or lower CcgwKeepSessions",
            (unsigned long)(store->seg->size >> 20));
    return CCGW_ENOSPACE;
}

apr_status_t ccgw_local_commit(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    ccgw_store_t *store = txn->store;
    ccgw_local_record_t *record;
    apr_uint64_t end;
    apr_status_t rv;

    if (durability == CCGW_DURABLE_UNSET)
        durability = store->durability;
    if (durability > CCGW_DURABLE_DISK)
        return CCGW_EDISABLED;
    if (!txn->writes)
        return commit_nothing(at, txn);
    record = build_record(txn, durability);
    rv = ccgw_local_submit(&end, store, record, still_holds, txn);
    if (rv != APR_SUCCESS)
        return rv == CCGW_ENOSPACE ? report_full(store) : rv;
    /* MEMORY waits for nothing of its own; but its events lie behind those of earlier commits,
     * and a reader woken before those are synced would find nothing. */
    if (durability != CCGW_DURABLE_MEMORY || has_events(txn))
        rv = ccgw_local_wait(store, end);
    if (rv != APR_SUCCESS)
        return rv;
    if (at)
        *at = ccgw_local_cursor(store->seg, record->number);
    ccgw_step(WAKE);
    wake_readers(txn, record);
    return APR_SUCCESS;
}
