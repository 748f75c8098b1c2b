/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_process.c: the engine's life: opened once by the parent, found again at a restart, joined by each child.
 *
 * Five lifetimes meet here. The process pool holds the store, the segment of wake-ups and this file's retained_t: plain
 * data, because a graceful restart unloads this program and all its addresses with it. The configuration pool holds what
 * the directives said and the compiled rows. A child's pool holds the floor's index and the threads. */
#include "mod_ccgw_glue.h"

#include <apr_shm.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>
#include <unixd.h>

#include "store/ccgw_store_front.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"
#include "util/ccgw_log.h"
#include "util/ccgw_time.h"

#include <signal.h>

APLOG_USE_MODULE(ccgw);

#define RETAINED_KEY "mod_ccgw"
#define SECRET_BYTES 32

#define NUMBERS 5

/* What outlives a restart. Data only; a program of another layout leaves it alone until httpd has ended. */
typedef struct retained_t {
    int layout;
    int starts;
    apr_time_t clock_offset;
    apr_time_t started; /* the server, not a generation */
    ccgw_store_t *store;
    ccgw_wait_shared_t *wait;
    int has_floor; /* a floor file was taken since the store was opened */
    char secret[2 * SECRET_BYTES + 1];
    char store_name[32];
    char state_dir[1024];
    apr_int64_t numbers[NUMBERS]; /* what the store was opened with */
} retained_t;

#define LAYOUT (CCGW_WAIT_LAYOUT * 1000 + 3)

ccgw_child_t ccgw_child;

/* Of this generation; made in post_config, read only in the children. */
static struct {
    retained_t *retained;
    const ccgw_store_provider_t *provider;
    server_rec *server;
    const ccgw_router_t *routers[8];
    int usable;
} generation;

/* httpd can spell APR's codes only; ours are spelt out in the text. */
static apr_status_t foreign(apr_status_t rv)
{
    return rv >= CCGW_ERROR_BASE ? 0 : rv;
}

static void log_line(void *baton, ccgw_log_level_t level, apr_status_t status, const char *text)
{
    ap_log_error(APLOG_MARK, (int)level, foreign(status), (server_rec *)baton, "%s", text);
}

static void log_store(void *baton, int level, const char *text)
{
    ccgw_log((ccgw_log_level_t)level, 0, "%s", text);
}

const ccgw_router_t *ccgw_process_router(const ccgw_dialect_t *dialect)
{
    int i;

    for (i = 0; ccgw_dialects[i]; i++) {
        if (ccgw_dialects[i] == dialect)
            return generation.routers[i];
    }
    return NULL;
}

/* ---- the parent ---- */

static apr_status_t compile_rows(apr_pool_t *pconf, server_rec *s)
{
    const char *why = NULL;
    int i;

    for (i = 0; ccgw_dialects[i]; i++) {
        ccgw_router_t *router = NULL;
        apr_status_t rv = ccgw_router_make(&router, &why, ccgw_dialects[i], pconf);

        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_EMERG, foreign(rv), s,
                         "CCGW0410: the operations of dialect %s contradict each "
                         "other: %s",
                         ccgw_dialects[i]->name, why ? why : "no reason given");
            return rv;
        }
        generation.routers[i] = router;
    }
    return APR_SUCCESS;
}

static apr_status_t make_wait(retained_t *retained, server_rec *s)
{
    apr_pool_t *process = s->process->pool;
    apr_shm_t *shm;
    int children = 1;
    apr_status_t rv;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &children);
    rv = apr_shm_create(&shm, ccgw_wait_size(children), NULL, process);
    if (rv == APR_SUCCESS)
        rv = ccgw_wait_format(apr_shm_baseaddr_get(shm), children);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, foreign(rv), s,
                     "CCGW0411: no shared memory (%" APR_SIZE_T_FMT " bytes) for "
                     "wake-ups",
                     ccgw_wait_size(children));
        return rv;
    }
    retained->wait = apr_shm_baseaddr_get(shm);
    return APR_SUCCESS;
}

static void note_numbers(apr_int64_t numbers[NUMBERS], const ccgw_engine_conf_t *conf)
{
    numbers[0] = conf->memory;
    numbers[1] = conf->durability;
    numbers[2] = conf->mailbox_events;
    numbers[3] = conf->mailbox_bytes;
    numbers[4] = conf->snapshot_bytes;
}

static apr_status_t open_store(retained_t *retained, const ccgw_engine_conf_t *conf, server_rec *s)
{
    apr_pool_t *process = s->process->pool;
    ccgw_store_config_t config = { NULL };
    const char *why = NULL;
    apr_status_t rv;

    config.dir = apr_pstrdup(process, conf->state_dir);
    config.memory = (apr_size_t)conf->memory;
    config.durability = conf->durability;
    config.uid = geteuid() == 0 ? ap_unixd_config.user_id : geteuid();
    config.gid = geteuid() == 0 ? ap_unixd_config.group_id : getegid();
    config.mailbox_events = (int)conf->mailbox_events;
    config.mailbox_bytes = (apr_size_t)conf->mailbox_bytes;
    config.snapshot_bytes = (apr_uint64_t)conf->snapshot_bytes;
    config.accept_loss = conf->accept_loss;
    config.log = log_store;
    rv = generation.provider->open_parent(&retained->store, &why, &config, process);
    if (rv != APR_SUCCESS) {
        retained->store = NULL;
        ap_log_error(APLOG_MARK, APLOG_EMERG, foreign(rv), s,
                     "CCGW0412: CcgwStateDir %s: the store '%s' cannot be opened: %s", conf->state_dir, conf->store,
                     why ? why : "no reason given");
        return rv;
    }
    apr_cpystrn(retained->store_name, conf->store, sizeof retained->store_name);
    apr_cpystrn(retained->state_dir, conf->state_dir, sizeof retained->state_dir);
    note_numbers(retained->numbers, conf);
    return APR_SUCCESS;
}

/* Some directives shape what is made once per httpd. */
static void compare_with_start(const retained_t *retained, const ccgw_engine_conf_t *conf, apr_pool_t *ptemp,
                               server_rec *s)
{
    static const char *const names[NUMBERS] = { "CcgwMemory", "CcgwDurability", "CcgwMailboxEvents", "CcgwMailboxBytes",
                                                "CcgwSnapshot" };
    const char *changed = "";
    apr_int64_t numbers[NUMBERS];
    int i;

    if (strcmp(retained->store_name, conf->store))
        changed = apr_pstrcat(ptemp, changed, " CcgwStore", NULL);
    if (strcmp(retained->state_dir, conf->state_dir))
        changed = apr_pstrcat(ptemp, changed, " CcgwStateDir", NULL);
    note_numbers(numbers, conf);
    for (i = 0; i < NUMBERS; i++) {
        if (numbers[i] != retained->numbers[i])
            changed = apr_pstrcat(ptemp, changed, " ", names[i], NULL);
    }
    if (*changed) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "CCGW0413: a restart does not change%s: stop httpd and start it again for that", changed);
    }
}

/* Children read their floor from the store, so a restart can do with the one that is there: a store that has no room,
 * or a disk that failed, shall not keep people from reading. */
static apr_status_t take_floor(retained_t *retained, const ccgw_engine_conf_t *conf, apr_pool_t *ptemp, server_rec *s)
{
    apr_status_t rv = ccgw_floor_merge(generation.provider, retained->store, conf->floor, ptemp);
    const char *why = rv == APR_SUCCESS ? NULL : ccgw_error_text(rv, apr_palloc(ptemp, 256), 256);

    if (rv == APR_SUCCESS) {
        retained->has_floor = 1;
        return APR_SUCCESS;
    }
    if (retained->has_floor) {
        ap_log_error(APLOG_MARK, APLOG_ERR, foreign(rv), s,
                     "CCGW0424: CcgwFloor %s was not taken, the floor that is stored stays in force: %s; the next "
                     "restart at which the store can store tries again",
                     conf->floor_path, why);
        return APR_SUCCESS;
    }
    ap_log_error(APLOG_MARK, APLOG_EMERG, foreign(rv), s, "CCGW0414: CcgwFloor %s: the store did not take it: %s",
                 conf->floor_path, why);
    return rv;
}

static apr_status_t open_engine(retained_t *retained, const ccgw_engine_conf_t *conf, apr_pool_t *ptemp, server_rec *s)
{
    apr_status_t rv = ccgw_channel_start();

    if (rv == APR_SUCCESS && !retained->wait)
        rv = make_wait(retained, s);
    if (rv != APR_SUCCESS)
        return rv;
    if (retained->store)
        compare_with_start(retained, conf, ptemp, s);
    generation.provider = ccgw_store_find(retained->store ? retained->store_name : conf->store);
    if (!retained->store)
        rv = open_store(retained, conf, s);
    return rv == APR_SUCCESS ? take_floor(retained, conf, ptemp, s) : rv;
}

static retained_t *find_retained(server_rec *s)
{
    retained_t *retained = ap_retained_data_get(RETAINED_KEY);

    if (retained)
        return retained;
    retained = ap_retained_data_create(RETAINED_KEY, sizeof *retained);
    retained->layout = LAYOUT;
    retained->clock_offset = ccgw_time_offset();
    retained->started = ccgw_time_now();
    apr_cpystrn(retained->secret, ccgw_id_random_hex(SECRET_BYTES, s->process->pool), sizeof retained->secret);
    return retained;
}

static void advise(const ccgw_engine_conf_t *conf, server_rec *s)
{
    int threaded = 0, i, channels = 0, roots = 0;
    server_rec *host;

    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    if (!threaded) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "CCGW0415: under this MPM every waiting event reader keeps a "
                     "process; event or worker keep a thread");
    }
    for (host = s; host; host = host->next)
        roots += ccgw_server_conf(host)->roots->nelts;
    if (!roots)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "CCGW0421: without CcgwDialect no agent can sign in");
    for (i = 0; i < CCGW_MEDIA_COUNT; i++) {
        const char *caution = conf->channels[i] ? ccgw_channel_caution(conf->channels[i]) : NULL;

        channels += conf->channels[i] != NULL;
        if (caution)
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "CCGW0423: CcgwChannel %s %s: %s",
                         ccgw_media_name((ccgw_media_t)i), conf->channels[i]->provider->name, caution);
    }
    if (!channels)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, "CCGW0416: without CcgwChannel no customer can reach an agent");
    if (conf->accept_loss) {
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, s,
            "CCGW0422: CcgwRecovery accept-loss is on: a start gives up stored data that is damaged, and whatever "
            "follows it, instead of refusing; take it out again now");
    }
}

int ccgw_process_runs(void)
{
    const retained_t *retained = ap_retained_data_get(RETAINED_KEY);

    return retained && retained->starts;
}

int ccgw_process_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const ccgw_engine_conf_t *conf = ccgw_engine_conf(s);
    retained_t *retained;
    apr_status_t rv;
    int first;

    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    retained = find_retained(s);
    first = retained->starts++ == 0;
    if (!conf->on)
        return OK;
    ccgw_log_install(log_line, s);
    generation.server = s;
    generation.retained = retained;
    /* Also for a generation that cannot work: which paths are ours and which are files is known all the same. */
    rv = compile_rows(pconf, s);
    if (retained->layout != LAYOUT) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                     "CCGW0417: the running state was made by another version of "
                     "mod_ccgw: every request is answered 503 until httpd has been stopped and started");
        return OK;
    }
    ccgw_time_set_offset(retained->clock_offset);
    ccgw_json_start();
    /* A write beyond a limit on file sizes shall fail like one to a full disk, and not end the process. httpd ignores
     * this signal, too, but not before the first start has opened the store. */
    apr_signal(SIGXFSZ, SIG_IGN);
    if (rv == APR_SUCCESS)
        rv = open_engine(retained, conf, ptemp, s);
    generation.usable = rv == APR_SUCCESS;
    if (rv == APR_SUCCESS) {
        advise(conf, s);
        return OK;
    }
    /* An error here at a restart would end a server that is at work: see the error log and answer 503 instead. */
    if (first)
        return HTTP_INTERNAL_SERVER_ERROR;
    ap_log_error(APLOG_MARK, APLOG_ERR, foreign(rv), s, "CCGW0418: this generation answers 503 until the next restart");
    return OK;
}

void ccgw_process_child_ended(pid_t pid)
{
    if (generation.usable)
        ccgw_wait_child_gone(generation.retained->wait, pid);
}

/* ---- a child ---- */

static apr_time_t tell_now(void *baton)
{
    return ccgw_time_now();
}

static apr_time_t tell_wall(void *baton)
{
    return apr_time_now();
}

static void wake_readers(void *baton, ccgw_buf_t mailbox, ccgw_cursor_t last)
{
    ccgw_child_t *child = baton;

    /* The provider's threads may run before this child can be woken, and after. */
    if (child->wait)
        ccgw_wait_wake(child->wait, mailbox);
}

static void tick(void *baton)
{
    ccgw_child_t *child = baton;
    int state = AP_MPMQ_RUNNING;

    ccgw_carrier_tick();
    /* Not every MPM runs the child_stopping hook while its workers still wait. */
    if (ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING && child->wait)
        ccgw_wait_stopping(child->wait);
}

static apr_status_t end_child(void *baton)
{
    ccgw_child_t *child = baton;

    ccgw_carrier_end();
    if (child->wait)
        ccgw_wait_stopping(child->wait);
    ccgw_keeper_end();
    if (child->wait)
        ccgw_wait_end(child->wait);
    return APR_SUCCESS;
}

static int waiters_allowed(const ccgw_engine_conf_t *conf)
{
    int threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (conf->max_waiters)
        return (int)conf->max_waiters;
    return threads > 1 ? threads / 2 : 1;
}

static int ring_phone(void *baton, const char *number, apr_interval_time_t *after)
{
    return ccgw_channel_ring(baton, number, after);
}

static void fill_core(ccgw_core_t *core, const ccgw_engine_conf_t *conf)
{
    ccgw_stream_limits_t stream = { conf->bayeux_hold, conf->bayeux_max_interval };

    core->provider = generation.provider;
    core->store = generation.retained->store;
    core->started = generation.retained->started;
    core->now = tell_now;
    core->wall = tell_wall;
    core->limits.no_answer = conf->no_answer;
    core->limits.gone = conf->gone;
    core->limits.login_idle = conf->login_idle;
    core->limits.stream_idle = conf->bayeux_max_interval;
    core->limits.outbox_unknown = conf->outbox_unknown;
    core->limits.keep_sessions = conf->keep_sessions;
    core->limits.pull_notify = conf->pull_notify;
    core->limits.pull_join = conf->pull_join;
    memcpy(core->limits.texts, conf->texts, sizeof core->limits.texts);
    if (conf->channels[CCGW_MEDIA_VOICE]) {
        core->ring = ring_phone;
        core->ring_baton = (void *)conf->channels[CCGW_MEDIA_VOICE];
    }
    ccgw_stream_configure(&stream);
}

static apr_status_t join_engine(ccgw_child_t *child, apr_pool_t *pchild)
{
    const retained_t *retained = generation.retained;
    ccgw_core_t *core = &child->core;
    apr_status_t rv;

    fill_core(core, child->conf);
    child->secret = retained->secret;
    ccgw_carrier_begin(pchild);
    ccgw_auth_begin(pchild);
    rv = core->provider->open_child(core->store, wake_readers, child, pchild);
    if (rv == APR_SUCCESS)
        rv = ccgw_floor_load(&core->floor, core->provider, core->store, child->conf->floor, pchild);
    if (rv != APR_SUCCESS)
        return rv;
    /* Before the other cleanups of the child: our threads use what those take away. */
    apr_pool_pre_cleanup_register(pchild, child, end_child);
    rv = ccgw_wait_begin(&child->wait, retained->wait, waiters_allowed(child->conf), tick, child, pchild);
    return rv == APR_SUCCESS ? ccgw_keeper_begin(child, pchild) : rv;
}

void ccgw_process_child_init(apr_pool_t *pchild, server_rec *s)
{
    apr_status_t rv;

    ccgw_child.conf = ccgw_engine_conf(s);
    if (!ccgw_child.conf->on || !generation.usable)
        return;
    rv = join_engine(&ccgw_child, pchild);
    ccgw_child.usable = rv == APR_SUCCESS;
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, foreign(rv), s,
                     "CCGW0419: this child cannot use the store and answers 503: %s",
                     ccgw_error_text(rv, apr_palloc(pchild, 256), 256));
    }
}

void ccgw_process_child_stopping(apr_pool_t *pchild, int graceful)
{
    if (ccgw_child.wait)
        ccgw_wait_stopping(ccgw_child.wait);
}
