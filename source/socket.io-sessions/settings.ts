/**
 * @module The arguments of `enable` in both of its forms: their types, checks and defaults.
 */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Store } from 'express-session';
import type { Server } from 'socket.io';
import { assertCookieParser, assertServer, assertStore, isServer } from '../assertions.js';
import { describeValue } from '../errors.js';
import { makeRequest } from '../handshake/signed-cookie.js';
import { assertTicketOptions, optionNames, optionOf } from '../options.js';
import type { CookieParser, ExpressionSocketOptions, TicketOptions } from '../types/options.js';

/**
 * Reads the session id from an HTTP request. It replaces the library's checks of the cookie, so it
 * must never return an id that the client could have made up.
 */
export type CookieCutter = (
  request: IncomingMessage,
) => string | undefined | Promise<string | undefined>;

/** Whose pages may include the client script. */
type ResourcePolicy = 'same-origin' | 'same-site' | 'cross-origin';

/** The options of `ExpressionSocket` that `enable` sets itself. */
type FixedOption = 'alwaysSession' | 'autoErrManager' | 'sessionId';

/** The options of `enable`; either `parser` or `cutter` is required. */
export interface SessionsOptions extends Omit<ExpressionSocketOptions, FixedOption> {
  /**
   * Whether the session is read and saved for each message instead of once per connection.
   *
   * @default false
   */
  readonly per_message?: boolean | 0 | 1 | undefined;

  /** What `cookieParser(secret)` returns, with the secret of `express-session`. */
  readonly parser?: CookieParser | undefined;

  /** Reads the session id in place of `parser`. */
  readonly cutter?: CookieCutter | undefined;

  /**
   * The `Cross-Origin-Resource-Policy` of the client script, which says whose pages may include it.
   * Pages on other origins get no ticket with it, whatever the policy.
   *
   * @default 'same-origin'
   */
  readonly resourcePolicy?: ResourcePolicy | undefined;
}

/** The argument of `enable` in its form with one argument. */
export interface SessionsSettings<Io = Server> extends SessionsOptions {
  /** The Socket.IO server. */
  readonly socket: Io;
  /** The session store that `express-session` was given. */
  readonly store: Store;
}

/** The settings with all defaults applied. */
export interface ResolvedSettings {
  readonly io: Server;
  readonly store: Store;
  readonly parser: CookieParser;
  readonly isPerMessage: boolean;
  readonly resourcePolicy: ResourcePolicy;
  /** The options for `ExpressionSocket`. Tickets are on, because the client script contains one. */
  readonly options: ExpressionSocketOptions & { readonly ticket: TicketOptions };
}

const fixed: readonly string[] = [
  'alwaysSession',
  'autoErrManager',
  'sessionId',
] satisfies FixedOption[];
const ownNames = ['per_message', 'parser', 'cutter', 'resourcePolicy'];
const names = [...ownNames, ...optionNames.filter((name) => !fixed.includes(name))];
const policies: readonly unknown[] = [
  'same-origin',
  'same-site',
  'cross-origin',
] satisfies ResourcePolicy[];

/**
 * Reads the arguments of `enable`.
 *
 * @throws {TypeError} if one is wrong; says which, what was expected and what came
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
  for (const name in given) {
    if (!names.includes(name) && optionOf(given, name) !== undefined) throw invalidName(name);
  }
  // Options may be inherited, or the getters of a class.
  const copied = Object.fromEntries(
    names.flatMap((name) => (name in given ? [[name, optionOf(given, name)]] : [])),
  );
  const { per_message, parser, cutter, resourcePolicy, ...options } = copied as SessionsOptions;
  const { ticket = {} } = options;
  assertTicketOptions(ticket);
  checkPerMessage(per_message);
  checkIdReader(parser, cutter);
  if (resourcePolicy !== undefined && !policies.includes(resourcePolicy)) {
    throw new TypeError(
      `\`resourcePolicy\`: expected one of ${policies.join(', ')}, got ${describeValue(resourcePolicy)}`,
    );
  }
  return {
    // Both were checked.
    io: io as Server,
    store: store as Store,
    parser: parser ?? parseNothing,
    isPerMessage: Boolean(per_message),
    resourcePolicy: resourcePolicy ?? 'same-origin',
    options: { ...options, ...(cutter ? cutterOptions(cutter, ticket) : { ticket }) },
  };
}

function checkPerMessage(perMessage: unknown): void {
  if ([undefined, true, false, 0, 1].includes(perMessage as undefined)) return;
  throw new TypeError(`\`per_message\`: expected a boolean, got ${describeValue(perMessage)}`);
}

function checkIdReader(parser: unknown, cutter: unknown): void {
  if (parser !== undefined && cutter !== undefined) {
    throw new TypeError('`enable`: expected `parser` or `cutter`, got both');
  }
  if (cutter !== undefined) {
    if (typeof cutter === 'function') return;
    throw new TypeError(
      `\`cutter\`: expected a function that returns the session id of a request, got ${describeValue(cutter)}`,
    );
  }
  if (parser === undefined) {
    throw new TypeError(
      '`enable`: expected `parser`, such as `cookieParser(secret)`, or `cutter`, got neither: without one, a made-up session id could not be told from a real one',
    );
  }
  assertCookieParser(parser, 'parser');
}

function invalidName(name: string): TypeError {
  const reason = fixed.includes(name)
    ? `\`${name}\` cannot be set, because \`enable\` sets it itself`
    : `Unknown option \`${name}\``;
  return new TypeError(`${reason}; expected one of socket, store, ${names.join(', ')}`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The options for a cutter, without a parser. */
function cutterOptions(
  cutter: CookieCutter,
  ticket: TicketOptions,
): { readonly ticket: TicketOptions; readonly sessionId: ExpressionSocketOptions['sessionId'] } {
  // Without a parser there is no secret to read; a random one is enough for a single process.
  const secret = ticket.secret ?? randomBytes(32).toString('base64url');
  return {
    ticket: { ...ticket, secret },
    // On a request of its own, because a cutter may write to it.
    sessionId: async (handshake) => cutter(makeRequest(handshake)),
  };
}

const parseNothing: CookieParser = (_request, _response, next) => next();
