/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* backup.c: a state is copied and read again and again while writers, snapshots and the recycling of files go on beside
 * it: each time all that was committed before is in it, whole. Usage: backup [rounds] */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "ccgw_store.h"
#include "dir.h"
#include "store/ccgw_store_front.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITERS  4
#define SLOTS    20
#define ROUNDS   40
#define VALUE    6000
#define PATIENCE (120 * APR_USEC_PER_SEC)
#define MB       (1024 * 1024)

static const ccgw_store_provider_t *provider;
static apr_pool_t *root;
static const char *base;

/* ---- what the writers do ---- */

/* Writer W's commit N: (w, "count") = N, (w, slot N % SLOTS) = N, and an event N in his mailbox. Values begin with N. */
typedef struct writer_t {
    int w;
    ccgw_store_t *store;
    pthread_t thread;
    long acked; /* atomic */
} writer_t;

static int stopping;

static ccgw_buf_t key_of(char *bytes, int w, const char *what)
{
    ccgw_buf_t key = { bytes, 5 };

    memcpy(bytes, "acme", 5);
    key.n += (apr_size_t)sprintf(bytes + 5, "w%d %s", w, what);
    return key;
}

static apr_status_t put_number(ccgw_txn_t *txn, int w, const char *what, long n, apr_size_t size)
{
    char name[64], value[VALUE];
    ccgw_buf_t key = key_of(name, w, what), bytes = { value, size };
    ccgw_record_t record;
    apr_status_t rv = provider->get(&record, txn, CCGW_TABLE_SESSION, key);

    memset(value, 'x', sizeof value);
    memcpy(value, &n, sizeof n);
    return rv == APR_SUCCESS ? provider->put(txn, CCGW_TABLE_SESSION, key, bytes, 0) : rv;
}

static apr_status_t commit_one(writer_t *writer, long n, apr_pool_t *pool)
{
    char slot[16], name[64];
    ccgw_buf_t tenant = { "acme", 4 }, box = key_of(name, writer->w, "box"), body = { &n, sizeof n };
    ccgw_txn_t *txn;
    apr_status_t rv = provider->begin(&txn, writer->store, tenant, pool);

    sprintf(slot, "slot%d", (int)(n % SLOTS));
    if (rv == APR_SUCCESS)
        rv = put_number(txn, writer->w, "count", n, 8);
    if (rv == APR_SUCCESS)
        rv = put_number(txn, writer->w, slot, n, VALUE - (apr_size_t)(n * 97 % 3000));
    if (rv == APR_SUCCESS)
        rv = provider->open_box(txn, box);
    if (rv == APR_SUCCESS)
        rv = provider->append(txn, &box, 1, body);
    return rv == APR_SUCCESS ? provider->commit(NULL, txn, writer->w % 2 ? CCGW_DURABLE_DISK : CCGW_DURABLE_OS) : rv;
}

static void *write_on(void *baton)
{
    writer_t *writer = baton;
    apr_pool_t *pool;
    long n = 0;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED)) {
        if (commit_one(writer, n + 1, pool) == APR_SUCCESS)
            __atomic_store_n(&writer->acked, ++n, __ATOMIC_RELEASE);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void *keep_house(void *baton)
{
    while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED)) {
        provider->housekeep(baton, 0);
        apr_sleep(500);
    }
    return NULL;
}

/* ---- what must be in a copy ---- */

typedef struct found_t {
    long count[WRITERS], slots[WRITERS][SLOTS], event[WRITERS];
    int odd; /* what nobody wrote */
} found_t;

static apr_status_t take_item(void *baton, const ccgw_store_item_t *item, apr_pool_t *scratch)
{
    found_t *found = baton;
    const char *name = (const char *)item->record.key.p + 5;
    long n = 0;
    int w, slot;

    if (item->record.value.n >= sizeof n)
        memcpy(&n, item->record.value.p, sizeof n);
    if (sscanf(name, "w%d slot%d", &w, &slot) == 2 && w < WRITERS && slot < SLOTS)
        found->slots[w][slot] = n;
    else if (sscanf(name, "w%d ", &w) != 1 || w >= WRITERS)
        found->odd++;
    else if (item->is_event)
        found->event[w] = n;
    else if (item->table)
        found->count[w] = n;
    return APR_SUCCESS;
}

/* Why FOUND is not whole, or not as new as SINCE; NULL: it is. */
static const char *fault(const found_t *found, const long *since)
{
    int w, i;

    for (w = 0; w < WRITERS; w++) {
        long n = found->count[w];

        if (n < since[w])
            return apr_psprintf(root, "writer %d: %ld was committed, %ld is there", w, since[w], n);
        if (found->event[w] != n)
            return apr_psprintf(root, "writer %d: commit %ld with event %ld", w, n, found->event[w]);
        for (i = 0; i < SLOTS && i < n; i++) {
            if (found->slots[w][(n - i) % SLOTS] != n - i)
                return apr_psprintf(root, "writer %d: commit %ld, and %ld where %ld should be", w, n,
                                    found->slots[w][(n - i) % SLOTS], n - i);
        }
    }
    return found->odd ? "things that nobody wrote" : NULL;
}

static ccgw_store_config_t config_of(const char *dir)
{
    ccgw_store_config_t config = { .dir = dir, .memory = 32 * MB, .durability = CCGW_DURABLE_DISK };

    config.uid = getuid();
    config.gid = getgid();
    config.file_bytes = 4 * MB;
    config.snapshot_bytes = 2 * MB;
    return config;
}

/* Why DIR does not hold what was committed before SINCE was noted; NULL: it does. */
static const char *look_into(const char *dir, const long *since)
{
    ccgw_store_config_t config = config_of(dir);
    found_t found = { 0 };
    const char *why = "", *wrong;
    ccgw_store_t *store;
    apr_pool_t *pool;
    apr_status_t rv;

    apr_pool_create(&pool, root);
    rv = provider->open_copy(&store, &why, &config, pool);
    if (rv == APR_SUCCESS)
        rv = provider->walk(store, take_item, &found, pool);
    wrong = rv == APR_SUCCESS ? fault(&found, since) : apr_psprintf(root, "status %d: %s", (int)rv, why);
    apr_pool_destroy(pool);
    return wrong;
}

/* ---- the tests ---- */

static ccgw_store_t *open_store(const char **why, const char *dir, apr_pool_t *pool)
{
    ccgw_store_config_t config = config_of(dir);
    ccgw_store_t *store = NULL;

    *why = "";
    if (provider->open_parent(&store, why, &config, pool) != APR_SUCCESS)
        return NULL;
    return provider->open_child(store, NULL, NULL, pool) == APR_SUCCESS ? store : NULL;
}

static long emitted_snapshots, emitted_recycled;

static void take_counter(void *baton, const char *name, apr_int64_t value)
{
    if (!strcmp(name, "snapshots"))
        emitted_snapshots = (long)value;
    else if (!strcmp(name, "files_recycled"))
        emitted_recycled = (long)value;
}

/* How much the store does meanwhile depends on the disk; what the rounds are to show needs some of both. */
static int has_seen_enough(ccgw_store_t *store, int wanted)
{
    provider->stats(store, take_counter, NULL);
    return emitted_snapshots >= wanted && emitted_recycled >= wanted;
}

/* Until each writer has committed something more, so that every round sees another state. */
static void note_progress(long *since, const writer_t *writers)
{
    int w;

    for (w = 0; w < WRITERS; w++) {
        long before = since[w];

        while ((since[w] = __atomic_load_n(&writers[w].acked, __ATOMIC_ACQUIRE)) == before)
            apr_sleep(200);
    }
}

/* A server that starts from a copy: what a reader of the first one knows as his place means nothing to it. */
static void start_from(const char *dir, ccgw_cursor_t cursor, const long *since)
{
    ccgw_buf_t tenant = { "acme", 4 }, box;
    char name[64];
    ccgw_stored_event_t *events;
    found_t found = { 0 };
    ccgw_cursor_t upto = 0;
    const char *why, *wrong;
    ccgw_store_t *store;
    apr_status_t rv;
    apr_pool_t *pool;
    int n;

    apr_pool_create(&pool, root);
    store = open_store(&why, dir, pool);
    ok(store != NULL, "a server starts from a copy: %s", why);
    if (!store)
        return;
    provider->walk(store, take_item, &found, pool);
    wrong = fault(&found, since);
    ok(!wrong, "... with all that was committed before: %s", wrong ? wrong : "yes");
    box = key_of(name, 0, "box");
    rv = provider->events(&events, &n, &upto, store, tenant, &box, 1, cursor, 100, pool);
    is_int(rv, CCGW_ERESYNC, "... and tells a reader of the first one to start over");
    apr_pool_destroy(pool);
}

static void test_beside_writers(int rounds)
{
    const char *from = apr_pstrcat(root, base, "/busy", NULL), *why, *wrong = NULL, *unread = NULL, *to = NULL;
    ccgw_buf_t tenant = { "acme", 4 };
    writer_t writers[WRITERS] = { { 0 } };
    long since[WRITERS] = { 0 };
    apr_time_t end = apr_time_now() + PATIENCE;
    ccgw_cursor_t cursor = 0;
    pthread_t keeper;
    ccgw_store_t *store;
    apr_pool_t *pool;
    int i, w;

    apr_pool_create(&pool, root);
    store = open_store(&why, from, pool);
    ok(store != NULL, "the store opens: %s", why);
    if (!store)
        return;
    pthread_create(&keeper, NULL, keep_house, store);
    for (w = 0; w < WRITERS; w++) {
        writers[w].w = w;
        writers[w].store = store;
        pthread_create(&writers[w].thread, NULL, write_on, &writers[w]);
    }
    for (i = 0; !wrong && !unread; i++) {
        if (i >= rounds && (has_seen_enough(store, rounds / 4) || apr_time_now() > end))
            break;
        if (to)
            remove_all(to, root);
        to = apr_psprintf(root, "%s/copy%d", base, i);
        note_progress(since, writers);
        cursor = provider->last(store, tenant);
        if (provider->backup(&why, from, to, root) != APR_SUCCESS)
            wrong = apr_psprintf(root, "round %d: %s", i, why);
        if (!wrong)
            wrong = look_into(to, since);
        if (i % 2)
            unread = look_into(from, since);
    }
    ok(!wrong, "%d of %d copies hold all that was committed before, whole: %s", i - (wrong != NULL), i,
       wrong ? wrong : "yes");
    ok(!unread, "so does the directory itself, read beside its server: %s", unread ? unread : "yes");
    __atomic_store_n(&stopping, 1, __ATOMIC_RELAXED);
    for (w = 0; w < WRITERS; w++)
        pthread_join(writers[w].thread, NULL);
    pthread_join(keeper, NULL);
    provider->stats(store, take_counter, NULL);
    ok(emitted_snapshots >= rounds / 4, "snapshots were made meanwhile: %ld", emitted_snapshots);
    ok(emitted_recycled >= rounds / 4, "and files used again: %ld", emitted_recycled);
    start_from(to, cursor, since);
    apr_pool_destroy(pool);
    for (w = 0; w < WRITERS; w++)
        since[w] = writers[w].acked;
    wrong = look_into(from, since);
    ok(!wrong, "the original has everything: %s", wrong ? wrong : "yes");
}

static void touch(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd))
        perror(path);
}

static void test_refusals(void)
{
    const char *from = apr_pstrcat(root, base, "/busy", NULL), *why = "";
    const char *full = apr_pstrcat(root, base, "/full", NULL), *empty = apr_pstrcat(root, base, "/empty", NULL);
    const char *none = apr_pstrcat(root, base, "/none", NULL);
    ccgw_store_config_t config = config_of(empty);
    ccgw_store_t *store;
    struct stat info;
    apr_status_t rv;

    mkdir(full, 0700);
    mkdir(empty, 0700);
    touch(apr_pstrcat(root, full, "/note", NULL), "mine");
    rv = provider->backup(&why, from, full, root);
    ok(rv == CCGW_EEXISTS && strstr(why, full), "a directory with something in it is no place for a copy: %s", why);
    rv = provider->backup(&why, empty, none, root);
    ok(rv == CCGW_ENOTFOUND && strstr(why, empty), "what is no state is not copied: %s", why);
    ok(stat(none, &info) != 0, "... and nothing is made for it");
    rv = provider->open_copy(&store, &why, &config, root);
    ok(rv == CCGW_ENOTFOUND && strstr(why, empty), "... nor read: %s", why);
    config.dir = none;
    rv = provider->open_copy(&store, &why, &config, root);
    ok(APR_STATUS_IS_ENOENT(rv) && strstr(why, none), "a directory that is not there is named: %s", why);
    rv = provider->backup(&why, from, empty, root);
    ok(rv == APR_SUCCESS, "an empty directory takes a copy: %s", why);
}

/* A copy that was cut short, by whatever, is not taken for a state. */
static void test_cut_short(void)
{
    const char *from = apr_pstrcat(root, base, "/busy", NULL), *to = apr_pstrcat(root, base, "/short", NULL);
    int i, refused = 0, sound = 0;

    for (i = 0; i < 12; i++) {
        ccgw_store_config_t config = config_of(to);
        const char *why = "";
        ccgw_store_t *store;
        apr_status_t rv;
        pid_t pid = fork();

        if (!pid) {
            provider->backup(&why, from, to, root);
            _exit(0);
        }
        apr_sleep(i * 1500);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        rv = provider->open_copy(&store, &why, &config, root);
        refused += rv == CCGW_EDAMAGED || rv == CCGW_ENOTFOUND || APR_STATUS_IS_ENOENT(rv);
        sound += rv == APR_SUCCESS && !look_into(to, (const long[WRITERS]){ 1, 1, 1, 1 });
        remove_all(to, root);
    }
    is_int(refused + sound, 12, "a copy that was killed half-way does not open, or is whole (%d, %d)", refused, sound);
    ok(refused > 0, "some were caught half-way");
}

/* Very many small records need more memory than files: reading them is not left to the size of those. */
static void test_small_records(void)
{
    const char *dir = apr_pstrcat(root, base, "/small", NULL), *why = "";
    ccgw_store_config_t config = config_of(dir);
    ccgw_buf_t tenant = { "t", 1 };
    ccgw_store_t *store, *copy;
    apr_pool_t *pool, *turn;
    apr_status_t rv;
    int i, n = 0;

    config.memory = (apr_size_t)512 * MB;
    config.snapshot_bytes = (apr_uint64_t)1024 * MB;
    config.file_bytes = (apr_uint64_t)64 * MB;
    config.durability = CCGW_DURABLE_OS;
    apr_pool_create(&pool, root);
    apr_pool_create(&turn, pool);
    rv = provider->open_parent(&store, &why, &config, pool);
    ok(rv == APR_SUCCESS, "a larger store opens: %s", why);
    if (rv == APR_SUCCESS)
        rv = provider->open_child(store, NULL, NULL, pool);
    while (rv == APR_SUCCESS && n < 190 * 4000) {
        ccgw_txn_t *txn;

        apr_pool_clear(turn);
        provider->begin(&txn, store, tenant, turn);
        for (i = 0; i < 4000 && rv == APR_SUCCESS; i++, n++) {
            char name[16] = "t";
            ccgw_buf_t key = { name, 6 }, value = { name, 1 };
            ccgw_record_t record;

            memcpy(name + 2, &n, sizeof n);
            rv = provider->get(&record, txn, CCGW_TABLE_RATE, key);
            if (rv == APR_SUCCESS)
                rv = provider->put(txn, CCGW_TABLE_RATE, key, value, 1 + n);
        }
        if (rv == APR_SUCCESS)
            rv = provider->commit(NULL, txn, CCGW_DURABLE_UNSET);
    }
    ok(rv == APR_SUCCESS, "%d small records are written", n);
    config.memory = 0;
    rv = provider->open_copy(&copy, &why, &config, pool);
    ok(rv == APR_SUCCESS, "and read beside it, though they do not say how much memory they take: %s", why);
    apr_pool_destroy(pool);
}

int main(int argc, char **argv)
{
    char name[] = "/tmp/ccgw-backup-XXXXXX";

    apr_initialize();
    apr_pool_create(&root, NULL);
    base = mkdtemp(name);
    provider = ccgw_store_find("local");
    test_beside_writers(argc > 1 ? atoi(argv[1]) : ROUNDS);
    test_refusals();
    test_cut_short();
    test_small_records();
    remove_all(base, root);
    return done_testing();
}
