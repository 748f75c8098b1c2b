# Licensed to the Apache License, Version 2.0; see LICENSE.
# serve.t: the private server started by root: its children are nobody in particular, and need not see the tree.
use strict;
use warnings;
use CcgwTest;
use CcgwServer;

plan(skip_all => 'only root can start a server for others') if $>;

my $server = CcgwServer->start;
use_server($server);
is(agent('anna')->get('/me')->status, 200, 'an agent can sign in, so passwords and floor are readable');

# A child that was just made is still on its way to its user.
my %uid;
ok(wait_until(sub {
    %uid = map { (stat "/proc/$_")[4] // 0 => 1 } $server->children;
    return %uid && !$uid{0};
}), 'no child stays root');
is(scalar keys %uid, 1, '... all are the same user');
my ($uid) = keys %uid;
is((stat $server->state)[4], $uid, 'the state directory is theirs');
is((stat $server->state)[2] & 07777, 0700, '... and nobody else\'s');
my @strange = grep { (stat)[4] != $uid } glob $server->state . '/*';
is("@strange", '', '... with all that is in it');
is((stat $server->run . '/mod_ccgw.so')[4], 0, 'the module that root loads stays root\'s');

$server->kill_all;
$server->again;
is(agent('anna')->get('/me')->status, 200, 'a second server takes the state over');

# Its owner may leave links in the directory; whoever starts as root must not write through them.
$server->stop;
for my $name ('lock', 'snapshot.new') {
    my $victim = $server->dir . '/victim';
    my $place = $server->state . "/$name";
    CcgwServer::spew($victim, 'precious');
    unlink $place;
    symlink $victim, $place or die "symlink: $!\n";
    my $started = $server->try_start;
    is(CcgwServer::slurp($victim), 'precious', "what a link called $name leads to is not written to");
    is((stat $victim)[4], 0, '... nor given away');
    $server->stop if $started;
    ok(!$started, '... the server refuses to start') if $name eq 'lock';
    like($server->said . $server->error_log, qr{\Q$place\E is a link or no plain file; remove it}, '... and says so') if $name eq 'lock';
    unlink $place;
}
$server->again;
is(agent('anna')->get('/me')->status, 200, 'without them it starts');

done_testing;
