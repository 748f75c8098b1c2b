/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* fault.c: a disk that fails. Preloaded into httpd: as long as the file FAULT_WHEN exists, no sync of a file whose path
 * begins with FAULT_FILES succeeds. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(int fd)
{
    const char *when = getenv("FAULT_WHEN"), *files = getenv("FAULT_FILES");
    char link[64], path[PATH_MAX];
    ssize_t n;

    if (!when || !files || access(when, F_OK))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path);
    return n >= (ssize_t)strlen(files) && !strncmp(path, files, strlen(files));
}

static int sync_or_fail(long call, int fd)
{
    if (!fails(fd))
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
