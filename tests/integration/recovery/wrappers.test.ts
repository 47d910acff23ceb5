import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import sinon from 'sinon';
import type { SessionNamespace } from '../../../source/index.js';
import { App, secret } from '../../support/app.js';
import { holdReads } from '../../support/held-reads.js';
import { type Pair, pair } from '../../support/pair.js';
import { disconnection, loseConnection, recovering } from '../../support/recovery.js';
import { ControlledStore } from '../../support/stores.js';

describe('Recovery is not a bypass, in a namespace that is wrapped as well as its parent', () => {
  let app: App;
  let store: ControlledStore;
  let parse: sinon.SinonSpy;
  let cookie: string;
  let parent: SessionNamespace;
  let child: SessionNamespace;
  let client: Pair['client'];
  let calls: unknown[];

  beforeEach(async () => {
    calls = [];
    store = new ControlledStore();
    const parser = sinon.spy(cookieParser(secret));
    parse = parser as unknown as sinon.SinonSpy;
    app = await App.start({ store, server: recovering, cookieParser: parser });
    ({ cookie } = await app.login());
    parent = app.expressionIO.of(/^\/room-\d+$/);
    child = app.expressionIO.of('/room-1');
    const ends = await pair(app, { cookie, namespace: '/room-1' });
    ({ client } = ends);
    await loseConnection(client, ends.raw);
  });

  afterEach(() => app.stop());

  it('tells the `connection` listeners of both', async () => {
    const told = [announcement(parent), announcement(child)];
    client.connect();

    const sockets = await Promise.all(told);
    expect(sockets[0]).to.equal(sockets[1]);
  });

  it('tells the `connection` listeners of both, also where they wait for the same read', async () => {
    const tab = await pair(app, { cookie });
    tab.socket.sessOn('vote', () => {});
    const release = holdReads(store);
    const voted = new Promise<void>((resolve) => tab.raw.on('vote', () => resolve()));
    tab.client.emit('vote');
    await voted;
    const told = [announcement(parent), announcement(child)];
    const connected = new Promise<void>((resolve) => client.once('connect', () => resolve()));
    client.connect();
    await connected;
    release();

    await Promise.all(told);
  });

  it('asks the `authorization` of both once, with the session', async () => {
    for (const wrapper of [parent, child]) {
      wrapper.authorization((_err, session) => Boolean(calls.push(session?.visitor?.name)));
    }
    const told = [announcement(parent), announcement(child)];
    client.connect();
    await Promise.all(told);

    expect(calls).to.deep.equal(['Ada', 'Ada']);
  });

  it('parses the cookie once', async () => {
    parse.resetHistory();
    const told = [announcement(parent), announcement(child)];
    client.connect();
    await Promise.all(told);

    expect(parse.callCount).to.equal(1);
  });

  for (const refuses of ['parent', 'child'] as const) {
    it(`announces a client to neither where the ${refuses} refuses it`, async () => {
      const [refusing, other] = refuses === 'parent' ? [parent, child] : [child, parent];
      other.on('connection', () => calls.push('connection'));
      refusing.authorization(() => false);
      const disconnected = disconnection(client);
      client.connect();

      expect(await disconnected).to.equal('io server disconnect');
      expect(calls).to.deep.equal([]);
    });
  }

  it('gives the `connection` listeners of both the session as it is after the last `authorization`', async () => {
    parent.on('connection', (_err, session) => calls.push(session?.n));
    child.authorization(async (_err, session) => {
      if (!session) return false;
      session.n = 7;
      await session.save();
      return true;
    });
    child.on('connection', (_err, session) => calls.push(session?.n));
    const told = [announcement(parent), announcement(child)];
    client.connect();
    await Promise.all(told);

    expect(calls).to.deep.equal([7, 7]);
  });
});

/** Waits for the next connection that the listeners of a wrapper are told of. */
function announcement(wrapper: SessionNamespace): Promise<unknown> {
  return new Promise((resolve) => {
    wrapper.on('connection', (_err, _session, socket) => resolve(socket));
  });
}
