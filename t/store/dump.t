# Licensed to the Apache License, Version 2.0; see LICENSE.
# dump.t: ccgw-dump shows what a state directory holds, beside a running server and without one, and hides texts and
# secrets; its backup becomes another server's state, while the first one goes on.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use Cwd qw(abs_path);
use Digest::MD5 qw(md5_hex);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use JSON ();
use POSIX ();

my $PROGRAM = dirname($ENV{CCGW_MODULE} || abs_path('mod_ccgw.so')) . '/ccgw-dump';
my $BIN = '/me/workbins/6c715fa9-de16-4d23-b07c-cbcb1caf3e07?agentGroup=MyAgentGroup';
my $SECRET_TEXT = 'mydogiscalledrex';
my $json = JSON->new->utf8->canonical;
my $tmp = tempdir('ccgw-dump.XXXXXXXX', TMPDIR => 1, CLEANUP => 1);

# Exit status, stdout and stderr.
sub dump_said
{
    my (@words) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', "$tmp/out";
        open STDERR, '>', "$tmp/err";
        exec $PROGRAM, @words or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return ($? >> 8 || $?, CcgwServer::slurp("$tmp/out"), CcgwServer::slurp("$tmp/err"));
}

# The objects of a dump that has to succeed, with its text in front.
sub dumped
{
    my (@words) = @_;
    my ($status, $out, $err) = dump_said(@words);
    is("$status $err", '0 ', "ccgw-dump @words") or return '';
    my @objects = map { eval { $json->decode($_) } // $_ } split /\n/, $out;
    is_deeply([grep { !ref } @objects], [], '... prints a JSON object on each line');
    return ($out, grep { ref } @objects);
}

sub in_table { my ($table, @objects) = @_; return grep { ($_->{table} // '') eq $table } @objects }
sub sessions { return map { $_->{key}[0] => $_ } in_table('session', @_) }

# Names, sizes, times and bytes of all files.
sub looks
{
    my ($dir) = @_;
    return join '', map {
        my @is = stat;
        sprintf "%s %o %d %s %s %s\n", $_, @is[2, 7], $is[9], $is[10], -f _ ? md5_hex(CcgwServer::slurp($_)) : '';
    } $dir, sort glob "$dir/* $dir/.[!.]*";
}

my $server = CcgwServer->start(durability => 'disk',
    conf => "CcgwNoAnswerTime 120s\nCcgwRateLimit sms customer=20000/600s\n");
use_server($server);
my $state = $server->state;

# A floor with something in each table.
my ($anna, $bert) = people('anna', 'bert');
my $talk = talk($anna, text => $SECRET_TEXT, userData => {RexSubject => 'rexbites', Level => 424242});
done_ok($anna->op($talk->{path}, 'SendMessage', text => 'goodrexgood'), 'anna answers');
customer_hears($talk->{from}, qr/goodrexgood/);
done_ok($anna->op($talk->{path}, 'SetDisposition', disposition => 'soldarexpuppy', dispositionKey => 'RexOutcome'), '... says how it went');
done_ok($anna->op($talk->{path}, 'AddComment', comment => 'rexneedsavet'), '... makes a note');
my $parked = talk($anna);
$anna->op('/me', 'NotReady', reason => 'walkingrex');
done_ok($anna->op($BIN, 'AddInteraction', id => $parked->{id}), 'a session is parked');
my $quitter = new_customer();
customer_says($quitter, 'STOP');
customer_says(my $waiting = new_customer(), 'is anybody there', carrierId => 'carrier-7');
$bert->op('/me', 'Ready');
ok($bert->{desk}->offered($waiting), 'one who waited is offered');
my ($cleo) = people('cleo');
$cleo->op('/me', 'Ready');

# All that a state can hold.
my @tables = qw(floor login agent session message queue available workbin stream outbox contact receipt optout rate);

subtest 'a dump of a running server' => sub {
    my ($text, @objects) = dumped($state);
    my %seen = map { ($_->{table} // (exists $_->{mailbox} ? 'mailbox' : 'event')) => 1 } @objects;
    is(join(' ', grep { !$seen{$_} } @tables, 'mailbox', 'event'), 'queue', 'all kinds of things are there, but nobody waits');
    is_deeply([grep { exists $_->{record} ? !$_->{record} : !exists $_->{mailbox} } @objects], [], '... each with its record');
    is_deeply([grep { !/^(demo|other|\.)$/ } map { $_->{tenant} } @objects], [], '... and its tenant');
    my %session = sessions(@objects);
    ok($session{$_->{id}}, "session $_->{id} is there") for $talk, $parked;
    is($session{$talk->{id}}{record}{id}, $talk->{id}, '... under the id that desktops see');
    my %keys = (
        message => qr/^\["[0-9A-F]{16}",\d+\]$/, workbin => qr/^\["[-\w]+","[-\w]+","[0-9A-F]{16}"\]$/,
        contact => qr/^\[\d,"\+15550000","\*\*\*"\]$/, optout => qr/^\[\d,"\+15550000","\*\*\*"\]$/,
        rate => qr/^\[\d,"\+15550000","\*\*\*"\]$/, receipt => qr/^\[\d,"\+15550000","carrier-7"\]$/,
        outbox => qr/^\["(wait",|done",\d+,)"[0-9A-F]{16}",\d+\]$/, available => qr/^\[\d,\d+,"[-\w]+"\]$/,
        login => qr/^\["\w+"\]$/, stream => qr/^\["s","\w+"\]$/, agent => qr/^\["[-\w]+"\]$/,
        floor => qr/^\["(head|tenant)"\]$|^\["(agent|number|queue|workbin)","[^"]+"\]$/, session => qr/^\["[0-9A-F]{16}"\]$/,
    );
    for my $table (sort keys %keys) {
        my @odd = grep { $_ !~ $keys{$table} } map { $json->encode($_->{key}) } in_table($table, @objects);
        is_deeply(\@odd, [], "keys of $table are readable");
    }
    is_deeply([grep { !/^\["[aw]"(,"[-\w]+")+\]$/ } map { $json->encode($_->{mailbox} // $_->{event}) }
        grep { !$_->{table} } @objects], [], 'so are names of mailboxes');
    my ($box) = grep { $_->{mailbox} && $_->{mailbox}[0] eq 'a' && $_->{open} } @objects;
    ok($box && $box->{dropped} =~ /^\d+$/, 'a mailbox says whether it is open, and what was dropped');
    my @at = map { $_->{at} } grep { $_->{event} && $_->{event}[0] eq 'a' && $box && $_->{event}[1] eq $box->{mailbox}[1] } @objects;
    ok(@at && join(' ', @at) eq join(' ', sort { $a <=> $b } @at), '... and has its events in order');
};

subtest 'who waits' => sub {
    $_->op('/me', 'NotReady') for $bert, $cleo;
    my $answer = customer_says(new_customer(), 'nobody is there');
    my (undef, @waiting) = dumped('--table', 'queue', $state);
    is_deeply([map { $_->{key}[2] } @waiting], [$answer->json->{session}], 'is in the table of queues');
    is($waiting[0]{record}{session}, $answer->json->{session}, '... by the id that people know');
    is($waiting[0]{key}[0], 'support', '... under the queue\'s name');
};

my %words = ('the customer\'s words' => $SECRET_TEXT, 'the agent\'s words' => 'goodrexgood', 'attached data' => 'rexbites',
    'attached numbers' => '424242', 'the name of attached data' => 'RexSubject', 'a disposition' => 'soldarexpuppy',
    'a disposition\'s name' => 'RexOutcome', 'a comment' => 'rexneedsavet', 'why somebody is not ready' => 'walkingrex',
    'the customer\'s number' => $talk->{from}, 'the number of who said STOP' => $quitter);
my %secrets = ('the CSRF token' => $anna->token);

subtest 'texts and secrets' => sub {
    my ($masked) = dumped($state);
    my ($texts) = dumped('--show-texts', $state);
    my ($secret) = dumped($state, '--show-secrets');
    my ($all) = dumped('--show-texts', '--show-secrets', $state);
    for my $what (sort keys %words) {
        is(index($masked, $words{$what}), -1, "$what: not shown");
        is(index($secret, $words{$what}), -1, '... with the secrets neither');
        cmp_ok(index($texts, $words{$what}), '>=', 0, '... but with the texts');
        cmp_ok(index($all, $words{$what}), '>=', 0, '... and with both');
    }
    is(index($masked, $secrets{'the CSRF token'}), -1, 'the CSRF token: not shown');
    is(index($texts, $secrets{'the CSRF token'}), -1, '... with the texts neither');
    cmp_ok(index($secret, $secrets{'the CSRF token'}), '>=', 0, '... but with the secrets');
    for my $agent ($anna, $bert, $cleo) {
        my ($cookie) = $agent->cookie =~ /=(.*)/;
        is(index($all, $cookie), -1, 'the cookie of ' . $agent->login . ' is not even known');
        is(index($all, $agent->{desk}->client), -1, '... nor the name of the desktop') if $agent->{desk}->client;
    }
};

subtest 'parts of it' => sub {
    my (undef, @sessions) = dumped('--table', 'session', $state);
    ok(@sessions >= 3 && @sessions == in_table('session', @sessions), 'one table');
    my (undef, @floor) = dumped('--tenant', 'other', '--table', 'floor', $state);
    ok(@floor && !grep({ $_->{tenant} ne 'other' || $_->{table} ne 'floor' } @floor), 'one tenant\'s');
    my (undef, @none) = dumped('--tenant', 'oth', $state);
    is(scalar @none, 0, 'half a name is no tenant');
    my (undef, @events) = dumped('--table', 'event', $state);
    ok(@events && !grep({ !$_->{event} } @events), 'events');
    my (undef, @counts) = dumped('--stats', $state);
    my %count = map { $_->{counter} ? ($_->{counter} => $_->{value}) : ($_->{table} => $_->{records}) } @counts;
    is($count{session}, scalar @sessions, '--stats counts sessions');
    is($count{event}, scalar @events, '... and events');
    cmp_ok($count{records}, '>', 20, '... and has the store\'s counters');
    cmp_ok($count{journal_bytes_unsynced}, '==', 0, '... in which nothing is made up');
};

subtest 'it is called wrongly' => sub {
    my ($status, $out, $err) = dump_said('--help');
    ok(!$status && $out =~ /^usage: ccgw-dump/ && $err eq '', '--help');
    for my $words ([], [$state, $state], ['--nonsense', $state], ['--table', 'sessions', $state], ['--table'], [''],
        ['--backup', "$tmp/never", '--stats', $state])
    {
        ($status, $out, $err) = dump_said(@$words);
        ok($status == 2 && $out eq '' && $err ne '', "\"@$words\" is refused");
    }
    ($status, $out, $err) = dump_said("$tmp/nothing");
    is("$status $out", '1 ', 'a directory that is not there is trouble');
    like($err, qr/^ccgw-dump: .*\Q$tmp\E\/nothing.*No such file/, '... and named');
    ($status, $out, $err) = dump_said($tmp);
    is("$status $out", '1 ', 'so is one that holds no state');
    like($err, qr/\Q$tmp\E holds no journal/, '... and named');
    SKIP: {
        skip 'there is no full device here', 1 unless -c '/dev/full';
        is(system("'$PROGRAM' '$state' > /dev/full 2> '$tmp/err'") >> 8, 1, 'and output that cannot be written');
    }
};

# Texts come in from a process of its own; returns how to end it and how many were answered.
sub load
{
    my ($from) = @_;
    pipe my $out, my $in or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        close $out;
        alarm 0;
        for (1 .. 100_000) {
            my $answer = eval { customer_says($from, "storm $_", may_fail => 1) };
            last if !$answer || $answer->status != 200;
            syswrite $in, "$_\n" or last;
        }
        POSIX::_exit(0);
    }
    close $in;
    $out->blocking(0);
    my $load = {pid => $pid, out => $out, taken => 0, from => $from};
    return $load;
}

sub taken
{
    my ($load) = @_;
    my $rest = '';
    while (sysread $load->{out}, my $part, 65536) { $rest .= $part }
    $load->{taken} = $_ for map { /^(\d+)$/ ? $1 : () } split /\n/, $rest;
    return $load->{taken};
}

sub end_load
{
    my ($load) = @_;
    kill 'KILL', $load->{pid};
    waitpid $load->{pid}, 0;
}

my $stormy = talk($anna);
my $load = load($stormy->{from});
wait_until(sub { taken($load) > 20 });

# How many of the storm's texts a dump has, without gaps; -1: some are missing in between.
sub storm_in
{
    my (@objects) = @_;
    my @n = map { ($_->{record}{text} // '') =~ /^storm (\d+)$/ ? $1 : () }
        sort { $a->{key}[1] <=> $b->{key}[1] } grep { $_->{key}[0] eq $stormy->{id} } in_table('message', @objects);
    return join(' ', @n) eq join(' ', 1 .. @n) ? scalar @n : -1;
}

subtest 'beside a server under load' => sub {
    for my $round (1 .. 5) {
        my $before = taken($load);
        my (undef, @objects) = dumped('--show-texts', $state);
        my %session = sessions(@objects);
        ok($session{$_->{id}}, 'a session that was there before is in the dump') for $talk, $parked, $stormy;
        my $n = storm_in(@objects);
        cmp_ok($n, '>=', $before, "... and all $before texts that had been answered, in a row ($n)");
        ok(wait_until(sub { taken($load) > $n }), 'the server goes on');
    }
};

# The storm's texts as an agent reads them, some at a time.
sub texts_of
{
    my ($agent, $talk) = @_;
    my ($next, @texts) = (1);
    while (my @some = @{$agent->get("$talk->{path}/messages?startIndex=$next")->json->{messages}}) {
        push @texts, map { ($_->{text} // '') =~ /^storm (\d+)$/ ? $1 : () } @some;
        $next = $some[-1]{index} + 1;
    }
    return @texts;
}

# Bert's desktop has read everything before the copy is made, and knows its place.
my $old = $bert->{desk};
my $copy = "$tmp/copy";
my $at_copy;

subtest 'a backup under load' => sub {
    my $before = taken($load);
    my ($status, $out, $err) = dump_said('--backup', $copy, $state);
    is("$status $out$err", '0 ', 'ccgw-dump --backup');
    is(sprintf('%o', (stat $copy)[2] & 07777), '700', 'the copy is its owner\'s alone');
    is_deeply([grep { ((stat)[2] & 07777) != 0600 } glob "$copy/*"], [], '... so are its files');
    my (undef, @objects) = dumped('--show-texts', $copy);
    $at_copy = storm_in(@objects);
    cmp_ok($at_copy, '>=', $before, "all $before texts that had been answered are in it, in a row ($at_copy)");
    ok(wait_until(sub { taken($load) > $at_copy }), 'the original goes on');
    ($status, $out, $err) = dump_said('--backup', $copy, $state);
    is("$status $out", '1 ', 'a second one does not overwrite it');
    like($err, qr/\Q$copy\E is not an empty directory/, '... and says why');
};
end_load($load);

subtest 'a server that starts from the copy' => sub {
    my $second = CcgwServer->start(durability => 'disk', state => $copy, conf => "CcgwNoAnswerTime 120s\n");
    my $there = agent('anna', url => $second->url, sign_in => 0);
    @$there{'cookie', 'token'} = ($anna->cookie, $anna->token);
    is($there->get('/me')->json->{user}{userName}, 'anna', 'her cookie is good there, too');
    json_like($there->get($talk->{path})->json->{smssession}, {state => 'Chatting',
        userData => {RexSubject => 'rexbites', Level => 424242, RexOutcome => 'soldarexpuppy'}}, 'her session is there');
    is((grep { $_->{id} eq $parked->{id} } @{$there->get("$BIN&subresources=*")->json->{workbin}{chats}}), 1, '... and the parked one');
    is(join(' ', texts_of($there, $stormy)), join(' ', 1 .. $at_copy), '... and the texts');
    @$there{'cookie', 'token'} = ($bert->cookie, $bert->token);
    my $http = CcgwHttp->new($second->url);
    my $answer = $http->request(POST => '/api/v2/notifications/connect', {%{$there->headers}, 'Content-Type' => 'application/json'},
        $json->encode([{id => '1', channel => '/meta/connect', connectionType => 'long-polling', clientId => $old->client,
            ext => {ack => $old->{batch}}, advice => {timeout => 0}}]));
    my ($reply) = grep { ($_->{channel} // '') eq '/meta/connect' } @{$answer->json};
    ok($reply && !$reply->{successful} && ($reply->{advice}{reconnect} // '') eq 'handshake', 'a desktop that knows its place is told to start over there')
        or diag($answer->body);
    like(join("\n", $second->errors(qr/CCGW0104/)), qr/restored copy/, 'the log says that it is a copy');
    $second->stop;
    done_ok($anna->op($talk->{path}, 'Invite', targetUri => $bert->me->{uri}), 'the original goes on');
    ok($old->wait_for(told_state($talk, 'Invited')), '... and its readers where they were') or diag($old->describe);
    is_deeply($old->{problems}, [], '... without starting over');
};

my $shown = $anna->get("$talk->{path}/messages")->json->{messages};
my $bin = $anna->get("$BIN&subresources=*")->json->{workbin}{chats};
$server->stop;

subtest 'a dump of a stopped server' => sub {
    my $before = looks($state);
    my (undef, @objects) = dumped('--show-texts', $state);
    is(looks($state), $before, 'nothing in the directory is another afterwards');
    my %session = sessions(@objects);
    my $record = $session{$talk->{id}}{record};
    is($record->{customer}, $talk->{from}, 'the session\'s customer is who wrote');
    my %data = map { $_->{key} => $_->{text} // $_->{number} } @{$record->{data}};
    is_deeply(\%data, {RexSubject => 'rexbites', Level => 424242, RexOutcome => 'soldarexpuppy'}, 'its data is what was attached');
    my @dumped = map { $_->{record}{text} // () } sort { $a->{key}[1] <=> $b->{key}[1] }
        grep { $_->{key}[0] eq $talk->{id} } in_table('message', @objects);
    my @got = map { $_->{text} // () } @$shown;
    ok(@got > 1, 'texts were read before');
    is_deeply([grep { my $text = $_; grep { $_ eq $text } @got } @dumped], \@got, 'its texts are those that were read, in order');
    is_deeply([sort map { $_->{key}[2] } in_table('workbin', @objects)], [sort map { $_->{id} } @$bin], 'so is the workbin');
    my ($again) = dumped('--show-texts', $state);
    is($again, join('', map { "$_\n" } split /\n/, $again), 'a second one is whole');
    chmod 0500, $state or die "chmod: $!\n";
    my ($third) = dumped('--show-texts', $state);
    is($third, $again, 'a directory that cannot be written is read all the same');
    chmod 0700, $state;
};

subtest 'a dump of a damaged one' => sub {
    my (undef, @whole) = dumped($state);
    my ($journal) = sort glob "$state/journal-*";
    my $bytes = CcgwServer::slurp($journal);
    my $at = index $bytes, $SECRET_TEXT;
    cmp_ok($at, '>', 0, 'the journal holds what the customer wrote');
    open my $out, '+<', $journal or die "$journal: $!\n";
    seek $out, $at, 0;
    print $out 'X';
    close $out;
    my $before = looks($state);
    my ($status, $said, $err) = dump_said($state);
    is("$status $said", '1 ', 'nothing is shown');
    like($err, qr/^ccgw-dump: \Q$journal\E is damaged at offset \d+.*--accept-loss/s, '... but where the damage is, and what to do');
    ($status, $said, $err) = dump_said('--accept-loss', '--show-texts', $state);
    is($status, 0, '--accept-loss shows what is sound');
    my @sound = map { $json->decode($_) } split /\n/, $said;
    cmp_ok(scalar in_table('floor', @sound), '==', scalar in_table('floor', @whole), '... all that was written before');
    is(index($said, substr $SECRET_TEXT, 1), -1, '... and nothing from there on');
    like($err, qr/offset \d+/, '... with a warning');
    is(looks($state), $before, 'the directory is as it was');
};
done_testing;
