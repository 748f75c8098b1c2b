#!/usr/bin/perl
# Licensed to the Apache License, Version 2.0; see LICENSE.
# rows.t: the rows of each dialect against the list of its documented operations, both ways.
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

# How many operations each dialect documents, and its root.
my %dialects = (
    evovoice => {documented => 69, root => ''},
    genesys => {documented => 178, root => '/api/v2'},
    huawei  => {documented => 237, root => '/agentgateway/resource'},
);

# Names of variables differ between pages that mean the same.
sub plain { return $_[0] =~ s/\{[^}]*\}/{}/gr }

# The lines of DIALECT's list, and its other spellings of beginnings of paths.
sub read_list
{
    my ($dialect) = @_;
    my (@documented, %alias);
    open my $list, '<', "$t/catalog/$dialect.txt" or die "$dialect.txt: $!\n";
    while (my $line = <$list>) {
        next if $line =~ /^#/;
        chomp $line;
        my %row;
        @row{qw(state ids api operation method path need)} = split /\t/, $line;
        die "$dialect.txt:$.: a line with too few columns\n" unless defined $row{need};
        if ($row{state} eq 'alias') {
            $alias{plain($row{path})} = plain($row{need});
            next;
        }
        push @documented, \%row;
    }
    return (\@documented, \%alias);
}

sub read_rows
{
    my ($dialect, $root) = @_;
    my @rows;
    open my $print, '-|', $program, $dialect or die "$program: $!\n";
    while (my $line = <$print>) {
        chomp $line;
        my %row;
        @row{qw(id dialect method path select role page)} = split /\t/, $line;
        $row{path} =~ s/^\Q$root\E//;
        $row{path} =~ s/\?.*//;
        push @rows, \%row;
    }
    close $print or die "$program failed\n";
    return @rows;
}

# One key per id, method, operation name and path. Rows without a selector match by id alone.
sub keys_of
{
    my ($id, $method, $names, $path) = @_;
    return map { join ' ', $id, $method, $_, plain($path) } split /\|/, $names;
}

# What is documented is there; the keys of the rows that are.
sub check_documented
{
    my ($documented, @rows) = @_;
    my %served = map { $_ => 1 } map { keys_of(@$_{qw(id method select path)}) } @rows;
    my (%selects, %known);
    push @{$selects{$_->{id}}}, split /\|/, $_->{select} for @rows;
    for my $row (grep { $_->{state} ne 'later' } @$documented) {
        my @lost;
        for my $name (split /\|/, $row->{operation}) {
            my @found;
            for my $id (split /,/, $row->{ids}) {
                my $by_name = grep { $_ ne '-' } @{$selects{$id} || []};
                push @found, grep { $served{$_} } keys_of($id, $row->{method}, $by_name ? $name : '-', $row->{path});
            }
            $known{$_} = 1 for @found;
            push @lost, $name unless @found;
        }
        ok(!@lost, "$row->{state}: $row->{api} $row->{operation} has a row at $row->{method} $row->{path}")
            or diag("no row for @lost");
    }
    return %known;
}

# The path as it is, or with an alias of its beginning replaced; aliases may follow each other.
sub spellings
{
    my ($path, $alias) = @_;
    my @all = ($path);
    for my $one (@all) {
        for my $from (sort keys %$alias) {
            next unless $one eq $from || index($one, "$from/") == 0;
            my $other = $alias->{$from} . substr $one, length $from;
            push @all, $other unless grep { $_ eq $other } @all;
        }
    }
    return @all;
}

# What is there is documented.
sub check_rows
{
    my ($alias, $known, @rows) = @_;
    for my $from (sort keys %$alias) {
        my @used = grep { my $path = plain($_->{path}); $path eq $from || index($path, "$from/") == 0 } @rows;
        ok(scalar @used, "alias: $from is served");
    }
    for my $row (@rows) {
        my @lost;
        for my $name (split /\|/, $row->{select}) {
            my @keys = map { keys_of($row->{id}, $row->{method}, $name, $_) } spellings(plain($row->{path}), $alias);
            push @lost, $name unless grep { $known->{$_} } @keys;
        }
        ok(!@lost, "the row $row->{id} at $row->{method} $row->{path} is documented") or diag("not in the list: @lost");
    }
    return;
}

my @lists = map { m{([^/]+)\.txt$} } glob "$t/catalog/*.txt";
is_deeply([sort @lists], [sort keys %dialects], 'each dialect has a list of operations');

for my $dialect (sort keys %dialects) {
    subtest $dialect => sub {
        my ($documented, $alias) = read_list($dialect);
        my @rows = read_rows($dialect, $dialects{$dialect}{root});
        cmp_ok(scalar @rows, '>', 0, 'the dialect prints rows');
        my %known = check_documented($documented, @rows);
        is(scalar(grep { $_->{state} ne 'extra' } @$documented), $dialects{$dialect}{documented},
            'every documented operation has its line');
        check_rows($alias, \%known, @rows);
    };
}

done_testing;
