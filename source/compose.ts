/**
 * @module Builds what is behind the facade, in the order of the data: handshake, session, sockets.
 */

import type { IncomingMessage } from 'node:http';
import type { Store } from 'express-session';
import type { Server } from 'socket.io';
import { Deadlines } from './deadlines.js';
import { ErrorReporter } from './error-reporter.js';
import { engineOf } from './handshake/engines.js';
import { NewSessions } from './handshake/new-session.js';
import { OriginPolicy } from './handshake/origin-policy.js';
import { SessionIdReader } from './handshake/session-id.js';
import { SignedCookie } from './handshake/signed-cookie.js';
import { TicketEndpoint } from './handshake/ticket-endpoint.js';
import { Tickets } from './handshake/tickets.js';
import { type ResolvedOptions, resolveTicketOptions } from './options.js';
import { SessionEngine } from './session/engine.js';
import { ClusterBus } from './sockets/cluster-bus.js';
import { NamespaceRegistry } from './sockets/namespace-registry.js';
import { SessionSockets } from './sockets/session-sockets.js';
import type { CookieParser } from './types/options.js';

interface Dependencies {
  readonly store: Store;
  readonly cookieParser: CookieParser;
  readonly options: ResolvedOptions;
}

/** What the facade works with. */
export interface Composition {
  readonly engine: SessionEngine;
  readonly namespaces: NamespaceRegistry;
  /** Undefined if the option `ticket` is off. */
  readonly ticketEndpoint: TicketEndpoint | undefined;
  close(): void;
}

/** Builds the parts of one `ExpressionSocket`, whose options have been resolved. */
export function compose(io: Server, { store, cookieParser, options }: Dependencies): Composition {
  const { key, origins, trustProxy, storeTimeout } = options;
  const deadlines = new Deadlines(storeTimeout);
  const reporter = new ErrorReporter(options);

  // A server without an engine yet has no `cors` either.
  const cors = (request: IncomingMessage): unknown => engineOf(request, io)?.opts?.cors;
  const cookie = new SignedCookie(key, cookieParser, deadlines);
  const tickets =
    options.ticket &&
    new Tickets({
      options: resolveTicketOptions(options.ticket),
      key,
      readSecret: () => cookie.readSecret(),
      claim: options.claim,
      deadlines,
    });
  const newSessions = new NewSessions({ store, io, deadlines });
  const sessionIds = new SessionIdReader({
    originPolicy: new OriginPolicy({ origins, trustProxy, cors, deadlines }),
    cookie,
    custom: options.sessionId,
    tickets,
    newSessions,
    deadlines,
  });

  const bus = new ClusterBus(io, reporter, options.lock !== undefined);
  const engine = new SessionEngine({
    store,
    options,
    bus,
    report: (error) => reporter.report(error, { event: 'http' }),
  });

  const sockets = new SessionSockets({ options, sessionIds, engine, reporter });
  const namespaces = new NamespaceRegistry(io, sockets);
  return {
    engine,
    namespaces,
    ticketEndpoint: tickets && new TicketEndpoint(tickets, sessionIds),
    close: () => {
      namespaces.close();
      bus.close();
      newSessions.close();
      engine.close();
      deadlines.close();
    },
  };
}
