import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import type { SocketSession } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { overHttp, type Visitor, Visits } from '../../support/visits.js';

const names = [
  'save',
  'update',
  'reload',
  'destroy',
  'regenerate',
  'touch',
  'resetMaxAge',
  'id',
  'req',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
] as const;

/** Its methods are those of a session, whatever the data is. */
const methods = ['save', 'update', 'reload', 'destroy', 'regenerate', 'touch', 'resetMaxAge'];

for (const name of names) {
  describe(`Data under the key \`${name}\``, () => {
    let store: MemoryStore;
    let app: App;
    let visits: Visits;
    let visitor: Visitor;

    /** The session is the first that the process opens: nothing may be learnt from its keys. */
    beforeEach(async () => {
      store = new MemoryStore();
      app = await App.start({ store, options: { touch: 0 } });
      visits = new Visits(app);
      const { cookie, sessionId } = await app.login();
      write(sessionId, (record) => {
        // A plain assignment would do something else for some names.
        Object.defineProperty(record, name, { value: { kept: [name] }, enumerable: true });
      });
      const client = await app.connect({ cookie });
      visitor = { cookie, sessionId, client, go: (work) => visits.go(client, work) };
    });
    afterEach(() => app.stop());

    function sessions(): Record<string, string> {
      return Reflect.get(store, 'sessions') as never;
    }
    function write(sessionId: string, change: (record: Record<string, unknown>) => void): void {
      const record = JSON.parse(sessions()[sessionId] ?? '');
      change(record);
      sessions()[sessionId] = JSON.stringify(record);
    }
    const stored = (): Record<string, unknown> =>
      JSON.parse(sessions()[visitor.sessionId] ?? '{}') as never;

    function expectMethods(session: SocketSession): void {
      for (const method of methods) {
        expect(Reflect.get(session, method), method).to.be.a('function');
      }
      expect(session.id).to.equal(visitor.sessionId);
      expect(Object.keys(session)).not.to.include(name);
      expect(String(session)).to.equal('[object Object]');
    }

    function expectKept(): void {
      expect(Object.hasOwn(stored(), name)).to.equal(true);
      expect(stored()[name]).to.deep.equal({ kept: [name] });
    }

    it('is kept, and hides no method, in an event', async () => {
      await visitor.go(expectMethods);
      expectKept();
    });

    it('is kept by save() of another key', async () => {
      await visitor.go(async (session) => {
        expectMethods(session);
        session.n = 5;
        await session.save();
        expectMethods(session);
      });
      expect(stored()).to.include({ n: 5 });
      expectKept();
    });

    it('is kept by update() of another key', async () => {
      await visitor.go((session) =>
        session.update((fresh) => {
          expectMethods(fresh);
          fresh.n = 5;
        }),
      );
      await app.expressionIO.update(visitor.sessionId, (session) => {
        expectMethods(session);
        session['test:job'] = 1;
      });
      expect(stored()).to.include({ n: 5, 'test:job': 1 });
      expectKept();
    });

    it('is kept by reload()', async () => {
      await visitor.go(async (session) => {
        await session.reload();
        expectMethods(session);
        session.n = 6;
        await session.save();
      });
      expect(stored()).to.include({ n: 6 });
      expectKept();
    });

    it('is kept by an update of a request', async () => {
      await overHttp(app, visitor.cookie, (request) =>
        app.expressionIO.update(request, (session) => {
          session.n = 7;
        }),
      );
      expect(stored()).to.include({ n: 7 });
      expectKept();
    });

    it('is stored where a listener sets it, and the method stays', async () => {
      await visitor.go(async (session) => {
        Reflect.set(session, name, 'set by a listener');
        expectMethods(session);
        await session.save();
      });
      expect(stored()[name]).to.equal('set by a listener');
      await visitor.go(expectMethods);
    });

    it('is stored after an update that ran while it was unsaved, and the method stays', async () => {
      await visitor.go(async (session) => {
        Reflect.set(session, name, 'set before an update');
        await session.update((updated) => {
          updated.n = 8;
        });
        expectMethods(session);
        await session.save();
      });
      expect(stored()).to.include({ n: 8, [name]: 'set before an update' });
    });

    it('is removed where a listener deletes it, and the method stays', async () => {
      await visitor.go(async (session) => {
        Reflect.deleteProperty(session, name);
        expectMethods(session);
        await session.save();
      });
      expect(Object.hasOwn(stored(), name)).to.equal(false);
    });

    it('does not keep a session from ending', async () => {
      await visitor.go((session) => session.destroy());
      expect(sessions()).not.to.have.property(visitor.sessionId);
    });
  });
}
