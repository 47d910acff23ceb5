/**
 * @module What each combination has to do: a visitor votes over a socket, by cookie and by ticket; HTTP
 * sees it; a guest is told why there is no session; a logout disconnects.
 */

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createServer } = require('node:http');
const cookieParser = require('cookie-parser');
const express = require('express');
const session = require('express-session');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');

const secret = 'keyboard cat';

/** The pages of the application. */
function createApp(store) {
  const app = express();
  app.use(session({ secret, store, resave: false, saveUninitialized: false }));
  app.post('/login', (request, response) => {
    request.session.votes = [];
    response.send(request.sessionID);
  });
  app.get('/votes', (request, response) => response.json(request.session.votes));
  app.post('/logout', (request, response) => request.session.destroy(() => response.end()));
  return app;
}

/** The listeners of the application. */
function register(expressionIO, SessionError) {
  expressionIO.sockets.on('connection', (_err, _session, socket) => {
    socket.sessOn('vote', async (err, session, option, reply) => {
      if (err) return reply(err instanceof SessionError && err.code);
      await session.update((current) => {
        current.votes = [...current.votes, option];
      });
      reply('thanks');
    });
  });
}

/** Runs the whole of it; throws where anything is not as it has to be. */
module.exports = async function roundTrip(
  { ExpressionSocket, SessionError },
  { store = new session.MemoryStore(), options = {} } = {},
) {
  const http = createServer(createApp(store)).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${http.address().port}`;
  const server = new Server(http);
  const expressionIO = new ExpressionSocket(server, store, cookieParser(secret), {
    ticket: { once: true },
    ...options,
  });
  register(expressionIO, SessionError);

  const login = await fetch(`${url}/login`, { method: 'POST' });
  const cookie = login.headers.get('set-cookie').split(';')[0];
  const connect = async (settings) => {
    const client = io(url, { transports: ['websocket'], forceNew: true, ...settings });
    await new Promise((resolve, reject) => {
      client.once('connect', resolve);
      client.once('connect_error', reject);
    });
    return client;
  };

  const byCookie = await connect({ extraHeaders: { cookie } });
  const ticket = await expressionIO.ticket(await login.text());
  const byTicket = await connect({ auth: { session: ticket } });
  const guest = await connect();
  const votes = ['tea', 'milk', 'coffee', 'juice'];
  await Promise.all(
    votes.map((vote, index) => (index % 2 ? byCookie : byTicket).emitWithAck('vote', vote)),
  );
  assert.equal(await guest.emitWithAck('vote', 'tea'), 'ERR_SESSION_COOKIE_MISSING');
  const seen = await (await fetch(`${url}/votes`, { headers: { cookie } })).json();
  assert.deepEqual(seen.sort(), votes.sort());

  const disconnected = new Promise((resolve) => byCookie.once('disconnect', resolve));
  await fetch(`${url}/logout`, { method: 'POST', headers: { cookie } });
  assert.equal(await disconnected, 'io server disconnect');

  for (const client of [byCookie, byTicket, guest]) client.disconnect();
  expressionIO.close();
  http.closeAllConnections();
  await server.close();
};
