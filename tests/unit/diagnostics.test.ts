/**
 * @module The channels of `node:diagnostics_channel`: what they publish, and that nothing happens
 * while they have no subscribers.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  isTraced,
  publishCounts,
  publishRefusal,
  type ReadTrace,
  trace,
  traceCallback,
} from '../../source/diagnostics.js';
import { SessionError } from '../../source/errors.js';
import { rejection } from '../support/outcomes.js';

const read = tracingChannel<unknown, ReadTrace>('expression.socket.io:read');
const failure = new SessionError('ERR_SESSION_STORE', 'The session store failed');

/** Fails where it is called: nobody listens. */
function neverMade(): never {
  throw new Error('the payload was made while nobody listens');
}

describe('diagnostics', () => {
  let seen: { step: string; payload: ReadTrace }[];
  const note =
    (step: string) =>
    (payload: unknown): void => {
      seen.push({ step, payload: { ...(payload as ReadTrace) } });
    };
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };

  beforeEach(() => {
    seen = [];
  });

  afterEach(() => {
    read.unsubscribe(subscribers);
  });

  describe('while nobody listens', () => {
    it('runs the operation without a payload', async () => {
      expect(isTraced('read')).to.equal(false);
      expect(await trace('read', neverMade, async (payload) => [payload])).to.deep.equal([
        undefined,
      ]);
    });

    it('makes no messages', () => {
      publishRefusal(neverMade);
      publishCounts(neverMade);
    });
  });

  describe('of a promise', () => {
    it('publishes its steps, and gives its result to the caller only', async () => {
      read.subscribe(subscribers);
      const result = await trace(
        'read',
        () => ({ sessions: 2 }),
        async () => 'a-session-id',
      );
      expect(result).to.equal('a-session-id');
      expect(seen.map(({ step }) => step)).to.deep.equal([
        'start',
        'end',
        'asyncStart',
        'asyncEnd',
      ]);
      expect(seen[0]?.payload.sessions).to.equal(2);
      expect(inspect(seen)).not.to.include('a-session-id');
    });

    it('publishes the error with its code, and passes it on', async () => {
      read.subscribe(subscribers);
      const traced = trace(
        'read',
        () => ({ sessions: 1 }),
        () => Promise.reject(failure),
      );
      expect(await rejection(traced)).to.equal(failure);
      expect(seen.at(-1)).to.deep.include({ step: 'asyncEnd' });
      expect(seen.at(-1)?.payload).to.include({ code: 'ERR_SESSION_STORE', error: failure });
      expect(seen.map(({ step }) => step)).to.include('error');
    });
  });

  describe('of a callback', () => {
    it('publishes its steps', () => {
      read.subscribe(subscribers);
      traceCallback('read', { sessions: 1 }, (done) => done());
      expect(seen.map(({ step }) => step)).to.deep.equal([
        'start',
        'asyncStart',
        'asyncEnd',
        'end',
      ]);
    });

    it('publishes the error with its code', () => {
      read.subscribe(subscribers);
      traceCallback('read', { sessions: 1 }, (done) => done(failure));
      expect(seen.map(({ step }) => step)).to.include('error');
      expect(seen.at(-1)?.payload).to.include({ code: 'ERR_SESSION_STORE', error: failure });
    });

    it('runs the operation in the context that a tracer binds to it', () => {
      const storage = new AsyncLocalStorage();
      read.start.bindStore(storage, (payload) => (payload as ReadTrace).sessions);
      try {
        traceCallback('read', { sessions: 7 }, (done) => {
          expect(storage.getStore()).to.equal(7);
          done();
        });
      } finally {
        read.start.unbindStore(storage);
      }
    });
  });

  it('publishes refusals and counts to whoever subscribes', () => {
    const messages: unknown[] = [];
    const hear = (message: unknown): void => {
      messages.push(message);
    };
    const refusals = channel('expression.socket.io:refusal');
    const counts = channel('expression.socket.io:counts');
    refusals.subscribe(hear);
    counts.subscribe(hear);
    try {
      const refusal = { code: failure.code, message: 'No', event: 'handshake', namespace: '/' };
      publishRefusal(() => refusal);
      publishCounts(() => ({ sockets: 2, sessions: 1 }));
      expect(messages).to.deep.equal([refusal, { sockets: 2, sessions: 1 }]);
    } finally {
      refusals.unsubscribe(hear);
      counts.unsubscribe(hear);
    }
  });
});
