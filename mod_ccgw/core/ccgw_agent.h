/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_agent.h: presence and work of an agent; logins, which are one desktop each. */
#ifndef CCGW_AGENT_H
#define CCGW_AGENT_H

#include "core/ccgw_core.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_session.h"

typedef enum ccgw_presence_t {
    CCGW_PRESENCE_UNSET,
    CCGW_PRESENCE_READY,
    CCGW_PRESENCE_NOT_READY,
    CCGW_PRESENCE_WRAP_UP /**< after-call work: not ready, with its own name on every wire */
} ccgw_presence_t;

/** One channel of an open contact centre session. */
typedef struct ccgw_presence_state_t {
    ccgw_buf_t unknown;
    int media;              /**< ccgw_media_t */
    int state;              /**< ccgw_presence_t */
    const char *reason;     /**< "" none; "no-answer" when the server set it */
    apr_int64_t idle_since; /**< deadline clock: since when he waits for work; orders the offers */
    apr_int64_t available;  /**< the idle_since under which table AVAILABLE holds him; 0 not there */
} ccgw_presence_state_t;

/** One session he has a part in: his capacity is counted from these. */
typedef struct ccgw_task_t {
    ccgw_buf_t unknown;
    ccgw_id_t session;
    int media;
    int leg; /**< ccgw_leg_t */
} ccgw_task_t;

typedef struct ccgw_agent_t {
    ccgw_buf_t unknown;
    const char *id;
    ccgw_strs_t logins;  /**< login ids */
    ccgw_strs_t openers; /**< those of them that began the contact centre session: it ends with the last one */
    ccgw_strs_t joiners; /**< those of them whose desktop cannot answer: he joins what he is asked into at once */
    const char *place;   /**< "" none */
    int open;            /**< a contact centre session is open */
    ccgw_presence_state_t *channels;
    int nchannels;
    ccgw_task_t *tasks;
    int ntasks;
    apr_int64_t gone_at; /**< deadline clock: his sessions are requeued then; 0 he is here */
    apr_int64_t boxed;   /**< deadline clock: since when his mailbox takes events; 0 it is closed */
} ccgw_agent_t;

/** A workbin whose items a login wants to hear of. */
typedef struct ccgw_watch_t {
    ccgw_buf_t unknown;
    const char *workbin; /**< id */
    const char *owner;   /**< agent id, group name */
    apr_int64_t since;   /**< cursor: older events are not for him */
} ccgw_watch_t;

typedef struct ccgw_login_t {
    ccgw_buf_t unknown;
    const char *id;      /**< hash of the token */
    const char *agent;   /**< agent id */
    const char *dialect; /**< who made it; opaque here */
    const char *csrf;    /**< the token a browser must send back; "" none */
    apr_int64_t created;
    ccgw_watch_t *watches;
    int nwatches;
} ccgw_login_t;

extern const ccgw_record_type_t ccgw_agent_record;
extern const ccgw_record_type_t ccgw_login_record;

typedef struct ccgw_agent_args_t {
    const char *channel; /**< a media's name; NULL: all open ones */
    const char *state;   /**< ready, not-ready, wrap-up: set by the row */
    const char *reason;
    const char *place;
    const char *nickname;
    ccgw_strs_t channels; /**< to open */
    int end_login;        /**< close: the login ends with it */
    int joins;            /**< open: this desktop cannot answer, so he joins what he is asked into at once */
    const char
        *cause; /**< open, close, set_state: said again in the event; a word of the dialect's rows. The server's own
                                 is "no-answer" */
    const char *fields;
    const char *subresources;
} ccgw_agent_args_t;

typedef struct ccgw_agent_result_t {
    const ccgw_agent_def_t *def;
    ccgw_agent_t agent;
    ccgw_session_t *sessions; /**< when asked for */
    int nsessions;
    const char *fields;
    const char *subresources;
} ccgw_agent_result_t;

/* Verbs of the caller himself. */

/** Open the contact centre session: channels (voice, chat, sms; unknown names: CCGW_EINVAL), place. All start not
 *  ready. Open already: the channels are added. */
apr_status_t ccgw_agent_open(ccgw_call_t *call, const ccgw_agent_args_t *args, ccgw_agent_result_t *result);
/** Close it for this desktop; with the last desktop that opened it offers move on, and sessions he owns are requeued at
 *  once. */
apr_status_t ccgw_agent_close(ccgw_call_t *call, const ccgw_agent_args_t *args, ccgw_agent_result_t *result);
/** channel, state, reason. CCGW_ENOTOPEN without an open session; CCGW_ENOTFOUND for a channel that is not open. */
apr_status_t ccgw_agent_set_state(ccgw_call_t *call, const ccgw_agent_args_t *args, ccgw_agent_result_t *result);
/** Himself with presence; his sessions when subresources asks for them. */
apr_status_t ccgw_agent_get(ccgw_call_t *call, const ccgw_agent_args_t *args, ccgw_agent_result_t *result);

/* Logins. */

/** Make a login for call->agent. *token: what the client sends back, 128 random bits and the tenant's tag; it is not
 *  stored. *login lives in call->pool. */
apr_status_t ccgw_login_open(ccgw_login_t *login, const char **token, ccgw_call_t *call, const char *dialect);
/** As ccgw_login_open, but the token derives from SECRET (at least 128 unpredictable bits, hex): the same SECRET finds
 *  the same login again, from any child, for as long as it lasts. For clients that present a password each time. */
apr_status_t ccgw_login_join(ccgw_login_t *login, const char **token, ccgw_call_t *call, const char *dialect,
                             const char *secret);
/** The login ID as it is now. Unchecked read. CCGW_ESIGNIN when it has ended. */
apr_status_t ccgw_login_get(ccgw_login_t *login, ccgw_call_t *call, const char *id);
/** The login of TOKEN, its agent and tenant. Unchecked read; sets the last-seen word. CCGW_ESIGNIN when unknown. */
apr_status_t ccgw_login_find(ccgw_login_t *login, const ccgw_agent_def_t **agent, ccgw_core_t *core, const char *token,
                             apr_pool_t *pool);
/** The logins of call->agent as they are now, in call->pool. */
apr_status_t ccgw_login_list(ccgw_login_t **logins, int *n, ccgw_call_t *call);
/** End the login ID of call->agent, whoever of his desktops asks. */
apr_status_t ccgw_login_end(ccgw_call_t *call, const char *id);
/** End call->login. With the last one presence and mailbox end: offers move on, owned sessions are requeued after
 *  limits.gone. Ending one that is gone is no fault. */
apr_status_t ccgw_login_close(ccgw_call_t *call);

/** A media's name ("sms"), "" for unset; and back: aliases "smssession" and "email" are the dialects' business. */
const char *ccgw_media_name(ccgw_media_t media);
ccgw_media_t ccgw_media_parse(const char *name);

#endif
