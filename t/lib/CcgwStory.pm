# Licensed to the Apache License, Version 2.0; see LICENSE.
# CcgwStory.pm: the main job as one story: a customer's text reaches an agent's desktop; she answers, invites a
# colleague, who answers too; they park the session in a workbin, he takes it from there and completes it.
#
#   CcgwStory::tell(customer => $customer, desktop => sub { my ($login) = @_; ... });    # ends as in CcgwEnds.pm
#
# Dies with a sentence at the first thing that does not happen.
package CcgwStory;
use strict;
use warnings;

my $BIN = '/me/workbins/6c715fa9-de16-4d23-b07c-cbcb1caf3e07?agentGroup=MyAgentGroup';

sub step { print "\n== $_[0]\n" }

sub state_is
{
    my ($state) = @_;
    return sub { ($_->{smssession}{state} // '') eq $state };
}

sub text_is
{
    my ($text) = @_;
    return sub { scalar grep { ($_->{text} // '') eq $text } @{$_->{messages} || []} };
}

# The offer's session, which must be this customer's.
sub offer
{
    my ($desktop, $customer) = @_;
    my $session = $desktop->see('an offer', state_is('Invited'))->{smssession};
    my @names = map { $_->{nickname} // '?' } @{$session->{participants} || []};
    die 'the offer is not of ' . $customer->number . " but of: @names\n" unless grep { $_ eq $customer->number } @names;
    return $session->{id};
}

sub tell
{
    my (%with) = @_;
    eval { play(@with{'customer', 'desktop'}); 1 } or die $@ . $with{customer}->fault;
}

sub play
{
    my ($customer, $desktop) = @_;

    step('Anna signs in, listens, and is ready');
    my $anna = $desktop->('anna');

    step('A customer writes; the text is offered to Anna');
    $customer->writes('Where is my parcel?');
    my $id = offer($anna, $customer);
    my $session = "/me/smssessions/$id";

    step('She accepts and answers; the customer reads it');
    $anna->op($session, 'Accept');
    $anna->see('the session', state_is('Chatting'));
    $anna->op($session, 'SendMessage', text => 'One moment, I look.');
    $customer->reads(qr/^One moment, I look\.$/);

    step('Bert signs in; she invites him; both are in the session');
    my $bert = $desktop->('bert');
    $anna->op($session, 'Invite', targetUri => $bert->uri);
    my $invited = offer($bert, $customer);
    die "Bert was invited to $invited, not to $id\n" if $invited ne $id;
    $bert->op($session, 'Accept');
    $customer->writes('It was due on Monday.');
    $_->see('the text', text_is('It was due on Monday.')) for $anna, $bert;

    step('Bert answers too; the customer and Anna read it');
    $bert->op($session, 'SendMessage', text => 'The van had a puncture.');
    $customer->reads(qr/^The van had a puncture\.$/);
    $anna->see("Bert's answer", text_is('The van had a puncture.'));

    step('Bert leaves, Anna parks the session in the group\'s workbin');
    $bert->op($session, 'Leave');
    $bert->op($BIN, 'Subscribe');
    $anna->op($BIN, 'AddInteraction', id => $id);
    $bert->see('ItemAdded', sub { ($_->{action} // '') eq 'ItemAdded' });

    step('Bert takes it out of the workbin and completes it');
    $bert->op($BIN, 'PullInteraction', id => $id);
    $bert->see('the session', state_is('Chatting'));
    $bert->op($session, 'SendMessage', text => 'It arrives today.');
    $customer->reads(qr/^It arrives today\.$/);
    $bert->op($session, 'Complete');
    $bert->see('the end', state_is('Completed'));

    step('They sign out');
    $_->sign_out for $anna, $bert;
}

1;
