/**
 * @module The clients of `enable`: emits `sconnection` and `sinvalid`, hands out the session per
 * connection or per message, and saves it.
 */

import type { Socket } from 'socket.io';
import { isThenable } from '../assertions.js';
import type { ErrorReporter } from '../error-reporter.js';
import { isStoreUnavailable, SessionError } from '../errors.js';
import type { KeyedQueue } from '../keyed-queue.js';
import { SocketProxies } from '../sockets/socket-proxies.js';
import type { SessionArguments } from '../types/listeners.js';
import type { SessionEndReason, SocketSession } from '../types/session.js';
import type { SessionSocket } from '../types/session-socket.js';
import { clientMethods, type Listener } from './client-methods.js';

/** The events that `enable` emits. */
export type SessionsEvent = 'sconnection' | 'sinvalid';

/** What the clients share. */
interface EnabledClientsDependencies {
  readonly isPerMessage: boolean;
  /** Calls the listeners of an event, and returns whether there are any. */
  readonly emit: (event: SessionsEvent, client: Socket, ...rest: unknown[]) => boolean;
  /** Runs the listeners of one session one after another. */
  readonly queue: KeyedQueue;
  readonly reporter: ErrorReporter;
}

/** The clients of one `enable`. */
export class EnabledClients {
  readonly #dependencies: EnabledClientsDependencies;
  readonly #clients: SocketProxies;
  /** The promises of the `disconnect` listeners of each client. */
  readonly #pendingListeners = new WeakMap<Socket, Promise<unknown>[]>();
  /** The clients for which `sinvalid` has been emitted because they have no session any more. */
  readonly #ended = new WeakSet<Socket>();

  constructor(dependencies: EnabledClientsDependencies) {
    this.#dependencies = dependencies;
    const { isPerMessage } = dependencies;
    const methods = clientMethods({
      wrapSessionListener: isPerMessage
        ? (...args) => this.#wrapSessionListener(...args)
        : undefined,
      wrapDisconnectListener: isPerMessage
        ? undefined
        : (...args) => this.#wrapDisconnectListener(...args),
    });
    this.#clients = new SocketProxies(methods);
  }

  /** Emits `sconnection` for a client that has connected, or `sinvalid` if it has no session. */
  connected(err: SessionError | null, session: SocketSession | null, socket: SessionSocket): void {
    const client = this.#clients.of(socket);
    if (err) this.#emitInvalid(client, err, 'connection');
    if (err || !session) return;
    const { isPerMessage, emit } = this.#dependencies;
    // Registered before the application's listeners, so that it can collect their promises.
    if (!isPerMessage) socket.on('disconnect', () => this.#saveAtDisconnect(client, session));
    socket.on('sessionend', (reason) => {
      this.#emitInvalid(client, sessionEndedError(reason), 'sessionend');
    });
    emit('sconnection', client, ...(isPerMessage ? [] : [session]));
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
        if (!isAbsence(error)) this.#reportFailure(error, client, 'disconnect');
      }
    });
  }

  /** Collects what a `disconnect` listener returns, so that the save can wait for it. */
  #wrapDisconnectListener(client: Socket, event: string, listener: Listener): Listener {
    const { reporter } = this.#dependencies;
    return (...args) => {
      const collect: Listener = (...given) => {
        const result = Reflect.apply(listener, client, given);
        if (isThenable(result)) {
          const settled = Promise.resolve(result).catch(() => {});
          this.#pendingListeners.get(client)?.push(settled);
        }
        return result;
      };
      reporter.call(collect, args, { socket: client, event });
    };
  }

  /** Calls a listener inside `session.update`: the session is read before and saved after it. */
  #wrapSessionListener(client: Socket, event: string, listener: Listener): Listener {
    const order = event === 'smessage' ? sessionSecond : sessionFirst;
    return async (...given: unknown[]) => {
      // The arguments of `sessOn`, where this listener is registered.
      const [err, session, ...args] = given as SessionArguments<false, unknown[]>;
      if (err) return this.#emitInvalid(client, err, event);
      const { queue } = this.#dependencies;
      try {
        if (queue.isFull(session.id)) throw overload();
        // The queue keeps the order within this process; the lock excludes other processes.
        await queue.run(session.id, () =>
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
    if (isAbsence(error)) {
      if (this.#ended.has(client)) return;
      this.#ended.add(client);
    }
    const hasListener = this.#dependencies.emit('sinvalid', client, error);
    if (!hasListener && isTrouble(error)) this.#reportFailure(error, client, event);
  }

  #reportFailure(error: unknown, client: Socket, event: string): void {
    this.#dependencies.reporter.failed(error, { socket: client, event });
  }
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

function isAbsence(error: unknown): boolean {
  if (!(error instanceof SessionError)) return false;
  return error.code === 'ERR_SESSION_NOT_FOUND' || error.code === 'ERR_SESSION_ENDED';
}

/** Whether an operator needs to see the error, which is not just that of a visitor who is not logged in. */
function isTrouble({ code, cause }: SessionError): boolean {
  return isStoreUnavailable(code) || code === 'ERR_SESSION_LOCK' || cause !== undefined;
}

function overload(): SessionError {
  return new SessionError(
    'ERR_SESSION_OVERLOAD',
    'Too many messages of this session are waiting: listeners are slow, or clients send too fast; the limit is `maxPending`',
  );
}

function sessionEndedError(reason: SessionEndReason): SessionError {
  return new SessionError('ERR_SESSION_NOT_FOUND', `The session has ended: ${reason}`);
}
