import { expect } from 'chai';
import { received, refused } from '../../support/app.js';
import { type RunningExample, startExample } from '../../support/example.js';
import { Visitor } from '../../support/visitor.js';

const ada = { name: 'ada', password: 'lovelace' };

describe('examples/login', () => {
  let example: RunningExample;
  let visitor: Visitor;

  before(async () => {
    example = await startExample('--import', 'tsx', 'examples/login/server.ts');
  });

  after(() => example?.close());

  beforeEach(() => {
    visitor = new Visitor(example.address);
  });

  afterEach(() => visitor.leave());

  it('refuses a visitor who has not logged in', async () => {
    const error = await refused(visitor.open('/members'));

    expect(error.data?.code).to.equal('ERR_SESSION_COOKIE_MISSING');
  });

  it('refuses a wrong password, and gives no session', async () => {
    const response = await visitor.post('/login', { ...ada, password: 'wrong' });

    expect(response.headers.get('location')).to.equal('/?wrong');
    expect(visitor.cookie).to.equal('');
  });

  it('lets a visitor in who has logged in, and knows the name', async () => {
    await visitor.post('/login', ada);

    const socket = visitor.open('/members');

    expect(await received(socket, 'hello')).to.deep.equal(['ada']);
    expect(await socket.emitWithAck('whoAmI')).to.deep.equal({ name: 'ada' });
  });

  it('takes a new session id at each login, and lets open tabs come back with it', async () => {
    await visitor.post('/login', ada);
    const before = visitor.cookie;
    const tab = visitor.open('/members');
    await received(tab, 'hello');

    const isBack = received(tab, 'hello');
    await visitor.post('/login', { name: 'charles', password: 'babbage' });

    expect(await isBack).to.deep.equal(['charles']);
    expect(visitor.cookie).not.to.equal(before);
  });

  it('disconnects all tabs at a logout, and lets nobody in again', async () => {
    await visitor.post('/login', ada);
    const tabs = [visitor.open('/members'), visitor.open('/members')];
    await Promise.all(tabs.map((tab) => received(tab, 'hello')));
    const { cookie } = visitor;

    const ends = tabs.map((tab) => received(tab, 'disconnect'));
    await visitor.post('/logout');

    for (const [reason] of await Promise.all(ends)) {
      expect(reason).to.equal('io server disconnect');
    }
    const error = await refused(visitor.open('/members', { extraHeaders: { cookie } }));
    expect(error.data?.code).to.equal('ERR_SESSION_NOT_FOUND');
  });
});
