/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_stream.c: runs an event reader's request: what a framing asks of its host, by the waiting of this server. */
#include "mod_ccgw_glue.h"

#include <apr_portable.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>
#include <poll.h>

/* A client that takes nothing for so long is taken for gone. */
#define STALLED apr_time_from_sec(10)

typedef struct host_t {
    ccgw_stream_host_t host; /* first: the framing hands this back */
    request_rec *r;
    ccgw_waiter_t *waiter;       /* made when it is needed: most requests only publish */
    apr_bucket_brigade *brigade; /* of a reply that goes on; NULL: not begun */
} host_t;

static ccgw_waiter_t *find_waiter(host_t *host)
{
    if (!host->waiter)
        host->waiter = ccgw_waiter_make(ccgw_child.wait, host->r->pool);
    return host->waiter;
}

/* Has the client gone? Its next request may be there already, so nothing is read. */
static int client_gone(void *baton)
{
    request_rec *r = baton;
    conn_rec *c = r->connection->master ? r->connection->master : r->connection;
    apr_socket_t *socket = ap_get_conn_socket(c);
    struct pollfd look = { .events = POLLRDHUP };
    apr_os_sock_t fd;

    if (r->connection->aborted || c->aborted)
        return 1;
    if (!socket || apr_os_sock_get(&fd, socket) != APR_SUCCESS)
        return 0;
    look.fd = fd;
    return poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

static apr_status_t host_wait(ccgw_stream_host_t *stream, apr_time_t until)
{
    host_t *host = (host_t *)stream;

    return ccgw_waiter_wait(find_waiter(host), until, client_gone, host->r);
}

static apr_status_t host_listen(ccgw_stream_host_t *stream, const ccgw_buf_t *keys, int n)
{
    ccgw_waiter_listen(find_waiter((host_t *)stream), keys, n);
    return APR_SUCCESS;
}

/* A reply whose end nobody knows: a client that stops reading must not hold a thread for as long as others may. */
static void begin_reply(host_t *host, const ccgw_reply_t *reply)
{
    request_rec *r = host->r;
    conn_rec *c = r->connection;
    apr_socket_t *socket = c->master ? NULL : ap_get_conn_socket(c);

    host->brigade = apr_brigade_create(r->pool, c->bucket_alloc);
    ccgw_handler_headers(r, reply);
    if (socket)
        apr_socket_timeout_set(socket, STALLED);
}

static apr_status_t host_write(ccgw_stream_host_t *stream, ccgw_reply_t *reply, const char *p, apr_size_t n)
{
    host_t *host = (host_t *)stream;
    request_rec *r = host->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_status_t rv;

    if (client_gone(r))
        return APR_EOF;
    if (!host->brigade)
        begin_reply(host, reply);
    if (n)
        APR_BRIGADE_INSERT_TAIL(host->brigade, apr_bucket_transient_create(p, n, alloc));
    APR_BRIGADE_INSERT_TAIL(host->brigade, apr_bucket_flush_create(alloc));
    rv = ap_pass_brigade(r->output_filters, host->brigade);
    apr_brigade_cleanup(host->brigade);
    return rv == APR_SUCCESS && !r->connection->aborted ? APR_SUCCESS : APR_EOF;
}

static void host_wake(ccgw_stream_host_t *stream, ccgw_buf_t key)
{
    ccgw_wait_wake(ccgw_child.wait, key);
}

static int host_carrier_sound(ccgw_stream_host_t *stream, apr_uint64_t carrier)
{
    return ccgw_carrier_sound(carrier);
}

static void host_carries(ccgw_stream_host_t *stream, ccgw_buf_t key)
{
    ccgw_carrier_carries(((host_t *)stream)->r, key);
}

void ccgw_stream_serve(ccgw_reply_t *reply, request_rec *r, const ccgw_request_t *request, ccgw_view_t *view,
                       ccgw_call_t *call)
{
    host_t host = {
        .host = {
            .wait = host_wait,
            .listen = host_listen,
            .write = host_write,
            .wake = host_wake,
            .carrier_sound = host_carrier_sound,
            .carries = host_carries,
        },
        .r = r,
    };

    host.host.carrier = ccgw_carrier_id(r);
    request->op->stream->serve(reply, &host.host, ccgw_found(r)->root->dialect, request, view, call);
    /* The answer may wait long behind a slow client; its waiter need not. */
    if (host.waiter)
        ccgw_waiter_listen(host.waiter, NULL, 0);
    if (!host.brigade)
        return;
    /* Not before: a reply in chunks tells its end. */
    r->connection->keepalive = AP_CONN_CLOSE;
    reply->http = 0;
}
