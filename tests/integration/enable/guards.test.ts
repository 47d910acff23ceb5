/**
 * @module `enable` next to other writers: it erases nothing, revives no session, and its clients get
 * `sinvalid` when their sessions end.
 */

import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { useApps } from '../../support/app.js';
import { expectNoCrash } from '../../support/crashes.js';
import {
  enablePerConnection,
  enablePerMessage,
  nextConnection,
  stored,
  written,
} from '../../support/sessions.js';
import { until } from '../../support/waiting.js';

type Ack = (...args: unknown[]) => void;

describe('`enable` next to other writers', () => {
  const start = useApps();
  expectNoCrash();

  describe('per connection', () => {
    it('keeps what others wrote meanwhile', async () => {
      const app = await start();
      const sessions = enablePerConnection(app);
      sessions.on('sconnection', (_client, session) => {
        session['test:socket'] = 'changed';
      });
      app.express.post('/change', (request, response) => {
        request.session['test:http'] = 'changed';
        response.end();
      });
      const { cookie, sessionId } = await app.login();
      const told = nextConnection(sessions);
      const remote = await app.connect({ cookie });
      await told;
      await fetch(`${app.url}/change`, { method: 'POST', headers: { cookie } });
      const saved = written(app.store);
      remote.disconnect();
      await saved;
      expect(await stored(app.store, sessionId)).to.include({
        'test:http': 'changed',
        'test:socket': 'changed',
      });
    });

    it('does not revive a session that was logged out', async () => {
      const errors: unknown[] = [];
      const app = await start();
      const sessions = enablePerConnection(app, {
        onSessionEnd: 'ignore',
        onError: (error) => errors.push(error),
      });
      const left = new Promise<void>((resolve) => {
        sessions.on('sconnection', (client, session) => {
          session.n = 99;
          client.on('disconnect', () => resolve());
        });
      });
      const { cookie, sessionId } = await app.login();
      const told = nextConnection(sessions);
      const remote = await app.connect({ cookie });
      await told;
      await app.logout(cookie);
      remote.disconnect();
      await left;
      await setImmediate();
      expect(await stored(app.store, sessionId)).to.equal(null);
      expect(errors).to.deep.equal([]);
    });
  });

  describe('per message', () => {
    it('loses nothing where several servers share the store', async () => {
      const one = await start();
      const other = await start({ store: one.store });
      for (const app of [one, other]) {
        enablePerMessage(app).on('sconnection', (client) => {
          client.on('smessage', async (_message, session, ack) => {
            const { n = 0 } = session;
            await setImmediate();
            session.n = n + 1;
            (ack as Ack)();
          });
        });
      }
      const { cookie, sessionId } = await one.login();
      const remotes = [await one.connect({ cookie }), await other.connect({ cookie })];
      await Promise.all(
        Array.from({ length: 40 }, (_, at) => remotes[at % 2]?.emitWithAck('message', at)),
      );
      await until(async () => (await stored(one.store, sessionId))?.n === 40);
    });

    it('does not revive a session that its listener ends', async () => {
      const app = await start();
      const sessions = enablePerMessage(app);
      const codes: string[] = [];
      sessions.on('sinvalid', (_client, error) => codes.push(error.code));
      const done = new Promise<void>((resolve) => {
        sessions.on('sconnection', (client) => {
          client.on('smessage', async (_message, session) => {
            session.n = 99;
            await session.destroy();
            resolve();
          });
        });
      });
      const { cookie, sessionId } = await app.login();
      const remote = await app.connect({ cookie });
      remote.send('log me out');
      await done;
      await new Promise((resolve) => remote.once('disconnect', resolve));
      expect(await stored(app.store, sessionId)).to.equal(null);
      expect(codes).to.have.length(1);
    });
  });

  for (const [how, enable] of [
    ['per connection', enablePerConnection],
    ['per message', enablePerMessage],
  ] as const) {
    it(`tells \`sinvalid\` when the session ends later, ${how}, in time for instructions`, async () => {
      const app = await start();
      const sessions = enable(app) as ReturnType<typeof enablePerConnection>;
      const told: unknown[] = [];
      sessions.on('sinvalid', (client, error) => {
        told.push(error.code, error.message);
        client.send('please refresh');
      });
      const welcome = new Promise<void>((resolve) => sessions.on('sconnection', () => resolve()));
      const { cookie } = await app.login();
      const remote = await app.connect({ cookie });
      await welcome;
      const events: unknown[] = [];
      remote.on('message', (message) => events.push(message));
      const gone = new Promise<void>((resolve) => {
        remote.on('disconnect', () => {
          events.push('disconnect');
          resolve();
        });
      });
      await app.logout(cookie);
      await gone;
      expect(events).to.deep.equal(['please refresh', 'disconnect']);
      expect(told).to.deep.equal(['ERR_SESSION_NOT_FOUND', 'The session has ended: destroyed']);
    });
  }
});
