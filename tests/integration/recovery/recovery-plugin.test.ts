import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import type { Socket } from 'socket.io';
import { type App, useApps } from '../../support/app.js';
import { type Pair, pair } from '../../support/pair.js';
import { loseConnection, packets, reconnect, recovering } from '../../support/recovery.js';
import { until } from '../../support/waiting.js';

/** Delivers events past whatever was put in place of `onevent`, as some plugins do. */
function bypassBuffer(raw: Socket): void {
  const own: unknown = Reflect.get(Object.getPrototypeOf(raw), 'onevent');
  Reflect.set(raw, 'onevent', (packet: unknown) => Reflect.apply(own as () => void, raw, [packet]));
}

/** Gives each event an asynchronous context of its own, as tracers do. */
function traceEvents(raw: Socket, context: AsyncLocalStorage<unknown>): void {
  const receive = Reflect.get(raw, 'onevent') as unknown as (packet: { data: unknown[] }) => void;
  Reflect.set(raw, 'onevent', (packet: { data: unknown[] }) =>
    context.run(packet.data[1], () => Reflect.apply(receive, raw, [packet])),
  );
}

describe('Recovery is not a bypass, with a plugin that replaces `onevent`', () => {
  const start = useApps();

  for (const isAllowed of [true, false]) {
    const outcome = isAllowed ? 'each once afterwards' : 'none if it refuses';
    it(`calls no listener before \`authorization\` has agreed again, and ${outcome}`, async () => {
      const app = await start({ server: recovering });
      let answer = (_isAllowed: boolean): void => {};
      let verdict: true | Promise<boolean> = true;
      let asked = 0;
      const { sockets } = app.expressionIO;
      sockets.authorization(() => {
        asked++;
        return verdict;
      });
      const { client, raw } = await pair(app, { cookie: (await app.login()).cookie });
      await loseConnection(client, raw);

      verdict = new Promise((resolve) => {
        answer = resolve;
      });
      const calls: number[] = [];
      app.io.on('connection', (recovered) => {
        bypassBuffer(recovered);
        recovered.on('test:barrier', (ack: () => void) => ack());
        sockets
          .socketOf(recovered)
          .sessOn('test:event', (_err, _session, count) => calls.push(count));
      });
      await reconnect(client);
      expect(client.recovered).to.equal(true);
      await until(() => asked === 2);
      for (let count = 0; count < 5; count++) {
        client.emit('test:event', count);
        await client.emitWithAck('test:barrier');
      }
      expect(calls).to.deep.equal([]);

      const left = new Promise((resolve) => client.once('disconnect', resolve));
      answer(isAllowed);
      if (isAllowed) {
        await until(() => calls.length === 5);
        expect(calls).to.deep.equal([0, 1, 2, 3, 4]);
      } else {
        expect(await left).to.equal('io server disconnect');
        expect(calls).to.deep.equal([]);
      }
    });
  }

  it('closes the transport of a client that sends more than `maxPending` events before that', async () => {
    const app = await start({ server: recovering, options: { maxPending: 3 } });
    let verdict: true | Promise<boolean> = true;
    const { sockets } = app.expressionIO;
    sockets.authorization(() => verdict);
    const { client, raw } = await pair(app, { cookie: (await app.login()).cookie });
    await loseConnection(client, raw);

    verdict = new Promise(() => {});
    app.io.on('connection', (recovered) => {
      bypassBuffer(recovered);
      recovered.on('test:barrier', (ack: () => void) => ack());
      sockets.socketOf(recovered).sessOn('test:event', () => {});
    });
    await reconnect(client);
    const left = new Promise((resolve) => client.once('disconnect', resolve));
    for (let count = 0; count < 3; count++) client.emit('test:event');
    await client.emitWithAck('test:barrier');
    client.emit('test:event');
    expect(await left).to.equal('transport close');
  });
});

describe('The events of a recovered socket that a plugin delivers before its admission', () => {
  const start = useApps();
  const megabyte = 1_000_000;
  const errors: unknown[] = [];
  let client: Pair['client'];
  let recovered: Socket;
  let admit: (isAllowed: boolean) => void;
  let cookie: string;
  let app: App;

  beforeEach(async () => {
    errors.length = 0;
    app = await start({ server: recovering, options: { maxPending: 4 } });
    let verdict: true | Promise<boolean> = true;
    const { sockets } = app.expressionIO;
    sockets.authorization(() => verdict);
    ({ cookie } = await app.login());
    const first = await pair(app, { cookie });
    ({ client } = first);
    await loseConnection(client, first.raw);

    verdict = new Promise((resolve) => {
      admit = (isAllowed) => {
        verdict = true;
        resolve(isAllowed);
      };
    });
    app.io.on('connection', (raw) => {
      recovered = raw;
      bypassBuffer(raw);
      const socket = sockets.socketOf(raw);
      socket.sessOn('test:event', (err) => errors.push(err));
      socket.sessOn('test:event', () => {});
    });
    await reconnect(client);
  });

  /** Has the socket receive an event, as if its client had sent it: Socket.IO emits it in a later tick. */
  async function receive(raw: Socket, ...args: unknown[]): Promise<void> {
    const onevent: unknown = Reflect.get(raw, 'onevent');
    Reflect.apply(onevent as () => void, raw, [{ type: 2, data: ['test:event', ...args] }]);
    await new Promise((resolve) => setImmediate(resolve));
  }

  it('are limited by their size: the transport of the client is closed', async () => {
    const left = new Promise((resolve) => client.once('disconnect', resolve));
    for (let count = 0; count < 2; count++) await receive(recovered, Buffer.alloc(10 * megabyte));
    expect(await left).to.equal('transport close');
  });

  it('are each counted once, however many listeners they have, and no longer when admitted', async () => {
    for (let count = 0; count < 3; count++) await receive(recovered);
    admit(true);
    await until(() => errors.length === 3);
    for (let count = 0; count < 3; count++) await receive(recovered);
    await until(() => errors.length === 6);
    expect(errors).to.deep.equal([null, null, null, null, null, null]);
  });

  for (const end of ['leaves', 'is refused'] as const) {
    it(`are counted no longer when the client ${end}`, async () => {
      await receive(recovered, Buffer.alloc(250 * megabyte));
      const left = new Promise((resolve) => recovered.once('disconnect', resolve));
      if (end === 'leaves') client.disconnect();
      else admit(false);
      await left;
      admit(false);
      const { raw } = await pair(app, { cookie });
      await receive(raw);
      await receive(raw, Buffer.alloc(10 * megabyte));
      await until(() => errors.length === 2);
      expect(errors).to.deep.equal([null, null]);
    });
  }
});

describe('The events of a recovered socket that is not admitted yet', () => {
  const start = useApps();

  it('are delivered in their own asynchronous contexts', async () => {
    const app = await start({ server: recovering });
    const context = new AsyncLocalStorage<unknown>();
    const { sockets } = app.expressionIO;
    let admitted = Promise.resolve();
    sockets.authorization(async () => {
      await admitted;
      return true;
    });
    const { client, raw } = await pair(app, { cookie: (await app.login()).cookie });
    await loseConnection(client, raw);

    const seen: unknown[] = [];
    app.io.on('connection', (recovered) => {
      traceEvents(recovered, context);
      const socket = sockets.socketOf(recovered);
      socket.onAny((_event, id) => seen.push(['any', id, context.getStore()]));
      socket.on('test:bare', (id) => seen.push(['bare', id, context.getStore()]));
      socket.sessOn('test:event', (_err, _session, id) => {
        seen.push(['session', id, context.getStore()]);
      });
    });
    admitted = packets(app, 2);
    client.once('connect', () => client.emit('test:bare', 1).emit('test:event', 2));
    await reconnect(client);
    await until(() => seen.length === 4);
    expect(client.recovered).to.equal(true);
    expect(seen).to.deep.equal([
      ['any', 1, 1],
      ['any', 2, 2],
      ['bare', 1, 1],
      ['session', 2, 2],
    ]);
  });
});
