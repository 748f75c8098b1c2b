/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_bayeux_topic.c: names of channels, and which of them a pattern covers. */
#include "stream/ccgw_bayeux.h"

#include <string.h>

#define NAME_MAX_BYTES 255

/* Stricter than "any text", wider than the protocol's letters: clients in the field use dots and
 * percent signs. */
static int segment_valid(const char *s, apr_size_t n)
{
    apr_size_t i;

    for (i = 0; i < n; i++) {
        if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f || s[i] == '*')
            return 0;
    }
    return n > 0;
}

static int is_wildcard(const char *s, apr_size_t n)
{
    return (n == 1 && s[0] == '*') || (n == 2 && s[0] == '*' && s[1] == '*');
}

static int name_valid(const char *name, int wildcard)
{
    const char *segment, *end;

    if (name[0] != '/' || strlen(name) > NAME_MAX_BYTES)
        return 0;
    for (segment = name + 1;; segment = end + 1) {
        end = segment + strcspn(segment, "/");
        if (!*end)
            break;
        if (!segment_valid(segment, (apr_size_t)(end - segment)))
            return 0;
    }
    return segment_valid(segment, (apr_size_t)(end - segment)) ||
           (wildcard && is_wildcard(segment, (apr_size_t)(end - segment)));
}

int ccgw_bayeux_channel_valid(const char *name)
{
    return name_valid(name, 0);
}

int ccgw_bayeux_pattern_valid(const char *name)
{
    return name_valid(name, 1);
}

int ccgw_bayeux_channel_below(const char *name, const char *part)
{
    apr_size_t n = strlen(part);

    return !strncmp(name, part, n) && (name[n] == '\0' || name[n] == '/');
}

int ccgw_bayeux_pattern_covers(const char *pattern, const char *topic)
{
    const char *last = strrchr(pattern, '/');
    apr_size_t n = last ? (apr_size_t)(last - pattern) + 1 : 0;

    if (!last || !is_wildcard(last + 1, strlen(last + 1)))
        return !strcmp(pattern, topic);
    /* What is covered lies below the pattern's place: "/x/" and "/x" are not covered by "/x/" with
     * two stars. */
    if (strncmp(pattern, topic, n) != 0 || !topic[n])
        return 0;
    return last[2] == '*' || !strchr(topic + n, '/');
}
