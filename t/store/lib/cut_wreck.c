/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* cut_wreck.c: what a power cut leaves of the directory. */
#include "cut.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long sectors_kept, sectors_lost, steps_kept, steps_lost;

/* How many of the changes to one sector came to pass: slots of a table by sector, open addressing. */
typedef struct quota_t {
    uint64_t sector; /* + 1 */
    uint32_t touched, allowed;
} quota_t;

static quota_t *find_quota(quota_t *table, size_t size, uint64_t sector)
{
    size_t i = (sector * 0x9e3779b97f4a7c15ULL >> 20) % size;

    while (table[i].sector && table[i].sector != sector + 1)
        i = (i + 1) % size;
    table[i].sector = sector + 1;
    return &table[i];
}

static void write_back(const file_t *file, const void *bytes, size_t n, off_t at)
{
    cut_must(syscall(SYS_pwrite64, file->fd, bytes, n, at) == (long)n, "write");
}

static void undo(const file_t *file, const change_t *change)
{
    if (change->n_before)
        write_back(file, change->bytes + change->n, change->n_before, change->at);
    cut_must(!syscall(SYS_ftruncate, file->fd, change->old_size), "truncate");
}

/* From the newest on; the list is turned round twice. */
static void undo_all(file_t *file)
{
    change_t *newest = NULL, *change;

    while ((change = file->first) != NULL) {
        file->first = change->next;
        change->next = newest;
        newest = change;
    }
    while ((change = newest) != NULL) {
        newest = change->next;
        undo(file, change);
        change->next = file->first;
        file->first = change;
    }
}

/* Call EACH for the part of CHANGE in each sector. */
static void each_sector(const change_t *change, void (*each)(void *baton, uint64_t sector, size_t from, size_t n),
                        void *baton)
{
    size_t from = 0;

    while (from < change->n) {
        uint64_t sector = (uint64_t)(change->at + (off_t)from) / SECTOR;
        size_t n = SECTOR - (size_t)((change->at + (off_t)from) % SECTOR);

        n = n < change->n - from ? n : change->n - from;
        each(baton, sector, from, n);
        from += n;
    }
}

typedef struct redo_t {
    file_t *file;
    const change_t *change;
    quota_t *table;
    size_t size;
} redo_t;

static void count_sector(void *baton, uint64_t sector, size_t from, size_t n)
{
    redo_t *redo = baton;

    (void)from, (void)n;
    find_quota(redo->table, redo->size, sector)->touched++;
}

static void redo_sector(void *baton, uint64_t sector, size_t from, size_t n)
{
    redo_t *redo = baton;
    quota_t *quota = find_quota(redo->table, redo->size, sector);

    if (!quota->allowed) {
        sectors_lost++;
        return;
    }
    quota->allowed--;
    sectors_kept++;
    write_back(redo->file, redo->change->bytes + from, n, redo->change->at + (off_t)from);
}

/* CHANCE: of 100, that a sector holds its newest bytes. */
static void redo_some(file_t *file, unsigned chance)
{
    redo_t redo = { file, NULL, NULL, 64 };
    size_t i;

    for (redo.change = file->first; redo.change; redo.change = redo.change->next)
        redo.size += 2 * (redo.change->n / SECTOR + 2);
    redo.table = calloc(redo.size, sizeof *redo.table);
    cut_must(redo.table != NULL, "memory");
    for (redo.change = file->first; redo.change; redo.change = redo.change->next)
        each_sector(redo.change, count_sector, &redo);
    for (i = 0; i < redo.size; i++) {
        quota_t *quota = &redo.table[i];

        if (quota->touched)
            quota->allowed = cut_draw() % 100 < chance ? quota->touched : (uint32_t)(cut_draw() % quota->touched);
    }
    for (redo.change = file->first; redo.change; redo.change = redo.change->next) {
        if (redo.change->n)
            each_sector(redo.change, redo_sector, &redo);
        else if (cut_draw() % 100 < chance)
            cut_must(!syscall(SYS_ftruncate, file->fd, redo.change->at), "truncate");
    }
    free(redo.table);
}

static int shares_a_name(const step_t *a, const step_t *b)
{
    const char *of_a[2] = { a->from, a->to }, *of_b[2] = { b->from, b->to };
    int i, j;

    for (i = 0; i < 2; i++) {
        for (j = 0; j < 2; j++) {
            if (of_a[i][0] && !strcmp(of_a[i], of_b[j]))
                return 1;
        }
    }
    return 0;
}

static void settle_names(unsigned chance)
{
    step_t *step, *earlier;

    for (step = cut.steps; step; step = step->next) {
        int happened = cut_draw() % 100 < chance;

        for (earlier = cut.steps; earlier != step && happened; earlier = earlier->next)
            happened = earlier->order || !shares_a_name(earlier, step);
        if (happened) {
            cut_take_step(step);
            steps_kept++;
        }
        else {
            step->order = 0; /* it never was */
            steps_lost++;
        }
    }
}

static void remake_directory(void)
{
    char path[PATH_MAX + NAME_SIZE], link_name[PATH_MAX + 32];
    DIR *open_dir = opendir(cut.dir);
    struct dirent *entry;
    int i;

    cut_must(open_dir != NULL, cut.dir);
    while ((entry = readdir(open_dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%.*s", cut.dir, NAME_SIZE - 1, entry->d_name);
        cut_must(!syscall(SYS_unlinkat, AT_FDCWD, path, 0), path);
    }
    for (i = 0; i < cut.nsure; i++) {
        snprintf(path, sizeof path, "%s/%s", cut.dir, cut.sure[i].name);
        snprintf(link_name, sizeof link_name, "%s/%lu", cut.kept, (unsigned long)cut.sure[i].file->inode);
        cut_must(!syscall(SYS_linkat, AT_FDCWD, link_name, AT_FDCWD, path, 0), path);
    }
}

static void tell(const char *where)
{
    const char *log = getenv("CUT_LOG");
    int fd = log ? cut_sys_open(log, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    char text[256];
    int n = snprintf(text, sizeof text, "moment %lu (%s): sectors kept %ld lost %ld, names kept %ld lost %ld\n",
                     (unsigned long)cut.moments, where, sectors_kept, sectors_lost, steps_kept, steps_lost);

    if (fd >= 0)
        syscall(SYS_write, fd, text, (size_t)n);
}

/* lock held, and kept: nobody does anything any more. */
void cut_now(const char *where)
{
    static const unsigned chances[] = { 0, 20, 50, 50, 80, 100 };
    unsigned of_sectors = chances[cut_draw() % 6], of_names = chances[cut_draw() % 6];
    int i;

    for (i = 0; i < cut.nfiles; i++) {
        undo_all(&cut.files[i]);
        redo_some(&cut.files[i], of_sectors);
    }
    settle_names(of_names);
    remake_directory();
    tell(where);
    for (;;)
        syscall(SYS_kill, getpid(), SIGKILL);
}
