# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwClient.pm: an agent's desktop of the outside world: a published CometD client run by node (t/real/desktop9.mjs,
# desktop3.js), driven by JSON lines. What the lines are is told at the top of t/real/desktop.cjs.
#
#   my $anna = CcgwClient->new(url => $server->url, user => 'anna', ack => JSON::true);    # client => 3: the older line
#   $anna->next_line(sub { $_->{ready} }) or die $anna->describe;
#   $anna->operation('/me/smssessions/...', 'Accept')          # the reply, as data
#   $anna->event(sub { $_->{smssession}{state} eq 'Chatting' })
#   $anna->finish                                              # 0: it disconnected in good order
#
# Option trace: a function given '>' and each line sent, '<' and each line the client said.
package CcgwClient;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Handle;
use IPC::Open2 qw(open2);
use JSON ();
use Time::HiRes qw(time);

my $HERE = abs_path(dirname(__FILE__) . '/../real');
my %script = (3 => 'desktop3.js', 9 => 'desktop9.mjs');
my $json = JSON->new->utf8->canonical;

# Why clients cannot run here, or nothing.
sub missing
{
    my ($client) = @_;
    return 'node is not installed: make -f Makefile.apxs deps' if system('command -v node >/dev/null 2>&1') != 0;
    return "the packages of CometD $client are not installed: make -f Makefile.apxs deps"
        unless -d "$HERE/cometd$client/node_modules/cometd";
    return undef;
}

sub new
{
    my ($class, %option) = @_;
    my $client = delete $option{client} // 9;
    my $self = bless {said => [], seen => 0, text => '', trace => delete $option{trace} // sub { }}, $class;
    $self->{pid} = open2($self->{out}, $self->{in}, 'node', "$HERE/$script{$client}",
        $json->encode({password => 'demo', %option}));
    $self->{in}->autoflush(1);
    return $self;
}

# The next line that fits, looking on behind the one found last; undef after SECONDS or at the end.
sub next_line
{
    my ($self, $want, $seconds) = @_;
    my $until = time + ($seconds // 20);
    for (;;) {
        while ($self->{seen} < @{$self->{said}}) {
            local $_ = $self->{said}[$self->{seen}++];
            return $_ if $want->($_);
        }
        return undef unless $self->read_more($until - time);
    }
}

sub read_more
{
    my ($self, $seconds) = @_;
    return 0 if $self->{ended} || $seconds <= 0;
    my $ready = '';
    vec($ready, fileno $self->{out}, 1) = 1;
    return 0 if select($ready, undef, undef, $seconds) <= 0;
    $self->{ended} = !sysread $self->{out}, $self->{text}, 65536, length $self->{text};
    while ($self->{text} =~ s/^(.*)\n//) {
        my $line = $1;
        $self->{trace}->('<', $line);
        push @{$self->{said}}, $json->decode($line);
    }
    return 1;
}

sub command
{
    my ($self, $command) = @_;
    my $line = $json->encode($command);
    local $SIG{PIPE} = 'IGNORE';
    $self->{trace}->('>', $line);
    print {$self->{in}} "$line\n";
    return $self;
}

# The first notification since the one found last for which WANT is true, given its data as $_.
sub event
{
    my ($self, $want, $seconds) = @_;
    my $line = $self->next_line(sub { $_->{event} && do { local $_ = $_->{event}{data}; $want->($_) } }, $seconds);
    return $line && $line->{event};
}

# The reply to COMMAND. Events may come before it; they are left for event().
sub reply
{
    my ($self, $command) = @_;
    my $at = $self->{seen};
    $self->command($command);
    my $line = $self->next_line(sub { exists $_->{reply} });
    $self->{seen} = $at;
    @{$self->{said}} = grep { $_ != $line } @{$self->{said}} if $line;
    return $line && $line->{reply};
}

sub operation
{
    my ($self, $path, $name, %field) = @_;
    return $self->reply({post => "/api/v2$path", body => {operationName => $name, %field}});
}

sub get { $_[0]->reply({get => "/api/v2$_[1]"}) }

# The client's answer to a Bayeux command.
sub answer
{
    my ($self, $command) = @_;
    my $line = $self->command($command)->next_line(sub { $_->{answer} });
    return $line && $line->{answer};
}

sub events { map { $_->{event} || () } @{$_[0]{said}} }
sub all { my ($self, $name) = @_; grep { exists $_->{$name} } @{$self->{said}} }

sub finish
{
    my ($self) = @_;
    close $self->{in};
    my $bye = $self->next_line(sub { $_->{bye} });
    kill 'TERM', $self->{pid} unless $bye;
    waitpid $self->{pid}, 0;
    delete $self->{pid};
    return $bye ? $? : -1;
}

sub describe { join "\n", 'the desktop said:', map { $json->encode($_) } @{$_[0]{said}} }

sub DESTROY
{
    my ($self) = @_;
    local ($?, $!);
    return unless $self->{pid};
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
}

1;
