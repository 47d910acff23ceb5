/**
 * @module Asks the `authorization` listeners whether a client may connect: all must agree, and only
 * `true` accepts.
 */

import { isThenable } from '../assertions.js';
import type { Deadlines } from '../deadlines.js';
import { connectError, SessionError } from '../errors.js';
import type { ReadResult } from '../session/snapshot.js';
import type { ListenerCalls } from './listener-calls.js';
import type { Listener } from './listener-links.js';
import type { SocketContext } from './socket-context.js';

/** The error with which a client is refused: the library's, or the one that the application passed. */
export interface Refusal extends Error {
  readonly data?: { readonly code?: unknown };
}

/** What the listeners are called with. */
export interface AuthorizationDependencies {
  readonly context: SocketContext;
  readonly calls: ListenerCalls;
  /** What was read for it. */
  readonly result: ReadResult;
  /** How long each listener may take. */
  readonly deadlines: Deadlines;
}

const event = 'authorization';

/**
 * Asks the listeners in their order.
 *
 * @returns the refusal, or undefined if all of them accept
 */
export async function authorize(
  listeners: readonly Listener[],
  dependencies: AuthorizationDependencies,
): Promise<Refusal | undefined> {
  const { context, calls, result } = dependencies;
  for (const listener of listeners) {
    const sessionArguments = calls.authorizationArguments(result);
    if (sessionArguments instanceof SessionError) {
      context.reportUnlessExpected(sessionArguments, event);
      return connectError(sessionArguments.code);
    }
    const refusal = await ask(listener, sessionArguments, dependencies);
    if (refusal) {
      context.reportRefusal(refusedByListenerError(), event);
      return refusal;
    }
  }
  return undefined;
}

/**
 * Calls a listener and waits for its first answer: a call of the function that it is given, or a
 * boolean that it returns or resolves to. What it throws or rejects with is reported, and not shown to
 * the client.
 */
async function ask(
  listener: Listener,
  sessionArguments: readonly unknown[],
  { context, result, deadlines }: AuthorizationDependencies,
): Promise<Refusal | undefined> {
  try {
    return await deadlines.wait<Refusal | undefined>(({ resolve }) => {
      const answer = (error?: unknown, accepted?: unknown): void =>
        resolve(refusalOf(error, accepted));
      const take = (returned: unknown): void => {
        if (typeof returned === 'boolean') answer(null, returned);
      };
      const fail = (error: unknown): void => {
        context.reportListener(error, { event, hasSession: result.snapshot !== undefined });
        answer(null, false);
      };
      try {
        const returned = listener(...sessionArguments, context.raw.handshake, answer);
        if (isThenable(returned)) returned.then(take, fail);
        else take(returned);
      } catch (error) {
        fail(error);
      }
    }, unansweredError);
  } catch (error) {
    if (error instanceof SessionError) context.report(error, event);
    return connectError('ERR_SESSION_REFUSED');
  }
}

function unansweredError(when: string): SessionError {
  return new SessionError(
    'ERR_SESSION_REFUSED',
    `An \`authorization\` listener did not answer ${when}: it must call \`fn\`, or return a boolean`,
  );
}

function refusedByListenerError(): SessionError {
  return new SessionError(
    'ERR_SESSION_REFUSED',
    'An `authorization` listener refused the client: only `fn(null, true)` or a returned `true` accepts',
  );
}

function refusalOf(error: unknown, accepted: unknown): Refusal | undefined {
  if (error instanceof SessionError) return connectError(error.code);
  if (!error) return accepted === true ? undefined : connectError('ERR_SESSION_REFUSED');
  // Socket.IO sends the `message` and `data` of the error; a string has neither.
  if (typeof error === 'object') return error as Refusal;
  return Object.assign(connectError('ERR_SESSION_REFUSED'), { message: String(error) });
}
