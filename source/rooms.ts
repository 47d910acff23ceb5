/**
 * @module The rooms behind the facade, in the order in which the data comes through: handshake,
 * session, sockets. The only place that knows all of them.
 */

import type { Store } from 'express-session';
import type { Server } from 'socket.io';
import { Deadlines } from './deadlines.js';
import { Diagnostics } from './diagnostics.js';
import { GuestSessions } from './handshake/guest-session.js';
import { OriginPolicy } from './handshake/origin-policy.js';
import { SessionIdReader } from './handshake/session-id.js';
import { SignedCookie } from './handshake/signed-cookie.js';
import { TicketEndpoint } from './handshake/ticket-endpoint.js';
import { Tickets } from './handshake/tickets.js';
import { type ResolvedOptions, resolveTicketOptions } from './options.js';
import { Activity } from './session/activity.js';
import { ExpiryWatch } from './session/expiry-watch.js';
import { Lifetime } from './session/lifetime.js';
import { SessionReader } from './session/reader.js';
import { SessionGuard } from './session/session-guard.js';
import { SessionLocks } from './session/session-locks.js';
import { SessionMaker } from './session/session-maker.js';
import { addSessionMethods } from './session/session-methods.js';
import { SessionUpdater } from './session/session-updater.js';
import { SessionWriter } from './session/session-writer.js';
import { StoreCalls } from './session/store-calls.js';
import { StoreHooks } from './session/store-hooks.js';
import { NodeWords } from './sockets/node-words.js';
import { RoomWatch } from './sockets/room-watch.js';
import type { NamespaceServices } from './sockets/session-namespace.js';
import { SessionSockets } from './sockets/session-sockets.js';
import type { CookieParser, SessionChange } from './types.js';

/** What the rooms are built with. */
export interface Ground {
  readonly store: Store;
  readonly cookieParser: CookieParser;
  readonly options: ResolvedOptions;
}

/** What the facade needs of its rooms. */
export interface Rooms extends NamespaceServices {
  /** None where the option `ticket` is off. */
  readonly ticketEndpoint: TicketEndpoint | undefined;
  update<Result>(sessionId: string, change: SessionChange<Result>): Promise<Result>;
  end(sessionId: string): void;
  close(): void;
}

/** Builds the rooms. */
export function buildRooms(io: Server, { store, cookieParser, options }: Ground): Rooms {
  const { key, origins, trustProxy, storeTimeout, maxPending } = options;
  const deadlines = new Deadlines(storeTimeout);
  const diagnostics = new Diagnostics(options.onError, options);

  // A server without an engine yet has no `cors` either.
  const cors = (): unknown => io.engine?.opts.cors;
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
  const guests = new GuestSessions({ store, engine: () => io.engine, deadlines });
  const sessionIds = new SessionIdReader({
    originPolicy: new OriginPolicy({ origins, trustProxy, cors, deadlines }),
    cookie,
    custom: options.sessionId,
    tickets,
    guests,
    deadlines,
  });

  const words = new NodeWords(io, diagnostics);
  const lifetime = new Lifetime((word) => words.tell(word));
  words.listen((word) => lifetime.heard(word));
  const hooks = StoreHooks.of(store, storeTimeout);
  hooks.watch(lifetime);

  const { readMany, rewrite } = options;
  const calls = new StoreCalls(store, {
    readMany,
    rewrite,
    absent: (sessionId) => lifetime.absent(sessionId),
    deadlines,
    writeDeadlines: new Deadlines(storeTimeout),
  });
  const reader = new SessionReader(calls);
  const maker = new SessionMaker(store, addSessionMethods);
  const { writes } = hooks;
  const activity = new Activity({ calls, writes, maker, lifetime, interval: options.touch });
  const rewritten: StoreHooks['rewritten'] = (...args) => hooks.rewritten(...args);
  const writer = new SessionWriter({ calls, writes, maker, activity, rewrite, rewritten });
  const locks = new SessionLocks(store, options.lock, new Deadlines(options.lockTimeout));
  const updater = new SessionUpdater(locks, writer);
  const destroy = async (sessionId: string): Promise<void> => {
    await calls.destroy(sessionId);
    hooks.destroyed(sessionId);
  };
  const guard = new SessionGuard({ calls: { destroy }, reader, maker, writer, updater });
  const watch = new ExpiryWatch(lifetime, reader);

  const { onSessionEnd } = options;
  const roomWatch = new RoomWatch();
  const memberships = { lifetime, activity, roomWatch, onSessionEnd };
  const sockets = new SessionSockets({
    options,
    sessionIds,
    reader,
    guard,
    memberships,
    diagnostics,
  });
  return {
    sockets,
    roomWatch,
    deadlines,
    maxPending,
    ticketEndpoint: tickets && new TicketEndpoint(tickets, sessionIds),
    update: (sessionId, change) =>
      guard.updateById(sessionId, change, {
        report: (error) => diagnostics.warn(error),
        leaves: () => {},
      }),
    end: (sessionId) => lifetime.end(sessionId, 'destroyed'),
    close: () => {
      hooks.unwatch(lifetime);
      words.close();
      guests.close();
      watch.close();
      lifetime.close();
      deadlines.close();
    },
  };
}
