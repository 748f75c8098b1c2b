# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwEvo.pm: a client of the Evo Voice dialect, and its stream of server events.
#
#   my $anna = CcgwEvo->new($url, 'anna');                       # signs in, keeps the cookies
#   my $answer = $anna->call(POST => "/sessions/$id/members", {memberToAdd => '+1555'});
#   my $stream = $anna->stream('*');                             # ->wait_for(sub { ... $_->{selector} $_->{body} })
#   CcgwEvo->new($url, 'bert', basic => 1)                       # the password with each request instead
package CcgwEvo;
use strict;
use warnings;
use JSON ();
use MIME::Base64 qw(encode_base64);
use CcgwHttp;

my $json = JSON->new->utf8->canonical;

sub new
{
    my ($class, $url, $login, %option) = @_;
    my $self = bless {url => $url, login => $login, password => 'demo', %option}, $class;
    $self->{http} = CcgwHttp->new($url);
    $self->sign_in unless $self->{basic} || $self->{nobody};
    return $self;
}

sub headers
{
    my ($self) = @_;
    return {Authorization => 'Basic ' . encode_base64("$self->{login}:$self->{password}", '')} if $self->{basic};
    return {$self->{cookie} ? (Cookie => $self->{cookie}) : ()};
}

sub call
{
    my ($self, $method, $path, $body, $more) = @_;
    my %header = (%{$self->headers}, %{$more || {}});
    if (defined $body) {
        $header{'Content-Type'} //= 'application/json';
        $body = $json->encode($body) if ref $body;
    }
    return $self->{http}->request($method, $path, \%header, $body);
}

sub sign_in
{
    my ($self, %more) = @_;
    my $answer = $self->call(POST => '/auth/credentials',
        {provider => 'credentials', userName => $self->{login}, password => $self->{password}, %more});
    die 'sign-in: ' . $answer->body . "\n" if $answer->status != 200;
    $self->{cookie} = join '; ', map { /^([^;]+)/ } $answer->headers('Set-Cookie');
    return $answer;
}

sub stream
{
    my ($self, $channels, %more) = @_;
    return CcgwEvo::Stream->new($self, $channels, %more);
}

package CcgwEvo::Stream;
use Time::HiRes qw(time);

sub new
{
    my ($class, $client, $channels, %more) = @_;
    my $self = bless {http => CcgwHttp->new($client->{url}), text => '', frames => [], seen => 0}, $class;
    $self->{http}->send(GET => "/event-stream?channels=$channels",
        {%{$client->headers}, Accept => 'text/event-stream', %more});
    return $self;
}

# The next frame that fits, looking on behind the one found last; undef after SECONDS.
sub wait_for
{
    my ($self, $want, $seconds) = @_;
    my $until = time + ($seconds // 15);
    for (;;) {
        while ($self->{seen} < @{$self->{frames}}) {
            local $_ = $self->{frames}[$self->{seen}++];
            return $_ if $want->();
        }
        return undef unless $self->read_more($until - time);
    }
}

# Frames stand in chunks; the headers and the chunks' sizes are no part of a frame.
sub read_more
{
    my ($self, $seconds) = @_;
    return 0 if $seconds <= 0 || $self->{ended};
    my $ready = '';
    vec($ready, fileno $self->{http}->socket, 1) = 1;
    return 1 if select($ready, undef, undef, $seconds) <= 0;
    $self->{ended} = !sysread $self->{http}->socket, $self->{text}, 65536, length $self->{text};
    $self->{head} //= $1 if $self->{text} =~ s/^(HTTP.*?\r\n\r\n)//s;
    while ($self->{text} =~ s/^.*?id: (\d+)\ndata: (\S+) ([^\n]*)\n\n//s) {
        my ($id, $selector, $body) = ($1, $2, $3);
        my $channel = $selector =~ s/^([^@]*)@// ? $1 : undef;
        push @{$self->{frames}},
            {id => $id, selector => $selector, channel => $channel, body => eval { $json->decode($body) }};
    }
    return 1;
}

sub head { $_[0]{head} // '' }
sub frames { @{$_[0]{frames}} }
sub close { $_[0]{http}->close }

1;
