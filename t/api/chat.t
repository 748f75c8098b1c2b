# Licensed to the Apache License, Version 2.0; see LICENSE.
# chat.t: chats are the twins of SMS sessions: the same operations, other names; on a server that has a channel for them.
use strict;
use warnings;
use CcgwEffect;
use CcgwServer;
use CcgwSession;
use CcgwTest;

my $floor = JSON->new->utf8->decode(CcgwServer::slurp('conf/demo/floor.json'));
push @{$floor->{tenants}[0]{numbers}}, {number => 'web', media => 'chat', queue => 'support'};
my $server = CcgwServer->start(durability => 'os', floor => $floor, conf => "CcgwChannel chat loop\n");
use_server($server);

session_tests('chat');
invite_tests('chat');
keep_log($server);
$server->stop;
done_testing;
