/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_floor.c: the floor in the store: merged, changed, interrupted, thinned out; and found by its index. */
#include "floor_store.h"

#include "core/ccgw_event.h"
#include "core/ccgw_floor_record.h"

#define ANNA "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BERT "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define EVE  "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
#define BIN  "6c715fa9-de16-4d23-b07c-cbcb1caf3e07"

#define AGENT_ANNA                                                                                 \
    "{'login':'anna','workNo':101,'id':'" ANNA "','email':'Anna@demo.example',"                    \
    "'skills':['support','sales'],'place':'place1','groups':['G1'],'roles':['agent','supervisor']" \
    "}"
#define AGENT_BERT "{'login':'bert','workNo':102,'id':'" BERT "','skills':['support']}"
#define DEMO_HEAD                                                                \
    "{'name':'demo','contactCenterId':'9a5f2e6c-4f41-4c8e-9a3b-5d1c7e2f8a10',"   \
    "'domain':'Demo.example','skills':['support','sales'],'groups':['G1','G2']," \
    "'placeGroups':[{'name':'P1','places':['place1','place2']}],"
#define NUMBERS "'numbers':[{'number':'+15550000','media':'sms','queue':'support'}],"
#define BINS                                                                      \
    "'workbins':[{'id':'" BIN "','name':'bin','type':'agentGroup','group':'G1'}," \
    "{'name':'drafts','type':'agent'}]"
#define OTHER                                                                                         \
    "{'name':'other','domain':'other.example','agents':[{'login':'eve','workNo':101,'id':'" EVE "'}," \
    "{'login':'anna','workNo':102}],'queues':[{'name':'support'}],"                                   \
    "'numbers':[{'number':'+15559999','media':'sms','queue':'support'}]}"

static const char whole[] = "{'tenants':[" DEMO_HEAD "'agents':[" AGENT_BERT "," AGENT_ANNA "],"
                            "'queues':[{'name':'zeta','skills':['support']},{'name':'support','"
                            "skills':['support','sales']}]," NUMBERS BINS "}," OTHER "]}";

/* Without bert, the queue zeta and all workbins. */
static const char thinned[] =
    "{'tenants':[" DEMO_HEAD "'agents':[" AGENT_ANNA "],'queues':[{'name':'support','skills':['support']}]," NUMBERS
    "'workbins':[]}," OTHER "]}";

/* ---- a provider that counts and fails ---- */

static ccgw_store_provider_t faulty;
static int commits, puts_done, fail_at;
static apr_status_t fail_with;

static apr_status_t counting_put(ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t key, ccgw_buf_t value, apr_time_t due)
{
    puts_done++;
    return provider->put(txn, table, key, value, due);
}

/* What a kill leaves: the transaction that was under way never happened, nor did what comes after. */
static apr_status_t failing_commit(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    return ++commits == fail_at ? fail_with : provider->commit(at, txn, durability);
}

static apr_status_t merge_faulty(const ccgw_floor_file_t *file, int at, apr_status_t with)
{
    faulty = *provider;
    faulty.put = counting_put;
    faulty.commit = failing_commit;
    commits = puts_done = 0;
    fail_at = at;
    fail_with = with;
    said[0] = '\0';
    return ccgw_floor_merge(&faulty, store, file, pool);
}

static apr_status_t merge(const ccgw_floor_file_t *file)
{
    return merge_faulty(file, 0, APR_SUCCESS);
}

/* ---- the index ---- */

static void test_look_ups(void)
{
    const ccgw_floor_file_t *file = read_floor(whole);
    const ccgw_floor_t *floor;
    const ccgw_tenant_t *demo, *other;
    const ccgw_agent_def_t *anna, *bert;

    is_int(merge(file), APR_SUCCESS, "a floor is merged into an empty store");
    floor = load_floor(file);
    demo = ccgw_floor_tenant(floor, "demo");
    other = ccgw_floor_tenant(floor, "other");
    if (!ok(demo && other, "both tenants are found by name"))
        return;
    ok(!ccgw_floor_tenant(floor, "nobody"), "an unknown tenant is not found");
    ok(ccgw_floor_tenant_by_tag(floor, demo->tag) == demo, "a tenant is found by its tag");
    ok(ccgw_floor_tenant_by_center(floor, "9a5f2e6c-4f41-4c8e-9a3b-5d1c7e2f8a10") == demo, "and by its contact centre");
    anna = ccgw_floor_agent(floor, demo, ANNA);
    bert = ccgw_floor_agent(floor, demo, BERT);
    if (!ok(anna && bert, "agents are found by id"))
        return;
    is_int(anna->role, CCGW_ROLE_SUPERVISOR, "an agent's role is the highest of his roles");
    is_int(bert->role, CCGW_ROLE_AGENT, "who has none given is an agent");
    ok(anna->tenant == demo, "an agent knows his tenant");
    ok(ccgw_floor_agent_by_login(floor, "bert") == bert, "a login name that one tenant has is enough");
    ok(!ccgw_floor_agent_by_login(floor, "anna"), "one that two tenants have is not");
    ok(ccgw_floor_agent_by_login(floor, "anna@demo.EXAMPLE") == anna, "its domain tells, in any case");
    ok(!ccgw_floor_agent_by_login(floor, "Anna@demo.example"), "the name itself counts as written");
    ok(!ccgw_floor_agent_by_login(floor, "bert@other.example"), "a wrong domain is nobody");
    ok(ccgw_floor_agent_by_work_no(floor, demo, 101) == anna, "an agent is found by his number");
    is_str(ccgw_floor_agent_by_work_no(floor, other, 101)->login, "eve", "which is another's in the other tenant");
    ok(!ccgw_floor_agent_by_work_no(floor, demo, 103), "and nobody's when it was not given out");
    ok(ccgw_floor_agent_by_email(floor, demo, "anna@DEMO.example") == anna, "by e-mail in any case");
    ok(!ccgw_floor_agent_by_email(floor, demo, ""), "not by an empty e-mail");
    ok(!ccgw_floor_agent(floor, other, ANNA), "another tenant's agent does not exist");
    ok(!ccgw_floor_agent(floor, NULL, ANNA), "without a tenant there is nobody");
    ok(ccgw_floor_queue(floor, demo, "support") != ccgw_floor_queue(floor, other, "support"),
       "queues of one name in two tenants are two");
    ok(ccgw_floor_queue(floor, demo, ccgw_floor_queue(floor, demo, "zeta")->id) ==
           ccgw_floor_queue(floor, demo, "zeta"),
       "a queue is found by id");
    ok(ccgw_floor_number(floor, CCGW_MEDIA_SMS, "+15559999")->tenant == other, "a number leads to its tenant");
    ok(!ccgw_floor_number(floor, CCGW_MEDIA_CHAT, "+15559999"), "for its media only");
    is_str(ccgw_floor_workbin(floor, demo, BIN)->group, "G1", "a workbin is found by id");
    ok(!ccgw_floor_workbin(floor, other, BIN), "in its tenant only");
    is_str(ccgw_floor_agent_at(floor, demo, 0)->login, "bert", "lists keep the file's order");
    is_str(ccgw_floor_queue_at(floor, demo, 0)->name, "zeta", "for queues too");
    ok(!ccgw_floor_agent_at(floor, demo, 2) && !ccgw_floor_agent_at(floor, demo, -1), "and end where they end");
    is_str(ccgw_floor_tenant_at(floor, 1)->name, "other", "tenants too");
    ok(!ccgw_floor_tenant_at(floor, 2), "and they end");
    ok(ccgw_floor_serves(anna, ccgw_floor_queue(floor, demo, "support")), "who has all skills serves");
    ok(!ccgw_floor_serves(bert, ccgw_floor_queue(floor, demo, "support")), "who lacks one does not");
    is_int(ccgw_floor_capacity(anna, CCGW_MEDIA_CHAT), 3, "capacity is per media");
    ok(ccgw_floor_place_in(demo, "place2", "P1") && !ccgw_floor_place_in(demo, "place9", "P1") &&
           !ccgw_floor_place_in(demo, "place2", "P2"),
       "places are looked up in their group");
}

/* ---- merging ---- */

static int box_hears(const char *tenant_name, ccgw_buf_t box)
{
    ccgw_cursor_t after = provider->last(store, ccgw_buf_str(tenant_name));
    ccgw_stored_event_t *events;
    ccgw_cursor_t upto;
    ccgw_txn_t *txn;
    int n = 0;

    provider->begin(&txn, store, ccgw_buf_str(tenant_name), pool);
    provider->append(txn, &box, 1, ccgw_buf_str("news"));
    provider->commit(NULL, txn, CCGW_DURABLE_OS);
    if (provider->events(&events, &n, &upto, store, ccgw_buf_str(tenant_name), &box, 1, after, 10, pool) != APR_SUCCESS)
        return -1;
    return n;
}

static void test_again(void)
{
    const ccgw_floor_file_t *file = read_floor(whole);
    const ccgw_tenant_t *demo = &file->tenants[0].tenant;

    is_int(merge(file), APR_SUCCESS, "the same file is merged again");
    is_int(puts_done, 0, "which writes nothing");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, BIN, "G1", pool)), 1, "a group's workbin has its mailbox");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, file->tenants[0].workbins[1].id, BERT, pool)), 1,
           "a personal one has one per agent");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, BIN, "G2", pool)), 0, "and nobody else has");
}

static void test_conflict(void)
{
    const ccgw_floor_file_t *file = read_floor(thinned), *back = read_floor(whole);

    /* The first commit is the head's; the second is a batch that children may disturb. */
    is_int(merge_faulty(file, 2, CCGW_ECONFLICT), APR_SUCCESS, "a batch that conflicts is done again");
    is_int(ccgw_floor_agent_at(load_floor(file), &file->tenants[0].tenant, 1) == NULL, 1, "and is done then");
    is_int(merge(back), APR_SUCCESS, "what was removed may come back");
    ok(ccgw_floor_agent_by_login(load_floor(back), "bert") != NULL, "and is found again");
}

static void test_killed(void)
{
    const ccgw_floor_file_t *less = read_floor(thinned), *more = read_floor(whole);
    int at, rounds = 0, whole_again = 1;

    for (at = 1; at < 100; at++) {
        const ccgw_floor_t *floor;

        if (merge_faulty(less, at, CCGW_ESTORE) == APR_SUCCESS)
            break;
        rounds++;
        /* The administrator takes the change back before the next start. */
        whole_again &= merge(more) == APR_SUCCESS;
        floor = load_floor(more);
        whole_again &= ccgw_floor_agent_by_login(floor, "bert") &&
                       ccgw_floor_workbin_at(floor, &more->tenants[0].tenant, 1) &&
                       ccgw_floor_queue(floor, &more->tenants[0].tenant, "zeta");
        whole_again &= merge(more) == APR_SUCCESS && !puts_done;
    }
    ok(rounds >= 3, "a merge can be killed at %d places", rounds);
    ok(whole_again, "after a kill at any of them the next start brings its own file in whole");
    ok(!ccgw_floor_agent_by_login(load_floor(less), "bert"), "and the one that was not killed is in too");
    merge(more);
}

/* ---- removal ---- */

static ccgw_buf_t login_key(const char *id)
{
    const ccgw_tenant_t demo = { .name = "demo" };

    return ccgw_login_key(&demo, id, pool);
}

static void sign_in(const char *id, const char *agent)
{
    const ccgw_login_t login = { .id = id, .agent = agent, .dialect = "test" };

    write_record("demo", CCGW_TABLE_LOGIN, login_key(id), &ccgw_login_record, &login);
}

static void test_removed_agent(void)
{
    const ccgw_floor_file_t *less = read_floor(thinned), *more = read_floor(whole);
    const ccgw_tenant_t *demo = &less->tenants[0].tenant;
    const char *logins[] = { "l1", "l3" };
    ccgw_task_t task = { .session = 7, .media = CCGW_MEDIA_SMS, .leg = CCGW_LEG_JOINED };
    ccgw_agent_t bert = { .id = BERT, .logins = { logins, 2 }, .open = 1, .tasks = &task, .ntasks = 1 };
    ccgw_buf_t key = ccgw_agent_key(demo, BERT, pool);
    const ccgw_queue_def_t anybody = { .name = "anybody" };
    const ccgw_agent_def_t *gone;
    const ccgw_floor_t *floor;
    ccgw_record_t record;

    sign_in("l1", BERT);
    sign_in("l2", ANNA);
    sign_in("l3", BERT);
    write_record("demo", CCGW_TABLE_AGENT, key, &ccgw_agent_record, &bert);
    is_int(merge(less), APR_SUCCESS, "an agent is taken out of the floor while he works");
    ok(!read_record("demo", CCGW_TABLE_LOGIN, login_key("l1")).version &&
           !read_record("demo", CCGW_TABLE_LOGIN, login_key("l3")).version,
       "his logins end");
    ok(read_record("demo", CCGW_TABLE_LOGIN, login_key("l2")).version, "others' logins do not");
    record = read_record("demo", CCGW_TABLE_AGENT, key);
    ccgw_record_decode(&bert, &ccgw_agent_record, record.value, pool);
    is_int(bert.gone_at, 1, "he counts as gone");
    is_int(record.due, 1, "and the deadline sweep sees to his contacts at once");
    is_int(bert.logins.n, 0, "his presence names no login any more");
    ok(was_said("agent \"bert\" cannot sign in any more"), "the log names him, whose contacts are still there");
    floor = load_floor(less);
    gone = ccgw_floor_agent(floor, demo, BERT);
    ok(gone != NULL, "his contacts still find his name");
    ok(!ccgw_floor_agent_by_login(floor, "bert") && !ccgw_floor_agent_by_work_no(floor, demo, 102) &&
           !ccgw_floor_agent_at(floor, demo, 1),
       "nobody else does");
    ok(gone && gone->role == CCGW_ROLE_NOBODY && !ccgw_floor_capacity(gone, CCGW_MEDIA_SMS) &&
           !ccgw_floor_serves(gone, &anybody),
       "and he is given nothing");

    bert.ntasks = bert.open = 0;
    write_record("demo", CCGW_TABLE_AGENT, key, &ccgw_agent_record, &bert);
    is_int(merge(less), APR_SUCCESS, "at the next start with the same file");
    ok(!ccgw_floor_agent(load_floor(less), demo, BERT) && !read_record("demo", CCGW_TABLE_AGENT, key).version,
       "he is forgotten, now that nothing refers to him");
    merge(less);
    is_int(puts_done, 0, "and then the file counts as merged");
    merge(more);
    write_record("demo", CCGW_TABLE_AGENT, key, &ccgw_agent_record, &bert);
    merge(less);
    ok(!read_record("demo", CCGW_TABLE_AGENT, key).version && !ccgw_floor_agent(load_floor(less), demo, BERT),
       "who has nothing to do is forgotten at once");
    merge(more);
}

static void test_removed_work(void)
{
    const ccgw_floor_file_t *less = read_floor(thinned), *more = read_floor(whole);
    const ccgw_tenant_t *demo = &less->tenants[0].tenant;
    const ccgw_pointer_t waits = { .session = 7 };
    ccgw_buf_t item = ccgw_workbin_key(demo, BIN, "G1", 7, pool);
    const ccgw_floor_t *floor;
    ccgw_buf_t entry;
    ccgw_key_t key;

    ccgw_key_begin(&key, demo, pool);
    ccgw_key_text(&key, "zeta");
    ccgw_key_number(&key, 1);
    ccgw_key_number(&key, 7);
    entry = ccgw_key_buf(&key);
    ok(!ccgw_buf_compare(ccgw_queue_prefix(demo, "zeta", pool),
                         (ccgw_buf_t){ entry.p, ccgw_queue_prefix(demo, "zeta", pool).n }),
       "the test knows where contacts wait");
    write_record("demo", CCGW_TABLE_QUEUE, entry, &ccgw_pointer_record, &waits);
    write_record("demo", CCGW_TABLE_WORKBIN, item, &ccgw_pointer_record, &waits);
    is_int(merge(less), APR_SUCCESS, "queues and workbins are taken out while they hold work");
    floor = load_floor(less);
    ok(ccgw_floor_queue(floor, demo, "zeta") != NULL, "a queue in which somebody waits stays");
    ok(was_said("queue \"zeta\" is no longer in the floor file"), "and is named in the log");
    ok(ccgw_floor_workbin(floor, demo, BIN) != NULL, "a workbin with an item stays");
    ok(was_said("workbin \"bin\" is no longer in the floor file"), "and is named in the log");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, BIN, "G1", pool)), 1, "with its mailbox");
    ok(!ccgw_floor_workbin_at(floor, demo, 1), "the empty one is gone");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, more->tenants[0].workbins[1].id, ANNA, pool)), 0,
           "with its mailboxes");

    write_record("demo", CCGW_TABLE_QUEUE, entry, NULL, NULL);
    write_record("demo", CCGW_TABLE_WORKBIN, item, NULL, NULL);
    is_int(merge(less), APR_SUCCESS, "at the next start with the same file");
    floor = load_floor(less);
    ok(!ccgw_floor_queue(floor, demo, "zeta") && !ccgw_floor_workbin(floor, demo, BIN),
       "both go, now that they are empty");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, BIN, "G1", pool)), 0, "and the mailbox with them");
    merge(more);
}

static void test_personal_workbin(void)
{
    const ccgw_floor_file_t *less = read_floor(thinned), *more = read_floor(whole);
    const ccgw_tenant_t *demo = &less->tenants[0].tenant;
    const char *drafts = more->tenants[0].workbins[1].id;
    ccgw_buf_t item = ccgw_workbin_key(demo, drafts, ANNA, 7, pool);
    ccgw_buf_t his = ccgw_workbin_key(demo, drafts, BERT, 8, pool);
    const ccgw_pointer_t parked = { .session = 7 };

    write_record("demo", CCGW_TABLE_WORKBIN, item, &ccgw_pointer_record, &parked);
    write_record("demo", CCGW_TABLE_WORKBIN, his, &ccgw_pointer_record, &parked);
    is_int(merge(less), APR_SUCCESS, "a personal workbin is taken out while an agent has something in it");
    ok(ccgw_floor_workbin(load_floor(less), demo, drafts) != NULL, "it stays");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, drafts, ANNA, pool)), 1, "with his mailbox");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, drafts, BERT, pool)), 0, "without that of who is gone");
    ok(ccgw_floor_agent(load_floor(less), demo, BERT) != NULL, "whose name stays with what he left in it");
    write_record("demo", CCGW_TABLE_WORKBIN, item, NULL, NULL);
    write_record("demo", CCGW_TABLE_WORKBIN, his, NULL, NULL);
    merge(less);
    ok(!ccgw_floor_workbin(load_floor(less), demo, drafts), "empty, it goes");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, drafts, ANNA, pool)), 0, "with all its mailboxes");
    merge(less);
    ok(!ccgw_floor_agent(load_floor(less), demo, BERT), "and the name too");
    merge(more);
}

static void test_moved_workbin(void)
{
    const ccgw_floor_file_t *more = read_floor(whole), *moved;
    const ccgw_tenant_t *demo = &more->tenants[0].tenant;
    ccgw_buf_t item = ccgw_workbin_key(demo, BIN, "G1", 7, pool);
    const ccgw_pointer_t parked = { .session = 7 };
    char *text = apr_pstrdup(pool, whole);

    strstr(text, "'type':'agentGroup','group':'G1'")[strlen("'type':'agentGroup','group':'G")] = '2';
    moved = read_floor(text);
    write_record("demo", CCGW_TABLE_WORKBIN, item, &ccgw_pointer_record, &parked);
    is_int(merge(moved), APR_SUCCESS, "a workbin with an item is given to another group");
    is_str(ccgw_floor_workbin(load_floor(moved), demo, BIN)->group, "G1", "it stays with its items' owner");
    ok(was_said("it keeps its old owner"), "which is said");
    write_record("demo", CCGW_TABLE_WORKBIN, item, NULL, NULL);
    merge(moved);
    is_str(ccgw_floor_workbin(load_floor(moved), demo, BIN)->group, "G2", "empty, it is given away");
    is_int(box_hears("demo", ccgw_event_workbin_box(demo, BIN, "G2", pool)), 1, "with a mailbox of its new owner");
    merge(more);
}

static void test_removed_tenant(void)
{
    const ccgw_floor_file_t *alone = read_floor("{'tenants':[" OTHER "]}"), *more = read_floor(whole);
    const ccgw_tenant_t *demo = &more->tenants[0].tenant;
    ccgw_buf_t item = ccgw_workbin_key(demo, BIN, "G1", 7, pool);
    const ccgw_pointer_t parked = { .session = 7 };
    ccgw_buf_t receipt = login_key("a carrier's id");

    sign_in("l9", ANNA);
    write_record("demo", CCGW_TABLE_RECEIPT, receipt, &ccgw_pointer_record, &parked);
    write_record("demo", CCGW_TABLE_WORKBIN, item, &ccgw_pointer_record, &parked);
    is_int(merge(alone), APR_SUCCESS, "a whole tenant is taken out while one of its workbins holds work");
    ok(ccgw_floor_workbin(load_floor(alone), demo, BIN) != NULL, "it is still there with that workbin");
    ok(!ccgw_floor_agent(load_floor(alone), demo, ANNA), "without its agents");
    ok(!read_record("demo", CCGW_TABLE_LOGIN, login_key("l9")).version, "and their logins");
    ok(!ccgw_floor_number(load_floor(alone), CCGW_MEDIA_SMS, "+15550000"), "and takes nothing in");
    write_record("demo", CCGW_TABLE_WORKBIN, item, NULL, NULL);
    is_int(merge(alone), APR_SUCCESS, "at the next start with the same file");
    ok(ccgw_floor_tenant(load_floor(alone), "demo") && !ccgw_floor_workbin(load_floor(alone), demo, BIN),
       "the workbin goes; the tenant stays for a record that has a deadline");
    write_record("demo", CCGW_TABLE_RECEIPT, receipt, NULL, NULL);
    write_record("demo", CCGW_TABLE_RATE, receipt, &ccgw_pointer_record, &parked);
    merge(alone);
    ok(ccgw_floor_tenant(load_floor(alone), "demo") != NULL, "also for a count of texts");
    write_record("demo", CCGW_TABLE_RATE, receipt, NULL, NULL);
    write_record("demo", CCGW_TABLE_SESSION, receipt, &ccgw_pointer_record, &parked);
    write_record("demo", CCGW_TABLE_OPTOUT, receipt, &ccgw_pointer_record, &parked);
    merge(alone);
    ok(ccgw_floor_tenant(load_floor(alone), "demo") != NULL, "also for a session that has yet to go by rule");
    ok(read_record("demo", CCGW_TABLE_OPTOUT, receipt).version, "who wants no texts is known as long");
    write_record("demo", CCGW_TABLE_SESSION, receipt, NULL, NULL);
    is_int(merge(alone), APR_SUCCESS, "at the start after that");
    ok(!ccgw_floor_tenant(load_floor(alone), "demo"), "it goes, now that it is empty");
    ok(!read_record("demo", CCGW_TABLE_OPTOUT, receipt).version, "with who wanted no texts from it");
    ok(!read_record("demo", CCGW_TABLE_FLOOR, ccgw_floor_object_key(demo, CCGW_FLOOR_TENANT, NULL, pool)).version,
       "and leaves nothing behind");
    ok(ccgw_floor_tenant(load_floor(alone), "other") != NULL, "the other one does not");
}

/* ---- size ---- */

static void test_large(void)
{
    const ccgw_floor_file_t *file;
    const ccgw_tenant_t *tenant;
    const ccgw_floor_t *floor;
    ccgw_out_t text;
    int i;

    ccgw_out_init(&text, 1 << 20, pool);
    ccgw_out_puts(&text, "{'tenants':[{'name':'large','workbins':[{'name':'a','type':'agent'},"
                         "{'name':'b','type':'agent'}],'agents':[");
    for (i = 0; i < 5000; i++)
        ccgw_out_printf(&text, "%s{'login':'a%d','workNo':%d,'nickname':'%0120d'}", i ? "," : "", i, 101 + i, i);
    ccgw_out_puts(&text, "]}]}");
    file = read_floor(text.p);
    is_int(merge(file), APR_SUCCESS, "a floor larger than a transaction may be is merged");
    floor = load_floor(file);
    tenant = ccgw_floor_tenant(floor, "large");
    ok(tenant && ccgw_floor_agent_at(floor, tenant, 4999) && !ccgw_floor_agent_at(floor, tenant, 5000),
       "all of it is there");
    is_str(ccgw_floor_agent_at(floor, tenant, 4321)->login, "a4321", "in the file's order");
    is_int(box_hears("large", ccgw_event_workbin_box(tenant, file->tenants[0].workbins[1].id,
                                                     file->tenants[0].agents[4999].id, pool)),
           1, "the last agent's last workbin has its mailbox");

    file = read_floor("{'tenants':[{'name':'large'}]}");
    is_int(merge(file), APR_SUCCESS, "all of them go at once");
    ok(!ccgw_floor_agent_at(load_floor(file), tenant, 0) && !ccgw_floor_workbin_at(load_floor(file), tenant, 0),
       "and nobody is left");
}

int main(void)
{
    open_all();
    test_look_ups();
    test_again();
    test_conflict();
    test_killed();
    test_removed_agent();
    test_removed_work();
    test_personal_workbin();
    test_moved_workbin();
    test_removed_tenant();
    test_large();
    close_all();
    return done_testing();
}
