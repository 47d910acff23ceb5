/**
 * @module Reports errors that no listener gets: to `onError`, or else to the process.
 */

import type { Socket } from 'socket.io';
import { isThenable } from './assertions.js';
import { debug, publishRefusal } from './diagnostics.js';
import { describeValue, helpFor, SessionError, type SessionErrorCode } from './errors.js';
import type { ErrorContext, ExpressionSocketOptions } from './types/options.js';

/** The socket and event of a call of a listener, and whether it got a session. */
export interface ListenerContext extends ErrorContext {
  /**
   * Whether the listener was given a session; `false` if it was given an error instead.
   *
   * @default true
   */
  readonly hasSession?: boolean;
}

/** The socket and event of a refusal. */
type RefusalContext = ErrorContext & { readonly socket: Socket };

type ErrorReporterOptions = Pick<
  ExpressionSocketOptions,
  'onError' | 'reportRefusals' | 'sessionId'
>;

/** The refusals that a mistake in the configuration may cause for every visitor. */
const mayBeMisconfigured: ReadonlySet<SessionErrorCode> = new Set<SessionErrorCode>([
  'ERR_SESSION_COOKIE_MISSING',
  'ERR_SESSION_COOKIE_INVALID',
  'ERR_SESSION_COOKIE_PARSER',
  'ERR_SESSION_ORIGIN',
  'ERR_SESSION_NOT_FOUND',
]);

/** Reports errors to `onError`; without it, as a process warning or an uncaught exception. */
export class ErrorReporter {
  readonly #options: ErrorReporterOptions;
  readonly #warned = new Set<unknown>();

  constructor(options: ErrorReporterOptions) {
    this.#options = options;
  }

  /**
   * Calls a listener of the application, and reports what it throws or rejects with.
   *
   * @returns what the listener returned
   */
  call(
    listener: (...args: unknown[]) => unknown,
    args: unknown[],
    context: ListenerContext,
  ): unknown {
    try {
      const result: unknown = Reflect.apply(listener, context.socket, args);
      if (isThenable(result)) {
        result.then(undefined, (error) => {
          // Rethrown, it is an unhandled rejection, as it is without the library.
          if (!this.#handleListenerError(error, context)) throw error;
        });
      }
      return result;
    } catch (error) {
      this.reportListener(error, context);
      return undefined;
    }
  }

  /** Reports what a listener threw or rejected with. */
  reportListener(error: unknown, context: ListenerContext): void {
    if (!this.#handleListenerError(error, context)) rethrow(error);
  }

  /** Reports a failure of the store, of the parser, or of an ignored save; never ends the process. */
  report(error: unknown, context: ErrorContext): void {
    if (this.#options.onError) this.#callOnError(error, context);
    else this.#warn(error);
  }

  /**
   * Reports that a client has no session or was refused: to `onError` with `reportRefusals`, or else,
   * outside production, as a warning if the configuration may be the reason.
   */
  reportRefusal(error: SessionError, context: RefusalContext): void {
    const { code, message } = error;
    const event = String(context.event);
    const namespace = context.socket.nsp.name;
    publishRefusal(() => ({ code, message, event, namespace }));
    // A client without a session is still connected, unless an `authorization` listener refuses it.
    const outcome = event === 'handshake' ? 'no session' : 'refused';
    debug.socket('%s in %s (%s): %s', outcome, namespace, code, message);
    if (this.#options.onError && this.#options.reportRefusals) this.#callOnError(error, context);
    else if (this.#isLikelyMistake(code, context)) {
      this.#warnOnce(
        `refused ${code}`,
        `${message}. This warning is emitted once, and not in production; turn \`reportRefusals\` on to report each refusal to \`onError\``,
        { code, detail: `See ${helpFor(code)}` },
      );
    }
  }

  /** Whether the configuration may be the reason, and not only that a visitor has no session yet. */
  #isLikelyMistake(code: SessionErrorCode, { socket }: RefusalContext): boolean {
    if (process.env.NODE_ENV === 'production' || !mayBeMisconfigured.has(code)) return false;
    if (code !== 'ERR_SESSION_COOKIE_MISSING') return true;
    const { cookie } = socket.handshake.headers;
    // A signed cookie of another name is probably the session's.
    return !this.#options.sessionId && (cookie === undefined || /=s(?:%3A|:)/i.test(cookie));
  }

  /** Reports a failure as a process warning, once per code. */
  #warn(error: unknown): void {
    const { code, message } =
      error instanceof SessionError
        ? error
        : { code: undefined, message: 'An operation on a session failed' };
    this.#warnOnce(code, `${message}. Set \`onError\` to get each such error, with its cause`, {
      code,
      ...(code === undefined ? {} : { detail: `See ${helpFor(code)}` }),
    });
  }

  /** Reports a likely mistake in the configuration as a process warning, once, and not in production. */
  advise(message: string): void {
    if (process.env.NODE_ENV !== 'production') this.#warnOnce(message, message, {});
  }

  /**
   * Reports what a listener threw. Without `onError`, a visitor must not be able to end the process:
   * a `SessionError`, or what is thrown for lack of a session, becomes a warning.
   *
   * @returns `false` for any other mistake without `onError`, which ends the process as in Node.js
   */
  #handleListenerError(error: unknown, context: ListenerContext): boolean {
    if (this.#options.onError) this.#callOnError(error, context);
    else if (error instanceof SessionError) this.#warn(error);
    else if (context.hasSession === false) this.#warnOfListener(error, context);
    else return false;
    return true;
  }

  #warnOfListener(error: unknown, { event }: ErrorContext): void {
    const { what, stack } = describeThrown(error);
    this.#warnOnce(
      event,
      `A listener of \`${String(event)}\` threw while it was called without a session (${what}): check \`err\` before using \`session\`, or set \`onError\` to get each such error`,
      stack ? { detail: stack } : {},
    );
  }

  #warnOnce(
    kind: unknown,
    message: string,
    { code, detail }: { code?: string | undefined; detail?: string },
  ): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    process.emitWarning(message, {
      type: 'SessionWarning',
      ...(code === undefined ? {} : { code }),
      ...(detail === undefined ? {} : { detail }),
    });
  }

  #callOnError(error: unknown, { socket, event }: ErrorContext): void {
    const { onError } = this.#options;
    try {
      onError?.(error, { socket, event });
    } catch (mistake) {
      rethrow(mistake);
    }
  }
}

/** What a listener threw, which may be an error whose getters throw. */
function describeThrown(error: unknown): { readonly what: string; readonly stack?: string } {
  if (!(error instanceof Error)) return { what: describeValue(error) };
  try {
    const { name, message, stack = '' } = error;
    return { what: `${name}: ${message}`, stack };
  } catch {
    return { what: 'an error that cannot be read' };
  }
}

/** Throws in a later turn, as an uncaught exception. */
function rethrow(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
