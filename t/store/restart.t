# Licensed to the Apache License, Version 2.0; see LICENSE.
# restart.t: nothing that was answered is lost: not by kill -9 of all of httpd, of one child, nor by a graceful restart;
# readers get exactly what they missed, in order.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use POSIX ();

my $BIN = '/me/workbins/6c715fa9-de16-4d23-b07c-cbcb1caf3e07?agentGroup=MyAgentGroup';

my $server = CcgwServer->start(durability => 'os', conf => "CcgwNoAnswerTime 120s\n");
use_server($server);
my $usual = () = $server->children;

# What the customer of TALK wrote, as AGENT's desktop was told from its event number FROM on.
sub texts_told
{
    my ($agent, $talk, $from) = @_;
    my @events = $agent->{desk}->events;
    return map { my $event = $_;
        map { ($_->{from}{type} // '') eq 'Customer' ? $_->{text} : () } @{$event->{data}{messages}};
    } grep { told($talk, 'NewMessages')->() } @events[($from // 0) .. $#events];
}

sub texts_kept
{
    my ($agent, $talk) = @_;
    return map { ($_->{from}{type} // '') eq 'Customer' ? $_->{text} : () } @{$agent->get("$talk->{path}/messages")->json->{messages}};
}

# Anna's desktop acknowledges, Bert's does not; both are in the session.
my ($anna) = people({desktop => {ack => 1}}, 'anna');
my ($bert) = people({desktop => {ack => 0}}, 'bert');
my ($cleo) = people('cleo');
my $talk = talk($anna, userData => {Subject => 'kept', Level => 7});
$anna->op($talk->{path}, 'Invite', targetUri => $bert->me->{uri});
$bert->{desk}->wait_for(told_state($talk, 'Invited'));
done_ok($bert->op($talk->{path}, 'Accept'), 'two agents are in a session');
ok($_->{desk}->wait_for(told_entry($talk, 'ParticipantJoined')), '... and know') for $anna, $bert;
my $parked = talk($anna);
done_ok($anna->op($BIN, 'AddInteraction', id => $parked->{id}), 'another one is parked');
my $offered = talk($cleo, accept => 0);

my $number = 0;

# Texts arrive while nobody listens; then HAPPENS; then the desktops come back.
sub missed_exactly
{
    my ($name, $happens, $doubles) = @_;
    customer_says($talk->{from}, 'mark ' . ++$number);
    for my $agent ($anna, $bert) {
        ok($agent->{desk}->wait_for(told_entry($talk, 'Text', text => "mark $number")), "$name: the desktop of " . $agent->login . ' is there');
        CcgwDesktop::pump(0.05) for 1 .. 2;    # its next poll, which tells that this one arrived, is on its way
    }
    my %before = map { $_->login => [texts_told($_, $talk)] } $anna, $bert;
    my %from = map { $_->login => scalar $_->{desk}->events } $anna, $bert;
    $_->{desk}->hang_up for $anna, $bert;
    my @missed = map { 'text ' . ++$number } 1 .. 5;
    customer_says($talk->{from}, $_) for @missed;
    $happens->();
    $_->{desk}->resume for $anna, $bert;
    for my $agent ($anna, $bert) {
        ok($agent->{desk}->wait_for(told_entry($talk, 'Text', text => $missed[-1])), "$name: " . $agent->login . ' is told')
            or diag(join "\n", @{$agent->{desk}{problems}});
        my @told = texts_told($agent, $talk, $from{$agent->login});
        if ($doubles && !$agent->{desk}{ack}) {
            # without acknowledgement the last second before the death of all processes may come twice, in its order
            my %old = map { $_ => 1 } @{$before{$agent->login}};
            my @again = grep { $old{$_} } @told;
            my @all = @{$before{$agent->login}};
            is_deeply(\@again, [@all[@all - @again .. $#all]], '... perhaps the latest once more, in order');
            @told = grep { !$old{$_} } @told;
        }
        is_deeply(\@told, \@missed, '... exactly what was missed, in order');
    }
}

# All that was answered before is still there.
sub all_is_there
{
    my ($name) = @_;
    is($anna->get('/me')->json->{user}{userName}, 'anna', "$name: the cookie still signs in");
    is($anna->get('/me')->header('X-CSRF-TOKEN'), $anna->token, '... with the same token');
    done_ok($anna->op($talk->{path}, 'AddComment', comment => $name), '... which still counts');
    json_like($anna->get($talk->{path})->json->{smssession}, {state => 'Chatting', comment => $name,
        userData => {Subject => 'kept', Level => 7}, participants => [{type => 'Customer'}, {nickname => 'Anna'}, {nickname => 'Bert'}]},
        'the session is there, with its data and who is in it');
    is((grep { $_->{id} eq $parked->{id} } @{$anna->get("$BIN&subresources=*")->json->{workbin}{chats}}), 1, 'the parked one, too');
    is($cleo->get($offered->{path})->json->{smssession}{state}, 'Invited', 'the offer is still open');
    my ($sms) = grep { $_->{channel} eq 'smssession' } @{$anna->get('/me/channels?fields=*')->json->{channels}};
    is($sms && $sms->{userState}{state}, 'NotReady', 'presence is what it was');
}

for my $round (1, 2) {
    missed_exactly("kill $round of everything", sub { $server->kill_all; $server->again }, 1);
    all_is_there("after kill $round");
}
missed_exactly('graceful restart', sub { $server->graceful });
all_is_there('after a graceful restart');
missed_exactly('orderly restart', sub { $server->stop; $server->again });
all_is_there('after stop and start');

subtest 'texts that were taken while httpd was killed are there, in order' => sub {
    pipe my $out, my $in or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        close $out;
        for (1 .. 10_000) {
            my $answer = eval { customer_says($talk->{from}, "storm $_", may_fail => 1) };
            last if !$answer || $answer->status != 200;
            syswrite $in, "$_\n";
        }
        POSIX::_exit(0);
    }
    close $in;
    scalar <$out> for 1 .. 100;
    $server->kill_all;
    my $taken = 100;
    while (my $line = <$out>) { $taken = $line + 0 }
    waitpid $pid, 0;
    $server->again;
    my @kept = map { /^storm (\d+)$/ ? $1 : () } texts_kept($anna, $talk);
    cmp_ok(scalar @kept, '>=', $taken, "all $taken that were answered are there");
    cmp_ok(scalar @kept, '<=', $taken + 1, '... and at most the one in flight beside them');
    is(join(' ', @kept), join(' ', 1 .. @kept), '... each once, in order');
    ok($_->{desk}->wait_for(told_entry($talk, 'Text', text => "storm $kept[-1]"), 30), $_->login . ' is told to the last') for $anna, $bert;
    is(join(' ', map { /^storm (\d+)$/ ? $1 : () } texts_told($anna, $talk)), join(' ', 1 .. @kept), 'who acknowledges is told each once, in order');
    my %seen;
    is(join(' ', grep { !$seen{$_}++ } map { /^storm (\d+)$/ ? $1 : () } texts_told($bert, $talk)), join(' ', 1 .. @kept), 'who does not misses none');
};

subtest 'a graceful restart under waiting polls' => sub {
    my %problems = map { $_->login => scalar @{$_->{desk}{problems}} } $anna, $bert;
    for my $round (1 .. 3) {
        $server->graceful;
        customer_says($talk->{from}, "graceful $round");
        ok($_->{desk}->wait_for(told_entry($talk, 'Text', text => "graceful $round"), 20), $_->login . ' is told') for $anna, $bert;
    }
    is(scalar @{$_->{desk}{problems}}, $problems{$_->login}, 'no poll of ' . $_->login . ' ended in an error')
        or diag(join "\n", @{$_->{desk}{problems}}) for $anna, $bert;
    is(join(' ', grep { /^graceful/ } texts_told($_, $talk)), 'graceful 1 graceful 2 graceful 3', $_->login . ' heard each once, in order')
        for $anna, $bert;
};

subtest 'kill -9 of each child in turn, some of them under a waiting poll' => sub {
    my @children = $server->children;
    my $round = 0;
    for my $child (@children) {
        CcgwDesktop::pump(0.05);
        $server->kill_child($child);
        customer_says($talk->{from}, 'child ' . ++$round);
        ok($_->{desk}->wait_for(told_entry($talk, 'Text', text => "child $round"), 20), $_->login . ' is told') for $anna, $bert;
        wait_until(sub { my @now = $server->children; @now >= $usual && !grep { $_ == $child } @now }, 20);
    }
    my $want = join ' ', map { "child $_" } 1 .. $round;
    is(join(' ', grep { /^child/ } texts_told($anna, $talk)), $want, 'who acknowledges heard each once, in order');
    my %seen;
    is(join(' ', grep { !$seen{$_}++ } grep { /^child/ } texts_told($bert, $talk)), $want, 'who does not missed none');
    is(scalar(grep { /^child/ } texts_kept($anna, $talk)), $round, 'the log holds each once');
};

done_ok($cleo->op($offered->{path}, 'Accept'), 'the old offer can still be taken');
ok(over($cleo, $offered), '... and be done');
done_ok($bert->op($BIN, 'PullInteraction', id => $parked->{id}), 'the parked one can be pulled');
ok(over($bert, $parked), '... and be done');
$bert->op($talk->{path}, 'Leave');
ok(over($anna, $talk), 'it ends');
$server->stop;
done_testing;
