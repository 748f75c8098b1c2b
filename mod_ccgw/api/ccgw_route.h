/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_route.h: from method, path and selector to the row. Tables are compiled once; look-ups need no lock. */
#ifndef CCGW_ROUTE_H
#define CCGW_ROUTE_H

#include "api/ccgw_request.h"

typedef struct ccgw_router_t ccgw_router_t;

/** Compile DIALECT's rows. *why: which two rows of equal rank could match one request, a verb without argument struct, a
 *  shape with a repeated name, a parameter outside its struct. Literal segments beat {variables}. */
apr_status_t ccgw_router_make(ccgw_router_t **router, const char **why, const ccgw_dialect_t *dialect,
                              apr_pool_t *pool);

/**
 * Find the row: parses query and (for rows that need it) body, fills the lower half of REQUEST.
 * @return CCGW_ENOROUTE no such path; CCGW_EMETHOD path with other methods only; CCGW_ESYNTAX body unreadable;
 *         CCGW_EMISSING the selector is missing; CCGW_EOPERATION a selector no row has (PROBLEM names it);
 *         CCGW_ETOOLARGE more than 1024 query parameters or form fields
 */
apr_status_t ccgw_route(ccgw_request_t *request, ccgw_problem_t *problem, const ccgw_router_t *router);

/** Does any row have this path (any method)? For hosts that serve files beside us. */
int ccgw_route_knows(const ccgw_router_t *router, const char *path);

#endif
