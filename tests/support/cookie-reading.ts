/**
 * @module A `Cookie` header, read as the library reads it, without any socket.
 */

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { Deadlines } from '../../source/deadlines.js';
import { SessionError } from '../../source/errors.js';
import { SignedCookie } from '../../source/handshake/signed-cookie.js';
import type { CookieParser } from '../../source/index.js';
import { rejection } from './outcomes.js';

/** The secret of the parser. */
export const secret = 'keyboard cat';
/** What `express-session` would make. */
export const id = 'J1kvFwUe0ynSuSjCDLhZCgFcT4mQbEoY';
/** The name of the cookie. */
export const key = 'connect.sid';

/** A handshake's request with a `Cookie` header. */
export function requestWith(cookie: string | undefined): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.url = '/socket.io/?EIO=4';
  request.headers = { host: 'app.example.com', ...(cookie === undefined ? {} : { cookie }) };
  return request;
}

/** Reads the session id from a `Cookie` header. */
export async function read(
  cookie: string | undefined,
  parser: CookieParser = cookieParser(secret),
  name: string = key,
): Promise<string> {
  return new SignedCookie(name, parser, new Deadlines(5_000)).readSessionId(requestWith(cookie));
}

/** Lets a parser see a request. */
export async function show(request: IncomingMessage, parser: CookieParser): Promise<void> {
  await new SignedCookie(key, parser, new Deadlines(5_000)).readSessionId(request);
}

/** The error with which a cookie is refused. */
export async function refusal(...args: Parameters<typeof read>): Promise<SessionError> {
  const error = await rejection(read(...args));
  expect(error).to.be.instanceOf(SessionError);
  return error as SessionError;
}
