/**
 * @module An application as one of several processes: sessions in PostgreSQL.
 *
 * Called with the URL of the database and a name; prints its address.
 */

import connectPgSimple from 'connect-pg-simple';
import session from 'express-session';
import pg from 'pg';
import { postgres } from '../../source/postgres/index.js';
import { App } from './app.js';

const [url = '', name = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 4 });
const store = new (connectPgSimple(session))({ pool, pruneSessionInterval: false });
const app = await App.start({ store, options: { ...postgres(pool), touch: false } });

app.expressionIO.sockets.on('connection', (_err, _session, socket) => {
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
  // Holds the lock until it is told to go on; tells how that ended.
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
