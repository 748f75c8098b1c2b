# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-kills.t: every process of httpd dies at once while an answer is on its way to Kannel: before the request, when
# it is out, and when its reply is in but not written down. The next life goes on, and the SMS centre counts.
#
# Two houses side by side, because the waits are long: a claim counts for 60 s, in case its owner lives. In the first
# one Kannel reports what became of each text, in the second it does not.
use strict;
use warnings;
use File::Path qw(make_path);
use CcgwSms;

my $module = (grep { -e } "$ENV{CCGW_BUILD}/steps/mod_ccgw.so", "$ENV{CCGW_TOP}/build/test/steps/mod_ccgw.so")[0]
    or die "the module with steps is not built: make -f Makefile.apxs BUILD=build/test steps\n";
my @STEPS = ('outbox-claimed', 'outbox-sent', 'outbox-answered');

# A child that runs as somebody else could not end its parent.
die "not as root: t/TEST changes the user\n" unless $>;

sub house
{
    my (%option) = @_;
    local $ENV{CCGW_STEP_DIR} = File::Temp::tempdir('ccgw-steps.XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0777, $ENV{CCGW_STEP_DIR};
    my $house = {steps => $ENV{CCGW_STEP_DIR}};
    @$house{'server', 'kannel'} = sms_house(%option, module => $module, conf => "CcgwOutboxUnknown 1s\n");
    ($house->{anna}) = sms_agents($house->{server}, 'anna');
    return $house;
}

# She answers, all die at STEP, she answers again in the next life.
sub dies_at
{
    my ($house, $step) = @_;
    my ($server, $kannel, $anna) = @$house{'server', 'kannel', 'anna'};
    my $customer = new_customer();
    $kannel->writes($customer, 'hello');
    my $talk = takes($anna, $customer);
    answers($anna, $talk, 'zero');
    gets_all($kannel, $customer, 'zero');
    CcgwServer::spew("$house->{steps}/$step.group", '');
    # Whether she is told so is another question: the answer may be on disk and the reply not on the wire.
    eval { $anna->op($talk->{path}, 'SendMessage', text => 'one') };
    ok(CcgwServer::wait_true(sub { !$server->alive }, 15), "httpd dies at $step");
    ok(!-e "$house->{steps}/$step.group", '... of that');
    local $ENV{CCGW_STEP_DIR} = $house->{steps};
    $server->kill_all->again;
    answers($anna, $talk, 'two');
    return $talk;
}

sub arrives
{
    my ($house, $talk, $step, $times) = @_;
    my $kannel = $house->{kannel};
    ok($kannel->reads($talk->{from}, qr/^two$/, 90), "$step: the next answer arrives") or diag($kannel->describe);
    is(join(' ', $kannel->texts($talk->{from})), join(' ', 'zero', ('one') x $times, 'two'),
        "... behind the one in between, which arrives $times times");
    my ($said) = grep { /CCGW0302: session $talk->{id}/ } $house->{server}->errors;
    is(!!$said, $times > 1 || $step eq 'outbox-claimed', '... and the log says whether it was sent again');
}

my ($told, $untold) = (house(reports => 1), house());
my %talk = (told => {map { $_ => dies_at($told, $_) } @STEPS}, untold => {map { $_ => dies_at($untold, $_) } @STEPS[1, 2]});

subtest 'reported: each answer arrives once, wherever httpd died' => sub {
    arrives($told, $talk{told}{$_}, $_, 1) for reverse @STEPS;
};

subtest 'not reported: what may have arrived is sent again' => sub {
    arrives($untold, $talk{untold}{$_}, $_, 2) for reverse @STEPS[1, 2];
};

for ($told, $untold) {
    whole($_->{kannel}, $_->{server});
}
done_testing;
