import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { io, type Socket } from 'socket.io-client';
import type { ServerProcess } from '../../../examples/cluster/events.js';
import { received } from '../../support/app.js';
import { type RunningExample, startExampleWith } from '../../support/example.js';
import { type RedisServer, requireRedis } from '../../support/redis.js';

const command = ['--import', 'tsx', 'examples/cluster/server.ts'];

/** As in browsers: a connection begins with long polling. */
const fromPolling = ['polling', 'websocket'];

/** A tab, as far as the server can tell. */
interface Tab {
  readonly socket: Socket;
  /** The process that it is connected to. */
  pid: number;
  /** What its session had counted when it came. */
  count: number;
  /** Those that it was told of last. */
  processes: readonly ServerProcess[];
}

describe('examples/cluster', () => {
  let redis: RedisServer;
  let cluster: RunningExample;
  const sockets: Socket[] = [];

  before(async function () {
    redis = await requireRedis(this);
    cluster = await startExampleWith({ REDIS_URL: redis.url }, ...command);
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.disconnect();
  });

  after(async () => {
    await cluster?.close();
    await redis?.stop();
  });

  it('answers by several processes, each connection by one, over WebSocket', async () => {
    const tabs = await openTabsOnEach(await visit(), 3);
    await Promise.all(tabs.map(({ socket }) => upgraded(socket)));

    for (const { socket } of tabs) expect(await socket.emitWithAck('count')).to.equal(undefined);
  });

  it('answers by several processes, each connection by one, over long polling', async () => {
    const tabs = await openTabsOnEach(await visit(), 3, ['polling']);

    for (const { socket } of tabs) expect(await socket.emitWithAck('count')).to.equal(undefined);
  });

  it('counts exactly when all processes count at the same time', async () => {
    const cookie = await visit();
    const tabs = await openTabs(cookie, 3);

    const work = Array.from({ length: 20 }, () => [
      ...tabs.map(({ socket }) => socket.emitWithAck('count')),
      countByHttp(cookie),
    ]);
    const answers = await Promise.all(work.flat());

    expect(answers).to.deep.equal(answers.map(() => undefined));
    expect((await openTab(cookie)).count).to.equal(80);
  });

  it('tells a count to the tabs of its visitor on all processes, and to no others', async () => {
    const stranger = await openTab(await visit());
    const seen: unknown[] = [];
    stranger.socket.on('counted', (...args) => seen.push(args));
    const cookie = await visit();
    const tabs = await openTabs(cookie, 2);
    const tab = await openTab(cookie);

    const told = tabs.map(({ socket }) => received(socket, 'counted'));
    await tab.socket.emitWithAck('count');

    for (const counted of await Promise.all(told)) expect(counted).to.deep.equal([1, tab.pid]);
    await stranger.socket.emitWithAck('count');
    expect(seen).to.deep.equal([[1, stranger.pid]]);
  });

  it('disconnects the idle tabs on all processes soon after a logout', async () => {
    const cookie = await visit();
    const tabs = await openTabs(cookie, 3);
    const stranger = await openTab(await visit());
    const ends = tabs.map(({ socket }) => received(socket, 'disconnect'));

    await post('/logout', cookie);
    const reasons = await Promise.race([Promise.all(ends), delay(10_000, [['too late']])]);

    for (const [reason] of reasons) expect(reason).to.equal('io server disconnect');
    expect(stranger.socket.connected).to.equal(true);
    expect((await post('/count', cookie)).status).to.equal(409);
  });

  it('sends the tabs on all processes to come back after a login', async () => {
    const cookie = await visit();
    const tabs = await openTabs(cookie, 3);
    const ends = tabs.map(({ socket }) => received(socket, 'disconnect'));

    const response = await post('/login', cookie, new URLSearchParams({ name: 'Ada' }));
    const reasons = await Promise.all(ends);

    expect(response.status).to.equal(303);
    for (const [reason] of reasons) expect(reason).to.equal('transport close');
    expect((await openTab(cookieOf(response))).count).to.equal(0);
  });

  it('goes on when a process dies: its tabs come back to the others', async () => {
    const cookie = await visit();
    const tabs = await openTabs(cookie, 3);
    const [victim] = tabs as [Tab, Tab, Tab];
    const dead = victim.pid;
    await victim.socket.emitWithAck('count');

    const isBack = received(victim.socket, 'welcome');
    process.kill(dead, 'SIGKILL');
    await isBack;

    expect(victim.pid).not.to.equal(dead);
    expect(victim.count).to.equal(1);
    await Promise.all(tabs.map(({ socket }) => socket.emitWithAck('count')));
    const last = await openTab(cookie);
    expect(last.count).to.equal(4);
    const pids = (await processesOf(last)).map(({ pid }) => pid);
    expect(pids).to.have.length(2).and.not.to.include(dead);
  });

  it('says at once where there is no Redis, and does not show a password', async () => {
    const REDIS_URL = 'redis://somebody:secret@127.0.0.1:1';
    const error: Error = await startExampleWith({ REDIS_URL }, ...command).then(
      () => expect.fail('it started'),
      (error) => error,
    );

    expect(error.message).to.include('cannot reach it at 127.0.0.1:1');
    expect(error.message).to.include('REDIS_URL=');
    expect(error.message).not.to.include('secret');
  });

  it('takes all its processes along when it ends', async () => {
    const processes = await processesOf(await openTab(await visit()));

    await cluster.close();

    expect(processes).not.to.have.length(0);
    for (const { pid } of processes) {
      expect(() => process.kill(pid, 0), `process ${pid}`).to.throw('ESRCH');
    }
  });

  /** Visits the page; tells the cookie that it brought. */
  async function visit(): Promise<string> {
    return cookieOf(await fetch(cluster.address));
  }

  /** One after another, as people do: the next one goes where the fewest are. */
  async function openTabs(cookie: string, number: number): Promise<Tab[]> {
    const tabs: Tab[] = [];
    while (tabs.length < number) tabs.push(await openTab(cookie));
    return tabs;
  }

  /** One for each process, or more: those of an earlier test may still be counted. */
  async function openTabsOnEach(
    cookie: string,
    processes: number,
    transports?: string[],
  ): Promise<Tab[]> {
    const tabs: Tab[] = [];
    while (new Set(tabs.map(({ pid }) => pid)).size < processes) {
      tabs.push(await openTab(cookie, transports));
    }
    return tabs;
  }

  async function openTab(cookie: string, transports = fromPolling): Promise<Tab> {
    const socket = io(cluster.address, { extraHeaders: { cookie }, forceNew: true, transports });
    sockets.push(socket);
    const tab: Tab = { socket, pid: 0, count: 0, processes: [] };
    socket.on('welcome', (pid, _person, count) => Object.assign(tab, { pid, count }));
    socket.on('processes', (processes) => Object.assign(tab, { processes }));
    await new Promise((resolve, reject) => {
      socket.once('welcome', resolve).once('connect_error', reject);
    });
    return tab;
  }

  function post(path: string, cookie: string, body: URLSearchParams | null = null) {
    return fetch(cluster.address + path, {
      method: 'POST',
      headers: { cookie },
      body,
      redirect: 'manual',
    });
  }

  /** Becomes the problem, if there was one, as with a socket. */
  async function countByHttp(cookie: string): Promise<string | undefined> {
    const { code } = (await (await post('/count', cookie)).json()) as { code?: string };
    return code;
  }
});

/** Waits until a connection has gone over to WebSocket. */
async function upgraded({ io: { engine } }: Socket): Promise<void> {
  if (engine.transport.name === 'websocket') return;
  await new Promise<void>((resolve) => {
    engine.once('upgrade', () => resolve());
  });
}

/** The processes of a tab, which is told of them when it comes. */
async function processesOf(tab: Tab): Promise<readonly ServerProcess[]> {
  while (tab.processes.length === 0) await received(tab.socket, 'processes');
  return tab.processes;
}

function cookieOf(response: Response): string {
  const [cookie = ''] = response.headers.getSetCookie();
  return cookie.split(';')[0] ?? '';
}
