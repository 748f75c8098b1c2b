/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store.h: what a store provider must do.
 *
 * A store keeps ordered records and mailboxes of events for many processes. One transaction reads some records,
 * decides, and commits puts, deletes and events at once or not at all. Providers register under the group
 * "ccgw-store", version "0"; "local" is built in. This header knows no httpd.
 *
 * Keys and mailbox names are byte strings ordered by memcmp() that begin with the tenant's name and a zero byte. One
 * transaction stays inside one tenant. Everything a transaction reads or builds lives in the pool given to begin().
 *
 * Threads: after open_child() every function may be called from any thread of that child at the same time; one
 * ccgw_txn_t belongs to one thread. */
#ifndef CCGW_STORE_H
#define CCGW_STORE_H

#include "apr_user.h"

#include "ccgw_types.h"

#define CCGW_STORE_PROVIDER_GROUP   "ccgw-store"
#define CCGW_STORE_PROVIDER_VERSION "0"

/** Bounds of one transaction; beyond them the call that exceeds it returns CCGW_ELIMIT. */
#define CCGW_TXN_MAX_OPS   4096
#define CCGW_TXN_MAX_BYTES (1024 * 1024)
/** A key is at most this long; longer ones are refused with CCGW_EINVAL. */
#define CCGW_KEY_MAX 512

/** Numbers are part of the stored format: add at the end, never renumber. */
typedef enum ccgw_table_t {
    CCGW_TABLE_UNSET,
    CCGW_TABLE_FLOOR,     /**< objects of the floor file and their overlays */
    CCGW_TABLE_LOGIN,     /**< one desktop signed in; key ends in the login id (hash of its token) */
    CCGW_TABLE_AGENT,     /**< presence and work of one agent */
    CCGW_TABLE_SESSION,   /**< one interaction */
    CCGW_TABLE_MESSAGE,   /**< one entry of an interaction's log; key: session, index */
    CCGW_TABLE_QUEUE,     /**< one waiting interaction; key: queue, since, session */
    CCGW_TABLE_AVAILABLE, /**< one agent able to take one more; key: media, idle since, agent */
    CCGW_TABLE_WORKBIN,   /**< one parked interaction; key: workbin, owner, session */
    CCGW_TABLE_STREAM,    /**< one event reader: subscriptions, options */
    CCGW_TABLE_OUTBOX,    /**< one outgoing text; key: session, message index */
    CCGW_TABLE_CONTACT,   /**< a customer's open interaction; key: media, own number, customer */
    CCGW_TABLE_RECEIPT,   /**< carrier ids already taken, to drop repeats */
    CCGW_TABLE_OPTOUT,    /**< a customer who wants no texts; key: media, own number, customer */
    CCGW_TABLE_RATE,      /**< how many texts a customer sent of late; key: media, own number, customer */
    CCGW_TABLE_COUNT
} ccgw_table_t;

typedef enum ccgw_durability_t {
    CCGW_DURABLE_UNSET, /**< the store's configured level */
    CCGW_DURABLE_MEMORY, /**< visible at once, on disk some time later; its events are for who reads now, never replayed */
    CCGW_DURABLE_OS,     /**< handed to the operating system: survives the death of every process */
    CCGW_DURABLE_DISK,   /**< synced: survives a power cut */
    CCGW_DURABLE_REPLICA /**< acknowledged by a second machine, where the provider offers it */
} ccgw_durability_t;

/** Small words per login or stream, shared by all children, written without a transaction (see word()). */
typedef enum ccgw_word_t {
    CCGW_WORD_SEEN,    /**< deadline-clock time of the last sign of life */
    CCGW_WORD_READ,    /**< cursor up to which receipt is proven */
    CCGW_WORD_SENT,    /**< cursor up to which events were handed to a connection */
    CCGW_WORD_CARRIER, /**< id of the connection that carried SENT; 0: none, or it is gone */
    CCGW_WORD_TURN,    /**< number of the newest held poll: an older holder sees that it is superseded */
    CCGW_WORD_REFS,    /**< reference numbers handed out */
    CCGW_WORD_COUNT
} ccgw_word_t;

typedef enum ccgw_word_op_t {
    CCGW_WORD_LOAD,  /**< result = word */
    CCGW_WORD_STORE, /**< word = value; result = old word */
    CCGW_WORD_ADD,   /**< word += value; result = new word */
    CCGW_WORD_RAISE  /**< word = max(word, value); result = new word */
} ccgw_word_op_t;

typedef struct ccgw_record_t {
    ccgw_buf_t key;
    ccgw_buf_t value;
    apr_uint64_t version; /**< 0: there is no such record */
    apr_time_t due;       /**< 0: no deadline */
} ccgw_record_t;

typedef struct ccgw_stored_event_t {
    ccgw_cursor_t at;
    ccgw_buf_t body;
} ccgw_stored_event_t;

typedef struct ccgw_store_t ccgw_store_t;
typedef struct ccgw_txn_t ccgw_txn_t;

/** Plain values, filled from the directives by whoever opens the store. Strings live as long as the store. */
typedef struct ccgw_store_config_t {
    const char *dir;              /**< state directory, absolute */
    apr_size_t memory;            /**< bytes of shared memory */
    ccgw_durability_t durability; /**< what CCGW_DURABLE_UNSET means */
    apr_uid_t uid;                /**< owner of what is created, when the opener is root */
    apr_gid_t gid;
    int mailbox_events;          /**< a mailbox keeps at least this many events ... */
    apr_size_t mailbox_bytes;    /**< ... or this many bytes, whichever ends first */
    apr_uint64_t snapshot_bytes; /**< journal that makes a snapshot due, when the state is not larger; 0: 512 MB */
    apr_uint64_t file_bytes;     /**< size of a journal file, for a directory that is new; 0: 64 MB; at least 4 MB */
    int accept_loss;             /**< 1: where stored data is damaged, go on with what is sound, and say what is lost */
    /** Says what an administrator must know (start, recovery, disk trouble). LEVEL is APLOG-like: 3 error, 4
     *  warning, 5 notice, 6 info. May be NULL. */
    void (*log)(void *baton, int level, const char *text);
    void *log_baton;
} ccgw_store_config_t;

/** A hint that a mailbox has news that readers may see. It may come twice, late, or from a thread of the provider. */
typedef void ccgw_store_wake_t(void *baton, ccgw_buf_t mailbox, ccgw_cursor_t last);

/** One thing a store holds. */
typedef struct ccgw_store_item_t {
    ccgw_table_t table;   /**< UNSET: a mailbox or an event */
    ccgw_record_t record; /**< of a mailbox and an event: key is the mailbox's name */
    int open;             /**< mailbox: it takes events */
    ccgw_cursor_t at;     /**< event: its place; mailbox: what is older was dropped. 0 for records */
    int is_event;         /**< its body is record.value */
} ccgw_store_item_t;

typedef apr_status_t ccgw_store_visit_t(void *baton, const ccgw_store_item_t *item, apr_pool_t *scratch);

typedef struct ccgw_store_provider_t {
    const char *name;

    /* ---- life cycle ---- */

    /** Parent, once per process, before the first fork: make or recover the state, take the directory's lock.
     *  @param why on failure: a sentence that names file, offset or holder, and what an operator can do
     *  @return APR_SUCCESS; CCGW_EINUSE another server owns the directory; CCGW_EDAMAGED; CCGW_EFORMAT; CCGW_ENOSPACE
     *          the state does not fit config->memory; else the system's status. PROCESS outlives every child. */
    apr_status_t (*open_parent)(ccgw_store_t **store, const char **why, const ccgw_store_config_t *config,
                                apr_pool_t *process);

    /** Every child after fork, once. WAKE may be NULL. What the child opened is closed with the pool. */
    apr_status_t (*open_child)(ccgw_store_t *store, ccgw_store_wake_t *wake, void *baton, apr_pool_t *child);

    /** Now and then (each 100 ms or so) in one child at a time; overlap is harmless: writes what no commit waited
     *  for, drops what has no reader, makes files and snapshots, a part at a time; so it blocks for a few syncs. LAST:
     *  the caller ends; words are saved though it is not their time yet. */
    apr_status_t (*housekeep)(ccgw_store_t *store, int last);

    /* ---- transactions ---- */

    /** TENANT is the tenant's name without the zero byte; every key must begin with it. */
    apr_status_t (*begin)(ccgw_txn_t **txn, ccgw_store_t *store, ccgw_buf_t tenant, apr_pool_t *pool);

    /** Checked read. APR_SUCCESS also when there is none (version 0, value empty): absence is checked too. Sees the
     *  transaction's own puts. */
    apr_status_t (*get)(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key);

    /** Checked ordered read of FROM <= key < TO, at most MAX; a record that appears, changes or goes inside the part
     *  that was read makes the commit conflict. Does not see the transaction's own puts. */
    apr_status_t (*range)(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                          ccgw_buf_t to, int max);

    /** As get, but not checked at commit: the caller says in a comment why that is right. */
    apr_status_t (*peek)(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key);

    /** As range, but not checked at commit. */
    apr_status_t (*scan)(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                         ccgw_buf_t to, int max);

    /** Write a whole record. Refused with CCGW_EINVAL unless this transaction read the key by get() or range(). DUE:
     *  when due() shall name it; 0 never. KEY and VALUE are copied. */
    apr_status_t (*put)(ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key, ccgw_buf_t value, apr_time_t due);

    /** Likewise; deleting what is not there is no fault. */
    apr_status_t (*del)(ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key);

    /** A mailbox takes events from open_box() on until close_box(); opening an open one keeps its events. */
    apr_status_t (*open_box)(ccgw_txn_t *txn, ccgw_buf_t mailbox);
    apr_status_t (*close_box)(ccgw_txn_t *txn, ccgw_buf_t mailbox);

    /** Add one event to each of N mailboxes; BODY is kept once. Mailboxes that are not open are passed over. */
    apr_status_t (*append)(ccgw_txn_t *txn, const ccgw_buf_t *mailboxes, int n, ccgw_buf_t body);

    /** All or nothing. Returns when DURABILITY is reached.
     *  @param at the commit's cursor; may be NULL. A transaction that changes nothing gets the last one
     *  @return CCGW_ECONFLICT something read has changed: nothing happened, begin again; CCGW_ENOSPACE: nothing
     *          happened. CCGW_ESTORE: either nothing happened, or the disk failed after the commit: then none of its
     *          events is shown, no more commits are taken, and the next start decides by what the files hold. The
     *          transaction is over in every case. */
    apr_status_t (*commit)(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability);

    /* ---- readers ---- */

    /** Events of BOXES merged in order after AFTER, at most about MAX; a commit's events are never split. Never
     *  returns what a crash may still take back. *UPTO is the cursor to ask with next time, also when *n is 0.
     *  @return CCGW_ERESYNC when AFTER is below what a mailbox still holds, of another incarnation, or ahead of the
     *          last commit; *upto is then the present end */
    apr_status_t (*events)(ccgw_stored_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_store_t *store,
                           ccgw_buf_t tenant, const ccgw_buf_t *boxes, int nboxes, ccgw_cursor_t after, int max,
                           apr_pool_t *pool);

    /** The cursor of the tenant's last commit that readers may see. */
    ccgw_cursor_t (*last)(ccgw_store_t *store, ccgw_buf_t tenant);

    /** Records of all tenants that are due from FROM to UNTIL, both included, earliest first, at most MAX; *next: when the
     *  earliest of those behind is due, 0 none. *tables gets each record's table. Unchecked: the caller reads again in a
     *  transaction. */
    apr_status_t (*due)(ccgw_record_t **records, ccgw_table_t **tables, int *n, apr_time_t *next, ccgw_store_t *store,
                        apr_time_t from, apr_time_t until, int max, apr_pool_t *pool);

    /** One word of one login or stream, atomic over all processes; a word never used is 0. Survives the children and
     *  a graceful restart; after the death of all it may be up to a second old. KEY as for records.
     *  @return CCGW_ENOSPACE when no more keys fit */
    apr_status_t (*word)(apr_uint64_t *result, ccgw_store_t *store, ccgw_buf_t key, ccgw_word_t word, ccgw_word_op_t op,
                         apr_uint64_t value);

    /** Forget all words of KEY. */
    void (*forget)(ccgw_store_t *store, ccgw_buf_t key);

    /** What was deleted shall leave the files too, not only the state: soon after, without another call, no file holds
     *  a record or event that was deleted or replaced before this call, but those that an accepted loss has set aside,
     *  which the log then names. stats() emits "scrubs_pending" until then. */
    apr_status_t (*scrub)(ccgw_store_t *store);

    /* ---- beside the server ---- */

    /** Read what the files of config->dir hold into memory of this process. Takes no lock and writes nothing, so a
     *  server may be running there; its newest commits may be missing then. Only walk(), stats() and the readers may
     *  be called with it. WHY and the result as for open_parent(); CCGW_ENOTFOUND: no state is there. */
    apr_status_t (*open_copy)(ccgw_store_t **store, const char **why, const ccgw_store_config_t *config,
                              apr_pool_t *pool);

    /** Hand all records of all tenants to VISIT, then all mailboxes with their events, each in order of their keys. ITEM
     *  lives until VISIT returns; the first status that is not APR_SUCCESS ends the walk and is returned. */
    apr_status_t (*walk)(ccgw_store_t *store, ccgw_store_visit_t *visit, void *baton, apr_pool_t *pool);

    /** Copy the files of the directory FROM to TO, which must not exist or be empty, in an order that makes a sound state
     *  of them though a server runs in FROM. A server that starts from it tells all readers to start over. The copy is on
     *  the disk at return; what failed is taken away again.
     *  @return CCGW_EEXISTS: TO is not empty; CCGW_ENOTFOUND: FROM holds no state */
    apr_status_t (*backup)(const char **why, const char *from, const char *to, apr_pool_t *pool);

    /** Counters for the status page; names are [a-z_]+ . */
    void (*stats)(ccgw_store_t *store, void (*emit)(void *baton, const char *name, apr_int64_t value), void *baton);
} ccgw_store_provider_t;

#endif
