# Licensed to the Apache License, Version 2.0; see LICENSE.
# report.t: what a carrier tells of a text it took, over HTTP: by the loop, and by requests as Kannel's smsbox makes them.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my $http = CcgwHttp->new(server_url());

sub form
{
    my (%field) = @_;
    return join '&', map { "$_=" . $field{$_} =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/ger } sort keys %field;
}

sub report
{
    my (%field) = @_;
    return $http->request(POST => '/ccgw/loop/report', {'Content-Type' => 'application/json'},
        JSON->new->canonical->encode({from => '+15550000', %field}));
}

# The entry of the customers' list that is TEXT.
sub sent
{
    my ($talk, $text) = @_;
    my $answer = $http->request(GET => '/ccgw/loop/messages?' . form(to => $talk->{from}), {});
    return (grep { $_->{text} eq $text } @{$answer->json->{messages}})[0];
}

my ($anna) = people('anna');
my $talk = talk($anna);
$anna->op($talk->{path}, 'SendMessage', text => $_) for 'one', 'two', 'three';
customer_hears($talk->{from}, qr/three/);
my %key = map { $_ => sent($talk, $_)->{key} } 'one', 'two', 'three';

subtest 'each text has a key' => sub {
    like($key{one}, qr/^[0-9a-z.-]+$/, 'of letters that no carrier changes');
    is(scalar keys %{{map { $_ => 1 } values %key}}, 3, '... of its own');
};

subtest 'the loop reports what became of a text' => sub {
    my $answer = report(key => $key{one}, fate => 'taken');
    is($answer->status, 200, 'it is on its way');
    is($answer->body, '', '... which needs no words');
    is(report(key => $key{one}, fate => 'delivered')->status, 200, 'it arrived');
    ok(sent($talk, 'one'), '... and is still read');
    is(report(key => $key{one}, fate => 'delivered')->status, 200, 'it says so twice');
    is(report(key => $key{two}, fate => 'failed', why => 'switched off')->status, 200, 'another failed');
    ok(!sent($talk, 'two'), '... and nobody reads it');
    is(report(key => $key{two}, fate => 'taken')->status, 200, 'an older report comes late');
    ok(!sent($talk, 'two'), '... and changes nothing');
    is(report(key => $key{two}, fate => 'delivered')->status, 200, 'it arrived after all');
    ok(sent($talk, 'two'), '... and is read');
    is($http->request(POST => '/ccgw/loop/report?' . form(from => '15550000', key => $key{three}, fate => 'failed'),
        {}, '')->status, 404, 'the loop takes numbers as they stand');
    is($http->request(POST => '/ccgw/loop/report', {'Content-Type' => 'application/x-www-form-urlencoded'},
        form(from => '+15550000', key => $key{three}, fate => 'failed'))->status, 200, 'a form does as well');
    ok(!sent($talk, 'three'), '... and is understood');
};

subtest 'what nobody remembers is no fault' => sub {
    for my $key ('0123456789abcdef.1', 'x', "$key{one}.9") {
        my $answer = report(key => $key, fate => 'delivered');
        is($answer->status, 200, "$key: 200") or diag($answer->body);
        ok(wait_until(sub { CcgwServer::slurp($ENV{CCGW_ERROR_LOG}) =~ /CCGW0450: .*\Q$key\E/ }), '... and is logged');
    }
    is(report(key => $key{three}, fate => 'delivered', from => '+15559999')->status, 200,
        'nor is a text of another contact centre');
    ok(!sent($talk, 'three'), '... which it does not change');
};

subtest 'bad input' => sub {
    for (
        ['no key', 400, 'key', {fate => 'failed'}],
        ['what is no key', 400, 'key', {fate => 'failed', key => 'A B'}],
        ['no fate', 400, 'fate', {key => $key{one}}],
        ['another fate', 400, 'fate', {key => $key{one}, fate => 'lost'}],
        ['a number nobody has', 404, 'from', {key => $key{one}, fate => 'failed', from => '+19999'}],
        ['another channel', 200, undef, {key => $key{one}, fate => 'taken', channel => 'fax'}],
    ) {
        my ($name, $status, $field, $fields) = @$_;
        my $answer = report(%$fields);
        is($answer->status, $status, "$name: $status") or diag($answer->body);
        like($answer->body, qr/^\{"error":"$field: .+"\}$/, '... with the reason') if $field;
    }
    my $answer = $http->request(GET => '/ccgw/loop/report', {});
    is($answer->status, 405, 'GET: 405');
    is($answer->header('Allow'), 'POST', '... and what is allowed');
    is($http->request(GET => '/ccgw/loop/sms', {})->status, 404, 'a media is no path');
    is($http->request(POST => '/ccgw/kannel/report', {}, '')->status, 404, 'nor is a channel that is not configured');
};

ok(over($anna, $talk), 'it ends');
go_home($anna);

subtest 'reports of Kannel' => sub {
    my $server = CcgwServer->start(durability => 'os', lives => 0);
    my $secret = CcgwServer::spew($server->dir . '/secret', "a+b%d\n");
    chmod 0600, $secret;
    $server->conf("CcgwChannel sms kannel url=http://127.0.0.1:1/sendsms user=u secret-file=$secret"
        . " inbound-secret-file=$secret reports=http://127.0.0.1:1/ccgw/kannel/report\n");
    $server->again;
    my $smsbox = CcgwHttp->new($server->url);
    my %good = (secret => 'a+b%d', from => '15550000', key => '0123456789abcdef.1', type => 1, why => '');
    my $ask = sub { $smsbox->request($_[0], '/ccgw/kannel/report?' . form(%good, @_[1 .. $#_]), {}, $_[0] eq 'GET' ? undef : '') };
    for my $method ('GET', 'POST') {
        my $answer = $ask->($method);
        is($answer->status, 200, "$method is taken") or diag($answer->body);
        is($answer->body, '', '... and answered with nothing');
        is($ask->($method, secret => 'guess')->status, 403, '... but not with another secret');
        is($ask->($method, type => 99)->status, 200, '... and of an unknown type only to be got rid of');
    }
    is($ask->('GET', from => '19999999')->status, 200, 'of a number nobody has it is got rid of, too');
    is($ask->('PUT')->status, 405, 'PUT: 405');
    is($ask->('PUT')->header('Allow'), 'GET, HEAD, POST', '... and what is allowed');
    is($smsbox->request(GET => '/ccgw/kannel/messages?' . form(%good), {})->status, 405, 'nobody reads texts there');
    $server->stop;
};

subtest 'two channels of one provider' => sub {
    my $floor = JSON->new->utf8->decode(CcgwServer::slurp('conf/demo/floor.json'));
    push @{$floor->{tenants}[0]{numbers}}, {number => 'web', media => 'chat', queue => 'support'};
    my $server = CcgwServer->start(durability => 'os', floor => $floor, conf => "CcgwChannel chat loop\n");
    my $other = CcgwHttp->new($server->url);
    for (['sms', '+15550000', 200], ['chat', 'web', 200], ['sms', 'web', 404], ['chat', '+15550000', 404]) {
        my ($media, $to, $status) = @$_;
        is(customer_says(new_customer(), 'hello', media => $media, to => $to, url => $server->url, may_fail => 1)->status,
            $status, "a text for $to by $media: $status");
        is($other->request(GET => '/ccgw/loop/messages?' . form(channel => $media, from => $to), {})->status, $status,
            '... and the list of what it sent');
        is($other->request(POST => '/ccgw/loop/report?' . form(channel => $media, from => $to, key => 'x', fate => 'taken'),
            {}, '')->status, $status, '... and a report');
    }
    $server->stop;
};

done_testing;
