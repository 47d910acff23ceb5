/**
 * @module Stored records of every kind: JSON that is no session, objects with getters and traps,
 * nested without an end, and as text. A listener is given a session or a named error, once.
 */

import fc from 'fast-check';
import type { SessionError, SocketSession } from '../../source/index.js';
import { dataOf, inTime, Site } from './site.js';

const keys = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('n', 'visitor', 'test:a', 'cookie') },
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'id', 'req', 'save', 'toJSON', 'then'),
  fc.string({ maxLength: 8 }),
);

const cookies = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ path: '/', originalMaxAge: null }) },
  fc.dictionary(
    fc.constantFrom('originalMaxAge', 'expires', 'maxAge', 'path', '_expires', '__proto__', 'data'),
    fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(Number.NaN, -1, 1e300, '9999-12-31', 'never', '2020-01-01', null),
    ),
    { maxKeys: 4 },
  ),
  fc.jsonValue({ maxDepth: 1 }),
);

/** JSON, as stores have it; some with a cookie, as sessions have. */
const texts: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        cookies,
        fc.array(fc.tuple(keys, fc.jsonValue({ maxDepth: 3 })), { maxLength: 4 }),
        fc.boolean(),
      )
      .map(([cookie, entries, isLast]) => {
        const pairs = entries.map(
          ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
        );
        const all = `"cookie":${JSON.stringify(cookie)}`;
        return `{${(isLast ? [...pairs, all] : [all, ...pairs]).join()}}`;
      }),
  },
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '{"cookie":{},"__proto__":{"admin":true}}',
    '{"cookie":{"__proto__":{"admin":true}},"a":{"__proto__":{"admin":true}}}',
    `{"cookie":{},"a":${'['.repeat(900)}${']'.repeat(900)}}`,
    `{"cookie":{},"a":${'{"a":'.repeat(900)}1${'}'.repeat(900)}}`,
    `{"cookie":${'{"a":'.repeat(900)}1${'}'.repeat(900)}}`,
  ),
  fc.string(),
  fc.integer({ min: 1, max: 60 }).map((length) => '{"cookie":{"path":"/"},"n":1}'.slice(0, length)),
);

/** Objects that no JSON gives; those that cannot be printed by what makes them. */
const objects: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<() => unknown>(
    () => new Date(),
    () => new Map([['cookie', {}]]),
    () => ({ cookie: new Map() }),
    () => Object.create({ cookie: {} }),
    () => flaky(),
    () => Object.freeze({ cookie: Object.freeze({}), a: Object.freeze({ b: 1 }) }),
    () => cyclic(),
    () => ({
      cookie: {},
      get n() {
        throw new Error('the getter throws');
      },
    }),
    () => ({
      get cookie() {
        throw new Error('the getter throws');
      },
    }),
    () => ({
      cookie: {
        get expires() {
          throw new Error('getter');
        },
      },
    }),
    () =>
      new Proxy(
        { cookie: {} },
        {
          ownKeys: () => {
            throw new Error('trap');
          },
        },
      ),
    () => new Proxy({ cookie: {}, n: 1 }, {}),
    () => ({
      cookie: {
        toJSON: () => {
          throw new Error('toJSON');
        },
      },
    }),
    () => ({ cookie: { toJSON: () => 'text' }, toJSON: () => null }),
    () => ({ cookie: {}, a: 1n, b: Symbol('s'), c: () => {}, d: undefined }),
    // biome-ignore lint/suspicious/noThenProperty: what a promise would take for one of its kind
    () => ({ cookie: {}, then: (resolve: (value: unknown) => void) => resolve(1) }),
    () => Object.assign(() => {}, { cookie: {} }),
    () => new Error('the store says no'),
    () => Object.assign(new Error('no file'), { code: 'ENOENT' }),
    () => ({ cookie: {}, a: Buffer.from('abc'), b: new Date(0), c: new Uint8Array(3) }),
  ),
  fc.object({ maxDepth: 3, withNullPrototype: true, withDate: true, withMap: true }),
  fc.tuple(cookies, fc.object({ maxDepth: 2 })).map(([cookie, rest]) => ({ ...rest, cookie })),
);

/** Has a cookie the first time that it is asked. */
function flaky(): object {
  let asked = 0;
  return Object.defineProperty({ n: 1 }, 'cookie', {
    get: () => (asked++ < 3 ? {} : undefined),
    enumerable: true,
  });
}

function cyclic(): object {
  const record = { cookie: {}, self: {} };
  record.self = record;
  return record;
}

/** What the store gives: by `get` an object, by `readMany` a text or an object. */
interface Found {
  readonly value: unknown;
  readonly change: unknown;
}

const finds: fc.Arbitrary<Found> = fc.record({
  value: fc.oneof({ weight: 2, arbitrary: texts }, objects),
  change: fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(undefined, 1n, cyclic(), Symbol('s'), { toJSON: () => undefined }),
  ),
});

/** Lets a listener meet so many records; tells how many were sessions. */
export async function fuzzRecords(runs: number, seed: number): Promise<number> {
  const found: { now: unknown } = { now: undefined };
  let sessions = 0;
  for (const isMany of [false, true]) {
    const site = new Site(
      seed,
      isMany ? { readMany: async (ids) => ids.map(() => found.now as object) } : {},
    );
    const told: [SessionError | null, SocketSession | null][] = [];
    site.welcome('/', ({ socket }) => {
      socket.sessOn('tell', (err, session) => void told.push([err, session]));
    });
    const { get } = site.store;
    try {
      await fc.assert(
        fc.asyncProperty(finds, async ({ value: given, change }) => {
          const { cookie, sessionId } = site.login({ n: 1 });
          found.now = site.store.record(sessionId);
          const visitor = site.open({ headers: { cookie } });
          await inTime(() => visitor.join());
          const value: unknown = typeof given === 'function' ? given() : given;
          found.now = value;
          site.store.get = (_id, callback) => {
            const record = typeof value === 'string' ? parsed(value) : value;
            if (record instanceof SyntaxError) setImmediate(callback, record);
            else setImmediate(callback, null, record as never);
          };
          visitor.receive('2["tell"]');
          await inTime(async () => {
            while (told.length === 0) await new Promise(setImmediate);
          });
          if (told.length > 1) throw new Error('The listener was called twice');
          const [[err, session] = [null, null]] = told.splice(0);
          const isGiven = inTime(() => isSession(site, { err, session, change }));
          if (await isGiven) sessions++;
          site.store.get = get;
          site.check();
          visitor.close();
          site.store.records.clear();
        }),
        { numRuns: Math.ceil(runs / 2), seed },
      );
    } finally {
      await site.stop();
    }
  }
  return sessions;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

/** Does with a session what listeners do; each save or update settles, well or with a code. */
async function isSession(
  site: Site,
  given: { err: SessionError | null; session: SocketSession | null; change: unknown },
): Promise<boolean> {
  const { err, session, change } = given;
  site.watch.look('error', err);
  if ((err === null) === (session === null)) throw new Error('Neither a session nor an error');
  if (session === null) {
    if (err?.name !== 'SessionError') throw new Error(`No name: ${String(err)}`);
    return false;
  }
  if ('admin' in session) throw new Error('A record gave the session a prototype');
  for (const key of Reflect.ownKeys(session)) touch(session, key);
  try {
    dataOf(session);
  } catch {
    // A record that is cyclic or nested too deeply is none as JSON.
  }
  Reflect.set(session, 'test:change', change);
  for (const work of [session.save(), session.update(() => {})]) {
    const error = await Promise.resolve(work).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    site.watch.look('save', error);
    const code: unknown = Reflect.get(Object(error), 'code');
    if (error !== undefined && !String(code).startsWith('ERR_SESSION_')) throw error;
  }
  return true;
}

function touch(session: object, key: string | symbol): void {
  try {
    Reflect.get(session, key);
  } catch {
    // The store's own getter throws.
  }
}
