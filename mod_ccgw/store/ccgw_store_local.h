/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local.h: what the files of the provider "local" share. LAYOUT draws the segment and the files.
 *
 * Everything in the segment is named by its offset from the segment's start, never by a pointer. A process may be
 * killed at any instruction: every step that matters is one store, made with ccgw_local_set() so that the compiler
 * keeps their order, and every chain of such steps can be done again from its start.
 *
 * Locks: space_lock before flush_lock before commit_lock. commit_lock guards all but the words; flush_lock guards what
 * is written to the journal's files, space_lock their making and going. Readers take none of them: see "looks". */
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
#define CCGW_LOCAL_LAYOUT  3
#define CCGW_LOCAL_CLASSES 27
#define CCGW_LOCAL_HEIGHT  16
/** What the heap counts in: a block begins at a multiple of it. */
#define CCGW_LOCAL_GRANULE 64

/* ---- in the heap ---- */

/** A node of the index. The key stands behind next[height]. */
typedef struct ccgw_local_node_t {
    ccgw_off_t value;   /**< blob, mailbox or tenant, as the table has it; 0 in the due table */
    apr_uint32_t hash;  /**< of the key; lower half */
    apr_uint32_t chain; /**< the next node of the same bucket: its granule in the heap; 0 none */
    apr_uint16_t key_len;
    unsigned char table;
    unsigned char height;
    ccgw_off_t next[];
} ccgw_local_node_t;

/** A record's value or an event's body: never changed once it is linked. What does not fit goes on in MORE blocks. */
typedef struct ccgw_local_blob_t {
    apr_uint64_t version;
    apr_time_t due;
    apr_uint32_t len;
    apr_uint32_t crc;  /**< of the bytes */
    apr_uint32_t refs; /**< mailbox entries that hold this body */
    apr_uint32_t shot; /**< number of the last snapshot that has the bytes */
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
    apr_uint32_t hindrance; /**< status of the last write that failed and may go well another time */
    apr_uint32_t hindered_said;
    apr_time_t hindered; /**< since when the journal cannot be written to for such a reason; 0: it can */
    apr_uint64_t size;

    ccgw_off_t ring, slots, plan, buckets, links, classes, heap;
    apr_uint64_t ring_size, nslots, nbuckets, npages;
    apr_uint64_t hash_seed;
    apr_uint64_t file_size; /**< of a journal file */

    pthread_mutex_t commit_lock;
    pthread_mutex_t flush_lock;
    pthread_mutex_t space_lock;

    apr_uint64_t turn; /**< odd while something linked is being changed; raised by each change */

    apr_uint64_t epoch;       /**< of this start, in every record */
    apr_uint64_t start;       /**< as START's tenant */
    apr_uint32_t weakest;     /**< lowest level at which this start stores something that lasts */
    apr_uint64_t incarnation; /**< top of every cursor */

    /* Positions in the journal. */
    apr_uint64_t head;         /**< end of the last commit: storing it is the commit point */
    apr_uint64_t applied;      /**< != head: a commit is half applied */
    apr_uint64_t done;         /**< operations of that commit that are applied */
    apr_uint64_t written;      /**< handed to the system */
    apr_uint64_t flushed;      /**< synced */
    apr_uint64_t published;    /**< readers may see what is before */
    apr_uint64_t sync_wanted;  /**< somebody waits for a sync up to here */
    apr_uint64_t prepared;     /**< files are there up to here, with nothing that could be taken for a record */
    apr_uint64_t snapshot;     /**< the newest snapshot begins here; 0 none */
    apr_uint64_t scrub;        /**< no file may hold anything from before, except one that is about to go; 0 none */
    apr_uint64_t base;         /**< first position that a file still holds */
    apr_uint32_t shots;        /**< snapshots begun since the start */
    apr_uint32_t spares;       /**< files that wait to be used again */
    apr_uint32_t flush_turn;   /**< futex: raised after each flush */
    apr_uint64_t flush_target; /**< the flush under way ends here */
    apr_uint32_t words_dirty;
    apr_uint32_t recovering; /**< records come from the files: passing events are not delivered again */
    apr_time_t words_saved;
    apr_time_t stuck;       /**< when the files last could not grow, and the log knows; 0: they can */
    apr_time_t room_by;     /**< until then a snapshot that makes room has the little that is left for itself */
    apr_time_t full;        /**< when the heap last had no room, and the log knows; 0: it has */
    apr_time_t shot_failed; /**< when a snapshot last failed; 0: none since one was taken */

    /* Heap; block numbers count granules. */
    apr_uint64_t page_next;
    apr_uint32_t free[CCGW_LOCAL_CLASSES];
    apr_uint64_t carve[CCGW_LOCAL_CLASSES]; /**< page << 32 | next block in it */
    apr_uint32_t pending;                   /**< freed in this or the last commit */
    apr_uint32_t inflight;                  /**< taken for the commit that begins at inflight_for */
    apr_uint64_t inflight_for;
    apr_uint64_t granules;         /**< in blocks that are not free */
    apr_uint64_t reserve;          /**< pages that the commit in hand must not take */
    ccgw_off_t linking, unlinking; /**< the node whose links are being set or taken out; 0 none */

    /* Counters for the status page. */
    apr_uint64_t commits, conflicts, flushes, repairs, records, boxes, closed_boxes, blocks;
    apr_uint64_t snapshots, files_made, files_recycled, locked_reads;

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
    apr_uint64_t snapshot_bytes;
    int fd; /**< of journal file FD_FILE; used under flush_lock only; -1: none */
    apr_uint64_t fd_file;
    struct ccgw_local_shot_t *shot; /**< the snapshot that this child is writing */
    int shot_busy;                  /**< atomic: a thread of this child is at it */
    int direct;                     /**< journal files are written past the system's memory; 0: they cannot be */
    int copy;                       /**< read from files that belong to somebody else: nothing is written */
    struct apr_file_t *lock;
    struct apr_shm_t *shm;
    ccgw_store_wake_t *wake;
    void *wake_baton;
};

static inline void *ccgw_local_at(ccgw_local_segment_t *seg, ccgw_off_t off)
{
    return (char *)seg + off;
}

/** The block that begins at this granule of the heap, and the granule that a block begins at; 0: none. */
static inline ccgw_off_t ccgw_local_block_at(const ccgw_local_segment_t *seg, apr_uint32_t granule)
{
    return granule ? seg->heap + (ccgw_off_t)granule * CCGW_LOCAL_GRANULE : 0;
}

static inline apr_uint32_t ccgw_local_block_of(const ccgw_local_segment_t *seg, ccgw_off_t block)
{
    return (apr_uint32_t)((block - seg->heap) / CCGW_LOCAL_GRANULE);
}

/* ---- looks: reading without a lock ----
 *
 * A reader notes the turn, follows offsets, and before it uses what it found it looks whether the turn is still the same:
 * a block that was reachable then is not used for anything else before the turn has changed. It begins again when it has,
 * and after a few times takes the lock. Whoever holds commit_lock looks with LOCKED set: nothing can change. */

typedef struct ccgw_local_look_t {
    ccgw_store_t *store;
    ccgw_local_segment_t *seg;
    apr_uint64_t turn;
    int tries;
    int locked;
} ccgw_local_look_t;

/** Has nothing been changed since the look began? What was read before the call is true then. */
static inline int ccgw_local_holds(const ccgw_local_look_t *look)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return look->locked || __atomic_load_n(&look->seg->turn, __ATOMIC_RELAXED) == look->turn;
}

/** For the owner of commit_lock. */
static inline ccgw_local_look_t ccgw_local_owner(ccgw_local_segment_t *seg)
{
    ccgw_local_look_t look = { .seg = seg, .locked = 1 };

    return look;
}

/** do { begin; read } while (!end); LOOK is zeroed before the first one. */
void ccgw_local_look_begin(ccgw_local_look_t *look, ccgw_store_t *store);
int ccgw_local_look_end(ccgw_local_look_t *look);

/** commit_lock held: what is between the two, readers do not use. */
void ccgw_local_change_begin(ccgw_local_segment_t *seg);
void ccgw_local_change_end(ccgw_local_segment_t *seg);

/* ---- the journal: see LAYOUT ---- */

#define CCGW_LOCAL_FILE_SIZE ((apr_uint64_t)64 * 1024 * 1024)
#define CCGW_LOCAL_FILE_MIN  ((apr_uint64_t)4 * 1024 * 1024)
/** The disk is given whole blocks, past the system's memory: so a file's head has one to itself, and the ring holds zeros
 *  behind the newest record up to the block's end. */
#define CCGW_LOCAL_BLOCK        ((apr_uint64_t)4096)
#define CCGW_LOCAL_FILE_HEAD    CCGW_LOCAL_BLOCK
#define CCGW_LOCAL_FILE_MAGIC   0x4a47434cU
#define CCGW_LOCAL_FILE_FORMAT  2
#define CCGW_LOCAL_RECORD_MAGIC 0x524a4743U
#define CCGW_LOCAL_RECORD_MAX   (2 * 1024 * 1024)
/** Numbers handed out and lost by a crash are below this many, each time. */
#define CCGW_LOCAL_NUMBER_JUMP ((apr_uint64_t)1 << 20)

typedef struct ccgw_local_file_head_t {
    apr_uint32_t magic;
    apr_uint32_t format;
    apr_uint64_t position;
    apr_uint64_t size;  /**< of every journal file of this directory */
    apr_uint64_t inode; /**< of this very file: a copy has another, or says 0 */
    apr_uint32_t crc;   /**< of this struct with crc 0 */
    apr_uint32_t unused[7];
} ccgw_local_file_head_t;

typedef enum ccgw_local_type_t {
    CCGW_LOCAL_COMMIT = 1,
    CCGW_LOCAL_WORDS,
    CCGW_LOCAL_START,
    CCGW_LOCAL_PAD,  /**< nothing more in this file */
    CCGW_LOCAL_SCRUB /**< zeros; the files before the last one of them shall go */
} ccgw_local_type_t;

typedef struct ccgw_local_record_t {
    apr_uint32_t magic;
    apr_uint32_t len;      /**< whole, a multiple of 8 */
    apr_uint32_t crc;      /**< of this head with crc 0 */
    apr_uint32_t body_crc; /**< of all behind it; 0 of a PAD */
    unsigned char type;
    unsigned char level; /**< ccgw_durability_t it must reach to be seen */
    apr_uint16_t tenant_len;
    apr_uint32_t nops; /**< COMMIT: operations; WORDS: slots */
    apr_uint64_t position;
    apr_uint64_t epoch;
    apr_uint64_t synced; /**< all before this was synced when the record was made */
    apr_uint64_t number; /**< COMMIT: the tenant's; START: incarnation */
    ccgw_off_t tenant;   /**< in the segment of the time; means nothing in a file. START: boot of the machine (32 bits)
                              above the configured durability */
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

/** Key and value follow, each filled up to 8 bytes; then the mailboxes of an EVENT. */
typedef struct ccgw_local_op_t {
    apr_uint32_t len;
    unsigned char kind;
    unsigned char table;
    apr_uint16_t flags;
    apr_uint16_t key_len;
    apr_uint16_t nboxes;
    apr_uint32_t value_len;
    apr_time_t due;
    apr_uint32_t value_crc;
    apr_uint32_t unused;
} ccgw_local_op_t;

typedef struct ccgw_local_target_t {
    apr_uint32_t flags;
    apr_uint32_t name_len;
} ccgw_local_target_t;

/** The plan of the commit in hand, in the segment: for each operation the blocks that were taken and filled for it
 *  before the commit point, so that applying never needs memory; ENTRIES of an EVENT follow it. */
typedef struct ccgw_local_plan_t {
    ccgw_off_t node;      /**< new, or the one that is there */
    ccgw_off_t block;     /**< blob or mailbox */
    ccgw_off_t due_node;  /**< new */
    ccgw_off_t entries[]; /**< one for each mailbox; 0: it was not open */
} ccgw_local_plan_t;
#define CCGW_LOCAL_PLAN_WORDS (4 * CCGW_TXN_MAX_OPS)

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
/** ON: the commit in hand shall not touch the last sixteenth of the pages. Set anew for each commit. */
void ccgw_local_heap_reserve(ccgw_local_segment_t *seg, int on);
/** Are at least PARTS sixteenths free? One is kept for finishing what has been begun. */
int ccgw_local_heap_has_room(const ccgw_local_segment_t *seg, int parts);
/** After the death of a lock holder, before anything else is done. */
void ccgw_local_heap_repair(ccgw_local_segment_t *seg);

/** A blob with BYTES in it, whose CRC the caller knows; refs 0. 0: no space (what was taken goes with rollback). */
ccgw_off_t ccgw_local_blob_make(ccgw_local_segment_t *seg, const void *bytes, apr_uint32_t n, apr_uint32_t crc,
                                apr_uint64_t version, apr_time_t due);
void ccgw_local_blob_free(ccgw_local_segment_t *seg, ccgw_off_t blob);
/** commit_lock held: its bytes to TO. */
void ccgw_local_blob_put(char *to, ccgw_local_segment_t *seg, ccgw_off_t blob);
/** A copy with a zero byte behind it; empty when LOOK does not hold. @return CCGW_EDAMAGED when the CRC is wrong */
apr_status_t ccgw_local_blob_copy(ccgw_buf_t *copy, const ccgw_local_look_t *look, ccgw_off_t blob, apr_pool_t *pool);

/* ---- ccgw_store_local_index.c ---- */

/** The three ways to a node. With a look that does not hold they may say 0 for what is there. */
ccgw_off_t ccgw_local_look_find(const ccgw_local_look_t *look, int table, ccgw_buf_t key);
/** The first node of TABLE at or behind KEY, or 0. */
ccgw_off_t ccgw_local_look_seek(const ccgw_local_look_t *look, int table, ccgw_buf_t key);
/** The node behind this one in the same table, or 0. */
ccgw_off_t ccgw_local_look_next(const ccgw_local_look_t *look, ccgw_off_t node);

/* The rest: commit_lock held. */

void ccgw_local_index_init(ccgw_local_segment_t *seg);
/** The node with exactly this key, or 0. Not for the due table. */
ccgw_off_t ccgw_local_index_find(ccgw_local_segment_t *seg, int table, ccgw_buf_t key);
ccgw_off_t ccgw_local_index_seek(ccgw_local_segment_t *seg, int table, ccgw_buf_t key);
ccgw_off_t ccgw_local_index_next(ccgw_local_segment_t *seg, ccgw_off_t node);
ccgw_buf_t ccgw_local_node_key(ccgw_local_segment_t *seg, ccgw_off_t node);
/** A node not linked yet, by TAKE (one of the two of the heap); 0: no space. */
ccgw_off_t ccgw_local_node_make(ccgw_local_segment_t *seg, int table, ccgw_buf_t key, ccgw_off_t value,
                                ccgw_off_t (*take)(ccgw_local_segment_t *seg, apr_size_t size));
/** After the death of a lock holder, behind redo: finish what is half linked. */
void ccgw_local_index_repair(ccgw_local_segment_t *seg);
/** Link NODE; links that are there already stay. */
void ccgw_local_index_link(ccgw_local_segment_t *seg, ccgw_off_t node);
/** Unlink the node of this key and free it, not its value; nothing when there is none. */
void ccgw_local_index_unlink(ccgw_local_segment_t *seg, int table, ccgw_buf_t key);

/** The tenant's block, or 0. */
ccgw_off_t ccgw_local_tenant_find(const ccgw_local_look_t *look, ccgw_buf_t name);
/** commit_lock held: likewise, made when missing; 0: no space. */
ccgw_off_t ccgw_local_tenant_make(ccgw_local_segment_t *seg, ccgw_buf_t name);

/* ---- ccgw_store_local_due.c ---- */

#define CCGW_LOCAL_DUE_KEY_MAX (CCGW_KEY_MAX + 9)
/** BUF holds CCGW_LOCAL_DUE_KEY_MAX bytes. */
ccgw_buf_t ccgw_local_due_key(unsigned char *buf, apr_time_t due, int table, ccgw_buf_t key);
apr_status_t ccgw_local_due(ccgw_record_t **records, ccgw_table_t **tables, int *n, apr_time_t *next,
                            ccgw_store_t *store, apr_time_t from, apr_time_t until, int max, apr_pool_t *pool);

/* ---- ccgw_store_local_apply.c; commit_lock held ---- */

/** The operation at *AT of RECORD; *AT moves behind it. NULL: no more, or lengths that cannot be (*AT is then not the
 *  record's end). */
ccgw_local_op_t *ccgw_local_op_next(apr_size_t *at, ccgw_local_record_t *record);
apr_size_t ccgw_local_op_first(const ccgw_local_record_t *record);
ccgw_buf_t ccgw_local_op_key(ccgw_local_op_t *op);
ccgw_buf_t ccgw_local_op_value(ccgw_local_op_t *op);
/** Mailbox *AT of EVENT; begin with *AT 0. */
ccgw_local_target_t *ccgw_local_op_target(apr_size_t *at, ccgw_local_op_t *op);
/** The plan of the commit's first operation; the one behind PLAN, which is OP's. */
ccgw_local_plan_t *ccgw_local_plan_first(ccgw_local_segment_t *seg);
ccgw_local_plan_t *ccgw_local_plan_next(ccgw_local_plan_t *plan, const ccgw_local_op_t *op);
/** Take and fill every block RECORD will need. Its tenant and position are set.
 *  @return CCGW_ENOSPACE, and nothing is taken; CCGW_EDAMAGED */
apr_status_t ccgw_local_prepare(ccgw_store_t *store, ccgw_local_record_t *record);
/** Make RECORD true, from operation seg->done on. */
void ccgw_local_apply(ccgw_store_t *store, ccgw_local_record_t *record);
/** Finish the commit that its owner left half applied. */
void ccgw_local_redo(ccgw_store_t *store);

/* ---- ccgw_store_local_box.c ---- */

/** The mailbox, or 0. */
ccgw_off_t ccgw_local_box_find(const ccgw_local_look_t *look, ccgw_buf_t name);
/** commit_lock held: the operations on mailboxes. */
void ccgw_local_box_open(ccgw_store_t *store, ccgw_local_op_t *op, const ccgw_local_plan_t *plan);
void ccgw_local_box_close(ccgw_store_t *store, ccgw_local_op_t *op, apr_uint64_t number);
void ccgw_local_box_append(ccgw_store_t *store, ccgw_local_op_t *op, const ccgw_local_plan_t *plan,
                           ccgw_local_kept_t kept);
/** Recovery: put ENTRY, filled but for its links, at the end of a mailbox's lasting events. */
void ccgw_local_box_restore(ccgw_local_segment_t *seg, ccgw_local_box_t *box, ccgw_off_t entry);
/** commit_lock held: forget closed mailboxes beyond a bound. */
void ccgw_local_box_purge(ccgw_store_t *store);

/* ---- ccgw_store_local_read.c ---- */

apr_status_t ccgw_local_events(ccgw_stored_event_t **events, int *n, ccgw_cursor_t *upto, ccgw_store_t *store,
                               ccgw_buf_t tenant, const ccgw_buf_t *boxes, int nboxes, ccgw_cursor_t after, int max,
                               apr_pool_t *pool);
ccgw_cursor_t ccgw_local_last(ccgw_store_t *store, ccgw_buf_t tenant);
ccgw_cursor_t ccgw_local_cursor(const ccgw_local_segment_t *seg, apr_uint64_t number);
/** The record at NODE, copied; nothing of it means anything when LOOK does not hold. */
apr_status_t ccgw_local_record_copy(ccgw_record_t *record, const ccgw_local_look_t *look, ccgw_off_t node,
                                    apr_pool_t *pool);
/** The block that NODE leads to; 0 when LOOK does not hold. */
ccgw_off_t ccgw_local_value_of(const ccgw_local_look_t *look, ccgw_off_t node);
apr_status_t ccgw_local_walk(ccgw_store_t *store, ccgw_store_visit_t *visit, void *baton, apr_pool_t *pool);

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
/** The lower half of a commit, without the wait. RECORD is complete but for position, epoch, synced, number and the
 *  head's CRC. *end: the position that must be published. Whatever is returned but APR_SUCCESS: nothing happened. */
apr_status_t ccgw_local_submit(apr_uint64_t *end, ccgw_store_t *store, ccgw_local_record_t *record,
                               ccgw_local_check_t *check, void *baton);
/** Wait until all before END is published, flushing when nobody else does. */
apr_status_t ccgw_local_wait(ccgw_store_t *store, apr_uint64_t end);
/** Write and sync what no commit waited for, unless somebody flushes already. */
apr_status_t ccgw_local_flush_lazily(ccgw_store_t *store);
/** At the start: what stands before POSITION in its block, so that the block can be written again. */
apr_status_t ccgw_local_ring_load(ccgw_store_t *store, apr_uint64_t position);
/** Write and sync all that is committed now. */
apr_status_t ccgw_local_flush_all(ccgw_store_t *store);
/** The head's CRC, as it should be. */
apr_uint32_t ccgw_local_record_crc(const ccgw_local_record_t *record);
/** Set body_crc. */
void ccgw_local_record_seal(ccgw_local_record_t *record);
/** The start of the file behind the one that POSITION lies in, where its first record goes. */
apr_uint64_t ccgw_local_next_file(const ccgw_local_segment_t *seg, apr_uint64_t position);

/* ---- ccgw_store_local_file.c ---- */

apr_status_t ccgw_local_dir_open(const char **why, ccgw_store_t *store, apr_pool_t *process);
const char *ccgw_local_file_path(const ccgw_store_t *store, apr_uint64_t file, char *buf, apr_size_t n);
/** flush_lock held. */
apr_status_t ccgw_local_file_write(ccgw_store_t *store, apr_uint64_t position, const void *bytes, apr_size_t n);
/** flush_lock held. *tried: a sync itself failed, and nothing tells what the disk has now. */
apr_status_t ccgw_local_file_sync(int *tried, ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to);
/** At the start: what the system holds of [FROM, TO) to the disk once more, for it may take for clean what a failed sync
 *  left. Files that are missing are passed over. */
apr_status_t ccgw_local_file_settle(const ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to);
void ccgw_local_file_close(ccgw_store_t *store);
/** N bytes of a file in memory that munmap() gives back; NULL when N is 0. OURS: a copy, for whoever writes to the file
 *  may do so meanwhile; what it lacks is zero. On failure *at is the first place that cannot be read. */
apr_status_t ccgw_local_read_file(char **map, apr_uint64_t *at, int fd, apr_uint64_t n, int ours);
apr_status_t ccgw_local_write_all(int fd, const void *bytes, apr_size_t n, apr_uint64_t at);
/** For whoever writes much in the background: when a portion lies between *PUSHED and TO it goes to the disk now, and *PUSHED
 *  follows, so that no sync of the journal finds more than that in its way. It is no sync itself. */
apr_status_t ccgw_local_file_push(int fd, apr_uint64_t *pushed, apr_uint64_t to);
apr_status_t ccgw_local_dir_sync(const ccgw_store_t *store);
/** What the store makes belongs to the server's user. */
int ccgw_local_give_away(const ccgw_store_t *store, int fd);

/* ---- ccgw_store_local_space.c: journal files made ahead, and used again ---- */

#define CCGW_LOCAL_PATH_SIZE 1024

apr_uint32_t ccgw_local_file_head_crc(ccgw_local_file_head_t head);
/** Let there be room up to END, where records may then go. A fault is logged now and then.
 *  @return CCGW_ESTORE; nothing is lost, and the next call tries again */
apr_status_t ccgw_local_space_make(ccgw_store_t *store, apr_uint64_t end);
/** From now on no file is used again until a snapshot has been made. *recycled: how many were until now.
 *  @return up to where files are there already */
apr_uint64_t ccgw_local_space_freeze(ccgw_store_t *store, apr_uint64_t *recycled);
/** Set seg->scrub to POSITION. 0: it was not, for a file was used again since RECYCLED were: a snapshot that had begun
 *  before the freeze ended it. */
int ccgw_local_space_vow(ccgw_store_t *store, apr_uint64_t position, apr_uint64_t recycled);
/** Remove what killed owners left half made. */
apr_status_t ccgw_local_space_tidy(const ccgw_store_t *store, apr_pool_t *pool);
/** Journal files that begin at POSITION or behind get another name, for whoever wants to look. */
apr_status_t ccgw_local_space_set_aside(const ccgw_store_t *store, apr_uint64_t position, apr_pool_t *pool);
/** Files of which the snapshot at POSITION needs nothing: a few are kept for use again, unless FORGET. Older snapshots
 *  go; newer ones are another child's. */
apr_status_t ccgw_local_space_recycle(ccgw_store_t *store, apr_uint64_t position, int forget);
/** Files that an accepted loss has set aside are the administrator's; after a scrub the log names them. */
void ccgw_local_space_tell_damaged(const ccgw_store_t *store);
/** What stands in the directory. */
typedef struct ccgw_local_dir_t {
    apr_uint64_t snapshot;    /**< the newest one's position; 0 none */
    apr_uint64_t first, last; /**< numbers of the journal's files */
    int nfiles;               /**< journal files */
    int nspares;
} ccgw_local_dir_t;
apr_status_t ccgw_local_dir_list(ccgw_local_dir_t *found, const ccgw_store_t *store, apr_uint64_t file_size,
                                 apr_pool_t *pool);
/** Call SEE for each file of the directory that is called PREFIX and a position, until it answers 0. */
typedef int ccgw_local_see_t(void *baton, const char *name, apr_uint64_t position);
apr_status_t ccgw_local_dir_each(const ccgw_store_t *store, const char *prefix, ccgw_local_see_t *see, void *baton,
                                 apr_pool_t *pool);
/** Write the head of a journal file that is there as one of ours. */
apr_status_t ccgw_local_file_adopt(ccgw_store_t *store, apr_uint64_t file);
const char *ccgw_local_snapshot_path(const ccgw_store_t *store, apr_uint64_t position, char *buf, apr_size_t n);

/* ---- ccgw_store_local_snapshot.c: writing, ccgw_store_local_load.c: reading ---- */

#define CCGW_LOCAL_SNAPSHOT_MAGIC  0x5347434cU
#define CCGW_LOCAL_SNAPSHOT_FORMAT 1

typedef struct ccgw_local_snapshot_head_t {
    apr_uint32_t magic;
    apr_uint32_t format;
    apr_uint64_t position; /**< the journal from here on belongs to it */
    apr_uint64_t epoch;
    apr_uint64_t incarnation;
    apr_uint64_t start; /**< as START's tenant */
    apr_uint64_t file_size;
    apr_uint32_t weakest; /**< lowest level at which anything was stored in this start */
    apr_uint32_t crc;     /**< of this struct with crc 0 */
    apr_uint64_t seen;    /**< what its parts hold was committed before here; 0: it does not say */
} ccgw_local_snapshot_head_t;

typedef enum ccgw_local_item_kind_t {
    CCGW_LOCAL_ITEM_RECORD = 1, /**< key, value */
    CCGW_LOCAL_ITEM_BOX,        /**< name; then EVENT items, which belong to it */
    CCGW_LOCAL_ITEM_EVENT,      /**< body; empty: an earlier item of the same number and event has it */
    CCGW_LOCAL_ITEM_TENANT,     /**< name */
    CCGW_LOCAL_ITEM_SLOTS,      /**< ccgw_local_saved_slot_t */
    CCGW_LOCAL_ITEM_END         /**< last: a = number of items before */
} ccgw_local_item_kind_t;

/** Key and value follow, each filled up to 8 bytes. */
typedef struct ccgw_local_item_t {
    apr_uint32_t len;
    apr_uint32_t crc; /**< of the whole with crc 0, begun with the item's place in the file */
    unsigned char kind;
    unsigned char table;
    apr_uint16_t key_len;
    apr_uint32_t value_len;
    apr_uint64_t a; /**< RECORD: version; BOX: dropped_upto; EVENT: number; TENANT: last */
    apr_uint64_t b; /**< RECORD: due; BOX: open; EVENT: born; TENANT: forgotten_upto */
    apr_uint32_t c; /**< EVENT: which of the commit; RECORD and EVENT with a body: CRC of the value in D */
    apr_uint32_t d;
} ccgw_local_item_t;

apr_uint32_t ccgw_local_item_crc(const ccgw_local_item_t *item, apr_uint64_t place);
/** Now and then: begin, go on with or finish a snapshot when one is due. Never long. */
apr_status_t ccgw_local_snapshot_step(ccgw_store_t *store);
/** The child ends: what is half written is dropped. */
void ccgw_local_snapshot_drop(ccgw_store_t *store);
apr_status_t ccgw_local_scrub(ccgw_store_t *store);
apr_status_t ccgw_local_backup(const char **why, const char *from, const char *to, apr_pool_t *pool);

/** Take the bytes of the snapshot at POSITION into the empty segment. HEAD gets its head. CCGW_EDAMAGED: *why says
 *  where; LOSSY: what is sound before the damage is there, and *why says what was given up, with APR_SUCCESS. */
apr_status_t ccgw_local_snapshot_load(ccgw_local_snapshot_head_t *head, const char **why, ccgw_store_t *store,
                                      apr_uint64_t position, int lossy, apr_pool_t *pool);

/* ---- ccgw_store_local_recover.c ---- */

/** STORE->copy: nothing is written. */
apr_status_t ccgw_local_recover(const char **why, ccgw_store_t *store, const ccgw_store_config_t *config,
                                apr_pool_t *pool);

/* ---- ccgw_store_local_word.c ---- */

apr_status_t ccgw_local_word(apr_uint64_t *result, ccgw_store_t *store, ccgw_buf_t key, ccgw_word_t word,
                             ccgw_word_op_t op, apr_uint64_t value);
void ccgw_local_forget(ccgw_store_t *store, ccgw_buf_t key);
/** Journal the words that changed. */
apr_status_t ccgw_local_words_save(ccgw_store_t *store, int now_too);
/** The slots from FROM on that are in use, at most MAX; *next: where to go on. @return how many */
apr_uint32_t ccgw_local_words_copy(ccgw_local_saved_slot_t *saved, apr_uint32_t max, apr_uint64_t *next,
                                   ccgw_store_t *store, apr_uint64_t from);
/** Recovery: take N slots. */
apr_status_t ccgw_local_words_load(ccgw_store_t *store, const ccgw_local_saved_slot_t *saved, apr_uint32_t n);
/** Recovery, at the end: nothing held before the start may match, no number may be given twice. */
void ccgw_local_words_renew(ccgw_store_t *store);

#endif
