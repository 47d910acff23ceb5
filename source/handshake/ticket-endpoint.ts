/**
 * @module Gives tickets to HTTP clients: for a session id, or for the visitor of a request.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { assertRequest } from '../assertions.js';
import { connectError, SessionError, type SessionErrorCode } from '../errors.js';
import type { Handshake } from '../types/options.js';
import type { SessionIdReader } from './session-id.js';
import type { Tickets } from './tickets.js';

/** Answers an HTTP request with a ticket: a handler of Express, Connect or `node:http`. */
export type TicketHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** The statuses of errors that a visitor causes; all others are the server's. */
const statuses: { readonly [Code in SessionErrorCode]?: number } = {
  ERR_SESSION_COOKIE_MISSING: 401,
  ERR_SESSION_COOKIE_INVALID: 401,
  ERR_SESSION_ORIGIN: 403,
};

/** Makes tickets for HTTP requests. */
export class TicketEndpoint {
  readonly #tickets: Pick<Tickets, 'issue'>;
  readonly #sessionIds: Pick<SessionIdReader, 'readPresented'>;

  constructor(tickets: Pick<Tickets, 'issue'>, sessionIds: Pick<SessionIdReader, 'readPresented'>) {
    this.#tickets = tickets;
    this.#sessionIds = sessionIds;
  }

  /** Makes a ticket for a session id. */
  issue(sessionId: string): Promise<string> {
    return this.#tickets.issue(sessionId);
  }

  /**
   * Makes a ticket for the visitor of an HTTP request, whose origin and cookie are checked as those
   * of a handshake are.
   *
   * @throws {TypeError} if it is not a request
   * @throws {SessionError} if a handshake with these headers would get no session
   */
  async issueFor(request: IncomingMessage): Promise<string> {
    assertRequest(request);
    const sessionId = await this.#sessionIds.readPresented(handshakeOf(request), request);
    if (sessionId instanceof SessionError) throw sessionId;
    return this.issue(sessionId);
  }

  /** Answers a `POST` with `{ "ticket": … }`, or with `{ "code": …, "message": … }`. */
  handle(...[request, response, next]: Parameters<TicketHandler>): void {
    if (request.method !== 'POST') {
      // No page makes a ticket by showing, prefetching or reloading an address.
      response.setHeader('Allow', 'POST');
      answer(response, 405, { message: 'Request a ticket with POST' });
      return;
    }
    this.issueFor(request).then(
      (ticket) => answer(response, 200, { ticket }),
      (error: unknown) => {
        const code = error instanceof SessionError ? error.code : undefined;
        const status = code && statuses[code];
        if (status) answer(response, status, { code, message: connectError(code).message });
        else if (next) next(error);
        else answer(response, 500, { message: 'Could not make a ticket' });
      },
    );
  }
}

/** Sends JSON that no cache stores and no other site can read or include as a script. */
function answer(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Cookie, Origin');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.end(JSON.stringify(body));
}

/**
 * The handshake of a socket that connects with this request. Its `auth` is empty: a ticket cannot be
 * exchanged for the next one, or the first would be valid for ever.
 */
function handshakeOf(request: IncomingMessage): Handshake {
  const { headers, url = '/', socket } = request;
  const now = new Date();
  return {
    headers,
    url,
    query: Object.fromEntries(new URLSearchParams(url.replace(/^[^?]*/, ''))),
    auth: {},
    address: socket.remoteAddress ?? '',
    secure: (socket as Partial<TLSSocket>).encrypted === true,
    xdomain: headers.origin !== undefined,
    time: now.toString(),
    issued: now.getTime(),
  };
}
