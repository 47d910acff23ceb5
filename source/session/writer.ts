/**
 * @module Writes what a listener or a request changed over what the store has now: what has ended
 * stays ended, and what others changed stays changed.
 */

import type { SessionData } from 'express-session';
import { lockLost, SessionError, sessionEnded } from '../errors.js';
import { trace } from '../tracing.js';
import type { HeldLock } from '../types/options.js';
import type { OpenSession } from './held-session.js';
import type { RequestWrite } from './http-writes.js';
import type { LateWrites, PendingWrite } from './late-writes.js';
import type { SessionRecord } from './record.js';
import { changesBetween, isRecord, type RecordChanges, renewed, withChanges } from './record.js';
import { SessionChanges } from './session-changes.js';
import type { SessionFactory } from './session-factory.js';
import { Snapshot } from './snapshot.js';
import type { SetSession, StoreCalls } from './store-calls.js';
import { withoutIds } from './store-error.js';
import type { StoreHooks } from './store-hooks.js';
import type { Write } from './store-writes.js';
import type { Touches } from './touches.js';

/** What a save did. */
export interface Saved {
  /** What the store holds now. */
  readonly record: SessionRecord;
  /** What of it was changed by this save. */
  readonly changes: RecordChanges;
}

/** What a writer works with. */
export interface WriterDependencies {
  readonly calls: StoreCalls;
  readonly hooks: StoreHooks;
  readonly factory: SessionFactory;
  readonly touches: Touches;
  readonly lateWrites: LateWrites;
  /** Whether the option `rewrite` was given. */
  readonly canRewrite: boolean;
  readonly canTouch: boolean;
}

/** What is to be written. */
interface Change {
  /** Tells what to change, when it is this write's turn. */
  readonly changes: () => RecordChanges;
  readonly lock?: HeldLock | undefined;
  /** The record to begin with where the store has none: that of a visitor's new session. */
  readonly newRecord?: SessionRecord | undefined;
  /** Whether it is written although nothing has changed. */
  readonly isForced?: boolean;
  /** Takes the place of the store's `set`. */
  readonly set?: SetSession;
}

/** Writes sessions. */
export class SessionWriter {
  readonly #dependencies: WriterDependencies;

  constructor(dependencies: WriterDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Saves what was changed in a session since it was opened, or saved last.
   *
   * @param lock the lock under which it was changed, if any
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_SESSION_LOCK` where the lock was lost,
   * `ERR_SESSION_OVERLOAD`, `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  save(session: OpenSession, lock?: HeldLock): Promise<Saved> {
    return trace(
      'write',
      () => ({ operation: 'save' }),
      () => this.#save(session, lock),
    );
  }

  async #save({ req: held }: OpenSession, lock?: HeldLock): Promise<Saved> {
    const unsaved = SessionChanges.of(held);
    const own = unsaved.begin();
    let changes: RecordChanges = own;
    const { snapshot } = held;
    try {
      const record = await this.#writes.alone(held.sessionID, (write) =>
        this.#write(write, {
          lock,
          // An earlier save may have failed by then.
          changes: () => {
            changes = new Map([...unsaved.unwritten, ...own]);
            return changes;
          },
          newRecord: snapshot.isNew ? snapshot.record : undefined,
        }),
      );
      unsaved.end(changes.keys(), true);
      return { record, changes };
    } catch (error) {
      unsaved.end(own.keys(), false);
      throw error;
    }
  }

  /**
   * Saves what a request changed; nothing changed is a touch.
   *
   * @throws {SessionError} as `save`
   */
  saveRequest(request: RequestWrite): Promise<void> {
    return trace(
      'write',
      () => ({ operation: 'http' }),
      () => this.#saveRequest(request),
    );
  }

  async #saveRequest(request: RequestWrite): Promise<void> {
    const { sessionId, before, after, isInTouch, set } = request;
    const changes = changesBetween(before, after);
    const isTouch = changes.size === 0 && this.#dependencies.canTouch && !isInTouch;
    const task = async (write: Write): Promise<void> => {
      if (isTouch) await this.#touchStored(write);
      else await this.#write(write, { changes: () => changes, isForced: true, set });
    };
    try {
      if (isInTouch) await this.#writes.within(sessionId, task);
      else await this.#writes.aloneInTime(sessionId, task);
    } catch (error) {
      const isDropped = error instanceof SessionError && error.code === 'ERR_SESSION_ENDED';
      // Where nothing was changed, nothing was dropped.
      if (changes.size > 0 || !isDropped) throw error;
    }
  }

  /** Touches the session as the store has it: others may have changed its cookie, or all of it. */
  async #touchStored({ sessionId }: Write): Promise<void> {
    const { record } = await this.readForWrite(sessionId);
    await this.#dependencies.touches.touch(sessionId, record);
  }

  /**
   * Reads a record that is to be changed.
   *
   * @throws {SessionError} `ERR_SESSION_ENDED` where there is none, or what the store failed with
   */
  async readForWrite(sessionId: string, newRecord?: SessionRecord): Promise<Snapshot> {
    const snapshot = await this.#readStored(sessionId, newRecord);
    const record = this.#dependencies.lateWrites.mended(sessionId, snapshot.record);
    return record === snapshot.record ? snapshot : new Snapshot(record, snapshot);
  }

  async #readStored(sessionId: string, newRecord?: SessionRecord): Promise<Snapshot> {
    const { snapshot, error } = await this.#dependencies.calls.getForWrite(sessionId);
    if (snapshot) return snapshot;
    if (error.code !== 'ERR_SESSION_NOT_FOUND') throw error;
    if (newRecord) return new Snapshot(newRecord, { isNew: true });
    throw sessionEnded();
  }

  /** Writes a session again, where a write has erased what was written meanwhile, or after it. */
  async repair(sessionId: string): Promise<void> {
    const { calls, lateWrites } = this.#dependencies;
    await this.#writes.alone(sessionId, (write) =>
      this.#pending(sessionId, async (pending) => {
        const { snapshot, error } = await calls.getForWrite(sessionId);
        if (error?.code === 'ERR_SESSION_NOT_FOUND') return;
        if (error) throw error;
        const { record } = snapshot;
        if (lateWrites.erased(sessionId, record).size === 0) return;
        if (await write.destroy) return;
        await this.#set(write, record, { changes: new Map(), pending });
      }),
    );
  }

  async #pending<Result>(
    sessionId: string,
    task: (pending: PendingWrite) => Promise<Result>,
  ): Promise<Result> {
    const { lateWrites } = this.#dependencies;
    const pending = lateWrites.begin(sessionId);
    try {
      return await task(pending);
    } finally {
      lateWrites.end(pending);
    }
  }

  get #writes(): StoreHooks['writes'] {
    return this.#dependencies.hooks.writes;
  }

  async #write(write: Write, change: Change): Promise<SessionRecord> {
    const record = await (this.#dependencies.canRewrite
      ? this.#rewrite(write, change)
      : this.#readAndSet(write, change));
    // The store may have done either first. What came after the logout is removed again by now.
    if (await write.destroy) throw sessionEnded();
    return record;
  }

  #readAndSet(write: Write, { lock, newRecord, ...change }: Change): Promise<SessionRecord> {
    const { sessionId } = write;
    const { lateWrites, touches } = this.#dependencies;
    return this.#pending(sessionId, async (pending) => {
      const { record, isNew } = await this.#readStored(sessionId, newRecord);
      const changes = change.changes();
      if (changes.size === 0 && !isNew && !change.isForced) {
        const mended = lateWrites.mended(sessionId, record);
        await touches.touchSaved(sessionId, mended);
        return mended;
      }
      if (await write.destroy) throw sessionEnded();
      if (lock?.lost?.aborted) throw lockLost(withoutIds(lock.lost.reason, [sessionId]));
      return this.#set(write, record, { changes, set: change.set, pending });
    });
  }

  async #set(
    write: Write,
    stored: SessionRecord,
    {
      changes,
      set,
      pending,
    }: {
      readonly changes: RecordChanges;
      readonly set?: SetSession | undefined;
      readonly pending: PendingWrite;
    },
  ): Promise<SessionRecord> {
    const { sessionId } = write;
    const { calls, lateWrites } = this.#dependencies;
    // What another write has erased is written again by the way.
    const written = new Map([...lateWrites.erased(sessionId, stored), ...changes]);
    const record = applied(stored, written);
    const takeBack = lateWrites.wrote(sessionId, written, pending);
    try {
      const issued = calls.set(sessionId, this.#forStore(sessionId, record), set);
      write.answered = issued.answered;
      await lateWrites.settled(record, issued, pending);
      return record;
    } catch (error) {
      takeBack();
      throw namingKey(error, changes);
    }
  }

  async #rewrite(
    write: Write,
    { lock, changes: tellChanges, newRecord, isForced }: Change,
  ): Promise<SessionRecord> {
    const { sessionId } = write;
    let stored: SessionRecord | undefined;
    let record: SessionRecord | undefined;
    let changes: RecordChanges = new Map();
    try {
      await this.#dependencies.calls.rewrite(
        sessionId,
        (value) => {
          changes = tellChanges();
          if (value === null && newRecord === undefined) throw sessionEnded();
          stored = value === null ? undefined : asRecord(value);
          record = stored;
          if (stored === undefined || (changes.size === 0 && !isForced)) return undefined;
          if (lock?.lost?.aborted) throw lockLost(withoutIds(lock.lost.reason, [sessionId]));
          record = applied(stored, changes);
          return this.#forStore(sessionId, record);
        },
        lock,
      );
    } catch (error) {
      throw namingKey(error, changes);
    }
    if (record === undefined) {
      if (newRecord) {
        return this.#pending(sessionId, (pending) =>
          this.#set(write, newRecord, { changes, pending }),
        );
      }
      throw notChanged();
    }
    if (record === stored) await this.#dependencies.touches.touchSaved(sessionId, record);
    else this.#dependencies.hooks.rewritten(sessionId, record);
    return record;
  }

  /** A session, for a store may ask its cookie for more than a record has. */
  #forStore(sessionId: string, record: SessionRecord): SessionData {
    return this.#writes.markInternal(this.#dependencies.factory.forStore(sessionId, record));
  }
}

/** A write gives a session its whole lifetime again: a cookie that was changed may have an old date. */
function applied(stored: SessionRecord, changes: RecordChanges): SessionRecord {
  return renewed(withChanges(stored, changes));
}

/** Where a value cannot be serialised, the error says which. */
function namingKey(error: unknown, changes: RecordChanges): unknown {
  if (!(error instanceof SessionError) || error.code !== 'ERR_SESSION_STORE') return error;
  for (const [key, value] of changes) {
    try {
      JSON.stringify(value);
    } catch (cause) {
      return new SessionError(
        'ERR_SESSION_STORE',
        `Could not save \`session.${key}\`: its value cannot be written as JSON; expected plain data`,
        { cause },
      );
    }
  }
  return error;
}

function asRecord(value: object): SessionRecord {
  if (isRecord(value)) return value;
  throw new SessionError(
    'ERR_SESSION_STORE',
    '`rewrite` read a record that is no session; expected an object with a `cookie`',
  );
}

function notChanged(): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    '`rewrite` resolved without calling `change`; expected it to ask what to write',
  );
}
