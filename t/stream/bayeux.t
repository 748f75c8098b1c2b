# Licensed to the Apache License, Version 2.0; see LICENSE.
# bayeux.t: the protocol as a client without a library meets it: handshakes, subscriptions, held polls, acknowledgement, and
# what is wrong with messages.
use strict;
use warnings;
use CcgwEffect;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use Time::HiRes qw(time);

my $server = CcgwServer->start(durability => 'os', conf => "CcgwBayeuxTimeout 1s\nCcgwBayeuxMaxInterval 3s\n");
use_server($server);
my $anna = agent('anna');
done_ok($anna->op('/me', 'StartContactCenterSession', channels => ['sms', 'chat']), 'work begins');
my $PATH = '/notifications';

# Messages in, messages out; the answer is left in $last.
my $last;
sub exchange
{
    my ($messages, %option) = @_;
    $last = ($option{as} // $anna)->post($PATH . ($option{suffix} // ''), $messages, $option{head});
    return $last->status == 200 ? @{$last->json} : ();
}

sub handshake { return {channel => '/meta/handshake', version => '1.0', supportedConnectionTypes => ['long-polling'], @_} }
sub poll_message { my ($client, @more) = @_; return {channel => '/meta/connect', clientId => $client, connectionType => 'long-polling', @more} }
my %NOW = (advice => {timeout => 0});

sub new_client { my ($reply) = exchange([handshake(@_)]); return $reply->{clientId} }

# Something the desktop is told of.
my $count = 0;
sub cause { my $reason = 'r' . ++$count; $anna->op('/me', 'NotReady', reason => $reason); return $reason }

sub reasons { return map { $_->{data}{channels}[0]{userState}{reason} // '' } grep { $_->{data} } @_ }

subtest 'handshake' => sub {
    my ($reply) = exchange([handshake(id => '7', minimumVersion => '1.0', supportedConnectionTypes => ['websocket', 'long-polling'])]);
    json_like($reply, {channel => '/meta/handshake', successful => JSON::true, version => '1.0', id => '7',
        supportedConnectionTypes => ['long-polling'], clientId => qr/^\w{16,}$/, advice => {reconnect => 'retry'}},
        'it is answered with what is served, and the id of the request');
    like($last->header('Content-Type'), qr{^application/json}, '... as JSON');
    my %client = map { new_client() => 1 } 1 .. 5;
    is(scalar keys %client, 5, 'each reader has its own id');
    ok(!(grep { length $_ < 22 } keys %client), '... too long to guess');
    is((exchange(handshake()))[0]{successful}, JSON::true, 'a single message without an array is understood');
    my @more = exchange([handshake(), poll_message('x'), {channel => '/meta/subscribe', clientId => 'x', subscription => '/v2/me/*'}]);
    is(scalar @more, 1, 'what comes with a handshake is ignored');
    for my $suffix ('/', '/handshake', '/connect', '/disconnect') {
        ok((exchange([handshake()], suffix => $suffix))[0]{successful}, "at $PATH$suffix as well");
    }
    my $form = $anna->post($PATH, 'message=' . '%5B%7B%22channel%22%3A%22%2Fmeta%2Fhandshake%22%2C%22version%22%3A%221.0%22%2C%22supportedConnectionTypes%22%3A%5B%22long-polling%22%5D%7D%5D',
        {'Content-Type' => 'application/x-www-form-urlencoded'});
    ok($form->json->[0]{successful}, 'a form field does');
    json_like((exchange([handshake(supportedConnectionTypes => ['websocket'])]))[0],
        {successful => JSON::false, error => qr/^\d{3}:/, advice => {reconnect => 'none'}}, 'no type in common: refused for good');
    json_like((exchange([handshake(minimumVersion => '2.0')]))[0], {successful => JSON::false, error => qr/^400:/}, 'a later version: refused');
    is($anna->get("$PATH?jsonp=f&message=%5B%5D")->status, 400, 'callback-polling, which other sites could read, is refused');
    effect('notification.callback', $last->status == 200 && !(grep { $_ eq 'callback-polling' } @{$reply->{supportedConnectionTypes}}),
        '... and not offered');
};

subtest 'who is signed in' => sub {
    my $nobody = agent('anna', sign_in => 0);
    is($nobody->post($PATH, [handshake()])->status, 401, 'nobody: 401');
    my $client = new_client();
    my $bert = agent('bert');
    my ($reply) = exchange([poll_message($client, %NOW)], as => $bert);
    json_like($reply, {successful => JSON::false, error => qr/^402:/}, 'another agent\'s reader is unknown');
    ($reply) = exchange([{channel => '/meta/disconnect', clientId => $client}], as => $bert);
    isnt($reply->{successful}, JSON::true, '... and cannot be ended');
    ok((exchange([poll_message($client, %NOW)]))[0]{successful}, '... it still works');
    $bert->sign_out;
};

subtest 'subscriptions' => sub {
    my $client = new_client();
    my $subscribe = sub { (exchange([{channel => '/meta/subscribe', clientId => $client, id => 's', subscription => $_[0]}]))[0] };
    json_like($subscribe->('/v2/me/channels'), {successful => JSON::true, id => 's', subscription => '/v2/me/channels'}, 'one topic');
    json_like($subscribe->(['/v2/me/*', '/**']), {successful => JSON::true, subscription => ['/v2/me/*', '/**']}, 'several, with patterns');
    for ('', 'v2/me', '/v2//me', '/v2/*/me', '/v2/me/**/x', '/meta/connect', '/v2/m*', undef, 7, [], ['/v2/me/*', 'bad']) {
        my $name = JSON->new->allow_nonref->encode($_);
        json_like($subscribe->($_), {successful => JSON::false, error => qr/^40[35]:/}, "$name is refused");
    }
    json_like((exchange([{channel => '/meta/subscribe', clientId => 'nobody', subscription => '/a'}]))[0],
        {successful => JSON::false, error => qr/^402:/}, 'an unknown reader');
    exchange([poll_message($client, %NOW)]);
    my $reason = cause();
    my @got = reasons(exchange([poll_message($client)]));
    is("@got", $reason, 'by three subscriptions that cover it an event comes once');
    ok((exchange([{channel => '/meta/unsubscribe', clientId => $client, subscription => $_}]))[0]{successful}, "$_ is given up")
        for '/v2/me/channels', '/v2/me/*', '/**';
    cause();
    is(join(' ', reasons(exchange([poll_message($client, %NOW)]))), '', 'without a subscription nothing comes');
    ok(!(exchange([{channel => '/v2/me/channels', clientId => $client, data => {x => 1}}]))[0]{successful}, 'clients publish nothing');
    exchange([{channel => '/meta/disconnect', clientId => $client}]);
};

# A poll on its own line, so that it can be left waiting.
sub hold
{
    my ($message) = @_;
    my $http = CcgwHttp->new($server->url);
    $http->send(POST => "/api/v2$PATH/connect", {%{$anna->headers}, 'Content-Type' => 'application/json'},
        JSON->new->encode([$message]));
    return $http;
}

subtest 'a held poll' => sub {
    my $client = new_client();
    exchange([{channel => '/meta/subscribe', clientId => $client, subscription => '/v2/me/*'}]);
    my $begun = time;
    my ($reply) = exchange([poll_message($client)]);
    cmp_ok(time - $begun, '<', 0.9, 'the first one is answered at once');
    json_like($reply, {successful => JSON::true, advice => {reconnect => 'retry', interval => 0, timeout => 1000, maxInterval => 3000}},
        '... with the advice');
    $begun = time;
    ($reply) = exchange([poll_message($client, id => 'held')]);
    cmp_ok(time - $begun, '>', 0.9, 'the next one is held');
    cmp_ok(time - $begun, '<', 2.5, '... for CcgwBayeuxTimeout');
    json_like($reply, {successful => JSON::true, id => 'held', clientId => $client}, '... and answered without an event');
    $begun = time;
    exchange([poll_message($client, %NOW)]);
    cmp_ok(time - $begun, '<', 0.9, 'unless it asks for an answer at once');

    my $line = hold(poll_message($client));
    is($line->poll(0.2), undef, 'one waits');
    $begun = time;
    my $reason = cause();
    my $answer = $line->poll(5);
    cmp_ok(time - $begun, '<', 0.5, 'an event answers it at once');
    effect('notification.exchange', join(' ', reasons(@{$answer->json})) eq $reason, '... with the event');

    my $first = hold(poll_message($client));
    is($first->poll(0.2), undef, 'one waits again');
    my $second = hold(poll_message($client));
    $answer = $first->poll(5);
    cmp_ok($answer && $answer->status, '>=', 400, 'another takes its place: the first is answered with an error of HTTP');
    is($second->poll(0), undef, '... the second waits on');
    $reason = cause();
    is(join(' ', reasons(@{$second->poll(5)->json})), $reason, '... and gets the event');

    $first = hold(poll_message($client));
    is($first->poll(0.2), undef, 'one waits once more');
    ($reply) = exchange([{channel => '/meta/disconnect', clientId => $client}]);
    ok($reply->{successful}, 'the reader says good-bye');
    $answer = $first->poll(5);
    is($answer && $answer->json->[0]{advice}{reconnect}, 'none', '... its poll is let go, not to come back');
    json_like((exchange([poll_message($client)]))[0], {successful => JSON::false, error => qr/^402:/, advice => {reconnect => 'handshake'}},
        '... and it is not known any more');
};

subtest 'acknowledged events' => sub {
    my ($reply) = exchange([handshake(ext => {ack => JSON::true})]);
    is($reply->{ext}{ack}, JSON::true, 'the extension is agreed on');
    my $client = $reply->{clientId};
    my ($sub) = exchange([{channel => '/meta/subscribe', clientId => $client, subscription => '/v2/me/*'}]);
    my ($connect) = exchange([poll_message($client, %NOW, ext => {ack => 0})]);
    my $at = $connect->{ext}{ack};
    like($at, qr/^\d+$/, 'each answer carries a number');
    my @caused = map { cause() } 1 .. 3;
    my @got = exchange([poll_message($client, %NOW, ext => {ack => $at})]);
    is_deeply([reasons(@got)], \@caused, 'what happened comes, in order');
    my ($next) = map { $_->{ext}{ack} // () } @got;
    cmp_ok($next, '>', $at, '... with a higher number');
    is_deeply([reasons(exchange([poll_message($client, %NOW, ext => {ack => $at})]))], \@caused, 'not acknowledged: all of it again');
    push @caused, cause();
    is_deeply([reasons(exchange([poll_message($client, %NOW, ext => {ack => $at})]))], \@caused, '... before what is newer');
    is_deeply([reasons(exchange([poll_message($client, %NOW, ext => {ack => $next})]))], [$caused[-1]], 'acknowledged: only what is newer');
    my @other = exchange([{channel => '/meta/subscribe', clientId => $client, subscription => '/x'}]);
    is_deeply([reasons(@other)], [], 'events come with polls only');
    json_like((exchange([poll_message($client, %NOW, ext => {ack => 2 ** 52})]))[0],
        {successful => JSON::false, error => qr/^402:/, advice => {reconnect => 'handshake'}}, 'a number from nowhere: start over');
    ($reply) = exchange([handshake(ext => {ack => {enabled => JSON::true, batch => 1}})]);
    ok(ref $reply->{ext}{ack} && $reply->{ext}{ack}{enabled}, 'the newer form is understood');
};

subtest 'a reader that stays away' => sub {
    my $client = new_client();
    exchange([poll_message($client, %NOW)]);
    my $begun = time;
    ok(wait_until(sub { time - $begun > 4.5 }, 8), 'longer than CcgwBayeuxMaxInterval');
    json_like((exchange([poll_message($client, %NOW)]))[0], {successful => JSON::false, error => qr/^402:/,
        advice => {reconnect => 'handshake'}}, 'is told to start over');
};

subtest 'what is no Bayeux' => sub {
    for ('', 'x', '[', '{}', '[1]', '[{}]', '[{"channel":7}]', '"x"', '[[]]', '[' . join(',', ('{"channel":"/a"}') x 300) . ']') {
        my $answer = $anna->post($PATH, $_);
        my $name = length $_ > 30 ? substr($_, 0, 30) . '...' : $_;
        is($answer->status, 400, "'$name': 400");
    }
    is($anna->post($PATH, '[]', {'Content-Type' => 'text/plain'})->status, 400, 'another media type: 400');
    is($anna->post($PATH, '[]')->body, '[]', 'no messages: no answers');
    my ($reply) = exchange([{channel => '/meta/unheard', clientId => 'x'}]);
    ok(!$reply->{successful}, 'an unheard-of meta channel is refused');
    my @two = exchange([{channel => '/meta/subscribe', clientId => 'x', subscription => '/a', id => 1},
        {channel => '/meta/disconnect', clientId => 'x', id => 2}]);
    is(join(' ', map { $_->{id} } @two), '1 2', 'several are answered in their order, ids as they came');
};

$anna->sign_out;
keep_log($server);
$server->stop;
done_testing;
