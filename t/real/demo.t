# Licensed to the Apache License, Version 2.0; see LICENSE.
# demo.t: the demonstration, alone and with the gear of the outside world: it shows what was received, leaves nothing
# behind, and fails with a sentence when something it shows is not there.
use strict;
use warnings;
use File::Temp qw(tempdir);
use CcgwClient;
use CcgwKannel;
use CcgwServer;
use CcgwTest;

my $tmp = tempdir(CLEANUP => 1);
chmod 0755, $tmp;
mkdir "$tmp/$_" for 'run', 'bin';
chmod 01777, "$tmp/run";

# Status, stdout, stderr.
sub demo
{
    my (@words) = @_;
    local $ENV{TMPDIR} = "$tmp/run";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', "$tmp/out";
        open STDERR, '>', "$tmp/err";
        exec $^X, 'conf/demo/demo', "MODULE=$ENV{CCGW_MODULE}", @words or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return ($?, map { CcgwServer::slurp("$tmp/$_") } 'out', 'err');
}

sub nothing_is_left
{
    my @files = glob "$tmp/run/*";
    is("@files", '', 'no file is left behind');
    my @processes = grep { CcgwServer::slurp("$_/cmdline") =~ m{\Q$tmp/run/\E} } glob '/proc/[0-9]*';
    is("@processes", '', 'no process is left behind');
}

sub succeeds
{
    my (@words) = @_;
    my ($status, $out, $err) = demo(@words);
    is($status, 0, 'it succeeds') or diag($out, $err);
    like($out, qr/\ndemo: done\n\z/, '... and says so');
    is($err, '', '... and complains of nothing');
    nothing_is_left();
    return $out;
}

sub fails
{
    my ($want, @words) = @_;
    my ($status, $out, $err) = demo(@words);
    isnt($status, 0, 'it fails');
    like($err, $want, '... and says why');
    unlike($out, qr/demo: done/, '... and does not claim success');
    nothing_is_left();
}

subtest 'alone' => sub {
    my $out = succeeds();
    like($out, qr/^anna +< HTTP.*"text":"Where is my parcel\?"/m, 'the text reaches the desktop');
    like($out, qr/^customer reads: +It arrives today\.$/m, 'the answer reaches the customer');
};

subtest 'without the module' => sub { fails(qr/^demo: sign-in of anna: HTTP 404/m, 'MODULE=NONE') };

subtest 'with Kannel and a published client' => sub {
    my $missing = CcgwClient::missing(9) // CcgwKannel::missing();
    plan(skip_all => $missing) if $missing;
    my $out = succeeds('KANNEL=1');
    like($out, qr/^anna +< .*"text":"Where is my parcel\?"/m, 'the text reaches the desktop');
    like($out, qr/^fakesmsc < \+15550000 \+15551234567 text It arrives today\.$/m, 'the answer reaches the SMS centre');
};

subtest 'with a Kannel that does not work' => sub {
    my $missing = CcgwClient::missing(9) // CcgwKannel::missing();
    plan(skip_all => $missing) if $missing;
    symlink '/bin/false', "$tmp/bin/smsbox" or die "symlink: $!\n";
    local $ENV{PATH} = "$tmp/bin:$ENV{PATH}";
    fails(qr/^demo: smsbox ended$/m, 'KANNEL=1');
};

done_testing;
