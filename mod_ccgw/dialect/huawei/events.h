/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* events.h: for events*.c only: how an event's message is made, and what the rows of the one table need of both files.
 * The functions are a member's or a row's: OBJECT is a ccgw_event_t; texts live in the view's pool or longer. */
#ifndef HUAWEI_EVENTS_H
#define HUAWEI_EVENTS_H

#include "dialect.h"

/* clang-format off */
#define EVENT(scope_, var_, type_, ...)                                                           \
    static const ccgw_member_t var_##_members[] = {                                               \
        { "eventType", CCGW_KIND_CONST, .text = type_ },                                          \
        { "workNo", CCGW_KIND_TEXT, .fn = huawei_work_no },                                       \
        __VA_ARGS__,                                                                              \
        { NULL }                                                                                  \
    };                                                                                            \
    scope_ const ccgw_shape_t var_ = { type_, var_##_members, sizeof(ccgw_event_t) }

/* no name for any number: null */
#define PLAIN(scope_, var_, type_) \
    EVENT(scope_, var_, type_, { "content", CCGW_KIND_ENUM, offsetof(ccgw_event_t, type), .values = huawei_unnamed })
#define STRING(scope_, var_, type_, fn_) EVENT(scope_, var_, type_, { "content", CCGW_KIND_TEXT, .fn = fn_ })
#define OBJECT(scope_, var_, type_, of_) EVENT(scope_, var_, type_, { "content", CCGW_KIND_OBJECT, .of = &(of_) })
/* the shapes of the other file's rows */
#define SHARED
/* clang-format on */

/* ---- events.c ---- */

extern const ccgw_value_t huawei_unnamed[];

/** The reader's id; "" when it is no agent. */
const char *huawei_me(const ccgw_view_t *view);
/** The reader's work number. */
const char *huawei_work_no(const void *object, const ccgw_view_t *view);
/** The work number of agent ID; NULL when the floor has no such agent (any more). */
const char *huawei_work_no_of(const char *id, const ccgw_view_t *view);
/** The reader is offered the session. */
int huawei_is_offer(const void *object, const ccgw_view_t *view);
/** Asked, and it came to nothing. */
int huawei_is_missed(const void *object, const ccgw_view_t *view);

/* ---- events_call.c ---- */

extern const ccgw_shape_t huawei_call_ringing;
extern const ccgw_shape_t huawei_call_talking;
extern const ccgw_shape_t huawei_call_message;
extern const ccgw_shape_t huawei_call_note;
extern const ccgw_shape_t huawei_chat_arrived;
extern const ccgw_shape_t huawei_chat_lost;
extern const ccgw_shape_t huawei_call_unanswered;
extern const ccgw_shape_t huawei_call_released;

int huawei_is_call_offer(const void *object, const ccgw_view_t *view);
int huawei_is_call_entry(const void *object, const ccgw_view_t *view);
int huawei_is_call_missed(const void *object, const ccgw_view_t *view);
int huawei_is_call_end(const void *object, const ccgw_view_t *view);
int huawei_is_text(const void *object, const ccgw_view_t *view);
int huawei_is_note(const void *object, const ccgw_view_t *view);
int huawei_is_arrived(const void *object, const ccgw_view_t *view);
int huawei_is_lost(const void *object, const ccgw_view_t *view);

#endif
