/**
 * @module The types of passport.socketio, which has none: as much of them as the comparison calls.
 */

declare module 'passport.socketio' {
  import type { Store } from 'express-session';
  import type { Socket } from 'socket.io';

  interface Options {
    readonly secret: string;
    readonly store: Store;
    readonly cookieParser: unknown;
    readonly passport: unknown;
  }

  export function authorize(
    options: Options,
  ): (socket: Socket, next: (error?: Error) => void) => void;
}
