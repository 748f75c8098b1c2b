# Licensed to the Apache License, Version 2.0; see LICENSE.
# directives.t: conf/ccgw.conf describes every directive the module has and no other, with its syntax, default and place.
use strict;
use warnings;
use Test::More;

sub slurp
{
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}

my $source = slurp('mod_ccgw/httpd/mod_ccgw_config.c');
my $reference = slurp('conf/ccgw.conf');
my ($rows) = $source =~ /const command_rec ccgw_commands\[\] = \{(.*?)^\};/ms or die "no command_rec found\n";
my %has = map { $_ => 1 } $rows =~ /\("(\w+)"/g;
my %described = map { $_ => 1 } $reference =~ /^# (Ccgw\w+) /mg;

cmp_ok(scalar keys %has, '>', 15, 'the module has directives');
is(join(' ', grep { !$described{$_} } sort keys %has), '', 'the reference leaves none out');
is(join(' ', grep { !$has{$_} } sort keys %described), '', '... and has none the module does not know');

for (sort keys %has) {
    like($reference, qr/^# $_ \S.*  \S+(, \S+)?$/m, "$_ has its syntax and place in one line");
    like($reference, qr/^#\s*$_ \S/m, "... and a line to uncomment");
}

for my $file (glob 'conf/ccgw*.conf conf/demo/*.in t/conf/*.conf.in') {
    my %used = map { $_ => 1 } slurp($file) =~ /^\s*#?(Ccgw\w+) /mg;
    is(join(' ', grep { !$has{$_} } sort keys %used), '', "$file uses only directives there are");
}

done_testing;
