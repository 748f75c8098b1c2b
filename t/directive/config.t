# Licensed to the Apache License, Version 2.0; see LICENSE.
# config.t: a wrong value is found by configtest, in one line that names directive, value and reason.
use strict;
use warnings;
use Cwd qw(getcwd);
use File::Temp qw(tempdir);
use CcgwServer;
use Test::More;

my $top = getcwd();
my $dir = tempdir(CLEANUP => 1);
my ($apxs) = (grep { -x } map { ("$_/apxs", "$_/apxs2") } split /:/, $ENV{PATH})[0] // plan(skip_all => 'apxs is not installed');
my %said = map { $_ => qx($apxs -q $_ 2>/dev/null) } qw(SBINDIR TARGET LIBEXECDIR);
chomp %said;
my $base = "ServerRoot \"$dir\"\nServerName localhost\nListen 127.0.0.1:1\nErrorLog \"$dir/error.log\"\nPidFile \"$dir/pid\"\n"
    . join '', map { -e "$said{LIBEXECDIR}/mod_$_.so" ? "<IfModule !${_}_module>\nLoadModule ${_}_module \"$said{LIBEXECDIR}/mod_$_.so\"\n</IfModule>\n" : () }
    qw(mpm_event unixd authn_core authn_file authz_core authz_user auth_basic);
$base .= "LoadModule ccgw_module \"$ENV{CCGW_MODULE}\"\n";

# The values a configuration needs; each test adds or replaces one.
my %whole = (CcgwEngine => 'On', CcgwFloor => "\"$top/conf/demo/floor.json\"", CcgwStateDir => "\"$dir/state\"");

sub configtest
{
    my ($text) = @_;
    CcgwServer::spew("$dir/httpd.conf", $base . $text);
    my $said = qx($said{SBINDIR}/$said{TARGET} -t -f "$dir/httpd.conf" 2>&1);
    return ($? == 0, $said);
}

sub lines { my (%more) = (%whole, @_); return join '', map { defined $more{$_} ? "$_ $more{$_}\n" : () } sort keys %more }

my ($fine, $said) = configtest(lines());
ok($fine, 'what is right is not refused') or diag($said);
ok(!-e "$dir/state", '... and configtest touches nothing');

# directive, value, what the line says besides both
my @wrong = (
    ['CcgwEngine', 'Maybe', qr/must be On or Off/],
    ['CcgwFloor', '/no/such/floor.json', qr/cannot be read|No such file/],
    ['CcgwFloor', "\"$dir\"", qr/cannot be read/],
    ['CcgwStore', 'paper', qr/there is no store.*local/],
    ['CcgwMemory', '1K', qr/not between 8M and/],
    ['CcgwMemory', '2000G', qr/not between 8M and/],
    ['CcgwMemory', 'lots', qr/not a size/],
    ['CcgwMemory', '64X', qr/not a size/],
    ['CcgwMemory', '-1', qr/not a size/],
    ['CcgwMemory', '99999999999999999999', qr/not a size/],
    ['CcgwDurability', 'paper', qr/none of memory, os, disk, replica/],
    ['CcgwDurability', 'replica', qr/one copy only/],
    ['CcgwSnapshot', '100K', qr/not between 1M and/],
    ['CcgwRecovery', 'sometimes', qr/none of refuse, accept-loss/],
    ['CcgwNoAnswerTime', 'soon', qr/not a time/],
    ['CcgwNoAnswerTime', '0', qr/not between 1s and/],
    ['CcgwNoAnswerTime', '2h', qr/not between 1s and 3600s/],
    ['CcgwGoneTimeout', '-1s', qr/not a time/],
    ['CcgwGoneTimeout', '2000h', qr/not between/],
    ['CcgwLoginIdle', '1ms', qr/not between 1s/],
    ['CcgwBayeuxTimeout', '1ms', qr/not between 100ms/],
    ['CcgwBayeuxTimeout', '10parsec', qr/not a time/],
    ['CcgwBayeuxTimeout', '600s', qr/shorter than CcgwBayeuxTimeout \(600 s\)/],
    ['CcgwBayeuxMaxInterval', '10ms', qr/not between 1s/],
    ['CcgwBayeuxMaxInterval', '5s', qr/\(5 s\) is shorter than CcgwBayeuxTimeout/],
    ['CcgwMailboxEvents', '3', qr/not between 16 and/],
    ['CcgwMailboxEvents', 'many', qr/not a number/],
    ['CcgwMailboxBytes', '1K', qr/not between 4K and/],
    ['CcgwMaxWaiters', '0', qr/not between 1 and/],
    ['CcgwMaxWaiters', '1.5', qr/not a number/],
    ['CcgwOutboxUnknown', '0s', qr/not between 1s/],
    ['CcgwKeepSessions', '0d', qr/not between 1s/],
    ['CcgwKeepSessions', '3651d', qr/not between 1s/],
    ['CcgwKeepSessions', '1234567d', qr/not a time/],
    ['CcgwKeepSessions', '30days', qr/not a time/],
    ['CcgwKeepSessions', 'd', qr/not a time/],
    ['CcgwEnableNotificationOnPullChat', 'perhaps', qr/must be On or Off/],
    ['CcgwEnableJoinOnPullChat', 'perhaps', qr/must be On or Off/],
    ['CcgwPublicUrl', 'cc.example', qr/is not a URL/],
    ['CcgwPublicUrl', 'ftp://cc.example', qr/is not a URL/],
    ['CcgwMaxBody', '1', qr/between 1K and 64M/],
    ['CcgwMaxBody', '1G', qr/between 1K and 64M/],
    ['CcgwCsrf', 'sometimes', qr/must be On or Off/],
    ['CcgwAuthProvider', 'oracle', qr/there is no provider/],
    ['CcgwChannel', 'sms', qr/needs a media and a provider/],
    ['CcgwChannel', 'fax loop', qr/no media; there are voice, chat and sms/],
    ['CcgwChannel', 'sms pigeon', qr/there is no provider/],
    ['CcgwChannel', 'sms loop fast', qr/takes no options/],
    ['CcgwChannel', 'sms kannel', qr/url/],
    ['CcgwChannel', 'sms kannel url=http://h', qr/url needs a host and a path/],
    ['CcgwChannel', 'sms kannel reports=http://h/elsewhere', qr/reports does not end in \/ccgw\/kannel\/report/],
    ['CcgwStopWords', 'sms', qr/needs a media and more/],
    ['CcgwStopWords', 'voice STOP', qr/'voice' is no media with texts; there are sms and chat/],
    ['CcgwStopWords', 'fax STOP', qr/'fax' is no media with texts/],
    ['CcgwStopWords', 'sms "" STOP', qr/'' is empty/],
    ['CcgwStopWords', 'sms STOP "!."', qr/'!\.' is empty/],
    ['CcgwStopWords', 'sms ' . 'x' x 65, qr/longer than 64 bytes/],
    ['CcgwStopWords', "sms \xff", qr/is not UTF-8/],
    ['CcgwStopWords', 'sms unstop', qr/CcgwStartWords sms: 'UNSTOP' is 'unstop' of CcgwStopWords/],
    ['CcgwStartWords', 'sms', qr/needs a media and more/],
    ['CcgwStartWords', 'sms Start stop!', qr/'stop!' is 'STOP' of CcgwStopWords as well/],
    ['CcgwStartWords', 'voice START', qr/no media with texts/],
    ['CcgwRateLimit', 'sms', qr/needs a media and more/],
    ['CcgwRateLimit', 'voice customer=1/1s', qr/no media with texts/],
    ['CcgwRateLimit', 'sms 20/60s', qr/'20\/60s' is neither customer= nor number=/],
    ['CcgwRateLimit', 'sms customer=20', qr/is not a number of texts/],
    ['CcgwRateLimit', 'sms customer=0/60s', qr/is not a number of texts/],
    ['CcgwRateLimit', 'sms customer=-1/60s', qr/is not a number of texts/],
    ['CcgwRateLimit', 'sms number=2000000/60s', qr/\(1 to 1000000\)/],
    ['CcgwRateLimit', 'sms number=2x/60s', qr/is not a number of texts/],
    ['CcgwRateLimit', 'sms number=20/soon', qr/has no time/],
    ['CcgwRateLimit', 'sms number=20/', qr/has no time/],
    ['CcgwRateLimit', 'sms number=20/10ms', qr/not between 1s and 86400s/],
    ['CcgwRateLimit', 'sms number=20/25h', qr/not between 1s and 86400s/],
    ['CcgwRateLimit', 'sms number=1/1s number=2/2s', qr/is there twice/],
    ['CcgwDialect', 'klingon', qr/there is no dialect.*genesys/],
    ['CcgwDialect', 'genesys api', qr/does not begin with/],
    ['CcgwDialect', 'genesys /ccgw/x', qr/is taken/],
);
for (@wrong) {
    my ($name, $value, $reason) = @$_;
    my ($right, $text) = configtest(lines($name => $value));
    ok(!$right, "$name $value is refused");
    my ($word) = $name eq 'CcgwChannel' ? split(/ /, $value =~ s/^sms //r) : $value =~ /([^\s"]+)"?$/;
    my @lines = grep { /\Q$name\E/ && /$reason/ } split /\n/, $text;
    @lines = grep { /$reason/ } split /\n/, $text if $name eq 'CcgwBayeuxTimeout' && $value eq '600s';
    is(scalar @lines, 1, '... in one line with directive and reason') or diag($text);
    like($lines[0] // '', qr/\Q$word\E/, '... and the value') unless $reason =~ /On or Off|needs a media|no media with|'' is empty|UTF-8|600 s|5 s|url/;
    like($text, qr/line \d+|CcgwFloor|CCGW04\d\d/, '... and where it stands');
}

for my $lost ('CcgwFloor', 'CcgwStateDir') {
    my ($right, $text) = configtest(lines($lost => undef));
    ok(!$right, "without $lost it is refused");
    like($text, qr/CcgwEngine On needs $lost/, '... by name');
}
($fine, $said) = configtest("CcgwEngine Off\nCcgwBayeuxTimeout 20s\n");
ok($fine, 'switched off nothing is needed') or diag($said);

# --- where directives may stand -----------------------------------------------------------------

my $pattern = 'CcgwDialect: a pattern cannot be a root';
for (
    ['an engine in a virtual host', "<VirtualHost *:1>\nCcgwNoAnswerTime 5s\n</VirtualHost>\n", qr/CcgwNoAnswerTime.*(not allowed|cannot occur)/],
    ['an engine in a location', "<Location /x>\nCcgwStore local\n</Location>\n", qr/CcgwStore.*(not allowed|cannot occur)/],
    ['a dialect under a pattern', "<LocationMatch \"^/x\">\nCcgwDialect genesys\n</LocationMatch>\n", qr/$pattern/],
    ['a dialect in a directory', "<Directory \"$dir\">\nCcgwDialect genesys\n</Directory>\n", qr/CcgwDialect.*(not allowed|cannot occur)/],
    ['a root beside a location', "<Location /x>\nCcgwDialect genesys /y\n</Location>\n", qr/inside <Location> its path is the root/],
    ['a root twice', "CcgwDialect genesys /x\nCcgwDialect genesys /x/\n", qr/'\/x\/' speaks genesys already/],
    ['a channel twice', "CcgwChannel sms loop\nCcgwChannel sms loop\n", qr/'sms' has a channel already/],
    ['words twice', "CcgwStopWords sms A\nCcgwStopWords sms B\n", qr/CcgwStopWords: 'sms' has its words already/],
    ['a limit twice', "CcgwRateLimit sms number=1/1s\nCcgwRateLimit sms number=1/1s\n", qr/CcgwRateLimit: '1\/1s' is there twice|'number=1\/1s' is there twice/],
    ['words in a location', "<Location /x>\nCcgwStopWords sms STOP\n</Location>\n", qr/CcgwStopWords.*(not allowed|cannot occur)/],
    ['a limit in a virtual host', "<VirtualHost *:1>\nCcgwRateLimit sms number=1/1s\n</VirtualHost>\n", qr/CcgwRateLimit.*(not allowed|cannot occur)/],
    ['a role that does not exist', "<Location /x>\nRequire ccgw-role king\n</Location>\n", qr/'king' is none of agent, supervisor, admin/],
) {
    my ($name, $text, $want) = @$_;
    my ($right, $answer) = configtest(lines() . $text);
    ok(!$right, "$name is refused");
    like($answer, $want, '... with the reason');
    like($answer, qr/line \d+ of/i, '... and the line');
}
for ("<VirtualHost *:1>\nCcgwPublicUrl https://cc.example\nCcgwDialect genesys /api/v2\n</VirtualHost>\n",
    "<Location /api/v2>\nCcgwDialect genesys\nCcgwMaxBody 64K\nCcgwCsrf Off\nCcgwAuthProvider file\n</Location>\n",
    "<Location /x>\nRequire ccgw-role supervisor admin\n</Location>\n", "CcgwNoAnswerTime 1500ms\n", "CcgwKeepSessions 30d\n", "CcgwKeepSessions 12h\n", "CcgwMemory 8388608\n",
    "CcgwStopWords sms none\nCcgwStartWords sms STOP\n", "CcgwStopWords chat Stopp\nCcgwStartWords chat none\n",
    "CcgwStopWords sms \"PAS ENCORE\" ARR\xc3\x8aT\nCcgwStopWords chat STOP\n",
    "CcgwRateLimit sms customer=20/60s number=1000/1h\nCcgwRateLimit chat number=5/10\n") {
    my ($right, $answer) = configtest(lines() . $_);
    (my $shown = $_) =~ s/\n/ /g;
    ok($right, "$shown is fine") or diag($answer);
}

# --- files that a channel names -----------------------------------------------------------------

CcgwServer::spew("$dir/hush", "hush\n");
chmod 0600, "$dir/hush";
my $kannel = 'sms kannel url=http://127.0.0.1:1/cgi-bin/sendsms user=ccgw';
($fine, $said) = configtest(lines(CcgwChannel => "$kannel secret-file=hush inbound-secret-file=./hush"));
ok($fine, 'a file without a whole path is looked for below ServerRoot') or diag($said);
for my $name ('secret-file', 'inbound-secret-file') {
    ($fine, $said) = configtest(lines(CcgwChannel => "$kannel $name=no/such"));
    ok(!$fine, "$name=no/such is refused");
    like($said, qr{CcgwChannel sms kannel: "$name=\Q$dir\E/no/such": $name cannot be opened: No such file}, '... and says where it was looked for');
}

# Each directive has been tried with a wrong value.
my %tried = map { $_->[0] => 1 } @wrong;
my $source = CcgwServer::slurp('mod_ccgw/httpd/mod_ccgw_config.c');
my @known = $source =~ /(?:AP_INIT_\w+|BOUNDED)\("(Ccgw\w+)"/g;
cmp_ok(scalar @known, '>', 15, 'the module\'s own list is found');
is(join(' ', grep { !$tried{$_} && $_ ne 'CcgwStateDir' } @known), '', 'each of its directives was tried');

done_testing;
