# Licensed to the Apache License, Version 2.0; see LICENSE.
# zz_coverage.t: every row of the catalogue was called by this run, and its effect was seen. An answer alone is no effect:
# what counts is what a test saw afterwards by a GET or an event, and said with effect() (CcgwEffect.pm).
use strict;
use warnings;
use Cwd qw(getcwd);
use File::Basename qw(dirname);
use Test::More;

plan(skip_all => 'not run through t/TEST') unless $ENV{CCGW_ACCESS_LOG};
my $logs = dirname($ENV{CCGW_ACCESS_LOG});

sub lines
{
    my ($file) = @_;
    open my $in, '<', $file or return ();
    chomp(my @lines = <$in>);
    return @lines;
}

# --- was this the whole? ------------------------------------------------------------------------

my (%ran, %seen);
for (lines("$logs/effects.log")) {
    my ($id, $file, $sentence) = split /\t/;
    $ran{$file} = 1;
    push @{$seen{$id}}, "$file: $sentence" if $id ne '-';
}
my @speak = grep { my $file = $_; grep { /^use Ccgw(Effect|Session);/ } lines($file) } glob('t/*/*.t'), glob('t/*/*/*.t');
my @lost = grep { !$ran{$_} } @speak;
plan(skip_all => "a partial run, without @lost") if @lost;
cmp_ok(scalar @speak, '>', 5, 'there are files that watch effects');

# --- the catalogue ------------------------------------------------------------------------------

my $program = 't/unit/test_catalog';
ok(-x $program, 'the catalogue can be printed') or BAIL_OUT('test_catalog is not built');
my %row;
open my $print, '-|', $program, 'genesys' or die "$program: $!\n";
while (<$print>) {
    my ($id) = split /\t/;
    $row{$id}++;
}
close $print or die "$program failed\n";
cmp_ok(scalar keys %row, '>', 0, 'it has rows');

# --- what was called ----------------------------------------------------------------------------

my %called;
for (lines($ENV{CCGW_ACCESS_LOG}), lines("$logs/access_log.own")) {
    my ($status, $id) = /" (\d{3}) \S+ \S+ op=(\S+)$/ or next;
    $called{$id}{$status}++;
}
for my $id (sort keys %row) {
    ok(scalar(grep { /^(200|400)$/ } keys %{$called{$id} || {}}), "$id was called and answered");
    ok($seen{$id}, '... and its effect was seen') or diag("no test says effect('$id', ...) with success");
}
is(join(' ', grep { !$row{$_} } sort keys %seen), '', 'no effect is told of an operation that does not exist');
# a poll that another takes the place of is answered with 500, as readers expect
is(join(' ', grep { $called{$_}{500} && $_ ne 'notification.exchange' } sort keys %called), '',
    'no operation was ever answered with 500');

done_testing;
