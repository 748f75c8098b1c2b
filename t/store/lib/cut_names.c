/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* cut_names.c: the calls on names that the power-cut shim takes: what is opened, moved and removed. */
#include "cut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int watch(int at, const char *path, const char *name, int flags, int mode)
{
    struct stat st;
    int was_there, fd;
    file_t *file;

    pthread_mutex_lock(&cut.lock);
    cut_moment("open");
    was_there = !fstatat(at, path, &st, 0);
    fd = (int)syscall(SYS_openat, at, path, flags & ~O_TRUNC, mode);
    if (fd >= 0) {
        cut_must(fd < FDS_MAX, "so many descriptors");
        file = cut_learn(fd, name);
        if (!was_there)
            cut_step(STEP_NAMED, file, "", name);
        if (was_there && flags & O_TRUNC && st.st_size) {
            cut_remember(file, 0, NULL, 0);
            cut_must(!syscall(SYS_ftruncate, file->fd, 0), "truncate");
        }
        cut.watched[fd] = file;
        cut.is_dsync[fd] = (flags & O_DSYNC) != 0;
    }
    cut_moment("opened");
    pthread_mutex_unlock(&cut.lock);
    return fd;
}

static int open_any(int at, const char *path, int flags, int mode)
{
    char buf[PATH_MAX + NAME_SIZE];
    const char *name = cut_name(buf, at, path);
    struct stat st, own;
    int fd, saved = errno;

    if (name && !(flags & (O_DIRECTORY | O_PATH)))
        return watch(at, path, name, flags, mode);
    fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && fd < FDS_MAX && cut_is_on()) {
        cut.is_dir[fd] = !fstat(fd, &st) && S_ISDIR(st.st_mode) && !stat(cut.dir, &own) && st.st_ino == own.st_ino &&
                         st.st_dev == own.st_dev;
        errno = saved;
    }
    return fd;
}

#define TAKE_MODE(flags, mode)                                           \
    do {                                                                 \
        va_list args_;                                                   \
        va_start(args_, flags);                                          \
        mode = (flags) & (O_CREAT | O_TMPFILE) ? va_arg(args_, int) : 0; \
        va_end(args_);                                                   \
    } while (0)

int open(const char *path, int flags, ...)
{
    int mode;

    TAKE_MODE(flags, mode);
    return open_any(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    int mode;

    TAKE_MODE(flags, mode);
    return open_any(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
    int mode;

    TAKE_MODE(flags, mode);
    return open_any(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...)
{
    int mode;

    TAKE_MODE(flags, mode);
    return open_any(at, path, flags, mode);
}

/* What a checked build calls instead. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags);

int __open_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __openat_2(int at, const char *path, int flags)
{
    return open_any(at, path, flags, 0);
}

int __openat64_2(int at, const char *path, int flags)
{
    return open_any(at, path, flags, 0);
}

int creat(const char *path, mode_t mode)
{
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, (int)mode);
}

int creat64(const char *path, mode_t mode)
{
    return creat(path, mode);
}

/* lock held. The file called NAME now; NULL: none. */
static file_t *file_called(const char *name)
{
    char path[PATH_MAX + NAME_SIZE];
    file_t *file = NULL;
    int fd;

    snprintf(path, sizeof path, "%s/%s", cut.dir, name);
    fd = (int)cut_sys_open(path, O_RDWR, 0);
    if (fd >= 0) {
        file = cut_learn(fd, name);
        syscall(SYS_close, fd);
    }
    return file;
}

static int move(step_kind_t kind, int from_at, const char *from, int to_at, const char *to, int flags)
{
    char from_buf[PATH_MAX + NAME_SIZE], to_buf[PATH_MAX + NAME_SIZE];
    const char *old = cut_name(from_buf, from_at, from), *now = cut_name(to_buf, to_at, to);
    file_t *file;
    long rv;

    if (!old && !now)
        return (int)(kind == STEP_MOVED ? syscall(SYS_renameat2, from_at, from, to_at, to, flags)
                                        : syscall(SYS_linkat, from_at, from, to_at, to, flags));
    if (!old || !now)
        cut_unknown("moving into or out of the directory");
    pthread_mutex_lock(&cut.lock);
    cut_moment(kind == STEP_MOVED ? "rename" : "link");
    file = file_called(old);
    rv = kind == STEP_MOVED ? syscall(SYS_renameat2, from_at, from, to_at, to, flags)
                            : syscall(SYS_linkat, from_at, from, to_at, to, flags);
    if (!rv && flags & RENAME_EXCHANGE)
        cut_unknown("exchanging two names");
    if (!rv)
        cut_step(kind, file, old, now);
    cut_moment(kind == STEP_MOVED ? "renamed" : "linked");
    pthread_mutex_unlock(&cut.lock);
    return (int)rv;
}

int rename(const char *from, const char *to)
{
    return move(STEP_MOVED, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
    return move(STEP_MOVED, from_at, from, to_at, to, 0);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
    return move(STEP_MOVED, from_at, from, to_at, to, (int)flags);
}

int link(const char *from, const char *to)
{
    return move(STEP_NAMED, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
    return move(STEP_NAMED, from_at, from, to_at, to, flags);
}

int unlinkat(int at, const char *path, int flags)
{
    char buf[PATH_MAX + NAME_SIZE];
    const char *name = cut_name(buf, at, path);
    file_t *file;
    long rv;

    if (!name)
        return (int)syscall(SYS_unlinkat, at, path, flags);
    pthread_mutex_lock(&cut.lock);
    cut_moment("unlink");
    file = file_called(name);
    rv = syscall(SYS_unlinkat, at, path, flags);
    if (!rv)
        cut_step(STEP_REMOVED, file, name, "");
    cut_moment("unlinked");
    pthread_mutex_unlock(&cut.lock);
    return (int)rv;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int remove(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}
