/**
 * @module The sessions of one store, read, opened, changed and ended: the only way into this folder.
 * Who asks, and what a socket is, is up to the caller.
 */

import type { Store } from 'express-session';
import { describeValue, SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import { trace } from '../tracing.js';
import type { SessionChange, SessionEndReason, SessionRequest, SocketSession } from '../types.js';
import {
  HeldSession,
  type OpenSession,
  type SessionBackend,
  type SessionOwner,
} from './held-session.js';
import { LateWrites } from './late-writes.js';
import type { LiveSession, Member } from './live-session.js';
import { LiveSessions, type SessionMessage } from './live-sessions.js';
import { SessionLocks } from './locks.js';
import { SessionReader } from './reader.js';
import type { SessionRecord } from './record.js';
import { RecordCache } from './record-cache.js';
import { RequestSessions } from './request-sessions.js';
import { SessionFactory } from './session-factory.js';
import { addSessionMethods } from './session-methods.js';
import { type ReadResult, Snapshot } from './snapshot.js';
import { StoreCalls } from './store-calls.js';
import { type RequestWrite, StoreHooks, type StoreObserver } from './store-hooks.js';
import { Touches } from './touches.js';
import { SessionUpdater } from './updater.js';
import { SessionWriter } from './writer.js';

/** What an engine is made with. */
export interface EngineDependencies {
  readonly store: Store;
  readonly options: ResolvedOptions;
  /** Sends a message to the other processes. */
  readonly publish: (message: SessionMessage) => void;
  /** Told of what failed without anybody to tell. */
  readonly report: (error: unknown) => void;
}

type Callback = (error?: unknown) => void;

/** Nobody waits for what a job does with its session besides what it awaits. */
function jobOwner(report: (error: unknown) => void): SessionOwner {
  return { report, endsSession: () => {} };
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
  readonly #writer: SessionWriter;
  readonly #updater: SessionUpdater;
  readonly #requests: RequestSessions;
  readonly #backend: SessionBackend;

  constructor({ store, options, publish, report }: EngineDependencies) {
    this.#report = report;
    this.#hooks = StoreHooks.of(store, options);
    this.#cache = new RecordCache(options.recordCacheSize);
    this.#calls = new StoreCalls(store, {
      options,
      cache: this.#cache,
      absent: (sessionId) => this.#live.absent(sessionId),
    });
    this.#reader = new SessionReader(this.#calls);
    this.#live = new LiveSessions({
      read: (sessionId) => this.#reader.read(sessionId),
      publish,
      abandoned: (sessionId) => this.#cache.delete(sessionId),
    });
    const { createSession, isStandard, writes } = this.#hooks;
    this.#factory = new SessionFactory({
      createSession,
      isStandard,
      addMethods: addSessionMethods,
    });
    this.#lateWrites = new LateWrites((sessionId) => this.#repair(sessionId));
    this.#touches = new Touches({
      calls: this.#calls,
      writes,
      factory: this.#factory,
      live: this.#live,
      lateWrites: this.#lateWrites,
      interval: options.touch,
    });
    this.#writer = new SessionWriter({
      calls: this.#calls,
      hooks: this.#hooks,
      factory: this.#factory,
      touches: this.#touches,
      lateWrites: this.#lateWrites,
      canRewrite: options.rewrite !== undefined,
      canTouch: typeof store.touch === 'function',
    });
    this.#updater = new SessionUpdater(new SessionLocks(store, options), this.#writer);
    this.#requests = new RequestSessions(store, this.#hooks);
    this.#backend = this.#createBackend();
    this.#observer = this.#createObserver(options);
    this.#hooks.observe(this.#observer);
  }

  /**
   * Reads a session after this call; results of one id settle in the order of their calls. Never
   * rejects.
   *
   * @param newRecord what to begin with where the session is a visitor's new one, not stored yet
   */
  read(sessionId: string, newRecord?: SessionRecord): Promise<ReadResult> {
    const reading = this.#reader.read(sessionId);
    if (newRecord === undefined) return reading;
    const since = performance.now();
    return reading.then((result) => {
      if (result.error?.code !== 'ERR_SESSION_NOT_FOUND') return result;
      const hasEnded =
        this.#live.find(sessionId)?.isStored || this.#live.endSince(sessionId, 0) !== undefined;
      return hasEnded ? result : { snapshot: new Snapshot(newRecord, { since, isNew: true }) };
    });
  }

  /**
   * Opens a session of its own for somebody.
   *
   * @returns the session, or `ERR_SESSION_STORE` where no session can be made of the record
   */
  open(sessionId: string, snapshot: Snapshot, owner: SessionOwner): SocketSession | SessionError {
    try {
      return this.#open(sessionId, snapshot, owner);
    } catch (error) {
      if (error instanceof SessionError) return error;
      throw error;
    }
  }

  /** Updates the session with this id: reads, changes and saves it under its lock. */
  async update<Result>(sessionId: string, change: SessionChange<Result>): Promise<Result> {
    const { result } = await this.#updater.update(change, this.#target(sessionId));
    return result;
  }

  /**
   * Updates the session of an HTTP request, which shows the result afterwards. A session that is new
   * is stored first.
   *
   * @throws {TypeError} where the request has no session of this store
   */
  async updateRequest<Result>(
    request: SessionRequest,
    change: SessionChange<Result>,
  ): Promise<Result> {
    if (typeof change !== 'function') {
      throw new TypeError(`\`update\`: expected a function, got ${describeValue(change)}`);
    }
    const session = await this.#requests.stored(request);
    const { sessionID: sessionId } = request;
    const { result, saved } = await this.#updater.update(change, this.#target(sessionId));
    this.#requests.show(session, sessionId, saved);
    return result;
  }

  /**
   * A member belongs to its session from now on, and ends with it.
   *
   * @param snapshot what was read for it
   * @returns the session; or the reason of its end, where it ended since it was read
   */
  join(sessionId: string, member: Member, snapshot: Snapshot): LiveSession | SessionEndReason {
    const { since, isNew, record } = snapshot;
    return (
      this.#live.endSince(sessionId, since) ??
      this.#live.join(sessionId, member, isNew ? undefined : record)
    );
  }

  /** A member has gone by itself. */
  leave(session: LiveSession, member: Member): void {
    this.#live.leave(session, member);
  }

  /**
   * A session was used by a socket: touches it where that is due.
   *
   * @returns a promise where it is, which rejects with a `SessionError` where the store fails
   */
  use(session: LiveSession, snapshot: Snapshot): Promise<void> | undefined {
    return this.#touches.use(session, snapshot);
  }

  /** Ends the sockets of a session in all processes, and leaves the store alone. */
  end(sessionId: string): void {
    this.#live.end(sessionId, 'destroyed');
  }

  /** Another process tells of sessions. */
  receive(message: SessionMessage): void {
    this.#live.receive(message);
  }

  /** Gives the store back. What is being saved is saved all the same. */
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
    const owner = jobOwner(this.#report);
    return { sessionId, open: (snapshot) => this.#open(sessionId, snapshot, owner) };
  }

  #open(sessionId: string, snapshot: Snapshot, owner: SessionOwner): SocketSession {
    const held = new HeldSession(sessionId, snapshot, {
      backend: this.#backend,
      owner,
      shape: this.#factory,
    });
    // The prototype that `addSessionMethods` derives has the methods that the type adds.
    return this.#factory.open(held) as SocketSession;
  }

  /** What `Session` of express-session calls where it would call the store. */
  #createBackend(): SessionBackend {
    return {
      set: (_sessionId, session, callback) => settle(this.#writer.save(session), callback),
      destroy: (sessionId, callback) => settle(this.#destroy(sessionId), callback),
      regenerate: (_request, callback) => settle(Promise.reject(cannotRegenerate()), callback),
      reload: (session, callback) => settle(this.#reload(session), callback),
      update: (session, change) => {
        const { sessionID, owner } = session.req;
        return this.#updater.updateHeld(session, change, (snapshot) =>
          this.#open(sessionID, snapshot, owner),
        );
      },
    };
  }

  #createObserver({ mergeHttpWrites, rewrite }: ResolvedOptions): StoreObserver {
    return {
      // What `rewrite` writes, it reads at the same moment.
      issued: rewrite ? undefined : (...write) => this.#issued(...write),
      ending: (sessionId, reason) => this.#live.ending(sessionId, reason),
      stayed: (sessionId) => this.#live.stayed(sessionId),
      ended: (sessionId, reason, finished) => this.#live.ended(sessionId, reason, finished),
      written: (sessionId, session) => this.#live.written(sessionId, session),
      saveRequest: mergeHttpWrites ? (write) => this.#saveRequest(write) : undefined,
    };
  }

  /** Others write a session: what the library writes meanwhile must survive it. */
  #issued(sessionId: string, session: object, answered: Promise<void>): void {
    // It has a cookie, or the store cannot write it.
    const record = session as SessionRecord;
    const issued = this.#calls.issued(sessionId, answered);
    this.#lateWrites
      .settled(record, issued, this.#lateWrites.begin(sessionId))
      // Whoever writes it is told by the store.
      .catch(() => {});
  }

  /** A request whose session has ended meanwhile goes on without it. */
  async #saveRequest(write: RequestWrite): Promise<void> {
    try {
      await this.#writer.saveRequest(write);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      // The handlers of HTTP are told what the store says, with or without this library.
      if (error.code === 'ERR_SESSION_STORE') throw error.cause ?? error;
      if (error.code !== 'ERR_SESSION_ENDED') throw error;
      this.#report(error);
    }
  }

  /** Nobody waits for it: what it writes was told to be saved before. */
  async #repair(sessionId: string): Promise<boolean> {
    try {
      await this.#writer.repair(sessionId);
      return true;
    } catch (error) {
      this.#report(error);
      return false;
    }
  }

  async #destroy(sessionId: string): Promise<void> {
    await trace(
      'write',
      () => ({ operation: 'destroy' }),
      () => this.#calls.destroy(sessionId),
    );
    this.#hooks.destroyed(sessionId);
  }

  /** Reads a session again, and shows it in the object that the listener holds. */
  async #reload({ req: held }: OpenSession): Promise<void> {
    const { snapshot, error } = await this.#reader.read(held.sessionID);
    if (error) throw error;
    const before = held.snapshot;
    held.replace(snapshot);
    try {
      this.#factory.fill(held);
    } catch (cause) {
      held.replace(before);
      throw cause;
    }
  }
}

/** Calls back outside of every promise, so that what a callback throws is not taken for a failure. */
function settle(task: Promise<unknown>, callback: Callback): void {
  task.then(
    () => process.nextTick(callback, null),
    (error: unknown) => process.nextTick(callback, error),
  );
}

function cannotRegenerate(): SessionError {
  return new SessionError(
    'ERR_SESSION_REGENERATE',
    'A socket cannot regenerate its session, because it cannot set a cookie: log in over HTTP',
  );
}
