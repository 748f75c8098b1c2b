# Licensed to the Apache License, Version 2.0; see LICENSE.
# signin.t: passwords, cookies and tokens against forged requests; clients that keep no cookies.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my $FORGED = 'Missing or invalid Csrf token';

subtest 'by password, then by cookie and token' => sub {
    my $anna = agent('anna');
    my $first = $anna->{signed_in};
    my ($cookie) = $first->headers('Set-Cookie');
    like($cookie, qr{^JSESSIONID=[0-9A-Za-z]{32,}; Path=/api/v2; HttpOnly}, 'the cookie cannot be guessed, nor read by scripts');
    is($first->header('X-CSRF-HEADER'), 'X-CSRF-TOKEN', 'the answer names the header for the token');
    like($first->header('X-CSRF-TOKEN'), qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '... and the token, an uuid');
    my $next = $anna->get('/me');
    is($next->header('X-CSRF-TOKEN'), $anna->token, 'each GET repeats it');
    is($next->header('Set-Cookie'), undef, 'the cookie is given once');
    like($next->header('Cache-Control'), qr/no-store/, 'nothing of it is kept by proxies');
    done_ok($anna->op('/me', 'StartContactCenterSession', channels => ['sms']), 'cookie and token do');
    $anna->sign_out;
};

subtest 'who is not let in' => sub {
    my %header = (
        'nobody' => {},
        'a wrong password' => {Authorization => agent('anna', password => 'wrong', sign_in => 0)->basic},
        'an unknown name' => {Authorization => agent('nobody', sign_in => 0)->basic},
        'an empty password' => {Authorization => agent('anna', password => '', sign_in => 0)->basic},
        'no Basic at all' => {Authorization => 'Basic !!!'},
        'another scheme' => {Authorization => 'Bearer abc'},
        'a cookie that never was' => {Cookie => 'JSESSIONID=' . '0' x 40},
        'an overlong cookie' => {Cookie => 'JSESSIONID=' . 'a' x 4000},
    );
    my $http = CcgwHttp->new(server_url());
    for my $who (sort keys %header) {
        for (['GET', '/api/v2/me'], ['POST', '/api/v2/me', '{"operationName":"Ready"}']) {
            my ($method, $path, $body) = @$_;
            my $answer = $http->request($method, $path, {%{$header{$who}}, 'Content-Type' => 'application/json'}, $body);
            is($answer->status, 401, "$who, $method: 401");
            is($answer->body, '{"statusCode":20,"statusMessage":"not signed in"}', '... and no word of why');
            like($answer->header('WWW-Authenticate'), qr/^Basic realm=/, '... asked for a password');
            is($answer->header('Set-Cookie'), undef, '... without a cookie');
        }
    }
    my $script = $http->request(GET => '/api/v2/me', {'X-Requested-With' => 'XMLHttpRequest'});
    is($script->header('WWW-Authenticate'), undef, 'a script is not answered with the browser\'s password window');
};

subtest 'a change by cookie alone is refused' => sub {
    my $anna = agent('anna');
    my $bert = agent('bert');
    my %token = ('no token' => undef, 'an empty one' => '', 'a wrong one' => 'x' x 36, 'another login\'s' => $bert->token);
    for my $what (sort keys %token) {
        for my $method ('POST', 'PUT', 'DELETE') {
            my $head = {'X-CSRF-TOKEN' => $token{$what}};
            my $path = $method eq 'POST' ? '/me' : '/me/smssessions/0000000000000001';
            my $answer = $anna->request($method, $path, {operationName => 'Ready'}, $head);
            next if $method ne 'POST' && $answer->status == 405;
            is($answer->status, 403, "$what, $method: 403");
            is($answer->body, $FORGED, '... with the text clients look for');
        }
    }
    is($anna->get('/me', {'X-CSRF-TOKEN' => undef})->status, 200, 'reading needs no token');
    my $answer = $anna->post('/notifications', [{channel => '/meta/handshake', version => '1.0',
        supportedConnectionTypes => ['long-polling']}], {'X-CSRF-TOKEN' => undef});
    is($answer->status, 200, 'CometD posts need none: one of the known clients sends none');
    $_->sign_out for $anna, $bert;
};

subtest 'a client that keeps no cookies' => sub {
    my $basic = agent('cleo', basic => 1);
    my (%cookie, %code);
    for (1 .. 12) {
        my $answer = CcgwHttp->new(server_url())->request($_ % 2 ? 'GET' : 'POST', '/api/v2/me',
            {Authorization => $basic->basic, 'Content-Type' => 'application/json'},
            $_ % 2 ? undef : '{"operationName":"StartContactCenterSession","channels":["sms"]}');
        $code{$answer->json->{statusCode}}++;
        $cookie{$_}++ for map { /^(JSESSIONID=[^;]+)/ } $answer->headers('Set-Cookie');
    }
    is_deeply(\%code, {0 => 12}, 'needs its password alone, no token');
    is(scalar keys %cookie, 1, 'all its requests are one login, through whatever connection and child');

    my $desk = $basic->desktop;
    $basic->op('/me', 'Ready');
    my $from = new_customer();
    customer_says($from, 'hello');
    my $id = $desk->offered($from);
    ok($id, 'it hears of work');
    $basic->op('/me', 'NotReady');
    like($basic->op("/me/smssessions/$id", 'Accept')->body, qr/^\{"statusCode":0/, '... and takes it');
    done_ok($basic->op("/me/smssessions/$id", 'Complete'), '... to its end');
    $desk->disconnect;
    $basic->sign_out;
};

subtest 'switched off: no tokens' => sub {
    my $server = CcgwServer->start(durability => 'os', conf => "CcgwCsrf Off\n");
    my $anna = agent('anna', url => $server->url);
    is($anna->{signed_in}->header('X-CSRF-HEADER'), undef, 'none is given');
    done_ok($anna->post('/me', {operationName => 'StartContactCenterSession', channels => ['sms']}, {'X-CSRF-TOKEN' => undef}),
        'none is wanted');
    $server->stop;
};

subtest 'a login without a request ends' => sub {
    my $server = CcgwServer->start(durability => 'os', conf => "CcgwLoginIdle 1s\nCcgwBayeuxTimeout 500ms\nCcgwBayeuxMaxInterval 2s\n");
    my ($anna) = people({url => $server->url}, 'anna');
    my $idle = agent('bert', url => $server->url);
    my $begun = time;
    wait_until(sub { time - $begun > 3 }, 10);    # her desktop polls meanwhile; asking with his cookie would keep it alive
    is($idle->get('/me')->status, 401, 'it ends');
    is($anna->get('/me')->status, 200, 'one with a waiting event reader does not') or diag($anna->{desk}->describe);
    $server->stop;
};

done_testing;
