/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_backup.c: a copy of the directory while a server writes to it.
 *
 * The journal is copied from its end to its beginning, the newest file first and each file backwards: whatever was
 * written while we copied is then missing at the end only. When a file is used again meanwhile, because a snapshot was
 * finished, the copy is begun anew. The first file comes last, so a copy that was cut short does not open. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small files of a busy server change fast; each try is a fresh chance. */
#define TRIES 200
#define CHUNK (1024 * 1024)
#define PAGE  4096

typedef struct source_t {
    const char *name;
    int fd;
    ccgw_local_file_head_t head; /* or the first bytes of a snapshot */
} source_t;

typedef struct backup_t {
    ccgw_store_t from; /* its directory is all that is used */
    const char *to;
    const char **why;
    apr_pool_t *pool;
    apr_pool_t *turn;            /* of this try */
    apr_array_header_t *files;   /* apr_uint64_t, positions of the journal's files, the newest first */
    apr_array_header_t *sources; /* source_t, in the order of copying */
    apr_uint64_t snapshot;
    char *chunk, *again;
} backup_t;

static int note_file(void *baton, const char *name, apr_uint64_t position)
{
    APR_ARRAY_PUSH((apr_array_header_t *)baton, apr_uint64_t) = position;
    return 1;
}

static int note_newest(void *baton, const char *name, apr_uint64_t position)
{
    apr_uint64_t *newest = baton;

    if (position > *newest)
        *newest = position;
    return 1;
}

static int newest_first(const void *a, const void *b)
{
    const apr_uint64_t *x = a, *y = b;

    return (*x < *y) - (*x > *y);
}

static apr_status_t say(backup_t *b, const char *what, const char *path, apr_status_t rv)
{
    *b->why = apr_psprintf(b->pool, "cannot %s %s: %s", what, path, strerror(rv));
    return rv;
}

/* N bytes at AT as they were at one moment: what is the same twice was so in between. A record that was written behind
 * another one while we read must not be in the copy without it. ENOENT: the file has no such bytes. */
static apr_status_t read_still(backup_t *b, int in, char *to, apr_size_t n, apr_uint64_t at)
{
    ssize_t got;

    do {
        got = pread(in, to, n, (off_t)at);
        if (got == (ssize_t)n)
            got = pread(in, b->again, n, (off_t)at);
        if (got != (ssize_t)n)
            return got < 0 ? errno : ENOENT;
    } while (memcmp(to, b->again, n));
    return APR_SUCCESS;
}

/* Likewise, by pages from the end to the beginning: more than one page may never be still. */
static apr_status_t read_pages(backup_t *b, int in, apr_size_t n, apr_uint64_t at)
{
    apr_status_t rv = APR_SUCCESS;

    while (n && rv == APR_SUCCESS) {
        apr_size_t part = n % PAGE ? n % PAGE : PAGE;

        n -= part;
        rv = read_still(b, in, b->chunk + n, part, at + n);
    }
    return rv;
}

/* Bytes N of both, from the end to the beginning. */
static apr_status_t copy_bytes(backup_t *b, int in, int out, apr_uint64_t n)
{
    apr_status_t rv = APR_SUCCESS;

    while (n && rv == APR_SUCCESS) {
        apr_size_t part = n % CHUNK ? (apr_size_t)(n % CHUNK) : CHUNK;

        n -= part;
        rv = read_pages(b, in, part, n);
        if (rv == APR_SUCCESS)
            rv = ccgw_local_write_all(out, b->chunk, part, n);
    }
    return rv;
}

/* ---- one try ---- */

/* A name that moved while the directory was listed may have been passed over: the files must follow each other, back to
 * the one that the snapshot's position lies in. ENOENT: they do not. */
static apr_status_t check_row(const backup_t *b, apr_uint64_t size)
{
    int i;

    for (i = 0; i < b->files->nelts; i++) {
        apr_uint64_t first = APR_ARRAY_IDX(b->files, i, apr_uint64_t);

        if (first <= b->snapshot)
            return first + size > b->snapshot ? APR_SUCCESS : ENOENT;
        if (i + 1 < b->files->nelts && APR_ARRAY_IDX(b->files, i + 1, apr_uint64_t) + size != first)
            return ENOENT;
    }
    return ENOENT;
}

static apr_status_t list_source(backup_t *b)
{
    apr_status_t rv;

    b->snapshot = 0;
    b->files = apr_array_make(b->turn, 16, sizeof(apr_uint64_t));
    rv = ccgw_local_dir_each(&b->from, "snapshot-", note_newest, &b->snapshot, b->turn);
    if (rv == APR_SUCCESS)
        rv = ccgw_local_dir_each(&b->from, "journal-", note_file, b->files, b->turn);
    if (rv != APR_SUCCESS)
        return say(b, "read", b->from.dir, rv);
    if (!b->files->nelts) {
        *b->why = apr_psprintf(b->pool, "%s holds no journal", b->from.dir);
        return CCGW_ENOTFOUND;
    }
    qsort(b->files->elts, (size_t)b->files->nelts, sizeof(apr_uint64_t), newest_first);
    return APR_SUCCESS;
}

static apr_status_t open_source(backup_t *b, const char *prefix, apr_uint64_t position)
{
    source_t *source = apr_array_push(b->sources);
    const char *path;

    source->name = apr_psprintf(b->turn, "%s%016" APR_UINT64_T_HEX_FMT, prefix, position);
    path = apr_pstrcat(b->turn, b->from.dir, "/", source->name, NULL);
    source->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0)
        return errno == ENOENT ? ENOENT : say(b, "read", path, errno);
    memset(&source->head, 0, sizeof source->head);
    return pread(source->fd, &source->head, sizeof source->head, 0) < 0 ? say(b, "read", path, errno) : APR_SUCCESS;
}

/* All that is needed is opened before anything is copied: then it may go by its name. */
static apr_status_t open_sources(backup_t *b)
{
    apr_status_t rv = list_source(b);
    const ccgw_local_file_head_t *head;
    int i;

    b->sources = apr_array_make(b->turn, 16, sizeof(source_t));
    for (i = 0; rv == APR_SUCCESS && i < b->files->nelts; i++) {
        apr_uint64_t first = APR_ARRAY_IDX(b->files, i, apr_uint64_t);

        rv = open_source(b, "journal-", first);
        if (first <= b->snapshot)
            break;
    }
    if (rv == APR_SUCCESS && b->snapshot)
        rv = open_source(b, "snapshot-", b->snapshot);
    if (rv != APR_SUCCESS)
        return rv;
    head = &APR_ARRAY_IDX(b->sources, 0, source_t).head;
    /* damage is copied as it is */
    return head->crc == ccgw_local_file_head_crc(*head) ? check_row(b, head->size) : APR_SUCCESS;
}

static void close_sources(backup_t *b)
{
    int i;

    for (i = 0; i < b->sources->nelts; i++) {
        if (APR_ARRAY_IDX(b->sources, i, source_t).fd >= 0)
            close(APR_ARRAY_IDX(b->sources, i, source_t).fd);
    }
}

/* ENOENT: the file holds another part of the journal by now. Its head is written before all else. */
static apr_status_t check_same(const source_t *source)
{
    ccgw_local_file_head_t head;

    memset(&head, 0, sizeof head);
    if (pread(source->fd, &head, sizeof head, 0) < 0)
        return errno;
    return memcmp(&head, &source->head, sizeof head) ? ENOENT : APR_SUCCESS;
}

/* Who starts from the copy shall know, whatever number its file will have. */
static apr_status_t mark_copy(int out, const source_t *source)
{
    ccgw_local_file_head_t head = source->head;

    if (head.magic != CCGW_LOCAL_FILE_MAGIC || head.crc != ccgw_local_file_head_crc(head))
        return APR_SUCCESS;
    head.inode = 0;
    head.crc = ccgw_local_file_head_crc(head);
    return ccgw_local_write_all(out, &head, sizeof head, 0);
}

static apr_status_t copy_file(backup_t *b, const source_t *source)
{
    const char *to = apr_pstrcat(b->turn, b->to, "/", source->name, NULL);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct stat info;
    apr_status_t rv;

    if (out < 0)
        return say(b, "make", to, errno);
    rv = fstat(source->fd, &info) ? errno : copy_bytes(b, source->fd, out, (apr_uint64_t)info.st_size);
    if (rv == APR_SUCCESS)
        rv = check_same(source);
    if (rv == APR_SUCCESS)
        rv = mark_copy(out, source);
    if (close(out) && rv == APR_SUCCESS)
        rv = errno;
    return rv == APR_SUCCESS || rv == ENOENT ? rv : say(b, "write", to, rv);
}

/* Last, since a file may be used again while we wait for the disk. */
static apr_status_t sync_file(backup_t *b, const source_t *source)
{
    const char *to = apr_pstrcat(b->turn, b->to, "/", source->name, NULL);
    int fd = open(to, O_RDONLY | O_CLOEXEC);
    apr_status_t rv = fd < 0 || fsync(fd) ? errno : APR_SUCCESS;

    if (fd >= 0)
        close(fd);
    return rv == APR_SUCCESS ? rv : say(b, "sync", to, rv);
}

static apr_status_t copy_all(backup_t *b)
{
    apr_status_t rv = open_sources(b);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < b->sources->nelts; i++)
        rv = copy_file(b, &APR_ARRAY_IDX(b->sources, i, source_t));
    for (i = 0; rv == APR_SUCCESS && i < b->sources->nelts; i++)
        rv = sync_file(b, &APR_ARRAY_IDX(b->sources, i, source_t));
    close_sources(b);
    return rv;
}

/* ---- the copy's directory ---- */

static int remove_file(void *baton, const char *name, apr_uint64_t position)
{
    const backup_t *b = baton;

    unlink(apr_pstrcat(b->pool, b->to, "/", name, NULL));
    return 1;
}

static void clear_target(backup_t *b)
{
    ccgw_store_t target = { .dir = b->to };

    ccgw_local_dir_each(&target, "journal-", remove_file, b, b->pool);
    ccgw_local_dir_each(&target, "snapshot-", remove_file, b, b->pool);
}

static int is_empty(const char *dir, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *list;
    int empty = 1;

    if (apr_dir_open(&list, dir, pool) != APR_SUCCESS)
        return 0;
    while (empty && apr_dir_read(&info, APR_FINFO_NAME, list) == APR_SUCCESS)
        empty = !strcmp(info.name, ".") || !strcmp(info.name, "..");
    apr_dir_close(list);
    return empty;
}

static apr_status_t open_target(backup_t *b)
{
    if (!mkdir(b->to, 0700))
        return APR_SUCCESS;
    if (errno != EEXIST)
        return say(b, "make", b->to, errno);
    if (is_empty(b->to, b->pool))
        return APR_SUCCESS;
    *b->why = apr_psprintf(b->pool, "%s is not an empty directory; name one that is, or that does not exist", b->to);
    return CCGW_EEXISTS;
}

/* Its names, and its own name in the directory above. */
static apr_status_t sync_target(backup_t *b)
{
    ccgw_store_t target = { .dir = b->to }, above = { .dir = apr_pstrcat(b->pool, b->to, "/..", NULL) };
    apr_status_t rv = ccgw_local_dir_sync(&target);

    if (rv == APR_SUCCESS)
        rv = ccgw_local_dir_sync(&above);
    return rv == APR_SUCCESS || rv == EACCES ? APR_SUCCESS : say(b, "sync", b->to, rv);
}

apr_status_t ccgw_local_backup(const char **why, const char *from, const char *to, apr_pool_t *pool)
{
    backup_t b = { .from = { .dir = from }, .to = to, .why = why, .pool = pool };
    apr_status_t rv;
    int tries;

    *why = "";
    apr_pool_create(&b.turn, pool);
    b.chunk = apr_palloc(pool, CHUNK);
    b.again = apr_palloc(pool, PAGE);
    rv = list_source(&b);
    if (rv == APR_SUCCESS)
        rv = open_target(&b);
    if (rv != APR_SUCCESS)
        return rv;
    for (tries = 0, rv = ENOENT; rv == ENOENT && tries < TRIES; tries++) {
        clear_target(&b);
        apr_pool_clear(b.turn);
        rv = copy_all(&b);
    }
    if (rv == ENOENT)
        *why = apr_psprintf(pool, "%s changes faster than it can be copied, or a file of its journal is missing", from);
    if (rv == APR_SUCCESS)
        rv = sync_target(&b);
    if (rv != APR_SUCCESS)
        clear_target(&b); /* nobody shall take it for a backup */
    apr_pool_destroy(b.turn);
    return rv;
}
