# Licensed to the Apache License, Version 2.0; see LICENSE.
# badinput.t: requests no client should make, for every row of the dialect: answered in the form its clients understand,
# never with a server's error, and nothing of agent, sessions, conference and events has changed.
use strict;
use warnings;
use CcgwAgentGateway;
use CcgwServer;
use CcgwTalk;
use CcgwTest;
use FindBin ();

my $ROOT = '/agentgateway/resource';
my $t = $ENV{CCGW_T} // "$FindBin::Bin/../..";
my ($program) = grep { -x && -f } map { "$_/unit/test_catalog" } $t, ($ENV{CCGW_BUILD} // "$t/../build") . '/t';
die "test_catalog is not built\n" unless $program;

# --- the rows ------------------------------------------------------------------------------------

my (@rows, %methods);
open my $print, '-|', $program, 'huawei' or die "$program: $!\n";
while (<$print>) {
    my %row;
    @row{qw(id dialect method path)} = split /\t/;
    $row{path} =~ s/^\Q$ROOT\E\/// or die "a row elsewhere: $_";
    $methods{$row{path}}{$row{method}} = 1;
    push @rows, \%row;
}
close $print or die "$program failed\n";
cmp_ok(scalar @rows, '>', 20, 'the dialect has rows');

# --- what is wrong -------------------------------------------------------------------------------

my $LONG = 'x' x 5000;
my $DEEP = '[' x 5000 . ']' x 5000;

# No object, whatever the row wants to know.
my @NO_OBJECT = (
    ['text', 'hello'], ['half of JSON', '{"a":'], ['an array', '[]'], ['a string', '"x"'], ['a number', '7'],
    ['null', 'null'], ['two values', '{} {}'], ['no UTF-8', "{\"a\":\"\xff\xfe\"}"], ['half of a character', '{"a":"\ud800"}'],
    ['deep nesting', $DEEP], ['deep nesting in a member', "{\"a\":$DEEP}"], ['deep objects', '{"a":' x 5000 . '1' . '}' x 5000],
    ['a number without measure', '{"a":1e99999}'], ['a NUL', "{\"a\":1}\0"], ['a body without an end', '{"a":"' . 'x' x 1_100_000 . '"}'],
);

# VALUES of one member in a body that is right without them.
sub member
{
    my ($good, $name, @values) = @_;
    return map { my %body = (%$good, $name => $_); ["$name " . substr(show($_), 0, 30), JSON->new->canonical->encode(\%body)] } @values;
}

sub show { return JSON->new->canonical->allow_nonref->encode($_[0] // undef) }

my @NO_TEXT = (7, [], {}, JSON::true);
my @NO_NUMBER = ('many', [], {}, JSON::true, 1.5, -1, 99_999_999_999);
my @NO_SWITCH = ('perhaps', [], {}, 2);

sub sign_in
{
    my ($phone) = @_;
    my %good = (password => $CcgwTest::PASSWORD, phonenum => '70101');
    return (['no body', undef], ['nothing', '{}'], ['no password', '{"phonenum":"70101"}'],
        ($phone ? ['no telephone', '{"password":"demo"}'] : ()),
        member(\%good, password => undef, '', 'wrong', $LONG, [], {}), member(\%good, phonenum => $LONG, [], {}),
        member(\%good, status => 0, 2, 6, 'x', [], 99_999_999_999), member(\%good, autoanswer => @NO_SWITCH),
        member(\%good, agenttype => -1, 256, 'x'), member(\%good, ip => $LONG), member(\%good, callBackUri => $LONG));
}

my %CONF = (memberNum => 4);
my %TEXT = (callid => '7-7', data => 'hello');
my @ADDRESS = ({addressType => '6', address => '5551'});
my @CALLS = ('x', '7', '7-7', '-', '0-0', '-1--1', '4294967296-1', '9' x 60 . '-1', 'x' x 300, '%ff');
my @NO_CALLS = map { ["call $_", "?callid=$_"] } @CALLS[0 .. 8];

# By operation: bodies; queries and ends of the path begin with ? or /.
my %bad = (
    'agent.login' => [sign_in(1)], 'agent.force-login' => [sign_in(1)], 'agent.login-ex' => [sign_in(0)],
    'agent.force-login-ex' => [sign_in(0)],
    'agent.busy' => [(map { ["reason $_", "?reason=$_"] } qw(-1 9 199 251 x 1e2 0x10 99999999999), 'x' x 300),
        (map { ["reason in the body $_", "{\"reason\":$_}"] } '9', '"x"', '[]', '{}', '-1', '1.5'), ['prolong', '?prolong=perhaps&reason=205']],
    'agent.skills' => [['linkage', '/true?phonelinkage=2'], ['linkage', '/true?phonelinkage=x'],
        ['skills', '/false?skillid=' . 'x' x 4001], ['flag', '/' . '%ff']],
    'conference.request' => [['no body', undef], ['nothing', '{}'], member({}, memberNum => undef, 0, 121, @NO_NUMBER),
        member(\%CONF, time => 0, 3, 1441, @NO_NUMBER), member(\%CONF, promptTime => 1441, @NO_NUMBER),
        member(\%CONF, confCallerNo => 'x' x 25, [], {}), member(\%CONF, beepTone => 'true', 'x', [], 7),
        member(\%CONF, beepTone => JSON::true), member(\%CONF, playMode => 256, 'x'), member(\%CONF, voicePath => $LONG)],
    'conference.add' => [['no body', undef], ['nothing', '{}'],
        member({}, addresses => undef, [], {}, 'x', 7, [7], ['x'], [undef], [[]], [{}], [{addressType => '6'}], [{address => '1'}],
            [{addressType => '5', address => '1'}], [{addressType => '9', address => '999'}], [{addressType => '9', address => '201'}],
            [{addressType => '9', address => 'x'}], [{addressType => '6', address => '1' x 25}], [{addressType => '6', address => ''}],
            [@ADDRESS, {}], [(@ADDRESS) x 121]),
        member({addresses => \@ADDRESS}, caller => 'x' x 25, []), member({addresses => \@ADDRESS}, playMode => 'x', 256),
        member({addresses => \@ADDRESS}, beepTone => JSON::true, 'x')],
    'call.answer' => [@NO_CALLS],
    'call.reject' => [['no body', undef], ['nothing', '{}'], member({}, mode => undef, 0, 3, @NO_NUMBER),
        member({mode => 1}, callid => '7-7', 'x', $LONG, [], {})],
    'call.drop' => [map { ["call $_", "/$_"] } @CALLS],
    'call.message' => [['no body', undef], ['nothing', '{}'], member({data => 'hello'}, callid => undef, 'x', $LONG, '7-7', [], {}, 7),
        member(\%TEXT, data => undef, 'x' x 3892, [], {})],
    map({ $_ => [] } qw(agent.logout agent.force-logout agent.cancel-busy agent.free agent.work agent.cancel-work agent.status
        event.poll event.poll-all conference.answer conference.reject conference.leave conference.release
        conference.leave-or-release)),
);
is(join(' ', grep { my $id = $_; !grep { $_->{id} eq $id } @rows } sort keys %bad), '', 'no bad requests for rows that are not there');

# --- the floor, and how it looks -----------------------------------------------------------------

my $server = gateway(conf => "CcgwNoAnswerTime 200s\n");
use_server($server);
my $anna = desktop($server, 101);
my $bert = desktop($server, 102);
my %watch = map { $_->{number} => agent($_->{number} == 101 ? 'anna' : 'bert', basic => 1) } $anna, $bert;
my $conference;    # does anna have one?

sub quiet
{
    my ($desk) = @_;
    $desk->send_poll if !$desk->{asked}++;
    my $answer = $desk->take_poll(0.005) or return '';
    $desk->{asked} = 0;
    return $answer->body eq $EMPTY ? '' : $answer->status . $answer->body;
}

# What can be seen of both, from this dialect and from another.
sub snapshot
{
    my @seen;
    for my $desk ($anna, $bert) {
        my $also = $watch{$desk->{number}};
        push @seen, "$desk->{number}:", show($desk->status), "event: " . quiet($desk),
            map { my $answer = $also->get($_); $answer->status . ' ' . $answer->body } '/me?fields=*&subresources=*',
            '/me/smssessions?fields=*&subresources=*';
    }
    # refused in either case, by different codes
    my $asked = $conference ? $anna->post('agentconf', 'requestagentconf', {memberNum => 2})
        : $anna->post('agentconf', 'releaseagentconf');
    push @seen, 'conference: ' . $asked->json->{retcode};
    return join "\n", @seen;
}

sub unchanged
{
    my ($before, $what) = @_;
    my $now = snapshot();
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok($now eq $before, "... and nothing has changed: $what") || diag("before: $before\nnow: $now");
}

# --- asking --------------------------------------------------------------------------------------

my $asked = 0;

# One bad request. Of a test for each there would be thousands: what is wrong is told together.
sub fault
{
    my ($what, $method, $path, $body, %head) = @_;
    my $answer = $anna->request($method, $path, $body, \%head);
    my $said = "$what: $method " . substr($path, 0, 60) . ' -> ' . $answer->status . ' ' . substr $answer->body, 0, 200;
    $asked++;
    return "$said (status)" unless $answer->status == 200 || $answer->status == 413;
    my $code = eval { $answer->json->{retcode} } // 'none';
    return $code =~ /^\d{3}-\d{3}$/ && $code ne '000-000' ? () : "$said (retcode)";
}

sub fill { my ($path, $agent) = @_; $path =~ s/\{agentid\}/$agent/; $path =~ s/\{callid\}/7-7/; $path =~ s/\{autoflag\}/true/; $path }

sub bad_paths
{
    my ($row) = @_;
    my @faults;
    if ($row->{path} =~ /\{agentid\}/) {
        push @faults, map { fault("agent $_", $row->{method}, fill($row->{path}, $_), '{}') } '999', '102', '201', '0', '-1', 'anna',
            '9' x 30, '9' x 3000, '1e2', '101%20', '%2e%2e', '101%2f102', '%ff%fe', '0x65';
    }
    my $own = fill($row->{path}, 101);
    push @faults, map { fault("below it", $row->{method}, "$own/$_", '{}') } 'nothing', 'x' x 3000
        unless $row->{path} eq 'onlineagent/{agentid}' || $row->{path} eq 'agentevent/{agentid}';
    my %has = map { %{$methods{$_}} } grep { fill($_, 101) eq $own || $_ =~ /^agentevent/ && $row->{path} =~ /^agentevent/ } keys %methods;
    push @faults, map { fault('method', $_, $own, $_ eq 'GET' ? undef : '{}') } grep { !$has{$_} } qw(GET POST PUT DELETE PATCH PROPFIND NONSENSE);
    return @faults;
}

# Without his key, or with one that is none.
sub bad_keys
{
    my ($row) = @_;
    return () if $row->{id} =~ /login/;
    my $own = fill($row->{path}, 101);
    return map { fault('key ' . substr($_ // 'none', 0, 20), $row->{method}, $own, '{}', Guid => $_) }
        undef, '', 'x', 'x' x 5000, $bert->guid . '0', '00000000-0000-0000-0000-000000000000.AgentGateway00000000', "\xff";
}

# A row that wants nothing of a body passes over whatever stands in it.
sub bad_bodies
{
    my ($row) = @_;
    my ($own, @faults) = fill($row->{path}, 101);
    push @faults, map { fault($_->[0], $row->{method}, $own, $_->[1]) } @NO_OBJECT if (grep { $_->[0] eq 'no body' } @{$bad{$row->{id}}});
    for (@{$bad{$row->{id}}}) {
        my ($what, $with) = @$_;
        my $path = ($with // '') =~ /^\// ? $own =~ s{/[^/]*$}{$with}r : ($with // '') =~ /^\?/ ? "$own$with" : $own;
        push @faults, fault($what, $row->{method}, $path, ($with // '') =~ /^[\/?]/ ? '{}' : $with);
    }
    return @faults;
}

sub every_row
{
    my ($stage) = @_;
    snapshot();
    my $before = snapshot();
    for my $row (@rows) {
        my $name = "$stage: $row->{id}, $row->{method} $row->{path}";
        ok($bad{$row->{id}}, "$name has bad requests") or next;
        for (['paths', \&bad_paths], ['keys', \&bad_keys], ['bodies', \&bad_bodies]) {
            my ($kind, $try) = @$_;
            my @faults = $try->($row);
            ok(!@faults, "$name: bad $kind are refused in due form") or diag(join "\n", @faults);
        }
        unchanged($before, $row->{id}) or $before = snapshot();
    }
    unchanged($before, 'after all of it');
}

sub next_event
{
    my ($desk) = @_;
    $desk->send_poll if !$desk->{asked}++;
    my $answer = $desk->take_poll(10) or return 'none';
    $desk->{asked} = 0;
    my $event = $answer->json->{event};
    return $event ? $event->{eventType} : next_event($desk);
}

# --- an idle agent, and one who talks ------------------------------------------------------------

subtest 'idle' => sub {
    every_row('idle');
    answers($anna->post('onlineagent', 'saybusy'), '0', 'he goes on');
    is(next_event($anna), 'AgentState_SetNotReady_Success', '... and that is the next he hears');
    answers($anna->post('onlineagent', 'cancelbusy'), '0', 'back');
    is(next_event($anna), 'AgentState_CancelNotReady_Success', '... and that is the next');
};

subtest 'in a call and a conference' => sub {
    answers($bert->post('onlineagent', 'saybusy'), '0', 'only one takes texts');
    is(next_event($bert), 'AgentState_SetNotReady_Success', '... he hears it');
    my $from = new_customer();
    customer_says($from, 'hello');
    is(next_event($anna), 'AgentEvent_Ringing', 'a text rings');
    answers($anna->put('voicecall', 'answer'), '0', '... and is answered');
    is(next_event($anna), $_, "... $_") for 'AgentEvent_Talking', 'AgentEvent_MessageData';
    answers($anna->post('agentconf', 'requestagentconf', {memberNum => 5}), '0', 'beside it a conference');
    $conference = 1;
    my $last = '';
    for (1 .. 8) {
        last if ($last = next_event($anna)) eq 'AgentConf_RequestSuccess';
    }
    is($last, 'AgentConf_RequestSuccess', '... which there is');
    every_row('talking');
    answers($anna->post('agentconf', 'releaseagentconf'), '0', 'the conference is still his');
    is(next_event($anna), 'AgentMediaEvent_StopRecordDone', '... and its end is the next he hears');
    is_deeply([customer_hears($from)], [], 'the customer heard nothing of it');
};

cmp_ok($asked, '>', 2000, "$asked bad requests were made");
is(scalar(grep { /AH00052|exit signal|CCGW0440/ } $server->errors), 0, 'no child has died of them');
$_->sign_out for $anna, $bert;
$server->stop;
done_testing;
