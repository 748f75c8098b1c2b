# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwSeat.pm: one agent at a desktop of any dialect: what he can do in a session, and what he is told of it, asked for in
# the same words for all. For tests of the one floor.
#
#   my $bert = CcgwSeat->new('huawei', $server, {login => 'bert', workNo => 102, email => ...});
#   $bert->accept($session)           1 done, 0 refused, undef: his dialect has no such operation
#   $bert->told(joined => $session, $other->{person}, undef)
#
# A session is named by the 16 hex digits of its id, upper case, as Genesys spells it.
package CcgwSeat;
use strict;
use warnings;
use CcgwAgentGateway ();
use CcgwHttp;
use CcgwTest ();
use JSON ();

my $json = JSON->new->utf8->canonical;
my %KIND = (genesys => 'CcgwSeat::Genesys', huawei => 'CcgwSeat::Huawei', evovoice => 'CcgwSeat::Evovoice');

sub new
{
    my ($class, $dialect, $server, $person) = @_;
    my $self = bless {dialect => $dialect, server => $server, person => $person}, $KIND{$dialect};
    $self->sign_in;
    return $self;
}

sub dialect { $_[0]{dialect} }
sub person { $_[0]{person} }

# Is he told WHAT (a word below) of SESSION? WHO is the person it is about, TEXT what was written.
sub told
{
    my ($self, $what, $session, $who, $text) = @_;
    my $heard = "hears_$what";
    return CcgwTest::wait_until(sub { $self->listen; $self->$heard($session, $who, $text) }, 10) ? 1 : 0;
}

# What a dialect has no operation for.
sub invite { undef }
sub accept { undef }
sub reject { undef }
sub say { undef }
sub remove { undef }
sub leave { undef }
sub complete { undef }
sub set_state { undef }

# ------------------------------------------------------------------------------------------------
package CcgwSeat::Genesys;
our @ISA = ('CcgwSeat');

sub sign_in
{
    my ($self) = @_;
    $self->{agent} = CcgwTest::agent($self->{person}{login}, url => $self->{server}->url);
    $self->{desk} = $self->{agent}->desktop(ack => 1);
    $self->{agent}->op('/me', 'StartContactCenterSession', channels => ['sms']);
}

sub listen { CcgwDesktop::pump(0.02) }

sub op
{
    my ($self, $session, $name, %more) = @_;
    return $self->{agent}->op("/me/smssessions/$session", $name, %more)->json->{statusCode} == 0 ? 1 : 0;
}

sub sign_out { my ($self) = @_; $self->{desk}->disconnect; $self->{agent}->sign_out }
sub user { "/users/$_[0]{id}" }
sub ready { $_[0]{agent}->op('/me', 'Ready') }
sub invite { my ($self, $session, $who) = @_; $self->op($session, 'Invite', targetPath => user($who)) }
sub accept { my ($self, $session) = @_; $self->op($session, 'Accept') }
sub reject { my ($self, $session) = @_; $self->op($session, 'Reject') }
sub say { my ($self, $session, $text) = @_; $self->op($session, 'SendMessage', text => $text) }
sub remove { my ($self, $session, $who) = @_; $self->op($session, 'RemoveParticipantFromConference', targetUri => user($who)) }
sub leave { my ($self, $session) = @_; $self->op($session, 'Leave') }
sub complete { my ($self, $session) = @_; $self->op($session, 'Complete') }
sub set_state { my ($self) = @_; $self->{agent}->op('/me', 'NotReady')->json->{statusCode} == 0 ? 1 : 0 }

# The data of what came for SESSION.
sub news
{
    my ($self, $session) = @_;
    return grep { ($_->{smssession}{id} // '') eq $session || ($_->{smssessionPath} // '') eq "/smssessions/$session" }
        map { $_->{data} } $self->{desk}->events;
}

sub entries { my ($self, $session) = @_; map { @{$_->{messages} || []} } $self->news($session) }
sub in_state { my ($self, $session, $state) = @_; scalar grep { ($_->{smssession}{state} // '') eq $state } $self->news($session) }

sub hears_invited { my ($self, $session) = @_; $self->in_state($session, 'Invited') }
sub hears_over { my ($self, $session) = @_; $self->in_state($session, 'Completed') }
sub hears_refused { my ($self, $session) = @_; scalar grep { ($_->{notificationType} // '') eq 'Error' } $self->news($session) }
sub hears_text { my ($self, $session, $who, $text) = @_; scalar grep { ($_->{text} // '') eq $text } $self->entries($session) }

sub hears_joined
{
    my ($self, $session, $who) = @_;
    return scalar grep { $_->{type} eq 'ParticipantJoined' && $_->{from}{nickname} eq $who->{nickname} } $self->entries($session);
}

sub hears_left
{
    my ($self, $session, $who) = @_;
    return scalar grep { $_->{type} eq 'ParticipantLeft' && $_->{from}{nickname} eq $who->{nickname} } $self->entries($session);
}

sub hears_state
{
    my ($self) = @_;
    my @states = grep { ($_->{messageType} // '') eq 'ChannelStateChangeMessageV2' } map { $_->{data} } $self->{desk}->events;
    return @states && grep { $_->{userState}{state} eq 'NotReady' } @{$states[-1]{channels}};
}

# ------------------------------------------------------------------------------------------------
package CcgwSeat::Huawei;
our @ISA = ('CcgwSeat');

sub sign_in
{
    my ($self) = @_;
    $self->{desk} = CcgwAgentGateway->new($self->{server}, $self->{person}{workNo});
    $self->{desk}->sign_in('/forcelogin', status => 3);
    $self->{events} = [];
}

sub sign_out { $_[0]{desk}->sign_out }

# A poll is left waiting between looks, as a desktop does. One sent on a connection that had been idle for too long was
# never read.
sub listen
{
    my ($self) = @_;
    for (1 .. 20) {
        $self->{desk}->send_poll if !$self->{waiting}++;
        my $answer = $self->{desk}->take_poll(0.02);
        my $broken = !$answer && $self->{desk}{polls}->ended;
        return if !$answer && !$broken;
        $self->{waiting} = 0;
        $self->{desk}{polls}->close if $broken;
        next if $broken;
        my $event = $answer->json->{event} or return;
        push @{$self->{events}}, $event;
    }
}

sub callid { my ($session) = @_; hex(substr $session, 0, 8) . '-' . hex substr $session, 8 }
sub done { $_[0]->json->{retcode} eq '0' ? 1 : 0 }

sub accept { my ($self, $session) = @_; done($self->{desk}->put('voicecall', 'answer?callid=' . callid($session))) }
sub reject { my ($self, $session) = @_; done($self->{desk}->post('voicecall', 'reject', {mode => 2, callid => callid($session)})) }
sub leave { my ($self, $session) = @_; done($self->{desk}->post('voicecall', 'dropcall/' . callid($session))) }
sub say { my ($self, $session, $text) = @_; done($self->{desk}->post('mediacall', 'sendmessage', {callid => callid($session), data => $text})) }
sub set_state { my ($self) = @_; $self->{desk}->post('onlineagent', 'sayfree'); done($self->{desk}->post('onlineagent', 'saybusy')) }

sub events { my ($self, $type) = @_; map { $_->{content} } grep { $_->{eventType} eq $type } @{$self->{events}} }
sub changes
{
    my ($self, $type, $who) = @_;
    return scalar grep { $_->{changeType} == $type && $_->{participant} eq $who->{workNo} } $self->events('AgentConf_ParticipantChanged');
}

sub hears_invited { my ($self, $session) = @_; scalar grep { $_->{callid} eq callid($session) } $self->events('AgentEvent_Ringing') }
sub hears_over { my ($self, $session) = @_; scalar grep { $_ eq callid($session) } $self->events('AgentEvent_Call_Release') }
sub hears_joined { my ($self, $session, $who) = @_; $self->changes(0, $who) }
sub hears_left { my ($self, $session, $who) = @_; $self->changes(1, $who) }
sub hears_text { my ($self, $session, $who, $text) = @_; scalar grep { $_->{message} eq $text } $self->events('AgentEvent_MessageData') }
sub hears_state { my ($self) = @_; scalar grep { $_->{eventType} =~ /^AgentState_SetNotReady/ } @{$self->{events}} }

# ------------------------------------------------------------------------------------------------
package CcgwSeat::Evovoice;
our @ISA = ('CcgwSeat');

sub sign_in
{
    my ($self) = @_;
    $self->{http} = CcgwHttp->new($self->{server}->url);
    my $answer = $self->{http}->request(POST => '/auth/credentials', {'Content-Type' => 'application/json'},
        $json->encode({provider => 'credentials', userName => $self->{person}{email}, password => $CcgwTest::PASSWORD}));
    die 'evovoice sign-in: ' . $answer->body . "\n" if $answer->status != 200;
    $self->{cookie} = join '; ', map { /^([^;]+)/ } $answer->headers('Set-Cookie');
    my $socket = $self->{stream} = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{server}->port)
        or die "connect: $!\n";
    print $socket "GET /event-stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nCookie: $self->{cookie}\r\n\r\n";
    $self->{came} = '';
    CcgwTest::wait_until(sub { $self->listen; $self->{came} =~ /cmd\.onConnect/ }) or die "no event stream: $self->{came}\n";
}

sub listen
{
    my ($self) = @_;
    my $ready = '';
    vec($ready, fileno $self->{stream}, 1) = 1;
    while (select(my $now = $ready, undef, undef, 0.02) > 0) {
        sysread($self->{stream}, $self->{came}, 65536, length $self->{came}) or return;
    }
}

# Decoded bodies of frames with the selector NAME.
sub frames
{
    my ($self, $name) = @_;
    return map { $json->decode($_) } $self->{came} =~ /^data: \S*cmd\.$name (\{.*\})\s*$/mg;
}

sub of { my ($self, $session, @names) = @_; scalar grep { lc($_->{sessionId} // '') eq lc $session } map { $self->frames($_) } @names }

sub ask
{
    my ($self, $method, $path, $body) = @_;
    return $self->{http}->request($method, $path, {Accept => 'application/json', 'Content-Type' => 'application/json',
        Cookie => $self->{cookie}}, $body ? $json->encode($body) : undef);
}

sub sign_out { my ($self) = @_; $self->ask(POST => '/auth/logout'); close $self->{stream} }
sub done { $_[0]->status =~ /^2/ ? 1 : 0 }
sub path { '/sessions/' . lc $_[0] }
sub members { my ($self, $session) = @_; map { $_->{identity} } @{$self->ask(GET => path($session))->json->{members} || []} }

sub invite { my ($self, $session, $who) = @_; done($self->ask(POST => path($session) . '/members', {memberToAdd => $who->{email}})) }
sub remove { my ($self, $session, $who) = @_; done($self->ask(DELETE => path($session) . "/members/$who->{email}")) }
sub leave { my ($self, $session) = @_; $self->remove($session, $self->{person}) }
sub say { my ($self, $session, $text) = @_; done($self->ask(POST => path($session) . '/messages', {body => $text})) }
sub complete { my ($self, $session) = @_; done($self->ask(DELETE => path($session))) }

sub hears_invited { my ($self, $session) = @_; $self->of($session, 'SessionInvite', 'SessionAnswered', 'SessionInfoChanged') }
sub hears_over { my ($self, $session) = @_; $self->of($session, 'SessionDisconnected') }
sub hears_refused { my ($self, $session) = @_; $self->of($session, 'Toast') }
sub hears_text { my ($self, $session, $who, $text) = @_; scalar grep { $json->encode($_) =~ /\Q$text\E/ } $self->frames('ChatMessage') }
sub hears_state { my ($self) = @_; scalar $self->frames('AgentStateChanged') }

# The frame says that the session changed; who is in it now is asked for, as its client does.
sub hears_joined { my ($self, $session, $who) = @_; $self->of($session, 'SessionInfoChanged') && grep { $_ eq $who->{email} } $self->members($session) }
sub hears_left { my ($self, $session, $who) = @_; $self->of($session, 'SessionInfoChanged') && !grep { $_ eq $who->{email} } $self->members($session) }

1;
