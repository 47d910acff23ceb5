/**
 * @module The exports of `expression.socket.io/sessions`: the interface of socket.io-sessions.
 */

export { enable } from './enable.js';
export type { CookieCutter, SessionsOptions, SessionsSettings } from './settings.js';
export type {
  ConnectionClient,
  MessageClient,
  MessageListening,
  Sessions,
  SessionsEvents,
} from './types.js';
