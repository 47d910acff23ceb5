/**
 * @module A connection that is announced later than Socket.IO announces it: one that no middleware
 * let in, for Socket.IO skips those after connection state recovery; or one for which the store was
 * down. Knows that nobody may hear of it before; must not know how it is let in.
 */

import type { Socket } from 'socket.io';
import type { Deadlines } from '../deadlines.js';
import { connectError, isStoreTrouble } from '../errors.js';
import type { Refusal } from './authorization.js';
import { holdEvents } from './event-hold.js';
import type { SessionSocket } from './session-socket.js';

/** A wrapper of the namespace: a child of a pattern may have two. */
export interface Announcer {
  readonly isClosed: boolean;
  /** Lets the socket in, with a reading for its listeners, or tells the refusal. */
  admit(socket: SessionSocket): Promise<Refusal | undefined>;
  /** Tells the `connection` listeners. */
  announce(socket: SessionSocket): void;
}

/** How a late announcement goes about it. */
export interface LateTerms {
  /** How many events are held back at most. */
  readonly maxPending: number;
  /** How long it waits before it asks again a store that was down. */
  readonly retries: Deadlines;
}

/** The sockets that wait, each with all who want to announce it. */
const waiting = new WeakMap<SessionSocket, Announcer[]>();

/**
 * Lets a socket in and announces it, together with the other wrappers. One that was recovered has
 * its events held back meanwhile.
 */
export function announceLate(socket: SessionSocket, announcer: Announcer, terms: LateTerms): void {
  const others = waiting.get(socket);
  if (others) {
    others.push(announcer);
    return;
  }
  const announcers = [announcer];
  waiting.set(socket, announcers);
  // Only a recovered one: the middlewares of the others have had their say.
  const letGo = socket.raw.recovered ? holdEvents(socket.raw, terms.maxPending) : () => {};
  const end = (): void => {
    waiting.delete(socket);
    socket.first = undefined;
    letGo();
  };
  // By then every wrapper has been told of the connection, which happens in one turn.
  queueMicrotask(() => {
    admitAndAnnounce(socket, announcers, terms).then(end, end);
  });
}

async function admitAndAnnounce(
  socket: SessionSocket,
  announcers: readonly Announcer[],
  terms: LateTerms,
): Promise<void> {
  const refusal = socket.first ? undefined : await admitToAll(socket, announcers);
  if (refusal) return putOut(socket.raw, refusal);
  if (socket.mustWait && !socket.hasLostItsSession) await waitForStore(socket, announcers, terms);
  if (socket.hasLostItsSession) return putOut(socket.raw, connectError('ERR_SESSION_NOT_FOUND'));
  if (!socket.raw.connected) return;
  for (const announcer of announcers) if (!announcer.isClosed) announcer.announce(socket);
}

async function admitToAll(
  socket: SessionSocket,
  announcers: readonly Announcer[],
): Promise<Refusal | undefined> {
  for (const announcer of announcers) {
    const refusal = await announcer.admit(socket);
    if (refusal) return refusal;
  }
  return undefined;
}

async function waitForStore(
  socket: SessionSocket,
  announcers: readonly Announcer[],
  { retries }: LateTerms,
): Promise<void> {
  if (socket.first?.error) socket.reportTrouble(socket.first.error, 'connection');
  const isOver = (): boolean =>
    !socket.raw.connected || announcers.every(({ isClosed }) => isClosed);
  while (socket.mustWait && !isOver()) {
    await retries.pause();
    socket.first = await socket.read();
  }
}

/** Puts out a socket that Socket.IO has let in. Where only the store is down, it may come back. */
function putOut(raw: Socket, refusal: Refusal): void {
  if (isStoreTrouble(refusal.data?.code)) raw.conn.close();
  else raw.disconnect();
}
