# Licensed to the Apache License, Version 2.0; see LICENSE.
# samples.t: the configuration samples work as they stand, but for the places of their files.
use strict;
use warnings;
use Cwd qw(getcwd);
use CcgwTest;
use CcgwServer;

my $top = getcwd();

# A server without the module, to which the sample brings it. PLACES: where the sample's files are here.
sub serve
{
    my ($text) = @_;
    my $server = CcgwServer->start(module => 'NONE', lives => 0);
    my %place = (
        qr{/etc/apache2/ccgw/floor\.json} => "$top/conf/demo/floor.json",
        qr{/etc/apache2/ccgw/users} => "$top/conf/demo/users",
        qr{/var/lib/ccgw} => $server->state,
        qr{\S+/mod_ccgw\.so} => $ENV{CCGW_MODULE},
    );
    for my $name (keys %place) {
        $text =~ s/$name/$place{$name}/g;
    }
    $server->conf($text);
    my $started = $server->try_start;
    ok($started, 'httpd starts with it') or diag($server->said);
    return $started && $server;
}

subtest 'ccgw-minimal.conf is all that is needed' => sub {
    my $text = CcgwServer::slurp('conf/ccgw-minimal.conf');
    my $server = serve($text) or return;
    use_server($server);
    my $anna = agent('anna');
    like($anna->cookie, qr/^JSESSIONID=/, 'an agent signs in');
    like(customer_says(new_customer(), 'hello')->status, qr{^2}, 'a customer writes');
    $server->stop;
};

subtest 'every line of ccgw.conf can be uncommented' => sub {
    my $text = CcgwServer::slurp('conf/ccgw.conf');
    $text =~ s/^#CcgwChannel sms kannel.*\n//m;    # a media has one channel
    $text =~ s{^#(?=Ccgw|<|    \w)}{}mg;
    my $server = serve("LoadModule ccgw_module $ENV{CCGW_MODULE}\n$text") or return;
    use_server($server);
    is(agent('anna')->get('/me')->status, 200, 'an agent signs in');
    $server->stop;
};

done_testing;
