# Licensed to the Apache License, Version 2.0; see LICENSE.
# conference.t: a telephone conference is applied for, agents are asked in, refuse, answer, leave; its end.
use strict;
use warnings;
use CcgwAgentGateway;
use CcgwServer;
use Test::More;

my $server = gateway();
my ($anna, $bert, $cleo) = map { desktop($server, $_) } 101, 102, 103;

sub agent_address { return {addressType => '9', address => "$_[0]"} }

sub apply
{
    my ($who, %more) = @_;
    answers($who->post('agentconf', 'requestagentconf', {memberNum => 5, %more}), '0', 'a conference is applied for');
    my @events = heard($who, 'applying', qw(AgentState_Busy AgentOther_PhoneAlerting AgentOther_PhoneOffhook
        AgentConf_SelfJoinResult AgentConf_RequestSuccess));
    return conf_id(@events);
}

sub invite
{
    my ($who, @others) = @_;
    return answers($who->post('agentconf', 'batchaddparticipant', {addresses => [map { agent_address($_->number) } @others]}),
        '0', 'agents are asked in');
}

subtest 'an invitation is refused' => sub {
    my $id = apply($anna);
    invite($anna, $bert);
    my ($ringing) = heard($bert, 'asked', 'AgentConf_Ringing');
    is($ringing->{content}{confId}, $id, 'it is that conference');
    my $answer = $bert->post('agentconf', 'rejectagentconf');
    is($answer->body, '{"result":{},"message":"success","retcode":"0"}', 'refusing is answered as printed');
    heard($bert, 'refusing', qw(AgentOther_PhoneRelease AgentState_Ready));
    my ($told) = heard($anna, 'refused', 'AgentConf_ParticipantChanged');
    is_deeply($told->{content}, {result => 1, changeType => 0, changeReason => 255, confId => $id, participant => '102',
        participantType => 9, deviceCallType => 0, deviceType => 0}, 'the chair knows who does not come');
    answers($bert->post('agentconf', 'rejectagentconf'), '101-001', 'once only');
    answers($bert->post('agentconf', 'answeragentconf'), '101-001', '... and too late to come after all');
    answers($anna->post('agentconf', 'requestagentconf', {memberNum => 2}), '101-003', 'one conference at a time');
    answers($anna->post('agentconf', 'releaseagentconf'), '0', 'the chair ends it');
    heard($anna, 'ending', qw(AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult AgentState_Ready));
};

subtest 'a conference has room for so many' => sub {
    apply($anna, memberNum => 2);
    answers($anna->post('agentconf', 'batchaddparticipant', {addresses => [map { agent_address($_->number) } $bert, $cleo]}),
        '100-007', 'more are not asked in');
    invite($anna, $bert);
    heard($bert, 'asked', 'AgentConf_Ringing');
    answers($anna->post('agentconf', 'releaseagentconf'), '0', 'the chair ends it');
    heard($bert, 'ended', qw(AgentOther_PhoneRelease AgentState_Ready));
    heard($anna, 'ending', qw(AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult AgentState_Ready));
};

subtest 'phones do what their number says' => sub {
    my $id = apply($anna);
    my @phones = ('+15550101', '+15550150');    # the reference has the table: one answers, one refuses
    answers($anna->post('agentconf', 'batchaddparticipant',
        {addresses => [map { {addressType => '6', address => $_} } @phones]}), '0', 'two phones are rung');
    my %told = map { $_->{content}{participant} => $_->{content} }
        heard($anna, 'ringing', ('AgentConf_ParticipantChanged') x 2);
    is_deeply([map { $told{$_}{result} } @phones], [0, 1], 'the one comes, the other does not');
    is($told{$phones[0]}{participantType}, 6, '... as a phone');
    is($told{$phones[0]}{confId}, $id, '... into that conference');
    answers($anna->post('agentconf', 'releaseagentconf'), '0', 'the chair ends it');
    heard($anna, 'ending', qw(AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult AgentState_Ready));
};

subtest 'agents come and go' => sub {
    my $id = apply($anna);
    invite($anna, $bert, $cleo);
    heard($_, 'asked', 'AgentConf_Ringing') for $bert, $cleo;
    answers($bert->post('agentconf', 'answeragentconf'), '0', 'one answers');
    heard($bert, 'answering', qw(AgentOther_PhoneAlerting AgentOther_PhoneOffhook AgentConf_SelfJoinResult));
    heard($anna, 'answered', 'AgentConf_ParticipantChanged');
    is($bert->status->{agentState}, 7, 'he is talking');
    answers($cleo->put('agentconf', 'answeragentconf'), '0', 'another in the earlier form');
    heard($cleo, 'answering', qw(AgentOther_PhoneAlerting AgentOther_PhoneOffhook AgentConf_SelfJoinResult));
    for my $who ($anna, $bert) {
        my ($told) = heard($who, 'another', 'AgentConf_ParticipantChanged');
        is($told->{content}{participant}, '103', 'all others are told');
    }
    answers($bert->post('agentconf', 'releaseagentconf'), '101-002', 'only the chair may end it');
    answers($bert->post('agentconf', 'batchaddparticipant', {addresses => [agent_address(104)]}), '101-002', '... or ask in');
    answers($anna->post('agentconf', 'requestleaveagentconf'), '101-007', 'the chair cannot leave');
    answers($bert->post('agentconf', 'requestleaveagentconf'), '0', 'others can');
    heard($bert, 'leaving', qw(AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult));
    my ($told) = heard($anna, 'left', 'AgentConf_ParticipantChanged');
    is_deeply([@{$told->{content}}{qw(changeType changeReason confId)}], [1, 0, $id], '... of their own will');
    heard($cleo, 'left', 'AgentConf_ParticipantChanged');
    answers($anna->del('agentconf', 'requestleaveagentconf'), '0', 'the earlier form of the end');
    heard($anna, 'ending', qw(AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult AgentState_Ready));
    heard($cleo, 'ending', qw(AgentConf_ParticipantChanged AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease
        AgentConf_SelfLeaveResult AgentState_Ready));
    is($cleo->status->{agentState}, 4, 'everybody is free');
};

subtest 'the chair signs out' => sub {
    my $id = apply($anna);
    invite($anna, $bert);
    heard($bert, 'asked', 'AgentConf_Ringing');
    $bert->post('agentconf', 'answeragentconf');
    heard($bert, 'answering', qw(AgentOther_PhoneAlerting AgentOther_PhoneOffhook AgentConf_SelfJoinResult));
    answers($anna->del('onlineagent', 'logout'), '100-010', 'not from within a call');
    answers($anna->sign_out, '0', 'but by force');
    my @events = heard($bert, 'the chair passes on', qw(AgentConf_ParticipantChanged AgentConf_PresidentChanged));
    is($events[0]{content}{changeReason}, 4, 'he signed out');
    is($events[1]{content}{confId}, $id, 'it is the same conference');
    answers($bert->post('agentconf', 'releaseagentconf'), '0', 'the new chair ends it');
    heard($bert, 'ending', qw(AgentMediaEvent_StopRecordDone AgentOther_PhoneRelease AgentConf_SelfLeaveResult AgentState_Ready));
    $anna = desktop($server, 101);
};

subtest 'bad input' => sub {
    my @bad = (
        ['requestagentconf', undef], ['requestagentconf', {memberNum => 0}], ['requestagentconf', {memberNum => 'many'}],
        ['requestagentconf', {memberNum => 4, time => 1441}], ['requestagentconf', {memberNum => 4, beepTone => 'true'}],
        ['requestagentconf', '{"memberNum":'], ['batchaddparticipant', undef], ['batchaddparticipant', {addresses => []}],
        ['batchaddparticipant', {addresses => [{addressType => '5', address => '1'}]}],
        ['batchaddparticipant', {addresses => [{addressType => '9', address => '999'}]}],
        ['batchaddparticipant', {addresses => [{addressType => '6', address => '1' x 25}]}],
        ['batchaddparticipant', {addresses => [map { agent_address(102) } 1 .. 121]}],
    );
    answers($anna->post('agentconf', @$_), '000-002', "$_->[0]: refused") for @bad;
    answers($anna->post('agentconf', $_), '101-001', "$_ without a conference")
        for qw(answeragentconf rejectagentconf requestleaveagentconf releaseagentconf);
    is($anna->status->{agentState}, 4, 'nothing has changed');
};

$_->sign_out for $anna, $bert, $cleo;
$server->stop;
done_testing;
