/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* dialect.h: Evo Voice (ServiceStack) as tables over the core's structs. The first part is for everybody, the second for
 * this folder only. */
#ifndef EVOVOICE_DIALECT_H
#define EVOVOICE_DIALECT_H

#include "api/ccgw_op.h"

#include <stddef.h>
#include <string.h>

extern const ccgw_dialect_t ccgw_dialect_evovoice;

/* ---- this folder only ---- */

#include "api/ccgw_request.h"
#include "api/ccgw_verb.h"
#include "core/ccgw_agent.h"
#include "core/ccgw_floor.h"
#include "core/ccgw_member.h"
#include "core/ccgw_session.h"
#include "core/ccgw_state.h"

/* What the operations are given. Those on one session begin with the core's arguments. */

typedef struct evovoice_message_args_t {
    ccgw_session_args_t session;
    const char *endpoint; /**< our number ... */
    const char *to;       /**< ... and the customer's, where no session is named */
} evovoice_message_args_t;

typedef struct evovoice_end_args_t {
    ccgw_session_args_t session;
    const char *call_sid; /**< only this leg of a call */
} evovoice_end_args_t;

typedef struct evovoice_transcript_args_t {
    ccgw_session_args_t session;
    int historical;    /**< 1: also what was said to the same customer before */
    apr_int64_t since; /**< of that, nothing older (wall clock); 0: six months */
} evovoice_transcript_args_t;

typedef struct evovoice_search_args_t {
    ccgw_search_args_t search;
    ccgw_strs_t accounts;
    ccgw_strs_t customers;
    ccgw_strs_t endpoints;
    const char *from;
    const char *to;
    const char *parent;
    const char *log;
    const char *sort_field;
    int archive;
    int simple;
} evovoice_search_args_t;

typedef struct evovoice_auth_args_t {
    const char *provider;
    const char *user;
    const char *password;
    const char *remember; /**< as the client wrote it; NULL not said */
    const char *cookie;   /**< the request's headers */
    const char *ss_id;
    const char *ss_pid;
    const char *ss_opt;
} evovoice_auth_args_t;

/* What they answer, where the core's result is not enough. */

typedef struct evovoice_message_result_t {
    ccgw_session_t session;
    ccgw_message_t message;
} evovoice_message_result_t;

/** Who is signed in, if anybody. */
typedef struct evovoice_auth_result_t {
    const ccgw_agent_def_t *agent; /**< NULL: nobody */
    const char *session;           /**< the id that stands for the login; NULL: the client has it */
    const char *other;             /**< an id that opens nothing, for the cookie that does not count */
    int remember;                  /**< 1 yes, 0 no, -1 not said */
} evovoice_auth_result_t;

/* ops.c */
extern const ccgw_op_t evovoice_ops[];

/* params.c */
extern const ccgw_param_t evovoice_params_none[];
extern const ccgw_param_t evovoice_params_session[];
extern const ccgw_param_t evovoice_params_invite[];
extern const ccgw_param_t evovoice_params_remove[];
extern const ccgw_param_t evovoice_params_end[];
extern const ccgw_param_t evovoice_params_search[];
extern const ccgw_param_t evovoice_params_transcript[];
extern const ccgw_param_t evovoice_params_message[];
extern const ccgw_param_t evovoice_params_auth[];

/* verbs.c */
extern const ccgw_verb_t evovoice_verb_get;
extern const ccgw_verb_t evovoice_verb_list;
extern const ccgw_verb_t evovoice_verb_search;
extern const ccgw_verb_t evovoice_verb_invite;
extern const ccgw_verb_t evovoice_verb_remove;
extern const ccgw_verb_t evovoice_verb_end;
extern const ccgw_verb_t evovoice_verb_send;
extern const ccgw_verb_t evovoice_verb_transcript;
extern const ccgw_verb_t evovoice_verb_authenticate;
extern const ccgw_verb_t evovoice_verb_authenticated;
extern const ccgw_verb_t evovoice_verb_status;
extern const ccgw_verb_t evovoice_verb_logout;

/* shapes.c */
extern const ccgw_shape_t evovoice_shape_done;
extern const ccgw_shape_t evovoice_shape_session;       /* over ccgw_session_result_t */
extern const ccgw_shape_t evovoice_shape_my_sessions;   /* over ccgw_sessions_result_t */
extern const ccgw_shape_t evovoice_shape_active;        /* likewise */
extern const ccgw_shape_t evovoice_shape_session_page;  /* over ccgw_search_result_t */
extern const ccgw_shape_t evovoice_shape_message;       /* over evovoice_message_result_t */
extern const ccgw_shape_t evovoice_shape_transcript;    /* over ccgw_messages_result_t */
extern const ccgw_shape_t evovoice_shape_authenticated; /* over evovoice_auth_result_t */
extern const ccgw_shape_t evovoice_shape_user;          /* likewise */

/** 16 hex digits in lower case. */
const char *evovoice_hex(ccgw_id_t id, const ccgw_view_t *view);
/** What an agent is called: his names, else his login. */
const char *evovoice_agent_name(const ccgw_agent_def_t *agent, apr_pool_t *pool);
/** By what an agent is known to clients: his e-mail, else his login. */
const char *evovoice_agent_identity(const ccgw_agent_def_t *agent);
extern const ccgw_value_t evovoice_channels[];

/* errors.c */
extern const ccgw_error_row_t evovoice_errors[];
extern const ccgw_shape_t evovoice_shape_error;

/* events.c */
extern const ccgw_event_row_t evovoice_events[];

/* request.c */
extern const ccgw_header_t evovoice_headers_auth[]; /* over evovoice_auth_result_t */
/** The id that counts among those a request carries: headers before cookies, the permanent one where the option says so.
 *  Any of them may be NULL. */
const char *evovoice_pick_token(const char *cookie, const char *id, const char *pid, const char *opt, apr_pool_t *pool);
const char *evovoice_token(const ccgw_request_t *request);
const ccgw_format_t *evovoice_format(const ccgw_request_t *request);
void evovoice_prepare(ccgw_request_t *request);

#endif
