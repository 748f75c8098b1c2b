# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwServer.pm: a server of a test's own, on a free port of the loopback, through conf/demo/serve. For tests that
# stop, kill or restart it, or need other directives.
#
#   my $server = CcgwServer->start(mpm => 'worker', conf => "CcgwNoAnswerTime 2s\n", durability => 'os');
#   use_server($server);                       # CcgwTest talks to it from now on
#   $server->kill_all;                         # SIGKILL to every process of httpd at once
#   $server->again;                            # a new one on the same port and the same state directory
#   $server->graceful;                         # and wait until the new generation answers
#   $server->stop;
#   $server->errors(qr/CCGW0042/)              # lines of the error log; of all lives of this server
#
# Options of start(): mpm, conf (text), floor (file, or data that becomes one), users, state, durability, memory,
# workers, threads, port, module; under: a command that the server is to be started by, as in ['env', 'NAME=value'];
# lives => 0 leaves it unstarted. What is left at the end of the test is ended and removed.
package CcgwServer;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON ();
use POSIX qw(WNOHANG);
use Time::HiRes qw(time);
use CcgwHttp;

my $TOP = abs_path(dirname(__FILE__) . '/../..');
my $START_TIME = 60;
my @started;

sub start
{
    my ($class, %option) = @_;
    my $dir = tempdir('ccgw-own.XXXXXXXX', TMPDIR => 1);
    chmod 0755, $dir;
    my $self = bless {
        mpm => $ENV{CCGW_MPM} || 'event', durability => 'disk', module => $ENV{CCGW_MODULE} || "$TOP/mod_ccgw.so",
        conf => '', lives => 1, %option, dir => $dir, owner => $$,
    }, $class;
    $self->{state} ||= "$dir/state";
    $self->{port} ||= free_port();
    $self->write_inputs;
    push @started, $self;
    $self->again if $self->{lives};
    return $self;
}

sub url { "http://127.0.0.1:$_[0]{port}" }
sub port { $_[0]{port} }
sub state { $_[0]{state} }
sub run { "$_[0]{dir}/run" }
sub dir { $_[0]{dir} }

sub free_port
{
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no free port: $!\n";
    return $socket->sockport;
}

sub spew
{
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print $out $text;
    close $out or die "$file: $!\n";
    return $file;
}

sub write_inputs
{
    my ($self) = @_;
    spew("$self->{dir}/extra.conf", $self->{conf});
    if (ref $self->{floor}) {
        $self->{users} ||= "$TOP/conf/demo/users";
        $self->{floor} = spew("$self->{dir}/floor.json", JSON->new->utf8->canonical->pretty->encode($self->{floor}));
    }
}

# Other directives; they count from the next start or restart.
sub conf
{
    my ($self, $text) = @_;
    $self->{conf} = $text;
    $self->write_inputs;
    return $self;
}

sub command
{
    my ($self) = @_;
    my @command = (@{$self->{under} || []}, $^X, "$TOP/conf/demo/serve", "PORT=$self->{port}", "STATE=$self->{state}",
        "RUN=" . $self->run,
        "CONF=$self->{dir}/extra.conf", "MPM=$self->{mpm}", "DURABILITY=$self->{durability}",
        "MODULE=$self->{module}");
    push @command, uc($_) . "=$self->{$_}" for grep { defined $self->{$_} } qw(floor users memory workers threads);
    return @command;
}

# Start (again); should this program be killed, the kernel ends the server (setpriv). Dies with httpd's words when it does not come up; try_start returns false instead.
sub again
{
    my ($self) = @_;
    return $self if $self->try_start;
    die "the server did not start:\n$self->{said}\n";
}

sub try_start
{
    my ($self) = @_;
    $self->{said} = '';
    pipe my $out, my $in or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $in;
        open STDERR, '>', "$self->{dir}/said";
        my @bound = system('command -v setpriv >/dev/null 2>&1') == 0 ? ('setpriv', '--pdeathsig', 'TERM') : ();
        exec @bound, $self->command or POSIX::_exit(127);
    }
    close $in;
    $self->{pid} = $pid;
    my $line = read_line($out, $START_TIME);
    $self->{out} = $out;
    if ($line eq "ready " . $self->url . "\n") {
        $self->{begun}++;
        return 1;
    }
    $self->stop;
    $self->{said} = slurp("$self->{dir}/said") . ($line ne '' ? "stdout: $line" : '');
    return 0;
}

sub said { $_[0]{said} }

sub read_line
{
    my ($from, $seconds) = @_;
    my ($line, $until) = ('', time + $seconds);
    while ($line !~ /\n/ && time < $until) {
        my $ready = '';
        vec($ready, fileno $from, 1) = 1;
        next if select($ready, undef, undef, 0.5) <= 0;
        sysread $from, $line, 200, length $line or last;
    }
    return $line;
}

sub slurp
{
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return <$in> // '';
}

# The pid of httpd's parent process, which leads the group of all its processes.
sub httpd
{
    my ($self) = @_;
    my ($pid) = slurp($self->run . '/httpd.pid') =~ /^(\d+)/;
    return $pid;
}

# The pids of httpd's children.
sub children
{
    my ($self) = @_;
    my $parent = $self->httpd or return ();
    return split ' ', slurp("/proc/$parent/task/$parent/children");
}

sub stop
{
    my ($self) = @_;
    my $pid = delete $self->{pid} or return $self;
    kill 'TERM', $pid;
    wait_for_end($pid, 30) or kill 'KILL', $pid;
    return $self;
}

# What a power cut does to processes: httpd and its children are gone at once, no handler runs.
sub kill_all
{
    my ($self) = @_;
    my $pid = delete $self->{pid} or return $self;
    my $group = $self->httpd;
    kill 'KILL', -$group if $group;
    kill 'KILL', $pid;
    wait_for_end($pid, 10);
    wait_true(sub { !kill 0, -$group }, 10) if $group;
    return $self;
}

# SIGKILL to one child (the first, or the one given); httpd starts another.
sub kill_child
{
    my ($self, $pid) = @_;
    ($pid) = $self->children unless $pid;
    kill 'KILL', $pid if $pid;
    return $pid;
}

# Restart gracefully (or at once, with HUP) and wait until httpd said so and answers.
sub graceful
{
    my ($self, $signal) = @_;
    my $all_begun = sub { $self->{begun} <= (my @said = $self->errors(qr/resuming normal operations/)) };
    wait_true($all_begun, 30);    # a server that has just been started may answer before it says so
    kill $signal || 'USR1', $self->{pid};
    $self->{begun}++;
    wait_true($all_begun, 30) or die "no restart within 30 s\n";
    return $self;
}

sub alive { my $pid = $_[0]{pid}; $pid && waitpid($pid, WNOHANG) == 0 }

sub error_log { slurp($_[0]->run . '/error.log') }
sub access_log { slurp($_[0]->run . '/access.log') }

sub errors
{
    my ($self, $want) = @_;
    return grep { !defined $want || /$want/ } split /\n/, $self->error_log;
}

sub wait_true
{
    my ($condition, $seconds) = @_;
    my $until = time + $seconds;
    until ($condition->()) {
        return 0 if time > $until;
        select undef, undef, undef, 0.02;
    }
    return 1;
}

sub wait_for_end
{
    my ($pid, $seconds) = @_;
    return wait_true(sub { waitpid($pid, WNOHANG) != 0 }, $seconds);
}

# What the suite as a whole asked is known by its logs; those of servers that go are added to one.
sub keep_access_log
{
    my ($self) = @_;
    return unless $ENV{CCGW_ACCESS_LOG};
    open my $log, '>>', "$ENV{CCGW_ACCESS_LOG}.own" or return;
    print $log $self->access_log;
}

# Nothing outlives the test. A failed test keeps its directory when CCGW_KEEP is set.
END
{
    my $status = $?;
    for my $server (grep { $_->{owner} == $$ } @started) {
        $server->stop;
        $server->keep_access_log;
        remove_tree($server->{dir}) unless $ENV{CCGW_KEEP} && $status;
    }
    $? = $status;
}

1;
