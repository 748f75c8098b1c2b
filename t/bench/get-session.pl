# Licensed to the Apache License, Version 2.0; see LICENSE.
# get-session.pl: reading one SMS session by cookie: sign-in, routing, a read of shared memory, a shape; against a
# handler that writes a fixed reply of that size.
use strict;
use warnings;
use CcgwTest ();

return {
    about => 'GET /api/v2/me/smssessions/{id} beside a bare handler, time per request',
    goal => '<= 2.0 x bare',
    measure => sub {
        my ($bench) = @_;
        my $server = $bench->start_server;
        my $anna = CcgwTest::agent('anna');
        my $desktop = $anna->desktop;
        $anna->ready;
        my $from = CcgwTest::new_customer();
        CcgwTest::customer_says($from, 'hello');
        my $id = $desktop->offered($from) or die "no session was offered; " . $desktop->describe . "\n";
        my $answer = $anna->op("/me/smssessions/$id", 'Accept');
        die 'Accept: ' . $answer->body . "\n" if $answer->json->{statusCode} != 0;
        $desktop->disconnect;
        my $cookie = 'Cookie: ' . $anna->cookie;
        my $ratio = $bench->compare(
            [$server->url . "/api/v2/me/smssessions/$id", headers => [$cookie]],
            [$server->url . '/bare', headers => [$cookie]]);
        $server->stop;
        return $ratio;
    },
};
