/**
 * @module An application as one of several processes, which share the sessions of a database and are
 * joined by the adapter that Socket.IO has for it.
 *
 * Called with the URL of the database and a name; prints its address, and then the reason of each
 * `sessionend`.
 */

import { createAdapter as createPostgresAdapter } from '@socket.io/postgres-adapter';
import { createAdapter as createRedisAdapter } from '@socket.io/redis-adapter';
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import pg from 'pg';
import { createClient } from 'redis';
import { postgres } from '../../source/postgres/index.js';
import { redis } from '../../source/redis/index.js';
import { App, type AppSettings } from './app.js';

const [url = '', name = ''] = process.argv.slice(2);
const app = await App.start(await (url.startsWith('redis:') ? onRedis() : onPostgres()));

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

app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
  socket.on('sessionend', (reason) => console.log(reason));
  socket.sessOn('vote', async (err, session, ack) => {
    if (err) return ack(err.code);
    const update = session.update((fresh) => {
      const own = Number(fresh[`test:${name}`] ?? 0);
      fresh[`test:${name}`] = own + 1;
      fresh.n = (fresh.n ?? 0) + 1;
      return fresh.n;
    });
    ack(await update.catch(String));
  });
  socket.sessOn('save', async (err, session, key: string, ack) => {
    if (err) return ack(err.code);
    session[`test:${key}`] = true;
    const save = session.save().then(() => 'saved');
    ack(await save.catch(String));
  });
  // Holds the lock until the client sends `go on`; acknowledges with the outcome.
  socket.sessOn('hold', async (err, session, ack) => {
    if (err) return ack(err.code);
    const goOn = new Promise((resolve) => socket.on('go on', resolve));
    const update = session.update(async (fresh) => {
      fresh.n = -1;
      socket.emit('held');
      await goOn;
    });
    ack(await update.then(() => 'updated').catch((error) => error.code ?? String(error)));
  });
});
console.log(app.url);

/** The options of `App.start` that do not change its listeners. */
type Settings = AppSettings<{ readonly touch: false }>;

async function onRedis(): Promise<Settings> {
  const client = await createClient({ url }).connect();
  const [publisher, subscriber] = [client.duplicate(), client.duplicate()];
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return {
    store: new RedisStore({ client }),
    options: { ...redis(client), touch: false },
    server: { adapter: createRedisAdapter(publisher, subscriber) },
  };
}

async function onPostgres(): Promise<Settings> {
  const pool = new pg.Pool({ connectionString: url, max: 5 });
  return {
    store: new (connectPgSimple(session))({ pool, pruneSessionInterval: false }),
    options: { ...postgres(pool), touch: false },
    server: { adapter: createPostgresAdapter(pool) },
  };
}
