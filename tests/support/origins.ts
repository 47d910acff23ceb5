/**
 * @module An origin, put to the policy without any socket.
 */

import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { Deadlines } from '../../source/deadlines.js';
import { SessionError } from '../../source/errors.js';
import {
  OriginPolicy,
  type OriginPolicyDependencies,
} from '../../source/handshake/origin-policy.js';
import type { Handshake } from '../../source/index.js';
import { rejection } from './outcomes.js';

/** An origin that a server may name. */
export const friend = 'https://friend.example';

/** What a browser tells with a handshake, and what the server was told. */
export interface Case {
  readonly origin?: string;
  readonly host?: string;
  readonly origins?: OriginPolicyDependencies['origins'];
  readonly cors?: unknown;
  readonly trustProxy?: boolean;
  readonly headers?: Record<string, string>;
  readonly query?: Handshake['query'];
}

/** The request of the handshake; nobody looks at it. */
export const request = {} as IncomingMessage;

/** The handshake of a browser. */
export function handshakeOf({
  origin,
  host = 'app.example.com',
  headers = {},
  query = {},
}: Case): Handshake {
  // The policy looks at headers and query only.
  return {
    headers: { ...headers, host, ...(origin === undefined ? {} : { origin }) },
    query,
  } as Handshake;
}

/** Checks the origin of a handshake. */
export async function check(given: Case): Promise<void> {
  const policy = new OriginPolicy({
    origins: given.origins ?? [],
    trustProxy: given.trustProxy ?? false,
    cors: () => given.cors,
    deadlines: new Deadlines(5_000),
  });
  return policy.check(handshakeOf(given), request);
}

/** Expects the origin to be accepted. */
export async function expectPassed(given: Case): Promise<void> {
  await check(given);
}

/**
 * Expects the origin to be refused.
 *
 * @returns the error, for a look at more than its code
 */
export async function expectRefused(given: Case): Promise<SessionError> {
  const error = await rejection(check(given));
  expect(error).to.be.instanceOf(SessionError).with.property('code', 'ERR_SESSION_ORIGIN');
  return error as SessionError;
}
