/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_glue.h: what the files of this folder share, grouped by file. */
#ifndef MOD_CCGW_GLUE_H
#define MOD_CCGW_GLUE_H

/* APR's ring macros subtract from a null pointer, in every program that uses them. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wnull-pointer-subtraction"
#endif

#include "mod_ccgw_config.h"
#include "mod_ccgw_wait.h"

struct ccgw_outbox_t;

#include "api/ccgw_reply.h"
#include "core/ccgw_agent.h"
#include "stream/ccgw_stream.h"

/* ---- mod_ccgw_process.c: the engine's life: parent, restart, child ---- */

/** One per child. Filled before threads start, then read only. */
typedef struct ccgw_child_t {
    int usable; /**< 0: every request is answered 503 */
    const ccgw_engine_conf_t *conf;
    const char *secret; /**< random hex, the same in all children of this httpd */
    ccgw_core_t core;
    ccgw_wait_t *wait;
} ccgw_child_t;

extern ccgw_child_t ccgw_child;

int ccgw_process_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);
void ccgw_process_child_init(apr_pool_t *pchild, server_rec *s);
void ccgw_process_child_stopping(apr_pool_t *pchild, int graceful);
/** Has an earlier configuration of this httpd been started? Then this one is a restart's. */
int ccgw_process_runs(void);
/** In the parent: the child PID has ended. */
void ccgw_process_child_ended(pid_t pid);
/** The compiled rows of DIALECT. */
const ccgw_router_t *ccgw_process_router(const ccgw_dialect_t *dialect);

/* ---- mod_ccgw_keeper.c: the threads that keep house and send texts ---- */

/** Start both; ended by ccgw_keeper_end(). */
apr_status_t ccgw_keeper_begin(ccgw_child_t *child, apr_pool_t *pchild);
void ccgw_keeper_end(void);
/** A request has changed something: texts may have become ready to be sent. Any thread. */
void ccgw_keeper_poke(void);

/* ---- mod_ccgw_carrier.c: the connections events went out on ---- */

int ccgw_carrier_pre_connection(conn_rec *c, void *csd);
int ccgw_carrier_pre_close(conn_rec *c);
void ccgw_carrier_begin(apr_pool_t *pchild);
/** No connection is touched any more after this. */
void ccgw_carrier_end(void);
/** The number of the connection R came on. */
apr_uint64_t ccgw_carrier_id(request_rec *r);
/** See ccgw_stream_host_t. */
void ccgw_carrier_carries(request_rec *r, ccgw_buf_t key);
int ccgw_carrier_sound(apr_uint64_t carrier);
/** Tell the other children what has arrived. By the dispatcher, each tick. */
void ccgw_carrier_tick(void);

/* ---- mod_ccgw_handler.c: from request to reply ---- */

/** What translate_name found out; NULL in requests that are not ours. */
typedef struct ccgw_found_t {
    const ccgw_root_t *root;      /**< NULL: below /ccgw/ */
    const char *path;             /**< below the root, or below /ccgw; still encoded */
    struct ccgw_signin_t *signin; /**< set by the first who asks */
} ccgw_found_t;

ccgw_found_t *ccgw_found(request_rec *r);

int ccgw_handler_translate(request_rec *r);
int ccgw_handler_map(request_rec *r);
int ccgw_handler_type(request_rec *r);
int ccgw_handler_run(request_rec *r);

/** R as plain values, still without its body. */
void ccgw_handler_request(ccgw_request_t *request, request_rec *r, const char *path);
/** Set the format of the reply in REQUEST and VIEW. */
void ccgw_handler_format(ccgw_request_t *request, ccgw_view_t *view, const ccgw_dialect_t *dialect);
/** A view and a call of R's dialect for replies made outside of a routed request. */
void ccgw_handler_view(ccgw_view_t *view, ccgw_call_t *call, request_rec *r, const ccgw_root_t *root);
/** Status and header fields of REPLY. */
void ccgw_handler_headers(request_rec *r, const ccgw_reply_t *reply);
/** Send REPLY: status, headers, body. Returns OK, or an HTTP status when the connection broke. */
int ccgw_handler_send(request_rec *r, const ccgw_reply_t *reply);
/** Log a failed request, once. */
void ccgw_handler_log(request_rec *r, const char *op, const ccgw_reply_t *reply);

/* ---- mod_ccgw_body.c: the one bounded reader of request bodies ---- */

/** @return APR_SUCCESS; CCGW_ETOOLARGE (the connection is closed after the answer); else *http: what to return */
apr_status_t ccgw_body_read(ccgw_buf_t *body, int *http, request_rec *r);

/* ---- mod_ccgw_auth.c: who is it ---- */

/** How somebody was recognised. */
typedef enum ccgw_signin_by_t { CCGW_BY_NOTHING, CCGW_BY_TOKEN, CCGW_BY_HTTPD, CCGW_BY_BASIC } ccgw_signin_by_t;

typedef struct ccgw_signin_t {
    apr_status_t status; /**< CCGW_ESIGNIN: nobody, or wrong */
    ccgw_signin_by_t by;
    int cookie; /**< by a token that stood in a cookie, so any page may have sent the request */
    const ccgw_agent_def_t *agent;
    ccgw_login_t login;
    const char *token; /**< to be set as cookie; NULL: the client has it */
    const char *why;   /**< for the log */
} ccgw_signin_t;

/** Recognise the sender, once per request; sets r->user and the note "ccgw-agent". Never NULL. */
const ccgw_signin_t *ccgw_auth_signin(request_rec *r);
/** ccgw_view_t.check_password; BATON is the request_rec. */
apr_status_t ccgw_auth_password(void *baton, ccgw_call_t *call, const char *user, const char *password);
/** APR_SUCCESS, or CCGW_ECSRF when a cookie alone vouches for a request to OP that changes something: without the
 *  dialect's token, or by a GET of which the browser says that another site's page caused it. */
apr_status_t ccgw_auth_csrf(request_rec *r, const ccgw_signin_t *signin, const ccgw_op_t *op);
/** Cookie and CSRF headers of an answer. */
void ccgw_auth_headers(request_rec *r, const ccgw_signin_t *signin);
/** A request that may have ended its own login is done. */
void ccgw_auth_after(request_rec *r, const ccgw_signin_t *signin, ccgw_call_t *call);
/** WWW-Authenticate of an answer that asks for a sign-in; not for scripts, whose browsers would open a window, nor in
 *  dialects that never send it. */
void ccgw_auth_challenge(request_rec *r);

void ccgw_auth_begin(apr_pool_t *pchild);
int ccgw_auth_check(request_rec *r);
void ccgw_auth_register(apr_pool_t *pconf);

/* ---- mod_ccgw_stream.c: event readers ---- */

/** Serve a routed request whose row has a framing. */
void ccgw_stream_serve(ccgw_reply_t *reply, request_rec *r, const ccgw_request_t *request, ccgw_view_t *view,
                       ccgw_call_t *call);

/* ---- mod_ccgw_customer.c: the customers' end ---- */

/** Requests below /ccgw/. */
int ccgw_customer_handle(request_rec *r, const char *path);
/** ccgw_outbox_send_t: hand ENTRY to the channel of its media. BATON is the child. */
apr_status_t ccgw_customer_send(void *baton, const char **why, const struct ccgw_outbox_t *entry, apr_pool_t *pool);

/* ---- mod_ccgw_mask.c: carriers' secrets are not shown ---- */

/** Before anybody looks at the request: its first line, which the status page and %r show. */
int ccgw_mask_request(request_rec *r);
/** The same of one that httpd cannot make sense of and answers at once. */
void ccgw_mask_error(request_rec *r);
/** When it has been served and before it is logged: the line again, the query and the URI. */
int ccgw_mask_log(request_rec *r);

/* ---- mod_ccgw_status.c: what an administrator looks at ---- */

void ccgw_status_register(apr_pool_t *pconf);
int ccgw_status_catalog(request_rec *r);

/* ---- mod_ccgw_erase.c: an administrator has a customer erased ---- */

/** SetHandler ccgw-erase. */
int ccgw_erase_handle(request_rec *r);

#endif
