/**
 * @module The chat itself: who may come in, what a message does. The only file here that knows the
 * library, and all there is to learn from it.
 */

import type { Server as HttpServer } from 'node:http';
import cookieParser from 'cookie-parser';
import type { Store } from 'express-session';
import { ExpressionSocket, SessionError } from 'expression.socket.io';
import { type DefaultEventsMap, Server } from 'socket.io';
import {
  type ClientToServer,
  limits,
  type Message,
  type Problem,
  type ServerToClient,
  type User,
} from './events.js';

export interface ChatRoom {
  close(): Promise<void>;
}

/** What each socket remembers, for everybody to see. */
interface SocketData {
  user?: User;
}

/** Opens the room on an HTTP server, with the store and the secret of its `express-session`. */
export function openChatRoom(server: HttpServer, store: Store, secret: string): ChatRoom {
  const io = new Server<ClientToServer, ServerToClient, DefaultEventsMap, SocketData>(server, {
    maxHttpBufferSize: 16_384,
  });
  const expressionIO = new ExpressionSocket(io, store, cookieParser(secret), {
    onError: (error, { event }) => console.error(`${String(event)}:`, error),
  });
  const room = expressionIO.of('/chat');
  const history: Message[] = [];

  room.authorization((err, session, _handshake, fn) => {
    if (err) return fn(err);
    fn(null, session.user !== undefined);
  });

  room.on('connection', (err, session, socket) => {
    if (err || !session.user) return void socket.disconnect();

    // All tabs of one visitor share the count.
    socket.join(session.user.id);
    socket.emit('welcome', session.user, session.messages ?? 0, history);

    socket.data.user = session.user;
    tellWhoIsHere();
    // A closed tab, a lost connection, a logout: each ends with this.
    socket.on('disconnect', tellWhoIsHere);

    socket.sessOn('message', async (err, session, text, reply) => {
      // Types are a promise of our own page. Anybody can send anything.
      if (typeof reply !== 'function') return;
      if (err || !session.user) return reply(err?.code ?? 'ERR_SESSION_REFUSED');
      const problem = problemWith(text);
      if (problem) return reply(problem);

      try {
        // Counts right, however many tabs of the visitor send at once.
        await session.update((fresh) => {
          fresh.messages = (fresh.messages ?? 0) + 1;
        });
      } catch (error) {
        return reply(error instanceof SessionError ? error.code : 'ERR_SESSION_STORE');
      }

      const message = { author: session.user, text: text.trim(), sentAt: Date.now() };
      history.push(message);
      if (history.length > limits.history) history.shift();
      room.emit('message', message);
      room.namespace.to(session.user.id).emit('count', session.messages ?? 0);
      reply();
    });
  });

  /** Tells everybody. Each visitor is in the list once, with however many tabs. */
  function tellWhoIsHere(): void {
    const visitors = new Map<string, User>();
    for (const { data } of room.namespace.sockets.values()) {
      if (data.user) visitors.set(data.user.id, data.user);
    }
    room.emit('here', [...visitors.values()]);
  }

  return {
    async close() {
      expressionIO.close();
      await io.close();
    },
  };
}

function problemWith(text: unknown): Problem | undefined {
  if (typeof text !== 'string' || text.trim() === '') return 'MESSAGE_EMPTY';
  if (text.trim().length > limits.message) return 'MESSAGE_TOO_LONG';
  return undefined;
}
