import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { SessionError } from '../../source/errors.js';
import { ExpiryWatch } from '../../source/session/expiry-watch.js';
import { LiveSession } from '../../source/session/live-session.js';
import { type ReadResult, Snapshot } from '../../source/session/snapshot.js';

const start = 1_000_000_000_000;

describe('ExpiryWatch', () => {
  let clock: SinonFakeTimers;
  let watch: ExpiryWatch;
  let sessions: LiveSession[];
  /** What was read, each with the time since the start. */
  let reads: [sessionId: string, at: number][];
  let cleaned: string[];
  let answer: () => ReadResult;

  beforeEach(() => {
    clock = useFakeTimers({ now: start, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    sessions = [];
    reads = [];
    cleaned = [];
    answer = () => ({ error: new SessionError('ERR_SESSION_NOT_FOUND', 'gone') });
    watch = new ExpiryWatch({
      sessions: () => sessions,
      reader: {
        read: async (sessionId) => {
          reads.push([sessionId, Date.now() - start]);
          return answer();
        },
      },
      removeGone: ({ sessionId }) => cleaned.push(sessionId),
    });
  });
  afterEach(() => {
    watch.close();
    clock.restore();
  });

  /** A session that is to be checked after so many milliseconds. */
  function add(sessionId: string, delay: number): LiveSession {
    const session = new LiveSession(sessionId);
    session.checkAt = start + delay;
    sessions.push(session);
    watch.checkAt(session.checkAt);
    return session;
  }

  /** Time goes on, and what is read is answered. */
  async function go(milliseconds: number): Promise<void> {
    await clock.tickAsync(milliseconds);
    await turn();
  }

  it('reads each session when its time has come, and no sooner', async () => {
    add('late', 7_000);
    add('early', 3_000);
    expect(clock.countTimers()).to.equal(1);
    await go(2_999);
    expect(reads).to.deep.equal([]);
    await go(10_000);
    expect(reads).to.deep.equal([
      ['early', 3_000],
      ['late', 7_000],
    ]);
  });

  it('reads no session again that the store does not have', async () => {
    add('gone', 1_000);
    await go(3_600_000);
    expect(reads).to.deep.equal([['gone', 1_000]]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('reads a session again in a second where the store is down', async () => {
    answer = () => ({ error: new SessionError('ERR_SESSION_STORE', 'down') });
    add('one', 1_000);
    await go(3_500);
    expect(reads.map(([, at]) => at)).to.deep.equal([1_000, 2_000, 3_000]);
  });

  it('reads a session more and more rarely whose cookie is over, though the store has it', async () => {
    const cookie = { expires: new Date(start), originalMaxAge: 3_600_000 };
    answer = () => ({ snapshot: new Snapshot({ cookie }) });
    add('one', 1_000);
    await go(16_500);
    expect(reads.map(([, at]) => at)).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000]);
  });

  it('reads no session twice at the same time', async () => {
    let tell = (): void => {};
    const told = new Promise<ReadResult>((resolve) => {
      tell = () => resolve(answer());
    });
    let count = 0;
    const slow = new ExpiryWatch({
      sessions: () => sessions,
      reader: {
        read: () => {
          count++;
          return told;
        },
      },
      removeGone: () => {},
    });
    const session = new LiveSession('slow');
    session.checkAt = start + 1_000;
    sessions.push(session);
    slow.checkAt(start + 1_000);
    await go(1_000);
    slow.checkAt(start + 2_000);
    await go(5_000);
    expect(count).to.equal(1);
    tell();
    slow.close();
  });

  it('looks after those that have gone, whenever it wakes', async () => {
    add('one', 1_000);
    add('two', 50_000);
    await go(1_000);
    expect(cleaned).to.deep.equal(['one', 'two']);
  });

  it('waits a little for others that will be due soon', async () => {
    add('one', 0);
    await go(99);
    expect(reads).to.deep.equal([]);
    add('two', 60);
    await go(1);
    expect(reads).to.deep.equal([
      ['one', 100],
      ['two', 100],
    ]);
  });

  it('notices within ten seconds that the system clock was set', async () => {
    add('one', 3_600_000);
    clock.setSystemTime(start + 3_600_000);
    await go(10_000);
    expect(reads.map(([sessionId]) => sessionId)).to.deep.equal(['one']);
  });

  it('goes on watching where no session is due yet when it wakes', async () => {
    add('one', 25_000);
    await go(24_999);
    expect(reads).to.deep.equal([]);
    await go(1);
    expect(reads).to.deep.equal([['one', 25_000]]);
  });

  it('reads nothing any more once it is closed', async () => {
    add('one', 1_000);
    watch.close();
    add('two', 500);
    await go(60_000);
    expect(reads).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
  });
});
