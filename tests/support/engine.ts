/**
 * @module The sessions of an application to which nobody is connected, for thousands of schedules.
 */

import cookieParser from 'cookie-parser';
import type { Store } from 'express-session';
import { Server } from 'socket.io';
import { type Composition, compose } from '../../source/compose.js';
import type { ExpressionSocketOptions, SessionLock, SocketSession } from '../../source/index.js';
import { resolveOptions } from '../../source/options.js';
import type { LiveSession, Member } from '../../source/session/live-session.js';
import type { SessionRecord } from '../../source/session/record.js';
import { Snapshot } from '../../source/session/snapshot.js';
import type { RewriteRecord } from '../../source/types/options.js';
import type { SessionChange } from '../../source/types/session.js';
import type { SlowStore } from './slow-store.js';

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

/** One for all: making a server takes longer than what most tests do with it. */
const io = new Server();

const owner = { report: () => {}, endsSession: () => {} };

/** A `rewrite`, as that of a store helper. */
export function rewriteOf({ records }: SlowStore): RewriteRecord {
  return async (id, change) => {
    const changed = change(JSON.parse(records.get(id) ?? 'null'));
    if (changed) records.set(id, JSON.stringify(changed));
  };
}

/** One process's sessions of a store. */
export class Engine {
  /** What was reported because nobody was there to tell. */
  readonly reported: unknown[] = [];
  readonly #composition: Composition;

  constructor(store: Store, options: EngineOptions = {}) {
    const onError = (error: unknown): void => void this.reported.push(error);
    this.#composition = compose(io, {
      store,
      cookieParser: cookieParser('a secret'),
      options: resolveOptions({ ...options, onError, touch: 0 }),
    });
  }

  /**
   * The session as a listener is given it, or nothing where there is none.
   *
   * @param newRecord that of a visitor's new session
   */
  async open(sessionId: string, newRecord?: SessionRecord): Promise<SocketSession | undefined> {
    const { snapshot } = await this.#composition.engine.read(sessionId, newRecord);
    const session = snapshot && this.#composition.engine.open(sessionId, snapshot, owner);
    return session instanceof Error ? undefined : session;
  }

  /** A member belongs to the session from now on. */
  join(sessionId: string, member: Member, record: { cookie: object }): LiveSession {
    const joined = this.#composition.engine.join(sessionId, member, new Snapshot(record));
    if (typeof joined === 'string') throw new Error(`the session has ended: ${joined}`);
    return joined;
  }

  /** An event comes: reads the session, and keeps it alive. */
  async use(live: LiveSession): Promise<void> {
    const { snapshot } = await this.#composition.engine.read(live.sessionId);
    if (snapshot) this.#composition.engine.countActivity(live, snapshot)?.catch(() => {});
  }

  /** An event of a socket that has just come, and goes again. */
  async useOnce(sessionId: string): Promise<void> {
    const { snapshot } = await this.#composition.engine.read(sessionId);
    if (snapshot === undefined) return;
    const member: Member = { isGone: false, end: async () => {} };
    const live = this.#composition.engine.join(sessionId, member, snapshot);
    if (typeof live === 'string') return;
    await this.#composition.engine.countActivity(live, snapshot)?.catch(() => {});
    this.#composition.engine.leave(live, member);
  }

  update<Result>(sessionId: string, change: SessionChange<Result>): Promise<Result> {
    return this.#composition.engine.update(sessionId, change);
  }

  close(): void {
    this.#composition.close();
  }
}
