# Licensed to the Apache License, Version 2.0; see LICENSE.
# store.t: the store's directives: what is refused, by configtest where it can know, and what they do.
use strict;
use warnings;
use CcgwHttp;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my $status = "<Location /server-status>\nSetHandler server-status\nRequire local\n</Location>\n";
my $server = CcgwServer->start(durability => 'os', conf => $status);
use_server($server);
my $dir = $server->dir;
my $httpd = readlink '/proc/' . ($server->children)[0] . '/exe';

# The running server's configuration with other lines. A configtest, unless HOW or START say otherwise.
sub checked
{
    my (%set) = @_;
    my $port = CcgwServer::free_port();
    my $conf = CcgwServer::slurp($server->run . '/httpd.conf');
    $conf =~ s/^Listen .*/Listen 127.0.0.1:$port/m;
    $conf =~ s{^PidFile .*}{PidFile "$dir/other.pid"}m;
    $conf =~ s{^ErrorLog .*}{ErrorLog "$dir/other.log"}m;
    my $how = delete $set{how} // (delete $set{start} ? '-DFOREGROUND' : '-t');
    my $under = delete $set{under} // '';
    for my $name (keys %set) {
        $conf =~ s/^$name .*\n//mg;
        $conf .= "$name $set{$name}\n";
    }
    unlink "$dir/other.log";
    my $said = qx($under timeout 30 '$httpd' $how -f '@{[CcgwServer::spew("$dir/other.conf", $conf)]}' 2>&1);
    # 124: it was ended, so it had started
    return ($? == 0 || $? >> 8 == 124, $said . CcgwServer::slurp("$dir/other.log"));
}

sub refused_with
{
    my ($like, $name, %set) = @_;
    my ($fine, $said) = checked(%set);
    ok(!$fine, "$name is refused");
    my @lines = grep { /$like/ } split /\n/, $said;
    is(scalar @lines, 1, '... in one line with directive and reason') or diag($said);
}

for (
    [CcgwRecovery => 'sometimes', qr/CcgwRecovery: 'sometimes' is none of refuse, accept-loss/],
    [CcgwSnapshot => '100K', qr/CcgwSnapshot: '100K' is not between 1M and 1048576M/],
    [CcgwSnapshot => '2000000G', qr/CcgwSnapshot: '2000000G' is not between/],
    [CcgwSnapshot => 'often', qr/CcgwSnapshot: 'often' is not a size/],
    [CcgwMemory => '7M', qr/CcgwMemory: '7M' is not between 8M and/],
    [CcgwDurability => 'paper', qr/CcgwDurability: 'paper' is none of memory, os, disk, replica/],
) {
    my ($name, $value, $like) = @$_;
    refused_with($like, "$name $value", $name => $value);
}
for (['CcgwRecovery refuse'], ['CcgwRecovery Accept-Loss'], ['CcgwSnapshot 1M'], ['CcgwSnapshot 1024G'], ['CcgwMemory 8M']) {
    my ($fine, $said) = checked(split / /, $_->[0]);
    ok($fine, "$_->[0] is right") or diag($said);
}
for my $section ('<VirtualHost *:1>', '<Location /x>') {
    my ($end) = $section =~ /(\w+)/;
    my ($fine, $said) = checked('#' => "\n$section\nCcgwSnapshot 1M\nCcgwRecovery refuse\n</$end>");
    like($said, qr/CcgwSnapshot.*(not allowed|cannot occur)/, "not inside of $section");
}

subtest 'a directory that cannot be the server\'s' => sub {
    CcgwServer::spew("$dir/file", '');
    refused_with(qr/CcgwStateDir \Q$dir\E\/file: it is not a directory/, 'a file', CcgwStateDir => "\"$dir/file\"");
    refused_with(qr/CcgwStateDir \Q$dir\E\/no\/such: .*directory above it.*No such file/, 'one below what is not there',
        CcgwStateDir => "\"$dir/no/such\"");
    refused_with(qr/CcgwStateDir \Q$dir\E\/file\/in: .*[Nn]ot a directory/, 'one in a file', CcgwStateDir => "\"$dir/file/in\"");
    for my $how ('-t', '-S', '-M', '-t -D DUMP_RUN_CFG') {
        my ($fine, $said) = checked(CcgwStateDir => '"/etc"', how => $how);
        ok($fine, "whose it is is not asked of who only checks or looks: $how") or diag($said);
    }
    my $me = getpwuid $>;
    refused_with(qr/CcgwStateDir \/etc: it belongs to user root and the server runs as user \Q$me\E/, '... but at a start',
        CcgwStateDir => '"/etc"', start => 1);
    mkdir "$dir/locked";
    chmod 0500, "$dir/locked";
    refused_with(qr/CcgwStateDir \Q$dir\E\/locked\/new.*cannot make the state directory.*Permission denied/, 'one that cannot be made',
        CcgwStateDir => "\"$dir/locked/new\"", start => 1);
    chmod 0700, "$dir/locked";
    refused_with(qr/CcgwStateDir \Q$dir\E\/small: .*cannot write the journal.*is its disk full/, 'one that takes no journal',
        CcgwStateDir => "\"$dir/small\"", start => 1, under => 'prlimit --fsize=2000000');
};

sub stats { my ($of) = @_; return {CcgwHttp->new(($of // $server)->url)->request(GET => '/server-status?auto', {})->body =~ /^Ccgw_(\w+): (-?\d+)/mg} }

subtest 'the status page' => sub {
    my $stats = stats();
    my @missing = grep { !defined $stats->{$_} } qw(commits snapshots snapshot_position scrubs_pending files_made files_recycled
        files_spare journal_bytes journal_stuck heap_full broken);
    is("@missing", '', 'shows what an administrator asks for');
    is($stats->{$_}, 0, "... $_ is 0") for qw(snapshots scrubs_pending journal_stuck heap_full broken);
    like(CcgwHttp->new($server->url)->request(GET => '/server-status', {})->body, qr{<dt>scrubs_pending: 0</dt>}, '... for people, too');
};

subtest 'when a change is answered' => sub {
    my %level = (memory => 1, os => 2, disk => 3, default => 3);
    for my $word (sort keys %level) {
        my $other = CcgwServer->start(durability => $word, conf => $status);
        unlike(CcgwServer::slurp($other->run . '/httpd.conf'), qr/^\s*CcgwDurability/mi, 'a server without CcgwDurability') if $word eq 'default';
        is(stats($other)->{durability}, $level{$word}, "CcgwDurability $word: the store holds to it");
        $other->stop;
    }
};

subtest 'what a restart cannot change' => sub {
    $server->conf("$status\nCcgwDurability memory\nCcgwMailboxEvents 99\nCcgwMailboxBytes 99K\nCcgwSnapshot 1M\nCcgwMemory 65M\nCcgwStateDir \"$dir/elsewhere\"\n")->graceful;
    my ($line, @more) = $server->errors(qr/CCGW0413/);
    is(scalar @more, 0, 'is said in one line');
    like($line // '', qr/ $_\b/, "... $_") for qw(CcgwMemory CcgwDurability CcgwMailboxEvents CcgwMailboxBytes CcgwSnapshot CcgwStateDir);
    unlike($line // '', qr/CcgwStore\b/, '... and nothing else');
    is(agent('anna')->get('/me')->status, 200, 'the server works on');
    is(stats()->{durability}, 2, '... at the level of its start');
    $server->conf($status)->graceful;
    is(scalar(() = $server->errors(qr/CCGW0413/)), 1, 'taken back, nothing is said');
};

subtest 'CcgwSnapshot says when one is due' => sub {
    $server->stop;
    $server->conf("$status\nCcgwSnapshot 1M\n")->again;
    my ($anna) = people('anna');
    my $talk = talk($anna);
    for (1 .. 100) { $anna->op($talk->{path}, 'AddComment', comment => $_ % 10 . 'x' x 50_000) }
    ok(wait_until(sub { stats()->{snapshots} > 0 }), 'a snapshot was taken');
    my @files = glob $server->state . '/snapshot-*';
    is(scalar @files, 1, '... and is there');
    $anna->{desk}->hang_up;
    $server->kill_all;
    $server->again;
    is(length $anna->get($talk->{path})->json->{smssession}{comment}, 50_001, 'the next start finds what it holds');
    like(join('', $server->errors(qr/CCGW0101/)), qr/and a snapshot/, '... and says so');
    $server->stop;
};

done_testing;
