# Licensed to the Apache License, Version 2.0; see LICENSE.
# invite.t: others are asked into an SMS session, consulted, given it, and put out.
use strict;
use warnings;
use CcgwSession;
use CcgwTest;

invite_tests('sms');
done_testing;
