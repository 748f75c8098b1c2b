/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* ccgw_bayeux_reply.c: writes answers and events as Bayeux messages. */
#include "stream/ccgw_bayeux.h"

#include "api/ccgw_shape.h"

/* A comma unless this is the array's first message. */
static void separate(ccgw_out_t *out)
{
    if (out->n && out->p[out->n - 1] != '[')
        ccgw_out_putc(out, ',');
}

static void write_name(ccgw_out_t *out, const char *name)
{
    ccgw_out_puts(out, ",\"");
    ccgw_out_puts(out, name);
    ccgw_out_puts(out, "\":");
}

void ccgw_bayeux_begin(ccgw_out_t *out, const ccgw_bayeux_message_t *message, int successful)
{
    separate(out);
    ccgw_out_puts(out, "{\"channel\":");
    ccgw_json_quote(out, message->channel);
    ccgw_bayeux_json(out, "successful", successful ? "true" : "false");
    if (message->id)
        ccgw_bayeux_json(out, "id", message->id);
}

void ccgw_bayeux_text(ccgw_out_t *out, const char *name, const char *value)
{
    write_name(out, name);
    ccgw_json_quote(out, value);
}

void ccgw_bayeux_json(ccgw_out_t *out, const char *name, const char *json)
{
    write_name(out, name);
    ccgw_out_puts(out, json);
}

void ccgw_bayeux_advice(ccgw_out_t *out, const char *reconnect, apr_interval_time_t interval, apr_interval_time_t hold,
                        apr_interval_time_t max_interval)
{
    write_name(out, "advice");
    ccgw_out_printf(out, "{\"reconnect\":\"%s\",\"interval\":%" APR_INT64_T_FMT, reconnect, apr_time_as_msec(interval));
    if (hold)
        ccgw_out_printf(out, ",\"timeout\":%" APR_INT64_T_FMT, apr_time_as_msec(hold));
    if (max_interval)
        ccgw_out_printf(out, ",\"maxInterval\":%" APR_INT64_T_FMT, apr_time_as_msec(max_interval));
    ccgw_out_putc(out, '}');
}

void ccgw_bayeux_end(ccgw_out_t *out)
{
    ccgw_out_putc(out, '}');
}

void ccgw_bayeux_refuse(ccgw_out_t *out, const ccgw_bayeux_message_t *message, const char *error)
{
    ccgw_bayeux_begin(out, message, 0);
    if (message->subscription)
        ccgw_bayeux_json(out, "subscription", message->subscription);
    ccgw_bayeux_text(out, "error", error);
    ccgw_bayeux_end(out);
}

/* --- events ----------------------------------------------------------------------------------- */

static int row_fits(const ccgw_event_row_t *row, const ccgw_event_t *event, const ccgw_view_t *view)
{
    if (row->type != event->type)
        return 0;
    if (row->media && (!event->session || event->session->media != row->media))
        return 0;
    return !row->when || row->when(event, view);
}

static int any_covers(const ccgw_strs_t *topics, const char *topic)
{
    int i;

    for (i = 0; i < topics->n; i++) {
        if (ccgw_bayeux_pattern_covers(topics->v[i], topic))
            return 1;
    }
    return 0;
}

int ccgw_bayeux_event(ccgw_out_t *out, const ccgw_dialect_t *dialect, const ccgw_event_t *event,
                      const ccgw_strs_t *topics, const ccgw_view_t *view)
{
    const ccgw_event_row_t *row;
    int n = 0;

    for (row = dialect->events; row && row->type; row++) {
        if (!row_fits(row, event, view) || !any_covers(topics, row->topic))
            continue;
        separate(out);
        ccgw_out_puts(out, "{\"channel\":");
        ccgw_json_quote(out, row->topic);
        write_name(out, "data");
        ccgw_shape_json(out, row->shape, event, view);
        ccgw_out_putc(out, '}');
        n++;
    }
    return n;
}
