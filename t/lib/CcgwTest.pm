# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwTest.pm: what every live test needs: agents who sign in and call operations, their desktops, customers, and a
# comparison of JSON that says what differs. Exports Test::More as well.
#
#   use CcgwTest;
#   my $anna = agent('anna');                                        # Basic, then cookie and token
#   my $desktop = $anna->desktop(ack => 1);                          # see CcgwDesktop.pm
#   $anna->ready;
#   my $from = new_customer();
#   customer_says($from, 'hello');
#   my $id = $desktop->offered($from);
#   json_like($anna->op("/me/smssessions/$id", 'Accept')->json, {statusCode => 0}, 'she accepts');
#   like(customer_hears($from), qr/.../);
#   done_testing;
#
# Tests talk to the suite's server ($ENV{CCGW_URL}, set by t/TEST); `use_server($server)` takes another (CcgwServer.pm).
package CcgwTest;
use strict;
use warnings;
use Exporter qw(import);
use JSON ();
use Test::More;
use Time::HiRes qw(time);
use CcgwDesktop;
use CcgwHttp;

# A file that hangs must not stop the others.
$SIG{ALRM} = sub { die "this file ran for 240 s\n" };
alarm 240;

our @EXPORT = (@Test::More::EXPORT, qw(agent customer_says customer_hears done_ok json_diff json_like new_customer
    refused server_url use_server wait_until));
our $PASSWORD = 'demo';
our $NUMBER = '+15550000';    # the demo floor's; its texts go to the queue `support`

my $url = $ENV{CCGW_URL};
my $json = JSON->new->utf8->canonical->allow_nonref;
my $customers = 0;

$SIG{PIPE} = 'IGNORE';

sub server_url { $url // die "no server: run this through t/TEST, or start one with CcgwServer\n" }

sub use_server
{
    my ($server) = @_;
    $url = ref $server ? $server->url : $server;
}

# --- agents -------------------------------------------------------------------------------------

# Sign in. Options: password; url; root (default /api/v2); sign_in => 0 leaves it; basic => 1 sends the password with
# each request and keeps no cookie, as some real clients do; trace => as in CcgwHttp.
sub agent
{
    my ($login, %option) = @_;
    my $agent = bless {
        login => $login, password => $PASSWORD, url => $option{url} // server_url(), root => '/api/v2',
        sign_in => 1, %option,
    }, 'CcgwTest::Agent';
    $agent->{http} = CcgwHttp->new($agent->{url}, trace => $agent->{trace});
    $agent->sign_in if $agent->{sign_in} && !$agent->{basic};
    return $agent;
}

# --- customers ----------------------------------------------------------------------------------

# A number nobody used before, also not in another file or an earlier run on the same state.
sub new_customer
{
    return sprintf '+1555%05d%06d%03d', $$ % 100_000, time % 1_000_000, ++$customers % 1000;
}

# A customer's text comes in. Options: to, media, carrierId (drops repeats), userData. Returns the answer.
sub customer_says
{
    my ($from, $text, %option) = @_;
    my $media = $option{media} // 'sms';
    my %body = (channel => $media, from => $from, to => $option{to} // $NUMBER, text => $text);
    $body{$_} = $option{$_} for grep { exists $option{$_} } qw(carrierId userData);
    my $answer = CcgwHttp->new($option{url} // server_url())->request(POST => '/ccgw/loop/messages',
        {'Content-Type' => 'application/json'}, $json->encode(\%body));
    die "customer_says: HTTP " . $answer->status . ': ' . $answer->body . "\n"
        if $answer->status !~ /^2/ && !$option{may_fail};
    return $answer;
}

# The texts a customer got, oldest first. With WANT (a pattern) it waits until one matches and returns that one.
sub customer_hears
{
    my ($to, $want, %option) = @_;
    my $http = CcgwHttp->new($option{url} // server_url());
    (my $escaped = $to) =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
    my @texts;
    my $found = wait_until(sub {
        my $answer = $http->request(GET => "/ccgw/loop/messages?to=$escaped", {});
        die 'customer_hears: HTTP ' . $answer->status . ': ' . $answer->body . "\n" if $answer->status != 200;
        @texts = map { $_->{text} } @{$answer->json->{messages}};
        return !defined $want || grep { /$want/ } @texts;
    }, $option{timeout} // 15);
    return @texts unless defined $want;
    return $found ? (grep { /$want/ } @texts)[0] : undef;
}

# --- waiting ------------------------------------------------------------------------------------

# Ask until CONDITION is true; its value, or false after SECONDS. For what no event tells; desktops go on polling.
sub wait_until
{
    my ($condition, $seconds) = @_;
    my $until = time + ($seconds // 15);
    for (;;) {
        my $value = $condition->();
        return $value if $value || time > $until;
        CcgwDesktop::pump(0.02);
    }
}

# --- comparing ----------------------------------------------------------------------------------

# What in GOT is not as WANT says, one line each. Members that WANT does not name are free; an array must have as many
# elements; a pattern matches a string; a function is asked; undef is null.
sub json_diff
{
    my ($got, $want, $path) = @_;
    $path //= '$';
    return member_diff($got, $want, $path) if ref $want eq 'HASH';
    return element_diff($got, $want, $path) if ref $want eq 'ARRAY';
    my $said = "$path is " . (eval { $json->encode($got) } // "$got");
    if (ref $want eq 'CODE') {
        local $_ = $got;
        return $want->($got) ? () : "$said, which is not what the test's function wants";
    }
    return defined $got && !ref $got && $got =~ $want ? () : "$said, not like $want" if ref $want eq 'Regexp';
    return defined $got ? "$said, not null" : () if !defined $want;
    if (JSON::is_bool($want) || JSON::is_bool($got)) {
        my $same = JSON::is_bool($want) && JSON::is_bool($got) && !$want == !$got;
        return $same ? () : "$said, not " . $json->encode($want);
    }
    return defined $got && !ref $got && $got eq $want ? () : "$said, not " . $json->encode($want);
}

sub member_diff
{
    my ($got, $want, $path) = @_;
    return "$path is no object: " . (eval { $json->encode($got) } // 'undef') if ref $got ne 'HASH';
    return map {
        exists $got->{$_} ? json_diff($got->{$_}, $want->{$_}, "$path.$_") : "$path.$_ is missing"
    } sort keys %$want;
}

sub element_diff
{
    my ($got, $want, $path) = @_;
    return "$path is no array: " . (eval { $json->encode($got) } // 'undef') if ref $got ne 'ARRAY';
    return "$path has " . @$got . ' elements, not ' . @$want . ': ' . $json->encode($got) if @$got != @$want;
    return map { json_diff($got->[$_], $want->[$_], "$path\[$_]") } 0 .. $#$want;
}

sub json_like
{
    my ($got, $want, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wrong = json_diff($got, $want);
    ok(!@wrong, $name) or diag(join "\n", @wrong, 'the whole: ' . (eval { $json->pretty->encode($got) } // 'undef'));
    $json->pretty(0);
    return !@wrong;
}

# The synchronous answer of an operation that was done.
sub done_ok
{
    my ($answer, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok(0, $name) || diag('HTTP ' . $answer->status . ': ' . $answer->body) && 0 if $answer->status != 200;
    return json_like($answer->json, {statusCode => 0}, $name);
}

# The answer of an operation that was refused with CODE: two members and nothing else, nothing changed.
sub refused
{
    my ($answer, $code, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $wrong = join ', ', grep { !/^status(Code|Message)$/ } keys %{$answer->json};
    return ok(0, $name) || diag("members that do not belong there: $wrong in " . $answer->body) && 0 if $wrong;
    return json_like($answer->json, {statusCode => $code, statusMessage => qr/./}, $name);
}

package CcgwTest::Agent;
use MIME::Base64 qw(encode_base64);

sub login { $_[0]{login} }
sub cookie { $_[0]{cookie} }
sub token { $_[0]{token} }
sub http { $_[0]{http} }

sub basic
{
    my ($self) = @_;
    return 'Basic ' . encode_base64("$self->{login}:$self->{password}", '');
}

# Basic on the first GET, then cookie and token, as browsers do.
sub sign_in
{
    my ($self) = @_;
    my $answer = $self->{http}->request(GET => "$self->{root}/me", {Authorization => $self->basic});
    $self->{signed_in} = $answer;
    die "sign-in of $self->{login}: HTTP " . $answer->status . ': ' . $answer->body . "\n" if $answer->status != 200;
    for ($answer->headers('Set-Cookie')) {
        $self->{cookie} = $1 if /^(JSESSIONID=[^;]+)/;
    }
    $self->{token} = $answer->header($answer->header('X-CSRF-HEADER') // 'X-CSRF-TOKEN');
    $self->{me} = $answer->json->{user} if ref $answer->json eq 'HASH';
    return $self;
}

sub me { $_[0]{me} }

sub headers
{
    my ($self) = @_;
    return {Authorization => $self->basic} if $self->{basic};
    return {
        defined $self->{cookie} ? (Cookie => $self->{cookie}) : (),
        defined $self->{token} ? ('X-CSRF-TOKEN' => $self->{token}) : (),
    };
}

# Any request; the path may begin with the root or be relative to it. BODY: data, or a string sent as it is.
sub request
{
    my ($self, $method, $path, $body, $more) = @_;
    $path = $self->{root} . $path unless index($path, $self->{root}) == 0 || $path =~ m{^/ccgw/};
    my %header = (%{$self->headers}, %{$more || {}});
    if (defined $body) {
        $header{'Content-Type'} //= 'application/json';
        $body = $json->encode($body) if ref $body;
    }
    return $self->{http}->request($method, $path, \%header, $body);
}

sub get { $_[0]->request(GET => $_[1], undef, $_[2]) }
sub post { $_[0]->request(POST => $_[1], $_[2], $_[3]) }
sub put { $_[0]->request(PUT => $_[1], $_[2], $_[3]) }
sub delete { $_[0]->request(DELETE => $_[1], undef, $_[2]) }

sub op
{
    my ($self, $path, $operation, %field) = @_;
    return $self->post($path, {operationName => $operation, %field});
}

sub desktop
{
    my ($self, %option) = @_;
    return CcgwDesktop->new(
        url => $self->{url}, path => "$self->{root}/notifications", headers => sub { $self->headers },
        trace => $self->{trace}, %option);
}

# Begin work: a contact-centre session with CHANNELS, then ready on all of them.
sub ready
{
    my ($self, @channels) = @_;
    @channels = ('sms', 'chat') unless @channels;
    my $answer = $self->op('/me', 'StartContactCenterSession', channels => \@channels);
    die 'StartContactCenterSession: ' . $answer->body . "\n" if $answer->json->{statusCode} != 0;
    $answer = $self->op('/me', 'Ready');
    die 'Ready: ' . $answer->body . "\n" if $answer->json->{statusCode} != 0;
    return $self;
}

sub not_ready
{
    my ($self) = @_;
    return $self->op('/me', 'NotReady');
}

sub sign_out
{
    my ($self) = @_;
    my $answer = $self->op('/me', 'EndContactCenterSession');
    delete @$self{'cookie', 'token'};
    return $answer;
}

package CcgwDesktop;

# The id of the session this desktop is offered next; with FROM only one that customer began.
sub offered
{
    my ($self, $from, $seconds) = @_;
    my $event = $self->wait_for(sub {
        my $session = $_->{data}{smssession} || $_->{data}{chat} or return 0;
        return 0 if ($session->{state} // '') ne 'Invited';
        return !defined $from || index($json->encode($_->{data}), $from) >= 0;
    }, $seconds);
    return undef unless $event;
    return ($event->{data}{smssession} || $event->{data}{chat})->{id};
}

1;
