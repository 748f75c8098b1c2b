/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_directory.c: who and what an agent finds on the floor, and that other tenants are not on it. */
#include <apr_strings.h>

#include "core/ccgw_directory.h"
#include "house.h"
#include "tap.h"

static house_t *house;

typedef struct list_case_t {
    const char *name;
    int kind;
    const char *match, *exact;
    int limit, offset;
    const char *want;
} list_case_t;

#define USERS    CCGW_DIRECTORY_USERS
#define QUEUES   CCGW_DIRECTORY_QUEUES
#define CONTACTS CCGW_DIRECTORY_CONTACTS

/* clang-format off */
static const list_case_t lists[] = {
    { "users", USERS, NULL, NULL, 0, 0, "Anna Arendt, Bert Brandt, Cleo Conti, Dora Dahl" },
    { "queues with their number", QUEUES, NULL, NULL, 0, 0, "support +15550000" },
    { "groups", CCGW_DIRECTORY_GROUPS, NULL, NULL, 0, 0, "MyAgentGroup" },
    { "skills", CCGW_DIRECTORY_SKILLS, NULL, NULL, 0, 0, "support" },
    { "contacts are users and queues", CONTACTS, NULL, NULL, 0, 0,
      "Anna Arendt, Bert Brandt, Cleo Conti, Dora Dahl, support +15550000" },
    { "the first two", CONTACTS, NULL, NULL, 2, 0, "Anna Arendt, Bert Brandt" },
    { "the next two", CONTACTS, NULL, NULL, 2, 2, "Cleo Conti, Dora Dahl" },
    { "the last one", CONTACTS, NULL, NULL, 2, 4, "support +15550000" },
    { "nothing behind the end", CONTACTS, NULL, NULL, 2, 5, "" },
    { "an offset below zero is none", USERS, NULL, NULL, 1, -3, "Anna Arendt" },
    { "a pattern of any case", CONTACTS, "*AR*", NULL, 0, 0, "Anna Arendt" },
    { "a pattern covers all of the name", CONTACTS, "ar", NULL, 0, 0, "" },
    { "a pattern that needs to go back", CONTACTS, "*na a*", NULL, 0, 0, "Anna Arendt" },
    { "a star at the end may stand for nothing", CONTACTS, "bert brandt*", NULL, 0, 0, "Bert Brandt" },
    { "a first name", CONTACTS, "bert", NULL, 0, 0, "Bert Brandt" },
    { "a last name", CONTACTS, "bran*", NULL, 0, 0, "Bert Brandt" },
    { "a number", CONTACTS, "*0000", NULL, 0, 0, "support +15550000" },
    { "a star alone", QUEUES, "*", NULL, 0, 0, "support +15550000" },
    { "many stars", USERS, "***o***a***", NULL, 0, 0, "Dora Dahl" },
    { "an empty pattern", USERS, "", NULL, 0, 0, "" },
    { "the offset counts what fits", USERS, "*a*", NULL, 1, 1, "Bert Brandt" },
    { "an exact name", USERS, NULL, "cleo conti", 0, 0, "Cleo Conti" },
    { "an exact login", USERS, NULL, "CLEO", 0, 0, "Cleo Conti" },
    { "a star in an exact name is a star", USERS, NULL, "Cleo*", 0, 0, "" },
    { "nobody of another tenant by name", CONTACTS, NULL, "eve", 0, 0, "" },
    { "nor by pattern", CONTACTS, "*other*", NULL, 0, 0, "" },
    { "nor by number", CONTACTS, "*9999", NULL, 0, 0, "" },
};

typedef struct get_case_t {
    const char *name;
    int kind;
    const char *id, *want;  /* NULL: there is none */
} get_case_t;

static const get_case_t gets[] = {
    { "a user", USERS, "90cc5439ff6848748e5e67811273f266", "Bert Brandt" },
    { "a user as a contact", CONTACTS, "90cc5439ff6848748e5e67811273f266", "Bert Brandt" },
    { "a user is no queue", QUEUES, "90cc5439ff6848748e5e67811273f266", NULL },
    { "a queue", QUEUES, "support", "support +15550000" },
    { "a queue as a contact", CONTACTS, "support", "support +15550000" },
    { "a queue is no user", USERS, "support", NULL },
    { "a group", CCGW_DIRECTORY_GROUPS, "MyAgentGroup", "MyAgentGroup" },
    { "a skill", CCGW_DIRECTORY_SKILLS, "support", "support" },
    { "a skill is no group", CCGW_DIRECTORY_GROUPS, "support", NULL },
    { "an unknown id", CONTACTS, "nobody", NULL },
    { "an empty id", USERS, "", NULL },
    { "no id", USERS, NULL, NULL },
    { "a user of another tenant", CONTACTS, "c81d4e2f07a94b6e9f3560ab7d12e894", NULL },
    { "a queue of another tenant", CONTACTS, "other-support", NULL },
};
/* clang-format on */

static const char *tell(const ccgw_directory_result_t *result, apr_pool_t *pool)
{
    const char *told = "";
    int i;

    for (i = 0; i < result->nentries; i++) {
        const ccgw_directory_entry_t *entry = &result->entries[i];

        told = apr_pstrcat(pool, told, *told ? ", " : "", entry->name, *entry->phone ? " " : "", entry->phone, NULL);
    }
    return told;
}

static void check_list(const list_case_t *c)
{
    ccgw_call_t *call = house_call(house, "anna");
    ccgw_directory_args_t args = { .kind = c->kind, .match = c->match, .name = c->exact };
    ccgw_directory_result_t result;

    args.limit = c->limit;
    args.offset = c->offset;
    args.fields = "*";
    is_int(ccgw_directory_list(call, &args, &result), APR_SUCCESS, "%s: listed", c->name);
    is_str(tell(&result, call->pool), c->want, "%s", c->name);
    is_str(result.fields, "*", "%s: fields as asked", c->name);
}

static void check_get(const get_case_t *c)
{
    ccgw_call_t *call = house_call(house, "anna");
    ccgw_directory_args_t args = { .kind = c->kind, .id = c->id };
    ccgw_directory_result_t result;
    apr_status_t rv = ccgw_directory_get(call, &args, &result);

    is_int(rv, c->want ? APR_SUCCESS : CCGW_ENOTFOUND, "%s: status", c->name);
    is_str(tell(&result, call->pool), c->want ? c->want : "", "%s", c->name);
}

static void check_entries(void)
{
    ccgw_call_t *call = house_call(house, "anna");
    ccgw_directory_args_t args = { .kind = CONTACTS };
    ccgw_directory_result_t result;

    ccgw_directory_list(call, &args, &result);
    is_int(result.nentries, 5, "five contacts");
    is_int(result.entries[0].kind, USERS, "a contact that is a user says so");
    is_str(result.entries[0].agent->login, "anna", "and leads to the user");
    is_str(result.entries[0].id, house_id(house, "anna"), "under the user's id");
    is_int(result.entries[4].kind, QUEUES, "a contact that is a queue says so");
    is_str(result.entries[4].queue->name, "support", "and leads to the queue");
    args.kind = CCGW_DIRECTORY_UNSET;
    is_int(ccgw_directory_list(call, &args, &result), CCGW_EINVAL, "no kind is refused");
}

int main(void)
{
    apr_size_t i;

    house = house_open();
    for (i = 0; i < sizeof lists / sizeof *lists; i++)
        check_list(&lists[i]);
    for (i = 0; i < sizeof gets / sizeof *gets; i++)
        check_get(&gets[i]);
    check_entries();
    house_close(house);
    return done_testing();
}
