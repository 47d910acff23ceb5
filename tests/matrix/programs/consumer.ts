/**
 * @module A TypeScript application: compiled in every module mode, and run where that makes a program.
 */

import cookieParser from 'cookie-parser';
import { MemoryStore } from 'express-session';
import type { SessionNamespace, SocketSession } from 'expression.socket.io';
import ByDefault, { ExpressionSocket, SessionError } from 'expression.socket.io';
import { connectWithSession } from 'expression.socket.io/client';
import { redis } from 'expression.socket.io/redis';
import { enable } from 'expression.socket.io/sessions';
import { startTestServer, type TestServer } from 'expression.socket.io/testing';
import { Server } from 'socket.io';

declare module 'express-session' {
  interface SessionData {
    matrixVotes: string[];
  }
}

interface ClientEvents {
  vote: (option: string, reply: (votes: number) => void) => void;
}

interface ServerEvents {
  votes: (options: readonly string[]) => void;
}

type VotesIO = ExpressionSocket<ClientEvents, ServerEvents>;

function countVotes(session: SocketSession): number {
  return session.matrixVotes?.length ?? 0;
}

export function registerVotes({ expressionIO }: { readonly expressionIO: VotesIO }): void {
  const main: SessionNamespace<ClientEvents, ServerEvents> = expressionIO.sockets;
  main.on('connection', (_err, _session, socket) => {
    socket.sessOn('vote', async (err, session, option, reply) => {
      if (err) return;
      session.matrixVotes = [...(session.matrixVotes ?? []), option];
      await session.save();
      socket.emit('votes', session.matrixVotes);
      reply(countVotes(session));
    });
  });
}

async function main(): Promise<void> {
  const closed = new ByDefault(new Server(), new MemoryStore(), cookieParser('secret'), {
    autoErrManager: true,
  });
  closed.sockets.on('connection', (session, socket) => {
    console.log(session.cookie.path, socket.id);
  });
  closed.close();

  const server = await startTestServer({ setUp: registerVotes });
  const client = await server.connect({ session: { matrixVotes: ['tea'] } });
  const votes: number = await client.emitWithAck('vote', 'milk');
  const stored = await server.session(client);
  await server.stop();

  const error: Error & { code: string } = new SessionError('ERR_SESSION_REFUSED', 'no');
  const functions: readonly unknown[] = [connectWithSession, redis, enable, registerVotes];
  const found = [
    votes === 2,
    stored?.matrixVotes?.length === 2,
    ByDefault === ExpressionSocket,
    error.code === 'ERR_SESSION_REFUSED',
    functions.every((one) => typeof one === 'function'),
  ];
  if (found.includes(false)) throw new Error(`Not all is as it has to be: ${found.join()}`);
  console.log('done');
}

/** Only its type matters: a test server is one whatever its event maps are. */
export type AnyServer = TestServer<ClientEvents, ServerEvents>;

main().catch((failure: unknown) => {
  console.error(failure);
  process.exitCode = 1;
});
