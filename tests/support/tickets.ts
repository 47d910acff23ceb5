/**
 * @module Tickets without any socket, and what is wrong with them.
 */

import { expect } from 'chai';
import { Deadlines } from '../../source/deadlines.js';
import { SessionError } from '../../source/errors.js';
import { type TicketDependencies, Tickets } from '../../source/handshake/tickets.js';
import type { TicketOptions } from '../../source/index.js';
import { resolveTicketOptions } from '../../source/options.js';
import { rejection } from './outcomes.js';

/** What `express-session` would make. */
export const sessionId = 'J1kvFwUe0ynSuSjCDLhZCgFcT4mQbEoY';

/** Makes tickets as an application would that has the options, and this cookie parser's secret. */
export function ticketsWith(
  options: TicketOptions = {},
  terms: Partial<Omit<TicketDependencies, 'options'>> = {},
): Tickets {
  return new Tickets({
    key: 'connect.sid',
    readSecret: async () => 'keyboard cat',
    claim: undefined,
    deadlines: new Deadlines(5_000),
    ...terms,
    options: resolveTicketOptions(options),
  });
}

/** The error with which a ticket is refused. */
export async function refusal(
  tickets: Tickets,
  ticket: unknown,
  request: object = {},
): Promise<SessionError> {
  const error = await rejection(tickets.open(ticket, request));
  expect(error).to.be.instanceOf(SessionError).with.property('code', 'ERR_SESSION_TICKET');
  return error as SessionError;
}
