/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_core.h: what every verb of the core is given, and how a verb becomes one transaction.
 *
 * The core knows agents, contacts, queues and workbins; it knows no HTTP, no JSON and no dialect. A verb is a
 * function of a call and its arguments. It reads records through one transaction, decides, writes records and
 * events, and is repeated from the start when something it read was changed meanwhile. */
#ifndef CCGW_CORE_H
#define CCGW_CORE_H

#include "ccgw_error.h"
#include "ccgw_store.h"
#include "ccgw_types.h"
#include "util/ccgw_record.h"
#include "util/ccgw_str.h"

struct ccgw_floor_t;
struct ccgw_tenant_t;
struct ccgw_agent_def_t;

/** At most COUNT texts within a period; COUNT 0: as many as come. */
typedef struct ccgw_rate_t {
    int count;
    apr_interval_time_t period;
} ccgw_rate_t;

/** Rules for the texts of one media. */
typedef struct ccgw_text_rules_t {
    ccgw_strs_t stop_words;  /**< a text that is one of them ends all texts to that customer; none: never */
    ccgw_strs_t start_words; /**< takes it back */
    ccgw_rate_t customer;    /**< what one customer may send to one of our numbers */
    ccgw_rate_t number;      /**< what all customers together may send to it */
} ccgw_text_rules_t;

/** Rules of the house, filled from the directives; all times in micro-seconds. */
typedef struct ccgw_limits_t {
    apr_interval_time_t no_answer;      /**< an offer is withdrawn after this */
    apr_interval_time_t gone;           /**< owned contacts are requeued this long after the last login ended */
    apr_interval_time_t login_idle;     /**< a login without a sign of life ends */
    apr_interval_time_t stream_idle;    /**< an event reader without a poll ends (Bayeux maxInterval) */
    apr_interval_time_t outbox_unknown; /**< how long a text of unknown fate waits for a report */
    apr_interval_time_t keep_sessions;  /**< ended sessions are removed after this, events before; 0 never */
    int pull_notify;                    /**< enableNotificationOnPullChat */
    int pull_join;                      /**< enableJoinOnPullChat */
    ccgw_text_rules_t texts[CCGW_MEDIA_COUNT];
} ccgw_limits_t;

/** One per child process; made before threads start, then read only. */
typedef struct ccgw_core_t {
    const ccgw_store_provider_t *provider;
    ccgw_store_t *store;
    const struct ccgw_floor_t *floor;
    ccgw_limits_t limits;
    apr_time_t started; /**< deadline clock when this life of the server began: no process of one before is alive, those
                             of a generation before may be. 0: unknown */
    apr_time_t (*now)(void *baton);  /**< the deadline clock */
    apr_time_t (*wall)(void *baton); /**< the clock shown to people */
    void *clock_baton;
    void (*outbox_ready)(void *baton); /**< called after a commit that left work in the outbox; may be NULL */
    void *outbox_baton;
    /** What the phone NUMBER will do when it is rung (ccgw_ring_t), and after which time; NULL: there is no voice
     *  channel, nobody answers. */
    int (*ring)(void *baton, const char *number, apr_interval_time_t *after);
    void *ring_baton;
} ccgw_core_t;

/** What went wrong, for the dialect's error map and the log. */
typedef struct ccgw_problem_t {
    apr_status_t code;
    const char *field; /**< the argument at fault, as the client spelt it; NULL none */
    const char *text;  /**< a sentence; NULL: the code's default text */
} ccgw_problem_t;

/** Who asks for what. Lives in a request (or one round of deadlines); one thread. */
typedef struct ccgw_call_t {
    ccgw_core_t *core;
    apr_pool_t *pool; /**< results live here */
    const struct ccgw_tenant_t *tenant;
    const struct ccgw_agent_def_t *agent; /**< NULL: a customer, a carrier or a deadline asks */
    const char *login;                    /**< login id; NULL none */
    ccgw_role_t role;
    apr_time_t now; /**< deadline clock at the start of the call */
    apr_time_t wall;
    apr_int64_t reference; /**< see ccgw_call_reference() */
    ccgw_problem_t problem;
    apr_interval_time_t retry; /**< with CCGW_ERATE: a repeat will be heard after this */
} ccgw_call_t;

/** Fill a call with the present times. AGENT and LOGIN may be NULL. */
void ccgw_call_init(ccgw_call_t *call, ccgw_core_t *core, const struct ccgw_tenant_t *tenant,
                    const struct ccgw_agent_def_t *agent, const char *login, apr_pool_t *pool);

/** The number that ties later events to this request: counted per login, the same for the whole call; 0 without a
 *  login. */
apr_int64_t ccgw_call_reference(ccgw_call_t *call);

/** Note a problem and return its code. FIELD may be NULL; FORMAT NULL: the code's default text. */
apr_status_t ccgw_problem(ccgw_call_t *call, apr_status_t code, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Default text of one of our codes, else APR's, in static storage or BUF. */
const char *ccgw_error_text(apr_status_t code, char *buf, apr_size_t size);

/** The store is full or cannot write: it has told the administrator itself, once for all who meet it. */
int ccgw_error_told(apr_status_t code);

/** One attempt of a verb. POOL is cleared before the next attempt: results that must last are copied to call->pool
 *  (ccgw_run does it for nobody). */
#define CCGW_WORK_MATCHES 16

typedef struct ccgw_work_t {
    ccgw_call_t *call;
    ccgw_core_t *core;
    ccgw_txn_t *txn;
    apr_pool_t *pool;
    ccgw_cursor_t at;                      /**< after the commit: its cursor */
    const char *queues[CCGW_WORK_MATCHES]; /**< queues that got work: matched after the commit */
    int nqueues;
    const struct ccgw_agent_def_t *freed[CCGW_WORK_MATCHES]; /**< agents who became available: likewise their queues */
    int nfreed;
    int outbox; /**< the outbox got work */
} ccgw_work_t;

typedef apr_status_t ccgw_work_fn_t(ccgw_work_t *work, void *baton);

/**
 * Run FN inside a transaction and commit. FN's failure drops the transaction and is returned. Conflicts begin again
 * with jitter for up to 2 s, and at least some times, then CCGW_EBUSY. After a commit that added work or availability the matching of those
 * queues runs (in transactions of its own); its outcome is not the verb's.
 */
apr_status_t ccgw_run(ccgw_call_t *call, ccgw_work_fn_t *fn, void *baton, ccgw_durability_t durability);

/** Ask for the matching of QUEUE after the commit. More than CCGW_WORK_MATCHES are left to the sweep. */
void ccgw_work_match(ccgw_work_t *work, const char *queue);
/** Likewise of the queues AGENT serves. */
void ccgw_work_freed(ccgw_work_t *work, const struct ccgw_agent_def_t *agent);

/* Keys: tenant \0, then parts: a text with a zero byte behind it, or a number as 8 bytes big endian. */
typedef struct ccgw_key_t {
    ccgw_out_t out;
} ccgw_key_t;

/** Begin a key of the tenant. */
void ccgw_key_begin(ccgw_key_t *key, const struct ccgw_tenant_t *tenant, apr_pool_t *pool);
void ccgw_key_text(ccgw_key_t *key, const char *part);
void ccgw_key_number(ccgw_key_t *key, apr_uint64_t part);
ccgw_buf_t ccgw_key_buf(const ccgw_key_t *key);
/** The number that KEY ends in; 0 of one that is too short. */
apr_uint64_t ccgw_key_last_number(ccgw_buf_t key);
/** The first key that is not below PREFIX, for the end of a range. */
ccgw_buf_t ccgw_key_after(ccgw_buf_t prefix, apr_pool_t *pool);

/** Checked read and decode. *REC is zeroed when there is none; *VERSION 0 then. VERSION may be NULL: absence is then
 *  CCGW_ENOTFOUND. Views into the transaction's pool. */
apr_status_t ccgw_work_get(void *rec, apr_uint64_t *version, ccgw_work_t *work, ccgw_table_t table, ccgw_buf_t key,
                           const ccgw_record_type_t *type);
/** Encode and put; DUE 0: never. */
apr_status_t ccgw_work_put(ccgw_work_t *work, ccgw_table_t table, ccgw_buf_t key, const ccgw_record_type_t *type,
                           const void *rec, apr_time_t due);

#endif
