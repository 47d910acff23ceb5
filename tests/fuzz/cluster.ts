/**
 * @module What another node sends: messages about sessions, well-formed and not, of any type, size and
 * nesting. Only a message that is one ends a session, and only the session that it names.
 */

import fc from 'fast-check';
import type { Socket } from 'socket.io';
import { sessionHashOf } from '../../source/session/session-hash.js';
import { inTime, Site } from './site.js';

const eventName = 'expression.socket.io:session';
const reasons = ['destroyed', 'regenerated', 'expired'];

/** Takes the place of the hash of the visitor's session, which is another in each run. */
const theirs = 'the hash of the visitor';

const hashes = fc.oneof(
  { weight: 4, arbitrary: fc.constant<unknown>(theirs) },
  fc.constantFrom<unknown>(
    sessionHashOf('of somebody else'),
    'expression.socket.io:',
    `expression.socket.io:${'x'.repeat(43)}`,
    `expression.socket.io:${'x'.repeat(44)}`,
    [theirs],
    { toString: null },
    '__proto__',
    '',
    null,
  ),
  fc.string(),
);

const numbers = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom<unknown>(Number.NaN, Number.POSITIVE_INFINITY, -1, Date.now() + 50, '1', null),
);

/** Any value that an adapter may have decoded. */
const anything = fc.anything({
  maxDepth: 4,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
});

const shaped = fc.record(
  {
    type: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom<unknown>('ended', 'ending', 'stayed', 'extended') },
      anything,
    ),
    hash: hashes,
    reason: fc.oneof({ weight: 6, arbitrary: fc.constantFrom<unknown>(...reasons) }, anything),
    expiries: fc.oneof(
      fc.array(fc.tuple(hashes, numbers), { maxLength: 5 }),
      fc.array(anything, { maxLength: 3 }),
      anything,
    ),
  },
  { requiredKeys: [] },
);

const special = fc.constantFrom<() => unknown>(
  () => JSON.parse('{"type":"ended","__proto__":{"polluted":true},"hash":"x","reason":"expired"}'),
  () => JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  () => ({ type: 'extended', expiries: Array(50_000).fill([sessionHashOf('x'), Date.now() + 9]) }),
  () => ({ type: 'ended', hash: 'x'.repeat(1_000_000), reason: 'destroyed' }),
  () => nested(20_000),
  () => ({ type: 'extended', expiries: nested(20_000) }),
  () => ({ type: 'ended', hash: nested(20_000), reason: nested(20_000) }),
);

const messages: fc.Arbitrary<() => unknown> = fc.oneof(
  {
    weight: 3,
    // One that is right, or wrong in one place.
    arbitrary: fc
      .constantFrom<object>(
        ...reasons.map((reason) => ({ reason })),
        ...['bored', ['destroyed'], undefined, { toString: null }].map((reason) => ({ reason })),
        ...['ENDED', ['ended'], 'ending'].map((type) => ({ type })),
      )
      .map((change) => () => ({ type: 'ended', hash: theirs, reason: 'destroyed', ...change })),
  },
  { weight: 8, arbitrary: shaped.map((message) => () => message) },
  { weight: 2, arbitrary: anything.map((message) => () => message) },
  special,
);

/** Receives so many messages; tells how many sessions were ended by one. */
export async function fuzzCluster(runs: number, seed: number): Promise<number> {
  const site = new Site(seed);
  const namespace = site.io.of('/');
  const told = new WeakMap<object, unknown[]>();
  let ended = 0;
  site.welcome('/', ({ socket }) => {
    const ends: unknown[] = [];
    told.set((socket as unknown as Socket).conn, ends);
    (socket as unknown as Socket).on('sessionend', (reason) => ends.push(reason));
    socket.sessOn('who', (err, session, ack) => ack(err ? err.code : session['test:who']));
  });
  try {
    let visits = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(messages, { minLength: 1, maxLength: 5 }), async (makers) => {
        const who = `visitor ${visits++}`;
        const { sessionId, cookie } = site.login({ 'test:who': who });
        const wire = site.open({ headers: { cookie } });
        await inTime(() => wire.join());
        const hash = sessionHashOf(sessionId);
        const sent = makers.map((make) => withHash(make(), hash));
        for (const message of sent) namespace._onServerSideEmit([eventName, message]);
        // The barrier: whoever was ended is told in the same turn, and disconnected after it.
        wire.receive('21["who"]');
        const answer = await inTime(() => wire.answer((packet) => packet.startsWith('31[')));
        const end = sent.find((message) => endsSession(message, hash));
        const ends = told.get(wire) ?? [];
        const expected = end === undefined ? [] : [Reflect.get(Object(end), 'reason')];
        if (ends.join() !== expected.join()) {
          throw new Error(`Ended with ${ends.join()}, not ${expected.join()}`);
        }
        if (end === undefined && answer !== `31[${JSON.stringify(who)}]`) {
          throw new Error(`The visitor was answered ${answer}`);
        }
        if (end !== undefined) ended++;
        site.watch.look('sent to the client', wire.sent);
        site.check();
        wire.close();
        site.store.records.delete(sessionId);
      }),
      { numRuns: Math.ceil(runs / 3), seed },
    );
  } finally {
    await site.stop();
  }
  return ended;
}

/** What a message has to be that ends the visitor's session. */
function endsSession(message: unknown, hash: string): boolean {
  const { type, hash: named, reason } = Object(message);
  return type === 'ended' && named === hash && reasons.includes(reason);
}

/** Puts the hash of the visitor where it belongs. */
function withHash(message: unknown, hash: string): unknown {
  if (message === theirs) return hash;
  const isPlain = typeof message === 'object' && message !== null;
  if (!isPlain || Reflect.get(message, 'hash') === undefined) return message;
  const expiries: unknown = Reflect.get(message, 'expiries');
  return {
    ...message,
    hash: Reflect.get(message, 'hash') === theirs ? hash : Reflect.get(message, 'hash'),
    ...(Array.isArray(expiries) && expiries.length < 100
      ? { expiries: expiries.map((pair) => (pair?.[0] === theirs ? [hash, pair[1]] : pair)) }
      : {}),
  };
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { expiries: value };
  return value;
}
