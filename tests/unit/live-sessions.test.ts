import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { SessionError } from '../../source/errors.js';
import type { Member } from '../../source/session/live-session.js';
import { LiveSessions } from '../../source/session/live-sessions.js';
import type { SessionMessage } from '../../source/session/process-bus.js';
import { sessionHashOf } from '../../source/session/session-hash.js';

const start = 1_000_000_000_000;
const id = 'a session';
const hash = sessionHashOf(id);

describe('LiveSessions', () => {
  let clock: SinonFakeTimers;
  let live: LiveSessions;
  let published: SessionMessage[];
  /** Passes on a message of another process. */
  let receive: (message: SessionMessage) => void;
  let abandoned: string[];
  let reads: string[];

  beforeEach(() => {
    clock = useFakeTimers({
      now: start,
      toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'],
    });
    published = [];
    abandoned = [];
    reads = [];
    live = new LiveSessions({
      reader: {
        read: async (sessionId) => {
          reads.push(sessionId);
          return { error: new SessionError('ERR_SESSION_STORE', 'down') };
        },
      },
      bus: {
        publish: (message) => published.push(message),
        subscribe: (subscriber) => {
          receive = subscriber;
        },
      },
      cache: { delete: (sessionId) => void abandoned.push(sessionId) },
    });
  });
  afterEach(() => {
    live.close();
    clock.restore();
  });

  /** A member, and the reasons for which it was ended. */
  function member(): Member & { reasons: string[]; isGone: boolean } {
    const reasons: string[] = [];
    const end = async (reason: string): Promise<void> => void reasons.push(reason);
    return { reasons, isGone: false, end };
  }

  function record(milliseconds = 3_600_000): { cookie: object } {
    return { cookie: { expires: new Date(Date.now() + milliseconds), originalMaxAge: 3_600_000 } };
  }

  describe('remembers an end', () => {
    it('for those who began to read the session before it, and for nobody else', () => {
      const before = performance.now();
      clock.tick(10);
      live.end(id, 'expired');
      expect(live.endSince(id, before)).to.equal('expired');
      expect(live.endSince('another', before)).to.equal(undefined);
      clock.tick(10);
      expect(live.endSince(id, performance.now())).to.equal(undefined);
    });

    it('for two minutes, as long as Socket.IO recovers connections by default', () => {
      live.end(id, 'destroyed');
      clock.tick(119_999);
      expect(live.endSince(id, 0)).to.equal('destroyed');
      clock.tick(1);
      expect(live.endSince(id, 0)).to.equal(undefined);
    });

    it('from the moment when the store has removed it, though the members end later', async () => {
      let finish = (): void => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const one = member();
      live.join(id, one, record());
      live.ended(id, 'regenerated', finished);
      await turn();
      expect(live.endSince(id, 0)).to.equal('regenerated');
      expect(one.reasons).to.deep.equal([]);
      finish();
      await turn();
      expect(one.reasons).to.deep.equal(['regenerated']);
      expect(published).to.deep.equal([{ type: 'ended', hash, reason: 'regenerated' }]);
    });

    it('that another process tells of', () => {
      const one = member();
      live.join(id, one, record());
      receive({ type: 'ended', hash, reason: 'destroyed' });
      expect(one.reasons).to.deep.equal(['destroyed']);
      expect(live.endSince(id, 0)).to.equal('destroyed');
      expect(published).to.deep.equal([]);
    });

    it('no longer than until it is closed', () => {
      live.end(id, 'destroyed');
      live.close();
      expect(live.endSince(id, 0)).to.equal(undefined);
    });
  });

  it('ends each member once, and forgets the session', () => {
    const [one, two] = [member(), member()];
    live.join(id, one, record());
    live.join(id, two, record());
    expect(live.size).to.equal(1);
    live.end(id, 'destroyed');
    live.end(id, 'expired');
    expect([one.reasons, two.reasons]).to.deep.equal([['destroyed'], ['destroyed']]);
    expect([live.size, live.find(id)]).to.deep.equal([0, undefined]);
    expect(abandoned).to.deep.equal([id]);
  });

  it('forgets a session when its last member has left, once', () => {
    const [one, two] = [member(), member()];
    const session = live.join(id, one, record());
    live.join(id, two, record());
    live.leave(session, one);
    live.leave(session, one);
    expect(live.find(id)).to.equal(session);
    expect(abandoned).to.deep.equal([]);
    live.leave(session, two);
    expect(live.find(id)).to.equal(undefined);
    expect(abandoned).to.deep.equal([id]);
  });

  it('keeps a session that came again after its end, when a member of the old one leaves', () => {
    const one = member();
    const old = live.join(id, one, record());
    live.end(id, 'destroyed');
    const session = live.join(id, member(), record());
    live.leave(old, one);
    expect(live.find(id)).to.equal(session);
  });

  describe('where the store has no such session', () => {
    it('ends it as expired where its time is over', async () => {
      const one = member();
      live.join(id, one, record(-1));
      live.absent(id);
      expect(one.reasons).to.deep.equal([]);
      await turn();
      expect(one.reasons).to.deep.equal(['expired']);
    });

    it('ends it as expired where no other process says why, after another look', async () => {
      const one = member();
      live.join(id, one, record());
      live.absent(id);
      await turn();
      expect(one.reasons).to.deep.equal([]);
      clock.tick(249);
      expect(reads).to.deep.equal([]);
      clock.tick(1);
      expect(reads).to.deep.equal([id]);
      live.absent(id);
      await turn();
      expect(one.reasons).to.deep.equal(['expired']);
    });

    for (const type of ['ending', 'ended'] as const) {
      it(`ends it as another process says, whose message '${type}' comes later`, async () => {
        const one = member();
        live.join(id, one, record());
        live.absent(id);
        clock.tick(100);
        receive({ type, hash, reason: 'regenerated' });
        clock.tick(500);
        live.absent(id);
        receive({ type: 'ended', hash, reason: 'regenerated' });
        await turn();
        expect(one.reasons).to.deep.equal(['regenerated']);
        expect(published).to.deep.equal([]);
      });
    }

    it('lets one live that was not stored yet', async () => {
      const one = member();
      live.join(id, one, undefined);
      live.absent(id);
      await turn();
      expect(one.reasons).to.deep.equal([]);
    });

    it('ends nobody who came after the first had left', async () => {
      const [one, two] = [member(), member()];
      const session = live.join(id, one, record(-1));
      live.absent(id);
      live.leave(session, one);
      live.join(id, two, record());
      await turn();
      expect(two.reasons).to.deep.equal([]);
    });

    for (const [reason, patience] of [
      ['destroyed', 2_000],
      ['regenerated', 32_000],
    ] as const) {
      it(`waits for the announced end of a session that is ${reason}, for a while`, async () => {
        const one = member();
        live.join(id, one, record());
        live.ending(id, reason);
        clock.tick(patience - 1);
        live.absent(id);
        await turn();
        expect(one.reasons).to.deep.equal([]);
        expect(reads).to.deep.equal([]);
        clock.tick(100);
        expect(reads).to.deep.equal([id]);
        live.absent(id);
        await turn();
        expect(one.reasons).to.deep.equal([reason]);
      });

      it(`looks for it by itself where the process that announced that it is ${reason} has died`, () => {
        live.join(id, member(), record());
        receive({ type: 'ending', hash, reason });
        receive({ type: 'extended', expiries: [[hash, start + 80_000]] });
        clock.tick(patience - 1);
        expect(reads).to.deep.equal([]);
        clock.tick(100);
        expect(reads).to.deep.equal([id]);
      });
    }

    it('waits for the end that was announced before the first socket joined', async () => {
      const one = member();
      receive({ type: 'ending', hash, reason: 'regenerated' });
      live.join(id, one, record());
      clock.tick(5_000);
      live.absent(id);
      await turn();
      receive({ type: 'ended', hash, reason: 'regenerated' });
      expect(one.reasons).to.deep.equal(['regenerated']);
    });

    it('knows that it is being regenerated by another process, until that is taken back', () => {
      receive({ type: 'ending', hash, reason: 'regenerated' });
      expect(live.wasRegenerated(hash)).to.equal(true);
      receive({ type: 'stayed', hash, reason: 'destroyed' });
      expect(live.wasRegenerated(hash)).to.equal(false);
    });

    it('ends it as expired where an earlier announcement had come to nothing', async () => {
      const one = member();
      const session = live.join(id, one, record());
      receive({ type: 'ending', hash, reason: 'destroyed' });
      clock.tick(2_000);
      session.wasChecked(record());
      live.absent(id);
      clock.tick(250);
      live.absent(id);
      await turn();
      expect(one.reasons).to.deep.equal(['expired']);
    });

    it('ends it as expired where the announced end did not come', async () => {
      const one = member();
      live.join(id, one, record());
      live.ending(id, 'destroyed');
      live.stayed(id);
      live.absent(id);
      clock.tick(250);
      live.absent(id);
      await turn();
      expect(one.reasons).to.deep.equal(['expired']);
      expect(published.map(({ type }) => type)).to.deep.equal(['ending', 'stayed', 'ended']);
    });
  });

  describe('where a session was written', () => {
    it('tells the other processes of all within a second at once', () => {
      const [first, last] = [record(5_000), record(9_000)];
      live.written(id, first);
      live.written(id, last);
      live.written('another', last);
      clock.tick(999);
      expect(published).to.deep.equal([]);
      clock.tick(1);
      const expiry = start + 9_000;
      const expiries = [
        [hash, expiry],
        [sessionHashOf('another'), expiry],
      ];
      expect(published).to.deep.equal([{ type: 'extended', expiries }]);
      clock.tick(5_000);
      expect(published).to.have.length(1);
      live.written(id, record(5_000));
      clock.tick(1_000);
      const next = [[hash, start + 11_000]];
      expect(published.slice(1)).to.deep.equal([{ type: 'extended', expiries: next }]);
    });

    it('tells nothing of one that does not expire', () => {
      live.written(id, { cookie: { expires: null } });
      live.written(id, undefined);
      clock.tick(5_000);
      expect(published).to.deep.equal([]);
    });

    it('checks it when it expires', () => {
      live.join(id, member(), record(60_000));
      live.written(id, record(90_000));
      expect(live.find(id)?.checkAt).to.equal(start + 90_000);
    });

    it('checks it on time, though it expires sooner than before', () => {
      live.join(id, member(), record(60_000));
      live.written(id, record(5_000));
      clock.tick(5_000);
      expect(reads).to.deep.equal([id]);
    });

    it('tells the other processes when it expires once its last member has left', () => {
      const one = member();
      const session = live.join(id, one, record());
      live.written(id, record(5_000));
      clock.tick(1_000);
      expect(published).to.deep.equal([]);
      live.leave(session, one);
      clock.tick(1_000);
      expect(published).to.deep.equal([{ type: 'extended', expiries: [[hash, start + 5_000]] }]);
    });

    it('checks it when another process says', () => {
      live.join(id, member(), record(60_000));
      const expiries = [
        [sessionHashOf('another'), start + 70_000],
        [hash, start + 80_000],
      ] as const;
      receive({ type: 'extended', expiries });
      expect(live.find(id)?.checkAt).to.equal(start + 80_000);
    });

    it('checks it on time when another process says that it expires sooner', () => {
      live.join(id, member(), record(60_000));
      receive({ type: 'extended', expiries: [[hash, start + 5_000]] });
      clock.tick(5_000);
      expect(reads).to.deep.equal([id]);
    });
  });

  it('tells nobody of anything once it is closed', () => {
    live.written(id, record());
    live.join(id, member(), record());
    live.close();
    expect(clock.countTimers()).to.equal(0);
    expect(live.size).to.equal(0);
  });
});
