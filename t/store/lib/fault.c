/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* fault.c: a disk that fails. Preloaded into httpd: as long as the file FAULT_WHEN exists, files whose path begins with
 * FAULT_FILES fail as it says: "sync": no sync succeeds; "write": there is no room for what is written; "read 8192": what
 * lies there or behind cannot be read. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The word that stands there now, and what follows it; 0: none. */
static int read_fault(const char *word, char *rest, size_t n)
{
    const char *when = getenv("FAULT_WHEN");
    int fd = when ? open(when, O_RDONLY | O_CLOEXEC) : -1;
    char text[64] = "";
    size_t length = strlen(word);

    if (fd < 0)
        return 0;
    if (syscall(SYS_read, fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    if (strncmp(text, word, length))
        return 0;
    snprintf(rest, n, "%s", text + length);
    return 1;
}

static int fails(const char *word, int fd, char *rest, size_t n)
{
    const char *files = getenv("FAULT_FILES");
    char link[64], path[PATH_MAX];
    ssize_t got;

    if (!files || !read_fault(word, rest, n))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    got = readlink(link, path, sizeof path);
    return got >= (ssize_t)strlen(files) && !strncmp(path, files, strlen(files));
}

static int sync_or_fail(long call, int fd)
{
    char rest[64];

    if (!fails("sync", fd, rest, sizeof rest))
        return (int)syscall(call, fd);
    errno = EIO;
    return -1;
}

int fdatasync(int fd)
{
    return sync_or_fail(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return sync_or_fail(SYS_fsync, fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    char rest[64];

    if (!fails("write", fd, rest, sizeof rest))
        return syscall(SYS_pwrite64, fd, bytes, n, at);
    errno = ENOSPC;
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return pwrite(fd, bytes, n, at);
}

ssize_t pread(int fd, void *bytes, size_t n, off_t at)
{
    char rest[64];
    off_t bad;

    if (!fails("read", fd, rest, sizeof rest))
        return syscall(SYS_pread64, fd, bytes, n, at);
    bad = atoll(rest);
    if (at < bad)
        return syscall(SYS_pread64, fd, bytes, at + (off_t)n <= bad ? n : (size_t)(bad - at), at);
    errno = EIO;
    return -1;
}

ssize_t pread64(int fd, void *bytes, size_t n, off64_t at)
{
    return pread(fd, bytes, n, at);
}
