/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* request.c: what a ServiceStack client says outside of the operation's own members: the session's id in cookies and
 * headers, the format of the reply, and the method it means.
 *
 * The framework's ids are 20 characters of base64; ours are the login's token, hexadecimal. No client looks into them.
 * Of the two cookies only the one that counts opens anything; the other gets random bits. */
#include "dialect.h"

#include "api/ccgw_form.h"
#include "api/ccgw_format.h"

#include <apr_strings.h>
#include <strings.h>

#define TWENTY_YEARS "630720000"

/* ---- the session's id ---- */

/* The value of the cookie NAME in the header's TEXT. Clients that cut headers at commas send pieces of attributes back
 * as cookies: whatever is not NAME=value is passed over. */
static const char *read_cookie(const char *text, const char *name, apr_pool_t *pool)
{
    apr_size_t length = strlen(name), n;

    for (; text && *text; text += n + (text[n] == ';')) {
        text += strspn(text, " \t");
        n = strcspn(text, ";");
        if (n > length && !strncmp(text, name, length) && text[length] == '=')
            return apr_pstrmemdup(pool, text + length + 1, n - length - 1);
    }
    return NULL;
}

const char *evovoice_pick_token(const char *cookie, const char *id, const char *pid, const char *opt, apr_pool_t *pool)
{
    const char *token;

    if (!ccgw_str_given(opt))
        opt = read_cookie(cookie, "ss-opt", pool);
    if (opt && strstr(opt, "perm"))
        token = ccgw_str_given(pid) ? pid : read_cookie(cookie, "ss-pid", pool);
    else
        token = ccgw_str_given(id) ? id : read_cookie(cookie, "ss-id", pool);
    return ccgw_str_given(token) ? token : NULL;
}

static const char *header_of(const ccgw_request_t *request, const char *name)
{
    return request->header ? request->header(request->header_baton, name) : NULL;
}

const char *evovoice_token(const ccgw_request_t *request)
{
    return evovoice_pick_token(header_of(request, "Cookie"), header_of(request, "X-ss-id"),
                               header_of(request, "X-ss-pid"), header_of(request, "X-ss-opt"), request->pool);
}

/* A time as seconds from now, never as a date: clients in the field split combined headers at commas, and dates hold
 * one. */
static const char *make_cookie(const char *name, const char *value, const char *age, const ccgw_view_t *view)
{
    return apr_pstrcat(view->pool, name, "=", value, age ? "; Max-Age=" : "", age ? age : "",
                       "; Path=/; HttpOnly; SameSite=Lax", strncmp(view->base, "https:", 6) ? "" : "; Secure", NULL);
}

/* VALUE after a sign-in; after a sign-out the client is to forget the cookie. */
static const char *give_cookie(const evovoice_auth_result_t *auth, const char *name, const char *value, const char *age,
                               const ccgw_view_t *view)
{
    if (!auth->agent)
        return make_cookie(name, "", "0", view);
    return auth->session ? make_cookie(name, value, age, view) : NULL;
}

static const char *temporary_cookie(const void *result, const ccgw_view_t *view)
{
    const evovoice_auth_result_t *auth = result;

    return give_cookie(auth, "ss-id", auth->remember == 1 ? auth->other : auth->session, NULL, view);
}

static const char *permanent_cookie(const void *result, const ccgw_view_t *view)
{
    const evovoice_auth_result_t *auth = result;

    return give_cookie(auth, "ss-pid", auth->remember == 1 ? auth->session : auth->other, TWENTY_YEARS, view);
}

/* Said once, "perm" stays in the client for twenty years: a sign-in that does not say it takes it back. */
static const char *option_cookie(const void *result, const ccgw_view_t *view)
{
    const evovoice_auth_result_t *auth = result;

    return give_cookie(auth, "ss-opt", auth->remember == 1 ? "perm" : "temp", TWENTY_YEARS, view);
}

/* clang-format off */
const ccgw_header_t evovoice_headers_auth[] = {
    { "Set-Cookie", temporary_cookie },
    { "Set-Cookie", permanent_cookie },
    { "Set-Cookie", option_cookie },
    { NULL }
};
/* clang-format on */

/* ---- formats ---- */

/* The documentation's own name of the format in Accept; who asks by it gets it back. */
static void write_jsv(ccgw_out_t *out, const ccgw_shape_t *shape, const void *object, const ccgw_view_t *view)
{
    ccgw_format_jsv.write(out, shape, object, view);
}

static const ccgw_format_t text_jsv = { .name = "jsv", .content_type = "text/jsv", .write = write_jsv };

static const ccgw_format_t *const formats[] = { &ccgw_format_json, &ccgw_format_xml, &ccgw_format_jsv,
                                                &ccgw_format_csv };
#define NFORMATS ((int)(sizeof(formats) / sizeof(formats[0])))

static const ccgw_format_t *format_named(const char *name, apr_size_t n)
{
    int i;

    for (i = 0; i < NFORMATS; i++) {
        if (strlen(formats[i]->name) == n && !strncasecmp(formats[i]->name, name, n))
            return formats[i];
    }
    return NULL;
}

/* clang-format off */
/* In the order of preference among those an Accept lists; HTML is not written here, JSON stands for it. */
static const struct {
    const char *type;
    const ccgw_format_t *format;
} types[] = {
    { "text/html",        &ccgw_format_json },
    { "application/json", &ccgw_format_json },
    { "text/json",        &ccgw_format_json },
    { "application/xml",  &ccgw_format_xml },
    { "text/xml",         &ccgw_format_xml },
    { "application/jsv",  &ccgw_format_jsv },
    { "text/jsv",         &text_jsv },
    { "text/csv",         &ccgw_format_csv },
};
/* clang-format on */
#define NTYPES ((int)(sizeof(types) / sizeof(types[0])))
/* Only for who names it: the wildcard comes before. */
#define TYPE_CSV (NTYPES - 1)

static int lists_type(const char *accept, const char *type)
{
    apr_size_t length = strlen(type), n;

    for (; accept && *accept; accept += n + (accept[n] == ',')) {
        accept += strspn(accept, " \t");
        n = strcspn(accept, ",");
        if (n >= length && !strncasecmp(accept, type, length) && (n == length || strchr("; \t", accept[length])))
            return 1;
    }
    return 0;
}

static const ccgw_format_t *format_of_type(const char *content_type)
{
    int i;

    for (i = 0; content_type && i < NTYPES; i++) {
        if (lists_type(content_type, types[i].type))
            return types[i].format;
    }
    return NULL;
}

static const ccgw_format_t *format_accepted(const ccgw_request_t *request)
{
    const char *accept = header_of(request, "Accept");
    int i;

    for (i = 0; i < TYPE_CSV; i++) {
        if (request->content_type && lists_type(request->content_type, types[i].type) &&
            lists_type(accept, types[i].type))
            return types[i].format;
    }
    for (i = 0; i < TYPE_CSV; i++) {
        if (lists_type(accept, types[i].type))
            return types[i].format;
    }
    if (lists_type(accept, "*/*") && format_of_type(request->content_type))
        return format_of_type(request->content_type);
    return lists_type(accept, types[TYPE_CSV].type) ? types[TYPE_CSV].format : NULL;
}

/* ?format=xml; what follows a dot in it does not count. No callback is wrapped round an answer: a page of another site
 * could read it so. */
static const ccgw_format_t *format_asked(const ccgw_request_t *request)
{
    const char *query = ccgw_str_or_empty(request->query);
    const ccgw_format_t *format = NULL;
    ccgw_pairs_t pairs;
    int i;

    if (ccgw_form_parse(&pairs, query, strlen(query), request->pool) != APR_SUCCESS)
        return NULL;
    for (i = 0; i < pairs.n; i++) {
        if (!strcasecmp(pairs.v[i].key, "callback"))
            return &ccgw_format_json;
        if (!strcasecmp(pairs.v[i].key, "format"))
            format = format_named(pairs.v[i].text, strcspn(pairs.v[i].text, "."));
    }
    return format;
}

const ccgw_format_t *evovoice_format(const ccgw_request_t *request)
{
    const ccgw_format_t *format = format_asked(request);

    if (!format)
        format = request->format;
    if (!format)
        format = format_accepted(request);
    return format ? format : &ccgw_format_json;
}

/* ---- before routing ---- */

/* The path's last segment ends in ".xml": the format is that, the path is without it. */
static const ccgw_format_t *cut_suffix(ccgw_request_t *request)
{
    const char *dot = strrchr(request->path, '.');
    const ccgw_format_t *format = dot && !strchr(dot, '/') ? format_named(dot + 1, strlen(dot + 1)) : NULL;

    if (format)
        request->path = apr_pstrmemdup(request->pool, request->path, (apr_size_t)(dot - request->path));
    return format;
}

/* The path's first segment is a format, below which every operation can be had: rows know /json alone. */
static const ccgw_format_t *cut_prefix(ccgw_request_t *request)
{
    const char *first = request->path + strspn(request->path, "/");
    apr_size_t n = strcspn(first, "/");
    const ccgw_format_t *format = format_named(first, n);

    if (format)
        request->path = apr_pstrcat(request->pool, "/json", first + n, NULL);
    /* /api answers in JSON whatever Accept says. */
    return format || n != 3 || strncasecmp(first, "api", 3) ? format : &ccgw_format_json;
}

static const char *find_override(const ccgw_request_t *request)
{
    static const char name[] = "X-Http-Method-Override";
    const char *asked = header_of(request, name), *texts[2];
    ccgw_pairs_t pairs;
    int i, k;

    texts[0] = format_of_type(request->content_type) || !request->body.n
                   ? ""
                   : apr_pstrmemdup(request->pool, request->body.p, request->body.n);
    texts[1] = ccgw_str_or_empty(request->query);
    if (request->content_type && strncasecmp(request->content_type, "application/x-www-form-urlencoded", 33))
        texts[0] = "";
    for (k = 0; k < 2 && !asked; k++) {
        if (!strcasestr(texts[k], name) ||
            ccgw_form_parse(&pairs, texts[k], strlen(texts[k]), request->pool) != APR_SUCCESS)
            continue;
        for (i = 0; i < pairs.n && !asked; i++)
            asked = strcasecmp(pairs.v[i].key, name) ? NULL : pairs.v[i].text;
    }
    return asked;
}

/* A POST may stand for a method that something on the way does not let through. */
static void override_method(ccgw_request_t *request)
{
    static const struct {
        const char *name;
        ccgw_method_t method;
    } methods[] = { { "PUT", CCGW_PUT }, { "PATCH", CCGW_PATCH }, { "DELETE", CCGW_DELETE } };
    const char *asked = find_override(request);
    int i;

    for (i = 0; asked && i < 3; i++) {
        if (!strcasecmp(methods[i].name, asked))
            request->method = methods[i].method;
    }
}

void evovoice_prepare(ccgw_request_t *request)
{
    const ccgw_format_t *suffix = cut_suffix(request), *prefix = cut_prefix(request);
    int fixed = prefix && strncasecmp(request->path + strspn(request->path, "/"), "api", 3);

    request->format = fixed || !suffix ? prefix : suffix;
    if (request->method == CCGW_POST)
        override_method(request);
}
