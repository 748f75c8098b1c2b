/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_version.h: the version of this software, once. */
#ifndef CCGW_VERSION_H
#define CCGW_VERSION_H

#define CCGW_VERSION "0.1.0"

#endif
