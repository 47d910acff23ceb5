import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { type App, useApps } from '../../support/app.js';
import { enablePerMessage } from '../../support/sessions.js';
import { barrier } from '../../support/waiting.js';

describe('Transparent: a client of `enable` is `this` of what is registered through it', () => {
  const start = useApps();

  /** Connects, and waits for the client that `sconnection` gives. */
  async function connect(app: App): Promise<{ client: Socket; remote: ReturnType<App['client']> }> {
    const told = new Promise<Socket>((resolve) => {
      // It is a socket at run time.
      enablePerMessage(app).on('sconnection', (client) => resolve(client as unknown as Socket));
    });
    const remote = await app.connect(await app.login());
    return { client: await told, remote };
  }

  it('in listeners and acknowledgements', async () => {
    const { client, remote } = await connect(await start());
    const seen: unknown[] = [];
    const listener = function (this: unknown): void {
      seen.push(this === client);
    };
    client.on('vote', listener).once('vote', listener).onAny(listener);
    remote.on('question', (answer) => answer());
    await new Promise((resolve) => {
      client.emit('question', function (this: unknown) {
        seen.push(this === client);
        resolve(undefined);
      });
    });
    remote.emit('vote');
    await barrier(remote, client);

    // Two events come to the listener of any.
    expect(seen).to.deep.equal([true, true, true, true, true]);
    expect(client.listeners('vote')).to.deep.equal([listener]);
    expect(client.listenersAny()).to.deep.equal([listener]);
  });

  it('and what is put on it reads back, and is taken away', async () => {
    const { client } = await connect(await start());
    const sent: unknown[] = [];
    const { emit, on } = client;
    const put = function (this: Socket, ...args: Parameters<typeof emit>): boolean {
      sent.push([this === client, args[0]]);
      return emit.apply(this, args);
    };
    client.emit = put;
    client.on = (...args) => on.apply(client, args);
    const listener = (): void => {};
    client.on('vote', listener).send('hello');

    expect(client.emit).to.equal(put);
    expect(sent).to.deep.equal([[true, 'message']]);
    client.off('vote', listener).offAny(listener);
    Reflect.deleteProperty(client, 'emit');
    expect([client.emit, client.listenerCount('vote')]).to.deep.equal([emit, 0]);
  });
});
