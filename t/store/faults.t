# Licensed to the Apache License, Version 2.0; see LICENSE.
# faults.t: what an administrator and a client see when the store cannot store: files that cannot grow, a full memory, a
# disk whose syncs fail. The log says it once; what changes something is answered 503 in each dialect's own words; what
# reads is answered; nothing that was answered before is lost; and where that is safe, it goes on by itself.
use strict;
use warnings;
use CcgwAgentGateway ();
use CcgwEvo;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use JSON ();
use POSIX ();

my $STATUS = "<Location /server-status>\nSetHandler server-status\nRequire local\n</Location>\n";

sub stats
{
    my ($server) = @_;
    return {CcgwHttp->new($server->url)->request(GET => '/server-status?auto', {})->body =~ /^Ccgw_(\w+): (-?\d+)/mg};
}

# The demo floor; without dora at first, so that it can be seen whether a floor was taken.
sub demo_floor
{
    my ($with_dora) = @_;
    my $floor = JSON->new->utf8->decode(CcgwServer::slurp('conf/demo/floor.json'));
    my $agents = $floor->{tenants}[0]{agents};
    @$agents = grep { $with_dora || $_->{login} ne 'dora' } @$agents;
    return $floor;
}

sub dora { return agent('dora', sign_in => 0, basic => 1)->get('/me')->status }

# One agent at each dialect's desktop, two of them in a session.
sub open_floor
{
    my ($server) = @_;
    use_server($server);
    my ($anna, $cleo) = people('anna', 'cleo');
    my $floor = {server => $server, anna => $anna, cleo => $cleo, talk => talk($anna), his => talk($cleo), taken => [], number => 0};
    $floor->{bert} = CcgwAgentGateway::desktop($server, 102);
    $floor->{evo} = CcgwEvo->new($server->url, 'cleo');
    return $floor;
}

# Something that changes, in each dialect. What was answered with yes is noted.
sub change
{
    my ($floor, $dialect) = @_;
    my $text = 'text ' . ++$floor->{number};
    my $answer = $dialect eq 'genesys' ? $floor->{anna}->op($floor->{talk}{path}, 'SendMessage', text => $text)
        : $dialect eq 'huawei' ? $floor->{bert}->post('onlineagent', $floor->{busy} ? 'sayfree' : 'saybusy')
        : $floor->{evo}->call(POST => '/sessions/' . lc($floor->{his}{id}) . '/messages', {body => $text});
    $floor->{busy} = !$floor->{busy} if $dialect eq 'huawei' && $answer->status == 200;
    push @{$floor->{taken}}, $text if $dialect eq 'genesys' && $answer->status == 200;
    return $answer;
}

my %WORDS = (
    genesys => sub { json_like($_[0], {statusCode => 4, statusMessage => qr/\w/}, '... and says so in its words') },
    huawei => sub { json_like($_[0], {retcode => '100-007', message => qr/\w/}, '... and says so in its words') },
    evovoice => sub {
        json_like($_[0], {responseStatus => {errorCode => 'ServiceUnavailable', message => qr/\w/}}, '... and says so in its words');
    },
);

sub refused_everywhere
{
    my ($floor) = @_;
    for my $dialect (sort keys %WORDS) {
        my $answer = change($floor, $dialect);
        is($answer->status, 503, "$dialect: what changes something is refused");
        like($answer->header('Retry-After') // '', qr/^[1-9]\d*$/, '... until later');
        $WORDS{$dialect}->($answer->json);
    }
    my $answer = customer_says($floor->{talk}{from}, 'x', may_fail => 1);
    is($answer->status, 503, 'a customer is told to come again');
    ok($answer->header('Retry-After'), '... later');
}

sub read_everywhere
{
    my ($floor) = @_;
    is($floor->{anna}->get($floor->{talk}{path})->status, 200, 'genesys: what reads is answered');
    is($floor->{bert}->request(GET => "onlineagent/102/agentstatus")->json->{retcode}, "0", 'huawei: likewise');
    is($floor->{evo}->call(GET => '/sessions/' . lc $floor->{his}{id})->status, 200, 'evovoice: likewise');
}

sub works_everywhere
{
    my ($floor) = @_;
    is(change($floor, $_)->status, 200, "$_: changes are taken") for sort keys %WORDS;
    ok($floor->{anna}{desk}->wait_for(told_entry($floor->{talk}, 'Text', text => $floor->{taken}[-1])), '... and told')
        or diag($floor->{anna}{desk}->describe, join "\n", @{$floor->{anna}{desk}{problems}});
}

# The server goes, with or without the agents' knowledge, and perhaps comes back.
sub without_server
{
    my ($floor, $end, $again) = @_;
    $floor->{$_}{desk}->hang_up for 'anna', 'cleo';
    $floor->{server}->$end;
    return unless $again;
    $floor->{server}->again;
    $floor->{$_}{desk}->resume for 'anna', 'cleo';
}

sub kept
{
    my ($floor) = @_;
    my $messages = $floor->{anna}->get("$floor->{talk}{path}/messages")->json->{messages};
    return map { ($_->{text} // '') =~ /^(text \d+)$/ ? $1 : () } @$messages;
}

# Lines of the log with that id, and no more than one of them.
sub said_once
{
    my ($server, $id, $like) = @_;
    ok(wait_until(sub { scalar $server->errors(qr/$id/) }), "$id is in the log");
    my @lines = $server->errors(qr/$id/);
    is(scalar @lines, 1, '... once');
    like($lines[0] // '', $like, '... with directive and reason');
}

# What the log said in all: each message once, but for those of MORE, which may come as often as that.
sub said_no_more
{
    my ($server, %more) = @_;
    my %said;
    $said{$_}++ for map { /(CCGW\d{4})/g } $server->errors(qr/CCGW/);
    delete $said{CCGW0401};    # of a request, and bounded by its second
    my @often = map { "$_: $said{$_}" } grep { $said{$_} > ($more{$_} // 1) } sort keys %said;
    is("@often", '', 'the log repeats nothing');
}

# A restart with another floor, while nothing can be stored: the floor that is stored stays in force.
sub restart_with_floor
{
    my ($floor) = @_;
    my $server = $floor->{server};
    $server->{floor} = demo_floor(1);
    $server->write_inputs;
    $server->graceful;
    said_once($server, 'CCGW0424', qr/:error\].*CcgwFloor \S+floor\.json was not taken, the floor that is stored stays in force: .*\w; the next restart/);
    refused_everywhere($floor);
    read_everywhere($floor);
    is(dora(), 401, 'whom only the file names is nobody yet');
    is(scalar $server->errors(qr/CCGW0414|CCGW0418|CCGW0419/), 0, '... and nobody is locked out for that');
}

# The limit on file sizes of all processes, the parent's for those to come.
sub limit_files
{
    my ($server, $limit) = @_;
    for my $pid ($server->httpd, $server->children) {
        system('prlimit', '--pid', $pid, "--fsize=$limit:") == 0 or die "prlimit: $?\n";
    }
}

subtest 'the files cannot grow' => sub {
    # Room for the first step of the journal; httpd's own files are smaller.
    my $server = CcgwServer->start(conf => "$STATUS\nCcgwMailboxBytes 16M\n", floor => demo_floor(),
        under => ['prlimit', '--fsize=' . 7 * 1024 * 1024 . ':unlimited']);
    my $floor = open_floor($server);
    my $state = $server->state;
    said_once($server, 'CCGW0110', qr/CcgwStateDir \Q$state\E: the journal cannot grow.*File too large|File too large.*CcgwStateDir \Q$state\E/);
    works_everywhere($floor);
    my $answer;
    for (1 .. 500) {
        $answer = $floor->{anna}->op($floor->{talk}{path}, 'AddComment', comment => $_ % 10 . 'x' x 60_000);
        last if $answer->status != 200;
    }
    is($answer->status, 503, 'what is there gets full');
    # smaller ones still find room behind it
    for my $dialect (sort keys %WORDS) {
        for (1 .. 1000) { last if change($floor, $dialect)->status != 200 }
    }
    for (1 .. 1000) { last if customer_says($floor->{talk}{from}, 'x', may_fail => 1)->status != 200 }
    refused_everywhere($floor);
    read_everywhere($floor);
    is(stats($server)->{journal_stuck}, 1, 'the status page says so');
    ok(scalar $server->errors(qr/:error\].*CCGW0401: .*the store cannot write/), 'a request that fails so is an error in the log');
    my @children = $server->children;
    $server->graceful;
    refused_everywhere($floor);
    read_everywhere($floor);
    restart_with_floor($floor);
    is(scalar $server->errors(qr/CCGW0110/), 1, 'a graceful restart changes nothing');
    is(join(' ', $server->errors(qr/exit signal/)), '', 'no child died of it');
    limit_files($server, 'unlimited');
    ok(wait_until(sub { change($floor, 'genesys')->status == 200 }), 'when there is room it goes on by itself');
    said_once($server, 'CCGW0112', qr/CcgwStateDir \Q$state\E: the journal grows again/);
    works_everywhere($floor);
    is(dora(), 401, 'the floor is still the one before');
    $server->graceful;
    is(dora(), 200, 'the next restart takes the new one');
    works_everywhere($floor);
    is_deeply([kept($floor)], $floor->{taken}, 'all that was answered is there, and nothing else');
    said_no_more($server);
    without_server($floor, 'kill_all', 1);
    is_deeply([kept($floor)], $floor->{taken}, '... also after the death of all processes');
    works_everywhere($floor);
    without_server($floor, 'stop');
    # two starts
    said_no_more($server, CCGW0101 => 2, CCGW0110 => 2);
};

subtest 'the memory is full' => sub {
    my $server = CcgwServer->start(memory => '8M', durability => 'os', conf => $STATUS);
    my $floor = open_floor($server);
    my ($first, @waiting) = new_customer();
    is(change($floor, 'huawei')->status, 200, 'nobody is ready');
    customer_says($first, 'first');
    my $answer;
    for my $text ('x' x 3000, 'x') {
        for (1 .. 5000) {
            my $from = new_customer();
            last if ($answer = customer_says($from, $text, may_fail => 1))->status != 200;
            push @waiting, $from;
        }
    }
    cmp_ok(scalar @waiting, '>', 100, 'many sessions fit');
    is($answer->status, 503, 'one more does not');
    like($answer->header('Retry-After') // '', qr/^[1-9]\d*$/, '... until later');
    my $more = 0;
    $more++ while $more < 70 && customer_says($floor->{talk}{from}, 'x', may_fail => 1)->status == 200;
    is($more, 70, 'what has been begun goes on: its customer is heard');
    said_once($server, 'CCGW0113', qr/CcgwMemory: the 8 MB of shared memory are full/);
    is(stats($server)->{heap_full}, 1, 'the status page says so');
    for (1 .. 1000) { last if change($floor, 'genesys')->status != 200 }
    for my $dialect ('evovoice', 'genesys') {
        for (1 .. 1000) { last if ($answer = change($floor, $dialect))->status != 200 }
        is($answer->status, 503, "$dialect: a text is refused");
        like($answer->header('Retry-After') // '', qr/^[1-9]\d*$/, '... until later');
        $WORDS{$dialect}->($answer->json);
    }
    read_everywhere($floor);
    # What is kept for finishing is enough to take on what waits.
    $floor->{anna}->op('/me', 'Ready');
    my $id = $floor->{anna}{desk}->offered($first);
    ok($id, 'what waits is offered') or diag($floor->{anna}{desk}->describe, join "\n", @{$floor->{anna}{desk}{problems}});
    $floor->{anna}->op('/me', 'NotReady');
    done_ok($floor->{anna}->op("/me/smssessions/$id", $_), "... $_") for 'Accept', 'Complete';
    is_deeply([kept($floor)], $floor->{taken}, 'all that was answered is there');
    ok(over($floor->{anna}, $floor->{talk}), 'a session can be ended') or diag($floor->{anna}{desk}->describe, join "\n", @{$floor->{anna}{desk}{problems}});
    said_no_more($server);
    # only now: until here nothing shall go, and with so short a time mailboxes begin anew each second
    $server->conf("$STATUS\nCcgwKeepSessions 1s\n")->graceful;
    ok(wait_until(sub { customer_says(new_customer(), 'y' x 100, may_fail => 1)->status == 200 }, 30), 'sessions that are removed make room');
    said_once($server, 'CCGW0114', qr/CcgwMemory: there is room/);
    without_server($floor, 'stop');
    # it may get full a second time
    said_no_more($server, CCGW0113 => 2);
};

my ($shim) = grep { -e } "$ENV{CCGW_TOP}/t/store/lib/fault.so", "$ENV{CCGW_BUILD}/t/store/lib/fault.so";
ok($shim, 'the shim is built') or done_testing, exit;

# A server under the shim, and the file that says how its disk fails.
sub on_a_bad_disk
{
    my ($files) = @_;
    my $server = CcgwServer->start(conf => $STATUS, floor => demo_floor(), lives => 0);
    my $when = $server->dir . '/fails';
    $server->{under} = ['env', "LD_PRELOAD=$shim", "FAULT_WHEN=$when", 'FAULT_FILES=' . $server->state . "/$files"];
    return ($server->again, $when);
}

subtest 'syncs fail' => sub {
    my ($server, $when) = on_a_bad_disk('');
    my $state = $server->state;
    my $floor = open_floor($server);
    works_everywhere($floor);
    CcgwServer::spew($when, 'sync');
    my $sure = @{$floor->{taken}};
    ok(wait_until(sub { change($floor, 'genesys')->status == 503 }), 'what changes something is refused');
    is(@{$floor->{taken}}, $sure, '... from the first one on');
    refused_everywhere($floor);
    read_everywhere($floor);
    said_once($server, 'CCGW0111', qr/Input\/output error.*CcgwStateDir \Q$state\E: writing the journal failed/);
    cmp_ok(stats($server)->{broken}, '>', 0, 'the status page says so');
    unlink $when;
    refused_everywhere($floor);
    $server->graceful;
    refused_everywhere($floor);
    read_everywhere($floor);
    restart_with_floor($floor);
    without_server($floor, 'stop', 1);
    works_everywhere($floor);
    is(dora(), 200, 'a start takes the new floor');
    my %kept = map { $_ => 1 } kept($floor);
    is(join(' ', grep { !$kept{$_} } @{$floor->{taken}}), '', 'after stop and start all that was answered is there');
    without_server($floor, 'stop');
    # two starts
    said_no_more($server, CCGW0101 => 2);
};

# Some file systems need room also for what is overwritten.
subtest 'for a moment there is no room where there was some' => sub {
    my ($server, $when) = on_a_bad_disk('journal-');
    my $state = $server->state;
    my $floor = open_floor($server);
    works_everywhere($floor);
    CcgwServer::spew($when, 'write');
    my $waiting = fork // die "fork: $!\n";
    POSIX::_exit(change($floor, 'genesys')->status == 200 ? 0 : 1) if !$waiting;
    said_once($server, 'CCGW0115', qr/No space left on device.*CcgwStateDir \Q$state\E: the journal cannot be written to at present/);
    is(stats($server)->{journal_hindered}, 1, 'the status page says so');
    is($floor->{evo}->call(GET => '/sessions/' . lc $floor->{his}{id})->status, 200, 'what reads is answered');
    unlink $when;
    waitpid $waiting, 0;
    is($?, 0, 'whoever waited is answered when there is room again');
    works_everywhere($floor);
    said_once($server, 'CCGW0116', qr/CcgwStateDir \Q$state\E: the journal is written to again/);
    is(stats($server)->{broken}, 0, 'nothing is broken');
    is($server->errors(qr/CCGW0111/), 0, '... nor said to be');
    without_server($floor, 'stop');
    said_no_more($server);
};

subtest 'what is stored cannot be read' => sub {
    my ($server, $when) = on_a_bad_disk('journal-');
    my $floor = open_floor($server);
    works_everywhere($floor);
    without_server($floor, 'stop');
    CcgwServer::spew($when, 'read 8192');
    ok(!$server->try_start, 'the server does not start');
    like($server->said . $server->error_log, qr/journal-0+ cannot be read at offset 8192: Input\/output error.*CcgwRecovery accept-loss/,
        '... and names file, place, reason and what to do');
    unlink $when;
    without_server($floor, 'stop', 1);
    works_everywhere($floor);
    my %kept = map { $_ => 1 } kept($floor);
    is(join(' ', grep { !$kept{$_} } @{$floor->{taken}}), '', 'when it can be read, all is there');
    without_server($floor, 'stop');
    # two starts
    said_no_more($server, CCGW0101 => 2);
};

done_testing;
