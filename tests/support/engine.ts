/**
 * @module The session room of the library without sockets, as `buildRooms` builds it: for thousands of
 * schedules. Knows the classes of `source/session/`; must not know what is scheduled.
 */

import type { Store } from 'express-session';
import { Deadlines } from '../../source/deadlines.js';
import type { SessionLock, SocketSession } from '../../source/index.js';
import { resolveOptions } from '../../source/options.js';
import { Activity } from '../../source/session/activity.js';
import { Lifetime } from '../../source/session/lifetime.js';
import type { LiveSession } from '../../source/session/live-session.js';
import { SessionReader } from '../../source/session/reader.js';
import { SessionGuard } from '../../source/session/session-guard.js';
import { SessionLocks } from '../../source/session/session-locks.js';
import { SessionMaker } from '../../source/session/session-maker.js';
import { addSessionMethods } from '../../source/session/session-methods.js';
import { SessionUpdater } from '../../source/session/session-updater.js';
import { SessionWriter } from '../../source/session/session-writer.js';
import { StoreCalls } from '../../source/session/store-calls.js';
import { StoreHooks } from '../../source/session/store-hooks.js';
import type { RewriteRecord, SessionChange } from '../../source/types.js';

/** What a store helper may give. */
export interface EngineOptions {
  readonly lock?: SessionLock;
  readonly rewrite?: RewriteRecord | undefined;
}

const owner = { report: () => {}, leaves: () => {} };

/** One process's sessions of a store. */
export class Engine {
  readonly lifetime: Lifetime = new Lifetime(() => {});
  readonly #hooks: StoreHooks;
  readonly #reader: SessionReader;
  readonly #guard: SessionGuard;
  readonly #activity: Activity;

  constructor(store: Store, { lock, rewrite }: EngineOptions = {}) {
    const { storeTimeout, lockTimeout } = resolveOptions(undefined);
    const deadlines = new Deadlines(storeTimeout);
    this.#hooks = StoreHooks.of(store, storeTimeout);
    this.#hooks.watch(this.lifetime);
    const calls = new StoreCalls(store, {
      readMany: undefined,
      rewrite,
      absent: (sessionId) => this.lifetime.absent(sessionId),
      deadlines,
      writeDeadlines: deadlines,
    });
    const { writes } = this.#hooks;
    const { lifetime } = this;
    const maker = new SessionMaker(store, addSessionMethods);
    this.#reader = new SessionReader(calls);
    this.#activity = new Activity({ calls, writes, maker, lifetime, interval: 0 });
    const writer = new SessionWriter({
      calls,
      writes,
      maker,
      activity: this.#activity,
      rewrite,
      rewritten: (...args) => this.#hooks.rewritten(...args),
    });
    const locks = new SessionLocks(store, lock, new Deadlines(lockTimeout));
    const updater = new SessionUpdater(locks, writer);
    this.#guard = new SessionGuard({ calls, reader: this.#reader, maker, writer, updater });
  }

  /** The session as a listener is given it, or nothing where there is none. */
  async open(sessionId: string): Promise<SocketSession | undefined> {
    const { record } = await this.#reader.read(sessionId);
    const session = record && this.#guard.open(sessionId, record, owner);
    return session instanceof Error ? undefined : session;
  }

  /** An event comes: reads the session, and keeps it alive. */
  async use(live: LiveSession): Promise<void> {
    const since = performance.now();
    const { record } = await this.#reader.read(live.sessionId);
    if (record) this.#activity.use(live, { record, since }, () => {});
  }

  update<Result>(sessionId: string, change: SessionChange<Result>): Promise<Result> {
    return this.#guard.updateById(sessionId, change, owner);
  }

  close(): void {
    this.#hooks.unwatch(this.lifetime);
    this.lifetime.close();
  }
}
