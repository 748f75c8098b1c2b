/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_file.c: the state directory, its lock, and writing to the journal's files. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_DIRECT */
#endif
#include "store/ccgw_store_local.h"

#include "ccgw_error.h"

#include <apr_file_io.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- directory and lock ---- */

int ccgw_local_give_away(const ccgw_store_t *store, int fd)
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
    if (fd < 0 || fchmod(fd, 0700) || ccgw_local_give_away(store, fd)) {
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
    if (ftruncate(fd, 0) || pwrite(fd, text, strlen(text), 0) < 0 || ccgw_local_give_away(store, fd)) {
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
    apr_snprintf(buf, n, "%s/journal-%016" APR_UINT64_T_HEX_FMT, store->dir, file * store->seg->file_size);
    return buf;
}

void ccgw_local_file_close(ccgw_store_t *store)
{
    if (store->fd >= 0)
        close(store->fd);
    store->fd = -1;
}

static apr_status_t use_file(ccgw_store_t *store, apr_uint64_t file)
{
    char path[CCGW_LOCAL_PATH_SIZE];

    if (store->fd >= 0 && store->fd_file == file)
        return APR_SUCCESS;
    ccgw_local_file_close(store);
    ccgw_local_file_path(store, file, path, sizeof path);
    store->fd = open(path, O_RDWR | O_CLOEXEC | (store->direct ? O_DIRECT : 0));
    if (store->fd < 0 && errno == EINVAL && store->direct) {
        store->direct = 0;
        store->fd = open(path, O_RDWR | O_CLOEXEC);
    }
    store->fd_file = file;
    return store->fd < 0 ? errno : APR_SUCCESS;
}

apr_status_t ccgw_local_write_all(int fd, const void *bytes, apr_size_t n, apr_uint64_t at)
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

/* Whose file it is may write to it, or use it again for another part of the journal, while we follow what is in it: so
 * its bytes as they are now, in memory of our own. */
void *ccgw_local_read_bytes(int fd, apr_uint64_t n)
{
    char *bytes = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    apr_uint64_t at = 0;
    ssize_t got = 1;

    while (bytes != MAP_FAILED && at < n && got > 0) {
        got = pread(fd, bytes + at, n - at, (off_t)at);
        at += got > 0 ? (apr_uint64_t)got : 0;
    }
    return bytes;
}

apr_status_t ccgw_local_dir_sync(const ccgw_store_t *store)
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

apr_status_t ccgw_local_file_write(ccgw_store_t *store, apr_uint64_t position, const void *bytes, apr_size_t n)
{
    apr_uint64_t file = position / store->seg->file_size, at = position % store->seg->file_size;
    apr_status_t rv = use_file(store, file);

    if (rv == APR_SUCCESS)
        rv = ccgw_local_write_all(store->fd, bytes, n, at);
    if (rv != EINVAL || !store->direct)
        return rv;
    /* The file system wants larger blocks than ours, or none. */
    store->direct = 0;
    ccgw_local_file_close(store);
    rv = use_file(store, file);
    return rv == APR_SUCCESS ? ccgw_local_write_all(store->fd, bytes, n, at) : rv;
}

apr_status_t ccgw_local_file_sync(ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to)
{
    apr_uint64_t file = from / store->seg->file_size;
    apr_status_t rv = APR_SUCCESS;

    for (; file <= (to - 1) / store->seg->file_size && rv == APR_SUCCESS; file++) {
        rv = use_file(store, file);
        if (rv == APR_SUCCESS && fdatasync(store->fd))
            rv = errno;
    }
    return rv;
}
