/**
 * @module What `enable` returns: the `ExpressionSocket`, the client script, and the application's
 * listeners of `sconnection` and `sinvalid`.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { assertListener } from '../assertions.js';
import { ErrorReporter } from '../error-reporter.js';
import { ExpressionSocket } from '../expression-socket.js';
import { KeyedQueue } from '../keyed-queue.js';
import { resolveOptions, resolveTicketOptions } from '../options.js';
import type { Listener } from './client-methods.js';
import { ClientScript } from './client-script.js';
import { EnabledClients, type SessionsEvent } from './enabled-clients.js';
import type { ResolvedSettings } from './settings.js';

const events: readonly unknown[] = ['sconnection', 'sinvalid'] satisfies SessionsEvent[];

/** The object that `enable` returns. */
export class EnabledSessions {
  readonly expressionIO: ExpressionSocket;
  readonly #listeners = new EventEmitter();
  readonly #reporter: ErrorReporter;
  readonly #script: ClientScript;

  constructor({ io, store, parser, isPerMessage, resourcePolicy, options }: ResolvedSettings) {
    this.expressionIO = new ExpressionSocket(io, store, parser, options);
    this.#reporter = new ErrorReporter(options.onError);
    const { maxPending, trustProxy } = resolveOptions(options);
    const clients = new EnabledClients({
      isPerMessage,
      emit: (event, ...args) => this.#emit(event, args),
      queue: new KeyedQueue({ perKey: maxPending - 1, inAll: maxPending * 10 }),
      reporter: this.#reporter,
    });
    this.expressionIO.sockets.on('connection', (err, session, socket) => {
      clients.connected(err, session, socket);
    });
    this.#script = new ClientScript(io, {
      ticketFor: (request) => this.expressionIO.ticketFor(request),
      ticketHandler: this.expressionIO.ticketHandler(),
      lifetime: resolveTicketOptions(options.ticket).lifetime,
      resourcePolicy,
      trustProxy,
    });
  }

  on(event: string, listener: Listener): this {
    assertEvent('on', event);
    assertListener('on', listener);
    this.#listeners.on(event, listener);
    return this;
  }

  once(event: string, listener: Listener): this {
    assertEvent('once', event);
    assertListener('once', listener);
    this.#listeners.once(event, listener);
    return this;
  }

  off(event: string, listener: Listener): this {
    assertEvent('off', event);
    this.#listeners.off(event, listener);
    return this;
  }

  close(): void {
    this.#script.close();
    this.#listeners.removeAllListeners();
    this.expressionIO.close();
  }

  /** Calls the listeners of an event. One that throws or rejects does not stop the others. */
  #emit(event: SessionsEvent, args: [client: Socket, ...rest: unknown[]]): boolean {
    // Only functions are added. The raw listeners of `once` remove themselves.
    const listeners = this.#listeners.rawListeners(event) as Listener[];
    const context = { socket: args[0], event, hasSession: event === 'sconnection' };
    for (const listener of listeners) this.#reporter.call(listener, args, context);
    return listeners.length > 0;
  }
}

function assertEvent(method: string, event: unknown): void {
  if (events.some((known) => known === event)) return;
  throw new TypeError(
    `\`${method}\`: expected the event 'sconnection' or 'sinvalid', got ${JSON.stringify(String(event))}; listen to other events on the client, or on the Socket.IO server`,
  );
}
