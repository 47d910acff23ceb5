/**
 * @module The client script, and tickets for it, below the path of the Socket.IO server. Knows HTTP
 * and what another site must not get; must not know what a ticket is.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'socket.io';
import { hasOwnPage } from '../handshake/origin-policy.js';
import type { TicketHandler } from '../handshake/ticket-endpoint.js';
import readClientText from './client-text.cjs';

/** What the script is served with. */
export interface ScriptTerms {
  readonly ticketFor: (request: IncomingMessage) => Promise<string>;
  readonly ticketHandler: TicketHandler;
  /** For how many milliseconds a ticket is good. */
  readonly lifetime: number;
  /** Which sites' pages may include the script; other sites' get no ticket by it anyway. */
  readonly resourcePolicy: 'same-origin' | 'same-site' | 'cross-origin';
  /** Whether the page's host is compared with `X-Forwarded-Host`. */
  readonly trustProxy: boolean;
}

/** A middleware of Engine.IO. */
type Next = (error?: unknown) => void;

/** Serves the client script. */
export class ClientScript {
  readonly #io: Server;
  readonly #terms: ScriptTerms;
  #isClosed = false;
  #stopWaiting: (() => void) | undefined;

  constructor(io: Server, terms: ScriptTerms) {
    this.#io = io;
    this.#terms = terms;
    const handle = (request: IncomingMessage, response: ServerResponse, next: Next): void =>
      this.#handle(request, response, next);
    if (io.engine) io.engine.use(handle);
    else this.#stopWaiting = whenAttached(io, () => io.engine.use(handle));
  }

  /** Serves nothing any more; Engine.IO has no way to take a middleware back. */
  close(): void {
    this.#isClosed = true;
    this.#stopWaiting?.();
  }

  #handle(request: IncomingMessage, response: ServerResponse, next: Next): void {
    const name = this.#isClosed ? undefined : this.#fileName(request);
    // A WebSocket may ask for any path below Socket.IO's own.
    if (request.headers.upgrade !== undefined) next();
    else if (name === 'socket.io-sessions.json') this.#terms.ticketHandler(request, response);
    else if (name === 'socket.io-sessions.js') this.#serve(request, response).catch(next);
    else next();
  }

  #fileName({ url = '' }: IncomingMessage): string | undefined {
    // What `attach` was given goes before what the server was made with; the types do not know it.
    const own: unknown = Reflect.get(this.#io.engine.opts ?? {}, 'path');
    const path = `${String(own ?? this.#io.path()).replace(/\/$/, '')}/`;
    return url.startsWith(path) ? url.slice(path.length).split('?', 1)[0] : undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const text = isRead ? await this.#text(request) : '';
    response.statusCode = isRead ? 200 : 405;
    if (!isRead) response.setHeader('Allow', 'GET, HEAD');
    response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
    response.setHeader('Content-Length', Buffer.byteLength(text));
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Vary', 'Cookie');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cross-Origin-Resource-Policy', this.#terms.resourcePolicy);
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async #text(request: IncomingMessage): Promise<string> {
    const given = JSON.stringify(await this.#giveTicket(request));
    return `(() => {\nconst exports = {};\n${readClientText()}\nObject.assign(io, exports.sessionClient(io, ${given}));\n})();\n`;
  }

  /**
   * A ticket for the visitor, but not for the page of another origin: whoever includes a script can
   * find out what is in it. Visitors without a session have the script all the same, for the server
   * to tell them so.
   */
  async #giveTicket(request: IncomingMessage): Promise<object | undefined> {
    if (!hasOwnPage(request.headers, this.#terms.trustProxy)) return undefined;
    try {
      return { ticket: await this.#terms.ticketFor(request), lifetime: this.#terms.lifetime };
    } catch {
      return undefined;
    }
  }
}

/**
 * Waits for a server to be attached, which all ways of it end with `bind`, and no event tells of.
 *
 * @returns stops waiting
 */
function whenAttached(io: Server, attached: () => void): () => void {
  const { bind } = io;
  const stop = (): void => {
    if (io.bind === bindAndTell) io.bind = bind;
  };
  function bindAndTell(this: Server, ...args: Parameters<Server['bind']>): Server {
    stop();
    bind.apply(io, args);
    attached();
    return io;
  }
  // It returns the server, of which the type says `this`.
  io.bind = bindAndTell as Server['bind'];
  return stop;
}
