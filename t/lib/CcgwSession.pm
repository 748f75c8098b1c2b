# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwSession.pm: the operations on a session, the same for SMS sessions and chats: one subtest each.
#
#   session_tests('sms');     # everything an agent does with his customer
#   invite_tests('sms');      # everything that brings others in, or takes them out
package CcgwSession;
use strict;
use warnings;
use Exporter qw(import);
use CcgwEffect;
use CcgwTalk;
use CcgwTest;

our @EXPORT = qw(session_tests invite_tests);

my $HEX = qr/[0-9A-Fa-f]{16}/;
my $TIME = qr/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d{4}/;

# What the pages print, in their order.
my @DATA = qw(SetInFocus SetDisposition AttachUserData DeleteUserData UpdateUserData);
my @TALK = qw(Complete SendMessage SendStartTypingNotification SendStopTypingNotification);
my @ALONE = (qw(Transfer Leave Invite Consult), @DATA, @TALK);
my @TOGETHER = (qw(Transfer Leave Invite Consult), @DATA,
    qw(SendToAgents SendStartTypingToAgentsNotification SendStopTypingToAgentsNotification), @TALK);

my (%m, $media, $anna, $bert, $cleo);

sub id { "$m{noun}.$_[0]" }

sub begin
{
    ($media) = @_;
    %m = %{$CcgwTalk::MEDIA{$media}};
    ($anna, $bert, $cleo) = people('anna', 'bert', 'cleo');
}

sub get
{
    my ($agent, $talk, $more) = @_;
    return $agent->get($talk->{path} . ($more // ''))->json;
}

sub one { get(@_)->{$m{noun}} }

sub begin_talk { return talk($_[0], media => $media, @_[1 .. $#_]) }

# BERT comes into the session of ANNA.
sub join_in
{
    my ($talk, $agent, $name) = @_;
    done_ok($anna->op($talk->{path}, $name // 'Invite', targetUri => $agent->me->{uri}), 'she asks him in');
    ok($agent->{desk}->wait_for(told_state($talk, 'Invited')), 'he is asked') or diag($agent->{desk}->describe);
    done_ok($agent->op($talk->{path}, 'Accept'), 'he accepts');
    ok($_->{desk}->wait_for(told_entry($talk, 'ParticipantJoined')), "$_->{login} is told") or diag($_->{desk}->describe)
        for $agent, $anna;
}

sub capabilities_are
{
    my ($got, $want, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is("@{$got->{capabilities} || []}", "@$want", $name);
}

# --- an agent and a customer --------------------------------------------------------------------

sub test_accept
{
    my $talk = begin_talk($anna, accept => 0);
    my $offered = one($anna, $talk);
    is($offered->{state}, 'Invited', 'an offer can be read');
    capabilities_are($offered, [qw(Accept Reject)], '... and be accepted or rejected, nothing else');
    refused($anna->op($talk->{path}, 'SendMessage', text => 'x'), 2, 'nobody writes before he accepts');
    refused($bert->op($talk->{path}, 'Accept'), 6, 'it is nobody else\'s');

    done_ok($anna->op($talk->{path}, 'Accept', nickname => 'Annie'), 'she accepts');
    my $state = $anna->{desk}->wait_for(told_state($talk, 'Chatting'));
    json_like($state && $state->{data}, {
        notificationType => 'StatusChange', messageType => $m{type}, referenceId => qr/^\d+$/,
        $m{noun} => {state => 'Chatting', participants => [], id => $talk->{id}},
    }, 'first the state, without participants, with the number of the request');
    my $people = $anna->{desk}->wait_for(told($talk, 'ParticipantsUpdated'));
    json_like($people && $people->{data}{$m{noun}}{participants},
        [{type => 'Customer', nickname => $talk->{from}}, {type => 'Agent', nickname => 'Annie'}], 'then who is there');
    my $log = $anna->{desk}->wait_for(told($talk, 'NewMessages'));
    json_like($log && $log->{data}{messages}, [{index => 1, type => 'Text', text => 'hello', from => {type => 'Customer'}},
        {index => 2, type => 'ParticipantJoined', from => {nickname => 'Annie'}}], 'then the history');
    my $now = one($anna, $talk);
    effect(id('accept'), $now->{state} eq 'Chatting' && $state && $people && $log, 'she is in the session');
    capabilities_are($now, \@ALONE, 'she may do what the pages list, in their order');
    refused($anna->op($talk->{path}, 'Accept'), 2, 'once is enough');
    ok(over($anna, $talk), 'it ends');
}

sub test_reject
{
    my $talk = begin_talk($anna, accept => 0);
    done_ok($anna->op($talk->{path}, 'Reject'), 'she rejects');
    my $event = $anna->{desk}->wait_for(told_state($talk, 'Completed'));
    json_like($event && $event->{data}{$m{noun}}, {participants => [], capabilities => []}, 'for her it is over');
    my $gone = $anna->get($talk->{path})->json->{statusCode};
    $bert->op('/me', 'Ready');
    is($bert->{desk}->offered($talk->{from}), $talk->{id}, 'the next agent is asked');
    effect(id('reject'), $event && $gone == 6, 'she cannot see it any more');
    $bert->op('/me', 'NotReady');
    done_ok($bert->op($talk->{path}, 'Accept'), 'he takes it');
    ok(over($bert, $talk), 'and ends it');
}

sub test_messages
{
    my $talk = begin_talk($anna);
    join_in($talk, $bert);
    my @sent = (
        # operation id, name, member, value, type, member shown, visibility, is it logged
        ['message', 'SendMessage', 'text', "R\x{e9}sum\x{e9} \x{1f4e6} \"x\\y\"", 'Text', 'text', 'All', 1],
        ['url', 'SendUrl', 'url', 'https://shop.example/?a=1&b=2', 'PushUrl', 'url', 'All', 1],
        ['notice', 'SendCustomNotice', 'noticeText', 'notice 1', 'CustomNotice', 'noticeText', 'All', 1],
        ['notice-agents', 'SendCustomNoticeToAgents', 'noticeText', 'notice 2', 'CustomNotice', 'noticeText', 'Agents', 1],
        ['message-agents', 'SendToAgents', 'text', 'between us', 'Text', 'text', 'Agents', 1],
        ['typing', 'SendStartTypingNotification', undef, undef, 'TypingStarted', undef, 'All', 0],
        ['typing-off', 'SendStopTypingNotification', undef, undef, 'TypingStopped', undef, 'All', 0],
        ['typing-agents', 'SendStartTypingToAgentsNotification', undef, undef, 'TypingStarted', undef, 'Agents', 0],
        ['typing-agents-off', 'SendStopTypingToAgentsNotification', undef, undef, 'TypingStopped', undef, 'Agents', 0],
    );
    my $index = get($anna, $talk, '/messages')->{messages}[-1]{index};
    for (@sent) {
        my ($op, $name, $member, $value, $type, $shown, $visibility, $logged) = @$_;
        refused($anna->op($talk->{path}, $name), 1, "$name needs its $member") if $member;
        done_ok($anna->op($talk->{path}, $name, $member ? ($member => $value) : ()), "$name is taken");
        my %want = (visibility => $visibility, $shown ? ($shown => $value) : ());
        my $event = $bert->{desk}->wait_for(told_entry($talk, $type, %want));
        my $entry = $event && entry_in($event, $type, %want);
        is($entry && $entry->{index}, ++$index, '... and has the next number');
        json_like($entry, {from => {nickname => 'Anna', type => 'Agent', participantId => $HEX}, timestamp => qr/^$TIME$/,
            timestampSeconds => qr/^\d{13}$/}, '... says who and when');
        ok($anna->{desk}->wait_for(told_entry($talk, $type, %want)), '... she sees it, too');
        my ($kept) = grep { $_->{index} == $index } @{get($bert, $talk, "/messages?startIndex=$index")->{messages}};
        is($kept ? 1 : 0, $logged, $logged ? '... and it is kept' : '... and passes');
        effect(id($op), $entry && !!$kept == !!$logged, "$name reaches the colleague");
    }
    is(customer_hears($talk->{from}, qr/shop\.example/), 'https://shop.example/?a=1&b=2', 'the customer gets the link');
    my @heard = customer_hears($talk->{from});
    is_deeply(\@heard, ["R\x{e9}sum\x{e9} \x{1f4e6} \"x\\y\"", 'https://shop.example/?a=1&b=2'],
        '... and the text, in order and nothing said aside');
    customer_says($talk->{from}, 'thank you', media => $media, to => $m{to});
    ok($_->{desk}->wait_for(told_entry($talk, 'Text', text => 'thank you')), "$_->{login} reads the customer") for $anna, $bert;
    done_ok($bert->op($talk->{path}, 'Leave'), 'he goes');
    refused($anna->op($talk->{path}, 'SendToAgents', text => 'alone'), 2, 'nobody is there to speak to aside');
    ok(over($anna, $talk), 'it ends');
}

sub test_reading
{
    my $talk = begin_talk($anna, userData => {Subject => 'parcel', Priority => 7, Note => undef});
    my $other = begin_talk($anna);
    $anna->op($talk->{path}, 'SendMessage', text => "m$_") for 1 .. 5;

    my $list = $anna->get($m{all})->json;
    my ($mine) = grep { m{/\Q$talk->{id}\E$} } @{$list->{uris} || []};
    like($mine, qr{^http://[^/]+/api/v2/\w+/$talk->{id}$}, 'without fields the list holds addresses, without /me');
    $list = $anna->get("$m{all}?fields=*")->json;
    my %by_id = map { $_->{id} => $_ } @{$list->{"$m{noun}s"} || []};
    effect(id('list'), $mine && $by_id{$talk->{id}} && $by_id{$other->{id}}, 'with fields=* the list holds both sessions');
    is($by_id{$talk->{id}}{state}, 'Chatting', '... with their states');
    is(scalar @{$bert->get("$m{all}?fields=*")->json->{"$m{noun}s"}}, 0, '... and a colleague\'s holds none of them');

    my $one = get($anna, $talk);
    json_like($one, {statusCode => 0, $m{noun} => {id => $talk->{id}, uri => $mine, path => qr{^/\w+/$talk->{id}$},
        state => 'Chatting', userData => {Subject => 'parcel', Priority => 7, Note => undef}}}, 'one session is read');
    effect(id('get'), $one->{$m{noun}}{id} eq $talk->{id}, '... under the member of its kind');
    my $rich = one($anna, $talk, '?subresources=*');
    json_like($rich->{participants}[1], {uri => $anna->me->{uri}, path => $anna->me->{path}, visibility => 'All',
        id => $rich->{participants}[1]{participantId}}, 'subresources tell more of participants');
    refused($bert->get($talk->{path}), 6, 'a colleague who is not in it cannot read it');

    my $texts = sub { join ' ', map { $_->{text} // $_->{type} } @{get($anna, $talk, "/messages$_[0]")->{messages}} };
    is($texts->(''), 'hello ParticipantJoined m1 m2 m3 m4 m5', 'the log is read');
    my $part = $texts->('?startIndex=3&count=2');
    is($part, 'm1 m2', '... in part');
    is($texts->('?startIndex=6'), 'm4 m5', '... to its end');
    is($texts->('?startIndex=99'), '', '... and not beyond');
    refused($anna->get("$talk->{path}/messages?startIndex=x"), 10, 'a start that is no number is refused');
    refused($anna->get("$talk->{path}/messages?count=-1"), 10, '... and a count below zero');
    effect(id('messages'), $part eq 'm1 m2', 'exactly the entries asked for are given');
    ok(over($anna, $_), 'it ends') for $talk, $other;
}

sub test_data
{
    my $talk = begin_talk($anna, userData => {Subject => 'parcel'});
    join_in($talk, $bert);
    my @steps = (
        ['attach', 'AttachUserData', {userData => {City => 'Bonn', Level => 3}}, {Subject => 'parcel', City => 'Bonn', Level => 3}],
        ['update', 'UpdateUserData', {userData => {City => 'Ulm', Empty => undef}},
            {Subject => 'parcel', City => 'Ulm', Level => 3, Empty => undef}],
        ['detach', 'DeleteUserData', {keys => ['City', 'Empty', 'Unknown']}, {Subject => 'parcel', Level => 3}],
        ['disposition', 'SetDisposition', {disposition => 'Solved', dispositionKey => 'Result'},
            {Subject => 'parcel', Level => 3, Result => 'Solved'}],
    );
    for (@steps) {
        my ($op, $name, $body, $want) = @$_;
        refused($anna->op($talk->{path}, $name), 1, "$name needs its parameter");
        done_ok($anna->op($talk->{path}, $name, %$body), "$name is taken");
        my $event = $bert->{desk}->wait_for(told($talk, 'PropertiesUpdated'));
        is_deeply($event && session_in($event)->{userData}, $want, '... the colleague is told all of the data');
        is_deeply(one($bert, $talk)->{userData}, $want, '... and it is kept');
        effect(id($op), $event && join(',', sort keys %{session_in($event)->{userData}}) eq join(',', sort keys %$want),
            "$name changes the data");
    }
    my $own = $anna->{desk}->wait_for(told($talk, 'PropertiesUpdated'));
    like($own && $own->{data}{referenceId}, qr/^\d+$/, 'who caused it finds the number of the request');
    refused($anna->op($talk->{path}, 'AttachUserData', userData => 'text'), 10, 'data that is no object is refused');
    refused($anna->op($talk->{path}, 'AttachUserData', userData => {a => {b => 1}}), 10, '... and data in data');

    done_ok($anna->op($talk->{path}, 'AddComment', comment => 'calls back'), 'AddComment is taken');
    my $event = $bert->{desk}->wait_for(told($talk, 'PropertiesUpdated'));
    effect(id('comment'), $event && session_in($event)->{comment} eq 'calls back'
        && one($anna, $talk)->{comment} eq 'calls back', 'the comment is told and kept');

    my $before = $anna->get($talk->{path})->body;
    done_ok($anna->op($talk->{path}, $_), "$_ is taken") for 'SetInFocus', 'InFocus';
    refused($cleo->op($talk->{path}, 'SetInFocus'), 6, '... not from somebody outside');
    effect(id('focus'), $anna->get($talk->{path})->body eq $before, '... and changes nothing, as documented');
    $bert->op($talk->{path}, 'Leave');
    ok(over($anna, $talk), 'it ends');
}

sub test_leave
{
    my $talk = begin_talk($anna);
    done_ok($anna->op($talk->{path}, 'Leave'), 'she leaves, alone with the customer');
    my $event = $anna->{desk}->wait_for(told_state($talk, 'LeftChat'));
    is(join(' ', sort @{$event ? session_in($event)->{capabilities} : []}), 'Complete Leave SetInFocus Transfer',
        'she may still close it');
    effect(id('leave'), $event && one($anna, $talk)->{state} eq 'LeftChat', 'she has left it and still owns it');
    refused($anna->op($talk->{path}, 'SendMessage', text => 'x'), 2, 'the customer is not there any more');
    done_ok($anna->op($talk->{path}, 'SetDisposition', disposition => 'Done'), 'a disposition is still possible');
    customer_says($talk->{from}, 'one more thing', media => $media, to => $m{to});
    done_ok($anna->op($talk->{path}, 'Complete'), 'she completes it');
    ok($anna->{desk}->wait_for(told_state($talk, 'Completed')), '... and is told');
    my $next = begin_talk($anna, from => $talk->{from}, text => 'hello?');
    isnt($next->{id}, $talk->{id}, 'what the customer wrote meanwhile is another session');
    is(get($anna, $next, '/messages')->{messages}[0]{text}, 'one more thing', '... and begins with it');
    ok(over($anna, $next), 'it ends');

    $talk = begin_talk($anna);
    join_in($talk, $bert);
    done_ok($bert->op($talk->{path}, 'Leave'), 'in a conference one leaves');
    ok($bert->{desk}->wait_for(told_state($talk, 'Completed')), '... for him it is over');
    ok($anna->{desk}->wait_for(told($talk, 'ParticipantsUpdated')), '... the other is told who is left');
    ok($anna->{desk}->wait_for(told_entry($talk, 'ParticipantLeft')), '... and that he left');
    capabilities_are(one($anna, $talk), \@ALONE, '... and is alone with the customer');
    refused($bert->get($talk->{path}), 6, '... and he cannot see it any more');

    done_ok($anna->op($talk->{path}, 'LeaveAndComplete'), 'LeaveAndComplete is taken');
    my $done = $anna->{desk}->wait_for(told_state($talk, 'Completed'));
    effect(id('leave-complete'), $done && $anna->get($talk->{path})->json->{statusCode} == 6, 'it is over at once');
}

sub test_complete
{
    my $talk = begin_talk($anna);
    refused($anna->op($talk->{path}, 'Complete', queueName => 'nowhere'), 6, 'a queue that is not there is refused');
    is(one($anna, $talk)->{state}, 'Chatting', '... and nothing has changed');
    done_ok($anna->op($talk->{path}, 'Complete', queueName => 'support'), 'completed to a queue');
    ok($anna->{desk}->wait_for(told_state($talk, 'Completed')), '... it is over for her');
    $bert->op('/me', 'Ready');
    is($bert->{desk}->offered($talk->{from}), $talk->{id}, '... and offered to the next');
    $bert->op('/me', 'NotReady');
    done_ok($bert->op($talk->{path}, 'Accept'), '... who accepts');
    is(get($bert, $talk, '/messages')->{messages}[0]{text}, 'hello', '... and reads what was said before');
    done_ok($bert->op($talk->{path}, 'Complete'), 'he completes it');
    my $event = $bert->{desk}->wait_for(told_state($talk, 'Completed'));
    json_like($event && $event->{data}{$m{noun}}, {participants => [], capabilities => []}, 'nothing is left of it');
    effect(id('complete'), $event && $bert->get($talk->{path})->json->{statusCode} == 6, 'it is over');
    refused($bert->op($talk->{path}, 'SendMessage', text => 'x'), 6, 'and takes nothing any more');
}

sub session_tests
{
    begin(@_);
    subtest("$m{noun}.accept" => \&test_accept);
    subtest("$m{noun}.reject" => \&test_reject);
    subtest("$m{noun}: texts, links, notices, typing" => \&test_messages);
    subtest("$m{noun}.list, .get, .messages" => \&test_reading);
    subtest("$m{noun}: data, disposition, comment, focus" => \&test_data);
    subtest("$m{noun}.leave, .leave-complete" => \&test_leave);
    subtest("$m{noun}.complete" => \&test_complete);
    go_home($anna, $bert, $cleo);
}

# --- others -------------------------------------------------------------------------------------

# Each spelling of each target, at one and the same session.
sub test_invite_targets
{
    my $talk = begin_talk($anna);
    my %path = (user => $bert->me->{path}, contact => '/contacts/' . $bert->me->{id});
    my ($queue) = grep { $_->{name} eq 'support' } @{$anna->get('/queues?fields=*')->json->{queues}};
    my ($desk) = grep { $_->{type} eq 'Queue' } @{$anna->get('/contacts?fields=*')->json->{contacts}};
    my @forms = (
        ['a user by targetUri', targetUri => $bert->me->{uri}],
        ['a user by targetPath', targetPath => $path{user}],
        ['a contact by the sample\'s userUri', userUri => server_url() . '/api/v2' . $path{contact}],
        ['a contact of another host\'s uri', userUri => "http://localhost:8080/api/v2$path{contact}"],
        ['a contact by targetPath', targetPath => $path{contact}],
        ['a queue by targetUri', targetUri => $queue->{uri}],
        ['a queue by targetPath', targetPath => $queue->{path}],
        ['a queue among the contacts', targetPath => $desk->{path}],
    );
    my $last = 0;
    $bert->op('/me', 'Ready');
    for (@forms) {
        my ($name, %target) = @$_;
        my $answer = $anna->op($talk->{path}, 'Invite', %target);
        like($answer->body, qr/^\{"statusCode":0,"referenceId":\d+\}$/, "$name: the answer is the page's");
        cmp_ok($answer->json->{referenceId}, '>', $last, '... its number is new');
        $last = $answer->json->{referenceId};
        ok($bert->{desk}->wait_for(told_state($talk, 'Invited')), '... he is asked') or diag($bert->{desk}->describe);
        done_ok($bert->op($talk->{path}, 'Accept'), '... and comes');
        ok($anna->{desk}->wait_for(told_entry($talk, 'ParticipantJoined')), '... she is told');
        capabilities_are(one($anna, $talk), \@TOGETHER, '... and can speak to him aside');
        done_ok($bert->op($talk->{path}, 'Leave'), '... he goes');
        ok($anna->{desk}->wait_for(told_entry($talk, 'ParticipantLeft')), '... she is told');
    }
    $bert->op('/me', 'NotReady');
    ok(over($anna, $talk), 'it ends');
}

# The two notifications, byte by byte but for what differs from run to run.
sub test_invite_bytes
{
    my $talk = begin_talk($anna);
    done_ok($anna->op($talk->{path}, 'Invite', targetUri => $bert->me->{uri}), 'she asks him in');
    ok($bert->{desk}->wait_for(told_state($talk, 'Invited')), 'he is asked');
    ${$anna->{raw}} = '';
    done_ok($bert->op($talk->{path}, 'Accept'), 'he accepts');
    ok($anna->{desk}->wait_for(told_entry($talk, 'ParticipantJoined')), 'she is told');
    my @events = raw_events($anna);
    is(scalar @events, 2, 'she is told twice');
    my ($word, $part) = ($m{noun}, qr/\{"nickname":"[^"]+","type":"(?:Agent|Customer)","participantId":"$HEX"\}/);
    my $list = join ',', map { "\"$_\"" } @TOGETHER;
    my $uri = qr{http://127\.0\.0\.1:\d+/api/v2/${word}s/$talk->{id}};
    like($events[0], qr/^\{"notificationType":"ParticipantsUpdated","messageType":"$m{type}","$word":\{"participants":\[$part,$part,$part\],"state":"Chatting","id":"$talk->{id}","capabilities":\[\Q$list\E\],"uri":"$uri"\}\}$/,
        'first who is in the session, member for member as printed');
    like($events[1], qr/^\{"messages":\[\{"index":3,"from":\{"nickname":"Bert","type":"Agent","participantId":"$HEX"\},"timestamp":"$TIME","visibility":"All","type":"ParticipantJoined","timestampSeconds":\d{13}\}\],"notificationType":"NewMessages","messageType":"MessageLogUpdated","${word}Uri":"$uri","${word}Path":"\/${word}s\/$talk->{id}"\}$/,
        'then that he joined, likewise');
    unlike("@events", qr/referenceId/, 'neither carries a number: the request was answered long before');
    effect(id('invite'), @events == 2 && scalar(grep { $_->{nickname} eq 'Bert' } @{one($anna, $talk)->{participants}}),
        'the colleague is in the session');
    $bert->op($talk->{path}, 'Leave');
    ok(over($anna, $talk), 'it ends');
}

sub test_invite_fails
{
    my $talk = begin_talk($anna);
    ${$anna->{raw}} = '';
    my ($dora) = grep { $_->{userName} eq 'dora' } @{$anna->get('/users?fields=*')->json->{users}};
    my $answer = $anna->op($talk->{path}, 'Invite', targetUri => $dora->{uri});
    like($answer->body, qr/^\{"statusCode":0,"referenceId":(\d+)\}$/, 'the request was all right');
    my $event = $anna->{desk}->wait_for(told($talk, 'Error'));
    is($event && $event->{data}{referenceId}, $answer->json->{referenceId}, 'later she is told, with the number');
    my ($raw) = grep { /"Error"/ } raw_events($anna);
    my $list = join ',', map { "\"$_\"" } @ALONE;
    like($raw, qr/^\{"notificationType":"Error","messageType":"$m{type}","errorMessage":"[^"]+","referenceId":\d+,"$m{noun}":\{"participants":\[[^\]]+\],"state":"Chatting","id":"$talk->{id}","capabilities":\[\Q$list\E\],"uri":"[^"]+"\}\}$/,
        '... member for member as printed, with the unchanged session');
    refused($anna->op($talk->{path}, 'Invite'), 1, 'without a target it is refused');
    refused($anna->op($talk->{path}, 'Invite', targetUri => server_url() . '/api/v2/users/ffffffffffffffffffffffffffffffff'), 6,
        'nobody of that address');
    refused($anna->op($talk->{path}, 'Invite', targetPath => 'nonsense'), 10, 'an address of nothing');
    refused($anna->op("$m{all}/0000000000000001", 'Invite', targetUri => $bert->me->{uri}), 6, 'no such session');
    $answer = $anna->op($talk->{path}, 'Invite', targetUri => $anna->me->{uri});
    ok($anna->{desk}->wait_for(told($talk, 'Error')), 'oneself is in it already');

    done_ok($anna->op($talk->{path}, 'Invite', targetUri => $bert->me->{uri}), 'she asks one');
    ok($bert->{desk}->wait_for(told_state($talk, 'Invited')), '... he is asked');
    done_ok($bert->op($talk->{path}, 'Reject'), '... who does not want to');
    ok($anna->{desk}->wait_for(told($talk, 'Error')), '... and hears of it');
    is(scalar @{one($anna, $talk)->{participants}}, 2, '... nobody came');
    ok(over($anna, $talk), 'it ends');
}

# A second desktop of hers: it sees all that happens, but not what the first one asked in vain, and no numbers of it.
sub test_two_desktops
{
    my $talk = begin_talk($anna);
    my $second = agent('anna');
    isnt($second->cookie, $anna->cookie, 'the second desktop is a login of its own') or return over($anna, $talk);
    my $beside = $second->desktop(ack => 1);
    my ($dora) = grep { $_->{userName} eq 'dora' } @{$anna->get('/users?fields=*')->json->{users}};
    done_ok($anna->op($talk->{path}, 'Invite', targetUri => $dora->{uri}), 'one asks somebody who cannot come');
    ok($anna->{desk}->wait_for(told($talk, 'Error')), '... and is told so');
    $anna->op($talk->{path}, 'AddComment', comment => 'x');
    ok($beside->never_before(told($talk, 'Error'),
        sub { scalar grep { ($_->{data}{notificationType} // '') eq 'PropertiesUpdated' } $beside->events }),
        '... the other is not');
    ok((grep { ($_->{data}{notificationType} // '') eq 'PropertiesUpdated' && !exists $_->{data}{referenceId} }
        $beside->events), '... and sees no numbers of the first one\'s requests');
    $beside->disconnect;
    done_ok($second->sign_out, 'the second one signs out');
    is(one($anna, $talk)->{state}, 'Chatting', 'the first one works on');
    ok(over($anna, $talk), 'it ends');
}

sub test_cancel
{
    my $talk = begin_talk($anna);
    for (['Invite', 'CancelInvite', 'cancel-invite'], ['Consult', 'CancelConsult', 'cancel-consult']) {
        my ($ask, $cancel, $op) = @$_;
        done_ok($anna->op($talk->{path}, $ask, targetUri => $bert->me->{uri}), "$ask is taken");
        ok($bert->{desk}->wait_for(told_state($talk, 'Invited')), '... he is asked');
        like($anna->op($talk->{path}, $cancel)->body, qr/^\{"statusCode":0,"referenceId":\d+\}$/, "$cancel is taken");
        my $event = $bert->{desk}->wait_for(told_state($talk, 'Revoked'));
        my $late = $bert->op($talk->{path}, 'Accept');
        effect(id($op), $event && $late->json->{statusCode} == 6, '... the question is taken back');
        my $answer = $anna->op($talk->{path}, $cancel);
        my $error = $anna->{desk}->wait_for(told($talk, 'Error'));
        is($error && $error->{data}{referenceId}, $answer->json->{referenceId}, '... twice is an error, told later');
    }
    ok(over($anna, $talk), 'it ends');
}

sub test_consult
{
    my $talk = begin_talk($anna);
    refused($anna->op($talk->{path}, 'Consult'), 1, 'Consult needs a target');
    join_in($talk, $bert, 'Consult');
    my ($entry) = grep { $_->{type} eq 'ParticipantJoined' && $_->{from}{nickname} eq 'Bert' }
        @{get($anna, $talk, '/messages')->{messages}};
    is($entry && $entry->{visibility}, 'Agents', 'the customer does not see him come');
    my ($part) = grep { $_->{nickname} eq 'Bert' } @{one($anna, $talk, '?subresources=*')->{participants}};
    effect(id('consult'), $part && $part->{visibility} eq 'Agents', 'only agents see him');
    done_ok($anna->op($talk->{path}, 'SendToAgents', text => 'what now?'), 'they speak aside');
    ok($bert->{desk}->wait_for(told_entry($talk, 'Text', text => 'what now?', visibility => 'Agents')), '... he reads it');
    done_ok($anna->op($talk->{path}, 'SendMessage', text => 'one moment'), 'she writes to the customer');
    is(customer_hears($talk->{from}, qr/moment/), 'one moment', '... who reads it');
    is(scalar(my @heard = customer_hears($talk->{from})), 1, '... and nothing else');
    refused($bert->op($talk->{path}, 'RemoveParticipantFromConference', targetUri => $anna->me->{uri}), 2,
        'who is hidden cannot put others out');
    done_ok($bert->op($talk->{path}, 'Leave'), 'he goes');
    ok($anna->{desk}->wait_for(told_entry($talk, 'ParticipantLeft', visibility => 'Agents')), '... unseen by the customer');
    ok(over($anna, $talk), 'it ends');
}

sub test_transfer
{
    my $talk = begin_talk($anna);
    refused($anna->op($talk->{path}, 'Transfer'), 1, 'Transfer needs a target or a queue');
    refused($anna->op($talk->{path}, 'Transfer', queueName => 'nowhere'), 6, '... that is there');
    done_ok($anna->op($talk->{path}, 'Transfer', targetUri => $bert->me->{uri}), 'she gives it to him');
    ok($bert->{desk}->wait_for(told_state($talk, 'Invited')), '... he is asked');
    is(one($anna, $talk)->{state}, 'Chatting', '... until he takes it, it is hers');
    done_ok($bert->op($talk->{path}, 'Accept'), '... he takes it');
    my $event = $anna->{desk}->wait_for(told_state($talk, 'Completed'));
    effect(id('transfer'), $event && $anna->get($talk->{path})->json->{statusCode} == 6
        && one($bert, $talk)->{state} eq 'Chatting', '... it is his, and over for her');
    is_deeply([map { $_->{nickname} } @{one($bert, $talk)->{participants}}], [$talk->{from}, 'Bert'], '... alone');

    for (['queueName', 'support'], ['targetPath', '/queues/support']) {
        my ($member, $value) = @$_;
        $cleo->op('/me', 'Ready');
        done_ok($bert->op($talk->{path}, 'Transfer', $member => $value), "to a queue by $member");
        ok($bert->{desk}->wait_for(told_state($talk, 'Completed')), '... over for him at once');
        is($cleo->{desk}->offered($talk->{from}), $talk->{id}, '... the next ready agent is asked');
        $cleo->op('/me', 'NotReady');
        done_ok($cleo->op($talk->{path}, 'Accept'), '... and takes it');
        ($bert, $cleo) = ($cleo, $bert);
    }
    is(get($bert, $talk, '/messages')->{messages}[0]{text}, 'hello', 'nothing of the log is lost on the way');
    ok(over($bert, $talk), 'it ends');
}

sub test_remove
{
    my $talk = begin_talk($anna);
    join_in($talk, $bert);
    join_in($talk, $cleo);
    refused($anna->op($talk->{path}, 'RemoveParticipantFromConference'), 1, 'it needs a target');
    done_ok($anna->op($talk->{path}, 'RemoveParticipantFromConference', targetUri => $bert->me->{uri}), 'she puts him out');
    my $notice = $cleo->{desk}->wait_for(told_entry($talk, 'Notice'));
    json_like($notice && entry_in($notice, 'Notice'), {visibility => 'Agents',
        text => 'REMOVE_PARTICIPANT_FROM_CONFERENCE' . $bert->me->{id}}, 'first the notice, for agents');
    my $state = $cleo->{desk}->wait_for(told($talk, 'ParticipantsUpdated'));
    is_deeply($state && [map { $_->{nickname} } @{session_in($state)->{participants}}], [$talk->{from}, 'Anna', 'Cleo'],
        'then who is left');
    my $over = $bert->{desk}->wait_for(told_state($talk, 'Completed'));
    effect(id('remove'), $over && $bert->get($talk->{path})->json->{statusCode} == 6, 'he is out');
    refused($anna->op($talk->{path}, 'RemoveParticipantFromConference', targetUri => $bert->me->{uri}), 6, 'once is enough');
    $cleo->op($talk->{path}, 'Leave');
    refused($anna->op($talk->{path}, 'RemoveParticipantFromConference', targetUri => $cleo->me->{uri}), 2,
        'alone there is nobody to put out');
    ok(over($anna, $talk), 'it ends');
}

sub invite_tests
{
    begin(@_);
    subtest("$m{noun}.invite: every spelling of every target" => \&test_invite_targets);
    subtest("$m{noun}.invite: the notifications" => \&test_invite_bytes);
    subtest("$m{noun}.invite: somebody who cannot join" => \&test_invite_fails);
    subtest("$m{noun}.invite: two desktops of one agent" => \&test_two_desktops);
    subtest("$m{noun}.cancel-invite, .cancel-consult" => \&test_cancel);
    subtest("$m{noun}.consult" => \&test_consult);
    subtest("$m{noun}.transfer" => \&test_transfer);
    subtest("$m{noun}.remove" => \&test_remove);
    go_home($anna, $bert, $cleo);
}

1;
