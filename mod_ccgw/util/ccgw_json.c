/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_json.c: the only door to the JSON library.
 *
 * The library's tree is kept and a light tree of nodes is laid over it, so that every item and
 * member is found by number in one step: the library walks an object only as a list, and a
 * request may hold thousands of members. */
#include "util/ccgw_json.h"

#include "ccgw_error.h"

#include <apr_strings.h>
#include <jansson.h>
#include <limits.h>
#include <string.h>

#define DEPTH_MAX 32

struct ccgw_json_t {
    json_t *value;
    const char *name;   /* of an object's member, else NULL */
    ccgw_json_t *parts; /* items or members */
    int n;
};

void ccgw_json_start(void)
{
    json_object_seed(0);
}

static apr_status_t release_tree(void *tree)
{
    json_decref(tree);
    return APR_SUCCESS;
}

static apr_status_t build_node(ccgw_json_t *node, json_t *value, int depth, apr_pool_t *pool)
{
    apr_size_t n = json_is_array(value) ? json_array_size(value) : json_object_size(value);
    void *iter = json_object_iter(value);
    apr_status_t rv;
    int i;

    memset(node, 0, sizeof *node);
    node->value = value;
    if (!json_is_array(value) && !json_is_object(value))
        return APR_SUCCESS;
    if (depth > DEPTH_MAX || n > INT_MAX)
        return CCGW_ESYNTAX;
    node->n = (int)n;
    node->parts = apr_palloc(pool, (n ? n : 1) * sizeof *node->parts);
    for (i = 0; i < node->n; i++) {
        json_t *part = json_is_array(value) ? json_array_get(value, (size_t)i) : json_object_iter_value(iter);

        rv = build_node(&node->parts[i], part, depth + 1, pool);
        if (rv != APR_SUCCESS)
            return rv;
        if (json_is_object(value)) {
            node->parts[i].name = json_object_iter_key(iter);
            iter = json_object_iter_next(value, iter);
        }
    }
    return APR_SUCCESS;
}

apr_status_t ccgw_json_parse(const ccgw_json_t **json, const char **why, const char *text, apr_size_t n,
                             apr_pool_t *pool)
{
    json_error_t error;
    ccgw_json_t *root;
    json_t *tree;

    *json = NULL;
    tree = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!tree) {
        *why = apr_psprintf(pool, "line %d, column %d: %s", error.line, error.column, error.text);
        return CCGW_ESYNTAX;
    }
    apr_pool_cleanup_register(pool, tree, release_tree, apr_pool_cleanup_null);
    root = apr_palloc(pool, sizeof *root);
    if (build_node(root, tree, 1, pool) != APR_SUCCESS) {
        *why = apr_psprintf(pool, "line 1, column 1: nested deeper than %d", DEPTH_MAX);
        return CCGW_ESYNTAX;
    }
    *json = root;
    return APR_SUCCESS;
}

ccgw_json_kind_t ccgw_json_kind(const ccgw_json_t *json)
{
    if (!json)
        return CCGW_JSON_NONE;
    switch (json_typeof(json->value)) {
    case JSON_OBJECT: return CCGW_JSON_OBJECT;
    case JSON_ARRAY: return CCGW_JSON_ARRAY;
    case JSON_STRING: return CCGW_JSON_STRING;
    case JSON_INTEGER: return CCGW_JSON_INT;
    case JSON_REAL: return CCGW_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return CCGW_JSON_BOOL;
    case JSON_NULL: return CCGW_JSON_NULL;
    }
    return CCGW_JSON_NONE;
}

const ccgw_json_t *ccgw_json_member(const ccgw_json_t *json, const char *name)
{
    json_t *value;
    int i;

    if (!json || !json_is_object(json->value))
        return NULL;
    /* The library's hash says in one step that there is none: the common case for optional
     * members. */
    value = json_object_get(json->value, name);
    for (i = 0; value && i < json->n; i++) {
        if (!strcmp(json->parts[i].name, name))
            return &json->parts[i];
    }
    return NULL;
}

int ccgw_json_size(const ccgw_json_t *json)
{
    return json ? json->n : 0;
}

const ccgw_json_t *ccgw_json_item(const ccgw_json_t *json, int i)
{
    if (!json || !json_is_array(json->value) || i < 0 || i >= json->n)
        return NULL;
    return &json->parts[i];
}

int ccgw_json_entry(const char **name, const ccgw_json_t **value, const ccgw_json_t *object, int i, apr_pool_t *pool)
{
    if (!object || !json_is_object(object->value) || i < 0 || i >= object->n)
        return 0;
    *name = object->parts[i].name;
    *value = &object->parts[i];
    return 1;
}

const char *ccgw_json_text(const ccgw_json_t *json)
{
    return json ? json_string_value(json->value) : NULL;
}

apr_int64_t ccgw_json_int(const ccgw_json_t *json, apr_int64_t fallback)
{
    double real;

    switch (ccgw_json_kind(json)) {
    case CCGW_JSON_INT: return json_integer_value(json->value);
    case CCGW_JSON_BOOL: return json_is_true(json->value);
    case CCGW_JSON_REAL:
        real = json_real_value(json->value);
        /* Both bounds are exact in a double; beyond them the conversion is undefined. */
        if (real >= -9223372036854775808.0 && real < 9223372036854775808.0 && real == (double)(apr_int64_t)real)
            return (apr_int64_t)real;
        return fallback;
    default: return fallback;
    }
}

static int write_part(const char *text, size_t n, void *out)
{
    ccgw_out_put(out, text, n);
    return 0;
}

const char *ccgw_json_write(const ccgw_json_t *json, apr_pool_t *pool)
{
    ccgw_out_t out;

    ccgw_out_init(&out, 128, pool);
    if (!json || json_dump_callback(json->value, write_part, &out, JSON_COMPACT | JSON_ENCODE_ANY))
        return "null";
    return out.p;
}

void ccgw_json_quote(ccgw_out_t *out, const char *text)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    apr_size_t n = strlen(text), len;
    const char *found;

    ccgw_out_putc(out, '"');
    for (; n; text += len, n -= len) {
        len = ccgw_utf8_length(text, n);
        if (!len) {
            len = 1;
            ccgw_out_puts(out, "\xef\xbf\xbd");
        }
        else if (len == 1 && (found = strchr(plain, *text)) != NULL) {
            ccgw_out_putc(out, '\\');
            ccgw_out_putc(out, letter[found - plain]);
        }
        else if ((unsigned char)*text < 0x20) {
            ccgw_out_printf(out, "\\u%04x", *text);
        }
        else {
            ccgw_out_put(out, text, len);
        }
    }
    ccgw_out_putc(out, '"');
}
