/**
 * @module Saves what a listener or a request has changed in its session, in the session's turn.
 */

import { trace } from '../diagnostics.js';
import { SessionError } from '../errors.js';
import type { HeldLock } from '../types/options.js';
import type { OpenSession } from './held-session.js';
import type { RequestSave } from './http-writes.js';
import { changesBetween, type Saved } from './record.js';
import type { RecordWriter } from './record-writer.js';
import { SessionChanges } from './session-changes.js';
import type { WriteTurns } from './write-turns.js';

/** What a writer works with. */
export interface WriterDependencies {
  readonly records: RecordWriter;
  readonly turns: WriteTurns;
  /** Whether the store has a `touch`. */
  readonly canTouch: boolean;
}

/** Saves sessions. */
export class SessionWriter {
  readonly #dependencies: WriterDependencies;

  constructor(dependencies: WriterDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Saves what has changed in a session since it was opened or saved last.
   *
   * @param lock the lock under which it was changed, if any
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_SESSION_LOCK` if the lock was lost,
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
    const begun = unsaved.begin();
    let { changes } = begun;
    const { snapshot } = held;
    const { records, turns } = this.#dependencies;
    try {
      const record = await turns.run(
        held.sessionID,
        (write) =>
          records.write(write, {
            lock,
            // An earlier save may have failed by then, whose changes this one writes, too.
            readChanges: () => {
              changes = unsaved.toWrite(begun);
              return changes;
            },
            newRecord: snapshot.isNew ? snapshot.record : undefined,
          }),
        changes,
      );
      unsaved.written(begun, changes.keys());
      snapshot.isNew = false;
      return { record, changes };
    } catch (error) {
      unsaved.failed(begun);
      throw error;
    }
  }

  /**
   * Saves what a request has changed, or touches its session. A session that was not changed is touched.
   *
   * @throws {SessionError} as `save`
   */
  saveRequest(request: RequestSave): Promise<void> {
    return trace(
      'write',
      () => ({ operation: 'http' }),
      () => this.#saveRequest(request),
    );
  }

  async #saveRequest(request: RequestSave): Promise<void> {
    const { name, sessionId, before, after, isNew, callStore } = request;
    const { records, turns, canTouch } = this.#dependencies;
    const changes = changesBetween(before, after);
    try {
      if (name === 'touch') {
        await turns.runTouchForRequest(sessionId, (write) =>
          records.touch(write, changes, callStore),
        );
      } else if (changes.size === 0 && canTouch && !isNew) {
        await turns.runTouchForRequest(sessionId, (write) => records.touch(write, changes));
      } else {
        await turns.runForRequest(sessionId, async (write) => {
          await records.write(write, {
            readChanges: () => changes,
            newRecord: isNew ? before : undefined,
            isForced: true,
            set: callStore,
          });
        });
      }
    } catch (error) {
      const isDropped = error instanceof SessionError && error.code === 'ERR_SESSION_ENDED';
      // If nothing was changed, nothing was dropped.
      if (changes.size > 0 || !isDropped) throw error;
    }
  }
}
