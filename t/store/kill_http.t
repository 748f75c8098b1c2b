# Licensed to the Apache License, Version 2.0; see LICENSE.
# kill_http.t: children of httpd are killed at any time and at each step of a commit, then all of httpd, under load, and
# what was answered with 200 is compared with what can be read and was told afterwards.
#
# Customers write conversations of some texts, each text again and again until it is taken (the carrier's id makes that
# harmless). Agents take each session, answer each text once, and end it when all was said. A conversation is judged
# before it ends: its log and what the agent's desktop was told hold each text once and in order. CCGW_LONG: more kills.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use IO::Handle;
use POSIX ();
use Socket;
use Time::HiRes qw(sleep time);

my $KILLS = $ENV{CCGW_LONG} ? 300 : 10;
my $SEED = $ENV{CCGW_SEED} // 1;
my $ROUNDS = $ENV{CCGW_LONG} ? 5 : 2;    # deaths at each step
my $TEXTS = 4;          # of a conversation
my $CUSTOMERS = 4;      # at a time
my $PATIENCE = 30;      # seconds until somebody counts as stuck
my @STEPS = qw(commit-checked commit-prepared commit-recorded commit-done commit-applying commit-applied flush-locked
    flush-written flush-synced flush-published wake);

alarm 600 if $ENV{CCGW_LONG};
die "not as root: t/TEST changes the user\n" unless $>;
my $module = (grep { -e } "$ENV{CCGW_BUILD}/steps/mod_ccgw.so", "$ENV{CCGW_TOP}/build/test/steps/mod_ccgw.so")[0]
    or die "the module with steps is not built: make -f Makefile.apxs BUILD=build/test steps\n";
srand $SEED;

my $steps = $ENV{CCGW_STEP_DIR} = File::Temp::tempdir('ccgw-steps.XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
my $server = CcgwServer->start(module => $module, durability => 'disk', threads => 16, conf => "CcgwNoAnswerTime 120s\n");
use_server($server);
my @agents = people('anna', 'bert', 'cleo');
my %count = (lost => 0, torn => 0, double => 0, stuck => 0);
my ($texts, $answers, $done) = (0, 0, 0);

sub fault
{
    my ($kind, $text) = @_;
    diag("$kind: $text") if $count{$kind}++ < 10;
}

# --- customers: a process each -----------------------------------------------------------------

# One text, until it is taken. The session it went to.
sub say_until_taken
{
    my ($from, $text) = @_;
    my $until = time + $PATIENCE;
    while (time < $until) {
        my $answer = eval { customer_says($from, $text, carrierId => "$from $text", may_fail => 1) };
        return $answer->json->{session} if $answer && $answer->status == 200;
        sleep 0.02;
    }
    return '';
}

sub be_customer
{
    my ($number, $line) = @_;
    srand $SEED + $number;
    for (my $round = 1; ; $round++) {
        my $from = sprintf '+1555%06d%02d%05d', $$ % 1_000_000, $number, $round;
        print $line "begin $from\n";
        for my $n (1 .. $TEXTS) {
            sleep rand 0.05;
            print $line "taken $n " . say_until_taken($from, "text $n") . "\n";
        }
        print $line "end\n";
        my $word = <$line>;
        POSIX::_exit(0) if !defined $word || $word ne "next\n";
    }
}

sub start_customer
{
    my ($number) = @_;
    socketpair my $mine, my $his, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die "socketpair: $!\n";
    $_->autoflush(1) for $mine, $his;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        close $mine;
        be_customer($number, $his);
    }
    close $his;
    $mine->blocking(0);
    return {pid => $pid, line => $mine, in => '', number => $number};
}

# What the customers said since the last look.
sub hear
{
    my ($customer) = @_;
    sysread $customer->{line}, $customer->{in}, 65536, length $customer->{in};
    while ($customer->{in} =~ s/^(.*)\n//) {
        my ($word, @rest) = split ' ', $1;
        if ($word eq 'begin') {
            $customer->{talk} = {from => $rest[0], began => time, told => [], tried => {}, answered => {}};
        }
        elsif ($word eq 'end') {
            $customer->{talk}{ended} = time;
        }
        elsif (!defined $rest[1]) {
            fault('stuck', "text $rest[0] of $customer->{talk}{from} is not taken");
        }
        else {
            $texts++;
            my $id = $customer->{talk}{id} //= $rest[1];
            fault('torn', "$customer->{talk}{from} got into two sessions") if $id ne $rest[1];
        }
    }
}

# --- agents ------------------------------------------------------------------------------------

# A request on a connection of its own, so that none is sent twice; undef: nobody knows whether it was done.
sub ask
{
    my ($agent, $method, @request) = @_;
    $agent->http->close;
    my $answer = eval { $agent->$method(@request) };
    return $answer && $answer->status == 200 ? $answer->json : undef;
}

# What does no harm when it is asked twice.
sub ask_until_answered
{
    my $until = time + $PATIENCE;
    while (time < $until) {
        my $answer = ask(@_);
        return $answer if $answer;
        sleep 0.02;
    }
    fault('stuck', "no answer to $_[1] $_[2]");
    return {};
}

sub take
{
    my ($agent, $id) = @_;
    my $until = time + $PATIENCE;
    while (time < $until) {
        my $answer = ask($agent, op => "/me/smssessions/$id", 'Accept');
        return if $answer && $answer->{statusCode} == 0;
        my $now = ask_until_answered($agent, get => "/me/smssessions/$id");
        return if ($now->{smssession}{state} // '') ne 'Invited';
    }
    fault('stuck', "session $id cannot be accepted");
}

sub answer
{
    my ($agent, $talk, $n) = @_;
    return if $talk->{tried}{$n}++;
    my $answer = ask($agent, op => "/me/smssessions/$talk->{id}", 'SendMessage', text => "answer $n");
    return unless $answer;
    fault('torn', "answer $n in session $talk->{id}: statusCode $answer->{statusCode}") if $answer->{statusCode};
    $talk->{answered}{$n} = 1;
    $answers++;
}

# The customers' texts in what a desktop was told.
sub note_texts
{
    my ($agent, $event, %by_id) = @_;
    my ($id) = ($event->{data}{smssessionUri} // '') =~ m{/([^/]+)$};
    my $talk = $by_id{$id // ''} or return 1;
    $talk->{agent} = $agent;
    for (grep { $_->{type} eq 'Text' && $_->{from}{type} eq 'Customer' } @{$event->{data}{messages} || []}) {
        push @{$talk->{told}}, $_->{text};
        answer($agent, $talk, $1) if $_->{text} =~ /^text (\d+)$/;
    }
    return 1;
}

# Go through what came to the desktops. An event that comes before its session's name is known waits.
sub work
{
    my (@customers) = @_;
    my %by_id = map { $_->{talk} && $_->{talk}{id} ? ($_->{talk}{id} => $_->{talk}) : () } @customers;
    for my $agent (@agents) {
        my $events = $agent->{desk}{events};
        while (my $event = $events->[$agent->{worked} // 0]) {
            my $session = $event->{data}{smssession};
            take($agent, $session->{id}) if $session && ($session->{state} // '') eq 'Invited';
            my ($of) = ($event->{data}{smssessionUri} // '') =~ m{/([^/]+)$};
            last if $of && !$by_id{$of} && !$agent->{done}{$of};
            note_texts($agent, $event, %by_id);
            $agent->{worked}++;
        }
    }
}

# --- judging -----------------------------------------------------------------------------------

sub compare
{
    my ($what, $got, $want) = @_;
    my (%got, $last);
    $got{$_}++ for @$got;
    fault('double', "$what: '$_' comes $got{$_} times") for grep { $got{$_} > 1 } sort keys %got;
    fault('lost', "$what: '$_' is missing") for grep { !$got{$_} } @$want;
    my %want = map { $_ => 1 } @$want;
    fault('torn', "$what: '$_' does not belong there") for grep { !$want{$_} } @$got;
    fault('torn', "$what: not in order: @$got") if @$got == @$want && "@$got" ne "@$want" && !grep { $_ > 1 } values %got;
}

sub judge
{
    my ($talk) = @_;
    my $agent = $talk->{agent};
    my $log = ask_until_answered($agent, get => "/me/smssessions/$talk->{id}/messages")->{messages} || [];
    my @said = grep { ($_->{type} // '') eq 'Text' } @$log;
    my @want = map { "text $_" } 1 .. $TEXTS;
    compare("log of $talk->{id}", [map { $_->{from}{type} eq 'Customer' ? $_->{text} : () } @said], \@want);
    compare("told of $talk->{id}", $talk->{told}, \@want);
    my %sent;
    $sent{$_->{text}}++ for grep { $_->{from}{type} eq 'Agent' } @said;
    for (1 .. $TEXTS) {
        my $times = delete $sent{"answer $_"} // 0;
        fault('lost', "answer $_ of $talk->{id} was acknowledged") if $talk->{answered}{$_} && !$times;
        fault('double', "answer $_ of $talk->{id} comes $times times") if $times > 1;
    }
    fault('torn', "log of $talk->{id} holds '$_'") for keys %sent;
    my $over = ask($agent, op => "/me/smssessions/$talk->{id}", 'Complete');
    $over = ask_until_answered($agent, get => "/me/smssessions/$talk->{id}");
    if ($over->{statusCode} != 6) {    # its end was lost with its answer
        ask_until_answered($agent, op => "/me/smssessions/$talk->{id}", 'Complete');
        $over = ask_until_answered($agent, get => "/me/smssessions/$talk->{id}");
    }
    fault('stuck', "session $talk->{id} cannot be ended: statusCode $over->{statusCode}") if $over->{statusCode} != 6;
    $done++;
}

# One look at everybody. A conversation is over when its last text was told.
sub go_on
{
    my ($more, @customers) = @_;
    CcgwDesktop::pump(0.01);
    hear($_) for @customers;
    work(@customers);
    for my $customer (@customers) {
        my $talk = $customer->{talk} or next;
        next unless $talk->{ended};
        my $told = $talk->{agent} && grep { $_ eq "text $TEXTS" } @{$talk->{told}};
        my $stuck = !$told && time > $talk->{ended} + $PATIENCE;
        next unless $told || $stuck;
        $told ? judge($talk) : fault('stuck', 'nobody was told the end of session ' . ($talk->{id} // '?'));
        $_->{done}{$talk->{id} // ''} = 1 for @agents;
        delete $customer->{talk};
        my $line = $customer->{line};
        print $line $more ? "next\n" : "stop\n";
    }
}

# --- killing -----------------------------------------------------------------------------------

sub until_true
{
    my ($condition, @customers) = @_;
    my $until = time + $PATIENCE;
    until ($condition->()) {
        return 0 if time > $until;
        go_on(1, @customers);
    }
    return 1;
}

sub kill_any
{
    my @children = $server->children;
    return 0 unless @children;
    return kill 'KILL', $children[rand @children];
}

$_->op('/me', 'Ready') for @agents;
my @customers = map { start_customer($_) } 1 .. $CUSTOMERS;
my $kills = 0;
while ($kills < $KILLS) {
    my $next = time + 0.05 + rand 0.3;
    go_on(1, @customers) while time < $next;
    $kills += kill_any();
}
ok($kills >= $KILLS, "$kills children were killed under load");

for my $step (@STEPS) {
    my $died = 0;
    my $before = $done;
    for (1 .. $ROUNDS) {
        CcgwServer::spew("$steps/$step", '');
        $died += until_true(sub { !-e "$steps/$step" }, @customers);
        my $next = time + 0.1;
        go_on(1, @customers) while time < $next;
    }
    $kills += $died;
    is($died, $ROUNDS, "a child died at $step, $ROUNDS times");
    ok(until_true(sub { $done > $before }, @customers), '... and conversations go on');
}

for my $round (1, 2) {
    my $before = $done;
    $server->kill_all;
    $kills++;
    $server->again;
    ok(until_true(sub { $done > $before + $CUSTOMERS }, @customers), "all of httpd was killed under load, $round: conversations go on");
}

my $until = time + 2 * $PATIENCE;
go_on(0, @customers) while time < $until && grep { $_->{talk} } @customers;
ok(!(grep { $_->{talk} } @customers), 'every conversation comes to its end');
waitpid $_->{pid}, 0 for grep { $_->{talk} ? kill('KILL', $_->{pid}) : 1 } @customers;
my @left = map { my $agent = $_; @{ask_until_answered($agent, get => '/me/smssessions')->{smssessions} || []} } @agents;
is(scalar @left, 0, 'no session is left over');
diag('there is left ' . JSON->new->canonical->encode($_)) for @left;
note(sprintf 'kills %d acked %d (%d texts, %d answers, %d conversations) lost %d torn %d double %d hangs %d (seed %d)',
    $kills, $texts + $answers, $texts, $answers, $done, @count{qw(lost torn double stuck)}, $SEED);
cmp_ok($done, '>', $CUSTOMERS, "$done conversations were judged");
is($count{lost}, 0, 'nothing that was answered is lost');
is($count{torn}, 0, 'nothing is in the wrong place or order');
is($count{double}, 0, 'nothing came twice to whoever has a token');
is($count{stuck}, 0, 'nobody was stuck');
ok(!(grep { /exit signal (?!Killed)/ } $server->errors), 'no child died of anything else');
go_home(@agents);
$server->stop;
done_testing;
