/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* test_outbox.c: texts to customers leave in order, are claimed before they are sent, and survive whoever sends them. */
#include "floor_store.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "core/ccgw_outbox.h"

#define SECOND      apr_time_from_sec(1)
#define UNKNOWN_FOR apr_time_from_sec(300)
#define LEASE_ENDS  apr_time_from_sec(61)

static const char floor_text[] = "{'tenants':[{'name':'demo','domain':'d','agents':[{'login':'anna','workNo':101}]},"
                                 "{'name':'other','domain':'o','agents':[{'login':'eve','workNo':101}]}]}";

static ccgw_core_t core;
static ccgw_store_provider_t watched;
static apr_time_t now = 1700000000 * (apr_time_t)1000000;
static const ccgw_tenant_t *demo, *other;

/* ---- what is watched of the store ---- */

static ccgw_durability_t last_durability;
static int records_seen, commits_left = -1;

static apr_status_t watch_commit(ccgw_cursor_t *at, ccgw_txn_t *txn, ccgw_durability_t durability)
{
    last_durability = durability;
    if (commits_left >= 0 && commits_left-- == 0)
        return CCGW_ESTORE;
    return provider->commit(at, txn, durability);
}

static apr_status_t watch_scan(ccgw_record_t **records, int *n, ccgw_txn_t *txn, ccgw_table_t table, ccgw_buf_t from,
                               ccgw_buf_t to, int max)
{
    apr_status_t rv = provider->scan(records, n, txn, table, from, to, max);

    records_seen += *n;
    return rv;
}

static apr_time_t tell_now(void *baton)
{
    return now;
}

/* ---- texts ---- */

static ccgw_media_t queue_media = CCGW_MEDIA_SMS;

static apr_status_t put_text(ccgw_work_t *work, void *baton)
{
    return ccgw_outbox_put(work, baton);
}

static void queue_text(const ccgw_tenant_t *tenant, ccgw_id_t session, int index, const char *to)
{
    const ccgw_message_t message = {
        .index = index, .type = CCGW_MESSAGE_TEXT, .text = "hi", .delivery = CCGW_OUTBOX_QUEUED
    };
    ccgw_outbox_t entry = {
        .session = session, .index = index, .media = queue_media, .from = "+15550000", .to = to, .text = "hi", .at = now
    };
    ccgw_call_t call;

    write_record(tenant->name, CCGW_TABLE_MESSAGE, ccgw_message_key(tenant, session, index, pool), &ccgw_message_record,
                 &message);
    ccgw_call_init(&call, &core, tenant, NULL, NULL, pool);
    if (ccgw_run(&call, put_text, &entry, CCGW_DURABLE_UNSET) != APR_SUCCESS) {
        printf("Bail out! a text cannot be queued\n");
        exit(1);
    }
    now += 1000;
}

/* The message's delivery as agents are shown it. */
static int delivery(const ccgw_tenant_t *tenant, ccgw_id_t session, int index)
{
    ccgw_record_t record =
        read_record(tenant->name, CCGW_TABLE_MESSAGE, ccgw_message_key(tenant, session, index, pool));
    ccgw_message_t message = { .delivery = -1 };

    if (record.version)
        ccgw_record_decode(&message, &ccgw_message_record, record.value, pool);
    return message.delivery;
}

static int accepted(const ccgw_tenant_t *tenant, const char *to, ccgw_outbox_t **entries)
{
    ccgw_outbox_t *list;
    ccgw_call_t call;
    int n = -1;

    ccgw_call_init(&call, &core, tenant, NULL, NULL, pool);
    if (ccgw_outbox_list(entries ? entries : &list, &n, &call, to) != APR_SUCCESS)
        return -1;
    return n;
}

/* ---- a carrier ---- */

typedef struct carrier_t {
    apr_status_t answer;
    char log[4096]; /* "session.index/tries+doubts " of each text */
    int count;
    ccgw_durability_t durability;
    void (*meanwhile)(void); /* what happens while the first request is under way */
    ccgw_media_t down;       /* whose carrier takes nothing */
    int refused;             /* how often it was asked */
} carrier_t;

static carrier_t carrier;
static ccgw_outbox_left_t left;

static apr_status_t carry(void *baton, const char **why, const ccgw_outbox_t *entry, apr_pool_t *scratch)
{
    void (*meanwhile)(void) = carrier.meanwhile;

    carrier.count++;
    carrier.durability = last_durability;
    strcat(carrier.log,
           apr_psprintf(scratch, "%d.%d/%d+%d ", (int)entry->session, entry->index, entry->tries, entry->doubts));
    *why = "a reason";
    carrier.meanwhile = NULL;
    if (meanwhile)
        meanwhile();
    if (carrier.down && entry->media == (int)carrier.down) {
        carrier.refused++;
        return CCGW_EBUSY;
    }
    return carrier.answer;
}

static ccgw_outbox_sender_t sender = { carry, NULL, 100 };

static apr_status_t run(void)
{
    apr_status_t rv;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    rv = ccgw_outbox_run(&left, &core, &sender, scratch);
    apr_pool_destroy(scratch);
    return rv;
}

/* What one round sends when the carrier answers so. */
static const char *round_of(apr_status_t answer)
{
    carrier.log[0] = '\0';
    carrier.answer = answer;
    return run() == APR_SUCCESS ? carrier.log : "(failed)";
}

static void begin(void)
{
    memset(&carrier, 0, sizeof carrier);
    memset(sender.quiet_until, 0, sizeof sender.quiet_until);
    sender.max = 100;
    said[0] = '\0';
}

/* ---- cases ---- */

static void test_order(void)
{
    ccgw_outbox_t *list = NULL;

    begin();
    queue_text(demo, 12, 1, "+41");
    queue_text(demo, 11, 1, "+42");
    queue_text(demo, 11, 2, "+42");
    queue_text(demo, 11, 5, "+42");
    is_str(round_of(APR_SUCCESS), "12.1/1+0 11.1/1+0 ", "one text of each session leaves, the oldest first");
    is_int(carrier.durability, CCGW_DURABLE_DISK, "its claim is on disk before the carrier hears of it");
    is_int(left, CCGW_OUTBOX_NOW, "more may leave at once");
    is_str(round_of(APR_SUCCESS), "11.2/1+0 ", "then the next one of the session");
    is_str(round_of(APR_SUCCESS), "11.5/1+0 ", "and the next");
    is_int(left, CCGW_OUTBOX_EMPTY, "nothing is left");
    is_str(round_of(APR_SUCCESS), "", "and nothing is sent twice");
    is_int(delivery(demo, 11, 5), CCGW_OUTBOX_ACCEPTED, "the message shows that it was taken");
    is_int(accepted(demo, "+42", &list), 3, "what was taken is listed");
    ok(list && list[0].index == 1 && list[2].index == 5, "oldest first");
    is_str(list ? list[0].key : NULL, "000000000000000b.1", "under a key that repeats would share");
    is_int(accepted(demo, NULL, NULL), 4, "for all customers too");
}

static void test_tenants(void)
{
    begin();
    queue_text(other, 12, 1, "+41");
    is_str(round_of(APR_SUCCESS), "12.1/1+0 ", "every tenant's texts leave");
    is_int(accepted(other, "+41", NULL), 1, "and are listed");
    is_int(accepted(other, NULL, NULL), 1, "for that tenant only");
}

static void test_refused(void)
{
    begin();
    queue_text(demo, 21, 1, "+43");
    queue_text(demo, 21, 2, "+43");
    is_str(round_of(CCGW_EREFUSED), "21.1/1+0 ", "a text is refused");
    is_int(delivery(demo, 21, 1), CCGW_OUTBOX_REFUSED, "which the message shows");
    ok(was_said("CCGW0301: session 0000000000000015, message 1: the carrier refused the text: a reason"),
       "and the log");
    is_str(round_of(APR_SUCCESS), "21.2/1+0 ", "the next one does not wait for it");
    is_int(accepted(demo, "+43", NULL), 1, "and only that was accepted");
}

static void test_busy(void)
{
    static const int pauses[] = { 1, 2, 4, 8, 16, 30, 30 };
    apr_size_t i;
    int in_time = 1;

    begin();
    queue_text(demo, 31, 1, "+44");
    queue_text(demo, 32, 1, "+45");
    is_str(round_of(CCGW_EBUSY), "31.1/1+0 ", "a carrier that is down is asked once in a round");
    is_int(left, CCGW_OUTBOX_LATER, "and will be asked again");
    is_int(delivery(demo, 31, 1), CCGW_OUTBOX_QUEUED, "its text waits as before");
    is_str(round_of(APR_SUCCESS), "", "nor at once in the next one");
    is_int(left, CCGW_OUTBOX_LATER, "which is none to repeat at once");
    now += CCGW_OUTBOX_PAUSE;
    is_str(round_of(APR_SUCCESS), "32.1/1+0 ", "after a pause another text is tried");
    now -= CCGW_OUTBOX_PAUSE;
    for (i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        now += pauses[i] * SECOND - 1;
        in_time &= !*round_of(CCGW_EBUSY);
        now += 1;
        in_time &= *round_of(CCGW_EBUSY) != '\0';
    }
    ok(in_time, "the pauses double from one second to thirty");
    now += 30 * SECOND;
    is_str(round_of(APR_SUCCESS), "31.1/9+0 ", "and at last it is taken, without a doubt that it came once");
    is_int(delivery(demo, 31, 1), CCGW_OUTBOX_ACCEPTED, "which the message shows");
}

static void test_unknown(void)
{
    begin();
    queue_text(demo, 41, 1, "+46");
    queue_text(demo, 41, 2, "+46");
    is_str(round_of(CCGW_EUNKNOWN), "41.1/1+0 ", "the link breaks");
    is_int(delivery(demo, 41, 1), CCGW_OUTBOX_UNKNOWN, "the message shows that nobody knows");
    ok(was_said("CCGW0304"), "and the log");
    now += UNKNOWN_FOR - 2000;
    is_str(round_of(APR_SUCCESS), "", "a report is waited for; the next text waits too");
    now += 2000;
    is_str(round_of(APR_SUCCESS), "41.1/2+1 ", "then it is sent again, marked");
    ok(was_said("CCGW0302: session 0000000000000029, message 1: no report came, the text is sent "
                "again, try 2"),
       "and logged");
    is_int(delivery(demo, 41, 1), CCGW_OUTBOX_ACCEPTED, "the message shows that it was taken");
    is_str(round_of(APR_SUCCESS), "41.2/1+0 ", "and the next one follows");
}

/* A carrier that breaks the link each time: after FIRST, and then so many minutes after each further try, the text is
 * sent again. */
static void test_doubts(ccgw_id_t session, apr_interval_time_t first, const int minutes[7])
{
    int i, late = 1;

    begin();
    core.limits.outbox_unknown = first;
    queue_text(demo, session, 1, "+461");
    round_of(CCGW_EUNKNOWN);
    for (i = 0; i < 7; i++) {
        now += minutes[i] * 60 * SECOND - 2000;
        late &= !*round_of(CCGW_EUNKNOWN);
        now += 2000;
        is_str(round_of(CCGW_EUNKNOWN), apr_psprintf(pool, "%d.1/%d+%d ", (int)session, i + 2, i + 1),
               "in doubt for the %d. time it is sent again after %d minutes", i + 1, minutes[i]);
    }
    ok(late, "and never sooner");
    core.limits.outbox_unknown = UNKNOWN_FOR;
    now += 100 * 3600 * SECOND;
    round_of(APR_SUCCESS);
    is_int(delivery(demo, session, 1), CCGW_OUTBOX_ACCEPTED, "until it is taken");
}

static void run_again(void)
{
    apr_status_t answer = carrier.answer;

    carrier.answer = APR_SUCCESS;
    run();
    carrier.answer = answer;
}

static void expire_and_run(void)
{
    now += LEASE_ENDS;
    run_again();
}

static void expire_and_send_again(void)
{
    expire_and_run();
    now += UNKNOWN_FOR;
    run_again();
}

static void run_busy(void)
{
    apr_status_t answer = carrier.answer;

    carrier.answer = CCGW_EBUSY;
    run();
    carrier.answer = answer;
}

static void expire_and_lose_again(void)
{
    apr_status_t answer = carrier.answer;

    expire_and_run();
    now += UNKNOWN_FOR;
    carrier.answer = CCGW_EUNKNOWN;
    run();
    carrier.answer = answer;
}

static void test_overlap(void)
{
    begin();
    queue_text(demo, 51, 1, "+47");
    carrier.meanwhile = run_again;
    is_str(round_of(APR_SUCCESS), "51.1/1+0 ", "while a text is under way nobody else sends it");
    is_int(accepted(demo, "+47", NULL), 1, "and it is taken once");

    begin();
    queue_text(demo, 52, 1, "+48");
    carrier.meanwhile = expire_and_run;
    is_str(round_of(APR_SUCCESS), "52.1/1+0 ", "when its claim ran out meanwhile it is not sent at once");
    is_int(delivery(demo, 52, 1), CCGW_OUTBOX_ACCEPTED, "and a late answer still counts");
    is_int(left, CCGW_OUTBOX_EMPTY, "for good");

    begin();
    queue_text(demo, 53, 1, "+49");
    carrier.meanwhile = expire_and_send_again;
    is_str(round_of(CCGW_EREFUSED), "53.1/1+0 53.1/2+1 ", "when it was sent again meanwhile");
    is_int(delivery(demo, 53, 1), CCGW_OUTBOX_ACCEPTED, "the answer to the later try counts");
    ok(was_said("CCGW0305"), "and the log tells of the other");
}

static void test_race(void)
{
    begin();
    queue_text(demo, 54, 1, "+54");
    carrier.meanwhile = expire_and_lose_again;
    is_str(round_of(CCGW_EREFUSED), "54.1/1+0 54.1/2+1 ", "while a later try's fate is unknown");
    is_int(delivery(demo, 54, 1), CCGW_OUTBOX_UNKNOWN, "the answer to an earlier one settles nothing");
    now += 2 * UNKNOWN_FOR;
    is_str(round_of(APR_SUCCESS), "54.1/3+2 ", "and it is sent again");

    begin();
    queue_text(demo, 55, 1, "+55");
    queue_text(demo, 56, 1, "+56");
    carrier.meanwhile = run_busy;
    is_str(round_of(APR_SUCCESS), "55.1/1+0 56.1/1+0 ", "a text that somebody else put back waits for its time");
    now += SECOND;
    is_str(round_of(APR_SUCCESS), "56.1/2+0 ", "and leaves then");

    begin();
    queue_text(demo, 57, 1, "+57");
    queue_text(demo, 58, 1, "+58");
    queue_text(demo, 58, 2, "+58");
    carrier.meanwhile = run_again;
    is_str(round_of(APR_SUCCESS), "57.1/1+0 58.1/1+0 ",
           "what follows a text that somebody else sent is not taken for it");
    is_str(round_of(APR_SUCCESS), "58.2/1+0 ", "but leaves in the next round");
}

/* ---- what is left ---- */

static void test_left(void)
{
    begin();
    queue_text(demo, 81, 1, "+81");
    queue_text(demo, 82, 1, "+82");
    queue_text(demo, 82, 2, "+82");
    queue_text(demo, 83, 1, "+83");
    sender.max = 2;
    is_str(round_of(APR_SUCCESS), "81.1/1+0 82.1/1+0 ", "a run sends no more than it may");
    is_int(left, CCGW_OUTBOX_NOW, "and says that the next may come at once");
    is_str(round_of(APR_SUCCESS), "82.2/1+0 83.1/1+0 ", "which goes on with the oldest");
    is_int(left, CCGW_OUTBOX_EMPTY, "until nothing is left");

    begin();
    queue_text(demo, 84, 1, "+84");
    queue_text(demo, 84, 2, "+84");
    is_str(round_of(CCGW_EREFUSED), "84.1/1+0 ", "what is refused leaves too");
    is_int(left, CCGW_OUTBOX_NOW, "so what is behind it may go");
    is_str(round_of(CCGW_EUNKNOWN), "84.2/1+0 ", "when nobody knows whether it left");
    is_int(left, CCGW_OUTBOX_LATER, "there is something to wait for");
    now += UNKNOWN_FOR;
    is_str(round_of(APR_SUCCESS), "84.2/2+1 ", "and then to send");
}

/* The carriers of two media have nothing to do with each other. */
static int ending;

static void end_child(void)
{
    ending = 1;
}

static void test_ending(void)
{
    begin();
    sender.ending = &ending;
    queue_text(demo, 45, 1, "+451");
    queue_text(demo, 46, 1, "+461");
    carrier.meanwhile = end_child;
    is_str(round_of(APR_SUCCESS), "45.1/1+0 ", "a child that ends finishes the text it has begun, and begins no other");
    is_int(delivery(demo, 45, 1), CCGW_OUTBOX_ACCEPTED, "the one is settled");
    is_int(delivery(demo, 46, 1), CCGW_OUTBOX_QUEUED, "the other unclaimed");
    is_str(round_of(APR_SUCCESS), "", "and stays so");
    ending = 0;
    is_str(round_of(APR_SUCCESS), "46.1/1+0 ", "the next child sends it");
    sender.ending = NULL;
}

static void test_quiet(void)
{
    int rounds;

    begin();
    for (rounds = 1; rounds <= 20; rounds++)
        queue_text(demo, 1000 + (ccgw_id_t)rounds, 1, "+85");
    queue_media = CCGW_MEDIA_CHAT;
    for (rounds = 1; rounds <= 100; rounds++)
        queue_text(demo, 2000, rounds, "web");
    queue_media = CCGW_MEDIA_SMS;
    carrier.down = CCGW_MEDIA_SMS;
    for (rounds = 0, left = CCGW_OUTBOX_NOW; left == CCGW_OUTBOX_NOW && rounds < 200; rounds++) {
        round_of(APR_SUCCESS);
        now += CCGW_OUTBOX_PAUSE / 10;
    }
    is_int(rounds, 101, "a carrier that takes everything is asked again and again");
    is_int(carrier.refused, 11, "and one that is down meanwhile once in ten of those rounds");
    carrier.down = CCGW_MEDIA_UNSET;
    now += 60 * SECOND;
    round_of(APR_SUCCESS);
    is_int(left, CCGW_OUTBOX_EMPTY, "until it is up again");
}

/* Who sends is killed while the request is under way. */
static int *requests_of_child;

static void die_here(void)
{
    ++*requests_of_child;
    kill(getpid(), SIGKILL);
}

static void send_and_die(void)
{
    if (provider->open_child(store, NULL, NULL, pool) != APR_SUCCESS)
        _exit(1);
    alarm(20);
    carrier.meanwhile = die_here;
    run();
    _exit(2);
}

static void test_killed(void)
{
    int status = 0;
    pid_t child;

    requests_of_child = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    begin();
    queue_text(demo, 61, 1, "+50");
    queue_text(demo, 61, 2, "+50");
    fflush(stdout);
    child = fork();
    if (!child)
        send_and_die();
    waitpid(child, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the sender dies while its request is under way");
    is_int(*requests_of_child, 1, "which the carrier got");
    is_str(round_of(APR_SUCCESS), "", "its claim holds");
    now += LEASE_ENDS;
    is_str(round_of(APR_SUCCESS), "", "when it ran out nobody knows whether the text arrived");
    is_int(delivery(demo, 61, 1), CCGW_OUTBOX_UNKNOWN, "which the message shows");
    ok(was_said("CCGW0306"), "and the log");
    is_str(round_of(APR_SUCCESS), "", "a report is waited for");
    now += UNKNOWN_FOR;
    is_str(round_of(APR_SUCCESS), "61.1/2+1 ", "then it is sent again, once");
    is_str(round_of(APR_SUCCESS), "61.2/1+0 ", "and the next one follows");
    is_int(accepted(demo, "+50", NULL), 2, "both were taken");
    munmap(requests_of_child, sizeof(int));
}

/* The state directory has one owner: what a server before this one claimed, nobody sends any more. */
static void test_server_killed(void)
{
    begin();
    queue_text(demo, 63, 1, "+63");
    queue_text(demo, 63, 2, "+63");
    commits_left = 1;
    is_str(round_of(APR_SUCCESS), "(failed)", "all die between the claim and the answer");
    commits_left = -1;
    now += SECOND;
    core.started = now - 2 * SECOND;
    is_str(round_of(APR_SUCCESS), "", "a claim of this life of the server holds");
    is_int(delivery(demo, 63, 1), CCGW_OUTBOX_QUEUED, "and nothing is known yet");
    core.started = now;
    is_str(round_of(APR_SUCCESS), "", "in the next life nobody knows at once whether the text arrived");
    is_int(delivery(demo, 63, 1), CCGW_OUTBOX_UNKNOWN, "which the message shows");
    ok(was_said("CCGW0306"), "and the log");
    is_str(round_of(APR_SUCCESS), "", "a report is waited for");
    now += UNKNOWN_FOR - 1;
    is_str(round_of(APR_SUCCESS), "", "as long as after any doubt");
    now += 1;
    is_str(round_of(APR_SUCCESS), "63.1/2+1 ", "then it is sent again");
    is_str(round_of(APR_SUCCESS), "63.2/1+0 ", "and the next one follows");

    begin();
    queue_text(demo, 64, 1, "+64");
    core.started = now;
    carrier.meanwhile = run_again;
    is_str(round_of(APR_SUCCESS), "64.1/1+0 ", "a claim of the moment the server came up is this life's");
    ok(!strstr(said, "CCGW0306"), "and holds while it is under way");
    core.started = 0;
}

/* The outcome cannot be written: as good as killed after the answer. */
static void test_store_fails(void)
{
    begin();
    queue_text(demo, 62, 1, "+51");
    commits_left = 0;
    is_str(round_of(APR_SUCCESS), "(failed)", "a store that cannot write");
    is_int(carrier.count, 0, "lets nothing out: there is no claim");
    commits_left = 1;
    round_of(APR_SUCCESS);
    commits_left = -1;
    is_int(carrier.count, 1, "when it fails after the claim the text is out");
    is_str(round_of(APR_SUCCESS), "", "but not sent twice in a row");
    now += LEASE_ENDS;
    round_of(APR_SUCCESS);
    now += UNKNOWN_FOR;
    is_str(round_of(APR_SUCCESS), "62.1/2+1 ", "only after the time for a report, marked");
}

static void test_done(void)
{
    ccgw_table_t *tables;
    ccgw_record_t *due;
    apr_time_t next;
    int n = -1, i, before;

    begin();
    for (i = 1; i <= 300; i++)
        queue_text(demo, 71, i, "+52");
    is_str(round_of(APR_SUCCESS), "71.1/1+0 ", "of a session with three hundred texts one leaves at a time");
    for (i = 2; i <= 300; i++)
        round_of(APR_SUCCESS);
    is_int(accepted(demo, "+52", NULL), 300, "three hundred texts are done");
    queue_text(demo, 72, 1, "+53");
    records_seen = 0;
    is_str(round_of(APR_SUCCESS), "72.1/1+0 ", "one more is sent");
    ok(records_seen < 10, "without a look at what is done (%d records)", records_seen);

    before = accepted(demo, NULL, NULL);
    provider->due(&due, &tables, &n, &next, store, 0, now, 10, pool);
    is_int(n, 0, "what is done is kept for a day");
    provider->due(&due, &tables, &n, &next, store, 0, now + apr_time_from_sec(86400), 1, pool);
    if (!ok(n == 1 && tables[0] == CCGW_TABLE_OUTBOX, "then it is due"))
        return;
    ccgw_outbox_due(&core, demo, due[0].key, pool);
    is_int(accepted(demo, NULL, NULL), before, "too early it is not dropped");
    now += apr_time_from_sec(86400);
    ccgw_outbox_due(&core, demo, due[0].key, pool);
    is_int(accepted(demo, NULL, NULL), before - 1, "in time it is");
}

int main(void)
{
    const ccgw_floor_file_t *file;

    open_all();
    file = read_floor(floor_text);
    if (ccgw_floor_merge(provider, store, file, pool) != APR_SUCCESS) {
        printf("Bail out! no floor\n");
        return 1;
    }
    watched = *provider;
    watched.commit = watch_commit;
    watched.scan = watch_scan;
    core.provider = &watched;
    core.store = store;
    core.floor = load_floor(file);
    core.now = core.wall = tell_now;
    core.limits.outbox_unknown = UNKNOWN_FOR;
    demo = ccgw_floor_tenant(core.floor, "demo");
    other = ccgw_floor_tenant(core.floor, "other");
    test_order();
    test_tenants();
    test_refused();
    test_busy();
    test_unknown();
    test_overlap();
    test_race();
    test_left();
    test_ending();
    test_quiet();
    test_killed();
    test_server_killed();
    test_store_fails();
    test_done();
    test_doubts(42, 300 * SECOND, (const int[]){ 5, 10, 20, 40, 60, 60, 60 });
    test_doubts(43, 7200 * SECOND, (const int[]){ 120, 120, 120, 120, 120, 120, 120 });
    close_all();
    return done_testing();
}
