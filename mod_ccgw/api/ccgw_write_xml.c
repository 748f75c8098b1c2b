/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_write_xml.c: XML as data contracts have it: each type in a namespace, nulls written, no attributes else.
 *
 * An element in another namespace than the one around it declares that as its own default; what is in a member of
 * another namespace has a prefix, declared at the member and called by the member's depth (d3p1). */
#include "api/ccgw_format.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define INSTANCE "http://www.w3.org/2001/XMLSchema-instance"
#define ARRAYS   "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
#define PAIR     "KeyValueOfstringstring"

typedef enum holds_t { HOLDS_TEXT, HOLDS_MEMBERS, HOLDS_ITEMS, HOLDS_PAIRS } holds_t;

/* An element that is open, and what stands in it. */
typedef struct element_t {
    struct element_t *parent, *child; /* the child is kept for the next one of that depth */
    int depth;
    holds_t holds;
    const char *word, *name; /* "ArrayOf" or "", and the rest of its own name */
    int pascal;
    const char *prefixed;  /* namespace its name's prefix stands for; NULL none */
    const char *usual;     /* default namespace inside */
    const char *bound;     /* namespace a prefix is declared for here; NULL none */
    const char *space;     /* of the members, items or pairs in it */
    const char *item_name; /* of each item */
} element_t;

typedef struct xml_t {
    ccgw_out_t *out;
    element_t *at;    /* the innermost one; NULL: before the root */
    int open;         /* its start tag is not closed yet */
    const char *name; /* of the next value in an object or a map */
    element_t top;    /* of the root */
} xml_t;

/* ---- text ---- */

/* Characters XML has no form for become U+FFFD. */
static const char *find_entity(const char *at)
{
    const unsigned char *u = (const unsigned char *)at;

    switch (*u) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '\r': return "&#xD;";
    case '\t':
    case '\n': return NULL;
    }
    if (*u < 0x20 || (u[0] == 0xef && u[1] == 0xbf && u[2] >= 0xbe))
        return "\xef\xbf\xbd";
    return NULL;
}

static void put_text(ccgw_out_t *out, const char *text)
{
    const char *at = ccgw_format_clean(text, out->pool), *from = at, *entity;

    for (; *at; at++) {
        entity = find_entity(at);
        if (!entity)
            continue;
        ccgw_out_put(out, from, (apr_size_t)(at - from));
        ccgw_out_puts(out, entity);
        if (*(const unsigned char *)at == 0xef)
            at += 2;
        from = at + 1;
    }
    ccgw_out_puts(out, from);
}

/* ---- elements ---- */

static int same(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* The element whose prefix stands for SPACE; NULL: none of those around. */
static const element_t *find_bound(const element_t *element, const char *space)
{
    while (element && !(element->bound && same(element->bound, space)))
        element = element->parent;
    return element;
}

static void put_name(ccgw_out_t *out, const element_t *element)
{
    if (element->prefixed)
        ccgw_out_printf(out, "d%dp1:", find_bound(element->parent, element->prefixed)->depth);
    ccgw_out_puts(out, element->word);
    if (element->pascal)
        ccgw_format_pascal(out, element->name);
    else
        ccgw_out_puts(out, element->name);
}

static void close_tag(xml_t *xml)
{
    if (xml->open)
        ccgw_out_putc(xml->out, '>');
    xml->open = 0;
}

static element_t *push(xml_t *xml)
{
    element_t *parent = xml->at, *element = parent ? parent->child : &xml->top;

    if (!element) {
        element = apr_pcalloc(xml->out->pool, sizeof *element);
        element->parent = parent;
        element->depth = parent->depth + 1;
        parent->child = element;
    }
    element->prefixed = element->bound = NULL;
    element->usual = parent ? parent->usual : NULL;
    element->word = "";
    element->pascal = 0;
    element->holds = HOLDS_TEXT;
    return xml->at = element;
}

/* Open element NAME in SPACE (NULL: that of whatever it stands in). */
static element_t *open_element(xml_t *xml, const char *word, const char *name, int pascal, const char *space, int nil)
{
    int root = xml->at == NULL, declare;
    element_t *element;

    close_tag(xml);
    element = push(xml);
    element->word = word;
    element->name = name;
    element->pascal = pascal;
    declare = space && !same(space, element->usual);
    if (declare && find_bound(element->parent, space)) {
        element->prefixed = space;
        declare = 0;
    }
    ccgw_out_putc(xml->out, '<');
    put_name(xml->out, element);
    if (root)
        ccgw_out_puts(xml->out, " xmlns:i=\"" INSTANCE "\"");
    if (nil)
        ccgw_out_puts(xml->out, " i:nil=\"true\"");
    if (declare) {
        ccgw_out_printf(xml->out, " xmlns=\"%s\"", space);
        element->usual = space;
    }
    xml->open = 1;
    return element;
}

static void close_element(xml_t *xml)
{
    const element_t *element = xml->at;

    if (xml->open) {
        ccgw_out_puts(xml->out, " />");
        xml->open = 0;
    }
    else {
        ccgw_out_puts(xml->out, "</");
        put_name(xml->out, element);
        ccgw_out_putc(xml->out, '>');
    }
    xml->at = element->parent;
}

/* What stands in the present element is in SPACE. */
static void hold(xml_t *xml, holds_t holds, const char *space)
{
    element_t *element = xml->at;

    element->holds = holds;
    element->space = space;
    if (!space || same(space, element->usual) || find_bound(element, space))
        return;
    element->bound = space;
    ccgw_out_printf(xml->out, " xmlns:d%dp1=\"%s\"", element->depth, space);
}

static void put_element(xml_t *xml, const char *name, const char *space, const char *text)
{
    open_element(xml, "", name, 0, space, 0);
    if (*text) {
        close_tag(xml);
        put_text(xml->out, text);
    }
    close_element(xml);
}

/* Open the element of the next value: named by member, item or key. */
static element_t *begin_value(xml_t *xml, int nil)
{
    const element_t *around = xml->at;

    switch (around->holds) {
    case HOLDS_ITEMS: return open_element(xml, "", around->item_name, 0, around->space, nil);
    case HOLDS_PAIRS:
        open_element(xml, "", PAIR, 0, ARRAYS, 0);
        put_element(xml, "Key", ARRAYS, xml->name);
        return open_element(xml, "", "Value", 0, ARRAYS, nil);
    default: return open_element(xml, "", xml->name, 1, around->space, nil);
    }
}

static void end_value(xml_t *xml)
{
    close_element(xml);
    /* The value of a pair ends the pair. */
    if (xml->at && xml->at->parent && xml->at->parent->holds == HOLDS_PAIRS)
        close_element(xml);
}

/* ---- calls ---- */

static void begin_object(void *baton, const ccgw_shape_t *shape)
{
    xml_t *xml = baton;

    if (xml->at)
        begin_value(xml, 0);
    else
        open_element(xml, shape ? "" : "ArrayOf", shape ? shape->name : PAIR, 0, shape ? shape->xmlns : ARRAYS, 0);
    if (!shape)
        hold(xml, HOLDS_PAIRS, ARRAYS);
    else
        hold(xml, HOLDS_MEMBERS, shape->xmlns ? shape->xmlns : xml->at->parent ? xml->at->parent->space : NULL);
}

static void end_object(void *baton)
{
    end_value(baton);
}

static void begin_list(void *baton, const ccgw_shape_t *of)
{
    xml_t *xml = baton;
    const char *name = of ? of->name : "string";
    const char *space = of ? of->xmlns : ARRAYS;

    if (xml->at)
        begin_value(xml, 0);
    else
        open_element(xml, "ArrayOf", name, 0, space, 0);
    hold(xml, HOLDS_ITEMS, space ? space : xml->at->parent ? xml->at->parent->space : NULL);
    xml->at->item_name = name;
}

static void end_list(void *baton)
{
    end_value(baton);
}

static void member(void *baton, const char *name)
{
    ((xml_t *)baton)->name = name;
}

static void space(void *baton, const char *xmlns)
{
    if (xmlns)
        ((xml_t *)baton)->at->space = xmlns;
}

static void string(void *baton, const char *value)
{
    xml_t *xml = baton;

    begin_value(xml, 0);
    if (*value) {
        close_tag(xml);
        put_text(xml->out, value);
    }
    end_value(xml);
}

static void number(void *baton, apr_int64_t value)
{
    char digits[24];

    apr_snprintf(digits, sizeof digits, "%" APR_INT64_T_FMT, value);
    string(baton, digits);
}

static void boolean(void *baton, int value)
{
    string(baton, value ? "true" : "false");
}

static void null(void *baton)
{
    begin_value(baton, 1);
    end_value(baton);
}

/* A member that could hold something of another namespace declares it even when it holds nothing. */
static void absent(void *baton, const ccgw_member_t *left_out)
{
    xml_t *xml = baton;

    xml->name = left_out->name;
    begin_value(xml, 1);
    switch (left_out->kind) {
    case CCGW_KIND_STRS:
    case CCGW_KIND_TEXTS:
    case CCGW_KIND_URIS:
    case CCGW_KIND_PAIRS: hold(xml, HOLDS_TEXT, ARRAYS); break;
    case CCGW_KIND_LIST:
    case CCGW_KIND_OBJECT: hold(xml, HOLDS_TEXT, left_out->of->xmlns); break;
    default: break;
    }
    end_value(xml);
}

static const ccgw_writer_t calls = {
    .name = "xml",
    .begin_object = begin_object,
    .end_object = end_object,
    .begin_list = begin_list,
    .end_list = end_list,
    .member = member,
    .string = string,
    .number = number,
    .boolean = boolean,
    .null = null,
    .absent = absent,
    .space = space,
    .sorted = 1,
};

static void write_xml(ccgw_out_t *out, const ccgw_shape_t *shape, const void *object, const ccgw_view_t *view)
{
    xml_t xml = { .out = out, .top = { .depth = 1 } };

    ccgw_shape_walk(&calls, &xml, shape, object, view);
}

const ccgw_format_t ccgw_format_xml = { .name = "xml", .content_type = "application/xml", .write = write_xml };
