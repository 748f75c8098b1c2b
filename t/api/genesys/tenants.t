# Licensed to the Apache License, Version 2.0; see LICENSE.
# tenants.t: to another tenant's agent nothing of this one exists: the same bytes as for what never was.
use strict;
use warnings;
use CcgwTalk;
use CcgwTest;

my $GROUP = '6c715fa9-de16-4d23-b07c-cbcb1caf3e07';
my ($anna, $bert, $eve) = people('anna', 'bert', 'eve');
my $talk = talk($anna);
my $parked = talk($anna);
done_ok($anna->op("/me/workbins/$GROUP?agentGroup=MyAgentGroup", 'AddInteraction', id => $parked->{id}), 'one is parked');

# PATH with the name of something real in place of %s, and with one that never was; the answers must not differ.
sub same
{
    my ($what, $method, $path, $real, $never, $body) = @_;
    my @answer = map {
        my ($at, $sent) = ($path, $body);
        my $name = $_;
        s/%s/$name/g for grep { defined } $at, $sent;
        $eve->request($method, $at, $sent);
    } $real, $never;
    is($answer[0]->status, $answer[1]->status, "$what: the same HTTP status");
    is($answer[0]->body, $answer[1]->body, '... and the same bytes');
    my %code = map { $_ => 1 } map { $_->status == 200 ? $_->json->{statusCode} : 'HTTP ' . $_->status } @answer;
    ok(!$code{0} || $answer[0]->json->{uris} && !@{$answer[0]->json->{uris}}, '... which give nothing away') or diag($answer[0]->body);
}

sub body { return JSON->new->canonical->encode({operationName => @_}) }

my $NO_SESSION = '6B00000000000001';
my $session = "/me/smssessions/%s";
same('reading a session', GET => $session, $talk->{id}, $NO_SESSION);
same('reading its log', GET => "$session/messages", $talk->{id}, $NO_SESSION);
for my $operation (qw(Accept Reject Leave Complete LeaveAndComplete SetInFocus CancelInvite CancelConsult
    SendStartTypingNotification)) {
    same($operation, POST => $session, $talk->{id}, $NO_SESSION, body($operation));
}
same('writing', POST => $session, $talk->{id}, $NO_SESSION, body(SendMessage => text => 'x'));
same('data', POST => $session, $talk->{id}, $NO_SESSION, body(AttachUserData => userData => {a => 'b'}));
same('inviting', POST => $session, $talk->{id}, $NO_SESSION, body(Invite => targetPath => $eve->me->{path}));

my ($user, $nobody) = ($anna->me->{id}, 'f' x 32);
same('a user', GET => '/users/%s', $user, $nobody);
same('a queue', GET => '/queues/%s', 'support', 'no-such-queue');
same('a group', GET => '/groups/%s', 'MyAgentGroup', 'no-such-group');
same('a skill', GET => '/skills/%s', 'support', 'no-such-skill');
same('a contact', GET => '/contacts/%s', $user, $nobody);
same('a user\'s workbins', GET => '/users/%s/workbins', $user, $nobody);

my $NO_BIN = '00000000-0000-0000-0000-000000000000';
same('a workbin', GET => '/workbins/%s?subresources=*', $GROUP, $NO_BIN);
same('a workbin of a group', GET => '/me/workbins/%s?agentGroup=MyAgentGroup', $GROUP, $NO_BIN);
same('subscribing to it', POST => '/me/workbins/%s?agentGroup=MyAgentGroup', $GROUP, $NO_BIN, body('Subscribe'));
same('pulling from it', POST => '/me/workbins/%s?agentGroup=MyAgentGroup', $GROUP, $NO_BIN,
    body(PullInteraction => id => $parked->{id}));
same('several of them', GET => '/me/workbins?workbinIds=%s&fields=*', $GROUP, $NO_BIN);

# Her own session, and what she might do with it.
$eve->op('/me', 'Ready');
my $hers = {from => new_customer()};
customer_says($hers->{from}, 'hello', to => '+15559999');
$hers->{id} = $eve->{desk}->offered($hers->{from});
$hers->{path} = "/me/smssessions/$hers->{id}";
done_ok($eve->op($hers->{path}, 'Accept'), 'she works in her own tenant');
for my $operation ('Invite', 'Consult', 'Transfer', 'RemoveParticipantFromConference') {
    same("$operation to a user", POST => $hers->{path}, "/users/$user", "/users/$nobody", body($operation => targetPath => '%s'));
    same("$operation to a user by his name", POST => $hers->{path}, '/users/anna', '/users/nobody', body($operation => targetPath => '%s'));
    same("$operation to a user by his address", POST => $hers->{path}, '/contacts/anna@demo.example', '/contacts/nobody@demo.example',
        body($operation => targetPath => '%s'));
    same("$operation to a queue", POST => $hers->{path}, '/queues/support', '/queues/nowhere', body($operation => targetPath => '%s'));
}
same('Transfer to a queue by name', POST => $hers->{path}, 'support', 'nowhere', body(Transfer => queueName => '%s'));
same('parking hers in a workbin', POST => '/me/workbins/%s?agentGroup=MyAgentGroup', $GROUP, $NO_BIN,
    body(AddInteraction => id => $hers->{id}));

for (['/users', 'anna'], ['/queues', '"support"'], ['/groups', 'MyAgentGroup'], ['/skills', '"support"'], ['/contacts', 'Anna'],
    ['/workbins', 'group-bin'], ['/me/smssessions', $talk->{id}]) {
    my ($path, $word) = @$_;
    my $answer = $eve->get("$path?fields=*&subresources=*");
    is($answer->json->{statusCode}, 0, "$path is answered");
    unlike($answer->body, qr/\Q$word\E/, '... with nothing of the other tenant');
}
refused($anna->get($hers->{path}), 6, 'the other way round it is the same');

my $mark = sub { scalar grep { ($_->{data}{notificationType} // '') eq 'PropertiesUpdated' } $eve->{desk}->events };
$anna->op($talk->{path}, 'SendMessage', text => 'secret');
$eve->op($hers->{path}, 'AddComment', comment => 'mark');
ok($eve->{desk}->never_before(sub { JSON->new->encode($_) =~ /secret|$talk->{id}|$parked->{id}/ }, $mark),
    'her desktop is told nothing of it');
my $thief = agent('eve', sign_in => 0);
@$thief{'cookie', 'token'} = ($eve->cookie, $eve->token);
(my $forged = $eve->cookie) =~ s/.{8}$/substr($anna->cookie, -8)/e;
$thief->{cookie} = $forged;
is($thief->get('/me')->status, 401, 'her cookie does not become one of the other tenant');

my $reader = $anna->{desk}->client;
my $answer = $eve->post('/notifications/connect', [{channel => '/meta/connect', clientId => $reader,
    connectionType => 'long-polling', advice => {timeout => 0}}]);
like($answer->json->[0]{error}, qr/^402:/, 'another\'s event reader is not known to her');

ok(over($eve, $hers), 'it ends');
ok(over($anna, $talk), 'it ends');
$anna->op("/me/workbins/$GROUP?agentGroup=MyAgentGroup", 'PullInteraction', id => $parked->{id});
ok(over($anna, $parked), 'it ends');
go_home($anna, $bert, $eve);
done_testing;
