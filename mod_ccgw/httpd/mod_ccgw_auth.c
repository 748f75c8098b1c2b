/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* mod_ccgw_auth.c: who is it: our token, else whom httpd recognised, else a name and password.
 *
 * A dialect's <Location> needs no Auth directive but the provider's own (AuthUserFile): the handler signs in by itself.
 * AuthType ccgw with Require works too, and another AuthType's result is taken as it is. */
#include "mod_ccgw_glue.h"

#include <apr_strings.h>
#include <ap_provider.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_auth.h>
#include <pthread.h>
#include <util_cookies.h>

#include "util/ccgw_id.h"
#include "util/ccgw_time.h"

APLOG_USE_MODULE(ccgw);

/* ---- passwords that were right a moment ago ---- */

#define SETS      256
#define WAYS      4
#define FRESH     (60 * APR_USEC_PER_SEC)
#define HASH_SIZE 33

/* A check of a password is slow on purpose; clients that send theirs each time need not pay for it each time. Only a
 * keyed hash is kept, so a dump of the memory tells no password. */
typedef struct memory_t {
    char hash[HASH_SIZE];
    apr_time_t until; /* deadline clock; 0 empty */
} memory_t;

static struct {
    pthread_mutex_t lock;
    memory_t sets[SETS][WAYS];
} memory;

void ccgw_auth_begin(apr_pool_t *pchild)
{
    pthread_mutex_init(&memory.lock, NULL);
}

/* A hash nobody can compute without the server's secret; lengths in front, so no two lists of words look alike. */
static const char *keyed_hash(apr_pool_t *pool, const char *const *words)
{
    ccgw_out_t out;
    const char *inner;

    ccgw_out_init(&out, 256, pool);
    ccgw_out_puts(&out, ccgw_child.secret);
    for (; *words; words++) {
        ccgw_out_int(&out, (apr_int64_t)strlen(*words));
        ccgw_out_putc(&out, ':');
        ccgw_out_puts(&out, *words);
    }
    inner = ccgw_id_hash(out.p, pool);
    return ccgw_id_hash(apr_pstrcat(pool, ccgw_child.secret, inner, NULL), pool);
}

static memory_t *find_set(const char *hash)
{
    char digits[3] = { hash[0], hash[1], '\0' };

    return memory.sets[apr_strtoi64(digits, NULL, 16) % SETS];
}

static int remembered(const char *hash)
{
    memory_t *set = find_set(hash);
    apr_time_t now = ccgw_time_now();
    int i, found = 0;

    pthread_mutex_lock(&memory.lock);
    for (i = 0; i < WAYS; i++) {
        if (set[i].until > now && ccgw_str_equal_secret(set[i].hash, hash))
            found = 1;
    }
    pthread_mutex_unlock(&memory.lock);
    return found;
}

static void remember(const char *hash)
{
    memory_t *set = find_set(hash);
    memory_t *oldest = set;
    int i;

    pthread_mutex_lock(&memory.lock);
    for (i = 1; i < WAYS; i++) {
        if (set[i].until < oldest->until)
            oldest = &set[i];
    }
    apr_cpystrn(oldest->hash, hash, sizeof oldest->hash);
    oldest->until = ccgw_time_now() + FRESH;
    pthread_mutex_unlock(&memory.lock);
}

/* ---- a name and a password ---- */

/* APR_SUCCESS, CCGW_ESIGNIN, or CCGW_EINTERNAL when no provider could say. */
static apr_status_t ask_providers(request_rec *r, const apr_array_header_t *names, const char *user,
                                  const char *password)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const authn_provider *provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, name, AUTHN_PROVIDER_VERSION);
        authn_status status = AUTH_GENERAL_ERROR;

        if (provider && provider->check_password) {
            apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, name);
            status = provider->check_password(r, user, password);
            apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
        }
        if (status == AUTH_GRANTED)
            return APR_SUCCESS;
        if (status == AUTH_DENIED)
            return CCGW_ESIGNIN;
        if (status != AUTH_USER_NOT_FOUND) {
            ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                          "CCGW0440: CcgwAuthProvider %s: cannot check passwords here; "
                          "is its file or source named in this <Location>?",
                          name);
            return CCGW_EINTERNAL;
        }
    }
    return APR_NOTFOUND;
}

/* Under the name as typed, the agent's login name, or "#" and his work number, whichever the source knows. */
static apr_status_t check_password(request_rec *r, const ccgw_agent_def_t *agent, const char *user,
                                   const char *password)
{
    const char *spellings[] = { user, agent->login, apr_psprintf(r->pool, "#%" APR_INT64_T_FMT, agent->work_no) };
    const apr_array_header_t *names = ccgw_dir_conf(r)->auth_providers;
    apr_array_header_t *usual;
    apr_status_t rv = APR_NOTFOUND;
    int i;

    if (!names) {
        usual = apr_array_make(r->pool, 1, sizeof(const char *));
        APR_ARRAY_PUSH(usual, const char *) = "file";
        names = usual;
    }
    for (i = 0; i < 3 && rv == APR_NOTFOUND; i++) {
        if (!i || strcmp(user, spellings[i]))
            rv = ask_providers(r, names, spellings[i], password);
    }
    return rv == APR_NOTFOUND ? CCGW_ESIGNIN : rv;
}

/* check_password() or what it said a moment ago. */
static apr_status_t recall_password(request_rec *r, const ccgw_root_t *root, const ccgw_agent_def_t *agent,
                                    const char *user, const char *password)
{
    /* The root is part of it: what was right below another need not be right here. */
    const char *words[] = {
        "password", user, password, root ? root->path : "/ccgw/", apr_psprintf(r->pool, "%pp", (void *)r->server), NULL
    };
    const char *hash;
    apr_status_t rv;

    /* Elsewhere a name alone is a key; here it opens nothing. */
    if (!*password)
        return CCGW_ESIGNIN;
    hash = keyed_hash(r->pool, words);
    if (remembered(hash))
        return APR_SUCCESS;
    rv = check_password(r, agent, user, password);
    if (rv == APR_SUCCESS)
        remember(hash);
    return rv;
}

/* ---- rows that sign in by themselves ---- */

/* The one agent of the floor with this e-mail address or work number; NULL: none, or one in each of two tenants. */
static const ccgw_agent_def_t *find_anywhere(const char *email, apr_int64_t work_no)
{
    const ccgw_floor_t *floor = ccgw_child.core.floor;
    const ccgw_agent_def_t *found = NULL, *agent;
    const ccgw_tenant_t *tenant;
    int i;

    for (i = 0; (tenant = ccgw_floor_tenant_at(floor, i)) != NULL; i++) {
        agent = email ? ccgw_floor_agent_by_email(floor, tenant, email)
                      : ccgw_floor_agent_by_work_no(floor, tenant, work_no);
        if (agent && found)
            return NULL;
        found = agent ? agent : found;
    }
    return found;
}

static const ccgw_agent_def_t *find_named(const char *user)
{
    const ccgw_agent_def_t *agent;

    if (*user == '#')
        return user[1] && !user[1 + strspn(user + 1, "0123456789")] ? find_anywhere(NULL, apr_atoi64(user + 1)) : NULL;
    agent = ccgw_floor_agent_by_login(ccgw_child.core.floor, user);
    return agent ? agent : find_anywhere(user, 0);
}

apr_status_t ccgw_auth_password(void *baton, ccgw_call_t *call, const char *user, const char *password)
{
    request_rec *r = baton;
    const ccgw_agent_def_t *agent = find_named(user);
    apr_status_t rv = agent ? recall_password(r, ccgw_found(r)->root, agent, user, password) : CCGW_ESIGNIN;

    if (rv != APR_SUCCESS)
        return rv == CCGW_ESIGNIN ? CCGW_EPASSWORD : rv;
    ccgw_call_init(call, &ccgw_child.core, agent->tenant, agent, NULL, r->pool);
    r->user = apr_pstrdup(r->pool, agent->login);
    apr_table_setn(r->notes, "ccgw-agent", r->user);
    return APR_SUCCESS;
}

/* ---- the three ways ---- */

/* An agent who sends his password each time has one login per dialect, the same in every child: its token derives from
 * the server's secret and a number. But whoever takes the cookie is a desktop of its own, and a token that was signed
 * out must not come to life again: both move the number on, and the next password makes another login. Two words of
 * shared memory keep the number (TURN) and the beginning of that login's id (SENT). */
static ccgw_buf_t place_key(const ccgw_agent_def_t *agent, const ccgw_dialect_t *dialect, apr_pool_t *pool)
{
    ccgw_key_t key;

    ccgw_key_begin(&key, agent->tenant, pool);
    ccgw_key_text(&key, "sign-in");
    ccgw_key_text(&key, dialect->name);
    ccgw_key_text(&key, agent->id);
    return ccgw_key_buf(&key);
}

static apr_uint64_t use_word(ccgw_buf_t key, ccgw_word_t word, ccgw_word_op_t op, apr_uint64_t value)
{
    const ccgw_core_t *core = &ccgw_child.core;
    apr_uint64_t result = 0;

    core->provider->word(&result, core->store, key, word, op, value);
    return result;
}

static apr_uint64_t beginning_of(const char *login)
{
    char digits[16];

    apr_cpystrn(digits, login, sizeof digits);
    return (apr_uint64_t)apr_strtoi64(digits, NULL, 16);
}

/* Is LOGIN the one the next password would join? Then no longer. */
static void move_on(const ccgw_login_t *login, const ccgw_agent_def_t *agent, const ccgw_dialect_t *dialect,
                    apr_pool_t *pool)
{
    ccgw_buf_t key = place_key(agent, dialect, pool);

    if (use_word(key, CCGW_WORD_SENT, CCGW_WORD_LOAD, 0) != beginning_of(login->id))
        return;
    use_word(key, CCGW_WORD_TURN, CCGW_WORD_ADD, 1);
    use_word(key, CCGW_WORD_SENT, CCGW_WORD_STORE, 0);
}

static void join_login(ccgw_signin_t *signin, request_rec *r, const ccgw_dialect_t *dialect)
{
    const ccgw_agent_def_t *agent = signin->agent;
    ccgw_buf_t key = place_key(agent, dialect, r->pool);
    const char *words[] = { "login", dialect->name, agent->tenant->name, agent->id, NULL, NULL };
    ccgw_call_t call;

    words[4] = apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, use_word(key, CCGW_WORD_TURN, CCGW_WORD_LOAD, 0));
    ccgw_call_init(&call, &ccgw_child.core, agent->tenant, agent, NULL, r->pool);
    signin->status = ccgw_login_join(&signin->login, &signin->token, &call, dialect->name, keyed_hash(r->pool, words));
    if (signin->status == APR_SUCCESS)
        use_word(key, CCGW_WORD_SENT, CCGW_WORD_STORE, beginning_of(signin->login.id));
    else
        signin->why = call.problem.text;
}

void ccgw_auth_after(request_rec *r, const ccgw_signin_t *signin, ccgw_call_t *call)
{
    ccgw_login_t login;

    if (signin->agent && signin->by != CCGW_BY_TOKEN && ccgw_login_get(&login, call, signin->login.id) == CCGW_ESIGNIN)
        move_on(&signin->login, signin->agent, ccgw_found(r)->root->dialect, r->pool);
}

/* The token the request carries, in the dialect's own place or in its cookie; NULL none. */
static const char *find_token(request_rec *r, const ccgw_dialect_t *dialect)
{
    const char *token = NULL;
    ccgw_request_t request;

    if (dialect->token) {
        ccgw_handler_request(&request, r, ccgw_found(r)->path);
        token = dialect->token(&request);
    }
    else if (dialect->cookie && ap_cookie_read(r, dialect->cookie, &token, 0) != APR_SUCCESS) {
        token = NULL;
    }
    return ccgw_str_given(token) ? token : NULL;
}

static int try_token(ccgw_signin_t *signin, request_rec *r, const ccgw_dialect_t *dialect)
{
    const ccgw_agent_def_t *agent = NULL;
    const char *token = find_token(r, dialect), *cookies = apr_table_get(r->headers_in, "Cookie");

    if (!token)
        return 0;
    if (ccgw_login_find(&signin->login, &agent, &ccgw_child.core, token, r->pool) != APR_SUCCESS ||
        strcmp(signin->login.dialect, dialect->name)) {
        signin->why = "the session's token is not, or no longer, known";
        return 0;
    }
    signin->by = CCGW_BY_TOKEN;
    signin->cookie = cookies && strstr(cookies, token);
    signin->agent = agent;
    signin->status = APR_SUCCESS;
    move_on(&signin->login, agent, dialect, r->pool);
    return 1;
}

static int try_httpd(ccgw_signin_t *signin, request_rec *r)
{
    if (!r->user)
        return 0;
    signin->agent = ccgw_floor_agent_by_login(ccgw_child.core.floor, r->user);
    if (!signin->agent) {
        signin->why = apr_psprintf(r->pool, "httpd knows '%s', who is no agent of the floor", r->user);
        return 0;
    }
    signin->by = CCGW_BY_HTTPD;
    signin->status = APR_SUCCESS;
    return 1;
}

static int try_basic(ccgw_signin_t *signin, request_rec *r, const ccgw_root_t *root)
{
    const char *user, *password;
    const ccgw_agent_def_t *agent;

    if (ap_get_basic_auth_components(r, &user, &password) != APR_SUCCESS || !user || !password)
        return 0;
    agent = ccgw_floor_agent_by_login(ccgw_child.core.floor, user);
    if (!agent) {
        signin->why = "no agent of the floor has this name";
        return 0;
    }
    signin->status = recall_password(r, root, agent, user, password);
    if (signin->status != APR_SUCCESS) {
        signin->why = signin->status == CCGW_ESIGNIN ? "wrong password" : NULL;
        return 0;
    }
    signin->by = CCGW_BY_BASIC;
    signin->agent = agent;
    return 1;
}

static ccgw_signin_t *sign_in(request_rec *r, const ccgw_root_t *root)
{
    const ccgw_dialect_t *dialect = root ? root->dialect : NULL;
    ccgw_signin_t *signin = apr_pcalloc(r->pool, sizeof *signin);

    signin->status = CCGW_ESIGNIN;
    if (dialect && try_token(signin, r, dialect))
        return signin;
    if ((try_httpd(signin, r) || try_basic(signin, r, root)) && dialect)
        join_login(signin, r, dialect);
    if (signin->status != APR_SUCCESS)
        signin->agent = NULL;
    return signin;
}

const ccgw_signin_t *ccgw_auth_signin(request_rec *r)
{
    ccgw_found_t *found = ccgw_found(r);

    if (found->signin)
        return found->signin;
    found->signin = sign_in(r, found->root);
    if (found->signin->agent) {
        r->user = apr_pstrdup(r->pool, found->signin->agent->login);
        apr_table_setn(r->notes, "ccgw-agent", r->user);
    }
    return found->signin;
}

/* ---- cookies and forged requests ---- */

/* A link or a picture on any page makes a browser send a GET with our cookie, and some dialects change things by one. A
 * browser that names the cause is believed; one that says nothing is an old one, or no browser. */
static int is_foreign_change(request_rec *r, const ccgw_signin_t *signin, const ccgw_op_t *op)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");

    if (!signin->cookie || (op->means ? op->means : op->method) == CCGW_GET)
        return 0;
    return site && strcmp(site, "same-origin") && strcmp(site, "none");
}

apr_status_t ccgw_auth_csrf(request_rec *r, const ccgw_signin_t *signin, const ccgw_op_t *op)
{
    const ccgw_dialect_t *dialect = ccgw_found(r)->root->dialect;
    const char *given;

    if (signin->by != CCGW_BY_TOKEN || !ccgw_dir_csrf(ccgw_dir_conf(r)))
        return APR_SUCCESS;
    if (r->method_number == M_GET)
        return is_foreign_change(r, signin, op) ? CCGW_ECSRF : APR_SUCCESS;
    if (!dialect->csrf_header)
        return APR_SUCCESS;
    given = apr_table_get(r->headers_in, dialect->csrf_header);
    if (!given || !ccgw_str_given(signin->login.csrf) || !ccgw_str_equal_secret(signin->login.csrf, given))
        return CCGW_ECSRF;
    return APR_SUCCESS;
}

/* A proxy in front may have taken the encryption off. */
static int is_encrypted(request_rec *r)
{
    const char *url = ccgw_server_conf(r->server)->public_url;

    return !strcmp(ap_http_scheme(r), "https") || (url && !strncmp(url, "https:", 6));
}

void ccgw_auth_headers(request_rec *r, const ccgw_signin_t *signin)
{
    const ccgw_root_t *root = ccgw_found(r)->root;
    const ccgw_dialect_t *dialect = root->dialect;

    if (signin->token && dialect->cookie) {
        apr_table_addn(r->headers_out, "Set-Cookie",
                       apr_pstrcat(r->pool, dialect->cookie, "=", signin->token,
                                   "; Path=", root->length ? root->path : "/", "; HttpOnly; SameSite=Lax",
                                   is_encrypted(r) ? "; Secure" : "", NULL));
    }
    if (r->method_number == M_GET && dialect->csrf_header && ccgw_dir_csrf(ccgw_dir_conf(r)) &&
        ccgw_str_given(signin->login.csrf)) {
        if (dialect->csrf_name_header)
            apr_table_setn(r->headers_out, dialect->csrf_name_header, dialect->csrf_header);
        apr_table_setn(r->headers_out, dialect->csrf_header, signin->login.csrf);
    }
}

void ccgw_auth_challenge(request_rec *r)
{
    const char *realm = ap_auth_name(r);
    const ccgw_found_t *found = ccgw_found(r);

    if (apr_table_get(r->headers_in, "X-Requested-With") ||
        (found && found->root && found->root->dialect->silent_challenge))
        return;
    apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                   apr_psprintf(r->pool, "Basic realm=\"%s\"", realm ? realm : "contact centre"));
}

/* httpd itself says 401: Require was not content with the agent. */
static int note_failure(request_rec *r, const char *type)
{
    if (!type || strcasecmp(type, "ccgw"))
        return DECLINED;
    ccgw_auth_challenge(r);
    return OK;
}

/* ---- AuthType ccgw and Require ccgw-role ---- */

static int refuse(request_rec *r, const ccgw_root_t *root, const ccgw_signin_t *signin)
{
    const ccgw_found_t *found = ccgw_found(r);
    ccgw_request_t request;
    ccgw_problem_t problem = { signin->status };
    ccgw_reply_t reply;
    ccgw_view_t view;
    ccgw_call_t call;

    if (signin->status == CCGW_ESIGNIN)
        ccgw_auth_challenge(r);
    if (!root)
        return signin->status == CCGW_ESIGNIN ? HTTP_UNAUTHORIZED : HTTP_INTERNAL_SERVER_ERROR;
    ccgw_handler_view(&view, &call, r, root);
    ccgw_handler_request(&request, r, found->path);
    ccgw_handler_format(&request, &view, root->dialect);
    ccgw_reply_error(&reply, root->dialect, &problem, &view, r->pool);
    if (signin->why)
        reply.text = signin->why;
    ccgw_handler_log(r, NULL, &reply);
    return ccgw_handler_send(r, &reply) == OK ? DONE : HTTP_INTERNAL_SERVER_ERROR;
}

int ccgw_auth_check(request_rec *r)
{
    const char *type = ap_auth_type(r);
    ccgw_found_t *found = ccgw_found(r);
    ccgw_signin_t out = { CCGW_EBUSY };
    const ccgw_signin_t *signin;

    if (!type || strcasecmp(type, "ccgw") || !found)
        return DECLINED;
    if (!ccgw_child.usable)
        return found->root ? refuse(r, found->root, &out) : HTTP_SERVICE_UNAVAILABLE;
    signin = ccgw_auth_signin(r);
    r->ap_auth_type = (char *)"ccgw";
    return signin->agent ? OK : refuse(r, found->root, signin);
}

static ccgw_role_t parse_role(const char *word)
{
    if (!strcasecmp(word, "agent"))
        return CCGW_ROLE_AGENT;
    if (!strcasecmp(word, "supervisor"))
        return CCGW_ROLE_SUPERVISOR;
    return strcasecmp(word, "admin") ? CCGW_ROLE_NOBODY : CCGW_ROLE_ADMIN;
}

/* Of several words the lowest role decides: each of them lets in. */
static const char *parse_require(cmd_parms *cmd, const char *line, const void **parsed)
{
    ccgw_role_t *least = apr_palloc(cmd->pool, sizeof *least);
    const char *word;

    *least = CCGW_ROLE_ADMIN + 1;
    while (*(word = ap_getword_conf(cmd->pool, &line))) {
        ccgw_role_t role = parse_role(word);

        if (role == CCGW_ROLE_NOBODY)
            return apr_psprintf(cmd->pool, "Require ccgw-role: '%s' is none of agent, supervisor, admin", word);
        if (role < *least)
            *least = role;
    }
    *parsed = least;
    return *least > CCGW_ROLE_ADMIN ? "Require ccgw-role: needs agent, supervisor or admin" : NULL;
}

static authz_status check_role(request_rec *r, const char *line, const void *parsed)
{
    const ccgw_agent_def_t *agent;

    if (!r->user)
        return AUTHZ_DENIED_NO_USER;
    if (!ccgw_child.usable)
        return AUTHZ_DENIED;
    agent = ccgw_found(r) ? ccgw_auth_signin(r)->agent : ccgw_floor_agent_by_login(ccgw_child.core.floor, r->user);
    return agent && agent->role >= *(const ccgw_role_t *)parsed ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

void ccgw_auth_register(apr_pool_t *pconf)
{
    static const authz_provider role = { check_role, parse_require };

    ap_hook_check_authn(ccgw_auth_check, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_note_auth_failure(note_failure, NULL, NULL, APR_HOOK_MIDDLE);
    ap_register_auth_provider(pconf, AUTHZ_PROVIDER_GROUP, "ccgw-role", AUTHZ_PROVIDER_VERSION, &role,
                              AP_AUTH_INTERNAL_PER_CONF);
}
