# Licensed to the Apache License, Version 2.0; see LICENSE.
# full.t: a disk without room, for which only root can mount one: changes are refused until there is room, then it goes on
# by itself; and where old parts of the journal take the room, a snapshot gives it back unasked.
use strict;
use warnings;
use CcgwHttp;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use File::Temp qw(tempdir);

plan(skip_all => 'only root can mount a file system') if $>;
my $disk = tempdir('ccgw-disk.XXXXXXXX', TMPDIR => 1);
plan(skip_all => 'no tmpfs can be mounted here') if system("mount -t tmpfs -o size=12m,mode=0755 ccgw '$disk' 2>/dev/null");
chmod 0755, $disk;
my $server;

# In this order: the server lets go of the disk first.
END
{
    my $status = $?;
    if (defined $disk) {
        $server->stop if $server;
        system('umount', $disk);
        rmdir $disk;
    }
    $? = $status;
}

sub stats { return {CcgwHttp->new($server->url)->request(GET => '/server-status?auto', {})->body =~ /^Ccgw_(\w+): (-?\d+)/mg} }

$server = CcgwServer->start(durability => 'os', state => "$disk/state",
    conf => "CcgwMailboxEvents 16\nCcgwMailboxBytes 4K\n<Location /server-status>\nSetHandler server-status\nRequire local\n</Location>\n");
use_server($server);
my ($anna) = people('anna');
my $talk = talk($anna);
$anna->{desk}->hang_up;
my $number = 0;

# The comment that was taken last; with 503 it is said again, as long as PATIENCE says.
sub write_comments
{
    my ($count, $patience) = @_;
    for (1 .. $count) {
        my $text = sprintf '%08d', $number + 1;
        my $status;
        wait_until(sub { ($status = $anna->op($talk->{path}, 'AddComment', comment => $text . 'x' x 60_000)->status) == 200 }, $patience);
        return $status if $status != 200;
        $number++;
    }
    return 200;
}
sub kept { return substr($anna->get($talk->{path})->json->{smssession}{comment}, 0, 8) + 0 }

subtest 'no room' => sub {
    is(write_comments(1000, 0), 503, 'when the disk is full, changes are refused');
    cmp_ok($number, '>', 30, '... after many were taken');
    is(kept(), $number, 'what reads is answered');
    my @said = $server->errors(qr/CCGW0110/);
    is(scalar @said, 1, 'the log says it once');
    like($said[0] // '', qr/No space left on device.*CcgwStateDir \Q$disk\E\/state|CcgwStateDir \Q$disk\E\/state.*No space left on device/, '... with directory and reason');
    system('mount', '-o', 'remount,size=72m', $disk) == 0 or die "remount: $?\n";
    is(write_comments(10, 10), 200, 'when there is room it goes on by itself');
    is(scalar(() = $server->errors(qr/CCGW0112/)), 1, '... and the log says so');
    $server->kill_all;
    $server->again;
    is(kept(), $number, 'after the death of all processes the last one that was taken is there');
};

# The journal comes to a second file of 64 MB, for which the disk has no room.
subtest 'a snapshot makes room' => sub {
    is(write_comments(1500, 10), 200, 'all changes are taken, now or a moment later');
    my $stats = stats();
    cmp_ok($stats->{journal_bytes}, '>', 80e6, 'more was written than the disk can hold');
    cmp_ok($stats->{snapshots}, '>', 0, '... since a snapshot was taken before its time');
    is(write_comments(1, 10), 200, '... so nobody waits');
    $server->kill_all;
    $server->again;
    is(kept(), $number, 'the next start finds all of it');
};

done_testing;
