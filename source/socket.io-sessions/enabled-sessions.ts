/**
 * @module What `enable` returns: emits `sconnection` and `sinvalid`, hands out the session per connection
 * or per message, and saves it.
 */

import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { assertListener, isThenable } from '../assertions.js';
import { ErrorReporter } from '../error-reporter.js';
import { isStoreUnavailable, SessionError } from '../errors.js';
import { ExpressionSocket } from '../expression-socket.js';
import { KeyedQueue, type QueueLimits } from '../keyed-queue.js';
import { resolveOptions, resolveTicketOptions } from '../options.js';
import { SocketProxies } from '../sockets/socket-proxies.js';
import type { SessionArguments } from '../types/listeners.js';
import type { SessionEndReason, SocketSession } from '../types/session.js';
import type { SessionSocket } from '../types/session-socket.js';
import { clientMethods, type Listener } from './client-methods.js';
import { ClientScript } from './client-script.js';
import type { ResolvedSettings } from './settings.js';

type SessionsEvent = 'sconnection' | 'sinvalid';

const events: readonly unknown[] = ['sconnection', 'sinvalid'] satisfies SessionsEvent[];

/** The object that `enable` returns. */
export class EnabledSessions {
  readonly expressionIO: ExpressionSocket;
  readonly #isPerMessage: boolean;
  readonly #clients: SocketProxies;
  readonly #listeners = new EventEmitter();
  /** Runs the listeners of one session one after another. */
  readonly #queue = new KeyedQueue();
  readonly #limits: QueueLimits;
  readonly #reporter: ErrorReporter;
  readonly #script: ClientScript;
  /** The promises of the `disconnect` listeners of each client. */
  readonly #pendingListeners = new WeakMap<Socket, Promise<unknown>[]>();
  /** The clients for which `sinvalid` has been emitted because they have no session any more. */
  readonly #ended = new WeakSet<Socket>();

  constructor({ io, store, parser, isPerMessage, resourcePolicy, options }: ResolvedSettings) {
    this.expressionIO = new ExpressionSocket(io, store, parser, options);
    const { maxPending, trustProxy } = resolveOptions(options);
    this.#isPerMessage = isPerMessage;
    this.#limits = { perKey: maxPending - 1, total: maxPending * 10 };
    this.#reporter = new ErrorReporter(options);
    this.#clients = new SocketProxies(
      clientMethods(
        isPerMessage
          ? { wrapSessionListener: (...args) => this.#wrapSessionListener(...args) }
          : { wrapDisconnectListener: (...args) => this.#wrapDisconnectListener(...args) },
      ),
    );
    this.expressionIO.sockets.on('connection', (err, session, socket) => {
      this.#connected(err, session, socket);
    });
    this.#script = new ClientScript(io, {
      expressionIO: this.expressionIO,
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

  /** Emits `sconnection` for a client that has connected, or `sinvalid` if it has no session. */
  #connected(err: SessionError | null, session: SocketSession | null, socket: SessionSocket): void {
    const client = this.#clients.of(socket);
    if (err) this.#emitInvalid(client, err, 'connection');
    if (err || !session) return;
    // Registered before the application's listeners, so that it can collect their promises.
    if (!this.#isPerMessage) socket.on('disconnect', () => this.#saveAtDisconnect(client, session));
    socket.on('sessionend', (reason) => {
      this.#emitInvalid(client, sessionEndedError(reason), 'sessionend');
    });
    this.#emit('sconnection', this.#isPerMessage ? [client] : [client, session]);
  }

  /** Saves the session of a connection once all of its `disconnect` listeners have finished. */
  #saveAtDisconnect(client: Socket, session: SocketSession): void {
    const pending: Promise<unknown>[] = [];
    this.#pendingListeners.set(client, pending);
    // The listeners are called in this turn, so all promises have been collected by then.
    queueMicrotask(async () => {
      await Promise.all(pending);
      if (this.#ended.has(client)) return;
      try {
        await session.save();
      } catch (error) {
        // After a logout there is nothing to save.
        if (isSessionGone(error)) return;
        this.#reporter.report(error, { socket: client, event: 'disconnect' });
      }
    });
  }

  /** Collects what a `disconnect` listener returns, so that the save can wait for it. */
  #wrapDisconnectListener(client: Socket, event: string, listener: Listener): Listener {
    return (...args) => {
      const collect: Listener = (...given) => {
        const result = Reflect.apply(listener, client, given);
        if (isThenable(result)) {
          const settled = Promise.resolve(result).catch(() => {});
          this.#pendingListeners.get(client)?.push(settled);
        }
        return result;
      };
      this.#reporter.call(collect, args, { socket: client, event });
    };
  }

  /** Calls a listener inside `session.update`: the session is read before and saved after it. */
  #wrapSessionListener(client: Socket, event: string, listener: Listener): Listener {
    const order = event === 'smessage' ? sessionSecond : sessionFirst;
    return async (...given: unknown[]) => {
      // The arguments of `sessOn`, where this listener is registered.
      const [err, session, ...args] = given as SessionArguments<false, unknown[]>;
      if (err) return this.#emitInvalid(client, err, event);
      try {
        if (this.#queue.isFull(session.id, this.#limits)) throw overloadError();
        // The queue keeps the order within this process; the lock excludes other processes.
        await this.#queue.run(session.id, () =>
          session.update(async (fresh) => {
            await Reflect.apply(listener, client, order(fresh, args));
          }),
        );
      } catch (error) {
        // The caller reports what the listener itself throws.
        if (!(error instanceof SessionError)) throw error;
        this.#emitInvalid(client, error, event);
      }
    };
  }

  /** Emits `sinvalid`: once per client, or each time if the session may be back later. */
  #emitInvalid(client: Socket, error: SessionError, event: string): void {
    if (isSessionGone(error)) {
      if (this.#ended.has(client)) return;
      this.#ended.add(client);
    }
    const hasListener = this.#emit('sinvalid', [client, error]);
    if (!hasListener && isTrouble(error)) this.#reporter.report(error, { socket: client, event });
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

/** `(message, session, …rest)`: a missing message is `undefined`. */
function sessionSecond(session: SocketSession, args: readonly unknown[]): unknown[] {
  const hasMessage = args.length > 0 && !(args.length === 1 && typeof args[0] === 'function');
  const [message, ...rest] = hasMessage ? args : [undefined, ...args];
  return [message, session, ...rest];
}

function sessionFirst(session: SocketSession, args: readonly unknown[]): unknown[] {
  return [session, ...args];
}

function isSessionGone(error: unknown): boolean {
  if (!(error instanceof SessionError)) return false;
  return error.code === 'ERR_SESSION_NOT_FOUND' || error.code === 'ERR_SESSION_ENDED';
}

/** Whether an operator needs to see the error, which is not just that of a visitor who is not logged in. */
function isTrouble({ code, cause }: SessionError): boolean {
  return isStoreUnavailable(code) || code === 'ERR_SESSION_LOCK' || cause !== undefined;
}

function overloadError(): SessionError {
  return new SessionError(
    'ERR_SESSION_OVERLOAD',
    'Too many messages of this session are waiting: listeners are slow, or clients send too fast; the limit is `maxPending`',
  );
}

function sessionEndedError(reason: SessionEndReason): SessionError {
  return new SessionError('ERR_SESSION_NOT_FOUND', `The session has ended: ${reason}`);
}
