import { inspect } from 'node:util';
import { expect } from 'chai';
import { SessionError } from '../../source/errors.js';
import { redactError, storeError } from '../../source/store-error.js';
import { reachable } from '../support/reachable.js';

const sessionId = 'V1stGXR8_Z5jdHi6B-myT';
const record = `{"cookie":{"path":"/"},"password":"hunter2"}`;

const hostile: Readonly<Record<string, () => unknown>> = {
  'of ioredis, with its command': () =>
    Object.assign(new Error('ERR out of memory'), {
      command: { name: 'set', args: [`sess:${sessionId}`, record] },
    }),
  'of Redis, which quotes the arguments': () =>
    new Error(`ERR unknown command 'SETX', with args beginning with: 'sess:a' '${record}' `),
  'of pg, which quotes the row': () =>
    Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: `Failing row contains (${sessionId}, ${record}).`,
    }),
  'of pg, which quotes the record alone': () =>
    Object.assign(new Error('unsupported Unicode escape sequence'), {
      code: '22P05',
      where: `JSON data, line 1: ${record}`,
    }),
  'of pg, which quotes a value alone': () =>
    Object.assign(new Error('invalid input syntax for type json'), {
      detail: 'Token "hunter2" is invalid.',
    }),
  'of MySQL, with its statement': () =>
    Object.assign(new Error(`syntax error near '${record}' at line 1`), {
      sql: `INSERT INTO sessions VALUES ('${sessionId}', '${record}')`,
    }),
  'of a file system, with its path': () =>
    Object.assign(new Error(`EACCES: permission denied, open '/s/${sessionId}.json'`), {
      code: 'EACCES',
      path: `/s/${sessionId}.json`,
    }),
  'with bytes': () =>
    Object.assign(new Error('refused'), { packet: Buffer.from(`sess:${sessionId} ${record}`) }),
  'with a map': () => Object.assign(new Error('refused'), { sent: new Map([[sessionId, record]]) }),
  'with a symbol': () =>
    Object.defineProperty(new Error('refused'), Symbol('query'), { value: [sessionId, record] }),
  'with a getter': () =>
    Object.defineProperty(new Error('refused'), 'query', { get: () => [sessionId, record] }),
  'with a hidden property': () =>
    Object.defineProperty(new Error('refused'), 'query', { value: { record, sessionId } }),
  'with a cause of a cause': () =>
    new Error('one', {
      cause: new Error('two', {
        cause: Object.assign(new Error(`three: ${sessionId}`), { args: [record] }),
      }),
    }),
  'with many errors': () =>
    new AggregateError(
      [new Error('one'), Object.assign(new Error(sessionId), { args: [record] })],
      'all failed',
    ),
  'with itself as its cause': () => {
    const error = Object.assign(new Error(sessionId), { args: [record] });
    error.cause = error;
    return error;
  },
  'of a record that is no JSON': () => {
    try {
      return JSON.parse(`hunter2 ${record}`);
    } catch (error) {
      return error;
    }
  },
  'in its name and code': () => Object.assign(new Error('x'), { name: sessionId, code: sessionId }),
  'that is a string': () => `no answer for ${sessionId}: ${record}`,
  'that is no error': () => ({ message: `failed: ${sessionId}`, args: [record] }),
  'that is a list': () => [sessionId, record],
  'that is a session error with a cause': () =>
    new SessionError('ERR_SESSION_LOCK', `No lock for ${sessionId}`, {
      cause: Object.assign(new Error('x'), { args: [record] }),
    }),
  'that throws when it is read': () =>
    new Proxy(new Error(sessionId), {
      ownKeys() {
        throw new Error('no');
      },
    }),
};

describe('The error of a store', () => {
  for (const [what, make] of Object.entries(hostile)) {
    it(`leads to no session id and no record where it is one ${what}`, () => {
      const error = storeError(make(), [sessionId]);
      for (const text of [reachable(error), inspect(error, { depth: 20, showHidden: true })]) {
        expect(text).not.to.include(sessionId);
        expect(text).not.to.include('hunter2');
      }
      expect(error).to.be.an.instanceOf(SessionError);
    });
  }

  const harmless: Readonly<Record<string, unknown>> = {
    'that is plain': new Error('down'),
    'of a connection': Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), {
      errno: -111,
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 6379,
    }),
    'of several connections': new AggregateError([new Error('::1'), new Error('127.0.0.1')]),
    'with a harmless cause': new Error('down', { cause: new TypeError('no socket') }),
    'that is a string': 'down',
    'that is a number': 42,
  };
  for (const [what, cause] of Object.entries(harmless)) {
    it(`is passed on as it is where it is one ${what}`, () => {
      expect(storeError(cause, [sessionId]).cause).to.equal(cause);
    });
  }

  it('keeps its class, its message, its codes and where it was made', () => {
    class ReplyError extends Error {}
    const original = Object.assign(new ReplyError(`WRONGTYPE at ${sessionId}`), {
      code: 'WRONGTYPE',
      errno: 7,
      command: { args: [sessionId] },
    });
    const copy = redactError(original, [sessionId]) as ReplyError;
    expect(copy).to.be.an.instanceOf(ReplyError);
    expect(copy.message).to.equal('WRONGTYPE at [session id]');
    expect(copy).to.include({ code: 'WRONGTYPE', errno: 7 });
    expect(copy.stack).to.match(/store-error\.test/);
  });

  it('keeps the code of a session error', () => {
    const original = new SessionError('ERR_SESSION_LOCK', `No lock for ${sessionId}`);
    expect(storeError(original, [sessionId])).to.include({
      code: 'ERR_SESSION_LOCK',
      message: 'No lock for [session id]',
    });
  });

  it('passes a harmless session error on as it is', () => {
    const original = new SessionError('ERR_SESSION_ENDED', 'Over');
    expect(storeError(original, [sessionId])).to.equal(original);
  });

  it('has no cause where the store gave none', () => {
    expect(storeError(undefined, [sessionId])).not.to.have.property('cause');
  });

  it('keeps the errors of a group, each made harmless', () => {
    const group = new AggregateError([new Error('one'), new Error(sessionId)], 'both');
    const copy = redactError(group, [sessionId]) as AggregateError;
    expect(copy.errors.map(({ message }) => message)).to.deep.equal(['one', '[session id]']);
  });

  it('follows only so many causes', () => {
    let error = new Error(sessionId);
    for (let depth = 0; depth < 100; depth++) error = new Error(`${depth}`, { cause: error });
    expect(reachable(redactError(error, [sessionId]))).not.to.include(sessionId);
  });

  it('quotes no record, whatever its first key is', () => {
    const record = JSON.stringify({ cookie: {}, 42: 'private' });
    const { message } = redactError(new Error(`insert '${record}' - down`), []) as Error;
    expect(message).to.equal("insert '[record]");
  });

  it('is made harmless in no time, however many quotes its message has', function () {
    // Backtracking from each of them would take minutes.
    this.timeout(10_000);
    const values = JSON.stringify({ list: Array.from({ length: 200_000 }, () => ', ') });
    const { message } = redactError(new Error(`${sessionId} ${values}`), [sessionId]) as Error;
    expect(message).to.equal(`[session id] ${values}`);
  });
});
