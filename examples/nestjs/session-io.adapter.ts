import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Store } from 'express-session';
import { type CookieParser, ExpressionSocket } from 'expression.socket.io';
import type { Namespace, Server, ServerOptions, Socket } from 'socket.io';

type Callback = (...args: unknown[]) => void;

/**
 * Socket.IO with sessions. In a gateway, `handleConnection(socket, session)` gets the session too;
 * in a message handler, `@MessageBody('session')` is the session as it is now, and
 * `@MessageBody('body')` is what the client sent.
 */
export class SessionIoAdapter extends IoAdapter {
  readonly #wrap: (io: Server) => ReturnType<typeof wrap>;
  #expressionIO: ReturnType<typeof wrap> | undefined;

  constructor(app: INestApplication, store: Store, cookieParser: CookieParser) {
    super(app);
    this.#wrap = (io) => wrap(io, store, cookieParser);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const io = super.createIOServer(port, options);
    this.#expressionIO = this.#wrap(io);
    return io;
  }

  /** Nest passes the server, or the namespace of a gateway that has one. */
  override bindClientConnect(server: Server | Namespace, callback: Callback): void {
    const namespace = 'name' in server ? server : server.of('/');
    this.#expressionIO?.of(namespace).on('connection', (session, socket) => {
      callback(socket, session);
    });
  }

  override bindClientDisconnect(socket: Socket, callback: Callback): void {
    socket.once('disconnect', (...[_session, reason]: unknown[]) => callback(reason));
  }

  /** With `alwaysSession`, the session comes before what the client sent. */
  override mapPayload(payload: unknown) {
    const [session, ...args] = Array.isArray(payload) ? payload : [payload];
    const mapped = super.mapPayload(args.length > 1 ? args : args[0]);
    // Not enumerable: if a handler throws, Nest's exception filter sends the data back to the client.
    const data = { session, body: mapped.data };
    return { ...mapped, data: Object.defineProperty(data, 'session', { enumerable: false }) };
  }
}

function wrap(io: Server, store: Store, cookieParser: CookieParser) {
  return new ExpressionSocket(io, store, cookieParser, {
    alwaysSession: true,
    autoErrManager: true,
  });
}
