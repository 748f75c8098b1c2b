/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_carrier.c: the connections events went out on: is what they carried received?
 *
 * Every connection of the child gets an entry; one that carries events gets a number. What a reader
 * without a cursor of his own was sent counts as received when he asks again on the same connection, or
 * when the peer's system has acknowledged every byte and the connection is whole, or ended in order.
 * Whether it does is only seen after httpd has closed it, so a copy of the descriptor is watched for a
 * moment. In the end READ is raised to SENT, or not, and the CARRIER word of each stream is set to 0. */
#include "mod_ccgw_glue.h"

#include <apr_portable.h>
#include <fcntl.h>
#include <http_connection.h>
#include <http_core.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <unistd.h>

#include "util/ccgw_time.h"

/* Streams whose events one connection may carry at once; a desktop has one or two. */
#define KEYS        8
#define PROBES      25
#define PROBE_PAUSE (APR_USEC_PER_SEC / 100)

/* Closed connections that are still watched, and for how long. */
#define WATCHED    1024
#define WATCH_TIME (3 * APR_USEC_PER_SEC)

/* States as TCP_INFO tells them; the kernel's header keeps its names to itself. */
enum {
    LINE_ESTABLISHED = 1,
    LINE_FIN_WAIT2 = 5,
    LINE_TIME_WAIT = 6,
    LINE_CLOSE = 7,
    LINE_CLOSE_WAIT = 8,
    LINE_LAST_ACK = 9,
    LINE_CLOSING = 11
};

typedef struct carrier_t {
    struct carrier_t *next, *prev;
    conn_rec *c;
    int fd;
    int shared;      /* HTTP/2: several answers at once, whose bytes cannot be told apart */
    apr_uint64_t id; /* 0: no number yet */
    int unsent;      /* answers not yet handed to the kernel whole */
    int nkeys;
    ccgw_buf_t keys[KEYS]; /* malloc()ed */
} carrier_t;

/* What is left of a carrier while its line is being closed. */
typedef struct closing_t {
    struct closing_t *next;
    apr_uint64_t id;
    int fd;                /* a copy of the connection's */
    apr_uint64_t received; /* bytes, when the closing began */
    apr_time_t until;
    int nkeys;
    ccgw_buf_t keys[KEYS];
} closing_t;

static struct {
    pthread_mutex_t lock; /* guards the ring, the list and every member of the entries */
    int open;
    carrier_t ring; /* of numbered connections */
    closing_t *closing;
    int nclosing;
} carriers;

static carrier_t *find_carrier(conn_rec *c)
{
    return ap_get_module_config((c->master ? c->master : c)->conn_config, &ccgw_module);
}

typedef struct line_t {
    int state;
    int waiting; /* bytes the peer has not acknowledged */
    apr_uint64_t received;
} line_t;

static void look_at_line(line_t *line, int fd)
{
    struct tcp_info info = { 0 };
    socklen_t n = sizeof info;

    line->state = LINE_CLOSE;
    line->waiting = 1;
    line->received = 0;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0) {
        line->state = info.tcpi_state;
        line->received = info.tcpi_bytes_received;
    }
    if (ioctl(fd, SIOCOUTQ, &line->waiting) != 0)
        line->waiting = 1;
}

static int sound_locked(const carrier_t *carrier)
{
    line_t line;

    if (carrier->shared || carrier->unsent || carrier->c->aborted)
        return 0;
    look_at_line(&line, carrier->fd);
    return line.state == LINE_ESTABLISHED && line.waiting == 0;
}

typedef enum verdict_t {
    UNDECIDED,
    TAKEN, /* the peer has all and ended in order */
    LOST
} verdict_t;

/* A peer that has not read everything ends with a reset. That leaves the line closed as an orderly end does, but an
 * end has a number of its own in the count of received bytes. */
static verdict_t judge(const line_t *line, apr_uint64_t received)
{
    switch (line->state) {
    case LINE_CLOSE_WAIT:
    case LINE_TIME_WAIT:
    case LINE_LAST_ACK:
    case LINE_CLOSING: return line->waiting == 0 ? TAKEN : UNDECIDED;
    case LINE_CLOSE: return line->waiting == 0 && line->received > received ? TAKEN : LOST;
    default: return UNDECIDED;
    }
}

static apr_uint64_t use_word(ccgw_buf_t key, ccgw_word_t word, ccgw_word_op_t op, apr_uint64_t value)
{
    const ccgw_core_t *core = &ccgw_child.core;
    apr_uint64_t result = 0;

    core->provider->word(&result, core->store, key, word, op, value);
    return result;
}

/* The connection ID carries nothing any more. A newer one stores CARRIER before SENT, so SENT belongs to ID when
 * CARRIER names it before and after. READ comes before CARRIER, for whoever finds no carrier looks at READ again. */
static void settle(apr_uint64_t id, ccgw_buf_t key, int taken)
{
    apr_uint64_t sent;

    if (use_word(key, CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0) != id)
        return;
    sent = use_word(key, CCGW_WORD_SENT, CCGW_WORD_LOAD, 0);
    if (use_word(key, CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0) != id)
        return;
    if (taken)
        use_word(key, CCGW_WORD_READ, CCGW_WORD_RAISE, sent);
    use_word(key, CCGW_WORD_CARRIER, CCGW_WORD_STORE, 0);
}

/* Frees the keys. */
static void settle_all(apr_uint64_t id, ccgw_buf_t *keys, int n, int taken)
{
    int i;

    for (i = 0; i < n; i++) {
        settle(id, keys[i], taken);
        free((void *)keys[i].p);
    }
    ccgw_wait_carrier_publish(ccgw_child.wait, id, CCGW_CARRIER_GONE);
}

static int watch_locked(const carrier_t *carrier, apr_uint64_t received)
{
    closing_t *closing;

    if (carriers.nclosing >= WATCHED)
        return 0;
    closing = calloc(1, sizeof *closing);
    if (!closing)
        return 0;
    closing->fd = fcntl(carrier->fd, F_DUPFD_CLOEXEC, 0);
    if (closing->fd < 0) {
        free(closing);
        return 0;
    }
    closing->id = carrier->id;
    closing->received = received;
    closing->until = ccgw_time_now() + WATCH_TIME;
    closing->nkeys = carrier->nkeys;
    memcpy(closing->keys, carrier->keys, sizeof closing->keys);
    closing->next = carriers.closing;
    carriers.closing = closing;
    carriers.nclosing++;
    return 1;
}

/* Before httpd closes the socket; what cannot be known yet is watched. */
static verdict_t judge_end_locked(carrier_t *carrier, int closing)
{
    verdict_t verdict = LOST;
    line_t line;

    if (!closing || !carrier->nkeys || carrier->shared || carrier->unsent || carrier->c->aborted)
        return LOST;
    look_at_line(&line, carrier->fd);
    /* We end it, and the peer's system has everything: as good as asking on another connection (sound_locked). */
    if (line.state == LINE_ESTABLISHED && line.waiting == 0)
        return TAKEN;
    verdict = judge(&line, line.received);
    if (verdict != UNDECIDED)
        return verdict;
    return watch_locked(carrier, line.received - (line.state != LINE_ESTABLISHED)) ? UNDECIDED : LOST;
}

/* The entry leaves the ring before its socket is closed: the number of a closed descriptor is soon another's. */
static void let_go(carrier_t *carrier, int closing)
{
    ccgw_buf_t keys[KEYS];
    verdict_t verdict;
    int nkeys, open, i;

    pthread_mutex_lock(&carriers.lock);
    open = carriers.open;
    verdict = open && carrier->next ? judge_end_locked(carrier, closing) : LOST;
    nkeys = carrier->nkeys;
    memcpy(keys, carrier->keys, sizeof keys);
    carrier->nkeys = 0;
    if (carrier->next) {
        carrier->next->prev = carrier->prev;
        carrier->prev->next = carrier->next;
        carrier->next = carrier->prev = NULL;
    }
    pthread_mutex_unlock(&carriers.lock);
    if (verdict == UNDECIDED)
        return;
    if (open && nkeys)
        settle_all(carrier->id, keys, nkeys, verdict == TAKEN);
    for (i = 0; !open && i < nkeys; i++)
        free((void *)keys[i].p);
}

static apr_status_t connection_ended(void *baton)
{
    let_go(baton, 0);
    return APR_SUCCESS;
}

int ccgw_carrier_pre_connection(conn_rec *c, void *csd)
{
    carrier_t *carrier;

    if (!ccgw_child.usable || c->master)
        return OK;
    carrier = apr_pcalloc(c->pool, sizeof *carrier);
    carrier->c = c;
    carrier->fd = -1;
    ap_set_module_config(c->conn_config, &ccgw_module, carrier);
    apr_pool_cleanup_register(c->pool, carrier, connection_ended, apr_pool_cleanup_null);
    return OK;
}

int ccgw_carrier_pre_close(conn_rec *c)
{
    carrier_t *carrier = ccgw_child.usable && !c->master ? find_carrier(c) : NULL;

    if (carrier)
        let_go(carrier, 1);
    return OK;
}

void ccgw_carrier_begin(apr_pool_t *pchild)
{
    pthread_mutex_init(&carriers.lock, NULL);
    carriers.ring.next = carriers.ring.prev = &carriers.ring;
    carriers.open = 1;
}

static void number_locked(carrier_t *carrier, conn_rec *c)
{
    apr_socket_t *socket = ap_get_conn_socket(c->master ? c->master : c);
    apr_os_sock_t fd = -1;

    if (socket)
        apr_os_sock_get(&fd, socket);
    carrier->fd = fd;
    carrier->id = ccgw_wait_carrier_new(ccgw_child.wait);
    carrier->next = &carriers.ring;
    carrier->prev = carriers.ring.prev;
    carriers.ring.prev->next = carrier;
    carriers.ring.prev = carrier;
}

apr_uint64_t ccgw_carrier_id(request_rec *r)
{
    carrier_t *carrier = find_carrier(r->connection);
    apr_uint64_t id;

    /* A connection made by something that skips the hooks carries nothing that could be proven. */
    if (!carrier)
        return ccgw_wait_carrier_new(ccgw_child.wait);
    pthread_mutex_lock(&carriers.lock);
    if (!carrier->id)
        number_locked(carrier, r->connection);
    if (r->connection->master)
        carrier->shared = 1;
    id = carrier->id;
    pthread_mutex_unlock(&carriers.lock);
    return id;
}

/* The request's pool goes when the last byte of its answer has been handed to the kernel. */
static apr_status_t answer_sent(void *baton)
{
    carrier_t *carrier = baton;

    pthread_mutex_lock(&carriers.lock);
    carrier->unsent--;
    pthread_mutex_unlock(&carriers.lock);
    return APR_SUCCESS;
}

static void remember_key_locked(ccgw_buf_t *oldest, carrier_t *carrier, ccgw_buf_t key)
{
    ccgw_buf_t copy;
    int i;

    for (i = 0; i < carrier->nkeys; i++) {
        if (carrier->keys[i].n == key.n && !memcmp(carrier->keys[i].p, key.p, key.n))
            return;
    }
    copy.p = malloc(key.n ? key.n : 1);
    copy.n = key.n;
    if (!copy.p)
        return;
    memcpy((void *)copy.p, key.p, key.n);
    if (carrier->nkeys == KEYS) {
        *oldest = carrier->keys[0];
        memmove(carrier->keys, carrier->keys + 1, sizeof *carrier->keys * (KEYS - 1));
        carrier->nkeys--;
    }
    carrier->keys[carrier->nkeys++] = copy;
}

void ccgw_carrier_carries(request_rec *r, ccgw_buf_t key)
{
    carrier_t *carrier = find_carrier(r->connection);
    ccgw_buf_t oldest = { NULL, 0 };

    if (!carrier)
        return;
    pthread_mutex_lock(&carriers.lock);
    remember_key_locked(&oldest, carrier, key);
    carrier->unsent++;
    pthread_mutex_unlock(&carriers.lock);
    ccgw_wait_carrier_publish(ccgw_child.wait, carrier->id, CCGW_CARRIER_BUSY);
    /* Under HTTP/2 the request may outlive nothing of its connection either: the secondary one ends first. */
    apr_pool_cleanup_register(r->pool, carrier, answer_sent, apr_pool_cleanup_null);
    if (oldest.p) {
        settle(carrier->id, oldest, 0);
        free((void *)oldest.p);
    }
}

/* 1 sound, 0 not (yet), -1: not a connection of this child. */
static int look_here(apr_uint64_t id)
{
    const carrier_t *carrier;
    const closing_t *closing;
    int result = -1;
    line_t line;

    pthread_mutex_lock(&carriers.lock);
    for (carrier = carriers.ring.next; carrier != &carriers.ring && result < 0; carrier = carrier->next) {
        if (carrier->id == id)
            result = sound_locked(carrier);
    }
    for (closing = carriers.closing; closing && result < 0; closing = closing->next) {
        if (closing->id != id)
            continue;
        look_at_line(&line, closing->fd);
        result = line.state == LINE_FIN_WAIT2 || judge(&line, closing->received) == TAKEN;
    }
    pthread_mutex_unlock(&carriers.lock);
    return result;
}

int ccgw_carrier_sound(apr_uint64_t id)
{
    int probe;

    for (probe = 0; probe < PROBES; probe++) {
        int here = look_here(id);
        ccgw_carrier_state_t there = here < 0 ? ccgw_wait_carrier_state(ccgw_child.wait, id) : CCGW_CARRIER_BUSY;

        if (here == 1 || there == CCGW_CARRIER_DRAINED)
            return 1;
        if (there == CCGW_CARRIER_GONE)
            return 0;
        apr_sleep(PROBE_PAUSE);
    }
    return 0;
}

/* Take those that are decided out of the list. A line still open when its time is up has at least reached the peer's
 * system whole, or not. */
static closing_t *take_decided_locked(apr_time_t now)
{
    closing_t **at = &carriers.closing;
    closing_t *decided = NULL;

    while (*at) {
        closing_t *closing = *at;
        verdict_t verdict;
        line_t line;

        look_at_line(&line, closing->fd);
        verdict = judge(&line, closing->received);
        if (verdict == UNDECIDED && now >= closing->until)
            verdict = line.state == LINE_FIN_WAIT2 ? TAKEN : LOST;
        if (verdict == UNDECIDED) {
            at = &closing->next;
            continue;
        }
        *at = closing->next;
        carriers.nclosing--;
        closing->received = verdict == TAKEN;
        closing->next = decided;
        decided = closing;
    }
    return decided;
}

static void settle_decided(closing_t *decided)
{
    while (decided) {
        closing_t *next = decided->next;

        settle_all(decided->id, decided->keys, decided->nkeys, decided->received != 0);
        close(decided->fd);
        free(decided);
        decided = next;
    }
}

/* The child goes: what is still watched is decided by what is seen now. */
void ccgw_carrier_end(void)
{
    closing_t *decided;

    pthread_mutex_lock(&carriers.lock);
    decided = take_decided_locked(APR_INT64_MAX);
    carriers.open = 0;
    pthread_mutex_unlock(&carriers.lock);
    settle_decided(decided);
}

void ccgw_carrier_tick(void)
{
    const carrier_t *carrier;
    closing_t *decided;

    pthread_mutex_lock(&carriers.lock);
    for (carrier = carriers.ring.next; carrier != &carriers.ring; carrier = carrier->next) {
        if (carrier->nkeys)
            ccgw_wait_carrier_publish(ccgw_child.wait, carrier->id,
                                      sound_locked(carrier) ? CCGW_CARRIER_DRAINED : CCGW_CARRIER_BUSY);
    }
    decided = carriers.open ? take_decided_locked(ccgw_time_now()) : NULL;
    pthread_mutex_unlock(&carriers.lock);
    settle_decided(decided);
}
