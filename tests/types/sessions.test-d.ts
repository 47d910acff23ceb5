/**
 * @module `enable`: what listeners get, by the form of the call and by `per_message`.
 */

import type { IncomingMessage } from 'node:http';
import cookieParser from 'cookie-parser';
import { Server, type Socket } from 'socket.io';
import type {
  ExpressionSocket,
  SessionError,
  SessionSocket,
  SocketSession,
} from '../../source/index.js';
import { enable, type SessionsOptions } from '../../source/socket.io-sessions/index.js';
import { type ClientEvents, type Equal, expect, type ServerEvents, store } from './expect.js';

interface Messages extends ClientEvents {
  message: (text: string, ack: (length: number) => void) => void;
}

const socket = new Server<Messages, ServerEvents>();
const parser = cookieParser('secret');

// Per connection, in both forms.
for (const sessions of [
  enable({ socket, store, parser }),
  enable({ socket, store, parser, per_message: false }),
  enable(socket, store, { parser }),
  enable(socket, store, { parser, per_message: 0 }),
]) {
  sessions
    .on('sconnection', (client, session) => {
      expect<Equal<typeof session, SocketSession>>();
      const prototyped: SessionSocket<Messages, ServerEvents> = client;
      void prototyped;
      const raw: Socket<Messages, ServerEvents> = client;
      raw.emit('welcome', 'Ada');
      client.on('message', (text, ack) => ack(text.length));
      client.on('disconnect', async (reason) => reason.length);
      client.sessOn('vote', (err, session, option) => {
        if (!err) console.log(session.votes, option.length);
      });
      // @ts-expect-error there is no such method without `per_message`
      client.son('vote', () => {});
    })
    .once('sconnection', (client) => void client.id)
    .on('sinvalid', (client, error) => {
      expect<Equal<typeof error, SessionError>>();
      client.emit('welcome', error.code);
    });
  const expressionIO: ExpressionSocket<Messages, ServerEvents> = sessions.expressionIO;
  void expressionIO;
  // @ts-expect-error it has two events
  sessions.on('connection', () => {});
}

// Per message, in both forms.
for (const sessions of [
  enable({ socket, store, parser, per_message: true }),
  enable(socket, store, { parser, per_message: 1 }),
]) {
  sessions.on('sconnection', (client) => {
    client
      .on('smessage', (text, session, ack) => {
        expect<Equal<typeof text, string>>();
        expect<Equal<typeof session, SocketSession>>();
        ack(text.length);
      })
      .once('smessage', async (_text, session) => session.reload())
      .son('vote', (session, option, weight, ack) => {
        expect<Equal<typeof session, SocketSession>>();
        expect<Equal<typeof option, string>>();
        ack(weight > 0);
      })
      .son('look', async (session) => session.save())
      .join('room');
    // @ts-expect-error clients send no such event
    client.son('veto', () => {});
    const listener = () => {};
    client.on('smessage', listener).off('smessage', listener);
    const raw: Socket<Messages, ServerEvents> = client;
    void raw;
  });
  // @ts-expect-error the session comes with each message
  sessions.on('sconnection', (_client, _session) => {});
}

// A server without event maps: as Socket.IO has it.
enable({ socket: new Server(), store, parser, per_message: true }).on('sconnection', (client) => {
  client.on('smessage', (message, session) => {
    message.length;
    expect<Equal<typeof session, SocketSession>>();
  });
  client.son('anything', (session, ...args) => {
    expect<Equal<typeof session, SocketSession>>();
    args[0].length;
  });
});

// Cutters.
const cutters: SessionsOptions['cutter'][] = [
  (request) => {
    expect<Equal<typeof request, IncomingMessage>>();
    return request.headers['x-id']?.toString();
  },
  async () => undefined,
];
enable({ socket, store, cutter: cutters[0] });
enable({ socket, store, parser, key: 'sid', origins: false, ticket: { once: true } });
// @ts-expect-error a cutter tells a string
enable({ socket, store, cutter: () => 5 });
// @ts-expect-error a store is needed
enable({ socket, parser });
// @ts-expect-error `enable` sets it itself
enable({ socket, store, parser, autoErrManager: true });
// @ts-expect-error it is called `per_message`
enable({ socket, store, parser, perMessage: true });
// @ts-expect-error it is no other number
enable({ socket, store, parser, per_message: 2 });

const sessions = enable({ socket, store, parser });
expect<Equal<ReturnType<typeof sessions.close>, void>>();
export const ticket: Promise<string> = sessions.expressionIO.ticket('an id');
