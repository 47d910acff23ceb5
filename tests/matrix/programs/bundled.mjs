// A server that is bundled into one file, with everything that it needs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import cookieParser from 'cookie-parser';
import { MemoryStore } from 'express-session';
import { ExpressionSocket, SessionError } from 'expression.socket.io';
import { redis } from 'expression.socket.io/redis';
import { enable } from 'expression.socket.io/sessions';
import { Server } from 'socket.io';
import roundTrip from './round-trip.cjs';

async function main() {
  await roundTrip({ ExpressionSocket, SessionError });
  assert.equal(typeof redis, 'function');

  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  // Socket.IO's own script is a file, which a bundle has not.
  const io = new Server(http, { serveClient: false });
  enable({ socket: io, store: new MemoryStore(), parser: cookieParser('secret') });
  const address = `http://127.0.0.1:${http.address().port}`;
  const script = await fetch(`${address}/socket.io/socket.io-sessions.js`);
  assert.match(await script.text(), /function sessionClient/);
  await io.close();
  console.log('done');
}

main();
