# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwSms.pm: what the tests of texts over a real Kannel share: a server and a Kannel that know each other, and agents
# who answer. Brings CcgwTest and CcgwTalk.
#
#   my ($server, $kannel) = sms_house(conf => "CcgwOutboxUnknown 1s\n");   # skips the file when there is no Kannel
#   my ($anna) = sms_agents($server, 'anna');                              # listening and ready
#   $kannel->writes($customer, 'hello');
#   my $talk = takes($anna, $customer);                                    # offered and accepted
#   reads_all($anna, $talk, 'hello');                                      # these texts of his, in order, each once
#   answers($anna, $talk, 'one', 'two');
#   gets_all($kannel, $customer, 'one', 'two');                            # the same at the SMS centre
#   whole($kannel, $server);                                               # at the end: nothing broke
package CcgwSms;
use strict;
use warnings;
use Exporter qw(import);
use CcgwKannel;
use CcgwServer;
use CcgwTalk;
use CcgwTest;

our @EXPORT = (@CcgwTest::EXPORT, @CcgwTalk::EXPORT,
    qw(answers gets_all offers reads_all sms_agents sms_house takes texts_in whole));

# Options: reports => 1, Kannel reports what becomes of each text; all others are CcgwServer's.
sub sms_house
{
    my (%option) = @_;
    my $missing = CcgwKannel::missing();
    plan(skip_all => $missing) if $missing;
    binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);
    my $kannel = CcgwKannel->new;
    my $port = CcgwServer::free_port();
    my $conf = $kannel->server_conf(delete $option{reports} ? "http://127.0.0.1:$port" : undef);
    my $server = CcgwServer->start(%option, port => $port, conf => "CcgwNoAnswerTime 60s\n$conf" . ($option{conf} // ''));
    $kannel->start($server->url);
    return ($server, $kannel);
}

sub sms_agents
{
    my ($server, @names) = @_;
    my @agents = people({url => $server->url}, @names);
    $_->ready for @agents;
    return @agents;
}

# The sessions of CUSTOMER that AGENT was offered so far.
sub offers
{
    my ($agent, $customer) = @_;
    return map { $_->{id} } grep { grep { $_->{nickname} eq $customer } @{$_->{participants}} }
        grep { $_ && ($_->{state} // '') eq 'Invited' } map { session_in($_) } $agent->{desk}->events;
}

# AGENT is offered what CUSTOMER began, and accepts; what talk() of CcgwTalk returns.
sub takes
{
    my ($agent, $customer) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $id = wait_until(sub { (grep { !$agent->{taken}{$_} } offers($agent, $customer))[0] }, 20);
    ok($id, "$agent->{login} is offered the session of $customer") or die $agent->{desk}->describe;
    my $talk = {id => $id, path => "/me/smssessions/$id", from => $customer, media => 'sms'};
    $agent->{taken}{$id} = 1;
    done_ok($agent->op($talk->{path}, 'Accept'), '... and accepts');
    return $talk;
}

# The customer's texts in the session, as its log has them.
sub texts_in
{
    my ($agent, $talk) = @_;
    my $messages = $agent->get("$talk->{path}/messages")->json->{messages} || [];
    return map { $_->{text} } grep { $_->{type} eq 'Text' && $_->{from}{type} eq 'Customer' } @$messages;
}

# His texts come in; the last one ends the waiting, so one too many would be seen with the next.
sub reads_all
{
    my ($agent, $talk, @texts) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    wait_until(sub { texts_in($agent, $talk) >= @texts }, 30);
    is_deeply([texts_in($agent, $talk)], \@texts, "$agent->{login} reads what $talk->{from} wrote, each once and in order")
        or diag($agent->{desk}->describe);
}

sub answers
{
    my ($agent, $talk, @texts) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @refused = grep { $_->json->{statusCode} != 0 } map { $agent->op($talk->{path}, 'SendMessage', text => $_) } @texts;
    return ok(!@refused, "$agent->{login} answers") || diag(map { $_->body } @refused);
}

sub gets_all
{
    my ($kannel, $customer, @texts) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    wait_until(sub { my @got = $kannel->texts($customer); @got >= @texts }, 30);
    is_deeply([$kannel->texts($customer)], \@texts, "$customer gets every answer, each once and in order")
        or diag($kannel->describe);
}

sub whole
{
    my ($kannel, $server) = @_;
    is($kannel->fault, '', 'nothing of Kannel broke');
    is(join("\n", $server->errors(qr/exit signal|CCGW\d+.*(?:panic|corrupt)/)), '', 'no child of httpd crashed');
}

1;
