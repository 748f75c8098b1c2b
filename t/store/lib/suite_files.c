/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_files.c: what the programs suite_*.c share: a store's state as text, and hands on its files. */
#include "suite.h"

#include "util/ccgw_crc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what a store says of itself ---- */

typedef struct asked_t {
    const char *name;
    apr_int64_t value;
} asked_t;

static void take_stat(void *baton, const char *name, apr_int64_t value)
{
    asked_t *asked = baton;

    if (!strcmp(name, asked->name))
        asked->value = value;
}

apr_int64_t stat_of(fixture_t *f, const char *name)
{
    asked_t asked = { name, -1 };

    provider->stats(f->store, take_stat, &asked);
    return asked.value;
}

int keep_until(fixture_t *f, const char *name, apr_int64_t bound)
{
    apr_time_t until = apr_time_now() + apr_time_from_sec(20);
    apr_int64_t value;

    do {
        provider->housekeep(f->store, 0);
        value = stat_of(f, name);
    } while ((bound < 0 ? value > -bound - 1 : value < bound) && apr_time_now() < until);
    return bound < 0 ? value <= -bound - 1 : value >= bound;
}

apr_status_t fill_journal(fixture_t *f, apr_int64_t n)
{
    apr_int64_t until = stat_of(f, "journal_bytes") + n;
    char *big = malloc(60000);
    apr_status_t rv = APR_SUCCESS;
    int i;

    memset(big, 'f', 60000);
    for (i = 0; stat_of(f, "journal_bytes") < until && rv == APR_SUCCESS; i++)
        rv = write_buf(f, CCGW_TABLE_RATE, keyf("filling%d", i % 3), bytes(big, 60000), CCGW_DURABLE_OS);
    for (i = 0; i < 3 && rv == APR_SUCCESS; i++)
        rv = write_as(f, CCGW_TABLE_RATE, keyf("filling%d", i), NULL, 0);
    free(big);
    return rv;
}

void fill_state(fixture_t *f, int n)
{
    char big[30000];
    int i;

    memset(big, 's', sizeof big);
    for (i = 0; i < n; i++)
        write_buf(f, CCGW_TABLE_MESSAGE, keyf("m%04d", i), bytes(big, sizeof big), CCGW_DURABLE_OS);
}

typedef struct text_t {
    char *p;
    apr_size_t n, size;
} text_t;

static void add_bytes(text_t *to, const char *p, apr_size_t n)
{
    if (to->size - to->n <= n) {
        to->size = (to->n + n + 1) * 2;
        to->p = realloc(to->p, to->size);
    }
    memcpy(to->p + to->n, p, n);
    to->n += n;
    to->p[to->n] = '\0';
}

/* Keys have a zero byte in them; of long values, length and CRC say enough. */
static void add_buf(text_t *to, ccgw_buf_t buf)
{
    const unsigned char *p = buf.p;
    char part[40];
    apr_size_t i;

    for (i = 0; i < buf.n && buf.n <= 600; i++) {
        snprintf(part, sizeof part, p[i] > ' ' && p[i] < 127 ? "%c" : "%%%02x", p[i]);
        add_bytes(to, part, strlen(part));
    }
    if (buf.n > 600) {
        snprintf(part, sizeof part, "(%lu bytes, %08x)", (unsigned long)buf.n, ccgw_crc32c(0, buf.p, buf.n));
        add_bytes(to, part, strlen(part));
    }
}

static apr_status_t add_item(void *baton, const ccgw_store_item_t *item, apr_pool_t *scratch)
{
    unsigned long long at = item->at, version = item->record.version;
    char said[80];

    if (item->is_event)
        snprintf(said, sizeof said, "  event %llx ", at);
    else if (item->table == CCGW_TABLE_UNSET)
        snprintf(said, sizeof said, "mailbox %s, dropped %llx ", item->open ? "open" : "closed", at);
    else
        snprintf(said, sizeof said, "table %d version %llu due %lld ", (int)item->table, version,
                 (long long)item->record.due);
    add_bytes(baton, said, strlen(said));
    add_buf(baton, item->record.key);
    add_bytes(baton, " = ", 3);
    add_buf(baton, item->record.value);
    add_bytes(baton, "\n", 1);
    return APR_SUCCESS;
}

const char *describe(fixture_t *f)
{
    text_t all = { 0 };
    const char *due;
    apr_time_t next;
    apr_status_t rv;

    add_bytes(&all, "", 0);
    rv = provider->walk(f->store, add_item, &all, f->pool);
    if (rv != APR_SUCCESS)
        add_bytes(&all, "(walk failed)", 13);
    due = read_due(f, 0, APR_INT64_MAX, 1000000, &next);
    add_bytes(&all, due, strlen(due));
    due = apr_pstrmemdup(root, all.p, all.n);
    free(all.p);
    return due;
}

int is_same(const char *got, const char *want)
{
    apr_size_t at = 0, line = 0;

    while (got[at] && got[at] == want[at]) {
        if (got[at++] == '\n')
            line = at;
    }
    if (got[at] == want[at])
        return 1;
    printf("# got  %.*s\n# want %.*s\n", (int)strcspn(got + line, "\n"), got + line, (int)strcspn(want + line, "\n"),
           want + line);
    return 0;
}

/* ---- files ---- */

static const char *wanted_prefix;

static int has_prefix(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && !strncmp(entry->d_name, wanted_prefix, strlen(wanted_prefix));
}

/* Names in order; they and the list are the caller's. */
static int list(struct dirent ***entries, const char *dir, const char *prefix)
{
    int n;

    wanted_prefix = prefix;
    n = scandir(dir, entries, has_prefix, alphasort);
    return n < 0 ? 0 : n;
}

static void free_list(struct dirent **entries, int n)
{
    int i;

    for (i = 0; i < n; i++)
        free(entries[i]);
    if (n)
        free(entries);
}

const char *file_of(fixture_t *f, const char *prefix, int nth)
{
    struct dirent **entries;
    int n = list(&entries, f->dir, prefix);
    const char *path = NULL;

    if (nth < 0)
        nth += n;
    if (nth >= 0 && nth < n)
        path = apr_pstrcat(root, f->dir, "/", entries[nth]->d_name, NULL);
    free_list(entries, n);
    return path;
}

int count_files(fixture_t *f, const char *prefix)
{
    struct dirent **entries;
    int n = list(&entries, f->dir, prefix);

    free_list(entries, n);
    return n;
}

/* The whole file, shared; NULL: there is none, or it is empty. */
static char *map_file(const char *path, apr_size_t *n)
{
    int fd = open(path, O_RDWR);
    struct stat info;
    char *map = NULL;

    if (fd >= 0 && !fstat(fd, &info) && info.st_size) {
        *n = (apr_size_t)info.st_size;
        map = mmap(NULL, *n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (fd >= 0)
        close(fd);
    return map == MAP_FAILED ? NULL : map;
}

int count_holding(fixture_t *f, const char *what)
{
    struct dirent **entries;
    int n = list(&entries, f->dir, ""), i, found = 0;

    for (i = 0; i < n; i++) {
        apr_size_t size;
        char *map = map_file(apr_pstrcat(f->pool, f->dir, "/", entries[i]->d_name, NULL), &size);

        if (!map)
            continue;
        found += memmem(map, size, what, strlen(what)) != NULL;
        munmap(map, size);
    }
    free_list(entries, n);
    return found;
}

int garble(const char *path, const char *what)
{
    apr_size_t size;
    char *map = map_file(path, &size), *found;

    if (!map)
        return 0;
    found = memmem(map, size, what, strlen(what));
    if (found)
        *found ^= 1;
    munmap(map, size);
    return found != NULL;
}

int flip(const char *path, long long at)
{
    apr_size_t size;
    char *map = map_file(path, &size);

    if (!map)
        return 0;
    if (at < 0)
        at += (long long)size;
    map[at] ^= 1;
    munmap(map, size);
    return 1;
}

int poke(const char *path, long long at, const void *p, apr_size_t n)
{
    int fd = open(path, O_RDWR);
    int done = fd >= 0 && pwrite(fd, p, n, (off_t)at) == (ssize_t)n;

    if (fd >= 0)
        close(fd);
    return done;
}

static int copy_file(const char *from, const char *to)
{
    apr_size_t n = 0, left;
    char *map = map_file(from, &n), *at = map;
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);

    for (left = n; fd >= 0 && left;) {
        ssize_t put = write(fd, at, left);

        if (put <= 0)
            break;
        at += put;
        left -= (apr_size_t)put;
    }
    if (map)
        munmap(map, n);
    if (fd >= 0)
        close(fd);
    return fd >= 0 && !left;
}

int copy_dir(const char *from, const char *to)
{
    struct dirent **entries;
    int n = list(&entries, from, ""), i, done = !mkdir(to, 0700);

    for (i = 0; i < n && done; i++)
        done = copy_file(apr_pstrcat(root, from, "/", entries[i]->d_name, NULL),
                         apr_pstrcat(root, to, "/", entries[i]->d_name, NULL));
    free_list(entries, n);
    return done;
}
