/**
 * @module Tickets over HTTP: who gets one, and what of it another site can get at.
 */

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { ErrorRequestHandler } from 'express';
import type { CookieParser, ExpressionSocketOptions } from '../../../source/index.js';
import { App } from '../../support/app.js';
import { cookieOf, sign } from '../../support/cookies.js';
import { arrive } from '../../support/outcomes.js';

describe('`ticketHandler`', () => {
  let app: App<ExpressionSocketOptions>;

  async function start(
    options: ExpressionSocketOptions = {},
    cookieParser?: CookieParser,
  ): Promise<void> {
    app = await App.start<ExpressionSocketOptions>({
      options: { ticket: {}, ...options },
      ...(cookieParser ? { cookieParser } : {}),
    });
    app.express.post('/ticket', app.expressionIO.ticketHandler());
    app.express.get('/ticket', app.expressionIO.ticketHandler());
  }

  afterEach(() => app.stop());

  /** Asks for a ticket. */
  async function ask(headers: Record<string, string> = {}, method = 'POST') {
    const response = await fetch(`${app.url}/ticket`, { method, headers });
    const text = await response.text();
    const body = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, body };
  }

  it('answers with a ticket for the session of the cookie', async () => {
    await start();
    const { cookie, sessionId } = await app.login();
    const { status, body } = await ask({ cookie });
    expect(status).to.equal(200);
    expect(Object.keys(body)).to.deep.equal(['ticket']);
    const { session } = await arrive(app, { auth: { session: body.ticket } });
    expect(session?.id).to.equal(sessionId);
  });

  it('lets no cache keep it, and no other site read it or run it', async () => {
    await start();
    const { headers } = await ask({ cookie: (await app.login()).cookie });
    expect(headers.get('content-type')).to.equal('application/json; charset=utf-8');
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(headers.get('vary')).to.include('Cookie');
    expect(headers.get('x-content-type-options')).to.equal('nosniff');
    expect(headers.get('cross-origin-resource-policy')).to.equal('same-origin');
    expect(headers.get('access-control-allow-origin')).to.equal(null);
  });

  it('answers 401 without a session cookie, and with a forged one', async () => {
    await start();
    const { sessionId } = await app.login();
    expect(await ask()).to.deep.include({
      status: 401,
      body: { code: 'ERR_SESSION_COOKIE_MISSING', message: 'No session cookie' },
    });
    const forged = cookieOf(sign(sessionId, 'another secret'));
    expect(await ask({ cookie: forged })).to.deep.include({
      status: 401,
      body: { code: 'ERR_SESSION_COOKIE_INVALID', message: 'Invalid session cookie' },
    });
  });

  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[]) {
    it(`answers 403 where ${JSON.stringify(headers)} tells of a foreign page`, async () => {
      await start();
      const { cookie } = await app.login();
      const { status, body } = await ask({ cookie, ...headers });
      expect(status).to.equal(403);
      expect(body.code).to.equal('ERR_SESSION_ORIGIN');
    });
  }

  it('answers its own pages, and those of `origins`', async () => {
    await start({ origins: ['https://friend.example'] });
    const { cookie } = await app.login();
    for (const origin of [app.url, 'https://friend.example']) {
      expect((await ask({ cookie, origin })).status).to.equal(200);
    }
  });

  it('answers 405 to anything but POST', async () => {
    await start();
    const { status, headers, body } = await ask({ cookie: (await app.login()).cookie }, 'GET');
    expect(status).to.equal(405);
    expect(headers.get('allow')).to.equal('POST');
    expect(body).not.to.have.property('ticket');
  });

  it('gives no ticket for a ticket', async () => {
    await start();
    const ticket = await app.expressionIO.ticket((await app.login()).sessionId);
    const response = await fetch(`${app.url}/ticket?auth[session]=${ticket}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ticket}` },
      body: JSON.stringify({ auth: { session: ticket } }),
    });
    expect(response.status).to.equal(401);
  });

  it('takes the id that `sessionId` returns for the request', async () => {
    await start({ sessionId: ({ headers, query }) => `${headers['x-id']}${query.n}` });
    const response = await fetch(`${app.url}/ticket?n=7`, {
      method: 'POST',
      headers: { 'x-id': 'id of ' },
    });
    const { ticket } = (await response.json()) as { ticket: string };
    const { err } = await arrive(app, { auth: { session: ticket } });
    expect(err?.code).to.equal('ERR_SESSION_NOT_FOUND');
  });

  describe('when the cookie parser fails', () => {
    const cause = new Error('no secret for anybody');
    const parser: CookieParser = (_request, _response, next) => next(cause);

    it('leaves it to the error handlers of Express', async () => {
      await start({}, parser);
      const seen: unknown[] = [];
      const hear: ErrorRequestHandler = (error, _request, response, _next) => {
        seen.push(error.code, error.cause);
        response.status(503).end();
      };
      app.express.use(hear);
      expect((await ask()).status).to.equal(503);
      expect(seen).to.deep.equal(['ERR_SESSION_COOKIE_PARSER', cause]);
    });

    it('answers 500 without details where there are none', async () => {
      await start({}, parser);
      const server = createServer(app.expressionIO.ticketHandler() as RequestListener);
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}//?`, { method: 'POST' });
      expect(response.status).to.equal(500);
      expect(await response.text()).not.to.include('secret');
      server.close();
    });
  });

  it('is `ticketFor`, where the application answers by itself', async () => {
    await start();
    const { cookie, sessionId } = await app.login();
    app.express.post('/own', async (request, response) => {
      response.end(await app.expressionIO.ticketFor(request));
    });
    const response = await fetch(`${app.url}/own`, { method: 'POST', headers: { cookie } });
    const { session } = await arrive(app, { auth: { session: await response.text() } });
    expect(session?.id).to.equal(sessionId);
  });
});
