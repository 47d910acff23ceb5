import { inspect } from 'node:util';
import { expect } from 'chai';
import { SessionLocks } from '../../source/session/locks.js';

describe('SessionLocks', () => {
  it('show no session id in the error of a `lock` that fails with one', async () => {
    const locks = new SessionLocks(new Map(), {
      lock: {
        acquire: async (sessionId) => {
          throw new Error(`The key lock:${sessionId} is of another type`);
        },
      },
      lockTimeout: 1_000,
      storeTimeout: 1_000,
      maxPending: 10,
    });
    const error: unknown = await locks.acquire('the-id-of-a-session').catch((cause) => cause);
    expect(error).to.have.property('code', 'ERR_SESSION_LOCK');
    expect(inspect(error)).not.to.include('the-id-of-a-session');
    expect(inspect(error)).to.include('is of another type');
  });
});
