/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_read.h: JSON objects into structs by tables of members; every fault with its path. For ccgw_floor_*.c. */
#ifndef CCGW_FLOOR_READ_H
#define CCGW_FLOOR_READ_H

#include "util/ccgw_json.h"
#include "util/ccgw_str.h"

/** Faults found so far, one line each: `path: value reason`. */
typedef struct ccgw_faults_t {
    ccgw_out_t out;
    int n;
    apr_pool_t *pool;
} ccgw_faults_t;

/** Only so many are told. */
#define CCGW_FAULTS_MAX 20

void ccgw_faults_init(ccgw_faults_t *faults, apr_pool_t *pool);
/** FORMAT: the value, where there is one, and the reason. */
void ccgw_fault(ccgw_faults_t *faults, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));

typedef enum ccgw_member_kind_t {
    CCGW_MEMBER_UNSET,
    CCGW_MEMBER_TEXT,   /**< const char *, or its fallback "" */
    CCGW_MEMBER_NUMBER, /**< apr_int64_t */
    CCGW_MEMBER_SMALL,  /**< int */
    CCGW_MEMBER_WORD,   /**< int: the place of the word in WORDS */
    CCGW_MEMBER_TEXTS,  /**< ccgw_strs_t, each once */
    CCGW_MEMBER_OBJECT, /**< members of OF, with offsets in the same struct */
    CCGW_MEMBER_OBJECTS /**< pointer to the first struct of OF, and their number at COUNT */
} ccgw_member_kind_t;

/** What a text must look like. */
typedef struct ccgw_text_form_t {
    int (*fits)(const char *text);
    const char *reason; /**< "is not ..." */
} ccgw_text_form_t;

typedef struct ccgw_object_t ccgw_object_t;

typedef struct ccgw_member_t {
    const char *name;
    ccgw_member_kind_t kind;
    apr_size_t offset;
    int required;
    apr_int64_t min, max;         /**< of a number; MAX: bytes of a text, elements of a list */
    const ccgw_text_form_t *form; /**< of a text, or of each text of a list; NULL any */
    const char *const *words;     /**< ends with NULL; empty ones are never written */
    const ccgw_object_t *of;
    apr_size_t count;
    apr_int64_t fallback; /**< a number that is not there */
} ccgw_member_t;

struct ccgw_object_t {
    apr_size_t size;
    const ccgw_member_t *members; /**< ends with a NULL name */
};

/** Fill REC (zeroed by the caller) from JSON. Everything lives in FAULTS->pool, as does JSON. */
void ccgw_object_read(ccgw_faults_t *faults, void *rec, const ccgw_object_t *object, const ccgw_json_t *json,
                      const char *path);

#endif
