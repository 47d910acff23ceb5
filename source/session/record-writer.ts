/**
 * @module Writes changes over the record that the store has now: a session that has ended stays ended,
 * and keys that others changed stay changed.
 */

import type { SessionData } from 'express-session';
import { lockLostError, SessionError, sessionEndedError } from '../errors.js';
import { redactError } from '../store-error.js';
import type { HeldLock } from '../types/options.js';
import { isOvertaken, type Write } from './active-writes.js';
import type { LateWrites, PendingWrite } from './late-writes.js';
import {
  isRecord,
  type RecordChanges,
  renewed,
  type SessionRecord,
  withChanges,
} from './record.js';
import type { SessionFactory } from './session-factory.js';
import { Snapshot } from './snapshot.js';
import type { SetSession } from './store-call.js';
import type { StoreHooks } from './store-hooks.js';
import type { StoreReads } from './store-reads.js';
import type { StoreWrites } from './store-writes.js';
import type { Touches } from './touches.js';

/** What a record writer works with. */
export interface RecordWriterDependencies {
  readonly reads: StoreReads;
  readonly writes: StoreWrites;
  readonly hooks: StoreHooks;
  readonly factory: SessionFactory;
  readonly touches: Touches;
  readonly lateWrites: LateWrites;
  /** Whether the option `rewrite` was given. */
  readonly canRewrite: boolean;
  /** Whether a session that the store does not have is known to have ended, and so is not new. */
  readonly hasEnded: (sessionId: string) => boolean;
}

/** What to write. */
export interface PlannedWrite {
  /** Called for the changes when it is the write's turn. */
  readonly changes: () => RecordChanges;
  readonly lock?: HeldLock | undefined;
  /** The record of a visitor's new session, which the store may not have yet. */
  readonly newRecord?: SessionRecord | undefined;
  /** Whether to write although nothing has changed. */
  readonly isForced?: boolean;
  /** Called in place of the store's `set`. */
  readonly set?: SetSession;
}

/** Writes records. */
export class RecordWriter {
  readonly #dependencies: RecordWriterDependencies;

  constructor(dependencies: RecordWriterDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Writes a change. The caller has the session's turn.
   *
   * @returns what the store has now
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_SESSION_LOCK` if the lock was lost,
   * `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  async write(write: Write, change: PlannedWrite): Promise<SessionRecord> {
    const record = await (this.#dependencies.canRewrite
      ? this.#rewrite(write, change)
      : this.#readAndSet(write, change));
    // The store may have written after a logout. Then the record has been removed again by now.
    if (await isOvertaken(write)) throw sessionEndedError();
    return record;
  }

  /**
   * Reads a record in order to change it.
   *
   * @throws {SessionError} `ERR_SESSION_ENDED` if there is none, or the error of the store
   */
  async readForWrite(sessionId: string, newRecord?: SessionRecord): Promise<Snapshot> {
    const snapshot = await this.#readStored(sessionId, newRecord);
    const record = this.#dependencies.lateWrites.repaired(sessionId, snapshot.record);
    return record === snapshot.record ? snapshot : new Snapshot(record, snapshot);
  }

  async #readStored(sessionId: string, newRecord?: SessionRecord): Promise<Snapshot> {
    const { snapshot, error } = await this.#dependencies.reads.getForWrite(sessionId);
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
  touch(write: Write, changes: RecordChanges, touch?: SetSession): Promise<void> {
    const { sessionId } = write;
    return this.#pending(sessionId, async (pending) => {
      const { record } = await this.readForWrite(sessionId);
      const touched = withChanges(record, changes);
      await this.#dependencies.touches.touch(write, touched, { touch, pending });
    });
  }

  /** Writes again what a late or overlapping write has erased. */
  async repair(sessionId: string): Promise<void> {
    const { reads, lateWrites } = this.#dependencies;
    await this.#dependencies.hooks.turns.run(sessionId, (write) =>
      this.#pending(sessionId, async (pending) => {
        const { snapshot, error } = await reads.getForWrite(sessionId);
        if (error?.code === 'ERR_SESSION_NOT_FOUND') return;
        if (error) throw error;
        const { record } = snapshot;
        if (lateWrites.erased(sessionId, record).size === 0) return;
        if (await isOvertaken(write)) return;
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

  #readAndSet(write: Write, { lock, newRecord, ...change }: PlannedWrite): Promise<SessionRecord> {
    const { sessionId } = write;
    const { lateWrites, touches } = this.#dependencies;
    return this.#pending(sessionId, async (pending) => {
      const { record, isNew } = await this.#readStored(sessionId, newRecord);
      const changes = change.changes();
      if (changes.size === 0 && !isNew && !change.isForced) {
        const repaired = lateWrites.repaired(sessionId, record);
        await touches.touchSaved(write, repaired, pending);
        return repaired;
      }
      await assertMayWrite(write, lock);
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
    const { writes, lateWrites } = this.#dependencies;
    // This write also restores what another one has erased.
    const written = new Map([...lateWrites.erased(sessionId, stored), ...changes]);
    const record = applied(stored, written);
    const takeBack = lateWrites.wrote(sessionId, written, pending);
    try {
      const issued = writes.set(sessionId, this.#forStore(sessionId, record), set);
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
    { lock, changes: readChanges, newRecord, isForced }: PlannedWrite,
  ): Promise<SessionRecord> {
    const { sessionId } = write;
    let stored: SessionRecord | undefined;
    let record: SessionRecord | undefined;
    let changes: RecordChanges = new Map();
    try {
      await this.#dependencies.writes.rewrite(
        sessionId,
        (value) => {
          changes = readChanges();
          const canBeNew = newRecord !== undefined && !this.#dependencies.hasEnded(sessionId);
          if (value === null && !canBeNew) throw sessionEndedError();
          stored = value === null ? undefined : asRecord(value);
          record = stored;
          if (stored === undefined || (changes.size === 0 && !isForced)) return undefined;
          assertHeld(lock, sessionId);
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
        return this.#pending(sessionId, async (pending) => {
          await assertMayWrite(write, lock);
          return this.#set(write, newRecord, { changes, pending });
        });
      }
      throw notChangedError();
    }
    if (record === stored) await this.#dependencies.touches.touchSaved(write, record);
    else this.#dependencies.hooks.rewritten(sessionId, record);
    return record;
  }

  /** Makes a session, because stores may use methods of its cookie. */
  #forStore(sessionId: string, record: SessionRecord): SessionData {
    return this.#dependencies.hooks.turns.markInternal(
      this.#dependencies.factory.forStore(sessionId, record),
    );
  }
}

/** Applies changes. Each write renews the lifetime, also because a changed cookie may have an old date. */
function applied(stored: SessionRecord, changes: RecordChanges): SessionRecord {
  return renewed(withChanges(stored, changes));
}

/** @throws {SessionError} if a logout has overtaken the write, or the lock was lost */
async function assertMayWrite(write: Write, lock: HeldLock | undefined): Promise<void> {
  if (await isOvertaken(write)) throw sessionEndedError();
  assertHeld(lock, write.sessionId);
}

function assertHeld(lock: HeldLock | undefined, sessionId: string): void {
  if (lock?.lost?.aborted) throw lockLostError(redactError(lock.lost.reason, [sessionId]));
}

/** Names the key of a value that cannot be serialised. */
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
    '`rewrite` read a record that is not a session; expected an object with a `cookie`',
  );
}

function notChangedError(): SessionError {
  return new SessionError(
    'ERR_SESSION_STORE',
    '`rewrite` resolved without calling `change`; expected it to call `change` with the record',
  );
}
