/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local.h: what the files of the provider "local" share. LAYOUT draws the segment and the files.
 *
 * Everything in the segment is named by its offset from the segment's start, never by a pointer. A process may be
 * killed at any instruction: every step that matters is one store, made with ccgw_local_set() so that the compiler
 * keeps their order, and every chain of such steps can be done again from its start.
 *
 * Locks: flush_lock before commit_lock. commit_lock guards all but the words; flush_lock guards the files. */
#ifndef CCGW_STORE_LOCAL_H
#define CCGW_STORE_LOCAL_H

#include "ccgw_store.h"

#include <pthread.h>

extern const ccgw_store_provider_t ccgw_store_local;

#define ccgw_local_set(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)
#define ccgw_local_read(place)       __atomic_load_n(&(place), __ATOMIC_ACQUIRE)

/** Place in the segment; 0: none. */
typedef apr_uint64_t ccgw_off_t;

#define CCGW_LOCAL_MAGIC   0x6363677773746f72ULL
#define CCGW_LOCAL_LAYOUT  1
#define CCGW_LOCAL_CLASSES 27
#define CCGW_LOCAL_HEIGHT  16

/* ---- in the heap ---- */

/** A node of the index. The key stands behind next[height]. */
typedef struct ccgw_local_node_t {
    ccgw_off_t value; /**< blob, mailbox or tenant, as the table has it; 0 in the due table */
    apr_uint16_t key_len;
    unsigned char table;
    unsigned char height;
    apr_uint32_t unused;
    ccgw_off_t next[];
} ccgw_local_node_t;

/** A record's value or an event's body: never changed once it is linked. What does not fit goes on in MORE blocks. */
typedef struct ccgw_local_blob_t {
    apr_uint64_t version;
    apr_time_t due;
    apr_uint32_t len;
    apr_uint32_t crc;  /**< of the bytes */
    apr_uint32_t refs; /**< mailbox entries that hold this body */
    apr_uint32_t unused;
    ccgw_off_t more;
    char bytes[];
} ccgw_local_blob_t;

typedef struct ccgw_local_more_t {
    ccgw_off_t more;
    char bytes[];
} ccgw_local_more_t;

/** One event in one mailbox. */
typedef struct ccgw_local_entry_t {
    apr_uint64_t number; /**< of the commit */
    ccgw_off_t body;
    ccgw_off_t older, newer;
    apr_uint32_t event; /**< which event of the commit: the same in all its mailboxes */
    apr_uint32_t unused;
    apr_uint64_t total_events; /**< with this one, since the list was last empty: counts come out by subtraction, */
    apr_uint64_t total_bytes;  /**< so that no counter can be left half changed */
    apr_time_t born;
} ccgw_local_entry_t;

typedef enum ccgw_local_kept_t {
    CCGW_LOCAL_LASTING, /**< journalled, replayed to readers */
    CCGW_LOCAL_PASSING, /**< for whoever is there (CCGW_DURABLE_MEMORY) */
    CCGW_LOCAL_LISTS
} ccgw_local_kept_t;

typedef struct ccgw_local_list_t {
    ccgw_off_t newest; /**< 0: empty, whatever OLDEST says */
    ccgw_off_t oldest;
} ccgw_local_list_t;

typedef struct ccgw_local_box_t {
    apr_uint64_t open;
    apr_uint64_t dropped_upto; /**< commit number */
    ccgw_local_list_t lists[CCGW_LOCAL_LISTS];
} ccgw_local_box_t;

typedef struct ccgw_local_tenant_t {
    apr_uint64_t last;           /**< newest commit's number */
    apr_uint64_t visible;        /**< newest one that readers may see */
    apr_uint64_t forgotten_upto; /**< mailboxes closed before it may be forgotten altogether */
} ccgw_local_tenant_t;

/** Tables of our own beside ccgw_table_t, in the same index. */
enum { CCGW_LOCAL_DUE = 200, CCGW_LOCAL_BOX, CCGW_LOCAL_TENANT };

/* ---- words ---- */

typedef enum ccgw_local_slot_state_t {
    CCGW_LOCAL_SLOT_FREE,
    CCGW_LOCAL_SLOT_USED,
    CCGW_LOCAL_SLOT_FORGOTTEN
} ccgw_local_slot_state_t;

typedef struct ccgw_local_slot_t {
    apr_uint64_t hash[2];
    apr_uint32_t state;
    apr_uint32_t dirty;   /**< not journalled as it stands */
    apr_time_t forgotten; /**< when; it is not used again at once, for a thread may still be writing to it */
    apr_uint64_t words[CCGW_WORD_COUNT];
} ccgw_local_slot_t;

/* ---- the segment ---- */

typedef struct ccgw_local_segment_t {
    apr_uint64_t magic;
    apr_uint32_t layout;
    apr_uint32_t broken; /**< a write failed with this status: no commit any more */
    apr_uint32_t broken_said;
    apr_uint64_t size;

    ccgw_off_t ring, slots, links, classes, heap;
    apr_uint64_t ring_size, nslots, npages;

    pthread_mutex_t commit_lock;
    pthread_mutex_t flush_lock;

    apr_uint64_t epoch;       /**< of this start, in every record */
    apr_uint64_t incarnation; /**< top of every cursor */

    /* Positions in the journal. */
    apr_uint64_t head;        /**< end of the last commit: storing it is the commit point */
    apr_uint64_t applied;     /**< != head: a commit is half applied */
    apr_uint64_t done;        /**< operations of that commit that are applied */
    apr_uint64_t written;     /**< handed to the system */
    apr_uint64_t flushed;     /**< synced */
    apr_uint64_t published;   /**< readers may see what is before */
    apr_uint64_t sync_wanted; /**< somebody waits for a sync up to here */
    apr_uint64_t prepared;    /**< files hold zeros up to here */
    apr_uint32_t flush_turn;  /**< futex: raised after each flush */
    apr_uint32_t words_dirty;
    apr_uint32_t recovering; /**< records come from the files: passing events are not delivered again */
    apr_time_t words_saved;
    apr_time_t complained; /**< when the log last heard that the files cannot grow */

    /* Heap; block numbers count granules. */
    apr_uint64_t page_next;
    apr_uint32_t free[CCGW_LOCAL_CLASSES];
    apr_uint64_t carve[CCGW_LOCAL_CLASSES]; /**< page << 32 | next block in it */
    apr_uint32_t pending;                   /**< freed in this or the last commit */
    apr_uint32_t inflight;                  /**< taken for the commit that begins at inflight_for */
    apr_uint64_t inflight_for;

    /* Counters for the status page. */
    apr_uint64_t commits, conflicts, flushes, repairs, records, boxes, closed_boxes, blocks;

    ccgw_local_node_t top; /**< the index begins here; CCGW_LOCAL_HEIGHT links follow */
} ccgw_local_segment_t;

#define CCGW_LOCAL_SEGMENT_HEAD (sizeof(ccgw_local_segment_t) + CCGW_LOCAL_HEIGHT * sizeof(ccgw_off_t))

/** Plain data only: it outlives our shared object at a graceful restart. WAKE and the descriptors are the child's. */
struct ccgw_store_t {
    apr_uint64_t magic;
    ccgw_local_segment_t *seg;
    const char *dir;
    apr_uid_t uid;
    apr_gid_t gid;
    ccgw_durability_t durability;
    int mailbox_events;
    apr_size_t mailbox_bytes;
    int fd; /**< of journal file FD_FILE; used under flush_lock only; -1: none */
    apr_uint64_t fd_file;
    struct apr_file_t *lock;
    struct apr_shm_t *shm;
    ccgw_store_wake_t *wake;
    void *wake_baton;
};

static inline void *ccgw_local_at(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    return (char *)seg + off;
}

/* ---- the journal: see LAYOUT ---- */

#define CCGW_LOCAL_FILE_SIZE    ((apr_uint64_t)64 * 1024 * 1024)
#define CCGW_LOCAL_FILE_HEAD    64
#define CCGW_LOCAL_FILE_MAGIC   0x4a47434cU
#define CCGW_LOCAL_FILE_FORMAT  1
#define CCGW_LOCAL_RECORD_MAGIC 0x524a4743U
#define CCGW_LOCAL_RECORD_MAX   (2 * 1024 * 1024)
/** Numbers handed out and lost by a crash are below this many, each time. */
#define CCGW_LOCAL_NUMBER_JUMP ((apr_uint64_t)1 << 20)

typedef struct ccgw_local_file_head_t {
    apr_uint32_t magic;
    apr_uint32_t format;
    apr_uint64_t position;
    apr_uint32_t crc; /**< of this struct with crc 0 */
    apr_uint32_t unused[11];
} ccgw_local_file_head_t;

typedef enum ccgw_local_type_t {
    CCGW_LOCAL_COMMIT = 1,
    CCGW_LOCAL_WORDS,
    CCGW_LOCAL_START,
    CCGW_LOCAL_PAD /**< nothing more in this file; the CRC covers the head only */
} ccgw_local_type_t;

typedef struct ccgw_local_record_t {
    apr_uint32_t magic;
    apr_uint32_t len; /**< whole, a multiple of 8 */
    apr_uint32_t crc; /**< of the whole with crc 0 */
    unsigned char type;
    unsigned char level; /**< ccgw_durability_t it must reach to be seen */
    apr_uint16_t tenant_len;
    apr_uint64_t position;
    apr_uint64_t epoch;
    apr_uint64_t synced; /**< all before this was synced when the record was made */
    apr_uint64_t number; /**< COMMIT: the tenant's; START: incarnation */
    ccgw_off_t tenant;   /**< in the segment of the time; means nothing in a file. START: configured durability */
    apr_uint32_t nops;   /**< COMMIT: operations; WORDS: slots */
    apr_uint32_t boot;   /**< START: tells one boot of the machine from another */
} ccgw_local_record_t;

typedef enum ccgw_local_kind_t {
    CCGW_LOCAL_PUT = 1,
    CCGW_LOCAL_DEL,
    CCGW_LOCAL_OPEN,
    CCGW_LOCAL_CLOSE,
    CCGW_LOCAL_EVENT
} ccgw_local_kind_t;

/** OPEN: the first one of this mailbox in its transaction. EVENT's mailbox: opened by the transaction itself. */
#define CCGW_LOCAL_OP_FIRST 1

/** Key and value follow, each filled up to 8 bytes; then the mailboxes of an EVENT. The offsets name blocks that are
 *  filled before the commit point, so applying never needs memory; they mean nothing in a file. */
typedef struct ccgw_local_op_t {
    apr_uint32_t len;
    unsigned char kind;
    unsigned char table;
    apr_uint16_t flags;
    apr_uint16_t key_len;
    apr_uint16_t nboxes;
    apr_uint32_t value_len;
    apr_time_t due;
    ccgw_off_t node, block, due_node;
} ccgw_local_op_t;

typedef struct ccgw_local_target_t {
    ccgw_off_t entry; /**< 0: the mailbox was not open */
    apr_uint32_t flags;
    apr_uint32_t name_len;
} ccgw_local_target_t;

typedef struct ccgw_local_saved_slot_t {
    apr_uint64_t hash[2];
    apr_uint64_t words[CCGW_WORD_COUNT]; /**< all 0: forgotten */
} ccgw_local_saved_slot_t;

#define CCGW_LOCAL_ALIGN(n) (((apr_size_t)(n) + 7) & ~(apr_size_t)7)

/* ---- ccgw_store_local_heap.c; commit_lock held ---- */

void ccgw_local_heap_init(ccgw_local_segment_t *seg);
/** Blocks freed by earlier commits become free; blocks taken from now on belong to the commit that begins here. */
void ccgw_local_heap_begin(ccgw_local_segment_t *seg);
/** A zeroed block of at least SIZE bytes (at most ccgw_local_heap_max()); 0: there is none. */
ccgw_off_t ccgw_local_heap_take(ccgw_local_segment_t *seg, apr_size_t size);
/** Likewise, but it stays when the commit fails. */
ccgw_off_t ccgw_local_heap_keep(ccgw_local_segment_t *seg, apr_size_t size);
/** Give back everything taken since begin. */
void ccgw_local_heap_rollback(ccgw_local_segment_t *seg);
void ccgw_local_heap_free(ccgw_local_segment_t *seg, ccgw_off_t block);
/** After the death of a lock holder. */
void ccgw_local_heap_repair(ccgw_local_segment_t *seg);

/** A blob with BYTES in it, refs 0. 0: no space (what was taken goes with rollback). */
ccgw_off_t ccgw_local_blob_make(ccgw_local_segment_t *seg, const void *bytes, apr_uint32_t n, apr_uint64_t version,
                                apr_time_t due);
void ccgw_local_blob_free(ccgw_local_segment_t *seg, ccgw_off_t blob);
/** A copy with a zero byte behind it. @return CCGW_EDAMAGED when the CRC is wrong */
apr_status_t ccgw_local_blob_copy(ccgw_buf_t *copy, ccgw_local_segment_t *seg, ccgw_off_t blob, apr_pool_t *pool);

/* ---- ccgw_store_local_index.c; commit_lock held ---- */

/** Offsets of the last nodes before a key on each level. */
typedef struct ccgw_local_path_t {
    ccgw_off_t before[CCGW_LOCAL_HEIGHT];
} ccgw_local_path_t;

void ccgw_local_index_init(ccgw_local_segment_t *seg);
/** The node with exactly this key, or 0. PATH may be NULL. */
ccgw_off_t ccgw_local_index_find(ccgw_local_path_t *path, ccgw_local_segment_t *seg, int table, ccgw_buf_t key);
/** The first node of TABLE at or behind KEY, or 0. */
ccgw_off_t ccgw_local_index_seek(ccgw_local_segment_t *seg, int table, ccgw_buf_t key);
/** The node behind this one in the same table, or 0. */
ccgw_off_t ccgw_local_index_next(ccgw_local_segment_t *seg, ccgw_off_t node);
ccgw_buf_t ccgw_local_node_key(ccgw_local_segment_t *seg, ccgw_off_t node);
/** A node not linked yet, by TAKE (one of the two of the heap); 0: no space. */
ccgw_off_t ccgw_local_node_make(ccgw_local_segment_t *seg, int table, ccgw_buf_t key, ccgw_off_t value,
                                ccgw_off_t (*take)(ccgw_local_segment_t *seg, apr_size_t size));
/** Link NODE; nothing when its key is there already. */
void ccgw_local_index_link(ccgw_local_segment_t *seg, ccgw_off_t node);
/** Unlink the node of this key and free it, not its value; nothing when there is none. */
void ccgw_local_index_unlink(ccgw_local_segment_t *seg, int table, ccgw_buf_t key);

/** The tenant's block; MAKE: made when missing. 0: none, or no space. */
ccgw_off_t ccgw_local_tenant_find(ccgw_local_segment_t *seg, ccgw_buf_t name, int make);

/* ---- ccgw_store_local_due.c ---- */

#define CCGW_LOCAL_DUE_KEY_MAX (CCGW_KEY_MAX + 9)
/** BUF holds CCGW_LOCAL_DUE_KEY_MAX bytes. */
ccgw_buf_t ccgw_local_due_key(unsigned char *buf, apr_time_t due, int table, ccgw_buf_t key);
apr_status_t ccgw_local_due(ccgw_record_t **records, ccgw_table_t **tables, int *n, apr_time_t *next,
                            ccgw_store_t *store, apr_time_t until, int max, apr_pool_t *pool);

/* ---- ccgw_store_local_apply.c; commit_lock held ---- */

/** The operation at *AT of RECORD; *AT moves behind it. NULL: no more, or lengths that cannot be (*AT is then not the
 *  record's end). */
ccgw_local_op_t *ccgw_local_op_next(apr_size_t *at, ccgw_local_record_t *record);
apr_size_t ccgw_local_op_first(const ccgw_local_record_t *record);
ccgw_buf_t ccgw_local_op_key(ccgw_local_op_t *op);
ccgw_buf_t ccgw_local_op_value(ccgw_local_op_t *op);
/** Mailbox *AT of EVENT; begin with *AT 0. */
ccgw_local_target_t *ccgw_local_op_target(apr_size_t *at, ccgw_local_op_t *op);
/** Take and fill every block RECORD will need. Its tenant and position are set.
 *  @return CCGW_ENOSPACE, and nothing is taken; CCGW_EDAMAGED */
apr_status_t ccgw_local_prepare(ccgw_store_t *store, ccgw_local_record_t *record);
/** Make RECORD true, from operation seg->done on. */
void ccgw_local_apply(ccgw_store_t *store, ccgw_local_record_t *record);
/** Finish the commit that its owner left half applied. */
void ccgw_local_redo(ccgw_store_t *store);

/* ---- ccgw_store_local_box.c ---- */

/** commit_lock held: the operations on mailboxes. */
void ccgw_local_box_open(ccgw_store_t *store, ccgw_local_op_t *op);
void ccgw_local_box_close(ccgw_store_t *store, ccgw_local_op_t *op, apr_uint64_t number);
void ccgw_local_box_append(ccgw_store_t *store, ccgw_local_op_t *op, ccgw_local_kept_t kept);
/** commit_lock held: forget closed mailboxes beyond a bound. */
void ccgw_local_box_purge(ccgw_store_t *store);

/* ---- ccgw_store_local_read.c ---- */

apr_status_t ccgw_local_events(ccgw_stored_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_store_t *store,
                               ccgw_buf_t tenant, const ccgw_buf_t *boxes, int nboxes, ccgw_cursor_t after, int max,
                               apr_pool_t *pool);
ccgw_cursor_t ccgw_local_last(ccgw_store_t *store, ccgw_buf_t tenant);
ccgw_cursor_t ccgw_local_cursor(const ccgw_local_segment_t *seg, apr_uint64_t number);
/** commit_lock held: the record at NODE, copied. */
apr_status_t ccgw_local_record_copy(ccgw_record_t *record, ccgw_local_segment_t *seg, ccgw_off_t node,
                                    apr_pool_t *pool);

/* ---- ccgw_store_local_txn.c ---- */

apr_status_t ccgw_local_begin(ccgw_txn_t **txn, ccgw_store_t *store, ccgw_buf_t tenant, apr_pool_t *pool);
apr_status_t ccgw_local_get(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key);
apr_status_t ccgw_local_range(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                              ccgw_buf_t to, int max);
apr_status_t ccgw_local_peek(ccgw_record_t *record, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key);
apr_status_t ccgw_local_scan(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                             ccgw_buf_t to, int max);
apr_status_t ccgw_local_put(ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key, ccgw_buf_t value, apr_time_t due);
apr_status_t ccgw_local_del(ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key);
apr_status_t ccgw_local_open_box(ccgw_txn_t *txn, ccgw_buf_t mailbox);
apr_status_t ccgw_local_close_box(ccgw_txn_t *txn, ccgw_buf_t mailbox);
apr_status_t ccgw_local_append(ccgw_txn_t *txn, const ccgw_buf_t *mailboxes, int n, ccgw_buf_t body);
apr_status_t ccgw_local_commit(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability);
/** Does KEY begin with the name of TENANT and a zero byte? */
int ccgw_local_key_belongs(ccgw_buf_t key, ccgw_buf_t tenant);

/* ---- ccgw_store_local_journal.c: ring, commit point, group commit ---- */

void ccgw_local_lock(ccgw_store_t *store);
void ccgw_local_unlock(ccgw_store_t *store);
void ccgw_local_mutex_init(pthread_mutex_t *mutex);
/** Does what RECORD was decided on still hold? Called with commit_lock held. */
typedef int ccgw_local_check_t(void *baton);
/** The lower half of a commit, without the wait. RECORD is complete but for position, epoch, synced, number, blocks
 *  and CRC. *end: the position that must be published. */
apr_status_t ccgw_local_submit(apr_uint64_t *end, ccgw_store_t *store, ccgw_local_record_t *record,
                               ccgw_local_check_t *check, void *baton);
/** Wait until all before END is published, flushing when nobody else does. */
apr_status_t ccgw_local_wait(ccgw_store_t *store, apr_uint64_t end);
/** Write and sync what no commit waited for, unless somebody flushes already. */
apr_status_t ccgw_local_flush_lazily(ccgw_store_t *store);
/** Let the files hold zeros up to END, where records may then go. */
apr_status_t ccgw_local_prepare_files(ccgw_store_t *store, apr_uint64_t end);
/** Where a record of LEN bytes goes that is made when the journal ends at HEAD. */
apr_uint64_t ccgw_local_place(apr_uint64_t head, apr_uint64_t len);
apr_uint32_t ccgw_local_record_crc(ccgw_local_record_t *record);

/* ---- ccgw_store_local_file.c ---- */

apr_status_t ccgw_local_dir_open(const char **why, ccgw_store_t *store, apr_pool_t *process);
const char *ccgw_local_file_path(const ccgw_store_t *store, apr_uint64_t file, char *buf, apr_size_t n);
/** flush_lock held, or nobody else is there: zeros up to POSITION at least, files made as needed. */
apr_status_t ccgw_local_file_extend(ccgw_store_t *store, apr_uint64_t position);
/** flush_lock held. */
apr_status_t ccgw_local_file_write(ccgw_store_t *store, apr_uint64_t position, const void *bytes, apr_size_t n);
apr_status_t ccgw_local_file_sync(ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to);
void ccgw_local_file_close(ccgw_store_t *store);
apr_uint32_t ccgw_local_file_head_crc(ccgw_local_file_head_t head);

/* ---- ccgw_store_local_recover.c ---- */

apr_status_t ccgw_local_recover(const char **why, ccgw_store_t *store, const ccgw_store_config_t *config,
                                apr_pool_t *pool);

/* ---- ccgw_store_local_word.c ---- */

apr_status_t ccgw_local_word(apr_uint64_t *result, ccgw_store_t *store, ccgw_buf_t key, ccgw_word_t word,
                             ccgw_word_op_t op, apr_uint64_t value);
void ccgw_local_forget(ccgw_store_t *store, ccgw_buf_t key);
/** Journal the words that changed. */
apr_status_t ccgw_local_words_save(ccgw_store_t *store, int now_too);
/** Recovery: take the slots of a WORDS record. */
apr_status_t ccgw_local_words_load(ccgw_store_t *store, const ccgw_local_record_t *record);
/** Recovery, at the end: nothing held before the start may match, no number may be given twice. */
void ccgw_local_words_renew(ccgw_store_t *store);

#endif
