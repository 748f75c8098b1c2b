/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_step.c: named places in the code where a test may end the process. */
#include "util/ccgw_step.h"

#include <stddef.h>

static const char *const names[] = { NULL,
#define STEP_NAME(name, text) text,
                                     CCGW_STEPS(STEP_NAME)
#undef STEP_NAME
};

const char *ccgw_step_name(ccgw_step_t step)
{
    return step > CCGW_STEP_UNSET && step < CCGW_STEP_COUNT ? names[step] : NULL;
}

#ifdef CCGW_WITH_STEPS

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Removing the file is what only one of several processes succeeds in. */
static int is_asked(const char *dir, ccgw_step_t step, const char *suffix)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s%s", dir, names[step], suffix);
    return unlink(path) == 0;
}

static void die_when_asked(ccgw_step_t step)
{
    const char *dir = getenv("CCGW_STEP_DIR");

    if (!dir)
        return;
    if (is_asked(dir, step, ".group"))
        kill(0, SIGKILL);
    if (is_asked(dir, step, ""))
        kill(getpid(), SIGKILL);
}

void (*ccgw_step_take)(ccgw_step_t step) = die_when_asked;

#endif
