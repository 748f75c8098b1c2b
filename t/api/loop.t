# Licensed to the Apache License, Version 2.0; see LICENSE.
# loop.t: the customers' end over HTTP: texts in, texts out, repeats, bad input, and who may.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my ($anna) = people('anna');
my $http = CcgwHttp->new(server_url());

sub say_raw
{
    my ($body, $type) = @_;
    return $http->request(POST => '/ccgw/loop/messages', {'Content-Type' => $type // 'application/json'}, $body);
}

sub json { return JSON->new->utf8->canonical->encode({@_}) }

subtest 'a text in' => sub {
    my $talk = talk($anna, text => "Gr\x{fc}\x{df}e \x{1f600}");
    my $again = customer_says($talk->{from}, 'more');
    is($again->status, 200, 'it is taken');
    is($again->header('Content-Type'), 'application/json', '... and answered in JSON');
    is($again->json->{session}, $talk->{id}, '... with the session it belongs to');
    my @texts = map { $_->{text} // () } @{$anna->get("$talk->{path}/messages")->json->{messages}};
    is_deeply(\@texts, ["Gr\x{fc}\x{df}e \x{1f600}", 'more'], 'it stands in the log as it was written');
    is(say_raw(join('&', 'channel=sms', "from=%2B" . substr($talk->{from}, 1), 'to=%2B15550000', 'text=a%26b'),
        'application/x-www-form-urlencoded')->json->{session}, $talk->{id}, 'a form does as well');
    ok(over($anna, $talk), 'it ends');
};

subtest 'a carrier that repeats itself' => sub {
    my $talk = talk($anna);
    my $first = customer_says($talk->{from}, 'once', carrierId => "id-$talk->{id}");
    my $second = customer_says($talk->{from}, 'once', carrierId => "id-$talk->{id}");
    is($second->status, 200, 'the repeat is taken');
    is($second->body, $first->body, '... answered as before');
    customer_says($talk->{from}, 'once', carrierId => "id2-$talk->{id}");
    my @texts = grep { ($_->{text} // '') eq 'once' } @{$anna->get("$talk->{path}/messages")->json->{messages}};
    is(scalar @texts, 2, 'it is dropped; another of the same words is not');
    ok(over($anna, $talk), 'it ends');
    is(customer_says($talk->{from}, 'once', carrierId => "id-$talk->{id}")->json->{session}, $talk->{id},
        'a late repeat begins no session');
};

subtest 'texts out' => sub {
    my $talk = talk($anna);
    $anna->op($talk->{path}, 'SendMessage', text => $_) for 'one', 'two', 'three';
    customer_hears($talk->{from}, qr/three/);
    (my $to = $talk->{from}) =~ s/\+/%2B/;
    my $answer = $http->request(GET => "/ccgw/loop/messages?to=$to", {});
    json_like($answer->json, {messages => [map { {text => $_, to => $talk->{from}, from => '+15550000', session => $talk->{id}} }
        'one', 'two', 'three']}, 'what a customer got, in order');
    is_deeply($http->request(GET => '/ccgw/loop/messages?to=%2B1999', {})->json, {messages => []}, 'another got nothing');
    is_deeply($http->request(GET => "/ccgw/loop/messages?to=$to&from=%2B15559999", {})->json, {messages => []},
        '... and nothing from another tenant\'s number');
    ok(over($anna, $talk), 'it ends');
};

subtest 'bad input' => sub {
    my %good = (channel => 'sms', from => '+1', to => '+15550000', text => 'x');
    for (
        ['no JSON', 400, 'text'],
        ['an array', 400, '[]'],
        (map { my $lost = $_; ["no $lost", 400, json(map { $_ => $good{$_} } grep { $_ ne $lost } keys %good)] } 'from', 'to', 'text'),
        ['an empty sender', 400, json(%good, from => '')],
        ['another channel', 400, json(%good, channel => 'fax')],
        ['a number nobody has', 404, json(%good, to => '+19999')],
        ['data that is no object', 400, json(%good, userData => [1])],
        ['data in data', 400, json(%good, userData => {a => {}})],
        ['a text without an end', 400, json(%good, text => 'x' x 300_000)],
        ['a body without an end', 413, json(%good, text => 'x' x 2_000_000)],
        ['no UTF-8', 400, "{\"channel\":\"sms\",\"from\":\"+1\",\"to\":\"+15550000\",\"text\":\"\xff\"}"],
    ) {
        my ($name, $status, $body) = @$_;
        my $answer = say_raw($body);
        is($answer->status, $status, "$name: $status") or diag($answer->body);
        like($answer->body, qr/^\{"error":".+"\}$/, '... with the reason');
    }
    my $form = 'application/x-www-form-urlencoded';
    for my $odd ('%FF', 'a%00b', '100%', '%zz') {
        for my $field ('from', 'text') {
            my $body = join '&', map { "$_=" . ($_ eq $field ? $odd : $good{$_} =~ s/\+/%2B/r) } sort keys %good;
            my $answer = say_raw($body, $form);
            is($answer->status, 400, "$field=$odd in a form: 400");
            like($answer->body, qr/^\{"error":"$field: /, '... and named');
        }
        is($http->request(GET => "/ccgw/loop/messages?to=$odd")->status, 400, "... in the query: 400");
    }
    is(say_raw("from=%2B1&to=%2B15550000&text=a\0b", $form)->status, 400, 'a zero byte as it is: 400');
    is($http->request(PUT => '/ccgw/loop/messages', {}, '{}')->status, 405, 'PUT: 405');
    is($http->request(GET => '/ccgw/loop/nothing', {})->status, 404, 'another path: 404');
    is($http->request(GET => '/ccgw/', {})->status, 404, 'no path: 404');
};

subtest 'who may' => sub {
    my $server = CcgwServer->start(durability => 'os', conf => <<'EOT');
<Location "/ccgw/">
    AuthMerging Off
    Require all denied
</Location>
EOT
    my $other = CcgwHttp->new($server->url);
    for (['POST', '{"channel":"sms","from":"+1","to":"+15550000","text":"x"}'], ['GET', undef]) {
        my ($method, $body) = @$_;
        is($other->request($method, '/ccgw/loop/messages?to=%2B1', {'Content-Type' => 'application/json'}, $body)->status, 403,
            "$method without permission: 403");
    }
    is(agent('anna', url => $server->url)->get('/me')->status, 200, 'agents are not concerned');
    $server->conf('<Location "/ccgw/">
    AuthMerging Off
    AuthType ccgw
    AuthUserFile "' . $server->run . '/users"
    Require ccgw-role supervisor
</Location>
');
    $server->graceful;
    for (['nobody', 401], ['anna', 401, 403], ['cleo', 200]) {
        my ($who, @status) = @$_;
        my $head = $who eq 'nobody' ? {} : {Authorization => agent($who, sign_in => 0)->basic};
        my $got = $other->request(GET => '/ccgw/loop/messages?to=%2B1', $head)->status;
        ok((grep { $_ == $got } @status), "a Require for supervisors: $who is answered @status") or diag($got);
    }
    $server->stop;
};

go_home($anna);
done_testing;
