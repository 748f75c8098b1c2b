/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_types.h: plain types shared by the core, the providers and the dialects. No behaviour lives here. */
#ifndef CCGW_TYPES_H
#define CCGW_TYPES_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

/** Bytes somebody else owns; the lifetime is said where one is returned. */
typedef struct ccgw_buf_t {
    const void *p;
    apr_size_t n;
} ccgw_buf_t;

/** One interaction: seconds << 32 | counter. It identifies, it never authorises. 0 is "none". */
typedef apr_uint64_t ccgw_id_t;

/**
 * A place in the order of a tenant's events: store incarnation (13 bits) << 40 | commit number (40 bits).
 * Below 2^53, so every JSON reader keeps it exact; strictly rising, not dense.
 */
typedef apr_uint64_t ccgw_cursor_t;

/** What one contact runs over. The dialects name them differently; the floor file uses the lower-case word. */
typedef enum ccgw_media_t {
    CCGW_MEDIA_UNSET,
    CCGW_MEDIA_VOICE,
    CCGW_MEDIA_CHAT,
    CCGW_MEDIA_SMS,
    CCGW_MEDIA_COUNT
} ccgw_media_t;

typedef enum ccgw_role_t { CCGW_ROLE_NOBODY, CCGW_ROLE_AGENT, CCGW_ROLE_SUPERVISOR, CCGW_ROLE_ADMIN } ccgw_role_t;

/** One entry of a contact's attached data: a string, an integer, or null. */
typedef struct ccgw_pair_t {
    ccgw_buf_t unknown;
    const char *key;
    const char *text;   /**< set for a string */
    apr_int64_t number; /**< valid when kind says so */
    int kind;           /**< ccgw_pair_kind_t */
} ccgw_pair_t;

typedef enum ccgw_pair_kind_t { CCGW_PAIR_NULL, CCGW_PAIR_TEXT, CCGW_PAIR_NUMBER } ccgw_pair_kind_t;

typedef struct ccgw_pairs_t {
    ccgw_pair_t *v;
    int n;
} ccgw_pairs_t;

typedef struct ccgw_strs_t {
    const char **v;
    int n;
} ccgw_strs_t;

#endif
