/**
 * @module The exports of `expression.socket.io/testing`: a server for an application's own tests.
 */

export { type EventSource, type NextEventSettings, nextEvent } from './next-event.js';
export type { RequestHandler, SessionRequest, Visit } from './session-pages.js';
export {
  type ClientSettings,
  startTestServer,
  type TestServer,
  type TestServerSettings,
} from './test-server.js';
export { type StoreOperation, TestStore } from './test-store.js';
