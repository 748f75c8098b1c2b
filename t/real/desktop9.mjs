/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* desktop9.mjs: the desktop with today's CometD client, which comes as ES modules. */
import desktop from './desktop.cjs';
import { adapt } from './cometd9/node_modules/cometd-nodejs-client/cometd-nodejs-client.js';
import { CometD } from './cometd9/node_modules/cometd/cometd.js';
import { AckExtension } from './cometd9/node_modules/cometd/AckExtension.js';

adapt();

const cometd = new CometD();

if (desktop.options().ack) {
    cometd.registerExtension('ack', new AckExtension());
}
desktop.run(cometd);
