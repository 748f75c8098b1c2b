/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_floor_file.c: what the floor file may say, what stands for what it leaves out, and how its faults are named. */
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "api/ccgw_floor_file.h"
#include "ccgw_error.h"
#include "util/ccgw_id.h"
#include "util/ccgw_json.h"

/* A floor in which everything is there once; $X are replaced by a case's text. Single quotes stand for double ones. */
static const char whole[] =
    "{'tenants':[{'name':'demo','domain':'demo.example','skills':['support','sales'],'groups':['G1'"
    "],"
    "'placeGroups':[{'name':'P1','places':['place1']}],"
    "'agents':[{'login':'anna','workNo':101,'email':'anna@demo.example','skills':['support'],'"
    "groups':['G1'],"
    "'place':'place1'},{'login':'bert','workNo':102,'email':'bert@demo.example'}],"
    "'queues':[{'name':'support','skills':['support']}],"
    "'numbers':[{'number':'+15550000','media':'sms','queue':'support'}],"
    "'workbins':[{'name':'bin','type':'agentGroup','group':'G1'},{'name':'drafts','type':'agent'}]}"
    ","
    "{'name':'other','domain':'other.example','agents':[{'login':'eve','workNo':101}],"
    "'queues':[{'name':'support'}],'numbers':[{'number':'+15559999','media':'sms','queue':'support'"
    "}]}]}";

/* Replace OLD in the whole floor by NEW; the fault that must come. */
static const struct {
    const char *old, *new, *fault;
} cases[] = {
    { "'workNo':102", "'workNo':99", "tenants[0].agents[1].workNo: 99 is not between 101 and 59999" },
    { "'workNo':102", "'workNo':60000", "tenants[0].agents[1].workNo: 60000 is not between 101 and 59999" },
    { "'workNo':102", "'workNo':'102'", "tenants[0].agents[1].workNo: \"102\" is not a whole number" },
    { "'workNo':102", "'workNo':102.5", "tenants[0].agents[1].workNo: 102.5 is not a whole number" },
    { "'workNo':102,", "", "tenants[0].agents[1].workNo: is missing" },
    { "'workNo':102", "'workNo':101", "tenants[0].agents[1].workNo: 101 is already that of tenants[0].agents[0]" },
    { "'workNo':102", "'workNo':102,'phone':7", "tenants[0].agents[1].phone: 7 is a value for an unknown member" },
    { "'login':'bert',", "", "tenants[0].agents[1].login: is missing" },
    { "'login':'bert'", "'login':''", "tenants[0].agents[1].login: \"\" is empty" },
    { "'login':'bert'", "'login':'be:rt'",
      "tenants[0].agents[1].login: \"be:rt\" holds a space, a control character or one of : / @ ? "
      "# %" },
    { "'login':'bert'", "'login':'anna'",
      "tenants[0].agents[1].login: \"anna\" is already that of tenants[0].agents[0]" },
    { "'login':'bert'", "'login':'bert','id':'XY'",
      "tenants[0].agents[1].id: \"XY\" is not 32 hexadecimal digits in lower case" },
    { "bert@demo.example", "ANNA@demo.example",
      "tenants[0].agents[1].email: \"ANNA@demo.example\" is already that of tenants[0].agents[0]" },
    { "bert@demo.example", "bert", "tenants[0].agents[1].email: \"bert\" is not an e-mail address" },
    { "'skills':['support'],'groups'", "'skills':['suport'],'groups'",
      "tenants[0].agents[0].skills[0]: \"suport\" is not in tenants[0].skills" },
    { "'groups':['G1'],'place'", "'groups':['G2'],'place'",
      "tenants[0].agents[0].groups[0]: \"G2\" is not in tenants[0].groups" },
    { "'place':'place1'", "'place':'place7'",
      "tenants[0].agents[0].place: \"place7\" is not in tenants[0].placeGroups" },
    { "'workNo':102", "'workNo':102,'roles':['boss']",
      "tenants[0].agents[1].roles[0]: \"boss\" is none of agent, supervisor, admin" },
    { "'workNo':102", "'workNo':102,'capacity':{'sms':-1}",
      "tenants[0].agents[1].capacity.sms: -1 is not between 0 and 1000" },
    { "'workNo':102", "'workNo':102,'capacity':{'fax':1}",
      "tenants[0].agents[1].capacity.fax: 1 is a value for an unknown member" },
    { "'workNo':102", "'workNo':102,'capacity':5", "tenants[0].agents[1].capacity: 5 is not an object" },
    { "['support','sales']", "['support','support']", "tenants[0].skills[1]: \"support\" stands there twice" },
    { "['support','sales']", "'support'", "tenants[0].skills: \"support\" is not an array" },
    { "['support','sales']", "['support',3]", "tenants[0].skills[1]: 3 is not a string" },
    { "'skills':['support']}]", "'skills':['sups']}]",
      "tenants[0].queues[0].skills[0]: \"sups\" is not in tenants[0].skills" },
    { "'media':'sms'", "'media':'fax'", "tenants[0].numbers[0].media: \"fax\" is none of voice, chat, sms" },
    { "'media':'sms','queue':'support'}],'workbins'", "'media':'sms','queue':'sales'}],'workbins'",
      "tenants[0].numbers[0].queue: \"sales\" is not in tenants[0].queues" },
    { "+15559999", "+15550000",
      "tenants[1].numbers[0].number: \"+15550000\" is already that of tenants[0].numbers[0]" },
    { "+15559999", "15559999", "tenants[1].numbers[0].number: \"15559999\" begins with no +" },
    { "+15559999", "0015559999", "tenants[1].numbers[0].number: \"0015559999\" begins with no +" },
    { "'group':'G1'", "'group':'G9'", "tenants[0].workbins[0].group: \"G9\" is not in tenants[0].groups" },
    { "'type':'agentGroup'", "'type':'placeGroup'",
      "tenants[0].workbins[0].group: \"G1\" is not in tenants[0].placeGroups" },
    { "'type':'agentGroup','group':'G1'", "'type':'agentGroup'", "tenants[0].workbins[0].group: is missing" },
    { "'type':'agent'}", "'type':'agent','group':'G1'}",
      "tenants[0].workbins[1].group: \"G1\": a workbin of type agent has none" },
    { "'name':'drafts'", "'name':'bin'",
      "tenants[0].workbins[1].name: \"bin\" is already that of tenants[0].workbins[0]" },
    { "'type':'agent'}", "'type':'drawer'}",
      "tenants[0].workbins[1].type: \"drawer\" is none of agent, agentGroup, placeGroup" },
    { "'name':'drafts'", "'name':'drafts','id':'1-2'", "tenants[0].workbins[1].id: \"1-2\" is not a UUID" },
    { "'name':'other'", "'name':'demo'", "tenants[1].name: \"demo\" is already that of tenants[0]" },
    { "'name':'other'", "'name':'o/r'", "tenants[1].name: \"o/r\" is not made of letters, digits, _ and - alone" },
    { "'name':'other','domain':'other.example','agents':[{'login':'eve'",
      "'name':'other','domain':'Demo.Example','agents':[{'login':'anna'",
      "tenants[1].agents[0].login: \"anna\" is already that of tenants[0].agents[0]" },
    { "'name':'other','domain':'other.example','agents':[{'login':'eve'", "'name':'other','agents':[{'login':'anna'",
      "tenants[1].agents[0].login: \"anna\" is also that of tenants[0].agents[0], and this tenant "
      "has no domain" },
    { "{'tenants':[", "{'tenant':1,'tenants':[", "tenant: 1 is a value for an unknown member" },
};

static char *from_quotes(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrdup(pool, text), *at;

    for (at = copy; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    return copy;
}

static const char *with(apr_pool_t *pool, const char *old, const char *new)
{
    const char *at = strstr(whole, old);

    if (!at)
        return "";
    return from_quotes(pool, apr_psprintf(pool, "%.*s%s%s", (int)(at - whole), whole, new, at + strlen(old)));
}

static void test_faults(apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = with(pool, cases[i].old, cases[i].new), *fault = NULL;
        ccgw_floor_file_t *file;
        apr_status_t rv = ccgw_floor_parse(&file, &fault, text, strlen(text), pool);

        ok(rv == CCGW_EINVAL && fault && !strcmp(fault, cases[i].fault), "%s instead of %s is named", cases[i].new,
           cases[i].old);
        if (!fault || strcmp(fault, cases[i].fault))
            printf("# got  %s\n# want %s\n", fault ? fault : "(none)", cases[i].fault);
    }
}

static void test_defaults(apr_pool_t *pool)
{
    const char *text = from_quotes(pool, whole), *fault = "";
    ccgw_floor_file_t *file;
    const struct ccgw_floor_file_tenant_t *demo;
    apr_status_t rv = ccgw_floor_parse(&file, &fault, text, strlen(text), pool);

    is_int(rv, APR_SUCCESS, "a floor with everything in it is read (%s)", fault);
    if (rv != APR_SUCCESS)
        return;
    demo = &file->tenants[0];
    is_int(file->ntenants, 2, "both tenants are there");
    is_str(file->hash, ccgw_id_hash(text, pool), "the file's hash is that of its bytes");
    is_str(demo->agents[0].nickname, "anna", "without a nickname or first name it is the login");
    is_str(demo->agents[0].first_name, "", "what is left out is empty, never NULL");
    is_int(demo->agents[0].roles.n, 1, "without roles there is one");
    is_str(demo->agents[0].roles.v[0], "agent", "and it is agent");
    is_int(demo->agents[0].capacity_sms, 5, "five texts at once by default");
    is_int(demo->agents[0].capacity_chat, 3, "three chats at once by default");
    is_int(demo->agents[0].capacity_voice, 1, "one call at once by default");
    is_int((int)strlen(demo->agents[0].id), 32, "an agent's id is derived");
    is_str(demo->queues[0].id, ccgw_id_hash("demo\nqueue\nsupport", pool), "a queue's id is derived from its name");
    ok(strcmp(demo->queues[0].id, file->tenants[1].queues[0].id), "and from its tenant");
    is_int((int)strlen(demo->workbins[0].id), 36, "a workbin's id is a UUID");
    is_str(demo->workbins[0].display_name, "bin", "a workbin is shown under its name");
    is_int(demo->workbins[0].kind, CCGW_OWNER_AGENT_GROUP, "a workbin's type is read");
    is_int(demo->numbers[0].media, CCGW_MEDIA_SMS, "a number's media is read");
    is_int((int)strlen(demo->tenant.contact_center), 36, "a contact centre's id is derived");
    is_int((int)strlen(demo->tenant.tag), 8, "a tenant has its tag");
}

static void test_given(apr_pool_t *pool)
{
    const char *text = with(pool, "'workNo':102",
                            "'workNo':102,'firstName':'Bert','capacity':{'sms':0},"
                            "'roles':['agent','admin']");
    const char *fault = "";
    ccgw_floor_file_t *file;
    apr_status_t rv = ccgw_floor_parse(&file, &fault, text, strlen(text), pool);

    is_int(rv, APR_SUCCESS, "given values are taken (%s)", fault);
    if (rv != APR_SUCCESS)
        return;
    is_str(file->tenants[0].agents[1].nickname, "Bert", "the first name is the nickname");
    is_int(file->tenants[0].agents[1].capacity_sms, 0, "a capacity of 0 is not taken for a missing one");
    is_int(file->tenants[0].agents[1].capacity_chat, 3, "and the capacities beside it keep their defaults");
    is_int(file->tenants[0].agents[1].roles.n, 2, "roles are read");
}

/* As the channels spell them (ccgw_channel_number). */
static void test_numbers(apr_pool_t *pool)
{
    static const char *const numbers[] = { "0170123456", "123456", "ACME" };
    apr_size_t i;

    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *text = with(pool, "+15559999", numbers[i]), *fault = "";
        ccgw_floor_file_t *file;

        is_int(ccgw_floor_parse(&file, &fault, text, strlen(text), pool), APR_SUCCESS, "a number may be %s (%s)",
               numbers[i], fault);
    }
}

static void test_many(apr_pool_t *pool)
{
    const char *text = from_quotes(pool, "{'tenants':[{'name':'a','agents':[{'workNo':1},{'workNo':2}],'x':1}]}");
    const char *fault = "";
    ccgw_floor_file_t *file;
    ccgw_out_t out;
    int i, lines;

    is_int(ccgw_floor_parse(&file, &fault, text, strlen(text), pool), CCGW_EINVAL, "several faults are faults");
    is_str(fault,
           "tenants[0].agents[0].login: is missing\n"
           "tenants[0].agents[0].workNo: 1 is not between 101 and 59999\n"
           "tenants[0].agents[1].login: is missing\n"
           "tenants[0].agents[1].workNo: 2 is not between 101 and 59999\n"
           "tenants[0].x: 1 is a value for an unknown member",
           "and all of them are told, one a line");

    ccgw_out_init(&out, 256, pool);
    ccgw_out_puts(&out, "{\"tenants\":[{\"name\":\"a\",\"queues\":[0");
    for (i = 1; i < 30; i++)
        ccgw_out_printf(&out, ",%d", i);
    ccgw_out_puts(&out, "]}]}");
    ccgw_floor_parse(&file, &fault, out.p, out.n, pool);
    for (lines = 0; (fault = strchr(fault, '\n')) != NULL; lines++)
        fault++;
    is_int(lines, 20, "of thirty faults twenty are told, and how many more there are");
}

static void test_no_json(apr_pool_t *pool)
{
    ccgw_floor_file_t *file;
    const char *fault = "";

    is_int(ccgw_floor_parse(&file, &fault, "{", 1, pool), CCGW_ESYNTAX, "half a brace is no floor");
    ok(strstr(fault, "line 1") != NULL, "and the line is told");
    is_int(ccgw_floor_parse(&file, &fault, "[]", 2, pool), CCGW_EINVAL, "an array is no floor");
    is_str(fault, "(top): [] is not an object", "which is said");
    is_int(ccgw_floor_parse(&file, &fault, "{\"tenants\":[]}", 14, pool), CCGW_EINVAL, "nobody is no floor");
    is_str(fault, "tenants: [] is empty", "which is said");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    ccgw_json_start();
    test_faults(pool);
    test_defaults(pool);
    test_given(pool);
    test_numbers(pool);
    test_many(pool);
    test_no_json(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
