# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-secrets.t: texts go both ways and are reported, and nothing that is written down or shown holds a secret: the
# one that Kannel's requests carry, and the password that texts leave with.
use strict;
use warnings;
use File::Temp ();
use CcgwHttp;
use CcgwSms;

my $log = File::Temp->new(TEMPLATE => 'ccgw-log.XXXXXXXX', TMPDIR => 1);
my ($server, $kannel) = sms_house(reports => 1, conf => <<"EOT");
ExtendedStatus On
LogLevel ccgw:debug
LogFormat "%r|%q|%U|%f" everything
CustomLog "$log" everything
<Location "/server-status">
    SetHandler server-status
    Require local
</Location>
EOT
my ($anna) = sms_agents($server, 'anna');

sub status_page { return CcgwHttp->new($server->url)->request(GET => '/server-status')->body }

my $customer = new_customer();
$kannel->writes($customer, 'hello');
my $talk = takes($anna, $customer);
answers($anna, $talk, 'one');
gets_all($kannel, $customer, 'one');
my $seen = '';
for my $what ('mo', 'report') {
    ok(wait_until(sub { ($seen .= status_page()) =~ m{/ccgw/kannel/$what} }), "the status page shows a request to $what");
    ok(wait_until(sub { CcgwServer::slurp("$log") =~ m{/ccgw/kannel/$what\?secret=\*\*\*&} }), '... and the log, with *** in it');
}
$kannel->kill_smsbox;
answers($anna, $talk, 'two');
ok(wait_until(sub { $server->errors(qr/CCGW0303/) }), 'a text cannot leave');
my %place = ('the status page' => $seen, 'the access log' => $server->access_log . CcgwServer::slurp("$log"),
    'the error log' => join("\n", $server->errors), map { $_ => CcgwServer::slurp($_) } glob $server->state . '/*');
$kannel->start_smsbox;
gets_all($kannel, $customer, 'one', 'two');
for my $name (sort keys %place) {
    is((grep { index($place{$name}, $kannel->{password}{$_}) >= 0 } 'in', 'out'), 0, "no secret is in $name");
}
cmp_ok(scalar keys %place, '>', 3, 'the state has files');
ok(over($anna, $talk), 'it ends');
go_home($anna);
whole($kannel, $server);
done_testing;
