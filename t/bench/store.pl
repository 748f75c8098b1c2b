# Licensed to the Apache License, Version 2.0; see LICENSE.
# store.pl: the store against the bare disk and against Redis, all on one disk and in the same minutes; store.c says what
# is measured. This file gives it a directory (TMPDIR, else beside the program) and a Redis server of its own, which
# syncs each commit as the store does. It may put off rewriting its log, while the store makes its snapshots meanwhile.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep time);

# So that the tests may look whether a measurement runs at all.
my @QUICK = ('--rounds' => 1, '--seconds' => 0.5, '--sessions' => 2000, '--boxes' => 500, '--memory' => 128,
    '--snapshot-bytes' => 4 * 1024 * 1024, '--many' => 5000, '--few' => 500);

sub start_redis
{
    my ($dir, $socket) = @_;
    mkdir $dir or die "$dir: $!\n";
    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', "$dir/log" and open STDERR, '>&', \*STDOUT or POSIX::_exit(1);
        exec 'setpriv', '--pdeathsig', 'KILL', 'redis-server', '--port', 0, '--unixsocket', $socket, '--dir', $dir, '--daemonize', 'no', '--save', '',
            '--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-percentage', 0
            or POSIX::_exit(1);
    }
    for (my $until = time + 10; time < $until; sleep 0.05) {
        return $pid if IO::Socket::UNIX->new(Peer => $socket);
        last if waitpid($pid, POSIX::WNOHANG()) == $pid;
    }
    open my $log, '<', "$dir/log";
    kill KILL => $pid;
    die "redis-server does not answer (.ci/deps --bench installs it):\n" . join('', $log ? <$log> : ());
}

sub run_all
{
    my ($bench, $dir, $socket) = @_;
    my %ratios;
    my @command = ($bench->{STORE}, 'all', '--dir', $dir, '--redis', $socket, $ENV{CCGW_BENCH_QUICK} ? @QUICK : ());
    open my $said, '-|', @command or die "$bench->{STORE}: $!\n";
    /^(\S+) ([\d.]+)$/ and $ratios{$1} = $2 while <$said>;
    close $said or $bench->fault($! ? "$bench->{STORE}: $!" : 'what the program says above');
    return \%ratios;
}

return {
    about => 'transactions, reads, growth and start of the store, beside the disk and Redis',
    goals => [
        'store-txn-2x8' => '>= 5 x one sync a commit',
        'store-txn-4x16' => '>= 8 x one sync a commit',
        'store-vs-redis-2x8' => '>= 4 x redis',
        'store-read-vs-redis' => '>= 100 x redis',
        'store-p99-2x8' => '<= 20 x one sync',
        'store-growth' => '<= 1.2 x the time with 1/100 of the sessions',
        'store-start' => '<= 3 x reading the files',
    ],
    measure => sub {
        my ($bench) = @_;
        my $dir = tempdir('store-XXXXXX', DIR => $ENV{TMPDIR} // dirname($bench->{STORE}), CLEANUP => 1);
        my $short = tempdir('ccgw-bench-XXXXXX', DIR => '/tmp', CLEANUP => 1);    # a socket's path is short
        my $redis = start_redis("$dir/redis", "$short/redis");
        my $ratios = eval { run_all($bench, $dir, "$short/redis") };
        my $fault = $@;
        kill TERM => $redis;
        waitpid $redis, 0;
        die $fault if !$ratios;
        return $ratios;
    },
};
