/* Licensed to the Apache License, Version 2.0; see LICENSE. */
/* desktop.cjs: an agent's desktop around a published CometD client; desktop3.js and desktop9.mjs bring
 * the client. Speaks JSON lines:
 *
 *   argument 1  {"url", "user", "password", "auth": "basic" or "cookie", "ack": bool,
 *               "subscribe": [...], "channels": [...], "trace": bool}
 *   stdin       {"post": path, "body": {...}}  {"get": path}       -> {"reply": {...}, "status": n}
 *               {"subscribe": topic}  {"unsubscribe": topic}       -> {"answer": {...}}
 *               {"publish": channel, "data": {...}}                -> {"answer": {...}}
 *               {"batch": [messages as above]}                     -> one {"answer"} each
 *   stdout      {"ready": true} once signed in, connected, subscribed and Ready;
 *               {"event": message} for each notification;
 *               {"handshake": answer} and {"problem": message} whenever they happen
 *   end of stdin: disconnects, {"bye": true}, exit 0
 */
'use strict';

const http = require('http');
const readline = require('readline');

const ROOT = '/api/v2';

function say(what)
{
    process.stdout.write(JSON.stringify(what) + '\n');
}

/* The REST half: Basic on the first GET, then cookie and token; or Basic on every request. */
class Rest {
    constructor(options)
    {
        this.url = new URL(options.url);
        this.basic = 'Basic ' + Buffer.from(options.user + ':' + options.password).toString('base64');
        this.always = options.auth === 'basic';
        this.agent = new http.Agent({keepAlive: true});
    }

    headers()
    {
        if (this.always || !this.cookie) {
            return {Authorization: this.basic};
        }
        return {Cookie: this.cookie, [this.tokenName]: this.token};
    }

    note(headers)
    {
        const cookie = (headers['set-cookie'] || []).find(line => line.startsWith('JSESSIONID='));
        if (cookie && !this.always) {
            this.cookie = cookie.split(';')[0];
        }
        if (headers['x-csrf-header']) {
            this.tokenName = headers['x-csrf-header'].toLowerCase();
            this.token = headers[this.tokenName];
        }
    }

    call(method, path, body)
    {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const headers = this.headers();
        if (text !== undefined) {
            headers['Content-Type'] = 'application/json';
        }
        return new Promise((done, failed) => {
            const request = http.request({
                host: this.url.hostname, port: this.url.port, method, path, headers, agent: this.agent,
            }, response => {
                let all = '';
                response.setEncoding('utf8');
                response.on('data', part => { all += part; });
                response.on('end', () => {
                    this.note(response.headers);
                    done({status: response.statusCode, body: all});
                });
            });
            request.on('error', failed);
            request.end(text);
        });
    }

    async json(method, path, body)
    {
        const answer = await this.call(method, path, body);
        try {
            return {status: answer.status, reply: JSON.parse(answer.body)};
        }
        catch (e) {
            return {status: answer.status, reply: answer.body};
        }
    }

    async must(method, path, body)
    {
        const answer = await this.json(method, path, body);
        if (answer.status !== 200 || answer.reply.statusCode !== 0) {
            throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
        }
        return answer.reply;
    }
}

class Desktop {
    constructor(cometd, options)
    {
        this.cometd = cometd;
        this.options = options;
        this.rest = new Rest(options);
        this.subscriptions = {};
    }

    configure()
    {
        const headers = this.rest.always ? {Authorization: this.rest.basic} : {Cookie: this.rest.cookie};
        this.cometd.unregisterTransport('websocket');
        this.cometd.configure({
            url: this.options.url + ROOT + '/notifications',
            requestHeaders: headers,
            logLevel: this.options.trace ? 'debug' : 'warn',
            backoffIncrement: 100,
            maxBackoff: 500,
        });
        this.cometd.addListener('/meta/handshake', message => say({handshake: message}));
        this.cometd.addListener('/meta/unsuccessful', message => say({problem: message}));
        this.cometd.onListenerException = e => say({problem: String(e)});
    }

    connect()
    {
        return new Promise((done, failed) => {
            const listener = this.cometd.addListener('/meta/connect', message => {
                if (message.successful) {
                    this.cometd.removeListener(listener);
                    done();
                }
            });
            this.cometd.handshake(answer => {
                if (!answer.successful) {
                    failed(new Error('handshake: ' + JSON.stringify(answer)));
                    return;
                }
                this.cometd.batch(() => {
                    (this.options.subscribe || ['/v2/me/*']).forEach(topic => this.subscribe(topic));
                });
            });
        });
    }

    subscribe(topic, answered)
    {
        this.subscriptions[topic] = this.cometd.subscribe(topic, event => {
            say({event: {channel: event.channel, data: event.data}, by: topic});
        }, answered);
    }

    async start()
    {
        const channels = this.options.channels || ['sms', 'chat'];

        await this.rest.must('GET', ROOT + '/me');
        this.configure();
        await this.connect();
        await this.rest.must('POST', ROOT + '/me', {operationName: 'StartContactCenterSession', channels});
        await this.rest.must('POST', ROOT + '/me', {operationName: 'Ready'});
        say({ready: true});
    }

    bayeux(command)
    {
        const answered = answer => say({answer});

        if (command.subscribe) {
            this.subscribe(command.subscribe, answered);
        }
        else if (command.unsubscribe) {
            this.cometd.unsubscribe(this.subscriptions[command.unsubscribe], answered);
        }
        else if (command.publish) {
            this.cometd.publish(command.publish, command.data, answered);
        }
        else {
            say({problem: 'unknown command ' + JSON.stringify(command)});
        }
    }

    async obey(command)
    {
        if (command.post) {
            say(await this.rest.json('POST', command.post, command.body));
        }
        else if (command.get) {
            say(await this.rest.json('GET', command.get));
        }
        else if (command.batch) {
            this.cometd.batch(() => command.batch.forEach(one => this.bayeux(one)));
        }
        else {
            this.bayeux(command);
        }
    }

    stop()
    {
        this.cometd.disconnect(() => {
            say({bye: true});
            process.exit(0);
        });
    }
}

async function run(cometd)
{
    const desktop = new Desktop(cometd, JSON.parse(process.argv[2]));
    let last = desktop.start();

    readline.createInterface({input: process.stdin}).on('line', line => {
        last = last.then(() => desktop.obey(JSON.parse(line)));
        last.catch(fail);
    }).on('close', () => {
        last.then(() => desktop.stop(), fail);
    });
    last.catch(fail);
}

function fail(e)
{
    say({problem: String(e)});
    process.exit(1);
}

/* The clients log to the console; stdout is ours. */
console.log = console.info = console.debug = console.warn = console.error;

module.exports = {run, options: () => JSON.parse(process.argv[2])};
