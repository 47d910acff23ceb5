/**
 * @module What `enable` is given, in both of its forms, and what is said of a wrong one. Knows the
 * names; must not know what is done with any.
 */

import type { IncomingMessage } from 'node:http';
import type { Store } from 'express-session';
import type { Server } from 'socket.io';
import { assertCookieParser, assertServer, assertStore, isServer } from '../assertions.js';
import { describeValue } from '../errors.js';
import { optionNames } from '../options.js';
import type { ExpressionSocketOptions } from '../types/options.js';
import type { CookieParser } from '../types.js';

/**
 * Tells the session id of an HTTP request. Whoever gives it takes over what the library checks about
 * a cookie: never return an id that the client could have made up.
 */
export type CookieCutter = (
  request: IncomingMessage,
) => string | undefined | Promise<string | undefined>;

/** The options of `ExpressionSocket` that `enable` decides by itself. */
type Decided = 'alwaysSession' | 'autoErrManager' | 'sessionId';

/** The options of `enable`; either `parser` or `cutter` must be there. */
export interface SessionsOptions extends Omit<ExpressionSocketOptions, Decided> {
  /**
   * Whether the session is read and saved for each message, and not for the whole connection.
   *
   * @default false
   */
  readonly per_message?: boolean | 0 | 1 | undefined;

  /** What `cookieParser(secret)` returns, with the secret of `express-session`. */
  readonly parser?: CookieParser | undefined;

  /** Tells the session id in place of `parser`. */
  readonly cutter?: CookieCutter | undefined;

  /**
   * Which sites' pages may include the client script: its `Cross-Origin-Resource-Policy`. Those of
   * other origins get no ticket by it, whatever it is.
   *
   * @default 'same-origin'
   */
  readonly resourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin' | undefined;
}

/** What `enable` takes where it takes one argument. */
export interface SessionsSettings<Io = Server> extends SessionsOptions {
  /** The Socket.IO server. */
  readonly socket: Io;
  /** The session store that `express-session` was given. */
  readonly store: Store;
}

/** The settings, in one shape. */
export interface ResolvedSettings {
  readonly io: Server;
  readonly store: Store;
  readonly isPerMessage: boolean;
  readonly parser: CookieParser | undefined;
  readonly cutter: CookieCutter | undefined;
  readonly resourcePolicy: 'same-origin' | 'same-site' | 'cross-origin';
  /** What is left is for `ExpressionSocket`. */
  readonly options: Omit<ExpressionSocketOptions, Decided>;
}

const decided: readonly string[] = [
  'alwaysSession',
  'autoErrManager',
  'sessionId',
] satisfies Decided[];
const own = ['per_message', 'parser', 'cutter', 'resourcePolicy'];
const names = [...own, ...optionNames.filter((name) => !decided.includes(name))];
const policies: readonly unknown[] = ['same-origin', 'same-site', 'cross-origin'];

/**
 * Reads the arguments of `enable`.
 *
 * @throws {TypeError} which names what is wrong, what was expected and what came
 */
export function readSettings(args: readonly unknown[]): ResolvedSettings {
  const [first, ...others] = args;
  if (isServer(first)) return resolve(first, others[0], others[1] ?? {});
  if (!isObject(first)) {
    throw new TypeError(
      `\`enable\`: expected \`{ socket, store, parser }\`, or a Socket.IO server, a store and options, got ${describeValue(first)}`,
    );
  }
  const { socket, store, ...options } = first as { socket?: unknown; store?: unknown };
  return resolve(socket, store, options);
}

function resolve(io: unknown, store: unknown, given: unknown): ResolvedSettings {
  assertServer(io, 'socket');
  assertStore(store);
  if (!isObject(given)) {
    throw new TypeError(`\`enable\`: expected an object of options, got ${describeValue(given)}`);
  }
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw unknown(name);
  }
  const { per_message, parser, cutter, resourcePolicy, ...options } = given as SessionsOptions;
  checkPerMessage(per_message);
  checkSource(parser, cutter);
  if (resourcePolicy !== undefined && !policies.includes(resourcePolicy)) {
    throw new TypeError(
      `\`resourcePolicy\`: expected one of ${policies.join(', ')}, got ${describeValue(resourcePolicy)}`,
    );
  }
  return {
    // Both were checked.
    io: io as Server,
    store: store as Store,
    isPerMessage: Boolean(per_message),
    parser,
    cutter,
    resourcePolicy: resourcePolicy ?? 'same-origin',
    options,
  };
}

function checkPerMessage(perMessage: unknown): void {
  if ([undefined, true, false, 0, 1].includes(perMessage as undefined)) return;
  throw new TypeError(`\`per_message\`: expected a boolean, got ${describeValue(perMessage)}`);
}

function checkSource(parser: unknown, cutter: unknown): void {
  if (parser !== undefined && cutter !== undefined) {
    throw new TypeError('`enable`: expected `parser` or `cutter`, got both');
  }
  if (cutter !== undefined) {
    if (typeof cutter === 'function') return;
    throw new TypeError(
      `\`cutter\`: expected a function that tells the session id of a request, got ${describeValue(cutter)}`,
    );
  }
  if (parser === undefined) {
    throw new TypeError(
      '`enable`: expected `parser`, such as `cookieParser(secret)`, or `cutter`, got neither: without one, nobody could tell a session id from one that was made up',
    );
  }
  assertCookieParser(parser, 'parser');
}

function unknown(name: string): TypeError {
  const reason = decided.includes(name)
    ? `\`${name}\` is not for \`enable\`, which decides it by itself`
    : `Unknown option \`${name}\``;
  return new TypeError(`${reason}; expected one of socket, store, ${names.join(', ')}`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
