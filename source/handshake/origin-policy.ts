/**
 * @module Decides which origins may have a session: the host's own, and those that `origins` or the
 * server's `cors.origin` name.
 *
 * Browsers send cookies along with a WebSocket that a foreign page opens, and no CORS check stops
 * it: https://owasp.org/www-community/attacks/csrf and RFC 6455, section 10.2.
 */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Deadlines } from '../deadlines.js';
import { debug } from '../diagnostics.js';
import { SessionError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { Handshake } from '../types/options.js';

/** What the `cors` option of a Socket.IO server may be, as the `cors` package reads it. */
type CorsOption = unknown;

/** What the policy is made of. */
export interface OriginPolicyDependencies {
  readonly origins: ResolvedOptions['origins'];
  /** Whether the host is taken from `X-Forwarded-Host`, if there is one. */
  readonly trustProxy?: boolean;
  /**
   * Returns the `cors` option of the server that a request was sent to; called at each handshake, since
   * the server may be attached later, and to several HTTP servers with options of their own.
   */
  readonly cors: (request: IncomingMessage) => CorsOption;
  readonly deadlines: Deadlines;
}

/** Refuses handshakes from pages of other sites. */
export class OriginPolicy {
  readonly #dependencies: OriginPolicyDependencies;

  constructor(dependencies: OriginPolicyDependencies) {
    const { origins } = dependencies;
    this.#dependencies = {
      ...dependencies,
      origins: Array.isArray(origins) ? origins.map(asSent) : origins,
    };
  }

  /**
   * Accepts an origin that may have a session, and a client that sends none, which is no browser.
   *
   * @throws {SessionError} `ERR_SESSION_ORIGIN`
   */
  async check(handshake: Handshake, request: IncomingMessage): Promise<void> {
    const { origins, trustProxy = false } = this.#dependencies;
    if (origins === false) return;
    const { origin } = handshake.headers;
    if (origin === undefined) {
      if (isForeignScript(handshake, trustProxy)) throw scriptRefusalError();
      return;
    }
    if (!isSameHost(origin, hostOf(handshake.headers, trustProxy))) {
      return this.#checkName(origin, handshake, request);
    }
    debug.handshake('origin %s is the host', origin);
    return undefined;
  }

  async #checkName(origin: string, handshake: Handshake, request: IncomingMessage): Promise<void> {
    let cause: unknown;
    try {
      // `null` is what a sandboxed page of anybody sends, so nobody can name it.
      if (origin !== 'null' && (await this.#isNamed(origin, handshake, request))) {
        return debug.handshake('origin %s is allowed by name', origin);
      }
    } catch (error) {
      cause = error;
    }
    throw this.#refusal(origin, handshake, { request, cause });
  }

  #isNamed(origin: string, handshake: Handshake, request: IncomingMessage): Promise<boolean> {
    const { origins, cors, deadlines } = this.#dependencies;
    return deadlines.call(
      async () => {
        if (typeof origins === 'function') {
          if ((await origins(origin, handshake)) === true) return true;
        } else if (origins && matches(origin, origins)) return true;
        return isNamedByCors(origin, await corsOrigin(cors(request), request));
      },
      (when) => new Error(`\`origins\` or \`cors.origin\` did not answer ${when}`),
    );
  }

  #refusal(
    origin: string,
    { headers }: Handshake,
    { request, cause }: { request: IncomingMessage; cause: unknown },
  ): SessionError {
    const { cors, trustProxy = false } = this.#dependencies;
    const host = hostOf(headers, trustProxy);
    const options = cors(request);
    const hints = [
      "add it to `origins`, or to the server's `cors.origin`",
      proxyHint(headers, trustProxy),
      allowsEverybody(options) &&
        '`cors.origin` allows every origin, but a session needs origins that are listed by name',
      namesWithSlash(origin, options) && 'remove the trailing slash from `cors.origin`',
    ];
    if (origin === 'null') {
      return refusal(
        'The origin `null` may not have a session: sandboxed frames, `file:` pages and some redirects send it, so it cannot be allowed; serve the page over HTTP',
        cause,
      );
    }
    return refusal(
      `The origin ${JSON.stringify(origin)} may not have a session, since the host is ${JSON.stringify(host ?? null)}: ${hints.filter(Boolean).join('; ')}`,
      cause,
    );
  }
}

function refusal(message: string, cause: unknown): SessionError {
  return new SessionError('ERR_SESSION_ORIGIN', message, { cause });
}

function scriptRefusalError(): SessionError {
  return refusal(
    'A script on a page of another site may not have a session: connect with WebSocket or with polling by XMLHttpRequest, and add the origin to `origins`',
    undefined,
  );
}

/** The host that a request was sent to, with its port if it has one. */
function hostOf(headers: IncomingHttpHeaders, trustProxy: boolean): string | undefined {
  const { host = headers[':authority'] } = headers;
  // Several proxies make a list, of which the first is what the browser asked for.
  const forwarded = trustProxy ? String(headers['x-forwarded-host'] ?? '').split(',', 1)[0] : '';
  return forwarded?.trim() || (typeof host === 'string' ? host : undefined);
}

function proxyHint(headers: IncomingHttpHeaders, trustProxy: boolean): string | false {
  if (trustProxy || headers['x-forwarded-host'] === undefined) return false;
  return 'if your proxy changes the `Host` header, turn `trustProxy` on';
}

/** Whether `cors` allows all origins, as the `cors` package does if no origin is given. */
function allowsEverybody(cors: CorsOption): boolean {
  if (!cors || typeof cors === 'function') return false;
  const origin = readOrigin(cors) ?? '*';
  return origin === '*' || origin === true;
}

function namesWithSlash(origin: string, cors: CorsOption): boolean {
  return [readOrigin(cors)].flat().includes(`${origin}/`);
}

/**
 * Whether a handshake without an `Origin` is that of a `<script>` on a page of another site, by the
 * JSONP of Engine.IO's polling: the one browser request without an `Origin` whose response the page
 * can read. Browsers mark it with `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), older
 * ones with a `Referer`, if at all.
 */
function isForeignScript({ headers, query }: Handshake, trustProxy: boolean): boolean {
  const mayBeScript = headers['sec-fetch-site'] !== undefined || query.j !== undefined;
  return mayBeScript && !hasOwnPage(headers, trustProxy);
}

/**
 * Whether a request for a script came from a page on the same host. `origins` does not apply, because a
 * `<script>` sends no `Origin`, and every page that includes a script can find out what is in it.
 */
export function hasOwnPage(headers: IncomingHttpHeaders, trustProxy = false): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return hasOwnReferer(headers, trustProxy);
}

function hasOwnReferer(headers: IncomingHttpHeaders, trustProxy: boolean): boolean {
  const { referer } = headers;
  if (referer === undefined || !URL.canParse(referer)) return false;
  return isSameHost(new URL(referer).origin, hostOf(headers, trustProxy));
}

/** Compares hosts with their ports, which may be left out if they are the scheme's default. */
function isSameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined) return false;
  const theirs = parseHost(origin);
  if (theirs === undefined) return false;
  return theirs.host === parseHost(`${theirs.protocol}//${host}`)?.host;
}

/** Parses a scheme, a host and a port; anything more is no origin. */
function parseHost(origin: string): URL | undefined {
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#@\\\s]+$/i.test(origin) || !URL.canParse(origin))
    return undefined;
  return new URL(origin);
}

/** An origin as browsers send it: in lower case, without the default port of its scheme. */
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

/** `true` and `'*'` name no origin; a function that answers `true` names the one it was asked for. */
function isNamedByCors(origin: string, named: unknown): boolean | Promise<boolean> {
  if (typeof named === 'string' || named instanceof RegExp) return matches(origin, [named]);
  // The `cors` package takes arrays in arrays.
  if (Array.isArray(named)) {
    return matches(origin, named.flat(Number.POSITIVE_INFINITY).filter(isPattern));
  }
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
