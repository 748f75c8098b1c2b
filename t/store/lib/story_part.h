/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* story_part.h: what follows from (session, version), shared by the story's writer and its checker. */
#ifndef STORY_PART_H
#define STORY_PART_H

#include "story.h"

#define STORY_MAGIC  0x53544f52u
#define STORY_TENANT "acme"
#define STORY_TENANT_BUF                      \
    {                                         \
        STORY_TENANT, sizeof STORY_TENANT - 1 \
    }
#define STORY_PUBLIC_BOX "box/%02d"
#define STORY_OWN_BOX    "own/%03d"
#define STORY_PLACES     3
#define STORY_EVENTS     3 /* of one version, at most */
/** The own mailbox is open from the one to the other, modulo 8. */
#define STORY_BOX_OPENED 1
#define STORY_BOX_CLOSED 5

#define STORY_SESSION_KEY(t) story_key((t)->pool, "%03d", (t)->session)

typedef enum story_kind_t { STORY_SESSION = 1, STORY_PART, STORY_PLACE, STORY_EVENT, STORY_BULK } story_kind_t;

/** Every value and body begins with it; what follows it follows from it. */
typedef struct story_stamp_t {
    apr_uint32_t magic;
    apr_uint32_t kind;
    apr_uint32_t session;
    apr_uint32_t part;
    apr_uint64_t version;
} story_stamp_t;

/** Count a fault; the first ones are printed. */
__attribute__((format(printf, 3, 4))) void story_fault(story_t *story, story_fault_t fault, const char *format, ...);

/** *PLACE is at least VALUE from now on. */
void story_raise(apr_uint64_t *place, apr_uint64_t value);

/** The newest version of SESSION that was acknowledged. */
apr_uint64_t story_acked(const story_notes_t *notes, int session);

/** The tenant's name, a zero byte, and the name that FORMAT makes. */
__attribute__((format(printf, 2, 3))) ccgw_buf_t story_key(apr_pool_t *pool, const char *format, ...);
/** The bytes of one value or body. */
ccgw_buf_t story_value(apr_pool_t *pool, story_kind_t kind, int session, int part, apr_uint64_t version);
/** Is VALUE, byte by byte, one of that kind? Then *STAMP says of what. */
int story_read_value(story_stamp_t *stamp, ccgw_buf_t value, story_kind_t kind, apr_pool_t *pool);

/** The level that commits of this session reach. */
ccgw_durability_t story_level(const story_t *story, int session);

int story_events(int session, apr_uint64_t version);
int story_box(int session, apr_uint64_t version, int event);
apr_time_t story_due(int session, apr_uint64_t version);
/** The version that wrote the bulk as it is at VERSION; 0: it is not there yet. */
apr_uint64_t story_bulk_version(apr_uint64_t version);
/** The version that wrote PART as it is at VERSION; 0: it is not there then. */
apr_uint64_t story_part_version(int part, apr_uint64_t version);

#endif
