/**
 * @module The client for tickets, whose connection goes while it fetches one.
 */

import { expect } from 'chai';
import type { Socket as Client } from 'socket.io-client';
import { SessionSocket } from '../../../source/socket.io-sessions/client/index.js';
import { type App, connected, useApps } from '../../support/app.js';
import { disconnection } from '../../support/recovery.js';

describe('A client that waits for its ticket', () => {
  const startApp = useApps();
  const settings = {
    forceNew: true,
    transports: ['websocket'],
    reconnectionDelay: 10,
    reconnectionDelayMax: 10,
  };
  let app: App;
  let sessionId: string;
  let clients: Client[];
  /** What the server saw of its sockets. */
  let seen: string[];

  beforeEach(async () => {
    clients = [];
    seen = [];
    app = await startApp({ options: { ticket: {} } } as Parameters<typeof startApp>[0]);
    ({ sessionId } = await app.login());
    for (const name of ['/', '/chat']) {
      app.io.of(name).use((_raw, next) => {
        seen.push(`asked ${name}`);
        next();
      });
      app.expressionIO.of(name).on('connection', (_err, _session, socket) => {
        seen.push(name);
        socket.on('disconnect', () => seen.push(`left ${name}`));
        socket.on('test:barrier', (acknowledge: () => void) => acknowledge());
      });
    }
  });
  afterEach(() => {
    for (const client of clients) client.disconnect();
  });

  it('sends it once where the connection is lost meanwhile, and another one is being opened', async () => {
    let sendFirst = (_ticket: string): void => {};
    const first = new Promise<string>((resolve) => {
      sendFirst = resolve;
    });
    const second = app.expressionIO.ticket(sessionId);
    const tickets = [first, second];
    const client = await new Promise<Client>((resolve) => {
      const made: Client = new SessionSocket(
        () => {
          resolve(made);
          return tickets.shift() ?? second;
        },
        app.url,
        settings,
      );
      clients.push(made);
    });
    const opening = new Promise<() => void>((resolve) => {
      let isFirst = true;
      app.io.engine.use((_request: unknown, _response: unknown, next: () => void) => {
        if (isFirst) resolve(next);
        else next();
        isFirst = false;
      });
    });
    client.io.engine.close();
    const open = await opening;
    sendFirst(await app.expressionIO.ticket(sessionId));
    await new Promise(setImmediate);
    open();
    await connected(client);
    await Promise.race([client.emitWithAck('test:barrier'), disconnection(client)]);

    expect(seen).to.deep.equal(['asked /', '/']);
  });

  it('sends none where it is disconnected meanwhile', async () => {
    const page = new SessionSocket(() => app.expressionIO.ticket(sessionId), app.url, {
      ...settings,
      forceNew: false,
    });
    clients.push(page);
    await connected(page);
    let send = (_ticket: string): void => {};
    const asked = new Promise<void>((resolve) => {
      const source = (): Promise<string> => {
        resolve();
        return new Promise((found) => {
          send = found;
        });
      };
      clients.push(new SessionSocket(source, `${app.url}/chat`, { ...settings, forceNew: false }));
    });
    await asked;
    clients.at(-1)?.disconnect();
    send(await app.expressionIO.ticket(sessionId));
    await new Promise(setImmediate);
    const other = page.io.socket('/other');
    app.io.of('/other');
    clients.push(other);
    await connected(other.connect());

    expect(seen).to.deep.equal(['asked /', '/']);
  });
});
