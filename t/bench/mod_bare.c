/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_bare.c: the least a handler can do, for comparison: one fixed reply of about the size of a session's. */
#include "httpd.h"
#include "http_config.h"
#include "http_protocol.h"

static const char reply[] =
    "{\"statusCode\":0,\"smssession\":{\"id\":\"0000000000000000\",\"state\":\"Chatting\",\"participants\":["
    "{\"participantId\":\"0000000000000000\",\"nickname\":\"Anna\",\"type\":\"Agent\",\"visibility\":\"All\"},"
    "{\"participantId\":\"0000000000000001\",\"nickname\":\"+15551234567\",\"type\":\"Customer\"}],"
    "\"capabilities\":[\"Transfer\",\"Leave\",\"Invite\",\"Consult\",\"SetInFocus\",\"SetDisposition\","
    "\"AttachUserData\",\"DeleteUserData\",\"UpdateUserData\",\"Complete\",\"SendMessage\","
    "\"SendStartTypingNotification\",\"SendStopTypingNotification\"],\"userData\":{},"
    "\"uri\":\"http://127.0.0.1:8080/api/v2/smssessions/0000000000000000\"}}";

static int answer(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, "bare")) {
        return DECLINED;
    }
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, sizeof(reply) - 1);
    ap_rwrite(reply, sizeof(reply) - 1, r);
    return OK;
}

static void register_hooks(apr_pool_t *pool)
{
    ap_hook_handler(answer, NULL, NULL, APR_HOOK_MIDDLE);
}

#pragma GCC visibility push(default)
AP_DECLARE_MODULE(bare) = {
    STANDARD20_MODULE_STUFF,
    .register_hooks = register_hooks,
};
#pragma GCC visibility pop
