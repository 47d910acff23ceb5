/**
 * @module Serves the client script and its tickets below the path of the Socket.IO server, and keeps
 * tickets from pages on other origins.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'socket.io';
import type { ExpressionSocket } from '../expression-socket.js';
import { watchEngines } from '../handshake/engines.js';
import { hasOwnPage } from '../handshake/origin-policy.js';
import readClientText from './client-text.cjs';
import type { ResolvedSettings } from './settings.js';

/** What the script is served with. */
interface ClientScriptDependencies {
  readonly expressionIO: ExpressionSocket;
  /** How long a ticket is valid, in milliseconds. */
  readonly lifetime: number;
  /** Whose pages may include the script; on other origins they get no ticket with it. */
  readonly resourcePolicy: ResolvedSettings['resourcePolicy'];
  /** Whether the page's host is compared with `X-Forwarded-Host`. */
  readonly trustProxy: boolean;
}

/** A middleware of Engine.IO. */
type Next = (error?: unknown) => void;

/** Serves the client script. */
export class ClientScript {
  readonly #io: Server;
  readonly #dependencies: ClientScriptDependencies;
  readonly #unwatch: () => void;
  #isClosed = false;

  constructor(io: Server, dependencies: ClientScriptDependencies) {
    this.#io = io;
    this.#dependencies = dependencies;
    this.#unwatch = watchEngines(io, (engine) => {
      engine.use((request: IncomingMessage, response: ServerResponse, next: Next) =>
        this.#handle(request, response, next),
      );
    });
  }

  /** Stops serving. The middlewares stay, because Engine.IO cannot remove one. */
  close(): void {
    this.#isClosed = true;
    this.#unwatch();
  }

  #handle(request: IncomingMessage, response: ServerResponse, next: Next): void {
    const name = this.#isClosed ? undefined : this.#fileName(request);
    // A WebSocket handshake may request any path below Socket.IO's.
    if (request.headers.upgrade !== undefined) next();
    else if (name === 'socket.io-sessions.json')
      this.#dependencies.expressionIO.ticketHandler()(request, response);
    else if (name === 'socket.io-sessions.js') this.#serve(request, response).catch(next);
    else next();
  }

  #fileName({ url = '' }: IncomingMessage): string | undefined {
    // The path given to `attach` takes precedence over the server's; the types lack it.
    const attached: unknown = Reflect.get(this.#io.engine.opts ?? {}, 'path');
    const path = `${String(attached ?? this.#io.path()).replace(/\/$/, '')}/`;
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
    response.setHeader('Cross-Origin-Resource-Policy', this.#dependencies.resourcePolicy);
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async #text(request: IncomingMessage): Promise<string> {
    const ticket = JSON.stringify(await this.#ticketFor(request));
    return `(() => {\nconst exports = {};\n${readClientText()}\nObject.assign(io, exports.sessionClient(io, ${ticket}));\n})();\n`;
  }

  /**
   * A ticket for the visitor, unless the page is on another origin, because a page can read the scripts
   * that it includes. Without a session there is no ticket either, and the server refuses the connection.
   */
  async #ticketFor(request: IncomingMessage): Promise<object | undefined> {
    if (!hasOwnPage(request.headers, this.#dependencies.trustProxy)) return undefined;
    const { expressionIO, lifetime } = this.#dependencies;
    try {
      return { ticket: await expressionIO.ticketFor(request), lifetime };
    } catch {
      return undefined;
    }
  }
}
