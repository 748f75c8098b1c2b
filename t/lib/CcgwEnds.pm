# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwEnds.pm: the two kinds of ends a story can be told with (CcgwStory.pm). Either kind of desktop has op(), see(),
# uri() and sign_out(); either kind of customer has number(), writes(), reads() and fault(). All show what goes over the
# wire; all die with a sentence when something does not happen.
#
#   CcgwEnds::Desktop->new($login, $server)      the suite's own Bayeux client
#   CcgwEnds::Client->new($login, $server, 9)    a published CometD client, run by node
#   CcgwEnds::Loop->new($number)                 the customer is driven over HTTP, below /ccgw/loop/
#   CcgwEnds::Phone->new($number, $kannel)       the customer is at Kannel's fake SMS centre
package CcgwEnds;
use strict;
use warnings;

my $WIDTH = 2000;     # characters of one message that are shown
our $PATIENCE = 15;   # seconds until something counts as not having happened

sub show
{
    my ($who, $direction, $text) = @_;
    $text = substr($text, 0, $WIDTH) . ' ...' if length $text > $WIDTH;
    printf "%-8s %s %s\n", $who, $direction, $text;
}

# An answer's data when it was done.
sub done
{
    my ($answer, $what) = @_;
    return $answer if ref $answer eq 'HASH' && defined $answer->{statusCode} && $answer->{statusCode} eq '0';
    my $why = ref $answer eq 'HASH' ? $answer->{statusMessage} // $answer->{statusCode} : $answer;
    die "$what was not done: " . ($why // 'no answer') . "\n";
}

sub seen
{
    my ($login, $what, $event) = @_;
    die "$what did not arrive at ${login}'s desktop within $PATIENCE s\n" unless $event;
    return $event->{data};
}

sub read_by_customer
{
    my ($text, $want) = @_;
    die "no answer like $want reached the customer within $PATIENCE s\n" unless defined $text;
    show('customer', 'reads: ', $text);
}

package CcgwEnds::Desktop;
use CcgwTest ();

sub new
{
    my ($class, $login, $server) = @_;
    my $self = bless {login => $login}, $class;
    $self->{agent} = CcgwTest::agent($login, url => $server->url, trace => sub { $self->trace(@_) });
    $self->{desktop} = $self->{agent}->desktop(ack => 1);
    $self->{agent}->ready;
    return $self;
}

# The line that matters of a request or answer, and the body.
sub trace
{
    my ($self, $direction, $bytes) = @_;
    my ($head, $body) = split /\r\n\r\n/, $bytes, 2;
    my ($first) = split /\r\n/, $head;
    $first =~ s/ HTTP\/1\.1$//;
    return if $direction eq '>' && $first =~ m{/connect$};    # the desktops' waiting polls
    if ($head =~ /^Transfer-Encoding: chunked/mi) {
        $body =~ s/^[0-9a-f]+\r\n|\r\n[0-9a-f]+\r\n(\r\n)?/ /gi;
    }
    CcgwEnds::show($self->{login}, $direction, "$first " . ($body // ''));
}

sub op
{
    my ($self, $path, $name, %field) = @_;
    my $answer = $self->{agent}->op($path, $name, %field);
    return CcgwEnds::done($answer->status == 200 ? $answer->json : 'HTTP ' . $answer->status, $name);
}

sub see
{
    my ($self, $what, $want) = @_;
    my $event = $self->{desktop}->wait_for(sub { local $_ = $_->{data}; $want->($_) }, $CcgwEnds::PATIENCE);
    return CcgwEnds::seen($self->{login}, $what, $event);
}

sub uri { $_[0]{agent}->me->{uri} }

sub sign_out
{
    my ($self) = @_;
    $self->{desktop}->disconnect;
    $self->op('/me', 'EndContactCenterSession');
}

package CcgwEnds::Client;
use CcgwClient;
use JSON ();

sub new
{
    my ($class, $login, $server, $client) = @_;
    my $self = bless {login => $login}, $class;
    $self->{client} = CcgwClient->new(client => $client, url => $server->url, user => $login, auth => 'cookie',
        ack => JSON::true, channels => ['sms'], trace => sub { CcgwEnds::show($login, @_) });
    my $line = $self->{client}->next_line(sub { $_->{ready} || $_->{problem} }, 30);
    die "$login cannot work: " . ($line ? $line->{problem} : 'her desktop says nothing') . "\n"
        unless $line && $line->{ready};
    return $self;
}

sub op
{
    my ($self, $path, $name, %field) = @_;
    return CcgwEnds::done($self->{client}->operation($path, $name, %field), $name);
}

sub see
{
    my ($self, $what, $want) = @_;
    my $event = $self->{client}->event($want, $CcgwEnds::PATIENCE);
    return CcgwEnds::seen($self->{login}, $what, $event);
}

sub uri { CcgwEnds::done($_[0]{client}->get('/me'), 'reading /me')->{user}{uri} }

sub sign_out
{
    my ($self) = @_;
    $self->op('/me', 'NotReady');
    my $status = $self->{client}->finish;
    die "$self->{login}'s client did not end in good order (status $status)\n" if $status != 0;
}

package CcgwEnds::Loop;

sub new { my ($class, $number) = @_; bless {number => $number}, $class }
sub number { $_[0]{number} }
sub fault { '' }

sub writes
{
    my ($self, $text) = @_;
    CcgwEnds::show('customer', 'writes:', $text);
    CcgwTest::customer_says($self->{number}, $text);
}

sub reads
{
    my ($self, $want) = @_;
    my $text = CcgwTest::customer_hears($self->{number}, $want, timeout => $CcgwEnds::PATIENCE);
    CcgwEnds::read_by_customer($text, $want);
}

package CcgwEnds::Phone;

sub new
{
    my ($class, $number, $kannel) = @_;
    return bless {number => $number, kannel => $kannel}, $class;
}

sub number { $_[0]{number} }
sub fault { $_[0]{kannel}->fault }

sub writes
{
    my ($self, $text) = @_;
    CcgwEnds::show('customer', 'writes:', $text);
    $self->{kannel}->writes($self->{number}, $text);
}

sub reads
{
    my ($self, $want) = @_;
    my $text = $self->{kannel}->reads($self->{number}, $want, $CcgwEnds::PATIENCE);
    CcgwEnds::read_by_customer($text, $want);
}

1;
