# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwAgentGateway.pm: a desktop of the Huawei dialect: signs in, asks, polls one event at a time on a connection of its
# own.
#
#   my $server = gateway();                                # a server of the test's own; takes CcgwServer's options
#   my $anna = desktop($server, 101);                      # signed in, by force
#   answers($anna->post('agentconf', 'requestagentconf', {memberNum => 4}), '0', 'a conference');
#   my @events = heard($anna, 'who applies', qw(AgentState_Busy AgentOther_PhoneAlerting));
#   my $event = $anna->poll;                               # decoded; undef: the empty reply
#   $anna->send_poll; ...; $anna->take_poll;               # a poll that is left waiting
package CcgwAgentGateway;
use strict;
use warnings;
use Exporter 'import';
use JSON ();
use Test::More;
use CcgwHttp;
use CcgwServer;
use CcgwTest ();

our @EXPORT = qw(gateway desktop answers heard conf_id $EMPTY);
our $EMPTY = '{"message":"","retcode":"0"}';
my $ROOT = '/agentgateway/resource';
my $json = JSON->new->utf8->canonical;

sub slurp
{
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return <$in> // '';
}

# The private server of the tests may serve this dialect by itself.
sub gateway
{
    my (%option) = @_;
    my $conf = $option{conf} // '';
    (my $sample = $INC{'CcgwAgentGateway.pm'}) =~ s{t/lib/[^/]*$}{conf/demo/httpd.conf.in};
    my $server = CcgwServer->start(durability => 'os', %option, lives => 0);
    $conf .= "<Location \"$ROOT\">\n    CcgwDialect huawei\n    AuthUserFile \"" . $server->run . "/users\"\n</Location>\n"
        unless slurp($sample) =~ /CcgwDialect\s+huawei/;
    return $server->conf($conf)->again;
}

sub new
{
    my ($class, $server, $number, %option) = @_;
    my $self = bless {number => $number, url => $server->url, password => $CcgwTest::PASSWORD, %option}, $class;
    $self->{$_} = CcgwHttp->new($self->{url}, trace => $self->{trace}) for 'http', 'polls';
    return $self;
}

sub desktop
{
    my ($server, $number, %option) = @_;
    my $self = CcgwAgentGateway->new($server, $number, %option);
    my $answer = $self->sign_in('/forcelogin');
    die "sign-in of $number: " . $answer->body . "\n" unless $self->{guid};
    heard($self, "$number signs in", qw(AgentOther_InService AgentState_Ready));
    return $self;
}

sub guid { $_[0]{guid} }
sub number { $_[0]{number} }

sub headers
{
    my ($self) = @_;
    return {'Content-Type' => 'application/json; charset=UTF-8', $self->{guid} ? (Guid => $self->{guid}) : ()};
}

sub request
{
    my ($self, $method, $path, $body, $headers) = @_;
    $body = $json->encode($body) if ref $body;
    return $self->{http}->request($method, "$ROOT/$path", {%{$self->headers}, %{$headers || {}}}, $body);
}

# What the desktop asks for himself: resource, operation, body.
sub post { my ($self, $of, $what, $body) = @_; $self->request(POST => "$of/$self->{number}/$what", $body) }
sub put { my ($self, $of, $what, $body) = @_; $self->request(PUT => "$of/$self->{number}/$what", $body) }
sub del { my ($self, $of, $what) = @_; $self->request(DELETE => "$of/$self->{number}/$what") }
sub status { my ($self) = @_; $self->request(GET => "onlineagent/$self->{number}/agentstatus")->json->{result} }

sub sign_in
{
    my ($self, $form, %more) = @_;
    delete $self->{guid};
    my $answer = $self->request(PUT => "onlineagent/$self->{number}" . ($form // ''),
        {password => $self->{password}, phonenum => "70$self->{number}", %more});
    $self->{guid} = $1 if ($answer->header('Set-GUID') // '') =~ /^JSESSIONID=(.+)$/;
    return $answer;
}

sub sign_out { my ($self) = @_; my $answer = $self->del('onlineagent', 'forcelogout'); delete $self->{guid}; $answer }

sub send_poll
{
    my ($self, $http) = @_;
    return ($http || $self->{polls})->send(GET => "$ROOT/agentevent/$self->{number}", $self->headers);
}

# The raw answer of a poll; with SECONDS undef when there is none yet.
sub take_poll { my ($self, $seconds) = @_; $self->{polls}->poll($seconds // $CcgwHttp::PATIENCE) }

sub poll_raw
{
    my ($self) = @_;
    return $self->{polls}->request(GET => "$ROOT/agentevent/$self->{number}", $self->headers);
}

sub poll
{
    my ($self) = @_;
    my $answer = $self->poll_raw;
    die 'a poll is answered ' . $answer->status . ': ' . $answer->body . "\n"
        unless $answer->status == 200 && $answer->json->{retcode} eq '0';
    return $answer->json->{event};
}

# The next events are these, one poll each.
sub heard
{
    my ($self, $what, @types) = @_;
    my @events;
    for my $type (@types) {
        my $event = $self->poll or last;
        push @events, $event;
        last if $event->{eventType} ne $type;
    }
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(join(' ', map { $_->{eventType} } @events), join(' ', @types), "$what: $self->{number} hears it in order");
    is((grep { $_->{workNo} ne $self->{number} } @events), 0, '... as his own');
    return @events;
}

# An answer with this retcode; refusals come with HTTP status 200 as well.
sub answers
{
    my ($answer, $code, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $got = eval { $answer->json->{retcode} } // '';
    return is($answer->status . " $got", "200 $code", $what) || diag($answer->body);
}

sub conf_id { my @found = grep { ref $_->{content} && $_->{content}{confId} } @_; @found ? $found[0]{content}{confId} : 0 }

1;
