/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_verb.h: the core's actions as rows name them; one file per noun, shared by all dialects. */
#ifndef CCGW_VERB_H
#define CCGW_VERB_H

#include "api/ccgw_op.h"

/* ccgw_verb_session.c: args ccgw_session_args_t */
extern const ccgw_verb_t ccgw_verb_session_accept; /* result ccgw_done_t, as all but the last three */
extern const ccgw_verb_t ccgw_verb_session_reject;
extern const ccgw_verb_t ccgw_verb_session_send;
extern const ccgw_verb_t ccgw_verb_session_invite;
extern const ccgw_verb_t ccgw_verb_session_cancel_invite;
extern const ccgw_verb_t ccgw_verb_session_transfer;
extern const ccgw_verb_t ccgw_verb_session_remove;
extern const ccgw_verb_t ccgw_verb_session_leave;
extern const ccgw_verb_t ccgw_verb_session_complete;
extern const ccgw_verb_t ccgw_verb_session_attach;
extern const ccgw_verb_t ccgw_verb_session_detach;
extern const ccgw_verb_t ccgw_verb_session_dispose;
extern const ccgw_verb_t ccgw_verb_session_comment;
extern const ccgw_verb_t ccgw_verb_session_focus;
extern const ccgw_verb_t ccgw_verb_session_get;      /* ccgw_session_result_t */
extern const ccgw_verb_t ccgw_verb_session_list;     /* ccgw_sessions_result_t */
extern const ccgw_verb_t ccgw_verb_session_messages; /* ccgw_messages_result_t */

extern const ccgw_verb_t ccgw_verb_member_invite;  /* ccgw_session_result_t */
extern const ccgw_verb_t ccgw_verb_member_remove;  /* ccgw_session_result_t */
extern const ccgw_verb_t ccgw_verb_session_end;    /* ccgw_done_t */
extern const ccgw_verb_t ccgw_verb_session_search; /* args ccgw_search_args_t, result ccgw_search_result_t */

/* ccgw_verb_agent.c: args ccgw_agent_args_t, result ccgw_agent_result_t */
extern const ccgw_verb_t ccgw_verb_agent_open;
extern const ccgw_verb_t ccgw_verb_agent_close;
extern const ccgw_verb_t ccgw_verb_agent_set_state;
extern const ccgw_verb_t ccgw_verb_agent_get;

/* ccgw_verb_workbin.c: args ccgw_workbin_args_t, result ccgw_workbin_result_t */
extern const ccgw_verb_t ccgw_verb_workbin_add;
extern const ccgw_verb_t ccgw_verb_workbin_pull;
extern const ccgw_verb_t ccgw_verb_workbin_watch;
extern const ccgw_verb_t ccgw_verb_workbin_unwatch;
extern const ccgw_verb_t ccgw_verb_workbin_content;
extern const ccgw_verb_t ccgw_verb_workbin_list;

/* ccgw_verb_directory.c: args ccgw_directory_args_t, results ccgw_directory_result_t (ccgw_directory.h) */
extern const ccgw_verb_t ccgw_verb_directory_list;
extern const ccgw_verb_t ccgw_verb_directory_get;

#endif
