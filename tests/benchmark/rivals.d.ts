/**
 * @module The packages that this library is compared with, and that have no types: as much of them
 * as the benchmark calls.
 */

declare module 'session.socket.io' {
  import type { SessionData, Store } from 'express-session';
  import type { Server, Socket } from 'socket.io';

  type GetSession = (error: unknown, session: SessionData | undefined) => void;
  type OnSocket = (error: unknown, socket: Socket, session: SessionData | undefined) => void;

  export default class SessionSockets {
    constructor(
      io: Server,
      store: Store,
      cookieParser: (...args: never[]) => unknown,
      key?: string,
    );
    on(event: 'connection', listener: OnSocket): void;
    getSession(socket: Socket, listener: GetSession): void;
  }
}

declare module 'express-socket.io-session' {
  import type { Socket } from 'socket.io';

  interface Options {
    readonly autoSave?: boolean;
    readonly saveUninitialized?: boolean;
  }

  export default function sharedSession(
    session: (...args: never[]) => unknown,
    cookieParser: (...args: never[]) => unknown,
    options?: Options,
  ): (socket: Socket, next: (error?: Error) => void) => void;
}
