/**
 * @module Reads, opens, changes and ends the sessions of one store. The only way into this folder.
 */

import type { Store } from 'express-session';
import { assertChange } from '../assertions.js';
import { SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type {
  SessionChange,
  SessionEndReason,
  SessionRequest,
  SocketSession,
} from '../types/session.js';
import type { SessionOwner } from './held-session.js';
import type { LiveSession, Member } from './live-session.js';
import { LiveSessions } from './live-sessions.js';
import { SessionLocks } from './locks.js';
import { LostSaves } from './lost-saves.js';
import { OpenSessions } from './open-sessions.js';
import type { ProcessBus } from './process-bus.js';
import { SessionReader } from './reader.js';
import type { SessionRecord } from './record.js';
import { RecordCache } from './record-cache.js';
import { RecordWriter } from './record-writer.js';
import type { NewRequestSession } from './request-baselines.js';
import { RequestSessions } from './request-sessions.js';
import { SessionFactory } from './session-factory.js';
import { type ReadResult, Snapshot } from './snapshot.js';
import { StoreEvents } from './store-events.js';
import { StoreHooks } from './store-hooks.js';
import { StoreReads } from './store-reads.js';
import { StoreWrites } from './store-writes.js';
import { Touches } from './touches.js';
import { SessionUpdater, type UpdateTarget } from './updater.js';
import { SessionWriter } from './writer.js';

/** What an engine is made with. */
export interface EngineDependencies {
  readonly store: Store;
  readonly options: ResolvedOptions;
  readonly bus: ProcessBus;
  /** Called with errors that nobody else gets. */
  readonly report: (error: unknown) => void;
}

/** The sessions of one store. */
export class SessionEngine {
  readonly #report: (error: unknown) => void;
  readonly #hooks: StoreHooks;
  readonly #events: StoreEvents;
  readonly #cache: RecordCache;
  readonly #reads: StoreReads;
  readonly #reader: SessionReader;
  readonly #live: LiveSessions;
  readonly #touches: Touches;
  readonly #records: RecordWriter;
  readonly #updater: SessionUpdater;
  readonly #requests: RequestSessions;
  readonly #sessions: OpenSessions;

  constructor({ store, options, bus, report }: EngineDependencies) {
    const hooks = StoreHooks.of(store, options);
    const { createSession, isStandard, turns, baselines } = hooks;
    const canRewrite = options.rewrite !== undefined;
    const cache = new RecordCache(options.recordCacheSize);
    const absent = (sessionId: string): void => live.absent(sessionId);
    const reads = new StoreReads(store, { options, cache, absent });
    const reader = new SessionReader(reads);
    const live = new LiveSessions({ reader, bus, cache });
    const factory = new SessionFactory({ createSession, isStandard });
    const lostSaves = new LostSaves(turns.active, (sessionId) => this.#repair(sessionId));
    const writes = new StoreWrites(store, {
      options,
      hooks,
      turns,
      factory,
      lostSaves,
      absent,
    });
    const touches = new Touches({ writes, turns, live, options });
    const records = new RecordWriter({
      reads,
      writes,
      hooks,
      touches,
      lostSaves,
      canRewrite,
      hasEnded: (sessionId) => this.#hasEnded(sessionId),
    });
    const writer = new SessionWriter({ records, turns, canTouch: writes.canTouch });
    const updater = new SessionUpdater(new SessionLocks(store, options), records, writer);
    this.#report = report;
    this.#hooks = hooks;
    this.#cache = cache;
    this.#reads = reads;
    this.#reader = reader;
    this.#live = live;
    this.#touches = touches;
    this.#records = records;
    this.#updater = updater;
    this.#requests = new RequestSessions(store, { baselines, writes });
    this.#sessions = new OpenSessions({ writes, reader, writer, updater, factory });
    this.#events = new StoreEvents({
      writes,
      reader,
      live,
      writer,
      canRewrite,
      mergeHttpWrites: options.mergeHttpWrites,
      report,
    });
    hooks.observe(this.#events);
  }

  /**
   * Reads a session by a read that is issued after this call. The results of one session settle in the
   * order of the calls. Never rejects.
   *
   * @param newRecord the record of a visitor's new session, which the store may not have yet
   */
  read(sessionId: string, newRecord?: SessionRecord): Promise<ReadResult> {
    const reading = this.#reader.read(sessionId);
    if (newRecord === undefined) return reading;
    const since = performance.now();
    return reading.then((result) => {
      if (result.error?.code !== 'ERR_SESSION_NOT_FOUND') return result;
      if (this.#hasEnded(sessionId)) return result;
      return { snapshot: new Snapshot(newRecord, { since, isNew: true }) };
    });
  }

  /**
   * Takes over a session that express-session made for a handshake: what its request writes from now on
   * is merged with what sockets write.
   */
  adopt(newSession: NewRequestSession): void {
    this.#hooks.baselines.adopt(newSession);
  }

  /**
   * Makes a session object for one owner.
   *
   * @returns the session, or `ERR_SESSION_STORE` if no session can be made from the record
   */
  open(sessionId: string, snapshot: Snapshot, owner: SessionOwner): SocketSession | SessionError {
    try {
      return this.#sessions.open(sessionId, snapshot, owner);
    } catch (error) {
      if (error instanceof SessionError) return error;
      throw error;
    }
  }

  /** Reads, changes and saves a session under its lock. */
  async update<Result>(sessionId: string, change: SessionChange<Result>): Promise<Result> {
    const { result } = await this.#updater.update(change, this.#target(sessionId));
    return result;
  }

  /**
   * Updates the session of an HTTP request, which shows the result afterwards. A new session is stored
   * first.
   *
   * @throws {TypeError} if the request has no session of this store
   */
  async updateRequest<Result>(
    request: SessionRequest,
    change: SessionChange<Result>,
  ): Promise<Result> {
    assertChange(change);
    const session = await this.#requests.stored(request);
    const { result, saved } = await this.#updater.update(async (fresh) => {
      const outcome = await change(fresh);
      return { outcome, since: this.#requests.baselineOf(session) };
    }, this.#target(session.id));
    this.#requests.show(session, saved, result.since);
    return result.outcome;
  }

  /**
   * Adds a member to a session, with which it ends.
   *
   * @param snapshot what was read for it
   * @returns the session, or why it has ended since it was read
   */
  join(sessionId: string, member: Member, snapshot: Snapshot): LiveSession | SessionEndReason {
    const { since, isNew, record } = snapshot;
    return (
      this.#live.endSince(sessionId, since) ??
      this.#live.join(sessionId, member, isNew ? undefined : record)
    );
  }

  /** Removes a member that has gone by itself. */
  leave(session: LiveSession, member: Member): void {
    this.#live.leave(session, member);
  }

  /** Whether a session was regenerated within the last minutes, in this process or in another one. */
  wasRegenerated(hash: string): boolean {
    return this.#live.wasRegenerated(hash);
  }

  /**
   * Counts an event as activity of its session, which is touched in the store if that is due.
   *
   * @returns a promise if it is due, which rejects with a `SessionError` if the store fails
   */
  countActivity(session: LiveSession, snapshot: Snapshot): Promise<void> | undefined {
    return this.#touches.countActivity(session, snapshot);
  }

  /** Ends the sockets of a session in all processes. The store keeps the session. */
  end(sessionId: string): void {
    this.#hooks.end(sessionId, this.#events);
  }

  /** Removes the hooks from the store. Writes that have begun are finished. */
  close(): void {
    this.#hooks.unobserve(this.#events);
    this.#live.close();
    this.#reads.close();
    this.#cache.clear();
  }

  /** A session that a request or a job updates. Only what its function does not await is reported. */
  #target(sessionId: string): UpdateTarget {
    const owner: SessionOwner = { report: this.#report, endsSession: () => {} };
    return { sessionId, open: (snapshot) => this.#sessions.open(sessionId, snapshot, owner) };
  }

  /** Whether a session that the store does not have was there before. */
  #hasEnded(sessionId: string): boolean {
    if (this.#live.find(sessionId)?.isStored) return true;
    return this.#live.endSince(sessionId, 0) !== undefined;
  }

  /** Reports a failure, because no caller waits: the saves that it repairs have been acknowledged. */
  async #repair(sessionId: string): Promise<boolean> {
    try {
      await this.#records.repair(sessionId);
      return true;
    } catch (error) {
      this.#report(error);
      return false;
    }
  }
}
