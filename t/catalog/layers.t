# Licensed to the Apache License, Version 2.0; see LICENSE.
# layers.t: no layer includes upwards, httpd is known in one folder only, and every message id stands for one message.
use strict;
use warnings;
use File::Find qw(find);
use FindBin ();
use Test::More;

my $top = "$FindBin::Bin/../..";
my @shared = qw(util);
my %may = (
    util => [],
    store => [@shared],
    channel => [@shared],
    core => [@shared],
    api => [@shared, 'core'],
    stream => [@shared, 'core', 'api'],
    dialect => [@shared, 'core', 'api', 'stream'],
    httpd => [@shared, 'core', 'api', 'stream', 'dialect', 'store', 'channel'],
    tool => [@shared, 'core', 'store'],
);

my (@files, %said);
find({no_chdir => 1, wanted => sub { push @files, $_ if /\.[ch]$/ }}, "$top/mod_ccgw");
cmp_ok(scalar @files, '>', 100, 'the sources are there');

for my $file (sort @files) {
    my ($layer, $rest) = $file =~ m{mod_ccgw/(\w+)/(.*)};
    open my $in, '<', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    my @bad;
    for my $name ($text =~ /^#\s*include "([^"]+)"/mg) {
        my ($to) = $name =~ m{^(\w+)/};
        next if !$to || $to eq $layer || grep { $_ eq $to } @{$may{$layer}};
        push @bad, $name;
    }
    push @bad, grep { $layer ne 'httpd' } $text =~ /^#\s*include <((?:httpd|http_\w+|ap_\w+|mpm_\w+|mod_\w+)\.h)>/mg;
    push @bad, 'jansson.h' if $file !~ m{util/ccgw_json\.c$} && $text =~ /include <jansson\.h>/;
    is(join(' ', @bad), '', "$layer/$rest includes nothing from above");
    like($rest, $layer eq 'httpd' ? qr/^mod_ccgw/ : $layer eq 'dialect' ? qr{^\w+/\w+\.[ch]$} : qr/^ccgw_/, '... and is named by its layer');
    push @{$said{$_}}, "$layer/$rest" for $text =~ /"(CCGW\d{4}): /g;
}
my @twice = grep { my %in = map { $_ => 1 } @{$said{$_}}; keys %in > 1 } sort keys %said;
is(join(' ', map { "$_: @{$said{$_}}" } @twice), '', 'no message id stands in two files');
done_testing;
