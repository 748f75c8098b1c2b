/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* main.c: runs a fuzz target over its seeds, one TAP line each: those named, or all of t/fuzz/corpus/<program>. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly SIZE bytes, so that a checked build sees one byte read too far. */
static void replay(const char *file)
{
    FILE *in = fopen(file, "rb");
    uint8_t *data;
    long size;

    if (!in || fseek(in, 0, SEEK_END) != 0 || (size = ftell(in)) < 0) {
        ok(0, "%s can be read", file);
        return;
    }
    rewind(in);
    data = malloc(size ? (size_t)size : 1);
    if (data && fread(data, 1, (size_t)size, in) == (size_t)size) {
        LLVMFuzzerTestOneInput(data, (size_t)size);
        ok(1, "%s is survived", file);
    }
    else {
        ok(0, "%s can be read", file);
    }
    free(data);
    fclose(in);
}

static void replay_all(const char *dir)
{
    struct dirent **entries;
    char file[PATH_MAX];
    int i, n = scandir(dir, &entries, NULL, alphasort);

    for (i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.' &&
            snprintf(file, sizeof(file), "%s/%s", dir, entries[i]->d_name) < (int)sizeof(file)) {
            replay(file);
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    char dir[PATH_MAX];
    int i;

    for (i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    if (argc == 1) {
        snprintf(dir, sizeof(dir), "t/fuzz/corpus/%s", slash ? slash + 1 : argv[0]);
        replay_all(dir);
    }
    ok(tap_run > 0, "there are seeds");
    return done_testing();
}
