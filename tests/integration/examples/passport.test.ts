import { expect } from 'chai';
import type { Socket } from 'socket.io-client';
import { received, refused } from '../../support/app.js';
import { type RunningExample, startExample } from '../../support/example.js';
import { Visitor } from '../../support/visitor.js';

const ada = { name: 'ada', password: 'lovelace' };
const charles = { name: 'charles', password: 'babbage' };

describe('examples/passport', () => {
  let example: RunningExample;
  const visitors: Visitor[] = [];

  before(async () => {
    example = await startExample('--import', 'tsx', 'examples/passport/server.ts');
  });

  after(() => example?.close());

  afterEach(() => {
    for (const visitor of visitors.splice(0)) visitor.leave();
  });

  it('refuses a visitor who has not logged in', async () => {
    const error = await refused(visit().open());

    expect(error.data?.code).to.equal('ERR_SESSION_COOKIE_MISSING');
  });

  it('refuses a wrong password', async () => {
    const visitor = visit();
    const response = await visitor.post('/login', { ...ada, password: 'wrong' });

    expect(response.headers.get('location')).to.equal('/?wrong');
    await refused(visitor.open());
  });

  it('knows the user of `session.passport.user` in sockets', async () => {
    const visitor = visit();
    const [socket, name] = await logIn(visitor, ada);

    expect(name).to.equal('ada');
    expect(await socket.emitWithAck('whoAmI')).to.equal('ada');
  });

  it('closes the transport at a logout, which regenerates: the client asks again, and is refused', async () => {
    const visitor = visit();
    const [socket] = await logIn(visitor, ada);

    const isClosed = received(socket, 'disconnect');
    const isRefused = refused(socket);
    await visitor.post('/logout');

    expect(await isClosed).to.include('transport close');
    expect((await isRefused).data?.code).to.match(/^ERR_SESSION_(REFUSED|NOT_FOUND)$/);
    expect(socket.active).to.equal(false);
  });

  it('lets the other browsers of a user go on after a logout', async () => {
    const laptop = visit();
    const [, phone] = [await logIn(laptop, ada), await logIn(visit(), ada)];

    await laptop.post('/logout');

    expect(await phone[0].emitWithAck('whoAmI')).to.equal('ada');
  });

  it('logs a user out of all browsers, and nobody else', async () => {
    const laptop = visit();
    const phone = visit();
    const [atDesk] = await logIn(laptop, ada);
    const [inHand] = await logIn(phone, ada);
    const [stranger] = await logIn(visit(), charles);

    const ends = [atDesk, inHand].map((socket) => received(socket, 'disconnect'));
    await laptop.post('/logout-everywhere');

    for (const [reason] of await Promise.all(ends)) {
      expect(reason).to.equal('io server disconnect');
    }
    expect((await refused(phone.open())).data?.code).to.equal('ERR_SESSION_REFUSED');
    expect(await stranger.emitWithAck('whoAmI')).to.equal('charles');
    expect((await logIn(phone, ada))[1]).to.equal('ada');
  });

  function visit(): Visitor {
    const visitor = new Visitor(example.address);
    visitors.push(visitor);
    return visitor;
  }

  /** Logs in and opens a tab; tells the name that it is welcomed by. */
  async function logIn(visitor: Visitor, form: Record<string, string>): Promise<[Socket, unknown]> {
    await visitor.post('/login', form);
    const socket = visitor.open();
    const [name] = await received(socket, 'hello');
    return [socket, name];
  }
});
