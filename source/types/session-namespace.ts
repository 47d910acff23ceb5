/**
 * @module The types of the wrapper of a namespace. `Always` and `Auto` are the options `alwaysSession`
 * and `autoErrManager`.
 */

import type { Namespace, Socket } from 'socket.io';
import type {
  AddListener,
  AnyListener,
  DefaultEventsMap,
  EventOf,
  EventsMap,
  Fitting,
  Flag,
  SessionArguments,
} from './listeners.js';
import type { ExpressionSocketOptions, Handshake } from './options.js';
import type { SocketFor } from './session-socket.js';

/**
 * Answers an `authorization`: only `accepted === true` without an error lets the client in.
 *
 * @param err the reason for a refusal, which the client gets as with `next(err)`
 * @param accepted whether the client may connect
 */
export type AuthorizationAnswer = (err?: unknown, accepted?: boolean) => void;

/** What an `authorization` listener may return instead of calling `fn`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a listener that returns nothing returns void
export type AuthorizationResult = boolean | void | PromiseLike<boolean | void>;

/** The arguments of an `authorization` listener. */
export type AuthorizationArguments<AutoErrManager extends boolean> = SessionArguments<
  AutoErrManager,
  [handshake: Handshake, fn: AuthorizationAnswer]
>;

/** Adds an `authorization` listener; overloaded as `AddListener` is. */
export interface AddAuthorization<AutoErrManager extends boolean, Wrapper> {
  (listener: (...args: AuthorizationArguments<AutoErrManager>) => AuthorizationResult): Wrapper;
  <Listener extends AnyListener>(
    listener: Fitting<Listener, AuthorizationArguments<AutoErrManager>, AuthorizationResult>,
  ): Wrapper;
}

/** The events of the wrapper: a new socket, with its session. */
export interface ConnectionEvents<Client, AutoErrManager extends boolean> {
  connection: SessionArguments<AutoErrManager, [socket: Client]>;
  connect: SessionArguments<AutoErrManager, [socket: Client]>;
}

/** The wrapper of a namespace, by the options that change its type. */
export interface NamespaceFor<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
  Always extends boolean,
  Auto extends boolean,
> {
  /** Socket.IO's namespace, for rooms and everything else. */
  readonly namespace: Namespace<Listen, Emit, ServerSide, Data>;

  /**
   * Adds a listener of connections, which gets the session of each. Other events are those that the
   * servers of a cluster send each other by `serverSideEmit`, as on the namespace itself.
   *
   * @returns the wrapper
   *
   * @example
   * expressionIO.sockets.on('connection', (err, session, socket) => {
   *   if (err) return void socket.disconnect();
   *   socket.emit('welcome', session.votes ?? 0);
   * });
   */
  readonly on: AddListener<
    ConnectionEvents<SocketFor<Listen, Emit, ServerSide, Data, Always, Auto>, Auto>,
    { [Event in keyof ServerSide]: Parameters<ServerSide[Event]> },
    this
  >;

  /**
   * Removes a listener, by the function that was added.
   *
   * @returns the wrapper
   */
  off(event: EventOf<ConnectionEvents<unknown, false>, ServerSide>, listener: AnyListener): this;

  /**
   * Returns the sockets of a session in this namespace, on all nodes, as `to(room)` of Socket.IO does.
   *
   * @param sessionId the session's id, such as `session.id` or `req.sessionID`
   * @throws {TypeError} if it is not a session id
   *
   * @example
   * expressionIO.of('/cart').to(session.id).emit('changed');
   */
  to(sessionId: string): ReturnType<Namespace<Listen, Emit, ServerSide, Data>['to']>;

  /** The same as `to`. */
  in(sessionId: string): ReturnType<Namespace<Listen, Emit, ServerSide, Data>['in']>;

  /** Emits to every client of the namespace, as the namespace itself does. */
  readonly emit: Namespace<Listen, Emit, ServerSide, Data>['emit'];

  /**
   * Adds a listener that decides who may connect. Several are called in their order; all must accept.
   *
   * @returns the wrapper
   *
   * @example
   * expressionIO.sockets.authorization((err, session, handshake, fn) => {
   *   fn(err, session?.votes !== undefined);
   * });
   *
   * @example
   * expressionIO.sockets.authorization(async (err, session) => !err && (await isMember(session)));
   */
  readonly authorization: AddAuthorization<Auto, this>;

  /**
   * Returns the prototyped socket of a raw socket: always the same one, which `connection` listeners
   * get. It is not equal to the raw socket by `===`, so use it as the key of a `WeakMap` that a
   * middleware fills. A prototyped socket is returned as it is.
   *
   * @throws {TypeError} if the argument is not a socket
   *
   * @example
   * const startedAt = new WeakMap<object, number>();
   * io.use((raw, next) => {
   *   startedAt.set(expressionIO.sockets.socketOf(raw), Date.now());
   *   next();
   * });
   * expressionIO.sockets.on('connection', (err, session, socket) => {
   *   console.log(startedAt.get(socket));
   * });
   */
  socketOf(
    raw: Pick<Socket, 'id' | 'handshake'>,
  ): SocketFor<Listen, Emit, ServerSide, Data, Always, Auto>;
}

/**
 * The wrapper of a namespace: the namespace's `on` and `emit`, with the session, and
 * `authorization`.
 *
 * @example
 * const news: SessionNamespace<ClientEvents, ServerEvents> = expressionIO.of('/news');
 */
export type SessionNamespace<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
  Options extends ExpressionSocketOptions = Record<never, never>,
> = NamespaceFor<
  ListenEvents,
  EmitEvents,
  ServerSideEvents,
  SocketData,
  Flag<Options, 'alwaysSession'>,
  Flag<Options, 'autoErrManager'>
>;
