/**
 * @module The type of the cookie parser.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Any Connect middleware that parses cookies, `cookie-parser` above all: given a request, it writes
 * `signedCookies` and calls `next`.
 *
 * @example
 * new ExpressionSocket(io, store, cookieParser('keyboard cat'));
 */
export type CookieParser = {
  // The type of a method, since only those accept a narrower request, such as Express's.
  parse(
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): unknown;
}['parse'];
