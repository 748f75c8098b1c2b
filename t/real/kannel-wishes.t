# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-wishes.t: a customer says STOP, and START again; another one writes more than is taken at once.
use strict;
use warnings;
use CcgwSms;

my ($server, $kannel) = sms_house(conf => "CcgwRateLimit sms customer=8/1s\n");
my ($anna, $eve) = sms_agents($server, 'anna', 'eve');

# The customer's wish as the desktop is told it.
sub is_told
{
    my ($agent, $talk, $text) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok($agent->{desk}->wait_for(told_entry($talk, 'CustomNotice', noticeText => $text)), "$agent->{login} is told: $text")
        or diag($agent->{desk}->describe);
}

subtest 'after STOP nothing leaves until START' => sub {
    my $customer = new_customer();
    $kannel->writes($customer, 'hello');
    my $talk = takes($anna, $customer);
    answers($anna, $talk, 'before');
    gets_all($kannel, $customer, 'before');

    $kannel->writes($customer, 'Stop!');
    is_told($anna, $talk, 'The customer wants no more texts.');
    refused($anna->op($talk->{path}, 'SendMessage', text => 'but why?'), 2, 'her next text is refused');
    $kannel->writes($customer, 'START');
    is_told($anna, $talk, 'The customer wants texts again.');
    answers($anna, $talk, 'after');
    gets_all($kannel, $customer, 'before', 'after');
    reads_all($anna, $talk, 'hello', 'Stop!', 'START');
    ok(over($anna, $talk), 'it ends');
};

subtest 'STOP to one number is for that one alone, and outlives the session' => sub {
    my $customer = new_customer();
    $kannel->writes($customer, 'hello, demo');
    my $mine = takes($anna, $customer);
    $kannel->writes($customer, 'hello, other', to => '+15559999');
    my $theirs = takes($eve, $customer);
    $kannel->writes($customer, 'STOP');
    is_told($anna, $mine, 'The customer wants no more texts.');
    answers($eve, $theirs, 'here all goes on');
    ok(over($anna, $mine), 'it ends');

    $kannel->writes($customer, 'one question');
    $mine = takes($anna, $customer);
    refused($anna->op($mine->{path}, 'SendMessage', text => 'yes?'), 2, 'he may write, and is not written to');
    gets_all($kannel, $customer, 'here all goes on');
    ok(over($anna, $mine), 'it ends');
    $kannel->writes($customer, 'unstop');
    $kannel->writes($customer, 'now I listen');
    $mine = takes($anna, $customer);
    answers($anna, $mine, 'good');
    gets_all($kannel, $customer, 'here all goes on', 'good');
    ok(over($anna, $mine), 'it ends');
    ok(over($eve, $theirs), 'so does the other');
};

# In what order smsbox hands in again is its own affair.
subtest 'who writes too fast is heard in the end: every text, each once' => sub {
    my ($hasty, $calm) = (new_customer(), new_customer());
    my @texts = map { "text $_" } 1 .. 20;
    $kannel->writes($hasty, \@texts);
    my $talk = takes($anna, $hasty);
    $kannel->writes($calm, 'no hurry');
    my $other = takes($anna, $calm);
    reads_all($anna, $other, 'no hurry');
    ok(wait_until(sub { texts_in($anna, $talk) >= @texts }, 30), 'all come in');
    is_deeply([sort(texts_in($anna, $talk))], [sort @texts], '... and each once');
    is_deeply([(texts_in($anna, $talk))[0 .. 7]], [@texts[0 .. 7]], '... as many as are taken at once in their order');
    my $later = () = $server->access_log =~ m{GET /ccgw/kannel/mo\S* HTTP/1\.1" 429 }g;
    cmp_ok($later, '>=', 12, '... because smsbox asked again for those that were too many');
    ok(over($anna, $_), 'it ends') for $talk, $other;
};

go_home($anna, $eve);
whole($kannel, $server);
done_testing;
