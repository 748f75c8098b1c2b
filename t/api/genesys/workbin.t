# Licensed to the Apache License, Version 2.0; see LICENSE.
# workbin.t: sessions are parked in workbins of agents, agent groups and place groups, and pulled out again, by one alone.
use strict;
use warnings;
use CcgwEffect;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

my $GROUP = '6c715fa9-de16-4d23-b07c-cbcb1caf3e07';
my $PLACE = '5d487e69-a393-4228-a06f-6a4015ab1b54';
my $BY_GROUP = "/me/workbins/$GROUP?agentGroup=MyAgentGroup";
my $BY_PLACE = "/me/workbins/$PLACE?placeGroup=MyPlaceGroup";
my $NUMBERED = qr/^\{"statusCode":0,"referenceId":\d+\}$/;
my @OTHER = qw(Email Workitem Tweet Facebook Facebooksession Openmedia);

my ($anna, $bert, $cleo) = people('anna', 'bert', 'cleo');
my ($drafts) = grep { $_->{type} eq 'Agent' } @{$anna->get('/me/workbins?fields=*')->json->{workbins}};

sub items
{
    my ($agent, $path) = @_;
    my ($place, $query) = split /\?/, $path;
    return map { $_->{id} } @{$agent->get("$place?subresources=*" . ($query ? "&$query" : ''))->json->{workbin}{chats}};
}

sub item_event
{
    my ($talk, $action) = @_;
    return sub { ($_->{data}{action} // '') eq $action && $_->{data}{chatStateResourceV2}{id} eq $talk->{id} };
}

sub watch_event
{
    my ($id, $state) = @_;
    return sub { ($_->{data}{stateResource} // '') eq $state && $_->{data}{id} eq $id };
}

# --- reading ------------------------------------------------------------------------------------

subtest 'workbin.list, .list-mine' => sub {
    my $list = $anna->get('/workbins')->json->{uris};
    ok((grep { m{/api/v2/workbins/$GROUP$} } @$list), 'without fields the list holds addresses');
    my %bin = map { $_->{id} => $_ } @{$anna->get('/workbins?fields=*')->json->{workbins}};
    json_like($bin{$GROUP}, {workbinName => 'group-bin', displayName => 'Group bin', type => 'AgentGroup',
        path => "/workbins/$GROUP"}, 'with fields=* a group\'s workbin is described');
    effect('workbin.list', $bin{$GROUP} && $bin{$PLACE} && $bin{$PLACE}{type} eq 'PlaceGroup' && $bin{$drafts->{id}},
        'the list holds workbins of every type');
    my @mine = @{$anna->get('/me/workbins?fields=*')->json->{workbins}};
    effect('workbin.list-mine', @mine == 1 && $mine[0]{workbinName} eq 'drafts', '/me lists the agent\'s own alone');
    json_like($cleo->get('/users/' . $anna->me->{id} . '/workbins?fields=*')->json, {statusCode => 0},
        'a supervisor lists an agent\'s');
};

subtest 'workbin.list-named, .content, .media, .content-media' => sub {
    my $talk = talk($anna, userData => {Subject => 'kept'});
    done_ok($anna->op($BY_GROUP, 'AddInteraction', id => $talk->{id}), 'one is parked');
    my %want = (id => $talk->{id}, state => 'InWorkbin', participants => [], capabilities => [],
        userData => {Subject => 'kept'});
    my $holds = sub { scalar grep { $_->{id} eq $talk->{id} } @{$_[0] || []} };

    my $content = $anna->get("/me/workbins/$GROUP?subresources=*&agentGroup=MyAgentGroup")->json;
    json_like($content, {statusCode => 0, workbin => {id => $GROUP, chats => [\%want], emails => [], workitems => []}},
        'the content of one is read');
    effect('workbin.content', $holds->($content->{workbin}{chats}), '... with what was parked');
    ok(!exists $anna->get("/workbins/$GROUP")->json->{workbin}{chats}, '... and without it unless asked');

    my $named = $anna->get("/me/workbins?workbinIds=$GROUP,$drafts->{id}&subresources=*&fields=*")->json;
    my ($one) = grep { $_->{id} eq $GROUP } @{$named->{workbins}};
    effect('workbin.list-named', @{$named->{workbins}} == 2 && $holds->($one->{chats}), 'several are read at once');

    my $media = $anna->get("/workbins/$GROUP/chats?fields=*")->json;
    effect('workbin.media', $holds->($media->{chats}), 'one media alone is read');
    is_deeply($anna->get("/workbins/$GROUP/workitems?fields=*")->json, {statusCode => 0, workitems => []},
        '... of which there may be none');
    refused($anna->get("/workbins/$GROUP/faxes?fields=*"), 10, '... but not one that does not exist');
    my $below = $cleo->get('/users/' . $anna->me->{id} . "/workbins/$GROUP/chats?subresources=*")->json;
    effect('workbin.content-media', $holds->($below->{workbin}{chats}), '... also for another user');
    done_ok($anna->op($BY_GROUP, 'PullInteraction', id => $talk->{id}), 'it is pulled out');
    ok(over($anna, $talk), 'it ends');
};

# --- listening ----------------------------------------------------------------------------------

subtest 'workbin.subscribe, .unsubscribe, of one and of several' => sub {
    my $answer = $bert->op($BY_GROUP, 'Subscribe');
    like($answer->body, $NUMBERED, 'Subscribe is answered as printed');
    my $event = $bert->{desk}->wait_for(watch_event($GROUP, 'Subscribed'));
    json_like($event && $event->{data}, {agentGroup => 'MyAgentGroup', id => $GROUP, stateResource => 'Subscribed',
        messageType => 'WorkbinSubscriptionStateChangeMessage', referenceId => $answer->json->{referenceId}},
        '... and the desktop is told, with the number');

    my $talk = talk($anna);
    $anna->op($BY_GROUP, 'AddInteraction', id => $talk->{id});
    effect('workbin.subscribe', !!$bert->{desk}->wait_for(item_event($talk, 'ItemAdded')), 'who subscribed hears of items');

    like($bert->op($BY_GROUP, 'Unsubscribe')->body, $NUMBERED, 'Unsubscribe likewise');
    ok($bert->{desk}->wait_for(watch_event($GROUP, 'Unsubscribed')), '... is told');
    $anna->op($BY_GROUP, 'PullInteraction', id => $talk->{id});
    done_ok($bert->op($BY_GROUP, 'Unubscribe'), 'a misprint of the pages is understood');
    my $quiet = $bert->{desk}->never_before(item_event($talk, 'ItemRemoved'),
        sub { (grep { ($_->{data}{stateResource} // '') eq 'Unsubscribed' } $bert->{desk}->events) > 1 });
    effect('workbin.unsubscribe', $quiet, '... and hears of items no more');

    $answer = $bert->op("/me/workbins?workbinIds=$GROUP,$drafts->{id}", 'Subscribe')->json;
    json_like($answer, {statusCode => 0, referenceIds => {$GROUP => qr/^\d+$/, $drafts->{id} => qr/^\d+$/}},
        'several at once: a number for each');
    my @told = map { $bert->{desk}->wait_for(watch_event($_, 'Subscribed')) } $GROUP, $drafts->{id};
    is(join(' ', map { $_->{data}{referenceId} } @told), join(' ', map { $answer->{referenceIds}{$_} } $GROUP, $drafts->{id}),
        '... each is told with its own');
    $anna->op($BY_GROUP, 'AddInteraction', id => $talk->{id});
    effect('workbin.subscribe-several', !!$bert->{desk}->wait_for(item_event($talk, 'ItemAdded')), '... and he hears of items');
    done_ok($bert->op("/me/workbins?workbinIds=$GROUP,$drafts->{id}", 'Unsubscribe'), 'several at once, again');
    ok($bert->{desk}->wait_for(watch_event($_, 'Unsubscribed')), '... told') for $GROUP, $drafts->{id};
    $anna->op($BY_GROUP, 'PullInteraction', id => $talk->{id});
    $bert->op('/me', 'NotReady', reason => 'mark');
    effect('workbin.unsubscribe-several', $bert->{desk}->never_before(item_event($talk, 'ItemRemoved'),
        sub { scalar grep { ($_->{data}{channels}[0]{userState}{reason} // '') eq 'mark' } $bert->{desk}->events }),
        '... and hears no more');
    refused($bert->op("/me/workbins?workbinIds=$GROUP,no-such-bin", 'Subscribe'), 6, 'one of several is not there');
    ok(over($anna, $talk), 'it ends');
};

# --- in and out ---------------------------------------------------------------------------------

for (['agentGroup', 'MyAgentGroup', $GROUP, $BY_GROUP], ['placeGroup', 'MyPlaceGroup', $PLACE, $BY_PLACE]) {
    my ($member, $name, $id, $path) = @$_;
    subtest "workbin.add, .pull by $member" => sub {
        my $talk = talk($anna, userData => {Subject => 'TestChatCustomer', 'PegAG?:2>1' => 1, RRequestedSkills => undef});
        my $uri = $anna->get($talk->{path})->json->{smssession}{uri};
        $bert->op($path, 'Subscribe');
        $bert->{desk}->wait_for(watch_event($id, 'Subscribed'));
        ${$bert->{raw}} = '';

        like($anna->op($path, 'AddInteraction', id => $talk->{id})->body, $NUMBERED, 'AddInteraction is answered as printed');
        ok($bert->{desk}->wait_for(item_event($talk, 'ItemAdded')), 'who subscribed is told');
        my $state = $anna->{desk}->wait_for(told_state($talk, 'InWorkbin'));
        json_like($state && session_in($state), {participants => [], capabilities => []}, 'she has it no longer');
        effect('workbin.add', (grep { $_ eq $talk->{id} } items($bert, $path)), 'it lies in the workbin');
        refused($anna->op($talk->{path}, 'SendMessage', text => 'x'), 6, 'nobody is in it');

        like($bert->op($path, 'PullInteraction', id => $talk->{id})->body, $NUMBERED, 'PullInteraction likewise');
        ok($bert->{desk}->wait_for(item_event($talk, 'ItemRemoved')), 'who subscribed is told');
        ok($bert->{desk}->wait_for(told_state($talk, 'Chatting')), 'it is his');
        my @raw = grep { /"action"/ } raw_events($bert);
        my $owner = qr/"$member":"$name"/;
        my ($first, $last) = $member eq 'agentGroup' ? (qr/$owner,/, '') : ('', qr/,$owner/);
        for my $action ('ItemAdded', 'ItemRemoved') {
            like(shift @raw, qr/^\{"action":"$action",$first"chatStateResourceV2":\{"capabilities":\[\],"chatType":"Inbound","id":"$talk->{id}","participants":\[\],"receivedDate":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d{4}","userData":\{"[^{}]+\}\},"id":"$id","messageType":"WorkbinStateChangeMessage"$last\}$/,
                "$action is member for member as printed");
        }
        is_deeply((grep { ($_->{data}{action} // '') eq 'ItemRemoved' } $bert->{desk}->events)[-1]{data}{chatStateResourceV2}{userData},
            {Subject => 'TestChatCustomer', 'PegAG?:2>1' => 1, RRequestedSkills => undef}, 'with the data of the item');
        effect('workbin.pull', !(grep { $_ eq $talk->{id} } items($bert, $path))
            && $bert->get($talk->{path})->json->{smssession}{state} eq 'Chatting', 'it is out of the workbin and in his hands');

        refused($anna->op($path, 'PullInteraction', id => $talk->{id}), 6, 'what is not there any more cannot be pulled');
        is($bert->get($talk->{path})->json->{smssession}{state}, 'Chatting', '... and nothing is lost by trying');
        refused($anna->op($path, 'AddInteraction', id => $talk->{id}), 6, 'somebody else\'s session cannot be parked');
        like($bert->op($path, 'AddChat', uri => $uri)->body, $NUMBERED, 'AddChat takes it, by its uri');
        like($bert->op($path, 'PullInteraction', uri => $uri)->body, $NUMBERED, '... and so is it pulled');
        ok(over($bert, $talk), 'it ends');
        $bert->op($path, 'Unsubscribe');
    };
}

subtest 'names for media that there are none of, and what is wrong' => sub {
    my $talk = talk($anna);
    refused($anna->op($BY_GROUP, "Add$_", id => $talk->{id}), 6, "Add$_: this is none") for @OTHER;
    effect('workbin.add-other', $anna->get($talk->{path})->json->{smssession}{state} eq 'Chatting',
        'the session stays where it was');
    $anna->op($BY_GROUP, 'AddInteraction', id => $talk->{id});
    refused($bert->op($BY_GROUP, "Pull$_", id => $talk->{id}), 6, "Pull$_: this is none") for @OTHER;
    effect('workbin.pull-other', (grep { $_ eq $talk->{id} } items($anna, $BY_GROUP)), 'the item stays where it was');
    refused($bert->op($BY_GROUP, 'PullChat', id => $talk->{id}), 3, 'PullChat is switched off here');

    refused($bert->op($BY_GROUP, 'PullInteraction'), 1, 'no item is named');
    refused($bert->op($BY_GROUP, 'PullInteraction', id => 'FE7978FEWFE'), 6, 'an item that never was');
    refused($bert->op("/me/workbins/$GROUP?agentGroup=OtherGroup", 'PullInteraction', id => $talk->{id}), 6, 'a group that is not the owner');
    refused($bert->op("/me/workbins/$GROUP?placeGroup=MyPlaceGroup", 'PullInteraction', id => $talk->{id}), 6, '... or of the other kind');
    refused($bert->op('/me/workbins/no-such-bin', 'PullInteraction', id => $talk->{id}), 6, 'a workbin that is not there');
    refused($bert->op($BY_PLACE, 'PullInteraction', id => $talk->{id}), 6, 'a workbin that does not hold it');
    refused($bert->op($BY_GROUP, 'PullNothing', id => $talk->{id}), 10, 'an operation that is not there');
    is(join(' ', grep { $_ eq $talk->{id} } items($anna, $BY_GROUP)), $talk->{id}, 'nothing is lost by all that');
    done_ok($bert->op($BY_GROUP, 'PullInteraction', id => $talk->{id}), 'and it can be pulled');

    done_ok($bert->op("/me/workbins/$drafts->{id}", 'AddInteraction', id => $talk->{id}), 'his own workbin takes it');
    refused($anna->op("/me/workbins/$drafts->{id}", 'PullInteraction', id => $talk->{id}), 6, '... hers does not hold it');
    my $his = '/users/' . $bert->me->{id} . "/workbins/$drafts->{id}";
    refused($anna->op($his, 'PullInteraction', id => $talk->{id}), 5, '... and his is not hers');
    done_ok($cleo->op($his, 'PullInteraction', id => $talk->{id}), '... a supervisor may');
    ok(over($cleo, $talk), 'it ends');
};

subtest 'what a customer writes meanwhile is kept with the parked session' => sub {
    my $talk = talk($anna);
    $anna->op($BY_GROUP, 'AddInteraction', id => $talk->{id});
    customer_says($talk->{from}, 'still there?');
    done_ok($bert->op($BY_GROUP, 'PullInteraction', id => $talk->{id}), 'he pulls it');
    is(join(' / ', map { $_->{text} // () } @{$bert->get("$talk->{path}/messages")->json->{messages}}), 'hello / still there?',
        '... and reads it');
    ok(over($bert, $talk), 'it ends');
};

subtest 'two agents pull at the same moment: one gets it, each time' => sub {
    my ($rounds, $wrong, %won) = (40, '');
    my $talk = talk($anna);
    my $owner = $anna;
    my %line = map { $_->login => CcgwHttp->new($_->{url}) } $anna, $bert;
    my $body = qq({"operationName":"PullInteraction","id":"$talk->{id}"});
    for my $round (1 .. $rounds) {
        my $parked = $owner->op($BY_GROUP, 'AddInteraction', id => $talk->{id})->json->{statusCode};
        my @order = $round % 2 ? ($anna, $bert) : ($bert, $anna);
        for (@order) {
            my $http = $line{$_->login};
            $http->open if !$http->socket || $http->ended;
            $http->send(POST => "/api/v2$BY_GROUP", {%{$_->headers}, 'Content-Type' => 'application/json'}, $body);
        }
        my %answer = map { $_->login => $line{$_->login}->poll(20) } @order;
        my %code = map { $_ => $answer{$_}->json->{statusCode} } keys %answer;
        my @winner = grep { $code{$_->login} == 0 } @order;
        my @loser = grep { $code{$_->login} == 6 } @order;
        $wrong ||= "round $round: parked $parked, " . join ', ', map { "$_ " . $answer{$_}->body } keys %answer if $parked || @winner != 1 || @loser != 1;
        last if @winner != 1;
        $owner = $winner[0];
        $won{$owner->login}++;
        $wrong ||= "round $round: the loser is in it" if $loser[0] && $loser[0]->get($talk->{path})->json->{statusCode} != 6;
    }
    is($wrong, '', "in each of $rounds rounds");
    is(scalar keys %won, 2, 'and not always the same one') or diag(explain \%won);
    is($owner->get($talk->{path})->json->{smssession}{state}, 'Chatting', 'the last one has it');
    my @log = grep { $_->{type} eq 'ParticipantJoined' } @{$owner->get("$talk->{path}/messages")->json->{messages}};
    is(scalar @log, $rounds + 1, 'the log knows of each one who came in, and of no other');
    ok(over($owner, $talk), 'it ends');
};
go_home($anna, $bert, $cleo);

subtest 'PullChat, with its two options on' => sub {
    my $server = CcgwServer->start(durability => 'os',
        conf => "CcgwEnableNotificationOnPullChat On\nCcgwEnableJoinOnPullChat On\n");
    my ($ann, $ben) = people({url => $server->url}, 'anna', 'bert');
    my $talk = talk($ann);
    done_ok($ann->op($BY_GROUP, 'AddChat', id => $talk->{id}), 'one is parked');
    like($ben->op($BY_GROUP, 'PullChat', id => $talk->{id}, nickname => 'Benny')->body, $NUMBERED, 'PullChat takes it');
    ok($ben->{desk}->wait_for(told_entry($talk, 'ParticipantJoined')), '... he is told');
    my @people = @{$ben->get($talk->{path})->json->{smssession}{participants}};
    effect('workbin.pull-chat', !!(grep { $_->{nickname} eq 'Benny' } @people), '... and is in it by the name he gave');
    done_ok($ben->op($talk->{path}, 'SendMessage', text => 'here I am'), '... he writes');
    is(customer_hears($talk->{from}, qr/here/, url => $server->url), 'here I am', '... the customer reads it');
    keep_log($server);
    $server->stop;
};

done_testing;
