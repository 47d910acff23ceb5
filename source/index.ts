/**
 * @module The exports of the package.
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
export type {
  AuthorizationAnswer,
  AuthorizationResult,
  CookieParser,
  DefaultEventsMap,
  ErrorContext,
  EventsMap,
  ExpressionSocketOptions,
  GivenOptions,
  Handshake,
  HeldLock,
  OriginCheck,
  RecordChange,
  RewriteRecord,
  SessionArguments,
  SessionCallback,
  SessionChange,
  SessionEndReason,
  SessionLock,
  SessionNamespace,
  SessionRequest,
  SessionSocket,
  SocketSession,
  SocketSessionMethods,
  TicketOptions,
} from './types.js';
