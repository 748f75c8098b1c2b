/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_stored.c: every table has a name and a type, and keys are shown by their parts. */
#include "core/ccgw_stored.h"

#include <apr_general.h>
#include <string.h>

#include "tap.h"
#include "util/ccgw_record.h"

static apr_pool_t *pool;

#define KEY(bytes) ((ccgw_buf_t){ bytes, sizeof(bytes) - 1 })
#define ONE        "\0\0\0\0\0\0\0\1"

static void shown(ccgw_buf_t key, const char *parts, int show, const char *want, const char *sentence)
{
    const char *tenant, *json;

    ccgw_stored_key(&tenant, &json, key, parts, show, pool);
    is_str(json, want, "%s", sentence);
    is_str(tenant, "acme", "... behind its tenant");
}

static void test_keys(void)
{
    shown(KEY("acme\0text\0"), "t", 0, "[\"text\"]", "a text is a part");
    shown(KEY("acme\0" ONE), "i", 0, "[\"0000000000000001\"]", "an id is shown as people see it");
    shown(KEY("acme\0" ONE "a\0b\0" ONE), "ntti", 0, "[1,\"a\",\"b\",\"0000000000000001\"]", "parts follow each other");
    shown(KEY("acme\0" ONE "+1\0"), "nc", 0, "[1,\"***\"]", "a customer is hidden");
    shown(KEY("acme\0" ONE "+1\0"), "nc", CCGW_FIELD_SECRET, "[1,\"***\"]", "... with the secrets, too");
    shown(KEY("acme\0" ONE "+1\0"), "nc", CCGW_FIELD_TEXT, "[1,\"+1\"]", "... and shown with the texts");
    shown(KEY("acme\0\"\0"), "t", 0, "[\"\\\"\"]", "a quote does not end it");
    shown(KEY("acme\0" ONE "x"), "i", CCGW_FIELD_TEXT, "[\"000000000000000178\"]",
          "what is too long is shown in hex digits");
    shown(KEY("acme\0abc"), "i", CCGW_FIELD_TEXT, "[\"616263\"]", "... what is too short likewise");
    shown(KEY("acme\0abc"), "t", CCGW_FIELD_TEXT, "[\"616263\"]", "... and a text without its end");
    shown(KEY("acme\0abc"), NULL, 0, "[\"***\"]", "what is unknown may be a customer");
    shown(KEY("acme"), "", 0, "[]", "a tenant alone has no parts");
}

static void test_tables(void)
{
    static const ccgw_buf_t nothing = { "acme", 5 };
    const ccgw_stored_t *row;
    int i;

    for (i = 0; (row = ccgw_stored_table(i)) != NULL; i++) {
        is_int(row->table, i + 1, "table %s is in its place", row->name);
        ok(!row->parts == !row->type, "... with both its parts and its type, or neither");
        ok(!row->parts || ccgw_stored_find(row->table, nothing) == row, "... and found");
    }
    is_int(i, CCGW_TABLE_COUNT - 1, "no table is left out");
    row = ccgw_stored_find(CCGW_TABLE_OUTBOX, KEY("acme\0done\0"));
    is_str(row ? row->parts : "none", "tnin", "kinds of one table are told apart by their first part");
    ok(!ccgw_stored_find(CCGW_TABLE_OUTBOX, KEY("acme\0lost\0")), "... a kind that nobody knows is none");
    ok(!ccgw_stored_find(CCGW_TABLE_OUTBOX, KEY("acme\0done")), "... nor is one cut short");
    ok(!ccgw_stored_find(CCGW_TABLE_COUNT, KEY("acme\0done\0")), "... nor one of a table of tomorrow");
    row = ccgw_stored_box(KEY("acme\0a\0anna\0"));
    is_str(row ? row->type->name : "none", "event", "mailboxes hold events");
    ok(!ccgw_stored_box(KEY("acme\0wait\0")), "... and are no records");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_keys();
    test_tables();
    return done_testing();
}
