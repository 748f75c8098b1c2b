# Licensed to the Apache License, Version 2.0; see LICENSE.
# opening.t: a directory that a server cannot take is refused with directive, path and reason, and nothing in it is
# touched; at a graceful restart the same makes the module answer 503 and httpd goes on; what a killed server left behind
# is no hindrance.
use strict;
use warnings;
use CcgwHttp;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my $server = CcgwServer->start(durability => 'os');
use_server($server);
my ($state, $dir) = ($server->state, $server->dir);
my ($anna) = people('anna');
my $talk = talk($anna);

# FILE's byte at AT is another one.
sub spoil
{
    my ($file, $at, $bytes) = @_;
    open my $io, '+<:raw', $file or die "$file: $!\n";
    seek $io, $at, 0;
    read $io, my $old, length($bytes // ' ');
    seek $io, $at, 0;
    print $io $bytes // chr(ord($old) ^ 0xff);
    close $io or die "$file: $!\n";
}

# Names, sizes and times of what lies there.
sub listing { my ($at) = @_; return join "\n", map { join ' ', $_, (stat)[7, 9] } grep { !m{/lock$} } sort glob "$at/*" }

sub copy_state { my ($name) = @_; system('cp', '-a', $state, "$dir/$name") == 0 or die "cp: $?\n"; return "$dir/$name" }

sub other { my ($at, %option) = @_; return CcgwServer->start(durability => 'os', state => $at, lives => 0, %option) }

# A server that takes the directory is refused, in one line that names it.
sub refused_with
{
    my ($at, $like, $name, %option) = @_;
    my $other = other($at, %option);
    my $before = listing($at);
    ok(!$other->try_start, "$name: no start");
    my @lines = grep { /CcgwStateDir \Q$at\E/ } split /\n/, $other->said;
    is(scalar @lines, 1, '... one line says so, with directive and path') or diag($other->said);
    like($lines[0] // '', $like, '... and reason');
    is(listing($at), $before, '... nothing was touched');
    return $other;
}

# A second httpd with the first one's configuration, but for port, pid file and log. What it said.
sub second_httpd
{
    my ($child) = @_;
    my $port = CcgwServer::free_port();
    my $conf = CcgwServer::slurp($server->run . '/httpd.conf');
    $conf =~ s/^Listen .*/Listen 127.0.0.1:$port/m;
    $conf =~ s{^PidFile .*}{PidFile "$dir/second.pid"}m;
    $conf =~ s{^ErrorLog .*}{ErrorLog "$dir/second.log"}m;
    CcgwServer::spew("$dir/second.conf", $conf);
    unlink "$dir/second.log";
    my $httpd = readlink '/proc/' . ($child // ($server->children)[0]) . '/exe';
    # One that starts all the same would go on until somebody ends it.
    my $said = qx(timeout 30 '$httpd' -DFOREGROUND -f '$dir/second.conf' 2>&1);
    ok($? && $? >> 8 != 124, 'a second httpd does not start') or diag('exit status ' . ($? >> 8));
    return CcgwServer::slurp("$dir/second.log") . $said;
}

subtest 'a second server' => sub {
    my $pid = $server->httpd;
    like(second_httpd(), qr/CcgwStateDir \Q$state\E.*belongs to a running server \(pid $pid\)/, '... and says who has the directory');
    is($anna->get($talk->{path})->status, 200, 'the first one works on');
};

subtest 'children that outlived their parent' => sub {
    my ($parent, @children) = ($server->httpd, $server->children);
    $anna->{desk}->hang_up;
    kill 'STOP', $server->{pid};    # the program that started httpd would end its children
    kill 'KILL', $parent;
    ok(wait_until(sub { CcgwServer::slurp("/proc/$parent/stat") =~ /^\d+ \(.*\) Z|^$/ }), 'the parent is gone');
    is($anna->get($talk->{path})->status, 200, 'children go on serving');
    my $said = second_httpd($children[0]);
    like($said, qr/belongs to a running server \(pid $parent\); stop it and its children first/, '... and says what to do');
    $server->kill_all;
    $server->again;
    $anna->{desk}->resume;
    is($anna->get($talk->{path})->status, 200, 'then another one takes over, with all there was');
};

subtest 'what a killed server left behind' => sub {
    $anna->{desk}->hang_up;
    for my $round (1, 2) {
        $server->kill_all;
        CcgwServer::spew("$state/$_", 'half a file') for 'snapshot.new', 'journal-00000000f0000000.new';
        CcgwServer::spew("$state/lock", "1\n");
        ok($server->try_start, "start $round after a kill of everything") or diag($server->said);
        is(scalar $anna->get($talk->{path})->status, 200, '... with all there was');
        ok(!-e "$state/snapshot.new", '... and without the halves');
    }
    $server->stop;
};

subtest 'stored data that cannot be read' => sub {
    my ($first) = map { m{([^/]+)$} } sort glob "$state/journal-*";
    my %broken;
    $broken{newer} = copy_state('newer');
    spoil("$broken{newer}/$first", 4, pack 'L', 99);
    refused_with($broken{newer}, qr/\Q$first\E has format 99, this server reads \d+; start the newer server again/, 'a newer format');
    $broken{damaged} = copy_state('damaged');
    my $at = index(CcgwServer::slurp("$broken{damaged}/$first"), 'hello');
    cmp_ok($at, '>', 64, 'the journal holds what was said');
    spoil("$broken{damaged}/$first", $at);
    refused_with($broken{damaged}, qr/\Q$first\E is damaged at offset \d+.*CcgwRecovery accept-loss/, 'damage');
    my $newer = copy_state('snapshot');
    CcgwServer::spew("$newer/snapshot-0000000000001000", pack('LL', 0x5347434c, 99) . "\0" x 4096);
    refused_with($newer, qr/snapshot-0000000000001000 has format 99.*newer server/, 'a snapshot of a newer format');

    my $other = other($broken{damaged}, conf => "CcgwRecovery accept-loss\n");
    ok($other->try_start, 'accept-loss starts all the same') or diag($other->said);
    is(scalar(() = $other->errors(qr/CCGW0102.*cut off.*\Q$first\E is damaged at offset/)), 1, '... says what it gives up');
    is(scalar(() = $other->errors(qr/:warn.*CCGW0422: CcgwRecovery accept-loss is on.*take it out/)), 1, '... and that it is on');
    $other->graceful;
    is(scalar(() = $other->errors(qr/CCGW0422/)), 2, '... at each start');
    $other->stop;
    $other->conf('')->again;
    is(scalar(() = $other->errors(qr/CCGW0422/)), 2, '... until it is taken out');
    $other->stop;
};

subtest 'at a graceful restart httpd goes on' => sub {
    my $damaged = copy_state('later');
    my ($file) = sort glob "$damaged/journal-*";
    my $sound = CcgwServer::slurp($file);
    spoil($file, index($sound, 'hello'));
    my $other = other($damaged, conf => "CcgwEngine Off\n");
    # With the engine off nobody answers for it, so the start is not waited for by way of a request to it.
    ok($other->try_start, 'the engine is off at first') or diag($other->said);
    my $http = CcgwHttp->new($other->url);
    my $pid = $other->httpd;
    $other->conf('')->graceful;
    is(scalar(() = $other->errors(qr/CCGW0412: CcgwStateDir \Q$damaged\E.*is damaged at offset/)), 1, 'the log says what is wrong');
    ok(wait_until(sub { $http->request(GET => '/api/v2/me', {})->status == 503 }), 'requests are answered 503');
    like($http->request(GET => '/api/v2/me', {})->header('Retry-After') // '', qr/^[1-9]\d*$/, '... until later');
    is($http->request(GET => '/sessions', {})->status, 503, '... also where a dialect has the whole host');
    CcgwServer::spew($other->run . '/htdocs/page.html', 'a page');
    my $page = $http->request(GET => '/page.html', {});
    is($page->status . ' ' . $page->body, '200 a page', '... which leaves httpd its files');
    is($other->httpd, $pid, 'httpd is the same');
    CcgwServer::spew($file, $sound);
    $other->graceful;
    is(agent('anna', url => $other->url)->get($talk->{path})->status, 200, 'mended, the next restart brings everything back');
    $other->stop;
};

done_testing;
