/**
 * @module `npm run test:limits`: what an unfriendly client can cost: memory, reads of the store, and
 * what others notice. Prints a table, and fails where something is not bounded.
 */

import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import cookieParser from 'cookie-parser';
import { Server } from 'socket.io';
import { ExpressionSocket, type ExpressionSocketOptions } from '../../source/index.js';
import { cookieOf, sign } from '../support/cookies.js';
import { latencies, TroubledStore } from '../support/troubled-store.js';
import { Wire } from '../support/wire.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
process.removeAllListeners('warning');

const secret = 'the secret of the limits';
const storeTimeout = 1_000;

/** One attack's site: what it costs is what is there more than before. */
class Site {
  readonly store = new TroubledStore(1);
  readonly io = new Server(createServer(), { connectTimeout: 60_000 });
  readonly expressionIO: ExpressionSocket;
  readonly codes: Record<string, number> = {};
  calls = 0;

  constructor(options: ExpressionSocketOptions = {}) {
    this.expressionIO = new ExpressionSocket(this.io as never, this.store, cookieParser(secret), {
      storeTimeout,
      onError: () => {},
      ...options,
    } as ExpressionSocketOptions) as unknown as ExpressionSocket;
  }

  listen(namespace: string | RegExp = '/'): void {
    this.expressionIO.of(namespace as string).on('connection', (_err, _session, socket) => {
      socket.sessOn('do', async (err, session, work: unknown, ack?: unknown) => {
        this.calls++;
        if (err) return this.count(err);
        try {
          if (work === 'update') await session.update((fresh) => Object.assign(fresh, { n: 1 }));
          if (work === 'save') {
            session.n = this.calls;
            await session.save();
          }
        } catch (error) {
          this.count(error);
        }
        if (typeof ack === 'function') ack();
      });
    });
  }

  count(error: unknown): void {
    const code = String(Reflect.get(Object(error), 'code') ?? error);
    this.codes[code] = (this.codes[code] ?? 0) + 1;
  }

  login(name: string): string {
    this.store.records.set(name, '{"cookie":{"path":"/","originalMaxAge":null},"n":0}');
    return cookieOf(sign(name, secret));
  }

  open(cookie?: string): Wire {
    return new Wire(this.io, { headers: { host: 'shop.example', cookie } });
  }

  /** How long another visitor waits for an answer, in milliseconds. */
  async othersWait(other: Wire): Promise<number> {
    const startedAt = performance.now();
    other.sent.length = 0;
    other.receive('27["do","read"]');
    await other.answer((packet) => packet.startsWith('37['));
    return performance.now() - startedAt;
  }

  async stop(): Promise<void> {
    this.store.close();
    this.expressionIO.close();
    await this.io.close();
  }
}

interface Cost {
  readonly 'memory (MB)': number;
  readonly reads: number;
  readonly writes: number;
  readonly calls: number;
  readonly 'others wait (ms)': number;
  readonly codes: string;
}

function memory(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

/** Lets a client attack a site; tells what that costs while it goes on. */
async function costOf(
  attack: (site: Site) => Promise<void>,
  { options = {}, isHung = false }: { options?: ExpressionSocketOptions; isHung?: boolean } = {},
): Promise<Cost> {
  const site = new Site(options);
  site.listen();
  site.listen(/^\/dynamic-\d+$/);
  const other = site.open(site.login('other'));
  await other.join();
  const before = memory();
  const { calls } = site.store;
  const [reads, sets, touches] = [calls.get, calls.set, calls.touch];
  await attack(site);
  const now = memory() - before;
  if (isHung) site.store.calm();
  const wait = await site.othersWait(other);
  const cost: Cost = {
    'memory (MB)': Math.round(now * 10) / 10,
    reads: calls.get - reads,
    writes: calls.set + calls.touch - sets - touches,
    calls: site.calls,
    'others wait (ms)': Math.round(wait),
    codes: JSON.stringify(site.codes),
  };
  await site.stop();
  return cost;
}

async function visitor(site: Site): Promise<Wire> {
  const wire = site.open(site.login('attacker'));
  await wire.join();
  return wire;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

async function flood(site: Site, packet: string, count: number): Promise<void> {
  const wire = await visitor(site);
  for (let sent = 0; sent < count; sent++) {
    wire.receive(packet);
    if (sent % 100 === 0) await turn();
  }
  await turn();
}

const slow = (site: Site): void => site.store.trouble({ latency: latencies.uniform(5, 20) });
const hang = (site: Site): void => site.store.trouble({ rates: { hang: 1 }, operations: ['get'] });
const results: Record<string, Cost> = {};

results['100,000 events, slow store'] = await costOf(async (site) => {
  slow(site);
  await flood(site, '2["do","read"]', 100_000);
});
results['100,000 saves, slow store'] = await costOf(async (site) => {
  slow(site);
  await flood(site, '2["do","save"]', 100_000);
});
results['100,000 updates, slow store'] = await costOf(async (site) => {
  slow(site);
  await flood(site, '2["do","update"]', 100_000);
});
/** Hangs only once the attacker is in. */
async function hungFlood(site: Site, packet: string, count: number): Promise<void> {
  const wire = await visitor(site);
  hang(site);
  for (let sent = 0; sent < count; sent++) {
    // Each packet is a text of its own, as those from a network are.
    wire.receive(Buffer.from(packet).toString());
    if (sent % 50 === 0) await turn();
  }
  await turn();
}
results['100,000 events, hung store'] = await costOf(
  (site) => hungFlood(site, '2["do","read"]', 100_000),
  { isHung: true },
);
results['300 events of 900 kB, hung store'] = await costOf(
  (site) => hungFlood(site, `2["do","${'x'.repeat(900_000)}"]`, 300),
  { isHung: true },
);
results['2,000 sockets x 200 events, hung store'] = await costOf(
  async (site) => {
    const cookie = site.login('attacker');
    const wires: Wire[] = [];
    for (let made = 0; made < 2_000; made++) {
      const wire = site.open(cookie);
      wires.push(wire);
      await wire.join();
    }
    hang(site);
    for (const wire of wires) {
      for (let sent = 0; sent < 200; sent++) wire.receive('2["do","read"]');
      await turn();
    }
  },
  { isHung: true },
);
results['5,000 guests'] = await costOf(async (site) => {
  for (let made = 0; made < 5_000; made++) await site.open().join();
});
results['5,000 unknown ids, gone again'] = await costOf(async (site) => {
  for (let made = 0; made < 5_000; made++) {
    const wire = site.open(cookieOf(sign(`unknown-${made}`, secret)));
    await wire.join();
    wire.close();
  }
});
results['one unknown id, 20,000 events'] = await costOf(async (site) => {
  const wire = site.open(cookieOf(sign('unknown', secret)));
  await wire.join();
  for (let sent = 0; sent < 20_000; sent++) {
    wire.receive('2["do","read"]');
    if (sent % 100 === 0) await turn();
  }
});
results['3,000 dynamic namespaces of one client'] = await costOf(async (site) => {
  const wire = await visitor(site);
  for (let made = 0; made < 3_000; made++) await wire.join(`/dynamic-${made}`);
});
results['the same, and gone again'] = await costOf(async (site) => {
  const wire = await visitor(site);
  for (let made = 0; made < 3_000; made++) await wire.join(`/dynamic-${made}`);
  wire.close();
  await turn();
});
results['5,000 cookies of 16 kB, gone again'] = await costOf(async (site) => {
  for (let made = 0; made < 5_000; made++) {
    const wire = site.open(`connect.sid=s%3A${'x'.repeat(16_000)}.${made}`);
    await wire.join();
    wire.close();
  }
});
results['2,000 tickets of 100 kB, gone again'] = await costOf(
  async (site) => {
    for (let made = 0; made < 2_000; made++) {
      const wire = site.open();
      await wire.join('/', JSON.stringify({ session: `${made}${'e'.repeat(100_000)}` }));
      wire.close();
    }
  },
  { options: { ticket: {} } },
);
/**
 * What each may cost at most: several times what was seen, as machines differ, and far less than it
 * costs without the limit.
 */
const bounds: Readonly<Record<string, { readonly memory: number; readonly reads: number }>> = {
  '100,000 events, slow store': { memory: 5, reads: 1_000 },
  '100,000 saves, slow store': { memory: 15, reads: 2_000 },
  '100,000 updates, slow store': { memory: 10, reads: 2_000 },
  '100,000 events, hung store': { memory: 5, reads: 20 },
  '300 events of 900 kB, hung store': { memory: 60, reads: 20 },
  '2,000 sockets x 200 events, hung store': { memory: 256, reads: 2_100 },
  '5,000 guests': { memory: 80, reads: 10 },
  '5,000 unknown ids, gone again': { memory: 5, reads: 5_100 },
  'one unknown id, 20,000 events': { memory: 5, reads: 1_000 },
  '3,000 dynamic namespaces of one client': { memory: 40, reads: 3_100 },
  'the same, and gone again': { memory: 20, reads: 3_100 },
  '5,000 cookies of 16 kB, gone again': { memory: 5, reads: 10 },
  '2,000 tickets of 100 kB, gone again': { memory: 5, reads: 10 },
};

console.table(results);
const unbounded = Object.entries(results).flatMap(([name, cost]) => {
  const { memory, reads } = bounds[name] ?? { memory: 0, reads: 0 };
  const found: string[] = [];
  if (!(cost['memory (MB)'] <= memory)) found.push(`${name}: more than ${memory} MB`);
  if (!(cost.reads <= reads)) found.push(`${name}: more than ${reads} reads`);
  if (!(cost['others wait (ms)'] < storeTimeout)) found.push(`${name}: others wait too long`);
  return found;
});
for (const what of unbounded) console.error(what);
console.log(unbounded.length === 0 ? 'All is bounded' : 'Something is not bounded');
process.exit(unbounded.length === 0 ? 0 : 1);
