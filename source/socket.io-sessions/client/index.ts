/**
 * @module The exports of `expression.socket.io/client`, for bundlers and for clients outside a page:
 * the session client on top of the installed `socket.io-client`.
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
 * Connects with the visitor's session: like `io()`, with a ticket that is fetched before each
 * connection. If no ticket can be fetched, it connects without one, and the server reports what is
 * missing.
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
 * A socket that sends a ticket: for clients without a cookie, which get their tickets from a server
 * that has authenticated them.
 *
 * @param ticket a ticket for the first connection, or a function that fetches one for each
 * @param url as `io` takes it
 * @param options those of `io`, and `ticketUrl`
 * @throws {TypeError} if `ticket` is neither
 *
 * @example
 * async function fetchTicket(): Promise<string> {
 *   const response = await fetch('/ticket', { method: 'POST' });
 *   return ((await response.json()) as { ticket: string }).ticket;
 * }
 * const socket = new SessionSocket(fetchTicket, 'https://app.example.com');
 */
export const SessionSocket: SessionSocketConstructor = client.SessionSocket;
