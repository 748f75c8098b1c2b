# Licensed to the Apache License, Version 2.0; see LICENSE.
# stop.t: a customer who says STOP gets no more texts, and every agent is told and refused in his own dialect; too many
# texts are answered 429.
use strict;
use warnings;
use CcgwSeat;
use CcgwServer;
use CcgwTest;

my $STOPPED = 'The customer wants no more texts.';
my $AGAIN = 'The customer wants texts again.';
my $REFUSAL = 'the customer wants no more texts from this number';

my $server = CcgwServer->start(durability => 'os', workers => 64, conf => "CcgwMaxWaiters 24\nCcgwStopWords sms STOP Arr\xc3\xaat\n");
use_server($server);
my ($demo) = grep { $_->{name} eq 'demo' } @{JSON->new->utf8->decode(CcgwServer::slurp('conf/demo/floor.json'))->{tenants}};
my %person = map { $_->{login} => $_ } @{$demo->{agents}};
my $anna = CcgwSeat->new('genesys', $server, $person{anna});
my $bert = CcgwSeat->new('huawei', $server, $person{bert});
my $cleo = CcgwSeat->new('evovoice', $server, $person{cleo});
$anna->ready;

# GUESTS are in it with her.
sub session
{
    my ($from, @guests) = @_;
    customer_says($from, 'hello');
    my $session = $anna->{desk}->offered($from) or die "no offer\n";
    $anna->accept($session) or die "anna cannot accept\n";
    for my $guest (@guests) {
        $anna->invite($session, $guest->person);
        $guest->told(invited => $session) or die "a guest is not told\n";
        $guest->accept($session);
        $anna->told(joined => $session, $guest->person) or die "a guest does not come\n";
    }
    return $session;
}

# Is every agent told the notice TEXT of the session?
sub all_told
{
    my ($session, $from, $text) = @_;
    my %told = (
        genesys => sub { grep { $_->{type} eq 'CustomNotice' && $_->{noticeText} eq $text && $_->{from}{nickname} eq 'System' } $anna->entries($session) },
        huawei => sub { grep { $_->{context} eq $text && $_->{sendername} eq $from } $bert->events('AgentOther_Note') },
        evovoice => sub { grep { lc $_->{sessionId} eq lc $session && ($_->{body} // '') eq $text } $cleo->frames('Toast') },
    );
    for my $seat ($anna, $bert, $cleo) {
        my $dialect = $seat->dialect;
        my @found;
        wait_until(sub { $seat->listen; @found = $told{$dialect}->(); @found }, 10);
        is(scalar @found, 1, "$dialect is told once: $text");
    }
}

subtest 'STOP in a session' => sub {
    my $from = new_customer();
    my $session = session($from, $bert, $cleo);
    my $answer = customer_says($from, " stop. ");
    is($answer->json->{session}, $session, 'it is taken, into his session');
    for my $seat ($anna, $bert, $cleo) {
        ok($seat->told(text => $session, undef, ' stop. '), $seat->dialect . ' is told the text as any other');
    }
    all_told($session, $from, $STOPPED);

    json_like($anna->{agent}->op("/me/smssessions/$session", 'SendMessage', text => 'wait')->json,
        {statusCode => 2, statusMessage => $REFUSAL}, 'genesys refuses her text by its statusCode');
    $answer = $bert->{desk}->post('mediacall', 'sendmessage', {callid => CcgwSeat::Huawei::callid($session), data => 'wait'});
    is($answer->status, 200, 'huawei refuses his');
    json_like($answer->json, {retcode => '700-003', message => $REFUSAL}, '... by its retcode');
    $answer = $cleo->ask(POST => "/sessions/\L$session\E/messages", {body => 'wait'});
    is($answer->status, 400, 'evovoice refuses hers');
    json_like($answer->json, {responseStatus => {errorCode => 'ArgumentException', message => $REFUSAL}}, '... by its errorCode');

    json_like($anna->{agent}->op("/me/smssessions/$session", 'SendToAgents', text => 'among us')->json, {statusCode => 0},
        'agents may write to each other');
    customer_says($from, 'START');
    all_told($session, $from, $AGAIN);
    ok($anna->say($session, 'thank you'), 'after START she may write');
    is_deeply([customer_hears($from, qr/thank you/)], ['thank you'], '... and that is all he ever got');
    my @log = map { $_->{noticeText} // $_->{text} // () } @{$anna->{agent}->get("/me/smssessions/$session/messages")->json->{messages}};
    is_deeply(\@log, ['hello', ' stop. ', $STOPPED, 'among us', 'START', $AGAIN, 'thank you'], 'the log has it all, and no refused text');
    $anna->complete($session);
};

subtest 'STOP out of the blue' => sub {
    my $from = new_customer();
    my $answer = customer_says($from, "ARR\x{ca}T!", carrierId => "stop-$from");
    is($answer->status, 200, 'it is taken');
    is($answer->body, '{"session":null}', '... and begins no session');
    is(customer_says($from, 'ignored', carrierId => "stop-$from")->body, $answer->body, 'a repeat is answered as before');
    my @lines = $server->errors(qr/CCGW0320/);
    my ($line) = grep { /in no session/ } @lines;
    like($line // '', qr/the customer \.\.\.\Q@{[substr $from, -4]}\E wants no more texts from \+15550000: Arr/, 'the log says so');
    unlike($line // '', qr/\Q$from\E/, '... without his whole number');
    is(customer_says($from, 'unstop')->body, '{"session":null}', 'START takes it back, and begins none either');
};

subtest 'a server started again' => sub {
    my $from = new_customer();
    customer_says($from, 'stop');
    $server->stop;
    $server->again;
    $anna->sign_in;
    $anna->ready;
    my $session = session($from);
    ok(!$anna->say($session, 'hello again'), 'remembers who said STOP');
    $anna->complete($session);
};

subtest 'too many texts' => sub {
    $server->conf("CcgwRateLimit sms customer=3/2s number=12/3600s\n");
    $server->graceful;
    my $from = new_customer();
    my %option = (may_fail => 1, to => '+15559999');
    my (@status, $refused);
    for (1 .. 40) {
        my $answer = customer_says($from, "text $_", %option);
        push @status, $answer->status;
        $refused = $answer if $answer->status == 429;
        last if $refused;
    }
    is($status[-1], 429, 'one customer: 429') or diag("@status");
    is_deeply([@status[0 .. 2]], [200, 200, 200], '... not before the third');
    like($refused->header('Retry-After'), qr/^[12]$/, '... with the time until the next');
    like($refused->json->{error}, qr/^from: too many texts/, '... and the reason');
    ok(wait_until(sub { customer_says($from, 'later', %option)->status == 200 }, 10), 'then he is heard again');

    @status = ();
    for (1 .. 40) {
        my $answer = customer_says(new_customer(), 'hello', %option);
        push @status, $answer->status;
        $refused = $answer;
        last if $answer->status == 429;
    }
    is($status[-1], 429, 'a number: 429 to customers that never wrote') or diag("@status");
    ok($refused->header('Retry-After') >= 1 && $refused->header('Retry-After') <= 3600, '... with the time until its next window');
    like($refused->json->{error}, qr/^to: too many texts/, '... and the reason');
    is(customer_says(new_customer(), 'hello', may_fail => 1)->status, 200, 'another number is open');
};

$server->stop;
done_testing;
