/**
 * @module A session with all who use it at once, in an order that a test makes up, and a simple model
 * of what must come of it.
 */

import { expect } from 'chai';
import type { SessionData } from 'express-session';
import type { Scheduler } from 'fast-check';
import type { LiveSession } from '../../source/session/live-session.js';
import type { RewriteRecord } from '../../source/types/options.js';
import type { SessionEndReason } from '../../source/types/session.js';
import { Engine } from './engine.js';
import { loadOverHttp } from './http-handlers.js';
import { SlowStore, type Step } from './slow-store.js';
import { codeOf } from './visits.js';

const sessionId = 'the session';
const cookie = { path: '/', httpOnly: true, originalMaxAge: null };

/** What may be done. */
export const steps = [
  'read',
  'save',
  'save',
  'save twice',
  'save the same key',
  'update',
  'update',
  'update in hand',
  'event',
  'http write',
  'http write',
  'http write twice',
  'http write and take back',
  'http delete',
  'http touch',
  'http resave',
  'http update',
  'destroy',
  'http destroy',
  'http regenerate',
  'expire',
] as const;

/** What a visitor's two sockets, two browser tabs and a clock do, in whatever order. */
export class World {
  readonly store = new SlowStore();
  readonly engine: Engine;
  /** The endings that were asked for, and those that have been answered. */
  readonly asked: SessionEndReason[] = [];
  readonly ended: SessionEndReason[] = [];
  readonly told: SessionEndReason[] = [];
  readonly mistakes: string[] = [];
  readonly #schedule: Scheduler;
  /** Whether the store changes a record in one step, or else reads it and writes it back. */
  readonly #isAtomic: boolean;
  /** Whether a record expired between the read and the write of such a change, which nobody notices. */
  #hasMissedExpiry = false;
  #live: LiveSession;
  #updates = 0;
  /** The keys that must be there at the end, with their values. */
  readonly #saved = new Map<string, unknown>([['test:deletable', 1]]);
  readonly #same: number[] = [];
  #next = 0;

  constructor(schedule: Scheduler, isAtomic: boolean) {
    this.#schedule = schedule;
    this.#isAtomic = isAtomic;
    this.engine = new Engine(this.store, isAtomic ? { rewrite: this.#rewrite } : {});
    this.store.records.set(sessionId, JSON.stringify({ cookie, n: 0, 'test:deletable': 1 }));
    this.store.pace = ({ operation, stage }) =>
      schedule.schedule(Promise.resolve(), `${operation} ${stage}`);
    this.store.onSet = (_session, before, after) => this.#checkWrite(before, after);
    const member = {
      isGone: false,
      end: async (reason: SessionEndReason) => void this.told.push(reason),
    };
    this.#live = this.engine.join(sessionId, member, { cookie });
  }

  async run(steps: readonly string[]): Promise<void> {
    const works = steps.map(async (name) => {
      await this.#schedule.schedule(Promise.resolve(), name);
      await this.#do(name);
    });
    await this.#during(Promise.all(works));
    // What nobody waits for: the write that a logout overtook is removed again.
    await this.#schedule.waitIdle();
    // What the timer of expiry does: it looks a second time when no message can say any more why the
    // session has ended.
    for (let look = 0; look < 2; look++) {
      const { ending } = this.#live;
      if (ending) this.#live.ending = { ...ending, since: Number.NEGATIVE_INFINITY };
      await this.#during(this.engine.open(sessionId));
      await new Promise(setImmediate);
    }
    this.engine.close();
    this.#checkEnd();
  }

  /** Changes a record as a database does that has a method for it. */
  readonly #rewrite: RewriteRecord = async (id, change) => {
    const pace = (stage: Step['stage']): Promise<unknown> =>
      this.#schedule.schedule(Promise.resolve(), `rewrite ${stage}`);
    await pace('before');
    const before = this.store.record(id);
    const after = change(before ?? null);
    if (after) {
      this.#checkWrite(before, after as SessionData);
      this.store.records.set(id, JSON.stringify(after));
    }
    await pace('after');
  };

  /**
   * Runs what is scheduled, one after the other, until the work is done. `waitFor` of fast-check runs
   * the next one after 50 microtasks: the answers of the store, which come by `process.nextTick`, would
   * all wait until nothing is scheduled, and nothing could happen between a read and its write.
   */
  async #during(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    for (;;) {
      // It comes when no microtask is left.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (isDone) break;
      if (this.#schedule.count() > 0) await this.#schedule.waitOne();
      else await new Promise(setImmediate);
    }
    await done;
  }

  async #do(name: string): Promise<void> {
    const isOver = this.ended.length > 0;
    const key = `test:${this.#next++}` as const;
    switch (name) {
      case 'read':
        await this.engine.open(sessionId);
        return;
      case 'event':
        await this.engine.use(this.#live);
        return;
      case 'update':
      case 'http update':
        return this.#settled(
          isOver,
          this.engine.update(sessionId, async (session) => {
            await this.#schedule.schedule(Promise.resolve(), 'work');
            session.n = (session.n ?? 0) + 1;
          }),
          () => void this.#updates++,
        );
      case 'expire':
        this.store.records.delete(sessionId);
        this.asked.push('expired');
        this.ended.push('expired');
        return;
      default:
        return name.startsWith('http ') ? this.#overHttp(name, key) : this.#inHand(name, key);
    }
  }

  /** A listener of a socket. */
  async #inHand(name: string, key: `test:${string}`): Promise<void> {
    const session = await this.engine.open(sessionId);
    if (session === undefined) return;
    await this.#schedule.schedule(Promise.resolve(), 'listener');
    const isOver = this.ended.length > 0;
    if (name === 'destroy') {
      this.asked.push('destroyed');
      await session.destroy();
      this.ended.push('destroyed');
    } else if (name === 'update in hand') {
      session[key] = 'unsaved';
      const change = (fresh: { n?: number }): void => {
        fresh.n = (fresh.n ?? 0) + 1;
      };
      await this.#settled(isOver, session.update(change), () => void this.#updates++);
      await this.#settled(false, session.save(), () => this.#saved.set(key, 'unsaved'));
    } else if (name === 'save the same key') {
      const value = ++this.#next;
      session['test:same'] = value;
      await this.#settled(isOver, session.save(), () => void this.#same.push(value));
    } else {
      session[key] = 1;
      const first = session.save();
      if (name === 'save twice') session[key] = 2;
      const second = name === 'save twice' ? session.save() : first;
      await this.#settled(isOver, Promise.all([first, second]), () =>
        this.#saved.set(key, session[key]),
      );
    }
  }

  /** A handler of HTTP, whose session `express-session` loads before it, and saves when it has ended. */
  async #overHttp(name: string, key: `test:${string}`): Promise<void> {
    const handler = await loadOverHttp(this.store, sessionId);
    if (!handler) return;
    const { session, response } = handler;
    await this.#schedule.schedule(Promise.resolve(), 'handler');
    if (name === 'http destroy' || name === 'http regenerate') {
      const reason = name === 'http destroy' ? 'destroyed' : 'regenerated';
      this.asked.push(reason);
      Reflect.set(this.store, 'generate', () => {});
      await new Promise((resolve) => {
        if (reason === 'destroyed') session.destroy(resolve);
        else session.regenerate(resolve);
      });
      this.ended.push(reason);
      response.emit('close');
      return;
    }
    if (name === 'http touch') {
      await new Promise<void>((resolve) => this.store.touch(sessionId, session, resolve));
      return;
    }
    const save = (): Promise<void> => this.#savedOverHttp(session);
    if (name === 'http delete') {
      delete session['test:deletable'];
      await save();
      this.#saved.delete('test:deletable');
      return;
    }
    if (name === 'http resave') return save();
    session[key] = 'http';
    const works = [save()];
    if (name === 'http write twice') session[key] = 'http again';
    if (name === 'http write and take back') delete session[key];
    if (name !== 'http write') works.push(save());
    await Promise.all(works);
    if (name !== 'http write and take back') this.#saved.set(key, session[key]);
  }

  /** What ended meanwhile is dropped, and nobody but `onError` is told. */
  async #savedOverHttp(session: {
    save(callback: (error: unknown) => void): unknown;
  }): Promise<void> {
    const error = await new Promise<unknown>((resolve) => session.save(resolve));
    if (error) this.mistakes.push(`a handler was told of ${String(error)}`);
  }

  /** A save or an update ends well, or by the end of the session; one after that never ends well. */
  async #settled(isOver: boolean, work: Promise<unknown>, well: () => void): Promise<void> {
    const code = await codeOf(work);
    if (code === 'fulfilled') {
      well();
      if (isOver) this.mistakes.push('something was saved after the end');
    } else if (code !== 'ERR_SESSION_ENDED' || this.asked.length === 0) {
      this.mistakes.push(`failed with ${String(code)}`);
    }
  }

  /** A write of the library changes nothing but what its listener changed: by one, or in its own key. */
  #checkWrite(before: SessionData | undefined, after: SessionData): void {
    if (before === undefined) {
      const isLoggedOut = this.ended.some((reason) => reason !== 'expired');
      if (!this.#isAtomic && !isLoggedOut) this.#hasMissedExpiry = true;
      return;
    }
    const { cookie: _before, ...old } = before;
    const { cookie: _after, ...now } = after;
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    const changed = keys.filter((key) => Reflect.get(old, key) !== Reflect.get(now, key));
    const isByOne = now.n === (old.n ?? 0) + 1;
    const isUpdate = changed.join() === 'n' && isByOne;
    const isSave = changed.length <= 1 && changed.every((key) => key.startsWith('test:'));
    if (!(isUpdate || isSave)) this.mistakes.push(`a write changed ${changed.join()}`);
  }

  #checkEnd(): void {
    if (this.#hasMissedExpiry) return;
    expect(this.mistakes).to.deep.equal([]);
    const codes = new Set(this.engine.reported.map((error) => Reflect.get(Object(error), 'code')));
    expect([...codes], 'reported').to.deep.equal(codes.size > 0 ? ['ERR_SESSION_ENDED'] : []);
    if (codes.size > 0) expect(this.asked).to.not.deep.equal([]);
    const record = this.store.record(sessionId);
    if (this.asked.length > 0) {
      if (this.ended.length > 0) expect(record, 'the record after the end').to.equal(undefined);
      expect(this.told, 'told').to.have.length(1);
      expect(this.asked).to.include(this.told[0]);
      return;
    }
    expect(this.told).to.deep.equal([]);
    const { cookie: _cookie, 'test:same': same, ...data } = Object(record);
    expect(data).to.deep.equal({ n: this.#updates, ...Object.fromEntries(this.#saved) });
    if (this.#same.length > 0) expect(this.#same).to.include(same);
  }
}
