import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { type Socket as Client, io as open } from 'socket.io-client';
import { connected, received } from '../../support/app.js';
import { databases, type SessionDatabase } from '../../support/databases.js';
import { until } from '../../support/waiting.js';

/** A server process. */
interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** The next line that it prints: the reason of a `sessionend`. */
  readonly line: () => Promise<string>;
}

async function startProcess(databaseUrl: string, name: string): Promise<ServerProcess> {
  const program = join(import.meta.dirname, '../../support/session-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, databaseUrl, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  return { child, url: await line(), line };
}

async function kill({ child }: ServerProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

for (const name of ['Redis, through node-redis', 'PostgreSQL']) {
  describe(`Two processes with sessions in ${name}`, function () {
    this.timeout(60_000);
    let database: SessionDatabase;
    let one: ServerProcess;
    let two: ServerProcess;
    let clients: Client[];
    let cookie: string;
    let sessionId: string;

    before(async function () {
      const start = databases[name];
      if (!start) throw new Error(`no database is called ${name}`);
      database = await start(this);
    });
    after(() => database?.stop());

    beforeEach(async () => {
      clients = [];
      await database.clear();
      [one, two] = await Promise.all([
        startProcess(database.url, 'one'),
        startProcess(database.url, 'two'),
      ]);
      const response = await post(one, '/login');
      [cookie = ''] = response.headers.getSetCookie()[0]?.split(';') ?? [];
      sessionId = await response.text();
    });
    afterEach(async () => {
      for (const client of clients) client.disconnect();
      for (const server of [one, two]) await kill(server);
    });

    function post({ url }: ServerProcess, path: string, headers = {}): Promise<Response> {
      return fetch(`${url}${path}`, { method: 'POST', headers });
    }

    async function connect({ url }: ServerProcess): Promise<Client> {
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

    it('lose none of 100 updates and 40 saves', async () => {
      const sockets = [await connect(one), await connect(two)];
      const saves = Array.from({ length: 40 }, (_, at) =>
        sockets[at % 2]?.emitWithAck('save', `key ${at}`),
      );
      const votes = Array.from({ length: 100 }, (_, at) => sockets[at % 2]?.emitWithAck('vote'));
      expect(new Set(await Promise.all(votes)).size).to.equal(100);
      expect(new Set(await Promise.all(saves))).to.deep.equal(new Set(['saved']));
      const record = await database.record(sessionId);
      expect(record).to.include({ n: 100, 'test:one': 50, 'test:two': 50 });
      for (let at = 0; at < 40; at++) expect(record).to.have.property(`test:key ${at}`, true);
    });

    it('count exactly, and go on, when one of them is killed', async () => {
      const [doomed, safe] = [await connect(one), await connect(two)];
      const died = once(one.child, 'exit');
      const acknowledged: unknown[] = [];
      for (let count = 0; count < 60; count++) {
        doomed.emit('vote', (votes: unknown) => {
          if (acknowledged.push(votes) === 20) one.child.kill('SIGKILL');
        });
      }
      const votes = Promise.all(Array.from({ length: 60 }, () => safe.emitWithAck('vote')));
      await died;
      let isOver = false;
      const last = votes
        .then(() => safe.emitWithAck('vote'))
        .finally(() => {
          isOver = true;
        });
      // A holder that lives renews its lock every 2.5 of its 10 seconds: this one was killed. Its lock is
      // expired once, for the next one that is seen may be that of the other process.
      let isExpired = false;
      await until(async () => {
        const left = await database.lockTimeLeft(sessionId);
        if (!isExpired && left !== undefined && left < 6_000) {
          isExpired = true;
          await database.expireLock(sessionId, 0);
        }
        return isOver;
      });
      const { n, ...counts } = (await database.record(sessionId)) ?? {};
      expect((await votes).filter((vote) => typeof vote !== 'number')).to.deep.equal([]);
      expect(await last).to.equal(n);
      expect(counts['test:two']).to.equal(61);
      expect(counts['test:one']).to.be.at.least(acknowledged.length);
      expect(n).to.equal(Number(counts['test:one']) + 61);
      expect(new Set([...(await votes), ...acknowledged]).size).to.equal(60 + acknowledged.length);
    });

    it('have a lock free again within 15 seconds when its holder was killed', async () => {
      const [doomed, safe] = [await connect(one), await connect(two)];
      const code = doomed.emitWithAck('hold').catch(String);
      expect(await Promise.race([code, received(doomed, 'held')])).to.deep.equal([]);
      await kill(one);
      const vote = safe.emitWithAck('vote');
      expect(await database.lockTimeLeft(sessionId)).to.be.within(1, 15_000);
      // As if all but a moment of that had passed.
      await database.expireLock(sessionId, 100);
      expect(await vote).to.equal(1);
    });

    it('write nothing by a holder that was stopped for longer than its lock lives', async () => {
      const [stopped, safe] = [await connect(one), await connect(two)];
      const code = stopped.emitWithAck('hold');
      expect(await Promise.race([code, received(stopped, 'held')])).to.deep.equal([]);
      one.child.kill('SIGSTOP');
      // As if the time of the lock had passed.
      await database.expireLock(sessionId, 0);
      expect(await safe.emitWithAck('vote')).to.equal(1);
      one.child.kill('SIGCONT');
      stopped.emit('go on');
      expect(await code).to.equal('ERR_SESSION_LOCK');
      expect(await database.record(sessionId)).to.have.property('n', 1);
      expect(await safe.emitWithAck('vote')).to.equal(2);
    });

    for (const [path, reason, left] of [
      ['/logout', 'destroyed', ['io server disconnect']],
      ['/login-anew', 'regenerated', ['transport close', 'transport error']],
      ['/end', 'destroyed', ['io server disconnect']],
    ] as const) {
      it(`end each other's idle sockets with their session, and its reason (${path})`, async () => {
        const here = await connect(one);
        const there = await connect(two);
        const disconnects = [received(here, 'disconnect'), received(there, 'disconnect')];
        await post(one, path, { cookie });
        for (const disconnect of disconnects) expect((await disconnect)[0]).to.be.oneOf([...left]);
        expect([await one.line(), await two.line()]).to.deep.equal([reason, reason]);
      });
    }
  });
}
