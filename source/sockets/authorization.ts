/**
 * @module The answer of an `authorization` listener. Knows every way to answer, and that only `true`
 * accepts; must not know what was asked.
 */

import type { Deadlines } from '../deadlines.js';
import { connectError, SessionError } from '../errors.js';
import { isThenable } from '../thenable.js';

/** What refuses a client: our error with its code, or whatever the application gave for one. */
export interface Refusal extends Error {
  readonly data?: { readonly code?: unknown };
}

/** The last parameter of an `authorization` listener. */
type Answer = (error?: unknown, accepted?: unknown) => void;

/** How to ask a listener, and whom to tell when asking fails. */
export interface Question {
  /** Calls the listener with the function that takes its answer. */
  readonly ask: (answer: Answer) => unknown;
  /** Hears what the listener threw or rejected with: the client does not. */
  readonly failed: (error: unknown) => void;
  /** Hears that it did not answer in time. */
  readonly late: (error: SessionError) => void;
}

/**
 * Puts a question to a listener and waits for its first answer: a call of the function that it is
 * given, or a boolean that it returns or resolves to.
 *
 * @returns the refusal, or nothing where the listener accepts
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
  // Socket.IO sends `message` and `data` of whatever it is given; a string has neither.
  if (typeof error === 'object') return error as Refusal;
  return Object.assign(connectError('ERR_SESSION_REFUSED'), { message: String(error) });
}
