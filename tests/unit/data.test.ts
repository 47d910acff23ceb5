import { isDeepStrictEqual } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { copyData, copyToStore, copyTwice, isSameData } from '../../source/session/data.js';

function nested(depth: number, inner: unknown = 1): unknown {
  let value = inner;
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

function depthOf(value: unknown): number {
  let depth = 0;
  let inner = value;
  while (typeof inner === 'object' && inner !== null) {
    inner = Array.isArray(inner) ? inner[0] : Reflect.get(inner, 'a');
    depth++;
  }
  return depth;
}

class Money {
  readonly cents = 5;
}

const foreign: unknown = runInContext(
  '({ list: [1], date: new Date(5), map: new Map([[1, {}]]) })',
  createContext(),
);

/** What copies data, each in another way. */
const copiers: Record<string, <Value>(value: Value) => Value> = {
  'copyData()': copyData,
  'copyTwice(), the copy that it returns': (value) => twice(value)[0],
  'copyTwice(), the copy that it puts elsewhere': (value) => twice(value)[1],
};

function twice<Value>(value: Value): readonly [Value, Value] {
  if (typeof value !== 'object' || value === null) return [value, value];
  const owner: Value[] = [];
  const copy = copyTwice(value, { owner, key: 0 }) as Value;
  return [copy, owner[0] as Value];
}

for (const [name, makeCopy] of Object.entries(copiers))
  describe(name, () => {
    it('copies JSON', () => {
      fc.assert(
        fc.property(fc.jsonValue(), (value) => {
          // A key of that name would be a prototype.
          fc.pre(!JSON.stringify(value).includes('__proto__'));
          const copy = makeCopy(value);
          expect(isDeepStrictEqual(copy, value)).to.equal(true);
          if (typeof value === 'object' && value !== null) expect(copy).not.to.equal(value);
        }),
      );
    });

    const kinds: Record<string, unknown> = {
      'a date': new Date(5),
      'a regular expression': /a/g,
      'a buffer': Buffer.from('ab'),
      'a typed array': new Uint16Array([1, 2]),
      'an array buffer': new Uint8Array([1, 2]).buffer,
      'a map': new Map<unknown, unknown>([[{ a: 1 }, { b: [2] }]]),
      'a set': new Set([{ a: 1 }]),
      'an object without a prototype': Object.assign(Object.create(null), { a: { b: 1 } }),
      'an array with a hole': Object.assign([], { 3: 1 }),
      'an object of another realm': foreign,
    };
    for (const [what, value] of Object.entries(kinds)) {
      for (const depth of [0, 300]) {
        it(`copies ${what}${depth ? ', deep inside' : ''}`, () => {
          let copy: unknown = makeCopy(nested(depth, value));
          for (let level = 0; level < depth; level++) {
            copy = Array.isArray(copy) ? copy[0] : Reflect.get(Object(copy), 'a');
          }
          expect(copy).not.to.equal(value);
          expect(copy).to.deep.equal(what.includes('prototype') ? { a: { b: 1 } } : copyOf(value));
        });
      }
    }
    /** What chai compares: objects of another realm are not those of this one. */
    function copyOf(value: unknown): unknown {
      if (value !== foreign) return value;
      return { list: [1], date: new Date(5), map: new Map([[1, {}]]) };
    }

    it('keeps instances of classes and functions as they are', () => {
      const money = new Money();
      const call = (): void => {};
      for (const depth of [0, 300]) {
        const text = makeCopy(nested(depth, [money, call]));
        let copy: unknown = text;
        while (!Array.isArray(copy) || copy.length !== 2) {
          copy = Array.isArray(copy) ? copy[0] : Reflect.get(Object(copy), 'a');
        }
        expect(copy[0]).to.equal(money);
        expect(copy[1]).to.equal(call);
      }
    });

    it('leaves a key __proto__ out', () => {
      const value = JSON.parse('{"a":{"__proto__":{"polluted":1},"b":2}}');
      for (const copy of [makeCopy(value), makeCopy(nested(300, value))]) {
        let inner: unknown = copy;
        while (!Object.hasOwn(Object(inner), 'b')) {
          inner = Array.isArray(inner) ? inner[0] : Reflect.get(Object(inner), 'a');
        }
        expect(Reflect.get(Object(inner), 'polluted')).to.equal(undefined);
        expect(Object.keys(Object(inner))).to.deep.equal(['b']);
      }
    });

    it('copies what an object has itself, and not what all objects have', () => {
      let keys: string[];
      Reflect.set(Object.prototype, 'everywhere', 1);
      try {
        keys = Object.keys(makeCopy({ own: {} }));
      } finally {
        Reflect.deleteProperty(Object.prototype, 'everywhere');
      }
      expect(keys).to.deep.equal(['own']);
    });

    it('copies data however deeply it is nested', () => {
      expect(depthOf(makeCopy(nested(100_000)))).to.equal(100_000);
    });

    it('copies circular data', () => {
      const value: Record<string, unknown> = { list: [] };
      value.self = value;
      (value.list as unknown[]).push(value);
      const copy = makeCopy(value);
      expect(copy.self).to.equal(copy);
      expect((copy.list as unknown[])[0]).to.equal(copy);
      expect(copy).not.to.equal(value);
    });

    it('copies maps and sets that hold themselves', () => {
      const map = new Map<string, unknown>();
      const set = new Set<unknown>([map]);
      map.set('set', set).set('map', map);
      const copy = makeCopy(map);
      expect(copy.get('map')).to.equal(copy);
      expect([...(copy.get('set') as Set<unknown>)]).to.deep.equal([copy]);
      expect(copy).not.to.equal(map);
    });

    it('passes on what a getter throws', () => {
      const mistake = new Error('no');
      const value = {
        get a(): never {
          throw mistake;
        },
      };
      expect(() => makeCopy(value)).to.throw(mistake);
    });
  });

describe('copyTwice()', () => {
  it('makes copies that share nothing', () => {
    for (const depth of [0, 300]) {
      const value = { list: [{}], map: new Map([[1, {}]]), date: new Date(5), deep: nested(depth) };
      const [one, other] = twice(value);
      expect(one).to.deep.equal(other);
      expect(one.list[0]).not.to.equal(other.list[0]);
      expect(one.map.get(1)).not.to.equal(other.map.get(1));
      expect(one.date).not.to.equal(other.date);
      expect(one.deep).not.to.equal(depth ? other.deep : null);
    }
  });
});

describe('copyToStore()', () => {
  it('copies data as deep as may be stored', () => {
    expect(depthOf(copyToStore(nested(1_000)))).to.equal(1_000);
  });

  it('refuses data that is nested more deeply', () => {
    expect(() => copyToStore(nested(1_002))).to.throw(RangeError, 'Nested more than 1000 levels');
  });

  it('copies circular data, because it is not deep', () => {
    const value: Record<string, unknown> = {};
    value.self = value;
    const copy = copyToStore(value) as typeof value;
    expect(copy.self).to.equal(copy);
  });

  it('gives what is no object', () => {
    expect(['x', 1, null, undefined].map(copyToStore)).to.deep.equal(['x', 1, null, undefined]);
  });
});

describe('isSameData()', () => {
  it('is true of a copy, and tells any JSON apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        fc.pre(!JSON.stringify([one, other]).includes('__proto__'));
        expect(isSameData(one, copyData(one))).to.equal(true);
        expect(isSameData(one, other)).to.equal(isDeepStrictEqual(one, other));
        expect(isSameData(nested(300, one), nested(300, other))).to.equal(
          isDeepStrictEqual(one, other),
        );
      }),
    );
  });

  const money = new Money();
  const different: readonly (readonly [unknown, unknown])[] = [
    [0, -0],
    [null, undefined],
    [[], {}],
    [{}, []],
    [{ a: 1 }, { b: 1 }],
    [{ a: undefined }, {}],
    [[1], [1, undefined]],
    [Object.assign([], { 1: 1 }), Object.assign([], { 1: 1, length: 3 })],
    [new Date(1), new Date(2)],
    [new Date(1), {}],
    [/a/, /b/],
    [Buffer.from('a'), Buffer.from('b')],
    [new Map([[1, 1]]), new Map([[1, 2]])],
    [new Set([1]), new Set([2])],
    [new Map(), new Set()],
    [money, money],
    [{ a: money }, { a: money }],
    [{ a: 1 }, 'a'],
  ];
  for (const [one, other] of different) {
    it(`tells ${String(JSON.stringify(one))} and ${String(JSON.stringify(other))} apart`, () => {
      expect(isSameData(one, other)).to.equal(false);
      expect(isSameData(nested(300, one), nested(300, other))).to.equal(false);
    });
  }

  const same: readonly (readonly [unknown, unknown])[] = [
    [Number.NaN, Number.NaN],
    [new Date(1), new Date(1)],
    [/a/g, /a/g],
    [Buffer.from('a'), Buffer.from('a')],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
    [new Set([1]), new Set([1])],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ];
  for (const [one, other] of same) {
    it(`takes ${String(JSON.stringify(one))} for the same`, () => {
      expect(isSameData(one, other)).to.equal(true);
      expect(isSameData(nested(300, one), nested(300, other))).to.equal(true);
    });
  }

  it('compares ids of MongoDB and other values of BSON, which never change inside', () => {
    class Value {
      readonly #text: string;
      readonly _bsontype: string;
      constructor(text: string, type = 'ObjectId') {
        this.#text = text;
        this._bsontype = type;
      }
      toJSON(): string {
        return this.#text;
      }
    }
    const id = new Value('a');
    expect(isSameData({ id }, copyData({ id }))).to.equal(true);
    expect(isSameData({ id }, { id: new Value('a') })).to.equal(true);
    expect(isSameData({ id }, { id: new Value('b') })).to.equal(false);
    expect(isSameData({ id }, { id: new Value('a', 'Decimal128') })).to.equal(false);
    // It may have been written to.
    const binary = new Value('a', 'Binary');
    expect(isSameData({ binary }, { binary })).to.equal(false);
    const unreadable = new Proxy(new Date(), {
      get: () => {
        throw new Error('no');
      },
    });
    expect(isSameData({ id: unreadable }, { id })).to.equal(false);
    // A client may send any data, with any keys.
    const sent = JSON.parse(`{"_bsontype":"ObjectId","deep":${'['.repeat(9e4)}${']'.repeat(9e4)}}`);
    expect(isSameData({ id: sent }, { id })).to.equal(false);
    expect(isSameData({ id }, { id: sent })).to.equal(false);
  });

  it('compares data however deeply it is nested', () => {
    expect(isSameData(nested(100_000), nested(100_000))).to.equal(true);
    expect(isSameData(nested(100_000, 1), nested(100_000, 2))).to.equal(false);
    expect(isSameData(nested(100_000), nested(100_001))).to.equal(false);
  });

  it('compares circular data', () => {
    const circular = (end: unknown): object => {
      const value: Record<string, unknown> = { list: [end] };
      (value.list as unknown[]).push(value);
      return value;
    };
    expect(isSameData(circular(1), circular(1))).to.equal(true);
    expect(isSameData(circular(1), circular(2))).to.equal(false);
  });

  it('takes maps that cannot be compared for different', () => {
    const deep = (): Map<unknown, unknown> => new Map([[1, nested(50_000)]]);
    expect(isSameData(deep(), deep())).to.equal(false);
  });
});
