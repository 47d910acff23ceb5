import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import type { SessionData } from 'express-session';
import fc from 'fast-check';
import { Engine, type EngineOptions } from '../support/engine.js';
import { LiveStore } from '../support/live-store.js';
import { SlowStore } from '../support/slow-store.js';

const sessionId = 'one';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };
/** Some are names of methods: they are stored, and not shown. */
const keys = ['a', 'b', 'c', 'save', 'id', 'toString'] as const;
const reserved: ReadonlySet<string> = new Set(['save', 'id', 'toString']);

type Data = Record<string, unknown>;

/** Returns frozen records, the same ones each time. */
class FrozenStore extends LiveStore {
  override record(sessionId: string): SessionData | undefined {
    const session = super.record(sessionId);
    return session && freeze(session);
  }
  override set(...[sessionId, session, callback]: Parameters<SlowStore['set']>): void {
    super.set(sessionId, JSON.parse(JSON.stringify(session)), callback);
  }
}

function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) freeze(inner);
  }
  return Object.freeze(value);
}

/** A store, and what other writers do to it. */
interface Backing {
  readonly store: SlowStore;
  readonly options?: EngineOptions;
  /** Whether nested values of a record that was read change with the store. */
  readonly isLive?: boolean;
  read(): Data;
  write(data: Data): void;
}

function textBacking(cacheSize?: number): Backing {
  const store = new SlowStore();
  const readMany = async (ids: readonly string[]): Promise<(string | undefined)[]> =>
    ids.map((id) => store.records.get(id));
  return {
    store,
    ...(cacheSize === undefined ? {} : { options: { readMany, recordCacheSize: cacheSize } }),
    read: () => JSON.parse(store.records.get(sessionId) ?? ''),
    write: (data) => void store.records.set(sessionId, JSON.stringify({ cookie, ...data })),
  };
}

function liveBacking(store: LiveStore, isLive: boolean): Backing {
  return {
    store,
    isLive,
    read: () => JSON.parse(JSON.stringify(store.sessions.get(sessionId))),
    write: (data) => void store.sessions.set(sessionId, { cookie, ...copy(data) } as never),
  };
}

const backings: Readonly<Record<string, () => Backing>> = {
  'a store that makes new objects': () => textBacking(),
  'texts that are not kept': () => textBacking(0),
  'texts of which few are kept': () => textBacking(60),
  'texts that are kept': () => textBacking(1e6),
  'a store that hands out live objects': () => liveBacking(new LiveStore(), true),
  'a store that hands out frozen objects': () => liveBacking(new FrozenStore(), false),
};

function copy<Value>(value: Value): Value {
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}

/** What a session must show, and what it must save: deep copies, and no cleverness. */
class Model {
  values: Data;
  baseline: Data;

  constructor(record: Data) {
    // Without what any object inherits: some keys are called so.
    this.values = Object.assign(Object.create(null), copy(record));
    this.baseline = Object.assign(Object.create(null), copy(record));
  }

  get shown(): Data {
    return Object.fromEntries(Object.entries(this.values).filter(([key]) => !reserved.has(key)));
  }

  changes(): [key: string, value: unknown][] {
    const all = [...new Set([...Object.keys(this.values), ...Object.keys(this.baseline)])];
    return all
      .filter((key) => !isDeepStrictEqual(this.values[key], this.baseline[key]))
      .map((key) => [key, copy(this.values[key])]);
  }
}

const values = fc.oneof(
  fc.constantFrom<unknown>(0, '', 'x', null, true, [], {}),
  fc.record({ list: fc.array(fc.nat(3), { maxLength: 3 }), deep: fc.record({ n: fc.nat(3) }) }),
);
const steps = fc.array(
  fc.record({
    who: fc.nat(1),
    what: fc.constantFrom(
      'set',
      'delete',
      'read',
      'change inside',
      'list',
      'assign',
      'define',
      'save',
      'save',
      'reload',
      'they write',
      'they delete',
      'they change inside',
    ),
    key: fc.constantFrom(...keys),
    value: values,
  }),
  { maxLength: 14 },
);
type Step = { who: number; what: string; key: string; value: unknown };

function changeInside(value: unknown): void {
  if (Array.isArray(value)) value.push('inside');
  else if (typeof value === 'object' && value !== null) {
    Reflect.set(value, 'inside', (Number(Reflect.get(value, 'inside')) || 0) + 1);
    const { deep } = value as { deep?: { n?: number } };
    if (deep) deep.n = (deep.n ?? 0) + 1;
  }
}

async function run(backing: Backing, initial: Data, script: readonly Step[]): Promise<void> {
  const { store, options } = backing;
  const stored = (): Data => {
    const { cookie: _cookie, ...data } = backing.read();
    return data;
  };
  backing.write(initial);
  const engine = new Engine(store, options);
  try {
    // They share one read.
    const opened = await Promise.all([engine.open(sessionId), engine.open(sessionId)]);
    const sessions = opened as unknown as (Data & {
      save(): Promise<void>;
      reload(): Promise<void>;
    })[];
    const models = [new Model(stored()), new Model(stored())];
    const seen = (session: Data): Data => {
      const { cookie: _cookie, ...data } = copy({ ...session });
      return data;
    };
    // Of a live store, what nobody has reached for may change: so all of it is, at once.
    if (backing.isLive) for (const session of sessions) seen(session);
    for (const { who, what, key, value } of script) {
      const session = sessions[who];
      const model = models[who];
      if (!session || !model) throw new Error('nobody is there');
      if (what === 'set') {
        session[key] = copy(value);
        model.values[key] = copy(value);
      } else if (what === 'delete') {
        Reflect.deleteProperty(session, key);
        delete model.values[key];
      } else if (what === 'read') {
        if (!reserved.has(key)) expect(copy(session[key])).to.deep.equal(model.values[key]);
      } else if (what === 'change inside') {
        if (reserved.has(key)) continue;
        changeInside(session[key]);
        changeInside(model.values[key]);
      } else if (what === 'list') {
        expect(seen(session)).to.deep.equal(model.shown);
      } else if (what === 'assign') {
        Object.assign(session, copy({ [key]: value, b: 2 }));
        Object.assign(model.values, copy({ [key]: value, b: 2 }));
      } else if (what === 'define') {
        if (reserved.has(key)) continue;
        const descriptor = { enumerable: true, configurable: true, writable: true };
        Object.defineProperty(session, key, { ...descriptor, value: copy(value) });
        model.values[key] = copy(value);
      } else if (what === 'save') {
        const expected = stored();
        for (const [changed, now] of model.changes()) {
          if (now === undefined) delete expected[changed];
          else expected[changed] = now;
        }
        await session.save();
        expect(stored(), 'what is stored').to.deep.equal(expected);
        model.baseline = Object.assign(Object.create(null), copy(model.values));
      } else if (what === 'reload') {
        await session.reload();
        models[who] = new Model(stored());
        if (backing.isLive) seen(session);
      } else if (what === 'they write') backing.write({ ...stored(), [key]: value });
      else if (what === 'they delete') {
        const { [key]: _gone, ...rest } = stored();
        backing.write(rest);
      } else if (store instanceof LiveStore && !(store instanceof FrozenStore)) {
        // What is not shown, nobody can have reached for before.
        if (reserved.has(key)) continue;
        changeInside(Reflect.get(Object(store.sessions.get(sessionId)), key));
      }
    }
    for (const [who, session] of sessions.entries()) {
      expect(seen(session), `what ${who} is shown`).to.deep.equal(models[who]?.shown);
    }
  } finally {
    engine.close();
  }
}

describe('Sessions of two listeners, and what others write meanwhile', () => {
  for (const [what, make] of Object.entries(backings)) {
    it(`are as deep copies of the record, over ${what}`, async () => {
      const records = fc.dictionary(fc.constantFrom(...keys), values);
      await fc.assert(
        fc.asyncProperty(records, steps, (initial, script) => run(make(), initial, script)),
        { numRuns: 300 },
      );
    }).timeout(60_000);
  }
});
