/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_file.c: the state directory, its lock, and the journal's files.
 *
 * A journal file is filled with zeros ahead of use, since overwriting costs half the sync of
 * growing. Zeros go only where seg->prepared has not been yet, and commits go only where it has:
 * neither can hit the other. */
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"
#include "util/ccgw_crc.h"

#include <apr_file_io.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP      ((apr_uint64_t)4 * 1024 * 1024)
#define PATH_SIZE 1024

/* ---- directory and lock ---- */

static int give_away(const ccgw_store_t *store, int fd)
{
    return geteuid() ? 0 : fchown(fd, store->uid, store->gid);
}

static apr_status_t open_dir(const char **why, const ccgw_store_t *store, apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;
    int fd;

    if (mkdir(store->dir, 0700) && errno != EEXIST) {
        rv = errno;
        *why = apr_psprintf(pool, "cannot make the state directory %s: %s; is the directory above it there?",
                            store->dir, strerror(rv));
        return rv;
    }
    fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0700) || give_away(store, fd)) {
        rv = errno;
        *why = apr_psprintf(pool, "cannot take the state directory %s: %s", store->dir, strerror(rv));
    }
    if (fd >= 0)
        close(fd);
    return rv;
}

/* The pid in the lock's file; 0: none is written. */
static long read_holder(int fd)
{
    char text[32];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    if (n <= 0)
        return 0;
    text[n] = '\0';
    return strtol(text, NULL, 10);
}

/* The descriptor is APR's, so closing it with the pool needs no code of ours, and the children
 * inherit it: the lock lasts until the last of them is gone. */
static apr_status_t take_lock(const char **why, ccgw_store_t *store, apr_pool_t *process)
{
    const char *path = apr_psprintf(process, "%s/lock", store->dir);
    const char *text = apr_psprintf(process, "%ld\n", (long)getpid());
    apr_file_t *file;
    apr_os_file_t fd;
    apr_status_t rv;

    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                       APR_FPROT_UREAD | APR_FPROT_UWRITE, process);
    if (rv != APR_SUCCESS) {
        *why = apr_psprintf(process, "cannot open %s: %s", path, strerror(rv));
        return rv;
    }
    apr_os_file_get(&fd, file);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        rv = errno == EWOULDBLOCK ? CCGW_EINUSE : errno;
        *why = apr_psprintf(process,
                            "the state directory %s belongs to a running server (pid %ld); stop it and its "
                            "children first, or give this one a directory of its own",
                            store->dir, read_holder(fd));
        apr_file_close(file);
        return rv;
    }
    store->lock = file;
    if (ftruncate(fd, 0) || pwrite(fd, text, strlen(text), 0) < 0 || give_away(store, fd)) {
        rv = errno;
        *why = apr_psprintf(process, "cannot write %s: %s", path, strerror(rv));
    }
    return rv;
}

apr_status_t ccgw_local_dir_open(const char **why, ccgw_store_t *store, apr_pool_t *process)
{
    apr_status_t rv = open_dir(why, store, process);

    return rv == APR_SUCCESS ? take_lock(why, store, process) : rv;
}

/* ---- journal files ---- */

const char *ccgw_local_file_path(const ccgw_store_t *store, apr_uint64_t file, char *buf, apr_size_t n)
{
    apr_snprintf(buf, n, "%s/journal-%016" APR_UINT64_T_HEX_FMT, store->dir, file * CCGW_LOCAL_FILE_SIZE);
    return buf;
}

apr_uint32_t ccgw_local_file_head_crc(ccgw_local_file_head_t head)
{
    head.crc = 0;
    return ccgw_crc32c(0, &head, sizeof head);
}

void ccgw_local_file_close(ccgw_store_t *store)
{
    if (store->fd >= 0)
        close(store->fd);
    store->fd = -1;
}

static apr_status_t use_file(ccgw_store_t *store, apr_uint64_t file)
{
    char path[PATH_SIZE];

    if (store->fd >= 0 && store->fd_file == file)
        return APR_SUCCESS;
    ccgw_local_file_close(store);
    store->fd = open(ccgw_local_file_path(store, file, path, sizeof path), O_RDWR | O_CLOEXEC);
    store->fd_file = file;
    return store->fd < 0 ? errno : APR_SUCCESS;
}

static apr_status_t write_all(int fd, const void *bytes, apr_size_t n, apr_uint64_t at)
{
    while (n) {
        ssize_t put = pwrite(fd, bytes, n, (off_t)at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : ENOSPC;
        bytes = (const char *)bytes + put;
        at += (apr_uint64_t)put;
        n -= (apr_size_t)put;
    }
    return APR_SUCCESS;
}

static apr_status_t write_zeros(int fd, apr_uint64_t from, apr_uint64_t to)
{
    static const char zeros[64 * 1024];
    apr_status_t rv = APR_SUCCESS;

    while (from < to && rv == APR_SUCCESS) {
        apr_uint64_t n = to - from < sizeof zeros ? to - from : sizeof zeros;

        rv = write_all(fd, zeros, n, from);
        from += n;
    }
    return rv;
}

static apr_status_t sync_dir(const ccgw_store_t *store)
{
    int fd = open(store->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t rv = APR_SUCCESS;

    if (fd < 0)
        return errno;
    if (fsync(fd))
        rv = errno;
    close(fd);
    return rv;
}

static apr_status_t fill_new(const ccgw_store_t *store, int fd, apr_uint64_t file)
{
    ccgw_local_file_head_t head;
    apr_status_t rv;

    memset(&head, 0, sizeof head);
    head.magic = CCGW_LOCAL_FILE_MAGIC;
    head.format = CCGW_LOCAL_FILE_FORMAT;
    head.position = file * CCGW_LOCAL_FILE_SIZE;
    head.crc = ccgw_local_file_head_crc(head);
    rv = write_all(fd, &head, sizeof head, 0);
    if (rv == APR_SUCCESS)
        rv = write_zeros(fd, sizeof head, STEP);
    if (rv == APR_SUCCESS && (give_away(store, fd) || fsync(fd)))
        rv = errno;
    return rv;
}

/* Made under another name and linked into place whole. A file of that name is one whose maker
 * was killed before he could say so: it holds no records, since seg->prepared never reached it. */
static apr_status_t make_file(const ccgw_store_t *store, apr_uint64_t file)
{
    char path[PATH_SIZE], made[PATH_SIZE + 8];
    apr_status_t rv;
    int fd;

    ccgw_local_file_path(store, file, path, sizeof path);
    apr_snprintf(made, sizeof made, "%s.new", path);
    fd = open(made, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    rv = fill_new(store, fd, file);
    close(fd);
    if (rv == APR_SUCCESS && link(made, path) && errno != EEXIST)
        rv = errno;
    unlink(made);
    return rv == APR_SUCCESS ? sync_dir(store) : rv;
}

apr_status_t ccgw_local_file_extend(ccgw_store_t *store, apr_uint64_t position)
{
    ccgw_local_segment_t *seg = store->seg;
    apr_status_t rv = APR_SUCCESS;

    while (seg->prepared < position && rv == APR_SUCCESS) {
        apr_uint64_t file = seg->prepared / CCGW_LOCAL_FILE_SIZE, at = seg->prepared % CCGW_LOCAL_FILE_SIZE;
        apr_uint64_t to = (at / STEP + 1) * STEP;

        if (!at) {
            rv = make_file(store, file);
        }
        else {
            rv = use_file(store, file);
            if (rv == APR_SUCCESS)
                rv = write_zeros(store->fd, at, to);
            if (rv == APR_SUCCESS && fdatasync(store->fd))
                rv = errno;
        }
        if (rv == APR_SUCCESS)
            ccgw_local_set(seg->prepared, file * CCGW_LOCAL_FILE_SIZE + to);
    }
    return rv;
}

apr_status_t ccgw_local_file_write(ccgw_store_t *store, apr_uint64_t position, const void *bytes, apr_size_t n)
{
    apr_status_t rv = use_file(store, position / CCGW_LOCAL_FILE_SIZE);

    return rv == APR_SUCCESS ? write_all(store->fd, bytes, n, position % CCGW_LOCAL_FILE_SIZE) : rv;
}

apr_status_t ccgw_local_file_sync(ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to)
{
    apr_uint64_t file = from / CCGW_LOCAL_FILE_SIZE;
    apr_status_t rv = APR_SUCCESS;

    for (; file <= (to - 1) / CCGW_LOCAL_FILE_SIZE && rv == APR_SUCCESS; file++) {
        rv = use_file(store, file);
        if (rv == APR_SUCCESS && fdatasync(store->fd))
            rv = errno;
    }
    return rv;
}
