import { createServer } from 'node:http';
import { expect } from 'chai';
import { Server } from 'socket.io';
import { watchEngines } from '../../source/handshake/engines.js';

describe('watchEngines()', () => {
  const io = new Server();
  after(() => io.close());

  it('finds an engine once, however often it is bound', () => {
    const engines: unknown[] = [];
    const found: unknown[] = [];
    const attach = (): void => {
      io.attach(createServer());
      engines.push(io.engine);
    };
    attach();
    const unwatch = watchEngines(io, (engine) => found.push(engine));
    io.bind(io.engine);
    attach();
    io.bind(io.engine);
    unwatch();
    expect(found.map((engine) => engines.indexOf(engine))).to.deep.equal([0, 1]);
  });
});
