/**
 * @module Reads the session of one socket: the session id once, and the session whenever it is needed.
 * For a visitor without a session it is the one that express-session made for the handshake, if any.
 */

import type { SessionError } from '../errors.js';
import type { NewSession } from '../handshake/new-session.js';
import { requestOf } from '../handshake/session-id.js';
import type { SessionEngine } from '../session/engine.js';
import type { SessionOwner } from '../session/held-session.js';
import { sessionHashOf } from '../session/session-hash.js';
import type { ReadResult } from '../session/snapshot.js';
import type { SocketSession } from '../types/session.js';
import type { SocketContext } from './socket-context.js';

/** The session id of one socket, and the reads of its session. */
export class SocketReader {
  readonly #context: SocketContext;
  readonly #engine: SessionEngine;
  #sessionId: string | SessionError | undefined;
  #newSession: NewSession | undefined;
  #isRefusalReported = false;
  /** The read for the first event of a socket that was not admitted. */
  #firstRead: Promise<ReadResult> | undefined;

  constructor(context: SocketContext) {
    this.#context = context;
    this.#engine = context.shared.engine;
  }

  /** The session id, or the error that says why there is none; undefined until the first read. */
  get sessionId(): string | SessionError | undefined {
    return this.#sessionId;
  }

  /** The session that express-session made for the handshake, if it is the socket's session. */
  get newSession(): NewSession | undefined {
    return this.#newSession;
  }

  /** Whether the socket came with the session of this hash. */
  hasSession(hash: string): boolean {
    return sessionHashOf(String(this.#sessionId)) === hash;
  }

  /** Whether a client that has lost the sessions of these hashes reconnects: after a login, or as a guest. */
  returnsAfter(hashes: readonly string[]): boolean {
    return (
      this.#newSession !== undefined || hashes.some((hash) => this.#engine.wasRegenerated(hash))
    );
  }

  /** Reads the session as it is now. The session id is read once. */
  async read(): Promise<ReadResult> {
    const { raw, shared } = this.#context;
    if (this.#sessionId === undefined) {
      this.#sessionId = await shared.sessionIds.read(raw.handshake, requestOf(raw));
    }
    let result: ReadResult =
      typeof this.#sessionId === 'string'
        ? await this.#engine.read(this.#sessionId)
        : { error: this.#sessionId };
    if (result.error?.code === 'ERR_SESSION_NOT_FOUND') result = await this.#readNewSession(result);
    const { error } = result;
    const isAbsent = typeof this.#sessionId !== 'string' || error?.code === 'ERR_SESSION_NOT_FOUND';
    if (error && isAbsent && !this.#isRefusalReported) {
      this.#isRefusalReported = true;
      this.#context.reportRefusal(error, 'handshake');
    }
    return result;
  }

  /** Reads the session for an event. */
  readForEvent(): Promise<ReadResult> {
    const sessionId = this.#sessionId;
    // It settles later than a read by the session id alone, so later events wait for it to keep their order.
    if (this.#firstRead) return this.#firstRead.then(() => this.readForEvent());
    if (typeof sessionId === 'string') {
      const newRecord = this.#newSession?.isNew ? this.#newSession.record() : undefined;
      return this.#engine.read(sessionId, newRecord);
    }
    if (sessionId) return Promise.resolve({ error: sessionId });
    // The socket connected before its namespace was wrapped, so it was not admitted.
    this.#firstRead = this.#readUnadmitted();
    return this.#firstRead;
  }

  /** Opens the session that was read, or returns the error that says why there is none. */
  open({ snapshot, error }: ReadResult, owner: SessionOwner): SocketSession | SessionError {
    if (error) return error;
    return this.#engine.open(String(this.#sessionId), snapshot, owner);
  }

  /**
   * Stores the session that express-session made for the handshake, if express-session would do so. If
   * not, sockets may store it before its request does.
   *
   * @throws {SessionError} if the store fails
   */
  async storeNewSession(): Promise<void> {
    if (this.#newSession === undefined) return;
    try {
      await this.#newSession.storeIfCookieSent();
    } finally {
      this.#engine.adopt(this.#newSession);
    }
  }

  async #readUnadmitted(): Promise<ReadResult> {
    try {
      return await this.read();
    } finally {
      this.#firstRead = undefined;
    }
  }

  /** Reads the session that express-session made for the handshake, if it did, in place of `result`. */
  async #readNewSession(result: ReadResult): Promise<ReadResult> {
    const { raw, shared } = this.#context;
    const newSession = shared.sessionIds.newSession(raw.handshake, requestOf(raw));
    if (!newSession?.isNew) return result;
    this.#newSession = newSession;
    this.#sessionId = newSession.sessionId;
    return this.#engine.read(newSession.sessionId, newSession.record());
  }
}
