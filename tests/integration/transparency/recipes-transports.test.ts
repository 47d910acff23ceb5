import { once } from 'node:events';
import { expect } from 'chai';
import * as msgpackParser from 'socket.io-msgpack-parser';
import { App, type ClientSettings, received } from '../../support/app.js';
import { pair } from '../../support/pair.js';
import { barrier } from '../../support/waiting.js';

describe('What Socket.IO’s README shows works unchanged over every transport', () => {
  let app: App;
  let cookie: string;

  beforeEach(async () => {
    app = await App.start();
    ({ cookie } = await app.login());
  });

  afterEach(() => app.stop());

  for (const transport of ['polling', 'websocket'] as const) {
    describe(`over ${transport}`, () => {
      const settings = (): ClientSettings => ({ cookie, transports: [transport] });

      it('gives connections and events their session', async () => {
        const { client, raw, socket } = await pair(app, settings());
        socket.sessOn('who', (_err, session, ack) => ack(session?.visitor?.name));

        expect(raw.conn.transport.name).to.equal(transport);
        expect(await client.emitWithAck('who')).to.equal('Ada');
      });

      it('passes binary in both directions, as it came', async () => {
        const { client, socket } = await pair(app, settings());
        socket.sessOn('image', (_err, session, image, ack) => {
          ack({ of: session?.visitor?.name, image }, Buffer.from([4, 5]));
        });

        const answer = await new Promise<unknown[]>((resolve) => {
          client.emit('image', Buffer.from([1, 2, 3]), (...args: unknown[]) => resolve(args));
        });
        expect(answer).to.deep.equal([
          { of: 'Ada', image: Buffer.from([1, 2, 3]) },
          Buffer.from([4, 5]),
        ]);
      });

      it('emits binary', async () => {
        const { client, socket } = await pair(app, settings());
        const image = received(client, 'image');
        socket.emit('image', { deep: [Buffer.from([7])] });

        expect(await image).to.deep.equal([{ deep: [Buffer.from([7])] }]);
      });
    });
  }

  describe('when polling is upgraded to WebSocket', () => {
    const settings = (): ClientSettings => ({ cookie, transports: ['polling', 'websocket'] });

    it('goes on with the same socket and session', async () => {
      const { client, raw, socket } = await pair(app, settings());
      const names: unknown[] = [];
      socket.sessOn('who', (_err, session) => {
        names.push(session?.visitor?.name);
      });
      if (raw.conn.transport.name === 'polling') await once(raw.conn, 'upgrade');
      client.emit('who');
      await barrier(client, socket);

      expect(socket.conn.transport.name).to.equal('websocket');
      expect(names).to.deep.equal(['Ada']);
    });

    it('loses no event, and keeps their order', async () => {
      const { client, raw, socket } = await pair(app, settings());
      const seen: unknown[] = [];
      socket.sessOn('vote', (_err, _session, n) => seen.push(n));
      const sent: number[] = [];
      const send = (): void => {
        sent.push(sent.length);
        client.emit('vote', sent.length - 1);
      };
      send();
      client.io.engine.on('upgrading', send);
      client.io.engine.on('upgrade', send);
      if (raw.conn.transport.name === 'polling') await once(raw.conn, 'upgrade');
      if (client.io.engine.transport.name === 'polling') {
        await new Promise<void>((resolve) => client.io.engine.once('upgrade', () => resolve()));
      }
      send();
      await barrier(client, socket);

      expect(seen).to.deep.equal(sent);
      expect(sent.length).to.be.greaterThan(1);
    });
  });

  describe('with the parser socket.io-msgpack-parser', () => {
    let packed: App;

    beforeEach(async () => {
      packed = await App.start({ server: { parser: msgpackParser } });
      ({ cookie } = await packed.login());
    });

    afterEach(() => packed.stop());

    it('gives events their session, arguments and acknowledgement', async () => {
      const { client, socket } = await pair(packed, { cookie, parser: msgpackParser });
      socket.sessOn('vote', (_err, session, ...args) => {
        const ack: (...answer: unknown[]) => void = args.pop();
        ack(session?.visitor?.name, ...args);
      });

      const answer = await new Promise<unknown[]>((resolve) => {
        client.emit('vote', 0, '', null, { deep: Buffer.from([1]) }, (...args: unknown[]) =>
          resolve(args),
        );
      });
      expect(answer).to.deep.equal(['Ada', 0, '', null, { deep: Buffer.from([1]) }]);
    });

    it('broadcasts', async () => {
      const { socket } = await pair(packed, { cookie, parser: msgpackParser });
      const { client } = await pair(packed, { cookie, parser: msgpackParser });
      const news = received(client, 'news');
      socket.broadcast.emit('news', { a: 1 });

      expect(await news).to.deep.equal([{ a: 1 }]);
    });
  });
});
