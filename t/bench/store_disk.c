/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* store_disk.c: what the disk alone can do: synced overwriting, and reading a directory. */
#include "store_bench.h"

#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK  4096
#define BLOCKS 4096 /* of the file that is overwritten */

/* ---- which disk ---- */

const char *bench_disk_name(const char *dir, apr_pool_t *pool)
{
    char device[256], mount[256], type[64], *line = NULL, *real = realpath(dir, NULL);
    const char *name = NULL, *kind = "";
    FILE *mounts = fopen("/proc/self/mounts", "r");
    size_t size = 0, longest = 0;

    if (!mounts || !real)
        bench_fail("%s: %s", dir, strerror(errno));
    while (getline(&line, &size, mounts) > 0) {
        size_t n;

        if (sscanf(line, "%255s %255s %63s", device, mount, type) != 3)
            continue;
        n = strcmp(mount, "/") ? strlen(mount) : 0;
        if (strncmp(real, mount, n) || (n && real[n] && real[n] != '/') || n < longest)
            continue;
        longest = n;
        kind = apr_pstrdup(pool, type);
        name = apr_psprintf(pool, "%s on %s", type, device);
    }
    fclose(mounts);
    free(line);
    free(real);
    if (!name)
        bench_fail("%s lies on no file system", dir);
    if (!strcmp(kind, "tmpfs") || !strcmp(kind, "ramfs"))
        bench_fail("%s lies on %s: a sync costs nothing there; give another directory in TMPDIR", dir, name);
    return name;
}

/* ---- one sync a write ---- */

static void write_block(int fd, const char *block, off_t at, const char *path)
{
    if (pwrite(fd, block, BLOCK, at) != BLOCK)
        bench_fail("%s: %s", path, strerror(errno));
}

void bench_disk_fill(const bench_disk_t *disk)
{
    int fd = open(disk->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char block[BLOCK] = { 0 };
    off_t i;

    if (fd < 0)
        bench_fail("%s: %s", disk->path, strerror(errno));
    for (i = 0; i < BLOCKS; i++)
        write_block(fd, block, i * BLOCK, disk->path);
    if (fsync(fd) || close(fd))
        bench_fail("%s: %s", disk->path, strerror(errno));
}

static void open_thread(bench_thread_t *t)
{
    const bench_disk_t *disk = t->job->target;
    int *fd = apr_palloc(t->pool, sizeof *fd);

    *fd = open(disk->path, O_RDWR | O_CLOEXEC);
    if (*fd < 0)
        bench_fail("%s: %s", disk->path, strerror(errno));
    t->own = fd;
}

static int step(bench_thread_t *t)
{
    const bench_disk_t *disk = t->job->target;
    int fd = *(int *)t->own;
    apr_uint64_t n = ++t->returned;

    memcpy(t->value, &n, sizeof n);
    write_block(fd, t->value, (off_t)(n % BLOCKS) * BLOCK, disk->path);
    if (fdatasync(fd))
        bench_fail("%s: %s", disk->path, strerror(errno));
    return 1;
}

bench_job_t bench_disk_job(bench_disk_t *disk)
{
    const bench_job_t job = { "raw", disk, NULL, open_thread, step };

    return job;
}

/* ---- a directory ---- */

static double read_file(const char *path)
{
    static char buffer[128 * 1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    double bytes = 0;
    ssize_t n;

    if (fd < 0)
        bench_fail("%s: %s", path, strerror(errno));
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        bytes += (double)n;
    if (n < 0)
        bench_fail("%s: %s", path, strerror(errno));
    close(fd);
    return bytes;
}

static void each_file(const char *dir, void (*visit)(void *, const char *), void *baton)
{
    struct dirent *entry;
    DIR *open_dir = opendir(dir);

    if (!open_dir)
        bench_fail("%s: %s", dir, strerror(errno));
    while ((entry = readdir(open_dir)) != NULL) {
        char path[4096];
        struct stat st;

        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (!lstat(path, &st) && S_ISREG(st.st_mode))
            visit(baton, path);
    }
    closedir(open_dir);
}

static void add_file(void *baton, const char *path)
{
    *(double *)baton += read_file(path);
}

double bench_disk_read(double *bytes, const char *dir)
{
    apr_uint64_t from = bench_now();

    *bytes = 0;
    each_file(dir, add_file, bytes);
    return (double)(bench_now() - from) / 1e9;
}

static void forget_file(void *baton, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    /* Only what is on the disk can be forgotten. */
    if (fd < 0 || fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
        bench_fail("%s: %s", path, strerror(errno));
    close(fd);
}

void bench_disk_forget(const char *dir)
{
    each_file(dir, forget_file, NULL);
}

static void unlink_file(void *baton, const char *path)
{
    if (unlink(path))
        bench_fail("%s: %s", path, strerror(errno));
}

void bench_disk_remove(const char *dir)
{
    each_file(dir, unlink_file, NULL);
    if (rmdir(dir))
        bench_fail("%s: %s", dir, strerror(errno));
}
