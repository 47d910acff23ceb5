/**
 * @module How a socket parts with a session that has ended. Knows when it is told, and when it is
 * put out; must not know why a session ends.
 */

import { setImmediate as turn } from 'node:timers/promises';
import type { Socket } from 'socket.io';
import { Deadlines } from '../deadlines.js';
import type { ResolvedOptions } from '../options.js';
import type { SessionEndReason } from '../types.js';

/** How long a socket stays: for what is on its way, and gets an answer so, if not a session. */
const grace = new Deadlines(250);

/** How long it stays while the listener that ended its session is still at work. */
const patience = new Deadlines(500);

/** What is needed to part. */
export interface Parting {
  readonly raw: Socket;
  readonly reason: SessionEndReason;
  readonly onSessionEnd: ResolvedOptions['onSessionEnd'];
  /** What the listener returned that ended the session, if one of this socket did. */
  readonly listener: unknown;
  /** Tells the application. */
  readonly tell: () => void;
}

/**
 * Tells the application that the session has ended, and puts the socket out, within a second.
 *
 * What was sent before arrives before, and so does what the listener sends that ended the session.
 */
export async function part({ raw, reason, onSessionEnd, listener, tell }: Parting): Promise<void> {
  // Whoever waits for `session.destroy()`, or is told of the same reading, goes on in this turn.
  await turn();
  if (!raw.connected) return;
  tell();
  if (onSessionEnd === 'ignore') return;
  await Promise.all([grace.pause(), Promise.race([settled(listener), patience.pause()])]);
  // A client that is disconnected stays away. After a login it shall come back, with its new cookie.
  if (reason === 'regenerated') raw.conn.close();
  else raw.disconnect();
}

async function settled(value: unknown): Promise<void> {
  try {
    await value;
  } catch {
    // It was reported by whoever called the listener.
  }
}
