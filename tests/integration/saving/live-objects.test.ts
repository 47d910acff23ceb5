import { expect } from 'chai';
import type { SessionData } from 'express-session';
import { App } from '../../support/app.js';
import { LiveStore } from '../../support/live-store.js';
import { overHttp, type Visitor, Visits } from '../../support/visits.js';

describe('With a store that returns the objects that it keeps', () => {
  let store: LiveStore;
  let app: App;
  let visitor: Visitor;

  beforeEach(async () => {
    store = new LiveStore();
    app = await App.start({ store, options: { touch: false } });
    visitor = await new Visits(app).visitor();
  });
  afterEach(() => app.stop());

  const record = (): SessionData | undefined => store.sessions.get(visitor.sessionId);
  /** What a request does to nested values, in place. */
  const push = (tag: string): Promise<unknown> =>
    overHttp(app, visitor.cookie, ({ session }) => {
      session.visitor?.tags.push(tag);
    });

  it('what a request changed in place survives a save of another key', async () => {
    await visitor.go(async (session) => {
      session.n = 1;
      await push('http');
      await session.save();
    });
    expect(record()).to.have.property('n', 1);
    expect(record()).to.have.nested.property('visitor.tags').that.deep.equals(['http']);
  });

  it('it survives where the listener has read the value before', async () => {
    await visitor.go(async (session) => {
      expect(session.visitor?.tags).to.deep.equal([]);
      JSON.stringify(session);
      session.n = 1;
      await push('http');
      await session.save();
    });
    expect(record()).to.have.nested.property('visitor.tags').that.deep.equals(['http']);
  });

  it('it survives an update of another key', async () => {
    await visitor.go(async (session) => {
      JSON.stringify(session);
      await push('http');
      await session.update((fresh) => {
        fresh.n = 2;
      });
      expect(session.visitor?.tags).to.deep.equal(['http']);
    });
    expect(record()).to.have.nested.property('visitor.tags').that.deep.equals(['http']);
  });

  it('what a listener changes and does not save is seen by no one else', async () => {
    await visitor.go(async (session) => {
      session.visitor?.tags.push('unsaved');
      session.cookie.path = '/unsaved';
    });
    const tags = await visitor.go((session) => session.visitor?.tags);
    expect(tags).to.deep.equal([]);
    expect(record()).to.have.nested.property('visitor.tags').that.deep.equals([]);
    expect(record()).to.have.nested.property('cookie.path', '/');
  });

  it('what a listener changes after a save is seen by no one else', async () => {
    await visitor.go(async (session) => {
      session.visitor?.tags.push('saved');
      await session.save();
      session.visitor?.tags.push('unsaved');
    });
    expect(record()).to.have.nested.property('visitor.tags').that.deep.equals(['saved']);
  });

  it('what a request did to the cookie in place is not undone by a save of the cookie', async () => {
    await visitor.go(async (session) => {
      const { cookie } = session;
      expect(cookie.sameSite).to.equal(undefined);
      const live = record()?.cookie;
      if (live) live.sameSite = 'strict';
      session.n = 4;
      await session.save();
    });
    expect(record()).to.have.property('n', 4);
    expect(record()).to.have.nested.property('cookie.sameSite', 'strict');
  });
});
