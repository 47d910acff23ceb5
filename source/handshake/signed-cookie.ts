/**
 * @module Reads the session id from the signed cookie of a handshake, with the application's cookie
 * parser. Neither cookies nor the parser's secret are kept after a call.
 */

import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket as NetSocket } from 'node:net';
import { isThenable } from '../assertions.js';
import type { Deadlines, Settle } from '../deadlines.js';
import { describeValue, SessionError } from '../errors.js';
import { redactError } from '../store-error.js';
import type { CookieParser } from '../types/options.js';

/** What a cookie parser leaves on the request that it was given. */
interface ParsedRequest extends IncomingMessage {
  cookies?: unknown;
  signedCookies?: unknown;
  secret?: unknown;
  secrets?: unknown;
}

/** Reads the session id from the signed cookie of a handshake. */
export class SignedCookie {
  readonly #key: string;
  readonly #parse: CookieParser;
  readonly #deadlines: Deadlines;

  constructor(key: string, cookieParser: CookieParser, deadlines: Deadlines) {
    this.#key = key;
    this.#parse = cookieParser;
    this.#deadlines = deadlines;
  }

  /**
   * Reads the session id, whose signature the parser has checked.
   *
   * @throws {SessionError} `ERR_SESSION_COOKIE_PARSER`, `…_MISSING` or `…_INVALID`
   */
  async readSessionId(request: IncomingMessage): Promise<string> {
    const parsed = makeRequest(request);
    await this.#runParser(parsed);
    return this.#sessionIdOf(parsed);
  }

  /**
   * Reads the secret that the cookie parser sets on a request, as `cookie-parser` does: the first one
   * where it has several.
   *
   * @throws {SessionError} `ERR_SESSION_COOKIE_PARSER` if it fails
   */
  async readSecret(): Promise<unknown> {
    const request: ParsedRequest = makeRequest();
    await this.#runParser(request);
    return request.secret;
  }

  /** What errors must not show of a request: its cookies, the ids in them, and the parser's secrets. */
  confidentialOf({ headers: { cookie = '' }, secret, secrets }: ParsedRequest): string[] {
    return [...confidentialTexts(cookie, this.#key), secret, secrets]
      .flat()
      .filter((text) => typeof text === 'string')
      .filter(({ length }) => length >= shortestConfidential);
  }

  async #runParser(request: ParsedRequest): Promise<void> {
    try {
      await this.#deadlines.wait<void>(
        (settle) => this.#begin(request, settle),
        (when) => new Error(`The cookie parser did not call \`next\` ${when}`),
      );
    } catch (error) {
      const cause = redactError(error, this.confidentialOf(request));
      throw new SessionError('ERR_SESSION_COOKIE_PARSER', 'The cookie parser failed', { cause });
    }
  }

  #begin(request: ParsedRequest, settle: Settle<void>): void {
    const result = this.#parse(request, new ServerResponse(request), (error) => {
      if (error) settle.reject(error);
      else settle.resolve();
    });
    if (isThenable(result)) result.then(undefined, settle.reject);
    // `cookieParser` instead of `cookieParser(secret)` returns the parser and never calls `next`.
    if (typeof result === 'function') {
      settle.reject(
        new TypeError(
          'The cookie parser returned a function: call it with the secret, as `cookieParser(secret)`',
        ),
      );
    }
  }

  #sessionIdOf(parsed: ParsedRequest): string {
    if (!isObject(parsed.cookies) && !isObject(parsed.signedCookies)) {
      throw new SessionError(
        'ERR_SESSION_COOKIE_PARSER',
        'The cookie parser set neither `request.cookies` nor `request.signedCookies`; expected a parser such as `cookieParser(secret)`',
      );
    }
    const value = ownValue(parsed.signedCookies, this.#key);
    if (typeof value === 'string' && value !== '') return value;
    throw this.#refusal(value, ownValue(parsed.cookies, this.#key), parsed);
  }

  #refusal(signed: unknown, unsigned: unknown, parsed: ParsedRequest): SessionError {
    const name = `\`${this.#key}\``;
    if (signed === undefined && unsigned === undefined) return this.#missing(parsed);
    if (signed === false) {
      return invalid(
        `The signature of the cookie ${name} is wrong: it was altered, or the cookie parser and express-session have different secrets`,
      );
    }
    if (signed !== undefined) {
      return invalid(`The cookie ${name} holds ${describeValue(signed)}; expected a session id`);
    }
    const hasNoSecret = typeof unsigned === 'string' && unsigned.startsWith('s:') && !parsed.secret;
    return invalid(
      hasNoSecret
        ? `The cookie ${name} is signed, but the cookie parser has no secret to check it with: use \`cookieParser(secret)\` with the secret of express-session`
        : `The cookie ${name} is unsigned; expected the cookie that express-session signed`,
    );
  }

  /** Tells a browser that sends no cookies at all from one that sends others. */
  #missing({ headers }: ParsedRequest): SessionError {
    const name = `\`${this.#key}\``;
    return new SessionError(
      'ERR_SESSION_COOKIE_MISSING',
      headers.cookie === undefined
        ? `The handshake has no \`Cookie\` header, so no cookie named ${name}: a client on another origin needs \`withCredentials: true\`, the page and the socket need the same host (\`localhost\` is not \`127.0.0.1\`), a \`secure\` cookie is not sent over plain HTTP, or the visitor has no session yet`
        : `The handshake has cookies, but none named ${name}: \`key\` is not the \`name\` given to express-session, or the visitor has no session yet, as with \`saveUninitialized: false\` until the session is changed`,
    );
  }
}

function invalid(message: string): SessionError {
  return new SessionError('ERR_SESSION_COOKIE_INVALID', message);
}

/**
 * Makes a request for the application's code to write on. The handshake's own must not have the cookies
 * and the secret, because Socket.IO gives it to other nodes and tools.
 *
 * @param from what to copy from; without it, an empty request
 */
export function makeRequest({
  socket = new NetSocket(),
  url = '/',
  headers,
}: Partial<Pick<IncomingMessage, 'socket' | 'url' | 'headers'>> = {}): IncomingMessage {
  const request = new IncomingMessage(socket);
  request.method = 'GET';
  request.url = url;
  request.headers = { ...headers };
  return request;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Reads own properties only, because a cookie may be named `constructor`. */
function ownValue(cookies: unknown, key: string): unknown {
  if (!isObject(cookies) || !Object.hasOwn(cookies, key)) return undefined;
  return Reflect.get(cookies, key);
}

/** The shortest text of a cookie that is removed from errors: no shorter one is a session id. */
const shortestConfidential = 8;

/** What the values and ids in the cookies of a request may be quoted as: encoded or not, signed or not. */
function confidentialTexts(cookies: string, key: string): Set<string> {
  const texts = new Set([cookies, decoded(cookies)]);
  for (const cookie of cookies.split(';')) {
    const [name = '', ...rest] = cookie.split('=');
    const value = rest.join('=').trim();
    for (const text of [value, decoded(value)]) {
      const id = /^"?(?:s:)?([^"]*)/.exec(text)?.[1] ?? '';
      const forms = [text, id, id.replace(/\.[^.]*$/, '')];
      for (const form of forms) if (name.trim() === key || !isWords(form)) texts.add(form);
    }
  }
  return texts;
}

/**
 * Whether a text consists of words only, such as `dark-mode` or `Europe/Berlin`: no session id does, and
 * an error may need the words to be understood.
 */
function isWords(text: string): boolean {
  return /^[a-z]{1,14}(?:[-_./ ][a-z]{1,14})*$/i.test(text);
}

/** Decodes a cookie, in which a client may encode any character. */
export function decoded(cookie: string): string {
  try {
    return decodeURIComponent(cookie);
  } catch {
    return cookie;
  }
}
