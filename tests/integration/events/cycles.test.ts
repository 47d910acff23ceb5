import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { restore, spy } from 'sinon';
import type { SessionSocket, SocketSession } from '../../../source/index.js';
import { LiveSessions } from '../../../source/session/live-sessions.js';
import { App } from '../../support/app.js';
import { SlowStore } from '../../support/slow-store.js';
import { until } from '../../support/waiting.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Waits until all but some of the objects are collected as garbage. */
async function untilCollected(things: readonly WeakRef<object>[], most: number): Promise<void> {
  await until(() => {
    // An object that was reached by a `WeakRef` is kept until the end of that turn of the event loop.
    collectGarbage();
    return things.filter((thing) => thing.deref() !== undefined).length <= most;
  });
}

describe('After 1,000 clients have come and gone', () => {
  let app: App;
  let indexes: LiveSessions[];
  let sockets: WeakRef<SessionSocket>[];
  let sessions: WeakRef<SocketSession>[];

  before(async function () {
    this.timeout(120_000);
    const joined = spy(LiveSessions.prototype, 'join');
    app = await App.start({ store: new SlowStore() });
    sockets = [];
    sessions = [];
    for (const name of ['/', '/news']) {
      app.expressionIO.of(name).on('connection', (_err, _session, socket) => {
        sockets.push(new WeakRef(socket));
        socket.on('sessionend', () => {});
        socket.sessOn('disconnect', () => {});
        socket.sessOn('go', async (err, session, ack) => {
          if (err) return ack(err.code);
          sessions.push(new WeakRef(session));
          await session.update((fresh) => {
            fresh.n = (fresh.n ?? 0) + 1;
          });
          ack();
        });
      });
    }
    const visitors = await Promise.all(Array.from({ length: 20 }, () => app.login()));
    await Promise.all(
      visitors.map(async ({ cookie }) => {
        for (let cycle = 0; cycle < 50; cycle++) {
          const client = await app.connect({ cookie, namespace: cycle % 2 ? '/' : '/news' });
          // Half of them leave while their event is at work.
          if (cycle % 4 > 1) await client.emitWithAck('go');
          else client.emit('go');
          client.disconnect();
        }
      }),
    );
    const namespaces = [app.io.of('/'), app.io.of('/news')];
    await until(() => namespaces.every(({ sockets }) => sockets.size === 0));
    indexes = [...new Set(joined.thisValues)];
    restore();
  });
  after(() => app?.stop());

  it('no session is watched any more', async () => {
    expect(sockets).to.have.length(1_000);
    expect(indexes).to.have.length(1);
    await until(() => indexes.every(({ size }) => size === 0));
  });

  it('no socket is kept', async () => {
    await untilCollected(sockets, 20);
  });

  it('no session object is kept', async () => {
    expect(sessions.length).to.be.above(400);
    await untilCollected(sessions, 20);
  });

  it('nobody listens to the adapters more than once', () => {
    for (const name of ['/', '/news']) {
      expect(app.io.of(name).adapter.listenerCount('leave-room')).to.equal(1);
    }
  });

  it('no room is left', () => {
    for (const name of ['/', '/news']) expect(app.io.of(name).adapter.rooms.size).to.equal(0);
  });
});
