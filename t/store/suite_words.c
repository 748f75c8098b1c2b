/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* suite_words.c: due times, and words without a transaction. */
#include "../unit/tap.h"
#include "ccgw_error.h"
#include "lib/suite.h"

static void test_due(void)
{
    fixture_t f = fresh("due");
    apr_time_t next;

    open_store(&f);
    is_str(read_due(&f, 0, 1000, 10, &next), "", "nothing is due in an empty store");
    is_int(next, 0, "and nothing is next");
    write_as(&f, CCGW_TABLE_SESSION, key("c"), "v", 300);
    write_as(&f, CCGW_TABLE_SESSION, key("a"), "v", 100000);
    write_as(&f, CCGW_TABLE_LOGIN, key("b"), "v", 200);
    write_as(&f, CCGW_TABLE_LOGIN, key("never"), "v", 0);
    is_str(read_due(&f, 0, 300, 10, &next), "2:b 4:c", "records come in the order of their due times");
    is_int(next, 100000, "with the time of the first of the others");
    is_str(read_due(&f, 0, 300, 1, &next), "2:b", "at most MAX come");
    is_int(next, 300, "and the next may be due already");
    is_str(read_due(&f, 201, 300, 10, &next), "4:c", "what is due before FROM does not");
    is_str(read_due(&f, 200, 200, 10, &next), "2:b", "FROM and UNTIL are included");
    write_as(&f, CCGW_TABLE_LOGIN, key("b"), "w", 400);
    is_str(read_due(&f, 0, 500, 10, &next), "4:c 2:b", "a moved due time counts once, where it is now");
    write_as(&f, CCGW_TABLE_LOGIN, key("b"), "x", 400);
    write_as(&f, CCGW_TABLE_SESSION, key("c"), "v", 0);
    write_as(&f, CCGW_TABLE_SESSION, key("a"), NULL, 0);
    is_str(read_due(&f, 0, 1000000, 10, &next), "2:b", "without a due time, or deleted, a record is due no more");
    close_store(&f);
    open_store(&f);
    is_str(read_due(&f, 0, 1000000, 10, &next), "2:b", "due times survive a restart");
    close_store(&f);
}
static void test_words(void)
{
    fixture_t f = fresh("words");
    apr_time_t until = apr_time_now() + apr_time_from_sec(5);
    apr_uint64_t refs;

    open_store(&f);
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 0, "a word never used is 0");
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_STORE, 5), 0, "store gives the old value");
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_RAISE, 3), 5, "raise does not lower");
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_RAISE, 9), 9, "raise raises");
    is_int(word(&f, "a", CCGW_WORD_REFS, CCGW_WORD_ADD, 1), 1, "the first reference number is 1");
    refs = word(&f, "a", CCGW_WORD_REFS, CCGW_WORD_ADD, 1);
    is_int(refs, 2, "the second is 2");
    word(&f, "a", CCGW_WORD_CARRIER, CCGW_WORD_STORE, 42);
    word(&f, "a", CCGW_WORD_TURN, CCGW_WORD_STORE, 8);
    word(&f, "b", CCGW_WORD_SEEN, CCGW_WORD_STORE, 1);
    is_int(word(&f, "b", CCGW_WORD_REFS, CCGW_WORD_LOAD, 0), 0, "keys do not share words");
    provider->forget(f.store, key("b"));
    is_int(word(&f, "b", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 0, "forgotten words are 0");
    provider->housekeep(f.store, 0);
    word(&f, "young", CCGW_WORD_REFS, CCGW_WORD_ADD, 1);
    close_store(&f);

    open_store(&f);
    is_int(word(&f, "a", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 9, "words come back after a restart");
    is_int(word(&f, "b", CCGW_WORD_SEEN, CCGW_WORD_LOAD, 0), 0, "forgotten ones do not");
    is_int(word(&f, "a", CCGW_WORD_CARRIER, CCGW_WORD_LOAD, 0), 0, "no connection of before carries anything");
    ok(word(&f, "a", CCGW_WORD_TURN, CCGW_WORD_LOAD, 0) > 8, "no poll held before is the newest");
    ok(word(&f, "a", CCGW_WORD_REFS, CCGW_WORD_ADD, 1) > refs, "no reference number is given twice");
    ok(word(&f, "young", CCGW_WORD_REFS, CCGW_WORD_ADD, 1) > 1, "not even one that was never saved");
    ok(apr_time_now() < until, "and nothing of it waited");
    close_store(&f);
}

int main(int argc, const char *const *argv)
{
    if (!ok(suite_begin(argc, argv), "the provider is built in"))
        return done_testing();
    test_due();
    test_words();
    suite_end();
    return done_testing();
}
