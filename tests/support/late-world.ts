/**
 * @module A session that is written in every way while the store is late, hangs or fails, at the times
 * that a test makes up, and a model of what must be stored in the end. It needs a fake clock.
 */

import { expect } from 'chai';
import type { SinonFakeTimers } from 'sinon';
import { Engine } from './engine.js';
import { loadOverHttp } from './http-handlers.js';
import { type Fate, type TouchKind, UnsteadyStore } from './unsteady-store.js';
import { codeOf } from './visits.js';

export const storeTimeout = 100;

const sessionId = 'the session';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };

/** What may be done. */
export const deeds = [
  'save',
  'update',
  'http write',
  'http touch',
  'event',
  'logout',
  'socket logout',
  'expire',
] as const;

/** Something that is done, and when. */
export interface Deed {
  readonly what: (typeof deeds)[number];
  readonly at: number;
}

/** A value that was to be saved, in the order of what was done. */
interface Attempt {
  readonly value: number;
  code: string;
}

/** What else may become of a save while the store is in trouble. */
const namedFailures = new Set([
  'ERR_SESSION_STORE',
  'ERR_SESSION_STORE_TIMEOUT',
  'ERR_SESSION_ENDED',
  'ERR_SESSION_LOCK',
]);

/** One run. */
export class LateWorld {
  readonly store: UnsteadyStore;
  readonly #engine: Engine;
  readonly #clock: SinonFakeTimers;
  readonly #attempts = new Map<string, Attempt[]>();
  readonly #updates: string[] = [];
  readonly #mistakes: string[] = [];
  #isLoggedOut = false;
  #isAskedToEnd = false;
  #next = 0;

  constructor(clock: SinonFakeTimers, fates: readonly Fate[], touchKind: TouchKind) {
    this.#clock = clock;
    this.store = new UnsteadyStore(fates, touchKind);
    this.store.records.set(sessionId, JSON.stringify({ cookie, n: 0 }));
    this.#engine = new Engine(this.store, { storeTimeout, lockTimeout: 4 * storeTimeout });
  }

  /** Does everything in its time, lets the store be well again, and compares. */
  async run(todo: readonly Deed[]): Promise<void> {
    for (const { what, at } of todo) {
      // Nobody waits for it: a request whose session is never loaded hangs.
      setTimeout(() => {
        this.#do(what).catch((error) => this.#mistakes.push(String(error)));
      }, at);
    }
    // The calls that nobody answers were given up by then, and everything was repaired.
    await this.#clock.tickAsync(60_000);
    this.store.fates.length = 0;
    await this.#clock.tickAsync(60_000);
    this.#engine.close();
    this.#check();
  }

  async #do(what: Deed['what']): Promise<void> {
    if (what === 'expire') {
      this.#isAskedToEnd = true;
      this.store.records.delete(sessionId);
    } else if (what === 'update') {
      const update = this.#engine.update(sessionId, (session) => {
        session.n = (session.n ?? 0) + 1;
      });
      this.#updates.push(this.#named(await codeOf(update)));
    } else if (what.startsWith('http') || what === 'logout') await this.#overHttp(what);
    else await this.#inHand(what);
  }

  async #inHand(what: Deed['what']): Promise<void> {
    const session = await this.#engine.open(sessionId);
    if (session === undefined) return;
    if (what === 'event') return this.#engine.useOnce(sessionId);
    if (what === 'socket logout') {
      this.#isAskedToEnd = true;
      if ((await codeOf(session.destroy())) === 'fulfilled') this.#isLoggedOut = true;
      return;
    }
    const attempt = this.#attempt('test:same');
    session['test:same'] = attempt.value;
    attempt.code = this.#named(await codeOf(session.save()));
  }

  async #overHttp(what: Deed['what']): Promise<void> {
    const handler = await loadOverHttp(this.store, sessionId);
    if (!handler) return;
    const { session } = handler;
    if (what === 'http touch') {
      this.store.touch(sessionId, session, () => {});
    } else if (what === 'logout') {
      this.#isAskedToEnd = true;
      session.destroy((error: unknown) => {
        if (!error) this.#isLoggedOut = true;
      });
    } else {
      const key = `test:http ${this.#next}` as const;
      const attempt = this.#attempt(key);
      session[key] = attempt.value;
      session.save((error: unknown) => {
        attempt.code = error ? 'failed' : 'fulfilled';
      });
    }
  }

  #attempt(key: string): Attempt {
    const attempt: Attempt = { value: ++this.#next, code: 'pending' };
    const attempts = this.#attempts.get(key);
    if (attempts) attempts.push(attempt);
    else this.#attempts.set(key, [attempt]);
    return attempt;
  }

  #named(code: unknown): string {
    const name = String(code);
    if (name !== 'fulfilled' && !namedFailures.has(name)) this.#mistakes.push(`failed by ${name}`);
    return name;
  }

  #check(): void {
    expect(this.#mistakes).to.deep.equal([]);
    const record = this.store.record(sessionId);
    if (this.#isLoggedOut) expect(record, 'the record after a logout').to.equal(undefined);
    if (this.#isAskedToEnd) return;
    const fulfilled = this.#updates.filter((code) => code === 'fulfilled').length;
    expect(record).to.have.property('n').within(fulfilled, this.#updates.length);
    for (const [key, attempts] of this.#attempts) {
      const last = attempts.findLastIndex(({ code }) => code === 'fulfilled');
      if (last < 0) continue;
      const possible = attempts.slice(last).map(({ value }) => value);
      expect(record?.[key], `what was saved under ${key}`).to.be.oneOf(possible);
    }
  }
}
