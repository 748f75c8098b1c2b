/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_local_file.c: the state directory, its lock, and writing to the journal's files. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_DIRECT, sync_file_range() */
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

/* So much is read at once, */
#define PART ((apr_uint64_t)1024 * 1024)
/* and so much may wait to be written. More makes the slowest commits slower, less all of them. */
#define PORTION ((apr_uint64_t)256 * 1024)

/* ---- directory and lock ---- */

static apr_status_t sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t rv = APR_SUCCESS;

    if (fd < 0)
        return errno;
    if (fsync(fd))
        rv = errno;
    close(fd);
    return rv;
}

apr_status_t ccgw_local_dir_sync(const ccgw_store_t *store)
{
    return sync_dir(store->dir);
}

int ccgw_local_give_away(const ccgw_store_t *store, int fd)
{
    return geteuid() ? 0 : fchown(fd, store->uid, store->gid);
}

static apr_status_t open_dir(const char **why, const ccgw_store_t *store, apr_pool_t *pool)
{
    const char *slash = strrchr(store->dir, '/');
    apr_status_t rv = APR_SUCCESS;
    int fd;

    if (mkdir(store->dir, 0700))
        rv = errno == EEXIST ? APR_SUCCESS : errno;
    else if (slash)
        rv = sync_dir(slash == store->dir ? "/" : apr_pstrmemdup(pool, store->dir, (apr_size_t)(slash - store->dir)));
    if (rv != APR_SUCCESS) {
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

/* The directory is the server's user's, and we may be root: through a symbolic link that he left there nothing is opened,
 * written or given away. (Other links to what is not his the system refuses him.) FD < 0: is there something at PATH that is none of ours? */
static int is_foreign(const char *path, int fd)
{
    struct stat named, opened;

    if (lstat(path, &named))
        return fd >= 0 || errno != ENOENT;
    if (!S_ISREG(named.st_mode))
        return 1;
    return fd >= 0 && (fstat(fd, &opened) || opened.st_ino != named.st_ino || opened.st_dev != named.st_dev);
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

    rv = is_foreign(path, -1) ? ELOOP
                              : apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                                              APR_FPROT_UREAD | APR_FPROT_UWRITE, process);
    if (rv == APR_SUCCESS) {
        apr_os_file_get(&fd, file);
        if (is_foreign(path, fd)) {
            apr_file_close(file);
            rv = ELOOP;
        }
    }
    if (rv != APR_SUCCESS) {
        *why = rv == ELOOP ? apr_psprintf(process, "%s is a link or no plain file; remove it", path)
                           : apr_psprintf(process, "cannot open %s: %s", path, strerror(rv));
        return rv;
    }
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
    /* For whoever looks; a full disk is no reason to do without the server. */
    if (pwrite(fd, text, strlen(text), 0) > 0 && ftruncate(fd, (off_t)strlen(text)))
        return errno;
    if (ccgw_local_give_away(store, fd)) {
        rv = errno;
        *why = apr_psprintf(process, "cannot give %s to the server's user: %s", path, strerror(rv));
    }
    return rv;
}

/* What somebody restored as root, or another User of httpd has left, is the present one's from now on. */
static apr_status_t take_files(const char **why, const ccgw_store_t *store, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *dir;
    apr_status_t rv = APR_SUCCESS;
    int fd;

    if (geteuid() || apr_dir_open(&dir, store->dir, pool) != APR_SUCCESS)
        return APR_SUCCESS; /* who cannot read it will say so */
    while (rv == APR_SUCCESS && apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const char *path = apr_pstrcat(pool, store->dir, "/", info.name, NULL);

        if (strncmp(info.name, "journal-", 8) && strncmp(info.name, "snapshot", 8) && strncmp(info.name, "spare-", 6))
            continue;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0 && !is_foreign(path, fd) && fchown(fd, store->uid, store->gid)) {
            rv = errno;
            *why = apr_psprintf(pool, "cannot give %s to the server's user: %s", path, strerror(rv));
        }
        if (fd >= 0)
            close(fd);
    }
    apr_dir_close(dir);
    return rv;
}

apr_status_t ccgw_local_dir_open(const char **why, ccgw_store_t *store, apr_pool_t *process)
{
    apr_status_t rv = open_dir(why, store, process);

    if (rv == APR_SUCCESS)
        rv = take_lock(why, store, process);
    return rv == APR_SUCCESS ? take_files(why, store, process) : rv;
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
    store->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (store->direct ? O_DIRECT : 0));
    if (store->fd < 0 && errno == EINVAL && store->direct) {
        store->direct = 0;
        store->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
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

apr_status_t ccgw_local_file_push(int fd, apr_uint64_t *pushed, apr_uint64_t to)
{
    if (to - *pushed < PORTION)
        return APR_SUCCESS;
    if (sync_file_range(fd, (off_t)*pushed, (off_t)(to - *pushed),
                        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) &&
        errno != ENOSYS && errno != ESPIPE)
        return errno;
    *pushed = to;
    return APR_SUCCESS;
}

/* N bytes, at most PART at a time, each behind the last one or (over) each to the same place. *at: how far that went. */
static apr_status_t read_through(apr_uint64_t *at, int fd, char *to, apr_uint64_t part, apr_uint64_t n, int over)
{
    ssize_t got = 1;

    for (*at = 0; *at < n && got > 0; *at += got > 0 ? (apr_uint64_t)got : 0)
        got = pread(fd, over ? to : to + *at, n - *at < part ? n - *at : part, (off_t)*at);
    return got < 0 ? errno : APR_SUCCESS;
}

/* A map of what cannot be read is a signal, or no end of trying: so all is read once before, where it is an error. That
 * costs a copy, not a second way to the disk. */
static apr_status_t map_read(char **map, apr_uint64_t *at, int fd, apr_uint64_t n)
{
    char *part = malloc(PART);
    apr_status_t rv = part ? read_through(at, fd, part, PART, n, 1) : APR_ENOMEM;

    free(part);
    if (rv != APR_SUCCESS)
        return rv;
    *map = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    return *map == MAP_FAILED ? errno : APR_SUCCESS;
}

/* Whose file it is may use it again for another part of the journal while we follow what is in it: so its bytes as they
 * are now. */
static apr_status_t copy_read(char **map, apr_uint64_t *at, int fd, apr_uint64_t n)
{
    *map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return *map == MAP_FAILED ? errno : read_through(at, fd, *map, n, n, 0);
}

apr_status_t ccgw_local_read_file(char **map, apr_uint64_t *at, int fd, apr_uint64_t n, int ours)
{
    apr_status_t rv;

    *map = NULL;
    *at = 0;
    if (!n)
        return APR_SUCCESS;
    rv = ours ? copy_read(map, at, fd, n) : map_read(map, at, fd, n);
    if (rv != APR_SUCCESS && *map && *map != MAP_FAILED)
        munmap(*map, n);
    if (rv != APR_SUCCESS)
        *map = NULL;
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

apr_status_t ccgw_local_file_sync(int *tried, ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to)
{
    apr_uint64_t file = from / store->seg->file_size;
    apr_status_t rv = APR_SUCCESS;

    *tried = 0;
    for (; file <= (to - 1) / store->seg->file_size && rv == APR_SUCCESS; file++) {
        rv = use_file(store, file);
        if (rv == APR_SUCCESS && fdatasync(store->fd)) {
            rv = errno;
            *tried = 1;
        }
    }
    return rv;
}

/* ---- at the start ---- */

static apr_status_t settle_file(int fd, apr_uint64_t from, apr_uint64_t to)
{
    char *part = malloc(PART);
    apr_status_t rv = part ? APR_SUCCESS : APR_ENOMEM;

    while (from < to && rv == APR_SUCCESS) {
        ssize_t got = pread(fd, part, to - from < PART ? to - from : PART, (off_t)from);

        if (got <= 0) {
            rv = got < 0 ? errno : APR_SUCCESS;
            break;
        }
        rv = ccgw_local_write_all(fd, part, (apr_size_t)got, from);
        from += (apr_uint64_t)got;
    }
    free(part);
    return rv == APR_SUCCESS && fdatasync(fd) ? errno : rv;
}

apr_status_t ccgw_local_file_settle(const ccgw_store_t *store, apr_uint64_t from, apr_uint64_t to)
{
    apr_uint64_t size = store->seg->file_size;
    char path[CCGW_LOCAL_PATH_SIZE];
    apr_status_t rv = APR_SUCCESS;

    for (; from < to && rv == APR_SUCCESS; from = (from / size + 1) * size) {
        int fd = open(ccgw_local_file_path(store, from / size, path, sizeof path), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        apr_uint64_t end = (from / size + 1) * size;

        if (fd < 0) {
            rv = errno == ENOENT ? APR_SUCCESS : errno;
            continue;
        }
        rv = settle_file(fd, from % size, (to < end ? to : end) - from / size * size);
        close(fd);
    }
    return rv;
}
