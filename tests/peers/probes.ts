/**
 * @module What the packages are compared in: each probe tells whether an application with a package
 * does what the README's table says.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import { connected } from '../support/app.js';
import { until } from '../support/waiting.js';
import type { PeerApp } from './peer-app.js';

/** Tells whether it is so. */
export type Probe = (app: PeerApp) => Promise<boolean>;

/** How long an answer may take, in milliseconds: it comes, unless the machine is busy. */
const patience = 5_000;

/** How long a socket whose session has ended may stay, in milliseconds. */
const grace = 3_000;

/** The probes by the first column of the table, without its formatting. */
export const probes: Readonly<Record<string, Probe>> = {
  async 'An event has the session as it is now'(app) {
    const { cookie } = await app.logIn();
    const client = await connect(app, cookie);
    await app.post('/set/n', cookie);
    return (await ask(client, 'read')) === 2;
  },

  async 'Listeners are called in the order of the events'(app) {
    const { cookie } = await app.logIn();
    const client = await connect(app, cookie);
    // Each read of the store is faster than the one before it.
    let milliseconds = 60;
    app.store.pace = ({ operation, stage }) => {
      if (operation !== 'get' || stage !== 'after') return undefined;
      milliseconds -= 10;
      return delay(Math.max(0, milliseconds));
    };
    await Promise.all([1, 2, 3, 4, 5].map((n) => ask(client, 'note', n)));
    app.store.pace = () => undefined;
    return app.notes.join() === '1,2,3,4,5';
  },

  async 'An event sent right after connecting is not lost'(app) {
    const { cookie } = await app.logIn();
    // A package that reads after the connection is answered once the event has come.
    app.store.pace = ({ operation }) =>
      operation === 'get' ? until(() => app.silent === 0) : undefined;
    const client = app.client({ cookie });
    let isAnswered = false;
    // Sent before it has connected: it comes right behind the connection.
    client.emit('read', () => {
      isAnswered = true;
    });
    await connected(client);
    // By the time that a later one is answered, the first one has been, or never will be.
    while (!(await isAnswering(client)));
    return isAnswered;
  },

  async 'Twenty concurrent increments add twenty'(app) {
    const { cookie, sessionId } = await app.logIn();
    const tabs = [await connect(app, cookie), await connect(app, cookie)];
    const counts = Array.from({ length: 10 }, () => tabs.map((tab) => ask(tab, 'count')));
    await Promise.all(counts.flat());
    return app.store.record(sessionId)?.n === 21;
  },

  async 'A save keeps what HTTP saved meanwhile'(app) {
    const { cookie, sessionId } = await app.logIn();
    const client = await connect(app, cookie);
    const work = app.holdWork();
    const changed = ask(client, 'change');
    await work.reached;
    await app.post('/set/http', cookie);
    work.open();
    await changed;
    return hasBoth(app, sessionId);
  },

  async 'An HTTP handler keeps what sockets saved meanwhile'(app) {
    const { cookie, sessionId } = await app.logIn();
    const client = await connect(app, cookie);
    const work = app.holdWork();
    const response = app.post('/set/http?slow', cookie);
    await work.reached;
    await ask(client, 'change');
    work.open();
    await response;
    return hasBoth(app, sessionId);
  },

  async 'A save does not undo a logout'(app) {
    const { cookie, sessionId } = await app.logIn();
    const client = await connect(app, cookie);
    const work = app.holdWork();
    const changed = ask(client, 'change');
    await work.reached;
    await app.post('/logout', cookie);
    work.open();
    await changed;
    return app.store.record(sessionId) === undefined;
  },

  async 'A logout disconnects the open sockets of its session'(app) {
    const { cookie } = await app.logIn();
    const client = await connect(app, cookie);
    const disconnected = new Promise<true>((resolve) => {
      client.once('disconnect', () => resolve(true));
    });
    await app.post('/logout', cookie);
    return Promise.race([disconnected, delay(grace, false)]);
  },

  async 'A page of a foreign origin gets no session'(app) {
    const { cookie } = await app.logIn();
    return !(await seesSession(app.client({ cookie, origin: 'https://foreign.example' })));
  },

  async 'A session id is accepted only if it is signed'(app) {
    const { sessionId } = await app.logIn();
    const [byCookie, byQuery] = await Promise.all([
      seesSession(app.client({ cookie: `connect.sid=${sessionId}` })),
      seesSession(app.client({}, { session_id: sessionId })),
    ]);
    return !(byCookie || byQuery);
  },
};

/** Whether a package hands over a session at all. */
export const handsOverSession: Probe = async (app) => {
  const { cookie } = await app.logIn();
  return (await ask(await connect(app, cookie), 'hasSession')) === true;
};

async function connect(app: PeerApp, cookie: string): Promise<Socket> {
  const client = app.client({ cookie });
  await connected(client);
  return client;
}

/** Sends an event and waits for the answer, which must come. */
function ask(client: Socket, event: string, ...args: unknown[]): Promise<unknown> {
  return client.timeout(patience).emitWithAck(event, ...args);
}

/** Whether an event is answered soon: its listener may not be there yet. */
async function isAnswering(client: Socket): Promise<boolean> {
  try {
    await client.timeout(100).emitWithAck('read');
    return true;
  } catch {
    return false;
  }
}

/** Whether a client is told something of the session; one that is refused is not. */
async function seesSession(client: Socket): Promise<boolean> {
  try {
    await connected(client);
  } catch {
    return false;
  }
  return (await ask(client, 'read')) !== null;
}

function hasBoth(app: PeerApp, sessionId: string): boolean {
  const record = app.store.record(sessionId) as Record<string, unknown> | undefined;
  return record?.http === 2 && record.socket === 1;
}
