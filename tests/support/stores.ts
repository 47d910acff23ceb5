/**
 * @module Session stores that misbehave as real ones do.
 */

import { MemoryStore, type SessionData } from 'express-session';

type GetCallback = (error: unknown, session?: SessionData | null) => void;

/** A store whose reads a test can delay, fail and count. */
export class ControlledStore extends MemoryStore {
  /** The session ids read so far. */
  readonly reads: string[] = [];
  /** Takes the place of a read where set; `read` does what the store would have done. */
  onGet: ((sessionId: string, callback: GetCallback, read: () => void) => unknown) | undefined;

  /** Returns what `onGet` does: a store written with `async` methods returns promises. */
  override get(sessionId: string, callback: GetCallback): undefined {
    this.reads.push(sessionId);
    const read = (): void => super.get(sessionId, callback);
    if (this.onGet) return this.onGet(sessionId, callback, read) as undefined;
    read();
    return undefined;
  }
}
