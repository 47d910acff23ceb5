/**
 * @module Starts the chat: reads the environment, listens, and leaves in good order.
 */

import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createChat } from './app.js';

const { PORT = '3000', REDIS_URL, SESSION_SECRET } = process.env;

const chat = await createChat({
  // Without a secret of your own, everybody is logged out when the server restarts.
  secret: SESSION_SECRET || randomBytes(32).toString('base64url'),
  redisUrl: REDIS_URL,
});

chat.server.once('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE') throw error;
  console.error(`Port ${PORT} is taken. Choose another: PORT=${Number(PORT) + 1} npm start`);
  process.exit(1);
});

chat.server.listen(Number(PORT), () => {
  const { port } = chat.server.address() as AddressInfo;
  console.log(`The chat is open at http://localhost:${port}`);
  console.log(`Sessions are kept in ${REDIS_URL ? 'Redis' : 'memory; REDIS_URL moves them'}.`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await chat.close();
    process.exit(0);
  });
}
