/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* dir.h: what a test of the store leaves on disk is of no use to anybody. */
#ifndef DIR_H
#define DIR_H

#include <apr_strings.h>
#include <dirent.h>
#include <unistd.h>

/* Remove DIR and all in it, one level of directories deep. */
static void remove_all(const char *dir, apr_pool_t *pool)
{
    DIR *open_dir = opendir(dir);
    struct dirent *entry;

    while (open_dir && (entry = readdir(open_dir)) != NULL) {
        const char *path = apr_pstrcat(pool, dir, "/", entry->d_name, NULL);

        if (entry->d_name[0] == '.')
            continue;
        if (entry->d_type == DT_DIR)
            remove_all(path, pool);
        else
            unlink(path);
    }
    if (open_dir)
        closedir(open_dir);
    rmdir(dir);
}

#endif
