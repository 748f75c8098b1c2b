# Licensed to the Apache License, Version 2.0; see LICENSE.
# matrix.t: one floor under three dialects: every action, by whoever does it in whichever dialect, is told to whoever is
# concerned in his own. Prints the matrix: "ok", or "-" where the actor's dialect has no such operation.
use strict;
use warnings;
use CcgwSeat;
use CcgwServer;
use CcgwTest;
use File::Temp qw(tempdir);

my @DIALECTS = qw(genesys huawei evovoice);
my %SHORT = (genesys => 'g', huawei => 'h', evovoice => 'e');

# Hosts and observers (o), actors (a) and guests (i), one of each per dialect, on a floor of their own.
my (@agents, %person);
for my $part ('o', 'a', 'i') {
    for my $dialect (@DIALECTS) {
        my $login = "$part-$SHORT{$dialect}";
        $person{$login} = {login => $login, workNo => 301 + @agents, id => sprintf('%032x', 0xa0 + @agents),
            nickname => uc $login, firstName => uc $login, lastName => 'Test', email => "$login\@demo.example"};
        push @agents, {%{$person{$login}}, roles => ['agent'], skills => $login eq 'o-g' ? ['support'] : [],
            groups => [], capacity => {sms => 60, chat => 3, voice => 1}};
    }
}
my $floor = {tenants => [{name => 'demo', domain => 'demo.example', agents => \@agents, skills => ['support'], groups => [],
    queues => [{name => 'support', skills => ['support']}],
    numbers => [{number => '+15550000', media => 'sms', queue => 'support'}]}]};
my ($hash) = CcgwServer::slurp('conf/demo/users') =~ /^anna:(\S+)/m;
my $users = tempdir(CLEANUP => 1) . '/users';
CcgwServer::spew($users, join '', map { "$_->{login}:$hash\n" } @agents);
my $server = CcgwServer->start(durability => 'os', floor => $floor, users => $users,
    workers => 128, conf => "CcgwMaxWaiters 60\n");
use_server($server);

my %seat = map { my $part = $_; map { ("$part-$SHORT{$_}" => CcgwSeat->new($_, $server, $person{"$part-$SHORT{$_}"})) } @DIALECTS } 'o', 'a', 'i';
my @observers = map { $seat{"o-$SHORT{$_}"} } @DIALECTS;
my $host = $seat{'o-g'};
$host->ready;
my (%cell, $texts);

# A session of the host's with the three observers and MORE seats in it.
sub session
{
    my (@more) = @_;
    my $from = new_customer();
    customer_says($from, 'hello');
    my $session = $host->{desk}->offered($from) or die "no offer\n";
    $host->accept($session) or die "the host cannot accept\n";
    join_in($session, $_) for grep { $_ != $host } @observers, @more;
    return $session;
}

sub join_in
{
    my ($session, $seat) = @_;
    $host->invite($session, $seat->person) or die 'cannot invite ' . $seat->person->{login} . "\n";
    $seat->told(invited => $session) or die $seat->person->{login} . " is not told\n";
    my $done = $seat->accept($session);
    die $seat->person->{login} . " cannot accept\n" if defined $done && !$done;
    $host->told(joined => $session, $seat->person) or die $seat->person->{login} . " does not come in\n";
}

# One row of the matrix: ACTOR did it (1), could not (0), or has no such operation; OBSERVERS are told.
sub row
{
    my ($action, $actor, $done, $what, $session, $who, $text, @who) = @_;
    for my $seat (@who) {
        my $key = join ' ', $action, $actor->dialect, $seat->dialect;
        $cell{$key} = !defined $done ? '-' : $done && $seat->told($what, $session, $who, $text) ? 'ok' : 'FAIL';
        next if $cell{$key} eq '-';
        is($cell{$key}, 'ok', "$action by " . $actor->dialect . ': ' . $seat->dialect . " is told '$what'");
    }
}

for my $dialect (@DIALECTS) {
    my $actor = $seat{"a-$SHORT{$dialect}"};
    my $guest = $seat{"i-$SHORT{$dialect}"};
    my $session = session($actor);

    my $text = 'text ' . ++$texts . ' from ' . $actor->dialect;
    row(send => $actor, $actor->say($session, $text), 'text', $session, $actor->person, $text, @observers);

    for my $kind (@DIALECTS) {
        my $whom = $seat{"i-$SHORT{$kind}"};
        row(invite => $actor, $actor->invite($session, $whom->person), 'invited', $session, $whom->person, undef, $whom);
    }
    $session = session($actor);
    join_in($session, $guest);
    row(accept => $guest, 1, 'joined', $session, $guest->person, undef, @observers);
    row(remove => $actor, $actor->remove($session, $guest->person), 'left', $session, $guest->person, undef, @observers);
    row(leave => $actor, $actor->leave($session), 'left', $session, $actor->person, undef, @observers);

    $session = session($actor);
    my $end = $dialect eq 'evovoice' ? 'over' : 'left';    # EndSession ends it for all, Complete only for the one
    row(complete => $actor, $actor->complete($session), $end, $session, $actor->person, undef, @observers);

    for my $kind (@DIALECTS) {
        my $asks = $seat{"a-$SHORT{$kind}"};
        my $here = session($asks);
        my $asked = $asks->invite($here, $guest->person);
        my $done = $asked && $guest->told(invited => $here) ? $guest->reject($here) : $asked;
        row(reject => $guest, $dialect eq 'evovoice' ? undef : $done, 'refused', $here, $guest->person, undef, $asks);
    }
    for my $kind (@DIALECTS) {
        my $own = $kind eq $dialect ? $actor : CcgwSeat->new($kind, $server, $actor->person);
        row('set state' => $actor, $actor->set_state, 'state', undef, $actor->person, undef, $own);
        $own->sign_out if $own != $actor;
    }
}

my @actions = ('invite', 'accept', 'reject', 'send', 'remove', 'leave', 'complete', 'set state');
diag(sprintf '%-10s %-9s %s', 'action', 'by', join ' ', map { sprintf '%-9s', $_ } @DIALECTS);
for my $action (@actions) {
    for my $by (@DIALECTS) {
        my @row = map { $cell{"$action $by $_"} } @DIALECTS;
        ok(!(grep { !defined } @row), "$action by $by: every cell was tried");
        diag(sprintf '%-10s %-9s %s', $action, $by, join ' ', map { sprintf '%-9s', $_ // '?' } @row);
    }
}
$server->stop;
done_testing;
