# Licensed to the Apache License, Version 2.0; see LICENSE.
# serve.t: the private server says when it is ready, ends without a trace, and copes with what a killed one left.
use strict;
use warnings;
use CcgwTest;
use CcgwServer;
use File::Temp qw(tempdir);
use POSIX qw(WNOHANG);

my $tmp = tempdir(CLEANUP => 1);
chmod 0755, $tmp;
$ENV{TMPDIR} = $tmp;

# Start conf/demo/serve with WORDS. Returns its pid and the first line it says.
sub serve
{
    my (@words) = @_;
    pipe my $out, my $in or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>&', $in;
        open STDERR, '>', "$tmp/stderr";
        exec $^X, 'conf/demo/serve', "MODULE=$ENV{CCGW_MODULE}", @words or POSIX::_exit(127);
    }
    close $in;
    my $said = CcgwServer::read_line($out, 60);
    return ($pid, $said, $out);
}

sub end
{
    my ($pid, $signal) = @_;
    kill $signal, $pid;
    return wait_until(sub { waitpid($pid, WNOHANG) == $pid }, 30) ? $? : 'still runs';
}

sub answers { eval { CcgwHttp->new($_[0])->request(GET => '/api/v2/me', {})->status } // 0 }
sub left { join ' ', glob "$tmp/ccgw-serve.*" }

for my $mpm ('event', 'worker', 'prefork') {
    my $port = CcgwServer::free_port();
    my ($pid, $said) = serve("PORT=$port", "MPM=$mpm");
    is($said, "ready http://127.0.0.1:$port\n", "$mpm: it says that it is ready, and where");
    is(answers("http://127.0.0.1:$port"), 401, '... and is');
    is(end($pid, $mpm eq 'event' ? 'INT' : 'TERM'), 0, '... ends when told to');
    is(answers("http://127.0.0.1:$port"), 0, '... with all of httpd');
    is(left(), '', '... and leaves nothing behind');
}

my ($first, $one) = serve('PORT=0');
my ($second, $two) = serve('PORT=0');
isnt($one, $two, 'two servers live side by side');
s/^ready (\S+)\n/$1/ for $one, $two;
is(answers($one) . answers($two), '401401', '... and both answer');

my ($port) = $one =~ /(\d+)$/;
my ($third, $said) = serve("PORT=$port");
is($said, '', 'a port that is taken is refused');
is(end($third, 'TERM') >> 8, 1, '... with an error status');
like(CcgwServer::slurp("$tmp/stderr"), qr/port $port is in use/, '... and its reason');

is(end($first, 'KILL'), 9, 'one is killed');
my $again;
($first, $again) = serve("PORT=$port");
is($again, "ready http://127.0.0.1:$port\n", '... and its port can be used again');
is(end($_, 'TERM'), 0, 'a server ends') for $first, $second;
is(left(), '', 'what the killed one left is gone as well');

my $state = "$tmp/state";
my $pid;
($pid, $said) = serve('PORT=0', "STATE=$state");
ok(-d $state, 'a state directory is made where it is wanted');
is((stat $state)[2] & 07777, 0700, '... for its owner alone');
end($pid, 'KILL');
($pid, $said) = serve('PORT=0', "STATE=$state");
like($said, qr/^ready /, '... and the state of a killed server is taken over');
end($pid, 'TERM');
ok(-d $state, '... and kept');

my $server = CcgwServer->start;
kill 'KILL', $server->httpd;
ok(wait_until(sub { !$server->alive }, 30), 'when httpd\'s parent is killed the server ends');
is(answers($server->url), 0, '... and takes the children with it');

for (['PORT=http', qr/PORT=http/], ['MPM=winnt', qr/MPM=winnt/], ['COLOUR=red', qr/COLOUR/], ['FLOOR=/none', qr{/none}]) {
    my ($word, $want) = @$_;
    ($pid, $said) = serve($word);
    is(end($pid, 'TERM') >> 8, 1, "$word is refused");
    like(CcgwServer::slurp("$tmp/stderr"), $want, '... by name');
}

done_testing;
