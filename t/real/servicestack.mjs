/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* servicestack.mjs: the framework's published client at work: t/real/servicestack.t starts it with one argument,
 * {"url","userName","password","number","event"}, and reads one JSON line per step from its output. It
 * goes on listening for "event" seconds. */
import { JsonServiceClient, ServerEventsClient } from './servicestack/node_modules/@servicestack/client/dist/servicestack-client.mjs';
import { EventSource } from './servicestack/node_modules/eventsource/dist/index.js';

const options = JSON.parse(process.argv[2]);
const say = (step, data) => process.stdout.write(JSON.stringify({ step, ...data }) + '\n');

/* A request type as the pages' code generator writes it. */
const dto = (name, method, members) => ({ ...members, getTypeName: () => name, getMethod: () => method,
    createResponse: () => ({}) });

const attempt = async (step, call) => {
    try {
        say(step, { answer: await call() });
    } catch (error) {
        say(step, { error: error.responseStatus ?? String(error) });
    }
};

const client = new JsonServiceClient(options.url);
await attempt('wrong password', () => client.send(dto('Authenticate', 'POST',
    { provider: 'credentials', userName: options.userName, password: 'wrong' })));
let cookies = '';
client.responseFilter = (response) => {
    const set = response.headers.getSetCookie?.() ?? [];
    if (set.length) {
        cookies = set.map((one) => one.split(';')[0]).join('; ');
    }
};
await attempt('sign in', () => client.send(dto('Authenticate', 'POST',
    { provider: 'credentials', userName: options.userName, password: options.password, rememberMe: true })));
await attempt('status', () => client.send(dto('GetAuthStatus', 'GET', {})));
let sessionId = '';
await attempt('my sessions', async () => {
    const mine = await client.send(dto('GetMySessions', 'GET', {}));
    sessionId = mine.sessions[0].id;
    return mine;
});

/* As Node has none: the cookie a browser would send by itself goes along. */
globalThis.EventSource = class extends EventSource {
    constructor(url, init) {
        super(url, { ...init, fetch: (input, more) => fetch(input, { ...more, headers: { ...more.headers, Cookie: cookies } }) });
    }
};
globalThis.document = globalThis.document ?? { body: null, querySelectorAll: () => [] };

const events = new ServerEventsClient(options.url, [`session:${sessionId}`], {
    handlers: {
        onConnect: (sub) => {
            say('connected', { id: sub.id, heartbeat: sub.heartbeatUrl });
            sub.heartbeatIntervalMs = 300;
            events.connectionInfo.heartbeatIntervalMs = 300;
        },
        onJoin: (sub) => say('joined', { channel: sub.channel, name: sub.displayName }),
        onUpdate: (sub) => say('updated', { channels: sub.channels }),
        onHeartbeat: () => say('heartbeat', {}),
        ChatMessage: (body, e) => say('event', { body, id: e.eventId, channel: e.channel }),
        SessionInfoChanged: (body) => say('changed', { body }),
    },
    onException: (error) => say('exception', { text: String(error?.message ?? error) }),
});
/* A browser sends its cookies with these requests too. */
events.serviceClient = client;
events.start();

await new Promise((done) => setTimeout(done, 500));
await attempt('message', () => client.send(dto('SendMessage', 'POST', { sessionId, body: 'say "hi": now' })));
await attempt('invite', () => client.send(dto('InviteChatMember', 'POST', { sessionId, memberToAdd: options.number })));
await attempt('remove', () => client.send(dto('DeleteChatMember', 'DELETE', { sessionId, memberToRemove: options.number })));
await attempt('remove again', () => client.send(dto('DeleteChatMember', 'DELETE', { sessionId, memberToRemove: options.number })));
await attempt('missing', () => client.send(dto('InviteChatMember', 'POST', { sessionId })));
await attempt('list', () => client.send(dto('ListSessions', 'GET', { specificIds: [sessionId, '1'], page: 0 })));
await attempt('update', () => events.subscribeToChannels('lobby'));
await attempt('subscribers', () => events.getChannelSubscribers());
await new Promise((done) => setTimeout(done, options.event * 1000));
await events.stop();
await attempt('end', () => client.send(dto('EndSession', 'DELETE', { sessionId })));
await attempt('sign out', () => client.send(dto('Authenticate', 'POST', { provider: 'logout' })));
await attempt('after', () => client.send(dto('GetMySessions', 'GET', {})));
process.exit(0);
