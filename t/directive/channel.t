# Licensed to the Apache License, Version 2.0; see LICENSE.
# channel.t: the pages of a carrier's own (CcgwChannel sms kannel), asked as smsbox asks them, without a Kannel.
use strict;
use warnings;
use CcgwHttp;
use CcgwServer;
use CcgwTest;

my $server = CcgwServer->start(lives => 0);
my $port = CcgwServer::free_port();    # nobody listens there
for my $name ('in', 'out') {
    CcgwServer::spew($server->dir . "/$name", "hush-$name\n");
    chmod 0600, $server->dir . "/$name";
}
my $channel = "CcgwChannel sms kannel url=http://127.0.0.1:$port/cgi-bin/sendsms user=ccgw secret-file=" . $server->dir . '/out';
$server->conf(<<"EOT" . "$channel inbound-secret-file=" . $server->dir . "/in\n");
CcgwNoAnswerTime 60s
ExtendedStatus On
LogFormat "all: %r|%q|%U|%{ccgw-op}n" everything
CustomLog "@{[$server->dir]}/every.log" everything
<Location "/server-status">
    SetHandler server-status
    Require local
</Location>
EOT
$server->again;

# PAGE with FIELDS as they stand in the query, besides those that do no harm.
sub ask
{
    my ($page, %field) = @_;
    %field = (secret => 'hush-in', ($page eq 'mo' ? (from => '4915100', to => '15550000', text => 'hi') :
        (from => '15550000', key => '00000000000000ab.1', type => 1)), %field);
    my $query = join '&', map { "$_=$field{$_}" } sort grep { defined $field{$_} } keys %field;
    return CcgwHttp->new($server->url)->request(GET => "/ccgw/kannel/$page?$query");
}

sub warned
{
    my ($said) = @_;
    return scalar(my @lines = $server->errors(qr/:warn\] .*$said/));
}

subtest 'a start warns of a channel without a secret of its own' => sub {
    is((grep { /CCGW0423/ } $server->errors), 0, 'not of this one');
    my $open = CcgwServer->start(durability => 'os', conf => "$channel\n");
    my @said = $open->errors(qr/CCGW0423/);
    is(scalar @said, 1, 'of another one once');
    like($said[0] // '', qr/:warn\] .*CcgwChannel sms kannel: without inbound-secret-file= .* Require/, '... with the remedy');
    $open->stop;
};

subtest 'what can never be taken is answered 200 with an empty body, dropped, and warned of' => sub {
    for (
        ['mo', {charset => '8-BIT'}, qr/CCGW0451: customer\.says: .* dropped: charset: a parameter has an invalid value/],
        ['mo', {from => undef}, qr/CCGW0451: customer\.says: .* dropped: from: a required parameter is missing/],
        ['mo', {from => ''}, qr/CCGW0451: customer\.says: .* dropped: from: a parameter has an invalid value/],
        ['mo', {text => undef}, qr/CCGW0451: customer\.says: .* dropped: text: a required parameter is missing/],
        ['report', {type => 32}, qr/CCGW0451: customer\.report: .* dropped: type: a parameter has an invalid value/],
        ['report', {from => '15551111'}, qr/CCGW0451: customer\.report: .* dropped: from: nobody on the floor has the number \+15551111/],
        ['report', {key => undef}, qr/CCGW0451: customer\.report: .* dropped: key: a required parameter is missing/],
    ) {
        my ($page, $field, $said) = @$_;
        my $answer = ask($page, %$field);
        my ($name) = %$field;
        is($answer->status . $answer->body, '200', "$page: " . join '=', $name, $field->{$name} // '(none)');
        cmp_ok(warned($said), '>=', 1, '... with a warning');
    }
};

subtest 'what a later try may mend, or who may not, is refused as everywhere' => sub {
    for (
        ['mo', {to => '15551111'}, 404, qr/CCGW0451: customer\.says: .* refused: to: nobody on the floor has the number \+15551111/],
        ['mo', {secret => 'guess', from => undef}, 403, qr/CCGW0451: customer\.says: .* refused: secret: forbidden/],
        ['report', {secret => undef, type => 32}, 403, qr/CCGW0451: customer\.report: .* refused: secret: forbidden/],
    ) {
        my ($page, $field, $status, $said) = @$_;
        is(ask($page, %$field)->status, $status, "$page: " . join ', ', map { "$_=" . ($field->{$_} // '') } sort keys %$field);
        cmp_ok(warned($said), '>=', 1, '... with a warning');
    }
    is(CcgwHttp->new($server->url)->request(POST => '/ccgw/kannel/messages',
        {'Content-Type' => 'application/json'}, '{"secret":"hush-in","to":"+15550000"}')->status, 400,
        'a text that is handed in as JSON');
};

subtest 'the log warns once a minute of each reason' => sub {
    my $said = qr/CCGW0451: customer\.says: .* refused: secret: forbidden/;
    is(ask('mo', secret => 'guess')->status, 403, 'refused again') for 1 .. 50;
    cmp_ok(warned($said), '<=', scalar(my @children = $server->children), 'each child warns once');
    cmp_ok(scalar(my @all = $server->errors($said)), '>=', 51, '... the rest is for those who look closer');
    is(warned(qr/CCGW0401/), 0, 'nothing is said twice');
};

subtest 'a text that is spoilt in places comes in, with U+FFFD there; other fields do not' => sub {
    my @texts = (['Gr%FC%DFe+aus+Ulm', "Gr\x{fffd}\x{fffd}e aus Ulm"], ['a%00b', "a\x{fffd}b"], ['100%+sure', "100\x{fffd} sure"],
        ['%D8%3D%00a', "\x{fffd}a", charset => 'UTF-16BE'], ['%04%16', "\x{416}", charset => 'UTF-16BE'], ['over', 'over']);
    my $customer = new_customer();
    is(ask('mo', text => $_->[0], from => substr($customer, 1), @$_[2 .. $#$_])->status, 200, "$_->[0] is taken") for @texts;
    use_server($server);
    my $anna = agent('anna');
    my $desktop = $anna->desktop(ack => 1);
    $anna->ready;
    my $id = $desktop->offered($customer);
    done_ok($anna->op("/me/smssessions/$id", 'Accept'), 'an agent reads them');
    is_deeply([map { $_->{text} } grep { $_->{type} eq 'Text' } @{$anna->get("/me/smssessions/$id/messages")->json->{messages}}],
        [map { $_->[1] } @texts], '... as what they are');
    done_ok($anna->op("/me/smssessions/$id", 'Complete'), 'and is done with them');
    is(ask('mo', from => '49151%FF')->status, 200, 'a sender that is no text is got rid of');
    cmp_ok(warned(qr/CCGW0451: .* dropped: from: a parameter has an invalid value/), '>=', 1, '... with a warning');
};

# A request that asks for the status page sees itself there last.
sub shown
{
    my ($path) = @_;
    my $http = CcgwHttp->new($server->url);
    $http->request(GET => $path);
    my $page = CcgwHttp->new($server->url)->request(GET => '/server-status')->body;
    my $log = sub { CcgwServer::slurp($server->dir . '/every.log') };
    my ($what) = $path =~ m{mark=(\w+)};
    ok(wait_until(sub { $log->() =~ /mark=$what/ }), 'it is logged') or diag($log->());
    return grep { /mark=$what/ } split /\n/, $page . $log->();
}

subtest 'a secret is not shown, however its request is written' => sub {
    my $i = 0;
    for my $path ('/ccgw/kannel/mo?secret=SECRET&x=1', '/ccgw/kannel/report?x=1&secret=SECRET', '/%63cgw/kannel/mo?secret=SECRET',
        '//ccgw/./kannel/mo?secret=SECRET', '/ccgw/nothing?secret=a&secret=SECRET', '/ccgw/kannel/messages?secret=SECRET#&x=1') {
        $i++;
        my @lines = shown($path =~ s/SECRET/hush-here/r . "&mark=m$i");
        cmp_ok(scalar @lines, '>=', 1, "$path is seen");
        is((grep { /hush/ } @lines), 0, '... without the secret') or diag(@lines);
        is((grep { /secret=\*\*\*/ } @lines), scalar @lines, '... but that there was one');
    }
    my @lines = shown('/elsewhere?secret=harmless&mark=other');
    is((grep { /secret=harmless/ } @lines), scalar @lines, 'what is not below /ccgw/ stays as it is');
    @lines = shown('/ccgw/kannel/mo?mysecret=harmless&text=secret=harmless&mark=words');
    is((grep { /mysecret=harmless&text=secret=harmless/ } @lines), scalar @lines, '... and what is no secret');
    is(CcgwHttp->new($server->url)->request(GET => '/ccgw/kannel/mo?secret=hush-here&text=' . 'x' x 20_000)->status, 414,
        'a request may be too long');
    unlike(join("\n", CcgwHttp->new($server->url)->request(GET => '/server-status')->body, $server->access_log, CcgwServer::slurp($server->dir . '/every.log'), $server->errors), qr/hush-here/,
        'nor is that of a request that is too long');
};

done_testing;
