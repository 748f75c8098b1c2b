# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwEffect.pm: what t/zz_coverage.t reads: which operation was seen to have its effect. An answer of 0 is no effect; a
# later GET, or an event at somebody's desktop, is.
#
#   effect('smssession.accept', $seen, 'she is in the session');    # a test; counts for the operation when it passes
#   keep_log($server);                                              # operations called on a server of one's own count too
package CcgwEffect;
use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(dirname);
use Test::More ();

our @EXPORT = qw(effect keep_log);

sub directory { return $ENV{CCGW_ACCESS_LOG} ? dirname($ENV{CCGW_ACCESS_LOG}) : undef }

sub note_line
{
    my ($name, $text) = @_;
    my $directory = directory() // return;
    open my $out, '>>', "$directory/$name" or die "$directory/$name: $!\n";
    print $out $text;
    close $out or die "$directory/$name: $!\n";
}

# That a file took part is noted at once, so that a partial run can be told from a missing test.
note_line('effects.log', "-\t$0\tran\n");

sub effect
{
    my ($id, $seen, $sentence) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    note_line('effects.log', "$id\t$0\t$sentence\n") if $seen;
    return Test::More::ok($seen, $sentence);
}

# The access log of a server that ends with its test.
sub keep_log
{
    my ($server) = @_;
    note_line('access_log.own', $server->access_log);
}

1;
