# Licensed to the Apache License, Version 2.0; see LICENSE.
# errors.t: how requests are refused: statusCode by statusCode, and what HTTP has to say; spellings that must not be.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my ($anna, $bert) = people('anna', 'bert');
my $talk = talk($anna);
my $path = $talk->{path};
my $PLAIN = {'Content-Type' => 'text/plain'};

subtest 'statusCode by statusCode, with HTTP 200' => sub {
    my @cases = (
        # name, code, path, body
        ['no operation', 1, $path, {}],
        ['an operation of null', 1, $path, {operationName => undef}],
        ['an operation that is a number', 10, $path, {operationName => 7}],
        ['an unknown operation', 10, $path, {operationName => 'Explode'}],
        ['an operation of another resource', 10, $path, {operationName => 'StartContactCenterSession'}],
        ['a name in the wrong case', 10, $path, {operationName => 'sendmessage', text => 'x'}],
        ['no text', 1, $path, {operationName => 'SendMessage'}],
        ['a text of null', 1, $path, {operationName => 'SendMessage', text => undef}],
        ['a text that is an object', 10, $path, {operationName => 'SendMessage', text => {}}],
        ['no keys', 1, $path, {operationName => 'DeleteUserData'}],
        ['keys that are no array', 10, $path, {operationName => 'DeleteUserData', keys => {}}],
        ['not in this state', 2, $path, {operationName => 'Accept'}],
        ['alone, aside', 2, $path, {operationName => 'SendToAgents', text => 'x'}],
        ['no such session', 6, '/me/smssessions/0000000000000001', {operationName => 'Accept'}],
        ['an id that is none', 6, '/me/smssessions/zzz', {operationName => 'Accept'}],
        ['a session among the chats', 6, "/me/chats/$talk->{id}", {operationName => 'SendMessage', text => 'x'}],
        ['no such user', 6, $path, {operationName => 'Invite', targetPath => '/users/nobody'}],
        ['no such queue', 6, $path, {operationName => 'Transfer', queueName => 'nowhere'}],
        ['another user\'s workbin', 5, '/users/' . $bert->me->{id} . '/workbins/drafts', {operationName => 'Subscribe'}],
        ['PullChat, which is off', 3, '/me/workbins/6c715fa9-de16-4d23-b07c-cbcb1caf3e07?agentGroup=MyAgentGroup',
            {operationName => 'PullChat', id => $talk->{id}}],
    );
    my ($drafts) = grep { $_->{type} eq 'Agent' } @{$anna->get('/me/workbins?fields=*')->json->{workbins}};
    my $before = $anna->get($path)->body;
    for (@cases) {
        my ($name, $code, $at, $body) = @$_;
        $at =~ s{workbins/drafts}{workbins/$drafts->{id}};
        my $answer = $anna->post($at, $body);
        is($answer->status, 200, "$name: HTTP 200");
        is($answer->header('Content-Type'), 'application/json', '... exactly this media type');
        refused($answer, $code, "... $code");
    }
    is($anna->get($path)->body, $before, 'nothing of all that changed the session');
};

subtest 'bodies that cannot be read' => sub {
    my @cases = (
        ['no body', 1, ''],
        ['no JSON', 10, 'operationName=SendMessage'],
        ['half of it', 10, '{"operationName":"SendMess'],
        ['more behind it', 10, '{"operationName":"SendMessage","text":"x"} {}'],
        ['an array', 10, '[1]'],
        ['a text', 10, '"x"'],
        ['no UTF-8', 10, "{\"operationName\":\"SendMessage\",\"text\":\"\xff\xfe\"}"],
        ['a hundred thousand levels', 10, '[' x 100_000],
        ['a member twice', 10, '{"operationName":"SendMessage","text":"x","text":"y"}'],
    );
    for (@cases) {
        my ($name, $code, $body) = @$_;
        my $answer = $anna->post($path, $body);
        is($answer->status, 200, "$name: HTTP 200");
        refused($answer, $code, "... $code");
    }
    my @texts = grep { $_->{type} eq 'Text' } @{$anna->get("$path/messages")->json->{messages}};
    is(scalar @texts, 1, 'nothing was sent');
};

subtest 'media types of the body' => sub {
    my $body = '{"operationName":"AddComment","comment":"typed"}';
    for ('application/json', 'application/json;charset=UTF-8', 'text/json', 'Application/JSON; charset=utf-8') {
        done_ok($anna->post($path, $body, {'Content-Type' => $_}), $_);
    }
    refused($anna->post($path, $body, {'Content-Type' => 'application/xml'}), 10, 'application/xml');
};

subtest 'what HTTP has to say' => sub {
    my $answer = $anna->get('/me/nothing/here');
    is($answer->status, 404, 'a path that does not exist: 404');
    refused($answer, 6, '... and 6');
    $answer = $anna->request(DELETE => $path);
    is($answer->status, 405, 'a method the path does not have: 405');
    is($answer->header('Allow'), 'GET, HEAD, POST, OPTIONS', '... and which it has');
    refused($answer, 3, '... and 3');
    is($anna->put('/me', {operationName => 'Ready'})->status, 405, 'PUT likewise');
    is($anna->request('BREW', '/me')->status, 405, 'a method nobody has');
    $answer = $anna->request(OPTIONS => $path);
    is($answer->status, 200, 'OPTIONS is answered');
    is($answer->header('Allow'), 'GET, HEAD, POST, OPTIONS', '... with the same');
    $answer = $anna->request(HEAD => $path);
    is($answer->status, 200, 'HEAD is answered');
    is($answer->body, '', '... without a body');
    is($answer->header('Content-Length'), length $anna->get($path)->body, '... with its length');
};

subtest 'a body that is too large' => sub {
    my $server = CcgwServer->start(durability => 'os', conf => "<Location /api/v2>\n  CcgwMaxBody 2K\n</Location>\n");
    my $ann = agent('anna', url => $server->url);
    my $open = {operationName => 'StartContactCenterSession', channels => ['sms']};
    done_ok($ann->post('/me', {%$open, nickname => 'x' x 1900}), 'below the limit it is read');
    my $answer = $ann->post('/me', {%$open, nickname => 'x' x 2100});
    is($answer->status, 413, 'above: 413');
    refused($answer, 10, '... and 10');
    my $http = CcgwHttp->new($server->url);
    my $head = join '', map { "$_: " . $ann->headers->{$_} . "\r\n" } keys %{$ann->headers};
    $http->send_raw("POST /api/v2/me HTTP/1.1\r\nHost: x\r\n${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        . join('', map { "400\r\n" . ('y' x 1024) . "\r\n" } 1 .. 3) . "0\r\n\r\n", 'POST');
    $answer = $http->poll(20);
    is($answer && $answer->status, 413, 'also in chunks, whose length nobody says in front');
    is(lc($answer->header('Connection') // ''), 'close', '... and the rest is not taken for a request');
    done_ok($ann->post('/me', $open), 'the next request is not harmed');
    $server->stop;
};

subtest 'spellings of paths' => sub {
    my $id = $talk->{id};
    my $me = $anna->me->{id};
    for (
        ['a slash at the end', "/me/smssessions/$id/"],
        ['without /me', "/smssessions/$id"],
        ['one s', "/me/smsessions/$id"],
        ['one s, without /me', "/smsessions/$id"],
        ['the id in lower case', "/me/smssessions/" . lc $id],
        ['an encoded letter', "/%6De/smssessions/$id"],
        ['a question mark without a question', "/me/smssessions/$id?"],
        ['a question nobody asked', "/me/smssessions/$id?_=1400000000"],
    ) {
        my ($name, $at) = @$_;
        is($anna->get($at)->json->{smssession}{id}, $id, "$name: read");
        done_ok($anna->op($at, 'AddComment', comment => $name), '... and written');
    }
    is($anna->get("/users/$me/")->json->{user}{userName}, 'anna', 'a slash at the end of a user');
    for ("/me/smssessions/$id%00", "/me/smssessions/%2e%2e/me", "/me/smssessions/$id%2Fmessages", '/me/smssessions/%FF', '/me//smssessions') {
        my $answer = $anna->get($_);
        ok($answer->status != 200 || $answer->json->{statusCode} != 0 || !$answer->json->{smssession}, "$_ leads nowhere else")
            or diag($answer->body);
        cmp_ok($answer->status, '<', 500, '... and nothing breaks');
    }
};

ok(over($anna, $talk), 'it ends');
go_home($anna, $bert);
done_testing;
