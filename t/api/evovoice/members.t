# Licensed to the Apache License, Version 2.0; see LICENSE.
# members.t: a text that a desktop of another dialect took; a colleague who works here is asked in and removed again; a
# number joins and goes; formats; bad input.
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
my $bert = CcgwEvo->new($url, 'bert', basic => 1);
my $evo = CcgwEvo->new($url, 'anna');
my $one = '/sessions/' . lc $id;

sub identities { map { $_->{identity} } @{$_[0]->json->{members}} }

is($bert->call(GET => '/sessions/my')->status, 200, 'Bert works at an Evo client by his password alone');
is($bert->call(GET => $one)->status, 404, 'whose session it is not');
my $answer = $evo->call(POST => "$one/members", {memberToAdd => 'bert@demo.example'});
is($answer->status, 200, 'he is invited');
ok(wait_until(sub { grep { ($_->{identity} // '') eq 'bert@demo.example' && $_->{callState} eq 'Connected' }
    @{$bert->call(GET => $one)->json->{members} || []} }), 'and is in it at once');
json_like($bert->call(GET => $one)->json,
    {ended => JSON::false, channel => 'Chat', direction => 'Incoming', callState => 'Connected', log => [],
        fromAddress => $from, accountName => 'demo'}, 'he sees the session');
is($bert->call(POST => "$one/messages", {body => 'Bert here'})->json->{sender}, 'bert@demo.example', 'he says something');
is(customer_hears($from, qr/Bert/), 'Bert here', 'the customer hears it');

my $number = new_customer();
(my $escaped = $number) =~ s/\+/%2B/;
ok(grep({ $_ eq $number } identities($evo->call(POST => "$one/members", {memberToAdd => $number}))), 'a number joins');
$evo->call(POST => "$one/messages", {body => 'to both'});
is(customer_hears($number, qr/both/), 'to both', 'and hears what is said');
$answer = $evo->call(DELETE => "$one/members/$escaped", undef, {Accept => 'text/jsv'});
is($answer->status, 200, 'it is removed');
is($answer->header('Content-Type'), 'text/jsv', 'the answer has the format that was asked for');
like($answer->body, qr/^\{dialState:Active,callState:Connected,/, 'in its form');
unlike($answer->body, qr/\Q$number/, 'without the number');
is($evo->call(DELETE => "$one/members/$escaped")->status, 404, 'once');

$answer = $evo->call(DELETE => "$one/members/x?memberToRemove=bert%40demo.example", undef, {Accept => 'text/csv'});
is($answer->header('Content-Disposition'), 'attachment;filename="DeleteChatMember.csv"', 'a table has a file name');
ok(wait_until(sub { $bert->call(GET => $one)->status == 404 }), 'Bert is out');
ok(wait_until(sub { !grep { ($_->{nickname} // '') eq 'Bert' }
    @{$anna->get("/me/smssessions/$id")->json->{smssession}{participants} || []} }), 'also at the other desktop');

for my $case (
    [POST => "$one/members", {}, 400], [POST => "$one/members", {memberToAdd => 'no such'}, 400],
    [POST => "$one/members", '{', 400], [DELETE => "$one/members/nobody", undef, 404],
    [DELETE => '/sessions/zz/members/x', undef, 404], [PUT => "$one/members/x", {}, 405],
    [DELETE => "/api/DeleteChatMember?sessionId=\L$id", undef, 400],
    ) {
    $answer = $evo->call(@$case[0 .. 2]);
    is($answer->status, $case->[3], "$case->[0] $case->[1] is refused with $case->[3]");
    ok($answer->json->{responseStatus}{errorCode}, 'in the envelope');
}

# Whatever page a browser is on, it sends the cookie along.
my $by_get = "/api/SendMessage?sessionId=\L$id";
for my $site (qw(cross-site same-site)) {
    $answer = $evo->call(GET => "$by_get&body=$site", undef, {'Sec-Fetch-Site' => $site});
    is($answer->status, 403, "a change by a GET that a $site page caused is refused");
    is($answer->json->{responseStatus}{errorCode}, 'Forbidden', 'in the envelope');
}
is($evo->call(GET => "/json/reply/EndSession?sessionId=\L$id", undef, {'Sec-Fetch-Site' => 'cross-site'})->status, 403,
    'an end too');
is($evo->call(GET => "/api/GetSession?sessionId=\L$id", undef, {'Sec-Fetch-Site' => 'cross-site'})->status, 200,
    'to look at something is not');
my ($token) = $evo->{cookie} =~ /ss-id=([^;]+)/;
is($evo->call(GET => "$by_get&body=by+header", undef,
    {'Sec-Fetch-Site' => 'cross-site', Cookie => undef, 'X-ss-id' => $token})->status, 200, 'nor is a header of its own');
for my $site ('same-origin', 'none', undef) {
    my $told = $site // 'silent';
    is($evo->call(GET => "$by_get&body=$told", undef, {'Sec-Fetch-Site' => $site})->status, 200, "$told: it is done");
    is(customer_hears($from, qr/^\Q$told\E$/), $told, 'and the customer hears it');
}
is_deeply([grep { ($_->{text} // '') =~ /-site$/ } @{$anna->get("/me/smssessions/$id/messages")->json->{messages}}], [],
    'of what was refused nothing was said');
is($evo->call(DELETE => "$one/members/" . ($from =~ s/\+/%2B/r))->status, 400, 'the only customer stays');
is($evo->call(DELETE => $one)->status, 204, 'the session is ended');
is($evo->call(POST => "$one/members", {memberToAdd => $number})->status, 404, 'and is no longer hers');

done_testing;
