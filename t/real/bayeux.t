# Licensed to the Apache License, Version 2.0; see LICENSE.
# bayeux.t: published CometD clients, of the line in the field and of today's, work a customer's texts through the gateway;
# with and without acknowledgement, by Basic and by cookie, over graceful restarts and killed children.
use strict;
use warnings;
use JSON ();
use CcgwClient;
use CcgwServer;
use CcgwTest;

my %client = ('CometD 3' => 3, 'CometD 9' => 9);

for my $client (values %client) {
    my $missing = CcgwClient::missing($client);
    plan(skip_all => $missing) if $missing;
}

my $server = CcgwServer->start(conf => "CcgwNoAnswerTime 60s\n");
use_server($server);

# --- the job ------------------------------------------------------------------------------------

sub state_is
{
    my ($state) = @_;
    return sub { ($_->{smssession}{state} // '') eq $state };
}

# Texts of the log entries the desktop was told of, in the order it was told.
sub texts_told
{
    my ($desktop) = @_;
    return map { $_->{text} } grep { $_->{type} eq 'Text' }
        map { @{$_->{data}{messages} || []} } $desktop->events;
}

sub take_session
{
    my ($desktop, $text) = @_;
    my $customer = new_customer();
    customer_says($customer, $text);
    my $offer = $desktop->event(state_is('Invited'));
    ok($offer, 'a text is offered') or BAIL_OUT($desktop->describe);
    is($offer->{channel}, '/v2/me/smssessions', '... on the topic of its media');
    my $id = $offer->{data}{smssession}{id};
    json_like($desktop->operation("/me/smssessions/$id", 'Accept', nickname => 'Anna'), {statusCode => 0},
        '... and accepted');
    ok($desktop->event(state_is('Chatting')), '... which is told') or diag($desktop->describe);
    return ($customer, $id);
}

# Twenty texts with a disturbance after each fifth.
sub tell_many
{
    my ($desktop, $customer, $name, $disturb) = @_;
    my @want = map { "$name $_" } 1 .. 20;
    for my $n (0 .. $#want) {
        customer_says($customer, $want[$n]);
        $disturb->() if $n % 5 == 2;
    }
    my $seen = $desktop->event(sub { grep { ($_->{text} // '') eq $want[-1] } @{$_->{messages} || []} });
    ok($seen, "$name: the last text arrives") or diag($desktop->describe);
    return (\@want, [grep { /^\Q$name\E / } texts_told($desktop)]);
}

# Every text once: of those told twice only the first counts, when it may come twice.
sub firsts
{
    my %seen;
    return [grep { !$seen{$_}++ } @{$_[0]}];
}

sub work
{
    my ($name, %option) = @_;
    my $desktop = CcgwClient->new(client => $client{$name}, url => $server->url, user => 'anna', channels => ['sms'], %option);
    ok($desktop->next_line(sub { $_->{ready} }, 30), 'it signs in, connects, subscribes and is ready')
        or BAIL_OUT($desktop->describe);
    my ($customer, $id) = take_session($desktop, 'hello');

    json_like($desktop->operation("/me/smssessions/$id", 'SendMessage', text => 'good day'), {statusCode => 0},
        'an answer is sent');
    ok(customer_hears($customer, qr/^good day$/), '... and reaches the customer');

    my ($want, $got) = tell_many($desktop, $customer, 'quiet', sub { });
    is_deeply($got, $want, 'twenty texts come once and in order');

    ($want, $got) = tell_many($desktop, $customer, 'graceful', sub { $server->graceful });
    is_deeply($got, $want, "so they do over graceful restarts");

    ($want, $got) = tell_many($desktop, $customer, 'killed', sub { $server->kill_child($_) for $server->children });
    is_deeply($option{ack} ? $got : firsts($got), $want,
        $option{ack} ? 'and when children are killed' : 'none is lost when children are killed');
    is(scalar $desktop->all('handshake'), 1, 'all this in one session: it never had to shake hands again')
        or diag($desktop->describe);

    names($desktop);
    json_like($desktop->operation("/me/smssessions/$id", 'Complete'), {statusCode => 0}, 'the session is completed');
    ok($desktop->event(state_is('Completed')), '... which is told') or diag($desktop->describe);
    json_like($desktop->operation('/me', 'NotReady'), {statusCode => 0}, 'the agent stops working');
    is($desktop->finish, 0, 'the client disconnects in good order') or diag($desktop->describe);
}

# What the client's library makes of our answers about names.
sub names
{
    my ($desktop) = @_;
    json_like($desktop->answer({subscribe => '/v2/me/**'}), {successful => JSON::true}, 'a second pattern is accepted');
    json_like($desktop->answer({publish => '/service/x', data => {a => 1}}), {successful => JSON::true},
        'a message to a service is taken');
    json_like($desktop->answer({publish => '/v2/me/calls', data => {a => 1}}),
        {successful => JSON::false, error => qr/^403:/}, 'publishing to our topics is refused');
    json_like($desktop->answer({unsubscribe => '/v2/me/**'}), {successful => JSON::true}, 'unsubscribing succeeds');
}

for my $name (sort keys %client) {
    for my $auth ('basic', 'cookie') {
        for my $ack (1, 0) {
            subtest "$name, $auth, " . ($ack ? 'acknowledging' : 'not acknowledging') => sub {
                work($name, auth => $auth, ack => $ack ? JSON::true : JSON::false);
            };
        }
    }
}

is_deeply([$server->errors(qr/\[(?:ccgw|core):(?:error|crit|alert|emerg)\]/)], [], 'the server has nothing to complain of')
    or diag($server->error_log);
done_testing;
