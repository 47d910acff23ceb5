/**
 * @module A worker of Node's cluster: an application with sessions in Redis, joined to the other
 * workers by Socket.IO's cluster adapter.
 *
 * Called with the URL of the Redis; sends its address, which the workers share.
 */

import { createAdapter } from '@socket.io/cluster-adapter';
import { createClient } from 'redis';
import { redis } from '../../source/redis/index.js';
import { App } from './app.js';
import { storeOn } from './redis-drills.js';

const client = await createClient({ url: process.argv[2] ?? '' }).connect();
const app = await App.start({
  store: storeOn(client),
  options: redis(client),
  server: { adapter: createAdapter(), transports: ['websocket'] },
});
app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
  socket.sessOn('look', (err, _found, ack) => ack(err?.code ?? process.pid));
});
process.send?.({ url: app.url });
