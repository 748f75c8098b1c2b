# Licensed to the Apache License, Version 2.0; see LICENSE.
# signin.t: a desktop signs in by number and password, keeps its Guid, gives way to a newer one, signs out; states.
use strict;
use warnings;
use CcgwAgentGateway;
use CcgwHttp;
use CcgwServer;
use Test::More;

my $server = gateway();

subtest 'by number and password' => sub {
    my $wire = '';
    my $anna = CcgwAgentGateway->new($server, 101, trace => sub { $wire .= $_[1] if $_[0] eq '<' });
    my $answer = $anna->sign_in;
    answers($answer, '0', 'the right password does');
    like($answer->header('Content-Type'), qr{^application/json}, 'JSON');
    my $result = $answer->json->{result};
    is($result->{workno}, '101', 'the agent');
    is($result->{mediatype}, 'TTF', '... at telephone and text');
    like($result->{loginTime}, qr/^\d{13}$/, '... since when, in milliseconds');
    like($result->{vdnid}, qr/^\d{1,5}$/, '... of a VDN');
    like($anna->guid, qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.AgentGateway[0-9a-f]+$/, 'a Guid');
    my ($raw) = $wire =~ /\r\n(Set-GUID: JSESSIONID=\S+)\r\n/ or diag(substr $wire, 0, 1500);
    is($raw, 'Set-GUID: JSESSIONID=' . $anna->guid, 'the header is spelt as clients look for it') or diag($wire);
    like($wire, qr/\r\nSet-Cookie: JSESSIONID=\Q@{[$anna->guid]}\E; Path=/, '... and so is the cookie');
    is($anna->status->{agentState}, 4, 'he is idle');
    $anna->sign_out;
};

subtest 'who is not let in' => sub {
    my $anna = CcgwAgentGateway->new($server, 101, password => 'wrong');
    my $answer = $anna->sign_in;
    answers($answer, '100-004', 'a wrong password');
    is($answer->header('WWW-Authenticate'), undef, '... no password window');
    is($answer->header('Set-GUID'), undef, '... and no Guid');
    answers(CcgwAgentGateway->new($server, 999)->sign_in, '100-004', 'a number nobody has');
    answers(CcgwAgentGateway->new($server, 'anna')->sign_in, '000-002', 'no number');
    answers($anna->post('onlineagent', 'saybusy'), '100-006', 'no Guid');
    answers($anna->request(POST => 'onlineagent/101/saybusy', undef, {Guid => 'x' x 5000}), '100-006', 'a Guid that never was');
    answers($anna->request(POST => 'onlineagent/101/saybusy', undef,
            {Cookie => 'JSESSIONID=00000000-0000-0000-0000-000000000000.AgentGateway00000000'}), '100-006', 'a cookie alone');
};

subtest 'how the Guid comes back' => sub {
    my $anna = desktop($server, 101);
    my $guid = delete $anna->{guid};
    my $ask = sub { $anna->request(GET => 'onlineagent/101/agentstatus', undef, {@_}) };
    answers($ask->(guid => $guid), '0', 'the header in small letters');
    answers($ask->(GUID => "JSESSIONID=$guid"), '0', 'with the name in front');
    answers($ask->(Guid => $guid, Cookie => "JSESSIONID$guid; PathX"), '0', 'beside a broken cookie');
    answers($anna->request(GET => '/onlineagent/101/agentstatus/', undef, {Guid => $guid}), '0', 'with slashes too many');
    answers($ask->(), '000-003', 'no Guid while he is signed in');
    answers($ask->(Guid => 'x' x 5000), '000-003', 'a Guid that never was');
    answers($anna->request(GET => 'agentevent/101', undef, {Guid => "0$guid"}), '100-006', 'a poll is told that it is over');
    $anna->{guid} = $guid;
    answers($anna->request(POST => 'onlineagent/102/saybusy'), '100-006', 'not for another agent');
    answers($anna->request(GET => 'agentevent/102'), '100-006', '... nor his events');
    $anna->sign_out;
};

subtest 'one desktop at a time' => sub {
    my $old = desktop($server, 101);
    my $new = CcgwAgentGateway->new($server, 101);
    answers($new->sign_in, '100-002', 'who is signed in is not signed in again');
    is($old->status->{agentState}, 4, '... nor signed out');
    answers($new->sign_in('/forcelogin', status => 3), '0', 'but by force');
    answers($old->post('onlineagent', 'cancelbusy'), '000-003', 'the older desktop is out');
    heard($new, 'signing in busy', qw(AgentOther_InService AgentState_Ready AgentState_SetNotReady_Success));
    answers($new->del('onlineagent', 'logout'), '0', 'signing out');
    answers($new->poll_raw, '100-006', '... is the end');
};

subtest 'states' => sub {
    my $anna = desktop($server, 101);
    answers($anna->post('onlineagent', 'saybusy?reason=205'), '0', 'busy');
    is((heard($anna, 'busy', 'AgentState_SetNotReady_Success'))[0]{content}{reason}, '205', '... with the reason');
    is($anna->status->{agentState}, 3, '... which is a state');
    answers($anna->post('onlineagent', 'saybusy?reason=206'), '100-009', 'busy already');
    answers($anna->post('onlineagent', 'saybusy?reason=9'), '000-002', 'a reason that is none');
    answers($anna->post('onlineagent', 'cancelwork'), '100-009', 'not in wrap-up');
    answers($anna->post('onlineagent', 'cancelbusy'), '0', 'back');
    answers($anna->post('onlineagent', 'work'), '0', 'wrap-up');
    is($anna->status->{agentState}, 5, '... is a state as well');
    answers($anna->post('onlineagent', 'sayfree'), '0', 'free');
    answers($anna->post('onlineagent', 'resetskill/true'), '0', 'skills are what the floor says');
    heard($anna, 'all of it',
        qw(AgentState_CancelNotReady_Success AgentState_SetWork_Success AgentState_Work AgentState_Ready));
    $anna->sign_out;
};

$server->stop;
done_testing;
