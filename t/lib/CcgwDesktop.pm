# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwDesktop.pm: the listening half of an agent's desktop: a Bayeux long-polling client that never sleeps.
#
#   my $desktop = $anna->desktop;                        # handshake, subscribe, first connect
#   my $desktop = $anna->desktop(ack => 1, subscribe => ['/v2/me/smssessions'], advice => {timeout => 5000});
#   my $event = $desktop->wait_for(sub { $_->{data}{notificationType} eq 'StatusChange' }, 10);
#   $desktop->events                                     # everything received so far, in order
#   $desktop->connects                                   # the answers to /meta/connect
#   $desktop->disconnect
#
# An event is the whole Bayeux message: {channel => ..., data => {...}}. While any desktop waits, all of them poll.
package CcgwDesktop;
use strict;
use warnings;
use JSON ();
use List::Util qw(min);
use Scalar::Util qw(weaken);
use Time::HiRes qw(time);
use CcgwHttp;

my @all;
my $json = JSON->new->utf8->canonical;

# Options: url, headers (a function giving those of each request), path, ack, subscribe, advice, start, trace.
sub new
{
    my ($class, %option) = @_;
    my $self = bless {
        path => '/api/v2/notifications', ack => 0, subscribe => ['/v2/me/*'], headers => sub { {} }, start => 1,
        %option, id => 0, events => [], connects => [], problems => [], seen => 0,
    }, $class;
    $self->{$_} = CcgwHttp->new($self->{url}, trace => $self->{trace}) for 'talk', 'poll';
    push @all, $self;
    weaken $all[-1];
    $self->start if $self->{start};
    return $self;
}

sub start
{
    my ($self) = @_;
    my $reply = $self->handshake;
    die 'handshake refused: ' . $json->encode($reply) . "\n" unless $reply->{successful};
    for my $reply ($self->subscribe(@{$self->{subscribe}})) {
        die 'subscription refused: ' . $json->encode($reply) . "\n" unless $reply->{successful};
    }
    $self->connect({timeout => 0});
    $self->pump_until(sub { @{$self->{connects}} }, 10) or die "the first connect was not answered\n";
    return $self;
}

# --- single messages ----------------------------------------------------------------------------

sub handshake
{
    my ($self, %more) = @_;
    my ($reply) = $self->exchange('/handshake', {
        channel => '/meta/handshake', version => '1.0', minimumVersion => '1.0',
        supportedConnectionTypes => ['long-polling'], advice => {timeout => 60000, interval => 0},
        $self->{ack} ? (ext => {ack => JSON::true}) : (), %more,
    });
    $self->{client} = $reply->{clientId};
    $self->{batch} = 0;
    return $reply;
}

sub subscribe
{
    my ($self, @names) = @_;
    return () unless @names;
    my @messages = map { {channel => '/meta/subscribe', subscription => $_, clientId => $self->{client}} } @names;
    return grep { $_->{channel} eq '/meta/subscribe' } $self->exchange('', @messages);
}

sub unsubscribe
{
    my ($self, $name) = @_;
    return ($self->exchange('',
        {channel => '/meta/unsubscribe', subscription => $name, clientId => $self->{client}}))[0];
}

# Put a connect on the polling connection. Nothing is read before somebody waits.
sub connect
{
    my ($self, $advice) = @_;
    $advice ||= $self->{advice};
    my %message = (
        id => '' . ++$self->{id}, channel => '/meta/connect', connectionType => 'long-polling',
        clientId => $self->{client}, $advice ? (advice => $advice) : (),
    );
    $message{ext} = {ack => $self->{batch}} if $self->{ack};
    $self->{polling} = 1;
    my $poll = $self->{poll};
    $poll->open if !$poll->socket || $poll->ended || $poll->waiting;
    $poll->send(POST => "$self->{path}/connect", $self->head, $json->encode([\%message]));
    return $self;
}

sub disconnect
{
    my ($self) = @_;
    $self->{polling} = 0;
    my ($reply) = $self->exchange('/disconnect', {channel => '/meta/disconnect', clientId => $self->{client}});
    $self->{poll}->close;
    return $reply;
}

# Break the line as a network does: nothing more is sent, nothing in flight is read. resume() comes back.
sub hang_up
{
    my ($self) = @_;
    $self->{polling} = 0;
    $_->close for @$self{'poll', 'talk'};
    return $self;
}

sub resume
{
    my ($self) = @_;
    return $self->connect;
}

# Post messages on the talking connection and return the replies; events that ride along are kept.
sub exchange
{
    my ($self, $suffix, @messages) = @_;
    $_->{id} //= '' . ++$self->{id} for @messages;
    my $answer = $self->{talk}->request(POST => $self->{path} . $suffix, $self->head, $json->encode(\@messages));
    $self->{last} = $answer;
    die "Bayeux: HTTP " . $answer->status . ": " . $answer->body . "\n" if $answer->status != 200;
    my %asked = map { $_->{id} => 1 } @messages;
    my @replies = grep { defined $_->{id} && $asked{$_->{id}} && !exists $_->{data} } @{$answer->json};
    $self->take(grep { exists $_->{data} } @{$answer->json});
    return @replies;
}

sub head
{
    my ($self) = @_;
    return {'Content-Type' => 'application/json;charset=UTF-8', %{$self->{headers}->()}};
}

# --- what came ----------------------------------------------------------------------------------

sub events { @{$_[0]{events}} }
sub connects { @{$_[0]{connects}} }
sub client { $_[0]{client} }
sub last_answer { $_[0]{last} }

# Forget what came so far, so that the next wait_for finds new things only.
sub forget
{
    my ($self) = @_;
    $self->{seen} = @{$self->{events}};
    return $self;
}

sub take
{
    my ($self, @events) = @_;
    push @{$self->{events}}, @events;
}

# The first event since the last match for which WANT (given it as $_ and argument) is true; undef after SECONDS.
# Later calls look only behind the event found, so a row of calls checks the order as well.
sub wait_for
{
    my ($self, $want, $seconds) = @_;
    my $found;
    $self->pump_until(sub {
        my $events = $self->{events};
        for my $at ($self->{seen} .. $#$events) {
            local $_ = $events->[$at];
            next unless $want->($_);
            $self->{seen} = $at + 1;
            $found = $_;
            return 1;
        }
        return 0;
    }, $seconds // 15);
    return $found;
}

# True when nothing for which WANT is true arrives until DONE is; DONE is a condition, not a time, so that a slow
# machine cannot make this pass early.
sub never_before
{
    my ($self, $want, $done, $seconds) = @_;
    my $bad;
    my $finished = $self->pump_until(sub {
        ($bad) = grep { local $_ = $_; $want->($_) } @{$self->{events}}[$self->{seen} .. $#{$self->{events}}];
        return $bad || $done->();
    }, $seconds // 15);
    return $finished && !$bad;
}

# What a failed wait should say.
sub describe
{
    my ($self) = @_;
    my @lines = map { $json->encode($_) } @{$self->{events}};
    push @lines, map { "problem: $_" } @{$self->{problems}};
    return @lines ? join "\n", 'received:', @lines : 'received nothing';
}

sub read_connect
{
    my ($self, $answer) = @_;
    if ($answer->status != 200) {
        push @{$self->{problems}}, 'HTTP ' . $answer->status . ': ' . $answer->body;
        $self->{polling} = 0;
        return;
    }
    my @messages = @{$answer->json};
    $self->take(grep { exists $_->{data} } @messages);
    for my $reply (grep { $_->{channel} eq '/meta/connect' } @messages) {
        push @{$self->{connects}}, $reply;
        $self->{batch} = $reply->{ext}{ack} if $self->{ack} && $reply->{ext} && defined $reply->{ext}{ack};
        my $advised = $reply->{advice} ? $reply->{advice}{reconnect} // 'retry' : 'retry';
        $self->{polling} = 0 if $advised ne 'retry' || !$reply->{successful};
    }
}

# Read what is there on every desktop and keep the polls going, until DONE is true or SECONDS have passed.
sub pump_until
{
    my ($self, $done, $seconds) = @_;
    my $until = time + $seconds;
    for (;;) {
        return 1 if $done->();
        my $left = $until - time;
        return 0 if $left <= 0;
        pump(min($left, 0.5));
    }
}

sub pump
{
    my ($seconds) = @_;
    @all = grep { defined } @all;
    weaken $_ for @all;
    my @polling = grep { $_->{polling} } @all;
    my $ready = '';
    for (@polling) {
        $_->connect if !$_->{poll}->waiting && !$_->{paused};
        vec($ready, fileno $_->{poll}->socket, 1) = 1 if $_->{poll}->socket;
    }
    return if select($ready, undef, undef, $seconds) <= 0;
    for my $desktop (@polling) {
        my $poll = $desktop->{poll};
        next unless $poll->socket && vec $ready, fileno $poll->socket, 1;
        my $answer = $poll->poll(0);
        $desktop->read_connect($answer) if $answer;
        reconnect($desktop) if !$answer && $poll->ended;
    }
}

# The server went away under a waiting poll: try again, as a desktop does, until it is back.
sub reconnect
{
    my ($desktop) = @_;
    $desktop->{poll}->close;
    return if eval { $desktop->connect; 1 };
    push @{$desktop->{problems}}, $@ if !@{$desktop->{problems}} || $desktop->{problems}[-1] ne $@;
    select undef, undef, undef, 0.05;
}

1;
