/**
 * @module Applications with sessions by `enable`, and what its listeners are given.
 */

import { once } from 'node:events';
import cookieParser from 'cookie-parser';
import type { Store } from 'express-session';
import type { SessionError, SocketSession } from '../../source/index.js';
import { enable, type SessionsOptions } from '../../source/socket.io-sessions/index.js';
import { type App, secret } from './app.js';

export type Sessions = ReturnType<typeof enablePerConnection>;
export type MessageSessions = ReturnType<typeof enablePerMessage>;

/** The options without what the helpers decide. */
export type Given = Omit<SessionsOptions, 'per_message'>;

function withParser(options: Given): Given {
  return options.cutter ? options : { parser: cookieParser(secret), ...options };
}

export function enablePerConnection(app: App, options: Given = {}) {
  return enable({ socket: app.io, store: app.store, ...withParser(options) });
}

export function enablePerMessage(app: App, options: Given = {}) {
  return enable({
    socket: app.io,
    store: app.store,
    per_message: true,
    ...withParser(options),
  });
}

/** Waits for the next client with a session, and returns both. */
export function nextConnection(sessions: Sessions) {
  return new Promise<{
    client: Parameters<Parameters<Sessions['once']>[1]>[0];
    session: SocketSession;
  }>((resolve) => {
    sessions.once('sconnection', (client, session) => resolve({ client, session }));
  });
}

/** Waits for the next client with a session, whatever its session comes with. */
export function connectedClient(sessions: Sessions | MessageSessions): Promise<object> {
  return new Promise((resolve) => {
    // Both kinds of sessions give the client first.
    (sessions as MessageSessions).once('sconnection', resolve);
  });
}

/** Waits for the next `sinvalid`, and returns its error. */
export function sessionError(sessions: Sessions | MessageSessions): Promise<SessionError> {
  return new Promise((resolve) => {
    (sessions as Sessions).once('sinvalid', (_client, error) => resolve(error));
  });
}

/** The session as the store has it. */
export function stored(store: Store, sessionId: string): Promise<Record<string, unknown> | null> {
  return new Promise((resolve, reject) => {
    store.get(sessionId, (error, session) => {
      if (error) reject(error);
      else resolve((session as unknown as Record<string, unknown>) ?? null);
    });
  });
}

/** Waits until the store has written a session. */
export async function written(store: Store): Promise<void> {
  const { set } = store;
  const emitter = store as unknown as NodeJS.EventEmitter;
  store.set = (id, session, callback) => {
    store.set = set;
    set.call(store, id, session, (error) => {
      callback?.(error);
      emitter.emit('test:written');
    });
  };
  await once(emitter, 'test:written');
}
