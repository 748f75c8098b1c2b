# Licensed to the Apache License, Version 2.0; see LICENSE.
# directory.t: users, queues, groups, skills, features and contacts, as lists and one by one.
use strict;
use warnings;
use CcgwEffect;
use CcgwTest;

my $anna = agent('anna');

for (
    ['user', 'users', 'userName', [qw(anna bert cleo dora)]],
    ['queue', 'queues', 'name', ['support']],
    ['group', 'groups', 'name', ['MyAgentGroup']],
    ['skill', 'skills', 'name', ['support']],
    ['feature', 'features', 'id', [qw(api-agent-control api-multimedia api-multimedia-chat)]],
    ['contact', 'contacts', 'name', ['Anna Arendt', 'Bert Brandt', 'Cleo Conti', 'Dora Dahl', 'support']],
) {
    my ($one, $all, $name, $want) = @$_;
    subtest "$one.list, $one.get" => sub {
        my $answer = $anna->get("/$all?fields=*")->json;
        my @got = sort map { $_->{$name} } @{$answer->{$all}};
        effect("$one.list", $answer->{statusCode} == 0 && "@got" eq "@$want", "/$all holds what the floor has, and nothing else")
            or diag("@got");
        my $uris = $anna->get("/$all")->json->{uris};
        is(scalar @$uris, scalar @{$answer->{$all}}, 'without fields as many addresses');
        for my $entry (@{$answer->{$all}}) {
            is($entry->{uri}, server_url() . "/api/v2$entry->{path}", "$entry->{$name}: the address is the path, absolute");
            my $read = $anna->get($entry->{path})->json;
            effect("$one.get", $read->{statusCode} == 0 && $read->{$one}{$name} eq $entry->{$name}, '... and leads to it');
        }
        refused($anna->get("/$all/no-such-$one"), 6, 'what is not there is not found');
        return if $all eq 'features';
        my @page = map { $_->{$name} } map { @{$anna->get("/$all?fields=*&limit=1&offset=$_")->json->{$all}} } 0 .. $#$uris;
        is(join('|', @page), join('|', map { $_->{$name} } @{$answer->{$all}}), 'page by page it is the same');
        is_deeply($anna->get("/$all?fields=*&offset=999")->json->{$all}, [], 'behind the last page there is nothing');
        refused($anna->get("/$all?limit=x"), 10, 'a limit is a number');
    };
}

subtest 'finding contacts' => sub {
    my $find = sub {
        my ($query) = @_;
        return join ' ', sort map { $_->{name} } @{$anna->get("/contacts?fields=*&$query")->json->{contacts}};
    };
    my $match = 'filterName=NamesOrPhoneNumberMatches&filterParameters';
    is($find->("$match=*an*"), 'Anna Arendt Bert Brandt', 'by a pattern');
    is($find->("$match=ANNA*"), 'Anna Arendt', '... in any case');
    is($find->("$match=*"), 'Anna Arendt Bert Brandt Cleo Conti Dora Dahl support', '... all');
    is($find->("$match=zzz*"), '', '... or nobody');
    is($find->('type=Queue'), 'support', 'by type');
    is($find->('name=Dora%20Dahl'), 'Dora Dahl', 'by name');
    refused($anna->get('/contacts?type=Ghost'), 10, 'a type that does not exist');
};

subtest 'more of users' => sub {
    my ($cleo) = grep { $_->{userName} eq 'cleo' } @{$anna->get('/users?fields=*&subresources=*')->json->{users}};
    json_like($cleo, {roles => ['ROLE_AGENT', 'ROLE_SUPERVISOR'], skills => [{name => 'support'}],
        groups => [{name => 'MyAgentGroup', path => '/groups/MyAgentGroup'}]}, 'subresources tell skills and groups');
    my $one = $anna->get("$cleo->{path}?subresources=skills")->json->{user};
    ok($one->{skills} && !$one->{groups}, '... just those asked for');
};

$anna->sign_out;
done_testing;
