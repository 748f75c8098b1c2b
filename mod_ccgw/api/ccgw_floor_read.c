/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_read.c: JSON objects into structs by tables of members. */
#include "api/ccgw_floor_read.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

/* Of a refused value at most so many bytes are repeated. */
#define SHOWN_MAX 60

void ccgw_faults_init(ccgw_faults_t *faults, apr_pool_t *pool)
{
    memset(faults, 0, sizeof *faults);
    faults->pool = pool;
    ccgw_out_init(&faults->out, 256, pool);
}

void ccgw_fault(ccgw_faults_t *faults, const char *path, const char *format, ...)
{
    va_list args;

    if (faults->n++ >= CCGW_FAULTS_MAX)
        return;
    va_start(args, format);
    ccgw_out_printf(&faults->out, "%s%s: %s", faults->n > 1 ? "\n" : "", *path ? path : "(top)",
                    apr_pvsprintf(faults->pool, format, args));
    va_end(args);
}

/* VALUE as it stands in the file, shortened. */
static const char *show(const ccgw_faults_t *faults, const ccgw_json_t *value)
{
    const char *text = ccgw_json_write(value, faults->pool);
    apr_size_t n = strlen(text), shown = 0, step;

    if (n <= SHOWN_MAX)
        return text;
    while ((step = ccgw_utf8_length(text + shown, n - shown)) && shown + step <= SHOWN_MAX)
        shown += step;
    return apr_psprintf(faults->pool, "%.*s...", (int)shown, text);
}

static const char *read_string(ccgw_faults_t *faults, const ccgw_member_t *member, const ccgw_json_t *value,
                               const char *path)
{
    const char *text = ccgw_json_text(value);

    if (!text)
        ccgw_fault(faults, path, "%s is not a string", show(faults, value));
    else if (member->required && !*text)
        ccgw_fault(faults, path, "\"\" is empty");
    else if (member->kind == CCGW_MEMBER_TEXT && strlen(text) > (apr_size_t)member->max)
        ccgw_fault(faults, path, "%s is longer than %d bytes", show(faults, value), (int)member->max);
    else if (*text && member->form && !member->form->fits(text))
        ccgw_fault(faults, path, "%s %s", show(faults, value), member->form->reason);
    else
        return text;
    return "";
}

static apr_int64_t read_number(ccgw_faults_t *faults, const ccgw_member_t *member, const ccgw_json_t *value,
                               const char *path)
{
    apr_int64_t number = ccgw_json_int(value, 0);

    if (ccgw_json_kind(value) != CCGW_JSON_INT)
        ccgw_fault(faults, path, "%s is not a whole number", show(faults, value));
    else if (number < member->min || number > member->max)
        ccgw_fault(faults, path, "%s is not between %" APR_INT64_T_FMT " and %" APR_INT64_T_FMT, show(faults, value),
                   member->min, member->max);
    else
        return number;
    return member->fallback;
}

static int read_choice(ccgw_faults_t *faults, const ccgw_member_t *member, const ccgw_json_t *value, const char *path)
{
    const char *text = ccgw_json_text(value);
    ccgw_out_t known;
    int i;

    for (i = 1; text && member->words[i]; i++) {
        if (*text && !strcmp(member->words[i], text))
            return i;
    }
    ccgw_out_init(&known, 64, faults->pool);
    for (i = 1; member->words[i]; i++) {
        if (*member->words[i])
            ccgw_out_printf(&known, "%s%s", known.n ? ", " : "", member->words[i]);
    }
    ccgw_fault(faults, path, "%s is none of %s", show(faults, value), known.p);
    return 0;
}

/* Is VALUE an array of no more than the member's elements? */
static int is_list(ccgw_faults_t *faults, const ccgw_member_t *member, const ccgw_json_t *value, const char *path)
{
    if (ccgw_json_kind(value) != CCGW_JSON_ARRAY)
        ccgw_fault(faults, path, "%s is not an array", show(faults, value));
    else if (ccgw_json_size(value) > member->max)
        ccgw_fault(faults, path, "%d elements are more than %d", ccgw_json_size(value), (int)member->max);
    else if (member->required && !ccgw_json_size(value))
        ccgw_fault(faults, path, "[] is empty");
    else
        return 1;
    return 0;
}

static void read_list(ccgw_faults_t *faults, ccgw_strs_t *list, const ccgw_member_t *member, const ccgw_json_t *value,
                      const char *path)
{
    apr_hash_t *seen = apr_hash_make(faults->pool);
    ccgw_member_t element = *member;
    int i;

    if (!is_list(faults, member, value, path))
        return;
    element.required = 1;
    list->v = apr_pcalloc(faults->pool, ((apr_size_t)ccgw_json_size(value) + 1) * sizeof *list->v);
    for (i = 0; i < ccgw_json_size(value); i++) {
        const char *at = apr_psprintf(faults->pool, "%s[%d]", path, i);
        const char *text = read_string(faults, &element, ccgw_json_item(value, i), at);

        if (*text && apr_hash_get(seen, text, APR_HASH_KEY_STRING))
            ccgw_fault(faults, at, "%s stands there twice", show(faults, ccgw_json_item(value, i)));
        apr_hash_set(seen, text, APR_HASH_KEY_STRING, text);
        list->v[list->n++] = text;
    }
}

static void read_objects(ccgw_faults_t *faults, void *rec, const ccgw_member_t *member, const ccgw_json_t *value,
                         const char *path)
{
    apr_size_t size = member->of->size;
    char *items;
    int i, n;

    if (!is_list(faults, member, value, path))
        return;
    n = ccgw_json_size(value);
    items = apr_pcalloc(faults->pool, ((apr_size_t)n + 1) * size);
    for (i = 0; i < n; i++)
        ccgw_object_read(faults, items + (apr_size_t)i * size, member->of, ccgw_json_item(value, i),
                         apr_psprintf(faults->pool, "%s[%d]", path, i));
    memcpy((char *)rec + member->offset, &items, sizeof items);
    memcpy((char *)rec + member->count, &n, sizeof n);
}

static void read_member(ccgw_faults_t *faults, void *rec, const ccgw_member_t *member, const ccgw_json_t *value,
                        const char *path)
{
    void *at = (char *)rec + member->offset;

    switch (member->kind) {
    case CCGW_MEMBER_TEXT: *(const char **)at = read_string(faults, member, value, path); break;
    case CCGW_MEMBER_NUMBER: *(apr_int64_t *)at = read_number(faults, member, value, path); break;
    case CCGW_MEMBER_SMALL: *(int *)at = (int)read_number(faults, member, value, path); break;
    case CCGW_MEMBER_WORD: *(int *)at = read_choice(faults, member, value, path); break;
    case CCGW_MEMBER_TEXTS: read_list(faults, at, member, value, path); break;
    case CCGW_MEMBER_OBJECT: ccgw_object_read(faults, rec, member->of, value, path); break;
    default: read_objects(faults, rec, member, value, path); break;
    }
}

/* What a member has that is not in the file. */
static void leave_out(void *rec, const ccgw_member_t *member)
{
    void *at = (char *)rec + member->offset;
    const ccgw_member_t *inner;

    if (member->kind == CCGW_MEMBER_TEXT)
        *(const char **)at = "";
    else if (member->kind == CCGW_MEMBER_NUMBER)
        *(apr_int64_t *)at = member->fallback;
    else if (member->kind == CCGW_MEMBER_SMALL)
        *(int *)at = (int)member->fallback;
    else if (member->kind == CCGW_MEMBER_OBJECT)
        for (inner = member->of->members; inner->name; inner++)
            leave_out(rec, inner);
}

static const char *join(const ccgw_faults_t *faults, const char *path, const char *name)
{
    return *path ? apr_pstrcat(faults->pool, path, ".", name, NULL) : name;
}

static void refuse_unknown(ccgw_faults_t *faults, const ccgw_object_t *object, const ccgw_json_t *json,
                           const char *path)
{
    const ccgw_member_t *member;
    const ccgw_json_t *value;
    const char *name;
    int i;

    for (i = 0; ccgw_json_entry(&name, &value, json, i, faults->pool); i++) {
        for (member = object->members; member->name && strcmp(member->name, name); member++)
            ;
        if (!member->name)
            ccgw_fault(faults, join(faults, path, name), "%s is a value for an unknown member", show(faults, value));
    }
}

void ccgw_object_read(ccgw_faults_t *faults, void *rec, const ccgw_object_t *object, const ccgw_json_t *json,
                      const char *path)
{
    const ccgw_member_t *member;

    for (member = object->members; member->name; member++)
        leave_out(rec, member);
    if (ccgw_json_kind(json) != CCGW_JSON_OBJECT) {
        ccgw_fault(faults, path, "%s is not an object", show(faults, json));
        return;
    }
    for (member = object->members; member->name; member++) {
        const ccgw_json_t *value = ccgw_json_member(json, member->name);

        if (value)
            read_member(faults, rec, member, value, join(faults, path, member->name));
        else if (member->required)
            ccgw_fault(faults, join(faults, path, member->name), "is missing");
    }
    refuse_unknown(faults, object, json, path);
}
