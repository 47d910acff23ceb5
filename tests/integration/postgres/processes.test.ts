import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import type pg from 'pg';
import { type Socket as Client, io as open } from 'socket.io-client';
import { connected, received } from '../../support/app.js';
import { emptyPool, type PostgresServer, requirePostgres } from '../../support/postgres.js';

/** A server process. */
interface Node {
  readonly child: ChildProcess;
  readonly url: string;
}

async function startNode(databaseUrl: string, name: string): Promise<Node> {
  const program = join(import.meta.dirname, '../../support/postgres-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, databaseUrl, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, url: String((await lines.next()).value) };
}

describe('Two processes on one PostgreSQL', function () {
  this.timeout(90_000);
  let server: PostgresServer;
  let pool: pg.Pool;
  let one: Node;
  let two: Node;
  let clients: Client[];
  let cookie: string;

  before(async function () {
    server = await requirePostgres(this);
  });
  after(() => server?.stop());

  beforeEach(async () => {
    clients = [];
    pool = await emptyPool(server.url);
    [one, two] = await Promise.all([startNode(server.url, 'one'), startNode(server.url, 'two')]);
    const response = await fetch(`${one.url}/login`, { method: 'POST' });
    [cookie = ''] = response.headers.getSetCookie()[0]?.split(';') ?? [];
  });
  afterEach(async () => {
    for (const client of clients) client.disconnect();
    for (const { child } of [one, two]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await pool.end();
  });

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

  const record = async (): Promise<Record<string, unknown>> =>
    (await pool.query('SELECT sess FROM session')).rows[0]?.sess;

  it('lose none of 100 updates and 40 saves', async () => {
    const sockets = [await connect(one), await connect(two)];
    const saves = Array.from({ length: 40 }, (_, at) =>
      sockets[at % 2]?.emitWithAck('save', `key ${at}`),
    );
    const votes = Array.from({ length: 100 }, (_, at) => sockets[at % 2]?.emitWithAck('vote'));
    expect(new Set(await Promise.all(votes)).size).to.equal(100);
    expect(new Set(await Promise.all(saves))).to.deep.equal(new Set(['saved']));
    const found = await record();
    expect(found).to.include({ n: 100, 'test:one': 50, 'test:two': 50 });
    for (let at = 0; at < 40; at++) expect(found).to.have.property(`test:key ${at}`, true);
  });

  it('count exactly, and go on, where one of them is killed', async () => {
    const [doomed, safe] = [await connect(one), await connect(two)];
    const died = once(one.child, 'exit');
    const acknowledged: unknown[] = [];
    for (let count = 0; count < 60; count++) {
      doomed.emit('vote', (votes: unknown) => {
        if (acknowledged.push(votes) === 20) one.child.kill('SIGKILL');
      });
    }
    const votes = await Promise.all(Array.from({ length: 60 }, () => safe.emitWithAck('vote')));
    await died;
    const { n, ...counts } = await record();
    expect(counts['test:two']).to.equal(60);
    expect(counts['test:one']).to.be.at.least(acknowledged.length);
    expect(n).to.equal(Number(counts['test:one']) + 60);
    expect(new Set([...votes, ...acknowledged]).size).to.equal(60 + acknowledged.length);
  });

  it('have the lock free within 15 seconds after its holder was killed', async () => {
    const [doomed, safe] = [await connect(one), await connect(two)];
    const code = doomed.emitWithAck('hold').catch(String);
    expect(await Promise.race([code, received(doomed, 'held')])).to.deep.equal([]);
    one.child.kill('SIGKILL');
    await once(one.child, 'exit');
    const diedAt = performance.now();
    expect(await safe.emitWithAck('vote')).to.equal(1);
    expect(performance.now() - diedAt).to.be.below(15_000);
  });

  it('write nothing by a holder that stood still for longer than its lock lives', async () => {
    const [stopped, safe] = [await connect(one), await connect(two)];
    const code = stopped.emitWithAck('hold');
    expect(await Promise.race([code, received(stopped, 'held')])).to.deep.equal([]);
    one.child.kill('SIGSTOP');
    // As if the time of the lock had passed.
    await pool.query("UPDATE session_locks SET expires = now() WHERE name LIKE 'lock:%'");
    expect(await safe.emitWithAck('vote')).to.equal(1);
    one.child.kill('SIGCONT');
    stopped.emit('go on');
    expect(await code).to.equal('ERR_SESSION_LOCK');
    expect(await record()).to.have.property('n', 1);
    expect(await safe.emitWithAck('vote')).to.equal(2);
  });
});
