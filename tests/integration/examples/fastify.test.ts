import { expect } from 'chai';
import { received } from '../../support/app.js';
import { type RunningExample, startExample } from '../../support/example.js';
import { Visitor } from '../../support/visitor.js';

describe('examples/fastify, with logins', () => {
  let example: RunningExample;
  let visitor: Visitor;

  before(async () => {
    example = await startExample('--import', 'tsx', 'examples/fastify/server.ts');
  });

  after(() => example?.close());

  beforeEach(async () => {
    visitor = new Visitor(example.address);
    await visitor.get('/visits');
  });

  afterEach(() => visitor.leave());

  for (const path of ['/login', '/logout']) {
    it(`disconnects the open sockets at ${path}`, async () => {
      const socket = visitor.open();
      const isAnswered = received(socket, 'visits');
      socket.emit('visit');
      expect(await isAnswered).to.deep.equal([2]);

      const isDisconnected = received(socket, 'disconnect');
      await visitor.post(path);

      expect(await isDisconnected).to.include('io server disconnect');
    });
  }

  it('has a new session after a login, over HTTP and over the socket', async () => {
    const before = visitor.cookie;
    await visitor.post('/login');
    expect(visitor.cookie).not.to.equal(before);

    const socket = visitor.open();
    const isAnswered = received(socket, 'visits');
    socket.emit('visit');

    expect(await isAnswered).to.deep.equal([1]);
    expect(await (await visitor.get('/visits')).text()).to.equal('2');
  });
});
