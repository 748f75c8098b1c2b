/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_shape.h: writes a struct in a wire format by its shape. One walk, one writer per format. */
#ifndef CCGW_SHAPE_H
#define CCGW_SHAPE_H

#include "api/ccgw_op.h"

/** One wire format. The walk calls these in document order; a writer keeps its own state in the baton. */
typedef struct ccgw_writer_t {
    const char *name;
    void (*begin_object)(void *baton, const ccgw_shape_t *shape); /* NULL: a map, its members are keys */
    void (*end_object)(void *baton);
    void (*begin_list)(void *baton, const ccgw_shape_t *of); /* NULL: of texts */
    void (*end_list)(void *baton);
    void (*member)(void *baton, const char *name); /* the name of the next value, inside an object */
    void (*string)(void *baton, const char *value);
    void (*number)(void *baton, apr_int64_t value);
    void (*boolean)(void *baton, int value);
    void (*null)(void *baton);
    /* What only some formats want; NULL: nothing. */
    void (*absent)(void *baton, const ccgw_member_t *member); /* a member that is left out for want of a value */
    void (*space)(void *baton, const char *xmlns);            /* sorted: the namespace of the members that follow */
    int sorted; /* 1: inherited members first, then by name: uppercase first letter, ordinal (an array on the stack is
                 * sorted per object; 40 members take fewer than 400 comparisons) */
} ccgw_writer_t;

/** Write OBJECT by SHAPE as JSON, appended to OUT. No allocation but OUT's. */
void ccgw_shape_json(ccgw_out_t *out, const ccgw_shape_t *shape, const void *object, const ccgw_view_t *view);

/** The walk itself, for other formats. */
void ccgw_shape_walk(const ccgw_writer_t *writer, void *baton, const ccgw_shape_t *shape, const void *object,
                     const ccgw_view_t *view);

#endif
