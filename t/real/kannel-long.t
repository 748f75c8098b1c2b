# Licensed to the Apache License, Version 2.0; see LICENSE.
# kannel-long.t: texts longer than one SMS, in any alphabet, both ways: what arrives is what was sent, to the character.
#
# Handsets send such a text in parts, and bearerbox puts them together. The protocol of Kannel's fake SMS centre has
# parts in ASCII only, so long texts in other alphabets come in here in one piece.
use strict;
use warnings;
use utf8;
use CcgwSms;

my ($server, $kannel) = sms_house();
my ($anna) = sms_agents($server, 'anna');

my $prose = join ' ', map { "Sentence $_ of a long story about a parcel, with 100% of its characters & more." } 1 .. 7;
my $greek = join ' ', map { "Πού είναι το δέμα μου, αριθμός $_; 📦🚚" } 1 .. 9;

# As an SMS counts: UTF-16 units.
sub units { return length(Encode::encode('UTF-16BE', $_[0])) / 2 }

sub begin
{
    my $customer = new_customer();
    $kannel->writes($customer, 'I have a long story');
    return takes($anna, $customer);
}

subtest 'parts that come in any order are one text' => sub {
    my $talk = begin();
    my @parts = $prose =~ /(.{1,153})/gs;
    cmp_ok(scalar @parts, '>=', 4, 'the story is long');
    $kannel->writes_in_parts($talk->{from}, 1, @parts);
    reads_all($anna, $talk, 'I have a long story', $prose);
    $kannel->writes_in_parts($talk->{from}, 3, @parts[0 .. 2]);
    reads_all($anna, $talk, 'I have a long story', $prose, join '', @parts[0 .. 2]);
    ok(over($anna, $talk), 'it ends');
};

subtest 'a long text of any alphabet comes in whole' => sub {
    my $talk = begin();
    my @texts = ($prose, $greek, "a line\nand another\n" . '😀' x 100, 'naïve café ' x 40 . 'end');
    push @texts, '包' x 17_085, 'x' x 39_015;    # 255 parts
    $kannel->writes($talk->{from}, $_) for @texts;
    reads_all($anna, $talk, 'I have a long story', @texts);
    ok(over($anna, $talk), 'it ends');
};

# 153 characters of the GSM alphabet fit into one part, or 67 units of UTF-16.
subtest 'a long answer leaves in parts that give the same text' => sub {
    my $talk = begin();
    my @texts = ($prose, $greek, '😀' x 100 . "\nend", 'x' x 160, 'x' x 161, 'ж' x 70, 'ж' x 71, 'щ' x 3000);
    answers($anna, $talk, @texts);
    gets_all($kannel, $talk->{from}, @texts);
    my @want = (map({ 1 + int((length($_) - 1) / 153) } $prose), map({ 1 + int((units($_) - 1) / 67) } @texts[1, 2]),
        1, 2, 1, 2, 45);
    is_deeply([map { $_->{parts} } $kannel->joined($talk->{from})], \@want, 'in as many parts as SMS allows');
    is(scalar(my @all = $kannel->parts($talk->{from})), eval { my $n = 0; $n += $_ for @want; $n }, '... and no more');
    is_deeply([grep { $_->{from} ne '+15550000' } @all], [], '... each from our number');
    ok(over($anna, $talk), 'it ends');
};

go_home($anna);
whole($kannel, $server);
done_testing;
