# Licensed to the Apache License, Version 2.0; see LICENSE.
# graceful.t: one graceful restart after the other, under load. Logins, sessions and the places of event readers go on, each
# text is kept and told once and in order; and httpd's parent does not grow: memory, shared memory, descriptors.
# CCGW_LONG: 100 restarts instead of 10.
use strict;
use warnings;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use POSIX ();

my $RESTARTS = $ENV{CCGW_LONG} ? 100 : 10;
my $SETTLED = 3;    # the first ones still bring something new: caches, allocators
my $CUSTOMERS = 3;

alarm 600 if $ENV{CCGW_LONG};
my $server = CcgwServer->start(durability => 'os');
use_server($server);
my ($anna, $bert) = people({desktop => {ack => 1}}, 'anna', 'bert');
my @talks = map { talk($_ % 2 ? $anna : $bert) } 1 .. $CUSTOMERS;
my $parked = talk($anna, userData => {Kept => 'yes'});

# Customers who write on and on; each text again until it is taken, as a carrier does.
sub start_customer
{
    my ($talk) = @_;
    pipe my $out, my $in or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        close $out;
        my $stop = 0;
        $SIG{TERM} = sub { $stop = 1 };
        for (my $n = 1; !$stop; $n++) {
            my $taken;
            until ($taken) {
                my $answer = eval { customer_says($talk->{from}, "text $n", carrierId => "$talk->{from} $n", may_fail => 1) };
                $taken = $answer && $answer->status == 200;
                select undef, undef, undef, 0.02;
            }
            syswrite $in, "$n\n";
        }
        POSIX::_exit(0);
    }
    close $in;
    return {pid => $pid, out => $out};
}

sub stop_customer
{
    my ($customer) = @_;
    kill 'TERM', $customer->{pid};
    my $last = 0;
    my $out = $customer->{out};
    while (my $line = <$out>) { $last = $line + 0 }
    waitpid $customer->{pid}, 0;
    return $last;
}

sub texts_told
{
    my ($agent, $talk) = @_;
    return map { ($_->{text} // '') =~ /^text (\d+)$/ ? $1 : () } map { @{$_->{data}{messages} || []} }
        grep { ($_->{data}{smssessionUri} // '') =~ /\Q$talk->{id}\E$/ } $agent->{desk}->events;
}

# What httpd's parent has, once the children of the generation before are gone.
my $usual;
sub measure
{
    my $parent = $server->httpd;
    $usual //= scalar $server->children;
    wait_until(sub { $server->children == $usual }, 30) or diag('children: ' . join ' ', $server->children);
    my @maps = split /\n/, CcgwServer::slurp("/proc/$parent/maps");
    my ($kb) = CcgwServer::slurp("/proc/$parent/status") =~ /^VmRSS:\s*(\d+)/m;
    return {
        kb => $kb, maps => scalar @maps, shared => scalar(grep { /^\S+ ..-?.s/ } @maps),
        descriptors => scalar(my @fds = glob "/proc/$parent/fd/*"), children => scalar $server->children,
        child_descriptors => (sort { $b <=> $a } map { scalar(my @of = glob "/proc/$_/fd/*") } $server->children)[0],
    };
}

my $parent = $server->httpd;
my $before = measure();
my @customers = map { start_customer($_) } @talks;
my $settled;
for my $round (1 .. $RESTARTS) {
    $server->graceful;
    CcgwDesktop::pump(0.02) for 1 .. 10;
    $settled = measure() if $round == $SETTLED;
}
my @last = map { stop_customer($_) } @customers;
my $after = measure();
note(join "\n", map { my $m = $_; join ' ', map { "$_=$m->{$_}" } sort keys %$m } $before, $settled, $after);

cmp_ok(scalar(() = $server->errors(qr/resuming normal operations/)), '==', $RESTARTS + 1, "httpd was restarted $RESTARTS times");
is($server->httpd, $parent, '... and is the same');
is($after->{$_}, $settled->{$_}, "the parent's count of $_ is what it was") for qw(shared descriptors children);
cmp_ok($after->{maps}, '<=', $settled->{maps} + 4, '... also of all maps, but for what the allocator does');
cmp_ok($after->{kb}, '<=', $settled->{kb} + 512, '... and its memory');
is($after->{shared}, $before->{shared}, 'no shared memory came and stayed since the start');
is(scalar(grep { $_ <= $RESTARTS } @last), 0, 'customers wrote all the while');

for my $i (0 .. $#talks) {
    my $talk = $talks[$i];
    my $agent = ($i + 1) % 2 ? $anna : $bert;
    my $all = join ' ', 1 .. $last[$i];
    my @told;
    wait_until(sub { @told = texts_told($agent, $talk); @told >= $last[$i] }, 30);
    is("@told", $all, "$i: the desktop was told each text once, in order");
    my @kept = map { ($_->{text} // '') =~ /^text (\d+)$/ ? $1 : () } @{$agent->get("$talk->{path}/messages")->json->{messages}};
    is("@kept", $all, '... and the log has each once, in order');
    is(scalar @{$agent->{desk}{problems}}, 0, '... and no poll failed') or diag(join "\n", @{$agent->{desk}{problems}});
}
is($_->get('/me')->header('X-CSRF-TOKEN'), $_->token, $_->login . "'s login goes on, with its token") for $anna, $bert;
json_like($anna->get($parked->{path})->json->{smssession}, {state => 'Chatting', userData => {Kept => 'yes'}}, 'so does what nobody touched');
is(join(' ', $server->errors(qr/exit signal|AH00045|AH00046/)), '', 'no child died, none had to be killed');
$_->{desk}->hang_up for $anna, $bert;
$server->stop;
done_testing;
