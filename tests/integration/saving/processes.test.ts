import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { createClient } from 'redis';
import { type Socket as Client, io as open } from 'socket.io-client';
import { connected, received } from '../../support/app.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';

/** A server process. */
interface Node {
  readonly child: ChildProcess;
  readonly url: string;
  /** The next line that it prints: the reason of a `sessionend`. */
  readonly line: () => Promise<string>;
}

async function startNode(redisUrl: string, name: string): Promise<Node> {
  const program = join(import.meta.dirname, '../../support/process-server.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, redisUrl, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  return { child, url: await line(), line };
}

describe('Two processes on one Redis', () => {
  let server: RedisServer;
  let operator: Awaited<ReturnType<ReturnType<typeof createClient>['connect']>>;
  let one: Node;
  let two: Node;
  let clients: Client[];
  let cookie: string;

  before(async function () {
    this.timeout(60_000);
    server = await requireRedis(this);
    operator = await createClient({ url: server.url }).connect();
  });
  after(async () => {
    operator?.destroy();
    await server?.stop();
  });

  beforeEach(async function () {
    this.timeout(60_000);
    clients = [];
    await operator.flushAll();
    [one, two] = await Promise.all([startNode(server.url, 'one'), startNode(server.url, 'two')]);
    const response = await post(one, '/login');
    [cookie = ''] = response.headers.getSetCookie()[0]?.split(';') ?? [];
  });
  afterEach(async () => {
    for (const client of clients) client.disconnect();
    for (const { child } of [one, two]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  function post({ url }: Node, path: string, headers = {}): Promise<Response> {
    return fetch(`${url}${path}`, { method: 'POST', headers });
  }

  async function connect({ url }: Node): Promise<Client> {
    const client = open(url, {
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      extraHeaders: { cookie },
    });
    clients.push(client);
    await connected(client);
    return client;
  }

  async function record(): Promise<Record<string, unknown>> {
    const [key = ''] = await operator.keys('sess:*');
    return JSON.parse((await operator.get(key)) ?? '{}');
  }

  it('lose none of 200 updates', async function () {
    this.timeout(90_000);
    const sockets = [await connect(one), await connect(two)];
    const votes = await Promise.all(
      Array.from({ length: 200 }, (_, at) => sockets[at % 2]?.emitWithAck('vote')),
    );
    expect(new Set(votes).size).to.equal(200);
    expect(await record()).to.include({ n: 200, 'test:one': 100, 'test:two': 100 });
  });

  it('count exactly, and go on, where one of them is killed', async function () {
    this.timeout(90_000);
    const [doomed, safe] = [await connect(one), await connect(two)];
    const died = once(one.child, 'exit');
    const acknowledged: unknown[] = [];
    for (let count = 0; count < 100; count++) {
      doomed.emit('vote', (votes: unknown) => {
        if (acknowledged.push(votes) === 30) one.child.kill('SIGKILL');
      });
    }
    const votes = await Promise.all(Array.from({ length: 100 }, () => safe.emitWithAck('vote')));
    await died;
    const { n, ...counts } = await record();
    expect(counts['test:two']).to.equal(100);
    expect(counts['test:one']).to.be.at.least(acknowledged.length);
    expect(n).to.equal(Number(counts['test:one']) + 100);
    expect(new Set([...votes, ...acknowledged]).size).to.equal(100 + acknowledged.length);
    expect(await safe.emitWithAck('vote')).to.equal(Number(n) + 1);
  });

  for (const [path, reason, left] of [
    ['/logout', 'destroyed', ['io server disconnect']],
    ['/login-anew', 'regenerated', ['transport close', 'transport error']],
    ['/end', 'destroyed', ['io server disconnect']],
  ] as const) {
    it(`end each other's idle sockets with their session, and its reason (${path})`, async function () {
      this.timeout(60_000);
      const here = await connect(one);
      const there = await connect(two);
      const disconnects = [received(here, 'disconnect'), received(there, 'disconnect')];
      const startedAt = performance.now();
      await post(one, path, { cookie });
      for (const disconnect of disconnects) expect((await disconnect)[0]).to.be.oneOf([...left]);
      // A second, and some more for a slow machine.
      expect(performance.now() - startedAt).to.be.below(5_000);
      expect([await one.line(), await two.line()]).to.deep.equal([reason, reason]);
    });
  }
});
