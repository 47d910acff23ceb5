/**
 * @module Packets of every kind from a client that has a session: events with any payload, with
 * reserved names, malformed, and with acknowledgements. Each reaches its listener once, unchanged.
 */

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Socket } from 'socket.io';
import { Site } from './site.js';

const names = ['tell', 'save', '', '__proto__', 'constructor', 'toString', '*', 'hasOwnProperty'];
/** Names of events that Socket.IO, Node.js or the library use for themselves. */
const reserved = [
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
  'sessionend',
  'error',
  'expression.socket.io:session',
];

interface Packet {
  readonly text: string;
  /** What its listener is to be called with; nothing where no listener is to be called. */
  readonly expected?: readonly [string, readonly unknown[]];
  readonly ack?: number;
}

const payloads = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 4 }) },
  fc.constantFrom<unknown[]>(
    [JSON.parse('{"__proto__":{"polluted":true}}')],
    [JSON.parse('{"constructor":{"prototype":{"polluted":true}}}')],
    [0, '', false, null],
    [{ _placeholder: false, num: 0 }],
    [Array(2_000).fill('x')],
  ),
  fc.string({ minLength: 500, maxLength: 20_000 }).map((text) => [text]),
);

const packets: fc.Arbitrary<Packet> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), payloads, fc.option(fc.integer({ min: 0, max: 1e9 })))
      .map(([name, args, ack]): Packet => {
        const text = `2${ack ?? ''}${JSON.stringify([name, ...args])}`;
        // As the parser makes them.
        const expected = [name, JSON.parse(JSON.stringify(args))] as const;
        return ack === null ? { text, expected } : { text, expected, ack };
      }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...reserved), payloads)
      .map(([name, args]): Packet => ({ text: `2${JSON.stringify([name, ...args])}` })),
  },
  fc
    .constantFrom(
      '2',
      '2[]',
      '2[1]',
      '2{}',
      '2["tell"',
      '21',
      '3[]',
      '31[]',
      '51-["tell",{"_placeholder":true,"num":0}]',
      '51-["tell",{"_placeholder":true,"num":9}]',
      '2/other,["tell"]',
      '0',
      '4{"message":"x"}',
      '9',
      '',
      `2["unheard",${'['.repeat(9_000)}${']'.repeat(9_000)}]`,
    )
    .map((text): Packet => ({ text })),
  fc.string().map((text): Packet => ({ text: `2${text}` })),
);

/** Sends so many packets; tells how many were events that a listener was called for. */
export async function fuzzEvents(runs: number, seed: number): Promise<number> {
  const site = new Site(seed);
  const calls: [string, readonly unknown[]][] = [];
  let fakedEnds = 0;
  let called = 0;
  site.welcome('/', ({ socket }) => {
    (socket as unknown as Socket).on('sessionend', () => fakedEnds++);
    for (const name of names) {
      socket.sessOn(name, async (err, session, ...args: unknown[]) => {
        const ack = args.at(-1);
        const isAsked = typeof ack === 'function';
        calls.push([name, isAsked ? args.slice(0, -1) : args]);
        if (err) throw err;
        if (name === 'save') {
          // What an application should not do, and many do.
          Object.assign(session, args[0]);
          session['test:payload'] = args[0];
          await session.save().catch((error: unknown) => {
            site.watch.look('save', error);
            if (!String(Reflect.get(Object(error), 'code')).startsWith('ERR_SESSION')) throw error;
          });
        }
        if (isAsked) ack(session.n);
      });
    }
  });
  try {
    let { cookie } = site.login({ n: 1 });
    let wire = site.open({ headers: { cookie } });
    await wire.join();
    await fc.assert(
      fc.asyncProperty(fc.array(packets, { minLength: 1, maxLength: 4 }), async (sent) => {
        calls.length = 0;
        wire.sent.length = 0;
        for (const { text } of sent) wire.receive(text);
        // The barrier: behind everything else, where the connection is still there.
        wire.receive('2999999999999["tell","barrier"]');
        await wire.answer((packet) => packet.startsWith('3999999999999['));
        site.watch.look('sent to the client', wire.sent);
        site.check();
        if (fakedEnds > 0) throw new Error('A client faked `sessionend`');
        if (wire.readyState === 'open') called += checkCalls(sent, calls);
        ({ cookie } = site.login({ n: 1 }));
        wire.close();
        wire = site.open({ headers: { cookie } });
        await wire.join();
        site.store.records.delete([...site.store.records.keys()][0] ?? '');
      }),
      { numRuns: Math.ceil(runs / 2.5), seed },
    );
  } finally {
    await site.stop();
  }
  return called;
}

function checkCalls(
  sent: readonly Packet[],
  calls: readonly (readonly [string, readonly unknown[]])[],
): number {
  // What a random text means only the parser knows.
  const isPlain = sent.every(({ expected, text }) => expected || text.startsWith('2["'));
  if (!isPlain) return 0;
  const expected = sent.flatMap((packet) => (packet.expected ? [packet.expected] : []));
  const made = calls.filter(([, args]) => args[0] !== 'barrier');
  if (!isDeepStrictEqual(made, expected)) {
    throw new Error(`Called with ${JSON.stringify(made)}, not ${JSON.stringify(expected)}`);
  }
  return made.length;
}
