import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { App, received } from '../../support/app.js';
import { ControlledStore } from '../../support/stores.js';

describe('Fresh: a session comes from a read that was issued after its event arrived', () => {
  let store: ControlledStore;
  let app: App;

  beforeEach(async () => {
    store = new ControlledStore();
    app = await App.start({ store });
  });
  afterEach(() => app.stop());

  it('shows an event what HTTP has saved since the client connected', async () => {
    app.express.post('/raise', (request, response) => {
      request.session.n = 41;
      response.end();
    });
    app.expressionIO.sockets.on('connection', (err, session, socket) => {
      expect(err ?? session.n).to.equal(0);
      socket.sessOn('tell', (err, session, ack) => ack(err ? err.code : session.n));
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });

    expect(await client.emitWithAck('tell')).to.equal(0);
    await fetch(`${app.url}/raise`, { method: 'POST', headers: { cookie } });
    expect(await client.emitWithAck('tell')).to.equal(41);
  });

  it('shows an event what another socket has saved before', async () => {
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('increment', async (err, session, ack) => {
        if (err) return ack(err.code);
        session.n = (session.n ?? 0) + 1;
        await session.save();
        ack(session.n);
      });
    });
    const { cookie } = await app.login();
    const [one, two] = await Promise.all([app.connect({ cookie }), app.connect({ cookie })]);

    expect(await one.emitWithAck('increment')).to.equal(1);
    expect(await two.emitWithAck('increment')).to.equal(2);
    expect(await one.emitWithAck('increment')).to.equal(3);
  });

  it('gives an error when the session has ended meanwhile', async () => {
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', (err, session, ack) => ack(err ? err.code : session.n));
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });

    await app.logout(cookie);
    expect(await client.emitWithAck('tell')).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('never lets an event join a read that was issued before it', async () => {
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('tell', (err, session, ack) => ack(err ? err.code : session.n));
      socket.on('ping', (ack) => ack());
    });
    const { cookie, sessionId } = await app.login();
    const client = await app.connect({ cookie });

    // The first read has its answer, 0, but keeps it to itself until the second event has come.
    let answer = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      store.onGet = (id, callback) => {
        store.onGet = undefined;
        store.get(id, (error, session) => {
          answer = () => callback(error, session);
          resolve();
        });
      };
    });
    const first = client.emitWithAck('tell');
    await isAsked;
    await new Promise<void>((resolve, reject) => {
      store.get(sessionId, (error, session) => {
        if (error || !session) return reject(error);
        store.set(sessionId, { ...session, n: 7 }, () => resolve());
      });
    });
    const second = client.emitWithAck('tell');
    await client.emitWithAck('ping');
    answer();

    expect(await first).to.equal(0);
    expect(await second).to.equal(7);
  });

  it('reads the session of a connection after the last authorization agreed', async () => {
    app.expressionIO.sockets
      .authorization(async (_err, session) => {
        if (!session) return false;
        session.n = 5;
        await session.save();
        return true;
      })
      .on('connection', (err, session, socket) => socket.emit('n', err ? err.code : session.n));
    const { cookie } = await app.login();

    const client = app.client({ cookie });
    expect(await received(client, 'n')).to.deep.equal([5]);
  });

  it('gives each call a session object of its own, nested values included', async () => {
    const tags: string[][] = [];
    const listen = (err: unknown, session: { visitor?: { tags: string[] } } | null): void => {
      session?.visitor?.tags.push('mine');
      tags.push(err ? [] : (session?.visitor?.tags ?? []));
    };
    app.expressionIO.sockets.authorization((err, session) => {
      listen(err, session);
      return true;
    });
    app.expressionIO.sockets.on('connection', (err, session) => listen(err, session));
    app.expressionIO.sockets.on('connection', (err, session, socket) => {
      listen(err, session);
      socket.sessOn('go', (err, session) => listen(err, session));
      socket.sessOn('go', (err, session, ack) => {
        listen(err, session);
        ack();
      });
    });
    const { cookie } = await app.login();
    const client = await app.connect({ cookie });
    await Promise.all([client.emitWithAck('go'), client.emitWithAck('go')]);

    expect(tags).to.have.length(7);
    for (const list of tags) expect(list).to.deep.equal(['mine']);
    expect(new Set(tags).size).to.equal(7);
  });

  it('protects a store that gives out the very object that it holds', async () => {
    const { cookie, sessionId } = await app.login();
    const held = await new Promise<SessionData>((resolve, reject) => {
      store.get(sessionId, (error, session) => (session ? resolve(session) : reject(error)));
    });
    store.onGet = (_id, callback) => callback(null, held);
    app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
      socket.sessOn('change', (err, session, ack) => {
        if (err) return ack(err.code);
        session.n = 99;
        session.visitor?.tags.push('unsaved');
        ack();
      });
    });
    const client = await app.connect({ cookie });
    await client.emitWithAck('change');

    expect(held.n).to.equal(0);
    expect(held.visitor?.tags).to.deep.equal([]);
  });
});
