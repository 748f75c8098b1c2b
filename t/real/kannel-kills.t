# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-kills.t: every process of httpd dies at once while an answer is on its way to Kannel: before the request, when
# it is out, when its reply is in but not written down, and when it is. The next life goes on, and the SMS centre counts.
#
# No claim of an earlier life counts: the next one waits for a report at once. In the first of two houses Kannel reports
# what became of each text (again after a second, when nobody was there to hear it), in the second it does not.
use strict;
use warnings;
use File::Path qw(make_path);
use CcgwSms;

my $module = (grep { -e } "$ENV{CCGW_BUILD}/steps/mod_ccgw.so", "$ENV{CCGW_TOP}/build/test/steps/mod_ccgw.so")[0]
    or die "the module with steps is not built: make -f Makefile.apxs BUILD=build/test steps\n";
my @STEPS = ('outbox-claimed', 'outbox-sent', 'outbox-answered', 'outbox-settled');

# A child that runs as somebody else could not end its parent.
die "not as root: t/TEST changes the user\n" unless $>;

sub house
{
    my (%option) = @_;
    local $ENV{CCGW_STEP_DIR} = File::Temp::tempdir('ccgw-steps.XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0777, $ENV{CCGW_STEP_DIR};
    my $house = {steps => $ENV{CCGW_STEP_DIR}};
    @$house{'server', 'kannel'} = sms_house(%option, module => $module, conf => "CcgwOutboxUnknown $option{patience}\n");
    ($house->{anna}) = sms_agents($house->{server}, 'anna');
    return $house;
}

# She answers, all die at STEP, she answers again in the next life; and what she wrote arrives, the first answer so many
# times. Nothing else is on its way meanwhile: the first text that comes to the step is the first answer.
sub dies_at
{
    my ($house, $step, $times) = @_;
    my ($server, $kannel, $anna) = @$house{'server', 'kannel', 'anna'};
    my $customer = new_customer();
    $kannel->writes($customer, 'hello');
    my $talk = takes($anna, $customer);
    CcgwServer::spew("$house->{steps}/$step.group", '');
    # Whether she is told so is another question: the answer may be on disk and the reply not on the wire.
    eval { $anna->op($talk->{path}, 'SendMessage', text => 'one') };
    ok(CcgwServer::wait_true(sub { !$server->alive }, 15), "httpd dies at $step");
    ok(!-e "$house->{steps}/$step.group", '... of that');
    local $ENV{CCGW_STEP_DIR} = $house->{steps};
    $server->kill_all->again;
    answers($anna, $talk, 'two');
    ok($kannel->reads($customer, qr/^two$/, 30), 'the next answer arrives') or diag($kannel->describe);
    is(join(' ', $kannel->texts($customer)), join(' ', ('one') x $times, 'two'),
        "... behind the one in between, which arrives $times times");
    my ($said) = grep { /CCGW0302: session $talk->{id}/ } $server->errors;
    is(!!$said, $times > 1 || $step eq 'outbox-claimed', '... and the log says whether it was sent again');
}

my ($told, $untold) = (house(reports => 1, patience => '8s'), house(patience => '1s'));

subtest 'reported: each answer arrives once, wherever httpd died' => sub {
    dies_at($told, $_, 1) for @STEPS;
};

subtest 'not reported: what may have arrived is sent again, and what is known is not' => sub {
    dies_at($untold, $STEPS[0], 1);
    dies_at($untold, $_, 2) for @STEPS[1, 2];
    dies_at($untold, $STEPS[3], 1);
};

my $names = CcgwServer::slurp("$ENV{CCGW_TOP}/mod_ccgw/util/ccgw_step.h");
is_deeply([$names =~ /"(outbox-\w+)"/g], \@STEPS, 'no step of the outbox was left out');

for ($told, $untold) {
    whole($_->{kannel}, $_->{server});
}
done_testing;
