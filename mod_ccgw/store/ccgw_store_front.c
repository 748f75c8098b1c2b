/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_store_front.c: the store providers that are built in. A new one is one line here. */
#include "store/ccgw_store_front.h"

#include "store/ccgw_store_local.h"

#include <string.h>

const ccgw_store_provider_t *const ccgw_store_providers[] = {
    &ccgw_store_local,
    NULL,
};

const ccgw_store_provider_t *ccgw_store_find(const char *name)
{
    int i;

    for (i = 0; ccgw_store_providers[i]; i++) {
        if (!strcmp(ccgw_store_providers[i]->name, name))
            return ccgw_store_providers[i];
    }
    return NULL;
}
