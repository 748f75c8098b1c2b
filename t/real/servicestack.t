# Licensed to the Apache License, Version 2.0; see LICENSE.
# servicestack.t: the framework's published client works a customer's texts: sign-in, members, errors, server events with
# signs of life.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON ();
use CcgwServer;
use CcgwTest;

my $HERE = abs_path(dirname(__FILE__));
plan(skip_all => 'the packages of servicestack are not installed (make -f Makefile.apxs deps)')
    unless -d "$HERE/servicestack/node_modules/\@servicestack/client";
plan(skip_all => 'node is not installed') if system('command -v node >/dev/null 2>&1') != 0;

my $server = CcgwServer->start(conf => "CcgwNoAnswerTime 60s\n");
use_server($server);
my $json = JSON->new->utf8->canonical;

# Anna takes a customer's text at another dialect's desktop; then she goes on with this client.
my $anna = agent('anna');
my $desktop = $anna->desktop(ack => 1);
$anna->ready;
my $from = new_customer();
customer_says($from, 'hello');
my $id = $desktop->offered($from);
done_ok($anna->op("/me/smssessions/$id", 'Accept'), 'Anna takes the text');

my $number = new_customer();
open my $out, '-|', 'node', "$HERE/servicestack.mjs",
    $json->encode({url => $server->url, userName => 'anna', password => 'demo', number => $number, event => 1})
    or die "node: $!\n";
my (%step, @all);
while (my $line = <$out>) {
    my $said = eval { $json->decode($line) } or next;
    push @all, $said;
    push @{$step{$said->{step}}}, $said;
}
close $out;
my $first = sub { ($step{$_[0]} || [{}])->[0] };
my $like = sub {
    my ($name, $want, $sentence) = @_;
    json_like($first->($name), $want, $sentence);
};

$like->('wrong password', {error => {errorCode => 'Unauthorized', message => 'Invalid Username or Password'}},
    'a wrong password is an error of the client');
$like->('sign in', {answer => {userName => 'anna', displayName => 'Anna Arendt', roles => ['User']}}, 'she signs in');
$like->('status', {answer => {isAuthenticated => JSON::true, emailAddress => 'anna@demo.example'}},
    'and the client keeps her cookies');
$like->('my sessions', {answer => {sessions => [{id => lc $id, fromAddress => $from, channel => 'Chat'}]}},
    'her session is there');
$like->('connected', {id => qr/^[0-9a-f]{40}$/, heartbeat => qr/^http/}, 'server events connect');
$like->('joined', {channel => "session:\L$id", name => 'Anna Arendt'}, 'and join the channel');
$like->('message', {answer => {text => 'say "hi": now', sender => 'anna@demo.example'}}, 'she says something');
$like->('event', {body => {type => 'ChatMessage', body => 'say "hi": now', sessionId => lc $id},
    id => qr/^\d+$/, channel => "session:\L$id"}, 'and hears of it');
is(scalar @{$step{event} || []}, 1, 'once');
is(customer_hears($from, qr/say/), 'say "hi": now', 'the customer got it');
my ($joined) = grep { ($_->{identity} // '') eq $number } @{$first->('invite')->{answer}{members} || []};
json_like($joined, {isOriginalMember => JSON::false, role => 'Transfer', callState => 'Connected'}, 'a number joins');
$like->('remove', {answer => {id => lc $id}}, 'and is removed');
ok(!grep({ ($_->{identity} // '') eq $number } @{$first->('remove')->{answer}{members} || []}), 'it is gone');
ok(@{$step{changed} || []} >= 2, 'both are told by events');
$like->('remove again', {error => {errorCode => 'NotFound'}}, 'then it is not found');
$like->('missing', {error => {errorCode => 'ArgumentException', errors => [{fieldName => 'MemberToAdd'}]}},
    'a missing member is named');
$like->('list', {answer => {items => [{id => lc $id}], totalCount => 1, totalPages => 1}}, 'a list of given ids');
$like->('updated', {channels => "session:\L$id\E,lobby"}, 'another channel is joined');
$like->('subscribers', {answer => [{displayName => 'Anna Arendt', meta => {isAuthenticated => 'true'}}]}, 'where she is listed');
ok(@{$step{heartbeat} || []} >= 1, 'signs of life are answered');
ok(!@{$step{exception} || []}, 'the client saw no failure') or diag($json->encode($step{exception}));
ok(exists $first->('end')->{answer}, 'the session is ended without a word');
ok(wait_until(sub { $anna->get("/me/smssessions/$id")->json->{statusCode} != 0 }), 'also at the other desktop');
$like->('after', {error => {errorCode => 'Unauthorized'}}, 'signed out is signed out');
diag(map { $json->encode($_), "\n" } @all) unless Test::More->builder->is_passing;

done_testing;
