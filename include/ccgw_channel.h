/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_channel.h: what a channel provider must do: the customer's end of an interaction.
 *
 * Inbound, the HTTP glue hands a provider the form or JSON fields of a request below /ccgw/{name}/; the provider makes
 * neutral inbound texts of them. Outbound, the outbox thread (never a worker) asks the provider to send one text.
 * Group "ccgw-channel", version "0"; "loop" and "kannel" are built in. This header knows no httpd. */
#ifndef CCGW_CHANNEL_H
#define CCGW_CHANNEL_H

#include "ccgw_types.h"

#define CCGW_CHANNEL_PROVIDER_GROUP   "ccgw-channel"
#define CCGW_CHANNEL_PROVIDER_VERSION "0"

/** The longest that send() may block, in seconds. */
#define CCGW_CHANNEL_TIMEOUT_MAX 30

/** One text a customer sent. All strings live in the pool of the call that made it. */
typedef struct ccgw_inbound_t {
    ccgw_media_t media;
    const char *from;       /**< the customer, +E.164 where it is a number */
    const char *to;         /**< our number: it decides tenant and queue */
    const char *text;       /**< UTF-8 */
    const char *carrier_id; /**< the carrier's id of this text, "" unknown; repeats within a day are dropped */
    ccgw_pairs_t data;      /**< attached data, may be empty */
} ccgw_inbound_t;

/** One text to a customer. */
typedef struct ccgw_outbound_t {
    ccgw_media_t media;
    const char *from; /**< our number */
    const char *to;   /**< the customer */
    const char *text;
    const char *key; /**< stable over repeats of the same text: lets a carrier drop doubles; [0-9a-z.-]+ */
    int repeated;    /**< an earlier try may have arrived */
} ccgw_outbound_t;

/** What the carrier says has become of a text it took. */
typedef enum ccgw_fate_t {
    CCGW_FATE_UNSET,
    CCGW_FATE_TAKEN,     /**< on its way: it will not be lost without another report */
    CCGW_FATE_DELIVERED, /**< the customer's device has it */
    CCGW_FATE_FAILED     /**< it will never arrive */
} ccgw_fate_t;

typedef struct ccgw_report_t {
    ccgw_media_t media;
    const char *from; /**< our number, as it was sent from: it decides the tenant */
    const char *key;  /**< ccgw_outbound_t.key */
    ccgw_fate_t fate;
    const char *why; /**< the carrier's own word, for the log; "" none */
} ccgw_report_t;

/** What a fields reader gives for NAME: the bytes the request means, with a zero byte behind them. *N (NULL: nobody asks)
 *  is how many there are: zero bytes may be among them, and they may be no UTF-8. NULL: there is no such field. */
typedef const char *ccgw_field_reader_t(apr_size_t *n, void *baton, const char *name);

typedef struct ccgw_channel_t ccgw_channel_t;

typedef struct ccgw_channel_provider_t {
    const char *name;

    /** Read the words after the provider's name in CcgwChannel. Where an option's name ends in "-file" its value is a
     *  whole path, below ServerRoot if it was written without. Configuration time, parent.
     *  @return NULL, or a sentence naming the word at fault and why */
    const char *(*configure)(ccgw_channel_t **channel, ccgw_media_t media, const ccgw_strs_t *words, apr_pool_t *conf);

    /** What is configured, may be meant, and should be known: a sentence for the log at each start, or NULL. The member
     *  may be NULL, too. */
    const char *(*caution)(const ccgw_channel_t *channel);

    /** An inbound request to /ccgw/{name}/{path}: is the shared secret in FIELDS right? NULL: the provider relies on
     *  Require alone.
     *  @return APR_SUCCESS or CCGW_EFORBIDDEN */
    apr_status_t (*admit)(const ccgw_channel_t *channel, ccgw_field_reader_t *field, void *baton);

    /** Turn the request's fields into a text. CCGW_EMISSING or CCGW_EINVAL with *fault naming the field. */
    apr_status_t (*receive)(ccgw_inbound_t *text, const char **fault, const ccgw_channel_t *channel,
                            ccgw_field_reader_t *field, void *baton, apr_pool_t *pool);

    /** Turn the fields of a delivery report (a request to /ccgw/{name}/report) into a fate. As receive. Reports may come
     *  late, twice, out of order, or before send() has returned. NULL: the carrier reports nothing. */
    apr_status_t (*report)(ccgw_report_t *report, const char **fault, const ccgw_channel_t *channel,
                           ccgw_field_reader_t *field, void *baton, apr_pool_t *pool);

    /** Send one text; may block up to CCGW_CHANNEL_TIMEOUT_MAX. Outbox thread only.
     *  @param why on failure, a sentence for the log, without secrets
     *  @return APR_SUCCESS the carrier took it; CCGW_EREFUSED it never will; CCGW_EBUSY it surely did not take it, try
     *          later; CCGW_EUNKNOWN the link broke and it may have */
    apr_status_t (*send)(const char **why, ccgw_channel_t *channel, const ccgw_outbound_t *text, apr_pool_t *pool);

    /** What the phone NUMBER will do when it is rung: 1 answer, 2 refuse, each after *AFTER; 3 stay silent (*AFTER is
     *  left alone). Decides nothing that lasts, never blocks; may be asked again. Any thread. NULL: nobody answers. */
    int (*ring)(const ccgw_channel_t *channel, const char *number, apr_interval_time_t *after);
} ccgw_channel_provider_t;

#endif
