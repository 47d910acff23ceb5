/**
 * @module The signed cookie of a handshake. Knows the cookie parser and the cookie's name; must not
 * know the store, nor give cookies or the secret to anything that outlives the call.
 */

import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket as NetSocket } from 'node:net';
import type { Deadlines, Settle } from '../deadlines.js';
import { describeValue, SessionError } from '../errors.js';
import { isThenable } from '../thenable.js';
import type { CookieParser } from '../types.js';

/** What a cookie parser leaves on the request that it was given. */
interface ParsedRequest extends IncomingMessage {
  cookies?: unknown;
  signedCookies?: unknown;
  secret?: unknown;
}

/** Reads the session id from the signed cookie of a handshake. */
export class SessionCookie {
  readonly #key: string;
  readonly #parse: CookieParser;
  readonly #deadlines: Deadlines;

  constructor(key: string, cookieParser: CookieParser, deadlines: Deadlines) {
    this.#key = key;
    this.#parse = cookieParser;
    this.#deadlines = deadlines;
  }

  /**
   * Tells the session id that the cookie vouches for.
   *
   * @throws {SessionError} `ERR_SESSION_COOKIE_PARSER`, `…_MISSING` or `…_INVALID`
   */
  async readSessionId(request: IncomingMessage): Promise<string> {
    const parsed = parserRequest(request);
    await this.#runParser(parsed);
    if (!isObject(parsed.cookies) && !isObject(parsed.signedCookies)) {
      throw new SessionError(
        'ERR_SESSION_COOKIE_PARSER',
        'The cookie parser left neither `cookies` nor `signedCookies` on the request; expected a parser such as `cookieParser(secret)`',
      );
    }
    const value = ownValue(parsed.signedCookies, this.#key);
    if (typeof value === 'string' && value !== '') return value;
    throw this.#complain(value, ownValue(parsed.cookies, this.#key), parsed);
  }

  /**
   * Tells the secret of the cookie parser, if it leaves one on the requests that it is given, as
   * `cookie-parser` does: the first of several.
   *
   * @throws {SessionError} `ERR_SESSION_COOKIE_PARSER` where it fails
   */
  async readSecret(): Promise<unknown> {
    const request = parserRequest(new IncomingMessage(new NetSocket()));
    await this.#runParser(request);
    return request.secret;
  }

  #runParser(request: ParsedRequest): Promise<void> {
    return this.#deadlines
      .wait<void>(
        (settle) => this.#begin(request, settle),
        (when) => new Error(`It did not call back ${when}`),
      )
      .catch((cause: unknown) => {
        throw new SessionError('ERR_SESSION_COOKIE_PARSER', 'The cookie parser failed', { cause });
      });
  }

  #begin(request: ParsedRequest, settle: Settle<void>): void {
    const result = this.#parse(request, new ServerResponse(request), (error) => {
      if (error) settle.reject(error);
      else settle.resolve();
    });
    if (isThenable(result)) result.then(undefined, settle.reject);
    // `cookieParser` in place of `cookieParser(secret)` returns the parser and never calls back.
    if (typeof result === 'function') {
      settle.reject(
        new TypeError('It returned a function: pass what `cookieParser(secret)` returns'),
      );
    }
  }

  #complain(signed: unknown, unsigned: unknown, parsed: ParsedRequest): SessionError {
    if (signed === undefined && unsigned === undefined) {
      return new SessionError(
        'ERR_SESSION_COOKIE_MISSING',
        `The handshake has no cookie named \`${this.#key}\`: the visitor has no session, or \`key\` is not the \`name\` given to express-session`,
      );
    }
    if (signed !== undefined) {
      return new SessionError(
        'ERR_SESSION_COOKIE_INVALID',
        signed === false
          ? `The signature of the cookie \`${this.#key}\` is wrong: it was altered, or the cookie parser and express-session have different secrets`
          : `The cookie \`${this.#key}\` holds ${describeValue(signed)}; expected a session id`,
      );
    }
    const hasNoSecret = typeof unsigned === 'string' && unsigned.startsWith('s:') && !parsed.secret;
    return new SessionError(
      'ERR_SESSION_COOKIE_INVALID',
      hasNoSecret
        ? `The cookie \`${this.#key}\` is signed, but the cookie parser has no secret to check it with: use \`cookieParser(secret)\` with the secret of express-session`
        : `The cookie \`${this.#key}\` is unsigned; expected the cookie that express-session signed`,
    );
  }
}

/**
 * A request of our own for the parser to write on. Not the handshake's: Socket.IO hands that to
 * other nodes and tools, and the parser leaves the cookies and its secret on what it is given.
 */
function parserRequest(request: IncomingMessage): ParsedRequest {
  const own = new IncomingMessage(request.socket ?? new NetSocket());
  own.method = 'GET';
  own.url = request.url ?? '/';
  own.headers = { ...request.headers };
  return own;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A cookie may be named `constructor`; what an object inherits is no cookie. */
function ownValue(cookies: unknown, key: string): unknown {
  if (!isObject(cookies) || !Object.hasOwn(cookies, key)) return undefined;
  return Reflect.get(cookies, key);
}
