/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_floor_check.h: what no single member of the floor file can show: names that stand twice, or for nothing. */
#ifndef CCGW_FLOOR_CHECK_H
#define CCGW_FLOOR_CHECK_H

#include "api/ccgw_floor_read.h"
#include "core/ccgw_floor.h"

/** FILE is complete: every pointer is set, defaults are in. */
void ccgw_floor_check(ccgw_faults_t *faults, const ccgw_floor_file_t *file);

#endif
