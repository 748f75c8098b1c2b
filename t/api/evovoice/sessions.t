# Licensed to the Apache License, Version 2.0; see LICENSE.
# sessions.t: lists and their pages, one session in every format, transcripts, messages by address, the end.
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
my @from = map { new_customer() } 1 .. 3;
my @ids;
for my $from (@from) {
    customer_says($from, "from $from");
    my $id = $desktop->offered($from);
    done_ok($anna->op("/me/smssessions/$id", 'Accept'), "Anna takes the text of $from");
    push @ids, lc $id;
}
my $evo = CcgwEvo->new($url, 'anna');

for my $path (qw(/sessions/my /sessions/active /api/GetMySessions /json/reply/getactivesessions /Sessions//MY/)) {
    is(scalar @{$evo->call(GET => $path)->json->{sessions}}, 3, "$path has all three");
}
json_like($evo->call(GET => '/sessions?countPerPage=2')->json,
    {totalCount => 3, totalPages => 2, hasMorePages => JSON::true, items => [{id => $ids[0]}, {id => $ids[1]}]},
    'a page of a list');
json_like($evo->call(GET => '/sessions?countPerPage=2&page=1')->json,
    {totalCount => 3, hasMorePages => JSON::false, items => [{id => $ids[2]}]}, 'the next one');
json_like($evo->call(GET => '/sessions?all=true')->json, {totalCount => 3, totalPages => 1}, 'all on one page');
json_like($evo->call(GET => "/sessions?specificIds=$ids[2]%2C$ids[0]&sortOrder=Descend")->json,
    {totalCount => 2, items => [{id => $ids[2]}, {id => $ids[0]}]}, 'two of them, newest first');
is($evo->call(GET => '/sessions?endDate=2001-01-01')->json->{totalCount}, 0, 'none is that old');
is($evo->call(GET => '/sessions?accountIds=somebody-else')->json->{totalCount}, 0, 'none is of another account');
is($evo->call(GET => '/sessions?page=x')->status, 400, 'a page that is no number is refused');

my %type = (json => qr{^application/json}, xml => qr{^application/xml}, jsv => qr{^application/jsv},
    csv => qr{^text/csv});
for my $format (sort keys %type) {
    like($evo->call(GET => $_)->header('Content-Type'), $type{$format}, "$_ is $format")
        for "/sessions/$ids[0].$format", "/sessions/$ids[0]?format=$format",
        "/$format/reply/GetSession?sessionId=$ids[0]";
}
like($evo->call(GET => "/sessions/$ids[0].xml")->body, qr{^<SessionInfo xmlns:i="[^"]+" xmlns="[^"]+\.Sessions">},
    'XML begins with the type');

my $sent = $evo->call(POST => "/sessions/$ids[0]/messages", {body => "good\nmorning"});
json_like($sent->json, {otherAddress => $from[0], direction => 'Outgoing', text => "good\nmorning"}, 'a message goes');
is($evo->call(POST => '/messages', {toAddress => $from[1], body => 'by address'})->json->{otherAddress}, $from[1],
    'one by address, too');
is(customer_hears($from[1], qr/address/), 'by address', 'to whom it was meant');
json_like($evo->call(GET => "/sessions/$ids[0]/transcript")->json,
    {messages => [{from => $from[0], body => "from $from[0]"}, {from => 'anna@demo.example', body => "good\nmorning"}]},
    'a transcript has both sides');

is($evo->call(DELETE => "/sessions/$ids[1]?callSid=CA1")->status, 404, 'a leg that does not exist is not ended');
is($evo->call(GET => "/sessions/$ids[1]")->json->{ended}, JSON::false, 'and the session goes on');
for my $id (@ids) {
    my $answer = $evo->call(DELETE => "/sessions/$id");
    is($answer->status . $answer->body, '204', "$id is ended without a word");
}
is(scalar @{$evo->call(GET => '/sessions/my')->json->{sessions}}, 0, 'none is left');
my $cleo = CcgwEvo->new($url, 'cleo');
json_like($cleo->call(GET => "/sessions?specificIds=$ids[0]")->json,
    {items => [{ended => JSON::true, callState => 'Disconnected', dateCompleted => qr/^\d{4}-.*Z$/}]},
    'a supervisor still finds it');

done_testing;
