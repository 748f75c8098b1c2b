# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-reports.t: Kannel reports what became of a text, and the agent who wrote it is told: the Huawei dialect has
# events for that. Kannel's fake SMS centre reports every text as taken (type 8) and, once it was handed over, as
# delivered (type 1). That one failed (type 2) it never says, so that report is made here as smsbox makes it.
use strict;
use warnings;
use CcgwSeat;
use CcgwSms;
use CcgwHttp;

my ($server, $kannel) = sms_house(reports => 1);
my ($anna) = sms_agents($server, 'anna');
my ($demo) = grep { $_->{name} eq 'demo' } @{JSON->new->utf8->decode(CcgwServer::slurp('conf/demo/floor.json'))->{tenants}};
my ($him) = grep { $_->{login} eq 'bert' } @{$demo->{agents}};
my $bert = CcgwSeat->new('huawei', $server, $him);

# A session that he is asked into by her.
sub begin
{
    my $customer = new_customer();
    $kannel->writes($customer, 'hello');
    my $talk = takes($anna, $customer);
    done_ok($anna->op($talk->{path}, 'Invite', targetPath => "/users/$him->{id}"), 'he is asked in');
    ok($bert->told(invited => $talk->{id}), '... is told') or BAIL_OUT('no invitation');
    ok($bert->accept($talk->{id}), '... and comes');
    return $talk;
}

# What he is told of his texts: [event, place in the session's log], in order.
sub receipts
{
    my ($talk) = @_;
    my $call = CcgwSeat::Huawei::callid($talk->{id});
    $bert->listen;
    return map { [$_->{eventType} =~ /^AgentChat_PostData(\w+)$/, $_->{content}{chatId}] }
        grep { $_->{eventType} =~ /^AgentChat_PostData/ && $_->{content}{callId} eq $call } @{$bert->{events}};
}

sub told_of
{
    my ($talk, @want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    wait_until(sub { my @now = receipts($talk); @now >= @want }, 20);
    is_deeply([receipts($talk)], \@want, 'he is told: ' . join ' ', map { "$_->[1] $_->[0]" } @want)
        or diag(join "\n", map { JSON->new->canonical->encode($_) } @{$bert->{events}});
}

sub place_of
{
    my ($talk, $text) = @_;
    my ($entry) = grep { ($_->{text} // '') eq $text } @{$anna->get("$talk->{path}/messages")->json->{messages}};
    return $entry->{index};
}

# The reports httpd was asked to take: [key, type, status].
sub reports_of
{
    my ($talk) = @_;
    my ($log, @found) = $server->access_log;
    push @found, [$1, $2, $3]
        while $log =~ m{GET /ccgw/kannel/report\?\S*?&key=(\Q$talk->{id}\E\.\d+)&type=(\d+)\S* HTTP/1\.1" (\d+)}gi;
    return @found;
}

# As smsbox asks.
sub report
{
    my ($talk, $place, $type, %other) = @_;
    my %field = (secret => $kannel->inbound_secret, from => '15550000', key => lc "$talk->{id}.$place", type => $type,
        why => '', %other);
    return CcgwHttp->new($server->url)
        ->request(GET => '/ccgw/kannel/report?' . join '&', map { "$_=$field{$_}" } sort keys %field)->status;
}

subtest 'a text that arrives is reported once to who wrote it' => sub {
    my $talk = begin();
    ok($bert->say($talk->{id}, 'I look'), 'he writes');
    gets_all($kannel, $talk->{from}, 'I look');
    my $place = place_of($talk, 'I look');
    told_of($talk, ['Succ', $place]);
    my ($event) = grep { $_->{eventType} eq 'AgentChat_PostDataSucc' } @{$bert->{events}};
    json_like($event->{content}, {result => '0', confirmer => $talk->{from}}, '... by whom it was received');
    wait_until(sub { (my @all = reports_of($talk)) >= 2 });
    is_deeply([sort map { "$_->[1] $_->[2]" } reports_of($talk)], ['1 200', '8 200'],
        'Kannel said that it was taken, and that it arrived');
    is(report($talk, $place, $_), 200, "it may say $_ again") for 8, 1, 2;
    ok($bert->say($talk->{id}, 'x' x 400), 'he writes a long one');
    gets_all($kannel, $talk->{from}, 'I look', 'x' x 400);
    told_of($talk, ['Succ', $place], ['Succ', place_of($talk, 'x' x 400)]);
    ok(over($anna, $talk), 'it ends');
};

subtest 'a text that cannot arrive is reported as well, and set right when it does' => sub {
    my $talk = begin();
    $kannel->stop_reader;
    ok($bert->say($talk->{id}, 'are you there?'), 'he writes');
    ok(wait_until(sub { $kannel->kept }), 'Kannel keeps it');
    my $place = place_of($talk, 'are you there?');
    is(report($talk, $place, 2, secret => 'guess'), 403, 'nobody else may say what became of it');
    is(report($talk, $place, 2), 200, 'it failed');
    told_of($talk, ['Fail', $place]);
    ok(scalar $server->errors(qr/CCGW0311/), '... and the log says so');
    $kannel->start_reader;
    gets_all($kannel, $talk->{from}, 'are you there?');
    told_of($talk, ['Fail', $place], ['Succ', $place]);
    ok(over($anna, $talk), 'it ends');
};

subtest 'a report that comes while httpd is down is handed in when it is back' => sub {
    my $talk = begin();
    $kannel->stop_reader;
    ok($bert->say($talk->{id}, 'good night'), 'he writes');
    my $place = place_of($talk, 'good night');
    ok(wait_until(sub { $kannel->kept }), 'Kannel keeps it');
    $server->stop;
    $kannel->start_reader;
    CcgwServer::wait_true(sub { $kannel->texts($talk->{from}) }, 15);
    is_deeply([$kannel->texts($talk->{from})], ['good night'], 'it arrives');
    $server->again;
    @$bert{'waiting', 'events'} = (0, []);
    $bert->{desk}{polls}->close;
    told_of($talk, ['Succ', $place]);
    ok(over($anna, $talk), 'it ends');
};

$bert->sign_out;
go_home($anna);
whole($kannel, $server);
done_testing;
