# Licensed to the Apache License, Version 2.0; see LICENSE.
# floor.t: the floor file changes: who is added can work, who is removed is out and his work goes on, what holds work stays,
# and a faulty file is refused with the place of the fault.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my $text = CcgwServer::slurp('conf/demo/floor.json');
sub floor { return JSON->new->utf8->decode($text) }

# The demo floor without some of its agents.
sub without
{
    my ($floor, @logins) = @_;
    my %gone = map { $_ => 1 } @logins;
    my $agents = $floor->{tenants}[0]{agents};
    @$agents = grep { !$gone{$_->{login}} } @$agents;
    return $floor;
}

my $first = without(floor(), 'dora');
push @{$first->{tenants}[0]{queues}}, {name => 'sales', skills => ['support']};
push @{$first->{tenants}[0]{numbers}}, {number => '+15550001', media => 'sms', queue => 'sales'};
my $server = CcgwServer->start(durability => 'os', floor => $first);
use_server($server);

sub change_floor
{
    my ($floor) = @_;
    $server->{floor} = $floor;
    $server->write_inputs;
    $server->graceful;
}

my ($anna, $bert) = people('anna', 'bert');
my $his = talk($bert);
is(agent('dora', sign_in => 0, basic => 1)->get('/me')->status, 401, 'who is not on the floor is not let in');

subtest 'an agent is added' => sub {
    my $floor = floor();
    $floor->{tenants}[0]{$_} = $first->{tenants}[0]{$_} for 'queues', 'numbers';
    change_floor($floor);
    my ($dora) = people('dora');
    my $talk = talk($dora);
    ok(over($dora, $talk), 'she signs in and works');
    is($bert->get($his->{path})->json->{smssession}{state}, 'Chatting', 'the others work on');
    go_home($dora);
};

subtest 'an agent is removed' => sub {
    $anna->op('/me', 'Ready');
    my $floor = without(floor(), 'bert');
    $floor->{tenants}[0]{$_} = $first->{tenants}[0]{$_} for 'queues', 'numbers';
    change_floor($floor);
    is($bert->get('/me')->status, 401, 'his cookie is worth nothing any more');
    is(agent('bert', sign_in => 0, basic => 1)->get('/me')->status, 401, '... nor is his password');
    is($anna->{desk}->offered($his->{from}), $his->{id}, 'his session is offered to another');
    $anna->op('/me', 'NotReady');
    done_ok($anna->op($his->{path}, 'Accept'), '... who takes it');
    is($anna->get("$his->{path}/messages")->json->{messages}[0]{text}, 'hello', '... with all that was said');
    is(join(' ', map { $_->{nickname} } @{$anna->get($his->{path})->json->{smssession}{participants}}), "$his->{from} Anna", '... and without him');
    ok(over($anna, $his), 'it ends');
};

subtest 'a queue and a workbin that hold work are removed' => sub {
    my $bin = '/me/workbins/6c715fa9-de16-4d23-b07c-cbcb1caf3e07?agentGroup=MyAgentGroup';
    my $parked = talk($anna);
    done_ok($anna->op($bin, 'AddInteraction', id => $parked->{id}), 'one is parked');
    my $from = new_customer();
    customer_says($from, 'I want to buy', to => '+15550001');
    my $floor = floor();
    my $workbins = $floor->{tenants}[0]{workbins};
    @$workbins = grep { $_->{name} ne 'group-bin' } @$workbins;
    change_floor($floor);
    my @said = $server->errors(qr/CCGW0350/);
    like("@said", qr/queue.*sales/, 'the log names the queue');
    like("@said", qr/workbin.*group-bin/, '... and the workbin');
    done_ok($anna->op($bin, 'PullInteraction', id => $parked->{id}), 'what was parked can be pulled');
    ok(over($anna, $parked), '... and be done');
    $anna->op('/me', 'Ready');
    my $id = $anna->{desk}->offered($from);
    ok($id, 'what waited in the queue is offered');
    $anna->op('/me', 'NotReady');
    done_ok($anna->op("/me/smssessions/$id", $_), $_) for 'Accept', 'Complete';
    is(customer_says(new_customer(), 'x', to => '+15550001', may_fail => 1)->status, 404, 'its number takes nothing new');
    my $empty = floor();
    @{$empty->{tenants}[0]{workbins}} = @$workbins;
    $empty->{tenants}[0]{skills} = ['support', 'more'];
    change_floor($empty);
    refused($anna->op($bin, 'Subscribe'), 6, 'empty, the workbin goes with the next change');
    refused($anna->get('/queues/sales'), 6, '... so does the queue');
};

subtest 'the same file again changes nothing' => sub {
    my $before = () = $server->errors(qr/CCGW0350/);
    my $talk = talk($anna);
    $server->graceful;
    is(scalar(() = $server->errors(qr/CCGW0350/)), $before, 'nothing is said');
    is($anna->get($talk->{path})->json->{smssession}{state}, 'Chatting', 'nothing is lost');
    ok(over($anna, $talk), 'it ends');
};
$server->stop;

subtest 'a faulty floor does not start, and says where the fault is' => sub {
    my @faults = (
        ['a number for a login', qr/tenants\[0\]\.agents\[1\]\.login: 7 is not a string/, sub { $_[0]{tenants}[0]{agents}[1]{login} = 7 }],
        ['a login twice', qr/tenants\[0\]\.agents\[2\]\.login: .*anna.*already/, sub { $_[0]{tenants}[0]{agents}[2]{login} = 'anna' }],
        ['an unknown member', qr/tenants\[0\]\.agents\[0\]\.colour: .*unknown member/, sub { $_[0]{tenants}[0]{agents}[0]{colour} = 'red' }],
        ['a skill nobody declared', qr/tenants\[0\]\.queues\[0\]\.skills\[0\]: .*nosuch/, sub { $_[0]{tenants}[0]{queues}[0]{skills} = ['nosuch'] }],
        ['a queue that is not there', qr/tenants\[1\]\.numbers\[0\]\.queue: .*nowhere/, sub { $_[0]{tenants}[1]{numbers}[0]{queue} = 'nowhere' }],
        ['tenants that are no array', qr/tenants: .*not an array/, sub { $_[0]{tenants} = {} }],
    );
    for (@faults) {
        my ($name, $want, $spoil) = @$_;
        my $floor = floor();
        $spoil->($floor);
        my $bad = CcgwServer->start(durability => 'os', floor => $floor, lives => 0);
        ok(!$bad->try_start, "$name: refused");
        like($bad->said, $want, '... with its place');
        like($bad->said, qr/CcgwFloor \S+floor\.json/, '... and its file');
    }
};

done_testing;
