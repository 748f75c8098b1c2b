/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_front.h: the store providers that are built in. */
#ifndef CCGW_STORE_FRONT_H
#define CCGW_STORE_FRONT_H

#include "ccgw_store.h"

/** The registry, ended by NULL: directive check, error texts and the status page derive from it. */
extern const ccgw_store_provider_t *const ccgw_store_providers[];

/** The built-in provider called NAME, or NULL. */
const ccgw_store_provider_t *ccgw_store_find(const char *name);

#endif
