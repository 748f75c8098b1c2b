#!/usr/bin/perl
# Licensed to the Apache License, Version 2.0; see LICENSE.
# evovoice.t: the rows of the Evo Voice dialect against the list of documented operations, both ways.
#
# Needs the program test_catalog (make programs), which t/TEST puts beside its source; else CCGW_BUILD
# names the directory of what is built. CCGW_T names that of the tests.
use strict;
use warnings;
use FindBin ();
use Test::More;

my $t = $ENV{CCGW_T} // "$FindBin::Bin/..";
my ($program) = grep { -x && -f } map { "$_/unit/test_catalog" } $t, ($ENV{CCGW_BUILD} // "$t/../build") . '/t';
die "test_catalog is not built\n" unless $program;

sub plain { return $_[0] =~ s/\{[^}]*\}/{}/gr }

open my $print, '-|', $program, 'evovoice' or die "$program: $!\n";
my (%rows, %known);
while (my $line = <$print>) {
    chomp $line;
    my ($id, undef, $method, $path) = split /\t/, $line;
    $rows{join ' ', $id, $method, plain($path)} = "$id at $method $path";
}
close $print or die "$program failed\n";
cmp_ok(scalar keys %rows, '>', 0, 'the dialect prints rows');

# A row for any method serves the documented one as well.
sub row_for
{
    my ($type, $method, $path) = @_;
    my ($key) = grep { $rows{$_} } map { join ' ', $type, $_, plain($path) } ($method eq '*' ? () : $method), 'ANY';
    $known{$key} = 1 if $key;
    return $key;
}

open my $list, '<', "$t/catalog/evovoice.txt" or die "evovoice.txt: $!\n";
my %count;
while (my $line = <$list>) {
    next if $line =~ /^#/;
    chomp $line;
    my ($state, $type, $method, $path, $role) = split /\t/, $line;
    die "evovoice.txt:$.: a line with too few columns\n" unless defined $role;
    $count{$state}++;
    if ($state eq 'later') {
        ok(!grep({ /^\Q$type\E / } keys %rows), "later: $type has no row");
        next;
    }
    ok(row_for($type, $method, $path), "$state: $type has a row at $method $path");
    next if $state eq 'extra';
    ok(row_for($type, '*', "$_/$type"), "and with any method at $_/$type") for '/api', '/json/reply';
    row_for($type, 'GET', "$_/$type") && row_for($type, '*', "$_/$type") for '/api', '/json/reply';
    if ($type eq 'Authenticate') {
        $known{"Authenticate GET $_/Authenticate"} = 1 for '/api', '/json/reply';
    }
}
close $list;
is($count{now} + $count{later}, 69, 'every documented operation has its line');

ok($known{$_}, "the row $rows{$_} is documented") for sort keys %rows;
done_testing;
