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
import { HeldSession, type SessionOwner } from './held-session.js';
import type { RequestWrite } from './http-writes.js';
import { LateWrites } from './late-writes.js';
import type { LiveSession, Member } from './live-session.js';
import { LiveSessions, type ProcessBus } from './live-sessions.js';
import { SessionLocks } from './locks.js';
import { SessionReader } from './reader.js';
import type { SessionRecord } from './record.js';
import { RecordCache } from './record-cache.js';
import { RecordWriter } from './record-writer.js';
import { RequestSessions } from './request-sessions.js';
import { SessionBackend } from './session-backend.js';
import { SessionFactory } from './session-factory.js';
import { type ReadResult, Snapshot } from './snapshot.js';
import { StoreCalls } from './store-calls.js';
import { StoreHooks, type StoreObserver } from './store-hooks.js';
import { Touches } from './touches.js';
import { SessionUpdater } from './updater.js';
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
  readonly #observer: StoreObserver;
  readonly #cache: RecordCache;
  readonly #calls: StoreCalls;
  readonly #reader: SessionReader;
  readonly #live: LiveSessions;
  readonly #factory: SessionFactory;
  readonly #lateWrites: LateWrites;
  readonly #touches: Touches;
  readonly #records: RecordWriter;
  readonly #writer: SessionWriter;
  readonly #updater: SessionUpdater;
  readonly #requests: RequestSessions;
  readonly #backend: SessionBackend;

  constructor({ store, options, bus, report }: EngineDependencies) {
    this.#report = report;
    this.#hooks = StoreHooks.of(store, options);
    this.#cache = new RecordCache(options.recordCacheSize);
    this.#calls = new StoreCalls(store, {
      options,
      cache: this.#cache,
      call: (name, ...args) => this.#hooks.call(name, ...args),
      absent: (sessionId) => this.#live.absent(sessionId),
    });
    this.#reader = new SessionReader(this.#calls);
    this.#live = new LiveSessions({
      read: (sessionId) => this.#reader.read(sessionId),
      bus,
      abandoned: (sessionId) => this.#cache.delete(sessionId),
    });
    const { createSession, isStandard, writes } = this.#hooks;
    this.#factory = new SessionFactory({ createSession, isStandard });
    this.#lateWrites = new LateWrites(store, (sessionId) => this.#repair(sessionId));
    this.#touches = new Touches({
      calls: this.#calls,
      writes,
      factory: this.#factory,
      live: this.#live,
      lateWrites: this.#lateWrites,
      interval: options.touch,
    });
    this.#records = new RecordWriter({
      calls: this.#calls,
      hooks: this.#hooks,
      factory: this.#factory,
      touches: this.#touches,
      lateWrites: this.#lateWrites,
      canRewrite: options.rewrite !== undefined,
      hasEnded: (sessionId) => this.#hasEnded(sessionId),
    });
    this.#writer = new SessionWriter({
      records: this.#records,
      writes,
      canTouch: typeof store.touch === 'function',
    });
    const locks = new SessionLocks(store, options);
    this.#updater = new SessionUpdater(locks, this.#records, this.#writer);
    this.#requests = new RequestSessions(store, this.#hooks);
    this.#backend = new SessionBackend({
      calls: this.#calls,
      reader: this.#reader,
      writer: this.#writer,
      updater: this.#updater,
      factory: this.#factory,
      open: (sessionId, snapshot, owner) => this.#open(sessionId, snapshot, owner),
    });
    this.#observer = this.#createObserver(options);
    this.#hooks.observe(this.#observer);
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
   * Makes a session object for one owner.
   *
   * @returns the session, or `ERR_SESSION_STORE` if no session can be made from the record
   */
  open(sessionId: string, snapshot: Snapshot, owner: SessionOwner): SocketSession | SessionError {
    try {
      return this.#open(sessionId, snapshot, owner);
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
    const { sessionID: sessionId } = request;
    const { result, saved } = await this.#updater.update(change, this.#target(sessionId));
    this.#requests.show(session, sessionId, saved);
    return result;
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
   * Counts activity of a socket: touches its session in the store if that is due.
   *
   * @returns a promise if it is due, which rejects with a `SessionError` if the store fails
   */
  use(session: LiveSession, snapshot: Snapshot): Promise<void> | undefined {
    return this.#touches.use(session, snapshot);
  }

  /** Ends the sockets of a session in all processes. The store keeps the session. */
  end(sessionId: string): void {
    this.#live.end(sessionId, 'destroyed');
  }

  /** Removes the hooks from the store. Writes that have begun are finished. */
  close(): void {
    this.#hooks.unobserve(this.#observer);
    this.#live.close();
    this.#calls.close();
    this.#cache.clear();
  }

  #target(sessionId: string): {
    readonly sessionId: string;
    readonly open: (snapshot: Snapshot) => SocketSession;
  } {
    // Only what a job does not await is reported.
    const owner: SessionOwner = { report: this.#report, endsSession: () => {} };
    return { sessionId, open: (snapshot) => this.#open(sessionId, snapshot, owner) };
  }

  #open(sessionId: string, snapshot: Snapshot, owner: SessionOwner): SocketSession {
    const held = new HeldSession(sessionId, snapshot, {
      store: this.#backend,
      owner,
      shape: this.#factory,
    });
    // Its prototype has the methods that the type adds.
    return this.#factory.open(held) as SocketSession;
  }

  #createObserver({ mergeHttpWrites, rewrite }: ResolvedOptions): StoreObserver {
    return {
      // `rewrite` reads and writes at once, so nothing that it writes can be erased.
      issued: rewrite ? undefined : (...write) => this.#issued(...write),
      ending: (sessionId, reason) => {
        // A store's `get` calls `destroy`, but never `regenerate`.
        const hasExpired = reason === 'destroyed' && this.#isRemovedByRead(sessionId);
        this.#live.ending(sessionId, hasExpired ? 'expired' : reason);
      },
      stayed: (sessionId) => this.#live.stayed(sessionId),
      ended: (sessionId, reason, finished) => this.#live.ended(sessionId, reason, finished),
      written: (sessionId, session) => this.#live.written(sessionId, session),
      saveRequest: mergeHttpWrites ? (write) => this.#saveRequest(write) : undefined,
    };
  }

  /** Others write a session: what the library writes meanwhile must survive it. */
  #issued(sessionId: string, session: object, answered: Promise<void>): void {
    // It has a cookie, or the store could not write it.
    const record = session as SessionRecord;
    const issued = this.#calls.issued(sessionId, answered);
    this.#lateWrites
      .settled(record, issued, this.#lateWrites.begin(sessionId))
      // The caller of the write gets the error from the store.
      .catch(() => {});
  }

  /** Whether a session that the store does not have was there before. */
  #hasEnded(sessionId: string): boolean {
    if (this.#live.find(sessionId)?.isStored) return true;
    return this.#live.endSince(sessionId, 0) !== undefined;
  }

  /** Some stores' `get` calls their own `destroy` when it finds a session that has expired. */
  #isRemovedByRead(sessionId: string): boolean {
    return this.#reader.isReading(sessionId) && this.#live.find(sessionId)?.isOverdue === true;
  }

  /** A request whose session has ended meanwhile continues without it. */
  async #saveRequest(write: RequestWrite): Promise<void> {
    try {
      await this.#writer.saveRequest(write);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      // HTTP handlers get the store's own errors, with or without this library.
      if (error.code === 'ERR_SESSION_STORE') throw error.cause ?? error;
      if (error.code !== 'ERR_SESSION_ENDED') throw error;
      this.#report(error);
    }
  }

  /** Nobody waits for it, because the saves that it repairs were acknowledged before. */
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
