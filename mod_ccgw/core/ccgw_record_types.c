/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_record_types.c: field tables of the core's records. Tags are part of the stored format: never renumber. */
#include <stddef.h>

#include "core/ccgw_agent.h"
#include "core/ccgw_event.h"
#include "core/ccgw_session.h"
#include "core/ccgw_session_store.h"
#include "core/ccgw_stream_record.h"

/* clang-format off */
#define F(tag, kind, type, member, ...) { tag, CCGW_FIELD_##kind, #member, offsetof(type, member), __VA_ARGS__ }
#define PLAIN 0, NULL, 0

#define P ccgw_pair_t
static const ccgw_field_t pair_fields[] = {
    F(1, STR,  P, key,    0, NULL, CCGW_FIELD_TEXT),
    F(2, STR,  P, text,   0, NULL, CCGW_FIELD_TEXT),
    F(3, INT,  P, number, 0, NULL, CCGW_FIELD_TEXT),
    F(4, ENUM, P, kind,   PLAIN),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_pair_record = { "pair", 1, sizeof(ccgw_pair_t), pair_fields };

#define P ccgw_participant_t
static const ccgw_field_t participant_fields[] = {
    F(1,  INT,  P, id,           0, NULL, CCGW_FIELD_ID),
    F(2,  ENUM, P, party,        PLAIN),
    F(3,  STR,  P, agent,        PLAIN),
    F(4,  STR,  P, nickname,     0, NULL, CCGW_FIELD_TEXT),
    F(5,  ENUM, P, leg,          PLAIN),
    F(6,  ENUM, P, visibility,   PLAIN),
    F(7,  ENUM, P, offer,        PLAIN),
    F(8,  STR,  P, queue,        PLAIN),
    F(9,  INT,  P, queued,       PLAIN),
    F(10, INT,  P, until,        PLAIN),
    F(11, STR,  P, by_agent,     PLAIN),
    F(12, STR,  P, by_login,     PLAIN),
    F(13, INT,  P, by_reference, PLAIN),
    F(14, STR,  P, address,      0, NULL, CCGW_FIELD_TEXT),
    F(15, ENUM, P, answer,       PLAIN),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_participant_record = { "participant", 1, sizeof(ccgw_participant_t),
                                                     participant_fields };

#define P ccgw_session_t
static const ccgw_field_t session_fields[] = {
    F(1,  INT,  P, id,            0, NULL, CCGW_FIELD_ID),
    F(2,  ENUM, P, media,         PLAIN),
    F(3,  ENUM, P, state,         PLAIN),
    F(4,  STR,  P, queue,         PLAIN),
    F(5,  STR,  P, customer,      0, NULL, CCGW_FIELD_TEXT),
    F(6,  STR,  P, number,        PLAIN),
    F(7,  STR,  P, owner,         PLAIN),
    F(8,  STR,  P, subject,       0, NULL, CCGW_FIELD_TEXT),
    F(9,  STR,  P, comment,       0, NULL, CCGW_FIELD_TEXT),
    F(10, STR,  P, disposition,   0, NULL, CCGW_FIELD_TEXT),
    F(11, STR,  P, workbin,       PLAIN),
    F(12, STR,  P, bin_owner,     PLAIN),
    F(13, LIST, P, participants,  offsetof(P, nparticipants), &ccgw_participant_record, 0),
    F(14, LIST, P, data,          offsetof(P, ndata), &ccgw_pair_record, 0),
    F(15, STRS, P, refused,       PLAIN),
    F(16, INT,  P, refused_until, PLAIN),
    F(17, ENUM, P, messages,      PLAIN),
    F(18, INT,  P, created,       PLAIN),
    F(19, INT,  P, ended,         PLAIN),
    F(20, ENUM, P, limit,         PLAIN),
    F(21, INT,  P, ends,          PLAIN),
    F(22, INT,  P, remind,        PLAIN),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_session_record = { "session", 1, sizeof(ccgw_session_t), session_fields };

#define P ccgw_message_t
static const ccgw_field_t message_fields[] = {
    F(1,  ENUM, P, index,      PLAIN),
    F(2,  ENUM, P, type,       PLAIN),
    F(3,  ENUM, P, visibility, PLAIN),
    F(4,  INT,  P, from,       0, NULL, CCGW_FIELD_ID),
    F(5,  ENUM, P, from_party, PLAIN),
    F(6,  STR,  P, from_agent, PLAIN),
    F(7,  STR,  P, nickname,   0, NULL, CCGW_FIELD_TEXT),
    F(8,  STR,  P, text,       0, NULL, CCGW_FIELD_TEXT),
    F(9,  INT,  P, at,         PLAIN),
    F(10, ENUM, P, delivery,   PLAIN),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_message_record = { "message", 1, sizeof(ccgw_message_t), message_fields };

#define P ccgw_pointer_t
static const ccgw_field_t pointer_fields[] = {
    F(1, INT, P, session,     0, NULL, CCGW_FIELD_ID),
    F(2, INT, P, participant, 0, NULL, CCGW_FIELD_ID),
    F(3, STR, P, agent,       PLAIN),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_pointer_record = { "pointer", 1, sizeof(ccgw_pointer_t), pointer_fields };

#define P ccgw_presence_state_t
static const ccgw_field_t presence_fields[] = {
    F(1, ENUM, P, media,      PLAIN),
    F(2, ENUM, P, state,      PLAIN),
    F(3, STR,  P, reason,     0, NULL, CCGW_FIELD_TEXT),
    F(4, INT,  P, idle_since, PLAIN),
    F(5, INT,  P, available,  PLAIN),
    { 0 }
};
#undef P
static const ccgw_record_type_t presence_record = { "presence", 1, sizeof(ccgw_presence_state_t), presence_fields };

#define P ccgw_task_t
static const ccgw_field_t task_fields[] = {
    F(1, INT,  P, session, 0, NULL, CCGW_FIELD_ID),
    F(2, ENUM, P, media,   PLAIN),
    F(3, ENUM, P, leg,     PLAIN),
    { 0 }
};
#undef P
static const ccgw_record_type_t task_record = { "task", 1, sizeof(ccgw_task_t), task_fields };

#define P ccgw_agent_t
static const ccgw_field_t agent_fields[] = {
    F(1, STR,  P, id,       PLAIN),
    F(2, STRS, P, logins,   PLAIN),
    F(3, STR,  P, place,    PLAIN),
    F(4, ENUM, P, open,     PLAIN),
    F(5, LIST, P, channels, offsetof(P, nchannels), &presence_record, 0),
    F(6, LIST, P, tasks,    offsetof(P, ntasks), &task_record, 0),
    F(7, INT,  P, gone_at,  PLAIN),
    F(8, STRS, P, joiners,  PLAIN),
    F(9, STRS, P, openers,  PLAIN),
    F(10, INT, P, boxed,    PLAIN),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_agent_record = { "agent", 1, sizeof(ccgw_agent_t), agent_fields };

#define P ccgw_watch_t
static const ccgw_field_t watch_fields[] = {
    F(1, STR, P, workbin, PLAIN),
    F(2, STR, P, owner,   PLAIN),
    F(3, INT, P, since,   PLAIN),
    { 0 }
};
#undef P
static const ccgw_record_type_t watch_record = { "watch", 1, sizeof(ccgw_watch_t), watch_fields };

#define P ccgw_login_t
static const ccgw_field_t login_fields[] = {
    F(1, STR,  P, id,      PLAIN),
    F(2, STR,  P, agent,   PLAIN),
    F(3, STR,  P, dialect, PLAIN),
    F(4, STR,  P, csrf,    0, NULL, CCGW_FIELD_SECRET),
    F(5, INT,  P, created, PLAIN),
    F(6, LIST, P, watches, offsetof(P, nwatches), &watch_record, 0),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_login_record = { "login", 1, sizeof(ccgw_login_t), login_fields };

#define P ccgw_stream_t
static const ccgw_field_t stream_fields[] = {
    F(1, STR,  P, id,           PLAIN),
    F(2, STR,  P, login,        PLAIN),
    F(3, STR,  P, agent,        PLAIN),
    F(4, STR,  P, framing,      PLAIN),
    F(5, ENUM, P, acknowledged, PLAIN),
    F(6, STRS, P, topics,       PLAIN),
    F(7, INT,  P, start,        PLAIN),
    F(8, ENUM, P, keeps_login,  PLAIN),
    F(9, INT,  P, read,         PLAIN),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_stream_record = { "stream", 1, sizeof(ccgw_stream_t), stream_fields };

#define P ccgw_event_t
static const ccgw_field_t event_fields[] = {
    F(1,  ENUM,   P, type,       PLAIN),
    F(2,  INT,    P, at,         PLAIN),
    F(3,  STR,    P, login,      PLAIN),
    F(4,  INT,    P, reference,  PLAIN),
    F(5,  ENUM,   P, only_login, PLAIN),
    F(6,  ENUM,   P, view,       PLAIN),
    F(7,  ENUM,   P, bare,       PLAIN),
    F(8,  NESTED, P, session,    0, &ccgw_session_record, 0),
    F(9,  LIST,   P, messages,   offsetof(P, nmessages), &ccgw_message_record, 0),
    F(10, NESTED, P, agent,      0, &ccgw_agent_record, 0),
    F(11, STR,    P, workbin,    PLAIN),
    F(12, ENUM,   P, owner_kind, PLAIN),
    F(13, STR,    P, owner,      PLAIN),
    F(14, ENUM,   P, code,       PLAIN),
    F(15, STR,    P, text,       0, NULL, CCGW_FIELD_TEXT),
    F(16, NESTED, P, who,        0, &ccgw_participant_record, 0),
    F(17, ENUM,   P, change,     PLAIN),
    F(18, ENUM,   P, why,        PLAIN),
    { 0 }
};
#undef P
const ccgw_record_type_t ccgw_event_record = { "event", 1, sizeof(ccgw_event_t), event_fields };
/* clang-format on */
