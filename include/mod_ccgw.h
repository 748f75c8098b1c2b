/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw.h: what another module may know of mod_ccgw. */
#ifndef MOD_CCGW_H
#define MOD_CCGW_H

#include "ccgw_version.h"

#endif
