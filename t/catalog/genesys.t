#!/usr/bin/perl
# Licensed to the Apache License, Version 2.0; see LICENSE.
# genesys.t: the rows of the Genesys dialect against the list of documented operations, both ways.
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
my $root = '/api/v2';

# Names of variables differ between pages that mean the same.
sub plain { return $_[0] =~ s/\{[^}]*\}/{}/gr }

open my $list, '<', "$t/catalog/genesys.txt" or die "genesys.txt: $!\n";
my (@documented, %alias);
while (my $line = <$list>) {
    next if $line =~ /^#/;
    chomp $line;
    my %row;
    @row{qw(state ids api operation method path need)} = split /\t/, $line;
    die "genesys.txt:$.: a line with too few columns\n" unless defined $row{need};
    if ($row{state} eq 'alias') {
        $alias{plain($row{path})} = plain($row{need});
        next;
    }
    push @documented, \%row;
}
close $list;

open my $print, '-|', $program, 'genesys' or die "$program: $!\n";
my @rows;
while (my $line = <$print>) {
    chomp $line;
    my %row;
    @row{qw(id dialect method path select role page)} = split /\t/, $line;
    $row{path} =~ s/^\Q$root\E//;
    $row{path} =~ s/\?.*//;
    push @rows, \%row;
}
close $print or die "$program failed\n";
cmp_ok(scalar @rows, '>', 0, 'the dialect prints rows');

# One key per id, method, operation name and path. Rows without a selector match by id alone.
sub keys_of
{
    my ($id, $method, $names, $path) = @_;
    return map { join ' ', $id, $method, $_, plain($path) } split /\|/, $names;
}

my %served = map { $_ => 1 } map { keys_of(@$_{qw(id method select path)}) } @rows;
my %selects;
push @{$selects{$_->{id}}}, split /\|/, $_->{select} for @rows;

# --- what is documented is there ----------------------------------------------------------------

my (%known, %count);
for my $row (@documented) {
    $count{$row->{state}}++ unless $row->{state} eq 'extra';
    next if $row->{state} eq 'later';
    my @ids = split /,/, $row->{ids};
    my @lost;
    for my $name (split /\|/, $row->{operation}) {
        my @found;
        for my $id (@ids) {
            my $by_name = grep { $_ ne '-' } @{$selects{$id} || []};
            my ($key) = keys_of($id, $row->{method}, $by_name ? $name : '-', $row->{path});
            next unless $served{$key};
            push @found, $key;
            $known{$key} = 1;
        }
        push @lost, $name unless @found;
    }
    ok(!@lost, "$row->{state}: $row->{api} $row->{operation} has a row at $row->{method} $row->{path}")
        or diag("no row for @lost");
}
is($count{now} + $count{later}, 178, 'every documented operation has its line');

for my $from (sort keys %alias) {
    my @used = grep { my $path = plain($_->{path}); $path eq $from || index($path, "$from/") == 0 } @rows;
    ok(scalar @used, "alias: $from is served");
}

# --- what is there is documented ----------------------------------------------------------------

# The path as it is, or with an alias of its beginning replaced; aliases may follow each other.
sub spellings
{
    my ($path) = @_;
    my @all = ($path);
    for my $one (@all) {
        for my $from (sort keys %alias) {
            next unless $one eq $from || index($one, "$from/") == 0;
            my $other = $alias{$from} . substr $one, length $from;
            push @all, $other unless grep { $_ eq $other } @all;
        }
    }
    return @all;
}

for my $row (@rows) {
    my @lost;
    for my $name (split /\|/, $row->{select}) {
        my @keys = map { keys_of($row->{id}, $row->{method}, $name, $_) } spellings(plain($row->{path}));
        push @lost, $name unless grep { $known{$_} } @keys;
    }
    ok(!@lost, "the row $row->{id} at $row->{method} $row->{path} is documented") or diag("not in the list: @lost");
}

done_testing;
