/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_write.c: one struct in the four formats: exact bytes, and texts that try to break out of them. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

#include "api/ccgw_catalog.h"
#include "api/ccgw_form.h"
#include "api/ccgw_format.h"

#include "tap.h"
#include "tiny.h"

#define CONTRACTS "http://schemas.datacontract.org/2004/07/"
#define INSTANCE  "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\""
#define ARRAYS    "\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\""

/* ---- a message ---- */

typedef struct message_t {
    const char *id, *account, *customer, *endpoint, *endpoint_name, *date, *other, *sender, *text;
    int direction, unread;
} message_t;

/* clang-format off */
#define AT(member) offsetof(message_t, member)
static const ccgw_value_t directions[] = { { "Incoming", 0 }, { "Outgoing", 1 }, { NULL, 0 } };
static const ccgw_member_t message_members[] = {
    { "id", CCGW_KIND_STR, AT(id), .optional = 1 },
    { "accountId", CCGW_KIND_STR, AT(account), .optional = 1 },
    { "customerId", CCGW_KIND_STR, AT(customer), .optional = 1 },
    { "endpointId", CCGW_KIND_STR, AT(endpoint), .optional = 1 },
    { "endpointDisplayName", CCGW_KIND_STR, AT(endpoint_name), .optional = 1 },
    { "date", CCGW_KIND_STR, AT(date), .optional = 1 },
    { "direction", CCGW_KIND_ENUM, AT(direction), .values = directions },
    { "otherAddress", CCGW_KIND_STR, AT(other), .optional = 1 },
    { "sender", CCGW_KIND_STR, AT(sender), .optional = 1 },
    { "text", CCGW_KIND_STR, AT(text) },
    { "isUnread", CCGW_KIND_BOOL, AT(unread) },
    { NULL }
};
#undef AT
static const ccgw_shape_t message_shape = {
    "MessageInfo", message_members, sizeof(message_t), CONTRACTS "Voice.Api.Messaging"
};
static const message_t message = {
    "m7", "a1", NULL, "e3", "Front desk, EU", "2026-03-02T09:15:00Z", "+15550100", "ana@example.test",
    "say \"hi\": now", 1, 0
};

/* ---- everything else a reply may hold ---- */

typedef struct crumb_t { const char *id; } crumb_t;
typedef struct entry_t { const char *note; apr_int64_t n; } entry_t;
typedef struct entity_t { const char *id, *by; } entity_t;
typedef struct session_t {
    entity_t entity;
    const char *call_sid, *call_state, *callback;
    ccgw_strs_t tags;
    ccgw_pairs_t data;
    crumb_t *crumbs;
    int ncrumbs;
    entry_t *log;
    int nlog;
    entry_t *last;
    ccgw_strs_t never;
    crumb_t *lost;
    int nlost;
} session_t;
#define AT(member) offsetof(session_t, member)
static const ccgw_member_t crumb_members[] = { { "id", CCGW_KIND_STR, offsetof(crumb_t, id) }, { NULL } };
static const ccgw_shape_t crumb_shape = { "Crumb", crumb_members, sizeof(crumb_t), CONTRACTS "Customers" };
static const ccgw_member_t entry_members[] = {
    { "note", CCGW_KIND_STR, offsetof(entry_t, note), .optional = 1 },
    { "n", CCGW_KIND_INT, offsetof(entry_t, n) },
    { NULL }
};
static const ccgw_shape_t entry_shape = { "Entry", entry_members, sizeof(entry_t), CONTRACTS "Sessions" };
static const ccgw_member_t entity_members[] = {
    { "id", CCGW_KIND_STR, offsetof(entity_t, id), .optional = 1 },
    { "createdBy", CCGW_KIND_STR, offsetof(entity_t, by), .optional = 1 },
    { NULL }
};
static const ccgw_shape_t entity_shape = { "EntityInfo", entity_members, sizeof(entity_t), CONTRACTS "Voice.Api" };
static const ccgw_member_t session_members[] = {
    { "callbackNumber", CCGW_KIND_STR, AT(callback) },
    { "callState", CCGW_KIND_STR, AT(call_state) },
    { "callSid", CCGW_KIND_STR, AT(call_sid) },
    { "tags", CCGW_KIND_STRS, AT(tags) },
    { "data", CCGW_KIND_PAIRS, AT(data) },
    { "crumbs", CCGW_KIND_LIST, AT(crumbs), AT(ncrumbs), .of = &crumb_shape },
    { "log", CCGW_KIND_LIST, AT(log), AT(nlog), .of = &entry_shape },
    { "last", CCGW_KIND_OBJECT, AT(last), .pointer = 1, .of = &entry_shape },
    { "never", CCGW_KIND_STRS, AT(never), .optional = 1 },
    { "lost", CCGW_KIND_LIST, AT(lost), AT(nlost), .optional = 1, .of = &crumb_shape },
    { NULL, CCGW_KIND_MEMBERS, AT(entity), .of = &entity_shape },
    { NULL }
};
static const ccgw_shape_t session_shape = {
    "SessionInfo", session_members, sizeof(session_t), CONTRACTS "Sessions"
};
#undef AT
static const char *tags[] = { "a", "b,c" };
static ccgw_pair_t pairs[] = {
    { .key = "k", .kind = CCGW_PAIR_TEXT, .text = "v" },
    { .key = "n:1", .kind = CCGW_PAIR_NUMBER, .number = 3 },
    { .key = "z", .kind = CCGW_PAIR_NULL }
};
static crumb_t crumbs[] = { { "c1" } };
static entry_t entries[] = { { "one", 1 }, { NULL, 2 } };
static const session_t session = {
    { "s1", NULL }, "CA", "Ringing", "", { tags, 2 }, { pairs, 3 }, crumbs, 1, entries, 2, &entries[0]
};
static const session_t bare_session = { { NULL, "ana" }, NULL, NULL, NULL };

/* ---- lists and maps at the top ---- */

typedef struct page_t {
    session_t *unused;
    entry_t *items;
    int nitems;
    ccgw_pairs_t map;
    ccgw_strs_t texts;
} page_t;
static const ccgw_member_t list_members[] = {
    { NULL, CCGW_KIND_LIST, offsetof(page_t, items), offsetof(page_t, nitems), .of = &entry_shape }, { NULL }
};
static const ccgw_shape_t list_shape = { "list", list_members, sizeof(page_t), .bare = 1 };
static const ccgw_member_t map_members[] = { { NULL, CCGW_KIND_PAIRS, offsetof(page_t, map) }, { NULL } };
static const ccgw_shape_t map_shape = { "map", map_members, sizeof(page_t), .bare = 1 };
static const ccgw_member_t texts_members[] = { { NULL, CCGW_KIND_STRS, offsetof(page_t, texts) }, { NULL } };
static const ccgw_shape_t texts_shape = { "texts", texts_members, sizeof(page_t), .bare = 1 };
static const ccgw_member_t page_members[] = {
    { "items", CCGW_KIND_LIST, offsetof(page_t, items), offsetof(page_t, nitems), .of = &entry_shape },
    { "totalCount", CCGW_KIND_CONST, .number = 2 },
    { NULL }
};
static const ccgw_shape_t page_shape = { "Page", page_members, sizeof(page_t), CONTRACTS "Voice.Api" };
static const page_t page = { NULL, entries, 2, { pairs, 3 }, { tags, 2 } };
static const page_t empty_page;

/* ---- a failure, whose members keep their order ---- */

static const ccgw_member_t status_members[] = {
    { "errorCode", CCGW_KIND_CONST, .text = "NotFound" },
    { "message", CCGW_KIND_CONST, .text = "No such session" },
    { "stackTrace", CCGW_KIND_STR, offsetof(entity_t, id), .optional = 1 },
    { "errors", CCGW_KIND_LIST, offsetof(page_t, items), offsetof(page_t, nitems), .of = &entry_shape },
    { "meta", CCGW_KIND_PAIRS, offsetof(page_t, map), .optional = 1 },
    { NULL }
};
#define TYPES "http://schemas.servicestack.net/types"
static const ccgw_shape_t status_shape = { "ResponseStatus", status_members, sizeof(page_t), TYPES, .ordered = 1 };
static const ccgw_member_t failure_members[] = {
    { "responseStatus", CCGW_KIND_OBJECT, 0, .of = &status_shape }, { NULL }
};
static const ccgw_shape_t failure_shape = { "ErrorResponse", failure_members, sizeof(page_t), TYPES };

typedef struct write_case_t {
    const char *name;
    const ccgw_format_t *format;
    const ccgw_shape_t *shape;
    const void *object;
    const char *want;
} write_case_t;

static const write_case_t cases[] = {
    { "a message in JSON", &ccgw_format_json, &message_shape, &message,
      "{\"id\":\"m7\",\"accountId\":\"a1\",\"endpointId\":\"e3\",\"endpointDisplayName\":\"Front desk, EU\","
      "\"date\":\"2026-03-02T09:15:00Z\",\"direction\":\"Outgoing\",\"otherAddress\":\"+15550100\","
      "\"sender\":\"ana@example.test\",\"text\":\"say \\\"hi\\\": now\",\"isUnread\":false}" },
    { "a message in JSV", &ccgw_format_jsv, &message_shape, &message,
      "{id:m7,accountId:a1,endpointId:e3,endpointDisplayName:\"Front desk, EU\",date:\"2026-03-02T09:15:00Z\","
      "direction:Outgoing,otherAddress:+15550100,sender:ana@example.test,text:\"say \"\"hi\"\": now\","
      "isUnread:False}" },
    { "a message in XML", &ccgw_format_xml, &message_shape, &message,
      "<MessageInfo " INSTANCE " xmlns=\"" CONTRACTS "Voice.Api.Messaging\"><AccountId>a1</AccountId>"
      "<CustomerId i:nil=\"true\" /><Date>2026-03-02T09:15:00Z</Date><Direction>Outgoing</Direction>"
      "<EndpointDisplayName>Front desk, EU</EndpointDisplayName><EndpointId>e3</EndpointId><Id>m7</Id>"
      "<IsUnread>false</IsUnread><OtherAddress>+15550100</OtherAddress><Sender>ana@example.test</Sender>"
      "<Text>say \"hi\": now</Text></MessageInfo>" },
    { "a message in CSV", &ccgw_format_csv, &message_shape, &message,
      "Id,AccountId,CustomerId,EndpointId,EndpointDisplayName,Date,Direction,OtherAddress,Sender,Text,IsUnread\r\n"
      "m7,a1,,e3,\"Front desk, EU\",2026-03-02T09:15:00Z,Outgoing,+15550100,ana@example.test,"
      "\"say \"\"hi\"\": now\",False\r\n" },
    { "nested values in JSV", &ccgw_format_jsv, &session_shape, &session,
      "{callbackNumber:\"\",callState:Ringing,callSid:CA,tags:[a,\"b,c\"],data:{k:v,\"n:1\":3},crumbs:[{id:c1}],"
      "log:[{note:one,n:1},{n:2}],last:{note:one,n:1},id:s1}" },
    { "inherited members, sorted ones, other namespaces and nulls in XML", &ccgw_format_xml, &session_shape, &session,
      "<SessionInfo " INSTANCE " xmlns=\"" CONTRACTS "Sessions\">"
      "<CreatedBy i:nil=\"true\" xmlns=\"" CONTRACTS "Voice.Api\" /><Id xmlns=\"" CONTRACTS "Voice.Api\">s1</Id>"
      "<CallSid>CA</CallSid><CallState>Ringing</CallState><CallbackNumber />"
      "<Crumbs xmlns:d2p1=\"" CONTRACTS "Customers\"><d2p1:Crumb><d2p1:Id>c1</d2p1:Id></d2p1:Crumb></Crumbs>"
      "<Data xmlns:d2p1=" ARRAYS "><d2p1:KeyValueOfstringstring><d2p1:Key>k</d2p1:Key><d2p1:Value>v</d2p1:Value>"
      "</d2p1:KeyValueOfstringstring><d2p1:KeyValueOfstringstring><d2p1:Key>n:1</d2p1:Key><d2p1:Value>3</d2p1:Value>"
      "</d2p1:KeyValueOfstringstring><d2p1:KeyValueOfstringstring><d2p1:Key>z</d2p1:Key>"
      "<d2p1:Value i:nil=\"true\" /></d2p1:KeyValueOfstringstring></Data>"
      "<Last><N>1</N><Note>one</Note></Last>"
      "<Log><Entry><N>1</N><Note>one</Note></Entry><Entry><N>2</N><Note i:nil=\"true\" /></Entry></Log>"
      "<Lost i:nil=\"true\" xmlns:d2p1=\"" CONTRACTS "Customers\" />"
      "<Never i:nil=\"true\" xmlns:d2p1=" ARRAYS " />"
      "<Tags xmlns:d2p1=" ARRAYS "><d2p1:string>a</d2p1:string><d2p1:string>b,c</d2p1:string></Tags>"
      "</SessionInfo>" },
    { "empty lists and maps in XML", &ccgw_format_xml, &session_shape, &bare_session,
      "<SessionInfo " INSTANCE " xmlns=\"" CONTRACTS "Sessions\">"
      "<CreatedBy xmlns=\"" CONTRACTS "Voice.Api\">ana</CreatedBy><Id i:nil=\"true\" xmlns=\"" CONTRACTS
      "Voice.Api\" /><CallSid i:nil=\"true\" /><CallState i:nil=\"true\" /><CallbackNumber i:nil=\"true\" />"
      "<Crumbs xmlns:d2p1=\"" CONTRACTS "Customers\" /><Data xmlns:d2p1=" ARRAYS " /><Last i:nil=\"true\" /><Log />"
      "<Lost i:nil=\"true\" xmlns:d2p1=\"" CONTRACTS "Customers\" />"
      "<Never i:nil=\"true\" xmlns:d2p1=" ARRAYS " /><Tags xmlns:d2p1=" ARRAYS " /></SessionInfo>" },
    { "nested values in CSV are JSV", &ccgw_format_csv, &session_shape, &session,
      "CallbackNumber,CallState,CallSid,Tags,Data,Crumbs,Log,Last,Never,Lost,Id,CreatedBy\r\n"
      ",Ringing,CA,\"[a,\"\"b,c\"\"]\",\"{k:v,\"\"n:1\"\":3}\",\"[{id:c1}]\",\"[{note:one,n:1},{n:2}]\","
      "\"{note:one,n:1}\",,,s1,\r\n" },
    { "a page in CSV is one row", &ccgw_format_csv, &page_shape, &page,
      "Items,TotalCount\r\n\"[{note:one,n:1},{n:2}]\",2\r\n" },
    { "a page in XML: what is in it has a namespace of its own", &ccgw_format_xml, &page_shape, &page,
      "<Page " INSTANCE " xmlns=\"" CONTRACTS "Voice.Api\"><Items xmlns:d2p1=\"" CONTRACTS "Sessions\">"
      "<d2p1:Entry><d2p1:N>1</d2p1:N><d2p1:Note>one</d2p1:Note></d2p1:Entry>"
      "<d2p1:Entry><d2p1:N>2</d2p1:N><d2p1:Note i:nil=\"true\" /></d2p1:Entry></Items>"
      "<TotalCount>2</TotalCount></Page>" },
    { "a list at the top of JSON", &ccgw_format_json, &list_shape, &page, "[{\"note\":\"one\",\"n\":1},{\"n\":2}]" },
    { "a list at the top of JSV", &ccgw_format_jsv, &list_shape, &page, "[{note:one,n:1},{n:2}]" },
    { "a list at the top of XML", &ccgw_format_xml, &list_shape, &page,
      "<ArrayOfEntry " INSTANCE " xmlns=\"" CONTRACTS "Sessions\"><Entry><N>1</N><Note>one</Note></Entry>"
      "<Entry><N>2</N><Note i:nil=\"true\" /></Entry></ArrayOfEntry>" },
    { "a list at the top of CSV is a row each", &ccgw_format_csv, &list_shape, &page, "Note,N\r\none,1\r\n,2\r\n" },
    { "an empty list at the top of CSV has its names", &ccgw_format_csv, &list_shape, &empty_page, "Note,N\r\n" },
    { "an empty list at the top of JSON", &ccgw_format_json, &list_shape, &empty_page, "[]" },
    { "a map at the top of JSON", &ccgw_format_json, &map_shape, &page, "{\"k\":\"v\",\"n:1\":3,\"z\":null}" },
    { "a map at the top of CSV", &ccgw_format_csv, &map_shape, &page, "K,N:1,Z\r\nv,3,\r\n" },
    { "a map at the top of XML", &ccgw_format_xml, &map_shape, &empty_page,
      "<ArrayOfKeyValueOfstringstring " INSTANCE " xmlns=" ARRAYS " />" },
    { "texts at the top of XML", &ccgw_format_xml, &texts_shape, &page,
      "<ArrayOfstring " INSTANCE " xmlns=" ARRAYS "><string>a</string><string>b,c</string></ArrayOfstring>" },
    { "texts at the top of CSV", &ccgw_format_csv, &texts_shape, &page, "a\r\n\"b,c\"\r\n" },
    { "a failure in XML keeps its order", &ccgw_format_xml, &failure_shape, &empty_page,
      "<ErrorResponse " INSTANCE " xmlns=\"" TYPES "\"><ResponseStatus><ErrorCode>NotFound</ErrorCode>"
      "<Message>No such session</Message><StackTrace i:nil=\"true\" /><Errors xmlns:d3p1=\"" CONTRACTS "Sessions\" />"
      "<Meta i:nil=\"true\" xmlns:d3p1=" ARRAYS " /></ResponseStatus></ErrorResponse>" },
    { "a failure in JSV", &ccgw_format_jsv, &failure_shape, &empty_page,
      "{responseStatus:{errorCode:NotFound,message:No such session,errors:[]}}" },
};

/* ---- hostile texts, as MessageInfo's text ---- */

typedef struct text_case_t {
    const char *text, *jsv, *xml, *csv;
} text_case_t;

static const text_case_t texts[] = {
    { "plain", "plain", "<Text>plain</Text>", "plain" },
    { "", "\"\"", "<Text />", "" },
    { " ", " ", "<Text> </Text>", " " },
    { "\"", "\"\"\"\"", "<Text>\"</Text>", "\"\"\"\"" },
    { "a,b", "\"a,b\"", "<Text>a,b</Text>", "\"a,b\"" },
    { "a:b", "\"a:b\"", "<Text>a:b</Text>", "a:b" },
    { "{x", "\"{x\"", "<Text>{x</Text>", "\"{x\"" },
    { "x}", "\"x}\"", "<Text>x}</Text>", "x}" },
    { "[x", "\"[x\"", "<Text>[x</Text>", "\"[x\"" },
    { "x[", "\"x[\"", "<Text>x[</Text>", "x[" },
    { "a\nb", "\"a\nb\"", "<Text>a\nb</Text>", "\"a\nb\"" },
    { "a\rb", "\"a\rb\"", "<Text>a&#xD;b</Text>", "\"a\rb\"" },
    { "a\tb", "a\tb", "<Text>a\tb</Text>", "a\tb" },
    { "</Text><x>&amp;]]>", "\"</Text><x>&amp;]]>\"", "<Text>&lt;/Text&gt;&lt;x&gt;&amp;amp;]]&gt;</Text>",
      "</Text><x>&amp;]]>" },
    { "\xc3\xa9\xf0\x9f\x98\x80", "\xc3\xa9\xf0\x9f\x98\x80", "<Text>\xc3\xa9\xf0\x9f\x98\x80</Text>",
      "\xc3\xa9\xf0\x9f\x98\x80" },
    { "a\xff" "b\xc3", "a\xef\xbf\xbd" "b\xef\xbf\xbd", "<Text>a\xef\xbf\xbd" "b\xef\xbf\xbd</Text>",
      "a\xef\xbf\xbd" "b\xef\xbf\xbd" },
    { "\x01" "a\x1f", "\x01" "a\x1f", "<Text>\xef\xbf\xbd" "a\xef\xbf\xbd</Text>", "\x01" "a\x1f" },
    { "\xef\xbf\xbf.", "\xef\xbf\xbf.", "<Text>\xef\xbf\xbd.</Text>", "\xef\xbf\xbf." },
    { "=1+1", "=1+1", "<Text>=1+1</Text>", "=1+1" },
};
/* clang-format on */

static const char *write_as(const ccgw_format_t *format, const ccgw_shape_t *shape, const void *object,
                            const ccgw_view_t *view)
{
    ccgw_out_t out;

    ccgw_out_init(&out, 8, view->pool);
    ccgw_out_puts(&out, "^");
    format->write(&out, shape, object, view);
    return out.p + 1;
}

static void check_text(const text_case_t *c, const ccgw_view_t *view)
{
    message_t with = { .id = "i", .text = c->text };
    const char *shown = ccgw_form_printable(c->text, 20, view->pool);

    is_str(write_as(&ccgw_format_jsv, &message_shape, &with, view),
           apr_psprintf(view->pool, "{id:i,direction:Incoming,text:%s,isUnread:False}", c->jsv), "'%s' in JSV", shown);
    ok(strstr(write_as(&ccgw_format_xml, &message_shape, &with, view), c->xml) != NULL, "'%s' in XML", shown);
    ok(strstr(write_as(&ccgw_format_csv, &message_shape, &with, view),
              apr_psprintf(view->pool, "\r\ni,,,,,,Incoming,,,%s,False\r\n", c->csv)) != NULL,
       "'%s' in CSV", shown);
}

/* A shape of its own size as the reply of a row. */
static const char *check_shape(const ccgw_shape_t *shape, apr_pool_t *pool)
{
    ccgw_verb_t verb = { "x", tiny_run, sizeof(tiny_args_t), shape->size };
    ccgw_op_t ops[] = { { .id = "x", .method = CCGW_GET, .paths = { "/x" }, .verb = &verb, .reply = shape }, { NULL } };
    ccgw_dialect_t with = tiny_dialect;

    with.ops = ops;
    return ccgw_catalog_check(&with, pool);
}

int main(void)
{
    ccgw_view_t view = { .base = "http://h", .root = "" };
    ccgw_member_t two[3] = { { NULL, CCGW_KIND_STRS }, { NULL, CCGW_KIND_STRS, 0 }, { NULL } };
    ccgw_shape_t wrong = { "wrong", two, sizeof(ccgw_strs_t), .bare = 1 };
    apr_pool_t *pool;
    apr_size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    view.pool = pool;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        is_str(write_as(cases[i].format, cases[i].shape, cases[i].object, &view), cases[i].want, "%s", cases[i].name);
    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        check_text(&texts[i], &view);
    is_str(check_shape(&session_shape, pool), NULL, "the tables stand the check at start");
    is_str(check_shape(&list_shape, pool), NULL, "so does a list at the top");
    is_str(check_shape(&wrong, pool), "row x: shape 'wrong' is bare, but not of one member without a name",
           "two values cannot both stand at the top");
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
