import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { TicketEndpoint } from '../../source/handshake/ticket-endpoint.js';

/** The handshake whose session id is asked for where an HTTP request wants a ticket. */
async function handshakeOf(request: object): Promise<Record<string, unknown>> {
  const readPresented = sinon.stub().resolves('a session');
  const endpoint = new TicketEndpoint({ issue: async (id) => `for ${id}` }, { readPresented });
  // It has all that is looked at.
  const message = request as IncomingMessage;
  expect(await endpoint.issueFor(message)).to.equal('for a session');
  expect(readPresented.firstCall.args[1]).to.equal(message);
  return readPresented.firstCall.args[0];
}

describe('TicketEndpoint', () => {
  it('reads an HTTP request as the handshake that it would be', async () => {
    const headers = { origin: 'https://chat.example', cookie: 'a=b' };
    const socket = { remoteAddress: '127.0.0.1', encrypted: true };
    const url = '/ticket?a=1&b=2?3';
    const { time, issued, ...handshake } = await handshakeOf({ headers, url, socket });
    expect(handshake).to.deep.equal({
      headers,
      url,
      query: { a: '1', b: '2?3' },
      auth: {},
      address: '127.0.0.1',
      secure: true,
      xdomain: true,
    });
    expect(new Date(String(time)).getTime()).to.equal(Math.floor(Number(issued) / 1_000) * 1_000);
  });

  for (const [value, shown] of [
    ['an id', 'a string'],
    [undefined, 'undefined'],
    [{ sessionID: 'an id' }, 'an object'],
    [{ headers: {} }, 'an object'],
    [new Request('http://127.0.0.1/ticket'), 'a Request'],
  ] as const) {
    it(`refuses ${shown} in place of a request: ${JSON.stringify(value)}`, async () => {
      const outcome = handshakeOf(value as unknown as object).catch((error: unknown) => error);
      expect(await outcome)
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .that.includes(`expected an HTTP request of Node.js, got ${shown}`);
    });
  }

  it('answers no request that has been answered', async () => {
    const endpoint = new TicketEndpoint(
      { issue: async (id) => `for ${id}` },
      { readPresented: async () => 'a session' },
    );
    const response = { headersSent: true, setHeader: sinon.spy(), end: sinon.spy() };
    // They have all that is looked at.
    const request = { method: 'POST', headers: {}, socket: {} } as IncomingMessage;
    endpoint.handle(request, response as unknown as ServerResponse);
    await turn();
    expect([response.setHeader.callCount, response.end.callCount]).to.deep.equal([0, 0]);
  });

  it('reads a request whose connection has gone as one without an address', async () => {
    expect(await handshakeOf({ headers: {}, socket: {} })).to.deep.include({
      url: '/',
      query: {},
      address: '',
      secure: false,
      xdomain: false,
    });
  });
});
