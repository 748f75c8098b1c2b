/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* desktop3.js: the desktop with CometD 3.1, the line browser desktops in the field were built with. */
'use strict';

const desktop = require('./desktop.cjs');

require('./cometd3/node_modules/cometd-nodejs-client').adapt();

const lib = require('./cometd3/node_modules/cometd');
const AckExtension = require('./cometd3/node_modules/cometd/AckExtension');
const cometd = new lib.CometD();

if (desktop.options().ack) {
    cometd.registerExtension('ack', new AckExtension());
}
desktop.run(cometd);
