/**
 * @module Disconnects a socket whose session has ended, after the application was told and what is on
 * its way has left.
 */

import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Socket } from 'socket.io';
import type { ResolvedOptions } from '../options.js';
import type { SessionEndReason } from '../types.js';

/** How long a socket stays, in milliseconds: what is on its way gets an answer, if not a session. */
const grace = 250;

/** How long it stays at most while the listener that ended its session is still at work. */
const patience = 500;

/** The end of a socket's session. */
export interface SessionEnd {
  readonly raw: Socket;
  readonly reason: SessionEndReason;
  readonly onSessionEnd: ResolvedOptions['onSessionEnd'];
  /** What the listener returned that ended the session, if one of this socket did. */
  readonly listenerResult: unknown;
  /** Emits `sessionend`. */
  readonly notify: () => void;
}

/**
 * Tells the application that the session has ended, and disconnects the socket within a second.
 *
 * What was sent before arrives before, and so does what the listener sends that ended the session.
 */
export async function endSession(end: SessionEnd): Promise<void> {
  const { raw, reason, onSessionEnd, listenerResult, notify } = end;
  // Who waits for `session.destroy()`, or is told of the same read, goes on in this turn.
  await turn();
  if (!raw.connected) return;
  notify();
  if (onSessionEnd === 'ignore') return;
  const listenerFinished = Promise.race([settled(listenerResult), pause(patience)]);
  await Promise.all([pause(grace), listenerFinished]);
  // A client that is disconnected stays away. After a login it comes back, with its new cookie.
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
