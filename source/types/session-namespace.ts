/**
 * @module The wrapper of a namespace: its listeners, and who may connect.
 */

import type { Namespace, Socket } from 'socket.io';
import type { AddListener, EventName, Fitting } from './add-listener.js';
import type { AnyListener, DefaultEventsMap, EventsMap } from './event-maps.js';
import type { Flag, SessionArguments } from './listener-arguments.js';
import type { ExpressionSocketOptions, Handshake } from './options.js';
import type { SocketFor } from './session-socket.js';

/**
 * Answers an `authorization`: only `accepted === true` without an error lets the client in.
 *
 * @param err the reason of a refusal, which the client gets as `next(err)` would give it
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

/** The wrapper's own events: a new socket, with its session. */
export interface ConnectionEvents<Client, AutoErrManager extends boolean> {
  connection: SessionArguments<AutoErrManager, [socket: Client]>;
  connect: SessionArguments<AutoErrManager, [socket: Client]>;
}

/** The wrapper of a namespace, by the options that change its type. */
export interface NamespaceFor<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
  AlwaysSession extends boolean,
  AutoErrManager extends boolean,
> {
  /** Socket.IO's own namespace, for rooms and all the rest. */
  readonly namespace: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;

  /**
   * Listens to connections, each with its session; other events are those that the servers of a
   * cluster send each other, as on the namespace itself.
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
    ConnectionEvents<
      SocketFor<
        ListenEvents,
        EmitEvents,
        ServerSideEvents,
        SocketData,
        AlwaysSession,
        AutoErrManager
      >,
      AutoErrManager
    >,
    { [Event in keyof ServerSideEvents]: Parameters<ServerSideEvents[Event]> },
    this
  >;

  /**
   * Removes a listener, by the function that was given.
   *
   * @returns the wrapper
   */
  off(
    event: EventName<ConnectionEvents<unknown, false>, ServerSideEvents>,
    listener: AnyListener,
  ): this;

  /**
   * The sockets of a session in this namespace, on all nodes: what `to(room)` of Socket.IO returns.
   *
   * @param sessionId the session's id, such as `session.id` or `req.sessionID`
   * @throws {TypeError} where it is no session id
   *
   * @example
   * expressionIO.of('/cart').to(session.id).emit('changed');
   */
  to(
    sessionId: string,
  ): ReturnType<Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>['to']>;

  /** The same as `to`. */
  in(
    sessionId: string,
  ): ReturnType<Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>['in']>;

  /** Emits to every client of the namespace, as the namespace itself does. */
  readonly emit: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>['emit'];

  /**
   * Decides who may connect. Several listeners are asked in their order, and all must agree.
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
  readonly authorization: AddAuthorization<AutoErrManager, this>;

  /**
   * The prototyped socket of a raw one: always the same, and what `connection` listeners get. The
   * two are not equal by `===`; so what is to be found by the socket, such as the keys of a
   * `WeakMap` that a middleware fills, is best kept by the prototyped one. Of a prototyped socket it
   * is the socket itself.
   *
   * @throws {TypeError} where it is given no socket
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
  ): SocketFor<
    ListenEvents,
    EmitEvents,
    ServerSideEvents,
    SocketData,
    AlwaysSession,
    AutoErrManager
  >;
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
