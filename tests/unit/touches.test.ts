import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { LiveSession } from '../../source/session/live-session.js';
import { Snapshot } from '../../source/session/snapshot.js';
import { Touches } from '../../source/session/touches.js';
import { Write } from '../../source/session/write.js';
import { WriteTurns } from '../../source/session/write-turns.js';
import type { SessionEndReason } from '../../source/types/session.js';

const id = 'a session';
const write = new Write(id);

describe('Touches', () => {
  let clock: SinonFakeTimers;
  let touched: string[];
  let live: LiveSession | undefined;
  /** Why the session has ended since it was read, if it has. */
  let end: SessionEndReason | undefined;
  /** What the store does with a touch. */
  let store: () => Promise<void>;
  let canTouch: boolean;

  beforeEach(() => {
    clock = useFakeTimers({
      now: 1_000_000,
      toFake: ['performance', 'setTimeout', 'clearTimeout'],
    });
    clock.tick(1_000_000);
    touched = [];
    live = undefined;
    end = undefined;
    store = async () => {};
    canTouch = true;
  });
  afterEach(() => clock.restore());

  function create(interval: number | false = 60_000): Touches {
    return new Touches({
      writes: {
        canTouch,
        touch: ({ sessionId }) => {
          touched.push(sessionId);
          return store();
        },
      },
      turns: new WriteTurns({ storeTimeout: 1_000, maxPending: 10 }),
      live: { find: () => live, endSince: () => end },
      options: { touch: interval },
    });
  }

  function snapshot(options: { isNew?: boolean } = {}, cookie: object = {}): Snapshot {
    return new Snapshot({ cookie }, options);
  }

  it('touch a session at its first use, and again when the interval is over', async () => {
    const touches = create();
    const session = new LiveSession(id);
    await touches.countActivity(session, snapshot());
    clock.tick(59_999);
    expect(touches.countActivity(session, snapshot())).to.equal(undefined);
    clock.tick(1);
    await touches.countActivity(session, snapshot());
    expect(touched).to.deep.equal([id, id]);
  });

  it('remember a session whose last socket went, until the interval is over', async () => {
    const touches = create();
    await touches.countActivity(new LiveSession(id), snapshot());
    clock.tick(59_999);
    expect(touches.countActivity(new LiveSession(id), snapshot())).to.equal(undefined);
    await touches.countActivity(new LiveSession('another'), snapshot());
    clock.tick(1);
    await touches.countActivity(new LiveSession(id), snapshot());
    expect(touched).to.deep.equal([id, 'another', id]);
  });

  it('count from the touch, and not from when its session came again', async () => {
    const touches = create();
    await touches.countActivity(new LiveSession(id), snapshot());
    clock.tick(40_000);
    const session = new LiveSession(id);
    expect(touches.countActivity(session, snapshot())).to.equal(undefined);
    clock.tick(20_000);
    await touches.countActivity(session, snapshot());
    expect(touched).to.have.length(2);
  });

  it('take all events that share a read for one use', async () => {
    const touches = create(0);
    const session = new LiveSession(id);
    const shared = snapshot();
    await touches.countActivity(session, shared);
    expect(touches.countActivity(session, shared)).to.equal(undefined);
    await touches.countActivity(session, snapshot());
    expect(touched).to.have.length(2);
  });

  it('touch no session that is not stored yet, and none at all without an interval', () => {
    const session = new LiveSession(id);
    expect(create(0).countActivity(session, snapshot({ isNew: true }))).to.equal(undefined);
    expect(create(false).countActivity(session, snapshot())).to.equal(undefined);
    expect(touched).to.deep.equal([]);
  });

  it('touch a session of a short life at half of it', async () => {
    const touches = create();
    const session = new LiveSession(id);
    session.lifetime = 10_000;
    await touches.countActivity(session, snapshot());
    clock.tick(4_999);
    expect(touches.countActivity(session, snapshot())).to.equal(undefined);
    clock.tick(1);
    await touches.countActivity(session, snapshot());
    expect(touched).to.have.length(2);
  });

  it('try again in a second where the store fails, and tell who asked', async () => {
    const touches = create();
    const session = new LiveSession(id);
    const down = new Error('down');
    store = () => Promise.reject(down);
    expect(await touches.countActivity(session, snapshot())?.catch((error) => error)).to.equal(
      down,
    );
    store = async () => {};
    clock.tick(999);
    expect(touches.countActivity(session, snapshot())).to.equal(undefined);
    clock.tick(1);
    await touches.countActivity(session, snapshot());
    expect(touched).to.have.length(2);
  });

  it('leave it to a write that came since the session was read', async () => {
    const touches = create(0);
    const session = new LiveSession(id);
    const read = snapshot();
    clock.tick(10);
    session.writtenAt = performance.now();
    await touches.countActivity(session, read);
    expect(touched).to.deep.equal([]);
    clock.tick(10);
    await touches.countActivity(session, snapshot());
    expect(touched).to.deep.equal([id]);
  });

  it('touch no session that has ended since it was read, or while it waited', async () => {
    const touches = create();
    end = 'destroyed';
    await touches.countActivity(new LiveSession(id), snapshot());
    await touches.touch(new Write(id, Promise.resolve(true)), { cookie: {} });
    expect(touched).to.deep.equal([]);
    await touches.touch(new Write(id, Promise.resolve(false)), { cookie: {} });
    expect(touched).to.deep.equal([id]);
  });

  it('touch no session of a store that cannot touch', async () => {
    canTouch = false;
    await create().countActivity(new LiveSession(id), snapshot());
    expect(touched).to.deep.equal([]);
  });

  describe('of a session that was saved without changes', () => {
    it('are due now and then where it has sockets', async () => {
      const touches = create();
      live = new LiveSession(id);
      await touches.touchSaved(write, { cookie: {} });
      await touches.touchSaved(write, { cookie: {} });
      expect(touched).to.have.length(1);
    });

    it('are due each time where it has none, unless there are to be no touches', async () => {
      const touches = create();
      await touches.touchSaved(write, { cookie: {} });
      await touches.touchSaved(write, { cookie: {} });
      await create(false).touchSaved(write, { cookie: {} });
      expect(touched).to.have.length(2);
    });
  });

  it('touch no session that one logout removed while they waited for another', async () => {
    let fail = (_isGone: boolean): void => {};
    const overtaken = new Write(
      id,
      new Promise((resolve) => {
        fail = resolve;
      }),
    );
    const touching = create().touch(overtaken, { cookie: {} });
    overtaken.logout = Promise.resolve(true);
    fail(false);
    await touching;
    expect(touched).to.deep.equal([]);
  });
});
