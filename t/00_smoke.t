# Licensed to the Apache License, Version 2.0; see LICENSE.
# 00_smoke.t: the server is there and lets an agent in; everything else builds on this.
use strict;
use warnings;
use CcgwTest;

my $stranger = agent('anna', sign_in => 0);
my $answer = $stranger->get('/me');
is($answer->status, 401, 'a stranger is refused');
is($answer->json->{statusCode}, 20, '... in the words of the dialect');

my $wrong = agent('anna', sign_in => 0, basic => 1, password => 'wrong');
is($wrong->get('/me')->status, 401, 'a wrong password is refused');

my $basic = agent('anna', basic => 1);
$answer = $basic->get('/me');
is($answer->status, 200, 'Basic alone is enough for /me');
is($answer->header('Content-Type'), 'application/json', 'the media type is exact');
json_like($answer->json, {statusCode => 0, user => {id => '429a55994ef64991a77acb77c1cf9041'}}, '/me says who one is');

my $anna = agent('anna');
like($anna->cookie, qr/^JSESSIONID=[^;\s]{20,}$/, 'signing in yields a cookie that cannot be guessed');
like($anna->token, qr/^\S{16,}$/, '... and a token against forged requests');
is($anna->get('/me')->status, 200, 'the cookie stands for the password');

my $other = agent('anna', sign_in => 0);
$other->{cookie} = $anna->cookie;
$answer = $other->op('/me', 'StartContactCenterSession', channels => ['sms']);
is($answer->status, 403, 'a change by cookie without the token is refused');
like($answer->body, qr/Missing or invalid Csrf token/, '... with the text clients look for');

done_testing;
