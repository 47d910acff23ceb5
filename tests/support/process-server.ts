/**
 * @module An application as one of several processes: sessions in Redis, nodes joined by Socket.IO's
 * Redis adapter.
 *
 * Called with the URL of the Redis and a name; prints its address, and then the reason of each
 * `sessionend`.
 */

import { createAdapter } from '@socket.io/redis-adapter';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { redis } from '../../source/redis/index.js';
import { App } from './app.js';

const [url = '', name = ''] = process.argv.slice(2);
const client = await createClient({ url }).connect();
const [publisher, subscriber] = [client.duplicate(), client.duplicate()];
await Promise.all([publisher.connect(), subscriber.connect()]);

const app = await App.start({
  store: new RedisStore({ client }),
  options: redis(client),
  server: { adapter: createAdapter(publisher, subscriber) },
});

app.express.post('/login-anew', (request, response) => {
  request.session.regenerate(() => {
    request.session.n = 0;
    response.end();
  });
});
app.express.post('/end', (request, response) => {
  app.expressionIO.end(request.sessionID);
  response.end();
});

app.expressionIO.of('/').on('connection', (_err, _session, socket) => {
  socket.on('sessionend', (reason) => console.log(reason));
  socket.sessOn('vote', async (err, session, ack) => {
    if (err) return ack(err.code);
    const votes = await session.update((fresh) => {
      const own = Number(fresh[`test:${name}`] ?? 0);
      fresh[`test:${name}`] = own + 1;
      fresh.n = (fresh.n ?? 0) + 1;
      return fresh.n;
    });
    ack(votes);
  });
});
console.log(app.url);
