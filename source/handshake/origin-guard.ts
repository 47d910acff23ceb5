/**
 * @module The origin of a handshake. Knows hosts, `cors.origin` and `origins`; must not know cookies
 * or sessions.
 *
 * Browsers send cookies along with a WebSocket that a foreign page opens, and no CORS check stops
 * it: https://owasp.org/www-community/attacks/csrf and RFC 6455, section 10.2.
 */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Deadlines } from '../deadlines.js';
import { SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { Handshake } from '../types/options.js';

/** What the `cors` option of a Socket.IO server may be, as the `cors` package reads it. */
type CorsOption = unknown;

/** What the guard is told about the server, besides the deadline. */
export interface OriginRules {
  readonly origins: ResolvedOptions['origins'];
  /** Tells the server's own `cors` option; asked at each handshake, for it may be attached later. */
  readonly cors: () => CorsOption;
}

/** Lets a session only to the host's own pages and to the origins that somebody named. */
export class OriginGuard {
  readonly #rules: OriginRules;
  readonly #deadlines: Deadlines;

  constructor({ origins, cors }: OriginRules, deadlines: Deadlines) {
    this.#rules = { origins: Array.isArray(origins) ? origins.map(asSent) : origins, cors };
    this.#deadlines = deadlines;
  }

  /**
   * Passes a friendly origin, and a client that sends none: that is no browser.
   *
   * @throws {SessionError} `ERR_SESSION_ORIGIN`
   */
  async check(handshake: Handshake, request: IncomingMessage): Promise<void> {
    if (this.#rules.origins === false) return;
    const { origin, host = handshake.headers[':authority'] } = handshake.headers;
    if (origin === undefined) {
      if (isForeignScript(handshake)) throw foreign('of a script on a foreign page');
      return;
    }
    if (isSameHost(origin, host)) return;
    let cause: unknown;
    try {
      // `null` is what a sandboxed page of anybody sends, so nobody can name it.
      if (origin !== 'null' && (await this.#isNamed(origin, handshake, request))) return;
    } catch (error) {
      cause = error;
    }
    throw foreign(JSON.stringify(origin), cause);
  }

  #isNamed(origin: string, handshake: Handshake, request: IncomingMessage): Promise<boolean> {
    const { origins, cors } = this.#rules;
    return this.#deadlines.wait<boolean>(
      ({ resolve, reject }) => {
        const decide = async () => {
          if (typeof origins === 'function') {
            if ((await origins(origin, handshake)) === true) return true;
          } else if (origins && matches(origin, origins)) return true;
          return isNamedByCors(origin, await corsOrigin(cors(), request));
        };
        decide().then(resolve, reject);
      },
      (when) => new Error(`\`origins\` or \`cors.origin\` did not answer ${when}`),
    );
  }
}

function foreign(origin: string, cause?: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_ORIGIN',
    `The origin ${origin} may not have a session: it is not the host's own; add it to \`origins\`, or to the server's \`cors.origin\``,
    cause === undefined ? undefined : { cause },
  );
}

/**
 * A handshake without an `Origin` is no browser's, but for one: a `<script>` of a foreign page, by
 * the JSONP of Engine.IO's polling, whose answer that page can read. Browsers tell such a request by
 * `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), older ones by its `Referer`, if at all.
 */
function isForeignScript({ headers, query }: Handshake): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return query.j !== undefined && !hasOwnReferer(headers);
}

/**
 * Whether a request for a script came from a page of the host's own, whatever `origins` say: what is
 * in a script, every page can find out that includes it. A `<script>` has no `Origin`.
 */
export function hasOwnPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return hasOwnReferer(headers);
}

function hasOwnReferer({ referer, host }: IncomingHttpHeaders): boolean {
  if (referer === undefined || !URL.canParse(referer)) return false;
  return isSameHost(new URL(referer).origin, host);
}

/** Compares hosts with their ports; the origin's scheme says which port needs no mention. */
function isSameHost(origin: string, host: string | string[] | undefined): boolean {
  if (typeof host !== 'string') return false;
  const theirs = parseHost(origin);
  if (theirs === undefined) return false;
  return theirs.host === parseHost(`${theirs.protocol}//${host}`)?.host;
}

/** Takes a scheme, a host and a port, and nothing besides. */
function parseHost(origin: string): URL | undefined {
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#@\\\s]+$/i.test(origin) || !URL.canParse(origin))
    return undefined;
  return new URL(origin);
}

/** An origin as browsers send it: in lower case, without the port that its scheme implies. */
function asSent(origin: string | RegExp): string | RegExp {
  if (typeof origin !== 'string' || !URL.canParse(origin)) return origin;
  const { protocol, host } = new URL(origin);
  return `${protocol}//${host}`;
}

function matches(origin: string, allowed: readonly (string | RegExp)[]): boolean {
  return allowed.some((one) =>
    typeof one === 'string' ? one === origin : origin.search(one) >= 0,
  );
}

/** The `origin` of the `cors` option, which may itself be a function of the request. */
function corsOrigin(cors: CorsOption, request: IncomingMessage): Promise<unknown> {
  if (typeof cors !== 'function') return Promise.resolve(readOrigin(cors));
  return new Promise((resolve, reject) => {
    cors(request, (error: unknown, options: unknown) => {
      if (error) reject(error);
      else resolve(readOrigin(options));
    });
  });
}

function readOrigin(options: unknown): unknown {
  return typeof options === 'object' && options !== null && 'origin' in options
    ? options.origin
    : undefined;
}

/** `true` and `'*'` allow everybody and so name nobody; a function that says `true` names this one. */
function isNamedByCors(origin: string, named: unknown): boolean | Promise<boolean> {
  if (typeof named === 'string' || named instanceof RegExp) return matches(origin, [named]);
  if (Array.isArray(named)) return matches(origin, named.filter(isPattern));
  if (typeof named !== 'function') return false;
  return new Promise((resolve, reject) => {
    named(origin, (error: unknown, answer: unknown) => {
      if (error) reject(error);
      else if (answer === true) resolve(true);
      else resolve(typeof answer === 'function' ? false : isNamedByCors(origin, answer));
    });
  });
}

function isPattern(value: unknown): value is string | RegExp {
  return typeof value === 'string' || value instanceof RegExp;
}
