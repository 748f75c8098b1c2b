# Licensed to the Apache License, Version 2.0; see LICENSE.
# auth.t: signing in by credentials, by cookie, by header, by a password with each request; who am I; signing out.
use strict;
use warnings;
use CcgwEvo;
use CcgwServer;
use CcgwTest;

my $server = CcgwServer->start(conf => "CcgwNoAnswerTime 60s\n");
my $url = $server->url;
my $nobody = CcgwEvo->new($url, 'anna', nobody => 1);

subtest 'without a sign-in' => sub {
    is($nobody->call(GET => '/auth/status')->json->{isAuthenticated}, JSON::false, 'the status says nobody');
    my $answer = $nobody->call(GET => '/sessions/my');
    is($answer->status, 401, 'sessions are not shown');
    like($answer->header('WWW-Authenticate'), qr/^Basic /, 'a password is asked for');
    is($answer->json->{responseStatus}{message}, 'Not Authenticated', 'and the reason is told');
    is($answer->header('Vary'), 'Accept', 'caches are told that formats differ');
};

subtest 'credentials' => sub {
    my $anna = CcgwEvo->new($url, 'anna');
    my $answer = $anna->call(GET => '/auth');
    is($answer->json->{userName}, 'anna', 'the cookies tell who she is');
    is($anna->call(GET => '/auth/status')->json->{emailAddress}, 'anna@demo.example', 'and her address');
    my ($id) = $anna->{cookie} =~ /ss-id=([^;]+)/;
    is($nobody->call(GET => '/auth', undef, {'X-ss-id' => $id})->json->{userName}, 'anna', 'a header serves as well');
    is($nobody->call(GET => '/auth', undef, {'X-ss-id' => 'x', Cookie => "ss-id=$id"})->status, 401,
        'and outranks the cookie');
    is($nobody->call(GET => '/auth', undef, {Cookie => "01 Jan 2046 00:00:00 GMT=null; ss-id=$id"})->status, 200,
        'what is no cookie is passed over');
    is($anna->call(GET => '/auth/logout')->status, 200, 'she signs out');
    is($anna->call(GET => '/auth')->status, 401, 'and is signed out');
};

subtest 'the permanent cookie' => sub {
    my $bert = CcgwEvo->new($url, 'bert', nobody => 1);
    my $answer = $bert->sign_in(rememberMe => JSON::true);
    my ($long) = grep { /^ss-pid=/ } $answer->headers('Set-Cookie');
    like($long, qr/; Max-Age=630720000;/, 'lasts twenty years');
    unlike($long, qr/Expires/i, 'without a date');
    like($bert->{cookie}, qr/ss-opt=perm/, 'and is chosen by an option');
    is($bert->call(GET => '/auth')->json->{userName}, 'bert', 'which works');
    my ($short) = $bert->{cookie} =~ /ss-id=([^;]+)/;
    is($nobody->call(GET => '/auth', undef, {Cookie => "ss-id=$short"})->status, 401, 'the other opens nothing');
};

subtest 'refused' => sub {
    for my $case (
        [{userName => 'anna', password => 'wrong'}, 401, 'Unauthorized'],
        [{userName => 'anna', password => ''}, 400, 'NotEmpty'],
        [{userName => 'anna'}, 400, 'NotEmpty'],
        [{password => 'demo'}, 400, 'NotEmpty'],
        ) {
        my $answer = $nobody->call(POST => '/auth/credentials', $case->[0]);
        is($answer->status, $case->[1], join ' ', %{$case->[0]}, 'is refused');
        is($answer->json->{responseStatus}{errorCode}, $case->[2], "with $case->[2]");
        ok(!$answer->headers('Set-Cookie'), 'and gives no cookie');
    }
    is($nobody->call(GET => '/auth/credentials')->status, 405, 'GET does not sign in');
    is($nobody->call(POST => '/auth/github', {})->status, 404, 'nor does what is not known');
};

subtest 'a password with each request' => sub {
    my $cleo = CcgwEvo->new($url, 'cleo', basic => 1);
    is($cleo->call(GET => '/sessions/my')->status, 200, 'needs no sign-in');
    is(CcgwEvo->new($url, 'cleo', basic => 1, password => '')->call(GET => '/sessions/my')->status, 401,
        'an empty one is refused');
    is_deeply($cleo->call(GET => '/auth/status')->json->{roles}, ['User', 'Manager'], 'a supervisor is a manager');
};

done_testing;
