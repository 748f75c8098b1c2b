/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor.h: tenants, agents, queues, numbers and workbins as the administrator declared them.
 *
 * The floor lives in the store (table FLOOR): the file is checked at configuration time and merged when its hash
 * changed; each child reads the store's records into an index that never changes afterwards. Definitions returned
 * from the index live as long as the index, that is the child. */
#ifndef CCGW_FLOOR_H
#define CCGW_FLOOR_H

#include "core/ccgw_core.h"

typedef struct ccgw_place_group_t {
    ccgw_buf_t unknown;
    const char *name;
    ccgw_strs_t places;
} ccgw_place_group_t;

typedef struct ccgw_tenant_t {
    ccgw_buf_t unknown;
    const char *name;
    const char *contact_center; /**< id shown to clients */
    const char *domain;         /**< login names are accepted with and without @domain; "" none */
    ccgw_strs_t skills;
    ccgw_strs_t groups; /**< agent groups */
    ccgw_place_group_t *place_groups;
    int nplace_groups;
    const char *tag; /**< 8 hex digits of the name's hash: tokens end in it */
} ccgw_tenant_t;

typedef struct ccgw_agent_def_t {
    ccgw_buf_t unknown;
    const char *id;      /**< 32 hex digits: the agent's name in every record */
    const char *login;   /**< sign-in name without domain */
    apr_int64_t work_no; /**< 101 to 59999 */
    const char *first_name;
    const char *last_name;
    const char *nickname; /**< what customers see; the login name when the file has none */
    const char *email;
    ccgw_strs_t roles; /**< agent, supervisor, admin */
    ccgw_strs_t skills;
    ccgw_strs_t groups;
    const char *place; /**< default place, "" none */
    int capacity_voice;
    int capacity_chat;
    int capacity_sms;
    const ccgw_tenant_t *tenant; /**< not stored: set by the index */
    ccgw_role_t role;            /**< not stored: the highest of roles */
} ccgw_agent_def_t;

typedef struct ccgw_queue_def_t {
    ccgw_buf_t unknown;
    const char *id; /**< in URIs; 32 hex digits derived from tenant and name unless the file gives one */
    const char *name;
    ccgw_strs_t skills; /**< an agent needs all of them */
} ccgw_queue_def_t;

typedef struct ccgw_number_def_t {
    ccgw_buf_t unknown;
    const char *number;
    int media; /**< ccgw_media_t */
    const char *queue;
    const ccgw_tenant_t *tenant; /**< not stored */
} ccgw_number_def_t;

typedef enum ccgw_owner_kind_t {
    CCGW_OWNER_UNSET,
    CCGW_OWNER_AGENT,
    CCGW_OWNER_AGENT_GROUP,
    CCGW_OWNER_PLACE,
    CCGW_OWNER_PLACE_GROUP
} ccgw_owner_kind_t;

typedef struct ccgw_workbin_def_t {
    ccgw_buf_t unknown;
    const char *id; /**< UUID; derived from tenant and name unless the file gives one */
    const char *name;
    const char *display_name; /**< the name when the file has none */
    int kind;                 /**< ccgw_owner_kind_t */
    const char *group;        /**< the agent group or place group it belongs to; "" for personal ones */
} ccgw_workbin_def_t;

typedef struct ccgw_floor_t ccgw_floor_t;

/** What the file says, all definitions with pointers set; made by ccgw_floor_parse(). */
typedef struct ccgw_floor_file_t {
    const char *hash; /**< of the file's bytes */
    int ntenants;
    struct ccgw_floor_file_tenant_t {
        ccgw_tenant_t tenant;
        ccgw_agent_def_t *agents;
        int nagents;
        ccgw_queue_def_t *queues;
        int nqueues;
        ccgw_number_def_t *numbers;
        int nnumbers;
        ccgw_workbin_def_t *workbins;
        int nworkbins;
    } * tenants;
} ccgw_floor_file_t;

/** Bring FILE into the store when its hash is not the one merged last; parent, before the children. Objects that are
 *  no longer in the file go (an agent's logins end with him); a queue or workbin that holds work stays and is named
 *  in the log. Killed half-way, the next start goes on. */
apr_status_t ccgw_floor_merge(const ccgw_store_provider_t *provider, ccgw_store_t *store, const ccgw_floor_file_t *file,
                              apr_pool_t *scratch);

/** Read the store's floor into an index in POOL. Needs the tenants' names: those of FILE. */
apr_status_t ccgw_floor_load(const ccgw_floor_t **floor, const ccgw_store_provider_t *provider, ccgw_store_t *store,
                             const ccgw_floor_file_t *file, apr_pool_t *pool);

/* Look-ups: NULL when there is none. Any thread. */
const ccgw_tenant_t *ccgw_floor_tenant(const ccgw_floor_t *floor, const char *name);
const ccgw_tenant_t *ccgw_floor_tenant_by_tag(const ccgw_floor_t *floor, const char *tag);
const ccgw_tenant_t *ccgw_floor_tenant_by_center(const ccgw_floor_t *floor, const char *contact_center);
/** NAME as typed at sign-in, with or without @domain; over all tenants (login names without domain that stand in two
 *  tenants are found only with it). */
const ccgw_agent_def_t *ccgw_floor_agent_by_login(const ccgw_floor_t *floor, const char *name);
const ccgw_agent_def_t *ccgw_floor_agent(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, const char *id);
const ccgw_agent_def_t *ccgw_floor_agent_by_work_no(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant,
                                                    apr_int64_t work_no);
const ccgw_agent_def_t *ccgw_floor_agent_by_email(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant,
                                                  const char *email);
/** By id, e-mail or login, in this order. */
const ccgw_agent_def_t *ccgw_floor_find_agent(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, const char *name);
/** By name or id. */
const ccgw_queue_def_t *ccgw_floor_queue(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, const char *name);
const ccgw_number_def_t *ccgw_floor_number(const ccgw_floor_t *floor, ccgw_media_t media, const char *number);
const ccgw_workbin_def_t *ccgw_floor_workbin(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, const char *id);

/** Everything of one tenant in the file's order: item I, or NULL past the end. */
const ccgw_tenant_t *ccgw_floor_tenant_at(const ccgw_floor_t *floor, int i);
const ccgw_agent_def_t *ccgw_floor_agent_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, int i);
const ccgw_queue_def_t *ccgw_floor_queue_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, int i);
const ccgw_workbin_def_t *ccgw_floor_workbin_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, int i);
const ccgw_number_def_t *ccgw_floor_number_at(const ccgw_floor_t *floor, const ccgw_tenant_t *tenant, int i);

/** Has AGENT every skill of QUEUE? */
int ccgw_floor_serves(const ccgw_agent_def_t *agent, const ccgw_queue_def_t *queue);
/** How many contacts of MEDIA the agent takes at once. */
int ccgw_floor_capacity(const ccgw_agent_def_t *agent, ccgw_media_t media);
/** Is PLACE in the place group NAME? */
int ccgw_floor_place_in(const ccgw_tenant_t *tenant, const char *place, const char *name);

#endif
