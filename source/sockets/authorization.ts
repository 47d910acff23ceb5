/**
 * @module Calls an `authorization` listener and waits for its answer, of which only `true` accepts.
 */

import { isThenable } from '../assertions.js';
import type { Deadlines } from '../deadlines.js';
import { connectError, SessionError } from '../errors.js';

/** The error with which a client is refused: the library's, or the one that the application passed. */
export interface Refusal extends Error {
  readonly data?: { readonly code?: unknown };
}

/** The last parameter of an `authorization` listener. */
type Answer = (error?: unknown, accepted?: unknown) => void;

/** One call of a listener, and the callbacks for its failures. */
export interface Question {
  /** Calls the listener with `answer` as its last argument. */
  readonly ask: (answer: Answer) => unknown;
  /** Reports what the listener threw or rejected with, which the client is not shown. */
  readonly failed: (error: unknown) => void;
  /** Reports that it did not answer in time. */
  readonly late: (error: SessionError) => void;
}

/**
 * Calls a listener and waits for its first answer: a call of the function that it is given, or a
 * boolean that it returns or resolves to.
 *
 * @returns the refusal, or undefined if the listener accepts
 */
export async function authorize(
  { ask, failed, late }: Question,
  deadlines: Deadlines,
): Promise<Refusal | undefined> {
  try {
    return await deadlines.wait<Refusal | undefined>(
      ({ resolve }) => {
        const fail = (error: unknown): void => {
          failed(error);
          resolve(connectError('ERR_SESSION_REFUSED'));
        };
        const take = (returned: unknown): void => {
          if (typeof returned === 'boolean') resolve(verdict(null, returned));
        };
        try {
          const returned = ask((error, accepted) => resolve(verdict(error, accepted)));
          if (isThenable(returned)) returned.then(take, fail);
          else take(returned);
        } catch (error) {
          fail(error);
        }
      },
      (when) =>
        new SessionError(
          'ERR_SESSION_REFUSED',
          `An \`authorization\` listener did not answer ${when}: it must call \`fn\`, or return a boolean`,
        ),
    );
  } catch (error) {
    if (error instanceof SessionError) late(error);
    return connectError('ERR_SESSION_REFUSED');
  }
}

function verdict(error: unknown, accepted: unknown): Refusal | undefined {
  if (error instanceof SessionError) return connectError(error.code);
  if (!error) return accepted === true ? undefined : connectError('ERR_SESSION_REFUSED');
  // Socket.IO sends the `message` and `data` of the error; a string has neither.
  if (typeof error === 'object') return error as Refusal;
  return Object.assign(connectError('ERR_SESSION_REFUSED'), { message: String(error) });
}
