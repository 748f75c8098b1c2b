# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-numbers.t: which session a text belongs to: two tenants' numbers over one Kannel, the customer's open session,
# and the new one after its end.
use strict;
use warnings;
use CcgwSms;

my ($server, $kannel) = sms_house();
my ($anna, $eve) = sms_agents($server, 'anna', 'eve');
my %number = (anna => '+15550000', eve => '+15559999');

sub senders
{
    my ($customer) = @_;
    return [map { "$_->{from}: $_->{text}" } $kannel->joined($customer)];
}

# All a desktop was ever told, as one string.
sub told_in_all { ${$_[0]{raw}} }

subtest 'each number belongs to one tenant, whose agent alone hears of it' => sub {
    my ($hers, $theirs) = (new_customer(), new_customer());
    $kannel->writes($hers, 'for the demo tenant', to => $number{anna});
    $kannel->writes($theirs, 'for the other tenant', to => $number{eve});
    my ($a, $e) = (takes($anna, $hers), takes($eve, $theirs));
    reads_all($anna, $a, 'for the demo tenant');
    reads_all($eve, $e, 'for the other tenant');
    answers($anna, $a, 'demo speaking');
    answers($eve, $e, 'other speaking');
    gets_all($kannel, $hers, 'demo speaking');
    gets_all($kannel, $theirs, 'other speaking');
    is_deeply(senders($hers), ["$number{anna}: demo speaking"], 'the answer comes from the number that was written to');
    is_deeply(senders($theirs), ["$number{eve}: other speaking"], '... of each tenant');
    ok(over($anna, $a), 'one ends');
    ok(over($eve, $e), 'the other ends');
    unlike(told_in_all($anna), qr/other (?:tenant|speaking)|\Q$theirs\E/, 'nothing of the other tenant came to anna');
    unlike(told_in_all($eve), qr/demo (?:tenant|speaking)|\Q$hers\E/, '... and nothing of hers to eve');
};

subtest 'a customer of both tenants has a session with each' => sub {
    my $customer = new_customer();
    $kannel->writes($customer, 'red?', to => $number{anna});
    my $a = takes($anna, $customer);
    $kannel->writes($customer, 'blue?', to => $number{eve});
    my $e = takes($eve, $customer);
    $kannel->writes($customer, 'red!', to => $number{anna});
    $kannel->writes($customer, 'blue!', to => $number{eve});
    reads_all($anna, $a, 'red?', 'red!');
    reads_all($eve, $e, 'blue?', 'blue!');
    answers($eve, $e, 'blue it is');
    gets_all($kannel, $customer, 'blue it is');
    answers($anna, $a, 'red it is');
    gets_all($kannel, $customer, 'blue it is', 'red it is');
    is_deeply(senders($customer), ["$number{eve}: blue it is", "$number{anna}: red it is"], 'he can tell them apart');
    ok(over($anna, $a), 'one ends');
    $kannel->writes($customer, 'still blue', to => $number{eve});
    reads_all($eve, $e, 'blue?', 'blue!', 'still blue');
    ok(over($eve, $e), 'the other goes on until it ends');
};

subtest 'the next text joins the open session; after its end the next one begins another' => sub {
    my $customer = new_customer();
    done_ok($anna->not_ready, 'nobody is there');
    $kannel->writes($customer, 'hello?');
    $kannel->writes($customer, 'anybody?');
    done_ok($anna->op('/me', 'Ready'), 'somebody comes');
    my $first = takes($anna, $customer);
    reads_all($anna, $first, 'hello?', 'anybody?');
    $kannel->writes($customer, 'ah, there you are');
    reads_all($anna, $first, 'hello?', 'anybody?', 'ah, there you are');
    answers($anna, $first, 'here I am');
    gets_all($kannel, $customer, 'here I am');
    ok(over($anna, $first), 'it ends');

    $kannel->writes($customer, 'one thing more');
    my $second = takes($anna, $customer);
    isnt($second->{id}, $first->{id}, 'it is another session');
    reads_all($anna, $second, 'one thing more');
    is_deeply([texts_in($anna, $first)], [], 'the first one is hers no more');
    ok(over($anna, $second), 'it ends');
};

subtest 'what a customer writes in one go comes in as he wrote it' => sub {
    my @texts = map { "text $_" } 1 .. 30;
    my $customer = new_customer();
    $kannel->writes($customer, \@texts);
    my $talk = takes($anna, $customer);
    reads_all($anna, $talk, @texts);
    ok(over($anna, $talk), 'it ends');
};

subtest 'a number that is nobody\'s is told to Kannel\'s log and does not stop the others' => sub {
    my ($lost, $found) = (new_customer(), new_customer());
    $kannel->writes($lost, 'wrong number', to => '+15551111');
    $kannel->writes($found, 'right number');
    my $talk = takes($anna, $found);
    reads_all($anna, $talk, 'right number');
    ok(wait_until(sub { $server->access_log =~ m{/ccgw/kannel/mo\?\S*to=%2B15551111\S* HTTP/1.1" 4\d\d} }), 'it is refused')
        or diag($server->access_log);
    ok($server->errors(qr/:warn\] .*CCGW0451: .* refused: to: nobody on the floor has the number \+15551111$/),
        '... and the log warns of it, by the number');
    unlike(told_in_all($anna), qr/wrong number/, 'nobody is told of it');
    ok(over($anna, $talk), 'it ends');
};

go_home($anna, $eve);
whole($kannel, $server);
done_testing;
