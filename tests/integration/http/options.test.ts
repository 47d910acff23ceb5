import { expect } from 'chai';
import type { SessionOptions } from 'express-session';
import { type Handler, Site } from '../../support/site.js';
import { SlowStore } from '../../support/slow-store.js';

/** What a visitor does, one request after another. */
const visits: Readonly<Record<string, Handler<unknown>>> = {
  'reads a session': ({ session }) => session.n ?? 'none',
  'changes it': ({ session }) => {
    session.n = 1;
  },
  'reads it again': ({ session }) => session.n ?? 'none',
  'changes what is nested': ({ session }) => {
    session.visitor = { name: 'Ada', tags: ['a'] };
  },
  'changes it back and forth': ({ session }) => {
    session.n = 2;
    session.n = 1;
  },
  'saves it, and changes it again': async ({ session }) => {
    session.n = 3;
    await new Promise((resolve) => session.save(resolve));
    session.n = 4;
  },
  'saves it unchanged': ({ session }) => new Promise((resolve) => session.save(resolve)),
  'gives it a long life': ({ session }) => {
    session.cookie.maxAge = 10_000_000;
  },
  'changes it, with its long life': ({ session }) => {
    session.n = 5;
  },
  'reloads it': async (request) => {
    request.session.n = 6;
    await new Promise((resolve) => request.session.reload(resolve));
    return request.session.n ?? 'none';
  },
  'sets it to nothing': (request) => void Reflect.set(request, 'session', null),
  'comes after that': ({ session }) => session.n ?? 'none',
  'changes what it has then': ({ session }) => {
    session['test:then'] = 1;
  },
  'logs in anew': async (request) => {
    await new Promise((resolve) => request.session.regenerate(resolve));
    request.session.n = 7;
  },
  'reads what it has then': ({ session }) => session.n ?? 'none',
  'logs out': ({ session }) => new Promise((resolve) => session.destroy(resolve)),
  'comes after the logout': ({ session }) => session.n ?? 'none',
};

/** What came of each visit: what the visitor got, and what the store holds then. */
async function storyOf(site: Site): Promise<readonly unknown[]> {
  const store = site.store as SlowStore;
  const story: unknown[] = [];
  let jar: string | undefined;
  for (const [name, handler] of Object.entries(visits)) {
    const { status, result, cookie, setCookie } = await site.visit(jar, handler);
    jar = cookie || undefined;
    const records = [...store.records.values()].map((text) => JSON.parse(text, withoutTime));
    const attributes = setCookie
      ?.split(';')
      .slice(1)
      .map((part) => part.split('=')[0]);
    story.push({ name, status, result, attributes, records });
  }
  return story;
}

function withoutTime(key: string, value: unknown): unknown {
  if (key === 'expires' && value) return 'some day';
  // Which `express-session` may take down as some milliseconds less.
  return key === 'originalMaxAge' && value ? Math.round(Number(value) / 1_000) : value;
}

/** Runs the story with the library, and without it. */
async function bothStories(
  session: Partial<SessionOptions>,
  makeStore: () => SlowStore,
): Promise<{ readonly hooked: Site; readonly stories: readonly unknown[] }> {
  const hooked = await Site.start({ session, store: makeStore() });
  const plain = await Site.start({ session, store: makeStore() });
  plain.expressionIO.close();
  try {
    return { hooked, stories: [await storyOf(hooked), await storyOf(plain)] };
  } finally {
    await hooked.stop();
    await plain.stop();
  }
}

/** A store that has no `touch`. */
class TouchlessStore extends SlowStore {
  override touch = undefined as never;
}

describe('A visitor with one request at a time notices no difference', () => {
  for (const [storeName, makeStore] of [
    ['', () => new SlowStore()],
    [', in a store without touch', () => new TouchlessStore()],
  ] as const) {
    for (const resave of [false, true]) {
      for (const saveUninitialized of [false, true]) {
        for (const rolling of [false, true]) {
          for (const unset of ['keep', 'destroy'] as const) {
            const options = { resave, saveUninitialized, rolling, unset };
            it(`with ${JSON.stringify(options)}${storeName}`, async () => {
              const cookie = { maxAge: 1_000_000 };
              const { hooked, stories } = await bothStories({ ...options, cookie }, makeStore);
              expect(stories[0]).to.deep.equal(stories[1]);
              expect(hooked.told).to.deep.equal([]);
            });
          }
        }
      }
    }
  }

  it('with a cookie that has no lifetime', async () => {
    const { stories } = await bothStories({ resave: true }, () => new SlowStore());
    expect(stories[0]).to.deep.equal(stories[1]);
  });
});

describe('With `resave: true`, a request that changes nothing', () => {
  it('is a touch', async () => {
    const store = new SlowStore();
    const site = await Site.start({ store, session: { resave: true } });
    try {
      const { cookie } = await site.visitor();
      const before = { set: store.count('set'), touch: store.count('touch') };
      await site.visit(cookie, () => {});
      expect(store.count('set')).to.equal(before.set);
      expect(store.count('touch')).to.equal(before.touch + 1);
    } finally {
      await site.stop();
    }
  });

  it('writes what others wrote, in a store without touch', async () => {
    const site = await Site.start({ store: new TouchlessStore(), session: { resave: true } });
    try {
      const { cookie, sessionId } = await site.visitor();
      await site.visit(cookie, () =>
        site.visit(cookie, ({ session }) => {
          session.n = 42;
        }),
      );
      expect(await site.record(sessionId)).to.have.property('n', 42);
      await site.visit(cookie, () =>
        site.visit(cookie, ({ session }) => new Promise((resolve) => session.destroy(resolve))),
      );
      expect(await site.record(sessionId)).to.equal(undefined);
      // There was nothing to drop.
      expect(site.told).to.deep.equal([]);
    } finally {
      await site.stop();
    }
  });
});

describe('With `mergeHttpWrites: false`, a request', () => {
  it('writes its session whole, as `express-session` does', async () => {
    const site = await Site.start({ options: { mergeHttpWrites: false } });
    try {
      const { cookie, sessionId } = await site.visitor();
      await site.visit(cookie, async ({ session }) => {
        await site.visit(cookie, (other) => {
          other.session['test:other'] = 1;
        });
        session['test:mine'] = 1;
      });
      const record = await site.record(sessionId);
      expect(record).to.have.property('test:mine', 1);
      expect(record).to.not.have.property('test:other');
    } finally {
      await site.stop();
    }
  });
});
