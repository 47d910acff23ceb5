/**
 * @module Visitors who are logged in, and what they do over their socket and over HTTP.
 */

import type { Request, Response } from 'express';
import type { Socket as Client } from 'socket.io-client';
import type { ExpressionSocketOptions, SessionSocket, SocketSession } from '../../source/index.js';
import type { App, ClientSettings } from './app.js';

/** What a visitor is to do with the session of an event. */
export type Work = (session: SocketSession, socket: SessionSocket) => unknown;

/** Lets the next `go` of each client of the application do some work, and tells what it returned. */
export class Visits {
  readonly app: App;
  #works = new Map<number, Work>();
  #next = 0;

  constructor(app: App<ExpressionSocketOptions>, namespace = '/') {
    this.app = app as App;
    this.app.expressionIO.of(namespace).on('connection', (_err, _session, socket) => {
      socket.sessOn('go', async (err, session, key: number, ack: (result: unknown) => void) => {
        const work = this.#works.get(key);
        this.#works.delete(key);
        if (err) return ack(err.code);
        ack(await work?.(session, socket as unknown as SessionSocket));
      });
    });
  }

  /** Does some work in a listener; tells what it returned, or the code of the error it was told. */
  async go(client: Client, work: Work): Promise<unknown> {
    const failures: unknown[] = [];
    this.#works.set(this.#next, async (session, socket) => {
      try {
        return await work(session, socket);
      } catch (error) {
        failures.push(error);
        return undefined;
      }
    });
    const result = await client.emitWithAck('go', this.#next++);
    if (failures.length > 0) throw failures[0];
    return result;
  }

  /** A visitor who has logged in and connected. */
  async visitor(settings: ClientSettings = {}): Promise<Visitor> {
    const { cookie, sessionId } = await this.app.login();
    const client = await this.app.connect({ ...settings, cookie });
    return { cookie, sessionId, client, go: (work) => this.go(client, work) };
  }
}

/** Somebody with a session and a socket. */
export interface Visitor {
  readonly cookie: string;
  readonly sessionId: string;
  readonly client: Client;
  readonly go: (work: Work) => Promise<unknown>;
}

let pages = 0;

/** Does something in an HTTP handler; tells what it returned, and the cookie that was set, if any. */
export async function overHttp<Result>(
  { express, url }: Pick<App, 'express' | 'url'>,
  cookie: string,
  work: (request: Request, response: Response) => Result | Promise<Result>,
): Promise<{ result: Result; cookie: string | undefined }> {
  const path = `/test-${pages++}`;
  express.get(path, async (request, response) => {
    response.json({ result: await work(request, response) });
  });
  const response = await fetch(`${url}${path}`, { headers: { cookie } });
  const { result } = (await response.json()) as { result: Result };
  return { result, cookie: response.headers.getSetCookie()[0]?.split(';')[0] };
}

/** The code with which a promise rejects, or that it was fulfilled. */
export async function codeOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
    return 'fulfilled';
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}
