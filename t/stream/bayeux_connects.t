# Licensed to the Apache License, Version 2.0; see LICENSE.
# bayeux_connects.t: the Bayeux endpoint of a live server, byte by byte where it matters: addresses and forms of a request, one
# connect at a time over several children, and whether events are told again when connections come and go.
use strict;
use warnings;
use CcgwHttp;
use CcgwServer;
use CcgwTest;
use JSON ();
use Time::HiRes qw(time);

my $json = JSON->new->utf8->canonical;
my $server = CcgwServer->start(workers => 96, threads => 24);    # four children
use_server($server);
my $anna = agent('anna', basic => 1);
my $bert = agent('bert', basic => 1);
$anna->op('/me', 'StartContactCenterSession', channels => ['sms']);

# --- a hand-made client -------------------------------------------------------------------------

sub line { CcgwHttp->new($server->url) }

sub send_to
{
    my ($line, $suffix, $messages, %more) = @_;
    my %header = (%{($more{agent} || $anna)->headers}, 'Content-Type' => $more{type} // 'application/json',
        $more{close} ? (Connection => 'close') : ());
    my $body = ref $messages ? $json->encode($messages) : $messages;
    my @request = (POST => "/api/v2/notifications$suffix", \%header, $body);
    return $more{wait} ? $line->request(@request) : $line->open->send(@request);
}

sub ask
{
    my ($suffix, $messages, %more) = @_;
    return send_to($more{line} || line(), $suffix, $messages, wait => 1, %more);
}

sub replies { @{$_[0]->json} }
sub data_of { grep { exists $_->{data} } replies($_[0]) }

sub session
{
    my (%more) = @_;
    my ($reply) = replies(ask('/handshake', [{
        channel => '/meta/handshake', version => '1.0', supportedConnectionTypes => ['long-polling'],
        $more{ack} ? (ext => {ack => JSON::true}) : (),
    }]));
    my $client = $reply->{clientId};
    ask('/connect', [connect_message($client)]);
    ask('', [{channel => '/meta/subscribe', clientId => $client, subscription => $more{topic} // '/v2/me/channels'}]);
    return $client;
}

sub connect_message
{
    my ($client, %more) = @_;
    return {channel => '/meta/connect', clientId => $client, connectionType => 'long-polling', %more};
}

# Exactly one event, on /v2/me/channels.
my $ready = 0;
sub change_state { done_ok($anna->op('/me', ($ready = !$ready) ? 'Ready' : 'NotReady'), 'the agent changes state') }

# --- addresses and forms ------------------------------------------------------------------------

for my $suffix ('', '/', '/handshake', '/connect', '/disconnect') {
    my $answer = ask($suffix, [{channel => '/meta/connect', clientId => 'nope'}]);
    is($answer->status, 200, "the endpoint is served at '/api/v2/notifications$suffix'");
    is($answer->header('Content-Type'), 'application/json', '... as application/json and nothing more');
    json_like(replies($answer), {successful => JSON::false, error => '402::session_unknown',
        advice => {reconnect => 'handshake'}}, '... and knows no session "nope"');
}
is(ask('', '[{"channel":')->status, 400, 'broken JSON is 400');
is(ask('', '[{"channel":')->body, '', '... with an empty body');
is(ask('', '[{"channel":"/meta/connect"}]', type => 'text/plain')->status, 400, 'another media type is 400');
is(ask('', 'message=%5B%7B%22channel%22:%22/meta/connect%22%7D%5D', type => 'application/x-www-form-urlencoded')->status,
    200, 'a form field is read');
is(ask('', '[{"channel":"/meta/connect"}]', type => 'text/json; charset=UTF-8')->status, 200, 'text/json is read');

my ($hello) = replies(ask('/handshake', [{channel => '/meta/handshake', version => '1.0', id => 7}]));
json_like($hello, {successful => JSON::true, id => 7, version => '1.0', supportedConnectionTypes => ['long-polling'],
    advice => {reconnect => 'retry', interval => 0, timeout => qr/^\d+$/, maxInterval => qr/^\d+$/}},
    'a handshake is answered');
like($hello->{clientId}, qr/^[0-9a-zA-Z]{22,}$/, '... with a clientId that cannot be guessed');
isnt($hello->{clientId}, session(), '... and another one each time');

# --- whose session ------------------------------------------------------------------------------

my $client = session();
json_like((replies(ask('/connect', [connect_message($client)], agent => $bert)))[0],
    {successful => JSON::false, error => '402::session_unknown'}, "another agent's session is unknown");
is(ask('/connect', [connect_message($client)], agent => agent('anna', sign_in => 0, basic => 1, password => 'x'))->status,
    401, 'without a password there is no session at all');

# --- one connect at a time ----------------------------------------------------------------------

# A held connect on each of several new lines, so that children differ; each overtakes the one before.
my @lines = map { line() } 1 .. 8;
for my $n (0 .. $#lines) {
    send_to($lines[$n], '/connect', [connect_message($client, id => "$n")]);
    next unless $n;
    my ($answer, $late);
    wait_until(sub { ($answer = $lines[$n - 1]->poll(0.1)) || ($late = $lines[$n]->poll(0)) }, 10);
    # On a busy machine the older one may have been read last: then it was the newer one, and is overtaken now.
    if ($late) {
        send_to($lines[$n], '/connect', [connect_message($client, id => "$n")]);
        $answer = $lines[$n - 1]->poll(10);
    }
    ok($answer, "connect $n releases the one before it") or next;
    is($answer->status, 500, '... with HTTP 500');
    is($answer->body, '', '... and an empty body');
}
change_state();
my $answer = $lines[-1]->poll(10);
is(scalar(data_of($answer)), 1, 'the last connect gets the event');
is((replies($answer))[-1]{id}, '7', '... before its answer');
unlike($answer->body, qr/\Q$client\E.*\Q$client\E/, '... and the event does not hold the clientId');

my $held = line();
send_to($held, '/connect', [connect_message($client, id => 'held')]);
my $began = time;
json_like((replies(ask('/disconnect', [{channel => '/meta/disconnect', clientId => $client}])))[0],
    {successful => JSON::true}, 'a disconnect succeeds');
json_like((replies($held->poll(10)))[0], {successful => JSON::true, id => 'held', advice => {reconnect => 'none'}},
    '... and releases the held connect');
cmp_ok(time - $began, '<', 5, '... at once');
json_like((replies(ask('/connect', [connect_message($client)])))[0], {error => '402::session_unknown'},
    '... the session is gone');

# --- told again, or not -------------------------------------------------------------------------

# The line breaks with the answer unread: the client's system throws it away and says so.
sub break_line
{
    my ($line) = @_;
    my $ready = '';
    vec($ready, fileno $line->socket, 1) = 1;
    select($ready, undef, undef, 10);
    setsockopt $line->socket, Socket::SOL_SOCKET(), Socket::SO_LINGER(), pack 'II', 1, 0;
    $line->close;
}

for my $ack (0, 1) {
    my $name = $ack ? 'acknowledged' : 'kept by the server';
    my $number = 0;
    my $poll = sub {
        my (%more) = @_;
        my $answer = ask('/connect', [connect_message($client, advice => {timeout => 300},
            $ack ? (ext => {ack => $number}) : ())], %more);
        my ($reply) = grep { $_->{channel} eq '/meta/connect' } replies($answer);
        $number = $reply->{ext}{ack} if $ack;
        return [map { $json->encode($_) } data_of($answer)];
    };
    $client = session(ack => $ack);

    change_state();
    is(scalar @{$poll->(close => 1)}, 1, "$name: an event is told");
    is(scalar @{$poll->(close => 1)}, 0, '... once, though each answer ends its connection');
    change_state();
    my $line = line();
    is(scalar @{$poll->(line => $line)}, 1, '... and the next one');
    $line->close;
    is(scalar @{$poll->()}, 0, '... once, when the client ends the connection');

    change_state();
    $line = line();
    send_to($line, '/connect', [connect_message($client, $ack ? (ext => {ack => $number}) : ())]);
    break_line($line);
    my $again;
    wait_until(sub { @{$again = $poll->()} }, 10);
    is(scalar @$again, 1, '... what was on a line that broke is told again');
    is(scalar @{$poll->()}, 0, '... and then no more');
}

is_deeply([$server->errors(qr/\[ccgw:(?:error|crit|alert|emerg)\]/)], [], 'the server has nothing to complain of');
done_testing;
