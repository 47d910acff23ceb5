/**
 * @module The public types: options, session, socket, wrapper of a namespace, and listeners' arguments.
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
