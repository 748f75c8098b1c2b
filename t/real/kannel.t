# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel.t: texts enter and leave at a real Kannel, and an agent answers them with a published CometD client: any
# characters, numbers with their plus, repeats, wrong secrets, and either side down for a while.
use strict;
use warnings;
use utf8;
use Encode qw(encode);
use JSON ();
use CcgwClient;
use CcgwHttp;
use CcgwKannel;
use CcgwServer;
use CcgwTest;

my $missing = CcgwClient::missing(9) // CcgwKannel::missing();
plan(skip_all => $missing) if $missing;
binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

my $kannel = CcgwKannel->new;
my $server = CcgwServer->start(conf => "CcgwNoAnswerTime 60s\n" . $kannel->server_conf);
$kannel->start($server->url);
my $anna = CcgwClient->new(
    url => $server->url, user => 'anna', auth => 'cookie', ack => JSON::true, channels => ['sms']);
$anna->next_line(sub { $_->{ready} }, 30) or BAIL_OUT($anna->describe);

# --- steps --------------------------------------------------------------------------------------

sub is_offer { ($_->{smssession}{state} // '') eq 'Invited' }

# The number whose text is offered, and the session.
sub take_offer
{
    my $offer = $anna->event(\&is_offer);
    return ok(0, 'the text is offered') || diag($anna->describe, $kannel->describe) unless $offer;
    my $id = $offer->{data}{smssession}{id};
    my $accepted = $anna->operation("/me/smssessions/$id", 'Accept');
    json_like($accepted, {statusCode => 0}, 'the text is offered and accepted');
    return ($id, map { $_->{nickname} } @{$offer->{data}{smssession}{participants}});
}

sub begin
{
    my ($customer, $text) = @_;
    $kannel->writes($customer, $text);
    my ($id) = take_offer();
    return $id;
}

# The customers' texts in the session that anna is told of, up to the one that is LAST.
sub told
{
    my ($last) = @_;
    my @texts;
    $anna->event(sub {
        push @texts, map { $_->{text} } grep { $_->{type} eq 'Text' && $_->{from}{type} eq 'Customer' }
            @{$_->{messages} || []};
        return @texts && $texts[-1] eq $last;
    }) or diag($anna->describe, $kannel->describe);
    return \@texts;
}

sub answer
{
    my ($id, $text) = @_;
    my $reply = $anna->operation("/me/smssessions/$id", 'SendMessage', text => $text);
    json_like($reply, {statusCode => 0}, "'$text' is sent");
}

sub complete
{
    my ($id) = @_;
    json_like($anna->operation("/me/smssessions/$id", 'Complete'), {statusCode => 0}, 'the session is completed');
}

# A request as smsbox makes it.
sub hand_in
{
    my (%field) = (secret => $kannel->inbound_secret, to => '+15550000', charset => 'UTF-8', @_);
    my @pairs;
    for my $name (sort grep { defined $field{$_} } keys %field) {
        (my $value = encode('UTF-8', $field{$name})) =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
        push @pairs, "$name=$value";
    }
    return CcgwHttp->new($server->url)->request(GET => '/ccgw/kannel/mo?' . join('&', @pairs));
}

# --- tests --------------------------------------------------------------------------------------

subtest 'a text comes in, is offered, and the answer goes out' => sub {
    my $customer = new_customer();
    $kannel->writes($customer, 'Where is my parcel?');
    my ($id, @names) = take_offer();
    is_deeply(\@names, [$customer], 'the customer is known by the number, with its plus');
    is_deeply(told('Where is my parcel?'), ['Where is my parcel?'], 'the text has all its words');
    answer($id, 'One moment, I look.');
    is($kannel->reads($customer, qr/moment/), 'One moment, I look.', 'the customer reads the answer')
        or diag($kannel->describe);
    my ($sent) = grep { $_->{to} eq $customer } $kannel->received;
    is($sent->{from}, '+15550000', '... from our number, with its plus');
    complete($id);
};

subtest 'characters arrive as they were written' => sub {
    my @texts = (
        'a=1&b=2+3 is 100% %20 #x?', 'Grüße, 20 €: {ok} [x] ~', 'Где моя посылка?', '包裹在哪里 😀', '"quoted" \\ <b>');
    my $customer = new_customer();
    my $id = begin($customer, 'first');
    for my $text (@texts) {
        $kannel->writes($customer, $text);
        is(told($text)->[-1], $text, "in: $text");
    }
    for my $text (@texts) {
        answer($id, $text);
        is($kannel->reads($customer, qr/^\Q$text\E$/), $text, "out: $text") or diag($kannel->describe);
    }
    is_deeply([$kannel->texts($customer)], \@texts, 'each came once and in order');
    complete($id);
};

subtest 'a text that smsbox hands in again is dropped' => sub {
    my $customer = new_customer();
    is(hand_in(from => $customer, text => 'once', id => 'k-1')->status, 200, 'the text is taken');
    is(hand_in(from => $customer, text => 'once', id => 'k-1')->status, 200, '... and so is its repeat');
    my ($id) = take_offer();
    is(hand_in(from => $customer, text => 'next', id => 'k-2')->status, 200, 'another one is taken');
    is(hand_in(from => $customer, text => 'once', id => 'k-1')->status, 200, '... and once more the first');
    is(hand_in(from => $customer, text => 'last', id => 'k-3')->status, 200, '... and a third');
    is_deeply(told('last'), ['once', 'next', 'last'], 'the agent is told of each once');
    complete($id);
};

subtest 'only who knows the secret may hand texts in' => sub {
    my $customer = new_customer();
    is(hand_in(from => $customer, text => 'forged', secret => 'guess')->status, 403, 'a wrong one is refused');
    is(hand_in(from => $customer, text => 'forged', secret => undef)->status, 403, 'none is refused');
    my $id = begin($customer, 'genuine');
    is_deeply(told('genuine'), ['genuine'], 'nothing of that came in');
    complete($id);
};

subtest 'what is answered while Kannel is down leaves when it is back' => sub {
    my $customer = new_customer();
    my $id = begin($customer, 'anybody there?');
    $kannel->halt;
    answer($id, "answer $_") for 1 .. 3;
    ok(wait_until(sub { $server->errors(qr/CCGW0303/) }), 'the log says that the carrier did not take a text');
    is_deeply([$kannel->texts($customer)], [], 'nothing has left');
    $kannel->start;
    ok($kannel->reads($customer, qr/^answer 3$/, 30), 'the last one arrives') or diag($kannel->describe);
    is_deeply([$kannel->texts($customer)], ['answer 1', 'answer 2', 'answer 3'], 'each came once and in order');
    complete($id);
};

subtest 'a wrong password is an error of the configuration, not of the text' => sub {
    my $customer = new_customer();
    my $id = begin($customer, 'are you open?');
    $kannel->halt->start(undef, out => 'another');
    answer($id, 'until six');
    ok(wait_until(sub { $server->errors(qr/CCGW0310: .*HTTP 403/) }), 'the log names it');
    $kannel->halt->start;
    is($kannel->reads($customer, qr/until six/), 'until six', 'the text leaves once it is right')
        or diag($kannel->describe);
    complete($id);
};

subtest 'what is written while httpd is down comes in when it is back' => sub {
    my $customer = new_customer();
    $server->stop;
    $kannel->writes($customer, 'hello?');
    ok(wait_until(sub { $kannel->log('smsbox') =~ /Couldn't fetch/ }), 'smsbox could not hand it in');
    $server->again;
    my ($id) = take_offer();
    $kannel->writes($customer, 'ah, there you are');
    is_deeply(told('ah, there you are'), ['hello?', 'ah, there you are'], 'each is told once, in one session');
    complete($id);
};

is($anna->finish, 0, 'the client disconnects in good order') or diag($anna->describe);
is($kannel->fault, '', 'nothing of Kannel broke');
done_testing;
