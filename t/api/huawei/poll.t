# Licensed to the Apache License, Version 2.0; see LICENSE.
# poll.t: how long a poll is held, what ends it, what a broken connection costs, and what silence does.
use strict;
use warnings;
use Time::HiRes qw(time);
use CcgwAgentGateway;
use CcgwHttp;
use CcgwServer;
use CcgwTest ();
use Test::More;

my $server = gateway();

subtest 'an empty poll' => sub {
    my $anna = desktop($server, 101);
    my $begin = time;
    my $answer = $anna->poll_raw;
    is($answer->body, $EMPTY, 'exactly these bytes');
    is($answer->status, 200, '... with status 200');
    my $took = time - $begin;
    ok($took > 9 && $took < 12, '... after ten seconds') or diag($took);
    $anna->sign_out;
};

subtest 'what ends the wait' => sub {
    my $anna = desktop($server, 101);
    $anna->send_poll;
    ok(!$anna->take_poll(0.3), 'a poll is held');
    $anna->post('onlineagent', 'saybusy');
    is($anna->take_poll(5)->json->{event}{eventType}, 'AgentState_SetNotReady_Success', 'an event ends it');
    $anna->send_poll;
    ok(!$anna->take_poll(0.3), 'held again');
    my $other = CcgwHttp->new($server->url);
    $anna->send_poll($other);
    is($anna->take_poll(5)->body, $EMPTY, 'a newer poll takes over');
    $anna->post('onlineagent', 'cancelbusy');
    is($other->poll(5)->json->{event}{eventType}, 'AgentState_CancelNotReady_Success', '... and is told');
    $anna->send_poll;
    ok(!$anna->take_poll(0.3), 'held again');
    my $begin = time;
    $anna->del('onlineagent', 'logout');
    my $last = $anna->take_poll(8);
    ok(time - $begin < 3, 'signing out ends it');
    my $body = $last->json;
    ok(($body->{event} ? $body->{event}{eventType} eq 'AgentOther_ShutdownService' : $body->{retcode} eq '100-006'),
        '... with a farewell, or without') or diag($last->body);
};

subtest 'a connection that breaks' => sub {
    my $anna = desktop($server, 101);
    $anna->post('onlineagent', $_) for 'saybusy', 'cancelbusy', 'work';
    my $first = $anna->poll_raw->body;
    my $lost = $anna->{polls};
    $lost->close;
    $anna->{polls} = CcgwHttp->new($server->url);
    my @all = ($first);
    push @all, $anna->poll_raw->body for 1 .. 4;
    shift @all if $all[0] eq $all[1];
    is_deeply([map { /"eventType":"(\w+)"/ } @all[0 .. 3]],
        [qw(AgentState_SetNotReady_Success AgentState_CancelNotReady_Success AgentState_SetWork_Success AgentState_Work)],
        'nothing is lost, nothing out of order, and what comes twice is the same byte for byte');
    $anna->sign_out;
};

subtest 'after a crash' => sub {
    my $anna = desktop($server, 101);
    $anna->post('onlineagent', $_) for 'saybusy', 'cancelbusy';
    heard($anna, 'before', 'AgentState_SetNotReady_Success');
    $server->kill_all;
    $server->again;
    my @all = qw(AgentOther_InService AgentState_Ready AgentState_SetNotReady_Success AgentState_CancelNotReady_Success);
    my @types = $anna->poll->{eventType};
    push @types, $anna->poll->{eventType} while $types[-1] ne $all[-1] && @types < @all;
    is_deeply(\@types, [@all[@all - @types .. $#all]], 'the same Guid goes on: nothing is lost, all in order');
    $anna->sign_out;
};

subtest 'the poll that names nobody' => sub {
    my $anna = desktop($server, 101);
    $anna->post('onlineagent', 'saybusy');
    my $answer = $anna->request(GET => 'agentevent/allagentevent')->json;
    is($answer->{event}{eventType}, 'AgentState_SetNotReady_Success', 'tells the caller his own events');
    is($answer->{event}{workNo}, '101', '... as his');
    $anna->sign_out;
};

$server->stop;

subtest 'silence' => sub {
    my $short = gateway(conf => "CcgwBayeuxTimeout 1s\nCcgwBayeuxMaxInterval 3s\n");
    my $anna = desktop($short, 101);
    my $bert = desktop($short, 102);
    my $gone = CcgwTest::wait_until(sub { $bert->poll; $anna->request(GET => 'onlineagent/101/agentstatus')->json->{retcode} ne '0' }, 30);
    ok($gone, 'who does not poll is signed out, though he asks other things');
    answers($anna->poll_raw, '100-006', '... for good');
    is($bert->status->{agentState}, 4, 'who polls is not');
    $short->stop;
};

done_testing;
