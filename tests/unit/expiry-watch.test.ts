import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { SessionError, type SessionErrorCode } from '../../source/errors.js';
import { ExpiryWatch } from '../../source/session/expiry-watch.js';
import { LiveSession } from '../../source/session/live-session.js';
import { type ReadResult, Snapshot } from '../../source/session/snapshot.js';

const hour = 3_600_000;

describe('ExpiryWatch', () => {
  let clock: SinonFakeTimers;
  let watch: ExpiryWatch;
  let sessions: LiveSession[];
  let reads: string[];
  let answer: () => ReadResult;
  let removed: LiveSession[];

  beforeEach(() => {
    clock = useFakeTimers({
      toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'],
      now: 1_700_000_000_000,
    });
    sessions = [];
    reads = [];
    removed = [];
    answer = () => failure('ERR_SESSION_NOT_FOUND');
    watch = new ExpiryWatch({
      sessions: () => sessions,
      reader: {
        read: async (sessionId) => {
          reads.push(sessionId);
          return answer();
        },
      },
      removeGone: (session) => removed.push(session),
    });
  });
  afterEach(() => {
    watch.close();
    clock.restore();
  });

  const failure = (code: SessionErrorCode): ReadResult => ({ error: new SessionError(code, 'x') });

  function session(id: string, lifetime: number): LiveSession {
    const live = new LiveSession(id);
    const expires = new Date(Date.now() + lifetime);
    live.noteRecord({ cookie: { originalMaxAge: lifetime, expires } });
    sessions.push(live);
    watch.checkAt(live.checkAt);
    return live;
  }

  it('looks for a session when it should have expired, and not before', async () => {
    session('one', hour);
    await clock.tickAsync(hour - 1);
    expect(reads).to.deep.equal([]);
    await clock.tickAsync(200);
    expect(reads).to.deep.equal(['one']);
  });

  it('looks for the first one first', async () => {
    session('late', 2 * hour);
    session('early', hour);
    await clock.tickAsync(hour + 200);
    expect(reads).to.deep.equal(['early']);
    await clock.tickAsync(hour);
    expect(reads).to.deep.equal(['early', 'late']);
  });

  it('notices within seconds that the clock of the system was set forward', async () => {
    session('one', hour);
    clock.setSystemTime(Date.now() + 2 * hour);
    await clock.tickAsync(10_000);
    expect(reads).to.deep.equal(['one']);
  });

  it('ends nobody too early where the clock of the system was set back', async () => {
    session('one', hour);
    clock.setSystemTime(Date.now() - hour);
    await clock.tickAsync(hour + 10_000);
    expect(reads).to.deep.equal([]);
    await clock.tickAsync(hour);
    expect(reads).to.deep.equal(['one']);
  });

  it('looks at a session once while the answer is not here', async () => {
    session('one', 1_000);
    session('other', 2_000);
    await clock.tickAsync(hour);
    expect(reads).to.deep.equal(['one', 'other']);
  });

  it('asks again soon where the store is down, which ends nobody', async () => {
    answer = () => failure('ERR_SESSION_STORE');
    session('one', 1_000);
    await clock.tickAsync(5_000);
    expect(reads.length).to.be.within(3, 5);
    answer = () => failure('ERR_SESSION_NOT_FOUND');
    await clock.tickAsync(1_200);
    const { length } = reads;
    await clock.tickAsync(hour);
    expect(reads).to.have.length(length);
  });

  it('asks again more and more rarely where the store still has it', async () => {
    const live = session('one', hour);
    const record = { cookie: { originalMaxAge: hour, expires: new Date(Date.now() + hour) } };
    answer = () => ({ snapshot: new Snapshot(record) });
    await clock.tickAsync(2 * hour);
    expect(reads.length).to.be.within(30, 80);
    expect(live.checkAt).to.be.above(Date.now());
  });

  it('sleeps no longer than some seconds, and no shorter than a moment', async () => {
    for (let count = 0; count < 50; count++) session(`${count}`, 1_000 + count);
    const before = clock.countTimers();
    await clock.tickAsync(1_100);
    expect(reads).to.have.length(50);
    expect(before).to.equal(1);
  });

  it('removes those that have gone as it looks', async () => {
    const live = session('one', 1_000);
    await clock.tickAsync(1_200);
    expect(removed).to.deep.equal([live]);
  });

  it('looks for nobody once it is closed', async () => {
    session('one', 1_000);
    watch.close();
    session('another', 1_000);
    await clock.tickAsync(hour);
    expect(reads).to.deep.equal([]);
  });

  it('forgets what is to be checked never', async () => {
    watch.checkAt(Number.POSITIVE_INFINITY);
    expect(clock.countTimers()).to.equal(0);
  });
});
