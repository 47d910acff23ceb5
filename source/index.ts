/**
 * @module The exports of the package.
 */

export type {
  CountsMessage,
  EndTrace,
  HandshakeTrace,
  ReadTrace,
  RefusalMessage,
  UpdateTrace,
  WriteTrace,
} from './diagnostics.js';
export { SessionError, type SessionErrorCode } from './errors.js';
export { ExpressionSocket, ExpressionSocket as default } from './expression-socket.js';
export type { TicketHandler } from './handshake/ticket-endpoint.js';
export type {
  DefaultEventsMap,
  EventsMap,
  GivenOptions,
  SessionArguments,
} from './types/listeners.js';
export type {
  CookieParser,
  ErrorContext,
  ExpressionSocketOptions,
  Handshake,
  HeldLock,
  OriginCheck,
  RecordChange,
  RewriteRecord,
  SessionLock,
  TicketOptions,
} from './types/options.js';
export type {
  SessionCallback,
  SessionChange,
  SessionEndReason,
  SessionRequest,
  SocketSession,
  SocketSessionMethods,
} from './types/session.js';
export type {
  AuthorizationAnswer,
  AuthorizationResult,
  SessionNamespace,
} from './types/session-namespace.js';
// The first two are what a `SessionSocket` is: declarations of applications have to name them.
export type {
  AlwaysSessionSocket,
  SelectiveListening,
  SessionSocket,
} from './types/session-socket.js';
