/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* dialect.h: Genesys Web Services v2 as tables over the core's structs. The first part is for everybody, the second for
 * this folder only. */
#ifndef GENESYS_DIALECT_H
#define GENESYS_DIALECT_H

#include "api/ccgw_op.h"

#include <stddef.h>
#include <string.h>

extern const ccgw_dialect_t ccgw_dialect_genesys;

/* ---- this folder only ---- */

#include "api/ccgw_verb.h"
#include "core/ccgw_agent.h"
#include "core/ccgw_directory.h"
#include "core/ccgw_session.h"
#include "core/ccgw_state.h"
#include "core/ccgw_workbin.h"

/* ops.c */
extern const ccgw_op_t genesys_ops[];

/* params.c: one set per media, because a session is only found under the resource of its own media */
typedef struct genesys_session_params_t {
    ccgw_param_t plain[3];
    ccgw_param_t accept[4];
    ccgw_param_t message[6];
    ccgw_param_t to_agents[6];
    ccgw_param_t url[6];
    ccgw_param_t typing[6];
    ccgw_param_t typing_off[6];
    ccgw_param_t typing_agents[6];
    ccgw_param_t typing_agents_off[6];
    ccgw_param_t notice[6];
    ccgw_param_t notice_agents[6];
    ccgw_param_t invite[5];
    ccgw_param_t invited[4];
    ccgw_param_t consult[5];
    ccgw_param_t consulted[4];
    ccgw_param_t transfer[6];
    ccgw_param_t remove[4];
    ccgw_param_t complete[4];
    ccgw_param_t disposition[5];
    ccgw_param_t data[4];
    ccgw_param_t keys[4];
    ccgw_param_t comment[4];
    ccgw_param_t list[4];
    ccgw_param_t get[5];
    ccgw_param_t messages[5];
} genesys_session_params_t;

extern const genesys_session_params_t genesys_params_sms;
extern const genesys_session_params_t genesys_params_chat;

extern const ccgw_param_t genesys_params_workbins[];
extern const ccgw_param_t genesys_params_workbin[];
extern const ccgw_param_t genesys_params_workbin_media[];
extern const ccgw_param_t genesys_params_workbin_ids[];
extern const ccgw_param_t genesys_params_add[];
extern const ccgw_param_t genesys_params_add_other[];
extern const ccgw_param_t genesys_params_pull[];
extern const ccgw_param_t genesys_params_pull_chat[];
extern const ccgw_param_t genesys_params_pull_other[];

extern const ccgw_param_t genesys_params_me[];
extern const ccgw_param_t genesys_params_open[];
extern const ccgw_param_t genesys_params_close[];
extern const ccgw_param_t genesys_params_ready[];
extern const ccgw_param_t genesys_params_not_ready[];
extern const ccgw_param_t genesys_params_wrap_up[];

extern const ccgw_param_t genesys_params_users[];
extern const ccgw_param_t genesys_params_user[];
extern const ccgw_param_t genesys_params_queues[];
extern const ccgw_param_t genesys_params_queue[];
extern const ccgw_param_t genesys_params_groups[];
extern const ccgw_param_t genesys_params_group[];
extern const ccgw_param_t genesys_params_skills[];
extern const ccgw_param_t genesys_params_skill[];
extern const ccgw_param_t genesys_params_contacts[];
extern const ccgw_param_t genesys_params_contact[];
extern const ccgw_param_t genesys_params_features[];
extern const ccgw_param_t genesys_params_feature[];
extern const ccgw_param_t genesys_params_none[];

/* verbs.c: what only this dialect has */

/** One feature this gateway announces. */
typedef struct genesys_feature_t {
    const char *id;
    const char *name;
    const char *description;
} genesys_feature_t;

typedef struct genesys_feature_args_t {
    const char *id; /**< NULL: all */
    const char *fields;
} genesys_feature_args_t;

typedef struct genesys_feature_result_t {
    const genesys_feature_t *features;
    int nfeatures;
    const char *fields;
} genesys_feature_result_t;

/** What StartContactCenterSession came to: some channels may have been refused. */
typedef struct genesys_open_result_t {
    ccgw_agent_result_t agent;
    const char **refused; /**< their names as the client spelt them */
    int nrefused;
} genesys_open_result_t;

extern const ccgw_verb_t genesys_verb_open;
extern const ccgw_verb_t genesys_verb_features;
extern const ccgw_verb_t genesys_verb_tell; /**< nothing to do: the reply's shape knows it all */

extern const genesys_feature_t genesys_features[];
extern const int genesys_nfeatures;

/* shapes.c: what all resources share */
extern const ccgw_shape_t genesys_shape_done;
extern const ccgw_shape_t genesys_shape_error;
extern const ccgw_shape_t genesys_shape_reference;
extern const ccgw_shape_t genesys_shape_version;
extern const ccgw_value_t genesys_channels[]; /**< ccgw_media_t */

/** "{base}{root}/{collection}/{id}", and the same below the root. */
const char *genesys_uri(const ccgw_view_t *view, const char *collection, const char *id);
const char *genesys_path(const ccgw_view_t *view, const char *collection, const char *id);
/** Does a client's list ("*", "chats,channels"; NULL none) name NAME, in the plural or without its last letter? */
int genesys_wants(const char *list, const char *name);
/** What an int says on the wire, NULL when it says nothing. */
const char *genesys_name(const ccgw_value_t *values, int number);
/** An empty array. */
ccgw_strs_t genesys_nothing(const void *object, const ccgw_view_t *view);
const char *genesys_hex(ccgw_id_t id, const ccgw_view_t *view);

/* shapes_session.c */
extern const ccgw_shape_t genesys_shape_participant;
extern const ccgw_shape_t genesys_shape_message;
extern const ccgw_shape_t genesys_shape_session; /**< as a resource */
extern const ccgw_shape_t genesys_shape_session_one;
extern const ccgw_shape_t genesys_shape_sms_list;
extern const ccgw_shape_t genesys_shape_chat_list;
extern const ccgw_shape_t genesys_shape_messages;

const char *genesys_session_uri(const ccgw_session_t *session, const ccgw_view_t *view);
const char *genesys_session_path(const ccgw_session_t *session, const ccgw_view_t *view);
/** NULL when the viewer's part in it says no state of this dialect. */
const char *genesys_session_state(int view_state);
ccgw_strs_t genesys_session_capabilities(int view_state, const ccgw_view_t *view);
/** Who is in it now: those who were only asked, or went, are not shown. */
const void *genesys_session_present(int *n, const void *object, const ccgw_view_t *view);

/* shapes_workbin.c */
extern const ccgw_shape_t genesys_shape_workbins;      /**< all the caller may use */
extern const ccgw_shape_t genesys_shape_my_workbins;   /**< personal ones only */
extern const ccgw_shape_t genesys_shape_workbins_full; /**< those named, with what is in them */
extern const ccgw_shape_t genesys_shape_workbin_content;
extern const ccgw_shape_t genesys_shape_workbin_media;
extern const ccgw_shape_t genesys_shape_workbin_done;
extern const ccgw_shape_t genesys_shape_workbins_done;
extern const ccgw_shape_t genesys_shape_workbin_item; /**< chatStateResourceV2 */

/* shapes_me.c */
extern const ccgw_shape_t genesys_shape_me;
extern const ccgw_shape_t genesys_shape_opened;
extern const ccgw_shape_t genesys_shape_channels;
extern const ccgw_shape_t genesys_shape_channel;
extern const ccgw_shape_t genesys_shape_devices;
extern const ccgw_shape_t genesys_shape_agent_states;

/* shapes_directory.c */
extern const ccgw_shape_t genesys_shape_user;        /**< over ccgw_agent_def_t */
extern const ccgw_shape_t genesys_shape_skill_named; /**< over a const char pointer: the name */
extern const ccgw_shape_t genesys_shape_group_named;
extern const ccgw_shape_t genesys_shape_feature;
extern const ccgw_shape_t genesys_shape_users;
extern const ccgw_shape_t genesys_shape_user_one;
extern const ccgw_shape_t genesys_shape_queues;
extern const ccgw_shape_t genesys_shape_queue_one;
extern const ccgw_shape_t genesys_shape_groups;
extern const ccgw_shape_t genesys_shape_group_one;
extern const ccgw_shape_t genesys_shape_skills;
extern const ccgw_shape_t genesys_shape_skill_one;
extern const ccgw_shape_t genesys_shape_contacts;
extern const ccgw_shape_t genesys_shape_contact_one;
extern const ccgw_shape_t genesys_shape_features;
extern const ccgw_shape_t genesys_shape_feature_one;

/* events.c, errors.c */
extern const ccgw_event_row_t genesys_events[];
extern const ccgw_error_row_t genesys_errors[];

#endif
