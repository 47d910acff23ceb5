/**
 * @module Writes changes over the record that the store has now: a session that has ended stays ended,
 * and keys that others changed stay changed.
 */

import { lockLostError, SessionError, sessionEndedError } from '../errors.js';
import { redactError } from '../store-error.js';
import type { HeldLock } from '../types/options.js';
import type { LostSaves } from './lost-saves.js';
import {
  isRecord,
  lifetimeOf,
  type RecordChanges,
  type SessionRecord,
  withChanges,
  withRenewedLifetime,
} from './record.js';
import { type ReadResult, Snapshot } from './snapshot.js';
import type { SetSession } from './store-call.js';
import type { StoreHooks } from './store-hooks.js';
import type { StoreReads } from './store-reads.js';
import type { StoreWrites } from './store-writes.js';
import type { Touches } from './touches.js';
import type { Write } from './write.js';

/** What a record writer works with. */
export interface RecordWriterDependencies {
  readonly reads: StoreReads;
  readonly writes: StoreWrites;
  readonly hooks: StoreHooks;
  readonly touches: Touches;
  readonly lostSaves: LostSaves;
  /** Whether the option `rewrite` was given. */
  readonly canRewrite: boolean;
  /** Whether a session that the store does not have is known to have ended, and so is not new. */
  readonly hasEnded: (sessionId: string) => boolean;
}

/** What to write. */
export interface WriteOptions {
  /** Returns the changes; called once the record has been read. */
  readonly readChanges: () => RecordChanges;
  readonly lock?: HeldLock | undefined;
  /** The record of a visitor's new session, which the store may not have yet. */
  readonly newRecord?: SessionRecord | undefined;
  /** Whether to write although nothing has changed. */
  readonly isForced?: boolean;
  /** Called in place of the store's `set`. */
  readonly set?: SetSession;
}

const noChanges: RecordChanges = new Map();

/** Writes records. */
export class RecordWriter {
  readonly #dependencies: RecordWriterDependencies;

  constructor(dependencies: RecordWriterDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Writes changes. The caller has the session's turn.
   *
   * @returns what the store has now
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_SESSION_LOCK` if the lock was lost,
   * `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  async write(write: Write, options: WriteOptions): Promise<SessionRecord> {
    const record = await (this.#dependencies.canRewrite
      ? this.#rewrite(write, options)
      : this.#readAndSet(write, options));
    // If the store has written after a logout, the record has been removed again by now.
    if (write.logout && (await write.isOvertaken())) throw sessionEndedError();
    return record;
  }

  /**
   * Reads a record in order to change it.
   *
   * @throws {SessionError} `ERR_SESSION_ENDED` if there is none, or the error of the store
   */
  async readForWrite(sessionId: string, newRecord?: SessionRecord): Promise<Snapshot> {
    const { reads, lostSaves } = this.#dependencies;
    const snapshot = this.#stored(sessionId, await reads.getForWrite(sessionId), newRecord);
    const record = lostSaves.repaired(sessionId, snapshot.record);
    return record === snapshot.record ? snapshot : new Snapshot(record, snapshot);
  }

  /** What a read found, or the record of a new session. */
  #stored(
    sessionId: string,
    { snapshot, error }: ReadResult,
    newRecord: SessionRecord | undefined,
  ): Snapshot {
    if (snapshot) return snapshot;
    if (error.code !== 'ERR_SESSION_NOT_FOUND') throw error;
    const isNew = newRecord !== undefined && !this.#dependencies.hasEnded(sessionId);
    if (!isNew) throw sessionEndedError();
    return new Snapshot(newRecord, { isNew: true });
  }

  /**
   * Touches a session as the store has it now, since others may have changed its cookie.
   *
   * @param changes what else the touch writes, if the store's `touch` writes records whole
   * @param touch takes the place of the store's `touch`
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  async touch(write: Write, changes: RecordChanges, touch?: SetSession): Promise<void> {
    const { lostSaves, touches } = this.#dependencies;
    lostSaves.beforeRead(write);
    const { record } = await this.readForWrite(write.sessionId);
    await touches.touch(write, withChanges(record, changes), touch);
  }

  /** Writes again what a late or overlapping write has erased. */
  async repair(sessionId: string): Promise<void> {
    const { reads, hooks, lostSaves } = this.#dependencies;
    await hooks.turns.run(sessionId, async (write) => {
      lostSaves.beforeRead(write);
      const { snapshot, error } = await reads.getForWrite(sessionId);
      if (error?.code === 'ERR_SESSION_NOT_FOUND') return;
      if (error) throw error;
      if (lostSaves.erased(sessionId, snapshot.record).size === 0) return;
      if (await write.isOvertaken()) return;
      await this.#set(write, snapshot.record, { changes: noChanges });
    });
  }

  async #readAndSet(write: Write, options: WriteOptions): Promise<SessionRecord> {
    const { sessionId } = write;
    const { reads, lostSaves, touches } = this.#dependencies;
    lostSaves.beforeRead(write);
    const found = await reads.getForWrite(sessionId);
    const { record, isNew } = this.#stored(sessionId, found, options.newRecord);
    const changes = options.readChanges();
    if (changes.size === 0 && !isNew && !options.isForced) {
      const repaired = lostSaves.repaired(sessionId, record);
      await touches.touchSaved(write, repaired);
      return repaired;
    }
    if (write.logout && (await write.isOvertaken())) throw sessionEndedError();
    assertHeld(options.lock, sessionId);
    return this.#set(write, record, { changes, set: options.set });
  }

  async #set(
    write: Write,
    stored: SessionRecord,
    { changes, set }: { readonly changes: RecordChanges; readonly set?: SetSession | undefined },
  ): Promise<SessionRecord> {
    const { writes, lostSaves } = this.#dependencies;
    // This write also restores what another one has erased.
    const erased = lostSaves.erased(write.sessionId, stored);
    const written = erased.size === 0 ? changes : new Map([...erased, ...changes]);
    const record = applyChanges(stored, written);
    lostSaves.beforeWrite(write, written);
    try {
      await writes.set(write, record, set);
      return record;
    } catch (error) {
      lostSaves.takeBack(write, written);
      throw nameKey(error, changes);
    }
  }

  async #rewrite(
    write: Write,
    { lock, readChanges, newRecord, isForced, set }: WriteOptions,
  ): Promise<SessionRecord> {
    const { writes, hooks, lostSaves, touches, hasEnded } = this.#dependencies;
    const { sessionId } = write;
    let stored: SessionRecord | undefined;
    let record: SessionRecord | undefined;
    let changes = noChanges;
    try {
      await writes.rewrite(
        write,
        (value) => {
          changes = readChanges();
          const canBeNew = newRecord !== undefined && !hasEnded(sessionId);
          if (value === null && !canBeNew) throw sessionEndedError();
          stored = value === null ? undefined : asRecord(value);
          record = stored;
          if (stored === undefined || (changes.size === 0 && !isForced)) return undefined;
          assertHeld(lock, sessionId);
          record = applyChanges(stored, changes);
          return record;
        },
        lock,
      );
    } catch (error) {
      throw nameKey(error, changes);
    }
    if (record === undefined) {
      if (newRecord === undefined) throw notChangedError();
      lostSaves.beforeRead(write);
      if (write.logout && (await write.isOvertaken())) throw sessionEndedError();
      assertHeld(lock, sessionId);
      return this.#set(write, newRecord, { changes, set });
    }
    if (record === stored) await touches.touchSaved(write, record);
    else hooks.rewritten(sessionId, record);
    // `set` of the store would have begun its time to live anew, which is known to the store only.
    if (isForced && lifetimeOf(record) === undefined) await touches.touch(write, record);
    return record;
  }
}

/** Applies changes, and renews the lifetime as every write does: a changed cookie may have an old date. */
function applyChanges(stored: SessionRecord, changes: RecordChanges): SessionRecord {
  return withRenewedLifetime(withChanges(stored, changes));
}

/** @throws {SessionError} if the lock was lost */
function assertHeld(lock: HeldLock | undefined, sessionId: string): void {
  if (lock?.lost?.aborted) throw lockLostError(redactError(lock.lost.reason, [sessionId]));
}

/** Replaces the error of a value that cannot be serialised by one that names its key. */
function nameKey(error: unknown, changes: RecordChanges): unknown {
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
    '`rewrite` read a record that is not a session; expected an object with a `cookie`',
  );
}

function notChangedError(): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    '`rewrite` resolved without calling `change`; expected it to call `change` with the record',
  );
}
