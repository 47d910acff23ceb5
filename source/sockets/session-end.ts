/**
 * @module Ends a socket whose session has ended: emits `sessionend`, gives pending answers time to
 * leave, and disconnects it.
 */

import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Socket } from 'socket.io';
import type { ResolvedOptions } from '../options.js';
import type { SessionEndReason } from '../types/session.js';

/** How long a socket stays connected, in milliseconds, so that pending events are answered. */
const grace = 250;

/** How long it stays connected at most while the listener that ended the session is running. */
const patience = 500;

/** The end of a socket's session. */
export interface SessionEnd {
  readonly raw: Socket;
  readonly reason: SessionEndReason;
  readonly onSessionEnd: ResolvedOptions['onSessionEnd'];
  /** The result of the listener that ended the session, if one of this socket did. */
  readonly listenerResult: unknown;
  /** Emits `sessionend`. */
  readonly notify: () => void;
}

/**
 * Emits `sessionend`, and disconnects the socket within a second.
 *
 * What was sent before, or by the listener that ended the session, still arrives.
 */
export async function endSession(end: SessionEnd): Promise<void> {
  const { raw, reason, onSessionEnd, listenerResult, notify } = end;
  // Code that awaits `session.destroy()`, or the same read, continues first.
  await turn();
  if (!raw.connected) return;
  notify();
  if (onSessionEnd === 'ignore') return;
  const listenerFinished = Promise.race([settled(listenerResult), pause(patience)]);
  await Promise.all([pause(grace), listenerFinished]);
  // After `disconnect()` a client does not reconnect. After a login it should, with its new cookie.
  if (reason === 'regenerated') raw.conn.close();
  else raw.disconnect();
}

function pause(milliseconds: number): Promise<void> {
  return delay(milliseconds, undefined, { ref: false });
}

async function settled(value: unknown): Promise<void> {
  try {
    await value;
  } catch {
    // It was reported when the listener was called.
  }
}
