/**
 * @module Who hears of an error that no listener was given. Knows `onError` and the process; must
 * not know what a session is.
 */

import { isMishap, SessionError, type SessionErrorCode } from './errors.js';
import type { ResolvedOptions } from './options.js';
import { isThenable } from './thenable.js';
import type { ErrorContext } from './types/options.js';

/** Brings errors to `onError`, or, without one, to where Node.js would have them. */
export class Diagnostics {
  readonly #onError: ResolvedOptions['onError'];
  readonly #warned = new Set<SessionErrorCode | undefined>();

  constructor(onError: ResolvedOptions['onError']) {
    this.#onError = onError;
  }

  /**
   * Calls a listener of the application, whose mistake stops nobody but itself.
   *
   * @returns what it returned
   */
  call(listener: (...args: unknown[]) => unknown, args: unknown[], context: ErrorContext): unknown {
    try {
      const result: unknown = Reflect.apply(listener, context.socket, args);
      if (isThenable(result)) {
        result.then(undefined, (error) => {
          // Thrown on, it is the unhandled rejection that it would have been.
          if (!this.#take(error, context)) throw error;
        });
      }
      return result;
    } catch (error) {
      this.listenerFailed(error, context);
      return undefined;
    }
  }

  /** A listener threw or rejected. */
  listenerFailed(error: unknown, context: ErrorContext): void {
    if (!this.#take(error, context)) rethrow(error);
  }

  /**
   * Takes a listener's error where somebody wants it. That `await session.save()` failed for the
   * store was down, or for the visitor logged out meanwhile, is no mistake of the listener.
   */
  #take(error: unknown, context: ErrorContext): boolean {
    if (isMishap(error)) this.failed(error, context);
    else if (this.#onError) this.#tell(error, context);
    else return false;
    return true;
  }

  /** The store or the parser failed, or an ignored save did: never a reason to end the process. */
  failed(error: unknown, context: ErrorContext): void {
    if (this.#onError) this.#tell(error, context);
    else this.warn(error);
  }

  /** Something failed that is not about a socket: a process warning, once per kind. */
  warn(error: unknown): void {
    const { code, message } =
      error instanceof SessionError ? error : { code: undefined, message: 'A session failed' };
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    process.emitWarning(
      `${message}. Give \`onError\` to hear of each such error, and its cause`,
      'SessionWarning',
      code,
    );
  }

  #tell(error: unknown, context: ErrorContext): void {
    try {
      this.#onError?.(error, context);
    } catch (mistake) {
      rethrow(mistake);
    }
  }
}

/** Throws where nothing of ours is on the stack: an uncaught exception, as of any listener. */
function rethrow(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
