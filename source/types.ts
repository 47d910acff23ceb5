/**
 * @module What a user's editor sees: the session, the socket, the wrapper of a namespace, and the
 * arguments of every listener by the options. Types only: knows nothing of how any of it is done.
 */

export type * from './types/add-listener.js';
export type * from './types/cookie-parser.js';
export type * from './types/event-maps.js';
export type * from './types/listener-arguments.js';
export type * from './types/options.js';
export type * from './types/session.js';
export type * from './types/session-lock.js';
export type * from './types/session-namespace.js';
export type * from './types/session-socket.js';
