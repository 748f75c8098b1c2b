# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwHttp.pm: one HTTP/1.1 connection that a test can leave waiting: send now, look later whether the answer is there.
#
#   my $http = CcgwHttp->new('http://127.0.0.1:8080');
#   my $answer = $http->request(GET => '/api/v2/me', {Cookie => '...'});      # waits, connects again if need be
#   $http->send(POST => '/path', {}, $body);                                  # returns at once
#   my $answer = $http->poll(0.1);                                            # undef: nothing yet
#
# An answer is a CcgwHttp::Answer: ->status ->body ->json ->header('Name') ->headers('Name').
# new($url, trace => sub { my ($direction, $bytes) = @_; }) shows what went over the wire: '>' sent, '<' received.
package CcgwHttp;
use strict;
use warnings;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

our $PATIENCE = 40;    # seconds an answer may take before a test gives up

sub new
{
    my ($class, $url, %option) = @_;
    my ($host, $port) = $url =~ m{^http://([^:/]+):(\d+)} or die "CcgwHttp: no host and port in '$url'\n";
    return bless {host => $host, port => $port, in => '', trace => $option{trace}}, $class;
}

sub open
{
    my ($self) = @_;
    $self->close;
    $self->{socket} = IO::Socket::INET->new(PeerAddr => $self->{host}, PeerPort => $self->{port}, Timeout => 10)
        or die "connect to $self->{host}:$self->{port}: $!\n";
    setsockopt $self->{socket}, IPPROTO_TCP, TCP_NODELAY, 1;
    $self->{socket}->autoflush(1);
    return $self;
}

sub close
{
    my ($self) = @_;
    CORE::close delete $self->{socket} if $self->{socket};
    $self->{in} = '';
    $self->{waiting} = $self->{ended} = 0;
    return $self;
}

sub socket { $_[0]{socket} }
sub waiting { $_[0]{waiting} }
sub ended { $_[0]{ended} }
sub local_port { $_[0]{socket} && $_[0]{socket}->sockport }

# Send raw bytes; for requests no client should make.
sub send_raw
{
    my ($self, $bytes, $method) = @_;
    $self->open unless $self->{socket};
    local $SIG{PIPE} = 'IGNORE';
    my $at = 0;
    $self->{trace}->('>', $bytes) if $self->{trace};
    while ($at < length $bytes) {
        my $n = syswrite $self->{socket}, $bytes, length($bytes) - $at, $at;
        return 0 unless $n;
        $at += $n;
    }
    $self->{waiting} = 1;
    $self->{method} = $method || 'GET';
    return 1;
}

sub send
{
    my ($self, $method, $path, $headers, $body) = @_;
    my %header = (Host => "$self->{host}:$self->{port}", %{$headers || {}});
    $header{'Content-Length'} //= length $body if defined $body;
    my $text = "$method $path HTTP/1.1\r\n";
    $text .= "$_: $header{$_}\r\n" for sort grep { defined $header{$_} } keys %header;
    return $self->send_raw("$text\r\n" . ($body // ''), $method);
}

# The next answer, if it is complete within SECONDS. When the server closed instead, ->ended is true.
sub poll
{
    my ($self, $seconds) = @_;
    my $until = time + ($seconds // 0);
    for (;;) {
        my $answer = $self->parse;
        return $answer if $answer;
        return undef if $self->{ended} || !$self->{socket};
        my $left = $until - time;
        my $ready = '';
        vec($ready, fileno $self->{socket}, 1) = 1;
        my $n = select $ready, undef, undef, $left > 0 ? $left : 0;
        next if $n < 0;
        return undef if !$n;
        my $got = sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
        $self->{ended} = 1 unless $got;
    }
}

# Send and wait. A connection kept from before may have been closed by the server meanwhile: then once more.
sub request
{
    my ($self, @request) = @_;
    my $fresh = !$self->{socket} || $self->{ended};
    $self->open if $fresh;
    my $answer = $self->send(@request) && $self->poll($PATIENCE);
    if (!$answer && !$fresh && $self->{in} eq '' && ($self->{ended} || !$self->{waiting})) {
        $self->open;
        $answer = $self->send(@request) && $self->poll($PATIENCE);
    }
    return $answer if $answer;
    my $why = $self->{ended} ? 'the server closed the connection without an answer' : "no answer in $PATIENCE s";
    $self->close;
    die "$request[0] $request[1]: $why\n";
}

# --- reading an answer --------------------------------------------------------------------------

sub parse
{
    my ($self) = @_;
    my $end = index $self->{in}, "\r\n\r\n";
    return undef if $end < 0;
    my ($first, @lines) = split /\r\n/, substr $self->{in}, 0, $end;
    my ($status, $reason) = $first =~ m{^HTTP/1\.[01] (\d{3}) ?(.*)} or die "not an answer: '$first'\n";
    my %header;
    for (@lines) {
        my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or die "not a header: '$_'\n";
        push @{$header{lc $name}}, $value;
    }
    my ($body, $next) = $self->parse_body($end + 4, $status, \%header);
    return undef unless defined $body;
    my $bytes = substr $self->{in}, 0, $next, '';
    $self->{trace}->('<', $bytes) if $self->{trace};
    return $self->parse if $status == 100;
    $self->{waiting} = 0;
    $self->{ended} = 1 if lc($header{connection}[0] // '') eq 'close';
    return bless {status => $status, reason => $reason, header => \%header, body => $body}, 'CcgwHttp::Answer';
}

sub parse_body
{
    my ($self, $at, $status, $header) = @_;
    return ('', $at) if $status < 200 || $status == 204 || $status == 304 || $self->{method} eq 'HEAD';
    return $self->parse_chunks($at) if lc($header->{'transfer-encoding'}[0] // '') eq 'chunked';
    my $length = $header->{'content-length'}[0];
    if (!defined $length) {
        return $self->{ended} ? (substr($self->{in}, $at), length $self->{in}) : ();
    }
    return length $self->{in} >= $at + $length ? (substr($self->{in}, $at, $length), $at + $length) : ();
}

sub parse_chunks
{
    my ($self, $at) = @_;
    my $body = '';
    for (;;) {
        my $eol = index $self->{in}, "\r\n", $at;
        return () if $eol < 0;
        my ($hex) = substr($self->{in}, $at, $eol - $at) =~ /^([0-9a-fA-F]+)/ or die "not a chunk\n";
        my $size = hex $hex;
        return () if length $self->{in} < $eol + 2 + $size + 2;
        return ($body, $eol + 4) if !$size;
        $body .= substr $self->{in}, $eol + 2, $size;
        $at = $eol + 2 + $size + 2;
    }
}

package CcgwHttp::Answer;
use JSON ();

sub status { $_[0]{status} }
sub reason { $_[0]{reason} }
sub body { $_[0]{body} }
sub header { my $all = $_[0]{header}{lc $_[1]}; $all ? $all->[0] : undef }
sub headers { @{$_[0]{header}{lc $_[1]} || []} }

# The body as data; dies with the body in the message when it is no JSON.
sub json
{
    my ($self) = @_;
    return $self->{json} //= eval { JSON->new->utf8->allow_nonref->decode($self->{body}) }
        // die "HTTP $self->{status}, and the body is not JSON: '$self->{body}'\n";
}

1;
