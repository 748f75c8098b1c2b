/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* cut.c: a power cut, for one process and one directory. Preloaded; what the process writes there is remembered until a
 * sync covers it, and at a given moment the process ends and the directory keeps only what a disk might have kept.
 *
 *     CUT_DIR     the directory, absolute; it has no directories in it. "CUT_DIR.inodes" is used and left behind
 *     CUT_AT      the cut comes at this moment; each call that is watched is two moments, before and after it. 0: never
 *     CUT_SEED    decides everything else
 *     CUT_LIES    "journal:3": each third sync of a file whose name begins so says that it was done and does nothing;
 *                 "/:1": those of the directory
 *     CUT_LATE    "journal": of files whose name begins so, the last write is held back until the next call, though the
 *                 caller is told that it and a sync of it were done
 *     CUT_LOG     a line about the cut is added to this file
 *
 * What is modelled: a sector of 512 bytes holds what it held at some moment between the last sync that covered it and
 * the cut, each sector for itself; likewise a file's length. A name made, moved or removed is sure when the directory
 * was synced; before that each such step may or may not have happened, but a step never without the earlier ones of
 * the same names. Syncs cost a little time and write nothing: the page cache stands for the disk.
 *
 * A call that could change the files unseen (shared writable maps, fallocate, ...) ends the process with a message:
 * then this file has to learn it first. */
#include "cut.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

cut_t cut = { .lock = PTHREAD_MUTEX_INITIALIZER, .steps_end = &cut.steps };
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- beneath us ---- */

int cut_sys_open(const char *path, int flags, int mode)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

static void say(const char *format, ...)
{
    char text[512];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0)
        syscall(SYS_write, 2, text, (size_t)n);
}

void cut_unknown(const char *what)
{
    say("cut: %s is not modelled\n", what);
    abort();
}

uint64_t cut_draw(void)
{
    cut.seed += 0x9e3779b97f4a7c15ULL;
    uint64_t x = cut.seed;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

void cut_must(int done, const char *what)
{
    if (done)
        return;
    say("cut: %s: %s\n", what, strerror(errno));
    abort();
}

int cut_begins(const char *name, const char *with)
{
    return with && !strncmp(name, with, strcspn(with, ":"));
}

/* ---- what is remembered ---- */

/* lock held. The file behind FD; a link of our own keeps it when its last name goes. */
file_t *cut_learn(int fd, const char *name)
{
    char link_name[PATH_MAX + 32], path[64];
    struct stat st;
    file_t *file;
    int i;

    cut_must(!fstat(fd, &st), "fstat");
    for (i = 0; i < cut.nfiles; i++) {
        if (cut.files[i].inode == st.st_ino)
            return &cut.files[i];
    }
    if (cut.nfiles == FILES_MAX)
        cut_unknown("so many files");
    file = &cut.files[cut.nfiles++];
    file->inode = st.st_ino;
    file->end = &file->first;
    snprintf(file->name, sizeof file->name, "%s", name);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    snprintf(link_name, sizeof link_name, "%s/%lu", cut.kept, (unsigned long)st.st_ino);
    cut_must(!syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, link_name, AT_SYMLINK_FOLLOW) || errno == EEXIST, "link");
    file->fd = cut_sys_open(link_name, O_RDWR, 0);
    cut_must(file->fd >= 0, link_name);
    return file;
}

static void learn_directory(void)
{
    DIR *open_dir = opendir(cut.dir);
    struct dirent *entry;
    char path[PATH_MAX + NAME_SIZE];

    cut_must(open_dir != NULL, cut.dir);
    while ((entry = readdir(open_dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%.*s", cut.dir, NAME_SIZE - 1, entry->d_name);
        int fd = cut_sys_open(path, O_RDWR, 0);

        cut_must(fd >= 0, path);
        snprintf(cut.sure[cut.nsure].name, NAME_SIZE, "%.*s", NAME_SIZE - 1, entry->d_name);
        cut.sure[cut.nsure++].file = cut_learn(fd, entry->d_name);
        syscall(SYS_close, fd);
    }
    closedir(open_dir);
}

static void begin(void)
{
    const char *said = getenv("CUT_DIR");

    if (!said)
        return;
    cut.at = strtoull(getenv("CUT_AT") ? getenv("CUT_AT") : "0", NULL, 10);
    cut.seed = strtoull(getenv("CUT_SEED") ? getenv("CUT_SEED") : "1", NULL, 10);
    cut.lies = getenv("CUT_LIES");
    cut.lies_every = cut.lies && strchr(cut.lies, ':') ? atol(strchr(cut.lies, ':') + 1) : 1;
    cut.late = getenv("CUT_LATE");
    snprintf(cut.kept, sizeof cut.kept, "%s.inodes", said);
    syscall(SYS_mkdirat, AT_FDCWD, cut.kept, 0700);
    snprintf(cut.dir, sizeof cut.dir, "%s", said);
    learn_directory();
}

int cut_is_on(void)
{
    pthread_once(&once, begin);
    return cut.dir[0] != 0;
}

file_t *cut_watched(int fd)
{
    return cut_is_on() && fd >= 0 && fd < FDS_MAX ? cut.watched[fd] : NULL;
}

/* The name in the directory that (AT, PATH) means; NULL: it is elsewhere. */
const char *cut_name(char *buf, int at, const char *path)
{
    const char *name;
    size_t n;

    if (!cut_is_on())
        return NULL;
    if (path[0] == '/') {
        snprintf(buf, PATH_MAX, "%s", path);
    }
    else {
        char link_name[64];
        ssize_t len;

        snprintf(link_name, sizeof link_name, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
        len = readlink(link_name, buf, PATH_MAX / 2);
        if (len < 0)
            return NULL;
        snprintf(buf + len, PATH_MAX - (size_t)len, "/%s", path);
    }
    n = strlen(cut.dir);
    if (strncmp(buf, cut.dir, n) || buf[n] != '/')
        return NULL;
    name = buf + n + 1;
    if (strchr(name, '/') || strlen(name) >= NAME_SIZE)
        cut_unknown(name);
    return name;
}

void cut_remember(file_t *file, off_t at, const void *bytes, size_t n)
{
    change_t *change = calloc(1, sizeof *change);
    struct stat st;
    size_t before;

    cut_must(change && !fstat(file->fd, &st), "fstat");
    change->order = ++cut.order;
    change->at = at;
    change->old_size = st.st_size;
    before = n ? n : (size_t)(st.st_size > at ? st.st_size - at : 0);
    change->n = n;
    change->bytes = malloc(n + before + 1);
    cut_must(change->bytes != NULL, "memory");
    if (n)
        memcpy(change->bytes, bytes, n);
    ssize_t got = syscall(SYS_pread64, file->fd, change->bytes + n, before, at);
    cut_must(got >= 0, "read");
    change->n_before = (size_t)got;
    *file->end = change;
    file->end = &change->next;
}

void cut_forget(file_t *file)
{
    change_t *change = file->first;

    file->first = change->next;
    if (!file->first)
        file->end = &file->first;
    free(change->bytes);
    free(change);
}

void cut_step(step_kind_t kind, file_t *file, const char *from, const char *to)
{
    step_t *step = calloc(1, sizeof *step);

    cut_must(step != NULL, "memory");
    step->order = ++cut.order;
    step->kind = kind;
    step->file = file;
    snprintf(step->from, NAME_SIZE, "%s", from);
    snprintf(step->to, NAME_SIZE, "%s", to);
    *cut.steps_end = step;
    cut.steps_end = &step->next;
    if (to[0])
        snprintf(file->name, NAME_SIZE, "%s", to);
}

static entry_t *find_sure(const char *name)
{
    int i;

    for (i = 0; i < cut.nsure; i++) {
        if (!strcmp(cut.sure[i].name, name))
            return &cut.sure[i];
    }
    return NULL;
}

void cut_take_step(const step_t *step)
{
    entry_t *old = step->from[0] ? find_sure(step->from) : NULL, *now;

    if (old && step->kind != STEP_NAMED)
        *old = cut.sure[--cut.nsure];
    if (step->kind == STEP_REMOVED)
        return;
    now = find_sure(step->to);
    if (!now) {
        cut_must(cut.nsure < FILES_MAX, "so many names");
        now = &cut.sure[cut.nsure++];
    }
    snprintf(now->name, NAME_SIZE, "%s", step->to);
    now->file = step->file;
}

/* lock held. */
void cut_moment(const char *where)
{
    if (++cut.moments == cut.at)
        cut_now(where);
}

void cut_asked(void)
{
    pthread_mutex_lock(&cut.lock);
    cut_now("asked");
}
