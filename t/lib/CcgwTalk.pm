# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwTalk.pm: agents at their desktops, a customer's session with one of them, and how to recognise what desktops are told.
#
#   my ($anna, $bert) = people('anna', 'bert');             # signed in, listening, channels open, nobody ready
#   my $talk = talk($anna);                                 # a customer wrote, she accepted; ->{id} ->{path} ->{from}
#   $bert->{desk}->wait_for(told_state($talk, 'Invited'));
#   $bert->{desk}->wait_for(told_entry($talk, 'Text', text => 'hello'));
#   over($anna, $talk);                                     # completed, and gone from her desktop
#   go_home($anna, $bert);
package CcgwTalk;
use strict;
use warnings;
use Exporter qw(import);
use CcgwTest;

our @EXPORT = qw(entry_in go_home over people raw_events session_in talk told told_entry told_state);

# How the two media are called.
our %MEDIA = (
    sms => {noun => 'smssession', all => '/me/smssessions', type => 'SMSsessionStateChangeMessage', to => '+15550000'},
    chat => {noun => 'chat', all => '/me/chats', type => 'ChatStateChangeMessage', to => 'web'},
);

# Options in front as a hash: url, desktop => options of CcgwDesktop. What went to a desktop is kept in {raw}.
sub people
{
    my (@names) = @_;
    my %option = ref $names[0] ? %{shift @names} : ();
    return map {
        my $raw = '';
        my $agent = agent($_, %option);
        my $answer = $agent->op('/me', 'StartContactCenterSession', channels => ['sms', 'chat']);
        die "StartContactCenterSession of $_: " . $answer->body . "\n" if $answer->json->{statusCode} != 0;
        $agent->op('/me', 'NotReady');
        $agent->{raw} = \$raw;
        $agent->{desk} = $agent->desktop(ack => 1, trace => sub { $raw .= $_[1] if $_[0] eq '<' },
            %{$option{desktop} || {}});
        $agent;
    } @names;
}

# Nobody is offered anything afterwards.
sub go_home
{
    for my $agent (@_) {
        $agent->{desk}->disconnect if $agent->{desk};
        $agent->op('/me', 'NotReady');
        $agent->sign_out;
    }
}

# A customer writes; AGENT, ready only until it is offered, accepts (unless accept => 0).
sub talk
{
    my ($agent, %option) = @_;
    my $media = $option{media} // 'sms';
    my $talk = {from => $option{from} // new_customer(), media => $media};
    $agent->op('/me', 'Ready');
    customer_says($talk->{from}, $option{text} // 'hello', media => $media, to => $MEDIA{$media}{to}, url => $agent->{url},
        exists $option{userData} ? (userData => $option{userData}) : ());
    $talk->{id} = $agent->{desk}->offered($talk->{from})
        // die "no offer to $agent->{login}; " . $agent->{desk}->describe . "\n";
    $talk->{path} = "$MEDIA{$media}{all}/$talk->{id}";
    $agent->op('/me', 'NotReady');
    return $talk if defined $option{accept} && !$option{accept};
    my $answer = $agent->op($talk->{path}, 'Accept');
    die 'Accept: ' . $answer->body . "\n" if $answer->json->{statusCode} != 0;
    $agent->{desk}->wait_for(told_entry($talk, 'ParticipantJoined'))
        // die "no history for $agent->{login}; " . $agent->{desk}->describe . "\n";
    return $talk;
}

sub over
{
    my ($agent, $talk) = @_;
    my $answer = $agent->op($talk->{path}, 'Complete');
    return $answer->json->{statusCode} == 0 && $agent->{desk}->wait_for(told_state($talk, 'Completed'));
}

# --- recognising notifications ------------------------------------------------------------------

sub session_in
{
    my ($event) = @_;
    return $event->{data}{smssession} || $event->{data}{chat};
}

# Does the event tell of this session? Entries of the log name it by its uri.
sub is_about
{
    my ($event, $talk) = @_;
    my $session = session_in($event);
    return $session->{id} eq $talk->{id} if $session;
    my $uri = $event->{data}{smssessionUri} // $event->{data}{chatUri} // '';
    return $uri =~ m{/\Q$talk->{id}\E$};
}

sub told
{
    my ($talk, $notification) = @_;
    return sub { ($_->{data}{notificationType} // '') eq $notification && is_about($_, $talk) };
}

sub told_state
{
    my ($talk, $state) = @_;
    my $change = told($talk, 'StatusChange');
    return sub { $change->() && session_in($_)->{state} eq $state };
}

# The first entry of that type in the event, whose MEMBERs are as given.
sub entry_in
{
    my ($event, $type, %member) = @_;
    return (grep {
        my $entry = $_;
        $entry->{type} eq $type && !grep { ($entry->{$_} // '') ne $member{$_} } keys %member;
    } @{$event->{data}{messages} || []})[0];
}

sub told_entry
{
    my ($talk, $type, %member) = @_;
    return sub { is_about($_, $talk) && entry_in($_, $type, %member) };
}

# The events among what a desktop received, as their bytes, in order.
sub raw_events
{
    my ($agent) = @_;
    my @events = split /(?=\{"channel":")/, ${$agent->{raw}};
    return map { /"data":(\{.*\})\}(?:,|\]|$)/ ? $1 : () } @events;
}

1;
