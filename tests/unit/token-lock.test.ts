import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { type SinonStub, stub, useFakeTimers } from 'sinon';
import { TimeLimit } from '../../source/database/time-limit.js';
import {
  type LockTable,
  tokenClaim,
  tokenLock,
  tokenOf,
} from '../../source/database/token-lock.js';
import { codeOf } from '../support/visits.js';

/** A table of locks whose answers a test decides; at first, all is granted at once. */
interface StubTable extends LockTable {
  readonly acquire: SinonStub;
  readonly renew: SinonStub;
  readonly release: SinonStub;
}

function stubTable(milliseconds = 1_000): StubTable {
  return {
    client: {},
    limit: new TimeLimit('The database', milliseconds),
    lockName: (sessionId) => `lock of ${sessionId}`,
    claimName: (name) => `claim of ${name}`,
    acquire: stub().resolves(true),
    renew: stub().resolves(true),
    release: stub().resolves(true),
  };
}

const never = new Promise<boolean>(() => {});
const wanted = () => ({ signal: new AbortController().signal });

describe('A lock with a token', () => {
  it('is acquired and released under the name of the session, with a token of its own', async () => {
    const table = stubTable();
    const held = await tokenLock(table).acquire('one', wanted());
    await held.release();
    const other = await tokenLock(table).acquire('one', wanted());
    await other.release();
    const [first, second] = table.release.args.map(([lock]) => lock);
    expect(first.name).to.equal('lock of one');
    expect(first).to.deep.equal(table.acquire.firstCall.args[0]);
    expect(first.token).not.to.equal(second.token);
  });

  it('shows its token to the client that it was acquired with, and to no other', async () => {
    const table = stubTable();
    const held = await tokenLock(table).acquire('one', wanted());
    expect(tokenOf(held, table.client)).to.deep.equal(table.acquire.firstCall.args[0]);
    expect(tokenOf(held, {})).to.equal(undefined);
    expect(tokenOf({ release: async () => {} }, table.client)).to.equal(undefined);
    await held.release();
  });

  it('is asked for again while somebody else has it', async () => {
    const table = stubTable();
    table.acquire.onCall(0).resolves(false);
    table.acquire.onCall(1).resolves(false);
    await (await tokenLock(table).acquire('one', wanted())).release();
    expect(table.acquire.callCount).to.equal(3);
  });

  it('is given back where it comes when nobody waits for it any more', async () => {
    const table = stubTable();
    let answer = (_isAcquired: boolean): void => {};
    table.acquire.returns(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    const waiting = new AbortController();
    const code = codeOf(tokenLock(table).acquire('one', waiting));
    waiting.abort(Object.assign(new Error(), { code: 'nobody waits' }));
    expect(await code).to.equal('nobody waits');
    expect(table.release.callCount).to.equal(0);
    answer(true);
    await setImmediate();
    expect(table.release.args[0]?.[0]).to.equal(table.acquire.firstCall.args[0]);
  });

  it('is released where the database failed, because it may have been acquired', async () => {
    const table = stubTable();
    table.acquire.rejects(Object.assign(new Error(), { code: 'connection lost' }));
    expect(await codeOf(tokenLock(table).acquire('one', wanted()))).to.equal('connection lost');
    await setImmediate();
    expect(table.release.callCount).to.equal(1);
  });

  it('is not asked for where nobody waits for it', async () => {
    const table = stubTable();
    const waiting = new AbortController();
    waiting.abort(Object.assign(new Error(), { code: 'nobody waits' }));
    expect(await codeOf(tokenLock(table).acquire('one', waiting))).to.equal('nobody waits');
    expect(table.acquire.callCount).to.equal(0);
  });

  it('is released again after the release failed', async () => {
    const table = stubTable();
    table.release.onCall(0).rejects(new Error('connection lost'));
    const held = await tokenLock(table).acquire('one', wanted());
    await held.release();
    expect(table.release.callCount).to.equal(2);
  });

  it('is given up where its release is never answered', async () => {
    const table = stubTable(30);
    table.release.returns(never);
    const held = await tokenLock(table).acquire('one', wanted());
    expect(await codeOf(held.release())).to.equal('ERR_SESSION_STORE_TIMEOUT');
    expect(table.release.callCount).to.equal(1);
  });

  it('is released as soon as the database can, also after nobody waits for that any more', async () => {
    const table = stubTable(30);
    table.release.rejects(new Error('read-only'));
    const held = await tokenLock(table).acquire('one', wanted());
    expect(await codeOf(held.release())).to.equal('ERR_SESSION_STORE_TIMEOUT');
    const released = new Promise<void>((resolve) => {
      table.release.callsFake(async () => resolve());
    });
    await released;
  });

  describe('held for long', () => {
    let clock: ReturnType<typeof useFakeTimers>;

    beforeEach(() => {
      clock = useFakeTimers({
        toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'],
      });
    });
    afterEach(() => clock.restore());

    it('is renewed until it is released', async () => {
      const table = stubTable();
      const held = await tokenLock(table).acquire('one', wanted());
      await clock.tickAsync(60_000);
      expect(table.renew.callCount).to.equal(24);
      expect(held.lost?.aborted).to.equal(false);
      await held.release();
      await clock.tickAsync(60_000);
      expect(table.renew.callCount).to.equal(24);
    });

    it('is lost where the database has forgotten it', async () => {
      const table = stubTable();
      const held = await tokenLock(table).acquire('one', wanted());
      table.renew.resolves(false);
      await clock.tickAsync(2_500);
      expect(held.lost?.aborted).to.equal(true);
      await clock.tickAsync(60_000);
      expect(table.renew.callCount).to.equal(1);
    });

    it('is lost where no renewal is answered before somebody else may have it, and asked for one at a time', async () => {
      const table = stubTable();
      table.renew.returns(never);
      const held = await tokenLock(table).acquire('one', wanted());
      await clock.tickAsync(7_500);
      expect(held.lost?.aborted).to.equal(false);
      await clock.tickAsync(2_500);
      expect(held.lost?.aborted).to.equal(true);
      expect(table.renew.callCount).to.equal(1);
      expect(table.renew.firstCall.args[2].aborted).to.equal(true);
    });

    it('outlives renewals that fail for a while', async () => {
      const table = stubTable();
      table.renew.onCall(0).rejects(new Error('connection lost'));
      table.renew.onCall(1).rejects(new Error('connection lost'));
      const held = await tokenLock(table).acquire('one', wanted());
      await clock.tickAsync(60_000);
      expect(held.lost?.aborted).to.equal(false);
    });

    it('is lost after its process stood still for too long', async () => {
      const table = stubTable();
      const held = await tokenLock(table).acquire('one', wanted());
      // As after SIGSTOP and SIGCONT: time has passed, and no timer has run.
      clock.setSystemTime(clock.now + 60_000);
      clock.jump(60_000);
      await clock.tickAsync(2_500);
      expect(held.lost?.aborted).to.equal(true);
    });

    it('is left to end by itself where its release fails for as long as it lives', async () => {
      const table = stubTable();
      table.release.rejects(new Error('read-only'));
      const held = await tokenLock(table).acquire('one', wanted());
      table.release.onCall(2).callsFake(async () => {
        clock.tick(11_000);
        throw new Error('read-only');
      });
      expect(await codeOf(held.release())).to.equal('ERR_SESSION_STORE_TIMEOUT');
      // Longer than it would wait before it tries again.
      await pause(400);
      expect(table.release.callCount).to.equal(3);
    });

    it('is not lost any more after it was released', async () => {
      const table = stubTable();
      const held = await tokenLock(table).acquire('one', wanted());
      let answer = (_isHeld: boolean): void => {};
      table.renew.returns(
        new Promise((resolve) => {
          answer = resolve;
        }),
      );
      await clock.tickAsync(2_500);
      await held.release();
      answer(false);
      await clock.tickAsync(0);
      expect(held.lost?.aborted).to.equal(false);
    });

    it('is not believed where the answer took so long that somebody else may have it', async () => {
      const table = stubTable();
      let answer = (_isAcquired: boolean): void => {};
      table.acquire.onCall(0).returns(
        new Promise((resolve) => {
          answer = resolve;
        }),
      );
      table.acquire.onCall(1).rejects(Object.assign(new Error(), { code: 'asked again' }));
      const code = codeOf(tokenLock(table).acquire('one', wanted()));
      await clock.tickAsync(10_000);
      answer(true);
      expect(await code).to.equal('asked again');
      expect(table.release.called).to.equal(true);
    });
  });
});

describe('A claim', () => {
  it('is a lock under a name of its own, for the given time, that is never released', async () => {
    const table = stubTable();
    table.acquire.onCall(1).resolves(false);
    const claim = tokenClaim(table);
    expect([await claim('ticket', 60_000), await claim('ticket', 60_000)]).to.deep.equal([
      true,
      false,
    ]);
    const [[lock, milliseconds] = []] = table.acquire.args;
    expect(lock.name).to.equal('claim of ticket');
    expect(milliseconds).to.equal(60_000);
    expect(table.release.callCount).to.equal(0);
  });

  it('fails after the time limit', async () => {
    const table = stubTable(10);
    table.acquire.returns(never);
    expect(await codeOf(tokenClaim(table)('ticket', 60_000))).to.equal('ERR_SESSION_STORE_TIMEOUT');
  });
});
