/**
 * @module The door of `expression.socket.io/client`, for bundlers and for clients without a page.
 * Knows which build of Socket.IO's client is the peer; the rest is the session client's.
 */

import { io } from 'socket.io-client';
import {
  type ConnectWithSession,
  type SessionClient,
  type SessionSocketConstructor,
  sessionClient,
} from './session-client.js';

export type {
  ConnectWithSession,
  SessionClientOptions,
  SessionSocketConstructor,
  TicketSource,
} from './session-client.js';

const client: SessionClient = /* @__PURE__ */ sessionClient(io);

/**
 * Connects with the visitor's session: what `io()` does, with a ticket that is fetched before each
 * connection. Without one, it connects all the same, and the server says what is missing.
 *
 * @param url as `io` takes it
 * @param options those of `io`, and `ticketUrl`
 *
 * @example
 * const socket = connectWithSession();
 * socket.on('message', (message) => console.log(message));
 */
export const connectWithSession: ConnectWithSession = client.connectWithSession;

/**
 * A socket that shows a ticket: for clients without a cookie, which get it from somebody who knows
 * them.
 *
 * @param ticket a ticket for the first connection, or a function that fetches one for each
 * @param url as `io` takes it
 * @param options those of `io`, and `ticketUrl`
 * @throws {TypeError} where there is neither
 *
 * @example
 * async function fetchTicket(): Promise<string> {
 *   const response = await fetch('/ticket', { method: 'POST' });
 *   return ((await response.json()) as { ticket: string }).ticket;
 * }
 * const socket = new SessionSocket(fetchTicket, 'https://app.example.com');
 */
export const SessionSocket: SessionSocketConstructor = client.SessionSocket;
