/**
 * @module The public types: options, session, socket, wrapper of a namespace, and listeners' arguments.
 */

export type * from './types/listeners.js';
export type * from './types/options.js';
export type * from './types/session.js';
export type * from './types/session-namespace.js';
export type * from './types/session-socket.js';
