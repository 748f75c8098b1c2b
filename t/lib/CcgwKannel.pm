# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwKannel.pm: a Kannel of a test's own on the loopback: bearerbox, smsbox, and its fake SMS centre, where customers
# write and read. Configured by conf/kannel.conf.sample with other ports, passwords and places; the system's own Kannel
# is never touched.
#
#   my $kannel = CcgwKannel->new;                                      # dies when Kannel is not installed
#   my $server = CcgwServer->start(conf => $kannel->server_conf);      # conf/ccgw-kannel.conf, fitted, without reports
#   my $server = CcgwServer->start(port => $port, conf => $kannel->server_conf("http://127.0.0.1:$port"));    # with them
#   $kannel->start($server->url);                                      # returns when texts can go both ways
#   $kannel->writes('+15551234567', 'Where is my parcel?');            # returns when bearerbox has it
#   $kannel->writes('+15551234567', ['one', 'two'], to => '+15559999');    # in one go, to another number of ours
#   $kannel->writes_in_parts('+15551234567', 2, 'part one', 'part two');   # a long text, the second part first
#   $kannel->reads('+15551234567', qr/look/)                           # waits for such a text; undef after 15 s
#   $kannel->texts('+15551234567')                                     # all he got so far, oldest first, parts joined
#   $kannel->parts('+15551234567')                                     # the same as the SMS centre got them
#   $kannel->halt; $kannel->start;                                     # down, and back on the same ports
#   $kannel->kill_smsbox; $kannel->start_smsbox;                       # SIGKILL to smsbox alone
#   $kannel->stop_reader; $kannel->start_reader;                       # customers cannot be reached for a while
#   $kannel->stop
#
# Texts are strings of characters. Option trace: a function given '>' and each line the fake SMS centre sent, '<' and
# each it received. Everything started here ends with the test, or when the test is killed.
package CcgwKannel;
use strict;
use warnings;
use Cwd qw(abs_path);
use Encode qw(decode encode);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use CcgwHttp;
use CcgwServer;

my $TOP = abs_path(dirname(__FILE__) . '/../..');
my $START_TIME = 20;
my $STOP_TIME = 10;
my @PLACES = (split(/:/, $ENV{PATH} // ''), '/usr/sbin', '/usr/local/sbin', '/usr/lib/kannel/test');
my @PORTS = qw(admin boxes in out sendsms);
my @made;

sub program
{
    my ($name) = @_;
    return (grep { -x && -f } map { "$_/$name" } @PLACES)[0];
}

# Which of Kannel's programs are not here, or nothing.
sub missing
{
    my @names = grep { !program($_) } qw(bearerbox smsbox fakesmsc);
    return @names ? "Kannel's @names not installed: make -f Makefile.apxs deps" : undef;
}

sub new
{
    my ($class, %option) = @_;
    my $missing = missing();
    die "$missing\n" if $missing;
    my $self = bless {trace => sub { }, %option, owner => $$, running => {}, shown => 0}, $class;
    $self->{dir} = tempdir('ccgw-kannel.XXXXXXXX', TMPDIR => 1);
    push @made, $self;
    @{$self->{port}}{@PORTS} = free_ports(scalar @PORTS);
    $self->{password} = {map { $_ => random_word() } qw(admin status out in)};
    $self->write_file($_, "$self->{password}{$_}\n") for 'in', 'out';
    return $self;
}

# --- files --------------------------------------------------------------------------------------

# Taken together, so that they differ.
sub free_ports
{
    my ($n) = @_;
    my @sockets = map { IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) } 1 .. $n;
    die "no free port: $!\n" if grep { !defined } @sockets;
    return map { $_->sockport } @sockets;
}

sub random_word
{
    open my $in, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    read($in, my $bytes, 16) == 16 or die "/dev/urandom: $!\n";
    return unpack 'H*', $bytes;
}

sub write_file
{
    my ($self, $name, $text) = @_;
    my $mask = umask 077;
    CcgwServer::spew("$self->{dir}/$name", $text);
    umask $mask;
    return "$self->{dir}/$name";
}

# The sample with other values. A value that the sample no longer has would silently stay as it is, so that is an error.
sub fit
{
    my ($file, @changes) = @_;
    my $text = CcgwServer::slurp("$TOP/conf/$file") or die "conf/$file: $!\n";
    while (my ($from, $to) = splice @changes, 0, 2) {
        $text =~ s/$from/$to/g or die "conf/$file has nothing like $from\n";
    }
    return $text;
}

# Our side: what httpd needs to send through this Kannel and to receive from it. Reports need its URL beforehand.
sub server_conf
{
    my ($self, $url) = @_;
    my @reports = $url ? (qr{(?<=reports=)http://127\.0\.0\.1:80(?=/)} => $url) : (qr/\s*\\\n\s*reports=\S+/ => '');
    return fit('ccgw-kannel.conf', qr/127\.0\.0\.1:13013/ => "127.0.0.1:$self->{port}{sendsms}",
        qr{/etc/apache2/ccgw/kannel-(?=in|out)} => "$self->{dir}/",
        @reports);
}

# Two lines to the fake SMS centre, because it serves one peer each: customers write on one and read on the other.
sub carrier_groups
{
    my ($self) = @_;
    my $common = "group = smsc\nsmsc = fake\nconnect-allow-ip = 127.0.0.1\n";
    return "${common}smsc-id = in\nport = $self->{port}{in}\ndenied-prefix = \"+;0;1;2;3;4;5;6;7;8;9\"\n\n"
        . "${common}smsc-id = out\nport = $self->{port}{out}\n\n";
}

sub write_conf
{
    my ($self, %other) = @_;
    my ($port, $password) = ($self->{port}, {%{$self->{password}}, %other});
    my $groups = $self->carrier_groups;
    return $self->write_file('kannel.conf', fit('kannel.conf.sample',
        qr/^group = smsc\n.*?\n\n/ms => $groups,
        qr/\b13000$/m => $port->{admin}, qr/\b13001$/m => $port->{boxes}, qr/\b13013$/m => $port->{sendsms},
        qr{http://127\.0\.0\.1:80(?=/)} => $self->{url},
        qr{/var/(?:log|spool)/kannel/} => "$self->{dir}/",
        qr/^http-queue-delay = \d+/m => 'http-queue-delay = 1',
        map { (qr/change-me-$_\b/ => $password->{$_}) } qw(admin status out in)));
}

# --- processes ----------------------------------------------------------------------------------

# Its words go to a file; should this program be killed, the kernel tells it (setpriv).
sub run
{
    my ($self, $name, $program, @arguments) = @_;
    my @command = (program($program), @arguments);
    unshift @command, 'setpriv', '--pdeathsig', 'TERM' if program('setpriv');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM ALRM PIPE);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/$name.out";
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    $self->{running}{$name} = $pid;
    return $pid;
}

sub is_running
{
    my ($self, $name) = @_;
    my $pid = $self->{running}{$name} or return 0;
    return 1 if waitpid($pid, WNOHANG) == 0;
    delete $self->{running}{$name};
    return 0;
}

sub end
{
    my ($self, $name) = @_;
    my $pid = $self->{running}{$name} or return;
    kill 'TERM', $pid;
    CcgwServer::wait_true(sub { !$self->is_running($name) }, $STOP_TIME) and return;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    delete $self->{running}{$name};
}

# Wait for a condition of NAME, which must live on meanwhile.
sub await
{
    my ($self, $name, $what, $condition) = @_;
    my $ended = 0;
    CcgwServer::wait_true(sub { $condition->() || ($ended = !$self->is_running($name)) }, $START_TIME);
    return if $condition->();
    my $why = $ended ? "$name ended" : "$name: $what not within $START_TIME s";
    my @log = grep { /(?:ERROR|PANIC|WARNING):/ && !/PANIC: \S+\(/ } split /\n/, $self->log($name);
    die join("\n", $why, @log ? @log[0 .. ($#log < 4 ? $#log : 4)] : ()) . "\n";
}

# What smsbox sends as secret=.
sub inbound_secret { $_[0]{password}{in} }

sub log { CcgwServer::slurp("$_[0]{dir}/$_[1].out") }

sub status
{
    my ($self) = @_;
    my $answer = eval {
        CcgwHttp->new("http://127.0.0.1:$self->{port}{admin}")
            ->request(GET => "/status.txt?password=$self->{password}{status}");
    };
    return $answer && $answer->status == 200 ? $answer->body : '';
}

sub sendsms_answers
{
    my ($self) = @_;
    return defined IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}{sendsms}, Timeout => 2);
}

# Start, or start again. URL: the gateway's; needed the first time. OTHER: passwords that Kannel shall have instead of
# the agreed ones (out => 'wrong').
sub start
{
    my ($self, $url, %other) = @_;
    $self->{url} = $url if $url;
    my $conf = $self->write_conf(%other);
    $self->run('bearerbox', 'bearerbox', '-v', 1, $conf);
    $self->await('bearerbox', 'ready', sub { $self->status =~ /Status: running/ });
    return $self->start_reader->start_smsbox;
}

# The end of the SMS centre where customers read. While it is gone, bearerbox keeps what is for them.
sub start_reader
{
    my ($self) = @_;
    $self->run('fakesmsc', 'fakesmsc', '-H', '127.0.0.1', '-r', $self->{port}{out}, '-m', 0, 'nobody nobody text -');
    $self->await('fakesmsc', 'connected', sub { $self->status =~ /\bout\[out\]\s+FAKE:\d+ \(online/ });
    return $self;
}

# How many texts bearerbox keeps for them.
sub kept { $_[0]->status =~ /^SMS:.* sent \d+ \((\d+) queued\)/m ? $1 : 0 }

sub stop_reader
{
    my ($self) = @_;
    $self->end('fakesmsc');
    $self->await('bearerbox', 'the reader gone', sub { $self->status =~ /\bout\[out\]\s+FAKE:\d+ \((?!online)/ });
    return $self;
}

sub start_smsbox
{
    my ($self) = @_;
    $self->run('smsbox', 'smsbox', '-v', 1, "$self->{dir}/kannel.conf");
    $self->await('smsbox', 'ready', sub { $self->status =~ /smsbox:.*on-line/ && $self->sendsms_answers });
    return $self;
}

# It is gone at once, with whatever only it knew; bearerbox has noticed when this returns.
sub kill_smsbox
{
    my ($self) = @_;
    my $pid = delete $self->{running}{smsbox} or return $self;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    CcgwServer::wait_true(sub { $self->status !~ /smsbox:.*on-line/ }, $STOP_TIME) or die "smsbox lives on\n";
    return $self;
}

# What runs where.
sub introduction
{
    my ($self) = @_;
    my ($version) = `@{[program('bearerbox')]} --version 2>&1` =~ /version `([^']+)'/;
    return 'Kannel ' . ($version // '?') . ": sendsms at 127.0.0.1:$self->{port}{sendsms}; texts that come in go to "
        . "$self->{url}/ccgw/kannel/mo\n";
}

# Kannel goes; what customers read so far stays known.
sub halt
{
    my ($self) = @_;
    $self->end($_) for grep { $self->{running}{$_} } qw(writer smsbox bearerbox fakesmsc);
    return $self;
}

sub stop
{
    my ($self) = @_;
    $self->halt;
    remove_tree($self->{dir});
    return $self;
}

# --- customers ----------------------------------------------------------------------------------

# As fakesmsc is told it: the type, and the text; what is not ASCII goes as handsets send it, in UCS-2.
sub spelt
{
    my ($text) = @_;
    return 'text ' . $text if $text =~ /^[ -~]+$/;
    return 'ucs2 ' . join '', map { sprintf '%%%02X', ord } split //, encode('UTF-16BE', $text);
}

sub received_by_bearerbox
{
    my ($self) = @_;
    my $log = CcgwServer::slurp("$self->{dir}/access.log");
    return scalar(() = $log =~ /^\S+ \S+ Receive SMS \[SMSC:in\]/mg);
}

# Send TEXT, or several one right behind the other, from the phone FROM. Option to: another number of ours.
sub writes
{
    my ($self, @what) = @_;
    return $self->begins_to_write(@what)->has_written;
}

# The same without waiting; has_written() returns when bearerbox has all of them.
sub begins_to_write
{
    my ($self, $from, $text, %option) = @_;
    my @texts = ref $text ? @$text : ($text);
    return $self->hand_over(scalar @texts, map { line($from, spelt($_), %option) } @texts);
}

# A long text as handsets send it, ASCII in parts that bearerbox puts together; FIRST: the number of the part that
# arrives first.
sub writes_in_parts
{
    my ($self, $from, $first, @parts) = @_;
    my $reference = ++$self->{references} % 256;
    my @lines = map {
        line($from, sprintf 'udh-text %%05%%00%%03%%%02X%%%02X%%%02X %s', $reference, scalar @parts, $_ + 1, $parts[$_])
    } 0 .. $#parts;
    return $self->hand_over(1, splice(@lines, $first - 1, 1), @lines)->has_written;
}

sub line
{
    my ($from, $spelt, %option) = @_;
    return "$from " . ($option{to} // '+15550000') . " $spelt";
}

# fakesmsc sends its argument as it is, so several lines arrive in their order. They are TEXTS texts to bearerbox.
sub hand_over
{
    my ($self, $texts, @lines) = @_;
    $self->{written} = $self->received_by_bearerbox + $texts;
    $self->{trace}->('>', $_) for @lines;
    $self->run('writer', 'fakesmsc', '-H', '127.0.0.1', '-r', $self->{port}{in}, '-m', 1, join "\n", @lines);
    return $self;
}

sub has_written
{
    my ($self) = @_;
    $self->await('writer', 'texts handed over', sub { $self->received_by_bearerbox >= $self->{written} });
    $self->end('writer');
    return $self;
}

# Everything the reading fakesmsc has received: from, to, text, bytes and udh of a part, and the line as it printed it.
sub received
{
    my ($self) = @_;
    my @found;
    for (split /^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[)/m, CcgwServer::slurp("$self->{dir}/fakesmsc.out")) {
        my ($line) = /Got message \d+: <(.*)>\n/s or next;
        my ($from, $to, $type, $text) = split / /, $line, 4;
        my $udh = '';
        ($udh, $type, $text) = split / /, $text, 3 if $type eq 'udh';
        my %part = (from => $from, to => $to, line => $line, udh => unescaped($udh));
        $part{bytes} = $type eq 'text' ? $text // '' : unescaped($text // '');
        $part{text} = spoken($type, $part{bytes});
        push @found, \%part;
    }
    $self->{trace}->('<', $found[$self->{shown}++]{line}) while $self->{shown} < @found;
    return @found;
}

sub unescaped
{
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

# `data` does not say which alphabet it is in: UTF-16, if it is no UTF-8 or has bytes that no written text has.
sub spoken
{
    my ($type, $bytes) = @_;
    return decode('UTF-16BE', $bytes) if $type =~ /^ucs-?2$/;
    my $text = $type eq 'data' && $bytes =~ /[\0-\x09\x0b\x0e-\x1f]/ ? undef : eval { decode('UTF-8', my $copy = $bytes, Encode::FB_CROAK) };
    return $text // decode('UTF-16BE', $bytes);
}

sub parts
{
    my ($self, $number) = @_;
    return grep { $_->{to} eq $number } $self->received;
}

# The texts, those in parts joined where their last part came; as bytes, because a part may end within a character.
sub joined
{
    my ($self, $number) = @_;
    my (%begun, @joined);
    for my $part ($self->parts($number)) {
        my ($reference, $of, $index) = $part->{udh} =~ /^\x05\x00\x03(.)(.)(.)$/s;
        push @joined, {%$part, parts => 1} and next unless defined $of;
        my $begun = $begun{$reference} //= {};
        $begun->{ord $index} = $part->{bytes};
        next if keys %$begun < ord $of;
        my $bytes = join '', map { $begun->{$_} } sort { $a <=> $b } keys %$begun;
        push @joined, {%$part, text => spoken('data', $bytes), parts => ord $of};
        delete $begun{$reference};
    }
    return @joined;
}

sub texts
{
    my ($self, $number) = @_;
    return map { $_->{text} } $self->joined($number);
}

sub reads
{
    my ($self, $number, $want, $seconds) = @_;
    my $found;
    CcgwServer::wait_true(sub { ($found) = grep { /$want/ } $self->texts($number); defined $found }, $seconds // 15);
    return $found;
}

# Which part of Kannel is gone, as a sentence; '' when all are there.
sub fault
{
    my ($self) = @_;
    my @gone = grep { !$self->is_running($_) } qw(bearerbox smsbox fakesmsc);
    return @gone ? "Kannel: @gone no longer there\n" : '';
}

# What a failed wait should say.
sub describe
{
    my ($self) = @_;
    return join "\n", $self->fault . 'the fake SMS centre received:', map { $_->{line} } $self->received;
}

END
{
    my $status = $?;
    for my $kannel (grep { $_->{owner} == $$ } @made) {
        $kannel->halt;
        remove_tree($kannel->{dir}) unless $ENV{CCGW_KEEP} && $status;
    }
    $? = $status;
}

1;
