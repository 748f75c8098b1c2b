# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-faults.t: httpd down while customers write, Kannel down while agents answer, smsbox killed while both flow.
#
# What Kannel promises and what not, as found here: a text that smsbox has to hand in again (httpd is down, or says "not
# now") comes in no particular order and lives in smsbox's memory alone; a text on its very way while smsbox is killed
# may go with it. So order is looked at where nothing was handed in again. With CCGW_LONG=1 httpd is down for 30 s.
use strict;
use warnings;
use CcgwSms;

my ($server, $kannel) = sms_house(conf => "CcgwOutboxUnknown 1s\n");
my ($anna) = sms_agents($server, 'anna');
my $DOWN = $ENV{CCGW_LONG} ? 30 : 0;

# Those of WANT that are not in GOT, and those that are more than once.
sub missing_and_doubled
{
    my ($got, $want) = @_;
    my %times;
    $times{$_}++ for @$got;
    return ([grep { !$times{$_} } @$want], [grep { $times{$_} > 1 } sort keys %times]);
}

sub first_times
{
    my %seen;
    return grep { !$seen{$_}++ } @_;
}

subtest 'texts written while httpd is down come in when it is back: each once, one session for each customer' => sub {
    my ($known, @new) = map { new_customer() } 1 .. 3;
    $kannel->writes($known, 'before');
    my %talk = ($known => takes($anna, $known));
    my %wrote = ($known => ['before']);
    my $began = time;
    $server->stop;
    for (my $i = 1; $i <= 3 || time < $began + $DOWN; $i++) {
        for my $customer ($known, @new) {
            $kannel->writes($customer, "text $i");
            push @{$wrote{$customer}}, "text $i";
        }
        select undef, undef, undef, 0.3 if $DOWN;
    }
    ok(CcgwServer::wait_true(sub { (() = $kannel->log('smsbox') =~ /Couldn't fetch|error connecting to server/g) >= 9 }, 20),
        'smsbox could not hand them in');
    $server->again;
    $talk{$_} = takes($anna, $_) for @new;
    for my $customer ($known, @new) {
        my @want = @{$wrote{$customer}};
        wait_until(sub { texts_in($anna, $talk{$customer}) >= @want }, 30);
        is_deeply([sort(texts_in($anna, $talk{$customer}))], [sort @want], 'none is lost and none doubled');
        is(scalar(my @offers = offers($anna, $customer)), 1, '... in one session');
        answers($anna, $talk{$customer}, 'we were away');
        gets_all($kannel, $customer, 'we were away');
        ok(over($anna, $talk{$customer}), 'it ends');
    }
};

subtest 'answers given while Kannel is down leave when it is back: in order, each once' => sub {
    my @talks = map {
        my $customer = new_customer();
        $kannel->writes($customer, 'hello');
        takes($anna, $customer);
    } 1 .. 3;
    answers($anna, $_, 'answer 0') for @talks;
    gets_all($kannel, $_->{from}, 'answer 0') for @talks;
    $kannel->halt;
    for my $i (1 .. 5) {
        answers($anna, $_, "answer $i") for @talks;
    }
    ok(wait_until(sub { $server->errors(qr/CCGW0303/) }), 'the log says that the carrier does not take them');
    $kannel->start;
    for (@talks) {
        gets_all($kannel, $_->{from}, map { "answer $_" } 0 .. 5);
        answers($anna, $_, 'and on');
        gets_all($kannel, $_->{from}, map({ "answer $_" } 0 .. 5), 'and on');
        ok(over($anna, $_), 'it ends');
    }
};

subtest 'smsbox is killed while answers flow: none is lost, and doubled is only what the log names' => sub {
    my $customer = new_customer();
    $kannel->writes($customer, 'tell me all');
    my $talk = takes($anna, $customer);
    my @texts = map { "answer $_" } 1 .. 60;
    my $again = () = $server->errors(qr/CCGW0302/);
    answers($anna, $talk, @texts[0 .. 29]);
    $kannel->kill_smsbox;
    answers($anna, $talk, @texts[30 .. 59]);
    $kannel->start_smsbox;
    ok($kannel->reads($customer, qr/^answer 60$/, 40), 'the last one arrives') or diag($kannel->describe);
    my @got = $kannel->texts($customer);
    is_deeply([first_times(@got)], \@texts, 'all arrive in order');
    my ($missing, $doubled) = missing_and_doubled(\@got, \@texts);
    $again = (() = $server->errors(qr/CCGW0302/)) - $again;
    cmp_ok(@got - @texts, '<=', $again, "... and once, but for those that were sent again: $again")
        or diag("@$doubled", $server->errors(qr/CCGW030/));
    ok(over($anna, $talk), 'it ends');
};

subtest 'smsbox is killed while texts flow: at most the one in its hands is lost, none is doubled' => sub {
    my $customer = new_customer();
    $kannel->writes($customer, 'hello');
    my $talk = takes($anna, $customer);
    my @texts = map { "text $_" } 1 .. 200;
    $kannel->begins_to_write($customer, \@texts);
    ok(wait_until(sub { texts_in($anna, $talk) > 20 }), 'some have come in');
    $kannel->kill_smsbox;
    my @before = texts_in($anna, $talk);
    cmp_ok(scalar @before, '<', 201, '... and others not');
    $kannel->has_written->writes($customer, 'while it was away');
    $kannel->start_smsbox->writes($customer, 'last');
    wait_until(sub { grep { $_ eq 'last' } texts_in($anna, $talk) });
    wait_until(sub { texts_in($anna, $talk) >= 202 }, 5);
    my @got = texts_in($anna, $talk);
    my ($missing, $doubled) = missing_and_doubled(\@got, ['hello', @texts, 'while it was away', 'last']);
    cmp_ok(scalar @$missing, '<=', 1, 'the others come in when it is back') or diag("missing: @$missing");
    is("@$doubled", '', '... each once');
    is_deeply([@before], ['hello', @texts[0 .. $#before - 1]], 'up to then they came in order');
    my @number = map { /^text (\d+)$/ } @got;
    my $overtaken = grep { $number[$_] < $number[$_ - 1] } 1 .. $#number;
    cmp_ok($overtaken, '<', 15, '... and then, but for a few that bearerbox gave twice, as well') or diag("@number");
    ok(over($anna, $talk), 'it ends');
};

go_home($anna);
whole($kannel, $server);
done_testing;
