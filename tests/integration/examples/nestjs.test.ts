import type { INestApplication } from '@nestjs/common';
import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { SessionIoAdapter } from '../../../examples/nestjs/session-io.adapter.js';
import { received } from '../../support/app.js';
import { type RunningExample, startExampleWith } from '../../support/example.js';
import { Visitor } from '../../support/visitor.js';

describe('examples/nestjs, its adapter', () => {
  let example: RunningExample;
  let visitor: Visitor;

  before(async () => {
    example = await startExampleWith(
      { TSX_TSCONFIG_PATH: 'examples/nestjs/tsconfig.json' },
      ...['--import', 'tsx', 'examples/nestjs/main.ts'],
    );
  });

  after(() => example?.close());

  beforeEach(() => {
    visitor = new Visitor(example.address);
  });

  afterEach(() => visitor.leave());

  it('gives a message handler the session as it is now, and what the client sent', async () => {
    await visitor.get('/visits');
    const socket = visitor.open();

    expect(await socket.emitWithAck('greet', 'Hello')).to.equal('Hello, visitor number 1');
    await visitor.get('/visits');
    expect(await socket.emitWithAck('greet', 'Hello')).to.equal('Hello, visitor number 2');
  });

  it('counts exactly when several tabs visit at the same time', async () => {
    await visitor.get('/visits');
    const tabs = Array.from({ length: 5 }, () => visitor.open());

    const answers = tabs.map((tab) => received(tab, 'visits'));
    for (const tab of tabs) tab.emit('visit');
    const counts = (await Promise.all(answers)).map(([visits]) => visits);

    expect(counts.sort()).to.deep.equal([2, 3, 4, 5, 6]);
  });

  it('sends nothing of the session to a client whose message a handler fails on', async () => {
    await visitor.get('/visits');
    const socket = visitor.open();
    const exception = received(socket, 'exception');
    // A greeting that cannot be made a string of.
    socket.emit('greet', { toString: null });

    expect(await exception).to.deep.equal([
      {
        status: 'error',
        message: 'Internal server error',
        cause: { pattern: 'greet', data: { body: { toString: null } } },
      },
    ]);
  });

  for (const [sent, expected] of [
    [[], undefined],
    [[null], null],
    [[[1, 2]], [1, 2]],
    [
      [1, 2],
      [1, 2],
    ],
  ]) {
    it(`gives a message handler what Nest's own adapter does for ${JSON.stringify(sent)}`, () => {
      const adapter = new SessionIoAdapter({} as INestApplication, new MemoryStore(), () => {});
      const session = {};
      const payload = sent?.length === 0 ? session : [session, ...(sent ?? [])];
      const { data } = adapter.mapPayload(payload);

      expect(data.session).to.equal(session);
      expect(data.body).to.deep.equal(expected);
    });
  }

  it('disconnects a client without a session', async () => {
    const [reason] = await received(visitor.open(), 'disconnect');

    expect(reason).to.equal('io server disconnect');
  });
});
