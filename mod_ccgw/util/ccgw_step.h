/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_step.h: named places in the code where a test may end the process.
 *
 * What must survive a kill is proved by killing at each of these. They exist in builds with -DCCGW_WITH_STEPS only
 * (`make steps`, and the test programs that ask for it); in all others ccgw_step() is nothing at all. */
#ifndef CCGW_STEP_H
#define CCGW_STEP_H

/* clang-format off */
#define CCGW_STEPS(X)                                                                   \
    X(COMMIT_CHECKED,     "commit-checked")     /* lock held, what was read still holds */    \
    X(COMMIT_PREPARED,    "commit-prepared")    /* blocks taken and filled */                 \
    X(COMMIT_RECORDED,    "commit-recorded")    /* in the ring; nothing has happened yet */   \
    X(COMMIT_DONE,        "commit-done")        /* behind the commit point, nothing applied */\
    X(COMMIT_APPLYING,    "commit-applying")    /* after each operation */                    \
    X(COMMIT_APPLIED,     "commit-applied")     /* lock still held */                         \
    X(FLUSH_LOCKED,       "flush-locked")                                                     \
    X(FLUSH_WRITTEN,      "flush-written")                                                    \
    X(FLUSH_SYNCED,       "flush-synced")                                                     \
    X(FLUSH_PUBLISHED,    "flush-published")    /* readers may see it; nobody was woken */    \
    X(WAKE,               "wake")               /* committed and durable; nobody was told */  \
    X(FILE_FILLED,        "file-filled")        /* a new journal file, not linked yet */      \
    X(FILE_LINKED,        "file-linked")        /* linked; nobody was told */                 \
    X(SNAPSHOT_BEGUN,     "snapshot-begun")                                                   \
    X(SNAPSHOT_PART,      "snapshot-part")      /* after each batch of records */             \
    X(SNAPSHOT_WRITTEN,   "snapshot-written")   /* synced, still under its temporary name */  \
    X(SNAPSHOT_RENAMED,   "snapshot-renamed")   /* in place; old files are still there */     \
    X(SNAPSHOT_DONE,      "snapshot-done")      /* old files recycled */                      \
    X(OUTBOX_CLAIMED,     "outbox-claimed")     /* durable; nothing was sent */               \
    X(OUTBOX_SENT,        "outbox-sent")        /* the request is out, no answer was read */  \
    X(OUTBOX_ANSWERED,    "outbox-answered")    /* the carrier took it; not written down */   \
    X(OUTBOX_SETTLED,     "outbox-settled")
/* clang-format on */

typedef enum ccgw_step_t {
    CCGW_STEP_UNSET,
#define CCGW_STEP_ENUM(name, text) CCGW_STEP_##name,
    CCGW_STEPS(CCGW_STEP_ENUM)
#undef CCGW_STEP_ENUM
        CCGW_STEP_COUNT
} ccgw_step_t;

/** "commit-done"; NULL for what is no step. */
const char *ccgw_step_name(ccgw_step_t step);

#ifdef CCGW_WITH_STEPS
/** What a step does. From the start on: when the environment names a directory in CCGW_STEP_DIR, a file in it called as
 *  the step is removed, and whoever succeeded in that dies of SIGKILL; of a file called STEP.group the whole process
 *  group does. A test program may put something else here, before it makes threads or children. */
extern void (*ccgw_step_take)(ccgw_step_t step);
#define ccgw_step(step) ccgw_step_take(CCGW_STEP_##step)
#else
#define ccgw_step(step) ((void)0)
#endif

#endif
