/**
 * @module What happens to a single Redis: how each fault begins, and how it ends.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { FaultyRedis } from './faulty-redis.js';

/** One kind of trouble. */
export interface Fault {
  readonly name: string;
  /** Whether the sessions are gone afterwards. */
  readonly losesData?: boolean;
  /** Begins the fault, and ends it: resolves once Redis is as it was. */
  readonly happen: (server: FaultyRedis) => Promise<void>;
}

/** How long each fault lasts, in milliseconds: longer than the drill's `storeTimeout`. */
const duration = 1_200;

const busyScript =
  "local start = redis.call('TIME')[1]; while redis.call('TIME')[1] - start < 2 do end return 1";

/** Those that `npm test` goes through too. */
export const commonFaults: readonly Fault[] = [
  {
    name: 'killed, and restarted with its data',
    happen: async (server) => {
      await server.kill();
      await delay(duration);
      await server.start();
    },
  },
  {
    name: 'paused (`CLIENT PAUSE`)',
    happen: async (server) => {
      await server.send('CLIENT', 'PAUSE', `${duration}`, 'ALL');
      await delay(duration);
    },
  },
  {
    name: 'its scripts forgotten (`SCRIPT FLUSH`)',
    happen: async (server) => {
      for (let time = 0; time < 10; time++) {
        await server.send('SCRIPT', 'FLUSH');
        await delay(20);
      }
    },
  },
  {
    name: 'read-only (`REPLICAOF`)',
    happen: async (server) => {
      // Nobody listens there; what it has, it still shows.
      await server.send('REPLICAOF', '127.0.0.1', '1');
      await delay(duration);
      await server.send('REPLICAOF', 'NO', 'ONE');
    },
  },
];

/** All of them. */
export const faults: readonly Fault[] = [
  ...commonFaults,
  {
    name: 'killed, and restarted without its data',
    losesData: true,
    happen: async (server) => {
      await server.kill();
      server.forget();
      await delay(duration);
      await server.start();
    },
  },
  {
    name: 'stopped and continued (`SIGSTOP`)',
    happen: async (server) => {
      server.freeze();
      await delay(duration);
      server.thaw();
    },
  },
  {
    name: 'out of memory (`maxmemory`)',
    happen: async (server) => {
      await server.send('CONFIG', 'SET', 'maxmemory', '1');
      await delay(duration);
      await server.send('CONFIG', 'SET', 'maxmemory', '0');
    },
  },
  {
    name: 'without enough replicas (`min-replicas-to-write`)',
    happen: async (server) => {
      await server.send('CONFIG', 'SET', 'min-replicas-to-write', '1');
      await delay(duration);
      await server.send('CONFIG', 'SET', 'min-replicas-to-write', '0');
    },
  },
  {
    name: 'connections reset (`CLIENT KILL`)',
    happen: async (server) => {
      for (let time = 0; time < 10; time++) {
        await server.send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes');
        await delay(duration / 10);
      }
    },
  },
  {
    name: 'asleep (`DEBUG SLEEP`)',
    happen: async (server) => {
      await server.send('DEBUG', 'SLEEP', `${duration / 1_000}`);
    },
  },
  {
    name: 'busy with a script',
    happen: async (server) => {
      // From then on it answers `BUSY`.
      await server.send('CONFIG', 'SET', 'busy-reply-threshold', '200');
      await server.send('EVAL', busyScript, '0');
    },
  },
];
