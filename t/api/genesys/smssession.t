# Licensed to the Apache License, Version 2.0; see LICENSE.
# smssession.t: a text becomes a session, is offered, answered, worked on and completed.
use strict;
use warnings;
use CcgwEffect;
use CcgwServer;
use CcgwSession;
use CcgwTalk;
use CcgwTest;

session_tests('sms');

subtest 'an offer goes to whoever was idle longest, and on when nobody answers' => sub {
    my $server = CcgwServer->start(durability => 'os', conf => "CcgwNoAnswerTime 2s\n");
    my ($anna, $bert) = people({url => $server->url}, 'anna', 'bert');
    $bert->op('/me', 'Ready');
    $anna->op('/me', 'Ready');
    my $from = new_customer();
    customer_says($from, 'anybody?', url => $server->url);
    my $id = $bert->{desk}->offered($from);
    ok($id, 'the one who was ready first is asked');
    my $talk = {id => $id, path => "/me/smssessions/$id"};
    my $revoked = $bert->{desk}->wait_for(told_state($talk, 'Revoked'), 8);
    json_like($revoked && session_in($revoked), {participants => [], capabilities => []}, 'he does not answer: it is withdrawn');
    is($anna->{desk}->offered($from, 8), $id, '... and offered to the other');
    done_ok($anna->op($talk->{path}, 'Accept'), 'the other takes it');
    my ($sms) = grep { $_->{channel} =~ /sms/ } @{$bert->get('/me/channels?fields=*')->json->{channels}};
    is($sms->{userState}{state}, 'NotReady', '... and stays so');
    ok($sms->{userState}{reason}, '... with the reason');
    my ($told) = grep { ($_->{data}{messageType} // '') eq 'ChannelStateChangeMessageV2'
        && grep { ($_->{userState}{reason} // '') ne '' } @{$_->{data}{channels}} } $bert->{desk}->events;
    ok($told, '... and his desktop was told so');
    refused($bert->op($talk->{path}, 'Accept'), 6, 'too late for the first');
    ok(over($anna, $talk), 'it ends');
    $server->stop;
};

done_testing;
