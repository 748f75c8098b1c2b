# Licensed to the Apache License, Version 2.0; see LICENSE.
# auth.t: sign-in, roles and tenants in all three dialects beside an httpd that has authenticated already: by password,
# by client certificate, by AuthType ccgw with Require. Needs mod_ssl, openssl and curl; without them it fails.
use strict;
use warnings;
use CcgwAgentGateway;
use CcgwEvo;
use CcgwHttp;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use File::Temp qw(tempdir);
use JSON ();
use MIME::Base64 qw(encode_base64);

my %PATHS = (genesys => ['/api/v2'], huawei => ['/agentgateway/resource'], evovoice => ['/sessions', '/auth']);
my $GATEWAY = '/agentgateway/resource/onlineagent';
my $dir = tempdir('ccgw-auth.XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $serial = 0;

# A server whose dialects' Locations have DIRECTIVES on top, and an httpd user more than the floor has agents.
sub server
{
    my (%option) = @_;
    my ($hash) = CcgwServer::slurp('conf/demo/users') =~ /^anna:(\S+)/m;
    my $users = CcgwServer::spew("$dir/users", CcgwServer::slurp('conf/demo/users') . "stranger:$hash\n");
    my $server = CcgwServer->start(durability => 'os', users => $users, floor => 'conf/demo/floor.json', lives => 0);
    return $server->conf($option{conf}->($server))->again;
}

sub locations
{
    my ($directives, @paths) = @_;
    return map { "<Location \"$_\">\n$directives</Location>\n" } @paths ? @paths : map { @$_ } @PATHS{sort keys %PATHS};
}

sub basic { return {Authorization => 'Basic ' . encode_base64("$_[0]:" . ($_[1] // 'demo'), '')} }

# --- the same requests, however httpd knows the agent --------------------------------------------

# ASK is a function of method and path. NUMBER is his; another agent's is not to be used.
sub let_in
{
    my ($ask, $login, $number, $other) = @_;
    my $me = $ask->(GET => '/api/v2/me');
    is($me->status, 200, "genesys knows $login");
    is(eval { $me->json->{user}{userName} }, $login, '... by that name') or diag($me->body);
    answers($ask->(GET => "$GATEWAY/$number/agentstatus"), '0', "huawei knows $number");
    answers($ask->(GET => "$GATEWAY/$other/agentstatus"), '100-006', '... who is nobody else');
    my $status = $ask->(GET => '/auth/status');
    is($status->status, 200, 'evovoice tells who it is');
    json_like($status->json, {isAuthenticated => JSON::true, emailAddress => "$login\@demo.example"}, "... $login");
    is($ask->(GET => '/sessions/my')->status, 200, '... and shows the sessions');
}

# Whom httpd knows and the floor does not is nobody here. Of huawei's agents 101 has signed in before, 104 has not.
sub not_let_in
{
    my ($ask, $who) = @_;
    my $me = $ask->(GET => '/api/v2/me');
    is($me->status, 401, "genesys does not know $who");
    is($me->body, '{"statusCode":20,"statusMessage":"not signed in"}', '... and says so in its own words');
    is($me->header('Set-Cookie'), undef, '... without a cookie');
    for my $path (["$GATEWAY/104/agentstatus", 'GET', '100-006'], ["$GATEWAY/104/saybusy", 'POST', '100-006'],
        ["$GATEWAY/101/agentstatus", 'GET', '000-003'], ["$GATEWAY/101/saybusy", 'POST', '000-003']) {
        my $answer = $ask->($path->[1], $path->[0]);
        answers($answer, $path->[2], "nor does huawei, $path->[1] $path->[0]");
        unlike($answer->body, qr/httpd|stranger|floor|password/, '... and no word of why');
    }
    my $status = $ask->(GET => '/auth/status');
    is($status->status, 200, 'evovoice tells that it is');
    is($status->json->{isAuthenticated}, JSON::false, '... nobody');
    is($ask->(GET => '/sessions/my')->status, 401, '... who has no sessions');
}

# --- by password ---------------------------------------------------------------------------------

subtest 'httpd has checked a password' => sub {
    my $server = server(conf => sub { join '', locations(<<"EOT") });
    AuthType Basic
    AuthName "httpd's own"
    AuthBasicProvider file
    AuthUserFile "@{[$_[0]->run]}/users"
    Require valid-user
EOT
    my $asker = sub {
        my ($head) = @_;
        my $http = CcgwHttp->new($server->url);
        return sub { $http->request($_[0], $_[1], {%$head, 'Content-Type' => 'application/json'}, $_[0] eq 'POST' ? '{}' : undef) };
    };
    let_in($asker->(basic('anna')), 'anna', 101, 102);
    let_in($asker->(basic('bert')), 'bert', 102, 101);
    for (['a wrong password', basic('anna', 'wrong')], ['no password', {}], ['a name nobody has', basic('nobody')]) {
        my ($what, $head) = @$_;
        my $ask = $asker->($head);
        for my $path ('/api/v2/me', "$GATEWAY/101/agentstatus", '/auth/status', '/sessions/my') {
            my $answer = $ask->(GET => $path);
            is($answer->status, 401, "$what, $path: 401");
            like($answer->header('WWW-Authenticate'), qr/httpd's own/, '... by httpd itself');
            unlike($answer->body, qr/statusCode|retcode|isAuthenticated/, '... before any dialect');
        }
    }
    not_let_in($asker->(basic('stranger')), 'an httpd user who is no agent');
    $server->stop;
};

# --- by certificate ------------------------------------------------------------------------------

sub openssl
{
    my (@command) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', "$dir/openssl.out";
        open STDERR, '>&', \*STDOUT;
        exec 'openssl', @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    die "openssl @command:\n" . CcgwServer::slurp("$dir/openssl.out") if $?;
}

sub certificate
{
    my ($name, $subject, $issuer) = @_;
    my @key = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', "$dir/$name.key");
    return openssl('req', '-x509', @key, '-days', 2, '-subj', "/CN=$subject", '-out', "$dir/$name.crt") unless $issuer;
    openssl('req', @key, '-subj', "/CN=$subject", '-out', "$dir/$name.csr");
    openssl('x509', '-req', '-in', "$dir/$name.csr", '-CA', "$dir/$issuer.crt", '-CAkey', "$dir/$issuer.key", '-days', 2,
        '-set_serial', ++$serial, '-out', "$dir/$name.crt", $name eq 'server' ? ('-extfile', "$dir/server.ext") : ());
}

sub ssl_conf
{
    my ($server, $port) = @_;
    my ($modules) = map { chomp; $_ } grep { /^\// } `apxs -q LIBEXECDIR 2>/dev/null`;
    $modules ||= '/usr/lib/apache2/modules';
    return <<"EOT";
<IfModule !ssl_module>
    LoadModule ssl_module "$modules/mod_ssl.so"
</IfModule>
SSLSessionCache none
Listen 127.0.0.1:$port https
<VirtualHost 127.0.0.1:$port>
    ServerName 127.0.0.1:$port
    SSLEngine on
    SSLCertificateFile "$dir/server.crt"
    SSLCertificateKeyFile "$dir/server.key"
    SSLCACertificateFile "$dir/ca.crt"
    SSLVerifyClient require
    SSLVerifyDepth 1
    SSLUserName SSL_CLIENT_S_DN_CN
    CustomLog "@{[$server->run]}/access.log" ccgw
</VirtualHost>
EOT
}

# An answer as CcgwHttp gives it; undef when there was no connection.
sub curl
{
    my ($url, $who, $method) = @_;
    my @command = ('curl', '-sS', '-i', '--http1.1', '--noproxy', '*', '--max-time', 20, '--cacert', "$dir/ca.crt",
        $who ? ('--cert', "$dir/$who.crt", '--key', "$dir/$who.key") : (), '-X', $method,
        $method eq 'POST' ? ('-H', 'Content-Type: application/json', '-d', '{}') : (), $url);
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>', "$dir/curl.err";
        exec @command or POSIX::_exit(127);
    }
    my $text = do { local $/; <$out> } // '';
    close $out;
    my $code = $? >> 8;
    die "curl cannot be started\n" if $code == 127;
    return undef if $code || $text eq '';
    my $parser = bless {in => $text, ended => 1, method => $method}, 'CcgwHttp';
    return $parser->parse // die "curl: '$text'\n";
}

subtest 'httpd has checked a certificate' => sub {
    CcgwServer::spew("$dir/server.ext", "subjectAltName=IP:127.0.0.1\n");
    certificate('ca', 'the CA');
    certificate($_->[0], $_->[1], 'ca') for ['server', '127.0.0.1'], ['anna', 'anna'], ['stranger', 'stranger'];
    certificate('forged', 'anna');
    my $port = CcgwServer::free_port();
    my $server = server(conf => sub { ssl_conf($_[0], $port) });
    my $asker = sub { my ($who) = @_; return sub { curl("https://127.0.0.1:$port$_[1]", $who, $_[0]) } };
    let_in($asker->('anna'), 'anna', 101, 102);
    not_let_in($asker->('stranger'), 'a certificate whose name is no agent\'s');
    is($asker->($_->[0])->(GET => '/api/v2/me'), undef, "$_->[1] is not even connected")
        for [undef, 'who has no certificate'], ['forged', 'who made his own'];
    is(CcgwHttp->new($server->url)->request(GET => '/api/v2/me', {})->status, 401, 'the other port knows nobody by it');
    $server->stop;
};

# --- by AuthType ccgw ----------------------------------------------------------------------------

my %READ = (genesys => '/api/v2/me', huawei => "$GATEWAY/NUMBER/agentstatus", evovoice => '/sessions/my');
my %NUMBER = (anna => 101, cleo => 103, nobody => 103);

# 200 and done, or how it was refused.
sub verdict
{
    my ($http, $dialect, $who, $head) = @_;
    my $answer = $http->request(GET => $READ{$dialect} =~ s/NUMBER/$NUMBER{$who}/r, $head);
    my $code = $dialect eq 'huawei' && $answer->status == 200 ? ' ' . $answer->json->{retcode} : '';
    return $answer->status . $code;
}

sub requires
{
    my ($require, %want) = @_;
    my $server = server(conf => sub { join '', locations(<<"EOT", map { $_->[0] } @PATHS{sort keys %PATHS}) });
    AuthType ccgw
    AuthUserFile "@{[$_[0]->run]}/users"
    $require
EOT
    my $http = CcgwHttp->new($server->url);
    for my $dialect (sort keys %PATHS) {
        for my $who (sort keys %NUMBER) {
            my $head = $who eq 'nobody' ? {} : basic($who);
            like(verdict($http, $dialect, $who, $head), $want{$who}, "$require, $dialect, $who");
        }
        like(verdict($http, $dialect, 'cleo', basic('cleo', 'wrong')), $want{nobody}, '... a wrong password is nobody');
        like(verdict($http, $dialect, 'anna', basic('stranger')), $want{nobody}, '... and so is who is no agent');
    }
    return $server;
}

# This dialect says 401 with its own words, as clients take every other status for a broken line.
my $IN = qr/^200( 0)?$/;
my $NOBODY = qr/^(401|200 100-006)$/;

subtest 'AuthType ccgw, any agent' => sub {
    my $server = requires('Require valid-user', anna => $IN, cleo => $IN, nobody => $NOBODY);
    my $anna = agent('anna', url => $server->url);
    is($anna->get('/me')->status, 200, 'the cookie does as well as the password');
    is($anna->op('/me', 'StartContactCenterSession', channels => ['sms'])->json->{statusCode}, 0, '... for a change with the token');
    is($anna->post('/me', {operationName => 'Ready'}, {'X-CSRF-TOKEN' => 'x'})->status, 403, '... not with a forged one');
    $server->stop;
};

subtest 'AuthType ccgw, supervisors' => sub {
    my $refused = qr/^40[13]$/;
    my $server = requires('Require ccgw-role supervisor', anna => $refused, cleo => $IN, nobody => $NOBODY);
    my $http = CcgwHttp->new($server->url);
    my $answer = $http->request(POST => '/api/v2/me', {%{basic('anna')}, 'Content-Type' => 'application/json'},
        '{"operationName":"StartContactCenterSession","channels":["sms"]}');
    like($answer->status, $refused, 'a change is refused as well');
    my $free = CcgwServer->start(durability => 'os');
    is($http->request(GET => '/auth/status', {})->status, 200, 'a Location beside it is not concerned');
    is(agent('anna', url => $free->url)->get('/me')->status, 200, 'nor is a server without it');
    $_->stop for $server, $free;
};

# --- tenants -------------------------------------------------------------------------------------

subtest 'another tenant' => sub {
    my $server = CcgwServer->start(durability => 'os');
    use_server($server);
    my ($anna) = people({url => $server->url}, 'anna');
    my $talk = talk($anna);
    my $never = '6B00000000000001';
    my $eve = agent('eve');
    my $gate = CcgwAgentGateway->new($server, 201);
    answers($gate->sign_in('/forcelogin'), '0', 'eve signs in at her own number');
    my $evo = CcgwEvo->new($server->url, 'eve');
    my $callid = sub { hex(substr $_[0], 0, 8) . '-' . hex substr $_[0], 8 };

    # The answers, with the name that was asked for taken out: they must be one.
    my $same = sub {
        my ($what, $no, $form, $ask) = @_;
        my @said = map {
            my $id = $form->($_);
            my $answer = $ask->($id);
            (my $text = join "\n", $answer->status, (grep { defined } map { $answer->header($_) } 'Content-Type', 'Allow'),
                $answer->body) =~ s/\Q$id\E/ID/gi;
            $text;
        } $talk->{id}, $never;
        is($said[0], $said[1], "$what: the same as for what never was");
        like($said[0], $no, '... which is a refusal');
    };
    my $plain = sub { $_[0] };
    my $lower = sub { lc $_[0] };
    $same->('genesys, reading', qr/"statusCode":6/, $plain, sub { $eve->get("/me/smssessions/$_[0]") });
    for my $operation (['Accept'], ['Complete'], ['SendMessage', text => 'x']) {
        $same->("genesys, $operation->[0]", qr/"statusCode":[1-9]/, $plain,
            sub { $eve->op("/me/smssessions/$_[0]", @$operation) });
    }
    $same->('huawei, answering', qr/"retcode":"200-002"/, $callid, sub { $gate->put('voicecall', "answer?callid=$_[0]") });
    $same->('huawei, refusing', qr/"retcode":"200-002"/, $callid,
        sub { $gate->post('voicecall', 'reject', {mode => 1, callid => $_[0]}) });
    $same->('huawei, dropping', qr/"retcode":"200-026"/, $callid, sub { $gate->post('voicecall', "dropcall/$_[0]") });
    $same->('huawei, writing', qr/"retcode":"200-026"/, $callid,
        sub { $gate->post('mediacall', 'sendmessage', {callid => $_[0], data => 'x'}) });
    $same->('evovoice, reading', qr/^404\n/, $lower, sub { $evo->call(GET => "/sessions/$_[0]") });
    $same->('evovoice, its log', qr/^4\d\d\n/, $lower, sub { $evo->call(GET => "/sessions/$_[0]/transcript") });
    $same->('evovoice, writing', qr/^4\d\d\n/, $lower, sub { $evo->call(POST => "/sessions/$_[0]/messages", {body => 'x'}) });
    $same->('evovoice, joining', qr/^4\d\d\n/, $lower,
        sub { $evo->call(POST => "/sessions/$_[0]/members", {memberToAdd => 'eve@other.example'}) });
    $same->('evovoice, ending', qr/^4\d\d\n/, $lower, sub { $evo->call(DELETE => "/sessions/$_[0]") });
    unlike($evo->call(GET => $_)->body, qr/$talk->{id}/i, "evovoice, $_ does not list it") for '/sessions/my', '/sessions/active';

    answers($gate->request(GET => 'onlineagent/101/agentstatus'), '100-006', 'huawei: she is not the other tenant\'s agent');
    is($anna->get($talk->{path})->json->{smssession}{state} // '', 'Chatting', 'the session is as it was')
        or diag($anna->get($talk->{path})->body);
    is_deeply([customer_hears($talk->{from})], [], '... and its customer heard nothing');
    ok(over($anna, $talk), 'it ends');
    go_home($anna);
    $server->stop;
};

done_testing;
