/**
 * @module The clients of `enable`: each is told once that it is there, gets its session per connection
 * or per message, and has it saved. Knows when; must not know how a session is read or written.
 */

import type { Socket } from 'socket.io';
import type { Diagnostics } from '../diagnostics.js';
import { isStoreTrouble, SessionError } from '../errors.js';
import type { KeyedQueue } from '../keyed-queue.js';
import { SocketProxies } from '../sockets/socket-proxies.js';
import { isThenable } from '../thenable.js';
import type { SessionEndReason, SessionSocket, SocketSession } from '../types.js';
import { clientMembers, type Listener } from './client-members.js';
import type { SessionListener } from './session-listener.js';

/** What the clients share. */
export interface ClientServices {
  readonly isPerMessage: boolean;
  readonly listener: SessionListener;
  /** Messages of a session are handled one after another. */
  readonly queue: KeyedQueue;
  readonly diagnostics: Diagnostics;
}

/** What a listener of the prototyped socket is given first. */
type Outcome =
  | readonly [err: SessionError, session: null, ...args: unknown[]]
  | readonly [err: null, session: SocketSession, ...args: unknown[]];

/** Welcomes clients, and sees them off. */
export class SessionClients {
  readonly #services: ClientServices;
  readonly #clients: SocketProxies<Socket>;
  /** What the `disconnect` listeners of a client have begun. */
  readonly #farewells = new WeakMap<Socket, Promise<unknown>[]>();
  /** The clients of which it was told that they have no session any more. */
  readonly #ended = new WeakSet<Socket>();

  constructor(services: ClientServices) {
    this.#services = services;
    const { isPerMessage } = services;
    const members = clientMembers({
      exchanging: isPerMessage ? (...args) => this.#exchanging(...args) : undefined,
      leaving: isPerMessage ? undefined : (...args) => this.#leaving(...args),
    });
    this.#clients = new SocketProxies<Socket>(members);
  }

  /** A client connected: tells `sconnection`, or `sinvalid` where it has no session. */
  welcome(err: SessionError | null, session: SocketSession | null, socket: SessionSocket): void {
    const client = this.#clients.of(socket);
    if (err) this.#invalid(client, err, 'connection');
    if (err || !session) return;
    // Ahead of the application's listeners, so that it is there when those begin to leave.
    if (!this.#services.isPerMessage)
      socket.on('disconnect', () => this.#saveLast(client, session));
    socket.on('sessionend', (reason) => this.#invalid(client, endedBy(reason), 'sessionend'));
    const args = this.#services.isPerMessage ? [] : [session];
    this.#services.listener.tell('sconnection', client, ...args);
  }

  /** Saves the session of a connection, once all who listen to its end have done their part. */
  #saveLast(client: Socket, session: SocketSession): void {
    const farewells: Promise<unknown>[] = [];
    this.#farewells.set(client, farewells);
    // All listeners are called in this turn, and have then said what to wait for.
    queueMicrotask(async () => {
      await Promise.all(farewells);
      if (this.#ended.has(client)) return;
      try {
        await session.save();
      } catch (error) {
        // Whoever logged out has nothing to be saved.
        if (!isAbsence(error)) this.#failed(error, client, 'disconnect');
      }
    });
  }

  /** A listener of `disconnect` that is waited for. */
  #leaving(client: Socket, event: string, listener: Listener): Listener {
    const { diagnostics } = this.#services;
    return (...args) => {
      const listen: Listener = (...given) => {
        const result = Reflect.apply(listener, client, given);
        if (isThenable(result)) {
          const settled = Promise.resolve(result).catch(() => {});
          this.#farewells.get(client)?.push(settled);
        }
        return result;
      };
      diagnostics.call(listen, args, { socket: client, event });
    };
  }

  /** A listener that has its session read before it is called, and saved after. */
  #exchanging(client: Socket, event: string, listener: Listener): Listener {
    const call = event === 'smessage' ? sessionSecond : sessionFirst;
    return async (...outcome: unknown[]) => {
      // It is given to `sessOn`, which calls its listeners so.
      const [err, session, ...args] = outcome as unknown as Outcome;
      if (err) return this.#invalid(client, err, event);
      try {
        if (this.#services.queue.isFull(session.id)) throw overload();
        await this.#services.queue.run(session.id, () =>
          change(session, async (fresh) => {
            await Reflect.apply(listener, client, call(fresh, args));
          }),
        );
      } catch (error) {
        // The listener's own mistake is told as any other listener's.
        if (!(error instanceof SessionError)) throw error;
        this.#invalid(client, error, event);
      }
    };
  }

  /** Tells that there is no session: once, unless only the store is down. */
  #invalid(client: Socket, error: SessionError, event: string): void {
    if (isAbsence(error)) {
      if (this.#ended.has(client)) return;
      this.#ended.add(client);
    }
    const isHeard = this.#services.listener.tell('sinvalid', client, error);
    if (!isHeard && isTrouble(error)) this.#failed(error, client, event);
  }

  #failed(error: unknown, client: Socket, event: string): void {
    this.#services.diagnostics.failed(error, { socket: client, event });
  }
}

/**
 * Reads a session under its lock, lets it be changed, and saves it. In this process, messages have
 * waited for their turn, and so come in order; the lock keeps off the other processes.
 */
function change(
  session: SocketSession,
  work: (fresh: SocketSession) => Promise<void>,
): Promise<void> {
  return session.update(work);
}

/** `(message, session, …rest)`; a message that is not there is no reason to take its place. */
function sessionSecond(session: SocketSession, args: readonly unknown[]): unknown[] {
  const isThere = args.length > 0 && !(args.length === 1 && typeof args[0] === 'function');
  const [message, ...rest] = isThere ? args : [undefined, ...args];
  return [message, session, ...rest];
}

function sessionFirst(session: SocketSession, args: readonly unknown[]): unknown[] {
  return [session, ...args];
}

function isAbsence(error: unknown): boolean {
  if (!(error instanceof SessionError)) return false;
  return error.code === 'ERR_SESSION_NOT_FOUND' || error.code === 'ERR_SESSION_ENDED';
}

/** Whether an operator would want to know: not of every visitor who is not logged in. */
function isTrouble({ code, cause }: SessionError): boolean {
  return isStoreTrouble(code) || code === 'ERR_SESSION_LOCK' || cause !== undefined;
}

function overload(): SessionError {
  return new SessionError(
    'ERR_SESSION_OVERLOAD',
    'Too many messages of this session wait for their turn: listeners are slow, or clients too fast; the limit is `maxPending`',
  );
}

function endedBy(reason: SessionEndReason): SessionError {
  return new SessionError('ERR_SESSION_NOT_FOUND', `The session has ended: ${reason}`);
}
