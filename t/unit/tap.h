/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* tap.h: the few lines a test program needs to speak TAP. One file per program includes it. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_run, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static int ok(int cond, const char *format, ...)
{
    va_list args;

    printf("%sok %d - ", cond ? "" : "not ", ++tap_run);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    tap_failed += !cond;
    return cond;
}

#define is_int(got, want, ...)                                                        \
    do {                                                                              \
        long long got_ = (long long)(got), want_ = (long long)(want);                 \
        if (!ok(got_ == want_, __VA_ARGS__))                                          \
            printf("# %s:%d got %lld, want %lld\n", __FILE__, __LINE__, got_, want_); \
    } while (0)

#define is_str(got, want, ...)                                                                    \
    do {                                                                                          \
        const char *got_ = (got), *want_ = (want);                                                \
        if (!ok(got_ && want_ ? !strcmp(got_, want_) : got_ == want_, __VA_ARGS__))               \
            printf("# %s:%d got '%s'\n# want '%s'\n", __FILE__, __LINE__, got_ ? got_ : "(null)", \
                   want_ ? want_ : "(null)");                                                     \
    } while (0)

__attribute__((unused)) static int done_testing(void)
{
    printf("1..%d\n", tap_run);
    return tap_failed ? 1 : 0;
}

#endif
