/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw.c: the module's record and its hooks. */
#include "mod_ccgw_glue.h"

#include <ap_mmn.h>
#include <http_connection.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>

/* The hook child_stopping. Parked connections will want 2.4.63; readers that wait in a thread do not. */
#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 110)
#error "mod_ccgw needs httpd 2.4.49 or newer"
#endif

static void child_status(server_rec *s, pid_t pid, ap_generation_t generation, int slot, mpm_child_status status)
{
    if (status == MPM_CHILD_EXITED)
        ccgw_process_child_ended(pid);
}

/*
 * Order matters in six places.
 *   post_read_request: really first, before anybody sees the line and could keep it.
 *   log_transaction: first, before the logs are written.
 *   translate_name, map_to_storage, type_checker: first, so that no module looks for a file behind our paths.
 *   post_config: last, when every other module's provider is there.
 *   child_init: first, because another module's hook may already make threads that send requests through us.
 *   handler: first; it takes only what translate_name recognised, whatever SetHandler says.
 */
static void register_hooks(apr_pool_t *pconf)
{
    ap_hook_check_config(ccgw_config_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(ccgw_process_post_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_child_init(ccgw_process_child_init, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_child_stopping(ccgw_process_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_status(child_status, NULL, NULL, APR_HOOK_MIDDLE);

    ap_hook_pre_connection(ccgw_carrier_pre_connection, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_close_connection(ccgw_carrier_pre_close, NULL, NULL, APR_HOOK_MIDDLE);

    ap_hook_post_read_request(ccgw_mask_request, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_error_filter(ccgw_mask_error, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_log_transaction(ccgw_mask_log, NULL, NULL, APR_HOOK_FIRST);

    ap_hook_translate_name(ccgw_handler_translate, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(ccgw_handler_map, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_type_checker(ccgw_handler_type, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(ccgw_handler_run, NULL, NULL, APR_HOOK_FIRST);

    ccgw_auth_register(pconf);
    ccgw_status_register(pconf);
}

/* Everything else of the program stays hidden; mod_so looks this one up by its name. */
__attribute__((visibility("default"))) extern module AP_MODULE_DECLARE_DATA ccgw_module;

/* clang-format off */
AP_DECLARE_MODULE(ccgw) = {
    STANDARD20_MODULE_STUFF,
    ccgw_dir_conf_make,
    ccgw_dir_conf_merge,
    ccgw_server_conf_make,
    ccgw_server_conf_merge,
    ccgw_commands,
    register_hooks
};
/* clang-format on */
