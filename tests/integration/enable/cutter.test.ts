/**
 * @module `cutter` in place of `parser`: a function of the HTTP request, in the documented ways.
 */

import type { IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';
import { expect } from 'chai';
import cookieParser from 'cookie-parser';
import { secret, useApps } from '../../support/app.js';
import { arrive } from '../../support/outcomes.js';
import { enablePerConnection, nextConnection, sessionError } from '../../support/sessions.js';

/** What a parser leaves on a request. */
interface Parsed extends IncomingMessage {
  cookies?: Record<string, string>;
  signedCookies?: Record<string, string>;
}

/** As the documentation has it for Express, but for the signature. */
function expressCutter(request: Parsed): string | undefined {
  cookieParser(secret)(request as never, null as never, () => {});
  return request.signedCookies?.['connect.sid'];
}

describe('`cutter`', () => {
  const start = useApps();

  for (const [how, cutter] of [
    ['returns', expressCutter],
    ['resolves to', async (request: IncomingMessage) => expressCutter(request)],
  ] as const) {
    it(`opens the session whose id it ${how}`, async () => {
      const app = await start();
      const sessions = enablePerConnection(app, { cutter });
      const { cookie, sessionId } = await app.login();
      const told = nextConnection(sessions);
      await app.connect({ cookie });
      expect((await told).session.id).to.equal(sessionId);
    });
  }

  it('is given a request of its own, so that no secret ends up on the socket', async () => {
    const app = await start();
    const requests: IncomingMessage[] = [];
    const sessions = enablePerConnection(app, {
      cutter: (request) => {
        requests.push(request);
        return expressCutter(request);
      },
    });
    const told = nextConnection(sessions);
    await app.connect(await app.login());
    const { client } = await told;
    expect(requests[0]?.url).to.match(/^\/socket\.io\//);
    expect(requests[0]?.headers.cookie).to.include('connect.sid');
    expect(JSON.stringify(client.handshake)).not.to.include(secret);
    expect(client.request).not.to.have.property('secret');
  });

  it('opens nothing where it returns the signed cookie instead of the id', async () => {
    const app = await start();
    // As the documentation has it for Connect.
    const cutter = ({ headers }: IncomingMessage) =>
      parse(headers.cookie ?? '', '; ')['connect.sid']?.toString();
    const told = sessionError(enablePerConnection(app, { cutter }));
    app.client(await app.login());
    expect((await told).code).to.equal('ERR_SESSION_NOT_FOUND');
  });

  it('gives `sinvalid` for a client without an id, and for all where it fails', async () => {
    for (const [cutter, code] of [
      [() => undefined, 'ERR_SESSION_COOKIE_MISSING'],
      [async () => undefined, 'ERR_SESSION_COOKIE_MISSING'],
      [
        () => {
          throw new Error('no cookies here');
        },
        'ERR_SESSION_COOKIE_PARSER',
      ],
    ] as const) {
      const app = await start();
      const told = sessionError(enablePerConnection(app, { cutter }));
      app.client(await app.login());
      expect((await told).code).to.equal(code);
    }
  });

  it('decides whose ticket the script brings, with a secret of this process or its own', async () => {
    for (const options of [{}, { ticket: { secret: 'its own' } }]) {
      const app = await start();
      const sessions = enablePerConnection(app, { cutter: expressCutter, ...options });
      const { cookie, sessionId } = await app.login();
      const response = await fetch(`${app.url}/socket.io/socket.io-sessions.json`, {
        method: 'POST',
        headers: { cookie },
      });
      const { ticket } = (await response.json()) as { ticket: string };
      const told = nextConnection(sessions);
      await app.connect({ auth: { session: ticket } });
      expect((await told).session.id).to.equal(sessionId);
    }
  });

  it('is not asked where there is a ticket', async () => {
    const app = await start();
    const sessions = enablePerConnection(app, { cutter: () => 'of somebody else' });
    const { sessionId } = await app.login();
    const ticket = await sessions.expressionIO.ticket(sessionId);
    const { session } = await arrive(
      { expressionIO: sessions.expressionIO, client: app.client.bind(app) } as never,
      { auth: { session: ticket } },
    );
    expect(session?.id).to.equal(sessionId);
  });
});
