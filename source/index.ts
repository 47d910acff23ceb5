/**
 * @module The exports of the package. Some types are exported only because the declarations of
 * applications have to name them.
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
  AddListener,
  AnyListener,
  DefaultEventsMap,
  EventsMap,
  GivenOptions,
  SessionArguments,
  SocketEvents,
  UserEvents,
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
  AddAuthorization,
  AuthorizationAnswer,
  AuthorizationResult,
  ConnectionEvents,
  SessionNamespace,
} from './types/session-namespace.js';
export type {
  AlwaysSessionSocket,
  SelectiveListening,
  SessionSocket,
} from './types/session-socket.js';
