/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_log.h: how code below the glue says something to the administrator. */
#ifndef CCGW_LOG_H
#define CCGW_LOG_H

#include <apr_errno.h>

/** Same numbers as httpd's APLOG levels. */
typedef enum ccgw_log_level_t {
    CCGW_LOG_ERROR = 3,
    CCGW_LOG_WARNING = 4,
    CCGW_LOG_NOTICE = 5,
    CCGW_LOG_INFO = 6,
    CCGW_LOG_DEBUG = 7,
    CCGW_LOG_TRACE = 8
} ccgw_log_level_t;

typedef void ccgw_log_sink_t(void *baton, ccgw_log_level_t level, apr_status_t status, const char *text);

/** Configuration time, one thread. Without a sink nothing is said. */
void ccgw_log_install(ccgw_log_sink_t *sink, void *baton);

/** FORMAT begins with a message id, "CCGW0042: ". Never put secrets or message bodies in. Any thread; no lock of ours
 *  may be held. */
void ccgw_log(ccgw_log_level_t level, apr_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
