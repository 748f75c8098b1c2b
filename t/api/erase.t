# Licensed to the Apache License, Version 2.0; see LICENSE.
# erase.t: one customer is erased over HTTP: who may, what is refused, what is left; and ended sessions go by themselves.
use strict;
use warnings;
use File::Find qw(find);
use MIME::Base64 qw(encode_base64);
use CcgwEvo;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my $protected = 'AuthMerging Off
    AuthType Basic
    AuthName "erase a customer"
    AuthBasicProvider file
    AuthUserFile "@RUN@/users"';

# Beside the floor's agents an administrator of httpd, who is none.
my $server = CcgwServer->start(lives => 0, durability => 'disk');
$server->{users} = CcgwServer::spew($server->dir . '/users',
    CcgwServer::slurp('conf/demo/users') . "root:{SHA}ieSV55Qc+eQOaYDRSha/AjzNTJE=\n");
my $run = $server->run;
$protected =~ s/\@RUN\@/$run/;
$server->conf(<<"EOT")->again;
CcgwBayeuxTimeout 2s
<Location "/ccgw/erase">
    SetHandler ccgw-erase
    $protected
    Require user root cleo
</Location>
<Location "/ccgw/erase-anybody">
    SetHandler ccgw-erase
    AuthMerging Off
    Require all granted
</Location>
<Location "/ccgw/erase-nearby">
    SetHandler ccgw-erase
    $protected
    Require local
</Location>
<Location "/ccgw/erase-supervisor">
    SetHandler ccgw-erase
    AuthMerging Off
    AuthType ccgw
    AuthUserFile "$run/users"
    Require ccgw-role supervisor
</Location>
EOT
use_server($server);
my $http = CcgwHttp->new($server->url);
my $json = JSON->new->utf8->canonical;

# POST the fields, as WHO ('' nobody); options: path, type, method, head.
sub erase
{
    my ($who, $field, %option) = @_;
    my %head = ('Content-Type' => $option{type} // 'application/json', %{$option{head} || {}});
    $head{Authorization} = 'Basic ' . encode_base64("$who:demo", '') if $who;
    my $body = ref $field ? $json->encode($field) : $field;
    return $http->request($option{method} // 'POST', $option{path} // '/ccgw/erase', \%head, $body);
}

# The files of the state directory that hold TEXT.
sub files_with
{
    my ($text) = @_;
    my @found;
    find({no_chdir => 1, wanted => sub { push @found, $_ if -f && index(CcgwServer::slurp($_), $text) >= 0 }}, $server->state);
    return @found;
}

sub stats { return $http->request(GET => '/server-status?auto', {})->body }

my ($anna) = people('anna');
my $cleo = CcgwEvo->new($server->url, 'cleo');
my $him = new_customer();
my $secret = "secret-$$-" . time;

# Anna's desktop is told to start over, and does.
sub starts_over
{
    my $told = $anna->{desk}->pump_until(sub { ((($anna->{desk}->connects)[-1]{advice} || {})->{reconnect} // '') eq 'handshake' }, 15);
    ok($told, 'a desktop of the tenant is told to start over') or diag($anna->{desk}->describe);
    $anna->{desk} = $anna->desktop(ack => 1);
}

# The words of all sessions a supervisor finds.
sub sessions { return $cleo->call(GET => '/sessions?countPerPage=1000')->body }

subtest 'who may' => sub {
    my %field = (media => 'sms', customer => $him);
    # Who is let in hears that GET is not the way, and nothing happens.
    my $try = sub { my ($who, %option) = @_; return erase($who, undef, method => 'GET', %option)->status };
    is($try->(''), 401, 'nobody: 401');
    is($try->('anna'), 401, 'somebody else: 401');
    is($try->('root'), 405, 'whom Require names is let in');
    is($try->('root', path => '/ccgw/erase-anybody'), 403, 'where nobody is asked who he is: 403');
    is($try->('root', path => '/ccgw/erase-nearby'), 403, '... neither does the machine itself suffice');
    is(erase('root', \%field, path => '/ccgw/erase-nowhere')->status, 404, 'where it is not set up there is no such page');
    is($try->('anna', path => '/ccgw/erase-supervisor'), 401, 'a role is asked for: who has it not: 401');
    is($try->('cleo', path => '/ccgw/erase-supervisor'), 405, '... who has it is let in');
    is($try->('root', head => {Origin => 'http://evil.example'}), 403, 'a page of another site: 403');
    is($try->('root', head => {Origin => 'null'}), 403, '... or one that does not say which');
    is($try->('root', head => {Origin => $server->url}), 405, '... one of this site is let in');
    is(erase('cleo', {%field, tenant => 'other'})->status, 404, 'an agent knows no other tenant');
    is(erase('root', {%field, tenant => 'other'})->status, 200, '... an administrator does');
};

subtest 'what is refused' => sub {
    my %field = (media => 'sms', customer => $him);
    for (
        ['no media', {customer => $him}, 400],
        ['no customer', {media => 'sms'}, 400],
        ['an empty customer', {%field, customer => ''}, 400],
        ['another media', {%field, media => 'fax'}, 400],
        ['another tenant', {%field, tenant => 'nowhere'}, 404],
        ['another word for open', {%field, open => 'yes'}, 400],
        ['another word for optout', {%field, optout => '1'}, 400],
        ['no JSON', 'x', 400],
        ['too much', 'x' x 2_000_000, 413],
    ) {
        my ($name, $body, $status) = @$_;
        my $answer = erase('root', $body);
        is($answer->status, $status, "$name: $status") or diag($answer->body);
        like($answer->body, qr/^\{"error":".+"\}$/, '... with the reason');
    }
    is(erase('root', "media=sms&customer=$him", type => 'application/x-www-form-urlencoded')->status, 400,
        'a form whose + is a blank: 400');
    is(erase('root', "media=sms&customer=" . $him =~ s/\+/%2B/r . '%00', type => 'application/x-www-form-urlencoded')->status, 400,
        'a customer with a zero byte: 400');
    is(erase('root', undef, method => 'GET')->header('Allow'), 'POST', 'GET: only POST is allowed');
};

my $talk = talk($anna, from => $him, text => "$secret in");
ok($anna->op($talk->{path}, 'SendMessage', text => "$secret out")->json->{statusCode} == 0, 'she answers him');
customer_hears($him, qr/$secret out/);

subtest 'a session that goes on' => sub {
    my $answer = erase('root', {media => 'sms', customer => $him});
    is($answer->status, 409, 'it is in the way: 409');
    is_deeply($answer->json->{sessions}, [$talk->{id}], '... and named');
    like($answer->json->{error}, qr/open=end/, '... with the way out');
    my @texts = map { $_->{text} // () } @{$anna->get("$talk->{path}/messages")->json->{messages}};
    is_deeply(\@texts, ["$secret in", "$secret out"], 'nothing of it has gone');
};

my $other = talk($anna, text => "kept-$secret");
ok(over($anna, $talk), 'his session ends');
like(sessions(), qr/\Q$him\E/, 'a supervisor finds it');
ok(scalar files_with("$secret in"), 'the files hold his words');

my $erased;
subtest 'he is erased' => sub {
    (my $to = $him) =~ s/\+/%2B/;
    my $answer = erase('root', "media=sms&customer=$to", type => 'application/x-www-form-urlencoded');
    is($answer->status, 200, 'it is done') or diag($answer->body);
    $erased = $answer->json;
    json_like($erased, {sessions => 1, ended => 0, messages => 3, texts => 1, optouts => 0}, '... and counted');
    unlike(sessions(), qr/\Q$him\E/, 'a supervisor finds him no more');
    unlike($http->request(GET => '/ccgw/loop/messages', {})->body, qr/$secret out/, 'nor does the reader of sent texts');
    my ($line) = $server->errors(qr/CCGW0460.*1 sessions/);
    my $last = substr $him, -3;
    like($line, qr/root erased sms customer \*+$last of all tenants: 1 sessions/, 'the log says who asked');
    is(scalar(grep { /CCGW0460/ && /\Q$him\E/ } split /\n/, $server->error_log), 0, '... and does not show the address');
    my @texts = map { $_->{text} // () } @{$anna->get("$other->{path}/messages")->json->{messages}};
    is_deeply(\@texts, ["kept-$secret"], 'the session of another customer is whole');
    starts_over();
    json_like(erase('root', {media => 'sms', customer => $him})->json, {sessions => 0, messages => 0, texts => 0},
        'asked again there is nothing left');
};

subtest 'the files' => sub {
    my $within = $erased->{filesCleanWithin};
    like($within // 'null', qr/^\d+$/, 'it is said when they shall be clean') or return;
    cmp_ok($within, '<=', 60, "they shall be clean within $within s");
    ok(wait_until(sub { !files_with("$secret in") && !files_with("$secret out") }, $within), 'within that time no file holds his words')
        or diag(files_with("$secret in"), files_with("$secret out"));
    ok(wait_until(sub { !files_with($him) }, 1), '... or his address') or diag(files_with($him));
    ok(scalar files_with("kept-$secret"), '... but those of another customer');
};

subtest 'it is ended first when that is asked for' => sub {
    my $again = talk($anna, from => $him, text => 'once more');
    json_like(erase('root', {media => 'sms', customer => $him, open => 'end'})->json, {sessions => 1, ended => 1}, 'it is ended and gone');
    is($anna->get($again->{path})->json->{statusCode}, 6, 'its agent has it no more') or diag($anna->get($again->{path})->body);
    starts_over();
    ok(over($anna, $other), 'the other session goes on to its end');
};

subtest 'over a restart' => sub {
    $server->kill_all;
    $server->again;
    $cleo = CcgwEvo->new($server->url, 'cleo');
    unlike(sessions(), qr/\Q$him\E/, 'he stays erased');
    like(sessions(), qr/\Q$other->{from}\E/, '... the others stay');
};

subtest 'by rule' => sub {
    $server->conf("CcgwKeepSessions 1s\n");
    $server->graceful;
    $cleo = CcgwEvo->new($server->url, 'cleo');
    ok(wait_until(sub { sessions() !~ /\Q$other->{from}\E/ }, 20), 'with CcgwKeepSessions sessions that ended before go by themselves')
        or diag(sessions());
};

$server->stop;
done_testing;
