/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* cut.h: what the parts of the power-cut shim share: the model (cut.c), the cut (cut_wreck.c), and the calls that are
 * taken (cut_files.c, cut_names.c). */
#ifndef CUT_H
#define CUT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define SECTOR    512
#define FILES_MAX 1024
#define FDS_MAX   4096
#define NAME_SIZE 128

/* A write or a change of length that no sync has covered. */
typedef struct change_t {
    struct change_t *next;
    uint64_t order;
    off_t at;
    off_t old_size;
    size_t n;        /* bytes written; 0: a change of length to AT */
    size_t n_before; /* bytes that were there, or are cut off */
    char *bytes;     /* those written, then those before */
} change_t;

typedef struct file_t {
    ino_t inode;
    int fd; /* of our own */
    char name[NAME_SIZE];
    change_t *first, **end;
    change_t *late; /* told as done, not done yet */
} file_t;

typedef enum step_kind_t { STEP_NAMED, STEP_MOVED, STEP_REMOVED } step_kind_t;

/* What happened to the directory since its last sync. */
typedef struct step_t {
    struct step_t *next;
    uint64_t order;
    step_kind_t kind;
    file_t *file;
    char from[NAME_SIZE], to[NAME_SIZE];
} step_t;

typedef struct entry_t {
    char name[NAME_SIZE];
    file_t *file;
} entry_t;

typedef struct cut_t {
    pthread_mutex_t lock; /* guards all that follows */
    char dir[PATH_MAX], kept[PATH_MAX];
    const char *lies, *late;
    long lies_every, lies_seen;
    uint64_t at, moments, order, seed;
    file_t files[FILES_MAX];
    int nfiles;
    file_t *watched[FDS_MAX]; /* by descriptor */
    char is_dir[FDS_MAX], is_dsync[FDS_MAX];
    entry_t sure[FILES_MAX]; /* the names as of the last sync of the directory */
    int nsure;
    step_t *steps, **steps_end;
} cut_t;

/* Ours alone: the process may have such names, too. */
#pragma GCC visibility push(hidden)

extern cut_t cut;

/* Is there a directory to watch? */
int cut_is_on(void);
/* One more moment has come; at the chosen one it does not return. */
void cut_moment(const char *where);
__attribute__((noreturn)) void cut_now(const char *where);
/* End the process with a word when a thing failed that cannot, or came that the model does not know. */
void cut_must(int done, const char *what);
__attribute__((noreturn)) void cut_unknown(const char *what);
uint64_t cut_draw(void);
int cut_sys_open(const char *path, int flags, int mode);

/* The file that this descriptor writes to; NULL: none that is watched. */
file_t *cut_watched(int fd);
/* Is WITH, up to its colon, how NAME begins? */
int cut_begins(const char *name, const char *with);

/* The name in the directory that (AT, PATH) means; NULL: it is elsewhere. BUF has PATH_MAX + NAME_SIZE bytes. */
const char *cut_name(char *buf, int at, const char *path);
/* The file behind FD; a link of our own keeps it when its last name goes. */
file_t *cut_learn(int fd, const char *name);
/* N bytes are about to be written, or with N 0 the length is about to be AT. */
void cut_remember(file_t *file, off_t at, const void *bytes, size_t n);
/* The oldest change to FILE is sure. */
void cut_forget(file_t *file);
/* A name was made, moved or removed; "" for none. */
void cut_step(step_kind_t kind, file_t *file, const char *from, const char *to);
/* The directory as of its last sync, and this step. */
void cut_take_step(const step_t *step);

#pragma GCC visibility pop

/** The only name that others may use, found by dlsym(): cut now. */
__attribute__((noreturn)) void cut_asked(void);

#endif
