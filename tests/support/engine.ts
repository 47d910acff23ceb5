/**
 * @module The engine of the library without sockets, for thousands of schedules.
 */

import type { Store } from 'express-session';
import type { ExpressionSocketOptions, SessionLock, SocketSession } from '../../source/index.js';
import { resolveOptions } from '../../source/options.js';
import { SessionEngine } from '../../source/session/engine.js';
import type { LiveSession, Member } from '../../source/session/live-session.js';
import { Snapshot } from '../../source/session/snapshot.js';
import type { RewriteRecord, SessionChange } from '../../source/types.js';

/** What a store helper may give. */
export interface EngineOptions {
  readonly lock?: SessionLock;
  readonly rewrite?: RewriteRecord | undefined;
  readonly mergeHttpWrites?: boolean;
  readonly readMany?: NonNullable<ExpressionSocketOptions['readMany']> | undefined;
  readonly recordCacheSize?: number;
  readonly storeTimeout?: number;
  readonly lockTimeout?: number;
  readonly maxPending?: number;
}

const owner = { report: () => {}, endsSession: () => {} };

/** One process's sessions of a store. */
export class Engine {
  /** What was reported because nobody was there to tell. */
  readonly reported: unknown[] = [];
  readonly #engine: SessionEngine;

  constructor(store: Store, options: EngineOptions = {}) {
    this.#engine = new SessionEngine({
      store,
      options: resolveOptions({ ...options, touch: 0 }),
      publish: () => {},
      report: (error) => this.reported.push(error),
    });
  }

  /** The session as a listener is given it, or nothing where there is none. */
  async open(sessionId: string): Promise<SocketSession | undefined> {
    const { snapshot } = await this.#engine.read(sessionId);
    const session = snapshot && this.#engine.open(sessionId, snapshot, owner);
    return session instanceof Error ? undefined : session;
  }

  /** A member belongs to the session from now on. */
  join(sessionId: string, member: Member, record: { cookie: object }): LiveSession {
    const joined = this.#engine.join(sessionId, member, new Snapshot(record));
    if (typeof joined === 'string') throw new Error(`the session has ended: ${joined}`);
    return joined;
  }

  /** An event comes: reads the session, and keeps it alive. */
  async use(live: LiveSession): Promise<void> {
    const { snapshot } = await this.#engine.read(live.sessionId);
    if (snapshot) this.#engine.use(live, snapshot)?.catch(() => {});
  }

  /** An event of a socket that has just come, and goes again. */
  async useOnce(sessionId: string): Promise<void> {
    const { snapshot } = await this.#engine.read(sessionId);
    if (snapshot === undefined) return;
    const member: Member = { isGone: false, end: async () => {} };
    const live = this.#engine.join(sessionId, member, snapshot);
    if (typeof live === 'string') return;
    await this.#engine.use(live, snapshot)?.catch(() => {});
    this.#engine.leave(live, member);
  }

  update<Result>(sessionId: string, change: SessionChange<Result>): Promise<Result> {
    return this.#engine.update(sessionId, change);
  }

  close(): void {
    this.#engine.close();
  }
}
