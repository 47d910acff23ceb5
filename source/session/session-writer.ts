/**
 * @module What a listener changed becomes what the store holds. Looks again before it writes: what
 * has ended stays ended, and what others changed stays changed. Must not know who changed what, nor
 * why.
 */

import type { SessionData } from 'express-session';
import { lockLost, SessionError } from '../errors.js';
import type { HeldLock, RewriteRecord } from '../types.js';
import type { Activity } from './activity.js';
import {
  changesBetween,
  isRecord,
  type RecordChanges,
  recordOf,
  type SessionRecord,
  withChanges,
} from './record.js';
import type { SessionMaker } from './session-maker.js';
import type { OpenSession } from './session-request.js';
import type { StoreCalls } from './store-calls.js';
import type { StoreWrites, Write } from './store-writes.js';

/** What a save did. */
export interface Saved {
  /** What the store holds now. */
  readonly record: SessionRecord;
  /** What of it the listener changed. */
  readonly changes: RecordChanges;
}

/** What a writer works with. */
export interface WriterServices {
  readonly calls: StoreCalls;
  readonly writes: StoreWrites;
  readonly maker: SessionMaker;
  readonly activity: Pick<Activity, 'touch'>;
  readonly rewrite: RewriteRecord | undefined;
  /** Told of what was written past the store's own methods. */
  readonly rewritten: (sessionId: string, session: object) => void;
}

/** What a write makes of a record: the same one, where there is nothing to write. */
type Change = (record: SessionRecord) => SessionRecord;

/** Saves sessions. */
export class SessionWriter {
  readonly #services: WriterServices;

  constructor(services: WriterServices) {
    this.#services = services;
  }

  /**
   * Saves what was changed in a session since it was opened, or saved last. What changes after this
   * call is for the next.
   *
   * @param lock the lock under which it was changed, if any
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_SESSION_LOCK` where the lock was lost,
   * `ERR_SESSION_STORE` or `ERR_SESSION_STORE_TIMEOUT`
   */
  async save(session: OpenSession, lock?: HeldLock): Promise<Saved> {
    const { req: request } = session;
    const after = recordOf(session);
    const own = this.changesOf(request.sessionID, request.record, after);
    // Taken down at once: by its turn, an update may have shown what others wrote.
    request.record = after;
    let changes: RecordChanges = own;
    try {
      const record = await this.#write(request.sessionID, {
        lock,
        change: (stored) => {
          // A save before this one may have failed by now.
          const again = [...request.unwritten].map((key) => [key, after[key]] as const);
          changes = new Map([...again, ...own]);
          return changes.size > 0 ? withChanges(stored, changes) : stored;
        },
      });
      request.settle(changes.keys(), true);
      return { record, changes };
    } catch (error) {
      request.settle(own.keys(), false);
      throw error;
    }
  }

  /** What differs between the record that a session was made of and what it has become. */
  changesOf(sessionId: string, before: SessionRecord, after: SessionRecord): RecordChanges {
    // Made into a session as well, for that leaves out some keys, and completes the cookie.
    return changesBetween(recordOf(this.made(sessionId, before)), after);
  }

  /**
   * Makes a session of a record.
   *
   * @throws {SessionError} `ERR_SESSION_STORE` where none can be made of it
   */
  made(sessionId: string, record: SessionRecord): object {
    const session = this.#services.maker.open({ sessionID: sessionId }, record);
    if (session instanceof SessionError) throw session;
    return session;
  }

  /**
   * Reads a record as it is stored.
   *
   * @throws {SessionError} `ERR_SESSION_ENDED` where there is none, or what the store failed with
   */
  async look(sessionId: string): Promise<SessionRecord> {
    const { record, error } = await this.#services.calls.look(sessionId);
    if (error) throw error.code === 'ERR_SESSION_NOT_FOUND' ? ended() : error;
    return record;
  }

  #write(
    sessionId: string,
    terms: { readonly lock: HeldLock | undefined; readonly change: Change },
  ): Promise<SessionRecord> {
    return this.#services.writes.alone(sessionId, async (write) => {
      const record = await (this.#services.rewrite
        ? this.#rewrite(write, terms)
        : this.#lookAndSet(write, terms));
      // The store may have done either first. What came after the logout, it has forgotten by now.
      if (await write.departure) throw ended();
      return record;
    });
  }

  async #lookAndSet(
    write: Write,
    { lock, change }: { readonly lock: HeldLock | undefined; readonly change: Change },
  ): Promise<SessionRecord> {
    const { sessionId } = write;
    const stored = await this.look(sessionId);
    const changed = change(stored);
    if (changed === stored) {
      await this.#services.activity.touch(sessionId, stored);
      return stored;
    }
    if (await write.departure) throw ended();
    if (lock?.lost?.aborted) throw lockLost(lock.lost.reason);
    await this.#services.calls.set(sessionId, this.#sessionOf(sessionId, changed));
    return changed;
  }

  async #rewrite(
    { sessionId }: Write,
    { lock, change }: { readonly lock: HeldLock | undefined; readonly change: Change },
  ): Promise<SessionRecord> {
    let result: { readonly stored: SessionRecord; readonly changed: SessionRecord } | undefined;
    await this.#services.calls.rewrite(
      sessionId,
      (record) => {
        if (!record) throw ended();
        const stored = asRecord(record);
        const changed = change(stored);
        result = { stored, changed };
        if (changed === stored) return undefined;
        if (lock?.lost?.aborted) throw lockLost(lock.lost.reason);
        return this.#sessionOf(sessionId, changed);
      },
      lock,
    );
    if (result === undefined) throw notChanged();
    if (result.changed === result.stored) {
      await this.#services.activity.touch(sessionId, result.stored);
    } else this.#services.rewritten(sessionId, result.changed);
    return result.changed;
  }

  /** A session, for a store may ask its cookie for more than a record has. */
  #sessionOf(sessionId: string, record: SessionRecord): SessionData {
    return this.#services.writes.own(this.made(sessionId, record)) as SessionData;
  }
}

/** The error of a save or an update that came too late. */
export function ended(): SessionError {
  return new SessionError(
    'ERR_SESSION_ENDED',
    'The session has ended meanwhile, by logout, login or time: nothing was saved, and nothing can be',
  );
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
    '`rewrite` resolved without a call of `change`; expected it to be asked what to write',
  );
}
