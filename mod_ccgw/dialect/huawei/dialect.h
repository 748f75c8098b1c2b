/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* dialect.h: the agent interface of Huawei's CC-Gateway ("agentgateway") as tables over the core's structs. The first
 * part is for everybody, the second for this folder only. */
#ifndef HUAWEI_DIALECT_H
#define HUAWEI_DIALECT_H

#include "api/ccgw_op.h"

#include <stddef.h>
#include <string.h>

extern const ccgw_dialect_t ccgw_dialect_huawei;

/* ---- this folder only ---- */

#include "core/ccgw_agent.h"
#include "core/ccgw_conference.h"
#include "core/ccgw_session.h"
#include "core/ccgw_state.h"

/** Codes of the pages that depend on the operation: only the verbs of this folder return them, only its error map
 *  knows them. */
enum {
    HUAWEI_ENOTSET = CCGW_ERROR_BASE + 500, /**< the agent state asked for cannot be set now */
    HUAWEI_EOCCUPIED,                       /**< no sign-out while in a call */
    HUAWEI_ENOTHING_RINGS,                  /**< no call to answer or to refuse */
    HUAWEI_ENOTHING_TO_DROP,                /**< the call is there, but the agent is not in it */
    HUAWEI_ENOCALL,                         /**< no such call */
    HUAWEI_EEMPTY                           /**< the message is empty */
};

/** A boolean that may be left out. */
typedef enum huawei_switch_t { HUAWEI_UNSAID, HUAWEI_YES, HUAWEI_NO } huawei_switch_t;

/* Causes a row hands to the core, which says them again in AGENT_STATE events. */
#define HUAWEI_CAUSE_OPEN         "huawei open" /* nothing is told: the next event says it all */
#define HUAWEI_CAUSE_SIGN_IN      "huawei sign-in"
#define HUAWEI_CAUSE_SIGN_IN_BUSY "huawei sign-in busy"
#define HUAWEI_CAUSE_SIGN_IN_WORK "huawei sign-in work"
#define HUAWEI_CAUSE_SIGN_OUT     "huawei sign-out"
#define HUAWEI_CAUSE_BUSY         "huawei busy"
#define HUAWEI_CAUSE_CANCEL_BUSY  "huawei cancel busy"
#define HUAWEI_CAUSE_FREE         "huawei free"
#define HUAWEI_CAUSE_WORK         "huawei work"
#define HUAWEI_CAUSE_CANCEL_WORK  "huawei cancel work"

/* ops.c */
extern const ccgw_op_t huawei_ops[];

/* params.c */
extern const ccgw_param_t huawei_params_none[];
extern const ccgw_param_t huawei_params_login[];
extern const ccgw_param_t huawei_params_force_login[];
extern const ccgw_param_t huawei_params_login_ex[];
extern const ccgw_param_t huawei_params_force_login_ex[];
extern const ccgw_param_t huawei_params_logout[];
extern const ccgw_param_t huawei_params_force_logout[];
extern const ccgw_param_t huawei_params_busy[];
extern const ccgw_param_t huawei_params_cancel_busy[];
extern const ccgw_param_t huawei_params_free[];
extern const ccgw_param_t huawei_params_work[];
extern const ccgw_param_t huawei_params_cancel_work[];
extern const ccgw_param_t huawei_params_skills[];
extern const ccgw_param_t huawei_params_request[];
extern const ccgw_param_t huawei_params_add[];
extern const ccgw_param_t huawei_params_answer[];
extern const ccgw_param_t huawei_params_reject[];
extern const ccgw_param_t huawei_params_drop[];
extern const ccgw_param_t huawei_params_message[];

extern const ccgw_sign_in_t huawei_sign_in;

/* verbs.c */

typedef struct huawei_login_args_t {
    const char *user; /**< "#" and the work number, from the path */
    const char *password;
    const char *phone;
    apr_int64_t status; /**< agent state to begin with: 3 busy, 4 idle, 5 wrap-up; 0 idle */
    int messaging;      /**< huawei_switch_t: text sessions too; unsaid: yes */
    int forced;         /**< an older sign-in gives way */
    apr_int64_t type;   /**< checked only, as the following */
    const char *ip, *callback, *service_token, *video_phone;
    int automatic, idle, release_phone, linkage, mail, listens;
} huawei_login_args_t;

typedef struct huawei_login_result_t {
    const char *guid; /**< what the client sends back */
    apr_int64_t vdn;
    const char *work_no;
    const char *services; /**< three letters: telephone, text, mail */
    const char *login_time;
} huawei_login_result_t;

typedef struct huawei_logout_args_t {
    int forced;
} huawei_logout_args_t;

/** Of those who change the agent state. */
typedef struct huawei_state_args_t {
    int from;           /**< the agent state (3, 4, 5) that must hold; 0 any */
    const char *state;  /**< of the core */
    const char *cause;  /**< HUAWEI_CAUSE_... */
    apr_int64_t reason; /**< saybusy */
    int given;          /**< a reason was given */
    int prolong;
} huawei_state_args_t;

typedef struct huawei_skills_args_t {
    const char *all, *skills;
    apr_int64_t linkage;
} huawei_skills_args_t;

typedef struct huawei_status_t {
    apr_int64_t state; /**< 2 signed out, 3 busy, 4 idle, 5 wrap-up, 7 talking */
    int working;
} huawei_status_t;

/** A conference's announcement to those who join. */
typedef struct huawei_welcome_t {
    int beep;
    apr_int64_t mode;
    const char *path;
} huawei_welcome_t;

typedef struct huawei_request_args_t {
    ccgw_conference_args_t conference;
    const char *caller;
    huawei_welcome_t welcome;
} huawei_request_args_t;

typedef struct huawei_address_t {
    ccgw_address_t address;
    apr_int64_t call_type, device;
} huawei_address_t;

typedef struct huawei_add_args_t {
    huawei_address_t *addresses;
    int naddresses;
    const char *caller;
    huawei_welcome_t welcome;
} huawei_add_args_t;

typedef struct huawei_call_args_t {
    ccgw_id_t call;
    const char *named; /**< the call id as it came; NULL not given */
    apr_int64_t mode;  /**< reject: 1 the agent becomes busy, 2 he stays idle */
    const char *text;
    const char *user; /**< not looked at */
} huawei_call_args_t;

extern const ccgw_verb_t huawei_verb_login;
extern const ccgw_verb_t huawei_verb_logout;
extern const ccgw_verb_t huawei_verb_state;
extern const ccgw_verb_t huawei_verb_skills; /**< nothing to do: the floor says who has which skill */
extern const ccgw_verb_t huawei_verb_status;
extern const ccgw_verb_t huawei_verb_request;
extern const ccgw_verb_t huawei_verb_add;
extern const ccgw_verb_t huawei_verb_answer_conference;
extern const ccgw_verb_t huawei_verb_reject_conference;
extern const ccgw_verb_t huawei_verb_leave;
extern const ccgw_verb_t huawei_verb_release;
extern const ccgw_verb_t huawei_verb_leave_or_release;
extern const ccgw_verb_t huawei_verb_answer;
extern const ccgw_verb_t huawei_verb_reject;
extern const ccgw_verb_t huawei_verb_drop;
extern const ccgw_verb_t huawei_verb_message;

/** The agent state on the wire (3, 4, 5) of his channels together: what is not open everywhere is busy. */
int huawei_presence(const ccgw_agent_t *agent);
/** TOKEN as the client carries it, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.AgentGateway1a2b3c4d". */
const char *huawei_guid(const char *token, apr_pool_t *pool);
/** The code for a request without a Guid that counts. */
apr_status_t huawei_stranger(const struct ccgw_request_t *request, ccgw_call_t *call);
/** The token in a Guid; what has not its form is returned as it is. */
const char *huawei_token(const char *guid, apr_pool_t *pool);

/* shapes.c */
extern const ccgw_shape_t huawei_shape_done;
extern const ccgw_shape_t huawei_shape_error;
extern const ccgw_shape_t huawei_shape_login;
extern const ccgw_shape_t huawei_shape_status;
extern const ccgw_header_t huawei_headers_login[];

/* events.c, errors.c */
extern const ccgw_event_row_t huawei_events[];
extern const ccgw_error_row_t huawei_errors[];

#endif
