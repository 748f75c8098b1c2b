# Licensed to the Apache License, Version 2.0; see LICENSE.
# messaging.t: a customer's text rings as a call, is answered, talked in and dropped; refused; not answered.
use strict;
use warnings;
use CcgwAgentGateway;
use CcgwServer;
use CcgwTalk;
use CcgwTest qw(done_ok customer_says customer_hears new_customer use_server);
use Test::More;

my $server = gateway(conf => "CcgwNoAnswerTime 3s\n");
use_server($server);

subtest 'from ringing to the end' => sub {
    my $anna = desktop($server, 101);
    my $from = new_customer();
    customer_says($from, 'good morning');
    my ($ringing) = heard($anna, 'a text', 'AgentEvent_Ringing');
    my $call = $ringing->{content}{callid};
    like($call, qr/^\d+-\d+$/, 'it has a call id');
    is_deeply([@{$ringing->{content}}{qw(caller mediaType mediaAbility transfer type)}], [$from, '52', '5', 'no', 'main'],
        '... and says what it is');
    answers($anna->put('voicecall', "answer?callid=$call"), '0', 'it is answered');
    heard($anna, 'answering', 'AgentEvent_Talking');
    my ($text) = heard($anna, 'what was said', 'AgentEvent_MessageData');
    is($text->{content}{message}, 'good morning', 'the first text follows');
    is($anna->status->{agentState}, 7, 'he is talking');
    answers($anna->post('mediacall', 'sendmessage', {callid => $call, data => "Gr\x{fc}\x{df}e"}), '0', 'an answer');
    ok(customer_hears($from, qr/^Gr\x{fc}\x{df}e$/), 'reaches the customer');
    customer_says($from, 'thanks');
    ($text) = heard($anna, 'the customer again', 'AgentEvent_MessageData');
    is_deeply([@{$text->{content}}{qw(message callid caller)}], ['thanks', $call, $from], 'each text is told');
    answers($anna->post('mediacall', 'sendmessage', {callid => $call, data => ''}), '106-002', 'an empty message');
    answers($anna->del('onlineagent', 'logout'), '100-010', 'no way out during a call');
    answers($anna->post('voicecall', "dropcall/$call", {callid => $call}), '0', 'it is dropped');
    my ($end) = heard($anna, 'dropping', 'AgentEvent_Call_Release');
    is($end->{content}, $call, '... by its id');
    answers($anna->post('mediacall', 'sendmessage', {callid => $call, data => 'late'}), '200-026', 'it is over');
    $anna->sign_out;
};

subtest 'refused and not answered' => sub {
    my $anna = desktop($server, 101);
    customer_says(new_customer(), 'anybody?');
    heard($anna, 'a text', 'AgentEvent_Ringing');
    answers($anna->post('voicecall', 'reject', {}), '000-002', 'how to go on must be said');
    answers($anna->post('voicecall', 'reject', {mode => 1}), '0', 'refused');
    my @events = heard($anna, 'refusing', qw(AgentEvent_No_Answer AgentState_SetNotReady_Success));
    is($events[1]{content}{reason}, '7', '... for that reason busy');
    my $bert = desktop($server, 102);
    my ($ringing) = heard($bert, 'the next one', 'AgentEvent_Ringing');
    my %told = map { $_->{eventType} => $_ } map { $bert->poll } 1 .. 2;
    is_deeply([sort keys %told], [qw(AgentEvent_No_Answer AgentState_SetNotReady_Success)], 'no answer: taken away, busy');
    is($told{AgentEvent_No_Answer}{content}, $ringing->{content}{callid}, '... that call');
    is($told{AgentState_SetNotReady_Success}{content}{reason}, '2', '... for that reason');
    answers($bert->put('voicecall', "answer?callid=$ringing->{content}{callid}"), '200-002', 'too late');
    $_->sign_out for $anna, $bert;
};

subtest 'which call' => sub {
    my $cleo = desktop($server, 103);
    customer_says(new_customer(), 'another');
    answers($cleo->put('voicecall', 'answer?callid=7-7'), '200-002', 'one that is not there');
    answers($cleo->post('voicecall', 'dropcall/7-7'), '200-026', '... cannot be dropped either');
    $cleo->sign_out;
};

subtest 'asked in by a colleague at another kind of desktop' => sub {
    my ($anna) = people({url => $server->url}, 'anna');
    my $talk = talk($anna);
    my $bert = desktop($server, 102);
    my $uri = $anna->get('/users?fields=*')->json->{users};
    my ($him) = grep { ($_->{userName} // $_->{loginName} // '') =~ /^bert/ } @$uri;
    done_ok($anna->op($talk->{path}, 'Invite', targetUri => $him->{uri}), 'she asks him in');
    my ($ringing) = heard($bert, 'asked', 'AgentEvent_Ringing');
    is($ringing->{content}{caller}, $talk->{from}, 'it is her customer');
    answers($bert->put('voicecall', 'answer'), '0', 'he comes');
    heard($bert, 'answering', 'AgentEvent_Talking');
    my ($before) = heard($bert, 'what was said', 'AgentEvent_MessageData');
    is($before->{content}{message}, 'hello', 'he reads what was said before');
    done_ok($anna->op($talk->{path}, 'SendMessage', text => 'from her'), 'she writes');
    my ($text) = heard($bert, 'her words', 'AgentEvent_MessageData');
    is_deeply([@{$text->{content}}{qw(message caller)}], ['from her', 'a101'], '... as a colleague');
    answers($bert->post('mediacall', 'sendmessage', {callid => $ringing->{content}{callid}, data => 'from him'}), '0', 'he writes');
    ok($anna->{desk}->wait_for(sub { grep { ($_->{text} // '') eq 'from him' } @{$_[0]{data}{messages} || []} }), '... and she is told');
    answers($bert->post('voicecall', "dropcall/$ringing->{content}{callid}"), '0', 'he goes');
    heard($bert, 'going', 'AgentEvent_Call_Release');
    is($anna->get($talk->{path})->json->{statusCode}, 0, 'she goes on');
    ok(over($anna, $talk), 'it ends');
    $bert->sign_out;
    go_home($anna);
};

$server->stop;
done_testing;
