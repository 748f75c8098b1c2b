# Licensed to the Apache License, Version 2.0; see LICENSE.
# me.t: an agent begins and ends his work, and says whether he is ready; a server of its own, for nobody else may be signed in.
use strict;
use warnings;
use CcgwEffect;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my %STATE = (
    Ready => ['9430250E-0A1B-421F-B372-F29E69366DED', 'Ready'],
    NotReady => ['900D55CC-2BB0-431F-8BF9-D3525B383BE6', 'NotReady'],
    AfterCallWork => ['D3663509-3D82-4DD3-A82E-2EA8EFA02AEF', 'NotReady'],
);

my $server = CcgwServer->start(durability => 'os');
use_server($server);

sub channels { return {map { $_->{channel} => $_->{userState} } @{$_[0]->get('/me/channels?fields=*')->json->{channels}}} }

# Signing out ends a contact centre session, so there has to be one.
sub leave
{
    my ($agent) = @_;
    $agent->op('/me', 'StartContactCenterSession', channels => ['sms']);
    return done_ok($agent->sign_out, 'she signs out');
}

sub told_channels { ($_->{data}{messageType} // '') eq 'ChannelStateChangeMessageV2' }

subtest 'me.get' => sub {
    my $anna = agent('anna');
    my $me = $anna->get('/me/')->json->{user};
    json_like($me, {id => '429a55994ef64991a77acb77c1cf9041', userName => 'anna', firstName => 'Anna', lastName => 'Arendt',
        emailAddress => 'anna@demo.example', roles => ['ROLE_AGENT'], enabled => JSON::true,
        uri => $server->url . '/api/v2/users/429a55994ef64991a77acb77c1cf9041',
        path => '/users/429a55994ef64991a77acb77c1cf9041'}, 'an agent reads who she is');
    ok(!exists $me->{$_}, "... without $_ unless asked") for 'channels', 'skills';
    my $rich = $anna->get('/me?subresources=*')->json->{user};
    json_like($rich, {devices => [], skills => [{name => 'support'}], groups => [{name => 'MyAgentGroup'}]}, 'subresources=* tells more');
    my $some = $anna->get('/me?subresources=features,skills')->json->{user};
    effect('me.get', exists $some->{features} && exists $some->{skills} && !exists $some->{groups}, '... and a list just those');
    leave($anna);
};

subtest 'me.start, .ready, .not-ready, .after-call-work, .channels' => sub {
    my $anna = agent('anna');
    my $desk = $anna->desktop(ack => 1);
    refused($anna->op('/me', 'Ready'), 2, 'work has to begin first');
    refused($anna->op('/me', 'StartContactCenterSession'), 1, 'it needs channels');
    refused($anna->op('/me', 'StartContactCenterSession', channels => []), 1, '... at least one');
    refused($anna->op('/me', 'StartContactCenterSession', channels => ['telex']), 10, '... that exist');
    refused($anna->op('/me', 'StartContactCenterSession', channels => ['sms'], place => 'nowhere'), 6, '... and a place that does');
    is_deeply(channels($anna), {}, 'nothing has begun');

    json_like($anna->op('/me', 'StartContactCenterSession', channels => ['sms', 'telex'])->json,
        {statusCode => 7, operations => [{channel => 'telex', statusCode => 10}]}, 'partly done says what was not');
    is(join(' ', keys %{channels($anna)}), 'smssession', '... and the rest is open');
    done_ok($anna->op('/me', 'StartContactCenterSession', channels => ['sms', 'chat'], place => 'place1'), 'work begins');
    my $event = $desk->wait_for(sub { told_channels() && @{$_->{data}{channels}} == 2 });
    effect('me.start', $event && keys %{channels($anna)} == 2, 'the channels are open');
    is(channels($anna)->{$_}{state}, 'NotReady', "... $_ is not ready yet") for 'smssession', 'chat';

    for (['Ready', 'ready'], ['AfterCallWork', 'after-call-work'], ['NotReady', 'not-ready']) {
        my ($name, $op) = @$_;
        my ($id, $state) = @{$STATE{$name}};
        done_ok($anna->op('/me/channels/sms', $name), "$name on one channel");
        my $one = $desk->wait_for(sub { told_channels() && $_->{data}{channels}[0]{userState}{id} eq $id });
        ok($one, '... is told') or diag($desk->describe);
        json_like(channels($anna)->{smssession}, {id => $id, state => $state, $name eq 'AfterCallWork' ? (workMode => $name) : ()},
            '... and can be read');
        done_ok($anna->op('/me', $name), "$name on all");
        my $both = channels($anna);
        effect("me.$op", $one && $both->{smssession}{id} eq $id && $both->{chat}{id} eq $id, '... all are');
        done_ok($anna->op('/me', 'NotReady'), 'back') if $name ne 'NotReady';
    }
    effect('me.channels', channels($anna)->{chat}{state} eq 'NotReady', 'the channels tell the state each is in');
    refused($anna->op('/me/channels/voice', 'Ready'), 6, 'a channel that is not open');
    refused($anna->op('/me/channels/telex', 'Ready'), 6, '... or does not exist');
    refused($anna->op('/me', 'Lunch'), 10, 'a state that does not exist');
    $desk->disconnect;
    done_ok($anna->sign_out, 'work ends');
};

subtest 'me.devices, settings.agent-states, diagnostics.version' => sub {
    my $anna = agent('anna');
    my $devices = $anna->get('/me/devices?fields=*')->json;
    effect('me.devices', $devices->{statusCode} == 0 && ref $devices->{devices} eq 'ARRAY' && !@{$devices->{devices}},
        'there is a list of devices, with none in it');
    my $states = $anna->get('/settings/agent-states')->json->{settings};
    my %by_name = map { $_->{operationName} => $_ } @$states;
    effect('settings.agent-states', 3 == (grep { $by_name{$_} && $by_name{$_}{id} eq $STATE{$_}[0]
        && $by_name{$_}{state} eq $STATE{$_}[1] } keys %STATE), 'each state an agent can be in is listed');
    my $version = $anna->get('/diagnostics/version')->json;
    effect('diagnostics.version', $version->{statusCode} == 0 && $version->{version} =~ /^\d+\.\d+/, 'the version is told');
    leave($anna);
};

subtest 'readiness decides who is offered work' => sub {
    my ($anna) = people('anna');
    my $from = new_customer();
    customer_says($from, 'waiting');
    $anna->op('/me', 'AfterCallWork');
    $anna->op('/me/channels/chat', 'Ready');
    ok($anna->{desk}->never_before(sub { session_in($_) && session_in($_)->{state} eq 'Invited' },
        sub { channels($anna)->{chat}{state} eq 'Ready' }), 'after-call work and another channel bring nothing');
    $anna->op('/me/channels/smssession', 'Ready');
    my $id = $anna->{desk}->offered($from);
    ok($id, 'ready on the channel brings what waited');
    done_ok($anna->op("/me/smssessions/$id", $_), $_) for 'Accept', 'Complete';
    go_home($anna);
};

subtest 'two desktops of one agent share presence' => sub {
    my ($anna) = people('anna');
    my ($second) = people('anna');
    isnt($second->cookie, $anna->cookie, 'each is a login of its own') or return go_home($anna);
    done_ok($anna->op('/me', 'Ready'), 'one says ready');
    is(channels($second)->{smssession}{state}, 'Ready', '... so is the other');
    ok($second->{desk}->wait_for(sub { told_channels() && $_->{data}{channels}[0]{userState}{state} eq 'Ready' }), '... and is told');
    my $from = new_customer();
    customer_says($from, 'both?');
    my $id = $anna->{desk}->offered($from);
    is($second->{desk}->offered($from), $id, 'both are offered the same');
    done_ok($second->op("/me/smssessions/$id", 'Accept'), 'one accepts');
    ok($anna->{desk}->wait_for(told_state({id => $id}, 'Chatting')), 'the other sees it');
    done_ok($second->op('/me', 'EndContactCenterSession'), 'one ends');
    is($second->get('/me')->status, 401, '... its cookie is worth nothing any more');
    is($anna->get('/me')->status, 200, '... the other works on');
    is(channels($anna)->{smssession}{state}, 'Ready', '... still ready');
    done_ok($anna->op("/me/smssessions/$id", 'Complete'), '... with the session');
    go_home($anna);
};

subtest 'me.end' => sub {
    my ($anna, $bert) = people('anna', 'bert');
    $anna->op('/me', 'Ready');
    my $from = new_customer();
    customer_says($from, 'hello');
    my $id = $anna->{desk}->offered($from);
    $bert->op('/me', 'Ready');
    my ($cookie, $token) = ($anna->cookie, $anna->token);
    done_ok($anna->op('/me', 'EndContactCenterSession'), 'she goes home with an offer open');
    is($bert->{desk}->offered($from), $id, 'it moves on at once');
    my $answer = $anna->get('/me');
    is($answer->status, 401, 'her HTTP session has ended');
    is($answer->json->{statusCode}, 20, '... in the words of the dialect');
    my ($back) = people('anna');
    is(channels($back)->{smssession}{state}, 'NotReady', 'who comes back is not ready');
    my $old = agent('anna', sign_in => 0);
    @$old{'cookie', 'token'} = ($cookie, $token);
    effect('me.end', $old->get('/me')->status == 401, 'the old cookie stays worthless when she is back');
    done_ok($bert->op("/me/smssessions/$id", $_), $_) for 'Accept', 'Complete';
    go_home($back, $bert);
};

keep_log($server);
$server->stop;
done_testing;
