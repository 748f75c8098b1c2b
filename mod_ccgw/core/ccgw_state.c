/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_state.c: the table of what an agent may do in which view, and what his desktop is told of. */
#include "core/ccgw_state.h"

#define OFFERED  (1u << CCGW_VIEW_OFFERED)
#define ALONE    (1u << CCGW_VIEW_ALONE)
#define TOGETHER (1u << CCGW_VIEW_TOGETHER)
#define LEFT     (1u << CCGW_VIEW_LEFT)
#define INSIDE   (ALONE | TOGETHER)
#define OWNING   (INSIDE | LEFT)

/** Sets of views: where the action works, and where it is announced. What is announced works; some actions work
 *  without being announced, as the documented samples list a fixed set. */
static const struct {
    unsigned allowed;
    unsigned advertised;
} actions[CCGW_ACTION_COUNT] = {
    /* clang-format off */
    [CCGW_ACTION_ACCEPT]         = { OFFERED,  OFFERED  },
    [CCGW_ACTION_REJECT]         = { OFFERED,  OFFERED  },
    [CCGW_ACTION_TRANSFER]       = { OWNING,   OWNING   },
    [CCGW_ACTION_LEAVE]          = { OWNING,   OWNING   },
    [CCGW_ACTION_INVITE]         = { INSIDE,   INSIDE   },
    [CCGW_ACTION_CANCEL_INVITE]  = { INSIDE,   0        },
    [CCGW_ACTION_CONSULT]        = { INSIDE,   INSIDE   },
    [CCGW_ACTION_CANCEL_CONSULT] = { INSIDE,   0        },
    [CCGW_ACTION_REMOVE]         = { TOGETHER, 0        },
    [CCGW_ACTION_FOCUS]          = { OWNING,   OWNING   },
    [CCGW_ACTION_DISPOSE]        = { OWNING,   INSIDE   },
    [CCGW_ACTION_ATTACH]         = { OWNING,   INSIDE   },
    [CCGW_ACTION_DETACH]         = { OWNING,   INSIDE   },
    [CCGW_ACTION_UPDATE]         = { OWNING,   INSIDE   },
    [CCGW_ACTION_COMMENT]        = { OWNING,   0        },
    [CCGW_ACTION_SEND]           = { INSIDE,   INSIDE   },
    [CCGW_ACTION_SEND_TO_AGENTS] = { TOGETHER, TOGETHER },
    [CCGW_ACTION_TYPE]           = { INSIDE,   INSIDE   },
    [CCGW_ACTION_TYPE_TO_AGENTS] = { TOGETHER, TOGETHER },
    [CCGW_ACTION_NOTICE]         = { INSIDE,   0        },
    [CCGW_ACTION_COMPLETE]       = { OWNING,   OWNING   },
    [CCGW_ACTION_PARK]           = { OWNING,   0        },
    /* clang-format on */
};

ccgw_view_state_t ccgw_state_view(const ccgw_session_t *session, const char *agent)
{
    const ccgw_participant_t *part = ccgw_session_part(session, agent);

    if (!part)
        return CCGW_VIEW_NONE;
    switch (part->leg) {
    case CCGW_LEG_OFFERED: return CCGW_VIEW_OFFERED;
    case CCGW_LEG_JOINED: return ccgw_session_joined(session) > 1 ? CCGW_VIEW_TOGETHER : CCGW_VIEW_ALONE;
    case CCGW_LEG_LEFT: return CCGW_VIEW_LEFT;
    }
    return CCGW_VIEW_NONE;
}

int ccgw_state_allows(const ccgw_session_t *session, const char *agent, ccgw_action_t action)
{
    return (actions[action].allowed >> ccgw_state_view(session, agent)) & 1;
}

apr_uint32_t ccgw_state_advertised(ccgw_view_state_t view)
{
    apr_uint32_t bits = 0;
    int i;

    for (i = 0; i < CCGW_ACTION_COUNT; i++) {
        if ((actions[i].advertised >> view) & 1)
            bits |= (apr_uint32_t)1 << i;
    }
    return bits;
}
