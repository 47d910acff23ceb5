/**
 * @module The door: what the package gives out, and nothing else. The rooms behind the facade are
 * not exported on purpose.
 */

export { SessionError, type SessionErrorCode } from './errors.js';
export { ExpressionSocket, ExpressionSocket as default } from './expression-socket.js';
export type { TicketHandler } from './handshake/ticket-endpoint.js';
export type {
  CountsMessage,
  EndTrace,
  HandshakeTrace,
  ReadTrace,
  RefusalMessage,
  UpdateTrace,
  WriteTrace,
} from './tracing.js';
export type * from './types.js';
