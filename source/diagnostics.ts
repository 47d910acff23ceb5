/**
 * @module Who hears of an error that no listener was given. Knows `onError` and the process; must
 * not know what a session is.
 */

import { SessionError, type SessionErrorCode } from './errors.js';
import type { ErrorContext, ResolvedOptions } from './options.js';

/** Brings errors to `onError`, or, without one, to where Node.js would have them. */
export class Diagnostics {
  readonly #onError: ResolvedOptions['onError'];
  readonly #warned = new Set<SessionErrorCode | undefined>();

  constructor(onError: ResolvedOptions['onError']) {
    this.#onError = onError;
  }

  /** Calls a listener of the application, whose mistake stops nobody but itself. */
  call(listener: (...args: unknown[]) => unknown, args: unknown[], context: ErrorContext): void {
    try {
      const result = Reflect.apply(listener, context.socket, args);
      // Without `onError` a rejection is left alone: it is unhandled, and Node.js says so.
      if (this.#onError && isThenable(result)) {
        result.then(undefined, (error) => this.listenerFailed(error, context));
      }
    } catch (error) {
      this.listenerFailed(error, context);
    }
  }

  /** A listener threw or rejected. */
  listenerFailed(error: unknown, context: ErrorContext): void {
    if (this.#onError) this.#tell(error, context);
    else rethrow(error);
  }

  /** The store or the parser failed, or an ignored save did: never a reason to end the process. */
  failed(error: unknown, context: ErrorContext): void {
    if (this.#onError) {
      this.#tell(error, context);
      return;
    }
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

/** Whether a listener's result is a promise, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
