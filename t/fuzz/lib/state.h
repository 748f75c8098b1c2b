/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* state.h: what the targets journal.c and snapshot.c share: bytes become a state directory, which is opened and used. */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include <stdint.h>

/** First byte of an input. */
#define STATE_SEAL  1 /* checksums and places are set right, so that what is behind them is tried too */
#define STATE_START 2 /* a server starts there, commits, and starts once more; else a copy is read */
#define STATE_LOSSY 4 /* losses are accepted */
#define STATE_RAW   8 /* not even the file's head is set right */

/** An empty directory, the same for all inputs of this process. */
const char *state_dir(void);
/** A file NAME in it with these bytes. */
void state_write(const char *name, const void *bytes, size_t n);
/** Open it as MODE says, read all that is there, and demand what the contract promises. */
void state_try(int mode);
void state_demand(int cond, const char *what);

#endif
