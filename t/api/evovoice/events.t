# Licensed to the Apache License, Version 2.0; see LICENSE.
# events.t: server events over real connections: frames, signs of life, other channels, what was missed while away, and
# the end of the login.
use strict;
use warnings;
use CcgwEvo;
use CcgwServer;
use CcgwTest;

my $server = CcgwServer->start(conf => "CcgwNoAnswerTime 60s\n");
use_server($server);
my $url = $server->url;
my $anna = agent('anna');
my $desktop = $anna->desktop(ack => 1);
$anna->ready;
my $from = new_customer();
customer_says($from, 'hello');
my $id = $desktop->offered($from);
done_ok($anna->op("/me/smssessions/$id", 'Accept'), 'Anna takes a text');
my $evo = CcgwEvo->new($url, 'anna');
my $channel = 'session:' . lc $id;

is(CcgwEvo->new($url, 'anna', nobody => 1)->call(GET => '/event-stream')->status, 401, 'a stream needs a sign-in');

sub said { my ($text) = @_; return sub { $_->{selector} eq 'cmd.ChatMessage' && ($_->{body}{body} // '') eq $text } }

my $stream = $evo->stream("$channel,other");
my $first = $stream->wait_for(sub { $_->{selector} eq 'cmd.onConnect' });
like($stream->head, qr{Content-Type: text/event-stream\r\n}, 'it is a stream of events');
like($stream->head, qr{Cache-Control: no-cache\r\n}, 'that nobody keeps');
like($first->{body}{heartbeatUrl}, qr{^\Q$url\E/event-heartbeat\?id=}, 'the first frame says where to give signs of life');
ok($stream->wait_for(sub { $_->{selector} eq 'cmd.onJoin' && $_->{channel} eq 'other' }), 'each channel is joined');

customer_says($from, 'one');
my $one = $stream->wait_for(said('one'));
ok($one, 'a text comes as an event');
is($one->{channel}, $channel, 'in the channel of its session');

my $subscription = $first->{body}{id};
is($evo->call(POST => "/event-heartbeat?id=$subscription", '', {'Content-Type' => 'text/plain'})->status, 200,
    'a sign of life is taken');
ok($stream->wait_for(sub { $_->{selector} eq 'cmd.onHeartbeat' }), 'and answered on the stream');
is($evo->call(POST => '/event-heartbeat?id=nobody', '')->status, 404, 'one of nobody is not');
is($evo->call(POST => "/event-subscribers/$subscription", {subscribeChannels => ['lobby']})->body, '{}',
    'another channel is asked for');
my $update = $stream->wait_for(sub { $_->{selector} eq 'cmd.onUpdate' });
is($update->{body}{channels}, "$channel,other,lobby", 'and told');
is_deeply([map { $_->{displayName} } @{$evo->call(GET => '/event-subscribers?channels=lobby')->json}], ['Anna Arendt'],
    'she is listed there');
my $bert = CcgwEvo->new($url, 'bert');
is($bert->call(POST => "/event-unregister?id=$subscription", '')->status, 404, 'another agent cannot end it');

# Away with a number, as browsers' readers are.
customer_says($from, 'two');
ok($stream->wait_for(said('two')), 'more is said');
$stream->close;
customer_says($from, 'three');
my $again = $evo->stream("$channel,other", 'Last-Event-ID' => $one->{id});
ok($again->wait_for(said('three')), 'who comes back with a number gets what was missed');
is(scalar(grep { said('two')->() } $again->frames), 1, 'once');
is(scalar(grep { said('one')->() } $again->frames), 0, 'and nothing twice');
$again->close;

# Away without one, as the framework's own client is.
customer_says($from, 'four');
my $third = $evo->stream("$channel,other");
ok($third->wait_for(said('four')), 'who comes back without a number misses nothing either');
my ($connect) = grep { $_->{selector} eq 'cmd.onConnect' } $third->frames;

$server->graceful;
customer_says($from, 'five');
my $fourth = $evo->stream("$channel,other");
ok($fourth->wait_for(said('five')), 'nor over a restart');
($connect) = grep { $_->{selector} eq 'cmd.onConnect' } $fourth->frames;
json_like($evo->call(POST => "/event-unregister?id=$connect->{body}{id}", '')->json, {isAuthenticated => 'true'},
    'she leaves');
ok(!$fourth->wait_for(sub { 0 }, 3) && $fourth->{ended}, 'and the stream ends');

my $last = $evo->stream('*');
ok($last->wait_for(sub { $_->{selector} eq 'cmd.onConnect' }), 'one more');
is($evo->call(POST => '/auth/logout', {})->status, 200, 'she signs out');
ok(!$last->wait_for(sub { 0 }, 5) && $last->{ended}, 'and the stream ends with her login');

done_testing;
