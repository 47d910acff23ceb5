/**
 * @module Tells errors that no listener was given to `onError`, or else to the process.
 */

import type { Socket } from 'socket.io';
import { isThenable } from './assertions.js';
import { describeValue, helpFor, SessionError, type SessionErrorCode } from './errors.js';
import type { ResolvedOptions } from './options.js';
import { debug, publishRefusal } from './tracing.js';
import type { ErrorContext } from './types/options.js';

/** Where a listener was called, and with what. */
export interface ListenerContext extends ErrorContext {
  /**
   * Whether the listener was given a session; `false` where it was given an error in its place.
   *
   * @default true
   */
  readonly hasSession?: boolean;
}

/** Where a client was refused. */
type SocketContext = ErrorContext & { readonly socket: Socket };

/** What else there is to know about the options. */
type DiagnosticsOptions = Partial<Pick<ResolvedOptions, 'reportRefusals' | 'sessionId'>>;

/** The refusals that a mistake in the configuration can bring about, for every visitor alike. */
const configurable: ReadonlySet<SessionErrorCode> = new Set<SessionErrorCode>([
  'ERR_SESSION_COOKIE_MISSING',
  'ERR_SESSION_COOKIE_INVALID',
  'ERR_SESSION_COOKIE_PARSER',
  'ERR_SESSION_ORIGIN',
  'ERR_SESSION_NOT_FOUND',
]);

/** Tells errors to `onError`, or, without one, to where Node.js would have them. */
export class Diagnostics {
  readonly #onError: ResolvedOptions['onError'];
  readonly #options: DiagnosticsOptions;
  readonly #warned = new Set<unknown>();

  constructor(onError: ResolvedOptions['onError'], options: DiagnosticsOptions = {}) {
    this.#onError = onError;
    this.#options = options;
  }

  /**
   * Calls a listener of the application and deals with what it throws or rejects with.
   *
   * @returns what it returned
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
          // Thrown on, it is the unhandled rejection that it would have been.
          if (!this.#handle(error, context)) throw error;
        });
      }
      return result;
    } catch (error) {
      this.listenerFailed(error, context);
      return undefined;
    }
  }

  /** A listener threw or rejected. */
  listenerFailed(error: unknown, context: ListenerContext): void {
    if (!this.#handle(error, context)) rethrow(error);
  }

  /** The store or the parser failed, or an ignored save did: never a reason to end the process. */
  failed(error: unknown, context: ErrorContext): void {
    if (this.#onError) this.#tell(error, context);
    else this.warn(error);
  }

  /**
   * A client has no session, or was refused: told to `onError` where `reportRefusals` is on, and
   * otherwise, outside production, as a warning where the configuration may be the reason.
   */
  refused(error: SessionError, context: SocketContext): void {
    const { code, message } = error;
    const event = String(context.event);
    const namespace = context.socket.nsp.name;
    publishRefusal(() => ({ code, message, event, namespace }));
    debug.socket('%s refused in %s (%s): %s', event, namespace, code, message);
    if (this.#onError && this.#options.reportRefusals) this.#tell(error, context);
    else if (this.#isLikelyMistake(code, context)) {
      this.#warnOnce(
        `refused ${code}`,
        `${message}. This is told once, and not in production; turn \`reportRefusals\` on to have \`onError\` hear of each`,
        { code, detail: `See ${helpFor(code)}` },
      );
    }
  }

  /** Whether the configuration may be to blame, and not only a visitor who has no session yet. */
  #isLikelyMistake(code: SessionErrorCode, { socket }: SocketContext): boolean {
    if (process.env.NODE_ENV === 'production' || !configurable.has(code)) return false;
    if (code !== 'ERR_SESSION_COOKIE_MISSING') return true;
    return !this.#options.sessionId && socket.handshake.headers.cookie === undefined;
  }

  /** Something failed that is not about a socket: a process warning, once per code. */
  warn(error: unknown): void {
    const { code, message } =
      error instanceof SessionError ? error : { code: undefined, message: 'A session failed' };
    this.#warnOnce(code, `${message}. Give \`onError\` to hear of each such error, and its cause`, {
      code,
      ...(code === undefined ? {} : { detail: `See ${helpFor(code)}` }),
    });
  }

  /** The configuration is likely to be a mistake: a process warning, once, and not in production. */
  advise(message: string): void {
    if (process.env.NODE_ENV !== 'production') this.#warnOnce(message, message, {});
  }

  /**
   * Deals with a listener's error, unless it is for Node.js to deal with: a mistake of a listener
   * that had its session, without `onError`. Nothing that a visitor brings about ends the process:
   * not a session that is missing, nor a `SessionError` that a listener throws on.
   */
  #handle(error: unknown, context: ListenerContext): boolean {
    if (this.#onError) this.#tell(error, context);
    else if (error instanceof SessionError) this.warn(error);
    else if (context.hasSession === false) this.#warnOfListener(error, context);
    else return false;
    return true;
  }

  #warnOfListener(error: unknown, { event }: ErrorContext): void {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : describeValue(error);
    this.#warnOnce(
      event,
      `A listener of \`${String(event)}\` threw while it was called without a session (${what}): check \`err\` before using \`session\`, or give \`onError\` to hear of each such error`,
      error instanceof Error && error.stack ? { detail: error.stack } : {},
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

  #tell(error: unknown, { socket, event }: ErrorContext): void {
    try {
      this.#onError?.(error, { socket, event });
    } catch (mistake) {
      rethrow(mistake);
    }
  }
}

/** Throws in a turn of its own, as an uncaught exception, like that of any listener. */
function rethrow(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
