# Licensed to the Apache License, Version 2.0; see LICENSE.
# readme.t: every command of README.md does what README.md says, and its configuration is the sample's.
use strict;
use warnings;
use CcgwServer;
use CcgwTest;
use File::Temp qw(tempdir);

alarm 600;
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};    # this may run below a make of its own
my $tmp = tempdir(CLEANUP => 1);
my $readme = CcgwServer::slurp('README.md');
my @indented = map { /^    (.*)/ ? $1 : () } split /\n/, $readme;
s/\s+#.*// for @indented;
my $server;

# The output of COMMAND; fails the test when it does not end well.
sub run
{
    my ($command) = @_;
    my $said = `$command 2>&1 < /dev/null`;
    is($?, 0, "\"$command\" ends well") or diag($said);
    return $said;
}

sub last_line { (split /\n/, $_[0])[-1] // '' }

# A server of `serve`, as a person would have it running while he types the next commands.
sub serve
{
    my $port = CcgwServer::free_port();
    my $pid = open my $said, '-|', "exec make -s -f Makefile.apxs serve PORT=$port 2>/dev/null" or die "make: $!\n";
    my $line = CcgwServer::read_line($said, 300);
    is($line, "ready http://127.0.0.1:$port\n", 'serve says that it is ready, and where');
    $server = {pid => $pid, said => $said, url => "http://127.0.0.1:$port"};
}

sub curl
{
    my ($command) = @_;
    $command =~ s{http://127\.0\.0\.1:8080}{$server->{url}};
    return run("$command -s -S -f");
}

my %shown = (
    'make -f Makefile.apxs demo' => sub { is(last_line(run($_[0])), 'demo: done', '... and says so') },
    'make -f Makefile.apxs test' => sub {
        my $said = run('make -f Makefile.apxs test BUILD=build T=t/catalog/directives.t');
        like(last_line($said), qr/^\d+ passed, 0 failed$/, '... and ends with the total');
    },
    'make -f Makefile.apxs' => sub { run($_[0]); ok(-s 'mod_ccgw.so', '... and makes the module') },
    'make -f Makefile.apxs demo KANNEL=1' => sub { is(last_line(run($_[0])), 'demo: done', '... and says so') },
    'make -f Makefile.apxs serve PORT=8080' => \&serve,
    'make -f Makefile.apxs bench BENCH=get-session' => sub {
        like(run("CCGW_BENCH_QUICK=1 $_[0]"), qr/^RATIO get-session [\d.]+ \(goal .*\)/m, '... and prints a ratio');
    },
    'make -f Makefile.apxs floor N=100 DIR=floor-100' => sub {
        run("make -f Makefile.apxs floor N=100 DIR=$tmp/floor");
        ok(-s "$tmp/floor/floor.json" && -s "$tmp/floor/users", '... and makes a floor and its users');
    },
    'make -f Makefile.apxs unit' => sub { like(run("$_[0] UNITS=t/unit/test_util.c"), qr/^Result: PASS/m, '... and the tests pass') },
    'make -f Makefile.apxs install' => sub {
        run("$_[0] DESTDIR=$tmp/root");
        ok(-s $_, "... and puts " . substr($_, length "$tmp/root")) for map { glob "$tmp/root$_" }
            '/usr/lib*/*/modules/mod_ccgw.so', '/etc/apache2/mods-available/ccgw.load', '/usr/sbin/ccgw-dump';
        like(`$tmp/root/usr/sbin/ccgw-dump --help`, qr/^usage: ccgw-dump/, '... which runs');
    },
    'curl -u anna:demo http://127.0.0.1:8080/api/v2/me' => sub { like(curl($_[0]), qr/"statusCode":0.*"userName":"anna"/, '... and anna is known') },
);
$shown{'curl http://127.0.0.1:8080/ccgw-catalog'} = sub {
    my %rows;
    /^([^\t]+)\t(\w+)\t/ and $rows{$2}{$1} = 1 for split /\n/, curl($_[0]);
    for my $dialect ('genesys', 'huawei', 'evovoice') {
        cmp_ok(scalar keys %{$rows{$dialect}}, '>', 10, "... and lists $dialect");
        my @lines = grep { /^(now|later)\t/ } split /\n/, CcgwServer::slurp("t/catalog/$dialect.txt");
        my $now = grep { /^now\t/ } @lines;
        like($readme, qr/^\| `$dialect`.*\| $now of ${\ scalar @lines} documented \|$/m, "README.md counts the operations of $dialect");
    }
};
# The state directory of README.md's examples is one that a server has just made.
my $state;
sub dump_command
{
    my ($command) = @_;
    $state ||= CcgwServer->start(durability => 'os')->state;
    $command =~ s{^ccgw-dump}{./ccgw-dump};
    $command =~ s{/var/lib/ccgw}{$state};
    $command =~ s{/var/backups/ccgw}{$tmp/backup};
    return run($command);
}
$shown{'ccgw-dump /var/lib/ccgw'} = sub { like(dump_command($_[0]), qr/^\{"table":"floor".*"demo"/m, '... and shows the floor') };
$shown{'ccgw-dump --stats /var/lib/ccgw'} = sub { like(dump_command($_[0]), qr/^\{"table":"floor","records":\d+/m, '... and counts') };
$shown{'ccgw-dump --backup /var/backups/ccgw /var/lib/ccgw'} = sub {
    dump_command($_[0]);
    like(run("./ccgw-dump $tmp/backup"), qr/^\{"table":"floor".*"demo"/m, '... and makes a state that can be read');
};
# As it is restored; in a test everything belongs to who runs it.
sub restore_command
{
    my ($command) = @_;
    $command =~ s{/var/backups/ccgw}{$tmp/backup}g;
    $command =~ s{/var/lib/ccgw}{$tmp/state}g;
    $command =~ s{www-data:}{$>};
    return run($command);
}
$shown{'mv /var/lib/ccgw /var/lib/ccgw.old'} = sub { mkdir "$tmp/state"; restore_command($_[0]) };
$shown{'cp -a /var/backups/ccgw /var/lib/ccgw'} = \&restore_command;
$shown{'chown -R www-data: /var/lib/ccgw'} = sub {
    restore_command($_[0]);
    my $again = CcgwServer->start(durability => 'os', state => "$tmp/state");
    is(scalar(my @said = $again->errors(qr/CCGW0104/)), 1, '... and a server starts from it, and knows');
    $again->stop;
};
my $post = (grep { m{^curl -H} } @indented)[0];
$shown{$post} = sub { curl($_[0]); pass('... and the text is taken') } if $post;

my @commands = grep { /^(make|curl|ccgw-dump|mv|cp|chown) / } @indented;
cmp_ok(scalar @commands, '>', 8, 'README.md shows commands');
for my $command (@commands) {
    ok($shown{$command}, "\"$command\" is known to this test") or next;
    (delete $shown{$command})->($command);
}
is(join(', ', sort keys %shown), '', 'README.md shows all of them');
kill TERM => $server->{pid};
ok(wait_until(sub { !eval { CcgwHttp->new($server->{url})->request(GET => '/api/v2/me', {}) } }, 30), 'the served one ends');
close $server->{said};

my $conf = CcgwServer::slurp('conf/ccgw-minimal.conf');
$conf =~ s/^#.*\n//mg;
my ($shown) = $readme =~ /^(    LoadModule.*?<\/Location>\n\n?)(?=\n?The floor)/ms;
$shown =~ s/^    //mg;
$shown =~ s/\s+\z/\n/;
is($shown, $conf, 'the smallest configuration is the sample');
done_testing;
