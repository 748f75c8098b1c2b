# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-odd.t: what no handset should send, and some do: binary texts, texts that are cut in the middle of a character.
use strict;
use warnings;
use utf8;
use CcgwSms;

my ($server, $kannel) = sms_house();
my ($anna) = sms_agents($server, 'anna');

# One who writes a hundred texts in one go; how many of them overtook another one.
sub overtakings
{
    my $customer = new_customer();
    my @texts = map { "text $_" } 1 .. 100;
    $kannel->writes($customer, \@texts);
    my $talk = takes($anna, $customer);
    wait_until(sub { texts_in($anna, $talk) >= @texts }, 30);
    my @number = map { /(\d+)/ } texts_in($anna, $talk);
    is(scalar @number, scalar @texts, 'all come in');
    ok(over($anna, $talk), 'it ends');
    return scalar grep { $number[$_] < $number[$_ - 1] } 1 .. $#number;
}

# TEXT as fakesmsc is told it, which begins with its type.
sub sends_oddly
{
    my ($customer, $text) = @_;
    $kannel->hand_over(1, "$customer +15550000 $text")->has_written;
}

subtest 'a binary text is dropped, and the texts of all others go on to come in in order' => sub {
    my $odd = new_customer();
    sends_oddly($odd, 'data %01%02%FF%00a');
    ok(wait_until(sub { $server->errors(qr/CCGW0451: customer\.says: .* dropped: charset: /) }), 'the log says so');
    is(overtakings() + overtakings() + overtakings(), 0, 'no text overtakes another');
    is((() = $server->access_log =~ m{/ccgw/kannel/mo\S* HTTP/1\.1" (?!200)}g), 0, 'smsbox was told nothing but 200');
};

subtest 'a text with half a character comes in, with U+FFFD there' => sub {
    my $customer = new_customer();
    $kannel->writes($customer, 'hello');
    my $talk = takes($anna, $customer);
    sends_oddly($customer, 'ucs2 %D8%3D%00a');
    $kannel->writes($customer, 'whole 😀');
    reads_all($anna, $talk, 'hello', "\x{fffd}a", 'whole 😀');
    ok(over($anna, $talk), 'it ends');
    is(overtakings(), 0, 'no text overtakes another afterwards');
};

go_home($anna);
whole($kannel, $server);
done_testing;
