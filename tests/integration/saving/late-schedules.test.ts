import fc from 'fast-check';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { type Deed, deeds, LateWorld, storeTimeout } from '../../support/late-world.js';
import type { Fate, TouchKind } from '../../support/unsteady-store.js';

/** Some calls go well, and others are slow, late, fail or hang. */
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { arbitrary: fc.constant({ effect: 0, answer: 0 }), weight: 4 },
  {
    arbitrary: fc.record({
      effect: fc.integer({ min: 0, max: 4 * storeTimeout }),
      answer: fc.integer({ min: 0, max: 4 * storeTimeout }),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      effect: fc.integer({ min: 0, max: 2 * storeTimeout }),
      answer: fc.constant(0),
      error: fc.constantFrom('with the effect' as const, 'without the effect' as const),
    }),
    weight: 1,
  },
  // Nobody can know of a write that lands late, and is never answered.
  {
    arbitrary: fc.constantFrom(
      { effect: undefined, answer: undefined },
      { effect: 0, answer: undefined },
    ),
    weight: 1,
  },
);
const ends = new Set<string>(['logout', 'socket logout', 'expire']);
const at = fc.integer({ min: 0, max: 8 * storeTimeout });
const deed = fc.record({ what: fc.constantFrom(...deeds), at });
const write = fc.record({
  what: fc.constantFrom(...deeds.filter((what) => !ends.has(what))),
  at,
});

const well: Fate = { effect: 0, answer: 0 };
const never: Fate = { effect: undefined, answer: undefined };
const failed: Fate = { effect: 0, answer: 0, error: 'without the effect' };
const late = (effect: number, answer = 0): Fate => ({ effect, answer });

/** Each has gone wrong once. */
const schedules: readonly {
  readonly name: string;
  readonly fates: readonly Fate[];
  readonly todo: readonly Deed[];
  readonly touchKind?: TouchKind;
}[] = [
  {
    name: 'a request that could not wait erases nothing that is saved while it reads',
    fates: [well, well, late(60), well, late(60), late(0, 60)],
    todo: [
      { what: 'save', at: 0 },
      { what: 'http write', at: 1 },
      { what: 'save', at: 30 },
    ],
  },
  {
    name: 'a save erases nothing of a request that could not wait for it',
    fates: [well, well, late(26, 67)],
    todo: [
      { what: 'save', at: 0 },
      { what: 'save', at: 0 },
      { what: 'save', at: 3 },
      { what: 'http write', at: 3 },
      { what: 'save', at: 0 },
    ],
  },
  {
    name: 'a save erases nothing of a request whose write was under way when it read',
    fates: [well, well, late(60), well, late(60), well, late(50), well, late(60)],
    todo: [
      { what: 'save', at: 0 },
      { what: 'http write', at: 1 },
      { what: 'save', at: 60 },
    ],
  },
  {
    name: 'a touch of a request that writes whole, and late, erases no save',
    fates: [late(0, 3), well, late(179)],
    todo: [
      { what: 'http touch', at: 1 },
      { what: 'save', at: 0 },
      { what: 'save', at: 76 },
    ],
    touchKind: 'the record',
  },
  {
    name: 'a touch of a socket that writes whole erases no request that could not wait',
    fates: [well, well, well, well, never],
    todo: [
      { what: 'http write', at: 76 },
      { what: 'http touch', at: 0 },
      { what: 'http touch', at: 4 },
      { what: 'event', at: 77 },
      { what: 'save', at: 4 },
    ],
    touchKind: 'the record',
  },
  {
    name: 'a touch of a request that could not wait erases no update that is saved while it reads',
    fates: [well, late(21, 54), late(11, 5), late(3), well, well, well, late(36, 14), late(0, 6)],
    todo: [
      { what: 'http touch', at: 33 },
      { what: 'update', at: 46 },
      { what: 'http touch', at: 47 },
      { what: 'http touch', at: 45 },
      { what: 'http touch', at: 21 },
      { what: 'http touch', at: 152 },
    ],
    touchKind: 'the session',
  },
  {
    name: 'a touch of a request does not revive a session that one logout ended while it waited for another',
    fates: [well, late(0, 3), well, well, well, never],
    todo: [
      { what: 'socket logout', at: 27 },
      { what: 'http touch', at: 27 },
      { what: 'socket logout', at: 27 },
      { what: 'http touch', at: 24 },
      { what: 'http touch', at: 30 },
    ],
    touchKind: 'the session',
  },
  {
    name: 'a repair that has read before a logout does not revive the session',
    fates: [well, well, late(400), well, well, well, late(0, 50)],
    todo: [
      { what: 'save', at: 0 },
      { what: 'update', at: 150 },
      { what: 'logout', at: 410 },
    ],
  },
  {
    name: 'a save between the deadline of a logout and its answer does not revive the session',
    fates: [well, well, late(102, 3)],
    todo: [
      { what: 'logout', at: 0 },
      { what: 'save', at: 0 },
      { what: 'save', at: 0 },
    ],
  },
  {
    name: 'a save does not revive a session that one logout ended and another could not',
    fates: [well, well, well, well, well, { ...well, error: 'with the effect' }],
    todo: [
      { what: 'save', at: 0 },
      { what: 'logout', at: 0 },
      { what: 'logout', at: 0 },
      { what: 'save', at: 3 },
      { what: 'save', at: 3 },
    ],
  },
  {
    name: 'a save does not revive a session that one logout ended while it waited for another',
    fates: [well, late(0, 3), well, well, never],
    todo: [
      { what: 'save', at: 24 },
      { what: 'socket logout', at: 27 },
      { what: 'socket logout', at: 27 },
    ],
  },
  {
    name: 'what a save has written after a logout is removed again, also at the second try',
    fates: [well, well, late(50), well, well, failed, failed],
    todo: [
      { what: 'save', at: 0 },
      { what: 'logout', at: 5 },
    ],
  },
];

describe('Whatever becomes of the calls of the store', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });
  afterEach(() => clock.restore());

  for (const { name, fates, todo, touchKind = 'the cookie' } of schedules) {
    it(name, () => new LateWorld(clock, fates, touchKind).run(todo));
  }

  for (const touchKind of ['the cookie', 'the record', 'the session'] as const) {
    for (const [promise, done] of [
      ['nothing that was told to be saved is lost', write],
      ['a logout is final', deed],
    ] as const) {
      it(`${promise}, with a \`touch\` that writes ${touchKind}`, async function () {
        this.timeout(120_000);
        await fc.assert(
          fc.asyncProperty(
            fc.array(fate, { maxLength: 30 }),
            fc.array(done, { minLength: 2, maxLength: 12 }),
            (fates, todo) => {
              // The touch of an event that comes before its socket has joined may write what it read.
              const may = todo.filter(
                ({ what }) => touchKind !== 'the session' || what !== 'event',
              );
              return new LateWorld(clock, fates, touchKind).run(may);
            },
          ),
          { numRuns: 1_000 },
        );
      });
    }
  }
});
