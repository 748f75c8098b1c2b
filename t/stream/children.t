# Licensed to the Apache License, Version 2.0; see LICENSE.
# children.t: what happens in one child is known in the others: events reach their readers at once, polls supersede each
# other; with processes of threads and with one process per connection.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use List::Util qw(max);
use Time::HiRes qw(time);

my $COUNT = 60;

for my $mpm ('event', 'prefork') {
    subtest $mpm => sub {
        my $server = CcgwServer->start(mpm => $mpm, durability => 'os', $mpm eq 'prefork' ? (workers => 12) : (), conf => <<'EOT');
LogFormat "%m %U pid=%P op=%{ccgw-op}n" pids
CustomLog "logs.pid" pids
CcgwBayeuxTimeout 20s
EOT
        use_server($server);
        cmp_ok(scalar $server->children, '>', 1, 'there are several children');
        my @names = ('anna', 'bert', 'cleo', 'dora');
        my @agents = people(@names);
        my ($anna, @rest) = @agents;
        my $talk = talk($anna);
        for my $agent (@rest) {
            done_ok($anna->op($talk->{path}, 'Invite', targetUri => $agent->me->{uri}), 'one more is asked');
            ok($agent->{desk}->wait_for(told_state($talk, 'Invited')), '... hears of it');
            done_ok($agent->op($talk->{path}, 'Accept'), '... comes');
            ok($agent->{desk}->wait_for(told_entry($talk, 'ParticipantJoined')), '... is in');
        }

        my @late;
        for my $n (1 .. $COUNT) {
            # a connection of its own each time: any child may get it
            my $writer = $agents[$n % @agents];
            my $begun = time;
            my $answer = CcgwHttp->new($server->url)->request(POST => "/api/v2$talk->{path}",
                {%{$writer->headers}, 'Content-Type' => 'application/json'},
                qq({"operationName":"SendToAgents","text":"n$n"}));
            is($answer->json->{statusCode}, 0, "message $n is taken") if $answer->json->{statusCode} != 0;
            for my $agent (@agents) {
                my $event = $agent->{desk}->wait_for(told_entry($talk, 'Text', text => "n$n"), 5);
                push @late, $event ? time - $begun : 99;
            }
        }
        my @sorted = sort { $a <=> $b } @late;
        cmp_ok($sorted[-1], '<', 0.9, 'each reader hears within well under a second of each message');
        cmp_ok($sorted[@sorted / 2], '<', 0.03, '... mostly at once: woken, not found by a look from time to time');
        diag(sprintf '%s: median %.1f ms, slowest %.1f ms', $mpm, 1000 * $sorted[@sorted / 2], 1000 * $sorted[-1]);
        for my $agent (@agents) {
            my @got = map { map { $_->{text} // () } @{$_->{data}{messages} || []} } grep { told($talk, 'NewMessages')->($_) } $agent->{desk}->events;
            is(join(' ', grep { /^n\d+$/ } @got), join(' ', map { "n$_" } 1 .. $COUNT), $agent->login . ' got all of them once, in order');
        }
        my %child = map { $_ => 1 } CcgwServer::slurp($server->run . '/logs.pid') =~ /pid=(\d+) op=smssession.message-agents/g;
        cmp_ok(scalar keys %child, '>', 1, 'more than one child took part') or diag(join ' ', keys %child);

        $_->{desk}->disconnect for @agents;
        my $desk = $anna->desktop(start => 0, ack => 1);
        $desk->handshake;
        $desk->subscribe('/v2/me/*');
        my ($wrong, $released) = ('', 0);
        my $message = JSON->new->encode([{channel => '/meta/connect', clientId => $desk->client, connectionType => 'long-polling', ext => {ack => 0}}]);
        my $held;
        for my $n (0 .. 20) {
            my $line = CcgwHttp->new($server->url);
            $line->send(POST => '/api/v2/notifications/connect', {%{$anna->headers}, 'Content-Type' => 'application/json'}, $message);
            if ($n == 0) {
                $line->poll(15) or $wrong = 'the first was not answered';
                next;
            }
            if ($held) {
                # Two that are on their way may overtake each other. A release shows that the newer one has arrived, so
                # only of the first two either may be the older.
                my ($answer, $gone);
                wait_until(sub { grep { !$answer && ($answer = $_->poll(0)) && ($gone = $_) } $held, $n == 2 ? $line : () });
                $wrong ||= "poll $n did not release the one before" unless $answer;
                $wrong ||= "poll $n found one that was not held: " . $answer->status . ' ' . $answer->body
                    if $answer && $answer->status < 400;
                $released++ if $answer && $answer->status >= 400;
                $line = $held if $gone && $gone == $line;
            }
            $held = $line;
        }
        is($wrong, '', 'twenty times a poll in any child releases the one before, wherever it waits');
        is($released, 19, '... with an error of HTTP');
        done_ok($anna->op($talk->{path}, 'SendToAgents', text => 'last'), 'something happens');
        my $answer = $held->poll(15);
        ok($answer && $answer->body =~ /"last"/, '... and the newest poll tells');
        $server->stop;
    };
}

done_testing;
