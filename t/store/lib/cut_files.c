/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* cut_files.c: the calls on files that the power-cut shim takes: what is written, and when it is sure. */
#include "cut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* What a sync takes on a fast disk: long enough that others commit meanwhile. */
#define SYNC_US 150

static ssize_t write_now(file_t *file, const void *bytes, size_t n, off_t at)
{
    ssize_t put;

    cut_remember(file, at, bytes, n);
    put = syscall(SYS_pwrite64, file->fd, bytes, n, at);
    cut_must(put == (ssize_t)n, "write");
    return put;
}

/* lock held: what a lying disk held back comes now. */
static void catch_up(file_t *file)
{
    change_t *change = file->late;

    if (!change)
        return;
    file->late = NULL;
    write_now(file, change->bytes, change->n, change->at);
    free(change->bytes);
    free(change);
}

static void hold_back(file_t *file, const void *bytes, size_t n, off_t at)
{
    change_t *change = calloc(1, sizeof *change);

    cut_must(change && (change->bytes = malloc(n)), "memory");
    memcpy(change->bytes, bytes, n);
    change->n = n;
    change->at = at;
    file->late = change;
}

static ssize_t write_at(int fd, file_t *file, const void *bytes, size_t n, off_t at)
{
    if (!n)
        return 0;
    pthread_mutex_lock(&cut.lock);
    cut_moment("write");
    catch_up(file);
    if (cut.late && cut_begins(file->name, cut.late))
        hold_back(file, bytes, n, at);
    else
        write_now(file, bytes, n, at);
    while (cut.is_dsync[fd] && file->first)
        cut_forget(file);
    cut_moment("written");
    pthread_mutex_unlock(&cut.lock);
    return (ssize_t)n;
}

/* As write() does: at the descriptor's place, which moves on. */
static ssize_t write_on(int fd, file_t *file, const void *bytes, size_t n)
{
    int flags = fcntl(fd, F_GETFL);
    off_t at = lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t put = write_at(fd, file, bytes, n, at);

    lseek(fd, at + put, SEEK_SET);
    return put;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    file_t *file = cut_watched(fd);

    return file ? write_at(fd, file, bytes, n, at) : syscall(SYS_pwrite64, fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return pwrite(fd, bytes, n, at);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    file_t *file = cut_watched(fd);

    return file ? write_on(fd, file, bytes, n) : syscall(SYS_write, fd, bytes, n);
}

static char *join_parts(size_t *n, const struct iovec *parts, int count)
{
    char *bytes;
    int i;

    for (i = 0, *n = 0; i < count; i++)
        *n += parts[i].iov_len;
    bytes = malloc(*n + 1);
    cut_must(bytes != NULL, "memory");
    for (i = 0, *n = 0; i < count; i++) {
        memcpy(bytes + *n, parts[i].iov_base, parts[i].iov_len);
        *n += parts[i].iov_len;
    }
    return bytes;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    file_t *file = cut_watched(fd);
    ssize_t put;
    char *bytes;
    size_t n;

    if (!file)
        return syscall(SYS_writev, fd, parts, count);
    bytes = join_parts(&n, parts, count);
    put = write_on(fd, file, bytes, n);
    free(bytes);
    return put;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    file_t *file = cut_watched(fd);
    ssize_t put;
    char *bytes;
    size_t n;

    if (!file)
        return syscall(SYS_pwritev, fd, parts, count, (long)at, 0L);
    bytes = join_parts(&n, parts, count);
    put = write_at(fd, file, bytes, n, at);
    free(bytes);
    return put;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
    return pwritev(fd, parts, count, at);
}

int ftruncate(int fd, off_t size)
{
    file_t *file = cut_watched(fd);
    int rv;

    if (!file)
        return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&cut.lock);
    cut_moment("truncate");
    catch_up(file);
    cut_remember(file, size, NULL, 0);
    rv = (int)syscall(SYS_ftruncate, fd, size);
    cut_moment("truncated");
    pthread_mutex_unlock(&cut.lock);
    return rv;
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

static int is_lie(const char *name)
{
    return cut_begins(name, cut.lies) && ++cut.lies_seen % cut.lies_every == 0;
}

static int sync_file(file_t *file)
{
    uint64_t upto;
    int lie;

    pthread_mutex_lock(&cut.lock);
    cut_moment("sync");
    upto = cut.order;
    lie = is_lie(file->name);
    pthread_mutex_unlock(&cut.lock);
    usleep(SYNC_US);
    pthread_mutex_lock(&cut.lock);
    while (!lie && file->first && file->first->order <= upto)
        cut_forget(file);
    cut_moment("synced");
    pthread_mutex_unlock(&cut.lock);
    return 0;
}

static int sync_directory(void)
{
    uint64_t upto;
    int lie;

    pthread_mutex_lock(&cut.lock);
    cut_moment("sync of names");
    upto = cut.order;
    lie = is_lie("/");
    pthread_mutex_unlock(&cut.lock);
    usleep(SYNC_US);
    pthread_mutex_lock(&cut.lock);
    while (!lie && cut.steps && cut.steps->order <= upto) {
        step_t *step = cut.steps;

        cut_take_step(step);
        cut.steps = step->next;
        if (!cut.steps)
            cut.steps_end = &cut.steps;
        free(step);
    }
    cut_moment("names synced");
    pthread_mutex_unlock(&cut.lock);
    return 0;
}

int fdatasync(int fd)
{
    file_t *file = cut_watched(fd);

    return file ? sync_file(file) : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    file_t *file = cut_watched(fd);

    if (file)
        return sync_file(file);
    return cut_is_on() && fd >= 0 && fd < FDS_MAX && cut.is_dir[fd] ? sync_directory() : (int)syscall(SYS_fsync, fd);
}

int close(int fd)
{
    if (cut_is_on() && fd >= 0 && fd < FDS_MAX) {
        pthread_mutex_lock(&cut.lock);
        cut.watched[fd] = NULL;
        cut.is_dir[fd] = 0;
        pthread_mutex_unlock(&cut.lock);
    }
    return (int)syscall(SYS_close, fd);
}

/* ---- what is not modelled ---- */

int fallocate(int fd, int mode, off_t at, off_t n)
{
    if (cut_watched(fd))
        cut_unknown("fallocate");
    return (int)syscall(SYS_fallocate, fd, mode, at, n);
}

int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
    return fallocate(fd, mode, at, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    return fallocate(fd, 0, at, n) ? errno : 0;
}

int posix_fallocate64(int fd, off64_t at, off64_t n)
{
    return posix_fallocate(fd, at, n);
}

int truncate(const char *path, off_t size)
{
    char buf[PATH_MAX + NAME_SIZE];

    if (cut_name(buf, AT_FDCWD, path))
        cut_unknown("truncate");
    return (int)syscall(SYS_truncate, path, size);
}

int truncate64(const char *path, off64_t size)
{
    return truncate(path, size);
}

int dup(int fd)
{
    if (cut_watched(fd))
        cut_unknown("dup");
    return (int)syscall(SYS_dup, fd);
}

ssize_t sendfile(int to, int from, off_t *at, size_t n)
{
    if (cut_watched(to))
        cut_unknown("sendfile");
    return syscall(SYS_sendfile, to, from, at, n);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t n, unsigned flags)
{
    if (cut_watched(to))
        cut_unknown("copy_file_range");
    return syscall(SYS_copy_file_range, from, from_at, to, to_at, n, flags);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    if (protection & PROT_WRITE && (flags & MAP_TYPE) != MAP_PRIVATE && cut_watched(fd))
        cut_unknown("a shared map");
    return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t n, int protection, int flags, int fd, off64_t offset)
{
    return mmap(at, n, protection, flags, fd, offset);
}
